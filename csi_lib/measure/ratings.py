"""What several raters said about the same subjects, as labels or numbers, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.frames import as_frame, declared_order
from csi_lib.measure.inputs import read_items, refuse_infinite


@dataclass(frozen=True)
class Labels:
    """Ratings as category positions (subjects × raters, −1 where missing), the categories and the raters' names.

    `declared` says that the categories were given, by the caller or by an ordered type, and not collected.
    """

    codes: np.ndarray
    categories: tuple
    raters: tuple
    declared: bool


def read_labels(ratings, *, categories=None, ordered: bool = False, where: str = "ratings") -> Labels:
    """Labels or numbers of a subjects × raters table.

    The categories are those given, else the declared ones of ordered categories, else the numbers that occur, from
    the lowest, else the labels that occur. With `ordered` their order must mean something: text is
    refused, since its order would be that of the alphabet.
    """
    frame = as_frame(ratings, where=where, prefix=None)
    if frame.shape[1] < 2 or not len(frame):
        raise InputError(
            "agreement needs two or more raters and at least one subject",
            where=where,
            found=f"{frame.shape[0]} subjects × {frame.shape[1]} raters",
            expected="one row per subject, one column per rater",
        )
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    declared = list(categories) if categories is not None else _declared(columns, where)
    columns = [column.astype(object) for column in columns]
    flat = pd.concat(columns, ignore_index=True).dropna()
    if any(isinstance(v, float) and np.isinf(v) for v in flat):
        raise InputError("a rating is infinite", where=where, action="Set it to missing")
    if declared is None:
        found = _found(flat, ordered, where)
    elif unknown := set(flat) - set(declared):
        raise InputError(
            "a rating is not among the categories",
            where=where,
            found=f"{len(unknown)} other(s)",
            expected=", ".join(map(repr, declared)),
        )
    else:
        found = declared
    if not len(flat):
        raise InputError("there is no rating at all", where=where)
    position = {category: i for i, category in enumerate(found)}
    codes = np.column_stack([column.map(position).fillna(-1).to_numpy(int) for column in columns])
    return Labels(codes, tuple(found), tuple(frame.columns), declared is not None)


def _declared(columns: list[pd.Series], where: str) -> list | None:
    """The one order that ordered categories declare; None where no column is of that type."""
    orders = [order for column in columns if (order := declared_order(column)) is not None]
    if not orders:
        return None
    if len(orders) < len(columns) or any(order != orders[0] for order in orders):
        raise InputError(
            "the raters' categories are not declared alike",
            where=where,
            expected="the same ordered categories for every rater",
            action="Give all of them one pandas.CategoricalDtype, or name the order with categories=",
        )
    return orders[0]


def _found(flat: pd.Series, ordered: bool, where: str) -> list:
    """The categories that occur: numbers from the lowest."""
    seen = list(dict.fromkeys(flat))
    are_numbers = [isinstance(v, (bool, int, float, np.number, np.bool_)) for v in seen]
    if all(are_numbers):
        return sorted(seen)
    if any(are_numbers):
        raise InputError("ratings mix numbers and text", where=where, action="Recode them alike")
    if ordered:
        raise InputError(
            "text has no order, so no two categories are nearer than two others",
            where=where,
            expected="numbers, or ordered categories",
            action="Name the categories from the lowest to the highest: categories=[…], "
            "or pandas.Categorical(…, ordered=True)",
        )
    return sorted(seen)  # only for show: nothing depends on it, and it does not depend on the order of the rows


def complete_subjects(codes: np.ndarray, *, where: str = "ratings", fewest: int = 2) -> np.ndarray:
    """The subjects every rater rated."""
    kept = codes[(codes >= 0).all(axis=1)]
    if len(kept) < fewest:
        raise InputError(
            "too few subjects were rated by everybody",
            where=where,
            found=len(kept),
            expected=f"{fewest} or more",
            action="krippendorff_alpha also uses the incompletely rated ones",
        )
    return kept


def read_scores(ratings, *, where: str = "ratings") -> np.ndarray:
    """Numeric ratings of the subjects that every rater rated, subjects × raters."""
    table = read_items(ratings, where=where)
    refuse_infinite(table.values, table.names, where)
    missing = np.isnan(table.values)
    silent = [repr(name) for name, empty in zip(table.names, missing.all(axis=0)) if empty]
    if silent:
        raise InputError(f"rater {', '.join(silent)} rated nobody", where=where, action="Leave this column out")
    values = table.values[~missing.any(axis=1)]
    if len(values) < 2:
        raise InputError(
            "too few subjects were rated by everybody",
            where=where,
            found=len(values),
            expected="2 or more",
            action="krippendorff_alpha also uses the incompletely rated ones",
        )
    return values
