"""The papermill engine of a batch: nbclient's idea of outputs, with no waiting on polls.

What runs the cells is at the other end of a `kernel_process.KernelLine`: a shell forked from the warm parent, or a Jupyter
kernel. What a message does to a cell stays nbclient's, what the notebook records stays papermill's.

``papermill --engine csi in.ipynb out.ipynb`` uses it from the command line.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import NoReturn

from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.log import logger as papermill_logger

from csi_lib.run.kernel_process import TELL_OF_NO_MEMORY, KernelLine, Stopped, limit_memory
from csi_lib.run.provisioner import NAME, PrivateKernelSpecs, register
from csi_lib.run.shell_line import ShellLine
from csi_lib.run.warm_client import NoWarmKernel

_log = logging.getLogger(__name__)
#: What of a message goes into the notebook.
_FIELDS = {
    "stream": ("name", "text"),
    "display_data": ("metadata", "data"),
    "execute_result": ("metadata", "data", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}


@dataclass(frozen=True)
class Limits:
    """What a notebook may take; None is no limit.

    `timeout` and `cell_timeout` are seconds, `output` bytes sent by the kernel, `memory` bytes of
    address space beyond what the kernel has when it is ready, `processes` a number (forked kernels).
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
    kernel: str | None = None  # shell, warm or ordinary


class KernelStopped(CellExecutionError):
    """The kernel ended, or was ended, before the cell was done: papermill goes no further."""


class ChapterClient(PapermillNotebookClient):
    """Execute a notebook on one kernel.

    Parameters
    ----------
    limits, course : see there; `course` receives how it went.
    open_line : makes the `KernelLine`.
    """

    def __init__(self, nb_man, *, limits: Limits, course: Course, open_line, **options):
        super().__init__(nb_man, record_timing=False, **options)  # papermill keeps the times
        self.limits, self.course, self.open_line = limits, course, open_line
        self.line: KernelLine | None = None
        self.deadline = None

    # -- one kernel from start to end ---------------------------------------------------------

    def execute(self):
        self.reset_execution_trackers()
        if self.limits.timeout is not None:
            self.deadline = time.monotonic() + self.limits.timeout
        self.line = self.open_line()
        try:
            self._start()
            self.papermill_execute_cells()
            self.set_widgets_metadata()
        except Stopped as stopped:
            self._stop(stopped)
        finally:
            self._end()
        return self.nb

    def _start(self) -> None:
        self.nb.metadata["language_info"] = NotebookNode(self.line.open())
        self.course.kernel = self.line.kind
        if self.limits.memory is not None:
            self.line.ask(TELL_OF_NO_MEMORY, silent=True)
            limit_memory(self.line.process.pid, self.limits.memory)

    def _end(self) -> None:
        self.line.close(orderly=self.course.kind in (None, "error"))
        self.course.cpu = getattr(self.line.process, "cpu", None)
        self.course.memory = getattr(self.line.process, "memory", None)
        self.line = None

    def _stop(self, stopped: Stopped) -> NoReturn:
        self.course.kind, self.course.evalue, self.course.exit_code = stopped.kind, stopped.words, stopped.exit_code
        raise KernelStopped(stopped.words, stopped.kind, stopped.words)

    # -- one cell -----------------------------------------------------------------------------

    def execute_cell(self, cell, cell_index, execution_count=None, store_history=True):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        cell.outputs = []
        self.clear_before_next_output = False
        asked = self.line.ask(cell.source)
        self.code_cells_executed += 1
        try:
            content = self._converse(asked, cell, cell_index)
        except Stopped as stopped:
            self.course.cell_index = cell_index
            self._stop(stopped)
        finally:
            cell.outputs = joined_streams(cell.outputs)
        if content["status"] == "error" and "raises-exception" not in tags:
            self.course.kind, self.course.cell_index = "error", cell_index
            self.course.ename, self.course.evalue = content.get("ename"), content.get("evalue")
            self.course.traceback = tuple(content.get("traceback", ()))
            raise CellExecutionError.from_cell_and_msg(cell, content)
        return cell

    def _converse(self, asked, cell, cell_index: int) -> dict:
        """Outputs into the cell until the kernel has replied; the reply's content."""
        deadline = self.deadline
        if self.limits.cell_timeout is not None:
            deadline = min(filter(None, (deadline, time.monotonic() + self.limits.cell_timeout)))
        while True:
            for message in self.line.hear(asked, deadline):
                if message["msg_type"] == "execute_reply":
                    return message["content"]
                self.process_message(message, cell, cell_index)
            if deadline is not None and time.monotonic() >= deadline:
                raise Stopped("timeout", "time limit")

    def output(self, outs, msg, display_id, cell_index):
        """As nbclient's, but without its check of every output against the notebook schema: IPython made them."""
        if self.clear_before_next_output:
            outs[:] = []
            self.clear_display_id_mapping(cell_index)
            self.clear_before_next_output = False
        if display_id:
            self._display_id_map.setdefault(display_id, {}).setdefault(cell_index, []).append(len(outs))
        fields = _FIELDS.get(msg["msg_type"])
        if fields is None:
            return None
        out = from_dict({"output_type": msg["msg_type"]} | {name: msg["content"][name] for name in fields})
        outs.append(out)
        return out


class ChapterEngine(Engine):
    """papermill's engine interface to `ChapterClient`."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, *, start_timeout=60, execution_timeout=None, limits=None, course=None,
        mode=None, cwd=None, env=None, log_output=False, stdout_file=None, stderr_file=None, **_,
    ):  # fmt: skip
        """`mode` is that of `execution.execute_chapter`; None takes the kernel that papermill was told of."""
        limits = limits or Limits(cell_timeout=execution_timeout)
        client = ChapterClient(
            nb_man, limits=limits, course=course or Course(), kernel_name=kernel_name, log=papermill_logger,
            open_line=lambda: open_line(kernel_name, mode, limits, cwd=cwd, env=env),
            log_output=log_output, stdout_file=stdout_file, stderr_file=stderr_file,
        )  # fmt: skip
        if mode in ("auto", "shell"):  # ShellLine uses nothing of Jupyter's that would have to be tidied up
            return client.execute()
        from csi_lib.run.jupyter_line import in_own_event_loop

        return in_own_event_loop(client.execute)


def open_line(kernel_name: str, mode: str | None, limits: Limits, *, cwd, env) -> KernelLine:
    """A line to what is to run the cells: a forked shell where that can be, else a Jupyter kernel."""
    if mode in ("auto", "shell"):
        try:
            return ShellLine(cwd=cwd, env=env, processes=limits.processes, output=limits.output)
        except NoWarmKernel as problem:
            if mode == "shell":
                raise
            _log.warning("Ordinary kernel instead of a forked shell: %s", problem)
            mode = "ordinary"
    from csi_lib.run.jupyter_line import JupyterLine

    register()
    specs = PrivateKernelSpecs(mode=mode or "auto", processes=limits.processes)
    return JupyterLine(NAME if mode else kernel_name, specs, cwd=cwd, env=env, output=limits.output)


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
