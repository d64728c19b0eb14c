"""Complementary suppression in one list under one total."""

from __future__ import annotations

import numpy as np


def complement(n, suppressed, min_base: int, *, rest: float = 0, totals: int = 1) -> np.ndarray:
    """Groups of one variable to suppress so that the shown total does not give the hidden ones away (rule 2).

    `rest` counts those who are in the total and in no group; `totals` is how many totals with different weights are shown
    (sectors: by importance and by number of customers), each of them an equation in the hidden groups.
    """
    n, hidden = np.asarray(n, dtype=float), np.asarray(suppressed, dtype=bool).copy()
    while hidden.any() or 0 < rest < min_base:
        shown = np.flatnonzero(~hidden & (n > 0))
        several = (hidden & (n > 0)).sum() + (rest > 0) >= 1 + totals
        if (several and n[hidden].sum() + rest >= min_base) or not len(shown):
            return hidden
        hidden[shown[np.argmin(n[shown])]] = True
    return hidden
