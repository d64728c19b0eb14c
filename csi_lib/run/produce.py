"""One job from start to finish, inside a worker process: chapters → one report → files under their final name."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import time
import traceback
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.office.editions import write_editions
from csi_lib.office.libraries import FORMATS
from csi_lib.prose.escape import escape_markdown
from csi_lib.report.context import VARIABLE, Context
from csi_lib.report.display import ROWS_MIME
from csi_lib.report.join import join_notebooks
from csi_lib.report.project import write_project
from csi_lib.report.render import FORMATS as DOCUMENTS
from csi_lib.report.render import render
from csi_lib.run.execution import Executed, WarmKernels
from csi_lib.run.memory import resident
from csi_lib.run.order import Order, Outcome
from csi_lib.study.study import OVERALL, Job
from csi_lib.survey.estimates import results_frame


def produce(order: Order, kernels: WarmKernels) -> Outcome:
    """Make one report. Whatever goes wrong is an `Outcome`; what was published before stays until this succeeds."""
    job, started = order.job, time.perf_counter()
    cost = Cost()
    # as deep below `out` as the final folder, so that links to _theme are the same in both
    below = order.folder.relative_to(order.out)
    name = f"{'-'.join(below.parts)}-{uuid.uuid4().hex[:8]}"
    staging = Path(order.staging or Path(order.out, f".staging-{os.getpid()}"), *below.parts[2:], name)
    end = lambda ok, **more: Outcome(
        job.agency, job.year, job.lang, job.release, ok, cost.seconds, cost.cpu, cost.memory, **more
    )
    try:
        staging.mkdir(parents=True, mode=0o700)
        nodes, rows, failure = _execute(order, staging, kernels, cost)
        if failure is not None:
            return end(False, **failure)
        with cost.stage("render"):
            warnings = _assemble(order, staging, nodes, rows)
            _publish(staging, order.folder, restricted=job.release == "restricted")
            _show_edition(order)
        cost.seconds["total"] = time.perf_counter() - started
        return end(True, warnings=warnings, folder=str(order.folder))
    except InputError as error:
        return end(False, problem=str(error), hint=error.action, detail=traceback.format_exc(), input=True)
    except OSError as error:
        return end(
            False,
            problem=f"{error.strerror or error} ({error.filename or staging})",
            hint="Free disk space or make the output folder writable, then run again",
            detail=traceback.format_exc(),
        )
    except Exception as error:
        return end(
            False, problem=f"{type(error).__name__} while the report was put together", detail=traceback.format_exc()
        )
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@dataclass
class Cost:
    """Seconds of the clock and of the processor, and bytes at most, by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)

    @contextlib.contextmanager
    def stage(self, name: str):
        started, used = time.perf_counter(), sum(os.times()[:4])
        try:
            yield
        finally:
            self.seconds[name], self.cpu[name] = time.perf_counter() - started, sum(os.times()[:4]) - used
            self.memory[name] = resident(os.getpid())


def _execute(order: Order, staging: Path, kernels: WarmKernels, cost: Cost):
    job, nodes, rows = order.job, [], []
    (staging / "figures").mkdir()
    (staging / "notebooks").mkdir()
    parameters = {"study": job.study, "agency": job.agency, "year": job.year, "lang": job.lang, "release": job.release}
    for chapter, path, peers in order.chapters:
        context = Context(
            chapter,
            order.data,
            order.store,
            str(staging / "figures"),
            tuple(c for c, *_ in order.chapters),
            order.study,
            fresh=order.fresh,
            peers=peers,
        )
        file = context.write(staging / f".context-{chapter}.json")
        node = nbformat.read(path, as_version=4)
        used = sum(os.times()[:4])
        done = kernels.execute(
            node,
            parameters=parameters,
            env={VARIABLE: str(file)},
            cwd=str(staging),
            cell_timeout=order.cell_timeout,
            timeout=order.notebook_timeout,
            memory_limit=order.memory,
        )
        file.unlink()
        cost.seconds[chapter] = done.seconds
        cost.cpu[chapter] = sum(os.times()[:4]) - used + (done.cpu_seconds or 0.0)
        cost.memory[chapter] = done.memory or 0
        if done.error is not None:
            return nodes, rows, _failure(chapter, done)
        nodes.append((chapter, done.node))
        rows += _rows_of(done.node)
        nbformat.write(done.node, staging / "notebooks" / f"{Path(path).stem}.ipynb")
    return nodes, rows, None


def _failure(chapter: str, done: Executed) -> dict:
    error = done.error
    return {
        "problem": f"chapter {chapter}: {error.ename or error.kind}",
        "chapter": chapter,
        "cell": error.cell_source,
        "hint": error.hint,
        "frames": error.frames,
        "detail": done.debug,
        "input": error.ename == "InputError",
        "retry": error.retry,
    }


def _rows_of(node) -> list[dict]:
    return [
        row
        for cell in node.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if ROWS_MIME in output.get("data", {})
        for row in output["data"][ROWS_MIME]
    ]


def _assemble(order: Order, staging: Path, nodes, rows) -> tuple[str, ...]:
    from csi_lib.study.study import load_study

    job, study = order.job, load_study(order.job.study)
    node = join_notebooks(nodes, lang=job.lang, front=front_matter(study, job))
    nbformat.write(node, staging / "report.ipynb")
    options = {"bibliography": study.report.references} if study.report.references else {}
    write_project(staging, lang=job.lang, theme=order.theme, options=options)
    rendered = render(staging, formats=[f for f in order.formats if f in DOCUMENTS], renderer=order.renderer)
    round_ = Round(study, data=order.data, store=order.store, fresh=order.fresh)
    results = write_editions(staging, round_, collect_results(round_, job, rows), agency=job.agency, year=job.year,
                             lang=job.lang, release=job.release, formats=order.formats)  # fmt: skip
    results.to_parquet(staging / "results.parquet", index=False)
    files = {str(p.relative_to(staging)): _sha256(p) for p in sorted(staging.rglob("*")) if p.is_file()}
    manifest = {
        "key": order.key,
        "inputs": order.inputs,
        "job": asdict(job) | {"study": study.id},
        "files": files,
        "engine": rendered.engine,
        "versions": rendered.versions,
        "warnings": list(rendered.warnings),
        "numbers": len(results),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (staging / "manifest.json").write_text(text, encoding="utf-8")
    return tuple(rendered.warnings)


def front_matter(study, job: Job) -> dict[str, object]:
    """Title page: what the report is, about whom, for whom and by whom; all of it data, so escaped."""
    lang, say = job.lang, lambda label: escape_markdown(label.text(job.lang))
    if job.agency == OVERALL:
        name = {"ko": "총괄보고서", "en": "Overall report"}[lang]
    else:
        name = escape_markdown(study.agency(job.agency).name.text(lang))
    front: dict[str, object] = {"title": say(study.title), "subtitle": _edition(study.period_of(job.year), lang)}
    front["agency"] = name
    for field_name, label in (("commissioned-by", study.commissioned_by), ("contractor", study.contractor)):
        if label is not None:
            front[field_name] = say(label)
    front["date"] = study.period_of(job.year)
    if job.release == "restricted":
        front["release"] = {"ko": "내부용 · 대외비", "en": "Restricted edition"}[lang]
    return front


def _edition(period: str, lang: str) -> str:
    if lang == "en":
        return f"Report {period}"
    return f"{period}년 결과보고서" if period.isdigit() else f"{period} 결과보고서"


def collect_results(round_: Round, job: Job, shown: list[dict]) -> pd.DataFrame:
    """Every number shown, once, and every other estimate of the agency, masked for the release."""
    first: dict[str, dict] = {}
    for row in shown:
        first.setdefault(row["row_id"], row)
    frame = results_frame(list(first.values()))
    if job.agency != OVERALL:
        rest = round_.estimates(job.agency, job.year).masked(job.release).frame
        frame = pd.concat([frame, rest[~rest["row_id"].isin(frame["row_id"])]], ignore_index=True)
    return frame


def _publish(staging: Path, final: Path, *, restricted: bool) -> None:
    """Put the finished folder under its name in one step; the old one is swapped out, then removed."""
    final.parent.mkdir(parents=True, exist_ok=True)
    staging.chmod(0o700 if restricted else 0o755)
    if restricted:
        for folder in (final.parent, final.parent.parent):
            folder.chmod(0o700)
    if not final.exists():
        staging.rename(final)
        return
    _carry_editions(staging, final)
    if _exchange(staging, final):
        return  # `staging` now holds the old report and is removed by the caller
    old = staging.with_name(f"{staging.name}.old")
    final.rename(old)
    staging.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _carry_editions(staging: Path, final: Path) -> None:
    """What other languages have published beside a report stays when the report is made anew."""
    for other in final.iterdir():
        if other.is_dir() and (other / "manifest.json").exists():
            shutil.copytree(other, staging / other.name, copy_function=os.link)
            for name in FORMATS:
                edition = final / f"report.{other.name}.{name}"
                if edition.exists():
                    os.link(edition, staging / edition.name)


def _show_edition(order: Order) -> None:
    """A second language's documents also stand beside the first's, as ``report.en.html``."""
    if order.job.lang == order.primary:
        return
    for name in order.formats:
        source, shown = order.folder / f"report.{name}", order.folder.parent / f"report.{order.job.lang}.{name}"
        if not source.exists():
            continue
        part = shown.with_name(f".{shown.name}")
        shutil.copyfile(source, part)
        part.replace(shown)


def _exchange(one: Path, two: Path) -> bool:
    """Swap two folders atomically (Linux renameat2 with RENAME_EXCHANGE); False where that does not exist."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        at, exchange = -100, 2
        return libc.renameat2(at, os.fsencode(one), at, os.fsencode(two), exchange) == 0
    except (OSError, AttributeError):
        return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
