"""What a file may be before it is read: a plain file, of a size and shape that a survey has, inside the study's folder.

One guard for everything that a study brings. A pipe or device never ends, an archive may unpack to a thousand times its
size, a few lines of YAML to billions of elements: each is refused in words, before it costs time or memory.
"""

from __future__ import annotations

import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path

from csi_lib.errors import InputError

#: bytes of a YAML or other text file of a study, of a data file, and of a workbook when it is unpacked
TEXT, DATA, UNPACKED = 16 * 2**20, 4 * 2**30, 2 * 2**30
#: elements of a YAML file with its aliases written out, and how deep they may lie in each other
ELEMENTS, DEPTH = 2_000_000, 60
#: columns of a data file, and characters of one cell
COLUMNS, CELL = 20_000, 1_000_000


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


def archive_fits(path: Path, raw: bytes, *, most: int = UNPACKED) -> None:
    """Raise InputError for an archive (a workbook) that unpacks to more than `most` bytes.

    What the archive says of its members' sizes is believed: a member that unpacks to more is cut there by `zipfile`.
    """
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return  # whoever opens it says what is wrong
    if size > most:
        raise InputError("this workbook is too large when it is unpacked", where=str(path), found=f"{size / 2**20:,.0f} MB",
                         expected=f"at most {most / 2**20:,.0f} MB", action="Save the data as .csv or .parquet.")  # fmt: skip


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


__all__ = ["COLUMNS", "DATA", "DEPTH", "ELEMENTS", "Elements", "archive_fits", "few_columns", "inside", "plain_file"]
