"""How the answers were weighted: steps, convergence, margins before and after, and what unequal weights cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.evaluation.small_groups import hidden_groups
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.weighted import AppliedWeighting
from csi_lib.tables.table import Column, Row, Table

_METHODS = {
    "raking": {"ko": "레이킹(반복비례조정)", "en": "raking (iterative proportional fitting)"},
    "post-stratification": {"ko": "사후층화", "en": "post-stratification"},
    "linear": {"ko": "선형 보정(일반화 회귀)", "en": "linear calibration (generalised regression)"},
    "logit": {"ko": "로짓 보정", "en": "logit calibration"},
}


def applied_weighting(chapter) -> AppliedWeighting | None:
    """What was done to this agency's answers in this wave; None where the study leaves the weights as they came."""
    return chapter.survey.weighting.get((chapter.agency, chapter.year))


def quality_rows(chapter) -> pd.DataFrame:
    """Rows ``weights:<name>``: range (mean = 1), Kish's n·Σw²/(Σw)², effective n and, of a weighting, how it went."""
    w = np.asarray(chapter.survey.design.weights, float)
    n, kish, ratio = len(w), len(w) * (w**2).sum() / w.sum() ** 2, w / w.mean()
    found = [("lowest", ratio.min(), "ratio"), ("highest", ratio.max(), "ratio"), ("kish", kish, "deff"),
             ("effective", n / kish, "count")]  # fmt: skip
    applied = applied_weighting(chapter)
    if applied is not None and applied.population is not None:
        report = applied.population.report
        found += [("iterations", report.iterations, "number"), ("gap", report.largest_gap, "proportion"),
                  ("trimmed", report.trimmed, "count"), ("factor_lowest", report.factor_min, "ratio"),
                  ("factor_highest", report.factor_max, "ratio")]  # fmt: skip
    return chapter.record([
        {"measure": f"weights:{name}", "statistic": "count" if unit in ("count", "number") else "ratio",
         "estimate": value, "unit": unit, "n": n}
        for name, value, unit in found
    ])  # fmt: skip


def quality_table(chapter) -> Table | None:
    """How unequal the weights are and what that costs; None for a survey without weights."""
    if not chapter.survey.design_columns.get("weights"):
        return None
    t = chapter.text
    labels = {
        "lowest": t(ko="가장 작은 가중치(평균 = 1)", en="Lowest weight (mean = 1)"),
        "highest": t(ko="가장 큰 가중치(평균 = 1)", en="Highest weight (mean = 1)"),
        "kish": t(ko="가중치에 따른 설계효과(Kish)", en="Design effect of the weights (Kish)"),
        "effective": t(ko="유효 응답자 수", en="Effective sample"),
        "factor_lowest": t(ko="가장 작은 보정 배수", en="Lowest factor applied"),
        "factor_highest": t(ko="가장 큰 보정 배수", en="Highest factor applied"),
        "iterations": t(ko="반복 횟수", en="Iterations"),
        "gap": t(ko="보정 후 모집단과의 최대 상대 차이", en="Largest relative gap left to the population"),
        "trimmed": t(ko="절단한 가중치", en="Weights trimmed"),
    }
    rows = {r["measure"].split(":")[1]: r for r in quality_rows(chapter).to_dict("records")}
    columns = (Column("what", t(ko="지표", en="Figure"), "left", "stub"), Column("value", t(ko="값", en="Value")))
    body = tuple(Row((label, Number.from_row(rows[name]))) for name, label in labels.items() if name in rows)
    return Table("weighting", t(ko="가중치의 품질", en="Quality of the weights"), columns, body, lang=chapter.lang,
                 exempt="properties of the weights")  # fmt: skip


def method_sentences(chapter) -> list[Sentence] | None:
    """The steps of the weighting, whether they converged, and what was cut; None where nothing was done here."""
    applied = applied_weighting(chapter)
    if applied is None:
        return None
    rows = {r["measure"].split(":")[1]: Number.from_row(r) for r in quality_rows(chapter).to_dict("records")}
    said = []
    if applied.nonresponse is not None:
        said.append(chapter.sentence(
            ko="먼저 응답 집단({by})별로 접촉한 사람 수에 맞추어 무응답을 조정하였다.",
            en="First, respondents were weighted up to the people approached in their response class ({by}).",
            by=_margin_label(chapter, applied.nonresponse.report.margins["variable"].iloc[0]),
        ))  # fmt: skip
    if applied.population is not None:
        margins = list(dict.fromkeys(applied.population.report.margins["variable"]))
        said.append(chapter.sentence(
            ko="{by}의 모집단 분포에 맞추어 {method:으로/로} 가중치를 구하였다.",
            en="Weights meet the population by {by}, found by {method}.",
            by=[_margin_label(chapter, m) for m in margins], method=_METHODS[applied.method][chapter.lang],
        ))  # fmt: skip
        said.append(
            chapter.sentence(
                ko="{k:bare}회 반복하여 수렴하였다.", en="It converged in {k:bare} rounds.", k=rows["iterations"]
            )
        )
        if applied.population.report.trimmed:
            said.append(chapter.sentence(
                ko="지나치게 크거나 작은 가중치({cut})는 한계값으로 줄이고 합계를 유지하였으므로, 모집단 분포와 최대 {gap}까지 다를 수 있다.",
                en="Extreme weights ({cut:bare}) were cut to the limits with their sum kept, so that the margins hold up to "
                "{gap}.",
                cut=rows["trimmed"], gap=rows["gap"],
            ))  # fmt: skip
    said.append(chapter.sentence(
        ko="가중치가 고르지 않아 생기는 설계효과는 {kish}이고, 응답자는 단순임의추출 {effective}에 해당한다.",
        en="Unequal weights have a design effect of {kish}: the sample is worth {effective} of a simple random one.",
        kish=rows["kish"], effective=rows["effective"],
    ))  # fmt: skip
    return said


def margins_table(chapter) -> Table | None:
    """Population, sample before weighting and after, category by category; None without a weighting to margins.

    A category with too few respondents for the release shows its population only.
    """
    applied = applied_weighting(chapter)
    if applied is None or applied.population is None:
        return None
    t = chapter.text
    columns = (
        Column("category", t(ko="구분", en="Category"), "left", "stub"),
        Column("n", t(ko="응답자 수", en="Respondents"), "right", "base"),
        Column("target", t(ko="모집단(%)", en="Population (%)")),
        Column("before", t(ko="가중 전(%)", en="Before (%)")),
        Column("after", t(ko="가중 후(%)", en="After (%)")),
    )
    report, rows, order = applied.population.report.margins, [], []
    for variable, part in report[report["category"].notna()].groupby("variable", sort=False):
        counts = _counts(chapter, variable)
        hidden = _hidden(chapter, variable, counts)
        for line in part.to_dict("records"):
            n, secret = counts.get(line["category"], 0), line["category"] in hidden
            order.append((variable, line["category"]))
            for name in ("n", "target", "before", "after"):
                value = n if name == "n" else line[f"share_{name}"]
                masked = secret and name in ("n", "before")
                rows.append({
                    "measure": f"weighting:{name}", "statistic": "count" if name == "n" else "share",
                    "by1": variable, "group1": line["category"], "estimate": np.nan if masked else value,
                    "unit": "count" if name == "n" else "proportion", "n": np.nan if secret else n, "suppressed": masked,
                })  # fmt: skip
    for line in report[report["category"].isna()].to_dict("records"):
        order.append((line["variable"], None))
        rows += [
            {"measure": f"weighting:{name}", "statistic": "total", "by1": line["variable"], "group1": "total",
             "estimate": len(chapter.survey.frame) if name == "n" else line[name],
             "unit": "count" if name == "n" else "number", "n": len(chapter.survey.frame), "suppressed": False}
            for name in ("n", "target", "before", "after")
        ]  # fmt: skip
    found = {(r["by1"], r["group1"], r["measure"].split(":")[1]): r for r in chapter.record(rows).to_dict("records")}
    body = [
        Row((_category_label(chapter, variable, category), *(Number.from_row(found[variable, category or "total", c.key])
             for c in columns[1:])), group=_margin_label(chapter, variable))
        for variable, category in order
    ]  # fmt: skip
    return Table("margins", t(ko="모집단과 가중 전·후의 구성", en="Population and sample, before and after weighting"), columns,
                 tuple(body), lang=chapter.lang)  # fmt: skip


def nonresponse_table(chapter) -> Table | None:
    """People approached, answers and response rate by response class; None without an adjustment for non-response."""
    applied = applied_weighting(chapter)
    if applied is None or applied.nonresponse is None:
        return None
    t, report = chapter.text, applied.nonresponse.report.margins
    variable = report["variable"].iloc[0]
    counts = _counts(chapter, variable)
    hidden = _hidden(chapter, variable, counts)
    rows = []
    for line in report.to_dict("records"):
        n, secret = counts.get(line["category"], 0), line["category"] in hidden
        for name, value, unit in (("approached", line["target"], "count"), ("answered", n, "count"),
                                  ("rate", n / line["target"], "proportion")):  # fmt: skip
            rows.append({
                "measure": f"nonresponse:{name}", "statistic": "share" if name == "rate" else "count", "by1": variable,
                "group1": line["category"], "estimate": np.nan if secret else value, "unit": unit,
                "n": np.nan if secret else n, "suppressed": secret,
            })  # fmt: skip
    found = {(r["group1"], r["measure"].split(":")[1]): r for r in chapter.record(rows).to_dict("records")}
    columns = (
        Column("class", _margin_label(chapter, variable), "left", "stub"),
        Column("approached", t(ko="접촉", en="Approached")),
        Column("answered", t(ko="응답", en="Answered"), "right", "base"),
        Column("rate", t(ko="응답률(%)", en="Response rate (%)")),
    )
    body = tuple(
        Row((_category_label(chapter, variable, c), *(Number.from_row(found[c, column.key]) for column in columns[1:])))
        for c in report["category"]
    )
    return Table("response", t(ko="응답 집단별 접촉과 응답", en="Approached and answered, by response class"), columns, body,
                 lang=chapter.lang)  # fmt: skip


def _margin_label(chapter, variable: str) -> str:
    return " × ".join(chapter.labels.variable(name) for name in variable.split(" × "))


def _category_label(chapter, variable: str, category: str | None) -> str:
    if category is None:
        return chapter.text(ko="합계", en="Total")
    names = variable.split(" × ")
    return " × ".join(chapter.labels.group(v, c) for v, c in zip(names, category.split(" × "), strict=True))


def _counts(chapter, variable: str) -> dict[str, int]:
    """Respondents of every category of a margin, under the names the report of the weighting uses."""
    frame = chapter.survey.frame
    parts = [frame[name].astype(str) for name in variable.split(" × ")]
    joined = parts[0].str.cat(parts[1:], sep=" × ") if len(parts) > 1 else parts[0]
    return joined.value_counts().to_dict()


def _hidden(chapter, variable: str, counts: dict[str, int]) -> set[str]:
    """Categories that the report's tables hide, those below the minimum base, and what their sum with the rest would tell."""
    names = list(counts)
    mask = hidden_groups(list(counts.values()), min_base=chapter.gate.least(chapter.survey.source))
    return {c for c, gone in zip(names, mask, strict=True) if gone} | {
        g for by, g in chapter.gate.withheld if by == variable
    }
