"""Overall results: the ladder of expectation, satisfaction and trust; the distribution of the overall item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.overall.compute import goal_ratio, sector_contributions
from csi_lib.figures.performance import zone
from csi_lib.prose.numbers import Interval, Number
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.table import Column, Row, Table


def ladder(chapter):
    """Steps, gaps and what stands beside: (levels, differences, beside) or None where the model has no such constructs.

    surplus satisfaction = index − expectation; surplus trust = trust − index (the same respondents answer both, so
    the standard error is that of the paired difference).
    """
    roles = {n.role: n.id for n in chapter.model.file.side if n.role}
    if "expectation" not in roles:
        return None
    index = chapter.model.file.index
    steps = [roles["expectation"], index, *([roles["trust"]] if "trust" in roles else [])]
    base = {"model": chapter.model.name, "statistic": "index", "by1": None}
    levels = chapter.rows(measure=steps, **base)
    levels = levels.set_index("measure").loc[[s for s in steps if s in set(levels["measure"])]].reset_index()
    if len(levels) < 2 or levels["estimate"].isna().any():
        return None
    names = ["surplus_satisfaction", "surplus_trust"][: len(levels) - 1]
    gaps = [
        _difference(chapter, high, low, name)
        for low, high, name in zip(levels["measure"], levels["measure"].iloc[1:], names, strict=False)
    ]
    gaps = chapter.labels.attach(chapter.record(Estimates.concat(gaps)))
    gaps["low_label"], gaps["high_label"] = (
        levels["measure_label"].to_numpy()[:-1],
        levels["measure_label"].to_numpy()[1:],
    )
    beside = chapter.rows(measure=[roles["complaints"]], **base) if "complaints" in roles else levels.iloc[:0]
    beside = beside[beside["estimate"].notna()]
    return levels, gaps, (beside if len(beside) else None)


def _difference(chapter, high: str, low: str, name: str) -> Estimates:
    keys = {"model": chapter.model.name, "statistic": "index", "by1": None}
    at = [chapter.estimates.positions(measure=m, **keys)[0] for m in (high, low)]
    both = chapter.estimates.take(at)
    frame = both.frame.iloc[[0]].assign(
        measure=name, statistic="difference", versus=low, df=np.nan, deff=np.nan, n=both.frame["n"].min()
    )
    return both.combine(np.array([[1.0], [-1.0]]), frame)


def distribution(chapter, item: str | None) -> pd.DataFrame | None:
    """Shares of the answers to one item, lowest first: columns ``item`` and ``category`` beside the results columns."""
    if item is None:
        return None
    scale = chapter.survey.codebook.scale(item)
    codes = [f"{item}:{c}" for c in range(int(scale.low), int(scale.high) + 1)]
    rows = chapter.rows(statistic="share", measure=codes, by1=None)
    if not len(rows) or rows["estimate"].isna().all():
        return None
    rows["item"], rows["item_label"] = item, chapter.labels.measure(item)
    rows["category"] = [m.split(":")[1] for m in rows["measure"]]
    rows["category_label"] = [chapter.labels.group(item, c) for c in rows["category"]]
    return rows


def performance_table(chapter, *, name: str, caption: str) -> Table:
    """The page of overall performance as numbers: index, last year's, change and zone; expectation, complaint handling, trust.

    The side constructs stand with their own last year; a construct that was not asked is left out.
    """
    t, lang = chapter.text, chapter.lang
    model = chapter.model
    order = {"expectation": 0, "trust": 1, "complaints": 2}
    sides = sorted((n for n in model.file.side if n.role in order), key=lambda n: order[n.role])
    columns = (
        Column("what", t(ko="구분", en="Measure"), "left", "stub"),
        Column("now", t(ko="점수", en="Score")),
        Column("last", t(ko="지난해", en="Last year")),
        Column("change", t(ko="증감", en="Change")),
        Column("verdict", t(ko="판정", en="Verdict"), "left", "text"),
        Column("zone", t(ko="구간", en="Zone"), "left", "text"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = []
    for node in [model.file.index, *(n.id for n in sides)]:
        row = chapter.index(node)
        if row is None or (pd.isna(row["estimate"]) and not row["suppressed"]):
            continue
        last, change = chapter.before(row), chapter.change(row)
        decided = chapter.verdict(change) if change is not None and not pd.isna(change["estimate"]) else None
        shown = not pd.isna(row["estimate"])
        body.append(
            Row(
                (
                    row["measure_label"],
                    Number.from_row(row),
                    None if last is None else Number.from_row(last),
                    None if change is None else Number.from_row(change, signed=True),
                    "–" if decided is None else f"{decided.mark} {decided.word(lang)}".strip(),
                    zone(row["estimate"], chapter.gauge_zones, lang) if shown and node == model.file.index else "",
                    Number.from_row(row, "n"),
                )
            )
        )
    low, high = chapter.gauge_zones
    note = t(
        ko=f"구간: {low:g}점 미만 위험, {low:g}~{high:g}점 보통, {high:g}점 이상 양호.",
        en=f"Zones: at risk below {low:g}, fair from {low:g} to {high:g}, good from {high:g} points.",
    )
    return Table(name, caption, columns, tuple(body), (note,), lang)


def goal(chapter) -> tuple[dict, dict] | None:
    """(ratio row, difference from the goal row) of satisfaction to expectation; None without a goal or without expectation."""
    multiple = chapter.study.report.expectation_goal
    expected = next((n.id for n in chapter.model.file.side if n.role == "expectation"), None)
    if multiple is None or expected is None:
        return None
    keys = {"model": chapter.model.name, "statistic": "index", "by1": None}
    at = [chapter.estimates.positions(measure=m, **keys) for m in (chapter.model.file.index, expected)]
    if any(len(a) != 1 for a in at) or chapter.estimates.frame.iloc[[a[0] for a in at]]["estimate"].isna().any():
        return None
    rows = chapter.record(goal_ratio(chapter.estimates, at[0][0], at[1][0], multiple))
    return rows.iloc[0].to_dict(), rows.iloc[1].to_dict()


def goal_sentence(chapter, ratio: dict, gap: dict):
    """Whether the goal was reached, and whether the sample is large enough to say so."""
    multiple = chapter.study.report.expectation_goal
    reached = gap["estimate"] >= 0
    sure = not pd.isna(gap["p_value"]) and gap["p_value"] < chapter.reading.significance
    first = chapter.sentence(
        ko="만족은 기대의 {ratio}배이다(95% 신뢰구간 {interval}). 기대의 {goal}배라는 목표를 {outcome}.",
        en="Satisfaction is {ratio} times expectation (95% interval {interval}). The goal of {goal} times expectation was {outcome}.",
        ratio=Number.from_row(ratio, digits=3),
        interval=Interval.from_row(ratio, digits=3),
        goal=f"{multiple:g}",
        outcome=chapter.text(ko="이루었다" if reached else "이루지 못하였다", en="reached" if reached else "missed"),
    )
    if sure:
        return first
    return first + chapter.sentence(
        ko="다만 목표와의 차이는 표본오차 범위 안에 있다.",
        en="The distance from the goal is within sampling error, though.",
    )


def mix_note(chapter) -> str | None:
    """Why the index is not the weighted mean of the dimensions beside it: it is combined over sectors by importance, they
    are not. None where the index has no sectors in this wave."""
    sectors = chapter.model.file.sectors
    if sectors is None or sectors.by not in chapter.survey.frame:
        return None
    return chapter.text(
        ko=f"{chapter.labels.measure(chapter.model.file.index)}: 부문별 지수를 부문의 중요도로 묶은 값. 차원과 항목은 모집단의 구성으로 묶은 값이어서 이를 평균한 것과 다르다.",
        en=f"{chapter.labels.measure(chapter.model.file.index)}: the sectors' indices combined by importance; dimensions and items are combined as in the population, so their mean differs from it.",
    )  # fmt: skip


def sector_rows(chapter) -> pd.DataFrame | None:
    """Sectors (customer or service types) with CSI, importance f and contribution f·CSI: results rows of the sector CSI with
    ``f`` and ``part`` (recorded rows) beside; None where the model has no sectors in this wave."""
    sectors = chapter.model.file.sectors
    if sectors is None or sectors.by not in chapter.survey.frame:
        return None
    keys = {"model": chapter.model.name, "by1": sectors.by}
    rows = chapter.rows(measure=chapter.model.file.index, statistic="index", **keys)
    weights = chapter.rows(measure="sector", statistic="importance", **keys).set_index("group1")
    rows = rows[rows["group1"].isin(weights.index)].reset_index(drop=True)
    if rows.empty:
        return None
    whole = chapter.estimates.frame
    raw = whole[(whole["measure"] == chapter.model.file.index) & whole["by1"].eq(sectors.by).fillna(False)]
    f = np.array([weights.loc[g, "estimate"] for g in rows["group1"]], float)
    hidden = rows["estimate"].isna().to_numpy()
    parts = sector_contributions(rows["estimate"], f) if not hidden.any() else np.full(len(rows), np.nan)
    recorded = chapter.record(
        [
            {"measure": f"contribution:{chapter.model.file.index}", "statistic": "contribution", "by1": sectors.by, "group1": g,
             "estimate": p, "unit": "points", "n": n, "suppressed": bool(np.isnan(p)) and bool(len(raw))}
            for g, p, n in zip(rows["group1"], parts, rows["n"], strict=True)
        ],
        model=chapter.model.name,
    )  # fmt: skip
    return rows.assign(f=[weights.loc[g].to_dict() for g in rows["group1"]], part=recorded.to_dict("records"))


def sector_table(chapter, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Sector CSI × importance = contribution; contributions add up to the overall CSI."""
    t = chapter.text
    columns = (
        Column("sector", t(ko="부문", en="Sector"), "left", "stub"),
        Column("csi", t(ko="부문 CSI", en="Sector CSI")),
        Column("se", t(ko="표준오차", en="SE")),
        Column("f", t(ko="중요도", en="Importance")),
        Column("part", t(ko="기여(중요도 × CSI)", en="Contribution")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = [
        Row((r["group1_label"], Number.from_row(r), Number.from_row(r, "se"), Number.from_row(r["f"]), Number.from_row(r["part"]),
             Number.from_row(r, "n")))
        for r in rows.to_dict("records")
    ]  # fmt: skip
    index = chapter.index()
    total = (
        t(ko="종합", en="Overall"), Number.from_row(index), Number.from_row(index, "se"), None, Number.from_row(index),
        Number.from_row(index, "n"),
    )  # fmt: skip
    body.append(Row(total, kind="total"))
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def sector_tree(chapter, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nodes and edges of dimension → sector → overall for `figures.path_diagram`: wt2 and the importance on the lines."""
    model, by = chapter.model, rows["by1"].iloc[0]
    index = model.file.index
    dimensions = [c for c in model.node(index).children or () if c in {n.id for n in model.file.order}]
    weights = chapter.rows(model=model.name, statistic="weight", by1=None).set_index("measure")["estimate"]
    cells = chapter.rows(measure=dimensions, statistic="index", model=model.name, by1=by)
    top = chapter.rows(measure=index, statistic="index", model=model.name, by1=None)
    parts, edges = [top.assign(node=index, node_label=top["measure_label"])], []
    for r in rows.to_dict("records"):
        sector = f"{index}:{r['group1']}"
        parts.append(
            pd.DataFrame(
                [
                    {
                        **{k: v for k, v in r.items() if k not in ("f", "part")},
                        "node": sector,
                        "node_label": r["group1_label"],
                    }
                ]
            )
        )
        edges.append((index, sector, r["f"]["estimate"]))
        own = cells[cells["group1"] == r["group1"]]
        parts.append(own.assign(node=[f"{sector}>{m}" for m in own["measure"]], node_label=own["measure_label"]))
        edges += [(sector, f"{sector}>{m}", float(weights.get(f"{index}>{m}", np.nan))) for m in own["measure"]]
    return pd.concat(parts, ignore_index=True), pd.DataFrame(edges, columns=["parent", "child", "weight"])
