"""The codebook of a source: what each column is, how its answers are coded, and in which years.

A column is known by one name for good; what it was called, which codes meant "no answer" and how it
has to be recoded in a certain year is declared here, so that another year is a few lines of YAML.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PrivateAttr, model_validator

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import (
    ByYear,
    Code,
    CodesByYear,
    Label,
    Part,
    Several,
    TextsByYear,
    code_of,
    collisions,
    written,
)

Role = Literal[
    "id", "contact", "quasi", "weight", "design",
    "item", "importance", "single", "multiple", "rank", "number", "date",
    "group", "text", "measure",
]  # fmt: skip
#: roles answered on a declared scale
SCALED = ("item", "importance")
#: questions of other kinds than rating: they have a base and shares (numbers: a mean) of their own
ASKED = ("single", "multiple", "rank", "number", "date")


class Scale(Part):
    """Answers from `low` to `high`, every whole number between them unless `continuous`."""

    low: float
    high: float
    labels: dict[Code, Label] = {}
    continuous: bool = False

    @model_validator(mode="after")
    def _ordered(self):
        if not self.low < self.high:
            raise ValueError("a scale needs low < high")
        return self

    def holds(self, value: float) -> bool:
        """Whether `value` is an answer on this scale."""
        return self.low <= value <= self.high and (self.continuous or float(value - self.low).is_integer())

    @property
    def points(self) -> int | None:
        """Number of answers; None for a continuous scale."""
        return None if self.continuous else int(self.high - self.low) + 1


class Derivation(Part):
    """How a column is made from another, or from its own raw answers.

    ``map`` turns written answers into codes (``null`` = missing), ``ranges`` turns numbers from low to
    high, both included, into a code. What neither names is kept as it is (``otherwise: keep``) or is
    missing (``otherwise: missing``), counted in the checks of the data.
    """

    source: str | None = Field(default=None, alias="from")
    map: dict[Code, Code | None] = {}
    ranges: dict[Code, tuple[float | None, float | None]] = {}
    otherwise: Literal["keep", "missing"] = "keep"


class DerivationByYear(ByYear):
    default: Derivation | None = None
    years: dict[int, Derivation | None] = {}


class Section(Part):
    """A part of the questionnaire: a battery of items, or questions that belong together, in the order as asked."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label


class QuestionSet(Part):
    """What the columns of one question with several answers share; ``set: <id>`` in the codebook's columns names it.

    ``base: answered`` counts those who chose at least one answer, ``asked`` everybody who was asked (who chose nothing
    chose none). ``up_to`` is how many answers could be given.
    """

    label: Label
    question: Label | None = None
    section: str | None = None
    up_to: int | None = Field(default=None, ge=1)
    base: Literal["answered", "asked"] = "answered"


class Column(Part):
    """One column of a source: its role, labels, scale, codes and what changes from year to year.

    ``missing`` adds to the codebook's own ``missing``, unless ``missing_replaces: true``; an empty list says that this
    column has none. ``asked_if: {complaint: 1}`` says that only those who gave these answers were asked: where nobody did,
    nobody need have answered. A question with several answers is either several columns of the role ``multiple`` or
    ``rank`` that name one ``set``, or one column whose cells hold several codes between a ``separator``.
    """

    name: str = ""
    role: Role
    label: Label | None = None
    question: Label | None = None
    scale: str | None = None
    reverse: bool = False
    labels: dict[Code, Label] = {}
    missing: CodesByYear = Field(default=(), validate_default=True)
    missing_replaces: bool = False
    names: TextsByYear = Field(default=None, validate_default=True)
    derive: DerivationByYear = Field(default=None, validate_default=True)
    available: Several[int] | None = None
    asked_if: dict[str, Several[Code]] = {}
    section: str | None = None
    set: str | None = None
    separator: str | None = Field(default=None, min_length=1)
    ticked: Several[Code] = ()
    choices: dict[Code, str] = {}
    up_to: int | None = Field(default=None, ge=1)
    of: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _open_is_text(cls, value):
        return {**value, "role": "text"} if isinstance(value, dict) and value.get("role") == "open" else value

    @model_validator(mode="after")
    def _consistent(self):
        if self.role in SCALED and not self.scale:
            raise ValueError(f"an {self.role} needs a scale" if self.role == "item" else "importance needs a scale")
        if self.role in (*SCALED, *ASKED, "group") and not self.label:
            raise ValueError(f"a column of role {self.role} is shown to readers and needs a label")
        if self.scale and self.role not in SCALED:
            raise ValueError(f"a scale belongs to an item; this column has the role {self.role}")
        if self.role in ("multiple", "rank") and (self.set is None) == (self.separator is None):
            raise ValueError(f"a column of role {self.role} names its 'set', or the 'separator' between its answers")
        if self.role not in ("multiple", "rank") and (self.set or self.separator or self.choices or self.up_to):
            raise ValueError(f"set, separator, choices and up_to belong to multiple and rank, not to {self.role}")
        if self.ticked and (self.role != "multiple" or self.set is None):
            raise ValueError("'ticked' belongs to a column of a multiple-response set")
        if self.of and self.role != "importance":
            raise ValueError("'of' belongs to the role importance")
        if self.reverse and self.role not in SCALED:
            raise ValueError("only an item can be reverse-coded")
        return self

    def available_in(self, year: int | None) -> bool:
        """Whether the column was asked in `year`: named in `available`, and not ``names: {year: null}``."""
        if self.available is not None and year not in self.available:
            return False
        return not (year in self.names.years and self.names.years[year] is None)

    def names_in(self, year: int | None) -> tuple[str, ...]:
        """Raw names accepted in `year`; the column's own name where none is declared."""
        return self.names.get(year) or (self.name,)

    def missing_in(self, year: int | None) -> tuple[Code, ...]:
        """Codes that mean "no answer" in `year`."""
        return self.missing.get(year) or ()

    def derivation_in(self, year: int | None) -> Derivation | None:
        return self.derive.get(year)


class Codebook(Part):
    """Columns and scales of one source.

    Examples
    --------
    >>> study.codebook("customers").columns["kind"].label.text("ko")   # doctest: +SKIP
    '직원의 친절성'
    """

    scales: dict[str, Scale] = {}
    missing: CodesByYear = Field(default=(), validate_default=True)
    sections: tuple[Section, ...] = ()
    sets: dict[str, QuestionSet] = {}
    columns: dict[str, Column]

    _by_role: dict[str, tuple[str, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_columns(cls, data):
        if isinstance(data, dict) and isinstance(data.get("columns"), dict):
            shared = CodesByYear.model_validate(data.get("missing") or ())
            columns = {}
            for name, column in data["columns"].items():
                if isinstance(column, dict):
                    column = {"name": str(name), **column}
                    shares = column.get("role") in (*SCALED, *ASKED, "group", "measure")
                    if shares and not column.get("missing_replaces"):
                        column["missing"] = _with_shared(column.get("missing"), shared)
                columns[name] = column
            data = {**data, "columns": columns}
        return data

    @model_validator(mode="after")
    def _index(self):
        for name in self.columns:
            if name in RESERVED:
                raise ValueError(f"{name!r} is a column that reading adds itself; call yours differently")
        for name, column in self.columns.items():
            if unknown := [before for before in column.asked_if if before not in self.columns]:
                raise ValueError(f"{name!r} is asked_if {unknown[0]!r}, which is no column here")
        for role in Role.__args__:
            self._by_role[role] = tuple(n for n, c in self.columns.items() if c.role == role)
        return self

    def of_role(self, *roles: str) -> tuple[str, ...]:
        """Names of the columns with one of `roles`, in codebook order."""
        return tuple(name for name, column in self.columns.items() if column.role in roles)

    @property
    def items(self) -> tuple[str, ...]:
        return self._by_role["item"]

    @property
    def groups(self) -> tuple[str, ...]:
        return self._by_role["group"]

    def column(self, name: str) -> Column:
        """The column called `name`; InputError with the near spelling when there is none."""
        try:
            return self.columns[name]
        except KeyError:
            near = nearest(name, self.columns)
            raise InputError(
                "the codebook has no such column",
                found=repr(name),
                action=f"Did you mean {near!r}?" if near else None,
            ) from None

    def scale(self, item: str) -> Scale:
        """The scale on which `item` was answered."""
        column = self.column(item)
        if column.role not in SCALED:
            raise InputError("only items have a scale", found=f"{item!r} with the role {column.role!r}")
        return self.scales[column.scale]

    def label(self, name: str, lang: str = "ko") -> str:
        """What a reader sees for the column `name`."""
        label = self.column(name).label
        return label.text(lang) if label else name

    def code_labels(self, name: str, lang: str = "ko") -> dict[Code, str]:
        """Label of each code of a column, in codebook order (of the scale, for an item)."""
        column = self.column(name)
        labels = self.scales[column.scale].labels if column.role in SCALED else column.labels
        return {code: label.text(lang) for code, label in labels.items()}

    def faults(self) -> list[tuple[str, tuple, dict]]:
        """What one part says that another contradicts: (problem, path in the file, more words)."""
        found = []
        for name, scale in self.scales.items():
            found += [_collision(one, other, ("scales", name, "labels")) for one, other in collisions(scale.labels)]
        for name, column in self.columns.items():
            if column.scale and column.scale not in self.scales:
                near = nearest(column.scale, self.scales)
                found.append(
                    (
                        "this scale is not declared",
                        ("columns", name, "scale"),
                        {
                            "found": repr(column.scale),
                            "expected": f"one of {', '.join(self.scales) or 'none yet'}",
                            "action": f"Did you mean {near!r}?" if near else "Declare it under 'scales'.",
                        },
                    )
                )
            found += self._code_faults(name, column)
            found += self._named_faults(name, column)
        return found

    def _named_faults(self, name: str, column: Column) -> list[tuple[str, tuple, dict]]:
        """Sections, sets and items that a column names and the codebook has not."""
        sections = [section.id for section in self.sections]
        named = [
            ("section", column.section, sections),
            ("set", column.set, list(self.sets)),
            ("of", column.of, self.items),
        ]
        named += [("choices", item, self.items) for item in column.choices.values()]
        return [
            (
                f"{key} names what this codebook does not declare",
                ("columns", name, key),
                {
                    "found": repr(value),
                    "expected": f"one of {', '.join(known[:12]) or 'none yet'}",
                    "action": f"Did you mean {near!r}?" if (near := nearest(value, known)) else None,
                },
            )
            for key, value, known in named
            if value is not None and value not in known
        ]

    def _code_faults(self, name: str, column: Column) -> list[tuple[str, tuple, dict]]:
        scale = self.scales.get(column.scale) if column.scale else None
        valid = {written(code) for code in column.labels}
        found = []
        places = [(column.labels, ("columns", name, "labels"))]
        for year, derivation in ((None, column.derive.default), *column.derive.years.items()):
            if derivation is not None:
                below = ("columns", name, "derive", *(() if year is None else (year,)))
                places += [(derivation.map, (*below, "map")), (derivation.ranges, (*below, "ranges"))]
        for codes, path in places:
            found += [_collision(one, other, path) for one, other in collisions(codes)]
        for year in (None, *column.missing.years):
            for code in column.missing_in(year):
                number = code_of(written(code))
                if written(code) in valid or (scale and not isinstance(number, str) and scale.holds(number)):
                    path = ("columns", name, "missing")
                    action = (
                        None
                        if column.missing_replaces
                        else "If the code comes from the codebook's own 'missing', write 'missing_replaces: true' here."
                    )
                    more = {"found": repr(code), "action": action}
                    found.append(("a code cannot be both an answer and missing", path, more))
        return found


def _with_shared(own, shared: CodesByYear):
    """A column's own "no answer" codes and the codebook's together, year by year; an empty list stands for none."""
    if isinstance(own, (list, tuple)) and not own:
        return own
    own = CodesByYear.model_validate(own if own is not None else ())
    join = lambda *codes: tuple({written(c): c for part in codes for c in part or ()}.values())
    years = {y: join(own.get(y), shared.get(y)) for y in (*own.years, *shared.years)}
    return {"default": join(own.default, shared.default), **years}


def _collision(one: object, other: object, path: tuple) -> tuple[str, tuple, dict]:
    more = {"found": f"{one!r} and {other!r}", "action": "Keep one of them."}
    return "two codes are written alike in a file", path, more


#: columns that reading adds to every frame
RESERVED = ("agency", "year", "period", "design_stratum", "design_cluster", "design_weight")
