"""Intraclass correlations: agreement of numeric ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure import readings
from csi_lib.measure.distributions import f_quantile, f_tail
from csi_lib.measure.inputs import read_proportion
from csi_lib.measure.ratings import read_scores
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class IntraclassCorrelation(Result):
    """The six intraclass correlations; see :func:`icc`.

    ``forms``: frame ``form icc f df1 df2 p_value ci_low ci_high`` with forms ``ICC1 ICC2 ICC3 ICC1k
    ICC2k ICC3k``; ``n`` subjects, ``k`` raters; ``mean_squares`` between subjects, between raters,
    residual, and within subjects. ``result["ICC2k"]`` gives one row.
    """

    SUMMARY = ("n", "k", "ci")
    TABLE = "forms"

    forms: pd.DataFrame
    n: int
    k: int
    mean_squares: dict
    ci: float

    def __getitem__(self, form: str) -> pd.Series:
        return self.forms.set_index("form").loc[form]

    def verdict(self) -> str:
        return f"ICC2 {readings.read(float(self['ICC2']['icc']), readings.INTRACLASS)}"


def icc(ratings, *, ci: float = 0.95) -> IntraclassCorrelation:
    r"""Intraclass correlations of n subjects rated by k raters (Shrout and Fleiss's six forms).

    With mean squares B between subjects, W within subjects, J between raters, E residual:

    * ICC1 = (B − W)/(B + (k − 1)W): raters differ from subject to subject
    * ICC2 = (B − E)/(B + (k − 1)E + k(J − E)/n): absolute agreement of random raters
    * ICC3 = (B − E)/(B + (k − 1)E): consistency of these raters
    * ICC1k = (B − W)/B, ICC2k = (B − E)/(B + (J − E)/n), ICC3k = (B − E)/B: of the mean of k
      raters; ICC3k is alpha.

    Parameters
    ----------
    ratings : DataFrame or array, subjects × raters, numeric. Subjects with a missing rating are
        left out.
    ci : level of the intervals: exact F for ICC1 and ICC3, Satterthwaite's approximation for ICC2;
        ICC2k steps the limits of ICC2 up by Spearman–Brown, as psych (irr's ICC(A,k) has other
        degrees of freedom).

    Raises
    ------
    InputError
        For ratings without any variance, and raters who agree perfectly about subjects who do not
        differ.

    Notes
    -----
    F tests that the ICC is 0: B/W for ICC1, B/E otherwise. In R: ``psych::ICC(x, lmer = FALSE)``;
    ``irr::icc(x, model, type, unit)``.

    References
    ----------
    Shrout and Fleiss (1979), Psychological Bulletin 86, 420–428; McGraw and Wong (1996),
    Psychological Methods 1, 30–46.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.icc(answers[["first", "second"]]).forms[["form", "icc", "ci_low", "ci_high"]].round(2)
        form   icc  ci_low  ci_high
    0   ICC1  0.72    0.66     0.77
    1   ICC2  0.72    0.66     0.77
    2   ICC3  0.72    0.66     0.77
    3  ICC1k  0.84    0.79     0.87
    4  ICC2k  0.84    0.79     0.87
    5  ICC3k  0.84    0.79     0.87
    """
    ci = read_proportion(ci, where="ci")
    x = read_scores(ratings)
    n, k = x.shape
    x = x - x.mean()
    subjects, raters = x.mean(axis=1), x.mean(axis=0)
    b = k * float((subjects**2).sum()) / (n - 1)
    j = n * float((raters**2).sum()) / (k - 1)
    e = float(((x - subjects[:, None] - raters) ** 2).sum()) / ((n - 1) * (k - 1))
    w = float(((x - subjects[:, None]) ** 2).sum()) / (n * (k - 1))
    tiny = 1e-14 * (float(x.var()) + 1e-300)
    e, w, b, j = (0.0 if value <= tiny else value for value in (e, w, b, j))
    if b == 0 and (w == 0 or e == 0):
        raise InputError(
            "the subjects do not differ, so no intraclass correlation exists",
            where="ratings",
            found="the same mean rating for every subject",
            expected="ratings that differ between subjects",
        )
    df, inner = n - 1, (n - 1) * (k - 1)
    f1 = b / w if w > 0 else np.inf
    f3 = b / e if e > 0 else np.inf
    icc2 = (b - e) / (b + (k - 1) * e + k * (j - e) / n)
    low1, high1 = _f_limits(f1, df, n * (k - 1), ci)
    low3, high3 = _f_limits(f3, df, inner, ci)
    low2, high2 = _agreement_limits(icc2, b, j, e, n, k, ci)
    single = lambda f: (f - 1) / (f + k - 1) if np.isfinite(f) else 1.0
    mean = lambda f: 1 - 1 / f if f > 0 else -np.inf  # the subjects' means are all alike
    up = lambda r: r * k / (1 + r * (k - 1)) if r > -1 / (k - 1) else -np.inf
    p1, p3 = f_tail(f1, df, n * (k - 1)), f_tail(f3, df, inner)
    rows = [
        ("ICC1", single(f1), f1, df, n * (k - 1), p1, single(low1), single(high1)),
        ("ICC2", icc2, f3, df, inner, p3, low2, high2),
        ("ICC3", single(f3), f3, df, inner, p3, single(low3), single(high3)),
        ("ICC1k", mean(f1), f1, df, n * (k - 1), p1, mean(low1), mean(high1)),
        ("ICC2k", (b - e) / (b + (j - e) / n), f3, df, inner, p3, up(low2), up(high2)),
        ("ICC3k", mean(f3), f3, df, inner, p3, mean(low3), mean(high3)),
    ]
    columns = ["form", "icc", "f", "df1", "df2", "p_value", "ci_low", "ci_high"]
    return IntraclassCorrelation(
        forms=pd.DataFrame(rows, columns=columns),
        n=n,
        k=k,
        mean_squares={"subjects": b, "raters": j, "residual": e, "within": w},
        ci=ci,
    )


def _f_limits(f: float, df1: int, df2: int, ci: float) -> tuple[float, float]:
    tail = (1 - ci) / 2
    return f / f_quantile(1 - tail, df1, df2), f * f_quantile(1 - tail, df2, df1)


def _agreement_limits(icc2: float, b: float, j: float, e: float, n: int, k: int, ci: float):
    if e == 0:
        return icc2, icc2  # the raters differ by constants only: nothing is left to estimate
    tail, ratio = (1 - ci) / 2, j / e
    weight = n * (1 + (k - 1) * icc2) - k * icc2
    df = (k - 1) * (n - 1) * (k * icc2 * ratio + weight) ** 2
    df /= (n - 1) * k**2 * icc2**2 * ratio**2 + weight**2
    upper, lower = f_quantile(1 - tail, n - 1, df), f_quantile(1 - tail, df, n - 1)
    shared = k * j + (k * n - k - n) * e
    return (
        n * (b - upper * e) / (upper * shared + n * b),
        n * (lower * b - e) / (shared + n * lower * b),
    )
