"""The one place where what a user hands over becomes a checked float array with item names.

Nothing here reads the whole array (a million rows would be read twice): infinite and missing
answers are met where the moments are summed (:mod:`csi_lib.measure.moments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.frames import (
    as_frame,
    as_series,
    column_or_values,
    numbers,
    refuse_repeated,
    table_of_numbers,
)

Missing = Literal["listwise", "pairwise"]


@dataclass(frozen=True)
class Items:
    """Answers as an array: respondents × items, NaN where there is no answer.

    `weights` is None (everyone counts once) or one positive number per row; respondents of
    weight zero have been left out already.
    """

    values: np.ndarray
    names: tuple
    weights: np.ndarray | None = None

    @property
    def n(self) -> int:
        return self.values.shape[0]

    @property
    def k(self) -> int:
        return self.values.shape[1]

    def complete(self, where: str = "items") -> Items:
        """The respondents who answered every item, in C order (listwise deletion)."""
        refuse_infinite(self.values, self.names, where)
        keep = ~np.isnan(self.values).any(axis=1)
        if not keep.any():
            raise nobody_complete(where)
        weights = None if self.weights is None else self.weights[keep]
        return Items(np.ascontiguousarray(self.values[keep]), self.names, weights)


def nobody_complete(where: str) -> InputError:
    return InputError(
        "no respondent answered every item",
        where=where,
        expected="at least two complete respondents",
        action="Use missing='pairwise', or leave out the items that few people answered",
    )


def read_items(items, weights=None, *, at_least: int = 2, fewest: int = 2, where: str = "items") -> Items:
    """Check the shape, the types and the weights of a table of answers.

    Parameters
    ----------
    items : a frame (pandas, polars, Arrow), a mapping of columns, or a two-dimensional array; rows are
        respondents. Columns of an array are called ``item1``, ``item2`` …
    weights : one non-negative number per row, the name of such a column of `items`, or None.
    at_least, fewest : smallest number of items, and of respondents, that makes sense to the caller.

    Raises
    ------
    InputError
        For a column that does not hold numbers, repeated column names, too few items or
        respondents, and for weights that are negative, missing, infinite, all zero, of the
        wrong length or in another row order.
    """
    frame = as_frame(items, where=where)
    if isinstance(weights, str):
        weights, frame = column_or_values(frame, weights, where="weights"), frame.drop(columns=weights)
    refuse_repeated(frame.columns, where=where)
    names, values = tuple(frame.columns), table_of_numbers(frame, where=where)
    n, k = values.shape
    if k < at_least:
        raise InputError("too few items", where=where, found=f"{k} ({_listed(names)})", expected=f"{at_least} or more")
    if n < fewest:
        raise InputError(
            "too few respondents", where=where, found=n, expected=f"{fewest} or more rows, one per respondent"
        )
    if weights is None:
        return Items(values, names)
    checked = read_weights(weights, frame.index)
    if (checked == 0).any():
        keep = checked > 0
        values, checked = values[keep], checked[keep]
        if len(checked) < 2:
            raise InputError(
                "only one respondent has a weight above zero",
                where="weights",
                expected="2 or more positive weights",
            )
    return Items(values, names, checked)


def read_weights(weights, index: pd.Index, *, where: str = "weights") -> np.ndarray:
    """One finite, non-negative number for each of the rows `index`, at least one of them positive."""
    array = numbers(as_series(weights, where=where, index=index), name=where, where=where)
    for problem, bad in (
        ("a weight is missing", np.isnan(array)),
        ("a weight is infinite", np.isinf(array)),
        ("a weight is negative", array < 0),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                problem,
                where=where,
                found=f"{int(bad.sum())}, the first in row {row} (counted from 0)",
                expected="finite numbers of 0 or more",
            )
    if not (array > 0).any():
        raise InputError("all weights are zero", where=where, expected="at least two positive weights")
    return array


def read_vector(values, *, where: str, index: pd.Index | None = None) -> np.ndarray:
    """One number per respondent as floats, NaN where missing; infinite values are refused.

    With `index`, in the order of those rows (see :mod:`csi_lib.measure.frames`).
    """
    array = numbers(as_series(values, where=where, index=index), name=where, where=where)
    refuse_infinite(array[:, None], (where,), where)
    return array


def read_proportion(value: float, *, where: str) -> float:
    """A level such as ``ci=0.95``: strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InputError("a level lies between 0 and 1", where=where, found=value, expected="for instance 0.95")
    return float(value)


def read_option(value: str, known: Sequence[str], *, where: str) -> str:
    """One of the spellings an option accepts."""
    if value not in known:
        raise InputError("unknown option", where=where, found=repr(value), expected=" or ".join(repr(k) for k in known))
    return value


def refuse_infinite(values: np.ndarray, names: Sequence, where: str, *, first_row: int = 0) -> None:
    """Say which item holds an infinite number; `first_row` places a block inside its table."""
    bad = np.isinf(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            f"{names[column]!r} holds an infinite number",
            where=where,
            found=f"row {first_row + int(row)} (counted from 0)",
            expected="finite numbers, or missing",
            action="Set it to missing or mend it at its source",
        )


def refuse_constant(spread: np.ndarray, names: Sequence, where: str) -> None:
    """Say which items have no variance, where a correlation is needed."""
    constant = [name for name, s in zip(names, spread) if not s > 0]
    if constant:
        raise InputError(
            "everybody gave the same answer, so no correlation exists",
            where=where,
            found=f"no variance in {_listed(constant)}",
            action="Leave out these items",
        )


def _listed(names) -> str:
    shown = ", ".join(repr(name) for name in list(names)[:5])
    return shown + (" …" if len(names) > 5 else "")
