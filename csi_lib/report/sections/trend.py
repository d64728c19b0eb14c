"""Trend over the waves, and standing among peers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.evaluation.standing import Rank
from csi_lib.prose.sentences import Sentence


def trend(chapter, measures) -> pd.DataFrame:
    """Rows of these nodes for every wave up to this one in which the agency took part."""
    frames = []
    for year in (y for y in chapter.study.years if y <= chapter.year and chapter.took_part(y)):
        estimates = chapter.estimates if year == chapter.year else chapter.of_year(year)
        frames.append(
            chapter.rows(estimates, measure=list(measures), model=chapter.model.name, statistic="index", by1=None)
        )
    return pd.concat(frames, ignore_index=True)


def change_split(chapter) -> pd.DataFrame | None:
    """The index's change as what scores and what re-estimated weights contribute (two-way average).

    Δ = ½[I(w₁,s₁) − I(w₁,s₀) + I(w₀,s₁) − I(w₀,s₀)]  (scores)  +  ½[I(w₁,s₁) − I(w₀,s₁) + I(w₁,s₀) − I(w₀,s₀)]  (weights);
    the two add up to the change exactly. None without a last wave or with fixed weights.
    """
    model = chapter.model.file
    estimated = any(n.weights.rule in ("correlation", "importance_picks") for n in model.nodes)
    if chapter.previous is None or not estimated or model.mix:
        return None
    scores, weights = {}, {}
    for wave, estimates in ((0, chapter.previous), (1, chapter.estimates)):
        scores[wave], weights[wave] = _scores(chapter, estimates), _weights(chapter, estimates)
    value = lambda w, s: _index(chapter, weights[w], scores[s])
    corner = {(w, s): value(w, s) for w in (0, 1) for s in (0, 1)}
    if any(np.isnan(v) for v in corner.values()):
        return None
    score = (corner[1, 1] - corner[1, 0] + corner[0, 1] - corner[0, 0]) / 2
    weight = (corner[1, 1] - corner[0, 1] + corner[1, 0] - corner[0, 0]) / 2
    n = chapter.index()["n"]
    return chapter.record(
        [
            {
                "measure": model.index,
                "model": chapter.model.name,
                "formula_edition": model.formula_edition,
                "statistic": name,
                "versus": f"year={chapter.previous_year}",
                "estimate": value,
                "unit": "points",
                "n": n,
            }
            for name, value in (("score_effect", score), ("weight_effect", weight))
        ]
    )


def _weights(chapter, estimates) -> dict[tuple[str, str], float]:
    rows = estimates.select(model=chapter.model.name, statistic="weight", by1=None).frame
    return {tuple(m.split(">")): float(v) for m, v in zip(rows["measure"], rows["estimate"], strict=True)}


def _scores(chapter, estimates) -> dict[str | None, dict[str, float]]:
    """Sector (None: no sectors) → item → mean."""
    sectors = chapter.model.file.sectors
    by = sectors.by if sectors and len(estimates.positions(by1=sectors.by)) else None
    rows = estimates.select(statistic="mean", by1=by).frame
    out: dict[str | None, dict[str, float]] = {}
    for group, measure, value in zip(rows["group1"], rows["measure"], rows["estimate"], strict=True):
        out.setdefault(None if by is None else group, {})[measure] = float(value)
    return out


def _index(chapter, weights, scores) -> float:
    model = chapter.model
    importance = {}
    if None not in scores:
        rows = chapter.estimates.select(model=model.name, statistic="importance").frame
        importance = dict(zip(rows["group1"], rows["estimate"].astype(float), strict=True))
    total = value = 0.0
    for sector, means in scores.items():
        share = importance.get(sector, 1.0)
        one = _node(model, model.file.index, weights, means)
        if not np.isnan(one):
            total, value = total + share, value + share * one
    return value / total if total else np.nan


def _node(model, name: str, weights, means) -> float:
    node = model.node(name)
    parts = [
        (
            weights.get((name, p), np.nan),
            means.get(model.binding.get(p, p), np.nan) if node.items else _node(model, p, weights, means),
        )
        for p in node.parts
    ]
    there = [(w, v) for w, v in parts if not (np.isnan(w) or np.isnan(v))]
    total = sum(w for w, _ in there)
    return sum(w * v for w, v in there) / total if total else np.nan


def rank_sentence(chapter, measure: str) -> Sentence | None:
    """Rank among the agencies of the same type, and between which ranks it lies beyond sampling error."""
    found: Rank | None = chapter.rank(measure)
    if found is None:
        return None
    rows = chapter.record(
        [
            {
                "measure": measure,
                "model": chapter.model.name,
                "statistic": "rank",
                "estimate": found.rank,
                "ci_low": found.low,
                "ci_high": found.high,
                "unit": "rank",
                "n": found.of,
            }
        ]
    )
    row = rows.iloc[0]
    low, high = chapter.numbers(row, "ci_low", "ci_high")
    if found.low == found.high:
        return chapter.sentence(
            ko="같은 유형의 {of}개 기관 가운데 {rank}이며, 표본오차를 감안해도 순위는 같다.",
            en="Among the {of} agencies of its type it ranks {rank}, also when sampling error is allowed for.",
            of=found.of,
            rank=row,
        )
    return chapter.sentence(
        ko="같은 유형의 {of}개 기관 가운데 {rank}이지만, 표본오차를 감안하면 {low}에서 {high} 사이라고만 말할 수 있다.",
        en="Among the {of} agencies of its type it ranks {rank}; allowing for sampling error, it lies between ranks {low} and {high}.",
        of=found.of,
        rank=row,
        low=low,
        high=high,
    )
