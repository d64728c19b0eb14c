"""Small multiples: one little drawing per series on common axes, where lines in one drawing could not be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from csi_lib.figures.canvas import Canvas, line_height, nice_ticks, note_height, widest
from csi_lib.figures.capacity import PAGE
from csi_lib.figures.figure import Figure
from csi_lib.figures.points import Point, frame_of, scale
from csi_lib.figures.row_chart import zoomed
from csi_lib.figures.theme import Theme, wrap

_BODY, _BELOW = 24.0, 6.5  # millimetres of a panel's axes and of the room for its waves
_ACROSS = 3
_PART = {"ko": "{caption} ({i}/{n})", "en": "{caption} ({i} of {n})"}


def wave_name(value) -> str:
    """A year read as a float is still a year."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def every(place: Mapping, width: float, theme: Theme, *, size: float | None = None) -> dict:
    """Those of the waves (wave → position) whose names stand beside one another in `width`, the last among them."""
    waves = list(place)
    room = widest([wave_name(w) for w in waves], size or theme.size, theme=theme) + 2.5
    fits = max(1, int(width // room))
    step = -(-len(waves) // fits)
    return {wave: place[wave] for wave in waves[::-1][::step][::-1]}


def small_multiples(
    lines: Mapping, waves: Sequence, cut: set, *, foot: str, told: Callable[[Mapping], str], name: str, caption: str,
    lang: str, width: float, theme: Theme,
) -> Figure:  # fmt: skip
    """A panel per series of `lines` (key → its points in order), three beside one another, all on one scale.

    The line of the panel is strong, those of the others are faint behind it; its last value is printed. More panels than
    a page holds go on in further drawings.
    """
    items = [p for line in lines.values() for p in line]
    bounds = (0.0, 100.0) if all(p.estimate.unit in ("points", "proportion", "percent") for p in items) else None
    ticks = nice_ticks(*zoomed(items, bounds=bounds), count=3)
    head = line_height(theme.small, 2) + 1.5
    foot_height = note_height(foot, width=width, theme=theme)
    rows = max(1, int((PAGE.height - foot_height) // (head + _BODY + _BELOW)))
    keys = list(lines)
    blocks = [keys[i : i + rows * _ACROSS] for i in range(0, len(keys), rows * _ACROSS)]
    parts = []
    for i, block in enumerate(blocks, start=1):
        canvas = _panels({k: lines[k] for k in block}, lines, waves, cut, ticks, head, foot, foot_height, width, theme)
        parts.append(Figure(
            name if i == 1 else f"{name}-{i}",
            caption if len(blocks) == 1 else _PART[lang].format(caption=caption, i=i, n=len(blocks)),
            told({k: lines[k] for k in block}), canvas.fig, frame_of([p for k in block for p in lines[k]]), lang=lang,
            limits=(ticks[0], ticks[-1]),
        ))  # fmt: skip
    return replace(parts[0], more=tuple(parts[1:]))


def _panels(block: Mapping, lines: Mapping, waves, cut, ticks, head, foot, foot_height, width, theme) -> Canvas:
    place = {wave: i for i, wave in enumerate(waves)}
    down = -(-len(block) // _ACROSS)
    canvas = Canvas(down * (head + _BODY + _BELOW) + foot_height, width=width, theme=theme)
    page = canvas.page()
    left = widest([f"{t:g}" for t in ticks], theme.small, theme=theme) + 3
    across = (width - left) / _ACROSS
    plot = across - 13.0  # the last value stands beside its line
    for k, (key, line) in enumerate(block.items()):
        x, y = left + (k % _ACROSS) * across, (k // _ACROSS) * (head + _BODY + _BELOW) + head
        title = wrap(line[0].label, across - 4, theme.small, bold=True, lines=2, theme=theme)
        canvas.write(page, x, y - 1.2, title, size=theme.small, bold=True, va="bottom")
        ax = canvas.axes(x, y, plot, _BODY)
        ax.set(xlim=(-0.3, len(waves) - 0.7), ylim=(ticks[0], ticks[-1]))
        ax.hlines(ticks, -0.3, len(waves) - 0.7, color=theme.rule, linewidth=0.6, zorder=0)
        for wave in cut:
            ax.axvline(place[wave] - 0.5, color=theme.accent, linewidth=0.9, linestyle=(0, (2, 2)), gid="break")
        for other in lines:
            if other != key:
                _runs(ax, lines[other], place, cut, color=theme.rule, linewidth=0.8, zorder=1)
        _runs(
            ax, line, place, cut, color=theme.primary, linewidth=1.7, zorder=4, gid="value", marker="o", markersize=3.2
        )
        live = [p for p in line if p.shown]
        spans = [p for p in live if p.interval.shown]
        ax.vlines([place[p.key[-1]] for p in spans], [p.low for p in spans], [p.high for p in spans], color=theme.primary,
                  linewidth=0.9, alpha=0.55, zorder=3, gid="interval")  # fmt: skip
        if live:
            last = live[-1]
            at = y + _BODY * (1 - (last.value - ticks[0]) / (ticks[-1] - ticks[0]))
            part = (place[last.key[-1]] + 0.3) / (len(waves) - 0.4)
            shown = last.estimate.text("en", unit=scale(last.estimate.unit) == 100).replace("%", "")
            canvas.write(page, x + part * plot + 1.6, at, shown, size=theme.small, bold=True, color=theme.primary)
        for wave, position in every(place, plot + 6, theme, size=theme.small).items():
            along = x + (position + 0.3) / (len(waves) - 0.4) * plot
            canvas.write(page, along, y + _BODY + 0.8, wave_name(wave), ha="center", va="top", size=theme.small,
                         color=theme.muted)  # fmt: skip
        if k % _ACROSS == 0:
            for tick in ticks:
                along = y + _BODY * (1 - (tick - ticks[0]) / (ticks[-1] - ticks[0]))
                canvas.write(page, left - 1.5, along, f"{tick:g}".replace("-", "−"), ha="right", size=theme.small,
                             color=theme.muted)  # fmt: skip
    canvas.note(page, foot, top=canvas.height - foot_height + 0.6)
    return canvas


def _runs(ax, line: Sequence[Point], place: Mapping, cut: set, **style) -> None:
    """The line through neighbouring waves; nothing is drawn across a gap or a change of formula."""
    run: list[Point] = []
    for item in [*line, None]:
        here = None if item is None else place[item.key[-1]]
        apart = run and (item is None or here != place[run[-1].key[-1]] + 1 or item.key[-1] in cut)
        if run and (apart or not item.shown):
            ax.plot([place[p.key[-1]] for p in run], [p.value for p in run], **style)
            run = []
        if item is not None and item.shown:
            run.append(item)
