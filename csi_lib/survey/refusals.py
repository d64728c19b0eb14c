"""What stops the answers of an agency from being used, in words that name codes, columns and rows, and nobody's answer."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.numbers import DOUBTFUL
from csi_lib.intake.wave import CodedWave
from csi_lib.intake.workbook import ERRORS
from csi_lib.study.base import number_in, written
from csi_lib.study.codebook import SCALED, Codebook

_LISTED = 10  # errors shown of a kind


def refuse_undeclared(wave: CodedWave, chosen, settings, place: str) -> None:
    wrong = wave.undeclared
    wrong = wrong[chosen[wrong["row"].to_numpy(int)]]
    weights = wrong["column"].isin(wave.codebook.of_role("weight"))
    if settings.on_undeclared == "missing":
        wrong = wrong[weights]  # a weight that is no number is never "no answer"
    if wrong.empty:
        return
    kinds = wrong.groupby(["column", "value"], sort=False)["file_row"].agg(list)
    shown = "; ".join(_met(column, value, rows) for (column, value), rows in kinds.head(_LISTED).items())
    more = f" and {len(kinds) - _LISTED} more" if len(kinds) > _LISTED else ""
    raise InputError(
        "answers that the codebook does not declare",
        where=place,
        found=shown + more,
        expected=_declared(wave.codebook, wrong["column"].iloc[0]),
        action=_remedy(wrong["value"].unique()),
    )


def _met(column: str, value: str, rows: list[int]) -> str:
    if len(rows) == 1:
        return f"row {rows[0]}, {column}: {_value(value)}"
    return f"{column}: {_value(value)} in {len(rows)} rows ({rows_text(rows)})"


def _value(value: str) -> str:
    """Codes are shown, and words that stand for no answer; other text may be about a person and is not."""
    text = str(value)
    if number_in(text) is not None or text in ERRORS or text.casefold() in _NO_ANSWER or DOUBTFUL.fullmatch(text):
        return text
    return "a date" if _DATE.match(text) else f"text of {len(text)} characters"


def _remedy(values) -> str:
    words = [v for v in values if v.casefold() in _NO_ANSWER]
    commas = [v for v in values if DOUBTFUL.fullmatch(v)]
    if words and len(words) == len(values):
        return f"If this means no answer, write 'missing_text: [{', '.join(words)}]' for the source."
    if commas:
        return "If these are decimal commas write 'decimal: \",\"' for the source; if thousands, 'decimal: \".\"'."
    return "Correct the data, declare the codes ('labels', 'missing', 'derive') or set 'on_undeclared: missing' for the source."


#: words with which programs and people write that there is no answer
# fmt: off
_NO_ANSWER = frozenset((
    "na", "n/a", "n.a.", "nan", "null", "none", "nil", ".", "-", "--", "–", "—", "?", "x", "blank", "missing",
    "#n/a", "무응답", "모름", "없음", "해당없음", "비해당", "결측", "해당 없음", "no answer", "not applicable", "don't know",
))
# fmt: on
_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


def _declared(codebook: Codebook, name: str) -> str:
    column = codebook.columns[name]
    if column.role in SCALED:
        scale = codebook.scales[column.scale]
        return f"{scale.low:g} to {scale.high:g} in {name}"
    codes = ", ".join(str(code) for code in column.labels)
    return f"one of {codes} in {name}" if codes else f"a number in {name}"


def refuse_unanswered(wave: CodedWave, year: int, place: str) -> None:
    """An item that nobody of any agency answered was not asked, or its codes are wrong; or its question before let
    nobody through (no complaint, so nobody was asked how it was handled)."""
    silent = [item for item in wave.unanswered if _somebody_asked(wave, item)]
    if silent:
        raise InputError(
            "nobody answered these items",
            where=place,
            found=", ".join(silent[:_LISTED]),
            action=f"If they were not asked in {year}, write 'names: {{{year}: null}}' in the codebook; if only some were asked, "
            "say whom with 'asked_if'; else check their missing codes.",
        )


def _somebody_asked(wave: CodedWave, item: str) -> bool:
    for column, codes in wave.codebook.columns[item].asked_if.items():
        if (
            column in wave.frame
            and not wave.given(column).map(written, na_action="ignore").isin(map(written, codes)).any()
        ):
            return False
    return True


def refuse_weights(weights: pd.Series, name: str, file_rows: np.ndarray, place: str) -> None:
    for wrong, what in ((weights.isna(), "missing"), (weights < 0, "negative")):
        if wrong.any():
            raise InputError(
                f"weights are {what}",
                where=place,
                found=f"{name} in {int(wrong.sum())} row(s): {rows_text(file_rows[wrong.to_numpy()])}",
                action="Every respondent needs a weight of zero or more.",
            )
    if len(weights) and not (weights > 0).any():
        raise InputError("all weights are zero", where=place, found=name)


def rows_text(rows) -> str:
    shown = ", ".join(str(row) for row in rows[:_LISTED])
    return f"{shown} and {len(rows) - _LISTED} more" if len(rows) > _LISTED else shown
