"""csi run: make the reports that are missing or out of date."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from csi_lib.cli import options as o
from csi_lib.cli.speech import told


def command(
    study: o.Study,
    out: o.Out = None,
    data: o.Data = None,
    agency: o.Agency = None,
    year: o.Year = None,
    lang: o.Lang = None,
    release: Annotated[str | None, typer.Option(help="public or restricted")] = None,
    formats: Annotated[str | None, typer.Option(help="html,pdf,docx,hwpx,xlsx,pptx [default: the study's]")] = None,
    renderer: Annotated[str, typer.Option(help="auto, quarto or embedded")] = "auto",
    jobs: Annotated[int | None, typer.Option(min=1, help="worker processes [default: one per core]")] = None,
    memory: Annotated[
        str | None, typer.Option(help="for all workers together, e.g. 8G [default: 80 % of what is free]")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="local:N, tcp://127.0.0.1:PORT or tls://HOST:PORT of a dask scheduler")
    ] = None,
    cell_timeout: Annotated[float, typer.Option(help="seconds a notebook cell may take")] = 600.0,
    notebook_timeout: Annotated[float, typer.Option(help="seconds a chapter may take")] = 1800.0,
    job_timeout: Annotated[float, typer.Option(help="seconds a report may take")] = 7200.0,
    failed: Annotated[bool, typer.Option("--failed", help="only what failed last time")] = False,
    force: Annotated[bool, typer.Option("--force", help="everything, whether it changed or not")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be done")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="say why each report is made")] = False,
    progress: Annotated[str, typer.Option(help="auto, bar, plain, json or none (on standard error)")] = "auto",
    as_json: o.Json = False,
) -> int:
    """Make every report of STUDY that is missing or out of date."""
    from csi_lib.cli.progress import Progress
    from csi_lib.run.memory import parse_size
    from csi_lib.run.pipeline import run_study

    with stoppable(), Progress("json" if as_json and progress == "auto" else progress) as seen:
        result = run_study(
            study,
            out=out,
            data=data,
            agencies=agency or None,
            years=year or None,
            lang=lang,
            release=release,
            formats=[f.strip() for f in formats.split(",") if f.strip()] if formats else None,
            renderer=renderer,
            jobs=jobs,
            memory=parse_size(memory) if memory else None,
            cluster=cluster,
            cell_timeout=cell_timeout,
            notebook_timeout=notebook_timeout,
            job_timeout=job_timeout,
            failed=failed,
            force=force,
            dry_run=dry_run,
            progress=seen,
        )
    if as_json:
        o.print_json(_summary(result))
        return result.exit_code
    if explain or dry_run:
        for plan in result.planned:
            job = plan.order.job
            typer.echo(f"{job.agency} {job.year}: {'; '.join(plan.reasons) or 'up to date'}")
    if dry_run:
        due, fresh = sum(bool(p.reasons) for p in result.planned), len(result.skipped)
        typer.echo(told(f"만들 보고서 {due}건, 최신 {fresh}건", f"{due} reports would be made, {fresh} are up to date"))
        return 0
    _tell(result)
    _tell_of_copies(study)
    return result.exit_code


def _tell_of_copies(study: str) -> None:
    """That a chapter was changed in lab/ and the reports do not use it."""
    from csi_lib.run.lab_copies import changed_copies
    from csi_lib.study.location import resolve_study
    from csi_lib.study.study import load_study

    if (resolve_study(study) / "lab").is_dir():
        for name in changed_copies(load_study(study)):
            typer.echo(
                told(f"알림: lab/{name}.ipynb를 고쳤으나 보고서에는 쓰이지 않습니다. csi lab {study} --use {name}",
                     f"note: lab/{name}.ipynb was changed and the reports do not use it; csi lab {study} --use {name}"),
                err=True,
            )  # fmt: skip


@contextlib.contextmanager
def stoppable():
    """A request to end (SIGTERM) is treated like Ctrl-C: workers end, what is finished is kept, claims are given back."""

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


_NAMED = 3  # reports named of those that failed for one reason


def _tell(result) -> None:
    from csi_lib.run.order import alike

    done = sum(o.ok for o in result.outcomes)
    fresh, failed = len(result.skipped), len(result.failed)
    typer.echo(
        told(f"만든 보고서 {done}건, 최신 {fresh}건, 실패 {failed}건 ({result.seconds:.1f}초)",
             f"{done} reports made, {fresh} up to date, {failed} failed ({result.seconds:.1f} s)")
    )  # fmt: skip
    for group in alike(asdict(outcome) for outcome in result.failed):
        first, names = group[0], [f"{item['agency']} {item['year']}" for item in group]
        whom = ", ".join(names[:_NAMED]) + (f" … ({len(group)} reports)" if len(group) > 1 else "")
        typer.echo(f"  {whom}: {first['problem']}", err=True)
        if first["hint"]:
            typer.echo(f"    {first['hint']}", err=True)
        if first["detail"] and os.environ.get("CSI_DEBUG"):
            typer.echo(first["detail"], err=True)
    if result.problem:
        typer.echo(f"csi: {result.problem}", err=True)
    if result.failed:
        page = Path(result.out) / "failures.html"
        typer.echo(told(f"  자세한 내용: {page}. 고친 뒤: csi run … --failed",
                        f"  details: {page}; after mending: csi run … --failed"), err=True)  # fmt: skip
    typer.echo(told("열어 보기: ", "open ") + str(Path(result.out) / "index.html"))


def _summary(result) -> dict:
    return {
        "out": str(result.out),
        "seconds": result.seconds,
        "planned": [
            {"agency": p.order.job.agency, "year": p.order.job.year, "reasons": list(p.reasons)} for p in result.planned
        ],
        "done": [f"{o.agency}/{o.year}" for o in result.outcomes if o.ok],
        "skipped": [f"{j.agency}/{j.year}" for j in result.skipped],
        "problem": result.problem,
        "failed": [{"agency": o.agency, "year": o.year, "problem": o.problem, "hint": o.hint} for o in result.failed],
    }
