"""Paper in millimetres: axes placed by measured text, instead of layout engines that try until it fits."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing

from csi_lib.figures.theme import HOUSE, POINTS_PER_MM, Theme, drawable, families, text_width, wrap

#: width of the text block on A4
WIDTH = 160.0
LINE = 1.28  # line spacing


def line_height(size: float, lines: int = 1) -> float:
    """Height in millimetres of `lines` lines of text."""
    return size * LINE * lines / POINTS_PER_MM


class Canvas:
    """A drawing of `width` × `height` millimetres with y counted from the top."""

    def __init__(self, height: float, *, width: float = WIDTH, theme: Theme = HOUSE):
        self.width, self.height, self.theme = width, height, theme
        self.fig = Drawing(figsize=(width / 25.4, height / 25.4), facecolor=theme.page)
        FigureCanvasAgg(self.fig)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Bare axes (no frame, no ticks): each figure draws the few guides it needs."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        ax = self.fig.add_axes(box)
        ax.set_axis_off()
        return ax

    def page(self) -> Axes:
        """Axes over the whole paper, in millimetres from the top left corner."""
        ax = self.axes(0, 0, self.width, self.height)
        ax.set(xlim=(0, self.width), ylim=(self.height, 0))
        return ax

    def write(self, ax: Axes, x: float, y: float, text: str, **style):
        """Text on `ax` in the theme's font: see `write`."""
        return write(ax, x, y, text, theme=self.theme, **style)

    def note(self, page: Axes, text: str, *, top: float) -> None:
        """The line(s) at the foot: base and what the error bars are."""
        size = self.theme.small
        shown = wrap(text, self.width - 2, size, lines=4, theme=self.theme)
        self.write(page, 0.5, top, shown, size=size, color=self.theme.muted, va="top")


def write(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    *,
    theme: Theme = HOUSE,
    size: float | None = None,
    bold: bool = False,
    color: str | None = None,
    ha: str = "left",
    va: str = "center",
    gid: str | None = None,
    **more,
):
    """Put `text` on `ax`; characters without a glyph and mathematics are taken care of."""
    return ax.text(
        x, y, drawable(text, theme), family=families(theme), fontsize=size or theme.size,
        fontweight="bold" if bold else "normal", color=color or theme.ink, ha=ha, va=va, gid=gid,
        linespacing=1.02, **more,  # of the font's own line height, which is about LINE
    )  # fmt: skip


def note_height(text: str, *, width: float = WIDTH, theme: Theme = HOUSE) -> float:
    """Height of the foot that `Canvas.note` will need."""
    return line_height(theme.small, wrap(text, width - 2, theme.small, lines=4, theme=theme).count("\n") + 1) + 2


def widest(texts: Sequence[str], size: float, *, bold: bool = False, theme: Theme = HOUSE) -> float:
    """Millimetres of the widest line among `texts`."""
    lines = [line for text in texts for line in str(text).split("\n")]
    return max((text_width(line, size, bold=bold, family=theme.family) for line in lines), default=0.0)


def nice_ticks(low: float, high: float, *, count: int = 5) -> list[float]:
    """About `count` round values that cover low … high."""
    from math import ceil, floor, log10

    if not high > low:
        low, high = low - 1, high + 1
    raw = (high - low) / max(1, count - 1)
    power = 10 ** floor(log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]
