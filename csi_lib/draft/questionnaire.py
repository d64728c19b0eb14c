"""Questionnaires that lie beside the answers (.qsf, .lss, XLSForm, Triple-S): what each column was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import unescape

from csi_lib.draft.sheet import RawColumn, RawSheet

_TAGS = re.compile(r"<[^>]*>")
#: between a question's name and the part of it that a column stands for: Q1_2, Q1[SQ002], group/q/option
_BETWEEN = "_[/."


@dataclass(frozen=True)
class Asked:
    """One question: its kind as `RawColumn.kind`, text, codes of its answers, and its parts (items, or answers that may be
    ticked) by the code that names their columns. ``asked`` is the platform's own condition; ``section`` its group."""

    name: str
    text: str
    kind: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    asked: str = ""
    section: str = ""


def plain_text(text: object) -> str:
    """A text without markup."""
    return " ".join(unescape(_TAGS.sub(" ", str(text or ""))).split())


def described(sheet: RawSheet, questions: Iterable[Asked], profile: str) -> RawSheet:
    """The sheet with what the questionnaire says of its columns; columns it does not know stay as they are."""
    known = {q.name.casefold(): q for q in questions}
    columns = [_described(column, known) for column in sheet.columns]
    missing = [c.name for c, o in zip(columns, sheet.columns, strict=True) if c is o]
    notes = (*sheet.notes, f"the questionnaire says nothing of: {', '.join(missing[:30])}") if missing else sheet.notes
    return sheet.with_columns(columns, profile=profile, notes=notes)


def _described(column: RawColumn, known: dict[str, Asked]) -> RawColumn:
    for name in _tails(column.name):
        question = known.get(name.casefold())
        if question is not None and not (question.parts and question.kind in ("item", "multiple", "rank")):
            return replace(column, text=question.text or column.text, labels=question.labels, kind=question.kind,
                           asked=question.asked)  # fmt: skip
        if question is not None and question.kind in ("multiple", "rank"):  # all answers in one cell
            return replace(column, text=question.text, labels=question.labels or question.parts, kind=question.kind,
                           asked=question.asked)  # fmt: skip
        found = next((pair for pair in _splits(name) if pair[0].casefold() in known), None)
        if found is None:
            continue
        question, part = known[found[0].casefold()], found[1]
        label = {k.casefold(): v for k, v in question.parts.items()}.get(part.casefold())
        if part.casefold() in ("text", "other", "comment") or part.casefold().endswith(("text", "comment")):
            kind = (
                "multiple" if part.casefold() == "other" and set(column.values) <= {"", "Y", "1", "0", "N"} else "text"
            )
            return replace(column, text=f"{question.text} [{label or part}]", kind=kind, option=label or part,
                           question=question.text)  # fmt: skip
        if label is None and question.kind != "rank":
            continue
        option = label if label is not None and question.kind != "rank" else ""
        labels = {} if question.kind == "multiple" else question.labels
        if question.kind == "rank" and not labels:
            option, labels = label or part, {}
        return replace(column, text=f"{question.text} [{label}]" if label else question.text, labels=labels,
                       kind=question.kind, option=option, question=question.text, asked=question.asked)  # fmt: skip
    return column


def _tails(name: str) -> list[str]:
    """A header and its ends after each slash: group/question, question."""
    parts = name.split("/")
    return ["/".join(parts[k:]) for k in range(len(parts))]


def _splits(name: str):
    """The ways to read a header as a question's name and a part, the longest name first."""
    for at in range(len(name) - 1, 0, -1):
        if name[at] in _BETWEEN and name[at + 1 :].strip("]_ "):
            yield name[:at], name[at + 1 :].rstrip("]")
