"""Chi-squares and indices corrected for what normal theory and complete data would have given.

Throughout, U Gamma is the product whose eigenvalues are the weights of the chi-square variables that the
uncorrected test statistic is a mixture of; its trace is the statistic's expectation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from csi_lib.measure.cfa_ml import Likelihood, Pattern, Sample
from csi_lib.measure.cfa_model import FactorModel, Implied, Parameter
from csi_lib.measure.fit_indices import Correction, robust_indices

Moments = Sequence[tuple[np.ndarray, np.ndarray]]


def free_moments(items, groups: int, means: bool, *, covariances: bool) -> FactorModel:
    """A model without factors: all covariances free (saturated), or none (the baseline)."""
    rows = []
    for g in range(groups):
        cells = [(i, "~~", i) for i in items]
        cells += [(a, "~~", b) for a, b in combinations(items, 2)] if covariances else []
        cells += [(i, "~1", "") for i in items] if means else []
        rows += [Parameter(g, *cell, free=len(rows) + k) for k, cell in enumerate(cells)]
    return FactorModel(items, (), rows, groups, means)


def at_moments(model: FactorModel, moments: Moments) -> np.ndarray:
    """The free parameters of such a model at given means and covariances."""
    place = {name: k for k, name in enumerate(model.items)}
    theta = np.empty(model.n_free)
    for p in model.parameters:
        mean, cov = moments[p.group]
        theta[p.free] = mean[place[p.left]] if p.operator == "~1" else cov[place[p.left], place[p.right]]
    return theta


def value_at(likelihood: Likelihood, moments: Moments) -> float:
    """The likelihood's value at given moments, without the detour over parameters."""
    free = Likelihood(likelihood.model, likelihood.samples)
    free._seen = b"", [Implied(np.eye(len(cov)), mean, cov) for mean, cov in moments]
    return free.value(np.array([]))


def score_products(likelihood: Likelihood, theta: np.ndarray) -> np.ndarray:
    """Mean outer product of the rows' scores."""
    total = 0.0
    for g, s in enumerate(likelihood.samples):
        scores = likelihood.scores(theta, g)
        if s.weights is not None:
            scores = scores * s.weights[:, None]
        total = total + scores.T @ scores
    return total / likelihood.n


def saturated_trace(samples: Sequence[Sample], moments: Moments, items, *, means: bool) -> float:
    """Trace of A^-1 B of the saturated model, which takes the groups one by one."""
    trace = 0.0
    for one, at in zip(samples, moments):
        full = Likelihood(free_moments(items, 1, means, covariances=True), [one])
        theta = at_moments(full.model, [at])
        trace += float(np.trace(np.linalg.solve(full.observed_information(theta), score_products(full, theta))))
    return trace


def yuan_bentler(saturated: float, inverse: np.ndarray, products: np.ndarray, df: int) -> Correction | None:
    """Scale by (saturated trace - fitted trace) / df (Yuan and Bentler 2000, the form of Mplus)."""
    if df == 0:
        return None
    trace = saturated - float(np.vdot(inverse, products))
    return Correction(scale=trace / df, trace=trace)


def scaled_shifted(
    jacobians: Sequence[np.ndarray],
    inverse: np.ndarray,
    weights: Sequence[np.ndarray],
    acov: Sequence[np.ndarray],
    shares: Sequence[float],
    df: int,
) -> Correction | None:
    """Give a weighted chi-square the mean and variance of df degrees of freedom (Asparouhov & Muthen 2010).

    With U = W - W J (J'WJ)^-1 J'W: scale sqrt(tr(U Gamma U Gamma) / df), shift df - tr(U Gamma) / scale.
    `weights` are the diagonals of W by group, times the group's share; Gamma is `acov` over that share.
    """
    if df == 0:
        return None
    trace = square = 0.0
    once = np.zeros_like(inverse)
    twice = np.zeros_like(inverse)
    for j, w, a, share in zip(jacobians, weights, acov, shares):
        product = w[:, None] * (a / share)
        weighted = w[:, None] * j
        spread = (a / share) @ weighted
        trace += np.trace(product)
        square += np.vdot(product, product.T)
        once += weighted.T @ spread
        twice += spread.T @ (w[:, None] * spread)
    fitted = inverse @ once
    trace = float(trace - np.trace(fitted))
    square = float(square - 2 * np.vdot(inverse, twice) + np.vdot(fitted, fitted.T))
    scale = float(np.sqrt(square / df))
    return Correction(scale=scale, trace=trace, shift=df - trace / scale)


def nested_difference(
    chisq: float, wide: np.ndarray, narrow: np.ndarray, inverse: np.ndarray, meat: np.ndarray, df: int
) -> float:
    """Scaled and shifted difference of two weighted chi-squares (Satorra 2000; Asparouhov & Muthen 2010).

    `wide` and `narrow` are the Jacobians (all groups) of the less and the more restricted model; `inverse`
    and `meat` belong to the less restricted one. The restrictions are the directions in the wide model's
    parameters that the narrow one cannot reach.
    """
    reached = np.linalg.lstsq(wide, narrow, rcond=None)[0]
    left, values, _ = np.linalg.svd(reached, full_matrices=True)
    rank = int((values > 1e-8 * values[0]).sum())
    A = left[:, rank:].T
    if not len(A):
        return np.nan
    projected = inverse @ A.T @ np.linalg.solve(A @ inverse @ A.T, A @ inverse) @ meat
    scale = np.sqrt(df / np.vdot(projected, projected.T))
    return float(chisq * scale + df - scale * np.trace(projected))


def moment_jacobian(model: FactorModel, full: FactorModel, theta: np.ndarray, group: int) -> np.ndarray:
    """Derivatives of one group's moments, in the order of its saturated model, by the free parameters."""
    place = {name: k for k, name in enumerate(model.names)}
    free, left, right, mean = model.factored_derivatives(model.implied(theta, group), group)
    a, b = (np.array([place[getattr(p, side) or p.left] for p in full.parameters]) for side in ("left", "right"))
    is_mean = np.array([p.operator == "~1" for p in full.parameters])
    each = np.where(is_mean, mean[:, a], left[:, a] * right[:, b] + left[:, b] * right[:, a])
    out = np.zeros((model.n_free, full.n_free))
    np.add.at(out, free, each)
    return out.T


@dataclass(frozen=True)
class SaturatedGroup:
    """One group's saturated moments: information as if complete (`complete`) and as it is (`seen`)."""

    share: float
    model: FactorModel
    complete: np.ndarray
    seen: np.ndarray
    products: np.ndarray

    @classmethod
    def of(cls, one: Sample, at: tuple[np.ndarray, np.ndarray], items, n: float, robust: bool) -> SaturatedGroup:
        full = Likelihood(free_moments(items, 1, True, covariances=True), [one])
        theta = at_moments(full.model, [at])
        seen = full.observed_information(theta)
        whole = Likelihood(full.model, [as_complete(one, at)])
        products = score_products(full, theta) if robust else seen
        return cls(one.n / n, full.model, whole.observed_information(theta), seen, products)


def as_complete(one: Sample, at: tuple[np.ndarray, np.ndarray]) -> Sample:
    """A complete sample with given moments."""
    return Sample((Pattern(np.arange(len(at[0])), one.n, *at),), one.values)


def missing_corrected(
    found: Likelihood,
    theta: np.ndarray,
    base: Likelihood,
    at_base: np.ndarray,
    moments: Moments,
    df: int,
    base_df: int,
    *,
    robust: bool,
) -> dict[str, float]:
    """Indices as complete data would have given them (Zhang and Savalei 2022; lavaan's "robust" with FIML).

    The fitted model is compared with the saturated moments as if these came from complete data, and the
    comparison is corrected for how much the estimates lean on what is missing (and with `robust`, on
    normality).
    """
    model, n = found.model, found.n
    groups = [SaturatedGroup.of(s, at, model.items, n, robust) for s, at in zip(found.samples, moments)]
    complete = [as_complete(s, at) for s, at in zip(found.samples, moments)]
    best = value_at(Likelihood(model, complete), moments)
    chisq, c = [], []
    for likelihood, at, d in ((found, theta, df), (base, at_base, base_df)):
        size = (likelihood.model.n_free,) * 2
        whole, seen, cross, meat = (np.zeros(size) for _ in range(4))
        trace = 0.0
        for g, one in enumerate(groups):
            J = moment_jacobian(likelihood.model, one.model, at, g)
            spread = np.linalg.solve(one.seen, one.products)
            trace += np.vdot(one.complete, np.linalg.solve(one.seen, spread.T))
            whole += one.share * J.T @ one.complete @ J
            seen += one.share * J.T @ one.seen @ J
            cross += one.share * J.T @ spread.T @ one.complete @ J
            meat += one.share * J.T @ one.products @ J
        bread = np.linalg.inv(seen)
        trace += np.trace(meat @ bread @ whole @ bread) - 2 * np.vdot(cross.T, bread)
        chisq.append(2 * n * (Likelihood(likelihood.model, complete).value(at) - best))
        c.append(float(trace) / d)
    return robust_indices(chisq[0], df, chisq[1], base_df, n, len(groups), c[0], c[1], chisq[0] / c[0])


def ordered_corrected(
    observed: Sequence[np.ndarray],
    fitted: Sequence[np.ndarray],
    jacobians: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
    inverse: np.ndarray,
    acov: Sequence[np.ndarray],
    sizes: Sequence[int],
    df: int,
    base_df: int,
) -> dict[str, float]:
    """Indices on the scale of continuous answers (Savalei 2021): normal-theory fit of the polychoric matrix.

    Arguments hold the correlations' rows only; `df` counts these alone. Empty where a polychoric matrix is
    not positive definite. In one group this is lavaan's robust CFI; in several lavaan 0.6-20 divides the
    baseline's trace by the groups' shares, and takes the whole model's df; this does not follow it.
    """
    if min(np.linalg.eigvalsh(r)[0] for r in observed) < 1e-8:
        return {}
    n = sum(sizes)
    chisq = base = trace = base_trace = 0.0
    width = jacobians[0].shape[1]
    normal, cross, meat = (np.zeros((width, width)) for _ in range(3))
    for r, m, j, w, a, size in zip(observed, fitted, jacobians, weights, acov, sizes):
        share, inv, logdet = size / n, np.linalg.inv(m), np.linalg.slogdet(r)[1]
        chisq += size * (np.linalg.slogdet(m)[1] - logdet + np.vdot(r, inv) - len(r))
        base -= size * logdet
        p, q = np.triu_indices(len(r), 1)
        # normal theory's weight of correlations, and the correlations' covariance matrix
        V = share * (inv[np.ix_(p, p)] * inv[np.ix_(q, q)] + inv[np.ix_(p, q)] * inv[np.ix_(q, p)])
        gamma, weighted = a / share, w[:, None] * j
        base_trace += np.trace(a)
        trace += np.vdot(V, gamma)
        normal += j.T @ V @ j
        cross += weighted.T @ gamma @ V @ j
        meat += weighted.T @ gamma @ weighted
    trace += np.trace(inverse @ normal @ inverse @ meat) - 2 * np.vdot(inverse, cross)
    c, c_base = float(trace) / df, float(base_trace) / base_df
    return robust_indices(chisq, df, base, base_df, n - len(sizes), len(sizes), c, c_base, chisq / c)
