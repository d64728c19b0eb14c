"""Standard errors of indices by replication: everything estimated again with every set of replicate weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.models.engine import evaluate_nodes
from csi_lib.models.external import resolved
from csi_lib.models.index import IndexModel
from csi_lib.models.valuation import by_sector, sectors_of
from csi_lib.models.weighting import estimate_weights
from csi_lib.survey.assembly import sample_of
from csi_lib.survey.description import asked_for, groupings
from csi_lib.survey.estimates import Estimates, t_interval
from csi_lib.survey.influence import Influence


def replicated(
    model: IndexModel,
    survey,
    by: Sequence[str | tuple[str, ...]] = (),
    *,
    kind: str = "auto",
    replicates: int = 500,
    seed: int | None = None,
    agency: str | None = None,
) -> Estimates:
    """The rows of `IndexModel.evaluate` with standard errors by replication instead of linearisation.

    Every replicate calibrates the sampling weights again (where the source declares a ``weighting``), estimates the
    model's weights again and scores every node again, so that nothing is taken for granted; it costs as many
    evaluations as there are replicates.

    Parameters
    ----------
    kind, replicates, seed : as `SurveyDesign.replicates`: ``auto`` (JK1 or JKn), ``BRR``, ``bootstrap``, ``rao-wu`` …

    Returns
    -------
    Estimates with the index and weight rows; intervals are t with the design's degrees of freedom. The rows covary, so
    that `contrast`, `letters` and `ranks` work on them. A replicate in which the model cannot be estimated is left
    out and counted in a MeasureWarning; more than half of them lost is an InputError.

    R: ``withReplicates(as.svrepdesign(design), theta)``.
    """
    used = model.fitted(survey) if model.file.open_ended else model
    if used.external:
        used = replace(used, file=resolved(used.file, used.external, agency or survey.agency, survey.year))
    by = asked_for(survey, by)
    base = used.evaluate(survey, by, agency=agency)
    keep = np.flatnonzero(base.frame["statistic"].isin(["index", "weight"]))
    base = base.take(keep)
    answers, groups = used.answers(survey), groupings(survey, by)
    sectors = sectors_of(used.file, survey, agency or survey.agency)
    design = survey.design.replicates(kind, replicates=replicates, seed=seed)
    found, lost = [], []
    for k in range(design.count):
        weights = design.replicate_weights(slice(k, k + 1))[:, 0]
        try:
            found.append(_scored(used.file, replace(answers, weights=weights), groups, sectors, base.frame))
        except InputError as error:
            found.append(np.full(len(base.frame), np.nan))
            lost.append(str(error))
    if lost:
        told = f"the model could not be estimated in {len(lost)} of {design.count} replicates ({lost[0][:120]})"
        if len(lost) > design.count // 2:
            raise InputError("most replicates give no index", where=f"model {model.name}", found=told)
        warnings.warn(told, MeasureWarning, stacklevel=2)
    return _estimates(base.frame, np.column_stack(found), design, survey)


def _scored(file, answers, groups, sectors, frame: pd.DataFrame) -> np.ndarray:
    """The values of the rows of `frame` under these sampling weights."""
    weights = estimate_weights(file, answers, influence=False)
    values: dict[tuple, float] = {}
    for grouping in groups:
        nodes = evaluate_nodes(file, answers, weights, grouping.codes, len(grouping))
        if sectors:
            nodes[file.index] = by_sector(file, answers, weights, grouping, *sectors)
        for name, part in nodes.items():
            for at, group in enumerate(grouping.groups):
                values["index", name, grouping.by, group] = part.value[at]
    share, _ = weights.normalised()
    values |= {("weight", f"{p}>{c}", (), ()): share[k] for k, (p, c) in enumerate(weights.edges)}
    text = lambda row, name: tuple(row[f"{name}{i}"] for i in (1, 2) if isinstance(row[f"{name}{i}"], str))
    return np.array([
        values.get((row["statistic"], row["measure"], text(row, "by"), text(row, "group")), np.nan)
        for row in frame[["statistic", "measure", "by1", "by2", "group1", "group2"]].to_dict("records")
    ])  # fmt: skip


def _estimates(frame: pd.DataFrame, replicates: np.ndarray, design, survey) -> Estimates:
    """Deviations of the replicates as influence: one unit per replicate, cov = deviation'deviation."""
    usable = np.isfinite(replicates)
    whole = usable[:, usable.any(axis=0)].all(axis=1)  # rows valued in every replicate that gave anything
    used = usable.any(axis=0)
    scale = design.scale * design.rscales[used] * len(used) / used.sum()
    theta = np.where(whole[:, None], replicates[:, used], 0.0)
    deviation = np.where(whole[:, None], (theta - theta.mean(axis=1, keepdims=True)) * np.sqrt(scale), 0.0)
    se = np.where(whole & frame["se"].notna().to_numpy(), np.sqrt((deviation**2).sum(axis=1)), np.nan)
    low, high = t_interval(frame["estimate"], se, frame["df"])
    out = frame.assign(se=se, ci_low=low, ci_high=high)
    with np.errstate(divide="ignore", invalid="ignore"):
        out["deff"] = frame["deff"] * (se / frame["se"].to_numpy(float)) ** 2
        out["n_effective"] = np.where(out["deff"] > 1e-12, out["n"] / out["deff"], np.nan)
    count = int(used.sum())
    piece = Influence(
        (*sample_of(survey), "replicates"), sparse.csc_matrix(deviation.T), np.arange(len(out)),
        np.zeros(count, dtype=int), np.ones(1), float(design.df), centred=False,
    )  # fmt: skip
    return Estimates(out, (piece,))
