"""A column of the drafted codebook, and the guesses that made it."""

from __future__ import annotations

from dataclasses import dataclass, field

from csi_lib.draft.concepts import Concept


@dataclass
class DraftColumn:
    """One column as the draft will write it; `reasons` say why, `sure` how sure (1 = the file itself says so)."""

    concept: Concept
    name: str
    role: str
    label: str = ""
    question: str = ""
    section: str = ""
    scale: str = ""
    reverse: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    coded: dict[str, int] = field(default_factory=dict)
    set: str = ""
    separator: str = ""
    ticked: tuple[str, ...] = ()
    choices: dict[str, str] = field(default_factory=dict)
    up_to: int = 0
    of: str = ""
    ranges: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    asked_if: dict[str, list[str]] = field(default_factory=dict)
    sure: float = 1.0
    reasons: list[str] = field(default_factory=list)

    def guess(self, reason: str, sure: float = 0.7) -> DraftColumn:
        """Add a reason; the column is as sure as its least sure guess."""
        self.reasons.append(reason)
        self.sure = min(self.sure, sure)
        return self


@dataclass
class Draft:
    """Everything the files of a study will say."""

    columns: list[DraftColumn]
    sections: dict[str, str]
    sets: dict[str, dict]
    scales: dict[str, object]
    notes: list[str]
    language: str
    factors: list[str] = field(default_factory=list)
    design: dict[str, str] = field(default_factory=dict)
    agency: DraftColumn | None = None
    year: DraftColumn | None = None

    def of_role(self, *roles: str) -> list[DraftColumn]:
        return [c for c in self.columns if c.role in roles]
