"""Before and after: a system change, training of departments, consulting of agencies.

Three questions, three functions: two independent groups (`before_after`), the same units twice (`paired_change`), and a
series of months with a break (`interrupted_series`), which alone can tell a change from a trend that was there anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import field_validator
from scipy.optimize import brentq, minimize_scalar
from scipy.special import stdtr, stdtrit

from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import wilson
from csi_lib.evaluation.records import Field
from csi_lib.measure.shown import Result
from csi_lib.study.base import Label, Part
from csi_lib.study.reading import confidence
from csi_lib.study.references import SourceName


class Measure(Part):
    """One indicator of the monthly table: a share (``of`` names the column it is a share of), or a mean."""

    label: Label
    better: Literal["more", "less"] = "more"
    of: str | None = None
    unit: Literal["points", "minutes", "seconds", "scale", "number"] = "points"


class Pairs(Part):
    """Units scored before and after something was done to (some of) them: ``unit before after`` and, where not all were
    treated, ``treated``. ``departments``: the units are departments."""

    label: Label
    units: Label
    source: SourceName
    departments: bool = False
    columns: dict[str, str] = {}


class BeforeAfterFile(Part):
    """``before_after.yml``: a monthly table (``source``), the month of the ``change``, and pairs of unit scores.

    ``season`` months make one turn of the seasons (0: none), described by so many ``harmonics``.
    """

    source: SourceName = "indicators"
    columns: dict[str, str] = {}
    change: str
    event: Label
    season: int = Setting(default=12, ge=0)
    harmonics: int = Setting(default=1, ge=0)
    measures: dict[str, Measure]
    pairs: dict[str, Pairs] = {}

    @field_validator("change", mode="before")
    @classmethod
    def _month(cls, value):
        text = str(value)
        try:
            return str(pd.Period(text[:7], "M"))
        except ValueError:
            raise ValueError(f"{text!r} is no month; write it as 2023-10") from None


def month_fields(file: BeforeAfterFile) -> tuple[Field, ...]:
    """Columns of the monthly table."""
    names = dict.fromkeys([*file.measures, *(m.of for m in file.measures.values() if m.of)])
    return Field("month", "date"), *(Field(n, "number", blank=True) for n in names)


PAIRS = (
    Field("unit"),
    Field("before", "number", blank=True),
    Field("after", "number", blank=True),
    Field("treated", "flag", needed=False),
)


@dataclass(frozen=True, repr=False)
class Change(Result):
    """After − before: ``before after change se df ci_low ci_high p_value``, effect size ``effect`` with its name
    (``g`` Hedges, ``h`` Cohen, ``dz`` of pairs), and the bases ``n_before n_after``."""

    SUMMARY: ClassVar[tuple[str, ...]] = (
        "change",
        "ci_low",
        "ci_high",
        "p_value",
        "before",
        "after",
        "effect",
        "n_before",
        "n_after",
    )

    before: float
    after: float
    change: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    p_value: float
    effect: float
    effect_name: str
    n_before: int
    n_after: int


def before_after(before, after, *, ci: float | None = None) -> Change:
    """Welch's comparison of two independent groups, with Hedges' g on the pooled standard deviation.

    R: ``t.test(after, before)``; ``effectsize::hedges_g(after, before)``. Missing values do not enter. Refused with fewer
    than two values on a side, or when nothing varies.

    Examples
    --------
    >>> import csi_lib
    >>> change = csi_lib.before_after([60, 70, 65, 72], [75, 80, 78, 82])
    >>> round(change.change, 2), change.n_before
    (12.0, 4)
    """
    a, b = (np.asarray(v, dtype=float)[~np.isnan(np.asarray(v, dtype=float))] for v in (before, after))
    if min(len(a), len(b)) < 2:
        raise InputError("a comparison needs two values before and two after", found=f"{len(a)} and {len(b)}")
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if va + vb == 0:
        raise InputError("nothing varies, so chance cannot be judged", found=f"all {a[0]:g} before, all {b[0]:g} after")
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    total = len(a) + len(b) - 2
    pooled = np.sqrt((a.var(ddof=1) * (len(a) - 1) + b.var(ddof=1) * (len(b) - 1)) / total)
    gap = b.mean() - a.mean()
    return _change(
        a.mean(), b.mean(), gap, np.sqrt(va + vb), df, gap / pooled * (1 - 3 / (4 * total - 1)), "g", len(a), len(b), ci
    )


def paired_change(before, after, *, ci: float | None = None) -> Change:
    """The same units twice (departments around training, agencies around consulting); units seen once do not enter.

    R: ``t.test(after, before, paired = TRUE)``; dz = mean difference / its standard deviation. Units chosen because they
    scored low tend to rise by themselves (regression to the mean): compare with units not treated before praising.

    Examples
    --------
    >>> import csi_lib
    >>> change = csi_lib.paired_change([60, 70, 65, 72], [75, 80, 78, 82])
    >>> round(change.change, 2), change.effect_name
    (12.0, 'dz')
    """
    a, b = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if a.shape != b.shape:
        raise InputError("pairs have a before and an after each", found=f"{a.size} and {b.size} values")
    both = ~np.isnan(a) & ~np.isnan(b)
    a, b = a[both], b[both]
    if len(a) < 2:
        raise InputError("a paired comparison needs two units seen twice", found=str(len(a)))
    gap = b - a
    spread = gap.std(ddof=1)
    if spread == 0:
        raise InputError("all units changed by the same amount, so chance cannot be judged", found=f"{gap[0]:g}")
    return _change(
        a.mean(),
        b.mean(),
        gap.mean(),
        spread / np.sqrt(len(a)),
        len(a) - 1.0,
        gap.mean() / spread,
        "dz",
        len(a),
        len(a),
        ci,
    )


def share_change(x_before: int, n_before: int, x_after: int, n_after: int, *, ci: float | None = None) -> Change:
    """Two shares: Newcombe's interval from Wilson limits, pooled z test, Cohen's h.

    R: ``prop.test(c(x_after, x_before), c(n_after, n_before), correct = FALSE)$p.value``; ``DescTools::BinomDiffCI(...,
    method = "score")`` for the interval.

    Examples
    --------
    >>> import csi_lib
    >>> change = csi_lib.share_change(30, 100, 45, 100)
    >>> round(change.change, 3), change.effect_name
    (0.15, 'h')
    """
    for x, n in ((x_before, n_before), (x_after, n_after)):
        if not 0 <= x <= n or n < 1:
            raise InputError("a share is a part of a whole", found=f"{x} of {n}")
    p, q = x_before / n_before, x_after / n_after
    pooled = (x_before + x_after) / (n_before + n_after)
    null = np.sqrt(pooled * (1 - pooled) * (1 / n_before + 1 / n_after))
    (pl, ph), (ql, qh) = wilson(p, n_before, ci=ci), wilson(q, n_after, ci=ci)
    low, high = q - p - np.hypot(q - ql, ph - p), q - p + np.hypot(qh - q, p - pl)
    p_value = 1.0 if null == 0 else float(2 * stdtr(1e12, -abs(q - p) / null))
    h = 2 * np.arcsin(np.sqrt(q)) - 2 * np.arcsin(np.sqrt(p))
    return Change(p, q, q - p, float(np.sqrt(p * (1 - p) / n_before + q * (1 - q) / n_after)), np.inf, low, high, p_value,
                  h, "h", n_before, n_after)  # fmt: skip


def _change(a, b, gap, se, df, effect, name, na, nb, ci) -> Change:
    half = stdtrit(df, 0.5 + confidence(ci) / 2) * se
    return Change(float(a), float(b), float(gap), float(se), float(df), float(gap - half), float(gap + half),
                  float(2 * stdtr(df, -abs(gap) / se)), float(effect), name, int(na), int(nb))  # fmt: skip


@dataclass(frozen=True, repr=False)
class InterruptedSeries(Result):
    """Segmented regression of a monthly series.

    ``effects``: rows ``level`` (jump at the change), ``slope`` (change of the monthly trend), ``trend`` (trend before):
    ``term estimate se df ci_low ci_high p_value``. ``fitted``: ``month value fitted counterfactual`` (what the trend and
    the seasons before would have given). ``rho`` correlation of neighbouring months; ``n_before n_after`` months with a value.
    """

    SUMMARY: ClassVar[tuple[str, ...]] = (
        "rho",
        "n_before",
        "n_after",
    )
    TABLE: ClassVar[str | None] = "effects"

    effects: pd.DataFrame
    fitted: pd.DataFrame
    rho: float
    n_before: int
    n_after: int


def interrupted_series(
    months, values, change, *, season: int = 12, harmonics: int = 1, ci: float | None = None
) -> InterruptedSeries:
    r"""Change of level and of trend at a date, with seasons and serially correlated errors.

    .. math:: y_t = b_0 + b_1 t + b_2 D_t + b_3 D_t (t - T) + \sum_h [c_h \sin(2\pi h t/s) + d_h \cos(2\pi h t/s)] + e_t

    with D = 1 from month T on. Errors follow AR(1), :math:`cor(e_s, e_t) = \rho^{|s-t|}`; ρ by restricted maximum likelihood,
    coefficients by generalised least squares. Months without a value are gaps; time goes on.
    R: ``nlme::gls(y ~ t + D + I(D * (t - T)) + sin(..) + cos(..), correlation = corAR1(form = ~ t))``.

    Two or three years hardly tell ρ, and taking its estimate for the truth makes intervals too short (88–93 % of 95 %
    intervals held a jump in simulated series of 24 and 36 months). Error, interval and p-value therefore average the t
    distributions with n − k degrees of freedom over ρ, weighted by its restricted likelihood and the prior 1/√(1 − ρ²):
    93–96 % of the intervals hold it (``docs/coverage.md``). Intervals need not lie evenly about the estimate.

    Raises InputError with fewer than six months on a side, with fewer months than a full turn of the seasons before the
    change (the seasons could then not be told from the change), or a month twice.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> import numpy as np
    >>> months = pd.period_range("2022-01", periods=36, freq="M").astype(str)
    >>> values = 70 + 5 * (np.arange(36) >= 24) + np.random.default_rng(1).normal(size=36)
    >>> type(csi_lib.interrupted_series(months, values, "2024-01")).__name__
    'InterruptedSeries'
    """
    index = pd.PeriodIndex(pd.to_datetime(pd.Series(list(months))), freq="M")
    if index.has_duplicates:
        raise InputError("a month stands twice in the series", found=str(index[index.duplicated()][0]))
    order = np.argsort(index)
    index, y = index[order], np.asarray(values, dtype=float)[order]
    start = pd.Period(change, "M")
    t = np.array([(p - index[0]).n for p in index], dtype=float)
    after = np.array([p >= start for p in index], dtype=float)
    valid = ~np.isnan(y)
    n_before, n_after = int((valid & (after == 0)).sum()), int((valid & (after == 1)).sum())
    if min(n_before, n_after) < 6:
        raise InputError("a series needs six months before and six after the change", found=f"{n_before} and {n_after}")
    if season and harmonics and n_before < season:
        raise InputError("the series is too short to know its seasons before the change", found=f"{n_before} months",
                         expected=f"{season} or more, or `season: 0`")  # fmt: skip
    columns = [np.ones_like(t), t, after, after * (t - (start - index[0]).n)]
    for h in range(1, harmonics + 1 if season else 1):
        columns += [np.sin(2 * np.pi * h * t / season), np.cos(2 * np.pi * h * t / season)]
    x = np.column_stack(columns)
    fits = _autoregression(x[valid], y[valid], t[valid])
    rows = [{"term": term, **fits.term(at, confidence(ci))} for term, at in (("level", 2), ("slope", 3), ("trend", 1))]
    without = x.copy()
    without[:, 2:4] = 0
    fitted = pd.DataFrame(
        {"month": index.astype(str), "value": y, "fitted": x @ fits.beta, "counterfactual": without @ fits.beta}
    )
    return InterruptedSeries(pd.DataFrame(rows), fitted, fits.rho, n_before, n_after)


#: autocorrelations over which is averaged: ρ = sin θ with θ evenly spaced, which gives each ρ the weight 1/√(1 − ρ²)
_RHO = np.sin(np.linspace(-1.1, 1.4, 121))


@dataclass(frozen=True)
class _Fits:
    """Generalised least squares at every ρ of the grid (`weights` sum to 1), and at the REML estimate."""

    rho: float
    beta: np.ndarray
    betas: np.ndarray
    errors: np.ndarray
    weights: np.ndarray
    df: float

    def term(self, at: int, ci: float) -> dict:
        """Estimate at the REML ρ; error, interval and p from the mixture of t distributions over ρ."""
        estimate, b, s = self.beta[at], self.betas[:, at], self.errors[:, at]
        se = float(np.sqrt(self.weights @ (s**2 + (b - estimate) ** 2)))
        if se == 0:
            return {
                "estimate": estimate,
                "se": 0.0,
                "df": self.df,
                "ci_low": estimate,
                "ci_high": estimate,
                "p_value": 0.0,
            }
        below = lambda value: float(self.weights @ stdtr(self.df, (value - b) / s))
        reach = 1e3 * s.max() + np.abs(b - estimate).max()
        quantile = lambda q: brentq(lambda v: below(v) - q, estimate - reach, estimate + reach)
        p_value = 2 * min(below(0.0), 1 - below(0.0))
        return {"estimate": estimate, "se": se, "df": self.df, "ci_low": quantile(0.5 - ci / 2),
                "ci_high": quantile(0.5 + ci / 2), "p_value": p_value}  # fmt: skip


def _autoregression(x: np.ndarray, y: np.ndarray, t: np.ndarray) -> _Fits:
    """Coefficients under AR(1) errors for every ρ, weighted by the restricted likelihood and the prior of `_RHO`."""
    n, k = x.shape
    gaps = np.diff(t).astype(int)

    def solved(rho):
        step = rho**gaps
        scale = np.sqrt(1 - step**2)
        white = lambda z: np.concatenate([z[:1], ((z[1:].T - step * z[:-1].T) / scale).T])
        xs, ys = white(x), white(y)
        inverse = np.linalg.inv(xs.T @ xs)
        beta = inverse @ (xs.T @ ys)
        rest = float(((ys - xs @ beta) ** 2).sum())
        deviance = (n - k) * np.log(max(rest, 1e-300)) + 2 * np.log(scale).sum() - np.linalg.slogdet(inverse)[1]
        return beta, np.sqrt(np.diag(inverse) * rest / (n - k)), deviance, rest

    beta, _, _, rest = solved(0.0)
    if rest <= 1e-20 * max((y**2).sum(), 1.0):  # a series without noise: nothing to correlate
        return _Fits(0.0, beta, beta[None], np.zeros((1, k)), np.ones(1), float(n - k))
    rho = float(
        minimize_scalar(lambda r: solved(r)[2], bounds=(-0.9, 0.95), method="bounded", options={"xatol": 1e-6}).x
    )
    fits = [solved(r) for r in _RHO]
    deviance = np.array([f[2] for f in fits])
    weights = np.exp(-(deviance - deviance.min()) / 2)
    return _Fits(rho, solved(rho)[0], np.array([f[0] for f in fits]), np.array([f[1] for f in fits]),
                 weights / weights.sum(), float(n - k))  # fmt: skip
