"""Answers on their way into a factor model: numbers, groups, weights, missing values, and their faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure import frames
from csi_lib.measure.cfa_ml import Sample, sample


@dataclass(frozen=True)
class Answers:
    """Items by group: values (rows, items), weights, labels of the groups, and what was left out."""

    items: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray | None, ...]
    labels: tuple[object, ...]
    dropped: int

    @property
    def n(self) -> int:
        return sum(map(len, self.values))

    def samples(self, *, unbiased: bool = False) -> list[Sample]:
        """Moments by pattern of answered items; `unbiased` takes n - 1 for n throughout."""
        found = [sample(v, w) for v, w in zip(self.values, self.weights)]
        if unbiased:
            found = [
                replace(s, patterns=tuple(replace(p, n=p.n - 1, cov=p.cov * p.n / (p.n - 1)) for p in s.patterns))
                for s in found
            ]
        return found


def as_frame(items) -> pd.DataFrame:
    """The items as a frame with text column names (x1, x2, ... for a plain array)."""
    frame = frames.as_frame(items, prefix="x")
    frame = frame if all(isinstance(c, str) for c in frame.columns) else frame.rename(columns=str)
    frames.refuse_repeated(frame.columns, where="items")
    return frame


def numbers(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Columns as float64 with nan for missing; ordered categories count in their declared order."""
    values = frames.table_of_numbers(frame, columns)
    for name, infinite in zip(columns, np.isinf(values).any(axis=0)):
        if infinite:
            raise InputError(f"the item '{name}' holds an infinite value", where="items", action="Declare it missing.")
    return values


def weights_of(frame: pd.DataFrame, weights) -> np.ndarray:
    """Weights by column name or values; nan where missing."""
    column = frames.column_or_values(frame, weights, where="weights")
    found = frames.numbers(column, name="weights", where="weights")
    if np.isinf(found).any():
        raise InputError("a weight is infinite", where="weights")
    return found


def read(items, names: Sequence[str], *, missing: str, group=None, weights=None) -> Answers:
    """Take the named items out of the data.

    Rows with missing answers are dropped (``missing="listwise"``) or kept if anything was answered
    (``"fiml"``). Rows whose group or weight is missing, or whose weight is 0, are dropped as well.
    """
    frame = as_frame(items)
    values = numbers(frame, names)
    answered = ~np.isnan(values)
    keep = answered.any(axis=1) if missing == "fiml" else answered.all(axis=1)
    labels: tuple = (None,)
    belongs = np.zeros(len(frame), dtype=int)
    if group is not None:
        by = frames.column_or_values(frame, group, where="group")
        keep &= by.notna().to_numpy()
        belongs = np.full(len(frame), -1)
        belongs[keep], found = pd.factorize(by[keep])
        labels = tuple(found.tolist() if hasattr(found, "tolist") else found)
        if len(labels) < 2:
            raise InputError(
                "fewer than two groups",
                where="group",
                found=", ".join(map(str, labels)) or "none",
                expected="a column with two groups or more",
            )
    mass = None
    if weights is not None:
        mass = weights_of(frame, weights)
        if (mass < 0).any():
            raise InputError("a weight is negative", where="weights", found=f"{mass.min():g}")
        keep &= mass > 0
        if not keep.any():
            raise InputError("all weights are zero or missing", where="weights")
        mass = mass * (keep.sum() / mass[keep].sum())
    parts = [np.flatnonzero(keep & (belongs == g)) for g in range(len(labels))]
    answers = Answers(
        tuple(names),
        tuple(values[rows] for rows in parts),
        tuple(None if mass is None else mass[rows] for rows in parts),
        labels,
        int((~keep).sum()),
    )
    for part, label in zip(answers.values, labels):
        _check(part, answers.items, label)
    return answers


def _check(values: np.ndarray, items: Sequence[str], label) -> None:
    where = "items" if label is None else f"items, group {label}"
    n, k = values.shape
    answered = ~np.isnan(values)
    if n <= k:
        raise InputError(
            "there are too few rows for a covariance matrix of these items",
            where=where,
            found=f"{n} usable rows for {k} items",
            expected=f"at least {k + 1}",
            action="Use fewer items or more respondents; missing='fiml' keeps incomplete rows.",
        )
    for j, name in enumerate(items):
        seen = values[answered[:, j], j]
        if not len(seen):
            raise InputError(f"nobody answered the item '{name}'", where=where, action="Leave it out of the model.")
        if np.ptp(seen) == 0:
            raise InputError(
                f"the item '{name}' is constant",
                where=where,
                found=f"{seen[0]:g} in every row",
                action="Leave it out of the model.",
            )
    together = answered.T.astype(float) @ answered
    if (together < 2).any():
        a, b = np.argwhere(together < 2)[0]
        raise InputError(
            f"'{items[a]}' and '{items[b]}' were never answered by the same person",
            where=where,
            action="Their covariance cannot be estimated; leave one of them out.",
        )
    if answered.all():
        check_singular(np.atleast_2d(np.corrcoef(values, rowvar=False)), items, where)


def check_singular(r: np.ndarray, items: Sequence[str], where: str) -> None:
    """A perfectly correlated pair, or a combination of items that explains another exactly."""
    off = np.abs(r - np.eye(len(r)))
    if off.max(initial=0.0) > 1 - 1e-10:
        a, b = np.unravel_index(off.argmax(), off.shape)
        raise InputError(
            f"'{items[a]}' and '{items[b]}' are perfectly correlated",
            where=where,
            found=f"r = {r[a, b]:.6g}",
            action="Leave one of them out.",
        )
    values, vectors = np.linalg.eigh(r)
    if values[0] < 1e-10:
        involved = [items[j] for j in np.flatnonzero(np.abs(vectors[:, 0]) > 0.05)]
        raise InputError(
            "the covariance matrix of the items is singular",
            where=where,
            found=f"an exact linear dependence among {', '.join(involved)}",
            action="Leave one of these items out.",
        )
