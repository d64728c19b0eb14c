"""The real Quarto, when it is installed: the same job folder, rendered by ``quarto render``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from csi_lib.errors import InputError

OLDEST = (1, 9)
_FORMAT = {"html": "csi-html", "pdf": "csi-typst"}


def quarto_path() -> Path | None:
    """`QUARTO_PATH` (the program or its folder), else ``quarto`` on PATH, else None.

    Raises
    ------
    InputError : `QUARTO_PATH` is set and holds no Quarto.
    """
    named = os.environ.get("QUARTO_PATH")
    if not named:
        found = shutil.which("quarto")
        return Path(found) if found else None
    path = Path(named)
    for candidate in (path, path / "quarto", path / "bin" / "quarto", path / "quarto.exe", path / "bin" / "quarto.exe"):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    raise InputError("QUARTO_PATH does not lead to Quarto", where="QUARTO_PATH", found=named,
                     expected="the program or the folder that holds it")


@lru_cache
def quarto_version(path: Path) -> str:
    done = subprocess.run([path, "--version"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def new_enough(version: str) -> bool:
    match = re.match(r"(\d+)\.(\d+)", version)
    return bool(match) and (int(match[1]), int(match[2])) >= OLDEST


def render_quarto(source: Path, targets: dict[str, Path], *, timestamp: int) -> list[str]:
    """Render `source` to `targets` (format → file); returns Quarto's warnings.

    The notebook is not executed again (``execute: enabled: false`` stands in its front matter).
    """
    path = quarto_path()
    if path is None:
        raise InputError("Quarto was not found", where="--renderer quarto",
                         action="Install it, put it on PATH or name it in QUARTO_PATH; or use --renderer embedded")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(timestamp)}
    warnings: list[str] = []
    in_project = (source.parent / "_quarto.yml").exists()
    for name, target in targets.items():
        made = target.name
        to = _FORMAT[name] if (source.parent / "_extensions" / "csi").exists() else {"html": "html", "pdf": "typst"}[name]
        command = [path, "render", source.name, "--to", to, "--output", made, "--no-execute"]
        done = subprocess.run(command, cwd=source.parent, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"quarto render failed: {done.stderr.strip()[-2000:]}")
        warnings += [line.strip() for line in done.stderr.splitlines() if line.startswith(("WARNING", "WARN"))]
        place = source.parent / ("_quarto" if in_project else ".") / made
        if place.resolve() != target.resolve():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(place, target)
    return warnings
