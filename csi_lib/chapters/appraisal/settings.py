"""``appraisal.yml``: the handbook of a year (경영평가편람) as a file: indicators with their points, grades, caps, units."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field
from csi_lib.study.base import Amount, Label, Part, PlacedError
from csi_lib.study.references import ColumnName, MeasureName, SourceName

#: results of quantitative indicators, one row per unit and indicator
RESULTS = (
    Field("unit"),
    Field("indicator"),
    Field("actual", "number", blank=True),
    Field("target", "number", needed=False, blank=True),
    Field("previous", "number", needed=False, blank=True),
    Field("actual_se", "number", needed=False, blank=True),
)
#: what the members of a panel gave
PANEL = (Field("unit"), Field("indicator"), Field("rater", private="person"), Field("grade"))
#: bonus (positive) and penalty (negative) points beside the indicators
ADJUSTMENTS = (
    Field("unit"),
    Field("item"),
    Field("points", "number"),
    Field("reason", needed=False, blank=True, private="text"),
)
#: objections to a score, and what became of them
OBJECTIONS = (
    Field("unit"),
    Field("indicator"),
    Field("filed", "date"),
    Field("decision"),
    Field("score", "number", needed=False, blank=True),
    Field("reason", needed=False, blank=True, private="text"),
)
#: whose pay the grades move
PEOPLE = (Field("person", private="person"), Field("unit"), Field("rank"), Field("own_grade", needed=False, blank=True))
DECISIONS = ("accepted", "partly", "rejected", "open")


class Measure(Part):
    """One indicator of the hierarchy.

    ``points`` are its allotted points; of an indicator with ``children`` they are the children's sum and may be left out.
    ``kind``: ``quantitative`` (scored from a result), ``qualitative`` (graded by the panel) or ``mixed``
    (``share`` of the points by the result, the rest by the panel).
    ``scoring`` as in management.yml: ``score``, ``attainment``, ``targets`` or ``growth``. ``measure`` takes the result from
    the survey (a node of the index model or an item) where the table leaves it blank.
    """

    label: Label
    points: float | None = Setting(default=None, ge=0, description="allotted points (배점)", examples=[20])
    children: dict[str, Measure] = {}
    kind: Literal["quantitative", "qualitative", "mixed"] = "quantitative"
    share: float = Setting(default=0.5, gt=0, lt=1)
    scoring: Literal["score", "attainment", "targets", "growth"] = "attainment"
    better: Literal["more", "less"] = "more"
    lowest: float | None = None
    highest: float | None = None
    unit: Literal["points", "percent", "number", "cases", "minutes", "days", "won"] = "points"
    measure: MeasureName | None = None

    @model_validator(mode="after")
    def _consistent(self):
        if self.children:
            total = sum(child.allotted for child in self.children.values())
            if self.points is not None and abs(self.points - total) > 1e-9:
                raise PlacedError(f"the points of the parts add up to {total:g}, not to {self.points:g}", "points")
            if self.measure is not None:
                raise ValueError("a result belongs to an indicator without parts")
        elif self.points is None:
            raise ValueError("an indicator without parts needs its points")
        if self.kind != "qualitative" and not self.children and self.scoring in ("targets", "growth"):
            if self.lowest is None or self.highest is None:
                raise ValueError(f"an indicator scored by {self.scoring} needs 'lowest' and 'highest'")
            if self.lowest == self.highest:
                raise ValueError("'lowest' and 'highest' are equal")
        return self

    @property
    def allotted(self) -> float:
        """Allotted points: its own, or its parts' sum."""
        return sum(c.allotted for c in self.children.values()) if self.children else float(self.points)


class Edition(Part):
    """The handbook from one year on. ``panel_grades``: what a panel's grade scores (per 100), best first.

    ``trim``: the best and the worst grade of a panel of five and more are left out.
    ``grades``: total grade → least total per 100, best first; the last may be null (the rest).
    ``bonus_cap``, ``penalty_cap``: most points that all bonuses, and all penalties, may move a total.
    ``cap``: the highest score of an indicator; ``floor``: the score at the lowest target.
    """

    indicators: dict[str, Measure] = Setting(min_length=1)
    panel_grades: dict[str, float] = {
        "A+": 100,
        "A": 95,
        "B+": 90,
        "B": 80,
        "C": 70,
        "D+": 60,
        "D": 50,
        "E+": 40,
        "E": 30,
    }
    trim: bool = True
    grades: dict[str, float | None] = Setting(default={"S": 95, "A": 90, "B": 80, "C": 70, "D": None}, min_length=2)
    bonus_cap: float = Setting(default=3, ge=0)
    penalty_cap: float = Setting(default=5, ge=0)
    cap: float = Setting(default=100, gt=0)
    floor: float = Setting(default=20, ge=0, lt=100)

    @model_validator(mode="after")
    def _grades(self):
        limits = list(self.grades.values())
        if any(v is None for v in limits[:-1]):
            raise ValueError("only the last grade may be without a limit")
        known = [v for v in limits if v is not None]
        if known != sorted(known, reverse=True) or len(set(known)) != len(known):
            raise ValueError("the limits of the grades fall from the best to the worst")
        if any(not 0 <= score <= 100 for score in self.panel_grades.values()):
            raise ValueError("a panel's grade scores between 0 and 100")
        doubled = [name for name in self.leaves() if list(self._names()).count(name) > 1]
        if doubled:
            raise ValueError(f"the indicator {doubled[0]!r} stands twice")
        return self

    def _names(self):
        def below(children):
            for name, child in children.items():
                yield name
                yield from below(child.children)

        return below(self.indicators)

    def rows(self) -> list[tuple[str, int, str | None, Measure]]:
        """(name, depth, parent, indicator) from top to bottom, a parent before its parts."""
        found = []

        def walk(children, depth, parent):
            for name, child in children.items():
                found.append((name, depth, parent, child))
                walk(child.children, depth + 1, name)

        walk(self.indicators, 0, None)
        return found

    def leaves(self) -> dict[str, Measure]:
        """Indicators that are scored."""
        return {name: m for name, _, _, m in self.rows() if not m.children}

    @property
    def allotted(self) -> float:
        return sum(m.allotted for m in self.indicators.values())


class Unit(Part):
    """A unit that is appraised. ``weight`` in the roll-up to the body (branches by their staff, say); units of the same
    ``group`` are rolled up together. ``staff``: fewer than ``min_staff`` people are left out of a public edition."""

    label: Label
    group: str | None = None
    weight: float = Setting(default=1, gt=0)
    staff: int | None = Setting(default=None, ge=0)


class Pay(Part):
    """A rank of staff: ``base`` pay in won on which the award is reckoned."""

    label: Label
    base: float = Setting(gt=0)


class Awards(Part):
    """Awards within a ``budget`` in won. ``units``: grade of the unit → rate of the base pay of its people;
    ``individuals``: a person's own grade → factor on it. All awards are cut by one factor when they exceed the budget."""

    budget: float = Setting(gt=0)
    units: dict[str, Amount] = Setting(min_length=1)
    individuals: dict[str, Amount] = {}
    ranks: dict[str, Pay] = Setting(min_length=1)
    people: SourceName = "appraisal_people"


class AppraisalFile(Part):
    """``appraisal.yml``. ``editions``: year → handbook from that year on. ``source`` holds results, ``panel`` the panel's
    grades, ``adjustments`` bonus and penalty points, ``objections`` the objections; only the first is needed."""

    source: SourceName = "appraisal"
    panel: SourceName | None = None
    adjustments: SourceName | None = None
    objections: SourceName | None = None
    columns: dict[str, str] = {}
    group: ColumnName = "department"
    min_staff: int = Setting(default=3, ge=1)
    units: dict[str, Unit] = Setting(min_length=1)
    groups: dict[str, Label] = {}
    editions: dict[int, Edition] = Setting(min_length=1)
    awards: Awards | None = None

    @model_validator(mode="after")
    def _consistent(self):
        for name, unit in self.units.items():
            if unit.group is not None and unit.group not in self.groups:
                raise PlacedError(f"the group {unit.group!r} is not declared under groups", "units", name, "group")
        if self.panel is None:
            for year, edition in self.editions.items():
                for name, m in edition.leaves().items():
                    if m.kind != "quantitative":
                        raise PlacedError(
                            f"{name!r} is graded by a panel, and no source is its 'panel'", "editions", year
                        )
        if self.awards is not None:
            for year, edition in self.editions.items():
                if absent := [g for g in edition.grades if g not in self.awards.units]:
                    raise PlacedError(f"the grade {absent[0]!r} of {year} has no rate", "awards", "units")
        return self

    def edition(self, year: int) -> Edition:
        """The handbook in force in `year`: the latest that began by then."""
        begun = [y for y in sorted(self.editions) if y <= year]
        if not begun:
            raise InputError("no edition of the handbook was in force", where="appraisal.yml: editions", found=str(year),
                             expected=f"a year up to {year} beside {', '.join(map(str, self.editions))}")  # fmt: skip
        return self.editions[begun[-1]]

    def reads(self):
        """The records it needs of every wave, for `csi check`."""
        yield self.source, RESULTS
        for source, fields in ((self.panel, PANEL), (self.adjustments, ADJUSTMENTS), (self.objections, OBJECTIONS)):
            if source is not None:
                yield source, fields
        if self.awards is not None:
            yield self.awards.people, PEOPLE

    def check_records(self, study, agency: str, year: int, data) -> None:
        """What the rows of an agency and year say against the handbook, for `csi check`."""
        from csi_lib.chapters.appraisal.compute import appraise
        from csi_lib.evaluation.records import read_records

        def rows(source, fields):
            if source is None:
                return None
            return read_records(
                study, source, fields, agency=agency, year=year, columns=self.columns, data=data, release="restricted"
            )

        appraise(self, year, rows(self.source, RESULTS), rows(self.panel, PANEL), rows(self.adjustments, ADJUSTMENTS),
                 rows(self.objections, OBJECTIONS))  # fmt: skip

    def refers(self):
        if any(m.measure is not None for e in self.editions.values() for m in e.leaves().values()):
            yield "column", self.group, "group"
