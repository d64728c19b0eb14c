"""The real Quarto, when it is installed: the same job folder, rendered by ``quarto render``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.report.standalone import without_unused_fonts

OLDEST = (1, 9)
_FORMAT = {"html": "csi-html", "pdf": "csi-typst"}
# what pandoc, Typst and Quarto call a warning, but not that the optional program veraPDF is missing
_WARNING = re.compile(r"WARN(?!.*verapdf is not installed)|^warning: ")


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
    for candidate in (
        path,
        path / "quarto",
        path / "bin" / "quarto",
        path / "quarto.exe",
        path / "bin" / "quarto.exe",
    ):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    raise InputError(
        "QUARTO_PATH does not lead to Quarto",
        where="QUARTO_PATH",
        found=named,
        expected="the program or the folder that holds it",
    )


@lru_cache
def quarto_version(path: Path) -> str:
    done = subprocess.run([path, "--version"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def new_enough(version: str) -> bool:
    match = re.match(r"(\d+)\.(\d+)", version)
    return bool(match) and (int(match[1]), int(match[2])) >= OLDEST


def render_quarto(source: Path, targets: dict[str, Path], *, timestamp: int) -> list[str]:
    """Render `source` to `targets` (format → file); returns Quarto's warnings.

    A job's notebook is not executed again: ``execute: enabled: false`` stands in its front matter.

    Raises
    ------
    InputError : no Quarto, or Quarto failed; its last words are in the message.
    """
    path = quarto_path()
    if path is None:
        raise InputError(
            "Quarto was not found",
            where="--renderer quarto",
            action="Install it, put it on PATH or name it in QUARTO_PATH; or use --renderer embedded",
        )
    folder = source.resolve().parent
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(timestamp), "NO_COLOR": "1"}
    csi = (folder / "_extensions" / "csi").exists()
    formats = _FORMAT if csi else {"html": "html", "pdf": "typst"}
    whole = {} if csi else {"html": ["--embed-resources", "--mathml"]}  # what the extension says itself
    output = folder / "_quarto" if (folder / "_quarto.yml").exists() else folder
    scratch, halves = ("_quarto", ".quarto"), [f"{source.stem}{end}" for end in (".html", ".typ", "_files")]
    ours, halves = ([folder / n for n in names if not (folder / n).exists()] for names in (scratch, halves))
    warnings: list[str] = []
    try:
        for name, target in targets.items():
            command = [path, "render", source.name, "--to", formats[name], *whole.get(name, ())]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode:
                said = done.stderr.strip()
                at = said.find("ERROR")
                raise InputError(
                    "Quarto could not render this", where=source.name, found=(said[at:] if at >= 0 else said)[-2000:]
                )
            warnings += [line.strip() for line in done.stderr.splitlines() if _WARNING.search(line)]
            made = output / f"{source.stem}.{name}"
            if not made.exists():
                raise RuntimeError(f"quarto render said nothing and made no {made.name}")
            shutil.move(made, target)
            if name == "html":
                target.write_text(without_unused_fonts(target.read_text(encoding="utf-8")), encoding="utf-8")
    except (InputError, RuntimeError):
        ours += halves
        raise
    finally:
        for place in ours:
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    return warnings
