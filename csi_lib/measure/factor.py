"""Exploratory factor analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.adequacy import correlated_items, read_correlation
from csi_lib.measure.extraction import extract
from csi_lib.measure.inputs import Missing, read_option
from csi_lib.measure.rotation import rotate
from csi_lib.measure.shown import Result


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
