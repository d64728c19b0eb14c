"""csi verify: does every number in the published reports have its row, and does every file match its manifest?"""

from __future__ import annotations

import typer

from csi_lib.cli import options as o


def command(study: o.Study, out: o.Out = None, as_json: o.Json = False) -> int:
    """Check the published reports of STUDY: checksums, numbers in HTML and PDF against results.parquet."""
    from pathlib import Path

    from csi_lib.run.pipeline import default_out
    from csi_lib.run.verification import verify_reports
    from csi_lib.study.study import load_study

    findings = verify_reports(Path(out).resolve() if out else default_out(load_study(study)))
    if as_json:
        o.print_json({"findings": findings})
    else:
        for finding in findings:
            typer.echo(finding)
        typer.echo(f"{len(findings)} findings")
    return 1 if findings else 0
