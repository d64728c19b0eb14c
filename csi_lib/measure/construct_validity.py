"""Convergent and discriminant validity of factors: composite reliability, AVE, Fornell-Larcker, HTMT."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.cfa import cfa
from csi_lib.measure.cfa_result import FactorAnalysis
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class CompositeReliability(Result):
    """`by_factor` has all factors; `composite_reliability` (and ``float(result)``) is for a single one."""

    TABLE = "by_factor"

    by_factor: pd.Series

    @property
    def composite_reliability(self) -> float:
        return float(self)

    def __float__(self) -> float:
        return _only(self.by_factor)

    def verdict(self) -> str:
        return f"{int((self.by_factor >= 0.7).sum())} of {len(self.by_factor)} reach .70"


@dataclass(frozen=True, repr=False)
class AverageVarianceExtracted(Result):
    """`by_factor`: one per factor; `average_variance_extracted` (and ``float(result)``) if it is only one."""

    TABLE = "by_factor"

    by_factor: pd.Series

    @property
    def average_variance_extracted(self) -> float:
        return float(self)

    def __float__(self) -> float:
        return _only(self.by_factor)

    def verdict(self) -> str:
        return f"{int((self.by_factor >= 0.5).sum())} of {len(self.by_factor)} reach .50"


def _only(values: pd.Series) -> float:
    if len(values) != 1:
        raise InputError(
            "there are several factors",
            where="result",
            found=", ".join(map(str, values.index)),
            action="Read .by_factor.",
        )
    return float(values.iloc[0])


def composite_reliability(loadings) -> CompositeReliability:
    r"""Composite reliability (Joreskog's rho, Dillon-Goldstein's rho), from standardised loadings.

    .. math:: \rho_c = \frac{(\sum\lambda_i)^2}{(\sum\lambda_i)^2 + \sum(1 - \lambda_i^2)}

    Parameters
    ----------
    loadings : sequence of float, mapping, DataFrame or FactorAnalysis
        Standardised loadings of one factor, also as ``{item: loading}``; or ``{factor: loadings}``; or a frame
        with the columns ``factor`` and ``standardized``; or the result of `cfa` (one group).

    Returns
    -------
    CompositeReliability
        ``.composite_reliability`` for one factor, ``.by_factor`` for any number. 0..1.

    Raises
    ------
    InputError
        Loadings outside -1..1, missing, or none.

    Warns
    -----
    MeasureWarning
        Loadings of both signs under one factor: they cancel; reverse those items first.

    Notes
    -----
    Errors are taken as uncorrelated. R: ``l <- standardizedSolution(fit)$est.std; sum(l)^2 / (sum(l)^2 +
    sum(1 - l^2))`` (Fornell & Larcker 1981). ``semTools::compRelSEM`` works on unstandardised parameters and,
    by default, divides by the observed variance of the sum: it differs.

    Examples
    --------
    >>> import csi_lib
    >>> float(round(csi_lib.composite_reliability([0.8, 0.7, 0.75]).composite_reliability, 3))
    0.795
    """
    values = {}
    for factor, z in _standardized(loadings).items():
        if (z > 0).any() and (z < 0).any():
            warnings.warn(
                f"the factor '{factor}' has loadings of both signs, which cancel in composite reliability; "
                "reverse the negative items first",
                MeasureWarning,
                stacklevel=2,
            )
        total = z.sum() ** 2
        values[factor] = total / (total + (1 - z**2).sum())
    return CompositeReliability(pd.Series(values, name="composite_reliability", dtype=float))


def average_variance_extracted(loadings) -> AverageVarianceExtracted:
    r"""Average variance extracted: the mean squared standardised loading, :math:`\sum\lambda_i^2 / k`.

    Parameters
    ----------
    loadings : sequence of float, mapping, DataFrame or FactorAnalysis
        As for `composite_reliability`.

    Returns
    -------
    AverageVarianceExtracted
        ``.average_variance_extracted`` for one factor, ``.by_factor`` for any number. 0..1.

    Raises
    ------
    InputError
        Loadings outside -1..1, missing, or none.

    Notes
    -----
    R: ``mean(standardizedSolution(fit)$est.std^2)`` over the factor's items (Fornell & Larcker 1981).
    ``semTools::AVE`` weights items by their variance (unstandardised loadings) and differs slightly.

    Examples
    --------
    >>> import csi_lib
    >>> float(round(csi_lib.average_variance_extracted([0.8, 0.7, 0.75]).average_variance_extracted, 3))
    0.564
    """
    values = {factor: np.mean(z**2) for factor, z in _standardized(loadings).items()}
    return AverageVarianceExtracted(pd.Series(values, name="average_variance_extracted", dtype=float))


def _standardized(loadings) -> dict[object, np.ndarray]:
    if isinstance(loadings, FactorAnalysis):
        if len(loadings.groups) > 1:
            raise InputError(
                "the model was fitted in several groups",
                where="loadings",
                action="Give the loadings of one group: fit.loadings[fit.loadings.group == ...].",
            )
        items = loadings.loadings[loadings.loadings["item"].isin(loadings.model.items)]
        return _standardized(items)
    if isinstance(loadings, pd.DataFrame):
        missing = [c for c in ("factor", "standardized") if c not in loadings]
        if missing:
            raise InputError(
                f"the loadings have no column '{missing[0]}'",
                where="loadings",
                found=", ".join(map(str, loadings.columns)),
                expected="factor and standardized",
            )
        parts = {f: part["standardized"].to_numpy() for f, part in loadings.groupby("factor", sort=False)}
    elif isinstance(loadings, Mapping):
        parts = dict(loadings)
        if parts and all(np.ndim(value) == 0 for value in parts.values()):
            parts = {"factor": list(parts.values())}
    else:
        parts = {"factor": loadings}
    out = {}
    for factor, values in parts.items():
        try:
            z = np.asarray(values, dtype=float).ravel()
        except (TypeError, ValueError):
            raise InputError(f"a loading of '{factor}' is not a number", where="loadings", found=repr(values)) from None
        if not len(z) or not np.isfinite(z).all():
            raise InputError(f"the loadings of '{factor}' are missing or incomplete", where="loadings")
        if np.abs(z).max() > 1 + 1e-9:
            raise InputError(
                f"a loading of '{factor}' is outside -1..1",
                where="loadings",
                found=f"{z[np.abs(z).argmax()]:.4g}",
                expected="standardised loadings",
                action="Take the column `standardized`; if it is there, this is a Heywood case.",
            )
        out[factor] = z
    return out


@dataclass(frozen=True, repr=False)
class FornellLarcker(Result):
    """Fornell-Larcker criterion.

    Attributes
    ----------
    matrix : DataFrame
        Square roots of AVE on the diagonal, correlations of the factors elsewhere.
    average_variance_extracted, composite_reliability : Series by factor
    pairs : DataFrame
        ``factor_1 factor_2 correlation root_ave_1 root_ave_2 met``; met: both roots exceed the correlation.
    """

    TABLE = "pairs"
    MATRICES = ("matrix",)

    matrix: pd.DataFrame
    average_variance_extracted: pd.Series
    composite_reliability: pd.Series
    pairs: pd.DataFrame

    def verdict(self) -> str:
        return f"met by {int(self.pairs['met'].sum())} of {len(self.pairs)} pairs"


def fornell_larcker(source, model=None, *, correlations: pd.DataFrame | None = None, **options) -> FornellLarcker:
    """Fornell-Larcker criterion: a factor should share more variance with its items than with other factors.

    Parameters
    ----------
    source : FactorAnalysis, DataFrame of items, or mapping
        The result of `cfa`; or items, with `model`, to which a factor model is fitted; or standardised
        loadings ``{factor: [...]}`` with `correlations` (for example of a path model).
    model : str or mapping, optional
        See `cfa`.
    correlations : DataFrame (factors, factors), optional
        Correlations of the factors, for loadings given as a mapping.
    **options
        Passed on to `cfa`, e.g. ``estimator="MLR"``.

    Returns
    -------
    FornellLarcker

    Notes
    -----
    R: ``lavaan::lavInspect(fit, "cor.lv")`` with ``sqrt(AVE)`` on its diagonal. Fornell & Larcker (1981),
    J. Mark. Res. 18. The criterion is lenient where loadings differ; look at `htmt` too.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.fornell_larcker(answers, "Kindness =~ q1 + q2 + q3\\nFacilities =~ q4 + q5 + q6").matrix.round(2)
                Kindness  Facilities
    Kindness        0.74        0.50
    Facilities      0.50        0.71
    """
    if isinstance(source, Mapping) and not isinstance(source, pd.DataFrame):
        if correlations is None:
            raise InputError(
                "the correlations of the factors are missing",
                where="correlations",
                expected="a DataFrame with the factors as rows and columns",
            )
        loadings = _standardized(source)
        absent = [f for f in loadings if f not in correlations.index or f not in correlations.columns]
        if absent:
            raise InputError(f"there are no correlations of '{absent[0]}'", where="correlations")
        between = correlations.loc[list(loadings), list(loadings)].astype(float)
    else:
        fit = source if isinstance(source, FactorAnalysis) else cfa(source, model, **options)
        loadings = _standardized(fit)
        between = fit.factor_correlations.loc[list(loadings), list(loadings)]
    ave = average_variance_extracted(loadings).by_factor
    matrix = between.copy()
    for factor in loadings:
        matrix.loc[factor, factor] = np.sqrt(ave[factor])
    rows = [(a, b, between.loc[a, b], np.sqrt(ave[a]), np.sqrt(ave[b])) for a, b in combinations(loadings, 2)]
    pairs = pd.DataFrame(rows, columns=["factor_1", "factor_2", "correlation", "root_ave_1", "root_ave_2"])
    pairs["met"] = pairs["correlation"].abs() < pairs[["root_ave_1", "root_ave_2"]].min(axis=1)
    return FornellLarcker(matrix, ave, composite_reliability(loadings).by_factor, pairs)
