"""What a path model reports, computed for B data sets at once from their outer estimation.

`statistics` returns named arrays (B × m); `keys` names the m columns of each. The point estimate, every
bootstrap replicate and every perturbed data set of the influence function go through the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csi_lib.measure.pls_algorithm import Layout, Outer, outer_estimation, regress, spd_inverse
from csi_lib.measure.rows import correlations

RELIABILITY = ("alpha", "rho_a", "rho_c", "ave")


@dataclass(frozen=True)
class IndexScale:
    """Ends of the answer scale for every position, and how weights become index weights (see
    `index_weights`)."""

    low: np.ndarray
    high: np.ndarray
    form: str


@np.errstate(invalid="ignore", divide="ignore")
def statistics(
    mean: np.ndarray,
    covariance: np.ndarray,
    layout: Layout,
    scale: IndexScale | None,
    *,
    tolerance: float,
    max_iterations: int,
) -> tuple[dict[str, np.ndarray], Outer]:
    """All statistics of B data sets from means (B × c) and covariances (B × c × c) of the data columns.

    A data set that cannot be estimated comes back as NaN, silently: the callers say so in words.
    """
    outer = outer_estimation(covariance, layout, tolerance=tolerance, max_iterations=max_iterations)
    own = np.arange(layout.k), layout.block_of
    loadings = outer.cross[:, own[0], own[1]]
    rho_a = rho_dijkstra(outer, layout)
    R = outer.correlation
    if layout.consistent.any():
        R, loadings = disattenuate(outer, layout, rho_a, loadings)
    paths, r_squared = structural(R, layout)
    direct = np.zeros_like(R)
    direct[:, layout.arrows[:, 0], layout.arrows[:, 1]] = paths
    pairs, reach = _pairs(layout), reachable(layout)
    total = total_effects(direct)
    items = outer.covariance if layout.scaled else correlations(outer.covariance)
    values = {
        "paths": paths,
        "loadings": loadings,
        "weights": outer.weights,
        "r_squared": r_squared,
        "correlations": R[:, pairs[0], pairs[1]],
        "indirect": (total - direct)[:, reach[0], reach[1]],
        "total": total[:, reach[0], reach[1]],
        "reliability": reliability(items, loadings, rho_a, layout),
        "htmt": heterotrait_monotrait(items, layout)[:, pairs[0], pairs[1]],
    }
    if scale is not None:
        w = index_weights(outer, layout, scale.form)
        values["index"] = index(mean[:, layout.column], w, layout, scale)
        values["index_weights"] = w
    return values, outer


def keys(layout: Layout) -> dict[str, list[tuple]]:
    """Names of the columns of each array of `statistics`, as the key columns of its frame."""
    items = [(layout.blocks[j], item) for j, item in zip(layout.block_of, layout.items, strict=True)]
    pairs = [(layout.blocks[i], layout.blocks[j]) for i, j in zip(*_pairs(layout), strict=True)]
    reach = [(layout.blocks[i], layout.blocks[j]) for i, j in zip(*reachable(layout), strict=True)]
    return {
        "paths": [(layout.blocks[s], layout.blocks[t]) for s, t in layout.arrows],
        "loadings": items,
        "weights": items,
        "r_squared": [(layout.blocks[t],) for t in layout.targets],
        "correlations": pairs,
        "indirect": reach,
        "total": reach,
        "reliability": [(b, name) for name in RELIABILITY for b in layout.blocks],
        "htmt": pairs,
        "index": [(b,) for b in layout.blocks],
        "index_weights": items,
    }


def _pairs(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(layout.J, 1)


def reachable(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of blocks (source, target) joined by at least one directed way."""
    return np.nonzero(total_effects(layout.adjacency[None])[0])


def structural(correlation: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Path coefficients (B × E) and R² (B × endogenous) from block correlations."""
    paths = np.empty((len(correlation), len(layout.arrows)))
    r_squared = np.empty((len(correlation), len(layout.targets)))
    for column, target in enumerate(layout.targets):
        at = np.flatnonzero(layout.arrows[:, 1] == target)
        sources = layout.arrows[at, 0]
        beta = regress(correlation, sources, target)
        paths[:, at] = beta
        r_squared[:, column] = (beta * correlation[:, sources, target]).sum(axis=1)
    return paths, r_squared


def total_effects(direct: np.ndarray) -> np.ndarray:
    """Sum of the powers of the path matrix (B × J × J); finite because there is no cycle."""
    total, power = direct.copy(), direct
    for _ in range(direct.shape[-1] - 1):
        power = power @ direct
        if not power.any():
            break
        total += power
    return total


def rho_dijkstra(outer: Outer, layout: Layout) -> np.ndarray:
    """Dijkstra–Henseler ρ_A per block (B × J): (w'w)² · w'(S − diag S)w / w'(ww' − diag ww')w.

    1 for a single item and for mode B, where no common factor is claimed.
    """
    rho = np.ones((len(outer.weights), layout.J))
    for j in range(layout.J):
        at = layout.positions(j)
        if len(at) == 1 or layout.modes[j] == "B":
            continue
        w = outer.weights[:, at]
        square = w**2
        length = square.sum(axis=1)
        own = (square * np.einsum("bii->bi", outer.covariance[:, at[:, None], at])).sum(axis=1)
        rho[:, j] = length**2 * (1 - own) / (length**2 - (square**2).sum(axis=1))
    return rho


def disattenuate(outer: Outer, layout: Layout, rho_a: np.ndarray, loadings: np.ndarray):
    """PLSc: block correlations divided by √(ρ_A ρ_A), loadings w·√ρ_A/(w'w), for the marked blocks."""
    rho = np.where(layout.consistent, rho_a, 1.0)
    root = np.sqrt(rho)
    R = outer.correlation / (root[:, :, None] * root[:, None, :])
    np.einsum("bii->bi", R)[...] = 1.0
    loadings = loadings.copy()
    for j in np.flatnonzero(layout.consistent):
        at = layout.positions(j)
        w = outer.weights[:, at]
        loadings[:, at] = w * (root[:, j] / (w**2).sum(axis=1))[:, None]
    return R, loadings


def reliability(items: np.ndarray, loadings: np.ndarray, rho_a: np.ndarray, layout: Layout) -> np.ndarray:
    """Standardised α, ρ_A, ρ_C and AVE (B × 4J, measure by measure); 1 for a single item."""
    table = np.ones((len(items), len(RELIABILITY), layout.J))
    table[:, 1] = rho_a
    for j in range(layout.J):
        at = layout.positions(j)
        m = len(at)
        if m == 1:
            continue
        total = items[:, at[:, None], at].sum(axis=(1, 2))
        table[:, 0, j] = m / (m - 1) * (1 - m / total)
        own = loadings[:, at]
        common = own.sum(axis=1) ** 2
        square = (own**2).sum(axis=1)
        table[:, 2, j] = common / (common + m - square)
        table[:, 3, j] = square / m
    return table.reshape(len(items), -1)


def heterotrait_monotrait(items: np.ndarray, layout: Layout) -> np.ndarray:
    """HTMT (B × J × J): mean |r| between two blocks over the geometric mean of the mean |r| within each.

    The mean within a single-item block counts as 1.
    """
    member = np.zeros((layout.k, layout.J))
    member[np.arange(layout.k), layout.block_of] = 1
    size = member.sum(axis=0)
    sums = member.T @ (np.abs(items) @ member)
    between = sums / np.outer(size, size)
    within = (np.einsum("bii->bi", sums) - size) / (size * np.maximum(size - 1, 1))
    within = np.where(size == 1, 1.0, within)
    return between / np.sqrt(within[:, :, None] * within[:, None, :])


def index_weights(outer: Outer, layout: Layout, form: str) -> np.ndarray:
    """Weights of the items as given, summing to 1 within a block (B × k).

    "ecsi": w/SD, the unstandardised weight of ACSI and ECSI. "plspm": the standardised w itself, as
    plspm::rescale does. Without scaling (`scaled=False`) w already belongs to the items as given.
    """
    w = outer.weights / outer.sd if form == "ecsi" and layout.scaled else outer.weights
    return w / np.add.reduceat(w, layout.start, axis=1)[:, layout.block_of]


def index(mean: np.ndarray, weights: np.ndarray, layout: Layout, scale: IndexScale) -> np.ndarray:
    """Mean index per block, 0–100 (B × J): sum of weight · (mean − low)/(high − low) · 100."""
    points = 100 * (mean - scale.low) / (scale.high - scale.low)
    return np.add.reduceat(weights * points, layout.start, axis=1)


def variance_inflation(correlation: np.ndarray) -> np.ndarray:
    """VIF of every variable given the others: diagonal of the inverse of one correlation matrix (p × p)."""
    return np.einsum("bii->bi", spd_inverse(correlation[None]))[0]
