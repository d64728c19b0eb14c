"""Evaluating an index model on a survey: values, and the influence of every respondent on them.

All groups of one variable are done at once. A node's result is ``value`` (groups), the influence of each
respondent on the node of his *own* group (``own``), and, because the weights are estimated on the whole
agency, the derivative of each group's node by every estimated weight (``by_weight``)::

    node(g) = Σ_k w_k·c_k(g) / Σ_k w_k              over the parts available in g
    d node(g) = Σ_k w_k·d c_k(g)/Σw  +  Σ_k (c_k(g) − node(g))/Σw · d w_k

so that the standard error of an index contains that of its weights without a special case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csi_lib.errors import InputError
from csi_lib.models.spec import ModelFile, Node, Response
from csi_lib.survey.assembly import Grouping, domain_means


@dataclass(frozen=True, eq=False)
class Answers:
    """What the engine needs of a survey: worth of answers on 0–100, and weights."""

    names: dict[str, int]
    worth: np.ndarray  # respondents × items, NaN where not answered
    weights: np.ndarray  # respondents
    columns: dict[str, np.ndarray]  # raw columns named by importance picks
    bonus: dict[str, np.ndarray]  # node → bonus points of each respondent, NaN without any answer

    def __getitem__(self, item: str) -> np.ndarray:
        return self.worth[:, self.names[item]]

    def of(self, node: Node) -> np.ndarray:
        """Respondents × items of a leaf node; a gap is answered where both of its items are."""
        values = self.worth[:, [self.names[i] for i in node.items]]
        return values - self.worth[:, [self.names[i] for i in node.minus]] if node.minus else values


@dataclass(frozen=True, eq=False)
class Part:
    """A node or item in all groups: value (G), influence on the own group (n), derivative by weights (G × E)."""

    value: np.ndarray
    own: np.ndarray
    by_weight: np.ndarray
    base: np.ndarray  # respondents (bool) with an answer that counts


def worth(codes: np.ndarray, low: float, high: float, response: Response, *, item: str = "") -> np.ndarray:
    """Answers as 0–100 by the model's response rule; `codes` are already turned the positive way."""
    if response.kind == "linear":
        return 100.0 * (codes - low) / (high - low)
    if response.kind == "top_box":
        if response.top > high - low:
            raise InputError(
                f"the {response.top} highest of {high - low + 1:g} answers to {item or 'the item'} are all of them",
                expected="top below the number of answers",
                action="Use a smaller `top`, or an item on a longer scale",
            )
        return np.where(np.isnan(codes), np.nan, 100.0 * (codes > high - response.top))
    levels = np.asarray(response.levels, dtype=float)
    count = round(high - low) + 1
    if count != len(levels):
        raise InputError(
            f"the model gives {len(levels)} levels but {item or 'the item'} has {count} categories",
            action="Use a model whose levels fit the scale, or response: {kind: linear}",
        )
    index = np.where(np.isnan(codes), 0, codes - low).astype(int)
    return np.where(np.isnan(codes), np.nan, levels[index])


def evaluate_nodes(model: ModelFile, answers: Answers, weights, codes: np.ndarray, groups: int) -> dict[str, Part]:
    """Every node and side construct in every group; `codes` gives each respondent's group, −1 for none."""
    edge = {pair: e for e, pair in enumerate(weights.edges)}
    grouping = Grouping((), codes, ((),) * groups)
    parts: dict[str, Part] = {}
    for node in [*model.order, *model.side]:
        side = node in model.side
        used = [k for k, p in enumerate(node.parts) if side or (node.id, p) in edge]
        names = [node.parts[k] for k in used]
        if node.children:
            children = [parts[name] for name in names]
        else:
            children = _means(answers.of(node)[:, used], answers.weights, grouping, len(weights.edges))
        if side:
            part = _compose(children, np.full(len(names), 1.0), [None] * len(names), codes)
        else:
            e = [edge[node.id, p] for p in names]
            part = _compose(children, weights.value[e], e, codes)
        if node.bonus:
            extra = _means(answers.bonus[node.id][:, None], answers.weights, grouping, len(weights.edges))[0]
            part = Part(part.value + np.nan_to_num(extra.value), part.own + extra.own, part.by_weight, part.base)
        parts[node.id] = part
    return parts


def _means(values, w, grouping: Grouping, edges: int) -> list[Part]:
    """Every column's mean in every group."""
    base = np.isfinite(values) & (w > 0)[:, None] & (grouping.codes >= 0)[:, None]
    mean, own = domain_means(np.where(base, values, 0.0), w, grouping, base)
    none = np.zeros((len(grouping), edges))
    return [Part(mean[:, k], own[:, k], none, base[:, k]) for k in range(values.shape[1])]


def _compose(children: list[Part], weights, e, codes) -> Part:
    values = np.column_stack([c.value for c in children])
    there = np.isfinite(values)
    w = np.where(there, weights, 0.0)
    total = w.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = w / total[:, None]
        value = np.where(total > 0, np.nansum(np.where(there, values, 0.0) * share, axis=1), np.nan)
    share = np.nan_to_num(share)
    seat = np.maximum(codes, 0)
    own = sum(share[seat, k] * c.own for k, c in enumerate(children))
    own = np.where(codes >= 0, own, 0.0)
    by_weight = sum(share[:, k, None] * np.nan_to_num(c.by_weight) for k, c in enumerate(children))
    for k, position in enumerate(e):
        if position is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                by_weight[:, position] += np.where(there[:, k], np.nan_to_num((values[:, k] - value) / total), 0.0)
    base = np.logical_or.reduce([c.base for c in children])
    return Part(value, own, by_weight, base)


def combine_sectors(part: Part, codes, sectors, groups: int, importance: np.ndarray) -> Part:
    """Σ_k f_k·node(g, k)/Σ_k f_k over the sectors k present in g.

    `part` was evaluated on group × sector (code g·S + k); `codes` and `sectors` are each respondent's.
    """
    count = len(importance)
    value = part.value.reshape(groups, count)
    f = np.where(np.isfinite(value), importance, 0.0)
    total = f.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(f / total[:, None])
    out = np.where(total > 0, np.nansum(np.where(np.isfinite(value), value, 0) * share, axis=1), np.nan)
    seat = (codes >= 0) & (sectors >= 0)
    own = np.where(seat, part.own * share[np.maximum(codes, 0), np.maximum(sectors, 0)], 0.0)
    by_weight = (np.nan_to_num(part.by_weight.reshape(groups, count, -1)) * share[:, :, None]).sum(axis=1)
    return Part(out, own, by_weight, part.base & seat)
