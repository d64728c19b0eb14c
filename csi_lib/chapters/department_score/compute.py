"""One score per department from several sources: survey, phone monitoring, mystery shopping, each with its error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator
from scipy.special import stdtrit

from csi_lib.errors import InputError
from csi_lib.study.base import Label, Part
from csi_lib.study.reading import confidence
from csi_lib.study.references import ChannelName, ColumnName


class Component(Part):
    """Where a part of the score comes from: the survey (a column's mean, rescaled to 0–100) or the kindness sheets of a
    channel; ``weight`` in the whole."""

    label: Label
    weight: float = Setting(gt=0)
    survey: ColumnName | None = None
    channel: ChannelName | None = None

    @model_validator(mode="after")
    def _one(self):
        if (self.survey is None) == (self.channel is None):
            raise ValueError("a component is a 'survey' column or a sheet 'channel'")
        return self


class DepartmentScoreFile(Part):
    """``department_score.yml``: components with declared weights; what happens where a department lacks one;
    ``group``: the survey's column that holds the department."""

    components: dict[str, Component] = Setting(min_length=1)
    missing: Literal["refuse", "reweight"] = "refuse"
    group: ColumnName = "department"


def combined_scores(
    parts: Mapping[str, pd.DataFrame], weights: Mapping[str, float], *, missing: str = "refuse", ci: float | None = None
) -> pd.DataFrame:
    r"""Σ w·score / Σ w with SE = √(Σ w²·SE²)/Σ w; sources are independent samples.

    Parameters
    ----------
    parts : component → frame ``department estimate se df n`` on 0–100.
    weights : component → weight; need not sum to 1.
    missing : a department that lacks a component gets no score (``refuse``), or the weights of the others are
        raised in proportion (``reweight``), and ``components`` says how many were there.

    Returns
    -------
    ``department estimate se df ci_low ci_high n components`` with Welch–Satterthwaite degrees of freedom. A component
    without a standard error (one sheet) leaves the whole without one: an error unknown is not an error of 0.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> calls = pd.DataFrame({"department": ["a"], "estimate": [80.0], "se": [1.0], "df": [30], "n": [31]})
    >>> visits = calls.assign(estimate=90.0)
    >>> csi_lib.combined_scores({"calls": calls, "visits": visits}, {"calls": 1, "visits": 1})[["department", "estimate"]]
      department  estimate
    0          a      85.0
    """
    if set(parts) != set(weights):
        raise InputError("weights and components differ", found=", ".join(sorted(set(parts) ^ set(weights))))
    if missing not in ("refuse", "reweight"):
        raise InputError("unknown rule for a missing component", found=repr(missing), expected="refuse or reweight")
    names = list(dict.fromkeys(d for frame in parts.values() for d in frame["department"]))
    table = {c: f.set_index("department") for c, f in parts.items()}
    rows = []
    for name in names:
        there = [c for c in parts if name in table[c].index and not np.isnan(table[c].loc[name, "estimate"])]
        row = {"department": name, "components": len(there), "n": int(sum(table[c].loc[name, "n"] for c in there))}
        if there and (missing == "reweight" or len(there) == len(parts)):
            w = np.array([weights[c] for c in there]) / sum(weights[c] for c in there)
            values, se, df = (
                np.array([table[c].loc[name, k] for c in there], dtype=float) for k in ("estimate", "se", "df")
            )
            variance = w**2 * se**2
            row["estimate"] = float(w @ values)
            if np.isfinite(variance).all():
                row["se"] = float(np.sqrt(variance.sum()))
                with np.errstate(divide="ignore", invalid="ignore"):
                    row["df"] = (
                        float(variance.sum() ** 2 / np.nansum(variance**2 / df)) if variance.sum() > 0 else np.inf
                    )
                half = stdtrit(min(row["df"], 1e9), 0.5 + confidence(ci) / 2) * row["se"]
                row |= {"ci_low": row["estimate"] - half, "ci_high": row["estimate"] + half}
        rows.append(row)
    return pd.DataFrame(rows, columns=["department", "estimate", "se", "df", "ci_low", "ci_high", "n", "components"])
