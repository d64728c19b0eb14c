"""Split-half reliability: one split, all of them, or a sample of them."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure import readings
from csi_lib.measure.inputs import Missing, read_items, read_option, read_proportion, refuse_constant
from csi_lib.measure.moments import moments
from csi_lib.measure.shown import Result

#: splits are all tried up to this many items (48,620 halves)
_ALL = 18


@dataclass(frozen=True, repr=False)
class SplitHalf(Result):
    """Split-half reliability; see :func:`split_half`.

    ``spearman_brown`` and ``guttman`` (λ4 of the split, also called Flanagan–Rulon) from the
    correlation ``r`` of the two half scores. For several splits these are means over ``splits``
    (frame ``half r spearman_brown guttman``), whose extremes show how much depends on the split;
    ``ci_low`` and ``ci_high`` (of spearman_brown) exist for a single split and are None otherwise.
    """

    SUMMARY = ("spearman_brown", "guttman", "r", "ci_low", "ci_high", "n", "k", "method")
    TABLE = "splits"

    spearman_brown: float
    guttman: float
    r: float
    ci_low: float | None
    ci_high: float | None
    splits: pd.DataFrame
    n: int
    k: int
    method: str
    ci: float

    def verdict(self) -> str:
        return readings.read(self.spearman_brown, readings.RELIABILITY)


def split_half(
    items,
    *,
    method: Literal["odd-even", "first-second", "random", "all"] = "odd-even",
    weights=None,
    missing: Missing = "listwise",
    ci: float = 0.95,
    draws: int = 1000,
    seed: int | None = 1,
) -> SplitHalf:
    r"""Split-half reliability of a sum score.

    With r the correlation of the scores of halves A and B,
    :math:`\text{Spearman–Brown} = 2r/(1+r)` and
    :math:`\text{Guttman} = 2(1 - (V_A + V_B)/V_{A+B})`.

    Parameters
    ----------
    items : DataFrame or array of two or more items, in the order asked.
    method : ``"odd-even"`` (items 1, 3, 5 … against 2, 4, 6 …), ``"first-second"`` (the first
        half takes the middle item of an odd number), ``"all"`` splits into halves of equal size
        (±1), up to 18 items, or ``"random"``: `draws` of them.
    weights, missing : as in :func:`csi_lib.cronbach_alpha`; everything is computed from the
        covariance matrix.
    ci : level of the interval of Spearman–Brown for a single split, by Fisher's z of r with
        n − 3 (Kish's n under weights); three respondents leave everything up to 1 possible.

    Raises
    ------
    InputError
        For constant items, and halves without variance or that cancel each other.

    Warns
    -----
    MeasureWarning
        When there are fewer respondents than items, and when the halves correlate negatively.

    Notes
    -----
    The mean of Guttman's coefficient over all equal splits of an even number of items is alpha.
    In R: ``psych::splitHalf(x, raw = TRUE, brute = TRUE, covar = TRUE, check.keys = FALSE)`` for
    all splits (psych works on correlations and reverses items unless told otherwise).

    References
    ----------
    Spearman (1910) and Brown (1910), British Journal of Psychology 3; Cronbach (1951).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.split_half(answers[["q1", "q2", "q3", "q4", "q5", "q6"]])
    <SplitHalf spearman_brown=0.7855, guttman=0.7855, r=0.6468, ci_low=0.7307, ci_high=0.8291, n=300, ...
    """
    ci = read_proportion(ci, where="ci")
    read_option(method, ("odd-even", "first-second", "random", "all"), where="method")
    found = moments(read_items(items, weights), missing)
    refuse_constant(found.sd, found.names, "items")
    k = len(found.names)
    if found.n < k:
        warnings.warn(
            f"{found.n} respondents for {k} items: split halves are hardly informative.",
            MeasureWarning,
            stacklevel=2,
        )
    if method == "odd-even":
        halves = (np.arange(k) % 2 == 0)[None]
    elif method == "first-second":
        halves = (np.arange(k) < (k + 1) // 2)[None]
    elif method == "all":
        if k > _ALL:
            raise InputError(
                "too many splits to try them all",
                where="method",
                found=f"{k} items",
                expected=f"up to {_ALL}",
                action="Use method='random'",
            )
        halves = equal_halves(k)
    else:
        rng = np.random.default_rng(seed)
        halves = np.argsort(rng.random((draws, k)), axis=1) < k // 2
    within_a, within_b, between = _half_moments(found.covariance, halves)
    if not ((within_a > 0) & (within_b > 0)).all():
        raise InputError(
            "a half score has no variance",
            where="items",
            action="Look for constant items, or items that cancel each other",
        )
    r = between / np.sqrt(within_a * within_b)
    if (r <= -1 + 1e-12).any():
        raise InputError("the half scores cancel each other", where="items", action="Reverse items first")
    table = pd.DataFrame(
        {
            "half": [tuple(name for name, inside in zip(found.names, half) if inside) for half in halves],
            "r": r,
            "spearman_brown": 2 * r / (1 + r),
            "guttman": 4 * between / (within_a + within_b + 2 * between),
        }
    )
    low = high = None
    if len(halves) == 1 and method != "random":
        low, high = fisher_interval(float(r[0]), found.n_effective, ci)
        low, high = (2 * x / (1 + x) if x > -1 else -math.inf for x in (low, high))
    means = table[["spearman_brown", "guttman", "r"]].mean()
    if means["r"] < 0:
        warnings.warn(
            f"The halves are negatively correlated ({means['r']:.3f}): some items probably need reversing.",
            MeasureWarning,
            stacklevel=2,
        )
    return SplitHalf(
        spearman_brown=float(means["spearman_brown"]),
        guttman=float(means["guttman"]),
        r=float(means["r"]),
        ci_low=low,
        ci_high=high,
        splits=table,
        n=found.n,
        k=k,
        method=method,
        ci=ci,
    )


def fisher_interval(r: float, n: float, ci: float) -> tuple[float, float]:
    """Interval of a correlation by Fisher's z; (−1, 1) with three respondents or fewer."""
    if abs(r) >= 1 - 1e-15:
        return r, r
    if n <= 3:
        return -1.0, 1.0
    z, half = math.atanh(r), float(ndtri((1 + ci) / 2)) / math.sqrt(n - 3)
    return math.tanh(z - half), math.tanh(z + half)


def equal_halves(k: int) -> np.ndarray:
    """All splits of k items into halves of equal size (±1), as rows of True and False, each once."""
    chosen = combinations(range(k), k // 2)
    if k % 2 == 0:  # half and complement are the same split: keep those with the first item
        chosen = ((0, *rest) for rest in combinations(range(1, k), k // 2 - 1))
    index = np.array(list(chosen), dtype=int).reshape(-1, max(k // 2, 1))
    halves = np.zeros((len(index), k), dtype=bool)
    np.put_along_axis(halves, index, True, axis=1)
    return halves


def best_split(matrix: np.ndarray, seed: int | None, starts: int = 50) -> tuple[np.ndarray, float, bool]:
    """The half with the largest λ4, that λ4, and whether every split was tried."""
    k, total = len(matrix), matrix.sum()
    if k <= _ALL:
        halves = equal_halves(k)
        value = 4 * _half_moments(matrix, halves)[2] / total
        best = int(np.argmax(value))
        return halves[best], float(value[best]), True
    rng, best, reached = np.random.default_rng(seed), None, -np.inf
    off = matrix - np.diag(np.diag(matrix))
    for _ in range(starts):
        inside = np.zeros(k, dtype=bool)
        inside[rng.permutation(k)[: k // 2]] = True
        while True:  # exchange the pair that helps most, until none does
            side = np.where(inside, 1.0, -1.0)
            pull = side * (off @ side)  # what an item gains the between-covariance by changing sides
            a, b = np.flatnonzero(inside), np.flatnonzero(~inside)
            gain = pull[a][:, None] + pull[b][None, :] + 2 * off[np.ix_(a, b)]
            i, j = np.unravel_index(np.argmax(gain), gain.shape)
            if gain[i, j] <= 1e-12 * abs(total):
                break
            inside[a[i]], inside[b[j]] = False, True
        between = matrix[np.ix_(inside, ~inside)].sum()
        if between > reached:
            best, reached = inside.copy(), between
    return best, float(4 * reached / total), False


def _half_moments(matrix: np.ndarray, halves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inside = halves.astype(float)
    into = inside @ matrix
    within = (into * inside).sum(axis=1)
    between = into.sum(axis=1) - within
    return within, matrix.sum() - within - 2 * between, between
