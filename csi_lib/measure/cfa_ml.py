"""Maximum likelihood for factor models, complete or with values missing at random.

Rows are grouped by which items they have answered. A pattern with n rows, mean m and covariance S (divisor
n) of its items contributes ``n/2 (log|Sigma| + tr(Sigma^-1 T))`` with ``T = S + (m - mu)(m - mu)'``; complete
data are the case of a single pattern, so one code serves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from csi_lib.errors import InputError
from csi_lib.measure.cfa_model import FactorModel, Implied


@dataclass(frozen=True)
class Pattern:
    """Rows of one group that have answered the same items: their number, mean and covariance."""

    items: np.ndarray
    n: float
    mean: np.ndarray
    cov: np.ndarray
    rows: np.ndarray | None = None


@dataclass(frozen=True)
class Sample:
    """One group: its patterns, its rows, and the weight of each row (summing to n)."""

    patterns: tuple[Pattern, ...]
    values: np.ndarray
    weights: np.ndarray | None = None

    @property
    def n(self) -> float:
        return float(sum(p.n for p in self.patterns))


def available_moments(values: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Means over all answers to an item, covariances over all rows with both answers (times (n − 1)/n, as lavaan)."""
    seen = ~np.isnan(values)
    w = np.ones(len(values)) if weights is None else weights
    mean = np.array([np.average(x[s], weights=w[s]) for x, s in zip(values.T, seen.T)])
    x, held = np.where(seen, values - mean, 0.0), seen * w[:, None]
    total, first, product = held.T @ seen, (x * w[:, None]).T @ seen, (x * w[:, None]).T @ x
    both, n = seen.T.astype(float) @ seen, len(values)
    spread = both / np.maximum(both - 1, 1) * (n - 1) / n
    return mean, (product / total - (first / total) * (first.T / total)) * spread


def moments(values: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance with divisor n (or the sum of the weights)."""
    if weights is None:
        mean = values.mean(axis=0)
        centred = values - mean
        return mean, centred.T @ centred / len(values)
    total = weights.sum()
    mean = weights @ values / total
    centred = values - mean
    return mean, (centred * weights[:, None]).T @ centred / total


def sample(values: np.ndarray, weights: np.ndarray | None = None) -> Sample:
    """Sort rows into patterns of answered items (rows without any answer must be gone)."""
    answered = ~np.isnan(values)
    if answered.all():
        n = len(values) if weights is None else weights.sum()
        return Sample((Pattern(np.arange(values.shape[1]), float(n), *moments(values, weights)),), values, weights)
    kinds, kind = np.unique(answered, axis=0, return_inverse=True)
    patterns = []
    for k, seen in enumerate(kinds):
        rows = np.flatnonzero(kind.ravel() == k)
        items = np.flatnonzero(seen)
        w = None if weights is None else weights[rows]
        n = len(rows) if w is None else w.sum()
        patterns.append(Pattern(items, float(n), *moments(values[np.ix_(rows, items)], w), rows))
    return Sample(tuple(patterns), values, weights)


class Likelihood:
    """Minus the log-likelihood per row, up to a constant, with exact derivatives.

    Parameters
    ----------
    model : the parameter table.
    samples : one per group.
    """

    def __init__(self, model: FactorModel, samples: Sequence[Sample]):
        self.model, self.samples = model, list(samples)
        self.n = sum(s.n for s in self.samples)
        self._seen: tuple[bytes, list[Implied]] | None = None

    def implied(self, theta: np.ndarray) -> list[Implied]:
        key = theta.tobytes()
        if self._seen is None or self._seen[0] != key:
            self._seen = key, [self.model.implied(theta, g) for g in range(self.model.groups)]
        return self._seen[1]

    def _patterns(self, theta: np.ndarray, group: int):
        """For each pattern: share of all rows, items, Sigma^-1, log|Sigma|, T, and m - mu."""
        implied = self.implied(theta)[group]
        for pattern in self.samples[group].patterns:
            o = pattern.items
            factor = cho_factor(implied.cov[np.ix_(o, o)], lower=True)
            inverse = cho_solve(factor, np.eye(len(o)))
            off = pattern.mean - implied.mean[o] if self.model.means else np.zeros(len(o))
            yield (
                pattern.n / self.n,
                o,
                inverse,
                2 * np.log(np.diag(factor[0])).sum(),
                pattern.cov + np.outer(off, off),
                off,
            )

    def value(self, theta: np.ndarray) -> float:
        """inf where an implied covariance matrix is not positive definite."""
        try:
            return sum(
                share * (logdet + np.vdot(inverse, T)) / 2
                for g in range(self.model.groups)
                for share, _, inverse, logdet, T, _ in self._patterns(theta, g)
            )
        except np.linalg.LinAlgError:
            return np.inf

    def moment_gradient(self, theta: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of `value` by cov(v) and mean(v) of one group (zero for factors)."""
        size = len(self.model.names)
        by_cov, by_mean = np.zeros((size, size)), np.zeros(size)
        for share, o, inverse, _, T, off in self._patterns(theta, group):
            by_cov[np.ix_(o, o)] += share / 2 * (inverse - inverse @ T @ inverse)
            by_mean[o] -= share * (inverse @ off)
        return by_cov, by_mean

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        out = np.zeros(self.model.n_free)
        for g, implied in enumerate(self.implied(theta)):
            by_cov, by_mean = self.moment_gradient(theta, g)
            free, left, right, mean = self.model.factored_derivatives(implied, g)
            np.add.at(out, free, 2 * np.einsum("ki,ki->k", left @ by_cov, right) + mean @ by_mean)
        return out

    def expected_information(self, theta: np.ndarray) -> np.ndarray:
        """Information per row, of the patterns as they are (missing at random: see the observed one)."""
        out = np.zeros((self.model.n_free,) * 2)
        for g, implied in enumerate(self.implied(theta)):
            free, left, right, mean = self.model.factored_derivatives(implied, g)
            total = np.zeros((len(free), len(free)))
            for share, o, inverse, *_ in self._patterns(theta, g):
                white = np.linalg.cholesky(inverse)
                a, b, m = (part[:, o] @ white for part in (left, right, mean))
                # <a b' + b a', c d' + d c'> = 2 [(a.c)(b.d) + (a.d)(b.c)], halved twice by the likelihood
                total += share * ((a @ a.T) * (b @ b.T) + (a @ b.T) * (b @ a.T) + m @ m.T)
            np.add.at(out, np.ix_(free, free), total)
        return out

    def observed_information(self, theta: np.ndarray) -> np.ndarray:
        """Hessian of `value`."""
        out = np.zeros((self.model.n_free,) * 2)
        for g, implied in enumerate(self.implied(theta)):
            free, left, right, mean = self.model.factored_derivatives(implied, g)
            total = np.zeros((len(free), len(free)))
            for share, o, V, _, T, off in self._patterns(theta, g):
                a, b, m = left[:, o], right[:, o], mean[:, o]
                K = 2 * V @ T @ V - V
                block = (
                    (a @ V @ a.T) * (b @ K @ b.T)
                    + (b @ V @ b.T) * (a @ K @ a.T)
                    + (a @ V @ b.T) * (b @ K @ a.T)
                    + (b @ V @ a.T) * (a @ K @ b.T)
                ) / 2
                w = V @ off
                # d(mean) against d(cov): m' V (a b' + b a') V off
                cross = (m @ V @ a.T) * (b @ w) + (m @ V @ b.T) * (a @ w)
                total += share * (block + m @ V @ m.T + cross + cross.T)
            np.add.at(out, np.ix_(free, free), total)
            out += self.model.second_derivatives(implied, g, *self.moment_gradient(theta, g))
        return out

    def scores(self, theta: np.ndarray, group: int) -> np.ndarray:
        """Each row's derivative of minus its own log-likelihood, (rows, n_free)."""
        sample_, implied = self.samples[group], self.implied(theta)[group]
        out = np.zeros((len(sample_.values), self.model.n_free))
        free, left, right, mean = self.model.factored_derivatives(implied, group)
        into = np.zeros((len(free), self.model.n_free))
        into[np.arange(len(free)), free] = 1.0
        for pattern, (_, o, inverse, *_) in zip(sample_.patterns, self._patterns(theta, group)):
            rows = slice(None) if pattern.rows is None else pattern.rows
            centre = implied.mean[o] if self.model.means else pattern.mean
            z = (sample_.values[rows][:, o] - centre) @ inverse
            a, b = left[:, o], right[:, o]
            each = np.einsum("ki,ki->k", a @ inverse, b) - (z @ a.T) * (z @ b.T) - z @ mean[:, o].T
            out[rows] = each @ into
        return out


def saturated(sample_: Sample, *, tolerance: float = 1e-12, limit: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance that maximise the likelihood without a model (EM where values are missing)."""
    if len(sample_.patterns) == 1:
        return sample_.patterns[0].mean, sample_.patterns[0].cov
    size, n = sample_.values.shape[1], sample_.n
    weight, total, square = np.zeros(size), np.zeros(size), np.zeros(size)
    for p in sample_.patterns:
        weight[p.items] += p.n
        total[p.items] += p.n * p.mean
        square[p.items] += p.n * (np.diag(p.cov) + p.mean**2)
    mean = total / weight
    cov = np.diag(square / weight - mean**2)
    scale = np.sqrt(np.diag(cov))
    for _ in range(limit):
        first, second = np.zeros(size), np.zeros((size, size))
        for p in sample_.patterns:
            o = p.items
            predict = np.linalg.solve(cov[np.ix_(o, o)], cov[o]).T
            filled = mean + predict @ (p.mean - mean[o])
            left_over = cov - predict @ cov[o]
            first += p.n * filled
            second += p.n * (predict @ p.cov @ predict.T + left_over + np.outer(filled, filled))
        old_mean, old_cov = mean, cov
        mean = first / n
        cov = second / n - np.outer(mean, mean)
        step = max(np.abs((mean - old_mean) / scale).max(), np.abs((cov - old_cov) / np.outer(scale, scale)).max())
        if step < tolerance:
            return mean, cov
    raise InputError(
        "means and covariances could not be estimated from the incomplete answers",
        where="missing",
        found=f"no convergence in {limit} steps of EM",
        expected="items that enough people answered together",
        action="Use missing='listwise', or leave out the items with the most missing answers.",
    )
