"""The ledger: one owner per job, claims that end with their run, clocks that do not matter, disks that are full."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from csi_lib.run import ledger as module
from csi_lib.run.ledger import Ledger
from tests.run.conftest import ROOT

CLAIM = """
import sys, time
from pathlib import Path
from csi_lib.run.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
ledger.begin()
print([n for n in sys.argv[2:] if ledger.claim(n)], flush=True)
time.sleep(60)
"""


@pytest.fixture
def another(tmp_path):
    """Starts another process that claims jobs and stays; yields a function names → (process, names it got)."""
    started = []

    def start(*names):
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM, tmp_path, *names], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        started.append(process)
        return process, eval(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def mine(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.begin()
    yield ledger
    ledger.close()


def test_a_job_has_one_owner_until_that_is_killed(another, mine):
    process, got = another("one", "two")
    assert got == ["one", "two"]
    assert not mine.claim("one")
    assert mine.claim("three")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert mine.claim("one")
    assert mine.entries()["one"].tries == 2


def test_eight_processes_at_once_share_forty_jobs_without_overlap(tmp_path):
    names = [f"job{k}" for k in range(40)]
    crowd = [
        subprocess.Popen([sys.executable, "-c", CLAIM, tmp_path, *names], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    got = [eval(p.stdout.readline()) for p in crowd]
    for process in crowd:
        process.kill()
        process.wait()
        process.stdout.close()
    assert sorted(name for some in got for name in some) == sorted(names)


def test_releasing_gives_back_what_was_before(mine, tmp_path):
    mine.finish("a", state="failed", key="k", manifest=None, reasons=["data"], outcome={"problem": "p"})
    assert mine.claim("a")
    mine.release()
    entry = mine.entries()["a"]
    assert (entry.state, entry.owner, entry.reasons, entry.outcome) == ("failed", None, ("data",), {"problem": "p"})


def test_a_run_on_another_machine_lives_by_its_heartbeat_whatever_the_clocks_say(mine, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    mine._base.execute(
        "INSERT INTO run (id, host, pid, born, beat, started, argv) VALUES ('far', 'elsewhere', 1, '1', 7, 0, '[]')"
    )
    mine._base.execute("INSERT INTO job (name, owner) VALUES ('a', 'far')")
    assert not mine.claim("a")
    now[0] += module.GONE - 1
    assert not mine.claim("a")
    mine._base.execute("UPDATE run SET beat = 8 WHERE id = 'far'")
    now[0] += module.GONE - 1
    assert not mine.claim("a")
    for jump in (-86_400, 86_400 * 365):  # the wall clock is never asked
        monkeypatch.setattr(module.time, "time", lambda jump=jump: 1.7e9 + jump)
        assert not mine.claim("a")
    now[0] += module.GONE + 1
    assert mine.claim("a")


def test_a_number_given_to_another_process_is_not_the_old_run(mine):
    # our own process number, but born at another time: the run that had it is gone
    host, pid = module.machine(), module.os.getpid()
    mine._base.execute(
        "INSERT INTO run (id, host, pid, born, started, argv) VALUES ('old', ?, ?, '12', 0, '[]')", (host, pid)
    )
    mine._base.execute("INSERT INTO job (name, owner) VALUES ('a', 'old')")
    assert mine.claim("a")


def test_a_ledger_that_cannot_be_written_stops_nobody(mine):
    mine._base.execute("PRAGMA max_page_count = 1")
    mine.finish("a", state="done", key="k", manifest=None, reasons=[], outcome={"text": "x" * 100_000})
    assert "could not be written" in mine.problem
    assert mine.claim("b")


def test_no_folder_for_a_ledger_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file")
    assert "cannot be written" in ledger.problem
    ledger.begin()
    assert ledger.claim("a")
    ledger.close()


def test_reasons_timings_and_memory_are_kept(mine, tmp_path):
    outcome = {"ok": True, "cpu": {"summary": 1.5, "render": 2.0}, "seconds": {"total": 4.0}, "memory": {"summary": 10}}
    mine.finish("a", state="done", key="k", manifest="1/2/3", reasons=["data: customers 2024"], outcome=outcome)
    again = Ledger(tmp_path)
    entry = again.entries()["a"]
    again.close()
    assert (entry.key, entry.manifest, entry.reasons) == ("k", "1/2/3", ("data: customers 2024",))
    assert entry.outcome == json.loads(json.dumps(outcome))


def test_runs_are_listed_and_a_killed_one_is_told(another, mine):
    process, _ = another("one")
    assert len(mine.live_runs()) == 2
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while len(mine.live_runs()) == 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mine.live_runs() == {mine.run}
    assert [r["alive"] for r in mine.runs()].count(True) == 1


def broken_by_chance(place):
    place.write_bytes(bytes(range(256)) * 80)


def broken_within(place):
    data = bytearray(place.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    place.write_bytes(data)


def of_another_make(place):
    place.unlink()
    base = sqlite3.connect(place)
    base.execute("CREATE TABLE job (name TEXT)")
    base.commit()
    base.close()


def with_other_words(place):
    base = sqlite3.connect(place)
    base.execute("UPDATE job SET reasons = 'no list', outcome = '[1]'")
    base.commit()
    base.close()


@pytest.mark.parametrize("harm", [broken_by_chance, broken_within, of_another_make, with_other_words])
def test_a_broken_ledger_is_put_aside_and_begun_anew(tmp_path, harm):
    first = Ledger(tmp_path)
    first.begin()
    for i in range(200):
        first.finish(f"job {i}", state="done", key="k" * 200, manifest="m", reasons=["r"], outcome={})
    first.close()
    for left in (tmp_path / ".run").glob("ledger.sqlite-*"):
        left.unlink()
    harm(tmp_path / ".run" / "ledger.sqlite")
    second = Ledger(tmp_path)
    assert (second.healed, second.problem, second.entries()) == (True, None, {})
    second.begin()
    second.finish("one", state="done", key="k", manifest="m", reasons=[], outcome={})
    second.close()
    third = Ledger(tmp_path)
    assert (third.healed, list(third.entries())) == (False, ["one"])
    third.close()
