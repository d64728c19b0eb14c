"""csi letters: the mail-merge list of open improvement tasks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    agency: Annotated[str, typer.Option(help="agency id")],
    year: Annotated[int, typer.Option(help="year of the register")],
    asof: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="day to reckon from [default: the register's own]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help=".csv or .xlsx [default: letters-AGENCY-YEAR.csv here]")] = None,
    data: o.Data = None,
    lang: o.Lang = None,
) -> int:
    """Write whom to remind of which open task: names and contacts, for the office only (file mode 0600)."""
    from csi_lib.chapters.feedback.letters import letters, write_letters
    from csi_lib.study.study import load_study

    study = load_study(study)
    study.jobs(agency, year, lang)
    found = letters(study, agency, year, asof=asof, data=data, lang=lang or study.report.language)
    path = write_letters(found, out or Path(f"letters-{agency}-{year}.csv"))
    typer.echo(f"{len(found)} letters: {path}")
    if left := found.attrs["without_owner"]:
        typer.echo(f"{left} open tasks have no owner")
    return 0
