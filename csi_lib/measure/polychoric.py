"""Polychoric correlations: what ordered answers say about the continuous variables behind them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.cfa_data import as_frame, numbers, weights_of
from csi_lib.measure.ordered_moments import ordered_moments
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class Polychoric(Result):
    """Polychoric correlations of k ordered items.

    Attributes
    ----------
    correlations, se : DataFrame (k, k)
        Correlations and their standard errors (0 on the diagonal), which count the estimated thresholds.
    thresholds : DataFrame
        ``item threshold category estimate se``: `category` is the answer just below the threshold.
    n : int
        Rows used (under pairwise deletion: rows with any answer); `pair_n` (k, k) by pair.
    smoothed : bool
        Whether the matrix had to be made positive definite.
    """

    SUMMARY = ("n", "smoothed")
    TABLE = "thresholds"
    MATRICES = ("correlations", "se")

    correlations: pd.DataFrame
    se: pd.DataFrame
    thresholds: pd.DataFrame
    n: int
    pair_n: pd.DataFrame
    smoothed: bool


def polychoric(
    items: pd.DataFrame | np.ndarray, *, weights=None, missing: str = "listwise", smooth: bool = True
) -> Polychoric:
    r"""Polychoric (for two categories: tetrachoric) correlations in two steps.

    Each item's thresholds are the normal quantiles of its cumulative shares; given these, the correlation of
    each pair maximises :math:`\sum_{ab} n_{ab} \log \pi_{ab}(\rho)`, where :math:`\pi_{ab}` is the bivariate
    normal probability of the cell.

    Parameters
    ----------
    items : DataFrame (rows, k) or array
        Ordered answers as numbers or ordered categories; at most 30 different values per item.
    weights : column name or values, optional
        Sampling weights; scaled to sum to n. Standard errors count them.
    missing : {"listwise", "pairwise"}
        "listwise" drops rows with any missing answer; "pairwise" uses all answers to an item for its
        thresholds and all rows with both answers for a pair.
    smooth : bool
        Make a matrix that is not positive definite so, with a warning: eigenvalues below 1e-12 are raised
        and the result rescaled to a correlation matrix.

    Returns
    -------
    Polychoric

    Raises
    ------
    InputError
        Items that are not numeric, constant, or have more than 30 values.

    Warns
    -----
    MeasureWarning
        An empty category within an item's range; an empty cell in a 2 x 2 table (1/2 is added, keeping the
        margins); a correlation at its bound; a smoothed matrix.

    Notes
    -----
    Standard errors are those of Muthen's (1984) estimator, by products of the scores, with divisor n - 1.

    R: ``lavaan::lavCor(items, ordered = names(items), se = "standard")``; ``psych::tetrachoric``;
    ``psych::polychoric(items, correct = 0)$rho``, which stops its search earlier (differences up to 3e-5).

    References
    ----------
    Olsson (1979), Psychometrika 44; Muthen (1984), Psychometrika 49.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.polychoric(answers[["q1", "q2", "q3"]]).correlations.round(2)
          q1    q2    q3
    q1  1.00  0.63  0.59
    q2  0.63  1.00  0.61
    q3  0.59  0.61  1.00
    """
    if missing not in ("listwise", "pairwise"):
        raise InputError(f"'{missing}' is not known", where="missing", expected="listwise or pairwise")
    frame = as_frame(items)
    mass = None if weights is None else weights_of(frame, weights)
    if isinstance(weights, str):
        frame = frame.drop(columns=weights)
    names = list(frame.columns)
    if len(names) < 2:
        raise InputError("a correlation needs two items", where="items", found=str(len(names)))
    values = numbers(frame, names)
    keep = ~np.isnan(values)
    keep = keep.all(axis=1) if missing == "listwise" else keep.any(axis=1)
    if mass is not None:
        if (mass < 0).any() or not (mass[keep] > 0).any():
            raise InputError("the weights are negative, or all zero or missing", where="weights")
        keep &= mass > 0
        mass = mass[keep] * (keep.sum() / mass[keep].sum())
    found = ordered_moments(values[keep], names, mass)
    for message in found.messages:
        warnings.warn(message, MeasureWarning, stacklevel=2)
    r, smoothed = found.matrix(), False
    if smooth and np.linalg.eigvalsh(r)[0] < 1e-12:
        r, smoothed = smooth_correlations(r), True
        warnings.warn(
            "the matrix of polychoric correlations was not positive definite and has been smoothed; "
            "leave out items that say the same, or collect more answers",
            MeasureWarning,
            stacklevel=2,
        )
    se = found.standard_errors() * np.sqrt(keep.sum() / max(keep.sum() - 1, 1))
    count = len(found.threshold_item)
    matrix_se = np.zeros_like(r)
    matrix_se[found.pairs] = matrix_se[found.pairs[::-1]] = se[count:]
    thresholds = pd.DataFrame(
        {
            "item": [names[j] for j in found.threshold_item],
            "threshold": [f"t{k + 1}" for k in found.threshold_rank],
            "category": [found.categories[j][k] for j, k in zip(found.threshold_item, found.threshold_rank)],
            "estimate": found.thresholds,
            "se": se[:count],
        }
    )
    answered = (~np.isnan(values[keep])).astype(float)
    pair_n = (answered.T @ answered).astype(int)
    table = lambda matrix: pd.DataFrame(matrix, names, names)
    return Polychoric(table(r), table(matrix_se), thresholds, int(keep.sum()), table(pair_n), smoothed)


def smooth_correlations(r: np.ndarray, floor: float = 1e-12) -> np.ndarray:
    """Nearest-by-eigenvalues positive definite correlation matrix (as ``psych::cor.smooth``)."""
    values, vectors = np.linalg.eigh(r)
    values = np.where(values < floor, 100 * floor, values)
    values *= len(r) / values.sum()
    out = (vectors * values) @ vectors.T
    sd = np.sqrt(np.diag(out))
    return out / np.outer(sd, sd)
