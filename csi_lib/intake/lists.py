"""Small tables that belong to a study's own files (agencies.csv, targets, weights from outside), by the reader of all files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.intake.gate import Asked
from csi_lib.intake.heading import find_heading, plain_name
from csi_lib.intake.table import open_file, read_table
from csi_lib.study.base import trimmed
from csi_lib.study.source import Form


def read_list(
    path: Path, needed: Sequence[str], optional: Sequence[str] = (), *, others: bool = False, what: str = "table"
) -> tuple[list[dict[str, str]], list[int]]:
    """(rows as column → text, the line of each) of a small table: CSV of any encoding, XLSX, Parquet.

    Parameters
    ----------
    needed, optional : columns it must and may have.
    others : further columns are fine and kept under their own names; otherwise they are refused with the near spelling.

    Raises InputError for a missing or unknown column, two of one name, and rows that are no records (totals, footnotes).
    Blank rows are left out.
    """
    known = {name: Asked((name,), "answer", name in needed) for name in (*needed, *optional)}
    absent = f"a {what} lacks a column"
    file, _ = open_file(Path(path), Form())
    heading = find_heading(file, {k: a.names for k, a in known.items()}, set(needed), Form(), str(path), absent, None)
    extra = [n for i, n in enumerate(heading.names) if n and i not in heading.columns.values()]
    if extra and not others:
        near = nearest(plain_name(extra[0]), list(known))
        raise InputError("this column is not known here", where=f"{path}:{heading.line}", found=extra[0], expected=", ".join(known),
                         action=f"Did you mean {near!r}?" if near else "Remove it")  # fmt: skip
    asked = known | {f"\1{name}": Asked((name,), "answer", False) for name in extra}
    table = read_table(Path(path), asked, Form(), empty=True, absent=absent)
    for reason, lines in table.receipt.left_out.items():
        if reason != "blank" and lines:
            raise InputError(f"a row of this {what} is no record of it", where=f"{path}:{lines[0]}", found=reason.replace("_", " "),
                             action="Remove it, or fill its cells in.")  # fmt: skip
    texts = {key.lstrip("\1"): cells.each(trimmed) for key, cells in table.cells.items()}
    rows = [{key: column[i] or "" for key, column in texts.items()} for i in range(len(table))]
    return rows, [int(line) for line in table.lines]
