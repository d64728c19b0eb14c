"""The client's side of warm kernels: the parent process, and each kernel forked from it."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import csi_lib
from csi_lib.run.warm_parent import THREAD_CAPS

#: Seconds until the parent, with its imports to do, must have forked the first kernel.
START = 60.0


class NoWarmKernel(RuntimeError):
    """A kernel cannot be forked here; the message says why."""


def kernel_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a kernel: `base` (this process's), BLAS at one thread, this csi_lib importable."""
    env = {**(os.environ if base is None else base), **THREAD_CAPS}
    home = str(Path(csi_lib.__file__).resolve().parent.parent)
    paths = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    installed = home.endswith(("site-packages", "dist-packages"))
    if not installed and home not in paths:  # a checkout
        env["PYTHONPATH"] = os.pathsep.join([home, *paths])
    return env


def private_folder(inside: Path | None = None) -> Path:
    """A new folder for sockets, for this user only.

    The path of a socket may be 107 bytes long; the names of folders and sockets add about thirty.
    """
    root = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="csi-", dir=inside or (root if len(root) <= 60 else "/tmp")))


class WarmParent:
    """The parent process of warm kernels, seen from the client.

    Parameters
    ----------
    folder : where an already running parent listens, to share it; None starts one and owns it.
    """

    def __init__(self, folder: str | Path | None = None):
        if sys.platform != "linux":
            raise NoWarmKernel("kernels can be forked on Linux only")
        self.owner, self.process, self.environment = os.getpid(), None, kernel_environment()
        self.folder = Path(folder) if folder else private_folder()
        if folder:
            return
        with socket.socket(socket.AF_UNIX) as listener:
            # Bound here and handed over: a client may connect at once, before the imports are done.
            listener.bind(str(self.folder / "parent"))
            listener.listen(64)
            self.process = subprocess.Popen(
                [sys.executable, "-Xfrozen_modules=off", "-m", "csi_lib.run.warm_parent",
                 str(listener.fileno()), str(self.folder)],
                env=self.environment, stdin=subprocess.PIPE, pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is the client's business
            )  # fmt: skip

    @property
    def usable(self) -> bool:
        """Whether it is this process's (a forked worker needs its own) and still there."""
        return self.owner == os.getpid() and (self.process is None or self.process.poll() is None)

    def fork(self, argv: list[str], *, env: dict, cwd: str, silent: list[int], processes: int | None) -> ForkedKernel:
        """A kernel running ``ipykernel_launcher`` with `argv`; blocks until the parent is ready."""
        return self._ask({"run": argv, "env": env, "cwd": cwd, "silent": silent, "processes": processes})

    def fork_shell(self, descriptors: list[int], *, env: dict, cwd: str, processes: int | None) -> ForkedKernel:
        """A shell that answers on the first of `descriptors` (a socket); the others become its descriptors 1 and 2."""
        return self._ask({"env": env, "cwd": cwd, "silent": [], "processes": processes}, descriptors)

    def fork_worker(self, descriptors: list[int]) -> ForkedKernel:
        """A worker that takes tasks on the first of `descriptors` (a socket); the others become its descriptors 1 and 2."""
        request = {"work": True, "env": self.environment, "cwd": os.getcwd(), "silent": [], "processes": None}
        return self._ask(request, descriptors)

    def prepare(self, function: str, arguments: Mapping, *, env: dict, cwd: str) -> PreparedParent:
        """A parent forked from this one whose kernels find in memory what ``module:function`` has left there."""
        folder = private_folder(self.folder)
        request = {"prepare": function, "with": dict(arguments), "serve": str(folder), "env": env, "cwd": cwd}
        try:
            return PreparedParent(self._ask(request), folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _ask(self, request: dict, descriptors: Sequence[int] = ()) -> ForkedKernel:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(START)
        try:
            connection.connect(str(self.folder / "parent"))
            message = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(connection, [message], descriptors) if descriptors else 0
            connection.sendall(message[sent:])
            return ForkedKernel(connection)
        except BaseException as problem:
            connection.close()
            if isinstance(problem, OSError):
                raise NoWarmKernel(f"their parent process does not answer ({problem})") from problem
            raise

    def look_after_end(self) -> None:
        """A kernel has lost its parent: see to it that `usable` knows."""
        if self.process is not None and self.owner == os.getpid():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)

    def close(self) -> None:
        """End the parent, its kernels and its folder."""
        if self.process is None or self.owner != os.getpid():
            return
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class PreparedParent(WarmParent):
    """A parent that was forked from another one, for the kernels of one report."""

    def __init__(self, forked: ForkedKernel, folder: Path):
        self.owner, self.process, self.environment = os.getpid(), None, kernel_environment()
        self.folder, self._forked = folder, forked
        answer = forked._read()
        if "ready" not in answer:
            raise NoWarmKernel(answer.get("refused", "it ended while it was prepared"))
        self.cpu: float = answer["cpu"]

    def close(self) -> None:
        self._forked.kill()
        self._forked.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class ForkedKernel:
    """A warm kernel's process, with the methods of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket):
        self._connection, self._buffer = connection, b""
        self.returncode = self.why = self.cpu = self.memory = None
        self.orphaned = False
        answer = self._read()
        if "pid" not in answer:
            raise NoWarmKernel(f"it could not be forked ({answer.get('refused', 'the parent has ended')})")
        self.pid = answer["pid"]

    def _read(self) -> dict:
        """The next message, an empty one when the parent has gone."""
        while b"\n" not in self._buffer:
            try:
                data = self._connection.recv(1 << 16)
            except ConnectionError:
                data = b""
            if not data:
                return {}
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def fileno(self) -> int:
        """Readable when the kernel has ended."""
        return self._connection.fileno()

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                message = self._read()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("kernel", timeout) from None
            # Without a message the parent itself was killed, and its kernels with it.
            self.orphaned = "exit" not in message
            self.returncode = message.get("exit", -signal.SIGKILL)
            self.why, self.cpu, self.memory = (message.get(key) for key in ("why", "cpu", "memory"))
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            self._connection.settimeout(None)
            with contextlib.suppress(OSError):
                self._connection.sendall(json.dumps({"signal": int(signum)}).encode() + b"\n")

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Let go of the kernel; if it still runs, the parent kills it."""
        self._connection.close()


def refuse_other_environment(env: Mapping[str, str], parent: WarmParent) -> None:
    """A fork cannot have what an interpreter takes up only when it starts."""
    for name in sorted({*env, *parent.environment}):
        if name.startswith(("PYTHON", "LD_")) and env.get(name) != parent.environment.get(name):
            raise NoWarmKernel(f"{name} differs from that of the parent process")


_parent: WarmParent | None = None
_prepared: PreparedParent | None = None
_lock = threading.Lock()


def warm_parent(folder: str | Path | None = None, *, start: bool = True) -> WarmParent | None:
    """The parent of this process's kernels, started (or joined at `folder`) if there is none."""
    global _parent
    with _lock:
        if _prepared is not None:
            return _prepared
        if _parent is not None and not _parent.usable:
            _parent.close()
            _parent = None
        if _parent is None and start:
            _parent = WarmParent(folder)
        return _parent


@contextlib.contextmanager
def prepared_parent(function: str, arguments: Mapping, *, env: dict, cwd: str):
    """While it lasts, kernels are forked from a parent that has called the function; yields the seconds of processor it
    took, None where it could not be done and kernels are forked as ever."""
    global _prepared
    try:
        _prepared = warm_parent().prepare(function, arguments, env=env, cwd=cwd)
    except (NoWarmKernel, OSError) as problem:
        logging.getLogger(__name__).debug("Every chapter loads the data itself: %s", problem)
    try:
        yield _prepared.cpu if _prepared else None
    finally:
        done, _prepared = _prepared, None
        if done is not None:
            done.close()


def close_warm_parent() -> None:
    """End it, with its kernels; the next kernel would start another."""
    global _parent
    with _lock:
        if _parent is not None:
            _parent.close()
            _parent = None


atexit.register(close_warm_parent)
