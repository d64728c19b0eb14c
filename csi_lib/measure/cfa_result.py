"""What a fitted factor model reports: parameters with errors, standardised values, warnings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.cfa_model import FactorModel, Implied
from csi_lib.measure.fit_indices import FitIndices
from csi_lib.measure.shown import Result, apa


@dataclass(frozen=True, repr=False)
class FactorAnalysis(Result):
    """A fitted factor model.

    Attributes
    ----------
    parameters : DataFrame
        One row per parameter: ``group left operator right label free estimate se z p_value ci_low ci_high
        standardized standardized_se``. The operators are those of the model text, ``|`` for thresholds and
        ``~*~`` for scales. Fixed parameters have se 0 and no z. `standardized` is for items and factors of
        variance 1 (covariances: residual correlations).
    fit : FitIndices
        Chi-square, CFI, TLI, RMSEA, SRMR, information criteria.
    n : int or tuple
        Rows used, in all and by group (`n_by_group`).
    covariance : DataFrame
        Covariance matrix of the free parameters, in the order of `parameters`.
    implied, observed : tuple of DataFrame
        Covariance matrices of the items (correlations for ordered items) by group.
    warnings, notes : tuple of str
        What makes the result doubtful (also given as `MeasureWarning`), and what one should know.
    """

    SUMMARY = ("estimator", "n", "chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr")
    TABLE = "loadings"

    parameters: pd.DataFrame
    fit: FitIndices
    n: int
    n_by_group: tuple[int, ...]
    groups: tuple[object, ...]
    estimator: str
    missing: str
    covariance: pd.DataFrame
    implied: tuple[pd.DataFrame, ...]
    observed: tuple[pd.DataFrame, ...]
    factor_covariances: tuple[pd.DataFrame, ...]
    iterations: int
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    model: FactorModel
    fitted: object

    def _rows(self, keep, left: str = "left", right: str | None = "right") -> pd.DataFrame:
        rows = self.parameters[keep].rename(columns={"left": left, "right": right or "right"})
        drop = [
            "operator",
            "free",
            *(["group"] if len(self.groups) == 1 else []),
            *([] if right else ["right"]),
        ]
        return rows.drop(columns=drop).reset_index(drop=True)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """``factor item estimate se z p_value ... standardized standardized_se``, in model order."""
        return self._rows(self.parameters.operator == "=~", "factor", "item")

    @cached_property
    def variances(self) -> pd.DataFrame:
        """Variances of factors and residual variances of items: ``name estimate ...``."""
        p = self.parameters
        return self._rows((p.operator == "~~") & (p.left == p.right), "name", None)

    @cached_property
    def covariances(self) -> pd.DataFrame:
        """Covariances of factors and of residuals; `standardized` is the correlation."""
        p = self.parameters
        return self._rows((p.operator == "~~") & (p.left != p.right))

    @cached_property
    def regressions(self) -> pd.DataFrame:
        """Effects among factors: ``outcome predictor estimate ...``."""
        return self._rows(self.parameters.operator == "~", "outcome", "predictor")

    @cached_property
    def intercepts(self) -> pd.DataFrame:
        """Intercepts of items and means of factors; empty where the means are not modelled."""
        return self._rows(self.parameters.operator == "~1", "name", None)

    @cached_property
    def thresholds(self) -> pd.DataFrame:
        """Thresholds of ordered items: ``item threshold estimate ...``; empty otherwise."""
        return self._rows(self.parameters.operator == "|", "item", "threshold")

    @cached_property
    def factor_correlations(self) -> pd.DataFrame | dict[object, pd.DataFrame]:
        """Model-implied correlations of the factors; a mapping by group if there are several."""
        return self._by_group([_correlation(c) for c in self.factor_covariances])

    @cached_property
    def residuals(self) -> pd.DataFrame | dict[object, pd.DataFrame]:
        """Observed minus implied correlations of the items: what the model leaves unexplained."""
        return self._by_group([_correlation(s) - _correlation(m) for s, m in zip(self.observed, self.implied)])

    def _by_group(self, parts: Sequence[pd.DataFrame]):
        return parts[0] if len(self.groups) == 1 else dict(zip(self.groups, parts))

    @cached_property
    def modification_indices(self) -> pd.DataFrame:
        """What freeing one fixed parameter would gain: ``group left operator right mi expected_change``.

        Score tests, largest first: `mi` is the expected fall of the chi-square (1 df). A hint for theory, not
        a recipe: a model mended by these numbers must be confirmed on other data.
        R: ``lavaan::modindices(fit, sort. = TRUE)``.
        """
        return self.fitted.modification_indices()

    def verdict(self) -> str:
        return self.fit.verdict()

    def _value(self, name: str):
        return getattr(self, name) if name in ("estimator", "n") else self.fit[name]

    def to_apa(self) -> pd.DataFrame:
        """The table of loadings as papers print it after AMOS: B, SE, C.R., p, β, and each factor's AVE and CR."""
        rows = self.loadings
        keys = ["factor"] if len(self.groups) == 1 else ["group", "factor"]
        measured = rows[rows["item"].isin(self.model.items)]
        square = measured.groupby(keys, sort=False)["standardized"].agg(
            ave=lambda x: (x**2).mean(), cr=lambda x: x.sum() ** 2 / (x.sum() ** 2 + (1 - x**2).sum())
        )
        table = rows[[*keys, "item", "estimate", "se", "z", "p_value", "standardized"]].join(square, on=keys)
        shown = apa(table.rename(columns={"z": "C.R.", "ave": "AVE", "cr": "CR", "estimate": "B"}))
        first = ~table.duplicated(keys)
        for column in ("AVE", "CR"):
            shown[column] = shown[column].where(first, "")
        return shown


def _correlation(cov: pd.DataFrame) -> pd.DataFrame:
    sd = np.sqrt(np.diag(cov))
    return cov / np.outer(sd, sd)


@dataclass(frozen=True)
class Variances:
    """Implied variances of items and factors with their derivatives (v, n_free), by which to standardise.

    `residual` gives, for rows of the table that follow from others, their value and derivatives.
    """

    total: np.ndarray
    slope: np.ndarray
    residual: Mapping[int, tuple[float, np.ndarray]] = field(default_factory=dict)


def variances(model: FactorModel, implied: Implied, group: int) -> Variances:
    free, left, right, _ = model.factored_derivatives(implied, group)
    slope = np.zeros((len(model.names), model.n_free))
    np.add.at(slope.T, free, 2 * left * right)
    return Variances(np.diag(implied.cov), slope)


def standardized(
    model: FactorModel, theta: np.ndarray, by_group: Sequence[Variances]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of all parameters, standardised values, and the derivatives of these (parameters, free).

    A loading is multiplied by the factor's implied standard deviation and divided by the item's, a variance
    is divided by the implied variance; a covariance by both residual standard deviations, which makes it a
    correlation; intercepts and thresholds are divided by the standard deviation.
    """
    values = model.values(theta)
    direct = np.zeros((len(values), model.n_free))
    rows = np.flatnonzero(model.free >= 0)
    direct[rows, model.free[rows]] = 1.0
    place = {name: k for k, name in enumerate(model.names)}
    for found in by_group:
        for k, (value, change) in found.residual.items():
            values[k], direct[k] = value, change
    out, slope = values.copy(), direct.copy()
    for g, found in enumerate(by_group):
        own = {
            p.left: k
            for k, p in enumerate(model.parameters)
            if p.group == g and p.operator == "~~" and p.left == p.right
        }
        for k, p in enumerate(model.parameters):
            if p.group != g:
                continue
            if p.operator == "~*~":
                out[k], slope[k] = 1.0, 0.0
                continue
            powers = _powers(p, place)
            with np.errstate(invalid="ignore", divide="ignore"):
                if p.operator == "~~" and p.left != p.right:
                    parts = [(values[own[n]], direct[own[n]], -0.5) for n in (p.left, p.right)]
                else:
                    parts = [(found.total[v], found.slope[v], power) for v, power in powers]
                scale = np.prod([np.float64(size) ** power for size, _, power in parts])
                relative = sum(power * change / size for size, change, power in parts)
                out[k] = values[k] * scale
                slope[k] = scale * (direct[k] + values[k] * relative)
    return values, out, slope


def _powers(p, place) -> list[tuple[int, float]]:
    """Which implied variances, to which power, standardise a parameter."""
    left = place[p.left]
    if p.operator == "=~":
        return [(left, 0.5), (place[p.right], -0.5)]
    if p.operator == "~":
        return [(left, -0.5), (place[p.right], 0.5)]
    if p.operator == "~~":
        return [(left, -1.0)]
    return [(left, -0.5)]


def parameter_table(
    model: FactorModel,
    theta: np.ndarray,
    by_group: Sequence[Variances],
    covariance: np.ndarray,
    groups: Sequence[object],
    ci: float,
) -> pd.DataFrame:
    """All parameters with standard errors, tests, intervals and standardised values."""
    values, std, slope = standardized(model, theta, by_group)
    is_free = model.free >= 0
    se = np.where(is_free, np.sqrt(np.diag(covariance))[np.maximum(model.free, 0)] if model.n_free else 0.0, 0.0)
    std_se = np.sqrt(np.maximum(np.einsum("ki,ij,kj->k", slope, covariance, slope, optimize=True), 0.0))
    # a value that standardising fixes (a single loading of 1) has no error, but for rounding
    std_se[std_se < 1e-9] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(is_free, values / se, np.nan)
    half = ndtri((1 + ci) / 2) * se
    rows = model.parameters
    return pd.DataFrame(
        {
            "group": [groups[p.group] for p in rows],
            "left": [p.left for p in rows],
            "operator": [p.operator for p in rows],
            "right": [p.right for p in rows],
            "label": [p.label or "" for p in rows],
            "free": is_free,
            "estimate": values,
            "se": se,
            "z": z,
            "p_value": 2 * ndtr(-np.abs(z)),
            "ci_low": values - half,
            "ci_high": values + half,
            "standardized": std,
            "standardized_se": std_se,
        }
    )


def improper(
    model: FactorModel, implied: Sequence[Implied], table: pd.DataFrame, groups: Sequence[object]
) -> list[str]:
    """Heywood cases and the like, in words."""
    found = []
    for g, moments in enumerate(implied):
        where = "" if len(groups) == 1 else f" in group {groups[g]}"
        mine = table[[p.group == g for p in model.parameters]]
        variances = mine[(mine.operator == "~~") & (mine.left == mine.right)]
        for row in variances[variances.estimate < 0].itertuples():
            kind = "residual variance of the item" if row.left in model.items else "variance of the factor"
            found.append(
                f"Heywood case{where}: the {kind} '{row.left}' is estimated at {row.estimate:.4g}, below "
                "zero. Do not interpret this solution; the model is wrong, the sample small, or the factor "
                "has too few items"
            )
        k = len(model.items)
        sd = np.sqrt(np.maximum(np.diag(moments.cov)[k:], 1e-300))
        r = moments.cov[k:, k:] / np.outer(sd, sd)
        if len(r) > 1 and not (variances[variances.left.isin(model.factors)].estimate < 0).any():
            off = np.abs(r - np.diag(np.diag(r)))
            a, b = np.unravel_index(off.argmax(), off.shape)
            if np.linalg.eigvalsh(r)[0] < 1e-10:
                found.append(
                    f"The covariance matrix of the factors is not positive definite{where}: the largest "
                    f"correlation is {r[a, b]:.3f}, between '{model.factors[a]}' and '{model.factors[b]}'. "
                    "These factors cannot be told apart; consider merging them"
                )
    return found


def warn(messages: Sequence[str]) -> None:
    for message in messages:
        warnings.warn(message + ".", MeasureWarning, stacklevel=4)


def inverse_information(information: np.ndarray, model: FactorModel) -> np.ndarray:
    """Inverse of the information; a flat direction means that the model is not identified."""
    scale = np.sqrt(np.abs(np.diag(information)))
    flat = scale < 1e-12 * scale.max(initial=1.0)
    if not flat.any():
        values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
        if values[0] > 1e-9:
            inverse = (vectors / values) @ vectors.T
            return inverse / np.outer(scale, scale)
        flat = np.abs(vectors[:, 0]) > 0.2
    labels = model.labels()
    raise InputError(
        "the model is not identified: the data cannot tell these parameters apart",
        where="model",
        found=", ".join(labels[k] for k in np.flatnonzero(flat)[:6]),
        action="Fix or equate one of them, or give each factor at least three items.",
    )
