"""The bounds within which a data file is read, and the one sentence in which each format refuses.

The libraries that read Excel, SPSS and Parquet files meet in a broken file with an error of their own choice: each is one
sentence to the user. A file that needs more memory than it may take is refused likewise, before the machine suffers.
"""

from __future__ import annotations

import contextlib
import time
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.study.limits import CELL, DATA, LINE, archive_fits, available, plain_file

try:
    import resource
except ImportError:  # no such limits on this system
    resource = None

#: bytes that a file may take beside its own size, and per byte of it
_BASE, _EACH = 2 * 2**30, 30
#: seconds the rows of a workbook may take
_SECONDS = 900.0
_OWN = str(Path(__file__).parents[1])
_CALLED = {".xlsx": "Excel", ".xlsm": "Excel", ".sav": "SPSS", ".zsav": "SPSS", ".parquet": "Parquet"}
_ADVICE = {
    "Excel": "Open it in a spreadsheet program and save it again as .xlsx, or export it as .csv.",
    "SPSS": "Open it in SPSS or PSPP and save it again as .sav, or export it as .csv.",
    "Parquet": "Export it again; columns hold texts, numbers or dates.",
}


@contextlib.contextmanager
def reading(path: Path, size: int = 0) -> Iterator[None]:
    """What the library that reads a file's format raises becomes an InputError, and memory is bounded meanwhile.

    `size` is the number of bytes that the file unpacks to. An error raised by our own code goes on as it is: it is a fault of
    ours. What the library says is not passed on, because it may quote a cell.
    """
    path = Path(path)
    kind = _CALLED.get(path.suffix.lower())
    try:
        with _memory(size):
            yield
    except InputError:
        raise
    except MemoryError:
        raise InputError("reading this file takes more memory than there is", where=str(path), found=f"{size / 2**20:,.0f} MB of data",
                         action="Keep the columns of the questionnaire, or read it on a larger machine.") from None  # fmt: skip
    except Exception as error:
        if kind is None or _raised_by_us(error):
            raise
        raise unreadable(path, error) from None


@contextlib.contextmanager
def guarded(path: Path) -> Iterator[None]:
    """`reading` of a file that nobody has looked at yet: a plain file, of a size that may be read."""
    path = Path(path)
    size = plain_file(path, most=DATA)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        raw = path.read_bytes()
        size = archive_fits(path, raw)
        refuse_long_cells(path, raw)
    with reading(path, size):
        yield


def unreadable(path: Path, error: BaseException | None = None) -> InputError:
    """What is said of a file that is damaged, or none of its kind."""
    kind = _CALLED.get(Path(path).suffix.lower(), "data")
    return InputError(f"this is not a readable {kind} file", where=str(path), found=type(error).__name__ if error else None,
                      action=_ADVICE.get(kind))  # fmt: skip


def in_time(rows: Iterable, path: Path) -> Iterator:
    """`rows`, as long as they do not take longer than any survey does."""
    until = time.monotonic() + _SECONDS
    for number, row in enumerate(rows):
        if number % 1024 == 0 and time.monotonic() > until:
            raise InputError("reading this workbook takes too long", where=str(path), found=f"{number:,} rows in {_SECONDS / 60:.0f} minutes",
                             action="Save the data as .csv or .parquet.")  # fmt: skip
        yield row


def refuse_long_lines(data: bytes, path: Path) -> None:
    """Raise InputError where a line of a text file is longer than any survey's."""
    at = 0
    while len(data) - at > LINE:
        end = data.rfind(b"\n", at, at + LINE)
        if end < 0:
            line = data.count(b"\n", 0, at) + 1
            raise InputError("a line of this file is too long for a row of answers", where=f"{path}, line {line}",
                             expected=f"at most {LINE / 2**20:.0f} MB",
                             action="An answer was not closed, or the rows have no line ends: export the file again.")  # fmt: skip
        at = end + 1


def refuse_long_cells(path: Path, raw: bytes) -> None:
    """Raise InputError where a cell of a workbook holds more than any program can have written (32,767 characters).

    The members are unpacked piece by piece and never held as a whole; what is no archive is left to its reader.
    """
    try:
        long = _has_long_cell(raw)
    except Exception:  # whoever opens it says what is wrong
        return
    if long:
        raise InputError("a cell of this workbook holds too much text", where=str(path),
                         expected="at most 32,767 characters, as in any spreadsheet")  # fmt: skip


def _has_long_cell(raw: bytes) -> bool:
    """Whether there are more than `CELL` bytes between two tags of a member."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        for member in archive.infolist():
            if member.file_size <= CELL or not member.filename.endswith(".xml"):
                continue
            with archive.open(member) as file:
                run = 0
                while piece := file.read(2**20):
                    first, last = piece.find(b"<"), piece.rfind(b"<")
                    if run + (len(piece) if first < 0 else first) > CELL + 2**20:
                        return True
                    run = run + len(piece) if first < 0 else len(piece) - last
    return False


@contextlib.contextmanager
def _memory(size: int) -> Iterator[None]:
    """The process may grow by a few times `size`, or by what is free, and no more."""
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        yield
        return
    free = available()
    more = _BASE + _EACH * size
    limit = now + (more if free is None else min(more, max(free, _BASE // 4)))
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ValueError, OSError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _raised_by_us(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename.startswith(_OWN)


__all__ = ["guarded", "in_time", "reading", "refuse_long_cells", "refuse_long_lines", "unreadable"]
