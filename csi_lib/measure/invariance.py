"""Measurement invariance: do the items measure the same thing in the same way in every group?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.measure.cfa import cfa, default_estimator
from csi_lib.measure.cfa_corrections import nested_difference
from csi_lib.measure.cfa_data import as_frame
from csi_lib.measure.cfa_result import FactorAnalysis
from csi_lib.measure.fit_indices import chisq_p_value
from csi_lib.measure.model_syntax import read_model
from csi_lib.measure.shown import Result

LEVELS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
ORDERED_LEVELS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "thresholds", "intercepts"),
    "strict": ("loadings", "thresholds", "intercepts", "residuals"),
}


@dataclass(frozen=True, repr=False)
class Invariance(Result):
    """A ladder of models, each with more held equal over groups.

    Attributes
    ----------
    table : DataFrame
        One row per level: ``level equal chisq df p_value cfi tli rmsea srmr aic bic`` and, against the level
        before, ``delta_chisq delta_df delta_p_value delta_cfi delta_rmsea delta_srmr supported``. With a
        robust estimator chi-square and indices are the corrected ones.
    level : str or None
        The highest level that is supported with all below it: CFI falls by at most `cfi_drop` and RMSEA
        rises by at most `rmsea_rise`. The first level counts as supported: judge its fit by itself.
    groups, n_by_group : labels and sizes
    fits : mapping level -> FactorAnalysis
    """

    SUMMARY = ("level", "groups", "n_by_group")
    TABLE = "table"

    table: pd.DataFrame
    level: str | None
    groups: tuple[object, ...]
    n_by_group: tuple[int, ...]
    fits: Mapping[str, FactorAnalysis]

    def verdict(self) -> str:
        return f"{self.level} invariance" if self.level else "not even the first level"


def invariance(
    items,
    model,
    group,
    *,
    levels: Sequence[str] = ("configural", "metric", "scalar", "strict"),
    estimator: str | None = None,
    missing: str | None = None,
    partial: Sequence[str] = (),
    weights=None,
    std_lv: bool = False,
    cfi_drop: float = 0.01,
    rmsea_rise: float = 0.015,
) -> Invariance:
    r"""Configural, metric, scalar and strict invariance of a factor model between groups (agencies, years).

    Configural: the same items belong to the same factors. Metric: equal loadings, so that relations between
    factors may be compared. Scalar: equal intercepts (ordered items: thresholds) as well, so that means may
    be compared. Strict: equal residual variances as well.

    Parameters
    ----------
    items, model, missing, weights, std_lv : see `cfa`
    group : column name or values
    levels : some of configural, metric, scalar, strict, in this order
    estimator : see `cfa`; for ordered items "WLSMV" (theta form), the default where all are ordered categories
    partial : sequence of str
        Parameters left free in all levels, e.g. ``["t2 ~ 1", "trust =~ t3"]`` (partial invariance).
    cfi_drop, rmsea_rise : float
        Largest change that still counts as support (Chen 2007: .01 and .015).

    Returns
    -------
    Invariance

    Raises
    ------
    InputError
        See `cfa`; fewer than two groups, an unknown level, a group too small.

    Notes
    -----
    The difference of two chi-squares is a chi-square under ML; under MLR it is scaled (Satorra & Bentler
    2001), under WLSMV scaled and shifted (Satorra 2000). DWLS has no difference test: delta_chisq is nan.

    R: ``cfa(model, data, group = "g", group.equal = c("loadings", "intercepts"))`` and ``lavTestLRT``.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.invariance(answers, "Kindness =~ q1 + q2 + q3\nFacilities =~ q4 + q5 + q6", "office").table[["level", "cfi", "delta_cfi", "supported"]].round(3)
            level    cfi  delta_cfi  supported
    0  configural  1.000        NaN       True
    1      metric  1.000      0.000       True
    2      scalar  0.988     -0.012      False
    3      strict  0.990      0.002      False
    """
    unknown = [level for level in levels if level not in LEVELS]
    if unknown or not levels:
        raise InputError(
            f"'{unknown[0]}' is not a level of invariance" if unknown else "no level is asked for",
            where="levels",
            expected=", ".join(LEVELS),
        )
    items = as_frame(items)
    if estimator is None:
        estimator = default_estimator(items, read_model(model), None, missing)
    ordered = estimator.upper() in ("WLSMV", "DWLS")
    ladder = ORDERED_LEVELS if ordered else LEVELS
    order = [level for level in ladder if level in levels]
    fits = {
        level: cfa(
            items,
            model,
            group=group,
            equal=ladder[level],
            estimator=estimator,
            missing=missing,
            partial=partial,
            weights=weights,
            std_lv=std_lv,
            parameterization="theta" if ordered else "delta",
        )
        for level in order
    }
    rows, before, level, unbroken = [], None, None, True
    for name, fit in fits.items():
        row = {"level": name, "equal": ", ".join(ladder[name])} | _indices(fit)
        row |= _changes(row, before, fit)
        unbroken &= before is None or (row["delta_cfi"] >= -cfi_drop and row["delta_rmsea"] <= rmsea_rise)
        row["supported"] = unbroken
        level = name if unbroken else level
        rows.append(row)
        before = row, fit
    first = fits[order[0]]
    return Invariance(pd.DataFrame(rows), level, first.groups, first.n_by_group, fits)


def _indices(fit: FactorAnalysis) -> dict[str, float]:
    """Chi-square and indices, corrected where the estimator corrects them."""
    f = fit.fit
    corrected = not np.isnan(f.chisq_scaled)
    kind = (
        ("chisq_scaled", "p_value_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled")
        if corrected
        else ("chisq", "p_value", "cfi", "tli", "rmsea")
    )
    names = dict(zip(("chisq", "p_value", "cfi", "tli", "rmsea"), kind))
    out = {"chisq": f[names["chisq"]], "df": f.df}
    return (
        out
        | {k: f[names[k]] for k in ("p_value", "cfi", "tli", "rmsea")}
        | {"srmr": f.srmr, "aic": f.aic, "bic": f.bic}
    )


def _changes(row: dict, before, fit: FactorAnalysis) -> dict[str, float]:
    if before is None:
        return dict.fromkeys(
            ("delta_chisq", "delta_df", "delta_p_value", "delta_cfi", "delta_rmsea", "delta_srmr"), np.nan
        )
    old, old_fit = before
    df = row["df"] - old["df"]
    chisq = _difference(fit, old_fit, df)
    changes = {f"delta_{k}": row[k] - old[k] for k in ("cfi", "rmsea", "srmr")}
    return {
        "delta_chisq": chisq,
        "delta_df": df,
        "delta_p_value": chisq_p_value(chisq, df) if np.isfinite(chisq) else np.nan,
    } | changes


def _difference(fit: FactorAnalysis, old: FactorAnalysis, df: int) -> float:
    """Chi-square of the difference; nan where it has no such distribution."""
    new, before = fit.fit, old.fit
    if fit.estimator == "ML":
        return new.chisq - before.chisq
    if fit.estimator == "WLSMV" and df > 0:
        wide, narrow = old.fitted, fit.fitted
        return nested_difference(new.chisq - before.chisq, wide.jacobian, narrow.jacobian, wide.inverse, wide.meat, df)
    if fit.estimator != "MLR" or df == 0:
        return np.nan
    scale = (new.df * new.scaling_factor - before.df * (0.0 if before.df == 0 else before.scaling_factor)) / df
    return (new.chisq - before.chisq) / scale if scale > 0 else np.nan
