"""What is left of a task whose worker ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lost:
    """A task that has no result because its worker ended, or was ended, before it was done."""

    words: str
    retry: bool
