"""All benchmarks in one go; writes docs/benchmarks.md with machine, versions and peers.

Run: ``nox -s bench`` (or ``python tests/bench/run_all.py [name …]``). Every script compares within its own run; single
times mean little on a shared machine, ratios mean something.
"""

from __future__ import annotations

import os
import platform
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
    "bench_kernels": "Kernels: command line, ordinary, warm",
}


def main(chosen: list[str]) -> int:
    scripts = [p for p in sorted(HERE.glob("bench_*.py")) if not chosen or p.stem in chosen or p.stem[6:] in chosen]
    parts, failed = [_head()], 0
    for script in scripts:
        print(f"== {script.stem}", flush=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        print(done.stdout, done.stderr if done.returncode else "", flush=True)
        failed += done.returncode != 0
        title = TITLES.get(script.stem, script.stem)
        body = done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr.strip().splitlines()[-1:]}"
        parts.append(f"## {title}\n\n```\n{body}\n```\n")
    if not chosen:
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")
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
        "Inputs are float64 DataFrames. Times are medians within one run; where a peer is installed, the ratio is what counts.\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
