"""Bodies whose figures contain those of others: a parent that is reported together with its child bodies.

What a parent shows, less what its children show, must not give a small group away: neither a child's group that is hidden,
nor the few who answered for the parent itself. So groups are hidden in further children, as `disclosure.complement` does
for the groups of one variable, until nothing small follows from any sum or difference of the family's shown totals.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from csi_lib.survey.assembly import Grouping
from csi_lib.survey.disclosure import Rules, complement, suppressed_groups
from csi_lib.survey.protection import People, withheld_answers

#: the key of a body as a whole
TOTAL = ((), ())


@dataclass(frozen=True)
class Hidden:
    """What one body may not show: (by, group) whole, and single items in groups, or their shares alone, as (item, by, group)."""

    groups: frozenset[tuple] = frozenset()
    items: frozenset[tuple] = frozenset()
    shares: frozenset[tuple] = frozenset()

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Which results rows of the body are hidden."""
        text = lambda name: frame[name].astype("string").fillna("").to_numpy()
        by1, by2, group1, group2, measure, statistic = map(
            text, ("by1", "by2", "group1", "group2", "measure", "statistic")
        )
        out = np.zeros(len(frame), dtype=bool)
        if TOTAL in self.groups:
            return ~out
        for i in range(len(frame)):
            by = tuple(b for b in (by1[i], by2[i]) if b)
            group = (group1[i], group2[i])[: len(by)]
            item = measure[i].split(":", 1)[0]
            place = (item, by, group)
            out[i] = (
                (by, group) in self.groups or place in self.items or (statistic[i] == "share" and place in self.shares)
            )
        return out


@dataclass
class _Node:
    """One body of the family: who of the whole's respondents answered for it, and what it hides so far."""

    mask: np.ndarray
    sizes: dict[tuple, int]
    bases: dict[tuple, int]
    groups: set[tuple] = field(default_factory=set)
    items: set[tuple] = field(default_factory=set)

    def hides(self, key: tuple, item: str | None = None) -> bool:
        return TOTAL in self.groups or key in self.groups or (item is not None and (item, *key) in self.items)


def family_hidden(
    frame: pd.DataFrame,
    members: Mapping[str, Collection[str]],
    parts: Mapping[str, Sequence[str]],
    by: Sequence[str],
    items: Sequence[str],
    rules: Rules,
) -> dict[str, Hidden]:
    """What each body of a family hides so that none gives another's small groups away.

    Parameters
    ----------
    frame : respondents of the whole family, with the column ``agency``.
    members : body → the agencies whose respondents it reports on (a child: itself; a parent: itself and its children).
    parts : parent → the bodies of which it is made.
    by, items : banner variables and items that reports show.
    """
    agency = frame["agency"].astype(str).to_numpy()
    banners = [Grouping.of(frame, b) for b in by if b in frame and frame[b].notna().any()]
    valid = {i: frame[i].notna().to_numpy(bool) for i in items if i in frame}
    inside = {TOTAL: np.ones(len(frame), bool)}
    inside |= {(g.by, g.groups[k]): g.codes == k for g in banners for k in range(len(g))}
    nodes = {}
    for name, included in members.items():
        mask = np.isin(agency, list(included))
        sizes = {key: int((mask & at).sum()) for key, at in inside.items()}
        bases = {(i, *key): int((mask & at & ok).sum()) for i, ok in valid.items() for key, at in inside.items()}
        nodes[name] = _Node(mask, sizes, bases)
        own = [Grouping(g.by, np.where(mask, g.codes, -1)[mask], g.groups) for g in banners]
        nodes[name].groups |= {key for key, hidden in suppressed_groups(own, rules).items() if hidden}
        if 0 < sizes[TOTAL] < rules.min_base:
            nodes[name].groups.add(TOTAL)
    while True:
        before = [(len(n.groups), len(n.items)) for n in nodes.values()]
        for node in nodes.values():
            _within(node, banners, list(valid), rules)
        for whole, pieces in parts.items():
            _across(nodes[whole], [nodes[p] for p in pieces], inside, [None, *valid], rules)
        _combined(nodes, parts, frame, banners, inside, rules)
        if before == [(len(n.groups), len(n.items)) for n in nodes.values()]:
            break
    shares = {name: set() for name in nodes}
    for item in valid:
        for name, keys in _shares(
            frame[item].to_numpy(dtype=float, na_value=np.nan), item, nodes, parts, banners, inside, rules
        ).items():
            shares[name] |= {(item, *key) for key in keys}
    return {name: Hidden(frozenset(n.groups), frozenset(n.items), frozenset(shares[name])) for name, n in nodes.items()}


def _shares(answers, item: str, nodes, parts, banners, inside, rules: Rules) -> dict[str, set]:
    """Groups of each body whose shares of an item's answers are withheld (rule 9 of the family): where all that a body shows,
    less what its shown parts do, says that nobody or everybody of a hidden group gave an answer."""
    again = lambda groupings, start: suppressed_groups(groupings, rules, start=start)
    own, people, hidden = {}, {}, {}
    for name, node in nodes.items():
        groupings = [Grouping(g.by, g.codes[node.mask], g.groups) for g in banners]
        known = {key: node.hides(key, item) for key in inside}
        own[name] = answers[node.mask]
        hidden[name] = set(withheld_answers(own[name], groupings, known, rules, again).shares) - {TOTAL}
        there = np.isfinite(own[name])
        people[name] = People.of([Grouping(g.by, g.codes[there], g.groups) for g in groupings]) if banners else None
    if not any(hidden.values()):
        return {}
    asked = np.isfinite(answers)
    while True:
        before = {name: len(keys) for name, keys in hidden.items()}
        for whole, pieces in parts.items():
            for key in inside.keys() - hidden[whole] - {TOTAL}:
                if not any(key in hidden[p] for p in pieces):
                    continue
                rest = nodes[whole].mask & inside[key] & asked
                for p in pieces:
                    rest = rest & ~nodes[p].mask if key not in hidden[p] else rest
                values = np.unique(answers[nodes[whole].mask & asked])
                counts = [(answers[rest] == v).sum() for v in values]
                if len(values) > 1 and any(c in (0, rest.sum()) for c in counts):
                    hidden[whole].add(key)
        for name, keys in hidden.items():
            if len(keys) > before[name] and people[name] is not None:
                x = own[name][np.isfinite(own[name])]
                rest = people[name].several(keys, rules.min_base)
                for code in np.unique(x):
                    rest = people[name].open_in_each(rest, rest, [x == code])
                hidden[name] = rest
        if before == {name: len(keys) for name, keys in hidden.items()}:
            return hidden


def _within(node: _Node, banners, items, rules: Rules) -> None:
    """Inside one body: two hidden groups of a variable at least, with the minimum base together (rules 2 and 4)."""
    if TOTAL in node.groups:
        return
    for grouping in banners:
        keys = [(grouping.by, g) for g in grouping.groups]
        n = np.array([node.sizes[k] for k in keys])
        for key, hide in zip(keys, complement(n, [k in node.groups for k in keys], rules.min_base), strict=True):
            if hide and node.sizes[key]:
                node.groups.add(key)
        for item in items:
            n = np.array([node.bases[item, *k] for k in keys])
            flags = [node.hides(k, item) or 0 < node.bases[item, *k] < rules.min_base for k in keys]
            for key, hide in zip(keys, complement(n, flags, rules.min_base), strict=True):
                if hide and node.bases[item, *key] and key not in node.groups:
                    node.items.add((item, *key))


def _across(whole: _Node, pieces: list[_Node], inside, items, rules: Rules) -> None:
    """Between the bodies a parent is made of: what it shows, less what they show, is of nobody or of enough people."""
    for item in items:
        for key in inside:
            if whole.hides(key, item):
                continue
            count = lambda node, i=item, k=key: node.sizes[k] if i is None else node.bases[i, *k]
            n = np.array([count(p) for p in pieces])
            flags = [p.hides(key, item) for p in pieces]
            rest = count(whole) - int(n.sum())
            for piece, hide in zip(pieces, complement(n, flags, rules.min_base, rest=rest), strict=True):
                if hide and count(piece) and not piece.hides(key, item):
                    piece.groups.add(key) if item is None else piece.items.add((item, *key))


def _combined(nodes, parts, frame, banners, inside, rules: Rules) -> None:
    """No small group follows from sums and differences over several variables and bodies (rule 3 of the family)."""
    codes = np.column_stack([pd.factorize(frame["agency"].astype(str))[0], *(g.codes for g in banners)])
    _, first = np.unique(codes, axis=0, return_index=True)
    cell = lambda at: at[first].astype(float)
    targets = [
        (node.mask & at)
        for node in nodes.values()
        for key, at in inside.items()
        if 0 < node.sizes[key] < rules.min_base
    ]
    for whole, pieces in parts.items():
        rest = nodes[whole].mask & ~np.logical_or.reduce([nodes[p].mask for p in pieces])
        targets += [rest & at for at in inside.values() if 0 < (rest & at).sum() < rules.min_base]
    children = {p for pieces in parts.values() for p in pieces}
    for target in targets:
        aim = cell(target)
        while True:
            shown = [(name, key) for name, node in nodes.items() for key in inside
                     if node.sizes[key] and not node.hides(key)]  # fmt: skip
            if not shown:
                break
            matrix = np.column_stack([cell(nodes[name].mask & inside[key]) for name, key in shown])
            share, *_ = np.linalg.lstsq(matrix, aim, rcond=None)
            if np.abs(matrix @ share - aim).max() > 1e-8:
                break
            used = [at for at, s in zip(shown, share, strict=True) if abs(s) > 1e-8]
            chosen = [at for at in used if at[0] in children] or used
            name, key = min(chosen, key=lambda at: (nodes[at[0]].sizes[at[1]], at))
            nodes[name].groups.add(key)
