"""Management evaluation: growth, attainment of targets, points, target setting, and the scorecard of departments."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field
from csi_lib.study.base import Label, Part
from csi_lib.study.reading import half_width
from csi_lib.study.references import ColumnName, MeasureName, SourceName

#: one row per department and indicator; ``*_se`` where the value is an estimate
TARGETS = (
    Field("department"),
    Field("indicator"),
    Field("allotted", "number"),
    Field("previous", "number", blank=True),
    Field("target", "number", blank=True),
    Field("actual", "number", blank=True),
    Field("actual_se", "number", needed=False),
    Field("previous_se", "number", needed=False),
    Field("n", "number", needed=False),
)


class Indicator(Part):
    """One indicator: what it counts for, whether more is better, and how its score is found.

    ``scoring``: ``score`` (the result is itself 0–100), ``attainment`` (result against target, capped), ``targets`` (between
    a lowest and a highest target, see `assigned_score`) or ``growth`` (the same of the growth rate, in per cent).
    ``measure`` names a node or item of the survey: where the table leaves a result blank, the survey's is taken, with its
    error.
    """

    label: Label
    kind: Literal["government", "internal", "own"]
    better: Literal["more", "less"] = "more"
    scoring: Literal["score", "attainment", "targets", "growth"] = "attainment"
    lowest: float | None = None
    highest: float | None = None
    unit: Literal["points", "percent", "number", "cases", "minutes", "days"] = "points"
    measure: MeasureName | None = None

    @model_validator(mode="after")
    def _limits(self):
        if self.scoring in ("targets", "growth"):
            if self.lowest is None or self.highest is None:
                raise ValueError(f"an indicator scored by {self.scoring} needs 'lowest' and 'highest'")
            if self.lowest == self.highest:
                raise ValueError("'lowest' and 'highest' are equal")
        return self


class TargetSetting(Part):
    """How next year's targets are proposed from the past: so many standard deviations below and above the mean [D]."""

    years: int = Setting(default=5, ge=3)
    below: float = Setting(default=2.0, gt=0)
    above: float = Setting(default=1.0, gt=0)


class ManagementFile(Part):
    """``management.yml``: the table's source, the indicators, the cap on attainment and the floor of assigned targets.

    ``group`` is the survey's column of departments, from which indicators with a ``measure`` are taken.
    """

    source: SourceName = "targets"
    columns: dict[str, str] = {}
    indicators: dict[str, Indicator] = Setting(min_length=1)
    group: ColumnName = "department"
    cap: float = Setting(default=100, ge=100)
    floor: float = Setting(default=20, ge=0, lt=100)
    target_setting: TargetSetting = TargetSetting()

    def reads(self):
        """The records it needs of every wave, for `csi check`."""
        yield self.source, TARGETS

    def refers(self):
        if any(indicator.measure is not None for indicator in self.indicators.values()):
            yield "column", self.group, "group"


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


def points(allotted: float, score: float, *, most: float = 100) -> float:
    """득점 = 배점 × 평점 / 100: 8 points at 89.25 % are 7.14. The score must lie in 0–`most`."""
    if not -1e-9 <= score <= most + 1e-9:
        raise InputError(f"a score lies between 0 and {most:g}", found=f"{score:g}")
    score = min(max(score, 0.0), most)  # a mean of top marks may pass it by its last binary digit
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
    """Every department and indicator with ``growth attainment score points``, their errors, and why points are missing.

    Parameters
    ----------
    table : `TARGETS`.

    Returns
    -------
    the table with ``kind growth attainment score score_low score_high points points_low points_high reason``. ``reason`` is
    ``no result``, ``no target``, ``target 0`` or ``below 0`` (no ratio says how far such a target was reached) or ``no last
    year``; such an indicator has null points, it does not earn 0 silently. A
    score beyond the cap is capped. The 95 % interval of an estimated result goes through the scoring by its two ends, which
    holds at caps and floors too; it is null where the result is not an estimate.

    Raises
    ------
    InputError for an indicator that the file does not declare or that a department has twice.
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
        raise InputError("a department has the same indicator twice", found=f"{row['department']}, {row['indicator']}",
                         action="Of departments that were merged give one common row")  # fmt: skip
    return pd.DataFrame([_score(row, file) for row in table.to_dict("records")])


def _score(row: dict, file: ManagementFile) -> dict:
    indicator = file.indicators[row["indicator"]]
    actual, target, before = row["actual"], row["target"], row["previous"]
    out = {**row, "kind": indicator.kind, "reason": None}
    out |= dict.fromkeys(
        ("growth", "attainment", *(f"{s}{e}" for s in ("score", "points") for e in ("", "_low", "_high"))), np.nan
    )
    if _null(actual):
        return {**out, "reason": "no result"}
    if not _null(before) and before > 0:
        out["growth"] = growth_rate(actual, before)
    try:
        undefined = _without_ratio(actual, target, indicator.better)
        if not _null(target) and not undefined and not (indicator.better == "less" and actual == 0):
            out["attainment"] = attainment(actual, target, better=indicator.better)
        value, error = _on_axis(row, indicator, out["growth"])
        if _null(value):
            return {**out, "reason": "no last year"}
        if indicator.scoring == "attainment" and _null(target):
            return {**out, "reason": "no target"}
        if indicator.scoring == "attainment" and undefined:
            return {**out, "reason": undefined}
        out["score"] = _scored(value, target, indicator, file)
        out["points"] = points(row["allotted"], out["score"], most=file.cap)
        if not _null(error):
            ends = sorted(
                _scored(value + way * half_width() * error, target, indicator, file, end=True) for way in (-1, 1)
            )
            for end, score in zip(("low", "high"), ends, strict=True):
                out[f"score_{end}"], out[f"points_{end}"] = score, row["allotted"] * score / 100
    except InputError as error:
        where = f"department {row['department']!r}, indicator {row['indicator']!r}"
        raise InputError(error.problem, where=where, found=error.found) from None
    return out


def _without_ratio(actual: float, target: float, better: str) -> str | None:
    """Why no ratio of result and target says anything: a target of 0 where more is better, or something below 0."""
    if _null(target):
        return None
    if actual < 0 or target < 0:
        return "below 0"
    return "target 0" if target == 0 and better == "more" else None


def _on_axis(row: dict, indicator: Indicator, growth: float) -> tuple[float, float]:
    """What is scored and its standard error: the result, or its growth in per cent."""
    se, before_se = (row.get(name, np.nan) for name in ("actual_se", "previous_se"))
    if indicator.scoring != "growth":
        return row["actual"], se
    if _null(growth):
        return np.nan, np.nan
    return 100 * growth, 100 * np.hypot(se / row["previous"], row["actual"] * before_se / row["previous"] ** 2)


def _scored(value: float, target: float, indicator: Indicator, file: ManagementFile, *, end: bool = False) -> float:
    """Score of a result; `end`: of an end of its interval, which may lie beyond what a result can be."""
    if indicator.scoring in ("targets", "growth"):
        return assigned_score(value, indicator.lowest, indicator.highest, floor=file.floor)
    if end:
        value = max(value, 0.0)
    if indicator.scoring == "score":
        return min(value, 100.0) if end else value
    if indicator.better == "less" and value == 0:
        return file.cap  # as good as can be, and no ratio says so
    return min(100 * attainment(value, target, better=indicator.better), file.cap)


def department_totals(card: pd.DataFrame) -> pd.DataFrame:
    """``department points allotted share share_low share_high open``, best share first.

    ``share``: points of those that could be had; ``open``: indicators without points, whose allotted points enter neither
    side. The interval adds those of a department's indicators end to end, because several rest on the same survey and move
    together; where they do not, that is cautious. Null when nothing is estimated.
    """
    rows = []
    for department, part in card.groupby("department", sort=False):
        done = part[part["points"].notna()]
        allotted, earned = done["allotted"].sum(), done["points"].sum()
        row = {"department": department, "points": earned if len(done) else np.nan, "allotted": allotted,
               "open": len(part) - len(done)}  # fmt: skip
        row["share"] = earned / allotted if allotted > 0 else np.nan
        for end in ("low", "high"):
            total = done[f"points_{end}"].fillna(done["points"]).sum()
            row[f"share_{end}"] = total / allotted if done[f"points_{end}"].notna().any() and allotted > 0 else np.nan
        rows.append(row)
    out = pd.DataFrame(rows, columns=["department", "points", "allotted", "share", "share_low", "share_high", "open"])
    return out.sort_values("share", ascending=False, kind="stable", na_position="last").reset_index(drop=True)


def proposed_targets(history: pd.DataFrame, file: ManagementFile) -> pd.DataFrame:
    """``department indicator years mean lowest highest`` for next year, of results that are there for three years or more.

    history : ``department indicator year actual``; a department that has an indicator twice in a year (two that were merged
    later) has no comparable past and is left out.
    """
    rule = file.target_setting
    merged = history[history.duplicated(["department", "indicator", "year"])][["department", "indicator"]]
    barred = set(merged.itertuples(index=False, name=None))
    rows = []
    for (department, indicator), part in history.groupby(["department", "indicator"], sort=False):
        past = part["actual"].dropna()
        if len(past) < 3 or (department, indicator) in barred or indicator not in file.indicators:
            continue
        better = file.indicators[indicator].better
        lowest, highest = targets_from_history(past, above=rule.above, below=rule.below, better=better)
        rows.append({"department": department, "indicator": indicator, "years": len(past), "mean": past.mean(),
                     "lowest": lowest, "highest": highest})  # fmt: skip
    return pd.DataFrame(rows, columns=["department", "indicator", "years", "mean", "lowest", "highest"])


def _null(value) -> bool:
    return value is None or value != value
