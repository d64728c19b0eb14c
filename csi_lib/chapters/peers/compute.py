"""What must be said before bodies are compared: how they were sampled, and how their customers differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import Code, Label, Part, Several, written
from csi_lib.study.references import ColumnName
from csi_lib.survey.estimates import Estimates


class Covariate(Part):
    """A share of customers that bears on the score: those of `codes` in the banner variable `column`."""

    label: Label
    column: ColumnName
    codes: Several[Code]


class PeersFile(Part):
    """``peers.yml``: conditions noted beside every comparison of bodies.

    ``standardise`` names a banner variable: the index is given again as if every body had the same mix of its groups.
    """

    covariates: tuple[Covariate, ...] = ()
    standardise: str | None = None


def check_columns(file: PeersFile, banners: list[str]) -> None:
    """InputError with the near spelling for a column that is no banner variable of the report."""
    named = [(f"covariates > {i} > column", c.column) for i, c in enumerate(file.covariates)]
    if file.standardise:
        named.append(("standardise", file.standardise))
    for where, column in named:
        if column not in banners:
            near = nearest(column, banners)
            raise InputError(
                "this is no banner variable of the report",
                where=f"peers.yml: {where}",
                found=repr(column),
                expected=", ".join(banners),
                action=f"Did you mean {near!r}?" if near else "Name it under report.groups in study.yml",
            )


def covariate(estimates: Estimates, one: Covariate) -> Estimates:
    """The weighted share of customers with the covariate's codes, as one row ``covariate:<column>`` with its error."""
    wanted = {f"{one.column}:{written(c)}" for c in one.codes} | {f"{one.column}:{c}" for c in one.codes}
    at = [p for p in estimates.positions(statistic="share", by1=None) if estimates.frame["measure"].iloc[p] in wanted]
    if not at:
        return Estimates(estimates.frame.iloc[:0])
    part = estimates.take(at)
    frame = part.frame.iloc[[0]].assign(measure=f"covariate:{one.column}", df=np.nan, deff=np.nan, n_effective=np.nan)
    return part.combine(np.ones((len(at), 1)), frame)


def standardised(wave: dict[str, Estimates], measure: str, by: str, *, model: str | None = None) -> Estimates:
    """An index as if every body had the same mix of customers (direct standardisation).

    score_a = Σ_g w_g · index_{a,g}, where w_g is the mean over bodies of group g's weighted share. A body without a shown
    index in every group gives no row, and does not enter the mix. se from the body's own covariances; the mix counts as
    fixed.

    Parameters
    ----------
    wave : agency → its estimates (masked) of one wave.
    """
    keys = {"measure": measure, "statistic": "index"} | ({"model": model} if model else {})
    groups: dict[str, dict[str, int]] = {}
    shares: dict[str, dict[str, float]] = {}
    for agency, estimates in wave.items():
        found = list(estimates.positions(by1=by, **keys))
        live = {estimates.frame["group1"].iloc[p]: p for p in found if np.isfinite(estimates.frame["estimate"].iloc[p])}
        part = estimates.frame.iloc[estimates.positions(statistic="share", by1=None)]
        part = part[part["measure"].str.startswith(f"{by}:") & part["estimate"].notna()]
        groups[agency] = live
        shares[agency] = {m.split(":", 1)[1]: v for m, v in zip(part["measure"], part["estimate"], strict=True)}
    everywhere = sorted({g for live in groups.values() for g in live})
    whole = [a for a, live in groups.items() if everywhere and set(live) == set(everywhere)]
    if not whole:
        return Estimates(pd.concat([e.frame.iloc[:0] for e in wave.values()]) if wave else pd.DataFrame())
    mix = {g: float(np.mean([shares[a].get(g, 0.0) for a in whole])) for g in everywhere}
    total = sum(mix.values())
    parts = []
    for agency in whole:
        estimates = wave[agency].take([groups[agency][g] for g in everywhere])
        weights = np.array([[mix[g] / total] for g in everywhere])
        frame = estimates.frame.iloc[[0]].assign(
            by1=None, group1=None, versus=f"standardised:{by}", n=estimates.frame["n"].sum(), df=np.nan, deff=np.nan,
            n_effective=np.nan, n_weighted=estimates.frame["n_weighted"].sum(), flag=None,
        )  # fmt: skip
        parts.append(estimates.combine(weights, frame))
    return Estimates.concat(parts)
