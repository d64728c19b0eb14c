"""Reliability of the model's scales as results rows."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.alpha import cronbach_alpha


def scales(chapter) -> dict[str, list[str]]:
    """Node → its items, for every node with at least two items that were answered."""
    out = {}
    for node in chapter.model.file.order:
        items = [chapter.model.binding.get(i, i) for i in node.items or ()]
        items = [i for i in items if chapter.survey.frame[i].notna().any()]
        if len(items) > 1:
            out[node.id] = items
    return out


def alpha_rows(chapter) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recorded rows of α per scale, and of the corrected item–total correlation and α-if-dropped per item.

    Answers on 0–100 (so that items of different scales weigh alike), listwise within the scale, with the survey weights.
    A scale whose α cannot be computed has a row without estimate; the reason stands in ``value_text``.
    """
    survey, whole, parts = chapter.survey, [], []
    model = {"model": chapter.model.name, "formula_edition": chapter.model.file.formula_edition}
    for node, items in scales(chapter).items():
        columns = {}
        for item in items:
            scale = survey.codebook.scale(item)
            columns[item] = 100 * (survey.frame[item].astype(float) - scale.low) / (scale.high - scale.low)
        frame = pd.DataFrame(columns)
        row = {"measure": node, "statistic": "alpha", "unit": "coefficient", **model}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MeasureWarning)
                result = cronbach_alpha(frame, weights=np.asarray(survey.design.weights, float),
                                        ci=chapter.reading.confidence)  # fmt: skip
        except InputError as error:
            whole.append(
                {
                    **row,
                    "estimate": np.nan,
                    "n": int(frame.notna().all(axis=1).sum()),
                    "value_text": str(error),
                    "flag": "not_available",
                }
            )
            continue
        whole.append(
            {**row, "estimate": result.alpha, "ci_low": result.ci_low, "ci_high": result.ci_high, "n": result.n}
        )
        for line in result.item_statistics.to_dict("records"):
            for statistic in ("r_corrected", "alpha_if_dropped"):
                parts.append(
                    {
                        "measure": f"{node}>{line['item']}",
                        "statistic": statistic,
                        "estimate": line[statistic],
                        "unit": "coefficient",
                        "n": line["n"],
                        **model,
                    }
                )
    return chapter.record(whole), chapter.record(parts)


def weight_rows(chapter) -> pd.DataFrame:
    """The model's weights with the label of the parent each belongs to."""
    rows = chapter.rows(model=chapter.model.name, statistic="weight", by1=None)
    rows["parent_label"] = [chapter.labels.measure(m.split(">")[0]) for m in rows["measure"]]
    return rows


def diagram(chapter) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nodes (results rows of every construct and item) and edges (weights with their row ids) of the model's tree."""
    model, weights = chapter.model, weight_rows(chapter)
    bind = lambda name: model.binding.get(name, name)
    edges = pd.DataFrame(
        {
            "parent": [m.split(">")[0] for m in weights["measure"]],
            "child": [bind(m.split(">")[1]) for m in weights["measure"]],
            "weight": weights["estimate"].astype(float),
            "row_id": weights["row_id"],
        }
    )
    nodes = [n.id for n in model.file.order if n.id in set(edges["parent"]) | set(edges["child"])]
    items = [c for c in edges["child"] if c not in nodes]
    scores = chapter.rows(measure=nodes, model=model.name, statistic="index", by1=None)
    return pd.concat([scores, chapter.rows(measure=items, statistic="mean", by1=None)], ignore_index=True), edges
