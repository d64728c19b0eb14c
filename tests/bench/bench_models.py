"""Time and memory of index models on large surveys. Run: PYTHONPATH=. python tests/bench/bench_models.py

Seconds are CPU seconds of one thread, best of a few runs: what a quiet machine takes, whatever else this one is doing.
"""

from __future__ import annotations

import gc
import time
import tracemalloc

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
        start = time.process_time()
        out = action()
        best = min(best, time.process_time() - start)
    return best, out


def local_corporation() -> float:
    """Seconds for the indices, dimensions and standard errors of all agencies in one pass."""
    model = IndexModel.load("local-corporation")
    sample = survey(model.file.items)
    seconds, found = timed(lambda: model.evaluate(sample, ["agency"]))
    rows = found.select(measure="lc", by1="agency").frame
    assert len(rows) == AGENCIES
    assert rows["se"].notna().all()
    return seconds


def one_pass(items: int = 60) -> tuple[float, float]:
    """Seconds, and data with peak over data, for the means, errors and design effects of 60 items in 300 agencies at once."""
    names = [f"q{k}" for k in range(items)]
    sample = survey(names)
    size = float(sample.frame.memory_usage(deep=True).sum())
    seconds, found = timed(lambda: sample.design.mean(names, by="agency"), 2)
    assert len(found) == items * AGENCIES
    del found
    gc.collect()
    tracemalloc.start()
    sample.design.mean(names, by="agency")
    high = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, (size + high) / size


def joint(items: int = 60, step: int = 15) -> float:
    """Seconds for all that reports say of these items (means, boxes, shares) with what differences need, 15 items at a time."""
    sample = survey([f"q{k}" for k in range(items)])
    start, rows = time.process_time(), 0
    for first in range(0, items, step):
        found = describe(sample, ["agency"], items=[f"q{k}" for k in range(first, first + step)])
        rows += int(((found.frame["statistic"] == "mean") & found.frame["by1"].notna()).sum())
        del found
    assert rows == items * AGENCIES
    return time.process_time() - start


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


def main() -> list[dict]:
    """Rows ``name measured goal unit met``; a goal of None is measured without one."""
    seconds, memory = one_pass()
    size = f"{AGENCIES} × {EACH:,}"
    rows = [
        (f"local-corporation, all indices and dimensions with SE, {size}", local_corporation(), 1.0, "s"),
        (f"mean, SE, deff of 60 items in {AGENCIES} agencies, {AGENCIES * EACH:,} rows, one pass", seconds, 3.0, "s"),
        ("  memory: data and peak over data", memory, 3.0, "× data"),
        ("  the same with boxes, shares and joint covariances", joint(), None, "s"),
        ("one agency and wave of the example: everything, CPU", agency_year(), 0.25, "s"),
    ]
    table = [{"name": n, "measured": v, "goal": g, "unit": u, "met": g is None or v <= g} for n, v, g, u in rows]
    for row in table:
        goal = "" if row["goal"] is None else f"goal {row['goal']:<8.3g} {'met' if row['met'] else 'NOT MET'}"
        print(f"{row['name']:<78} {row['measured']:9.3f} {row['unit']:<7} {goal}".rstrip())
    return table


if __name__ == "__main__":
    main()
