"""A job as it is handed to a worker, and how it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from csi_lib.report.theme import Theme
from csi_lib.study.study import Job


@dataclass(frozen=True)
class Order:
    """A job with everything a worker needs to make it.

    `chapters` are id, path and whose figures beside the agency's own it shows; `needs` the estimates the report is made
    from, (agency, year, key) each, and the peer group (a type, "" for all agencies, None for nobody).
    """

    job: Job
    out: str
    chapters: tuple[tuple[str, str, str], ...]
    inputs: dict
    key: str
    formats: tuple[str, ...]
    renderer: str
    theme: Theme
    store: str
    study: str
    data: str | None
    needs: tuple = ((), None)
    cell_timeout: float | None = None
    notebook_timeout: float | None = None
    memory: int | None = None  # bytes a notebook may take
    staging: str | None = None  # where it is put together; on the file system of `out`
    rehearsal: bool = False  # every chapter runs and the report is joined; nothing is rendered or published
    primary: str = "ko"  # the study's own language; other editions lie in a folder of their language

    @property
    def name(self) -> str:
        """The job's name in the ledger."""
        return f"{self.job.release}/{self.job.agency}/{self.job.year}/{self.job.lang}"

    @property
    def peers(self) -> tuple[tuple[str, int, str], ...]:
        """Those of the needs that are the report's own wave: its peer group, whose headline rows are stored together."""
        return tuple(need for need in self.needs[0] if need[1] == self.job.year) if self.needs[1] is not None else ()

    @property
    def fresh(self) -> tuple[tuple[str, int, str], ...]:
        """Agency, wave and key of the stored estimates the run has looked after; those of "" are a peer group's together."""
        pairs, group = self.needs
        return (*pairs, *([("", self.job.year, group_key(self.peers))] if group is not None else []))

    @property
    def folder(self) -> Path:
        """Where the report is published."""
        return job_folder(Path(self.out), self.job, self.primary)


@dataclass(frozen=True)
class Outcome:
    """How a job ended: done, or why not (in words that show no data values)."""

    agency: str
    year: int
    lang: str
    release: str
    ok: bool
    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)  # bytes, the largest of each stage
    problem: str | None = None
    chapter: str | None = None
    cell: str | None = None
    hint: str | None = None
    frames: tuple[str, ...] = ()  # where the exception passed, without messages, which may quote respondents
    detail: str | None = None  # only shown with --debug
    retry: bool = False  # the kernel died, so another try may succeed
    warnings: tuple[str, ...] = ()
    folder: str | None = None
    by_another: bool = False  # made meanwhile by another run on the same folder
    refusals: tuple[tuple[str | None, str, bool], ...] = ()  # of a rehearsal: chapter, words, whether the fault is ours
    input: bool = False  # what the user gave is wrong, rather than something of ours


def alike(failures: Iterable[dict]) -> list[list[dict]]:
    """Failures (outcomes as mappings) that say the same, together, in the order in which they came: one mistake in a study
    fails all its reports, and is said once."""
    groups: dict[tuple, list[dict]] = {}
    for item in failures:
        said = tuple(item.get(k) for k in ("problem", "hint", "chapter", "cell"))
        own = (item["agency"], str(item["year"]))  # words that name the report itself are the same words
        plain = tuple(v if v is None else v.replace(" ".join(own), "…") for v in said)
        groups.setdefault(plain, []).append(item)
    return list(groups.values())


def group_key(members) -> str:
    """Key of what is stored of agencies together, from (agency, wave, key) of each."""
    return hashlib.blake2s(json.dumps(sorted(members)).encode(), digest_size=16).hexdigest()


def job_folder(out: Path, job: Job, primary: str) -> Path:
    """``<agency>/<year>``; a second language in ``<agency>/<year>/<lang>``, so that editions never overwrite each other."""
    base = out / "restricted" if job.release == "restricted" else out
    folder = base / job.agency / str(job.year)
    return folder if job.lang == primary else folder / job.lang
