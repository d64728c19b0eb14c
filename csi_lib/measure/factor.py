"""Exploratory factor analysis and the two checks before it: KMO and Bartlett's sphericity."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure import readings
from csi_lib.measure.extraction import extract, inverse
from csi_lib.measure.inputs import Missing, read_items, read_option, refuse_constant
from csi_lib.measure.moments import Moments, moments
from csi_lib.measure.rotation import rotate
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


@dataclass(frozen=True, repr=False)
class ExploratoryFactors(Result):
    """An exploratory factor solution; see :func:`efa`.

    ``loadings`` (items × factors; the pattern when oblique), ``phi`` (factor correlations),
    ``communality`` and ``uniqueness`` per item, ``variance`` (frame ``factor ss_loadings
    proportion cumulative``), ``eigenvalues`` of the correlation matrix. Fit: ``chi_square df
    p_value rmsea rmsea_low rmsea_high`` (90 %) ``tli bic rmsr crms``. Without a number of
    respondents (from a bare correlation matrix) what depends on it is NaN.
    """

    SUMMARY = ("factors", "method", "rotation", "chi_square", "df", "p_value", "rmsea", "tli", "rmsr", "n")
    MATRICES = ("loadings", "phi")

    loadings: pd.DataFrame
    phi: pd.DataFrame
    communality: pd.Series
    uniqueness: pd.Series
    variance: pd.DataFrame
    eigenvalues: np.ndarray
    chi_square: float
    df: int
    p_value: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    tli: float
    bic: float
    rmsr: float
    crms: float
    n: float
    factors: int
    method: str
    rotation: str
    converged: bool


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


def efa(
    items,
    factors: int,
    *,
    method: Literal["minres", "ml", "paf"] = "minres",
    rotation: Literal["oblimin", "varimax", "promax", "none"] = "oblimin",
    weights=None,
    missing: Missing = "listwise",
    normalize: bool | None = None,
    tolerance: float | None = None,
) -> ExploratoryFactors:
    r"""Exploratory factor analysis of the correlation matrix, R ≈ ΛΦΛ' + Ψ.

    Parameters
    ----------
    items : DataFrame or array, respondents × items.
    factors : number of common factors; :func:`csi_lib.parallel_analysis` and
        :func:`csi_lib.minimum_average_partial` help to choose it.
    method : ``"minres"`` (least squares of the off-diagonal residuals), ``"ml"`` (normal maximum
        likelihood) or ``"paf"`` (principal axis, iterated communalities). All start from squared
        multiple correlations; uniquenesses stay at .005 or above (not in paf).
    rotation : ``"oblimin"`` (γ = 0) and ``"promax"`` are oblique, ``"varimax"`` is orthogonal.
    weights, missing : as in :func:`csi_lib.cronbach_alpha`; the correlations are weighted, and the
        χ² then uses Kish's effective number of respondents.
    normalize : Kaiser's normalisation; None takes the default of R for each rotation (varimax and
        promax yes, oblimin no). ``rotation="promax", normalize=False`` is factanal's promax.
    tolerance : where the extraction stops. None takes R's values (ml, minres: a relative decrease
        of 2.2e-9; paf: .001 in the sum of communalities, at most 50 steps), so that the printed
        digits are psych's; 0 (or 1e-12 for paf) goes to the minimum, which moves loadings by
        about 1e-5.

    Returns
    -------
    ExploratoryFactors
        Factors in descending order of explained variance (as psych, with Φ taken in), each with
        loadings that sum to a positive number.

    Raises
    ------
    InputError
        For constant items, a singular or not positive definite correlation matrix, n ≤ k, more
        factors than the items can hold.

    Warns
    -----
    MeasureWarning
        For Heywood cases, and when extraction or rotation does not converge.

    Notes
    -----
    χ² is Bartlett-corrected, (n − 1 − (2k + 5)/6 − 2m/3)·F with the maximum likelihood
    discrepancy F at the loadings found, whatever the method; RMSEA = √max(χ²/(n·df) − 1/(n − 1), 0)
    and TLI as psych's. In R: ``psych::fa(x, m, fm = "minres" | "ml" | "pa", rotate = …)``.

    References
    ----------
    Harman and Jones (1966), Psychometrika 31, 351–368; Jöreskog (1967), Psychometrika 32,
    443–482.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.efa(answers[["q1", "q2", "q3", "q4", "q5", "q6"]], 2).loadings.round(2)
            F1    F2
    item
    q1    0.75 -0.02
    q2    0.74  0.03
    q3    0.72 -0.01
    q4    0.01  0.69
    q5    0.00  0.66
    q6   -0.01  0.77
    """
    found = correlated_items(items, weights, missing, at_least=3)
    return efa_from_correlation(
        pd.DataFrame(found.correlation, found.names, found.names),
        factors,
        n=found.n_effective,
        method=method,
        rotation=rotation,
        normalize=normalize,
        tolerance=tolerance,
    )


def efa_from_correlation(
    correlation,
    factors: int,
    *,
    n: float | None = None,
    method: Literal["minres", "ml", "paf"] = "minres",
    rotation: Literal["oblimin", "varimax", "promax", "none"] = "oblimin",
    normalize: bool | None = None,
    tolerance: float | None = None,
) -> ExploratoryFactors:
    """:func:`efa` of a correlation matrix (polychoric, published) of n respondents."""
    read_option(method, ("minres", "ml", "paf"), where="method")
    matrix, names = read_correlation(correlation)
    k = len(names)
    df = (k - factors) * (k - factors - 1) // 2 - factors  # = k(k−1)/2 − mk + m(m−1)/2
    if not 1 <= factors < k or df < 0:
        raise InputError(
            "the items cannot hold so many factors",
            where="factors",
            found=f"{factors} for {k} items",
            expected="at least one, and non-negative degrees of freedom",
        )
    unrotated = extract(matrix, factors, method, names=names, tolerance=tolerance)
    turned = rotate(unrotated.loadings, rotation, normalize=normalize)
    loadings, phi = turned.loadings, turned.phi
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    loadings, phi = loadings * sign, phi * np.outer(sign, sign)
    explained = np.diag(phi @ loadings.T @ loadings)
    order = np.argsort(-explained, kind="stable")
    loadings, phi, explained = loadings[:, order], phi[np.ix_(order, order)], explained[order]
    communality = (unrotated.loadings**2).sum(axis=1)
    labels = [f"F{j + 1}" for j in range(factors)]
    index = pd.Index(list(names), name="item")
    return ExploratoryFactors(
        loadings=pd.DataFrame(loadings, index=index, columns=labels),
        phi=pd.DataFrame(phi, index=labels, columns=labels),
        communality=pd.Series(communality, index=index, name="communality"),
        uniqueness=pd.Series(1 - communality, index=index, name="uniqueness"),
        variance=pd.DataFrame(
            {
                "factor": labels,
                "ss_loadings": explained,
                "proportion": explained / k,
                "cumulative": np.cumsum(explained) / k,
            }
        ),
        eigenvalues=np.linalg.eigvalsh(matrix)[::-1],
        df=df,
        n=float("nan") if n is None else float(n),
        factors=factors,
        method=method,
        rotation=rotation,
        converged=unrotated.converged,
        **_fit(matrix, unrotated.loadings @ unrotated.loadings.T, factors, df, n),
    )


def _fit(matrix: np.ndarray, common: np.ndarray, factors: int, df: int, n: float | None) -> dict:
    from scipy.special import chdtrc

    k = len(matrix)
    residual = matrix - common
    np.fill_diagonal(residual, 0)
    squares = float((residual**2).sum())
    implied = common.copy()
    np.fill_diagonal(implied, 1)
    nan = float("nan")
    fit = {
        "rmsr": float(np.sqrt(squares / (k * (k - 1)))),
        "crms": float(np.sqrt(squares / (2 * df))) if df > 0 else nan,
    }
    sign, logdet = np.linalg.slogdet(implied)
    if n is None or sign <= 0:
        return fit | dict.fromkeys(("chi_square", "p_value", "rmsea", "rmsea_low", "rmsea_high", "tli", "bic"), nan)
    ratio = np.linalg.solve(implied, matrix)
    discrepancy = float(np.trace(ratio) - (np.linalg.slogdet(matrix)[1] - logdet) - k)
    corrected = n - 1 - (2 * k + 5) / 6 - 2 * factors / 3
    chi_square = max(discrepancy * corrected, 0.0)
    empty = -np.linalg.slogdet(matrix)[1] / (k * (k - 1) / 2)
    fit["chi_square"] = chi_square
    fit["p_value"] = float(chdtrc(df, chi_square)) if df > 0 else nan
    fit["tli"] = float((empty - discrepancy / df) / (empty - 1 / corrected)) if df > 0 else nan
    fit["bic"] = chi_square - df * float(np.log(n))
    fit["rmsea"] = float(np.sqrt(max(chi_square / (df * n) - 1 / (n - 1), 0))) if df > 0 else nan
    low, high = noncentrality_interval(chi_square, df) if df > 0 else (nan, nan)
    fit["rmsea_low"] = float(np.sqrt(low / (df * (n - 1)))) if df > 0 else nan
    fit["rmsea_high"] = float(np.sqrt(high / (df * (n - 1)))) if df > 0 else nan
    return fit


def noncentrality_interval(chi_square: float, df: int, tails: Sequence[float] = (0.95, 0.05)) -> tuple:
    """Non-centralities at which the χ² observed is the quantile at each of `tails` (0 if none is)."""
    from scipy.optimize import brentq
    from scipy.special import chndtr

    bounds = []
    for tail in tails:
        if chndtr(chi_square, df, 0) <= tail:
            bounds.append(0.0)
            continue
        top = chi_square + 10 * np.sqrt(2 * df + 4 * chi_square) + 50
        bounds.append(float(brentq(lambda c, t=tail: chndtr(chi_square, df, c) - t, 0, top, xtol=1e-10)))
    return tuple(bounds)
