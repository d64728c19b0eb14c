"""What an agency offers and promises beside its index: channels, surveys, measures, partnerships, goals."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from csi_lib.study.base import Label, Part


class Offer(Part):
    """One line of the page: its name, what it is, since when, and where to read more."""

    name: Label
    about: Label
    since: int | None = Field(default=None, ge=1900, le=2200)
    link: str | None = Field(default=None, pattern=r"^https?://")


class Goal(Offer):
    """A goal and the programme it belongs to: a Sustainable Development Goal (1–17), social responsibility, or the agency's own."""

    kind: Literal["sdg", "csr", "own"]
    number: int | None = Field(default=None, ge=1, le=17)


class Survey(Offer):
    """A survey held, and when."""

    held: date | None = None
    respondents: int | None = Field(default=None, ge=0)


class ProgrammeFile(Part):
    """``programme.yml``; what is empty is left out of the page. ``agencies`` restates the page for single agencies."""

    channels: tuple[Offer, ...] = ()
    surveys: tuple[Survey, ...] = ()
    measures: tuple[Offer, ...] = ()
    partnerships: tuple[Offer, ...] = ()
    goals: tuple[Goal, ...] = ()
    agencies: dict[str, ProgrammeFile] = {}

    def of(self, agency: str) -> ProgrammeFile:
        """The page of one agency: its own where it has one."""
        return self.agencies.get(agency, self)
