"""The structural part of a path model (ECSI, ACSI, NCSI): path coefficients, total effects, explained variance."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from csi_lib.errors import MeasureWarning
from csi_lib.measure.pls import pls_path_model

#: bootstrap samples behind the intervals, and the seed that makes them repeatable
BOOTSTRAP, SEED = 1000, 2024


def structural_rows(chapter) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Recorded rows of the paths (statistic ``path``) and of the total effects on the index (``total_effect``).

    Percentile bootstrap intervals (1,000 samples, fixed seed). None when the index is not a path model.
    """
    file = chapter.model.file
    if not file.paths:
        return None
    blocks = {n.id: [chapter.model.binding.get(i, i) for i in n.items or ()] for n in file.nodes}
    items = list(dict.fromkeys(i for b in blocks.values() for i in b))
    scale = chapter.survey.codebook.scale(items[0])
    weights = np.asarray(chapter.survey.design.weights, float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        model = pls_path_model(
            chapter.survey.frame[items].astype(float),
            blocks,
            file.paths,
            weights=weights,
            scale=(scale.low, scale.high),
        )
        boot = model.bootstrap(BOOTSTRAP, SEED, ci=chapter.reading.confidence)
    base = {"model": chapter.model.name, "formula_edition": file.formula_edition, "unit": "coefficient", "n": model.n}
    keep = ("estimate", "se", "ci_low", "ci_high")
    paths = [
        {"measure": r["target"], "versus": r["source"], "statistic": "path", **{k: r[k] for k in keep}, **base}
        for r in boot.paths.to_dict("records")
    ]
    effects = [
        {"measure": r["source"], "versus": file.index, "statistic": "total_effect", **{k: r[k] for k in keep}, **base}
        for r in boot.effects.to_dict("records")
        if r["target"] == file.index and r["effect"] == "total"
    ]
    return _labelled(chapter, paths), _labelled(chapter, effects)


def _labelled(chapter, rows: list[dict]) -> pd.DataFrame:
    frame = chapter.labels.attach(chapter.record(rows))
    frame["versus_label"] = [chapter.labels.measure(v) for v in frame["versus"]]
    frame["pair"] = frame["versus"] + ">" + frame["measure"]
    frame["pair_label"] = frame["versus_label"] + " → " + frame["measure_label"]
    return frame
