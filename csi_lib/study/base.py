"""What every element of a study has in common: nothing unknown, nothing changed after reading."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from csi_lib.errors import InputError

#: languages that reports are written in
Language = Literal["ko", "en"]
PROSE = ("ko", "en")
#: language of labels: two letters, ISO 639-1
LanguageCode = Annotated[str, Field(pattern="^[a-z]{2}$")]
#: a code as it stands in a data file: 3, "A", "Blank"
Code = int | float | str
#: a number that is not negative
Amount = Annotated[float, Field(ge=0)]
#: decimals that are printed
Digits = Annotated[int, Field(ge=0, le=6)]

#: an address, or a file of the study, where a reader finds the evidence
Link = Annotated[str, Field(pattern=r"^(https?://[^\s<>\"]+|[\w./-]+)$")]

_HANGUL = re.compile(r"[가-힣ㄱ-ㆎ]")
_LETTER = re.compile(r"[^\W\d_]")


class PlacedError(ValueError):
    """A fault found by looking at a whole element, which knows where below it the culprit stands.

    place : the path of the culprit in the file, so that the message names its line.
    """

    def __init__(self, problem: str, *place, expected: str | None = None, action: str | None = None):
        self.place, self.expected, self.action = place, expected, action
        super().__init__(problem)


class Part(BaseModel):
    """An element of a study file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _something_where_asked(self):
        """A list or mapping that must be given must not be empty."""
        for name, field in type(self).model_fields.items():
            if field.is_required() and isinstance(value := getattr(self, name), (dict, list, tuple)) and not value:
                raise PlacedError("there is nothing in it", field.alias or name, action="Fill it in.")
        return self


class Label(Part):
    """Text a reader sees, in each language of the study.

    In YAML a label is ``{ko: 친절성, en: Kindness}``. A plain string stands for the language it is
    written in: with Hangul it is Korean, with other letters English, without letters (``1~5``) both.
    A label in another language (``{es: Amabilidad}``) is shown as given, whatever the prose is written in.
    """

    ko: str | None = Field(None, description="the text in Korean", examples=["친절성"])
    en: str | None = Field(None, description="the text in English", examples=["Kindness"])
    given: str | None = Field(
        None,
        description="the text in the study's own language, shown as it is in every edition",
        examples=["Amabilidad"],
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, dict):
            others = {
                k: v
                for k, v in value.items()
                if isinstance(k, str) and re.fullmatch("[a-z]{2}", k) and k not in ("ko", "en")
            }
            if others and not value.get("given"):
                kept = {k: v for k, v in value.items() if k not in others}
                return {**kept, "given": next(iter(others.values()))}
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return value
        text = str(value)
        if _HANGUL.search(text):
            return {"ko": text}
        if _LETTER.search(text):
            return {"en": text}
        return {"ko": text, "en": text}

    @model_validator(mode="after")
    def _not_empty(self):
        if not (self.ko or self.en or self.given):
            raise ValueError("a label needs a text")
        return self

    def text(self, lang: str = "ko") -> str:
        """The text in `lang`; InputError when the study does not give it."""
        code = getattr(lang, "code", lang)  # a language with a catalogue: the study's own words before the English ones
        own = self.given if code not in PROSE else None
        found = own or getattr(self, str(lang), None) or self.given
        if not found and code not in PROSE:
            found = self.en or self.ko
        if not found:
            raise InputError(
                f"this label has no text in {lang!r}",
                found=repr(self.ko or self.en),
                expected=f"{{{lang}: …}}",
                action="Add the translation to the study's file.",
            )
        return found

    def __str__(self) -> str:
        return self.ko or self.en or self.given or ""


def _listed(value: Any) -> Any:
    return value if value is None or isinstance(value, (list, tuple)) else [value]


T = TypeVar("T")
#: one value or several, written without brackets when it is one
Several = Annotated[tuple[T, ...], BeforeValidator(_listed)]


class ByYear(Part):
    """A setting that may differ from year to year: ``default`` and the ``years`` that differ.

    In YAML a plain value is the default; ``{default: …, 2016: …}`` names the years that differ, and
    ``2013: null`` says that the year has none. Each kind of setting is a subclass with typed fields.
    """

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, ByYear):
            return {"default": value.default, "years": value.years}
        if isinstance(value, dict) and value and all(k == "default" or _is_year(k) for k in value):
            return {
                "default": value.get("default"),
                "years": {k: v for k, v in value.items() if k != "default"},
            }
        return {"default": value}

    def get(self, year: int | None):
        return self.years.get(year, self.default)


class TextByYear(ByYear):
    default: str | None = None
    years: dict[int, str | None] = {}


class CodeByYear(ByYear):
    default: Code | None = None
    years: dict[int, Code | None] = {}


class WholeByYear(ByYear):
    default: int | None = None
    years: dict[int, int | None] = {}


class RowsByYear(ByYear):
    default: int | tuple[int, ...] | None = None
    years: dict[int, int | tuple[int, ...] | None] = {}


class TextsByYear(ByYear):
    default: Several[str] | None = None
    years: dict[int, Several[str] | None] = {}


class CodesByYear(ByYear):
    default: Several[Code] | None = None
    years: dict[int, Several[Code] | None] = {}


def _is_year(key: object) -> bool:
    return isinstance(key, int) and 1900 <= key <= 2200


#: a number as statistical packages and spreadsheets write it: no leading zero, no exponent
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
#: what some programs put around a cell and nobody sees: byte order mark, zero-width blanks, NUL
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060\x00"
#: digits that every binary number keeps
_EXACT_DIGITS = 15


def trimmed(text: str) -> str:
    """Text without outer blanks and unseen characters, in Unicode's composed form (NFC)."""
    if text.isascii() and "\x00" not in text:
        return text.strip()
    text = unicodedata.normalize("NFC", text).strip()
    while text and (text[0] in _UNSEEN or text[-1] in _UNSEEN):
        text = text.strip(_UNSEEN).strip()
    return text


def written(value: object) -> str:
    """The one spelling under which a code or an id of a file and one of a codebook are compared: as written.

    A number is its shortest decimal form, so ``3``, ``3.0``, ``"3"`` and ``" 3.00 "`` are the same code. Everything else
    stays itself: ``01``, ``1e2``, ``1_0``, ``A`` and ``a``, an id of seventeen digits.
    """
    if isinstance(value, str):
        if value.isdigit() and value[0] != "0" and value.isascii():
            return value  # most codes and ids
        text = trimmed(value)
        if _DECIMAL.fullmatch(text):
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return "0" if text == "-0" else text
        return text
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int) or type(value).__name__.startswith(("int", "uint")):
        return str(int(value))
    number = float(value)
    if not math.isfinite(number):
        return str(number)
    return str(int(number)) if number.is_integer() else format(Decimal(repr(number)), "f")


def code_of(text: str) -> Code:
    """A written answer as a code: a number where the text is one in its decimal form and short enough to be exact."""
    text = written(text)
    if not _DECIMAL.fullmatch(text) or sum(c.isdigit() for c in text) > _EXACT_DIGITS:
        return text
    return float(text) if "." in text else int(text)


def number_in(text: str) -> float | None:
    """The number a text writes (``3``, ``-.5``, ``1.2e-3``), or None: no underscores, no words, no other alphabets' digits."""
    text = trimmed(text)
    return float(text) if _NUMBER.fullmatch(text) else None


def collisions(codes: Iterable[object]) -> list[tuple[object, object]]:
    """Pairs of declared codes that are one and the same in a file, such as ``1`` and ``"1.0"``."""
    first: dict[str, object] = {}
    found = []
    for code in codes:
        text = written(code)
        if text in first:
            found.append((first[text], code))
        first.setdefault(text, code)
    return found
