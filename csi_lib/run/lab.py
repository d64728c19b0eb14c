"""Chapters for working by hand: copies in the study folder, opened in JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from csi_lib.errors import InputError
from csi_lib.report.context import VARIABLE
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.study.location import cache_folder
from csi_lib.study.study import OVERALL, load_study


def copy_chapters(study: str | Path) -> Path:
    """The study's ``lab/`` folder with a copy of every chapter of its reports that is not there yet, set to the study's first report.

    A notebook changed by hand is never overwritten. Move one to ``chapters/`` to make it part of the reports.
    Returns the folder; where the study's own cannot be written (installed studies) it lies in the private cache.
    """
    study = load_study(study)
    job = study.jobs()[0]
    target = (Path(study.path) if os.access(study.path, os.W_OK) else cache_folder(study.path)) / "lab"
    target.mkdir(parents=True, exist_ok=True)
    for chapter in (c for scope in ("agency", "study") for c in chapter_notebooks(study, scope)):
        if (target / chapter.path.name).exists():
            continue
        node = nbformat.from_dict(chapter.node)
        values = {
            "study": str(study.path),
            "agency": job.agency if chapter.scope == "agency" else OVERALL,
            "year": job.year,
            "lang": job.lang,
            "release": job.release,
        }
        for cell in node.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        nbformat.write(node, target / chapter.path.name)
    return target


def open_lab(study: str | Path, folder: Path, *, data: Path | None = None, browser: bool = True) -> int:
    """Run JupyterLab on `folder` until it is closed; returns its exit code."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError("JupyterLab is not installed", action="pip install 'csi-workbench[lab]'")
    from csi_lib.report.context import Context

    private = cache_folder(load_study(study).path)
    context = Context(data=str(Path(data).resolve()) if data else None, store=str(private / "estimates"))
    environment = {**os.environ, VARIABLE: str(context.write(private / "lab-context.json"))}
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    if not browser:
        command.append("--no-browser")
    if shutil.which("id") and hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return subprocess.call(command, env=environment)
