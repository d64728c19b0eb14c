"""Means and shares of records that come in bunches: several calls of one person, several sheets of one office."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from csi_lib.errors import InputError
from csi_lib.study.reading import confidence


def clustered_means(
    frame: pd.DataFrame, value: str, by: list[str] | str | None = None, *, clusters: str | None = None,
    share: bool = False, ci: float | None = None,
) -> pd.DataFrame:  # fmt: skip
    r"""Mean of `value` for everybody and within `by`, with standard errors that respect bunches.

    Within a group of n records x in m clusters, :math:`SE^2 = \frac{m}{m-1}\frac{1}{n^2}\sum_c (\sum_{i \in c}(x_i - \bar x))^2`
    and t intervals with m − 1 degrees of freedom; without `clusters` every record is one (SE = s/√n). Shares (`share`)
    have Wilson's interval on the effective number n_eff = p(1 − p)/SE² (n where SE is 0 or unknown), so a share of 0 or 1
    has an interval too.

    Returns
    -------
    frame with the columns of `by` (null: all), ``estimate se df ci_low ci_high n clusters``. A group with one cluster has
    no standard error: the number of records then says nothing about other people's. Groups whose values are all missing
    have n = 0 and no estimate. R: ``survey::svymean`` with ``id = ~cluster`` (with-replacement).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.clustered_means(answers, "q1", "office")[["office", "estimate", "n"]].round(2)
      office  estimate    n
    0  south      3.36  166
    1  north      3.67  134
    """
    keys = [by] if isinstance(by, str) else list(by or [])
    if share and not frame[value].dropna().isin([0, 1]).all():
        raise InputError(
            "a share is a mean of yes and no",
            where=f"column {value!r}",
            found=str(sorted(frame[value].dropna().unique())[:5]),
        )
    groups = frame.groupby(keys, sort=False, observed=False) if keys else [((), frame)]
    rows = []
    for name, part in groups:
        name = name if isinstance(name, tuple) else (name,)
        rows.append({**dict(zip(keys, name, strict=True)), **_mean(part, value, clusters, share, ci)})
    return pd.DataFrame(rows, columns=[*keys, "estimate", "se", "df", "ci_low", "ci_high", "n", "clusters"])


def _mean(part: pd.DataFrame, value: str, clusters: str | None, share: bool, ci: float | None) -> dict:
    valid = part[part[value].notna()]
    x = valid[value].to_numpy(float)
    n = len(x)
    out = {"estimate": np.nan, "se": np.nan, "df": np.nan, "ci_low": np.nan, "ci_high": np.nan, "n": n, "clusters": 0}
    if not n:
        return out
    mean = x.mean()
    # records of nobody in particular are bunches of their own
    label = np.arange(n) if clusters is None else _labels(valid[clusters])
    sums = np.bincount(label, weights=x - mean)
    m = len(sums)
    se = np.sqrt(m / (m - 1) * (sums**2).sum()) / n if m > 1 else np.nan
    out |= {"estimate": mean, "se": se, "df": m - 1.0 if m > 1 else np.nan, "clusters": m}
    if share:
        effective = mean * (1 - mean) / se**2 if se > 0 else n
        out["ci_low"], out["ci_high"] = wilson(mean, min(effective, n), ci=ci)
    elif m > 1:
        half = stdtrit(m - 1, 0.5 + confidence(ci) / 2) * se
        out["ci_low"], out["ci_high"] = mean - half, mean + half
    return out


def _labels(column: pd.Series) -> np.ndarray:
    codes, names = pd.factorize(column)
    loose = np.flatnonzero(codes < 0)
    codes = codes.copy()
    codes[loose] = len(names) + np.arange(len(loose))
    return codes


def wilson(p: float, n: float, *, ci: float | None = None) -> tuple[float, float]:
    """Wilson's score interval of a share; R: ``prop.test(x, n, correct = FALSE)$conf.int``."""
    z = ndtri(0.5 + confidence(ci) / 2)
    centre, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, (centre - half) / (1 + z**2 / n)), min(1.0, (centre + half) / (1 + z**2 / n))
