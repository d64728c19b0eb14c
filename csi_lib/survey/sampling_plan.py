"""The plan of a study's sample: written in its YAML, computed for every agency, held against what was achieved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BeforeValidator, Field

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
    confidence: float = Field(0.95, gt=0, lt=1)
    deff: float = Field(1.0, gt=0)
    response: float = Field(1.0, gt=0, le=1, description="expected response rate")
    method: Literal["proportional", "neyman", "power", "equal"] = "proportional"
    power: float = 0.5
    sd: Cells | None = Field(None, description="cell → standard deviation (points) for Neyman allocation")
    minimum: int = Field(0, ge=0, description="fewest interviews in a cell")


@dataclass(frozen=True)
class AgencyPlan:
    """The plan of one agency: the size (None when `n` was given) and its allocation to cells."""

    agency: str
    by: str
    size: SampleSize | None
    allocation: Allocation
    response: float

    @property
    def table(self) -> pd.DataFrame:
        """``agency cell population n fraction margin approach``; margin is the expected error of the cell."""
        table = self.allocation.table.rename(columns={"stratum": "cell"})
        table.insert(0, "agency", self.agency)
        table["approach"] = (table["n"] / self.response).round().astype(int)
        return table[["agency", "cell", "population", "n", "approach", "fraction", "margin"]]


def read_plan(study) -> PlanFile | None:
    """``plan.yml`` of a study; None when it has none. Errors name file, line and element."""
    path = Path(study.path) / "plan.yml"
    return YamlFile(path).validate(PlanFile) if path.exists() else None


def plan_agency(plan: PlanFile, agency: str, *, frame: dict[str, float] | None = None) -> AgencyPlan:
    """Size and allocation for one agency; `frame` (cell → customers) instead of the plan's own.

    Raises InputError when the frame has no cells for the agency, or neither `n` nor `margin` is given.
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
    n = plan.n.get(agency) if isinstance(plan.n, dict) else plan.n
    size = None
    if n is None:
        if plan.margin is None:
            raise InputError("a plan needs n or margin", where="plan.yml", action="Add margin: 0.05, for instance")
        size = sample_size(
            margin=plan.margin,
            ci=plan.confidence,
            population=sum(cells.values()),
            deff=plan.deff,
            response=plan.response,
        )
        n = size.n
    spread = allocate(
        cells,
        n,
        method=plan.method,
        sd=plan.sd,
        power=plan.power,
        minimum=plan.minimum,
        ci=plan.confidence,
        deff=plan.deff,
    )
    return AgencyPlan(agency, plan.by, size, spread, plan.response)
