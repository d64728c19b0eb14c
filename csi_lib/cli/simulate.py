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
    """Simulate the respondent files of STUDY as its `simulate:` section says, and the records of its office.yml."""
    from csi_lib.simulate.office import simulate_office
    from csi_lib.simulate.survey import simulate_study
    from csi_lib.study.location import cache_folder
    from csi_lib.study.study import load_study

    declared = load_study(study)
    folder = out or cache_folder(declared.path) / "simulated"
    files = simulate_study(declared, folder, seed)
    if "office" in declared.extensions:
        files = [*files, *simulate_office(declared, folder, seed=seed)]
    typer.echo(f"simulated data: {len(files)} files in {folder}")
    return 0
