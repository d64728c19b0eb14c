"""Many bodies' scores by type: one dot a body, the mean of the type, the middle half."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from csi_lib.figures.canvas import WIDTH, Canvas, nice_ticks, note_height, widest
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import base_note, frame_of, points
from csi_lib.figures.row_chart import zoomed
from csi_lib.figures.theme import HOUSE, Theme
from csi_lib.prose.results import Labels
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "caption": "유형별 점수의 분포",
        "all": "전체",
        "each": "{label} {count}곳은 {low}에서 {high} 사이에 있다.",
        "note": "점 하나가 한 기관, 띠는 가운데 절반, 세로선은 중앙값",
        "hidden": "보이지 않는 기관: {items}",
    },
    "en": {
        "caption": "Scores by type",
        "all": "All",
        "each": "{label}: {count} bodies between {low} and {high}.",
        "note": "one dot is one body, the band is the middle half, the line the median",
        "hidden": "Not shown: {items}",
    },
}
_LANE, _STEP = 15.0, 2.9


def score_strips(
    frame: pd.DataFrame, *, lanes: str = "type", rows: str = "agency", lang: str, labels: Mapping | None = None,
    name: str = "strips", caption: str | None = None, width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Scores of many bodies on one strip per value of `lanes`, and on one for all of them when there are several.

    frame : results rows, one per body, with a column `lanes` (null: only in the strip of all).

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"agency": ["a", "b", "c"], "type": "park", "estimate": [78.0, 80.0, 82.0], "unit": "points", "n": 300})
    >>> csi_lib.score_strips(frame, lang="en", caption="Scores").name
    'strips'
    """
    where, text = f"figure {name}", _TEXT[lang]
    items = points(frame, rows=rows, lang=lang, labels=labels, where=where)
    lane_of = dict(zip(frame[rows], frame[lanes], strict=True))
    live = [p for p in items if p.shown]
    hidden = [p.label for p in items if not p.shown]
    kinds = [k for k in dict.fromkeys(lane_of.values()) if not pd.isna(k)]
    named = Labels(frame, labels, total=text["all"])
    strips = [(text["all"], live)] if len(kinds) != 1 else []
    strips += [(named(lanes, k), [p for p in live if lane_of[p.key[0]] == k]) for k in kinds]
    strips = [(label, part) for label, part in strips if part]
    foot = " · ".join(filter(None, [base_note(live, lang, error=False), text["note"],
                                    say(text["hidden"], lang, items=join_words(hidden, lang, between=", ")).text if hidden else ""]))  # fmt: skip
    limits = zoomed(live, bounds=(0.0, 100.0)) if live else (0.0, 100.0)
    left = max(16.0, widest([label for label, _ in strips], theme.size, theme=theme) + 4)
    plot, foot_height = width - left - 3, note_height(foot, width=width, theme=theme)
    at = lambda value: left + (value - limits[0]) / (limits[1] - limits[0]) * plot
    stacks = [_stack([at(p.value) for p in part]) for _, part in strips]
    heights = [_LANE + _STEP * max(stack, default=0) for stack in stacks]
    body = sum(heights)
    canvas = Canvas(body + 7 + foot_height, width=width, theme=theme)
    page = canvas.page()
    for tick in nice_ticks(*limits, count=6):
        if limits[0] - 1e-9 <= tick <= limits[1] + 1e-9:
            page.vlines(at(tick), 0, body, color=theme.rule, linewidth=0.7, zorder=0)
            canvas.write(
                page, at(tick), body + 1, f"{tick:g}", ha="center", va="top", size=theme.small, color=theme.muted
            )
    top = 0.0
    for (label, part), stack, height in zip(strips, stacks, heights, strict=True):
        base = top + height - 4.5
        values = [p.value for p in part]
        if len(values) > 3:
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
            page.fill_betweenx([base + 1.6, base + 3.2], at(low), at(high), color=theme.quiet, alpha=0.55, linewidth=0)
            page.vlines(at(middle), base + 0.9, base + 3.9, color=theme.ink, linewidth=1.6)
        page.hlines(base + 2.4, left, left + plot, color=theme.rule, linewidth=0.6, zorder=0)
        page.plot([at(v) for v in values], [base - _STEP * k for k in stack], "o", markersize=5.6, color=theme.primary,
                  markeredgecolor=theme.page, markeredgewidth=0.7, linestyle="none", gid="value", zorder=4)  # fmt: skip
        canvas.write(page, left - 3, base, label, ha="right")
        top += height
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    told = [
        say(text["each"], lang, label=label, count=len(part), low=min(part, key=lambda p: p.value).estimate,
            high=max(part, key=lambda p: p.value).estimate).text
        for label, part in strips
    ]  # fmt: skip
    return Figure(
        name, caption or text["caption"], " ".join(told) + f" {foot}.", canvas.fig, frame_of(items), lang=lang
    )


def _stack(places: list[float], gap: float = 3.0) -> list[int]:
    """The level of each dot, so that neighbours do not cover each other."""
    levels: list[int] = [0] * len(places)
    taken: list[tuple[float, int]] = []
    for i in sorted(range(len(places)), key=lambda i: places[i]):
        level = 0
        while any(k == level and abs(x - places[i]) < gap for x, k in taken):
            level += 1
        taken.append((places[i], level))
        levels[i] = level
    return levels
