"""Guttman's six lower bounds to reliability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from csi_lib.errors import InputError
from csi_lib.measure import readings
from csi_lib.measure.adequacy import correlated_items
from csi_lib.measure.extraction import inverse
from csi_lib.measure.inputs import Missing, read_option
from csi_lib.measure.shown import Result
from csi_lib.measure.split_half import best_split


@dataclass(frozen=True, repr=False)
class GuttmanLambda(Result):
    """Guttman's λ1–λ6; see :func:`guttman_lambda`.

    ``lambda4`` is the largest over splits into halves of equal size (±1 item) and
    ``lambda4_exact`` says whether all of them were tried; ``half`` names the items of one of the
    two best halves.
    """

    SUMMARY = ("lambda2", "lambda1", "lambda3", "lambda4", "lambda5", "lambda6", "n", "k")

    lambda1: float
    lambda2: float
    lambda3: float
    lambda4: float
    lambda5: float
    lambda6: float
    lambda4_exact: bool
    half: tuple
    n: int
    k: int
    scale: str

    def verdict(self) -> str:
        return readings.read(self.lambda2, readings.RELIABILITY)


def guttman_lambda(
    items,
    *,
    scale: Literal["covariance", "correlation"] = "covariance",
    weights=None,
    missing: Missing = "listwise",
    seed: int | None = 1,
) -> GuttmanLambda:
    r"""Guttman's lower bounds λ1 … λ6 of the reliability of a sum score.

    With S the covariance matrix (or the correlation matrix, ``scale="correlation"``: of the sum of
    standardised items), V its sum and T its trace:

    * :math:`\lambda_1 = 1 - T/V`
    * :math:`\lambda_2 = \lambda_1 + \sqrt{\tfrac{k}{k-1}\sum_{i \ne j} s_{ij}^2}/V`
    * :math:`\lambda_3 = \tfrac{k}{k-1}\lambda_1`, Cronbach's alpha
    * :math:`\lambda_4 = 2\,(1 - (V_A + V_B)/V)`, the largest over splits in halves A and B
    * :math:`\lambda_5 = \lambda_1 + 2\sqrt{\max_j \sum_{i \ne j} s_{ij}^2}/V`
    * :math:`\lambda_6 = 1 - \sum_j e_j^2/V`, e² = 1/diag(S⁻¹) the error of predicting an item
      from all others

    λ4 tries every split up to 18 items, and beyond that exchanges items from many random starts
    (`seed`; ``lambda4_exact`` is then False). With pairwise deletion the matrix need not be
    positive definite, λ6 may then exceed 1, and a matrix without inverse is refused.

    In R: ``psych::guttman(x)``, ``psych::splitHalf(x, check.keys = FALSE, brute = TRUE)`` on
    correlations, ``covar = TRUE`` on covariances. psych::splitHalf reverses items by itself unless
    told otherwise; here nothing is reversed.

    References
    ----------
    Guttman (1945), Psychometrika 10, 255–282.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.guttman_lambda(answers[["q1", "q2", "q3"]])
    <GuttmanLambda lambda2=0.7831, lambda1=0.5221, lambda3=0.7831, lambda4=0.7004, lambda5=0.7697, ...
    """
    read_option(scale, ("covariance", "correlation"), where="scale")
    found = correlated_items(items, weights, missing)
    matrix = found.covariance if scale == "covariance" else found.correlation
    return _bounds(matrix, found.names, found.n, scale, seed)


def _bounds(matrix, names, n, scale, seed) -> GuttmanLambda:
    k, total, variance = len(matrix), float(matrix.sum()), np.diag(matrix)
    if not total > 1e-14 * np.abs(matrix).sum():
        raise InputError(
            "the sum of the items has no variance",
            where="items",
            action="Reverse the negatively worded items first",
        )
    squares = (matrix**2).sum(axis=0) - variance**2
    lambda1 = 1 - variance.sum() / total
    unit = matrix / np.sqrt(np.outer(variance, variance))
    error = variance / np.diag(inverse(unit, names=names))
    half, lambda4, exact = best_split(matrix, seed)
    return GuttmanLambda(
        lambda1=float(lambda1),
        lambda2=float(lambda1 + np.sqrt(k / (k - 1) * squares.sum()) / total),
        lambda3=float(k / (k - 1) * lambda1),
        lambda4=lambda4,
        lambda5=float(lambda1 + 2 * np.sqrt(squares.max()) / total),
        lambda6=float(1 - error.sum() / total),
        lambda4_exact=exact,
        half=tuple(name for name, inside in zip(names, half) if inside),
        n=n,
        k=k,
        scale=scale,
    )
