"""Questions that stand together: grids of one stem, sets of answers to tick, choices of a few out of many, rankings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from csi_lib.draft import words
from csi_lib.draft.concepts import Concept

_BRACKET = re.compile(r"^(?P<stem>.{3,}?)\s*\[(?P<item>[^\]]+)\]\s*$")
_SPLIT = re.compile(r"^(?P<stem>.{3,}?)\s*(?:\s[-–—|/>]\s|:\s+|\?\s+)(?P<item>[^:]{1,160})$")
_NAME = re.compile(r"^(?P<stem>.*?[^\W_])[\s_.\-]*[\[(]?(?P<part>\d{1,3}|[a-z])[\])]?$", re.IGNORECASE)
_QUESTION = re.compile(r"^(?P<stem>[a-z]{0,3}\d{1,3})(?P<part>[\s_.\-]?[a-z][\w ]*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Stem:
    """What a column shares with its neighbours (`text`), and what it stands for itself (`item`)."""

    text: str
    item: str
    worded: bool


def stems(concept: Concept) -> list[Stem]:
    """The ways to divide a question into a common part and its own, the most telling first."""
    column, out = concept.newest, []
    text = column.text or column.name
    if column.question:
        out.append(Stem(column.question, column.option or text, True))
    if (found := _BRACKET.match(text)) or (found := _SPLIT.match(text)):
        out.append(Stem(found["stem"], found["item"], True))
    name = column.name.strip().lstrip("*").casefold()
    for pattern in (_NAME, _QUESTION):
        if found := pattern.match(name):
            out.append(Stem(found["stem"].strip("_.- "), text if text != column.name else column.name, False))
    return out


def runs(
    concepts: Sequence[Concept], family: Callable[[Concept], object], *, least: int = 2
) -> list[tuple[str, bool, list[Concept]]]:
    """Neighbours that share a stem and whose answers are of one family: (stem, whether it is worded, questions).

    A family of None belongs to no run. The stem that joins most neighbours is taken; one column of another kind between
    them (an open "other") does not end a run.
    """
    out, at = [], 0
    while at < len(concepts):
        best: tuple[str, bool, list[Concept]] | None = None
        if family(concepts[at]) is not None:
            for stem in stems(concepts[at]):
                members = _follow(concepts, at, stem, family)
                if best is None or len(members) > len(best[2]):
                    best = stem.text, stem.worded, members
        if best is None or len(best[2]) < least:
            at += 1
            continue
        out.append(best)
        last = best[2][-1]
        while concepts[at] is not last:
            at += 1
        at += 1
    return out


def _follow(concepts, at: int, stem: Stem, family) -> list[Concept]:
    members, kind, gap = [concepts[at]], family(concepts[at]), 0
    for other in concepts[at + 1 :]:
        same = any(s.text == stem.text and s.worded == stem.worded for s in stems(other))
        if same and family(other) == kind:
            members.append(other)
            gap = 0
        elif same and gap < 1:
            gap += 1
        else:
            break
    return members


def item_of(concept: Concept, stem: str) -> str:
    """What a column of a battery stands for under its stem."""
    return next((s.item for s in stems(concept) if s.text == stem), concept.newest.option or concept.newest.text)


def is_choice(members: Sequence[Concept]) -> tuple[str, str] | None:
    """("choices" or "places", reason) when columns hold a few choices out of many, or the place of each answer; else None.

    Their mark: nobody gives the same code twice in a row, where chance alone would repeat many.
    """
    if not 2 <= len(members) <= 12:
        return None
    vocabulary = {text: k for k, text in enumerate(sorted(_codes_of(members)))}
    if len(vocabulary) < 3:
        return None
    twice = pairs = by_chance = 0.0
    for k in sorted({k for c in members for k in c.columns}):
        held = [c.columns[k].mapped(vocabulary, 2000) for c in members if k in c.columns]
        for i, x in enumerate(held):
            for y in held[i + 1 :]:
                both = np.isfinite(x) & np.isfinite(y)
                n = int(both.sum())
                if not n:
                    continue
                p, q = (np.bincount(v[both].astype(int), minlength=len(vocabulary)) / n for v in (x, y))
                pairs, twice, by_chance = pairs + n, twice + (x == y)[both].sum(), by_chance + n * float(p @ q)
    if pairs < 20 or twice > 0.1 * by_chance or by_chance < 3:
        return None
    reason = f"{int(twice)} of {int(pairs)} pairs in a row hold the same code, where chance would give {by_chance:.0f}"
    places = len(vocabulary) <= len(members) and all(re.fullmatch(r"\d+", v) for v in vocabulary)
    labelled = any(c.labels for c in members)
    different = len({c.newest.option or c.newest.text for c in members}) == len(members) and any(
        c.newest.option for c in members
    )
    if places and not labelled and (different or max(map(int, vocabulary)) == len(members)):
        return "places", reason
    return "choices", reason


def _codes_of(members: Sequence[Concept]) -> set[str]:
    """Answers of a choice: those given at least twice and not a code for "no answer" that stands apart."""
    counts = pd.concat([c.counts for c in members]).groupby(level=0).sum()
    codes = {v for v, n in counts.items() if n >= 2}
    numbers = sorted(int(v) for v in codes if re.fullmatch(r"\d+", v))
    if len(numbers) > 3 and len(numbers) == len(codes):
        gaps = [b for a, b in pairwise(numbers) if b - a > max(5, 0.5 * a)]
        if gaps:
            codes = {v for v in codes if int(v) < gaps[0]}
        codes -= {"0"}
    labels = {code: label for c in members for code, label in c.labels.items()}
    return {v for v in codes if not words.NO_ANSWER.search(labels.get(v, v))}


def factors(frame: pd.DataFrame, most: int = 8) -> tuple[int, dict[object, int]] | None:
    """(number of factors, question → factor) by parallel analysis and varimax on pairwise correlations; None when too few
    questions or answers allow none. Horn (1965); the 95th percentile of 10 random draws of at most 500 rows."""
    kept = frame.loc[:, frame.notna().sum() >= 50]
    kept = kept.loc[:, kept.std() > 0]
    if kept.shape[1] < 6:
        return None
    r = kept.corr(min_periods=30).fillna(0).to_numpy()
    values, vectors = np.linalg.eigh(r)
    values, vectors = values[::-1], vectors[:, ::-1]
    n, p = int(kept.notna().sum().median()), kept.shape[1]
    rng = np.random.default_rng(1)
    noise = np.array(
        [np.linalg.eigvalsh(np.corrcoef(rng.standard_normal((min(n, 500), p)), rowvar=False))[::-1] for _ in range(10)]
    )
    count = int(min(most, (values > np.percentile(noise, 95, axis=0)).cumprod().sum()))
    if count < 1:
        return None
    loadings = _varimax(vectors[:, :count] * np.sqrt(np.maximum(values[:count], 0)))
    return count, dict(zip(kept.columns, np.abs(loadings).argmax(axis=1).tolist(), strict=True))


def _varimax(loadings: np.ndarray, steps: int = 50) -> np.ndarray:
    rotation = np.eye(loadings.shape[1])
    for _ in range(steps):
        turned = loadings @ rotation
        u, _, v = np.linalg.svd(loadings.T @ (turned**3 - turned * (turned**2).mean(axis=0)))
        rotation = u @ v
    return loadings @ rotation
