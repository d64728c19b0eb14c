"""An agency's own grade: how sure it is, how far the next one, and what it was last year."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.grade.grades import GradeSheet, grade_label, group_label, reason_label
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.rounding import round_half_up
from csi_lib.prose.sentences import Sentence
from csi_lib.study.reading import half_width
from csi_lib.tables.table import Column, Row, Table


def own_row(chapter, sheet: GradeSheet) -> dict | None:
    """The agency's line of the grade sheet; None when it is not in the round."""
    own = sheet.frame[sheet.frame["unit"] == chapter.agency]
    return own.iloc[0].to_dict() if len(own) else None


def sentence(chapter, sheet: GradeSheet, before: GradeSheet | None) -> Sentence:
    """Grade, the probability that another survey would give another one, and last year's."""
    own, file = own_row(chapter, sheet), sheet.file
    if own is None:
        return chapter.sentence(
            ko="이 기관은 등급을 매긴 라운드에 들지 않는다.", en="This agency is not in the graded round."
        )
    group = group_label(chapter, file, own["group"])
    if not isinstance(own["grade"], str):
        return chapter.sentence(ko="이 기관은 {group} 군에서 등급을 받지 않았다({reason}).", en="In the group {group} this agency was not graded ({reason}).",
                                group=group, reason=reason_label(chapter, own["reason"]))  # fmt: skip
    out = chapter.sentence(ko="{year}년 이 기관의 등급은 {group} 군의 {grade}이다.", en="In {year} the grade of this agency is {grade}, in the group {group}.",
                           year=sheet.year, group=group, grade=grade_label(chapter, file, own["grade"]))  # fmt: skip
    if own["other"] == own["other"]:
        other = _row(chapter, sheet, own, "probability of another grade", own["other"], "proportion")
        out = out + chapter.sentence(
            ko="표본오차만으로 조사를 다시 하면 다른 등급을 받을 확률은 {other}이다.",
            en="By sampling error alone another survey would give another grade with a probability of {other}.",
            other=Number.from_row(other),
        )
    last = None if before is None else own_row(chapter, before)
    if last is not None and isinstance(last["grade"], str):
        out = out + chapter.sentence(ko="지난해에는 {grade} 등급이었다.", en="Last year's grade was {grade}.",
                                     grade=grade_label(chapter, file, last["grade"]))  # fmt: skip
    return out


def chances_table(chapter, sheet: GradeSheet) -> Table | None:
    """Score with interval, and the probability of each grade; None without a grade or without an error."""
    own, file, t = own_row(chapter, sheet), sheet.file, chapter.text
    if own is None or not isinstance(own["grade"], str) or own["other"] != own["other"]:
        return None
    score = chapter.record(
        [{"measure": "grade", "statistic": "score", "estimate": own["score"], "se": own["se"], "n": own["n"],
          "ci_low": own["score"] - half_width() * own["se"], "ci_high": own["score"] + half_width() * own["se"],
          "unit": sheet.unit_of_score, "value_text": own["grade"]}]
    ).iloc[0]  # fmt: skip
    rows = [
        _row(chapter, sheet, own, "probability", sheet.chances.at[own["unit"], g], "proportion", by1="grade", group1=g)
        for g in sheet.scale
    ]
    columns = [
        Column("score", t(ko="점수", en="Score")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        *(
            Column(g, t(ko=f"{grade_label(chapter, file, g)}일 확률", en=f"Chance of {grade_label(chapter, file, g)}"))
            for g in sheet.scale
        ),
    ]
    cells = (
        Number.from_row(score),
        Interval.from_row(score),
        Number.from_row(score, "n"),
        *(Number.from_row(r) for r in rows),
    )
    keep = [k for k, c in enumerate(columns) if c.key != "ci" or pd.notna(own["se"])]
    caption = t(ko="등급의 확실성", en="Certainty of the grade")
    return Table(
        "own-grade", caption, tuple(columns[k] for k in keep), (Row(tuple(cells[k] for k in keep)),),
        _where_from(chapter, own, file), lang=chapter.lang,
    )  # fmt: skip


def _where_from(chapter, own: dict, file) -> tuple[Sentence, ...]:
    """Whose score the grade rests on, where it is not the index that this report is about."""
    index = chapter.index() if file.source is not None else None
    if index is None or pd.isna(own["score"]) or pd.isna(index["estimate"]):
        return ()
    if round_half_up(own["score"], 1) == round_half_up(index["estimate"], 1):
        return ()
    return (
        chapter.sentence(
            ko="등급에 쓴 점수는 등급을 매기는 기관이 낸 점수표의 값으로, 이 보고서의 {name} {index:과/와} 조사와 산식이 다르다.",
            en="The score behind the grade is that of the grading body's own sheet; it comes from another survey and formula than the {name} of this report, {index}.",
            name=index["measure_label"], index=index,
        ),
    )  # fmt: skip


def _row(chapter, sheet: GradeSheet, own: dict, statistic: str, value: float, unit: str, **more):
    return chapter.record(
        [{"measure": "grade", "statistic": statistic, "estimate": value, "unit": unit, "n": own["n"], **more}]
    ).iloc[0]
