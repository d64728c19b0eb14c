"""What a run tells its notebooks beside their parameters: one small JSON file named by ``$CSI_CONTEXT``.

Run by hand, a notebook has no such file and everything is found and computed live, by the same functions.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "CSI_CONTEXT"


@dataclass(frozen=True)
class Context:
    """chapter: the id objects are recorded under; chapters: those of this report, to which it may refer; data: folder of respondent files; store: computed estimates;
    figures: where this chapter's drawings are written for the joined report (None: nowhere)."""

    chapter: str = "chapter"
    data: str | None = None
    store: str | None = None
    figures: str | None = None
    chapters: tuple[str, ...] = ()

    @classmethod
    def current(cls) -> Context:
        path = os.environ.get(VARIABLE)
        return cls(**json.loads(Path(path).read_text(encoding="utf-8"))) if path else cls()

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        return path
