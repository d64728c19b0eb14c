"""The dress rehearsal: every chapter of every report runs as it will, and is joined; nothing is rendered or published.

What a run would refuse is found here with the message that the run would give, all chapters of a report and not only the
first that fails.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from csi_lib.run.pipeline import run_study
from csi_lib.study.study import Study


@dataclass(frozen=True)
class Refusal:
    """What a run would refuse: of which report, in which chapter (None: the report as a whole), in which words.

    `ours`: no `InputError` of the user's, but a fault of the chapter itself.
    """

    agency: str
    year: int
    chapter: str | None
    message: str
    ours: bool = False

    @property
    def where(self) -> str:
        place = f"{self.agency} {self.year}"
        return place if self.chapter is None else f"chapter {self.chapter}, {place}"


def rehearse(
    study: Study,
    *,
    data: str | Path | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    jobs: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Refusal]:
    """Run every chapter of the reports of `study` (those of `agencies` and `years` where given) without rendering.

    `tell` hears of each report that is through. Estimates that it computes are kept for the run.
    """

    def progress(event: str, info: dict) -> None:
        if tell and event in ("done", "prepared"):
            tell(f"{info.get('agency') or info.get('name')} {info['year']}")

    with tempfile.TemporaryDirectory(prefix="csi-rehearsal-") as out:
        done = run_study(study, out=out, data=data, agencies=agencies, years=years, formats=("html",), renderer="embedded",
                         jobs=jobs, force=True, rehearsal=True, progress=progress)  # fmt: skip
    for outcome in done.failed:
        for chapter, words, ours in outcome.refusals or ((None, outcome.problem, not outcome.input),):
            yield Refusal(outcome.agency, outcome.year, chapter, words, ours)
