"""What the answers of one question look like: codes, words on a scale, kinds, several in a cell, numbers, free text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from csi_lib.draft import anchors, words
from csi_lib.draft.concepts import Concept

#: between several answers in one cell, tried in this order
SEPARATORS = ("\n", " | ", "|", ";", ", ", ",")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"^((19|20)\d\d[-/.]\s?\d{1,2}[-/.]\s?\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](19|20)\d\d)\b")


@dataclass(frozen=True)
class Answers:
    """Answers of one question in short.

    n, distinct : how many, and how many kinds; numeric : share that are numbers; codes : the whole numbers among them;
    given : share of rows that hold any; mean_length : letters of an answer.
    """

    n: int
    distinct: int
    numeric: float
    codes: tuple[int, ...]
    decimals: bool
    given: float
    mean_length: float
    dates: float

    @classmethod
    def of(cls, concept: Concept) -> Answers:
        counts = concept.counts
        n = int(counts.sum())
        rows = sum(len(c.values) for c in concept.columns.values())
        if not n:
            return cls(0, 0, 0.0, (), False, 0.0, 0.0, 0.0)
        texts = counts.index
        numbers = texts.str.fullmatch(_NUMBER.pattern)
        whole = [float(t) for t in texts[numbers]]
        decimals = any(not v.is_integer() for v in whole)
        codes = tuple(sorted({int(v) for v in whole if v.is_integer() and abs(v) < 1e9}))
        lengths = texts.str.len().to_numpy()
        dates = counts[[bool(_DATE.match(t)) for t in texts]].sum() / n if not numbers.all() else 0.0
        return cls(n, len(counts), float(counts[numbers].sum() / n), codes, decimals, n / max(rows, 1),
                   float((lengths * counts.to_numpy()).sum() / n), float(dates))  # fmt: skip


def ticks(concept: Concept) -> tuple[str, ...] | None:
    """The cells that mean "chosen" when a column stands for one answer that may be ticked; None when it does not.

    One and the same text beside blank cells, or 1 and 0, yes and no, TRUE and FALSE.
    """
    values = list(concept.counts.index)
    blank = any(not v for c in concept.columns.values() for v in ("",) if (c.values == "").any()) or concept.blanks
    plain = [v.casefold() for v in values]
    if len(values) == 1 and blank:
        return (values[0],)
    labels = {code: label.casefold() for code, label in concept.labels.items()}
    if len(values) == 2 or (1 <= len(values) <= 2 and not blank):
        said = sorted(labels.get(v, p) for v, p in zip(values, plain, strict=True))
        for yes, no in (("1", "0"), ("true", "false"), ("yes", "no"), ("selected", "not selected"), ("checked", "unchecked"),
                        ("sí", "no"), ("예", "아니오"), ("선택", "미선택"), ("marked", "not marked"), ("quoted", "not quoted"), ("y", "n")):  # fmt: skip
            if set(said) <= {yes, no}:
                codes = sorted(plain)
                if labels and set(codes) == {"1", "2"} and yes in ("yes", "sí", "예"):
                    return None  # a question of its own, answered yes or no
                return tuple(v for v in values if labels.get(v, v.casefold()) == yes) or (values[0],)
    return None


def several_in_a_cell(concept: Concept) -> tuple[str, dict[str, int]] | None:
    """(separator, answer → how often) when cells hold several answers from a common list; None when they do not."""
    counts = concept.counts
    if concept.newest.kind in ("text", "contact", "id"):
        return None
    best = None
    for separator in (
        (" ", *SEPARATORS) if concept.newest.kind in ("multiple", "rank") and concept.labels else SEPARATORS
    ):
        holding = counts[[separator in v for v in counts.index]]
        if holding.sum() < max(3, 0.05 * counts.sum()):
            continue
        found = _vocabulary(counts, separator)
        total = sum(found.values())
        rare = sum(n for n in found.values() if n == 1)
        if len(found) < 2 or len(found) > 60 or total < 10 or rare > 0.12 * total:
            continue
        if len(found) >= 0.8 * len(counts) and not concept.labels:
            continue  # the whole cells are as few as their parts: an answer that holds the sign
        longest = max(len(part) for part in found)
        if longest > 120:
            continue
        if best is None or len(found) < 0.8 * len(best[1]):
            best = separator, found
    return best


def _vocabulary(counts: pd.Series, separator: str) -> dict[str, int]:
    """Answers between separators; parts that only ever stand together are one answer that holds the separator."""
    parts, pairs = Counter(), Counter()
    cells = [([p.strip() for p in cell.split(separator) if p.strip()], int(n)) for cell, n in counts.items()]
    for cell, n in cells:
        parts.update(dict.fromkeys(cell, n))
        for pair in pairwise(cell):
            pairs[pair] += n
    joined = {a: b for (a, b), n in pairs.items() if n == parts[a] == parts[b] and n >= 2 and b[:1].islower()}
    if not joined:
        return dict(parts)
    out: dict[str, int] = {}
    for part, n in parts.items():
        if part in joined.values():
            continue
        text = part
        while part in joined:
            part = joined[part]
            text += separator + part
        out[text] = n
    return out


def words_in_order(labels: list[str]) -> list[str] | None:
    """Answers of a scale from bad to good, those that are none left out; None when they are no scale of three to eleven."""
    valid = [label for label in labels if not words.NO_ANSWER.search(label)]
    if not 3 <= len(valid) <= 11:
        return None
    found = anchors.order(valid)
    return None if found is None else [valid[k] for k in found]
