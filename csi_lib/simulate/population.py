"""A simulated finite population with known truth, from a study's own codebook.

General satisfaction g is standard normal, shifted by agency, year and stratum. A dimension is
d = γ·g + √(1 − γ²)·e, an item's latent answer y = λ·d + √(1 − λ²)·u, and the answer given is
low + (high − low)·(level + 0.2·y), rounded to the scale. So items of a block correlate with each other,
with their dimension and with the overall item, as answers to a questionnaire do.
"""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.study.codebook import Codebook, Column
from csi_lib.study.simulation import Block, Picks, Shares, Simulation, World
from csi_lib.study.study import Study

SPREAD = 0.2  # standard deviation of an answer, as a share of its scale
ITEM_SPREAD = 0.03  # how far items of a block differ in level


def world_of(study: Study, source: str) -> tuple[Simulation, World]:
    """What the study declares under ``simulate``; a plain world where it declares nothing."""
    settings = study.simulate or Simulation()
    return settings, settings.sources.get(source, World())


def generator(seed: int, *words: object) -> np.random.Generator:
    """A stream of its own for each agency, year and purpose: adding one agency changes no other."""
    return np.random.default_rng([seed, *(zlib.crc32(str(word).encode()) for word in words)])


def draw_population(study: Study, source: str, agency: str, year: int, seed: int) -> pd.DataFrame:
    """Every customer of an agency in a year: groups as codes, items as floats in the turned direction."""
    _, world = world_of(study, source)
    codebook, rng = study.codebook(source), generator(seed, source, agency, year)
    counts = frame_counts(study, source, agency)
    stratum = np.repeat(np.arange(len(counts)), list(counts.values()))
    n, codes = len(stratum), list(counts)
    shift = world.effects.get(agency, {}).get(year, 0.0)
    by_stratum = np.array([world.stratum_effects.get(code, 0.0) for code in codes])
    general = shift + by_stratum[stratum] + rng.standard_normal(n)
    columns: dict[str, object] = {}
    for name in codebook.groups:
        if name == world.stratum:
            values = _choose(codes, stratum)
        else:
            values = _group(codebook.columns[name], world.groups.get(name, Shares()), codes, stratum, agency, rng)
        columns[name] = pd.Categorical(values, categories=list(codebook.columns[name].labels))
    answers = _items(codebook, world, general, (agency, year), columns, seed, source, rng)
    for name, event in world.events.items():
        latent = -0.6 * general + 0.8 * rng.standard_normal(n)
        yes = latent > np.quantile(latent, 1 - event.rate) if event.rate else np.zeros(n, bool)
        columns[name] = pd.Categorical(
            np.where(yes, event.yes, event.no), categories=list(codebook.columns[name].labels)
        )
        for item in event.asked:
            answers[item] = np.where(yes, answers[item], np.nan)
    for pick in world.picks.values():
        chosen = _picked(pick, n, rng)
        for column, values in zip(pick.columns, chosen, strict=True):
            columns[column] = pd.Categorical(values, categories=list(codebook.column(column).labels))
    for item in codebook.items:
        if not codebook.columns[item].available_in(year):
            answers[item] = np.full(n, np.nan)
    population = pd.DataFrame(
        {
            "agency": np.full(n, agency),
            "year": np.full(n, year),
            "period": study.period_of(year),
            **answers,
            **columns,
        }
    )
    population["\0stratum"], population["\0general"] = stratum, general
    return population


def frame_counts(study: Study, source: str, agency: str) -> dict[object, int]:
    """Number of customers by stratum code."""
    _, world = world_of(study, source)
    if world.stratum is None:
        return {1: world.population}
    column = study.codebook(source).column(world.stratum)
    declared = world.frame.get(agency) or world.frame.get("default")
    if declared is None:
        share = world.population // len(column.labels)
        return dict.fromkeys(column.labels, share)
    unknown = [code for code in declared if code not in column.labels]
    if unknown:
        raise InputError(
            "the simulated frame names a code that the codebook has not",
            where=f"study {study.id!r}, simulate > sources > {source} > frame",
            found=repr(unknown[0]),
            expected=f"one of {', '.join(map(str, column.labels))}",
        )
    return dict(declared)


def _items(
    codebook: Codebook, world: World, general, wave: tuple, groups: dict, seed: int, source: str, rng
) -> dict[str, np.ndarray]:
    """Answers to every item; items in no block follow general satisfaction directly."""
    block_of = {item: (name, block) for name, block in world.blocks.items() for item in block.items}
    alone = Block.model_construct(items=(), general=0.999)  # no block of a file: nothing in it
    dimension: dict[str, np.ndarray] = {}
    answers = {}
    for item in codebook.items:
        name, block = block_of.get(item, (item, alone))
        if name not in dimension:
            own = np.sqrt(1 - block.general**2) * rng.standard_normal(len(general))
            shift = block.effects.get(wave[0], {}).get(wave[1], 0.0)
            for column, shifts in block.groups.items():
                shift = shift + np.array([shifts.get(code, 0.0) for code in groups[column]])
            dimension[name] = shift + block.general * general + own
        noise = np.sqrt(1 - block.loading**2) * rng.standard_normal(len(general))
        level = block.level + ITEM_SPREAD * generator(seed, source, item).standard_normal()
        scale = codebook.scale(item)
        value = scale.low + (scale.high - scale.low) * (level + SPREAD * (block.loading * dimension[name] + noise))
        value = np.clip(value, scale.low, scale.high)
        answers[item] = value if scale.continuous else scale.low + np.rint(value - scale.low)
    return answers


def _group(column: Column, shares: Shares, codes, stratum, agency: str, rng) -> list:
    labels = list(column.labels)
    common = shares.by_agency.get(agency) or shares.shares or dict.fromkeys(labels, 1.0)
    chosen = np.empty(len(stratum), dtype=object)
    for index, code in enumerate(codes):
        rows = stratum == index
        share = shares.by_stratum.get(code, common)
        weights = np.array(list(share.values()), float)
        chosen[rows] = _choose(list(share), rng.choice(len(share), size=int(rows.sum()), p=weights / weights.sum()))
    return chosen


def _picked(pick: Picks, n: int, rng) -> list[np.ndarray]:
    """First, second … choice of every person: the order of keys ln(u)/share (Efraimidis and Spirakis 2006)."""
    codes, share = list(pick.shares), np.array(list(pick.shares.values()), float)
    keys = np.log(rng.random((n, len(codes)))) / np.maximum(share, 1e-12)
    order = np.argsort(-keys, axis=1)
    return [_choose(codes, order[:, k]) for k in range(len(pick.columns))]


def _choose(codes: list, positions: np.ndarray) -> np.ndarray:
    """Codes by position, kept as they are (numpy would make text of mixed codes)."""
    values = np.empty(len(codes), dtype=object)
    values[:] = codes
    return values[positions]
