"""csi status: which reports exist, which are out of date, which failed; where time and memory went."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o
from csi_lib.cli.speech import told

_STATES_KO = {"up to date": "최신", "to be made": "만들어야 함", "being made": "만드는 중", "failed": "실패"}


def command(
    study: o.Study,
    out: o.Out = None,
    data: o.Data = None,
    profile: Annotated[bool, typer.Option("--profile", help="where time and memory of the reports went")] = False,
    as_json: o.Json = False,
) -> int:
    """Show every report of STUDY: up to date, to be made (and why), being made, failed. Exit code 1 when one failed."""
    from csi_lib.run.ledger import Ledger
    from csi_lib.run.pipeline import default_out
    from csi_lib.run.plan import Wanted, plan_run
    from csi_lib.run.profile import profile_of

    folder = Path(out).resolve() if out else default_out(study)
    ledger = Ledger(folder)
    try:
        entries = ledger.entries()
        planned = plan_run(study, Wanted(folder, str(data.resolve()) if data else None), ledger)
        rows = [_row(plan, entries.get(plan.order.name), ledger) for plan in planned]
        chosen = [entries[p.order.name].outcome for p in planned if p.order.name in entries]
        costs, runs = profile_of(chosen), ledger.runs()
    finally:
        ledger.close()
    failed = sum(row["state"] == "failed" for row in rows)
    if as_json:
        o.print_json({"reports": rows, "profile": costs, "runs": runs})
        return 1 if failed else 0
    for row in rows:
        why = row.get("problem") or "; ".join(row["reasons"])
        state = told(_STATES_KO[row["state"]], row["state"])
        typer.echo(f"{row['agency']} {row['year']}: {state}{f' ({why})' if why else ''}")
    counts = {state: sum(row["state"] == state for row in rows) for state in dict.fromkeys(r["state"] for r in rows)}
    typer.echo(", ".join(told(f"{_STATES_KO[state]} {n}", f"{n} {state}") for state, n in counts.items()))
    if profile:
        _show(costs)
    elif costs["reports"]:
        typer.echo(
            f"{costs['cpu']:.1f} s of processor per report, at most {costs['memory'] / 2**20:.0f} MB; --profile shows where"
        )
    if failed:
        typer.echo(f"details: {folder / 'failures.html'}", err=True)
    return 1 if failed else 0


def _row(plan, entry, ledger) -> dict:
    job = plan.order.job
    row = {"agency": job.agency, "year": job.year, "state": "up to date", "reasons": list(plan.reasons)}
    if entry is not None and entry.owner is not None and ledger.alive(entry.owner):
        row["state"] = "being made"
    elif entry is not None and entry.state == "failed":
        row |= {"state": "failed", "problem": entry.outcome.get("problem"), "hint": entry.outcome.get("hint")}
    elif plan.reasons:
        row["state"] = "to be made"
    return row


def _show(costs: dict) -> None:
    if not costs["reports"]:
        typer.echo("no report of this folder has been made by this version yet")
        return
    typer.echo(f"\nper report, of {costs['reports']} reports   seconds   of processor   MB at most")
    for name, cost in costs["stages"].items():
        typer.echo(f"  {name:26} {cost['seconds']:10.2f} {cost['cpu']:14.2f} {cost['memory'] / 2**20:12.0f}")
    typer.echo(f"  {'together':26} {costs['seconds']:10.2f} {costs['cpu']:14.2f} {costs['memory'] / 2**20:12.0f}")
    slow = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in costs["slowest"])
    typer.echo(f"slowest: {slow}")
