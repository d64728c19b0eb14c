"""The pre-test: what each item did before fieldwork, and what was decided about it."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.evaluation.systems import unknown_names
from csi_lib.measure.alpha import cronbach_alpha
from csi_lib.study.base import Label, Part
from csi_lib.study.references import SourceName


class Block(Part):
    """Items meant to measure one thing."""

    label: Label
    items: list[str] = Setting(min_length=1)


class Decision(Part):
    """What was decided about an item, and why."""

    verdict: Literal["kept", "reworded", "dropped"]
    reason: Label


class Rules(Part):
    """When an item is flagged (reading rules, not proof).

    missing : share without answer above; discrimination : corrected item–total correlation below; extreme : share in the
    lowest or highest answer above; spread : standard deviation, as a share of the scale, below.
    """

    missing: float = Setting(default=0.1, gt=0, lt=1)
    discrimination: float = Setting(default=0.3, ge=0, lt=1)
    extreme: float = Setting(default=0.6, gt=0, le=1)
    spread: float = Setting(default=0.1, ge=0, lt=1)


class PretestFile(Part):
    """``pretest.yml``: the source of the pre-test's answers, its blocks of items, rules and decisions."""

    source: SourceName = "pretest"
    period: Label | None = None
    place: Label | None = None
    blocks: dict[str, Block] = Setting(min_length=1)
    minutes: str | None = None
    rules: Rules = Rules()
    decisions: dict[str, Decision] = {}

    @model_validator(mode="after")
    def _known(self):
        items = [i for b in self.blocks.values() for i in b.items]
        for item in self.decisions:
            if item not in items:
                raise ValueError(f"a decision names {item!r}, which is in no block")
        return self

    def consistent_with(self, study):
        yield from unknown_names([(self.source, "source")], study.codebooks)
        if self.source in study.codebooks:
            book = study.codebook(self.source)
            yield from unknown_names(
                [(i, f"blocks > {n}") for n, b in self.blocks.items() for i in b.items], book.items
            )
            yield from unknown_names([(self.minutes, "minutes")], book.columns)


#: reasons for which an item is flagged, in the order in which they are told
REASONS = ("missing", "discrimination", "extreme", "spread")


def item_analysis(frame: pd.DataFrame, scales: dict[str, tuple[float, float]], blocks: dict[str, list[str]],
                  rules: Rules | None = None) -> pd.DataFrame:  # fmt: skip
    """Every item's behaviour: one row per item, in the order of `blocks`.

    Parameters
    ----------
    frame : answers on their codes, NaN where missing. scales : item → (low, high). blocks : block → items.

    Returns
    -------
    frame ``block item n missing mean sd lowest highest discrimination difference flags``: share missing; mean on 0–100; sd on
    0–100; shares in the lowest and highest answer; corrected item–total correlation within the block (listwise; NaN for a
    block of one item, or without variation); upper–lower difference of the item's mean between the best and the worst 27 %
    by block score (Kelley 1939); ``flags`` the reasons, comma-separated.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.item_analysis(answers, {q: (1, 5) for q in ["q1", "q2", "q3"]}, {"Kindness": ["q1", "q2", "q3"]})[["item", "discrimination"]].round(2)
      item  discrimination
    0   q1            0.62
    1   q2            0.63
    2   q3            0.61
    """
    rules = rules or Rules()
    rows = []
    for block, items in blocks.items():
        if absent := [i for i in items if i not in frame]:
            raise InputError("the pre-test has no answers to an item", found=absent[0], where=f"block {block}")
        points = pd.DataFrame({i: 100 * (frame[i] - scales[i][0]) / (scales[i][1] - scales[i][0]) for i in items})
        corrected = _discrimination(points)
        for item in items:
            x = points[item]
            valid = x.dropna()
            n = len(valid)
            if not n:
                raise InputError("nobody answered an item of the pre-test", found=item, where=f"block {block}")
            row = {
                "block": block, "item": item, "n": n, "missing": float(x.isna().mean()), "mean": float(valid.mean()),
                "sd": float(valid.std(ddof=1)) if n > 1 else np.nan, "lowest": float((valid == 0).mean()),
                "highest": float((valid == 100).mean()), "discrimination": corrected.get(item, np.nan),
                "difference": _upper_lower(points, item),
            }  # fmt: skip
            found = {
                "missing": row["missing"] > rules.missing,
                "discrimination": row["discrimination"] < rules.discrimination,
                "extreme": max(row["lowest"], row["highest"]) > rules.extreme,
                "spread": row["sd"] < 100 * rules.spread,
            }
            rows.append({**row, "flags": ",".join(r for r in REASONS if found[r])})
    return pd.DataFrame(rows)


def _discrimination(points: pd.DataFrame) -> dict[str, float]:
    """Corrected item–total correlations; none for an item that does not vary or stands alone."""
    varied = [i for i in points if points[i].std(ddof=0) > 0]
    complete = points[varied].dropna()
    if len(varied) < 2 or len(complete) < 3:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MeasureWarning)
            statistics = cronbach_alpha(points[varied]).item_statistics
    except InputError:
        return {}
    return statistics.set_index("item")["r_corrected"].to_dict()


def _upper_lower(points: pd.DataFrame, item: str) -> float:
    """Mean of the item among the upper 27 % of the block's other items less that among the lower 27 %."""
    rest = points.drop(columns=item)
    if rest.shape[1] == 0:
        return np.nan
    score = rest.mean(axis=1).where(points[item].notna() & rest.notna().any(axis=1)).dropna()
    if len(score) < 8:
        return np.nan
    low, high = score.quantile(0.27), score.quantile(0.73)
    if not high > low:
        return np.nan
    x = points[item]
    return float(x[score.index[score >= high]].mean() - x[score.index[score <= low]].mean())


def reliability(frame: pd.DataFrame, scales: dict[str, tuple[float, float]], blocks: dict[str, list[str]],
                dropped: set[str] = frozenset()) -> pd.DataFrame:  # fmt: skip
    """Cronbach's α of each block with all items and without the dropped ones: ``block alpha n k alpha_kept n_kept k_kept``.

    NaN where fewer than two items vary.
    """
    rows = []
    for block, items in blocks.items():
        before = _alpha(frame, scales, items)
        after = _alpha(frame, scales, [i for i in items if i not in dropped])
        rows.append((block, *before, *after))
    return pd.DataFrame(rows, columns=["block", "alpha", "n", "k", "alpha_kept", "n_kept", "k_kept"])


def _alpha(frame, scales, items):
    points = pd.DataFrame({i: 100 * (frame[i] - scales[i][0]) / (scales[i][1] - scales[i][0]) for i in items})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MeasureWarning)
            result = cronbach_alpha(points)
        return result.alpha, result.n, len(items)
    except InputError:
        return np.nan, int(points.notna().all(axis=1).sum()), len(items)
