"""Speed of Cronbach's alpha beside pingouin and one covariance, as ratios within one run.

The input is a float64 DataFrame of 1,000,000 respondents × 25 items. Every contender is warmed up
once, then all run in turn, and medians are compared, so that a slow moment of the machine meets
all alike. Run: ``python tests/bench/bench_alpha.py`` (with the project on the path).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

import csi_lib

ROWS, ITEMS, ROUNDS = 1_000_000, 25, 7
ROOT = Path(__file__).resolve().parents[2]

_FRESH = """
import time
start = time.perf_counter(); import pandas
middle = time.perf_counter()
import csi_lib
csi_lib.cronbach_alpha(pandas.DataFrame({'a': [1.0, 2, 3, 4], 'b': [2.0, 1, 4, 3]}))
print(middle - start, time.perf_counter() - middle)
"""


def _medians(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


def _row(what: str, ours: float, peer_name: str, peer: float, at_most: float) -> dict:
    ratio = ours / peer
    return {
        "what": what,
        "ours_s": ours,
        "peer": peer_name,
        "peer_s": peer,
        "ratio": ratio,
        "at_most": at_most,
        "ok": ratio <= at_most,
    }


def _fresh_process() -> dict:
    """Import of csi_lib and the first alpha, beyond pandas' own import, in new processes."""
    runs = []
    for _ in range(5):
        command = [sys.executable, "-c", _FRESH]
        output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        runs.append([float(part) for part in output.split()])
    pandas_s, extra = median(r[0] for r in runs[1:]), median(r[1] for r in runs[1:])
    return _row("fresh process: first α beyond pandas' import", extra, "allowance of .5 s", 0.5, 1.0) | {
        "pandas_import_s": pandas_s
    }


def rows() -> list[dict]:
    """Measure everything; one dictionary per comparison."""
    import pingouin

    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        rng.normal(size=(ROWS, ITEMS)) + rng.normal(size=(ROWS, 1)),
        columns=[f"q{i + 1}" for i in range(ITEMS)],
    )
    array = frame.to_numpy()
    whole = _medians(
        {
            "ours": lambda: csi_lib.cronbach_alpha(frame),
            "pingouin": lambda: pingouin.cronbach_alpha(frame),
            "np.cov": lambda: np.cov(array, rowvar=False),
        },
        ROUNDS,
    )
    size = f"{ROWS:,} × {ITEMS}"
    found = [
        _row(f"α with item statistics, {size}", whole["ours"], "pingouin α alone", whole["pingouin"], 1.0),
        _row(f"α with item statistics, {size}", whole["ours"], "np.cov", whole["np.cov"], 1.3),
    ]
    gaps = frame.mask(rng.random(frame.shape) < 0.02)
    for policy, rounds in (("pairwise", 2), ("listwise", ROUNDS)):
        part = _medians(
            {
                "ours": lambda p=policy: csi_lib.cronbach_alpha(gaps, missing=p),
                "pingouin": lambda p=policy: pingouin.cronbach_alpha(gaps, nan_policy=p),
            },
            rounds,
        )
        what = f"the same, 2 % missing, {policy}"
        found.append(_row(what, part["ours"], "pingouin α alone", part["pingouin"], 0.5))
    found.append(_fresh_process())
    return found


def main() -> list[dict]:
    """Print the table and return its rows."""
    found = rows()
    print(f"{'':48}{'ours':>9}  {'peer':20}{'':>9}{'ratio':>7}{'at most':>9}")
    for row in found:
        verdict = "ok" if row["ok"] else "MISSED"
        print(
            f"{row['what']:48}{row['ours_s']:8.3f}s  {row['peer']:20}{row['peer_s']:8.3f}s"
            f"{row['ratio']:7.2f}{row['at_most']:9.2f}  {verdict}"
        )
    return found


if __name__ == "__main__":
    main()
