"""Management evaluation: growth, attainment of targets, points, target setting, and the scorecard of departments."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting

from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field
from csi_lib.study.base import Label, Part

#: one row per department and indicator
TARGETS = (
    Field("department"),
    Field("indicator"),
    Field("allotted", "number"),
    Field("previous", "number", blank=True),
    Field("target", "number", blank=True),
    Field("actual", "number", blank=True),
)


class Indicator(Part):
    """One indicator: what it counts for (government evaluation, internal, own task), whether more is better, and how its
    score is found: ``score`` (actual is itself 0–100), ``attainment`` (actual / target, capped) or ``targets`` (between a
    lowest and a highest target, see `assigned_score`)."""

    label: Label
    kind: Literal["government", "internal", "own"]
    better: Literal["more", "less"] = "more"
    scoring: Literal["score", "attainment", "targets"] = "attainment"
    lowest: float | None = None
    highest: float | None = None
    unit: Literal["points", "percent", "number", "minutes"] = "points"


class ManagementFile(Part):
    """``management.yml``: the table's source, the indicators, the cap on attainment and the floor of assigned targets."""

    source: str = "targets"
    columns: dict[str, str] = {}
    indicators: dict[str, Indicator]
    cap: float = Setting(default=100, gt=0)
    floor: float = Setting(default=20, ge=0, lt=100)


def growth_rate(now: float, before: float) -> float:
    """(now − before) / before. Refused for a base of 0 or below, where a rate has no meaning."""
    if not before > 0:
        raise InputError("a growth rate needs a positive base", found=f"{before:g}")
    return (now - before) / before


def attainment(actual: float, target: float, *, better: str = "more") -> float:
    """actual / target where more is better, target / actual where less is (a waiting time); 1 is on target."""
    above, below = (actual, target) if better == "more" else (target, actual)
    if not below > 0 or above < 0:
        raise InputError("attainment needs positive values", found=f"actual {actual:g}, target {target:g}")
    return above / below


def points(allotted: float, score: float) -> float:
    """득점 = 배점 × 평점 / 100: 8 points at 89.25 % are 7.14. The score must lie in 0–100."""
    if not 0 <= score <= 100:
        raise InputError("a score lies between 0 and 100", found=f"{score:g}")
    if allotted < 0:
        raise InputError("allotted points are not negative", found=f"{allotted:g}")
    return allotted * score / 100


def assigned_score(actual: float, lowest: float, highest: float, *, floor: float = 20) -> float:
    """Score between two assigned targets (목표부여): floor + (100 − floor)·(actual − lowest)/(highest − lowest), in floor–100.

    Where less is better `lowest` is the larger number; the formula is the same.
    """
    if lowest == highest:
        raise InputError("the lowest and the highest target are equal", found=f"{lowest:g}")
    return float(np.clip(floor + (100 - floor) * (actual - lowest) / (highest - lowest), floor, 100))


def targets_from_history(
    history, *, above: float = 1.0, below: float = 2.0, better: str = "more"
) -> tuple[float, float]:
    """Lowest and highest target from past results: mean − below·s and mean + above·s (목표부여 by deviation) [D].

    Needs three past years; with fewer the spread says nothing. R: ``mean(x) + c(-2, 1) * sd(x)``.
    """
    past = np.asarray([v for v in history if v == v], dtype=float)
    if len(past) < 3:
        raise InputError("targets from the past need three years of it", found=f"{len(past)} years")
    sign = 1.0 if better == "more" else -1.0
    return float(past.mean() - sign * below * past.std(ddof=1)), float(past.mean() + sign * above * past.std(ddof=1))


def scorecard(table: pd.DataFrame, file: ManagementFile) -> pd.DataFrame:
    """Every department and indicator with ``growth attainment score points``; null where a value is not there.

    A score beyond its cap is capped. Indicators not in the file are an error. ``kind`` and ``reason`` (``no result``,
    ``no target``) come along; a missing result earns no points silently: its points are null.
    """
    unknown = sorted(set(table["indicator"]) - set(file.indicators))
    if unknown:
        raise InputError(
            "an indicator that management.yml does not declare",
            found=", ".join(unknown),
            expected=", ".join(file.indicators),
        )
    if table.duplicated(["department", "indicator"]).any():
        row = table[table.duplicated(["department", "indicator"])].iloc[0]
        raise InputError("a department has the same indicator twice", found=f"{row['department']}, {row['indicator']}")
    return pd.DataFrame([_score(row, file) for row in table.to_dict("records")])


def _score(row: dict, file: ManagementFile) -> dict:
    indicator, actual, target = file.indicators[row["indicator"]], row["actual"], row["target"]
    out = {
        **row,
        "kind": indicator.kind,
        "growth": np.nan,
        "attainment": np.nan,
        "score": np.nan,
        "points": np.nan,
        "reason": None,
    }
    if actual != actual:
        return {**out, "reason": "no result"}
    if row["previous"] == row["previous"] and row["previous"] > 0:
        out["growth"] = growth_rate(actual, row["previous"])
    if target == target:
        out["attainment"] = attainment(actual, target, better=indicator.better)
    if indicator.scoring == "score":
        out["score"] = actual
    elif indicator.scoring == "attainment":
        out["score"] = min(100 * out["attainment"], file.cap)
    elif indicator.lowest is None or indicator.highest is None:
        raise InputError(
            "an indicator scored between targets needs 'lowest' and 'highest'", where=f"indicator {row['indicator']!r}"
        )
    else:
        out["score"] = assigned_score(actual, indicator.lowest, indicator.highest, floor=file.floor)
    if out["score"] != out["score"]:
        return {**out, "reason": "no target"}
    out["points"] = points(row["allotted"], min(out["score"], 100))
    return out


def department_totals(card: pd.DataFrame) -> pd.DataFrame:
    """Points and allotted points of each department, ``share`` of the points that could be had, ``open``: indicators
    without a result, whose allotted points do not enter either side."""
    done = card[card["points"].notna()]
    out = done.groupby("department", sort=False).agg(points=("points", "sum"), allotted=("allotted", "sum"))
    out = out.reindex(card["department"].unique())
    out["share"] = out["points"] / out["allotted"]
    out["open"] = card[card["points"].isna()].groupby("department").size().reindex(out.index, fill_value=0)
    return out.reset_index(names="department")
