"""Domains: the groups a statistic is wanted for, each estimated on the full design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.survey.stages import pair_codes


@dataclass(frozen=True)
class Domains:
    """A partition of the rows: `code` is the domain of each row, `size` for rows in none of them.

    `labels` has one row per domain and one column per grouping column.
    """

    code: np.ndarray
    labels: pd.DataFrame

    @property
    def size(self) -> int:
        return len(self.labels)

    def name(self, i: int) -> str:
        return ", ".join(f"{c} = {v}" for c, v in self.labels.iloc[i].items()) or "all"


def partition(data: pd.DataFrame, by: list[str], inside: np.ndarray | None) -> Domains:
    """Groups that occur in `by` among the rows `inside`; a row without a group belongs to none.

    Groups come in sorted order, categories in the order of their categories; a category without a respondent
    is no group (R: ``svyby``).
    """
    n = len(data)
    out = np.zeros(n, dtype=bool) if inside is None else ~inside
    code, labels = np.zeros(n, dtype=np.int64), pd.DataFrame(index=range(1))
    for name in by:
        column = data[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            part, levels = column.cat.codes.to_numpy(np.int64), column.cat.categories
            used = np.bincount(part[part >= 0], minlength=len(levels)) > 0
            place = np.append(np.cumsum(used) - 1, -1)  # the last for −1, no group
            part, levels = place[part], levels[used]
        else:
            part, levels = pd.factorize(column, sort=True)
        out = out | (part < 0)
        if len(by) == 1:
            code, labels = np.where(part < 0, 0, part), pd.DataFrame({name: levels})
            break
        code, first, second = pair_codes(code, np.where(part < 0, 0, part), max(len(levels), 1))
        labels = labels.iloc[first].reset_index(drop=True)
        labels[name] = levels[second] if len(levels) else []
    if out.any():
        here = np.bincount(code[~out], minlength=len(labels)) > 0
        if not here.any():
            raise InputError(
                "no respondent is in the domain",
                where=", ".join(by) or "subset",
                action="Check the condition and the spelling of the group.",
            )
        number = np.cumsum(here) - 1
        code = np.where(out, int(here.sum()), number[code])
        labels = labels[here].reset_index(drop=True)
    return Domains(code, labels)
