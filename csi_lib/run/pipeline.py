"""A round: parameters → jobs → worker processes → published reports → site.

The main process plans, hands out and reports; it never imports papermill and never opens a notebook for
execution. Workers are started by exec (spawn), each with its own warm kernels.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.office.editions import FORMATS
from csi_lib.office.libraries import require
from csi_lib.report.chapter import OVERALL
from csi_lib.report.render import FORMATS as DOCUMENTS
from csi_lib.report.render import choose_renderer
from csi_lib.report.theme import prepare_theme
from csi_lib.run import keys
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.produce import Order, Outcome, job_folder
from csi_lib.run.workers import estimate_one, produce_one, start_worker
from csi_lib.study.location import cache_folder
from csi_lib.study.study import Job, Study, load_study


@dataclass(frozen=True)
class Planned:
    """A job of this round: what made it necessary (`reasons`; empty: it is up to date)."""

    order: Order
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RunResult:
    """What a run did. `outcomes` are the jobs that ran, `skipped` those that were up to date."""

    out: Path
    outcomes: tuple[Outcome, ...] = ()
    skipped: tuple[Job, ...] = ()
    planned: tuple[Planned, ...] = field(default=(), repr=False)
    seconds: float = 0.0

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if not o.ok)

    @property
    def exit_code(self) -> int:
        """0 all well; 1 some job failed, the others are finished; 2 nothing could be made because of wrong input."""
        if not self.failed:
            return 0
        nothing = not self.skipped and not any(o.ok for o in self.outcomes)
        return 2 if nothing and all(o.input for o in self.failed) else 1


def default_out(study: Study) -> Path:
    """``out/<study>`` in the working folder."""
    return Path.cwd() / "out" / study.id


def plan_run(
    study: Study,
    *,
    out: Path,
    data: str | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    lang: str | None = None,
    release: str | None = None,
    formats: Sequence[str] | None = None,
    renderer: str = "auto",
    failed: bool = False,
    force: bool = False,
    cell_timeout: float | None = None,
) -> list[Planned]:
    """Every job of the round and why it has to run; reads no respondent data."""
    jobs = study.jobs(agencies, years, lang, release)
    if not jobs:
        raise InputError("no agency took part in the chosen years", where=f"study {study.id!r}")
    formats = tuple(formats or [f for f in study.report.formats if f in FORMATS])
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"format {name} cannot be made", expected=", ".join(FORMATS))
    require(formats)
    if not set(formats) & set(DOCUMENTS):
        formats = ("html", *formats)  # the site leads to a page
    engine = choose_renderer(renderer)
    if agencies is None and len(study.agencies) > 1 and chapter_notebooks(study, "study"):
        one = jobs[0]
        jobs += [Job(one.study, OVERALL, year, one.lang, one.release) for year in sorted({j.year for j in jobs})]
    round_ = Round(study, data=data, store=cache_folder(study.path) / "estimates")
    theme = prepare_theme(out / "_theme", study.report.theme, study=study.path)
    code, settings = keys.code_digest(), keys.study_digest(study)
    chapters = {scope: chapter_notebooks(study, scope) for scope in ("agency", "study")}
    planned = []
    for job in jobs:
        own = chapters["study" if job.agency == OVERALL else "agency"]
        inputs = keys.job_inputs(
            job,
            chapters=own,
            round_=round_,
            formats=formats,
            renderer=[engine.name, engine.versions],
            code=code,
            study=settings,
        )
        order = Order(
            job,
            str(out),
            tuple((c.id, str(c.path)) for c in own),
            inputs,
            keys.digest(inputs),
            formats,
            engine.name,
            theme,
            str(round_.store),
            str(round_.store / "study.pickle"),
            data,
            cell_timeout,
            study.report.language,
        )
        before = _manifest(order.folder)
        reasons = keys.changed(before.get("inputs") if before else None, inputs)
        if failed and f"{job.agency}/{job.year}" not in last_failures(out):
            reasons = []
        elif force and not reasons:
            reasons = ["asked for (--force)"]
        planned.append(Planned(order, tuple(reasons)))
    return planned


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
    failed: bool = False,
    force: bool = False,
    dry_run: bool = False,
    cell_timeout: float | None = 600.0,
    progress: Callable[[str, dict], None] | None = None,
) -> RunResult:
    """Make the reports of a study that are missing or out of date.

    Parameters
    ----------
    study : name, folder or `Study`.
    out : output folder, default ``out/<study>``; layout as in the documentation (one folder per agency and year).
    data : folder of the respondent files, where they are not in the study's folder.
    agencies, years, lang, release : which reports; default all agencies and years in the study's language.
    formats : of html, pdf, docx, hwpx, xlsx, pptx; default the study's. renderer : auto, quarto or embedded.
    jobs : worker processes, default one per core.
    failed : only those that failed last time; force : all; dry_run : plan only.
    cell_timeout : seconds a single cell may take.
    progress : called with an event name and a dict for every step, e.g. ("done", {...}).

    Returns
    -------
    RunResult; a failed job does not stop the others and leaves what was published before.

    Raises
    ------
    InputError for wrong parameters or study files, before anything is executed.
    """
    started, tell = time.perf_counter(), progress or (lambda event, info: None)
    study = load_study(study)
    out = Path(out).resolve() if out else default_out(study)
    data = str(Path(data).resolve()) if data else None
    if data and not Path(data).is_dir():
        raise InputError("the data folder does not exist", where="--data", found=data)
    _writable(out)
    planned = plan_run(
        study,
        out=out,
        data=data,
        agencies=agencies,
        years=years,
        lang=lang,
        release=release,
        formats=formats,
        renderer=renderer,
        failed=failed,
        force=force,
        cell_timeout=cell_timeout,
    )
    todo = [p.order for p in planned if p.reasons]
    skipped = tuple(p.order.job for p in planned if not p.reasons)
    if dry_run:
        return RunResult(out, (), skipped, tuple(planned), time.perf_counter() - started)
    shutil.rmtree(out / ".staging", ignore_errors=True)
    outcomes: list[Outcome] = []
    if todo:
        tell("start", {"jobs": len(todo), "skipped": len(skipped), "out": str(out)})
        workers = max(1, min(jobs or os.cpu_count() or 1, len(todo)))
        outcomes = list(_work(study, todo, workers, data, tell))
    seconds = time.perf_counter() - started
    result = RunResult(out, tuple(outcomes), skipped, tuple(planned), seconds)
    _record(study, result)
    if outcomes or not (out / "index.html").exists():
        from csi_lib.run.site import write_site

        write_site(study, out)
    tell("end", {"done": sum(o.ok for o in outcomes), "failed": len(result.failed), "seconds": seconds})
    return result


def _work(study: Study, todo: list[Order], workers: int, data: str | None, tell):
    """Estimates of all agencies first (peers need them), then the reports, on a pool that survives its workers."""
    waves = {(a.id, y) for o in todo for y in study.years if y <= o.job.year for a in study.agencies if a.took_part(y)}
    store = todo[0].store
    Path(store).mkdir(parents=True, exist_ok=True, mode=0o700)
    remembered = Path(todo[0].study)
    remembered.touch(mode=0o600)
    remembered.chmod(0o600)
    remembered.write_bytes(pickle.dumps(study))
    tasks = [("estimate", (study.path, a, y, data, store)) for a, y in sorted(waves)]
    problems: dict[tuple, str] = {}
    for (_, args), value in _pooled(tasks, workers, tell):
        if isinstance(value, str):
            problems[args[1], args[2]] = value
    reports = []
    for order in todo:
        problem = problems.get((order.job.agency, order.job.year))
        if problem is None:
            reports.append(("produce", (order,)))
            continue
        outcome = Outcome(
            order.job.agency, order.job.year, order.job.lang, order.job.release, False, problem=problem, input=True
        )
        tell("done", asdict(outcome))
        yield outcome
    for (_, (order,)), value in _pooled(reports, workers, tell):
        if not isinstance(value, Outcome):
            value = Outcome(
                order.job.agency, order.job.year, order.job.lang, order.job.release, False, problem=str(value)
            )
        tell("done", asdict(value))
        yield value


_TASKS = {"estimate": estimate_one, "produce": produce_one}


def _pooled(tasks, workers: int, tell):
    """Yield (task, result) as they finish. A worker that dies costs its task one more try, and nobody else anything."""
    tries: dict[int, int] = {}
    left = dict(enumerate(tasks))
    while left:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)
        try:
            running, waiting = {}, list(left)
            while running or waiting:
                while waiting and len(running) < workers:
                    number = waiting.pop(0)
                    kind, args = left[number]
                    running[pool.submit(_TASKS[kind], *args)] = number
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    number = running.pop(future)
                    value = future.result()
                    yield left.pop(number), value
        except BrokenProcessPool:
            # nobody can tell which worker died, so those that were running get one more try, each alone if need be
            for number in running.values():
                tries[number] = tries.get(number, 0) + 1
                if tries[number] > 1:
                    yield left.pop(number), "the worker process died twice (killed, or out of memory)"
            workers = 1 if any(tries.values()) else workers
            tell("worker", {"problem": "a worker process died; its jobs are tried again"})
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"the output folder cannot be written ({error.strerror})", where="--out", found=str(out)
        ) from None


def _manifest(folder: Path) -> dict | None:
    try:
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def last_failures(out: Path) -> set[str]:
    try:
        record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {f"{o['agency']}/{o['year']}" for o in record.get("failed", [])}


def _record(study: Study, result: RunResult) -> None:
    """run.json: what the last run did; failures.html: what went wrong, without data values."""
    from csi_lib.run.failures import write_failures

    still = {(o.agency, o.year) for o in result.outcomes}
    before = []
    if (result.out / "run.json").exists():
        try:
            before = json.loads((result.out / "run.json").read_text(encoding="utf-8")).get("failed", [])
        except ValueError:
            before = []
    planned = {(p.order.job.agency, p.order.job.year) for p in result.planned if not p.reasons}
    failed = [asdict(o) for o in result.failed]
    failed += [o for o in before if (o["agency"], o["year"]) not in still | planned]
    record = {
        "study": study.id,
        "seconds": round(result.seconds, 2),
        "argv": sys.argv[1:],
        "done": [f"{o.agency}/{o.year}" for o in result.outcomes if o.ok],
        "skipped": [f"{j.agency}/{j.year}" for j in result.skipped],
        "failed": [{k: v for k, v in o.items() if k != "detail"} for o in failed],
        "profile": {f"{o.agency}/{o.year}": {k: round(v, 3) for k, v in o.seconds.items()} for o in result.outcomes},
    }
    part = result.out / f".run.json.{os.getpid()}"
    part.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(result.out / "run.json")
    write_failures(study, result.out, record["failed"])


__all__ = ["Planned", "RunResult", "default_out", "job_folder", "plan_run", "run_study"]
