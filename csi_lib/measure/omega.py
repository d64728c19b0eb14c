"""McDonald's omega, total and hierarchical, by way of Schmid and Leiman."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure import readings
from csi_lib.measure.adequacy import correlated_items, read_correlation
from csi_lib.measure.extraction import extract
from csi_lib.measure.inputs import Missing, read_items, read_option, read_proportion
from csi_lib.measure.moment_bootstrap import percentile_interval
from csi_lib.measure.rotation import rotate
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class McDonaldOmega(Result):
    """Composite reliability of a sum score; see :func:`mcdonald_omega`.

    ``omega`` is ω total. With more than one factor ``hierarchical`` is the share of the variance
    of the sum due to the general factor, and ``limit`` that share of the reliable variance; with
    one factor both are None, because the factor is the general one. ``ci_low`` and ``ci_high``
    (of ω total) are None unless a bootstrap was asked for. ``loadings``: frame ``item g F1 … h2
    u2`` (Schmid–Leiman; with one factor ``item g h2 u2``).
    """

    SUMMARY = ("omega", "hierarchical", "ci_low", "ci_high", "n", "k", "factors")
    TABLE = "loadings"

    omega: float
    hierarchical: float | None
    limit: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    k: int
    loadings: pd.DataFrame
    factors: int
    method: str
    ci: float

    @property
    def omega_total(self) -> float:
        return self.omega

    @property
    def omega_hierarchical(self) -> float | None:
        return self.hierarchical

    def verdict(self) -> str:
        return readings.read(self.omega, readings.RELIABILITY)


def mcdonald_omega(
    items,
    *,
    factors: int = 1,
    method: Literal["minres", "ml", "paf"] = "minres",
    rotation: Literal["oblimin", "promax"] = "oblimin",
    variance: Literal["observed", "implied"] = "observed",
    weights=None,
    missing: Missing = "listwise",
    ci: float = 0.95,
    ci_method: Literal["bootstrap"] | None = None,
    n_boot: int = 500,
    seed: int | None = None,
) -> McDonaldOmega:
    r"""McDonald's omega from an exploratory factor model of the correlations.

    .. math:: \omega_t = 1 - \frac{\sum u_i^2}{V}, \qquad \omega_h = \frac{(\sum g_i)^2}{V}

    u² are the uniquenesses, g the loadings on the general factor of a Schmid–Leiman solution
    (`factors` oblique factors whose correlations hold one factor), V the variance of the sum of
    the standardised items.

    Parameters
    ----------
    items : DataFrame or array of three or more items, reversed where needed.
    factors : 1 for ω of a scale meant to measure one thing; 3 or more for ω hierarchical. With 2
        the general factor is not identified: its two loadings are set equal, with a warning.
    method, rotation : as in :func:`csi_lib.efa`.
    variance : ``"observed"``: V is the sum of the correlation matrix (``psych::omega``);
        ``"implied"``: the sum of the model's matrix, (Σλ)² + Σu² with one factor (the composite
        reliability of that model; ``omega_fa1`` in many textbooks).
    weights, missing : as in :func:`csi_lib.cronbach_alpha`.
    ci_method : ``"bootstrap"`` gives percentiles of `n_boot` resamples of respondents (half a
        second to a few seconds for a scale); None gives no interval.

    Raises
    ------
    InputError
        For fewer than three items, constant items, a singular correlation matrix, n ≤ k.

    Warns
    -----
    MeasureWarning
        For Heywood cases and for two factors. Nothing is reversed here: look at ``loadings`` for
        items that load negatively.

    Notes
    -----
    In R: ``psych::omega(x, nfactors, fm = "minres", rotate = "oblimin", flip = FALSE)``.

    References
    ----------
    McDonald (1999), Test Theory; Zinbarg, Revelle, Yovel and Li (2005), Psychometrika 70,
    123–133; Schmid and Leiman (1957), Psychometrika 22, 53–61.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.mcdonald_omega(answers[["q1", "q2", "q3", "q4", "q5", "q6"]], factors=2)
    <McDonaldOmega omega=0.8332, hierarchical=0.5558, n=300, k=6, factors=2, loadings: 6 rows; good>
    """
    ci = read_proportion(ci, where="ci")
    read_option(ci_method, (None, "bootstrap"), where="ci_method")
    options = {"factors": factors, "method": method, "rotation": rotation, "variance": variance}
    found = correlated_items(items, weights, missing, at_least=3)
    frame = pd.DataFrame(found.correlation, found.names, found.names)
    point = omega_from_correlation(frame, **options)
    low = high = None
    if ci_method is not None:
        low, high = percentile_interval(
            read_items(items, weights),
            lambda m: omega_from_correlation(m.correlation, **options).omega,
            missing=missing,
            ci=ci,
            draws=n_boot,
            seed=seed,
        )
    return McDonaldOmega(**(vars(point) | {"n": found.n, "ci": ci, "ci_low": low, "ci_high": high}))


def omega_from_correlation(
    correlation,
    *,
    factors: int = 1,
    method: Literal["minres", "ml", "paf"] = "minres",
    rotation: Literal["oblimin", "promax"] = "oblimin",
    variance: Literal["observed", "implied"] = "observed",
) -> McDonaldOmega:
    """:func:`mcdonald_omega` of a correlation matrix, such as a polychoric one (ordinal ω)."""
    read_option(method, ("minres", "ml", "paf"), where="method")
    read_option(rotation, ("oblimin", "promax"), where="rotation")
    read_option(variance, ("observed", "implied"), where="variance")
    matrix, names = read_correlation(correlation)
    k = len(names)
    if k < 3 or not 1 <= factors < k or (k - factors) * (k - factors - 1) // 2 < factors:
        raise InputError(
            "too few items for the factor model behind omega",
            where="items",
            found=f"{k} items, {factors} factor(s)",
            expected="three or more items for one factor, and more for several",
            action="Use cronbach_alpha, which for two items needs no model",
        )
    orthogonal = extract(matrix, factors, method, names=names).loadings
    communality = (orthogonal**2).sum(axis=1)
    if factors == 1:
        general, groups = orthogonal[:, 0], np.empty((k, 0))
        implied = np.outer(general, general)
    else:
        general, groups, implied = _schmid_leiman(orthogonal, rotation, method)
    unique = 1 - communality
    total = float(matrix.sum() if variance == "observed" else implied.sum() + unique.sum())
    if not total > 0:
        raise InputError(
            "the sum of the items has no variance",
            where="items",
            action="Reverse the negatively worded items",
        )
    loadings = {"item": list(names), "g": general}
    loadings |= {f"F{j + 1}": groups[:, j] for j in range(groups.shape[1])}
    square = float(general.sum() ** 2)
    return McDonaldOmega(
        omega=float(1 - unique.sum() / total),
        hierarchical=None if factors == 1 else square / total,
        limit=None if factors == 1 else square / (total - float(unique.sum())),
        ci_low=None,
        ci_high=None,
        n=0,
        k=k,
        loadings=pd.DataFrame(loadings | {"h2": communality, "u2": unique}),
        factors=factors,
        method=method,
        ci=0.95,
    )


def _schmid_leiman(orthogonal: np.ndarray, rotation: str, method: str):
    """General loadings, group loadings and implied common covariance of a second-order solution."""
    turned = rotate(orthogonal, rotation)
    sign = np.where(turned.loadings.sum(axis=0) < 0, -1.0, 1.0)
    pattern, phi = turned.loadings * sign, turned.phi * np.outer(sign, sign)
    if len(phi) == 2:
        warnings.warn(
            "Two factors do not identify a general factor: its loadings on them are set equal. "
            "Use three or more factors for omega hierarchical.",
            MeasureWarning,
            stacklevel=4,
        )
        second = np.sqrt(abs(phi[0, 1])) * np.array([1.0, np.sign(phi[0, 1])])
    else:
        second = extract(phi, 1, method).loadings[:, 0]
    general = pattern @ second
    groups = pattern * np.sqrt(np.maximum(1 - second**2, 0))
    return general * (-1 if general.sum() < 0 else 1), groups, pattern @ phi @ pattern.T
