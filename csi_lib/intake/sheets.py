"""What every format gives: sheets as they are written, whose rows know their place in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from csi_lib.intake.cells import Cells

#: rows at the top of a sheet among which the names of the columns are looked for
HEAD = 30


@dataclass(frozen=True)
class Note:
    """Something about a file that its reader should know; no answer of a person is in it.

    ``kind``: ``left_out``, ``mapped``, ``form`` (how the file is written), ``contradiction`` (the file says one thing, the
    codebook or another file the opposite), ``lost`` (digits or letters that the file has no longer).
    """

    kind: str
    ko: str
    en: str
    n: int = 0
    column: str | None = None
    file: str = ""

    def text(self, lang: str = "ko") -> str:
        return self.ko if lang == "ko" else self.en


@dataclass(frozen=True, eq=False)
class Body:
    """Rows below the names of the columns.

    ``cells``: column number → `Cells`, one entry per row; ``lines``: line of the file (row of the sheet) on which each row
    begins; ``short``: rows that have fewer fields than there are columns; ``last``: number of the file's last line;
    ``empty``: lines below the header that hold nothing; ``continued``: lines on which an answer with a line break goes on.
    """

    cells: dict[int, Cells]
    lines: np.ndarray
    last: int
    empty: int = 0
    continued: int = 0
    short: np.ndarray | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet of a workbook, or a text file under one separator.

    ``head``: (line, texts) of the first rows that hold anything. ``read(line, width, columns)`` gives the rows below a line.
    """

    name: str | None
    head: tuple[tuple[int, tuple[str, ...]], ...]
    read: Callable[[int, int, tuple[int, ...]], Body]
    hidden: bool = False


@dataclass(frozen=True, eq=False)
class File:
    """A data file opened: its sheets, and what it says about its columns (a .sav does)."""

    kind: str
    sheets: tuple[Sheet, ...]
    encoding: str | None = None
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    user_missing: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def lines_text(lines, most: int = 10) -> str:
    """``4, 7, 8 and 12 more``."""
    shown = ", ".join(str(int(line)) for line in lines[:most])
    return f"{shown} and {len(lines) - most} more" if len(lines) > most else shown
