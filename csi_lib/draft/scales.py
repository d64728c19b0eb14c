"""The scale of a battery: its ends, which codes are no answer, and which end is good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from csi_lib.draft import anchors, words
from csi_lib.draft.concepts import Concept

#: fewer answers of a code than this say nothing of where it belongs
_FEW = 5
#: as many answers say that a code nobody gave is none of the scale
_MANY = 100
#: rows of a sheet that correlations are looked at in
MOST_ROWS = 2000


@dataclass(frozen=True)
class ScaleGuess:
    """A scale from `low` to `high`; `coded` turns written answers into codes (empty: they are codes); `missing` are codes
    or texts that are no answer; `down`: low codes are good."""

    low: int
    high: int
    labels: tuple[tuple[int, str], ...]
    coded: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    down: bool
    reason: str
    sure: float

    @property
    def key(self) -> tuple:
        return self.low, self.high, self.labels


def labelled_scale(concept: Concept) -> ScaleGuess | None:
    """The scale of a question whose codes the file labels; None when the labels are no order."""
    labels = concept.labels
    if labels and not any(_whole(code) is not None for code in labels):
        return _coded_by_letters(concept)
    spelled = concept.spelled
    codes = {code: label for code, label in labels.items() if _whole(code) is not None}
    none = {c for c, label in codes.items() if words.NO_ANSWER.search(label)} | set(concept.missing)
    valid = {int(c): label for c, label in codes.items() if c not in none and label and label != c}
    numbered = {int(c) for c, label in codes.items() if c not in none}
    if len(valid) < 2:
        return None
    answered = {int(v) for v in concept.counts.index if _whole(v) is not None} - {
        int(c) for c in none if _whole(c) is not None
    }
    ends_only = len(valid) < 3 or len(valid) < len(numbered)
    low, high = min(numbered | {min(valid)}), max(numbered | {max(valid)})
    if not 3 <= high - low + 1 <= 11:
        return None
    scores = [(code, anchors.score(label)) for code, label in valid.items()]
    known = [(c, s) for c, s in scores if s is not None]
    if ends_only:
        if len(known) < 2 or {c for c, _ in known} < {low, high}:
            return None
    elif anchors.order([valid[c] for c in sorted(valid)]) is None or len(valid) < high - low + 1:
        return None
    stray = tuple(str(v) for v in sorted(answered) if not low <= v <= high)
    down = anchors.direction(known) < 0
    reason = f"the labels run from {valid[min(valid)]!r} to {valid[max(valid)]!r}"
    missing = tuple(dict.fromkeys([*(c for c in none if _whole(c) is not None), *stray]))
    if spelled:
        every = {labels[str(c)]: c for c in valid}
        texts = tuple({**every, **{t: int(c) for t, c in spelled.items() if int(c) in valid}}.items())
        others = tuple(v for v in concept.counts.index if v not in dict(texts))
        return ScaleGuess(low, high, tuple(sorted(valid.items())), texts, others, down, reason, 0.95)
    if stray:
        reason += f"; {', '.join(stray)} stand(s) outside the labels"
    return ScaleGuess(low, high, tuple(sorted(valid.items())), (), missing, down, reason, 0.95)


def _coded_by_letters(concept: Concept) -> ScaleGuess | None:
    """A scale whose codes are no numbers (A1, A2 …): its answers become 1, 2, … from bad to good."""
    labels = {c: t for c, t in concept.labels.items() if not words.NO_ANSWER.search(t)}
    ordered = anchors.order(list(labels.values())) if 3 <= len(labels) <= 11 else None
    if ordered is None:
        return None
    codes = list(labels)
    pairs = tuple((k, labels[codes[at]]) for k, at in enumerate(ordered, 1))
    coded = tuple((codes[at], k) for k, at in enumerate(ordered, 1))
    missing = tuple(v for v in concept.counts.index if v not in labels)
    reason = f"the labels run from {pairs[0][1]!r} to {pairs[-1][1]!r}"
    return ScaleGuess(1, len(ordered), pairs, coded, missing, False, reason, 0.9)


def worded_scale(vocabulary: Sequence[str], ordered: Sequence[str], concept: Concept) -> ScaleGuess:
    """The scale of a question answered in words: `ordered` from bad to good become 1, 2, …"""
    numbers = [anchors.leading_number(label) for label in ordered]
    keep = None not in numbers and sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))
    codes = numbers if keep else list(range(1, len(ordered) + 1))
    down = keep and numbers[0] > numbers[-1]
    pairs = sorted(zip(codes, ordered, strict=True))
    missing = tuple(v for v in concept.counts.index if v not in ordered)
    reason = f"answers in words from {ordered[0]!r} to {ordered[-1]!r}"
    return ScaleGuess(min(codes), max(codes), tuple(pairs), tuple((t, c) for c, t in pairs), missing, down, reason, 0.9)


@dataclass
class Habits:
    """What the batteries of a file teach about its codes: end codes of a run that are no answer, by run."""

    ends: dict[tuple[int, int], dict[int, str]] = field(default_factory=dict)
    #: scale in bare codes → questions answered on it
    scales: Counter = field(default_factory=Counter)

    def widened(self, scale: ScaleGuess, n: int) -> ScaleGuess:
        """The scale of one question, with the best answer that nobody of a few people gave where the other questions have it."""
        usual = max(self.scales, key=self.scales.get, default=None)
        if n >= _MANY or usual is None or self.scales[usual] < 3 or usual != (scale.low, scale.high + 1):
            return scale
        reason = f"{scale.reason}; the other questions go to {usual[1]}, which nobody gave here"
        return replace(scale, high=usual[1], reason=reason, sure=0.5)

    @property
    def zero(self) -> bool:
        """Whether 0 means "no answer" in some battery."""
        return any(0 in found for found in self.ends.values())

    def of(self, run: tuple[int, int]) -> dict[int, str]:
        """End codes of a run that are no answer, as batteries of the same run or of the same habit have it."""
        found = {code: f"{code} is no answer in another battery of these codes" for code in self.ends.get(run, {})}
        if self.zero and run[0] == 0 and run[1] not in (1, 10):
            found.setdefault(0, "0 is no answer in another battery of this file")
        return found


def numbered_scale(battery: Sequence[Concept], habits: Habits | None = None) -> ScaleGuess | None:
    """The scale of questions answered in bare codes: the run of codes that most answers are in.

    A code apart from the run (9, 99) is no answer. A code at the end of it (0, or 6 beside 1 to 5) is none when those who
    gave it rate the other questions no further than those who gave the code beside it.
    """
    counts: dict[int, int] = {}
    texts: dict[str, int] = {}
    for concept in battery:
        for value, n in concept.counts.items():
            code = _whole(value)
            if code is None:
                texts[value] = texts.get(value, 0) + int(n)
            else:
                counts[code] = counts.get(code, 0) + int(n)
    total = sum(counts.values())
    if not counts or sum(texts.values()) > 0.2 * (total + sum(texts.values())):
        return None
    run = _run(counts, total)
    if run == (0, 11):
        run = (0, 10)
    if run is None or not 3 <= run[1] - run[0] + 1 <= 11:
        return None
    low, high = run
    apart = [str(c) for c in sorted(counts) if not low <= c <= high]
    unusual = [c for c in apart if c not in words.NO_ANSWER_CODES]
    if len(unusual) > 4 or sum(counts[int(c)] for c in unusual) > 0.03 * total:
        return None
    said = [f"codes {low} to {high}"]
    if apart:
        said.append(f"{', '.join(apart[:6])} apart")
    ends, sure = _loose_ends(battery, low, high), 0.7
    if habits is not None:
        if ends and len(battery) >= 3:
            habits.ends.setdefault(run, ends)
        ends = {**habits.of(run), **ends}
    for code, words_ in ends.items():
        apart.append(str(code))
        low, high = (low + 1, high) if code == low else (low, high - 1)
        said.append(words_)
    if high - low < 2:
        return None
    said.append("no label says which end is good: the high one is taken")
    missing = (*apart, *texts)
    return ScaleGuess(low, high, (), (), missing, False, "; ".join(said), sure)


def _run(counts: dict[int, int], total: int) -> tuple[int, int] | None:
    """The contiguous codes with most answers; a code nobody gave inside 0–10 does not break it."""
    codes = sorted(c for c in counts if 0 <= c <= 11)
    runs: list[list[int]] = []
    for code in codes:
        if runs and code - runs[-1][-1] == 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    if not runs:
        return None
    best = max(runs, key=lambda r: (len(r) >= 3, sum(counts[c] for c in r)))
    apart = sum(n for c, n in counts.items() if c not in best and str(c) in words.NO_ANSWER_CODES)
    if sum(counts[c] for c in best) < 0.6 * (total - apart):
        return None
    if best[0] in (2, 3) and not any(c < best[0] for c in codes):
        best = [*range(1, best[0]), *best]  # no scale starts at 2: nobody gave the lowest answer
    return best[0], best[-1]


def _loose_ends(battery: Sequence[Concept], low: int, high: int) -> dict[int, str]:
    """End codes that are no answers, each with the reason."""
    if len(battery) < 3 or high - low < 4 or (low, high) in ((0, 10), (1, 10), (1, 7)):
        return {}
    frame = numbers_of(battery, low, high)
    core = frame.where((frame >= max(low, 1)) & (frame <= (high if high <= 5 else high - 1)))
    out: dict[int, str] = {}
    for end, beside, sign in ((high, high - 1, 1), (low, low + 1, -1)):
        if end == low and low != 0:
            continue
        means = {}
        for code in (end, beside):
            rests = [core.drop(columns=c).mean(axis=1)[frame[c] == code].dropna() for c in frame]
            means[code] = pd.concat(rests) if rests else pd.Series(dtype=float)
        n = int((frame == end).sum().sum())
        if n < _FEW or len(means[end]) < _FEW:
            if n and n < 0.01 * int(frame.notna().sum().sum()):
                out[end] = f"{end} stands only {n} times"
            continue
        usual = high == 5 and low <= 1 and end == high  # a scale of five is so common that more is asked for
        if sign * (means[end].mean() - means[beside].mean()) < (-0.1 if usual else 0.05):
            out[end] = (f"those who gave {end} rate the rest {means[end].mean():.2f}, those who gave {beside} {means[beside].mean():.2f}: "
                        f"{end} is no answer")  # fmt: skip
    return out


def numbers_of(battery: Sequence[Concept], low: int, high: int, most: int = MOST_ROWS) -> pd.DataFrame:
    """The answers within the scale as numbers, a column per question by its place; the first `most` rows of each sheet
    under each other."""
    valid = {str(c): float(c) for c in range(low, high + 1)}
    parts = []
    for k in sorted({k for concept in battery for k in concept.columns}):
        parts.append(pd.DataFrame({c.place: c.columns[k].mapped(valid, most) for c in battery if k in c.columns}))
    return pd.concat(parts, ignore_index=True).reindex(columns=[c.place for c in battery])


def goes_together(battery: Sequence[Concept], scale: ScaleGuess) -> bool:
    """Whether bare codes are ratings: the questions of the battery correlate (.2 on average), and they are not all but a
    few of two kinds."""
    frame = numbers_of(battery, scale.low, scale.high)
    shares = pd.Series(frame.to_numpy().ravel()).dropna().value_counts(normalize=True)
    if len(shares) > 2 and shares.iloc[:2].sum() > 0.93 and set(shares.index[:2]) in ({1.0, 2.0}, {0.0, 1.0}):
        return False
    r = frame.corr(min_periods=20).to_numpy()
    above = r[np.triu_indices(len(r), 1)]
    above = above[np.isfinite(above)]
    return bool(len(above)) and float(np.abs(above).mean()) >= 0.2


def turned(frame: pd.DataFrame) -> list:
    """Columns that go against the rest of their battery: corrected item–rest correlation below −.2."""
    if frame.shape[1] < 3:
        return []
    centred = frame - frame.mean()
    total = centred.mean(axis=1)
    out = []
    for name in frame:
        rest = (total * frame.shape[1] - centred[name].fillna(0)) / (frame.shape[1] - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = centred[name].corr(rest)
        if r < -0.2:
            out.append(name)
    return out if len(out) < frame.shape[1] / 2 else []


def _whole(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 1e9 else None
