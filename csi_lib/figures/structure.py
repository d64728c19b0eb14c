"""The structural part of a path model: constructs with their indices, arrows with their coefficients.

Constructs stand under each other in causal order. A path to the next one is a straight arrow; a path that skips some
runs in a lane of its own on the right, short ones inside long ones, so that no line crosses a box or a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, note_height
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, missing_word, points
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.sentences import say

_TEXT = {
    "ko": {
        "caption": "경로모형",
        "node": "{label:은/는} {value}이다.",
        "effect": "{source}에서 {target:으로/로} 가는 경로계수는 {value}이다.",
        "foot": "화살표 위의 수는 경로계수, 점선은 95% 신뢰구간이 0을 포함하는 경로",
    },
    "en": {
        "caption": "Path model",
        "node": "{label} is {value}.",
        "effect": "The path from {source} to {target} is {value}.",
        "foot": "figures on arrows are path coefficients; dashed where the 95% interval contains 0",
    },
}
_BOX, _GAP, _LEFT, _WIDE = 13.0, 8.0, 4.0, 52.0  # millimetres: height, space between, place and width of the boxes
_PORT = 2.4  # millimetres between two lines at a box


def structure_diagram(
    nodes: pd.DataFrame,
    paths: pd.DataFrame,
    *,
    rows: str = "measure",
    lang: str,
    labels: Mapping | None = None,
    name: str = "structure",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Constructs of a path model with their indices, and the paths between them with their coefficients.

    Parameters
    ----------
    nodes : results rows, one per construct (`rows` holds the ids).
    paths : results rows of the coefficients: measure = target, versus = source.

    Raises
    ------
    InputError when a path names an unknown construct, or the paths run in a circle.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> nodes = pd.DataFrame({"measure": ["Quality", "Satisfaction"], "estimate": [78.0, 80.0], "unit": "points", "n": 300})
    >>> paths = pd.DataFrame({"measure": ["Satisfaction"], "versus": ["Quality"], "estimate": [0.6], "unit": "coefficient", "n": 300})
    >>> csi_lib.structure_diagram(nodes, paths, lang="en", caption="Model").name
    'structure'
    """
    where, text = f"figure {name}", _TEXT[lang]
    items = {p.key[0]: p for p in points(nodes, rows=rows, lang=lang, labels=labels, where=where)}
    arrows = {p.key: p for p in points(paths, rows=["versus", "measure"], lang=lang, labels=labels, where=where)}
    order = _causal(items, list(arrows), where)
    seat = {node: k for k, node in enumerate(order)}
    skipping = sorted(
        (p for p in arrows if seat[p[1]] - seat[p[0]] > 1), key=lambda p: (seat[p[1]] - seat[p[0]], seat[p[0]])
    )
    lane = _lanes(skipping, seat)
    foot = " · ".join(filter(None, [base_note(list(items.values()), lang, error=False), text["foot"]]))
    foot_height = note_height(foot, width=width, theme=theme)
    canvas = Canvas(len(order) * (_BOX + _GAP) + 2 + foot_height, width=width, theme=theme)
    page = canvas.page()
    top = {node: 2 + seat[node] * (_BOX + _GAP) for node in order}
    last = order[-1]
    for node in order:
        _box(canvas, page, top[node], items[node], node == last, lang)
    step = min(16.0, (width - _LEFT - _WIDE - 8) / max(max(lane.values(), default=0) + 1, 1))
    out_port, in_port = _ports(skipping, lane, top)
    most = max((abs(a.value) for a in arrows.values() if a.shown), default=1.0) or 1.0
    for pair, item in arrows.items():
        style = _style(item, most, theme)
        edge = _LEFT + _WIDE
        if pair in lane:
            x, start, end = edge + 6 + lane[pair] * step, out_port[pair], in_port[pair]
            page.plot([edge, x, x, edge + 1.6], [start, start, end, end], **style)
            _head(page, (edge + 2.4, end), (edge, end), theme)
            place = (x, (start + end) / 2)
        else:
            x, start, end = _LEFT + _WIDE / 2, top[pair[0]] + _BOX, top[pair[1]]
            page.plot([x, x], [start, end - 1.6], **style)
            _head(page, (x, end - 2.4), (x, end), theme)
            place = (x, (start + end) / 2 - 0.6)
        canvas.write(page, *place, item.estimate.digits_text() if item.shown else missing_word(item, lang), size=theme.small,
                     ha="center", color=theme.ink, zorder=5,
                     bbox={"facecolor": theme.page, "edgecolor": "none", "pad": 0.8})  # fmt: skip
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    told = [say(text["node"], lang, label=items[n].label, value=items[n].estimate).text for n in order]
    told += [
        say(text["effect"], lang, source=items[s].label, target=items[t].label, value=item.estimate).text
        for (s, t), item in arrows.items()
    ]
    named = [replace(item, label=f"{items[s].label} → {items[t].label}") for (s, t), item in arrows.items()]
    data = frame_of([items[n] for n in order], named)
    return Figure(name, caption or text["caption"], f"{' '.join(told)} {foot}.", canvas.fig, data, lang=lang)


def _causal(items, pairs, where) -> list:
    """Constructs so that every path leads downwards; among those free to come next, the one named first."""
    for pair in pairs:
        for node in pair:
            if node not in items:
                raise InputError(f"a path names {node!r}, which is no construct", where=where,
                                 found=", ".join(map(str, items)))  # fmt: skip
    waiting, order = [n for n in items if any(n in p for p in pairs)], []
    while waiting:
        free = [n for n in waiting if not any(t == n and s in waiting for s, t in pairs)]
        if not free:
            raise InputError("the paths of the model run in a circle", where=where, found=", ".join(map(str, waiting)))
        order.append(free[0])
        waiting.remove(free[0])
    if not order:
        raise InputError("a path model without paths", where=where)
    return order


def _lanes(pairs, seat) -> dict:
    """Lane of every skipping path (given short ones first): the innermost in which it meets no other."""
    lanes: dict = {}
    for s, t in pairs:
        taken = {k for (a, b), k in lanes.items() if seat[a] < seat[t] and seat[s] < seat[b]}
        lanes[s, t] = next(k for k in range(len(pairs)) if k not in taken)
    return lanes


def _ports(pairs, lane, top) -> tuple[dict, dict]:
    """Heights at which lines leave and reach the boxes' right side: those that come above, near lanes first (so that no
    line crosses another), those that leave below, far lanes first."""
    leaving, reaching = {}, {}
    for node, y in top.items():
        come = sorted((p for p in pairs if p[1] == node), key=lambda p: lane[p])
        go = sorted((p for p in pairs if p[0] == node), key=lambda p: -lane[p])
        middle = y + _BOX / 2 - (len(come) + len(go) - 1) * _PORT / 2
        for k, pair in enumerate([*come, *go]):
            (reaching if k < len(come) else leaving)[pair] = middle + k * _PORT
    return leaving, reaching


def _style(item: Point, most: float, theme: Theme) -> dict:
    sure = not item.interval.shown or not item.low <= 0 <= item.high
    return {
        "color": theme.ink if sure else theme.quiet, "linestyle": "-" if sure else (0, (3, 2)), "zorder": 1, "gid": "path",
        "linewidth": 0.7 + (1.8 * abs(item.value) / most if item.shown else 0),
    }  # fmt: skip


def _head(page, start, end, theme: Theme) -> None:
    arrow = {"arrowstyle": "-|>", "color": theme.ink, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    page.annotate("", xy=end, xytext=start, arrowprops=arrow, zorder=3)


def _box(canvas: Canvas, page, y: float, item: Point, last: bool, lang: str) -> None:
    theme = canvas.theme
    fill, ink = (theme.primary, theme.page) if last else ("#DCE7F3", theme.ink)
    page.fill_between([_LEFT, _LEFT + _WIDE], y, y + _BOX, color=fill, linewidth=0, zorder=2)
    label = wrap(item.label, _WIDE - 18, theme.size, lines=2, theme=theme)
    canvas.write(page, _LEFT + 2.5, y + _BOX / 2, label, color=ink, zorder=4)
    value = item.estimate.text(lang, unit=False) if item.shown else missing_word(item, lang)
    canvas.write(
        page, _LEFT + _WIDE - 2.5, y + _BOX / 2, value, ha="right", size=theme.size + 2, bold=True, color=ink, zorder=4
    )
