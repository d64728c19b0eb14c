"""One job from start to finish, inside a worker process: chapters → one report → files under their final name."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
import time
import traceback
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import nbformat
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.findings.finding import FINDINGS_MIME, findings_frame
from csi_lib.models.round import Round
from csi_lib.office.editions import write_editions
from csi_lib.prose.study_texts import declare_literals
from csi_lib.report.commissioned import front_matter, with_parts
from csi_lib.report.context import VARIABLE, Context
from csi_lib.report.display import ROWS_MIME
from csi_lib.report.join import join_notebooks
from csi_lib.report.microdata import People
from csi_lib.report.pages import render_pages
from csi_lib.report.project import write_project
from csi_lib.report.render import FORMATS as DOCUMENTS
from csi_lib.report.render import render
from csi_lib.run.chapters import PEERS
from csi_lib.run.execution import Executed, WarmKernels
from csi_lib.run.failure import WORDED
from csi_lib.run.lost import Working
from csi_lib.run.memory import resident
from csi_lib.run.order import Order, Outcome
from csi_lib.run.places import published_notebook
from csi_lib.run.publishing import publish, way_back
from csi_lib.study.base import PROSE
from csi_lib.study.catalogue import tongue
from csi_lib.study.keeping import kept
from csi_lib.study.reading import Reading
from csi_lib.study.study import OVERALL, Job
from csi_lib.survey.estimates import results_frame


def produce(order: Order, kernels: WarmKernels, *, tell=lambda working: None) -> Outcome:
    """Make one report; `tell` is called with `Working` as each chapter begins.

    Whatever goes wrong is an `Outcome`; what was published before stays until this succeeds.
    """
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
        if order.rehearsal:
            refusals = _rehearse(order, staging, kernels, cost, tell)
            return end(not refusals, refusals=refusals, problem=refusals[0][1] if refusals else None)
        nodes, rows, failures = _execute(order, staging, kernels, cost, tell)
        failure = _failure(*failures[0]) if failures else None
        if failure is not None:
            return end(False, **failure)
        with cost.stage("render"):
            with _spoken(order):
                warnings = _assemble(order, staging, nodes, rows)
            publish(order, staging)
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


def _execute(order: Order, staging: Path, kernels: WarmKernels, cost: Cost, tell):
    """Every chapter in a kernel of its own; the data of the report are loaded once, before the first."""
    job = order.job
    (staging / "figures").mkdir()
    (staging / "notebooks").mkdir()
    parameters = {
        "study": job.study,
        "agency": job.agency,
        "year": job.year,
        "lang": str(tongue(job.lang)),
        "release": job.release,
    }
    shown = max((peers for *_, peers in order.chapters), key=PEERS.index, default="none")
    file = _context(order, staging, "report", shown)
    started = time.perf_counter()
    with kernels.prepared(
        "csi_lib.report.chapter:prepare_chapters", parameters, env={VARIABLE: str(file)}, cwd=staging
    ) as spent:
        if spent is not None:
            cost.seconds["load"], cost.cpu["load"], cost.memory["load"] = time.perf_counter() - started, spent, 0
        return _chapters(order, staging, kernels, cost, parameters, tell)


def _context(order: Order, staging: Path, chapter: str, peers: str) -> Path:
    context = Context(
        chapter,
        order.data,
        order.store,
        str(staging / "figures"),
        tuple(c for c, *_ in order.chapters),
        order.study,
        fresh=order.fresh,
        peers=peers,
        lang=None if order.job.lang in PROSE else order.job.lang,
    )
    return context.write(staging / f".context-{chapter}.json")


def _rehearse(order: Order, staging: Path, kernels: WarmKernels, cost: Cost, tell) -> tuple:
    """What publishing this report would be refused for: all chapters that fail, else what joining them finds."""
    nodes, _, failures = _execute(order, staging, kernels, cost, tell)
    if failures:  # a report without them has references that lead nowhere, which is not another fault
        return tuple((chapter, *done.words) for chapter, done in failures)
    try:
        study = kept(Path(order.study))[1]
        round_ = Round(study, data=order.data, store=order.store, fresh=order.fresh)
        with _spoken(order):
            _joined(order, study, nodes, _people(round_, order.job))
    except InputError as error:
        return ((None, str(error), False),)
    return ()


def _chapters(order: Order, staging: Path, kernels: WarmKernels, cost: Cost, parameters: dict, tell):
    """Executed notebooks, rows they recorded, and (chapter, execution) of those that failed: only the first, but for a
    rehearsal."""
    nodes, rows, failures = [], [], []
    for chapter, path, peers in order.chapters:
        tell(Working(order.job.agency, order.job.year, chapter))
        file = _context(order, staging, chapter, peers)
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
        cost.seconds[chapter] = done.seconds
        cost.cpu[chapter] = sum(os.times()[:4]) - used + (done.cpu_seconds or 0.0)
        cost.memory[chapter] = done.memory or 0
        file.unlink()
        if done.error is not None:
            failures.append((chapter, done))
            if order.rehearsal:
                continue
            return nodes, rows, failures
        nodes.append((chapter, done.node))
        rows += _rows_of(done.node)
        told = published_notebook(done.node, order.job.study, staging)
        _write(told, staging / "notebooks" / f"{Path(path).stem}.ipynb")
    (staging / ".context-report.json").unlink()
    return nodes, rows, failures


def _findings_of(node) -> list[dict]:
    return [
        finding
        for cell in node.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for finding in output.get("data", {}).get(FINDINGS_MIME, ())
    ]


def _write(node, path: Path) -> None:
    """The notebook in compact JSON: indented, as nbformat writes it, it costs the third of a second a report."""
    path.write_text(json.dumps(node, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _failure(chapter: str, done: Executed) -> dict:
    error = done.error
    worded = error.ename in WORDED
    return {
        "problem": f"chapter {chapter}: {error.hint if worded else error.ename or error.kind}",
        "chapter": chapter,
        "cell": error.cell_source,
        "hint": None if worded else error.hint,
        "frames": error.frames,
        "detail": done.debug,
        "input": error.ename in WORDED[:3],
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


def _spoken(order: Order):
    """A language with a catalogue is in force while its report is put together; the others need none."""
    if order.job.lang in PROSE:
        return contextlib.nullcontext()
    return Reading.of(kept(Path(order.study))[1], lang=order.job.lang, release=order.job.release)


def _assemble(order: Order, staging: Path, nodes, rows) -> tuple[str, ...]:
    job, study = order.job, kept(Path(order.study))[1]
    round_ = Round(study, data=order.data, store=order.store, fresh=order.fresh)
    node = _joined(order, study, nodes, _people(round_, job))
    _write(node, staging / "report.ipynb")
    options = {"bibliography": study.report.references} if study.report.references else {}
    lang = tongue(job.lang)
    write_project(staging, lang=lang, theme=order.theme, options=options)
    rendered = render(staging, formats=[f for f in order.formats if f in DOCUMENTS], renderer=order.renderer)
    pages = render_pages(staging, nodes, lang=lang, front=_front(order, study), formats=order.formats,
                         renderer=order.renderer)  # fmt: skip
    findings = findings_frame([f for _, node in nodes for f in _findings_of(node)])
    findings.to_parquet(staging / "findings.parquet", index=False)
    results = write_editions(staging, round_, collect_results(round_, job, rows), agency=job.agency, year=job.year,
                             lang=lang, release=job.release, formats=order.formats, findings=findings)  # fmt: skip
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
        "pages": pages,
        "numbers": len(results),
        "reading": _reading(study),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (staging / "manifest.json").write_text(text, encoding="utf-8")
    return tuple(rendered.warnings)


def _reading(study) -> dict:
    """The rule under which words were chosen, so that whoever has the files alone can hold the words against the numbers."""
    rule, zones = Reading.of(study), study.report.gauge
    return {"significance": rule.significance, "confidence": rule.confidence, "compared_base": rule.compared_base,
            "gauge": [zones.low, zones.high]}  # fmt: skip


def _joined(order: Order, study, nodes, people):
    declare_literals(study)
    job = replace(order.job, lang=tongue(order.job.lang))
    front = _front(order, study)
    return join_notebooks(with_parts(study, job, nodes), lang=job.lang, front=front, people=people)


def _front(order: Order, study) -> dict[str, object]:
    return front_matter(study, replace(order.job, lang=tongue(order.job.lang))) | way_back(order)


def _people(round_: Round, job: Job):
    """Function giving the respondents of a public report, read when an output is not a display of our own; else None."""
    if job.release != "public":
        return None

    @functools.cache
    def people() -> People | None:
        try:
            survey = round_.survey(None if job.agency == OVERALL else job.agency, job.year)
        except InputError:  # a report without a survey of customers
            return None
        return People(survey.frame, survey.codebook)

    return people


def collect_results(round_: Round, job: Job, shown: list[dict]) -> pd.DataFrame:
    """Every number shown, once, and every other estimate of the agency, masked for the release."""
    first: dict[str, dict] = {}
    for row in shown:
        first.setdefault(row["row_id"], row)
    frame = results_frame(list(first.values()))
    if job.agency != OVERALL:
        rest = round_.estimates(job.agency, job.year).masked(job.release).frame
        frame = pd.concat([frame, rest[~rest["row_id"].isin(frame["row_id"])]], ignore_index=True)
    if job.release == "public":  # whoever marked a row as withheld: it says nothing, its base included
        frame.loc[frame["suppressed"].astype(bool), _SAYS] = float("nan")
    return frame


#: the fields of a row that a public reader of a withheld one may not see
_SAYS = ["estimate", "se", "df", "ci_low", "ci_high", "p_value", "deff", "n", "n_weighted", "n_effective"]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
