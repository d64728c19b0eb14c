"""Bad days, by having them: killed runs, two runs at once, notebooks that misbehave, disks and files that go away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from csi_lib.run.ledger import Ledger
from csi_lib.run.workers import NAME
from tests.run.conftest import ROOT
from tests.run.small_round import finish, intact, processes_of, run, small_round, start, until, write_chapter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and /proc of Linux"),
]
ALL = ["a001", "a002", "a003", "a004"]
#: one agency for each kind of mischief; the last is well-behaved
MISCHIEF = """
import os, signal, subprocess, sys, time
if agency == "a001":
    hoard = []
    while True:
        hoard.append(bytearray(1 << 26))
if agency == "a002":
    for _ in range(400):
        subprocess.Popen(["sleep", "600"])
    time.sleep(60)
if agency == "a003":
    for _ in range(1024):
        print("x" * (1 << 20))
if agency == "a004":
    os.kill(os.getpid(), signal.SIGKILL)
if agency == "a005":
    time.sleep(600)
"""


def gone(marker: str, seconds: float = 10) -> bool:
    """Whether nothing of a run is left after a while."""
    deadline = time.monotonic() + seconds
    while processes_of(marker) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not processes_of(marker)


def test_notebooks_that_misbehave_cost_their_own_report_only_and_the_next_run_repairs_them(tmp_path):
    study, out, marker = (
        small_round(tmp_path / "study", MISCHIEF, agencies=6),
        tmp_path / "out",
        f"CSI_TEST={uuid.uuid4().hex}",
    )
    name, value = marker.split("=")
    code, ended, _ = run(study, out, "--memory", "3G", "--cell-timeout", 20, **{name: value})
    assert code == 1
    assert intact(out) == ["a006"]
    words = {a: (e["problem"], e["hint"]) for a, e in ended.items() if not e["ok"]}
    for agency, kind, hint in (
        ("a001", "memory", "ran out of memory"),
        ("a002", "processes", "more than 256 processes"),
        ("a003", "output", "because of its output"),
        ("a004", "death", "process ended"),
        ("a005", "timeout", "time was up"),
    ):
        assert words[agency][0] == f"chapter only: {kind}" or (kind == "memory" and "MemoryError" in words[agency][0])
        assert hint in words[agency][1]
    ledger = Ledger(out)
    tries = {n.split("/")[1]: e.tries for n, e in ledger.entries().items()}
    ledger.close()
    assert tries["a001"] == tries["a003"] == 1, "only a kernel's death is tried again"
    page = (out / "failures.html").read_text(encoding="utf-8")
    assert "hoard.append" in page
    assert "agency = &#x27;a004&#x27;" in page
    assert gone(marker)
    write_chapter(study)
    code, ended, _ = run(study, out, "--failed")
    assert (code, sorted(ended)) == (0, ["a001", "a002", "a003", "a004", "a005"])
    assert not (out / "failures.html").exists()


@pytest.mark.parametrize("after", [0, 1, 3])
def test_kill_nine_loses_nothing_leaves_nothing_half_made_and_repeats_nothing(tmp_path, after):
    study, out, marker = small_round(tmp_path / "study"), tmp_path / "out", f"CSI_TEST={uuid.uuid4().hex}"
    name, value = marker.split("=")
    process = start(study, out, "--jobs", 1, **{name: value})
    seen = until(process, "done", after) if after else until(process, "prepared")
    time.sleep(0.4)
    process.kill()
    process.communicate()
    before = {a: (out / a / "2024" / "manifest.json").stat().st_mtime_ns for a in intact(out)}
    assert len(before) >= sum(e["event"] == "done" for e in seen)
    assert gone(marker), "workers and kernels go with the run"
    code, ended, _ = run(study, out)
    assert code == 0
    assert intact(out) == ALL
    assert not set(ended) & set(before), "nothing is done twice"
    assert all((out / a / "2024" / "manifest.json").stat().st_mtime_ns == t for a, t in before.items())
    assert not list(out.glob(".staging*"))


def test_a_run_killed_between_publishing_and_its_ledger_is_believed_by_the_manifest(tmp_path):
    study, out = small_round(tmp_path / "study", agencies=2), tmp_path / "out"
    assert run(study, out)[0] == 0
    ledger = Ledger(out)
    ledger._base.execute("DELETE FROM job")
    ledger.close()
    code, ended, _ = run(study, out)
    assert (code, ended) == (0, {})


def test_two_runs_at_once_make_every_report_once(tmp_path):
    study, out = small_round(tmp_path / "study"), tmp_path / "out"
    both = [start(study, out, "--jobs", 1) for _ in range(2)]
    ended = [finish(process) for process in both]
    assert [code for code, _, _ in ended] == [0, 0]
    made = [e["agency"] for _, events, _ in ended for e in events if e["event"] == "done" and not e["by_another"]]
    assert sorted(made) == ALL
    assert intact(out) == ALL
    # and when they end at the same moment, each writes the site as if it were alone
    code = "import sys; from csi_lib.run.pipeline import _write_site as w; from pathlib import Path\n" + (
        "for _ in range(5): w(sys.argv[1], Path(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([sys.executable, "-c", code, study, out], env=environment) for _ in range(4)]
    assert [w.wait() for w in writers] == [0] * 4


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_cleanly_and_goes_on_later(tmp_path, signum):
    study, out, marker = small_round(tmp_path / "study"), tmp_path / "out", f"CSI_TEST={uuid.uuid4().hex}"
    name, value = marker.split("=")
    process = start(study, out, "--jobs", 1, **{name: value})
    until(process, "done")
    process.send_signal(signum)
    code, _, words = finish(process, 30)
    assert code == 130
    assert "what is finished is kept" in words
    assert gone(marker)
    assert not list(out.glob(".staging*"))
    assert (out / "index.html").exists()
    ledger = Ledger(out)
    assert all(e.owner is None for e in ledger.entries().values())
    ledger.close()
    kept = set(intact(out))
    code, ended, _ = run(study, out)
    assert (code, kept & set(ended), intact(out)) == (0, set(), ALL)


def test_a_killed_worker_costs_nothing(tmp_path):
    study, out, marker = (
        small_round(tmp_path / "study", "import time; time.sleep(1)"),
        tmp_path / "out",
        f"CSI_TEST={uuid.uuid4().hex}",
    )
    name, value = marker.split("=")
    process = start(study, out, "--jobs", 1, **{name: value})
    until(process, "prepared", 4)
    time.sleep(0.5)
    workers = [p for p in processes_of(marker) if Path(f"/proc/{p}/comm").read_bytes().strip() == NAME]
    os.kill(workers[0], signal.SIGKILL)
    assert finish(process)[0] == 0
    assert intact(out) == ALL


def test_a_killed_parent_of_kernels_is_replaced(tmp_path):
    study, out, marker = (
        small_round(tmp_path / "study", "import time; time.sleep(1)"),
        tmp_path / "out",
        f"CSI_TEST={uuid.uuid4().hex}",
    )
    name, value = marker.split("=")
    process = start(study, out, "--jobs", 1, **{name: value})
    until(process, "done")
    for pid in processes_of(marker):
        if b"warm_parent" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    code, _, _ = finish(process)
    again = run(study, out)[0] if code else 0
    assert again == 0
    assert intact(out) == ALL


def test_a_data_file_deleted_in_mid_run_stops_its_agency_only(tmp_path):
    study, out = small_round(tmp_path / "study"), tmp_path / "out"
    lost = study / "data" / "a004_2024.csv"
    text = lost.read_bytes()
    process = start(study, out, "--jobs", 1)
    until(process, "start")
    lost.unlink()
    code, events, _ = finish(process)
    assert code == 1
    problems = [e["problem"] for e in events if e["event"] == "done" and not e["ok"]]
    assert len(problems) == 1
    assert "a004_2024.csv" in problems[0]
    assert intact(out) == ALL[:3]
    lost.write_bytes(text)
    code, ended, _ = run(study, out)
    assert (code, sorted(ended)) == (0, ["a004"])


def test_a_full_disk_ends_in_words_and_the_next_run_repairs(tmp_path):
    study, disk = small_round(tmp_path / "study"), tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], capture_output=True)
    if made.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        out, filler = disk / "out", disk / "filler"
        assert run(study, out, "--dry-run")[0] == 0
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"\0" * (free - 900_000))  # room for one report, not for four
        code, ended, words = run(study, out)
        assert code == 1
        assert "Traceback" not in words
        assert any("No space left" in (e["problem"] or "") for e in ended.values()) or "disk" in words
        done = intact(out)
        filler.unlink()
        code, ended, _ = run(study, out)
        assert code == 0
        assert intact(out) == ALL
        assert not set(done) & set(ended)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def test_an_output_that_becomes_read_only_ends_in_words(tmp_path):
    study, out = small_round(tmp_path / "study"), tmp_path / "out"
    out.mkdir()
    process = start(study, out, "--jobs", 1)
    until(process, "done")
    # a read-only disk in its place: what is open stays so, everything else is refused
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", out], capture_output=True).returncode:
        process.kill()
        process.communicate()
        pytest.skip("a disk cannot be mounted here")
    try:
        code, events, words = finish(process)
        assert code == 1
        assert "Traceback" not in words
        assert "Read-only" in words + json.dumps(events)
        code, _, words = run(study, out)
        assert code == 1
        assert "cannot be written (Read-only file system)" in words
    finally:
        subprocess.run(["umount", "-l", out], check=False)
    assert run(study, out)[0] == 0
    assert intact(out) == ALL


JUMP = "import time\n_real = time.time\ntime.time = lambda: _real() + ({shift} if _real() % 2 < 1 else 0)\n"


@pytest.mark.parametrize("shift", [-86_400 * 400, 86_400 * 400])
def test_a_clock_that_jumps_changes_nothing(tmp_path, shift):
    study, out, site = small_round(tmp_path / "study", agencies=2), tmp_path / "out", tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(JUMP.format(shift=shift))
    path = f"{site}{os.pathsep}{ROOT}"
    code, ended, _ = run(study, out, PYTHONPATH=path)
    assert (code, sorted(ended)) == (0, ["a001", "a002"])
    assert all(0 < e["seconds"]["total"] < 300 for e in ended.values())
    assert run(study, out, PYTHONPATH=path)[1] == {}


def test_thirty_notebooks_leave_nothing_behind(tmp_path):
    study, out, marker = small_round(tmp_path / "study", agencies=30), tmp_path / "out", f"CSI_TEST={uuid.uuid4().hex}"
    name, value = marker.split("=")
    before = set(Path("/tmp").glob("csi-*"))
    process = start(study, out, "--jobs", 1, "--memory", "3G", **{name: value})
    sizes = []
    for line in process.stderr:
        if '"done"' in line:
            sizes.append(
                sum(len(os.listdir(f"/proc/{p}/fd")) for p in processes_of(marker) if Path(f"/proc/{p}/fd").exists())
            )
    assert process.wait() == 0
    process.stdout.close()
    process.stderr.close()
    assert gone(marker)
    assert len(intact(out)) == 30
    assert max(sizes[-5:]) <= max(sizes[5:10]) + 8, "descriptors do not grow"
    assert not {p for p in set(Path("/tmp").glob("csi-*")) - before if not p.exists()}
