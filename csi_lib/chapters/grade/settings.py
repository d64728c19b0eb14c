"""Which grading rule a round uses (``grades.yml``), and the frames of units it grades."""

from __future__ import annotations

from typing import Annotated, Literal

import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.chapters.grade.attainment import ATTAINMENT, attainment_grades, attainment_probabilities
from csi_lib.chapters.grade.rules import (
    MINIMUM_GROUP,
    RATIO,
    Grades,
    absolute_grades,
    grade_probabilities,
    relative_grades,
    ungraded_remainder,
)
from csi_lib.errors import InputError
from csi_lib.evaluation.presets import FromPreset
from csi_lib.evaluation.records import Field
from csi_lib.study.base import Amount, Digits, Label, Part
from csi_lib.study.references import SourceName

_UNIT = (
    Field("unit"),
    Field("name", needed=False),
    Field("name_en", needed=False),
    Field("group", needed=False),
    Field("size", needed=False),
    Field("consulted", "flag", needed=False, blank=True),
)
#: one row per unit of the round
UNITS = (
    *_UNIT,
    Field("score", "number", blank=True),
    Field("se", "number", needed=False),
    Field("n", "number", needed=False),
)
#: one row per unit and business, for the rule of attainment
BUSINESSES = (
    *_UNIT,
    Field("business"),
    Field("score", "number", blank=True),
    Field("target", "number", blank=True),
    Field("se", "number", needed=False),
    Field("target_se", "number", needed=False),
    Field("n", "number", needed=False),
)


class Published(Part):
    """The grades of a round as they were published: how many units it had, how many got each grade, and where it says so.

    Published counts do not always add up to the units; what they leave out is shown as ungraded.
    """

    label: Label
    units: int = Setting(gt=0)
    counts: dict[str, Annotated[int, Setting(ge=0)]]
    source: str | None = None

    @model_validator(mode="after")
    def _within(self):
        if sum(self.counts.values()) > self.units:
            raise ValueError(
                f"the grades hold {sum(self.counts.values())} units, more than the {self.units} of the round"
            )
        return self

    @property
    def ungraded(self) -> int:
        return ungraded_remainder(self.counts, self.units)


class GradingFile(FromPreset):
    """``grades.yml``: rule, scale, and follow-up.

    The units are the rows of ``source``; without one they are the agencies of the study with the report's index, and
    under the rule of attainment their businesses are the values of the column ``business`` with last year's index as target.
    ``classes`` names sets of grades that matter two years running; ``cohorts`` which sizes are consulted together;
    ``alike`` from which probability on another grade is named as possible. ``newcomers`` says whether a unit that was not
    in last year's round is graded. ``parts`` are columns of the source with scores of parts of the evaluation, graded like
    the total; ``form`` is the official form of the result: ``lists`` of the units of each grade, or the grades of the ``parts``.
    """

    rule: Literal["absolute", "relative", "attainment"] = "relative"
    source: SourceName | None = None
    columns: dict[str, str] = {}
    business: str | None = None
    cuts: dict[str, float | None] = {"S": 90, "A": 85, "B": 80, "C": None}
    ratio: dict[str, Amount] = RATIO
    shares: dict[str, float] = ATTAINMENT
    minimum_group: int = Setting(default=MINIMUM_GROUP, ge=2)
    digits: Digits | None = None
    labels: dict[str, Label] = {}
    groups: dict[str, Label] = {}
    sizes: dict[str, Label] = {}
    classes: dict[str, tuple[str, ...]] = {}
    class_labels: dict[str, Label] = {}
    consulting: str | None = None
    cohorts: dict[str, tuple[str, ...]] = {}
    cohort_labels: dict[str, Label] = {}
    published: tuple[Published, ...] = ()
    parts: dict[str, Label] = {}
    newcomers: Literal["graded", "ungraded"] = "graded"
    form: Literal["lists", "parts"] | None = None
    alike: float = Setting(default=0.1, gt=0, lt=1)
    draws: int = Setting(default=2000, ge=100)

    @model_validator(mode="after")
    def _known(self):
        for name, members in self.classes.items():
            if unknown := set(members) - set(self.scale):
                raise ValueError(f"class {name!r} holds {sorted(unknown)[0]!r}, which is no grade")
        if self.consulting is not None and self.consulting not in self.classes:
            raise ValueError(f"consulting is for {self.consulting!r}, which is none of the classes")
        if self.consulting is not None and not self.cohorts:
            raise ValueError("consulting needs 'cohorts': which sizes are consulted together")
        if self.rule == "attainment" and self.source is None and self.business is None:
            raise ValueError(
                "the rule of attainment needs a 'source' of businesses, or the column 'business' of the survey"
            )
        return self

    @property
    def unit_fields(self) -> tuple[Field, ...]:
        """Columns of the round's source."""
        if self.rule == "attainment":
            return BUSINESSES
        return (*UNITS, *(Field(part, "number", needed=False) for part in self.parts))

    def reads(self):
        """The records it needs of every wave, for `csi check`."""
        if self.source is not None:
            yield self.source, self.unit_fields

    def refers(self):
        if self.source is None:
            yield "column", self.business, "business"

    @property
    def scale(self) -> tuple[str, ...]:
        return tuple({"absolute": self.cuts, "relative": self.ratio, "attainment": self.shares}[self.rule])


def grade_units(units: pd.DataFrame, file: GradingFile) -> Grades:
    """Grades of a frame with ``unit score`` (and ``group`` for the relative rule), or ``unit business score target``."""
    if file.rule == "attainment":
        return attainment_grades(units, shares=file.shares)
    scores = units.set_index("unit")["score"].astype(float)
    if file.rule == "absolute":
        return absolute_grades(scores, cuts=file.cuts, digits=file.digits)
    if units["group"].isna().any():
        raise InputError(
            "the relative rule grades within groups",
            found=f"unit {units.loc[units['group'].isna(), 'unit'].iloc[0]} has none",
        )
    groups = units.set_index("unit")["group"]
    return relative_grades(scores, groups, ratio=file.ratio, minimum_group=file.minimum_group, digits=file.digits)


def unit_probabilities(units: pd.DataFrame, file: GradingFile, *, seed: int = 0) -> pd.DataFrame:
    """Probability of each grade and of another one for the units of a round, indexed by unit."""
    if file.rule == "attainment":
        return attainment_probabilities(units, shares=file.shares)
    table = units.set_index("unit")
    groups = table["group"] if file.rule == "relative" else None
    return grade_probabilities(
        table["score"].astype(float), table["se"].astype(float), rule=file.rule, groups=groups, cuts=file.cuts,
        ratio=file.ratio, minimum_group=file.minimum_group, draws=file.draws, seed=seed,
    )  # fmt: skip
