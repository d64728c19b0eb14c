"""csi audit: do the numbers of a published table agree with each other?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    table: Annotated[
        Path, typer.Argument(help="published table: .csv, .tsv or .xlsx, UTF-8 or CP949", metavar="TABLE")
    ],
    spec: Annotated[
        Path | None, typer.Option(help="YAML file that says what the columns are, where it cannot be inferred")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Check totals, means, differences, shares, error margins and scales of a published table."""
    from csi_lib.audit.table_audit import audit_table

    audit = audit_table(table, spec=spec)
    if as_json:
        o.print_json(audit.to_dict())
    else:
        for assumption in audit.assumptions:
            typer.echo(f"assumed: {assumption}")
        for finding in audit.findings:
            typer.echo(str(finding))
        typer.echo(f"{len(audit.findings)} findings in {audit.rows} rows of {audit.table}")
    return 1 if audit.findings else 0
