"""Importance–performance analysis: what to keep, what to mend first, and what one more point would be worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.measure.exact import reaches
from csi_lib.models.index import IndexModel
from csi_lib.models.study_models import study_models
from csi_lib.study.base import Code, Part, Several
from csi_lib.survey.estimates import Estimates

#: quadrants by (satisfied enough?, important?)
QUADRANTS = {
    (True, True): "keep",
    (False, True): "concentrate",
    (False, False): "low_priority",
    (True, False): "overkill",
}

#: in which order areas are worked on
_ORDER = {"concentrate": 0, "low_priority": 1, "keep": 2, "overkill": 3}


class Crosshair(Part):
    """Where the quadrants meet, in the units of the map; the means of the items shown where absent [D]."""

    satisfaction: float
    importance: float


class PortfolioFile(Part):
    """``portfolio.yml``: what a study's portfolio takes from elsewhere than the index model.

    ``stated`` says which item asks how important a dimension is (rated on a scale); ``picks`` are the columns that hold
    the dimensions picked as important, and ``codes`` which dimension each of their codes is (an item stands for its
    dimension). ``crosshair`` fixes the lines
    of the map; ``surely`` is the probability from which an item's quadrant is called sure [D].
    """

    stated: dict[str, str] = {}
    picks: Several[str] = ()
    codes: dict[Code, str] = {}
    crosshair: Crosshair | None = None
    surely: float = 0.9

    def faults(self, study):
        """What `csi check` says: stated importance of what is neither a dimension nor an item of the index."""
        source = "customers"
        if source not in study.codebooks:
            return
        try:
            models = study_models(study, source)
        except InputError:
            return  # named with the models
        if not models:
            return
        known = {name for pair in dimension_of(models[0]) for name in pair}
        book = study.codebook(source)
        wanted = [*((f"stated > {n}", n) for n in self.stated), *((f"codes > {c}", n) for c, n in self.codes.items())]
        for place, name in wanted:
            if name not in known:
                near = nearest(name, known)
                yield InputError("this is neither a dimension nor an item of the index", where=f"portfolio.yml: {place}",
                                 found=repr(name), expected=", ".join(sorted(known)[:12]),
                                 action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
        for place, column in (
            *((f"stated > {n}", c) for n, c in self.stated.items()),
            *(("picks", c) for c in self.picks),
        ):
            if column not in book.columns:
                near = nearest(column, book.columns)
                yield InputError("the codebook has no such column", where=f"portfolio.yml: {place}", found=repr(column),
                                 action=f"Did you mean {near!r}?" if near else None)  # fmt: skip


def dimension_of(model: IndexModel) -> list[tuple[str, str]]:
    """(node, item or column; the dimension of the index that it belongs to), a dimension being its own."""
    index = model.file.index
    elements = f"{index}_elements"
    top = model.node(index).children or ()
    tops = [c for n in top for c in ((model.node(n).children or ()) if n == elements else (n,))]
    out = []
    for dimension in tops:
        below = [dimension]
        while below:
            node = model.node(below.pop())
            below += node.children or ()
            out.append((node.id, dimension))
            for item in (*(node.items or ()), *([node.asked] if node.asked else ())):
                out += [(item, dimension), (model.binding.get(item, item), dimension)]
    return list(dict.fromkeys(out))


def effective_weights(estimates: Estimates, model: IndexModel) -> Estimates:
    """What the index gains from one more point in each item: the product of the weights on the way up the tree.

    ∂index/∂item = Π w over the edges from item to index. Statistic ``gain``, unit ``weight``; standard errors follow
    from those of the weights, which covary. The gains of all items sum to the weight of the item-based part of the
    index (1 for a plain tree).
    """
    rows = estimates.frame
    position = {
        m: i
        for i, (m, s, mod) in enumerate(zip(rows["measure"], rows["statistic"], rows["model"], strict=True))
        if s == "weight" and mod == model.name
    }
    parent = {child: node.id for node in model.file.nodes for child in node.parts}
    below, leaves = [model.file.index], []
    while below:
        node = model.node(below.pop(0))
        below += node.children or ()
        leaves += [(node.id, i) for i in node.items or ()]
    items = [i for node, i in leaves if f"{node}>{i}" in position]
    matrix, values = np.zeros((len(rows), len(items))), np.ones(len(items))
    for k, item in enumerate(items):
        path, at = [], item
        while at != model.file.index:
            path.append(position[f"{parent[at]}>{at}"])
            at = parent[at]
        weights = rows["estimate"].to_numpy(float)[path]
        values[k] = weights.prod()
        for edge, weight in zip(path, weights, strict=True):
            matrix[edge, k] = values[k] / weight if weight else 0.0
    frame = rows.iloc[[position[f"{parent[i]}>{i}"] for i in items]].reset_index(drop=True)
    frame = frame.assign(measure=[model.binding.get(i, i) for i in items], statistic="gain", value_text=None, df=np.nan)
    return estimates.combine(matrix, frame, estimate=values)


def quadrants(
    satisfaction: pd.DataFrame, importance: pd.DataFrame, *, crosshair: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Join satisfaction (x) and importance (y) by measure and name the quadrants.

    Parameters
    ----------
    satisfaction, importance : results rows, one per measure.
    crosshair : (x, y) that divides the quadrants; default the means of the shown points [D].

    Returns
    -------
    frame with ``measure``, ``x_`` and ``y_`` columns of both rows (estimate, se, ci, row_id …), ``quadrant`` and
    ``priority``: what is to be concentrated on comes first, then low priority, keep and overkill; within an area the point that lies
    furthest below in satisfaction and above in importance, in units of the points' standard deviations. ``.attrs["crosshair"]`` holds the lines.
    """
    both = satisfaction.merge(importance, on="measure", suffixes=("_x", "_y"))
    both = both[both["estimate_x"].notna() & both["estimate_y"].notna()].reset_index(drop=True)
    if len(both) < 2:
        raise InputError("a portfolio needs at least two items with satisfaction and importance", found=str(len(both)))
    x, y = both["estimate_x"].to_numpy(float), both["estimate_y"].to_numpy(float)
    cross = crosshair or (float(x.mean()), float(y.mean()))
    both["quadrant"] = [QUADRANTS[a, b] for a, b in zip(reaches(x, cross[0]), reaches(y, cross[1]), strict=True)]
    need = (y - cross[1]) / (y.std() or 1) - (x - cross[0]) / (x.std() or 1)
    place = np.array([_ORDER[q] for q in both["quadrant"]])
    both["priority"] = np.lexsort((-need, place)).argsort(kind="stable") + 1
    both.attrs["crosshair"] = cross
    return both


def quadrant_chances(
    satisfaction: Estimates,
    importance: Estimates,
    *,
    crosshair: tuple[float, float] | None = None,
    draws: int = 4000,
    level: float = 0.9,
    seed: int = 0,
) -> pd.DataFrame:
    """How sure each item's quadrant and place in the order of priorities are, under sampling error.

    Satisfaction and importance of all items are drawn together from the normal distribution with their estimates as means
    and their joint covariance (the same people give both, so they covary); each draw is divided and ranked as `portfolio`
    does it, with its own means as crosshair unless `crosshair` is given.

    Returns
    -------
    frame ``measure``, one column per quadrant with its probability, ``chance`` that of the quadrant of the estimates,
    ``priority`` and ``priority_low``/``priority_high``, between which it lies in `level` of the draws, and ``covariance``
    of the item's two estimates. Items with a missing estimate or no standard error are left out.
    """
    points = quadrants(satisfaction.frame, importance.frame, crosshair=crosshair)
    points = points[np.isfinite(points["se_x"].to_numpy(float)) & np.isfinite(points["se_y"].to_numpy(float))]
    names, k = list(points["measure"]), len(points)
    both = Estimates.concat([satisfaction, importance])
    seat = lambda frame, at: {m: at + i for i, m in enumerate(frame["measure"])}
    first, second = seat(satisfaction.frame, 0), seat(importance.frame, len(satisfaction))
    positions = [first[m] for m in names] + [second[m] for m in names]
    covariance = both.covariance(positions)
    mean = both.frame["estimate"].to_numpy(float)[positions]
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    draw = mean + np.random.default_rng(seed).standard_normal((draws, 2 * k)) @ root.T
    x, y = draw[:, :k], draw[:, k:]
    cross = (x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)) if crosshair is None else crosshair
    right, high = reaches(x, cross[0]), reaches(y, cross[1])
    spread = lambda v: np.where((s := v.std(axis=1, keepdims=True)) > 0, s, 1)
    need = (y - cross[1]) / spread(y) - (x - cross[0]) / spread(x)
    area = np.select([~right & high, ~right, high], [0, 1, 2], 3)
    place = np.lexsort((-need, area), axis=1).argsort(axis=1, kind="stable") + 1
    out = pd.DataFrame({"measure": names})
    for (satisfied, important), quadrant in QUADRANTS.items():
        out[quadrant] = ((right == satisfied) & (high == important)).mean(axis=0)
    out["quadrant"] = points["quadrant"].to_numpy()
    out["chance"] = [row[row["quadrant"]] for row in out.to_dict("records")]
    out["priority"] = points["priority"].to_numpy()
    tail = (1 - level) / 2
    out["priority_low"] = np.quantile(place, tail, axis=0, method="inverted_cdf")
    out["priority_high"] = np.quantile(place, 1 - tail, axis=0, method="inverted_cdf")
    out["covariance"] = covariance[np.arange(k), np.arange(k) + k]
    return out
