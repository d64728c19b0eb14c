"""The index model as a diagram: items on the left, the index on the right, weights on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, line_height, note_height, widest
from csi_lib.figures.capacity import PAGE
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, missing_word, points
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "caption": "지수 산출 구조와 가중치",
        "node": "{label:은/는} {value}이며 {parts}의 가중평균이다.",
        "part": "{label}(가중치 {weight})",
        "leaf": "{label}(점수 {value}, 가중치 {weight})",
        "weights": "선 위의 수는 가중치",
        "cut": "항목 {count}개는 그리지 않았다",
    },
    "en": {
        "caption": "How the index is built, with weights",
        "node": "{label} is {value}, the weighted mean of {parts}.",
        "part": "{label} (weight {weight})",
        "leaf": "{label} (score {value}, weight {weight})",
        "cut": "{count} items are not drawn",
        "weights": "figures on the lines are weights",
    },
}


def path_diagram(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    rows: str = "measure",
    lang: str,
    labels: Mapping | None = None,
    name: str = "path-diagram",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Tree of an index model with the score of every node and the weight of every edge.

    Parameters
    ----------
    nodes : results rows, one per node of the model (`rows` holds the node ids).
    edges : ``parent, child, weight`` (``IndexModel.weights``); weights within a parent are printed as given.

    Raises
    ------
    InputError when an edge names an unknown node, a node has two parents, or the edges run in a circle.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> nodes = pd.DataFrame({"measure": ["index", "kind"], "estimate": [78.0, 80.0], "unit": "points", "n": 300})
    >>> edges = pd.DataFrame({"parent": ["index"], "child": ["kind"], "weight": [1.0]})
    >>> csi_lib.path_diagram(nodes, edges, lang="en", caption="Index").name
    'path-diagram'
    """
    where, text = f"figure {name}", _TEXT[lang]
    items = {p.key[0]: p for p in points(nodes, rows=rows, lang=lang, labels=labels, where=where)}
    children, weight = _tree(items, edges, where)
    children, cut = _within(children, weight, PAGE.leaves)
    inner = {c for kids in children.values() for c in kids}
    roots = [k for k in children if k not in inner]
    if not roots:
        raise InputError("the edges of the model run in a circle", where=where)
    depth = {}
    order = [leaf for root in roots for leaf in _walk(root, children, depth, 0, where)]
    levels = max(depth.values())
    size = theme.size if len(order) <= 16 else theme.small
    room = width * (0.42 if levels == 1 else 0.36 if levels == 2 else 0.3)
    names = {k: wrap(items[k].label, room, size, theme=theme) for k in order}
    leaf_edge = widest(list(names.values()), size, theme=theme) + 13.5
    box = min(30.0, (width - leaf_edge) / (levels * 1.6))
    names |= {k: wrap(items[k].label, box - 1.6, size, bold=k in roots, theme=theme) for k in children}
    heights = [max(5.4, line_height(size, names[k].count("\n") + 1) + 1.5) for k in order]
    heights = _roomy(order, heights, children, names, size)
    tops = np.concatenate([[0], np.cumsum(heights)])
    y = {k: float(tops[i] + heights[i] / 2) for i, k in enumerate(order)}
    for key in sorted(children, key=lambda k: -depth[k]):
        y[key] = float(np.mean([y[c] for c in children[key]]))
    foot = [base_note(list(items.values()), lang, error=False), text["weights"]]
    if cut:
        foot.append(say(text["cut"], lang, count=cut).text)
    foot = " · ".join(filter(None, foot))
    foot_height = note_height(foot, width=width, theme=theme)
    body = max(float(tops[-1]), 30.0)
    shift = (body - float(tops[-1])) / 2 + 2
    canvas = Canvas(body + 5 + foot_height, width=width, theme=theme)
    page = canvas.page()
    gap = (width - 0.5 - leaf_edge - levels * box) / levels
    # levels are counted from the root, whose box touches the right edge
    centre = {k: width - 0.5 - box / 2 - depth[k] * (box + gap) for k in children}
    segments, widths, tags = [], [], []
    most = max(weight.values(), default=1.0) or 1.0
    for parent, kids in children.items():
        for child in kids:
            start = (centre[child] + box / 2, y[child]) if child in children else (leaf_edge, y[child])
            end = (centre[parent] - box / 2, y[parent])
            start, end = (start[0], start[1] + shift), (end[0], end[1] + shift)
            segments.append(_curve(start, end))
            value = weight[parent, child]
            widths.append(0.6 + 2.2 * abs(value) / most)
            tags.append((start[0] + 1.0, start[1], Number(value, "weight").digits_text()))
    page.add_collection(LineCollection(segments, linewidths=widths, colors=theme.quiet, zorder=1, gid="edge"))
    for x, height, tag in tags:
        canvas.write(page, x + 4.4, height, tag, size=7.5, ha="center", color=theme.muted, zorder=3,
                     bbox={"facecolor": theme.page, "edgecolor": "none", "pad": 0.6})  # fmt: skip
    for key in depth:
        if key in children:
            _node(
                canvas,
                page,
                centre[key],
                y[key] + shift,
                box,
                items[key],
                names[key],
                key in roots,
                size,
                lang,
            )
        else:
            _leaf(canvas, page, leaf_edge, y[key] + shift, items[key], names[key], size, lang)
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    shown = [items[k] for k in depth]
    data = frame_of(shown).assign(weight=[next((v for (p, c), v in weight.items() if c == k), np.nan) for k in depth])
    alt = _alt(roots, items, children, weight, text, lang)
    return Figure(name, caption or text["caption"], f"{alt} {foot}.", canvas.fig, data, lang=lang)


def _tree(items, edges: pd.DataFrame, where):
    for column in ("parent", "child", "weight"):
        if column not in edges.columns:
            raise InputError(f"the edges have no column {column!r}", where=where, found=", ".join(edges.columns))
    children: dict = {}
    weight = {}
    for parent, child, value in edges[["parent", "child", "weight"]].itertuples(index=False, name=None):
        for node in (parent, child):
            if node not in items:
                raise InputError(
                    f"an edge names {node!r}, which is no node", where=where, found=", ".join(map(str, items))
                )
        if any(child in kids for kids in children.values()):
            raise InputError(f"{child!r} has two parents", where=where, action="A diagram shows a tree")
        children.setdefault(parent, []).append(child)
        weight[parent, child] = float(value)
    if not children:
        raise InputError("a model without edges", where=where)
    return children, weight


def _within(children: Mapping, weight: Mapping, most: int) -> tuple[dict, int]:
    """The tree without its lowest level while it has more than `most` leaves; of one level, with its heaviest.

    Returns the tree and how many items are not in it.
    """
    children, gone = {k: list(v) for k, v in children.items()}, 0
    leaves = lambda: [c for kids in children.values() for c in kids if c not in children]
    while len(leaves()) > most:
        inner = {c for kids in children.values() for c in kids}
        lowest = [k for k, kids in children.items() if k in inner and not any(c in children for c in kids)]
        if lowest:
            gone += sum(len(children.pop(k)) for k in lowest)
            continue
        heavy = sorted(((p, c) for p, kids in children.items() for c in kids), key=lambda pair: -abs(weight[pair]))
        kept = set(heavy[:most])
        gone += len(heavy) - len(kept)
        children = {p: [c for c in kids if (p, c) in kept] for p, kids in children.items()}
        break
    return {p: kids for p, kids in children.items() if kids}, gone


def _walk(node, children, depth, level, where):
    """Leaves below `node` from top to bottom; `depth` is filled on the way."""
    if node in depth or level > 12:
        raise InputError("the edges of the model run in a circle", where=where, found=str(node))
    depth[node] = level
    if node not in children:
        return [node]
    return [leaf for child in children[node] for leaf in _walk(child, children, depth, level + 1, where)]


def _roomy(order, heights, children, names, size) -> list[float]:
    """Heights of the leaves, raised where the leaves of a node would take less room than its own box."""
    heights = dict(zip(order, heights, strict=True))
    for node, kids in children.items():
        leaves = [k for k in kids if k not in children]
        if len(leaves) == len(kids):
            box = line_height(size, names[node].count("\n") + 1) + line_height(size + 2) + 4.5
            factor = max(1.0, box / sum(heights[k] for k in leaves))
            heights.update({k: heights[k] * factor for k in leaves})
    return [heights[k] for k in order]


def _curve(start, end, count=16):
    t = np.linspace(0, 1, count)
    x = start[0] + (end[0] - start[0]) * t
    ease = np.clip((t - 0.35) / 0.65, 0, 1)  # level first, so that the weight stands on a level line
    y = start[1] + (end[1] - start[1]) * (3 * ease**2 - 2 * ease**3)
    return np.column_stack([x, y])


def _node(canvas, page, x, y, box, item: Point, label, root, size, lang):
    theme = canvas.theme
    lines = label.count("\n") + 1
    height = line_height(size, lines) + line_height(size + 2) + 2.5
    fill = theme.primary if root else theme.tint
    ink = theme.page if root else theme.ink
    page.fill_between([x - box / 2, x + box / 2], y - height / 2, y + height / 2, color=fill, linewidth=0, zorder=2)
    top = y - height / 2 + 1.1
    canvas.write(page, x, top, label, ha="center", va="top", size=size, color=ink, zorder=4)
    value = item.estimate.text(lang, unit=False) if item.shown else missing_word(item, lang)
    canvas.write(
        page,
        x,
        y + height / 2 - 1.0,
        value,
        ha="center",
        va="bottom",
        size=size + 2,
        bold=True,
        color=ink,
        zorder=4,
    )


def _leaf(canvas, page, edge, y, item: Point, label, size, lang):
    theme = canvas.theme
    canvas.write(page, edge - 12, y, label, ha="right", size=size)
    value = item.estimate.text(lang, unit=False) if item.shown else missing_word(item, lang)
    page.fill_between([edge - 10.5, edge], y - 2.1, y + 2.1, color=theme.pale, linewidth=0, zorder=2)
    canvas.write(page, edge - 5.25, y, value, ha="center", size=theme.small, bold=True, zorder=4)


def _alt(roots, items, children, weight, text, lang) -> str:
    parts, queue = [], list(roots)
    while queue:
        node = queue.pop(0)
        told = []
        for child in children[node]:
            amount = Number(weight[node, child], "weight")
            if child in children:
                told.append(say(text["part"], lang, label=items[child].label, weight=amount))
                queue.append(child)
            else:
                told.append(
                    say(
                        text["leaf"],
                        lang,
                        label=items[child].label,
                        value=items[child].estimate,
                        weight=amount,
                    )
                )
        parts.append(say(text["node"], lang, label=items[node].label, value=items[node].estimate,
                         parts=join_words(told, lang, between=", ")).text)  # fmt: skip
    return " ".join(parts)
