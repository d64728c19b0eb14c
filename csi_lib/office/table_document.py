"""Tables as a document: the same `Table`s that a workbook holds, as HTML, PDF, DOCX or HWPX."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from csi_lib.errors import InputError
from csi_lib.prose.escape import escape_markdown
from csi_lib.report.render import render_document
from csi_lib.report.table_markdown import table_markdown
from csi_lib.tables.table import Table


def write_document(
    parts: Sequence[tuple[str | None, Sequence[Table]]], folder: Path, stem: str, *, title: str, lang: str,
    formats: Sequence[str], about: Mapping[str, str] | None = None, max_columns: int = 8,
) -> dict[str, Path]:  # fmt: skip
    """The tables of `parts` (heading, tables) as ``<stem>.<format>`` in `folder`.

    Parameters
    ----------
    about : further lines of the title page (``subtitle``, ``agency``, ``commissioned-by``, ``contractor``, ``date``).
    max_columns : columns of content on a page; wider tables are cut into parts with their stub and base repeated.

    Raises
    ------
    InputError : no table, or two of one name.
    """
    names = [t.name for _, tables in parts for t in tables]
    if not names:
        raise InputError("a document without tables", where=stem)
    if len(set(names)) < len(names):
        raise InputError(
            "two tables have the same name",
            where=stem,
            found=", ".join(sorted({n for n in names if names.count(n) > 1})),
        )
    front = {"title": escape_markdown(title), **{k: escape_markdown(v) for k, v in (about or {}).items()}, "lang": lang,
             "csi-cover": True, "toc": True, "number-sections": True}  # fmt: skip
    text = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_unicode, yaml.default_flow_style, yaml.width = True, False, 10_000
    yaml.dump(front, text)
    body = [f"---\n{text.getvalue()}---"]
    for heading, tables in parts:
        if heading:
            body.append(f"# {escape_markdown(heading)}")
        body += [table_markdown(t, max_columns=max_columns) for t in tables]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="csi-tables-") as scratch:
        source = Path(scratch) / f"{stem}.md"
        source.write_text("\n\n".join(body), encoding="utf-8")
        made = render_document(source, folder, formats=formats, renderer="embedded")
    return made.paths
