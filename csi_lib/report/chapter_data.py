"""What a chapter can know about one agency and wave: respondents, estimates, changes, peers, records."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Self

import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.evaluation.labels import Labels
from csi_lib.evaluation.records import read_records
from csi_lib.evaluation.standing import Rank, peer_mean, ranks
from csi_lib.evaluation.systems import system_file
from csi_lib.figures.theme import client_theme
from csi_lib.findings.families import change_family, judged_estimates
from csi_lib.models.absence import present
from csi_lib.models.index import IndexModel
from csi_lib.models.round import Round
from csi_lib.models.scoring import banners, score, weights_survey
from csi_lib.models.study_models import study_models
from csi_lib.report.context import Context
from csi_lib.report.microdata import People
from csi_lib.study.reading import Reading
from csi_lib.study.study import OVERALL
from csi_lib.survey.estimates import Estimates, results_frame
from csi_lib.survey.gate import Gate, withheld_of
from csi_lib.survey.results import records_of


class ChapterData:
    """The numbers of one agency and wave, each read or computed when it is first asked for, masked for the release."""

    def __init__(self, study, agency: str, year: int, lang: str, release: str, context: Context):
        self.study, self.agency, self.year, self.lang, self.release = study, agency, year, lang, release
        self.id = context.chapter
        self.reading = Reading.of(study, lang=lang, release=release, theme=client_theme(study.report.theme, study.path))
        self._figures, self._chapters = context.figures, context.chapters
        self._peers = "all" if agency == OVERALL else context.peers
        self._round = Round(study, data=context.data, store=context.store, fresh=context.fresh)
        self._known: dict[str, tuple[pd.DataFrame, int]] = {}  # row id → frame and position
        self._gains: pd.DataFrame | None = None
        self._quoted: set[str] = set()
        self._grouped: dict[tuple[str, int], Estimates] = {}
        self._spoken = itertools.count(1)
        self._places: dict[int, tuple[Estimates, dict]] = {}
        self._change_places: dict[str, tuple[pd.DataFrame, dict[tuple, int]]] = {}

    def _for(self, context: Context) -> Self:
        """The same for another chapter of the report."""
        chapter = copy.copy(self)
        chapter.id, chapter._figures, chapter._chapters = context.chapter, context.figures, context.chapters
        chapter._spoken = itertools.count(1)
        if self.agency != OVERALL and context.peers != self._peers:
            chapter._peers = context.peers
            chapter.__dict__.pop("wave", None)
        return chapter

    def __repr__(self) -> str:
        return f"Chapter({self.study.id!r}, {self.agency!r}, {self.year}, lang={self.lang!r}, release={self.release!r})"

    # ------------------------------------------------------------------ what there is
    @cached_property
    def survey(self):
        """Respondents of this agency and wave (of all agencies in the overall report)."""
        return self._round.survey(None if self.agency == OVERALL else self.agency, self.year)

    def source(self, name: str):
        """Another source of the study for this agency and wave, e.g. employees, calls, sheets."""
        return Round(self.study, data=self._round.data, source=name).survey(self.agency, self.year)

    def on(self, source: str) -> Self:
        """The same chapter about another survey of the study (``employees``): its survey, models, rows and changes.

        Whatever either shows, says or records belongs to this chapter.
        """
        self.study.source(source)
        other = copy.copy(self)
        for name in (
            "survey",
            "estimates",
            "previous",
            "changes",
            "wave",
            "models",
            "labels",
            "contradictions",
            "gain_estimates",
            "gate",
            "people",
        ):
            other.__dict__.pop(name, None)
        # what the run has checked is the report's own source, so another one's store is checked here
        other._round = Round(self.study, data=self._round.data, store=self._round.store, source=source)
        other._gains, other._change_places, other._grouped = None, {}, {}
        return other

    def in_language(self, lang: str) -> Self:
        """The same chapter with words in another language of the study: for what is said in all of them."""
        if lang == self.lang:
            return self
        other = copy.copy(self)
        other.__dict__.pop("labels", None)
        other.lang, other.reading = lang, replace(self.reading, lang=lang, catalogue=None)
        return other

    def took_part(self, year: int) -> bool:
        return self.agency == OVERALL or self._round.took_part(self.agency, year)

    def surveyed(self, source: str, year: int | None = None) -> bool:
        """Whether a source covers the agency in this (or another) wave."""
        year = self.year if year is None else year
        own = None if self.agency == OVERALL else self.agency
        return (
            source in self.study.sources
            and year in self.study.years
            and self.took_part(year)
            and self.study.source(source).covers(own, year)
        )

    @property
    def data(self):
        """The folder of the run's data files; None where they are found in the study."""
        return self._round.data

    def system(self, name: str):
        """The validated file of an office system that the study declares under ``extensions`` (kindness, register …)."""
        return system_file(self.study, name)

    def records(self, source: str, fields, *, columns: Mapping | None = None, year: int | None = None,
                everyone: bool = False) -> pd.DataFrame:  # fmt: skip
        """Records of this agency (`everyone`, and in the overall report: of all agencies): `fields` of a source of calls, sheets, cases …

        Outside the restricted release a person is a number without meaning and free text is gone. Departments are those
        of the report's year, so that records of one that was merged since count where it went.
        """
        if everyone:
            self._needs_all()
        agency = None if everyone or self.agency == OVERALL else self.agency
        frame = read_records(self.study, source, fields, agency=agency, year=year or self.year, columns=columns,
                             data=self._round.data, release=self.release)  # fmt: skip
        if "department" in frame and "departments" in self.study.extensions:
            frame = self.system("departments").placed(frame, self.year)
        return frame

    @property
    def store(self):
        """The private folder in which a run keeps what is costly to compute; None by hand."""
        return self._round.store

    @cached_property
    def estimates(self) -> Estimates:
        """Everything computed on this agency and wave, masked for the release."""
        return self._register(self._round.estimates(self.agency, self.year).masked(self.release))

    @property
    def previous_year(self) -> int | None:
        """The last wave before this one in which the agency took part."""
        years = [y for y in self.study.years if y < self.year and self.surveyed(self._round.source, y)]
        return max(years, default=None)

    @cached_property
    def previous(self) -> Estimates | None:
        """The last wave's estimates, masked; None for an agency's first wave."""
        year = self.previous_year
        return None if year is None else self.of_year(year)

    def of_year(self, year: int) -> Estimates:
        """The agency's estimates of another wave under this wave's formula editions, masked."""
        return self._register(self._round.estimates(self.agency, year, as_of=self.year).masked(self.release))

    def estimates_of(self, agency: str, year: int, *, as_of: int | None = None) -> Estimates:
        """Another agency's estimates of a wave, masked; `as_of` under the formula editions of that wave."""
        if agency != self.agency:
            self._needs_all()
        return self._register(self._round.estimates(agency, year, as_of=as_of).masked(self.release))

    def _needs_all(self) -> None:
        if self._peers != "all":
            raise InputError(
                "this chapter shows figures of other agencies and does not say so",
                where=f"chapter {self.id}: metadata.csi.peers",
                found=self._peers,
                expected="all",
            )

    def grouped(self, group: str, year: int | None = None) -> Estimates:
        """Everything about this agency and wave (or that of `year`, under this wave's editions) by a column of the survey that
        need not be among the report's groups, masked.

        Raises InputError where the survey has no such groups: what is asked of a department is never answered with the
        figure of the whole agency.
        """
        year = self.year if year is None else year
        survey = self.survey_of(year)
        column = survey.codebook.columns.get(group)
        if column is None or column.role not in ("group", "single") or group not in survey.frame:
            near = nearest(group, survey.codebook.groups)
            raise InputError("the survey has no groups by this column", where=f"survey {survey.source} of {year}", found=repr(group),
                             expected=", ".join(survey.codebook.groups) or "a column of the role group",
                             action=f"Did you mean {near!r}?" if near else "Declare it in the codebook with the role group")  # fmt: skip
        if group in banners(self.study, survey):
            return self.estimates if year == self.year else self.of_year(year)
        if (group, year) not in self._grouped:
            with self.reading:
                made = score(self.study, survey, surveys=self._round.survey, as_of=self.year, refused={}, also=[group])
                self._grouped[group, year] = self._register(made.masked(self.release))
        return self._grouped[group, year]

    def published(self, year: int) -> Estimates:
        """The agency's estimates of another wave as it was scored at its time, masked."""
        return self._register(self._round.estimates(self.agency, year).masked(self.release))

    def survey_of(self, year: int):
        """Respondents of this agency in another wave."""
        return self._round.survey(None if self.agency == OVERALL else self.agency, year)

    @property
    def surveys(self):
        """Function (agency, year) → survey: of the bodies with which this one is reported together."""
        return self._round.survey

    def weights_survey(self, year: int):
        """The survey on which the weights of the report's model are estimated in a wave; None for its own."""
        return weights_survey(self.study, self.model, self.survey_of(year), self._round.survey)

    @cached_property
    def changes(self) -> Estimates:
        """Differences of every number to the last wave, with standard error, interval and test; empty without one."""
        if self.previous is None:
            return Estimates(results_frame())
        return self.changes_since(self.previous_year)

    def changes_since(self, year: int) -> Estimates:
        with self.reading:
            both = Estimates.concat([self.estimates, self.of_year(year)])
            return self._register(self.judged_changes(both.contrast({"year": self.year}, {"year": year})))

    def judged_changes(self, changes: Estimates) -> Estimates:
        """Changes since another wave, each judged in the family it is read in (`findings.families`)."""
        roots = {m.file.index for m in self.models}
        sides = {n.id for m in self.models for n in m.file.side}
        families = [change_family(r, roots, sides) for r in records_of(changes.frame)]
        return judged_estimates(changes, families)

    @cached_property
    def wave(self) -> pd.DataFrame:
        """Headline rows of every agency of the round, masked; column ``type`` is the peer group."""
        return self.wave_of(self.year)

    def wave_of(self, year: int) -> pd.DataFrame:
        """Those of another wave. A run knows which reports to make again by what their chapters declare to show of other
        agencies, so a chapter gets what it declares: its peer group, unless its metadata says ``peers: all``."""
        if self._peers == "none":
            raise InputError(
                "this chapter shows figures of other agencies and does not say so",
                where=f"chapter {self.id}: metadata.csi.peers",
                found="none",
                expected="type (its peer group) or all",
            )
        if year != self.year:
            self._needs_all()
        frame = self._round.wave(year, type=self.type if self._peers == "type" else None)
        failed = frame.attrs["failed"]
        types = frame["type"]
        masked = Estimates(frame.drop(columns="type")).masked(self.release)
        out = self._register(masked).frame.assign(type=types.to_numpy())
        out.attrs["failed"] = failed
        return out

    @cached_property
    def models(self) -> list[IndexModel]:
        """The study's index models, bound to its columns."""
        models = study_models(self.study, self._round.source, year=self.year)
        return [m.fitted(self.survey) if m.file.open_ended else present(self.study, m, self.survey) for m in models]

    @property
    def model(self) -> IndexModel:
        """The report's own index: the first model of the study."""
        if not self.models:
            raise InputError(
                "the study names no index model", where="study.yml: models", action="Name one; csi models lists them"
            )
        return self.models[0]

    # ------------------------------------------------------------------ peers
    @property
    def type(self) -> str | None:
        return None if self.agency == OVERALL else self.study.agency(self.agency).type

    def peers(self, measure: str, *, others: bool = False) -> Estimates:
        """Mean of the other agencies of the same type (`others`: of other types) and the difference from it.

        Two rows (statistic mean, difference), or none when fewer than three others can be shown.
        """
        if self.study.report.peers == "group" and others:
            return Estimates(results_frame())
        if others and self._peers == "type" and self.type is not None:
            raise InputError(
                "this chapter shows figures of other groups and does not say so",
                where=f"chapter {self.id}: metadata.csi.peers",
                found="type",
                expected="all",
            )
        with self.reading:
            return self._register(peer_mean(self.wave, self.agency, measure, type=self.type, others=others))

    def rank(self, measure: str) -> Rank | None:
        """Rank among the agencies of the same type, with simultaneous bounds; None without peers."""
        with self.reading:
            return ranks(self.wave, measure, type=self.type).get(self.agency)

    @cached_property
    def people(self) -> People:
        """The respondents, as what a public display must not hold."""
        return People(self.survey.frame, self.survey.codebook)

    @cached_property
    def gate(self) -> Gate:
        """What this release lets through of the numbers that the chapter computes itself."""
        nodes = frozenset(n.id for m in self.models for n in (*m.file.order, *m.file.side))
        surveyed = self.agency != OVERALL and self.surveyed(self._round.source)
        withheld = withheld_of(self.estimates.frame) if self.release == "public" and surveyed else frozenset()
        return Gate(self.study, self.release, nodes, withheld, (self.agency, self.year, self._round.source))

    @cached_property
    def labels(self) -> Labels:
        book = self.study.codebook(self._round.source)
        if any(not book.columns[name].labels for name in book.of_role("group", "single")):
            book = self.survey.codebook  # the file itself labels a group, or its answers do
        return Labels(self.study, book, self.models, self.lang)

    def text(self, *, ko: str, en: str) -> str:
        """One of two texts."""
        return self.reading.worded(ko if self.lang == "ko" else en)

    def _register(self, estimates: Estimates) -> Estimates:
        frame = estimates.frame
        self._known.update((row_id, (frame, i)) for i, row_id in enumerate(frame["row_id"]))
        return estimates
