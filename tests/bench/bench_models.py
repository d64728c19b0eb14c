"""Time and memory of index models on large surveys. Run: PYTHONPATH=. python tests/bench/bench_models.py"""

from __future__ import annotations

import gc
import resource
import time

import numpy as np
import pandas as pd

from csi_lib.models.index import IndexModel
from csi_lib.models.round import Round
from csi_lib.models.scoring import score
from csi_lib.study.study import load_study
from csi_lib.survey.description import describe
from tests.models.populations import Answered

AGENCIES, EACH = 300, 1000


def survey(items) -> Answered:
    """300 agencies × 1,000 respondents, agencies as strata, answers 1..5."""
    rng = np.random.default_rng(0)
    n = AGENCIES * EACH
    quality = rng.normal(0, 0.5, n)
    frame = pd.DataFrame({i: np.clip(np.round(3.5 + quality + rng.normal(0, 0.8, n)), 1, 5) for i in items})
    frame["agency"] = pd.Categorical(np.repeat([f"a{k:03d}" for k in range(AGENCIES)], EACH))
    return Answered(frame, high=5, agency=None, strata="agency")


def timed(action, repeat: int = 3):
    best = np.inf
    for _ in range(repeat):
        gc.collect()
        start = time.perf_counter()
        out = action()
        best = min(best, time.perf_counter() - start)
    return best, out


def peak() -> float:
    """Most memory held so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def local_corporation() -> float:
    """Seconds for the indices, dimensions and standard errors of all agencies in one pass."""
    model = IndexModel.load("local-corporation")
    sample = survey(model.file.items)
    seconds, found = timed(lambda: model.evaluate(sample, ["agency"]))
    rows = found.select(measure="lc", by1="agency").frame
    assert len(rows) == AGENCIES
    assert rows["se"].notna().all()
    return seconds


def sixty_items() -> tuple[float, float]:
    """Seconds, and memory beyond the data as a multiple of it, for 60 item means of 300 agencies with standard errors."""
    sample = survey([f"q{k}" for k in range(60)])
    data = sample.frame.memory_usage(deep=True).sum() / 1e6
    before = peak()
    start = time.perf_counter()
    rows = 0
    for start_item in range(0, 60, 15):
        found = describe(sample, ["agency"], items=[f"q{k}" for k in range(start_item, start_item + 15)])
        rows += int(((found.frame["statistic"] == "mean") & found.frame["by1"].notna()).sum())
        del found
    seconds = time.perf_counter() - start
    assert rows == 60 * AGENCIES
    return seconds, (peak() - before) / data


def agency_year() -> float:
    """CPU seconds to score one agency and wave of the example study (all items, four models, six banner variables)."""
    study = load_study("params/example")
    sample = Round(study).survey("hanbit-fmc", 2024)
    score(study, sample)
    best = np.inf
    for _ in range(5):
        start = time.process_time()
        score(study, sample)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    seconds = local_corporation()
    print(f"local-corporation, {AGENCIES} × {EACH}: {seconds:.2f} s (goal < 1 s)")
    print(f"one agency-year of the example: {agency_year():.2f} s CPU (goal ≤ .25 s)")
    seconds, ratio = sixty_items()
    print(f"60 items × {AGENCIES} agencies × {AGENCIES * EACH} respondents: {seconds:.1f} s, {ratio:.1f} × the data")


if __name__ == "__main__":
    main()
