"""Whether items are fit for factors: the Kaiser–Meyer–Olkin measure and Bartlett's test of sphericity, and the correlations both rest on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure import readings
from csi_lib.measure.extraction import inverse
from csi_lib.measure.inputs import Missing, read_items, refuse_constant
from csi_lib.measure.moments import Moments, moments
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class SamplingAdequacy(Result):
    """Kaiser–Meyer–Olkin measure: ``overall`` and ``per_item`` (frame ``item kmo``), 0–1."""

    SUMMARY = ("overall", "n")
    TABLE = "per_item"

    overall: float
    per_item: pd.DataFrame
    n: int

    def verdict(self) -> str:
        return readings.read(self.overall, readings.ADEQUACY)


@dataclass(frozen=True, repr=False)
class SphericityTest(Result):
    """Bartlett's test that the items are uncorrelated: ``chi_square df p_value``, ``n`` used."""

    SUMMARY = ("chi_square", "df", "p_value", "n")

    chi_square: float
    df: int
    p_value: float
    n: float

    def verdict(self) -> str:
        return "the items are correlated" if self.p_value < 0.05 else "no correlation shown"


def read_correlation(correlation, *, where: str = "correlation") -> tuple[np.ndarray, tuple]:
    """A checked correlation matrix (symmetric, ones on the diagonal) and its item names."""
    table = read_items(correlation, where=where)
    matrix, k = np.ascontiguousarray(table.values), table.k
    if matrix.shape != (k, k) or not np.allclose(matrix, matrix.T, atol=1e-8, equal_nan=False):
        raise InputError("a symmetric matrix is needed", where=where, found=f"shape {matrix.shape}")
    if not np.allclose(np.diag(matrix), 1, atol=1e-8) or np.abs(matrix).max() > 1 + 1e-8:
        raise InputError(
            "this is not a correlation matrix",
            where=where,
            expected="ones on the diagonal, nothing beyond ±1",
            action="Divide the covariances by the standard deviations",
        )
    return (matrix + matrix.T) / 2, table.names


def correlated_items(items, weights, missing: Missing, *, at_least: int = 2) -> Moments:
    """Moments of items that must all vary, as everything built on correlations needs."""
    found = moments(read_items(items, weights, at_least=at_least), missing)
    refuse_constant(np.diag(found.covariance), found.names, "items")
    if found.n <= len(found.names) and missing == "listwise":
        raise InputError(
            "fewer respondents than items make the correlation matrix singular",
            where="items",
            found=f"{found.n} respondents who answered everything, {len(found.names)} items",
            expected="more respondents than items, better five to ten times as many",
            action="Use missing='pairwise' or fewer items",
        )
    return found


def kmo(items, *, weights=None, missing: Missing = "listwise") -> SamplingAdequacy:
    r"""Kaiser–Meyer–Olkin measure of sampling adequacy, overall and per item.

    .. math:: \frac{\sum_{i \ne j} r_{ij}^2}{\sum_{i \ne j} r_{ij}^2 + \sum_{i \ne j} q_{ij}^2}

    with q the partial correlations of two items given all others; per item the sums run over its
    row. Missing answers as in :func:`csi_lib.cronbach_alpha`; weights weight the correlations.

    Raises
    ------
    InputError
        For constant items and a singular correlation matrix (copies, totals, n ≤ k).

    Notes
    -----
    In R: ``psych::KMO(cor(x))``.

    References
    ----------
    Kaiser and Rice (1974), Educational and Psychological Measurement 34, 111–117.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.kmo(answers[["q1", "q2", "q3", "q4", "q5", "q6"]])
    <SamplingAdequacy overall=0.7737, n=300, per_item: 6 rows; middling>
    """
    found = correlated_items(items, weights, missing)
    result = kmo_from_correlation(pd.DataFrame(found.correlation, found.names, found.names))
    return SamplingAdequacy(result.overall, result.per_item, found.n)


def kmo_from_correlation(correlation) -> SamplingAdequacy:
    """:func:`kmo` of a correlation matrix (polychoric, published); ``n`` is 0."""
    matrix, names = read_correlation(correlation)
    partial = inverse(matrix, names=names)
    scale = np.sqrt(np.diag(partial))
    partial = partial / np.outer(scale, scale)
    r, q = matrix**2, partial**2
    np.fill_diagonal(r, 0)
    np.fill_diagonal(q, 0)
    if not r.sum() > 0:
        raise InputError("the items are exactly uncorrelated, so KMO does not exist", where="correlation")
    shared = r.sum(axis=0) + q.sum(axis=0)
    with np.errstate(invalid="ignore"):
        per_item = np.where(shared > 0, r.sum(axis=0) / shared, np.nan)
    if np.isnan(per_item).any():
        lonely = [repr(name) for name, value in zip(names, per_item) if np.isnan(value)]
        warnings.warn(
            f"No KMO for {', '.join(lonely)}: exactly uncorrelated with everything else.",
            MeasureWarning,
            stacklevel=2,
        )
    frame = pd.DataFrame({"item": list(names), "kmo": per_item})
    return SamplingAdequacy(float(r.sum() / (r.sum() + q.sum())), frame, 0)


def bartlett_sphericity(items, *, weights=None, missing: Missing = "listwise") -> SphericityTest:
    r"""Bartlett's test that the correlation matrix is the identity.

    .. math:: \chi^2 = -\Bigl(n - 1 - \frac{2k + 5}{6}\Bigr)\ln|R|, \quad df = \frac{k(k-1)}{2}

    n is the number of respondents used: the complete ones, or with pairwise deletion those who
    answered at least one item; with weights Kish's effective number. It assumes normal items.

    Notes
    -----
    In R: ``psych::cortest.bartlett(cor(x), n = nrow(x))``.

    References
    ----------
    Bartlett (1951), Biometrika 38, 337–344.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.bartlett_sphericity(answers[["q1", "q2", "q3", "q4", "q5", "q6"]])
    <SphericityTest chi_square=512.8, df=15, p_value=1.084e-99, n=300; the items are correlated>
    """
    found = correlated_items(items, weights, missing)
    return bartlett_from_correlation(pd.DataFrame(found.correlation, found.names, found.names), found.n_effective)


def bartlett_from_correlation(correlation, n: float) -> SphericityTest:
    """:func:`bartlett_sphericity` of a correlation matrix of n respondents."""
    from scipy.special import chdtrc

    matrix, names = read_correlation(correlation)
    inverse(matrix, names=names)
    k = len(names)
    factor = n - 1 - (2 * k + 5) / 6
    if factor <= 0:
        raise InputError("too few respondents for the test", where="n", found=n, expected=f"above {k}")
    chi_square = float(-factor * np.linalg.slogdet(matrix)[1])
    df = k * (k - 1) // 2
    return SphericityTest(chi_square, df, float(chdtrc(df, chi_square)), n)
