"""Numbers as files write them: decimal commas and thousands separators, where it is certain which is which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from csi_lib.study.base import number_in, trimmed

_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_CONTINENTAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
#: a number that is written with a decimal comma, or could be
DOUBTFUL = _COMMA


def reader(texts: Iterable[str], decimal: str | None, separator: str | None) -> Callable[[str], float | None]:
    """How the numbers among `texts` are read; a text that is no number, or may be two, gives None.

    ``1,234`` is a thousand where ``decimal: .`` is declared, or where nothing in the column is written with a decimal comma
    and the file's separator is not the semicolon of the countries that write one.
    """
    if decimal == ",":
        return _with_comma
    if decimal is None:
        commas = [t for t in texts if "," in t]
        proven = any(t.count(",") > 1 or "." in t for t in commas)
        if any(not _THOUSANDS.fullmatch(t) for t in commas) or (separator == ";" and not proven):
            return number_in
    return _with_thousands


def _with_comma(text: str) -> float | None:
    text = trimmed(text)
    if _CONTINENTAL.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if _COMMA.fullmatch(text):
        return number_in(text.replace(",", "."))
    return number_in(text) if "." not in text else None


def _with_thousands(text: str) -> float | None:
    text = trimmed(text)
    return float(text.replace(",", "")) if _THOUSANDS.fullmatch(text) else number_in(text)
