"""csi trace: where does this printed number come from?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: Annotated[str, typer.Argument(help="folder or name of the study, or an output folder", metavar="STUDY|OUT")],
    number: Annotated[
        str, typer.Argument(help="a figure as it is printed, or the id of a row (data-r)", metavar="NUMBER|ROW_ID")
    ],
    out: o.Out = None,
    data: o.Data = None,
    agency: Annotated[str | None, typer.Option(help="look in the reports of this agency only")] = None,
    year: Annotated[int | None, typer.Option(help="look in the reports of this year only")] = None,
    as_json: o.Json = False,
) -> int:
    """Trace a number of the published reports to its row, cell, formula, weights, data columns and file. Exit code 1 when a
    check on the way fails."""
    from csi_lib.run.pipeline import default_out
    from csi_lib.run.tracing import trace, words
    from csi_lib.study.study import load_study

    folder, declared = Path(study).expanduser(), None
    if out is None and folder.is_dir() and not (folder / "study.yml").is_file():
        out = folder
    else:
        declared = load_study(study)
    place = Path(out).resolve() if out else default_out(declared)
    found = trace(place, number, study=declared, data=data, agency=agency, year=year)
    if as_json:
        o.print_json([asdict(t) for t in found])
    else:
        for one in found:
            typer.echo("\n".join(words(one)))
        typer.echo(f"{len(found)} numbers")
    return 0 if all(holds for one in found for _, holds in one.checks) else 1
