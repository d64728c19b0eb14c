"""Rotation of factor loadings: varimax, oblimin (quartimin) and promax.

Conventions are those of R: ``stats::varimax``, ``GPArotation::oblimin`` and psych's promax, each
with its own default for Kaiser's normalisation (rows scaled to length one while rotating).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.inputs import read_option


@dataclass(frozen=True)
class Rotation:
    """Rotated ``loadings`` (pattern), ``phi`` (factor correlations, the identity when orthogonal)."""

    loadings: np.ndarray
    phi: np.ndarray


def rotate(
    loadings: np.ndarray,
    method: Literal["varimax", "oblimin", "promax", "none"],
    *,
    normalize: bool | None = None,
) -> Rotation:
    """Rotate `loadings` (items × factors); one factor needs no rotation."""
    read_option(method, ("varimax", "oblimin", "promax", "none"), where="rotation")
    loadings = np.asarray(loadings, dtype=float)
    if method == "none" or loadings.shape[1] == 1:
        return Rotation(loadings, np.eye(loadings.shape[1]))
    options = {} if normalize is None else {"normalize": normalize}
    return {"varimax": varimax, "oblimin": oblimin, "promax": promax}[method](loadings, **options)


def varimax(loadings: np.ndarray, *, normalize: bool = True, tolerance: float = 1e-5, steps: int = 1000) -> Rotation:
    """Orthogonal rotation that maximises the variance of the squared loadings.

    As ``stats::varimax(L, normalize, eps)``: polar decompositions until the criterion grows by
    less than `tolerance`, relatively.

    References
    ----------
    Kaiser (1958), Psychometrika 23, 187–200.
    """
    length, unit = _row_lengths(loadings, normalize)
    turn, reached = np.eye(loadings.shape[1]), 0.0
    for _ in range(steps):
        rotated = unit @ turn
        target = unit.T @ (rotated**3 - rotated * (rotated**2).mean(axis=0))
        left, singular, right = np.linalg.svd(target)
        turn, before, reached = left @ right, reached, singular.sum()
        if reached < before * (1 + tolerance):
            break
    return Rotation(unit @ turn * length, np.eye(loadings.shape[1]))


def oblimin(
    loadings: np.ndarray,
    *,
    gamma: float = 0.0,
    normalize: bool = False,
    tolerance: float = 1e-5,
    steps: int = 1000,
) -> Rotation:
    """Oblique rotation with small cross-products of squared loadings (direct oblimin).

    Minimises Σ over pairs of factors of Σ λ²_ia λ²_ib − (γ/p) Σ λ²_ia Σ λ²_ib (γ = 0: quartimin)
    by projected gradients from the unrotated axes, until the projected gradient is shorter than
    `tolerance`. As ``GPArotation::oblimin(L, gam, normalize, eps)``.

    References
    ----------
    Jennrich (2002), Psychometrika 67, 7–19; Bernaards and Jennrich (2005), Educational and
    Psychological Measurement 65, 676–696.
    """
    length, unit = _row_lengths(loadings, normalize)
    k = loadings.shape[1]
    others = np.ones((k, k)) - np.eye(k)

    def criterion(axes: np.ndarray):
        pattern = unit @ np.linalg.inv(axes).T
        squares = pattern**2 @ others
        if gamma:
            squares -= gamma * squares.mean(axis=0)
        slope = pattern * squares
        return float((pattern * slope).sum()) / 4, slope, pattern

    def descent(axes: np.ndarray, slope: np.ndarray, pattern: np.ndarray) -> np.ndarray:
        return -(pattern.T @ slope @ np.linalg.inv(axes)).T

    axes, step = np.eye(k), 1.0
    value, slope, pattern = criterion(axes)
    gradient, length_of_step = descent(axes, slope, pattern), np.inf
    for _ in range(steps + 1):
        projected = gradient - axes * (axes * gradient).sum(axis=0)
        length_of_step = np.sqrt((projected**2).sum())
        if length_of_step < tolerance:
            break
        step *= 2
        for _ in range(11):
            trial = axes - step * projected
            trial /= np.sqrt((trial**2).sum(axis=0))
            new, slope, pattern = criterion(trial)
            if value - new > 0.5 * length_of_step**2 * step:
                break
            step /= 2
        axes, value = trial, new
        gradient = descent(axes, slope, pattern)
    else:
        warnings.warn(
            f"The oblimin rotation did not converge in {steps} steps (gradient {length_of_step:.1g}); "
            "try fewer factors or another rotation.",
            MeasureWarning,
            stacklevel=2,
        )
    return Rotation(pattern * length, axes.T @ axes)


def promax(loadings: np.ndarray, *, power: float = 4, normalize: bool = True, tolerance: float = 1e-5) -> Rotation:
    """Oblique rotation towards the varimax loadings raised to `power`, signs kept.

    With ``normalize=True`` the whole rotation works on rows of length one, as ``psych::fa(rotate =
    "promax")``; with ``False`` only its varimax step does, as ``stats::promax`` and ``factanal``.
    The two differ by up to .13 in published data.

    References
    ----------
    Hendrickson and White (1964), British Journal of Statistical Psychology 17, 65–70.
    """
    length, unit = _row_lengths(loadings, normalize)
    simple = varimax(unit, tolerance=tolerance).loadings
    target = simple * np.abs(simple) ** (power - 1)
    towards = np.linalg.lstsq(simple, target, rcond=None)[0]
    towards *= np.sqrt(np.diag(np.linalg.inv(towards.T @ towards)))
    back = np.linalg.inv(towards)
    return Rotation(simple @ towards * length, back @ back.T)


def _row_lengths(loadings: np.ndarray, normalize: bool) -> tuple[np.ndarray, np.ndarray]:
    length = np.sqrt((loadings**2).sum(axis=1, keepdims=True)) if normalize else np.ones((len(loadings), 1))
    if not (length > 0).all():
        raise InputError(
            "an item has no loading on any factor, so its row cannot be normalised",
            where="loadings",
            found=f"item number {int(np.argmin(length)) + 1}",
            action="Use normalize=False or leave the item out",
        )
    return length, loadings / length
