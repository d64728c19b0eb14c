"""Grade moves since last year: of consulted bodies against bodies that were not, with regression to the mean named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from csi_lib.chapters.grade.grades import GradeSheet
from csi_lib.measure.shown import Result
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.reading import confidence
from csi_lib.tables.table import Column, Row, Table


@dataclass(frozen=True, repr=False)
class Moves(Result):
    """Moves in grades (1 = one grade better) of the consulted bodies against others.

    frame : ``unit before after move consulted`` of the bodies graded in both years.
    raw : mean move of the consulted − mean move of all others; it holds the regression to the mean.
    expected : mean move of the others with the grades the consulted had before (how much they would move anyway).
    effect, se, df, ci_low, ci_high, p_value : the consulted − `expected`, ``Σ_g w_g (m1_g − m0_g)``, ``w_g`` the share of
        grade ``g`` among the consulted, with the common spread within cells; null where it cannot be had.
    matched, left_out : consulted bodies with and without others of the same grade before.
    """

    SUMMARY: ClassVar[tuple[str, ...]] = (
        "effect",
        "ci_low",
        "ci_high",
        "p_value",
        "raw",
        "expected",
        "matched",
        "left_out",
    )
    TABLE: ClassVar[str | None] = "frame"

    frame: pd.DataFrame
    raw: float
    expected: float
    effect: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    p_value: float
    matched: int
    left_out: int


def grade_moves(
    before: pd.DataFrame, after: pd.DataFrame, *, scale: tuple[str, ...], ci: float | None = None
) -> Moves | None:
    """Compare the moves of consulted bodies with those that began at the same grade; None where nobody was consulted.

    Bodies are invited because their grade was poor, and a poor grade is partly bad luck: without any help they would rise on
    average. Only others that began as low say by how much.

    Parameters
    ----------
    before, after : ``unit grade`` of two rounds; ``after`` also ``consulted`` (1: between the rounds).
    scale : the grades, best first.

    Notes
    -----
    R: ``lm(move ~ consulted * factor(before))`` and the contrast weighted by the consulted.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> before = pd.DataFrame({"unit": list("abcdef"), "grade": list("CCCCBB")})
    >>> after = pd.DataFrame({"unit": list("abcdef"), "grade": list("ABBCBB"), "consulted": [1, 1, 0, 0, 0, 0]})
    >>> found = csi_lib.grade_moves(before, after, scale=("S", "A", "B", "C"))
    >>> found.raw, found.expected, found.effect
    (1.25, 0.5, 1.0)
    """
    if "consulted" not in after:
        return None
    place = {g: i for i, g in enumerate(scale)}
    both = before[["unit", "grade"]].merge(
        after[["unit", "grade", "consulted"]], on="unit", suffixes=("_before", "_after")
    )
    both = both.dropna(subset=["grade_before", "grade_after"])
    frame = pd.DataFrame(
        {
            "unit": both["unit"],
            "before": both["grade_before"],
            "after": both["grade_after"],
            "move": both["grade_before"].map(place).astype(float) - both["grade_after"].map(place).astype(float),
            "consulted": both["consulted"].fillna(0).astype(bool),
        }
    ).reset_index(drop=True)
    mine, others = frame[frame["consulted"]], frame[~frame["consulted"]]
    if not len(mine) or not len(others):
        return None
    raw = float(mine["move"].mean() - others["move"].mean())
    matched = mine[mine["before"].isin(set(others["before"]))]
    cells = {
        g: (matched.loc[matched["before"] == g, "move"], others.loc[others["before"] == g, "move"])
        for g in scale
        if (matched["before"] == g).any()
    }
    if not cells:
        return Moves(frame, raw, *[np.nan] * 7, 0, len(mine))
    weight = {g: len(a) / len(matched) for g, (a, _) in cells.items()}
    expected = float(sum(weight[g] * b.mean() for g, (_, b) in cells.items()))
    effect = float(sum(weight[g] * (a.mean() - b.mean()) for g, (a, b) in cells.items()))
    groups = [x for pair in cells.values() for x in pair]
    df = float(sum(len(x) - 1 for x in groups))
    spread = sum(float(((x - x.mean()) ** 2).sum()) for x in groups)
    se = np.nan
    if df > 0 and spread > 0:
        se = float(
            np.sqrt(spread / df * sum(weight[g] ** 2 * (1 / len(a) + 1 / len(b)) for g, (a, b) in cells.items()))
        )
    half = stdtrit(df, 0.5 + confidence(ci) / 2) * se if se == se else np.nan
    p = float(2 * stdtr(df, -abs(effect) / se)) if se == se else np.nan
    return Moves(
        frame, raw, expected, effect, se, df, effect - half, effect + half, p, len(matched), len(mine) - len(matched)
    )


def moves_table(chapter, found: Moves) -> Table:
    """Rises, equal grades and falls of the consulted and of the others."""
    t = chapter.text
    heads = {"rose": t(ko="오름", en="Rose"), "same": t(ko="그대로", en="Same"), "fell": t(ko="내림", en="Fell")}
    columns = (
        Column("group", t(ko="집단", en="Group"), "left", "stub"),
        Column("n", t(ko="기관 수", en="Units"), "right", "base"),
        *(Column(k, label) for k, label in heads.items()),
        Column("mean", t(ko="평균 이동(단계)", en="Mean move (grades)")),
    )
    names = {True: t(ko="컨설팅을 받은 기관", en="Consulted"), False: t(ko="받지 않은 기관", en="Not consulted")}
    body = []
    for consulted, label in names.items():
        move = found.frame.loc[found.frame["consulted"] == consulted, "move"]
        counts = {"rose": int((move > 0).sum()), "same": int((move == 0).sum()), "fell": int((move < 0).sum())}
        key = {"measure": "grade moves", "by1": "consulted", "group1": "yes" if consulted else "no", "n": len(move)}
        rows = [
            {**key, "by2": "move", "group2": k, "statistic": "count", "estimate": n, "unit": "number"}
            for k, n in counts.items()
        ]
        rows.append({**key, "statistic": "mean", "estimate": float(move.mean()), "unit": "ratio"})
        made = chapter.record(rows, counts="units").to_dict("records")
        body.append(Row((label, Number.from_row(made[0], "n"), *(Number.from_row(r) for r in made))))
    caption = t(ko="지난해 이후의 등급 이동", en="Grade moves since last year")
    return Table("grade-moves", caption, columns, tuple(body), lang=chapter.lang)


def moves_sentences(chapter, found: Moves) -> list[Sentence]:
    """What the consulted moved beyond what bodies with the same grade before moved anyway."""
    n = int(found.frame["consulted"].sum())
    key = {"measure": "grade moves", "unit": "ratio", "n": n}
    rows = chapter.record(
        [
            {**key, "statistic": "difference", "versus": "all others", "estimate": found.raw},
            {**key, "statistic": "mean", "versus": "same grade before", "estimate": found.expected},
            {**key, "statistic": "difference", "versus": "same grade before", "estimate": found.effect, "se": found.se,
             "df": found.df, "ci_low": found.ci_low, "ci_high": found.ci_high, "p_value": found.p_value},
        ],
        counts="units",
    ).to_dict("records")  # fmt: skip
    raw, expected, effect = (Number.from_row(r, signed=True) for r in rows)
    out = [
        chapter.sentence(
            ko="컨설팅을 받은 기관은 받지 않은 기관보다 평균 {raw}단계 더 움직였다. 그러나 낮은 등급에서 골라 컨설팅하므로 이 차이에는 아무 일이 없어도 되돌아오는 몫(평균으로의 회귀)이 섞여 있다.",
            en="Consulted bodies moved {raw} grades more than the others on average. But bodies are chosen for their low grade, so part of this would have come back by itself (regression to the mean).",
            raw=raw,
        )
    ]
    if found.effect != found.effect:
        out.append(chapter.sentence(ko="지난해 등급이 같았던 다른 기관이 없어 그 몫을 가를 수 없다.",
                                    en="No other body had the same grade last year, so that part cannot be told apart."))  # fmt: skip
        return out
    sure = found.p_value < chapter.reading.significance if found.p_value == found.p_value else False
    out.append(
        chapter.sentence(
            ko="지난해 등급이 같았던 다른 기관은 평균 {expected}단계 움직였고, 이를 뺀 컨설팅 기관의 이동은 {effect}단계로 "
            + ("그 차이가 유의하다." if sure else "컨설팅의 효과라고 말할 수 없다."),
            en="Other bodies with the same grade last year moved {expected}; beyond that the consulted moved {effect} grades, "
            + ("a significant difference." if sure else "which cannot be called an effect of consulting."),
            expected=expected, effect=effect,
        )
    )  # fmt: skip
    if found.left_out:
        left = chapter.record(
            [{**key, "statistic": "count", "versus": "left out", "estimate": found.left_out, "unit": "number"}],
            counts="units",
        )
        out.append(chapter.sentence(ko="견줄 기관이 없는 {n}곳은 뺐다.", en="Left out for want of others to compare with: {n}.",
                                    n=Number.from_row(left.iloc[0])))  # fmt: skip
    return out


def consulted_moves(chapter, sheet: GradeSheet, before: GradeSheet) -> Moves | None:
    """The moves of this round, where its source has a column ``consulted``."""
    return grade_moves(before.frame, sheet.frame, scale=sheet.scale)
