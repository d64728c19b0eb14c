"""How well a model reproduces the moments: the usual indices, from chi-squares and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import exp, inf, isnan, log, nan, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chndtr

from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class FitIndices(Result):
    """Fit of a factor model. Every field can also be read as ``fit["cfi"]``.

    ``cfi``, ``tli`` and ``rmsea`` come from the plain chi-square. The ``_scaled`` fields put the corrected
    chi-square in its place; the ``_robust`` ones estimate what the population index would be (Brosseau-Liard
    and Savalei 2014). Both are nan where the estimator has no correction. ``rmsea_ci_*`` is a 90 % interval,
    ``rmsea_p_close`` tests RMSEA <= .05. With no degrees of freedom the fit is perfect by construction:
    ``p_value`` and ``rmsea_p_close`` are then nan.

    ``gfi agfi pgfi`` (Jöreskog and Sörbom), ``nfi rfi`` (Bentler and Bonett; Bollen 1986), ``ifi`` (Bollen 1989), ``rni``
    (McDonald and Marsh), ``pnfi``, ``ecvi`` (Browne and Cudeck) and ``mfi`` (McDonald) are lavaan's, from the plain
    chi-square; ``tli`` is NNFI and ``bic_adjusted`` SABIC, which can be read under these names too.
    """

    SUMMARY = (
        "chisq",
        "df",
        "p_value",
        "cfi",
        "tli",
        "rmsea",
        "rmsea_ci_low",
        "rmsea_ci_high",
        "srmr",
        "gfi",
        "agfi",
        "nfi",
        "ifi",
        "aic",
        "sabic",
        "n",
    )

    n: int
    n_parameters: int
    chisq: float
    df: int
    p_value: float
    baseline_chisq: float
    baseline_df: int
    baseline_p_value: float
    cfi: float
    tli: float
    rmsea: float
    rmsea_ci_low: float
    rmsea_ci_high: float
    rmsea_p_close: float
    srmr: float
    rmr: float
    gfi: float = nan
    agfi: float = nan
    pgfi: float = nan
    nfi: float = nan
    ifi: float = nan
    rfi: float = nan
    rni: float = nan
    pnfi: float = nan
    ecvi: float = nan
    mfi: float = nan
    logl: float = nan
    logl_unrestricted: float = nan
    aic: float = nan
    bic: float = nan
    bic_adjusted: float = nan
    scaling_factor: float = nan
    shift: float = nan
    chisq_scaled: float = nan
    p_value_scaled: float = nan
    baseline_chisq_scaled: float = nan
    cfi_scaled: float = nan
    tli_scaled: float = nan
    rmsea_scaled: float = nan
    rmsea_scaled_ci_low: float = nan
    rmsea_scaled_ci_high: float = nan
    cfi_robust: float = nan
    tli_robust: float = nan
    rmsea_robust: float = nan
    rmsea_robust_ci_low: float = nan
    rmsea_robust_ci_high: float = nan

    @property
    def nnfi(self) -> float:
        """Non-normed fit index: another name of TLI."""
        return self.tli

    @property
    def sabic(self) -> float:
        """Sample-size adjusted BIC: another name of ``bic_adjusted``."""
        return self.bic_adjusted

    def __getitem__(self, name: str) -> float:
        return getattr(self, name)

    def keys(self) -> list[str]:
        return [f.name for f in fields(self)]

    def verdict(self) -> str:
        """Hu and Bentler (1999): CFI and TLI from .95, RMSEA to .06, SRMR to .08; acceptable from .90, to .08 and .10."""
        if self.df == 0:
            return "fits by construction (no degrees of freedom)"
        best = lambda name: value if not isnan(value := self[f"{name}_robust"]) else self[name]
        cfi, tli, rmsea = best("cfi"), best("tli"), best("rmsea")
        if min(cfi, tli) >= 0.95 and rmsea <= 0.06 and self.srmr <= 0.08:
            return "good fit"
        return "acceptable fit" if min(cfi, tli) >= 0.9 and rmsea <= 0.08 and self.srmr <= 0.1 else "poor fit"


@dataclass(frozen=True)
class Correction:
    """A corrected chi-square: ``chisq / scale + shift``; `trace` is that of U Gamma."""

    scale: float
    trace: float
    shift: float = 0.0

    def applied(self, chisq: float) -> float:
        return chisq / self.scale + self.shift

    def inflation(self, df: int) -> float:
        """How much larger than under normality the chi-square is expected to be, per degree of freedom."""
        return self.scale * (df - self.shift) / df if df else nan


def chisq_p_value(chisq: float, df: int) -> float:
    return float(chdtrc(df, max(chisq, 0.0))) if df > 0 else nan


def cfi(chisq: float, df: int, baseline: float, baseline_df: int, c: float = 1.0, c_baseline: float = 1.0) -> float:
    """Comparative fit index, 1 - max(d, 0) / max(d, d0, 0), d = chisq - c df (Bentler 1990)."""
    d, d0 = chisq - c * df, baseline - c_baseline * baseline_df
    worst = max(d, d0, 0.0)
    return 1.0 if worst == 0 or d <= 0 else 1 - d / worst


def tli(chisq: float, df: int, baseline: float, baseline_df: int, c: float = 1.0, c_baseline: float = 1.0) -> float:
    """Tucker-Lewis index (non-normed fit index)."""
    if df == 0:
        return 1.0
    d0 = baseline - c_baseline * baseline_df
    return 1 - (chisq - c * df) * baseline_df / (d0 * df) if d0 * df != 0 else 1.0


def rmsea(chisq: float, df: float, n: float, groups: int = 1, c: float = 1.0) -> float:
    """Root mean square error of approximation, sqrt(G max(chisq - c df, 0) / (n df)) (Steiger)."""
    return sqrt(max(chisq / df - c, 0.0) / n * groups) if df > 0 else 0.0


def rmsea_interval(
    chisq: float, df: float, n: float, groups: int = 1, c: float = 1.0, level: float = 0.90
) -> tuple[float, float]:
    """Interval from the non-central chi-square distribution."""
    bounds = []
    for probability in ((1 + level) / 2, (1 - level) / 2):

        def miss(ncp, target=probability):
            return _noncentral_cdf(chisq, df, ncp) - target

        if df <= 0 or miss(0.0) <= 0:
            bounds.append(0.0)
            continue
        top = max(chisq, 1.0)
        while miss(top) > 0:
            top *= 2
        bounds.append(sqrt(c * brentq(miss, 0.0, top, xtol=1e-10, rtol=1e-12) / (n * df) * groups))
    return bounds[0], bounds[1]


def rmsea_p_close(chisq: float, df: float, n: float, groups: int = 1, c: float = 1.0, close: float = 0.05) -> float:
    """P-value of RMSEA <= close."""
    return max(0.0, 1 - _noncentral_cdf(chisq, df, n * df * close**2 / (c * groups))) if df > 0 else nan


def _noncentral_cdf(x: float, df: float, ncp: float) -> float:
    return float(chndtr(x, df, ncp)) if ncp > 0 else 1 - float(chdtrc(df, x))


def root_mean_square_residuals(
    observed: Sequence[tuple[np.ndarray, np.ndarray]],
    implied: Sequence[tuple[np.ndarray, np.ndarray]],
    shares: Sequence[float],
    means: bool,
) -> tuple[float, float]:
    """SRMR (Bentler: residuals over observed standard deviations) and RMR; mean over groups by size."""
    srmr = rmr = 0.0
    for (mean, cov), (fitted_mean, fitted_cov), share in zip(observed, implied, shares):
        sd = np.sqrt(np.diag(cov))
        lower = np.tril_indices(len(cov))
        raw = (cov - fitted_cov)[lower]
        standard = ((cov - fitted_cov) / np.outer(sd, sd))[lower]
        if means:
            raw = np.concatenate([raw, mean - fitted_mean])
            standard = np.concatenate([standard, (mean - fitted_mean) / sd])
        srmr += share * sqrt(np.mean(standard**2))
        rmr += share * sqrt(np.mean(raw**2))
    return srmr, rmr


def goodness_of_fit(
    observed: Sequence[np.ndarray], fitted: Sequence[np.ndarray], weights: Sequence[np.ndarray], shares: Sequence[float]
) -> tuple[float, int]:
    """GFI, 1 - (s - sigma)'V(s - sigma) / s'Vs of each group's moments, and the number of moments; mean by group size."""
    value, count = 0.0, 0
    for s, sigma, v, share in zip(observed, fitted, weights, shares):
        apart = s - sigma
        value += share * (1 - (apart @ v @ apart) / (s @ v @ s))
        count += len(s)
    return float(value), count


def normal_moments(
    moments: Sequence[tuple[np.ndarray, np.ndarray]], fitted: Sequence[tuple[np.ndarray, np.ndarray]], means: bool
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Means (if modelled) and covariances as vectors, and the weights of normal theory at the fitted moments."""
    observed, expected, weights = [], [], []
    for (mean, cov), (fitted_mean, fitted_cov) in zip(moments, fitted):
        k = len(cov)
        a, b = np.tril_indices(k)
        inverse = np.linalg.inv(fitted_cov)
        # x'Vx = tr((S^-1 X)^2)/2 for symmetric X given by its lower triangle
        v = (inverse[np.ix_(a, a)] * inverse[np.ix_(b, b)] + inverse[np.ix_(a, b)] * inverse[np.ix_(b, a)]) / 2
        double = np.where(a == b, 1.0, 2.0)
        v *= np.outer(double, double) / 2
        s, sigma = cov[a, b], fitted_cov[a, b]
        if means:
            s, sigma = np.concatenate([mean, s]), np.concatenate([fitted_mean, sigma])
            v = np.block([[inverse, np.zeros((k, len(a)))], [np.zeros((len(a), k)), v]])
        observed.append(s)
        expected.append(sigma)
        weights.append(v)
    return observed, expected, weights


def _incremental(chisq: float, df: int, baseline: float, baseline_df: int) -> dict[str, float]:
    """Indices that compare with uncorrelated items."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x, x0, d0 = np.float64(chisq), np.float64(baseline), np.float64(baseline_df)
        nfi = (x0 - x) / x0
        return {
            "nfi": nfi,
            "pnfi": df / d0 * nfi,
            "ifi": (x0 - x) / (x0 - df),
            "rni": 1 - (x - df) / (x0 - d0),
            "rfi": 1 - (x / df) / (x0 / d0) if df > 0 else nan,
        }


def _goodness(gfi: float, count: int, df: int) -> dict[str, float]:
    return {"gfi": gfi, "agfi": 1 - count / df * (1 - gfi) if df > 0 else 1.0, "pgfi": df / count * gfi}


def assemble(
    *,
    n: int,
    n_parameters: int,
    chisq: float,
    df: int,
    baseline_chisq: float,
    baseline_df: int,
    srmr: float,
    rmr: float,
    groups: int = 1,
    divisor: float | None = None,
    goodness: tuple[float, int] | None = None,
    logl: float = nan,
    logl_unrestricted: float = nan,
    correction: Correction | None = None,
    baseline_correction: Correction | None = None,
    robust: dict[str, float] | None = None,
) -> FitIndices:
    """All indices from the two chi-squares; `divisor` is what RMSEA divides by (n, or n - groups)."""
    N = divisor or n
    low, high = rmsea_interval(chisq, df, N, groups)
    found = {
        "n": n,
        "n_parameters": n_parameters,
        "chisq": chisq,
        "df": df,
        "p_value": chisq_p_value(chisq, df),
        "baseline_chisq": baseline_chisq,
        "baseline_df": baseline_df,
        "baseline_p_value": chisq_p_value(baseline_chisq, baseline_df),
        "cfi": cfi(chisq, df, baseline_chisq, baseline_df),
        "tli": tli(chisq, df, baseline_chisq, baseline_df),
        "rmsea": rmsea(chisq, df, N, groups),
        "rmsea_ci_low": low,
        "rmsea_ci_high": high,
        "rmsea_p_close": rmsea_p_close(chisq, df, N, groups),
        "srmr": srmr,
        "rmr": rmr,
        **_incremental(chisq, df, baseline_chisq, baseline_df),
        "mfi": exp(-(chisq - df) / (2 * N)),
    }
    if goodness is not None:
        found |= _goodness(*goodness, df)
    if not isnan(logl):
        found |= {
            "ecvi": (chisq + 2 * n_parameters) / N,
            "logl": logl,
            "logl_unrestricted": logl_unrestricted,
            "aic": -2 * logl + 2 * n_parameters,
            "bic": -2 * logl + n_parameters * log(n),
            "bic_adjusted": -2 * logl + n_parameters * log((n + 2) / 24),
        }
    if correction and baseline_correction and df > 0:
        found |= _scaled(chisq, df, baseline_chisq, baseline_df, N, groups, correction, baseline_correction)
        found |= (
            robust
            if robust is not None
            else _robust(chisq, df, baseline_chisq, baseline_df, N, groups, correction, baseline_correction)
        )
    elif robust:
        found |= robust
    return FitIndices(**{k: v if isinstance(v, int) else float(v) for k, v in found.items()})


def _scaled(chisq, df, baseline, baseline_df, n, groups, correction, baseline_correction) -> dict[str, float]:
    scaled, base = correction.applied(chisq), baseline_correction.applied(baseline)
    # a shifted chi-square keeps its degrees of freedom; a merely scaled one has those of its trace
    value, d = (scaled, df) if correction.shift else (chisq, correction.trace)
    low, high = rmsea_interval(value, d, n, groups)
    return {
        "scaling_factor": correction.scale,
        "shift": correction.shift or nan,
        "chisq_scaled": scaled,
        "p_value_scaled": chisq_p_value(scaled, df),
        "baseline_chisq_scaled": base,
        "cfi_scaled": cfi(scaled, df, base, baseline_df),
        "tli_scaled": tli(scaled, df, base, baseline_df),
        "rmsea_scaled": rmsea(value, d, n, groups),
        "rmsea_scaled_ci_low": low,
        "rmsea_scaled_ci_high": high,
    }


def _robust(chisq, df, baseline, baseline_df, n, groups, correction, baseline_correction) -> dict[str, float]:
    return robust_indices(
        chisq,
        df,
        baseline,
        baseline_df,
        n,
        groups,
        correction.inflation(df),
        baseline_correction.inflation(baseline_df),
        correction.applied(chisq),
    )


def robust_indices(
    chisq: float,
    df: int,
    baseline: float,
    baseline_df: int,
    n: float,
    groups: int,
    c: float,
    c_baseline: float,
    scaled: float,
) -> dict[str, float]:
    """Indices of the population: chi-squares against the means `c df` they have when the model holds."""
    low, high = rmsea_interval(scaled, df, n, groups, c) if 0 < c < inf else (nan, nan)
    return {
        "cfi_robust": cfi(chisq, df, baseline, baseline_df, c, c_baseline),
        "tli_robust": tli(chisq, df, baseline, baseline_df, c, c_baseline),
        "rmsea_robust": rmsea(chisq, df, n, groups, c),
        "rmsea_robust_ci_low": low,
        "rmsea_robust_ci_high": high,
    }
