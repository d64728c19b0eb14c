"""The process every warm kernel is forked from: imports done, nothing started.

A kernel spends about three seconds importing what every chapter imports. This process does that
once and forks a kernel for each notebook, so that a notebook still gets a process of its own, with
a fresh name space, for the price of a fork. It is started by exec (``python -m
csi_lib.run.warm_parent``), never forked from a command line, dask worker or Jupyter server, because
those hold threads, event loops and sockets that do not survive a fork.

What may not happen here, because a child would inherit it broken: reading Arrow files (starts
threads), a zmq context, an event loop, a Jupyter session, matplotlib's inline back end (it ties
itself to the kernel in which it is imported).

Protocol: one connection per kernel on a unix stream socket, one JSON object per line.

- ``{"run": argv, "env": {…}, "cwd": "…", "silent": [1, 2], "processes": n}`` forks a kernel, with
  the listed descriptors closed off. Answered at once by ``{"pid": 123}`` (or ``{"refused": "why"}``)
  and at its end by ``{"exit": code, "why": …, "cpu": seconds, "memory": bytes}``, the code as in
  `subprocess` (−9: killed by signal 9);
- the same without ``run`` and with three descriptors beside it (a socket, and what is to be descriptors 1 and 2) forks a
  shell that takes cells over that socket (`csi_lib.run.forked_shell`), with ``"work": true`` a worker that takes tasks
  over it (`csi_lib.run.workers`), which so has to import nothing;
- ``{"prepare": "module:function", "with": {…}, "serve": folder, "env": {…}, "cwd": "…"}`` forks a process that calls the
  function and then is a parent itself, which listens in that folder: its kernels have what the function left in memory.
  Answered by ``{"pid": 123}`` and then ``{"ready": …, "cpu": seconds}`` or ``{"refused": "why"}``;
- ``{"signal": 15}`` goes to the kernel and what it started;
- closing the connection kills them.

When standard input ends, because its client has gone or wants it to stop, the parent kills its
kernels, removes its folder and ends. Linux only: it relies on prctl and /proc.
"""

from __future__ import annotations

import contextlib
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
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from csi_lib.run.warm_kernel import (
    LEARNED,
    PR_SET_CHILD_SUBREAPER,
    Ahead,
    become_kernel,
    enter,
    import_ahead,
    import_present,
    own_session,
    prctl,
)

#: One thread each: the workers already fill the cores, and a process that forks must not have threads.
THREAD_CAPS = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")}

#: How often the number of processes is looked at while a kernel runs, in seconds.
_TICK = 0.5


class Kernel:
    """A forked kernel and the connection of the client that asked for it."""

    def __init__(self, connection: socket.socket):
        self.connection, self.buffer = connection, b""
        self.descriptors: list[int] = []
        self.pid = self.processes = self.why = None

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


class Parent:
    """Serve kernels on `listener` until the descriptor `lifeline` ends.

    Kernels write into `school` what they had to import. The parent made without one opens it, listens, and imports that
    between two forks; one forked from it hands it on.
    """

    def __init__(self, listener: socket.socket, lifeline: int, ahead: Ahead, *, school: int | None = None):
        self.listener, self.lifeline, self.ahead = listener, lifeline, ahead
        self.lessons, self.school = (None, school) if school is not None else os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.kernels: dict[int, Kernel] = {}
        self.selector = selectors.DefaultSelector()
        self.wake_read, self.wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.threads_at_rest = thread_total()
        self.stopped = False

    def serve(self) -> None:
        # A child's end and a request to stop interrupt the wait through this pipe.
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        for source in (self.listener, self.lifeline, self.wake_read, self.lessons):
            if source is not None:
                self.selector.register(source, selectors.EVENT_READ)
        while not self.stopped:
            for key, _ in self.selector.select(_TICK if self.kernels else None):
                if key.fileobj is self.listener:
                    connection, _ = self.listener.accept()
                    self.selector.register(connection, selectors.EVENT_READ, Kernel(connection))
                elif key.fileobj == self.lifeline:
                    self.stopped |= not os.read(self.lifeline, 4096)
                elif key.fileobj == self.wake_read:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wake_read, 4096)
                elif key.fileobj == self.lessons:
                    self.learn()
                else:
                    self.listen_to(key.data)
            self.reap()
            self.watch_processes()
        for kernel in self.kernels.values():
            kernel.kill()
        with contextlib.suppress(ChildProcessError):
            while True:  # until there are no children, nor anybody they left behind
                kill_children(keep=lambda pid, session: False)
                os.waitpid(-1, 0)

    def learn(self) -> None:
        """Import what kernels had to; a notebook may write what it likes into the pipe, only known names are believed."""
        with contextlib.suppress(BlockingIOError):
            told = os.read(self.lessons, 4096).decode("ascii", "replace").split()
            names = [name for name in LEARNED if name in told and name not in sys.modules]
            if names:
                before = {*os.environ}
                import_present(names)
                set_by_them = {name: value for name, value in os.environ.items() if name not in before}
                self.ahead = replace(self.ahead, environment=self.ahead.environment | set_by_them)
                gc.freeze()

    def listen_to(self, kernel: Kernel) -> None:
        """One read from a client: a request, a signal or its end."""
        try:
            data, descriptors, _, _ = socket.recv_fds(kernel.connection, 1 << 16, 3)
            kernel.descriptors += descriptors
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
            if "env" in message and kernel.pid is None:
                self.fork(kernel, message)
            elif "signal" in message:
                kernel.kill(message["signal"])

    def fork(self, kernel: Kernel, request: dict) -> None:
        with warnings.catch_warnings():
            # Python ≥ 3.12 warns because jemalloc, which comes with pyarrow, keeps an idle thread;
            # it takes care of itself across a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                pid = os.fork()
            except OSError as problem:
                pid = None
                kernel.tell({"refused": str(problem)})
        if pid == 0:
            line = os.dup(kernel.connection.fileno()) if "prepare" in request else None
            self.close_in_child()
            if line is not None:
                become_parent(request, self.ahead, line, self.school)
            become_kernel(request, self.ahead, kernel.descriptors, school=self.school)
        for descriptor in kernel.descriptors:
            os.close(descriptor)
        kernel.descriptors = []
        if pid is None:
            return
        kernel.pid, kernel.processes = pid, request.get("processes")
        self.kernels[pid] = kernel
        kernel.tell({"pid": pid})

    def close_in_child(self) -> None:
        signal.set_wakeup_fd(-1)
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self.selector.close()
        for descriptor in (self.lifeline, self.wake_read, self.wake_write, self.lessons):
            if descriptor is not None:
                os.close(descriptor)

    def reap(self) -> None:
        """Report every kernel that has ended, and end what it left running."""
        ended = set()
        with contextlib.suppress(ChildProcessError):
            # WNOWAIT: as long as the zombie is there its number cannot be somebody else's.
            while child := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                kernel = self.kernels.pop(child.si_pid, None)
                if kernel:
                    kernel.kill()
                _, status, usage = os.wait4(child.si_pid, 0)
                ended.add(child.si_pid)  # an orphan's own children come here in turn
                if kernel:
                    kernel.pid = None
                    kernel.tell({
                        "exit": os.waitstatus_to_exitcode(status), "why": kernel.why,
                        "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * 1024,
                    })  # fmt: skip
            # There are children left. As subreaper this process inherits what a kernel detached from
            # itself; whose it was can no longer be told once it has a session of its own, so that
            # waits until no kernel could miss it.
            if ended:
                kill_children(keep=lambda pid, session: pid in self.kernels or (self.kernels and session not in ended))

    def watch_processes(self) -> None:
        """Kill a kernel that has forked more processes than it may."""
        limited = [kernel for kernel in self.kernels.values() if kernel.processes and not kernel.why]
        # One small file tells whether looking through /proc can be worth it.
        if not limited or thread_total() - self.threads_at_rest <= min(k.processes for k in limited):
            return
        sessions = [session for _, session in processes().values()]
        for kernel in limited:
            if sessions.count(kernel.pid) > kernel.processes:
                kernel.why = "processes"
                kernel.kill()


def become_parent(request: dict, ahead: Ahead, line: int, school: int) -> NoReturn:
    """Call what the client asks for and serve kernels until the client lets go of `line`."""

    def tell(message: dict) -> None:
        with contextlib.suppress(OSError):
            os.write(line, json.dumps(message).encode() + b"\n")

    try:
        own_session()
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        enter(request, ahead)
        threads = own_threads()
        module, _, function = request["prepare"].partition(":")
        getattr(importlib.import_module(module), function)(**request["with"])
        if own_threads() > threads:
            raise RuntimeError("it has started threads, which would not survive the next fork")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(Path(request["serve"], "parent")))
        listener.listen(64)
        # it serves one report, which is made with one state of the library
        parent = Parent(listener, line, replace(ahead, sources=None), school=school)
        gc.collect()
        gc.freeze()
        tell({"ready": True, "cpu": time.process_time()})
        parent.serve()
    except Exception as problem:  # its message may show data
        tell({"refused": f"{type(problem).__name__} while it was prepared"})
    finally:
        os._exit(0)


def own_threads() -> int:
    """Threads of this process."""
    return len(os.listdir("/proc/self/task"))


def thread_total() -> int:
    """Threads on this machine."""
    return int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])


def processes() -> dict[int, tuple[int, int]]:
    """Parent and session of every process that can be seen."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
            found[int(name)] = int(fields[1]), int(fields[3])
    return found


def kill_children(keep) -> None:
    """Kill the children of this process, except those for which ``keep(pid, session)`` holds."""
    for pid, (parent, session) in processes().items():
        if parent == os.getpid() and not keep(pid, session):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def main() -> None:
    listener, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    # Standard input is the lifeline; a kernel's own standard input is empty.
    lifeline = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    del sys.path[0]  # the client's folder, put there by ``-m``; a kernel looks in its own
    os.chdir(folder)
    os.environ.update(THREAD_CAPS)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        gc.disable()  # nothing that is imported is garbage, and looking for it would take a second
        parent = Parent(listener, lifeline, import_ahead())
        gc.enable()
        gc.freeze()  # the children's collector leaves these pages alone, so they stay shared
        parent.serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
