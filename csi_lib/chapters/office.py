"""What the chapters on records of an office share: rows from frames, hidden groups, boards of departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from csi_lib.evaluation.labels import period_words
from csi_lib.evaluation.small_groups import hidden_groups
from csi_lib.prose.numbers import Interval, Number
from csi_lib.tables.table import Column, Row, Table

#: what a public reader does not see of a hidden row
_VALUES = ["estimate", "se", "df", "ci_low", "ci_high", "p_value", "n"]


def recorded(
    chapter, rows: pd.DataFrame | Sequence[Mapping], *, hidden=None, names: Mapping[str, str] | None = None,
    flagged: bool = True, counts: str = "people", **constant
) -> pd.DataFrame:  # fmt: skip
    """Rows of this report with labels; `hidden` (a mask) is blanked in the public release, `names` label measures.

    Bases under the study's mark are `flagged`, except of counts, which rest on everything there is.
    """
    frame = pd.DataFrame(rows).reset_index(drop=True)
    n = pd.to_numeric(frame["n"])
    counted = frame.get("statistic", pd.Series(constant.get("statistic"), index=frame.index)).isin(
        ["count", "deduction"]
    )
    small = (n > 0) & (n < chapter.reading.small_base) & ~counted & flagged
    frame["flag"] = np.where(small, "small_base", None)
    if hidden is not None and chapter.release == "public":
        mask = np.asarray(hidden, dtype=bool)
        frame["suppressed"] = mask
        frame.loc[mask, [c for c in _VALUES if c in frame]] = np.nan
    out = chapter.record(frame, counts=counts, **constant)
    labelled = chapter.labels.attach(out)
    if names:
        labelled["measure_label"] = [
            names.get(m, label) for m, label in zip(out["measure"], labelled["measure_label"], strict=True)
        ]
    return labelled


def hidden_departments(chapter, rows: pd.DataFrame, by: str = "department") -> np.ndarray:
    """Mask of `rows` (one per department, null: all) whose base is too small to show, with what sums would give away."""
    mask = np.zeros(len(rows), dtype=bool)
    own = rows[by].notna().to_numpy()
    mask[own] = hidden_groups(rows.loc[own, "n"], min_base=chapter.study.privacy.min_base)
    return mask


def without_tiny(chapter, records: pd.DataFrame) -> pd.DataFrame:
    """`records` without departments of fewer people than ``min_staff``: their figures would be those of a person.

    They leave the totals too, in both editions, so that nothing can be computed back.
    """
    return records[~records["department"].isin(tiny(chapter))]


def tiny(chapter) -> set[str]:
    """Departments with too few people to be told apart from a person."""
    return chapter.system("departments").tiny(chapter.year) if "departments" in chapter.study.extensions else set()


def tiny_note(chapter):
    """The sentence that names the departments left out, or None."""
    names = [chapter.labels.group("department", d) for d in sorted(tiny(chapter))]
    if not names:
        return None
    return chapter.sentence(
        ko="{names:은/는} 직원이 적어 개인의 결과와 다름없으므로 부서별 결과와 합계에서 뺐다.",
        en="{names}: too few members of staff for a result that is not a person's, so left out of tables and totals.",
        names=names,
    )


def in_order(chapter, frame: pd.DataFrame, by: str = "department") -> pd.DataFrame:
    """Rows in the order of departments.yml, the total last."""
    if "departments" not in chapter.study.extensions:
        return frame
    place = {d: i for i, d in enumerate(chapter.system("departments").departments)}
    key = frame[by].map(lambda d: place.get(d, len(place)))
    return frame.iloc[np.argsort(key.to_numpy(dtype=float), kind="stable")].reset_index(drop=True)


def board(
    chapter, scores: pd.DataFrame, ranks: pd.DataFrame, *, name: str, caption: str, extra: Mapping[str, Sequence] | None = None,
    stub: str | None = None, heads: Mapping[str, str] | None = None, notes: Sequence = (), rows: str = "group1",
) -> Table:  # fmt: skip
    """Rank, name, score with interval, the ranks that sampling error leaves open, base; best first, hidden rows last.

    `scores` and `ranks` are results rows in the same order; `extra` are more columns: heading → cells.
    """
    text, extra = chapter.text, dict(extra or {})
    head = {"n": text(ko="사례수", en="n"), "score": text(ko="점수", en="Score"), **(heads or {})}
    columns = [
        Column("row", stub or text(ko="부서", en="Department"), "left", "stub"),
        Column("rank", text(ko="순위", en="Rank"), "right", "number"),
        Column("score", head["score"]),
        Column("ci", text(ko="95% 신뢰구간", en="95% interval")),
        Column("ranks", text(ko="가능한 순위", en="Possible ranks")),
        *(Column(f"extra{k}", title, "right" if _numeric(cells) else "left", "number" if _numeric(cells) else "text")
          for k, (title, cells) in enumerate(extra.items())),
        Column("n", head["n"], "right", "base"),
    ]  # fmt: skip
    body = []
    pairs = list(zip(scores.to_dict("records"), ranks.to_dict("records"), strict=True))
    order = sorted(range(len(pairs)), key=lambda i: (_last(pairs[i][1]["estimate"]), str(pairs[i][0][f"{rows}_label"])))
    for i in order:
        score, rank = pairs[i]
        # a small base is marked once, at the base
        cells = (str(score[f"{rows}_label"]), unmarked(Number.from_row(rank)), unmarked(Number.from_row(score)), Interval.from_row(score),
                 Interval.from_row(rank), *(unmarked(cells[i]) for cells in extra.values()), Number.from_row(score, "n"))  # fmt: skip
        body.append(Row(cells))
    tied = ranks["estimate"].dropna().duplicated().any()
    ties = [text(ko="적힌 점수가 같으면 같은 순위이다.", en="Equal printed scores share a rank.")] if tied else []
    possible = text(
        ko="‘가능한 순위’는 모두의 표본오차를 함께 감안한 범위이며, 범위가 겹치면 앞뒤를 말할 수 없다.",
        en="Possible ranks allow for the sampling error of all at once; where they overlap, the order is not known.",
    )
    return Table(name, caption, tuple(columns), tuple(body), (*ties, possible, *filter(None, notes)), chapter.lang)  # fmt: skip


def unmarked(cell):
    """The same number without the mark of a small base, for tables that set it beside the base."""
    return replace(cell, flag=None) if isinstance(cell, Number) else cell


def standing_rows(chapter, frame: pd.DataFrame, *, by: str, hidden=None, names=None, unit: str = "points", **constant):
    """(scores, ranks) as rows of this report from a `Standing.frame`; `constant` has measure, source, period …"""
    base = frame.assign(by1=by, group1=frame[by], unit=unit, statistic="mean")
    scores = recorded(chapter, base.drop(columns=["rank"]), hidden=hidden, names=names, **constant)
    places = base.assign(statistic="rank", unit="rank", estimate=frame["rank"].astype(float), se=np.nan, df=np.nan,
                         ci_low=frame["rank_low"], ci_high=frame["rank_high"])  # fmt: skip
    ranks = recorded(chapter, places.drop(columns=["rank"]), hidden=hidden, names=names, **constant)
    return scores, ranks


def change_row(change, **keys) -> dict:
    """A `before_after.Change` as a results row (statistic ``difference``)."""
    return {"statistic": "difference", "estimate": change.change, "se": change.se, "df": change.df, "ci_low": change.ci_low,
            "ci_high": change.ci_high, "p_value": change.p_value, "n": change.n_before + change.n_after, **keys}  # fmt: skip


def count_row(n: float, *, base: float | None = None, unit: str = "cases", **keys) -> dict:
    """A plain count as a results row; `base` is the number of records it was counted among."""
    return {"statistic": "count", "estimate": float(n), "n": float(n if base is None else base), "unit": unit, **keys}


def month_name(chapter, month: str, *, year: bool = False) -> str:
    """``2024-09`` as 9월 / Sep, with the year where the series has several."""
    period = pd.Period(month, "M")
    if chapter.lang == "ko":
        return f"{period.year}.{period.month}" if year else f"{period.month}월"
    short = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[period.month - 1]
    return f"{short} {period.year % 100:02d}" if year else short


def round_name(chapter, period: str) -> str:
    """``2024-H1`` as 2024 상반기 / 2024 H1; other rounds as they are written."""
    return period_words(period, chapter.lang)


def _numeric(cells: Sequence) -> bool:
    return any(isinstance(c, (Number, Interval)) for c in cells)


def _last(value) -> float:
    return float("inf") if value is None or value != value else float(value)
