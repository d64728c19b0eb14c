"""How the rows read were drawn: the columns that `SurveyDesign` is given."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.study.base import written
from csi_lib.study.study import Study


def design_columns(study: Study, source: str, frame: pd.DataFrame, years: list[int]) -> dict[str, str | None]:
    """Names of the design columns of `frame`, which is given ``design_stratum`` and ``design_cluster``.

    Agencies and years are sampled separately: strata are agency × year × declared stratum (named
    ``agency/year/stratum``), and clusters are numbered within those. Strata that differ between years raise a
    MeasureWarning. A year without weights joins others with weight 1, one without clusters
    with each row as its own; the population size (fpc) is used only when every year declares it.
    """
    codebook = study.codebook(source)
    designs = {}
    for year in years:
        named = study.sources[source].design.in_year(year)
        designs[year] = {
            part: name if name and codebook.columns[name].available_in(year) else None for part, name in named.items()
        }
    columns = dict.fromkeys(("weights", "strata", "clusters", "fpc"))
    columns["weights"] = _joined(frame, designs, "weights")
    if all(design["fpc"] for design in designs.values()):
        columns["fpc"] = _joined(frame, designs, "fpc")
    stratum = _by_year(frame, designs, "strata")
    if stratum is not None and len(years) > 1:
        for agency, rows in frame.groupby("agency", sort=False, observed=True).indices.items():
            told = pd.DataFrame({"year": frame["year"].to_numpy()[rows], "stratum": stratum.to_numpy()[rows]})
            seen = {int(year): set(part) for year, part in told.groupby("year")["stratum"]}
            if message := strata_differ(seen, designs[years[-1]]["strata"]):
                warnings.warn(f"{agency}: {message}", MeasureWarning, stacklevel=3)
    several = frame["agency"].nunique() * len(years) > 1
    if stratum is not None or several:
        parts = [frame["agency"], frame["year"], *(() if stratum is None else (stratum,))]
        frame.insert(3, "design_stratum", _named(parts))
        columns["strata"] = "design_stratum"
    cluster = _by_year(frame, designs, "clusters")
    if cluster is not None:
        within = [frame["design_stratum"].cat.codes] if columns["strata"] else []
        frame.insert(4 if columns["strata"] else 3, "design_cluster", _numbered([*within, cluster]))
        columns["clusters"] = "design_cluster"
    return {**columns, "lonely": study.source(source).design.lonely}


def _joined(frame: pd.DataFrame, designs: dict[int, dict], part: str) -> str | None:
    """One numeric column for all years, 1 where a year has none."""
    named = {year: design[part] for year, design in designs.items()}
    name = next((n for n in named.values() if n), None)
    if name is not None and len(set(named.values())) > 1:
        joined = pd.Series(1.0, index=frame.index)
        for year, own in named.items():
            if own:
                joined = joined.mask(frame["year"] == year, frame[own])
        frame[name] = joined
    return name


def _by_year(frame: pd.DataFrame, designs: dict[int, dict], part: str) -> pd.Series | None:
    """Strata or clusters as text; None when no year declares them."""
    if not any(design[part] for design in designs.values()):
        return None
    rows = np.arange(len(frame))
    values = np.array([f"row {row}" for row in rows] if part == "clusters" else [""] * len(frame), dtype=object)
    for year, design in designs.items():
        own = (frame["year"] == year).to_numpy()
        if design[part]:
            declared = frame.loc[own, design[part]]
            if declared.isna().any():
                raise InputError(
                    f"{part} are missing",
                    where=f"year {year}",
                    found=f"{design[part]} in {int(declared.isna().sum())} row(s)",
                    action=f"Every respondent needs a value in the column that holds the {part}.",
                )
            values[own] = declared.map(written).to_numpy()
    return pd.Series(values, index=frame.index)


def strata_differ(strata: dict[int, set[str]], column: str | None = None) -> str | None:
    """What is to be said when the strata of a wave are not those of the wave before; None where they are the same."""
    years = sorted(strata)
    for before, now in pairwise(years):
        parts = {"new": strata[now] - strata[before], "gone": strata[before] - strata[now]}
        told = "; ".join(f"{word}: {', '.join(sorted(which)[:5])}" for word, which in parts.items() if which)
        if told:
            return (
                f"the strata of {now} are not those of {before} ({told}). "
                "Every wave is estimated by its own strata, so a change may come from them: if codes were only renamed, map "
                f"them in the codebook ({column or 'the strata column'} > map > {now}); if strata were merged or added, say so "
                "beside the trend."
            )
    return None


def _named(parts: list[pd.Series]) -> pd.Categorical:
    """Each distinct combination as a category ``agency/year/stratum``, in sorted order."""
    table = pd.DataFrame({str(place): part.to_numpy() for place, part in enumerate(parts)})
    groups = table.groupby(list(table), sort=True)
    names = ["/".join(str(part) for part in key) for key in groups.groups]
    return pd.Categorical.from_codes(groups.ngroup().to_numpy(), names)


def _numbered(parts: list[pd.Series]) -> np.ndarray:
    """Number, from 1, of each distinct combination."""
    table = pd.DataFrame({str(place): part.to_numpy() for place, part in enumerate(parts)})
    return table.groupby(list(table), sort=True).ngroup().to_numpy() + 1
