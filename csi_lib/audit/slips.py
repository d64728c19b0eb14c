"""The likely reason of a wrong figure: sign, place of the point, swapped or mistyped digit, cut off instead of rounded."""

from __future__ import annotations

import math

_EPSILON = 1e-9


def slip(printed: float, expected: float, decimals: int, tolerance: float) -> str | None:
    """How `expected` may have become `printed`, in words; None when no common slip explains it."""
    near = tolerance + _EPSILON * max(1.0, abs(expected))
    if printed * expected < 0 and abs(printed + expected) <= near:
        return "the sign is reversed"
    for factor, words in ((10, "the decimal point is one place too far right"), (0.1, "the decimal point is one place too far left"),
                          (100, "a proportion was printed as a percentage"), (0.01, "a percentage was printed as a proportion")):  # fmt: skip
        if printed and abs(printed / factor - expected) <= near:
            return words
    half = 0.5 * 10.0**-decimals
    if near < 3 * half and abs(printed) < abs(expected) and abs(expected - printed) < 2 * half + near - half:  # noqa: SIM102
        if math.trunc(round(abs(expected) / (2 * half), 6)) == round(abs(printed) / (2 * half)):
            return "cut off instead of rounded"
    return _digits(printed, expected, decimals, near)


def _digits(printed: float, expected: float, decimals: int, near: float) -> str | None:
    text = f"{abs(printed):.{decimals}f}"
    for first in range(len(text)):
        for second in range(first + 1, len(text)):
            if "." not in (text[first], text[second]) and text[first] != text[second]:
                swapped = list(text)
                swapped[first], swapped[second] = swapped[second], swapped[first]
                if _matches(swapped, printed, expected, near):
                    return "two digits are swapped"
    for place, old in enumerate(text):
        if old.isdigit():
            for new in "0123456789":
                if new != old and _matches([*text[:place], new, *text[place + 1 :]], printed, expected, near):
                    return f"one digit differs ({old} for {new})"
    return None


def _matches(digits: list[str], printed: float, expected: float, near: float) -> bool:
    return abs(math.copysign(float("".join(digits)), printed or expected) - expected) <= near
