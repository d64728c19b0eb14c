"""The disclosure page (경영공시): settings of one page on which every field that has to be published stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from csi_lib.evaluation.presets import FromPreset
from csi_lib.study.base import Label, Part
from csi_lib.study.references import AgencyName, ColumnName


class Texts(Part):
    """What is said in words."""

    purpose: Label
    target: Label
    method: Label
    contact: Label | None = None


#: the lines a disclosure page may hold
Line = Literal[
    "purpose", "period", "target", "sample", "error", "method", "commissioned_by", "conducted_by", "grade", "contact"
]


class DisclosureFile(Texts, FromPreset):
    """``disclosure.yml``: purpose, target and method in words, the column whose values are the units of the table, and the
    confidence at which the sampling error is stated; ``fields`` are the lines in their order (a preset such as ``alio-2020``
    brings its own); ``agencies`` restates the words for single agencies."""

    unit: ColumnName
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    fields: tuple[Line, ...] = (
        "purpose", "period", "target", "sample", "error", "method", "commissioned_by", "conducted_by", "contact"
    )  # fmt: skip
    agencies: dict[AgencyName, Texts] = {}

    def of(self, agency: str) -> Texts:
        return self.agencies.get(agency, self)
