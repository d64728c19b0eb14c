"""The plan of the sample beside what fieldwork achieved: numbers, expected errors, and which cells fall short."""

from __future__ import annotations

import numpy as np

from csi_lib.chapters.customers.compute import frame_population
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.sampling_plan import AgencyPlan, PlanFile, plan_agency, read_plan
from csi_lib.tables.table import Column, Row, Table

_METHODS = {
    "proportional": {"ko": "비례 배분", "en": "proportional allocation"},
    "neyman": {"ko": "네이만 배분", "en": "Neyman allocation"},
    "power": {"ko": "멱 배분", "en": "power allocation"},
    "equal": {"ko": "균등 배분", "en": "equal allocation"},
}


def planned(chapter) -> tuple[PlanFile, AgencyPlan] | None:
    """The study's plan for this agency, with the populations of its sampling frame where it has one; None without
    ``plan.yml``, without a population, or when this wave lacks its column."""
    plan = read_plan(chapter.study)
    if plan is None or plan.by not in chapter.survey.frame:
        return None
    frame = frame_population(chapter.study, chapter.agency, chapter.year, data=chapter.data)
    return (plan, plan_agency(plan, chapter.agency, frame=frame)) if frame or plan.frame else None


def plan_rows(chapter) -> dict[tuple[str | None, str], dict]:
    """Recorded rows by (cell, name), cell None for the whole: population, planned, achieved and both errors."""
    plan, own = planned(chapter)
    achieved = chapter.survey.frame[plan.by].astype("string").value_counts().to_dict()
    checked = own.check({str(k): int(v) for k, v in achieved.items()})
    rows = []
    for line in checked.to_dict("records"):
        error = line["margin"] if np.isfinite(line["margin"]) else np.nan
        rows += _rows(line["cell"], plan.by, line["achieved"], own.unit, population=line["population"],
                      planned=line["planned"], achieved=line["achieved"], error_planned=line["margin_planned"],
                      error=error)  # fmt: skip
    share = checked["population"] / checked["population"].sum()
    whole = float(np.sqrt((share**2 * checked["margin"] ** 2).sum()))
    rows += _rows(None, plan.by, checked["achieved"].sum(), own.unit, population=checked["population"].sum(),
                  planned=checked["planned"].sum(), achieved=checked["achieved"].sum(), error_planned=own.allocation.margin,
                  error=whole if np.isfinite(whole) else np.nan)  # fmt: skip
    if own.size is not None:
        rows += _rows(None, plan.by, own.size.n, own.unit, wanted=own.size.margin, approach=own.table["approach"].sum())
    found = chapter.record(rows).to_dict("records")
    return {(r["group1"] if isinstance(r["group1"], str) else None, r["measure"].split(":")[1]): r for r in found}


def _rows(cell, by, n, unit, **values) -> list[dict]:
    errors = ("error", "error_planned", "wanted")
    return [
        {"measure": f"plan:{name}", "statistic": "sampling_error" if name in errors else "count",
         "by1": by if cell is not None else None, "group1": cell, "estimate": value,
         "unit": unit if name in errors else "count", "n": n}
        for name, value in values.items()
    ]  # fmt: skip


def plan_table(chapter) -> Table | None:
    """Planned and achieved interviews by cell, with the error expected and achieved; None without a plan."""
    both = planned(chapter)
    if both is None:
        return None
    plan, own = both
    t, found = chapter.text, plan_rows(chapter)
    columns = (
        Column("cell", chapter.labels.variable(plan.by), "left", "stub"),
        Column("population", t(ko="모집단", en="Population")),
        Column("planned", t(ko="계획", en="Planned")),
        Column("achieved", t(ko="달성", en="Achieved"), "right", "base"),
        Column("error_planned", t(ko="계획 오차(±)", en="Planned error (±)")),
        Column("error", t(ko="달성 오차(±)", en="Achieved error (±)")),
    )
    line = lambda cell: tuple(Number.from_row(found[cell, c.key]) for c in columns[1:])
    body = [Row((chapter.labels.group(plan.by, cell), *line(cell))) for cell in own.table["cell"]]
    body.append(Row((t(ko="전체", en="Total"), *line(None)), kind="total"))
    caption = t(ko="표본 계획과 달성", en="Planned and achieved sample")
    note = t(
        ko="오차는 계획과 달성을 같은 방법으로 견주도록 층별 오차를 모집단 비중으로 합한 값이다. 조사 전체의 표본오차는 가중치까지 반영한 조사 개요의 값을 쓴다.",
        en="Errors here add those of the cells by their share of the population, so that plan and outcome compare; the error of the survey, weights included, is that of the outline.",
    )
    return Table("plan", caption, columns, tuple(body), (note,), lang=chapter.lang)


def plan_sentences(chapter) -> list[Sentence] | None:
    """What was wanted, how it was spread, and whether fieldwork reached it in every cell; None without a plan."""
    both = planned(chapter)
    if both is None:
        return None
    plan, own = both
    found, said = plan_rows(chapter), []
    number = lambda name, cell=None: Number.from_row(found[cell, name])
    if own.size is not None:
        said.append(chapter.sentence(
            ko="표본오차 ±{e}({level}% 신뢰수준)를 목표로 하고 응답률을 예상하여 {n}을 접촉하도록 계획하였다.",
            en="The plan aims at an error of ±{e} ({level}% confidence), for which {n} people are to be approached.",
            e=number("wanted"), level=round(100 * plan.confidence), n=number("approach"),
        ))  # fmt: skip
    said.append(chapter.sentence(
        ko="{by} 표본은 {method:으로/로} 정하였다.", en="The sample is divided over {by} by {method}.",
        by=chapter.labels.each(plan.by), method=_METHODS[plan.method][chapter.lang],
    ))  # fmt: skip
    short = [c for c in own.table["cell"] if found[c, "achieved"]["estimate"] < found[c, "planned"]["estimate"]]
    if short:
        names = [chapter.labels.group(plan.by, c) for c in short]
        said.append(chapter.sentence(
            ko="{names}에서 계획한 수를 채우지 못하였다.", en="Fieldwork fell short of the plan in {names}.", names=names
        ))  # fmt: skip
    else:
        said.append(
            chapter.sentence(ko="모든 칸에서 계획한 수를 채웠다.", en="Fieldwork reached the plan in every cell.")
        )
    return said
