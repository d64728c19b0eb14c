"""The ``csi-warm`` kernel as others use it: papermill, nbclient, JupyterLab's kernel managers."""

import asyncio
import json
import os
import sys
import tomllib
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import nbclient
import papermill
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_client.multikernelmanager import AsyncMultiKernelManager

from csi_lib.run.execution import execute_chapter
from csi_lib.run.jupyter_line import JupyterLine
from csi_lib.run.kernel_process import Stopped
from csi_lib.run.papermill_engine import ChapterEngine
from csi_lib.run.provisioner import NAME, WarmProvisioner, install_kernel_spec, register
from csi_lib.run.warm_client import ForkedKernel, close_warm_parent, warm_parent
from tests.run.kernel_notebooks import gone, notebook, printed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def specification(tmp_path_factory):
    """A folder of Jupyter data with the kernel specification in it, as `csi lab` makes one."""
    folder = tmp_path_factory.mktemp("jupyter")
    install_kernel_spec(folder)
    register()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield folder
    close_warm_parent()


@pytest.fixture
def loop():
    """An event loop that jupyter_client's blocking calls use, closed at the end."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    yield loop
    loop.close()


def test_the_entry_points_name_what_there_is():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for group, expected in (
        ("jupyter_client.kernel_provisioners", {NAME: WarmProvisioner}),
        ("papermill.engine", {"csi": ChapterEngine}),
    ):
        loaded = {}
        for name, value in declared[group].items():
            module, _, attribute = value.partition(":")
            loaded[name] = getattr(import_module(module), attribute)
        assert loaded == expected


def test_jupyter_finds_the_specification(specification):
    spec = KernelSpecManager().get_kernel_spec(NAME)
    assert spec.language == "python"
    assert json.loads((specification / "kernels" / NAME / "kernel.json").read_text()) == spec.to_dict()


def test_papermill(tmp_path, loop):
    node = notebook("import os; print(agency, os.getppid())")
    executed = papermill.execute_notebook(
        node, str(tmp_path / "out.ipynb"), {"agency": "x"}, kernel_name=NAME, progress_bar=False
    )
    assert printed(executed).split() == ["x", str(warm_parent().process.pid)]


def test_papermill_with_our_engine(tmp_path, loop):
    papermill.engines.papermill_engines.register("csi", ChapterEngine)  # as the entry point does
    node = notebook("import os; print(agency, os.getppid())", "1 / 0", "print('after')")
    path = tmp_path / "out.ipynb"
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(
            node, str(path), {"agency": "x"}, engine_name="csi", kernel_name=NAME, progress_bar=False
        )
    written = json.loads(path.read_text())
    text = "".join("".join(o.get("text", "")) for c in written["cells"] for o in c.get("outputs", ()))
    assert text.split() == ["x", str(warm_parent().process.pid)]
    node = notebook("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(node, None, engine_name="csi", kernel_name=NAME, progress_bar=False)


def test_nbclient(tmp_path, loop):
    node = notebook("import os; print(os.getppid(), os.getcwd())")
    client = nbclient.NotebookClient(node, kernel_name=NAME, resources={"metadata": {"path": str(tmp_path)}})
    assert printed(client.execute()).split() == [str(warm_parent().process.pid), str(tmp_path)]


def ask(manager, code: str) -> str:
    """What the code prints in the manager's kernel."""
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        text = []
        client.execute_interactive(
            code, timeout=60, output_hook=lambda message: text.append(message["content"].get("text", ""))
        )
        return "".join(text)
    finally:
        client.stop_channels()


def test_restart_interrupt_and_shutdown(loop):
    manager = KernelManager(kernel_name=NAME)
    manager.start_kernel()
    house = Path(manager.ip).parent
    try:
        assert isinstance(manager.provisioner.process, ForkedKernel)
        ask(manager, "x = 1")
        assert ask(manager, "print(x)") == "1\n"
        first = int(ask(manager, "import os; print(os.getpid())"))
        # an interrupt reaches the cell, and the kernel goes on
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute("import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    y = 2")
        while client.get_iopub_msg(timeout=30)["msg_type"] != "execute_input":
            pass
        loop.run_until_complete(asyncio.sleep(0.3))
        manager.interrupt_kernel()
        assert client.get_shell_msg(timeout=30)["content"]["status"] == "ok"
        client.stop_channels()
        assert ask(manager, "print(x, y)") == "1 2\n"
        # a restart is another process with nothing of the first
        manager.restart_kernel()
        assert ask(manager, "print('x' in globals())") == "False\n"
        second = int(ask(manager, "import os; print(os.getpid())"))
        assert first != second
        assert gone([first], 0)
        assert manager.is_alive()
    finally:
        manager.shutdown_kernel()
    assert gone([second], 2)
    assert not manager.is_alive()
    assert not house.exists()


def test_a_server_holds_several_kernels_at_once():
    """As jupyter_server does: asynchronous managers, one parent, each kernel its own life."""

    async def serve():
        managers = AsyncMultiKernelManager()
        ids = [await managers.start_kernel(kernel_name=NAME) for _ in range(3)]
        pids = [managers.get_kernel(kernel).provisioner.pid for kernel in ids]
        parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in pids}
        assert parents == {warm_parent().process.pid}
        await managers.shutdown_kernel(ids[0], now=True)
        assert gone(pids[:1], 2)
        os.kill(pids[1], 9)
        for _ in range(100):
            if not await managers.is_alive(ids[1]):
                break
            await asyncio.sleep(0.05)
        assert not await managers.is_alive(ids[1])
        assert await managers.is_alive(ids[2])
        await managers.shutdown_all()
        assert gone(pids, 5)

    asyncio.run(serve())


def test_the_server_goes_on_while_the_parent_imports():
    async def serve():
        close_warm_parent()
        manager = AsyncKernelManager(kernel_name=NAME)
        beats = []

        async def beat():
            while True:
                beats.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0.02)

        beating = asyncio.ensure_future(beat())
        await manager.start_kernel()
        beating.cancel()
        await manager.shutdown_kernel(now=True)
        return max(b - a for a, b in pairwise(beats)), beats[-1] - beats[0]

    longest, whole = asyncio.run(serve())
    assert longest < whole / 2  # it never waited for the imports


def test_a_chapter_that_needs_the_kernel_itself_says_so():
    """A comm (what widgets stand on) exists in a Jupyter kernel only."""
    node = notebook(
        "import comm; print(type(comm.create_comm(target_name='x')).__module__, get_ipython().kernel is None)"
    )
    assert execute_chapter(node, parameters={}).kernel == "shell"
    node.metadata["csi"] = {"kernel": "jupyter"}
    executed = execute_chapter(node, parameters={})
    assert (executed.kernel, printed(executed.node)) == ("warm", "ipykernel.comm.comm False\n")


def test_an_end_heard_between_the_last_words_is_not_waited_for_again():
    """The exit and the disconnection were both read while outputs were on their way; nothing is left that could wake the line."""

    class Poller:
        def poll(self, wait):
            assert wait is not None, "it would wait for ever"
            return []

    line = object.__new__(JupyterLine)
    line._poller, line._ended, line._limit, line._replied = Poller(), 7, None, None
    line._iopub = SimpleNamespace(poll=lambda wait: 0)
    line._shell = line._monitor = object()
    line.process = SimpleNamespace(returncode=-9, poll=lambda: -9, wait=lambda timeout: -9, why=None)
    with pytest.raises(Stopped, match="SIGKILL"):
        line.hear("any", None)
