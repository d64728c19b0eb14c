"""JupyterLab on a study: its files in sight, copies of its chapters in ``lab/``, errors in a few lines."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from csi_lib.errors import BY_HAND, InputError
from csi_lib.extras import advice
from csi_lib.report.context import VARIABLE
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.lab_copies import for_lab
from csi_lib.run.start_here import newest_job, write_start
from csi_lib.study.location import cache_folder
from csi_lib.study.study import OVERALL, load_study


def copy_chapters(study: str | Path) -> Path:
    """The study's ``lab/`` folder: a first page, and a copy of every chapter of its reports that is not there yet, in the
    report's language, set to the newest report.

    A notebook changed by hand is never overwritten; ``csi lab STUDY --use NAME`` makes one part of the reports.
    Returns the folder; where the study's own cannot be written (installed studies) it lies in the private cache.
    """
    study = load_study(study)
    job = newest_job(study)
    target = (Path(study.path) if os.access(study.path, os.W_OK) else cache_folder(study.path)) / "lab"
    target.mkdir(parents=True, exist_ok=True)
    ignore = target / ".gitignore"
    if not ignore.exists():  # saved outputs may hold answers
        ignore.write_text("*\n", encoding="utf-8")
    for chapter in (c for scope in ("agency", "study") for c in chapter_notebooks(study, scope)):
        if (target / chapter.path.name).exists():
            continue
        values = {
            "study": str(study.path),
            "agency": job.agency if chapter.scope == "agency" else OVERALL,
            "year": job.year,
            "lang": job.lang,
            "release": job.release,
        }
        nbformat.write(for_lab(chapter.node, values, job.lang), target / chapter.path.name)
    write_start(study, target)
    return target


def open_lab(study: str | Path, folder: Path, *, data: Path | None = None, browser: bool = True) -> int:
    """Run JupyterLab on the study's folder, at the first page of ``lab/``, until it is closed; returns its exit code."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError("JupyterLab is not installed", action=advice("lab"))
    from csi_lib.report.context import Context

    loaded = load_study(study)
    private = cache_folder(loaded.path)
    context = Context(data=str(Path(data).resolve()) if data else None, store=str(private / "estimates"))
    environment = {**os.environ, VARIABLE: str(context.write(private / "lab-context.json")), BY_HAND: "1"}
    lang = loaded.report.language
    root, first = folder.parent, f"lab/tree/{folder.name}/start-here.{lang}.ipynb"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/{first}"]
    if not browser:
        command.append("--no-browser")
    if shutil.which("id") and hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return subprocess.call(command, env=environment)
