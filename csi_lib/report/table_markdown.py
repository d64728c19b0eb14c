"""A Table as pandoc Markdown: the one form that both rendering engines read."""

from __future__ import annotations

import unicodedata

from csi_lib.prose.escape import escape_markdown
from csi_lib.prose.numbers import SMALL_BASE, Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.bases import bases_in_note
from csi_lib.tables.table import Table

# share of the text width: pandoc takes it from the dashes as soon as a line is longer than its columns, which
# the spans around numbers always cause
_LINE, _WIDEST, _NARROWEST, _PADDING = 96, 34, 5, 3


def table_markdown(table: Table, *, max_columns: int = 8) -> str:
    """`table` as pipe table(s) with caption, ``{#tbl-name}`` and notes; wide tables in parts that fit A4.

    Numbers are spans that carry ``data-r``. Notes follow in a ``::: {.table-notes}`` div. Widths are
    proportional to content, so that figures do not wrap and labels do.
    """
    table = bases_in_note(table)
    return "\n\n".join(_one(part) for part in table.fitted(max_columns=max_columns)) + "\n"


def folded_markdown(table: Table) -> str:
    """`table` as a ``.detail`` block: its caption is what HTML unfolds, it has no number, and paper leaves it out."""
    return folded(_caption(table), "\n".join(
        line for line in table_markdown(table, max_columns=40).splitlines() if not line.startswith(": ")
    ))  # fmt: skip


def folded(title: str, body: str) -> str:
    return f"::::: {{.detail}}\n{title}\n\n{body.strip()}\n:::::\n"


def cell_markdown(cell, lang: str, *, unit: bool = False) -> str:
    """One cell: a figure (with its unit where the column does not name it), or escaped text."""
    if cell is None:
        return ""
    if isinstance(cell, Number):
        text = cell.markdown(lang, unit=unit)
        marks = cell.mark + (SMALL_BASE if cell.small_base else "")
        return text + (f"^{escape_markdown(marks)}^" if marks else "")
    if isinstance(cell, Interval):
        return cell.markdown(lang, unit=unit)
    return cell.markdown if isinstance(cell, Sentence) else escape_markdown(cell)


def _one(table: Table) -> str:
    heads = [escape_markdown(h) for h in _heads(table)]
    body, shown = [], []
    group = None
    for row in table.rows:
        if row.group != group:
            group = row.group
            if group:
                body.append([f"**{escape_markdown(group)}**", *[""] * (len(heads) - 1)])
        cells = [cell_markdown(c, table.lang, unit=table.prints_units(i)) for i, c in enumerate(row.cells)]
        if row.kind == "total":
            cells[0] = f"**{cells[0]}**" if cells[0] else ""
        elif row.group and cells[0]:
            cells[0] = "\u2003" + cells[0]
        body.append(cells)
        shown.append([(cell_width(c, table.lang), _word_width(c)) for c in row.cells])
    widths = _dashes(table, shown)
    lines = ["| " + " | ".join(heads) + " |", "|" + "|".join(map(_rule, table.columns, widths)) + "|"]
    lines += ["| " + " | ".join(cells) + " |" for cells in body]
    out = "\n".join(lines) + f"\n\n: {_caption(table)} {{#tbl-{table.name}}}"
    notes = [n.markdown if isinstance(n, Sentence) else escape_markdown(n) for n in table.all_notes()]
    return out + ("\n\n::: {.table-notes}\n" + "\\\n".join(notes) + "\n:::" if notes else "")


def _caption(table: Table) -> str:
    return table.caption.markdown if isinstance(table.caption, Sentence) else escape_markdown(table.caption)


def _heads(table: Table) -> list[str]:
    """Banner and label in one line: a pipe table has a single row of headings."""
    pairs = zip(table.columns, table.headings(), strict=True)
    joint = lambda label: " " if label.startswith("(") else ": "  # only a unit is left of a lone column's heading
    return [f"{c.group}{joint(label)}{label}" if c.group and label else c.group or label for c, label in pairs]


def cell_width(cell, lang: str) -> int:
    """Width in half-width characters (a Korean syllable is two)."""
    if cell is None:
        return 0
    text = cell.text(lang, unit=False) if isinstance(cell, (Number, Interval)) else str(cell)
    extra = len(cell.mark) + cell.small_base if isinstance(cell, Number) else 0
    return text_width(text) + extra


def text_width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _word_width(cell) -> int:
    """Width of the longest eojeol of a text cell, which must not be cut."""
    return max(map(text_width, cell.split()), default=0) if isinstance(cell, str) else 0


def _dashes(table: Table, shown: list[list[tuple[int, int]]]) -> list[int]:
    """Dashes per column: enough for the longest figure or eojeol, more for what gains by it."""
    full, least = [], []
    for position, (column, head) in enumerate(zip(table.columns, _heads(table), strict=True)):
        words = [text_width(w) for w in head.split()] or [1]
        cells = [row[position][0] for row in shown] or [0]
        longest = max(*cells, text_width(head) if column.kind == "stub" else max(words))
        eojeols = [row[position][1] for row in shown] or [0]
        unbreakable = max(*words, *(cells if column.kind != "stub" else eojeols))
        full.append(max(_NARROWEST, min(longest, _WIDEST)) + _PADDING)
        least.append(max(_NARROWEST, min(unbreakable, _WIDEST)) + _PADDING)
    spare = _LINE - sum(least)
    wish = sum(full) - sum(least)
    if wish > 0 and spare > 0:
        share = min(1, spare / wish)
        return [low + round((high - low) * share) for low, high in zip(least, full, strict=True)]
    return least


def _rule(column, width: int) -> str:
    left = ":" if column.align in ("left", "center") else "-"
    right = ":" if column.align in ("right", "center") else "-"
    return left + "-" * max(1, width - 2) + right
