"""Checks down the columns of a table: total rows of counts, of shares and of scores."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.groups import Group, groups, mean_case, outside, sum_case
from csi_lib.audit.slips import slip
from csi_lib.audit.view import Case, View, shown

#: a total of scores that no other case of its table confirms is doubted only this many tolerances away
FAR = 5.0
#: chance of hitting a mean by accident below which one hit is evidence
CHANCE = 0.02
#: ways to form groups, the plainest first
_ORDER = ("all", "block", "subtotals", "segment above", "segment below", "run")


def check_total_rows(view: View) -> None:
    """Total rows: counts and shares add up, scores are a mean of their parts, weighted by n where n is printed."""
    by_family: dict[str, list[Group]] = defaultdict(list)
    for group in groups(view):
        by_family[group.family].append(group)
    for family, found in by_family.items():
        proven = _check_counts(view, family, found)
        _check_shares(view, proven or [g for g in found if g.kind in ("all", "block", "run")], family)
        _check_scores(view, family, _chosen(found, proven), set(proven))


# ---------------------------------------------------------------------- counts
def _check_counts(view: View, family: str, found: list[Group]) -> list[Group]:
    """Accuse totals of counts; returns the groups whose parts are proven to be all there is."""
    counts = view.columns("count", "number", "population")
    cases = {(g, c): case for g in found for c in counts if (case := sum_case(view, g, c)) is not None}
    kinds = {g.kind for g, _ in cases}
    # runs are cut so that one column fits: they stand back where a plainer way fits in every column
    plain = any(_share(cases, k) == 1 for k in kinds - {"run"})
    order = lambda k: (k == "run" and plain, -_follows(cases, k), -_share(cases, k), _ORDER.index(k))
    kinds = sorted(kinds, key=order)
    believed = next((k for k in kinds if _share(cases, k) >= 0.5), None)
    if believed is None:
        strict = bool(words.TOTAL_STRICT.search(family))
        for (group, column), case in cases.items():
            close = abs(case.expected - view.value(case.row, column)) <= 0.25 * abs(view.value(case.row, column))
            same = len({view.value(r, column) for r in (*group.parts, group.total)}) == 1
            if (
                (
                    (
                        group.kind == "all"
                        and (close or _mistyped(view, case))
                        and (strict or _explains_scores(view, group, column))
                    )
                    or _blocks_agree(cases, group, column)
                )
                and case.sure
                and not same
                and not words.says(words.MULTIPLE, view.context)
            ):
                _accuse_sum(view, case, f"the rows do not add up to {family}")
        return []
    view.assume(f"rows called {family} sum up the others ({_kind_words(believed)})")
    for (group, column), case in cases.items():
        if group.kind == believed and not case.ok and case.sure:
            others = [c for (g, c2), c in cases.items() if g.kind == believed and c2 == column and g != group]
            if any(c.ok for (g, _), c in cases.items() if g == group) or any(c.ok for c in others):
                _accuse_sum(view, case, f"the {len(group.parts)} rows under {family} add up to something else")
    return [g for g in found if g.kind == believed and any(c.ok for (g2, _), c in cases.items() if g2 == g)]


def _share(cases: dict, kind: str) -> float:
    """Share of the cases of one way to form groups that hold."""
    ok = [case.ok for (group, _), case in cases.items() if group.kind == kind]
    return sum(ok) / len(ok) if ok else 0.0


def _follows(cases: dict, kind: str) -> int:
    return sum(case.ok for (group, _), case in cases.items() if group.kind == kind)


def _accuse_sum(view: View, case: Case, what: str) -> None:
    printed = view.value(case.row, case.column)
    text = slip(printed, case.expected, view.cell(case.row, case.column).decimals, case.tolerance)
    view.accuse("total", case, f"{what}; {text or 'off by ' + shown(printed - case.expected)}")


def _mistyped(view: View, case: Case) -> bool:
    """Whether one wrong digit makes the printed total out of the sum (of four digits or more, where that is no accident)."""
    cell = view.cell(case.row, case.column)
    return abs(case.expected) >= 1000 and "digit" in (
        slip(cell.value, case.expected, cell.decimals, case.tolerance) or ""
    )


def _blocks_agree(cases: dict, group: Group, column: int) -> bool:
    """Whether several blocks (by sex, by age) have one sum, and the total row another."""
    sums = [
        c.expected
        for (g, c2), c in cases.items()
        if g.kind == group.kind == "block" and (g.total, c2) == (group.total, column)
    ]
    return len(sums) >= 2 and max(sums) - min(sums) < 1e-9


def _explains_scores(view: View, group: Group, column: int) -> bool:
    """Whether the scores of the total row are the mean of the rows weighted by this column: then the rows are all."""
    scores = [c for c in view.columns("score", "share") if _counts_for(view, c) == column]
    cases = [case for c in scores if (case := mean_case(view, group, c, column)) is not None]
    return bool(cases) and all(c.ok for c in cases)


def _kind_words(kind: str) -> str:
    return {"all": "all rows of the same group", "block": "each block by itself", "run": "consecutive rows"}.get(
        kind, kind
    )


def _chosen(found: list[Group], proven: list[Group]) -> list[Group]:
    """The groups on which scores are judged: proven ones, and for other total rows all rows beside them."""
    totals = {g.total for g in proven}
    kind = proven[0].kind if proven else "all"
    return proven + [g for g in found if g.total not in totals and g.kind == kind]


# ---------------------------------------------------------------------- shares
def _check_shares(view: View, found: list[Group], family: str) -> None:
    """Shares under a total of 100 add up to it."""
    if view.spec.shares_add_to_100 is False or words.says(words.MULTIPLE, view.context):
        return
    for column in view.columns("share"):
        hundred = [g for g in found if abs(view.value(g.total, column) - 100) < 1e-9]
        cases = [(g, c) for g in hundred if (c := sum_case(view, g, column)) is not None]
        if not cases or (max((c.ok for _, c in cases), default=False) is False and len(cases) > 1):
            continue
        for group, case in cases:
            if not case.ok and case.sure and 80 <= case.expected <= 120:
                _accuse_sum(view, case, f"the {len(group.parts)} shares under {family} do not add up to 100")


# ---------------------------------------------------------------------- scores
def _check_scores(view: View, family: str, found: list[Group], proven: set[Group]) -> None:
    entries = []
    for column in view.columns("score", "share"):
        counts = _counts_for(view, column)
        for group in found:
            if view.roles[column] == "share" and abs(view.value(group.total, column) - 100) < 1e-9:
                continue
            simple = mean_case(view, group, column)
            if simple is not None and (group.total, column) not in view.confirmed:
                weighted = mean_case(view, group, column, counts) if counts is not None else None
                entries.append(
                    _Entry(view, group, column, simple, weighted, sum_case(view, group, column), group in proven)
                )
    for column in dict.fromkeys(e.column for e in entries):
        own = [e for e in entries if e.column == column]
        if _sums(view, family, own):
            entries = [e for e in entries if e.column != column]
    if entries:
        _means(view, family, entries)


class _Entry:
    """One total of scores and how each rule fits it."""

    def __init__(
        self,
        view: View,
        group: Group,
        column: int,
        simple: Case,
        weighted: Case | None,
        total: Case | None,
        complete: bool,
    ):
        self.group, self.column, self.simple, self.weighted, self.sum, self.complete = (
            group,
            column,
            simple,
            weighted,
            total,
            complete,
        )
        values = [view.value(r, column) for r in group.parts]
        self.outside = outside(view, group, column)
        spread = max(values) - min(values)
        #: how likely a number between the parts hits their mean by accident
        self.chance = min(1.0, 2 * simple.tolerance / spread) if spread > 0 and len(values) >= 3 else 1.0
        self.strong = simple.ok and self.chance <= CHANCE

    @property
    def off(self) -> float:
        return abs((self.weighted or self.simple).expected - self.printed)

    @property
    def printed(self) -> float:
        return self._printed

    def bind(self, printed: float) -> _Entry:
        self._printed = printed
        return self


def _sums(view: View, family: str, entries: list[_Entry]) -> bool:
    """Points that add up to a total; and a total that is a sum in one group and a mean in another."""
    sums = [e for e in entries if e.sum and e.sum.ok and not e.simple.ok]
    means = [e for e in entries if e.simple.ok and not (e.sum and e.sum.ok)]
    if sums and means:
        for entry in sums:
            again = next((m for m in means if m.column == entry.column), None)
            if again is None:
                continue
            other = view.table.label(again.group.total)
            case = Case(entry.simple.row, entry.column, entry.simple.expected, entry.simple.tolerance, False)
            view.accuse("scale", case, f"it is the sum of its {len(entry.group.parts)} parts, while “{other}” is the mean of its "
                        "parts: the two are on different scales and may not be compared")  # fmt: skip
        return True
    if len(sums) >= max(1, 0.5 * len(entries)):
        view.assume(f"rows called {family} are the sum of the rows")
        for entry in entries:
            if entry.sum and not entry.sum.ok and entry.sum.sure:
                _accuse_sum(
                    view, entry.sum, f"the {len(entry.group.parts)} rows under {family} add up to something else"
                )
        return True
    return False


def _means(view: View, family: str, entries: list[_Entry]) -> None:
    for e in entries:
        e.bind(view.value(e.group.total, e.column))
    rule = view.spec.mean_by
    with_n = [e for e in entries if e.weighted is not None]
    by_n = sum(e.weighted.ok for e in with_n)
    simple = [e for e in entries if e.simple.ok]
    strong = [e for e in entries if e.strong]
    said_simple = words.says(words.SIMPLE, view.context + " " + family)
    enough = 0.5 if len(with_n) < 4 else 0.75  # in a banner of a weighted survey some blocks follow n by accident
    weighted_rule = rule == "weighted" or (rule is None and with_n and by_n >= enough * len(with_n))
    unweighted = _unweighted(with_n)
    simple_rule = rule == "simple" or (
        rule is None
        and not weighted_rule
        and (
            len(strong) >= 2
            or len({e.group.total for e in simple}) >= 2
            or any(_other_columns(e, entries) for e in entries)
        )
    )
    if weighted_rule:
        view.assume(f"scores of {family} are means of the rows weighted by n")
    elif simple_rule:
        view.assume(f"scores of {family} follow the simple mean of the rows")
    for e in entries:
        n_known = e.weighted is not None
        case = e.weighted if n_known else e.simple
        if (e.weighted.ok if n_known else e.simple.ok) or (rule == "simple" and e.simple.ok):
            continue
        tail = "; it lies outside all of them" if e.outside else ""
        if (
            n_known
            and e.simple.ok
            and not said_simple
            and _whole(view, e, family)
            and (e.group.total in unweighted or rule == "weighted")
        ):
            view.accuse("mean", e.weighted, "it is the simple mean of the rows, not weighted by their n")
        elif e.simple.ok:
            continue
        elif n_known and rule == "weighted":
            view.accuse("mean", case, f"it is not the mean of the rows weighted by n{tail}")
        elif n_known and weighted_rule:
            if e.outside or by_n >= 0.9 * (len(with_n) - 1) or (len(with_n) < 4 and e.off > FAR * case.tolerance):
                view.accuse("mean", case, f"it is not the mean of the rows weighted by n, as the other totals are{tail}" if by_n
                            else f"it is not the mean of the rows weighted by n{tail}")  # fmt: skip
        elif simple_rule and (rule == "simple" or e.outside or _other_groups(e, simple) or _other_columns(e, entries)):
            what = (
                "neither the simple mean of the rows nor weighted by n"
                if n_known
                else "not the simple mean of the rows, as in other groups"
            )
            view.accuse("mean", e.simple, f"it is {what}{tail}")
        elif e.outside and (e.complete or strong):
            view.accuse("mean", case, f"no weighting of its {len(e.group.parts)} parts gives it{tail}")
        elif (
            n_known
            and e.complete
            and len(with_n) < 4
            and e.off > FAR * case.tolerance
            and not words.says(words.WEIGHTED, view.context)
        ):
            view.accuse("mean", case, "it is neither the simple mean of the rows nor the one weighted by n")

    if weighted_rule:
        _proven_by_means(view, family, [e for e in with_n if e.weighted.ok and not e.simple.ok])


def _unweighted(entries: list[_Entry]) -> set[int]:
    """Total rows that take the simple mean where n are printed: in most of their blocks and columns, not by accident."""
    out = set()
    for total in {e.group.total for e in entries}:
        own = [e for e in entries if e.group.total == total]
        if any(e.strong and not e.weighted.ok for e in own) and sum(e.simple.ok for e in own) >= 0.75 * len(own):
            out.add(total)
    return out


def _proven_by_means(view: View, family: str, entries: list[_Entry]) -> None:
    """Where weighting by n gives the total of the scores, the rows are all there is: their n must add up as well."""
    for e in entries:
        counts = _counts_for(view, e.column)
        case = None if e.complete else sum_case(view, e.group, counts)
        if case is not None and not case.ok and case.sure:
            _accuse_sum(view, case, f"the rows, whose n weight the scores of {family} rightly, have another sum")


def _other_groups(entry: _Entry, simple: list[_Entry]) -> bool:
    return len({e.group.total for e in simple if e.column == entry.column and e.group.total != entry.group.total}) >= 2


def _other_columns(entry: _Entry, entries: list[_Entry]) -> bool:
    """Whether the same rows give every other column's total by their simple mean, together beyond accident."""
    others = [e for e in entries if e.group == entry.group and e.column != entry.column]
    accident = float(np.prod([e.chance for e in others])) if others else 1.0
    no_n = all(e.weighted is None for e in others)  # with n beside, weights of a survey may explain the rest
    return no_n and len(others) >= 3 and all(e.simple.ok for e in others) and accident <= CHANCE**2


def _whole(view: View, entry: _Entry, family: str) -> bool:
    """Whether the total claims to speak for all respondents: its n is their sum, or it is not called a mean."""
    return entry.complete or not words.MEAN.search(family)


def _counts_for(view: View, column: int) -> int | None:
    """The column of n that belongs to a column of scores: the nearest before it, else the only one."""
    counts = [c for c in view.columns("count") if np.isfinite([view.value(r, c) for r in view.rows]).sum() >= 2]
    before = [c for c in counts if c < column]
    return before[-1] if before else (counts[0] if len(counts) == 1 else None)
