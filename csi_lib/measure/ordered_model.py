"""What a factor model implies for ordered items.

Behind each ordered item stands a continuous response y with intercept mu and variance v; the answer is the
number of thresholds tau below y. With scale d = 1/sqrt(v) (the parameter ``~*~`` of the delta form, implied
by the residual variance in the theta form) the model implies ::

    thresholds d_j (tau_j - mu_j)     and correlations d_j d_k cov(y_j, y_k)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from csi_lib.measure.cfa_model import FactorModel, Implied
from csi_lib.measure.cfa_result import Variances, variances
from csi_lib.measure.ordered_moments import OrderedMoments


class OrderedModel:
    """The implied statistics of a factor model for ordered items, and their derivatives."""

    def __init__(self, model: FactorModel, samples: Sequence[OrderedMoments], theta_form: bool):
        self.model, self.samples, self.theta_form = model, list(samples), theta_form
        self.size = len(model.items)
        place = {name: k for k, name in enumerate(model.items)}
        self._thresholds, self._scales = [], []
        for g in range(model.groups):
            rows = [(k, p) for k, p in enumerate(model.parameters) if p.group == g]
            self._thresholds.append(np.array([k for k, p in rows if p.operator == "|"]))
            scale = {place[p.left]: k for k, p in rows if p.operator == "~*~"}
            self._scales.append(np.array([scale[j] for j in range(self.size)]))

    def responses(self, theta: np.ndarray, group: int) -> Implied:
        """Moments of the continuous responses and factors."""
        implied = self.model.implied(theta, group)
        if self.theta_form:
            return implied
        # in the delta form a residual variance is what the scale leaves over
        cov = implied.cov.copy()
        items = np.arange(self.size)
        cov[items, items] = 1 / self.model.values(theta)[self._scales[group]] ** 2
        return Implied(implied.effects, implied.mean, cov)

    def variances(self, theta: np.ndarray, group: int) -> Variances:
        """By which to standardise; in the delta form residual variances and scales follow from the rest."""
        model = self.model
        found = variances(model, model.implied(theta, group), group)
        rows = self._scales[group]
        if self.theta_form:
            scales = {row: (found.total[j] ** -0.5, found.slope[j] * 0) for j, row in enumerate(rows)}
            return replace(found, residual=scales)
        items = np.arange(self.size)
        scale = model.values(theta)[rows]
        by_scale = np.zeros((self.size, model.n_free))
        varies = model.free[rows] >= 0
        by_scale[items[varies], model.free[rows[varies]]] = 1.0
        total, slope = found.total.copy(), found.slope.copy()
        total[items], slope[items] = scale**-2.0, -2 * by_scale * scale[:, None] ** -3.0
        own = {
            p.left: k
            for k, p in enumerate(model.parameters)
            if p.group == group and p.operator == "~~" and p.left == p.right
        }
        residual = {}
        for j, name in enumerate(model.items):
            common = found.total[j] - model.fixed_values[own[name]]
            residual[own[name]] = total[j] - common, slope[j] - found.slope[j]
        return Variances(total, slope, residual)

    def _parts(self, theta: np.ndarray, group: int):
        implied = self.responses(theta, group)
        k = self.size
        scale = 1 / np.sqrt(np.diag(implied.cov)[:k])
        tau = self.model.values(theta)[self._thresholds[group]]
        return implied, scale, tau - implied.mean[self.samples[group].threshold_item]

    def statistics(self, theta: np.ndarray, group: int) -> np.ndarray:
        """Implied thresholds and correlations, in the order of `OrderedMoments.statistics`."""
        implied, scale, above = self._parts(theta, group)
        a, b = self.samples[group].pairs
        return np.concatenate(
            [scale[self.samples[group].threshold_item] * above, scale[a] * scale[b] * implied.cov[a, b]]
        )

    def jacobian(self, theta: np.ndarray, group: int) -> np.ndarray:
        """Derivatives of `statistics` by the free parameters, (statistics, n_free)."""
        model, k = self.model, self.size
        implied, scale, above = self._parts(theta, group)
        item = self.samples[group].threshold_item
        a, b = self.samples[group].pairs
        free, left, right, mean = model.factored_derivatives(implied, group)
        by_mean, by_cov = np.zeros((k, model.n_free)), np.zeros((len(a), model.n_free))
        np.add.at(by_mean.T, free, mean[:, :k])
        np.add.at(by_cov.T, free, left[:, a] * right[:, b] + left[:, b] * right[:, a])
        by_scale = np.zeros((k, model.n_free))
        if self.theta_form:
            np.add.at(by_scale.T, free, -(scale**3) * left[:, :k] * right[:, :k])
        else:
            rows = self._scales[group]
            varies = np.flatnonzero(model.free[rows] >= 0)
            by_scale[varies, model.free[rows[varies]]] = 1.0
        by_threshold = np.zeros((len(item), model.n_free))
        rows = self._thresholds[group]
        varies = np.flatnonzero(model.free[rows] >= 0)
        np.add.at(by_threshold, (varies, model.free[rows[varies]]), 1.0)
        thresholds = scale[item, None] * (by_threshold - by_mean[item]) + above[:, None] * by_scale[item]
        cov = implied.cov[a, b][:, None]
        correlations = (scale[a] * scale[b])[:, None] * by_cov + cov * (
            scale[b][:, None] * by_scale[a] + scale[a][:, None] * by_scale[b]
        )
        return np.vstack([thresholds, correlations])
