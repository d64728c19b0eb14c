"""``intake.json`` tells of the answers as they are, though no report was made for their change."""

from __future__ import annotations

import os

import numpy as np

from csi_lib.run.digests import received
from csi_lib.run.receipts import write_intake
from csi_lib.study.study import load_study
from tests.intake.trial import Trial


def test_a_file_written_after_the_receipts_makes_them_old(tmp_path):
    trial = Trial(tmp_path, np.random.default_rng(1))
    trial.write()
    study, out = load_study(trial.study()), tmp_path / "out"
    out.mkdir()
    assert not received(study, out, None)
    write_intake(study, out, None)
    assert received(study, out, None)
    file = next(p for p in trial.folder.rglob("*.csv"))
    later = (out / "intake.json").stat().st_mtime_ns + 1_000_000_000
    os.utime(file, ns=(later, later))
    assert not received(study, out, None)
