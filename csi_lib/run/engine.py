"""The papermill engine of a batch: nbclient's idea of outputs, with no waiting on polls.

nbclient asks three times a second whether something has come, waits a fifth of a second to be sure
that nothing more comes, and looks once a second whether the kernel lives. `ChapterClient` waits in
one place for all of it: replies, outputs and the kernel's end wake it, and so do the deadlines.
What a message does to a cell stays nbclient's, what the notebook records stays papermill's.

``papermill --engine csi in.ipynb out.ipynb`` uses it from the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import zmq
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.client import CellExecutionComplete
from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.log import logger as papermill_logger
from zmq.utils.monitor import recv_monitor_message

from csi_lib.run.provisioner import PrivateKernelSpecs, register
from csi_lib.run.warm_client import ForkedKernel

_log = logging.getLogger(__name__)
#: Seconds: a kernel's start, its orderly end, and the last output after the reply to a cell.
START, END, LAST_OUTPUT = 60.0, 5.0, 10.0
#: Bytes above its limit with which a kernel that ran out of memory tells of it: many small objects leave so little that
#: the traceback cannot be written, and the kernel dies of that instead.
LAST_WORDS = 64 * 2**20
_TELL_OF_NO_MEMORY = """
def _(shell, etype, value, tb, tb_offset=None):
    import resource
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    shell.showtraceback((etype, value, tb), tb_offset=tb_offset)
get_ipython().set_custom_exc((MemoryError,), _)
del _
"""


@dataclass(frozen=True)
class Limits:
    """What a notebook may take; None is no limit.

    `timeout` and `cell_timeout` are seconds, `output` bytes sent by the kernel, `memory` bytes of
    address space beyond what the kernel has when it is ready, `processes` a number (warm kernels).
    """

    timeout: float | None = None
    cell_timeout: float | None = None
    output: int | None = None
    memory: int | None = None
    processes: int | None = None


@dataclass
class Course:
    """How an execution went; filled in while it goes."""

    kind: str | None = None  # of failure, see `failure.ChapterError`
    cell_index: int | None = None
    ename: str | None = None
    evalue: str | None = None
    traceback: tuple[str, ...] = ()
    exit_code: int | None = None  # of a kernel that ended before its time
    cpu: float | None = None  # seconds of the kernel
    memory: int | None = None  # bytes, the kernel's largest
    forked: bool | None = None


class KernelStopped(CellExecutionError):
    """The kernel ended, or was ended, before the cell was done: papermill goes no further."""


class ChapterClient(PapermillNotebookClient):
    """Execute a notebook on one kernel, woken by events.

    Parameters
    ----------
    limits, course : see there; `course` receives how it went.
    specs : kernel specifications, those known to Jupyter by default.
    cwd, env : the kernel's, not this process's.
    """

    def __init__(self, nb_man, *, limits=None, course=None, specs=None, cwd=None, env=None, **options):
        super().__init__(nb_man, record_timing=False, **options)  # papermill keeps the times
        self.limits, self.course = limits or Limits(), course or Course()
        self.specs = specs or PrivateKernelSpecs()
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # What a kernel prints past its notebook would land in the middle of the run's own display.
        self.launch = {"cwd": cwd, "env": env, **silent}
        self.received = 0
        self.deadline = None

    # -- one kernel from start to end ---------------------------------------------------------

    def execute(self):
        return in_own_event_loop(self._execute)

    def _execute(self):
        self.reset_execution_trackers()
        if self.limits.timeout is not None:
            self.deadline = time.monotonic() + self.limits.timeout
        with self._kernel():
            self.papermill_execute_cells()
            self.set_widgets_metadata()
        return self.nb

    @contextlib.contextmanager
    def _kernel(self):
        context = zmq.Context()
        # The kernel's sockets appear when it has come up; the default is to look every 100 ms.
        context.reconnect_ivl = 10
        if self.limits.output is not None:
            context.maxmsgsize = self.limits.output
        self.km = KernelManager(kernel_name=self.kernel_name, kernel_spec_manager=self.specs, context=context)
        orderly = False
        try:
            self._start(context)
            yield
            orderly = self.course.kind in (None, "error")
        finally:
            try:
                self._end(orderly)
            finally:
                self.km.cleanup_resources()
                if self.kc:
                    self.iopub.disable_monitor()
                context.destroy(linger=0)
                self.km = self.kc = None

    def _start(self, context: zmq.Context) -> None:
        try:
            self.km.start_kernel(**self.launch)
        except OSError as problem:  # full disk, no memory to fork, a folder that went away
            self._stop("start", str(problem))
        self.process = self.km.provisioner.process
        self.course.forked = isinstance(self.process, ForkedKernel)
        self.ended = self.process.fileno() if self.course.forked else end_of(self.process.pid)
        self.kc = self.km.client(context=context)
        self.kc.start_channels(stdin=False, hb=False, control=False)
        self.shell, self.iopub = self.kc.shell_channel.socket, self.kc.iopub_channel.socket
        self.monitor = self.iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.poller = zmq.Poller()
        for source in (self.shell, self.iopub, self.monitor, self.ended):
            if source is not None:
                self.poller.register(source, zmq.POLLIN)
        self.nb.metadata["language_info"] = self._wait_until_ready()["language_info"]
        if self.limits.memory is not None:
            self.kc.execute(_TELL_OF_NO_MEMORY, silent=True, store_history=False)
            limit_memory(self.process.pid, self.limits.memory)

    def _wait_until_ready(self) -> dict:
        """Ask until the kernel answers and its outputs arrive; returns its kernel_info."""
        started, info = time.monotonic(), None
        while time.monotonic() < started + START:
            asked = self.kc.kernel_info()
            # Before the subscription has reached the kernel, outputs are lost: ask again then.
            until = time.monotonic() + 0.1 if info else started + START
            published = False
            while time.monotonic() < until:
                for kind, message in self._messages(until):
                    if kind == "shell" and message["msg_type"] == "kernel_info_reply":
                        info = message["content"]
                        until = time.monotonic() + 0.1
                    published |= kind == "iopub" and message["parent_header"].get("msg_id") == asked
                if info and published:
                    return info
        return self._stop("start", f"it was not ready after {START:.0f} seconds")

    def _end(self, orderly: bool) -> None:
        if self.km.provisioner is None or not self.km.has_kernel:
            return
        process = self.process = self.km.provisioner.process
        if orderly:  # the notebook's exit functions run
            if self.course.forked:
                self.km.request_shutdown()
            else:  # a request to shut down often makes ipykernel hang, see `warm_kernel.run_kernel`
                self.kc.execute("__import__('IPython').get_ipython().ask_exit()", silent=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END)
        kill_group(process)
        process.wait()
        if self.course.forked:
            self.course.cpu, self.course.memory = process.cpu, process.memory
        elif self.ended is not None:
            os.close(self.ended)

    # -- one cell -----------------------------------------------------------------------------

    def execute_cell(self, cell, cell_index, execution_count=None, store_history=True):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        cell.outputs = []
        self.clear_before_next_output = False
        asked = self.kc.execute(cell.source, store_history=store_history)
        self.code_cells_executed += 1
        try:
            reply = self._converse(asked, cell, cell_index)
        except KernelStopped:
            self.course.cell_index = cell_index
            raise
        finally:
            cell.outputs = joined_streams(cell.outputs)
        content = reply["content"]
        if content["status"] == "error" and "raises-exception" not in tags:
            self.course.kind, self.course.cell_index = "error", cell_index
            self.course.ename, self.course.evalue = content.get("ename"), content.get("evalue")
            self.course.traceback = tuple(content.get("traceback", ()))
            raise CellExecutionError.from_cell_and_msg(cell, content)
        return cell

    def _converse(self, asked: str, cell, cell_index: int) -> dict:
        """Outputs into the cell until the kernel has replied and says that it is idle."""
        deadline = self.deadline
        if self.limits.cell_timeout is not None:
            deadline = min(filter(None, (deadline, time.monotonic() + self.limits.cell_timeout)))
        reply, idle = None, False
        while reply is None or not idle:
            for kind, message in self._messages(deadline):
                if message["parent_header"].get("msg_id") != asked:
                    continue
                if kind == "shell":
                    reply, deadline = message, time.monotonic() + LAST_OUTPUT
                else:
                    try:
                        self.process_message(message, cell, cell_index)
                    except CellExecutionComplete:
                        idle = True
            if reply is None and deadline is not None and time.monotonic() >= deadline:
                self._stop("timeout", "time limit")
            if reply is not None and not idle and time.monotonic() >= deadline:
                self._stop("output", "part of it was lost on its way")
        return reply

    def _messages(self, deadline: float | None):
        """Wait for something to happen, at most until `deadline`; what has come as (channel, message)."""
        ready = self._poll(deadline)
        found = []
        while self.iopub in ready or self.shell in ready:
            for kind, socket in (("iopub", self.iopub), ("shell", self.shell)):
                if socket in ready:
                    frames = socket.recv_multipart()
                    if kind == "iopub":
                        self.received += sum(map(len, frames))
                    _, body = self.kc.session.feed_identities(frames)
                    found.append((kind, self.kc.session.deserialize(body)))
            if self.limits.output is not None and self.received > self.limits.output:
                self._stop("output", "there is too much of it")
            if len(found) >= 100:
                return found
            ready = dict(self.poller.poll(0))
        if self.monitor in ready or (self.ended in ready and not found):
            self._look_after_end(found)
        return found

    def _poll(self, deadline: float | None) -> dict:
        wait = None if deadline is None else max(0, int(1000 * (deadline - time.monotonic())) + 1)
        if self.ended is None:  # the end of an ordinary kernel cannot be waited for here: look
            wait = 500 if wait is None else min(wait, 500)
        ready = dict(self.poller.poll(wait))
        if self.ended is None and not ready and self.process.poll() is not None:
            self._look_after_end([])
        return ready

    def _look_after_end(self, found: list) -> None:
        """The kernel has ended, or has been cut off because one message was too large."""
        if self.monitor in dict(self.poller.poll(0)):
            recv_monitor_message(self.monitor)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        if self.process.poll() is None:
            self._stop("output", "one piece is larger than all of it may be")
        if found or self.iopub.poll(50):
            return  # its last words first
        self.course.exit_code = self.process.poll()
        self._stop(getattr(self.process, "why", None) or "death", exit_in_words(self.course.exit_code))

    def _stop(self, kind: str, words: str) -> NoReturn:
        self.course.kind, self.course.evalue = kind, words
        raise KernelStopped(words, kind, words)


class ChapterEngine(Engine):
    """papermill's engine interface to `ChapterClient`."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, *, start_timeout=60, execution_timeout=None, limits=None, course=None,
        specs=None, cwd=None, env=None, log_output=False, stdout_file=None, stderr_file=None, **_,
    ):  # fmt: skip
        register()
        if limits is None:
            limits = Limits(cell_timeout=execution_timeout)
        return ChapterClient(
            nb_man, limits=limits, course=course, specs=specs, cwd=cwd, env=env, kernel_name=kernel_name,
            log=papermill_logger, log_output=log_output, stdout_file=stdout_file, stderr_file=stderr_file,
        ).execute()  # fmt: skip


def in_own_event_loop(function):
    """Call it so that jupyter_client's blocking calls leave no event loop behind.

    They make one for each thread, remembered in a context variable, and never close it.
    """

    def run():
        try:
            return function()
        finally:
            try:
                asyncio.get_running_loop()  # called from asynchronous code: they have used a thread
            except RuntimeError:
                ensure_event_loop().close()
                asyncio.set_event_loop(None)

    return contextvars.Context().run(run)


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


def joined_streams(outputs: list) -> list:
    """Neighbouring pieces of one stream as one: where a stream is cut depends on the clock."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output["output_type"] == last["output_type"] == "stream" and output.name == last.name:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined
