"""What to do with this project: ``nox -s report`` makes the example reports, ``nox -s tests`` runs all tests."""

from __future__ import annotations

import os
import time
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True


def _install(session: nox.Session, *what: str) -> None:
    """Install, compiled: without bytecode every import costs seconds more."""
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    compile_flag = ["--compile-bytecode"] if session.venv_backend == "uv" else []
    session.install(*compile_flag, *what)


@nox.session
def report(session: nox.Session) -> None:
    """Install the workbench and make the reports of the bundled example study into out/example."""
    _install(session, ".[voice]")
    started = time.time()
    session.run("csi", "run", "example", "--out", "out/example", *session.posargs)
    index = Path("out/example/index.html").resolve()
    session.log(f"The reports were made in {time.time() - started:.0f} s. Open {index.as_uri()}")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests."""
    _install(session, "-e", ".[test,lab,voice]")
    workers = (
        []
        if any(a.startswith("-n") for a in session.posargs)
        else ["-n", str(os.cpu_count() or 1), "--dist", "loadfile"]
    )
    session.env.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    session.run("pytest", *workers, "--durations=25", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Put small faults into chosen modules and see whether the tests notice (20 minutes; ``-- --minutes 5``)."""
    _install(session, "-e", ".[test]")
    session.env.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    session.run("python", "tests/mutation.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, notebooks without outputs, schemas and environment.yml true to their sources."""
    _install(session, "ruff==0.17.*", "-e", ".")
    session.run("ruff", "check", "csi_lib", "tests", "noxfile.py")
    session.run("ruff", "format", "--check", "csi_lib", "tests", "noxfile.py")
    session.run("python", "tests/lint_project.py")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site with API and gallery in docs/_site; every sample is run, every link followed (a quarter of an hour)."""
    _install(session, "-e", ".[docs,office,hwpx,voice]")
    session.run("python", "docs/build.py", *(session.posargs or ["--samples"]))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed, as ratios in one run against the plain way of doing it; writes docs/benchmarks.md."""
    _install(session, "-e", ".[bench]")
    session.env.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    session.run("python", "tests/bench/run_all.py", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Two thousand notebooks in warm kernels: memory, descriptors, processes and files must not grow."""
    _install(session, "-e", ".[bench]")
    session.run("python", "tests/bench/bench_kernels.py", "--chapters", "5", "--long", "2000", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Simulate surveys with known truth and count how often the intervals cover it; writes docs/coverage.md (half an hour)."""
    _install(session, "-e", ".")
    session.env.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    session.run("python", "tests/bench/run_all.py", "--coverage", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Ten thousand broken YAML files, data files, notebooks, models and records, chosen by coverage: each must end in success
    or in words (--count, --seed, --only)."""
    _install(session, "-e", ".[test]")
    try:
        session.install("atheris")
    except nox.command.CommandFailed:
        session.log("atheris cannot be installed here: the inputs are drawn at random")
    session.run("python", "-m", "tests.bench.fuzz", *session.posargs)


@nox.session
def dist(session: nox.Session) -> None:
    """Build wheel and sdist, install each alone, and run the example outside the checkout."""
    _install(session, "build")
    session.run("python", "tests/distribution.py", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Two hundred runs that are killed, starved or disturbed: every published file whole, the next run equal byte for byte
    (half an hour; --kills, --others, --seed)."""
    _install(session, "-e", ".[test]")
    session.env.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    session.run("python", "-m", "tests.bench.faults", *session.posargs)


@nox.session
def supply(session: nox.Session) -> None:
    """Lock with hashes, licences, SBOM (CycloneDX) and known vulnerabilities of everything the workbench is made of."""
    _install(session, "-e", ".[office,hwpx,voice,serve,sign,cluster]", "pip-audit", "cyclonedx-bom", "uv")
    session.run("python", "tests/supply.py")
