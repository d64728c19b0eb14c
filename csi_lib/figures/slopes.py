"""Two waves as slopes: what moved, how far, and which of it is significant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from csi_lib.figures.canvas import WIDTH, Canvas, line_height, note_height, widest
from csi_lib.figures.capacity import PAGE
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, missing_word, points
from csi_lib.figures.spread import spread
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import absent
from csi_lib.prose.results import by_cell, results
from csi_lib.prose.sentences import say

_TEXT = {
    "ko": {
        "slope": "지난해와 올해",
        "wave": "{when} {value}",
        "from_to": "{label:은/는} {before}에서 {after:으로/로} 변하였다({word}).",
        "plain": "{label:은/는} {before}에서 {after:으로/로} 변하였다.",
        "most": "많이 움직인 문항만 보이며 나머지 {count}개는 싣지 않았다",
        "strong": "▲▼ 통계적으로 유의한 변화(유의수준 5%)",
    },
    "en": {
        "slope": "Last year and this year",
        "wave": "{when} {value}",
        "from_to": "{label} went from {before} to {after} ({word}).",
        "plain": "{label} went from {before} to {after}.",
        "most": "those that moved most; {count} others are not drawn",
        "strong": "▲▼ significant change (5% level)",
    },
}


def slope_chart(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    differences: pd.DataFrame | None = None,
    rows: str = "measure",
    waves: tuple[str, str],
    lang: str,
    labels: Mapping | None = None,
    name: str = "slope-chart",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Two waves joined by lines; lines of tested changes (`differences`) are strong and marked ▲ or ▼.

    What exists in one wave only is drawn as a dot without a line. Of more items than two columns of names hold, those
    that moved most against their error are drawn; the note says how many are not.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> before = pd.DataFrame({"measure": ["kind", "fast"], "estimate": [78.0, 70.0], "unit": "points", "n": 300})
    >>> after = before.assign(estimate=[80.0, 71.0])
    >>> csi_lib.slope_chart(before, after, waves=("2023", "2024"), lang="en", caption="Change").name
    'slope-chart'
    """
    where, text = f"figure {name}", _TEXT[lang]
    right = points(after, rows=rows, lang=lang, labels=labels, where=where)
    left = {p.key: p for p in points(before, rows=rows, lang=lang, labels=labels, where=where)}
    change = {} if differences is None else by_cell(results(differences, where=where, need=[rows]), [rows], where=where)
    everything = [*right, *(p for k, p in left.items() if k not in {q.key for q in right})]
    left_out = 0
    if len(everything) > PAGE.slopes:
        chosen = set(
            sorted((p.key for p in right if p.shown), key=lambda k: -_moved(k, left, right, change))[: PAGE.slopes]
        )
        left_out = len(everything) - len(chosen)
        right, left = [p for p in right if p.key in chosen], {k: p for k, p in left.items() if k in chosen}
    items = [*right, *(p for k, p in left.items() if k not in {q.key for q in right})]
    old = [left[p.key] for p in right if p.key in left] + [p for p in items if p not in right]
    foot = base_note([*right, *left.values()], lang, error=False)
    if change:
        foot += f" · {text['strong']}"
    if left_out:
        foot += " · " + say(text["most"], lang, count=left_out).text
    live = [p for p in [*right, *left.values()] if p.shown]
    step = line_height(theme.size) + 0.7
    body = max(52.0, step * max(len(right), len(left)) * 1.15)
    names = {p.key: wrap(p.label, width * 0.28, theme.size, lines=1, theme=theme) for p in items}
    name_width = widest(list(names.values()), theme.size, bold=True, theme=theme) + 2
    value_width = widest(["▼ 100.0%"], theme.size, bold=True, theme=theme)
    span_left, span_right = value_width + 5, width - name_width - value_width - 6
    foot_height, top = note_height(foot, width=width, theme=theme), line_height(theme.size) + 3
    canvas = Canvas(top + body + 3 + foot_height, width=width, theme=theme)
    page = canvas.page()
    low, high = (min(p.value for p in live), max(p.value for p in live)) if live else (0, 1)
    pad = (high - low) * 0.05 or 1
    height = lambda v: top + body * (1 - (v - low + pad) / (high - low + 2 * pad))
    for x, wave in ((span_left, waves[0]), (span_right, waves[1])):
        page.vlines(x, top, top + body, color=theme.rule, linewidth=1)
        canvas.write(page, x, top - 1.5, str(wave), ha="center", va="bottom", bold=True)
    marks = {}
    for item in right:
        row, first = change.get(item.key), left.get(item.key)
        outcome = verdict_of(row) if row is not None else None
        strong = outcome is not None and outcome.significant
        marks[item.key] = f"{outcome.mark} " if strong else ""
        if first is not None and first.shown and item.shown:
            colour = theme.quiet if not strong else theme.primary if outcome.direction == "up" else theme.accent
            page.plot(
                [span_left, span_right],
                [height(first.value), height(item.value)],
                color=colour,
                marker="o",
                linewidth=2.0 if strong else 1.2,
                markersize=4.5,
                zorder=3 if strong else 2,
                gid="slope",
            )
        elif item.shown:
            page.plot([span_right], [height(item.value)], color=theme.quiet, marker="o", markersize=4.5, gid="slope")
    for first in left.values():
        if first.shown and first.key not in {p.key for p in right if p.shown}:
            page.plot([span_left], [height(first.value)], color=theme.quiet, marker="o", markersize=4.5, gid="slope")
    _ends(
        canvas,
        page,
        [p for p in left.values() if p.shown],
        height,
        step,
        span_left,
        "right",
        top,
        body,
        lang,
        lambda p: p.estimate.text(lang, unit=_percent(p)),
    )
    _ends(canvas, page, [p for p in right if p.shown], height, step, span_right, "left", top, body, lang,
          lambda p: f"{p.estimate.text(lang, unit=_percent(p))}  {marks[p.key]}{names[p.key]}")  # fmt: skip
    hidden = [f"{p.label}: {missing_word(p, lang)}" for p in right if not p.shown]
    canvas.note(page, " · ".join(filter(None, [foot, *hidden])), top=canvas.height - foot_height + 0.6)
    alt = [_from_to(p, left.get(p.key), change.get(p.key), text, lang) for p in right]
    return Figure(
        name,
        caption or text["slope"],
        " ".join([*alt, f"{foot}."]),
        canvas.fig,
        frame_of(right, old),
        lang=lang,
    )


def _moved(key, left: Mapping, right: Sequence[Point], change: Mapping) -> float:
    """How far an item moved, against the error of the change where there is one."""
    row, now = change.get(key), next(p for p in right if p.key == key)
    if row is not None and not absent(row.get("se")) and float(row["se"]) > 0:
        return abs(float(row["estimate"])) / float(row["se"])
    first = left.get(key)
    return abs(now.value - first.value) if first is not None and first.shown else 0.0


def _ends(canvas, page, items, height, step, x, ha, top, body, lang, words):
    items = sorted(items, key=lambda p: -p.value)
    places = spread([height(p.value) for p in items], step, top, top + body)
    side = -1 if ha == "right" else 1
    for item, y in zip(items, places, strict=True):
        dot = height(item.value)
        if abs(dot - y) > 0.6:  # a hair line from the dot to a name that had to move
            page.plot([x + 1.1 * side, x + 3.4 * side], [dot, y], color=canvas.theme.quiet, linewidth=0.5, zorder=1)
        canvas.write(page, x + 4 * side, y, words(item), ha=ha)


def _from_to(item: Point, first: Point | None, row, text, lang) -> str:
    if first is None:
        return say(text["wave"] + ".", lang, when=item.label, value=item.estimate).text
    if row is None:
        return say(text["plain"], lang, label=item.label, before=first.estimate, after=item.estimate).text
    return say(text["from_to"], lang, label=item.label, before=first.estimate, after=item.estimate,
               word=verdict_of(row).word(lang)).text  # fmt: skip


def _percent(item: Point) -> bool:
    return item.estimate.unit in ("proportion", "percent")
