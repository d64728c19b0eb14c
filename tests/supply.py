"""What the workbench is made of: ``nox -s supply`` writes docs/supply (lock with hashes, licences, SBOM) and asks for known faults.

Lock by uv, SBOM by cyclonedx-bom, known vulnerabilities by pip-audit, licences from the installed packages' own metadata. Without a
network lock and vulnerabilities are skipped in words, and the exit code stays 0; a known vulnerability makes it 1.
"""

from __future__ import annotations

import csv
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "supply"
LOCK, LICENCES, SBOM = FOLDER / "requirements.lock", FOLDER / "licences.csv", FOLDER / "sbom.json"
#: extras that a published report can depend on
EXTRAS = ("office", "hwpx", "voice", "serve", "sign", "cluster")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def locked() -> dict[str, str]:
    """Package → version of the lock."""
    return {normal(name): version for name, version in _PINNED.findall(LOCK.read_text(encoding="utf-8"))}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def write_lock() -> str | None:
    """The lock; words where it cannot be made."""
    command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes", "--python-version", "3.11", "--quiet", "--no-header",
               *(f"--extra={extra}" for extra in EXTRAS), "--output-file", str(LOCK)]  # fmt: skip
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"lock skipped: {error}"
    return None if done.returncode == 0 else f"lock skipped: {done.stderr.strip()[-200:]}"


def licence(package: importlib.metadata.Distribution) -> str:
    """What a package says of its licence: the expression, else its classifiers, else the first line of the text."""
    said = package.metadata
    classes = [
        c.rpartition(" :: ")[2]
        for c in said.get_all("Classifier", ())
        if c.startswith("License ::") and c.count(" :: ") > 1
    ]
    text = (said.get("License") or "").strip().splitlines()
    return said.get("License-Expression") or "; ".join(classes) or (text[0] if text else "")


def write_licences() -> list[str]:
    """Licences of the locked packages that are installed here, written down; returns packages that name none."""
    rows, silent = [], []
    for name, version in sorted(locked().items()):
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        rows.append((name, version, licence(package), package.metadata.get("Home-page") or ""))
        silent += [] if rows[-1][2] else [name]
    with LICENCES.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([("package", "version", "licence", "home"), *rows])
    return silent


def write_sbom() -> str | None:
    """The bill of materials (CycloneDX) of the lock; words where it cannot be made."""
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "requirements",
        str(LOCK),
        "--output-reproducible",
        "--of",
        "JSON",
        "-o",
        str(SBOM),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return None if done.returncode == 0 else f"SBOM skipped: {done.stderr.strip().splitlines()[-1:]}"


def audit() -> tuple[int, str]:
    """Known vulnerabilities by pip-audit: its exit code, its words."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "-r",
        str(LOCK),
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner=off",
    ]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 0, f"known vulnerabilities skipped: {error}"
    return judged(told.returncode, told.stdout + told.stderr)


def judged(code: int, words: str) -> tuple[int, str]:
    """What pip-audit has found; packages that its database did not tell of are no clean packages."""
    unknown = words.count("could not be audited")
    if code and "vulnerabilit" not in words.lower():
        last = words.strip().splitlines()[-1:]
        return 0, f"known vulnerabilities skipped: the database cannot be asked ({' '.join(last)[:200]})"
    found = "\n".join(line for line in words.splitlines() if "could not be audited" not in line)
    if unknown:
        found += f"\nknown vulnerabilities skipped for {unknown} packages: the database here does not know them"
    return code, found.strip()


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    print(write_lock() or f"lock: {len(locked())} packages")
    silent = write_licences()
    print(f"licences: {LICENCES.relative_to(ROOT)}" + (f"; none named by {', '.join(silent)}" if silent else ""))
    print(write_sbom() or f"SBOM: {SBOM.relative_to(ROOT)}")
    code, words = audit()
    print(words)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
