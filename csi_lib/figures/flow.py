"""A flow chart: the steps of a survey from top to bottom, each with its check point and what was found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from csi_lib.figures.canvas import WIDTH, Canvas, line_height
from csi_lib.figures.figure import Figure
from csi_lib.figures.theme import HOUSE, Theme, wrap

_LEFT, _WIDE, _GAP, _PAD = 4.0, 50.0, 5.0, 2.4  # millimetres
_MARK = {"ko": {True: "충족", False: "미달", None: ""}, "en": {True: "met", False: "short", None: ""}}


@dataclass(frozen=True)
class Step:
    """One step: what is done, what is looked at, what was found (words with their numbers), whether a rule was met."""

    label: str
    check: str
    found: str
    met: bool | None = None


def flow_chart(steps: Sequence[Step], data: pd.DataFrame, *, lang: str, name: str, caption: str, width: float = WIDTH,
               theme: Theme = HOUSE) -> Figure:  # fmt: skip
    """Draw `steps`; `data` are the results rows whose numbers stand in them."""
    right = _LEFT + _WIDE + 6
    labels = [wrap(s.label, _WIDE - 2 * _PAD, theme.size, bold=True, lines=3, theme=theme) for s in steps]
    checks = [wrap(s.check, width - right - 4, theme.small, lines=3, theme=theme) for s in steps]
    found = [wrap(_with_mark(s, lang), width - right - 4, theme.size, lines=3, theme=theme) for s in steps]
    lines = lambda text: text.count("\n") + 1
    heights = [
        max(
            line_height(theme.size, lines(a)),
            line_height(theme.small, lines(b)) + line_height(theme.size, lines(c)) + 1,
        )
        + 2 * _PAD
        for a, b, c in zip(labels, checks, found, strict=True)
    ]
    canvas = Canvas(sum(heights) + _GAP * (len(steps) - 1) + 4, width=width, theme=theme)
    page, top = canvas.page(), 2.0
    for k, (step, height) in enumerate(zip(steps, heights, strict=True)):
        last = k == len(steps) - 1
        fill, ink = (theme.primary, theme.page) if last else ("#DCE7F3", theme.ink)
        page.fill_between([_LEFT, _LEFT + _WIDE], top, top + height, color=fill, linewidth=0, zorder=2)
        canvas.write(page, _LEFT + _PAD, top + height / 2, labels[k], bold=True, color=ink, zorder=4)
        page.plot([_LEFT + _WIDE, right - 1.5], [top + height / 2] * 2, color=theme.muted, linewidth=0.6, linestyle=":")
        canvas.write(page, right, top + _PAD, checks[k], size=theme.small, color=theme.muted, va="top")
        at = top + _PAD + line_height(theme.small, lines(checks[k])) + 1
        canvas.write(page, right, at, found[k], va="top", bold=step.met is False)
        top += height
        if not last:
            arrow = {
                "arrowstyle": "-|>",
                "color": theme.ink,
                "linewidth": 0.6,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 8,
            }
            page.annotate("", xy=(_LEFT + _WIDE / 2, top + _GAP), xytext=(_LEFT + _WIDE / 2, top), arrowprops=arrow)
            top += _GAP
    alt = " → ".join(f"{s.label} ({s.check}: {_with_mark(s, lang)})" for s in steps)
    return Figure(name, caption, alt, canvas.fig, data, lang=lang)


def _with_mark(step: Step, lang: str) -> str:
    word = _MARK[lang][step.met]
    return f"{step.found} · {word}" if word else step.found
