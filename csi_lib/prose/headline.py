"""What a figure says, as the first words of its caption: only where the numbers leave no doubt, else nothing.

Captions stand in the list of figures too, so a headline repeats no figure. Each has its precondition in its function; a caption without one is the topic alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import absent
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "lowest": "{name:이/가} 가장 낮다",
        "highest": "{name:이/가} 가장 높다",
        "all up": "{count}개 모두 올랐다",
        "all down": "{count}개 모두 내렸다",
        "none": "유의하게 달라진 것이 없다",
        "some": "{count}개 가운데 {parts}",
        "up": "{some}개 상승",
        "down": "{some}개 하락",
        "of": "{headline} – {topic}",
    },
    "en": {
        "lowest": "{name} is lowest",
        "highest": "{name} is highest",
        "all up": "All {count} rose",
        "all down": "All {count} fell",
        "none": "Nothing changed significantly",
        "some": "Of {count}, {parts}",
        "up": "{some} rose",
        "down": "{some} fell",
        "of": "{headline} – {topic}",
    },
}


def caption(topic: str, headline: str | None, lang: str) -> str:
    """A caption that begins with what there is to see; the `topic` alone where nothing stands out."""
    return topic if headline is None else _TEXT[lang]["of"].format(headline=headline, topic=topic)


def standing_out(rows: Sequence[Mapping], lang: str, *, label: str = "measure_label") -> str | None:
    """The row that is lowest (else highest) beyond doubt: its interval lies wholly on one side of all the others.

    None with fewer than three rows, without intervals, or where the nearest interval touches it.
    """
    shown = [r for r in rows if not absent(r["estimate"]) and not absent(r["ci_low"]) and not absent(r["ci_high"])]
    if len(shown) < 3 or any("small" in str(r.get("flag") or "") for r in shown):
        return None
    ordered = sorted(shown, key=lambda r: r["estimate"])
    low, high = ordered[0], ordered[-1]
    if low["ci_high"] < min(r["ci_low"] for r in ordered[1:]):
        kind, row = "lowest", low
    elif high["ci_low"] > max(r["ci_high"] for r in ordered[:-1]):
        kind, row = "highest", high
    else:
        return None
    return say(_TEXT[lang][kind], lang, name=row[label]).text


def moved(changes: Sequence[Mapping] | None, lang: str) -> str | None:
    """How many of the tested changes are changes: by their verdicts, which allow for testing them together."""
    verdicts = [verdict_of(c) for c in changes or [] if not absent(c["estimate"])]
    if len(verdicts) < 2:
        return None
    t, count = _TEXT[lang], len(verdicts)
    some = {d: sum(v.significant and v.direction == d for v in verdicts) for d in ("up", "down")}
    for direction, number in some.items():
        if number == count:
            return say(t[f"all {direction}"], lang, count=count).text
    parts = [say(t[d], lang, some=number) for d, number in some.items() if number]
    return say(t["some"], lang, count=count, parts=join_words(parts, lang, between=", ")).text if parts else t["none"]
