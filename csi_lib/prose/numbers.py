"""A number as a reader sees it: value, unit, and the results row it came from.

One table says how each unit is printed; tables, figures, sentences and spreadsheets all print through
`Number`, so a value looks the same wherever it is shown and can always be traced by its row id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from csi_lib.errors import InputError, nearest
from csi_lib.prose.rounding import round_half_up
from csi_lib.study.reading import reading

MINUS = "\u2212"
#: what stands where a number does not exist, and where it may not be shown
NOT_AVAILABLE, SUPPRESSED = "–", "*"
#: what follows a number that rests on a small base
SMALL_BASE = "†"

MARKS = {
    "ko": {NOT_AVAILABLE: "해당 없음 또는 자료 없음", SUPPRESSED: "응답자 보호를 위해 공개하지 않음",
           SMALL_BASE: "사례수가 {base}명 미만이므로 해석에 주의"},
    "en": {NOT_AVAILABLE: "not applicable or no data", SUPPRESSED: "withheld to protect respondents",
           SMALL_BASE: "base under {base}: read with caution"},
}  # fmt: skip

#: what stands between the ends of a range
_TO = {"ko": "~", "en": " to "}
_ROW_ID = re.compile(r"[A-Za-z0-9_.:-]+")


class Unit(NamedTuple):
    """How a unit is printed: decimals, factor, what follows in each language, leading zero or not."""

    digits: int
    scale: int = 1
    ko: str = ""
    en: str = ""
    leading_zero: bool = True

    def suffix(self, lang: str) -> str:
        """The unit's sign, to stand alone: 점, %, %p."""
        return reading().worded(getattr(self, str(check_lang(lang))).strip())


#: the units of results rows (docs/files.md#units), and how many decimals each is printed with
UNITS = {
    "points": Unit(1, ko="점", en=" points"),
    "proportion": Unit(1, 100, "%", "%"),
    "pp": Unit(1, 100, ko="%p", en=" pp"),
    "percent": Unit(1, 1, "%", "%"),
    "nps": Unit(1),
    "count": Unit(0, ko="명"),
    "cases": Unit(0, ko="건"),
    "rank": Unit(0, ko="위"),
    "scale": Unit(2, ko="점"),
    "correlation": Unit(3, leading_zero=False),
    "p_value": Unit(3, leading_zero=False),
    "weight": Unit(3),
    "coefficient": Unit(3),
    "test": Unit(2),
    "ratio": Unit(2),
    "deff": Unit(2),
    "minutes": Unit(1, ko="분", en=" minutes"),
    "seconds": Unit(1, ko="초", en=" seconds"),
    "days": Unit(1, ko="일", en=" days"),
    "won": Unit(0, ko="원", en=" won"),
    "number": Unit(0),
    "amount": Unit(2),
}

#: unit of the fields of a row that do not share the unit of the estimate
_FIELD_UNITS = {
    "n": "count",
    "n_effective": "count",
    "n_weighted": "count",
    "p_value": "p_value",
    "deff": "deff",
    "df": "number",
}
_FIELDS = {"estimate", "se", "ci_low", "ci_high", *_FIELD_UNITS}


def absent(value: object) -> bool:
    """None, NaN, pandas' NA and NaT."""
    if type(value) is str:  # the commonest question, answered first
        return False
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return (isinstance(value, (int, float)) and value != value) or bool(getattr(value, "is_nan", bool)())


@lru_cache(100_000)  # a row stands behind several numbers: its n, its mean, its error
def _well_formed(row_id: str) -> bool:
    return _ROW_ID.fullmatch(row_id) is not None


def unit_of(name: str) -> Unit:
    """How `name` is printed; an unknown unit is an error with the nearest spelling."""
    try:
        return UNITS[name]
    except KeyError:
        close = nearest(name, UNITS)
        raise InputError(
            "unknown unit", found=repr(name), expected=", ".join(UNITS),
            action=f"Did you mean {close}?" if close else None,
        ) from None  # fmt: skip


def check_lang(lang: str) -> str:
    if lang not in MARKS:
        raise InputError("unknown language", where="lang", found=repr(lang), expected="ko or en")
    return lang


@dataclass(frozen=True)
class Number:
    """A value to be shown.

    Attributes
    ----------
    value : as stored in the results (proportions and pp 0–1), unrounded; None or NaN: not available.
    unit : one of `UNITS`.
    digits : decimals; default by the unit.
    row_id : the results row it came from.
    flag : the row's flag; one that names a small base prints `†` in tables.
    signed : print a plus sign too.
    suppressed : may not be shown: prints `*`.
    mark : text set raised after it in tables (letters of significance, a footnote sign).

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.say("The index is {x}.", "en", x=csi_lib.Number(81.25, "points")).text
    'The index is 81.3 points.'
    """

    value: float | None
    unit: str
    digits: int | None = None
    row_id: str | None = None
    flag: str | None = None
    signed: bool = False
    suppressed: bool = False
    mark: str = ""

    def __post_init__(self):
        unit_of(self.unit)
        if isinstance(self.value, (str, bytes, bool)):
            raise InputError("a Number holds a number", found=repr(self.value), expected="a float, an int or None")
        for name in ("row_id", "flag"):
            if absent(getattr(self, name)):
                object.__setattr__(self, name, None)
        if self.row_id is not None and not _well_formed(self.row_id):
            raise InputError("malformed row id", found=repr(self.row_id), expected="letters, digits and _.:-")
        if absent(self.value):
            object.__setattr__(self, "value", None)
        elif self.value in (float("inf"), float("-inf")):
            raise InputError("an infinite number cannot be shown", where=f"row {self.row_id}", found=str(self.value))

    @classmethod
    def from_row(
        cls,
        row: Mapping,
        field: str = "estimate",
        *,
        digits: int | None = None,
        signed: bool = False,
        mark: str = "",
    ) -> Number:
        """The number in `field` of a results row (docs/files.md#results): estimate, se, ci_low, ci_high, n, p_value ….

        `row` is a mapping or a Series with the columns of ``results.parquet``; absent columns are null.
        """
        if field not in _FIELDS:
            raise InputError("unknown field of a results row", found=repr(field), expected=", ".join(sorted(_FIELDS)))
        unit = _FIELD_UNITS.get(field) or row.get("unit")
        if absent(unit):
            raise InputError(
                "a results row without a unit cannot be printed",
                where=f"row {row.get('row_id')}",
                expected=", ".join(UNITS),
            )
        hidden, release = row.get("suppressed"), row.get("release")
        # the mark says what a public reader may not see; a restricted edition is for those who may
        hidden = not absent(hidden) and bool(hidden) and (absent(release) or release != "restricted")
        return cls(
            row.get(field),
            str(unit),
            digits=digits,
            row_id=row.get("row_id"),
            flag=row.get("flag"),
            signed=signed,
            suppressed=hidden,
            mark=mark,
        )

    # ------------------------------------------------------------------ what is printed
    @property
    def shown(self) -> bool:
        """Whether there is a value and it may be read."""
        return self.value is not None and not self.suppressed

    @property
    def small_base(self) -> bool:
        return self.shown and "small" in (self.flag or "")

    @property
    def places(self) -> int:
        return unit_of(self.unit).digits if self.digits is None else self.digits

    def rounded(self):
        """The printed value as a Decimal in the unit of print (a proportion as per cent)."""
        return round_half_up(self.value, self.places, scale=unit_of(self.unit).scale)

    def magnitude(self) -> Number:
        """The same number without its sign, for sentences that say the direction in words."""
        return replace(self, value=None if self.value is None else abs(self.value), signed=False)

    def digits_text(self) -> str:
        """The bare figure: ``63.9``, ``−1.2``, ``1,234``, ``< .001``; or the mark that stands for it."""
        if not self.shown:
            return SUPPRESSED if self.suppressed else NOT_AVAILABLE
        value = self.rounded()
        if self.unit == "p_value" and value.is_zero():
            return f"< .{'0' * (self.places - 1)}1" if self.places else "< 1"
        text = f"{abs(value):,f}"
        if not unit_of(self.unit).leading_zero and text.startswith("0."):
            text = text[1:]
        sign = MINUS if value < 0 else "+" if self.signed and value > 0 else ""
        return sign + text

    def suffix(self, lang: str) -> str:
        """What follows the figure in this language; nothing after a mark."""
        check_lang(lang)
        return reading().worded(getattr(unit_of(self.unit), str(lang))) if self.shown else ""

    def text(self, lang: str, *, unit: bool = True) -> str:
        """As plain text: ``63.9점`` (``unit=False``: ``63.9``), ``12.0%``, ``−2.1%p``, ``< .001``."""
        return self.digits_text() + (self.suffix(lang) if unit else "")

    def markdown(self, lang: str, *, unit: bool = True) -> str:
        """The same as Markdown, the figure in a span that carries its row: ``[63.9]{data-r="…"}점``."""
        body = re.sub(r"([<*])", r"\\\1", self.digits_text())
        if self.row_id is not None:
            body = f'[{body}]{{data-r="{self.row_id}"}}'
        return body + (self.suffix(lang) if unit else "")


@dataclass(frozen=True)
class Interval:
    """Two numbers of one row as a range: ``61.2~66.5`` in Korean, ``61.2 to 66.5`` in English.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.Interval(csi_lib.Number(79.0, "points"), csi_lib.Number(83.0, "points")).low.value
    79.0
    """

    low: Number
    high: Number

    @classmethod
    def from_row(cls, row: Mapping, *, digits: int | None = None) -> Interval:
        """The confidence interval of a results row."""
        return cls(Number.from_row(row, "ci_low", digits=digits), Number.from_row(row, "ci_high", digits=digits))

    @property
    def shown(self) -> bool:
        return self.low.shown and self.high.shown

    @property
    def small_base(self) -> bool:
        return False

    def text(self, lang: str, *, unit: bool = True) -> str:
        if not self.shown:
            return self.low.digits_text() if not self.low.shown else self.high.digits_text()
        between = "~" if check_lang(lang) == "ko" else reading().worded(_TO["en"])
        return self.low.text(lang, unit=False) + between + self.high.text(lang, unit=unit)

    def markdown(self, lang: str, *, unit: bool = True) -> str:
        if not self.shown:
            return (self.low if not self.low.shown else self.high).markdown(lang)
        between = "\\~" if check_lang(lang) == "ko" else reading().worded(_TO["en"])
        return self.low.markdown(lang, unit=False) + between + self.high.markdown(lang, unit=unit)
