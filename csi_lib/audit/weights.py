"""Totals that are weighted means of other columns: with weights that are printed, well known, or possible at all."""

from __future__ import annotations

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.relations import believed, relation
from csi_lib.audit.slips import slip
from csi_lib.audit.view import Case, View, contiguous_runs, shown

#: the grid on which published weights nearly always lie
STEP = 0.05


def check_weighted_totals(view: View) -> None:
    """Columns named as a total or mean that no plain sum or mean explains."""
    for target in view.columns("score", "share", "total"):
        if target in view.settled or not (view.roles[target] == "total" or words.is_total(view.name(target))):
            continue
        candidates = [c for c in view.columns("score", "share") if c != target and c not in view.settled]
        if _printed_weights(view, target, candidates):
            continue
        for parts in contiguous_runs(candidates, target):
            if _explained(view, target, parts):
                view.settled.add(target)
                break


def _printed_weights(view: View, target: int, candidates: list[int]) -> bool:
    """Weights printed in the headings or in a row of their own that add up to 100: the total is the mean with them."""
    weights = {c: w for c in candidates if view.table.weights and (w := view.table.weights[c]) is not None}
    if len(weights) < 2 or abs(sum(weights.values()) - 100) > 1e-6:
        return False
    parts = tuple(weights)

    def compute(row: int) -> Case | None:
        values = [view.value(row, c) for c in parts]
        if not np.isfinite(values).all():
            return None
        half = view.half_units([(row, target), *((row, c) for c in parts)])
        expected = sum(weights[c] * v for c, v in zip(parts, values, strict=True)) / 100
        return view.case(row, target, expected, half[row, target] + sum(weights[c] * half[row, c] for c in parts) / 100)

    found = relation(view, f"{view.name(target)} is the mean of {len(parts)} columns with the weights printed",
                     parts, target, compute)  # fmt: skip
    if not believed(found, named=True):
        return False
    view.settle(found)
    for case in found.broken:
        printed = view.value(case.row, target)
        text = slip(printed, case.expected, view.cell(case.row, target).decimals, case.tolerance)
        view.accuse("weighted mean", case, f"{found.says}; {text or 'a part or the total is wrong'}")
    return True


def _explained(view: View, target: int, parts: tuple[int, ...]) -> bool:
    """Whether fixed weights give the total in (nearly) every row; accuses the rows in which they do not."""
    rows = [
        r for r in view.rows if r not in view.bases and np.isfinite([view.value(r, c) for c in (*parts, target)]).all()
    ]
    if len(rows) < len(parts) + 3:
        return False
    x = np.array([[view.value(r, c) for c in parts] for r in rows])
    y = np.array([view.value(r, target) for r in rows])
    units = [view.half_units([(r, target), *((r, c) for c in parts)]) for r in rows]
    own = np.array([u[r, target] for u, r in zip(units, rows, strict=True)])
    halves = np.array([[u[r, c] for c in parts] for u, r in zip(units, rows, strict=True)])

    grid, off = _grid_weights(x, y, own, halves)
    if possible(x, y, own, halves):
        if grid is not None and not off.any():
            view.assume(f"{view.name(target)} is a mean of {len(parts)} columns with the weights {_weights(grid[0])}")
        elif len(rows) >= 2 * len(parts):
            view.assume(f"{view.name(target)} can be a weighted mean of {len(parts)} columns before it")
        else:
            return False
        return True
    keep = np.arange(len(rows))
    drops = [i for i in keep if possible(*(a[keep != i] for a in (x, y, own, halves)))]
    if len(drops) == 1 and len(rows) > len(parts) + 3:
        wrong, weights = drops, _least_off(*(a[keep != drops[0]] for a in (x, y)))
    elif grid is not None and (~off).sum() >= max(len(parts) + 2, 0.8 * len(rows)):
        wrong, weights = list(np.flatnonzero(off)), grid[0]
    else:
        return False
    if grid is not None and (~off).sum() >= len(rows) - len(wrong):
        weights = grid[0]
    view.assume(f"{view.name(target)} is a mean of {len(parts)} columns with the weights {_weights(weights)}")
    for i in wrong:
        expected = float(x[i] @ weights)
        case = Case(rows[i], target, expected, float(own[i] + halves[i] @ weights), False)
        text = slip(y[i], expected, view.cell(rows[i], target).decimals, case.tolerance)
        low, high = x[i].min(), x[i].max()
        outside = (
            f"no weighting of parts between {shown(low)} and {shown(high)} gives it"
            if not low <= y[i] <= high
            else None
        )
        view.accuse("weighted mean", case, f"the weights that give the other rows ({_weights(weights)}) do not give this one: "
                    + (text or outside or "a part or the total is wrong"))  # fmt: skip
    return True


def possible(x: np.ndarray, y: np.ndarray, own: np.ndarray, halves: np.ndarray) -> bool:
    """Whether any weights (none negative, sum 1) give every `y` from its row of `x` within the half-units."""
    from scipy.optimize import linprog

    above, below = x - halves, x + halves
    answer = linprog(np.zeros(x.shape[1]), A_ub=np.vstack([above, -below]), b_ub=np.concatenate([y + own, own - y]) + 1e-9,
                     A_eq=np.ones((1, x.shape[1])), b_eq=[1.0], bounds=(0, 1), method="highs")  # fmt: skip
    return answer.status == 0


def _grid_weights(x, y, own, halves):
    """The weights on the grid that most rows follow, and the rows that none of them explains."""
    k = x.shape[1]
    if k > 6:
        return None, np.ones(len(y), dtype=bool)
    grid = _compositions(round(1 / STEP), k) * STEP
    off = np.abs(grid @ x.T - y) > own + grid @ halves.T + 1e-9
    misses = off.sum(axis=1)
    best = misses == misses.min()
    chosen = grid[best]
    # of several that fit as well, the one that misses least is shown
    distance = np.abs(chosen @ x.T - y).sum(axis=1)
    return chosen[np.argsort(distance)], off[best].all(axis=0)


def _compositions(total: int, parts: int) -> np.ndarray:
    """All ways to write `total` as `parts` whole numbers ≥ 1 in order: every part of an index has some weight."""
    from itertools import combinations

    cuts = np.array(list(combinations(range(1, total), parts - 1)), dtype=int).reshape(-1, parts - 1)
    edges = np.hstack([np.zeros((len(cuts), 1), dtype=int), cuts, np.full((len(cuts), 1), total)])
    return np.diff(edges, axis=1)


def _least_off(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The weights (none negative, sum 1) nearest to the rows: for showing a value where no rounder ones fit."""
    from scipy.optimize import nnls

    big = 1e3 * np.abs(x).max()
    weights, _ = nnls(np.vstack([x, np.full(x.shape[1], big)]), np.append(y, big))
    return weights / weights.sum()


def _weights(weights: np.ndarray) -> str:
    return " / ".join(f"{w:.2f}" for w in weights)
