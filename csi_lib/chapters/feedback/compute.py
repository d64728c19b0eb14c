"""Feedback (환류): incentives by grade with their budget, the register of improvement tasks, initiatives of departments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator
from scipy.special import ndtr

from csi_lib.chapters.grade.settings import GradingFile
from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field, read_records
from csi_lib.study.base import Label, Link, Part
from csi_lib.study.reading import half_width, reading
from csi_lib.study.references import AgencyName, ColumnName, DepartmentName, SourceName


class Rank(Part):
    """A rank of staff (직급): the base on which its bonus is reckoned, in won, and the spread between grades: how many
    percentage points of the base lie between one grade and the next."""

    label: Label
    base: float = Setting(gt=0)
    spread: float = Setting(ge=0)


class Reward(Part):
    """What a grade earns beside the bonus: an award per department in won, personnel points per person."""

    award: float = Setting(default=0, ge=0)
    personnel_points: float = 0


class Scenario(Part):
    """Another simulation of the same grades: other ``rate``, spreads multiplied by ``spread``, awards by ``awards``."""

    label: Label
    rate: float | None = Setting(default=None, ge=0)
    spread: float = Setting(default=1.0, ge=0)
    awards: float = Setting(default=1.0, ge=0)


class Incentives(Part):
    """``rate``: bonus of the middle of the scale as a share of the base; grades best first.

    ``staff`` counts people by grade and rank. With ``staff_source`` (rows `STAFF`) they are counted by department instead,
    and departments get their grades from their share of points on the scorecard, as ``grading`` says.
    """

    rate: float = Setting(default=1.0, ge=0)
    grades: dict[str, Reward] = Setting(min_length=2)
    labels: dict[str, Label] = {}
    ranks: dict[str, Rank] = Setting(min_length=1)
    staff: dict[str, dict[str, int]] = {}
    staff_source: SourceName | None = None
    grading: GradingFile | None = None
    budget: float | None = Setting(default=None, gt=0)
    scenarios: dict[str, Scenario] = {}

    @model_validator(mode="after")
    def _known(self):
        for grade, ranks in self.staff.items():
            if grade not in self.grades:
                raise ValueError(f"staff are counted for grade {grade!r}, which earns nothing above")
            if unknown := set(ranks) - set(self.ranks):
                raise ValueError(f"unknown rank {sorted(unknown)[0]!r}")
            if any(n < 0 for n in ranks.values()):
                raise ValueError("a number of staff is negative")
        if bool(self.staff) == (self.staff_source is not None):
            raise ValueError("give either 'staff' by grade and rank, or 'staff_source'")
        if (self.staff_source is None) != (self.grading is None):
            raise ValueError(
                "'staff_source' and 'grading' belong together: people by department, and departments' grades"
            )
        if self.grading is not None and set(self.grading.scale) != set(self.grades):
            raise ValueError(
                f"grading gives {', '.join(self.grading.scale)}, incentives are for {', '.join(self.grades)}"
            )
        return self

    def under(self, scenario: Scenario) -> Incentives:
        """The same incentives with a scenario's settings."""
        ranks = {r: v.model_copy(update={"spread": v.spread * scenario.spread}) for r, v in self.ranks.items()}
        grades = {g: v.model_copy(update={"award": v.award * scenario.awards}) for g, v in self.grades.items()}
        rate = self.rate if scenario.rate is None else scenario.rate
        return self.model_copy(update={"rate": rate, "ranks": ranks, "grades": grades})

    def with_staff(self, staff: pd.DataFrame, grades: Mapping[str, str]) -> Incentives:
        """Staff by grade and rank, from people by department (`STAFF`) and the departments' grades.

        Departments without a grade earn no incentive; their people are in nobody's count. InputError for an unknown rank.
        """
        if unknown := sorted(set(staff["rank"]) - set(self.ranks)):
            raise InputError(
                "a rank that the incentives do not know", found=", ".join(unknown), expected=", ".join(self.ranks)
            )
        counted: dict[str, dict[str, int]] = {g: {} for g in self.grades}
        for row in staff.to_dict("records"):
            grade = grades.get(row["department"])
            if grade is not None:
                counted[grade][row["rank"]] = counted[grade].get(row["rank"], 0) + int(row["staff"])
        return self.model_copy(update={"staff": counted})


class Heard(Part):
    """What we heard → what we did; ``evidence`` a link; ``agency`` where it is not said for all; ``task`` the register's task
    that came of it, whose state and tested result then stand beside it."""

    heard: Label
    did: Label
    agency: AgencyName | None = None
    department: DepartmentName | None = None
    evidence: Link | None = None
    task: str | None = None


class FeedbackFile(Part):
    """``feedback.yml``: incentives, the sources of the registers, and what was done about what was heard.

    ``asof`` is the day on which the registers of a wave were last brought up to date (default: the last day of its year);
    ``quarters`` how many quarters up to then are followed; ``group`` the survey's column of departments.
    """

    columns: dict[str, str] = {}
    incentives: Incentives | None = None
    tasks: SourceName | None = None
    initiatives: SourceName | None = None
    heard: tuple[Heard, ...] = ()
    group: ColumnName = "department"
    asof: dict[int, date] = {}
    quarters: int = Setting(default=4, ge=1, le=12)

    def reads(self):
        """The records it needs of every wave, for `csi check`."""
        for source in (self.tasks, self.initiatives):
            if source is not None:
                yield source, TASKS
        if self.incentives is not None and self.incentives.staff_source is not None:
            yield self.incentives.staff_source, STAFF

    def record_notes(self, study, agency: str, year: int, data=None) -> Iterator[str]:
        """What `csi check` asks: tasks that what was heard led to and the register of no wave holds."""
        wanted = {h.task for h in self.heard if h.task is not None and h.agency in (None, agency)}
        if not wanted or self.tasks is None or year != max(study.years):
            return
        known = set()
        for wave in (y for y in study.years if study.agency(agency).took_part(y)):
            rows = read_records(study, self.tasks, TASKS, agency=agency, year=wave, columns=self.columns, data=data)
            known |= set(rows["task"])
        for task in sorted(wanted - known):
            yield f"what was heard led to the task {task!r}, which the register {self.tasks} does not hold"

    def day(self, year: int) -> date:
        return self.asof.get(year, date(year, 12, 31))

    def quarters_of(self, year: int) -> list[str]:
        """The quarters followed, oldest first: ``2024Q1``."""
        last = pd.Period(self.day(year), "Q")
        return [str(last - k) for k in range(self.quarters)][::-1]


#: people of a department by rank
STAFF = (Field("department"), Field("rank"), Field("staff", "number"))
#: improvement tasks and initiatives share one form: somebody does something by a day, and a score moves or does not
TASKS = (
    Field("task"),
    Field("department"),
    Field("owner", needed=False, private="person"),
    Field("contact", needed=False, private="person"),
    Field("title"),
    Field("title_en", needed=False),
    Field("due", "date", blank=True),
    Field("done", "date", needed=False),
    Field("before", "number", needed=False),
    Field("before_se", "number", needed=False),
    Field("after", "number", needed=False),
    Field("after_se", "number", needed=False),
    Field("n", "number", needed=False),
    #: node or item of the survey whose change since the last wave is the task's before and after
    Field("measure", needed=False),
    #: last year's recommendation that the task answers, in words or by its number
    Field("recommendation", needed=False),
)


def incentive_table(incentives: Incentives) -> pd.DataFrame:
    """Bonus per person and in all by rank and grade: ``rank grade staff rate bonus total``.

    The middle of the scale earns ``rate``; a step up or down changes it by the rank's spread: with grades S A B C the steps
    are +1.5, +0.5, −0.5, −1.5. A rate below 0 is 0.
    """
    grades = list(incentives.grades)
    steps = (len(grades) - 1) / 2 - np.arange(len(grades))
    rows = []
    for name, rank in incentives.ranks.items():
        for grade, step in zip(grades, steps, strict=True):
            rate = max(0.0, incentives.rate + step * rank.spread)
            staff = incentives.staff.get(grade, {}).get(name, 0)
            rows.append(
                {
                    "rank": name,
                    "grade": grade,
                    "staff": staff,
                    "rate": rate,
                    "bonus": rate * rank.base,
                    "total": staff * rate * rank.base,
                }
            )
    return pd.DataFrame(rows)


def incentive_budget(incentives: Incentives, departments: Mapping[str, int]) -> dict[str, float]:
    """``bonus awards total budget left`` in won; `departments`: grade → number of departments that hold it.

    ``left`` is negative when the simulation costs more than the budget; budget and left are null without one.
    """
    if unknown := set(departments) - set(incentives.grades):
        raise InputError(
            "a grade that the incentives do not know",
            found=", ".join(sorted(unknown)),
            expected=", ".join(incentives.grades),
        )
    bonus = float(incentive_table(incentives)["total"].sum())
    awards = float(sum(incentives.grades[g].award * n for g, n in departments.items()))
    budget = np.nan if incentives.budget is None else incentives.budget
    return {
        "bonus": bonus,
        "awards": awards,
        "total": bonus + awards,
        "budget": budget,
        "left": budget - bonus - awards,
    }


Status = Literal["done", "done_late", "on_time", "overdue", "no_date"]


def without_names(titles: pd.Series, names) -> pd.Series:
    """Titles with the names of people replaced by ○○○: a register's owners are known, and titles may name them."""
    known = sorted({str(n).strip() for n in names if isinstance(n, str) and len(n.strip()) > 1}, key=len, reverse=True)
    if not known:
        return titles
    pattern = "|".join(map(re.escape, known))
    return titles.map(lambda t: re.sub(pattern, "○○○", t) if isinstance(t, str) else t)


def task_status(tasks: pd.DataFrame, *, asof) -> pd.DataFrame:
    """Tasks with ``status`` on `asof`, and the change of their score: ``change se ci_low ci_high p_value verdict``.

    Change = after − before with se = √(se² + se²) and a normal test (two independent surveys); ``verdict`` is ``better``,
    ``worse`` or ``no_evidence`` at 5 %, null while a score or an error is missing.
    """
    asof = pd.Timestamp(asof).normalize()
    out = tasks.copy()
    due, done = pd.to_datetime(out["due"]), pd.to_datetime(out["done"])
    done = done.where(done <= asof)
    out["status"] = np.select(
        [done.notna() & ~(done > due), done.notna(), due.isna(), due >= asof],
        ["done", "done_late", "no_date", "on_time"],
        "overdue",
    )
    gap = out["after"] - out["before"]
    se = np.sqrt(out["before_se"] ** 2 + out["after_se"] ** 2)
    known = gap.notna() & (se > 0)
    out["change"], out["se"] = gap, se
    out["ci_low"], out["ci_high"] = gap - half_width() * se, gap + half_width() * se
    with np.errstate(divide="ignore", invalid="ignore"):
        out["p_value"] = np.where(known, 2 * ndtr(-np.abs(gap / se)), np.nan)
    sure = known & (out["p_value"] < reading().significance)
    verdict = pd.Series(
        np.select([sure & (gap > 0), sure, known], ["better", "worse", "no_evidence"], ""), index=out.index
    )
    out["verdict"] = verdict.where(verdict != "", None)
    return out


def follow_up(tasks: pd.DataFrame, *, quarters, asof=None) -> pd.DataFrame:
    """State of the register at the end of each quarter (of the last one on `asof`, if that is earlier):
    ``quarter done done_late on_time overdue no_date``; the five add up to the tasks."""
    rows = []
    for quarter in quarters:
        end = pd.Period(quarter, "Q").end_time
        end = end if asof is None else min(end, pd.Timestamp(asof))
        states = task_status(tasks, asof=end)["status"].value_counts()
        rows.append({"quarter": str(pd.Period(quarter, "Q")), **{s: int(states.get(s, 0)) for s in Status.__args__}})
    return pd.DataFrame(rows)


def without_initiative(initiatives: pd.DataFrame, departments) -> list[str]:
    """Departments that have not registered one (1부서 1친절시책)."""
    have = set(initiatives["department"])
    return [d for d in departments if d not in have]


def mail_merge(tasks: pd.DataFrame) -> pd.DataFrame:
    """One row per open or overdue task for a letter to its owner: ``owner contact department title due status``.

    Restricted: names people. Tasks without an owner are left out and counted in ``.attrs["without_owner"]``.
    """
    due = tasks[tasks["status"].isin(["on_time", "overdue", "no_date"])]
    out = due[due["owner"].notna()]
    out = out.sort_values(["owner", "due"], kind="stable")[
        ["owner", "contact", "department", "title", "due", "status"]
    ].reset_index(drop=True)
    out.attrs["without_owner"] = int(due["owner"].isna().sum())
    return out
