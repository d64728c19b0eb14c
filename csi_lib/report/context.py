"""What a run tells its notebooks beside their parameters: one small JSON file named by ``$CSI_CONTEXT``.

Run by hand, a notebook has no such file and everything is found and computed live, by the same functions.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from csi_lib.study.keeping import kept
from csi_lib.study.study import load_study

VARIABLE = "CSI_CONTEXT"


@dataclass(frozen=True)
class Context:
    """What the run knows.

    Attributes
    ----------
    chapter : the id under which objects are recorded; chapters : those of this report, to which it may refer.
    data : folder of respondent files; store : of computed estimates.
    figures : where this chapter's drawings are written for the joined report (None: nowhere).
    study : the study as the run has read it, kept in its private folder, so that not every notebook reads YAML.
    fresh : agency, wave and key of the stored estimates whose data and settings the run has just looked at.
    peers : whose figures the chapter may show: ``none``, those of the agency's ``type``, or ``all``.
    lang : a language with a catalogue in which the report is written; its notebooks are run as the English edition.
    """

    chapter: str = "chapter"
    data: str | None = None
    store: str | None = None
    figures: str | None = None
    chapters: tuple[str, ...] = ()
    study: str | None = None
    fresh: tuple[tuple[str, int, str], ...] = ()
    peers: str = "all"
    lang: str | None = None

    @classmethod
    def current(cls) -> Context:
        path = os.environ.get(VARIABLE)
        return cls(**json.loads(Path(path).read_text(encoding="utf-8"))) if path else cls()

    @staticmethod
    def running() -> bool:
        """Whether a run executes this notebook; by hand, a person looks at the data."""
        return VARIABLE in os.environ

    def study_or(self, name):
        """The study of the run, or the one called `name` read from disk."""
        found = kept(Path(self.study)) if self.study else None
        return load_study(name) if found is None else found[1]

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        return path
