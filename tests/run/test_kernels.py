"""A chapter in a kernel: what goes in, what comes out, what it may see of others."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.run import warm_client
from csi_lib.run.execution import WarmKernels, execute_chapter
from csi_lib.run.warm_client import kernel_environment, warm_parent
from csi_lib.run.warm_kernel import PRELOAD
from tests.run.kernel_notebooks import alive, descriptors, gone, notebook, printed

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


KINDS = ("shell", "warm")


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """Kernels as a run has them (forked shells), with a folder for temporary files in which nobody else leaves anything."""
    tmp_path_factory.getbasetemp()  # pytest's own, while the usual place is known
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory(dir="/tmp") as tempfile.tempdir:
        try:
            with WarmKernels() as kernels:
                yield kernels
        finally:
            tempfile.tempdir = usual


def outputs(node):
    """Outputs without what differs from run to run by nature."""
    return [cell.outputs for cell in node.cells if cell.cell_type == "code"]


# -- what goes in and what comes out ------------------------------------------------------------


@linux
def test_parameters_reach_the_notebook_and_the_given_node_stays_as_it_was(kernels):
    node = notebook("print(agency, year)")
    before = json.dumps(node)
    executed = kernels.execute(node, parameters={"agency": '국립 "공항" {id}', "year": 2025})
    assert executed.error is None
    assert executed.kernel == "shell"
    assert printed(executed.node) == '국립 "공항" {id} 2025\n'
    assert json.dumps(node) == before
    assert executed.node.metadata.kernelspec.name == "python3"
    assert executed.node.metadata.papermill.parameters == {"agency": '국립 "공항" {id}', "year": 2025}


def test_unknown_parameters_are_refused_before_anything_runs():
    with pytest.raises(InputError, match=r"'agancy'.*Did you mean 'agency'"):
        execute_chapter(notebook("1 / 0"), parameters={"agancy": "x"})
    with pytest.raises(InputError, match="takes no parameters"):
        execute_chapter(notebook("1 / 0", parameters=None), parameters={"agency": "x"})
    with pytest.raises(InputError, match="does not exist"):
        execute_chapter(notebook("1 / 0"), parameters={}, cwd="/no/such/folder")
    with pytest.raises(InputError, match="auto, shell, warm, ordinary"):
        execute_chapter(notebook("1 / 0"), parameters={}, kernel="hot")


FIGURES = (
    "import pandas as pd, matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])",
    "ax.plot([2, 1]); fig",
    "plt.bar([1], [2]);",
    "pd.DataFrame({'항목': [1.5, 2.25]})",
    "import sys; print('out'); print('err', file=sys.stderr)",
)


@pytest.fixture(scope="module")
def ordinary_figures():
    return execute_chapter(notebook(*FIGURES), parameters={}, kernel="ordinary")


@linux
@pytest.mark.parametrize("kind", KINDS)
def test_figures_and_tables_are_those_of_an_ordinary_kernel_byte_for_byte(kernels, kind, ordinary_figures):
    warm, ordinary = execute_chapter(notebook(*FIGURES), parameters={}, kernel=kind), ordinary_figures
    assert (warm.kernel, ordinary.kernel) == (kind, "ordinary")
    drop_address = [
        [{k: v for k, v in output.get("data", {}).items() if k != "text/plain"} for output in cell]
        for cell in outputs(warm.node)
    ]
    assert drop_address == [
        [{k: v for k, v in output.get("data", {}).items() if k != "text/plain"} for output in cell]
        for cell in outputs(ordinary.node)
    ]
    assert ["image/png" in data for cell in drop_address for data in cell].count(True) == 3


@linux
@pytest.mark.parametrize("kind", KINDS)
def test_updates_and_clearing_of_outputs_end_as_in_nbclient(kernels, kind):
    cells = (
        "from IPython.display import display, clear_output, update_display, Markdown\n"
        "display(Markdown('first'), display_id='a')\ndisplay('kept')",
        "update_display(Markdown('second'), display_id='a')\nprint('gone')\nclear_output()\nprint('left')",
        "clear_output(wait=True); print('x', end=''); print('y')",
        "# nothing but a comment",
        "   ",
        "1 + 1",
    )
    ours = execute_chapter(notebook(*cells), parameters={}, kernel=kind)
    theirs = nbclient.NotebookClient(notebook(*cells), coalesce_streams=True).execute()
    assert outputs(ours.node) == outputs(theirs)
    assert [c.execution_count for c in ours.node.cells] == [c.execution_count for c in theirs.cells]


@linux
def test_the_working_folder_is_the_kernels_alone(kernels, tmp_path, monkeypatch):
    folder = tmp_path / "{agency} 공항"
    folder.mkdir()
    monkeypatch.setattr(os, "chdir", lambda *_: pytest.fail("this process must stay where it is"))
    executed = kernels.execute(
        notebook("import os; print(os.getcwd()); open('here', 'w').close()"), parameters={}, cwd=folder
    )
    assert printed(executed.node).strip() == str(folder)
    assert (folder / "here").exists()


@linux
@pytest.mark.parametrize("kind", KINDS)
def test_environment_and_exit_functions_are_those_of_a_process_of_its_own(kernels, tmp_path, kind):
    cell = (
        "import atexit, os, threading, time\n"
        "atexit.register(lambda: open(os.environ['CSI_TEST_FILE'], 'a').write('atexit'))\n"
        "threading.Thread(target=lambda: (time.sleep(.3),"
        " open(os.environ['CSI_TEST_FILE'], 'a').write('thread '))).start()"
    )
    path = tmp_path / "written"
    executed = execute_chapter(notebook(cell), parameters={}, env={"CSI_TEST_FILE": str(path)}, kernel=kind)
    assert executed.error is None
    assert path.read_text() == "thread atexit"
    assert "CSI_TEST_FILE" not in os.environ


@linux
def test_one_notebook_at_a_time(kernels):
    import threading

    results = []

    def run():
        try:
            results.append(kernels.execute(notebook("import time; time.sleep(1)"), parameters={}))
        except RuntimeError as refused:
            results.append(refused)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(result).__name__ for result in results) == ["Executed", "RuntimeError"]


def test_whoever_has_nothing_to_run_does_not_import_papermill():
    code = (
        "import sys, csi_lib.run.execution\n"
        "heavy = 'papermill', 'nbclient', 'jupyter_client', 'zmq', 'pandas', 'numpy'\n"
        "print([module for module in heavy if module in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=kernel_environment()
    )
    assert run.stdout == "[]\n"


# -- where kernels cannot be forked ---------------------------------------------------------------


def test_an_ordinary_kernel_where_forking_is_missing(monkeypatch, caplog):
    warm_client.close_warm_parent()
    monkeypatch.setattr(sys, "platform", "darwin")
    with WarmKernels() as kernels:
        executed = kernels.execute(notebook("print(6 * 7)"), parameters={})
    assert (executed.kernel, printed(executed.node)) == ("ordinary", "42\n")
    assert [record.message for record in caplog.records] == [
        "Ordinary kernels instead of warm ones: kernels can be forked on Linux only"
    ]


@linux
def test_an_ordinary_kernel_where_the_parent_does_not_answer(caplog, tmp_path):
    warm_client.close_warm_parent()
    with WarmKernels(str(tmp_path)) as kernels:
        executed = kernels.execute(notebook("print(6 * 7)"), parameters={})
    assert (executed.kernel, printed(executed.node)) == ("ordinary", "42\n")
    assert len(caplog.records) == 1
    assert "does not answer" in caplog.text


@linux
def test_an_ordinary_kernel_where_the_interpreter_must_start_differently(kernels, caplog):
    executed = kernels.execute(notebook("print(hash('a'))"), parameters={}, env={"PYTHONHASHSEED": "0"})
    truth = subprocess.run(
        [sys.executable, "-c", "print(hash('a'))"], env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert executed.kernel == "ordinary"
    assert printed(executed.node) == truth.stdout
    assert "PYTHONHASHSEED" in caplog.text


@linux
def test_warm_insists(tmp_path):
    warm_client.close_warm_parent()
    with WarmKernels(str(tmp_path), kernel="warm") as kernels, pytest.raises(warm_client.NoWarmKernel):
        kernels.execute(notebook("1"), parameters={})


# -- one notebook cannot see another's state ---------------------------------------------------------


@linux
def test_nothing_a_notebook_changes_reaches_the_next(kernels):
    change = """
        import builtins, os, sys, random, warnings
        import numpy as np, pandas as pd, matplotlib as mpl, scipy.stats
        leak = builtins.leak = sys.leak = 1
        np.mean = lambda *_: "changed"
        scipy.stats.norm.leak = 1
        os.chdir("/"); os.environ["LEAK"] = "1"; sys.path.append("/leak")
        np.random.seed(1); random.seed(1)
        mpl.rcParams["figure.dpi"] = 7; pd.set_option("display.max_rows", 3)
        warnings.simplefilter("error"); np.seterr(all="raise")
        os.umask(0); sys.setrecursionlimit(123456)
        import csi_lib; csi_lib.__version__ = "leak"
    """
    look = """
        import builtins, os, sys, random, warnings
        import numpy as np, pandas as pd, matplotlib as mpl, scipy.stats, csi_lib
        print(["leak" in globals(), hasattr(builtins, "leak"), hasattr(sys, "leak"), float(np.mean([1, 2])),
               hasattr(scipy.stats.norm, "leak"), os.getcwd(), os.environ.get("LEAK"), "/leak" in sys.path,
               mpl.rcParams["figure.dpi"], pd.get_option("display.max_rows"), np.geterr(),
               warnings.filters[0][0], os.umask(0), sys.getrecursionlimit(), csi_lib.__version__])
    """
    import textwrap

    change, look = notebook(textwrap.dedent(change)), notebook(textwrap.dedent(look))
    before = printed(kernels.execute(look, parameters={}).node)
    assert kernels.execute(change, parameters={}).error is None
    assert before
    assert printed(kernels.execute(look, parameters={}).node) == before


@linux
def test_two_notebooks_draw_different_random_numbers(kernels):
    cell = "import random, numpy as np, uuid; print(random.random(), np.random.rand(), uuid.uuid4())"
    drawn = [printed(kernels.execute(notebook(cell), parameters={}).node).split() for _ in range(3)]
    assert all(len(set(column)) == 3 for column in zip(*drawn, strict=True))


SNAPSHOT = """
import gc, json, os, signal, sys, threading, warnings
import matplotlib, matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn, pingouin, statsmodels.api
plt.figure(); plt.close()
own = {"JPY_PARENT_PID", "OLDPWD", "PWD", "_", "_RJEM_MALLOC_CONF"}  # the last is set by polars, if something imports it
print(json.dumps({
    "argv": sys.argv[:2], "path": sys.path, "flags": list(sys.flags), "cwd": os.getcwd(),
    "shell": str(type(get_ipython())), "history": get_ipython().history_manager.enabled,
    "environment": sorted((k, v) for k, v in os.environ.items() if k not in own),
    "parent": os.environ["JPY_PARENT_PID"] == str(os.getppid()),
    "signals": {s.name: str(signal.getsignal(s)) for s in signal.valid_signals() if hasattr(s, "name")},
    "blocked": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
    "backend": matplotlib.get_backend(), "rc": str(dict(matplotlib.rcParams)),
    "rc default": str(dict(matplotlib.rcParamsDefault)),
    "fonts": sorted({font.name for font in matplotlib.font_manager.fontManager.ttflist}),
    "figures": plt.get_fignums(), "pandas": pd.get_option("display.max_rows"), "numpy": np.geterr(),
    "python threads": len(threading.enumerate()), "umask": os.umask(0o22),
    "gc": [gc.isenabled(), gc.get_threshold()], "recursion": sys.getrecursionlimit(),
    "session": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "main": sorted(vars(sys.modules["__main__"])), "trace": str(sys.gettrace()),
    "stdin": sys.stdin.read(),
}))
"""


#: What only the kernel around the shell has: its command line, its handler of interrupts and its threads.
KERNELS_OWN = {"argv", "signals", "python threads"}


@linux
def test_a_notebook_cannot_tell_a_forked_kernel_or_shell_from_an_ordinary_kernel(kernels, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # where it is set, ipykernel leaves descriptors 1 and 2 alone
    # A matplotlibrc in the working folder counts, as it does for an ordinary kernel.
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 77\n")
    ordinary, warm, shell = (
        json.loads(printed(execute_chapter(notebook(SNAPSHOT), parameters={}, cwd=tmp_path, kernel=kind).node))
        for kind in ("ordinary", "warm", "shell")
    )
    assert {key: (warm[key], ordinary[key]) for key in warm if warm[key] != ordinary[key]} == {}
    assert {
        key: (shell[key], ordinary[key]) for key in shell if shell[key] != ordinary[key] and key not in KERNELS_OWN
    } == {}
    assert "'figure.dpi': 77.0" in warm["rc"]


@linux
def test_csi_lib_edited_after_the_parent_started_is_imported_anew(tmp_path):
    """In JupyterLab the parent lives for days; a restarted kernel must see the edited library."""
    import shutil

    home = tmp_path / "checkout"
    shutil.copytree(Path(csi_lib.__file__).parent, home / "csi_lib", ignore=shutil.ignore_patterns("__pycache__"))
    script = f"""
import sys; sys.path[:0] = [{str(home)!r}, {str(Path(__file__).parents[2])!r}]
from pathlib import Path
from csi_lib.run.execution import WarmKernels
from tests.run.kernel_notebooks import notebook, printed
node = notebook("import csi_lib; print(csi_lib.__version__, csi_lib.__file__)")
with WarmKernels(kernel="warm") as kernels:
    print(printed(kernels.execute(node, parameters={{}}).node))
    path = Path({str(home)!r}, "csi_lib", "__init__.py")
    path.write_text(path.read_text() + '\\n__version__ = "edited"\\n')
    print(printed(kernels.execute(node, parameters={{}}).node))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    init = str(home / "csi_lib" / "__init__.py")
    assert run.stdout.split() == [csi_lib.__version__, init, "edited", init]


# -- the parent process -----------------------------------------------------------------------------


@linux
def test_the_parent_has_nothing_a_fork_would_break(kernels):
    kernels.execute(notebook("1"), parameters={})  # its imports are done
    process = warm_parent().process
    threads = [Path(task, "comm").read_text().strip() for task in Path(f"/proc/{process.pid}/task").iterdir()]
    # jemalloc's own thread comes with pyarrow and takes care of itself across a fork.
    assert sorted(set(threads) - {"jemalloc_bg_thd"}) == [threads[0]]
    assert threads.count(threads[0]) == 1
    links = []
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the last kernel's connection, closed a moment later
            links.append(os.readlink(link))
    # its listener and its selector; a zmq context or an event loop would add to them
    assert sum(link.startswith("socket:") for link in links) <= 2
    assert sum("eventpoll" in link for link in links) == 1
    assert not any("eventfd" in link for link in links)


@linux
def test_what_is_imported_ahead_and_what_is_not(kernels):
    installed = [m for m in PRELOAD if importlib.util.find_spec(m.split(".")[0])]
    cell = f"import sys; print([m for m in {installed!r} if m not in sys.modules])"
    look = "print([m in sys.modules for m in ('matplotlib_inline.backend_inline', 'rfc3987_syntax')])"
    executed = kernels.execute(notebook(cell, look), parameters={})
    assert printed(executed.node).splitlines() == ["[]", "[False, False]"]


@linux
def test_what_a_notebook_had_to_import_the_next_ones_find_imported(kernels):
    warm_client.close_warm_parent()  # the next one knows nothing yet
    known = "import sys; print('seaborn' in sys.modules)"
    first, second = (kernels.execute(notebook(known, "import seaborn"), parameters={}).node for _ in range(2))
    assert (printed(first), printed(second)) == ("False\n", "True\n")


@linux
def test_kernels_talk_over_sockets_in_a_short_private_folder(kernels):
    cell = (
        "app = get_ipython().kernel.parent\n"
        "import os\nfolder = os.path.dirname(app.ip)\n"
        "print(app.transport, oct(os.stat(folder).st_mode & 0o777), len(app.ip), app.connection_file)"
    )
    executed = execute_chapter(notebook(cell), parameters={}, kernel="warm")
    transport, mode, length, connection = printed(executed.node).split()
    assert (transport, mode) == ("ipc", "0o700")
    assert int(length) < 90
    assert not Path(connection).parent.exists()  # and it is gone with the kernel
    assert warm_parent().folder.stat().st_mode & 0o777 == 0o700


@linux
def test_linear_algebra_runs_on_one_thread(kernels):
    cell = (
        "import os, numpy as np\nbefore = len(os.listdir('/proc/self/task'))\n"
        "x = np.random.rand(700, 700); x @ x; np.linalg.svd(x)\n"
        "print(len(os.listdir('/proc/self/task')) - before, os.environ['OPENBLAS_NUM_THREADS'])"
    )
    assert printed(kernels.execute(notebook(cell), parameters={}).node) == "0 1\n"


@linux
@pytest.mark.slow
def test_forty_notebooks_leave_nothing_behind(kernels):
    def measure():
        parent = warm_parent().process.pid
        resident = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (os.getpid(), parent)]
        folders = len(list(Path(tempfile.gettempdir()).glob("csi-*")))
        return (descriptors(), descriptors(parent), folders, len(os.listdir(warm_parent().folder))), resident

    pids = []
    cell = "import os; print(os.getpid(), len(os.listdir('/proc/self/fd')))"
    for number in range(45):
        if number == 5:
            before, resident = measure()
        executed = kernels.execute(notebook(cell), parameters={"year": number})
        assert executed.kernel == "shell"
        assert executed.seconds < 4  # ipykernel's own way to end would hang now and then, for 5 s
        pids.append(tuple(map(int, printed(executed.node).split())))
    deadline = time.monotonic() + 2
    while True:  # the parent hears of the last one's closed connection a moment later
        after, later = measure()
        if after == before or time.monotonic() > deadline:
            break
    assert len({pid for pid, _ in pids}) == 45
    assert len({count for _, count in pids}) == 1  # no descriptor is handed down from one to the next
    # fewer is no leak: what was still closing at the first count is gone at the second
    assert all(b <= a for a, b in zip(before, after, strict=True))
    assert all(b - a < 5 * 256 for a, b in zip(resident, later, strict=True))  # 5 MB, in pages
    assert gone([pid for pid, _ in pids], 0)


@linux
def test_several_processes_share_one_parent():
    with WarmKernels() as kernels:
        script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from csi_lib.run.execution import WarmKernels
from tests.run.kernel_notebooks import notebook, printed
with WarmKernels({kernels.address!r}, kernel="warm") as kernels:
    print(printed(kernels.execute(notebook("import os; print(os.getppid())"), parameters={{}}).node))
"""
        run = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env=kernel_environment(),
        )
        assert int(run.stdout) == warm_parent().process.pid
        assert alive(warm_parent().process.pid)  # the other's leaving did not end it
        assert kernels.execute(notebook("1"), parameters={}).kernel == "shell"
