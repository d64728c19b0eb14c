"""What a chapter costs beside its own work: papermill's command line, an ordinary and a warm kernel.

    python -m tests.bench.bench_kernels [--chapters 20] [--long 2000]

Everything is measured in one run on the same notebook, so the ratios can be trusted where the
machine is shared and the seconds cannot. ``--long`` runs that many notebooks in warm kernels and
shows what they leave behind.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import v4

from csi_lib.run.execution import WarmKernels, execute_chapter
from csi_lib.run.warm_client import kernel_environment, warm_parent

#: The cells time themselves: what remains of a chapter's CPU time is the kernel's overhead.
CELLS = (
    "import time\n_begin = time.process_time()",
    "import numpy as np, pandas as pd, seaborn as sns, matplotlib.pyplot as plt, pingouin as pg\n"
    "frame = pd.DataFrame(np.random.default_rng(year).integers(1, 6, (400, 6)), columns=list('abcdef'))",
    "frame.describe()",
    "pg.ttest(frame.a, frame.b)",
    "fig, ax = plt.subplots(); sns.barplot(frame.melt(), x='variable', y='value', ax=ax);",
    "fig, ax = plt.subplots(); sns.histplot(frame, x='a', hue='b', ax=ax);",
    "print('own', time.process_time() - _begin)",
)


@dataclass(frozen=True)
class Cost:
    """Seconds per chapter: of the clock, of all processes together, of the cells themselves."""

    wall: float
    cpu: float
    own: float


def notebook(*cells: str):
    parameters = v4.new_code_cell("year = 2024")
    parameters.metadata["tags"] = ["parameters"]
    node = v4.new_notebook(cells=[parameters, *map(v4.new_code_cell, cells)])
    node.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    node.metadata["language_info"] = {"name": "python"}
    return node


def cpu() -> float:
    """CPU seconds of this process and of its ended children."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def own_seconds(node) -> float:
    text = "".join(output.get("text", "") for output in node.cells[-1].outputs)
    return float(text.split()[-1])


def command_line(node, times: int) -> Cost:
    """``papermill in.ipynb out.ipynb -p year …``, as a loop over agencies would call it."""
    own = []
    with tempfile.TemporaryDirectory() as folder:
        given, written = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        nbformat.write(node, given)
        wall, used = time.perf_counter(), cpu()
        for year in range(times):
            subprocess.run(
                [sys.executable, "-m", "papermill", "--no-progress-bar",
                 "-p", "year", str(year), given, written],
                env=kernel_environment(), check=True, capture_output=True,
            )  # fmt: skip
            own.append(own_seconds(nbformat.read(written, as_version=4)))
    return Cost((time.perf_counter() - wall) / times, (cpu() - used) / times, statistics.fmean(own))


def in_process(node, times: int, execute) -> Cost:
    own, wall, used = [], time.perf_counter(), cpu()
    for year in range(times):
        executed = execute(node, parameters={"year": year})
        if executed.error:
            raise SystemExit(str(executed.error))
        own.append(own_seconds(executed.node))
    return Cost((time.perf_counter() - wall) / times, (cpu() - used) / times, statistics.fmean(own))


def forked(node, times: int, kernel: str) -> tuple[Cost, Cost]:
    """Cost per chapter, and of starting the parent (its chapter included) apart from it.

    A child's time counts once it has been waited for, so a parent's kernels count at its end:
    the same is done with one chapter and with many, and the difference is what the others cost.
    """

    def round_of(number: int) -> tuple[Cost, float, float]:
        wall, used = time.perf_counter(), cpu()
        with WarmKernels(kernel=kernel) as kernels:
            cost = in_process(node, number, kernels.execute)
        return cost, time.perf_counter() - wall, cpu() - used

    one, wall_of_one, cpu_of_one = round_of(1)
    many, wall_of_many, cpu_of_many = round_of(times + 1)
    each = Cost((wall_of_many - wall_of_one) / times, (cpu_of_many - cpu_of_one) / times, many.own)
    return each, Cost(wall_of_one, cpu_of_one, one.own)


def residents(pid: int) -> tuple[float, int]:
    """Resident megabytes and open descriptors of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20, len(os.listdir(f"/proc/{pid}/fd"))


def long_run(times: int) -> None:
    """Many notebooks in one parent: memory, descriptors, processes and files must not grow."""
    node = notebook("print('own', year)")
    print(f"\n{'notebooks':>10} {'client MB':>10} {'fds':>5} {'parent MB':>10} {'fds':>5} {'s each':>7}")
    with WarmKernels() as kernels:
        begun = time.perf_counter()
        for number in range(1, times + 1):
            error = kernels.execute(node, parameters={"year": number}).error
            if error:
                raise SystemExit(f"notebook {number}: {error}")
            if number in (1, 10) or number % max(1, times // 10) == 0:
                (mine, my_fds), (its, its_fds) = residents(os.getpid()), residents(warm_parent().process.pid)
                each = (time.perf_counter() - begun) / number
                print(f"{number:>10} {mine:>10.1f} {my_fds:>5} {its:>10.1f} {its_fds:>5} {each:>7.3f}")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapters", type=int, default=20, help="chapters in warm kernels")
    parser.add_argument("--long", type=int, default=0, help="notebooks of the long run")
    options = parser.parse_args(argv)
    few = max(3, options.chapters // 5)
    node, empty = notebook(*CELLS), notebook(CELLS[0], CELLS[-1])
    print(f"{'':26} {'wall s':>7} {'CPU s':>7} {'own s':>7} {'overhead':>9} {'wall ×':>7} {'CPU ×':>7}")
    for title, subject in (("two figures, one test", node), ("nothing to do", empty)):
        print(title)
        shell, first = forked(subject, options.chapters, "shell")
        warm, _ = forked(subject, few, "warm")
        rows = {
            "  papermill command line": command_line(subject, few),
            "  ordinary kernel": in_process(
                subject, few, lambda given, **more: execute_chapter(given, kernel="ordinary", **more)
            ),
            "  warm Jupyter kernel": warm,
            "  forked shell, as in a run": shell,
            "  first one, parent started": first,
        }
        loop = rows["  papermill command line"]
        for name, cost in rows.items():
            print(
                f"{name:26} {cost.wall:7.2f} {cost.cpu:7.2f} {cost.own:7.2f} {cost.cpu - cost.own:9.3f}"
                f" {loop.wall / cost.wall:7.1f} {loop.cpu / cost.cpu:7.1f}"
            )
    if options.long:
        long_run(options.long)


if __name__ == "__main__":
    main()
