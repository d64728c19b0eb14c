"""The F distribution from the incomplete beta function, without loading scipy.stats."""

from __future__ import annotations

from scipy.special import betainc, betaincinv


def f_quantile(p: float, df1: float, df2: float) -> float:
    """Value that F with df1 and df2 degrees of freedom stays below with probability p (R: ``qf``)."""
    a, b = df1 / 2, df2 / 2
    return float(betaincinv(a, b, p) / betaincinv(b, a, 1 - p) * (b / a))


def f_tail(value: float, df1: float, df2: float) -> float:
    """Probability that F exceeds `value` (R: ``pf(lower.tail = FALSE)``)."""
    return float(betainc(df2 / 2, df1 / 2, df2 / (df2 + df1 * value))) if value > 0 else 1.0
