"""Answers meet the codebook: texts as written become typed columns, declared missing becomes missing.

All work is done on a column's distinct texts. Nothing is dropped silently: every cell keeps a status (`VALID`, `BLANK`,
`MISSING`, `UNDECLARED`, `UNMAPPED`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.intake.answers import Spelled
from csi_lib.intake.cells import Cells
from csi_lib.intake.choices import BETWEEN, day, known_parts, split_cell, tick
from csi_lib.intake.numbers import reader
from csi_lib.intake.workbook import ERRORS
from csi_lib.study.base import Code, Label, code_of, number_in, trimmed, written
from csi_lib.study.codebook import SCALED, Codebook, Column, Derivation

#: UNMAPPED: an answer that `derive` with ``otherwise: missing`` does not name
VALID, BLANK, MISSING, UNDECLARED, UNMAPPED = range(5)
#: roles whose answers must be numbers
NUMERIC = ("weight", "measure", "number")


@dataclass(frozen=True, eq=False)
class CodedColumn:
    """Typed values, the status of each cell, undeclared texts by row position, how many answers were written out, and of how
    many the file says "missing" and the codebook "an answer"."""

    values: pd.Series
    status: np.ndarray
    undeclared: dict[str, np.ndarray]
    mapped: int = 0
    contested: dict[str, int] | None = None


class Coder:
    """Reads the answers of one column in one year.

    Parameters
    ----------
    labels : value labels found in the file, which declare a group or choice whose codebook has none.
    missing_text : texts that mean "no answer" in every column of the source.
    file_missing : what the file itself calls missing.
    decimal, separator : how numbers are written in a text file; ``typed`` files have numbers of their own.
    number : the column must be a number whatever its role (a finite population correction).
    """

    def __init__(
        self, column: Column, codebook: Codebook, year: int, *, labels: Mapping[str, str] | None = None,
        missing_text: tuple[str, ...] = (), file_missing: Callable[[str], bool] | None = None,
        decimal: str | None = None, separator: str | None = None, number: bool = False,
    ):  # fmt: skip
        self.column, self.scale = column, codebook.scales.get(column.scale) if column.scale else None
        self._missing = {written(code) for code in column.missing_in(year)}
        self._folded = {code.casefold() for code in self._missing}
        self._text = {trimmed(text).casefold() for text in missing_text}
        self._file_missing, self._decimal, self._separator = file_missing, decimal, separator
        self.derivation = column.derivation_in(year)
        self.labels = column.labels
        if column.role in ("group", "single") and not column.labels and labels:
            given = {code_of(code): Label(given=t) for code, t in labels.items() if t}
            self.labels = {code: label for code, label in given.items() if written(code) not in self._missing}
        self.kind = self._kind(number)
        codes = self.labels
        if self.scale:
            codes = {c: t for k, t in self.scale.labels.items() if (c := self._on_scale(written(k))) is not None}
        self._spelled = Spelled(codes, codes, self._on_scale if self.scale else None)
        self._mapped = Spelled(self.derivation.map, {}) if self.derivation else None
        self._parts = known_parts(column) if self.kind == "several" else {}
        self._number: Callable[[str], float | None] = number_in

    def _kind(self, number: bool) -> str:
        column = self.column
        if column.role in SCALED:
            return "code"
        if number or column.role in NUMERIC:
            return "number"
        if column.separator:
            return "several"
        if column.role == "multiple":
            return "tick"
        if column.role == "rank" and not column.labels:
            return "number"
        if column.role == "date":
            return "date"
        if self.labels:
            return "code"
        return "open" if column.role in ("group", "single") else "found"

    @property
    def judging(self) -> bool:
        """Whether it can tell an answer from what is none."""
        return self.kind in ("code", "number", "tick", "date") or (self.kind == "several" and bool(self._parts))

    def _on_scale(self, text: str) -> Code | None:
        code = code_of(text)
        return None if isinstance(code, str) or not self.scale.holds(code) else code

    def holds(self, text: str) -> bool:
        """Whether a text is an answer, or a declared "no answer"."""
        return self.read(text)[1] in (VALID, MISSING)

    def read(self, text: str) -> tuple[object, int, bool]:
        """The answer (None = missing), its status, and whether it was written out."""
        if text == "":
            return None, BLANK, False
        if text in ERRORS:
            return None, UNDECLARED, False
        plain = written(text)
        if plain in self._missing or plain.casefold() in self._text:
            return None, MISSING, False
        if self._file_missing is not None and self._file_missing(plain) and not self._declared_answer(plain):
            return None, MISSING, False
        if self.derivation:
            answer, state, out = self._derived(text, plain)
            if state is not None:
                return answer, state, out
        answer, state, out = self._answer(text)
        if (
            state == UNDECLARED or out or self.kind in ("open", "found", "tick", "several")
        ) and plain.casefold() in self._folded:
            return None, MISSING, False
        return answer, state, out

    def _answer(self, text: str) -> tuple[object, int, bool]:
        plain = written(text)
        if self.kind == "code":
            code = self._spelled.exact(text)
            if code is None and self._decimal == "," and (number := self._number(text)) is not None:
                code = self._spelled.exact(written(number))
            if code is not None:
                return code, VALID, False
            code = self._spelled.meant(text)
            return (None, UNDECLARED, False) if code is None else (code, VALID, True)
        if self.kind == "number":
            answer = self._number(text)
            answer = None if answer is None or not math.isfinite(answer) else answer
        elif self.kind == "tick":
            answer = tick(plain, self.column)
        elif self.kind == "several":
            parts = split_cell(text, self.column.separator, self._parts)
            answer = None if parts is None else BETWEEN.join(dict.fromkeys(parts))
        elif self.kind == "date":
            answer = day(text)
        elif self.kind == "open":
            answer = code_of(text)
        else:
            answer = text if self.column.role == "text" else plain
        return (None, UNDECLARED, False) if answer is None else (answer, VALID, False)

    def _declared_answer(self, plain: str) -> bool:
        return (
            self.kind == "code"
            and (bool(self.scale) or bool(self.column.labels))
            and self._spelled.exact(plain) is not None
        )

    def _derived(self, text: str, plain: str) -> tuple[object, int | None, bool]:
        derivation: Derivation = self.derivation
        code, out = self._mapped.exact(plain), False
        if code is None and plain.casefold() not in self._folded and (code := self._mapped.meant(plain)) is not None:
            out = True
        if code is not None:
            return self._as_code(derivation.map[code], out)
        number = self._number(text)
        if number is not None:
            for code, (low, high) in derivation.ranges.items():
                if (low is None or number >= low) and (high is None or number <= high):
                    return self._as_code(code, False)
        if derivation.otherwise == "keep":
            return None, None, False
        return None, (MISSING if plain.casefold() in self._folded else UNMAPPED), False

    def _as_code(self, answer: Code | None, out: bool) -> tuple[object, int, bool]:
        if answer is None:
            return None, MISSING, out
        found, state, _ = self._answer(written(answer))
        return found, state, out

    def code(self, cells: Cells) -> CodedColumn:
        """Items become floats (reverse-coded ones turned: low + high − x), groups categoricals of codebook codes in codebook
        order, weights and measures floats; text stays text."""
        if self._decimal is not None or self.kind == "number" or self.derivation:
            self._number = reader(cells.texts, self._decimal, self._separator)
        found = [self.read(text) for text in cells.texts]
        answers, status = [f[0] for f in found], np.array([*(f[1] for f in found), BLANK], np.int8)
        counts = cells.counts()
        mapped = int(sum(n for n, f in zip(counts, found, strict=True) if f[2]))
        contested = None
        if self._file_missing is not None:
            hit = {written(t): int(n) for t, n in zip(cells.texts, counts, strict=True) if n and self._declared_answer(written(t))
                   and written(t) not in self._missing and self._file_missing(written(t))}  # fmt: skip
            contested = hit or None
        wrong = {
            t: np.flatnonzero(cells.codes == i)
            for i, t in enumerate(cells.texts)
            if status[i] == UNDECLARED and counts[i]
        }
        return CodedColumn(self._typed(answers, cells.codes), status[cells.codes], wrong, mapped, contested)

    def _typed(self, answers: list, codes: np.ndarray) -> pd.Series:
        role = self.column.role
        if role in SCALED:
            ends = self.scale.low + self.scale.high
            numbers = [math.nan if a is None else float(ends - a) if self.column.reverse else float(a) for a in answers]
            return pd.Series(np.array([*numbers, math.nan], float)[codes])
        if self.kind in ("number", "tick"):
            numbers = [math.nan if a is None else float(a) for a in answers]
            return pd.Series(np.array([*numbers, math.nan], float)[codes])
        if self.kind in ("code", "open"):
            found = {a for a in answers if a is not None}
            categories = list(self.labels) or sorted(found, key=lambda a: (isinstance(a, str), a))
            place = {code: index for index, code in enumerate(categories)}
            positions = np.array([*(-1 if a is None else place[a] for a in answers), -1], int)
            return pd.Series(pd.Categorical.from_codes(positions[codes], categories=categories))
        return _as_found(answers, codes, role)


def _as_found(answers: list, codes: np.ndarray, role: str) -> pd.Series:
    """Text as text; design and quasi columns as numbers when every one of them is written as a number."""
    if role in ("design", "quasi"):
        numbers = [math.nan if a is None else code_of(str(a)) for a in answers]
        if not any(isinstance(number, str) for number in numbers):
            return pd.Series(np.array([*numbers, math.nan], float)[codes])
    texts = np.empty(len(answers) + 1, dtype=object)
    texts[:] = [*(None if a is None else str(a) for a in answers), None]
    return pd.Series(list(texts[codes]), dtype=TEXT)


def labels_of(values: pd.Series, found: Mapping[Code, Label]) -> dict[Code, Label]:
    """Labels of a group whose codebook gives none: those in the file, else the answers themselves."""
    return {code: found.get(code) or Label.model_validate(str(code)) for code in values.cat.categories}


#: text columns: pandas 3 has a dtype of its own, pandas 2 keeps Python strings
TEXT = "str" if int(pd.__version__.split(".")[0]) >= 3 else None
