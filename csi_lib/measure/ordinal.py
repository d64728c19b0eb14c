"""Alpha and omega of ordered answers, from polychoric correlations."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure import readings
from csi_lib.measure.adequacy import read_correlation
from csi_lib.measure.alpha import alpha_from_covariance
from csi_lib.measure.inputs import Missing
from csi_lib.measure.omega import omega_from_correlation
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class OrdinalAlpha(Result):
    """``alpha`` and ``omega`` (total, one factor; None for two items) of the answers' latent scale.

    ``correlation`` is the polychoric matrix; ``n`` respondents (0 when a matrix was given), ``k``
    items.
    """

    SUMMARY = ("alpha", "omega", "n", "k")
    MATRICES = ("correlation",)

    alpha: float
    omega: float | None
    correlation: pd.DataFrame
    n: int
    k: int

    def verdict(self) -> str:
        return readings.read(self.alpha, readings.RELIABILITY)


def ordinal_alpha(items=None, *, correlation=None, weights=None, missing: Missing = "listwise") -> OrdinalAlpha:
    r"""Ordinal alpha and omega: the formulas of alpha and omega on polychoric correlations.

    .. math:: \alpha = \frac{k}{k-1}\Bigl(1 - \frac{k}{\sum_{ij} \rho_{ij}}\Bigr)

    It is the reliability of a sum of the continuous answers thought to lie behind the categories,
    hence usually higher than that of the sum that is reported; print both.

    Parameters
    ----------
    items : respondents × items of ordered answers, or None with `correlation`.
    correlation : a polychoric matrix computed before, by :func:`csi_lib.polychoric` or elsewhere.
    weights, missing : passed to :func:`csi_lib.polychoric`.

    Notes
    -----
    In R: ``psych::polychoric(x, correct = 0)$rho`` given to ``psych::alpha`` and ``psych::omega``.

    References
    ----------
    Zumbo, Gadermann and Zeisser (2007), Journal of Modern Applied Statistical Methods 6, 21–29.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.ordinal_alpha(answers[["q1", "q2", "q3"]])
    <OrdinalAlpha alpha=0.8235, omega=0.8238, n=300, k=3; good>
    """
    if (items is None) == (correlation is None):
        raise InputError("give either the answers or their polychoric correlations", where="items, correlation")
    n = 0
    if correlation is None:
        from csi_lib.measure.polychoric import polychoric

        found = polychoric(items, weights=weights, missing=missing)
        correlation, n = found.correlations, found.n
    matrix, names = read_correlation(correlation)
    frame = pd.DataFrame(matrix, index=list(names), columns=list(names))
    return OrdinalAlpha(
        alpha=alpha_from_covariance(matrix),
        omega=omega_from_correlation(frame).omega if len(names) > 2 else None,
        correlation=frame,
        n=n,
        k=len(names),
    )
