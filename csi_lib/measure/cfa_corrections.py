"""Chi-squares and indices corrected for what normal theory and complete data would have given.

Throughout, U Gamma is the product whose eigenvalues are the weights of the chi-square variables that the
uncorrected test statistic is a mixture of; its trace is the statistic's expectation.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def yuan_bentler(
    full_information: np.ndarray,
    full_products: np.ndarray,
    inverse: np.ndarray,
    products: np.ndarray,
    df: int,
) -> Correction | None:
    """Scale by (saturated trace - fitted trace) / df (Yuan and Bentler 2000, the form of Mplus)."""
    if df == 0:
        return None
    trace = float(np.trace(np.linalg.solve(full_information, full_products)) - np.vdot(inverse, products))
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
    diagonal = np.concatenate(weights)
    J = diagonal[:, None] * np.vstack(jacobians)
    U = np.diag(diagonal) - J @ inverse @ J.T
    at, product = 0, np.empty_like(U)
    for a, share in zip(acov, shares):
        block = slice(at, at + len(a))
        product[:, block] = U[:, block] @ a / share
        at += len(a)
    trace, square = float(np.trace(product)), float(np.vdot(product, product.T))
    scale = float(np.sqrt(square / df))
    return Correction(scale=scale, trace=trace, shift=df - trace / scale)


def moment_jacobian(model: FactorModel, full: FactorModel, theta: np.ndarray) -> np.ndarray:
    """Derivatives of the saturated model's parameters by those of the fitted model."""
    place = {name: k for k, name in enumerate(model.names)}
    out = np.zeros((full.n_free, model.n_free))
    for g in range(model.groups):
        free, left, right, mean = model.factored_derivatives(model.implied(theta, g), g)
        rows = [p for p in full.parameters if p.group == g]
        a, b = (np.array([place[getattr(p, side) or p.left] for p in rows]) for side in ("left", "right"))
        is_mean = np.array([p.operator == "~1" for p in rows])
        each = np.where(is_mean, mean[:, a], left[:, a] * right[:, b] + left[:, b] * right[:, a])
        block = np.zeros((model.n_free, len(rows)))
        np.add.at(block, free, each)
        out[[p.free for p in rows]] += block.T
    return out


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
    model = found.model
    full = Likelihood(free_moments(model.items, model.groups, model.means, covariances=True), found.samples)
    at_full = at_moments(full.model, moments)
    everything = np.arange(len(model.items))
    complete = [
        Sample((Pattern(everything, s.n, mean, cov),), s.values)
        for s, (mean, cov) in zip(found.samples, moments)
    ]
    as_complete = Likelihood(full.model, complete).observed_information(at_full)
    as_missing = full.observed_information(at_full)
    spread = np.linalg.inv(as_missing)
    meat = score_products(full, at_full) if robust else None
    chisq, c = [], []
    best = value_at(Likelihood(model, complete), moments)
    for likelihood, at, d in ((found, theta, df), (base, at_base, base_df)):
        J = moment_jacobian(likelihood.model, full.model, at)
        seen, bread = J.T @ as_complete @ J, np.linalg.inv(J.T @ as_missing @ J)
        if meat is None:
            trace = np.vdot(as_complete, spread) - np.vdot(seen, bread)
        else:
            trace = (
                np.vdot(as_complete, spread @ meat @ spread)
                - 2 * np.vdot(J.T @ meat @ spread @ as_complete @ J, bread)
                + np.trace(J.T @ meat @ J @ bread @ seen @ bread)
            )
        chisq.append(2 * found.n * (Likelihood(likelihood.model, complete).value(at) - best))
        c.append(float(trace) / d)
    n, groups = found.n, model.groups
    return robust_indices(chisq[0], df, chisq[1], base_df, n, groups, c[0], c[1], chisq[0] / c[0])


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

    Arguments hold the correlations' rows only, and `df` counts these alone (lavaan's robust CFI takes the df
    of the whole model, which matters where thresholds are held equal). Empty where a polychoric matrix is not
    positive definite.
    """
    if min(np.linalg.eigvalsh(r)[0] for r in observed) < 1e-8:
        return {}
    n = sum(sizes)
    shares = [size / n for size in sizes]
    chisq = base = trace = base_trace = 0.0
    lower = [np.linalg.inv(m) for m in fitted]
    J, W = np.vstack(jacobians), np.concatenate(weights)
    keep = np.eye(len(W)) - J @ inverse @ (W[:, None] * J).T
    V, at = np.zeros((len(W), len(W))), 0
    gamma = np.zeros_like(V)
    for r, m, inv, a, size, share in zip(observed, fitted, lower, acov, sizes, shares):
        logdet = np.linalg.slogdet(r)[1]
        chisq += size * (np.linalg.slogdet(m)[1] - logdet + np.vdot(r, inv) - len(r))
        base -= size * logdet
        i, j = np.triu_indices(len(r), 1)
        block = slice(at, at + len(i))
        V[block, block] = share * (
            inv[np.ix_(i, i)] * inv[np.ix_(j, j)] + inv[np.ix_(i, j)] * inv[np.ix_(j, i)]
        )
        gamma[block, block] = a / share
        base_trace += np.trace(a) / share
        at += len(i)
    trace = float(np.vdot(V @ keep, keep @ gamma))
    c, c_base = trace / df, base_trace / base_df
    return robust_indices(chisq, df, base, base_df, n - len(sizes), len(sizes), c, c_base, chisq / c)
