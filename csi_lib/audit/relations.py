"""When a relation between columns is believed: by its name and by how many rows follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from csi_lib.audit.view import Case, View

#: share of rows that must follow a relation nobody named, and one that a header names
UNNAMED, NAMED = 0.75, 0.5


@dataclass(frozen=True)
class Relation:
    """A rule for one column: its words (for the assumption), its cases, and the columns it uses."""

    says: str
    cases: tuple[Case, ...]
    uses: tuple[int, ...]

    @property
    def follows(self) -> int:
        return sum(c.ok for c in self.cases)

    @property
    def share(self) -> float:
        return self.follows / len(self.cases) if self.cases else 0.0

    @property
    def broken(self) -> list[Case]:
        return [c for c in self.cases if not c.ok and c.sure]


def relation(
    view: View, says: str, uses: Sequence[int], target: int, compute: Callable[[int], Case | None]
) -> Relation:
    """The relation with its cases; `compute` gives the case of a row, or None where it says nothing."""
    cases = []
    for row in view.rows:
        if view.cell(row, target) is not None and row not in view.bases:
            case = compute(row)
            if case is not None:
                cases.append(case)
    return Relation(says, tuple(cases), tuple(uses))


def best(relations: Iterable[Relation]) -> Relation | None:
    """The relation most rows follow; the first among equals."""
    found = None
    for candidate in relations:
        if candidate.cases and (found is None or candidate.follows > found.follows):
            found = candidate
    return found


def believed(candidate: Relation | None, *, named: bool, choices: int = 1) -> bool:
    """Whether enough rows follow a relation for the others to count as wrong.

    A relation that a header names (Total, 증감) and that could mean one thing only needs one row in two; with several
    readings to choose from two rows and six in ten; one that no header names, four rows and three in four.
    """
    if candidate is None or not candidate.cases:
        return False
    rows, follows = len(candidate.cases), candidate.follows
    if not named:
        return follows >= 4 and follows >= UNNAMED * rows
    if choices <= 1:
        return follows >= 1 and follows >= NAMED * rows
    return follows >= 2 and follows >= 0.6 * rows
