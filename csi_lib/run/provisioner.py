"""Warm kernels for everything that speaks jupyter_client: papermill, nbclient, JupyterLab.

`WarmProvisioner` is what jupyter_client asks for a kernel when the kernel specification names
``csi-warm``. It has the kernel forked by the process in `csi_lib.run.warm_parent`, one per client
process, started at the first kernel. Where that cannot be (no Linux, the parent does not start,
another interpreter set-up is asked for) it starts an ordinary kernel and says so in one line.
"""

from __future__ import annotations

import asyncio
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
from importlib.metadata import EntryPoint
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Enum, Integer

import csi_lib
from csi_lib.run.warm_parent import THREAD_CAPS

NAME = "csi-warm"
ARGV = (
    sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}",
    # Hundreds of kernels writing one history database would wait for each other.
    "--HistoryManager.enabled=False",
)  # fmt: skip
_log = logging.getLogger(__name__)


class NoWarmKernel(RuntimeError):
    """A kernel cannot be forked here; the message says why."""


def kernel_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a kernel: this process's, BLAS at one thread, this csi_lib importable."""
    env = {**os.environ, **THREAD_CAPS}
    home = str(Path(csi_lib.__file__).resolve().parent.parent)
    if not home.endswith(("site-packages", "dist-packages")):  # a checkout that is not installed
        paths = env.get("PYTHONPATH", "").split(os.pathsep)
        if home not in paths:
            env["PYTHONPATH"] = os.pathsep.join([home, *filter(None, paths)])
    return {**env, **(extra or {})}


class WarmParent:
    """The parent process of this process's warm kernels, seen from the client.

    Parameters
    ----------
    folder : where an already running parent listens, to share it; None starts one and owns it.
    """

    def __init__(self, folder: str | Path | None = None):
        if sys.platform != "linux":
            raise NoWarmKernel("kernels can be forked on Linux only")
        self.pid = os.getpid()
        self.process = None
        self.folder = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="csi-", dir=short_root()))
        if folder:
            return
        with socket.socket(socket.AF_UNIX) as listener:
            # Bound here and handed over: a client may connect at once, before the imports are done.
            listener.bind(str(self.folder / "parent"))
            listener.listen(64)
            self.process = subprocess.Popen(
                [sys.executable, "-Xfrozen_modules=off", "-m", "csi_lib.run.warm_parent",
                 str(listener.fileno()), str(self.folder)],
                env=kernel_environment(), stdin=subprocess.PIPE, pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is the client's business
            )  # fmt: skip

    @property
    def usable(self) -> bool:
        """Whether it is this process's (not its forked father's) and still there."""
        return self.pid == os.getpid() and (self.process is None or self.process.poll() is None)

    def fork(self, argv: list[str], *, env: dict, cwd: str, processes: int | None = None) -> ForkedKernel:
        """A kernel running ``ipykernel_launcher`` with `argv`; blocks until the parent is ready."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.folder / "parent"))
            request = {"run": argv, "env": env, "cwd": cwd, "processes": processes}
            connection.sendall(json.dumps(request).encode() + b"\n")
            return ForkedKernel(connection)
        except OSError as problem:
            connection.close()
            raise NoWarmKernel(f"the parent of the warm kernels is gone ({problem.strerror})") from problem
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """End the parent, its kernels and its folder."""
        if self.process is None or self.pid != os.getpid():
            return
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def short_root() -> str:
    """A folder for sockets: their paths may be 107 bytes long, ours add about 30."""
    root = tempfile.gettempdir()
    return root if len(root) <= 60 else "/tmp"


class ForkedKernel:
    """A warm kernel's process, with the methods of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket):
        self._connection, self._buffer = connection, b""
        self.returncode = self.why = self.cpu = self.memory = None
        answer = self._read()
        if "pid" not in answer:
            raise NoWarmKernel(f"the kernel could not be forked ({answer.get('refused', 'parent ended')})")
        self.pid = answer["pid"]

    def _read(self) -> dict:
        """The next message; an empty one when the parent has gone. Raises BlockingIOError."""
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

    def _end(self, message: dict) -> int:
        # Without a message the parent itself was killed, and its kernels with it.
        self.returncode = message.get("exit", -signal.SIGKILL)
        self.why, self.cpu, self.memory = (message.get(key) for key in ("why", "cpu", "memory"))
        return self.returncode

    def fileno(self) -> int:
        """Readable when the kernel has ended."""
        return self._connection.fileno()

    def poll(self) -> int | None:
        if self.returncode is None:
            self._connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                self._end(self._read())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self._end(self._read())
            except TimeoutError:
                raise subprocess.TimeoutExpired("kernel", timeout) from None
        return self.returncode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            self._connection.setblocking(True)
            with contextlib.suppress(OSError):
                self._connection.sendall(json.dumps({"signal": int(signum)}).encode() + b"\n")

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def close(self) -> None:
        self._connection.close()


_parent: WarmParent | None = None
_parent_lock = threading.Lock()


def warm_parent(folder: str | Path | None = None) -> WarmParent:
    """The parent this process's kernels come from, started if there is none."""
    global _parent
    with _parent_lock:
        if _parent is None or not _parent.usable:
            if _parent is not None:
                _parent.close()
            _parent = WarmParent(folder)
        return _parent


def close_warm_parent() -> None:
    """End it, with its kernels; the next kernel would start another."""
    global _parent
    with _parent_lock:
        if _parent is not None:
            _parent.close()
            _parent = None


atexit.register(close_warm_parent)


class WarmProvisioner(LocalProvisioner):
    """Kernels forked from a process with the imports done.

    In a kernel specification::

        "metadata": {"kernel_provisioner": {"provisioner_name": "csi-warm", "config": {"mode": "auto"}}}
    """

    mode = Enum(
        ["auto", "warm", "ordinary"], "auto", config=True,
        help="auto: forked where that can be; warm: forked or an error; ordinary: never forked.",
    )  # fmt: skip
    processes = Integer(None, allow_none=True, config=True, help="Processes a forked kernel may start.")
    _house = None

    async def pre_launch(self, **kwargs):
        """Sockets in a short private folder instead of TCP ports that another may take."""
        manager = self.parent
        if manager and os.name == "posix" and self._house is None:
            self._house = tempfile.mkdtemp(prefix="csi-", dir=short_root())
            manager.transport, manager.ip = "ipc", f"{self._house}/k"
            if not manager.connection_file:
                manager.connection_file = f"{self._house}/kernel.json"
        if kwargs.get("env") is None:
            kwargs["env"] = kernel_environment()
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        if self.mode != "ordinary":
            try:
                return await self._launch_warm(cmd, kwargs)
            except NoWarmKernel as problem:
                if self.mode == "warm":
                    raise
                _log.warning("Ordinary kernel instead of a warm one: %s", problem)
        return await super().launch_kernel(cmd, **kwargs)

    async def _launch_warm(self, cmd, kwargs):
        env, cwd = kwargs["env"], os.path.abspath(kwargs.get("cwd") or os.getcwd())
        self._refuse_other_interpreters(cmd, env)
        if not os.path.isdir(cwd):
            raise FileNotFoundError(f"the kernel's working folder does not exist: {cwd}")

        def fork():
            argv = cmd[cmd.index("ipykernel_launcher") + 1 :]
            return warm_parent().fork(argv, env=env, cwd=cwd, processes=self.processes)

        # The first kernel waits for the parent's imports; a Jupyter server goes on meanwhile.
        self.process = await asyncio.get_running_loop().run_in_executor(None, fork)
        self.pid, self.pgid, self.cwd = self.process.pid, None, cwd
        return self.connection_info

    @staticmethod
    def _refuse_other_interpreters(cmd: list[str], env: dict[str, str]) -> None:
        """A fork cannot have what an interpreter takes up only when it starts."""
        if os.path.realpath(cmd[0]) != os.path.realpath(sys.executable) or "ipykernel_launcher" not in cmd:
            raise NoWarmKernel(f"the kernel specification runs {cmd[0]} {' '.join(cmd[1:4])}")
        ours = kernel_environment()
        for name in sorted({*env, *ours}):
            if name.startswith(("PYTHON", "LD_")) and env.get(name) != ours.get(name):
                raise NoWarmKernel(f"{name} differs from this process's")

    async def cleanup(self, restart: bool = False) -> None:
        await super().cleanup(restart=restart)
        if isinstance(self.process, ForkedKernel):
            self.process.close()
        if self._house and not restart:
            shutil.rmtree(self._house, ignore_errors=True)
            self._house = None


def register() -> None:
    """Make ``csi-warm`` known to jupyter_client in this process.

    Installed, the package's entry point does this. From a checkout that is not installed, and in
    an environment whose metadata is older than the entry point, there is none to be found.
    """
    entry = EntryPoint(
        NAME, f"{__name__}:{WarmProvisioner.__name__}", group=KernelProvisionerFactory.GROUP_NAME
    )
    KernelProvisionerFactory.instance().provisioners.setdefault(NAME, entry)


def kernel_spec(*, mode: str = "auto", processes: int | None = None) -> KernelSpec:
    """The specification of a ``csi-warm`` kernel; `.to_dict()` is what a ``kernel.json`` holds."""
    config = {"mode": mode, "processes": processes}
    provisioner = {"provisioner_name": NAME, "config": config}
    return KernelSpec(
        argv=list(ARGV), display_name="Python 3 (CSI, warm)", language="python",
        metadata={"debugger": True, "kernel_provisioner": provisioner},
    )  # fmt: skip


class PrivateKernelSpecs(KernelSpecManager):
    """Knows ``csi-warm`` without a file: a run depends on no folder of kernel specifications."""

    mode = "auto"
    processes = None

    def get_kernel_spec(self, kernel_name):
        if kernel_name == NAME:
            return kernel_spec(mode=self.mode, processes=self.processes)
        return super().get_kernel_spec(kernel_name)


def install_kernel_spec(data_folder: str | Path) -> Path:
    """Write ``kernels/csi-warm/kernel.json`` below `data_folder`, for use through ``JUPYTER_PATH``."""
    path = Path(data_folder, "kernels", NAME, "kernel.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kernel_spec().to_dict(), indent=1), encoding="utf-8")
    return path
