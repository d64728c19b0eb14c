"""csi handbook: the body's handbook of customer satisfaction, from the study's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    out: o.Out = None,
    lang: o.Lang = None,
    formats: Annotated[str, typer.Option(help="html,pdf,docx,hwpx")] = "html,pdf",
    renderer: Annotated[str, typer.Option(help="auto, quarto or embedded")] = "auto",
) -> int:
    """Write STUDY's handbook: customers, touch points, standards, survey, evaluation, feedback, checklists, roles."""
    from csi_lib.chapters.handbook.text import handbook_text
    from csi_lib.prose.unfilled import check_filled
    from csi_lib.report.render import render_document
    from csi_lib.run.pipeline import default_out
    from csi_lib.study.study import load_study

    found = load_study(study)
    folder = (Path(out) if out else default_out(found)) / "handbook"
    folder.mkdir(parents=True, exist_ok=True)
    lang = lang or found.report.language
    text = handbook_text(found, lang=lang)
    check_filled(text, where="handbook")
    document = folder / ("handbook.md" if lang == found.report.language else f"handbook.{lang}.md")
    document.write_text(text, encoding="utf-8")
    made = render_document(
        document, folder, formats=[f.strip() for f in formats.split(",") if f.strip()], renderer=renderer
    )
    for path in made.paths.values():
        typer.echo(str(path))
    for warning in made.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return 0
