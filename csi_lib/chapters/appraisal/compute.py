"""From results and panels to scores, points, totals, grades and awards of the units of a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.appraisal.settings import DECISIONS, AppraisalFile, Awards, Edition, Measure
from csi_lib.chapters.grade.rules import absolute_grades, grade_probabilities
from csi_lib.chapters.management.compute import assigned_score, attainment, growth_rate
from csi_lib.errors import InputError, nearest
from csi_lib.measure.krippendorff import krippendorff_alpha

#: why an indicator has no points; none of them counts as zero
REASONS = ("no result", "no target", "target of zero", "no last year", "no grade of the panel")


@dataclass(frozen=True)
class Appraisal:
    """An appraised body.

    scores : one row per unit and indicator without parts: ``unit indicator allotted actual target result_score result_se
        panel_score panel_se raters score se points points_se reason objection`` (``objection``: the decision that changed the
        score). ``se`` joins the result's sampling error and the spread of the panel.
    tree : one row per unit and indicator of the hierarchy: ``unit indicator depth allotted points open`` (``open``: allotted
        points below it that could not be given).
    totals : one row per unit: ``unit points allotted open bonus penalty total se grade other reason``; ``total`` per 100
        with bonus and penalty inside their caps, ``other`` the chance of another grade (null without any error), ``reason``
        why there is no grade.
    groups : one row per group and for the whole body (``group`` null): ``total se units``: Σ w·total / Σ w of graded units.
    agreement : Krippendorff's alpha (ordinal) of the panel, None without one.
    """

    scores: pd.DataFrame
    tree: pd.DataFrame
    totals: pd.DataFrame
    groups: pd.DataFrame
    agreement: float | None
    raters: int


def appraise(
    file: AppraisalFile,
    year: int,
    results: pd.DataFrame,
    panel: pd.DataFrame | None = None,
    adjustments: pd.DataFrame | None = None,
    objections: pd.DataFrame | None = None,
) -> Appraisal:
    """Appraise the units of one body in one year by the edition of the handbook then in force.

    Score of a quantitative indicator: the result itself (``score``), 100·result/target up to the cap (``attainment``), or
    floor + (100 − floor)·(result − lowest)/(highest − lowest) (``targets``; ``growth`` of the growth rate in per cent).
    Score of a qualitative one: the mean of the panel's grades as scored by the edition, its standard error s/√k.
    A mixed one: share·result + (1 − share)·panel. Points = allotted·score/100. Total = 100·Σ points/Σ allotted + bonus −
    penalty; a unit of which an indicator is open has a total on the rest, marked, and no grade.
    The variance of a total adds the indicators'; several that rest on the same measure of the survey move together, so
    their errors are added first.

    Raises
    ------
    InputError : a unit, indicator or grade that the handbook does not know, rows that stand twice, a target or result that
        cannot be scored, an objection to what was not scored.
    """
    edition = file.edition(year)
    _known(results, file, edition, "results")
    scores = _scores(file, edition, _filled(file, edition, results), _panel(file, edition, panel))
    scores = _objected(scores, edition, file, objections)
    scores["points"] = scores["allotted"] * scores["score"] / 100
    scores["points_se"] = scores["allotted"] * scores["se"] / 100
    totals = _graded(_totals(scores, edition, file, adjustments), edition)
    counted = panel is not None and len(panel) > 0
    return Appraisal(scores, _tree(scores, edition), totals, _groups(totals, file), _agreement(panel, edition) if counted else None,
                     int(panel["rater"].nunique()) if counted else 0)  # fmt: skip


def _known(
    frame: pd.DataFrame, file: AppraisalFile, edition: Edition, what: str, *, twice=("unit", "indicator")
) -> None:
    for column, known in (("unit", file.units), ("indicator", edition.leaves())):
        unknown = [] if column not in frame else sorted(set(frame[column].dropna()) - set(known))
        if unknown:
            near = nearest(unknown[0], known)
            raise InputError(f"the {what} name a {column} that appraisal.yml does not know", found=", ".join(unknown[:5]),
                             expected=", ".join(known), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    if frame.duplicated(list(twice)).any():
        row = frame[frame.duplicated(list(twice))].iloc[0]
        shown = [c for c in twice if c != "rater"]
        raise InputError(f"the {what} have the same row twice", found=", ".join(str(row[c]) for c in shown))


def _filled(file: AppraisalFile, edition: Edition, results: pd.DataFrame) -> pd.DataFrame:
    """Every unit that has a row, with every scored indicator; what the table leaves out is blank."""
    units = [u for u in file.units if u in set(results["unit"])]
    every = pd.MultiIndex.from_product([units, list(edition.leaves())], names=["unit", "indicator"])
    return (
        results.drop(columns=["agency"], errors="ignore").set_index(["unit", "indicator"]).reindex(every).reset_index()
    )


def _panel(
    file: AppraisalFile, edition: Edition, panel: pd.DataFrame | None
) -> dict[tuple[str, str], tuple[float, float, int]]:
    """(unit, indicator) → score, standard error, raters."""
    if panel is None or not len(panel):
        return {}
    _known(panel, file, edition, "panel's rows", twice=("unit", "indicator", "rater"))
    unknown = sorted(set(panel["grade"].dropna().astype(str)) - set(edition.panel_grades))
    if unknown:
        raise InputError("the panel gave a grade that the handbook does not know", found=", ".join(unknown[:5]),
                         expected=", ".join(edition.panel_grades))  # fmt: skip
    scored = panel.assign(score=panel["grade"].astype(str).map(edition.panel_grades).astype(float))
    found = {}
    for key, part in scored.groupby(["unit", "indicator"], sort=False):
        values = np.sort(part["score"].dropna().to_numpy(float))
        if not len(values):
            continue
        kept = values[1:-1] if edition.trim and len(values) >= 5 else values
        error = kept.std(ddof=1) / np.sqrt(len(kept)) if len(kept) > 1 else np.nan
        found[key] = float(kept.mean()), float(error), len(values)
    return found


def _scores(file: AppraisalFile, edition: Edition, table: pd.DataFrame, panel: Mapping) -> pd.DataFrame:
    rows = []
    for row in table.to_dict("records"):
        m = edition.leaves()[row["indicator"]]
        result, result_se, reason = _result(row, m, edition) if m.kind != "qualitative" else (np.nan, np.nan, None)
        score, error, raters = panel.get((row["unit"], row["indicator"]), (np.nan, np.nan, 0)) if m.kind != "quantitative" else (np.nan, np.nan, 0)  # fmt: skip
        if m.kind != "quantitative" and np.isnan(score):
            reason = reason or "no grade of the panel"
        share = {"quantitative": 1.0, "qualitative": 0.0, "mixed": m.share}[m.kind]
        whole = sum(weight * value for weight, value in ((share, result), (1 - share, score)) if weight)
        parts = [(share * result_se) ** 2 if share else 0.0, ((1 - share) * error) ** 2 if share < 1 else 0.0]
        known = [v for v in parts if not np.isnan(v)]
        rows.append({
            "unit": row["unit"], "indicator": row["indicator"], "allotted": m.allotted, "actual": row.get("actual", np.nan),
            "target": row.get("target", np.nan), "result_score": result, "result_se": result_se, "panel_score": score,
            "panel_se": error, "raters": raters, "score": np.nan if reason else whole,
            "se": np.nan if reason else float(np.sqrt(sum(known))), "reason": reason, "objection": None,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["unit", "indicator", "allotted", "actual", "target", "result_score", "result_se", "panel_score",
                                       "panel_se", "raters", "score", "se", "reason", "objection"])  # fmt: skip


def _result(row: Mapping, m: Measure, edition: Edition) -> tuple[float, float, str | None]:
    """Score of a result, its standard error, and why there is none."""
    get = lambda name: float(v) if (v := row.get(name)) is not None and v == v else np.nan
    actual, target, before, se = get("actual"), get("target"), get("previous"), get("actual_se")
    if np.isnan(actual):
        return np.nan, np.nan, "no result"
    if m.scoring == "score":
        if not -1e-9 <= actual <= 100 + 1e-9:
            raise InputError("a result that is itself the score lies between 0 and 100", where=f"{row['unit']}, {row['indicator']}",
                             found=f"{actual:g}", action="Choose another 'scoring' for this indicator")  # fmt: skip
        return min(max(actual, 0.0), 100.0), se, None
    if m.scoring == "attainment":
        if np.isnan(target):
            return np.nan, np.nan, "no target"
        if target == 0:
            # nothing of what should not occur is full marks; a goal of nothing has no ratio otherwise
            return (
                (edition.cap, 0.0, None) if m.better == "less" and actual == 0 else (np.nan, np.nan, "target of zero")
            )
        if m.better == "less" and actual == 0:
            return edition.cap, 0.0, None
        scored = lambda x: min(100 * attainment(x, target, better=m.better), edition.cap)
    elif m.scoring == "growth":
        if np.isnan(before):
            return np.nan, np.nan, "no last year"
        if before <= 0:
            return np.nan, np.nan, "target of zero"
        scored = lambda x: assigned_score(100 * growth_rate(x, before), m.lowest, m.highest, floor=edition.floor)
    else:
        scored = lambda x: assigned_score(x, m.lowest, m.highest, floor=edition.floor)
    try:
        score = scored(actual)
    except InputError as error:
        raise InputError(error.problem, where=f"{row['unit']}, {row['indicator']}", found=error.found) from None
    if np.isnan(se) or se == 0:
        return score, se, None
    low, high = (
        scored(max(actual - se, 1e-12)),
        scored(actual + se),
    )  # one standard error through the scoring, caps included
    return score, abs(high - low) / 2, None


def _objected(
    scores: pd.DataFrame, edition: Edition, file: AppraisalFile, objections: pd.DataFrame | None
) -> pd.DataFrame:
    """Scores after the objections that were accepted, wholly or in part."""
    if objections is None or not len(objections):
        return scores
    _known(objections, file, edition, "objections")
    wrong = sorted(set(objections["decision"].dropna()) - set(DECISIONS))
    if wrong:
        raise InputError(
            "a decision on an objection is not known", found=", ".join(wrong), expected=", ".join(DECISIONS)
        )
    out = scores.copy()
    for row in objections.to_dict("records"):
        at = out.index[(out["unit"] == row["unit"]) & (out["indicator"] == row["indicator"])]
        if not len(at):
            raise InputError("an objection is about what was not appraised", found=f"{row['unit']}, {row['indicator']}")
        out.loc[at, "objection"] = row["decision"]
        if row["decision"] not in ("accepted", "partly"):
            continue
        value = row.get("score")
        if value is None or value != value or not 0 <= value <= edition.cap:
            raise InputError("an objection that was accepted gives the corrected score", where=f"{row['unit']}, {row['indicator']}",
                             found="blank" if value is None or value != value else f"{value:g}", expected=f"score between 0 and {edition.cap:g}")  # fmt: skip
        out.loc[at, ["score", "se"]] = float(value), 0.0
        out.loc[at, "reason"] = None
    return out


def _totals(
    scores: pd.DataFrame, edition: Edition, file: AppraisalFile, adjustments: pd.DataFrame | None
) -> pd.DataFrame:
    if adjustments is not None and len(adjustments):
        _known(adjustments, file, edition, "bonus and penalty points", twice=("unit", "item"))
    rows = []
    for unit, part in scores.groupby("unit", sort=False):
        done = part[part["points"].notna()]
        allotted = done["allotted"].sum()
        mine = adjustments[adjustments["unit"] == unit]["points"] if adjustments is not None else pd.Series(dtype=float)
        bonus = min(mine[mine > 0].sum(), edition.bonus_cap)
        penalty = min(-mine[mine < 0].sum(), edition.penalty_cap)
        joint: dict[str, float] = {}
        for row in done.to_dict("records"):
            m = edition.leaves()[row["indicator"]]
            error = 0.0 if np.isnan(row["points_se"]) else row["points_se"]
            joint[m.measure or row["indicator"]] = joint.get(m.measure or row["indicator"], 0.0) + error
        se = 100 * float(np.sqrt(sum(v**2 for v in joint.values()))) / allotted if allotted else np.nan
        total = 100 * done["points"].sum() / allotted + bonus - penalty if allotted else np.nan
        left = float(part["allotted"].sum() - allotted)
        reason = "no indicator could be scored" if not allotted else "indicators are open" if left > 1e-9 else None
        rows.append({"unit": unit, "points": done["points"].sum() if allotted else np.nan, "allotted": allotted, "open": left,
                     "bonus": float(bonus), "penalty": float(penalty), "total": total, "se": se, "reason": reason})  # fmt: skip
    columns = ["unit", "points", "allotted", "open", "bonus", "penalty", "total", "se", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _graded(totals: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """The grade of the printed total (one decimal), and the chance of another."""
    if not len(totals):
        return totals.assign(grade=None, other=np.nan)
    whole = totals["total"].where(totals["reason"].isna())
    value = pd.Series(whole.to_numpy(float), index=totals["unit"])
    found = absolute_grades(value, cuts=edition.grades, digits=1).frame.set_index("unit")["grade"]
    se = pd.Series(totals["se"].to_numpy(float), index=totals["unit"])
    chance = grade_probabilities(value, se, rule="absolute", cuts=edition.grades)
    out = totals.assign(grade=found.reindex(totals["unit"]).to_numpy())
    out["other"] = chance["other"].reindex(totals["unit"]).where(se.reindex(totals["unit"]) > 0).to_numpy()
    return out


def _tree(scores: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    rows = []
    for unit, part in scores.groupby("unit", sort=False):
        points = part.set_index("indicator")["points"]
        for name, depth, _, m in edition.rows():
            leaves = list(Edition.model_construct(indicators=m.children).leaves()) if m.children else [name]
            below = points.reindex(leaves)
            left = sum(edition.leaves()[leaf].allotted for leaf in below.index[below.isna()])
            rows.append({"unit": unit, "indicator": name, "depth": depth, "allotted": m.allotted,
                         "points": below.sum() if below.notna().any() else np.nan, "open": left})  # fmt: skip
    return pd.DataFrame(rows, columns=["unit", "indicator", "depth", "allotted", "points", "open"])


def _groups(totals: pd.DataFrame, file: AppraisalFile) -> pd.DataFrame:
    """Roll-up: the weighted mean of the units whose total is complete, of each group and of the body."""
    done = totals[totals["reason"].isna()]
    names: list[str | None] = [g for g in file.groups if any(u.group == g for u in file.units.values())]
    rows = []
    for group in [*names, None]:
        part = done[np.array([group is None or file.units[u].group == group for u in done["unit"]], bool)]
        w = np.array([file.units[u].weight for u in part["unit"]], float)
        if len(part):
            w = w / w.sum()
            se = float(np.sqrt(((w * part["se"].fillna(0).to_numpy()) ** 2).sum()))
            rows.append(
                {"group": group, "total": float((w * part["total"].to_numpy()).sum()), "se": se, "units": len(part)}
            )
    return pd.DataFrame(rows, columns=["group", "total", "se", "units"])


def _agreement(panel: pd.DataFrame, edition: Edition) -> float | None:
    """Krippendorff's alpha of the panel on an ordinal scale; None when fewer than two raters graded the same thing."""
    rank = {grade: i for i, grade in enumerate(reversed(edition.panel_grades))}
    wide = panel.assign(rank=panel["grade"].astype(str).map(rank)).pivot_table(
        index=["unit", "indicator"], columns="rater", values="rank"
    )
    shared = wide[wide.notna().sum(axis=1) >= 2]
    if shared.shape[1] < 2 or len(shared) < 2 or shared.stack().nunique() < 2:
        return None
    return float(krippendorff_alpha(shared, level="ordinal").alpha)


def individual_awards(people: pd.DataFrame, totals: pd.DataFrame, awards: Awards) -> pd.DataFrame:
    """Award of every person: base of the rank × rate of the unit's grade × factor of the person's own grade.

    Parameters
    ----------
    people : ``person unit rank own_grade``; totals : `Appraisal.totals`.

    Returns
    -------
    the rows of `people` with ``base rate factor award``; when the sum exceeds the budget all are cut by the same factor,
    and none is raised to use it up. People of a unit without a grade have a null award.

    Raises
    ------
    InputError : a rank or own grade that the file does not know, a person twice.
    """
    for column, known in (("rank", awards.ranks), ("own_grade", awards.individuals)):
        given = set(people[column].dropna())
        if unknown := sorted(given - set(known)):
            raise InputError(f"a person's {column.replace('_', ' ')} is not declared", where="appraisal.yml: awards", found=", ".join(unknown),
                             expected=", ".join(known) or "none")  # fmt: skip
    if people["person"].duplicated().any():
        raise InputError(
            "a person stands twice among those who get an award", where=awards.people, found="a repeated name"
        )
    grade = people["unit"].map(totals.set_index("unit")["grade"])
    base = people["rank"].map({name: rank.base for name, rank in awards.ranks.items()}).astype(float)
    rate = grade.map(awards.units).astype(float)
    factor = people["own_grade"].map(awards.individuals).astype(float).fillna(1.0)
    award = base * rate * factor
    total = award.sum()
    cut = min(1.0, awards.budget / total) if total > 0 else 1.0
    return people.assign(grade=grade, base=base, rate=rate, factor=factor, award=award * cut, cut=cut)
