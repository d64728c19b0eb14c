"""What every element of a study has in common: nothing unknown, nothing changed after reading."""

from __future__ import annotations

import re
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

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


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
        found = getattr(self, lang, None) or self.given
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


class TextsByYear(ByYear):
    default: Several[str] | None = None
    years: dict[int, Several[str] | None] = {}


class CodesByYear(ByYear):
    default: Several[Code] | None = None
    years: dict[int, Several[Code] | None] = {}


def _is_year(key: object) -> bool:
    return isinstance(key, int) and 1900 <= key <= 2200


def written(value: object) -> str:
    """The one spelling under which a code of a file and a code of a codebook are compared.

    ``3``, ``3.0``, ``"3"`` and ``" 3 "`` are the same code, ``Blank`` and ``BLANK`` too: statistical
    packages, spreadsheets and text files write the same answer in all these ways.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text)
        except ValueError:
            return text.casefold()
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
