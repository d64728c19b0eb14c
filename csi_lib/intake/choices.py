"""Cells of questions with several answers, of ticked options and of dates."""

from __future__ import annotations

import pandas as pd

from csi_lib.intake.answers import plain_label
from csi_lib.study.base import written
from csi_lib.study.codebook import Column

#: cells of a multiple-response column that mean "not chosen", where the codebook does not say which mean "chosen"
UNTICKED = ("0", "n", "no", "false", "unchecked", "not selected", "not checked")
#: between the codes of one cell, once coded
BETWEEN = "\x1f"


def tick(text: str, column: Column) -> float | None:
    """1 where the option was chosen, 0 where not; None for a code that `ticked` does not name."""
    chosen = {written(code) for code in column.ticked}
    if text in chosen or (not chosen and text.casefold() not in UNTICKED):
        return 1.0
    return 0.0 if text.casefold() in UNTICKED else None


def known_parts(column: Column) -> dict[str, str]:
    """What may stand between the separators of a column's cells → its code."""
    known = {
        plain_label(text): str(code)
        for code, label in column.labels.items()
        for text in (label.ko, label.en, label.given)
        if text
    }
    return known | {plain_label(written(code)): str(code) for code in column.labels}


def split_cell(text: str, separator: str, known: dict[str, str]) -> list[str] | None:
    """The codes in one cell; None when a part of it is not `known` (without any known code every part is one). Where the
    label of an answer holds the separator itself, the longest label that fits is taken.

    >>> split_cell("Bus, tram; Car, own", ", ", {"bus": "1", "car,own": "2", "tram;car,own": "3"})
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
            code = known.get(plain_label(separator.join(parts[at:end])))
            if code is not None:
                break
        else:
            return None
        out.append(code)
        at = end
    return out


def day(text: str) -> str | None:
    """A date as ISO text (2024-03-05); None for what is no date."""
    found = pd.to_datetime(text, errors="coerce")
    return None if pd.isna(found) else found.date().isoformat()
