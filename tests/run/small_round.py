"""A study whose reports are made in a moment: one or two short chapters, HTML only, four agencies, one wave."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.bench.round_study import OPEN, PARAMETERS, write_study
from tests.run.conftest import ROOT

SAY = (
    "chapter.say(ko='{name:은/는} {index}이다.', en='The {name} is {index}.', name=index['measure_label'], index=index)"
)


def small_round(folder: Path, *cells: str, agencies: int = 4) -> Path:
    """The study, with `cells` before its one sentence."""
    study = write_study(folder, agencies)
    file = study / "study.yml"
    text = file.read_text(encoding="utf-8")
    head, _, _ = text.partition("report:")
    text = (
        head.replace("[2023, 2024]", "[2024]")
        + "report: {language: ko, formats: [html], peers: group, chapters: [only]}\n"
    )
    file.write_text(text, encoding="utf-8")
    shutil.rmtree(study / "chapters")
    (study / "chapters").mkdir()
    write_chapter(study, *cells)
    return study


def write_chapter(study: Path, *cells: str) -> None:
    nodes = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_markdown_cell("# 장")]
    nodes += [new_code_cell(c) for c in (*cells, OPEN, SAY)]
    meta = {"csi": {"scope": "agency", "peers": "none"},
            "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}  # fmt: skip
    nbformat.write(new_notebook(cells=nodes, metadata=meta), study / "chapters" / "10-only.ipynb")


def start(study: Path, out: Path, *more, **environment) -> subprocess.Popen:
    """`csi run` in the background, its progress as JSON lines on stderr."""
    ids = [f"--agency={a.stem[:4]}" for a in sorted((study / "data").glob("*.csv"))]
    # what is started in the background by a shell ignores Ctrl-C, and so would its children
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from csi_lib.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "run", study, "--out", out, *ids]
    return subprocess.Popen(
        [*map(str, command), "--progress", "json", *map(str, more)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen, timeout: float = 300) -> tuple[int, list[dict], str]:
    """Exit code, events and the words on stderr."""
    _, text = process.communicate(timeout=timeout)
    events, words = [], []
    for line in text.splitlines():
        if line.startswith("{"):
            events.append(json.loads(line))
        else:
            words.append(line)
    return process.returncode, events, "\n".join(words)


def run(study: Path, out: Path, *more, **environment) -> tuple[int, dict[str, dict], str]:
    """`csi run` to its end: exit code, how each agency's report ended, words."""
    code, events, words = finish(start(study, out, *more, **environment))
    return code, {e["agency"]: e for e in events if e["event"] == "done"}, words


def until(process: subprocess.Popen, event: str, count: int = 1) -> list[dict]:
    """Events up to the `count`-th of a kind."""
    seen = []
    while sum(e["event"] == event for e in seen) < count:
        line = process.stderr.readline()
        assert line, "the run ended before"
        if line.startswith("{"):
            seen.append(json.loads(line))
    return seen


def intact(out: Path) -> list[str]:
    """Agencies whose published report is whole: every file of its manifest is there, with its checksum."""
    import hashlib

    good = []
    for path in sorted(out.glob("[!._]*/*/manifest.json")):
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        assert all(hashlib.sha256((path.parent / f).read_bytes()).hexdigest() == d for f, d in files.items())
        good.append(path.parts[-3])
    return good


def processes_of(marker: str) -> list[int]:
    """Processes, of whoever, that have `marker` in their environment: kernels, workers and what they started."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and marker.encode() in Path("/proc", name, "environ").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found
