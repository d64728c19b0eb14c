"""Alternative text of a list of estimates: what the drawing shows, for who does not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from csi_lib.figures.points import Point, base_note
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "each": "{label} {value}",
        "list": "{what}: {items}.",
        "all": "{count}개의 값을 보인다.",
        "extremes": "가장 높은 것은 {high}, 가장 낮은 것은 {low}이다.",
        "rest": "나머지 값은 아래 표에 있다.",
        "reference": "{label:은/는} {value}이다.",
        "none": "보일 수 있는 값이 없다.",
        "was": "{label} {value}(지난해 {before})",
        "hidden": "보이지 않는 것은 {items}이다.",
    },
    "en": {
        "each": "{label} {value}",
        "list": "{what}: {items}.",
        "all": "The figure shows {count} values.",
        "extremes": "The highest is {high}, the lowest {low}.",
        "rest": "All other values are in the table below.",
        "reference": "{label} is {value}.",
        "none": "No value can be shown.",
        "was": "{label} {value} (last year {before})",
        "hidden": "Not shown: {items}.",
    },
}
#: longer lists are told by their extremes; the table below holds the rest
_TELL_ALL = 12


def tell(
    items: Sequence[Point], what: str, lang: str, *, whole: Point | None = None, before: Mapping | None = None
) -> str:
    """Alt text of a list of estimates: every value of a short list, the extremes of a long one."""
    text = _TEXT[lang]
    was = lambda p: (before or {}).get(p.key[0] if p.key else None)
    each = lambda p: (
        say(text["was"], lang, label=p.label, value=p.estimate, before=was(p).estimate) if was(p) is not None
        else say(text["each"], lang, label=p.label, value=p.estimate)
    )  # fmt: skip
    live = [p for p in items if p.shown]
    parts = []
    if len(items) <= _TELL_ALL:
        parts.append(say(text["list"], lang, what=what, items=join_words([each(p) for p in items], lang, between=", ")))
    elif not live:
        parts.append(say(text["list"], lang, what=what, items=say(text["none"].rstrip("."), lang)))
    else:
        ordered = sorted(live, key=lambda p: -p.value)
        top, bottom = ordered[:3], ordered[-3:][::-1]
        parts.append(say(text["list"], lang, what=what, items=say(text["all"].rstrip("."), lang, count=len(items))))
        parts.append(say(text["extremes"], lang, high=join_words([each(p) for p in top], lang, between=", "),
                         low=join_words([each(p) for p in bottom], lang, between=", ")))  # fmt: skip
        hidden = [p for p in items if not p.shown]
        if hidden:
            parts.append(say(text["hidden"], lang, items=join_words([p.label for p in hidden], lang, between=", ")))
        parts.append(say(text["rest"], lang))
    if whole is not None:
        parts.append(say(text["reference"], lang, label=whole.label, value=whole.estimate))
    note = base_note(items, lang)
    return " ".join(p.text for p in parts) + (f" {note}." if note else "")
