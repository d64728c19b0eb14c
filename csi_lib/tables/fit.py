"""Wide tables on an A4 page: turned when that makes them fit, else cut into parts with the stub repeated."""

from __future__ import annotations

from dataclasses import replace

from csi_lib.tables.table import Column, Row, Table

_PART = {"ko": "{caption} ({i}/{n})", "en": "{caption} ({i} of {n})"}


def fit_page(table: Table, *, max_columns: int = 8) -> tuple[Table, ...]:
    """`table` itself if it has at most `max_columns` columns of content; else turned; else in parts.

    Stub and base columns are repeated in each part and columns under one banner heading stay together where
    they fit. The first part keeps the name, so that cross-references hold; the others are ``<name>-2`` ….
    """
    content = [i for i, c in enumerate(table.columns) if c.kind not in ("stub", "base")]
    if len(content) <= max_columns:
        return (table,)
    if _turnable(table) and len(table.rows) <= max_columns:
        return (transposed(table),)
    kept = [i for i, c in enumerate(table.columns) if c.kind in ("stub", "base")]
    blocks = _blocks(table, content, max_columns)
    parts = []
    for number, block in enumerate(blocks, start=1):
        chosen = sorted((*kept, *block))
        name = table.name if number == 1 else f"{table.name}-{number}"
        caption = table.caption
        if isinstance(caption, str):
            caption = _PART[table.lang].format(caption=caption, i=number, n=len(blocks))
        parts.append(_columns_of(table, chosen, name, caption))
    return tuple(parts)


def transposed(table: Table) -> Table:
    """Rows become columns; the base column becomes a base row and the other way round."""
    stub, body = table.columns[0], list(enumerate(table.columns))[1:]
    columns = [Column(stub.key, stub.label, "left", "stub")]
    for position, row in enumerate(table.rows):
        kind = "base" if row.kind == "base" else "number"
        columns.append(Column(f"row{position}", str(row.cells[0]), "right", kind, row.group))
    rows = [
        Row((column.label, *(row.cells[i] for row in table.rows)), column.group,
            "base" if column.kind == "base" else "data")
        for i, column in body
    ]  # fmt: skip
    return replace(table, columns=tuple(columns), rows=tuple(rows))


def _turnable(table: Table) -> bool:
    kinds = [c.kind for c in table.columns]
    labels = [row.cells[0] for row in table.rows]
    return kinds.count("stub") == 1 and kinds[0] == "stub" and "text" not in kinds and all(
        isinstance(label, str) for label in labels
    )  # fmt: skip


def _blocks(table: Table, content: list[int], size: int) -> list[list[int]]:
    """Content columns in runs of at most `size`, cut between banner groups where that is possible."""
    groups: list[list[int]] = []
    for i in content:
        group = table.columns[i].group
        if groups and group is not None and table.columns[groups[-1][-1]].group == group:
            groups[-1].append(i)
        else:
            groups.append([i])
    pieces = [g[s : s + size] for g in groups for s in range(0, len(g), size)]
    count = -(-len(content) // size)
    target = -(-len(content) // count)  # even parts: 9 columns are 5 + 4, not 8 + 1
    blocks: list[list[int]] = [[]]
    for piece in pieces:
        if blocks[-1] and len(blocks[-1]) + len(piece) > max(target, len(piece)):
            blocks.append([])
        blocks[-1] += piece
    return blocks


def _columns_of(table: Table, chosen: list[int], name: str, caption) -> Table:
    return replace(
        table, name=name, caption=caption, columns=tuple(table.columns[i] for i in chosen),
        rows=tuple(replace(row, cells=tuple(row.cells[i] for i in chosen)) for row in table.rows),
    )  # fmt: skip
