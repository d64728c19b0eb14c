"""csi migrate: bring the files of an earlier version up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    write: Annotated[
        bool, typer.Option("--write", help="change the files; without it the changes are only listed")
    ] = False,
    as_json: o.Json = False,
) -> int:
    """List what changed since the version that STUDY's files were written for, and with --write change them, comments kept."""
    from csi_lib.study.migration import SCHEMA_VERSION, migrate

    changes = migrate(study, write=write)
    if as_json:
        o.print_json({"changes": [c.__dict__ for c in changes], "written": write})
        return 0
    for change in changes:
        typer.echo(str(change))
    done = "changed" if write else "to change; csi migrate … --write does it"
    typer.echo(f"{len(changes)} places {done}" if changes else f"the files are of version {SCHEMA_VERSION}, the newest")
    return 0
