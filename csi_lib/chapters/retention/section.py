"""The retention and destruction log as a page of the report."""

from __future__ import annotations

from csi_lib.chapters.retention.compute import RetentionFile
from csi_lib.evaluation.systems import system_file
from csi_lib.prose.sentences import Sentence
from csi_lib.study.destruction import read_destroyed
from csi_lib.tables.table import Column, Row, Table

_STATES = {
    "ko": {"kept": "보관 중", "destroyed": "파기함", "late": "기한 뒤 파기함", "overdue": "기한 지남"},
    "en": {"kept": "Kept", "destroyed": "Destroyed", "late": "Destroyed after its term", "overdue": "Overdue"},
}


def _log(chapter) -> RetentionFile:
    return system_file(chapter.study, "retention").on_record(read_destroyed(chapter.study.path))


def retention_table(chapter, *, name: str, caption: str) -> Table:
    """What was collected, what it holds, where it is, until when, and what became of it."""
    t, lang, log = chapter.text, chapter.lang, _log(chapter)
    columns = (
        Column("what", t(ko="자료", en="Record"), "left", "stub"),
        Column("holds", t(ko="담긴 개인정보", en="Personal data in it"), "left", "text"),
        Column("where", t(ko="보관 장소", en="Place"), "left", "text"),
        Column("basis", t(ko="근거", en="Basis"), "left", "text"),
        Column("due", t(ko="보유 기한", en="Kept until"), "left", "text"),
        Column("state", t(ko="상태", en="State"), "left", "text"),
        Column("how", t(ko="파기일·방법·담당", en="Destroyed: day, method, by"), "left", "text"),
    )
    rows = []
    for record in log.of_year(chapter.year):
        state = record.state(log.as_of)
        done = state in ("destroyed", "late")
        how = " · ".join((str(record.destroyed), record.method.text(lang), record.by.text(lang))) if done else "–"
        rows.append(
            Row((record.what.text(lang), record.holds.text(lang), record.where.text(lang), record.basis.text(lang),
                 str(record.due), _STATES[lang][state], how))
        )  # fmt: skip
    note = t(ko="{day} 현재. 책임: {who}", en="As of {day}. Responsible: {who}")
    note = note.format(day=log.as_of, who=log.responsible.text(lang))
    return Table(name, caption, columns, tuple(rows), (note,), lang, exempt="a register")


def state_sentence(chapter) -> Sentence:
    """Whether everything whose term is over has been destroyed."""
    log = _log(chapter)
    overdue = [r.what.text(chapter.lang) for r in log.of_year(chapter.year) if r.state(log.as_of) == "overdue"]
    late = [r.what.text(chapter.lang) for r in log.of_year(chapter.year) if r.state(log.as_of) == "late"]
    if overdue:
        return chapter.sentence(
            ko="보유 기한이 지났으나 아직 파기하지 않은 자료가 있다: {names}.",
            en="Not destroyed although the term is over: {names}.",
            names=overdue,
        )
    if late:
        return chapter.sentence(
            ko="기한이 지난 자료는 모두 파기했으나, 기한을 넘겨 파기한 것이 있다: {names}.",
            en="All records past their term are destroyed, some of them late: {names}.",
            names=late,
        )
    day = str(log.as_of)
    if not any(r.state(log.as_of) == "destroyed" for r in log.of_year(chapter.year)):
        return chapter.sentence(
            ko="{day} 현재 보유 기한이 지난 자료는 없다.", en="As of {day} no record is past its term.", day=day
        )
    return chapter.sentence(
        ko="{day} 현재 보유 기한이 지난 자료는 모두 파기했다.",
        en="As of {day} all records past their term are destroyed.",
        day=day,
    )
