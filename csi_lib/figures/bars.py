"""Bars and dots of estimates with their intervals: dimensions, items, groups, drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from csi_lib.figures.alternative import tell
from csi_lib.figures.canvas import WIDTH
from csi_lib.figures.capacity import PAGE, paged
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, points, single
from csi_lib.figures.row_chart import Heading, RowChart, zoomed
from csi_lib.figures.theme import HOUSE, Theme
from csi_lib.prose.results import Labels
from csi_lib.prose.sentences import say

_TEXT = {
    "ko": {
        "index": "차원별 만족도",
        "items": "문항별 만족도",
        "groups": "집단별 만족도",
        "caterpillar": "집단별 점수와 신뢰구간",
        "drivers": "만족도에 미치는 영향",
        "importance": "중요도",
        "overall": "전체 {value}",
        "now": "올해",
        "previous": "○ 지난해",
        "between": "… 사이에 {count}개",
    },
    "en": {
        "index": "Satisfaction by dimension",
        "items": "Satisfaction by item",
        "groups": "Satisfaction by group",
        "caterpillar": "Scores of the groups with intervals",
        "drivers": "What drives satisfaction",
        "importance": "Importance",
        "overall": "All {value}",
        "now": "this year",
        "previous": "○ last year",
        "between": "… {count} more between",
    },
}


@paged
def index_bars(
    frame: pd.DataFrame,
    *,
    rows: str = "measure",
    lang: str,
    labels: Mapping | None = None,
    highlight: Sequence = (),
    sort: bool = False,
    name: str = "index-bars",
    caption: str | None = None,
    limits: tuple[float, float] | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Bars from 0 to 100 with intervals, one per dimension (results rows in `points` or `proportion`).

    `highlight` holds codes of `rows` set in bold and in the full colour (the overall index); `sort` orders
    the others from high to low.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.index_bars(rows, lang="en", caption="Index").name
    'index-bars'
    """
    items = points(frame, rows=rows, lang=lang, labels=labels, where=f"figure {name}")
    if sort:
        items = sorted(items, key=lambda p: (p.key[0] not in highlight, not p.shown, -p.value if p.shown else 0))
    strong = [i for i, p in enumerate(items) if p.key[0] in highlight]
    chart = RowChart(
        items,
        lang=lang,
        limits=limits or _full_scale(items),
        foot=base_note(items, lang),
        width=width,
        theme=theme,
        bold=strong,
    )
    _bars(chart, strong if highlight else range(len(items)))
    text = _TEXT[lang]
    return Figure(
        name,
        caption or text["index"],
        tell(items, caption or text["index"], lang),
        chart.canvas.fig,
        frame_of(items),
        lang=lang,
        limits=chart.limits,
    )


@paged
def group_bars(
    frame: pd.DataFrame, *, rows: str = "group1", heading: str | None = "by1", overall=None, lang: str,
    labels: Mapping | None = None, name: str = "group-bars", caption: str | None = None,
    limits: tuple[float, float] | None = None, width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Bars of groups under the heading of their grouping variable, with a line at the overall value.

    Parameters
    ----------
    rows, heading : results columns of the group and of the variable it belongs to (None: no headings).
    overall : results row of the whole, drawn as a line.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.group_bars(rows, rows="measure", heading=None, lang="en", caption="Index").name
    'group-bars'
    """
    where, text = f"figure {name}", _TEXT[lang]
    items, lines = _under_headings(frame, rows, heading, lang, labels, where)
    whole = single(overall, _label_of_all(lang), where=where)
    chart = RowChart(
        lines, lang=lang, limits=limits or _full_scale(items), foot=base_note(items, lang), width=width, theme=theme
    )
    _bars(chart, range(len(lines)))
    _reference(chart, whole, text, lang)
    alt = tell(items, caption or text["groups"], lang, whole=whole)
    return Figure(name, caption or text["groups"], alt, chart.canvas.fig, frame_of(items, [whole]), lang=lang,
                  limits=chart.limits)  # fmt: skip


@paged
def item_dots(
    frame: pd.DataFrame,
    *,
    previous: pd.DataFrame | None = None,
    rows: str = "measure",
    heading: str | None = None,
    lang: str,
    labels: Mapping | None = None,
    name: str = "item-dots",
    caption: str | None = None,
    limits: tuple[float, float] | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Items as dots with intervals on a scale that shows differences; last year's value as a hollow dot.

    `heading` is a column that gathers the items (their dimension); `previous` has the same `rows` column.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.item_dots(rows, lang="en", caption="Items").name
    'item-dots'
    """
    where, text = f"figure {name}", _TEXT[lang]
    items, lines = _under_headings(frame, rows, heading, lang, labels, where)
    old = {} if previous is None else {
        p.key[0]: p for p in points(previous, rows=rows, lang=lang, labels=labels, where=where)
    }  # fmt: skip
    before = [old[p.key[0]] for p in items if p.key[0] in old]
    foot = base_note(items, lang)
    if any(p.shown for p in before):
        foot = f"● {text['now']}  {text['previous']} · {foot}"
    limits = limits or zoomed([*items, *before], bounds=_bounds(items))
    chart = RowChart(lines, lang=lang, limits=limits, foot=foot, width=width, theme=theme)
    chart.scale(unit=_sign(items))
    chart.errors(color=theme.primary)
    live = [(y, old[p.key[0]]) for y, p in chart.rows() if p.key[0] in old and old[p.key[0]].shown]
    if live:
        chart.ax.plot(
            [p.value for _, p in live],
            [y for y, _ in live],
            "o",
            markersize=5,
            markerfacecolor=theme.page,
            markeredgecolor=theme.muted,
            linestyle="none",
            zorder=4.5,
            gid="previous",
        )
    _dots(chart)
    alt = tell(items, caption or text["items"], lang, before=old)
    return Figure(name, caption or text["items"], alt, chart.canvas.fig, frame_of(items, before), lang=lang,
                  limits=chart.limits)  # fmt: skip


@paged
def caterpillar(
    frame: pd.DataFrame,
    *,
    rows: str = "group1",
    overall=None,
    highlight: Sequence = (),
    lang: str,
    labels: Mapping | None = None,
    name: str = "caterpillar",
    caption: str | None = None,
    limits: tuple[float, float] | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Groups sorted from high to low, each with its interval, and a line at the overall value.

    Overlapping intervals are no test: use `Estimates.contrast` to say that two groups differ.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.caterpillar(rows, rows="measure", lang="en", caption="Index").name
    'caterpillar'
    """
    where, text = f"figure {name}", _TEXT[lang]
    items = points(frame, rows=rows, lang=lang, labels=labels, where=where)
    items = sorted(items, key=lambda p: -p.value if p.shown else float("inf"))
    whole = single(overall, _label_of_all(lang), where=where)
    extra = [whole.value] if whole is not None and whole.shown else []
    lines = _ends_of(items, highlight, text) if len(items) > PAGE.ranking else items
    strong = [i for i, p in enumerate(lines) if isinstance(p, Point) and p.key[0] in highlight]
    chart = RowChart(lines, lang=lang, limits=limits or zoomed(items, extra=extra, bounds=_bounds(items)),
                     foot=base_note(items, lang), width=width, theme=theme, bold=strong)  # fmt: skip
    chart.scale(unit=_sign(items))
    chart.errors(color=theme.primary)
    _dots(chart, strong=[i for i, (_, p) in enumerate(chart.rows()) if p.key[0] in highlight])
    _reference(chart, whole, text, lang)
    alt = tell(items, caption or text["caterpillar"], lang, whole=whole)
    return Figure(name, caption or text["caterpillar"], alt, chart.canvas.fig, frame_of(items, [whole]), lang=lang,
                  limits=chart.limits)  # fmt: skip


@paged
def driver_bars(
    frame: pd.DataFrame,
    *,
    rows: str = "measure",
    lang: str,
    labels: Mapping | None = None,
    sort: bool = True,
    name: str = "driver-bars",
    caption: str | None = None,
    limits: tuple[float, float] | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Importance of each driver with its interval (correlation, weight, share of explained variance).

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.driver_bars(rows, lang="en", caption="Drivers").name
    'driver-bars'
    """
    items = points(frame, rows=rows, lang=lang, labels=labels, where=f"figure {name}")
    if sort:
        items = sorted(items, key=lambda p: -p.value if p.shown else float("inf"))
    text = _TEXT[lang]
    chart = RowChart(
        items,
        lang=lang,
        limits=limits or zoomed(items, extra=[0.0], bounds=_bounds(items)),
        foot=base_note(items, lang),
        width=width,
        theme=theme,
        heads=(text["importance"], {"ko": "사례수", "en": "n"}[lang]),
    )
    _bars(chart, range(len(items)))
    alt = tell(items, caption or text["drivers"], lang)
    return Figure(name, caption or text["drivers"], alt, chart.canvas.fig, frame_of(items), lang=lang,
                  limits=chart.limits)  # fmt: skip


def _under_headings(frame, rows, heading, lang, labels, where):
    """Points, and the same with a heading before each run of another value of the column `heading`."""
    keys = [rows, heading] if heading and heading in frame.columns else [rows]
    items = points(frame, rows=keys, lang=lang, labels=labels, where=where)
    named = Labels(frame, labels, total="")
    lines, last = [], None
    for item in items:
        variable = item.key[1] if len(item.key) > 1 else None
        if variable is not None and variable != last:
            lines.append(Heading(named(heading, variable)))
        last = variable
        lines.append(item)
    return items, lines


def _ends_of(items: Sequence[Point], highlight: Sequence, text: Mapping) -> list[Point | Heading]:
    """Both ends of a long ranking and what is highlighted, with a line for each stretch that is left out."""
    keep = {*range(PAGE.ends), *range(len(items) - PAGE.ends, len(items))}
    keep |= {i for i, p in enumerate(items) if p.key[0] in highlight}
    lines, gap = [], 0
    for i, item in enumerate(items):
        if i not in keep:
            gap += 1
            continue
        if gap:
            lines.append(Heading(text["between"].format(count=gap)))
            gap = 0
        lines.append(item)
    return lines


def _dots(chart: RowChart, *, strong: Sequence[int] = ()) -> None:
    live = [(i, y, p) for i, (y, p) in enumerate(chart.rows()) if p.shown]
    if not live:
        return
    colours = [chart.theme.accent if i in set(strong) else chart.theme.primary for i, _, _ in live]
    chart.ax.scatter([p.value for _, _, p in live], [y for _, y, _ in live], s=30, c=colours,
                     edgecolors=chart.theme.page, linewidths=0.8, zorder=5, gid="value")  # fmt: skip


def _bars(chart: RowChart, strong) -> None:
    theme, full = chart.theme, set(strong)
    chart.scale(unit=_sign(chart.items))
    live = [(i, y, p) for i, (y, p) in enumerate(zip(chart.y, chart.items)) if isinstance(p, Point) and p.shown]
    base = max(chart.limits[0], min(0.0, chart.limits[1]))
    if live:
        colours = [theme.primary if i in full else theme.soft for i, _, _ in live]
        chart.ax.barh([y for _, y, _ in live], [p.value - base for _, _, p in live], left=base, height=3.7,
                      color=colours, zorder=2)  # fmt: skip
    chart.ax.vlines(base, 0, chart.body, color=theme.muted, linewidth=0.9, zorder=3)
    chart.errors()


def _reference(chart: RowChart, whole: Point | None, text, lang) -> None:
    if whole is not None and whole.shown:
        chart.reference(whole.value, say(text["overall"], lang, value=whole.estimate).text)


def _full_scale(items: Sequence[Point]) -> tuple[float, float]:
    """0–100 for points; for shares from 0 as far as the data go; a scale from the data for anything else (NPS)."""
    return (
        (0.0, 100.0)
        if {p.estimate.unit for p in items} == {"points"}
        else zoomed(items, extra=[0.0], bounds=_bounds(items))
    )


def _bounds(items: Sequence[Point]) -> tuple[float, float] | None:
    units = {p.estimate.unit for p in items}
    return (0.0, 100.0) if units <= {"points", "proportion", "percent"} else None


def _sign(items) -> str:
    units = {p.estimate.unit for p in items if isinstance(p, Point)}
    return "%" if units and units <= {"proportion", "percent"} else ""


def _label_of_all(lang: str) -> str:
    return {"ko": "전체", "en": "All"}[lang]
