"""The root of a round: one file that fixes every file under an output folder, sealed by who made it and signed on demand.

``manifest.json`` of a report holds the hashes of its files; ``round.json`` holds the hash of every manifest and of everything
beside the reports (the site, archives, deliveries), and that of the round before it. A changed file contradicts its manifest,
a rewritten manifest its seal and the root, a rewritten root its own seal or signature.

Seals (``manifest.seal``, ``round.seal``) are made with the secret of the user who ran the round (`csi_lib.study.keeping`): nobody
else's process can make one, and nobody else can check one. Who must convince others signs (`signing`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from csi_lib.study.keeping import SUFFIX, keep, kept, seal

NAME, SEAL, SIGNATURE, MANIFEST, MANIFEST_SEAL = (
    "round.json",
    "round.seal",
    "round.json.sig",
    "manifest.json",
    "manifest.seal",
)
_MADE = f"round{SUFFIX}"
_OWN = (NAME, SEAL, SIGNATURE)


@dataclass(frozen=True)
class Found:
    """What lies under an output folder: folders with a manifest (place → folder), files beside them, and what is no file."""

    reports: dict[str, Path] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    odd: tuple[str, ...] = ()


def contents(out: Path) -> Found:
    """Everything under `out` but a run's own folders and the restricted edition, which has a root of its own.

    What lies in the folder of a report belongs to its manifest (`files_of`) and is not among `files`.
    """
    reports, files, odd = {}, {}, []

    def walk(folder: Path, inside: bool) -> None:
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            path, top = Path(entry.path), folder == out
            place = path.relative_to(out).as_posix()
            if top and (entry.name.startswith(".") or entry.name in (*_OWN, "restricted")):
                continue
            if entry.is_dir(follow_symlinks=False):
                whole = (path / MANIFEST).is_file()
                if whole:
                    reports[place] = path
                walk(path, inside or whole)
            elif not entry.is_file(follow_symlinks=False):
                odd.append(place)
            elif not inside:
                files[place] = path

    walk(out, False)
    return Found(dict(sorted(reports.items())), dict(sorted(files.items())), tuple(sorted(odd)))


def files_of(folder: Path) -> dict[str, Path]:
    """The files of one report, those of further languages inside it left out; links and pipes are none."""
    out = {}
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if not (path / MANIFEST).is_file():
                out |= {f"{entry.name}/{name}": inner for name, inner in files_of(path).items()}
        elif entry.name not in (MANIFEST, MANIFEST_SEAL):
            out[entry.name] = path
    return out


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------------- seals
def seal_manifest(folder: Path, place: str) -> None:
    """Vouch for a report that this process is about to publish at `place`."""
    manifest = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST_SEAL).write_text(_sealed("manifest", place, manifest) + "\n", encoding="ascii")


def vouched(folder: Path, place: str) -> bool:
    """Whether this user's own run has published the report at `place`."""
    return _holds(folder / MANIFEST, folder / MANIFEST_SEAL, "manifest", place)


def root_vouched(out: Path) -> bool:
    return _holds(out / NAME, out / SEAL, "round", "")


def made_here(out: Path) -> str | None:
    """Hash of the root that this user's own last run has written under `out`; None where another's has, or none."""
    found = kept(out / ".run" / _MADE)
    return None if found is None else found[1]


def _holds(path: Path, beside: Path, kind: str, place: str) -> bool:
    try:
        said, data = beside.read_text(encoding="ascii").strip(), path.read_bytes()
    except (OSError, ValueError):
        return False
    return hmac.compare_digest(said, _sealed(kind, place, data))


def _sealed(kind: str, place: str, data: bytes) -> str:
    return seal(kind.encode(), place.encode(), data).hex()


# ---------------------------------------------------------------------- the root
def read_root(out: Path) -> dict | None:
    """What ``round.json`` says; None where there is none that can be read."""
    try:
        said = json.loads((out / NAME).read_text(encoding="utf-8"))
        if all(isinstance(said[part], dict) for part in ("reports", "others", "files")):
            return said
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def write_root(out: Path, study: str) -> Path | None:
    """Fix what lies under `out` now, and the same below ``restricted``.

    A report that bears no seal of this user's is not vouched for: what an own earlier root said of it stays (so that a
    contradiction is not healed by the next run), else it is listed under ``others``.
    """
    if (out / "restricted").is_dir():
        write_root(out / "restricted", study)
    found = contents(out)
    if not found.reports and not (out / NAME).exists():
        return None
    before = read_root(out) if root_vouched(out) else None
    reports, others = {}, {}
    for place, folder in found.reports.items():
        if vouched(folder, place):
            reports[place] = sha256(folder / MANIFEST)
        elif before and place in before["reports"]:
            reports[place] = before["reports"][place]
        else:
            others[place] = sha256(folder / MANIFEST)
    said = {
        "edition": 1,
        "study": study,
        "reports": reports,
        "others": others,
        "files": {place: sha256(path) for place, path in found.files.items()},
    }
    if before and {k: before.get(k) for k in said} == said:
        return out / NAME
    said["before"] = sha256(out / NAME) if (out / NAME).exists() else None
    text = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True)
    for name, content in ((NAME, text), (SEAL, _sealed("round", "", text.encode()) + "\n")):
        part = out / f".{name}.{os.getpid()}"
        part.write_text(content, encoding="utf-8")
        part.replace(out / name)
    keep(out / ".run" / _MADE, None, sha256(out / NAME))
    (out / SIGNATURE).unlink(missing_ok=True)  # it was of the root before
    return out / NAME


def current(out: Path) -> bool:
    """Whether the root names just the reports that are there: a killed run did not come to its root."""
    found, said = contents(out).reports, read_root(out)
    if said is None:
        return not found
    known = said["reports"] | said["others"]
    return set(known) == set(found) and all(
        sha256(folder / MANIFEST) == known[place] or not vouched(folder, place) for place, folder in found.items()
    )


__all__ = ["MANIFEST", "MANIFEST_SEAL", "NAME", "SEAL", "SIGNATURE", "Found", "contents", "current", "files_of", "made_here", "read_root",
           "root_vouched", "seal_manifest", "sha256", "vouched", "write_root"]  # fmt: skip
