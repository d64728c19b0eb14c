"""Quality of a fitted path model: reliability, effects, effect sizes, collinearity, discriminant validity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csi_lib.measure.pls_algorithm import Layout
from csi_lib.measure.pls_statistics import RELIABILITY, statistics, structural, variance_inflation
from csi_lib.measure.rows import correlations

if TYPE_CHECKING:
    from csi_lib.measure.pls import PLSPathModel


def r_squared_table(r_squared: np.ndarray, of_scores: np.ndarray, layout: Layout, n: int) -> pd.DataFrame:
    """R², adjusted R² = 1 − (1 − R²)(n − 1)/(n − p − 1), and AIC, BIC = n log(SSE/n) + c(p + 1), SSE = (n −
    1)(1 − R²).

    AIC and BIC are those of seminr (Sharma et al. 2019) and compare models of the same block on the same
    rows; like seminr's they use the R² of the block scores (`of_scores`) also where PLSc corrects the R²
    reported.
    """
    p = np.array([len(layout.sources(t)) for t in layout.targets])
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = n * np.log((n - 1) / n * (1 - of_scores))
    return pd.DataFrame(
        {
            "block": [layout.blocks[t] for t in layout.targets],
            "estimate": r_squared,
            "adjusted": 1 - (1 - r_squared) * (n - 1) / (n - p - 1),
            "aic": deviance + 2 * (p + 1),
            "bic": deviance + np.log(n) * (p + 1),
        }
    )


def reliability_table(model: PLSPathModel) -> pd.DataFrame:
    """One row per block.

    alpha : standardised Cronbach α.  rho_a : Dijkstra–Henseler (1 for mode B).  rho_c : composite reliability
    (Σλ)²/((Σλ)² + Σ(1 − λ²)).  ave : mean λ².  rho_dg : the same as rho_c from the loadings on the first
    principal component (plspm's Dillon–Goldstein ρ).  eigenvalue_1, eigenvalue_2 : of the block's
    correlations; one-sided blocks have the second below 1.

    A single item counts as 1 in all of them (its reliability is not known, only not estimable). For mode B,
    whose items need not correlate, the figures are given as seminr gives them but say nothing about quality.
    """
    layout = model.layout
    table = model.values["reliability"][0].reshape(len(RELIABILITY), layout.J)
    items = model.outer.covariance[0] if layout.scaled else correlations(model.outer.covariance)[0]
    rho_dg, first, second = np.ones(layout.J), np.ones(layout.J), np.zeros(layout.J)
    for j in range(layout.J):
        at = layout.positions(j)
        if len(at) > 1:
            values, vectors = np.linalg.eigh(items[at[:, None], at])
            first[j], second[j] = values[-1], values[-2]
            loading = vectors[:, -1] * np.sqrt(values[-1])
            rho_dg[j] = loading.sum() ** 2 / (loading.sum() ** 2 + len(at) - values[-1])
    return pd.DataFrame(
        {
            "block": list(layout.blocks),
            "mode": list(layout.modes),
            "items": np.bincount(layout.block_of),
            **dict(zip(RELIABILITY, table, strict=True)),
            "rho_dg": rho_dg,
            "eigenvalue_1": first,
            "eigenvalue_2": second,
        }
    )


def effects_table(model: PLSPathModel) -> pd.DataFrame:
    """Direct, indirect and total effects; total = Σ over all directed ways of the product of their paths."""
    frame = model.frame("total")[["source", "target"]]
    total, indirect = model.values["total"][0], model.values["indirect"][0]
    return frame.assign(direct=total - indirect, indirect=indirect, total=total)


def square(model: PLSPathModel, name: str, *, diagonal) -> pd.DataFrame:
    """Pairs of blocks as a symmetric frame."""
    J = model.layout.J
    matrix = np.zeros((J, J))
    matrix[np.triu_indices(J, 1)] = model.values[name][0]
    matrix += matrix.T
    np.fill_diagonal(matrix, diagonal)
    return pd.DataFrame(matrix, model.layout.blocks, model.layout.blocks)


def fornell_larcker_table(model: PLSPathModel) -> pd.DataFrame:
    """Fornell & Larcker (1981): √AVE on the diagonal should exceed the correlations below it.

    The correlations are those of the block scores, not corrected for unreliability (as seminr).
    """
    matrix = np.tril(model.outer.correlation[0], -1)
    matrix[np.triu_indices(model.layout.J, 1)] = np.nan
    np.fill_diagonal(matrix, np.sqrt(model.reliability["ave"]))
    return pd.DataFrame(matrix, model.layout.blocks, model.layout.blocks)


def cross_loadings(model: PLSPathModel) -> pd.DataFrame:
    own = model.frame("loadings")[["block", "item"]]
    return pd.concat([own, pd.DataFrame(model.outer.cross[0], columns=list(model.layout.blocks))], axis=1)


def communalities(model: PLSPathModel) -> pd.DataFrame:
    frame = model.frame("loadings")
    r_squared = model.r_squared.set_index("block")["estimate"]
    communality = frame["estimate"] ** 2
    return frame[["block", "item"]].assign(
        communality=communality, redundancy=communality * frame["block"].map(r_squared).fillna(0.0)
    )


def structural_vif(model: PLSPathModel) -> pd.DataFrame:
    """1/(1 − R²) of each predictor block on the other predictors of the same target; 1 when it is alone.

    From the correlations of the block scores, as seminr does also under PLSc.
    """
    layout, R = model.layout, model.outer.correlation[0]
    vif = np.ones(len(layout.arrows))
    for target in layout.targets:
        at = np.flatnonzero(layout.arrows[:, 1] == target)
        sources = layout.arrows[at, 0]
        vif[at] = variance_inflation(R[sources[:, None], sources])
    return model.frame("paths").assign(estimate=vif)


def item_vif(model: PLSPathModel) -> pd.DataFrame:
    """1/(1 − R²) of each item on the other items of its block; infinite when they determine it exactly."""
    layout = model.layout
    items = model.outer.covariance if layout.scaled else correlations(model.outer.covariance)
    vif = np.ones(layout.k)
    for j in range(layout.J):
        at = layout.positions(j)
        vif[at] = np.nan_to_num(variance_inflation(items[0][at[:, None], at]), nan=np.inf)
    return model.frame("loadings").assign(estimate=vif)


def f_squared(model: PLSPathModel) -> pd.DataFrame:
    """Cohen's f² = (R² − R²_without)/(1 − R²) of every path.

    `estimate` re-estimates the whole model without the path, weights included, as seminr does; a block that
    loses its last path leaves the model. `fixed_scores` keeps the block scores and leaves the predictor out
    of the one regression, as most textbooks do. They differ in the third decimal where the path matters for
    the weights.
    """
    layout, R = model.layout, model.outer.correlation
    if layout.consistent.any():
        R = square(model, "correlations", diagonal=1.0).to_numpy()[None]
    with_path = dict(zip(layout.targets, model.values["r_squared"][0], strict=True))
    refit, fixed = np.empty(len(layout.arrows)), np.empty(len(layout.arrows))
    for e, (_, target) in enumerate(layout.arrows):
        shorter = replace(layout, arrows=np.delete(layout.arrows, e, axis=0))
        without_fixed = without = 0.0
        if target in shorter.targets:
            column = shorter.targets.index(target)
            without_fixed = structural(R, shorter)[1][0, column]
            reduced = _without_idle_blocks(shorter)
            covariance = model.rows.moments()[1]
            result, _ = statistics(np.zeros(covariance.shape[:2]), covariance, reduced, None, **model.control)
            without = result["r_squared"][0, column]
        with np.errstate(divide="ignore", invalid="ignore"):  # infinite where nothing is left to explain
            left = np.maximum(1 - with_path[target], 0.0)
            refit[e] = (with_path[target] - without) / left
            fixed[e] = (with_path[target] - without_fixed) / left
    return model.frame("paths").assign(estimate=refit, fixed_scores=fixed)


def _without_idle_blocks(layout: Layout) -> Layout:
    """The layout without the blocks that no path touches any more."""
    used = np.unique(layout.arrows)
    if len(used) == layout.J:
        return layout
    place = np.full(layout.J, -1)
    place[used] = np.arange(len(used))
    keep = place[layout.block_of] >= 0
    return replace(
        layout,
        blocks=tuple(layout.blocks[j] for j in used),
        items=tuple(item for item, k in zip(layout.items, keep, strict=True) if k),
        column=layout.column[keep],
        block_of=place[layout.block_of[keep]],
        arrows=place[layout.arrows],
        modes=tuple(layout.modes[j] for j in used),
        consistent=layout.consistent[used],
    )


def goodness_of_fit(model: PLSPathModel) -> pd.Series:
    """GoF = √(average communality of items in blocks of two or more × average R²) (Tenenhaus et al. 2005).

    A descriptive figure, not a test: it does not separate good from bad models (Henseler & Sarstedt 2013).
    """
    size = np.bincount(model.layout.block_of)[model.layout.block_of]
    communality = (model.values["loadings"][0][size > 1] ** 2).mean() if (size > 1).any() else 1.0
    r_squared = model.values["r_squared"][0].mean()
    return pd.Series(
        {"communality": communality, "r_squared": r_squared, "gof": float(np.sqrt(communality * r_squared))}
    )
