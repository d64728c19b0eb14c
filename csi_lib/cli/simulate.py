"""csi simulate: answers with known truth, from the study's own codebook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    out: Annotated[Path | None, typer.Option(help="folder for the files [default: the study's private folder]")] = None,
    seed: Annotated[int | None, typer.Option(help="random seed")] = None,
) -> int:
    """Simulate the respondent files of STUDY as its `simulate:` section says."""
    from csi_lib.survey.simulation import simulate_study

    options = {} if seed is None else {"seed": seed}
    typer.echo(f"simulated data: {simulate_study(study, out, **options)}")
    return 0
