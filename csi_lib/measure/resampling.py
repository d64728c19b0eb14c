"""Bootstrap counts and the intervals made from replicates: percentile and BCa."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from csi_lib.errors import InputError


def bootstrap_counts(rng: np.random.Generator, size: int, n: int) -> np.ndarray:
    """How often each of `n` rows is drawn in each of `size` samples of n with replacement (size × n)."""
    drawn = rng.integers(0, n, (size, n), dtype=np.int32 if size * n < 2**31 else np.int64)
    drawn += (np.arange(size, dtype=drawn.dtype) * n)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)


def check_level(ci: float) -> None:
    if not 0 < ci < 1:
        raise InputError(
            "the confidence level must lie between 0 and 1", where="ci", found=ci, expected="for example 0.95"
        )


def percentile_limits(replicates: np.ndarray, ci: float) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles (1 ± ci)/2 of the replicates (R × m), by linear interpolation (R's type 7)."""
    low, high = np.quantile(replicates, [(1 - ci) / 2, (1 + ci) / 2], axis=0)
    return low, high


def bca_limits(replicates: np.ndarray, estimate: np.ndarray, influence: np.ndarray | None, ci: float):
    """Bias-corrected and accelerated limits (Efron 1987).

    z0 = Φ⁻¹(share of replicates below the estimate), a = Σ l³ / (6 (Σ l²)^1.5) with the empirical influence
    values l; the limits are the replicates' quantiles at Φ(z0 + (z0 + z)/(1 − a (z0 + z))), interpolated on
    the normal scale as boot::boot.ci does. A statistic that never varies has its estimate as both limits.

    Parameters
    ----------
    replicates : R × m;  estimate : m;  influence : n × m, any scale; None sets a = 0 (bias-corrected limits).
    """
    size = len(replicates)
    ordered = np.sort(replicates, axis=0)
    below = (replicates < estimate).sum(axis=0) + 0.5 * (replicates == estimate).sum(axis=0)
    z0 = ndtri(np.clip(below / size, 0.5 / size, 1 - 0.5 / size))
    acceleration = np.zeros(len(estimate))
    if influence is not None:
        square = (influence**2).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            acceleration = np.where(square > 0, (influence**3).sum(axis=0) / (6 * square**1.5), 0.0)
    limits = []
    for z in ndtri([(1 - ci) / 2, (1 + ci) / 2]):
        level = ndtr(z0 + (z0 + z) / (1 - acceleration * (z0 + z)))
        limits.append(_normal_quantile(ordered, level))
    constant = np.ptp(replicates, axis=0) <= 1e-9 * np.maximum(1, np.abs(estimate))
    return tuple(np.where(constant, estimate, limit) for limit in limits)


def _normal_quantile(ordered: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Quantile of each column at its own level, interpolated on the normal scale between order statistics."""
    size, width = ordered.shape
    rank = np.clip((size + 1) * level, 1, size)
    k = np.clip(np.floor(rank).astype(int), 1, size - 1)
    column = np.arange(width)
    lower, upper = ordered[k - 1, column], ordered[k, column]
    z, z_low, z_high = (
        ndtri(np.clip(rank, 1, size) / (size + 1)),
        ndtri(k / (size + 1)),
        ndtri((k + 1) / (size + 1)),
    )
    return lower + (z - z_low) / (z_high - z_low) * (upper - lower)
