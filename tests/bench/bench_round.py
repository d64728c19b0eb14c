"""A round of the bench study (`round_study.py`): reports per second, and the same by a loop of commands, in one run.

    python tests/bench/bench_round.py [--sizes 3 30 300] [--reports N] [--real N] [--loop N] [--pinned N]

Seconds of the clock depend on what else the machine does; seconds of processor, and ratios within one run, much less.
``--reports`` makes only the first N reports of each size, which shows what a report costs in a large round without
waiting for all of it. ``--real`` reports of the study of real size (`real_study.py`) stand beside them, with where the
processor's time went in both. ``--pinned`` (0: not at all) compares one and two dask workers, each with its kernels on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from csi_lib.report.context import Context  # noqa: E402
from tests.bench.real_study import BANNERS, ITEMS, RESPONDENTS, SECTIONS, write_real_study  # noqa: E402
from tests.bench.round_study import CHAPTERS, write_study  # noqa: E402

MAIN = "from csi_lib.cli import main; main()"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: the chapters of one report are put together and rendered: the renderer as a command
RENDER = """
import sys, nbformat
from pathlib import Path
from csi_lib.report.join import join_notebooks
from csi_lib.report.project import write_project
from csi_lib.report.render import render
from csi_lib.report.theme import prepare_theme
folder = Path(sys.argv[1])
nodes = [(p.stem[3:], nbformat.read(p, 4)) for p in sorted(folder.glob("[1-9]0-*.ipynb"))]
nbformat.write(join_notebooks(nodes, lang="ko", front={"title": "Bench"}), folder / "report.ipynb")
write_project(folder, lang="ko", theme=prepare_theme(folder / "_theme"))
render(folder)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock and of the processor, per report, and of the clock until the first was finished."""

    wall: float
    cpu: float
    first: float | None = None


def used() -> float:
    """Processor seconds of ended children and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def csi(*arguments) -> tuple[float, float, float | None, int]:
    """`csi …` from a cold start: clock, processor, clock to the first report, reports made."""
    wall, cpu = time.perf_counter(), used()
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *map(str, arguments)], env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    first, made = None, 0
    for line in process.stderr:
        if line.startswith("{") and (event := json.loads(line))["event"] == "done":
            first = first or time.perf_counter() - wall
            made += event["ok"]
    if process.wait():
        raise SystemExit(f"csi {arguments} failed")
    return time.perf_counter() - wall, used() - cpu, first, made


def a_round(study: Path, out: Path, reports: int, *more) -> Cost:
    chosen = [f"--agency=a{k:03d}" for k in range(1, reports + 1)]
    wall, cpu, first, made = csi("run", study, "--out", out, "--year", 2024, "--progress", "json", *chosen, *more)
    return Cost(wall / made, cpu / made, first)


def loop(study: Path, folder: Path, reports: int) -> Cost:
    """``papermill`` for every chapter, then the renderer, as a shell script over agencies would do it."""
    wall, cpu = time.perf_counter(), used()
    for k in range(1, reports + 1):
        target = folder / f"loop-{k}"
        (target / "figures").mkdir(parents=True)
        given = {"study": study, "agency": f"a{k:03d}", "lang": "ko", "release": "public"}
        for chapter in sorted((study / "chapters").glob("*.ipynb")):
            name = chapter.stem[3:]
            context = Context(name, figures=str(target / "figures"), chapters=tuple(CHAPTERS)).write(
                target / f".{name}.json"
            )
            parameters = [part for name, value in given.items() for part in ("-r", name, str(value))]
            subprocess.run(
                [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3", *parameters, "-p", "year", "2024",
                 chapter, target / chapter.name],
                env={**ENVIRONMENT, "CSI_CONTEXT": str(context)}, check=True, capture_output=True,
            )  # fmt: skip
        subprocess.run([sys.executable, "-c", RENDER, target], env=ENVIRONMENT, check=True, capture_output=True)
    return Cost((time.perf_counter() - wall) / reports, (used() - cpu) / reports)


def stages(study: Path, out: Path) -> str:
    """Seconds of processor per report by stage, the largest first."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "status", study, "--out", out, "--profile", "--json"], env=ENVIRONMENT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    table = json.loads(done.stdout)["profile"]
    parts = sorted(table["stages"].items(), key=lambda item: -item[1]["cpu"])
    words = ", ".join(f"{name} {cost['cpu']:.2f}" for name, cost in parts)
    return f"{words}; largest process {table['memory'] / 2**20:.0f} MB"


def real(folder: Path, reports: int) -> tuple[Cost, str, str]:
    """Reports of the study of real size: their cost, pages and largest drawing, and where the time went."""
    import pypdfium2

    study, out = write_real_study(folder / "real", reports), folder / "out-real"
    cost = a_round(study, out, reports)
    report = out / "a001" / "2024"
    document = pypdfium2.PdfDocument(report / "report.pdf")
    pages = len(document)
    document.close()
    drawing = max(path.stat().st_size for path in (report / "figures").glob("*.svg"))
    page = (report / "report.html").stat().st_size
    return cost, f"{pages} pages, HTML {page / 2**20:.1f} MB, largest SVG {drawing / 1024:.0f} kB", stages(study, out)


def pinned(folder: Path, reports: int) -> None:
    """One and two dask workers, each pinned with its kernels to one core."""
    study = write_study(folder / "pinned", reports)
    took = {}
    for count in (1, 2):
        place = folder / f"dask-{count}"
        place.mkdir()
        note = place / "scheduler.json"
        dask = lambda kind, *arguments, core=None, place=place: subprocess.Popen(
            [*(["taskset", "-c", str(core)] if core is not None else []), sys.executable, "-m", f"distributed.cli.dask_{kind}",
             *map(str, arguments)],
            cwd=place, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started = [dask("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", note)]
        while not note.exists() or not note.read_text():
            time.sleep(0.1)
        address = json.loads(note.read_text())["address"]
        for core in range(count):
            started.append(
                dask("worker", address, "--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", place / str(core), core=core)
            )  # fmt: skip
        a_round(study, folder / f"warm-{count}", count, "--cluster", address)  # kernels are up
        took[count] = a_round(study, folder / f"out-{count}", reports, "--cluster", address)
        for process in reversed(started):
            process.terminate()
            process.wait()
    ratio = took[1].wall / took[2].wall
    print(
        f"\n{reports} reports on one dask worker pinned to a core {took[1].wall:.2f} s each, on two {took[2].wall:.2f} s: {ratio:.2f} ×"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 30, 300])
    parser.add_argument("--reports", type=int, default=None, help="make only the first N reports of each size")
    parser.add_argument("--real", type=int, default=6, help="reports of the study of real size (0: none)")
    parser.add_argument("--loop", type=int, default=1, help="reports made by the loop (0: none)")
    parser.add_argument("--pinned", type=int, default=30, help="reports of the comparison of one and two dask workers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, rows, nothing = Path(name), [], {}
        for size in options.sizes:
            study = write_study(folder / f"bench-{size}", size)
            reports = min(size, options.reports or size)
            rows.append(
                (f"csi run, {size} agencies, {reports} reports", a_round(study, folder / f"out-{size}", reports))
            )
            again = [f"--agency=a{k:03d}" for k in range(1, reports + 1)]
            wall, cpu, _, made = csi(
                "run", study, "--out", folder / f"out-{size}", "--year", 2024, "--progress", "json", *again
            )
            assert made == 0
            nothing[size] = wall, cpu
        tidy, where = rows[-1][1], stages(study, folder / f"out-{options.sizes[-1]}")
        heavy = real(folder, options.real) if options.real else None
        by_loop = loop(study, folder, options.loop) if options.loop else None
        if by_loop:
            rows.append((f"papermill commands + renderer, {options.loop} report(s)", by_loop))
        print(
            f"{len(CHAPTERS)} chapters, 12 figures, 15 tables, 400 respondents x 40 items, HTML + PDF; load {os.getloadavg()[0]:.1f}"
        )
        print(f"{'per report':44} {'wall s':>7} {'CPU s':>7} {'first s':>8} {'wall x':>7} {'CPU x':>7}")
        for title, cost in rows:
            first = f"{cost.first:8.1f}" if cost.first else " " * 8
            times = f"{by_loop.wall / cost.wall:7.1f} {by_loop.cpu / cost.cpu:7.1f}" if by_loop else ""
            print(f"{title:44} {cost.wall:7.2f} {cost.cpu:7.2f} {first} {times}".rstrip())
        print(
            "\nnothing to do: " + "; ".join(f"{n} agencies {w:.2f} s (CPU {c:.2f} s)" for n, (w, c) in nothing.items())
        )
        print(f"\nprocessor by stage, seven chapters: {where}")
        if heavy:
            cost, size, parts = heavy
            print(
                f"\nreal size, {ITEMS} items in {SECTIONS} sections, {BANNERS} banners, 2 waves, {RESPONDENTS:,} respondents, "
                f"{options.real} reports: {cost.wall:.2f} s, CPU {cost.cpu:.2f} s each, "
                f"{cost.cpu / tidy.cpu:.1f} × the seven-chapter report\n  {size}\n  processor by stage: {parts}"
            )
        if options.pinned:
            pinned(folder, options.pinned)


if __name__ == "__main__":
    main()
