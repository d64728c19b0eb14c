"""Differences and contrasts of means, from the covariance of all means concerned."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.errors import InputError, MeasureWarning, nearest
from csi_lib.survey import comparisons
from csi_lib.survey.estimation import DomainStatistic, Item, t_interval


def difference(design, cols, by, reference, ci, adjust) -> pd.DataFrame:
    """See `Estimators.difference`."""
    names = _names(design, cols, by)
    if len(names) < 2:
        raise InputError("a difference needs two groups or two items", where="difference", found=f"{len(names)}")
    if reference is None:
        pairs = list(combinations(range(len(names)), 2))
    else:
        base = _position(names, reference, "reference")
        pairs = [(i, base) for i in range(len(names)) if i != base]
    matrix = np.zeros((len(pairs), len(names)))
    for row, (first, second) in enumerate(pairs):
        matrix[row, first], matrix[row, second] = 1, -1
    labels = pd.DataFrame({"first": [names[i] for i, _ in pairs], "second": [names[j] for _, j in pairs]})
    return _combine(design, cols, by, matrix, labels, ci, adjust)


def contrast(design, cols, by, coefficients, ci) -> pd.DataFrame:
    """See `Estimators.contrast`."""
    names = _names(design, cols, by)
    named = coefficients
    if not all(isinstance(value, dict) for value in coefficients.values()):
        named = {"contrast": coefficients}
    matrix = np.zeros((len(named), len(names)))
    for row, weights in enumerate(named.values()):
        for name, weight in weights.items():
            matrix[row, _position(names, name, "coefficients")] = weight
    return _combine(design, cols, by, matrix, pd.DataFrame({"contrast": list(named)}), ci, "none")


def _combine(design, cols, by, matrix, labels, ci, adjust) -> pd.DataFrame:
    """Rows of `matrix` applied to the means: of the groups of each item, or of the items themselves."""
    domains = design.domains(by)
    batches = [[c] for c in cols] if by is not None else [list(cols)]
    frames = []
    for batch in batches:
        statistic = DomainStatistic([Item(c, lambda c=c: design.numeric(c), design._ones) for c in batch], domains)
        estimate = statistic.estimate(design.weights)
        gone = np.isnan(estimate)
        lacking = (matrix[:, gone] != 0).any(axis=1)
        if lacking.all():
            raise InputError(
                "nobody in the domain answered the item",
                where=", ".join(batch),
                action="Leave the group or item out of the comparison.",
            )
        if lacking.any():
            warnings.warn(
                f"{', '.join(map(str, batch))}: nobody answered in a group; {lacking.sum()} comparisons with it "
                "have no estimate",
                MeasureWarning,
                stacklevel=4,
            )
        covariance = matrix[~lacking] @ design.covariance_of(statistic) @ matrix[~lacking].T
        frame = labels.copy()
        if by is not None:
            frame.insert(0, "item", batch[0])
        found = _frame(
            frame[~lacking], matrix[~lacking] @ np.where(gone, 0.0, estimate), covariance, design.df, ci, adjust
        )
        frames.append(found.reindex(frame.index).combine_first(frame)[found.columns])
    return pd.concat(frames, ignore_index=True)


def _frame(frame, estimate, covariance, df, ci, adjust) -> pd.DataFrame:
    frame = frame.copy()
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(se > 0, estimate / se, np.where(estimate == 0, 0.0, np.inf * np.sign(estimate)))
    p = 2 * special.stdtr(max(df, 1), -np.abs(t))
    if adjust == "simultaneous":
        joint = comparisons.max_t(covariance, df)
        critical, adjusted = joint.critical(ci), joint.p_value(t)
        low, high = estimate - critical * se, estimate + critical * se
    else:
        adjusted = comparisons.adjust_p(p, method=adjust)
        low, high = t_interval(estimate, se, df, ci)
    columns = {
        "estimate": estimate, "se": se, "df": df, "ci_low": low, "ci_high": high,
        "statistic": t, "p_value": p, "p_adjusted": adjusted,
    }  # fmt: skip
    for name, values in columns.items():
        frame[name] = values
    return frame


def _names(design, cols, by) -> list:
    if by is None:
        return list(cols)
    labels = design.domains(by).labels
    if labels.shape[1] == 1:
        return labels.iloc[:, 0].tolist()
    return list(labels.itertuples(index=False, name=None))


def _position(names: list, name, where: str) -> int:
    if name in names:
        return names.index(name)
    like = nearest(str(name), map(str, names))
    raise InputError(
        "no such group or item",
        where=where,
        found=repr(name),
        expected=", ".join(map(str, names[:8])) + (" …" if len(names) > 8 else ""),
        action=f"Did you mean {like!r}?" if like else None,
    )
