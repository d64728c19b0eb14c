"""A slide deck with native, editable charts and tables; every number on a slide is a `Number` of the results.

What a slide shows is collected as row ids and written into its notes with the source, so that any figure can be traced
by whoever presents it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path

from csi_lib.office.fitting import cut, fitted
from csi_lib.office.libraries import require
from csi_lib.prose.numbers import SMALL_BASE, SUPPRESSED, Interval, Number, unit_of
from csi_lib.prose.sentences import Sentence
from csi_lib.report.archive import settle, stamp
from csi_lib.report.office_text import xml_text

_FONT = {"ko": "맑은 고딕", "en": "Calibri"}
_TAG = {"ko": "ko-KR", "en": "en-US"}
_INK, _MUTED, _QUIET, _PALE = "1F2933", "55606C", "9AA5B1", "EAF0F6"
#: inches: page 13.333 × 7.5, text between the margins
WIDTH, HEIGHT, MARGIN, TOP = 13.333, 7.5, 0.6, 1.75
BODY = HEIGHT - TOP - 0.75
_LONGEST_LINE = 46  # characters of a category on a chart


class Deck:
    """Slides in the order in which they are added.

    Parameters
    ----------
    lang : language of the text (fonts and spelling).
    primary : ``#rrggbb``, colour of titles and of what a chart is about.
    footer : line at the foot of every slide.
    """

    def __init__(self, *, lang: str, primary: str, footer: str):
        require(["pptx"])
        from pptx import Presentation
        from pptx.util import Inches

        self.lang, self.primary, self.footer = (
            lang,
            primary.lstrip("#").upper(),
            cut(xml_text(footer), width=7, size=10),
        )
        self.made = Presentation()
        self.made.slide_width, self.made.slide_height = Inches(WIDTH), Inches(HEIGHT)
        self._set_master()

    # ------------------------------------------------------------------ slides
    def cover(self, title: str, lines: Sequence[str]) -> None:
        """The first slide: title and what stands under it."""
        slide = self.made.slides.add_slide(self.made.slide_layouts[0])
        size, text = fitted([xml_text(title)], width=WIDTH - 2, height=1.5, size=38, least=16)
        self._text(slide.shapes.title.text_frame, text, size=size, bold=True, color=self.primary)
        size, text = fitted([xml_text(x) for x in lines if x], width=WIDTH - 2, height=2.2, size=20, after=0.2)
        self._text(slide.placeholders[1].text_frame, text, size=size, color=_MUTED)

    def slide(self, title: str, message: Sentence | str | None = None) -> Slide:
        """A slide headed by the sentence that says what it shows, with its topic below; without one, by the topic."""
        return Slide(self, title, message)

    def unlike(self, title: str) -> str:
        """`title`, with a number where a slide has it already: titles are how a screen reader tells slides apart."""
        taken = {s.shapes.title.text for s in self.made.slides if s.shapes.title is not None}
        numbers = (f"{title} ({k})" for k in range(2, len(taken) + 3))
        return title if title not in taken else next(n for n in numbers if n not in taken)

    @property
    def count(self) -> int:
        return len(self.made.slides)

    def save(self, path: Path, *, title: str, author: str = "") -> Path:
        """As ``.pptx``; equal decks give equal bytes."""
        properties = self.made.core_properties
        properties.title, properties.author = xml_text(title, limit=250), xml_text(author, limit=250)
        properties.last_modified_by, properties.language = "", _TAG[self.lang]
        properties.created = properties.modified = stamp().replace(tzinfo=None)
        properties.revision = 1
        self.made.save(str(path))
        return settle(Path(path))

    # ------------------------------------------------------------------ set-up
    def _set_master(self) -> None:
        """Wide pages and our font on the library's plain master, so that new slides of the client look alike."""
        from pptx.util import Inches, Pt

        for part in self.made.slide_master.part.rels.values():
            if part.reltype.endswith("/theme"):
                blob = part.target_part.blob.decode("utf-8")
                for face in ("Calibri Light", "Calibri"):
                    blob = blob.replace(f'<a:latin typeface="{face}"/>', f'<a:latin typeface="{_FONT[self.lang]}"/>')
                part.target_part._blob = blob.replace('<a:ea typeface=""/>',
                                                      f'<a:ea typeface="{_FONT["ko"]}"/>').encode()  # fmt: skip
        title, text = (MARGIN, 0.4, WIDTH - 2 * MARGIN, 0.75), (MARGIN, TOP, WIDTH - 2 * MARGIN, BODY)
        feet = {13: (WIDTH / 2 - 2, HEIGHT - 0.5, 4, 0.35), 15: (MARGIN, HEIGHT - 0.5, 7, 0.35),
                16: (MARGIN, HEIGHT - 0.5, 2, 0.35)}  # fmt: skip
        for owner in (self.made.slide_master, *self.made.slide_layouts):
            cover = owner is self.made.slide_layouts[0]
            for shape in owner.placeholders:
                kind = shape.placeholder_format.type
                box = {1: title, 3: title, 2: text, 4: text}.get(int(kind), text)
                if cover and int(kind) in (3, 4):
                    box = (1.0, 2.2, WIDTH - 2, 1.5) if int(kind) == 3 else (1.0, 3.9, WIDTH - 2, 2.2)
                if int(kind) == 13:
                    box = (WIDTH - MARGIN - 1.5, HEIGHT - 0.5, 1.5, 0.35)
                elif int(kind) in feet:
                    box = feet[int(kind)]
                shape.left, shape.top, shape.width, shape.height = map(Inches, box)
                if int(kind) == 1 and not cover:
                    for paragraph in shape.text_frame.paragraphs:
                        paragraph.font.size = Pt(26)

    def _text(self, frame, paragraphs: Sequence, *, size: float, bold=False, color=_INK, align=None) -> None:
        from pptx.dml.color import RGBColor
        from pptx.util import Pt

        frame.word_wrap = True
        for position, text in enumerate(paragraphs):
            paragraph = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
            run = paragraph.add_run()
            run.text = xml_text(text.text if isinstance(text, Sentence) else text).replace("\v", " ")
            run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, RGBColor.from_string(color)
            run._r.get_or_add_rPr().set("lang", _TAG[self.lang])
            if align is not None:
                paragraph.alignment = align


class Slide:
    """One slide being filled; `close` writes its notes."""

    def __init__(self, deck: Deck, title: str, message: Sentence | str | None):
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

        self.deck, self.ids = deck, []
        layout = next(x for x in deck.made.slide_layouts if x.name == "Title Only")
        self.slide = deck.made.slides.add_slide(layout)
        head = self.slide.shapes.title.text_frame
        head.vertical_anchor = MSO_ANCHOR.MIDDLE
        said = isinstance(message, Sentence)  # what the slide shows is its heading, its topic stands below
        heading = message.text if said else title
        size, (shown,) = fitted(
            [xml_text(heading)], width=WIDTH - 2 * MARGIN, height=0.75, size=22 if said else 26, least=15
        )
        shown = deck.unlike(shown)
        self.whole = heading if shown != xml_text(heading) else None
        deck._text(head, [shown], size=size, bold=True, color=deck.primary, align=PP_ALIGN.LEFT)
        self._feet(layout)
        if message:
            self.text([title if said else message], top=1.15, size=16, height=0.6, color=_MUTED)
            self.slide.shapes[-1].name = "topic" if said else "message"
            self.ids += message.row_ids if said else ()

    def _feet(self, layout) -> None:
        """Footer and slide number, which the library does not carry over from the layout."""
        for shape in layout.placeholders:
            kind = int(shape.placeholder_format.type)
            if kind not in (13, 15):
                continue
            element = deepcopy(shape._element)
            element.nvSpPr.cNvPr.set("id", str(self.slide.shapes._next_shape_id))
            self.slide.shapes._spTree.append(element)
            if kind == 15:
                placed = next(p for p in self.slide.placeholders if int(p.placeholder_format.type) == 15)
                placed.text_frame.clear()
                self.deck._text(placed.text_frame, [self.deck.footer], size=10, color=_MUTED)

    # ------------------------------------------------------------------ what it holds
    def text(self, paragraphs: Iterable, *, top: float = TOP, left: float = MARGIN, width: float | None = None,
             height: float = BODY, size: float = 18, color: str = _INK) -> None:  # fmt: skip
        """Paragraphs; Sentences bring their row ids."""
        from pptx.util import Inches, Pt

        paragraphs, width = list(paragraphs), width or WIDTH - 2 * MARGIN
        plain = [xml_text(p.text if isinstance(p, Sentence) else p) for p in paragraphs]
        size, plain = fitted(plain, width=width, height=height, size=size, after=0.5 if len(plain) > 1 else 0.0)
        box = self.slide.shapes.add_textbox(*map(Inches, (left, top, width, height)))
        self.deck._text(box.text_frame, plain, size=size, color=color)
        for paragraph in box.text_frame.paragraphs:
            paragraph.space_after = Pt(size / 2)
        self.ids += [i for p in paragraphs if isinstance(p, Sentence) for i in p.row_ids]

    def bars(self, categories: Sequence[str], series: Sequence[tuple[str, Sequence[Number]]], *, alt: str,
             columns: bool = False, left: float = MARGIN, width: float | None = None, legend: bool | None = None,
             title: str | None = None) -> None:  # fmt: skip
        """A bar chart (`columns`: upright) of one or two series; what may not be shown has no bar and no label.

        A category with a small base ends in †, one that is withheld in *.
        """
        from pptx.chart.data import CategoryChartData
        from pptx.dml.color import RGBColor
        from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION
        from pptx.util import Inches, Pt

        numbers = [n for _, values in series for n in values]
        unit = next((n.unit for n in numbers), "points")
        data = CategoryChartData(number_format=excel_format(unit))
        data.categories = [_short(c) + marks_of([values[i] for _, values in series]) for i, c in enumerate(categories)]
        for name, values in series:
            data.add_series(xml_text(name, limit=120), [plotted(n) for n in values])
        kind = XL_CHART_TYPE.COLUMN_CLUSTERED if columns else XL_CHART_TYPE.BAR_CLUSTERED
        high = BODY if columns else min(BODY, 1.2 + 0.45 * len(categories) * (1 + 0.5 * (len(series) > 1)))
        place = map(Inches, (left, TOP, width or WIDTH - 2 * MARGIN, high))
        shape = self.slide.shapes.add_chart(kind, *place, data)
        self._describe(shape, alt)
        chart = shape.chart
        chart.font.size, chart.font.color.rgb = Pt(12 if len(categories) <= 14 else 10), RGBColor.from_string(_INK)
        chart.has_title = title is not None
        if title is not None:
            chart.chart_title.text_frame.text = xml_text(title, limit=120)
            chart.chart_title.text_frame.paragraphs[0].runs[0].font.size = Pt(14)
        chart.has_legend = len(series) > 1 if legend is None else legend
        if chart.has_legend:
            chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        axis = chart.value_axis
        axis.visible, axis.has_major_gridlines = False, False
        whole = {"points": (0, 100), "nps": (-100, 100)}.get(unit)
        if whole and all(n.value is None or whole[0] <= n.value <= whole[1] for n in numbers):
            axis.minimum_scale, axis.maximum_scale = whole[0], whole[1] * 1.08
        elif all((n.value or 0) >= 0 for n in numbers):
            axis.minimum_scale = 0
        chart.category_axis.has_major_gridlines = False
        chart.category_axis.format.line.color.rgb = RGBColor.from_string(_QUIET)
        if not columns:
            chart.category_axis.reverse_order = True
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = (45, -5) if len(series) > 1 else (150 if columns else 55, 0)
        plot.has_data_labels, plot.vary_by_categories = True, False
        labels = plot.data_labels
        labels.number_format, labels.number_format_is_linked = excel_format(unit), False
        labels.position, labels.show_value = XL_LABEL_POSITION.OUTSIDE_END, True
        shades = [_QUIET, self.deck.primary] if len(series) == 2 else [self.deck.primary]
        for one, colour in zip(plot.series, shades, strict=False):
            one.format.fill.solid()
            one.format.fill.fore_color.rgb = RGBColor.from_string(colour)
            one.invert_if_negative = False
        self._seen(numbers)

    def points(self, pairs: Sequence[tuple[str, Number, Number]], *, alt: str, axes: tuple[str, str], name: str,
               width: float) -> None:  # fmt: skip
        """A scatter chart of labelled points (label, x, y)."""
        from pptx.chart.data import XyChartData
        from pptx.dml.color import RGBColor
        from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
        from pptx.util import Inches, Pt

        data = XyChartData(number_format=excel_format(pairs[0][2].unit))
        series = data.add_series(xml_text(name, limit=120))
        for _, x, y in pairs:
            series.add_data_point(plotted(x), plotted(y))
        shape = self.slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *map(Inches, (MARGIN, TOP, width, BODY)), data)
        self._describe(shape, alt)
        chart = shape.chart
        chart.has_legend = chart.has_title = False
        chart.font.size = Pt(11)
        for axis, label, at in ((chart.category_axis, axes[0], 1), (chart.value_axis, axes[1], 2)):
            axis.has_major_gridlines = False
            axis.has_title = True
            axis.axis_title.text_frame.text = xml_text(label, limit=120)
            axis.axis_title.text_frame.paragraphs[0].runs[0].font.size = Pt(12)
            values = [plotted(p[at]) for p in pairs]
            room = (max(values) - min(values)) * 0.1 or 1.0
            step = 1 if max(values) > 2 else 1000
            axis.minimum_scale = int((min(values) - room) * step) / step
            axis.maximum_scale = -int(-(max(values) + room) * step // 1) / step
            axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = (
                excel_format(pairs[0][at].unit),
                False,
            )
        own = chart.plots[0].series[0]
        own.format.line.fill.background()
        own.marker.style, own.marker.size = XL_MARKER_STYLE.CIRCLE, 9
        own.marker.format.fill.solid()
        own.marker.format.fill.fore_color.rgb = RGBColor.from_string(self.deck.primary)
        for position, (label, _, _) in enumerate(pairs):
            mark = own.points[position].data_label
            mark.has_text_frame = True
            mark.text_frame.text, mark.position = xml_text(label, limit=40), XL_LABEL_POSITION.RIGHT
        self._seen([n for p in pairs for n in p[1:]])

    def table(self, heads: Sequence[str], rows: Sequence[Sequence], *, alt: str, widths: Sequence[float],
              left: float = MARGIN, size: float = 14) -> None:  # fmt: skip
        """A native table with a header row; cells are texts, Numbers, Intervals or Sentences."""
        from pptx.dml.color import RGBColor
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
        from pptx.util import Inches

        high = min(0.45, BODY / (len(rows) + 1))
        lines = max(1, int(BODY * 72 / (len(rows) + 1) / (1.25 * size)))  # of a cell, so that all rows have room
        shape = self.slide.shapes.add_table(
            len(rows) + 1, len(heads), *map(Inches, (left, TOP, sum(widths), high * (len(rows) + 1)))
        )
        self._describe(shape, alt)
        for column, width in zip(shape.table.columns, widths, strict=True):
            column.width = Inches(width)
        for r, row in enumerate([heads, *rows]):
            for c, cell in enumerate(row):
                place = shape.table.cell(r, c)
                place.margin_top = place.margin_bottom = Inches(0.03)
                place.vertical_anchor = MSO_ANCHOR.MIDDLE
                place.fill.solid()
                place.fill.fore_color.rgb = RGBColor.from_string(
                    self.deck.primary if r == 0 else _PALE if r % 2 == 0 else "FFFFFF"
                )
                figure = isinstance(cell, (Number, Interval))
                align = PP_ALIGN.CENTER if r == 0 else PP_ALIGN.RIGHT if figure else PP_ALIGN.LEFT
                text = cut(xml_text(self._cell(cell)), width=widths[c], size=size, lines=lines)
                self.deck._text(place.text_frame, [text], size=size, bold=r == 0,
                                color="FFFFFF" if r == 0 else _INK, align=align)  # fmt: skip

    def _cell(self, cell) -> str:
        if isinstance(cell, Number):
            self._seen([cell])
            return cell.text(self.deck.lang) + (SMALL_BASE if cell.small_base else "")
        if isinstance(cell, Interval):
            self._seen([cell.low, cell.high])
            return cell.text(self.deck.lang)
        if isinstance(cell, Sentence):
            self.ids += cell.row_ids
            return cell.text
        return "" if cell is None else str(cell)

    def _seen(self, numbers: Iterable[Number]) -> None:
        self.ids += [n.row_id for n in numbers if n.row_id]

    def _describe(self, shape, alt: str) -> None:
        shape._element.nvGraphicFramePr.cNvPr.set("descr", xml_text(alt, limit=2000))

    def close(self, notes: Sequence[str], *, rows: str) -> None:
        """The speaker's notes: what to say, where it comes from, and the results rows (`rows` introduces them)."""
        lines = [xml_text(n) for n in (self.whole, *notes) if n]
        ids = list(dict.fromkeys(self.ids))
        if ids:
            lines.append(f"{rows} {', '.join(ids)}")
        self.slide.notes_slide.notes_text_frame.text = "\n".join(lines)


def marks_of(numbers: Iterable[Number]) -> str:
    """† where one of the numbers rests on a small base, * where one may not be shown; else nothing."""
    numbers = list(numbers)
    mark = SMALL_BASE if any(n.small_base for n in numbers) else ""
    return mark + (SUPPRESSED if any(n.suppressed for n in numbers) else "")


def plotted(number: Number) -> float | None:
    """What a chart's data sheet holds: the printed figure (a proportion as 0–1); None where nothing may be shown."""
    if not number.shown:
        return None
    return float(number.rounded() / (100 if unit_of(number.unit).scale == 100 else 1))


def excel_format(unit: str) -> str:
    """The format that prints a figure of this unit as everywhere else."""
    known = unit_of(unit)
    return "#,##0" + ("." + "0" * known.digits if known.digits else "") + ("%" if known.scale == 100 else "")


def _short(text: str) -> str:
    clean = xml_text(text)
    return clean if len(clean) <= _LONGEST_LINE else clean[: _LONGEST_LINE - 1] + "…"
