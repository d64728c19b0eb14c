"""A round over a private cache that was damaged, altered or planted: the same results, and nothing of it executed."""

from __future__ import annotations

import os
import pickle

import pandas as pd
import pytest

from tests.run.small_round import small_round, start


class Planted:
    """What a folder somebody sent could carry."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.system, (f"touch {self.mark}",))


def made(study, out, *more):
    process = start(study, out, *more)
    _, words = process.communicate(timeout=300)
    assert process.returncode == 0, words
    return {p.parent.parent.name: p.read_bytes() for p in sorted(out.glob("*/2024/results.parquet"))}


@pytest.mark.slow
def test_altered_damaged_and_planted_caches_change_nothing(tmp_path):
    study, out = small_round(tmp_path / "study", agencies=2), tmp_path / "out"
    before = made(study, out)
    private = study / ".csi"
    kept = sorted((private / "estimates").glob("*.kept"))
    assert len(before) == 2
    assert len(kept) > 4
    for place in kept:  # whole, but altered within
        data = bytearray(place.read_bytes())
        data[len(data) // 2] ^= 0xFF
        place.write_bytes(data)
    assert made(study, out, "--force") == before
    mark = tmp_path / "executed"
    for place in [*kept, private / "facts.kept", *(p.with_suffix(".pickle") for p in kept), private / "facts.pickle"]:
        place.write_bytes(pickle.dumps(Planted(mark)))
    (out / ".run" / "ledger.sqlite").write_bytes(os.urandom(5000))
    for end in ("-wal", "-shm"):
        (out / ".run" / f"ledger.sqlite{end}").unlink(missing_ok=True)
    assert made(study, out, "--force") == before
    assert not mark.exists()
    assert pd.read_parquet(next(out.glob("*/2024/results.parquet")))["estimate"].notna().any()
