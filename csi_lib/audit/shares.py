"""Shares: of the rows of a column, of the answers of a row, and against the counts they were computed from."""

from __future__ import annotations

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.groups import total_rows
from csi_lib.audit.relations import Relation, believed, best, relation
from csi_lib.audit.slips import slip
from csi_lib.audit.view import Case, Finding, View, shown


def check_row_shares(view: View) -> None:
    """Neighbouring columns of shares that are the parts of a whole: each row adds up to 100."""
    if _free(view):
        return
    runs = _share_runs(view)
    for run in runs:
        cases = [c for row in view.rows if (c := _hundred(view, row, run)) is not None]
        if not cases:
            continue
        ok = sum(c.ok for c in cases)
        scale = len({words.degree(view.name(c)) for c in run} - {None}) >= 3
        told = view.spec.shares_add_to_100 is True
        if not (
            told
            or (ok >= 3 and ok >= 0.75 * len(cases))
            or (scale and ok >= 0.5 * len(cases))
            or (scale and len(cases) <= 2)
        ):
            continue
        view.assume(f"{view.name(run[0])} … {view.name(run[-1])} are parts of 100 in each row")
        for case in cases:
            if not case.ok and (case.sure or case.expected > 100):
                _accuse_hundred(
                    view,
                    [(case.row, c) for c in run],
                    case,
                    view.table.label(case.row),
                    f"{view.name(run[0])} … {view.name(run[-1])}",
                    case.row,
                )


def check_column_shares(view: View) -> None:
    """A column of shares of exclusive answers, without a total row: it adds up to 100."""
    if _free(view):
        return
    totals = total_rows(view)
    for column in view.columns("share"):
        inner = view.table.label_columns[-1] if view.table.label_columns else None
        if inner is None or view.table.columns[inner].years:
            continue
        for rows in _same_outer(view, inner):
            rows = [r for r in rows if r not in totals and r not in view.bases]
            texts = [view.table.columns[inner].texts[r] for r in rows]
            degrees = [words.degree(t) for t in texts if not words.is_unrated(t)]
            known = [d for d in degrees if d is not None]
            exclusive = len(known) >= 3 and len(known) == len(degrees) and len(set(known)) == len(known)
            if not (exclusive or view.spec.shares_add_to_100) or any(view.cell(r, column) is None for r in rows):
                continue
            case = _hundred_of(view, [(r, column) for r in rows], rows[-1], column)
            view.assume(f"{view.name(column)} over {', '.join(texts)} is a distribution and adds up to 100")
            if not case.ok:
                _accuse_hundred(view, [(r, column) for r in rows], case, " + ".join(texts), view.name(column), None)


def check_counts_and_shares(view: View) -> None:
    """A column of shares beside the column of counts it was computed from, down the rows."""
    for target in view.columns("share"):
        if target in view.settled:
            continue
        counts = view.columns("count", "number")
        candidates = [(c, base) for c in counts for base in bases(view, c)]
        found = best(of_base(view, target, c, name, base) for c, (name, base) in candidates)
        near = len(counts) == 1 and abs(counts[0] - target) == 1
        if found is None or not believed(found, named=True, choices=1 if near and len(found.cases) >= 3 else 2):
            continue
        if len({c.expected for c in found.cases}) < 2:
            continue
        # weighted shares need not follow unweighted counts: only a slip or two among many rows that do is a finding
        of_weighted = words.says(words.WEIGHTED, view.name(target)) != words.says(
            words.WEIGHTED, view.name(found.uses[0])
        )
        if (of_weighted or words.says(words.WEIGHTED, view.context)) and found.share < 0.8:
            continue
        view.settle(found)
        for case in found.broken:
            text = slip(
                view.value(case.row, target), case.expected, view.cell(case.row, target).decimals, case.tolerance
            )
            view.accuse("share", case, f"{found.says}; {text or 'the count or the share is wrong'}")


def of_base(view: View, target: int, column: int, name: str, base: dict[int, tuple[float, float]]) -> Relation:
    """`target` as 100 · `column` / `base`, the whole of every row with its slack."""

    def compute(row: int) -> Case | None:
        value = view.value(row, column)
        whole, slack = base.get(row, (np.nan, 0.0))
        if not np.isfinite(value + whole) or whole <= 0:
            return None
        own, part = view.half_units([(row, target)])[row, target], view.half_units([(row, column)])[row, column]
        return view.case(row, target, 100 * value / whole, own + 100 * (part / whole + value * slack / whole**2))

    return relation(
        view, f"{view.name(target)} is the share of {view.name(column)} in {name}", (column,), target, compute
    )


def bases(view: View, column: int) -> list[tuple[str, dict[int, tuple[float, float]]]]:
    """What a share may be of: the total row of the group, the sum of its rows, or of those who answered."""
    totals = total_rows(view)
    inner = view.table.label_columns[-1] if view.table.label_columns else None
    out: list[tuple[str, dict]] = [
        ("the total row", {}),
        ("the sum of the rows", {}),
        ("the sum of the rows with an answer", {}),
    ]
    for rows in _same_outer(view, inner):
        parts = [r for r in rows if r not in totals and np.isfinite(view.value(r, column))]
        whole = [r for r in rows if r in totals and np.isfinite(view.value(r, column))]
        whole = whole or [r for r in totals if np.isfinite(view.value(r, column))]
        half = view.half_units([(r, column) for r in (*parts, *whole)])
        rated = (
            parts if inner is None else [r for r in parts if not words.is_unrated(view.table.columns[inner].texts[r])]
        )
        for row in rows:
            if len(whole) == 1:
                out[0][1][row] = (view.value(whole[0], column), half[whole[0], column])
            for place, some in ((1, parts), (2, rated)):
                if len(some) >= 2:
                    out[place][1][row] = (sum(view.value(r, column) for r in some), sum(half[r, column] for r in some))
    return out


def _same_outer(view: View, inner: int | None) -> list[list[int]]:
    """Rows with the same outer labels (year, question): within them the innermost label tells the answers apart."""
    outer = [c for c in view.table.label_columns if c != inner]
    blocks: dict[tuple, list[int]] = {}
    for row in view.rows:
        blocks.setdefault(tuple(view.table.columns[c].texts[row] for c in outer), []).append(row)
    return list(blocks.values())


def _share_runs(view: View) -> list[tuple[int, ...]]:
    """Neighbouring columns of shares, without totals: whole runs, and the longest part of a run that adds to 100."""
    runs: list[list[int]] = []
    for column in view.columns("share"):
        if words.is_total(view.name(column)):
            continue
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    out = []
    for run in runs:
        parts = [tuple(run[a:b]) for a in range(len(run)) for b in range(a + 2, len(run) + 1)]
        scored = [(sum(bool(c and c.ok) for c in (_hundred(view, r, p) for r in view.rows)), len(p), p) for p in parts]
        if scored:
            hits, _, most = max(scored, key=lambda s: s[:2])
            out.append(most if hits else tuple(run))
    return [run for run in out if len(run) >= 2]


def _hundred(view: View, row: int, run: tuple[int, ...]) -> Case | None:
    cells = [(row, c) for c in run if view.cell(row, c) is not None]
    return _hundred_of(view, cells, row, cells[0][1], sure=len(cells) == len(run)) if len(cells) >= 2 else None


def _hundred_of(view: View, cells, row: int, column: int, *, sure: bool = True) -> Case:
    total, tolerance = sum(view.value(*c) for c in cells), sum(view.half_units(cells).values())
    whole = 1.0 if all(abs(view.value(*c)) <= 1 for c in cells) else 100.0
    return Case(row, column, total, tolerance, abs(total - whole) <= tolerance + 1e-9, sure)


def _accuse_hundred(view: View, cells, case: Case, label: str, column: str, row: int | None) -> None:
    total = case.expected
    reason = f"these shares add up to {shown(total)}, not to 100"
    for cell in cells:
        value, decimals = view.value(*cell), view.cell(*cell).decimals
        text = slip(value, value + 100 - total, decimals, case.tolerance)
        if text:
            reason += f"; {shown(value)} may stand for {shown(value + 100 - total)} ({text})"
            break
    line = view.table.lines[case.row]
    view.findings.append(Finding("share", None if row is None else row + 1, line, label, column, 100.0, "100 (implied)", total,
                                 case.tolerance, reason))  # fmt: skip


def _free(view: View) -> bool:
    """Whether more than one answer was allowed, so that nothing need add up."""
    return view.spec.shares_add_to_100 is False or words.says(words.MULTIPLE, view.context)
