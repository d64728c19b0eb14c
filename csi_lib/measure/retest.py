"""Test–retest reliability of a score measured twice on the same people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from csi_lib.errors import InputError
from csi_lib.measure import readings
from csi_lib.measure.frames import paired
from csi_lib.measure.icc import icc
from csi_lib.measure.inputs import read_proportion, read_vector
from csi_lib.measure.shown import Result
from csi_lib.measure.split_half import fisher_interval


@dataclass(frozen=True, repr=False)
class RetestReliability(Result):
    """Stability of a score over two occasions; see :func:`test_retest`.

    ``r`` with ``ci_low`` and ``ci_high``; ``icc`` (absolute agreement, ICC2) with ``icc_low`` and
    ``icc_high``; ``sem`` the standard error of measurement and ``smallest_change`` what one person
    must change by to exceed it; ``mean_difference`` (second − first) with its interval; ``n``.
    """

    SUMMARY = ("r", "ci_low", "ci_high", "icc", "icc_low", "icc_high", "sem", "smallest_change", "n")

    r: float
    ci_low: float
    ci_high: float
    icc: float
    icc_low: float
    icc_high: float
    sem: float
    smallest_change: float
    mean_difference: float
    difference_low: float
    difference_high: float
    n: int
    ci: float

    def verdict(self) -> str:
        return readings.read(self.icc, readings.INTRACLASS)


def test_retest(first, second, *, ci: float = 0.95) -> RetestReliability:  # noqa: PT028
    r"""Test–retest reliability: correlation, agreement and error of measurement.

    r is Pearson's with Fisher's interval. ICC2 also counts a shift of the mean as disagreement.
    The standard error of measurement is s_d/√2 with s_d the standard deviation of the differences;
    the smallest detectable change is 1.96·√2·SEM = 1.96·s_d (for ci = .95).

    Parameters
    ----------
    first, second : the score of the same people on two occasions, in the same order; people with
        one score only are left out. Units are those of the score.
    ci : level of all intervals and of the smallest change.

    Raises
    ------
    InputError
        For different lengths or row orders, fewer than three people measured twice, and a score
        without variance.

    Notes
    -----
    In R: ``cor.test(first, second)``, ``psych::ICC(cbind(first, second))``.

    References
    ----------
    Weir (2005), Journal of Strength and Conditioning Research 19, 231–240.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.test_retest(answers["q1"], answers["q2"])
    <RetestReliability r=0.5636, ci_low=0.481, ci_high=0.6362, icc=0.5643, icc_low=0.4819, ...
    """
    ci = read_proportion(ci, where="ci")
    first, second = paired(first, second, where="first, second")
    x, y = read_vector(first, where="first"), read_vector(second, where="second")
    use = ~np.isnan(x) & ~np.isnan(y)
    x, y, n = x[use], y[use], int(use.sum())
    if n < 3:
        raise InputError("too few people were measured twice", where="first, second", found=n, expected="3+")
    if x.min() == x.max() or y.min() == y.max():
        raise InputError("a score does not vary between people", where="first, second")
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    low, high = fisher_interval(r, n, ci)
    agreement = icc(np.column_stack([x, y]), ci=ci)["ICC2"]
    difference = y - x
    sd, t = float(difference.std(ddof=1)), float(stdtrit(n - 1, (1 + ci) / 2))
    z = float(stdtrit(np.inf, (1 + ci) / 2))
    mean, half = float(difference.mean()), t * sd / np.sqrt(n)
    return RetestReliability(
        r=r,
        ci_low=low,
        ci_high=high,
        icc=float(agreement["icc"]),
        icc_low=float(agreement["ci_low"]),
        icc_high=float(agreement["ci_high"]),
        sem=sd / np.sqrt(2),
        smallest_change=z * sd,
        mean_difference=mean,
        difference_low=mean - half,
        difference_high=mean + half,
        n=n,
        ci=ci,
    )
