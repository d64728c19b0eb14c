"""Records of an office (calls, sheets, cases, registers): read from a study's source, typed, checked.

Unlike survey answers they need no codebook: each system fixes the columns it reads (`Field`), and a study whose file
calls them otherwise says so once (``columns: {department: 부서}`` in the system's own YAML file).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.cells import Cells
from csi_lib.intake.gate import Asked
from csi_lib.intake.numbers import reader
from csi_lib.intake.places import agency_of, other_year
from csi_lib.intake.table import Table, read_table
from csi_lib.intake.workbook import ERRORS
from csi_lib.study.base import trimmed, written
from csi_lib.study.stand_in import stand_in

_TRUE, _FALSE = {"1", "true", "yes", "y", "o", "예"}, {"0", "false", "no", "n", "x", "아니요", "아니오"}


@dataclass(frozen=True)
class Field:
    """One column of a kind of record.

    ``kind``: text, number, date or flag (yes/no). ``needed``: the file must have the column, and a cell may be blank only
    if ``blank``. ``private``: names a person or holds free text; outside the restricted release a person is a number
    without meaning (``person 3``) and free text is gone before any notebook sees it.
    """

    name: str
    kind: Literal["text", "number", "date", "flag"] = "text"
    needed: bool = True
    blank: bool = False
    private: Literal["person", "text"] | None = None


def read_records(
    study,
    source: str,
    fields: Sequence[Field],
    *,
    agency: str | None = None,
    year: int,
    columns: Mapping[str, str] | None = None,
    data: str | Path | None = None,
    release: str = "public",
) -> pd.DataFrame:
    """Rows of `source` of one agency (None: all) and year, with exactly the columns of `fields`, plus ``agency``.

    Absent optional columns are null. Raises InputError with file, row and column for a missing column, an unreadable
    number or date, a blank where none may be, or an agency the study does not know.
    """
    declared = study.source(source)
    frames = []
    for path in record_files(study, source, year, agency=agency, data=data):
        frames.append(_read_file(study, declared, path, fields, dict(columns or {}), year))
    frame = pd.concat(frames, ignore_index=True)
    if agency is not None:
        frame = frame[frame["agency"] == agency].reset_index(drop=True)
    return frame if release == "restricted" else without_people(frame, fields)


def record_files(
    study, source: str, year: int, *, agency: str | None = None, data: str | Path | None = None
) -> list[Path]:
    """The files of a source and year: in the data folder, else the study's own (a register kept beside its parameters), else
    simulated ones (`simulate_office`)."""
    declared = study.source(source)
    found = []
    for folder in (Path(data or study.path), Path(study.path)):
        found = found or [p for pattern in declared.paths(year, agency) for p in sorted(folder.glob(pattern))]
    if not found and data is None and study.simulate and source in study.simulate.all_sources:
        folder = stand_in(study)
        found = [p for pattern in declared.paths(year, agency) for p in sorted(folder.glob(pattern))]
    if not found and data is None and "office" in study.extensions:
        folder = stand_in(study, of="office_stand_in")
        found = [p for pattern in declared.paths(year, agency) for p in sorted(folder.glob(pattern))]
    if not found:
        raise InputError(
            f"source {source!r} has no file for {year}",
            where=f"study {study.id!r}",
            expected=", ".join(declared.paths(year, agency)) or "a path for this year",
            action=f"Put it under {data or study.path}",
        )
    return found


def without_people(frame: pd.DataFrame, fields: Sequence[Field]) -> pd.DataFrame:
    """The same rows with persons as meaningless numbers (the same person keeps the number) and without free text."""
    out = frame.copy()
    for field in fields:
        if field.private == "person":
            # numbered by a shuffle, because an alphabetical order of names would give them away
            names = np.sort(out[field.name].dropna().unique())
            order = np.random.default_rng(len(names)).permutation(len(names))
            known = {name: f"person {k + 1}" for name, k in zip(names, order, strict=True)}
            out[field.name] = out[field.name].map(known).astype("str")
        elif field.private == "text":
            out[field.name] = None
    return out


def _read_file(study, declared, path: Path, fields, columns, year: int) -> pd.DataFrame:
    form = declared.form(year)
    missing = {trimmed(text).casefold() for text in form.missing_text}
    asked = {f.name: _asked(f, columns.get(f.name, f.name), missing) for f in fields}
    for what in ("agency", "year"):
        locator = getattr(declared, what)
        if locator is not None and locator.column is not None:
            known = {written(k) for k in locator.map} | {a.id for a in study.agencies}
            asked[f"\0{what}"] = Asked(
                (locator.column,), "place", True, lambda text, known=known: written(text) in known
            )
    absent = "a column is missing" if len(asked) == 1 else "{n} column(s) are missing"
    advice = "Name each under 'columns' as the file has it."
    table = read_table(path, asked, form, empty=True, absent=absent, advice=advice)
    keep = ~other_year(table, declared.year, year)
    out = pd.DataFrame(index=range(len(table)))
    out["agency"] = agency_of(study, declared.agency, table, keep, str(path))
    for field in fields:
        if field.name in table.cells:
            decimal = form.decimal if table.receipt.kind == "text" else None
            out[field.name] = _typed(table.cells[field.name], field, table, path, keep, missing, decimal)
        else:
            out[field.name] = np.nan if field.kind == "number" else None
    return out[keep & out["agency"].notna().to_numpy()].reset_index(drop=True)


def _asked(field: Field, name: str, missing: set[str]) -> Asked:
    """What a field wants of the file: only numbers, dates and flags can be told from remarks below the data."""
    if field.private == "text":
        return Asked((name,), "text", field.needed)
    if field.kind == "text":
        return Asked((name,), "answer", field.needed)
    test = {"number": reader((), None, None), "date": _date, "flag": _flag}[field.kind]
    return Asked((name,), "answer", field.needed, lambda text: text.casefold() in missing or test(text) is not None)


def _typed(
    cells: Cells, field: Field, table: Table, path: Path, keep: np.ndarray, missing: set[str], decimal: str | None
) -> pd.Series:
    blank = cells.blank | cells.where(lambda text: text.casefold() in missing)
    if field.needed and not field.blank and (blank & keep).any():
        raise _fault("this cell is blank", cells, int(np.flatnonzero(blank & keep)[0]), field, table, path)
    if field.kind == "text":
        bad = cells.where(lambda text: text in ERRORS)
        values = cells.each(lambda text: None if text.casefold() in missing else written(text))
    else:
        number = reader(cells.texts, decimal, table.receipt.separator)
        read = {"number": number, "date": _date, "flag": _flag}[field.kind]
        values = cells.each(read)
        bad = np.array([value is None for value in values], bool) & ~blank
        values = np.where(blank, None, values)
    if (bad & keep).any():
        words = {
            "flag": "yes or no (1 or 0)",
            "date": "a date such as 2024-03-05",
            "number": "a number",
            "text": "a text",
        }
        at = int(np.flatnonzero(bad & keep)[0])
        raise _fault("this value cannot be used", cells, at, field, table, path, words[field.kind])
    if field.kind == "text":
        return pd.Series(values, dtype=object).astype("str").where(~blank, None)
    if field.kind == "date":
        return pd.to_datetime(pd.Series(values, dtype=object))
    return pd.Series([np.nan if value is None else value for value in values], dtype=float)


def _fault(problem, cells: Cells, at: int, field: Field, table: Table, path, expected=None) -> InputError:
    found = "a value that is not shown" if field.private else repr(cells.text_at(at))
    where = f"{path}, row {table.lines[at]}, column {table.names[field.name]!r}"
    return InputError(problem, where=where, found=found, expected=expected)


def _flag(text: str) -> float | None:
    code = written(text).casefold()
    return 1.0 if code in _TRUE else 0.0 if code in _FALSE else None


def _date(text: str):
    value = pd.to_datetime(text, errors="coerce", format="mixed")
    return None if pd.isna(value) else value
