"""Executing a chapter: a notebook and its parameters in, the executed notebook or an error in words out.

One notebook per process at a time, never in threads: use `WarmKernels`, one per worker process.
"""

from __future__ import annotations

import ast
import contextlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.run.failure import WORDED, ChapterError, chapter_error, plain, remove_messages

#: Bytes a notebook may send as output: some forty large figures.
OUTPUT_LIMIT = 64 * 2**20
#: Processes a notebook may have at a time; joblib on a large machine stays below.
PROCESS_LIMIT = 256
#: What can run a notebook, see `execute_chapter`.
KERNELS = ("auto", "shell", "warm", "ordinary")
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Executed:
    """An executed chapter.

    Parameters
    ----------
    node : the notebook, executed as far as it came; error outputs carry no message.
    error : None when every cell ran.
    seconds : wall time of the execution.
    cpu_seconds, memory : of the kernel, the latter its peak in bytes; None for an ordinary kernel.
    kernel : ``shell`` (forked, see `csi_lib.run.forked_shell`), ``warm`` (a forked Jupyter kernel) or ``ordinary``; None if
        it never started.
    debug : message and traceback as the kernel gave them. They may show respondents' answers:
        never to be published or logged, only shown to the one who asks with ``--debug``.
    """

    node: object
    error: ChapterError | None
    seconds: float
    cpu_seconds: float | None = None
    memory: int | None = None
    kernel: str | None = None
    debug: str | None = field(default=None, repr=False)

    @property
    def words(self) -> tuple[str, bool]:
        """What to tell the user of an execution that failed, and whether the fault is the chapter's and not the input's.

        The message of an `InputError` is written for the user and quotes no answers; of others only the hint is told.
        """
        if self.error.ename in WORDED:
            return self.error.hint, False
        cell = "" if self.error.cell_index is None else f" in cell {self.error.cell_index}"
        return f"{self.error.hint.rstrip('.')}{cell}", True


def execute_chapter(
    node,
    *,
    parameters: Mapping,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    output_limit: int | None = OUTPUT_LIMIT,
    memory_limit: int | None = None,
    process_limit: int | None = PROCESS_LIMIT,
    kernel: str = "auto",
) -> Executed:
    """Execute a notebook with papermill in a kernel of its own.

    Parameters
    ----------
    node : nbformat.NotebookNode; it is not changed.
    parameters : values for names assigned in the cell tagged ``parameters``.
    timeout, cell_timeout : seconds for the whole notebook and for one cell.
    env : environment variables for the kernel, added to this process's.
    cwd : working folder of the kernel; this process stays where it is.
    output_limit : bytes of output after which the kernel is stopped.
    memory_limit : bytes of address space the notebook may take beyond what its kernel has when
        ready; Linux only. Below 256 MB a library's own threads may not find room. In an ordinary
        kernel what the notebook imports counts too.
    process_limit : processes a warm kernel may have at a time.
    kernel : ``shell`` is a forked IPython shell, ``warm`` a forked Jupyter kernel, ``ordinary`` one started by exec. ``auto``
        takes a shell where processes can be forked, else an ordinary kernel; for a notebook whose metadata say
        ``csi: {kernel: jupyter}``, a warm one where that can be.

    Returns
    -------
    Executed
        With `.error` set when a cell failed, the kernel died or a limit was passed.

    Raises
    ------
    InputError
        An unknown parameter, kernel or folder: nothing has been run.
    """
    check_parameters(node, parameters)
    if kernel not in KERNELS:
        raise InputError("unknown kind of kernel", where="kernel", found=repr(kernel), expected=", ".join(KERNELS))
    if cwd is not None and not os.path.isdir(cwd):
        raise InputError("the working folder of the chapter does not exist", where="cwd", found=str(cwd))
    if not _one_at_a_time.acquire(blocking=False):
        raise RuntimeError("a process executes one notebook at a time; use more worker processes")
    try:
        # Imported here: whoever only asks whether there is anything to run never pays for papermill.
        from csi_lib.run.engine import Limits

        limits = Limits(timeout, cell_timeout, output_limit, memory_limit, process_limit)
        return _execute(node, dict(parameters), limits, env=env, cwd=cwd, mode=kernel)
    finally:
        _one_at_a_time.release()


def _execute(node, parameters: dict, limits, *, env, cwd, mode: str) -> Executed:
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    from csi_lib.run.engine import ChapterEngine, Course, KernelStopped
    from csi_lib.run.provisioner import NAME

    node = load_notebook_node(node)  # a copy, with the metadata that papermill expects
    if parameters:
        node = parameterize_notebook(node, parameters, kernel_name=NAME, language="python")
    course, started = Course(), time.perf_counter()
    # A kernel stopped in a cell is recorded by papermill; one that never came up is raised.
    with contextlib.suppress(KernelStopped):
        ChapterEngine.execute_notebook(
            node, NAME, progress_bar=False, autosave_cell_every=0, limits=limits, course=course, mode=_mode(mode, node),
            cwd=None if cwd is None else str(cwd), env={**os.environ, **(env or {})},
        )  # fmt: skip
    seconds = time.perf_counter() - started
    error = debug = None
    if course.kind:
        error = chapter_error(course, node, limits)
        written = remove_messages(node, course.cell_index)
        message = f"{course.ename or course.kind}: {course.evalue}"
        debug = "\n".join((message, *plain((*course.traceback, written))))
    return Executed(node, error, seconds, course.cpu, course.memory, course.kernel, debug)


def _mode(mode: str, node) -> str | None:
    """What runs the notebook; None: a Jupyter kernel, warm where that can be."""
    wants_jupyter = node.metadata.get("csi", {}).get("kernel") == "jupyter"
    return None if mode == "auto" and wants_jupyter else mode


def parameter_names(node) -> set[str] | None:
    """Names assigned in the cell tagged ``parameters``; None without such a cell."""
    for cell in node.cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", ()):
            names = set()
            for statement in ast.parse(cell.source).body:
                if isinstance(statement, ast.Assign | ast.AnnAssign):
                    targets = getattr(statement, "targets", None) or [statement.target]
                    walked = (part for target in targets for part in ast.walk(target))
                    names |= {part.id for part in walked if isinstance(part, ast.Name)}
            return names
    return None


def check_parameters(node, parameters: Mapping) -> None:
    """Refuse unknown ones: papermill only logs them, and the chapter would run on its defaults."""
    known = parameter_names(node)
    if parameters and known is None:
        raise InputError(
            "the notebook takes no parameters", found=", ".join(parameters),
            action="Tag the cell that assigns them with 'parameters'",
        )  # fmt: skip
    for name in parameters:
        if name not in known:
            near = nearest(name, known)
            raise InputError(
                "the notebook does not know this parameter", where="parameters", found=repr(name),
                expected=f"one of {', '.join(sorted(known))}",
                action=f"Did you mean {near!r}?" if near else None,
            )  # fmt: skip


class WarmKernels:
    """The kernels of a worker process, with the imports done ahead.

    ::

        with WarmKernels() as kernels:
            for chapter in chapters:
                executed = kernels.execute(chapter, parameters=parameters)

    Entering starts the parent process of the kernels and does not wait for it; leaving ends it and
    whatever it started. Several workers of one machine may share one parent, which saves its memory
    and start: give them the `address` of the process that holds it.

    Parameters
    ----------
    address : of a parent started, and ended, by another process.
    kernel : as in `execute_chapter`.
    """

    def __repr__(self) -> str:
        return f"<WarmKernels {self._kernel}>"

    def __init__(self, address: str | None = None, *, kernel: str = "auto"):
        self._address, self._kernel = address, kernel

    @property
    def address(self) -> str | None:
        """Where the parent listens, for other workers on this machine; None without a parent."""
        from csi_lib.run.warm_client import warm_parent

        parent = warm_parent(start=False)
        return str(parent.folder) if parent else None

    def __enter__(self) -> WarmKernels:
        from csi_lib.run.warm_client import NoWarmKernel, warm_parent

        if self._kernel != "ordinary":
            try:
                warm_parent(self._address)
            except (NoWarmKernel, OSError) as problem:
                if self._kernel != "auto":
                    raise
                logging.getLogger(__name__).warning("Ordinary kernels instead of warm ones: %s", problem)
                self._kernel = "ordinary"
        return self

    def __exit__(self, *_) -> None:
        from csi_lib.run.warm_client import close_warm_parent

        close_warm_parent()

    def prepared(self, function: str, arguments: Mapping, *, env: Mapping[str, str], cwd: str | Path):
        """Context in which every kernel finds in memory what ``module:function`` has left there, called once.

        What one notebook does to it another never sees: each has a copy. Yields seconds of processor, None where nothing
        was prepared (ordinary kernels, or the function failed, which the notebooks will then tell).
        """
        if self._kernel == "ordinary":
            return contextlib.nullcontext()
        from csi_lib.run.warm_client import kernel_environment, prepared_parent

        env = kernel_environment({**os.environ, **env})
        return prepared_parent(function, arguments, env=env, cwd=str(cwd))

    def execute(self, node, **options) -> Executed:
        """`execute_chapter` with these kernels."""
        return execute_chapter(node, kernel=self._kernel, **options)
