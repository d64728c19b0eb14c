"""The process every warm kernel is forked from: imports done, nothing started.

A kernel spends about three seconds importing what every chapter imports. This process does that
once and forks a kernel for each notebook, so that a notebook still gets a process of its own, with
a fresh name space, for the price of a fork. It is started by exec (``python -m
csi_lib.run.warm_parent``), never forked from a command line, dask worker or Jupyter server, because
those hold threads, event loops and sockets that do not survive a fork.

What may not happen here, because a child would inherit it broken: reading Arrow files (starts
threads), a zmq context, an event loop, a Jupyter session.

Protocol: one connection per kernel on a unix stream socket, one JSON object per line.

- ``{"run": argv, "env": {…}, "cwd": "…", "processes": n}`` forks a kernel; answered at once by
  ``{"pid": 123}`` (or ``{"refused": "why"}``) and at its end by ``{"exit": code, "why": …,
  "cpu": seconds, "memory": bytes}``, the code as in `subprocess` (−9: killed by signal 9);
- ``{"signal": 15}`` goes to the kernel and what it started;
- closing the connection kills them.

When standard input ends, because its client has gone or wants it to stop, the parent kills its
kernels, removes its folder and ends. Linux only: it relies on prctl and /proc.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
import warnings
from pathlib import Path

#: One thread each: the workers already fill the cores, and a process that forks must not have threads.
THREAD_CAPS = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")}

#: What chapters and their kernel import, heaviest first; the public modules of csi_lib are added.
PRELOAD = (
    "ipykernel.kernelapp", "ipykernel.debugger", "matplotlib_inline.config",
    "numpy.random", "pandas", "pyarrow.parquet",
    "scipy.stats", "scipy.optimize", "scipy.special", "scipy.linalg",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg",
    "seaborn", "statsmodels.api", "statsmodels.formula.api", "pingouin",
)  # fmt: skip

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LIBC = ctypes.CDLL(None, use_errno=True)
#: How often the number of processes is looked at while a kernel runs, in seconds.
_TICK = 0.5


class Kernel:
    """A forked kernel and the connection of the client that asked for it."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.buffer = b""
        self.pid = None
        self.processes = None
        self.why = None

    def tell(self, message: dict) -> None:
        # A client that has gone is noticed by its closed connection, not here.
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def kill(self, signum: int = signal.SIGKILL) -> None:
        if self.pid is None:
            return
        try:
            os.killpg(self.pid, signum)
        except ProcessLookupError:  # it has not become leader of its own session yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)


class WarmParent:
    """Serve kernels on `listener` until `lifeline` (a file descriptor) ends."""

    def __init__(self, listener: socket.socket, lifeline: int):
        self.listener, self.lifeline = listener, lifeline
        self.kernels: dict[int, Kernel] = {}
        self.selector = selectors.DefaultSelector()
        self.wake_read, self.wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.sources = source_state()

    def serve(self) -> None:
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
        for source in (self.listener, self.lifeline, self.wake_read):
            self.selector.register(source, selectors.EVENT_READ)
        while not stopped:
            ready = self.selector.select(_TICK if self.kernels else None)
            for key, _ in ready:
                if key.fileobj == self.lifeline:
                    if not os.read(self.lifeline, 4096):
                        stopped.append(True)
                elif key.fileobj == self.wake_read:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wake_read, 4096)
                elif key.fileobj is self.listener:
                    connection, _ = self.listener.accept()
                    self.selector.register(connection, selectors.EVENT_READ, Kernel(connection))
                else:
                    self.listen_to(key.data)
            self.reap()
            self.watch_processes()
        for kernel in self.kernels.values():
            kernel.kill()
        while self.kernels:
            self.reap(block=True)

    def listen_to(self, kernel: Kernel) -> None:
        """One read from a client: a request, a signal or its end."""
        try:
            data = kernel.connection.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(kernel.connection)
            kernel.connection.close()
            kernel.kill()
            return
        *lines, kernel.buffer = (kernel.buffer + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "run" in message and kernel.pid is None:
                self.fork(kernel, message)
            elif "signal" in message and kernel.pid in self.kernels:
                kernel.kill(message["signal"])

    def fork(self, kernel: Kernel, request: dict) -> None:
        with warnings.catch_warnings():
            # Python ≥ 3.12 warns because jemalloc, which comes with pyarrow, keeps an idle thread;
            # it takes care of itself across a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                pid = os.fork()
            except OSError as problem:
                kernel.tell({"refused": str(problem)})
                return
        if pid == 0:
            self.close_in_child()
            become_kernel(request, stale=self.sources != source_state())
        kernel.pid, kernel.processes = pid, request.get("processes")
        self.kernels[pid] = kernel
        kernel.tell({"pid": pid})

    def close_in_child(self) -> None:
        signal.set_wakeup_fd(-1)
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self.selector.close()
        for descriptor in (self.lifeline, self.wake_read, self.wake_write):
            os.close(descriptor)

    def reap(self, *, block: bool = False) -> None:
        """Report every kernel that has ended, and end what it left running."""
        while True:
            try:
                # WNOWAIT: as long as the zombie is there its group id cannot be somebody else's.
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | (0 if block else os.WNOHANG))
            except ChildProcessError:
                return
            if ended is None:
                break
            block = False
            kernel = self.kernels.pop(ended.si_pid, None)
            if kernel:
                kernel.kill()
            _, status, usage = os.wait4(ended.si_pid, 0)
            if kernel:
                kernel.tell({
                    "exit": os.waitstatus_to_exitcode(status), "why": kernel.why,
                    "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * 1024,
                })  # fmt: skip
                kernel.pid = None  # the number may be another process's from now on
        if not self.kernels:
            # As subreaper this process inherits what a kernel detached from itself.
            for pid, process in processes().items():
                if process["parent"] == os.getpid():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def watch_processes(self) -> None:
        """Kill a kernel that has forked more processes than it may."""
        limited = {pid: k for pid, k in self.kernels.items() if k.processes and not k.why}
        # One small file tells whether looking through /proc can be worth it.
        if not limited or thread_total() - self.threads_at_rest <= min(k.processes for k in limited.values()):
            return
        sessions = [process["session"] for process in processes().values()]
        for pid, kernel in limited.items():
            if sessions.count(pid) > kernel.processes:
                kernel.why = "processes"
                kernel.kill()

    threads_at_rest = 0


def thread_total() -> int:
    """Threads on this machine."""
    with open("/proc/loadavg") as file:
        return int(file.read().split()[3].split("/")[1])


def processes() -> dict[int, dict[str, int]]:
    """Parent and session of every process that can be seen."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
                found[int(name)] = {"parent": int(fields[1]), "session": int(fields[3])}
    return found


def become_kernel(request: dict, *, stale: bool) -> None:
    """In the forked child: turn into the kernel that exec would have given, run it, end."""
    code = 1
    try:
        os.setsid()
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for signum in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")  # where memory runs out, the notebook goes before the run does
        os.environ.clear()
        os.environ.update(request["env"])
        time.tzset()
        os.chdir(request["cwd"])
        if stale:
            forget_csi_lib()
        reseed()
        code = run_kernel(request["run"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def run_kernel(argv: list[str]) -> int:
    """What ``python -m ipykernel_launcher`` does, without the interpreter's tear-down."""
    import atexit
    import threading

    import ipykernel_launcher
    import matplotlib
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [ipykernel_launcher.__file__, *argv]
    # In an ordinary kernel matplotlib reads this when it is imported; here it has been.
    matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(argv)
    app.start()
    # The notebook's own threads and exit functions have their turn, as at any interpreter's end;
    # freeing every object one by one would cost more than many a notebook.
    threading._shutdown()
    atexit._run_exitfuncs()
    return 0


INLINE = "module://matplotlib_inline.backend_inline"


def reseed() -> None:
    """Two kernels must not draw the same random numbers; `random` reseeds itself on fork."""
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


def preload() -> None:
    """Import what chapters use; what is not installed is left to the notebook to complain about."""
    import csi_lib

    ours = [module for module in csi_lib._PUBLIC if not module.startswith(("csi_lib.run", "csi_lib.cli"))]
    for name in (*PRELOAD, *ours):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    draw()


def draw() -> None:
    """One throw-away figure: fills the font cache and imports what is imported on first use.

    Only matplotlib's objects are used, not pyplot, and no font is registered: the kernel's own
    back end and settings must come up as they do in an ordinary kernel.
    """
    import io

    import seaborn
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from csi_lib.share import shared_path

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    seaborn.barplot(DataFrame({"x": ["a", "a", "b", "b"], "y": [1.0, 2.0, 2.0, 4.0]}), x="x", y="y", ax=axes)
    with contextlib.suppress(FileNotFoundError):
        for font in sorted(shared_path("reports", "fonts").glob("*.otf")):
            axes.text(0, 1, "만족도 0.5%", font=font)
    for kind in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=kind)


def main() -> None:
    listener, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    # Standard input is the lifeline; a kernel's own standard input is empty.
    lifeline = os.dup(0)
    os.set_inheritable(lifeline, False)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    del sys.path[0]  # the client's folder, put there by ``-m``; a kernel looks in its own
    os.environ.update(THREAD_CAPS, MPLBACKEND=INLINE)
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        preload()
        parent = WarmParent(listener, lifeline)
        gc.collect()
        gc.freeze()  # the children's collector leaves these pages alone, so they stay shared
        parent.threads_at_rest = thread_total()
        parent.serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
