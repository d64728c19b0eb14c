"""Grades from scores: absolute, relative within a peer group; how sure a grade is; what follows from it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr

from csi_lib.errors import InputError
from csi_lib.measure.exact import exceeds, snapped
from csi_lib.measure.shown import Result
from csi_lib.prose.rounding import round_half_up

#: grade → share of the group (P: docs/method/evaluation.md#grades); the first is the best
RATIO = {"S": 1, "A": 4, "B": 4, "C": 1}
#: groups below this size are not graded (D: docs/method/evaluation.md#grades)
MINIMUM_GROUP = 10
#: why a unit has no grade
NO_SCORE, SMALL_GROUP, NEW = "no score", "small group", "new"


@dataclass(frozen=True, repr=False)
class Grades(Result):
    """Grades of a round.

    Attributes
    ----------
    frame : ``unit group score grade reason``, one row per unit in the order given; ``grade`` is null where ``reason``
        says why (``no score``, ``small group``, ``new``).
    scale : the grades, best first.
    """

    TABLE: ClassVar[str | None] = "frame"

    frame: pd.DataFrame
    scale: tuple[str, ...]

    @property
    def counts(self) -> pd.DataFrame:
        """``grade n share`` of every grade, and a last row with null grade for the ungraded; the sum is all units."""
        n = [int((self.frame["grade"] == g).sum()) for g in self.scale]
        n.append(len(self.frame) - sum(n))
        return pd.DataFrame(
            {
                "grade": pd.array([*self.scale, None], dtype="str"),
                "n": n,
                "share": np.array(n) / max(len(self.frame), 1),
            }
        )

    def of(self, unit) -> str | None:
        """Grade of one unit, or None."""
        found = self.frame.loc[self.frame["unit"] == unit, "grade"]
        if len(found) != 1:
            raise InputError(
                "this unit is not in the round", found=repr(unit), expected=f"one of {len(self.frame)} units"
            )
        return None if pd.isna(found.iloc[0]) else str(found.iloc[0])


def absolute_grades(scores: pd.Series, *, cuts: Mapping[str, float | None], digits: int | None = None) -> Grades:
    """Grade by fixed limits: the best grade whose lower limit the score reaches.

    Parameters
    ----------
    scores : unit → score in points; missing scores stay ungraded.
    cuts : grade → lower limit, best first; the last may be None (everything below).
    digits : decimals to which scores are printed; given, the printed score is graded (half-up), so that nobody sees
        90.0 with the grade of 89.96.

    Notes
    -----
    R: ``cut(x, c(-Inf, 80, 85, 90, Inf), right = FALSE)``.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> scores = pd.Series({"a": 91.0, "b": 84.0})
    >>> csi_lib.absolute_grades(scores, cuts={"S": 90, "A": 80, "B": None}).frame[["unit", "grade"]]
      unit grade
    0    a     S
    1    b     A
    """
    limits = list(falling_limits(cuts).values())
    value = _printed(scores.to_numpy(float), digits)
    place = sum(exceeds(limit, value).astype(int) for limit in limits)
    names = np.array([*cuts, None], dtype=object)
    grade = np.where(np.isnan(value), None, names[np.minimum(place, len(limits))])
    reason = [
        NO_SCORE if np.isnan(v) else None if g is not None else "below the scale"
        for v, g in zip(value, grade, strict=True)
    ]
    return graded(scores.index, None, scores, grade, reason, tuple(cuts))


def relative_counts(n: int, ratio: Mapping[str, float] = RATIO) -> dict[str, int]:
    """How many units of a group of `n` get each grade: n·ratio/Σratio by largest remainder.

    Whole parts first; the rest goes to the largest remainders, equal remainders to the better grade [D].
    """
    weights = np.array(list(ratio.values()), dtype=float)
    if n < 0 or (weights < 0).any() or not weights.sum() > 0:
        raise InputError("a ratio has shares of at least 0, not all 0", found=f"n={n}, ratio={dict(ratio)}")
    exact = n * weights / weights.sum()
    whole = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-np.round(exact - whole, 9), kind="stable")
    whole[order[: n - whole.sum()]] += 1
    return dict(zip(ratio, whole.tolist(), strict=True))


def relative_grades(
    scores: pd.Series,
    groups: pd.Series | None = None,
    *,
    ratio: Mapping[str, float] = RATIO,
    minimum_group: int = MINIMUM_GROUP,
    digits: int | None = None,
) -> Grades:
    """Grade by rank within each group, in the shares of `ratio`.

    Units with a score are counted out by `relative_counts`. Equal scores get the same grade, the better one where a
    boundary runs through them, so a grade may hold more than its share. Groups with fewer than `minimum_group` scored
    units are not graded. Where all scores of a group are equal, all take the best grade; `boundary_ties` flags them.

    Parameters
    ----------
    scores : unit → score; groups : unit → functional group (None: one group); digits : see `absolute_grades`.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> scores = pd.Series({f"u{i}": 70.0 + i for i in range(10)})
    >>> csi_lib.relative_grades(scores).frame["grade"].tolist()
    ['C', 'B', 'B', 'B', 'B', 'A', 'A', 'A', 'A', 'S']
    """
    groups = pd.Series("", index=scores.index) if groups is None else groups.reindex(scores.index)
    if groups.isna().any():
        raise InputError("units without a group", found=", ".join(map(str, groups.index[groups.isna()][:5])))
    value = _printed(scores.to_numpy(float), digits)
    grade, reason = np.full(len(value), None, dtype=object), np.full(len(value), None, dtype=object)
    reason[np.isnan(value)] = NO_SCORE
    for name in groups.unique():
        members = np.flatnonzero((groups == name).to_numpy() & ~np.isnan(value))
        if len(members) < minimum_group:
            reason[members] = SMALL_GROUP
            continue
        grade[members] = _by_rank(value[members][None, :], relative_counts(len(members), ratio))[0]
    return graded(scores.index, groups, scores, grade, reason, tuple(ratio))


def boundary_ties(grades: Grades, ratio: Mapping[str, float] = RATIO, *, digits: int | None = None) -> pd.Series:
    """Unit → whether its grade hangs on a tie: a boundary of the counted-out grades runs through its score.

    Without the rule that ties take the better grade, some of these units would have the one below.
    """
    frame = grades.frame
    tied = pd.Series(False, index=frame["unit"])
    value = _printed(frame["score"].to_numpy(float), digits)
    for _, members in frame[frame["grade"].notna()].groupby("group", sort=False, dropna=False):
        at = members.index.to_numpy()
        ordered = np.sort(value[at])[::-1]
        for place in np.cumsum(list(relative_counts(len(at), ratio).values()))[:-1]:
            if 0 < place < len(ordered) and ordered[place - 1] == ordered[place]:
                tied.iloc[at[value[at] == ordered[place]]] = True
    return tied


def grade_probabilities(
    scores: pd.Series,
    se: pd.Series,
    *,
    rule: str,
    groups: pd.Series | None = None,
    cuts: Mapping[str, float | None] | None = None,
    ratio: Mapping[str, float] = RATIO,
    minimum_group: int = MINIMUM_GROUP,
    draws: int = 4000,
    seed: int = 0,
) -> pd.DataFrame:
    """How likely each grade is if the survey were taken again, and how likely another grade than the one given.

    Parameters
    ----------
    scores, se : unit → score and its standard error (0: known exactly). Agencies are independent samples.
    rule : ``absolute`` (exact: Φ((limit − score)/se)) or ``relative`` (parametric bootstrap with `draws` rounds, in which
        all agencies of a group vary together, because one agency's grade depends on the others').

    Returns
    -------
    frame indexed by unit: one column per grade with its probability, and ``other``: 1 − the probability of the grade
    given. Null for the ungraded and for units without standard error.

    Notes
    -----
    The bootstrap centres on the estimated scores, which scatter more than the true ones; near the middle of a dense group
    the probability of another grade is therefore, if anything, too low.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> scores, se = pd.Series({"a": 91.0, "b": 84.0}), pd.Series({"a": 1.0, "b": 1.0})
    >>> csi_lib.grade_probabilities(scores, se, rule="absolute", cuts={"S": 90, "A": None}).round(2)
          S     A  other
    a  0.84  0.16   0.16
    b  0.00  1.00   0.00
    """
    se = se.reindex(scores.index)
    if rule == "absolute":
        given = absolute_grades(scores, cuts=cuts or {})
        probability = _absolute_probability(scores.to_numpy(float), se.to_numpy(float), falling_limits(cuts or {}))
    elif rule == "relative":
        given = relative_grades(scores, groups, ratio=ratio, minimum_group=minimum_group)
        probability = _relative_probability(given, se.to_numpy(float), ratio, draws, seed)
    else:
        raise InputError("unknown rule of grading", found=repr(rule), expected="absolute or relative")
    out = pd.DataFrame(probability, index=scores.index, columns=list(given.scale))
    out["other"] = 1 - given_probability(probability, given)
    out.loc[given.frame["grade"].isna().to_numpy() | se.isna().to_numpy()] = np.nan
    return out


def given_probability(probability: np.ndarray, given: Grades) -> np.ndarray:
    """The probability of the grade that was given, null where there is none."""
    own = [
        row[given.scale.index(g)] if isinstance(g, str) else np.nan
        for row, g in zip(probability, given.frame["grade"], strict=True)
    ]
    return np.array(own, dtype=float)


def _absolute_probability(score, se, limits: Mapping[str, float]) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        below = [
            np.where(se > 0, ndtr((limit - score) / se), exceeds(limit, score).astype(float))
            if np.isfinite(limit)
            else np.zeros(len(score))
            for limit in limits.values()
        ]
    above = np.concatenate([[np.ones(len(score))], below])
    return (above[:-1] - np.array(below)).T


def _relative_probability(given: Grades, se, ratio, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    frame, out = given.frame, np.full((len(given.frame), len(given.scale)), np.nan)
    names = np.array(given.scale, dtype=object)
    for _, members in frame[frame["grade"].notna()].groupby("group", sort=False):
        at = members.index.to_numpy()
        spread = np.nan_to_num(se[at])
        drawn = members["score"].to_numpy(float) + spread * rng.standard_normal((draws, len(at)))
        grades = _by_rank(drawn, relative_counts(len(at), ratio))
        out[at] = np.stack([(grades == g).mean(axis=0) for g in names], axis=1)
    return out


def _by_rank(values: np.ndarray, counts: Mapping[str, int]) -> np.ndarray:
    """Grades of each row of `values` (rounds × units): the first grade whose cumulated count reaches the rank."""
    ordered = np.sort(values, axis=1)
    above = np.stack([len(o) - np.searchsorted(o, v, side="right") for o, v in zip(ordered, values, strict=True)])
    last = np.cumsum(list(counts.values()))
    return np.array(list(counts), dtype=object)[np.searchsorted(last, above + 1)]


def two_years_running(grades: pd.DataFrame, *, classes: Mapping[str, Sequence[str]], year: int) -> pd.DataFrame:
    """Units in the same class in `year` and in the year before: what follow-up measures are decided on.

    grades : ``unit year grade``; classes : name → grades it holds, e.g. ``{"excellent": ["S"], "improve": ["B", "C"]}``.
    Returns ``unit class``; a unit ungraded or absent in one of the years is in no class.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> grades = pd.DataFrame({"unit": ["a", "a"], "year": [2023, 2024], "grade": ["S", "S"]})
    >>> csi_lib.two_years_running(grades, classes={"excellent": ["S"]}, year=2024)
      unit      class
    0    a  excellent
    """
    need_columns(grades, ["unit", "year", "grade"])
    if grades.duplicated(["unit", "year"]).any():
        raise InputError(
            "a unit has two grades in one year",
            found=str(grades.loc[grades.duplicated(["unit", "year"]), "unit"].iloc[0]),
        )
    wide = grades.pivot(index="unit", columns="year", values="grade").reindex(columns=[year - 1, year])
    rows = [
        {"unit": unit, "class": name}
        for unit, before, now in wide.itertuples(name=None)
        for name, members in classes.items()
        if before in members and now in members
    ]
    return pd.DataFrame(rows, columns=["unit", "class"])


def consulting_cohorts(
    running: pd.DataFrame, sizes: Mapping[str, str], *, wanted: str, cohorts: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Cohorts of agencies invited to consulting: those of class `wanted` two years running, by size.

    running : of `two_years_running`; sizes : unit → size; cohorts : cohort → sizes it takes. Returns ``cohort unit size``.
    Raises InputError for a unit whose size no cohort takes: nobody is left out silently.
    """
    place = {size: cohort for cohort, members in cohorts.items() for size in members}
    rows = []
    for unit in running.loc[running["class"] == wanted, "unit"]:
        size = sizes.get(unit)
        if size not in place:
            raise InputError(
                "no consulting cohort takes this size",
                where=f"unit {unit!r}",
                found=repr(size),
                expected=", ".join(place),
            )
        rows.append({"cohort": place[size], "unit": unit, "size": size})
    out = pd.DataFrame(rows, columns=["cohort", "unit", "size"])
    order = {cohort: i for i, cohort in enumerate(cohorts)}
    return out.sort_values("cohort", key=lambda c: c.map(order), kind="stable").reset_index(drop=True)


def ungraded_remainder(published: Mapping[str, int], total: int) -> int:
    """Units of a published round that the published grades leave out: total − Σ counts; never negative."""
    rest = total - sum(published.values())
    if rest < 0:
        raise InputError(
            "the published grades hold more units than the round", found=f"{sum(published.values())} of {total}"
        )
    return rest


def falling_limits(cuts: Mapping[str, float | None]) -> dict[str, float]:
    limits = {g: -np.inf if c is None else float(c) for g, c in cuts.items()}
    values = list(limits.values())
    if len(values) < 2 or any(a <= b for a, b in itertools.pairwise(values)):
        raise InputError("the limits of grades fall from the best to the last", found=str(dict(cuts)),
                         expected="such as {S: 90, A: 85, B: 80, C: null}")  # fmt: skip
    return limits


def _printed(values: np.ndarray, digits: int | None) -> np.ndarray:
    if digits is None:  # ties and limits are decided on twelve digits, not on the last bit
        return np.array([snapped(v) for v in values])
    return np.array([np.nan if np.isnan(v) else float(round_half_up(v, digits)) for v in values])


def graded(units, groups, scores, grade, reason, scale) -> Grades:
    frame = pd.DataFrame(
        {
            "unit": list(units),
            "group": None if groups is None else groups.to_numpy(),
            "score": scores.to_numpy(float),
            "grade": pd.array([None if g is None else str(g) for g in grade], dtype="str"),
            "reason": pd.array(list(reason), dtype="str"),
        }
    )
    if frame["unit"].duplicated().any():
        raise InputError(
            "a unit stands twice in the round", found=str(frame.loc[frame["unit"].duplicated(), "unit"].iloc[0])
        )
    return Grades(frame, scale)


def need_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    if missing := [c for c in columns if c not in frame.columns]:
        raise InputError(
            f"a column is missing: {', '.join(missing)}",
            found=", ".join(map(str, frame.columns)),
            expected=", ".join(columns),
        )
