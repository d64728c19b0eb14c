"""PLS path modelling on moments, for many data sets at once.

The algorithm needs nothing but the items' covariances. A fit is a batch of one; a bootstrap, a permutation
test and an influence function are batches of many, so that all of them run through the same lines.

Letters: B data sets, k positions (items in block order; an item may serve two blocks), J blocks, E arrows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csi_lib.measure.rows import correlations

SCHEMES = ("centroid", "factorial", "path")
MODES = ("A", "B", "unit")


@dataclass(frozen=True)
class Layout:
    """The model in integers: which position belongs to which block, and which block points at which.

    `column[p]` is the data column behind position p, `block_of[p]` its block; `arrows` is E × 2 (source,
    target). `consistent` marks the blocks whose correlations are corrected for unreliability (PLSc).
    """

    blocks: tuple[str, ...]
    items: tuple[str, ...]
    column: np.ndarray
    block_of: np.ndarray
    arrows: np.ndarray
    modes: tuple[str, ...]
    scheme: str
    scaled: bool
    consistent: np.ndarray

    @property
    def k(self) -> int:
        return len(self.items)

    @property
    def J(self) -> int:
        return len(self.blocks)

    @property
    def start(self) -> np.ndarray:
        """First position of each block."""
        return np.searchsorted(self.block_of, np.arange(self.J))

    def positions(self, block: int) -> np.ndarray:
        return np.flatnonzero(self.block_of == block)

    def sources(self, target: int) -> np.ndarray:
        return self.arrows[self.arrows[:, 1] == target, 0]

    @property
    def targets(self) -> list[int]:
        """Endogenous blocks, in block order."""
        return sorted(set(self.arrows[:, 1].tolist()))

    @property
    def adjacency(self) -> np.ndarray:
        matrix = np.zeros((self.J, self.J))
        matrix[self.arrows[:, 0], self.arrows[:, 1]] = 1
        return matrix


@dataclass(frozen=True)
class Outer:
    """Outer estimation of B data sets: weights, loadings, block correlations and how the iteration ended.

    `covariance` is of the positions as analysed (correlations when scaled); a block's variance is 1.
    """

    covariance: np.ndarray  # B × k × k
    sd: np.ndarray  # B × k, of the items as given
    weights: np.ndarray  # B × k
    cross: np.ndarray  # B × k × J, correlation of item and block
    correlation: np.ndarray  # B × J × J
    iterations: np.ndarray  # B
    converged: np.ndarray  # B


def spd_inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverses of B small symmetric positive definite matrices (B × p × p); NaN where one is singular.

    Sweeps one pivot at a time over the whole batch: for p below about 10 far cheaper than B calls of LAPACK.
    """
    a = np.array(matrix, dtype=float)
    p = a.shape[-1]
    if p == 1:
        return np.where(a > 1e-12, 1.0, np.nan) / a
    floor = 1e-12 * np.einsum("...ii->...i", a)
    with np.errstate(invalid="ignore"):
        for j in range(p):
            pivot = a[:, j, j].copy()
            pivot[~(pivot > floor[:, j])] = np.nan
            row = a[:, j, :] / pivot[:, None]
            a -= a[:, :, j, None] * row[:, None, :]
            a[:, j, :] = row
            a[:, :, j] = row
            a[:, j, j] = -1 / pivot
    return -a


def regress(correlation: np.ndarray, sources: np.ndarray, target: int) -> np.ndarray:
    """Coefficients (B × p) of the regression of `target` on `sources`, from correlations (B × J × J)."""
    inverse = spd_inverse(correlation[:, sources[:, None], sources])
    return np.einsum("bij,bj->bi", inverse, correlation[:, sources, target])


def inner_weights(correlation: np.ndarray, layout: Layout) -> np.ndarray:
    """Weights (B × J × J) with which column block's neighbours make its inner estimate."""
    forward = layout.adjacency
    if layout.scheme == "centroid":
        return np.sign(correlation) * (forward + forward.T)
    if layout.scheme == "factorial":
        return correlation * (forward + forward.T)
    inner = correlation * forward.T  # what a block explains enters by its correlation …
    for target in layout.targets:  # … and what explains it by the regression coefficient
        sources = layout.sources(target)
        inner[:, sources, target] = regress(correlation, sources, target)
    return inner


def outer_estimation(moments: np.ndarray, layout: Layout, *, tolerance: float, max_iterations: int) -> Outer:
    """Iterate outer and inner estimation for B covariance matrices of the data columns (B × c × c).

    Wold's iteration in Lohmöller's form, from equal weights: blocks → correlations of blocks → inner estimate
    → covariance of each item with the inner estimate of its block (mode A), or its regression on the block's
    items (mode B); "unit" keeps equal weights. It ends when no weight moves by more than `tolerance`; each
    data set is judged alone, and those that ended leave the batch. Where a block correlates negatively with
    the (unweighted, unstandardised) sum of its items its sign is turned.
    """
    S = moments
    if not np.array_equal(layout.column, np.arange(moments.shape[-1])):
        S = moments[:, layout.column[:, None], layout.column]
    sd = np.sqrt(np.einsum("bii->bi", S))
    if layout.scaled:
        S = correlations(S)
    B, k, J = len(S), layout.k, layout.J
    here, block_of = np.arange(k), layout.block_of
    start = layout.start
    formative = {}
    for j, mode in enumerate(layout.modes):
        if mode == "B":
            at = layout.positions(j)
            formative[j] = (at, spd_inverse(S[:, at[:, None], at]))
    fixed = np.array([layout.modes[j] == "unit" for j in block_of])

    def project(S, w):
        """Normalised weights, covariances of items with blocks, correlations of blocks."""
        spread = np.zeros((len(w), k, J))
        spread[:, here, block_of] = w
        cross = S @ spread
        scale = 1 / np.sqrt(np.add.reduceat(w * cross[:, here, block_of], start, axis=1))
        w = w * scale[:, block_of]
        cross = cross * scale[:, None, :]
        return w, cross, np.add.reduceat(w[:, :, None] * cross, start, axis=1)

    weights, iterations = np.empty((B, k)), np.full(B, max_iterations)
    converged = np.zeros(B, dtype=bool)
    active, S_active = np.arange(B), S
    inverse = {j: m for j, (_, m) in formative.items()}
    w, cross, R = project(S, np.ones((B, k)))
    done = np.zeros(B, dtype=bool)
    for iteration in range(1, max_iterations + 1):
        new = (cross @ inner_weights(R, layout))[:, here, block_of]
        for j, (at, _) in formative.items():
            new[:, at] = np.einsum("bij,bj->bi", inverse[j], new[:, at])
        new[:, fixed] = 1.0
        new, cross, R = project(S_active, new)
        change = np.abs(np.abs(new) - np.abs(w)).max(axis=1)
        w = new
        ended = ~done & ~(change > tolerance)  # a NaN ends too: nothing will mend it
        iterations[active[ended]] = iteration
        converged[active[ended]] = np.isfinite(change[ended])
        done |= ended
        if done.all() or iteration == max_iterations:
            weights[active] = w
            break
        if 2 * done.sum() >= len(done):
            weights[active[done]] = w[done]
            stay = ~done
            active, S_active, done = active[stay], S_active[stay], done[stay]
            w, cross, R = w[stay], cross[stay], R[stay]
            inverse = {j: m[stay] for j, m in inverse.items()}

    weights, cross, R = project(S, weights)
    # covariance of the block with the plain sum of its items as given
    toward_sum = np.add.reduceat(cross[:, here, block_of] * (sd if layout.scaled else 1.0), start, axis=1)
    sign = np.where(toward_sum < 0, -1.0, 1.0)
    weights = weights * sign[:, block_of]
    cross = cross * sign[:, None, :] / (1.0 if layout.scaled else sd[:, :, None])
    R = R * sign[:, :, None] * sign[:, None, :]
    np.einsum("bii->bi", R)[...] = 1.0
    return Outer(S, sd, weights, cross, R, iterations, converged)
