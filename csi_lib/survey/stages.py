"""Stages of sampling: which units were drawn, in which strata, and from how many.

A design of any number of stages is kept as a flat list of `Stage`: the variance of a total is the sum over
stages of *scale_h × sum of squares of unit totals about their stratum's mean*, where "stratum" at a later
stage is the unit drawn above it and the scale holds the sampling fractions of all stages above. The flat
list replaces the usual recursion, and one-stage designs are a list of length one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.errors import InputError

LONELY = ("fail", "remove", "adjust", "average", "certainty")


@dataclass(frozen=True)
class Stage:
    """One stage of sampling; units are numbered in the order of their strata.

    Attributes
    ----------
    unit : (n,) code of each row's unit.
    stratum_of_unit : (U,) code of each unit's stratum, ascending.
    units_in_stratum : (H,) units drawn.
    fraction : (H,) sampling fraction; 0 = with replacement.
    scale : (H,) product of the fractions above × (1 − f) × n/(n − 1); n/(n − 1) is 1 for a lonely unit.
    lonely : (H,) one unit drawn of several.
    each_row : every row is a unit of its own.
    """

    unit: np.ndarray
    stratum_of_unit: np.ndarray
    units_in_stratum: np.ndarray
    fraction: np.ndarray
    scale: np.ndarray
    lonely: np.ndarray
    each_row: bool

    @property
    def units(self) -> int:
        return len(self.stratum_of_unit)

    @property
    def strata(self) -> int:
        return len(self.units_in_stratum)


def label_codes(values, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Codes 0..H−1 in sorted order of the labels, and the labels; a missing label is refused."""
    codes, labels = pd.factorize(values, sort=True)
    if (codes < 0).any():
        raise InputError(
            "the design column has missing values",
            where=where,
            found=f"{int((codes < 0).sum())} rows without a value",
            action="Fill them in, or drop these rows before the design is declared.",
        )
    return codes.astype(np.int64), np.asarray(labels)


def pair_codes(first: np.ndarray, second: np.ndarray, second_size: int):
    """Number the pairs that occur, in ascending order: (code per row, first of pair, second of pair)."""
    key = first * np.int64(second_size) + second
    size = int(key.max()) + 1 if key.size else 0
    if size <= 4 * key.size + 1_000_000:  # a table of what occurs is faster than sorting
        seen = np.zeros(size, dtype=bool)
        seen[key] = True
        pairs = np.flatnonzero(seen)
        number = np.empty(size, dtype=np.int64)
        number[pairs] = np.arange(pairs.size)
        codes = number[key]
    else:
        pairs, codes = np.unique(key, return_inverse=True)
    return codes, pairs // second_size, pairs % second_size


def build_stages(
    strata: np.ndarray,
    strata_labels,
    clusters: list[np.ndarray],
    fpc: list[np.ndarray],
    lonely: str,
    nest: bool,
) -> list[Stage]:
    """Stages from codes of strata and clusters; `clusters` empty = every row is a unit."""
    n, parent, names = len(strata), strata, [str(label) for label in strata_labels]
    each_row = not clusters
    stages: list[Stage] = []
    above = np.ones(len(names))
    for number, cluster in enumerate(clusters or [None], start=1):
        if cluster is None:
            unit = np.empty(n, dtype=np.int64)
            unit[np.argsort(parent, kind="stable")] = np.arange(n)
            stratum_of_unit = np.sort(parent)
        else:
            size = int(cluster.max()) + 1
            unit, stratum_of_unit, label = pair_codes(parent, cluster, size)
            if not nest and number == 1 and len(label) > size:
                raise InputError(
                    "the same cluster label occurs in several strata",
                    where="clusters",
                    found=f"{len(label)} pairs of stratum and cluster for {size} cluster labels",
                    action="If labels are re-used in every stratum, pass nest=True; else mend the labels.",
                )
        counts = np.bincount(stratum_of_unit, minlength=len(names))
        fraction = (
            _fractions(fpc[number - 1], parent, counts, names, number) if number <= len(fpc) else np.zeros(len(names))
        )
        alone = (counts == 1) & (fraction < 1 - 1e-12)
        if lonely == "fail" and alone.any():
            which = [names[i] for i in np.flatnonzero(alone)[:5]]
            raise InputError(
                "a stratum has one sampled unit only, so its variance cannot be estimated",
                where="strata" if number == 1 else f"clusters, stage {number}",
                found=f"{int(alone.sum())} such strata: {', '.join(which)}" + (" …" if alone.sum() > 5 else ""),
                action="Merge it with a like stratum, or choose lonely: adjust (or average, remove) in the design.",
            )
        spread = counts / np.maximum(counts - 1, 1)
        stages.append(Stage(unit, stratum_of_unit, counts, fraction, above * (1 - fraction) * spread, alone, each_row))
        if number > len(fpc):
            break  # drawn with replacement: what happens inside the units is already in their totals
        above = (above * fraction)[stratum_of_unit]
        parent, names = unit, [f"unit {i + 1} of stage {number}" for i in range(len(stratum_of_unit))]
    return stages


def _fractions(fpc, stratum, counts, names, number) -> np.ndarray:
    """Sampling fraction per stratum from population sizes (> 1) or fractions (all ≤ 1), as R reads them."""
    where = "fpc" if number == 1 else f"fpc, stage {number}"
    if not np.isfinite(fpc).all() or (fpc <= 0).any():
        raise InputError(
            "population sizes and sampling fractions must be above 0",
            where=where,
            found=f"{int((~(fpc > 0)).sum())} rows without a positive value",
            action="Give the number of units in the population of each stratum.",
        )
    as_fraction = bool((fpc <= 1).all())
    if not as_fraction and (fpc < 1).any():
        raise InputError(
            "sampling fractions (up to 1) and population sizes (above 1) are mixed",
            where=where,
            action="Give one or the other for all rows.",
        )
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, stratum, fpc)
    np.maximum.at(high, stratum, fpc)
    uneven = high > low
    if uneven.any():
        i = int(np.flatnonzero(uneven)[0])
        raise InputError(
            "the population size must be one number per stratum",
            where=where,
            found=f"{low[i]:g} and {high[i]:g} in stratum {names[i]}",
            action="Give every row of a stratum the same value.",
        )
    if as_fraction:
        return low
    if (counts > low).any():
        i = int(np.flatnonzero(counts > low)[0])
        raise InputError(
            "more units were sampled than the population is said to hold",
            where=where,
            found=f"{counts[i]} sampled of {low[i]:g} in stratum {names[i]}",
            action="fpc is the number of units (of the stage) in the population of the stratum; correct it.",
        )
    return counts / low


def inverse_probabilities(stages: list[Stage]) -> np.ndarray:
    """Weight of each row implied by the fractions of all stages."""
    weight = np.ones(len(stages[0].unit))
    for stage in stages:
        weight /= stage.fraction[stage.stratum_of_unit[stage.unit]]
    return weight
