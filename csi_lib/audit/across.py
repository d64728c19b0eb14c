"""Checks along the rows of a table: a column that is the sum, mean, difference, rate or ratio of others."""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.relations import Relation, believed, best, relation
from csi_lib.audit.slips import slip
from csi_lib.audit.view import BASIC, Case, View, contiguous_runs, shown

#: a sum of rounded parts is doubted inside its half-units when chance makes so large an error in fewer cases than this
UNLIKELY = 4.0


def check_sums(view: View) -> None:
    """Columns that are the sum of their neighbours."""
    for target in view.columns(*BASIC):
        if target in view.settled:
            continue
        named = view.roles[target] == "total" or words.is_total(view.name(target)) or _base_of_answers(view, target)
        runs = contiguous_runs(_addable(view, target), target)
        found = best(sum_relation(view, target, run) for run in runs)
        allotments = found is not None and _allotments(view, found.uses) and found.follows >= 2
        if not (
            believed(found, named=named, choices=1 if allotments else len(runs)) or (allotments and found.share >= 0.5)
        ):
            found = _plain_sum(view, target, runs) if named else None
        if found is None or _trivial(view, found):
            continue
        view.settle(found)
        for case in _accused(view, found):
            view.accuse("total", case, _reason_of_total(view, case, found))


def check_means(view: View) -> None:
    """Columns called a mean (or total) that are the simple mean of all columns of their kind beside them."""
    for target in view.columns("score", "share", "total"):
        if target in view.settled or not (view.roles[target] == "total" or words.is_total(view.name(target))):
            continue
        runs = contiguous_runs(_addable(view, target), target)
        mean = bool(words.MEAN.search(words.plain(view.name(target))))
        found = best(mean_relation(view, target, run) for run in runs)
        whole = found is not None and len(found.uses) == max(map(len, runs))
        if (
            found is None
            or not believed(found, named=mean and whole, choices=len(runs))
            or (found.share < 0.75 and not (mean and whole))
        ):
            continue
        view.settle(found)
        for case in found.broken:
            view.accuse("mean", case, _reason_of_total(view, case, found))


def sum_relation(view: View, target: int, parts: tuple[int, ...]) -> Relation:
    def compute(row: int) -> Case | None:
        values = np.array([view.value(row, c) for c in parts])
        if np.isfinite(values).sum() < 2:
            return None
        half = view.half_units([(row, target), *((row, c) for c in parts)])
        return view.case(
            row, target, float(np.nansum(values)), sum(half.values()), sure=bool(np.isfinite(values).all())
        )

    return relation(view, f"{view.name(target)} is the sum of {_listed(view, parts)}", parts, target, compute)


def mean_relation(view: View, target: int, parts: tuple[int, ...]) -> Relation:
    def compute(row: int) -> Case | None:
        values = np.array([view.value(row, c) for c in parts])
        if not np.isfinite(values).all():
            return None
        half = view.half_units([(row, target), *((row, c) for c in parts)])
        tolerance = half.pop((row, target)) + sum(half.values()) / len(parts)
        return view.case(row, target, float(values.mean()), tolerance)

    return relation(view, f"{view.name(target)} is the simple mean of {_listed(view, parts)}", parts, target, compute)


def check_differences(view: View) -> None:
    """Columns of differences and rates of change: between two columns, or from row to row of a series."""
    for target in view.columns("difference", "rate"):
        rate = view.roles[target] == "rate"
        columns = [c for c in view.columns(*BASIC) if not words.says(words.WEIGHT, view.name(c))]
        pairs = _ordered_pairs(view, columns)
        found = best(difference_relation(view, target, a, b, rate=rate) for a, b in pairs)
        two = len(columns) == 2 and max(abs(target - c) for c in columns) <= 2
        if not believed(found, named=True, choices=1 if len(columns) == 2 else len(pairs)):
            found = difference_relation(view, target, *pairs[0], rate=rate) if two and len(view.table) <= 2 else None
            found = found if found and found.cases else None
        series = best(_series_relation(view, target, c, rate=rate) for c in columns)
        if (
            series is not None
            and series.follows > (found.follows if found else 1)
            and believed(series, named=True, choices=2)
        ):
            found = series
        if found is None:
            continue
        view.settle(found)
        for case in found.broken:
            view.accuse("difference", case, _reason_of_difference(view, case, found, rate=rate))


def difference_relation(view: View, target: int, after: int, before: int, *, rate: bool) -> Relation:
    def compute(row: int) -> Case | None:
        return _change(view, row, target, (row, after), (row, before), rate)

    what = "the change in per cent from" if rate else "the difference"
    says = (f"{view.name(target)} is {what} {view.name(before)} to {view.name(after)}" if rate
            else f"{view.name(target)} is {what} {view.name(after)} − {view.name(before)}")  # fmt: skip
    return relation(view, says, (after, before), target, compute)


def _series_relation(view: View, target: int, column: int, *, rate: bool) -> Relation:
    """The change to the row before, inside one series."""

    def compute(row: int) -> Case | None:
        if row == 0 or view.cell(row - 1, column) is None:
            return None
        return _change(view, row, target, (row, column), (row - 1, column), rate)

    return relation(
        view,
        f"{view.name(target)} is the change of {view.name(column)} from the row before",
        (column,),
        target,
        compute,
    )


def _change(
    view: View, row: int, target: int, after: tuple[int, int], before: tuple[int, int], rate: bool
) -> Case | None:
    a, b = view.value(*after), view.value(*before)
    if not np.isfinite(a + b) or (rate and b == 0):
        return None
    half = view.half_units([(row, target), after, before])
    if rate:
        expected = 100 * (a - b) / b
        tolerance = half[row, target] + 100 * (half[after] / abs(b) + abs(a) * half[before] / b**2)
    else:
        expected, tolerance = a - b, sum(half.values())
    cell = view.cell(row, target)
    case = view.case(row, target, expected, tolerance)
    if not case.ok and cell.mark in ("▲", "△", "±", "(") and abs(abs(cell.value) - abs(expected)) <= tolerance + 1e-9:
        return Case(row, target, expected, tolerance, True)  # which sign the mark stands for differs by printer
    return case


def check_ratios(view: View) -> None:
    """Columns that are 100·a/b of two others: shares of a base, attainment, points gained of points allotted."""
    columns = view.columns("count", "number", "score", "allotted", "population")
    if len(columns) > 14:
        return
    targets = view.columns("share") + [c for c in view.columns("score") if view.columns("allotted")]
    for target in targets:
        pairs = [(a, b) for a, b in permutations(columns, 2) if target not in (a, b)]
        found = best(ratio_relation(view, target, a, b) for a, b in pairs)
        if not believed(found, named=True, choices=len(pairs)) or _trivial(view, found):
            continue
        view.settle(found)
        for case in found.broken:
            text = slip(
                view.value(case.row, target), case.expected, view.cell(case.row, target).decimals, case.tolerance
            )
            view.accuse("share", case, f"{found.says}; " + (text or "the three numbers do not agree"))


def ratio_relation(view: View, target: int, part: int, whole: int) -> Relation:
    def compute(row: int) -> Case | None:
        a, b = view.value(row, part), view.value(row, whole)
        if not np.isfinite(a + b) or b == 0:
            return None
        half = view.half_units([(row, part), (row, whole)])
        own = view.half_units([(row, target)])[row, target]
        return view.case(row, target, 100 * a / b,
                         own + 100 * (half[row, part] / abs(b) + abs(a) * half[row, whole] / b**2))  # fmt: skip

    return relation(
        view, f"{view.name(target)} is 100 · {view.name(part)} / {view.name(whole)}", (part, whole), target, compute
    )


# ---------------------------------------------------------------------- which columns, and is it believable
def _addable(view: View, target: int) -> list[int]:
    """Columns whose sum `target` may be: of its own kind, and not themselves totals already understood."""
    kind = "count" if view.roles[target] in ("count", "number") else view.roles[target]
    same = {"count": ("count", "number"), "total": BASIC, "score": ("score", "number")}.get(kind, (kind,))
    if words.is_total(view.name(target)):
        same = BASIC
    return [
        c for c in view.columns(*same) if c != target and c not in view.settled and not _other_year(view, c, target)
    ]


def _other_year(view: View, part: int, target: int) -> bool:
    """Whether both headings name one year each, and not the same: last year's mean is no part of this year's."""
    years = [set(re.findall(r"(?:19|20)\d\d", view.name(c))) for c in (part, target)]
    return len(years[0]) == len(years[1]) == 1 and years[0] != years[1]


def _base_of_answers(view: View, target: int) -> bool:
    return view.roles[target] == "count" and bool(
        re.fullmatch(r"(?i)n|사례\s*수|응답자\s*수?|표본\s*수|계", view.name(target).strip())
    )


def _allotments(view: View, parts: tuple[int, ...]) -> bool:
    """Headers such as 맞이인사10 or 태도(15점) whose marks add to 100: the parts of a score of 100."""
    marks = [re.search(r"(\d+)\s*점?\s*\)?$", view.name(c)) for c in parts]
    return len(parts) >= 3 and all(marks) and sum(int(m[1]) for m in marks) == 100


def _plain_sum(view: View, target: int, runs) -> Relation | None:
    """In a table of two or three rows: a column called total beside counts only, off by little."""
    if view.roles[target] not in ("count", "number") or len(view.table) > 3 or not runs:
        return None
    found = sum_relation(view, target, runs[0])
    close = all(
        abs(c.expected - view.value(c.row, target)) <= 0.25 * abs(view.value(c.row, target)) for c in found.cases
    )
    strict = re.search(words.TOTAL_STRICT, words.plain(view.name(target))) or _base_of_answers(view, target)
    return found if found.cases and close and strict else None


def _trivial(view: View, found: Relation) -> bool:
    """A relation between zeros, or between columns that never vary, shows nothing."""
    expected = np.array([c.expected for c in found.cases if c.ok])
    return len(found.cases) >= 3 and (len(expected) == 0 or (np.ptp(expected) == 0 and abs(expected[0] - 100) > 1))


def _accused(view: View, found: Relation) -> list[Case]:
    """Broken cases, and sums that rounding could in principle explain but practically never does."""
    accused = found.broken
    if "sum" not in found.says:
        return accused
    for case in found.cases:
        terms = len(found.uses) + 1
        unit = 2 * case.tolerance / terms
        spread = unit * np.sqrt(terms / 12)  # standard deviation of the sum of that many rounding errors
        off = abs(view.value(case.row, case.column) - case.expected)
        if case.ok and terms >= 8 and spread > 0 and off > UNLIKELY * spread:
            accused.append(case)
    return accused


def _reason_of_total(view: View, case: Case, found: Relation) -> str:
    printed = view.value(case.row, case.column)
    if case.ok:
        return (f"{found.says}; only if nearly all {len(found.uses)} parts were rounded in the same direction could the "
                "total be right, which practically never happens: a part or the total is wrong")  # fmt: skip
    text = slip(printed, case.expected, view.cell(case.row, case.column).decimals, case.tolerance)
    return f"{found.says}; " + (
        text or f"it is off by {shown(printed - case.expected)}, so a part or the total is wrong"
    )


def _reason_of_difference(view: View, case: Case, found: Relation, *, rate: bool) -> str:
    printed = view.value(case.row, case.column)
    cell = view.cell(case.row, case.column)
    text = slip(printed, case.expected, cell.decimals, case.tolerance)
    if rate or len(found.uses) < 2:
        return f"{found.says}; " + (text or "the numbers do not agree")
    after, before = (view.value(case.row, c) for c in found.uses)
    implied = f"the printed difference would need {view.name(found.uses[0])} = {shown(before + printed)} instead of {shown(after)}"
    return f"{found.says}; " + (f"{text}, or " if text else "") + implied


def _ordered_pairs(view: View, columns: list[int]) -> list[tuple[int, int]]:
    """(after, before): the later column first, neighbours before distant ones, then the other way round."""
    later = sorted(((a, b) for a in columns for b in columns if a > b), key=lambda p: (p[0] - p[1], -p[0]))
    years = {c: int(m[0]) for c in columns if (m := re.search(r"(?:19|20)\d\d", view.name(c)))}
    if years and all(years.get(a, 0) < years.get(b, 0) for a, b in later if a in years and b in years):
        later = [(b, a) for a, b in later]
    return later + [(b, a) for a, b in later]


def _listed(view: View, columns: tuple[int, ...]) -> str:
    names = [view.name(c) for c in columns]
    return ", ".join(names) if len(names) <= 6 else f"{names[0]}, {names[1]} … {names[-1]} ({len(names)} columns)"
