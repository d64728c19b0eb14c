"""csi render: set a single executed notebook or .qmd with the same engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    document: Annotated[Path, typer.Argument(help="executed .ipynb, .qmd or .md, or the folder of a report")],
    out: Annotated[Path | None, typer.Option(help="output folder [default: beside the document]")] = None,
    formats: Annotated[str, typer.Option(help="html,pdf,docx,hwpx")] = "html,pdf",
    renderer: Annotated[str, typer.Option(help="auto, quarto or embedded")] = "auto",
) -> int:
    """Render DOCUMENT to HTML, PDF, DOCX or HWPX."""
    from csi_lib.report.render import render, render_document

    wanted = [f.strip() for f in formats.split(",") if f.strip()]
    if document.is_dir():
        made = render(document, formats=wanted, renderer=renderer)
    else:
        made = render_document(document, out, formats=wanted, renderer=renderer)
    for path in made.paths.values():
        typer.echo(str(path))
    for warning in made.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return 0
