"""A page with everything it needs inside: styles, fonts, script and pictures; nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path
from urllib.parse import quote, unquote

from csi_lib.errors import InputError
from csi_lib.report.night import with_night

_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_SOURCE = re.compile(r'(<img\b[^>]*?\bsrc=")([^"]+)(")')
_WEIGHT = re.compile(r"font-weight: (\d+)")
_RANGE = re.compile(r"unicode-range: ([^;}]+)")
_FACE = re.compile(r"@font-face \{[^{}]*unicode-range:[^{}]*\}\n?")
_PLACED = re.compile(r'<use xlink:href="(#[^"]+)" transform="translate\((-?[\d.]+)(?: 0)?\)"/>')
_PREFIX = re.compile(r' id="(f[0-9a-f]{6})[0-9a-z]+"')
_STRONG = re.compile(
    r'<(h[1-6]|th|strong|b|figcaption|caption|dt|dd|summary)\b[^>]*>.*?</\1>|<(?:span|p|div|a)\b[^>]*class="[^"]*"[^>]*>[^<]*',
    re.DOTALL,
)
#: how each character of ASCII stands in an address (`quote` looks at every byte of a drawing, in Python)
_QUOTED = {code: quote(chr(code), safe=" :;,.()/='{}@!*[]") for code in range(128)}
_BEYOND = re.compile(r"[^\x00-\x7f]+")
_SIDE = re.compile(r'<td style="text-align: (left|right);">')  # a report has thousands of cells
_FIGURE = re.compile(r'<td( class="r")?><span( data-r="[^"]*")>([^<]*)</span></td>')
_WAY = re.compile(r'<nav class="way".*?</nav>\n?', re.DOTALL)
_HEADING = re.compile(r"<(/?)h([1-5])(?=[\s>])")


def self_contained(page: str, *, folder: Path, stylesheets: list[Path], script: Path, logo: str | None) -> str:
    """`page` (of template.html) with styles, script, pictures and logo put in.

    Headings of the text step down one level, because the title is the page's only ``h1``.
    """
    shown = _shown(page)
    sheets = (sheet.read_text(encoding="utf-8") for sheet in stylesheets)
    css = "\n".join(line for sheet in sheets for line in sheet.splitlines() if _is_needed(line, shown))
    head, main, body = page.partition("<main")
    body = _HEADING.sub(lambda m: f"<{m[1]}h{int(m[2]) + 1}", body)
    body = _SIDE.sub(lambda m: "<td>" if m[1] == "left" else '<td class="r">', body)
    body = _FIGURE.sub(r"<td\1\2>\3</td>", body)
    body = _SOURCE.sub(lambda m: _embedded(m, folder), body)
    head = head.replace("<!--csi:style-->", f"<style>\n{css}\n</style>", 1)
    mark = f'<img class="logo" src="{data_uri(folder, logo)}" alt="">' if logo else ""
    head = head.replace("<!--csi:logo-->", mark, 1)
    ours = script.read_text(encoding="utf-8")
    head = head.replace("<!--csi:policy-->", f'<meta http-equiv="Content-Security-Policy" content="{policy(ours)}">', 1)
    before, _, after = body.rpartition("<!--csi:script-->")
    return f"{head}{main}{before}{ours}{after}"


def policy(script: str) -> str:
    """What a browser may do with the page: run the one script that is ours, by its hash, show what lies in the page itself,
    and fetch nothing from anywhere."""
    body = script[script.index("<script>") + len("<script>") : script.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "form-action 'none'; base-uri 'none'"
    )


def without_unused_fonts(page: str) -> str:
    """A finished `page` without the slices of fonts that it shows no character of: about 0.8 MB less."""
    shown = _shown(page)
    return _FACE.sub(lambda face: face[0] if _is_needed(face[0], shown) else "", page)


def one_folder_up(page: str, lang: str) -> str:
    """The `page` of an edition as it stands, as ``report.<lang>.html``, in the folder of the first language."""
    way = _WAY.search(page)
    if way is None:
        return page
    moved = way[0].replace('href="../', 'href="', 1).replace('"report.pdf"', f'"report.{lang}.pdf"')
    return page.replace(way[0], moved, 1)


def without_way(page: str) -> str:
    """The `page` by itself, for delivery: it leads to no site and to no file beside it."""
    return _WAY.sub("", page, count=1)


def _shown(page: str) -> dict[int, set[int]]:
    """The characters of `page` by the weight they are set in."""
    return {400: set(map(ord, page)), 600: {ord(c) for m in _STRONG.finditer(page) for c in m[0]}}


def _is_needed(line: str, shown: dict[int, set[int]]) -> bool:
    """False for a slice of a font (one line of fonts.css) of which the page shows no character in its weight.

    The page sets two weights; a font that comes in slices has no other on board.
    """
    found = _RANGE.search(line) if line.startswith("@font-face") else None
    if not found:
        return True
    characters = shown.get(int(_WEIGHT.search(line)[1]), set())
    for part in found[1].split(","):
        first, _, last = part.strip()[2:].partition("-")
        if not characters.isdisjoint(range(int(first, 16), int(last or first, 16) + 1)):
            return True
    return False


def _embedded(image: re.Match, folder: Path) -> str:
    """A picture of the text; a drawing brings its dark version, and says so to the style sheet."""
    source = html.unescape(image[2])
    if source.lower().endswith(".svg") and not source.startswith("data:"):
        turned = with_night((folder / unquote(source)).read_text(encoding="utf-8"))
        if turned is not None:
            return f'{image[1]}data:image/svg+xml,{_inline(turned)}" data-night="yes{image[3]}'
    return image[1] + data_uri(folder, source) + image[3]


def _inline(svg: str) -> str:
    """A drawing inside an address inside an attribute: without what only a drawing among others in one page needs
    (long ids), letters placed by ``x`` in thousandths of their size instead of a transform, and no base64: two thirds of the bytes."""
    svg = _PLACED.sub(lambda m: f'<use href="{m[1]}" x="{round(float(m[2]))}"/>', svg).replace("xlink:href", "href")
    prefixes = set(_PREFIX.findall(svg))
    if len(prefixes) == 1:
        svg = re.sub(rf"(?<=[#\"]){prefixes.pop()}(?=[0-9a-z]+[\")])", "g", svg)
    svg = svg.replace('"', "'") if "'" not in svg else svg
    return _BEYOND.sub(lambda m: quote(m[0]), svg.translate(_QUOTED))


def data_uri(folder: Path, source: str) -> str:
    """The picture `source`, relative to `folder`, as a ``data:`` address."""
    if source.startswith("data:"):
        return source
    path = folder / unquote(source)
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            "this kind of picture is outside the supported subset", found=source, expected=", ".join(_TYPES)
        )
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
