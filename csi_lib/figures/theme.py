"""The visual language of all figures: colours, sizes, fonts, and text measured before it is drawn.

Colours are told apart by people with any colour vision and in grey print; nothing is said by colour alone.
A client's look is another `Theme`; nothing else changes: `client_theme` makes one from the study's settings, `adopt`
makes it the default of this process.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font, LoadFlags

from csi_lib.figures.colour import difference, mixed
from csi_lib.share import shared_path
from csi_lib.study.reading import reading

POINTS_PER_MM = 72 / 25.4
#: two colours nearer than this (Oklab) may be taken for one another
NEAR = 0.12


@dataclass(frozen=True)
class Theme:
    """Colours and fonts. Every text colour has a contrast of at least 4.5:1 on the page colour.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.Theme(primary="#1F5A99").primary
    '#1F5A99'
    """

    primary: str = "#1F5A99"  # what the figure is about
    accent: str = "#C2410C"  # what to look at
    second: str = "#00796B"
    soft: str = "#8FB0D4"  # beside what the figure is about
    tint: str = "#DCE7F3"  # boxes and bands to write on
    pale: str = "#EEF2F6"
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


#: what figures look like unless told otherwise: the default of every figure's `theme`
HOUSE = Theme()


def adopt(theme: Theme) -> None:
    """Make `theme` the default of this process; every chapter of a report runs in a process of its own."""
    for field in fields(Theme):
        object.__setattr__(HOUSE, field.name, getattr(theme, field.name))


def client_theme(settings: Mapping, study: Path) -> Theme:
    """The theme of a study's ``report: {theme: …}``: its main colour, and its font where that can write Korean.

    A main colour too near to another one's meaning (what to look at, dissatisfied) moves that one out of its way, so
    that nothing loses its difference. Checks of the settings are those of `report.prepare_theme`.
    """
    base, primary = Theme(), str(settings.get("primary") or "")
    more: dict = {}
    if re.fullmatch(r"#[0-9a-fA-F]{6}", primary) and primary.lower() != base.primary.lower():
        white = lambda share: mixed(primary, "#ffffff", share)
        more = {"primary": primary, "soft": white(0.5), "tint": white(0.84), "pale": white(0.93)}
        if difference(primary, base.accent) < NEAR:
            more["accent"] = base.primary
        if difference(primary, base.likert_low) >= NEAR:
            more["likert_high"] = primary
        spare = (*base.lines[1:], base.lines[0], "#A0185A", "#5C3A1E")
        others = [c for c in spare if difference(primary, c) >= NEAR / 2]
        more["lines"] = (primary, *others[: len(base.lines) - 1])
    family = _family_of([study / f for f in settings.get("fonts") or []])
    return replace(base, **more, **({"family": family} if family else {}))


def _family_of(files: list[Path]) -> str | None:
    """The family of these font files, made known to matplotlib; None without files or without Hangul."""
    family = None
    for file in files:
        if file.is_file() and {ord("가"), ord("힣"), ord("0")} <= set((font := _read_font(file)).get_charmap()):
            font_manager.fontManager.addfont(str(file))
            family = font.family_name
    return family


def _read_font(file: str | Path) -> FT2Font:
    """A font from memory: given a path, matplotlib would keep the file open as long as the font lives."""
    return FT2Font(io.BytesIO(Path(file).read_bytes()))


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
    return tuple(_read_font(path) for path in found)


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
    return _in_font(reading().worded(str(text)), theme.family).replace("$", r"\$")


def _in_font(text: str, family: str) -> str:
    known = _characters(family)
    return "".join(c if c == "\n" or ord(c) in known else _MISSING for c in text)


def text_width(text: str, size: float, *, bold: bool = False, family: str = HOUSE.family) -> float:
    """Width in millimetres of one line of text, as it will be drawn."""
    rule = reading()
    return _width(text if rule.catalogue is None else rule.worded(text), size, bold, family)


@lru_cache(maxsize=8192)
def _width(text: str, size: float, bold: bool, family: str) -> float:
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
    if reading().catalogue is not None:
        text = reading().worded(str(text))
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
