"""Which rows of a grid are header: one, two (a question above its answers) or three, with or without a title above."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

from csi_lib.draft.sheet import Grid, RawColumn, RawSheet
from csi_lib.errors import InputError

#: what the second header row says where a question has one answer only
_GENERIC = re.compile(
    r"^(open-ended )?(response|respuesta|respuesta abierta|응답|개방형 응답|reponse|réponse)s?$", re.IGNORECASE
)
_IMPORT_ID = re.compile(r'^\{"ImportId"', re.IGNORECASE)
_RESPONDENT = re.compile(r"^(respondent|collector|id de encuestado|id del encuestado|응답자)\s*_?(id)?$", re.IGNORECASE)
_TIMESTAMP = re.compile(
    r"^(timestamp|marca temporal|타임스탬프|응답\s?일시|제출\s?일시|참여\s?일시|설문\s?참여\s?시간)$", re.IGNORECASE
)
_NUMBER = re.compile(r"^-?\d+([.,]\d+)?$")
#: rows looked at for a header below a title
_DEPTH = 12


def sheet_of(grid: Grid) -> RawSheet:
    """The grid's columns. Raises InputError where it holds no table of answers."""
    rows = grid.rows
    if len(rows) < 2:
        raise InputError("this file has no row of answers below its header", where=str(grid.file))
    first = _header_row(rows)
    head = rows[first]
    width = max(len(head), max((len(r) for r in rows[first : first + 50]), default=0))
    head = head + [""] * (width - len(head))
    notes = [f"{first} row(s) above the header were left out"] if first else []
    if first + 2 < len(rows) and any(_IMPORT_ID.match(cell) for cell in rows[first + 2]):
        texts = rows[first + 1]
        columns = _columns(head, rows[first + 3 :], texts)
        return RawSheet(grid.file, grid.sheet, columns, "qualtrics", False, tuple(notes))
    second = _second_header(rows, first, width)
    if second:
        names, texts, options, questions, kinds = _two_rows(head, second)
        columns = _columns(names, rows[first + 2 :], texts, options, questions, kinds)
        profile = "surveymonkey" if any(_RESPONDENT.match(h) for h in head[:4]) else "two header rows"
        return RawSheet(grid.file, grid.sheet, columns, profile, False, tuple(notes))
    columns = _columns(head, rows[first + 1 :], head)
    profile = "forms" if any(_TIMESTAMP.match(h) for h in head[:3]) else "plain"
    named = [h for h in head if h]
    plain = first == 0 and len(named) == len(head) == len({h.casefold() for h in head}) and grid.sheets == 1
    return RawSheet(grid.file, grid.sheet, columns, profile, plain, tuple(notes))


def _header_row(rows: list[list[str]]) -> int:
    """The first row that is about as wide as the table below it and is no row of numbers."""
    widths = Counter(sum(bool(c) for c in row) for row in rows[1:200])
    usual = max(widths, key=lambda w: (widths[w], w)) if widths else 1
    for at, row in enumerate(rows[:_DEPTH]):
        filled = sum(bool(c) for c in row)
        numbers = sum(bool(_NUMBER.match(c)) for c in row if c)
        if filled >= max(1, 0.5 * usual) and numbers < 0.5 * filled:
            return at
    return 0


def _second_header(rows, first: int, width: int) -> list[str] | None:
    """The row below the header when it holds answers to a question that spans columns; None when it is a record.

    Its mark: the first row leaves cells blank where the second has a text (a question above several columns), and the
    columns that name the respondent have nothing in the second.
    """
    if first + 2 >= len(rows):
        return None
    head, row = rows[first] + [""] * width, rows[first + 1] + [""] * width
    spanned = sum(1 for k in range(1, width) if not head[k] and row[k])
    generic = sum(1 for k in range(width) if _GENERIC.match(row[k]))
    numbers = sum(1 for k in range(width) if _NUMBER.match(row[k]))
    filled = sum(1 for k in range(width) if row[k])
    if numbers > 0.2 * max(filled, 1):
        return None
    if (spanned >= 1 and filled and not row[0]) or generic >= 2 or spanned >= max(3, 0.2 * width):
        return row[:width]
    return None


def _two_rows(head: list[str], second: list[str]):
    """Names q1, q2_1 …, the question above each column, and the answer or item each column stands for."""
    names, texts, options, questions, kinds = [], [], [], [], []
    number, current, part = 0, "", 0
    spans = [bool(h) for h in head] + [True]
    for at, (above, below) in enumerate(zip(head, second, strict=True)):
        if above:
            current, part = above, 0
            if below:
                number += 1
        part += 1
        alone = above and spans[at + 1]
        if not below:
            names.append(above or f"column_{at + 1}")
            texts.append(above)
            options.append("")
            questions.append("")
        elif alone and (_GENERIC.match(below) or not below):
            names.append(f"q{number}")
            texts.append(current)
            options.append("")
            questions.append("")
        else:
            names.append(f"q{number}_{part}")
            texts.append(current if _GENERIC.match(below) else f"{current} [{below}]")
            options.append("" if _GENERIC.match(below) else below)
            questions.append(current)
        kinds.append("text" if "open-ended" in below.casefold() else "")
    return names, texts, options, questions, kinds


def _columns(names, rows, texts, options=None, questions=None, kinds=None) -> tuple[RawColumn, ...]:
    """Columns with names that stand once; a column without a name gets that of its place; a wholly blank one without a
    name is dropped."""
    width = len(names)
    padded = [row[:width] + [""] * (width - len(row)) for row in rows if any(row)]
    if not padded:
        raise InputError("there is no row of answers below the header")
    texts = list(texts or [""] * width) + [""] * width
    taken: set[str] = set()
    out = []
    for k, values in enumerate(zip(*padded, strict=True)):
        if not names[k] and not any(values):
            continue
        name, number = names[k] or f"column_{k + 1}", 2
        base = name
        while name.casefold() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.casefold())
        out.append(
            RawColumn(
                name,
                pd.Series(list(values), dtype=object),
                texts[k] or name,
                option=options[k] if options else "",
                question=questions[k] if questions else "",
                kind=kinds[k] if kinds else "",
            )
        )
    return tuple(out)
