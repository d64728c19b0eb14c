"""Why an index changed when what it is made of changed too: a sector, a dimension or a type of customer came or went.

Let C be what both waves have (sectors with answers in both, nodes with items in both). The like-for-like index L(t) is the
index of wave t on C alone, its weights and the sectors' importance renormalised there. Then, exactly::

    I(1) − I(0) = [I(1) − L(1)] − [I(0) − L(0)]                            structure: sectors and dimensions
                + ½[L(w₁,s₁) − L(w₀,s₁) + L(w₁,s₀) − L(w₀,s₀)]             weights that were estimated again
                + Σ_g (p₁g − p₀g)·½[L₁g + L₀g]                             mix of respondents over the groups g of one variable
                + the rest: what people think of the same things           score

The parts of the weights and of the score average over both orders of the two changes; the mix is taken out of the score. All are
combinations of estimates of the same two samples, so each has the standard error that follows from their covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from csi_lib.models.absence import without
from csi_lib.models.index import IndexModel
from csi_lib.survey.assembly import Assembly, unit_labels
from csi_lib.survey.description import groupings, shares_into
from csi_lib.survey.estimates import Estimates

#: statistic of the parts, in the order in which they are told
PARTS = ("structure_effect", "weight_effect", "mix_effect", "score_effect")
#: share of the respondents that must have changed places for a mix to be looked at [D]
MOVED = 0.1


@dataclass(frozen=True)
class Structure:
    """What one of two waves has and the other has not: sectors (of the model's sector variable) and nodes of the index."""

    sectors_new: tuple[str, ...] = ()
    sectors_gone: tuple[str, ...] = ()
    nodes_new: tuple[str, ...] = ()
    nodes_gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sectors_new or self.sectors_gone or self.nodes_new or self.nodes_gone)


@dataclass(frozen=True)
class Composition:
    """The parts of a change: `parts` has the statistics of `PARTS` that apply and ``change``, `like` the like-for-like index
    of the wave before and of this one (statistic ``like_for_like``); `by` the variable of the mix (None: none moved)."""

    structure: Structure
    parts: Estimates
    like: Estimates
    by: str | None


def structure(model_now: IndexModel, model_before: IndexModel, now, before) -> Structure:
    """How the two waves differ in what the index is made of."""
    nodes = lambda m: {n.id for n in m.file.nodes}
    new, gone = nodes(model_now) - nodes(model_before), nodes(model_before) - nodes(model_now)
    spec = model_now.file.sectors
    first, second = (_present(s, spec.by) if spec else set() for s in (before, now))
    order = lambda names: tuple(sorted(map(str, names)))
    if not (first and second):
        first = second = set()
    return Structure(order(second - first), order(first - second), order(new), order(gone))


def composition(
    model_now: IndexModel,
    model_before: IndexModel,
    now,
    before,
    *,
    weights_now=None,
    weights_before=None,
    by: Sequence[str] = (),
    min_base: int = 1,
) -> Composition | None:
    """The change of the index between two surveys of one agency in its parts; see the module's formula.

    Parameters
    ----------
    model_now, model_before : the model as each wave has it (`csi_lib.models.absence.present`).
    now, before : `Survey` of the two waves; ``weights_*`` where their weights are estimated elsewhere (``at: pooled``).
    by : variables of which the mix of respondents may have moved; the one that moved most is taken, if at least `MOVED`.
    min_base : with fewer people in a sector or group of either wave its part would tell what they said: no such part is made.

    Returns
    -------
    None where the waves have nothing in common, or a sector that differs is too small to be told.
    """
    differs = structure(model_now, model_before, now, before)
    file = model_now.file
    sector = file.sectors.by if file.sectors else None
    common = _present(now, sector) & _present(before, sector) if sector else set()
    if sector and (differs.sectors_new or differs.sectors_gone):
        sizes = [n for s in (now, before) for n in s.frame[sector].value_counts() if n]
        if not common or min(sizes) < min_base:
            return None
    drop = [*differs.nodes_new, *differs.nodes_gone]
    only = lambda model: without(model, [n for n in drop if n in {x.id for x in model.file.nodes}])
    if model_now.file.index in drop:
        return None
    core = only(model_now)
    keep = lambda s: _restricted(s, sector, common) if sector and (differs.sectors_new or differs.sectors_gone) else s
    surveys = {0: keep(before), 1: keep(now)}
    elsewhere = {0: weights_before, 1: weights_now}
    total = lambda e: e.select(measure=file.index, statistic="index", by1=None)
    whole = [total(m.evaluate(s, weights_survey=w)) for m, s, w in
             ((model_before, before, weights_before), (model_now, now, weights_now))]  # fmt: skip
    mixed = _moved(surveys[1], surveys[0], [b for b in by if b != sector], min_base)
    corners, groups = {}, {}
    for t in (0, 1):
        for u in (0, 1):
            weights = elsewhere[u] if elsewhere[u] is not None else (None if u == t else surveys[u])
            corners[u, t] = _valued(core, surveys[t], weights, mixed if u == t else None)
        groups[t] = corners[t, t]
    rows = [*whole, *(total(corners[u, t]) for t in (0, 1) for u in (0, 1)), groups[0], groups[1]]
    together = Estimates.concat(rows)
    at = np.cumsum([0, *map(len, rows)])
    i0, i1, l00, l10, l01, l11 = range(6)  # whole indices, then L(w, s) with the weights' wave first
    size = at[-1]
    vector = lambda pairs: _vector(size, {at[i]: v for i, v in pairs})
    change = vector([(i1, 1.0), (i0, -1.0)])
    structural = vector([(i1, 1.0), (l11, -1.0), (i0, -1.0), (l00, 1.0)])
    weight = vector([(l11, 0.5), (l01, -0.5), (l10, 0.5), (l00, -0.5)])
    estimates = together.frame["estimate"].to_numpy(float)
    mix, mix_value = (None, 0.0) if mixed is None else _mix(together.frame, mixed, at, estimates)
    score = change - structural - weight - (0.0 if mix is None else mix)
    values = {"structure_effect": estimates @ structural, "weight_effect": estimates @ weight, "mix_effect": mix_value}
    values["score_effect"] = estimates @ change - sum(values.values())
    vectors = {"structure_effect": structural, "weight_effect": weight, "mix_effect": mix, "score_effect": score}
    fixed = not any(n.weights.estimated for n in core.file.nodes) or core.at == "base-year"
    shown = [p for p in PARTS if not (p == "structure_effect" and not differs) and not (p == "mix_effect" and mix is None)
             and not (p == "weight_effect" and fixed)]  # fmt: skip
    line = whole[1].frame.iloc[[0]].assign(value_text=None, df=np.nan, deff=np.nan, n_effective=np.nan)
    frame = pd.concat([line] * (len(shown) + 1), ignore_index=True)
    frame["statistic"], frame["versus"] = [*shown, "change"], f"year={before.year}"
    matrix = np.column_stack([*(vectors[p] for p in shown), change])
    parts = together.combine(matrix, frame, estimate=np.array([*(values[p] for p in shown), estimates @ change]))
    like = together.take([at[l00], at[l11]])
    like.frame["statistic"] = "like_for_like"
    return Composition(differs, parts, like, mixed)


def _vector(size: int, entries: dict[int, float]) -> np.ndarray:
    out = np.zeros(size)
    for at, value in entries.items():
        out[at] += value
    return out


def _present(survey, column: str | None) -> set[str]:
    if column is None or column not in survey.frame:
        return set()
    return {str(v) for v in survey.frame[column].dropna().unique()}


def _restricted(survey, column: str, values: set[str]):
    """The survey with answers only of those whose `column` is one of `values`: a domain on the full design."""
    frame = survey.frame.copy()
    outside = ~frame[column].astype(object).map(lambda v: v is not None and v == v and str(v) in values).to_numpy(bool)
    for name in (
        n for n, c in survey.codebook.columns.items() if n in frame and c.role in ("item", "group", "importance")
    ):
        frame[name] = frame[name].where(~outside)
    return replace(survey, frame=frame)


def _moved(now, before, by: Sequence[str], min_base: int) -> str | None:
    """The variable whose groups changed places most, if enough did and no group of it is too small to be told of."""
    best, most = None, MOVED
    for name in (b for b in by if b in now.frame and b in before.frame):
        counts = [s.frame[name].astype(object).value_counts() for s in (now, before)]
        if any(not len(c) or 0 < c.min() < min_base for c in counts):
            continue
        a, b = (_weighted_shares(s, name) for s in (now, before))
        moved = float(a.sub(b, fill_value=0).abs().sum() / 2)
        if moved >= most:
            best, most = name, moved
    return best


def _weighted_shares(survey, name: str) -> pd.Series:
    w = pd.Series(np.asarray(survey.design.weights, float), index=survey.frame.index)
    values = survey.frame[name].astype(object)
    sums = w[values.notna()].groupby(values[values.notna()].map(str)).sum()
    return sums / sums.sum()


def _valued(model: IndexModel, survey, weights, by: str | None) -> Estimates:
    """The index in total, and with `by` in each of its groups and the groups' shares."""
    elsewhere = None if weights is survey else weights
    build = Assembly(survey, unit_labels(survey) if model.linked(elsewhere, survey) else None)
    groups = groupings(survey, [by] if by else [])
    if by:
        shares_into(build, groups[:1], [by])
    model.into(build, groups, weights_survey=elsewhere)
    made = build.build(source=survey.source, agency=survey.agency, year=survey.year)
    rows = made.frame
    index = (rows["measure"] == model.file.index) & (rows["statistic"] == "index")
    wanted = index | (rows["statistic"].eq("share") if by else False)
    return made.take(
        [*np.flatnonzero(index & rows["by1"].isna()), *np.flatnonzero(wanted & ~(index & rows["by1"].isna()))]
    )


def _mix(frame: pd.DataFrame, by: str, at: np.ndarray, estimates: np.ndarray) -> tuple[np.ndarray, float]:
    """Σ_g (p₁ − p₀)·½(L₁g + L₀g) and its derivative by every estimate; of a group that one wave lacks its other value."""
    place: dict[tuple[int, str, str], int] = {}
    for t, start, stop in ((0, at[6], at[7]), (1, at[7], at[8])):
        for k in range(start, stop):
            row = frame.iloc[k]
            if row["statistic"] == "share":
                place[t, "p", str(row["measure"]).partition(":")[2]] = k
            elif not pd.isna(row["by1"]):
                place[t, "L", str(row["group1"])] = k
    names = sorted({name for _, _, name in place})
    out, value = np.zeros(len(frame)), 0.0
    get = lambda k: 0.0 if k is None or not np.isfinite(estimates[k]) else estimates[k]
    for name in names:
        p = [place.get((t, "p", name)) for t in (0, 1)]
        here = [place.get((t, "L", name)) for t in (0, 1)]
        here = [k if k is not None and np.isfinite(estimates[k]) else None for k in here]
        known = [k for k in here if k is not None]
        if not known:
            continue
        level, moved = sum(estimates[k] for k in known) / len(known), get(p[1]) - get(p[0])
        value += moved * level
        for k in known:
            out[k] += moved / len(known)
        for sign, k in ((1, p[1]), (-1, p[0])):
            if k is not None:
                out[k] += sign * level
    return out, value
