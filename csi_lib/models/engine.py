"""Evaluating an index model on a survey: values, weights, and the influence of every respondent on both.

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
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.pls import pls_path_model
from csi_lib.models.spec import ModelFile, Node, Response
from csi_lib.survey.assembly import domain_mean


@dataclass(frozen=True, eq=False)
class Answers:
    """What the engine needs of a survey: worth of answers on 0–100, and weights."""

    names: dict[str, int]
    worth: np.ndarray  # respondents × items, NaN where not answered
    weights: np.ndarray  # respondents
    columns: dict[str, np.ndarray]  # raw columns named by importance picks

    def __getitem__(self, item: str) -> np.ndarray:
        return self.worth[:, self.names[item]]


@dataclass(frozen=True, eq=False)
class Part:
    """A node or item in all groups: value (G), influence on the own group (n), derivative by weights (G × E)."""

    value: np.ndarray
    own: np.ndarray
    by_weight: np.ndarray
    base: np.ndarray  # respondents (bool) with an answer that counts


@dataclass(frozen=True, eq=False)
class EstimatedWeights:
    """Weights of every edge of the tree (not normalised) with each respondent's influence on them."""

    edges: list[tuple[str, str]]  # (parent, part)
    value: np.ndarray  # E
    z: np.ndarray  # respondents × E; all zero for a fixed weight
    rules: list[str]
    notes: tuple[str, ...] = ()

    @property
    def estimated(self) -> bool:
        return bool(np.any(self.z))

    def of(self, parent: str) -> list[int]:
        return [e for e, (p, _) in enumerate(self.edges) if p == parent]

    def normalised(self) -> tuple[np.ndarray, np.ndarray]:
        """w_k/Σw within each parent, and the influence on that."""
        value, z = np.empty_like(self.value), np.empty_like(self.z)
        for parent in dict.fromkeys(p for p, _ in self.edges):
            e = self.of(parent)
            total = self.value[e].sum()
            value[e] = self.value[e] / total
            z[:, e] = (self.z[:, e] - value[e] * self.z[:, e].sum(axis=1, keepdims=True)) / total
        return value, z


def worth(codes: np.ndarray, low: float, high: float, response: Response, *, item: str = "") -> np.ndarray:
    """Answers as 0–100 by the model's response rule; `codes` are already turned the positive way."""
    if response.kind == "linear":
        return 100.0 * (codes - low) / (high - low)
    if response.kind == "top_box":
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


# ------------------------------------------------------------------------------------------- weights
def estimate_weights(model: ModelFile, answers: Answers) -> EstimatedWeights:
    """The weight of every part of every node, by the node's rule, on all respondents of `answers`."""
    edges, values, z, rules, notes = [], [], [], [], []
    n = len(answers.weights)
    outer = _path_weights(model, answers) if model.paths else {}
    scores: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # node → respondent score, d score / d weights
    for node in model.order:
        parts = [p for p in node.parts if not node.items or np.isfinite(answers[p]).any()]
        if not parts:
            raise InputError(
                f"no item of {node.id} was answered by anybody",
                where=f"model {model.name}",
                found=", ".join(node.parts),
                action="Check the codebook's missing codes, or leave the node out of the model",
            )
        if node.combine == "mean" or node.weights.rule == "equal":
            got, gz, rule = np.full(len(parts), 1.0 / len(parts)), np.zeros((n, len(parts))), "equal"
        elif node.weights.rule in ("fixed", "external"):
            got = np.array([node.weights.values[p] for p in parts])
            gz, rule = np.zeros((n, len(parts))), node.weights.rule
        elif node.weights.rule == "importance_picks":
            got, gz, rule = *_picked(node, parts, answers), "importance_picks"
        elif node.weights.rule == "correlation":
            before = np.hstack(z) if z else np.zeros((n, 0))
            got, gz, note = _correlated(model, node, parts, answers, scores, before)
            rule = "correlation"
            notes += note
        else:
            got, gz, rule = *outer[node.id], "pls"
        if not got.sum() > 0:
            raise InputError(
                f"every weight of {node.id} is 0",
                where=f"model {model.name}",
                action="Check the items, or use another weighting rule",
            )
        edges += [(node.id, p) for p in parts]
        values.append(got)
        z.append(gz)
        rules += [rule] * len(parts)
        scores[node.id] = _score(node, parts, got, answers, scores, edges)
    return EstimatedWeights(edges, np.concatenate(values), np.hstack(z), rules, tuple(notes))


def _path_weights(model: ModelFile, answers: Answers) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Unstandardised outer weights of every block of the path model, normalised to 1, with their influence.

    The index of a block is then Σ w·mean over its items (ECSI, ACSI), in any group, with the agency's weights.
    """
    blocks = {n.id: list(n.items or ()) for n in model.nodes if n.weights.rule == "pls"}
    items = list(dict.fromkeys(i for b in blocks.values() for i in b))
    frame = pd.DataFrame({i: answers[i] for i in items})
    fitted = pls_path_model(frame, blocks, model.paths, weights=answers.weights, scale=(0, 100))
    weights = fitted.index_weights.set_index(["block", "item"])["estimate"]
    influence = fitted.influence("index_weights")
    share = answers.weights[influence.index] / answers.weights[influence.index].sum()
    out = {}
    for block, names in blocks.items():
        z = np.zeros((len(answers.weights), len(names)))
        columns = [influence.columns.get_loc((block, i)) for i in names]
        z[influence.index] = influence.to_numpy()[:, columns] * share[:, None]
        out[block] = (weights.loc[[(block, i) for i in names]].to_numpy(float), z)
    return out


def _picked(node: Node, parts, answers: Answers):
    """(share of picks + 1/n)/2: half of the weight is what people chose, half is equal (Σ renormalised later)."""
    w = answers.weights
    picks = np.column_stack([answers.columns[c] for c in node.weights.picks])
    asked = np.array([[str(v) not in ("nan", "None", "<NA>", "") for v in row] for row in picks])
    base = asked.any(axis=1)
    if not base.any():
        raise InputError(
            f"nobody picked an important part of {node.id}", found=f"columns {', '.join(node.weights.picks)} are empty"
        )
    text = picks.astype(str)
    value, z = np.empty(len(parts)), np.zeros((len(w), len(parts)))
    total = w[base].sum()
    for k, part in enumerate(parts):
        chosen = (text == part).any(axis=1) & base
        share = w[chosen].sum() / total
        value[k] = (share + 1 / len(parts)) / 2
        z[:, k] = np.where(base, w * (chosen - share) / total, 0.0) / 2
    if not value.sum() > 0.5 + 1e-12:
        raise InputError(
            f"the importance picks of {node.id} name none of its parts",
            expected=", ".join(parts),
            found=", ".join(sorted(set(text[base].ravel()))[:8]),
        )
    return value, z


def _correlated(model, node: Node, parts, answers: Answers, scores, z_before):
    """r(part, target); the target is what was asked directly, else the mean of the other parts."""
    n, w = len(answers.weights), answers.weights
    target = node.weights.target or node.asked
    series, slopes = [], []
    for part in parts:
        if node.items:
            series.append(answers[part])
            slopes.append(None)
            continue
        child = next(c for c in model.nodes if c.id == part)
        if child.asked and np.isfinite(answers[child.asked]).any():
            series.append(answers[child.asked])
            slopes.append(None)
        else:
            score, slope = scores[part]
            series.append(score)
            slopes.append(slope)
    value, z, notes = np.empty(len(parts)), np.zeros((n, len(parts))), []
    matrix = np.column_stack(series)
    if len(parts) == 1:
        return np.ones(1), z, notes
    for k, part in enumerate(parts):
        other = answers[target] if target else _rest(matrix, k)
        r, influence, n_pairs = _correlation(matrix[:, k], other, w)
        if np.isnan(r):
            if node.weights.on_undefined == "equal":
                notes.append(f"{node.id}: equal")
                return np.full(len(parts), 1.0 / len(parts)), np.zeros((n, len(parts))), notes
            raise InputError(
                f"no correlation exists between {part} and {target or 'the other parts'} of {node.id}",
                where=f"model {model.name}",
                found=f"{n_pairs} respondents answered both, and one of the two does not vary",
                action="Set weights.on_undefined: equal for this node, or use weights.at: pooled",
            )
        if slopes[k] is not None and z_before.shape[1]:
            # the score depends on weights that were estimated below it
            slope = _slope(r, matrix[:, k], other, slopes[k], w)
            influence = influence + z_before[:, : len(slope)] @ slope
        if r < 0:
            if not node.weights.floor_negative:
                raise InputError(
                    f"the correlation weight of {part} in {node.id} is negative",
                    where=f"model {model.name}",
                    found=f"r = {r:.3f} with {target or 'the other parts'}, n = {n_pairs}",
                    expected="a positive correlation: better service, higher satisfaction",
                    action="Check whether the item is reverse-coded in the codebook, or set weights.floor_negative: true",
                )
            r, influence = 0.0, np.zeros(n)
            notes.append(f"{node.id}.{part}: floor")
        value[k], z[:, k] = r, influence
    return value, z, notes


def _rest(matrix: np.ndarray, k: int) -> np.ndarray:
    """Respondents' mean of the other parts, where at least half of them are answered."""
    others = np.delete(matrix, k, axis=1)
    count = np.isfinite(others).sum(axis=1)
    total = np.nansum(others, axis=1)
    return np.where(count >= np.ceil(others.shape[1] / 2), total / np.maximum(count, 1), np.nan)


def _correlation(x, y, w):
    """Weighted Pearson r over complete pairs and its influence w/W·(u·v − r/2·(u² + v²)), u, v standardised."""
    both = np.isfinite(x) & np.isfinite(y)
    z, n = np.zeros(len(w)), int(both.sum())
    if n < 3:
        return np.nan, z, n
    wb = w[both] / w[both].sum()
    u, v = x[both] - wb @ x[both], y[both] - wb @ y[both]
    su, sv = np.sqrt(wb @ u**2), np.sqrt(wb @ v**2)
    if su < 1e-9 or sv < 1e-9:
        return np.nan, z, n
    u, v = u / su, v / sv
    r = float(wb @ (u * v))
    z[both] = wb * (u * v - r / 2 * (u**2 + v**2))
    return r, z, n


def _slope(r, x, y, dx, w):
    """d r(x, y)/dθ where x depends on θ through dx (n × E)."""
    both = np.isfinite(x) & np.isfinite(y)
    wb = w[both] / w[both].sum()
    u, v, d = x[both] - wb @ x[both], y[both] - wb @ y[both], dx[both]
    su, sv = np.sqrt(wb @ u**2), np.sqrt(wb @ v**2)
    return (wb * (v / (su * sv) - r * u / su**2)) @ d


def _score(node: Node, parts, weights, answers: Answers, scores, edges):
    """A respondent's own score on the node (at least half of the parts), and its derivative by the weights."""
    columns = [answers[p] if node.items else scores[p][0] for p in parts]
    matrix = np.column_stack(columns)
    valid = np.isfinite(matrix)
    enough = valid.sum(axis=1) >= np.ceil(len(parts) / 2)
    total = np.where(valid, weights, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(enough & (total > 0), np.where(valid, matrix * weights, 0.0).sum(axis=1) / total, np.nan)
        own = np.where(valid & enough[:, None], (matrix - score[:, None]) / total[:, None], 0.0)
    slope = np.zeros((len(score), len(edges)))
    slope[:, len(edges) - len(parts) :] = np.nan_to_num(own)
    if not node.items:
        for k, p in enumerate(parts):
            below = scores[p][1]
            share = np.where(valid[:, k] & enough, weights[k] / np.where(total > 0, total, 1), 0.0)
            slope[:, : below.shape[1]] += share[:, None] * below
    return score, slope


# ------------------------------------------------------------------------------------------- nodes
def evaluate_nodes(
    model: ModelFile, answers: Answers, weights: EstimatedWeights, codes: np.ndarray, groups: int
) -> dict[str, Part]:
    """Every node and side construct in every group; `codes` gives each respondent's group, −1 for none."""
    edge = {pair: e for e, pair in enumerate(weights.edges)}
    parts: dict[str, Part] = {}
    for node in [*model.order, *model.side]:
        side = node in model.side
        names = node.parts if side else [p for p in node.parts if (node.id, p) in edge]
        children = []
        for k, name in enumerate(names):
            if node.children:
                children.append(parts[name])
                continue
            values = answers[name]
            if node.minus:
                values = values - answers[node.minus[k]]
            base = np.isfinite(values) & (codes >= 0) & (answers.weights > 0)
            mean, own = domain_mean(values, answers.weights, codes, groups, base)
            children.append(Part(mean, own, np.zeros((groups, len(weights.edges))), base))
        if side:
            parts[node.id] = _compose(children, np.full(len(names), 1.0), [None] * len(names), codes)
        else:
            e = [edge[node.id, p] for p in names]
            parts[node.id] = _compose(children, weights.value[e], e, codes)
    if model.mix:
        element, asked, lam = parts[model.index], parts[model.mix.overall], model.mix.element
        parts[f"{model.index}_elements"] = element
        parts[model.index] = _blend([element, asked], [lam, 1 - lam])
    return parts


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


def _blend(parts: list[Part], shares) -> Part:
    """Fixed combination of parts over the same groups; missing where one is missing."""
    pick = lambda name: sum(s * getattr(p, name) for s, p in zip(shares, parts, strict=True))
    return Part(pick("value"), pick("own"), pick("by_weight"), np.logical_or.reduce([p.base for p in parts]))


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
