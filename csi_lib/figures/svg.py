"""matplotlib's SVG made small: the same drawing in half the bytes, with ids that cannot collide.

Reports hold dozens of figures in one HTML file, so what only a human editor of SVG would want (line breaks,
element names, repeated long glyph names) is taken out. Nothing is drawn differently at print resolution.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

_PROLOGUE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_AUTOMATIC = re.compile(r' id="(?:figure|axes|patch|text|line2d|[A-Za-z]+Collection|Quadmesh|Quad[A-Za-z]*)_\d+"')
_PATH = re.compile(r' d="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+")
_ADVANCE = re.compile(r'"translate\((\d+\.\d+) 0\)"')  # place of a letter, in thousandths of its size
_GLYPH = re.compile(r' d="([^"]*)" transform="scale\(0\.015625\)"')  # a letter, in 6,400ths of its size
_TOKEN = re.compile(r"[A-Za-z]|-?\d+(?:\.\d+)?")
_COMMAND = re.compile(r"\s*([A-Za-z])\s*")
_BETWEEN = re.compile(r">\s+<")
_DEFINED = re.compile(r'(?<=[ "])id="([^"]+)"')
_SPACED = re.compile(r"(?<=[:;]) ")
_STYLE = re.compile(r'style="[^"]*"')
_GROUP = re.compile(r"(<g(?:\s[^>]*)?>|</g>)")
_PLACE = re.compile(r'(?<= transform="translate\()(-?[\d.]+) (-?[\d.]+)\)')
_SCALE = re.compile(r"scale\(0(\.\d+) -0(\.\d+)\)")


def compact_svg(svg: str, *, name: str) -> str:
    """`svg` without what no renderer needs; ids start with a hash of `name`.

    Groups that carry a gid of ours (``value``, ``interval`` …) keep it as a class.
    """
    svg = _METADATA.sub("", _PROLOGUE.sub("", svg))
    svg = _AUTOMATIC.sub("", svg)
    svg = _GLYPH.sub(lambda m: f' d="{_glyph(m.group(1))}" transform="scale(.125)"', svg)
    svg = _PATH.sub(lambda m: f' d="{_path(m.group(1))}"', svg)
    svg = _ADVANCE.sub(lambda m: f'"translate({_short(round(float(m.group(1)), 1))})"', svg)
    svg = _PLACE.sub(lambda m: f"{_short(float(m[1]))} {_short(float(m[2]))})", svg)
    svg = _SCALE.sub(r"scale(\1 -\2)", svg)
    svg = _STYLE.sub(lambda m: _SPACED.sub("", m.group()), svg)
    svg = _without_bare_groups(_BETWEEN.sub("><", svg))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    prefix = "f" + hashlib.blake2s(name.encode(), digest_size=3).hexdigest()
    new = {}
    for old in _DEFINED.findall(svg):
        if old in used and old not in new:
            new[old] = f"{prefix}{_base36(len(new))}"
    svg = _DEFINED.sub(lambda m: f'id="{new[m.group(1)]}"' if m.group(1) in new else f'class="{m.group(1)}"', svg)
    return re.sub(r'(href="#|url\(#)([^")]+)', lambda m: m.group(1) + new.get(m.group(2), m.group(2)), svg)


def _path(d: str) -> str:
    """Path data with two decimals (a hundredth of a point) and no needless spaces."""
    d = _NUMBER.sub(lambda m: _short(float(m.group())), d)
    return _COMMAND.sub(r"\1", d).strip()


@lru_cache(maxsize=4096)  # a report's figures share a few hundred letters
def _glyph(d: str) -> str:
    """Outline of a letter in 800ths of its size, each point from the last one: a third of the bytes of matplotlib's.

    Level and upright lines are written as such, a command is named once for a run of points, and the line back to
    the beginning is left to ``z``.
    """
    strokes, at, begin, command, point = [], (0, 0), (0, 0), "M", []
    for token in _TOKEN.findall(d):
        if token in "Zz":
            if strokes and strokes[-1][0] in "hvl" and at == begin:
                strokes.pop()
            strokes.append(("z", ()))
            at = begin
        elif token.isalpha():
            command = token
        else:
            point.append(round(float(token) / 8))
            if len(point) == 2 * {"M": 1, "L": 1, "Q": 2, "C": 3}[command]:
                moved = tuple(value - at[k % 2] for k, value in enumerate(point))
                strokes.append(_stroke(command.lower(), moved))
                at, point = tuple(point[-2:]), []
                begin = at if command == "M" else begin
    out, last = "", ""
    for name, values in strokes:
        run = name == last and name != "m"
        numbers = "".join(str(v) if v < 0 or (k == 0 and not run) else f" {v}" for k, v in enumerate(values))
        out += numbers if run and values else name + numbers
        last = name
    return out


def _stroke(command: str, moved: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    if command == "l" and moved[1] == 0:
        return "h", moved[:1]
    if command == "l" and moved[0] == 0:
        return "v", moved[1:]
    return command, moved


def _without_bare_groups(svg: str) -> str:
    """`svg` without the ``<g>`` that carry neither name nor style."""
    out, open_groups = [], []
    for part in _GROUP.split(svg):
        if part.startswith("<g"):
            open_groups.append(part != "<g>")
            out.append(part if open_groups[-1] else "")
        elif part == "</g>":
            out.append(part if open_groups.pop() else "")
        else:
            out.append(part)
    return "".join(out)


def _short(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    out = digits[number % 36]
    while number := number // 36:
        out = digits[number % 36] + out
    return out
