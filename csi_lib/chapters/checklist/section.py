"""The checklist of the evaluation: PLAN–DO–SEE, the nine principles, the evidence, and what is still open."""

from __future__ import annotations

from csi_lib.chapters.checklist.compute import PRINCIPLES, STAGES, STATES, Check, checklist_summary
from csi_lib.chapters.feedback.section import evidence_cell
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.table import Column, Row, Table

_STATE = {
    "met": {"ko": "● 충족", "en": "● met"},
    "partly": {"ko": "◐ 일부 충족", "en": "◐ partly met"},
    "not_met": {"ko": "○ 미충족", "en": "○ not met"},
    "not_applicable": {"ko": "해당 없음", "en": "not applicable"},
}
_PARTS = {"stage": STAGES, "principle": PRINCIPLES}


def checks_of(chapter) -> tuple[Check, ...]:
    return chapter.system("checklist").of(chapter.agency)


def summary_table(chapter) -> Table:
    """Every stage and principle with the number of lines in each state; one that nobody answered shows as 0 lines."""
    t, lang = chapter.text, chapter.lang
    summary = checklist_summary(checks_of(chapter))
    columns = (
        Column("key", t(ko="단계·원칙", en="Stage or principle"), "left", "stub"),
        Column("n", t(ko="점검 항목", en="Lines"), "right", "base"),
        *(Column(s, _STATE[s][lang]) for s in STATES),
    )
    groups = {"stage": t(ko="업무 흐름(PLAN–DO–SEE)", en="Stages (PLAN-DO-SEE)"),
              "principle": t(ko="평가의 아홉 원칙", en="The nine principles")}  # fmt: skip
    body = []
    for row in summary.to_dict("records"):
        lines = sum(row[s] for s in STATES)
        rows = chapter.record(
            [
                {"measure": "checklist", "statistic": "count", "by1": row["part"], "group1": row["key"], "by2": "state",
                 "group2": s, "estimate": row[s], "unit": "number", "n": lines}
                for s in STATES
            ],
            counts="checks",
        ).to_dict("records")  # fmt: skip
        label = _PARTS[row["part"]][row["key"]].text(lang)
        body.append(
            Row((label, Number.from_row(rows[0], "n"), *(Number.from_row(r) for r in rows)), group=groups[row["part"]])
        )
    return Table("summary", t(ko="점검 결과 요약", en="Summary of the checklist"), columns, tuple(body), lang=lang)


def summary_sentence(chapter) -> Sentence:
    """How many lines are met, of those that apply; which stages and principles nobody has looked at."""
    checks = checks_of(chapter)
    counts = {s: sum(c.state == s for c in checks) for s in STATES}
    applying = len(checks) - counts["not_applicable"]
    rows = chapter.record(
        [
            {"measure": "checklist", "statistic": name, "estimate": value, "unit": "number", "n": len(checks)}
            for name, value in (("applying", applying), *counts.items())
        ],
        counts="checks",
    )
    applying, met, partly, not_met, _ = (Number.from_row(r) for r in rows.to_dict("records"))
    out = chapter.sentence(
        ko="해당하는 {all}개 항목 가운데 {met}개를 충족하고 {partly}개를 일부 충족하며 {not_met}개는 충족하지 못한다.",
        en="Of the {all} lines that apply, {met} are met, {partly} partly met and {not_met} not met.",
        all=applying, met=met, partly=partly, not_met=not_met,
    )  # fmt: skip
    summary = checklist_summary(checks)
    blank = summary[summary[list(STATES)].sum(axis=1) == 0]
    if len(blank):
        names = [_PARTS[r["part"]][r["key"]].text(chapter.lang) for r in blank.to_dict("records")]
        out = out + chapter.sentence(ko="점검하지 않은 것은 {names}이다.", en="Not looked at: {names}.", names=names)
    return out


def checks_table(chapter, part: str) -> Table | None:
    """The lines of all stages (``stage``) or principles (``principle``) with state and evidence; None without any."""
    t, lang = chapter.text, chapter.lang
    checks = checks_of(chapter)
    noted = any(c.note is not None for c in checks)
    body = []
    for key, label in _PARTS[part].items():
        for check in checks:
            if getattr(check, part) != key:
                continue
            cells = [check.ask.text(lang), _STATE[check.state][lang], evidence_cell(chapter, check.evidence)]
            if noted:
                cells.append(check.note.text(lang) if check.note is not None else "–")
            body.append(Row(tuple(cells), group=label.text(lang)))
    if not body:
        return None
    columns = [
        Column("ask", t(ko="점검 항목", en="What is asked"), "left", "stub"),
        Column("state", t(ko="상태", en="State"), "left", "text"),
        Column("evidence", t(ko="근거", en="Evidence"), "left", "text"),
    ]
    if noted:
        columns.append(Column("note", t(ko="비고", en="Note"), "left", "text"))
    caption = {"stage": t(ko="평가 업무 흐름 점검", en="Stages of the evaluation"),
               "principle": t(ko="평가 원칙 점검", en="Principles of the evaluation")}[part]  # fmt: skip
    return Table(part, caption, tuple(columns), tuple(body), lang=lang, exempt="a checklist")
