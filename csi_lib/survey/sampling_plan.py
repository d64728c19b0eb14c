"""The plan of a study's sample: written in its YAML, computed for every agency, held against what was achieved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, model_validator
from scipy import special

from csi_lib.errors import InputError
from csi_lib.study.base import Part
from csi_lib.study.yaml_file import YamlFile
from csi_lib.survey.planning import Allocation, SampleSize, allocate, sample_size


def _as_text(value):
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else value


Cells = Annotated[dict[str, float], BeforeValidator(_as_text)]


class PlanFile(Part):
    """``plan.yml`` of a study: the wanted precision or number, and how it is spread over the cells of `by`."""

    by: str = Field(description="group column whose cells are the strata")
    frame: dict[str, Cells] = Field(
        default_factory=dict,
        description="agency → cell → customers; the key 'default' stands for all others; empty where a sampling frame says it",
    )
    n: dict[str, int] | int | None = Field(None, description="interviews per agency; else they follow from `margin`")
    margin: float | None = Field(None, gt=0, lt=1, description="wanted error of a share of one half, e.g. 0.05")
    points: float | None = Field(None, gt=0, description="wanted error of a mean in points, with `sd`")
    budget: dict[str, float] | float | None = Field(None, description="money per agency instead of n or an error")
    cost: Cells | float = Field(1.0, description="cost of one interview, by cell or one for all")
    confidence: float = Field(0.95, gt=0, lt=1)
    deff: float = Field(1.0, gt=0)
    response: float = Field(1.0, gt=0, le=1, description="expected response rate")
    method: Literal["proportional", "neyman", "power", "equal"] = "proportional"
    power: float = 0.5
    sd: Cells | float | None = Field(
        None, description="standard deviation (points), by cell or one for all: Neyman, points"
    )
    minimum: int = Field(0, ge=0, description="fewest interviews in a cell")

    @model_validator(mode="after")
    def _one_goal(self):
        goals = [name for name in ("n", "margin", "points", "budget") if getattr(self, name) is not None]
        if len(goals) != 1:
            found = " and ".join(goals) if goals else "none of them"
            raise ValueError(f"a plan has one goal: n, margin, points or budget (found {found})")
        if self.sd is None and (self.points is not None or self.method == "neyman"):
            what = "`points`" if self.points is not None else "Neyman allocation"
            raise ValueError(f"{what} needs `sd`, the standard deviation in points")
        return self


@dataclass(frozen=True)
class AgencyPlan:
    """The plan of one agency: the size (None where n or a budget was given) and its allocation to cells.

    ``unit`` says what the margins are of: ``pp`` (a share of one half) or ``points`` (a mean, where `sd` is declared).
    """

    agency: str
    by: str
    size: SampleSize | None
    allocation: Allocation
    response: float
    ci: float
    deff: float
    unit: str

    @property
    def table(self) -> pd.DataFrame:
        """``agency cell population n approach fraction margin``; margin is the expected error of the cell."""
        table = self.allocation.table.rename(columns={"stratum": "cell"})
        table.insert(0, "agency", self.agency)
        ask = np.ceil(table["n"] / self.response - 1e-9)
        table["approach"] = np.minimum(ask, table["population"]).astype(int)
        return table[["agency", "cell", "population", "n", "approach", "fraction", "margin"]]

    def check(self, achieved: Mapping[str, int]) -> pd.DataFrame:
        """Fieldwork against plan: ``agency cell population planned achieved missing done margin_planned margin``.

        margin is the expected error with the interviews achieved, infinite in a cell without any. Cells that were not
        planned raise InputError.
        """
        table = self.allocation.table
        checked = self.allocation.check(achieved)
        n, size, sd = (
            checked["achieved"].to_numpy(float),
            table["population"].to_numpy(float),
            table["sd"].to_numpy(float),
        )
        if (n > size).any():
            k = int((n > size).argmax())
            raise InputError("more interviews than people in a cell", where=f"plan.yml: frame > {self.agency}",
                             found=f"{table['stratum'][k]}: {n[k]:g} of {size[k]:g}", action="Correct the frame")  # fmt: skip
        with np.errstate(divide="ignore"):
            variance = np.where(n > 0, sd**2 * self.deff * (1 - n / size) / np.maximum(n, 1), np.inf)
        return pd.DataFrame({
            "agency": self.agency, "cell": table["stratum"], "population": table["population"], "planned": table["n"],
            "achieved": checked["achieved"], "missing": checked["missing"], "done": checked["done"],
            "margin_planned": table["margin"], "margin": special.ndtri(0.5 + self.ci / 2) * np.sqrt(variance),
        })  # fmt: skip


def read_plan(study) -> PlanFile | None:
    """``plan.yml`` of a study; None when it has none. Errors name file, line and element.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.read_plan(csi_lib.load_study("example")) is not None
    True
    """
    path = Path(study.path) / "plan.yml"
    return YamlFile(path).validate(PlanFile) if path.exists() else None


def plan_agency(plan: PlanFile, agency: str, *, frame: dict[str, float] | None = None) -> AgencyPlan:
    """Size and allocation for one agency; `frame` (cell → customers) instead of the plan's own.

    Raises InputError when the frame has no cells for the agency, or the goal cannot be met.

    Examples
    --------
    >>> import csi_lib
    >>> study = csi_lib.load_study("example")
    >>> plan = csi_lib.read_plan(study)
    >>> csi_lib.plan_agency(plan, study.agencies[0].id).agency
    'hanbit-fmc'
    """
    cells = frame or plan.frame.get(agency) or plan.frame.get("default")
    if not cells:
        raise InputError(
            "the plan's frame has no cells for this agency",
            where="plan.yml: frame",
            found=agency,
            expected=", ".join(plan.frame),
            action="Add the agency, or a 'default'",
        )
    n, budget = (_of(value, agency, name) for value, name in ((plan.n, "n"), (plan.budget, "budget")))
    size, people = None, sum(cells.values())
    if plan.margin is not None or plan.points is not None:
        goal = (
            {"margin": plan.margin} if plan.margin is not None else {"margin": plan.points, "sd": _spread(plan, cells)}
        )
        size = sample_size(**goal, ci=plan.confidence, population=people, deff=plan.deff, response=plan.response)
        n = _enough(plan, cells, max(size.n, _least(plan, cells)), goal["margin"])
    spread = _allocated(plan, cells, n, budget)
    unit = "pp" if plan.sd is None else "points"
    return AgencyPlan(agency, plan.by, size, spread, plan.response, plan.confidence, plan.deff, unit)


def _allocated(plan: PlanFile, cells: dict[str, float], n, budget=None) -> Allocation:
    return allocate(
        cells, n, method=plan.method, sd=plan.sd, power=plan.power, minimum=plan.minimum, budget=budget, cost=plan.cost,
        ci=plan.confidence, deff=plan.deff,
    )  # fmt: skip


def _enough(plan: PlanFile, cells: dict[str, float], n: int, goal: float) -> int:
    """The fewest interviews, n or more, with which this allocation has the wanted error of the whole."""
    low, most = n, int(sum(cells.values()))
    high = min(low, most)
    while high < most and _allocated(plan, cells, high).margin > goal:
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _allocated(plan, cells, middle).margin > goal else (low, middle)
    return high


def _of(value, agency: str, name: str):
    """The agency's own number; one for all where no mapping is given."""
    if not isinstance(value, dict):
        return value
    if agency not in value:
        raise InputError("the plan says nothing for this agency", where=f"plan.yml: {name}", found=agency,
                         expected=", ".join(value))  # fmt: skip
    return value[agency]


def _spread(plan: PlanFile, cells: dict[str, float]) -> float:
    """Standard deviation within cells, √(Σ N_h S_h²/N): what is left to sampling when cells are strata."""
    if not isinstance(plan.sd, dict):
        return float(plan.sd)
    if lacking := [c for c in cells if c not in plan.sd]:
        raise InputError("a cell has no standard deviation", where="plan.yml: sd", found=", ".join(lacking[:5]))
    total = sum(cells.values())
    return float(np.sqrt(sum(size * plan.sd[cell] ** 2 for cell, size in cells.items()) / total))


def _least(plan: PlanFile, cells: dict[str, float]) -> int:
    """Interviews that the minimum of every cell needs."""
    return int(sum(min(plan.minimum, size) for size in cells.values()))
