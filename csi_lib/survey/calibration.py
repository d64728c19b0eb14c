"""Solvers that find calibration factors g, and what calibration takes out of a variance.

Weights w become g·w with Σ g w x = the population totals of x. `Raking` is iterative proportional fitting on
the cells of the margins (all rows of a cell share one factor, so a million rows cost what their cells cost).
`Calibrating` solves for λ in g = F(x'λ) by Newton's method: F linear (1 + u), raking (exp u) or logit
(between bounds). Source: Deville & Särndal (1992); Deville, Särndal & Sautory (1993). R: ``survey::rake``,
``calibrate``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from csi_lib.errors import InputError
from csi_lib.survey.margins import Margin
from csi_lib.survey.stages import pair_codes

#: largest change of u in one Newton step where g grows exponentially with it
_LONGEST = 4.0


@dataclass(frozen=True)
class Solution:
    factor: np.ndarray
    iterations: int


@dataclass(frozen=True)
class Raking:
    """Iterative proportional fitting.

    Residuals are taken from unweighted regression on the margins, as `survey::rake` does; `Calibrating`
    weights it by the starting weights, as `survey::calibrate` does. The two agree where starting weights are
    equal.
    """

    margins: list[Margin]
    tolerance: float
    max_iterations: int

    def solve(self, weights: np.ndarray) -> Solution:
        cell, codes = _cells(self.margins)
        size = len(codes[0])
        w = np.bincount(cell, weights, size)
        start = np.where(w > 0, w, 1.0)
        w = w.copy()
        for iteration in range(1, self.max_iterations + 1):
            gap, worst = 0.0, ""
            for margin, code in zip(self.margins, codes):
                sums = np.bincount(code, w, len(margin.labels))
                with np.errstate(divide="ignore", invalid="ignore"):
                    ratio = np.where(sums > 0, margin.target / sums, 1.0)
                far = np.abs(ratio - 1).argmax()
                if abs(ratio[far] - 1) > gap:
                    gap, worst = abs(ratio[far] - 1), f"{margin.name} = {margin.labels[far]}"
                w *= ratio[code]
            if gap <= self.tolerance or len(self.margins) == 1:
                return Solution((w / start)[cell], iteration - (len(self.margins) > 1))
        raise InputError(
            "raking does not converge: the margins contradict one another in this sample",
            where="margins",
            found=f"a gap of {gap:.2%} at {worst} after {self.max_iterations} rounds",
            action="Look for categories that occur in one combination only, and merge them.",
        )

    def metric(self, start: np.ndarray) -> np.ndarray:
        """Weights of the regression that residuals are taken from."""
        return start if len(self.margins) == 1 else np.ones_like(start)

    def matrix(self) -> sparse.csr_matrix:
        """Indicators of all categories of all margins, n × categories."""
        return indicators(self.margins)


@dataclass(frozen=True)
class Calibrating:
    """Newton's method for g = F(x'λ), `bounds` on g; `labels` name the columns of x in messages."""

    x: sparse.csr_matrix
    totals: np.ndarray
    labels: list[str]
    method: str
    bounds: tuple[float, float]
    tolerance: float
    max_iterations: int

    def solve(self, weights: np.ndarray) -> Solution:
        """Newton steps on the dual, Σ w G(x'λ) − totals'λ with G' = F, damped until it falls.

        The dual is convex, so that a solution within the bounds is found wherever there is one.
        """
        x, totals = self.x, self.totals
        scale = np.maximum(np.abs(totals), 1e-300)
        lam, damping = np.zeros(x.shape[1]), 1e-13
        full = x.multiply(x).T @ weights
        g, slope, value = self._factor(np.zeros(x.shape[0]))
        dual = weights @ value
        gap = (totals - x.T @ (weights * g)) / scale
        for iteration in range(self.max_iterations + 1):
            if np.abs(gap).max() <= self.tolerance:
                return Solution(g, iteration)
            hessian = ((x.multiply((weights * slope)[:, None])).T @ x).toarray()
            root = 1 / np.sqrt(np.maximum(np.diag(hessian), 1e-12 * full))
            unit, eye = hessian * np.outer(root, root), np.eye(len(lam))
            before = np.abs(gap).max()
            while damping < 1e8:
                step = root * np.linalg.solve(unit + damping * eye, root * gap * scale)
                if self.method != "linear":  # from weights far below the population's scale a full step overflows
                    step *= min(1.0, _LONGEST / max(np.abs(x @ step).max(), 1e-300))
                new = x @ (lam + step)
                trial = self._factor(new)
                fallen = weights @ trial[2] - totals @ (lam + step)
                gap_there = (totals - x.T @ (weights * trial[0])) / scale
                # near the solution the dual is flat to rounding, and the gap decides
                if np.isfinite(fallen) and (fallen < dual or np.abs(gap_there).max() < before):
                    break
                damping *= 100
            else:
                break
            (g, slope, value), gap = trial, gap_there
            lam, dual, damping = lam + step, fallen, max(damping / 1000, 1e-13)
        far = int(np.argmax(np.abs(gap)))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = totals / (x.T @ weights)
        apart = (ratio > self.bounds[1]).all() or (ratio < self.bounds[0]).all()
        raise InputError(
            "no weights within the bounds meet the totals"
            if np.isfinite(self.bounds).any()
            else "no positive weights meet the totals",
            where=self.labels[far],
            found=f"a gap of {np.abs(gap[far]):.2%}, factors from {self.bounds[0]:g} to {self.bounds[1]:g}",
            action="The bounds are limits of final over starting weight, and the totals are about "
            f"{np.median(ratio):.4g} times those of the starting weights: scale the weights to the population first."
            if apart
            else "Widen the bounds, merge small categories, drop a total, or look whether a total lies beyond what the "
            "answers allow.",
        )

    def _factor(self, u) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """g = F(u), its derivative and its integral."""
        low, high = self.bounds
        with np.errstate(over="ignore", invalid="ignore"):
            if self.method == "logit":
                a = (high - low) / ((high - 1) * (1 - low))
                e = np.exp(np.clip(a * u, -700, 700))
                base = high - 1 + (1 - low) * e
                g = (low * (high - 1) + high * (1 - low) * e) / base
                slope = a * (1 - low) * (high - 1) * e * (high - low) / base**2
                return g, slope, low * u + (high - low) / a * np.log(base / (high - low))
            if self.method == "linear":
                inner = np.clip(u, low - 1, high - 1)
                g, slope, value = 1 + inner, np.ones_like(u), inner + inner**2 / 2
            else:
                inner = np.clip(u, np.log(low) if low > 0 else -np.inf, np.log(high))
                g = slope = value = np.exp(inner)
            return g, np.where(inner == u, slope, 0.0), value + g * (u - inner)

    def metric(self, start: np.ndarray) -> np.ndarray:
        return start

    def matrix(self) -> sparse.csr_matrix:
        return self.x


@dataclass(frozen=True)
class Calibration:
    """What a design remembers of its calibration: solver, starting and final weights.

    `residual(z)` replaces linearised values by their residuals from the calibration variables, because what
    the margins explain no longer varies; `refit` calibrates other (replicate) weights in the same way.
    """

    solver: Raking | Calibrating
    start: np.ndarray
    weights: np.ndarray
    trim: tuple[float, float] | None = None

    def residual(self, z):
        """Linearised values (n × K, dense or sparse) less what the margins explain."""
        basis, explained = self.projection(z)
        dense = z.toarray() if sparse.issparse(z) else z
        return dense - basis @ explained

    def projection(self, z) -> tuple[sparse.csr_matrix, np.ndarray]:
        """What the margins explain of z as a product of low rank: basis (n × categories) @ explained (categories × K)."""
        x, metric = self.solver.matrix(), self.solver.metric(self.start)
        gram = (x.multiply(metric[:, None])).T @ x
        gram = gram.toarray() if sparse.issparse(gram) else gram
        root = 1 / np.sqrt(np.maximum(np.diag(gram), 1e-300))
        inverse = np.linalg.pinv(gram * np.outer(root, root), rcond=1e-12, hermitian=True) * np.outer(root, root)
        explained = (x.multiply((metric / self.weights)[:, None])).T @ z
        explained = explained.toarray() if sparse.issparse(explained) else explained
        return sparse.csr_matrix(x.multiply(self.weights[:, None])), inverse @ explained

    def refit(self, weights: np.ndarray) -> np.ndarray:
        result = weights * self.solver.solve(weights).factor
        if self.trim is not None:  # who is left out of a replicate stays out, whatever the lower limit
            live = result > 0
            result[live] = trimmed(result[live], *self.trim)
        return result


def trimmed(weights: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Weights within [lower, upper]; what is cut is given in equal parts to weights that were never cut.

    R: ``trimWeights(…, strict = TRUE)``.
    """
    if not 0 <= lower < upper:
        raise InputError("the lower limit must be below the upper", where="trim", found=f"{lower}, {upper}")
    w, done = np.asarray(weights, dtype=float).copy(), np.zeros(len(weights), dtype=bool)
    while (outside := (w < lower * (1 - 1e-12)) | (w > upper * (1 + 1e-12))).any():
        cut = np.clip(w, lower, upper)
        free = ~outside & ~done
        if not free.any():
            raise InputError(
                "the weights cannot be trimmed so far without changing their sum",
                where="trim",
                found=f"a mean weight of {w.mean():g} for limits {lower:g} and {upper:g}",
                action="Widen the limits.",
            )
        cut[free] += (w - cut).sum() / free.sum()
        done |= outside
        w = cut
    return w


def indicators(margins: list[Margin]) -> sparse.csr_matrix:
    """n × categories indicators of all margins."""
    n = len(margins[0].code)
    offsets = np.cumsum([0] + [len(m.labels) for m in margins])
    columns = np.column_stack([m.code + offset for m, offset in zip(margins, offsets)]).reshape(-1)
    start = np.arange(0, n * len(margins) + 1, len(margins))
    return sparse.csr_matrix((np.ones(len(columns)), columns, start), (n, int(offsets[-1])))


def _cells(margins: list[Margin]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Cell of each row, and for each margin the category of each cell."""
    cell, codes = margins[0].code, [np.arange(len(margins[0].labels))]
    for margin in margins[1:]:
        cell, before, last = pair_codes(cell, margin.code, len(margin.labels))
        codes = [code[before] for code in codes] + [last]
    return cell, codes
