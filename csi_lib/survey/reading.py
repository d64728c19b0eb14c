"""`read_survey`: answers of an agency and year, typed, checked, without anything that names a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.contradictions import differing
from csi_lib.intake.sheets import Note
from csi_lib.intake.wave import CodedWave, concat
from csi_lib.study.base import written
from csi_lib.study.codebook import Codebook
from csi_lib.study.study import Study, load_study
from csi_lib.survey.quality import SurveyQuality, combine, examine
from csi_lib.survey.refusals import refuse_unanswered, refuse_undeclared, refuse_weights, rows_text
from csi_lib.survey.waves import wave_of
from csi_lib.survey.weighted import AppliedWeighting, calibrations, designed


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """Answers of one source.

    Attributes
    ----------
    frame : one row per respondent: ``agency``, ``year``, ``period``, ``design_stratum`` and the codebook's
        columns under their codebook names, identifiers and contacts excepted. Items are floats on their
        original codes (reverse-coded ones turned), groups categoricals of codes in codebook order,
        declared missing is NA.
    codebook : labels and scales of those columns.
    quality : what was read, dropped, recoded and flagged.
    design_columns : what `SurveyDesign` is given: ``weights strata clusters fpc``, each a column or None,
        and ``lonely``.
    agency, year, source : what was asked for; None = all.
    weighting : (agency, year) → `AppliedWeighting`, where the source declares a ``weighting``; empty else.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.read_survey("example", "hanbit-fmc", 2024)
    <Survey example, customers, hanbit-fmc, 2024: 424 respondents, 41 items, 7 groups>
    """

    frame: pd.DataFrame
    codebook: Codebook
    quality: SurveyQuality
    design_columns: Mapping[str, str | None]
    agency: str | None
    year: int | None
    source: str
    study: str
    weighting: Mapping[tuple[str, int], AppliedWeighting] = field(default_factory=dict)

    @cached_property
    def design(self):
        """The `SurveyDesign` of these rows (weights, strata, clusters, fpc, and the margins they were weighted to)."""
        from csi_lib.survey.design import SurveyDesign

        design = SurveyDesign(self.frame, **self.design_columns)
        met = calibrations(self.weighting, self.frame)
        return design if met is None else design.calibrated(design.weights, met)

    @property
    def n(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        who = f"{self.study}, {self.source}, {self.agency or 'all agencies'}, {self.year or 'all years'}"
        return f"<Survey {who}: {self.n} respondents, {len(self.codebook.items)} items, {len(self.codebook.groups)} groups>"

    @classmethod
    def from_frame(cls, data, codebook=None, **options) -> Survey:
        """A survey of one's own table, without a study on disk.

        Parameters
        ----------
        data : DataFrame of pandas, polars or Arrow, one row per respondent; columns by name.
        codebook : as ``codebook.yml`` holds it: a path, keys and values, or a `Codebook`. Without one,
            ``scale=(low, high)`` declares `items` (default: every numeric column of whole numbers on that scale) and
            `groups`.
        weights, strata, clusters, fpc : column names or values of the design; ``lonely`` as in `SurveyDesign`.
        agency, year : what the table is of; only labels.

        Raises
        ------
        InputError
            A column of the codebook that the table lacks; answers that it does not declare (how many, and in which row).

        Examples
        --------
        >>> frame = pd.DataFrame({"q1": [5, 4, 3, 4], "q2": [4, 4, 2, 5], "sex": ["f", "m", "f", "m"]})
        >>> survey = Survey.from_frame(frame, scale=(1, 5), groups=["sex"])
        >>> survey
        <Survey frame, frame, frame, all years: 4 respondents, 2 items, 1 groups>
        >>> float(survey.design.mean("q1")["estimate"].iloc[0])
        4.0
        """
        from csi_lib.survey.plain import survey_of

        return survey_of(data, codebook, **options)

    def subset(self, agency: str | None = None, year: int | None = None) -> Survey:
        """The rows of one agency and/or year, as if they alone had been read."""
        keep = np.ones(len(self.frame), bool)
        if agency is not None:
            keep &= (self.frame["agency"] == agency).to_numpy()
        if year is not None:
            keep &= (self.frame["year"] == year).to_numpy()
        if not keep.any():
            raise InputError(
                "there are no respondents",
                found=f"agency={agency!r}, year={year!r}",
                where=f"study {self.study!r}, source {self.source!r}",
            )
        frame = self.frame[keep].reset_index(drop=True)
        present = set(zip(frame["agency"].astype(str), frame["year"].astype(int), strict=True))
        quality = self.quality

        def part(table):
            chosen = np.ones(len(table), bool)
            if agency is not None:
                chosen &= (table["agency"] == agency).to_numpy(bool)
            if year is not None:
                chosen &= (table["year"] == year).to_numpy(bool)
            return table[chosen].reset_index(drop=True)

        record, people = part(quality.frame), part(quality.interviewers)
        totals = {
            check: int(record.loc[record["check"] == check, "n"].sum())
            for check in ("duplicate_id", "discarded", "undeclared", "unmapped", "straight_lined")
        }
        counts = {
            "read": len(frame) + totals["duplicate_id"] + totals["discarded"],
            "dropped": totals["duplicate_id"],
            **({"discarded": totals["discarded"]} if "discarded" in quality.counts else {}),
            "kept": len(frame),
            "undeclared": totals["undeclared"],
            **({"unmapped": totals["unmapped"]} if totals["unmapped"] else {}),
            "straight_lined": totals["straight_lined"],
        }
        return replace(
            self,
            frame=frame,
            agency=agency or self.agency,
            year=year or self.year,
            weighting=MappingProxyType({key: w for key, w in self.weighting.items() if key in present}),
            quality=replace(quality, frame=record, interviewers=people, counts=counts),
        )

    def answers(self, item: str) -> pd.Series:
        """Answers to an item as they were given: where `frame` holds a turned score, its original code (low + high − x)."""
        values = self.frame[item]
        if not self.codebook.columns[item].reverse:
            return values
        scale = self.codebook.scale(item)
        return scale.low + scale.high - values

    def label(self, column: str, lang: str = "ko") -> str:
        """What a reader sees for a column."""
        return self.codebook.label(column, lang)

    def __getstate__(self):
        return {
            **{k: v for k, v in self.__dict__.items() if k != "design"},
            "design_columns": dict(self.design_columns),
            "weighting": dict(self.weighting),
        }

    def __setstate__(self, state):
        self.__dict__.update(state)


def read_survey(
    study: Study | str | Path,
    agency: str | None = None,
    year: int | None = None,
    *,
    source: str = "customers",
    data: str | Path | None = None,
    discarded: bool = False,
) -> Survey:
    """Read the answers of one agency and year (None = all), checked against the codebook.

    Parameters
    ----------
    study : a `Study`, a folder or the name of a study.
    agency, year : which rows; None reads all agencies, or all years.
    source : name of the source in ``study.yml``.
    data : folder to which the source's paths are relative; the study's own folder where None.
    discarded : keep interviews that the source's ``discard`` rejects (to see what cleaning did), weights as delivered.

    Returns
    -------
    Survey
        Items on their original codes; reverse-coded items turned to low + high − x. Missing is what the
        codebook declares for that year, blank cells, and user-missing values of a .sav file.

    Raises
    ------
    InputError
        Unknown agency, year or source (with the near spelling); a file that is missing, empty or in the
        wrong encoding; a column of the codebook that the file lacks; answers that the codebook does not
        declare (with row and column; ``on_undeclared: missing`` counts them instead); a respondent id met
        twice (``duplicates: drop-later`` keeps the first); a weight that is missing or negative; a wave
        without respondents.

    Notes
    -----
    ``design_stratum`` names agency × year × declared stratum: agencies and years are sampled
    separately, so strata of the same code in two of them are two strata (and so for ``design_cluster``).
    In R: ``haven::read_sav`` / ``read.csv``, then recoding by hand.

    Examples
    --------
    >>> import csi_lib
    >>> survey = csi_lib.read_survey("example", "hanbit-fmc", 2024)
    >>> survey.codebook.items[:2]
    ('resp_kind', 'resp_sincere')
    """
    study = load_study(study)
    study.source(source)
    if agency is not None:
        study.agency(agency)
    if year is not None:
        study.wave(year)
        years = [int(year)]
    else:
        years = [
            y
            for y in study.years
            if study.sources[source].covers(agency, y) and (agency is None or study.agency(agency).took_part(y))
        ]
    frames, qualities, waves = [], [], []
    for y in years:
        wave = _wave(study, source, y, data, agency)
        frame, quality = _part(study, source, wave, agency, y, discarded)
        frames.append(frame)
        qualities.append(quality)
        waves.append(wave)
    frame = concat(frames)
    frame, columns, weighting = designed(study, source, frame, years)
    quality = combine(qualities)
    return Survey(
        frame,
        _merged([w.codebook for w in waves]),
        replace(quality, notes=(*quality.notes, *_relabelled(waves, years))),
        columns,
        agency,
        None if year is None else int(year),
        source,
        study.id,
        weighting,
    )


def answer_status(
    study: Study, agency: str | None, year: int, *, source: str = "customers", data: str | Path | None = None
) -> pd.DataFrame:
    """What became of every answer of `read_survey` for one wave, row by row: VALID, BLANK, MISSING (declared) or
    UNDECLARED, UNMAPPED (`csi_lib.intake.coding`); one column for each column that the file has."""
    wave = _wave(study, source, year, data, agency)
    return wave.status.take(_rows_of(wave, _members(study, agency), study.source(source))).reset_index(drop=True)


def _wave(study: Study, source: str, year: int, data, agency: str | None) -> CodedWave:
    """The coded rows that hold an agency's, and its children's where it is reported together with them."""
    one = None if agency is not None and len(study.members(agency)) > 1 else agency
    return _imported(study, source, year, data, one) or wave_of(study, source, year, data=data, agency=one)


def _members(study: Study, agency: str | None) -> tuple[str, ...] | None:
    return None if agency is None else study.members(agency)


def _rows_of(wave: CodedWave, members: tuple[str, ...] | None, settings, discarded: bool = False) -> np.ndarray:
    """Positions of an agency's records; later ones of the same respondent and (but for `discarded`) rejected ones left out."""
    chosen = np.ones(len(wave.frame), bool) if members is None else wave.frame["agency"].isin(members).to_numpy()
    return np.flatnonzero(chosen & ~wave.later & (discarded | ~discards(wave, settings)))


def _imported(study, source, year, data, agency) -> CodedWave | None:
    from csi_lib.survey.importing import imported_wave

    return imported_wave(study, source, year, data=data, agency=agency)


def _part(study: Study, source: str, wave: CodedWave, agency: str | None, year: int, discarded: bool):
    """Rows of one agency in one wave, after the source's rules on duplicates and undeclared answers."""
    settings, place = study.sources[source], f"study {study.id!r}, {', '.join(wave.files)}"
    members = _members(study, agency)
    chosen = np.ones(len(wave.frame), bool) if members is None else wave.frame["agency"].isin(members).to_numpy()
    if not chosen.any():
        present = sorted(wave.frame["agency"].unique())
        raise InputError(
            f"there are no respondents of the agency {agency!r} in {year}",
            where=place,
            expected=f"one of {', '.join(present[:12])}",
            action="Give 'years' to the agency in agencies.yml when it did not take part.",
        )
    refuse_undeclared(wave, chosen, settings, place)
    later = chosen & wave.later
    if later.any() and settings.duplicates == "error":
        raise InputError(
            "respondent ids stand more than once",
            where=place,
            found=f"{int(later.sum())} further record(s), rows {rows_text(wave.file_rows[later])}",
            action="Remove them, or set 'duplicates: drop-later' for the source.",
        )
    rows = _rows_of(wave, members, settings, discarded)
    rejected = chosen & ~later
    rejected[rows] = False
    if not len(rows):
        raise InputError("every interview was discarded", where=place, found=f"{int(rejected.sum())} interview(s)",
                         action="Check 'discard' of the source.")  # fmt: skip
    frame, status = wave.frame.take(rows), wave.status.take(rows)
    refuse_unanswered(wave, year, place)
    weights = settings.design.weights.get(year)
    if weights and wave.codebook.columns[weights].available_in(year):
        refuse_weights(frame[weights], weights, wave.file_rows[rows], place)
        if rejected.any():
            both = np.flatnonzero(chosen & ~later)
            frame = frame.assign(
                **{weights: _kept_weights(wave.frame.take(both), rejected[both], weights, settings, year)}
            )
    quality = examine(
        frame,
        status,
        wave.frame["agency"].take(np.flatnonzero(later)),
        wave.codebook,
        year=year,
        interviewer=settings.interviewer,
        files=wave.files,
        simulated=wave.simulated,
        dropped_as="later record dropped",
        rejected=wave.frame["agency"].take(np.flatnonzero(rejected)) if settings.discard else None,
    )
    quality = replace(quality, notes=wave.notes, receipts=wave.receipts, codes={year: wave.codes or {}})
    return frame.reset_index(drop=True), quality


def discards(wave: CodedWave, settings) -> np.ndarray:
    """Rows that the source's ``discard`` rejects, by the answers as they were given."""
    rule = settings.discard
    if rule is None:
        return np.zeros(len(wave.frame), bool)
    codes = {written(code) for code in rule.codes}
    return wave.given(rule.column).map(lambda v: v == v and v is not None and written(v) in codes).to_numpy(bool)


def _kept_weights(frame: pd.DataFrame, rejected, weights: str, settings, year: int) -> np.ndarray:
    """Weights of the kept rows, raised within agency and declared stratum by Σ w of all / Σ w of the kept."""
    stratum = settings.design.strata.get(year)
    keys = [frame[c] for c in ("agency", stratum) if c in frame]
    w = frame[weights].to_numpy(float)
    total = pd.Series(w, index=frame.index).groupby(keys, observed=True, dropna=False).transform("sum").to_numpy()
    kept = pd.Series(np.where(rejected, 0.0, w), index=frame.index)
    kept = kept.groupby(keys, observed=True, dropna=False).transform("sum").to_numpy()
    return (w * total / np.where(kept > 0, kept, 1.0))[~rejected]


def _relabelled(waves: list[CodedWave], years: list[int]) -> list[Note]:
    """Codes that the files of two years label differently."""
    notes = []
    for (before, then), (after, now) in pairwise(zip(waves, years, strict=True)):
        for name in before.codebook.groups:
            clash = differing(before.codebook.columns[name].labels, after.codebook.columns[name].labels)
            if clash and before.codebook.columns[name].labels is not after.codebook.columns[name].labels:
                code, old, new = clash[0]
                notes.append(Note("contradiction", f"{then}년 원자료의 {code}번 이름표는 ‘{old}’, {now}년에는 ‘{new}’이다.",
                                  f"the files label {code} {old!r} in {then} and {new!r} in {now}", len(clash), name))  # fmt: skip
    return notes


def _merged(books: list[Codebook]) -> Codebook:
    """One codebook for several waves: labels found in the files are joined."""
    book = books[-1]
    update = {}
    for name, column in book.columns.items():
        labels = {code: label for b in reversed(books) for code, label in b.columns[name].labels.items()}
        if len(labels) != len(column.labels):
            update[name] = column.model_copy(update={"labels": labels})
    return book.model_copy(update={"columns": {**book.columns, **update}}) if update else book
