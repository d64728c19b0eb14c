"""Thresholds and polychoric correlations of ordered items, with their joint covariance matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from csi_lib.errors import InputError
from csi_lib.measure import bivariate_normal

_BOUND = 0.9999
#: information on a correlation, per row, below which the likelihood is flat
_FLAT = 1e-7


@dataclass(frozen=True)
class OrderedMoments:
    """Thresholds and correlations of ordered items, and what is needed for their covariance matrix.

    `statistics` are all thresholds, item by item, then the correlations of the `pairs` (upper triangle, row
    by row).
    """

    codes: np.ndarray
    weights: np.ndarray | None
    categories: tuple[np.ndarray, ...]
    thresholds: np.ndarray
    threshold_item: np.ndarray
    threshold_rank: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray]
    correlations: np.ndarray
    scores: np.ndarray
    threshold_scores: np.ndarray
    cross: np.ndarray
    messages: tuple[str, ...]

    @property
    def statistics(self) -> np.ndarray:
        return np.concatenate([self.thresholds, self.correlations])

    def matrix(self) -> np.ndarray:
        r = np.eye(len(self.categories))
        r[self.pairs] = r[self.pairs[::-1]] = self.correlations
        return r

    def covariance(self, chunk: int = 20_000) -> np.ndarray:
        """Covariance matrix of the statistics.

        The two steps solve (sum of scores) = 0, so the covariance is the sandwich ``B^-1 C B^-T`` with C the
        products of the rows' scores and B block triangular: thresholds do not depend on correlations.
        """
        count, pairs = len(self.thresholds), len(self.correlations)
        products, plain = np.zeros((2, count + pairs, count + pairs))
        first, second = self.pairs
        for begin in range(0, len(self.codes), chunk):
            codes = self.codes[begin : begin + chunk]
            rows = np.zeros((len(codes), count + pairs))
            for j in range(codes.shape[1]):
                own = np.flatnonzero(self.threshold_item == j)
                rows[:, own] = self.threshold_scores[j][codes[:, j]][:, : len(own)]
            for m in range(pairs):
                rows[:, count + m] = self.scores[m, codes[:, first[m]], codes[:, second[m]]]
            if self.weights is None:
                products += rows.T @ rows
                continue
            weighted = rows * self.weights[begin : begin + chunk, None]
            products += weighted.T @ weighted
            plain += weighted.T @ rows
        plain = products if self.weights is None else plain
        same = self.threshold_item[:, None] == self.threshold_item[None, :]
        inverse = np.linalg.inv(np.where(same, plain[:count, :count], 0.0))
        own = 1 / np.diag(plain)[count:]
        lower = -(own[:, None] * self.cross) @ inverse
        bread = np.block([[inverse, np.zeros((count, pairs))], [lower, np.diag(own)]])
        return bread @ products @ bread.T

    def standard_errors(self) -> np.ndarray:
        return np.sqrt(np.maximum(np.diag(self.covariance()), 0.0))  # an error of 0 may come out as −1e-16


def ordered_moments(
    values: np.ndarray, names: Sequence[str], weights: np.ndarray | None = None, where: str = "items"
) -> OrderedMoments:
    """Thresholds and polychoric correlations of the columns of `values` (nan: missing, for pairs)."""
    codes, categories, messages = _codes(values, names, where)
    size, widest = codes.shape[1], max(map(len, categories))
    mass = np.ones(len(codes)) if weights is None else weights
    # one more category than there are, for missing answers; its scores are 0
    codes = np.where(codes < 0, widest, codes)
    shares = np.stack([np.bincount(codes[:, j], mass, widest + 1)[:widest] for j in range(size)])
    shares /= shares.sum(axis=1, keepdims=True)
    limits = np.full((size, widest + 1), np.inf)
    limits[:, 0] = -np.inf
    for j, found in enumerate(categories):
        limits[j, 1 : len(found)] = ndtri(np.cumsum(shares[j])[: len(found) - 1])
    first, second = np.triu_indices(size, 1)
    tables = np.stack(
        [
            np.bincount(codes[:, a] * (widest + 1) + codes[:, b], mass, (widest + 1) ** 2).reshape(
                widest + 1, widest + 1
            )[:widest, :widest]
            for a, b in zip(first, second)
        ]
    )
    messages += _mend_two_by_two(tables, categories, first, second, names)
    rho, level, scores, cross_first, cross_second = _correlate(tables, limits[first], limits[second])
    for m in np.flatnonzero(level & (np.abs(rho) < _BOUND)):
        messages.append(
            f"the polychoric correlation of '{names[first[m]]}' and '{names[second[m]]}' has no bound towards "
            f"{np.sign(rho[m]):+.0f}: a category that hardly anybody chose goes with one answer only; {rho[m]:+.3f} is "
            "where the search stopped. Merge this category with its neighbour"
        )
    for m in np.flatnonzero(np.abs(rho) >= _BOUND):
        messages.append(
            f"the polychoric correlation of '{names[first[m]]}' and '{names[second[m]]}' is at its bound "
            f"({rho[m]:+.4f}): one answer determines the other; leave one of the items out"
        )
    count = [len(c) - 1 for c in categories]
    start = np.concatenate([[0], np.cumsum(count)])
    cross = np.zeros((len(first), start[-1]))
    for m, (a, b) in enumerate(zip(first, second)):
        cross[m, start[a] : start[a + 1]] = cross_first[m, : count[a]]
        cross[m, start[b] : start[b + 1]] = cross_second[m, : count[b]]
    own = _threshold_scores(shares, limits)
    return OrderedMoments(
        codes,
        weights,
        categories,
        np.concatenate([limits[j, 1 : c + 1] for j, c in enumerate(count)]),
        np.repeat(np.arange(size), count),
        np.concatenate([np.arange(c) for c in count]),
        (first, second),
        rho,
        np.pad(scores, ((0, 0), (0, 1), (0, 1))),
        np.pad(own, ((0, 0), (0, 1), (0, 0))),
        cross,
        tuple(messages),
    )


def _codes(values: np.ndarray, names: Sequence[str], where: str):
    """Each answer's rank among the answers given to its item; -1 for missing."""
    codes, categories, messages = np.full(values.shape, -1), [], []
    for j, name in enumerate(names):
        seen = ~np.isnan(values[:, j])
        found, codes[seen, j] = np.unique(values[seen, j], return_inverse=True)
        if len(found) < 2:
            raise InputError(
                f"the item '{name}' is constant" if len(found) else f"nobody answered '{name}'",
                where=where,
                found=f"{found[0]:g} in every row" if len(found) else None,
                action="Leave it out.",
            )
        if len(found) > 30:
            raise InputError(
                f"the item '{name}' has too many values for ordered categories",
                where=where,
                found=f"{len(found)} values",
                expected="at most 30",
                action="Treat it as continuous, or group its values.",
            )
        if (found == np.round(found)).all() and np.ptp(found) >= len(found):
            gaps = sorted(set(range(int(found[0]), int(found[-1]) + 1)) - set(found.astype(int)))
            if len(gaps) <= 10:
                messages.append(
                    f"the item '{name}' has empty categories between its lowest and highest answer: "
                    f"{', '.join(map(str, gaps))}; they are treated as if they did not exist"
                )
        categories.append(found)
    return codes, tuple(categories), messages


def _mend_two_by_two(tables, categories, first, second, names) -> list[str]:
    """Add 1/2 to an empty cell of a 2 x 2 table, keeping its margins, or the correlation would be 1."""
    messages = []
    for m, (a, b) in enumerate(zip(first, second)):
        if len(categories[a]) == len(categories[b]) == 2:
            cells = tables[m, :2, :2]
            empty = np.argwhere(cells == 0)
            if len(empty) == 1:
                sign = 1.0 if empty[0][0] == empty[0][1] else -1.0
                cells += 0.5 * sign * np.array([[1, -1], [-1, 1]])
                messages.append(
                    f"the 2 x 2 table of '{names[a]}' and '{names[b]}' has an empty cell; 1/2 was added "
                    "to it and the margins kept"
                )
    return messages


def _correlate(tables: np.ndarray, upper: np.ndarray, right: np.ndarray, tolerance: float = 1e-12):
    """Correlations of all tables by Fisher scoring, and their scores at the solution.

    tables (pairs, K, K); upper, right (pairs, K + 1) with infinite ends. Returns rho, where the likelihood is flat
    at it (nothing bounds it towards ±1; it stands where the search stopped, as lavaan's does), the scores by cell
    (pairs, K, K), and the sums of products of scores by rho and by each threshold (pairs, K - 1) twice.
    """
    h, k = upper[:, :, None], right[:, None, :]
    n = tables.sum(axis=(1, 2))
    rho, level = np.zeros(len(tables)), np.zeros(len(tables), dtype=bool)
    active = np.arange(len(tables))
    for _ in range(100):
        r = rho[active, None, None]
        cells, slope = (
            _cells(h[active], k[active], r),
            _differences(bivariate_normal.density(h[active], k[active], r)),
        )
        gradient = (tables[active] * slope / cells).sum(axis=(1, 2))
        information = n[active] * (slope**2 / cells).sum(axis=(1, 2))
        # where one answer all but determines the other the likelihood goes flat before 1: nothing leads further on
        flat = information <= _FLAT * n[active]
        level[active[flat]] = True
        step = np.where(flat, 0.0, np.clip(gradient / np.where(flat, 1.0, information), -0.3, 0.3))
        new = np.clip(rho[active] + step, -_BOUND, _BOUND)
        moved = np.abs(new - rho[active])
        rho[active] = new
        active = active[moved > tolerance]
        if not len(active):
            break
    r = rho[:, None, None]
    cells = _cells(h, k, r)
    scores = _differences(bivariate_normal.density(h, k, r)) / cells
    root = np.sqrt(1 - rho**2)[:, None, None]
    weight = tables * scores / cells
    return (
        rho,
        level,
        scores,
        _by_threshold(weight, upper, right, rho, root),
        _by_threshold(weight.transpose(0, 2, 1), right, upper, rho, root),
    )


def _by_threshold(weight: np.ndarray, own: np.ndarray, other: np.ndarray, rho: np.ndarray, root) -> np.ndarray:
    """Sum over cells of weight times the derivative of the cell's probability by each inner threshold."""
    t = own[:, 1:-1, None]
    inner = np.where(np.isfinite(t), t, 0.0)
    conditional = np.diff(ndtr((other[:, None, :] - rho[:, None, None] * inner) / root), axis=2)
    density = np.where(np.isfinite(t), np.exp(-(inner**2) / 2) / np.sqrt(2 * np.pi), 0.0)
    return (density * conditional * (weight[:, :-1] - weight[:, 1:])).sum(axis=2)


def _cells(h, k, rho) -> np.ndarray:
    return np.maximum(_differences(bivariate_normal.cdf(h, k, rho)), 1e-13)


def _differences(corners: np.ndarray) -> np.ndarray:
    """Probability of each cell from the distribution function at its corners."""
    return np.diff(np.diff(corners, axis=1), axis=2)


def _threshold_scores(shares: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Derivative of log share by each threshold, (items, category answered, threshold)."""
    inner = limits[:, 1:-1]
    finite = np.isfinite(inner)
    density = np.where(finite, np.exp(-(np.where(finite, inner, 0.0) ** 2) / 2) / np.sqrt(2 * np.pi), 0.0)
    with np.errstate(divide="ignore"):
        inverse = np.where(shares > 0, 1 / shares, 0.0)
    size, widest = shares.shape
    out = np.zeros((size, widest, widest - 1))
    ranks = np.arange(widest - 1)
    out[:, ranks, ranks] = density * inverse[:, :-1]
    out[:, ranks + 1, ranks] = -density * inverse[:, 1:]
    return out
