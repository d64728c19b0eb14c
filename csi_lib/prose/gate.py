"""The prose of a finished report, looked at as a reader sees it: wrong particles, empty fields, sentences said twice.

The particle machinery agrees with what a template puts in; what an author's own words and labels do to each other shows
only in the finished text. The gate knows no sentence of ours, so it also reads what a study writes itself.
"""

from __future__ import annotations

import re
from collections import Counter

_VOWEL_ONLY = {"를": "을", "와": "과"}  # never follow a consonant: no noun or verb form ends so
_PAIRS = {"을": "를", "은": "는", "이": "가", "과": "와", "으로": "로"}
#: nouns whose last syllable is 로 after a consonant: 통로, 진로 …
_NOUNS_IN_RO = (
    "경로", "진로", "통로", "선로", "근로", "공로", "항로", "종로", "활로", "판로", "열린로", "별로", "홀로", "서로", "스스로", "새로",
    "따로", "그대로", "바로",
)  # fmt: skip
_BARE = {
    "ko": ("은(는)", "을(를)", "이(가)", "와(과)", "에 따라 보면", "nan", "None", "{", "}", " ,", ".."),
    "en": ("nan ", "None", "{", "}", " ,", "..", " the the ", " a a ", " of of "),
}
_QUOTED = re.compile(r"([가-힣])[’”»](으로|로|을|를|은|는|이|가|과|와)(?=[\s,.]|$|(?<=[과와])[의는도])")
_WORD = re.compile(r"[가-힣]+")


def prose_faults(text: str, lang: str) -> list[str]:
    """What is wrong with finished prose, each as the words around it; an empty list where nothing is.

    Parameters
    ----------
    text : paragraphs of a report as plain text, one per line.
    lang : ``ko`` or ``en``.
    """
    found = [f"{mark.strip()}: {_around(text, mark)}" for mark in _BARE[lang] if mark in text]
    if lang == "ko":
        found += _particles(text)
    said = Counter(s.strip() for line in text.splitlines() for s in re.split(r"(?<=[.])\s+(?=\S)", line) if len(s) > 40)
    found += [f"said {count} times: {sentence}" for sentence, count in said.items() if count > 2]
    return found


def _particles(text: str) -> list[str]:
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        last, before = word[-1], word[-2:-1]
        if not before:
            continue
        wrong = last in _VOWEL_ONLY and _final(before) != 0
        wrong |= last == "로" and before != "으" and _final(before) not in (0, 8) and not word.endswith(_NOUNS_IN_RO)
        wrong |= word.endswith("으로") and len(word) > 2 and _final(word[-3]) in (0, 8)
        if wrong:
            found.append(f"particle: {_around(text, word, match.start())}")
    for match in _QUOTED.finditer(text):
        syllable, particle = match[1], match[2]
        closed = next((a for a, b in _PAIRS.items() if particle in (a, b)), particle)
        after_vowel = _final(syllable) == 0 or (closed == "으로" and _final(syllable) == 8)
        if particle != (_PAIRS[closed] if after_vowel else closed):
            found.append(f"particle: {_around(text, match[0], match.start())}")
    return found


def _final(syllable: str) -> int:
    """The final consonant of a syllable as its number in Unicode's order: 0 none, 8 ㄹ."""
    return (ord(syllable) - 0xAC00) % 28


def _around(text: str, part: str, start: int | None = None) -> str:
    at = text.find(part) if start is None else start
    return text[max(0, at - 20) : at + len(part) + 20].replace("\n", " ")
