"""A survey made of plain arrays, and answers drawn from known populations."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd

from csi_lib.models.engine import evaluate_nodes
from csi_lib.models.weighting import estimate_weights
from csi_lib.survey.design import SurveyDesign


class Answered:
    """What a model needs of a survey: frame, codebook, design, and whose it is."""

    source = "customers"

    def __init__(self, frame, *, low=1, high=7, scales=None, agency="a", year=2024, asked=None, **design):
        self.frame, self.agency, self.year = frame, agency, year
        self.design = SurveyDesign(frame, **design)
        ends = scales or {}
        scale = lambda item: SimpleNamespace(
            low=ends.get(item, (low, high))[0],
            high=ends.get(item, (low, high))[1],
            points=ends.get(item, (low, high))[1] - ends.get(item, (low, high))[0] + 1,
        )
        columns = {
            c: SimpleNamespace(available_in=lambda year, c=c: asked is None or c in asked, reverse=False) for c in frame
        }
        self.codebook = SimpleNamespace(
            scale=scale, items=[c for c in frame if frame[c].dtype.kind == "f"], columns=columns
        )


def likert(items, n, *, points=7, seed=0, level=0.3, loading=0.7, blocks=1):
    """Answers 1..points of correlated items; blocks share a factor of their own."""
    rng = np.random.default_rng(seed)
    general, own = rng.normal(size=n), rng.normal(size=(n, blocks))
    cuts = np.linspace(-1.6, 1.6, points - 1)
    columns = {}
    for k, item in enumerate(items):
        latent = (
            level + loading * (0.8 * general + 0.6 * own[:, k % blocks]) + np.sqrt(1 - loading**2) * rng.normal(size=n)
        )
        columns[item] = 1.0 + np.searchsorted(cuts, latent)
    return pd.DataFrame(columns)


def index_at(model, answers, weights) -> float:
    """The index of these answers when respondents count `weights` times."""
    answers = replace(answers, weights=np.asarray(weights, float))
    found = estimate_weights(model.file, answers)
    return float(evaluate_nodes(model.file, answers, found, np.zeros(len(weights), int), 1)[model.file.index].value[0])


def bootstrap_se(model, survey, *, replicates=400, seed=0) -> float:
    """Standard error of the index when respondents are drawn again and weights are estimated again."""
    rng, answers, n = np.random.default_rng(seed), model.answers(survey), len(survey.frame)
    draws = rng.multinomial(n, np.full(n, 1 / n), size=replicates)
    return float(np.std([index_at(model, answers, d) for d in draws], ddof=1))
