"""What the checks of an audit look at: the table with the role of every column, and tolerance by printed units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.printed import Printed
from csi_lib.audit.printed_table import WEIGHT_IN_HEADING, PrintedTable
from csi_lib.audit.spec import AuditSpec
from csi_lib.prose.rounding import round_half_up

_EPSILON = 1e-9
#: roles whose numbers are measured or counted, as opposed to derived from others or describing the design
BASIC = ("count", "share", "score", "number", "allotted", "total")


@dataclass(frozen=True)
class Finding:
    """One printed number that does not follow from the others.

    ``row`` counts the table's rows from 1, ``line`` the file's; ``recomputed`` is unrounded; ``tolerance`` is the
    sum of the half-units of what was printed; ``reason`` is the likely one, in words.
    """

    check: str
    row: int | None
    line: int | None
    label: str
    column: str
    printed: float
    printed_text: str
    recomputed: float | None
    tolerance: float
    reason: str

    def to_dict(self) -> dict:
        return {k: v for k, v in vars(self).items() if v is not None}

    def __str__(self) -> str:
        again = "" if self.recomputed is None else f", recomputed {shown(self.recomputed)}"
        place = f"row {self.row} ({self.label})" if self.row else self.label
        return f"{place}, {self.column}: printed {self.printed_text}{again}: {self.reason}"


@dataclass(frozen=True)
class Case:
    """One application of a relation: what a cell should hold, and how far rounding lets it be off.

    ``sure`` is False where the cell's inputs are incomplete: such a case may confirm, never accuse.
    """

    row: int
    column: int
    expected: float
    tolerance: float
    ok: bool
    sure: bool = True


@dataclass
class View:
    """A table with roles, for the checks; findings and assumptions collect here."""

    table: PrintedTable
    spec: AuditSpec
    roles: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)
    confirmed: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self):
        self.context = " ".join((*self.table.notes, *(c.name for c in self.table.columns)))
        for index in self.table.measures:
            self.roles[index] = self.spec.role_of(self.table, index) or _role(self.table, index)
        if any(re.search(r"득점|획득|points", self.name(i)) for i in self.roles):
            self.roles |= dict.fromkeys(self.columns("weight"), "allotted")  # 가중치 · 평점 / 100 = 득점
        self._find_changes()
        self._find_shares()
        self._find_answers()
        self._decimals_column = next((i for i, r in self.roles.items() if r == "decimals"), None)
        self._usual = {i: _usual_decimals(self.table.columns[i].cells) for i in self.table.measures}
        self._most = {
            i: max((c.decimals for c in self.table.columns[i].cells if c), default=0) for i in self.table.measures
        }

    @cached_property
    def bases(self) -> set[int]:
        """Rows that print the number of respondents of every column, beside rows of shares or scores."""
        labels = self.table.label_columns
        return {
            r
            for r in self.rows
            if any(words.BASE_ROW.match(words.plain(self.table.columns[c].texts[r])) for c in labels)
        }

    def _find_changes(self) -> None:
        """Columns whose numbers all carry a sign, some of them a plus, are changes; brackets among them mean minus."""
        columns = list(self.table.columns)
        for index in self.table.measures:
            cells = [c for c in columns[index].cells if c is not None]
            signed = [c for c in cells if c.mark or c.value == 0]
            if (
                self.roles[index] == "score"
                and len(signed) == len(cells)
                and any(c.mark in ("+", "▲", "△") for c in cells)
            ):
                self.roles[index] = "difference"
            bracketed = [c for c in cells if c.mark == "("]
            if self.roles[index] in ("difference", "rate") and 0 < len(bracketed) < len(cells):
                cells = tuple(replace(c, value=-c.value, mark="-") if c is not None and c.mark == "(" else c
                              for c in columns[index].cells)  # fmt: skip
                columns[index] = replace(columns[index], cells=cells)
        self.table = replace(self.table, columns=tuple(columns))

    def _find_shares(self) -> None:
        """Neighbouring columns without a percent sign that add up to 100 in nearly all rows are shares."""
        plain = [i for i in self.columns("score") if self.spec.role_of(self.table, i) is None]
        for start in range(len(plain)):
            for stop in range(len(plain), start + 2, -1):
                run = plain[start:stop]
                if run[-1] - run[0] != len(run) - 1:
                    continue
                sums = np.array([sum(self.value(r, c) for c in run) for r in self.rows])
                slack = 0.5 * len(run) * 10.0 ** -max(c.decimals for i in run for c in self.table.columns[i].cells if c)
                hits, known = (np.abs(sums - 100) <= slack + _EPSILON).sum(), np.isfinite(sums).sum()
                scale = len({words.degree(self.name(c)) for c in run} - {None}) == len(run)
                if (hits >= 3 and hits >= 0.7 * known) or (scale and hits >= 1 and hits >= 0.5 * known):
                    nets = [i for i in plain if words.says(words.NET, self.name(i))]  # a part of the whole, said again
                    for column in (*run, *nets):
                        self.roles[column] = "share"
                    return

    def _find_answers(self) -> None:
        """Whole numbers under the answers of a rating scale are counts of people, however small."""
        whole = [
            i for i in self.columns("score", "number") if self.spec.role_of(self.table, i) is None and self._whole(i)
        ]
        whole = [i for i in whole if not words.says(words.NET, self.name(i))]
        rated = [i for i in whole if words.degree(self.name(i)) is not None]
        if len(rated) >= 3:
            for column in (*rated, *(i for i in whole if words.is_unrated(self.name(i)))):
                self.roles[column] = "count"

    def _whole(self, column: int) -> bool:
        return all(c is None or c.decimals == 0 for c in self.table.columns[column].cells)

    # ------------------------------------------------------------------ reading
    @property
    def rows(self) -> range:
        return range(len(self.table))

    def columns(self, *roles: str) -> list[int]:
        return [i for i, role in self.roles.items() if role in roles]

    def name(self, column: int) -> str:
        return self.table.columns[column].name

    def cell(self, row: int, column: int) -> Printed | None:
        return self.table.columns[column].cells[row]

    def value(self, row: int, column: int) -> float:
        cell = self.cell(row, column)
        return np.nan if cell is None else cell.value

    def exact(self, column: int) -> bool:
        """Counts of people are not rounded, unless the table says so or weights them."""
        name = self.name(column)
        return (self.roles.get(column) in ("count", "allotted", "population") and not words.says(words.ROUNDED_UNIT, self.context)
                and (self.roles[column] == "allotted" or not words.says(words.WEIGHTED, name)) and self._most[column] == 0)  # fmt: skip

    def half_units(self, cells: Iterable[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """Half of the last printed unit of each cell of one relation.

        Zeros at the end are often dropped (89.80 → 89.8): a cell counts as printed to as many decimals as the
        others of the relation, as far as its own column ever shows so many.
        """
        cells = list(cells)
        shown_decimals = {}
        for row, column in cells:
            own = self.cell(row, column)
            decimals = max(own.decimals if own else 0, self._usual[column])
            if self._decimals_column is not None and self.value(row, self._decimals_column) >= 0:
                declared = int(self.value(row, self._decimals_column))
                decimals = max(own.decimals if own else 0, min(declared, self._most[column]))
            shown_decimals[row, column] = decimals
        inexact = [d for (_, c), d in shown_decimals.items() if not self.exact(c)]
        most = max(inexact, default=0)
        return {
            (r, c): 0.0 if self.exact(c) else 0.5 * 10.0 ** -max(d, min(most, self._most[c]))
            for (r, c), d in shown_decimals.items()
        }

    def case(self, row: int, column: int, expected: float, tolerance: float, *, sure: bool = True) -> Case:
        """`expected` against the cell; `tolerance` is of everything but the cell itself, added by the caller."""
        off = abs(self.value(row, column) - expected)
        return Case(row, column, expected, tolerance, bool(off <= tolerance + _EPSILON * max(1.0, abs(expected))), sure)

    # ------------------------------------------------------------------ saying
    def assume(self, text: str) -> None:
        if text not in self.assumptions:
            self.assumptions.append(text)

    def settle(self, found) -> None:
        """Take a believed relation for granted: its column is understood, and the cells that follow it are confirmed."""
        self.assume(found.says)
        for case in found.cases:
            self.settled.add(case.column)
            if case.ok:
                self.confirmed.add((case.row, case.column))

    def accuse(self, check: str, case: Case, reason: str) -> None:
        """A finding, unless the same cell is already named."""
        cell = self.cell(case.row, case.column)
        name = self.name(case.column)
        row = case.row + 1
        if any(f.row == row and f.column == name for f in self.findings):
            return
        self.findings.append(Finding(check, row, self.table.lines[case.row], self.table.label(case.row), name, cell.value,
                                     cell.text, case.expected, case.tolerance, reason))  # fmt: skip


def _usual_decimals(cells: Sequence[Printed | None]) -> int:
    """Decimals that a column prints in (nearly) all its cells; 0 where it varies."""
    counts = Counter(c.decimals for c in cells if c is not None)
    if not counts:
        return 0
    usual = counts.most_common(1)[0][0]
    fewer = sum(n for d, n in counts.items() if d < usual)
    return usual if fewer <= 0.2 * sum(counts.values()) else min(counts)


def _role(table: PrintedTable, index: int) -> str:
    """The role a header and the numbers under it suggest."""
    column = table.columns[index]
    name, cells = column.name, [c for c in column.cells if c is not None]
    whole = all(c.decimals == 0 for c in cells)
    if re.search(r"(?i)^decimals?$|소수\s*자리", name):
        return "decimals"
    name = WEIGHT_IN_HEADING.sub(" ", name)  # 친절성(30%) is a score that counts 30 %
    for role, pattern in (("error", words.STANDARD_ERROR), ("deviation", words.STANDARD_DEVIATION)):
        if words.says(pattern, name):
            return role
    if words.says(words.MEDIAN, name):
        return "ignore"  # no mean, sum or difference of other columns gives it
    for role, pattern in (("rank", words.RANK), ("margin", words.MARGIN), ("confidence", words.CONFIDENCE),
                          ("population", words.POPULATION), ("rate", words.RATE), ("difference", words.DIFFERENCE)):  # fmt: skip
        if words.says(pattern, name):
            return role
    if words.says(words.ALLOTTED, name):
        return "allotted"
    if words.says(words.WEIGHT, name) and not words.says(words.COUNT, name):
        return "weight"
    if (
        words.says(words.COUNT, name)
        and (whole or words.says(words.WEIGHTED, name))
        and not any(c.percent for c in cells)
    ):
        return "count"
    if words.says(words.SHARE, name) or (cells and sum(c.percent for c in cells) >= 0.6 * len(cells)):
        return "share"
    if whole and any(c.unit in ("명", "건", "개") or abs(c.value) > 100 for c in cells):
        return "number"
    return "score"


def shown(value: float) -> str:
    """A recomputed number for a message: two decimals, or four for small ones."""
    return str(round_half_up(float(value), 2 if abs(value) >= 1 or value == 0 else 4))


def contiguous_runs(columns: Sequence[int], target: int, *, least: int = 2) -> list[tuple[int, ...]]:
    """Runs of neighbouring columns that end just before or begin just after `target`, longest first."""
    before = [c for c in columns if c < target]
    after = [c for c in columns if c > target]
    runs = [tuple(before[-k:]) for k in range(len(before), least - 1, -1)]
    runs += [tuple(after[:k]) for k in range(len(after), least - 1, -1)]
    if before and after:
        runs.insert(0, tuple(before + after))
    return sorted(dict.fromkeys(runs), key=len, reverse=True)
