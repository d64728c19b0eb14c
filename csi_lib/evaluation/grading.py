"""Which grading rule a round uses, and the frame of units it grades."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.grades import (
    MINIMUM_GROUP,
    RATIO,
    Grades,
    absolute_grades,
    grade_probabilities,
    relative_grades,
)
from csi_lib.evaluation.records import Field
from csi_lib.study.base import Label, Part

#: one row per unit of the round
UNITS = (
    Field("unit"),
    Field("name", needed=False),
    Field("name_en", needed=False),
    Field("group", needed=False),
    Field("size", needed=False),
    Field("score", "number", blank=True),
    Field("se", "number", needed=False),
    Field("n", "number", needed=False),
    Field("target", "number", needed=False),
)


class GradingFile(Part):
    """``grades.yml``: rule, scale, and follow-up.

    The units are the rows of ``source``, or, without one, the agencies of the study with the report's index. ``classes``
    names sets of grades that matter two years running; ``cohorts`` which sizes are consulted together.
    """

    rule: Literal["absolute", "relative"] = "relative"
    source: str | None = None
    columns: dict[str, str] = {}
    cuts: dict[str, float | None] = {"S": 90, "A": 85, "B": 80, "C": None}
    ratio: dict[str, float] = RATIO
    minimum_group: int = Setting(default=MINIMUM_GROUP, ge=2)
    digits: int | None = None
    labels: dict[str, Label] = {}
    groups: dict[str, Label] = {}
    sizes: dict[str, Label] = {}
    classes: dict[str, tuple[str, ...]] = {}
    consulting: str | None = None
    cohorts: dict[str, tuple[str, ...]] = {}
    draws: int = Setting(default=2000, ge=100)

    @model_validator(mode="after")
    def _known(self):
        for name, members in self.classes.items():
            if unknown := set(members) - set(self.scale):
                raise ValueError(f"class {name!r} holds {sorted(unknown)[0]!r}, which is no grade")
        if self.consulting is not None and self.consulting not in self.classes:
            raise ValueError(f"consulting is for {self.consulting!r}, which is none of the classes")
        return self

    @property
    def scale(self) -> tuple[str, ...]:
        return tuple(self.cuts if self.rule == "absolute" else self.ratio)


def grade_units(units: pd.DataFrame, file: GradingFile) -> Grades:
    """Grades of a frame with ``unit score`` and, for the relative rule, ``group``."""
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
    """Probability of each grade and of another one (`grade_probabilities`) for the units of a round."""
    table = units.set_index("unit")
    groups = table["group"] if file.rule == "relative" else None
    return grade_probabilities(
        table["score"].astype(float), table["se"].astype(float), rule=file.rule, groups=groups, cuts=file.cuts,
        ratio=file.ratio, minimum_group=file.minimum_group, draws=file.draws, seed=seed,
    )  # fmt: skip
