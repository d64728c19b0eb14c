"""Defects planted into simulated files, so that quality control has something known to find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.study.base import written
from csi_lib.study.simulation import Defects, Fabrication
from csi_lib.study.study import Study
from csi_lib.survey.quality import FLAG_BASE


def plant(wave: pd.DataFrame, study: Study, source: str, year: int, defects: Defects, rng):
    """The wave with defects, and a list of what was planted: kind, agency, year, respondent, column, code."""
    codebook = study.codebook(source)
    ids = codebook.of_role("id")
    names = wave[ids[0]] if ids else pd.Series(wave.index.map(str))
    planted: list[dict] = []

    def note(kind: str, row: int, **more):
        planted.append(
            {
                "kind": kind,
                "source": source,
                "agency": wave["agency"].iloc[row],
                "year": year,
                "respondent": str(names.iloc[row]),
                **more,
            }
        )

    items = [i for i in codebook.items if codebook.columns[i].available_in(year)]
    interviewer = study.sources[source].interviewer
    if defects.straight_lining and interviewer in wave:
        # one with few interviews: enough to show the pattern, too few to move the agency's figures
        pairs = wave.groupby(["agency", interviewer], sort=True).size()
        agency, who = pairs[pairs >= min(FLAG_BASE, pairs.max())].idxmin()
        rows = np.flatnonzero((wave["agency"] == agency) & (wave[interviewer] == who))
        for item in items:
            scale = codebook.scale(item)
            same = np.floor(scale.low + 0.75 * (scale.high - scale.low))
            wave.loc[rows, item] = wave.loc[rows, item].where(wave.loc[rows, item].isna(), same)
        planted.append(
            {
                "kind": "straight_lining",
                "source": source,
                "agency": agency,
                "year": year,
                "interviewer": str(who),
                "n": len(rows),
            }
        )
    if defects.fabrication is not None:
        wave, found = _fabricated(wave, items, codebook, source, year, interviewer, defects.fabrication, rng)
        planted += found
    rows = rng.choice(len(wave), size=min(defects.undeclared_codes, len(wave)), replace=False)
    for row in rows:
        open_items = [i for i in items if np.isfinite(wave.loc[row, i])]
        if not open_items:
            continue
        item = open_items[int(rng.integers(len(open_items)))]
        code = _undeclared(codebook, item, year)
        wave.loc[row, item] = code
        note("undeclared_code", int(row), column=item, code=code)
    rows = rng.choice(len(wave), size=min(defects.duplicates, len(wave)), replace=False) if ids else []
    if len(rows):
        for row in rows:
            note("duplicate", int(row))
        wave = pd.concat([wave, wave.iloc[rows]], ignore_index=True)
    return wave, planted


def _fabricated(wave, items, codebook, source, year, interviewer, plan: Fabrication, rng):
    """Answers near the top, short and alike, from the busiest interviewers; most carry the code of rejection."""
    wave = wave.copy()
    wave[plan.column] = plan.valid
    ids = codebook.of_role("id")
    minutes = next((m for m in codebook.of_role("measure") if m in wave), None)
    planted = []
    for agency, part in wave.groupby("agency", sort=False) if year in plan.years and interviewer in wave else ():
        busiest = part[interviewer].value_counts(sort=True).index[: plan.interviewers]
        for who in busiest:
            rows = part.index[part[interviewer] == who].to_numpy()
            rows = rng.permutation(rows)[: max(1, round(plan.share * len(rows)))]
            for item in items:
                scale = codebook.scale(item)
                near = scale.low + plan.level * (scale.high - scale.low) + rng.uniform(-1, 1, len(rows))
                invented = np.clip(np.rint(near), scale.low, scale.high)
                wave.loc[rows, item] = np.where(wave.loc[rows, item].isna(), np.nan, invented)
            if minutes:
                wave.loc[rows, minutes] = np.round(plan.minutes * np.exp(0.15 * rng.standard_normal(len(rows))), 1)
            found = rows[: round(plan.detected * len(rows))]
            wave.loc[found, plan.column] = plan.rejected
            note = {"kind": "fabrication", "source": source, "agency": agency, "year": year, "interviewer": str(who)}
            planted.append({**note, "n": len(rows), "rejected": len(found),
                            "respondents": [str(v) for v in wave.loc[rows, ids[0]]] if ids else []})  # fmt: skip
    return wave, planted


def _undeclared(codebook, item: str, year: int) -> float:
    """The first number above the scale that is not a missing code, in the direction that is written."""
    scale, column = codebook.scale(item), codebook.columns[item]
    missing = {written(code) for code in column.missing_in(year)}
    code = scale.high + 2
    while written(code) in missing:
        code += 1
    return scale.low + scale.high - code if column.reverse else code
