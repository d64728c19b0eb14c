"""Shares of categories with intervals made for shares.

A symmetric t interval leaves 0–1 for small or extreme shares; the methods here stay inside. Sources: Korn &
Graubard (1998) for ``beta``; Dean & Pagano (2015) compare them; the profile likelihood is scaled by the ratio
of the design variance to the model variance (Rao & Scott 1984). R: ``survey::svyciprop``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.errors import InputError, nearest
from csi_lib.survey import estimation
from csi_lib.survey.estimation import Item
from csi_lib.survey.sample import listed

METHODS = ("logit", "xlogit", "wilson", "beta", "likelihood", "asin", "mean")


def proportion(design, cols, by, levels, method, ci, deff) -> pd.DataFrame:
    """See `Estimators.proportion`."""
    if method not in METHODS:
        raise InputError(
            "unknown interval method",
            where="method",
            found=repr(method),
            expected="one of " + ", ".join(METHODS),
        )
    domains = design.domains(by)
    frames = []
    for name in cols:
        column = design.column(name)
        known = levels_of(column, design.domain) if levels is None else _given_levels(column, listed(levels))
        for level in known:
            item = Item(name, lambda name=name, level=level: indicator(design.column(name), level), design._ones)
            frame = estimation.estimates(design, [item], domains, ci=ci, deff=deff)
            frame.insert(frame.columns.get_loc("item") + 1, "level", level)
            frame[["ci_low", "ci_high"]] = _interval(design, item, domains, frame, method, ci)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def levels_of(column: pd.Series, inside=None) -> list:
    """Levels in order; a true/false or 0/1 column has the one level that is counted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    values = column if inside is None else column[inside]
    found = sorted(values.dropna().unique().tolist())
    if not found:
        raise InputError("the column has no answers", where=str(column.name), action="Leave it out.")
    if pd.api.types.is_bool_dtype(column.dtype):
        return [True]
    if pd.api.types.is_numeric_dtype(column.dtype) and set(found) <= {0, 1}:
        return [1]
    return found


def _given_levels(column: pd.Series, levels: list) -> list:
    """The levels asked for, of which one at least must occur: a misspelt one would get a share of 0."""
    known = levels_of(column)
    if not set(levels) & set(known) and not column.isin(levels).any():
        near = nearest(levels[0], known) if levels else None
        raise InputError(
            "none of the levels occurs in the column",
            where=str(column.name),
            found=", ".join(map(repr, levels)) or "no level",
            expected=", ".join(map(repr, known[:8])),
            action=f"Did you mean {near!r}?" if near else None,
        )
    return levels


def indicator(column: pd.Series, level) -> np.ndarray:
    """1 for the level, 0 for others, NaN for missing."""
    hit = (column == level).fillna(False).to_numpy(dtype=bool)
    return np.where(column.isna(), np.nan, hit.astype(float))


def _interval(design, item, domains, frame, method, ci) -> np.ndarray:
    p, se, df, n = (frame[c].to_numpy(float) for c in ("estimate", "se", "df", "n"))
    with np.errstate(invalid="ignore", divide="ignore"):
        if method == "likelihood":
            limits = _profile(design, item, domains, p, se, df, ci)
        else:
            limits = np.column_stack(share_interval(p, se, df, n, method, ci))
    sure = (se == 0) & (p > 0) & (p < 1)
    limits[sure] = p[sure, None]
    edge = ((p <= 0) | (p >= 1)) & (n > 0)
    if edge.any():
        limits[edge] = p[edge, None] if _is_census(design) else edge_interval(p[edge], n[edge], method, ci)
    return limits


def edge_interval(p, n, method: str, ci: float) -> np.ndarray:
    """Limits of a share of 0 or 1 among n answers, where no variance is seen and all other methods are silent.

    Exact (Clopper & Pearson 1934): 1 − (α/2)^(1/n) above 0, its mirror image below 1; Wilson's own for ``wilson``.
    """
    z = special.ndtri(0.5 + ci / 2)
    reach = z**2 / (n + z**2) if method == "wilson" else 1 - (0.5 - ci / 2) ** (1 / n)
    return np.column_stack([np.where(p <= 0, 0.0, 1 - reach), np.where(p <= 0, reach, 1.0)])


def _is_census(design) -> bool:
    """Everybody was asked: a share of 0 is then no estimate."""
    stages = getattr(design, "stages", ())
    return bool(stages) and all((stage.fraction >= 1 - 1e-9).all() for stage in stages)


def share_interval(p, se, df, n, method: str, ci: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of a share from its standard error, degrees of freedom and base."""
    tail = 0.5 - ci / 2
    t = -_stdtrit(df, tail)
    if method == "mean":
        return p - t * se, p + t * se
    if method in ("logit", "xlogit"):
        half = t * se / (p * (1 - p))
        return special.expit(special.logit(p) - half), special.expit(special.logit(p) + half)
    if method == "asin":
        half = t * se / (2 * np.sqrt(p * (1 - p)))
        centre = np.arcsin(np.sqrt(p))
        return np.sin(centre - half) ** 2, np.sin(centre + half) ** 2
    effective = p * (1 - p) / se**2
    if method == "wilson":
        root = t * np.sqrt(4 * effective * p * (1 - p) + t**2)
        low, high = (2 * effective * p + t**2 - root), (2 * effective * p + t**2 + root)
        return low / (2 * (effective + t**2)), high / (2 * (effective + t**2))
    effective = effective * (_stdtrit(n - 1, tail) / t) ** 2
    low = special.betaincinv(effective * p, effective * (1 - p) + 1, tail)
    high = special.betaincinv(effective * p + 1, effective * (1 - p), 1 - tail)
    return low, high


def _stdtrit(df, tail):
    df = np.asarray(df, dtype=float)
    return np.where(df > 0, special.stdtrit(np.maximum(df, 1), tail), np.nan)


def _profile(design, item, domains, p, se, df, ci) -> np.ndarray:
    """Profile-likelihood limits of the logit.

    The profile is traced and interpolated on the grid that R uses (steps of a fifth of the largest root, a
    cubic spline through them, then straight lines), because the published values are those of the grid; the
    exact root differs in about the fourth decimal.
    """
    x, _, valid = item.values()
    limits = np.empty((domains.size, 2))
    for i in range(domains.size):
        rows = domains.code == i if valid is None else (domains.code == i) & valid
        if not rows.any():
            limits[i] = np.nan
            continue
        w, y = design.weights[rows], x[rows]
        limits[i] = _profile_limits(y, w / w.mean(), p[i], se[i], df[i], ci)
    return limits


def _profile_limits(y, w, p, se, df, ci) -> tuple[float, float]:
    if not (0 < p < 1 and se > 0 and df > 0):
        return p, p
    from scipy.interpolate import make_interp_spline

    ones, zeros, n = (w * y).sum(), (w * (1 - y)).sum(), len(y)
    beta, beta_se = special.logit(p), se / (p * (1 - p))
    dispersion = n / (n - 1)  # variance of the Pearson residuals of an intercept-only fit
    cutoff = -special.stdtrit(df, 0.5 - ci / 2) * beta_se * np.sqrt(_model_information(y, w))
    reach = np.sqrt(special.fdtri(1, n - 1, 1 - special.ndtr(-cutoff) / 2))

    def root(b):
        drop = 2 * (ones * (np.logaddexp(0, -b) - np.logaddexp(0, -beta))
                    + zeros * (np.logaddexp(0, b) - np.logaddexp(0, beta)))  # fmt: skip
        return np.sign(b - beta) * np.sqrt(max(drop / dispersion, 0.0))

    if not np.isfinite(reach):  # a cutoff beyond the precision of the grid's reach: the roots themselves
        ends = [_crossing(lambda b, s=s: s * root(b) - cutoff, beta, s * beta_se) for s in (-1, 1)]
        return special.expit(ends[0]), special.expit(ends[1])
    grid = [beta]
    for sign in (-1, 1):
        for step in range(1, 10):
            grid.append(beta + sign * step * reach / 5 * beta_se)
            if abs(root(grid[-1])) >= reach:
                break
    b = np.sort(grid)
    tau = np.array([root(value) for value in b])
    ends = [([(3, _third_derivative(b[:4], tau[:4]))]), ([(3, _third_derivative(b[-4:], tau[-4:]))])]
    fine = np.linspace(b[0], b[-1], 3 * len(b))
    traced = make_interp_spline(b, tau, k=3, bc_type=tuple(ends))(fine)
    low, high = np.interp([-cutoff, cutoff], traced, fine)
    return special.expit(low), special.expit(high)


def _crossing(above, start: float, step: float) -> float:
    """Where `above` turns positive on the way from `start` in the direction of `step`."""
    from scipy.optimize import brentq

    end = start + step
    while above(end) < 0:
        step *= 2
        end += step
    return brentq(above, start, end)


def _model_information(y, w) -> float:
    """Information on the logit as iterated reweighted least squares leaves it: at the step before the last,
    when the deviance has stopped changing by 1e-8 of itself. Published values carry this."""
    mu = (w * y + 0.5) / (w + 1)
    eta, deviance = special.logit(mu), np.inf
    for _ in range(50):
        slope = mu * (1 - mu)
        information = (w * slope).sum()
        eta = np.full(len(y), (w * (slope * eta + y - mu)).sum() / information)
        mu, before = special.expit(eta), deviance
        deviance = -2 * (special.xlogy(w * y, mu) + special.xlogy(w * (1 - y), 1 - mu)).sum()
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            break
    return information


def _third_derivative(x, y) -> float:
    """Third derivative of the cubic through four points; 0 through three, which a parabola meets."""
    if len(x) < 4:
        return 0.0
    d = np.asarray(y, dtype=float)
    for order in range(1, 4):
        d = (d[1:] - d[:-1]) / (x[order:] - x[:-order])
    return 6 * d[0]
