"""Conspicuous answers: near-duplicates, haste, one answer throughout, runs of praise, interviewers who differ.

Each is an aid to looking closer, never proof: a genuine respondent may be quick, content and consistent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.chapters.integrity.compute import Aids
from csi_lib.study.base import written
from csi_lib.study.reading import reading
from csi_lib.survey.comparisons import adjust_p
from csi_lib.survey.quality import straight_lined

#: in the order in which they are told
AIDS = ("duplicate", "short", "straight", "ceiling_run", "interviewer")
#: fewest items two respondents must both have answered to be compared, and up to how many respondents all pairs are
MIN_ITEMS, ALL_PAIRS = 8, 6000


@dataclass(frozen=True, eq=False)
class Detection:
    """What the aids found.

    Attributes
    ----------
    flags : respondents × aids, True where conspicuous; an aid that could not be used is absent.
    interviewers : ``interviewer n mean difference p_value flagged`` (values, each against all others, Holm); empty without.
    icc : intraclass correlation of the values within interviewers (one-way analysis of variance, not below 0); None without.
    """

    flags: pd.DataFrame
    interviewers: pd.DataFrame
    icc: float | None

    @property
    def count(self) -> np.ndarray:
        """How many aids each respondent is conspicuous by."""
        return self.flags.sum(axis=1).to_numpy(int)


def detect(
    survey, values, *, aids: Aids | None = None, minutes: str | None = None, interviewer: str | None = None
) -> Detection:
    """Run every aid for which the survey has the columns.

    values : what each respondent contributes to the index (`person_values`), for the comparison of interviewers.
    minutes, interviewer : columns of the survey.
    """
    aids = aids or Aids()
    frame, book = survey.frame, survey.codebook
    items = [i for i in book.items if i in frame and frame[i].notna().any()]
    flags = {}
    if len(items) >= MIN_ITEMS:
        flags["duplicate"] = near_duplicates(frame[items].to_numpy(float), match=aids.match)
    if minutes is not None and minutes in frame and frame[minutes].notna().any():
        flags["short"] = (frame[minutes] < aids.short * frame[minutes].median()).to_numpy(bool)
    flags["straight"] = straight_lined(frame, book).to_numpy(bool)
    table, icc = pd.DataFrame(columns=["interviewer", "n", "mean", "difference", "p_value", "flagged"]), None
    if interviewer is not None and interviewer in frame and frame[interviewer].notna().any():
        who = frame[interviewer].map(written, na_action="ignore")
        flags["ceiling_run"] = ceiling_runs(_praise(frame, book, items), who, run=aids.ceiling_run)
        table, icc = interviewer_effect(values, who, minimum=aids.min_interviews)
        flags["interviewer"] = who.isin(table.loc[table["flagged"], "interviewer"]).to_numpy(bool)
    return Detection(pd.DataFrame({a: flags[a] for a in AIDS if a in flags}, index=frame.index), table, icc)


def near_duplicates(answers: np.ndarray, *, match: float) -> np.ndarray:
    """Respondents who share at least `match` of their answers with another one (both answered at least `MIN_ITEMS`).

    Those who gave one answer throughout are left to the aid for that. Beyond `ALL_PAIRS` respondents only identical answers
    are found. Source: Kuriakose and Robbins (2016), Statistical Journal of the IAOS 32:283.
    """
    n = len(answers)
    there = np.isfinite(answers)
    codes = np.where(there, answers, np.nan)
    with np.errstate(all="ignore"):
        varied = np.nan_to_num(np.where(there, codes, -np.inf).max(1)) > np.nan_to_num(
            np.where(there, codes, np.inf).min(1)
        )
    usable = np.flatnonzero((there.sum(1) >= MIN_ITEMS) & varied)
    out = np.zeros(n, bool)
    if n > ALL_PAIRS:
        same = pd.DataFrame(codes[usable]).duplicated(keep=False).to_numpy()
        out[usable[same]] = True
        return out
    x = codes[usable]
    for start in range(0, len(x), 256):
        block = x[start : start + 256, None, :]
        both = np.isfinite(block) & np.isfinite(x)[None]
        shared = both.sum(2)
        equal = ((block == x[None]) & both).sum(2) / np.maximum(shared, 1)
        equal[shared < MIN_ITEMS] = 0
        rows = np.arange(start, start + len(block))
        equal[np.arange(len(block)), rows] = 0
        out[usable[rows]] = (equal >= match).any(1)
    return out


def _praise(frame, book, items) -> np.ndarray:
    """Respondents all of whose answers (at least `MIN_ITEMS`) are among the two highest of their scale."""
    high = np.column_stack([frame[i].to_numpy(float) >= book.scale(i).high - 1 for i in items])
    there = np.column_stack([frame[i].notna().to_numpy() for i in items])
    return (high | ~there).all(1) & (there.sum(1) >= min(MIN_ITEMS, len(items)))


def ceiling_runs(praise: np.ndarray, who: pd.Series, *, run: int) -> np.ndarray:
    """Respondents in a row of at least `run` who only praised, one after another with the same interviewer."""
    out = np.zeros(len(praise), bool)
    for _, rows in who.groupby(who, sort=False).groups.items():
        at = who.index.get_indexer(rows)
        ends = np.flatnonzero(np.diff(np.r_[0, praise[at].astype(int), 0]))
        for start, stop in zip(ends[::2], ends[1::2], strict=True):
            if stop - start >= run:
                out[at[start:stop]] = True
    return out


def interviewer_effect(values, who: pd.Series, *, minimum: int) -> tuple[pd.DataFrame, float | None]:
    """Each interviewer's mean against everybody else's (Welch), and the share of variance between interviewers.

    ICC(1) = (MSB − MSW)/(MSB + (k₀ − 1)·MSW), k₀ = (N − Σn²/N)/(J − 1); interviewers of fewer than `minimum` interviews
    are left out. Flagged: p < .01 after Holm.
    """
    data = pd.DataFrame({"y": np.asarray(values, float), "who": who.to_numpy()}).dropna()
    sizes = data["who"].value_counts()
    data = data[data["who"].isin(sizes[sizes >= minimum].index)]
    columns = ["interviewer", "n", "mean", "difference", "p_value", "flagged"]
    if data["who"].nunique() < 2:
        return pd.DataFrame(columns=columns), None
    rows = []
    for name, part in data.groupby("who", sort=True):
        rest = data.loc[data["who"] != name, "y"]
        v1, v2 = part["y"].var(ddof=1) / len(part), rest.var(ddof=1) / len(rest)
        gap = part["y"].mean() - rest.mean()
        if v1 + v2 > 0:
            df = (v1 + v2) ** 2 / (v1**2 / (len(part) - 1) + v2**2 / max(len(rest) - 1, 1))
            p = 2 * special.stdtr(df, -abs(gap) / np.sqrt(v1 + v2))
        else:
            p = 1.0 if gap == 0 else 0.0
        rows.append((name, len(part), part["y"].mean(), gap, p))
    table = pd.DataFrame(rows, columns=columns[:-1])
    table["p_value"] = adjust_p(table["p_value"].to_numpy(float), method=reading().comparisons.control)
    groups = data.groupby("who")["y"]
    n, k = len(data), len(table)
    counts = groups.size().to_numpy(float)
    between = (counts * (groups.mean() - data["y"].mean()).to_numpy() ** 2).sum() / (k - 1)
    within = (groups.var(ddof=1).to_numpy() * (counts - 1)).sum() / (n - k)
    k0 = (n - (counts**2).sum() / n) / (k - 1)
    bottom = between + (k0 - 1) * within
    icc = float(max((between - within) / bottom, 0.0)) if bottom > 0 else None
    return table.assign(flagged=table["p_value"] < 0.01), icc
