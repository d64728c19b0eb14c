"""Minimisation within bounds by limited-memory BFGS, step by step as R's ``optim`` takes it.

R's ``optim(method = "L-BFGS-B")``, on which psych and factanal rest, stops a little before the
minimum, so its last printed digits depend on the path. SciPy carries a later version of the
algorithm, which takes another path once a bound is active (a Heywood case). For the few dozen
unknowns here the matrices can be written out, which leaves the algorithm readable.

Byrd, Lu, Nocedal and Zhu (1995), SIAM Journal on Scientific Computing 16, 1190–1208; line search:
Moré and Thuente (1994), ACM Transactions on Mathematical Software 20, 286–307.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_EPS = float(np.finfo(float).eps)
_SUFFICIENT, _CURVATURE, _INTERVAL = 1e-3, 0.9, 0.1  # of the line search

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Descent:
    """Where the search ended: ``x``, ``value``, ``gradient``, and after how many steps."""

    x: np.ndarray
    value: float
    gradient: np.ndarray
    steps: int


def descend(
    objective: Objective,
    start: np.ndarray,
    low: float,
    high: float,
    *,
    tolerance: float = 1e7 * _EPS,
    steps: int = 100,
    memory: int = 5,
) -> Descent:
    """Minimise `objective` (value and gradient) over low ≤ x ≤ high.

    Ends when a step lowers the value by at most `tolerance`·max(|value|, 1), or after `steps`.
    """
    x = np.clip(start, low, high)
    value, gradient = objective(x)
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    done = 0
    while done < steps and _projected(x, gradient, low, high) > 0:
        curvature = _hessian(pairs, len(x))
        target, free = _cauchy_point(x, gradient, curvature, low, high)
        if pairs and free.any():
            target = _subspace_minimum(x, gradient, curvature, target, free, low, high)
        step = target - x
        found = _line_search(objective, x, value, gradient, step, target, low, high, first=done == 0)
        if found is None:
            if not pairs:
                break
            pairs = []  # the model misled: forget it and start again from here
            continue
        length, new_x, new_value, new_gradient = found
        done += 1
        change = new_gradient - gradient
        progress, moved, slope = value - new_value, length * step, float(gradient @ step)
        bend = float(change @ moved)
        x, before, value, gradient = new_x, value, new_value, new_gradient
        if progress <= tolerance * max(abs(before), abs(value), 1.0):
            break
        if bend > _EPS * -slope * length:
            pairs = [*pairs[-(memory - 1) :], (moved, change)] if memory > 1 else [(moved, change)]
    return Descent(x, value, gradient, done)


def _projected(x: np.ndarray, gradient: np.ndarray, low: float, high: float) -> float:
    return float(np.abs(np.clip(x - gradient, low, high) - x).max())


def _hessian(pairs: list, size: int) -> np.ndarray:
    """The BFGS matrix of the remembered steps s and gradient changes y, from (y'y/s'y)·I."""
    if not pairs:
        return np.eye(size)
    s, y = pairs[-1]
    matrix = np.eye(size) * (y @ y) / (s @ y)
    for s, y in pairs:
        pushed = matrix @ s
        matrix = matrix + np.outer(y, y) / (s @ y) - np.outer(pushed, pushed) / (s @ pushed)
    return matrix


def _cauchy_point(x, gradient, curvature, low, high) -> tuple[np.ndarray, np.ndarray]:
    """First minimum of the quadratic model along the projected gradient, and what is free there."""
    stuck = ((x <= low) & (gradient >= 0)) | ((x >= high) & (gradient <= 0)) | (gradient == 0)
    direction = np.where(stuck, 0.0, -gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(direction < 0, (low - x) / direction, (high - x) / direction)
    room = np.where(direction == 0, np.inf, room)
    free = ~(((x <= low) & (gradient >= 0)) | ((x >= high) & (gradient <= 0)))
    at, moved, clock = x.copy(), np.zeros_like(x), 0.0
    least = _EPS * float(direction @ curvature @ direction)
    for i in [*np.argsort(room, kind="stable"), None]:
        slope = float(gradient @ direction + direction @ curvature @ moved)
        bend = max(float(direction @ curvature @ direction), least)
        best = -slope / bend if bend > 0 else 0.0
        if i is None or not np.isfinite(room[i]) or best < room[i] - clock:
            moved = moved + max(best, 0.0) * direction
            break
        moved = moved + (room[i] - clock) * direction
        clock = room[i]
        at[i] = high if direction[i] > 0 else low  # exactly, not nearly
        moved[i], direction[i], free[i] = at[i] - x[i], 0.0, False
        if not direction.any():
            break
    return np.where(free, x + moved, at), free


def _subspace_minimum(x, gradient, curvature, cauchy, free, low, high) -> np.ndarray:
    """Minimum of the model over the free variables, cut back along the way to the first bound."""
    slope = gradient + curvature @ (cauchy - x)
    step = np.zeros_like(x)
    step[free] = -np.linalg.solve(curvature[np.ix_(free, free)], slope[free])
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step < 0, (low - cauchy) / step, (high - cauchy) / step)
    room = np.where(step == 0, np.inf, room)
    nearest = int(np.argmin(room))
    if room[nearest] >= 1:
        return cauchy + step
    found = cauchy + room[nearest] * step
    found[nearest] = low if step[nearest] < 0 else high
    return found


def _line_search(objective, x, value, gradient, step, target, low, high, *, first: bool):
    """A step length with sufficient decrease and curvature; None when the step does not descend."""
    start = float(gradient @ step)
    if start >= 0:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step < 0, (low - x) / step, (high - x) / step)
    longest = 1.0 if first else min(1e10, float(np.where(step == 0, np.inf, room).min()))
    length, enough = min(1.0, longest), _SUFFICIENT * start
    best = (0.0, value, start)  # length, value and slope of the best point so far
    other = best  # the other end of the interval of uncertainty
    bracketed, modified = False, True
    width, before = longest, 2 * longest
    least, most = 0.0, 5 * length
    for _ in range(20):
        at = target.copy() if length == 1 else x + length * step
        f, g = objective(at)
        here = (length, f, float(g @ step))
        limit = value + length * enough
        if modified and f <= limit and here[2] >= min(_SUFFICIENT, _CURVATURE) * start:
            modified = False
        lost = bracketed and (length <= least or length >= most or most - least <= _INTERVAL * most)
        pinned = length == longest and f <= limit and here[2] <= enough
        if lost or pinned or (f <= limit and abs(here[2]) <= -_CURVATURE * start):
            return length, at, f, g
        if modified and best[1] >= f > limit:  # search the function less its required decrease
            tilt = lambda p, by: (p[0], p[1] - by * p[0] * enough, p[2] - by * enough)
            best, other, length, bracketed = _next_length(
                tilt(best, 1), tilt(other, 1), tilt(here, 1), bracketed, least, most
            )
            best, other = tilt(best, -1), tilt(other, -1)
        else:
            best, other, length, bracketed = _next_length(best, other, here, bracketed, least, most)
        if bracketed:
            if abs(other[0] - best[0]) >= 0.66 * before:
                length = best[0] + 0.5 * (other[0] - best[0])
            before, width = width, abs(other[0] - best[0])
            least, most = min(best[0], other[0]), max(best[0], other[0])
        else:
            least, most = best[0], length + 4 * (length - best[0])
        length = min(max(length, 0.0), longest)
        if bracketed and (length <= least or length >= most or most - least <= _INTERVAL * most):
            length = best[0]
    return None


def _next_length(best, other, here, bracketed, least, most):
    """Moré and Thuente's choice of the next trial from cubic and quadratic interpolation."""
    (a, fa, ga), (t, ft, gt) = best, here
    opposite = gt * (ga / abs(ga)) < 0 if ga else False
    theta = 3 * (fa - ft) / (t - a) + ga + gt
    scale = max(abs(theta), abs(ga), abs(gt))
    root = scale * np.sqrt(max((theta / scale) ** 2 - (ga / scale) * (gt / scale), 0.0))
    if ft > fa:  # higher: the minimum is bracketed
        gamma = -root if t < a else root
        cubic = a + (gamma - ga + theta) / (gamma - ga + gamma + gt) * (t - a)
        quadratic = a + ga / ((fa - ft) / (t - a) + ga) / 2 * (t - a)
        closer = abs(cubic - a) < abs(quadratic - a)
        length, bracketed = cubic if closer else cubic + (quadratic - cubic) / 2, True
        return best, here, float(length), bracketed
    gamma = -root if t > a else root
    secant = t + gt / (gt - ga) * (a - t) if gt != ga else t
    if opposite:  # lower, and past the minimum
        cubic = t + (gamma - gt + theta) / (gamma - gt + gamma + ga) * (a - t)
        length = cubic if abs(cubic - t) > abs(secant - t) else secant
        return here, best, float(length), True
    if abs(gt) < abs(ga):  # lower, and flatter: extrapolate with care
        ratio = (gamma - gt + theta) / (gamma + (ga - gt) + gamma)
        cubic = t + ratio * (a - t) if ratio < 0 and gamma != 0 else (most if t > a else least)
        if bracketed:
            length = cubic if abs(cubic - t) < abs(secant - t) else secant
            edge = t + 0.66 * (other[0] - t)
            length = min(edge, length) if t > a else max(edge, length)
        else:
            length = cubic if abs(cubic - t) > abs(secant - t) else secant
            length = max(least, min(most, length))
        return here, other, float(length), bracketed
    if bracketed:  # lower, but no flatter
        (b, fb, gb) = other
        theta = 3 * (ft - fb) / (b - t) + gb + gt
        scale = max(abs(theta), abs(gb), abs(gt))
        gamma = scale * np.sqrt(max((theta / scale) ** 2 - (gb / scale) * (gt / scale), 0.0))
        gamma = -gamma if t > b else gamma
        length = t + (gamma - gt + theta) / (gamma - gt + gamma + gb) * (b - t)
    else:
        length = most if t > a else least
    return here, other, float(length), bracketed
