"""Quantiles of weighted answers, with intervals after Woodruff (1952).

The limits of the share below the estimated quantile are turned back into values of the item by the same rule
that gave the quantile. R: ``svyquantile``, which differs in one case: a probability below the weight share of the
smallest answer gives that answer here, and the second smallest there.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey import estimation
from csi_lib.survey.estimation import Item
from csi_lib.survey.proportions import share_interval

RULES = ("math", "school", "shahvaish", *(f"hf{i}" for i in range(1, 10)))
INTERVALS = ("mean", "beta", "xlogit", "asin")


def quantile(design, cols, probabilities, by, rule, interval, ci) -> pd.DataFrame:
    """See `Estimators.quantile`."""
    for value, known, where in ((rule, RULES, "rule"), (interval, INTERVALS, "interval")):
        if value not in known:
            raise InputError(
                f"unknown {where} for quantiles", where=where, found=repr(value), expected=", ".join(known)
            )
    if not all(0 < p < 1 for p in probabilities):
        raise InputError("probabilities lie between 0 and 1", where="probabilities", found=str(probabilities))
    domains = design.domains(by)
    frames = []
    for name in cols:
        x = design.numeric(name)
        sorted_domains = []
        for i in range(domains.size):
            rows = np.flatnonzero((domains.code == i) & ~np.isnan(x))
            rows = rows[np.argsort(x[rows], kind="stable")]
            sorted_domains.append((x[rows], design.weights[rows]))
        for p in probabilities:
            frames.append(_one(design, name, x, p, domains, sorted_domains, rule, interval, ci))
    return pd.concat(frames, ignore_index=True)


def _one(design, name, x, p, domains, sorted_domains, rule, interval, ci) -> pd.DataFrame:
    q = np.array([quantile_rule(values, w, p, rule) if len(w) else np.nan for values, w in sorted_domains])
    at = np.append(q, np.nan)[domains.code]

    def below():
        return np.where(np.isnan(x), np.nan, (x <= at).astype(float))

    frame = estimation.estimates(design, [Item(name, below, design._ones)], domains, ci=ci, deff="replace")
    share, se, df, n = (frame[c].to_numpy(float) for c in ("estimate", "se", "df", "n"))
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = share_interval(share, se, df, n, interval, ci)
        t, _ = share_interval(0.0, -1.0, df, n, "mean", ci)
    low, high = (np.where(se > 0, limit, share) for limit in (low, high))
    limits = np.full((domains.size, 2), np.nan)
    for i, (values, w) in enumerate(sorted_domains):
        for side, limit in enumerate((low[i], high[i])):
            if len(w) and 0 <= limit <= 1:
                limits[i, side] = quantile_rule(values, w, limit, rule)
    if np.isnan(limits[~np.isnan(q)]).any():
        warnings.warn(
            f"{name}: a limit of the {p:g} quantile lies beyond the answers and cannot be given; "
            "interval='beta' or 'xlogit' stays inside",
            MeasureWarning,
            stacklevel=4,
        )
    frame["estimate"], frame["se"] = q, (limits[:, 1] - limits[:, 0]) / (2 * t)
    frame[["ci_low", "ci_high"]] = limits
    frame.insert(frame.columns.get_loc("item") + 1, "probability", p)
    return frame


def quantile_rule(x, w, p: float, rule: str) -> float:
    """Quantile of ascending `x` with weights; Hyndman & Fan's rules with weights in the place of counts."""
    n = len(x)
    # sums in extended precision: with equal weights p often falls on a step, and rounding must not decide
    cumulative = np.cumsum(w, dtype=np.longdouble).astype(float)
    if n == 1:
        return float(x[0])
    total = cumulative[-1]
    if rule in ("math", "school", "hf1", "hf2", "hf3", "hf4"):
        if rule == "hf3":  # rounds to the nearest even place among distinct values
            x, start = np.unique(x, return_index=True)
            cumulative = np.cumsum(np.add.reduceat(w, start), dtype=np.longdouble).astype(float)
        reached = np.flatnonzero(cumulative <= p * total)
        if not reached.size:
            return float(x[0])
        below = int(reached[-1])
        above = min(below + 1, len(x) - 1)
        gap = p - cumulative[below] / total
        if rule in ("math", "hf1"):
            return float(x[below] if gap <= 0 else x[above])
        if rule in ("school", "hf2"):
            return float((x[below] + x[above]) / 2 if gap <= 0 else x[above])
        if rule == "hf3":
            return float(x[below] if gap <= 0 and (below + 1) % 2 == 0 else x[above])
        step = cumulative[above] / total - p
        share = gap / (gap + step) if gap + step > 0 else 0.0
        return float(x[below] * (1 - share) + x[above] * share)
    before = np.concatenate([[0.0], cumulative[:-1]])
    if rule == "shahvaish":
        mean = w / w.mean()
        place = (np.cumsum(mean) + 0.5 - w / 2) / (n + 1)
        at = np.clip(np.searchsorted(np.sort(place), p, side="right") - 1, 0, n - 1)
        order = np.argsort(place, kind="stable")
        return float(x[order][at])
    place = {
        "hf5": lambda: (cumulative - w / 2) / total,
        "hf6": lambda: cumulative / (total + w[-1]),
        "hf7": lambda: before / cumulative[-2],
        "hf8": lambda: (before / 3 + cumulative * 2 / 3) / (total + w[-1] / 3),
        "hf9": lambda: (before * 3 / 8 + cumulative * 5 / 8) / (total + w[-1] / 4),
    }[rule]()
    return float(np.interp(p, place, x))
