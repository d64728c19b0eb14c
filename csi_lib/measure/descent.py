"""Minimisation of a discrepancy whose curvature is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Minimum:
    """Where the descent ended; `decrement` is the length of the next step in units of the curvature."""

    theta: np.ndarray
    value: float
    decrement: float
    converged: bool
    iterations: int


def minimise(
    value: Callable,
    gradient: Callable,
    curvature: Callable,
    start: np.ndarray,
    *,
    exact: Callable | None = None,
    tolerance: float = 1e-10,
    limit: int = 500,
) -> Minimum:
    """Damped scoring, then Newton's method.

    Each step solves ``(C + damping * diag(C)) step = -gradient`` and is taken when the value falls. Near the
    minimum the `exact` Hessian replaces the expected `curvature`, which makes convergence quadratic however
    badly the model fits. It ends when ``sqrt(gradient' C^-1 gradient)``, the distance to the minimum in
    standard errors of one row, is below `tolerance`; rounding may stop it a little earlier.
    """
    theta, damping, close = np.array(start, dtype=float), 1e-3, False
    now = value(theta)
    decrement = np.inf
    for count in range(limit):
        slope = gradient(theta)
        bend = (exact if close and exact else curvature)(theta)
        scale = np.sqrt(np.maximum(np.abs(np.diag(bend)), 1e-300))
        bent, sloped = bend / np.outer(scale, scale), slope / scale
        for _ in range(60):
            try:
                factor = np.linalg.cholesky(bent + damping * np.eye(len(scale)))
            except np.linalg.LinAlgError:
                damping = max(4 * damping, 1e-6)
                continue
            whitened = np.linalg.solve(factor, sloped)
            step = -np.linalg.solve(factor.T, whitened) / scale
            after = value(theta + step)
            decrement = float(np.sqrt(whitened @ whitened))
            if after <= now or (decrement < 1e-7 and after - now < 1e-12 * max(1.0, abs(now))):
                break
            damping = max(4 * damping, 1e-8)
        else:
            return Minimum(theta, now, decrement, decrement < 1e-6, count)
        theta, now = theta + step, after
        if decrement < tolerance:
            return Minimum(theta, now, decrement, True, count + 1)
        if decrement < 1e-2:
            close = True
        damping = 0.0 if damping < 1e-9 else damping / 10
    return Minimum(theta, now, decrement, False, limit)
