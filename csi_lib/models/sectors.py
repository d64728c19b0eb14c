"""How much each sector (customer or service type) counts in the overall index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from csi_lib.errors import InputError


def sector_importance(
    criteria: Mapping[str, Mapping[str, float]] | None, names: Sequence[str], shares: Mapping[str, float] | None = None
) -> np.ndarray:
    """f_k = Σ_c a_c·x_kc / Σ_k x_kc, normalised to 1 over the sectors; equal when no criteria are declared.

    Source: seed study s20, importance = f(sales, headcount, social contribution); a = 1/3 each by default.
    """
    if not criteria:
        return np.full(len(names), 1 / len(names))
    a = {c: (shares or {}).get(c, 1.0 if not shares else 0.0) for c in criteria}
    out = np.zeros(len(names))
    for criterion, amounts in criteria.items():
        missing = [n for n in names if n not in amounts]
        if missing:
            raise InputError(
                f"sector criterion {criterion} has no amount for {missing[0]}",
                expected=", ".join(names),
                found=", ".join(amounts),
                action="Give an amount for every sector in the data (0 is allowed)",
            )
        x = np.array([float(amounts[n]) for n in names])
        if (x < 0).any() or x.sum() <= 0:
            raise InputError(
                f"sector criterion {criterion} must be positive in sum and nowhere negative", found=str(dict(amounts))
            )
        out += a[criterion] * x / x.sum()
    if out.sum() <= 0:
        raise InputError("the criteria's shares sum to 0", found=str(shares))
    return out / out.sum()
