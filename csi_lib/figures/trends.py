"""Change over time: several waves as lines."""

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
from csi_lib.figures.points import base_note, frame_of, missing_word, points
from csi_lib.figures.row_chart import zoomed
from csi_lib.figures.spread import spread
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.escape import clean_text
from csi_lib.prose.numbers import absent
from csi_lib.prose.results import results
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "trend": "연도별 추이",
        "break": "산식 변경",
        "wave": "{when} {value}",
        "series": "{label}: {waves}.",
        "breaks": "산식이 바뀐 때({when})의 앞과 뒤는 서로 비교하지 않는다.",
    },
    "en": {
        "trend": "Trend",
        "break": "formula changed",
        "wave": "{when} {value}",
        "series": "{label}: {waves}.",
        "breaks": "The formula changed in {when}; values before and after are not compared.",
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


def _bounds(items):
    return (0.0, 100.0) if all(p.estimate.unit in ("points", "proportion", "percent") for p in items) else None
