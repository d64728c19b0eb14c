"""The chapter: what a notebook opens, and through which it shows, says and records numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.figures.theme import adopt, prepare_fonts
from csi_lib.findings.finding import Finding
from csi_lib.prose.change import describe, verdict_of
from csi_lib.prose.escape import escape_markdown
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence, say
from csi_lib.prose.study_texts import declare_literals
from csi_lib.report.chapter_numbers import ChapterNumbers
from csi_lib.report.context import Context
from csi_lib.report.display import (
    Display,
    figure_display,
    findings_display,
    highlights_display,
    sentence_display,
    table_display,
)
from csi_lib.report.microdata import DisplayGuard
from csi_lib.report.shown import refuse_hidden, refuse_written
from csi_lib.study.catalogue import tongue
from csi_lib.study.reading import under_reading
from csi_lib.study.study import OVERALL
from csi_lib.survey.estimates import KEYS, Estimates, results_frame
from csi_lib.survey.results import records_of
from csi_lib.tables.table import Table


def open_chapter(study, agency: str, year: int, *, lang: str | None = None, release: str | None = None) -> Chapter:
    """Open one agency and wave of a study for a chapter notebook.

    Parameters
    ----------
    study : name or folder of the study (see `load_study`).
    agency : agency id, or ``_overall`` for the report on the whole round.
    year : wave.
    lang : ko, en, or a language that has a catalogue (docs/words.md); default the study's.
    release : public (suppressed numbers are masked) or restricted; default the study's.

    Returns
    -------
    Chapter

    Raises
    ------
    InputError with the near spelling for an unknown study, agency, year or language.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> chapter.agency.id if hasattr(chapter.agency, "id") else chapter.agency
    'hanbit-fmc'
    """
    context, named = Context.current(), str(study)
    lang = context.lang or lang
    made = _prepared.get((named, agency, year, lang, release))
    if made is not None:
        made.reading.adopt()
        return made._for(context)._guarded()
    study = context.study_or(study)
    lang, release = lang or study.report.language, release or study.report.release
    if agency == OVERALL:
        study.jobs(None, year, lang, release)
    elif not study.jobs(agency, year, lang, release):
        raise InputError(
            "the agency took no part in this wave",
            where=f"study {study.id!r}",
            found=f"{agency}, {year}",
            action="Waves of an agency are listed in agencies.yml",
        )
    chapter = Chapter(study, str(agency), int(year), tongue(lang), release, context)
    adopt(chapter.reading.theme)
    chapter.reading.adopt()
    declare_literals(study)
    return chapter._guarded()


#: what a run has loaded ahead of the chapters of one report, by the parameters they are opened with
_prepared: dict[tuple, Chapter] = {}


def prepare_chapters(study: str, agency: str, year: int, lang: str, release: str) -> None:
    """Load what the chapters of one report open with, once for all of them; each gets a copy of its own process.

    Called before the chapters' kernels are forked, so it must start no threads: everything comes from the run's store.
    """
    chapter = open_chapter(study, agency, year, lang=lang, release=release)
    lang = Context.current().lang or lang
    if agency != OVERALL:
        _ = chapter.survey, chapter.estimates, chapter.previous
        for estimates in (chapter.estimates, chapter.previous):
            if estimates is not None:
                chapter._locate(estimates, estimates.frame.iloc[:0])
        _ = chapter.contradictions
        if chapter.previous is not None:  # every chapter about the whole agency asks for these
            with chapter.reading:
                chapter._family_changes("")
        # on a whole round models, and labels with them, may look at everybody's answers, which reading starts threads for
        _ = chapter.models, chapter.labels
        if release == "public":
            _ = chapter.gate, chapter.people._texts
    prepare_fonts()
    if chapter._peers != "none":
        _ = chapter.wave
    _prepared[study, agency, year, lang, release] = chapter


class Chapter(ChapterNumbers):
    """One agency and wave, with everything a chapter may want to say about it.

    Attributes
    ----------
    survey : the respondents (`Survey`); estimates : everything computed on them (masked for the release);
    previous : the same of the last wave, or None; changes : differences to it, with tests;
    wave : headline rows of all agencies; model, models : the study's index models, the first is the report's.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> round(float(chapter.index()["estimate"]), 1) > 0
    True
    """

    # ------------------------------------------------------------------ what may be shown
    def _guarded(self) -> Chapter:
        """In a run of a public report, displays that hold rows of people stop the chapter (`csi_lib.report.microdata`)."""
        if self.release == "public" and Context.running():
            DisplayGuard.install(lambda: self.people)
        return self

    def quoting(self, texts: Iterable[str]) -> None:
        """Let these comments stand in the report: cleaned, scrubbed, of a large enough group and, if asked for, reviewed."""
        self._quoted.update(texts)

    # ------------------------------------------------------------------ recording
    @under_reading
    def record(
        self, rows: pd.DataFrame | Sequence[Mapping] | Estimates, *, counts: str = "people", **constant
    ) -> pd.DataFrame:
        """Numbers computed in the notebook, as results rows of this report and as its release may show them.

        `rows` has at least measure, statistic, estimate, unit and n; study, agency, year … are filled in. Returns the
        rows with their ``row_id``, for tables, figures and sentences. In the public release a row that rests on fewer
        people than the minimum base comes back withheld (`csi_lib.survey.gate`).

        counts : what n counts: ``people``, or agencies, departments, tasks, checks, periods, units.
        """
        own = {
            "study": self.study.id,
            "agency": self.agency,
            "year": self.year,
            "period": self.study.period_of(self.year),
            "source": self._round.source,
            "release": self.release,
        }
        if isinstance(rows, Estimates):
            if rows.frame[["study", "release"]].isna().any(axis=None):  # combined from others, and of this report now
                filled = {k: rows.frame[k].fillna(own[k]) for k in ("study", "period", "release")}
                rows = replace(rows, frame=results_frame(rows.frame, **filled))
            admitted = self.gate.admit(rows.frame, counts=counts)
            return self._register(rows if admitted is rows.frame else Estimates(admitted)).frame
        frame = pd.DataFrame(rows)
        fill = {k: v for k, v in {**own, **constant}.items() if k not in frame or frame[k].isna().all()}
        out = self.gate.admit(results_frame(frame, **fill), counts=counts)
        double = out["row_id"].duplicated()
        if double.any():
            first = out.loc[double].iloc[0]
            raise InputError(
                "two numbers have the same keys, so one of them could not be told from the other",
                found=", ".join(f"{k}={first[k]}" for k in KEYS if not pd.isna(first[k])),
            )
        self._register(Estimates(out))
        extra = [c for c in frame.columns if c not in out.columns]
        return pd.concat([out, frame[extra].reset_index(drop=True)], axis=1)

    def _recorded(self, ids: Sequence[str], name: str) -> list[dict]:
        missing = [i for i in ids if i not in self._known]
        if missing:
            raise InputError(
                f"{len(missing)} numbers of {name} have no results row",
                found=", ".join(missing[:3]),
                action="Pass them through chapter.record first",
            )
        frames, at = {}, {}
        for i in ids:  # rows of one frame are taken from it together, which is ten times as fast
            frame, position = self._known[i]
            frames[id(frame)] = frame
            at.setdefault(id(frame), {})[i] = position
        rows = {}
        for place, positions in at.items():
            taken = records_of(frames[place].iloc[list(positions.values())])
            rows.update(zip(positions, taken, strict=True))
        return [{**rows[i], "chapter": self.id, "object_id": name} for i in ids]

    # ------------------------------------------------------------------ showing and saying
    @under_reading
    def show(self, thing) -> Display:
        """Show a `Table` or `Figure` and record every number in it."""
        return self._shown(thing, fold=False)

    @under_reading
    def detail(self, thing) -> Display:
        """Show what only some readers want, item by item or group by group: HTML unfolds it, paper leaves it out.

        With ``report: {appendix: full}`` it is shown and numbered as everything else.
        """
        return self._shown(thing, fold=self.study.report.appendix == "short")

    def _shown(self, thing, *, fold: bool) -> Display:
        if isinstance(thing, Table):
            if not (thing.has_bases or thing.exempt):
                raise InputError(
                    "a table of results shows its bases",
                    where=f"table {thing.name}",
                    action="Add n to its fields, or say why it needs none (exempt=)",
                )
            refuse_hidden(self, thing)
            return table_display(thing, self._recorded(thing.row_ids, f"tbl-{thing.name}"), fold=fold)
        if not (thing.has_bases or "row_id" not in thing.data):
            raise InputError("a figure of results shows its bases", where=f"figure {thing.name}")
        refuse_hidden(self, thing)
        rows = self._recorded(thing.row_ids, f"fig-{thing.name}")
        return figure_display(thing, rows, self.id, self._figures, fold=fold)

    @under_reading
    def keep(self, findings: Sequence[Finding]) -> Display:
        """Hand findings to the run, which keeps them as ``findings.parquet``; nothing is shown.

        Evidence that this edition may not show takes its finding along.
        """
        known = [f for f in findings if all(i in self._known for i in f.rows)]
        ids = dict.fromkeys(i for f in known for i in f.rows)
        return findings_display(known, self._recorded(list(ids), "findings"))

    @under_reading
    def say(
        self,
        template: str | Mapping | Sentence | None = None,
        *,
        ko: str | None = None,
        en: str | None = None,
        **fields,
    ) -> Display:
        """A paragraph written from numbers; `ko` and `en` are the two languages' templates (see `prose.say`).

        Rows given as fields count as their estimate. A list of Sentences becomes one paragraph; nothing to say, an empty
        one.
        """
        return sentence_display(*self._sentence(template, ko, en, fields))

    @under_reading
    def sentence(
        self, template: str | None = None, *, ko: str | None = None, en: str | None = None, **fields
    ) -> Sentence:
        """The same as `say` without showing it: to join sentences, or to put one into a table."""
        return self._sentence(template, ko, en, fields)[0]

    def _sentence(self, template, ko, en, fields):
        if template is None and ko is None and en is None:
            template = []  # a sentence that its chapter has no numbers for
        if isinstance(template, (list, tuple)):
            sentence = Sentence("", "")
            for part in template:
                if part is not None:
                    sentence = sentence + part
        elif isinstance(template, Sentence):
            sentence = template
        else:
            text = template or {"ko": ko, "en": en}[self.lang]
            if text is None:
                raise InputError(f"this sentence has no text in {self.lang}", found=ko or en)
            for field in (v for v in fields.values() if isinstance(v, str)):
                refuse_written(self, field, "chapter.say")
            sentence = say(text, self.lang, **{k: _as_value(v) for k, v in fields.items()})
        return sentence, self._recorded(sentence.row_ids, f"say-{next(self._spoken)}")

    @under_reading
    def change_sentence(
        self, row: Mapping, *, subject: str | None = None, versus: str | None = None
    ) -> Sentence | None:
        """How a number changed since the last wave, decided by the test; None without a last wave."""
        change = self.change(row)
        if change is None:
            return None
        versus = versus or {"ko": f"{self.previous_year}년", "en": str(self.previous_year)}[self.lang]
        return describe(
            change,
            self.lang,
            subject=subject or self.labels.measure(row["measure"]),
            versus=versus,
        )

    @under_reading
    def change_told(self, change: Mapping, *, subject: str, versus: str) -> Sentence:
        """How a number changed, from the row of its judged change."""
        return describe(change, self.lang, subject=subject, versus=versus)

    def has(self, chapter: str) -> bool:
        """Whether this report has another chapter of this id; a notebook run by itself has none."""
        return chapter in self._chapters

    def heading(self, text: str, *, level: int = 2) -> Display:
        """A heading whose words come from the study (a section of the questionnaire, a question)."""
        return sentence_display(Sentence(f"{'#' * level} {escape_markdown(text)}", ""), [])

    def see(self, chapter: str, *, ko: str, en: str) -> Sentence | None:
        """A sentence that refers to another chapter by ``{ref}``; None when this report has no such chapter."""
        if chapter not in self._chapters:
            return None
        return self.sentence(ko=ko, en=en, ref=Sentence(f"@sec-{chapter}-top", ""))

    @under_reading
    def comparison(self, row: Mapping, *, subject: str, versus: str) -> Sentence:
        """How two things measured at the same time differ, decided by the test."""
        return describe(row, self.lang, subject=subject, versus=versus, kind="comparison")

    @under_reading
    def highlights(self, rows: Sequence[Mapping | None]) -> Display:
        """Key figures for the summary: each number with its label, its change since the last wave and its base."""
        cards, ids = [], []
        for row in (r for r in rows if r is not None and not pd.isna(r["estimate"])):
            change = None if self.agency == OVERALL else self.change(row)  # bodies differ from wave to wave
            note = self.sentence(ko="n\u00a0=\u00a0{n:bare}", en="n\u00a0=\u00a0{n:bare}", n=Number.from_row(row, "n"))
            if change is not None and not pd.isna(change["estimate"]):
                tested = verdict_of(change)
                size = Number.from_row(change).magnitude()
                note = (
                    self.sentence(
                        ko="전회 대비 {mark}\u00a0{size}" if tested.significant else "전회 대비 {word}",
                        en="{mark}\u00a0{size} on the last wave" if tested.significant else "change: {word}",
                        **(
                            {"mark": tested.mark, "size": size}
                            if tested.significant
                            else {"word": tested.word(self.lang)}
                        ),
                    )
                    + note
                )
            cards.append((self.labels.measure(row["measure"]), Number.from_row(row), note))
            ids += [row["row_id"], *note.row_ids]
        return highlights_display(cards, self._recorded(list(dict.fromkeys(ids)), "key-figures"), self.lang)

    @under_reading
    def verdict(self, change: Mapping):
        return verdict_of(change)

    @under_reading
    def table(self, frame: pd.DataFrame, *, name: str, caption, **options) -> Table:
        """`Table.from_estimates` in this chapter's language, with the study's small-base mark."""
        return Table.from_estimates(frame, name=name, caption=caption, lang=self.lang, **options)


def _as_value(value):
    if isinstance(value, (pd.Series, dict)):
        return Number.from_row(value)
    return value


__all__ = ["OVERALL", "Chapter", "Interval", "Number", "open_chapter"]
