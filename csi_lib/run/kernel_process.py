"""The process behind a notebook: waiting for its end, limiting its memory, ending it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Protocol

from csi_lib.run.warm_client import ForkedKernel

_log = logging.getLogger(__name__)
#: Seconds: a kernel's start, its orderly end, and the last output after the reply to a cell.
START, END, LAST_OUTPUT = 60.0, 5.0, 10.0
#: Bytes above its limit with which a notebook that ran out of memory tells of it: many small objects leave so little that
#: the traceback cannot be written, and the process dies of that instead.
LAST_WORDS = 64 * 2**20
TELL_OF_NO_MEMORY = """
def _(shell, etype, value, tb, tb_offset=None):
    import resource
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    shell.showtraceback((etype, value, tb), tb_offset=tb_offset)
get_ipython().set_custom_exc((MemoryError,), _)
del _
"""


class Stopped(Exception):
    """The kernel ended or has to be ended: `kind` as in `failure.ChapterError`, `words`, and the exit code if it ended."""

    def __init__(self, kind: str, words: str, exit_code: int | None = None):
        super().__init__(words)
        self.kind, self.words, self.exit_code = kind, words, exit_code


class KernelLine(Protocol):
    """How the engine talks to whatever runs the cells (`jupyter_line`, `shell_line`)."""

    kind: str  #: ``shell``, ``warm`` or ``ordinary``
    process: object  #: with `pid`, `poll`, `wait`, `kill`, as `subprocess.Popen`
    received: int  #: bytes of output so far

    def open(self) -> dict:
        """Start; what the notebook's metadata say of the language."""

    def ask(self, source: str, *, silent: bool = False) -> object:
        """Send a cell; what its messages are known by."""

    def hear(self, asked: object, deadline: float | None) -> list[dict]:
        """Wait until something happens, at most until `deadline` (`time.monotonic`); the cell's messages that have come.

        Raises `Stopped` when the kernel has ended or says too much.
        """

    def close(self, orderly: bool) -> None:
        """End it: in an orderly way, so that the notebook's exit functions run, or at once."""


def end_of(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends, where the system has such a thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def kill_group(process) -> None:
    """Kill a kernel with everything in its group."""
    if not isinstance(process, ForkedKernel) and hasattr(os, "killpg"):  # a forked one's parent does it
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def limit_memory(pid: int, more: int) -> None:
    """Let the process take `more` bytes of address space beyond what it has."""
    if sys.platform != "linux":
        _log.warning("No memory limit for the notebook: it can be set on Linux only")
        return
    import resource

    ceiling = more + int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (ceiling, ceiling + LAST_WORDS))


def exit_in_words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"signal {-code}"
