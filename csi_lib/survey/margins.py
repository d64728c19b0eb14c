"""Population margins: what the sample is to be weighted to, checked against the sample before any sum is
made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.survey.sample import listed
from csi_lib.survey.stages import label_codes, pair_codes


@dataclass(frozen=True)
class Margin:
    """Categories of one variable (or of a cross of variables), the category of each row, the totals
    wanted."""

    name: str
    code: np.ndarray
    labels: list[str]
    target: np.ndarray

    def sums(self, weights) -> np.ndarray:
        return np.bincount(self.code, weights, len(self.labels))


def read_margins(sample, margins: Mapping, total: float | None) -> list[Margin]:
    """Margins given as {column or (column, column, …): {category: total or share}}.

    Shares (summing to 1) are turned into totals of `total`, or of the margins given as totals. All margins
    must sum to one number, name every category of the sample, and none that the sample lacks.
    """
    if not margins:
        raise InputError("no margin is given", where="margins", action="Give {column: {category: total}}.")
    read = [_margin(sample, columns, target) for columns, target in margins.items()]
    sums = np.array([margin.target.sum() for margin in read])
    shares = np.abs(sums - 1) <= 1e-6
    for margin, value in zip(read, sums):
        if value < 2 and abs(value - 1) > 1e-6:
            raise InputError(
                "the shares of a margin do not add up to 1",
                where=margin.name,
                found=f"{value:g}",
                action="Complete the categories, or divide by the sum.",
            )
    totals = sums[~shares]
    if total is None and totals.size:
        total = float(totals[0])
    if total is not None and totals.size and (np.abs(totals - total) > 1e-6 * abs(total)).any():
        listing = ", ".join(f"{m.name} {v:g}" for m, v in zip(read, sums))
        raise InputError(
            "the margins do not add up to one total",
            where="margins",
            found=listing,
            action="Bring them to the same population (rounding included), or give shares.",
        )
    return [
        Margin(m.name, m.code, m.labels, m.target / value * total) if share else m
        for m, value, share in zip(read, sums, shares)
    ]


def _margin(sample, columns, target) -> Margin:
    names = listed(columns) if not isinstance(columns, tuple) else list(columns)
    name = " × ".join(names)
    code, labels = label_codes(sample.column(names[0], "margins"), name)
    labels = [(label,) for label in labels.tolist()]
    for other in names[1:]:
        second, second_labels = label_codes(sample.column(other, "margins"), name)
        code, first, last = pair_codes(code, second, len(second_labels))
        labels = [(*labels[i], second_labels.tolist()[j]) for i, j in zip(first, last)]
    target = target.to_dict() if isinstance(target, pd.Series) else dict(target)
    wanted = {category_name(k if isinstance(k, tuple) else (k,)): float(v) for k, v in target.items()}
    found = [category_name(label) for label in labels]
    unnamed = [label for label in found if label not in wanted]
    if unnamed:
        raise InputError(
            "the margin does not name a category of the sample",
            where=name,
            found=", ".join(unnamed[:5]),
            expected=", ".join(list(wanted)[:8]),
            action="Add its population total, or recode the column.",
        )
    bad = [label for label, value in wanted.items() if not (np.isfinite(value) and value >= 0)]
    if bad:
        raise InputError("population totals must be numbers from 0 up", where=name, found=", ".join(bad[:5]))
    absent = [label for label, value in wanted.items() if label not in found and value > 0]
    if absent:
        raise InputError(
            "the sample has nobody in a category of the margin",
            where=name,
            found=", ".join(absent[:5]),
            action="Merge it with a neighbouring category in both sample and margin.",
        )
    zero = [label for label in found if wanted[label] == 0]
    if zero:
        raise InputError(
            "the margin gives 0 to a category that has respondents",
            where=name,
            found=", ".join(zero[:5]),
            action="Correct the total, or drop these respondents first.",
        )
    return Margin(name, code, found, np.array([wanted[label] for label in found]))


def category_name(label: tuple) -> str:
    """A category as text; a whole number reads the same from a column of integers, of decimals, or of text."""
    return " × ".join(str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in label)
