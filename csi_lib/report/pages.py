"""Chapters that are published by themselves too: a disclosure page or a scorecard as a document of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from csi_lib.report.join import join_notebooks
from csi_lib.report.render import render_document


def render_pages(
    folder: Path, chapters: Sequence[tuple[str, nbformat.NotebookNode]], *, lang: str, front: Mapping[str, object],
    formats: Sequence[str], renderer: str,
) -> dict[str, str]:  # fmt: skip
    """Write ``<id>.html`` and ``<id>.pdf`` (of `formats`) for every chapter whose metadata say ``csi: {page: true}``.

    `folder` is the job's (a project, see `write_project`), `front` the report's front matter. A page is headed by the agency,
    the study and the wave, and has no cover, contents or numbers of sections. Returns the ids with the pages' headings.
    """
    head = {"title": front["agency"], "subtitle": f"{front['title']} · {front['date']}"}
    head |= {"release": front["release"]} if "release" in front else {}
    formats = [f for f in formats if f in ("html", "pdf")]
    made = {}
    for chapter, node in chapters:
        if not formats or not node.metadata.get("csi", {}).get("page"):
            continue
        options = {"csi-cover": False, "toc": False, "number-sections": False}
        joined = join_notebooks([(chapter, node)], lang=lang, front={**head, **options})
        made[chapter] = _heading(joined) or chapter
        source = Path(folder) / f"{chapter}.ipynb"
        nbformat.write(joined, source)
        try:
            render_document(source, formats=formats, renderer=renderer)
        finally:
            source.unlink()
    return made


def _heading(node: nbformat.NotebookNode) -> str | None:
    """The first heading of a joined chapter, as plain text."""
    for cell in node.cells:
        found = (
            re.search(r"^# +(.+?) *(?:\{[^}]*\})? *$", cell.source, re.MULTILINE)
            if cell.cell_type == "markdown"
            else None
        )
        if found:
            return found[1].replace("\\", "")
    return None
