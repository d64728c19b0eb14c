"""csi intake: what became of every line and column of the files of answers."""

from __future__ import annotations

import typer

from csi_lib.cli import options as o


def command(
    study: o.Study, data: o.Data = None, agency: o.Agency = None, year: o.Year = None, as_json: o.Json = False
) -> int:
    """Print the intake receipt: hash, form, lines and columns of every file, answers written out, codes that are new, and
    whether the records agree with the fieldwork log. Exit code 1 where something does not add up."""
    from csi_lib.run.receipts import intake_receipts

    found = intake_receipts(study, data=data, agencies=agency, years=year)
    if as_json:
        o.print_json([receipt.as_dict() for receipt in found])
    else:
        for receipt in found:
            typer.echo("\n".join(receipt.lines()))
    return 0 if all(receipt.sound for receipt in found) else 1
