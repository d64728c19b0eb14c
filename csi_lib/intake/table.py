"""One file as a table of records: opened, its header found, its rows judged; the one gate for every kind of source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from csi_lib.errors import InputError
from csi_lib.intake.bounds import reading, refuse_long_cells, refuse_long_lines
from csi_lib.intake.cells import Cells
from csi_lib.intake.gate import Asked, judge, left_text
from csi_lib.intake.heading import Heading, find_heading, shown_name
from csi_lib.intake.receipt import FileReceipt, counted
from csi_lib.intake.sheets import Body, File, Note, lines_text
from csi_lib.intake.workbook import refuse_uncalculated
from csi_lib.study.limits import DATA, archive_fits, few_columns, plain_file
from csi_lib.study.source import Form

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")


@dataclass(frozen=True, eq=False)
class Table:
    """Records of a file: `cells` and raw `names` by what was asked for, `lines` on which they stand, the file's own value
    `labels` and user-missing values, its `receipt` and what is to be said about it."""

    cells: dict[str, Cells]
    names: dict[str, str]
    lines: np.ndarray
    labels: dict[str, Mapping[str, str]]
    user_missing: dict[str, Callable[[str], bool]]
    receipt: FileReceipt
    notes: tuple[Note, ...]

    def __len__(self) -> int:
        return len(self.lines)


def read_table(
    path: Path,
    asked: Mapping[str, Asked],
    form: Form,
    *,
    empty: bool = False,
    absent: str = "{n} column(s) are not in the file",
    advice: str | None = None,
    never: tuple[str, ...] = (),
) -> Table:
    """The records of a file.

    Parameters
    ----------
    asked : key → what is wanted of a column.
    form : how the file is written, as declared.
    empty : a file without records is fine.
    absent, advice : how a message calls columns that are missing, and what to do about it.
    never : raw names that must not be read (contacts); the receipt lists them.

    Raises
    ------
    InputError
        The file is missing, empty or of a kind that cannot be read; see `find_heading`, `utf8`; rows that are cut short;
        formulas nobody has calculated.
    """
    path = Path(path)
    file, digest = open_file(path, form)
    needed = {key for key, one in asked.items() if one.needed}
    heading = find_heading(
        file, {key: one.names for key, one in asked.items()}, needed, form, str(path), absent, advice
    )
    indices = tuple(sorted({*heading.columns.values(), 0}))
    few_columns(path, len(heading.names))
    body = heading.sheet.read(heading.line, len(heading.names), indices)
    body, skipped = _without_skipped(body, form)
    where = str(path) if heading.sheet.name is None or file.kind == "text" else f"{path}, sheet {heading.sheet.name!r}"
    refuse_uncalculated(
        {i: body.cells[i] for i in set(heading.columns.values())}, dict(enumerate(heading.names)), body.lines, where
    )
    columns = {key: body.cells[index] for key, index in heading.columns.items()}
    names = {key: heading.names[index] for key, index in heading.columns.items()}
    first = None if 0 in heading.columns.values() else body.cells[0]
    verdict = judge(columns, asked, names, first, body.lines)
    _refuse_short(body, verdict.keep, len(heading.names), where)
    rows = np.flatnonzero(verdict.keep)
    if not len(rows) and not empty:
        raise InputError(
            "this data file has a header but no rows",
            where=where,
            found=left_text(_left(verdict, body, skipped), "en") or None,
        )
    left = _left(verdict, body, skipped)
    receipt = _receipt(path, digest, file, heading, body, left, len(rows), names, never)
    said = {reason: lines for reason, lines in left.items() if reason != "blank" or len(rows)}
    notes = [*file.notes, *heading.notes, *body.notes]
    blank = receipt.lines["blank"]
    if said.keys() - {"blank"} or len(said.get("blank", ())):
        total = sum(len(lines) for lines in said.values())
        notes.append(Note("left_out", f"응답자가 아닌 행 {total}개를 뺐다: {left_text(said, 'ko')}.",
                          f"{total} row(s) that are no respondents were left out: {left_text(said, 'en')}", total))  # fmt: skip
    elif blank and file.kind != "sav":
        pass
    labels = {key: file.labels[name] for key, name in names.items() if name in file.labels}
    missing = {key: file.user_missing[name] for key, name in names.items() if name in file.user_missing}
    return Table(
        {key: cells if len(rows) == len(body.lines) else cells.take(rows) for key, cells in columns.items()},
        names,
        body.lines[rows],
        labels,
        missing,
        receipt,
        tuple(replace(note, file=path.name) for note in notes),
    )


def open_file(path: Path, form: Form) -> tuple[File, str]:
    """A data file and its SHA-256. A file is opened once per process until it changes."""
    if not path.exists():
        raise InputError("this data file does not exist", where=str(path))
    plain_file(path, most=DATA)
    stat = path.stat()
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("files of this kind cannot be read", where=str(path), found=repr(path.suffix),
                         expected=f"one of {', '.join(SUFFIXES)}")  # fmt: skip
    if stat.st_size == 0:
        raise InputError(
            "this data file is empty", where=str(path), action="Export it again from the fieldwork system."
        )
    return _opened(path, stat.st_mtime_ns, stat.st_size, form)


@lru_cache(maxsize=2)
def _opened(path: Path, _time: int, _size: int, form: Form) -> tuple[File, str]:
    with reading(path, _size):
        raw = path.read_bytes()
    digest, size = hashlib.sha256(raw).hexdigest(), _size
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        size = archive_fits(path, raw)
        refuse_long_cells(path, raw)
    with reading(path, size):
        file = _open(path, raw, form)
    return replace(
        file, sheets=tuple(replace(sheet, read=_bounded(sheet.read, path, size)) for sheet in file.sheets)
    ), digest


def _open(path: Path, raw: bytes, form: Form) -> File:
    kind = path.suffix.lower()
    if kind in (".sav", ".zsav"):
        from csi_lib.intake.sav_file import open_sav

        return open_sav(path, form)
    if kind == ".parquet":
        from csi_lib.intake.parquet_file import open_parquet

        return open_parquet(path)
    if kind in (".xlsx", ".xlsm"):
        from csi_lib.intake.workbook import open_workbook

        return open_workbook(path, raw, form)
    from csi_lib.intake.text_file import open_text

    refuse_long_lines(raw, path)
    return open_text(path, raw, form)


def _bounded(read, path: Path, size: int):
    def within(header: int, width: int, columns: tuple[int, ...]) -> Body:
        with reading(path, size):
            return read(header, width, columns)

    return within


def _without_skipped(body: Body, form: Form) -> tuple[Body, np.ndarray]:
    if not isinstance(form.skip_rows, tuple):
        return body, np.empty(0, int)
    skip = np.isin(body.lines, form.skip_rows)
    if not skip.any():
        return body, np.empty(0, int)
    rows = np.flatnonzero(~skip)
    kept = replace(body, cells={c: cells.take(rows) for c, cells in body.cells.items()}, lines=body.lines[rows],
                   short=None if body.short is None else body.short[rows])  # fmt: skip
    return kept, body.lines[skip]


def _left(verdict, body: Body, skipped: np.ndarray) -> dict[str, tuple[int, ...]]:
    left = {reason: tuple(int(line) for line in body.lines[rows]) for reason, rows in verdict.left.items()}
    return left | ({"skipped": tuple(int(line) for line in skipped)} if len(skipped) else {})


def _refuse_short(body: Body, keep: np.ndarray, width: int, where: str) -> None:
    if body.short is None or not (cut := body.short & keep).any():
        return
    lines = body.lines[cut]
    raise InputError(
        "rows of this file have fewer fields than the header",
        where=f"{where}, line {lines[0]}",
        found=f"{len(lines)} row(s): line {lines_text(lines)}; {width} columns",
        action="A row was cut short, or an answer holds a line break without quotes: correct these lines, or export the file again.",
    )


def _receipt(
    path: Path, digest: str, file: File, heading: Heading, body: Body, left, kept: int, names, never
) -> FileReceipt:
    used = {shown_name(name) for name in names.values()}
    others = [shown_name(name) for index, name in enumerate(heading.names) if index not in heading.columns.values()]
    refused = [name for name in others if name in never]
    unnamed = sum(1 for name in others if not name)
    lined = file.kind in ("text", "workbook")
    header = heading.line if lined else 0
    return FileReceipt(
        path.name,
        digest,
        file.kind,
        file.encoding,
        heading.sheet.name if file.kind == "text" else None,
        heading.sheet.name if file.kind == "workbook" else None,
        heading.line if lined else None,
        counted(left, body.last, header, kept, body.continued, body.empty, 0),
        left,
        {key.strip("\0"): shown_name(name) for key, name in names.items()},
        tuple(name for name in others if name and name not in never and name not in used),
        (*refused, *[f"({unnamed} without a name)"] * bool(unnamed)),
    )
