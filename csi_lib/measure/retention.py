"""How many factors to keep: parallel analysis and the minimum average partial."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.adequacy import correlated_items, read_correlation
from csi_lib.measure.extraction import extract, inverse
from csi_lib.measure.inputs import Missing, read_proportion
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class ParallelAnalysis(Result):
    """Eigenvalues beside those of unrelated items; see :func:`parallel_analysis`.

    ``eigenvalues`` has one row per position: ``position component component_simulated factor
    factor_simulated``; ``components`` and ``factors`` are the numbers suggested.
    """

    SUMMARY = ("components", "factors", "n", "quantile")
    TABLE = "eigenvalues"

    eigenvalues: pd.DataFrame
    components: int
    factors: int
    n: int
    quantile: float
    draws: int


@dataclass(frozen=True, repr=False)
class AveragePartial(Result):
    """Velicer's averages; see :func:`minimum_average_partial`.

    ``averages``: frame ``components map map4`` (mean squared and mean fourth-power partial
    correlation after so many components, from 0); ``components`` minimises ``map``,
    ``components4`` minimises ``map4``.
    """

    SUMMARY = ("components", "components4")
    TABLE = "averages"

    averages: pd.DataFrame
    components: int
    components4: int


def parallel_analysis(
    items,
    *,
    weights=None,
    missing: Missing = "listwise",
    draws: int = 200,
    quantile: float = 0.95,
    seed: int | None = 1,
) -> ParallelAnalysis:
    """Horn's parallel analysis of components and of common factors.

    The eigenvalues of the correlation matrix R, and of R with the communalities of a one-factor
    minres solution on its diagonal, are compared with the given `quantile` of the same eigenvalues
    over `draws` samples of n independent normal items. As many are suggested as exceed it before
    the first that does not.

    The simulated correlation matrices are drawn directly (Bartlett's decomposition of the Wishart
    distribution), so n does not cost time. The numbers suggested depend on the random stream where
    an eigenvalue lies near its limit; the eigenvalues of the data do not.

    Missing answers and weights as in :func:`csi_lib.kmo`; n is the (effective) number of
    respondents used.

    In R: ``psych::fa.parallel(x, fm = "minres", fa = "both", quant = .95)``, which also resamples
    the data and suggests the smaller of its numbers.

    References
    ----------
    Horn (1965), Psychometrika 30, 179–185; Glorfeld (1995), Educational and Psychological
    Measurement 55, 377–393.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.parallel_analysis(answers[["q1", "q2", "q3", "q4", "q5", "q6"]], draws=50)
    <ParallelAnalysis components=2, factors=2, n=300, quantile=0.95, eigenvalues: 6 rows>
    """
    quantile = read_proportion(quantile, where="quantile")
    if draws < 20:
        raise InputError("too few draws", where="draws", found=draws, expected="20 or more, better 200")
    found = correlated_items(items, weights, missing, at_least=3)
    inverse(found.correlation, names=found.names)
    k, n = len(found.names), round(found.n_effective)
    component, factor = _eigenvalues(found.correlation)
    rng = np.random.default_rng(seed)
    simulated = np.array([_eigenvalues(_unrelated(rng, n, k)) for _ in range(draws)])
    limits = np.quantile(simulated, quantile, axis=0)
    frame = pd.DataFrame(
        {
            "position": np.arange(1, k + 1),
            "component": component,
            "component_simulated": limits[0],
            "factor": factor,
            "factor_simulated": limits[1],
        }
    )
    return ParallelAnalysis(
        eigenvalues=frame,
        components=_leading_run(component > limits[0]),
        factors=_leading_run(factor > limits[1]),
        n=found.n,
        quantile=quantile,
        draws=draws,
    )


def minimum_average_partial(items, *, weights=None, missing: Missing = "listwise") -> AveragePartial:
    """Velicer's minimum average partial (MAP): components until what is left is unsystematic.

    After m principal components are taken out of the correlation matrix, the squared partial
    correlations of the items are averaged; the m with the smallest average is suggested. ``map4``
    is the revision with fourth powers.

    In R: ``psych::vss(x)$map``, whose first value is that after one component; here row 0 (no
    component) comes first and can win.

    References
    ----------
    Velicer (1976), Psychometrika 41, 321–327; Velicer, Eaton and Fava (2000).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.minimum_average_partial(answers[["q1", "q2", "q3", "q4", "q5", "q6"]])
    <AveragePartial components=1, components4=1, averages: 5 rows>
    """
    found = correlated_items(items, weights, missing, at_least=3)
    return map_from_correlation(pd.DataFrame(found.correlation, found.names, found.names))


def map_from_correlation(correlation) -> AveragePartial:
    """:func:`minimum_average_partial` of a correlation matrix."""
    matrix, names = read_correlation(correlation)
    inverse(matrix, names=names)
    k = len(names)
    values, vectors = np.linalg.eigh(matrix)
    weighted = vectors[:, ::-1] * np.sqrt(values[::-1])
    rows = []
    for m in range(k - 1):
        left = matrix - weighted[:, :m] @ weighted[:, :m].T
        scale = np.sqrt(np.diag(left))
        partial = (left / np.outer(scale, scale))[~np.eye(k, dtype=bool)]
        rows.append((m, np.mean(partial**2), np.mean(partial**4)))
    frame = pd.DataFrame(rows, columns=["components", "map", "map4"])
    return AveragePartial(frame, int(frame["map"].argmin()), int(frame["map4"].argmin()))


def _eigenvalues(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)  # one factor need not fit, least of all noise
        loadings = extract(correlation, 1, "minres").loadings
    reduced = correlation.copy()
    np.fill_diagonal(reduced, (loadings**2).sum(axis=1))
    return np.linalg.eigvalsh(correlation)[::-1], np.linalg.eigvalsh(reduced)[::-1]


def _unrelated(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    """Correlation matrix of n independent normal answers to k unrelated items."""
    root = np.tril(rng.normal(size=(k, k)), -1)
    root[np.diag_indices(k)] = np.sqrt(rng.chisquare(n - 1 - np.arange(k)))
    root /= np.sqrt((root**2).sum(axis=1, keepdims=True))
    return root @ root.T


def _leading_run(above: np.ndarray) -> int:
    return int(len(above) if above.all() else np.argmin(above))
