"""Equal but for the last bits: the one place that says when two computed numbers are the same, or one reaches the other.

Σw·x/Σw of sixteen people of weight 1.3 is 0.43749999999999989 where the fraction is 7/16. Whoever prints, grades or divides
a map by such a number would decide by the order of summation. So a number is looked at with twelve significant digits:
what a sum of ten thousand terms keeps, and far more than anybody prints.
"""

from __future__ import annotations

import numpy as np

#: significant digits that decide
DIGITS = 12
#: half a unit in the last of them, relative to the larger of two numbers (and to 1, for what should be 0)
TOLERANCE = 5e-12


def snapped(value: float) -> float:
    """`value` to twelve significant digits; whole numbers, NaN and infinities as they are.

    >>> snapped(0.43749999999999989)
    0.4375

    R: ``signif(x, 12)``.
    """
    value = float(value)
    if not np.isfinite(value) or value.is_integer():
        return value
    return float(f"{value:.{DIGITS - 1}e}")


def _room(a, b):
    return TOLERANCE * np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))


def reaches(a, b):
    """a ≥ b, where a tie in all twelve digits is a tie; arrays broadcast, NaN reaches nothing.

    >>> reaches(0.1 + 0.2, 0.3), reaches(0.3, 0.1 + 0.2)
    (True, True)
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(invalid="ignore"):
        out = a >= b - np.where(np.isfinite(a) & np.isfinite(b), _room(a, b), 0.0)
    return out if out.ndim else bool(out)


def exceeds(a, b):
    """a > b by more than the last bits: what `reaches` does not call a tie; NaN exceeds nothing."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(invalid="ignore"):
        out = a > b + np.where(np.isfinite(a) & np.isfinite(b), _room(a, b), 0.0)
    return out if out.ndim else bool(out)


def same(a, b):
    """Neither exceeds the other."""
    return reaches(a, b) & reaches(b, a)
