"""The visual language of all figures: colours, sizes, fonts, and text measured before it is drawn.

Colours are told apart by people with any colour vision and in grey print; nothing is said by colour alone.
A client's look is another `Theme`; nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font, LoadFlags

from csi_lib.share import shared_path

POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Theme:
    """Colours and fonts. Every text colour has a contrast of at least 4.5:1 on the page colour."""

    primary: str = "#1F5A99"  # what the figure is about
    accent: str = "#C2410C"  # what to look at
    second: str = "#00796B"
    quiet: str = "#9AA5B1"  # comparison, last year
    ink: str = "#1F2933"
    muted: str = "#55606C"
    rule: str = "#D5DBE1"
    page: str = "#FFFFFF"
    danger: str = "#F3CFC6"  # zones: light enough to write on, and always named
    caution: str = "#FBEBC0"
    good: str = "#CFE8E0"
    likert_low: str = "#B4532A"
    likert_middle: str = "#E3E6EA"
    likert_high: str = "#1F5A99"
    lines: tuple[str, ...] = ("#1F5A99", "#C2410C", "#00796B", "#7B4BA0", "#8A6D00", "#4A5560")
    family: str = "Pretendard"
    size: float = 9.5  # points, at 160 mm
    small: float = 8.5


HOUSE = Theme()

# what a font lacks is looked for in the next; DejaVu comes with matplotlib on every machine
_FALLBACK = "DejaVu Sans"
_MISSING = "□"


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make the bundled fonts known to matplotlib, once per process."""
    for path in sorted(shared_path("reports", "fonts").glob("*.[ot]tf")):
        font_manager.fontManager.addfont(str(path))


def families(theme: Theme) -> list[str]:
    register_fonts()
    return [theme.family, _FALLBACK]


@lru_cache(maxsize=32)
def _fonts(family: str, bold: bool) -> tuple[FT2Font, ...]:
    register_fonts()
    weight = "bold" if bold else "normal"
    found = [font_manager.findfont(font_manager.FontProperties(family=f, weight=weight)) for f in (family, _FALLBACK)]
    return tuple(FT2Font(path) for path in found)


@lru_cache(maxsize=32)
def _charmap(family: str, bold: bool) -> frozenset[int]:
    """Characters of the family's own font; asking the font each time would cost more than measuring the text."""
    return frozenset(_fonts(family, bold)[0].get_charmap())


@lru_cache(maxsize=32)
def _characters(family: str) -> frozenset[int]:
    return frozenset().union(*(font.get_charmap() for font in _fonts(family, False)))


def prepare_fonts(theme: Theme = HOUSE) -> None:
    """Do once what every process that draws would do, for those forked from this one; open fonts are not among it,
    because they do not survive a fork."""
    register_fonts()
    _characters(theme.family)
    for bold in (False, True):
        _charmap(theme.family, bold)
    for family in families(theme):
        for weight in ("normal", "bold"):
            font_manager.findfont(font_manager.FontProperties(family=family, weight=weight))
    _fonts.cache_clear()


def drawable(text: str, theme: Theme = HOUSE) -> str:
    """`text` with every character that no font has replaced by □ (the alt text and the data keep it).

    Dollar signs are escaped, because matplotlib reads them as mathematics.
    """
    return _in_font(str(text), theme.family).replace("$", r"\$")


def _in_font(text: str, family: str) -> str:
    known = _characters(family)
    return "".join(c if c == "\n" or ord(c) in known else _MISSING for c in text)


@lru_cache(maxsize=8192)
def text_width(text: str, size: float, *, bold: bool = False, family: str = HOUSE.family) -> float:
    """Width in millimetres of one line of text."""
    font, fallback = _fonts(family, bold)
    main = _charmap(family, bold)
    text, total = _in_font(text, family), 0.0
    for face, part in (
        (font, [c for c in text if ord(c) in main]),
        (fallback, [c for c in text if ord(c) not in main]),
    ):
        if part:
            face.set_size(size, 72)
            face.set_text("".join(part), 0.0, flags=LoadFlags.NO_HINTING)
            total += face.get_width_height()[0] / 64
    return total / POINTS_PER_MM


def wrap(text: str, width: float, size: float, *, bold: bool = False, lines: int = 3, theme: Theme = HOUSE) -> str:
    """`text` broken at spaces into at most `lines` lines of `width` millimetres; longer text ends in ….

    Only a word that is wider than a whole line is cut inside: Korean is not broken within an eojeol.
    """
    fits = lambda t: text_width(t, size, bold=bold, family=theme.family) <= width
    done, line = [], ""
    for word in str(text).split():
        while word:
            longer = f"{line} {word}".strip()
            if fits(longer):
                line, word = longer, ""
            elif line:
                done.append(line)
                line = ""
            else:
                cut = next((n for n in range(len(word) - 1, 0, -1) if fits(word[:n])), 1)
                done.append(word[:cut])
                word = word[cut:]
        if len(done) > lines:
            break
    done.append(line) if line else None
    if len(done) > lines:
        last = done[lines - 1]
        while last and not fits(last + "…"):
            last = last[:-1].rstrip()
        done = [*done[: lines - 1], last + "…"]
    return "\n".join(done)
