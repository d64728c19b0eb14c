"""Audit of a published table: does every printed number follow from the others?

What the columns and rows are is inferred (or told by a spec); every assumption is named. A finding is a number that
rounding of what is printed cannot explain: the tolerance is the sum of the half-units of all numbers involved.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from csi_lib.audit import across, words
from csi_lib.audit.design import check_margins, check_ranks
from csi_lib.audit.down import check_total_rows
from csi_lib.audit.errors import check_errors
from csi_lib.audit.nets import check_nets
from csi_lib.audit.printed_table import Column, PrintedTable, read_table
from csi_lib.audit.relations import best, relation
from csi_lib.audit.scales import check_bounds, check_conversions, check_distributions, check_series
from csi_lib.audit.shares import (
    bases,
    check_column_shares,
    check_counts_and_shares,
    check_row_shares,
    of_base,
)
from csi_lib.audit.slips import slip
from csi_lib.audit.spec import AuditSpec, load_spec
from csi_lib.audit.view import Finding, View
from csi_lib.audit.weights import check_weighted_totals
from csi_lib.errors import InputError

#: the checks in the order in which they are made; a relation found by one is not sought by the next
CHECKS: dict[str, Callable[[View], None]] = {
    "told": lambda view: _told(view),
    "distributions": check_distributions,
    "sums": across.check_sums,
    "weighted": check_weighted_totals,
    "means": across.check_means,
    "differences": across.check_differences,
    "ratios": across.check_ratios,
    "shares-of-counts": check_counts_and_shares,
    "row-shares": check_row_shares,
    "nets": check_nets,
    "errors": check_errors,
    "total-rows": check_total_rows,
    "column-shares": check_column_shares,
    "conversions": check_conversions,
    "bounds": check_bounds,
    "series": check_series,
    "margins": check_margins,
    "ranks": check_ranks,
}


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    table : name of the file; rows : its number of rows.
    columns : role of every column that holds numbers.
    assumptions : relations taken for granted, in words.
    findings : `Finding` each: check, row, line, label, column, printed, recomputed, tolerance, reason.
    """

    table: str
    rows: int
    columns: dict[str, str]
    assumptions: tuple[str, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict:
        return {"table": self.table, "rows": self.rows, "columns": self.columns, "assumptions": list(self.assumptions),
                "findings": [f.to_dict() for f in self.findings]}  # fmt: skip


def audit_table(table: Path | str | PrintedTable, *, spec: AuditSpec | Path | str | None = None) -> Audit:
    """Check the numbers of a published table against each other.

    Parameters
    ----------
    table : file (.csv, .tsv, .txt, .xlsx; UTF-8 or CP949) or a `PrintedTable`.
    spec : what is known about the table (`AuditSpec` or its YAML file); what it does not say is inferred.

    Returns
    -------
    Audit

    Raises
    ------
    InputError for a file that is no table, or a spec that does not fit it.

    Notes
    -----
    Source: docs/method/evaluation.md#integrity. A printed number x with d decimals stands for any value in x ± ½·10⁻ᵈ; a relation is broken
    when no choice of such values satisfies it. A missing number may confirm a relation, never break it.
    """
    if not isinstance(table, PrintedTable):
        table = read_table(table)
    spec = spec if isinstance(spec, AuditSpec) else load_spec(spec)
    view = View(table, spec.matched(table))
    unknown = next((name for name in spec.skip if name not in CHECKS), None)
    if unknown:
        raise InputError(
            "there is no such check to skip", where="skip", found=unknown, expected="one of " + ", ".join(CHECKS)
        )
    for name, check in CHECKS.items():
        if name not in spec.skip:
            check(view)
    findings = list(view.findings)
    for checks, turned in _turned(table):
        other = View(turned, AuditSpec(confidence=spec.confidence, mean_by=spec.mean_by))
        for name in checks:
            if name not in spec.skip:
                CHECKS[name](other)
        view.assumptions += [a for a in other.assumptions if a not in view.assumptions]
        known = {(f.row, f.column) for f in findings}
        again = [_turned_back(f, table, turned) for f in other.findings]
        findings += [f for f in again if (f.row, f.column) not in known]
    findings.sort(key=lambda f: (f.row or 0, f.column))
    roles = {table.columns[i].name: role for i, role in view.roles.items()}
    return Audit(table.name, len(table), roles, tuple(view.assumptions), tuple(findings))


def _told(view: View) -> None:
    """Relations that the spec names hold in every row."""
    spec, index = view.spec, view.table.index
    for total in spec.totals:
        target, parts = index(total.column), tuple(index(c) for c in total.of)
        if total.how == "weighted":
            found = _weighted_relation(view, target, parts, total.weights)
        else:
            make = across.sum_relation if total.how == "sum" else across.mean_relation
            found = make(view, target, parts)
        _accuse_told(view, "total", found, target)
    for d in spec.differences:
        found = across.difference_relation(view, index(d.column), index(d.after), index(d.before), rate=d.how == "rate")
        _accuse_told(view, "difference", found, index(d.column))
    for s in spec.shares:
        target, part = index(s.column), index(s.part)
        if s.whole:
            found = across.ratio_relation(view, target, part, index(s.whole))
        else:
            found = best(of_base(view, target, part, name, base) for name, base in bases(view, part))
        if found is not None:
            _accuse_told(view, "share", found, target)


def _weighted_relation(view: View, target: int, parts: tuple[int, ...], weights: list[float]):
    whole = sum(weights)

    def compute(row: int):
        values = [view.value(row, c) for c in parts]
        if any(v != v for v in values):
            return None
        half = view.half_units([(row, target), *((row, c) for c in parts)])
        expected = sum(w * v for w, v in zip(weights, values, strict=True)) / whole
        slack = sum(w * half[row, c] for w, c in zip(weights, parts, strict=True)) / whole
        return view.case(row, target, expected, half[row, target] + slack)

    return relation(
        view, f"{view.name(target)} is the mean of {len(parts)} columns with the weights told", parts, target, compute
    )


def _accuse_told(view: View, check: str, found, target: int) -> None:
    view.settle(replace(found, says=found.says + " (told)"))
    view.settled.add(target)
    for case in found.broken:
        text = slip(view.value(case.row, target), case.expected, view.cell(case.row, target).decimals, case.tolerance)
        view.accuse(check, case, f"{found.says}; {text or 'the numbers do not agree'}")


_CHANGE_ROW = re.compile(r"증감|차이|증가율|변화율|전년\s*대비|difference|change", re.IGNORECASE)


def _turned(table: PrintedTable) -> list[tuple[tuple[str, ...], PrintedTable]]:
    """The table on its side with the checks to make on it: where a row holds the differences of other rows (2007, 2008,
    증감 below each other, in every block), or the number of respondents (Base) of every column. Its lines are rows."""
    labels = table.label_columns
    if not labels:
        return []
    names = table.columns[labels[-1]].texts
    blocks: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(table)):
        blocks.setdefault(tuple(table.columns[c].texts[row] for c in labels[:-1]), []).append(row)
    out = []
    for rows in blocks.values():
        own = [names[r] for r in rows]
        checks: tuple[str, ...] = ()
        if len(rows) <= 12 and any(_CHANGE_ROW.search(t) for t in own):
            checks = ("differences",)
        if len(blocks) == 1 and any(words.BASE_ROW.match(words.plain(t)) for t in own):
            checks = ("distributions", "differences", "row-shares", "nets", "total-rows")
        if checks and len(rows) >= 2 and len(set(own)) == len(own):
            heads = Column(
                "column", tuple(table.columns[i].name for i in table.measures), (None,) * len(table.measures)
            )
            columns = [Column(names[r], tuple(table.columns[i].texts[r] for i in table.measures),
                              tuple(table.columns[i].cells[r] for i in table.measures)) for r in rows]  # fmt: skip
            out.append(
                (checks, PrintedTable(table.name, (heads, *columns), tuple(range(len(table.measures))), table.notes))
            )
    return out


def _turned_back(finding: Finding, table: PrintedTable, turned: PrintedTable) -> Finding:
    """The finding with the row and column of the table itself; without a row where it is about several of them."""
    cells = next((c.cells for c in turned.columns[1:] if c.name == finding.column), None)
    if cells is None:
        return replace(finding, row=None, line=None, label=finding.column, column=finding.label)
    same = lambda r: all(table.columns[i].cells[r] is c for i, c in zip(table.measures, cells, strict=True))
    row = next(r for r in range(len(table)) if same(r))
    return replace(finding, row=row + 1, line=table.lines[row], label=table.label(row), column=finding.label)
