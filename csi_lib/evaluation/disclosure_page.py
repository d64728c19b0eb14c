"""The disclosure page (경영공시): settings of one page on which every field that has to be published stands."""

from __future__ import annotations

from pydantic import Field

from csi_lib.study.base import Label, Part


class DisclosureFile(Part):
    """``disclosure.yml``: purpose, target and method in words, and the column whose values are the units of the table."""

    purpose: Label
    target: Label
    method: Label
    unit: str
    confidence: float = Field(default=0.95, gt=0, lt=1)
    contact: Label | None = None
