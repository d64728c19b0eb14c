"""Tail of a linear combination of χ² over an independent χ², the law of a Pearson χ² under a design.

P(Σ λ_j χ²_1 / (χ²_ν/ν) > x) = P(Σ λ_j χ²_1 − (x/ν) χ²_ν > 0): one quadratic form in normals. The saddlepoint
follows Kuonen (1999), Biometrika 86; the exact value inverts the characteristic function (Imhof 1961).
"""

from __future__ import annotations

import numpy as np
from scipy import special


def _form(x: float, weights, df: float):
    """Coefficients and degrees of freedom of the quadratic form whose positivity is the event."""
    weights = np.asarray(weights, dtype=float)
    return np.append(weights, -x / df), np.append(np.ones(len(weights)), df)


def mixture_saddlepoint(x: float, weights, df: float) -> float:
    """P(mixture > x) by the saddlepoint; Satterthwaite's approximation where the saddlepoint is singular.

    R repeats the last coefficient ⌊df⌋ times, and so does this, to agree with it; `mixture_tail` takes df as
    it is.
    """
    from scipy.optimize import brentq

    a, nu = _form(x, weights, df)
    nu[-1] = np.floor(df + 1e-6)
    a = a / a.max()

    def slope(t):
        return (nu * a / (1 - 2 * t * a)).sum()

    low = (1 / (2 * a[a < 0])).max() * 0.99999
    high = (1 / (2 * a[a > 0])).min() * 0.99999
    t = brentq(slope, low, high, xtol=1e-14, rtol=1e-14)
    if abs(t) < 1e-4:
        return _satterthwaite(x, weights, df)
    k = -(nu * np.log1p(-2 * t * a)).sum() / 2
    w = np.sign(t) * np.sqrt(2 * -k)
    v = t * np.sqrt(2 * (nu * a**2 / (1 - 2 * t * a) ** 2).sum())
    return float(special.ndtr(-(w + np.log(v / w) / w)))


def _satterthwaite(x, weights, df):
    weights = np.asarray(weights, dtype=float)
    spread = (weights**2).mean() / weights.mean() ** 2
    ndf = len(weights) / spread
    return float(special.fdtrc(ndf, df, x / ndf / (weights.mean() * spread)))


def mixture_tail(x: float, weights, df: float) -> float:
    """P(mixture > x) by numerical inversion, absolute error about 1e-10."""
    from scipy.integrate import quad

    a, nu = _form(x, weights, df)

    def integrand(u):
        angle = (nu * np.arctan(a * u)).sum() / 2
        size = np.exp((nu * np.log1p((a * u) ** 2)).sum() / 4)
        return np.sin(angle) / (u * size)

    scale = np.abs(a).max()
    parts = [quad(integrand, lo / scale, hi / scale, limit=500, epsabs=1e-13, epsrel=1e-12)[0]
             for lo, hi in ((0, 1), (1, 10), (10, 100), (100, np.inf))]  # fmt: skip
    return float(min(max(0.5 + sum(parts) / np.pi, 0.0), 1.0))
