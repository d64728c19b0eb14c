"""The ledger of a report: the findings of all its chapters, from all sources of the study."""

from __future__ import annotations

from collections.abc import Callable

from csi_lib.chapters.calls_findings import charter_findings, happy_call_findings, kindness_findings
from csi_lib.chapters.conclusion.scores import employee_findings, priority_findings, score_findings
from csi_lib.chapters.feedback.findings import task_findings
from csi_lib.chapters.grade.findings import grade_findings
from csi_lib.errors import InputError
from csi_lib.findings.finding import Finding

#: chapter → (what the study must declare for it, what states its findings)
ROOMS: dict[str, tuple[tuple[str, ...], Callable]] = {
    "overall": ((), score_findings),
    "portfolio": ((), priority_findings),
    "grade": (("grades",), grade_findings),
    "internal": (("employees",), employee_findings),
    "happy-call": (("happy_call",), happy_call_findings),
    "kindness": (("kindness",), kindness_findings),
    "charter": (("charter",), charter_findings),
    "feedback": (("feedback",), task_findings),
}


def ledger(chapter) -> list[Finding]:
    """All findings of the report, most severe first; computed once for a chapter.

    A chapter whose data cannot be used states nothing here: it says why itself.
    """
    held = chapter.__dict__.setdefault("_ledger", {})
    if chapter.lang not in held:
        declared = {*chapter.study.extensions, *chapter.study.sources}
        found: list[Finding] = []
        for needs, state in ROOMS.values():
            if not declared.issuperset(needs):
                continue
            try:
                found += [f for f in state(chapter) if f is not None]
            except InputError:
                continue
        held[chapter.lang] = sorted(found, key=lambda f: -f.severity)
    return held[chapter.lang]


def of(
    findings: list[Finding], *, kind: str | None = None, room: str | None = None, direction: str | None = None
) -> list[Finding]:
    """Those of a kind, a chapter and a direction."""
    keep = lambda f: (kind in (None, f.kind)) and (room in (None, f.chapter)) and (direction in (None, f.direction))
    return [f for f in findings if keep(f)]
