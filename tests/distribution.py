"""Wheel and sdist run the example outside the checkout (``nox -s dist``): build both, install each alone, make a report."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        _run(sys.executable, "-m", "build", "--outdir", place / "dist", ROOT)
        for made in sorted((place / "dist").iterdir()):
            home = place / made.name.split("-")[-1].replace(".", "_")
            venv.create(home, with_pip=True)
            python = home / "bin" / "python"
            _run(python, "-m", "pip", "install", "-q", made)
            _run(home / "bin" / "csi", "--version", cwd=home)
            _run(
                home / "bin" / "csi",
                "run",
                "example",
                "--agency",
                "hanbit-fmc",
                "--year",
                "2024",
                "--out",
                home / "out",
                cwd=home,
            )
            report = home / "out" / "hanbit-fmc" / "2024" / "report.pdf"
            if not report.read_bytes().startswith(b"%PDF"):
                raise SystemExit(f"{made.name}: no report")
            _run(home / "bin" / "csi", "new", "mine", cwd=home)
            _run(home / "bin" / "csi", "check", "mine", cwd=home)
            print(f"{made.name}: the example runs outside the checkout")
    return 0


def _run(*command, cwd: Path | None = None) -> None:
    subprocess.run([str(c) for c in command], check=True, cwd=cwd)


if __name__ == "__main__":
    sys.exit(main())
