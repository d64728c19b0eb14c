"""csi doctor: what this machine offers, and which engine will be used and why."""

from __future__ import annotations

import typer

from csi_lib.cli import options as o


def command(as_json: o.Json = False) -> int:
    """Check the installation: Python, packages, kernels, fonts, rendering engines."""
    from csi_lib.run.doctor import examine

    report = examine()
    if as_json:
        o.print_json(report)
    else:
        for name, (ok, text) in report.items():
            typer.echo(f"{'ok ' if ok else 'NO '} {name}: {text}")
    return 0 if all(ok for ok, _ in report.values()) else 1
