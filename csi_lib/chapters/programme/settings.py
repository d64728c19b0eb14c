"""What an agency offers and promises beside its index: channels, surveys, measures, partnerships, goals."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from csi_lib.study.base import Label, Link, Part
from csi_lib.study.references import AgencyName


class Offer(Part):
    """One line of the page: its name, what it is, since when, and where to read more."""

    name: Label
    about: Label
    since: int | None = Field(default=None, ge=1900, le=2200)
    link: Link | None = None


class Goal(Offer):
    """A goal and the programme it belongs to: a Sustainable Development Goal (1–17), social responsibility, or the agency's own."""

    kind: Literal["sdg", "csr", "own"]
    number: int | None = Field(default=None, ge=1, le=17)

    @model_validator(mode="after")
    def _numbered(self):
        if (self.kind == "sdg") != (self.number is not None):
            raise ValueError("a Sustainable Development Goal has its number, and nothing else has one")
        return self


class Survey(Offer):
    """A survey held, and when."""

    held: date | None = None
    respondents: int | None = Field(default=None, ge=0)


class ProgrammeFile(Part):
    """``programme.yml``; what is empty is left out of the page. ``own_waves`` lists the waves of this study among the surveys
    held; ``agencies`` restates the page for single agencies, list by list."""

    channels: tuple[Offer, ...] = ()
    surveys: tuple[Survey, ...] = ()
    measures: tuple[Offer, ...] = ()
    partnerships: tuple[Offer, ...] = ()
    events: tuple[Offer, ...] = ()
    committees: tuple[Offer, ...] = ()
    goals: tuple[Goal, ...] = ()
    own_waves: bool = True
    agencies: dict[AgencyName, ProgrammeFile] = {}

    def of(self, agency: str) -> ProgrammeFile:
        """The page of one agency: the lists it restates, and the common ones."""
        own = self.agencies.get(agency)
        return self if own is None else self.model_copy(update={n: getattr(own, n) for n in own.model_fields_set})
