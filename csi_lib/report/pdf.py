"""Typst text to a tagged PDF/UA-1 and PDF/A-2a file, with the fonts that come with the package only."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from csi_lib.share import shared_path

STANDARDS = ["ua-1", "a-2a"]
MISSING_GLYPH = "□"
_FAMILIES = '("Pretendard", "CSI Fallback", "CSI Fallback Emoji", "Libertinus Serif", "DejaVu Sans Mono")'
# what Pretendard certainly holds; only other characters are ever looked at one by one
_COMMON = re.compile(r"[\x00-\u024f\u1100-\u1112\u2010-\u2027\u2190-\u2193가-힣]+")


def compile_pdf(
    text: str, *, folder: Path, name: str, font_folders: tuple[str, ...], timestamp: int
) -> tuple[bytes, list[str]]:
    """The PDF and what typst warned of.

    PDF/UA and PDF/A forbid characters that no font shows. Such a character, met in a comment or a name,
    must not cost the report: it is shown as □ and named in a warning.

    Raises
    ------
    RuntimeError : typst refused the document.
    """
    import typst

    fonts = _fonts(font_folders)
    try:
        return _compile(text, folder, name, fonts, timestamp)
    except typst.TypstError as error:
        if "could not be displayed" not in error.message:
            raise RuntimeError(f"typst refused {name}: {error.diagnostic[:3000]}") from error
    absent = [c for c in sorted(set(_COMMON.sub("", text))) if not _displayable(c, fonts)]
    for character in absent:
        text = text.replace(character, MISSING_GLYPH)
    try:
        pdf, warnings = _compile(text, folder, name, fonts, timestamp)
    except typst.TypstError as error:
        raise RuntimeError(f"typst refused {name}: {error.diagnostic[:3000]}") from error
    listed = ", ".join(f"U+{ord(c):04X}" for c in absent[:20])
    return pdf, [*warnings, f"no font has these characters, shown as {MISSING_GLYPH} in the PDF: {listed}"]


def _compile(text: str, folder: Path, name: str, fonts, timestamp: int) -> tuple[bytes, list[str]]:
    import typst

    main = folder / f".{name}.typ"
    main.write_text(text, encoding="utf-8")
    try:
        pdf, warnings = typst.compile_with_warnings(
            main,
            format="pdf",
            root=folder,
            font_paths=fonts,
            ignore_system_fonts=True,
            pdf_standards=STANDARDS,
            timestamp=timestamp,
            package_path=folder,
        )  # no packages: nothing is ever downloaded
    finally:
        main.unlink()
    return pdf, [str(w.message) for w in warnings]


def _displayable(character: str, fonts) -> bool:
    import typst

    probe = f'#set document(title: "x")\n#set text(font: {_FAMILIES})\n#"\\u{{{ord(character):x}}}"'
    try:
        typst.compile(
            probe.encode(),
            format="pdf",
            font_paths=fonts,
            ignore_system_fonts=True,
            pdf_standards=STANDARDS,
            timestamp=0,
        )
    except typst.TypstError:
        return False
    return True


@lru_cache
def _fonts(folders: tuple[str, ...]):
    import typst

    paths = [*folders, str(shared_path("reports", "fonts"))]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=list(dict.fromkeys(paths)))
