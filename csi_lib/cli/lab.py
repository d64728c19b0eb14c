"""csi lab: JupyterLab on a study's chapters."""

from __future__ import annotations

from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    data: o.Data = None,
    copy_only: Annotated[bool, typer.Option("--copy-only", help="copy the chapters and stop")] = False,
    use: Annotated[
        str | None, typer.Option(help="make this copy (such as 62-kindness) a chapter of the reports, and stop")
    ] = None,
    browser: Annotated[bool, typer.Option(help="open a browser")] = True,
) -> int:
    """Copy the chapters into the study's lab/ folder (never over a changed one) and open JupyterLab on the study."""
    from csi_lib.run.lab import copy_chapters, open_lab

    if use is not None:
        from csi_lib.run.lab_copies import use_copy
        from csi_lib.study.study import load_study

        typer.echo(f"{use_copy(load_study(study), use)} is a chapter of the reports now; csi run makes them")
        return 0
    folder = copy_chapters(study)
    typer.echo(f"chapters: {folder}")
    return 0 if copy_only else open_lab(study, folder, data=data, browser=browser)
