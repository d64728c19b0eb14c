"""Krippendorff's alpha and Kendall's W: agreement with gaps, and agreement of rankings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from csi_lib.errors import InputError
from csi_lib.measure import readings
from csi_lib.measure.inputs import read_option, read_proportion
from csi_lib.measure.ratings import read_labels, read_scores
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class KrippendorffAlpha(Result):
    """Agreement of any number of raters, with gaps; see :func:`krippendorff_alpha`.

    ``alpha`` with the ``observed`` and ``expected`` disagreement; ``ci_low`` and ``ci_high`` are
    None unless a bootstrap was asked for; ``units`` with two or more ratings, ``values`` in them.
    """

    SUMMARY = ("alpha", "ci_low", "ci_high", "units", "values", "level")

    alpha: float
    observed: float
    expected: float
    ci_low: float | None
    ci_high: float | None
    units: int
    values: int
    level: str
    ci: float

    def verdict(self) -> str:
        return readings.read(self.alpha, readings.CODING)


@dataclass(frozen=True, repr=False)
class KendallW(Result):
    """Concordance of rankings: ``w`` (0–1, corrected for ties), ``chi_square df p_value``."""

    SUMMARY = ("w", "chi_square", "df", "p_value", "n", "raters")

    w: float
    chi_square: float
    df: int
    p_value: float
    n: int
    raters: int


def krippendorff_alpha(
    ratings,
    *,
    level: Literal["nominal", "ordinal", "interval", "ratio"] = "nominal",
    ci: float = 0.95,
    ci_method: Literal["bootstrap"] | None = None,
    n_boot: int = 1000,
    seed: int | None = None,
) -> KrippendorffAlpha:
    r"""Krippendorff's alpha, :math:`1 - D_o/D_e`, for any number of raters and missing ratings.

    From the coincidences o_cv (every pair of ratings in a unit of m counts 1/(m − 1)) with margins
    n_c and total n: D_o = Σ o_cv δ²_cv / n and D_e = Σ n_c n_v δ²_cv / (n(n − 1)). δ² is 1 for
    different values (nominal), (Σ_{g=c..v} n_g − (n_c + n_v)/2)² (ordinal), (c − v)² (interval),
    ((c − v)/(c + v))² (ratio).

    Parameters
    ----------
    ratings : units × raters (``irr`` and ``krippendorff`` take raters × units: transpose).
        Missing ratings are simply absent; units with one rating do not count.
    level : of measurement. Text is possible for ``"nominal"``, ordered categories also for ``"ordinal"``.
    ci_method : ``"bootstrap"`` resamples units `n_boot` times; None gives no interval.

    Raises
    ------
    InputError
        When fewer than two units have two ratings, when all ratings are the same (no expected
        disagreement), and for negative values at the ratio level.

    Notes
    -----
    In R: ``irr::kripp.alpha(t(x), level)``. irr 0.84.1 leaves out the division by m − 1 when
    nothing is missing and there are three or more raters; its alpha then departs from the
    definition, by which nominal alpha of complete ratings is 1 − (1 − κ)(n − 1)/n with Fleiss's κ,
    as it is here and in ``irrCAC::krippen.alpha.raw``.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.krippendorff_alpha(answers[["first", "second"]], level="ordinal")
    <KrippendorffAlpha alpha=0.7074, units=300, values=600, level=ordinal; for tentative conclusions>
    """
    ci = read_proportion(ci, where="ci")
    read_option(level, ("nominal", "ordinal", "interval", "ratio"), where="level")
    read_option(ci_method, (None, "bootstrap"), where="ci_method")
    labels = read_labels(ratings, ordered=level != "nominal")
    value = None
    if level in ("interval", "ratio"):
        if not all(isinstance(c, (int, float, np.number)) for c in labels.categories):
            raise InputError(
                f"the {level} level needs numbers",
                where="ratings",
                found=repr(labels.categories[0]),
                action="Code the categories as numbers, or use level='ordinal'",
            )
        value = np.array(labels.categories, dtype=float)
        if level == "ratio" and (value < 0).any():
            raise InputError("the ratio level needs values of 0 or more", where="ratings", found=value.min())
    c = len(labels.categories)
    counts = np.stack([(labels.codes == j).sum(axis=1) for j in range(c)], axis=1).astype(float)
    counts = counts[counts.sum(axis=1) >= 2]
    if len(counts) < 2:
        raise InputError(
            "fewer than two units have two ratings",
            where="ratings",
            found=len(counts),
            expected="two or more units rated at least twice",
        )
    observed, expected = _disagreements(counts, level, value)
    if not expected > 0:
        raise InputError(
            "all ratings are the same, so alpha does not exist",
            where="ratings",
            action="Report the share of agreement instead",
        )
    low = high = None
    if ci_method is not None:
        low, high = _bootstrap(counts, level, value, ci, n_boot, seed)
    return KrippendorffAlpha(
        alpha=1 - observed / expected,
        observed=observed,
        expected=expected,
        ci_low=low,
        ci_high=high,
        units=len(counts),
        values=int(counts.sum()),
        level=level,
        ci=ci,
    )


def kendall_w(ratings) -> KendallW:
    r"""Kendall's coefficient of concordance W of m raters over n subjects, corrected for ties.

    .. math:: W = \frac{12 S}{m^2 (n^3 - n) - m \sum_j T_j}

    S is the sum of squared deviations of the subjects' rank sums, T = Σ(t³ − t) over the ties of a
    rater. χ² = m(n − 1)W with n − 1 degrees of freedom. `ratings` is subjects × raters, numeric;
    subjects with a missing rating are left out.

    In R: ``irr::kendall(x, correct = TRUE)``. Kendall and Babington Smith (1939).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.kendall_w(answers[["first", "second"]])
    <KendallW w=0.8545, chi_square=511, df=299, p_value=2.595e-13, n=300, raters=2>
    """
    x = read_scores(ratings)
    n, m = x.shape
    ranks, ties = np.empty_like(x), 0.0
    for j in range(m):
        _, place, times = np.unique(x[:, j], return_inverse=True, return_counts=True)
        ranks[:, j] = (np.cumsum(times) - (times - 1) / 2)[place]
        ties += float((times.astype(float) ** 3 - times).sum())
    spread = m**2 * (n**3 - n) - m * ties
    if not spread > 0:
        raise InputError("every rater rates all subjects alike, so there is no ranking", where="ratings")
    totals = ranks.sum(axis=1)
    w = float(12 * ((totals - totals.mean()) ** 2).sum() / spread)
    chi_square = m * (n - 1) * w
    return KendallW(w, chi_square, n - 1, float(chdtrc(n - 1, chi_square)), n, m)


def _disagreements(counts: np.ndarray, level: str, value: np.ndarray | None) -> tuple[float, float]:
    pairs = counts / (counts.sum(axis=1, keepdims=True) - 1)
    coincidence = pairs.T @ counts - np.diag(pairs.sum(axis=0))
    margin = counts.sum(axis=0)
    total, delta = margin.sum(), _delta(margin, level, value)
    return (
        float((coincidence * delta).sum() / total),
        float(margin @ delta @ margin / (total * (total - 1))),
    )


def _delta(margin: np.ndarray, level: str, value: np.ndarray | None) -> np.ndarray:
    if level == "nominal":
        return 1 - np.eye(len(margin))
    if level == "ordinal":
        middle = np.cumsum(margin) - margin / 2
        return np.subtract.outer(middle, middle) ** 2
    apart = np.subtract.outer(value, value) ** 2
    if level == "interval":
        return apart
    both = np.add.outer(value, value) ** 2
    return np.divide(apart, both, out=np.zeros_like(apart), where=both > 0)


def _bootstrap(counts, level, value, ci, draws, seed) -> tuple[float, float]:
    if draws < 100:
        raise InputError("too few draws for an interval", where="n_boot", found=draws, expected="100 or more")
    rng, found = np.random.default_rng(seed), []
    units = _interval_sums(counts, value) if level == "interval" else counts
    for _ in range(draws):
        drawn = units[rng.integers(0, len(counts), len(counts))]
        observed, expected = (
            _interval_disagreements(drawn) if level == "interval" else _disagreements(drawn, level, value)
        )
        if expected > 0:
            found.append(1 - observed / expected)
    if len(found) < 0.9 * draws:
        raise InputError("too few resamples show any disagreement", where="ratings", found=len(found))
    low, high = np.quantile(found, [(1 - ci) / 2, (1 + ci) / 2])
    return float(low), float(high)


def _interval_sums(counts: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Per unit: ratings m, Σx, Σx², and Σ(x_i − x_j)²/(m − 1) over its pairs: all that interval alpha needs.

    Ratings on a fine scale have hundreds of values, and the matrix of their coincidences would be built for every draw.
    """
    x = value - value.mean()
    m, total, squares = counts.sum(axis=1), counts @ x, counts @ x**2
    return np.column_stack([m, total, squares, 2 * (m * squares - total**2) / (m - 1)])


def _interval_disagreements(units: np.ndarray) -> tuple[float, float]:
    n, total, squares, within = units.sum(axis=0)
    return float(within / n), float(2 * (n * squares - total**2) / (n * (n - 1)))
