"""Colours in Oklab, where distance and lightness are what an eye sees (Ottosson 2020)."""

from __future__ import annotations


def difference(one: str, other: str) -> float:
    """Distance of two ``#rrggbb`` colours in Oklab: 0 equal, 1 black to white."""
    return sum((a - b) ** 2 for a, b in zip(oklab(one), oklab(other), strict=True)) ** 0.5


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with this share of `other`."""
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def oklab(colour: str) -> tuple[float, float, float]:
    """Lightness, green–red and blue–yellow of ``#rrggbb``."""
    r, g, b = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def srgb(light: float, a: float, b: float) -> tuple[float, float, float]:
    """Red, green and blue (0–1, outside it what no screen shows)."""
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
