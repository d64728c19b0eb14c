"""csi codebook: the codebook as a list, as a table to edit, and in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study,
    export: Annotated[
        Path | None, typer.Option(help="write it: .csv or .xlsx (to edit), .xml (DDI-Codebook), .sss (Triple-S)")
    ] = None,
    edited: Annotated[
        Path | None, typer.Option("--from", help="put an edited .csv or .xlsx back into codebook.yml")
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="with Triple-S: the answers of the newest wave too, for the client only")
    ] = False,
    source: Annotated[str, typer.Option(help="source whose codebook it is")] = "customers",
    data: o.Data = None,
) -> int:
    """Print the codebook of STUDY, export it, or take the edited table back."""
    from csi_lib.draft.codebook_table import export_table, import_table, table_rows
    from csi_lib.study.study import load_study

    read = load_study(study)
    if edited is not None:
        changes = import_table(read, edited, source)
        for line in changes:
            typer.echo(line)
        typer.echo(f"{len(changes)} changes in {read.path / read.sources[source].codebook}")
        return 0
    if export is not None:
        from csi_lib.draft.exchange import write_ddi, write_triple_s

        kind = export.suffix.lower()
        if kind in (".csv", ".xlsx"):
            made = [export_table(read, export, source)]
        elif kind == ".xml":
            made = [write_ddi(read, export, source=source)]
        elif kind == ".sss":
            made = write_triple_s(read, export, source=source, answers=answers, data=data)
        else:
            from csi_lib.errors import InputError

            raise InputError("a codebook is not written in this format", where="--export", found=repr(export.suffix),
                             expected=".csv, .xlsx, .xml (DDI) or .sss (Triple-S)")  # fmt: skip
        typer.echo("\n".join(map(str, made)))
        return 0
    for row in table_rows(read, source):
        label = next((v for k, v in row.items() if k.startswith("label_") and v), "")
        answers_ = next((v for k, v in row.items() if k.startswith("answers_") and v), "")
        more = "; ".join(
            filter(
                None,
                [row["scale"], row["set"], answers_[:70], f"no answer: {row['missing']}" if row["missing"] else ""],
            )
        )
        typer.echo(
            f"{row['column']:<18} {row['role']:<10} {row['section']:<10} {label[:50]:<50} {more}{'  # guess' if row['guess'] else ''}"
        )
    return 0
