"""Bootstrap intervals of statistics that are functions of the moments."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.inputs import Items
from csi_lib.measure.moments import Moments, moments


def percentile_interval(
    table: Items,
    statistic: Callable[[Moments], float],
    *,
    missing: str,
    ci: float,
    draws: int,
    seed: int | None,
) -> tuple[float, float]:
    """Percentiles of `statistic` over resamples of respondents drawn with replacement.

    A resample is a vector of how often each respondent was drawn, multiplied into the weights, so
    nothing is copied and missing answers stay with their respondent.
    """
    if draws < 100:
        raise InputError("too few draws for an interval", where="n_boot", found=draws, expected="100 or more")
    if missing == "listwise":
        table = table.complete()
    rng, n = np.random.default_rng(seed), table.n
    base = np.ones(n) if table.weights is None else table.weights
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)  # said once, of the sample itself
        for _ in range(draws):
            times = np.bincount(rng.integers(0, n, n), minlength=n)
            drawn = times > 0
            resample = Items(table.values[drawn], table.names, (times * base)[drawn])
            try:
                found.append(statistic(moments(resample, missing)))
            except InputError:  # a resample of a small sample in which nothing varies
                continue
    if len(found) < 0.9 * draws:
        raise InputError(
            "the statistic does not exist in too many resamples",
            where="items",
            found=f"{len(found)} of {draws} usable",
            action="The sample is too small to resample: use another interval, or none",
        )
    low, high = np.quantile(found, [(1 - ci) / 2, (1 + ci) / 2])
    return float(low), float(high)
