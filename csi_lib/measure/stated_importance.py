"""Which items people say are important: shares of picks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from csi_lib.errors import InputError
from csi_lib.measure.frames import as_frame
from csi_lib.measure.importance import Importance
from csi_lib.measure.resampling import check_level
from csi_lib.measure.rows import row_weights


def stated_importance(picks, *, of="respondents", weights=None, ci=0.95) -> Importance:
    """Stated importance: how often each item was picked as important.

    Parameters
    ----------
    picks : DataFrame of 0/1 or True/False, one column per item; or, with text or categories in it, one column
        per rank or mention, each cell the item picked (missing = nothing picked).
    of : "respondents": share of respondents who picked the item (Wilson interval; shares of several allowed
        picks sum to more than 1). "picks": share of all picks, summing to 1 (linearised ratio, normal
        interval).
    weights : survey weights. Under weights the effective n = (Σw)²/Σw² takes the place of n.

    Returns
    -------
    Importance, `estimate` 0–1; `method` "respondents" or "picks". A respondent without any answer at all
    (every cell missing) is left out.

    Notes
    -----
    R: ``colMeans(picks)`` with ``prop.test`` / ``binom::binom.wilson``; ``survey::svyratio``.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> picks = pd.DataFrame({"kindness": [1, 1, 0, 1], "speed": [0, 1, 1, 0]})
    >>> csi_lib.stated_importance(picks).frame.round(2)
           item  estimate  ci_low  ci_high
    0  kindness      0.75    0.30     0.95
    1     speed      0.50    0.15     0.85
    """
    check_level(ci)
    if of not in ("respondents", "picks"):
        raise InputError("unknown base", where="of", found=repr(of), expected="'respondents' or 'picks'")
    frame = as_frame(picks, where="picks", prefix=None)
    chosen, answered, names = _read_picks(frame)
    weight = row_weights(weights, frame)
    use = answered & (weight > 0)
    if not use.any():
        raise InputError("nobody answered", where="picks")
    chosen, weight = chosen[use], weight[use]
    n = int(use.sum())
    z = ndtri((1 + ci) / 2)
    effective = weight.sum() ** 2 / (weight**2).sum()
    share = weight @ chosen / weight.sum()
    if of == "respondents":
        centre = (share + z**2 / (2 * effective)) / (1 + z**2 / effective)
        half = z / (1 + z**2 / effective) * np.sqrt(share * (1 - share) / effective + z**2 / (4 * effective**2))
        estimate, low, high = share, centre - half, centre + half
    else:
        if not share.sum() > 0:
            raise InputError("nobody picked anything", where="picks")
        estimate = share / share.sum()
        residual = (
            (chosen - estimate * chosen.sum(axis=1, keepdims=True)) / share.sum() * (weight / weight.sum())[:, None]
        )
        se = np.sqrt((residual**2).sum(axis=0) * (n / (n - 1) if n > 1 else np.nan))
        low, high = np.maximum(0.0, estimate - z * se), np.minimum(1.0, estimate + z * se)
        if n == 1:
            raise InputError("one respondent gives no interval", where="picks", found="1 row")
    result = pd.DataFrame({"item": names, "estimate": estimate, "ci_low": low, "ci_high": high})
    return Importance(result, of, ci, "wilson" if of == "respondents" else "linearised", n, int((~answered).sum()))


def _read_picks(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, list]:
    """Picks as an n × items matrix of 0/1, who answered, and the items' names."""
    numeric = [pd.api.types.is_numeric_dtype(t) or pd.api.types.is_bool_dtype(t) for t in frame.dtypes]
    if all(numeric):
        values = frame.to_numpy(dtype=float, na_value=np.nan)
        if not np.isin(values[~np.isnan(values)], (0, 1)).all():
            raise InputError(
                "picks must be 0 or 1",
                where="picks",
                found=f"{np.nanmin(values):g} to {np.nanmax(values):g}",
                action="For columns that hold the item picked, give its name or code as text.",
            )
        return np.nan_to_num(values), ~np.isnan(values).all(axis=1), list(frame.columns)
    if any(numeric):
        raise InputError("picks must be all 0/1 columns or all columns of names", where="picks")
    names = sorted({str(v) for v in pd.unique(frame.to_numpy().ravel()) if not pd.isna(v)})
    chosen = np.stack(
        [frame.astype("string").eq(name).fillna(False).any(axis=1).to_numpy(dtype=float) for name in names],
        axis=1,
    )
    return chosen, frame.notna().any(axis=1).to_numpy(), names
