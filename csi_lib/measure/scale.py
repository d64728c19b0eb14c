"""Answer scales: rescaling to 0–100, shares of the highest and lowest categories, net promoters."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.frames import as_frame, as_series, declared_order, is_one_column, refuse_repeated, table_of_numbers
from csi_lib.measure.inputs import read_option, read_proportion, read_vector, read_weights, refuse_infinite
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class Share(Result):
    """A share of respondents, stored 0–1, or a difference of two such shares.

    ``estimate se ci_low ci_high`` at level ``ci``; ``n`` valid answers, ``n_effective`` (Kish)
    and ``df`` of the interval.
    """

    SUMMARY = ("estimate", "se", "ci_low", "ci_high", "n", "n_effective", "df")

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    n: int
    n_effective: float
    df: int
    ci: float


@dataclass(frozen=True, repr=False)
class NetPromoterScore(Result):
    """Net promoter score, −100..100, and the three shares (0–1) it is made of."""

    SUMMARY = ("estimate", "se", "ci_low", "ci_high", "promoters", "passives", "detractors", "n")

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    promoters: float
    passives: float
    detractors: float
    n: int
    n_effective: float
    df: int
    ci: float


def rescale(values, low: float, high: float, *, reverse: bool = False):
    """Answers on ``low..high`` as points from 0 to 100.

    100·(x − low)/(high − low); with ``reverse=True`` first x → high + low − x, so that more
    points always mean more satisfied.

    Parameters
    ----------
    values : one column or a table of answers (pandas, polars, Arrow, arrays); missing stays missing.
    low, high : ends of the answer scale as coded, ``low < high`` (1 and 5; 0 and 10).

    Returns
    -------
    Float values: an array of an array or list, else a pandas Series or DataFrame, index and names kept.

    Raises
    ------
    InputError
        For values outside the scale (an undeclared code, such as 9 for "don't know", must be
        declared missing, never rescaled), infinite values and columns that are not numeric.

    Notes
    -----
    In R: ``100 * (x - low) / (high - low)``.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.rescale([1, 3, 5], 1, 5).tolist()
    [0.0, 50.0, 100.0]
    >>> csi_lib.rescale([1, 3, 5], 1, 5, reverse=True).tolist()
    [100.0, 50.0, 0.0]
    """
    _refuse_empty_scale(low, high)
    if not is_one_column(values):
        if np.ndim(values) == 0 and not isinstance(values, Mapping):
            return float(rescale([values], low, high, reverse=reverse)[0])
        frame = as_frame(values, where="values")
        refuse_repeated(frame.columns, where="values")
        array, names = table_of_numbers(frame, where="values"), list(frame.columns)
        refuse_infinite(array, names, "values")
    else:
        column = as_series(values, where="values")
        array, names = read_vector(column, where="values")[:, None], [column.name]
    _refuse_outside(array, names, low, high)
    points = 100 * ((high - array) if reverse else (array - low)) / (high - low)
    if isinstance(values, np.ndarray | Sequence):
        return points[:, 0] if is_one_column(values) else points
    if is_one_column(values):
        return pd.Series(points[:, 0], index=column.index, name=column.name)
    return pd.DataFrame(points, index=frame.index, columns=frame.columns)


def top_box(
    values,
    low: float = 1,
    high: float = 5,
    *,
    boxes: int = 2,
    weights=None,
    ci: float = 0.95,
    ci_method: Literal["t", "wilson"] = "t",
) -> Share:
    r"""Share of answers in the highest `boxes` categories, 0–1.

    :math:`p = \sum w z / \sum w`, z = 1 for x > high − boxes. The standard error is the linearised
    one for independent respondents, :math:`\sqrt{\tfrac{n}{n-1}\sum w^2 (z-p)^2}/\sum w`, which
    without weights is :math:`\sqrt{p(1-p)/(n-1)}`. The interval is t with n − 1 degrees of freedom
    (it may pass 0 or 1, and has no width when all agree: a warning says so), or Wilson's with the
    effective n = p(1 − p)/se² + 1 (Kish's where p is 0 or 1).

    Missing answers are left out. Answers must be whole categories from `low` to `high`. Strata
    and clusters belong to :class:`csi_lib.SurveyDesign`.

    In R: ``survey::svymean(~I(x > high - boxes), svydesign(~1, weights = ~w))`` with
    ``confint(df = degf)``.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.top_box(answers["q1"], 1, 5, weights=answers["w"])
    <Share estimate=0.4859, se=0.03019, ci_low=0.4265, ci_high=0.5453, n=300, n_effective=274.7, df=299>
    """
    x, w = _categories(values, low, high, weights, boxes)
    return _share((x > high - boxes).astype(float), w, ci, ci_method)


def bottom_box(
    values,
    low: float = 1,
    high: float = 5,
    *,
    boxes: int = 2,
    weights=None,
    ci: float = 0.95,
    ci_method: Literal["t", "wilson"] = "t",
) -> Share:
    """Share of answers in the lowest `boxes` categories, 0–1; otherwise as :func:`top_box`.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.bottom_box(answers["q1"], 1, 5, ci_method="wilson")
    <Share estimate=0.1367, se=0.01986, ci_low=0.1024, ci_high=0.1802, n=300, n_effective=300, df=299>
    """
    x, w = _categories(values, low, high, weights, boxes)
    return _share((x < low + boxes).astype(float), w, ci, ci_method)


def net_box(values, low: float = 1, high: float = 5, *, boxes: int = 2, weights=None, ci: float = 0.95) -> Share:
    """Top-box share minus bottom-box share, −1..1, with the error of the difference.

    Both shares come from the same people, so the error is that of the mean of +1, 0, −1.
    Arguments, missing answers and the interval (t) as in :func:`top_box`.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.net_box(answers["q1"], 1, 5)
    <Share estimate=0.36, se=0.04105, ci_low=0.2792, ci_high=0.4408, n=300, n_effective=300, df=299>
    """
    x, w = _categories(values, low, high, weights, boxes)
    if 2 * boxes > high - low + 1:
        raise InputError(
            "the top and the bottom boxes overlap",
            where="boxes",
            found=f"{boxes} of {high - low + 1:g} categories",
        )
    return _share((x > high - boxes).astype(float) - (x < low + boxes), w, ci, "t")


def nps(values, *, scale: tuple[float, float] | None = None, weights=None, ci: float = 0.95) -> NetPromoterScore:
    """Net promoter score: %(9–10) − %(0–6) of answers on 0..10, from −100 to 100.

    The standard error is that of the mean of +100, 0, −100 over independent respondents
    (linearised under weights); the interval is t with n − 1 degrees of freedom. Missing answers
    are left out.

    Parameters
    ----------
    values : answers on 0–10, whole numbers.
    scale : ends of the question's scale; only (0, 10) has a net promoter score. None reads it off the answers, and
        asks where none of them is above 7: they may be from another scale, of which 9 and 6 cut nothing.

    Notes
    -----
    In R: ``survey::svymean(~I(100 * ((x >= 9) - (x <= 6))), svydesign(~1, weights = ~w))``.

    References
    ----------
    Reichheld (2003), Harvard Business Review 81(12), 46–54.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.nps(answers["recommend"])
    <NetPromoterScore estimate=-15, se=4.433, ci_low=-23.72, ci_high=-6.277, promoters=0.23, ...
    """
    _refuse_other_scale(values, scale)
    x, w = _categories(values, 0, 10, weights, 1)
    up, down = (x >= 9).astype(float), (x <= 6).astype(float)
    score = _share(up - down, w, ci, "t")
    promoters, detractors = float(w @ up / w.sum()), float(w @ down / w.sum())
    return NetPromoterScore(
        estimate=100 * score.estimate,
        se=100 * score.se,
        ci_low=100 * score.ci_low,
        ci_high=100 * score.ci_high,
        promoters=promoters,
        passives=1 - promoters - detractors,
        detractors=detractors,
        n=score.n,
        n_effective=score.n_effective,
        df=score.df,
        ci=ci,
    )


def _refuse_other_scale(values, scale) -> None:
    """The score is defined on 0–10 alone: on 1–5 everybody would be a detractor."""
    column = as_series(values, where="values")
    declared = declared_order(column)
    seen = read_vector(column, where="values")
    ends = scale if scale is not None else (0, len(declared) - 1) if declared else None
    if ends is None and np.isfinite(seen).any() and np.nanmax(seen) <= 7:
        raise InputError(
            "the answers may be from a scale that is not 0–10, which alone has a net promoter score",
            where="values",
            found=f"answers from {np.nanmin(seen):g} to {np.nanmax(seen):g}",
            action="If the question was asked on 0–10, say so: scale=(0, 10); else take net_box or top_box",
        )
    if ends is not None and (float(ends[0]), float(ends[1])) != (0.0, 10.0):
        raise InputError(
            "the net promoter score is defined on 0–10",
            where="scale",
            found=f"{ends[0]:g} to {ends[1]:g}" if scale is not None else f"{len(declared)} ordered categories",
            action="Take net_box or top_box, with the scale's own boxes",
        )


def _share(z: np.ndarray, w: np.ndarray, ci: float, ci_method: str) -> Share:
    ci = read_proportion(ci, where="ci")
    read_option(ci_method, ("t", "wilson"), where="ci_method")
    n, total = len(z), w.sum()
    p = float(w @ z / total)
    se = float(np.sqrt(n / (n - 1) * np.sum((w * (z - p)) ** 2)) / total)
    kish = float(total**2 / (w @ w))
    if ci_method == "wilson":
        q, size = float(ndtri((1 + ci) / 2)), p * (1 - p) / se**2 + 1 if se > 0 else kish
        centre = (p + q**2 / (2 * size)) / (1 + q**2 / size)
        half = q / (1 + q**2 / size) * np.sqrt(p * (1 - p) / size + q**2 / (4 * size**2))
        low, high = max(0.0, float(centre - half)), min(1.0, float(centre + half))
    else:
        if se == 0:
            warnings.warn(
                f"All {n} answers fall on the same side, so the t interval has no width; "
                "for a share use ci_method='wilson'.",
                MeasureWarning,
                stacklevel=3,
            )
        half = float(stdtrit(n - 1, (1 + ci) / 2)) * se
        low, high = p - half, p + half
    return Share(estimate=p, se=se, ci_low=low, ci_high=high, n=n, n_effective=kish, df=n - 1, ci=ci)


def _categories(values, low, high, weights, boxes) -> tuple[np.ndarray, np.ndarray]:
    _refuse_empty_scale(low, high)
    if not 1 <= boxes <= high - low:
        raise InputError("no such boxes", where="boxes", found=boxes, expected=f"1 to {high - low:g}")
    values = as_series(values, where="values")
    x = read_vector(values, where="values")
    w = np.ones(len(x)) if weights is None else read_weights(weights, values.index)
    _refuse_outside(x[:, None], [values.name], low, high)
    use = ~np.isnan(x) & (w > 0)
    x, w = x[use], w[use]
    if len(x) < 2:
        raise InputError(
            "too few valid answers for a share and its error",
            where="values",
            found=len(x),
            expected="2 or more",
        )
    between = (x - low) % 1 != 0
    if between.any():
        raise InputError(
            "an answer lies between two categories",
            where="values",
            found=x[between][0],
            expected=f"whole steps from {low} to {high}",
            action="Shares need the answers themselves, not means or points",
        )
    return x, w


def _refuse_empty_scale(low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError("the scale has no width", where="low, high", found=f"{low}, {high}", expected="low < high")


def _refuse_outside(array: np.ndarray, names: list, low: float, high: float) -> None:
    with np.errstate(invalid="ignore"):
        outside = (array < low) | (array > high)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        item = "" if names[column] is None else f"{names[column]!r}, "
        raise InputError(
            "an answer lies outside the scale",
            where=f"{item}row {row} (counted from 0)",
            found=f"{array[row, column]:g}",
            expected=f"{low:g} to {high:g}, or missing",
            action="Declare it as a missing code, or correct the scale",
        )
