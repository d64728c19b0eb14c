"""Answers meet the codebook: raw codes become typed columns, declared missing becomes missing.

All work is done on a column's distinct raw values, so a million rows cost no more Python than ten.
Nothing is dropped silently: every cell keeps a status (`VALID`, `BLANK`, `MISSING`, `UNDECLARED`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.study.base import Label, written
from csi_lib.study.codebook import SCALED, Codebook, Column, Derivation
from csi_lib.survey.formats import distinct

VALID, BLANK, MISSING, UNDECLARED = range(4)
#: roles whose answers must be declared (or be numbers); what they do not declare is reported
NUMERIC = ("weight", "measure", "number")
#: cells of a multiple-response column that mean "not chosen", where the codebook does not say which mean "chosen"
UNTICKED = ("0", "n", "no", "false", "unchecked", "not selected", "not checked")
#: between the codes of one cell, once coded
BETWEEN = "\x1f"


@dataclass(frozen=True, eq=False)
class CodedColumn:
    """Typed values, the status of each cell, and the undeclared raw values by row position."""

    values: pd.Series
    status: np.ndarray
    undeclared: dict[object, np.ndarray]


def code_column(
    raw: pd.Series, column: Column, codebook: Codebook, year: int, labels: dict[object, str] | None = None
) -> CodedColumn:
    """Code one raw column.

    Items become floats on their original codes (reverse-coded ones turned: low + high − x), groups
    categoricals of codebook codes in codebook order, weights and measures floats, text stays text.
    `labels` are value labels found in the file, which declare a group whose codebook has none.
    """
    codes, raws = distinct(raw)
    answers, status = _answers(raws, column, year)
    if column.role in SCALED:
        answers, status = _on_scale(answers, status, column, codebook)
        values = pd.Series(_take(np.array([*answers, math.nan], float), codes))
    elif column.role in NUMERIC:
        answers, status = _numbers(answers, status)
        values = pd.Series(_take(np.array([*answers, math.nan], float), codes))
    elif column.separator:
        values = _several_codes(answers, status, codes, column)
    elif column.role == "multiple":
        ticks = _ticks(answers, status, column)
        values = pd.Series(_take(np.array([*ticks, math.nan], float), codes))
    elif column.role == "rank" and not column.labels:
        answers, status = _numbers(answers, status)
        values = pd.Series(_take(np.array([*answers, math.nan], float), codes))
    elif column.role == "date":
        values = _dates(answers, status, codes)
    elif column.role in ("group", "single") or column.labels:
        declared = column.labels or {_code(v): label for v, label in (labels or {}).items()}
        answers, status, categories = _declared(answers, status, list(declared))
        place = {code: index for index, code in enumerate(categories)}
        positions = np.array([*(-1 if a is None else place[a] for a in answers), -1], int)
        values = pd.Series(pd.Categorical.from_codes(_take(positions, codes), categories=categories))
    else:
        values = _as_found(answers, codes, column.role)
    wrong = {raws[index]: np.flatnonzero(codes == index) for index, state in enumerate(status) if state == UNDECLARED}
    return CodedColumn(values, _take(np.array([*status, BLANK], np.int8), codes), wrong)


def _take(by_value: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return by_value[codes]  # position −1 (blank) takes the last entry


def _answers(raws: list, column: Column, year: int) -> tuple[list, list[int]]:
    """Raw values after missing codes and derivation: the answer (None = missing) and its status."""
    missing = {written(code) for code in column.missing_in(year)}
    derivation = column.derivation_in(year)
    mapped = {written(k): v for k, v in derivation.map.items()} if derivation else {}
    answers, status = [], []
    for raw in raws:
        text = written(raw) if isinstance(raw, (str, int, float, np.number, bool)) else str(raw)
        if text == "":
            answer, state = None, BLANK
        elif text in missing:
            answer, state = None, MISSING
        elif derivation:
            answer = _derive(text, raw, mapped, derivation)
            state = MISSING if answer is None else VALID
        else:
            answer, state = raw, VALID
        answers.append(answer)
        status.append(state)
    return answers, status


def _derive(text: str, raw: object, mapped: dict, derivation: Derivation):
    if text in mapped:
        return mapped[text]
    number = _number(text)
    if number is not None:
        for code, (low, high) in derivation.ranges.items():
            if (low is None or number >= low) and (high is None or number <= high):
                return code
    return raw if derivation.otherwise == "keep" else None


def _on_scale(answers: list, status: list[int], column: Column, codebook: Codebook):
    scale = codebook.scales[column.scale]
    answers, status = _numbers(answers, status)
    for index, value in enumerate(answers):
        if status[index] == VALID and not scale.holds(value):
            answers[index], status[index] = math.nan, UNDECLARED
        elif column.reverse:
            answers[index] = scale.low + scale.high - value
    return answers, status


def _numbers(answers: list, status: list[int]):
    numbers = []
    for index, answer in enumerate(answers):
        number = math.nan if answer is None else _number(answer)
        if number is None:
            number, status[index] = math.nan, UNDECLARED
        numbers.append(number)
    return numbers, status


def _declared(answers: list, status: list[int], categories: list):
    """Answers as codebook codes. Without any declared code the answers found are the codes."""
    if not categories:
        answers = [None if answer is None else _code(answer) for answer in answers]
        categories = sorted({a for a in answers if a is not None}, key=lambda a: (isinstance(a, str), a))
        return answers, status, categories
    known = {written(code): code for code in categories}
    for index, answer in enumerate(answers):
        if answer is None:
            continue
        answers[index] = known.get(written(answer) if isinstance(answer, (str, int, float, np.number)) else None)
        if answers[index] is None:
            status[index] = UNDECLARED
    return answers, status, categories


def _ticks(answers: list, status: list[int], column: Column) -> list[float]:
    """1 where the option was chosen, 0 where not; a code that `ticked` does not name is undeclared."""
    chosen = {written(code) for code in column.ticked}
    out = []
    for index, answer in enumerate(answers):
        text = None if answer is None else written(answer)
        if text is None:
            out.append(math.nan)
        elif text in chosen or (not chosen and text not in UNTICKED):
            out.append(1.0)
        elif text in UNTICKED:
            out.append(0.0)
        else:
            out.append(math.nan)
            status[index] = UNDECLARED
    return out


def _several_codes(answers: list, status: list[int], codes: np.ndarray, column: Column) -> pd.Series:
    """Cells that hold several answers: their codes in the order given, between `BETWEEN`; one that is not declared makes
    the cell undeclared. Where the label of an answer holds the separator itself, the longest label that fits is taken."""
    known = {written(text): str(code) for code, label in column.labels.items() for text in _texts_of(label)}
    known |= {written(code): str(code) for code in column.labels}
    texts = np.empty(len(answers) + 1, dtype=object)
    texts[-1] = None
    for index, answer in enumerate(answers):
        found = None if answer is None else split_cell(str(answer), column.separator, known)
        if answer is not None and found is None:
            status[index] = UNDECLARED
        texts[index] = None if found is None else BETWEEN.join(dict.fromkeys(found))
    return pd.Series(list(_take(texts, codes)), dtype=TEXT)


def _texts_of(label: Label) -> list[str]:
    return [text for text in (label.ko, label.en, label.given) if text]


def split_cell(text: str, separator: str, known: dict[str, str]) -> list[str] | None:
    """The codes in one cell; None when a part of it is not `known` (without any known code every part is one).

    >>> split_cell("Bus, tram; Car, own", ", ", {"bus": "1", "car, own": "2", "tram; car, own": "3"})
    ['1', '3']
    """
    parts = [part.strip() for part in text.split(separator)]
    if not known:
        return [part for part in parts if part]
    out, at = [], 0
    while at < len(parts):
        if not parts[at]:
            at += 1
            continue
        for end in range(len(parts), at, -1):
            code = known.get(written(separator.join(parts[at:end]))) or known.get(
                written(separator.strip().join(parts[at:end]))
            )
            if code is not None:
                break
        else:
            return None
        out.append(code)
        at = end
    return out


def _dates(answers: list, status: list[int], codes: np.ndarray) -> pd.Series:
    """Days as ISO text (2024-03-05); what is no date is undeclared."""
    texts = np.empty(len(answers) + 1, dtype=object)
    texts[-1] = None
    for index, answer in enumerate(answers):
        day = None if answer is None else pd.to_datetime(str(answer), errors="coerce")
        if answer is not None and pd.isna(day):
            status[index] = UNDECLARED
        texts[index] = None if answer is None or pd.isna(day) else day.date().isoformat()
    return pd.Series(list(_take(texts, codes)), dtype=TEXT)


def _as_found(answers: list, codes: np.ndarray, role: str) -> pd.Series:
    """Text as text; design and quasi columns as numbers when all of them are."""
    if role in ("design", "quasi"):
        numbers = [math.nan if a is None else _number(a) for a in answers]
        if None not in numbers:
            return pd.Series(_take(np.array([*numbers, math.nan], float), codes))
    texts = np.empty(len(answers) + 1, dtype=object)
    texts[:] = [*(None if a is None else str(a).strip() for a in answers), None]
    return pd.Series(list(_take(texts, codes)), dtype=TEXT)


def _number(value: object) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _code(value: object):
    """A raw value as a code: whole numbers as int, text without outer blanks."""
    number = None if isinstance(value, str) and not value.strip() else _number(value)
    if number is None:
        return str(value).strip()
    return int(number) if number.is_integer() else number


def labels_of(values: pd.Series, found: dict[object, str] | None) -> dict[object, Label]:
    """Labels of a group whose codebook gives none: those in the file, else the answers themselves."""
    named = {_code(code): label for code, label in (found or {}).items()}
    return {code: Label.model_validate(named.get(code, str(code))) for code in values.cat.categories}


#: text columns: pandas 3 has a dtype of its own, pandas 2 keeps Python strings
TEXT = "str" if int(pd.__version__.split(".")[0]) >= 3 else None
