"""Text and names as office programs accept them: nothing they would call damaged, nothing they would execute."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from csi_lib.errors import InputError

# what XML 1.0 cannot hold: control characters, lone surrogates, the two non-characters
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_FILE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}
_LONGEST_SHEET, _LONGEST_CELL, _LONGEST_FILE, _SHORTEST_FIELD = 31, 32_767, 200, 8


def xml_text(text: object, *, limit: int = _LONGEST_CELL) -> str:
    """`text` in NFC, with U+FFFD for what XML cannot hold, no longer than a spreadsheet cell takes."""
    clean = _ILLEGAL.sub("\ufffd", unicodedata.normalize("NFC", str(text)))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def sheet_names(titles: Iterable[str]) -> list[str]:
    """A valid name for each sheet: at most 31 characters, none of ``[]:*?/\\``, different from all others."""
    taken, out = {"history"}, []
    for title in titles:
        base = _SHEET.sub(" ", xml_text(title))
        base = re.sub(r"\s+", " ", base).strip(" '") or "Sheet"
        name, number = _cut(base, _LONGEST_SHEET), 2
        while name.casefold() in taken:
            suffix = f" ({number})"
            name, number = _cut(base, _LONGEST_SHEET - len(suffix)) + suffix, number + 1
        taken.add(name.casefold())
        out.append(name)
    return out


def file_name(template: str, values: Mapping[str, object]) -> str:
    """The name of a delivered file from a template such as ``{year}_{agency}_결과보고서.hwpx``.

    In NFC (macOS decomposes Hangul), without what Windows forbids, not one of its reserved names, and no longer
    than 200 bytes in UTF-8, so that it fits every file system and zip: the longest value is shortened.
    """
    values = {k: _FILE.sub(" ", xml_text(v)) for k, v in values.items()}
    while True:
        try:
            name = template.format(**values)
        except (KeyError, IndexError, ValueError) as error:
            raise InputError("the template of file names names something that is not there", where="template", found=template,
                             expected=", ".join(f"{{{k}}}" for k in values)) from error  # fmt: skip
        name = re.sub(r"\s+", " ", _FILE.sub(" ", unicodedata.normalize("NFC", name))).strip(" .")
        over = len(name.encode()) - _LONGEST_FILE
        longest = max(values, key=lambda k: len(values[k].encode()), default=None)
        if over <= 0 or longest is None or len(values[longest]) <= _SHORTEST_FIELD:
            break
        # what is too long gives way, not what tells the files of a delivery apart
        values[longest] = values[longest][: max(_SHORTEST_FIELD, len(values[longest]) - max(1, over // 4))].rstrip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    stem = stem.strip(" .") or "file"
    if stem.split(".")[0].casefold() in _RESERVED:
        stem = f"_{stem}"
    while len(f"{stem}{dot}{suffix}".encode()) > _LONGEST_FILE:
        stem = stem[:-1]
    return f"{stem.strip(' .')}{dot}{suffix}"


def _cut(text: str, length: int) -> str:
    """At most `length` UTF-16 units, as spreadsheets count them."""
    while len(text.encode("utf-16-le")) // 2 > length:
        text = text[:-1]
    return text.strip(" '") or "Sheet"
