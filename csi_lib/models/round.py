"""One evaluation of all agencies and waves of a study, shared by every report.

A report about one agency also says where its peers stand and how it did last year. `Round` computes each
agency and wave once and keeps the results (no microdata columns, but one row per respondent of linearised
values, so the store lies in the study's private ``.csi`` folder).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.scoring import score
from csi_lib.models.study_models import study_models
from csi_lib.study.keeping import SUFFIX, keep, kept, state
from csi_lib.study.reading import Reading
from csi_lib.survey.estimates import Estimates, results_frame
from csi_lib.survey.reading import read_survey

#: raise when stored estimates of earlier versions must not be read again
STORE_VERSION = 3
#: surveys and estimates held at once
_HELD = 6


class Round:
    """Estimates of every agency and wave of `study`, computed on demand and remembered.

    Parameters
    ----------
    study : Study.
    data : folder with the respondent files, where they are not in the study's own.
    store : folder to keep results in between processes; None keeps them in memory only.
    fresh : (agency, wave, key) of which a run has just looked at data and settings: results stored under that key are
        today's; of no others anything is stored. ("", year, key) are the headline rows of a peer group.
    key : function (agency, year) → key of all other stored results; default looks at files and settings.

    Examples
    --------
    >>> import csi_lib
    >>> round_ = csi_lib.Round(csi_lib.load_study("example"))
    >>> round_.study.id
    'example'
    """

    def __repr__(self) -> str:
        return f"<Round of {self.study.path.name}: {len(self.study.agencies)} agencies, {', '.join(map(str, self.study.years))}>"

    def __init__(
        self,
        study,
        *,
        data: str | Path | None = None,
        store: Path | None = None,
        source: str = "customers",
        fresh: Iterable[tuple[str, int, str]] = (),
        key=None,
    ):
        self.study, self.data, self.source = study, data, source
        self.fresh = {(agency, year): key for agency, year, key in fresh}
        self.key = key or self._own_key
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
            lambda: (
                self._stored(self._survey_place(agency, year), agency, year)
                or read_survey(self.study, agency, year, source=self.source, data=self.data)
            ),
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
            lambda: self._stored(self._place(agency, year, as_of), agency, year) or self._compute(agency, year, as_of),
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
        with Reading.of(self.study):
            estimates = score(self.study, survey, surveys=self.survey, as_of=as_of, refused=refused)
        self.refused.update({(agency, year, model): reason for model, reason in refused.items()})
        if self.store and (not self.fresh or (agency, year) in self.fresh):
            key = self._current(agency, year)
            if as_of is None:
                keep(self._survey_place(agency, year), key, survey)
                keep(self._headline_place(agency, year), key, _headline(estimates))
            keep(self._place(agency, year, as_of), key, estimates)
        return estimates

    def headline(self, agency: str, year: int) -> Estimates:
        """The rows about the whole agency, without groups."""
        return self.estimates(agency, year).select(by1=None)

    def _headline_frame(self, agency: str, year: int) -> pd.DataFrame:
        """The headline rows alone: of 300 agencies they fit in memory, their linearised values do not."""
        if (agency, year) not in self._headlines:
            stored = self._stored(self._headline_place(agency, year), agency, year)
            self._headlines[agency, year] = _headline(self.estimates(agency, year)) if stored is None else stored
        return self._headlines[agency, year]

    def wave(self, year: int, *, type: str | None = None) -> pd.DataFrame:
        """Headline rows of the agencies of a wave, those of one `type` if it is given; an agency whose data cannot be used
        is left out and named in ``.attrs["failed"]`` so that one bad file does not stop the others' reports."""
        stored = self._stored(self._wave_place(year, type), "", year) if ("", year) in self.fresh else None
        return self._gather(year, type) if stored is None else stored

    def _gather(self, year: int, type: str | None, failed: dict[str, str] | None = None) -> pd.DataFrame:
        frames, failed = [], dict(failed or {})
        for agency in self.study.agencies:
            if not self.took_part(agency.id, year) or agency.id in failed or type not in (None, agency.type):
                continue
            try:
                frame = self._headline_frame(agency.id, year)
            except InputError as error:
                failed[agency.id] = str(error)
                continue
            frames.append(frame[frame["statistic"].isin(["index", "mean"])].assign(type=agency.type))
        frame = pd.concat(frames, ignore_index=True) if frames else results_frame().assign(type=None)
        frame.attrs["failed"] = failed
        return frame

    # ------------------------------------------------------------------ what a run does ahead of its reports
    def prepare(self, agency: str, year: int) -> None:
        """Compute and store what reports need of one agency and wave: respondents, estimates as published and restated for
        later waves, headline rows. Raises InputError, and forgets what was stored, where the data cannot be used."""
        try:
            self.estimates(agency, year)
            for later in (y for y in self.study.years if y > year and self.restates(year, y)):
                self.estimates(agency, year, as_of=later)
        except InputError:
            for place in self.store.glob(f"*{self.source}-{agency}-{year}*{SUFFIX}"):
                place.unlink()
            raise

    def prepare_wave(self, year: int, type: str | None, failed: dict[str, str]) -> None:
        """Store the headline rows of a peer group (None: of all), so that a report reads one file for all its peers."""
        keep(self._wave_place(year, type), self.fresh["", year], self._gather(year, type, failed))

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

    def _own_key(self, agency: str, year: int) -> str:
        """Hash of everything the estimates of this agency and wave depend on."""
        return hashlib.blake2s(f"{self._settings}/{agency}/{year}/{self.stamp(agency, year)}".encode()).hexdigest()

    def stamp(self, agency: str, year: int, *, source: str | None = None) -> str:
        """What tells that the data files of an agency and wave are the same (`keeping.state`)."""
        folder, out = Path(self.data or self.study.path), []
        for pattern in self.study.source(source or self.source).paths(year, agency):
            for path in sorted(folder.glob(pattern)) or [folder / pattern]:
                out.append(f"{path.name}/{state(path) or 'absent'}")
        return ",".join(out)

    def _place(self, agency: str, year: int, as_of: int | None = None) -> Path | None:
        return self._named(f"{self.source}-{agency}-{year}{f'-as-{as_of}' if as_of else ''}")

    def _survey_place(self, agency: str | None, year: int) -> Path | None:
        return self._named(f"survey-{self.source}-{agency}-{year}") if agency else None

    def _headline_place(self, agency: str, year: int) -> Path | None:
        return self._named(f"headline-{self.source}-{agency}-{year}")

    def _wave_place(self, year: int, type: str | None) -> Path | None:
        return self.store / wave_name(self.source, year, type) if self.store else None

    def _named(self, name: str) -> Path | None:
        return self.store / f"{name}{SUFFIX}" if self.store else None

    def _current(self, agency: str, year: int) -> str:
        return self.fresh.get((agency, year)) or self.key(agency, year)

    def _stored(self, place: Path | None, agency: str | None, year: int):
        """What is stored there under today's key; None where there is nothing of use."""
        found = kept(place)
        return found[1] if found is not None and found[0] == self._current(agency, year) else None


def wave_name(source: str, year: int, type: str | None) -> str:
    """Name of the file with the headline rows of a peer group (None: of all agencies)."""
    group = "all" if type is None else hashlib.blake2s(type.encode(), digest_size=8).hexdigest()
    return f"wave-{source}-{year}-{group}{SUFFIX}"


def _headline(estimates: Estimates) -> pd.DataFrame:
    return estimates.frame[estimates.frame["by1"].isna()].reset_index(drop=True)


def _remembered(memory: OrderedDict, key, make):
    """`make()`, once; the least recently used is forgotten when there are more than a few."""
    if key in memory:
        memory.move_to_end(key)
    else:
        memory[key] = make()
        while len(memory) > _HELD:
            memory.popitem(last=False)
    return memory[key]
