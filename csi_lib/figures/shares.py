"""Distributions: answers as 100 % bars, scores as a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_rgba_array

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, line_height, nice_ticks, note_height
from csi_lib.figures.capacity import paged
from csi_lib.figures.colour import mixed
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, missing_word, points, single
from csi_lib.figures.row_chart import RowChart
from csi_lib.figures.theme import HOUSE, Theme, text_width
from csi_lib.prose.numbers import Number
from csi_lib.prose.results import Labels, results, unique
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "likert": "응답 분포",
        "share": "{label} {value}",
        "row": "{label}: {shares}.",
        "total": "전체",
        "mean": "점수",
        "n": "사례수",
        "distribution": "점수 분포",
        "bin": "{low}~{high}점 {count}명({share})",
        "bins": "구간별 인원은 {bins}이다.",
        "average": "평균은 {value}이다.",
        "x": "점수",
        "y": "비율",
        "mean_line": "평균 {value}",
        "weighted": "가중치를 적용한 비율",
    },
    "en": {
        "likert": "Distribution of answers",
        "share": "{label} {value}",
        "row": "{label}: {shares}.",
        "total": "Total",
        "mean": "Score",
        "n": "n",
        "distribution": "Distribution of scores",
        "bin": "{low} to {high}: {count} ({share})",
        "bins": "By interval: {bins}.",
        "average": "The mean is {value}.",
        "x": "Score",
        "y": "Share",
        "mean_line": "Mean {value}",
        "weighted": "weighted shares",
    },
}


@paged
def likert_bars(
    frame: pd.DataFrame, *, rows: str = "measure", categories: str = "group2", order: Sequence | None = None,
    nominal: bool = False,
    means: pd.DataFrame | None = None, lang: str, labels: Mapping | None = None, name: str = "likert-bars",
    caption: str | None = None, limits: tuple[float, float] = (0, 100), width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Shares of the answers as bars that fill 100 %, one per item or group.

    Parameters
    ----------
    frame : results rows of statistic ``share`` (``proportion``), rows × categories; the shares of a row add
        to 1.
    order : categories from the lowest to the highest; default as they appear.
    nominal : the categories are names without an order (touch points, places): colours that say neither good nor bad.
    means : results rows with the same `rows` column, printed beside the bars.

    Raises
    ------
    InputError when the shares of a row do not add to 1 (several answers possible: use `index_bars`).

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"measure": ["kind"] * 5, "group2": [1, 2, 3, 4, 5], "estimate": [0.05, 0.1, 0.2, 0.4, 0.25], "unit": "proportion", "n": 100})
    >>> csi_lib.likert_bars(frame, lang="en", caption="Answers").name
    'likert-bars'
    """
    where, text = f"figure {name}", _TEXT[lang]
    frame = results(frame, where=where, need=[rows, categories])
    cells = {p.key: p for p in points(frame, rows=[rows, categories], lang=lang, labels=labels, where=where)}
    kinds = list(order) if order is not None else [c for (c,) in unique(frame, [categories])]
    named = Labels(frame, labels, total=text["total"])
    mean_of = (
        {} if means is None else {p.key[0]: p for p in points(means, rows=rows, lang=lang, labels=labels, where=where)}
    )
    bars, shares = [], []
    for (key,) in unique(frame, [rows]):
        row = [cells.get((key, kind)) for kind in kinds]
        live = [p for p in row if p is not None]
        whole = all(p.shown for p in live)
        if whole and abs(sum(p.estimate.value for p in live) - 1) > 1e-6:
            raise InputError(
                f"the shares of {named(rows, key)} add to {sum(p.estimate.value for p in live):.4f}",
                where=where,
                expected="1",
                action="Give all answers of one question, or use index_bars",
            )
        shares.append(row if whole else [])
        estimate = mean_of[key].estimate if key in mean_of else Number(None, "points")
        if not whole:  # its own mark says why: withheld or absent
            estimate = next(p.estimate for p in live if not p.shown)
        bars.append(Point((key,), named(rows, key), estimate, live[0].interval, live[0].n, live[0].row))
    colours = _names(len(kinds), theme) if nominal else _scale(len(kinds), theme)
    foot = base_note(bars, lang, error=False)
    legend = [named(categories, kind) for kind in kinds]
    lines = _legend_lines(legend, width, theme)
    heads = (text["mean"] if means is not None else None, text["n"])
    chart = RowChart(bars, lang=lang, limits=limits, foot=foot, width=width, theme=theme, heads=heads,
                     top=lines[-1][1] + line_height(theme.small) + 2)  # fmt: skip
    chart.scale(ticks=(0, 25, 50, 75, 100), unit="%")
    for y, bar, row in zip(chart.y, bars, shares, strict=True):
        left = 0.0
        if not row:
            chart.canvas.write(chart.ax, 1, y, missing_word(bar, lang), size=theme.small, color=theme.muted)
        for colour, item in zip(colours, row):
            if item is None:
                continue
            chart.ax.barh([y], [item.value], left=left, height=4.6, color=[colour], edgecolor=theme.page,
                          linewidth=0.7, zorder=2, gid="value")  # fmt: skip
            label = item.estimate.digits_text()
            if item.value / 100 * chart.span > text_width(label, theme.small) + 1.6:
                dark = colour[:3] @ np.array([0.299, 0.587, 0.114]) < 0.55
                chart.canvas.write(chart.ax, left + item.value / 2, y, label, ha="center", size=theme.small,
                                   color=theme.page if dark else theme.ink, zorder=5)  # fmt: skip
            left += item.value
    for (x, y), colour, label in zip(lines, colours, legend):
        chart.page.fill_between([x, x + 3], y, y + 3, color=colour, linewidth=0)
        chart.canvas.write(chart.page, x + 4, y + 1.5, label, size=theme.small)
    alt = []
    for bar, row in zip(bars, shares, strict=True):
        told = [say(text["share"], lang, label=named(categories, kind), value=p.estimate)
                for kind, p in zip(kinds, row) if p is not None]  # fmt: skip
        body = join_words(told, lang, between=", ") if told else missing_word(bar, lang)
        alt.append(say(text["row"], lang, label=bar.label, shares=body).text)
    data = frame.assign(
        label=[
            f"{named(rows, k)}: {named(categories, c)}" for k, c in zip(frame[rows], frame[categories], strict=True)
        ],
        category=[named(categories, k) for k in frame[categories]],
    )
    told = " ".join([*alt, f"{foot}."])
    return Figure(name, caption or text["likert"], told, chart.canvas.fig, data, lang=lang, limits=chart.limits)


def _scale(count: int, theme: Theme) -> np.ndarray:
    """From the low end of a scale over a light middle to its high end."""
    ends = [theme.likert_low, theme.likert_middle, theme.likert_high]
    return LinearSegmentedColormap.from_list("likert", ends)(np.linspace(0, 1, max(2, count)))


def _names(count: int, theme: Theme) -> np.ndarray:
    """Tones of the main colour and of grey in turn: told apart by lightness, ranked by nobody."""
    tones = [theme.primary, theme.tint, theme.quiet, theme.soft, theme.muted, theme.pale]
    more = [mixed(tone, "#ffffff", 0.45) for tone in tones]
    return to_rgba_array(([*tones, *more] * (count // 12 + 1))[:count])


def _legend_lines(labels, width, theme) -> list[tuple[float, float]]:
    """Left-top corners of the legend's keys, in as many lines as they need."""
    places, x, y = [], 0.5, 0.5
    for label in labels:
        room = 4 + text_width(label, theme.small, family=theme.family) + 4
        if x + room > width and x > 0.5:
            x, y = 0.5, y + line_height(theme.small) + 0.6
        places.append((x, y))
        x += room
    return places


def distribution(
    values: Sequence[float],
    *,
    weights: Sequence[float] | None = None,
    mean: Mapping | pd.DataFrame | None = None,
    bins: int | Sequence[float] = 10,
    limits: tuple[float, float] = (0.0, 100.0),
    unit: str = "points",
    lang: str,
    name: str = "distribution",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Histogram of scores of respondents or agencies; ``data`` holds the bins, never the single scores.

    Parameters
    ----------
    values : one score each; missing are left out. Bins are closed on the left, the last on both sides.
    weights : shares are weighted, counts are not.
    mean : results row whose value and interval are marked.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.distribution(csi_lib.rescale(answers["q1"], 1, 5), lang="en", caption="Points").name
    'distribution'
    """
    text, where = _TEXT[lang], f"figure {name}"
    scores = np.asarray(values, dtype=float)
    weight = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=float)
    if len(weight) != len(scores) or (weight < 0).any():
        raise InputError("weights must be one per value and not negative", where=where)
    keep = np.isfinite(scores) & np.isfinite(weight)
    scores, weight = scores[keep], weight[keep]
    if not len(scores) or not weight.sum() > 0:
        raise InputError("no scores to show", where=where, action="Say in a sentence that there is nothing")
    if scores.min() < limits[0] or scores.max() > limits[1]:
        raise InputError(
            "a score lies outside the scale",
            where=where,
            found=f"{scores.min():g} to {scores.max():g}",
            expected=f"{limits[0]:g} to {limits[1]:g}",
        )
    edges = np.linspace(*limits, bins + 1) if np.isscalar(bins) else np.asarray(bins, dtype=float)
    counts, _ = np.histogram(scores, edges)
    shares = np.histogram(scores, edges, weights=weight)[0] / weight.sum()
    data = pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "estimate": shares,
            "unit": "proportion",
            "count": counts,
            "n": len(scores),
        }
    )
    centre = single(mean, text["mean"], where=where)
    total = Number(len(scores), "count")
    foot = " · ".join(
        [
            f"n = {total.text(lang, unit=False)}",
            *([text["weighted"]] if weights is not None else []),
            *([base_note([centre], lang).split(" · ", 1)[-1]] if centre and centre.interval.shown else []),
        ]
    )
    top, body, below, left = 6.0, 50.0, 11.0, 13.0
    foot_height = note_height(foot, width=width, theme=theme)
    canvas = Canvas(top + body + below + foot_height, width=width, theme=theme)
    ax = canvas.axes(left, top, width - left - 3, body)
    ticks = nice_ticks(0, max(shares) * 100, count=5)
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, ticks[-1]))
    ax.hlines(ticks, edges[0], edges[-1], color=theme.rule, linewidth=0.7, zorder=0)
    from seaborn import histplot

    histplot(x=edges[:-1], bins=edges.tolist(), weights=shares * 100, ax=ax, color=theme.soft, alpha=1,
             edgecolor=theme.page, linewidth=0.8, zorder=2)  # fmt: skip
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, ticks[-1]))
    step = ticks[-1] / body
    for tick in ticks:
        canvas.write(
            ax,
            edges[0] - (edges[-1] - edges[0]) * 0.012,
            tick,
            f"{tick:g}%",
            ha="right",
            size=theme.small,
            color=theme.muted,
        )
    for edge in edges if len(edges) <= 13 else edges[:: len(edges) // 11]:
        canvas.write(ax, edge, -1.2 * step, f"{edge:g}", ha="center", va="top", size=theme.small, color=theme.muted)
    canvas.write(ax, (edges[0] + edges[-1]) / 2, -5.6 * step, text["x"], ha="center", va="top", color=theme.muted)
    if centre is not None and centre.shown:
        ax.axvspan(centre.low, centre.high, color=theme.accent, alpha=0.25, linewidth=0, zorder=2.5)
        ax.axvline(centre.value, color=theme.accent, linewidth=1.4, zorder=3, gid="mean")
        label = say(text["mean_line"], lang, value=centre.estimate).text
        canvas.write(
            ax,
            centre.value,
            ticks[-1] + 1 * step,
            label,
            ha="center",
            va="bottom",
            color=theme.accent,
            bold=True,
        )
    canvas.note(canvas.page(), foot, top=canvas.height - foot_height + 0.6)
    told = [
        say(
            text["bin"],
            lang,
            low=f"{r.low:g}",
            high=f"{r.high:g}",
            count=Number(int(r.count_), "number"),
            share=Number(r.estimate, "proportion"),
        )
        for r in data.rename(columns={"count": "count_"}).itertuples()
    ]
    alt = say(text["bins"], lang, bins=join_words(told, lang, between=", ")).text
    if centre is not None:
        alt += " " + say(text["average"], lang, value=centre.estimate).text
    return Figure(name, caption or text["distribution"], f"{alt} {foot}.", canvas.fig, data, lang=lang)
