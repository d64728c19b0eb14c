"""Change over time: several waves as lines, two waves as slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, line_height, nice_ticks, note_height, widest
from csi_lib.figures.capacity import PAGE
from csi_lib.figures.figure import Figure
from csi_lib.figures.panels import every, small_multiples, wave_name
from csi_lib.figures.points import Point, base_note, frame_of, missing_word, points
from csi_lib.figures.row_chart import zoomed
from csi_lib.figures.spread import spread
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.change import verdict_of
from csi_lib.prose.escape import clean_text
from csi_lib.prose.numbers import absent
from csi_lib.prose.results import by_cell, results
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "trend": "연도별 추이",
        "slope": "지난해와 올해",
        "break": "산식 변경",
        "wave": "{when} {value}",
        "series": "{label}: {waves}.",
        "breaks": "산식이 바뀐 때({when})의 앞과 뒤는 서로 비교하지 않는다.",
        "from_to": "{label:은/는} {before}에서 {after:으로/로} 변하였다({word}).",
        "plain": "{label:은/는} {before}에서 {after:으로/로} 변하였다.",
        "most": "많이 움직인 문항만 보이며 나머지 {count}개는 싣지 않았다",
        "strong": "▲▼ 통계적으로 유의한 변화(유의수준 5%)",
    },
    "en": {
        "trend": "Trend",
        "slope": "Last year and this year",
        "break": "formula changed",
        "wave": "{when} {value}",
        "series": "{label}: {waves}.",
        "breaks": "The formula changed in {when}; values before and after are not compared.",
        "from_to": "{label} went from {before} to {after} ({word}).",
        "plain": "{label} went from {before} to {after}.",
        "most": "those that moved most; {count} others are not drawn",
        "strong": "▲▼ significant change (5% level)",
    },
}
_MARKERS = "osD^vP"


def trend_lines(
    frame: pd.DataFrame,
    *,
    x: str = "year",
    series: str | None = "measure",
    breaks: Sequence = (),
    lang: str,
    labels: Mapping | None = None,
    name: str = "trend-lines",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Waves as lines with intervals, each series named at its end; no line is drawn across a break.

    Parameters
    ----------
    x : results column of the waves (``year`` or ``period``), in order of appearance of sorted values.
    series : column that makes the lines (None: one line).
    breaks : waves from which on another formula holds; where the frame's ``formula_edition`` changes within a
        series, a break is set by itself.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"measure": "index", "year": [2022, 2023, 2024], "estimate": [78.0, 79.5, 81.0], "unit": "points", "n": 300})
    >>> csi_lib.trend_lines(frame, lang="en", caption="Trend").name
    'trend-lines'
    """
    where, text = f"figure {name}", _TEXT[lang]
    frame = results(frame, where=where, need=[x, *([series] if series else [])])
    items = points(frame, rows=[series, x] if series else [x], lang=lang, labels=labels, where=where)
    waves = sorted({p.key[-1] for p in items})
    place = {wave: i for i, wave in enumerate(waves)}
    lines: dict = {}
    for item in items:
        lines.setdefault(item.key[0] if series else None, []).append(item)
    lines = {k: sorted(v, key=lambda p: place[p.key[-1]]) for k, v in lines.items()}
    cut = {*breaks, *_edition_breaks(lines.values())}
    if unknown := [b for b in cut if b not in place]:
        raise InputError("a break at a wave that is not drawn", where=where, found=", ".join(map(str, unknown)))
    hidden = [
        f"{p.label} {wave_name(p.key[-1])}: {missing_word(p, lang)}"
        if series
        else f"{wave_name(p.key[-1])}: {missing_word(p, lang)}"
        for p in items
        if not p.shown
    ]
    foot = " · ".join(filter(None, [base_note(items, lang), *hidden]))
    if len(lines) > min(PAGE.lines, len(theme.lines)):
        told = lambda some: _trend_alt(some, cut, caption or text["trend"], text, foot, lang)
        return small_multiples(
            lines, waves, cut, foot=foot, told=told, name=name, caption=caption or text["trend"], lang=lang, width=width,
            theme=theme,
        )  # fmt: skip
    names = {k: wrap(v[0].label if series else "", width * 0.24, theme.size, theme=theme) for k, v in lines.items()}
    right = widest(list(names.values()), theme.size, bold=True, theme=theme) + 5 if series else 6
    ticks = nice_ticks(*zoomed(items, bounds=_bounds(items)), count=5)
    left = widest([f"{t:g}" for t in ticks], theme.small, theme=theme) + 3
    foot_height, top, body, below = note_height(foot, width=width, theme=theme), 5.0, 58.0, 7.0
    canvas = Canvas(top + body + below + foot_height, width=width, theme=theme)
    ax = canvas.axes(left, top, width - left - right, body)
    ax.set(xlim=(-0.35, len(waves) - 0.65), ylim=(ticks[0], ticks[-1]))
    ax.hlines(ticks, -0.35, len(waves) - 0.65, color=theme.rule, linewidth=0.7, zorder=0)
    page = canvas.page()
    for tick in ticks:
        y = top + body * (1 - (tick - ticks[0]) / (ticks[-1] - ticks[0]))
        canvas.write(
            page,
            left - 1.5,
            y,
            f"{tick:g}".replace("-", "−"),
            ha="right",
            size=theme.small,
            color=theme.muted,
        )
    unit = (ticks[-1] - ticks[0]) / body
    for wave, i in every(place, width - left - right, theme).items():
        canvas.write(ax, i, ticks[0] - 2 * unit, wave_name(wave), ha="center", va="top", color=theme.muted)
    for wave in cut:
        ax.axvline(place[wave] - 0.5, color=theme.accent, linewidth=1, linestyle=(0, (2, 2)), gid="break")
        canvas.write(
            ax,
            place[wave] - 0.5,
            ticks[-1],
            text["break"],
            ha="center",
            va="bottom",
            size=theme.small,
            color=theme.accent,
        )
    ends, labelled = [], _where_values_go(lines)
    for k, (key, line) in enumerate(lines.items()):
        colour = theme.lines[k]
        _line(canvas, ax, line, place, cut, colour, _MARKERS[k], labelled.get(key), unit, lang)
        live = [p for p in line if p.shown]
        if live and series:
            ends.append((live[-1].value, names[key], colour))
    gap = line_height(theme.size, max((label.count("\n") + 1 for _, label, _ in ends), default=1)) * unit
    for (_, label, colour), y in zip(ends, spread([e[0] for e in ends], gap * 1.05, ticks[0], ticks[-1])):
        canvas.write(ax, len(waves) - 0.65 + 0.02 * len(waves), y, label, color=colour, bold=True)
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    return Figure(
        name,
        caption or text["trend"],
        _trend_alt(lines, cut, caption or text["trend"], text, foot, lang),
        canvas.fig,
        frame_of(items),
        lang=lang,
    )


def _line(canvas, ax, line, place, cut, colour, marker, values, unit, lang):
    runs, run = [], []
    previous = None
    for item in line:
        position = place[item.key[-1]]
        gap = previous is not None and (position != previous + 1 or item.key[-1] in cut)
        if not item.shown or gap:
            runs.append(run)
            run = []
        if item.shown:
            run.append((position, item))
        previous = position
    runs.append(run)
    for run in filter(None, runs):
        xs, ys = [x for x, _ in run], [p.value for _, p in run]
        ax.plot(
            xs,
            ys,
            color=colour,
            linewidth=1.8,
            marker=marker,
            markersize=5.2,
            markeredgecolor=canvas.theme.page,
            markeredgewidth=0.8,
            zorder=4,
            gid="value",
        )
        ax.vlines(
            xs,
            [p.low for _, p in run],
            [p.high for _, p in run],
            color=colour,
            linewidth=1.1,
            alpha=0.55,
            zorder=3,
            gid="interval",
        )
        if values:
            room = max(1, round(1.25 * len(place) * 8 / 130))  # figures as wide as 8 mm stand beside one another
            for x, item in run[::-room][::-1]:
                y = item.high + 1.2 * unit if values == "bottom" else item.low - 1.2 * unit
                canvas.write(
                    ax,
                    x,
                    y,
                    item.estimate.text(lang, unit=item.estimate.unit in ("proportion", "percent")),
                    ha="center",
                    va=values,
                    size=canvas.theme.small,
                    color=colour,
                    bold=True,
                )


def _where_values_go(lines) -> dict:
    """Of one line the values are printed above it, of two also below the lower one, of more nowhere."""
    if len(lines) > 2:
        return {}
    mean = {key: np.mean([p.value for p in line if p.shown] or [0.0]) for key, line in lines.items()}
    order = sorted(mean, key=lambda key: -mean[key])
    return dict(zip(order, ("bottom", "top"), strict=False))


def _edition_breaks(lines) -> set:
    """Waves of which the formula edition differs from that of the wave before."""
    found = set()
    for line in lines:
        editions = [(p.key[-1], p.row.get("formula_edition")) for p in line]
        known = [(w, e) for w, e in editions if not absent(e)]
        found |= {b for (_, first), (b, second) in pairwise(known) if first != second}
    return found


def _trend_alt(lines, cut, caption, text, foot, lang) -> str:
    parts = []
    for key, line in lines.items():
        waves = [say(text["wave"], lang, when=wave_name(p.key[-1]), value=p.estimate) for p in line]
        label = clean_text(line[0].label) if key is not None else caption
        parts.append(say(text["series"], lang, label=label, waves=join_words(waves, lang, between=", ")).text)
    if cut:
        parts.append(
            say(text["breaks"], lang, when=join_words([wave_name(c) for c in sorted(cut)], lang, between=", ")).text
        )
    return " ".join(parts) + (f" {foot}." if foot else "")


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


def _bounds(items):
    return (0.0, 100.0) if all(p.estimate.unit in ("points", "proportion", "percent") for p in items) else None
