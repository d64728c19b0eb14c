"""Bases that are the same in every row: one note instead of a column that says one thing all the way down."""

from __future__ import annotations

from dataclasses import replace

from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, say
from csi_lib.tables.table import Table

_NOTE = {"ko": "{label}: {counts}", "en": "{label}: {counts}"}


def bases_in_note(table: Table) -> Table:
    """`table` without the base columns whose figure never changes; what they said is a note (``사례수: 424명``).

    A base that is small, withheld or missing stays where it is, and so does that of a table of one row. Under a banner
    the note names each part (``사례수: 2023년 401명, 2024년 424명``), and a part that is left with one column needs no
    second heading.
    """
    if len(table.rows) < 2:
        return table
    said: dict[str, list[Sentence]] = {}
    gone: set[int] = set()
    for position, column in enumerate(table.columns):
        number = _constant(table, position) if column.kind == "base" else None
        if number is None:
            continue
        gone.add(position)
        part = "{group} {n}" if column.group else "{n}"
        fields = {"n": number} | ({"group": column.group} if column.group else {})
        said.setdefault(column.label, []).append(say(part, table.lang, **fields))
    if not gone or len(gone) + table.stub >= len(table.columns):
        return table
    kept = [i for i in range(len(table.columns)) if i not in gone]
    parts = [table.columns[i].group for i in kept]
    lone = lambda column: column.group and column.kind == "number" and parts.count(column.group) == 1
    notes = tuple(
        say(_NOTE[table.lang], table.lang, label=label, counts=_joined(counts)) for label, counts in said.items()
    )
    return replace(
        table,
        columns=tuple(replace(c, label="") if lone(c) else c for c in (table.columns[i] for i in kept)),
        rows=tuple(replace(row, cells=tuple(row.cells[i] for i in kept)) for row in table.rows),
        notes=(*notes, *table.notes),
    )


def _constant(table: Table, position: int) -> Number | None:
    """The one figure of a column, if there is one and nothing in it needs to be marked."""
    cells = [row.cells[position] for row in table.rows]
    first = cells[0]
    plain = all(isinstance(c, Number) and c.shown and not c.small_base and not c.mark for c in cells)
    return first if plain and len({(c.unit, c.text(table.lang)) for c in cells}) == 1 else None


def _joined(counts: list[Sentence]) -> Sentence:
    out = counts[0]
    for part in counts[1:]:
        ids = tuple(dict.fromkeys((*out.row_ids, *part.row_ids)))
        out = Sentence(f"{out.markdown}, {part.markdown}", f"{out.text}, {part.text}", ids)
    return out
