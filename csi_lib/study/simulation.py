"""What a study says about its simulated data: the world from which respondents are drawn.

Only the declaration is here; `csi_lib.simulate.survey` makes the data.
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
    #: shift of the dimension, in standard deviations, by group column and code
    groups: dict[str, dict[Code, float]] = {}
    #: how often its items stay unanswered; None for the world's ``item_missing``
    missing: float | None = Field(default=None, ge=0, lt=1)


class Picks(Part):
    """A choice of the most important of a list, over `columns` without repetition; ``shares`` by code, for the first."""

    columns: Several[str]
    shares: dict[Code, float]


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


class Fabrication(Part):
    """Interviews that never took place: a `share` of those of the `interviewers` with most interviews of every agency.

    Their answers lie within a point of ``level`` (0–1 on the scale), they take about ``minutes``, and ``detected`` of them
    carry the ``rejected`` code of ``column``, in which all others are ``valid``. ``years``: in which; the rest have none.
    """

    column: str
    valid: Code = 1
    rejected: Code = 2
    years: Several[int] = ()
    interviewers: int = Field(default=1, ge=1)
    share: float = Field(default=0.6, gt=0, le=1)
    detected: float = Field(default=1.0, ge=0, le=1)
    level: float = Field(default=0.92, ge=0, le=1)
    minutes: float = Field(default=3.0, gt=0)


class Defects(Part):
    """Faults planted per file (one year) so that quality control has something to find."""

    fabrication: Fabrication | None = None

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
    picks: dict[str, Picks] = {}
    #: comments, from those of the most to those of the least satisfied; may differ by year
    texts: TextsByYear = Field(default=None, validate_default=True)
    text_rate: float = Field(default=0.2, ge=0, le=1)
    item_missing: float = Field(default=0.01, ge=0, lt=1)
    interviewers: int = Field(default=12, ge=1)
    encoding: dict[int, Literal["utf-8", "utf-8-sig", "cp949"]] = {}
    defects: Defects = Defects()


class Contacts(Part):
    """A log of fieldwork that fits the interviews of another source: one row per case that was approached.

    ``outcomes`` is the number of cases of each outcome per interview (``{R: 0.4, NC: 0.3}``: AAPOR groups); `verified` the
    share of interviews that were checked again, `contractor` of all interviews by the contractor itself; a fabricated
    interview is found by any check, and ``reinterviewed`` of those found were done again.
    """

    of: str = "customers"
    outcomes: dict[str, float] = {"P": 0.03, "R": 0.45, "NC": 0.5, "O": 0.04, "UH": 0.15, "UO": 0.05, "NE": 0.2}
    verified: float = Field(default=0.3, ge=0, le=1)
    contractor: float = Field(default=0.2, ge=0, le=1)
    reinterviewed: float = Field(default=0.5, ge=0, le=1)
    days: int = Field(default=28, ge=1)


class FrameTable(Part):
    """A sampling frame that fits the population of another source: listed, unusable and double entries by stratum."""

    of: str = "customers"
    unusable: float = Field(default=0.08, ge=0, lt=1)
    duplicate: float = Field(default=0.03, ge=0, lt=1)


class Simulation(Part):
    """``simulate:`` of study.yml: a seed, a world per survey, and logs and frames that fit them."""

    seed: int = 20240501
    sources: dict[str, World] = {}
    contacts: dict[str, Contacts] = {}
    frames: dict[str, FrameTable] = {}

    @property
    def all_sources(self) -> tuple[str, ...]:
        return (*self.sources, *self.contacts, *self.frames)
