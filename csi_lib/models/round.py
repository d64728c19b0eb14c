"""One evaluation of all agencies and waves of a study, shared by every report.

A report about one agency also says where its peers stand and how it did last year. `Round` computes each
agency and wave once and keeps the results (no microdata columns, but one row per respondent of linearised
values, so the store lies in the study's private ``.csi`` folder).
"""

from __future__ import annotations

import hashlib
import os
import pickle
from functools import cached_property
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.scoring import score
from csi_lib.survey.estimates import Estimates, results_frame
from csi_lib.survey.reading import read_survey

#: raise when stored estimates of earlier versions must not be read again
STORE_VERSION = 1


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
        self._surveys: dict[tuple, object] = {}
        self._estimates: dict[tuple, Estimates] = {}

    # ------------------------------------------------------------------ surveys
    def survey(self, agency: str | None, year: int):
        """The survey of one agency (None: all agencies together) and wave."""
        if (agency, year) not in self._surveys:
            self._surveys[agency, year] = read_survey(self.study, agency, year, source=self.source, data=self.data)
        return self._surveys[agency, year]

    def took_part(self, agency: str, year: int) -> bool:
        return year in self.study.years and self.study.agency(agency).took_part(year)

    # ------------------------------------------------------------------ estimates
    def estimates(self, agency: str, year: int) -> Estimates:
        """Everything said about one agency and wave, disclosure decided, nothing masked yet."""
        key = (agency, year)
        if key not in self._estimates:
            stored = self._read(agency, year)
            self._estimates[key] = stored if stored is not None else self._compute(agency, year)
        return self._estimates[key]

    def _compute(self, agency: str, year: int) -> Estimates:
        survey = self.survey(agency, year)
        estimates = score(self.study, survey, pooled=lambda: self.survey(None, year))
        self._write(agency, year, estimates)
        return estimates

    def headline(self, agency: str, year: int) -> Estimates:
        """The rows about the whole agency, without groups."""
        full = self.estimates(agency, year)
        return full.select(by1=None)

    def wave(self, year: int, *, measures: list[str] | None = None) -> pd.DataFrame:
        """Headline rows of all agencies of a wave; an agency whose data cannot be used is left out and named
        in ``.attrs["failed"]`` so that one bad file does not stop the others' reports."""
        frames, failed = [], {}
        for agency in self.study.agencies:
            if not self.took_part(agency.id, year):
                continue
            try:
                frame = self.headline(agency.id, year).frame
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

    def stamp(self, agency: str, year: int) -> str:
        """What tells that the data files of an agency and wave are the same: names, sizes and times of change."""
        folder, out = Path(self.data or self.study.path), []
        for pattern in self.study.source(self.source).paths(year, agency):
            for path in sorted(folder.glob(pattern)) or [folder / pattern]:
                stat = path.stat() if path.exists() else None
                out.append(f"{path.name}/{stat.st_size}/{stat.st_mtime_ns}" if stat else f"{path.name}/absent")
        return ",".join(out)

    def _place(self, agency: str, year: int) -> Path | None:
        return self.store / f"{self.source}-{agency}-{year}.pickle" if self.store else None

    def _read(self, agency: str, year: int) -> Estimates | None:
        place = self._place(agency, year)
        if place is None or not place.exists():
            return None
        try:
            key, estimates = pickle.loads(place.read_bytes())
        except Exception:  # a half-written or foreign file is no result
            return None
        return estimates if self.fresh or key == self.key(agency, year) else None

    def _write(self, agency: str, year: int, estimates: Estimates) -> None:
        place = self._place(agency, year)
        if place is None:
            return
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = place.with_name(f".{place.name}.{os.getpid()}")
        part.write_bytes(pickle.dumps((self.key(agency, year), estimates), protocol=5))
        part.chmod(0o600)
        part.replace(place)
