"""Do the 95 % intervals of every index model hold the truth? Samples of a known population, scored by the real code.

The truth is the index of all people of the population, its weights estimated on all of them. Samples are drawn by a
stratified design with unequal chances (weights), by a design of offices within strata (clusters), and raked to margins;
some answers are missing. 93–97 % of the intervals must hold the truth from 200 interviews; smaller samples are shown
without a verdict, and with a quarter of the replications.

``PYTHONPATH=. python tests/bench/coverage_models.py [replications]`` prints a table; 2,000 take some minutes.
"""

from __future__ import annotations

import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.models.index import IndexModel, bundled_models
from csi_lib.models.spec import Sectors
from csi_lib.survey.weighting import rake
from tests.models.populations import Answered

#: people of the population, per office; strata and how many of 10 interviews fall to each
OFFICES, PEOPLE, STRATA = 1200, 40, 4
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
#: of the population; the sample has equal parts, so that weights run from 1 to 4
LIMITS = (0.93, 0.97)
ITEMS = [f"q{k}" for k in range(1, 13)]  # of the models that take whatever fits


@dataclass(frozen=True)
class World:
    """A population on the scale of a model, with strata of unequal size and offices that differ."""

    model: IndexModel
    frame: pd.DataFrame
    scale: dict

    def sample(self, rows: np.ndarray, weights: np.ndarray, **design) -> Answered:
        frame = self.frame.iloc[rows].reset_index(drop=True)
        return Answered(frame.assign(weight=weights), **self.scale, weights="weight", **design)


@lru_cache(maxsize=2)
def world(name: str, seed: int = 11) -> World:
    """Answers that follow one general satisfaction, a factor of each leaf node, strata and offices."""
    base, _, sectors = name.partition(" with sectors")
    model, rng = IndexModel.load(base + sectors), np.random.default_rng(seed)
    if base != name:
        model = model.bound({}, sectors=Sectors(by="stratum", criteria={"sales": {"0": 40, "1": 30, "2": 20, "3": 10}}))
    file = model.file
    points = {"five-level": 5, "top2": 5, "ecsi": 10, "acsi": 10, "ncsi": 10}.get(name, 7)
    n = OFFICES * PEOPLE
    office = np.repeat(np.arange(OFFICES), PEOPLE)
    stratum = np.searchsorted(np.cumsum(SHARES), (np.arange(OFFICES) + 0.5) / OFFICES)[office]
    general = 0.9 * rng.normal(size=n) + 0.4 * rng.normal(size=OFFICES)[office] + 0.25 * (stratum - 1)
    columns: dict[str, np.ndarray] = {}
    picks = {c for node in file.nodes for c in node.weights.picks or ()}
    cuts = np.sort(np.linspace(-2.2, 1.2, points - 1))  # more praise than blame
    leaves = [node for node in [*file.nodes, *file.side] if node.items]
    for node in leaves:
        own = rng.normal(size=n)
        names = ITEMS if node.items == ["*"] else [*node.items, *([node.asked] if node.asked else ())]
        for k, item in enumerate(dict.fromkeys([*names, *(node.minus or ())])):
            if item in columns:
                continue
            expected = item in (node.minus or ())
            load = 0.72 + 0.05 * (k % 4)
            latent = load * (0.8 * general + 0.6 * own) + np.sqrt(1 - load**2) * rng.normal(size=n) + 0.15 * (k % 3)
            latent = 0.3 * latent + rng.normal(size=n) + 0.8 if expected else latent
            columns[item] = 1.0 + np.searchsorted(cuts, latent)
    for node in file.nodes:
        if node.asked and node.asked not in columns:
            columns[node.asked] = 1.0 + np.searchsorted(cuts, 0.8 * general + 0.6 * rng.normal(size=n))
    for node in file.nodes:
        for column in node.weights.picks or ():
            appeal = (
                rng.gumbel(size=(n, len(node.parts))) + np.linspace(0.8, 0, len(node.parts)) + 0.2 * stratum[:, None]
            )
            columns[column] = np.array(node.parts, dtype=object)[appeal.argmax(axis=1)]
    for node in file.nodes:
        for column in node.bonus.items if node.bonus else ():
            columns[column] = rng.choice([0.0, 1.0, 2.0, 3.0], n, p=[0.6, 0.2, 0.1, 0.1])
    frame = pd.DataFrame(columns)
    for column in frame:
        if column not in picks and not any(node.bonus and column in node.bonus.items for node in file.nodes):
            frame.loc[rng.random(n) < 0.03, column] = np.nan
    frame["stratum"], frame["office"] = stratum, office
    frame["age"] = np.searchsorted([-0.7, 0.6], 0.6 * general + rng.normal(size=n))  # the satisfied are older
    scale = {"low": 1, "high": points, "scales": {"office": (0, 0), "weight": (0, 0), "age": (0, 0)}}
    return World(model, frame, scale)


@lru_cache(maxsize=4)
def truth(name: str) -> dict[str, float]:
    """Every node's value in the population."""
    it = world(name)
    everybody = it.sample(np.arange(len(it.frame)), np.ones(len(it.frame)))
    rows = it.model.evaluate(everybody).select(statistic="index").frame
    return dict(zip(rows["measure"], rows["estimate"], strict=True))


def stratified(it: World, n: int, rng) -> Answered:
    """n/4 people of each stratum: weights proportional to the strata's sizes."""
    stratum = it.frame["stratum"].to_numpy()
    each = n // STRATA
    rows = np.concatenate([rng.choice(np.flatnonzero(stratum == h), each, replace=False) for h in range(STRATA)])
    size = np.bincount(stratum, minlength=STRATA)
    return it.sample(rows, np.repeat(size / each, each), strata="stratum")


def clustered(it: World, n: int, rng, people: int = 5) -> Answered:
    """n/20 offices of each stratum, `people` in each."""
    by_stratum = [np.unique(it.frame["office"].to_numpy()[it.frame["stratum"].to_numpy() == h]) for h in range(STRATA)]
    each = n // (STRATA * people)
    rows, weights = [], []
    for offices in by_stratum:
        for office in rng.choice(offices, each, replace=False):
            rows.append(office * PEOPLE + rng.choice(PEOPLE, people, replace=False))
            weights.append(np.full(people, len(offices) * PEOPLE / (each * people)))
    return it.sample(np.concatenate(rows), np.concatenate(weights), strata="stratum", clusters="office")


def raked(it: World, n: int, rng) -> Answered:
    """The stratified sample raked to the population by age and stratum."""
    sample = stratified(it, n, rng)
    margins = {c: it.frame[c].value_counts().to_dict() for c in ("age", "stratum")}
    sample.design = rake(sample.design, margins).design
    return sample


DESIGNS = {"stratified": stratified, "clustered": clustered, "raked": raked}
CASES = ((50, "stratified"), (100, "stratified"), (200, "stratified"), (200, "clustered"), (200, "raked"))
#: beside the bundled models: their other editions, and sectors
VARIANTS = ["iudc-external with sectors", "kcsi@40-40-20", "kindness-phone@1"]


def coverage(name: str, n: int, design: str = "stratified", replications: int = 2000, seed: int = 1) -> dict:
    """Share of intervals that hold the truth: of the index, and the lowest and highest of the other nodes.

    A sample that the model refuses in words (an outer weight below 0 in a very small sample) has no interval; such
    samples are counted in `refused`.
    """
    it, true, rng = world(name), truth(name), np.random.default_rng([seed, n, *map(ord, name + design)])
    index = it.model.file.index
    hits, error, refused = dict.fromkeys(true, 0), [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        for _ in range(replications):
            try:
                rows = it.model.evaluate(DESIGNS[design](it, n, rng)).select(statistic="index").frame
            except InputError:
                refused += 1
                continue
            for measure, estimate, se, low, high in rows[["measure", "estimate", "se", "ci_low", "ci_high"]].itertuples(
                index=False
            ):
                hits[measure] += low <= true[measure] <= high
                if measure == index:
                    error.append((estimate - true[measure], se))
    used = replications - refused
    deviation, se = np.array(error).T
    others = [hits[m] / used for m in true if m != index] or [hits[index] / used]
    return {
        "model": name, "design": design, "n": n, "coverage": hits[index] / used, "nodes_low": min(others),
        "nodes_high": max(others), "bias": deviation.mean() / deviation.std(), "se_ratio": se.mean() / deviation.std(),
        "refused": refused,
    }  # fmt: skip


def verdict(row: dict) -> str:
    if row["n"] < 200:
        return ""
    return "ok" if LIMITS[0] <= row["coverage"] <= LIMITS[1] else "MISSED"


def main(replications: int = 2000, names=None, processes: int = 2) -> int:
    """Prints the table; 1 when an index of 200 or more interviews misses 93–97 %."""
    names = names or sorted([*bundled_models(), *VARIANTS])
    jobs = [(m, n, d) for m in names for n, d in CASES]
    counts = [replications if n >= 200 else replications // 4 for _, n, _ in jobs]
    start = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        rows = list(pool.map(coverage, *zip(*jobs, strict=True), counts, chunksize=len(CASES)))
    print(f"{replications:,} replications ({replications // 4:,} below 200 interviews), intervals of 95%")
    print(
        f"{'model':<18} {'design':<11} {'n':>4} {'index':>6} {'other nodes':>13} {'bias/sd':>8} {'se/sd':>6} {'refused':>8}"
    )
    for row in rows:
        print(
            f"{row['model']:<26} {row['design']:<11} {row['n']:>4} {row['coverage']:>6.3f} "
            f"{row['nodes_low']:>6.3f}–{row['nodes_high']:.3f} {row['bias']:>8.2f} {row['se_ratio']:>6.2f} "
            f"{row['refused']:>8} {verdict(row)}"
        )
    print(f"{time.perf_counter() - start:.0f} s with {processes} processes", file=sys.stderr)
    return int(any(verdict(row) == "MISSED" for row in rows))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, sys.argv[2:] or None))
