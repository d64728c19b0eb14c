"""Workbooks (.xlsx, .xlsm): every sheet as written; what a cell does not hold is said, not taken for a blank."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import numpy as np

from csi_lib.errors import InputError
from csi_lib.intake.bounds import in_time, unreadable
from csi_lib.intake.cells import Cells
from csi_lib.intake.sheets import HEAD, Body, File, Note, Sheet, lines_text
from csi_lib.study.base import written
from csi_lib.study.source import Form

#: what a spreadsheet shows where a formula failed; never an answer, in whatever file it stands
ERRORS = frozenset({"#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
#: stands in a cell whose formula was never calculated
UNCALCULATED = "\x01formula without a stored result"

_FORMULA = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]+)(\d+)"([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v>([^<]*)</(?:\w+:)?v>|<(?:\w+:)?v\s*/>)?'
)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row [^>]*hidden="(?:1|true)"')


def open_workbook(path: Path, raw: bytes, form: Form) -> File:
    """A workbook: its sheets in order, hidden ones marked. Raises InputError where it is none, or is locked."""
    from openpyxl import load_workbook

    if raw[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise InputError("this workbook is locked with a password, or in the old .xls format", where=str(path),
                         action="Save it as .xlsx without a password.")  # fmt: skip
    if raw[:4] != b"PK\x03\x04":
        raise InputError("this is not a readable Excel file", where=str(path),
                         action="If it is text, give it the ending .csv; else save it again as .xlsx.")  # fmt: skip
    book = load_workbook(BytesIO(raw), read_only=True, data_only=True)
    archive = zipfile.ZipFile(BytesIO(raw))
    sheets = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the file says about its own extent is often wrong
        xml = _xml(archive, sheet)
        merged = [(_number(a), int(b), _number(c), int(d)) for a, b, c, d in _MERGED.findall(xml)]
        cells = _formulas(xml)
        head = _head(sheet, merged)
        sheets.append(Sheet(sheet.title, head, lru_cache(maxsize=2)(partial(_read, path, sheet, merged, cells, len(_HIDDEN_ROW.findall(xml)))),
                            sheet.sheet_state != "visible"))  # fmt: skip
    if not sheets:
        raise unreadable(path)
    return File("workbook", tuple(sheets))


def _xml(archive: zipfile.ZipFile, sheet) -> bytes:
    try:
        return archive.read(sheet._worksheet_path.lstrip("/"))
    except (AttributeError, KeyError):
        return b""


def _number(letters: bytes) -> int:
    at = 0
    for letter in letters:
        at = at * 26 + letter - 64
    return at - 1


def letters(column: int) -> str:
    """A column's number, from 0, as spreadsheets name it."""
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _formulas(xml: bytes) -> set[tuple[int, int]]:
    """(row, column) of formulas without a stored result; one whose result is an empty text has been calculated."""
    if b"<f" not in xml and b":f" not in xml:
        return set()
    return {
        (int(row), _number(column))
        for column, row, attributes, value in _FORMULA.findall(xml)
        if not value and b't="str"' not in attributes
    }


def text_of(value: object) -> str:
    """A cell as text: numbers in their shortest decimal form, dates as 2024-03-05."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (bool, int, float)):
        return written(value)
    return str(value)


def _head(sheet, merged) -> tuple[tuple[int, tuple[str, ...]], ...]:
    rows = {}
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_row=HEAD * 2), start=1):
        texts = [text_of(value) for value in row]
        if any(text.strip() for text in texts) and len(rows) < HEAD:
            rows[number] = texts
    for left, top, right, bottom in merged:  # a name may stand in a cell that reaches down over two header rows
        if top in rows and left == right and left < len(rows[top]):
            for row in range(top + 1, bottom + 1):
                if row in rows and left < len(rows[row]) and not rows[row][left].strip():
                    rows[row][left] = rows[top][left]
    return tuple((number, tuple(texts)) for number, texts in rows.items())


def _read(
    path: Path, sheet, merged, formulas, hidden_rows: int, header: int, width: int, columns: tuple[int, ...]
) -> Body:
    calculating = {row for row, _ in formulas}
    values: dict[int, list[str]] = {column: [] for column in columns}
    lines, last, empty = [], header, 0
    rows = in_time(sheet.iter_rows(values_only=True, min_row=header + 1), path)
    for number, row in enumerate(rows, start=header + 1):
        if number not in calculating and all(value is None or value == "" for value in row):
            continue
        last = number
        lines.append(number)
        for column in columns:
            values[column].append(text_of(row[column]) if column < len(row) else "")
    at = {line: index for index, line in enumerate(lines)}
    empty = last - header - len(lines)
    notes = []
    for row, column in formulas:
        if row in at and column in values:
            values[column][at[row]] = UNCALCULATED
    filled = 0
    for left, top, right, bottom in merged:
        if bottom == top or left != right or left not in values or top not in at:
            continue
        for row in range(top + 1, bottom + 1):
            if row in at and not values[left][at[row]]:
                values[left][at[row]] = values[left][at[top]]
                filled += 1
    if filled:
        notes.append(Note("form", f"세로로 병합된 칸의 값을 아래 {filled}칸에도 적용했다.",
                          f"the value of vertically merged cells was given to the {filled} cell(s) below", filled))  # fmt: skip
    if hidden_rows:
        notes.append(
            Note(
                "form", f"숨긴 행 {hidden_rows}개도 읽었다.", f"{hidden_rows} hidden row(s) were read too", hidden_rows
            )
        )
    cells = {column: Cells.of(values[column]) for column in columns}
    return Body(cells, np.array(lines, int), last, empty, 0, np.zeros(len(lines), bool), tuple(notes))


def refuse_uncalculated(cells: dict[int, Cells], names: dict[int, str], lines: np.ndarray, where: str) -> None:
    """InputError where a wanted column holds formulas that nobody has calculated."""
    found = []
    for column, one in cells.items():
        rows = one.where_words(lambda text: text == UNCALCULATED)
        if rows.any():
            found.append(f"{names[column]} ({int(rows.sum())} cell(s), row {lines_text(lines[rows], 3)})")
    if found:
        raise InputError("formulas have no stored results", where=where, found="; ".join(found),
                         action="Open the workbook in a spreadsheet program and save it, or paste the values.")  # fmt: skip
