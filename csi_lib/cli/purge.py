"""csi purge: destroy personal data past their term, and record it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="records collected before this day, whatever their term"),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="records whose term is over")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="destroy them; without it only a list is printed")] = False,
    by: Annotated[str | None, typer.Option(help="who destroys, for the record [default: the user's name]")] = None,
    method: Annotated[
        str | None, typer.Option(help="how, for the record [default: overwritten once and deleted]")
    ] = None,
    data: o.Data = None,
    as_json: o.Json = False,
) -> int:
    """Destroy the files that retention.yml names and that are past their term, with an entry in destruction.csv."""
    from csi_lib.run.purging import METHOD, purge

    made = purge(
        study, before=before.date() if before else None, due=due, data=data, by=by, method=method or METHOD, do=yes
    )
    if as_json:
        o.print_json({"done": made.done, "files": [r.__dict__ for r in made.rows], "without_files": made.unnamed})
        return 0
    for row in made.rows:
        typer.echo(f"{row.year} {row.record}: {row.file} ({row.bytes} bytes, {row.reason})")
    for words in made.unnamed:
        typer.echo(f"not on this machine, as far as retention.yml says (no files: named): {words}", err=True)
    if made.done:
        typer.echo(f"{len(made.rows)} files destroyed; recorded in destruction.csv")
    else:
        typer.echo(f"{len(made.rows)} files would be destroyed. Nothing was touched: --yes destroys them")
    return 0
