"""A figure for a dark page: the same drawing with every colour's lightness turned over.

A turn of lightness in Oklab keeps the hue, so a palette that can be told apart by day can be by night, and keeps the
order of contrasts, so writing on a bar stays as legible as it was. Only HTML asks for it: the rules are put into the
SVG when it is embedded, and the PDF takes the drawing as it is.
"""

from __future__ import annotations

import re

from csi_lib.figures.colour import oklab, srgb

#: lightness (Oklab, 0–1) that white and black become: the dark page's paper and its ink
PAPER, INK = 0.195, 0.945
#: what white itself becomes: the paper of the dark page (csi.css), so that no edge of the drawing is seen
DARK_PAGE = "#10161c"
#: below 1 it lifts the middle: a dark page needs lighter mid-tones for the same contrast
BEND = 0.72
_COLOUR = re.compile(r"(fill|stroke|stop-color):\s?(#[0-9a-fA-F]{6})\b")
_PAINT = re.compile(r"""(?:fill|stroke|stop-color)(?:=["']|:\s?)([^;"'}]*)""")
_KNOWN = re.compile(r"#[0-9a-fA-F]{6}|none|url\(.*\)|inherit|currentColor", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'\b(fill|stroke)="(#[0-9a-fA-F]{6})"')


def with_night(svg: str) -> str | None:
    """`svg` with a style sheet that applies where the reader prefers dark pages (and is not printing).

    None for a drawing that cannot be turned safely: it holds a photograph, rules of its own or colours by name.
    """
    if "<image" in svg or "prefers-color-scheme" in svg:
        return None
    if not all(_KNOWN.fullmatch(value.strip()) for value in _PAINT.findall(svg)):
        return None
    rules = [f'[style*="{m[0]}"]{{{m[1]}:{night(m[2])}!important}}' for m in _unique(_COLOUR, svg)]
    rules += [f'[{m[1]}="{m[2]}"]{{{m[1]}:{night(m[2])}}}' for m in _unique(_ATTRIBUTE, svg)]
    # what names no colour is drawn in black
    rules.append(f"svg{{fill:{night('#000000')}}}")
    sheet = f"<style>@media screen and (prefers-color-scheme:dark){{{''.join(rules)}}}</style>"
    return re.sub(r"(<svg\b[^>]*>)", lambda m: m[1] + sheet, svg, count=1)


def _unique(pattern: re.Pattern, svg: str) -> list[re.Match]:
    return list({m[0]: m for m in pattern.finditer(svg)}.values())


def night(colour: str) -> str:
    """`colour` (``#rrggbb``) with its Oklab lightness L turned into PAPER + (1 − L)^BEND (INK − PAPER)."""
    if colour.lower() == "#ffffff":
        return DARK_PAGE
    light, a, b = oklab(colour)
    turned = PAPER + (1 - light) ** BEND * (INK - PAPER)
    for step in range(21):  # what lies outside sRGB loses colour, never its lightness
        keep = 1 - step / 20
        channels = srgb(turned, a * keep, b * keep)
        if all(-0.001 <= c <= 1.001 for c in channels):
            break
    return "#" + "".join(f"{round(255 * min(max(c, 0), 1)):02x}" for c in channels)
