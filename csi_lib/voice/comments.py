"""`read_comments`: the open-ended answers of a survey, cleaned, without personal data, and read into words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.study.keeping import SUFFIX, keep, kept
from csi_lib.study.limits import inside
from csi_lib.voice.analyser import EDITION, Reading, analyser
from csi_lib.voice.cleaning import clean_comment, language_of, says_nothing
from csi_lib.voice.scrubbing import scrub
from csi_lib.voice.settings import VoiceFile


@dataclass(frozen=True, eq=False)
class Comments:
    """What people wrote.

    Attributes
    ----------
    frame : one row per comment: ``respondent`` (position in the survey's frame), ``column``, ``text`` (cleaned and
        scrubbed; the raw text is nowhere), ``lang``, ``hidden`` (kinds of personal data that were replaced).
    readings : the words and phrases of each comment, in the same order.
    respondents : number of respondents in the survey.
    written : answers that were not blank, before those that say nothing (``없음``) were left out.
    analyser : name and version of what read the Korean comments.
    """

    frame: pd.DataFrame
    readings: tuple[Reading, ...]
    respondents: int
    written: int
    analyser: str

    def __len__(self) -> int:
        return len(self.frame)

    def showing(self, texts: Sequence[str]) -> Comments:
        """The same comments as they may be quoted and listed; those that are not to be shown have no text."""
        return replace(self, frame=self.frame.assign(text=list(texts)))

    @property
    def hidden(self) -> Counter:
        """Kind of personal data → number of places where it was replaced."""
        return Counter(kind for kinds in self.frame["hidden"] for kind in kinds)


def text_columns(codebook, file: VoiceFile) -> list[str]:
    """The text columns of a study; InputError with the near spelling when the file names others."""
    known = list(codebook.of_role("text"))
    for name in file.columns:
        if name not in known:
            near = nearest(name, known)
            raise InputError(
                "the codebook has no such text column",
                where="voice.yml: columns",
                found=repr(name),
                expected=", ".join(known) or "a column of role text",
                action=f"Did you mean {near!r}?" if near else None,
            )
    return list(file.columns) or known


def staff_names(study, file: VoiceFile) -> list[str]:
    """Names to hide, from the file that voice.yml names (one a line; it lies in the study's folder)."""
    if file.names is None:
        return []
    path = inside(study.path, file.names, where=f"{study.id}: voice.yml: names")
    if not path.is_file():
        raise InputError("the list of names does not exist", where=f"{study.id}: voice.yml: names", found=str(path))
    return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def read_comments(
    survey, file: VoiceFile, *, names: Sequence[str] = (), known: Sequence[str] = (), store: Path | None = None
) -> Comments:
    """The comments of one survey.

    Parameters
    ----------
    survey : Survey whose frame holds the text columns.
    names : names to hide besides what the rules find; known : words the analyser should not take apart.
    store : private folder in which what the analyser found is kept, because loading it costs seconds.

    Notes
    -----
    A text written twice by one respondent in two columns counts once. Raises InputError where the survey has none of the
    columns, or the analyser asked for is not installed.
    """
    columns = [c for c in text_columns(survey.codebook, file) if c in survey.frame]
    rows, written = [], 0
    for column in columns:
        for at, raw in enumerate(survey.frame[column]):
            text = clean_comment(raw)
            if not text:
                continue
            written += 1
            if says_nothing(text, no_answer=file.no_answer):
                continue
            safe = scrub(text, names=names)
            rows.append((at, column, safe.text, language_of(text), safe.found))
    frame = pd.DataFrame(rows, columns=["respondent", "column", "text", "lang", "hidden"])
    frame = frame.drop_duplicates(["respondent", "text"]).reset_index(drop=True)
    readings, name = _readings(list(frame["text"]), file, known, store)
    return Comments(frame, readings, len(survey.frame), written, name)


def _readings(texts: list[str], file: VoiceFile, known: Sequence[str], store: Path | None):
    same = {spelling: word for word, spellings in file.same.items() for spelling in (*spellings, word)}
    ignored = frozenset(w.casefold() for w in file.ignore)
    found, name = _analysed(texts, file.analyser, known, store)
    one = lambda words: tuple(same.get(w, w) for w in words if w.casefold() not in ignored)
    many = lambda phrase: " ".join(same.get(w, w) for w in phrase.split())
    return tuple(
        Reading(one(r.nouns), tuple(same.get(w, w) for w in r.lemmas), tuple(dict.fromkeys(map(many, r.phrases))))
        for r in found
    ), name  # fmt: skip


def _analysed(texts: list[str], kind: str, known: Sequence[str], store: Path | None) -> tuple[list[Reading], str]:
    """What the analyser finds, from the store where the same comments were read before."""
    path = None
    if store is not None and texts:
        key = hashlib.sha256(repr((EDITION, kind, _installed(), tuple(known), texts)).encode()).hexdigest()[:24]
        path = Path(store) / f"voice-{key}{SUFFIX}"
        found = kept(path)
        if found is not None and found[0] == key:
            return found[1]
    if not texts:
        return [], kind
    reader = analyser(kind, known)
    result = reader.read(texts), reader.version
    if path is not None:
        keep(path, key, result)
    return result


def _installed() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("kiwipiepy")
    except PackageNotFoundError:
        return ""
