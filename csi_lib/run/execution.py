"""Executing a chapter: a notebook and its parameters in, the executed notebook or an error in words out.

One notebook per process at a time, never in threads: use `WarmKernels`, one per worker process.
"""

from __future__ import annotations

import ast
import logging
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from csi_lib.errors import InputError, nearest

#: Bytes a notebook may send as output: some forty large figures.
OUTPUT_LIMIT = 64 * 2**20
#: Processes a notebook may have at a time; joblib on a large machine stays below.
PROCESS_LIMIT = 256
_one_at_a_time = threading.Lock()


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
    frames : where the exception passed, innermost last, each ``file, line, in function`` with the
        lines of code around it.
    """

    kind: str
    ename: str | None
    cell_index: int | None
    cell_source: str
    hint: str
    frames: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = "" if self.cell_index is None else f"cell {self.cell_index}: "
        return where + self.hint


@dataclass(frozen=True)
class Executed:
    """An executed chapter.

    Parameters
    ----------
    node : the notebook, executed as far as it came; error outputs carry no message.
    error : None when every cell ran.
    seconds : wall time of the execution.
    cpu_seconds, memory : of the kernel, the latter the peak in bytes; None for an ordinary kernel.
    kernel : ``warm`` or ``ordinary``.
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
    env : environment variables added to this process's, for the kernel only.
    cwd : working folder of the kernel; this process stays where it is.
    output_limit : bytes of output after which the kernel is stopped.
    memory_limit : bytes the notebook may take beyond what its kernel has when ready. Linux only.
        In an ordinary kernel what the notebook imports counts too.
    process_limit : processes a warm kernel may have at a time.
    kernel : ``auto`` takes a warm kernel where that can be, ``warm`` insists, ``ordinary`` never does.

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
    if kernel not in ("auto", "warm", "ordinary"):
        raise InputError(
            "unknown kind of kernel", where="kernel", found=repr(kernel), expected="auto, warm or ordinary"
        )
    if cwd is not None and not os.path.isdir(cwd):
        raise InputError("the working folder of the chapter does not exist", where="cwd", found=str(cwd))
    if not _one_at_a_time.acquire(blocking=False):
        raise RuntimeError("a process executes one notebook at a time; use more worker processes")
    try:
        return _execute(
            node, dict(parameters), env=env, cwd=cwd, mode=kernel,
            limits=dict(
                timeout=timeout, cell_timeout=cell_timeout, output=output_limit, memory=memory_limit,
                processes=process_limit,
            ),
        )  # fmt: skip
    finally:
        _one_at_a_time.release()


def _execute(node, parameters: dict, *, env, cwd, mode: str, limits: dict) -> Executed:
    # Imported here: what only asks whether there is anything to run never pays for papermill.
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    from csi_lib.run import engine, provisioner

    node = load_notebook_node(node)  # a copy, as papermill likes it
    if parameters:
        node = parameterize_notebook(node, parameters, kernel_name=provisioner.NAME, language="python")
    specs = provisioner.PrivateKernelSpecs()
    specs.mode, specs.processes = mode, limits["processes"]
    course = engine.Course()
    started = time.perf_counter()
    try:
        engine.ChapterEngine.execute_notebook(
            node, provisioner.NAME, progress_bar=False, autosave_cell_every=0,
            limits=engine.Limits(**limits), course=course, specs=specs,
            cwd=None if cwd is None else str(cwd), env=provisioner.kernel_environment(env),
        )  # fmt: skip
    except engine.KernelStopped:  # before the first cell; later ones are recorded by papermill
        pass
    seconds = time.perf_counter() - started
    error = chapter_error(course, node, limits) if course.kind else None
    debug = None
    if error:
        debug = "\n".join((f"{course.ename or course.kind}: {course.evalue}", *course.traceback))
        without_values(node)
    return Executed(
        node=node, error=error, seconds=seconds, cpu_seconds=course.cpu, memory=course.memory,
        kernel={True: "warm", False: "ordinary", None: None}[course.forked], debug=debug,
    )  # fmt: skip


def parameter_names(node) -> set[str] | None:
    """Names assigned in the cell tagged ``parameters``; None without such a cell."""
    for cell in node.cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", ()):
            targets = []
            for statement in ast.parse(cell.source).body:
                if isinstance(statement, ast.Assign):
                    targets += statement.targets
                elif isinstance(statement, ast.AnnAssign):
                    targets.append(statement.target)
            return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return None


def check_parameters(node, parameters: Mapping) -> None:
    """papermill only logs an unknown parameter, and the chapter would run on its defaults."""
    known = parameter_names(node)
    if not parameters:
        return
    if known is None:
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


_HINTS = {
    "KeyError": "A column, item or key that the cell asks for is not in the data; compare it with the codebook.",
    "FileNotFoundError": "A file that the cell reads is not there; run `csi check` on the study.",
    "ModuleNotFoundError": "A package is not installed in this environment.",
    "InputError": "Something in the study is not as the chapter needs it; run `csi check` on the study.",
    "ValidationError": "A file of the study does not follow its schema; run `csi check` on the study.",
    "SyntaxError": "The cell is not valid Python.",
    "NameError": "The cell uses a name that no earlier cell has defined; run the notebook from the top.",
    "KeyboardInterrupt": "The cell was interrupted.",
}


def chapter_error(course, node, limits: dict) -> ChapterError:
    """The failure in words."""
    kind, ename = course.kind, course.ename
    if kind == "error" and ename and ename.strip("_").endswith("MemoryError"):
        kind = "memory"
    allowed = limits["memory"] and f"more than the {limits['memory'] / 2**20:,.0f} MB it may take"
    time_limits = [f"{limits[k]:g} s for {what}" for k, what in (("cell_timeout", "a cell"), ("timeout", "the notebook")) if limits[k]]  # fmt: skip
    hint = {
        "error": f"{ename}. " + _HINTS.get(ename, "Run it again with --debug to see the message."),
        "memory": f"The notebook ran out of memory: it asked for {allowed or 'more than there is'}.",
        "timeout": f"The notebook was stopped at its time limit ({', '.join(time_limits)}).",
        "output": f"The notebook was stopped because its output is larger than {(limits['output'] or 0) / 2**20:,.0f} MB"
        " or came faster than it could be read; print less.",
        "processes": f"The notebook was stopped because it had started more than {limits['processes']} processes.",
        "death": death_in_words(course.exit_code, limits),
        "start": "The kernel did not come up; try the notebook in JupyterLab.",
    }[kind]
    cell = None if course.cell_index is None else node.cells[course.cell_index]
    return ChapterError(
        kind=kind, ename=ename, cell_index=course.cell_index, cell_source=cell.source if cell else "",
        hint=hint, frames=frames(course.traceback),
    )  # fmt: skip


def death_in_words(code: int | None, limits: dict) -> str:
    from csi_lib.run.engine import exit_in_words

    text = "The notebook's process ended by itself"
    if code is not None:
        text += f" with {exit_in_words(code)}"
    if code == -9:
        return text + ": somebody killed it, or the machine had run out of memory."
    if limits["memory"]:
        return text + ", perhaps because it reached its memory limit."
    return text + "; a library has crashed or the cell ended the process."


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def frames(traceback) -> tuple[str, ...]:
    """The parts of IPython's traceback that show code; those with the message show data."""
    plain = (_COLOUR.sub("", part) for part in traceback)
    return tuple(part for part in plain if part.startswith(("File ", "Cell In")))


def without_values(node) -> None:
    """Take the messages out of the error outputs: they may quote respondents' answers."""
    for cell in node.cells:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                output["evalue"] = ""
                output["traceback"] = list(frames(output["traceback"]))


class WarmKernels:
    """The kernels of a worker process, with the imports done ahead.

    ::

        with WarmKernels() as kernels:
            for chapter in chapters:
                executed = kernels.execute(chapter, parameters=parameters)

    Entering starts the parent process of the kernels and does not wait for it; leaving ends it and
    whatever it started. Several workers of one machine may share one parent: give them its
    `address`.

    Parameters
    ----------
    address : of a parent started by another process, which also ends it.
    kernel : ``auto``, ``warm`` or ``ordinary`` as in `execute_chapter`.
    """

    def __init__(self, address: str | None = None, *, kernel: str = "auto"):
        self._address, self._kernel = address, kernel

    @property
    def address(self) -> str | None:
        """Where the parent listens, for other workers on this machine; None without a parent."""
        from csi_lib.run import provisioner

        parent = provisioner._parent
        return str(parent.folder) if parent and parent.usable else None

    def __enter__(self) -> WarmKernels:
        from csi_lib.run import provisioner

        if self._kernel != "ordinary":
            try:
                provisioner.warm_parent(self._address)
            except (provisioner.NoWarmKernel, OSError) as problem:
                if self._kernel == "warm":
                    raise
                logging.getLogger(__name__).warning("Ordinary kernels instead of warm ones: %s", problem)
                self._kernel = "ordinary"
        return self

    def __exit__(self, *_) -> None:
        from csi_lib.run import provisioner

        provisioner.close_warm_parent()

    def execute(self, node, **options) -> Executed:
        """`execute_chapter` with these kernels."""
        return execute_chapter(node, kernel=self._kernel, **options)
