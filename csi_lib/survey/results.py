"""The rows of results: their columns, their types, and the id that names a number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

#: what identifies a number; ``row_id`` is a hash of these, so a number has one row wherever it is shown
KEYS = [
    "study", "agency", "year", "period", "source", "release", "model", "formula_edition",
    "measure", "statistic", "by1", "group1", "by2", "group2", "versus",
]  # fmt: skip
VALUES = [
    "estimate", "se", "df", "ci_low", "ci_high", "p_value", "deff", "n", "n_weighted", "n_effective",
    "unit", "scale_low", "scale_high", "value_text", "flag", "suppressed",
]  # fmt: skip
#: the columns of results.parquet, in order
RESULT_COLUMNS = ["row_id", *KEYS[:6], "chapter", "object_id", *KEYS[6:], *VALUES]
_TEXT = {*(k for k in KEYS if k != "year"), "chapter", "object_id", "row_id", "unit", "value_text", "flag"}


def key_texts(frame: pd.DataFrame, names: Iterable[str]) -> list[list[str]]:
    """The named columns as lists of text, null as the empty text."""
    out = []
    for name in names:
        column = frame[name]
        if column.isna().all():
            out.append([""] * len(frame))
            continue
        values = column.to_numpy(dtype=object, na_value="")
        out.append(list(map(str, values.tolist())))
    return out


def records_of(frame: pd.DataFrame) -> list[dict]:
    """The rows of `frame` as dicts: equal to ``frame.to_dict("records")``, which takes four times as long for results."""
    columns = [_plain(column) for _, column in frame.items()]
    names = list(frame.columns)
    return [dict(zip(names, values)) for values in zip(*columns)] if columns else [{} for _ in range(len(frame))]


def _plain(column: pd.Series) -> list:
    values = column.tolist()
    if column.dtype == object:
        return [value.item() if isinstance(value, np.generic) else value for value in values]
    return values if isinstance(column.dtype, np.dtype) else [None if value is pd.NA else value for value in values]


def row_ids(frame: pd.DataFrame) -> list[str]:
    """Stable 12-digit hash of the identifying columns of each row."""
    columns = key_texts(frame, KEYS)
    return [hashlib.blake2s("\x1f".join(key).encode(), digest_size=6).hexdigest() for key in zip(*columns, strict=True)]


def results_frame(rows: pd.DataFrame | Iterable[Mapping] = (), **constant) -> pd.DataFrame:
    """`rows` with exactly the results columns, typed; absent columns are null, `constant` fills columns."""
    given = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    size = len(given)
    columns = {}
    for name in RESULT_COLUMNS:
        value = constant[name] if name in constant else given.get(name, None)
        columns[name] = _typed(name, value, size)
    frame = pd.DataFrame(columns)
    frame["row_id"] = pd.array(row_ids(frame), dtype="string[python]")
    return frame


def _typed(name: str, value, size: int):
    """A column of the type that results have, from a series, an array, or one value for all rows."""
    if isinstance(value, (pd.Series, pd.Index)):
        value = value.array
    one = value is None or isinstance(value, str) or np.ndim(value) == 0
    if name in _TEXT:
        if one:
            value = None if value is None or pd.isna(value) else str(value)
            return pd.array(np.full(size, value if value is not None else pd.NA, dtype=object), dtype="string[python]")
        return pd.array(value, dtype="string[python]") if _is_text(value) else _as_text(value)
    if name == "suppressed":
        if one:
            return np.full(size, value is not None and not pd.isna(value) and bool(value))
        return np.asarray(pd.array(value, dtype="boolean").fillna(False), dtype=bool)
    if name == "year":
        return pd.array([pd.NA if value is None else value] * size if one else value, dtype="Int64")
    if one:
        return np.full(size, np.nan if value is None or pd.isna(value) else float(value))
    return np.asarray(
        pd.array(value, dtype="Float64").to_numpy(dtype=float, na_value=np.nan) if _has_null(value) else value,
        dtype=float,
    )


def _is_text(value) -> bool:
    return isinstance(getattr(value, "dtype", None), pd.StringDtype) and value.dtype.storage == "python"


def _as_text(value):
    """Values as text; whatever stands for "none" is null."""
    values = np.asarray(value, dtype=object)
    null = pd.isna(values)
    text = np.array([pd.NA if gone else str(v) for v, gone in zip(values, null, strict=True)], dtype=object)
    return pd.array(text, dtype="string[python]")


def _has_null(value) -> bool:
    return np.asarray(value).dtype == object
