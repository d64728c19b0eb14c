"""All benchmarks, or all coverage simulations, in one go; writes docs/benchmarks.md or docs/coverage.md.

Run: ``nox -s bench`` (or ``python tests/bench/run_all.py [name …]``), ``nox -s coverage`` (or ``… --coverage [number of
replications]``). Every benchmark compares within its own run; single times mean little on a shared machine, ratios mean
something.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TITLES = {
    "bench_alpha": "Cronbach's alpha with all item statistics",
    "bench_pls": "PLS path models, bootstrap, relative importance",
    "bench_cfa": "Confirmatory factor analysis and polychoric correlations",
    "bench_design": "Domain estimates under a complex design, raking",
    "bench_models": "Index models for many agencies",
    "bench_office": "A statistics book (XLSX) of one agency",
    "bench_kernels": "Kernels: command line, ordinary, warm, forked shell",
    "bench_round": "A round: seven-chapter reports, HTML and PDF",
    "coverage_design": "Means, shares, quantiles, differences under a complex design",
    "coverage_models": "Every index model",
}
#: the part of docs/benchmarks.md that is written by hand, after the rounds it speaks of
_WRITTEN = re.compile(r"^## Where the time goes$.*?(?=^## )", re.MULTILINE | re.DOTALL)
_COVERAGE = """---
title: How often intervals hold the truth
---

Made by `nox -s coverage`: samples of a known population, estimated by the code that reports use; the share of 95 %
intervals that hold the population's value. The goal is 93–97 % from 200 interviews. `other nodes`: lowest and highest
share among the model's other constructs. `bias/sd`: mean error over the standard deviation of the estimates. `se/sd`: mean
standard error over that deviation. `refused`: samples in which the model could not be estimated (an outer weight or a
correlation below 0), which it says in words.
"""


def main(arguments: list[str]) -> int:
    coverage = "--coverage" in arguments
    chosen = [] if coverage else arguments
    options = [a for a in arguments if a != "--coverage"] if coverage else []
    pattern = "coverage_*.py" if coverage else "bench_*.py"
    scripts = [p for p in sorted(HERE.glob(pattern)) if not chosen or p.stem in chosen or p.stem[6:] in chosen]
    parts, failed = [_COVERAGE if coverage else _head()], 0
    for script in scripts:
        print(f"== {script.stem}", flush=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, script, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        print(done.stdout, done.stderr if done.returncode else "", flush=True)
        failed += done.returncode != 0
        title = TITLES.get(script.stem, script.stem)
        body = done.stdout.strip() or f"failed: {done.stderr.strip().splitlines()[-1:]}"
        parts.append(f"## {title}\n\n```\n{body}\n```\n")
        if script.stem == "bench_round":
            parts += _WRITTEN.findall((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"))
    if not chosen:
        page = ROOT / "docs" / ("coverage.md" if coverage else "benchmarks.md")
        page.write_text("\n".join(parts), encoding="utf-8")
    return 1 if failed else 0


def _head() -> str:
    packages = ("numpy", "pandas", "scipy", "pingouin", "semopy", "plspm", "svy")
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{package} not installed")
    return (
        "---\ntitle: Benchmarks\n---\n\n"
        f"Made by `nox -s bench`: Python {platform.python_version()}, {os.cpu_count()} cores, one BLAS thread, "
        f"{platform.system()} {platform.machine()}; {', '.join(versions)}.\n\n"
        "Inputs are float64 DataFrames. Times are medians within one run; where a peer is installed, the ratio is what counts. "
        "Designs and index models are in CPU seconds of one thread: what a quiet machine takes.\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
