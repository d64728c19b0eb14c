"""Which comments are quoted, by a rule that is printed beside them.

Of the comments on a topic by people of one tone (satisfied or dissatisfied by their own score) those are quoted that are
most typical: whose words are the words of that group. The typicality of a comment is the cosine between its words and the
group's mean, words weighted by the logarithm of their rarity; a second quotation must not repeat the first (less than half
of the words in common). Comments in which personal data had to be hidden, and those too short or too long, are passed
over. A group of fewer people than the minimum base is not quoted at all.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.voice.comments import Comments
from csi_lib.voice.settings import Quotes


@dataclass(frozen=True)
class Quote:
    """One quoted comment: its topic and tone, how many people of that topic and tone there are, and its typicality."""

    topic: str
    tone: str
    text: str
    people: int
    typicality: float


def representative(
    comments: Comments, marks: pd.DataFrame, tones: np.ndarray, rule: Quotes, *, min_base: int
) -> list[Quote]:
    """Quotations by topic and tone, in the order of the topics.

    Parameters
    ----------
    marks : comment × topic (`topics.mentions`); tones : every respondent's tone (`standing.tones`).
    min_base : a topic × tone with fewer people is not quoted.
    """
    frame = comments.frame
    words = [frozenset(r.nouns) | frozenset(r.lemmas) for r in comments.readings]
    rarity = _rarity(words)
    of_writer = tones[frame["respondent"].to_numpy(int)] if len(frame) else np.array([], dtype=object)
    out: list[Quote] = []
    said: set[str] = set()
    for topic in marks:
        for tone in ("satisfied", "dissatisfied"):
            group = np.flatnonzero(marks[topic].to_numpy(bool) & (of_writer == tone))
            people = frame["respondent"].iloc[group].nunique()
            if people < min_base:
                continue
            typical = _typicality([words[i] for i in group], rarity)
            order = sorted(
                zip(typical, group, strict=True),
                key=lambda x: (-round(x[0], 9), len(frame["text"][x[1]]), frame["text"][x[1]]),
            )
            chosen: list[int] = []
            for value, i in order:
                text = frame["text"].iloc[i]
                if len(chosen) == rule.each:
                    break
                if (
                    not text
                    or not rule.shortest <= len(text) <= rule.longest
                    or frame["hidden"].iloc[i]
                    or _key(text) in said
                ):
                    continue
                if any(_overlap(words[i], words[j]) >= 0.5 for j in chosen):
                    continue
                chosen.append(i)
                said.add(_key(text))
                out.append(Quote(topic, tone, text, people, float(value)))
    return out


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _rarity(words: list[frozenset[str]]) -> dict[str, float]:
    counts = Counter(w for s in words for w in s)
    return {w: math.log((1 + len(words)) / n) for w, n in counts.items()}


def _typicality(words: list[frozenset[str]], rarity: dict[str, float]) -> list[float]:
    """Cosine of each comment's word vector with the mean of the group's unit vectors."""
    unit = []
    for one in words:
        length = math.sqrt(sum(rarity[w] ** 2 for w in one)) or 1.0
        unit.append({w: rarity[w] / length for w in one})
    centre: Counter = Counter()
    for vector in unit:
        centre.update(vector)
    size = math.sqrt(sum(v * v for v in centre.values())) or 1.0
    return [sum(v * centre[w] for w, v in vector.items()) / size for vector in unit]


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / max(1, min(len(a), len(b)))
