"""Standard errors and limits of intervals against the standard deviation, n and mean beside them."""

from __future__ import annotations

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.relations import believed, relation
from csi_lib.audit.view import Case, View, shown

#: multiples of the standard error that intervals are made of
_FACTORS = (1.959964, 1.644854, 2.575829, 2.0)


def check_errors(view: View) -> None:
    """se = sd/√n, and limits = mean ± z·se, where nearly all rows follow; designs with other errors follow neither."""
    errors, deviations, counts = view.columns("error"), view.columns("deviation"), view.columns("count")
    if len(errors) == 1 and len(deviations) == 1 and counts:
        n = min(counts, key=lambda c: (abs(c - errors[0]), c))
        _errors(view, errors[0], deviations[0], n)
    low = [c for c in view.roles if words.says(words.LOWER, view.name(c))]
    high = [c for c in view.roles if words.says(words.UPPER, view.name(c))]
    if len(errors) == 1 and len(low) == len(high) == 1:
        middle = [c for c in view.columns("score", "share", "total") if c not in (*low, *high)]
        if middle:
            centre = max((c for c in middle if c < errors[0]), default=middle[0])
            _limits(view, centre, errors[0], low[0], high[0])


def _errors(view: View, target: int, deviation: int, n: int) -> None:
    def compute(row: int) -> Case | None:
        sd, size = view.value(row, deviation), view.value(row, n)
        if not (sd >= 0 and size >= 2):
            return None
        half = view.half_units([(row, target), (row, deviation)])
        tolerance = half[row, target] + half[row, deviation] / np.sqrt(size)
        return view.case(row, target, float(sd / np.sqrt(size)), tolerance)

    says = f"{view.name(target)} is {view.name(deviation)} divided by the root of {view.name(n)}"
    found = relation(view, says, (deviation, n), target, compute)
    _accuse(view, found, target)


def _limits(view: View, centre: int, error: int, low: int, high: int) -> None:
    for target, sign in ((low, -1), (high, 1)):
        relations = [_limit(view, target, centre, error, sign * z) for z in _FACTORS]
        _accuse(view, max(relations, key=lambda r: r.follows), target)


def _limit(view: View, target: int, centre: int, error: int, factor: float):
    def compute(row: int) -> Case | None:
        middle, se = view.value(row, centre), view.value(row, error)
        if not (np.isfinite(middle) and se >= 0):
            return None
        half = view.half_units([(row, c) for c in (target, centre, error)])
        slack = half[row, target] + half[row, centre] + abs(factor) * half[row, error]
        return view.case(row, target, float(middle + factor * se), slack + 0.02 * se)  # t instead of z, roughly

    sign = "−" if factor < 0 else "+"
    says = f"{view.name(target)} is {view.name(centre)} {sign} {shown(abs(factor))} · {view.name(error)}"
    return relation(view, says, (centre, error), target, compute)


def _accuse(view: View, found, target: int) -> None:
    if not believed(found, named=False):
        return
    view.settle(found)
    for case in found.broken:
        view.accuse("error", case, f"{found.says}, as in the other rows")
