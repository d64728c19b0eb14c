"""Tables as an Excel workbook: real numbers as printed, one table a sheet, contents with links.

A sheet holds one native table with marked headings, so a screen reader announces the heading of every cell.
Numbers are the printed ones (rounded as everywhere else); the unrounded values are in ``results.parquet``. Marks
(letters, †) stand in a column of their own. All text is written as text: ``=1+1`` is never a formula.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.extras import advice
from csi_lib.prose.numbers import NOT_AVAILABLE, SMALL_BASE, Interval, Number, unit_of
from csi_lib.prose.sentences import Sentence
from csi_lib.report.office_text import sheet_names, xml_text
from csi_lib.report.table_markdown import text_width
from csi_lib.tables.table import Table

_WORDS = {
    "ko": {"contents": "목차", "number": "번호", "title": "표 제목", "sheet": "시트", "n": "사례수", "back": "목차로 돌아가기",
           "group": "분류", "marks": "유의차", "small": "표본 적음", "detail": "질문 · 모형", "low": "하한", "high": "상한", "page": "쪽"},
    "en": {"contents": "Contents", "number": "No.", "title": "Table", "sheet": "Sheet", "n": "n", "back": "Back to contents",
           "group": "Variable", "marks": "sig.", "small": "small base", "detail": "Question, model", "low": "low", "high": "high", "page": "page"},
}  # fmt: skip
_LONGEST_HEADING = 255  # of a native table's columns
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_000


@dataclass(frozen=True)
class Sheet:
    """One table of the workbook: `name` of the sheet, `table`, `about` and `detail`, what stands under its title.

    `detail` (the question, the model) stands in the contents too: two tables may have one title.
    """

    name: str
    table: Table
    about: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Workbook:
    """What a workbook says of itself: `title`, `lines` under it on the contents sheet, `sheets` in order."""

    title: str
    sheets: tuple[Sheet, ...]
    lines: tuple[str, ...] = ()
    lang: str = "ko"
    author: str = ""


def write_workbook(book: Workbook, path: Path) -> Path:
    """`book` as ``.xlsx``; equal books give equal bytes. Needs XlsxWriter (extra ``office``)."""
    xlsxwriter = _xlsxwriter()
    if not book.sheets:
        raise InputError(
            "a workbook without tables", where=str(path), action="Check that the agency has items in this year"
        )
    out = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True},
    )
    try:
        stamp = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or 946_684_800), datetime.UTC)
        out.set_properties({"title": xml_text(book.title, limit=255), "author": xml_text(book.author, limit=255),
                            "created": stamp.replace(tzinfo=None)})  # fmt: skip
        _Writer(out, book).write()
    finally:
        out.close()
    return Path(path)


def _xlsxwriter():
    try:
        import xlsxwriter
    except ImportError as error:
        raise InputError("XLSX needs XlsxWriter", action=advice("office")) from error
    return xlsxwriter


class _Writer:
    def __init__(self, out, book: Workbook):
        self.out, self.book, self.say = out, book, _WORDS[book.lang]
        font = {"font_name": "맑은 고딕" if book.lang == "ko" else "Calibri", "font_size": 10, "valign": "vcenter"}
        self._font, self._formats = font, {}
        self.title = out.add_format({**font, "font_size": 14, "bold": True})
        self.plain = out.add_format(font)
        self.note = out.add_format({**font, "font_size": 9, "font_color": "#595959"})
        self.link = out.add_format({**font, "font_color": "#0B5394", "underline": 1})
        self.head = out.add_format({**font, "bold": True, "bg_color": "#DCE6F1", "text_wrap": True, "align": "center",
                                    "border": 1, "border_color": "#8EA9C1"})  # fmt: skip

    def write(self) -> None:
        contents = self.say["contents"]
        names = sheet_names([contents, *(s.name for s in self.book.sheets)])
        front = self.out.add_worksheet(names[0])
        for number, (name, sheet) in enumerate(zip(names[1:], self.book.sheets, strict=True), 1):
            self._sheet(self.out.add_worksheet(name), sheet, number, names[0])
        self._contents(front, names[1:])

    def _format(self, kind: str, *, bold: bool = False, align: str = "right"):
        key = (kind, bold, align)
        if key not in self._formats:
            more = {"num_format": kind} if kind else {"text_wrap": True}
            more |= {"indent": 1} if align == "left" else {}
            self._formats[key] = self.out.add_format({**self._font, **more, "bold": bold, "align": align, "border": 1,
                                                      "border_color": "#D0D7DE"})  # fmt: skip
        return self._formats[key]

    def _page(self, sheet, columns: int, *, landscape: bool = True) -> None:
        sheet.set_paper(9 if columns <= 26 else 8)
        if landscape:
            sheet.set_landscape()
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        title = xml_text(self.book.title, limit=120).replace("&", "&&")
        sheet.set_footer(f"&L&8{title}&R&8&P / &N")
        sheet.hide_gridlines(2)

    def _contents(self, sheet, names: list[str]) -> None:
        book, say = self.book, self.say
        sheet.write_string(0, 0, xml_text(book.title), self.title)
        row = 1
        for line in book.lines:
            sheet.write_string(row, 0, xml_text(line), self.plain)
            row += 1
        head = row + 1
        pairs = zip(book.sheets, names, strict=True)
        cells = [
            (i, xml_text(_plain(s.table.caption)), name, _first_base(s.table), xml_text(s.detail))
            for i, (s, name) in enumerate(pairs, 1)
        ]
        heads = ["number", "title", "sheet", "n", *(["detail"] if any(s.detail for s in book.sheets) else [])]
        sheet.add_table(head, 0, head + len(cells), len(heads) - 1, {
            "name": "contents", "autofilter": False, "style": "Table Style Light 1",
            "columns": [{"header": say[k], "header_format": self.head} for k in heads],
        })  # fmt: skip
        for at, (number, title, name, base, detail) in enumerate(cells, head + 1):
            sheet.write_number(at, 0, number, self._format("0", align="center"))
            sheet.write_string(at, 1, title, self._format("", align="left"))
            target = name.replace("'", "''")
            sheet.write_url(at, 2, f"internal:'{target}'!A1", self.link, string=name)
            if base is None:
                sheet.write_string(at, 3, "", self._format("", align="left"))
            else:
                self._number(sheet, at, 3, base, False)
            if "detail" in heads:
                sheet.write_string(at, 4, detail, self._format("", align="left"))
        for column, width in enumerate((8, 44, 34, 10, 60)[: len(heads)]):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(head + 1, 0)
        sheet.repeat_rows(head)
        self._page(sheet, len(heads), landscape=len(heads) > 4)

    def _sheet(self, sheet, item: Sheet, number: int, contents: str) -> None:
        table = item.table
        plan = _columns(table, self.say)
        if len(plan) > _MOST_COLUMNS or len(table.rows) > _MOST_ROWS:
            raise InputError("a table too large for a sheet", where=f"table {table.name}",
                             found=f"{len(table.rows)} × {len(plan)}", expected=f"{_MOST_ROWS} × {_MOST_COLUMNS}")  # fmt: skip
        unit = table.unit_note()
        sheet.write_string(0, 0, xml_text(_plain(table.caption)), self.title)
        sheet.write_string(1, 0, xml_text(" · ".join(t for t in (item.about, item.detail, unit) if t)), self.note)
        sheet.write_url(2, 0, f"internal:'{contents}'!A1", self.link, string=self.say["back"])
        head, last = 4, 4 + len(table.rows)
        sheet.add_table(head, 0, last, len(plan) - 1, {
            "name": f"table{number}_", "autofilter": False, "style": "Table Style Light 1",
            "columns": [{"header": h, "header_format": self.head} for h in _headings(plan)],
        })  # fmt: skip
        for at, row in enumerate(table.rows, head + 1):
            bold = row.kind == "total"
            for position, (_, part, column, _) in enumerate(plan):
                self._cell(sheet, at, position, row, part, column, bold)
        for position, (label, part, _, column) in enumerate(plan):
            sheet.set_column(position, position, _width(label, part, column))
        sheet.set_row(head, 45)
        at = last + 2
        for note in table.all_notes():
            if note not in (unit, item.detail):
                sheet.write_string(at, 0, xml_text(_plain(note)), self.note)
                at += 1
        sheet.freeze_panes(
            head + 1, sum(part in ("group", "text") and (c is None or c.kind == "stub") for _, part, _, c in plan)
        )
        sheet.repeat_rows(head)
        self._page(sheet, len(plan))

    def _cell(self, sheet, at: int, position: int, row, part: str, column: int, bold: bool) -> None:
        if part == "group":
            sheet.write_string(at, position, xml_text(row.group or ""), self._format("", bold=bold, align="left"))
            return
        cell = row.cells[column]
        if part == "marks":
            mark = (
                (cell.mark + (f" {SMALL_BASE}" if cell.small_base else "")).strip() if isinstance(cell, Number) else ""
            )
            sheet.write_string(at, position, mark, self._format("", bold=bold, align="left"))
        elif part in ("low", "high"):
            self._number(sheet, at, position, getattr(cell, part) if isinstance(cell, Interval) else cell, bold)
        elif isinstance(cell, Number):
            self._number(sheet, at, position, cell, bold)
        else:
            sheet.write_string(
                at, position, xml_text("" if cell is None else _plain(cell)), self._format("", bold=bold, align="left")
            )

    def _number(self, sheet, at: int, position: int, cell, bold: bool) -> None:
        if not isinstance(cell, Number) or not cell.shown:
            text = cell.digits_text() if isinstance(cell, Number) else NOT_AVAILABLE
            sheet.write_string(at, position, text, self._format("", bold=bold))
            return
        unit = unit_of(cell.unit)
        per_cent = unit.scale == 100
        sheet.write_number(at, position, float(cell.rounded() / (100 if per_cent else 1)),
                           self._format(number_format(cell), bold=bold))  # fmt: skip


def number_format(number: Number) -> str:
    """Excel's format that prints `number` as everywhere else: ``#,##0.0``, ``0.0%``, ``+0.0;-0.0;0.0``."""
    unit = unit_of(number.unit)
    body = "#,##0" + ("." + "0" * number.places if number.places else "") + ("%" if unit.scale == 100 else "")
    return f"+{body};-{body};{body}" if number.signed else body


def _columns(table: Table, say: dict) -> list[tuple]:
    """(heading, part, position in the table, column): banner variable, cells, bounds and marks as columns."""
    headings, plan = table.headings(), []
    once = len(set(headings)) == len(headings)
    if any(row.group for row in table.rows):
        plan.append((say["group"], "group", 0, None))
    for i, (column, label) in enumerate(zip(table.columns, headings, strict=True)):
        cells = [row.cells[i] for row in table.rows]
        head = label if once or not column.group else f"{column.group}: {label}"
        if any(isinstance(c, Interval) for c in cells):
            plan += [(f"{head} {say[end]}", end, i, column) for end in ("low", "high")]
            continue
        plan.append((head, "text" if column.kind in ("stub", "text") else "number", i, column))
        if any(isinstance(c, Number) and (c.mark or c.small_base) for c in cells):
            what = "marks" if any(isinstance(c, Number) and c.mark for c in cells) else "small"
            plan.append((f"{say[what]}: {column.label}", "marks", i, column))
    return plan


def _headings(plan: list[tuple]) -> list[str]:
    """Headings a native table accepts: text on one line, not too long, none twice (letter case apart)."""
    out, taken = [], set()
    for label, *_ in plan:
        base = " ".join(xml_text(label, limit=_LONGEST_HEADING).split()) or "–"
        name, number = base, 2
        while name.casefold() in taken:
            suffix = f" ({number})"
            name, number = base[: _LONGEST_HEADING - len(suffix)] + suffix, number + 1
        taken.add(name.casefold())
        out.append(name)
    return out


def _width(label: str, part: str, column) -> float:
    if part == "group":
        return 16
    if part == "marks":
        return 7
    if part == "text":
        return 6 if column.align == "center" else 24 if column.kind == "stub" else 40
    return max(9, min(12, text_width(label) * 0.6))


def _plain(text) -> str:
    return text.text if isinstance(text, Sentence) else str(text)


def _first_base(table: Table) -> Number | None:
    for row in (r for r in table.rows if r.kind == "total"):
        for column, cell in zip(table.columns, row.cells, strict=True):
            if column.kind == "base" and isinstance(cell, Number):
                return cell
    return None


__all__ = ["Sheet", "Workbook", "number_format", "write_workbook"]
