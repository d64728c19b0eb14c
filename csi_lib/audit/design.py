"""Checks of what a table says about its sample and its order: error margins and ranks."""

from __future__ import annotations

import re

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.view import Case, Finding, View, shown

_LEVELS = (90.0, 95.0, 99.0)
_POINTS = re.compile(r"(?:점|points?)(?!\s*%)", re.IGNORECASE)


def margin(n: float, confidence: float, *, population: float | None = None, design_effect: float = 1.0) -> float:
    """Half-width of the interval of a share of 50 %, in percentage points: z·√(deff·(1 − n/N)·N/(N − 1)·¼/n)·100.

    The same as R's ``qnorm(0.5 + confidence/200) * sqrt(0.25/n) * 100`` without population.
    """
    from scipy.special import ndtri

    left = 1.0 if population is None else max((population - n) / (population - 1), 0.0)
    return float(100 * ndtri(0.5 + confidence / 200) * np.sqrt(design_effect * left * 0.25 / n))


def check_margins(view: View) -> None:
    """Quoted error margins against simple random sampling (with the population where it is printed)."""
    for column in view.columns("margin"):
        if _POINTS.search(view.name(column)) and not re.search(r"%|pp|percentage", view.name(column), re.IGNORECASE):
            continue
        counts = view.columns("count")
        if not counts:
            continue
        n_column = min(counts, key=lambda c: (abs(c - column), c))
        by_level = [[e for row in view.rows if (e := _margin_case(view, row, column, n_column, level)) is not None]
                    for level in (_level(view.context) or view.spec.confidence, *_LEVELS)]  # fmt: skip
        entries = max(by_level, key=lambda es: sum(e[0].ok for e in es))  # the first level among equals
        sound = sum(e[0].ok for e in entries)
        if entries:
            view.assume(
                f"{view.name(column)} is the error margin of a share of 50 % with n = {view.name(n_column)}, in %p"
            )
        for case, n, population in entries:
            if not case.ok:
                _accuse_margin(view, case, n, population, alone=sound < 0.5 * len(entries))
    _check_note_margins(view)


def _margin_case(view: View, row: int, column: int, n_column: int, level: float):
    n = view.value(row, n_column)
    if view.cell(row, column) is None or not n >= 2:
        return None
    populations = [view.value(row, c) for c in view.columns("population")]
    population = next((p for p in populations if p > n), None) or view.spec.population
    levels = [view.value(row, c) for c in view.columns("confidence") if 50 < view.value(row, c) < 100]
    level = levels[0] if levels else level
    own = view.half_units([(row, column)])[row, column]
    deff = view.spec.design_effect
    finite = [population] if population else []
    exact = [margin(n, level, population=p, design_effect=deff) for p in (*finite, None)]
    printed = view.value(row, column)
    # many print z = 1.96 or 2, and round up: one unit is allowed
    ok = any(abs(printed - e) <= 2 * own + 0.003 * e for e in exact)
    return Case(row, column, exact[0], 2 * own, ok), n, population


def _accuse_margin(view: View, case: Case, n: float, population: float | None, *, alone: bool) -> None:
    printed = view.value(case.row, case.column)
    if printed > case.expected and (alone or words.says(words.DESIGN_EFFECT, view.context)):
        return  # a clustered sample has a larger margin than a simple one, and need not say so
    reason = f"simple random sampling of n = {n:,.0f} gives ±{shown(case.expected)} %p"
    if printed < case.expected:
        needed = 0.9604 * 1e4 / printed**2 if printed else np.inf
        reason += f"; ±{shown(printed)} needs n ≈ {needed:,.0f}" if np.isfinite(needed) else ""
        part = (printed / case.expected) ** 2
        if population is None and part > 0:
            reason += f", or a population of only about {n / (1 - part):,.0f}, which is not printed"
    view.accuse("margin", case, reason)


_NOTE_N = re.compile(
    r"(?:\bn\s*=\s*|표본\s*(?:수|크기)?\s*[:은는]?\s*|응답자\s*수?\s*[:은는]?\s*|유효\s*표본\s*)([\d,]{2,})\s*(?:명|건|개)?",
    re.IGNORECASE,
)
_NOTE_MARGIN = re.compile(r"±\s*(\d+(?:\.\d+)?)\s*%")


def _level(text: str) -> float | None:
    match = re.search(
        r"(9\d(?:\.\d)?)\s*%\s*(?:의\s*)?(?:신뢰|confidence)|신뢰\s*수준\s*(?:은|:)?\s*(9\d(?:\.\d)?)\s*%", text
    )
    return float(match[1] or match[2]) if match else None


def _check_note_margins(view: View) -> None:
    """A title or footnote that prints both n and its error margin."""
    for note in view.table.notes:
        n, printed = _NOTE_N.search(note), _NOTE_MARGIN.search(note)
        if not n or not printed or words.says(words.DESIGN_EFFECT, note):
            continue
        size, value = float(n[1].replace(",", "")), float(printed[1])
        if size < 2:
            continue
        level = _level(note) or view.spec.confidence
        expected = margin(size, level, population=view.spec.population, design_effect=view.spec.design_effect)
        unit = 10.0 ** -len(printed[1].partition(".")[2])
        if abs(value - expected) > unit + 0.003 * expected and value < expected:
            view.findings.append(Finding("margin", None, None, note, "note", value, printed[0], expected, unit,
                                         f"simple random sampling of n = {size:,.0f} gives ±{shown(expected)} %p"))  # fmt: skip


def check_ranks(view: View) -> None:
    """A column of ranks against the scores it orders; equal printed scores may have any order among them."""
    for column in view.columns("rank"):
        best = None
        for scores in view.columns("score", "share", "total", "count", "number"):
            rows = [r for r in view.rows if np.isfinite(view.value(r, column) + view.value(r, scores))]
            if len(rows) < 4:
                continue
            for sign in (-1, 1):
                wrong = _disordered(view, rows, column, scores, sign)
                if best is None or len(wrong) < len(best[0]):
                    best = wrong, scores, rows, sign
        if best is None or len(best[0]) > max(1, 0.2 * len(best[2])):
            continue
        wrong, scores, rows, sign = best
        order = "descending" if sign < 0 else "ascending"
        view.assume(f"{view.name(column)} orders {view.name(scores)} ({order})")
        if len(rows) < 5 and wrong:
            continue
        values = np.array([view.value(r, scores) for r in rows])
        wrong += [r for r in _beyond(view, rows, column, scores, sign) if r not in wrong]
        for row in wrong:
            rank = 1 + int((sign * values < sign * view.value(row, scores)).sum())
            view.accuse(
                "rank",
                Case(row, column, float(rank), 0.0, False),
                f"by {view.name(scores)} it is number {rank} of the rows printed",
            )


def _beyond(view: View, rows: list[int], column: int, scores: int, sign: int) -> list[int]:
    """Ranks that none of the ways to count ties gives, where (nearly) all other rows are ranked among each other."""
    values = np.array([sign * view.value(r, scores) for r in rows])
    odd = []
    for row, value in zip(rows, values, strict=True):
        better, same = int((values < value - 1e-9).sum()), int((np.abs(values - value) <= 1e-9).sum())
        dense = 1 + len(set(values[values < value - 1e-9]))
        if not (better + 1 <= view.value(row, column) <= better + same or view.value(row, column) == dense):
            odd.append(row)
    return odd if len(rows) >= 5 and len(odd) <= max(1, 0.2 * len(rows)) else []


def _disordered(view: View, rows: list[int], column: int, scores: int, sign: int) -> list[int]:
    """The fewest rows whose removal leaves ranks and scores in one order (those outside the longest ordered chain)."""
    ordered = sorted(rows, key=lambda r: (view.value(r, column), sign * view.value(r, scores)))
    best = [1] * len(ordered)
    before = [-1] * len(ordered)
    for i, row in enumerate(ordered):
        for j in range(i):
            earlier = ordered[j]
            rising = sign * view.value(earlier, scores) <= sign * view.value(row, scores) + 1e-9
            tied = view.value(earlier, column) == view.value(row, column)
            if (
                rising
                and (not tied or view.value(earlier, scores) == view.value(row, scores))
                and best[j] + 1 > best[i]
            ):
                best[i], before[i] = best[j] + 1, j
    chain, at = set(), int(np.argmax(best)) if best else -1
    while at >= 0:
        chain.add(ordered[at])
        at = before[at]
    return [r for r in rows if r not in chain]
