"""Months of an office: a control chart, and a series with a break and what would have been without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from csi_lib.figures.canvas import WIDTH, Canvas, line_height, nice_ticks, note_height, widest
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, missing_word, points, scale, single
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.numbers import UNITS
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "chart": "월별 관리도",
        "centre": "중심선 {value}",
        "mean": "중심선",
        "limits": "옅은 띠는 관리 한계",
        "above": "{label} {value}(한계 위)",
        "below": "{label} {value}(한계 아래)",
        "run": "{label} {value}(한쪽으로 이어짐)",
        "signals": "한계를 벗어났거나 한쪽으로 이어진 달: {items}.",
        "none": "한계를 벗어난 달이 없다.",
        "span": "{first} {a}에서 {last} {b}까지 {count}개월의 값이다.",
        "series": "변경 전후의 월별 추이",
        "fitted": "추정선",
        "without": "변경이 없었다면",
        "broken": "{event:은/는} 그림의 세로선이며, 그 뒤의 점선은 이전의 추세와 계절이 이어졌을 때의 값이다.",
    },
    "en": {
        "chart": "Control chart by month",
        "centre": "Centre {value}",
        "mean": "Centre line",
        "limits": "the pale band lies between the control limits",
        "above": "{label} {value} (above the limit)",
        "below": "{label} {value} (below the limit)",
        "run": "{label} {value} (a run on one side)",
        "signals": "Months outside the limits or in a run on one side: {items}.",
        "none": "No month lies outside the limits.",
        "span": "{count} months from {first} ({a}) to {last} ({b}).",
        "series": "Months before and after the change",
        "fitted": "Fitted",
        "without": "Without the change",
        "broken": "The vertical line is: {event}. The dashed line after it continues the trend and seasons of before.",
    },
}


def control_chart(
    frame: pd.DataFrame, *, centre, x: str = "group1", lang: str, labels: Mapping | None = None,
    name: str = "control-chart", caption: str | None = None, width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Months as points between their control limits; signals stand out and are printed.

    Parameters
    ----------
    frame : results rows, one per period in order, with ``low high`` (control limits, in the unit of the estimate) and
        ``signal`` (``above``, ``below``, ``run`` or null) of `control_limits`. A period without value is a gap.
    centre : results row of the centre line.
    """
    where, text = f"figure {name}", _TEXT[lang]
    items = points(frame, rows=x, lang=lang, labels=labels, where=where)
    whole = single(centre, text["mean"], where=where)
    factor = scale(items[0].estimate.unit)
    low, high = (np.array([p.row[k] for p in items], dtype=float) * factor for k in ("low", "high"))
    signals = [p for p in items if p.shown and isinstance(p.row["signal"], str)]
    hidden = [f"{p.label}: {missing_word(p, lang)}" for p in items if not p.shown]
    foot = " · ".join([base_note(items, lang, error=False), text["limits"], *hidden])
    values = [p.value for p in items if p.shown] + [v for v in (*low, *high) if v == v]
    panel = _Panel(len(items), values, foot, unit=_sign(items, lang), theme=theme, width=width)
    ax, place = panel.ax, np.arange(len(items))
    live = ~np.isnan(low)
    for i in place[live]:  # every month has limits of its own, because n differs
        ax.fill_between([i - 0.5, i + 0.5], low[i], high[i], color=theme.pale, linewidth=0, zorder=0.5, gid="limits")
        ax.hlines([low[i], high[i]], i - 0.5, i + 0.5, color=theme.quiet, linewidth=0.9, zorder=1, gid="limits")
    if whole is not None and whole.shown:
        ax.hlines(
            whole.value, -0.5, len(items) - 0.5, color=theme.muted, linewidth=1, linestyle=(0, (4, 2)), zorder=1.5
        )
        panel.write_right(whole.value, say(text["centre"], lang, value=whole.estimate).text)
    for run in _runs([p.value if p.shown else np.nan for p in items]):
        ax.plot(run[0], run[1], color=theme.primary, linewidth=1.5, zorder=3, gid="value")
    strong = {id(p) for p in signals}
    for i, p in enumerate(items):
        if p.shown:
            marked = id(p) in strong
            ax.plot([i], [p.value], marker="D" if marked else "o", markersize=7 if marked else 5,
                    color=theme.accent if marked else theme.primary, markeredgecolor=theme.page, zorder=4, gid="value")  # fmt: skip
            if marked:
                up = p.row["signal"] == "above" or (p.row["signal"] == "run" and p.value > whole.value)
                panel.write_at(i, p.value, _figure(p, lang), up=up, color=theme.accent)
    panel.ticks([p.label for p in items])
    told = [say(text[p.row["signal"]], lang, label=p.label, value=p.estimate) for p in signals]
    alt = [_span(items, text, lang)]
    if whole is not None:
        alt.append(say(text["centre"] + ".", lang, value=whole.estimate).text)
    alt.append(say(text["signals"], lang, items=join_words(told, lang, between=", ")).text if told else text["none"])
    return Figure(name, caption or text["chart"], " ".join(filter(None, alt)) + f" {foot}.", panel.canvas.fig,
                  frame_of(items, [whole]), lang=lang)  # fmt: skip


def broken_series(
    frame: pd.DataFrame, *, change: str, event: str, x: str = "group1", lang: str, labels: Mapping | None = None,
    name: str = "broken-series", caption: str | None = None, width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """A monthly series with its break, the fitted segments, and what the time before would have led one to expect.

    Parameters
    ----------
    frame : results rows, one per month in order, with ``fitted`` and ``counterfactual`` (`evaluation.interrupted_series`).
    change : the value of `x` from which on the change holds; event : what happened, in words.
    """
    where, text = f"figure {name}", _TEXT[lang]
    items = points(frame, rows=x, lang=lang, labels=labels, where=where)
    factor = scale(items[0].estimate.unit)
    fitted, without = (np.array([p.row[k] for p in items], dtype=float) * factor for k in ("fitted", "counterfactual"))
    start = [str(p.key[0]) for p in items].index(change)
    hidden = [f"{p.label}: {missing_word(p, lang)}" for p in items if not p.shown]
    foot = " · ".join(filter(None, [base_note(items, lang, error=False), *hidden]))
    values = [*(p.value for p in items if p.shown), *fitted, *without[start:]]
    panel = _Panel(len(items), values, foot, unit=_sign(items, lang), theme=theme, width=width)
    ax, place = panel.ax, np.arange(len(items))
    live = [(i, p) for i, p in enumerate(items) if p.shown]
    ax.plot(
        [i for i, _ in live], [p.value for _, p in live], "o", color=theme.quiet, markersize=4, zorder=2, gid="value"
    )
    ax.plot(place[:start], fitted[:start], color=theme.primary, linewidth=1.8, zorder=3, gid="fitted")
    ax.plot(place[start:], fitted[start:], color=theme.primary, linewidth=1.8, zorder=3, gid="fitted")
    ax.plot(
        place[start:],
        without[start:],
        color=theme.accent,
        linewidth=1.4,
        linestyle=(0, (3, 2)),
        zorder=3,
        gid="without",
    )
    ax.axvline(start - 0.5, color=theme.ink, linewidth=1, zorder=1, gid="break")
    panel.above(start - 0.5, event)
    ends = sorted([(fitted[-1], text["fitted"], theme.primary), (without[-1], text["without"], theme.accent)])
    gap = line_height(theme.small) * panel.unit
    if ends[1][0] - ends[0][0] < gap:
        middle = (ends[0][0] + ends[1][0]) / 2
        ends = [(middle - gap / 2, *ends[0][1:]), (middle + gap / 2, *ends[1][1:])]
    for y, word, colour in ends:
        panel.write_right(y, word, color=colour)
    panel.ticks([p.label for p in items])
    alt = f"{_span(items, text, lang)} {say(text['broken'], lang, event=event).text} {foot}."
    return Figure(name, caption or text["series"], alt, panel.canvas.fig, frame_of(items), lang=lang)


class _Panel:
    """Axes for `count` months with a scale at the left and room for words at the right."""

    def __init__(self, count: int, values: Sequence[float], foot: str, *, unit: str, theme: Theme, width: float):
        low, high = min(values), max(values)
        pad = (high - low) * 0.08 or 1.0
        ticks = nice_ticks(low - pad, high + pad, count=5)
        self.theme, self.count, body, below = theme, count, 54.0, 7.0
        left, right = widest([f"{t:g}" for t in ticks], theme.small, theme=theme) + 3, 27.0
        foot_height, top = note_height(foot, width=width, theme=theme), line_height(theme.small) + 3
        self.canvas = Canvas(top + body + below + foot_height, width=width, theme=theme)
        self.ax = self.canvas.axes(left, top, width - left - right, body)
        self.ax.set(xlim=(-0.5, count - 0.5), ylim=(ticks[0], ticks[-1]))
        self.ax.hlines(ticks, -0.5, count - 0.5, color=theme.rule, linewidth=0.7, zorder=0)
        self.unit, self.base, self.ceiling = (ticks[-1] - ticks[0]) / body, ticks[0], ticks[-1]
        self.slot = (width - left - right) / count
        page = self.canvas.page()
        for tick in ticks:
            y = top + body * (1 - (tick - ticks[0]) / (ticks[-1] - ticks[0]))
            self.canvas.write(
                page, left - 1.5, y, f"{tick:g}".replace("-", "\u2212"), ha="right", size=theme.small, color=theme.muted
            )
        self.canvas.write(page, 0.5, top - 2.6, unit, va="bottom", size=theme.small, color=theme.muted)
        self.canvas.note(page, foot, top=self.canvas.height - foot_height + 0.6)

    def write_right(self, y: float, words: str, *, color: str | None = None) -> None:
        shown = wrap(words, 25.5, self.theme.small, theme=self.theme)
        self.canvas.write(self.ax, self.count - 0.5 + 1.2 / self.slot, y, shown, size=self.theme.small,
                          color=color or self.theme.muted)  # fmt: skip

    def write_at(self, x: float, y: float, words: str, *, up: bool, color: str) -> None:
        self.canvas.write(self.ax, x, y + (1.8 if up else -1.8) * self.unit, words, ha="center", va="bottom" if up else "top",
                          size=self.theme.small, bold=True, color=color)  # fmt: skip

    def above(self, x: float, words: str) -> None:
        self.canvas.write(
            self.ax, x, self.ceiling + 1.0 * self.unit, words, ha="center", va="bottom", size=self.theme.small
        )

    def ticks(self, names: Sequence[str]) -> None:
        """As many names under the axis as have room, evenly."""
        widest_name = widest(names, self.theme.small, theme=self.theme) + 2
        step = next((s for s in (1, 2, 3, 4, 6, 12, 24) if s * self.slot >= widest_name), 24)
        for i in range(0, len(names), step):
            self.canvas.write(self.ax, i, self.base - 1.6 * self.unit, names[i], ha="center", va="top", size=self.theme.small,
                              color=self.theme.muted)  # fmt: skip


def _runs(values: Sequence[float]):
    """Stretches of neighbouring months that have a value."""
    xs: list[int] = []
    for i, v in enumerate([*values, np.nan]):
        if v == v:
            xs.append(i)
        elif xs:
            yield xs, [values[k] for k in xs]
            xs = []


def _sign(items: Sequence[Point], lang: str) -> str:
    """What the scale counts: %, 점, 초."""
    return UNITS[items[0].estimate.unit].suffix(lang)


def _figure(item: Point, lang: str) -> str:
    return item.estimate.text(lang, unit=item.estimate.unit in ("proportion", "percent"))


def _span(items: Sequence[Point], text: Mapping, lang: str) -> str:
    live = [p for p in items if p.shown]
    if not live:
        return ""
    first, last = live[0], live[-1]
    return say(
        text["span"], lang, first=first.label, last=last.label, a=first.estimate, b=last.estimate, count=len(live)
    ).text
