"""csi check: is everything there and consistent, before anything runs?"""

from __future__ import annotations

import typer

from csi_lib.cli import options as o


def command(study: o.Study, data: o.Data = None, as_json: o.Json = False) -> int:
    """Check a study's files and data: labels, codes, designs, models. Exit code 1 when something was found."""
    from csi_lib.run.check import check_study

    findings = check_study(study, data=data)
    if as_json:
        o.print_json({"findings": [f.__dict__ for f in findings]})
    else:
        for finding in findings:
            typer.echo(f"{finding.level}: {finding.where}: {finding.message}")
        errors = sum(f.level == "error" for f in findings)
        typer.echo(f"{errors} errors, {len(findings) - errors} notes")
    return 1 if any(f.level == "error" for f in findings) else 0
