"""csi import: a large respondent file once, to Parquet by agency and year."""

from __future__ import annotations

import typer

from csi_lib.cli import options as o


def command(study: o.Study, data: o.Data = None) -> int:
    """Convert the study's respondent files to partitioned Parquet in its private folder (no identifiers)."""
    from csi_lib.survey.importing import import_data

    typer.echo(str(import_data(study, data=data)))
    return 0
