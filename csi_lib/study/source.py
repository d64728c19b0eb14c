"""Where the answers of a study lie, and how the sample was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from csi_lib.study.base import (
    Code,
    CodeByYear,
    Part,
    RowsByYear,
    Several,
    TextByYear,
    TextsByYear,
    WholeByYear,
    collisions,
)
from csi_lib.study.weighting import WeightingPlan

Kind = Literal[
    "respondents", "employees", "individuals", "events", "scores", "register", "fieldwork", "frame", "targets", "table"
]
#: kinds whose rows are people who answered a questionnaire; of the last two a reader may know who they are
SURVEYS = ("respondents", "employees", "individuals")


class Locator(Part):
    """Which agency (or year) a row belongs to: a raw `column`, or one `constant` for the whole source.

    ``map`` turns what the column holds into our ids (agencies) or years; ``null`` leaves the rows out (and counts them);
    ``"": …`` says the same of a blank cell.
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
        for one, other in collisions(self.map):
            raise ValueError(f"'map' names the same cell twice: {one!r} and {other!r}")
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


@dataclass(frozen=True)
class Form:
    """How one file of a source is written, as declared; None = to be found out."""

    sheet: Code | None = None
    header_row: int | None = None
    skip_rows: int | tuple[int, ...] | None = None
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    missing_text: tuple[str, ...] = ()


class Source(Part):
    """One data source: ``path`` may hold ``{year}`` and ``{agency}``, and may differ by year.

    ``on_undeclared`` says what an answer that the codebook does not declare is: an ``error`` (default)
    or ``missing``, counted in the survey's quality record. ``duplicates`` says the same of a second
    row with the same respondent id: ``error`` or ``drop-later``. ``enumeration``: everybody was asked (a census of
    employees, for instance), so single cells must not be shown either.

    How its files are written is found out, unless it is said: ``sheet`` (name or number of a workbook's sheet),
    ``header_row`` (the row of the file that holds the names of the columns, from 1), ``skip_rows`` (a number: that many rows
    at the top; a list: these rows), ``encoding``, ``separator``, ``decimal`` (``.`` or ``,``), ``missing_text`` (texts that
    stand for "no answer" in every column, such as ``[NA, N/A, ., -]``).
    """

    kind: Kind = "respondents"
    path: TextsByYear
    codebook: str = "codebook.yml"
    sheet: CodeByYear = Field(default=None, validate_default=True)
    encoding: TextByYear = Field(default=None, validate_default=True)
    separator: TextByYear = Field(default=None, validate_default=True)
    header_row: WholeByYear = Field(default=None, validate_default=True)
    skip_rows: RowsByYear = Field(default=None, validate_default=True)
    decimal: TextByYear = Field(default=None, validate_default=True)
    missing_text: TextsByYear = Field(default=None, validate_default=True)
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
    def _form_possible(self):
        for decimal in (self.decimal.default, *self.decimal.years.values()):
            if decimal not in (None, ".", ","):
                raise ValueError("'decimal' is '.' or ','")
        for row in (self.header_row.default, *self.header_row.years.values()):
            if row is not None and row < 1:
                raise ValueError("rows are counted from 1")
        return self

    @property
    def tells_year(self) -> bool:
        """Whether the path or a column says to which year a row belongs; a study of one year needs neither."""
        return self.year is not None or "{year}" in "".join(self.path.default or ()) or bool(self.path.years)

    def form(self, year: int) -> Form:
        """How the source's files of a year are written, as declared."""
        names = ("sheet", "header_row", "skip_rows", "encoding", "separator", "decimal")
        return Form(
            **{name: getattr(self, name).get(year) for name in names}, missing_text=self.missing_text.get(year) or ()
        )

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
