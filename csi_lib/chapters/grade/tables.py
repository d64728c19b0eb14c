"""Tables of a graded round: counts, the grade sheet, the least sure, two years running, consulting, published rounds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.grade.grades import GradeSheet, grade_label, group_label, reason_label, size_label
from csi_lib.chapters.grade.rules import consulting_cohorts, two_years_running
from csi_lib.chapters.grade.settings import GradingFile
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import join_words
from csi_lib.study.reading import half_width
from csi_lib.tables.table import Column, Row, Table


def count_rows(chapter, sheet: GradeSheet) -> pd.DataFrame:
    """Number and share of units by group and grade, recorded: statistics ``count`` and ``share`` (of the graded)."""
    rows = []
    for group in [*sheet.groups, None] if len(sheet.groups) > 1 else [None]:
        part = sheet.frame if group is None else sheet.frame[sheet.frame["group"] == group]
        graded = int(part["grade"].notna().sum())
        key = {"measure": "grades", "by1": "group", "group1": group, "by2": "grade"}
        for grade in sheet.scale:
            n = int((part["grade"] == grade).sum())
            rows.append({**key, "group2": grade, "statistic": "count", "estimate": n, "unit": "number", "n": len(part)})
            share = n / graded if graded else np.nan
            rows.append(
                {**key, "group2": grade, "statistic": "share", "estimate": share, "unit": "proportion", "n": graded}
            )
        rows.append({**key, "group2": "ungraded", "statistic": "count", "estimate": len(part) - graded, "unit": "number",
                     "n": len(part)})  # fmt: skip
    out = chapter.record(rows)
    file = sheet.file
    out["group1_label"] = [
        group_label(chapter, file, g) if isinstance(g, str) else chapter.text(ko="전체", en="Total")
        for g in out["group1"]
    ]
    out["group2_label"] = [
        chapter.text(ko="등급 없음", en="Ungraded") if g == "ungraded" else grade_label(chapter, file, g)
        for g in out["group2"]
    ]
    return out


def graded_shares(chapter, sheet: GradeSheet) -> pd.DataFrame:
    """Shares of the grades among the graded units, by group; groups without any are left out."""
    rows = count_rows(chapter, sheet)
    return rows[(rows["statistic"] == "share") & rows["estimate"].notna()].reset_index(drop=True)


def counts_table(chapter, sheet: GradeSheet, *, name: str = "grade-counts") -> Table:
    """Units by group and grade, the ungraded in a column of their own, so that every row adds up."""
    rows = count_rows(chapter, sheet)
    rows = rows[rows["statistic"] == "count"]
    heads = dict(zip(rows["group2"], rows["group2_label"], strict=True))
    columns = (
        Column("group", chapter.text(ko="기능군", en="Group"), "left", "stub"),
        Column("n", chapter.text(ko="기관 수", en="Units"), "right", "base"),
        *(Column(g, label) for g, label in heads.items()),
    )
    body = []
    for label, part in rows.groupby("group1_label", sort=False):
        cells = [Number.from_row(r) for r in part.to_dict("records")]
        total = pd.isna(part["group1"].iloc[0])
        body.append(Row((label, Number.from_row(part.iloc[0], "n"), *cells), kind="total" if total else "data"))
    caption = chapter.text(ko="기능군별 등급 분포", en="Grades by group")
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def sheet_tables(chapter, sheet: GradeSheet) -> list[Table]:
    """The grade sheet, one table per group: score with interval, grade, chance of another one, grades that are possible."""
    chapter_rows = chapter.record(_sheet_rows(sheet)).to_dict("records")
    by_unit: dict[str, dict] = {}
    for row in chapter_rows:
        by_unit.setdefault(row["agency"], {})[row["statistic"]] = row
    t, file = chapter.text, sheet.file
    head = {"points": t(ko="점수", en="Score"), "proportion": t(ko="목표 달성 사업", en="On target")}[
        sheet.unit_of_score
    ]
    columns = [
        Column("unit", t(ko="기관", en="Unit"), "left", "stub"),
        Column("score", head),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("grade", t(ko="등급", en="Grade"), "center", "text"),
        Column("other", t(ko="다른 등급일 확률", en="Chance of another")),
        Column("likely", t(ko="가능한 등급", en="Possible"), "center", "text"),
    ]
    keep = [k for k, c in enumerate(columns) if c.key != "ci" or sheet.frame["se"].notna().any()]
    tables = []
    for position, group in enumerate(sheet.groups, start=1):
        body = []
        for row in sheet.frame[sheet.frame["group"] == group].to_dict("records"):
            own = by_unit[row["unit"]]
            graded = isinstance(row["grade"], str)
            cells = (
                row["label"],
                Number.from_row(own["score"]),
                Interval.from_row(own["score"]),
                Number.from_row(own["score"], "n"),
                grade_label(chapter, file, row["grade"]) + (" =" if row["tied"] else "")
                if graded
                else f"– ({reason_label(chapter, row['reason'])})",
                Number.from_row(own["probability of another grade"]),
                "·".join(grade_label(chapter, file, file.scale[k]) for k in row["likely"]) if graded else "–",
            )
            body.append(Row(tuple(cells[k] for k in keep)))
        label = group_label(chapter, file, group)
        caption = t(ko=f"등급표: {label}", en=f"Grade sheet: {label}")
        note = t(
            ko=f"가능한 등급: 표본오차를 감안할 때 확률이 {file.alike * 100:g}퍼센트 이상인 등급",
            en=f"Possible: grades with a probability of at least {file.alike * 100:g} per cent, given the sampling error",
        )
        own = sheet.frame[(sheet.frame["group"] == group) & sheet.frame["grade"].notna()]
        equal = len(own) > 1 and own["tied"].all() and own["score"].round(9).nunique() == 1
        tied = t(ko="=: 경계에 동점이 걸려 나은 등급을 받았다", en="=: tied at a boundary and given the better grade")
        if equal:
            tied = t(
                ko="=: 점수가 모두 같아 순위가 아무것도 가르지 않는다",
                en="=: all scores are equal, so rank tells nothing apart",
            )
        ties = (tied,) if (sheet.frame["tied"] & (sheet.frame["group"] == group)).any() else ()
        tables.append(
            Table(f"sheet-{position}", caption, tuple(columns[k] for k in keep), tuple(body), (note, *ties), chapter.lang)
        )  # fmt: skip
    return tables


def _sheet_rows(sheet: GradeSheet) -> list[dict]:
    rows = []
    for row in sheet.frame.to_dict("records"):
        key = {"measure": "grade", "agency": row["unit"], "n": row["n"]}
        low, high = row["score"] - half_width() * row["se"], row["score"] + half_width() * row["se"]
        rows.append({**key, "statistic": "score", "estimate": row["score"], "se": row["se"], "ci_low": low, "ci_high": high,
                     "unit": sheet.unit_of_score, "value_text": row["grade"]})  # fmt: skip
        rows.append(
            {**key, "statistic": "probability of another grade", "estimate": row["other"], "unit": "proportion"}
        )
    return rows


def least_sure(chapter, sheet: GradeSheet, *, count: int = 10) -> Table | None:
    """The units whose grade is least sure, with the probability of each grade; None when no error is known."""
    frame = sheet.frame[sheet.frame["other"].notna()].sort_values("other", ascending=False, kind="stable").head(count)
    if not len(frame):
        return None
    t, file = chapter.text, sheet.file
    rows = chapter.record(
        [
            {"measure": "grade", "agency": row["unit"], "statistic": "probability", "by1": "grade", "group1": g,
             "estimate": sheet.chances.at[row["unit"], g], "unit": "proportion", "n": row["n"]}
            for row in frame.to_dict("records")
            for g in sheet.scale
        ]
    )  # fmt: skip
    columns = (
        Column("unit", t(ko="기관", en="Unit"), "left", "stub"),
        Column("group", t(ko="기능군", en="Group"), "left", "text"),
        Column("grade", t(ko="등급", en="Grade"), "center", "text"),
        *(Column(g, grade_label(chapter, file, g), group=t(ko="등급별 확률", en="Probability")) for g in sheet.scale),
    )
    body = []
    for (_, part), row in zip(rows.groupby("agency", sort=False), frame.to_dict("records"), strict=True):
        cells = [Number.from_row(r) for r in part.to_dict("records")]
        body.append(
            Row(
                (
                    row["label"],
                    group_label(chapter, file, row["group"]),
                    grade_label(chapter, file, row["grade"]),
                    *cells,
                )
            )
        )
    caption = t(ko="등급이 가장 불확실한 기관", en="Units whose grade is least sure")
    return Table(
        "least-sure", caption, columns, tuple(body), lang=chapter.lang, exempt="bases stand in the grade sheet"
    )


def running_table(chapter, sheet: GradeSheet, before: GradeSheet) -> tuple[pd.DataFrame, Table | None]:
    """Units in the same class two years running: the frame, and the table of their names."""
    grades = pd.concat([s.frame.assign(year=s.year)[["unit", "year", "grade"]] for s in (before, sheet)])
    running = two_years_running(grades, classes=sheet.file.classes, year=sheet.year)
    if not len(running):
        return running, None
    t, file = chapter.text, sheet.file
    now, then = (s.frame.set_index("unit") for s in (sheet, before))
    columns = (
        Column("unit", t(ko="기관", en="Unit"), "left", "stub"),
        Column("group", t(ko="기능군", en="Group"), "left", "text"),
        Column("before", str(before.year), "center", "text"),
        Column("now", str(sheet.year), "center", "text"),
        Column("size", t(ko="규모", en="Size"), "left", "text"),
    )
    body = []
    for name in file.classes:
        label = file.class_labels[name].text(chapter.lang) if name in file.class_labels else name
        members = set(running.loc[running["class"] == name, "unit"])
        for unit in (u for u in sheet.frame["unit"] if u in members):
            body.append(
                Row(
                    (
                        now.at[unit, "label"],
                        group_label(chapter, file, now.at[unit, "group"]),
                        grade_label(chapter, file, then.at[unit, "grade"]),
                        grade_label(chapter, file, now.at[unit, "grade"]),
                        size_label(chapter, file, now.at[unit, "size"])
                        if isinstance(now.at[unit, "size"], str)
                        else "–",
                    ),
                    group=label,
                )
            )
    caption = t(ko="두 해 연속 같은 부류에 든 기관", en="Units in the same class two years running")
    return running, Table("running", caption, columns, tuple(body), lang=chapter.lang, exempt="a list of units")


def cohort_table(chapter, sheet: GradeSheet, running: pd.DataFrame) -> Table | None:
    """Who is invited to consulting together; None when nobody is."""
    file, t = sheet.file, chapter.text
    if file.consulting is None:
        return None
    sizes = sheet.frame.set_index("unit")["size"].to_dict()
    found = consulting_cohorts(running, sizes, wanted=file.consulting, cohorts=file.cohorts)
    if not len(found):
        return None
    names = sheet.frame.set_index("unit")["label"]
    counts = chapter.record(
        [
            {
                "measure": "consulting",
                "statistic": "count",
                "by1": "cohort",
                "group1": c,
                "estimate": n,
                "unit": "number",
                "n": n,
            }
            for c, n in found.groupby("cohort", sort=False).size().items()
        ],
        counts="units",
    ).set_index("group1")
    columns = (
        Column("cohort", t(ko="집단", en="Cohort"), "left", "stub"),
        Column("n", t(ko="기관 수", en="Units"), "right", "base"),
        Column("units", t(ko="기관", en="Units invited"), "left", "text"),
    )
    body = tuple(
        Row(
            (
                file.cohort_labels[c].text(chapter.lang) if c in file.cohort_labels else c,
                Number.from_row(counts.loc[c]),
                ", ".join(names[u] for u in part["unit"]),
            )
        )
        for c, part in found.groupby("cohort", sort=False)
    )
    return Table("cohorts", t(ko="컨설팅 대상", en="Consulting cohorts"), columns, body, lang=chapter.lang)


def published_table(chapter, file: GradingFile) -> Table | None:
    """Rounds graded elsewhere, as published, with the units their counts leave out."""
    if not file.published:
        return None
    t = chapter.text
    columns = (
        Column("round", t(ko="조사", en="Round"), "left", "stub"),
        Column("n", t(ko="기관 수", en="Units"), "right", "base"),
        Column("counts", t(ko="공표된 등급", en="Grades as published"), "left", "text"),
        Column("rest", t(ko="등급 없음", en="Ungraded")),
        Column("source", t(ko="출처", en="Source"), "left", "text"),
    )
    body = []
    for position, item in enumerate(file.published):
        counts = [*item.counts.items(), ("ungraded", item.ungraded)]
        rows = chapter.record(
            [
                {"measure": "published grades", "statistic": "count", "by1": "round", "group1": str(position), "by2": "grade",
                 "group2": g, "estimate": n, "unit": "number", "n": item.units, "value_text": item.source}
                for g, n in counts
            ]
        ).to_dict("records")  # fmt: skip
        told = [
            chapter.sentence(
                ko="{grade} {n}", en="{grade} {n}", grade=grade_label(chapter, file, r["group2"]), n=Number.from_row(r)
            )
            for r in rows[:-1]
        ]
        body.append(
            Row(
                (
                    item.label.text(chapter.lang),
                    Number.from_row(rows[-1], "n"),
                    join_words(told, chapter.lang, between=" · "),
                    Number.from_row(rows[-1]),
                    item.source or "–",
                )
            )
        )
    caption = t(ko="공표된 다른 조사의 등급 분포", en="Grades of other rounds as published")
    return Table("published", caption, columns, tuple(body), lang=chapter.lang)
