"""quartodoc's Markdown renderer for docstrings that say in words what a parameter is.

The type stands in the signature or at the beginning of the words; whatever else quartodoc would print as a type belongs
to the description. Sections it does not know (Warns) are tables too.
"""

from __future__ import annotations

import re

from griffe import Docstring, DocstringSectionAttributes, DocstringSectionParameters, DocstringSectionWarns
from plum import dispatch
from quartodoc.renderers import MdRenderer
from quartodoc.renderers.md_renderer import ParamRow

_WORD = (
    r"(?:pandas |polars )?(?:DataFrame|Series|array|mapping|str|int|float|bool|Path|path|sequence|list|tuple|dict|number|column name|"
    r"callable|file|folder|ndarray|text|frame)s?(?: \([^)]*\))?(?: of (?:str|int|float|numbers|names|text))?"
)
_TYPE = re.compile(
    rf"(?:\{{[^}}]*\}}|{_WORD})(?:(?:,| or|, or) (?:\{{[^}}]*\}}|{_WORD}|None))*(?:, optional)?(?=$|[,.;:])"
)


class Renderer(MdRenderer):
    style = "csi"

    @dispatch
    def render(self, el: Docstring):
        parameters = getattr(el.parent, "parameters", None) or ()
        self._signature = {p.name.lstrip("*"): p for p in parameters}
        return super().render(el)

    @dispatch
    def render(self, el: DocstringSectionParameters):  # noqa: F811
        rows = []
        for item in el.value:
            declared = self._signature.get(item.name.lstrip("*"))
            kind, words = _told(_plain(item.annotation), item.description)
            if not kind and declared is not None and declared.annotation is not None:
                kind = f"`{declared.annotation}`"
            default = declared.default if declared is not None else item.default
            rows.append((f"`{item.name}`", kind, words, f"`{default}`" if default is not None else "_required_"))
        return _table(("Name", "Type", "Description", "Default"), (16, 18, 48, 12), rows)

    @dispatch
    def render(self, el: DocstringSectionAttributes):  # noqa: F811
        rows = []
        for item in el.value:
            kind, words = _told(_plain(item.annotation), item.description)
            rows.append((f"`{item.name}`", kind, words))
        return _table(("Name", "Type", "Description"), (22, 20, 52), rows)

    @dispatch
    def render(self, el: DocstringSectionWarns):  # noqa: F811
        rows = [ParamRow(None, i.description, annotation=self.render_annotation(i.annotation)) for i in el.value]
        return self._render_table(rows, ["Name", "Type", "Description"], "returns")

    def _render_table(self, rows, headers, style):
        """Returns, raises: the type and what it means, without a column of names that nobody gave."""
        if style != "returns":
            return super()._render_table(rows, headers, style)
        cells = [(f"`{_plain(row.annotation)}`" if row.annotation else "", row.description or "") for row in rows]
        return _table(("Type", "Description"), (24, 70), cells)


def _plain(annotation) -> str:
    return re.sub(r"\\([\"'`|\[\]_*])", r"\1", str(annotation or "")).replace("`" * 4, "")


def _told(annotation: str, description: str) -> tuple[str, str]:
    """(type, words) of what a docstring says after the colon."""
    text = " ".join(f"{annotation} {description or ''}".split())
    found = _TYPE.match(text)
    if not found:
        return "", text
    return found[0], text[found.end() :].lstrip(" ,.;:")


def _table(head, widths, rows) -> str:
    lines = [head, tuple("-" * w for w in widths)]
    lines += [tuple(_cell(c) for c in row) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
