"""Shares of drivers in an explained variance, from correlation matrices, for many data sets at once.

Every function takes B correlation matrices of p drivers and, last, the outcome (B × (p+1) × (p+1)), and
returns one value per driver (B × p). A singular matrix gives NaN.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from csi_lib.measure.pls_algorithm import spd_inverse

#: R² of this many subsets are held at once by `lmg`, small enough for the processor's cache
_SUBSETS_AT_ONCE = 1 << 16


def correlation(R: np.ndarray) -> np.ndarray:
    """r of driver and outcome."""
    return R[:, :-1, -1]


def partial(R: np.ndarray) -> np.ndarray:
    """Correlation of driver and outcome, both freed of the other drivers: −P_jy/√(P_jj P_yy), P = R⁻¹."""
    P = spd_inverse(R)
    diagonal = np.einsum("bii->bi", P)
    with np.errstate(invalid="ignore"):
        return -P[:, :-1, -1] / np.sqrt(diagonal[:, :-1] * diagonal[:, -1:])


def beta(R: np.ndarray) -> np.ndarray:
    """Standardised coefficients R_xx⁻¹ r of the regression on all drivers."""
    return np.einsum("bij,bj->bi", spd_inverse(R[:, :-1, :-1]), R[:, :-1, -1])


def semipartial(R: np.ndarray) -> np.ndarray:
    """Correlation of the outcome with the driver freed of the other drivers: β/√VIF."""
    inverse = spd_inverse(R[:, :-1, :-1])
    with np.errstate(invalid="ignore"):
        return np.einsum("bij,bj->bi", inverse, R[:, :-1, -1]) / np.sqrt(np.einsum("bii->bi", inverse))


def first(R: np.ndarray) -> np.ndarray:
    """R² of the driver alone."""
    return correlation(R) ** 2


def last(R: np.ndarray) -> np.ndarray:
    """Gain in R² when the driver enters last (squared semipartial correlation)."""
    return semipartial(R) ** 2


def betasq(R: np.ndarray) -> np.ndarray:
    """Squared standardised coefficient."""
    return beta(R) ** 2


def pratt(R: np.ndarray) -> np.ndarray:
    """β · r (Hoffman–Pratt); sums to R², may be negative."""
    return beta(R) * correlation(R)


def _root(R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric square root L of R_xx, and L⁻¹ r."""
    R = np.where(np.isfinite(R).all(axis=(1, 2), keepdims=True), R, np.nan)
    bad = np.isnan(R[:, 0, 0])
    values, vectors = np.linalg.eigh(np.where(bad[:, None, None], np.eye(R.shape[1]), R)[:, :-1, :-1])
    values = np.where(bad[:, None] | (values <= 1e-12), np.nan, values)
    root = np.sqrt(values)[:, None, :]
    L = (vectors * root) @ vectors.transpose(0, 2, 1)
    inverse = (vectors / root) @ vectors.transpose(0, 2, 1)
    return L, np.einsum("bij,bj->bi", inverse, R[:, :-1, -1])


def johnson(R: np.ndarray) -> np.ndarray:
    """Johnson (2000) relative weights: Σ_k λ_jk² β_k² over the orthogonal counterparts of the drivers.

    With L = R_xx^½: ε_j = Σ_k L_jk² (L⁻¹ r)_k². The same numbers as Genizi (1993).
    """
    L, b = _root(R)
    return np.einsum("bij,bj->bi", L**2, b**2)


def car(R: np.ndarray) -> np.ndarray:
    """Squared CAR scores (R_xx^−½ r)² (Zuber & Strimmer 2011)."""
    return _root(R)[1] ** 2


def lmg(R: np.ndarray) -> np.ndarray:
    """Lindeman–Merenda–Gold: gain in R², averaged over all orders of entering = the Shapley value of R².

    R² of all 2^p subsets comes from one doubling recursion: for each driver in turn, every state (the
    covariances still to be treated, given the drivers taken so far) splits into one without the driver and
    one with the driver swept out. The work is about 6 · 2^p small products, not 2^p regressions. Subset
    numbers are bit masks.
    """
    p = R.shape[-1] - 1
    gain = _shapley_coefficients(p)
    result = np.empty((len(R), p))
    step = max(1, _SUBSETS_AT_ONCE >> p)
    for start in range(0, len(R), step):
        part = slice(start, start + step)
        result[part] = (gain @ subset_r_squared(R[part])).T
    return result


def subset_r_squared(R: np.ndarray) -> np.ndarray:
    """R² of the outcome on every subset of drivers (2^p × B); bit j of the row number says driver j is in."""
    # rows and columns first, so that every product runs over one long stretch of subsets and data sets
    state = np.ascontiguousarray(R.transpose(1, 2, 0))[:, :, None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(R.shape[-1] - 1):
            pivot = state[0, 0]
            pivot = np.where(pivot > 1e-12, pivot, np.nan)
            q, _, subsets, size = state.shape
            split = np.empty((q - 1, q - 1, 2 * subsets, size))
            split[:, :, :subsets] = state[1:, 1:]
            np.multiply(state[1:, :1], state[:1, 1:] / pivot, out=split[:, :, subsets:])
            np.subtract(state[1:, 1:], split[:, :, subsets:], out=split[:, :, subsets:])
            state = split
    return 1 - state[0, 0]


def _shapley_coefficients(p: int) -> np.ndarray:
    """Coefficients (p × 2^p) with which the subsets' R² add up to each driver's LMG share.

    A subset of size s counts (s−1)!(p−s)!/p! for its members and −s!(p−s−1)!/p! for the others.
    """
    member = (np.arange(1 << p) >> np.arange(p)[:, None]) & 1
    size = member.sum(axis=0)
    inside = np.array([0.0] + [factorial(s - 1) * factorial(p - s) / factorial(p) for s in range(1, p + 1)])
    outside = np.array([factorial(s) * factorial(p - s - 1) / factorial(p) for s in range(p)] + [0.0])
    return np.where(member == 1, inside[size], -outside[size])


MEASURES = {
    "correlation": correlation,
    "partial": partial,
    "semipartial": semipartial,
    "beta": beta,
    "lmg": lmg,
    "johnson": johnson,
    "first": first,
    "last": last,
    "betasq": betasq,
    "pratt": pratt,
    "genizi": johnson,
    "car": car,
}
