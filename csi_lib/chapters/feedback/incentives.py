"""Incentives by grade: what a rank earns, what the simulation costs, and what other settings would cost."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csi_lib.chapters.feedback.compute import STAFF, Incentives, incentive_budget, incentive_table
from csi_lib.chapters.grade.settings import grade_units
from csi_lib.chapters.management.compute import department_totals
from csi_lib.chapters.management.section import department_label, scored_card, without_tiny
from csi_lib.errors import InputError
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.table import Column, Row, Table


@dataclass(frozen=True)
class Simulation:
    """Incentives with people counted by grade, and the departments' grades (``department grade reason``) they came from;
    `departments`: grade → how many departments earn its award."""

    incentives: Incentives
    grades: pd.DataFrame | None
    departments: dict[str, int]


def simulation(chapter) -> Simulation | None:
    """The simulation of this agency and wave; None when the study declares no incentives."""
    incentives = chapter.system("feedback").incentives
    if incentives is None:
        return None
    if incentives.grading is None:
        return Simulation(incentives, None, {})
    if "management" not in chapter.study.extensions:
        raise InputError("departments are graded by their scorecard, which this study does not declare",
                         where="feedback.yml: incentives > grading", expected="management under extensions")  # fmt: skip
    totals = department_totals(scored_card(chapter))
    units = pd.DataFrame({"unit": totals["department"], "group": "all", "score": 100 * totals["share"]})
    grades = grade_units(units, incentives.grading)
    of = {u: g for u, g in zip(grades.frame["unit"], grades.frame["grade"], strict=True) if isinstance(g, str)}
    staff = chapter.records(incentives.staff_source, STAFF)
    counts = {g: list(of.values()).count(g) for g in incentives.grades}
    frame = grades.frame.rename(columns={"unit": "department"})
    return Simulation(incentives.with_staff(staff, of), frame, counts)


def label_of(chapter, incentives: Incentives, grade: str) -> str:
    return incentives.labels[grade].text(chapter.lang) if grade in incentives.labels else grade


def departments_table(chapter, simulated: Simulation) -> Table | None:
    """Which departments hold which grade; None when grades are not given by department."""
    if simulated.grades is None:
        return None
    t, incentives = chapter.text, simulated.incentives
    shown = without_tiny(chapter, simulated.grades)
    rows = chapter.record(
        [
            {"measure": "grade of departments", "statistic": "count", "by1": "grade", "group1": g,
             "estimate": (shown["grade"] == g).sum(), "unit": "number", "n": len(shown)}
            for g in incentives.grades
        ],
        counts="departments",
    ).to_dict("records")  # fmt: skip
    columns = (
        Column("grade", t(ko="등급", en="Grade"), "left", "stub"),
        Column("n", t(ko="부서 수", en="Departments")),
        Column("names", t(ko="부서", en="Which"), "left", "text"),
    )
    body = [
        Row((label_of(chapter, incentives, g), Number.from_row(row),
             ", ".join(department_label(chapter, d) for d in shown.loc[shown["grade"] == g, "department"]) or "–"))
        for g, row in zip(incentives.grades, rows, strict=True)
    ]  # fmt: skip
    left = shown[shown["grade"].isna()]
    notes = ()
    if len(left):
        names = ", ".join(department_label(chapter, d) for d in left["department"])
        notes = (t(ko=f"등급을 매기지 않은 부서: {names}", en=f"Not graded: {names}"),)
    caption = t(ko="부서 등급(득점률 기준)", en="Grades of the departments, by share of points")
    return Table(
        "department-grades", caption, columns, tuple(body), notes, chapter.lang, exempt="a list of departments"
    )


def bonus_table(chapter, simulated: Simulation) -> Table:
    """Bonus per person by rank and grade; with the number of people in the restricted edition."""
    t, incentives = chapter.text, simulated.incentives
    table = incentive_table(incentives)
    restricted = chapter.release == "restricted"
    recorded = {
        part: chapter.record(
            [
                {"measure": "incentive", "statistic": part, "by1": "rank", "group1": r["rank"], "by2": "grade", "group2": r["grade"],
                 "estimate": r[part], "unit": unit, "n": r["staff"] if restricted else None}
                for r in table.to_dict("records")
            ]
        ).to_dict("records")
        for part, unit in (("bonus", "won"), *((("staff", "count"),) if restricted else ()))
    }  # fmt: skip
    columns = [Column("rank", t(ko="직급", en="Rank"), "left", "stub")]
    for grade in incentives.grades:
        label = label_of(chapter, incentives, grade)
        columns.append(
            Column(
                f"bonus.{grade}", t(ko="1인당", en="Each") if restricted else label, group=label if restricted else None
            )
        )
        if restricted:
            columns.append(Column(f"staff.{grade}", t(ko="인원", en="People"), "right", "number", label))
    grades, body = len(incentives.grades), []
    for position, (_, rank) in enumerate(incentives.ranks.items()):
        cells = []
        for k in range(position * grades, (position + 1) * grades):
            cells.append(Number.from_row(recorded["bonus"][k]))
            if restricted:
                cells.append(Number.from_row(recorded["staff"][k]))
        body.append(Row((rank.label.text(chapter.lang), *cells)))
    note = t(
        ko="상여금 = 기준액 × 지급률. 지급률은 등급 사이마다 직급별 차등폭만큼 다르며 척도의 가운데가 기준 지급률이다.",
        en="Bonus = base × rate. The rate moves by the rank's spread from one grade to the next; the middle of the scale has the base rate.",
    )
    caption = t(ko="직급·등급별 상여금", en="Bonus by rank and grade")
    return Table("bonus", caption, tuple(columns), tuple(body), (note,), chapter.lang, exempt="a schedule of pay")


def rewards_table(chapter, simulated: Simulation) -> Table:
    """Award of a department and personnel points of a person, by grade."""
    t, incentives = chapter.text, simulated.incentives
    columns = (
        Column("grade", t(ko="등급", en="Grade"), "left", "stub"),
        Column("award", t(ko="부서 포상금", en="Award of a department")),
        Column("personnel", t(ko="인사 가점", en="Personnel points")),
    )
    body = []
    for grade, reward in incentives.grades.items():
        rows = chapter.record(
            [
                {"measure": "reward", "statistic": s, "by1": "grade", "group1": grade, "estimate": v, "unit": u}
                for s, v, u in (("award", reward.award, "won"), ("personnel points", reward.personnel_points, "points"))
            ]
        ).to_dict("records")
        body.append(
            Row(
                (
                    label_of(chapter, incentives, grade),
                    Number.from_row(rows[0]),
                    Number.from_row(rows[1], digits=2, signed=True),
                )
            )
        )
    caption = t(ko="등급별 포상과 인사 반영", en="Awards and personnel points by grade")
    return Table("rewards", caption, columns, tuple(body), lang=chapter.lang, exempt="a schedule of rewards")


def budget_table(chapter, simulated: Simulation) -> Table:
    """What the simulation and its scenarios cost, beside the budget."""
    t, incentives = chapter.text, simulated.incentives
    runs = {"": incentives, **{k: incentives.under(v) for k, v in incentives.scenarios.items()}}
    names = {
        "": t(ko="현재 설정", en="As set"),
        **{k: v.label.text(chapter.lang) for k, v in incentives.scenarios.items()},
    }
    heads = {"bonus": t(ko="상여금", en="Bonus"), "awards": t(ko="포상금", en="Awards"), "total": t(ko="합계", en="Total"),
             "budget": t(ko="예산", en="Budget"), "left": t(ko="남는 금액", en="Left")}  # fmt: skip
    body = []
    for key, run in runs.items():
        cost = incentive_budget(run, simulated.departments)
        rows = chapter.record(
            [
                {"measure": "incentive budget", "statistic": part, "by1": "scenario", "group1": key or "as set",
                 "estimate": cost[part], "unit": "won"}
                for part in heads
            ]
        ).to_dict("records")  # fmt: skip
        body.append(Row((names[key], *(Number.from_row(r) for r in rows))))
    columns = [
        Column("scenario", t(ko="모의", en="Simulation"), "left", "stub"),
        *(Column(k, v) for k, v in heads.items()),
    ]
    if incentives.budget is None:
        columns, body = columns[:4], [Row(r.cells[:4]) for r in body]
    caption = t(ko="성과 보상에 드는 예산", en="What the incentives cost")
    return Table("budget", caption, tuple(columns), tuple(body), lang=chapter.lang, exempt="sums of money")


def budget_sentence(chapter, simulated: Simulation) -> Sentence:
    """Whether the simulation stays within its budget."""
    cost = incentive_budget(simulated.incentives, simulated.departments)
    rows = chapter.record(
        [
            {"measure": "incentive budget", "statistic": part, "by1": "scenario", "group1": "as set", "estimate": cost[part],
             "unit": "won"}
            for part in ("total", "budget", "left")
        ]
    ).to_dict("records")  # fmt: skip
    total, budget, left = (Number.from_row(r) for r in rows)
    if cost["budget"] != cost["budget"]:
        return chapter.sentence(
            ko="이 모의에는 {total:이/가} 든다. 예산은 정해지지 않았다.",
            en="The simulation costs {total}; no budget is set.",
            total=total,
        )
    if cost["left"] < 0:
        return chapter.sentence(
            ko="이 모의에는 {total:이/가} 들어 예산 {budget:을/를} {left:abs} 넘는다.",
            en="The simulation costs {total} and exceeds the budget of {budget} by {left:abs}.",
            total=total, budget=budget, left=left,
        )  # fmt: skip
    return chapter.sentence(
        ko="이 모의에는 {total:이/가} 들며 예산 {budget}에서 {left:이/가} 남는다.",
        en="The simulation costs {total}, which leaves {left} of the budget of {budget}.",
        total=total, budget=budget, left=left,
    )  # fmt: skip
