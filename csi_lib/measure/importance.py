"""Which drivers matter for an outcome: derived importance, with intervals and collinearity warnings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from csi_lib.errors import InputError, nearest
from csi_lib.measure.frames import as_frame, column_or_values, numbers, refuse_repeated
from csi_lib.measure.pls_algorithm import spd_inverse
from csi_lib.measure.relative_importance import MEASURES
from csi_lib.measure.resampling import bca_limits, bootstrap_counts, check_level, percentile_limits
from csi_lib.measure.rows import Rows, correlations, warn
from csi_lib.measure.shown import Result

#: measures with an interval in closed form
_CLOSED = ("correlation", "partial", "beta")
#: LMG looks at 2^p subsets: above this many drivers it is refused
_MOST_LMG = 20


@dataclass(frozen=True, eq=False, repr=False)
class Importance(Result):
    """Importance of each driver; reads like its `frame` (`result["estimate"]`, `len(result)`).

    Attributes
    ----------
    frame : `item estimate ci_low ci_high`, in the order of the items.
    method, ci, ci_method : what was computed.
    n, n_dropped : rows used, rows left out for missing values.
    r_squared : of the outcome on all drivers; the sum of lmg, johnson, car and pratt.
    vif : `item estimate`, variance inflation of each driver among the others.
    replicates : R × items of the bootstrap, else None.
    """

    SUMMARY = ("method", "r_squared", "n", "n_dropped", "ci", "ci_method")
    TABLE = "frame"

    frame: pd.DataFrame
    method: str
    ci: float
    ci_method: str
    n: int
    n_dropped: int
    r_squared: float | None = None
    vif: pd.DataFrame | None = field(default=None, repr=False)
    replicates: np.ndarray | None = field(default=None, repr=False)

    def __getitem__(self, key):
        return self.frame[key]

    def __len__(self) -> int:
        return len(self.frame)

    def __getattr__(self, name: str):
        if name.startswith("__") or name == "frame":
            raise AttributeError(name)
        return getattr(self.frame, name)


def importance(
    items,
    outcome,
    *,
    method="correlation",
    share=False,
    weights=None,
    ci=0.95,
    ci_method=None,
    n_boot=1000,
    seed=0,
    missing="listwise",
    vif_limit=10.0,
) -> Importance:
    """Derived importance of drivers for an outcome.

    Parameters
    ----------
    items : a table, one numeric column per driver (see :mod:`csi_lib.measure.frames`).
    outcome : one value per row, matched by index where it has one, or the name of a column of `items`.
    method :
        "correlation" r; "partial" and "semipartial" correlation given the other drivers; "beta" standardised
        coefficient; "lmg" average gain in R² over all orders (Shapley value; at most 20 drivers); "johnson"
        relative weights (= "genizi"); "first" r²; "last" gain when entered last; "betasq"; "pratt" β·r; "car"
        squared CAR scores. lmg, johnson, pratt and car split R² without remainder.
    share : divide by the sum over drivers (for "beta": β/Σβ). Warns where signs differ, because shares then
    mislead.
    weights : survey weights; means, variances and correlations are weighted.
    ci_method : "analytic": Fisher's z for "correlation" and "partial" (n − 3 and n − 3 − (p − 1)), t with n −
        p − 1 degrees of freedom for "beta" (standard error of the regression on standardised variables);
        "percentile" or "bca" bootstrap. None takes "analytic" where it exists and applies (no weights, no
        share), else "percentile".
    n_boot, seed : of the bootstrap (rows with their weights; the same seed gives the same numbers).
    missing : "listwise" or "mean" (mean of the item, re-computed in each resample).
    vif_limit : warn where a driver's VIF exceeds it and the method depends on telling drivers apart.

    Returns
    -------
    Importance

    Raises
    ------
    InputError
        Unknown method; constant, non-numeric or exactly dependent drivers; too few rows.

    Warns
    -----
    MeasureWarning
        VIF above the limit; an outcome determined by the drivers; shares of mixed signs.

    Notes
    -----
    R: ``relaimpo::calc.relimp(lm(y ~ ., d), type = c("lmg", "first", "last", "betasq", "pratt", "genizi",
    "car"), rela = share)``, ``relaimpo::boot.relimp`` + ``booteval.relimp(bty = "perc")``, ``rwa::rwa``,
    ``ppcor::pcor``, ``ppcor::spcor``, ``cor.test``.

    References
    ----------
    Grömping (2006), Journal of Statistical Software 17(1). Johnson (2000), Multivariate Behavioral Research
    35, 1–19.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.importance(answers[["q1", "q2", "q3"]], answers["overall"], method="lmg", n_boot=200).frame.round(2)
      item  estimate  ci_low  ci_high
    0   q1      0.14    0.09     0.19
    1   q2      0.14    0.08     0.20
    2   q3      0.15    0.09     0.20
    """
    if method not in MEASURES:
        guess = nearest(method, MEASURES)
        raise InputError(
            "unknown measure of importance",
            where="method",
            found=repr(method),
            expected=", ".join(MEASURES),
            action=f"Did you mean {guess!r}?" if guess else None,
        )
    check_level(ci)
    frame, names, key = with_outcome(items, outcome)
    p = len(names)
    rows = Rows.read(frame, [*names, key], weights=_named_weights(weights, items), missing=missing)
    rows_needed = p + 2 if method not in ("correlation", "first") else 4
    if rows.n < rows_needed:
        raise InputError(
            "fewer rows than the drivers need",
            where="items",
            found=f"{rows.n} rows, {p} drivers",
            expected=f"at least {rows_needed} rows",
        )
    if method == "lmg" and p > _MOST_LMG:
        raise InputError(
            "too many drivers for LMG, which looks at every subset",
            where="items",
            found=f"{p} drivers",
            expected=f"at most {_MOST_LMG}",
            action="Use method='johnson', which comes close at no cost.",
        )
    R = correlations(rows.moments()[1])
    vif, r_squared = _collinearity(R[0], names, method, vif_limit)
    chosen = _choose_interval(ci_method, method, rows.weighted, share)

    def measure(R):
        values = MEASURES[method](R)
        if share:
            with np.errstate(invalid="ignore", divide="ignore"):
                values = values / values.sum(axis=1, keepdims=True)
        return values

    estimate = measure(R)[0]
    if share and (estimate < 0).any():
        warn(
            f"the {method} values have both signs ({names[int(np.argmin(estimate))]} is the odd one): "
            "shares of a sum of mixed signs are no portions. Use method='lmg' or 'johnson'."
        )
    replicates = None
    if chosen == "analytic":
        low, high = _closed_interval(method, estimate, R[0], rows.n, ci)
    else:
        replicates = _replicates(measure, rows, p, n_boot, seed)
        if chosen == "bca":
            low, high = bca_limits(replicates, estimate, _influence(measure, rows) * rows.weights[:, None], ci)
        else:
            low, high = percentile_limits(replicates, ci)
    result = pd.DataFrame({"item": names, "estimate": estimate, "ci_low": low, "ci_high": high})
    return Importance(result, method, ci, chosen, rows.n, rows.n_dropped, r_squared, vif, replicates)


def with_outcome(items, outcome) -> tuple[pd.DataFrame, list, str]:
    """One frame of drivers and outcome, the drivers' names, and the outcome's column."""
    frame = as_frame(items, prefix=None)
    values = column_or_values(frame, outcome, where="outcome")
    if isinstance(outcome, str):
        frame = frame.drop(columns=outcome)
    names = list(frame.columns)
    if not names:
        raise InputError("no drivers", where="items", action="Give at least one column.")
    refuse_repeated(names, where="items")
    key = values.name
    key = "outcome" if key is None or key in names else key
    while key in names:
        key = f"{key}_"
    frame = frame.copy()
    frame[key] = numbers(values, where="outcome")
    return frame, names, key


def _named_weights(weights, items):
    if isinstance(weights, str):
        raise InputError(
            "give the weights as values: every column of `items` is taken for a driver",
            where="weights",
            found=repr(weights),
            expected="a Series or array",
        )
    return weights


def _collinearity(R: np.ndarray, names: list, method: str, limit: float) -> tuple[pd.DataFrame | None, float | None]:
    """VIF of the drivers and R² on all of them; refuse exact dependence, warn about near dependence."""
    alone = method in ("correlation", "first")
    inverse = spd_inverse(R[None, :-1, :-1])[0]
    vif = np.diag(inverse)
    if not np.isfinite(vif).all() or vif.max() > 1e10:
        if alone:
            return None, None
        vector = np.linalg.eigh(R[:-1, :-1])[1][:, 0]
        tied = [str(name) for name, v in zip(names, vector, strict=True) if abs(v) > 1e-6]
        raise InputError(
            "drivers determine each other exactly, so their shares cannot be told apart",
            where="items",
            found=", ".join(tied),
            action="Leave one of them out.",
        )
    r_squared = float(R[:-1, -1] @ inverse @ R[:-1, -1])
    if not alone and vif.max() > limit:
        high = [f"{name} {v:.1f}" for name, v in zip(names, vif, strict=True) if v > limit]
        warn(
            f"drivers overlap (VIF above {limit:g}: {', '.join(high)}): {method} shares between them are "
            "unstable. Merge or drop drivers, or read the interval."
        )
    if r_squared > 1 - 1e-9:
        warn("the drivers determine the outcome exactly (R² = 1): is the outcome computed from them?")
    return pd.DataFrame({"item": names, "estimate": vif}), min(r_squared, 1.0)


def _choose_interval(ci_method: str | None, method: str, weighted: bool, share: bool) -> str:
    closed = method in _CLOSED and not weighted and not share
    if ci_method is None:
        return "analytic" if closed else "percentile"
    if ci_method not in ("analytic", "percentile", "bca"):
        raise InputError(
            "unknown kind of interval",
            where="ci_method",
            found=repr(ci_method),
            expected="'analytic', 'percentile' or 'bca'",
        )
    if ci_method == "analytic" and not closed:
        raise InputError(
            "there is no interval in closed form for this measure",
            where="ci_method",
            found=f"method={method!r}{', weights' if weighted else ''}{', share' if share else ''}",
            expected="'percentile' or 'bca'",
        )
    return ci_method


def _closed_interval(method: str, estimate: np.ndarray, R: np.ndarray, n: int, ci: float):
    p = len(estimate)
    if method == "beta":
        inverse = spd_inverse(R[None, :-1, :-1])[0]
        residual = 1 - R[:-1, -1] @ inverse @ R[:-1, -1]
        half = stdtrit(n - p - 1, (1 + ci) / 2) * np.sqrt(np.maximum(residual, 0) / (n - p - 1) * np.diag(inverse))
        return estimate - half, estimate + half
    df = n - 3 - (p - 1 if method == "partial" else 0)
    if df < 1:
        raise InputError(
            "too few rows for Fisher's interval",
            where="items",
            found=f"{n} rows",
            expected=f"at least {n - df + 1}",
        )
    z = np.arctanh(np.clip(estimate, -1 + 1e-16, 1 - 1e-16))
    half = ndtri((1 + ci) / 2) / np.sqrt(df)
    return np.tanh(z - half), np.tanh(z + half)


def _replicates(measure, rows: Rows, p: int, n_boot: int, seed) -> np.ndarray:
    if not n_boot >= 2:
        raise InputError("too few resamples", where="n_boot", found=n_boot, expected="at least 2, better 1000")
    rng = np.random.default_rng(seed)
    parts = []
    for size in rows.batches(n_boot, 4 * (p + 1) ** 2):
        parts.append(measure(correlations(rows.moments(bootstrap_counts(rng, size, rows.n))[1])))
    values = np.concatenate(parts)
    good = np.isfinite(values).all(axis=1)
    if good.sum() < 2:
        raise InputError(
            "no resample could be estimated",
            where="importance",
            action="The sample is too small for these drivers.",
        )
    if not good.all():
        warn(
            f"{(~good).sum()} of {n_boot} resamples could not be estimated and were left out; intervals "
            "may be too short."
        )
    return values[good]


def _influence(measure, rows: Rows) -> np.ndarray:
    """Influence of every row on each driver (n × p), by central differences of the covariances."""
    covariance = rows.moments()[1][0]
    a, b = np.triu_indices(len(covariance))
    sd = np.sqrt(np.diag(covariance))
    step = 1e-4 * sd[a] * sd[b]
    shifted = np.repeat(covariance[None], 2 * len(a), axis=0)
    for half, direction in ((0, 1.0), (len(a), -1.0)):
        at = half + np.arange(len(a))
        shifted[at, a, b] += direction * step
        shifted[at, b, a] = shifted[at, a, b]
    values = measure(correlations(shifted))
    slope = (values[: len(a)] - values[len(a) :]) / (2 * step[:, None])
    return rows.linearise((a, b), slope)
