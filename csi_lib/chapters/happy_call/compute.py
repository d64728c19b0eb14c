"""Happy-call: satisfaction after a petition, from cases or from published counts, by department and month.

A composite says how it is made. The 9.69 of one year was the *sum* of two five-point means, the 9.42 of the next the
*mean* of two ten-point items (docs/method/evaluation.md#records): `compare` refuses such a pair and says what would make it comparable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.evaluation.records import Field
from csi_lib.measure.shown import Result
from csi_lib.study.base import Label, Part
from csi_lib.study.references import SourceName


class HappyItem(Part):
    """One question on ``low`` … ``high``; ``unrated`` is the code for 미평가."""

    label: Label
    low: float = 1
    high: float = 5
    unrated: float | None = None

    @model_validator(mode="after")
    def _ordered(self):
        if not self.low < self.high:
            raise ValueError("a scale needs low < high")
        return self


class Published(Part):
    """Results of an earlier scheme, as counts of each answer: one composite, a ``sum`` or a ``mean`` of its questions."""

    label: Label
    how: Literal["sum", "mean"]
    low: float = 1
    high: float = 5
    counts: dict[str, dict[float, Annotated[int, Setting(ge=0)]]] = Setting(min_length=1)
    unrated: int = Setting(default=0, ge=0)

    @model_validator(mode="after")
    def _within(self):
        if not self.low < self.high:
            raise ValueError("a scale needs low < high")
        for item, counts in self.counts.items():
            if outside := [a for a in counts if not self.low <= a <= self.high]:
                raise ValueError(f"{item!r} counts answers of {outside[0]:g}, outside {self.low:g} to {self.high:g}")
            if not sum(counts.values()):
                raise ValueError(f"{item!r} counts nobody")
        return self


class HappyCallFile(Part):
    """``happy_call.yml``: the cases' source, the questions, how the composite is made, what was ``published`` before."""

    source: SourceName = "happy_call"
    columns: dict[str, str] = {}
    items: dict[str, HappyItem]
    combine: Literal["mean", "sum"] = "mean"
    reached: str = "reached"
    outcomes: dict[str, Label] = {}
    published: dict[int, Published] = {}


def case_fields(file: HappyCallFile) -> tuple[Field, ...]:
    """Columns of a file of cases: ``outcome`` is ``reached`` or why nobody answered."""
    return (
        Field("department"),
        Field("month", "date"),
        Field("outcome"),
        Field("person", needed=False, private="person"),
        *(Field(name, "number", blank=True) for name in file.items),
    )


@dataclass(frozen=True)
class Composite:
    """A score on a stated scale: ``sum`` or ``mean`` of ``items`` questions on ``low`` … ``high`` each."""

    value: float
    how: Literal["sum", "mean"]
    items: int
    low: float
    high: float
    se: float | None = None
    n: int | None = None

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest possible value."""
        factor = self.items if self.how == "sum" else 1
        return self.low * factor, self.high * factor

    def rescaled(self) -> Composite:
        """The same result on 0–100, on which composites of any making can be put side by side."""
        low, high = self.range
        se = None if self.se is None else 100 * self.se / (high - low)
        return Composite(100 * (self.value - low) / (high - low), "mean", self.items, 0, 100, se, self.n)


def compare(now: Composite, before: Composite) -> float:
    """now − before; refused unless both are made alike.

    Raises InputError for a sum beside a mean, and for scales of different ends, which no arithmetic on the printed
    values makes alike; ``compare(now.rescaled(), before.rescaled())`` says what 0–100 says, wording and modes aside.
    """
    made = lambda c: f"{c.how} of {c.items} items on {c.low:g} to {c.high:g}"
    if (now.how, now.low, now.high) != (before.how, before.low, before.high) or (
        now.how == "sum" and now.items != before.items
    ):
        raise InputError("a sum and a mean, or different scales, cannot be compared", found=f"{made(now)} beside {made(before)}",
                         action="Compare .rescaled() values (0 to 100), and say that the questions changed")  # fmt: skip
    return now.value - before.value


@dataclass(frozen=True, repr=False)
class CountedItem(Result):
    """One question from counts: mean of those who rated, with its standard error, and how many did not."""

    SUMMARY: ClassVar[tuple[str, ...]] = (
        "mean",
        "se",
        "n",
        "unrated",
    )

    mean: float
    se: float
    n: int
    unrated: int

    @property
    def response(self) -> float:
        """Share of the cases that gave a rating."""
        return self.n / (self.n + self.unrated)


def item_from_counts(counts: Mapping[float, int], *, unrated: int = 0) -> CountedItem:
    """Mean and standard error (s/√n) of a question whose answers were published as counts; the unrated do not enter.

    Raises InputError for a negative count and when nobody rated.

    Examples
    --------
    >>> import csi_lib
    >>> counted = csi_lib.item_from_counts({1: 5, 2: 5, 3: 20, 4: 40, 5: 30})
    >>> counted.n
    100
    """
    values, n = np.array(list(counts), dtype=float), np.array(list(counts.values()), dtype=float)
    if (n < 0).any() or unrated < 0:
        raise InputError("a count is negative", found=str(dict(counts)))
    total = n.sum()
    if total == 0:
        raise InputError("nobody rated this question", found=f"{unrated} unrated")
    mean = (values * n).sum() / total
    variance = (n * (values - mean) ** 2).sum() / (total - 1) if total > 1 else np.nan
    return CountedItem(float(mean), float(np.sqrt(variance / total)), int(total), int(unrated))


def rated_cases(cases: pd.DataFrame, file: HappyCallFile) -> pd.DataFrame:
    """Cases with the unrated as missing, and ``composite``: the mean (or sum) of all questions of those who rated all.

    Raises InputError, with the case, for an answer outside the scale.
    """
    out = cases.copy()
    for name, item in file.items.items():
        value = out[name].where(out[name] != item.unrated) if item.unrated is not None else out[name]
        value = value.where(out["outcome"] == file.reached)
        bad = value.notna() & ((value < item.low) | (value > item.high))
        if bad.any():
            raise InputError("an answer lies outside the scale", where=f"case {out.index[bad][0] + 1}, question {name!r}",
                             found=f"{value[bad].iloc[0]:g}", expected=f"{item.low:g} to {item.high:g}")  # fmt: skip
        out[name] = value
    answers = out[list(file.items)]
    whole = answers.mean(axis=1) if file.combine == "mean" else answers.sum(axis=1)
    out["composite"] = whole.where(answers.notna().all(axis=1))
    return out


@dataclass(frozen=True)
class HappyCall:
    """Results of a period.

    ``scores``: rows ``department month measure estimate se df ci_low ci_high n`` (null department or month: all);
    ``response``: rows ``department month cases reached rated unrated share``; an empty month is a row with 0 cases and no
    mean, never a zero score.
    """

    scores: pd.DataFrame
    response: pd.DataFrame


def happy_call(
    cases: pd.DataFrame, file: HappyCallFile, *, months: Sequence = (), ci: float | None = None
) -> HappyCall:
    """Satisfaction and response by department, by month, by both, and altogether.

    cases : of `rated_cases`; months : months that must appear (an empty one shows as a gap), default those that occur.
    """
    frame = cases.assign(month=pd.to_datetime(cases["month"]).dt.to_period("M").astype("str"))
    wanted = sorted({str(pd.Period(m, "M")) for m in months} | set(frame["month"]))
    frame["month"] = pd.Categorical(frame["month"], wanted)
    scores = []
    for by in (["department", "month"], ["department"], ["month"], []):
        for measure in (*file.items, "composite"):
            scores.append(clustered_means(frame, measure, by, ci=ci).assign(measure=measure))
    scores = pd.concat(scores, ignore_index=True).reindex(
        columns=["department", "month", "measure", "estimate", "se", "df", "ci_low", "ci_high", "n"]
    )
    response = []
    for by in (["department", "month"], ["department"], ["month"], []):
        groups = frame.groupby(by, sort=False, observed=False) if by else [((), frame)]
        for name, part in groups:
            name = name if isinstance(name, tuple) else (name,)
            reached = int((part["outcome"] == file.reached).sum())
            rated = int(part["composite"].notna().sum())
            response.append({**dict(zip(by, name, strict=True)), "cases": len(part), "reached": reached, "rated": rated,
                             "unrated": reached - rated, "share": rated / len(part) if len(part) else np.nan})  # fmt: skip
    columns = ["department", "month", "cases", "reached", "rated", "unrated", "share"]
    return HappyCall(scores, pd.DataFrame(response).reindex(columns=columns))
