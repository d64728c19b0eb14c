"""Factor models and polychoric correlations: our times beside semopy's, in one run on one machine.

Run as ``python tests/bench/bench_cfa.py``; `main` prints the table and returns its rows. The data are
simulated: 25 items of five factors, 2,500 rows, float64. Where semopy is not installed the row says so;
goals are in seconds. semopy gives neither standardised standard errors nor the interval of RMSEA.
"""

from __future__ import annotations

import time
import warnings
from statistics import median

import numpy as np
import pandas as pd

import csi_lib

ROWS, FACTORS, PER_FACTOR = 2_500, 5, 5
BLOCKS = {f"F{f + 1}": [f"x{f * PER_FACTOR + k + 1}" for k in range(PER_FACTOR)] for f in range(FACTORS)}
TEXT = "\n".join(f"{factor} =~ {' + '.join(items)}" for factor, items in BLOCKS.items())


def answers() -> pd.DataFrame:
    """Continuous answers with loadings .5 to .9 and factors that correlate at .4."""
    random = np.random.default_rng(0)
    factors = random.multivariate_normal(np.zeros(FACTORS), 0.6 * np.eye(FACTORS) + 0.4, ROWS)
    loadings = np.tile(np.linspace(0.9, 0.5, PER_FACTOR), FACTORS)
    noise = random.normal(size=(ROWS, FACTORS * PER_FACTOR)) * np.sqrt(1 - loadings**2)
    names = [item for items in BLOCKS.values() for item in items]
    return pd.DataFrame(np.repeat(factors, PER_FACTOR, axis=1) * loadings + noise, columns=names)


def seconds(run, rounds: int = 5) -> float:
    """Median of some rounds after one to warm up."""
    run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times)


def semopy_fit(frame: pd.DataFrame):
    """A call that fits, inspects and takes fit indices with semopy, or the reason why there is none."""
    try:
        import semopy
    except ImportError:
        return None, "semopy is not installed"

    def run():
        model = semopy.Model(TEXT)
        model.fit(frame)
        model.inspect(std_est=True)
        semopy.calc_stats(model)

    try:
        run()
    except Exception as error:
        return None, f"semopy {semopy.__version__} fails here: {type(error).__name__}"
    return run, f"semopy {semopy.__version__}"


def measure() -> list[dict]:
    warnings.simplefilter("ignore")
    frame = answers()
    ordered = pd.DataFrame(np.digitize(frame, [-1.2, -0.4, 0.4, 1.2]), columns=frame.columns)
    holes = frame.mask(np.random.default_rng(1).random(frame.shape) < 0.01)
    grouped = frame.assign(agency=np.arange(ROWS) % 2)
    peer, name = semopy_fit(frame)
    peer_seconds = None if peer is None else seconds(peer, 3)
    work = [
        ("CFA, ML, 25 items x 2,500 rows", 0.5, lambda: csi_lib.cfa(frame, BLOCKS), peer_seconds, name),
        ("the same, MLR", None, lambda: csi_lib.cfa(frame, BLOCKS, estimator="MLR"), None, ""),
        ("the same, FIML, 1 % of the answers missing", None,
         lambda: csi_lib.cfa(holes, BLOCKS, estimator="FIML"), None, ""),
        ("the same, WLSMV, five categories", None,
         lambda: csi_lib.cfa(ordered, BLOCKS, estimator="WLSMV"), None, ""),
        ("invariance in two groups, four levels", None,
         lambda: csi_lib.invariance(grouped, BLOCKS, "agency"), None, ""),
        ("polychoric matrix with errors, 25 items x 2,500 rows", 2.0,
         lambda: csi_lib.polychoric(ordered), None, ""),
        ("HTMT with 1,000 bootstrap samples", None,
         lambda: csi_lib.htmt(frame, BLOCKS, n_boot=1000, seed=0), None, ""),
    ]  # fmt: skip
    rows = []
    for what, goal, run, other, peer_name in work:
        mine = seconds(run)
        rows.append(
            {
                "work": what,
                "seconds": mine,
                "goal": goal,
                "peer": peer_name,
                "peer_seconds": other,
                "ratio": None if other is None else mine / other,
            }
        )
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
