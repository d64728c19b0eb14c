"""What a file may be before it is read: a plain file, of a size and shape that a survey has, inside the study's folder.

One guard for everything that a study brings. A pipe or device never ends, an archive may unpack to a thousand times its
size, a few lines of YAML to billions of elements: each is refused in words, before it costs time or memory.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from io import BytesIO
from pathlib import Path

from csi_lib.errors import InputError

#: bytes of a YAML or other text file of a study, of a data file, and of a workbook when it is unpacked
TEXT, DATA, UNPACKED = 16 * 2**20, 4 * 2**30, 768 * 2**20
#: elements of a YAML file with its aliases written out, and how deep they may lie in each other
ELEMENTS, DEPTH = 2_000_000, 60
#: how many times its own size a large archive may unpack to: answers repeat themselves, but not without end
_RATIO, _LARGE = 150, 64 * 2**20
#: columns of a data file, bytes of one cell of a workbook and of one line of a text file
COLUMNS, CELL, LINE = 20_000, 1_000_000, 32 * 2**20


def plain_file(path: Path, *, most: int = TEXT) -> int:
    """The size of a file that may be read. Raises InputError for a folder, a pipe, a device, or more than `most` bytes."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError("this file does not exist", where=str(path)) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a path"
        raise InputError(f"this file cannot be read ({why})", where=str(path)) from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
        raise InputError(f"this is {kind}, not a file", where=str(path))
    if found.st_size > most:
        raise InputError("this file is too large", where=str(path), found=f"{found.st_size / 2**20:,.0f} MB",
                         expected=f"at most {most / 2**20:,.0f} MB")  # fmt: skip
    if not os.access(path, os.R_OK):
        raise InputError("this file cannot be read (permission denied)", where=str(path))
    return found.st_size


def archive_fits(path: Path, raw: bytes, *, most: int = UNPACKED) -> int:
    """The bytes that an archive (a workbook) unpacks to. Raises InputError for more than `most`, or than a survey's can be.

    What the archive says of its members' sizes is believed: a member that unpacks to more is cut there by `zipfile`.
    """
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            beside = sum(
                m.file_size for m in members if "sheet" not in m.filename and "sharedStrings" not in m.filename
            )
    except (zipfile.BadZipFile, OSError, ValueError):
        return len(raw)  # whoever opens it says what is wrong
    if size > most or (size > _LARGE and size > _RATIO * len(raw)) or beside > _LARGE // 4:
        raise InputError("this workbook is too large when it is unpacked", where=str(path), found=f"{size / 2**20:,.0f} MB",
                         expected=f"at most {most / 2**20:,.0f} MB, and {_RATIO} times the file",
                         action="Save the data as .csv or .parquet.")  # fmt: skip
    return size


def available() -> int | None:
    """Bytes of memory that can be had now, of the machine and of the control group; None where the system does not tell."""
    found = []
    try:
        text = Path("/proc/meminfo").read_text()
        found.append(int(re.search(r"MemAvailable:\s+(\d+)", text)[1]) * 1024)
    except (OSError, TypeError):
        pass
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such group, or no limit ("max")
            continue
    return min(found, default=None)


def few_columns(path: Path, columns: int) -> None:
    """Raise InputError for a table of more columns than a survey has."""
    if columns > COLUMNS:
        raise InputError("this table has too many columns", where=str(path), found=f"{columns:,}", expected=f"at most {COLUMNS:,}",
                         action="Keep the columns of the questionnaire; one row per respondent.")  # fmt: skip


def inside(folder: Path, name: str | os.PathLike, *, where: str) -> Path:
    """The file that a study names, which must lie in the study's folder.

    A study may come from somebody else: what it names is read, printed and delivered, and must not be any file of the machine.
    """
    path = Path(folder) / name
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if Path(name).is_absolute() or os.path.commonpath([root, real]) != root:
        raise InputError("a study's files lie in the study's folder", where=where, found=repr(str(name)),
                         action="Copy the file into the folder. Only data may lie elsewhere: name their folder by --data.")  # fmt: skip
    return path


class Elements:
    """Counts the elements of a file as they are written out; refuses what grows beyond all bounds."""

    def __init__(self, path: Path):
        self.path, self.seen = path, 0

    def count(self, depth: int) -> None:
        self.seen += 1
        if self.seen > ELEMENTS or depth > DEPTH:
            what = "too many elements (aliases that refer to aliases?)" if self.seen > ELEMENTS else "too many levels"
            raise InputError(f"this YAML file has {what}", where=str(self.path),
                             expected=f"at most {ELEMENTS:,} elements, {DEPTH} levels")  # fmt: skip


__all__ = [
    "CELL",
    "COLUMNS",
    "DATA",
    "DEPTH",
    "ELEMENTS",
    "LINE",
    "Elements",
    "archive_fits",
    "available",
    "few_columns",
    "inside",
    "plain_file",
]
