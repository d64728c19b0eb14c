"""csi status: which reports exist, which are out of date, which failed."""

from __future__ import annotations

import typer

from csi_lib.cli import options as o


def command(study: o.Study, out: o.Out = None, data: o.Data = None, as_json: o.Json = False) -> int:
    """Show every report of STUDY: up to date, to be made (and why), failed. Exit code 1 when one failed."""
    from pathlib import Path

    from csi_lib.run.pipeline import default_out, last_failures, plan_run
    from csi_lib.study.study import load_study

    loaded = load_study(study)
    folder = Path(out).resolve() if out else default_out(loaded)
    failed = last_failures(folder)
    rows = []
    for plan in plan_run(loaded, out=folder, data=str(data.resolve()) if data else None):
        job = plan.order.job
        state = "failed" if f"{job.agency}/{job.year}" in failed else "to be made" if plan.reasons else "up to date"
        rows.append({"agency": job.agency, "year": job.year, "state": state, "reasons": list(plan.reasons)})
    if as_json:
        o.print_json(rows)
    else:
        for row in rows:
            why = f" ({'; '.join(row['reasons'])})" if row["reasons"] else ""
            typer.echo(f"{row['agency']} {row['year']}: {row['state']}{why}")
    return 1 if failed else 0
