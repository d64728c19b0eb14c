"""Where the answers of a study lie, and how the sample was drawn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from csi_lib.study.base import Code, CodeByYear, Part, Several, TextByYear, TextsByYear
from csi_lib.study.weighting import WeightingPlan

Kind = Literal[
    "respondents", "employees", "individuals", "events", "scores", "register", "fieldwork", "frame", "targets", "table"
]
#: kinds whose rows are people who answered a questionnaire; of the last two a reader may know who they are
SURVEYS = ("respondents", "employees", "individuals")


class Locator(Part):
    """Which agency (or year) a row belongs to: a raw `column`, or one `constant` for the whole source.

    ``map`` turns what the column holds into our ids (agencies) or years; ``null`` leaves the rows out.
    """

    column: str | None = None
    constant: Code | None = None
    map: dict[Code, Code | None] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value):
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_of_two(self):
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either 'column' or 'constant'")
        return self


class Design(Part):
    """Columns of the codebook that say how the sample was drawn; each may differ by year or be absent.

    ``fpc`` holds the number of units in the row's stratum in the population.
    """

    weights: TextByYear = Field(default=None, validate_default=True)
    strata: TextByYear = Field(default=None, validate_default=True)
    clusters: TextByYear = Field(default=None, validate_default=True)
    fpc: TextByYear = Field(default=None, validate_default=True)
    #: what a stratum with a single respondent contributes to the error; see `SurveyDesign`
    lonely: Literal["fail", "remove", "adjust", "average", "certainty"] = "fail"

    def in_year(self, year: int | None) -> dict[str, str | None]:
        return {name: getattr(self, name).get(year) for name in ("weights", "strata", "clusters", "fpc")}


class Discard(Part):
    """Interviews that fieldwork control rejected: rows whose `column` of the codebook holds one of `codes`.

    They are counted and left out; the weights of the others in their stratum are raised so that the stratum keeps its
    weight.
    """

    column: str
    codes: Several[Code]


class Source(Part):
    """One data source: ``path`` may hold ``{year}`` and ``{agency}``, and may differ by year.

    ``on_undeclared`` says what an answer that the codebook does not declare is: an ``error`` (default)
    or ``missing``, counted in the survey's quality record. ``duplicates`` says the same of a second
    row with the same respondent id: ``error`` or ``drop-later``. ``enumeration``: everybody was asked (a census of
    employees, for instance), so single cells must not be shown either.
    """

    kind: Kind = "respondents"
    path: TextsByYear
    codebook: str = "codebook.yml"
    sheet: CodeByYear = Field(default=None, validate_default=True)
    encoding: TextByYear = Field(default=None, validate_default=True)
    separator: TextByYear = Field(default=None, validate_default=True)
    agency: Locator
    year: Locator | None = None
    design: Design = Design()
    #: agencies it covers; None means all that took part in the wave
    agencies: Several[str] | None = None
    weighting: WeightingPlan | None = Field(
        None, description="weight the answers to the population here; without it design.weights are final"
    )
    interviewer: str | None = None
    on_undeclared: Literal["error", "missing"] = "error"
    duplicates: Literal["error", "drop-later"] = "error"
    discard: Discard | None = None
    enumeration: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _year_known(self):
        if self.year is None and "{year}" not in "".join(self.path.default or ()) and not self.path.years:
            raise ValueError(
                "which year a row belongs to is not said: put {year} into 'path', list paths by year, or give 'year'"
            )
        return self

    @property
    def is_survey(self) -> bool:
        """Whether its rows are answers to a questionnaire."""
        return self.kind in SURVEYS

    def covers(self, agency: str | None, year: int) -> bool:
        """Whether it holds anything of an agency (None: of any) in a year, as declared."""
        return bool(self.paths(year)) and (agency is None or self.agencies is None or agency in self.agencies)

    def paths(self, year: int, agency: str | None = None) -> tuple[str, ...]:
        """The source's files for a year, relative to the data folder."""
        return tuple(
            p.replace("{year}", str(year)).replace("{agency}", agency or "*") for p in self.path.get(year) or ()
        )
