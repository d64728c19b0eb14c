"""Simulated records of fieldwork that fit a simulated survey: the log of contacts, and the sampling frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.simulate.population import frame_counts, world_of
from csi_lib.study.base import written
from csi_lib.study.simulation import Contacts, FrameTable


def contact_log(study, plan: Contacts, wave: pd.DataFrame, year: int, planted: list[dict], rng) -> pd.DataFrame:
    """One row per case approached for `wave` (the interviews of a year), in the order of fieldwork.

    Columns ``agency case interviewer stratum contacted attempts outcome minutes verified_by verification action``.
    Interviews keep their interviewer, stratum and length; what was planted as fabricated fails any check and is discarded,
    or, by the plan's share, was done again (the second interview is one of the others).
    """
    source = study.sources[plan.of]
    _, world = world_of(study, plan.of)
    codebook = study.codebook(plan.of)
    ids, fabrication = codebook.of_role("id"), world.defects.fabrication
    fake = {
        (p["agency"], r)
        for p in planted
        if p["kind"] == "fabrication" and p["source"] == plan.of and p["year"] == year
        for r in p["respondents"]
    }
    first = wave.drop_duplicates(["agency", ids[0]]) if ids else wave
    minutes = next((m for m in codebook.of_role("measure") if m in wave), None)
    parts = []
    for agency, own in first.groupby("agency", sort=False):
        n = len(own)
        who = own[source.interviewer].to_numpy() if source.interviewer in own else np.full(n, "I01")
        cell = own[world.stratum].astype(object).map(written).to_numpy() if world.stratum else np.full(n, "1")
        false = np.array([(agency, str(r)) in fake for r in own[ids[0]]]) if ids else np.zeros(n, bool)
        rejected = np.zeros(n, bool)
        if fabrication is not None:
            rejected = (own[fabrication.column] == fabrication.rejected).to_numpy(bool)
        checked = (rng.random(n) < plan.verified) | rejected
        contractor = checked & (rng.random(n) < plan.contractor / max(plan.verified, 1e-9))
        again = rejected & (rng.random(n) < plan.reinterviewed)
        done = pd.DataFrame(
            {
                "interviewer": who,
                "stratum": cell,
                "attempts": 1 + rng.poisson(0.8, n),
                "outcome": "I",
                "minutes": own[minutes].to_numpy() if minutes else np.nan,
                "verified_by": np.where(contractor, "contractor", np.where(checked, "client", "")),
                "verification": np.where(rejected | (checked & false), "failed", np.where(checked, "passed", "")),
                "action": np.where(again, "reinterviewed", np.where(rejected, "discarded", "")),
            }
        )
        others = []
        for outcome, rate in plan.outcomes.items():
            count = rng.poisson(rate * n)
            pick = rng.integers(0, n, count)
            others.append(
                pd.DataFrame(
                    {
                        "interviewer": who[pick],
                        "stratum": cell[pick],
                        "attempts": 1 + rng.poisson(2.5 if outcome in ("NC", "UH", "UO") else 1.0, count),
                        "outcome": outcome,
                        "minutes": np.nan,
                        **dict.fromkeys(("verified_by", "verification", "action"), ""),
                    }
                )
            )
        log = pd.concat([done, *(o for o in others if len(o))], ignore_index=True)
        log = log.iloc[rng.permutation(len(log))].reset_index(drop=True)
        day = np.sort(rng.integers(0, plan.days, len(log)))
        log.insert(0, "contacted", [str(pd.Timestamp(year, 5, 1) + pd.Timedelta(days=int(d)))[:10] for d in day])
        log.insert(0, "case", [f"{agency[:3].upper()}-{k:05d}" for k in range(1, len(log) + 1)])
        log.insert(0, "agency", agency)
        parts.append(log)
    return pd.concat(parts, ignore_index=True)


def frame_table(study, plan: FrameTable, year: int, rng) -> pd.DataFrame:
    """The frame by agency and stratum: ``agency stratum listed duplicates unusable``; what is left is the population."""
    rows = []
    for agency in (a.id for a in study.agencies if a.took_part(year)):
        for code, count in frame_counts(study, plan.of, agency).items():
            double, bad = rng.binomial(count, plan.duplicate), rng.binomial(count, plan.unusable)
            rows.append((agency, written(code), count + double + bad, double, bad))
    return pd.DataFrame(rows, columns=["agency", "stratum", "listed", "duplicates", "unusable"])
