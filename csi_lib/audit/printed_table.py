"""A published table as read from a file: headers over several rows, merged cells, notes, printed numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from csi_lib.audit.printed import Printed, clean, is_missing, read_number, read_pair
from csi_lib.errors import InputError
from csi_lib.intake.bounds import guarded

_ENCODINGS = ("utf-8-sig", "cp949")
#: cells of a workbook that may be a printed table
_CELLS = 1_000_000
_YEAR = re.compile(r"^'?(?:19|20)\d\d\s*(?:년|년도|학년도)?\??$")
_NOTE = re.compile(r"^(?:※|\*|주\s*[:)\d]|주석|자료|출처|note|source|base)", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column: its header, its cells as text, and the numbers printed in them."""

    name: str
    texts: tuple[str, ...]
    cells: tuple[Printed | None, ...]

    @property
    def numeric(self) -> bool:
        """Most of what is printed here is a number (and something is)."""
        filled = [t for t in self.texts if not is_missing(t)]
        return bool(filled) and sum(c is not None for c in self.cells) >= 0.6 * len(filled)

    @property
    def serial(self) -> bool:
        """Running numbers of the rows, which measure nothing."""
        if not re.fullmatch(r"(?i)연번|순번|번호|no\.?|#|index|column 1|구분 ?번호|id", self.name.strip()):
            return False
        values = [c.value for c in self.cells if c is not None]
        return len(values) == len(self.cells) and values == [values[0] + i for i in range(len(values))]

    @property
    def years(self) -> bool:
        """Years, where nothing else in the column is a number (a row may be called 증감 or 평균 among them)."""
        filled = [t for t in self.texts if not is_missing(t)]
        found = sum(bool(_YEAR.match(t)) for t in filled)
        numbers = sum(c is not None for c in self.cells)
        named = re.search(r"(?i)연도|년도|년$|year|기간|period|구분", self.name)
        return found >= 1 and numbers <= found and found >= (0.3 if named else 0.8) * len(filled)


@dataclass(frozen=True)
class PrintedTable:
    """Columns and rows of a published table.

    ``columns`` are in print order; ``lines`` gives for every row its line in the file; ``notes`` are the texts
    above and below (title, unit, footnotes); ``weights`` the weight of every column in per cent, where its heading or
    a row of weights below the header prints one.
    """

    name: str
    columns: tuple[Column, ...]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()
    weights: tuple[float | None, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def label_columns(self) -> list[int]:
        """Columns that say what a row is: text and years before the first measure."""
        found = []
        for index, column in enumerate(self.columns):
            if column.serial:
                continue
            if column.numeric and not column.years:
                break
            found.append(index)
        return found

    @property
    def measures(self) -> list[int]:
        """Columns of numbers that are not years."""
        return [i for i, c in enumerate(self.columns) if c.numeric and not c.years and not c.serial]

    def label(self, row: int) -> str:
        parts = [self.columns[c].texts[row] for c in self.label_columns]
        return " · ".join(p for p in parts if p) or f"row {row + 1}"

    def index(self, name: str) -> int:
        """Position of the column called `name` (blanks and case do not matter)."""
        wanted = re.sub(r"\s", "", name).casefold()
        for index, column in enumerate(self.columns):
            if re.sub(r"\s", "", column.name).casefold() == wanted:
                return index
        raise InputError("the table has no such column", where=self.name, found=name,
                         expected="one of " + ", ".join(c.name for c in self.columns))  # fmt: skip


def read_table(path: Path | str) -> PrintedTable:
    """Read a printed table from .csv, .tsv, .txt or .xlsx: UTF-8 (with or without BOM) or CP949.

    A title above the header, header rows merged over several columns, group labels merged over several rows and
    footnotes below are recognised. A column of ``123 (45.6%)`` becomes two.

    Raises
    ------
    InputError for a file that is not there, not text, empty, or without a column of numbers.
    """
    path = Path(path)
    grid = _grid(path)
    start, notes = _top(grid)
    body, tail = _bottom(grid[start:])
    if not body:
        raise InputError("this table has no rows", where=str(path))
    depth = _header_depth([row for _, row in body])
    if len(body) <= depth:
        raise InputError("this table has a header but no rows", where=str(path))
    names = _names([row for _, row in body[:depth]])
    rows = [row for _, row in body[depth:]]
    lines = [line for line, _ in body[depth:]]
    columns = _columns(names, rows)
    table = _without_weights(PrintedTable(path.name, tuple(columns), tuple(lines), tuple(notes + tail)))
    if not table.measures:
        raise InputError(
            "no column of this table holds numbers", where=str(path), action="Give a table with a header row."
        )
    return table


_WEIGHT_ROW = re.compile(r"^(?:가중치|가중값|반영\s*(?:비율|비중)|weights?)(?:\s*[(\[].*)?$", re.IGNORECASE)
#: a heading that prints the weight of its column: 친절성(30%), Speed (25%), 환경 [10%]
WEIGHT_IN_HEADING = re.compile(r"[(\[（]\s*(\d{1,2}(?:\.\d+)?|0?\.\d+)\s*(%)\s*[)\]）]")


def _without_weights(table: PrintedTable) -> PrintedTable:
    """A row called 가중치 or weights holds no scores: its numbers, which add up to 1 or 100, belong to the columns."""
    headings = [WEIGHT_IN_HEADING.search(c.name) for c in table.columns]
    table = replace(table, weights=tuple(float(m[1]) if m else None for m in headings))
    for row in range(len(table)) if len(table) > 2 else ():
        if not any(_WEIGHT_ROW.match(table.columns[c].texts[row]) for c in table.label_columns):
            continue
        values = [
            c.cells[row].value if i in table.measures and c.cells[row] else None for i, c in enumerate(table.columns)
        ]
        known = [v for v in values if v is not None]
        whole = next((w for w in (1.0, 100.0) for s in (sum(known), sum(known) - w) if abs(s - w) < 1e-6), None)
        if whole is None or len(known) < 2:
            continue
        keep = [r for r in range(len(table)) if r != row]
        columns = tuple(
            Column(c.name, tuple(c.texts[r] for r in keep), tuple(c.cells[r] for r in keep)) for c in table.columns
        )
        weights = tuple(None if v is None or v == whole else 100 * v / whole for v in values)
        return replace(table, columns=columns, lines=tuple(table.lines[r] for r in keep), weights=weights)
    return table


def _grid(path: Path) -> list[tuple[int, list[str]]]:
    """Non-empty rows with their line number, all of one width."""
    if not path.is_file():
        raise InputError("this table does not exist", where=str(path))
    rows = _excel(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _text(path)
    rows = [(line, [clean(cell) for cell in row]) for line, row in rows]
    rows = [(line, row) for line, row in rows if any(row)]
    if not rows:
        raise InputError("this table is empty", where=str(path))
    width = max(len(row) for _, row in rows)
    rows = [(line, row + [""] * (width - len(row))) for line, row in rows]
    used = [c for c in range(width) if any(row[c] for _, row in rows)]
    return [(line, [row[c] for c in used]) for line, row in rows]


def _text(path: Path) -> list[tuple[int, list[str]]]:
    with guarded(path):
        raw = path.read_bytes()
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError("this file is neither UTF-8 nor CP949 text", where=str(path), action="Save it as UTF-8 CSV.")
    if "\0" in text:
        raise InputError("this is not a text file", where=str(path), action="Save the table as CSV or .xlsx.")
    head = text[:20000]
    separator = max(",\t;|", key=lambda s: (sum(s in line for line in head.splitlines()), -",\t;|".index(s)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"this file cannot be read as a table ({error})", where=f"{path}:{reader.line_num}") from None


def _excel(path: Path) -> list[tuple[int, list[str]]]:
    from openpyxl import load_workbook

    with guarded(path):
        sheet = load_workbook(path, data_only=True).worksheets[0]
        if sheet.max_row * sheet.max_column > _CELLS:  # a table is printed on paper
            raise InputError("this workbook is too large for a printed table", where=str(path),
                             found=f"{sheet.max_row:,} rows, {sheet.max_column:,} columns", expected=f"at most {_CELLS:,} cells")  # fmt: skip
        return [(n, [_shown(cell) for cell in row]) for n, row in enumerate(sheet.iter_rows(), start=1)]


def _shown(cell) -> str:
    """A workbook's cell as it is printed, as far as its number format says how many decimals."""
    value, shape = cell.value, cell.number_format or ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    decimals = re.search(r"0\.(0+)", shape)
    if shape.rstrip().endswith("%"):
        return f"{100 * value:.{len(decimals[1]) if decimals else 0}f}%"
    return f"{value:.{len(decimals[1])}f}" if decimals else repr(value)


def _top(grid) -> tuple[int, list[str]]:
    """First row of the header, and the texts above it: rows with one filled cell where the table has several."""
    width, notes, start = len(grid[0][1]), [], 0
    while start < len(grid) - 1 and width > 1 and sum(map(bool, grid[start][1])) == 1:
        notes.append(next(filter(None, grid[start][1])))
        start += 1
    return start, notes


def _bottom(grid) -> tuple[list, list[str]]:
    """Rows of the table, and the footnotes below it."""
    grid, notes = list(grid), []
    while len(grid) > 1:
        filled = [c for c in grid[-1][1] if c]
        wide = len(grid[0][1]) > 1
        if not (
            wide
            and len(filled) == 1
            and filled[0] == grid[-1][1][0]
            and (_NOTE.match(filled[0]) or len(filled[0]) > 30)
        ):
            break
        notes.insert(0, filled[0])
        grid.pop()
    return grid, notes


_UNITS = re.compile(r"^[(\[]\s*(?:단위\s*:?\s*)?[^()\d]{1,8}\s*[)\]]$|^%p?$|^[명점건원개]$")


def _units(row: Sequence[str]) -> bool:
    """A row that holds nothing but the units of the columns above which it does not stand: (명), (%), (점)."""
    filled = [t for t in row if t]
    return len(filled) >= 2 and all(_UNITS.match(t) for t in filled)


def _number_free(row: Sequence[str]) -> bool:
    return all(not t or _YEAR.match(t) or read_number(t) is None for t in row)


def _header_depth(rows: list[list[str]]) -> int:
    """How many rows the header has: more only while the row above was merged and the next has no numbers."""
    depth = 1
    while depth < min(4, len(rows) - 1):
        above, row = rows[depth - 1], rows[depth]
        merged = any(_blank(t) for t in above[1:]) or len({t for t in above if t}) < sum(map(bool, above))
        if not _units(row) and not (merged and _number_free(row) and sum(map(bool, row)) >= 2):
            break
        depth += 1
    return depth


def _blank(text: str) -> bool:
    return not text or text.startswith("Unnamed:")


def _names(rows: list[list[str]]) -> list[str]:
    """Header of every column: the rows joined, a merged cell standing for all columns below it."""
    parts: list[list[str]] = [[] for _ in rows[0]]
    for depth, row in enumerate(rows):
        last = ""
        for c, text in enumerate(row):
            if not _blank(text):
                last = text
            spreads = depth < len(rows) - 1 and any(not _blank(r[c]) for r in rows[depth + 1 :])
            shown = "" if _blank(text) and not spreads else last
            if shown and shown not in parts[c]:
                parts[c].append(shown)
    names, seen = [], {}
    for c, part in enumerate(parts):
        name = " ".join(part) or f"column {c + 1}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _columns(names: list[str], rows: list[list[str]]) -> list[Column]:
    columns: list[Column] = []
    for c, name in enumerate(names):
        texts = [row[c] for row in rows]
        pairs = [read_pair(t) for t in texts]
        filled = sum(not is_missing(t) for t in texts)
        if filled and sum(p is not None for p in pairs) >= 0.6 * filled:
            columns.append(_column(f"{name} n", [p[0] if p else t for p, t in zip(pairs, texts, strict=True)]))
            columns.append(_column(f"{name} %", [p[1] if p else "" for p in pairs]))
        else:
            columns.append(_column(name, texts))
    return _filled_down(columns)


def _column(name: str, texts: list[str]) -> Column:
    return Column(name, tuple(texts), tuple(None if is_missing(t) else read_number(t) for t in texts))


def _filled_down(columns: list[Column]) -> list[Column]:
    """A group label merged over rows stands in its first row only: the rows below it carry it too."""
    labels = 0
    while labels < len(columns) and (columns[labels].years or columns[labels].serial or not columns[labels].numeric):
        labels += 1
    out = list(columns)
    for c in range(labels - 1):  # never the innermost label
        texts, last = [], ""
        for text, inner in zip(out[c].texts, out[labels - 1].texts, strict=True):
            last = text or (last if inner else "")
            texts.append(last)
        out[c] = _column(out[c].name, texts)
    return out
