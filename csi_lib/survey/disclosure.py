"""Which numbers a public reader may see: decided once, on bases, before anything is shown.

Rules (CONTRACT §4)
-------------------
1. A group whose base n is below the minimum is suppressed, with everything said about it.
2. Complementary: in a variable whose total is shown, the suppressed groups must be at least two and have
   together at least the minimum base; else the smallest shown group is suppressed too.
3. Groups of different variables: when everybody of one group but a few (fewer than the minimum) is also in
   another, the smaller one is suppressed, because the difference of the two would show the few. And no suppressed group
   of rule 1 may follow from sums and differences of what is shown, over any number of variables: the smallest shown
   group that such a combination needs is suppressed too.
4. Rules 1 and 2 hold again for each measure, on the answers it rests on (an item that few answered).
5. Full enumerations (everybody was asked): a cell with 1 … minimum − 1 people is suppressed as well.
6. Data of employees or individuals: a group in which everybody gave the same answer is suppressed.

For means the pair (n, sum) is what is protected: a row is suppressed as a whole or shown as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csi_lib.survey.assembly import Grouping
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.results import key_texts


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
        _hide_combined(banners, sizes, hidden, rules.min_base)
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


def _hide_combined(banners, sizes, hidden, min_base):
    """Hide what a sum or difference of shown groups needs to give a small group away (rule 3).

    A total of a group is its indicator over the cells of the cross-table of all variables; what can be computed from the
    shown totals is the span of their indicators.
    """
    targets = [(v, k) for v, n in enumerate(sizes) for k in np.flatnonzero((n > 0) & (n < min_base))]
    if not targets:
        return
    cells = np.unique(np.column_stack([g.codes for g in banners]), axis=0)
    indicator = lambda v, k: (cells[:, v] == k).astype(float)
    everybody = np.ones(len(cells))
    for target in targets:
        aim = indicator(*target)
        while True:
            shown = [(v, k) for v, h in enumerate(hidden) for k in np.flatnonzero(~h & (sizes[v] > 0))]
            matrix = np.column_stack([everybody, *(indicator(v, k) for v, k in shown)])
            share, *_ = np.linalg.lstsq(matrix, aim, rcond=None)
            if not shown or np.abs(matrix @ share - aim).max() > 1e-8:
                break
            needed = [shown[i] for i in _fewest(matrix, aim) if i >= 0] or shown
            v, k = min(needed, key=lambda at: sizes[at[0]][at[1]])
            hidden[v][k] = True


def _fewest(matrix, aim) -> np.ndarray:
    """Columns (−1: the total) of a combination that gives `aim` with few terms: the least sum of absolute factors."""
    from scipy.optimize import linprog

    k = matrix.shape[1]
    found = linprog(np.ones(2 * k), A_eq=np.hstack([matrix, -matrix]), b_eq=aim, bounds=(0, None))
    return np.flatnonzero(np.abs(found.x[:k] - found.x[k:]) > 1e-8) - 1 if found.success else np.arange(k) - 1


def decide(estimates: Estimates, groupings: list[Grouping], rules: Rules) -> Estimates:
    """The same estimates with the column ``suppressed`` decided; see `Estimates.masked` for what a reader gets."""
    frame = estimates.frame.copy()
    groups = suppressed_groups(groupings, rules)
    names = zip(*key_texts(frame, ["by1", "by2", "group1", "group2"]), strict=True)
    whole = np.array(
        [bool(b1) and groups.get(((b1, b2), (g1, g2)) if b2 else ((b1,), (g1,)), False) for b1, b2, g1, g2 in names],
        dtype=bool,
    )
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
    keys = list(zip(*key_texts(frame, ["source", "model", "measure", "statistic", "by1", "by2"]), strict=True))
    touched: dict[tuple, list[int]] = {keys[i]: [] for i in np.flatnonzero(hidden) if keys[i][4]}
    for i, key in enumerate(keys):
        if key in touched:
            touched[key].append(i)
    for rows in touched.values():
        hidden[rows] = complement(n[rows], hidden[rows], rules.min_base)
    frame["suppressed"] = hidden
    return Estimates(frame, estimates.influence)
