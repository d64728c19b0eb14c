"""Cronbach's alpha of ordered answers, from polychoric correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.measure.polychoric import Polychoric, polychoric


@dataclass(frozen=True)
class OrdinalAlpha:
    """Ordinal alpha, its n and k, alpha without each item (k > 2), and the correlations it comes from."""

    alpha: float
    n: int
    k: int
    alpha_if_dropped: pd.Series
    polychoric: Polychoric


def ordinal_alpha(
    items: pd.DataFrame | np.ndarray, *, weights=None, missing: str = "listwise", smooth: bool = True
) -> OrdinalAlpha:
    r"""Ordinal alpha: standardised alpha of the continuous variables behind ordered answers.

    .. math:: \alpha = \frac{k}{k-1}\left(1 - \frac{k}{\sum_{ij} r_{ij}}\right)

    with r the polychoric correlations. It says how reliable a sum of those variables would be, not how
    reliable the sum of the answers is: report it beside `cronbach_alpha`, not instead.

    Parameters
    ----------
    items, weights, missing, smooth : see `polychoric`.

    Returns
    -------
    OrdinalAlpha
        0..1 (negative where items point in different directions).

    Notes
    -----
    R: ``R <- lavaan::lavCor(items, ordered = names(items)); k / (k - 1) * (1 - k / sum(R))``;
    ``psych::alpha(psych::polychoric(items)$rho)``. Zumbo, Gadermann & Zeisser (2007); Chalmers (2018).
    """
    found = polychoric(items, weights=weights, missing=missing, smooth=smooth)
    r = found.correlations.to_numpy()
    names, k = list(found.correlations.columns), len(r)
    dropped = (
        {name: _alpha(np.delete(np.delete(r, j, 0), j, 1)) for j, name in enumerate(names)} if k > 2 else {}
    )
    return OrdinalAlpha(
        _alpha(r), found.n, k, pd.Series(dropped, name="alpha_if_dropped", dtype=float), found
    )


def _alpha(r: np.ndarray) -> float:
    k = len(r)
    return float(k / (k - 1) * (1 - k / r.sum()))
