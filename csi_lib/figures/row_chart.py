"""One row per estimate: labels left, drawing in the middle, value and base right. Most figures are this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from csi_lib.figures.canvas import WIDTH, Canvas, line_height, nice_ticks, note_height, widest
from csi_lib.figures.points import Point, missing_word
from csi_lib.figures.theme import HOUSE, Theme, wrap
from csi_lib.prose.numbers import SMALL_BASE

_HEADS = {"ko": ("점수", "사례수"), "en": ("Score", "n")}
_SHARE = {"ko": "비율", "en": "Share"}  # the first head where the values are shares
_ROW, _CLOSE = 6.4, 5.6  # millimetres of a row with one line of label; in a long chart
_LONG = 14  # rows from which a chart is long
_SCALE = 5.5  # below the rows, for the values of the guide lines
_PAD = 3.2  # between label, drawing and figures


@dataclass(frozen=True)
class Heading:
    """A line that names the rows below it."""

    label: str


class RowChart:
    """Geometry and the parts all row charts share.

    Attributes
    ----------
    ax : axes whose x is the value and whose y is the row (row i is centred at ``self.y[i]``).
    page : axes in millimetres over the whole paper.
    """

    def __init__(
        self, items: Sequence[Point | Heading], *, lang: str, limits: tuple[float, float], foot: str,
        heads: tuple[str | None, str] | None = None, width: float = WIDTH, theme: Theme = HOUSE,
        top: float = 0.0, bold: Sequence[int] = (),
    ):  # fmt: skip
        self.items, self.lang, self.theme, self.limits = items, lang, theme, limits
        self.bold = set(bold)
        size, small = theme.size, theme.small
        room = width * 0.36
        labels = [wrap(i.label, room, size, bold=isinstance(i, Heading) or k in self.bold, theme=theme)
                  for k, i in enumerate(items)]  # fmt: skip
        left = max(18.0, widest(labels, size, bold=bool(self.bold), theme=theme) + _PAD + 1)
        units = {i.estimate.unit for i in items if isinstance(i, Point)}
        shares = bool(units) and units <= {"proportion", "percent"}
        heads = heads or ((_SHARE[lang], _HEADS[lang][1]) if shares else _HEADS[lang])
        row = _CLOSE if len(items) > _LONG else _ROW
        shown = [self.value_text(i) for i in items if isinstance(i, Point)]
        bases = [i.n.text(lang, unit=False) for i in items if isinstance(i, Point)]
        self.columns = [
            (head, widest([head], small) + 1, widest(cells, size, bold=bold_cells) + 1)
            for head, cells, bold_cells in ((heads[0], shown, True), (heads[1], bases, False))
            if head is not None  # None: the drawing itself prints the values
        ]
        right = sum(max(a, b) + _PAD for _, a, b in self.columns)
        heights = [max(row, line_height(size, t.count("\n") + 1) + 1.6) for t in labels]
        head_room = top + line_height(small) + 1.5
        body = sum(heights)
        foot_height = note_height(foot, width=width, theme=theme)
        self.canvas = Canvas(head_room + body + _SCALE + foot_height, width=width, theme=theme)
        self.head_room, self.body, self.left, self.span = head_room, body, left, width - left - right - 1.5
        self.ax = self.canvas.axes(left, head_room, self.span, body)
        self.ax.set(xlim=limits, ylim=(body, 0))
        self.page = self.canvas.page()
        self.canvas.note(self.page, foot, top=self.canvas.height - foot_height + 0.6)
        edges = [sum(heights[:i]) for i in range(len(heights))]
        self.y = [edge + h / 2 for edge, h in zip(edges, heights, strict=True)]
        self._write_labels(labels)
        self._write_figures(left + self.span)

    def value_text(self, item: Point) -> str:
        """The figure in the value column."""
        if not item.shown:
            return missing_word(item, self.lang)
        unit = item.estimate.unit in ("proportion", "pp", "percent")
        return item.estimate.text(self.lang, unit=unit) + (SMALL_BASE if item.estimate.small_base else "")

    def rows(self):
        """(y, point) of every row that is an estimate."""
        return [(y, item) for y, item in zip(self.y, self.items, strict=True) if isinstance(item, Point)]

    def _write_labels(self, labels):
        for k, (y, item, label) in enumerate(zip(self.y, self.items, labels, strict=True)):
            heading = isinstance(item, Heading)
            x, ha = (0.5, "left") if heading else (self.left - _PAD, "right")
            self.canvas.write(self.page, x, self.head_room + y, label, ha=ha, bold=heading or k in self.bold,
                              color=self.theme.muted if heading else None)  # fmt: skip

    def _write_figures(self, x):
        for head, head_width, cell_width in self.columns:
            last = head == self.columns[-1][0]
            x += max(head_width, cell_width) + _PAD
            self.canvas.write(self.page, x, self.head_room - 1.0, head, ha="right", va="bottom",
                              size=self.theme.small, color=self.theme.muted)  # fmt: skip
            for y, item in self.rows():
                if last:
                    text, style = item.n.text(self.lang, unit=False), {"color": self.theme.muted}
                else:
                    text, style = self.value_text(item), {"bold": item.shown}
                self.canvas.write(self.page, x, self.head_room + y, text, ha="right", **style)

    def scale(self, *, ticks: Sequence[float] | None = None, unit: str = "", count: int = 5) -> None:
        """Guide lines and their values below the rows."""
        low, high = self.limits
        chosen = [t for t in (ticks or nice_ticks(low, high, count=count)) if low - 1e-9 <= t <= high + 1e-9]
        self.ax.vlines(chosen, 0, self.body, color=self.theme.rule, linewidth=0.7, zorder=0)
        for tick in chosen:
            x = self.left + (tick - low) / (high - low) * self.span
            text = f"{tick:g}".replace("-", "\u2212") + unit
            self.canvas.write(self.page, x, self.head_room + self.body + 0.8, text, ha="center", va="top",
                              size=self.theme.small, color=self.theme.muted)  # fmt: skip

    def errors(self, *, color: str | None = None, width: float = 1.2) -> None:
        """The intervals as lines."""
        live = [(y, p) for y, p in self.rows() if p.shown and p.interval.shown]
        if live:
            # a light rim keeps the line visible on a dark bar
            self.ax.hlines([y for y, _ in live], [p.low for _, p in live], [p.high for _, p in live],
                           color=self.theme.page, linewidth=width + 1.4, zorder=3.9)  # fmt: skip
            self.ax.hlines(
                [y for y, _ in live],
                [p.low for _, p in live],
                [p.high for _, p in live],
                color=color or self.theme.ink,
                linewidth=width,
                zorder=4,
                gid="interval",
            )

    def reference(self, value: float, text: str) -> None:
        """A dashed vertical line with its name above."""
        self.ax.vlines(
            value,
            0,
            self.body,
            color=self.theme.accent,
            linewidth=1.1,
            linestyle=(0, (3, 2)),
            zorder=1,
            gid="reference",
        )
        low, high = self.limits
        x = self.left + (value - low) / (high - low) * self.span
        self.canvas.write(
            self.page,
            x,
            self.head_room - 1.0,
            text,
            ha="center",
            va="bottom",
            size=self.theme.small,
            color=self.theme.accent,
        )


def zoomed(
    items: Sequence[Point],
    *,
    extra: Sequence[float] = (),
    bounds: tuple[float, float] | None = None,
    margin: float = 0.06,
) -> tuple[float, float]:
    """Round limits within `bounds` that hold all intervals and `extra` values with a margin."""
    values = [v for p in items if p.shown for v in (p.low, p.high, p.value)] + list(extra)
    if not values:
        return bounds or (0.0, 100.0)
    low, high = min(values), max(values)
    pad = (high - low) * margin or 1.0
    ticks = nice_ticks(low - pad * (low != 0), high + pad * (high != 0), count=6)  # zero is an end by itself
    low, high = ticks[0], ticks[-1]
    return (low, high) if bounds is None else (max(low, bounds[0]), min(high, bounds[1]))
