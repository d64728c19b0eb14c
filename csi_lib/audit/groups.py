"""Which rows a total row sums up: the rows of its year, its block, the segment beside it, or the subtotals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.view import Case, View


@dataclass(frozen=True)
class Group:
    """A total row and one set of rows that may be its parts; ``kind`` says how the set was formed."""

    total: int
    parts: tuple[int, ...]
    kind: str
    family: str


def total_rows(view: View) -> dict[int, int]:
    """Rows that sum up others, with the label column that says so."""
    labels = view.table.label_columns
    found = {}
    for row in view.rows:
        for column in labels:
            text = view.table.columns[column].texts[row]
            told = view.spec.total_rows
            if (text in told or words.plain(text) in told) if told is not None else words.is_total(text):
                found[row] = column
                break
    return found


def groups(view: View) -> list[Group]:
    """Every total row with every set of parts it may have."""
    totals = total_rows(view)
    out = []
    for total, at in totals.items():
        same = [r for r in view.rows if r != total and _beside(view, r, total, at)]
        regular = [r for r in same if r not in totals]
        family = words.plain(view.table.columns[at].texts[total])
        seen = set()
        for kind, parts in _sets(view, total, at, same, regular, totals):
            if len(parts) >= 2 and (kind, parts) not in seen:
                seen.add((kind, parts))
                out.append(Group(total, parts, kind, family))
    return out


def _beside(view: View, row: int, total: int, at: int) -> bool:
    """Whether a row belongs to the same year or outer label as the total row (an empty label there means all)."""
    for column in view.table.label_columns:
        if column == at:
            continue
        of_total = view.table.columns[column].texts[total]
        outer = column < at or view.table.columns[column].years
        if outer and of_total and of_total != view.table.columns[column].texts[row]:
            return False
    return True


def _sets(view: View, total: int, at: int, same, regular, totals) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "all", tuple(regular)
    yield "segment above", tuple(_segment(reversed([r for r in same if r < total]), totals))
    yield "segment below", tuple(_segment((r for r in same if r > total), totals))
    subtotals = [r for r in same if r in totals and words.SUBTOTAL.search(view.table.columns[totals[r]].texts[r])]
    yield "subtotals", tuple(subtotals)
    inner = view.table.label_columns[-1]
    if inner != at or len(view.table.label_columns) > 1:
        outer = view.table.label_columns[0]
        blocks: dict[str, list[int]] = {}
        for row in regular:
            blocks.setdefault(view.table.columns[outer].texts[row], []).append(row)
        if len(blocks) > 1:
            for rows in blocks.values():
                yield "block", tuple(rows)
    for rows in _segments_by_count(view, total, regular):
        yield "run", rows


def _segment(rows, totals) -> list[int]:
    out = []
    for row in rows:
        if row in totals:
            break
        out.append(row)
    return sorted(out)


def _segments_by_count(view: View, total: int, regular: list[int]) -> list[tuple[int, ...]]:
    """Consecutive rows whose counts add up to the total one after another: a banner without block labels."""
    for column in view.columns("count", "number"):
        whole = view.value(total, column)
        if not whole > 0:
            continue
        forward, used = _fill(view, column, whole, regular)
        backward, late = _fill(view, column, whole, regular[::-1])
        runs = forward + [run[::-1] for run in backward if not set(run) & set(used)]
        rest = [r for r in regular if r not in set(used) | set(late)]
        if len(runs) >= 2:
            return [tuple(sorted(r)) for r in runs] + ([tuple(rest)] if len(rest) >= 2 else [])
    return []


def _fill(view: View, column: int, whole: float, rows: list[int]) -> tuple[list[tuple[int, ...]], list[int]]:
    runs, used, current, reached = [], [], [], 0.0
    for row in rows:
        value = view.value(row, column)
        if not np.isfinite(value):
            break
        current.append(row)
        reached += value
        if abs(reached - whole) < 1e-9:
            runs.append(tuple(current))
            used += current
            current, reached = [], 0.0
        elif reached > whole:
            break
    return runs, used


def sum_case(view: View, group: Group, column: int) -> Case | None:
    """The parts' sum against the total row."""
    if view.cell(group.total, column) is None:
        return None
    values = np.array([view.value(r, column) for r in group.parts])
    if np.isfinite(values).sum() < 2:
        return None
    half = view.half_units([(group.total, column), *((r, column) for r in group.parts)])
    return view.case(
        group.total, column, float(np.nansum(values)), sum(half.values()), sure=bool(np.isfinite(values).all())
    )


def mean_case(view: View, group: Group, column: int, counts: int | None = None) -> Case | None:
    """The parts' mean against the total row: simple, or weighted by a column of counts."""
    if view.cell(group.total, column) is None:
        return None
    values = np.array([view.value(r, column) for r in group.parts])
    weights = np.ones(len(values)) if counts is None else np.array([view.value(r, counts) for r in group.parts])
    if not np.isfinite(values + weights).all() or not (weights >= 0).all() or weights.sum() <= 0:
        return None
    half = view.half_units([(group.total, column), *((r, column) for r in group.parts)])
    weights = weights / weights.sum()
    tolerance = half[group.total, column] + float(weights @ [half[r, column] for r in group.parts])
    return view.case(group.total, column, float(weights @ values), tolerance)


def outside(view: View, group: Group, column: int) -> bool:
    """Whether the total lies beyond all of its parts, as no mean can."""
    values = [view.value(r, column) for r in group.parts]
    half = view.half_units([(group.total, column), *((r, column) for r in group.parts)])
    slack, total = 2 * max(half.values()) + 1e-9, view.value(group.total, column)
    return bool(np.isfinite(values).all()) and not min(values) - slack <= total <= max(values) + slack
