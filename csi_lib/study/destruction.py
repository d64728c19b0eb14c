"""The destruction record (파기 대장) of a study: which files were destroyed, when, why, how and by whom.

``destruction.csv`` in the study's folder, one row a file, only ever added to. It holds no personal data: of a destroyed file its
name, size and SHA-256 stay, so that it can be shown later that a copy is, or is not, what was destroyed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path

from csi_lib.errors import InputError

FILE = "destruction.csv"


@dataclass(frozen=True)
class Destroyed:
    """One row: `record` is what the file belonged to in the retention log (its Korean name), `reason` why it was time."""

    on: str
    year: int
    record: str
    file: str
    sha256: str
    bytes: int
    reason: str
    method: str
    by: str


_COLUMNS = tuple(f.name for f in fields(Destroyed))


def read_destroyed(folder: str | Path) -> tuple[Destroyed, ...]:
    """The rows of the record; none where nothing was destroyed.

    Raises
    ------
    InputError : a row that cannot be read.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return ()
    out = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for n, row in enumerate(csv.DictReader(file), 2):
            try:
                date.fromisoformat(row["on"])
                out.append(
                    Destroyed(**{**{c: row[c] for c in _COLUMNS}, "year": int(row["year"]), "bytes": int(row["bytes"])})
                )
            except (KeyError, TypeError, ValueError):
                raise InputError("a row of the destruction record cannot be read", where=f"{FILE}: row {n}",
                                 expected=", ".join(_COLUMNS)) from None  # fmt: skip
    return tuple(out)


def add_destroyed(folder: str | Path, rows: Iterable[Destroyed]) -> Path:
    """Add rows to the record, which is written whole or not at all."""
    path = Path(folder) / FILE
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(astuple(r) for r in (*read_destroyed(folder), *rows))
    part.replace(path)
    return path
