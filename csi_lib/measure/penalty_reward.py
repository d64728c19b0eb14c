"""Penalty–reward contrast analysis: does a driver cost more when it is poor than it gains when it is good?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from csi_lib.errors import InputError
from csi_lib.measure.importance import with_outcome
from csi_lib.measure.resampling import check_level
from csi_lib.measure.rows import Rows, warn
from csi_lib.measure.shown import Result


@dataclass(frozen=True, eq=False, repr=False)
class PenaltyReward(Result):
    """Result of `penalty_reward`.

    Attributes
    ----------
    frame : `item penalty penalty_se penalty_low penalty_high reward reward_se reward_low reward_high
        asymmetry difference p_value kind n_low n_high`; penalty ≤ 0 ≤ reward is the expected pattern, in
        units of the outcome.
    intercept : expected outcome of those who rate no driver low and none high.
    r_squared, n, n_dropped, ci : of the regression.
    covariance : of the coefficients (intercept, penalties, rewards).
    """

    SUMMARY = ("r_squared", "n", "n_dropped", "ci")
    TABLE = "frame"

    frame: pd.DataFrame
    intercept: float
    r_squared: float
    n: int
    n_dropped: int
    ci: float
    covariance: np.ndarray = field(repr=False)


def penalty_reward(
    items, outcome, *, low, high, weights=None, ci=0.95, min_base=10, missing="listwise"
) -> PenaltyReward:
    """Penalty–reward contrast analysis (Brandt 1987).

    Every driver gets two dummies, "low" (rating at most `low`) and "high" (at least `high`); the outcome is
    regressed on all of them together:

        y = a + Σ_j penalty_j · 1[x_j ≤ low] + Σ_j reward_j · 1[x_j ≥ high] + e.

    The ratings in between are the reference. Standard errors are HC3 (robust to unequal variances); intervals
    are t with n − 2p − 1 degrees of freedom.

    `asymmetry` = (reward − |penalty|)/(reward + |penalty|), from −1 (only penalty) to 1 (only reward),
    missing where both are 0 or have the wrong sign. `difference` = reward + penalty is tested against 0
    (`p_value`), and `kind` is

    - "basic": the difference is significantly negative (poor performance costs more than good performance
    brings);
    - "excitement": significantly positive;
    - "performance": penalty or reward differs from 0, and no asymmetry is shown;
    - "neutral": neither differs from 0.

    A kind is a reading of one regression at level 1 − `ci`, not a property proved.

    Parameters
    ----------
    items : DataFrame, one numeric column per driver.   outcome : values, or the name of a column of `items`.
    low, high : bounds on the items' scale, low < high; each a number or a dict by item.
    weights : survey weights (weighted least squares).
    min_base : fewest rows that must rate a driver low, and high; below it the driver is refused.

    Raises
    ------
    InputError
        Bounds that overlap, a driver hardly anybody rates low or high, dependent dummies, too few rows.

    Notes
    -----
    R: ``m <- lm(y ~ low + high, weights = w); car::hccm(m, "hc3")``.
    References: Brandt (1987), Matzler & Sauerwein (2002).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.penalty_reward(answers[["q1", "q2", "q3"]], answers["overall"], low=2, high=4).frame[["item", "penalty", "reward"]].round(2)
      item  penalty  reward
    0   q1    -0.11    0.43
    1   q2    -0.15    0.43
    2   q3    -0.25    0.31
    """
    check_level(ci)
    frame, names, key = with_outcome(items, outcome)
    if isinstance(weights, str):
        raise InputError(
            "give the weights as values", where="weights", found=repr(weights), expected="a Series or array"
        )
    if missing != "listwise":
        raise InputError(
            "only complete rows can be contrasted",
            where="missing",
            found=repr(missing),
            expected="'listwise'",
        )
    rows = Rows.read(frame, [*names, key], weights=weights)
    x, y, w = rows.values[:, :-1], rows.values[:, -1], rows.weights
    floor, ceiling = _bounds(low, names, "low"), _bounds(high, names, "high")
    if (floor >= ceiling).any():
        raise InputError(
            "the low bound must lie below the high bound",
            where="low, high",
            found=f"{floor.max():g}, {ceiling.min():g}",
        )
    poor, good = x <= floor + 1e-9, x >= ceiling - 1e-9
    for label, dummies in (("low", poor), ("high", good)):
        few = dummies.sum(axis=0) < min_base
        if few.any():
            raise InputError(
                f"too few rows rate the driver {label}",
                where="items",
                found=", ".join(f"{nm} ({c})" for nm, c, f in zip(names, dummies.sum(axis=0), few, strict=True) if f),
                expected=f"at least {min_base}",
                action=f"Move the bound {label}=, or leave the driver out.",
            )
    design = np.column_stack([np.ones(len(x)), poor, good])
    p, df = len(names), len(x) - 2 * len(names) - 1
    if df < 1:
        raise InputError(
            "fewer rows than coefficients",
            where="items",
            found=f"{len(x)} rows",
            expected=f"at least {2 * p + 2}",
        )
    root = np.sqrt(w)[:, None]
    q, r = np.linalg.qr(design * root)
    if np.abs(np.diag(r)).min() < 1e-9 * np.abs(np.diag(r)).max():
        raise InputError(
            "two drivers are rated low, or high, by exactly the same people",
            where="items",
            action="Merge the drivers or move the bounds.",
        )
    coefficient = np.linalg.solve(r, q.T @ (y * root[:, 0]))
    residual = y - design @ coefficient
    leverage = (q**2).sum(axis=1)
    if (leverage > 1 - 1e-9).any():
        raise InputError("one row alone determines a coefficient", where="items", action="Move the bounds.")
    bread = np.linalg.inv(r.T @ r)
    meat = design * (w * residual / (1 - leverage))[:, None]
    covariance = bread @ (meat.T @ meat) @ bread
    centred = y - w @ y / w.sum()
    r_squared = 1 - (w @ residual**2) / (w @ centred**2)
    penalty, reward = coefficient[1 : p + 1], coefficient[p + 1 :]
    variance = np.diag(covariance)
    se_penalty, se_reward = np.sqrt(variance[1 : p + 1]), np.sqrt(variance[p + 1 :])
    difference = penalty + reward
    cross = covariance[np.arange(1, p + 1), np.arange(p + 1, 2 * p + 1)]
    t = difference / np.sqrt(variance[1 : p + 1] + variance[p + 1 :] + 2 * cross)
    p_value = 2 * stdtr(df, -np.abs(t))
    quantile = stdtrit(df, (1 + ci) / 2)
    acts = (np.abs(penalty) > quantile * se_penalty) | (np.abs(reward) > quantile * se_reward)
    kind = np.where(
        p_value < 1 - ci,
        np.where(difference < 0, "basic", "excitement"),
        np.where(acts, "performance", "neutral"),
    )
    odd = (penalty > quantile * se_penalty) | (reward < -quantile * se_reward)
    if odd.any():
        warn(
            f"{', '.join(str(nm) for nm, o in zip(names, odd, strict=True) if o)}: a poor rating goes with "
            "a better outcome, or a good one with a worse. Check whether the item is reversed or drivers "
            "overlap."
        )
    cost, gain = np.maximum(-penalty, 0.0), np.maximum(reward, 0.0)
    with np.errstate(invalid="ignore"):
        asymmetry = (gain - cost) / (gain + cost)
    table = pd.DataFrame(
        {
            "item": names,
            "penalty": penalty,
            "penalty_se": se_penalty,
            "penalty_low": penalty - quantile * se_penalty,
            "penalty_high": penalty + quantile * se_penalty,
            "reward": reward,
            "reward_se": se_reward,
            "reward_low": reward - quantile * se_reward,
            "reward_high": reward + quantile * se_reward,
            "asymmetry": asymmetry,
            "difference": difference,
            "p_value": p_value,
            "kind": kind,
            "n_low": poor.sum(axis=0),
            "n_high": good.sum(axis=0),
        }
    )
    return PenaltyReward(table, float(coefficient[0]), float(r_squared), rows.n, rows.n_dropped, ci, covariance)


def _bounds(bound, names: list, where: str) -> np.ndarray:
    if isinstance(bound, dict):
        gone = [str(name) for name in names if name not in bound]
        if gone:
            raise InputError("no bound for a driver", where=where, found=", ".join(gone))
        return np.array([bound[name] for name in names], dtype=float)
    return np.full(len(names), float(bound))
