"""What a statistics table is: columns, rows, caption and notes; every cell a text or a traceable number.

A `Table` is a finished, immutable description. Renderers (Markdown, HTML, spreadsheets) only walk through
it; they decide nothing about content. Marks in cells (†, *, –) explain themselves in the notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result
from csi_lib.prose.numbers import (
    MARKS,
    NOT_AVAILABLE,
    SMALL_BASE,
    SUPPRESSED,
    UNITS,
    Interval,
    Number,
    check_lang,
)
from csi_lib.prose.sentences import Sentence
from csi_lib.prose.unfilled import check_filled
from csi_lib.study.reading import reading

Cell = str | Number | Interval | None
_UNIT_NOTE = {"ko": "단위: {}", "en": "Unit: {}"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    key : name of the column, unique in the table.
    label : heading.
    align : ``left``, ``center`` or ``right``.
    kind : ``stub`` (row labels), ``base`` (number of cases), ``number`` or ``text``.
    group : heading over several neighbouring columns (the banner), or None.
    """

    key: str
    label: str
    align: str = "right"
    kind: str = "number"
    group: str | None = None

    def __post_init__(self):
        for name, allowed in (
            ("align", ("left", "center", "right")),
            ("kind", ("stub", "base", "number", "text")),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(f"unknown {name} of a column", where=f"column {self.key}",
                                 found=repr(getattr(self, name)), expected=", ".join(allowed))  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row: cells in the order of the columns; neighbouring rows with the same `group` belong together.

    ``kind`` is ``data``, ``total`` (set apart) or ``base`` (numbers of cases under each column).
    """

    cells: tuple[Cell, ...]
    group: str | None = None
    kind: str = "data"


@dataclass(frozen=True, repr=False)
class Table(Result):
    """A statistics table.

    Attributes
    ----------
    name : identifier, unique in its chapter; cross-referenced as ``@tbl-<name>``.
    caption : one line of text.
    columns, rows : see `Column`, `Row`.
    notes : lines under the table; those that explain marks are added by themselves (`all_notes`).
    lang : language of the labels, in which numbers are printed.
    min_base : the base below which † is set, as the notes say it; that of the reading rule in force unless given.
    exempt : reason why the table needs no bases (a schedule, a list of items), else None.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(2)
    >>> type(chapter.table(rows, name="t", caption="Index", rows="measure", fields=("estimate", "n"))).__name__
    'Table'
    """

    SUMMARY: ClassVar[tuple[str, ...]] = ("name", "caption")
    TABLE: ClassVar[str | None] = "rows"

    name: str
    caption: str | Sentence
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str | Sentence, ...] = ()
    lang: str = "ko"
    min_base: int | None = None
    exempt: str | None = field(default=None, compare=False)

    def __post_init__(self):
        check_lang(self.lang)
        where = f"table {self.name}"
        if not _NAME.fullmatch(self.name):
            raise InputError("malformed name of a table", found=repr(self.name), expected="small letters, digits, -")
        for part in (self.caption, *self.notes):
            if isinstance(part, str):
                check_filled(part, where=where)
        rule = reading()
        if self.min_base is None:
            object.__setattr__(self, "min_base", rule.small_base)
        worded = lambda part: rule.worded(part) if isinstance(part, str) else part
        headed = lambda c: replace(c, label=worded(c.label), group=worded(c.group))
        object.__setattr__(self, "columns", tuple(map(headed, self.columns)))
        object.__setattr__(self, "notes", tuple(map(worded, self.notes)))
        object.__setattr__(self, "caption", worded(self.caption))
        if rule.catalogue is None:
            object.__setattr__(self, "rows", tuple(self.rows))
        else:  # words in cells are looked up too; data are not in the catalogue
            said = lambda r: replace(r, cells=tuple(map(worded, r.cells)), group=worded(r.group))
            object.__setattr__(self, "rows", tuple(map(said, self.rows)))
        if not self.rows:
            raise InputError("a table without rows", where=where, action="Say in a sentence that there is nothing")
        keys = [c.key for c in self.columns]
        if len(set(keys)) != len(keys):
            raise InputError("two columns have the same key", where=where, found=", ".join(keys))
        for position, row in enumerate(self.rows):
            if len(row.cells) != len(self.columns):
                raise InputError(f"row {position} has {len(row.cells)} cells", where=where,
                                 expected=f"{len(self.columns)}, one per column")  # fmt: skip
            for cell in row.cells:
                if cell is not None and not isinstance(cell, (str, Number, Interval, Sentence)):
                    raise InputError("a cell is a text or a Number", where=f"{where}, row {position}", found=repr(cell))

    # ------------------------------------------------------------------ reading it
    @property
    def has_bases(self) -> bool:
        """Whether the reader is told on how many cases the numbers rest."""
        return any(c.kind == "base" for c in self.columns) or any(r.kind == "base" for r in self.rows)

    @property
    def stub(self) -> int:
        """Number of leading columns that label the rows."""
        kinds = [c.kind for c in self.columns]
        return next((i for i, k in enumerate(kinds) if k != "stub"), len(kinds))

    def numbers(self) -> Iterator[Number]:
        """Every number in reading order."""
        for row in self.rows:
            for cell in row.cells:
                if isinstance(cell, Number):
                    yield cell
                elif isinstance(cell, Interval):
                    yield from (cell.low, cell.high)

    @property
    def row_ids(self) -> tuple[str, ...]:
        """The results rows behind the table, each once."""
        cells = (c for row in self.rows for c in row.cells)
        texts = (t for t in (self.caption, *self.notes, *cells) if isinstance(t, Sentence))
        ids = [n.row_id for n in self.numbers() if n.row_id] + [i for t in texts for i in t.row_ids]
        return tuple(dict.fromkeys(ids))

    def column_units(self) -> tuple[str | None, ...]:
        """For each column the one unit that needs naming (점, %, %p …); None: none or several."""
        out = []
        for position, column in enumerate(self._units):
            units = _named(column, self.lang)
            out.append(units.pop() if len(units) == 1 and not self.prints_units(position) else None)
        return tuple(out)

    def prints_units(self, position: int) -> bool:
        """Whether the cells of this column name their unit themselves, because they differ."""
        units = self._units[position]
        return len(units) > 1 and bool(_named(units, self.lang))

    @cached_property
    def _units(self) -> tuple[set[str], ...]:
        """Units of the numbers that each column of numbers shows."""
        found = []
        for position, column in enumerate(self.columns):
            cells = (row.cells[position] for row in self.rows) if column.kind == "number" else ()
            shown = (c for c in cells if isinstance(c, (Number, Interval)) and c.shown)
            found.append({c.unit if isinstance(c, Number) else c.low.unit for c in shown})
        return tuple(found)

    def _plain_beside(self) -> bool:
        """Whether another column holds figures without a unit for which one could take that of the table:
        correlations beside shares, people beside errors in %p. Nobody reads points into a p-value."""
        plain = {u for units in self._units for u in units if not UNITS[u].suffix(self.lang)}
        return bool(plain - {"p_value", "deff", "test"}) and not {"points", "scale"} & set(self.column_units())

    def headings(self) -> tuple[str, ...]:
        """Label of each column, with the unit where the columns of the table differ in it."""
        units = self.column_units()
        several = len({u for u in units if u} | {"several" for i in range(len(units)) if self.prints_units(i)}) > 1
        several = several or self._plain_beside()
        label = lambda c, u: f"{c.label} ({UNITS[u].suffix(self.lang)})".strip() if several and u else c.label
        return tuple(map(label, self.columns, units))

    def unit_note(self) -> str | None:
        """``단위: 점`` where the whole table has one unit."""
        units = {u for u in self.column_units() if u}
        if len(units) != 1 or self._plain_beside() or any(self.prints_units(i) for i in range(len(self.columns))):
            return None
        return reading().worded(_UNIT_NOTE[self.lang]).format(UNITS[units.pop()].suffix(self.lang))

    def all_notes(self) -> tuple[str | Sentence, ...]:
        """The unit, the notes, and one for each mark that stands in a cell."""
        shown = set()
        for cell in (c for row in self.rows for c in row.cells):
            if isinstance(cell, (Number, Interval)):
                if cell.small_base:
                    shown.add(SMALL_BASE)
                if not cell.shown:
                    shown.add(cell.text(self.lang))
        marks = [m for m in (SMALL_BASE, SUPPRESSED, NOT_AVAILABLE) if m in shown]
        unit = self.unit_note()
        return (
            *([unit] if unit else []),
            *self.notes,
            *(f"{m} {reading().worded(MARKS[self.lang][m]).format(base=self.min_base)}" for m in marks),
        )

    def _table(self) -> pd.DataFrame:
        return self.frame()

    def frame(self) -> pd.DataFrame:
        """The unrounded content, one column per key (intervals as two), for spreadsheets and checks."""
        data = {}
        for position, column in enumerate(self.columns):
            cells = [row.cells[position] for row in self.rows]
            if any(isinstance(c, Interval) for c in cells):
                for end in ("low", "high"):
                    data[f"{column.key}_{end}"] = [
                        _value(getattr(c, end)) if isinstance(c, Interval) else None for c in cells
                    ]
            else:
                data[column.key] = [_value(c) for c in cells]
        return pd.DataFrame(data)

    def with_notes(self, *notes: str | Sentence) -> Table:
        """The same table with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    # builders and layout live beside, one module each; these names are what chapters call
    @classmethod
    def from_estimates(cls, frame: pd.DataFrame, **options) -> Table:
        """Table from results rows: see `csi_lib.tables.estimates.estimates_table`."""
        from csi_lib.tables.estimates import estimates_table

        return estimates_table(frame, **options)

    def fitted(self, *, max_columns: int = 8) -> tuple[Table, ...]:
        """This table in parts that fit a page: see `csi_lib.tables.fit.fit_page`."""
        from csi_lib.tables.fit import fit_page

        return fit_page(self, max_columns=max_columns)


def _named(units: set[str], lang: str) -> set[str]:
    """Those of `units` that have a sign of their own."""
    return {u for u in units if UNITS[u].suffix(lang)}


def _value(cell):
    if isinstance(cell, Number):
        return cell.value if cell.shown else None
    return cell.text if isinstance(cell, Sentence) else cell
