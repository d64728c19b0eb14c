"""Fitting a factor model by maximum likelihood, with its tests and corrections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure import cfa_result
from csi_lib.measure.cfa_corrections import (
    at_moments,
    free_moments,
    missing_corrected,
    saturated_trace,
    score_products,
    value_at,
    yuan_bentler,
)
from csi_lib.measure.cfa_data import Answers, check_singular
from csi_lib.measure.cfa_ml import Likelihood, available_moments, saturated
from csi_lib.measure.cfa_model import FactorModel, Parameter
from csi_lib.measure.cfa_result import FactorAnalysis
from csi_lib.measure.cfa_start import start
from csi_lib.measure.descent import Minimum, minimise
from csi_lib.measure.fit_indices import assemble, goodness_of_fit, normal_moments, root_mean_square_residuals


def by_item(likelihood: Likelihood) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean and variance of each item from all who answered it: the fit of the baseline model."""
    out = []
    for s in likelihood.samples:
        weight, total, square = (np.zeros(len(likelihood.model.items)) for _ in range(3))
        for p in s.patterns:
            weight[p.items] += p.n
            total[p.items] += p.n * p.mean
            square[p.items] += p.n * (np.diag(p.cov) + p.mean**2)
        mean = total / weight
        out.append((mean, np.diag(square / weight - mean**2)))
    return out


def check_identified(model: FactorModel, moments: int) -> int:
    """Degrees of freedom."""
    df = moments - model.n_free
    if df < 0:
        raise InputError(
            "the model has more free parameters than the data have moments",
            where="model",
            found=f"{model.n_free} parameters for {moments} moments",
            action="Give each factor at least three items, or fix or equate parameters.",
        )
    return df


def descend(value, gradient, curvature, theta: np.ndarray, model: FactorModel, exact=None) -> Minimum:
    """Minimise, or say why not."""
    if not np.isfinite(value(theta)):
        raise InputError(
            "the model's starting values do not give a covariance matrix",
            where="model",
            action="Change the fixed values, or give starting values with start(...)*.",
        )
    found = minimise(value, gradient, curvature, theta, exact=exact)
    if not found.converged:
        cfa_result.inverse_information(curvature(found.theta), model)
        raise InputError(
            "the estimation did not converge",
            where="model",
            found=f"after {found.iterations} steps a distance of {found.decrement:.2g} standard errors "
            "of one row to the minimum",
            action="The model may be wrong for these data or the sample too small; check item "
            "correlations, merge factors, or drop weak items.",
        )
    return found


@dataclass(frozen=True)
class LikelihoodFit:
    """The likelihood at its maximum: what later questions (modification indices, tests) start from."""

    likelihood: Likelihood
    theta: np.ndarray
    observed_information: bool
    groups: tuple

    def information(self, likelihood: Likelihood, theta: np.ndarray) -> np.ndarray:
        return (likelihood.observed_information if self.observed_information else likelihood.expected_information)(
            theta
        )

    def modification_indices(self) -> pd.DataFrame:
        """Score tests of loadings and covariances that the model fixes at 0 (or elsewhere)."""
        model = self.likelihood.model
        have = {(p.group, *sorted((p.left, p.right)), p.operator) for p in model.parameters}
        extra = []
        for g in range(model.groups):
            for f in model.factors:
                extra += [Parameter(g, f, "=~", i) for i in model.items]
            for block in (model.items, model.factors):
                extra += [Parameter(g, a, "~~", b) for a, b in combinations(block, 2)]
        extra = [p for p in extra if (p.group, *sorted((p.left, p.right)), p.operator) not in have]
        rows = list(model.parameters)
        rows += [Parameter(p.group, p.left, p.operator, p.right, free=model.n_free + k) for k, p in enumerate(extra)]
        wide = FactorModel(model.items, model.factors, rows, model.groups, model.means)
        likelihood = Likelihood(wide, self.likelihood.samples)
        theta = np.concatenate([self.theta, np.zeros(len(extra))])
        slope, information = likelihood.gradient(theta), self.information(likelihood, theta)
        k = model.n_free
        explained = np.linalg.solve(information[:k, :k], information[:k, k:])
        left = np.diag(information)[k:] - np.einsum("ij,ij->j", information[:k, k:], explained)
        keep = left > 1e-8 * np.diag(information)[k:]
        change = -slope[k:][keep] / left[keep]
        table = pd.DataFrame(
            {
                "group": [self.groups[p.group] for p, ok in zip(extra, keep) if ok],
                "left": [p.left for p, ok in zip(extra, keep) if ok],
                "operator": [p.operator for p, ok in zip(extra, keep) if ok],
                "right": [p.right for p, ok in zip(extra, keep) if ok],
                "mi": likelihood.n * change**2 * left[keep],
                "expected_change": change,
            }
        )
        table = table.drop(columns="group") if len(self.groups) == 1 else table
        return table.sort_values("mi", ascending=False, ignore_index=True)


def _incomplete_moments(samples, fitted, items):
    """As `normal_moments` where answers are missing: available-case moments, weighted by the information in the rows."""
    observed, expected, weights = [], [], []
    for one, there in zip(samples, fitted):
        full = Likelihood(free_moments(items, 1, True, covariances=True), [one])
        observed.append(at_moments(full.model, [available_moments(one.values, one.weights)]))
        expected.append(at_moments(full.model, [there]))
        weights.append(full.expected_information(expected[-1]))
    return observed, expected, weights


def fit_likelihood(
    model: FactorModel, answers: Answers, *, estimator: str, missing: str, likelihood: str, ci: float
) -> FactorAnalysis:
    """Estimate, and put together what is reported. See `csi_lib.cfa`."""
    samples = answers.samples(unbiased=likelihood == "wishart")
    found = Likelihood(model, samples)
    k, groups = len(model.items), model.groups
    df = check_identified(model, groups * (k * (k + 1) // 2 + (k if model.means else 0)))
    moments = [saturated(s) for s in samples]
    if missing == "fiml":
        for (_, cov), label in zip(moments, answers.labels):
            sd = np.sqrt(np.diag(cov))
            where = "items" if label is None else f"items, group {label}"
            check_singular(cov / np.outer(sd, sd), model.items, where)
    minimum = descend(
        found.value,
        found.gradient,
        found.expected_information,
        start(model, moments),
        model,
        exact=found.observed_information,
    )
    theta = minimum.theta
    fit = LikelihoodFit(found, theta, missing == "fiml" or estimator == "MLR", answers.labels)
    counted = _counted(found, answers)
    inverse = cfa_result.inverse_information(fit.information(counted, theta), model)
    covariance = inverse / found.n
    base = Likelihood(free_moments(model.items, groups, model.means, covariances=False), samples)
    independent = by_item(base)
    at_base = at_moments(base.model, independent)
    base_df = groups * k * (k - 1) // 2
    correction = base_correction = robust = None
    if estimator == "MLR":
        products = score_products(found, theta)
        covariance = inverse @ products @ inverse / found.n
        trace = saturated_trace(samples, moments, model.items, means=model.means)
        correction = yuan_bentler(trace, inverse, products, df)
        base_inverse = np.linalg.inv(base.observed_information(at_base))
        base_correction = yuan_bentler(trace, base_inverse, score_products(base, at_base), base_df)
    if missing == "fiml" and df > 0:
        robust = missing_corrected(found, theta, base, at_base, moments, df, base_df, robust=estimator == "MLR")
    implied = found.implied(theta)
    fitted = [(m.mean[:k] if model.means else mean, m.cov[:k, :k]) for m, (mean, _) in zip(implied, moments)]
    # the saturated and the baseline model are never fitted, only evaluated, so their value is exact
    best, worst = value_at(found, moments), value_at(base, independent)
    logl, logl_unrestricted = (_logl(counted, at) for at in (fitted, moments))
    shares = [s.n / counted.n for s in counted.samples]
    srmr, rmr = root_mean_square_residuals(moments, fitted, shares, model.means)
    indices = assemble(
        n=answers.n,
        n_parameters=model.n_free,
        chisq=max(2 * found.n * (minimum.value - best), 0.0),
        df=df,
        baseline_chisq=2 * found.n * (worst - best),
        baseline_df=base_df,
        srmr=srmr,
        rmr=rmr,
        groups=groups,
        divisor=found.n,
        goodness=goodness_of_fit(
            *(
                _incomplete_moments(samples, fitted, model.items)
                if missing == "fiml"
                else normal_moments(moments, fitted, model.means)
            ),
            shares,
        ),
        logl=logl,
        logl_unrestricted=logl_unrestricted,
        correction=correction,
        baseline_correction=base_correction,
        robust=robust,
    )
    table = cfa_result.parameter_table(
        model,
        theta,
        [cfa_result.variances(model, m, g) for g, m in enumerate(implied)],
        covariance,
        answers.labels,
        ci,
    )
    messages = cfa_result.improper(model, implied, table, answers.labels)
    cfa_result.warn(messages)
    notes = []
    if answers.dropped:
        notes.append(f"{answers.dropped} rows were left out (missing answers, groups or weights).")
    if df == 0:
        notes.append("The model has no degrees of freedom: it fits perfectly by construction, which says nothing.")
    labels = model.labels()
    return FactorAnalysis(
        parameters=table,
        fit=indices,
        n=answers.n,
        n_by_group=tuple(map(len, answers.values)),
        groups=answers.labels,
        estimator=estimator,
        missing=missing,
        covariance=pd.DataFrame(covariance, labels, labels),
        implied=tuple(_frame(m.cov[:k, :k], model.items) for m in implied),
        observed=tuple(_frame(cov, model.items) for _, cov in moments),
        factor_covariances=tuple(_frame(m.cov[k:, k:], model.factors) for m in implied),
        iterations=minimum.iterations,
        warnings=tuple(messages),
        notes=tuple(notes),
        model=model,
        fitted=fit,
    )


def _frame(matrix: np.ndarray, names) -> pd.DataFrame:
    return pd.DataFrame(matrix, index=list(names), columns=list(names))


def _counted(likelihood: Likelihood, answers: Answers) -> Likelihood:
    """The same with each group counted by its rows, also where moments and chi-square have divisor n - 1."""
    samples = [
        replace(s, patterns=tuple(replace(p, n=p.n * len(v) / s.n) for p in s.patterns)) if w is None else s
        for s, v, w in zip(likelihood.samples, answers.values, answers.weights)
    ]
    return Likelihood(likelihood.model, samples)


def _logl(counted: Likelihood, moments) -> float:
    """Log-likelihood of all rows at given moments."""
    answered = sum(p.n * len(p.items) for s in counted.samples for p in s.patterns)
    return -counted.n * value_at(counted, moments) - answered / 2 * np.log(2 * np.pi)
