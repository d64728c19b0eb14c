"""Text files (.csv, .txt, .tsv): as written, fast where a scan proves every row regular, else with care."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from csi_lib.errors import InputError
from csi_lib.intake.cells import Cells
from csi_lib.intake.encoding import utf8
from csi_lib.intake.quoting import careful, fields_of, swallows
from csi_lib.intake.sheets import HEAD, Body, File, Note, Sheet
from csi_lib.study.source import Form

SEPARATORS = ",;\t|"
_QUOTE, _LINE = ord('"'), ord("\n")
_FEW = 2000  # irregular rows that are looked at one by one
_HEAD_BYTES = 1 << 16


def open_text(path: Path, raw: bytes, form: Form) -> File:
    """A text file as one candidate sheet per separator that could be meant."""
    data, encoding, notes = utf8(raw, path, form.encoding)
    first = data.split(b"\n", 1)[0].decode().strip().lower()
    said = first[4:5] if first.startswith("sep=") and len(first) <= 5 else None  # a line that spreadsheets write
    start = data[: data.find(b"\n", _HEAD_BYTES) + 1 or None].decode()  # whole lines: a header may be long
    if form.separator:
        if len(form.separator) != 1:
            raise InputError("a separator is one character", where=str(path), found=repr(form.separator))
        separators = form.separator
    else:
        separators = said or sorted((s for s in SEPARATORS if s in start), key=start.count, reverse=True) or ","
    sheets = tuple(_sheet(data, separator, path, start) for separator in separators)
    return File("text", sheets, encoding, notes=tuple(notes))


def rows_of_text(path: Path) -> list[list[str]]:
    """All rows of a text file as they are written, under the separator that its first line has most of."""
    data, _, _ = utf8(path.read_bytes(), path, None)
    lines = data.decode().split("\n")
    first = "".join(next((line for line in lines if line.strip()), "").split('"')[::2])
    separator = max(SEPARATORS, key=first.count)
    return [fields for _, fields, _ in careful(lines, separator, None, path)]


def _sheet(data: bytes, separator: str, path: Path, start: str) -> Sheet:
    lines = start.split("\n")
    head, spans = [], {}
    for line, fields, span in careful(lines, separator, None, path):
        head.append((line, tuple(fields)))
        spans[line] = max(span, 1)
        if len(head) == HEAD:
            break
    return Sheet(separator, tuple(head), lru_cache(maxsize=2)(partial(_read, data, separator, path, spans)))


def _read(
    data: bytes, separator: str, path: Path, spans: dict[int, int], header: int, width: int, columns: tuple[int, ...]
) -> Body:
    """Rows below line `header`, which may go on over several lines (`spans`); `width` is the number of columns named there."""
    more = spans.get(header, 1) - 1
    header += more
    lines = data.split(b"\n", header)
    if len(lines) <= header:
        return _nothing(columns, header)
    begin = len(data) - len(lines[-1])
    rest = data[begin:]
    found = _fast(rest, separator, path, header + 1, width, columns)
    found = found if found is not None else _slow(rest, separator, path, header + 1, width, columns)
    return replace(found, continued=found.continued + more)


def _nothing(columns: tuple[int, ...], last: int) -> Body:
    blank = Cells(np.empty(0, np.int32), ())
    return Body(dict.fromkeys(columns, blank), np.empty(0, int), last, short=np.empty(0, bool))


# ---------------------------------------------------------------------- the fast way
def _fast(data: bytes, separator: str, path: Path, first: int, width: int, columns: tuple[int, ...]) -> Body | None:
    """None where the scan does not prove that quotes and fields are in order."""
    a = np.frombuffer(data, np.uint8)
    if not len(a):
        return _nothing(columns, first - 1)
    ends = np.flatnonzero(a == _LINE)
    last = first + len(ends) - (1 if a[-1] == _LINE else 0)
    ends = ends if a[-1] == _LINE else np.append(ends, len(a))
    marks, quotes = np.flatnonzero(a == ord(separator)), np.flatnonzero(a == _QUOTE)
    row_ends = ends
    if len(quotes):
        if not _in_order(a, quotes, ord(separator)):
            return None
        row_ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    row_starts = np.concatenate([[0], row_ends[:-1] + 1])
    line_of = np.searchsorted(ends, row_starts) + first
    spans = np.diff(np.append(line_of, np.searchsorted(ends, row_ends[-1]) + first + 1))
    for row in np.flatnonzero(spans > 1):
        fields, _ = fields_of(data[row_starts[row] : row_ends[row]].decode(), separator)
        if swallows(fields, separator, width):
            return None
    counts = np.diff(np.searchsorted(marks, np.append(row_starts, len(a))))
    empty = row_ends == row_starts
    if width > 1 and (counts == width).sum() > len(counts) / 2:  # a separator at the end of every row
        closed = counts == width
        if not (a[row_ends[closed] - 1] == ord(separator)).all():
            return None
        return _fast(_without_ends(data, row_ends[closed]), separator, path, first, width, columns)
    if width > 1:
        odd = (counts != width - 1) & ~empty
    else:
        odd = (counts != 0) & ~empty
    if odd.sum() > _FEW:
        return None
    good = ~odd & ~empty
    regular = _parsed(
        _kept(data, row_starts, row_ends, odd), separator, width, columns, bool((spans > 1).any()), bool(len(quotes))
    )
    if regular is None or len(next(iter(regular.values()), ())) != good.sum():
        return None
    rows, lines, short = [], [], []
    blank_lines = int(empty.sum())
    for row in np.flatnonzero(odd):
        line = int(line_of[row])
        fields, _ = fields_of(data[row_starts[row] : row_ends[row]].decode(), separator)
        fitted = _fitted(fields, width, path, line)
        if fitted is None:
            blank_lines += 1
            continue
        rows.append(fitted)
        lines.append(line)
        short.append(len(fields) < width)
    continued = int((spans - 1)[spans > 1].sum())
    all_lines = line_of[good]
    if not rows:
        return Body(regular, all_lines, last, blank_lines, continued, np.zeros(len(all_lines), bool))
    all_lines = np.concatenate([all_lines, lines])
    order = np.argsort(all_lines, kind="stable")
    cells = {c: Cells.joined([regular[c], Cells.of([r[c] for r in rows])]).take(order) for c in columns}
    shorts = np.concatenate([np.zeros(int(good.sum()), bool), short])[order]
    return Body(cells, all_lines[order], last, blank_lines, continued, shorts)


def _without_ends(data: bytes, ends: np.ndarray) -> bytes:
    """The rows without the separator before each of `ends`."""
    keep = np.ones(len(data), bool)
    keep[ends - 1] = False
    return np.frombuffer(data, np.uint8)[keep].tobytes()


def _in_order(a: np.ndarray, quotes: np.ndarray, separator: int) -> bool:
    """Whether every quote opens at the start of a field, closes at its end, or is doubled inside one."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, a[np.maximum(opening - 1, 0)], _LINE)
    after = np.where(closing + 1 < len(a), a[np.minimum(closing + 1, len(a) - 1)], _LINE)
    doubled = np.zeros(len(opening), bool)
    doubled[1:] = opening[1:] == closing[:-1] + 1
    opens = (before == separator) | (before == _LINE) | doubled
    closes = (after == separator) | (after == _LINE) | np.append(doubled[1:], False)
    return bool(opens.all() and closes.all())


def _kept(data: bytes, starts, ends, odd) -> bytes | memoryview:
    if not odd.any():
        return data
    view, pieces, at = memoryview(data), [], 0
    for row in np.flatnonzero(odd):
        pieces.append(view[at : starts[row]])
        at = min(ends[row] + 1, len(data))
    pieces.append(view[at:])
    return b"".join(pieces)


def _parsed(
    data, separator: str, width: int, columns: tuple[int, ...], breaks: bool, quoted: bool
) -> dict[int, Cells] | None:
    import pyarrow as pa
    from pyarrow import csv

    if not len(data) or not bytes(data[: 1 << 20]).strip(b"\n"):
        return {c: Cells(np.empty(0, np.int32), ()) for c in columns}
    names = [str(i) for i in range(width)]
    wanted = [str(c) for c in columns]
    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=min(1 << 24, max(len(data) + 1, 1 << 16))),
            parse_options=csv.ParseOptions(delimiter=separator, quote_char='"' if quoted else False, newlines_in_values=breaks),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.dictionary(pa.int32(), pa.string())),
                include_columns=wanted, strings_can_be_null=False, null_values=[],
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        return None
    out = {}
    for column in columns:
        whole = table.column(str(column)).unify_dictionaries().combine_chunks()
        whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
        out[column] = Cells.encoded(whole.indices.to_numpy(zero_copy_only=False), whole.dictionary.to_pylist())
    return out


def _fitted(fields: list[str], width: int, path: Path, line: int) -> list[str] | None:
    """Fields cut or filled to the columns there are; None for a row of blanks; an error for one that is longer."""
    if not any(field.strip() for field in fields):
        return None
    if any(field.strip() for field in fields[width:]):
        raise InputError(
            "rows of this file have more fields than the header",
            where=f"{path}, line {line}",
            found=f"{len(fields)} fields, {width} columns",
            action="Check the separators and quotes in this row (and 'decimal', where numbers are written with commas).",
        )
    return [*fields[:width], *[""] * (width - len(fields))]


# ---------------------------------------------------------------------- the careful way
def _slow(data: bytes, separator: str, path: Path, first: int, width: int, columns: tuple[int, ...]) -> Body:
    text = data.decode()
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    rows, at, short, continued, literal = [], [], [], 0, []
    for line, fields, span in careful(lines, separator, width, path, first):
        fitted = _fitted(fields, width, path, line)
        if fitted is None:
            continued += max(span, 1) - 1
            continue
        rows.append(fitted)
        at.append(line)
        short.append(len(fields) < width)
        continued += max(span, 1) - 1
        if span == 0:
            literal.append(line)
    notes = ()
    if literal:
        n = len(literal)
        notes = (Note("form", f"짝이 없는 따옴표를 글자로 읽은 줄이 {n}개 있다({', '.join(map(str, literal[:5]))}번째 줄).",
                      f"an unpaired quotation mark in {n} line(s) was read as a letter (line {', '.join(map(str, literal[:5]))})", n),)  # fmt: skip
    cells = {c: Cells.of([row[c] for row in rows]) for c in columns}
    empty = len(lines) - len(rows) - continued
    return Body(cells, np.array(at, int), first + len(lines) - 1, empty, continued, np.array(short, bool), notes)
