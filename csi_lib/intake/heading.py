"""Which row of which sheet names the columns, and which column is which: one column, one name."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from csi_lib.errors import InputError, nearest
from csi_lib.intake.sheets import File, Note, Sheet
from csi_lib.intake.workbook import letters
from csi_lib.study.source import Form

_SHOWN = 20


@dataclass(frozen=True)
class Heading:
    """`line` of the file with the names; `names` of all columns in order; `columns`: what is wanted → column number."""

    sheet: Sheet
    line: int
    names: tuple[str, ...]
    columns: Mapping[str, int]
    notes: tuple[Note, ...] = ()


def plain_name(name: object) -> str:
    """The spelling under which names are compared when none is exactly as declared: no case, blanks or leading ``*``."""
    text = unicodedata.normalize("NFKC", str(name)).replace("\ufeff", "").replace("\u200b", "")
    return "".join(text.strip().lstrip("*").split()).casefold()


def exact_name(name: object) -> str:
    """A name as it is spelled, without marks nobody sees."""
    return unicodedata.normalize("NFC", str(name)).replace("\ufeff", "").replace("\u200b", "")


def shown_name(name: object) -> str:
    """A name in a message or receipt."""
    return " ".join(exact_name(name).split())


def find_heading(
    file: File,
    wanted: Mapping[str, Sequence[str]],
    needed: set[str],
    form: Form,
    where: str,
    absent: str,
    advice: str | None = None,
) -> Heading:
    """The sheet and row whose names are those wanted.

    Parameters
    ----------
    wanted : key → names accepted for it, in order of preference. needed : keys the file must have.
    absent, advice : how a message calls columns that are missing, and what to do about it.

    Raises InputError for a sheet or row that is not there, for data on several sheets or on a hidden one, for columns that
    are missing (with the near spelling) and for two columns of one name.
    """
    sheets = _declared(file, form, where)
    best: list[tuple[int, int, Sheet, tuple[int, tuple[str, ...]]]] = []
    for sheet in sheets:
        rows = sheet.head
        if form.header_row is not None and file.kind in ("text", "workbook"):
            rows = tuple(row for row in rows if row[0] == form.header_row)
        elif isinstance(form.skip_rows, int):
            rows = tuple(row for row in rows if row[0] > form.skip_rows)
        elif form.skip_rows:
            rows = tuple(row for row in rows if row[0] not in form.skip_rows)
        scored = [(_score(row[1], wanted), -row[0], row) for row in rows]
        if scored:
            score, _, row = max(scored, key=lambda s: s[:2])
            best.append((score, len(best), sheet, row))
    if not best:
        if form.header_row is not None and any(sheet.head for sheet in sheets):
            raise InputError("the header row is not in the file", where=where, found=f"header_row: {form.header_row}")
        raise InputError(
            "this data file holds nothing", where=where, action="Export it again from the fieldwork system."
        )
    top = max(b[0] for b in best)
    leading = [b for b in best if b[0] == top]
    open_ = [b for b in leading if not b[2].hidden]
    if file.kind == "workbook" and form.sheet is None:
        if top and not open_:
            raise InputError("the data stand on a hidden sheet", where=where, found=_names(leading), expected=_names(best),
                             action="Name the sheet: 'sheet: …' for the source.")  # fmt: skip
        full = [b for b in best if b[0] and not b[2].hidden and _complete(b, wanted, needed)]
        if len(full) > 1:
            raise InputError("several sheets of this workbook hold data", where=where, found=_names(full),
                             expected=f"one of {_names(best)}", action="Name the sheet: 'sheet: …' for the source.")  # fmt: skip
    score, _, sheet, (line, names) = (open_ or leading)[0]
    shown = f"{where}, sheet {sheet.name!r}" if file.kind == "workbook" and len(file.sheets) > 1 else where
    columns, notes = _resolved(names, wanted, needed, shown, absent, advice, file)
    first = sheet.head[0][0]
    if file.kind in ("text", "workbook") and line != first and form.header_row is None:
        notes.append(
            Note("form", f"열 이름을 {line}번째 줄에서 찾았다.", f"the names of the columns stand in line {line}", line)
        )
    if file.kind == "workbook" and form.sheet is None and sheet is not next((s for s in file.sheets), None):
        notes.append(Note("form", f"읽은 시트: ‘{sheet.name}’", f"the sheet {sheet.name!r} was read"))
    return Heading(sheet, line, names, columns, tuple(notes))


def _declared(file: File, form: Form, where: str) -> tuple[Sheet, ...]:
    """The sheets that may be read: the one declared, else all."""
    if file.kind != "workbook" or form.sheet is None:
        return file.sheets
    wanted = form.sheet
    found = [s for s in file.sheets if str(s.name) == str(wanted)]
    if not found and isinstance(wanted, int) and 0 <= wanted < len(file.sheets):
        return (file.sheets[wanted],)
    found = found or [s for s in file.sheets if plain_name(s.name) == plain_name(wanted)]
    if len(found) != 1:
        names = ", ".join(str(s.name) + (" (hidden)" if s.hidden else "") for s in file.sheets)
        raise InputError("the workbook has no such sheet", where=where, found=repr(wanted), expected=f"one of {names}")
    return tuple(found)


def _names(found) -> str:
    return ", ".join(f"{b[2].name}{' (hidden)' if b[2].hidden else ''}" for b in found)


def _score(names: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> int:
    plain = {plain_name(name) for name in names if name}
    return sum(any(plain_name(one) in plain for one in accepted) for accepted in wanted.values())


def _complete(found, wanted, needed) -> bool:
    names = {plain_name(name) for name in found[3][1]}
    return all(any(plain_name(one) in names for one in wanted[key]) for key in needed)


def _resolved(
    names, wanted, needed, where: str, absent: str, advice: str | None, file: File
) -> tuple[dict[str, int], list[Note]]:
    exact: dict[str, list[int]] = {}
    plain: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if shown_name(name):
            exact.setdefault(exact_name(name), []).append(index)
            plain.setdefault(plain_name(name), []).append(index)
    columns: dict[str, int] = {}
    missing, notes = [], []
    for key, accepted in wanted.items():
        found = next((exact[exact_name(one)] for one in accepted if exact_name(one) in exact), None)
        spelled = found is not None
        if found is None:
            found = next((plain[plain_name(one)] for one in accepted if plain_name(one) in plain), None)
        if found is None:
            if key in needed:
                near = nearest(plain_name(accepted[0]), plain)
                missing.append(f"{' or '.join(accepted)} for {key.strip(chr(0))!r}"
                               + (f" (did you mean {names[plain[near][0]]!r}?)" if near else ""))  # fmt: skip
            continue
        if len(found) > 1:
            alike = " and ".join(f"{names[i]!r} (column {letters(i)})" for i in found)
            raise InputError(
                f"two columns are called {names[found[0]]}"
                if spelled
                else "two columns are spelled nearly alike, and neither as declared",
                where=where,
                found=alike,
                action=f"Give each its own name in the file, and name the one that is meant under 'names' of {key.strip(chr(0))!r}.",
            )
        columns[key] = found[0]
    used = set(columns.values())
    for key, index in columns.items():
        twins = [i for i in plain[plain_name(names[index])] if i not in used]
        if twins:
            notes.append(Note("form", f"‘{names[index]}’ 열을 읽고, 철자가 거의 같은 {letters(twins[0])}열은 읽지 않았다.",
                              f"the column {names[index]!r} was read; column {letters(twins[0])} is spelled nearly the same and was not",
                              len(twins), key.strip(chr(0))))  # fmt: skip
    if missing:
        raise InputError(
            absent.format(n=len(missing)),
            where=where,
            expected="; ".join(missing[:_SHOWN]) + (" …" if len(missing) > _SHOWN else ""),
            found=None if columns else "columns " + ", ".join(shown_name(n) for n in names if n)[:200],
            action=_advice(file, advice),
        )
    return columns, notes


def _advice(file: File, advice: str | None) -> str | None:
    if file.kind != "workbook":
        return advice
    sheets = f"The workbook has the sheets {', '.join(str(s.name) for s in file.sheets)}: say which with 'sheet'."
    return f"{advice} {sheets}" if advice else sheets
