"""Grades by attainment: the share of a unit's businesses that kept or improved on their target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtr

from csi_lib.chapters.grade.rules import NO_SCORE, Grades, falling_limits, given_probability, graded, need_columns
from csi_lib.errors import InputError
from csi_lib.measure.exact import reaches

#: grade → least share of a unit's businesses on target (P: docs/method/evaluation.md#grades); the last takes the rest
ATTAINMENT = {"excellent": 1.0, "ordinary": 0.5, "poor": 0.0}


def attainment_grades(businesses: pd.DataFrame, *, shares: Mapping[str, float] = ATTAINMENT) -> Grades:
    """Grade by the share of a unit's businesses that kept or improved on their target (rule of 2020 on).

    Parameters
    ----------
    businesses : ``unit business score target``. Businesses without score or target are not evaluated; a unit without any
        is ungraded.
    shares : grade → the least share on target, best first; the last takes everything below.

    Notes
    -----
    ``score`` of the result is that share (0–1). Scores are compared unrounded (a tie in twelve digits reaches the target).

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> businesses = pd.DataFrame({"unit": ["a", "a"], "business": ["x", "y"], "score": [80.0, 70.0], "target": [79.0, 75.0]})
    >>> csi_lib.attainment_grades(businesses).frame[["unit", "score", "grade"]]
      unit  score     grade
    0    a    0.5  ordinary
    """
    need_columns(businesses, ["unit", "business", "score", "target"])
    if businesses.duplicated(["unit", "business"]).any():
        row = businesses[businesses.duplicated(["unit", "business"])].iloc[0]
        raise InputError("a unit has the same business twice", found=f"{row['unit']}, {row['business']}")
    limits = list(falling_limits(shares).values())
    kept = (
        pd.Series(reaches(businesses["score"], businesses["target"]), index=businesses.index)
        .astype(float)
        .where(_evaluated(businesses))
    )
    share = kept.groupby(businesses["unit"], sort=False).mean()
    value = share.to_numpy(float)
    # a half of three businesses is 1.5: the share decides, compared with room for its floating error
    place = sum((value < limit - 1e-9).astype(int) for limit in limits[:-1])
    grade = np.where(np.isnan(value), None, np.array(list(shares), dtype=object)[place])
    reason = [NO_SCORE if np.isnan(v) else None for v in value]
    return graded(share.index, None, share, grade, reason, tuple(shares))


def attainment_probabilities(businesses: pd.DataFrame, *, shares: Mapping[str, float] = ATTAINMENT) -> pd.DataFrame:
    """How likely each grade of `attainment_grades` is under sampling error, exactly.

    A business is on target with probability Φ((score − target)/√(se² + target_se²)); the number on target among a unit's
    independent businesses is Poisson-binomial. ``target_se`` (0 where absent) is the error of a target that is itself a
    measured score, such as last year's. Returns a frame like that of `grade_probabilities`; null where an error is missing.

    R: ``poibin::ppoibin``.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> businesses = pd.DataFrame({"unit": ["a"], "business": ["x"], "score": [80.0], "se": [1.0], "target": [79.0]})
    >>> csi_lib.attainment_probabilities(businesses).round(2)
          excellent  ordinary  poor  other
    unit
    a          0.84       0.0  0.16   0.16
    """
    need_columns(businesses, ["unit", "business", "score", "target", "se"])
    given = attainment_grades(businesses, shares=shares)
    least = np.array(list(falling_limits(shares).values()))
    table = businesses[_evaluated(businesses)]
    target_se = table["target_se"].fillna(0.0) if "target_se" in table else 0.0
    error = np.sqrt(table["se"].astype(float) ** 2 + target_se**2)
    gap = (table["score"] - table["target"]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        on_target = np.where(error > 0, ndtr(gap / error), np.where(error == 0, reaches(gap, 0).astype(float), np.nan))
    of_unit = pd.Series(on_target, index=table.index).groupby(table["unit"], sort=False)
    chances = {unit: _attained(p.to_numpy(float), least) for unit, p in of_unit}
    missing = np.full(len(shares), np.nan)
    probability = np.array([chances.get(unit, missing) for unit in given.frame["unit"]]).reshape(-1, len(shares))
    out = pd.DataFrame(probability, index=pd.Index(given.frame["unit"], name="unit"), columns=list(shares))
    out["other"] = 1 - given_probability(probability, given)
    return out


def _attained(on_target: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Probability of each grade from the probabilities that single businesses are on target."""
    if np.isnan(on_target).any():
        return np.full(len(least), np.nan)
    number = np.ones(1)
    for p in on_target:
        number = np.convolve(number, [1 - p, p])
    share = np.arange(len(number)) / len(on_target)
    place = np.sum(share[:, None] < least[None, :-1] - 1e-9, axis=1)
    return np.bincount(place, weights=number, minlength=len(least))


def _evaluated(businesses: pd.DataFrame) -> pd.Series:
    return businesses["score"].notna() & businesses["target"].notna()
