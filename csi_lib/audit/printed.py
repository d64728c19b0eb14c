"""A number as it was printed: its value, the decimals it shows, and half of its last unit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_MISSING = re.compile(r"^(?:[-–—―ㅡ·.…*x×]+|n/?a|nan|null|none|해당\s*없음|미상|없음|비공개|)$", re.IGNORECASE)
_NUMBER = re.compile(
    r"""^[\s'"]*
    (?P<mark>[▲△▼▽↑↓±+\-−–])?\s*
    (?P<digits>\d{1,3}(?:,\d{3})+|\d+)?(?P<point>[.]\d+)?\s*
    (?P<unit>%p|%|퍼센트|포인트|point[s]?|pt|점|명|건|개소|개|호|회|위|등|원|천원|백만원|억원|년|세|p|pp)?
    [\s*†‡¹²³'"]*$""",
    re.VERBOSE | re.IGNORECASE,
)
_PAIR = re.compile(r"^\s*([\d,.]+)\s*(?:명|건|개)?\s*[(\[]\s*([\d.]+)\s*(%?)\s*[)\]]\s*$")
_MINUS = {"▼": -1, "▽": -1, "↓": -1, "-": -1, "−": -1, "–": -1}


@dataclass(frozen=True)
class Printed:
    """One printed number. ``half`` is half of its last printed unit; ``mark`` a sign like ▲, or ( for a number in brackets, that needs a reading."""

    value: float
    decimals: int
    text: str
    unit: str = ""
    mark: str = ""

    @property
    def half(self) -> float:
        return 0.5 * 10.0**-self.decimals

    @property
    def percent(self) -> bool:
        return self.unit in ("%", "퍼센트")


def clean(text: object) -> str:
    """Full-width forms, non-breaking blanks and line breaks as plain text."""
    text = unicodedata.normalize("NFKC", str(text)).replace("\u200b", "")
    return re.sub(r"\s+", " ", text).strip()


def is_missing(text: str) -> bool:
    return bool(_MISSING.match(text.strip()))


def read_number(text: str) -> Printed | None:
    """The printed number in `text`, or None: ``1,438``, ``15.4%``, ``△1.2``, ``(3.1)``, ``410명``, ``90.1*``."""
    text = clean(text)
    inner = re.fullmatch(r"\(\s*([^()]+?)\s*\)", text)
    match = _NUMBER.match(inner.group(1) if inner else text)
    if not match or not (match["digits"] or match["point"]):
        return None
    digits = (match["digits"] or "0").replace(",", "")
    point = match["point"] or ""
    mark = match["mark"] or ("(" if inner else "")
    value = float(digits + point) * _MINUS.get(mark, 1)
    return Printed(value, max(len(point) - 1, 0), text, (match["unit"] or "").lower(), mark)


def read_pair(text: str) -> tuple[str, str] | None:
    """``123 (45.6%)`` as its two numbers; None for anything else."""
    match = _PAIR.match(clean(text))
    return (match[1], match[2] + match[3]) if match else None
