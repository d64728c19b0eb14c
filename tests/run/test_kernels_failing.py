"""Bad days: each ends in words, leaves no process behind, and the next notebook runs."""

import contextlib
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from csi_lib.run import warm_client
from csi_lib.run.execution import WarmKernels, execute_chapter
from csi_lib.run.warm_client import kernel_environment, warm_parent
from tests.run.kernel_notebooks import alive, gone, notebook, printed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
MB = 2**20


@pytest.fixture(scope="module")
def kernels():
    with WarmKernels(kernel="shell") as kernels:
        yield kernels


@pytest.fixture(params=["shell", "warm", "ordinary"])
def run(request, kernels):
    """Execute in every kind of kernel: failures read the same."""
    return lambda node, **options: execute_chapter(node, parameters={}, kernel=request.param, **options)


# -- a cell raises ------------------------------------------------------------------------------------

SECRETS = ("홍길동", "010-1234-5678", "880101-1234567")


def test_an_error_tells_the_cell_and_nothing_of_the_data(run):
    cell = (
        "import pandas as pd\n"
        "def find(frame, key):\n"
        "    try:\n"
        "        return frame.loc[key]\n"
        "    except KeyError as problem:\n"
        "        raise ValueError(frame.iloc[0, 0]) from problem\n"
        "secret = bytes.fromhex(phone).decode(), bytes.fromhex(name).decode()\n"
        "find(pd.DataFrame({'who': [secret[1]]}), secret[0])"
    )
    phone, name = (text.encode().hex() for text in (SECRETS[1], SECRETS[0]))
    node = notebook("print('before')", cell, "print('after')", parameters=f"phone = {phone!r}; name = {name!r}")
    executed = run(node)
    error = executed.error
    assert (error.kind, error.ename, error.cell_index) == ("error", "ValueError", 2)
    assert error.cell_source == cell
    assert printed(executed.node) == "before\n"
    assert any("in find(frame, key)" in frame for frame in error.frames)
    assert any(frame.startswith("File ") and "pandas" in frame for frame in error.frames)
    visible = repr(executed) + str(error) + str(executed.node) + repr(error)
    assert not [secret for secret in SECRETS if secret in visible]
    assert all(secret in executed.debug for secret in SECRETS[:2])
    assert pickle.loads(pickle.dumps(error)) == error
    assert not error.retry


@pytest.mark.parametrize(
    "raising",
    [
        "raise ExceptionGroup(secret, [ValueError(secret)])",
        "problem = ValueError(secret); problem.add_note('File ' + secret); raise problem",
        "raise type('Odd', (Exception,), {'__str__': lambda self: 'File ' + secret})()",
        "class Odd(Exception):\n    def _render_traceback_(self): return [secret]\nraise Odd",
        "import sys; sys.exit(secret)",
        "compile(secret + ' x', secret, 'exec')",
        "assert False, secret",
    ],
)
def test_unusual_exceptions_tell_nothing_either(kernels, raising):
    hidden = f"secret = bytes.fromhex({SECRETS[1].encode().hex()!r}).decode()"
    executed = kernels.execute(notebook(hidden, raising), parameters={})
    assert executed.error.cell_index == 2
    assert SECRETS[1] not in repr(executed) + repr(executed.error) + str(executed.node)


def test_a_cell_that_is_meant_to_raise_may(kernels):
    node = notebook("1 / 0", "print('after')")
    node.cells[1].metadata["tags"] = ["raises-exception"]
    executed = kernels.execute(node, parameters={})
    assert executed.error is None
    assert executed.node.cells[1].outputs[0].evalue == "division by zero"
    assert printed(executed.node) == "after\n"


def test_leaving_a_notebook_early_is_an_error(kernels):
    error = kernels.execute(notebook("import sys; sys.exit()", "print('after')"), parameters={}).error
    assert (error.ename, error.cell_index) == ("SystemExit", 1)
    assert "was not run" in error.hint


def test_a_parameter_cell_that_is_not_python_is_an_error_of_its_cell(kernels):
    executed = kernels.execute(notebook("x ="), parameters={"year": 2})
    assert (executed.error.ename, executed.error.cell_index) == ("SyntaxError", 2)


# -- the kernel dies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("import os; print('last words', flush=True); os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os._exit(3)", "exit code 3"),
    ],
)
def test_a_kernel_that_dies(run, cell, code):
    executed = run(notebook("print('before')", cell, "print('after')"))
    assert (executed.error.kind, executed.error.cell_index) == ("death", 2)
    assert code in executed.error.hint
    assert executed.error.retry
    assert executed.seconds < 30
    assert printed(executed.node).startswith("before\n")
    assert "after" not in printed(executed.node)
    assert run(notebook("print('next')")).error is None


def test_the_parent_is_killed_in_mid_run(kernels, caplog):
    kernels.execute(notebook("1"), parameters={})
    first = warm_parent().process.pid
    cell = "import os, signal; os.kill(os.getppid(), signal.SIGKILL); import time; time.sleep(60)"
    executed = kernels.execute(notebook(cell), parameters={})
    assert executed.error.kind == "death"
    assert executed.seconds < 30
    executed = kernels.execute(notebook("import os; print(os.getppid())"), parameters={})
    assert executed.kernel == "shell"
    assert int(printed(executed.node)) == warm_parent().process.pid != first


# -- limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "import time; time.sleep(60)",
        "while True: pass",
        "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",  # never lets go of the interpreter's lock
        "import signal\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    ],
)
def test_a_cell_that_takes_too_long(run, cell):
    executed = run(notebook("import os; print(os.getpid())", cell), cell_timeout=1)
    assert (executed.error.kind, executed.error.cell_index) == ("timeout", 2)
    assert "a cell 1 s" in executed.error.hint
    assert gone([int(printed(executed.node))], 1)


def test_a_notebook_that_takes_too_long(kernels):
    cells = ["import time; time.sleep(.4)"] * 10
    executed = kernels.execute(notebook(*cells), parameters={}, timeout=2, cell_timeout=60)
    assert executed.error.kind == "timeout"
    assert executed.error.cell_index < 7
    assert "the notebook 2 s" in executed.error.hint
    assert executed.seconds < 6


@pytest.mark.parametrize(
    "cell",
    [
        "while True: print('x' * 1000)",
        "print('x' * 40_000_000)",
        "import os\nwhile True: os.write(1, b'x' * 100_000)",
        "import os; os.system('yes')",
        "from IPython.display import display\nwhile True: display({'text/html': 'x' * 10**6}, raw=True)",
    ],
)
def test_a_notebook_that_prints_without_end(kernels, cell, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # where it is set, ipykernel leaves descriptors 1 and 2 alone
    executed = kernels.execute(
        notebook("import os; print(os.getpid())", cell), parameters={}, output_limit=8 * MB, timeout=120
    )
    assert (executed.error.kind, executed.error.cell_index) == ("output", 2)
    assert "8 MB" in executed.error.hint
    assert len(str(executed.node)) < 20 * MB
    assert gone([int(printed(executed.node).split()[0])], 1)
    assert kernels.execute(notebook("print('next')"), parameters={}).error is None


@pytest.mark.parametrize(
    "cell",
    [
        "import numpy as np; np.ones(10**9)",
        "kept = []\nwhile True: kept.append(bytearray(10**6))",
        "text = 'x'\nwhile True: text += text",
    ],
)
def test_a_notebook_that_allocates_without_end(run, cell):
    executed = run(notebook("import numpy", cell), memory_limit=400 * MB, timeout=60)
    assert (executed.error.kind, executed.error.cell_index) == ("memory", 2)
    assert "400 MB" in executed.error.hint
    if executed.kernel != "ordinary":
        assert executed.memory < 1500 * MB


def test_a_memory_limit_leaves_room_for_what_the_limit_allows(kernels):
    cell = "import numpy as np; print(np.ones(200 * 2**20 // 8).sum())"
    assert kernels.execute(notebook(cell), parameters={}, memory_limit=400 * MB).error is None


def test_a_notebook_that_forks_without_end(kernels):
    executed = kernels.execute(
        notebook("import os; print(os.getpid(), flush=True)", "while True: os.fork()"), parameters={},
        process_limit=40, timeout=60,
    )  # fmt: skip
    assert (executed.error.kind, executed.error.cell_index) == ("processes", 2)
    assert "more than 40 processes" in executed.error.hint
    assert kernels.execute(notebook("print('next')"), parameters={}).error is None


# -- nobody is left behind ----------------------------------------------------------------------------

FAMILY = """
import os, subprocess
pids = [os.getpid(), subprocess.Popen(["sleep", "300"]).pid]
pids.append(subprocess.Popen(["sleep", "300"], start_new_session=True).pid)
told, tell = os.pipe()
if os.fork() == 0:  # a daemon: orphaned, in a session of its own
    os.setsid()
    if os.fork() == 0:
        os.write(tell, str(os.getpid()).encode())
        os.execvp("sleep", ["sleep", "300"])
    os._exit(0)
pids.append(int(os.read(told, 20)))
"""


@pytest.mark.parametrize("ending", ["pass", "import os; os.kill(os.getpid(), 9)", "while True: pass"])
def test_what_a_notebook_started_ends_with_it(kernels, ending):
    executed = kernels.execute(notebook(FAMILY + "print(*pids)", ending), parameters={}, cell_timeout=5)
    pids = [int(pid) for pid in printed(executed.node).split()]
    assert len(pids) == 4
    assert gone(pids, 2)


CLIENT = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from csi_lib.run.execution import WarmKernels
from csi_lib.run.warm_client import warm_parent
from tests.run.kernel_notebooks import notebook
with WarmKernels(kernel="warm") as kernels:
    print(warm_parent().process.pid, warm_parent().folder, flush=True)
    node = notebook({FAMILY!r}, "print(*pids, file=open(path, 'w'))", "import time; time.sleep(300)",
                    parameters="path = None")
    kernels.execute(node, parameters={{"path": sys.argv[1]}})
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_client_that_is_killed_leaves_neither_process_nor_file(tmp_path, signum):
    written, temporary = tmp_path / "pids", Path(tempfile.mkdtemp(dir="/tmp"))
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, written], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**kernel_environment(), "TMPDIR": str(temporary)}, start_new_session=True,
    ) as client:  # fmt: skip
        parent, folder = client.stdout.readline().split()
        deadline = time.monotonic() + 600  # a guard against waiting for ever, not a time that it may take
        while not (written.exists() and len(written.read_text().split()) == 4):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pids = [int(pid) for pid in written.read_text().split()]
        assert all(alive(pid) for pid in (*pids, int(parent)))
        client.send_signal(signum)
        client.wait(600)
        assert gone([*pids, int(parent)])
    assert not Path(folder).exists()
    left = [path for path in temporary.rglob("*") if path.is_socket() or path.name == "parent"]
    assert left == []


def test_closing_ends_a_kernel_that_still_runs(kernels):
    parent = warm_parent()
    env = kernel_environment()
    kernel = parent.fork(["-f", "/dev/null/none"], env=env, cwd="/", silent=[1, 2], processes=None)
    assert kernel.wait(30) != 0  # it cannot write its connection file, and says so by its exit code
    sleeper = parent.fork(["-f", str(parent.folder / "k.json")], env=env, cwd="/", silent=[1, 2], processes=None)
    with pytest.raises(subprocess.TimeoutExpired):
        sleeper.wait(0.5)
    sleeper.close()
    assert gone([sleeper.pid], 2)
    kernel.close()
    with contextlib.suppress(FileNotFoundError):
        (parent.folder / "k.json").unlink()


def test_no_room_for_sockets_is_said_in_words(monkeypatch):
    warm_client.close_warm_parent()
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    with WarmKernels() as kernels:
        executed = kernels.execute(notebook("1"), parameters={})
    assert executed.error.kind == "start"
    assert "No such file or directory" in executed.error.hint
    assert executed.error.retry
