"""Regression under a survey design: weighted estimating equations, design-based covariance.

β solves Σ w x (y − μ(xβ)) = 0; its linearised values are w x (y − μ) (Σ w μ' x x')⁻¹. Source: Binder (1983).
R: ``survey::svyglm``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result
from csi_lib.survey.estimation import t_interval


def _binomial_deviance(y, mu, w):
    return 2 * (w * (special.xlogy(y, y / mu) + special.xlogy(1 - y, (1 - y) / (1 - mu)))).sum()


def _poisson_deviance(y, mu, w):
    return 2 * (w * (special.xlogy(y, y / mu) - (y - mu))).sum()


#: family → inverse link, derivative of the mean in the linear predictor, first linear predictor, deviance
_FAMILIES = {
    "gaussian": (
        lambda eta: eta,
        np.ones_like,
        lambda y, w: y,
        lambda y, mu, w: (w * (y - mu) ** 2).sum(),
    ),
    "quasibinomial": (
        special.expit,
        lambda mu: mu * (1 - mu),
        lambda y, w: special.logit((w * y + 0.5) / (w + 1)),
        _binomial_deviance,
    ),
    "quasipoisson": (np.exp, lambda mu: mu, lambda y, w: np.log(y + 0.1), _poisson_deviance),
}
_ALIASES = {"binomial": "quasibinomial", "poisson": "quasipoisson"}


@dataclass(frozen=True, repr=False)
class Regression(Result):
    """`coefficients` (``term estimate se df ci_low ci_high statistic p_value``), `covariance` of the terms,
    `df` = degrees of freedom of the design + 1 − terms, `n` complete rows."""

    SUMMARY = ("outcome", "family", "df", "n")
    TABLE = "coefficients"

    outcome: str
    family: str
    coefficients: pd.DataFrame
    covariance: np.ndarray
    df: int
    n: int


@dataclass(frozen=True)
class Fit:
    beta: np.ndarray
    covariance: np.ndarray
    df: int


@dataclass(frozen=True)
class _Equations:
    """The estimating equations as a statistic: β under any weights, and its linearised values."""

    y: np.ndarray
    x: np.ndarray
    used: np.ndarray
    family: str
    unit: float  # weights are counted in units of their mean

    def estimate(self, weights):
        if weights.ndim == 2:
            return np.column_stack([self.estimate(w) for w in weights.T])
        return self._solve(weights)[0]

    def influence(self, weights):
        beta, slope, bread = self._solve(weights)
        mean, derivative, _, _ = _FAMILIES[self.family]
        x = self.x[self.used]
        mu = mean(x @ beta)
        score = weights[self.used] * slope * (self.y[self.used] - mu) / derivative(mu)
        z = np.zeros_like(self.x)
        z[self.used] = (x * score[:, None]) @ bread
        return z

    def _solve(self, weights):
        """β, the slopes of the last step and the inverse information, by iterated reweighted least squares.

        It stops as R's ``glm`` does, when the deviance changes by less than 1e-8 of itself, and keeps the
        slopes that the last step started from: standard errors then agree to the last digit.
        """
        mean, derivative, start, deviance = _FAMILIES[self.family]
        w, x, y = weights[self.used] / self.unit, self.x[self.used], self.y[self.used]
        eta, before = start(y, w), np.inf
        for _ in range(50):
            mu = mean(eta)
            slope = derivative(mu)
            root = np.sqrt(w * slope)
            working = (eta + (y - mu) / slope) * root
            beta, _, rank, _ = np.linalg.lstsq(x * root[:, None], working, rcond=1e-11)
            if rank < x.shape[1]:
                raise InputError(
                    "the predictors determine one another",
                    where="predictors",
                    found=f"rank {rank} of {x.shape[1]}",
                    action="Leave one of them out, or merge levels that nobody answers.",
                )
            eta = x @ beta
            now = deviance(y, mean(eta), w)
            far = {"gaussian": 0.0, "quasibinomial": np.abs(eta).max(), "quasipoisson": -eta.min()}[self.family]
            if not np.isfinite(now) or far > 15:  # shares or rates below 1e-6: a level without the outcome
                break
            if abs(now - before) / (abs(now) + 0.1) < 1e-8:
                information = (x * (w * slope)[:, None]).T @ x
                return beta, slope, np.linalg.inv(information) / self.unit
            before = now
        raise InputError(
            "the regression does not converge",
            where="regression",
            found="fitted values run to their bounds",
            action="A predictor separates the outcome perfectly; merge its levels or leave it out.",
        )


def fit(design, y, x, used, family: str) -> Fit:
    """β, its design-based covariance and the residual degrees of freedom on the rows `used`."""
    inside = slice(None) if design.domain is None else design.domain
    unit = float(design.weights[inside].mean())
    equations = _Equations(np.where(used, y, 0.0), np.where(used[:, None], x, 0.0), used, family, unit)
    df = design.domain_df(used) + 1 - x.shape[1]
    return Fit(equations.estimate(design.weights), design.covariance_of(equations), df)


def regression(design, outcome, predictors, family, categorical, ci) -> Regression:
    """See `Estimators.regression`."""
    family = _ALIASES.get(family, family)
    if family not in _FAMILIES:
        raise InputError(
            "unknown family", where="family", found=repr(family), expected=", ".join([*_FAMILIES, *_ALIASES])
        )
    y = design.numeric(outcome)
    used = ~np.isnan(y) if design.domain is None else ~np.isnan(y) & design.domain
    terms, columns = ["(Intercept)"], [np.ones(design.n)]
    for name in predictors:
        names, parts = _terms(design, name, name in categorical)
        terms += names
        columns += parts
    x = np.column_stack(columns)
    used &= ~np.isnan(x).any(1)
    if not used.any():
        raise InputError("no row is complete", where="regression", action="Check the missing values.")
    if family == "quasibinomial" and not ((y[used] >= 0) & (y[used] <= 1)).all():
        raise InputError("a share lies between 0 and 1", where=outcome, action="Recode the outcome to 0/1.")
    if family == "quasipoisson" and (y[used] < 0).any():
        raise InputError("a count is not negative", where=outcome, action="Check the outcome.")
    model = fit(design, y, x, used, family)
    se = np.sqrt(np.diag(model.covariance))
    low, high = t_interval(model.beta, se, model.df, ci)
    t = model.beta / se
    p = 2 * special.stdtr(model.df, -np.abs(t)) if model.df > 0 else np.full(len(t), np.nan)
    frame = pd.DataFrame(
        {"term": terms, "estimate": model.beta, "se": se, "df": model.df, "ci_low": low, "ci_high": high,
         "statistic": t, "p_value": p}
    )  # fmt: skip
    return Regression(outcome, family, frame, model.covariance, model.df, int(used.sum()))


def _terms(design, name: str, as_category: bool):
    """A numeric column as it is; a category as indicators of all levels but the first."""
    column = design.column(name)
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numeric and not as_category:
        return [name], [design.numeric(name)]
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, levels = pd.factorize(column, sort=True)
    parts = [np.where(codes < 0, np.nan, (codes == i).astype(float)) for i in range(1, len(levels))]
    return [f"{name}={level}" for level in levels[1:]], parts
