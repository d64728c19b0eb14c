"""One agency among its peers, without giving the peers away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.figures.canvas import WIDTH, Canvas, line_height, nice_ticks, note_height
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import base_note, missing_word, points, single
from csi_lib.figures.row_chart import zoomed
from csi_lib.figures.spread import place_labels
from csi_lib.figures.theme import HOUSE, Theme, text_width
from csi_lib.prose.sentences import say

#: fewer other agencies than this would be recognised (docs/method/evaluation.md#diagnosis)
MIN_PEERS = 3
_TEXT = {
    "ko": {
        "caption": "동종기관과의 비교",
        "peers": "동종기관 평균",
        "own": "{label:은/는} {value}(95% 신뢰구간 {ci})이다.",
        "own_short": "{label:은/는} {value}이다.",
        "mean": "{label:은/는} {value}이다.",
        "others": "다른 {count}개 기관은 {low}에서 {high} 사이에 있다.",
        "few": "비교할 기관이 {count}개뿐이어서 다른 기관은 보이지 않는다.",
        "dots": "점 하나가 한 기관",
        "other": "다른 기관",
        "range": "띠는 다른 기관의 범위",
    },
    "en": {
        "caption": "Compared with its peers",
        "peers": "Peer mean",
        "own": "{label} is {value} (95% interval {ci}).",
        "own_short": "{label} is {value}.",
        "mean": "{label} is {value}.",
        "others": "The other {count} agencies lie between {low} and {high}.",
        "few": "Other agencies are not shown, because there are only {count}.",
        "dots": "one dot is one agency",
        "other": "Other agency",
        "range": "the band is the range of the others",
    },
}


def peers_strip(
    frame: pd.DataFrame, *, own: str, peer_mean: Mapping | pd.DataFrame | None = None, rows: str = "agency",
    visibility: str = "anonymous", lang: str, labels: Mapping | None = None, name: str = "peers-strip",
    caption: str | None = None, width: float = WIDTH, theme: Theme = HOUSE,
) -> Figure:  # fmt: skip
    """The agency's value with its interval on a strip of all agencies of its group.

    Parameters
    ----------
    frame : results rows, one per agency (`rows`), the agency itself among them.
    own : its code.
    peer_mean : results row of the mean of the others (without the agency itself).
    visibility : ``named`` (others are labelled), ``anonymous`` (dots only; keys,
        bases and row ids of the others do not enter `data`), ``group`` (their range only). With fewer than
        three others nothing of them is shown.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.peers_strip(rows.assign(agency=["a", "b", "c"][: len(rows)]), own="a", lang="en", caption="Peers").name
    'peers-strip'
    """
    where, text = f"figure {name}", _TEXT[lang]
    if visibility not in ("named", "anonymous", "group"):
        raise InputError("unknown visibility of peers", where=where, found=repr(visibility),
                         expected="named, anonymous or group")  # fmt: skip
    items = points(frame, rows=rows, lang=lang, labels=labels, where=where)
    mine = next((p for p in items if p.key[0] == own), None)
    if mine is None:
        raise InputError(f"the agency {own!r} is not among the rows", where=where)
    others = sorted((p for p in items if p is not mine and p.shown), key=lambda p: p.value)
    few = len(others) < MIN_PEERS
    count, others = len(others), [] if few else others
    mean = None if few else single(peer_mean, text["peers"], where=where)
    live = [p for p in (mine, mean, *others) if p is not None and p.shown]
    foot = base_note([mine], lang)
    if few:
        foot = " · ".join(filter(None, [foot, say(text["few"], lang, count=count).text]))
    elif visibility != "group":
        foot = f"{foot} · {text['dots']}"
    else:
        foot = f"{foot} · {text['range']}"
    foot_height = note_height(foot, width=width, theme=theme)
    limits = _limits(live)
    left, plot = 3.0, width - 6.0
    at = lambda value: left + (value - limits[0]) / (limits[1] - limits[0]) * plot
    levels = _stack([at(p.value) for p in others], 3.6)
    names_room = 16.0 if visibility == "named" and others else 0.0
    strip = 7.0 + 3.6 * max(levels, default=0) + names_room
    top = line_height(theme.size) * 2 + 5
    canvas = Canvas(top + strip + 6.5 + foot_height, width=width, theme=theme)
    page = canvas.page()
    base = top + strip
    for tick in nice_ticks(*limits, count=6):
        if limits[0] - 1e-9 <= tick <= limits[1] + 1e-9:
            page.vlines(at(tick), top, base, color=theme.rule, linewidth=0.7, zorder=0)
            canvas.write(
                page,
                at(tick),
                base + 1,
                f"{tick:g}".replace("-", "−"),
                ha="center",
                va="top",
                size=theme.small,
                color=theme.muted,
            )
    page.hlines(base, left, left + plot, color=theme.muted, linewidth=0.8)
    places = [(at(p.value), base - 3 - 3.6 * level) for p, level in zip(others, levels, strict=True)]
    if others and visibility == "group":
        page.fill_between(
            [at(others[0].value), at(others[-1].value)],
            base - 5,
            base - 1,
            color=theme.quiet,
            alpha=0.5,
            linewidth=0,
            gid="range",
        )
    elif others:
        page.scatter(
            *zip(*places),
            s=34,
            color=theme.quiet,
            edgecolors=theme.page,
            linewidths=0.7,
            zorder=3,
            gid="value",
        )
        if visibility == "named":
            _names(canvas, page, others, places, (left, top, left + plot, base))
    if mean is not None and mean.shown:
        page.vlines(at(mean.value), top, base, color=theme.accent, linewidth=1.2, linestyle=(0, (3, 2)), zorder=2)
        label = f"{mean.label} {mean.estimate.text(lang)}"
        canvas.write(
            page,
            _held(at(mean.value), label, width, theme),
            top - 1,
            label,
            ha="center",
            va="bottom",
            size=theme.small,
            color=theme.accent,
        )
    if mine.shown:
        if mine.interval.shown:
            page.hlines(
                base - 3,
                at(mine.low),
                at(mine.high),
                color=theme.primary,
                linewidth=2,
                zorder=4,
                gid="interval",
            )
        page.plot(
            [at(mine.value)],
            [base - 3],
            "D",
            markersize=8,
            color=theme.primary,
            markeredgecolor=theme.page,
            zorder=5,
            gid="own",
        )
        label, where_to = f"◆ {mine.label} {mine.estimate.text(lang)}", at(mine.value)
    else:
        label, where_to = f"{mine.label}: {missing_word(mine, lang)}", width / 2
    corner = (_held(where_to, label, width, theme, bold=True), top - 1 - line_height(theme.size) - 0.4)
    canvas.write(page, *corner, label, ha="center", va="bottom", bold=True, color=theme.primary)
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    data = _data(mine, mean, others, visibility, text)
    return Figure(
        name,
        caption or text["caption"],
        _alt(mine, mean, others, few, count, text, lang) + f" {foot}.",
        canvas.fig,
        data,
        lang=lang,
    )


def _limits(live):
    if not live:
        return (0.0, 100.0)
    bounds = (0.0, 100.0) if all(p.estimate.unit in ("points", "proportion", "percent") for p in live) else None
    return zoomed(live, bounds=bounds)


def _stack(xs, gap) -> list[int]:
    """Lowest free level for each dot, so that no two overlap (from left to right)."""
    last: list[float] = []
    levels = []
    for x in xs:
        level = next((k for k, end in enumerate(last) if x - end >= gap), len(last))
        last[level : level + 1] = [x]
        levels.append(level)
    return levels


def _held(x, label, width, theme, bold=False):
    """Centre of a label that would otherwise leave the paper."""
    half = text_width(label, theme.size, bold=bold, family=theme.family) / 2 + 1
    return float(np.clip(x, half, width - half)) if 2 * half < width else width / 2


def _names(canvas, page, others, places, frame):
    sizes = [(text_width(p.label, 7.5, family=canvas.theme.family) + 0.5, line_height(7.5)) for p in others]
    corners = place_labels(places, sizes, frame=frame)
    if corners is not None:
        for (x, y), item in zip(corners, others, strict=True):
            canvas.write(page, x, y, item.label, size=7.5, va="top", color=canvas.theme.muted)


def _data(mine, mean, others, visibility, text) -> pd.DataFrame:
    rows = [{"label": p.label, **p.row} for p in (mine, mean) if p is not None]
    if visibility == "named":
        rows += [{"label": p.label, **p.row} for p in others]
    elif visibility == "anonymous":
        rows += [{"label": text["other"], "estimate": p.estimate.value, "unit": p.estimate.unit, "n": np.nan,
                  "suppressed": False} for p in others]  # fmt: skip
    return pd.DataFrame(rows)


def _alt(mine, mean, others, few, count, text, lang) -> str:
    if mine.shown and mine.interval.shown:
        parts = [say(text["own"], lang, label=mine.label, value=mine.estimate, ci=mine.interval).text]
    else:
        parts = [say(text["own_short"], lang, label=mine.label, value=mine.estimate).text]
    if mean is not None:
        parts.append(say(text["mean"], lang, label=mean.label, value=mean.estimate).text)
    if others:
        parts.append(
            say(text["others"], lang, count=len(others), low=others[0].estimate, high=others[-1].estimate).text
        )
    return " ".join(parts)
