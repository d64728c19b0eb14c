"""Starting values for a factor model, read off the covariances of its items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from csi_lib.measure.cfa_model import FactorModel


def start(model: FactorModel, moments: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """A first guess of the free parameters.

    Within a factor, covariances between items are products of loadings, which gives each loading as a ratio
    of covariances with the factor's first item and the others; residuals are what is left, kept positive.
    Covariances between factors start at what their items suggest. Factors measured by factors start small.
    """
    theta = np.full(model.n_free, np.nan)
    for group, (mean, cov) in enumerate(moments):
        loading, variance, share = _factors(model, group, cov)
        for p in model.parameters:
            if p.group != group or p.free < 0 or not np.isnan(theta[p.free]):
                continue
            theta[p.free] = p.value if not np.isnan(p.value) else _guess(model, p, mean, cov, loading, variance, share)
    if not np.isfinite([m.cov for g in range(model.groups) for m in [model.implied(theta, g)]]).all() or any(
        np.linalg.eigvalsh(model.implied(theta, g).cov[: len(model.items), : len(model.items)])[0] <= 0
        for g in range(model.groups)
    ):
        for p in model.parameters:  # cautious: independent factors
            if p.free >= 0 and p.operator == "~~" and p.left != p.right:
                theta[p.free] = 0.0
    return theta


def _guess(model, p, mean, cov, loading, variance, share) -> float:
    item = {name: k for k, name in enumerate(model.items)}
    if p.operator == "=~":
        return loading.get((p.left, p.right), 1.0)
    if p.operator == "~1":
        return mean[item[p.left]] if p.left in item else 0.0
    if p.operator == "~~" and p.left == p.right:
        if p.left in item:
            k = item[p.left]
            return cov[k, k] * (1 - share.get(p.left, 0.5))
        return variance.get(p.left, 0.05)
    if p.operator == "~~" and p.left in variance and p.right in variance:
        pairs = [
            cov[item[a], item[b]] / (loading[p.left, a] * loading[p.right, b])
            for f, a in loading
            if f == p.left
            for g, b in loading
            if g == p.right
            if a != b
        ]
        bound = 0.9 * np.sqrt(variance[p.left] * variance[p.right])
        return float(np.clip(np.median(pairs), -bound, bound)) if pairs else 0.0
    return 0.0


def _factors(model: FactorModel, group: int, cov: np.ndarray):
    """(factor, item) -> loading, factor -> variance, item -> share of its variance that is common."""
    item = {name: k for k, name in enumerate(model.items)}
    blocks: dict[str, list] = {}
    for p in model.parameters:
        if p.group == group and p.operator == "=~" and p.right in item:
            blocks.setdefault(p.left, []).append(p)
    fixed_variance = {
        p.left: p.value
        for p in model.parameters
        if p.group == group and p.operator == "~~" and p.left == p.right and p.free < 0
    }
    loading, variance, share = {}, {}, {}
    for factor, block in blocks.items():
        at = [item[p.right] for p in block]
        sub = cov[np.ix_(at, at)]
        sd = np.sqrt(np.diag(sub))
        shape = _one_factor(sub / np.outer(sd, sd)) * sd
        marker = next((k for k, p in enumerate(block) if p.free < 0 and p.value != 0), None)
        if marker is not None:
            size = shape[marker] / block[marker].value
            if abs(size) < 0.1 * sd[marker] / abs(block[marker].value):
                size = np.copysign(0.1 * sd[marker] / block[marker].value, size or 1.0)
        else:
            size = np.sqrt(fixed_variance.get(factor, 1.0))
        variance[factor] = size**2
        for k, p in enumerate(block):
            loading[factor, p.right] = p.value if p.free < 0 and p.value != 0 else shape[k] / size or 0.1
            share[p.right] = min(share.get(p.right, 0.0) + (shape[k] / sd[k]) ** 2, 0.8)
    return loading, variance, share


def _one_factor(r: np.ndarray) -> np.ndarray:
    """Standardised loadings of one factor by a few rounds of principal axes."""
    if len(r) < 2:
        return np.full(len(r), 0.9)
    communality = np.clip(np.abs(r - np.eye(len(r))).max(axis=0), 0.1, 0.9)
    for _ in range(10):
        reduced = r.copy()
        np.fill_diagonal(reduced, communality)
        values, vectors = np.linalg.eigh(reduced)
        found = vectors[:, -1] * np.sqrt(max(values[-1], 1e-3))
        communality = np.clip(found**2, 0.05, 0.9)
    return found if found.sum() >= 0 else -found
