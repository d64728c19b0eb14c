"""Cronbach's alpha with its interval and the statistics of every item."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure import readings
from csi_lib.measure.distributions import f_quantile
from csi_lib.measure.inputs import Items, Missing, read_items, read_option, read_proportion
from csi_lib.measure.moment_bootstrap import percentile_interval
from csi_lib.measure.moments import Moments, moments
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class CronbachAlpha(Result):
    """Internal consistency of a scale; see :func:`cronbach_alpha`.

    ``alpha`` (raw, from covariances), ``standardized`` (from correlations), ``average_r`` (mean
    inter-item correlation), ``se`` (asymptotic standard error of alpha), ``ci_low`` and
    ``ci_high`` at level ``ci`` by ``ci_method``; ``n`` respondents, ``n_effective`` after
    weighting, ``k`` items. ``item_statistics`` has one row per item: ``item r_item_total
    r_corrected alpha_if_dropped mean sd n``.
    """

    SUMMARY = ("alpha", "ci_low", "ci_high", "ci", "n", "k")
    TABLE = "item_statistics"

    alpha: float
    standardized: float
    ci_low: float
    ci_high: float
    n: int
    k: int
    item_statistics: pd.DataFrame
    average_r: float
    se: float
    n_effective: float
    ci: float
    ci_method: str
    missing: str

    def verdict(self) -> str:
        return readings.read(self.alpha, readings.RELIABILITY)


def cronbach_alpha(
    items,
    *,
    weights=None,
    ci: float = 0.95,
    ci_method: Literal["feldt", "asymptotic", "bootstrap"] = "feldt",
    missing: Missing = "listwise",
    n_boot: int = 2000,
    seed: int | None = None,
) -> CronbachAlpha:
    r"""Cronbach's alpha, raw and standardised, with an interval and item statistics.

    .. math:: \alpha = \frac{k}{k-1}\Bigl(1 - \frac{\sum_i s_i^2}{\sum_{ij} s_{ij}}\Bigr)

    The standardised alpha is the same formula on the correlation matrix.

    Parameters
    ----------
    items : DataFrame or array, respondents × items, numeric. The items are used as they are:
        reverse the negatively worded ones first (:func:`csi_lib.rescale`).
    weights : one non-negative number per respondent (probability or analytic weights: only their
        ratios matter), or None. Respondents of weight 0 are left out.
    ci : level of the interval.
    ci_method : ``"feldt"``, exact for normal items with equal covariances:
        :math:`1-(1-\alpha)F_{1-q}` and :math:`1-(1-\alpha)F_{q}` with n − 1 and (n − 1)(k − 1)
        degrees of freedom; ``"asymptotic"``, alpha ± z·se with the normal-theory standard error
        of van Zyl, Neudecker and Nel; ``"bootstrap"``, percentiles `n_boot` resamples of
        respondents.
    missing : ``"listwise"`` keeps the respondents who answered every item; ``"pairwise"`` takes
        each covariance over those who answered both items.
    n_boot, seed : of the bootstrap.

    Returns
    -------
    CronbachAlpha

    Raises
    ------
    InputError
        For columns that are not numeric, infinite answers, fewer than two items that vary, fewer
        than two usable respondents, weights that are negative, missing or all zero, and a sum
        score without variance.

    Warns
    -----
    MeasureWarning
        When an item is constant (it is left out of alpha, keeps its row with mean and sd, and has
        no correlations), when an item correlates negatively with the rest (as one that was not
        turned), when alpha is negative, when two items are perfectly correlated, and
        when there are fewer respondents than items.

    Notes
    -----
    Conventions, where packages differ:

    * With pairwise deletion n in the interval is the number of respondents who answered at least
      one item (``psych`` takes all rows, which is the same unless a row is empty); with listwise
      deletion it is the number of complete respondents (``pingouin`` takes n before deletion).
    * ``r_item_total`` correlates the item with the mean of the answers given (``psych``'s
      ``raw.r``); ``r_corrected`` is the item–rest correlation from the covariance matrix
      (``psych``'s ``r.drop``).
    * ``alpha_if_dropped`` is NaN for k = 2, where one item would remain and alpha is not defined.
    * With weights, alpha is that of ``survey::svycralpha``; both intervals then use Kish's
      effective number of respondents, and ``sd`` is the root of ``survey::svyvar``.

    In R: ``psych::alpha(x, check.keys = FALSE)``, ``use = "pairwise"`` or after ``na.omit``;
    ``survey::svycralpha`` with weights.

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297–334. Feldt, Woodruff and Salih (1987), Applied
    Psychological Measurement 11, 93–103. van Zyl, Neudecker and Nel (2000), Psychometrika 65,
    271–280.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> result = csi_lib.cronbach_alpha(answers[["q1", "q2", "q3"]])
    >>> result
    <CronbachAlpha alpha=0.7831, ci_low=0.7368, ci_high=0.8224, ci=0.95, n=300, k=3, ...
    >>> print(result.to_markdown(style="apa"))
    | item | r item total | r corrected | alpha if dropped | M | SD | n |
    | --- | --- | --- | --- | --- | --- | --- |
    | q1 | .834 | .623 | .705 | 3.50 | 0.94 | 300 |
    | q2 | .836 | .633 | .695 | 3.50 | 0.92 | 300 |
    | q3 | .837 | .610 | .721 | 3.47 | 0.99 | 300 |
    """
    ci = read_proportion(ci, where="ci")
    read_option(ci_method, ("feldt", "asymptotic", "bootstrap"), where="ci_method")
    table = read_items(items, weights)
    every = moments(table, missing)
    varies = np.diag(every.covariance) > 0
    used = every if varies.all() else _varying(every, varies)
    alpha = alpha_from_covariance(used.covariance)
    standardized = alpha_from_covariance(used.correlation)
    se = asymptotic_se(used.covariance, used.n_effective)
    _warn_doubtful(used, alpha)
    if ci_method == "feldt":
        low, high = feldt_interval(alpha, used.n_effective, len(used.names), ci)
    elif ci_method == "asymptotic":
        z = float(ndtri((1 + ci) / 2))
        low, high = alpha - z * se, alpha + z * se
    else:
        kept = Items(table.values[:, varies], used.names, table.weights)
        low, high = percentile_interval(
            kept,
            lambda m: alpha_from_covariance(m.covariance),
            missing=missing,
            ci=ci,
            draws=n_boot,
            seed=seed,
        )
    k = len(used.names)
    return CronbachAlpha(
        alpha=alpha,
        standardized=standardized,
        ci_low=low,
        ci_high=high,
        n=every.n,
        k=k,
        item_statistics=_item_statistics(every, varies),
        average_r=float((used.correlation.sum() - k) / (k * (k - 1))),
        se=se,
        n_effective=every.n_effective,
        ci=ci,
        ci_method=ci_method,
        missing=missing,
    )


def alpha_from_covariance(matrix: np.ndarray) -> float:
    """Alpha of a covariance (raw) or correlation (standardised) matrix, k ≥ 2."""
    k, total = len(matrix), float(matrix.sum())
    if not total > 1e-14 * float(np.abs(matrix).sum()):
        raise InputError(
            "the sum of the items has no variance, so alpha does not exist",
            where="items",
            found="items that cancel each other",
            action="Reverse the negatively worded items first",
        )
    return float(k / (k - 1) * (1 - np.trace(matrix) / total))


def asymptotic_se(covariance: np.ndarray, n: float) -> float:
    """Normal-theory standard error of raw alpha (van Zyl, Neudecker and Nel 2000)."""
    k, total, trace = len(covariance), covariance.sum(), np.trace(covariance)
    squared = covariance @ covariance
    spread = total * (np.trace(squared) + trace**2) - 2 * trace * squared.sum()
    return float(np.sqrt(2 * k**2 / ((k - 1) ** 2 * total**3) * max(spread, 0.0) / n))


def feldt_interval(alpha: float, n: float, k: int, ci: float = 0.95) -> tuple[float, float]:
    """Feldt's interval of alpha from n respondents and k items."""
    tail, df = (1 - ci) / 2, n - 1
    low, high = f_quantile(1 - tail, df, df * (k - 1)), f_quantile(tail, df, df * (k - 1))
    return 1 - (1 - alpha) * low, 1 - (1 - alpha) * high


def _varying(every: Moments, varies: np.ndarray) -> Moments:
    constant = [name for name, v in zip(every.names, varies) if not v]
    if varies.sum() < 2:
        raise InputError(
            "fewer than two items vary, so alpha does not exist",
            where="items",
            found="everybody gave the same answer to " + ", ".join(map(repr, constant[:5])),
            expected="two or more items with different answers",
        )
    warnings.warn(
        f"Everybody gave the same answer to {', '.join(map(repr, constant))}: left out of alpha. "
        "Look whether the item was asked and coded as meant.",
        MeasureWarning,
        stacklevel=3,
    )
    pick = np.ix_(varies, varies)
    return Moments(
        names=tuple(name for name, v in zip(every.names, varies) if v),
        n=every.n,
        n_effective=every.n_effective,
        n_items=every.n_items[varies],
        n_pairs=every.n_pairs[pick],
        mean=every.mean[varies],
        covariance=every.covariance[pick],
        correlation=every.correlation[pick],
        score_correlation=every.score_correlation[varies],
    )


def _warn_doubtful(used: Moments, alpha: float) -> None:
    k = len(used.names)
    doubts = []
    if used.n < k:
        doubts.append(
            f"{used.n} respondents for {k} items: alpha and its interval are hardly informative; "
            "use a shorter scale or more respondents"
        )
    twins = np.argwhere(np.triu(np.abs(used.correlation), 1) > 1 - 1e-12)
    if len(twins):
        i, j = twins[0]
        doubts.append(
            f"{used.names[i]!r} and {used.names[j]!r} are perfectly correlated: look whether one is a copy of the other"
        )
    if len(against := _against(used)):
        doubts.append(
            ", ".join(f"{used.names[j]!r} ({r:.2f})" for j, r in against[:5])
            + ": correlated negatively with the sum of the other items, as an item does that was not turned; if it is "
            "worded the other way, reverse it first (csi_lib.rescale with reverse=True)"
        )
    if alpha < 0:
        doubts.append(f"alpha is negative ({alpha:.3f}): some items probably need reversing")
    for doubt in doubts:
        warnings.warn(doubt[0].upper() + doubt[1:] + ".", MeasureWarning, stacklevel=3)


def _against(used: Moments) -> list[tuple[int, float]]:
    """Items whose correlation with the rest is below 0, and that correlation."""
    variance, row = np.diag(used.covariance), used.covariance.sum(axis=1)
    rest = used.covariance.sum() - 2 * row + variance
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (row - variance) / np.sqrt(variance * rest)
    return [(j, float(r[j])) for j in np.flatnonzero(r < -1e-12)]


def _item_statistics(every: Moments, varies: np.ndarray) -> pd.DataFrame:
    covariance = every.covariance
    variance, row = np.diag(covariance), covariance.sum(axis=1)
    total, trace, k = covariance.sum(), variance.sum(), int(varies.sum())
    rest = total - 2 * row + variance  # variance of the sum of the other items
    with np.errstate(divide="ignore", invalid="ignore"):
        corrected = (row - variance) / np.sqrt(variance * rest)
        if k > 2:
            dropped = (k - 1) / (k - 2) * (1 - (trace - variance) / rest)
        else:
            dropped = np.full(len(row), np.nan)
    corrected, dropped = (np.where(varies, x, np.nan) for x in (corrected, dropped))
    return pd.DataFrame(
        {
            "item": list(every.names),
            "r_item_total": every.score_correlation,
            "r_corrected": corrected,
            "alpha_if_dropped": dropped,
            "mean": every.mean,
            "sd": every.sd,
            "n": every.n_items,
        }
    )
