"""The one rounding rule of every printed number: half-up on the decimal form of twelve significant digits.

``2.675`` is stored as 2.67499999…, and a share of 7/16 computed with weights may come out as 0.43749999999999989; but
whoever checks a report expects 2.68 and 43.8. So a number is first taken to the twelve digits that a computation keeps
(`csi_lib.measure.exact`), and the shortest decimal of that is rounded, never the binary value behind it. Ties go away from
zero, so that a change and its opposite print alike.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from numbers import Real

from csi_lib.errors import InputError
from csi_lib.measure.exact import snapped

#: of the printed unit: what the twelve digits may move a number by
_SLIGHT = Decimal("0.001")
# room for the largest float (309 digits before the point) and all decimals anyone prints
_CONTEXT = Context(prec=400, rounding=ROUND_HALF_UP)


def decimal_form(value: Real | Decimal) -> Decimal:
    """The shortest decimal that denotes `value` (``Decimal(repr(float))``; NumPy's short floats likewise)."""
    if isinstance(value, Decimal):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise InputError("not a number", found=repr(value), expected="a finite number") from None


def round_half_up(value: Real | Decimal, digits: int = 0, *, scale: int = 1) -> Decimal:
    """`value`·`scale` rounded half-up (away from zero) to `digits` decimals.

    Parameters
    ----------
    value : a finite number. ``scale`` multiplies the decimal form exactly (a proportion times 100).
    digits : decimals kept; negative digits round to tens, hundreds ….

    Returns
    -------
    Decimal with exactly `digits` decimals and no negative zero.

    Raises
    ------
    InputError for NaN and infinities: a number that is not there is printed as a mark, not rounded.

    Notes
    -----
    R's ``round`` and Python's ``round`` round half to even on the binary value; ``janitor::round_half_up``
    is the nearest R call. Source: docs/method/scales.md#rounding (Korean practice).

    Examples
    --------
    >>> import csi_lib
    >>> str(csi_lib.round_half_up(2.5)), str(csi_lib.round_half_up(0.125, 2))
    ('3', '0.13')
    """
    number = decimal_form(value)
    if not number.is_finite():
        raise InputError("only a finite number can be rounded", found=str(value), expected="a finite number")
    if isinstance(value, float):  # a NumPy double is one too
        near = Decimal(repr(snapped(value)))
        # only what a computation cannot know is let go: never a part of the printed unit that anybody could miss
        if abs(near - number) * abs(scale) <= _SLIGHT.scaleb(-digits):
            number = near
    number = _CONTEXT.multiply(number, Decimal(scale))
    rounded = number.quantize(Decimal(1).scaleb(-digits), context=_CONTEXT)
    if digits < 0:
        rounded = rounded.quantize(Decimal(1), context=_CONTEXT)
    return rounded.copy_abs() if rounded.is_zero() else rounded


def disagrees(difference: Real, after: Real, before: Real, digits: int, *, scale: int = 1) -> bool:
    """Whether the printed `difference` is not the difference of the two printed values.

    A printed change is the rounded unrounded difference; where this says True it needs a footnote.
    """
    printed = round_half_up(after, digits, scale=scale) - round_half_up(before, digits, scale=scale)
    return round_half_up(difference, digits, scale=scale) != printed
