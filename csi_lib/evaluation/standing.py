"""Where an agency stands among others: peer mean, rank with uncertainty, percentile.

Ranks come from simultaneous pairwise differences, not from bootstrapped ranks, which fail near ties
(Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ. Stud. 91:476): an agency's rank lies between 1 + the number of agencies
significantly above it and K − the number significantly below it, all comparisons held at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import stdtrit

from csi_lib.measure.exact import exceeds, same
from csi_lib.study.reading import confidence as _confidence
from csi_lib.survey.estimates import Estimates, Influence

#: a peer mean needs this many others, or it would tell who the one other is
MIN_PEERS = 3


@dataclass(frozen=True)
class Rank:
    """Rank 1 is the highest; ``low`` and ``high`` are the simultaneous bounds."""

    rank: int
    low: int
    high: int
    of: int
    ties: int = 1


def independent(frame: pd.DataFrame) -> Estimates:
    """Rows of different agencies as `Estimates`: each agency a sample of its own, known by its standard errors."""
    frame = frame.reset_index(drop=True)
    pieces = []
    for name, part in frame.groupby(["agency", "year"], sort=False):
        rows = part.index.to_numpy()
        se = np.nan_to_num(part["se"].to_numpy(float))
        df = part["df"].to_numpy(float)
        df = float(np.nanmin(df)) if np.isfinite(df).any() else np.nan
        pieces.append(
            Influence(
                ("headline", *name),
                sparse.csc_matrix(np.diag(se)),
                rows,
                np.zeros(len(rows), int),
                np.ones(1),
                df,
                None,
                False,
            )
        )
    return Estimates(frame, tuple(pieces))


def peer_mean(
    wave: pd.DataFrame, agency: str, measure: str, *, type: str | None = None, others: bool = False
) -> Estimates:
    """Mean of the other agencies and the agency's difference from it, for one measure of a wave.

    wave : headline rows of all agencies (`Round.wave`), masked; `type` the peer group; `others=True` compares with
    agencies of other types instead. Suppressed agencies do not enter. Empty when fewer than `MIN_PEERS` others are left.
    """
    rows = wave[(wave["measure"] == measure) & wave["estimate"].notna() & wave["se"].notna()]
    if type is not None:
        rows = rows[(rows["type"] != type) if others else (rows["type"] == type) | (rows["agency"] == agency)]
    own, rest = rows[rows["agency"] == agency], rows[rows["agency"] != agency]
    if others:
        own = wave[(wave["measure"] == measure) & (wave["agency"] == agency) & wave["se"].notna()]
    if len(own) != 1 or len(rest) < MIN_PEERS:
        return Estimates(wave.iloc[:0])
    together = independent(pd.concat([own, rest]).drop(columns="type"))
    mean = np.r_[0, np.full(len(rest), 1 / len(rest))]
    matrix = np.column_stack([mean, np.r_[1, -mean[1:]]])
    what = "other types" if others else "peers"
    frame = pd.concat([own, own], ignore_index=True).drop(columns="type")
    frame["versus"] = [what, f"{own['statistic'].iloc[0]}:{what}"]
    frame["statistic"] = ["mean", "difference"]
    frame["n"] = [rest["n"].sum(), own["n"].iloc[0]]
    frame[["df", "deff", "n_effective"]] = np.nan
    frame["value_text"] = f"{len(rest)}"
    return together.combine(matrix, frame)


def ranks(
    wave: pd.DataFrame, measure: str, *, type: str | None = None, confidence: float | None = None
) -> dict[str, Rank]:
    """Rank of every agency on one measure with simultaneous bounds (Bonferroni over all pairs)."""
    rows = wave[(wave["measure"] == measure) & wave["estimate"].notna()]
    if type is not None:
        rows = rows[rows["type"] == type]
    score, se = rows["estimate"].to_numpy(float), np.nan_to_num(rows["se"].to_numpy(float))
    df = np.nan_to_num(rows["df"].to_numpy(float), nan=1.0)
    k = len(rows)
    if k < 2:
        return {}
    gap = score[:, None] - score[None, :]
    variance = se[:, None] ** 2 + se[None, :] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        dfs = variance**2 / (se[:, None] ** 4 / df[:, None] + se[None, :] ** 4 / df[None, :])
    critical = stdtrit(np.nan_to_num(dfs, nan=1e6), 1 - (1 - _confidence(confidence)) / (k * (k - 1)))
    above = gap < -critical * np.sqrt(variance)
    below = gap > critical * np.sqrt(variance)
    out = {}
    for i, agency in enumerate(rows["agency"]):
        out[str(agency)] = Rank(
            int(exceeds(score, score[i]).sum()) + 1,
            int(above[i].sum()) + 1,
            k - int(below[i].sum()),
            k,
            int(same(score, score[i]).sum()),
        )
    return out


def agency_means(wave: pd.DataFrame, measures: list[str], *, types: list[str | None] = (None,)) -> Estimates:
    """Simple mean over agencies of each measure, for all agencies (type None) and for each type.

    Every agency counts once, whatever its size. Agencies are independent samples: se = sqrt(Σ se²)/k. Groups of fewer than
    `MIN_PEERS` agencies give no row for a type; n is the number of respondents, ``value_text`` that of agencies.
    """
    parts = []
    for measure in measures:
        for kind in types:
            rows = wave[(wave["measure"] == measure) & wave["estimate"].notna() & wave["se"].notna()]
            if kind is not None:
                rows = rows[rows["type"] == kind]
            if len(rows) < (2 if kind is None else MIN_PEERS):
                continue
            together = independent(rows.drop(columns="type"))
            frame = (
                rows.drop(columns="type")
                .iloc[[0]]
                .assign(
                    agency=None,
                    n=rows["n"].sum(),
                    n_weighted=np.nan,
                    n_effective=np.nan,
                    deff=np.nan,
                    df=np.nan,
                    versus="agencies",
                    value_text=str(len(rows)),
                    flag=None,
                    by1=None if kind is None else "type",
                    group1=kind,
                )
            )
            parts.append(together.combine(np.full((len(rows), 1), 1 / len(rows)), frame))
    return Estimates.concat(parts)
