"""The embedded engine: pandoc and typst from PyPI make HTML and PDF from the folder Quarto would read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

from csi_lib.report.conversion import Document, Task, as_list, convert, convert_both, pandoc_task
from csi_lib.report.pdf import compile_pdf
from csi_lib.report.standalone import self_contained
from csi_lib.report.theme import default_theme
from csi_lib.share import shared_path

_ALIGN = re.compile(r"^(\s*columns: [^\n]*,\n\s*)align: \(((?:(?:left|right|center|auto),)+)\),$", re.MULTILINE)


def open_document(path: Path, *, overrides: Mapping | None = None) -> Document:
    """The document at `path` with the settings of the ``_quarto.yml`` beside it, if there is one."""
    path = Path(path).resolve()
    project = path.with_name("_quarto.yml")
    if project.exists():
        settings = YAML(typ="safe", pure=True).load(project.read_text(encoding="utf-8")) or {}
    else:
        sheets = [str(sheet) for sheet in default_theme().stylesheets]
        settings = {"toc": False, "number-sections": False, "format": {"csi-html": {"css": sheets}}}
    extension = path.parent / "_extensions" / "csi"
    if not (extension / "template.typ").exists():
        extension = shared_path("reports", "_extensions", "csi")
    return Document(path, settings | dict(overrides or {}), extension)


def render_html(document: Document, target: Path, *, pdf_too: bool = False) -> Path:
    """One self-contained HTML file at `target`; with `pdf_too` one reading of the source serves `render_pdf` as well."""
    task = pandoc_task(document, "html")
    meta = task.meta
    task.arguments += ["--to=html5", f"--template={document.extension / 'template.html'}", "--section-divs", "--mathml"]
    if meta["toc"]:
        task.arguments += ["--toc", f"--toc-depth={meta.get('toc-depth', 3)}"]
    if meta["number-sections"]:
        task.arguments += ["--number-sections"]
    typst = _typst_task(document) if pdf_too else None
    if typst and typst.is_beside(task):
        page, document.typst = convert_both(document, task, typst)
    else:
        page = convert(document, task)
    sheets = [document.extension / "csi.css", *(document.folder / css for css in as_list(meta.get("css")))]
    page = self_contained(
        page,
        folder=document.folder,
        stylesheets=sheets,
        script=document.extension / "script.html",
        logo=(meta.get("csi-theme") or {}).get("logo"),
    )
    target.write_text(page, encoding="utf-8")
    return target


def render_pdf(document: Document, target: Path, *, timestamp: int) -> Path:
    """A tagged PDF/UA-1 and PDF/A-2a file at `target`; equal input and `timestamp`, equal bytes."""
    task = _typst_task(document)
    text = document.typst or convert(document, task)
    # heads of one line stand on the same line as the last of those of two; pandoc names the sides of a column only
    text = _ALIGN.sub(_head_at_foot, text)
    folders = tuple(str((document.folder / f).resolve()) for f in as_list(task.meta.get("font-paths")))
    pdf, warnings = compile_pdf(
        text, folder=document.folder, name=document.path.stem, font_folders=folders, timestamp=timestamp
    )
    document.warnings += warnings
    target.write_bytes(pdf)
    return target


def _typst_task(document: Document) -> Task:
    if document.task is None:
        document.task = pandoc_task(document, "typst")
        document.task.arguments += ["--to=typst", f"--template={document.extension / 'template.typ'}"]
    return document.task


def _head_at_foot(match: re.Match) -> str:
    sides = match[2].replace("auto", "left")
    return f"{match[1]}align: (x, y) => ({sides}).at(x) + if y == 0 {{ bottom }} else {{ top }},"


def resolved_document(document: Document) -> tuple[dict, dict]:
    """pandoc's tree of the document after every filter (numbers given, references resolved), and its settings.

    What DOCX and HWPX are made from: figures and captioned tables are ``Div`` of class ``float`` that hold a
    ``float-caption`` and a ``float-body``.
    """
    task = pandoc_task(document, "json")
    task.arguments += ["--to=json"]
    return json.loads(convert(document, task)), task.meta
