"""What stands in delivered files, read by programs and libraries that did not write them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def docx_text(path: Path) -> str:
    """All text of a Word document in order, a table row a line."""
    import docx
    from docx.oxml.ns import qn

    body, lines = docx.Document(str(path)).element.body, []
    for element in body.iter(qn("w:p")):
        lines.append("".join(t.text or "" for t in element.iter(qn("w:t"))))
    return "\n".join(lines)


def hwpx_text(path: Path) -> str:
    import unhwp

    return unhwp.parse(str(path)).plain_text


def pptx_text(path: Path, *, notes: bool = False) -> str:
    """Titles, texts and tables; `notes` gives the speaker's notes instead."""
    from pptx import Presentation

    lines = []
    for slide in Presentation(str(path)).slides:
        if notes:
            lines.append(slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else "")
            continue
        for shape in slide.shapes:
            if shape.is_placeholder and shape.placeholder_format.type in (13, 15):  # slide number and footer
                continue
            if shape.has_text_frame:
                lines.append(shape.text_frame.text)
            if shape.has_table:
                lines += ["\t".join(c.text for c in row.cells) for row in shape.table.rows]
    return "\n".join(lines)


def chart_values(path: Path) -> list[tuple[str, float, str]]:
    """(slide title, value, number format) of every point of every chart."""
    from pptx import Presentation

    out = []
    for slide in Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_chart:
                for series in shape.chart.plots[0].series:
                    code = series._element.findtext(".//{*}val//{*}formatCode") or series._element.findtext(
                        ".//{*}yVal//{*}formatCode"
                    )
                    out += [(slide.shapes.title.text, v, code) for v in series.values if v is not None]
    return out


def pdf_text(path: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


def figures(text: str) -> list[str]:
    """The figures of a text with a decimal point, as they are printed."""
    return re.findall(r"(?<![\d.])[+−-]?\d[\d,]*\.\d+(?![\d.])", text)
