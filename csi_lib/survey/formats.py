"""Reading a raw file: .csv, .xlsx, .sav, .parquet to a frame of raw answers, wanted columns only.

A file is parsed once per process however many agencies are read from it; the memory is keyed by the
file's path, time and size, so that a changed file is read again.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError

ENCODINGS = ("utf-8-sig", "cp949")
SEPARATORS = ",;\t|"
SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")


@dataclass(frozen=True)
class RawTable:
    """Raw answers by raw column name; ``labels`` are the value labels a .sav file carries."""

    frame: pd.DataFrame
    labels: dict[str, dict[object, str]]
    first_row: int


def plain_name(name: object) -> str:
    """The spelling under which raw column names are compared: no case, outer blanks or leading ``*``."""
    return str(name).strip().lstrip("*").strip().casefold()


def column_names(path: Path, *, sheet=None, encoding=None, separator=None) -> list[str]:
    """Raw names of a file's columns, in file order."""
    return list(_header(*_key(path), sheet, encoding, separator))


def read_raw(
    path: Path, columns: Iterable[str], *, sheet=None, encoding=None, separator=None, empty: bool = False
) -> RawTable:
    """The named raw `columns` of a file, one row per record. A file without records is an error unless `empty` is fine."""
    table = _table(*_key(path), tuple(columns), sheet, encoding, separator)
    if table.frame.empty and not empty:
        raise InputError("this data file has a header but no rows", where=str(path))
    return table


def _key(path: Path) -> tuple[str, int, int]:
    path = Path(path)
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise InputError("this data file does not exist", where=str(path)) from None
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            "files of this kind cannot be read",
            where=str(path),
            found=repr(path.suffix),
            expected=f"one of {', '.join(SUFFIXES)}",
        )
    if stat.st_size == 0:
        raise InputError(
            "this data file is empty", where=str(path), action="Export it again from the fieldwork system."
        )
    return str(path), stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=64)
def _header(path: str, _time: int, _size: int, sheet, encoding, separator) -> tuple[str, ...]:
    kind = Path(path).suffix.lower()
    if kind in (".sav", ".zsav"):
        return tuple(_sav(path, metadataonly=True)[1].column_names)
    if kind == ".parquet":
        import pyarrow.parquet as pq

        try:
            return tuple(pq.read_schema(path).names)
        except Exception as error:
            raise _unreadable(path, "Parquet", error) from None
    if kind in (".xlsx", ".xlsm"):
        return tuple(str(name) for name in _excel(path, sheet, nrows=0).columns)
    encoding, separator = _text_form(path, _time, _size, encoding, separator)
    with open(path, encoding=encoding, newline="") as lines:
        return tuple(next(csv.reader(lines, delimiter=separator), ()))


@lru_cache(maxsize=4)
def _table(path: str, _time: int, _size: int, columns: tuple[str, ...], sheet, encoding, separator) -> RawTable:
    kind, labels, first_row = Path(path).suffix.lower(), {}, 2
    if kind in (".sav", ".zsav"):
        frame, meta = _sav(path, usecols=list(columns), apply_value_formats=False)
        labels, first_row = {c: dict(v) for c, v in meta.variable_value_labels.items()}, 1
    elif kind == ".parquet":
        frame, first_row = pd.read_parquet(path, columns=list(columns)), 1
    elif kind in (".xlsx", ".xlsm"):
        names = _header(path, _time, _size, sheet, encoding, separator)
        frame = _excel(path, sheet, usecols=[names.index(c) for c in columns])
    else:
        frame = _csv(path, _time, _size, columns, encoding, separator)
    return RawTable(frame[list(columns)].reset_index(drop=True), labels, first_row)


def _csv(path, time, size, columns, encoding, separator) -> pd.DataFrame:
    names = _header(path, time, size, None, encoding, separator)
    encoding, separator = _text_form(path, time, size, encoding, separator)
    # all columns are parsed: with `usecols` pandas drops what stands beyond the header without a word
    longer = InputError(
        "rows of this file have more fields than the header",
        where=path,
        action="Check the separators and quotes in its rows.",
    )
    try:
        frame = pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            dtype=str,
            na_filter=False,
            header=None,
            skiprows=1,
            names=range(len(names)),
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=list(columns))
    except pd.errors.ParserError as error:
        longer.found = str(error).split("error:")[-1].strip()
        raise longer from None
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first fields for row names
        raise longer
    return frame[[names.index(c) for c in columns]].set_axis(list(columns), axis=1)


@lru_cache(maxsize=64)
def _text_form(path: str, _time: int, _size: int, encoding, separator) -> tuple[str, str]:
    """Encoding and separator of a text file: as declared, else found out."""
    raw = Path(path).read_bytes()
    if raw[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise InputError("this is a spreadsheet, not text", where=path, action="Give it its own ending (.xlsx).")
    if encoding is None and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    tried = (encoding,) if encoding else ENCODINGS
    for candidate in tried:
        try:
            text = raw.decode(candidate)
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise InputError(
                "this encoding is not known", where=path, found=repr(encoding), expected="e.g. utf-8 or cp949"
            ) from None
        # a byte order mark is never part of the first column's name
        candidate = "utf-8-sig" if text.startswith("\ufeff") and candidate != "utf-16" else candidate
        return candidate, separator or _separator(text)
    others = [c for c in (*ENCODINGS, "utf-16") if c not in tried and _decodes(raw, c)]
    raise InputError(
        "the text of this file cannot be read in the declared encoding"
        if encoding
        else "the encoding of this file cannot be found out",
        where=path,
        found="bytes that are not " + " or ".join(tried),
        action=f"It can be read as {others[0]}: set 'encoding: {others[0]}' for the source."
        if others
        else "Set 'encoding' for the source.",
    )


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _separator(text: str) -> str:
    header = next(csv.reader(io.StringIO(text), delimiter="\0"), [""])
    line = text.lstrip("\ufeff").split("\n", 1)[0] if header else ""
    outside_quotes = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=outside_quotes.count)


def _excel(path: str, sheet, **options) -> pd.DataFrame:
    try:
        return pd.read_excel(
            path,
            sheet_name=0 if sheet is None else sheet,
            dtype=object,
            na_filter=False,
            engine="openpyxl",
            **options,
        )
    except ValueError as error:
        if "orksheet" not in str(error):
            raise
        with pd.ExcelFile(path, engine="openpyxl") as book:
            names = book.sheet_names
        raise InputError(
            "the workbook has no such sheet",
            where=path,
            found=repr(sheet),
            expected=f"one of {', '.join(map(str, names))}",
        ) from None
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise _unreadable(path, "Excel", error) from None


def _sav(path: str, **options):
    import pyreadstat

    try:
        return pyreadstat.read_sav(path, **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise _unreadable(path, "SPSS", error) from None


def _unreadable(path: str, kind: str, error: Exception) -> InputError:
    return InputError(f"this is not a readable {kind} file", where=path, found=str(error).strip()[:120] or None)


def distinct(values: pd.Series) -> tuple[np.ndarray, list]:
    """Position of each value among the distinct values (−1 where blank), and those values."""
    codes, found = pd.factorize(values, use_na_sentinel=True)
    return codes, list(found)
