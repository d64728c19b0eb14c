"""csi lab: JupyterLab on a study's chapters."""

from __future__ import annotations

from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    data: o.Data = None,
    copy_only: Annotated[bool, typer.Option("--copy-only", help="copy the chapters and stop")] = False,
    browser: Annotated[bool, typer.Option(help="open a browser")] = True,
) -> int:
    """Copy the chapter notebooks into the study's lab/ folder (never over a changed one) and open JupyterLab."""
    from csi_lib.run.lab import copy_chapters, open_lab

    folder = copy_chapters(study)
    typer.echo(f"chapters: {folder}")
    return 0 if copy_only else open_lab(study, folder, data=data, browser=browser)
