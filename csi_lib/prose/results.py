"""Results rows on their way to a reader: checked, labelled, with bases.

Tables and figures both start here, so that both refuse the same things in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.prose.escape import clean_text
from csi_lib.prose.numbers import absent
from csi_lib.survey.results import records_of


class Labels:
    """Code → label: the mapping first, then a ``<column>_label`` column of the frame, else the code itself.

    The same code may mean different things within different variables (group 1 of sex, group 1 of age); where
    the frame says the variable (``by1`` for ``group1``), the label is looked up `within` it.
    """

    def __init__(self, frame: pd.DataFrame, labels: Mapping | None, *, total: str):
        self._labels, self._total, self._frames = dict(labels or {}), total, {}
        for column in frame.columns:
            shown = f"{column}_label"
            if shown not in frame.columns:
                continue
            variable = column.replace("group", "by")
            where = frame[variable] if column.startswith("group") and variable in frame else [None] * len(frame)
            pairs = {}
            for context, value, label in zip(where, frame[column], frame[shown], strict=True):
                if not (absent(value) or absent(label)):
                    pairs.setdefault((None if absent(context) else context, value), label)
                    pairs.setdefault((None, value), label)
            self._frames[column] = pairs

    def __call__(self, column: str, code, *, within=None) -> str:
        if absent(code):
            return self._total
        known = self._frames.get(column, {})
        label = self._labels.get(code, known.get((within, code), known.get((None, code), code)))
        return clean_text(label) or str(code)


def results(frame: pd.DataFrame, *, where: str, need: Sequence[str] = ()) -> pd.DataFrame:
    """`frame` checked to be results rows with bases; optional columns are added as null."""
    if not isinstance(frame, pd.DataFrame):
        raise InputError("not a frame of results", where=where, found=type(frame).__name__, expected="DataFrame")
    for column in ("estimate", "unit", *need):
        if column not in frame.columns:
            close = nearest(column, frame.columns)
            raise InputError(
                f"the frame has no column {column!r}",
                where=where,
                found=", ".join(frame.columns),
                action=f"Did you mean {close}?" if close else None,
            )
    if "n" not in frame.columns:
        raise InputError("results without bases cannot be shown", where=where, expected="a column n")
    if not len(frame):
        raise InputError("no results to show", where=where, action="Say in a sentence that there is nothing")
    frame = frame.reset_index(drop=True)
    suppressed = frame["suppressed"].fillna(False).astype(bool) if "suppressed" in frame else False
    if "suppressed" not in frame or frame["suppressed"].dtype != bool:
        frame = frame.assign(suppressed=suppressed)
    if "release" in frame:  # the mark is for public readers
        frame = frame.assign(
            suppressed=frame["suppressed"] & ~frame["release"].eq("restricted").fillna(False).astype(bool)
        )
    bare = frame["n"].isna() & frame["estimate"].notna() & ~frame["suppressed"]
    if bare.any():
        raise InputError(
            "results without bases cannot be shown",
            where=where,
            found=f"{int(bare.sum())} of {len(frame)} rows have an estimate but no n",
        )
    return frame


def code(value):
    return None if absent(value) else value


def unique(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple]:
    """The combinations of values of `columns`, in order of appearance, null as None."""
    return list(dict.fromkeys(tuple(map(code, key)) for key in zip(*(frame[c] for c in columns))))


def by_cell(frame: pd.DataFrame, columns: Sequence[str], *, where: str) -> dict[tuple, dict]:
    """One row per combination of values; two rows for one are an error that says what to do."""
    out = {}
    for row in records_of(frame):
        key = tuple(code(row[c]) for c in columns)
        if key in out:
            raise InputError(
                f"two results fall into one cell: {', '.join(map(str, key))}", where=where,
                action="Select one measure, statistic, year and grouping before showing them",
            )  # fmt: skip
        out[key] = row
    return out
