"""csi check: is everything there and consistent, before anything runs?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from csi_lib.cli import options as o
from csi_lib.cli.speech import told


def command(
    study: o.Study,
    data: o.Data = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="also run every chapter of every report, without rendering")
    ] = False,
    agency: Annotated[list[str] | None, typer.Option(help="rehearse only the reports of this agency (repeat)")] = None,
    year: Annotated[list[int] | None, typer.Option(help="rehearse only the reports of this year (repeat)")] = None,
    as_json: o.Json = False,
) -> int:
    """Check a study's files and data: labels, codes, designs, models, records. Exit code 1 when something was found."""
    from csi_lib.run.check import check_study

    shown = sys.stderr.isatty() and not as_json
    tell = (lambda words: print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)) if shown else None
    findings = check_study(study, data=data, rehearsal=rehearse, agencies=agency, years=year, tell=tell)
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    errors = sum(f.level == "error" for f in findings)
    if as_json:
        o.print_json({"findings": [f.__dict__ for f in findings]})
    else:
        for finding in findings:
            typer.echo(str(finding))
        notes = len(findings) - errors
        typer.echo(told(f"오류 {errors}건, 알림 {notes}건", f"{errors} errors, {notes} notes"))
        if not errors and not rehearse:
            typer.echo(told("장은 돌려 보지 않았습니다. csi check --rehearse로 돌려 봅니다.",
                            "The chapters themselves were not run: csi check --rehearse does."), err=True)  # fmt: skip
    return 1 if errors else 0
