"""What a Hangul document is put together from: heights of rows, runs of text, automatic numbers, settled identifiers."""

from __future__ import annotations

import re

from csi_lib.report.office_document import plain_text, walk
from csi_lib.report.table_markdown import text_width

PARAGRAPH = "{http://www.hancom.co.kr/hwpml/2011/paragraph}"
#: points, by what is written
SIZES = {"title": 26, "subtitle": 15, "cover": 12, "cell": 8.5, "note": 8.5}
_SHARED_ID = b"2147483648"  # what Hangul gives to paragraphs that nothing refers to


def numbered_in_order(name: str, content: bytes) -> bytes:
    """Identifiers by their order instead of by chance, so that equal documents give equal bytes."""
    if not name.startswith("Contents/section"):
        return content
    known: dict[bytes, bytes] = {}
    for found in re.findall(rb'(?<=[ ])id="(\d{5,})"', content):
        if found != _SHARED_ID:
            known.setdefault(found, str(1_000_001 + len(known)).encode())
    turn = lambda m: m[1] + known.get(m[2], m[2])
    return re.sub(rb'((?<=[ ])(?:id|idRef|beginIDRef|instid)="|\?#)(\d{5,})', turn, content)


def row_heights(cells: list, widths: list[float]) -> list[int]:
    """HWPUNIT per row, from the lines its fullest cell takes; Hangul makes rows higher, but not other readers."""
    letter, line, margin = SIZES["cell"] * 50, SIZES["cell"] * 120, 282
    room = [max(1, int((w - 1020) / letter)) for w in widths]
    breaks = lambda cell: sum(1 for _ in walk(cell, "LineBreak"))
    lines = lambda row: max(
        max(1, -(-text_width(plain_text(c)) // r)) + breaks(c) for c, r in zip(row, room, strict=True)
    )
    return [int(lines(row) * line + margin) for row in cells]


def pieces(inlines: list, style: str = "") -> list[tuple[str, str]]:
    """(text, style) of inlines, neighbours of one style joined; style is '', bold, italic, sup or sub."""
    out: list[tuple[str, str]] = []
    for el in inlines:
        kind, content = el["t"], el.get("c")
        if kind in ("Strong", "Emph", "Superscript", "Subscript"):
            own = {"Strong": "bold", "Emph": "italic", "Superscript": "sup", "Subscript": "sub"}[kind]
            new = pieces(content, own)
        elif kind in ("Span", "Link", "Cite", "Quoted"):
            new = [("\n", "")] if kind == "Span" and "page-break" in content[0][1] else pieces(content[1], style)
        elif kind == "Note":
            new = [(f" ({' '.join(plain_text(b['c']) for b in content if b['t'] in ('Para', 'Plain'))})", style)]
        elif kind == "LineBreak":
            new = [("\n", style)]
        elif kind in ("Image", "RawInline"):
            new = []
        else:
            new = [(plain_text([el]), style)]
        for text, own in new:
            if out and out[-1][1] == own:
                out[-1] = (out[-1][0] + text, own)
            elif text:
                out.append((text, own))
    return out


def automatic_number(caption, name: str, number: str, *, kind: str) -> None:
    """``표 3. `` before the caption, its number an automatic one."""
    run = next(caption.iter(f"{PARAGRAPH}run"))
    for child in [c for c in run if c.tag == f"{PARAGRAPH}t"]:
        text = child.text or ""
        run.remove(child)
    make = run.makeelement
    before, after = make(f"{PARAGRAPH}t", {}), make(f"{PARAGRAPH}t", {})
    before.text, after.text = f"{name} ", f". {text}"
    control = make(f"{PARAGRAPH}ctrl", {})
    automatic = make(f"{PARAGRAPH}autoNum", {"num": number, "numType": kind})
    automatic.append(make(f"{PARAGRAPH}autoNumFormat", {"type": "DIGIT", "userChar": "", "prefixChar": "", "suffixChar": "",
                                                  "supscript": "0"}))  # fmt: skip
    control.append(automatic)
    for child in (before, control, after):
        run.append(child)
