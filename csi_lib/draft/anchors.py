"""The order of answers in words: very dissatisfied … very satisfied, in English, Spanish and Korean."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: (pattern, score): the first that fits; whole sets of words with a place of their own
_FIXED = [
    (
        r"neither|neutral|\bnor\b|so-?so|보통|그저 ?그|중립|\bni\b.*\bni\b|indiferente|neutro|^mixed|ni bien ni mal|intermedio",
        0.0,
    ),
    (
        r"very poor|terrible|awful|unacceptable|매우 미흡|아주 미흡|매우 나쁨|muy mal[oa]?|p[eé]sim[oa]|very bad|extremely poor|worst",
        -3.2,
    ),
    (r"(far|well|much) below|muy por debajo|far short", -3.2),
    (r"below .{0,12}expect|기대 ?미달|por debajo de", -2.0),
    (r"(far|well|much) (exceed|above)|exceeds? .{0,20}(by )?far|supera ampliamente", 3.4),
    (r"exceed|above .{0,12}expect|supera|기대 ?이상", 2.0),
    (r"meets?\b.{0,12}expect|met .{0,12}expect|cumple", 0.0),
    (r"below average|under average|por debajo", -1.5),
    (r"above average|por encima", 1.5),
    (r"outstanding|excellent|excelente|탁월|매우 우수|매우 좋|매우 양호", 3.6),
    (r"very good|muy buen[oa]?|아주 좋|exceptional", 3.0),
    (r"does not meet|doesn'?t meet|fell? short|기대 ?이하|못 ?미", -2.0),
    (r"^(average|fair|acceptable|regular|aceptable|adequate|okay|ok)\b", 0.0),
    (r"much worse|mucho peor", -3.0),
    (r"much better|mucho mejor", 3.0),
    (r"\bworse|peor|나빠|악화", -2.0),
    (r"\bbetter|mejor|좋아|개선|improv", 2.0),
    (r"about the same|stayed the same|\bsame\b|igual|비슷|변화 ?없", 0.0),
    (r"almost never|casi nunca|거의 (없|안|하지)", -2.5),
    (r"almost always|casi siempre|대부분", 2.5),
    (r"^never|^nunca|^전혀$|없음$", -3.0),
    (r"rarely|seldom|rara vez|드물", -2.0),
    (r"sometimes|occasionally|a veces|algunas veces|가끔|때때로", 0.0),
    (r"usually|often|frequently|frecuentemente|a menudo|generalmente|자주|종종|most of the time|la mayor[ií]a", 2.0),
    (r"^always|^siempre|항상|언제나", 3.0),
    (
        r"not at all|전혀|absolutely not|para nada|definitely (would )?not|definitely no\b|definitivamente no|nada (de )?\w+|^nada",
        -3.5,
    ),
    (r"probably (would )?not|probably no\b|probablemente no", -1.8),
    (r"^(yes,? |s[ií],? )?(definitely|definitivamente|seguramente)( yes| would\b.*| s[ií]\b.*)?$", 3.2),
    (r"^(yes,? |s[ií],? )?(probably|probablemente)( yes| would\b.*| s[ií]\b.*)?$", 1.8),
    (r"^not sure$|^maybe$|^might", 0.0),
    (r"not very|not so|not too|not particularly|별로|그다지|^poc[oa]|muy poc[oa]|\bpoco\b", -1.5),
]
_NEGATIVE = (r"dissatisf|disagree|unsatisf|insatisf|desacuerdo|unhappy|unlikely|not likely|improbable|difficult|\bhard\b|dif[ií]cil|unsafe|not safe|insegur|dirty|suci[oa]|poor|\bbad\b|\bmal[oa]?\b|"
             r"unimportant|not important|no importante|불만|그렇지 ?않|아니|나쁨|나쁘|미흡|불편|어렵|어려|부족|불친절|동의하지|만족하지|않|\bnot\b|unfavou?rable|negativ|slow|lento|rude|불안|위험|더러|inadecuad|deficiente|weak|low\b|baj[oa]")  # fmt: skip
_POSITIVE = (r"satisf|agree|acuerdo|happy|likely|probable|easy|f[aá]cil|\bsafe|segur[oa]|clean|limpi|good|buen[oa]?|\bbien\b|important|만족|그렇|동의|좋|우수|양호|편리|편하|쉽|쉬움|충분|친절|favou?rable|positiv|fast|r[aá]pid|"
             r"courteous|안전|깨끗|중요|adecuad|eficiente|strong|high\b|alt[oa]\b|support|meets?|exceeds?|supera|cumple|suficiente|매우|fully|completely")  # fmt: skip
_INTENSE = [
    (
        r"extremely|completely|totally|strongly|fully|highly|very much|totalmente|completamente|sumamente|extremadamente|전적|완전|far exceed|exceeds? far",
        3.5,
    ),
    (r"\bvery\b|\bmuy\b|매우|아주|정말|대단히|exceeds", 3.0),
    (r"quite|mostly|bastante|generally|mainly|대체로|상당", 1.9),
    (r"moderately|moderadamente|어느 ?정도", 1.2),
    (r"somewhat|probably|rather|fairly|partly|algo|다소|약간|조금|편이|편$|tend to|leaning", 1.0),
    (r"slightly|a little|ligeramente|un poco", 0.6),
]
_FIXED_RE = [(re.compile(p), s) for p, s in _FIXED]
_INTENSE_RE = [(re.compile(p), s) for p, s in _INTENSE]
_NEGATIVE_RE, _POSITIVE_RE = re.compile(_NEGATIVE), re.compile(_POSITIVE)
_LEAD = re.compile(r"^\s*[\(\[]?(-?\d{1,2})[\)\]]?\s*(?:[-–:.)=점]|\s|$)\s*(.*)$")


def score(label: str) -> float | None:
    """Where an answer in words stands between bad and good (−4 … 4); None when its words do not say.

    >>> [score(t) for t in ("Very dissatisfied", "Neutral", "만족", "Muy satisfecho")]
    [-3.0, 0.0, 2.0, 3.0]
    """
    text = " ".join(label.casefold().split())
    lead = _LEAD.match(text)
    text = lead[2] if lead and lead[2] else text
    for pattern, value in _FIXED_RE:
        if pattern.search(text):
            return value
    sign = -1.0 if _NEGATIVE_RE.search(text) else 1.0 if _POSITIVE_RE.search(text) else None
    if sign is None:
        return None
    strength = next((s for pattern, s in _INTENSE_RE if pattern.search(text)), 2.0)
    return sign * strength


def leading_number(label: str) -> int | None:
    """The number with which an answer begins: "5 - Very good", "3점", "10"."""
    found = _LEAD.match(label)
    return int(found[1]) if found else None


def order(labels: Sequence[str]) -> list[int] | None:
    """Positions of the answers from bad to good; None when they are no scale: a word without a place, or two in one place.

    Answers that begin with different numbers are ordered by those.
    """
    numbers = [leading_number(label) for label in labels]
    spread = [score(label) for label in labels]
    small = None not in numbers and len(set(numbers)) == len(labels) and max(numbers) <= 11
    if len(labels) >= 3 and small and any(s is not None for s in spread):
        known = [(n, s) for n, s in zip(numbers, spread, strict=True) if s is not None]
        return (
            sorted(range(len(labels)), key=lambda k: numbers[k])
            if direction(known) >= 0
            else sorted(range(len(labels)), key=lambda k: -numbers[k])
        )
    scores = spread
    if len(labels) < 2 or None in scores or len({round(s, 1) for s in scores}) < len(scores):
        return None
    if min(scores) >= 0 and max(scores) < 3:
        return None
    return sorted(range(len(labels)), key=lambda k: scores[k])


def direction(pairs: Sequence[tuple[float, float]]) -> int:
    """1 when higher codes are better, −1 when lower ones are, 0 when (code, score) pairs do not say."""
    if len(pairs) < 2:
        return 0
    (low, a), (high, b) = min(pairs), max(pairs)
    return 0 if low == high or a == b else (1 if b > a else -1)
