"""What a cell shows: Markdown for the report, HTML for JupyterLab, and the results rows behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csi_lib.evaluation.labels import period_words
from csi_lib.findings.finding import FINDINGS_MIME, Finding, findings_json
from csi_lib.prose.escape import escape_markdown
from csi_lib.prose.numbers import Interval, Number
from csi_lib.report.microdata import ROWS_MIME
from csi_lib.report.table_html import table_html
from csi_lib.report.table_markdown import folded, folded_markdown, table_markdown
from csi_lib.survey.estimates import RESULT_COLUMNS
from csi_lib.survey.results import records_of
from csi_lib.tables.table import Column, Row, Table

_DATA = {"ko": ("구분", "값", "95% 신뢰구간", "사례수"), "en": ("Group", "Value", "95% interval", "n")}

_KINDS = {
    "mean": {"ko": "점수", "en": "score"},
    "index": {"ko": "지수", "en": "index"},
    "share": {"ko": "비율", "en": "share"},
    "difference": {"ko": "증감", "en": "change"},
    "gain": {"ko": "기대 효과", "en": "expected gain"},
    "weight": {"ko": "가중치", "en": "weight"},
    "correlation": {"ko": "영향(상관)", "en": "influence (correlation)"},
}


def _plain_code(value, lang: str) -> str:
    return "" if _null(value) else str(value)


def _kind(value, lang: str) -> str:
    return _KINDS[value][lang] if value in _KINDS else _plain_code(value, lang).replace("_", " ")


#: what tells rows with one label apart, and how it is written
_APART = {
    "column": _plain_code,
    "period": lambda v, lang: "" if _null(v) else period_words(v, lang),
    "year": _plain_code,
    "group2_label": _plain_code,
    "group1_label": _plain_code,
    "group2": _plain_code,
    "group1": _plain_code,
    "statistic": _kind,
}
_GROUP = {"ko": "집단", "en": "Group"}
_APART_HEADS = {
    "column": {"ko": "세부 구분", "en": "Detail"},
    "period": {"ko": "시기", "en": "Period"},
    "year": {"ko": "연도", "en": "Year"},
    **dict.fromkeys(["group2_label", "group1_label", "group2", "group1"], _GROUP),
    "statistic": {"ko": "종류", "en": "Kind"},
}


@dataclass(frozen=True)
class Display:
    """A mime bundle; shown by being a cell's last value or by `IPython.display.display`."""

    bundle: dict

    def display(self) -> None:
        """Show it now, inside a loop or a branch, where a cell's last value would not."""
        from IPython.display import display

        display(self.bundle, raw=True)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.bundle

    def __repr__(self) -> str:
        return self.bundle["text/plain"]


def rows_json(rows: Sequence[dict]) -> list[dict]:
    """Results rows without their nulls, as plain JSON values."""
    return [{k: _plain(v) for k in RESULT_COLUMNS if not _null(v := row.get(k))} for row in rows]


def findings_display(findings: Sequence[Finding], rows: Sequence[dict]) -> Display:
    """What a reader does not see: the findings of the report and the rows of their evidence."""
    said = "; ".join(f.text("ko") for f in findings[:3])
    return Display(
        {
            "text/plain": f"{len(findings)} findings: {said}",
            FINDINGS_MIME: findings_json(findings),
            ROWS_MIME: rows_json(rows),
        }
    )


def table_display(table: Table, rows: Sequence[dict], *, fold: bool = False) -> Display:
    """`fold`: the table is detail, which HTML unfolds and paper leaves out."""
    return Display(
        {
            "text/plain": f"Table {table.name}",
            "text/html": table_html(table),
            "text/markdown": folded_markdown(table) if fold else table_markdown(table),
            ROWS_MIME: rows_json(rows),
        }
    )


def figure_display(figure, rows: Sequence[dict], chapter: str, folder: str | None, *, fold: bool = False) -> Display:
    """The drawing as a file of the report (when a run asked for it) and inside the notebook, with its data.

    A figure that goes on in further drawings is shown with all of them.
    """
    parts = [_drawing(part, chapter, folder, fold=fold) for part in (figure, *figure.more)]
    return Display(
        {
            "text/plain": f"Figure {figure.name}: {figure.alt}",
            "text/html": "".join(page for page, _ in parts),
            "text/markdown": "\n".join(markdown for _, markdown in parts),
            ROWS_MIME: rows_json(rows),
        }
    )


def _drawing(figure, chapter: str, folder: str | None, *, fold: bool) -> tuple[str, str]:
    """HTML and Markdown of one drawing."""
    svg = figure.svg()
    name = f"{chapter}-{figure.name}.svg"
    if folder is not None:
        Path(folder, name).write_bytes(svg)
    alt = figure.alt.replace("\\", "").replace('"', "'").replace("\n", " ")
    caption, picture = escape_markdown(figure.caption), base64.b64encode(svg).decode()
    notes = "".join(f"\n{escape_markdown(n)}\\" for n in figure.notes)[:-1]
    notes = f"\n\n::: {{.figure-notes}}{notes}\n:::" if notes else ""
    data = data_table(figure)
    details = f"\n\n::: {{.figure-data}}\n{_without_caption(table_markdown(data))}\n:::" if data is not None else ""
    if fold:
        markdown = folded(caption, f'![{caption}](figures/{name}){{fig-alt="{alt}"}}{notes}{details}')
    else:
        markdown = f'![{caption}](figures/{name}){{#fig-{figure.name} fig-alt="{alt}"}}{notes}{details}\n'
    page = (
        f'<figure><img alt="{_attribute(alt)}" src="data:image/svg+xml;base64,{picture}">'
        f"<figcaption>{_attribute(figure.caption)}</figcaption></figure>"
    )
    return page, markdown


def highlights_display(cards, rows: Sequence[dict], lang: str) -> Display:
    """Key figures side by side: ``(label, Number, Sentence)`` each."""
    parts = [
        "::: {.key-figure}\n"
        f"[{number.markdown(lang, unit=False)}[{escape_markdown(number.suffix(lang).strip())}]{{.unit}}]{{.value}}\n"
        f"[{escape_markdown(label)}]{{.label}}\n[{note.markdown}]{{.change}}\n:::"
        for label, number, note in cards
    ]
    text = "; ".join(f"{label} {number.text(lang)}" for label, number, _ in cards)
    cells = [
        f"<p><big>{_attribute(number.text(lang))}</big><br>{_attribute(label)}<br>{_attribute(note.text)}</p>"
        for label, number, note in cards
    ]
    return Display(
        {
            "text/plain": text,
            "text/html": f'<div style="display: flex; gap: 2em">{"".join(cells)}</div>',
            "text/markdown": ":::: {.key-figures}\n" + "\n\n".join(parts) + "\n::::\n",
            ROWS_MIME: rows_json(rows),
        }
    )


def sentence_display(sentence, rows: Sequence[dict]) -> Display:
    return Display(
        {
            "text/plain": sentence.text,
            "text/html": f"<p>{_attribute(sentence.text)}</p>",
            "text/markdown": sentence.markdown,
            ROWS_MIME: rows_json(rows),
        }
    )


def data_table(figure) -> Table | None:
    """The numbers under a figure, for those who cannot see it or want to copy them.

    Rows that carry one label (a score and its weight, a body in several years, the cells of a heat table) are told apart
    by further columns: as many as it takes.
    """
    data = figure.data
    if not len(data) or "unit" not in data or "n" not in data or not data["unit"].notna().all():
        return None
    label = next((c for c in ("row", "label", "measure_label", "group1_label", "measure") if c in data), None)
    stubs = {label: [str(v) for v in data[label]]}
    for column, read in _APART.items():
        if len(set(zip(*stubs.values(), strict=True))) == len(data):
            break
        if column not in data or data[column].nunique(dropna=False) < 2:
            continue
        words = [read(v, figure.lang) for v in data[column]]
        if len(set(zip(*stubs.values(), words, strict=True))) > len(set(zip(*stubs.values(), strict=True))):
            stubs[column] = words
    rows = [
        Row((*stub, Number.from_row(row), Interval.from_row(row), Number.from_row(row, "n")))
        for row, *stub in zip(records_of(data), *stubs.values(), strict=True)
    ]
    heads = _DATA[figure.lang]
    columns = (
        Column("label", heads[0], "left", "stub"),
        *(Column(c, _APART_HEADS[c][figure.lang], "left", "stub") for c in list(stubs)[1:]),
        Column("value", heads[1]),
        Column("ci", heads[2]),
        Column("n", heads[3], "right", "base"),
    )
    return Table(f"{figure.name}-data", figure.caption, columns, tuple(rows), lang=figure.lang)


def _without_caption(markdown: str) -> str:
    """The table of a figure's data is part of the figure: it is not numbered by itself."""
    return "\n".join(line for line in markdown.splitlines() if not line.startswith(": "))


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _null(value) -> bool:
    return type(value).__name__ == "NAType" or value is None or value != value


def _plain(value):
    value = value.item() if hasattr(value, "item") else value
    return value if type(value) in (str, float, int, bool) else json.loads(json.dumps(value))
