"""Rows of a text file read with care, one physical line after the other: for files whose quotes are not in order."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from csi_lib.errors import InputError

_LONGEST = 500  # lines an answer may span
_TRIES = 20  # lines that are looked at for the end of one open quote


def fields_of(line: str, separator: str) -> tuple[list[str], bool]:
    """Fields of one line, and whether its last quoted field is still open.

    A quote opens only at the start of a field and closes only before a separator or the end; any other is a letter.
    """
    if '"' not in line:
        return line.split(separator), False
    found, at, end = [], 0, len(line)
    while True:
        if at < end and line[at] == '"':
            close = at + 1
            while (close := line.find('"', close)) >= 0:
                if close + 1 < end and line[close + 1] == '"':
                    close += 2
                elif close + 1 == end or line[close + 1] == separator:
                    break
                else:
                    close += 1
            if close < 0:
                found.append(line[at + 1 :])
                return found, True
            found.append(line[at + 1 : close].replace('""', '"'))
            at = close + 1
        else:
            close = line.find(separator, at)
            close = end if close < 0 else close
            found.append(line[at:close])
            at = close
        if at >= end:
            return found, False
        at += 1  # past the separator
        if at == end:
            found.append("")
            return found, False


def careful(
    lines: list[str], separator: str, width: int | None, path: Path, first: int = 1
) -> Iterator[tuple[int, list[str], int]]:
    """(line, fields, lines it spans) of every row that holds anything.

    A quote that closes only beyond lines which are whole rows by themselves is no quote: where its own line has the right
    number of fields with the quote as a letter, it is read so (the row comes with span 0); else InputError.
    `width` is the number of columns, None while it is not known.
    """
    at, ends = 0, _Ends(lines, separator)
    while at < len(lines):
        begin = at
        fields, still_open = fields_of(lines[at], separator)
        span = 1
        if still_open:
            for end in ends.after(begin):
                at, span = end, end - begin + 1
                fields, still_open = fields_of("\n".join(lines[begin : end + 1]), separator)
                if not still_open:
                    break
            if still_open or swallows(fields, separator, width):
                fields, at, span = lines[begin].split(separator), begin, 0
                if width is not None and len(fields) != width:
                    raise InputError("a quotation mark is opened and not closed", where=f"{path}, line {begin + first}",
                                     action="Correct this line, or export the file again with quotes doubled.")  # fmt: skip
        at += 1
        if any(field.strip() for field in fields):
            yield begin + first, fields, span


class _Ends:
    """Where an open quote may close: looked for once in a file, so that a quote in every line costs no more than one."""

    def __init__(self, lines: list[str], separator: str):
        self.lines, self.separator = lines, separator

    @cached_property
    def _at(self) -> list[int]:
        closing = re.compile(rf'"(?:{re.escape(self.separator)}|$)')
        return [index for index, line in enumerate(self.lines) if '"' in line and closing.search(line)]

    def after(self, line: int) -> list[int]:
        """The next lines within reach that hold a quote before a separator or at their end."""
        first = bisect_right(self._at, line)
        return [end for end in self._at[first : first + _TRIES] if end < line + _LONGEST]


def swallows(fields: list[str], separator: str, width: int | None) -> bool:
    """Whether a quoted field of a row holds lines that look like rows of their own."""
    if width is None or width < 3:
        return False
    later = (part for field in fields if "\n" in field for part in field.split("\n")[1:])
    return any(part.count(separator) >= width - 1 for part in later)
