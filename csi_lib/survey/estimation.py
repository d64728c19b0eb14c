"""Means, totals and ratios of items in domains, with standard error, interval, base and design effect.

All three are one statistic: a sum of weighted x, or that sum over a sum of weighted y (1 for a mean), and are
linearised alike: z = w (x − θ y)/Σ w y for a ratio, z = w x for a total.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse, special

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey.domains import Domains


@dataclass(frozen=True)
class Item:
    """What is estimated: label, x, and y (None = a total). The columns are read when their turn comes."""

    name: str
    x: Callable[[], np.ndarray]
    y: Callable[[], np.ndarray] | None = None

    def values(self) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """x and y with 0 where either is missing, and the mask of complete rows (None = all complete)."""
        x = self.x()
        y = self.y() if self.y else None
        valid = ~np.isnan(x) if y is None else ~(np.isnan(x) | np.isnan(y))
        if valid.all():
            return x, y, None
        return np.where(valid, x, 0.0), None if y is None else np.where(valid, y, 0.0), valid


@dataclass(frozen=True)
class DomainStatistic:
    """Items × domains; the estimates come item by item, domains within items."""

    items: list[Item]
    domains: Domains

    def estimate(self, weights: np.ndarray) -> np.ndarray:
        """Estimates under weights (n,) or, all at once, under replicate weights (n, R)."""
        code, size = self.domains.code, self.domains.size
        rows = np.flatnonzero(code < size)
        parts = []
        for item in self.items:
            x, y, _ = item.values()

            def weighted(values):
                return sparse.csr_matrix((values[rows], (code[rows], rows)), (size, len(code))) @ weights

            with np.errstate(invalid="ignore", divide="ignore"):
                parts.append(weighted(x) if y is None else weighted(x) / weighted(y))
        return np.concatenate(parts)

    def influence(self, weights: np.ndarray) -> sparse.csc_matrix:
        """z, n × (items · domains); a column holds the rows of its domain only."""
        code, size, n = self.domains.code, self.domains.size, len(weights)
        rows = np.argsort(code, kind="stable")[: int((code < size).sum())]
        start = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=size + 1)[:size])])
        parts = [
            sparse.csc_matrix((_linearise(item, code, size, weights).z[rows], rows, start), (n, size))
            for item in self.items
        ]
        return sparse.hstack(parts, format="csc")


@dataclass(frozen=True)
class _Linearised:
    """One item in all domains: estimate, z per row (of the domain the row is in), bases and spread."""

    estimate: np.ndarray
    z: np.ndarray
    n: np.ndarray
    n_weighted: np.ndarray
    spread: np.ndarray  # Σ w (r − r̄)²/Σ w · (Σ w)², r the linearised value


def _linearise(item: Item, code, size: int, weights) -> _Linearised:
    x, y, valid = item.values()

    def by_domain(values=None):
        return np.bincount(code, values, size + 1)

    w = weights if valid is None else weights * valid
    n = by_domain(valid).astype(np.int64)
    n_weighted = by_domain(w)
    z = w * x
    sum_x = by_domain(z)
    with np.errstate(invalid="ignore", divide="ignore"):
        if y is None:
            theta = np.where(n > 0, sum_x, np.nan)  # of nobody's answers there is no total
            r = x - (sum_x / n_weighted)[code]
            scale = n_weighted
        else:
            y_sum = by_domain(w * y)
            theta = sum_x / y_sum
            exists = y_sum != 0  # else nothing is linearised, and the domain's rows weigh nothing in variances
            r = x - np.where(exists, theta, 0.0)[code] * y
            np.multiply(w, r, out=z)
            z /= np.where(exists, y_sum, np.inf)[code]
            scale = n_weighted / y_sum
        r *= r
        r *= w
        spread = by_domain(r) / n_weighted * scale**2
    if code.size and (outside := code == size).any():
        z = np.where(outside, 0.0, z)
    return _Linearised(theta[:size], z, n[:size], n_weighted[:size], spread[:size])


def estimates(design, items: list[Item], domains: Domains, *, ci: float, deff: str) -> pd.DataFrame:
    """The frame of `items` × `domains`: item, estimate, se, df, interval, bases, design effect."""
    df, variances = design.partitioned(domains)
    parts = []
    for item in items:
        one = _linearise(item, domains.code, domains.size, design.weights)
        lacking = ~np.isfinite(one.estimate)
        if lacking.any():
            without_estimate(item.name, domains, one.n, lacking)
            one = replace(one, estimate=np.where(lacking, np.nan, one.estimate))
        var = variances(DomainStatistic([item], domains), one.z)
        # where all rows give one value there is no variance, rounding of θ apart
        flat = (one.spread <= (1e-13 * one.estimate) ** 2) & (item.y is not None)
        with np.errstate(invalid="ignore", divide="ignore"):
            effect = var / (one.spread / (one.n - 1) * _deff_factor(design, one, deff))
        var, effect = np.where(flat, 0.0, var), np.where(flat, np.nan, effect)
        var, effect = np.where(lacking, np.nan, var), np.where(lacking, np.nan, effect)
        parts.append((one.estimate, np.sqrt(var), one.n, one.n_weighted, effect))
    estimate, se, n, n_weighted, effect = (np.concatenate(part) for part in zip(*parts))
    df = np.tile(df, len(items))
    low, high = t_interval(estimate, se, df, ci)
    frame = domains.labels.iloc[np.tile(np.arange(domains.size), len(items))].reset_index(drop=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            "item": np.repeat([item.name for item in items], domains.size), "estimate": estimate, "se": se,
            "df": df, "ci_low": low, "ci_high": high, "n": n, "n_weighted": n_weighted,
            "n_effective": n / effect, "deff": effect,
        }  # fmt: skip
    for column, values in columns.items():
        frame[column] = values
    warn_without_df(frame)
    return frame


def without_estimate(item: str, domains: Domains, n: np.ndarray, lacking: np.ndarray) -> None:
    """One empty group leaves its row empty and is said; where no group has an estimate there is no table."""
    unanswered = bool((n[lacking] == 0).all())
    groups = ", ".join(domains.name(i) for i in np.flatnonzero(lacking)[:5])
    if lacking.all():
        raise InputError(
            "nobody in the domain answered the item"
            if unanswered
            else "the denominator sums to 0, so the ratio does not exist",
            where=item,
            found=groups,
            action="Leave the item out for this group, or merge the group with another."
            if unanswered
            else "Leave the group out, or check the column.",
        )
    what = "nobody answered it" if unanswered else "the denominator sums to 0"
    warnings.warn(f"{item}: {what} in {groups}; the row has no estimate", MeasureWarning, stacklevel=5)


def warn_without_df(frame: pd.DataFrame) -> None:
    """An interval that cannot be given is said, not left to be found."""
    lacking = int((frame["df"] < 1).sum())
    if lacking:
        warnings.warn(
            f"{lacking} of {len(frame)} estimates rest on a single sampling unit per stratum: they have no "
            "degrees of freedom and no interval; merge the groups",
            MeasureWarning,
            stacklevel=4,
        )


def _deff_factor(design, one, deff: str):
    """1 with replacement; 1 − n/N without."""
    if deff == "replace":
        return 1.0
    if deff != "noreplace":
        raise InputError(
            "unknown comparison for the design effect",
            where="deff",
            found=repr(deff),
            expected="'replace' or 'noreplace'",
        )
    if design.normalised:
        raise InputError(
            "a comparison without replacement needs the population",
            where="deff",
            action="Declare population=, or use deff='replace'.",
        )
    return 1 - one.n / one.n_weighted


def t_interval(estimate, se, df, ci: float) -> tuple[np.ndarray, np.ndarray]:
    """estimate ∓ t(df) · se; without degrees of freedom there is no interval (NaN)."""
    if not 0 < ci < 1:
        raise InputError(
            "the confidence level must lie between 0 and 1",
            where="ci",
            found=ci,
            action="Give .95 for a 95 % interval.",
        )
    df = np.asarray(df, dtype=float)
    half = np.where(df > 0, special.stdtrit(np.maximum(df, 1), 0.5 + ci / 2), np.nan) * se
    return estimate - half, estimate + half
