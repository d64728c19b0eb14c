"""The pandoc that comes with pypandoc-binary, run once per document and format."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


@lru_cache
def pandoc_path() -> Path | None:
    """The executable of pypandoc-binary, else one on PATH, else None.

    ``pypandoc.get_pandoc_path`` starts every candidate to compare versions (0.3 s), hence not used.
    """
    import importlib.util

    spec = importlib.util.find_spec("pypandoc")
    if spec and spec.origin:
        for name in ("pandoc", "pandoc.exe"):
            if (bundled := Path(spec.origin).parent / "files" / name).exists():
                return bundled
    found = shutil.which("pandoc")
    return Path(found) if found else None


@lru_cache
def pandoc_version() -> str | None:
    path = pandoc_path()
    if not path:
        return None
    text = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"pandoc\S*\s+([\d.]+)", text)[1]


def run_pandoc(
    text: str, arguments: list[str], *, folder: Path, timestamp: int | None = None, env: Mapping[str, str] | None = None
) -> tuple[str, list[str]]:
    """Output and the lines of stderr; `folder` is where relative paths start, `timestamp` the date in the file, `env` what
    filters find in their environment.

    Raises
    ------
    RuntimeError : pandoc failed; it is ours to mend, for what users write was checked before.
    """
    path = pandoc_path()
    if not path:
        raise RuntimeError("pandoc was not found; install pypandoc-binary")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
    if timestamp is not None:
        environment["SOURCE_DATE_EPOCH"] = str(timestamp)
    done = subprocess.run([path, *arguments], input=text.encode(), capture_output=True, cwd=folder, env=environment)
    stderr = done.stderr.decode("utf-8", "replace").splitlines()
    if done.returncode and not any(line.startswith("CSI-PROBLEM") for line in stderr):
        raise RuntimeError("pandoc failed: " + " ".join(stderr)[-2000:])
    return done.stdout.decode(), stderr
