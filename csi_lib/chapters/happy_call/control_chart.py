"""Control charts: is this month's score outside what the office's own months lead one to expect?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result

#: this many months in a row on one side of the centre are a signal too
RUN = 8


@dataclass(frozen=True, repr=False)
class ControlChart(Result):
    """``frame``: ``period estimate n low high signal`` in time order; ``signal`` is ``above``, ``below``, ``run`` or null;
    ``centre`` the mean of the records of usual periods, ``sigma`` the standard deviation of one record within periods."""

    SUMMARY: ClassVar[tuple[str, ...]] = (
        "centre",
        "sigma",
    )
    TABLE: ClassVar[str | None] = "frame"

    frame: pd.DataFrame
    centre: float
    sigma: float


def control_limits(
    values: pd.Series, periods: pd.Series, *, wanted=None, width: float = 3.0, share: bool = False
) -> ControlChart:
    r"""Means (X-bar) or shares (p) by period with limits centre ± width·σ/√n, n varying.

    :math:`\sigma` pools the variances within periods, :math:`\sigma^2 = \sum (n_t - 1) s_t^2 / \sum (n_t - 1)`; for shares it is
    √(p(1 − p)). The centre is the mean of the records of periods within the limits: those outside are taken out of it, and
    the limits drawn again, until nothing changes (as long as most periods stay in). A period without records (`wanted`
    names those that must appear) is a gap: no value, no limits, and it ends a run. A run is eight periods in a row on one
    side of the centre.

    R: ``qcc::qcc(x, type = "xbar", std.dev = ...)`` with UWAVE-SD's pooled variance counterpart ``"RMSDF"``.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> values = pd.Series([70, 72, 71, 69, 73, 70, 90, 91.0])
    >>> periods = pd.Series(["01", "01", "02", "02", "03", "03", "04", "04"])
    >>> csi_lib.control_limits(values, periods).frame.shape[0]
    4
    """
    order = list(wanted) if wanted is not None else sorted(periods.dropna().unique())
    frame = pd.DataFrame({"x": values.to_numpy(float), "p": periods.to_numpy()}).dropna()
    if len(frame) < 2:
        raise InputError("a control chart needs records", found=str(len(frame)))
    groups = frame.groupby("p")["x"]
    n, mean = groups.size().reindex(order, fill_value=0), groups.mean().reindex(order)
    within = groups.var().reindex(order)
    weight = (n - 1).clip(lower=0)
    if not share and weight.sum() == 0:
        raise InputError("no period has two records, so chance variation is unknown", found=f"{len(frame)} records")
    usual = n > 0
    for _ in range(len(order) + 1):
        centre = float((mean * n)[usual].sum() / n[usual].sum())
        spread = centre * (1 - centre) if share else (within.fillna(0) * weight).sum() / weight.sum()
        sigma = float(np.sqrt(spread))
        half = width * sigma / np.sqrt(n.where(n > 0).astype(float))
        low, high = centre - half, centre + half
        inside = (n > 0) & (mean >= low) & (mean <= high)
        # one odd month shifts the centre, and good months would seem odd; but most months make the rule
        if inside.equals(usual) or inside.sum() * 2 < (n > 0).sum():
            break
        usual = inside
    if share:
        low, high = low.clip(lower=0), high.clip(upper=1)
    side = np.sign((mean - centre).fillna(0).to_numpy())
    runs, length = np.zeros(len(order), bool), 0
    for i, s in enumerate(side):
        length = 0 if s == 0 else length + 1 if i and s == side[i - 1] else 1
        runs[i] = length >= RUN
    signal = np.select([(mean > high).to_numpy(), (mean < low).to_numpy(), runs], ["above", "below", "run"], "")
    out = pd.DataFrame({"period": order, "estimate": mean.to_numpy(), "n": n.to_numpy(), "low": low.to_numpy(), "high": high.to_numpy(),
                        "signal": pd.array([s or None for s in signal], dtype="str")})  # fmt: skip
    return ControlChart(out, centre, sigma)
