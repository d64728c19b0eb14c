"""csi diff: which numbers changed between two rounds or releases, by how much, and which input did it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o


def command(
    one: Annotated[Path, typer.Argument(help="output folder, or folder of one report", metavar="A")],
    two: Annotated[Path, typer.Argument(help="another of the same kind", metavar="B")],
    all_: Annotated[
        bool, typer.Option("--all", help="every number, not the twenty largest changes of each report")
    ] = False,
    as_json: o.Json = False,
) -> int:
    """Compare the numbers of two output folders report by report, or two reports with each other. Exit code 1 when any differ."""
    from csi_lib.run.comparison import compare

    found = compare(one, two)
    if as_json:
        said = [
            {**d.__dict__, "numbers": d.numbers.astype(object).where(d.numbers.notna(), None).to_dict("records")}
            for d in found
        ]
        o.print_json(said)
    else:
        for report in found:
            _tell(report, all_)
        total = sum(len(d.numbers) for d in found)
        typer.echo(f"{total} numbers differ in {sum(bool(len(d.numbers)) for d in found)} of {len(found)} reports")
    return 1 if any(len(d.numbers) or d.only_before or d.only_after for d in found) else 0


def _tell(report, everything: bool) -> None:
    numbers, inputs = report.numbers, "; ".join(report.inputs)
    typer.echo(
        f"{report.place}: {len(numbers)} numbers differ, {report.only_before} gone, {report.only_after} new"
        + (f"; changed inputs: {inputs}" if inputs else "; all inputs are the same")
    )
    order = numbers["change"].abs().sort_values(ascending=False, na_position="first").index
    for row in numbers.loc[order if everything else order[:20]].to_dict("records"):
        pairs = (("by1", "group1"), ("by2", "group2"))
        group = " ".join(f"{row[b]}={row[g]}" for b, g in pairs if isinstance(row[b], str) and row[b])
        values = f"{_figure(row['before'])} → {_figure(row['after'])}"
        moved = f" ({row['change']:+.3g})" if row["change"] == row["change"] else ""
        typer.echo(f"  {row['row_id']} {row['measure']} {row['statistic']} {group}: {values}{moved}")
    if not everything and len(numbers) > 20:
        typer.echo(f"  … and {len(numbers) - 20} more (--all)")


def _figure(value: float) -> str:
    return f"{value:.6g}" if value == value else "withheld"
