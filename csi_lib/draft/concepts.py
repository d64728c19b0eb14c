"""One question over the waves: which column of which file asks it, and how sure that is (the drift matrix)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

import pandas as pd

from csi_lib.draft import words
from csi_lib.draft.files import Given
from csi_lib.draft.sheet import RawColumn
from csi_lib.intake.heading import plain_name

#: below this a pair of columns is not taken for one question
_ENOUGH = 0.62
_NUMBERING = re.compile(
    r"^\s*(?:[\[(]?[a-z]{0,3}\d{1,3}(?:[-_.]\d{1,2})*[a-z]?[\])]?\s*[.:)\-]+\s*|[a-z]{1,2}\d{1,3}[_.]?\d*\s+(?=[^\W\d_]))",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Concept:
    """A question: the column that asks it in each given sheet (by position), with confidence and reason."""

    columns: Mapping[int, RawColumn]
    sure: Mapping[int, tuple[float, str]] = field(default_factory=dict)
    place: int = 0

    @property
    def newest(self) -> RawColumn:
        return self.columns[max(self.columns)]

    @property
    def name(self) -> str:
        return self.newest.name

    @property
    def counts(self) -> pd.Series:
        """How often each answer stands in all waves, the words for a blank cell left out."""
        found = self.__dict__.get("_counts")
        if found is None:
            total: dict[str, int] = {}
            for column in self.columns.values():
                for value, n in zip(column.counts().index, column.counts().tolist(), strict=True):
                    if value.casefold() not in words.BLANKS:
                        total[value] = total.get(value, 0) + n
            found = pd.Series(list(total.values()), index=pd.Index(list(total), dtype="str"), dtype=int)
            found = found.sort_values(ascending=False, kind="stable")
            object.__setattr__(self, "_counts", found)
        return found

    @property
    def blanks(self) -> list[str]:
        """Texts in the cells that stand for a blank one."""
        return sorted({v for c in self.columns.values() for v in c.counts().index if v.casefold() in words.BLANKS})

    @property
    def labels(self) -> dict[str, str]:
        """Labels of codes that the files carry, the newest first."""
        out: dict[str, str] = {}
        for k in sorted(self.columns, reverse=True):
            for code, label in self.columns[k].labels.items():
                out.setdefault(code, label)
        return out

    @property
    def spelled(self) -> dict[str, str]:
        """Answer as written → code, where the cells hold the labels of the codes rather than the codes; else empty."""
        labels = self.labels
        texts = {label.casefold(): code for code, label in labels.items()}
        counts = self.counts
        by_code = int(sum(n for v, n in counts.items() if v in labels))
        by_text = {v: texts[v.casefold()] for v in counts.index if v.casefold() in texts}
        return by_text if sum(int(counts[v]) for v in by_text) > max(by_code, 0.5 * counts.sum()) else {}

    @property
    def missing(self) -> list[str]:
        return list(dict.fromkeys(code for c in self.columns.values() for code in c.missing))


def gather(given: Sequence[Given]) -> list[Concept]:
    """The questions of all sheets, in the order of the newest; what only older ones ask follows.

    A column is matched by its header, else by its label, else by the words and numbers of its header together with its
    answers; what does not reach confidence stays a question of its own, so no column is lost.
    """
    newest = len(given) - 1
    columns: list[dict[int, RawColumn]] = [{newest: c} for c in given[newest].sheet.columns]
    sure: list[dict[int, tuple[float, str]]] = [{newest: (1.0, "its own file")} for _ in columns]
    for k in range(newest - 1, -1, -1):
        sheet = given[k].sheet
        taken: dict[int, tuple[int, float, str]] = {}
        by_name = {plain_name(c.name): at for at, c in enumerate(sheet.columns)}
        for at, known in enumerate(columns):
            found = next((by_name[plain_name(c.name)] for c in known.values() if plain_name(c.name) in by_name), None)
            if found is not None and found not in taken:
                column, latest = sheet.columns[found], known[max(known)]
                if _alike(column, latest) and _labels_agree(column, latest):
                    taken[found] = (at, 1.0 if _text_of(column) == _text_of(latest) else 0.9, "the same header")
        used = {at for at, *_ in taken.values()}
        by_text: dict[str, list[int]] = {}
        for at, known in enumerate(columns):
            text = _text_of(known[max(known)])
            if at not in used and text:
                by_text.setdefault(text, []).append(at)
        for found, column in enumerate(sheet.columns):
            text = _text_of(column)
            same = [at for at in by_text.get(text, ()) if at not in used] if found not in taken and text else []
            if len(same) == 1 and _alike(column, columns[same[0]][max(columns[same[0]])]):
                taken[found] = (same[0], 0.95, "the same label")
                used.add(same[0])
        rest = [found for found in range(len(sheet.columns)) if found not in taken]
        free = [at for at in range(len(columns)) if at not in used]
        pairs = sorted(_pairs(sheet.columns, rest, columns, free), reverse=True)
        for confidence, found, at, reason in pairs:
            if found not in taken and at not in used:
                taken[found] = (at, confidence, reason)
                used.add(at)
        for found, column in enumerate(sheet.columns):
            if found in taken:
                at, confidence, reason = taken[found]
                columns[at][k], sure[at][k] = column, (confidence, reason)
            else:
                columns.append({k: column})
                sure.append({k: (1.0, "asked in this file only" if len(given) > 1 else "its own file")})
    return [Concept(c, s, at) for at, (c, s) in enumerate(zip(columns, sure, strict=True))]


def _pairs(columns, rest: list[int], known, free: list[int]):
    """(confidence, column, question, reason) of the pairs that may be the same question."""
    if len(rest) * len(free) > 400_000:  # files of thousands of columns are matched by headers and labels only
        return
    for found in rest:
        column = columns[found]
        for at in free:
            other = known[at][max(known[at])]
            confidence, reason = _likeness(column, other)
            if confidence >= _ENOUGH:
                yield round(confidence, 3), found, at, reason


def _likeness(a: RawColumn, b: RawColumn) -> tuple[float, str]:
    text_a, text_b = _text_of(a), _text_of(b)
    if text_a and text_b:
        if abs(len(text_a) - len(text_b)) > 0.5 * max(len(text_a), len(text_b)) or not _alike(a, b):
            return 0.0, ""
        match = SequenceMatcher(None, text_a, text_b, autojunk=False)
        if match.real_quick_ratio() < 0.8 or match.quick_ratio() < 0.8:
            return 0.0, ""
        return 0.95 * match.ratio() if match.ratio() > 0.8 else 0.0, "nearly the same label"
    names = _name_likeness(a.name.casefold(), b.name.casefold())
    if names < 0.55 or not _alike(a, b):
        return 0.0, ""
    return 0.65 * names + 0.3 * _overlap(a, b), "a similar header and the same answers"


@lru_cache(maxsize=200_000)
def _name_likeness(a: str, b: str) -> float:
    """Likeness of two headers by their words (Q7A_ART and Q7ART share ART) and the number they begin with."""
    words_a, words_b = re.findall(r"[^\W\d_]{2,}", a), re.findall(r"[^\W\d_]{2,}", b)
    words_a = [w for w in words_a if w != "q"] or [""]
    words_b = [w for w in words_b if w != "q"] or [""]
    best = max(_word(x, y) for x in words_a for y in words_b)
    number_a, number_b = re.search(r"\d+", a), re.search(r"\d+", b)
    same = bool(number_a and number_b and number_a[0] == number_b[0])
    return 0.85 * best + 0.15 * same


def _word(a: str, b: str) -> float:
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) >= 3 and (long.startswith(short) or long.endswith(short)):
        return 0.9
    return SequenceMatcher(None, a, b, autojunk=False).ratio() * 0.8


def _text_of(column: RawColumn) -> str:
    """The label as words to compare; "" where the file only repeats the header."""
    text = column.text or ""
    if plain_name(text) == plain_name(column.name) and len(text) < 25:
        return ""
    return " ".join(_NUMBERING.sub("", text).casefold().split())


def _labels_agree(a: RawColumn, b: RawColumn) -> bool:
    """Whether two columns of one header may be one question: their labels, where both have one, are not of another thing."""
    x, y = _text_of(a), _text_of(b)
    return not x or not y or x == y or SequenceMatcher(None, x, y, autojunk=False).ratio() > 0.45


def _alike(a: RawColumn, b: RawColumn) -> bool:
    """Whether the answers are of one kind: both codes, both words, or one of them empty."""
    kinds = {_kind(a), _kind(b)} - {"empty"}
    return len(kinds) <= 1


def _kind(column: RawColumn) -> str:
    found = column.__dict__.get("_kind")
    if found is None:
        counts = column.counts()
        counts = counts[[v.casefold() not in words.BLANKS for v in counts.index]]
        n = counts.sum()
        if not n:
            found = "empty"
        else:
            numeric = counts[counts.index.str.fullmatch(r"-?\d+(\.\d+)?")].sum()
            found = "codes" if numeric > 0.6 * n else "words"
        object.__setattr__(column, "_kind", found)
    return found


def _overlap(a: RawColumn, b: RawColumn) -> float:
    """Σ min of the shares of each answer in the two columns; for many distinct answers that they are of one length."""
    x, y = a.counts(), b.counts()
    if not len(x) or not len(y):
        return 0.5
    if len(x) > 60 and len(y) > 60:
        return 0.6
    p, q = x / x.sum(), y / y.sum()
    return float(pd.concat([p, q], axis=1).fillna(0).min(axis=1).sum())


def without_number(text: str) -> str:
    """A question without the number it begins with: "Q3_1. Parks" → "Parks"."""
    short = _NUMBERING.sub("", text).strip()
    return short if len(short) >= 2 else text.strip()
