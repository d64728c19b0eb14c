"""A round: parameters → jobs → workers → published reports → site.

The main process plans, hands out, keeps the ledger and reports; it never imports papermill and never opens a notebook for
execution.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from csi_lib.errors import InputError, MachineError
from csi_lib.prose.study_texts import refuse_templates
from csi_lib.run import keys
from csi_lib.run.crew import Ended, LocalCrew
from csi_lib.run.digests import received
from csi_lib.run.ledger import Ledger, alone
from csi_lib.run.lost import Lost
from csi_lib.run.memory import WORKER, share
from csi_lib.run.order import Order, Outcome, job_folder
from csi_lib.run.places import without_places
from csi_lib.run.plan import Planned, Wanted, manifest_stamp, plan_run, read_manifest, study_facts
from csi_lib.run.root import current, write_root
from csi_lib.run.scheduler import Later, Task, run_tasks
from csi_lib.study.keeping import SUFFIX, keep, state
from csi_lib.study.location import resolve_study
from csi_lib.study.study import Job, Study, load_study


@dataclass(frozen=True)
class RunResult:
    """What a run did. `outcomes` are the jobs that ran, `skipped` those that were up to date."""

    out: Path
    outcomes: tuple[Outcome, ...] = ()
    skipped: tuple[Job, ...] = ()
    planned: tuple[Planned, ...] = field(default=(), repr=False)
    seconds: float = 0.0
    problem: str | None = None  # of the run itself, e.g. the ledger could not be written

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if not o.ok)

    @property
    def exit_code(self) -> int:
        """0 all well; 1 some job failed, the others are finished; 2 nothing could be made because of wrong input."""
        if not self.failed:
            return 1 if self.problem else 0
        nothing = not self.skipped and not any(o.ok for o in self.outcomes)
        return 2 if nothing and all(o.input for o in self.failed) else 1


def default_out(study: str | Path | Study) -> Path:
    """``out/<study>`` in the working folder."""
    return Path.cwd() / "out" / (study.id if isinstance(study, Study) else resolve_study(study).name)


def run_study(
    study: str | Path | Study,
    *,
    out: str | Path | None = None,
    data: str | Path | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    lang: str | None = None,
    release: str | None = None,
    formats: Sequence[str] | None = None,
    renderer: str = "auto",
    jobs: int | None = None,
    memory: int | None = None,
    cluster: object = None,
    failed: bool = False,
    force: bool = False,
    dry_run: bool = False,
    rehearsal: bool = False,
    cell_timeout: float | None = 600.0,
    notebook_timeout: float | None = 1800.0,
    job_timeout: float | None = 7200.0,
    progress: Callable[[str, dict], None] | None = None,
) -> RunResult:
    """Make the reports of a study that are missing or out of date.

    Parameters
    ----------
    study : name, folder or `Study`.
    out : output folder, default ``out/<study>``; layout as in the documentation (one folder per agency and year).
    data : folder of the respondent files, where they are not in the study's folder.
    agencies, years, lang, release : which reports; default all agencies and years in the study's language.
    formats : of html, pdf; default the study's. renderer : auto, quarto or embedded.
    jobs : worker processes, default one per core. memory : bytes all of them and their notebooks may take together,
        default four fifths of what is free.
    cluster : ``local:N``, ``tcp://127.0.0.1:…``, ``tls://…`` or a dask cluster object: the same jobs on workers of dask.distributed.
    failed : only those that failed last time; force : all; dry_run : plan only.
    rehearsal : every chapter of every report runs and is joined, nothing is rendered, published or written to the site; what
        would be refused is in the outcomes' `refusals`.
    cell_timeout, notebook_timeout, job_timeout : seconds a cell, a chapter and a whole report may take.
    progress : called with an event name and a dict for every step, e.g. ("done", {...}).

    Returns
    -------
    RunResult; a failed job does not stop the others and leaves what was published before. Interrupted (Ctrl-C), what is
    finished is kept, and the same call goes on with the rest.

    Raises
    ------
    InputError for wrong parameters or study files, before anything is executed.
    """
    started, tell = time.perf_counter(), progress or (lambda event, info: None)
    out = Path(out).resolve() if out else default_out(study)
    data = str(Path(data).resolve()) if data else None
    if data and not Path(data).is_dir():
        raise InputError("the data folder does not exist", where="--data", found=data)
    wanted = Wanted(
        out, data, agencies, years, lang, release, formats, renderer, failed, force, cell_timeout, notebook_timeout
    )
    _writable(out)
    ledger = Ledger(out)
    try:
        planned = plan_run(study, wanted, ledger)
        if rehearsal:
            planned = [replace(p, order=replace(p.order, rehearsal=True)) for p in planned]
        todo = {p.order.name: p for p in planned if p.reasons}
        skipped = tuple(p.order.job for p in planned if not p.reasons)
        if dry_run:
            return RunResult(out, (), skipped, tuple(planned), time.perf_counter() - started)
        if todo and not rehearsal:
            refuse_templates(load_study(study))
        outcomes: list[Outcome] = []
        stopped = None
        if todo:
            tell("start", {"jobs": len(todo), "skipped": len(skipped), "out": str(out)})
            try:
                for outcome in _work(study, todo, ledger, jobs, memory, job_timeout, cluster, tell):
                    outcomes.append(outcome)
                    tell("done", asdict(outcome))
            except KeyboardInterrupt as interrupt:
                stopped = interrupt
        seconds = time.perf_counter() - started
        result = RunResult(out, tuple(outcomes), skipped, tuple(planned), seconds, ledger.problem)
        if rehearsal:
            pass
        elif todo:
            result = _conclude(study, result, ledger)
        else:
            _receive(study, out, data)
            if _sweep(out, ledger) or not (out / "index.html").exists() or not current(out):
                _write_site(study, out)  # a killed run did not come to it
        tell("end", {"done": sum(o.ok for o in outcomes), "failed": len(result.failed), "seconds": seconds})
        if stopped:
            raise stopped
        return result
    except OSError as error:
        words = f"{error.strerror or error} ({error.filename or out})"
        raise MachineError(
            words, where="--out", action="Free disk space or make the folder writable, then run again"
        ) from error
    finally:
        ledger.close()


def _work(study, todo: dict[str, Planned], ledger: Ledger, jobs, memory, job_timeout, cluster, tell):
    """Yield how every job ended; claims in the ledger while it is at work."""
    ledger.begin()
    started, note = time.perf_counter(), "stopped"
    orders = {name: p.order for name, p in todo.items()}
    out = Path(next(iter(orders.values())).out)
    _sweep(out, ledger)
    facts, _, _ = study_facts(study, next(iter(orders.values())).inputs["code"])
    crew = None
    try:
        if cluster:
            from csi_lib.run.cluster import ClusterCrew

            crew = ClusterCrew(cluster, facts.study, data=next(iter(orders.values())).data, time_limit=job_timeout)
            limit = None
        else:
            size, ceiling = share(memory, min(jobs or os.cpu_count() or 1, len(todo)))
            limit = None if ceiling is None else ceiling - WORKER
            crew = LocalCrew(size, memory=ceiling, time_limit=job_timeout)
            crew.heard = lambda working: tell("working", asdict(working))
        staging = str(out / f".staging-{ledger.run}")
        orders = {name: replace(o, memory=limit, staging=staging) for name, o in orders.items()}
        for name, ended in _made(facts.study, orders, ledger, crew, tell):
            outcome = _outcome(orders[name], ended)
            _enter(ledger, todo[name], outcome)
            yield outcome
        note = None
    finally:
        if crew is not None:
            crew.close()
        shutil.rmtree(out / f".staging-{ledger.run}", ignore_errors=True)
        ledger.end(time.perf_counter() - started, note)


def _made(study: Study, orders: dict[str, Order], ledger: Ledger, crew, tell) -> Iterator[tuple[str, Ended]]:
    """The jobs as they end. Estimates come first, those that the first reports need before others; each is computed once."""
    one = next(iter(orders.values()))
    store = Path(one.store)
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    keep(Path(one.study), None, study)
    known, problems = ledger.digests(), {}
    tasks: dict[tuple, Task] = {}
    current: dict[str, str] = {}
    for rank, (name, order) in enumerate(orders.items()):
        pairs, group = order.needs
        after = []
        for agency, year, key in pairs:
            stored = store / f"{keys.PRIMARY}-{agency}-{year}{SUFFIX}"
            task = ("agency", agency, year)
            current[task] = key
            found = crew.shares_store and known.get(str(stored)) == f"{key} {state(stored)}"
            if task not in tasks and not found:
                args = (one.study, agency, year, key, one.data, one.store)
                tasks[task] = Task(task, "agency", args, rank=len(orders) + rank)
            after.append(task)
        if group is not None:
            wave = ("wave", group, order.job.year)
            members = [t for t in after if t[2] == order.job.year]
            if wave not in tasks:
                args = lambda year=order.job.year, group=group, peers=order.peers, problems=problems: (
                    one.study, year, group or None, peers, {a: p for (a, y), (p, _) in problems.items() if y == year}, one.data,
                    one.store,
                )  # fmt: skip
                tasks[wave] = Task(wave, "wave", args, tuple(members), rank=len(orders) + rank)
            after.append(wave)
        published = manifest_stamp(order.folder)
        before = lambda order=order, published=published: _begin(order, published, ledger, problems)
        tasks["produce", name] = Task(("produce", name), "produce", (order,), tuple(after), rank, before)
    for task, ended in run_tasks(tasks.values(), crew, beat=ledger.beat):
        kind, *rest = task.name
        if kind == "produce":
            yield rest[0], ended
            continue
        problem = ended.value.words if isinstance(ended.value, Lost) else ended.value
        if kind == "agency" and problem is None and crew.shares_store:
            stored = store / f"{keys.PRIMARY}-{rest[0]}-{rest[1]}{SUFFIX}"
            ledger.remember({str(stored): f"{current[task.name]} {state(stored)}"})
        elif kind == "agency" and problem is not None:
            problems[tuple(rest)] = problem, not isinstance(ended.value, Lost)
        tell("prepared", {"what": kind, "name": rest[0], "year": rest[1], "problem": problem})


def _begin(order: Order, published: str | None, ledger: Ledger, problems: dict):
    """Claim a job as its turn comes; what makes it needless, or impossible, is its outcome."""
    problem = problems.get((order.job.agency, order.job.year))
    if problem is not None:
        return _ended(order, False, problem=problem[0], input=problem[1])
    if not ledger.claim(order.name):
        return Later
    # `published` is what stood there when this run began: anything newer under our key is another run's work
    if manifest_stamp(order.folder) != published and (read_manifest(order.folder) or {}).get("key") == order.key:
        return _ended(order, True, folder=str(order.folder), by_another=True)
    return None


def _ended(order: Order, ok: bool, **more) -> Outcome:
    job = order.job
    return Outcome(job.agency, job.year, job.lang, job.release, ok, **more)


def _outcome(order: Order, ended: Ended) -> Outcome:
    if isinstance(ended.value, Outcome):
        return ended.value
    words = ended.value.words if isinstance(ended.value, Lost) else str(ended.value)
    return _ended(order, False, problem=words, hint="Run again; if it happens again, see --memory and --job-timeout")


def _enter(ledger: Ledger, plan: Planned, outcome: Outcome) -> None:
    if outcome.by_another:
        ledger.release(plan.order.name)
        return
    slim = {k: v for k, v in asdict(outcome).items() if k != "detail"}
    stamp = manifest_stamp(plan.order.folder) if outcome.ok else None
    state = "done" if outcome.ok else "failed"
    ledger.finish(
        plan.order.name, state=state, key=plan.order.key, manifest=stamp, reasons=plan.reasons, outcome=slim
    )  # fmt: skip


def _sweep(out: Path, ledger: Ledger) -> bool:
    """Remove what runs that were killed have left half-made; whether there was any."""
    left = list(out.glob(".staging-*"))
    alive = ledger.live_runs() if left else ()
    dead = [folder for folder in left if folder.name.removeprefix(".staging-") not in alive]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return bool(dead)


def _writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        # a wrong path is the user's to mend; a disk that refuses is not, and the same command may work tomorrow
        kind = InputError if isinstance(error, NotADirectoryError | FileExistsError) else MachineError
        words = f"the output folder cannot be written ({error.strerror})"
        raise kind(words, where="--out", found=str(out)) from None


def _receive(study, out: Path, data: str | None) -> None:
    """The receipts of the answers anew where a file was written after them, though no report is another for it."""
    loaded = load_study(study)
    if not received(loaded, out, data):
        from csi_lib.run.receipts import write_intake  # with pandas, which a run with nothing to do is quick without

        write_intake(loaded, out, data)


def _conclude(study, result: RunResult, ledger: Ledger) -> RunResult:
    """run.json, failures.html and the site; a disk that is full ends the run with words, not with a traceback."""
    from csi_lib.run.failures import write_failures
    from csi_lib.run.receipts import write_intake

    try:
        failed = [e.outcome for e in ledger.entries().values() if e.state == "failed"]
        loaded = study_facts(study, result.planned[0].order.inputs["code"])[0].study
        record = {
            "study": loaded.id,
            "seconds": round(result.seconds, 2),
            "done": [f"{o.agency}/{o.year}" for o in result.outcomes if o.ok],
            "skipped": [f"{j.agency}/{j.year}" for j in result.skipped],
            "failed": [without_places(o, loaded.path, result.out) for o in failed],
            "profile": {
                f"{o.agency}/{o.year}": {k: round(v, 3) for k, v in o.seconds.items()} for o in result.outcomes
            },
        }
        part = result.out / f".run.json.{os.getpid()}"
        part.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(result.out / "run.json")
        write_failures(loaded, result.out, record["failed"])
        write_intake(loaded, result.out, result.planned[0].order.data)
        _write_site(loaded, result.out)
    except OSError as error:
        words = f"{error.strerror or error} ({error.filename or result.out}): the index was not written; free space and run again"
        return replace(result, problem=words)
    return replace(result, problem=ledger.problem)


def _write_site(study, out: Path) -> None:
    from csi_lib.run.site import write_site

    study = load_study(study)
    with alone(out / ".run" / "site.lock"):  # runs that end at the same time write it one after the other
        write_site(study, out)
        write_root(out, study.id)


__all__ = ["Planned", "RunResult", "default_out", "job_folder", "plan_run", "run_study"]
