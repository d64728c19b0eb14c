"""What a study says about its report, about confidentiality and about reading rules.

Every default that is a choice stands here, and the report prints it as an assumption.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from csi_lib.study.base import Label, LanguageCode, Part, Several


class Gauge(Part):
    """Zones of the overall gauge, in points: danger below `low`, good from `high`."""

    low: float = 50
    high: float = 70

    @model_validator(mode="after")
    def _ordered(self):
        if not 0 <= self.low < self.high <= 100:
            raise ValueError("the gauge needs 0 <= low < high <= 100")
        return self


class Letters(Part):
    """How the statistics tables compare groups: `design` (survey design), `spss` (custom tables' rules) or `none`.

    `adjust` controls the comparisons of a row; default ``comparisons.control`` (spss: bonferroni). The level is ``thresholds.significance``.
    """

    rules: Literal["design", "spss", "none"] = "design"
    adjust: Literal["holm", "bonferroni", "bh", "none"] | None = None


class Member(Part):
    """One person named in a commissioned report."""

    role: Label
    name: Label
    affiliation: Label | None = None


class Imprint(Part):
    """The last page of a commissioned report."""

    publisher: Label | None = None
    address: Label | None = None
    contact: Label | None = None
    isbn: str | None = None
    notice: Label | None = None


class Commissioned(Part):
    """The parts around the chapters of a commissioned report; what is left out follows from the study.

    ``to`` and ``by`` of the letter of submission default to ``commissioned_by`` and ``contractor``; ``dates`` and
    ``registration`` numbers are given by wave.
    """

    to: Label | None = None
    by: Label | None = None
    letter: Label | None = None
    dates: dict[int, Label] = {}
    registration: dict[int, str] = {}
    team: tuple[Member, ...] = ()
    client_team: tuple[Member, ...] = ()
    imprint: Imprint = Imprint()
    questionnaire: bool = True


class Report(Part):
    """What is written and for whom. ``chapters: null`` means every chapter, ours and the study's own."""

    language: LanguageCode = Field(
        "ko", description="ko, en, or a language that has a catalogue (docs/words.md)", examples=["ko"]
    )
    formats: Several[Literal["html", "pdf", "docx", "pptx", "xlsx", "hwpx"]] = ("html", "pdf")
    chapters: Several[str] | None = None
    release: Literal["public", "restricted"] = "public"
    peers: Literal["named", "anonymous", "group"] = "anonymous"
    minimum_base: int = Field(
        default=30,
        ge=1,
        description="base from which a figure may be compared, ranked or called best or worst (tables, letters, sentences)",
    )
    gauge: Gauge = Gauge()
    #: house goal: satisfaction as a multiple of expectation (1.1: ten per cent more than customers expect)
    expectation_goal: float | None = Field(default=None, gt=0)
    publish: bool = False
    groups: Several[str] | None = None
    theme: dict[str, Any] = {}
    commissioned: Commissioned | None = None
    references: str | None = None
    notes: tuple[Label, ...] = ()
    #: short: what is told item by item and group by group is folded in HTML and left out on paper; full: the whole book
    appendix: Literal["short", "full"] = Field(
        "short",
        description="short: detail is folded in HTML and left out on paper, chapters follow one another; "
        "full: every table is printed and every chapter begins a page",
    )
    literal: Several[str] = Field(
        (),
        description="texts that look like an open field of a template and are meant, such as ○○공단; names of agencies always are",
    )
    letters: Letters = Letters()
    file_names: str = Field(
        "{year}_{agency}_{kind}.{ext}",
        description="names of delivered files: {year} {agency} {agency_id} {kind} {lang}",
    )

    @field_validator("file_names")
    @classmethod
    def _names_files(cls, template: str) -> str:
        fields = ("year", "agency", "agency_id", "kind", "lang", "ext")
        try:
            template.format(**dict.fromkeys(fields, ""))
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"a file name is made of {', '.join(f'{{{f}}}' for f in fields)}") from error
        if "{kind}" not in template or not template.endswith(".{ext}"):
            raise ValueError("a file name needs {kind}, so that no two are the same, and ends in .{ext}")
        return template


class Protection(Part):
    """How uncertain a withheld figure must stay to somebody who computes with everything published (`csi attack`)."""

    people: float = Field(default=1, ge=0)
    values: float = Field(default=0.02, ge=0, le=1)
    crossing: bool = False


class Privacy(Part):
    """Bases below these numbers are suppressed (or flagged) everywhere."""

    min_base: int = Field(default=5, ge=1)
    individuals: int = Field(default=10, ge=1)
    small_base_flag: int = Field(default=30, ge=1)
    full_enumeration: bool = False
    protection: Protection = Protection()
    attack: bool = False


class Thresholds(Part):
    """Reading rules of the statistics: guidance for the text, never proof."""

    alpha: float = 0.7
    composite_reliability: float = 0.7
    average_variance_extracted: float = 0.5
    htmt: float = 0.85
    kmo: float = 0.7
    cfi: float = 0.9
    rmsea: float = 0.08
    srmr: float = 0.08
    vif: float = Field(
        default=5, gt=1, description="variance inflation from which drivers are said to be hard to tell apart"
    )
    significance: float = Field(default=0.05, gt=0, lt=1, description="level of every test")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="of every interval")


class Comparisons(Part):
    """Which tests are judged together, and how their number is controlled.

    A family holds the comparisons that a reader takes in together: the changes of all dimensions, of all items, the
    groups of one variable (``family: kind``). ``family: report`` judges all changes of a report together. Bodies are judged one by one,
    so that a body's own report and the overall report say the same.
    """

    control: Literal["holm", "bonferroni", "bh", "none"] = Field(
        "holm", description="control of the error within a family (holm, bonferroni: any false claim; bh: their share)"
    )
    family: Literal["kind", "report"] = Field(
        "kind", description="changes judged together: those of one kind (dimensions, items …), or all of a report"
    )
