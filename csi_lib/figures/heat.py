"""Groups × dimensions as a coloured table: where it is high, where it is low."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, Normalize

from csi_lib.figures.canvas import WIDTH, Canvas, line_height, note_height, widest
from csi_lib.figures.capacity import PAGE, runs
from csi_lib.figures.colour import mixed
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import base_note, missing_word, points
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.numbers import NOT_AVAILABLE, SMALL_BASE
from csi_lib.prose.results import Labels, results, unique
from csi_lib.prose.sentences import join_words, say

_TEXT = {
    "ko": {
        "caption": "집단별·차원별 점수",
        "total": "전체",
        "n": "사례수",
        "cell": "{row} {column} {value}",
        "row": "{row}: {cells}.",
        "column": "{column} {value}",
        "size": "{rows}개 집단과 {columns}개 항목의 점수이다.",
        "extremes": "가장 높은 것은 {high}, 가장 낮은 것은 {low}이다.",
        "signed": "파란색은 같은 방향, 주황색은 반대 방향이며 짙을수록 강하다",
        "scale": "색이 짙을수록 점수가 높다({low}~{high})",
    },
    "en": {
        "caption": "Scores by group and dimension",
        "total": "Total",
        "n": "n",
        "cell": "{row}, {column} {value}",
        "row": "{row}: {cells}.",
        "column": "{column} {value}",
        "size": "Scores of {rows} groups on {columns} measures.",
        "extremes": "The highest is {high}, the lowest {low}.",
        "signed": "blue: in the same direction, orange: opposite; darker means stronger",
        "scale": "darker means higher ({low} to {high})",
    },
}
_TELL_ALL = 30
_PART = {"ko": "{caption} ({i}/{n})", "en": "{caption} ({i} of {n})"}


def heat_table(
    frame: pd.DataFrame,
    *,
    rows: str = "group1",
    columns: str = "measure",
    lang: str,
    labels: Mapping | None = None,
    name: str = "heat-table",
    caption: str | None = None,
    width: float = WIDTH,
    theme: Theme = HOUSE,
) -> Figure:
    """Every group's score on every measure, printed and coloured, with the base of the group.

    The colour runs from the lowest to the highest score that is shown; the figures say the same, so nothing
    hangs on the colour. Correlations run from −1 through a light middle to 1, so that a sign is a colour. A base that
    differs between the measures is given as the smallest. More columns than fit beside one another, and more rows than
    fit a page, go on in further drawings with the same colours.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> csi_lib.heat_table(rows.assign(group1="all"), lang="en", caption="Heat").name
    'heat-table'
    """
    where = f"figure {name}"
    frame = results(frame, where=where, need=[rows, columns])
    draw = lambda part, name, caption: _drawn(part, frame, rows, columns, lang, labels, name, caption, width, theme)
    caption = caption or _TEXT[lang]["caption"]
    row_keys, column_keys = ([k for (k,) in unique(frame, [c])] for c in (rows, columns))
    wide = max(1, int(width * 0.62 // PAGE.cell))
    tall = max(1, int((PAGE.height - 24) // 7.6))
    blocks = [
        frame[frame[rows].map(_in(some)) & frame[columns].map(_in(others))]
        for some in runs(row_keys, tall)
        for others in runs(column_keys, wide)
    ]
    if len(blocks) == 1:
        return draw(frame, name, caption)
    parts = [
        draw(block, name if i == 1 else f"{name}-{i}", _PART[lang].format(caption=caption, i=i, n=len(blocks)))
        for i, block in enumerate(blocks, start=1)
    ]
    return replace(parts[0], more=tuple(parts[1:]))


def _in(keys):
    """Whether a value is one of `keys`, where nothing (the total) is a value too."""
    named, nothing = {k for k in keys if not pd.isna(k)}, any(pd.isna(k) for k in keys)
    return lambda value: nothing if pd.isna(value) else value in named


def _drawn(frame, whole, rows, columns, lang, labels, name, caption, width, theme) -> Figure:
    """One drawing of some cells, coloured as in the `whole`."""
    where, text = f"figure {name}", _TEXT[lang]
    cells = {p.key: p for p in points(frame, rows=[rows, columns], lang=lang, labels=labels, where=where)}
    named = Labels(frame, labels, total=text["total"])
    row_keys = [k for (k,) in unique(frame, [rows])]
    column_keys = [k for (k,) in unique(frame, [columns])]
    live = [p for p in points(whole, rows=[rows, columns], lang=lang, labels=labels, where=where) if p.shown]
    signed = bool(live) and {p.estimate.unit for p in live} == {"correlation"}
    low = min(live, key=lambda p: p.value, default=None)
    high = max(live, key=lambda p: p.value, default=None)
    foot = base_note(list(cells.values()), lang, error=False)
    if signed:
        foot += " · " + text["signed"]
    elif low is not None and low.value < high.value:
        foot += " · " + say(text["scale"], lang, low=low.estimate, high=high.estimate).text
    size, small = theme.size, theme.small
    names = [wrap(named(rows, k), width * 0.3, size, theme=theme) for k in row_keys]
    left = widest(names, size, theme=theme) + 4
    # a row of small bases is marked once, at its base
    weak = {
        k
        for k in row_keys
        if all(cells[k, c].estimate.small_base for c in column_keys if (k, c) in cells and cells[k, c].shown)
    }
    bases = [
        _base(cells, k, column_keys, lang) + (SMALL_BASE if k in weak and _any(cells, k) else "") for k in row_keys
    ]
    right = max(widest([text["n"]], small), widest(bases, size)) + 4
    slot = (width - left - right) / len(column_keys)
    heads = [wrap(named(columns, k), slot - 1.5, small, theme=theme) for k in column_keys]
    top = line_height(small, max(h.count("\n") + 1 for h in heads)) + 2.5
    heights = [max(7.0, line_height(size, n.count("\n") + 1) + 2) for n in names]
    foot_height = note_height(foot, width=width, theme=theme)
    canvas = Canvas(top + sum(heights) + 1.5 + foot_height, width=width, theme=theme)
    page = canvas.page()
    matrix = np.full((len(row_keys), len(column_keys)), np.nan)
    for (r, c), item in cells.items():
        if item.shown:
            matrix[row_keys.index(r), column_keys.index(c)] = item.value
    edges = np.concatenate([[0], np.cumsum(heights)]) + top
    if signed:
        ends = [theme.likert_low, mixed(theme.likert_low, "#ffffff", 0.7), theme.pale, theme.tint, theme.likert_high]
        colours, norm = LinearSegmentedColormap.from_list("signed", ends), Normalize(-1, 1)
    else:
        colours = LinearSegmentedColormap.from_list("heat", [theme.pale, theme.soft, theme.primary])
        norm = Normalize(low.value, max(high.value, low.value + 1e-9)) if live else Normalize(0, 1)
    page.pcolormesh(
        left + slot * np.arange(len(column_keys) + 1),
        edges,
        np.ma.masked_invalid(matrix),
        cmap=colours,
        norm=norm,
        edgecolors=theme.page,
        linewidth=1.2,
        gid="value",
    )
    for j, head in enumerate(heads):
        canvas.write(page, left + slot * (j + 0.5), top - 1.2, head, ha="center", va="bottom", size=small,
                     color=theme.muted)  # fmt: skip
    canvas.write(page, width - 1, top - 1.2, text["n"], ha="right", va="bottom", size=small, color=theme.muted)
    for i, (r, label) in enumerate(zip(row_keys, names, strict=True)):
        y = (edges[i] + edges[i + 1]) / 2
        canvas.write(page, left - 2.5, y, label, ha="right", bold=r is None)
        canvas.write(page, width - 1, y, bases[i], ha="right", color=theme.muted)
        for j, c in enumerate(column_keys):
            item = cells.get((r, c))
            x = left + slot * (j + 0.5)
            if item is None or not item.shown:
                mark = NOT_AVAILABLE if item is None else missing_word(item, lang)
                canvas.write(page, x, y, mark, ha="center", size=small, color=theme.muted)
                continue
            dark = np.array(colours(norm(item.value))[:3]) @ (0.299, 0.587, 0.114) < 0.52
            shown = item.estimate.text(lang, unit=item.estimate.unit in ("proportion", "percent"))
            canvas.write(page, x, y, shown + (SMALL_BASE if item.estimate.small_base and r not in weak else ""), ha="center",
                         color=theme.page if dark else theme.ink)  # fmt: skip
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    data = frame.assign(row=[named(rows, k) for k in frame[rows]], column=[named(columns, k) for k in frame[columns]])
    alt = _alt(
        cells,
        row_keys,
        column_keys,
        lambda k: named(rows, k),
        lambda k: named(columns, k),
        low,
        high,
        text,
        lang,
    )
    return Figure(name, caption, f"{alt} {foot}.", canvas.fig, data, lang=lang)


def _any(cells, row) -> bool:
    return any(item.shown for (r, _), item in cells.items() if r == row)


def _base(cells, row, column_keys, lang) -> str:
    bases = [cells[row, c].n for c in column_keys if (row, c) in cells]
    shown = [n for n in bases if n.shown]
    return min(shown, key=lambda n: n.value).text(lang, unit=False) if shown else bases[0].text(lang)


def _alt(cells, row_keys, column_keys, row_name, column_name, low, high, text, lang) -> str:
    if len(cells) <= _TELL_ALL:
        parts = []
        for r in row_keys:
            told = [say(text["column"], lang, column=column_name(c), value=cells[r, c].estimate)
                    for c in column_keys if (r, c) in cells]  # fmt: skip
            parts.append(say(text["row"], lang, row=row_name(r), cells=join_words(told, lang, between=", ")).text)
        return " ".join(parts)
    alt = say(text["size"], lang, rows=len(row_keys), columns=len(column_keys)).text
    if low is not None:
        cell = lambda p: say(text["cell"], lang, row=row_name(p.key[0]), column=column_name(p.key[1]), value=p.estimate)
        alt += " " + say(text["extremes"], lang, high=cell(high), low=cell(low)).text
    return alt
