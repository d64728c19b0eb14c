"""Which numbers changed between two output folders, rounds or reports, by how much, and which input did it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.run import root
from csi_lib.run.keys import changed
from csi_lib.survey.results import KEYS

#: what a number is about, apart from the wave and body it belongs to
_ABOUT = [k for k in KEYS if k not in ("study", "agency", "year", "period", "release")]


@dataclass(frozen=True)
class Difference:
    """Two reports compared.

    Attributes
    ----------
    place : the report (two folders with an arrow between them where they are different ones).
    numbers : one row per number that is another now: ``row_id`` (of the second), ``measure statistic by1 group1 by2 group2``,
        ``before``, ``after``, ``change`` in stored units.
    only_before, only_after : how many rows are in one of the two only.
    inputs : inputs that differ between the two, as `csi run --explain` names them.
    """

    place: str
    numbers: pd.DataFrame
    only_before: int
    only_after: int
    inputs: tuple[str, ...]


def compare(one: Path, two: Path) -> list[Difference]:
    """Compare two output folders report by report, or two reports (folders with a manifest) with each other."""
    one, two = Path(one), Path(two)
    if (one / root.MANIFEST).is_file() and (two / root.MANIFEST).is_file():
        return [
            _difference(f"{one} → {two}", one, two, matched=one.name != two.name or one.parent.name != two.parent.name)
        ]
    sides = []
    for folder in (one, two):
        if not folder.is_dir() or not (reports := root.contents(folder).reports):
            raise InputError(
                "no reports are in this folder", where=str(folder), expected="an output folder or a report's folder"
            )
        sides.append(reports)
    before, after = sides
    out = [_difference(place, before[place], after[place], matched=False) for place in before if place in after]
    nothing = pd.DataFrame(columns=["row_id", "before", "after", "change"])
    for place in sorted(set(before) ^ set(after)):
        rows = len(pd.read_parquet((before.get(place) or after[place]) / "results.parquet", columns=["row_id"]))
        gone = place in before
        out.append(Difference(place, nothing, rows * gone, rows * (not gone), ("the report is in one folder only",)))
    return out


def _difference(place: str, one: Path, two: Path, *, matched: bool) -> Difference:
    """`matched`: other waves or bodies have other row ids, so numbers are held together by what they are about."""
    first, second = (pd.read_parquet(folder / "results.parquet") for folder in (one, two))
    if matched:
        first, second = (f[f["year"] == f["year"].max()].drop_duplicates(_ABOUT) for f in (first, second))
    keys = _ABOUT if matched else ["row_id"]
    texts = lambda frame: frame[keys].astype("string").fillna("").agg("\x1f".join, axis=1)
    first, second = first.set_index(texts(first)), second.set_index(texts(second))
    both = second.index.intersection(first.index)
    a, b = first.loc[both, "estimate"].to_numpy(float), second.loc[both, "estimate"].to_numpy(float)
    off = ~(np.isclose(a, b, rtol=1e-12, atol=1e-15) | (np.isnan(a) & np.isnan(b)))
    shown = ["row_id", "measure", "statistic", "by1", "group1", "by2", "group2", "unit"]
    numbers = second.loc[both[off], shown].assign(before=a[off], after=b[off], change=b[off] - a[off])
    inputs = changed(_inputs(one), _inputs(two) or {})
    gone, new = len(first.index.difference(second.index)), len(second.index.difference(first.index))
    return Difference(place, numbers.reset_index(drop=True), gone, new, tuple(inputs))


def _inputs(folder: Path) -> dict | None:
    try:
        return json.loads((folder / root.MANIFEST).read_text(encoding="utf-8"))["inputs"]
    except (OSError, ValueError, KeyError):
        return None


__all__ = ["Difference", "compare"]
