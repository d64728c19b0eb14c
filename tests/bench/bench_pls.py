"""Path models and importance of drivers: our times beside Python peers', in one run on one machine.

Run as ``python tests/bench/bench_pls.py``; `main` prints the table and returns its rows. A peer that is not
installed, or does not run with the installed pandas, is named with the reason; goals are in seconds. plspm
0.5 needs pandas below 3.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import csi_lib
from csi_lib.measure.relative_importance import lmg

DATA = Path(__file__).resolve().parents[3] / "shared/data/ecsi_mobile/semPLS__mobi.csv"
PATHS = [
    ("Image", "Expectation"), ("Expectation", "Quality"), ("Expectation", "Value"), ("Quality", "Value"),
    ("Image", "Satisfaction"), ("Expectation", "Satisfaction"), ("Quality", "Satisfaction"),
    ("Value", "Satisfaction"), ("Satisfaction", "Complaints"), ("Image", "Loyalty"),
    ("Satisfaction", "Loyalty"), ("Complaints", "Loyalty"),
]  # fmt: skip
PREFIX = {
    "Image": ("IMAG", 5), "Expectation": ("CUEX", 3), "Quality": ("PERQ", 7), "Value": ("PERV", 2),
    "Satisfaction": ("CUSA", 3), "Complaints": ("CUSCO", 1), "Loyalty": ("CUSL", 3),
}  # fmt: skip


def ecsi_mobile() -> tuple[pd.DataFrame, dict]:
    """The published data, or random answers of the same shape where they are not at hand."""
    blocks = {b: [f"{p}{i + 1}" for i in range(k)] if k > 1 else [p] for b, (p, k) in PREFIX.items()}
    if DATA.exists():
        return pd.read_csv(DATA), blocks
    rng = np.random.default_rng(0)
    items = [item for own in blocks.values() for item in own]
    answers = 5.5 + 1.5 * (rng.normal(size=(250, 1)) + rng.normal(size=(250, len(items))))
    return pd.DataFrame(np.clip(np.round(answers), 1, 10), columns=items), blocks


def seconds(work, repeat: int = 5) -> float:
    """Median time of `work` after one run to warm up."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def plspm_seconds(data: pd.DataFrame, blocks: dict, samples: int) -> float:
    """plspm's time for one fit (samples = 0) or for one bootstrap sample out of `samples`."""
    from plspm.config import Config, Structure
    from plspm.mode import Mode
    from plspm.plspm import Plspm
    from plspm.scheme import Scheme

    structure = Structure()
    for source, target in PATHS:
        structure.add_path([source], [target])
    config = Config(structure.path(), scaled=True)
    for block in blocks:
        config.add_lv_with_columns_named(block, Mode.A, data, PREFIX[block][0])

    def run(**options) -> float:
        start = time.perf_counter()
        Plspm(data, config, Scheme.CENTROID, **options)
        return time.perf_counter() - start

    if samples == 0:
        return run()
    few = {"bootstrap": True, "processes": 1}
    # the difference of two runs leaves out the fit and the start of its worker process
    longer = run(bootstrap_iterations=10 + samples, **few)
    return (longer - run(bootstrap_iterations=10, **few)) / samples


def pingouin_seconds(x: pd.DataFrame, y: np.ndarray) -> float:
    import pingouin

    return seconds(lambda: pingouin.linear_regression(x, y, relimp=True), repeat=1)


def peer(name: str, work) -> tuple[str, float | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return name, work()
        except ImportError:
            return f"{name} (not installed)", None
        except Exception as error:
            return f"{name} (fails: {type(error).__name__})", None


def measure() -> list[dict]:
    data, blocks = ecsi_mobile()
    model = csi_lib.pls_path_model(data, blocks, PATHS)
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.normal(size=(10_000, 12)) + rng.normal(size=(10_000, 1)), columns=[f"x{i}" for i in range(12)])
    y = x.sum(axis=1).to_numpy() + 5 * rng.normal(size=10_000)
    shares = lambda: lmg(np.corrcoef(np.column_stack([x, y]), rowvar=False)[None])
    cases = [
        ("PLS, ECSI mobile: fit", None, lambda: csi_lib.pls_path_model(data, blocks, PATHS),
         "plspm", lambda: plspm_seconds(data, blocks, 0)),
        ("PLS, ECSI mobile: 1,000 bootstrap samples", 0.2, lambda: model.bootstrap(1000, 1),
         "plspm (from 20 samples)", lambda: 1000 * plspm_seconds(data, blocks, 20)),
        ("PLS, ECSI mobile: 5,000 with BCa", 2.0,
         lambda: model.bootstrap(5000, 1, ci_method="bca"), None, None),
        ("PLS, ECSI mobile: 1,000 permutations", None,
         lambda: model.compare(np.arange(len(data)) % 2, n_boot=1000), None, None),
        ("LMG, 12 drivers × 10,000: shares", 0.5, shares, "pingouin relimp", lambda: pingouin_seconds(x, y)),
        ("LMG, 12 drivers × 10,000: with 1,000 bootstrap samples", 0.5,
         lambda: csi_lib.importance(x, y, method="lmg"), None, None),
        ("Johnson, 12 drivers × 10,000: with 1,000 bootstrap samples", None,
         lambda: csi_lib.importance(x, y, method="johnson"), None, None),
    ]  # fmt: skip
    rows = []
    for work, goal, ours, name, theirs in cases:
        label, other = peer(name, theirs) if name else ("", None)
        own = seconds(ours)
        rows.append(
            {"work": work, "seconds": own, "goal": goal, "peer": label, "peer_seconds": other,
             "ratio": None if other is None else own / other}
        )  # fmt: skip
    return rows


def main() -> list[dict]:
    rows = measure()
    print(f"{'work':60} {'seconds':>9} {'goal':>6} {'peer s':>9} {'ratio':>8}  peer")
    for row in rows:
        goal, other, ratio = (
            f"{row[key]:{form}}" if row[key] is not None else ""
            for key, form in (("goal", "g"), ("peer_seconds", ".4f"), ("ratio", ".4f"))
        )
        print(f"{row['work']:60} {row['seconds']:9.4f} {goal:>6} {other:>9} {ratio:>8}  {row['peer']}")
    return rows


if __name__ == "__main__":
    main()
