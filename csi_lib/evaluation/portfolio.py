"""Importance–performance analysis: what to keep, what to mend first, and what one more point would be worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.index import IndexModel
from csi_lib.survey.estimates import Estimates

#: quadrants by (satisfied enough?, important?)
QUADRANTS = {
    (True, True): "keep",
    (False, True): "concentrate",
    (False, False): "low_priority",
    (True, False): "overkill",
}


def effective_weights(estimates: Estimates, model: IndexModel) -> Estimates:
    """What the index gains from one more point in each item: the product of the weights on the way up the tree.

    ∂index/∂item = Π w over the edges from item to index. Statistic ``gain``, unit ``weight``; standard errors follow
    from those of the weights, which covary. The gains of all items sum to 1.
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


def portfolio(
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
    ``priority``: 1 for the point that lies furthest below in satisfaction and above in importance, in units of the
    points' standard deviations. ``.attrs["crosshair"]`` holds the lines.
    """
    both = satisfaction.merge(importance, on="measure", suffixes=("_x", "_y"))
    both = both[both["estimate_x"].notna() & both["estimate_y"].notna()].reset_index(drop=True)
    if len(both) < 2:
        raise InputError("a portfolio needs at least two items with satisfaction and importance", found=str(len(both)))
    x, y = both["estimate_x"].to_numpy(float), both["estimate_y"].to_numpy(float)
    cross = crosshair or (float(x.mean()), float(y.mean()))
    both["quadrant"] = [QUADRANTS[a, b] for a, b in zip(x >= cross[0], y >= cross[1], strict=True)]
    need = (y - cross[1]) / (y.std() or 1) - (x - cross[0]) / (x.std() or 1)
    both["priority"] = (-need).argsort(kind="stable").argsort(kind="stable") + 1
    both.attrs["crosshair"] = cross
    return both
