"""What several raters said about the same subjects, as labels or numbers, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.inputs import read_items, refuse_infinite


@dataclass(frozen=True)
class Labels:
    """Ratings as category positions (subjects × raters, −1 where missing) and the categories."""

    codes: np.ndarray
    categories: tuple


def read_labels(ratings, *, categories=None, where: str = "ratings") -> Labels:
    """Labels or numbers of a subjects × raters table; categories in sorted order unless given."""
    frame = pd.DataFrame(ratings)
    if frame.shape[1] < 2 or not len(frame):
        raise InputError(
            "agreement needs two or more raters and at least one subject",
            where=where,
            found=f"{frame.shape[0]} subjects × {frame.shape[1]} raters",
            expected="one row per subject, one column per rater",
        )
    flat = pd.Series(np.concatenate([column.to_numpy(object, na_value=None) for _, column in frame.items()]))
    flat = flat[flat.notna()]
    if any(isinstance(v, float) and np.isinf(v) for v in flat):
        raise InputError("a rating is infinite", where=where, action="Set it to missing")
    seen = set(flat)
    if categories is None:
        try:
            categories = sorted(seen)
        except TypeError:
            raise InputError("ratings mix numbers and text", where=where, action="Recode them alike") from None
    else:
        categories = list(categories)
        if unknown := [c for c in seen if c not in set(categories)]:
            raise InputError(
                "a rating is not among the categories",
                where=where,
                found=repr(unknown[0]),
                expected=", ".join(map(repr, categories)),
            )
    if not seen:
        raise InputError("there is no rating at all", where=where)
    position = {category: i for i, category in enumerate(categories)}
    codes = np.column_stack(
        [column.astype(object).map(position).fillna(-1).to_numpy(int) for _, column in frame.items()]
    )
    return Labels(codes, tuple(categories))


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
