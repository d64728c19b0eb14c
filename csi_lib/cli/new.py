"""csi new: a study folder that runs at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(folder: Annotated[Path, typer.Argument(help="folder to make")]) -> int:
    """Make a new study in FOLDER, with comments, that runs at once on simulated answers."""
    from csi_lib.study.template import new_study

    made = new_study(folder)
    typer.echo(f"{made} is a study; csi run {folder} makes its first reports")
    return 0
