"""Intervals of every model hold the truth of a simulated population; the long version is ``nox -s coverage``."""

from __future__ import annotations

import pytest

from csi_lib.models.index import bundled_models
from tests.bench.coverage_models import coverage

REPLICATIONS = 50


@pytest.mark.parametrize("name", bundled_models())
def test_intervals_hold_the_truth(name):
    """50 samples of 200: fewer than 42 hits have a chance below 1 in 1,000 where the true coverage is 95 %."""
    row = coverage(name, 200, "clustered", REPLICATIONS)
    assert row["refused"] == 0
    assert row["coverage"] >= 0.84
    assert row["nodes_low"] >= 0.78
    assert 0.7 < row["se_ratio"] < 1.4
    assert abs(row["bias"]) < 0.6
