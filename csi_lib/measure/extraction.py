"""Factor extraction from a correlation matrix: maximum likelihood, minimum residual, principal axis."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.bounded_descent import descend

#: smallest uniqueness, as in psych and factanal: a smaller one is a Heywood case
_FLOOR = 0.005


@dataclass(frozen=True)
class Extraction:
    """Unrotated loadings (items × factors, each column summing to a positive number)."""

    loadings: np.ndarray
    iterations: int
    converged: bool


def squared_multiple_correlations(correlation: np.ndarray, *, where: str = "items") -> np.ndarray:
    """R² of each item on all the others, 1 − 1/diag(R⁻¹)."""
    return 1 - 1 / np.diag(inverse(correlation, where=where))


def inverse(correlation: np.ndarray, *, where: str = "items", names=None) -> np.ndarray:
    """Inverse of a correlation matrix, refused in words when it does not exist."""
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < 1e-10:
        weight = np.abs(vectors[:, 0])
        involved = np.argsort(-weight)[: max(2, int((weight > 0.1).sum()))][:6]
        listed = _listed(sorted(involved), names)
        negative = values[0] < -1e-10
        raise InputError(
            "the correlation matrix is not positive definite"
            if negative
            else "the correlation matrix is singular: an item is determined by the others",
            where=where,
            found=f"smallest eigenvalue {values[0]:.2g}, mostly from {listed}",
            expected="more respondents than items, no copies and no totals among the items",
            action="Leave out one of these items" + (", or use missing='listwise'" if negative else ""),
        )
    return (vectors / values) @ vectors.T


def extract(
    correlation: np.ndarray, factors: int, method: str, *, names=None, tolerance: float | None = None
) -> Extraction:
    """Unrotated loadings by ``"ml"``, ``"minres"`` or ``"paf"``.

    `tolerance` ends the search: the relative decrease of the discrepancy (ml, minres; R's default
    2.2e-9 leaves the fifth decimal of a loading open, 0 goes to the minimum) or the change of the
    sum of communalities (paf; psych's default .001). None takes R's values.
    """
    inverse(correlation, names=names)
    if method == "paf":
        found = _principal_axis(correlation, factors, 1e-3 if tolerance is None else tolerance)
    else:
        found = _descend(correlation, factors, method, tolerance)
    if not found.converged:
        warnings.warn(
            f"The {method} extraction of {factors} factors did not converge in {found.iterations} steps; "
            "try fewer factors or another method.",
            MeasureWarning,
            stacklevel=3,
        )
    communality = (found.loadings**2).sum(axis=1)
    heywood = np.flatnonzero(communality > 1 - _FLOOR - 1e-9)
    if len(heywood):
        listed = _listed(heywood, names)
        warnings.warn(
            f"Heywood case: the factors leave no unique variance to {listed}; "
            "try fewer factors, or look whether the item copies another.",
            MeasureWarning,
            stacklevel=3,
        )
    sign = np.where(found.loadings.sum(axis=0) < 0, -1.0, 1.0)
    return Extraction(found.loadings * sign, found.iterations, found.converged)


def _listed(positions, names) -> str:
    return ", ".join(repr(names[i]) if names is not None else f"item {i + 1}" for i in positions)


def _leading(matrix: np.ndarray, factors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The largest `factors` eigenvalues (descending) with their vectors, then the others."""
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[::-1], vectors[:, ::-1]
    return values[:factors], vectors[:, :factors], values[factors:], vectors[:, factors:]


def _likelihood(uniqueness: np.ndarray, correlation: np.ndarray, factors: int):
    """Discrepancy, its gradient and the loadings at these uniquenesses."""
    scale = 1 / np.sqrt(uniqueness)
    top, vectors, rest, others = _leading(correlation * np.outer(scale, scale), factors)
    loadings = vectors * np.sqrt(np.maximum(top - 1, 0)) / scale[:, None]
    rest = np.maximum(rest, 1e-300)
    # the derivative of f = Σ (e − log e − 1) over the discarded eigenvalues e
    gradient = ((1 - rest) * others**2).sum(axis=1) / uniqueness
    return float((rest - np.log(rest) - 1).sum()), gradient, loadings


def _least_squares(uniqueness: np.ndarray, correlation: np.ndarray, factors: int):
    """Half the squared residuals off the diagonal, a gradient and the loadings.

    The gradient is that of all residuals: at the minimum those on the diagonal vanish, and this
    pair is psych's, which keeps the steps of the search the same.
    """
    top, vectors, *_ = _leading(correlation - np.diag(uniqueness), factors)
    loadings = vectors * np.sqrt(np.maximum(top, 0))
    residual = correlation - loadings @ loadings.T
    off = float((residual**2).sum() - (np.diag(residual) ** 2).sum()) / 2
    gradient = np.diag(loadings @ loadings.T) + uniqueness - np.diag(correlation)
    return off, gradient, loadings


def _descend(correlation: np.ndarray, factors: int, method: str, tolerance: float | None) -> Extraction:
    """Minimise over the uniquenesses; the loadings at each point are an eigenvalue problem.

    The unit of the search and where it ends are those of factanal and psych.
    """
    objective, unit = (_likelihood if method == "ml" else _least_squares), 0.01

    def scaled(u: np.ndarray):
        value, gradient, _ = objective(u * unit, correlation, factors)
        return value, gradient * unit

    start = (1 - squared_multiple_correlations(correlation)) / unit
    ending = {} if tolerance is None else {"tolerance": tolerance, "steps": 2000}
    fit = descend(scaled, start, _FLOOR / unit, 1 / unit, **ending)
    gradient = np.where(fit.x <= _FLOOR / unit, np.minimum(fit.gradient, 0), fit.gradient)
    gradient = np.where(fit.x >= 1 / unit, np.maximum(gradient, 0), gradient)  # nothing to gain outside
    converged = bool(np.abs(gradient).max() < 1e-4)
    return Extraction(objective(fit.x * unit, correlation, factors)[2], fit.steps, converged)


def _principal_axis(correlation: np.ndarray, factors: int, tolerance: float) -> Extraction:
    reduced = correlation.copy()
    np.fill_diagonal(reduced, squared_multiple_correlations(correlation))
    before, limit = np.trace(reduced), 50 if tolerance >= 1e-3 else 10_000
    for step in range(1, limit + 1):
        top, vectors, *_ = _leading(reduced, factors)
        if top[-1] < 0:
            raise InputError(
                f"the correlations do not hold {factors} common factors",
                where="factors",
                found=f"factor {int((top >= 0).sum()) + 1} has negative variance after {step} steps",
                action="Extract fewer factors",
            )
        loadings = vectors * np.sqrt(top)
        communality = (loadings**2).sum(axis=1)
        np.fill_diagonal(reduced, communality)
        after = communality.sum()
        if abs(after - before) <= tolerance:
            return Extraction(loadings, step, True)
        before = after
    return Extraction(loadings, limit, False)
