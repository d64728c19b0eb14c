"""Checks of scales: scores from a printed distribution of answers, points above their maximum, changes of scale."""

from __future__ import annotations

import re

import numpy as np

from csi_lib.audit import words
from csi_lib.audit.relations import Relation, believed, best, relation
from csi_lib.audit.slips import slip
from csi_lib.audit.view import Case, View, shown


def check_distributions(view: View) -> None:
    """A score beside the distribution of answers: mean on the scale, on 0–100, Top-2, or net, in every row the same."""
    answers = _answers(view)
    if answers is None:
        return
    columns, points = answers
    for target in view.columns("score", "share"):
        if target in columns or target in view.settled:
            continue
        rules = [relation(view, f"{view.name(target)} is {name}", columns, target, _computer(view, target, columns, weights))
                 for name, weights in _rules(points)]  # fmt: skip
        found = best(rules)
        if found is None or not (
            believed(found, named=True, choices=len(rules)) or (found.follows >= 1 and len(found.cases) <= 2)
        ):
            continue
        view.settle(found)
        if all(_whole(view, c) and view.roles[c] != "share" for c in columns):
            view.roles |= dict.fromkeys(columns, "count")  # however small: they are numbers of answers
        for case in found.broken:
            view.accuse(*_scale_or_slip(view, case, found, rules))


def _scale_or_slip(view: View, case: Case, found: Relation, rules: list[Relation]):
    """A run of rows at one end that another rule explains is a change of definition; any other row is a slip."""
    for other in rules:
        for rows, where in ((_end(found, other), "from"), (_end(found, other, first=True), "until")):
            if case.row in rows:
                edge = view.table.label(rows[0] if where == "from" else rows[-1])
                what = f"{where} {edge} on it is {other.says.split(' is ', 1)[1]}" if where == "from" else (
                    f"until {edge} it is {other.says.split(' is ', 1)[1]}")  # fmt: skip
                return "scale", case, f"{found.says} in the other rows; {what}: the series is not comparable"
    text = slip(
        view.value(case.row, case.column), case.expected, view.cell(case.row, case.column).decimals, case.tolerance
    )
    return "mean", case, f"{found.says} in the other rows; " + (text or "the score or an answer is wrong")


def _end(found: Relation, other: Relation, *, first: bool = False) -> list[int]:
    """Rows at the end (or beginning) of the table that break one rule and follow the other."""
    follows = {c.row for c in other.cases if c.ok}
    rows = []
    for case in found.cases if first else found.cases[::-1]:
        if case.ok or case.row not in follows:
            break
        rows.append(case.row)
    return sorted(rows)


def _answers(view: View) -> tuple[tuple[int, ...], list[float]] | None:
    """Neighbouring columns that hold a distribution over a rating scale, with their points 1 … K."""
    best_run: tuple[tuple[int, ...], list[float]] | None = None
    columns = [
        c for c in view.columns("count", "number", "share", "score") if view.roles[c] != "score" or _whole(view, c)
    ]
    for start in range(len(columns)):
        run, places = [], []
        for column in columns[start:]:
            place = _place(view.name(column))
            if place is None or (run and column != run[-1] + 1):
                break
            run.append(column)
            places.append(place)
        steps = np.sign(np.diff(places))
        if len(run) >= 3 and len(set(steps)) == 1 and steps[0] and (best_run is None or len(run) > len(best_run[0])):
            k = len(run)
            numbers = [_number(view.name(c)) for c in run]
            points = (
                numbers
                if all(n is not None for n in numbers)
                else [float(i + 1) if steps[0] > 0 else float(k - i) for i in range(k)]
            )
            best_run = tuple(run), points
    return best_run


def _place(name: str) -> float | None:
    """Where on its scale an answer stands: by its words, or by the number that is its whole header."""
    degree = words.degree(name)
    number = re.fullmatch(r"\D{0,3}(\d{1,2})\s*점?", name.strip())
    return degree if degree is not None else (float(number[1]) if number else None)


def _number(name: str) -> float | None:
    match = re.search(r"(\d{1,2})\s*점?\s*\)?$", name.strip())
    return float(match[1]) if match else None


def _whole(view: View, column: int) -> bool:
    return all(c is None or c.decimals == 0 for c in view.table.columns[column].cells)


def _rules(points: list[float]) -> list[tuple[str, np.ndarray]]:
    p = np.array(points)
    low, high = p.min(), p.max()
    order = np.argsort(np.argsort(p))
    k = len(p)
    rules = [(f"the mean of the answers on {shown(low).rstrip('0').rstrip('.')}–{shown(high).rstrip('0').rstrip('.')}", p),
             ("the mean of the answers on 0–100", 100 * (p - low) / (high - low)),
             ("the mean of the answers in per cent of the maximum", 100 * p / high),
             ("the share of the two best answers (Top-2)", 100.0 * (order >= k - 2)),
             ("the share of the best answer", 100.0 * (order == k - 1)),
             ("the share of the two worst answers", 100.0 * (order <= 1))]  # fmt: skip
    if k >= 4:
        rules.append(("the two best less the two worst answers", 100.0 * (order >= k - 2) - 100.0 * (order <= 1)))
        rules.append(("the share of all but the two worst answers", 100.0 * (order > 1)))
    return rules


def _computer(view: View, target: int, columns: tuple[int, ...], weights: np.ndarray):
    def compute(row: int) -> Case | None:
        counts = np.array([view.value(row, c) for c in columns])
        if not np.isfinite(counts).all() or counts.sum() <= 0:
            return None
        half = view.half_units([(row, c) for c in columns])
        own = view.half_units([(row, target)])[row, target]
        expected = float(counts @ weights / counts.sum())
        slack = sum(abs(w - expected) * half[row, c] for w, c in zip(weights, columns, strict=True)) / counts.sum()
        return view.case(row, target, expected, own + slack)

    return compute


def check_bounds(view: View) -> None:
    """Points above what their header or the column beside them allots; shares of a whole beyond 0 and 100."""
    for column in view.columns("score", "total"):
        match = re.search(r"(?:[(\[/]\s*|[가-힣])(\d{1,3})\s*(?:점\s*(?:만점)?)?\s*[)\]]?$", view.name(column))
        if not match or re.search(r"[~\-–]\s*\d+", view.name(column)) or not 0 < float(match[1]) <= 1000:
            continue
        _over(view, column, {r: float(match[1]) for r in view.rows}, f"the header allows {match[1]} points")
    for allotted in view.columns("allotted"):
        column = allotted + 1
        if view.roles.get(column) == "score":
            _over(view, column, {r: view.value(r, allotted) for r in view.rows}, f"{view.name(allotted)} is less")


def _over(view: View, column: int, limits: dict[int, float], why: str) -> None:
    over = [r for r in view.rows if view.value(r, column) > limits[r] + 1e-9]
    # a limit that many rows pass was not one
    filled = sum(np.isfinite(view.value(r, column)) and np.isfinite(limits[r]) for r in view.rows)
    if len(over) <= 0.25 * filled:
        for row in over:
            view.accuse("bounds", Case(row, column, limits[row], 0.0, False), f"more points than can be given: {why}")


_LINEAR = [("20 · {x}", 20.0, 0.0), ("25 · ({x} − 1)", 25.0, -25.0), ("10 · {x}", 10.0, 0.0), ("100 · ({x} − 1) / 6", 100 / 6, -100 / 6),
           ("100 · ({x} − 1) / 9", 100 / 9, -100 / 9), ("100 · {x} / 7", 100 / 7, 0.0), ("100 · ({x} − 1) / 3", 100 / 3, -100 / 3)]  # fmt: skip


def check_conversions(view: View) -> None:
    """A score on 0–100 beside the same on a short scale."""
    scores = view.columns("score", "total")
    for target in scores:
        short = [c for c in scores if c != target and _largest(view, c) <= 10 < _largest(view, target)]
        found = best(_conversion(view, target, c, *rule) for c in short if abs(c - target) <= 2 for rule in _LINEAR)
        if believed(found, named=bool(re.search(r"환산|100\s*점|convert", view.name(target))), choices=len(_LINEAR)):
            view.assume(found.says)
            for case in found.broken:
                text = slip(
                    view.value(case.row, target), case.expected, view.cell(case.row, target).decimals, case.tolerance
                )
                view.accuse("scale", case, f"{found.says}; {text or 'one of the two is wrong'}")


def _conversion(view: View, target: int, column: int, text: str, slope: float, shift: float) -> Relation:
    def compute(row: int) -> Case | None:
        value = view.value(row, column)
        if not np.isfinite(value):
            return None
        half, own = view.half_units([(row, column)])[row, column], view.half_units([(row, target)])[row, target]
        return view.case(row, target, slope * value + shift, own + slope * half)

    return relation(view, f"{view.name(target)} is {text.format(x=view.name(column))}", (column,), target, compute)


def _largest(view: View, column: int) -> float:
    return max((abs(c.value) for c in view.table.columns[column].cells if c is not None), default=0.0)


_SCORE = re.compile(r"만족|지수|점수|친절|평점|score|index|satisf|csi|value|값", re.IGNORECASE)
_SCALE = re.compile(r"척도|scale|만점|out.?of", re.IGNORECASE)


def check_series(view: View) -> None:
    """A yearly series of one score that jumps from a short scale to a long one without saying so."""
    if any(_SCALE.search(c.name) for c in view.table.columns):
        return
    years = [c for c in view.table.label_columns if view.table.columns[c].years]
    if years:
        labels = [c for c in view.table.label_columns if c not in years]
        series: dict[tuple, list[int]] = {}
        for row in view.rows:
            series.setdefault(tuple(view.table.columns[c].texts[row] for c in labels), []).append(row)
        for column in (c for c in view.columns("score") if _SCORE.search(view.name(c))):
            for rows in series.values():
                _jump(view, [(r, column) for r in rows])
    across = [c for c in view.columns("score") if re.fullmatch(r"'?(?:19|20)\d\d\s*년?(?:도)?", view.name(c).strip())]
    for row in view.rows:
        _jump(view, [(row, c) for c in across])


def _jump(view: View, cells: list[tuple[int, int]]) -> None:
    cells = [c for c in cells if view.cell(*c) is not None]
    values = np.array([view.value(*c) for c in cells])
    if len(values) < 3 or (values <= 0).any():
        return
    for limit in (5, 10):
        long = values > limit
        first = int(np.argmax(long))
        if (
            long.any()
            and not long.all()
            and long[first:].all()
            and values[first:].min() >= 4 * limit
            and values[:first].min() >= 1
        ):
            row, column = cells[first]
            factor = 100 / limit
            view.accuse("scale", Case(row, column, float(values[first] / factor), 0.0, False),
                        f"the values before are on a scale of at most {limit}, this and later ones on one of 100: they may not be compared")  # fmt: skip
            return
