"""The theme of a round: fonts, colours and logo, made once and shared by all its reports."""

from __future__ import annotations

import base64
import filecmp
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.share import shared_path

DEFAULT_PRIMARY = "#0b4f8a"
_KEYS = ("primary", "logo", "logo-alt", "fonts")
_WEIGHTS = {"Regular": 400, "SemiBold": 600, "Bold": 700}
_SUBSET_EDITION = "2"  # part of the cache key: raise it when the subset below changes


@dataclass(frozen=True)
class Theme:
    """What `prepare_theme` left on disk, and the values a report's front matter needs."""

    folder: Path
    primary: str
    logo: Path | None
    logo_alt: str
    families: tuple[str, ...]

    @property
    def stylesheets(self) -> tuple[Path, ...]:
        return self.folder / "fonts.css", self.folder / "theme.css"

    @property
    def font_folder(self) -> Path:
        return self.folder / "fonts"


def prepare_theme(folder: Path, settings: Mapping | None = None, *, study: Path | None = None) -> Theme:
    """Write the theme of `settings` into `folder` (``<out>/_theme``) and describe it.

    Parameters
    ----------
    settings : ``primary`` (``"#rrggbb"``), ``logo`` (picture, path relative to `study`), ``logo-alt``
        (its text; default: none, the logo is decoration on screen), ``fonts`` (list of .otf or .ttf
        files of one family). All optional.
    study : folder the paths in `settings` start from.

    Raises
    ------
    InputError : unknown key, no such file, or a colour on which white text would not reach a contrast
        of 4.5 : 1.
    """
    settings = dict(settings or {})
    study = Path(study or ".")
    for key in settings:
        if key not in _KEYS:
            close = nearest(key, _KEYS)
            raise InputError(
                f"the theme has no setting {key}",
                where="report.theme",
                expected=", ".join(_KEYS),
                action=f"Did you mean {close}?" if close else None,
            )
    primary = str(settings.get("primary", DEFAULT_PRIMARY)).lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", primary):
        raise InputError(
            "this is not a colour", where="report.theme.primary", found=primary, expected='"#rrggbb", quoted'
        )
    if (reached := contrast(primary, "#ffffff")) < 4.5:
        raise InputError(
            f"this colour is too light for text on white (contrast {reached:.1f} : 1)",
            where="report.theme.primary",
            found=primary,
            expected="at least 4.5 : 1",
            action=f"{_toward(primary, '#000000', '#ffffff', 4.6)} is the nearest that reaches it",
        )
    fonts = [study / f for f in settings.get("fonts", [])] or sorted(
        shared_path("reports", "fonts").glob("Pretendard-*.otf")
    )
    for path in (*fonts, *([study / settings["logo"]] if settings.get("logo") else [])):
        if not path.is_file():
            raise InputError("there is no such file", where="report.theme", found=str(path))
    (folder / "fonts").mkdir(parents=True, exist_ok=True)
    for font in (*fonts, *sorted(shared_path("reports", "fonts").glob("CSIFallback*"))):
        _copy(font, folder / "fonts" / font.name)
    own = bool(settings.get("fonts"))
    web = (
        "\n".join(font_face(font) for font in fonts)
        if own
        else shared_path("reports", "fonts", "pretendard.css").read_text(encoding="utf-8")
    )
    _write(folder / "fonts.css", web)
    _write(folder / "theme.css", _colours(primary))
    logo = None
    if settings.get("logo"):
        source = study / settings["logo"]
        logo = folder / f"logo{source.suffix.lower()}"
        _copy(source, logo)
    families = tuple(dict.fromkeys(_family(font) for font in fonts))
    return Theme(folder, primary, logo, str(settings.get("logo-alt", "")), families)


def default_theme() -> Theme:
    """The theme of documents that belong to no round, kept in the user's cache, one for each edition."""
    edition = hashlib.sha256(shared_path("reports", "fonts", "pretendard.css").read_bytes()).hexdigest()[:12]
    return prepare_theme(_cache() / f"theme-{edition}")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "csi"


def _copy(source: Path, target: Path) -> None:
    """A copy that is whole or not there; one that a full disk or a hand damaged is made anew."""
    if not target.exists() or not filecmp.cmp(source, target, shallow=False):
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(source, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


# -- colours ----------------------------------------------------------------------------------------------
def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mix(colour: str, other: str, share: float) -> str:
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _toward(colour: str, end: str, background: str, wanted: float) -> str:
    """`colour` moved towards `end` until it reaches the wanted contrast on `background`."""
    return next(mixed for step in range(101) if contrast(mixed := _mix(colour, end, step / 100), background) >= wanted)


def _colours(primary: str) -> str:
    tint, dark_tint = _mix(primary, "#ffffff", 0.93), _mix(primary, "#10161c", 0.85)
    light = _toward(primary, "#ffffff", dark_tint, 7.5)
    on_tint = _toward(primary, "#000000", tint, 4.6)
    day = f"--csi-primary: {on_tint}; --csi-tint: {tint}; --csi-note: {on_tint};"
    night = f"--csi-primary: {light}; --csi-tint: {dark_tint}; --csi-note: {light};"
    return (
        f":root {{ {day} }}\n@media (prefers-color-scheme: dark) {{ :root.csi {{ {night} }} }}\n"
        f"@media print {{ :root, :root.csi {{ {day} }} }}\n"
    )


# -- fonts ------------------------------------------------------------------------------------------------
def _family(font: Path) -> str:
    if font.name.startswith("Pretendard"):
        return "Pretendard"
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as face:
        return face["name"].getDebugName(16) or face["name"].getDebugName(1)


def _weight(font: Path) -> int:
    for name, weight in _WEIGHTS.items():
        if font.stem.endswith(name):
            return weight
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as face:
        return face["OS/2"].usWeightClass


def common_characters() -> str:
    """What reports are written in: the 2,350 syllables and the symbols of KS X 1001, and Latin."""
    korean = "".join(
        bytes((high, low)).decode("euc_kr", "ignore")
        for high in (*range(0xA1, 0xA9), *range(0xB0, 0xC9))
        for low in range(0xA1, 0xFF)
    )
    return (
        korean
        + "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180))))
        + "\u2009\u200a\u2011\u2013\u2014\u2212\u2022\u2026\u20a9\u20ac⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"
    )


def font_face(font: Path) -> str:
    """``@font-face`` with the font's common characters as WOFF2 inside; subset once per machine."""
    data = _web_font(font)
    return (
        f'@font-face {{ font-family: "{_family(font)}"; font-weight: {_weight(font)}; font-display: swap; '
        f'src: url(data:font/woff2;base64,{base64.b64encode(data).decode()}) format("woff2"); }}'
    )


def _web_font(font: Path) -> bytes:
    key = hashlib.sha256(font.read_bytes() + _SUBSET_EDITION.encode()).hexdigest()[:20]
    cache = _cache() / "fonts"
    cached = cache / f"{font.stem}-{key}.woff2"
    if cached.exists():
        return cached.read_bytes()
    data = _subset(font)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(data)
        temporary.replace(cached)
    except OSError:  # a home that cannot be written costs a second per run, no more
        pass
    return data


def _subset(font: Path) -> bytes:
    import io

    from fontTools import subset

    options = subset.Options(
        flavor="woff2",
        hinting=False,
        desubroutinize=False,
        notdef_outline=True,
        layout_features=["kern", "tnum", "ccmp", "locl", "mark"],
        name_IDs=[0, 1, 2, 13, 14],
        recalc_timestamp=False,
    )
    face = subset.load_font(str(font), options)
    worker = subset.Subsetter(options)
    worker.populate(text=common_characters())
    worker.subset(face)
    out = io.BytesIO()
    subset.save_font(face, out, options)
    return out.getvalue()
