"""Families of comparison: differences that are read together are judged together, once.

A study declares the control (``comparisons: {control: holm}``). Every difference that a report states goes through
`judged` with the family it is read in; its p-value and its interval are those of the family from then on, so no table,
sentence, figure or slide can decide otherwise. ``se`` and ``df`` stay those of the difference alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import stdtrit

from csi_lib.study.reading import CONTROLS, reading
from csi_lib.survey.comparisons import adjust_p
from csi_lib.survey.estimates import Estimates, t_p_value


def judged(frame: pd.DataFrame, family: Sequence[Hashable] | None = None, *, least: int | None = None) -> pd.DataFrame:
    r"""Differences with the p-values and intervals that hold in their family.

    Parameters
    ----------
    frame : results rows of differences, with ``estimate se df n`` (a ``p_value`` counts where there is no se).
    family : label of each row's family; None puts all in one.
    least : base below which a difference is not tested; default ``report.minimum_base`` (months and the like: 0).

    Returns
    -------
    The same rows; ``p_value`` adjusted by ``comparisons.control`` within the family, and the interval
    :math:`d \pm t_{1-\alpha s/2}\,se` with :math:`s = p/p_{adj}` (at most 1/k where :math:`p_{adj} = 1`), k the number of comparisons that the step of the
    control counts: it excludes 0 exactly where the adjusted p-value is below 1 − confidence. A difference that rests on fewer than
    `least` is not tested, has neither p-value nor interval, and does not count. Judging twice changes nothing. R: ``p.adjust``.
    """
    rule, out = reading(), frame.copy()
    number = lambda column: pd.to_numeric(out[column], errors="coerce").to_numpy(float, na_value=np.nan)
    gap, se, df, given = (number(c) for c in ("estimate", "se", "df", "p_value"))
    raw = t_p_value(gap, se, df)
    raw = np.where(np.isfinite(raw), raw, given)
    enough = np.nan_to_num(number("n")) >= (rule.compared_base if least is None else least)
    live = np.isfinite(raw) & enough
    adjusted, share = np.full(len(out), np.nan), np.ones(len(out))
    codes = np.zeros(len(out), int) if family is None else pd.factorize(pd.Series(list(family), dtype=object))[0]
    for code in np.unique(codes):
        own = np.flatnonzero((codes == code) & live)
        if len(own):
            adjusted[own] = adjust_p(raw[own], method=rule.comparisons.control)
            share[own] = _share(raw[own], adjusted[own], rule.comparisons.control)
    out["p_value"] = adjusted
    with np.errstate(invalid="ignore"):
        half = stdtrit(np.where(df > 0, df, np.nan), 1 - (1 - rule.confidence) * share / 2) * se
    wide = live & np.isfinite(half)
    given_low, given_high = (np.where(enough, number(c), np.nan) for c in ("ci_low", "ci_high"))
    out["ci_low"] = np.where(wide, gap - half, given_low)
    out["ci_high"] = np.where(wide, gap + half, given_high)
    return out


def _share(raw: np.ndarray, adjusted: np.ndarray, control: str) -> np.ndarray:
    """The part of the error that each comparison of a family may take."""
    m = len(raw)
    rank = np.argsort(np.argsort(raw, kind="stable"), kind="stable")
    count = {"none": np.ones(m), "bonferroni": np.full(m, m), "holm": m - rank, "bh": m / (rank + 1)}[control]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(adjusted > 0, raw / adjusted, 1 / count)
    return np.where(adjusted < 1, share, np.minimum(raw, 1 / count))


def judged_estimates(estimates: Estimates, family: Sequence[Hashable] | None = None) -> Estimates:
    """`judged` of differences that keep their joint distribution."""
    return Estimates(judged(estimates.frame, family), estimates.influence)


def extremes(estimates: Estimates, positions: Sequence[int]) -> tuple[pd.Series, pd.Series, pd.DataFrame] | None:
    """The highest and the lowest of these rows and the difference between the two, corrected for having looked.

    Rows on fewer than ``report.minimum_base`` take no part. The difference is judged in the family of all pairs of the rows, so
    where all true values are equal at most 5 % of such differences are called significant (holm, bonferroni; the significance
    letters of the statistics tables judge the same family). None with fewer than two rows.
    """
    (found,), gaps = extremes_of_each(estimates, [positions])
    if found is None:
        return None
    high, low, gap = found
    return estimates.frame.iloc[high], estimates.frame.iloc[low], gaps.iloc[[gap]].reset_index(drop=True)


def extremes_of_each(
    estimates: Estimates, sets: Sequence[Sequence[int]]
) -> tuple[list[tuple[int, int, int] | None], pd.DataFrame]:
    """`extremes` of many sets of rows, each a family of its own, all computed together: of each set the positions of the
    highest and the lowest row and, in the frame of all differences, of the one between them."""
    rule, frame = reading(), estimates.frame
    value, se, n = (frame[c].to_numpy(float, na_value=np.nan) for c in ("estimate", "se", "n"))
    lives = [
        sorted((p for p in positions if np.isfinite(value[p]) and np.isfinite(se[p]) and rule.compares(n[p])),
               key=lambda p: -value[p])
        for positions in sets
    ]  # fmt: skip
    pairs = [(family, i, j) for family, live in enumerate(lives) for i, j in combinations(live, 2)]
    if not pairs:
        return [None] * len(lives), pd.DataFrame()
    families, left, right = (np.array(part) for part in zip(*pairs, strict=True))
    columns, ones = np.arange(len(pairs)), np.ones(len(pairs))
    matrix = sparse.csr_matrix(
        (np.concatenate([ones, -ones]), (np.concatenate([left, right]), np.concatenate([columns, columns]))),
        shape=(len(frame), len(pairs)),
    )
    first, second = (frame.iloc[at].reset_index(drop=True) for at in (left, right))
    keys = first.assign(
        statistic="difference", versus=second["statistic"].astype(str) + ":" + _named(first, second),
        unit=first["unit"].replace({"proportion": "pp"}), n=np.minimum(first["n"], second["n"]), df=np.nan, deff=np.nan,
        n_effective=np.nan, n_weighted=np.nan, value_text=None, flag=None,
    )  # fmt: skip
    gaps = judged(estimates.combine(matrix, keys).frame, families)
    place = {pair: k for k, pair in enumerate(pairs)}
    found = [
        (live[0], live[-1], place[family, live[0], live[-1]]) if len(live) > 1 else None
        for family, live in enumerate(lives)
    ]
    return found, gaps


def _named(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """What the second of each pair is: its group, or its measure where that tells the two apart."""
    groups = "group1=" + second["group1"].astype("string").fillna("")
    return groups.where(first["measure"].eq(second["measure"]), "measure=" + second["measure"].astype("string"))


def change_family(row, roots: set[str], sides: set[str]) -> tuple:
    """The family in which the change of a number is read.

    Every index by itself; what a model measures beside it together; the nodes below it together; all items together; the answers
    of one question together; the groups of one variable together, number by number.
    """
    text = lambda key: "" if pd.isna(row[key]) else str(row[key])
    kind = str(row["versus"]).split(":")[0] if not pd.isna(row["versus"]) else text("statistic")
    measure, model, by = text("measure"), text("model"), text("by1")
    if reading().comparisons.family == "report" and not by:
        return ("report",)
    if by:
        return ("groups", measure, kind, model, by, text("by2"))
    if kind == "index":
        level = "index" if measure in roots else "side" if measure in sides else "nodes"
        return (level, model, measure if level == "index" else "")
    if kind == "share":
        name, _, code = measure.rpartition(":")
        return ("top", code) if code in ("top2", "top1", "bottom2") else ("answers", name)
    return (kind, model)


def correction_note(lang: str, *, ko: str, en: str) -> str:
    """The note of a table whose p-values and intervals hold for a family: `ko` and `en` say what is judged together."""
    rule = reading()
    if rule.comparisons.control == "none":
        return {"ko": "유의확률은 하나하나 따로 검정한 값이다.", "en": "p-values are those of single tests."}[lang]
    name = CONTROLS[rule.comparisons.control][lang == "en"]
    return {
        "ko": f"유의확률과 신뢰구간은 {ko} 함께 견주어 보정한 값이다({name}).",
        "en": f"p-values and intervals are adjusted for {en}, judged together ({name}).",
    }[lang]
