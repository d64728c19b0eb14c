"""Answers to try things on, made from a seed; nobody's."""

from __future__ import annotations

import numpy as np
import pandas as pd


def example_answers(n: int = 300, seed: int = 7) -> pd.DataFrame:
    """Answers of `n` visitors of two offices: what the examples of this library run on.

    Columns: ``q1 … q6`` (1–5; q1–q3 kindness, q4–q6 facilities), ``overall`` (1–5), ``recommend`` (0–10), ``first`` and
    ``second`` (two raters' codes 1–4), ``office``, ``sex`` and the weight ``w``. The same seed gives the same answers.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.example_answers().shape
    (300, 13)
    """
    random = np.random.default_rng(seed)
    kind, place = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n).T
    latent = np.column_stack([0.8 * (kind if j < 3 else place) + 0.6 * random.normal(size=n) for j in range(6)])
    frame = pd.DataFrame(np.clip(np.round(3.4 + latent), 1, 5).astype(int), columns=[f"q{j}" for j in range(1, 7)])
    whole = 0.6 * kind + 0.4 * place
    frame["overall"] = np.clip(np.round(3.4 + whole + 0.5 * random.normal(size=n)), 1, 5).astype(int)
    frame["recommend"] = np.clip(np.round(7 + 2 * whole + random.normal(size=n)), 0, 10).astype(int)
    for name in ("first", "second"):
        frame[name] = np.clip(np.round(2.5 + whole + 0.4 * random.normal(size=n)), 1, 4).astype(int)
    frame["office"] = np.where(random.random(n) < 0.4, "north", "south")
    frame["sex"] = random.choice(["f", "m"], n)
    frame["w"] = np.round(random.uniform(0.5, 1.5, n), 2)
    return frame
