"""SPSS files (.sav, .zsav): answers as written, value labels, and what the file itself calls missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.cells import Cells
from csi_lib.intake.sheets import Body, File, Sheet
from csi_lib.study.base import number_in, written
from csi_lib.study.source import Form


def open_sav(path: Path, form: Form) -> File:
    """One sheet without a header line; rows are counted from 1."""
    _, meta = _sav(path, form, metadataonly=True, user_missing=True)
    names = tuple(meta.column_names)
    labels = {
        c: {written(v): str(t).strip() for v, t in found.items()} for c, found in meta.variable_value_labels.items()
    }
    missing = {c: _missing(ranges) for c, ranges in meta.missing_ranges.items()}
    missing |= {
        c: _among({written(v) for v in found}) for c, found in meta.missing_user_values.items() if c not in missing
    }
    sheet = Sheet(None, ((0, names),), lru_cache(maxsize=2)(partial(_read, path, form, names, bool(missing))))
    return File("sav", (sheet,), form.encoding or meta.file_encoding, labels, missing)


def _missing(ranges: list[dict]) -> Callable[[str], bool]:
    """Whether a text lies in one of a column's ranges of user-missing values (a single value is a range of its own)."""
    single = {written(r["lo"]) for r in ranges if r["lo"] == r["hi"]}
    spans = [(float(r["lo"]), float(r["hi"])) for r in ranges if r["lo"] != r["hi"] and not isinstance(r["lo"], str)]

    def holds(text: str) -> bool:
        number = number_in(text)
        return text in single or (number is not None and any(low <= number <= high for low, high in spans))

    return holds


def _among(codes: set[str]) -> Callable[[str], bool]:
    return lambda text: text in codes


def _read(
    path: Path, form: Form, names: tuple[str, ...], marked: bool, header: int, width: int, columns: tuple[int, ...]
) -> Body:
    frame, _ = _sav(path, form, usecols=[names[c] for c in columns], apply_value_formats=False, user_missing=marked)
    cells = {column: cells_of(frame[names[column]]) for column in columns}
    n = len(frame)
    return Body(cells, np.arange(1, n + 1), n, 0, 0, np.zeros(n, bool))


def cells_of(values: pd.Series) -> Cells:
    """A typed column as texts: numbers in their shortest decimal form, days as 2024-03-05."""
    codes, found = pd.factorize(values, use_na_sentinel=True)
    if isinstance(found, np.ndarray) and found.dtype.kind in "iu":
        return Cells.clean(codes, found.astype(str).tolist())
    if (
        isinstance(found, np.ndarray)
        and found.dtype.kind == "f"
        and (np.abs(found) < 1e15).all()
        and (found % 1 == 0).all()
    ):
        return Cells.clean(codes, found.astype(np.int64).astype(str).tolist())
    return Cells.encoded(codes, [_text(value) for value in found])


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (datetime, pd.Timestamp)):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, np.datetime64):
        return _text(pd.Timestamp(value))
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return written(value)
    return str(value)


def _sav(path: Path, form: Form, **options):
    import pyreadstat

    try:
        return pyreadstat.read_sav(str(path), encoding=form.encoding, **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError, LookupError) as error:
        problem = error
    if form.encoding is None:
        for other in ("cp949", "euc-kr"):
            try:
                pyreadstat.read_sav(str(path), encoding=other, row_limit=1000)
            except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError):
                continue
            raise InputError("the text of this SPSS file is not in the encoding that the file names", where=str(path),
                             action=f"It can be read as {other}: set 'encoding: {other}' for the source.")  # fmt: skip
    raise InputError(
        "this is not a readable SPSS file", where=str(path), found=str(problem).strip()[:120] or None
    ) from None
