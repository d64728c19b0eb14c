"""Data of our own for the oracles: made here, valued in R by reference.R, tested on any clone.

``python generate.py`` writes the CSV files beside it, the same bytes every time; then ``Rscript reference.R`` writes
reference.json. Nobody's answers are in them.
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def ordinal(seed: int = 11) -> pd.DataFrame:
    """400 respondents, nine items on 1–5 of three factors (skewed, one hardly loading), a group and a weight."""
    random = np.random.default_rng(seed)
    n = 400
    r = np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]])
    factors = random.multivariate_normal(np.zeros(3), r, n)
    loading = np.array([0.8, 0.7, 0.6, 0.75, 0.65, 0.5, 0.85, 0.7, 0.3])
    latent = factors[:, np.repeat([0, 1, 2], 3)] * loading + random.normal(size=(n, 9)) * np.sqrt(1 - loading**2)
    cuts = [-1.6, -0.8, 0.1, 1.0]
    frame = pd.DataFrame(
        1 + np.digitize(latent + np.linspace(-0.3, 0.5, 9), cuts), columns=[f"q{j}" for j in range(1, 10)]
    )
    frame["overall"] = 1 + np.digitize(factors @ [0.5, 0.4, 0.2] + 0.5 * random.normal(size=n), cuts)
    frame["office"] = np.where(random.random(n) < 0.45, "north", "south")
    frame["w"] = np.round(random.gamma(4, 0.25, n) + 0.2, 3)
    return frame


def missing(seed: int = 12) -> pd.DataFrame:
    """The same answers with 8 % gone, more of them where the first answer is low."""
    random = np.random.default_rng(seed)
    frame = ordinal().astype({f"q{j}": "Int64" for j in range(1, 10)})
    share = np.where(ordinal()["q1"] <= 2, 0.15, 0.06)
    for j in range(2, 10):
        frame.loc[random.random(len(frame)) < share, f"q{j}"] = pd.NA
    return frame


def small(seed: int = 13) -> pd.DataFrame:
    """24 respondents, five continuous items, the fifth all but the sum of the first two (nearly singular)."""
    random = np.random.default_rng(seed)
    t = random.normal(size=24)
    frame = pd.DataFrame({f"x{j}": 0.7 * t + 0.7 * random.normal(size=24) for j in range(1, 5)})
    frame["x5"] = frame["x1"] + frame["x2"] + 0.01 * random.normal(size=24)
    frame["y"] = 0.5 * frame["x3"] + 0.3 * frame["x4"] + random.normal(size=24)
    return frame.round(5)


def raters(seed: int = 14) -> pd.DataFrame:
    """40 subjects rated by four raters on 1–5, one of them more lenient, a tenth of the fourth's ratings missing."""
    random = np.random.default_rng(seed)
    t = random.normal(size=40)
    frame = pd.DataFrame(
        {
            f"r{j}": np.clip(np.round(3 + t + 0.6 * random.normal(size=40) + (j == 3) * 0.5), 1, 5).astype(int)
            for j in range(1, 5)
        }
    )
    frame["r4_gaps"] = frame["r4"].astype("Int64").mask(random.random(40) < 0.1)
    frame["second"] = np.round(2 * t + 0.5 * random.normal(size=40) + 10.2, 3)
    frame["first"] = np.round(2 * t + 0.5 * random.normal(size=40) + 10, 3)
    return frame


def survey(seed: int = 15) -> pd.DataFrame:
    """Four strata of 20, 16, 12 and 30 clusters, of which 6, 5, 4 and 8 are drawn; a score with gaps, a share, a group."""
    random = np.random.default_rng(seed)
    rows = []
    for stratum, (clusters, drawn) in enumerate([(20, 6), (16, 5), (12, 4), (30, 8)]):
        for cluster in range(drawn):
            level = random.normal(60 + 4 * stratum, 6)
            for _ in range(int(random.integers(6, 14))):
                score = level + 12 * random.normal()
                rows.append(
                    {
                        "stratum": f"s{stratum + 1}",
                        "cluster": f"c{stratum + 1}{cluster + 1:02d}",
                        "fpc": clusters,
                        "w": round(clusters / drawn * random.uniform(8, 14), 3),
                        "score": round(score, 2),
                        "hit": int(random.random() < 1 / (1 + np.exp(-(score - 75) / 10))),
                        "group": random.choice(["a", "b", "c"], p=[0.5, 0.35, 0.15]),
                        "sex": random.choice(["f", "m"]),
                        "age": int(random.integers(20, 80)),
                    }
                )
    frame = pd.DataFrame(rows)
    frame.loc[random.random(len(frame)) < 0.05, "score"] = np.nan
    return frame


def path(seed: int = 16) -> pd.DataFrame:
    """250 customers on 1–10 scales: quality → value → satisfaction → loyalty, as in a customer index."""
    random = np.random.default_rng(seed)
    n = 250
    quality = random.normal(size=n)
    value = 0.6 * quality + 0.8 * random.normal(size=n)
    satisfaction = 0.5 * quality + 0.3 * value + 0.7 * random.normal(size=n)
    loyalty = 0.7 * satisfaction + 0.7 * random.normal(size=n)
    blocks = {"qual": (quality, 4), "val": (value, 2), "sat": (satisfaction, 3), "loy": (loyalty, 2)}
    return pd.DataFrame(
        {
            f"{name}{j}": np.clip(np.round(6.5 + 1.5 * (0.85 * score + 0.5 * random.normal(size=n))), 1, 10).astype(int)
            for name, (score, count) in blocks.items()
            for j in range(1, count + 1)
        }
    )


if __name__ == "__main__":
    for make in (ordinal, missing, small, raters, survey, path):
        make().to_csv(HERE / f"{make.__name__}.csv", index=False, lineterminator="\n")
