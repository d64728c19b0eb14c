"""How the agency stands: the gauge with its zones, and the ladder from expectation to trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.patches import FancyArrowPatch, Wedge

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, line_height, note_height
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, frame_of, missing_word, points, single
from csi_lib.figures.theme import HOUSE, Theme, text_width, wrap
from csi_lib.measure.exact import reaches
from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import say

_TEXT = {
    "ko": {
        "zones": ("위험", "보통", "양호"),
        "caption": "종합 성과",
        "current": "올해",
        "previous": "지난해",
        "change": "증감",
        "interval": "95% 신뢰구간",
        "index": "만족지수",
        "unchanged": "{label}(유의한 차이 없음)",
        "alt": "{label:은/는} 100점 만점에 {value}(95% 신뢰구간 {ci}, n = {n:bare})으로 ‘{zone}’ 구간이다.",
        "alt_short": "{label:은/는} 100점 만점에 {value}(n = {n:bare})으로 ‘{zone}’ 구간이다.",
        "alt_missing": "{label:은/는} {value}이다.",
        "alt_previous": "지난해는 {value}이었다.",
        "alt_change": "증감은 {value}({word}{ci}).",
        "alt_zones": "구간의 경계는 {low}점과 {high}점이다.",
        "ladder": "기대·만족·신뢰의 사다리",
        "step": "{label} {value}",
        "alt_ladder": "단계별 점수는 {steps}이다.",
        "alt_surplus": "{label:은/는} {value}({word}{ci})이다.",
        "alt_beside": "함께 본 {steps}.",
    },
    "en": {
        "zones": ("At risk", "Fair", "Good"),
        "caption": "Overall performance",
        "current": "This year",
        "previous": "Last year",
        "change": "Change",
        "interval": "95% interval",
        "index": "Satisfaction index",
        "unchanged": "{label} (not significant)",
        "alt": "{label} is {value} out of 100 (95% interval {ci}, n = {n}), in the zone ‘{zone}’.",
        "alt_short": "{label} is {value} out of 100 (n = {n}), in the zone ‘{zone}’.",
        "alt_missing": "{label} is {value}.",
        "alt_previous": "Last year it was {value}.",
        "alt_change": "The change is {value} ({word}{ci}).",
        "alt_zones": "The zones meet at {low} and {high}.",
        "ladder": "The ladder of expectation, satisfaction and trust",
        "step": "{label} {value}",
        "alt_ladder": "The steps are {steps}.",
        "alt_surplus": "{label} is {value} ({word}{ci}).",
        "alt_beside": "Beside them: {steps}.",
    },
}


def gauge(
    current: Mapping | pd.DataFrame,
    *,
    previous: Mapping | pd.DataFrame | None = None,
    difference: Mapping | pd.DataFrame | None = None,
    thresholds: tuple[float, float] = (50.0, 70.0),
    lang: str,
    label: str | None = None,
    name: str = "gauge",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """The index on a dial with the zones 위험 / 보통 / 양호, beside it last year and the tested change.

    Parameters
    ----------
    current, previous, difference : one results row each (``points``, 0–100). Without `previous` (a new
        agency) or `difference` those lines are left out.
    thresholds : where the zones meet [D: 50 and 70].
    label : what the index is called.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> csi_lib.gauge(chapter.index(), lang="en", label="Index", caption="Index").name
    'gauge'
    """
    text = _TEXT[lang]
    where = f"figure {name}"
    low, high = thresholds
    if not 0 < low < high < 100:
        raise InputError("thresholds must rise between 0 and 100", where=where, found=str(thresholds))
    label = label or text["index"]
    now = single(current, label, where=where)
    before = single(previous, text["previous"], where=where)
    change = single(difference, text["change"], where=where)
    foot = base_note([now], lang)
    narrow = width < 140  # on a phone the figures stand below the dial
    radius = min(40.0, (width - 12) / 2 if narrow else width * 0.28)
    below = line_height(theme.size) * 2.35 * sum(p is not None for p in (now, before, change)) if narrow else 0
    foot_height = note_height(foot, width=width, theme=theme)
    canvas = Canvas(radius + 13 + below + foot_height, width=width, theme=theme)
    page = canvas.page()
    x, y = width / 2 if narrow else radius + 9, radius + 7
    _dial(canvas, page, now, before, (x, y), radius, (low, high), text, lang)
    left, top = (4.0, y + 8) if narrow else (x + radius + 12, y - radius * 0.72)
    _beside(canvas, page, left, top, now, before, change, text, lang)
    canvas.note(page, foot, top=canvas.height - foot_height + 0.5)
    return Figure(
        name,
        caption or text["caption"],
        _gauge_alt(now, before, change, thresholds, text, lang),
        canvas.fig,
        frame_of([p for p in (now, before, change) if p]),
        lang=lang,
    )


def zone(value: float, thresholds: tuple[float, float], lang: str) -> str:
    """The name of the zone a value lies in; a value on a threshold belongs to the better zone."""
    return _TEXT[lang]["zones"][int(reaches(value, thresholds[0])) + int(reaches(value, thresholds[1]))]


def _dial(canvas, page, now: Point, before: Point | None, centre, radius, thresholds, text, lang):
    theme, (x, y) = canvas.theme, centre
    angle = lambda value: 180 * (1 - np.clip(value, 0, 100) / 100)
    spot = lambda value, r: (
        x + r * np.cos(np.radians(angle(value))),
        y - r * np.sin(np.radians(angle(value))),
    )
    ring = lambda a, b, outer, width, colour, **more: page.add_patch(
        # y grows downwards on the page, so angles are mirrored
        Wedge(
            (x, y),
            outer,
            -angle(a),
            -angle(b),
            width=width,
            facecolor=colour,
            edgecolor=theme.page,
            linewidth=1.2,
            **more,
        )
    )
    edges = (0, *thresholds, 100)
    for a, b, colour, title in zip(edges, edges[1:], (theme.danger, theme.caution, theme.good), text["zones"]):
        ring(a, b, radius, radius * 0.19, colour)
        middle = (a + b) / 2
        canvas.write(
            page,
            *spot(middle, radius * 0.905),
            title,
            ha="center",
            rotation=angle(middle) - 90,
            bold=True,
            size=theme.size,
        )
    for edge in edges:
        px, py = spot(edge, radius + 2.6)
        if edge in (0, 100):
            px, py = spot(edge, radius * 0.905)[0], y + 3
        canvas.write(page, px, py, f"{edge:g}", size=theme.small, color=theme.muted, ha="center")
    ring(0, 100, radius * 0.79, radius * 0.13, theme.rule)
    if now.shown:
        ring(0, now.value, radius * 0.79, radius * 0.13, theme.primary, gid="value")
        if now.interval.shown:
            arc = np.array([spot(v, radius * 0.725) for v in np.linspace(now.low, now.high, 24)])
            page.plot(arc[:, 0], arc[:, 1], color=theme.page, linewidth=3.4, solid_capstyle="butt")
            page.plot(arc[:, 0], arc[:, 1], color=theme.ink, linewidth=1.6, solid_capstyle="butt", gid="interval")
    if before is not None and before.shown:
        inner, outer = spot(before.value, radius * 0.62), spot(before.value, radius * 0.79)
        page.plot(*zip(inner, outer), color=theme.accent, linewidth=1.4, gid="previous")
        canvas.write(page, *spot(before.value, radius * 0.55), before.estimate.digits_text(), ha="center",
                     size=theme.small, color=theme.accent)  # fmt: skip
    shown = now.estimate.digits_text() if now.shown else missing_word(now, lang)
    canvas.write(page, x, y - radius * 0.20, shown, ha="center", size=26 if now.shown else 14, bold=True)
    if now.shown:
        canvas.write(page, x, y + 0.5, zone(now.value, thresholds, lang), ha="center", size=theme.size + 2, bold=True)


def _beside(canvas, page, left, top, now, before, change, text, lang):
    theme = canvas.theme
    step = line_height(theme.size) * 2.35
    lines = [(now.label, now.estimate.text(lang), now.interval)]
    if before is not None:
        shown = before.estimate.text(lang) if before.shown else missing_word(before, lang)
        lines.append((before.label, shown, before.interval))
    if change is not None:
        outcome = verdict_of(change.row)
        mark = f"{outcome.mark} " if outcome.significant else ""
        title = change.label if outcome.significant else text["unchanged"].format(label=change.label)
        value = change.estimate.magnitude() if outcome.significant else Number.from_row(change.row, signed=True)
        shown = mark + value.text(lang) if change.shown else missing_word(change, lang)
        lines.append((title if change.shown else change.label, shown, change.interval))
    for i, (title, value, interval) in enumerate(lines):
        y = top + i * step
        colour = theme.accent if before is not None and title == before.label else theme.muted
        canvas.write(page, left, y, wrap(title, canvas.width - left, theme.size, lines=1), color=colour)
        canvas.write(page, left, y + line_height(theme.size), value, size=theme.size + 3, bold=True)
        if interval.shown:
            gap = text_width(value, theme.size + 3, bold=True) + 2.5
            canvas.write(
                page,
                left + gap,
                y + line_height(theme.size) + 0.3,
                f"[{interval.text(lang, unit=False)}]",
                size=theme.small,
                color=theme.muted,
            )


def _gauge_alt(now, before, change, thresholds, text, lang) -> str:
    if not now.shown:
        return say(text["alt_missing"], lang, label=now.label, value=now.estimate).text
    fields = {
        "label": now.label,
        "value": now.estimate,
        "n": now.n,
        "zone": zone(now.value, thresholds, lang),
    }
    if now.interval.shown:
        parts = [say(text["alt"], lang, ci=now.interval, **fields)]
    else:
        parts = [say(text["alt_short"], lang, **fields)]
    parts.append(say(text["alt_zones"], lang, low=f"{thresholds[0]:g}", high=f"{thresholds[1]:g}"))
    if before is not None:
        parts.append(say(text["alt_previous"], lang, value=before.estimate))
    if change is not None:
        parts.append(_change_words(text["alt_change"], change, lang))
    return " ".join(p.text for p in parts)


def _change_words(template: str, change: Point, lang: str, *, kind: str = "change", **fields):
    outcome = verdict_of(change.row)
    ci = say(", 95% interval {ci}" if lang == "en" else ", 95% 신뢰구간 {ci}", lang, ci=change.interval).text if (
        change.interval.shown
    ) else ""  # fmt: skip
    template = template.replace("{ci}", ci.replace("{", "{{"))
    return say(
        template, lang, value=Number.from_row(change.row, signed=True), word=outcome.word(lang, kind=kind), **fields
    )


def surplus_ladder(
    levels: pd.DataFrame, *, differences: pd.DataFrame | None = None, beside: pd.DataFrame | None = None,
    rows: str = "measure", lang: str, labels: Mapping | None = None, name: str = "surplus-ladder",
    caption: str | None = None, width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Expectation, satisfaction and trust as steps, the surplus between them, complaint handling beside.

    Parameters
    ----------
    levels : results rows in the order of the steps (expectation, index, trust), ``points``.
    differences : one row per gap between neighbouring steps, from ``Estimates.contrast`` (same respondents).
    beside : further rows drawn apart, such as the complaint-handling index.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.surplus_ladder(rows, lang="en", caption="Levels").name
    'surplus-ladder'
    """
    text, where = _TEXT[lang], f"figure {name}"
    steps = points(levels, rows=rows, lang=lang, labels=labels, where=where)
    gaps = [] if differences is None else points(differences, rows=rows, lang=lang, labels=labels, where=where)
    apart = [] if beside is None else points(beside, rows=rows, lang=lang, labels=labels, where=where)
    if gaps and len(gaps) != len(steps) - 1:
        raise InputError(f"{len(gaps)} differences between {len(steps)} steps", where=where,
                         expected=f"{len(steps) - 1}, one per gap")  # fmt: skip
    foot = base_note([*steps, *apart], lang)
    slots = len(steps) + len(apart) + (0.6 if apart else 0)
    slot = (width - 6) / slots
    titles = [wrap(p.label, slot - 3, theme.size, lines=3, theme=theme) for p in (*steps, *apart)]
    below = line_height(theme.size, max(t.count("\n") + 1 for t in titles)) + 2
    body, above = 58.0, 1.0
    top = max([p.high for p in (*steps, *apart) if p.shown], default=100.0)
    foot_height = note_height(foot, width=width, theme=theme)
    canvas = Canvas(above + body + below + foot_height + 1, width=width, theme=theme)
    ax = canvas.axes(3, above, width - 6, body)
    ax.set(xlim=(0, slots), ylim=(0, top * (1.34 if gaps else 1.05)))
    ax.hlines(0, 0, slots, color=theme.rule, linewidth=1, zorder=0)
    centres = [i + 0.5 for i in range(len(steps))]
    centres += [len(steps) + 1.1 + i for i in range(len(apart))]
    for i, (x, item) in enumerate(zip(centres, (*steps, *apart), strict=True)):
        colour = theme.quiet if i >= len(steps) else theme.primary if i == 1 or len(steps) == 1 else theme.soft
        _step(canvas, ax, x, item, colour, lang)
        canvas.write(ax, x, -0.03 * top, titles[i], ha="center", va="top", bold=i < len(steps))
    for i, gap in enumerate(gaps):
        _gap(canvas, ax, centres[i], centres[i + 1], steps[i], steps[i + 1], gap, lang, slot)
    page = canvas.page()
    canvas.note(page, foot, top=canvas.height - foot_height + 0.5)
    return Figure(name, caption or text["ladder"], _ladder_alt(steps, gaps, apart, text, lang), canvas.fig,
                  frame_of(steps, gaps, apart), lang=lang)  # fmt: skip


def _step(canvas, ax, x, item: Point, colour, lang):
    if not item.shown:
        canvas.write(ax, x, 4, missing_word(item, lang), ha="center", color=canvas.theme.muted)
        return
    ax.bar([x], [item.value], width=0.62, color=colour, gid="value")
    if item.interval.shown:
        ax.vlines(x, item.low, item.high, color=canvas.theme.ink, linewidth=1.2)
    dark = colour == canvas.theme.primary
    canvas.write(
        ax,
        x,
        max(item.value, 12) * 0.5,
        item.estimate.text(lang, unit=False),
        ha="center",
        bold=True,
        size=canvas.theme.size + 4,
        color=canvas.theme.page if dark else canvas.theme.ink,
    )


def _gap(canvas, ax, x0, x1, low: Point, high: Point, gap: Point, lang, slot):
    if not (low.shown and high.shown):
        return
    theme = canvas.theme
    outcome = verdict_of(gap.row)
    colour = theme.accent if outcome.significant else theme.muted
    ax.hlines(low.value, x0 + 0.31, x1 - 0.31, color=theme.muted, linewidth=0.9, linestyle=(0, (2, 2)))
    middle = (x0 + x1) / 2
    ax.add_patch(
        FancyArrowPatch(
            (middle, low.value),
            (middle, high.value),
            arrowstyle="-|>",
            mutation_scale=9,
            color=colour,
            linewidth=1.4,
            shrinkA=0,
            shrinkB=0,
        )
    )
    value = Number.from_row(gap.row, signed=True).text(lang, unit=False)
    unit = ax.get_ylim()[1] / 58.0  # one millimetre
    top = max(low.high, high.high) + 4 * unit
    mark = f"{outcome.mark} " if outcome.significant else ""
    shown = mark + value if gap.shown else missing_word(gap, lang)
    canvas.write(
        ax,
        middle,
        top + 2.6 * unit,
        # what it is the difference of is drawn; the words in brackets stand in the data table
        wrap(gap.label.split("(")[0].strip(), slot * 0.95, theme.small, lines=2, theme=theme),
        ha="center",
        va="bottom",
        size=theme.small,
        color=theme.muted,
    )
    canvas.write(ax, middle, top, shown, ha="center", va="center", bold=True, color=colour)


def _ladder_alt(steps: Sequence[Point], gaps, apart, text, lang) -> str:
    phrase = lambda items: [say(text["step"], lang, label=p.label, value=p.estimate) for p in items]
    parts = [say(text["alt_ladder"], lang, steps=phrase(steps)).text]
    parts += [_change_words(text["alt_surplus"], gap, lang, kind="comparison", label=gap.label).text for gap in gaps]
    if apart:
        parts.append(say(text["alt_beside"], lang, steps=phrase(apart)).text)
    return " ".join(parts)
