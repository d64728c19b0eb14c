"""Many comparisons at once: adjusted p-values, simultaneous intervals, significance letters, ranks.

Everything here works on estimates with their covariance, wherever these come from. Sources: Holm (1979);
Benjamini & Hochberg (1995); Hothorn, Bretz & Westfall (2008) for the maximum of correlated t; Klein, Wright &
Wieczorek (2020) for ranks from simultaneous differences. R: ``p.adjust``, ``multcomp::glht``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result

ADJUSTMENTS = ("none", "holm", "bh", "bonferroni")


def adjust_p(p_values, *, method: str = "holm") -> np.ndarray:
    """p-values adjusted for their number: ``holm``, ``bonferroni`` (family-wise error), ``bh`` (false
    discovery rate), ``none``. R: ``p.adjust``.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.adjust_p([0.01, 0.04, 0.03], method="holm").round(3)
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, dtype=float)
    if np.isnan(p).any() or (p < 0).any() or (p > 1).any():
        raise InputError("p-values lie between 0 and 1", where="p_values", action="Leave out tests without one.")
    return adjust_rows(p.reshape(1, -1), method=method).reshape(p.shape)


def adjust_rows(p_values: np.ndarray, *, method: str) -> np.ndarray:
    """`adjust_p` of each row (a family of its own) of a matrix; NaN is no test and stays NaN."""
    if method not in ADJUSTMENTS:
        raise InputError("unknown adjustment", where="adjust", found=repr(method), expected=", ".join(ADJUSTMENTS))
    p = np.asarray(p_values, dtype=float)
    if method == "none" or not p.size:
        return p.copy()
    tests = np.isfinite(p).sum(axis=1, keepdims=True)
    if method == "bonferroni":
        return np.minimum(p * tests, 1)
    order = np.argsort(p, axis=1, kind="stable")  # NaN last
    ranked, rank = np.take_along_axis(p, order, axis=1), np.arange(p.shape[1])
    if method == "holm":
        ranked = np.fmax.accumulate(ranked * (tests - rank), axis=1)
    else:
        ranked = np.fmin.accumulate((ranked * tests / (rank + 1))[:, ::-1], axis=1)[:, ::-1]
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(ranked, 1), axis=1)
    return np.where(np.isnan(p), np.nan, adjusted)


@dataclass(frozen=True)
class MaxT:
    """Distribution of max |t_j| of correlated t statistics, as sorted draws."""

    draws: np.ndarray

    def critical(self, ci: float) -> float:
        """The value that all |t| stay below with probability `ci`."""
        return float(np.quantile(self.draws, ci))

    def p_value(self, t) -> np.ndarray:
        """P(max |T| ≥ |t|) for each t."""
        above = len(self.draws) - np.searchsorted(self.draws, np.abs(np.asarray(t, dtype=float)), side="left")
        return above / len(self.draws)


def max_t(covariance, df: float, *, draws: int = 100_000, seed: int = 1) -> MaxT:
    """Simulate max |t| for estimates with this covariance and degrees of freedom.

    Monte Carlo with a fixed seed, so that a report repeats itself; the critical value is good to about .01.
    Estimates without variance take no part.
    """
    covariance = np.asarray(covariance, dtype=float)
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    live = se > 0
    if not live.any():
        return MaxT(np.zeros(1))
    correlation = covariance[np.ix_(live, live)] / np.outer(se[live], se[live])
    values, vectors = np.linalg.eigh(correlation)
    keep = values > 1e-12 * values.max()  # contrasts of m means have rank m − 1
    root = vectors[:, keep] * np.sqrt(values[keep])
    rng = np.random.default_rng(seed)
    largest = np.empty(draws)
    step = max(1, 4_000_000 // len(correlation))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        normal = rng.standard_normal((size, root.shape[1])) @ root.T
        largest[start : start + size] = np.abs(normal).max(1)
    if np.isfinite(df):
        largest /= np.sqrt(rng.chisquare(max(df, 1), draws) / max(df, 1))
    return MaxT(np.sort(largest))


def pairwise_p(estimates, covariance, df: float, *, adjust: str = "none") -> np.ndarray:
    """m × m p-values of all pairs of differences (1 on the diagonal); `adjust` as `adjust_p`, or
    ``simultaneous``."""
    theta, v = np.asarray(estimates, dtype=float), np.asarray(covariance, dtype=float)
    m = theta.size
    first, second = np.array(list(combinations(range(m), 2)), dtype=int).reshape(-1, 2).T
    matrix = np.zeros((first.size, m))
    matrix[np.arange(first.size), first], matrix[np.arange(first.size), second] = 1, -1
    gap = theta[first] - theta[second]
    se = np.sqrt(np.maximum(v[first, first] + v[second, second] - 2 * v[first, second], 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(se > 0, np.abs(gap) / se, np.where(gap == 0, 0.0, np.inf))
    if adjust == "simultaneous":
        p = max_t(matrix @ v @ matrix.T, df).p_value(t)
    else:
        p = adjust_p(2 * special.stdtr(max(df, 1), -t), method=adjust)
    result = np.ones((m, m))
    result[first, second] = result[second, first] = p
    return result


def significance_letters(
    estimates, covariance, df: float, *, level: float = 0.05, adjust: str = "holm", letters=None
) -> list[str]:
    """Banner-table letters: each column lists the letters of the columns that it significantly exceeds.

    Parameters
    ----------
    estimates, covariance : m means and their m × m covariance (overlap of the groups included).
    letters : names of the columns; A, B, …, Z, AA, … by default.

    Examples
    --------
    >>> import csi_lib
    >>> import numpy as np
    >>> csi_lib.significance_letters([80, 70, 71], np.diag([1.0, 1.0, 1.0]), df=200)
    ['BC', '', '']
    """
    theta = np.asarray(estimates, dtype=float)
    names = [column_letter(i) for i in range(theta.size)] if letters is None else list(letters)
    p = pairwise_p(theta, covariance, df, adjust=adjust)
    joint = "" if all(len(name) == 1 for name in names) else " "
    return [
        joint.join(names[j] for j in range(theta.size) if p[i, j] < level and theta[i] > theta[j])
        for i in range(theta.size)
    ]


def column_letter(i: int) -> str:
    """0 → A, 25 → Z, 26 → AA, as spreadsheets count."""
    text = ""
    i += 1
    while i:
        i, rest = divmod(i - 1, 26)
        text = chr(65 + rest) + text
    return text


@dataclass(frozen=True, repr=False)
class Ranks(Result):
    """Rank 1 = highest; `low`–`high` hold all true ranks at once with the stated confidence."""

    TABLE: ClassVar[str | None] = "table"

    rank: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def table(self) -> pd.DataFrame:
        """``rank low high``, one row per group in the order given."""
        return pd.DataFrame({"rank": self.rank, "low": self.low, "high": self.high})


def rank_intervals(estimates, covariance, df: float, *, ci: float = 0.95, adjust: str = "simultaneous") -> Ranks:
    """Ranks with intervals: the best rank is 1 + the number of groups significantly higher, the worst
    m − the number significantly lower, all pairs judged together.

    Examples
    --------
    >>> import csi_lib
    >>> import numpy as np
    >>> ranks = csi_lib.rank_intervals([80, 70, 71], np.diag([1.0, 1.0, 1.0]), df=200)
    >>> ranks.low.tolist(), ranks.high.tolist()
    ([1, 2, 2], [1, 3, 3])
    """
    theta = np.asarray(estimates, dtype=float)
    different = pairwise_p(theta, covariance, df, adjust=adjust) < 1 - ci
    higher = (different & (theta[None, :] > theta[:, None])).sum(1)
    lower = (different & (theta[None, :] < theta[:, None])).sum(1)
    rank = 1 + (theta[None, :] > theta[:, None]).sum(1)
    return Ranks(rank, 1 + higher, theta.size - lower)
