"""A figure for a dark page: the same drawing with every colour's lightness turned over.

A turn of lightness in Oklab keeps the hue, so a palette that can be told apart by day can be by night, and keeps the
order of contrasts, so writing on a bar stays as legible as it was. Only HTML asks for it: the rules are put into the
SVG when it is embedded, and the PDF takes the drawing as it is.
"""

from __future__ import annotations

import re

#: lightness (Oklab, 0–1) that white and black become: the dark page's paper and its ink
PAPER, INK = 0.195, 0.945
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
    light, a, b = _oklab(colour)
    turned = PAPER + (1 - light) ** BEND * (INK - PAPER)
    for step in range(21):  # what lies outside sRGB loses colour, never its lightness
        keep = 1 - step / 20
        channels = _srgb(turned, a * keep, b * keep)
        if all(-0.001 <= c <= 1.001 for c in channels):
            break
    return "#" + "".join(f"{round(255 * min(max(c, 0), 1)):02x}" for c in channels)


def _oklab(colour: str) -> tuple[float, float, float]:
    r, g, b = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _srgb(light: float, a: float, b: float) -> tuple[float, float, float]:
    l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _display(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        _display(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        _display(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    )


def _linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def _display(c: float) -> float:
    return 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
