"""What a warm kernel has imported before it exists, and what it becomes once it is forked.

Both halves serve one rule: a notebook must not be able to tell a forked kernel from one that was
started by exec. `import_ahead` runs in the parent (`csi_lib.run.warm_parent`), `become_kernel` in
its child. What every report needs is imported before the first; what only some chapters need (`LEARNED`) when a
kernel that has ended turned out to have imported it, so that no run waits for libraries it does not use.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import pkgutil
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from csi_lib.run.forked_shell import INLINE, run_shell
from csi_lib.run.lean_imports import lean_imports

#: What a kernel or shell imports while it comes up, then what every chapter and every worker imports; csi_lib's public
#: modules and the rooms of its chapters are added.
PRELOAD = (
    "ipykernel.kernelapp", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.extensions.storemagic",
    "argcomplete.finders", "tornado.platform.asyncio", "traitlets.config.argcomplete_config",
    "numpy.random", "pandas", "pyarrow.parquet", "scipy.linalg", "scipy.optimize", "scipy.special",
    "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "csi_lib.run.workers",
    "csi_lib.run.produce", "csi_lib.run.engine", "papermill.iorw", "papermill.parameterize", "csi_lib.report.embedded",
)  # fmt: skip
#: What only some notebooks import: the first one at its own expense.
LEARNED = ("scipy.stats", "matplotlib.pyplot", "seaborn", "statsmodels.api", "statsmodels.formula.api", "pingouin")

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36


@dataclass(frozen=True)
class Ahead:
    """The state of the parent once everything is imported.

    `environment`: variables that the imports have set; `settings`: the file matplotlib was set up
    from; `sources`: time of last change of each imported file of csi_lib, None where it was compared a moment ago.
    """

    environment: dict[str, str]
    settings: str
    sources: dict[str, int] | None


def import_ahead() -> Ahead:
    """Import what chapters use; what is not installed is left to the notebook to complain about."""
    before = {*os.environ, "MPLBACKEND"}
    os.environ["MPLBACKEND"] = INLINE  # as in a kernel, where it is set before anything is imported
    import csi_lib
    import csi_lib.chapters

    ours = [module for module in csi_lib._PUBLIC if not module.startswith(("csi_lib.run", "csi_lib.cli"))]
    rooms = [found.name for found in pkgutil.walk_packages(csi_lib.chapters.__path__, "csi_lib.chapters.")]
    import_present((*PRELOAD, *ours, *rooms))
    import matplotlib
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())  # makes the check of notebooks from its schema
    draw()
    return Ahead(
        environment={name: value for name, value in os.environ.items() if name not in before},
        settings=matplotlib.matplotlib_fname(),
        sources=source_state(),
    )


def import_present(names: Iterable[str]) -> None:
    """Import those that are installed."""
    with lean_imports():
        for name in names:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def draw() -> None:
    """One throw-away figure: fills the font cache and imports what is imported on first use.

    Only matplotlib's objects are used, not pyplot, and no font is registered: the kernel's own
    back end and settings must come up as they do in an ordinary kernel.
    """
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from csi_lib.share import shared_path

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.bar(["a", "b"], [1.0, 2.0])
    with contextlib.suppress(FileNotFoundError):
        for font in sorted(shared_path("reports", "fonts").glob("Pretendard-*.otf")):
            axes.text(0, 1, "만족도 0.5%", font=font)
    for kind in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=kind)


def become_kernel(
    request: dict, ahead: Ahead, descriptors: Sequence[int] = (), *, school: int | None = None
) -> NoReturn:
    """Turn into the kernel that exec would have given, run it, end; with `descriptors` (a socket and what is to be 1 and 2)
    into the shell of `csi_lib.run.forked_shell` that answers there, or into a worker (`csi_lib.run.workers`).

    What of `LEARNED` it had to import is written to the descriptor `school` at its end.
    """
    code, line, before = 1, None, {name for name in LEARNED if name in sys.modules}
    work = bool(request.get("work"))
    try:
        own_session()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.suppress(OSError):
            # Where memory runs out, the notebook goes before the run does.
            if not work:
                Path("/proc/self/oom_score_adj").write_text("500")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in request["silent"]:
            os.dup2(null, descriptor)
        os.close(null)
        if descriptors:
            line = socket.socket(fileno=descriptors[0])
            line.set_inheritable(False)
            for number, descriptor in enumerate(descriptors[1:], start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
        enter(request, ahead)
        set_up_matplotlib(ahead.settings)
        reseed()
        if work:
            from csi_lib.run.workers import serve

            code = serve(line)
        else:
            code = run_kernel(request["run"]) if line is None else run_shell(line)
            tell_school(school, [name for name in LEARNED if name in sys.modules and name not in before])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.__excepthook__(*sys.exc_info())
    finally:
        os._exit(code)


def tell_school(school: int | None, names: list[str]) -> None:
    """Name to the parent what the next kernels should find imported; one that does not listen is none of a notebook's business."""
    if school is not None and names:
        with contextlib.suppress(OSError):
            os.write(school, ("".join(f"{name}\n" for name in names)).encode())


def own_session() -> None:
    """Leader of a session of its own, gone when the parent goes, with no signal handler of the parent."""
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for signum in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)


def enter(request: dict, ahead: Ahead) -> None:
    """The environment and folder that the client asks for, and csi_lib as it is on disk."""
    os.environ.clear()
    os.environ.update(ahead.environment)
    os.environ.update(request["env"], JPY_PARENT_PID=str(os.getppid()))
    time.tzset()
    os.chdir(request["cwd"])
    if ahead.sources is not None and ahead.sources != source_state():
        forget_csi_lib()


def run_kernel(argv: list[str]) -> int:
    """What ``python -m ipykernel_launcher`` does, without the interpreter's tear-down."""
    import atexit
    import threading

    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [ipykernel_launcher.__file__, *argv]
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(argv)
    app.start()
    # The notebook's own threads and exit functions have their turn, as at any interpreter's end;
    # freeing every object one by one would cost more than many a notebook.
    threading._shutdown()
    # ipykernel closes the output thread before the control thread, which may just be writing to it
    # and would then wait for ever: let that one finish first.
    app.control_thread.stop()
    app.control_thread.join()
    atexit._run_exitfuncs()
    return 0


def set_up_matplotlib(settings_at_import: str) -> None:
    """What an ordinary kernel reads from its folder and environment when it imports matplotlib."""
    import matplotlib

    if (settings := matplotlib.matplotlib_fname()) != settings_at_import:
        matplotlib.rc_file(settings)
    matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE


def reseed() -> None:
    """Two kernels must not draw the same random numbers; `random` reseeds itself on a fork."""
    import numpy as np

    np.random.seed()


def source_state() -> dict[str, int]:
    """Time of last change of each imported file of csi_lib."""
    state = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "csi_lib" and getattr(module, "__file__", None):
            with contextlib.suppress(OSError):
                state[name] = os.stat(module.__file__).st_mtime_ns
    return state


def forget_csi_lib() -> None:
    """csi_lib was edited since it was imported here: let the notebook import what is on disk."""
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] == "csi_lib"]:
        del sys.modules[name]


def prctl(option: int, value: int | bytes) -> None:
    ctypes.CDLL(None).prctl(option, value)
