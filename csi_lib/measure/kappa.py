"""Kappas: agreement of categorical ratings beyond chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtrit

from csi_lib.errors import InputError
from csi_lib.measure import readings
from csi_lib.measure.frames import as_frame, paired, table_of_numbers
from csi_lib.measure.inputs import read_option, read_proportion, read_weights
from csi_lib.measure.ratings import complete_subjects, read_labels
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class CohenKappa(Result):
    """Agreement of two raters; see :func:`cohen_kappa`.

    ``kappa``, its large-sample ``se`` with ``ci_low`` and ``ci_high``, the test against 0 (``z
    p_value``, from the null standard error), ``agreement`` observed and ``expected`` by chance
    (weighted), ``table`` of first × second rater, ``n`` subjects.
    """

    SUMMARY = ("kappa", "se", "ci_low", "ci_high", "p_value", "agreement", "n", "weighting")
    MATRICES = ("table",)

    kappa: float
    se: float
    ci_low: float
    ci_high: float
    z: float
    p_value: float
    agreement: float
    expected: float
    table: pd.DataFrame
    n: int
    weighting: str
    ci: float

    def verdict(self) -> str:
        return readings.read(self.kappa, readings.AGREEMENT)


@dataclass(frozen=True, repr=False)
class MultiraterKappa(Result):
    """Agreement of several raters; see :func:`fleiss_kappa`.

    ``kappa``, ``se`` and interval over subjects (Gwet), ``z p_value`` against 0 (None for Conger's
    form), ``categories`` (frame ``category kappa z p_value``), ``n`` subjects, ``raters``.
    """

    SUMMARY = ("kappa", "se", "ci_low", "ci_high", "p_value", "n", "raters", "method")
    TABLE = "categories"

    kappa: float
    se: float
    ci_low: float
    ci_high: float
    z: float | None
    p_value: float | None
    categories: pd.DataFrame
    n: int
    raters: int
    method: str
    ci: float

    def verdict(self) -> str:
        return readings.read(self.kappa, readings.AGREEMENT)


@dataclass(frozen=True, repr=False)
class LightKappa(Result):
    """Mean of Cohen's kappas over all pairs of raters; ``pairs``: frame ``first second kappa``."""

    SUMMARY = ("kappa", "n", "raters")
    TABLE = "pairs"

    kappa: float
    pairs: pd.DataFrame
    n: int
    raters: int

    def verdict(self) -> str:
        return readings.read(self.kappa, readings.AGREEMENT)


def cohen_kappa(
    first,
    second,
    *,
    weighting: Literal["unweighted", "linear", "quadratic"] = "unweighted",
    categories=None,
    weights=None,
    ci: float = 0.95,
) -> CohenKappa:
    r"""Cohen's kappa of two raters, plain or weighted by how far apart they are.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \quad p_o = \sum w_{ij} p_{ij}, \quad
        p_e = \sum w_{ij} p_{i\cdot} p_{\cdot j}

    with w = 1 on the diagonal and 0 elsewhere, 1 − |i − j|/(c − 1) (linear) or
    1 − (i − j)²/(c − 1)² (quadratic) for categories in positions i and j of c.

    Parameters
    ----------
    first, second : one rating per subject, numbers, ordered categories or text; subjects with a
        missing rating are left out. Two series are matched by their index.
    weighting : of disagreements. Linear and quadratic weights go by the position of a category and
        need its order: that of numbers, the declared one of ordered categories, or `categories`.
    categories : all categories in order. By default the declared ones, or the numbers that occur:
        with a number nobody used, name them all.
    weights : one survey weight per subject; the standard errors then use Kish's n.
    ci : level of the interval, normal with the large-sample standard error.

    Raises
    ------
    InputError
        When both raters put everybody in one and the same category (chance agreement 1), and for
        weights over text without an order (it would be that of the alphabet).

    Notes
    -----
    Standard errors of Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72, 323–327. In R:
    ``psych::cohen.kappa`` (interval; its weighted kappa is quadratic), ``irr::kappa2(x, weight =
    "unweighted" | "equal" | "squared")`` (z). Cohen (1960, 1968).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.cohen_kappa(answers["first"], answers["second"], weighting="quadratic")
    <CohenKappa kappa=0.7178, se=0.02814, ci_low=0.6627, ci_high=0.773, p_value=1.134e-35, ...
    """
    ci = read_proportion(ci, where="ci")
    read_option(weighting, ("unweighted", "linear", "quadratic"), where="weighting")
    first, second = paired(first, second, where="first, second")
    pair = pd.DataFrame({"first": first, "second": second})
    labels = read_labels(pair, categories=categories, ordered=weighting != "unweighted")
    use = (labels.codes >= 0).all(axis=1)
    w = np.ones(len(pair)) if weights is None else read_weights(weights, pair.index)
    use &= w > 0
    codes, w = complete_subjects(labels.codes[use]), w[use]
    c = len(labels.categories)
    counts = np.zeros((c, c))
    np.add.at(counts, (codes[:, 0], codes[:, 1]), w)
    n, p = float(w.sum() ** 2 / (w @ w)), counts / w.sum()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    agree = _agreement_weights(c, weighting)
    observed, expected = float((agree * p).sum()), float(rows @ agree @ columns)
    if not 1 - expected > 1e-12:
        raise InputError(
            "both raters put every subject in the same category, so kappa does not exist",
            where="first, second",
            found=repr(labels.categories[int(np.argmax(rows))]),
            action="Report the share of agreement instead",
        )
    kappa = (observed - expected) / (1 - expected)
    mean = (agree @ columns)[:, None] + (rows @ agree)[None, :]
    spread = (p * (agree - mean * (1 - kappa)) ** 2).sum() - (kappa - expected * (1 - kappa)) ** 2
    null = rows @ (agree - mean) ** 2 @ columns - expected**2
    se = float(np.sqrt(max(spread, 0) / n)) / (1 - expected)
    se0 = float(np.sqrt(max(null, 0) / n)) / (1 - expected)
    z = kappa / se0 if se0 > 0 else 0.0
    half = float(ndtri((1 + ci) / 2)) * se
    return CohenKappa(
        kappa=kappa,
        se=se,
        ci_low=kappa - half,
        ci_high=kappa + half,
        z=z,
        p_value=float(2 * ndtr(-abs(z))),
        agreement=observed,
        expected=expected,
        table=pd.DataFrame(counts, index=list(labels.categories), columns=list(labels.categories)),
        n=len(codes),
        weighting=weighting,
        ci=ci,
    )


def fleiss_kappa(
    ratings,
    *,
    counts: bool = False,
    method: Literal["fleiss", "conger"] = "fleiss",
    ci: float = 0.95,
) -> MultiraterKappa:
    r"""Fleiss's kappa of m raters and n subjects.

    .. math:: \kappa = \frac{\bar P - \bar P_e}{1 - \bar P_e}, \quad
        \bar P = \frac{1}{n m (m-1)} \sum_i \Bigl(\sum_j n_{ij}^2 - m\Bigr), \quad
        \bar P_e = \sum_j p_j^2

    Parameters
    ----------
    ratings : subjects × raters, labels or numbers; subjects with a missing rating are left out.
        With ``counts=True`` subjects × categories, how many raters chose each (the same number of
        raters for every subject).
    method : ``"fleiss"``, or ``"conger"``, whose chance agreement keeps the raters apart
        (equal to Cohen's kappa for two raters; needs the ratings, not counts).
    ci : level of the interval, t with n − 1 degrees of freedom and Gwet's standard error over
        subjects (of Fleiss's kappa; for Conger's form it is that of Fleiss's). The z test uses the
        null standard error of Fleiss, Nee and Landis (1979).

    Notes
    -----
    In R: ``irr::kappam.fleiss(x, exact = FALSE | TRUE, detail = TRUE)``;
    ``irrCAC::fleiss.kappa.raw`` for the standard error.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378–382; Conger (1980), Psychological Bulletin 88,
    322–328; Gwet (2014), Handbook of Inter-Rater Reliability.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.fleiss_kappa(answers[["q1", "q2", "q3"]])
    <MultiraterKappa kappa=0.2212, se=0.02731, ci_low=0.1675, ci_high=0.275, p_value=3.167e-28, n=300, ...
    """
    ci = read_proportion(ci, where="ci")
    read_option(method, ("fleiss", "conger"), where="method")
    table, categories, codes = _count_table(ratings, counts)
    n, m = len(table), float(table[0].sum())
    share = table.sum(axis=0) / (n * m)
    agree = ((table**2).sum(axis=1) - m) / (m * (m - 1))
    observed, expected = float(agree.mean()), float((share**2).sum())
    by_subject = table @ share / m
    if method == "conger":
        if counts:
            raise InputError("Conger's kappa needs to know who gave which rating", where="counts")
        by_rater = np.stack([(codes == j).mean(axis=0) for j in range(len(categories))])
        expected -= float((by_rater.var(axis=1, ddof=1) / m).sum())
    if not 1 - expected > 1e-12:
        raise InputError(
            "every rating falls in one category, so kappa does not exist",
            where="ratings",
            found=repr(categories[int(np.argmax(share))]),
            action="Report the share of agreement instead",
        )
    kappa = (observed - expected) / (1 - expected)
    linear = (agree - expected) / (1 - expected)
    linear = linear - 2 * (1 - kappa) * (by_subject - share @ share) / (1 - expected)
    se = float(np.sqrt(((linear - linear.mean()) ** 2).sum() / (n * (n - 1))))
    half = float(stdtrit(n - 1, (1 + ci) / 2)) * se
    q = share * (1 - share)
    z = p_value = None
    if method == "fleiss":
        null = 2 * (q.sum() ** 2 - (q * (1 - 2 * share)).sum()) / (q.sum() ** 2 * n * m * (m - 1))
        z = float(kappa / np.sqrt(null))
        p_value = float(2 * ndtr(-abs(z)))
    with np.errstate(divide="ignore", invalid="ignore"):
        single = 1 - (table * (m - table)).sum(axis=0) / (n * m * (m - 1) * q)
    single_z = single * np.sqrt(n * m * (m - 1) / 2)
    frame = pd.DataFrame(
        {"category": list(categories), "kappa": single, "z": single_z, "p_value": 2 * ndtr(-np.abs(single_z))}
    )
    return MultiraterKappa(
        kappa=kappa,
        se=se,
        ci_low=kappa - half,
        ci_high=kappa + half,
        z=z,
        p_value=p_value,
        categories=frame[share > 0].reset_index(drop=True),
        n=n,
        raters=int(m),
        method=method,
        ci=ci,
    )


def light_kappa(
    ratings,
    *,
    weighting: Literal["unweighted", "linear", "quadratic"] = "unweighted",
    categories=None,
) -> LightKappa:
    """Light's kappa: the mean of Cohen's kappas of all pairs of raters.

    `ratings` is subjects × raters; subjects with a missing rating are left out. In R:
    ``irr::kappam.light(x)``. Light (1971), Psychological Bulletin 76, 365–377.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.light_kappa(answers[["q1", "q2", "q3"]], weighting="linear").pairs.round(2)
      first second  kappa
    0    q1     q2   0.40
    1    q1     q3   0.36
    2    q2     q3   0.38
    """
    labels = read_labels(ratings, categories=categories, ordered=weighting != "unweighted")
    codes = complete_subjects(labels.codes)
    names = labels.raters
    everything = range(len(labels.categories)) if labels.declared else None
    rows = [
        (
            names[i],
            names[j],
            cohen_kappa(codes[:, i], codes[:, j], weighting=weighting, categories=everything).kappa,
        )
        for i, j in combinations(range(codes.shape[1]), 2)
    ]
    pairs = pd.DataFrame(rows, columns=["first", "second", "kappa"])
    return LightKappa(float(pairs["kappa"].mean()), pairs, len(codes), codes.shape[1])


def _agreement_weights(c: int, weighting: str) -> np.ndarray:
    if weighting == "unweighted":
        return np.eye(c)
    apart = np.abs(np.subtract.outer(np.arange(c), np.arange(c))) / max(c - 1, 1)
    return 1 - (apart if weighting == "linear" else apart**2)


def _count_table(ratings, counts: bool) -> tuple[np.ndarray, tuple, np.ndarray | None]:
    if not counts:
        labels = read_labels(ratings)
        codes = complete_subjects(labels.codes)
        table = np.stack([(codes == j).sum(axis=1) for j in range(len(labels.categories))], axis=1)
        return table.astype(float), labels.categories, codes
    frame = as_frame(ratings, where="ratings", prefix=None)
    table = table_of_numbers(frame, where="ratings")
    raters = table.sum(axis=1)
    if not (np.isfinite(table).all() and (table >= 0).all() and (raters == raters[0]).all() and raters[0] >= 2):
        raise InputError(
            "counts must show the same number of raters, two or more, for every subject",
            where="ratings",
            found=f"row sums from {raters.min():g} to {raters.max():g}",
        )
    if len(table) < 2:
        raise InputError("too few subjects", where="ratings", found=len(table), expected="2 or more")
    return table, tuple(frame.columns), None
