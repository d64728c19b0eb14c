"""`csi purge`: personal data past their term are destroyed, and the destruction is put on record."""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_file
from csi_lib.run.keys import file_digest
from csi_lib.study.destruction import Destroyed, add_destroyed
from csi_lib.study.location import cache_folder
from csi_lib.study.study import Study, load_study

METHOD = "overwritten once and deleted (한 번 덮어쓴 뒤 삭제)"


@dataclass(frozen=True)
class Purge:
    """Files that are to be destroyed, or were (`done`), as rows of the destruction record; and records that name no files."""

    rows: tuple[Destroyed, ...]
    unnamed: tuple[str, ...]
    done: bool


def purge(
    study: str | Path | Study,
    *,
    before: date | None = None,
    due: bool = False,
    today: date | None = None,
    data: str | Path | None = None,
    by: str | None = None,
    method: str = METHOD,
    do: bool = False,
) -> Purge:
    """Destroy the files of records in ``retention.yml`` whose term is over (`due`), or that were collected `before` a day.

    Parameters
    ----------
    today : the day of the term and of the record; default the machine's.
    data : folder of the files, where they are not in the study's.
    by, method : for the record; default the user's name, and what is done: every file is overwritten once and deleted, which
        on flash memory and on backups leaves copies that only their owners can destroy.
    do : without it nothing is touched.

    Each file's row, with its SHA-256, enters the record as soon as the file is gone; the study's private cache, which holds what
    was read of the files, goes with them.

    Raises
    ------
    InputError : no ``retention.yml``; neither `before` nor `due`; a file outside the data folder.
    """
    if (before is None) == (not due):
        raise InputError("say what is to be destroyed", where="csi purge", expected="either --due or --before DATE")
    study, today = load_study(study), today or date.today()
    log = system_file(study, "retention")
    base = Path(data or study.path).resolve()
    who, rows, paths, unnamed = by or getpass.getuser(), [], [], []
    for year, record in ((y, r) for y, records in sorted(log.records.items()) for r in records):
        if not (today > record.due if due else record.collected < before):
            continue
        reason = f"term ended {record.due}" if today > record.due else f"collected before {before}"
        if not record.files:
            if record.destroyed is None:
                unnamed.append(f"{year}: {record.name}")
            continue
        for path in _files(base, record.files, year):
            if path not in paths:
                paths.append(path)
                rows.append(Destroyed(str(today), year, record.name, path.relative_to(base).as_posix(), file_digest(path),
                                      path.stat().st_size, reason, method, who))  # fmt: skip
    if do and rows:
        for row, path in zip(rows, paths, strict=True):
            _destroy(path)
            add_destroyed(study.path, [row])
        shutil.rmtree(cache_folder(study.path), ignore_errors=True)
    return Purge(tuple(rows), tuple(unnamed), do)


def _files(base: Path, patterns, year: int) -> Iterator[Path]:
    for pattern in patterns:
        wanted = pattern.replace("{year}", str(year))
        if Path(wanted).is_absolute() or ".." in Path(wanted).parts:
            raise InputError(
                "files to destroy lie in the data folder", where="retention.yml: files", found=repr(pattern)
            )
        for path in sorted(base.glob(wanted)):
            if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(base):
                yield path


def _destroy(path: Path) -> None:
    """Overwrite a file with zeros, bring that to the disk, and delete it."""
    left = path.stat().st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(b"\0" * min(left, 1 << 20))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
