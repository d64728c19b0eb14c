"""The portfolio (IPA map): satisfaction across, importance up, four quadrants with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.patches import Ellipse

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, line_height, nice_ticks, note_height, widest
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, base_note, points
from csi_lib.figures.spread import name_some
from csi_lib.figures.theme import HOUSE, Theme, text_width, wrap
from csi_lib.measure.exact import reaches
from csi_lib.prose.sentences import join_words, say
from csi_lib.study.reading import confidence

#: quadrant → (important, satisfied)
QUADRANTS = {"keep": (True, True), "concentrate": (True, False), "low_priority": (False, False),
             "overkill": (False, True)}  # fmt: skip
_TEXT = {
    "ko": {
        "caption": "만족도·중요도 포트폴리오",
        "x": "만족도",
        "y": "중요도",
        "keep": "유지 관리",
        "concentrate": "중점 개선",
        "low_priority": "점진 개선",
        "overkill": "과잉 관리",
        "each": "{label}({x_name} {x}, {y_name} {y})",
        "quadrant": "‘{name}’ 영역: {items}.",
        "empty": "‘{name}’ 영역에는 항목이 없다.",
        "cross": "기준선은 {x_name} {x:과/와} {y_name} {y}이다.",
        "ellipse": "타원은 95% 신뢰영역",
        "bars": "십자는 95% 신뢰구간",
        "of_urgent": "(중점 개선 항목)",
        "unnamed": "이름이 없는 점 {count}개는 표에 있다",
        "hidden": "표시하지 않은 항목: {items}",
    },
    "en": {
        "caption": "Portfolio of satisfaction and importance",
        "x": "Satisfaction",
        "y": "Importance",
        "keep": "Keep up",
        "concentrate": "Concentrate here",
        "low_priority": "Low priority",
        "overkill": "Possible overkill",
        "each": "{label} ({x_name} {x}, {y_name} {y})",
        "quadrant": "‘{name}’: {items}.",
        "empty": "‘{name}’ is empty.",
        "cross": "The lines are at {x_name} {x} and {y_name} {y}.",
        "ellipse": "ellipses are 95% regions",
        "bars": "crosses are 95% intervals",
        "of_urgent": " (of what to improve)",
        "unnamed": "{count} points without a name are in the table",
        "hidden": "Not shown: {items}",
    },
}
_FEW = 6  # items whose errors can all be drawn without covering one another


def portfolio(
    satisfaction: pd.DataFrame, importance: pd.DataFrame, *, rows: str = "measure",
    crosshair: tuple[float, float] | None = None, covariance: Mapping | None = None,
    importance_label: str | None = None, lang: str,
    labels: Mapping | None = None, name: str = "portfolio", caption: str | None = None, width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """Items on the map of satisfaction (x) and importance (y).

    Parameters
    ----------
    satisfaction, importance : results rows with the same codes in `rows`.
    crosshair : where the quadrants meet, in stored units; default the means of the items shown.
    covariance : code → covariance of the two estimates (``Estimates.covariance``); then the uncertainty is a
        95 % ellipse, else a cross of the two intervals.
    importance_label : what the vertical axis measures, where it is not called importance.

    Notes
    -----
    Names stand beside the points: first those of what is to be improved, then those farthest from the middle, and no
    name where there is no room for it (the table has them all). Of more than six items only the errors of what is to be
    improved are drawn.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> satisfaction = pd.DataFrame({"measure": ["kind", "fast"], "estimate": [80.0, 70.0], "unit": "points", "n": 300})
    >>> importance = pd.DataFrame({"measure": ["kind", "fast"], "estimate": [0.3, 0.5], "unit": "correlation", "n": 300})
    >>> csi_lib.portfolio(satisfaction, importance, lang="en", caption="Portfolio").name
    'portfolio'
    """
    where, text = f"figure {name}", _TEXT[lang] | ({"y": importance_label} if importance_label else {})
    across = points(satisfaction, rows=rows, lang=lang, labels=labels, where=where)
    upward = {p.key: p for p in points(importance, rows=rows, lang=lang, labels=labels, where=where)}
    if missing := [p.label for p in across if p.key not in upward]:
        raise InputError("items without importance", where=where, found=", ".join(missing))
    pairs = [(p, upward[p.key]) for p in across]
    live = [(a, b) for a, b in pairs if a.shown and b.shown]
    if len(live) < 2:
        raise InputError(
            f"{len(live)} items can be shown",
            where=where,
            expected="at least two to make a map",
            action="Print the items as a table",
        )
    scales = [_scale_of(live[0][k]) for k in (0, 1)]
    cross = tuple(c * s for c, s in zip(crosshair, scales)) if crosshair is not None else (
        float(np.mean([a.value for a, _ in live])), float(np.mean([b.value for _, b in live])),
    )  # fmt: skip
    limits = [_limits([pair[k] for pair in live], cross[k], margin) for k, margin in ((0, 0.07), (1, 0.14))]
    hidden = [a.label for a, b in pairs if not (a.shown and b.shown)]
    urgent = [_quadrant(a, b, cross) == "concentrate" for a, b in live]
    uncertain = live if len(live) <= _FEW else [pair for pair, is_urgent in zip(live, urgent, strict=True) if is_urgent]
    foot = " · ".join(filter(None, [
        base_note([a for a, _ in live], lang, error=False),
        text["bars" if covariance is None else "ellipse"] + ("" if len(live) <= _FEW else text["of_urgent"])
        if any(a.interval.shown for a, _ in uncertain) else "",
        say(text["hidden"], lang, items=join_words(hidden, lang, between=", ")).text if hidden else "",
    ]))  # fmt: skip
    ticks = [f"{t:g}" for t in nice_ticks(*limits[1], count=7) if limits[1][0] <= t <= limits[1][1]]
    left, top, body = 8.0 + widest(ticks, theme.small, theme=theme), 2.0, min(96.0, width * 0.6)
    plot_width = width - left - 2
    spot = lambda a, b: (left + (a - limits[0][0]) / (limits[0][1] - limits[0][0]) * plot_width,
                         top + body * (1 - (b - limits[1][0]) / (limits[1][1] - limits[1][0])))  # fmt: skip
    spots = [spot(a.value, b.value) for a, b in live]
    names = [wrap(a.label, 34, theme.small, lines=2, theme=theme) for a, _ in live]
    titles = _titles(text, left, top, plot_width, body, theme)
    boxes = [(max(text_width(t, theme.small, family=theme.family) for t in n.split("\n")) + 0.6,
              line_height(theme.small, n.count("\n") + 1)) for n in names]  # fmt: skip
    middle = spot(*cross)
    distance = [abs(x - middle[0]) / plot_width + abs(y - middle[1]) / body for x, y in spots]
    order = sorted(range(len(live)), key=lambda i: (not urgent[i], -distance[i]))
    corners = name_some(spots, boxes, order=order, frame=(left, top, left + plot_width, top + body),
                        avoid=[box for *_, box in titles], corners_first=covariance is None)  # fmt: skip
    unnamed = sum(corner is None for corner in corners)
    if unnamed:
        foot += " · " + say(text["unnamed"], lang, count=unnamed).text
    foot_height, axis_height = note_height(foot, width=width, theme=theme), 9.5
    canvas = Canvas(top + body + axis_height + foot_height, width=width, theme=theme)
    ax = canvas.axes(left, top, plot_width, body)
    ax.set(xlim=limits[0], ylim=limits[1])
    page = canvas.page()
    _ground(canvas, ax, page, limits, cross, titles, (left, top, plot_width, body), text)
    for a, b in uncertain:
        _uncertainty(ax, a, b, covariance, scales, theme)
    colours = [theme.accent if is_urgent else theme.primary for is_urgent in urgent]
    ax.scatter([a.value for a, _ in live], [b.value for _, b in live], s=26, c=colours, edgecolors=theme.page,
               linewidths=0.7, zorder=5, gid="value")  # fmt: skip
    for corner, label in zip(corners, names, strict=True):
        if corner is not None:
            canvas.write(page, corner[0] + 0.3, corner[1], label, size=theme.small, va="top")
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    data = _data(live, cross)
    return Figure(
        name,
        caption or text["caption"],
        _alt(live, cross, scales, text, lang) + f" {foot}.",
        canvas.fig,
        data,
        lang=lang,
    )


def _quadrant(a: Point, b: Point, cross) -> str:
    place = (reaches(b.value, cross[1]), reaches(a.value, cross[0]))
    return next(name for name, where in QUADRANTS.items() if where == place)


def _limits(items, cross: float, margin: float) -> tuple[float, float]:
    """All intervals and the crosshair, with a margin in which the names of the quadrants find room."""
    values = [cross, *(v for p in items for v in (p.low, p.high))]
    pad = (max(values) - min(values)) * margin or 1.0
    return min(values) - pad, max(values) + pad


def _scale_of(item: Point) -> int:
    from csi_lib.figures.points import scale

    return scale(item.estimate.unit)


def _titles(text, left, top, width, body, theme):
    """Names of the quadrants in the corners of the map, with the boxes they occupy."""
    out = []
    for name, (important, satisfied) in QUADRANTS.items():
        w, h = text_width(text[name], theme.size, bold=True, family=theme.family), line_height(theme.size)
        x = left + width - 1.5 - w if satisfied else left + 1.5
        y = top + 1 if important else top + body - 1 - h
        out.append((text[name], x, y, (x, y, x + w, y + h)))
    return out


def _ground(canvas, ax, page, limits, cross, titles, frame, text):
    theme, (left, top, width, body) = canvas.theme, frame
    ax.fill_between(
        [limits[0][0], cross[0]],
        cross[1],
        limits[1][1],
        color=theme.danger,
        alpha=0.45,
        linewidth=0,
        zorder=0,
    )
    ax.fill_between(
        [cross[0], limits[0][1]], cross[1], limits[1][1], color=theme.good, alpha=0.45, linewidth=0, zorder=0
    )
    ax.axvline(cross[0], color=theme.muted, linewidth=1, zorder=1, gid="crosshair")
    ax.axhline(cross[1], color=theme.muted, linewidth=1, zorder=1, gid="crosshair")
    page.plot(
        [left, left, left + width, left + width, left],
        [top, top + body, top + body, top, top],
        color=theme.rule,
        linewidth=0.9,
    )
    for title, x, y, _ in titles:
        canvas.write(page, x, y, title, va="top", bold=True, color=theme.muted)
    for k in (0, 1):
        for tick in nice_ticks(*limits[k], count=7):
            if not limits[k][0] - 1e-9 <= tick <= limits[k][1] + 1e-9:
                continue
            part = (tick - limits[k][0]) / (limits[k][1] - limits[k][0])
            shown, style = f"{tick:g}".replace("-", "−"), {"size": theme.small, "color": theme.muted}
            if k == 0:
                canvas.write(page, left + part * width, top + body + 1, shown, ha="center", va="top", **style)
            else:
                canvas.write(page, left - 1.2, top + body * (1 - part), shown, ha="right", **style)
    canvas.write(page, left + width / 2, top + body + 4.6, text["x"] + " →", ha="center", va="top", color=theme.muted)
    canvas.write(page, 2.6, top + body / 2, text["y"] + " →", ha="center", rotation=90, color=theme.muted)


def _uncertainty(ax, a: Point, b: Point, covariance, scales, theme):
    if covariance is None:
        for item, along in ((a, ax.hlines), (b, ax.vlines)):
            if item.interval.shown:
                other = b if item is a else a
                along(other.value, item.low, item.high, color=theme.muted, linewidth=0.8, alpha=0.7, zorder=3,
                      gid="interval")  # fmt: skip
        return
    se = np.array([float(a.row["se"]), float(b.row["se"])]) * scales
    if not np.isfinite(se).all():
        return
    cov = float(covariance.get(a.key[0], 0.0)) * scales[0] * scales[1]
    values, vectors = np.linalg.eigh(np.array([[se[0] ** 2, cov], [cov, se[1] ** 2]]))
    # on axes of unequal scale the ellipse is drawn in data units, so its angle is the data's
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
    axes = 2 * np.sqrt(np.maximum(values, 0) * -2 * np.log(1 - confidence()))  # chi-square(2) quantile: a joint region
    ax.add_patch(
        Ellipse(
            (a.value, b.value),
            axes[1],
            axes[0],
            angle=angle,
            facecolor=theme.primary,
            alpha=0.13,
            edgecolor="none",
            zorder=2,
            gid="interval",
        )
    )


def _data(live, cross) -> pd.DataFrame:
    rows = []
    for axis in (0, 1):
        for pair in live:
            item = pair[axis]
            rows.append({"label": item.label, "axis": "xy"[axis], "quadrant": _quadrant(*pair, cross), **item.row})
    return pd.DataFrame(rows)


def _alt(live, cross, scales, text, lang) -> str:
    from csi_lib.prose.numbers import Number

    parts = []
    within = (lambda words: words) if lang == "ko" else str.lower
    names = {"x_name": within(text["x"]), "y_name": within(text["y"])}
    for name in QUADRANTS:
        inside = [(a, b) for a, b in live if _quadrant(a, b, cross) == name]
        if not inside:
            parts.append(say(text["empty"], lang, name=text[name]).text)
            continue
        told = [say(text["each"], lang, label=a.label, x=a.estimate, y=b.estimate, **names) for a, b in inside]
        parts.append(say(text["quadrant"], lang, name=text[name], items=join_words(told, lang, between=", ")).text)
    x, y = (Number(c / s, pair.estimate.unit) for c, s, pair in zip(cross, scales, live[0], strict=True))
    parts.append(say(text["cross"], lang, x=x, y=y, **names).text)
    return " ".join(parts)
