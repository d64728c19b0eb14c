"""Uncertainty of a path model: bootstrap, influence values, replicate weights, permutation of groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.frames import as_series
from csi_lib.measure.pls_algorithm import Layout
from csi_lib.measure.pls_statistics import keys, statistics
from csi_lib.measure.resampling import bca_limits, bootstrap_counts, percentile_limits
from csi_lib.measure.rows import Rows, warn
from csi_lib.measure.shown import Result

if TYPE_CHECKING:
    from csi_lib.measure.pls import PLSPathModel

#: a resample's weights may be off by this much: far below its sampling error
_RESAMPLE_TOLERANCE = 1e-8
#: step of the central differences behind the influence values, in units of SD(a)·SD(b)
_STEP = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class PLSBootstrap(Result):
    """Frames of the model with `estimate bias se ci_low ci_high`; `replicates` holds the R × m arrays behind
    them.

    `reliability` and `effects` come in long form: `block measure …` and `source target effect …`. `n` counts
    the resamples that could be estimated. `index` is None where the model has no answer scale.
    """

    SUMMARY = ("n", "ci", "ci_method", "seed")
    TABLE = "paths"

    paths: pd.DataFrame
    loadings: pd.DataFrame
    weights: pd.DataFrame
    r_squared: pd.DataFrame
    correlations: pd.DataFrame
    htmt: pd.DataFrame
    effects: pd.DataFrame
    reliability: pd.DataFrame
    index: pd.DataFrame | None
    index_weights: pd.DataFrame | None
    n: int
    ci: float
    ci_method: str
    seed: int | None
    replicates: dict[str, np.ndarray] = field(repr=False)


def bootstrap(model: PLSPathModel, n: int, seed: int | None, *, ci: float, ci_method: str) -> PLSBootstrap:
    """Bootstrap by resampling rows (with their survey weights) and re-estimating everything.

    Every resample obeys the model's sign rule, so no further sign change is made. A resample that cannot be
    estimated (an item became constant, no convergence) is left out with a warning.

    Parameters
    ----------
    n : resamples.   seed : of numpy's default generator; the same seed gives the same numbers.
    ci_method : "percentile"; "bca", bias-corrected and accelerated, acceleration from the influence values;
        or "bc", bias-corrected without acceleration.

    Notes
    -----
    R: ``seminr::bootstrap_model(model, nboot, seed)``; ``semPLS::bootsempls``, whose
    ``summary(type = "bca")`` regresses on resampling frequencies that ``boot::boot.array`` redraws in another
    order than they were used: its acceleration is noise around 0, and its limits (the published ECSI ones
    too) are those of "bc" here.
    """
    if ci_method not in ("percentile", "bc", "bca"):
        raise InputError(
            "unknown kind of interval",
            where="ci_method",
            found=repr(ci_method),
            expected="'percentile', 'bc' or 'bca'",
        )
    if not n >= 2:
        raise InputError("too few resamples", where="n", found=n, expected="at least 2, better 1000")
    rng = np.random.default_rng(seed)
    rows = model.rows
    parts = [_estimates(model, bootstrap_counts(rng, size, rows.n)) for size in rows.batches(n, 4 * model.layout.k**2)]
    ok = np.concatenate([good for _, good in parts])
    replicates = {name: np.concatenate([values[name] for values, _ in parts])[ok] for name in parts[0][0]}
    if ok.sum() < 2:
        raise InputError(
            "no resample could be estimated",
            where="bootstrap",
            action="The sample is too small for this model.",
        )
    if not ok.all():
        warn(
            f"{(~ok).sum()} of {n} resamples could not be estimated and were left out; the intervals may be too short."
        )
    lower_upper = {}
    names = list(replicates)
    widths = np.cumsum([0, *(replicates[name].shape[1] for name in names)])
    table = np.concatenate([replicates[name] for name in names], axis=1)
    estimate = np.concatenate([model.values[name][0] for name in names])
    if ci_method == "percentile":
        low, high = percentile_limits(table, ci)
    elif ci_method == "bc":
        low, high = bca_limits(table, estimate, None, ci)
    else:
        z = influence(model, names)
        pull = np.concatenate([z[name] for name in names], axis=1) * rows.weights[:, None]
        low, high = bca_limits(table, estimate, pull, ci)
    bias, se = table.mean(axis=0) - estimate, table.std(axis=0, ddof=1)
    for i, name in enumerate(names):
        at = slice(widths[i], widths[i + 1])
        lower_upper[name] = {
            "estimate": estimate[at],
            "bias": bias[at],
            "se": se[at],
            "ci_low": low[at],
            "ci_high": high[at],
        }
    frames = {name: _tidy(name, model.layout, **columns) for name, columns in lower_upper.items()}
    total, indirect = frames.pop("total"), frames.pop("indirect")
    frames["effects"] = pd.concat([indirect.assign(effect="indirect"), total.assign(effect="total")], ignore_index=True)
    frames.setdefault("index")
    frames.setdefault("index_weights")
    return PLSBootstrap(**frames, n=int(ok.sum()), ci=ci, ci_method=ci_method, seed=seed, replicates=replicates)


def influence(model: PLSPathModel, names: list[str]) -> dict[str, np.ndarray]:
    """Influence values (n × m) of each kind of statistic in `names`.

    z_i is the derivative of the statistic with respect to the weight of row i, scaled like an observation:
    for small changes of the row weights to w the statistic moves by Σ w_i z_i / Σ w_i, and Σ w_i z_i = 0 at
    the weights used. `SurveyDesign.mean` of z therefore has the statistic's standard error under any design,
    the estimation of outer weights and of imputed means included; the covariance of two statistics likewise.

    Exact for the dependence of the covariances on the rows; the dependence of the statistic on the
    covariances is differentiated numerically (central differences, relative error about 1e-8). The centroid
    scheme is differentiable except where a correlation of neighbouring blocks is 0.
    """
    rows, layout = model.rows, model.layout
    mean, covariance = rows.moments()
    a, b = np.triu_indices(covariance.shape[-1])
    sd = np.sqrt(np.diagonal(covariance[0]))
    step = _STEP * sd[a] * sd[b]
    slopes = {name: np.empty((len(a), model.values[name].shape[1])) for name in names}
    for part in _parts(len(a), 8 * layout.k**2):
        size = len(part)
        shifted = np.repeat(covariance, 2 * size, axis=0)
        for half, direction in ((0, 1.0), (size, -1.0)):
            at = half + np.arange(size)
            shifted[at, a[part], b[part]] = covariance[0, a[part], b[part]] + direction * step[part]
            shifted[at, b[part], a[part]] = shifted[at, a[part], b[part]]
        values, _ = statistics(np.repeat(mean, 2 * size, axis=0), shifted, layout, model.scale, **model.control)
        for name in names:
            slopes[name][part] = (values[name][:size] - values[name][size:]) / (2 * step[part][:, None])
    result = {}
    for name in names:
        of_mean = None
        if name == "index":  # the only statistic that looks at the means, and linear in them
            of_mean = np.zeros((mean.shape[1], layout.J))
            per_point = 100 / (model.scale.high - model.scale.low) * model.values["index_weights"][0]
            np.add.at(of_mean, (layout.column, layout.block_of), per_point)
        result[name] = rows.linearise((a, b), slopes[name], of_mean)
    return result


def replicate(model: PLSPathModel, weights, of: str) -> pd.DataFrame:
    """Estimates of one kind of statistic under each column of replicate weights (R × statistics)."""
    if isinstance(weights, pd.DataFrame):
        weights = _aligned(weights, model.rows, "weights")
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 2 or len(weights) != model.n:
        raise InputError(
            "replicate weights must have one row per row used",
            where="weights",
            found=f"{weights.shape}",
            expected=f"({model.n}, R)",
        )
    if not np.isfinite(weights).all():
        raise InputError("a replicate weight is missing or infinite", where="weights")
    values, ok = _estimates(model, (weights / model.rows.weights[:, None]).T, **model.control)
    if not ok.all():
        raise InputError("a replicate could not be estimated", where=f"replicate {int(np.argmin(ok))}")
    return pd.DataFrame(values[of], columns=column_names(model.layout, of))


def column_names(layout: Layout, of: str) -> list | pd.MultiIndex:
    """One name per statistic of a kind: block, "source -> target", or (block, item)."""
    names = keys(layout)[of]
    if len(names[0]) == 1:
        return [name for (name,) in names]
    if of in ("paths", "indirect", "total"):
        return [" -> ".join(map(str, name)) for name in names]
    return pd.MultiIndex.from_tuples(names)


@dataclass(frozen=True, eq=False, repr=False)
class PLSComparison(Result):
    """Differences between pairs of groups.

    Frames `group other …keys… estimate_group estimate_other difference p_value p_adjusted` for paths,
    loadings, weights, R² and index (None without an answer scale).
    """

    SUMMARY = ("n", "seed")
    TABLE = "paths"

    paths: pd.DataFrame
    loadings: pd.DataFrame
    weights: pd.DataFrame
    r_squared: pd.DataFrame
    index: pd.DataFrame | None
    n: int
    seed: int | None


def compare(model: PLSPathModel, groups, n: int, seed: int | None) -> PLSComparison:
    """Permutation test of group differences: is the model the same in both groups?

    The model is estimated in each group; then group labels are permuted `n` times among the rows of the pair.
    p = (1 + permutations with |difference| at least the observed)/(1 + n), two-sided. With three or more
    groups all pairs are compared and `p_adjusted` controls the pairs of each statistic (Holm).

    Parameters
    ----------
    groups : one label per row (array, or Series with the index of the items); rows with a missing label are
        left out.

    Notes
    -----
    The test assumes that rows are exchangeable under the null; with survey weights or clusters read it with
    care. A difference of paths means little when the groups read the items differently: compare `loadings`
    first. R: ``plspm::plspm.groups(pls, group, method = "permutation")``.
    """
    rows = model.rows
    labels = _labels(groups, rows)
    names = sorted(set(labels[labels != ""]))
    if len(names) < 2:
        raise InputError("a comparison needs at least two groups", where="groups", found=", ".join(names) or "none")
    least = max(len(model.layout.sources(t)) for t in model.layout.targets) + 2
    small = [name for name in names if (labels == name).sum() <= least]
    if small:
        raise InputError(
            "a group has too few rows for the model",
            where="groups",
            found=", ".join(small),
            expected=f"more than {least} rows each",
            action="Merge or leave out the group.",
        )
    rng = np.random.default_rng(seed)
    kinds = ["paths", "loadings", "weights", "r_squared"] + (["index"] if model.scale is not None else [])
    tables: dict[str, list[pd.DataFrame]] = {kind: [] for kind in kinds}
    for first, second in combinations(names, 2):
        mask = (labels == first) | (labels == second)
        pair = rows.take(mask)
        member = (labels[mask] == first).astype(float)
        observed = _group_estimates(model, pair, np.stack([member, 1 - member]), model.control, kinds)
        if observed is None:
            raise InputError(
                "the model cannot be estimated in a group",
                where="groups",
                found=f"{first}, {second}",
                action="An item may be constant there; merge groups or drop the item.",
            )
        exceed, done = dict.fromkeys(kinds, 0), 0
        for size in pair.batches(n, 8 * model.layout.k**2):
            shuffled = rng.permuted(np.repeat(member[None], size, axis=0), axis=1)
            parts = _group_estimates(
                model,
                pair,
                np.concatenate([shuffled, 1 - shuffled]),
                model.control | {"tolerance": _RESAMPLE_TOLERANCE},
                kinds,
                strict=False,
            )
            ok = parts["ok"][:size] & parts["ok"][size:]
            done += int(ok.sum())
            for kind in kinds:
                change = np.abs(parts[kind][:size] - parts[kind][size:])[ok]
                threshold = np.abs(observed[kind][0] - observed[kind][1])
                exceed[kind] = exceed[kind] + (change >= threshold - 1e-7).sum(axis=0)
        if done < n:
            warn(f"{n - done} of {n} permutations of {first} and {second} could not be estimated and were left out.")
        for kind in kinds:
            here, there = observed[kind]
            frame = _tidy(
                kind,
                model.layout,
                estimate_group=here,
                estimate_other=there,
                difference=here - there,
                p_value=(1 + exceed[kind]) / (1 + done),
            )
            frame.insert(0, "other", second)
            frame.insert(0, "group", first)
            tables[kind].append(frame)
    frames = {kind: _holm(tables[kind]) for kind in kinds}
    frames.setdefault("index")
    return PLSComparison(**frames, n=n, seed=seed)


def _estimates(model: PLSPathModel, counts: np.ndarray, **control) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Statistics under each row of counts, and which of them could be estimated."""
    control = control or model.control | {"tolerance": _RESAMPLE_TOLERANCE}
    values, outer = statistics(*model.rows.moments(counts), model.layout, model.scale, **control)
    ok = outer.converged.copy()
    for array in values.values():
        ok &= np.isfinite(array).all(axis=1)
    return values, ok


def _group_estimates(model, rows: Rows, counts, control, kinds, *, strict: bool = True):
    values, outer = statistics(*rows.moments(counts), model.layout, model.scale, **control)
    ok = outer.converged & np.all([np.isfinite(values[kind]).all(axis=1) for kind in kinds], axis=0)
    if strict and not ok.all():
        return None
    return {kind: values[kind] for kind in kinds} | {"ok": ok}


def _labels(groups, rows: Rows) -> np.ndarray:
    """Group labels as text in the order of the rows used; "" for missing."""
    groups = _aligned(groups, rows, "groups") if isinstance(groups, pd.Series) else as_series(groups, where="groups")
    if len(groups) != rows.n:
        raise InputError(
            "there must be one group label per row used",
            where="groups",
            found=len(groups),
            expected=str(rows.n),
            action="Give a Series with the index of the items.",
        )
    series = pd.Series(groups).reset_index(drop=True)
    return np.array(["" if gone else str(label) for label, gone in zip(series, series.isna(), strict=True)], dtype=str)


def _aligned(given, rows: Rows, where: str):
    """A Series or frame brought to the order of the rows used, by its index."""
    if given.index.equals(rows.index):
        return given
    if not given.index.is_unique or not rows.index.isin(given.index).all():
        raise InputError(
            "its index does not name every row used, each once",
            where=where,
            action="Give it the index of the items, or an array in the order of the rows used.",
        )
    return given.loc[rows.index]


def _holm(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Stack the pairs; Holm's adjustment over the pairs of each statistic."""
    p = np.stack([frame["p_value"].to_numpy() for frame in frames])
    order = np.argsort(p, axis=0, kind="stable")
    ranked = np.take_along_axis(p, order, axis=0) * np.arange(len(p), 0, -1)[:, None]
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(1, np.maximum.accumulate(ranked, axis=0)), axis=0)
    return pd.concat([f.assign(p_adjusted=q) for f, q in zip(frames, adjusted, strict=True)], ignore_index=True)


def _parts(n: int, width: int):
    size = max(1, min(n, 3_000_000 // width))
    return [np.arange(start, min(n, start + size)) for start in range(0, n, size)]


def _tidy(name: str, layout: Layout, **columns) -> pd.DataFrame:
    from csi_lib.measure.pls import tidy  # the frames' key columns are the model's

    return tidy(name, layout, **columns)
