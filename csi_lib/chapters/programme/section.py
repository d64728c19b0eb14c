"""The programme page of an agency: channels, surveys, measures, partnerships and goals."""

from __future__ import annotations

from collections.abc import Sequence

from csi_lib.chapters.feedback.section import evidence_cell
from csi_lib.chapters.programme.settings import Goal, Offer, ProgrammeFile
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table

_GOALS = {
    "sdg": {"ko": "지속가능발전목표", "en": "Sustainable Development Goal"},
    "csr": {"ko": "사회적 책임", "en": "Social responsibility"},
    "own": {"ko": "기관 고유 목표", "en": "Goal of its own"},
}


def programme_of(chapter) -> ProgrammeFile:
    return chapter.system("programme").of(chapter.agency)


def tables(chapter) -> list[Table]:
    """One table for each part of the page that is not empty, in the order of the page."""
    file, t = programme_of(chapter), chapter.text
    found = [
        _offers(chapter, file.channels, "channels", t(ko="고객 창구", en="Channels offered")),
        surveys_table(chapter, file),
        _offers(chapter, file.measures, "measures", t(ko="공표하는 지표", en="Measures published")),
        _offers(chapter, file.partnerships, "partnerships", t(ko="협력과 제휴", en="Partnerships")),
        _offers(chapter, file.events, "events", t(ko="행사와 설명회", en="Events")),
        _offers(chapter, file.committees, "committees", t(ko="위원회와 자문단", en="Committees and panels")),
        goals_table(chapter, file.goals),
    ]
    return [table for table in found if table is not None]


def _offers(chapter, offers: Sequence[Offer], name: str, caption: str) -> Table | None:
    if not offers:
        return None
    return Table(name, caption, _columns(chapter, offers), tuple(Row(_cells(chapter, o, offers)) for o in offers),
                 lang=chapter.lang, exempt="a list of offers")  # fmt: skip


def _columns(chapter, offers: Sequence[Offer]) -> tuple[Column, ...]:
    t = chapter.text
    columns = [
        Column("name", t(ko="이름", en="Name"), "left", "stub"),
        Column("about", t(ko="내용", en="What it is"), "left", "text"),
    ]
    if any(o.since for o in offers):
        columns.append(Column("since", t(ko="시작", en="Since"), "left", "text"))
    if any(o.link for o in offers):
        columns.append(Column("link", t(ko="자세히", en="More"), "left", "text"))
    return tuple(columns)


def _cells(chapter, offer: Offer, offers: Sequence[Offer]) -> tuple:
    cells: list = [offer.name.text(chapter.lang), offer.about.text(chapter.lang)]
    if any(o.since for o in offers):
        cells.append(chapter.text(ko=f"{offer.since}년", en=str(offer.since)) if offer.since else "–")
    if any(o.link for o in offers):
        cells.append(evidence_cell(chapter, offer.link))
    return tuple(cells)


def surveys_table(chapter, file: ProgrammeFile) -> Table | None:
    """Surveys held, newest first: this study's waves up to the report's, and those written down."""
    t, lang = chapter.text, chapter.lang
    lines = []
    if file.own_waves:
        for year in (y for y in chapter.study.years if y <= chapter.year and chapter.took_part(y)):
            row = chapter.record([{"measure": "surveys held", "statistic": "count", "by1": "wave", "group1": str(year),
                                   "estimate": len(chapter.survey_of(year).frame), "unit": "count"}]).iloc[0]  # fmt: skip
            about = chapter.model.file.label.text(lang)
            lines.append((str(year), chapter.study.title.text(lang), about, Number.from_row(row), None))
    for position, survey in enumerate(file.surveys):
        n = Number(None, "count")
        if survey.respondents is not None:
            row = chapter.record([{"measure": "surveys held", "statistic": "count", "by1": "survey", "group1": str(position),
                                   "estimate": survey.respondents, "unit": "count"}]).iloc[0]  # fmt: skip
            n = Number.from_row(row)
        held = f"{survey.held:%Y-%m-%d}" if survey.held else str(survey.since) if survey.since else "–"
        lines.append((held, survey.name.text(lang), survey.about.text(lang), n, survey.link))
    if not lines:
        return None
    lines.sort(key=lambda line: line[0], reverse=True)
    linked = any(line[4] for line in lines)
    columns = [
        Column("name", t(ko="조사", en="Survey"), "left", "stub"),
        Column("held", t(ko="시기", en="Held"), "left", "text"),
        Column("about", t(ko="내용", en="What it asked"), "left", "text"),
        Column("n", t(ko="응답자 수", en="Respondents")),
    ]
    if linked:
        columns.append(Column("link", t(ko="자세히", en="More"), "left", "text"))
    body = [
        Row((name, held, about, n, *([evidence_cell(chapter, link)] if linked else [])))
        for held, name, about, n, link in lines
    ]
    return Table(
        "surveys",
        t(ko="실시한 조사", en="Surveys held"),
        tuple(columns),
        tuple(body),
        lang=lang,
        exempt="a list of surveys",
    )


def goals_table(chapter, goals: Sequence[Goal]) -> Table | None:
    """Goals under the programme they belong to."""
    if not goals:
        return None
    body = []
    for kind, label in _GOALS.items():
        for goal in (g for g in goals if g.kind == kind):
            cells = list(_cells(chapter, goal, goals))
            if goal.number is not None:
                cells[0] = f"SDG {goal.number}. {cells[0]}"
            body.append(Row(tuple(cells), group=label[chapter.lang]))
    return Table("goals", chapter.text(ko="목표", en="Goals"), _columns(chapter, goals), tuple(body), lang=chapter.lang,
                 exempt="a list of goals")  # fmt: skip
