"""Which figures of records a public reader may not see: small bases, and what sums would give away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.survey.disclosure import complement


def hidden_groups(n, *, min_base: int) -> np.ndarray:
    """Groups of one list with a base of 1 … min_base − 1, and as many more as keep the shown total from telling theirs.

    A group without records (n = 0) says nothing about anybody and is not hidden.
    """
    n = np.nan_to_num(np.asarray(n, dtype=float))
    return complement(n, (n > 0) & (n < min_base), min_base)


def hidden_cells(n: pd.DataFrame, *, min_base: int) -> pd.DataFrame:
    """The same for a cross table whose row and column totals are shown: no line may hold a single hidden cell."""
    counts = np.nan_to_num(n.to_numpy(dtype=float))
    hidden = (counts > 0) & (counts < min_base)
    while True:
        before = hidden.copy()
        for i in range(counts.shape[0]):
            hidden[i] = complement(counts[i], hidden[i], min_base)
        for j in range(counts.shape[1]):
            hidden[:, j] = complement(counts[:, j], hidden[:, j], min_base)
        if (hidden == before).all():
            return pd.DataFrame(hidden, index=n.index, columns=n.columns)
