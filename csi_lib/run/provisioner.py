"""Warm kernels for everything that speaks jupyter_client: papermill, nbclient, JupyterLab.

`WarmProvisioner` is what jupyter_client asks for a kernel when the kernel specification names
``csi-warm``. It has the kernel forked by the process in `csi_lib.run.warm_parent`, one per client
process, started at the first kernel. Where that cannot be (no Linux, the parent does not start,
another interpreter set-up is asked for) it starts an ordinary kernel and says so in one line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Enum, Integer

from csi_lib.run.warm_client import (
    ForkedKernel,
    NoWarmKernel,
    WarmParent,
    kernel_environment,
    private_folder,
    refuse_other_environment,
    warm_parent,
)

NAME = "csi-warm"
_log = logging.getLogger(__name__)


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
    _folder = None

    async def pre_launch(self, **kwargs):
        """Sockets in a short private folder instead of TCP ports that another may take first."""
        manager = self.parent
        if manager and os.name == "posix" and self._folder is None:
            self._folder = private_folder(self._parents_folder())
            manager.transport, manager.ip = "ipc", str(self._folder / "k")
            if not manager.connection_file:
                manager.connection_file = str(self._folder / "kernel.json")
        kwargs["env"] = kernel_environment(kwargs.get("env"))
        return await super().pre_launch(**kwargs)

    def _parents_folder(self) -> Path | None:
        """Inside it the sockets go with the parent, should this process be killed."""
        if self.mode != "ordinary":
            with contextlib.suppress(NoWarmKernel, OSError):
                parent = warm_parent()
                return parent.folder
        return None

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
        parent = warm_parent()
        refuse_other_interpreters(cmd, kwargs["env"], parent)
        cwd = os.path.abspath(kwargs.get("cwd") or os.getcwd())
        if not os.path.isdir(cwd):
            raise FileNotFoundError(f"the kernel's working folder does not exist: {cwd}")
        streams = {1: kwargs.get("stdout"), 2: kwargs.get("stderr")}
        silent = [number for number, stream in streams.items() if stream == subprocess.DEVNULL]

        def fork():
            argv = cmd[cmd.index("ipykernel_launcher") + 1 :]
            return parent.fork(argv, env=kwargs["env"], cwd=cwd, silent=silent, processes=self.processes)

        # The first kernel waits for the parent's imports; a Jupyter server goes on meanwhile.
        self.process = await asyncio.get_running_loop().run_in_executor(None, fork)
        # Signals go through the parent, which knows whether the number is still this kernel's.
        self.pid, self.pgid, self.cwd = self.process.pid, None, cwd
        return self.connection_info

    async def wait(self):
        process = self.process
        code = await super().wait()  # forgets the process
        if isinstance(process, ForkedKernel):
            process.close()
        return code

    async def cleanup(self, restart: bool = False) -> None:
        await super().cleanup(restart=restart)
        if isinstance(self.process, ForkedKernel):
            self.process.close()
        if self._folder and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def refuse_other_interpreters(cmd: list[str], env: dict[str, str], parent: WarmParent) -> None:
    """A fork cannot have what an interpreter takes up only when it starts."""
    if os.path.realpath(cmd[0]) != os.path.realpath(sys.executable) or "ipykernel_launcher" not in cmd:
        raise NoWarmKernel(f"the kernel specification runs {' '.join(cmd[:4])}")
    refuse_other_environment(env, parent)


def register() -> None:
    """Make ``csi-warm`` known to jupyter_client in this process.

    Installed, the package's entry point does this. From a checkout that is not installed, and in
    an environment whose metadata is older than the entry point, there is none to be found.
    """
    group = KernelProvisionerFactory.GROUP_NAME
    entry = EntryPoint(NAME, f"{__name__}:{WarmProvisioner.__name__}", group)
    KernelProvisionerFactory.instance().provisioners.setdefault(NAME, entry)


def kernel_spec(*, mode: str = "auto", processes: int | None = None) -> KernelSpec:
    """The specification of a ``csi-warm`` kernel; `.to_dict()` is what a ``kernel.json`` holds."""
    config = {"mode": mode, "processes": processes}
    return KernelSpec(
        argv=[
            sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}",
            # Hundreds of kernels writing one history database would wait for each other.
            "--HistoryManager.enabled=False",
        ],
        display_name="Python 3 (CSI, warm)", language="python",
        metadata={"debugger": True, "kernel_provisioner": {"provisioner_name": NAME, "config": config}},
    )  # fmt: skip


class PrivateKernelSpecs(KernelSpecManager):
    """Knows ``csi-warm`` without a file: a run depends on no folder of kernel specifications."""

    def __init__(self, *, mode: str = "auto", processes: int | None = None, **options):
        super().__init__(**options)
        self._ours = kernel_spec(mode=mode, processes=processes)

    def get_kernel_spec(self, kernel_name):
        return self._ours if kernel_name == NAME else super().get_kernel_spec(kernel_name)


def install_kernel_spec(data_folder: str | Path) -> Path:
    """Write ``kernels/csi-warm/kernel.json`` below `data_folder`, for use through ``JUPYTER_PATH``."""
    path = Path(data_folder, "kernels", NAME, "kernel.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kernel_spec().to_dict(), indent=1), encoding="utf-8")
    return path
