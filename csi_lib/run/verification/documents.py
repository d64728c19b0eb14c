"""What stands in published documents, read without the libraries that wrote them and within bounds."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree

from csi_lib.run.verification.figures import Known

#: bytes an office file may have when it is unpacked
_MOST = 512 * 2**20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CODE = re.compile(r"\.(0+)")


@dataclass(frozen=True)
class Slide:
    """Texts and values of one slide, and the ids of the rows its notes name."""

    text: str
    values: tuple[tuple[float, str], ...]
    rows: tuple[str, ...]


def document_text(path: Path) -> str | None:
    """The text of a DOCX, HWPX or PDF in its order; None for any other file."""
    readers = {".docx": _docx, ".hwpx": _hwpx, ".pdf": _pdf}
    return readers[path.suffix](path) if path.suffix in readers else None


def _members(path: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Members of an office file by the number in their name."""
    with zipfile.ZipFile(path) as archive:
        if sum(m.file_size for m in archive.infolist()) > _MOST:
            raise ValueError("too large when unpacked")
        names = [n for n in archive.namelist() if re.fullmatch(pattern, n)]
        for name in sorted(names, key=lambda n: [int(d) for d in re.findall(r"\d+", n)]):
            yield name, archive.read(name)


def _docx(path: Path) -> str:
    lines = []
    for _, data in _members(path, r"word/(document|footnotes)\.xml"):
        for paragraph in ElementTree.fromstring(data).iter(f"{_W}p"):
            lines.append("".join(t.text or "" for t in paragraph.iter(f"{_W}t")))
    return "\n".join(lines)


def _hwpx(path: Path) -> str:
    lines = []
    for _, data in _members(path, r"Contents/section\d+\.xml"):
        for paragraph in (e for e in ElementTree.fromstring(data).iter() if e.tag.endswith("}p")):
            runs = (run for run in paragraph if run.tag.endswith("}run"))
            lines.append("".join("".join(t.itertext()) for run in runs for t in run if t.tag.endswith("}t")))
    return "\n".join(lines)


def _pdf(path: Path) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def slides(path: Path) -> list[Slide]:
    """The slides of a PPTX with their charts' values and the rows that the speaker's notes name."""
    notes, charts, links, out = {}, {}, {}, []
    for name, data in _members(path, r"ppt/(notesSlides/notesSlide|charts/chart)\d+\.xml"):
        tree = ElementTree.fromstring(data)
        if "notesSlide" in name:
            notes[name.rsplit("/", 1)[1]] = _paragraphs(tree)
        else:
            charts[name.rsplit("/", 1)[1]] = _chart_values(tree)
    for name, data in _members(path, r"ppt/slides/_rels/slide\d+\.xml\.rels"):
        targets = [e.get("Target", "").rsplit("/", 1)[-1] for e in ElementTree.fromstring(data)]
        links[name.rsplit("/", 1)[1].removesuffix(".rels")] = targets
    for name, data in _members(path, r"ppt/slides/slide\d+\.xml"):
        linked = links.get(name.rsplit("/", 1)[1], [])
        said = "\n".join(notes.get(target, "") for target in linked)
        rows = tuple(re.findall(r"\b[0-9a-f]{12}\b", said))
        values = tuple(v for target in linked for v in charts.get(target, ()))
        out.append(Slide(_paragraphs(ElementTree.fromstring(data)), values, rows))
    return out


def _paragraphs(tree) -> str:
    return "\n".join("".join(t.text or "" for t in p.iter(f"{_A}t")) for p in tree.iter(f"{_A}p"))


def _chart_values(tree) -> list[tuple[float, str]]:
    found = []
    for values in tree.iter():
        if values.tag.endswith(("}val", "}yVal")):
            code = next((e.text or "" for e in values.iter() if e.tag.endswith("}formatCode")), "")
            found += [(float(e.text), code) for e in values.iter() if e.tag.endswith("}v") and e.text]
    return found


def workbook_findings(path: Path, known: Known) -> list[str]:
    """Numbers of a workbook of statistics tables, its first sheet (the contents) left out, that no row says."""
    formats, sheets, findings = [], [], []
    for _, data in _members(path, r"xl/styles\.xml"):
        tree = ElementTree.fromstring(data)
        codes = {e.get("numFmtId"): e.get("formatCode", "") for e in tree.iter(f"{_S}numFmt")}
        codes |= {"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%"}
        cells = tree.find(f"{_S}cellXfs")
        formats = [codes.get(x.get("numFmtId"), "") for x in (cells if cells is not None else ())]
    sheets = list(_members(path, r"xl/worksheets/sheet\d+\.xml"))
    for name, data in sheets[1:]:
        for cell in ElementTree.fromstring(data).iter(f"{_S}c"):
            value = cell.findtext(f"{_S}v")
            if cell.get("t") in ("s", "str", "inlineStr", "b", "e") or value is None:
                continue
            style = int(cell.get("s") or 0)
            if not printed(float(value), formats[style] if style < len(formats) else "", known):
                findings.append(f"{name.rsplit('/', 1)[1]} {cell.get('r')}: no row says {value}")
    return findings


def printed(value: float, code: str, known: Known) -> bool:
    """Whether some row is printed like `value` under a spreadsheet's number format."""
    body = code.split(";")[0]
    digits = len(match[1]) if (match := _CODE.search(body)) else 0
    try:
        figure = Decimal(f"{abs(value) * (100 if '%' in body else 1):.{digits}f}")
    except (InvalidOperation, OverflowError):
        return False
    return figure in known


__all__ = ["Slide", "document_text", "printed", "slides", "workbook_findings"]
