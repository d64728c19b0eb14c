"""The word chart: words as large as they are frequent, coloured by how satisfied their writers are."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, sin, sqrt

import pandas as pd

from csi_lib.figures.canvas import WIDTH, Canvas, line_height, note_height
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, points
from csi_lib.figures.spread import overlap
from csi_lib.figures.theme import HOUSE, Theme, text_width
from csi_lib.prose.change import verdict_of
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "caption": "자주 나온 낱말",
        "alt": "의견에 자주 나온 낱말: {items}.",
        "each": "{label} {value}",
        "note": "글자 크기는 그 낱말을 쓴 사람의 비율",
        "colour": "파랑: 쓴 사람의 만족도가 의견을 적은 나머지보다 유의하게 높음, 주황(밑줄): 유의하게 낮음",
    },
    "en": {
        "caption": "Frequent words",
        "alt": "Frequent words of the comments: {items}.",
        "each": "{label} {value}",
        "note": "size: share of writers who use the word",
        "colour": "blue: its users are significantly more satisfied than other writers; orange, underlined: less",
    },
}
_SMALLEST, _LARGEST = 8.5, 26.0


def word_chart(
    frame: pd.DataFrame, *, rows: str = "measure", differences: Mapping[str, Mapping] | None = None, lang: str,
    labels: Mapping | None = None, name: str = "words", caption: str | None = None, width: float = WIDTH,
    height: float = 62.0, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Words set by their share, the most frequent in the middle; the same data give the same picture.

    Parameters
    ----------
    frame : results rows, one per word, statistic ``share``.
    differences : code → results row of how much more satisfied the word's users are than other writers; only what the
        test supports is coloured (and underlined where lower, so that nothing is said by colour alone).

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"measure": ["parking", "staff"], "estimate": [0.3, 0.2], "unit": "proportion", "n": 100})
    >>> csi_lib.word_chart(frame, lang="en", caption="Words").name
    'words'
    """
    text = _TEXT[lang]
    items = [p for p in points(frame, rows=rows, lang=lang, labels=labels, where=f"figure {name}") if p.shown]
    items = sorted(items, key=lambda p: (-p.value, p.label))
    foot = " · ".join([base_note(items, lang, error=False), text["note"], *([text["colour"]] if differences else [])])
    foot_height = note_height(foot, width=width, theme=theme)
    placed = _placed(items, width, height, theme)
    used = max((box[3] for *_, box in placed), default=height) - min((box[1] for *_, box in placed), default=0.0)
    shift = min((box[1] for *_, box in placed), default=0.0) - 1.0
    canvas = Canvas(used + 3 + foot_height, width=width, theme=theme)
    page = canvas.page()
    for item, size, box in placed:
        way = _direction((differences or {}).get(item.key[0]))
        colour = {1: theme.primary, -1: theme.accent, 0: theme.muted}[way]
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2 - shift
        canvas.write(page, x, y, item.label, size=size, ha="center", bold=size > 14, color=colour)
        if way < 0:
            page.plot([box[0] + 0.8, box[2] - 0.8], [box[3] - shift - 0.4] * 2, color=colour, linewidth=0.9)
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    told = [say(text["each"], lang, label=p.label, value=p.estimate) for p in items]
    alt = say(text["alt"], lang, items=join_words(told, lang, between=", ")).text
    return Figure(name, caption or text["caption"], f"{alt} {foot}.", canvas.fig, frame_of(items), lang=lang)


def _placed(items: list[Point], width: float, height: float, theme: Theme):
    """(item, size, box) of each word, from the middle outwards along a spiral; what finds no room is left to the table."""
    if not items:
        return []
    most = items[0].value
    done = []
    for item in items:
        size = _SMALLEST + (_LARGEST - _SMALLEST) * sqrt(item.value / most) ** 1.3 if most else _SMALLEST
        w = text_width(item.label, size, bold=size > 14, family=theme.family) + 2.4
        h = line_height(size) * 0.98 + 0.6
        for step in range(1200):
            angle, radius = 0.35 * step, 0.19 * step
            x = width / 2 + 1.9 * radius * cos(angle) - w / 2
            y = height / 2 + 0.55 * radius * sin(angle + pi / 7) - h / 2
            box = (x, y, x + w, y + h)
            inside = x >= 0 and x + w <= width and y >= 0 and y + h <= height
            if inside and not any(overlap(box, other) for *_, other in done):
                done.append((item, size, box))
                break
    return done


def _direction(row: Mapping | None) -> int:
    outcome = verdict_of(row).direction if row is not None else "unknown"
    return {"up": 1, "down": -1}.get(outcome, 0)
