"""Do 95 % intervals hold the truth 95 % of the time? Samples from a known population, by the real estimators.

``python tests/bench/coverage_design.py [replications]`` prints a table; 2,000 take about a minute.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

from csi_lib.errors import MeasureWarning
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.weighting import rake


def population(seed: int = 7) -> pd.DataFrame:
    """4 strata × 60 offices × 50 customers; offices differ, strata differ, satisfaction is skewed."""
    rng = np.random.default_rng(seed)
    strata, offices, people = 4, 60, 50
    stratum = np.repeat(np.arange(strata), offices * people)
    office = np.repeat(np.arange(strata * offices), people)
    quality = rng.normal(0, 4, strata * offices)[office] + np.array([0, 3, -4, 6])[stratum]
    y = np.clip(70 + quality + 15 * (1 - rng.gamma(2, 0.5, len(office))), 0, 100)
    return pd.DataFrame({
        "stratum": stratum, "office": office, "y": y, "x": rng.gamma(4, 2, len(y)) + y / 20,
        "group": np.where(rng.random(len(y)) < 0.3, "a", "b"), "sex": rng.choice(["f", "m"], len(y)),
        "top": (y > 80).astype(float), "offices": offices, "people": people,
    })  # fmt: skip


def two_stage(pop: pd.DataFrame, rng, offices: int, people: int) -> SurveyDesign:
    """`offices` per stratum, `people` in each, both without replacement."""
    rows = pop.index.to_numpy().reshape(4, 60, 50)
    chosen = [
        rows[h, o, rng.choice(50, people, replace=False)]
        for h in range(4)
        for o in rng.choice(60, offices, replace=False)
    ]
    sample = pop.loc[np.concatenate(chosen)].reset_index(drop=True)
    sample["person"] = np.arange(len(sample))
    return SurveyDesign(sample, strata="stratum", clusters=["office", "person"], fpc=["offices", "people"])


def main(replications: int = 2000, offices: int = 10, people: int = 6, seed: int = 1) -> list[dict]:
    """Rows ``name coverage replications``; samples of 4 × `offices` × `people`."""
    pop = population()
    truth = {
        "mean, t": pop["y"].mean(),
        "ratio, t": pop["y"].sum() / pop["x"].sum(),
        "domain mean, t": pop.loc[pop["group"] == "a", "y"].mean(),
        "share, logit": pop["top"].mean(),
        "share, beta": pop["top"].mean(),
        "median, Woodruff": pop["y"].quantile(0.5),
        "difference of groups, t": pop.groupby("group")["y"].mean().diff().iloc[-1] * -1,
        "raked mean, t": pop["y"].mean(),
        "jackknife mean, t": pop["y"].mean(),
    }
    hits = dict.fromkeys(truth, 0)
    margins = {"sex": pop["sex"].value_counts().to_dict(), "stratum": pop["stratum"].value_counts().to_dict()}
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        for _ in range(replications):
            d = two_stage(pop, rng, offices, people)
            frames = {
                "mean, t": d.mean("y"),
                "ratio, t": d.ratio("y", "x"),
                "domain mean, t": d.mean("y", by="group"),
                "share, logit": d.proportion("top"),
                "share, beta": d.proportion("top", method="beta"),
                "median, Woodruff": d.quantile("y"),
                "difference of groups, t": d.difference("y", "group"),
                "raked mean, t": rake(d, margins).design.mean("y"),
                "jackknife mean, t": d.replicates("JKn").mean("y"),
            }
            for name, frame in frames.items():
                hits[name] += bool(frame["ci_low"].iloc[0] <= truth[name] <= frame["ci_high"].iloc[0])
    table = [{"name": k, "coverage": v / replications, "replications": replications} for k, v in hits.items()]
    for row in table:
        print(f"{row['name']:<28} {row['coverage']:.3f}")
    return table


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
