"""The same reports on a dask cluster: a scheduler and worker processes of this machine, killed where it hurts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from csi_lib.errors import InputError
from csi_lib.run.cluster import check_address
from tests.run.conftest import ROOT
from tests.run.small_round import finish, intact, processes_of, run, small_round, start, until, write_chapter

ALL = ["a001", "a002", "a003", "a004"]


@pytest.mark.parametrize(
    "address", ["local:2", "tcp://127.0.0.1:8786", "tcp://[::1]:8786", "tcp://localhost:8786", "tls://h:1"]
)
def test_addresses_that_are_accepted(address):
    check_address(address)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://10.0.0.5:8786", "neither encrypted nor authenticated"),
        ("tcp://cluster.example.org:8786", "neither encrypted nor authenticated"),
        ("local:0", "not the address"),
        ("127.0.0.1:8786", "not the address"),
        ("tls://host", "not the address"),
        ("http://127.0.0.1:80", "not the address"),
    ],
)
def test_addresses_that_are_refused(address, words):
    with pytest.raises(InputError, match=words):
        check_address(address)


class Cluster:
    """A scheduler and workers started as anybody would, by the commands of dask, encrypted where openssl can make keys."""

    def __init__(self, folder: Path, workers: int):
        pytest.importorskip("distributed")
        self.tls = certificates(folder) if shutil.which("openssl") else {}
        self.folder, self.marker, self.workers = folder, uuid.uuid4().hex, []
        self.env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CSI_TEST": self.marker,
            "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "5s",
            **self.tls,
        }
        note = folder / "scheduler.json"
        self.scheduler = self.dask(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", note,
            *(["--protocol", "tls"] if self.tls else []),
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not note.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        import json

        self.address = json.loads(note.read_text())["address"]
        for _ in range(workers):
            self.worker()

    def worker(self):
        place = self.folder / f"worker-{len(self.workers)}"
        self.workers.append(
            self.dask("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "4GB",
                      "--local-directory", place)
        )  # fmt: skip

    def dask(self, kind: str, *arguments) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *map(str, arguments)]
        return subprocess.Popen(
            command,
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def certificates(folder: Path) -> dict[str, str]:
    """A key for all, signed by itself, as variables of dask's configuration."""
    key, certificate = folder / "node.key", folder / "node.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=csi", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    roles = {f"{role}__{what}": str(path) for role in ("SCHEDULER", "WORKER", "CLIENT")
             for what, path in (("KEY", key), ("CERT", certificate))}  # fmt: skip
    return {
        f"DASK_DISTRIBUTED__COMM__TLS__{name}": value for name, value in {"CA_FILE": str(certificate), **roles}.items()
    }


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    (tmp_path / "dask").mkdir()
    made = Cluster(tmp_path / "dask", 2)
    for name, value in made.tls.items():  # of the run's own end of the line
        monkeypatch.setenv(name, value)
    yield made
    made.close()


@pytest.mark.slow
def test_workers_of_a_cluster_make_the_same_reports(cluster, tmp_path):
    study, here, there = small_round(tmp_path / "study"), tmp_path / "here", tmp_path / "there"
    assert run(study, here)[0] == 0
    assert cluster.address.startswith("tls://" if cluster.tls else "tcp://127.0.0.1")
    code, ended, words = run(study, there, "--cluster", cluster.address)
    assert (code, sorted(ended)) == (0, ALL), words
    assert intact(there) == ALL
    for agency in ALL:
        for name in ("report.html", "results.parquet", "report.ipynb"):
            assert (here / agency / "2024" / name).read_bytes() == (there / agency / "2024" / name).read_bytes()
    assert run(study, there)[1] == {}, "what the cluster made is up to date here"
    assert not (study / ".csi" / "estimates" / "customers-a001-2024.kept").exists() or here.exists()


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_loses_nothing(cluster, tmp_path):
    study, out = small_round(tmp_path / "study", "import time; time.sleep(2)"), tmp_path / "out"
    process = start(study, out, "--cluster", cluster.address)
    until(process, "done")
    cluster.workers[0].send_signal(signal.SIGKILL)
    code, _events, words = finish(process)
    assert code == 0, words
    assert intact(out) == ALL


@pytest.mark.slow
def test_a_lost_scheduler_is_said_and_the_next_run_goes_on(cluster, tmp_path):
    study, out = small_round(tmp_path / "study", "import time; time.sleep(2)"), tmp_path / "out"
    process = start(study, out, "--cluster", cluster.address)
    seen = until(process, "done")
    cluster.scheduler.kill()
    code, events, words = finish(process)
    ended = [e for e in (*seen, *events) if e["event"] == "done"]
    assert code == 1
    assert any("lost its scheduler" in (e["problem"] or "") for e in ended)
    assert "Traceback" not in words, words
    kept = set(intact(out))
    assert kept >= {e["agency"] for e in ended if e["ok"]}
    code, again, _ = run(study, out)
    assert (code, kept & set(again), intact(out)) == (0, set(), ALL)


@pytest.mark.slow
def test_one_command_starts_workers_of_its_own_and_a_failing_notebook_is_told_as_ever(tmp_path):
    pytest.importorskip("distributed")
    study, out, marker = small_round(tmp_path / "study", "assert agency != 'a002'"), tmp_path / "out", uuid.uuid4().hex
    code, ended, _ = run(study, out, "--cluster", "local:2", CSI_TEST=marker)
    assert code == 1
    assert intact(out) == ["a001", "a003", "a004"]
    assert ended["a002"]["problem"] == "chapter only: AssertionError"
    deadline = time.monotonic() + 15
    while processes_of(marker) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not processes_of(marker)
    write_chapter(study)
    code, ended, _ = run(study, out, "--failed", "--cluster", "local:1")
    assert (code, sorted(ended)) == (0, ["a002"])


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_wrong_input(tmp_path):
    pytest.importorskip("distributed")
    study = small_round(tmp_path / "study", agencies=1)
    code, _, words = run(study, tmp_path / "out", "--cluster", "tcp://127.0.0.1:9")
    assert code == 2
    assert "cannot be reached" in words
