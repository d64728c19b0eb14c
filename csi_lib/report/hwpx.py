"""The report as an editable Hangul document (HWPX): headings as styles, numbered captions, native tables.

Written by python-hwpx (Apache-2.0) from the tree that all paper formats share. Headings carry the outline styles
개요 1–3 with decimal outline numbers, so Hangul numbers on when a chapter is added; captions hold automatic numbers.
"""

from __future__ import annotations

from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.extras import advice
from csi_lib.report.archive import settle
from csi_lib.report.hwpx_parts import PARAGRAPH, SIZES, automatic_number, numbered_in_order, pieces, row_heights
from csi_lib.report.office_document import (
    TEXT_WIDTH_MM,
    OfficeDocument,
    column_weights,
    key_figure_table,
    pixels,
    plain_text,
    section_numbers,
    table_cells,
    walk,
)

_HH = "{http://www.hancom.co.kr/hwpml/2011/head}"
_UNIT = 7200 / 25.4  # HWPUNIT per millimetre
_CONTENTS = {"ko": "목차", "en": "Contents"}
_PRIMARY, _GREY = "#0B4F8A", "#555555"


def render_hwpx(office: OfficeDocument, target: Path) -> Path:
    """`office` as ``.hwpx`` at `target`, checked by the library's validators before it appears.

    Raises
    ------
    InputError : python-hwpx (extra ``hwpx``) is not installed.
    RuntimeError : the file would not be valid; it is ours to mend.
    """
    try:
        from hwpx import HwpxDocument
        from hwpx.tools.package_validator import validate_package
    except ImportError as error:
        raise InputError("HWPX needs python-hwpx", action=advice("hwpx")) from error
    made = HwpxDocument.new()
    _Writer(made, office).write()
    report = made.validate()
    if not report.ok:
        raise RuntimeError(f"the HWPX document is not valid: {report.errors[:3]}")
    made.save_to_path(str(target))
    settle(target, numbered_in_order)
    target.chmod(0o644)  # the library writes through a private temporary file
    package = validate_package(str(target))
    if not package.ok:
        raise RuntimeError(f"the HWPX package is not valid: {package.errors[:3]}")
    return target


class _Writer:
    def __init__(self, made, office: OfficeDocument):
        self.made, self.office = made, office
        self.lang = str(office.settings.get("lang", "ko"))[:2]
        self.numbered = bool(office.settings.get("number-sections"))
        run = made.styles.ensure_run
        self.runs = {"plain": run(size=10), "bold": run(size=10, bold=True), "italic": run(size=10, italic=True),
                     "sup": run(size=10, script="sup"), "sub": run(size=10, script="sub"),
                     "cell": run(size=SIZES["cell"]), "cell bold": run(size=SIZES["cell"], bold=True),
                     "cell sup": run(size=SIZES["cell"], script="sup"), "caption": run(size=9.5, bold=True),
                     "note": run(size=SIZES["note"], color=_GREY)}  # fmt: skip
        self.aligned: dict[str, str] = {}

    def write(self) -> None:
        made, office = self.made, self.office
        title = office.meta_text("title")
        made.page.setup(paper_size="A4", margin_left_mm=25, margin_right_mm=25, margin_top_mm=20, margin_bottom_mm=20)
        made.parts.set_document_metadata(title=title, creator=office.meta_text("contractor") or None)
        self._decimal_outline()
        self._heading_shapes()
        made.page.set_header(text=title)
        self._page_numbers()
        self._cover(title)
        at = len(made.sections[0].paragraphs)
        for block in office.blocks:
            self._block(block)
        if office.settings.get("toc") and any(b["t"] == "Header" for b in office.blocks):
            from hwpx.tools.toc_author import add_native_toc, ensure_body_styles_not_collected

            ensure_body_styles_not_collected(made)
            add_native_toc(made, at_index=at, title=_CONTENTS.get(self.lang, "Contents"), level=3)
            self._number_contents(made.sections[0].paragraphs[at + 1 :])
            made.sections[0].paragraphs[at].element.set("pageBreak", "1")

    def _number_contents(self, paragraphs) -> None:
        """The entries with the numbers of their headings (the library counts them 1, 2, 3 …) until Hangul renews them."""
        numbers = section_numbers(self.office)
        headings = [b["c"] for b in self.office.blocks if b["t"] == "Header" and "unlisted" not in b["c"][1][1]]
        for i, (paragraph, (level, (identifier, _, _), inlines)) in enumerate(zip(paragraphs, headings), 1):
            text = f"{numbers.get(identifier, '')} {plain_text(inlines)}".strip()
            for tab in paragraph.element.iter(f"{PARAGRAPH}tab"):
                tab.tail = None  # the library's page is a guess; Hangul sets it when it renews the contents
            for node in paragraph.element.iter(f"{PARAGRAPH}t"):
                if (node.text or "").startswith(f"{i}. "):
                    node.text = "\u3000" * (level - 1) + text

    # ------------------------------------------------------------------ set-up
    def _page_numbers(self) -> None:
        """Hangul's own page numbers (쪽 번호 매기기) from the first page, which as the cover shows neither them nor the header.

        The library's number stands in a footer, where other readers do not see it.
        """
        first = self.made.sections[0].paragraphs[0]
        run = first.element.find(f"{PARAGRAPH}run")
        control = run.makeelement(f"{PARAGRAPH}ctrl", {})
        control.append(
            run.makeelement(f"{PARAGRAPH}pageNum", {"pos": "BOTTOM_CENTER", "formatType": "DIGIT", "sideChar": "-"})
        )
        run.append(control)
        first.add_page_hiding(header=True, page_num=True)

    def _decimal_outline(self) -> None:
        """Outline numbers 1, 1.1, 1.1.1, as the references in the text say them."""
        head = self.made.oxml.headers[0]
        for level in head.element.iter(f"{_HH}paraHead"):
            number = int(level.get("level", "0"))
            if self.numbered and 1 <= number <= 3 and level.getparent().get("id") == "1":
                level.set("numFormat", "DIGIT")
                level.text = ".".join(f"^{i}" for i in range(1, number + 1))
        head.mark_dirty()

    def _heading_shapes(self) -> None:
        run = self.made.styles.ensure_run
        self.headings = {1: run(size=18, bold=True, color=_PRIMARY), 2: run(size=14, bold=True, color=_PRIMARY)}
        self.deeper = run(size=12, bold=True, color=_PRIMARY)

    def _cover(self, title: str) -> None:
        run, made, office = self.made.styles.ensure_run, self.made, self.office
        lines = [(title, run(size=SIZES["title"], bold=True, color=_PRIMARY), 160),
                 (office.meta_text("agency"), run(size=SIZES["subtitle"], bold=True), 12),
                 (office.meta_text("subtitle"), run(size=SIZES["subtitle"]), 8)]  # fmt: skip
        lines += [(office.meta_text(name), run(size=SIZES["cover"]), before)
                  for name, before in (("release", 20), ("commissioned-by", 160), ("contractor", 6), ("date", 60))]  # fmt: skip
        shown = [(text, shape, before) for text, shape, before in lines if text]
        for text, shape, before in shown:
            paragraph = made.add_paragraph(text, style="본문", char_pr_id_ref=shape, inherit_style=False)
            made.styles.apply_paragraph_format(paragraphs=[paragraph], alignment="CENTER", spacing_before_pt=before)

    # ------------------------------------------------------------------ blocks
    def _block(self, block: dict, *, shape: str = "plain", prefix: str = "") -> None:
        kind, content = block["t"], block.get("c")
        if kind == "Header":
            self._header(content)
        elif kind in ("Para", "Plain"):
            self._paragraph(content, shape, prefix)
        elif kind == "Div":
            self._div(content)
        elif kind == "Table":
            self._table(content)
        elif kind == "Figure":
            for inner in content[2]:
                self._block(inner)
        elif kind in ("BulletList", "OrderedList"):
            items = content if kind == "BulletList" else content[1]
            start = 1 if kind == "BulletList" else content[0][0]
            for number, item in enumerate(items, start):
                mark = "• " if kind == "BulletList" else f"{number}. "
                for position, inner in enumerate(item):
                    self._block(inner, prefix=prefix + (mark if position == 0 else "  "))
        elif kind == "DefinitionList":
            for term, definitions in content:
                self._paragraph([{"t": "Strong", "c": term}], shape, prefix)
                for inner in (b for blocks in definitions for b in blocks):
                    self._block(inner, prefix="  ")
        elif kind == "BlockQuote":
            for inner in content:
                self._block(inner, prefix="  ")
        elif kind == "LineBlock":
            for line in content:
                self._paragraph(line, shape, prefix)
        elif kind == "CodeBlock":
            for line in content[1].split("\n"):
                self._paragraph([{"t": "Str", "c": line}], "note", prefix)

    def _header(self, content: list) -> None:
        level, (_, classes, _), inlines = content
        text, char = plain_text(inlines), self.headings.get(level, self.deeper)
        if "unlisted" in classes:
            paragraph = self.made.add_paragraph(text, style="본문", char_pr_id_ref=char, inherit_style=False)
            paragraph.element.set("pageBreak", "1" if level == 1 else "0")
            return
        paragraph = self.made.add_heading(text, min(level, 10), char_pr_id_ref=char)
        bare = "unnumbered" in classes
        key = f"heading {level} {bare}"
        if key not in self.aligned:
            self.made.styles.apply_paragraph_format(
                paragraphs=[paragraph], spacing_before_pt=12 + bare / 4, spacing_after_pt=4
            )
            self.aligned[key] = paragraph.para_pr_id_ref
            if bare:
                self._take_number(paragraph.para_pr_id_ref)
        paragraph.para_pr_id_ref = self.aligned[key]
        if level == 1:
            paragraph.element.set("pageBreak", "1")

    def _take_number(self, shape: str) -> None:
        """A paragraph shape that keeps its style's place in the outline and has no number of its own."""
        head = self.made.oxml.headers[0]
        own = next(p for p in head.element.iter(f"{_HH}paraPr") if p.get("id") == str(shape))
        own.find(f"{_HH}heading").attrib.update({"type": "NONE", "idRef": "0", "level": "0"})
        head.mark_dirty()

    def _paragraph(self, inlines: list, shape: str = "plain", prefix: str = "") -> None:
        images = list(walk(inlines, "Image"))
        if images and not plain_text([i for i in inlines if i["t"] != "Image"]).strip():
            for image in images:
                self._picture(image)
            return
        paragraph = self.made.add_paragraph("", style="본문", include_run=False, inherit_style=False)
        if "body" not in self.aligned:
            self.made.styles.apply_paragraph_format(paragraphs=[paragraph], spacing_before_pt=2, spacing_after_pt=5)
            self.aligned["body"] = paragraph.para_pr_id_ref
        paragraph.para_pr_id_ref = self.aligned["body"]
        self._runs(paragraph, inlines, shape, prefix)
        for image in images:
            self._picture(image)

    def _runs(self, paragraph, inlines: list, shape: str, prefix: str = "") -> None:
        for text, style in pieces([*([{"t": "Str", "c": prefix}] if prefix else []), *inlines]):
            key = style if shape == "plain" and style else shape if not style else f"{shape} {style}"
            paragraph.add_run(text, char_pr_id_ref=self.runs.get(key, self.runs[shape]))

    def _div(self, content: list) -> None:
        (_, classes, attributes), blocks = content
        if "float" in classes:
            self._float(classes, dict(attributes), blocks)
        elif "key-figures" in classes:
            self._table(key_figure_table({"c": content})["c"])
        else:
            shape = "note" if {"table-notes", "figure-notes", "colophon"} & set(classes) else "plain"
            shape = "bold" if {"tab-title", "callout-title"} & set(classes) else shape
            for block in blocks:
                self._block(block, shape=shape)

    # ------------------------------------------------------------------ figures and tables
    def _float(self, classes: list, attributes: dict, blocks: list) -> None:
        caption, body = [], []
        for part in blocks:
            if "float-caption" in part["c"][0][1]:
                caption = part["c"][1][0]["c"]
            else:
                body = part["c"][1]
        label = (attributes.get("name", ""), attributes.get("number", ""), plain_text(caption))
        held = False
        for block in body:
            if block["t"] == "Table" and not held:
                self._table(block["c"], label)
            elif (images := list(walk(block, "Image"))) and not held:
                for position, image in enumerate(images):
                    self._picture(image, label if position == 0 else None)
            else:
                self._block(block)
                continue
            held = True
        if not held and label[1]:
            self._paragraph([{"t": "Strong", "c": [{"t": "Str", "c": f"{label[0]} {label[1]}. {label[2]}"}]}])

    def _picture(self, image: dict, label: tuple | None = None) -> None:
        picture = self.office.pictures[image["c"][2][0]]
        body = self.made.styles.resolve("본문")
        placed = self.made.add_picture(
            picture.path.read_bytes(), picture.kind, width_mm=picture.width, height_mm=picture.height, align="CENTER",
            style="본문", para_pr_id_ref=body.para_pr_id_ref, char_pr_id_ref=self.runs["plain"],
        )  # fmt: skip
        # Hangul counts the clip and the size of the file in units of its pixels (75 each), not of the drawn size
        width, height = (str(75 * side) for side in pixels(picture.path))
        placed.element.find(f"{PARAGRAPH}imgClip").attrib.update(
            {"left": "0", "right": width, "top": "0", "bottom": height}
        )
        placed.element.find(f"{PARAGRAPH}imgDim").attrib.update({"dimwidth": width, "dimheight": height})
        comment = placed.element.find(f"{PARAGRAPH}shapeComment")
        comment.text = picture.alt
        if label and label[1]:
            caption = placed.set_caption(label[2], side="BOTTOM", char_pr_id_ref=self.runs["caption"])
            automatic_number(caption.element, *label[:2], kind="PICTURE")
            self._spaced_after(self.made.sections[0].paragraphs[-1])

    def _spaced_after(self, paragraph) -> None:
        """Room under a picture for its caption, in readers that do not count it as part of the picture's height."""
        if "figure" not in self.aligned:
            self.made.styles.apply_paragraph_format(paragraphs=[paragraph], alignment="CENTER", spacing_after_pt=16)
            self.aligned["figure"] = paragraph.para_pr_id_ref
        paragraph.para_pr_id_ref = self.aligned["figure"]

    def _table(self, content: list, label: tuple | None = None) -> None:
        specs, heads = content[2], content[3][1]
        cells = table_cells(content)
        width = int(TEXT_WIDTH_MM * _UNIT)
        weights = column_weights(content)
        heights = row_heights(cells, [w / sum(weights) * width for w in weights])
        table = self.made.add_table(len(cells), len(specs), width=width, height=sum(heights), style="본문")
        table.set_treat_as_char(False)  # Hangul breaks only such a table between pages
        table.element.set("repeatHeader", "1" if heads else "0")
        table.element.set("pageBreak", "CELL")
        table.set_column_widths(weights)
        grid = [row.cells for row in table.rows]  # table.cell() would walk the whole table each time
        for r, row in enumerate(cells):
            for cell in grid[r]:
                cell.set_size(height=heights[r])
            for c, (cell, inlines) in enumerate(zip(grid[r], row, strict=True)):
                align = (
                    "CENTER"
                    if r < len(heads)
                    else {"AlignRight": "RIGHT", "AlignCenter": "CENTER"}.get(specs[c][0]["t"], "LEFT")
                )
                self._cell(cell, inlines, align, header=r < len(heads))
        if heads:
            for r in range(len(heads)):
                for c in range(len(specs)):
                    table.set_cell_shading(r, c, "#E6EEF5")
        if label and label[1]:
            caption = table.set_caption(label[2], side="TOP", char_pr_id_ref=self.runs["caption"])
            automatic_number(caption.element, *label[:2], kind="TABLE")

    def _cell(self, cell, inlines: list, align: str, *, header: bool) -> None:
        cell.element.set("header", "1" if header else "0")
        paragraph = cell.paragraphs[0]
        paragraph.clear_text()
        for run in list(paragraph.element.findall(f"{PARAGRAPH}run")):
            paragraph.element.remove(run)
        for text, style in pieces(inlines):
            style = "bold" if header else style
            key = f"cell {style}" if style and f"cell {style}" in self.runs else "cell"
            paragraph.add_run(text, char_pr_id_ref=self.runs[key])
        if not paragraph.element.findall(f"{PARAGRAPH}run"):
            paragraph.add_run("", char_pr_id_ref=self.runs["cell"])
        paragraph.style_id_ref = 1
        if align not in self.aligned:
            self.made.styles.apply_paragraph_format(paragraphs=[paragraph], alignment=align, line_spacing_percent=120)
            self.aligned[align] = paragraph.para_pr_id_ref
        else:
            paragraph.para_pr_id_ref = self.aligned[align]
