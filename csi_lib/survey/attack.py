"""What can be computed of a hidden group from everything that is shown: the attacker's side of `disclosure`.

A published round is a system of equations. People fall into *cells*, the combinations of bodies and groups; what is shown of
a group says how many of them there are (or what they weigh) and what their answers add up to. A hidden figure is known to a
reader as far as these equations bound it: the least and the greatest value are two linear programmes (three where sizes are
unknown too, because a mean is then a ratio; Charnes and Cooper 1962), or two integer programmes where people and answers
can be counted. Solved by HiGHS through SciPy.

A reader who knows the *crossing* (a personnel file, a register) knows the size of every cell, and only answers are secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

#: relative slack of published figures, so that sums over weights need not agree to the last digit
_SLACK = 1e-7


@dataclass(frozen=True)
class Told:
    """One published figure: whose it is (a mask over cells), on how many people or what weight it rests, and its mean.

    base : NaN where only the mean is shown (then the crossing must be known); mean : NaN where only the size is shown.
    factors : for a mean that is no mean of people: what each cell's mean counts in it (sectors combined by importance).
    """

    cells: np.ndarray
    base: float = np.nan
    mean: float = np.nan
    factors: np.ndarray | None = None


@dataclass(frozen=True)
class Interval:
    """Between which values a hidden figure must lie; None of both: the equations contradict each other."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Secrets:
    """A published table as the attacker sees it.

    Attributes
    ----------
    cells : how many cells there are.
    told : everything that is shown.
    low, high : ends of the scale of the answers.
    crossing : size (people or weight) of every cell where the reader knows it; None where he does not.
    whole : people are counted, not weighed, so that cells hold whole numbers.
    step : distance between two answers of one person where that is known (25 of five points on 0–100): then sums are whole
        numbers of it.
    least : the smallest that somebody's group can be: one person, or the smallest weight.
    there : groups (masks) of which a hidden row says that there is somebody in them.

    Examples
    --------
    Two groups of which one is hidden, beside their total: the hidden one is the difference.

    >>> import numpy as np
    >>> a, both = np.array([True, False]), np.array([True, True])
    >>> table = Secrets(2, (Told(both, 10, 60.0), Told(a, 6, 50.0)), 0, 100, whole=True)
    >>> table.size(~a).low, table.size(~a).high
    (4.0, 4.0)
    >>> round(table.mean(~a).low, 3), round(table.mean(~a).high, 3)
    (75.0, 75.0)
    """

    cells: int
    told: Sequence[Told]
    low: float = 0.0
    high: float = 100.0
    crossing: np.ndarray | None = None
    whole: bool = False
    step: float | None = None
    least: float = 1.0
    there: Sequence[np.ndarray] = ()
    _cache: dict = field(default_factory=dict, compare=False, repr=False)

    # ------------------------------------------------------------------ what is asked
    def size(self, cells: np.ndarray) -> Interval | None:
        """How many people (or what weight) these cells can hold; None where the figures contradict each other."""
        if self.crossing is not None:
            n = float(self.crossing[cells].sum())
            return Interval(n, n)
        aim = np.r_[cells.astype(float), np.zeros(self.cells)]
        rows, low, high = self._system()
        return _between(aim, rows, low, high, np.r_[np.full(self.cells, int(self.whole)), np.zeros(self.cells)])

    def mean(self, cells: np.ndarray) -> Interval | None:
        """Between which values the mean of these cells can lie; None where the figures contradict each other."""
        if self.crossing is not None:
            base = float(self.crossing[cells].sum())
            if base <= 0:
                return None
            rows, low, high, ends, whole = self._sums()
            found = _between(cells.astype(float), rows, low, high, whole, ends)
            return (
                None
                if found is None
                else Interval(*(self._of_step(v) / base + self.low for v in (found.low, found.high)))
            )
        # max y(h)/x(h): with x = x'/t, y = y'/t and x'(h) = 1 the ratio is y'(h), and every equation becomes linear in (x', y', t)
        rows, low, high = self._system()
        scaled = sparse.hstack([rows, np.zeros((rows.shape[0], 1))]).tocsr()
        slack = lambda b: sparse.hstack([rows, sparse.csr_matrix(-np.where(np.isfinite(b), b, 0.0)[:, None])]).tocsr()
        above, below = slack(low)[np.isfinite(low)], slack(high)[np.isfinite(high)]
        one = np.r_[cells.astype(float), np.zeros(self.cells + 1)]
        aim = np.r_[np.zeros(self.cells), cells.astype(float), 0.0]
        system = sparse.vstack([above, below, one]).tocsr()
        lows = np.r_[np.zeros(above.shape[0]), np.full(below.shape[0], -np.inf), 1.0]
        highs = np.r_[np.full(above.shape[0], np.inf), np.zeros(below.shape[0]), 1.0]
        top = np.r_[np.full(scaled.shape[1] - 1, np.inf), 1.0 / self.least]
        found = _between(aim, system, lows, highs, None, (np.zeros(len(top)), top))
        return None if found is None else Interval(found.low + self.low, found.high + self.low)

    # ------------------------------------------------------------------ the equations
    def _system(self):
        """Rows over (size of each cell, sum of its answers above `low`) with the range in which each must lie."""
        if "system" not in self._cache:
            blocks, low, high = [], [], []
            zero = np.zeros(self.cells)
            for t in self.told:
                if t.factors is not None or np.isnan(t.base):
                    continue
                mask = t.cells.astype(float)
                for row, value in ((np.r_[mask, zero], t.base), (np.r_[zero, mask], t.base * (t.mean - self.low))):
                    if np.isfinite(value):
                        blocks.append(row)
                        slack = _SLACK * max(1.0, abs(value))
                        low.append(value - slack)
                        high.append(value + slack)
            for mask in self.there:
                blocks.append(np.r_[mask.astype(float), zero])
                low.append(self.least)
                high.append(np.inf)
            eye = sparse.eye(self.cells)
            within = sparse.hstack([-(self.high - self.low) * eye, eye])
            told = sparse.csr_matrix(np.array(blocks).reshape(-1, 2 * self.cells))
            rows = sparse.vstack([told, within]).tocsr()
            self._cache["system"] = (
                rows,
                np.r_[low, np.full(self.cells, -np.inf)],
                np.r_[high, np.zeros(self.cells)],
            )
        return self._cache["system"]

    def _sums(self):
        """Rows over the sum of each cell's answers (in steps, where a step is known), sizes being known."""
        if "sums" not in self._cache:
            unit = self._of_step(1.0)
            blocks, low, high = [], [], []
            for t in self.told:
                if not np.isfinite(t.mean):
                    continue
                if t.factors is not None:
                    with np.errstate(divide="ignore", invalid="ignore"):
                        row = np.where(self.crossing > 0, t.factors / self.crossing, 0.0) * unit
                    value = t.mean - self.low * t.factors.sum()
                else:
                    base = float(self.crossing[t.cells].sum()) if np.isnan(t.base) else t.base
                    row, value = t.cells.astype(float), base * (t.mean - self.low) / unit
                blocks.append(row)
                slack = _SLACK * max(1.0, abs(value))
                low.append(value - slack)
                high.append(value + slack)
            rows = sparse.csr_matrix(np.array(blocks).reshape(-1, self.cells))
            ends = (np.zeros(self.cells), self.crossing * (self.high - self.low) / unit + _SLACK)
            whole = np.full(self.cells, int(self.step is not None and self.whole))
            self._cache["sums"] = rows, np.array(low), np.array(high), ends, whole
        return self._cache["sums"]

    def _of_step(self, value: float) -> float:
        return value * self.step if self.step is not None and self.whole else value


def _between(aim, rows, low, high, whole=None, ends=None) -> Interval | None:
    """Least and greatest value of a linear form over everything that fulfils the rows."""
    ends = ends or (np.zeros(rows.shape[1]), np.full(rows.shape[1], np.inf))
    values = []
    for sign in (1.0, -1.0):
        found = milp(
            sign * aim,
            constraints=LinearConstraint(rows, low, high),
            bounds=Bounds(*ends),
            integrality=whole,
            options={"node_limit": 2000},
        )
        if found.status == 3:
            values.append(sign * -np.inf)
            continue
        bound = found.fun if whole is None or not np.any(whole) else getattr(found, "mip_dual_bound", found.fun)
        if bound is None or found.status == 2:
            return None
        values.append(sign * float(bound))
    return Interval(*values)
