"""The report as a Word document: styles, captions as fields, alternative text, header rows, contents."""

from __future__ import annotations

import hashlib
import json
import re
from html import escape
from pathlib import Path

from csi_lib.report.archive import settle
from csi_lib.report.office_document import (
    OfficeDocument,
    column_weights,
    key_figure_table,
    plain_text,
    section_numbers,
    transform,
    walk,
)
from csi_lib.report.office_text import xml_text
from csi_lib.report.pandoc import run_pandoc
from csi_lib.share import shared_path

_WORDS = {
    "ko": {"contents": "목차", "tbl": "표 목차", "fig": "그림 목차"},
    "en": {"contents": "Contents", "tbl": "Tables", "fig": "Figures"},
}
_STYLE = {"table-notes": "CSI Notes", "figure-notes": "CSI Notes", "colophon": "CSI Notes", "callout": "CSI Note Box"}
_PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'


def render_docx(office: OfficeDocument, target: Path, *, timestamp: int) -> Path:
    """`office` as ``.docx`` at `target`, by pandoc.

    Captions are numbered by SEQ fields and the lists of contents, tables and figures are TOC fields with their
    entries filled in, so that Word numbers on when a chapter is added. Equal documents give equal bytes.
    """
    lang = str(office.settings.get("lang", "ko"))[:2]
    sections = section_numbers(office)
    blocks = transform(office.blocks, _Turn(office).turn)
    at = next(
        (i for i, b in enumerate(blocks) if b["t"] == "Header" and b["c"][0] == 1 and "front" not in b["c"][1][1]), 0
    )
    if office.settings.get("toc"):
        blocks[at:at] = _contents(office, sections, _words(office, lang))
    tree = {**office.tree, "blocks": blocks, "meta": _metadata(office)}
    arguments = ["--from=json", "--to=docx", f"--reference-doc={shared_path('reports', 'docx', 'reference.docx')}",
                 f"--output={target.resolve()}"]  # fmt: skip
    if office.settings.get("number-sections"):
        arguments.append("--number-sections")
    run_pandoc(json.dumps(tree), arguments, folder=target.parent, timestamp=timestamp)
    return settle(target, _without_paths)


def _words(office: OfficeDocument, lang: str) -> dict[str, str]:
    words, said = _WORDS.get(lang, _WORDS["en"]), office.settings.get("csi-say") or {}
    return {k: said.get({"tbl": "tables", "fig": "figures"}.get(k, k), v) for k, v in words.items()}


def _without_paths(name: str, content: bytes) -> bytes:
    """pandoc writes where a picture lay into its properties; its text is in those of the frame."""
    return re.sub(rb'(<pic:cNvPr )descr="[^"]*"', rb'\1descr=""', content) if name == "word/document.xml" else content


def _metadata(office: OfficeDocument) -> dict:
    meta = office.tree["meta"]
    kept = {k: meta[k] for k in ("title", "date", "lang", "keywords") if k in meta}
    lines = [meta[k]["c"] for k in ("agency", "subtitle", "release") if k in meta and meta[k]["t"] == "MetaInlines"]
    if lines:
        kept["subtitle"] = {"t": "MetaInlines", "c": [el for i, line in enumerate(lines)
                                                      for el in ([{"t": "LineBreak"}] if i else []) + line]}  # fmt: skip
    people = [{"t": "MetaInlines", "c": meta[k]["c"]} for k in ("commissioned-by", "contractor")
              if k in meta and meta[k]["t"] == "MetaInlines"]  # fmt: skip
    return kept | ({"author": {"t": "MetaList", "c": people}} if people else {})


class _Turn:
    """What our blocks become in Word."""

    def __init__(self, office: OfficeDocument):
        self.office = office

    def turn(self, el: dict):
        kind = el["t"]
        if kind == "Div":
            return self._div(el)
        if kind == "Image":
            return self._image(el)
        if kind == "Table":
            return self._table(el)
        if kind == "Span" and "page-break" in el["c"][0][1]:
            return {"t": "RawInline", "c": ["openxml", '<w:r><w:br w:type="page"/></w:r>']}
        if kind in ("RawBlock", "RawInline") and el["c"][0] != "openxml":
            return []
        return None

    def _div(self, div: dict):
        (identifier, classes, attributes), content = div["c"]
        if "float" in classes:
            return self._float(identifier, classes, dict(attributes), content)
        if "key-figures" in classes:
            return [key_figure_table(div)]
        if "tab-title" in classes or "callout-title" in classes:
            return [{"t": "Para", "c": [{"t": "Strong", "c": b["c"]}]} for b in content]
        style = next((_STYLE[c] for c in classes if c in _STYLE), None)
        if style:
            return {"t": "Div", "c": [[identifier, [], [["custom-style", style]]], transform(content, self.turn)]}
        return None

    def _float(self, identifier: str, classes: list, attributes: dict, content: list):
        out, table = [], "float-tbl" in classes
        for part in content:
            inner = part["c"][1]
            if "float-caption" in part["c"][0][1]:
                caption = [*_label(identifier, attributes), *transform(inner[0]["c"], self.turn)]
                style = "Table Caption" if table else "Image Caption"
                out.append(_styled(style, [{"t": "Para", "c": caption}]))
            elif table:
                out += transform(inner, self.turn)
            else:
                out.append(_styled("CSI Figure", transform(inner, self.turn)))
        return out

    def _table(self, table: dict) -> dict:
        """With columns as wide as their text asks for: without widths some programs make all columns alike."""
        attributes, caption, specs, *rest = table["c"]
        weights = column_weights(table["c"])
        widths = [[align, {"t": "ColWidth", "c": round(w / sum(weights), 4)}]
                  for (align, _), w in zip(specs, weights, strict=True)]  # fmt: skip
        return {"t": "Table", "c": [attributes, caption, widths, *(transform(part, self.turn) for part in rest)]}

    def _image(self, image: dict):
        (identifier, classes, _), alt, (source, _) = image["c"]
        picture = self.office.pictures[source]
        size = [["width", f"{picture.width / 10:.2f}cm"], ["height", f"{picture.height / 10:.2f}cm"]]
        return {"t": "Image", "c": [[identifier, classes, size], alt, [str(picture.path), ""]]}


def _styled(style: str, blocks: list) -> dict:
    return {"t": "Div", "c": [["", [], [["custom-style", style]]], blocks]}


def _label(identifier: str, attributes: dict) -> list[dict]:
    """``표 3. `` with the number as a SEQ field, under the bookmark that references lead to."""
    name, number = escape(attributes.get("name", "")), attributes.get("number", "")
    if not number:
        return []
    field = (f'<w:r><w:t xml:space="preserve">{name} </w:t></w:r><w:fldSimple w:instr=" SEQ {name} \\* ARABIC ">'
             f"<w:r><w:t>{number}</w:t></w:r></w:fldSimple>")  # fmt: skip
    inner = [{"t": "RawInline", "c": ["openxml", field]}]
    return [{"t": "Span", "c": [[identifier, [], []], inner]}, {"t": "Str", "c": "."}, {"t": "Space"}]


# ---------------------------------------------------------------------- lists of contents
def _contents(office: OfficeDocument, sections: dict[str, str], words: dict) -> list[dict]:
    headings, floats = [], {"tbl": [], "fig": []}
    for header in (b for b in office.blocks if b["t"] == "Header" and b["c"][0] <= 3):
        level, (identifier, _, _), inlines = header["c"]
        headings.append((level, f"{sections.get(identifier, '')} {plain_text(inlines)}".strip(), identifier))
    names = {}
    for div in (d for d in walk(office.blocks, "Div") if "float" in d["c"][0][1]):
        (identifier, classes, attributes), content = div["c"]
        kind, own = ("tbl" if "float-tbl" in classes else "fig"), dict(attributes)
        names.setdefault(kind, own["name"])
        for part in content:
            if "float-caption" in part["c"][0][1] and own.get("number"):
                floats[kind].append(
                    (1, f"{own['name']} {own['number']}. {plain_text(part['c'][1][0]['c'])}", identifier)
                )
    out = [_field(words["contents"], ' TOC \\o "1-3" \\h \\z \\u ', headings)]
    out += [
        _field(words[k], f' TOC \\h \\z \\c "{escape(names[k])}" ', entries) for k, entries in floats.items() if entries
    ]
    return [{"t": "RawBlock", "c": ["openxml", _PAGE_BREAK + "".join(out)]}]


def _field(title: str, instruction: str, entries: list[tuple[int, str, str]]) -> str:
    """A TOC field with its entries, each a link with the number of its page as a field of its own."""
    char = lambda kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'
    code = lambda text: f'<w:r><w:instrText xml:space="preserve">{escape(text)}</w:instrText></w:r>'
    begin = '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>' + code(instruction) + char("separate")
    end = char("end")
    out = [f'<w:p><w:pPr><w:pStyle w:val="CSIContentsTitle"/></w:pPr><w:r><w:t>{escape(title)}</w:t></w:r></w:p>']
    for i, (level, text, identifier) in enumerate(entries):
        mark = bookmark(identifier)
        page = (
            char("begin") + code(f" PAGEREF {mark} \\h ") + char("separate") + "<w:r><w:t> </w:t></w:r>" + char("end")
        )
        link = (f'<w:hyperlink w:anchor="{mark}" w:history="1"><w:r><w:t xml:space="preserve">{escape(xml_text(text))}</w:t></w:r>'
                f"<w:r><w:tab/></w:r>{page}</w:hyperlink>")  # fmt: skip
        out.append(f'<w:p><w:pPr><w:pStyle w:val="TOC{level}"/></w:pPr>{begin if i == 0 else ""}{link}'
                   f'{end if i == len(entries) - 1 else ""}</w:p>')  # fmt: skip
    return "".join(out)


def bookmark(identifier: str) -> str:
    """The bookmark that pandoc makes of an identifier: itself where Word takes it, else a hash."""
    if identifier[:1].isalpha() and len(identifier) <= 40:
        return identifier
    return "X" + hashlib.sha1(identifier.encode()).hexdigest()[1:]
