"""Figures as they are printed, held against the rows they come from."""

from __future__ import annotations

import math
import re
from collections import Counter
from decimal import Decimal
from functools import cached_property

import numpy as np
import pandas as pd

from csi_lib.prose.numbers import UNITS, Number, absent

#: the fields of a results row that are printed
FIELDS = ("estimate", "se", "ci_low", "ci_high", "n", "n_weighted", "n_effective", "df", "deff", "p_value")
_MARKS = frozenset({"*", "–"})
_ABSENT = frozenset({"자료 없음", "not available", "비공개", "withheld"})
_OWN_UNITS = {"n", "n_effective", "n_weighted", "p_value", "deff", "df"}
_MOST = 4  # decimals that anything is printed with

#: a figure in running text, without its sign
FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?|(?<![\d.])\.\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_CLAIM = re.compile(r"(?:n\s*=\s*)\d[\d,]*|[+\u2212-]?\d[\d,]*\.\d+|[+\u2212-]?\d[\d,]*(?:\.\d+)?\s?(?:%p?|점)")


def printed_forms(row: dict) -> set[str]:
    """Every way a number of this row may be printed: each field, at up to four decimals, with and without sign."""
    forms: set[str] = set(_MARKS)
    if absent(row.get("estimate")):
        forms |= _ABSENT
    for digits in (None, *range(_MOST + 1)):
        forms |= _forms(row, digits)
    return forms


def _forms(row: dict, digits: int | None) -> set[str]:
    shown, forms = {**row, "suppressed": False}, set()
    for field in FIELDS:
        if absent(row.get(field)) or not math.isfinite(row[field]):
            continue
        number = Number.from_row(shown, field, digits=digits)
        signed = Number.from_row(shown, field, digits=digits, signed=True)
        forms |= {number.digits_text(), number.magnitude().digits_text(), signed.digits_text()}
    # a margin of error: half the width of the interval
    if digits in (1, 2) and not any(absent(row.get(f)) for f in ("ci_low", "ci_high", "unit")):
        forms.add(Number((row["ci_high"] - row["ci_low"]) / 2, row["unit"], digits=digits).digits_text())
    return forms


def says(row: dict, text: str) -> bool:
    """Whether `text` is a figure, or a mark, that this row may be printed as."""
    if text in _MARKS or (text in _ABSENT and absent(row.get("estimate"))):
        return True
    digits = len(text.partition(".")[2])
    return digits <= _MOST and (text in _forms(row, digits) or text in _forms(row, None))


class Known:
    """Every figure that some row of a results frame may print as, without its sign; asked by figure.

    Computed column by column: a report has ten thousand rows, and each may print in a hundred ways.
    """

    def __init__(self, results: pd.DataFrame):
        self.results = results
        self._by_digits: dict[int, frozenset[int]] = {}

    @cached_property
    def _values(self) -> np.ndarray:
        """Every printed quantity, a proportion as per cent."""
        frame = self.results
        units = frame["unit"].astype(object).where(frame["unit"].notna(), "number")
        scale = units.map(lambda u: UNITS[u].scale if u in UNITS else 1).to_numpy(float)
        parts = []
        for field in FIELDS:
            if field in frame:
                values = pd.to_numeric(frame[field], errors="coerce").to_numpy(float)
                parts.append(values * (1.0 if field in _OWN_UNITS else scale))
        if {"ci_low", "ci_high"} <= set(frame):
            width = pd.to_numeric(frame["ci_high"]) - pd.to_numeric(frame["ci_low"])
            parts.append(width.to_numpy(float) / 2 * scale)
        values = np.abs(np.concatenate(parts)) if parts else np.zeros(0)
        return np.unique(values[np.isfinite(values) & (values < 1e12)])

    def _at(self, digits: int) -> frozenset[int]:
        if digits not in self._by_digits:
            scaled = self._values * 10.0**digits
            # a tie is rounded up on its decimal form, which the binary value may stand a little below of
            both = np.concatenate([np.floor(scaled + 0.5), np.floor(scaled + 0.5 + 1e-6)])
            self._by_digits[digits] = frozenset(both.astype("int64").tolist())
        return self._by_digits[digits]

    def __contains__(self, figure: Decimal) -> bool:
        digits = max(0, -figure.as_tuple().exponent)
        if digits > _MOST:
            return False
        whole = int(abs(figure).scaleb(digits))
        # "< .001" is how a p-value of nothing prints
        return whole in self._at(digits) or (digits == 3 and whole == 1 and 0 in self._at(3))


def known_numbers(results: pd.DataFrame) -> Known:
    """The figures of a frame of results (`Known`)."""
    return Known(results)


def text_findings(text: str, results: pd.DataFrame, *, allowed=frozenset(), known: Known | None = None) -> list[str]:
    """Tokens of a text with a decimal, %, %p, 점 or n= that no row says.

    `known` are the figures of `results`, where several texts are held against the same; `allowed` figures that are none of
    results.
    """
    known = Known(results) if known is None else known
    findings = []
    for token in _CLAIM.findall(text):
        bare = re.sub(r"[^\d.]", "", token.replace(",", "")).rstrip(".")
        if bare and Decimal(bare) not in known and token.strip() not in allowed and bare not in allowed:
            findings.append(token)
    return findings


def counted(text: str) -> Counter:
    """The figures of a text and how often each stands there: those with a decimal, and whole ones of three digits and more
    that are no years (years stand in headings that only some formats have, smaller ones number pages, tables and notes)."""
    return Counter(f for f in FIGURE.findall(text) if "." in f or (len(f.lstrip("0")) > 2 and not _YEAR.fullmatch(f)))


__all__ = ["FIELDS", "FIGURE", "Known", "counted", "known_numbers", "printed_forms", "says", "text_findings"]
