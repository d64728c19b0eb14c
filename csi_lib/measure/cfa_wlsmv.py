"""Factor models for ordered items, by weighted least squares (WLSMV, DWLS).

The statistics that a model implies (see `ordered_model`) are fitted to the sample's thresholds and polychoric
correlations, each weighted by the inverse of its variance. Chi-square and standard errors are then corrected
by their full covariance matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure import cfa_data, cfa_result
from csi_lib.measure.cfa_corrections import ordered_corrected, scaled_shifted
from csi_lib.measure.cfa_fit import check_identified, descend
from csi_lib.measure.cfa_model import FactorModel, build, check_names
from csi_lib.measure.cfa_result import FactorAnalysis
from csi_lib.measure.cfa_start import start
from csi_lib.measure.fit_indices import assemble, goodness_of_fit, root_mean_square_residuals
from csi_lib.measure.ordered_model import OrderedModel
from csi_lib.measure.ordered_moments import OrderedMoments, ordered_moments


@dataclass(frozen=True)
class WeightedFit:
    """Weighted least squares of several groups' statistics; `acov` are their covariance matrices times n."""

    model: OrderedModel
    acov: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]
    groups: tuple

    @property
    def shares(self) -> list[float]:
        return [size / sum(self.sizes) for size in self.sizes]

    def residuals(self, theta: np.ndarray) -> list[np.ndarray]:
        return [s.statistics - self.model.statistics(theta, g) for g, s in enumerate(self.model.samples)]

    def weights(self) -> list[np.ndarray]:
        return [share / np.diag(acov) for share, acov in zip(self.shares, self.acov)]

    def value(self, theta: np.ndarray) -> float:
        """Half the chi-square over n; each group counts with its n - 1."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            found = sum(less * (w * r**2).sum() for less, w, r in self._terms(theta)) / 2
        return float(found) if np.isfinite(found) else np.inf

    def _terms(self, theta: np.ndarray):
        return [((size - 1) / size, w, r) for size, w, r in zip(self.sizes, self.weights(), self.residuals(theta))]

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -sum(j.T @ (less * w * r) for j, (less, w, r) in zip(self.jacobians(theta), self._terms(theta)))

    def curvature(self, theta: np.ndarray) -> np.ndarray:
        """Gauss-Newton's: exact where the model fits."""
        return sum(j.T @ (w[:, None] * j) for j, w in zip(self.jacobians(theta), self.weights()))

    def jacobians(self, theta: np.ndarray) -> list[np.ndarray]:
        return [self.model.jacobian(theta, g) for g in range(self.model.model.groups)]


@dataclass(frozen=True)
class OrderedFit:
    """The estimates: Jacobian of all groups, inverse curvature, and the middle of the sandwich."""

    jacobian: np.ndarray
    inverse: np.ndarray
    meat: np.ndarray

    def modification_indices(self) -> pd.DataFrame:
        raise InputError(
            "modification indices are not available for ordered items",
            where="estimator",
            action="Look at the residual correlations, or use estimator='MLR'.",
        )


def fit(
    frame: pd.DataFrame,
    parsed,
    known: Sequence[str],
    *,
    estimator: str,
    ordered,
    missing: str,
    group,
    weights,
    equal,
    partial,
    std_lv: bool,
    orthogonal: bool,
    parameterization: str,
    ci: float,
) -> FactorAnalysis:
    """Estimate, and put together what is reported. See `csi_lib.cfa`."""
    check_names(parsed, known)
    _check_options(parsed, ordered, missing)
    answers = cfa_data.read(frame, parsed.items, missing="listwise", group=group, weights=weights)
    samples = _samples(answers)
    messages = list(dict.fromkeys(m for s in samples for m in s.messages))
    count = {item: len(c) - 1 for item, c in zip(answers.items, samples[0].categories)}
    theta_form = parameterization == "theta"
    table = build(
        parsed,
        known,
        groups=len(samples),
        means=True,
        std_lv=std_lv,
        equal=equal,
        partial=partial,
        thresholds=count,
        orthogonal=orthogonal,
        theta_form=theta_form,
    )
    ordered_model = OrderedModel(table, samples, theta_form)
    sizes = [len(v) for v in answers.values]
    n = sum(sizes)
    acov = tuple(s.covariance() * size for s, size in zip(samples, sizes))
    for sample, covariance in zip(samples, acov):
        _check_weights(sample, np.diag(covariance), answers.items)
    found = WeightedFit(ordered_model, acov, tuple(sizes), answers.labels)
    df = check_identified(table, sum(len(s.statistics) for s in samples))
    minimum = descend(found.value, found.gradient, found.curvature, _start(table, samples, theta_form), table)
    theta = minimum.theta
    jacobians = found.jacobians(theta)
    inverse = cfa_result.inverse_information(found.curvature(theta), table)
    chisq = 2 * n * minimum.value
    baseline, baseline_df = _baseline(found)
    covariance, correction, base_correction = inverse / (n - table.groups), None, None
    weighted = [w[:, None] * j for w, j in zip(found.weights(), jacobians)]
    meat = sum(j.T @ a @ j / share for j, a, share in zip(weighted, acov, found.shares))
    if estimator == "WLSMV":
        covariance = inverse @ meat @ inverse / (n - table.groups)
        correction = scaled_shifted(jacobians, inverse, found.weights(), acov, found.shares, df)
        base_correction = scaled_shifted(*_baseline_parts(found), found.weights(), acov, found.shares, baseline_df)
    implied = [ordered_model.responses(theta, g) for g in range(table.groups)]
    k = len(table.items)
    fitted = [_correlations(m.cov[:k, :k]) for m in implied]
    observed = [s.matrix() for s in samples]
    zero = np.zeros(k)
    srmr, _ = root_mean_square_residuals(
        [(zero, r) for r in observed], [(zero, r) for r in fitted], found.shares, False
    )
    rmr = sum(share * np.sqrt((r**2).sum() / (len(r) + k)) for share, r in zip(found.shares, found.residuals(theta)))
    robust = {}
    if correction is not None:
        rows = [slice(len(s.thresholds), None) for s in samples]
        robust = ordered_corrected(
            observed,
            fitted,
            [j[at] for j, at in zip(jacobians, rows)],
            [w[at] for w, at in zip(found.weights(), rows)],
            inverse,
            [a[at, at] for a, at in zip(acov, rows)],
            sizes,
            baseline_df - len({p.free for p in table.parameters if p.operator not in ("|", "~1")} - {-1}),
            baseline_df,
        )
    indices = assemble(
        n=n,
        n_parameters=table.n_free,
        chisq=chisq,
        df=df,
        baseline_chisq=baseline,
        baseline_df=baseline_df,
        srmr=srmr,
        rmr=rmr,
        groups=table.groups,
        divisor=n - table.groups,
        goodness=goodness_of_fit(
            [s.statistics for s in samples],
            [s.statistics - r for s, r in zip(samples, found.residuals(theta))],
            [np.diag(w) for w in found.weights()],
            found.shares,
        ),
        correction=correction,
        baseline_correction=base_correction,
        robust=robust,
    )
    parameters = cfa_result.parameter_table(
        table,
        theta,
        [ordered_model.variances(theta, g) for g in range(table.groups)],
        covariance,
        answers.labels,
        ci,
    )
    messages += cfa_result.improper(table, implied, parameters, answers.labels)
    cfa_result.warn([m.rstrip(".") for m in messages])
    notes = [f"{answers.dropped} rows were left out (missing answers, groups or weights)."] if answers.dropped else []
    labels = table.labels()
    frames = lambda parts, names: tuple(pd.DataFrame(part, names, names) for part in parts)
    return FactorAnalysis(
        parameters=parameters,
        fit=indices,
        n=n,
        n_by_group=tuple(sizes),
        groups=answers.labels,
        estimator=estimator,
        missing="listwise",
        covariance=pd.DataFrame(covariance, labels, labels),
        implied=frames(fitted, table.items),
        observed=frames(observed, table.items),
        factor_covariances=frames([m.cov[k:, k:] for m in implied], table.factors),
        iterations=minimum.iterations,
        warnings=tuple(messages),
        notes=tuple(notes),
        model=table,
        fitted=OrderedFit(np.vstack(jacobians), inverse, meat),
    )


def _check_options(parsed, ordered, missing) -> None:
    if missing == "fiml":
        raise InputError(
            "full information is not available for ordered items",
            where="missing",
            expected="listwise",
            action="Use estimator='MLR' with missing='fiml' to keep incomplete rows.",
        )
    if ordered is not None and not isinstance(ordered, bool):
        names = [ordered] if isinstance(ordered, str) else list(ordered)
        other = [i for i in parsed.items if i not in names]
        if other:
            raise InputError(
                "some items of the model are not ordered",
                where="ordered",
                found=", ".join(other),
                expected="all items of the model, or ordered=True",
                action="Mixing ordered and continuous items is not supported.",
            )


def _samples(answers) -> list[OrderedMoments]:
    samples = []
    for values, weights, label in zip(answers.values, answers.weights, answers.labels):
        where = "items" if label is None else f"items, group {label}"
        # weights sum to n over all groups; within a group only their relative size matters
        w = None if weights is None else weights * (len(weights) / weights.sum())
        samples.append(ordered_moments(values, answers.items, w, where))
    for j, item in enumerate(answers.items):
        kinds = [tuple(s.categories[j]) for s in samples]
        if len(set(kinds)) > 1:
            every = sorted(set().union(*kinds))
            g = next(g for g, kind in enumerate(kinds) if len(kind) < len(every))
            empty = ", ".join(f"{v:g}" for v in every if v not in kinds[g])
            raise InputError(
                f"the item '{item}' has an empty category in group {answers.labels[g]}",
                where="group",
                found=f"nobody answered {empty}",
                expected="the same categories in every group",
                action="Merge it with a neighbouring category, in all groups.",
            )
    return samples


def _check_weights(sample: OrderedMoments, variances: np.ndarray, items: Sequence[str]) -> None:
    """Every statistic is weighted by 1 over its variance, which must exist."""
    bad = ~(np.isfinite(variances) & (variances > 1e-8))
    if not bad.any():
        return
    place = int(np.argmax(bad)) - len(sample.thresholds)
    pair = [sample.threshold_item[place]] if place < 0 else [side[place] for side in sample.pairs]
    raise InputError(
        "there are too few answers to weight the correlations by their variance",
        where="items",
        found="no variance of what " + " and ".join(f"'{items[j]}'" for j in pair) + " say",
        action="Merge rare categories, use fewer items, or treat the items as numbers (ordered=False)",
    )


def _start(model: FactorModel, samples: Sequence[OrderedMoments], theta_form: bool) -> np.ndarray:
    first = start(model, [(np.zeros(len(model.items)), s.matrix()) for s in samples])
    rank = [{} for _ in samples]
    for g, s in enumerate(samples):
        for item, r, value in zip(s.threshold_item, s.threshold_rank, s.thresholds):
            rank[g][model.items[item], f"t{r + 1}"] = value
    done: set[int] = set()
    for p in model.parameters:
        if p.free < 0 or p.free in done:
            continue
        done.add(p.free)
        if p.operator == "|":
            first[p.free] = rank[p.group][p.left, p.right]
        elif p.operator == "~*~" or (theta_form and p.operator == "~~" and p.left == p.right and p.left in model.items):
            first[p.free] = 1.0
        elif p.operator == "~1":
            first[p.free] = 0.0
    return first


def _correlations(cov: np.ndarray) -> np.ndarray:
    sd = np.sqrt(np.diag(cov))
    return cov / np.outer(sd, sd)


def _baseline(found: WeightedFit) -> tuple[float, int]:
    """Chi-square of uncorrelated items with free thresholds."""
    chisq = sum(
        (size - 1) * (s.correlations**2 / np.diag(acov)[len(s.thresholds) :]).sum()
        for s, acov, size in zip(found.model.samples, found.acov, found.sizes)
    )
    return float(chisq), sum(len(s.correlations) for s in found.model.samples)


def _baseline_parts(found: WeightedFit) -> tuple[list[np.ndarray], np.ndarray]:
    """Its Jacobians (thresholds only) and inverse curvature."""
    width = sum(len(s.thresholds) for s in found.model.samples)
    jacobians, curvature, at = [], np.zeros((width, width)), 0
    for s, w in zip(found.model.samples, found.weights()):
        j = np.zeros((len(s.statistics), width))
        count = len(s.thresholds)
        j[np.arange(count), at + np.arange(count)] = 1.0
        at += count
        jacobians.append(j)
        curvature += j.T @ (w[:, None] * j)
    return jacobians, np.linalg.inv(curvature)
