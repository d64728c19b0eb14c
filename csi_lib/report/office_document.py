"""The resolved document tree on its way to DOCX and HWPX: what both need, once.

Both writers read pandoc's tree after the filters that HTML and PDF use, so chapters, numbers and references are
the same in every format. Here pictures become PNG, and what only a browser can do is put in order for paper.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from csi_lib.errors import InputError
from csi_lib.report.conversion import Document
from csi_lib.report.embedded import resolved_document
from csi_lib.report.office_text import xml_text
from csi_lib.report.pdf import _fonts
from csi_lib.report.table_markdown import text_width

PIXELS_PER_INCH = 200
#: width of the text on an A4 page with margins of 25 mm
TEXT_WIDTH_MM = 160.0
_PICTURES = {".png", ".jpg", ".jpeg"}


@dataclass(frozen=True)
class Picture:
    """A picture ready for an office document: file, size in millimetres, alternative text."""

    path: Path
    width: float
    height: float
    alt: str

    @property
    def kind(self) -> str:
        return "jpeg" if self.path.suffix.lower() in (".jpg", ".jpeg") else "png"


@dataclass
class OfficeDocument:
    """Blocks and metadata of pandoc's tree, the settings of the report, and its pictures by source."""

    tree: dict
    settings: dict
    pictures: dict[str, Picture] = field(default_factory=dict)

    @property
    def blocks(self) -> list[dict]:
        return self.tree["blocks"]

    def meta_text(self, name: str) -> str:
        """A field of the front matter as plain text."""
        value = self.tree["meta"].get(name)
        return plain_text(value["c"]) if value and value["t"] in ("MetaInlines", "MetaString", "MetaBlocks") else ""


def office_document(document: Document, scratch: Path) -> OfficeDocument:
    """The document with its pictures as PNG in `scratch`; the data tables under figures are left out, as in the PDF.

    Raises
    ------
    InputError : a picture that does not exist or is of a kind no office program shows (the filters name it).
    """
    tree, settings = resolved_document(document)
    tree["blocks"] = _blocks(tree["blocks"])
    office = OfficeDocument(tree, settings)
    for image in list(walk(tree["blocks"], "Image")):
        source = image["c"][2][0]
        if source not in office.pictures:
            alt = plain_text(image["c"][1])
            office.pictures[source] = _picture(document, source, alt, scratch, len(office.pictures))
    return office


#: what only HTML unfolds
_FOLDED = {"figure-data", "detail"}


def _blocks(blocks: list[dict]) -> list[dict]:
    """Without what is folded; text that XML cannot hold is replaced throughout."""

    dropped = lambda node: isinstance(node, dict) and node.get("t") == "Div" and _FOLDED & {*node["c"][0][1]}

    def turn(node):
        if isinstance(node, dict):
            if node.get("t") == "Str":
                return {"t": "Str", "c": xml_text(node["c"])}
            return {k: turn(v) for k, v in node.items()}
        if isinstance(node, list):
            return [turn(item) for item in node if not dropped(item)]
        return node

    return turn(blocks)


def walk(node, kind: str) -> Iterator[dict]:
    """Every element of one kind, in reading order."""
    if isinstance(node, dict):
        if node.get("t") == kind:
            yield node
        for value in node.values():
            yield from walk(value, kind)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value, kind)


def plain_text(inlines) -> str:
    """The text of inlines (or blocks) without any markup."""
    if isinstance(inlines, str):
        return inlines
    out = []
    for el in inlines:
        if not isinstance(el, dict):
            continue
        kind, content = el["t"], el.get("c")
        if kind == "Str":
            out.append(content)
        elif kind in ("Space", "SoftBreak", "LineBreak"):
            out.append(" ")
        elif kind in ("Code", "Math"):
            out.append(content[1])
        elif kind in ("Span", "Link", "Image", "Cite", "Quoted"):
            out.append(plain_text(content[1]))
        elif kind in (
            "Emph",
            "Strong",
            "Superscript",
            "Subscript",
            "SmallCaps",
            "Strikeout",
            "Underline",
            "Plain",
            "Para",
        ):
            out.append(plain_text(content))
    return "".join(out)


def transform(node, turn: Callable[[dict], dict | list | None]):
    """The tree with `turn` applied to every element, outermost first: None keeps it, a list replaces it."""
    if isinstance(node, list):
        out = []
        for item in node:
            new = turn(item) if isinstance(item, dict) and "t" in item else None
            if new is None:
                out.append(transform(item, turn))
            else:
                out += new if isinstance(new, list) else [new]
        return out
    if isinstance(node, dict):
        return {k: transform(v, turn) for k, v in node.items()}
    return node


def section_numbers(office: OfficeDocument) -> dict[str, str]:
    """Number of each heading by its identifier; headings of class ``unnumbered`` have none."""
    count, out = [0] * 7, {}
    for header in (b for b in office.blocks if b["t"] == "Header"):
        level, (identifier, classes, _), _ = header["c"]
        if "unnumbered" in classes or not office.settings.get("number-sections"):
            continue
        count[level] += 1
        count[level + 1 :] = [0] * (6 - level)
        out[identifier] = ".".join(map(str, count[1 : level + 1]))
    return out


def key_figure_table(div: dict) -> dict:
    """The cards of the summary as a native table: labels as its header row, then values and changes."""
    columns = []
    for card in div["c"][1]:
        lines = {name: [s for s in walk(card, "Span") if name in s["c"][0][1]] for name in ("label", "value", "change")}
        columns.append([lines[name][0]["c"][1] if lines[name] else [] for name in ("label", "value", "change")])
    cell = lambda inlines: [["", [], []], {"t": "AlignCenter"}, 1, 1, [{"t": "Plain", "c": inlines}]]
    row = lambda i: [["", [], []], [cell(c[i] if i != 1 else [{"t": "Strong", "c": c[i]}]) for c in columns]]
    spec = [[{"t": "AlignCenter"}, {"t": "ColWidthDefault"}] for _ in columns]
    bodies = [[["", [], []], 0, [], [row(i) for i in (1, 2) if i == 1 or any(c[i] for c in columns)]]]
    return {"t": "Table", "c": [["", [], []], [None, []], spec, [["", [], []], [row(0)]], bodies, [["", [], []], []]]}


# ---------------------------------------------------------------------- tables
def table_cells(content: list) -> list[list[list]]:
    """The inlines of every cell of a table, row by row; a cell over several columns stands in the first."""
    _, _, specs, head, bodies, foot = content
    rows = [*head[1], *(r for body in bodies for r in (*body[2], *body[3])), *foot[1]]
    return [_spread(row[1], len(specs)) for row in rows]


def _spread(cells: list, columns: int) -> list[list]:
    """The inlines of a row's cells, one list per column; a cell over several columns stands in the first."""
    out = []
    for _, _, _, span, blocks in cells:
        inlines = []
        for block in blocks:
            if inlines:
                inlines.append({"t": "LineBreak"})
            inlines += block["c"] if block["t"] in ("Plain", "Para") else [{"t": "Str", "c": plain_text([block])}]
        out += [inlines, *([[]] * (span - 1))]
    return (out + [[]] * columns)[:columns]


def column_weights(content: list) -> list[float]:
    """How wide the columns of a table want to be, in half-width characters: its longest text, within reason."""
    columns = zip(*table_cells(content), strict=True)
    return [max(6, min(36, max(text_width(plain_text(c)) for c in column) + 2)) for column in columns]


# ---------------------------------------------------------------------- pictures
def _picture(document: Document, source: str, alt: str, scratch: Path, number: int) -> Picture:
    path = document.folder / unquote(source)
    if not path.is_file():
        raise InputError("there is no such picture", where=document.path.name, found=source)
    if path.suffix.lower() == ".svg":
        width, height = _svg_size(path)
        target = scratch / f"picture-{number}.png"
        target.write_bytes(_png_of_svg(path, document))
    elif path.suffix.lower() in _PICTURES:
        target = path
        width, height = _raster_size(path)
    else:
        raise InputError("a picture of a kind that office programs do not show", where=document.path.name, found=source,
                         expected=".svg, .png or .jpg")  # fmt: skip
    factor = min(1.0, TEXT_WIDTH_MM / width, 220.0 / height)
    return Picture(target, width * factor, height * factor, xml_text(alt))


def _svg_size(path: Path) -> tuple[float, float]:
    head = path.read_text(encoding="utf-8")[:4000]
    found = re.search(r'viewBox="[\d.eE+-]+[ ,]+[\d.eE+-]+[ ,]+([\d.]+)[ ,]+([\d.]+)"', head)
    sizes = [re.search(rf'\b{side}="([\d.]+)(pt|px|)"', head) for side in ("width", "height")]
    if all(sizes):
        return tuple(float(m[1]) * (25.4 / 72 if m[2] == "pt" else 25.4 / 96) for m in sizes)
    if found:
        return float(found[1]) * 25.4 / 96, float(found[2]) * 25.4 / 96
    raise InputError("a drawing without a size", where=path.name, expected="width and height, or a viewBox")


def _png_of_svg(path: Path, document: Document) -> bytes:
    """The drawing as PNG by typst, which draws it as in the PDF."""
    import typst

    root = document.folder
    name = str(path.relative_to(root)).replace("\\", "/").replace('"', '\\"')
    main = f'#set page(width: auto, height: auto, margin: 0pt)\n#image("/{name}")'
    return typst.compile(main.encode(), format="png", ppi=PIXELS_PER_INCH, root=root, font_paths=_fonts(()),
                         ignore_system_fonts=True)  # fmt: skip


def _raster_size(path: Path) -> tuple[float, float]:
    """Millimetres at 96 dots per inch."""
    return tuple(side * 25.4 / 96 for side in pixels(path))


def pixels(path: Path) -> tuple[int, int]:
    """Width and height of a PNG or JPEG file, from its header."""
    data = path.read_bytes()
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", data[16:24])
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 < len(data):
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in range(0xC0, 0xD0) and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise InputError("this is not a PNG or JPEG file", where=path.name)
