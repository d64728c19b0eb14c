"""One evaluation of all agencies and waves of a study, shared by every report.

A report about one agency also says where its peers stand and how it did last year. `Round` computes each
agency and wave once and keeps the results (no microdata columns, but one row per respondent of linearised
values, so the store lies in the study's private ``.csi`` folder).
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections import OrderedDict
from functools import cached_property
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.scoring import score
from csi_lib.models.study_models import study_models
from csi_lib.survey.estimates import Estimates, results_frame
from csi_lib.survey.reading import read_survey

#: raise when stored estimates of earlier versions must not be read again
STORE_VERSION = 2
#: surveys and estimates held at once
_HELD = 6


class Round:
    """Estimates of every agency and wave of `study`, computed on demand and remembered.

    Parameters
    ----------
    study : Study.
    data : folder with the respondent files, where they are not in the study's own.
    store : folder to keep results in between processes; None keeps them in memory only.
    fresh : what is stored was checked against data and settings just now and need not be checked again.
    """

    def __init__(
        self,
        study,
        *,
        data: str | Path | None = None,
        store: Path | None = None,
        source: str = "customers",
        fresh: bool = False,
    ):
        self.study, self.data, self.source, self.fresh = study, data, source, fresh
        self.store = Path(store) if store else None
        self.refused: dict[tuple[str, int, str], str] = {}
        self._surveys: OrderedDict[tuple, object] = OrderedDict()
        self._estimates: OrderedDict[tuple, Estimates] = OrderedDict()
        self._headlines: dict[tuple, pd.DataFrame] = {}

    # ------------------------------------------------------------------ surveys
    def survey(self, agency: str | None, year: int):
        """The survey of one agency (None: all agencies together) and wave."""
        return _remembered(
            self._surveys,
            (agency, year),
            lambda: read_survey(self.study, agency, year, source=self.source, data=self.data),
        )

    def took_part(self, agency: str, year: int) -> bool:
        covered = self.study.source(self.source).covers(agency, year)
        return covered and year in self.study.years and self.study.agency(agency).took_part(year)

    # ------------------------------------------------------------------ estimates
    def estimates(self, agency: str, year: int, *, as_of: int | None = None) -> Estimates:
        """Everything said about one agency and wave, disclosure decided, nothing masked yet.

        `as_of` restates the wave under the formula editions of another one, so that the two can be compared; a model that
        the wave's data cannot be restated under is left out and named in `refused`.
        """
        if as_of is not None and not self.restates(year, as_of):
            as_of = None
        return _remembered(
            self._estimates,
            (agency, year, as_of),
            lambda: self._read(agency, year, as_of) or self._compute(agency, year, as_of),
        )

    def restates(self, year: int, as_of: int) -> dict[str, tuple[str, str]]:
        """Model → (edition that scored `year`, edition that scored `as_of`), of the models of which these differ."""
        pairs = zip(
            study_models(self.study, self.source, year=year),
            study_models(self.study, self.source, year=as_of),
            strict=True,
        )
        editions = ((a.name, a.file.formula_edition, b.file.formula_edition) for a, b in pairs)
        return {name: (first, second) for name, first, second in editions if first != second}

    def _compute(self, agency: str, year: int, as_of: int | None) -> Estimates:
        survey = self.survey(agency, year)
        refused: dict[str, str] = {}
        estimates = score(self.study, survey, surveys=self.survey, as_of=as_of, refused=refused)
        self.refused.update({(agency, year, model): reason for model, reason in refused.items()})
        self._write(agency, year, as_of, estimates)
        return estimates

    def headline(self, agency: str, year: int) -> Estimates:
        """The rows about the whole agency, without groups."""
        return self.estimates(agency, year).select(by1=None)

    def _headline_frame(self, agency: str, year: int) -> pd.DataFrame:
        """The headline rows alone: of 300 agencies they fit in memory, their linearised values do not."""
        if (agency, year) not in self._headlines:
            frame = self.estimates(agency, year).frame
            self._headlines[agency, year] = frame[frame["by1"].isna()].reset_index(drop=True)
        return self._headlines[agency, year]

    def wave(self, year: int, *, measures: list[str] | None = None) -> pd.DataFrame:
        """Headline rows of all agencies of a wave; an agency whose data cannot be used is left out and named
        in ``.attrs["failed"]`` so that one bad file does not stop the others' reports."""
        frames, failed = [], {}
        for agency in self.study.agencies:
            if not self.took_part(agency.id, year):
                continue
            try:
                frame = self._headline_frame(agency.id, year)
            except InputError as error:
                failed[agency.id] = str(error)
                continue
            wanted = frame["statistic"].isin(["index", "mean"])
            if measures is not None:
                wanted &= frame["measure"].isin(measures)
            frames.append(frame[wanted].assign(type=agency.type))
        frame = pd.concat(frames, ignore_index=True) if frames else results_frame().assign(type=None)
        frame.attrs["failed"] = failed
        return frame

    # ------------------------------------------------------------------ store
    @cached_property
    def _settings(self) -> str:
        """Hash of what the results depend on beside the data: the study's files and this library's code."""
        digest = hashlib.blake2s(str(STORE_VERSION).encode())
        package = Path(__file__).resolve().parents[1]
        sources = [p for part in ("measure", "study", "survey", "models") for p in sorted((package / part).rglob("*"))]
        for path in [
            *sorted(Path(self.study.path).glob("*.y*ml")),
            *sorted(Path(self.study.path).glob("*.csv")),
            *sources,
        ]:
            if path.suffix in (".py", ".yml", ".yaml", ".csv") and path.is_file():
                digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()

    def key(self, agency: str, year: int) -> str:
        """Hash of everything the estimates of this agency and wave depend on."""
        return hashlib.blake2s(f"{self._settings}/{agency}/{year}/{self.stamp(agency, year)}".encode()).hexdigest()

    def stamp(self, agency: str, year: int, *, source: str | None = None) -> str:
        """What tells that the data files of an agency and wave are the same: names, sizes and times of change."""
        folder, out = Path(self.data or self.study.path), []
        for pattern in self.study.source(source or self.source).paths(year, agency):
            for path in sorted(folder.glob(pattern)) or [folder / pattern]:
                stat = path.stat() if path.exists() else None
                out.append(f"{path.name}/{stat.st_size}/{stat.st_mtime_ns}" if stat else f"{path.name}/absent")
        return ",".join(out)

    def _place(self, agency: str, year: int, as_of: int | None = None) -> Path | None:
        return (
            self.store / f"{self.source}-{agency}-{year}{f'-as-{as_of}' if as_of else ''}.pickle"
            if self.store
            else None
        )

    def _read(self, agency: str, year: int, as_of: int | None) -> Estimates | None:
        place = self._place(agency, year, as_of)
        if place is None or not place.exists():
            return None
        try:
            key, estimates = pickle.loads(place.read_bytes())
        except Exception:  # a half-written or foreign file is no result
            return None
        return estimates if self.fresh or key == self.key(agency, year) else None

    def _write(self, agency: str, year: int, as_of: int | None, estimates: Estimates) -> None:
        place = self._place(agency, year, as_of)
        if place is None:
            return
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = place.with_name(f".{place.name}.{os.getpid()}")
        part.write_bytes(pickle.dumps((self.key(agency, year), estimates), protocol=5))
        part.chmod(0o600)
        part.replace(place)


def _remembered(memory: OrderedDict, key, make):
    """`make()`, once; the least recently used is forgotten when there are more than a few."""
    if key in memory:
        memory.move_to_end(key)
    else:
        memory[key] = make()
        while len(memory) > _HELD:
            memory.popitem(last=False)
    return memory[key]
