"""The review of comments: what a person has read before it is quoted or listed, kept under the text's hash.

Rules find names by what stands beside them; who wrote a story only a reader can see. So every comment waits in a queue, the
most doubtful first, until somebody accepts it, replaces it or withholds it. The decision is kept in ``voice-review.csv`` of the
study under the hash of the comment as the rules left it: the file holds no comment, and a comment that changes waits again.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.voice.names import lone_names
from csi_lib.voice.scrubbing import PLACEHOLDERS

LEDGER = "voice-review.csv"
DECISIONS = ("accept", "replace", "withhold")
_LEDGER_COLUMNS = ("hash", "decision", "replacement", "by", "on")
_QUEUE_COLUMNS = ("hash", "confidence", "because", "comment", "decision", "replacement")
_HIDDEN = re.compile("|".join(re.escape(p) for kinds in PLACEHOLDERS.values() for p in kinds.values()))
_LONG_NUMBER = re.compile(r"\d[\d\s-]{3,}\d")


@dataclass(frozen=True)
class Decision:
    """What a person decided about one comment; `text` is what may be shown, nothing where it is withheld."""

    decision: str
    replacement: str = ""
    by: str = ""
    on: str = ""

    def text(self, comment: str) -> str:
        return {"accept": comment, "replace": self.replacement}.get(self.decision, "")


@dataclass(frozen=True)
class Candidate:
    """A comment that waits: how likely it holds something personal still (0–1), and why that is thought."""

    hash: str
    comment: str
    confidence: float
    because: str


def text_hash(comment: str) -> str:
    """The name under which a decision about a comment (as the rules left it) is kept.

    Examples
    --------
    >>> text_hash("친절해요") == text_hash("친절해요"), len(text_hash("친절해요"))
    (True, 24)
    """
    return hashlib.blake2s(comment.encode(), digest_size=12).hexdigest()


def suspicion(comment: str) -> tuple[float, str]:
    """How likely a comment still holds something personal, and why: what was hidden in it hints at more beside it."""
    lone = lone_names(comment)
    if lone:
        return 0.8 if len(lone) > 1 or _HIDDEN.search(comment) else 0.6, f"may be a name: {', '.join(lone[:3])}"
    if _HIDDEN.search(comment):
        return 0.5, "something personal was hidden"
    if _LONG_NUMBER.search(comment):
        return 0.4, "a long number"
    if len(comment) > 120:
        return 0.3, "a long story"
    return 0.1, ""


def queue(comments: Iterable[str], decided: Mapping[str, Decision]) -> list[Candidate]:
    """The comments that nobody has decided about, once each, the most doubtful first."""
    waiting = {text_hash(c): c for c in comments}
    made = [Candidate(h, c, *suspicion(c)) for h, c in waiting.items() if h not in decided]
    return sorted(made, key=lambda c: (-c.confidence, c.comment))


# ---------------------------------------------------------------------- the ledger
def read_decisions(folder: str | Path) -> dict[str, Decision]:
    """Hash → decision, from the study's ledger; empty where there is none.

    Raises
    ------
    InputError : a row that is no decision.
    """
    path = Path(folder) / LEDGER
    if not path.is_file():
        return {}
    return {
        row["hash"]: _decision(row, f"{LEDGER}: row {n}", row.get("by", ""), row.get("on", ""))
        for n, row in _rows(path, _LEDGER_COLUMNS)
    }


def keep_decisions(folder: str | Path, decisions: Mapping[str, Decision]) -> Path:
    """Write the ledger, whole or not at all."""
    path = Path(folder) / LEDGER
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_LEDGER_COLUMNS)
        writer.writerows((h, d.decision, d.replacement, d.by, d.on) for h, d in sorted(decisions.items()))
    part.replace(path)
    return path


# ---------------------------------------------------------------------- the queue as a file
def write_queue(path: str | Path, waiting: Iterable[Candidate]) -> Path:
    """The queue as a CSV for a spreadsheet, to be filled in and read back; for its owner only, because comments are in it."""
    path = Path(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_QUEUE_COLUMNS)
        # a comment that a spreadsheet would take for a formula is quoted for it
        safe = lambda t: f"'{t}" if t[:1] in "=+-@" else t
        writer.writerows((c.hash, f"{c.confidence:g}", c.because, safe(c.comment), "", "") for c in waiting)
    path.chmod(0o600)
    return path


def read_queue(path: str | Path, *, by: str, on: date | None = None) -> dict[str, Decision]:
    """Decisions of a filled queue; rows without one still wait.

    Raises
    ------
    InputError : no such file, a decision of another name, a replacement that is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            "the review file does not exist",
            where=str(path),
            action="Write it first: csi review voice STUDY --write FILE",
        )
    day = str(on or date.today())
    rows = ((n, row) for n, row in _rows(path, ("hash", "decision")) if (row["decision"] or "").strip())
    return {row["hash"].strip(): _decision(row, f"{path.name}: row {n}", by, day) for n, row in rows}


def _rows(path: Path, needed):
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(needed) - set(reader.fieldnames or ())
        if missing:
            raise InputError("the review file lacks a column", where=path.name, found=", ".join(reader.fieldnames or ()) or "nothing",
                             expected=", ".join(needed))  # fmt: skip
        yield from enumerate(reader, 2)


def _decision(row: Mapping, where: str, by: str, on: str) -> Decision:
    word = (row["decision"] or "").strip().lower()
    if word not in DECISIONS:
        near = nearest(word, DECISIONS)
        raise InputError("this is no decision", where=where, found=repr(word[:20]), expected=", ".join(DECISIONS),
                         action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    replacement = (row.get("replacement") or "").strip()
    if word == "replace" and not replacement:
        raise InputError(
            "a comment is to be replaced, and not said by what", where=where, action="Fill the column replacement"
        )
    return Decision(word, replacement if word == "replace" else "", by, on)
