"""Nets: a share that gathers neighbouring answers of a scale (Net satisfied, 긍정률), and the net promoter score."""

from __future__ import annotations

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.relations import believed, relation
from csi_lib.audit.slips import slip
from csi_lib.audit.view import Case, View


def check_nets(view: View) -> None:
    """Columns called a net of a rating scale's answers that stand in the same row."""
    shares = view.columns("share")
    nets = [c for c in shares if words.says(words.NET, view.name(c)) and c not in view.settled]
    rated = {c: d for c in shares if c not in nets and (d := words.degree(view.name(c))) is not None}
    for target in nets:
        bad = words.says(words.NEGATIVE, view.name(target))
        parts = tuple(c for c, d in rated.items() if (d < 0 if bad else d > 0))
        if len(parts) >= 2:
            _sum(view, target, parts)
    _promoters(view)


def _sum(view: View, target: int, parts: tuple[int, ...]) -> None:
    names = ", ".join(view.name(c) for c in parts)
    _judge(view, f"{view.name(target)} gathers {names}", target, parts, [1.0] * len(parts))


def _promoters(view: View) -> None:
    """NPS = promoters − detractors."""
    named = lambda pattern, columns: next((c for c in columns if words.says(pattern, view.name(c))), None)
    shares = view.columns("share")
    up, down = named(words.PROMOTERS, shares), named(words.DETRACTORS, shares)
    target = named(words.NPS, [c for c in view.roles if c not in (up, down) and c not in view.settled])
    if None not in (up, down, target):
        says = f"{view.name(target)} is {view.name(up)} − {view.name(down)}"
        _judge(view, says, target, (up, down), [1.0, -1.0])


def _judge(view: View, says: str, target: int, parts: tuple[int, ...], signs: list[float]) -> None:
    def compute(row: int) -> Case | None:
        values = np.array([view.value(row, c) for c in parts])
        if not np.isfinite(values).all():
            return None
        half = view.half_units([(row, target), *((row, c) for c in parts)])
        return view.case(row, target, float(values @ signs), sum(half.values()))

    found = relation(view, says, parts, target, compute)
    if not believed(found, named=True):
        return
    view.settle(found)
    for case in found.broken:
        printed = view.value(case.row, target)
        text = slip(printed, case.expected, view.cell(case.row, target).decimals, case.tolerance)
        view.accuse("net", case, f"{found.says}; {text or 'the numbers do not agree'}")
