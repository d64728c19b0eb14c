"""A file with all agencies is coded once; who needs one agency reads one agency."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import csi_lib
from csi_lib.run.ledger import Ledger
from csi_lib.run.plan import Wanted, plan_run
from tests.bench.round_study import RESPONDENTS, write_study
from tests.run.conftest import ROOT

READ = r"""
import re, sys
from csi_lib.survey.reading import read_survey
survey = read_survey(sys.argv[1], "a001", 2024)
print(survey.n, int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


def read_one(study) -> tuple[int, int]:
    """Respondents of one agency, and megabytes the process that read them has taken at most."""
    done = subprocess.run(
        [sys.executable, "-c", READ, study],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    n, size = done.stdout.split()
    return int(n), int(size)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_what_a_worker_takes_does_not_grow_with_the_number_of_agencies(tmp_path):
    sizes = {}
    for count in (2, 60):
        study = write_study(tmp_path / f"of-{count}", count, shared=True)
        table = csi_lib.import_data(study, years=[2024])
        assert table["n"].sum() == count * RESPONDENTS
        n, sizes[count] = read_one(study)
        assert n == RESPONDENTS
    assert sizes[60] - sizes[2] < 15


@pytest.mark.slow
def test_a_run_imports_a_shared_file_once_and_by_itself(tmp_path):
    study, out = write_study(tmp_path / "study", 3, shared=True), tmp_path / "out"
    parts = study / ".csi" / "import" / "customers" / "2024"
    for _ in range(2):
        ledger = Ledger(out)
        plan_run(study, Wanted(out), ledger)
        ledger.close()
        stamps = {p.name: p.stat().st_mtime_ns for p in parts.iterdir()}
    assert sorted(stamps) == ["a001.parquet", "a002.parquet", "a003.parquet", "digests.kept", "note.kept"]
    before = stamps["a001.parquet"]
    ledger = Ledger(out)
    plan_run(study, Wanted(out), ledger)
    ledger.close()
    assert (parts / "a001.parquet").stat().st_mtime_ns == before
