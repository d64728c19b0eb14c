"""Columns, domains and groups of a sample: what every kind of design shares before a variance is asked
for."""

from __future__ import annotations

import copy
from collections.abc import Hashable

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.measure.frames import as_frame, as_series, scores
from csi_lib.survey.domains import Domains, partition

#: columns of the frames that estimators return, which a grouping column would hide
RESULTS = ("item", "level", "probability", "estimate", "se", "df", "ci_low", "ci_high", "n", "n_weighted",
           "n_effective", "deff")  # fmt: skip


class Sample:
    """Respondents with weights; `domain` restricts estimates to some rows without dropping the others."""

    data: pd.DataFrame
    n: int
    weights: np.ndarray
    normalised: bool
    df: int
    domain: np.ndarray | None = None

    def _read(self, data) -> None:
        self.data = as_frame(data, where="data", prefix=None)
        self.n = len(self.data)
        if self.n == 0:
            raise InputError("the data have no rows", where="data", action="Check the filter that made them.")

    # -- columns ------------------------------------------------------------------------------------------
    def column(self, name: str, where: str = "data") -> pd.Series:
        """A column by name; an unknown name is answered with the nearest one."""
        if not isinstance(name, Hashable):
            raise InputError(
                "a column is named, not given as values",
                where=where,
                found=type(name).__name__,
                action="Add it to the data, e.g. data.assign(group=…), and give its name.",
            )
        if name not in self.data.columns:
            like = nearest(name, self.data.columns)
            raise InputError(
                "no such column",
                where=where,
                found=repr(name),
                action=f"Did you mean {like!r}?" if like else "Check the column names of the data.",
            )
        found = self.data[name]
        if found.ndim > 1:
            raise InputError(
                "several columns of the data have this name", where=where, found=repr(name), action="Rename them."
            )
        return found

    def named(self, cols) -> list:
        """Columns to estimate, as a list of at least one name."""
        names = listed(cols)
        if not names:
            raise InputError("no column is named", where="cols", action="Give a column name or a list of them.")
        return names

    def numeric(self, name: str) -> np.ndarray:
        """A column as float64, missing = NaN; text and infinite numbers are refused."""
        return _as_float(self.column(name), name)

    def given(self, column, where: str):
        """A column name or an array of one value per row; a Series is matched to the data by its index."""
        if isinstance(column, str) or (np.ndim(column) == 0 and isinstance(column, Hashable)):
            return self.column(column, where)
        return as_series(column, where=where, index=self.data.index)

    def are_columns(self, names) -> bool:
        return len(names) > 0 and all(isinstance(n, Hashable) and n in self.data.columns for n in names)

    def stages_given(self, value) -> list:
        """One column or array per stage; a plain list with a label for every row is one array."""
        plain = isinstance(value, (list, tuple)) and len(value) == self.n and all(np.ndim(v) == 0 for v in value)
        if plain and not self.are_columns(value):
            return [np.asarray(value)]
        return listed(value)

    def given_numeric(self, column, where: str) -> np.ndarray:
        """As `given`, as float64; one number stands for all rows."""
        if np.isscalar(column) and not isinstance(column, str):
            return np.full(self.n, float(column))
        name = column if isinstance(column, str) else where
        return _as_float(self.given(column, where), name)

    def positive_weights(self, weights) -> np.ndarray:
        """Weights as float64, all above 0."""
        values = self.given_numeric(weights, "weights")
        bad = ~(np.isfinite(values) & (values > 0))
        if bad.any():
            raise InputError(
                "weights must be above 0",
                where="weights",
                found=f"{int(bad.sum())} rows at 0, below, or missing, the first at row {int(bad.argmax())}",
                action="Drop the rows that stand for nobody, or correct their weights.",
            )
        return values

    # -- domains ------------------------------------------------------------------------------------------
    def inside(self, mask) -> np.ndarray | None:
        """`mask` within the domain this design is already restricted to; None = everybody."""
        if mask is None:
            return self.domain
        values = mask.fillna(False) if isinstance(mask, pd.Series) else mask
        values = np.asarray(values, dtype=bool)
        if values.shape != (self.n,):
            raise InputError(
                "a domain is one true/false per respondent",
                where="mask",
                found=f"shape {values.shape}",
                expected=f"({self.n},)",
            )
        return values if self.domain is None else values & self.domain

    def subset(self, mask):
        """The domain of rows where `mask` is true, estimated on the full design. R: ``subset(design, …)``."""
        inside = self.inside(mask)
        if inside is None or not inside.any():
            raise InputError(
                "no respondent is in the domain",
                where="subset",
                action="Check the condition and the spelling of the group.",
            )
        domain = copy.copy(self)
        domain.domain = inside
        domain.df = self.domain_df(inside)
        return domain

    def domains(self, by=None) -> Domains:
        """Partition of this design's domain by the columns `by` (a name, a list, or None)."""
        names = listed(by)
        for name in names:
            self.column(name, "by")
            if name in RESULTS:
                raise InputError(
                    "a grouping column has the name of a column of the results",
                    where="by",
                    found=repr(name),
                    action="Rename it.",
                )
        return partition(self.data, names, self.domain)

    def domain_df(self, mask) -> int:
        """Degrees of freedom in a domain; without a design its rows less one, as of a simple random sample."""
        return int(np.count_nonzero(mask)) - 1


def listed(value) -> list:
    """None → [], one → [one]; an array or a Series is one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, pd.Index)) else [value]


def _as_float(column: pd.Series, name: str) -> np.ndarray:
    # a mean of labels would be a number that nobody asked for: only categories that are numbers count
    values = None if _are_labels(column) else scores(column)
    if values is not None:
        if np.isinf(values).any():
            raise InputError(
                "the column holds an infinite number",
                where=name,
                found=f"row {int(np.isinf(values).argmax())} (counted from 0)",
                action="Set it to missing, or mend it at its source.",
            )
        return values
    raise InputError(
        "the column is not numeric",
        where=name,
        found=str(column.dtype),
        action="For shares of its categories use .proportion; digits kept as text must be converted first.",
    )


def _are_labels(column: pd.Series) -> bool:
    """Categories with words for names, ordered or not."""
    return isinstance(column.dtype, pd.CategoricalDtype) and scores(pd.Series(column.cat.categories)) is None
