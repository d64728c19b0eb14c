"""What a study says about its simulated data: the world from which respondents are drawn.

Only the declaration is here; `csi_lib.survey.simulation` makes the data.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from csi_lib.study.base import Code, Part, Several, TextsByYear


class Block(Part):
    """Items that share a latent dimension. ``level`` is where the average answer lies on the scale (0–1),
    ``loading`` how closely an item follows its dimension, ``general`` how closely the dimension follows
    general satisfaction. ``effects`` shifts the dimension, in standard deviations, by agency and year."""

    items: Several[str]
    effects: dict[str, dict[int, float]] = {}
    level: float = Field(default=0.65, ge=0, le=1)
    loading: float = Field(default=0.8, gt=-1, lt=1)
    general: float = Field(default=0.75, gt=-1, lt=1)


class Shares(Part):
    """How often each code of a group occurs: for everybody, by stratum, or by agency."""

    shares: dict[Code, float] = {}
    by_stratum: dict[Code, dict[Code, float]] = {}
    by_agency: dict[str, dict[Code, float]] = {}


class Event(Part):
    """A yes/no question whose "yes" is rarer among the satisfied; `asked` are items only its "yes" answer."""

    yes: Code = 1
    no: Code = 2
    rate: float = Field(default=0.12, ge=0, le=1)
    asked: Several[str] = ()


class Defects(Part):
    """Faults planted per file (one year) so that quality control has something to find."""

    undeclared_codes: int = 4
    duplicates: int = 3
    straight_lining: bool = True


class World(Part):
    """The finite population of a source and the survey taken from it.

    ``frame`` gives the number of customers by agency and stratum code (for all agencies: ``default``);
    ``sample`` people are drawn per agency and year, in proportion but at least ``minimum`` per stratum;
    ``effects`` the shift of general satisfaction, in standard deviations, by agency and year, and by
    stratum; ``response`` the probability that a sampled person of a stratum answers.
    """

    stratum: str | None = None
    frame: dict[str, dict[Code, int]] = {}
    population: int = Field(default=6000, ge=50)
    sample: int = Field(default=600, ge=10)
    minimum: int = Field(default=10, ge=2)
    response: dict[Code, float] = {}
    effects: dict[str, dict[int, float]] = {}
    stratum_effects: dict[Code, float] = {}
    blocks: dict[str, Block] = {}
    groups: dict[str, Shares] = {}
    events: dict[str, Event] = {}
    #: comments, from those of the most to those of the least satisfied; may differ by year
    texts: TextsByYear = Field(default=None, validate_default=True)
    text_rate: float = Field(default=0.2, ge=0, le=1)
    item_missing: float = Field(default=0.01, ge=0, lt=1)
    interviewers: int = Field(default=12, ge=1)
    encoding: dict[int, Literal["utf-8", "utf-8-sig", "cp949"]] = {}
    defects: Defects = Defects()


class Simulation(Part):
    """``simulate:`` of study.yml: a seed and a world per source."""

    seed: int = 20240501
    sources: dict[str, World] = {}
