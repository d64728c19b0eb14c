"""The reading rule: language, release, levels, bases and families of comparison, decided once and taken everywhere.

A study declares the rule (``thresholds``, ``privacy``, ``report``, ``comparisons``); `open_chapter`, the office formats and
the site make one `Reading` of it and everything below reads the one in force (`reading`): a test is called
significant, an interval is computed and named, a base is marked, a group is compared, by this object and by nothing else.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from statistics import NormalDist
from typing import Self

from csi_lib.study.catalogue import Catalogue, code_of, paragraphs, read_catalogue, tongue
from csi_lib.study.options import Comparisons, Thresholds

#: "95 %" where it names the confidence of an interval in an author's text
_NAMED = re.compile(
    r"95\s?%(?=,? ?(?:동시|신뢰|오차|confidence|simultaneous|interval|region|error|bounds))"
    r"|(?<=\()95%(?=\))|(?<=at )95%"
)
#: "5 %" where it names the level of a test
_TESTED = re.compile(r"(?<![\d.])5\s?%(?= (?:level|유의수준|수준))|(?<=유의수준 )5%")


#: what the controls of a family of comparisons are called, in Korean and English
CONTROLS = {
    "holm": ("Holm", "Holm"),
    "bonferroni": ("Bonferroni", "Bonferroni"),
    "bh": ("Benjamini–Hochberg", "Benjamini–Hochberg"),
    "none": ("보정하지 않음", "not adjusted"),
}


@dataclass(frozen=True)
class Reading:
    """How numbers are read.

    Attributes
    ----------
    lang, release : language of the words; ``public`` or ``restricted``.
    significance : level of every test; below it a difference is called one.
    confidence : of every interval.
    min_base, individuals : bases below which figures are withheld (of groups; of single people).
    small_base : base below which a figure is marked †.
    compared_base : base below which a figure is not compared, ranked or named best or worst.
    comparisons : families of comparison and the control within them.
    thresholds : limits for the words about measurement (alpha, htmt, vif …).
    theme : how figures look; None is the house's.
    catalogue : of a third language, through which every text goes on its way to the page; None in Korean and English.

    Examples
    --------
    >>> from csi_lib.study.reading import Reading, reading
    >>> with Reading(significance=0.01):
    ...     reading().significance
    0.01
    >>> reading().significance
    0.05
    """

    lang: str = "ko"
    release: str = "public"
    significance: float = 0.05
    confidence: float = 0.95
    min_base: int = 5
    individuals: int = 10
    small_base: int = 30
    compared_base: int = 30
    comparisons: Comparisons = field(default_factory=Comparisons)
    thresholds: Thresholds = field(default_factory=Thresholds)
    theme: object | None = field(default=None, compare=False)
    catalogue: Catalogue | None = field(default=None, compare=False)

    @classmethod
    def of(cls, study, *, lang: str | None = None, release: str | None = None, theme=None) -> Self:
        """The rule that a study declares."""
        lang = tongue(lang or study.report.language)
        return cls(
            lang,
            release or study.report.release,
            study.thresholds.significance,
            study.thresholds.confidence,
            study.privacy.min_base,
            study.privacy.individuals,
            study.privacy.small_base_flag,
            study.report.minimum_base,
            study.comparisons,
            study.thresholds,
            theme,
            None if code_of(lang) == lang else read_catalogue(code_of(lang), study.path),
        )

    def compares(self, n) -> bool:
        """Whether a figure on this base may be compared, ranked or called best or worst."""
        return n is not None and n == n and n >= self.compared_base

    def small(self, n) -> bool:
        """Whether a base is small enough to be marked †."""
        return n is not None and 0 < n < self.small_base

    def worded(self, text: str) -> str:
        """An author's text as it is printed: in the language of the catalogue, and with the levels that are in force where it
        says 95%, a test at 5% or (Holm)."""
        if self.catalogue is not None:
            text = self.catalogue.text(text)
        if self.confidence != 0.95 and "95" in text:
            text = _NAMED.sub(f"{100 * self.confidence:g}%", text)
        if self.significance != 0.05 and "5%" in text:
            text = _TESTED.sub(f"{100 * self.significance:g}%", text)
        if self.comparisons.control != "holm" and "(Holm)" in text:
            text = text.replace("(Holm)", f"({CONTROLS[self.comparisons.control][str(self.lang) == 'en']})")
        return text

    def narrative(self, markdown: str) -> str:
        """The author's Markdown between the numbers, paragraph by paragraph in the language of the catalogue."""
        if self.catalogue is None:
            return markdown
        return "".join(self.catalogue.text(part) if said else part for part, said in paragraphs(markdown))

    # ------------------------------------------------------------------ in force
    def adopt(self) -> Self:
        """Put this rule in force for the process: every report's chapters have one of their own."""
        _ADOPTED[0] = self
        return self

    def __enter__(self) -> Self:
        _INSIDE.set((*_INSIDE.get(), self))
        return self

    def __exit__(self, *_) -> None:
        _INSIDE.set(_INSIDE.get()[:-1])


_ADOPTED: list[Reading] = [Reading()]
#: rules in force for a block of code, the innermost last
_INSIDE: ContextVar[tuple[Reading, ...]] = ContextVar("readings", default=())


def reading() -> Reading:
    """The reading rule in force; the defaults where none was adopted."""
    inside = _INSIDE.get()
    return inside[-1] if inside else _ADOPTED[0]


def under_reading(method):
    """A method of something that has a ``reading``, which holds while the method runs."""

    @wraps(method)
    def ruled(self, *arguments, **named):
        with self.reading:
            return method(self, *arguments, **named)

    return ruled


def small_bases(n):
    """``"small_base"`` where a base is small, else None: the one mark † of all chapters.

    n : a number, or an array or series of numbers; missing and 0 carry no mark.
    """
    rule = reading()
    if hasattr(n, "__len__"):
        return ["small_base" if rule.small(v) else None for v in n]
    return "small_base" if n == n and rule.small(n) else None


def confidence(ci: float | None = None) -> float:
    """`ci` where one is asked for, else that of the rule in force."""
    return reading().confidence if ci is None else ci


def half_width() -> float:
    """Normal half-width of an interval in standard errors at the confidence in force: 1.96 at 95 %."""
    return NormalDist().inv_cdf(0.5 + confidence() / 2)


__all__ = ["Reading", "confidence", "half_width", "reading", "small_bases", "under_reading"]
