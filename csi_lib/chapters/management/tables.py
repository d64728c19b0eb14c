"""Tables of the management evaluation: scorecard, indicators, own tasks, targets for next year."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from csi_lib.chapters.management.compute import ManagementFile, proposed_targets
from csi_lib.chapters.management.section import (
    department_label,
    history_of,
    result_groups,
    shared_indicators,
    without_tiny,
)
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table


def scorecard_table(chapter, card: pd.DataFrame, totals: pd.DataFrame) -> Table:
    """Department × indicator: points; own tasks in one column; totals, share and rank."""
    file, t = chapter.system("management"), chapter.text
    shared = shared_indicators(chapter, card)
    columns = [Column("department", t(ko="부서", en="Department"), "left", "stub")]
    columns += [Column(i, _indicator_head(chapter, card, file, i)) for i in shared]
    columns += [
        Column("own", t(ko="고유업무", en="Own tasks")),
        Column("points", t(ko="득점/배점", en="Points of"), "right", "text"),
        Column("share", t(ko="득점률", en="Share")),
        Column("rank", t(ko="순위", en="Rank")),
    ]
    own = _own_points(chapter, card)
    cells = {(r["department"], r["indicator"]): r["row_points"] for r in card.to_dict("records")}
    whole = (card["allotted"] % 1 == 0).all()
    body = []
    for row in totals.to_dict("records"):
        department = row["group1"]
        body.append(
            Row(
                (
                    row["department_label"],
                    *(
                        Number.from_row(cells[department, i], digits=2) if (department, i) in cells else None
                        for i in shared
                    ),
                    Number.from_row(own[department], digits=2) if department in own else None,
                    chapter.sentence(
                        ko="{points:bare}/{allotted:bare}",
                        en="{points:bare}/{allotted:bare}",
                        points=Number.from_row(row["row_points"], digits=2),
                        allotted=Number.from_row(row["row_allotted"], digits=0 if whole else 1),
                    ),
                    Number.from_row(row),
                    Number.from_row(row["row_rank"]),
                )
            )
        )
    notes = [t(ko="득점 = 배점 × 평점 ÷ 100. 득점률은 결과가 있는 지표의 배점에 대한 비율이다.",
               en="Points = allotted × score / 100. The share is of the points of indicators that have a result.")]  # fmt: skip
    for kind, label in (
        ("government", t(ko="경영평가지표", en="Government indicators")),
        ("internal", t(ko="내부관리지표", en="Internal indicators")),
    ):
        names = [file.indicators[i].label.text(chapter.lang) for i in shared if file.indicators[i].kind == kind]
        if names:
            notes.append(
                f"{label}: {', '.join(names)}" + t(ko=" (괄호 안은 배점)", en=" (allotted points in brackets)")
            )
    if (totals["open"] > 0).any():
        names = ", ".join(totals.loc[totals["open"] > 0, "department_label"])
        notes.append(
            t(
                ko=f"결과나 목표가 없는 지표가 있는 부서: {names}",
                en=f"With indicators that lack a result or target: {names}",
            )
        )
    caption = t(ko="부서별 경영평가 성적표", en="Scorecard of the departments")
    return Table("scorecard", caption, tuple(columns), tuple(body), tuple(notes), chapter.lang, None,
                 exempt="a schedule of points; the bases of surveyed results stand in the table of indicators")  # fmt: skip


def _indicator_head(chapter, card, file: ManagementFile, indicator: str) -> str:
    """Label of an indicator with its allotted points where all departments have the same."""
    label = file.indicators[indicator].label.text(chapter.lang)
    allotted = card.loc[card["indicator"] == indicator, "allotted"].unique()
    return f"{label} ({allotted[0]:g})" if len(allotted) == 1 else label


def _own_points(chapter, card: pd.DataFrame) -> dict[str, dict]:
    done = card[(card["kind"] == "own") & card["points"].notna()]
    rows = [
        {
            "measure": "own tasks",
            "statistic": "sum of points",
            "by1": "department",
            "group1": d,
            "estimate": p,
            "unit": "points",
        }
        for d, p in done.groupby("department", sort=False)["points"].sum().items()
    ]
    return {r["group1"]: r for r in chapter.record(rows).to_dict("records")} if rows else {}


def indicators_table(chapter, card: pd.DataFrame, indicators: Sequence[str]) -> Table:
    """Indicators that rest on one result, by department: last year's result, this one with its base, growth, target and
    attainment where there are any, and the score of each indicator."""
    file, t = chapter.system("management"), chapter.text
    labels = [file.indicators[i].label.text(chapter.lang) for i in indicators]
    parts = [card[card["indicator"] == i].set_index("department") for i in indicators]
    first, whole = parts[0], pd.concat(parts)
    columns = [
        Column("department", t(ko="부서", en="Department"), "left", "stub"),
        *(
            c
            for c in _columns(chapter)
            if c.key in ("previous", "actual", "n", "growth", "target", "attainment") and _kept(whole, c.key)
        ),
    ]
    score = t(ko="평점", en="Score")
    one = len(indicators) == 1
    columns += [
        Column(f"score.{i}", score if one else f"{score}: {label}") for i, label in zip(indicators, labels, strict=True)
    ]
    body = []
    for department in first.index:
        held = [part.loc[department].to_dict() for part in parts if department in part.index]
        cells = []
        for column in columns[1:]:
            key, _, indicator = column.key.partition(".")
            if indicator:
                row = next((r for r in held if r["indicator"] == indicator), None)
                cells.append(None if row is None else _cell(row, "score"))
            else:
                cells.append(_cell(next((r for r in held if pd.notna(r[key])), held[0]), key))
        body.append(Row((department_label(chapter, department), *cells)))
    caption = t(
        ko=f"{' · '.join(labels)}: 부서별 실적과 평점", en=f"{'; '.join(labels)}: results and scores by department"
    )
    return Table(
        f"indicator-{indicators[0].replace('_', '-')}", caption, tuple(columns), tuple(body), _reasons(chapter, whole.reset_index()),
        chapter.lang, None,
        exempt=None if whole["n"].notna().any() else "figures of the administration, not of a sample",
    )  # fmt: skip


def own_tasks_table(chapter, card: pd.DataFrame) -> Table | None:
    """Department × own task: last year's result, this one, target, attainment, allotted points, score and points."""
    file, t = chapter.system("management"), chapter.text
    part = card[card["kind"] == "own"]
    if not len(part):
        return None
    order = {d: i for i, d in enumerate(dict.fromkeys(card["department"]))}
    part = part.sort_values("department", key=lambda d: d.map(order), kind="stable")
    kept = [c for c in _columns(chapter) if c.key not in ("n", "growth") and _kept(part, c.key)]
    columns = (
        Column("department", t(ko="부서", en="Department"), "left", "stub"),
        Column("task", t(ko="고유업무", en="Own task"), "left", "text"),
        *kept,
    )
    body = tuple(
        Row(
            (
                department_label(chapter, r["department"]),
                file.indicators[r["indicator"]].label.text(chapter.lang),
                *(_cell(r, c.key) for c in kept),
            )
        )
        for r in part.to_dict("records")
    )
    caption = t(ko="부서별 고유업무 실적", en="Own tasks by department")
    return Table("own-tasks", caption, columns, body, _reasons(chapter, part), chapter.lang,
                 exempt="figures of the administration, not of a sample")  # fmt: skip


def _columns(chapter) -> tuple[Column, ...]:
    t = chapter.text
    return (
        Column("previous", t(ko="전년", en="Last year")),
        Column("actual", t(ko="실적", en="Result")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("growth", t(ko="증가율", en="Growth")),
        Column("target", t(ko="목표", en="Target")),
        Column("attainment", t(ko="달성률", en="Attainment")),
        Column("allotted", t(ko="배점", en="Allotted")),
        Column("score", t(ko="평점", en="Score")),
        Column("points", t(ko="득점", en="Points")),
    )


def _kept(part: pd.DataFrame, key: str) -> bool:
    """Columns that say nothing are left out."""
    return key not in ("n", "previous", "growth", "target", "attainment") or part[key].notna().any()


def _cell(row: dict, key: str) -> Number:
    if key == "n":
        return Number.from_row(row["row_actual"], "n")
    return Number.from_row(row[f"row_{key}"], digits={"points": 2}.get(key), signed=key == "growth")


def _reasons(chapter, part: pd.DataFrame) -> tuple[str, ...]:
    words = {
        "no result": chapter.text(ko="실적이 없어 득점을 매기지 않음", en="no result, so no points"),
        "no target": chapter.text(ko="목표가 없어 득점을 매기지 않음", en="no target, so no points"),
        "target 0": chapter.text(
            ko="목표가 0이어서 달성률이 정의되지 않음", en="a target of 0, of which no rate of attainment exists"
        ),
        "below 0": chapter.text(
            ko="실적이나 목표가 0보다 작아 달성률이 정의되지 않음",
            en="a result or target below 0, of which no rate of attainment exists",
        ),
        "no last year": chapter.text(
            ko="전년 실적이 없어 득점을 매기지 않음", en="no result of last year, so no points"
        ),
    }
    notes = []
    for reason, text in words.items():
        # a department lacks several indicators and is named once
        names = [department_label(chapter, d) for d in part.loc[part["reason"] == reason, "department"].unique()]
        if names:
            notes.append(f"{text}: {', '.join(names)}")
    return tuple(notes)


def targets_table(chapter) -> Table | None:
    """Lowest and highest targets for next year from the results of past years; None without three of them."""
    file, t = chapter.system("management"), chapter.text
    history = history_of(chapter, file)
    proposed = proposed_targets(without_tiny(chapter, history), file)
    shown = [group[0] for group in result_groups(chapter, history)]
    proposed = proposed[proposed["indicator"].isin(shown)]
    if not len(proposed):
        return None
    proposed = proposed.sort_values("indicator", key=lambda i: i.map(shown.index), kind="stable")
    rows = {}
    for name in ("mean", "lowest", "highest"):
        recorded = chapter.record(
            [
                {"measure": r["indicator"], "statistic": f"proposed {name}" if name != "mean" else "mean of past years",
                 "by1": "department", "group1": r["department"], "estimate": r[name],
                 "unit": file.indicators[r["indicator"]].unit, "n": r["years"]}
                for r in proposed.to_dict("records")
            ],
            counts="periods",
        )  # fmt: skip
        rows[name] = recorded.to_dict("records")
    columns = (
        Column("department", t(ko="부서", en="Department"), "left", "stub"),
        Column("years", t(ko="연수", en="Years"), "right", "base"),
        Column("mean", t(ko="과거 평균", en="Past mean")),
        Column("lowest", t(ko="최저목표", en="Lowest target")),
        Column("highest", t(ko="최고목표", en="Highest target")),
    )
    body = tuple(
        Row(
            (
                department_label(chapter, r["department"]),
                Number.from_row(rows["mean"][k], "n"),
                *(Number.from_row(rows[name][k]) for name in ("mean", "lowest", "highest")),
            ),
            group=file.indicators[r["indicator"]].label.text(chapter.lang),
        )
        for k, r in enumerate(proposed.to_dict("records"))
    )
    rule = file.target_setting
    note = t(
        ko=f"최저목표는 과거 평균에서 표준편차의 {rule.below:g}배만큼 나쁜 쪽, 최고목표는 {rule.above:g}배만큼 좋은 쪽이다(설정값). "
        "실적이 세 해에 못 미치거나 통합으로 비교할 수 없는 부서는 싣지 않았다.",
        en=f"The lowest target lies {rule.below:g} standard deviations on the worse side of the past mean, the highest "
        f"{rule.above:g} on the better side (settings). Departments without three years, or merged, are left out.",
    )
    return Table(
        "targets", t(ko="내년 목표 제안", en="Targets proposed for next year"), columns, body, (note,), chapter.lang
    )
