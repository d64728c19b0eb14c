"""Figures of results by seaborn, which is imported when the first is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError

#: what names a row of a table, in order
_NAMES = ("item", "source", "target", "factor", "block", "other", "block_1", "block_2", "factor_1", "factor_2", "score",
          "criterion", "form", "group", "term", "rate", "first", "second", "level")  # fmt: skip


def draw(result, ax=None):
    """Heat map of a square result, eigenvalues of a scree, else the estimates with their intervals."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    shapes = {name: value for name in result.MATRICES if isinstance(value := getattr(result, name), pd.DataFrame)}
    table = result._table() if result.TABLE else None
    column = _column(table) if table is not None else None
    if ax is None and (shapes or column):
        _, ax = plt.subplots(layout="constrained")
    if shapes:
        matrix = next(iter(shapes.values()))
        return sns.heatmap(matrix, annot=len(matrix) <= 15, fmt=".2f", vmin=-1, vmax=1, cmap="vlag", square=True, ax=ax)
    if table is not None and {"position", "component", "component_simulated"} <= set(table):
        long = table.melt(
            "position", ["component", "component_simulated", "factor", "factor_simulated"], "series", "eigenvalue"
        )
        return sns.lineplot(long, x="position", y="eigenvalue", hue="series", style="series", markers=True, ax=ax)
    if column is None:
        raise InputError(
            "there is nothing to draw: the result is numbers without a table",
            where=type(result).__name__,
            action="Use to_frame() and a figure of your own",
        )
    labels = _labels(table)
    sns.pointplot(x=table[column].to_numpy(float), y=labels, linestyle="none", orient="h", ax=ax)
    if {"ci_low", "ci_high"} <= set(table) and table["ci_low"].notna().any():
        low, high = (table[name].to_numpy(float) for name in ("ci_low", "ci_high"))
        ax.hlines(np.arange(len(table)), low, high, color="0.4", zorder=0)
    ax.set(xlabel=column, ylabel="")
    return ax


def _column(table: pd.DataFrame) -> str | None:
    known = ("estimate", "standardized", "r_corrected", "icc", "kmo", "vif", "i_cvi", "cvr", "kappa", "r", "mean", "map",
             "component", "penalty", "cfi", "spearman_brown", "g")  # fmt: skip
    return next((name for name in known if name in table), None)


def _labels(table: pd.DataFrame) -> list[str]:
    names = [name for name in _NAMES if name in table][:2]
    if not names:
        return [str(label) for label in table.iloc[:, 0]]
    return [" – ".join(str(v) for v in row) for row in table[names].itertuples(index=False)]
