"""The page "overall performance": where the index stands, what it is above expectation, and the house goal."""

from __future__ import annotations

import numpy as np

from csi_lib.errors import InputError
from csi_lib.survey.estimates import Estimates


def goal_ratio(estimates: Estimates, index: int, expectation: int, goal: float) -> Estimates:
    r"""Satisfaction as a multiple of expectation, tested against a goal: "10 % more than customers expect" is 1.1.

    :math:`q = S / E`, :math:`dq = dS/E - S\,dE/E^2`, both asked of the same people. Two rows: statistic ``ratio`` (q) and
    ``difference`` (q − goal, with its test; ``versus`` ``goal=1.1``), unit ratio.

    index, expectation : positions of the two rows in `estimates`. The published 63.9 on an expectation of 59 gives 1.083: a
    goal of 1.1 is missed.
    """
    if not goal > 0:
        raise InputError("the goal is a multiple of expectation above 0, such as 1.1", found=repr(goal))
    both = estimates.take([index, expectation])
    s, e = both.frame["estimate"].to_numpy(float)
    if not e > 0:
        raise InputError("expectation is zero, so satisfaction is no multiple of it", found=repr(e))
    gradient = np.array([1 / e, -s / e**2])
    frame = both.frame.iloc[[0, 0]].assign(
        measure="ten_up", statistic=["ratio", "difference"], versus=[None, f"ratio:goal={goal:g}"], unit="ratio",
        scale_low=np.nan, scale_high=np.nan, df=np.nan, deff=np.nan, n=both.frame["n"].min(),
    )  # fmt: skip
    return both.combine(np.column_stack([gradient, gradient]), frame, estimate=np.array([s / e, s / e - goal]))


def sector_contributions(values, importance) -> np.ndarray:
    """What each sector brings to the overall index: f_k·CSI_k/Σf over the sectors that have a value; they add up to it."""
    v, f = np.asarray(values, float), np.asarray(importance, float)
    there = np.isfinite(v)
    total = f[there].sum()
    return np.where(there, f * v / total, np.nan) if total > 0 else np.full(len(v), np.nan)
