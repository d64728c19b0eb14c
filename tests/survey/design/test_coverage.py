"""A short run of tests/bench/coverage_design.py: 95 % intervals hold the truth about 95 % of the time."""

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.slow
def test_intervals_hold_the_truth(capsys):
    path = Path(__file__).parents[2] / "bench" / "coverage_design.py"
    spec = importlib.util.spec_from_file_location("coverage_design", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for row in module.main(200):
        # 200 samples place a true 95 % between 90 and 99 % all but once in a thousand times
        assert 0.90 <= row["coverage"] <= 0.995, row["name"]
