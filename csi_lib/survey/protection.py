"""Answers that few gave, kept from following out of the answers that are shown (rules 4, 5 and 9 of `disclosure`).

Who answered an item is a survey of its own, smaller than the whole: its groups are decided by the same rules among those who
answered. And a share is known without any sum where nobody, or everybody, of the hidden people of a variable gave an answer:
then a group more of it is hidden. Where a reader may know who is in the data (and so the sizes of all combinations of groups),
groups of other variables are hidden too, until no small group's answers are fixed by all that is shown together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from csi_lib.survey.assembly import Grouping
from csi_lib.survey.complement import complement


@dataclass(frozen=True)
class Withheld:
    """Of one item: the groups, as (by, group), whose mean is withheld, and those whose shares of answers are."""

    means: frozenset[tuple] = frozenset()
    shares: frozenset[tuple] = frozenset()


def withheld_answers(
    answers: np.ndarray, groupings: Sequence[Grouping], groups: Mapping[tuple, bool], rules, decide_groups
) -> Withheld:
    """What is withheld of an item beside the groups that are withheld of everything.

    Parameters
    ----------
    answers : one per respondent, NaN for none; any coding.
    groupings : banner variables; groups : (by, group) → withheld of everything.
    decide_groups : function (groupings, start) → (by, group) → withheld, by rules 1–3 and whatever `start` names.
    """
    valid = np.isfinite(answers)
    inside = [Grouping(g.by, g.codes[valid], g.groups) for g in groupings if g.by]
    x = answers[valid]
    start, cells = set(), set()
    for g in inside:
        sizes = np.bincount(g.codes[g.codes >= 0], minlength=len(g))
        for k, n in enumerate(sizes):
            key = (g.by, g.groups[k])
            if groups.get(key, False) or 0 < n < rules.min_base:
                start.add(key)
            elif rules.full_enumeration and n:
                counts = np.unique(x[g.codes == k], return_counts=True)[1]
                if ((counts < rules.min_base) | ((n - counts > 0) & (n - counts < rules.min_base))).any():
                    cells.add(key)
    if not start and not cells:
        return Withheld()
    means = {key for key, hidden in decide_groups(inside, start).items() if hidden} if start else set()
    shares = {key for key, hidden in decide_groups(inside, means | cells).items() if hidden} if cells else set(means)
    people = People.of(inside)
    protected = people.protected if rules.crossing else people.open_in_each
    ends = [x == v for v in (x.min(), x.max())] if len(x) else []
    means = protected(means, start, ends, only_everybody=True)
    shares |= means
    for code in np.unique(x):
        shares = protected(shares, start | cells, [x == code])
    return Withheld(frozenset(means), frozenset(shares))


@dataclass(frozen=True, eq=False)
class People:
    """The cells into which people fall by all variables together, and whose cells a group's are."""

    code: np.ndarray  # of each person, the number of his cell
    size: np.ndarray  # of each cell
    member: Mapping[tuple, np.ndarray]  # group → mask over cells
    variables: Mapping[tuple, list]  # by → its groups with somebody in them

    @classmethod
    def of(cls, groupings: Sequence[Grouping]) -> People:
        codes = np.column_stack([g.codes for g in groupings])
        cells, code = np.unique(codes, axis=0, return_inverse=True)
        size = np.bincount(code.ravel(), minlength=len(cells))
        member, variables = {}, {}
        for v, g in enumerate(groupings):
            for k, group in enumerate(g.groups):
                mask = cells[:, v] == k
                if mask.any():
                    member[g.by, group] = mask
                    variables.setdefault(g.by, []).append((g.by, group))
        return cls(code.ravel(), size, member, variables)

    def several(self, hidden: set, min_base: int) -> set:
        """`hidden` and as many groups more as keep a variable's total from telling them."""
        hidden = set(hidden)
        for keys in self.variables.values():
            n = [self.size[self.member[k]].sum() for k in keys]
            more = complement(n, [k in hidden for k in keys], min_base)
            hidden |= {k for k, hide in zip(keys, more, strict=True) if hide}
        return hidden

    def open_in_each(
        self, hidden: set, secret: set, gave: Sequence[np.ndarray], *, only_everybody: bool = False
    ) -> set:
        """`hidden` and the groups of the same variables without which the hidden of a variable would all have given an answer,
        or none of them."""
        hidden = set(hidden)
        for keys in self.variables.values():
            inner = np.logical_or.reduce([self.member[k] for k in keys])
            while secret.intersection(keys) or hidden.intersection(keys):
                shown = [k for k in keys if k not in hidden]
                rest = inner & ~np.logical_or.reduce([np.zeros(len(self.size), bool), *(self.member[k] for k in shown)])
                n = self.size[rest].sum()
                ends = (n,) if only_everybody else (0, n)
                given = (np.bincount(self.code[m], minlength=len(self.size)) for m in gave)
                if not shown or not any(y[rest].sum() in ends and 0 < y.sum() < self.size.sum() for y in given):
                    break
                hidden.add(min(shown, key=lambda k: (self.size[self.member[k]].sum(), k)))
        return hidden

    def protected(self, hidden: set, secret: set, gave: Sequence[np.ndarray], *, only_everybody: bool = False) -> set:
        """`hidden` and what must be hidden with it so that it stays open how many of a `secret` group gave an answer.

        gave : masks over people of those who gave an answer; what holds of everybody there is no secret of a group.
        only_everybody : a mean is fixed where everybody gave the lowest or highest answer, not where nobody did.
        """
        given = [np.bincount(self.code[m], minlength=len(self.size)) for m in gave]
        given = [y for y in given if 0 < y.sum() < self.size.sum()]
        hidden, hopeless = set(hidden), set()
        while given and hidden:
            known = next((h for h in self._known(secret - hopeless, hidden, given, only_everybody)), None)
            if known is None:
                break
            beside = [k for k in self.variables[known[0]] if k not in hidden]
            across = [k for k in self.member if k not in hidden and (self.member[k] & self.member[known]).any()]
            shown = beside or across or [k for k in self.member if k not in hidden]
            if shown:
                hidden.add(min(shown, key=lambda k: (self.size[self.member[k]].sum(), k)))
            else:
                hopeless.add(known)
        return hidden

    def _known(self, targets: set, hidden: set, given: list[np.ndarray], only_everybody: bool):
        """The targets whose answers follow from the sums of the groups that are shown."""
        targets = sorted(t for t in targets if t in self.member)
        if not targets:
            return
        told = np.array([np.ones(len(self.size), bool), *(m for k, m in self.member.items() if k not in hidden)])
        rest = [~np.logical_or.reduce([np.zeros(len(self.size), bool), *(self.member[k] for k in keys if k not in hidden)])
                for keys in self.variables.values()]  # fmt: skip
        sums = np.vstack([told, *rest])
        fixed = np.zeros(len(self.size), dtype=bool)
        for y in given:
            fixed |= self._fixed(sums, y, only_everybody)
        if not fixed.any():
            return  # sums alone give nothing away: rule 3 has seen to that
        free = ~fixed
        aims = np.array([self.member[t][free] for t in targets], dtype=float).T
        if not free.any():
            yield from targets
            return
        matrix = told[:, free].T.astype(float)
        found = np.linalg.lstsq(matrix, aims, rcond=None)[0]
        off = np.abs(matrix @ found - aims).max(axis=0)
        yield from (t for t, gap in zip(targets, off, strict=True) if gap < 1e-8)

    def _fixed(self, sums: np.ndarray, y: np.ndarray, only_everybody: bool) -> np.ndarray:
        """Cells whose people are known to have given an answer all, or none: those of a sum at its end, and then what is left
        of the other sums."""
        fixed = np.zeros(len(self.size), dtype=bool)
        while True:
            left = sums & ~fixed
            n, total = left @ self.size, left @ y
            at_end = (n > 0) & ((total == n) if only_everybody else (total == n) | (total == 0))
            if not at_end.any():
                return fixed
            fixed |= left[at_end].any(axis=0)
