"""The official form of a graded round: the units of each grade by name, or the grade of every part of the evaluation."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.grade.grades import GradeSheet, grade_label, group_label
from csi_lib.chapters.grade.rules import relative_grades
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table


def form_table(chapter, sheet: GradeSheet) -> Table | None:
    """The table in which the body that grades publishes its result (``form`` of grades.yml); None where none is declared."""
    if sheet.file.form is None:
        return None
    return _lists(chapter, sheet) if sheet.file.form == "lists" else _parts(chapter, sheet)


def part_grades(sheet: GradeSheet) -> pd.DataFrame:
    """``unit`` × part: the grade of each part, in the shares of the total; parts without scores are left out."""
    groups = sheet.frame.set_index("unit")["group"]
    out = {}
    for part in sheet.file.parts:
        scores = sheet.frame.set_index("unit")[part] if part in sheet.frame else pd.Series(dtype=float)
        if scores.notna().any():
            given = relative_grades(scores, groups, ratio=sheet.file.ratio, minimum_group=sheet.file.minimum_group,
                                    digits=sheet.file.digits)  # fmt: skip
            out[part] = given.frame.set_index("unit")["grade"]
    return pd.DataFrame(out, index=groups.index)


def _lists(chapter, sheet: GradeSheet) -> Table:
    t, file = chapter.text, sheet.file
    graded = int(sheet.frame["grade"].notna().sum())
    columns = (
        Column("grade", t(ko="등급", en="Grade"), "left", "stub"),
        Column("n", t(ko="기관 수", en="Units"), "right", "base"),
        Column("share", t(ko="비율", en="Share")),
        Column("units", t(ko="기관", en="Units of the grade"), "left", "text"),
    )
    body = []
    for grade in sheet.scale:
        names = sheet.frame.loc[sheet.frame["grade"] == grade, "label"].tolist()
        share = chapter.record(
            [{"measure": "grades", "statistic": "share", "by1": "grade", "group1": grade, "versus": "list",
              "estimate": len(names) / graded if graded else None, "unit": "proportion", "n": len(names)}],
            counts="units",
        ).iloc[0]  # fmt: skip
        body.append(
            Row(
                (
                    grade_label(chapter, file, grade),
                    Number.from_row(share, "n"),
                    Number.from_row(share),
                    ", ".join(names) or "–",
                )
            )
        )
    caption = t(ko="등급별 기관", en="Units of each grade")
    return Table("grade-lists", caption, columns, tuple(body), lang=chapter.lang)


def _parts(chapter, sheet: GradeSheet) -> Table:
    t, file, grades = chapter.text, sheet.file, part_grades(sheet)
    label = lambda g: grade_label(chapter, file, g) if isinstance(g, str) else "–"
    columns = (
        Column("unit", t(ko="기관", en="Unit"), "left", "stub"),
        Column("total", t(ko="종합등급", en="Total"), "center", "text"),
        *(Column(p, file.parts[p].text(chapter.lang), "center", "text") for p in grades),
    )
    body = [
        Row(
            (row["label"], label(row["grade"]), *(label(grades.at[row["unit"], p]) for p in grades)),
            group=group_label(chapter, file, row["group"]) if len(sheet.groups) > 1 else None,
        )
        for row in sheet.frame.to_dict("records")
    ]
    caption = t(ko="종합등급과 평가항목별 등급", en="Total grade and grades of the parts")
    return Table("grade-parts", caption, columns, tuple(body), lang=chapter.lang, exempt="grades, without bases")
