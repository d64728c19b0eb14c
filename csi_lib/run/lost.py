"""What a worker says beside its results, and what is left of a task whose worker ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Working:
    """What a worker is about to do: estimates of an agency and wave, or a chapter of its report."""

    agency: str
    year: int
    chapter: str | None = None


@dataclass(frozen=True)
class Lost:
    """A task that has no result because its worker ended, or was ended, before it was done."""

    words: str
    retry: bool
