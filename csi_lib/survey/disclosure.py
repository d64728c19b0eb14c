"""Which numbers a public reader may see: decided once, on bases, before anything is shown.

Rules (docs/method/evaluation.md#disclosure)
-------------------
1. A group whose base n is below the minimum is suppressed, with everything said about it.
2. Complementary: in a variable whose total is shown, the suppressed groups must be at least two and have
   together at least the minimum base; else the smallest shown group is suppressed too. Where everybody was asked, or
   the data are of individuals, those in no group of the variable (its answer is missing) count as a hidden group.
3. Groups of different variables: when everybody of one group but a few (fewer than the minimum) is also in
   another, the smaller one is suppressed, because the difference of the two would show the few. And no suppressed group
   of rule 1 may follow from sums and differences of what is shown, over any number of variables: the smallest shown
   group that such a combination needs is suppressed too.
4. Rules 1 to 3 hold again for each measure, on the answers it rests on (an item that few answered); an index of which all
   parts but one are shown in a group tells that one, and is suppressed with it.
5. Full enumerations (everybody was asked): a cell with 1 … minimum − 1 people, or all but so few, is suppressed
   with the whole distribution of that item in that group, because shares add up to one.
6. Data of employees or individuals: an item to which everybody of a group gave the same answer is suppressed
   there, with its boxes and its distribution.
7. A count and a share are one secret: the share of a suppressed group among all, or of a suppressed cell in a group, is
   suppressed with it.
8. An index that mixes sectors by importance, beside the same answers mixed by number of customers, makes two equations in the
   sectors' scores. Where no more than two sectors are unknown and one of them is small, the equations can be solved,
   and the index is suppressed.
9. Where nobody, or everybody, of a variable's suppressed people gave an answer, its share is known without any sum: then
   one group more is suppressed for this item; where the reader may know the sizes of all combinations of groups, also in
   other variables (`csi_lib.survey.protection`).

For means the pair (n, sum) is what is protected: a row is suppressed as a whole or shown as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from csi_lib.survey.assembly import NO_VARIATION, Grouping
from csi_lib.survey.complement import complement
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.protection import Withheld, withheld_answers
from csi_lib.survey.results import key_texts


@dataclass(frozen=True)
class Rules:
    """Minimum base and what kind of data it protects."""

    min_base: int = 5
    full_enumeration: bool = False
    individuals: bool = False
    declared_crossing: bool = False

    @classmethod
    def of(cls, study, source: str = "customers") -> Rules:
        privacy, declared = study.privacy, study.source(source)
        individual = declared.kind in ("employees", "individuals")
        everybody = privacy.full_enumeration or declared.enumeration
        least = privacy.individuals if individual else privacy.min_base
        return cls(least, everybody, individual, privacy.protection.crossing)

    @property
    def crossing(self) -> bool:
        """Whether a reader may know how many people are in each combination of groups: he is declared to, or knows who is in."""
        return self.declared_crossing or self.identifiable

    @property
    def identifiable(self) -> bool:
        """Whether a reader may know who is in the data: then also those who named no group must not be shown."""
        return self.full_enumeration or self.individuals


def suppressed_groups(
    groupings: list[Grouping],
    rules: Rules,
    totals: Mapping[str, int] = MappingProxyType({}),
    start: Collection[tuple] = (),
) -> dict[tuple, bool]:
    """(by, group) → suppressed, for every group of every banner variable (rules 1–3); those of `start` are, anyhow.

    Cells of two variables are decided after the variables themselves, whose decision they do not change: whether a group
    of one variable is shown may not depend on which cross tables a report has.
    """
    banners = [g for g in groupings if g.by]
    single = [g for g in banners if len(g.by) == 1]
    first = suppressed_groups(single, rules, totals, start) if len(single) < len(banners) else {}
    fixed = frozenset(v for v, g in enumerate(banners) if first and len(g.by) == 1)
    sizes = [np.bincount(g.codes[g.codes >= 0], minlength=len(g)) for g in banners]
    rests = [int((g.codes < 0).sum()) if rules.identifiable else 0 for g in banners]
    shown = [totals.get(g.by[0], 1) if len(g.by) == 1 else 1 for g in banners]
    hidden = [
        complement(n, ((n > 0) & (n < rules.min_base)) | _named(g, start), rules.min_base, rest=r, totals=t)
        for g, n, r, t in zip(banners, sizes, rests, shown, strict=True)
    ]
    for v in fixed:
        hidden[v] = np.array([first[banners[v].by, g] for g in banners[v].groups], dtype=bool)
    for _ in range(sum(map(len, banners)) + 1):
        before = [h.copy() for h in hidden]
        _hide_nested(banners, sizes, hidden, rules.min_base, fixed)
        _hide_combined(banners, sizes, hidden, fixed)
        hidden = [
            h if v in fixed else complement(n, h, rules.min_base, rest=r, totals=shown[v])
            for v, (n, h, r) in enumerate(zip(sizes, hidden, rests, strict=True))
        ]
        if all(np.array_equal(a, b) for a, b in zip(before, hidden, strict=True)):
            break
    return {(g.by, g.groups[k]): bool(h[k]) for g, h in zip(banners, hidden, strict=True) for k in range(len(g))}


def _hide_nested(banners, sizes, hidden, min_base, fixed=frozenset()):
    for a, ga in enumerate(banners):
        for b, gb in enumerate(banners):
            if a == b or {a, b} <= fixed:
                continue
            both = (ga.codes >= 0) & (gb.codes >= 0)
            joint = np.zeros((len(ga), len(gb)))
            np.add.at(joint, (ga.codes[both], gb.codes[both]), 1)
            rest = sizes[a][:, None] - joint  # in A and not in B
            inside = (joint == sizes[b][None, :]) & (sizes[b] > 0)[None, :]
            bad = inside & (rest > 0) & (rest < min_base) & ~hidden[a][:, None] & ~hidden[b][None, :]
            if b in fixed:
                hidden[a] |= bad.any(axis=1)
            else:
                hidden[b] |= bad.any(axis=0)


def _named(grouping: Grouping, keys: Collection[tuple]) -> np.ndarray:
    return np.array([(grouping.by, g) in keys for g in grouping.groups], dtype=bool)


def _hide_combined(banners, sizes, hidden, fixed=frozenset()):
    """Hide what a sum or difference of shown groups needs to give a hidden group away (rule 3).

    A total of a group is its indicator over the cells of the cross-table of all variables; what can be computed from the
    shown totals is the span of their indicators.
    """
    if not any((h & (n > 0)).any() for h, n in zip(hidden, sizes, strict=True)):
        return
    cells = np.unique(np.column_stack([g.codes for g in banners]), axis=0)
    indicator = lambda v, k: (cells[:, v] == k).astype(float)
    everybody, hopeless = np.ones(len(cells)), set()
    while True:
        pick = lambda state: [
            (v, k) for v, h in enumerate(hidden) for k in np.flatnonzero((h == state) & (sizes[v] > 0))
        ]
        shown, targets = pick(False), [at for at in pick(True) if at not in hopeless]
        if not shown or not targets:
            return
        matrix = np.column_stack([everybody, *(indicator(v, k) for v, k in shown)])
        aims = np.column_stack([indicator(v, k) for v, k in targets])
        share = np.linalg.lstsq(matrix, aims, rcond=None)[0]
        told = np.flatnonzero(np.abs(matrix @ share - aims).max(axis=0) < 1e-8)
        if not len(told):
            return
        # the smallest first: it is what a reader must not have
        target = min((targets[i] for i in told), key=lambda at: (sizes[at[0]][at[1]], at))
        aim = indicator(*target)
        needed = [shown[i] for i in _fewest(matrix, aim) if i >= 0 and shown[i][0] not in fixed]
        if needed:
            v, k = min(needed, key=lambda at: sizes[at[0]][at[1]])
            hidden[v][k] = True
        else:  # it is everybody, or a group that the margins alone tell
            hopeless.add(target)


def _fewest(matrix, aim) -> np.ndarray:
    """Columns (−1: the total) of a combination that gives `aim` with few terms: the least sum of absolute factors."""
    from scipy.optimize import linprog

    k = matrix.shape[1]
    found = linprog(np.ones(2 * k), A_eq=np.hstack([matrix, -matrix]), b_eq=aim, bounds=(0, None))
    return np.flatnonzero(np.abs(found.x[:k] - found.x[k:]) > 1e-8) - 1 if found.success else np.arange(k) - 1


def decide(
    estimates: Estimates,
    groupings: list[Grouping],
    rules: Rules,
    mixes: Mapping[tuple[str, str], str] = MappingProxyType({}),
    answers: Mapping[str, np.ndarray] = MappingProxyType({}),
    parts: Mapping[tuple[str, str], Sequence[str]] = MappingProxyType({}),
) -> Estimates:
    """The same estimates with the column ``suppressed`` decided; see `Estimates.masked` for what a reader gets.

    mixes : (model, index) → the variable of the sectors that this index mixes by importance. Such a variable has two totals.
    answers : question → every respondent's answer (NaN for none), in the order of the groupings: rules 4, 5 and 9 then hold
        among those who answered, whichever rows of the question the estimates have.
    parts : (model, node) → items and nodes that it is made of.
    """
    totals = dict.fromkeys(mixes.values(), 2)
    frame = estimates.frame.copy()
    groups = suppressed_groups(groupings, rules, totals)
    names = zip(*key_texts(frame, ["by1", "by2", "group1", "group2"]), strict=True)
    whole = np.array(
        [bool(b1) and groups.get(((b1, b2), (g1, g2)) if b2 else ((b1,), (g1,)), False) for b1, b2, g1, g2 in names],
        dtype=bool,
    )
    n = frame["n"].to_numpy(float)
    few = (n > 0) & (n < rules.min_base)
    identical = cells = np.zeros(len(frame), dtype=bool)
    if rules.individuals:
        same = frame["flag"].to_numpy(dtype=object, na_value="") == NO_VARIATION
        identical = same & frame["statistic"].isin(["mean", "index"]).to_numpy() & (n > 0)
    share = (frame["unit"] == "proportion").to_numpy(bool)
    if rules.full_enumeration:
        with np.errstate(invalid="ignore"):
            count = n * frame["estimate"].to_numpy(float)
            slight = lambda c: (c > 1e-9) & (c < rules.min_base - 1e-9)
            cells = share & (slight(count) | slight(n - count))
    whole |= _sizes_in_disguise(frame, groups) | _two_mixes(frame, groupings, groups, rules, mixes)
    whole |= _few_answers(frame, groupings, groups, rules, totals, answers, parts)
    hidden = whole | few | _with_their_item(frame, identical, share | identical) | _with_their_item(frame, cells, share)
    # rule 4: per measure, over the groups of each variable
    keys = list(zip(*key_texts(frame, ["source", "model", "measure", "statistic", "by1", "by2"]), strict=True))
    rest = _in_no_group(keys, n) if rules.identifiable else {}
    touched: dict[tuple, list[int]] = {keys[i]: [] for i in np.flatnonzero(hidden) if keys[i][4]}
    touched |= {key: [] for key, r in rest.items() if 0 < r < rules.min_base}
    for i, key in enumerate(keys):
        if key in touched:
            touched[key].append(i)
    for key, rows in touched.items():
        several = totals.get(key[4], 1) if not key[5] else 1
        hidden[rows] = complement(n[rows], hidden[rows], rules.min_base, rest=rest.get(key, 0), totals=several)
    frame["suppressed"] = hidden
    return Estimates(frame, estimates.influence)


def _few_answers(frame, groupings, groups, rules: Rules, totals, answers, parts) -> np.ndarray:
    """Rows of questions, and of what is made of them, that are suppressed among those who answered (rules 4, 5 and 9)."""
    out = np.zeros(len(frame), dtype=bool)
    banners = [g for g in groupings if g.by]
    if not banners or not answers:
        return out
    again = lambda inside, start: suppressed_groups(inside, rules, totals, start)
    found: dict[str, Withheld] = {}
    for name, values in answers.items():
        withheld = withheld_answers(np.asarray(values, float), banners, groups, rules, again)
        if withheld.shares:
            found[name] = withheld
    if not found:
        return out
    at = np.flatnonzero(frame["by1"].notna().to_numpy())
    texts = key_texts(frame.iloc[at], ["measure", "statistic", "model", "by1", "group1", "by2", "group2"])
    told: dict[tuple, bool] = {}  # (model, node, group) → whether it would give one of its parts away

    def gives_away(model: str, node: str, key: tuple) -> bool:
        place = (model, node, key)
        if place not in told:
            told[place] = False
            secret = [
                key in found[p].means if p in found else gives_away(model, p, key) for p in parts.get((model, node), ())
            ]
            told[place] = sum(secret) == 1
        return told[place]

    for i, measure, statistic, model, by1, group1, by2, group2 in zip(at, *texts, strict=True):
        key = ((by1, by2), (group1, group2)) if by2 else ((by1,), (group1,))
        stem, _, answer = measure.partition(":")
        if (model, measure) in parts:
            out[i] = gives_away(model, measure, key)
        elif stem in found:
            out[i] = key in (found[stem].shares if answer or statistic == "share" else found[stem].means)
    return out


def _sizes_in_disguise(frame: pd.DataFrame, groups: Mapping[tuple, bool]) -> np.ndarray:
    """Shares ``variable:group`` of a group that is suppressed, or of a suppressed cell in the group they stand in (rule 7)."""
    out = np.zeros(len(frame), dtype=bool)
    secret = {key for key, hidden in groups.items() if hidden}
    at = np.flatnonzero((frame["statistic"] == "share").to_numpy(bool)) if secret else ()
    if not len(at):
        return out
    variables = {by[0] for by, _ in secret} | {by[-1] for by, _ in secret}
    for i, measure, by, group in zip(at, *key_texts(frame.iloc[at], ["measure", "by1", "group1"]), strict=True):
        variable, _, category = measure.partition(":")
        if variable in variables:
            cells = (((variable, by), (category, group)), ((by, variable), (group, category)))
            out[i] = ((variable,), (category,)) in secret or any(cell in secret for cell in cells)
    return out


def _two_mixes(frame, groupings: list[Grouping], groups, rules: Rules, mixes) -> np.ndarray:
    """Indices of which, with the answers' other mix, the score of a small sector can be computed (rule 8)."""
    out = np.zeros(len(frame), dtype=bool)
    for (model, index), variable in mixes.items():
        sectors = next((g for g in groupings if g.by == (variable,)), None)
        if sectors is None:
            continue
        rows = np.flatnonzero(((frame["model"] == model) & (frame["measure"] == index)).fillna(False).to_numpy(bool))
        told = {g for g in sectors.groups if not groups.get((sectors.by, g), False)}
        solvable = {}
        for grouping in groupings:
            for k, name in enumerate(grouping.groups):
                n = np.bincount(sectors.codes[(grouping.codes == k) & (sectors.codes >= 0)], minlength=len(sectors))
                unknown = [
                    s for s, size in zip(sectors.groups, n, strict=True) if size and (grouping.by or s not in told)
                ]
                small = any(0 < size < rules.min_base for size in n)
                solvable[grouping.by, name] = small and len(unknown) <= 2
        for i, b1, b2, g1, g2 in zip(
            rows, *key_texts(frame.iloc[rows], ["by1", "by2", "group1", "group2"]), strict=True
        ):
            by = tuple(b for b in (b1, b2) if b)
            out[i] = solvable.get((by, (g1, g2)[: len(by)]), False)
    return out


def _in_no_group(keys: list[tuple], n: np.ndarray) -> dict[tuple, float]:
    """Of each measure and banner: how many answers count in the total and in none of the groups."""
    total, inside = {}, {}
    for key, base in zip(keys, n, strict=True):
        if key[4]:
            inside[key] = inside.get(key, 0.0) + np.nan_to_num(base)
        else:
            total.setdefault(key[:4], base)
    return {key: total[key[:4]] - count for key, count in inside.items() if key[:4] in total}


def _with_their_item(frame: pd.DataFrame, found: np.ndarray, among: np.ndarray) -> np.ndarray:
    """`found` and, of the rows `among`, those about the same item in the same group."""
    if not found.any():
        return found
    item = frame["measure"].astype("string").str.split(":", n=1).str[0]
    keys = frame[["source", "by1", "group1", "by2", "group2"]].astype("string").fillna("").assign(item=item)
    code = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    return found | (among & (np.bincount(code, found)[code] > 0))
