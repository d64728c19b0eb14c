"""The weights of a model's parts, by each node's rule, with the influence of every respondent on them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.pls import pls_path_model
from csi_lib.models.engine import Answers
from csi_lib.models.spec import ModelFile, Node


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
        return any(rule in ("correlation", "importance_picks", "pls") for rule in self.rules)

    def of(self, parent: str) -> list[int]:
        return [e for e, (p, _) in enumerate(self.edges) if p == parent]

    def normalised(self) -> tuple[np.ndarray, np.ndarray]:
        """w_k/Σw within each parent, and the influence on that."""
        value, z = np.empty_like(self.value), np.empty_like(self.z) if self.estimated else self.z
        for parent in dict.fromkeys(p for p, _ in self.edges):
            e = self.of(parent)
            total = self.value[e].sum()
            value[e] = self.value[e] / total
            if self.estimated:
                z[:, e] = (self.z[:, e] - value[e] * self.z[:, e].sum(axis=1, keepdims=True)) / total
        return value, z


def estimate_weights(model: ModelFile, answers: Answers, *, influence: bool = True) -> EstimatedWeights:
    """The weight of every part of every node, by the node's rule, on all respondents of `answers`.

    influence : False leaves out each respondent's influence on a path model's weights, which costs more than the weights.
    """
    edges, values, z, rules, notes = [], [], [], [], []
    n = len(answers.weights)
    outer = _path_weights(model, answers, influence) if model.paths else {}
    scores: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # node → respondent score, d score / d weights
    none = lambda k: np.broadcast_to(0.0, (n, k))  # fixed weights take no memory
    scored = any(n.children and n.weights.rule == "correlation" for n in model.nodes)  # nobody else needs them
    for node in model.order:
        parts = _answered(node, answers)
        if not parts:
            raise InputError(
                f"no item of {node.id} was answered by anybody",
                where=f"model {model.name}",
                found=", ".join(node.parts),
                action="Check the codebook's missing codes, or leave the node out of the model",
            )
        if node.combine == "mean" or node.weights.rule == "equal":
            got, gz, rule = np.full(len(parts), 1.0 / len(parts)), none(len(parts)), "equal"
        elif node.weights.rule in ("fixed", "external"):
            got = np.array([node.weights.values[p] for p in parts])
            gz, rule = none(len(parts)), node.weights.rule
        elif node.weights.rule == "importance_picks":
            got, gz, rule = _picked(node, parts, answers)
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
        if scored:
            scores[node.id] = _score(node, parts, got, answers, scores, edges)
    joined = np.hstack(z) if any(part.strides != (0, 0) for part in z) else none(len(edges))
    return EstimatedWeights(edges, np.concatenate(values), joined, rules, tuple(notes))


def _answered(node: Node, answers: Answers) -> list[str]:
    """The node's parts; of items, those that somebody answered."""
    if node.children:
        return list(node.parts)
    there = np.isfinite(answers.of(node)).any(axis=0)
    return [p for p, live in zip(node.parts, there, strict=True) if live]


def _items(node: Node, parts, answers: Answers) -> np.ndarray:
    """Respondents × parts of a leaf node."""
    return answers.of(node)[:, [node.items.index(p) for p in parts]]


def _path_weights(model: ModelFile, answers: Answers, with_influence: bool) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Unstandardised outer weights of every block of the path model, normalised to 1, with their influence.

    The index of a block is then Σ w·mean over its items (ECSI, ACSI), in any group, with the agency's weights.
    """
    nodes = {n.id: n for n in model.nodes if n.weights.rule == "pls"}
    blocks = {name: _answered(n, answers) for name, n in nodes.items()}
    items = list(dict.fromkeys(i for b in blocks.values() for i in b))
    frame = pd.DataFrame({i: answers[i] for i in items})
    fitted = pls_path_model(frame, blocks, model.paths, weights=answers.weights, scale=(0, 100), scheme=model.scheme)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)  # of negative weights, which are judged below
        fitted.index_weights  # noqa: B018
    weights = fitted.index_weights.set_index(["block", "item"])["estimate"]
    influence = fitted.influence("index_weights") if with_influence else None
    if influence is not None:
        share = answers.weights[influence.index] / answers.weights[influence.index].sum()
    out = {}
    for block, names in blocks.items():
        z = np.zeros((len(answers.weights), len(names)))
        if influence is not None:
            columns = [influence.columns.get_loc((block, i)) for i in names]
            z[influence.index] = influence.to_numpy()[:, columns] * share[:, None]
        value = weights.loc[[(block, i) for i in names]].to_numpy(float)
        for k in np.flatnonzero(value < 0):
            what = f"the outer weight of {names[k]} in {block} is {value[k]:.3f}"
            _refuse_negative(model, nodes[block], what)
            value[k], z[:, k] = 0.0, 0.0
        out[block] = (value, z)
    return out


def _refuse_negative(model: ModelFile, node: Node, found: str) -> None:
    if not node.weights.floor_negative:
        raise InputError(
            f"a weight of {node.id} is negative",
            where=f"model {model.name}",
            found=found,
            expected="positive weights: better service, higher satisfaction",
            action="Check whether the item is reverse-coded in the codebook, or set weights.floor_negative: true",
        )


def _picked(node: Node, parts, answers: Answers):
    """(share of picks + 1/n)/2: half of the weight is what people chose, half is equal (Σ renormalised later)."""
    w = answers.weights
    picks = np.column_stack([answers.columns[c] for c in node.weights.picks])
    asked = np.array([[v is not None and str(v) not in ("nan", "<NA>", "") for v in row] for row in picks])
    base = asked.any(axis=1)
    if not base.any():
        if node.weights.on_undefined == "equal":
            return np.full(len(parts), 1.0 / len(parts)), np.zeros((len(w), len(parts))), "equal"
        raise InputError(
            f"nobody picked an important part of {node.id}",
            found=f"columns {', '.join(node.weights.picks)} are empty",
            action="Check the columns and their missing codes, or set weights.on_undefined: equal for this node",
        )
    text = picks.astype(str)
    for code, part in (node.weights.codes or {}).items():
        text = np.where(text == code, part, text)
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
            action="If the columns hold codes, say which part each stands for: weights.codes: {1: …, 2: …}",
        )
    return value, z, "importance_picks"


def _correlated(model, node: Node, parts, answers: Answers, scores, z_before):
    """r(part, target); the target is what was asked directly, else the mean of the other parts."""
    n, w = len(answers.weights), answers.weights
    target = node.weights.target or node.asked
    series, slopes = [], []
    own = _items(node, parts, answers) if node.items else None
    for k, part in enumerate(parts):
        if node.items:
            series.append(own[:, k])
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
            _refuse_negative(model, node, f"r({part}, {target or 'the other parts'}) = {r:.3f}, n = {n_pairs}")
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
    matrix = _items(node, parts, answers) if node.items else np.column_stack([scores[p][0] for p in parts])
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
