"""How the rows read were drawn: the columns that `SurveyDesign` is given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.study.study import Study


def design_columns(study: Study, source: str, frame: pd.DataFrame, years: list[int]) -> dict[str, str | None]:
    """Names of the design columns of `frame`, which is given ``design_stratum`` and ``design_cluster``.

    Agencies and years are sampled separately: strata are agency × year × declared stratum, and clusters
    are numbered within those. A year without weights joins others with weight 1, one without clusters
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
    several = frame["agency"].nunique() * len(years) > 1
    if stratum is not None or several:
        parts = [frame["agency"], frame["year"], *(() if stratum is None else (stratum,))]
        frame.insert(3, "design_stratum", _numbered(parts))
        columns["strata"] = "design_stratum"
    cluster = _by_year(frame, designs, "clusters")
    if cluster is not None:
        within = [frame["design_stratum"]] if columns["strata"] else []
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
            values[own] = declared.astype(str).to_numpy()
    return pd.Series(values, index=frame.index)


def _numbered(parts: list[pd.Series]) -> np.ndarray:
    """Number, from 1, of each distinct combination."""
    table = pd.DataFrame({str(place): part.to_numpy() for place, part in enumerate(parts)})
    return table.groupby(list(table), sort=True).ngroup().to_numpy() + 1
