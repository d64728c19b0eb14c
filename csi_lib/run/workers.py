"""What a worker process does: one task after the other, told on a stream, answered on another.

Forked from the parent of the kernels, which has imported what it needs, or, where there is none, started by exec
(``python -m csi_lib.run.workers``, standard input and output); nothing of the main process is inherited either way. It
ends when its input ends, and is killed by the system when the process it was forked from or started by is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

from csi_lib.run.framing import receive_packed, send_packed
from csi_lib.run.lean_imports import lean_imports
from csi_lib.run.lost import Lost, Working
from csi_lib.run.memory import peak
from csi_lib.run.order import group_key
from csi_lib.study.keeping import kept

#: what the system calls a forked worker, whose command line is that of the parent of the kernels
NAME = b"csi-worker"
_rounds: dict = {}
#: who is told what this worker is about to do; nobody outside a worker process
_tell = [lambda working: None]
_kernels: dict = {}


def prepare_agency(study: str, agency: str, year: int, key: str, data: str | None, store: str) -> str | None:
    """Compute and store what reports need of one agency and wave; the problem in words, or None."""
    from csi_lib.errors import InputError
    from csi_lib.models.round import Round

    _tell[0](Working(agency, year))
    try:
        known = _loaded(study)
        Round(known, data=data, store=store, key=lambda *_: key).prepare(agency, year)
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{error.strerror or error} ({error.filename or store})"
    except Exception as error:
        if os.environ.get("CSI_DEBUG"):
            traceback.print_exc()
        return f"{type(error).__name__} while {agency} {year} was evaluated (a fault of ours; --debug shows where)"
    return None


def prepare_wave(
    study: str, year: int, type: str | None, members: tuple, failed: dict, data: str | None, store: str
) -> str | None:
    """Store the headline rows of a peer group in one file, from those of its `members` (agency, wave, key); the problem in
    words, or None."""
    from csi_lib.models.round import Round

    try:
        fresh = [*members, ("", year, group_key(members))]
        Round(_loaded(study), data=data, store=store, fresh=fresh).prepare_wave(year, type, failed)
    except OSError as error:
        return f"{error.strerror or error} ({error.filename or store})"
    return None


def _loaded(study: str):
    """The study as the run has read it."""
    stamp = os.stat(study).st_mtime_ns
    if study not in _rounds or _rounds[study][0] != stamp:
        found = kept(Path(study))
        if found is None:
            raise FileNotFoundError(0, "the study as the run has read it is gone", study)
        _rounds[study] = stamp, found[1]
    return _rounds[study][1]


def produce(order, parent: str | None = None):
    """Make one report with this worker's kernels, forked from the parent at `parent`."""
    from csi_lib.run.execution import WarmKernels
    from csi_lib.run.produce import produce as make

    if parent not in _kernels:
        for kernels in _kernels.values():
            kernels.__exit__(None, None, None)
        _kernels.clear()
        _kernels[parent] = WarmKernels(parent).__enter__()
    return make(order, _kernels[parent], tell=_tell[0])


def remote(*args, parent: str | None = None):
    """A task of a cluster, on one of its machines."""
    from csi_lib.run.remote import perform_remote

    return perform_remote(*args, parent=parent)


TASKS = {"agency": prepare_agency, "wave": prepare_wave, "produce": produce, "remote": remote}
WITH_KERNELS = ("produce", "remote")


def perform(kind: str, args: tuple, parent: str | None):
    """A task's result, the seconds of processor it took here, and this process's largest size in bytes."""
    before = sum(os.times()[:4])
    value = TASKS[kind](*args, parent=parent) if kind in WITH_KERNELS else TASKS[kind](*args)
    return value, sum(os.times()[:4]) - before, peak()


def main() -> None:
    from csi_lib.run.warm_client import THREAD_CAPS
    from csi_lib.run.warm_kernel import PR_SET_PDEATHSIG, prctl

    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.update(THREAD_CAPS)  # before numpy is imported: workers are the parallelism
    with lean_imports():
        import nbformat  # noqa: F401
    # What libraries print must not end up among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _answer(sys.stdin.buffer, answers)


def serve(line: socket.socket) -> int:
    """Work for whoever is at the other end of `line`, in a process forked from the parent of the kernels."""
    from csi_lib.run.warm_kernel import PR_SET_NAME, prctl

    prctl(PR_SET_NAME, NAME)
    _answer(line.makefile("rb"), line.makefile("wb"))
    return 0


def _answer(tasks: BinaryIO, answers: BinaryIO) -> None:
    _tell[0] = lambda working: send_packed(answers, working)
    while True:
        try:
            kind, args, parent = receive_packed(tasks)
        except EOFError:
            break
        try:
            answer = perform(kind, args, parent)
        except Exception as error:
            traceback.print_exc()
            answer = Lost(f"{type(error).__name__} in a worker", retry=False), 0.0, 0
        send_packed(answers, answer)
    for kernels in _kernels.values():
        with contextlib.suppress(Exception):
            kernels.__exit__(None, None, None)


if __name__ == "__main__":
    main()
