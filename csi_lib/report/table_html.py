"""A Table as HTML, for JupyterLab: the same content and marks as the report, before it is a report."""

from __future__ import annotations

from html import escape

from csi_lib.prose.escape import clean_text
from csi_lib.prose.numbers import SMALL_BASE, Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.bases import bases_in_note
from csi_lib.tables.table import Table


def table_html(table: Table) -> str:
    """`table` as one ``<table>`` with caption, banner, row headers and notes; every number carries
    ``data-r``."""
    table = bases_in_note(table)
    head = _banner(table) + "<tr>" + "".join(
        f'<th scope="col" style="text-align:{c.align}">{escape(clean_text(label))}</th>'
        for c, label in zip(table.columns, table.headings(), strict=True)
    ) + "</tr>"  # fmt: skip
    lines, group = [], None
    for row in table.rows:
        if row.group != group:
            group = row.group
            if group:
                lines.append(
                    f'<tr><th colspan="{len(table.columns)}" scope="rowgroup" style="text-align:left">'
                    f"{escape(clean_text(group))}</th></tr>"
                )
        lines.append("<tr>" + "".join(_cell(table, i, cell) for i, cell in enumerate(row.cells)) + "</tr>")
    notes = "".join(f"<br>{_text(note)}" if i else _text(note) for i, note in enumerate(table.all_notes()))
    foot = f'<tfoot><tr><td colspan="{len(table.columns)}" style="text-align:left">{notes}</td></tr></tfoot>'
    return (
        f'<table class="csi-table" lang="{table.lang}"><caption>{_text(table.caption)}</caption>'
        f"<thead>{head}</thead><tbody>{''.join(lines)}</tbody>{foot if notes else ''}</table>"
    )


def _banner(table: Table) -> str:
    if not any(c.group for c in table.columns):
        return ""
    cells, position = [], 0
    while position < len(table.columns):
        group = table.columns[position].group
        end = position + 1
        while group and end < len(table.columns) and table.columns[end].group == group:
            end += 1
        text = escape(clean_text(group)) if group else ""
        tag = "th" if group else "td"
        scope = ' scope="colgroup"' if group else ""
        cells.append(f'<{tag} colspan="{end - position}"{scope} style="text-align:center">{text}</{tag}>')
        position = end
    return f"<tr>{''.join(cells)}</tr>"


def _cell(table: Table, position: int, cell) -> str:
    column = table.columns[position]
    tag, scope = ("th", ' scope="row"') if position < table.stub else ("td", "")
    unit = lambda number: number.suffix(table.lang) if table.prints_units(position) else ""
    if isinstance(cell, Number):
        text = _number(cell) + unit(cell) + _raised(cell.mark + (SMALL_BASE if cell.small_base else ""))
    elif isinstance(cell, Interval):
        text = (
            f"{_number(cell.low)}{'~' if table.lang == 'ko' else ' to '}{_number(cell.high)}{unit(cell.high)}"
            if cell.shown
            else (_number(cell.low if not cell.low.shown else cell.high))
        )
    else:
        text = "" if cell is None else _text(cell)
    return f'<{tag}{scope} style="text-align:{column.align}">{text}</{tag}>'


def _number(number: Number) -> str:
    figure = escape(number.digits_text())
    return f'<span data-r="{number.row_id}">{figure}</span>' if number.row_id else figure


def _raised(mark: str) -> str:
    return f"<sup>{escape(mark)}</sup>" if mark else ""


def _text(text) -> str:
    return escape(text.text if isinstance(text, Sentence) else clean_text(text))
