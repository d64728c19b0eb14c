"""Why a chapter could not be executed, in words, without a value of the data.

The message of an `InputError` is the library's own and may be shown: it names files, columns and codes that the study
declares, never an answer. The message of any other exception may quote a respondent and is shown with --debug only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ChapterError:
    """Why a chapter could not be executed, without any value of the data.

    Parameters
    ----------
    kind : ``error`` (a cell raised), ``memory``, ``timeout``, ``output``, ``processes``, ``death``
        (the kernel ended) or ``start`` (it did not come up).
    ename : class of the exception, None unless a cell raised.
    cell_index : the cell in the executed notebook (parameters injected), None if before the first.
    cell_source : its text.
    hint : what happened and what to do, in words.
    frames : where the exception passed, in the order of a traceback: file, line, function, code.
    """

    kind: str
    ename: str | None
    cell_index: int | None
    cell_source: str
    hint: str
    frames: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.hint if self.cell_index is None else f"cell {self.cell_index}: {self.hint}"

    @property
    def retry(self) -> bool:
        """Whether another attempt may succeed: the kernel died or did not come up."""
        return self.kind in ("death", "start")


#: Exceptions whose messages are the library's own words.
WORDED = ("InputError", "InputErrors", "NotPublic", "MachineError")
#: Class of an exception -> what to do about it; the message itself may quote a respondent.
_ADVICE = {
    "KeyError": "a column, item or key that the cell asks for is not in the data; see the codebook",
    "FileNotFoundError": "a file that the cell reads is not there; run `csi check` on the study",
    "ModuleNotFoundError": "a package is not installed in this environment",
    "NotPublic": "the cell shows rows of people, their answers, or a number that rests on too few of them; show a table of "
    "groups (chapter.record, chapter.table, chapter.show), keep rows inside the computation, or make the restricted release",
    "ValidationError": "a file of the study does not follow its schema; run `csi check` on the study",
    "SyntaxError": "the cell is not valid Python",
    "NameError": "the cell uses a name that no earlier cell has defined",
    "KeyboardInterrupt": "the cell was interrupted",
    "SystemExit": "the cell ended the notebook, and what follows it was not run",
}
_DEFAULT_ADVICE = "run it again with --debug to see the message"


def chapter_error(course, node, limits) -> ChapterError:
    """The failure that `course` (`engine.Course`) recorded, under `limits` (`engine.Limits`)."""
    kind = course.kind
    if kind == "error" and (course.ename or "").endswith("MemoryError"):  # numpy has its own
        kind = "memory"
    source = "" if course.cell_index is None else node.cells[course.cell_index].source
    return ChapterError(
        kind, course.ename, course.cell_index, source, _hint(kind, course, limits), frames(course.traceback)
    )


def _hint(kind: str, course, limits) -> str:
    if kind == "error" and course.ename in WORDED:
        return course.evalue or course.ename
    if kind == "error":
        return f"{course.ename}: {_ADVICE.get(course.ename, _DEFAULT_ADVICE)}."
    if kind == "memory":
        ceiling = f"; it may take {megabytes(limits.memory)}" if limits.memory else ""
        return f"The notebook ran out of memory{ceiling}."
    if kind == "timeout":
        pairs = (("a cell", limits.cell_timeout), ("the notebook", limits.timeout))
        allowed = " and ".join(f"{what} {seconds:g} s" for what, seconds in pairs if seconds is not None)
        return f"The notebook was stopped because time was up: {allowed}."
    if kind == "output":
        allowed = megabytes(limits.output)
        return f"The notebook was stopped because of its output ({course.evalue}); it may print {allowed}."
    if kind == "processes":
        return f"The notebook was stopped because it had started more than {limits.processes} processes."
    if kind == "start":
        return f"The kernel did not come up ({course.evalue})."
    text = f"The notebook's process ended ({course.evalue})"
    if course.exit_code == -9:
        return f"{text}: somebody killed it, or the machine was out of memory."
    if limits.memory:
        return f"{text}, perhaps because it reached its memory limit of {megabytes(limits.memory)}."
    return f"{text}: a library crashed, or the cell ended the process."


def megabytes(number: int | None) -> str:
    return "any amount" if number is None else f"{number / 2**20:,.0f} MB"


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: How IPython heads the code of a frame. Messages and notes of an exception have no such head.
_FRAME = re.compile(r"(File .+:\d+|Cell In\[\d+\], line \d+)(, in .*)?\n")


def plain(traceback: Iterable[str]) -> tuple[str, ...]:
    """IPython's traceback without its colours."""
    return tuple(_COLOUR.sub("", part).rstrip() for part in traceback)


def frames(traceback: Iterable[str]) -> tuple[str, ...]:
    """The parts of it that show code; those with the message show data."""
    return tuple(part for part in plain(traceback) if _FRAME.match(part))


def remove_messages(node, cell_index: int | None) -> str:
    """Take the messages out of a notebook's error outputs: they may quote respondents' answers.

    A group of exceptions is shown on standard error only, so what the failed cell wrote there goes
    too; it is returned.
    """
    for cell in node.cells:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                output["evalue"] = ""
                output["traceback"] = list(frames(output["traceback"]))
    if cell_index is None:
        return ""
    cell = node.cells[cell_index]
    written = [output for output in cell.outputs if output.get("name") == "stderr"]
    cell.outputs = [output for output in cell.outputs if output not in written]
    return "".join(output.text for output in written)
