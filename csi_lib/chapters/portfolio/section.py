"""Portfolio, what to mend first and what that would be worth."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.portfolio.axis import axis
from csi_lib.chapters.portfolio.settings import settings
from csi_lib.errors import InputError
from csi_lib.evaluation.portfolio import quadrant_chances, quadrants
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.table import Column, Row, Table

QUADRANTS = {
    "ko": {"keep": "유지 관리", "concentrate": "중점 개선", "low_priority": "점진 개선", "overkill": "과잉 관리"},
    "en": {
        "keep": "Keep up",
        "concentrate": "Concentrate here",
        "low_priority": "Low priority",
        "overkill": "Possible overkill",
    },
}


def crosshair(chapter) -> tuple[float, float] | None:
    lines = settings(chapter).crosshair
    return None if lines is None else (lines.satisfaction, lines.importance)


def item_portfolio(chapter) -> pd.DataFrame | None:
    """What the study's importance axis names, by satisfaction and importance (`evaluation.portfolio`).

    None with fewer than two, and where there is no importance (`axis`). Picked importance ranks as US city surveys do, by
    importance × (1 − satisfied).
    """
    try:
        found = axis(chapter)
        if found is None:
            return None
        points = quadrants(found.satisfaction, found.importance, crosshair=crosshair(chapter))
    except InputError:
        return None
    points = points[~points["measure"].isin(chapter.doubted)].reset_index(
        drop=True
    )  # contradicted answers rank nothing
    if len(points) < 2:
        return None
    if found.kind == "picked":
        rating = points["estimate_y"] * (1 - points["estimate_x"] / 100)
        points["priority"] = (-rating).argsort(kind="stable").argsort(kind="stable") + 1
    return points


def first_items(points: pd.DataFrame, most: int = 3) -> list[str]:
    """What is mended first: rank 1, and with it what stands in the same area next, up to `most`."""
    order = points.sort_values("priority")
    first = order["quadrant"].iloc[0]
    same = order["quadrant"].eq(first).cummin()
    return list(order.loc[same, "measure"])[: most if first == "concentrate" else 1]


def chances(chapter, points: pd.DataFrame) -> pd.DataFrame | None:
    """How sure quadrants and priorities are (`quadrant_chances`), recorded; None where errors are not known.

    Adds ``row`` (results row of the probability of the quadrant) and ``rank`` (of the priority with its range).
    """
    if axis(chapter).kind != "effect":
        return None
    gains = chapter.gain_estimates
    keep = lambda estimates, **keys: estimates.take(
        [p for p in estimates.positions(**keys) if estimates.frame["measure"].iloc[p] in set(points["measure"])]
    )
    means, effects = keep(chapter.estimates, statistic="mean", by1=None), keep(gains, statistic="gain")
    if not (means.influence and effects.influence) or effects.frame["se"].isna().all():
        return None
    try:
        found = quadrant_chances(means, effects, crosshair=crosshair(chapter), seed=chapter.year)
    except InputError:
        return None
    n = points.set_index("measure")["n_x"]
    base = {"model": chapter.model.name, "versus": "quadrant"}
    rows = [
        {"measure": r["measure"], "statistic": "probability", "estimate": r["chance"], "unit": "proportion", **base,
         "value_text": r["quadrant"], "n": n[r["measure"]]}
        for r in found.to_dict("records")
    ]  # fmt: skip
    ranks = [
        {"measure": r["measure"], "statistic": "rank", "estimate": r["priority"], "ci_low": r["priority_low"],
         "ci_high": r["priority_high"], "unit": "rank", "n": n[r["measure"]], "versus": "priority", "model": base["model"]}
        for r in found.to_dict("records")
    ]  # fmt: skip
    found["row"] = chapter.record(rows).to_dict("records")
    found["rank"] = chapter.record(ranks).to_dict("records")
    return found


def covariances(found: pd.DataFrame | None) -> dict[str, float] | None:
    """Measure → covariance of its two estimates, for the ellipses of the map; None (crosses) where weights are fixed."""
    return (
        None
        if found is None or not found["covariance"].any()
        else dict(zip(found["measure"], found["covariance"], strict=True))
    )


def priority_table(
    chapter, points: pd.DataFrame, *, name: str, caption: str, found: pd.DataFrame | None = None
) -> Table:
    """Items in the order in which they should be mended: quadrant (and how sure it is), satisfaction, expected gain."""
    t = chapter.text
    sure = {} if found is None else {r["measure"]: r for r in found.to_dict("records")}
    effect = "gain" in set(points["statistic_y"])
    # fixed weights have no error; beside the probabilities the interval would only crowd the table (it is under the map)
    estimated = bool(points["ci_low_y"].notna().any() and (points["ci_high_y"] > points["ci_low_y"]).any()) and not sure
    columns = [
        Column("item", t(ko="항목", en="Item"), "left", "stub"),
        Column("rank", t(ko="우선순위", en="Priority")),
        *([Column("between", t(ko="순위 구간", en="Between"))] if sure else []),
        Column("quadrant", t(ko="영역", en="Area"), "left", "text"),
        *([Column("chance", t(ko="그 영역일 확률", en="Probability"))] if sure else []),
        Column("x", t(ko="만족도", en="Satisfaction")),
        Column("y", t(ko="기대 효과", en="Expected gain") if effect else t(ko="중요도", en="Importance")),
        *([Column("ci", t(ko="95% 신뢰구간", en="95% interval"))] if estimated else []),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    ]
    body = []
    for row in points.sort_values("priority").to_dict("records"):
        one = lambda axis, field="estimate", r=row: Number.from_row(_side(r, axis), field)
        mine = sure.get(row["measure"])
        rank = Number.from_row(mine["rank"]) if mine else Number(row["priority"], "number")
        cells = [chapter.labels.measure(row["measure"]), rank]
        if sure:
            cells.append(Interval.from_row(mine["rank"]) if mine else None)
        cells.append(QUADRANTS[chapter.lang][row["quadrant"]])
        if sure:
            cells.append(Number.from_row(mine["row"]) if mine else None)
        cells += [one("x"), one("y"), *([Interval.from_row(_side(row, "y"))] if estimated else []), one("x", "n")]
        body.append(Row(tuple(cells)))
    notes = [
        axis(chapter).label
        if not effect
        else t(
            ko="기대 효과: 그 항목이 1점 오를 때 지수가 오르는 폭(점)",
            en="Expected gain: how many points the index rises when the item rises by one",
        )
    ]
    if sure:
        notes.append(
            t(
                ko="확률과 순위 구간(90%)은 만족도와 기대 효과의 표본오차를 함께 반영한 것이다.",
                en="Probability and range of the priority (90%) allow for sampling error of satisfaction and gain together.",
            )
        )
    return Table(name, caption, tuple(columns), tuple(body), tuple(notes), chapter.lang)


def first_sentence(chapter, points: pd.DataFrame, found: pd.DataFrame | None) -> Sentence | None:
    """What to mend first, and whether sampling error leaves that open."""
    first = points.sort_values("priority").iloc[0].to_dict()
    label, area = chapter.labels.measure(first["measure"]), QUADRANTS[chapter.lang][first["quadrant"]]
    effect = axis(chapter).kind == "effect"
    if first["quadrant"] == "concentrate":
        out = chapter.sentence(
            ko="가장 먼저 살펴야 할 항목은 ‘{label}’이다. 만족도는 {x}이고, " + ("1점 오르면 지수가 {y}점 오른다." if effect else "중요도는 {y}이다."),
            en="The first item to look at is ‘{label}’: satisfaction is {x}, and "
            + ("one more point in it raises the index by {y}." if effect else "its importance is {y}."),
            label=label, x=Number.from_row(_side(first, "x")), y=Number.from_row(_side(first, "y")),
        )  # fmt: skip
    else:
        out = chapter.sentence(
            ko="중점 개선 영역에 드는 항목은 없다. 순서로는 ‘{label}’({area}, {x})이 먼저이다.",
            en="No item lies in the area to concentrate on. In order the first is ‘{label}’ ({area}, {x}).",
            label=label, area=area, x=Number.from_row(_side(first, "x")),
        )  # fmt: skip
    if found is None or first["measure"] not in set(found["measure"]):
        return out
    sure = found.set_index("measure").loc[first["measure"]]
    if sure["chance"] >= settings(chapter).surely:
        return out + chapter.sentence(
            ko="표본오차를 감안해도 {area} 영역에 있을 확률이 {p}이다.",
            en="It lies in the area ‘{area}’ with a probability of {p} when sampling error is allowed for.",
            area=area, p=Number.from_row(sure["row"]),
        )  # fmt: skip
    return out + chapter.sentence(
        ko="다만 표본오차를 감안하면 {area} 영역에 있을 확률은 {p}에 그친다.",
        en="With sampling error allowed for, however, the probability that it lies in ‘{area}’ is only {p}.",
        area=area, p=Number.from_row(sure["row"]),
    )  # fmt: skip


def _side(row: dict, axis: str) -> dict:
    return {k[:-2]: v for k, v in row.items() if k.endswith(f"_{axis}")}


def weights_table(chapter, *, name: str, caption: str) -> Table | None:
    """Items with their weights in the index, lowest score first: what there is where no importance is known.

    Fixed or equal weights are a convention of the index; they make neither quadrants nor an order of importance.
    """
    gains = {r["measure"]: r for r in chapter.gains().to_dict("records")}
    rows = chapter.rows(statistic="mean", by1=None, measure=list(gains))
    rows = rows[rows["estimate"].notna()].sort_values("estimate", kind="stable")
    if not len(rows):
        return None
    t = chapter.text
    columns = (
        Column("item", t(ko="항목", en="Item"), "left", "stub"),
        Column("x", t(ko="만족도", en="Satisfaction")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("weight", t(ko="지수에서의 가중치", en="Weight in the index")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = [
        Row(
            (
                r["measure_label"],
                Number.from_row(r),
                Interval.from_row(r),
                Number.from_row(gains[r["measure"]]),
                Number.from_row(r, "n"),
            )
        )
        for r in rows.to_dict("records")
    ]
    note = t(ko="가중치는 지수의 약속으로 정해진 값이며 고객이 느끼는 중요도가 아니다.",
             en="Weights are set by the convention of the index; they are not what matters to customers.")  # fmt: skip
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)
