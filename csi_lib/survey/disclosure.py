"""Which numbers a public reader may see: decided once, on bases, before anything is shown.

Rules (CONTRACT §4)
-------------------
1. A group whose base n is below the minimum is suppressed, with everything said about it.
2. Complementary: in a variable whose total is shown, the suppressed groups must be at least two and have
   together at least the minimum base; else the smallest shown group is suppressed too.
3. Nested groups of different variables: when everybody of one group but a few (fewer than the minimum) is also in
   another, the smaller one is suppressed, because the difference of the two would show the few.
4. Rules 1 and 2 hold again for each measure, on the answers it rests on (an item that few answered).
5. Full enumerations (everybody was asked): a cell with 1 … minimum − 1 people is suppressed as well.
6. Data of employees or individuals: a group in which everybody gave the same answer is suppressed.

For means the pair (n, sum) is what is protected: a row is suppressed as a whole or shown as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.survey.assembly import Grouping
from csi_lib.survey.estimates import Estimates


@dataclass(frozen=True)
class Rules:
    """Minimum base and what kind of data it protects."""

    min_base: int = 5
    full_enumeration: bool = False
    individuals: bool = False

    @classmethod
    def of(cls, study, source: str = "customers") -> Rules:
        privacy, individual = study.privacy, study.source(source).kind in ("employees", "individuals")
        return cls(privacy.individuals if individual else privacy.min_base, privacy.full_enumeration, individual)


def complement(n, suppressed, min_base: int) -> np.ndarray:
    """Groups of one variable to suppress so that the shown total does not give the hidden ones away (rule 2)."""
    n, hidden = np.asarray(n, dtype=float), np.asarray(suppressed, dtype=bool).copy()
    while hidden.any():
        shown = np.flatnonzero(~hidden & (n > 0))
        if ((hidden & (n > 0)).sum() >= 2 and n[hidden].sum() >= min_base) or not len(shown):
            return hidden
        hidden[shown[np.argmin(n[shown])]] = True
    return hidden


def suppressed_groups(groupings: list[Grouping], rules: Rules) -> dict[tuple, bool]:
    """(by, group) → suppressed, for every group of every banner variable (rules 1–3)."""
    banners = [g for g in groupings if g.by]
    sizes = [np.bincount(g.codes[g.codes >= 0], minlength=len(g)) for g in banners]
    hidden = [complement(n, (n > 0) & (n < rules.min_base), rules.min_base) for n in sizes]
    for _ in range(sum(map(len, banners)) + 1):
        before = [h.copy() for h in hidden]
        _hide_nested(banners, sizes, hidden, rules.min_base)
        hidden = [complement(n, h, rules.min_base) for n, h in zip(sizes, hidden, strict=True)]
        if all(np.array_equal(a, b) for a, b in zip(before, hidden, strict=True)):
            break
    return {(g.by, g.groups[k]): bool(h[k]) for g, h in zip(banners, hidden, strict=True) for k in range(len(g))}


def _hide_nested(banners, sizes, hidden, min_base):
    for a, ga in enumerate(banners):
        for b, gb in enumerate(banners):
            if a == b:
                continue
            both = (ga.codes >= 0) & (gb.codes >= 0)
            joint = np.zeros((len(ga), len(gb)))
            np.add.at(joint, (ga.codes[both], gb.codes[both]), 1)
            rest = sizes[a][:, None] - joint  # in A and not in B
            inside = (joint == sizes[b][None, :]) & (sizes[b] > 0)[None, :]
            bad = inside & (rest > 0) & (rest < min_base) & ~hidden[a][:, None] & ~hidden[b][None, :]
            hidden[b] |= bad.any(axis=0)


def decide(estimates: Estimates, groupings: list[Grouping], rules: Rules) -> Estimates:
    """The same estimates with the column ``suppressed`` decided; see `Estimates.masked` for what a reader gets."""
    frame = estimates.frame.copy()
    groups = suppressed_groups(groupings, rules)
    by = list(zip(frame["by1"], frame["by2"], frame["group1"], frame["group2"], strict=True))
    whole = np.zeros(len(frame), dtype=bool)
    for i, (b1, b2, g1, g2) in enumerate(by):
        if pd.isna(b1):
            continue
        key = ((b1,), (g1,)) if pd.isna(b2) else ((b1, b2), (g1, g2))
        whole[i] = groups.get(key, False)
    n = frame["n"].to_numpy(float)
    few = (n > 0) & (n < rules.min_base)
    if rules.individuals:
        few |= (frame["se"].to_numpy(float) == 0) & frame["statistic"].isin(["mean", "index"]).to_numpy() & (n > 0)
    if rules.full_enumeration:
        count = n * frame["estimate"].to_numpy(float)
        cell = (frame["unit"] == "proportion").to_numpy(bool) & (count > 0) & (count < rules.min_base - 1e-9)
        few |= cell
    hidden = whole | few
    # rule 4: per measure, over the groups of each variable
    keys = ["source", "model", "measure", "statistic", "by1", "by2"]
    grouped = frame.assign(_h=hidden, _i=np.arange(len(frame)))
    touched = grouped.loc[grouped["_h"], keys].drop_duplicates()
    if len(touched):
        wanted = pd.MultiIndex.from_frame(touched.astype("string").fillna(""))
        mine = pd.MultiIndex.from_frame(grouped[keys].astype("string").fillna(""))
        candidates = grouped[mine.isin(wanted)]
        for _, part in candidates.groupby([candidates[k].astype("string").fillna("") for k in keys], sort=False):
            if pd.isna(part["by1"].iloc[0]):
                continue
            at = part["_i"].to_numpy()
            hidden[at] = complement(n[at], hidden[at], rules.min_base)
    frame["suppressed"] = hidden
    return Estimates(frame, estimates.influence)
