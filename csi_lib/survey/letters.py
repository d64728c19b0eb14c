"""Significance letters of whole banner tables: which groups of one variable exceed which others.

Two sets of rules. ``design``: the linearised covariance of the estimates (weights, strata, clusters and overlap
included), t with the design's degrees of freedom. ``spss``: the tests of SPSS's custom tables (CTABLES COMPARETEST):
z-tests of column proportions with the pooled proportion, t-tests of column means with the variance pooled over
all columns, weights read as frequencies, Bonferroni. Columns with a share of 0 or 1 take no part in either.
Source of the latter: IBM SPSS Statistics Algorithms, CTABLES, "Column proportions test" and "Column means test".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from csi_lib.errors import InputError
from csi_lib.survey.comparisons import ADJUSTMENTS, adjust_rows, column_letter
from csi_lib.survey.estimates import Estimates

RULES = ("design", "spss", "none")


@dataclass(frozen=True)
class LetterRules:
    """How columns are compared.

    Attributes
    ----------
    rules : ``design``, ``spss`` or ``none`` (no letters).
    adjust : control of the comparisons within one row and variable: holm, bonferroni, bh, none.
    level : of the test, two-sided.
    least : groups with a smaller base are not compared (``spss``: 2, as SPSS has it).

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.LetterRules(least=50).least
    50
    """

    rules: str = "design"
    adjust: str = "holm"
    level: float = 0.05
    least: int = 30

    def __post_init__(self):
        if self.rules not in RULES:
            raise InputError("unknown rules for letters", found=repr(self.rules), expected=", ".join(RULES))
        if self.adjust not in ADJUSTMENTS:
            raise InputError("unknown adjustment", found=repr(self.adjust), expected=", ".join(ADJUSTMENTS))
        if not 0 < self.level < 1:
            raise InputError("a level lies between 0 and 1", where="level", found=str(self.level))

    @classmethod
    def spss(cls, *, adjust: str = "bonferroni", level: float = 0.05) -> LetterRules:
        """SPSS's custom tables with their defaults."""
        return cls("spss", adjust, level, 2)


def letters_of(
    estimates: Estimates, blocks, rules: LetterRules, *, variances=None, scale: float = 1.0, df=None
) -> list[list[str]]:
    """Letters for many rows of a banner table at once.

    Parameters
    ----------
    estimates : the (masked) estimates; a suppressed group has no estimate and is not compared.
    blocks : B × G positions in `estimates`: each line is one measure in the G groups of one variable.
    rules : see `LetterRules`.
    variances : B × G variances of the answers within the groups, for the means under ``spss``.
    df : degrees of freedom of all `estimates`, where they are known already (``design``).
    scale : factor on weighted bases under ``spss`` (n / Σw: weights with mean 1, as SPSS needs them).

    Returns
    -------
    B lists of G texts: the letters (A is the first group) of the groups that this one significantly exceeds.
    """
    blocks = np.atleast_2d(np.asarray(blocks, dtype=int))
    count, groups = blocks.shape
    if rules.rules == "none" or groups < 2 or not count:
        return [[""] * groups for _ in range(count)]
    frame = estimates.frame
    value = frame["estimate"].to_numpy(float)[blocks]
    share = (frame["unit"] == "proportion").to_numpy(bool)[blocks]
    field = "n_weighted" if rules.rules == "spss" else "n"
    base = frame[field].to_numpy(float)[blocks] * (scale if rules.rules == "spss" else 1.0)
    with np.errstate(invalid="ignore"):
        live = np.isfinite(value) & (base >= rules.least) & ~(share & ((value <= 0) | (value >= 1)))
    if rules.rules == "spss":
        p = _spss(value, base, live, share, variances)
    else:
        covariance = covariance_blocks(estimates, blocks)
        known = (estimates.degrees_of_freedom() if df is None else np.asarray(df))[blocks]
        df = float(np.nanmax(known)) if np.isfinite(known).any() else np.nan
        p = _wald(value, covariance, df if np.isfinite(df) else np.inf, live)
    first, second = _pairs(groups)
    names = [column_letter(i) for i in range(groups)]
    joint = "" if groups <= 26 else " "
    exceeds = np.zeros((count, groups, groups), dtype=bool)
    line, pair = np.nonzero(adjust_rows(p, method=rules.adjust) < rules.level)
    i, j = first[pair], second[pair]
    up = value[line, i] > value[line, j]
    exceeds[line, np.where(up, i, j), np.where(up, j, i)] = True
    out = [[""] * groups for _ in range(count)]
    for b, g in zip(*np.nonzero(exceeds.any(axis=2)), strict=True):
        out[b][g] = joint.join(names[k] for k in np.flatnonzero(exceeds[b, g]))
    return out


def covariance_blocks(estimates: Estimates, blocks) -> np.ndarray:
    """B × G × G covariances of the lines of `blocks`; `Estimates.covariance` of each, all in one pass."""
    blocks = np.atleast_2d(np.asarray(blocks, dtype=int))
    if not estimates.influence:
        raise InputError("these estimates carry no influence, so nothing can be said about their differences",
                         action="Compute them from the survey instead of from a table")  # fmt: skip
    if sum(piece.labels is not None for piece in estimates.influence) > 1:
        return np.array([estimates.covariance(line) for line in blocks])
    count, groups = blocks.shape
    out = np.zeros((count, groups, groups))
    for piece in estimates.influence:
        place = np.full(len(estimates), -1)
        place[piece.rows] = np.arange(len(piece.rows))
        step = max(1, int(4_000_000 / max(1, piece.z.shape[0] * groups)))
        for start in range(0, count, step):
            part = blocks[start : start + step]
            at = place[part.ravel()]
            held = np.flatnonzero(at >= 0)
            chosen = piece.columns(at[held], part.ravel()[held])
            if (apart := _groups_apart(chosen, held, part.shape)) is not None:
                out[start : start + step] += apart
                continue
            values = np.zeros((piece.z.shape[0], at.size))
            values[:, held] = chosen.values()
            values = values.reshape(len(values), len(part), groups).transpose(1, 0, 2)
            out[start : start + step] += values.transpose(0, 2, 1) @ values
    return out


def _groups_apart(piece, held: np.ndarray, shape: tuple[int, int]) -> np.ndarray | None:
    """Covariances of `shape` lines × groups, of which no unit is in two: nothing but sums of the strata.

    cov_ij = δ_ij Σ c_h z_i² − Σ_h c_h S_hi S_hj / m_h, without making the influence dense; None where units are shared
    (clusters) or weights were estimated. `held` says which groups (of all lines, flat) the columns of `piece` are.
    """
    (lines, groups), z, strata = shape, piece.z, len(piece.factor)
    if piece.loading is not None:
        return None
    column = np.repeat(held, np.diff(z.indptr))
    if np.bincount(column // groups * z.shape[0] + z.indices, minlength=1).max() > 1:
        return None
    own = piece.stratum[z.indices]
    out = np.zeros((lines, groups, groups))
    squares = np.bincount(column, z.data**2 * piece.factor[own], lines * groups)
    out[:, range(groups), range(groups)] = squares.reshape(lines, groups)
    if piece.centred:
        sums = np.bincount(column * strata + own, z.data, strata * lines * groups).reshape(lines, groups, strata)
        out -= sums * (piece.factor / piece.size) @ sums.transpose(0, 2, 1)
    return out


def _pairs(groups: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.array(list(combinations(range(groups), 2)), dtype=int).T)


def _wald(value, covariance, df: float, live) -> np.ndarray:
    i, j = _pairs(value.shape[1])
    gap = value[:, i] - value[:, j]
    variance = covariance[:, i, i] + covariance[:, j, j] - 2 * covariance[:, i, j]
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(gap) / np.sqrt(np.maximum(variance, 0))
        p = 2 * special.stdtr(df, -t) if np.isfinite(df) else 2 * special.ndtr(-t)
    return np.where(live[:, i] & live[:, j] & (variance > 0), p, np.nan)


def _spss(value, base, live, share, variances) -> np.ndarray:
    i, j = _pairs(value.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (value[:, i] * base[:, i] + value[:, j] * base[:, j]) / (base[:, i] + base[:, j])
        each = 1 / base[:, i] + 1 / base[:, j]
        z = np.abs(value[:, i] - value[:, j]) / np.sqrt(pooled * (1 - pooled) * each)
        p = 2 * special.ndtr(-z)
        if not share.all():
            if variances is None:
                raise InputError("the t-tests of means need the variances of the answers", where="variances")
            w = np.where(live, base, 0.0)
            df = w.sum(1) - live.sum(1)
            within = np.where(live, (base - 1) * variances, 0.0).sum(1) / df
            t = np.abs(value[:, i] - value[:, j]) / np.sqrt(within[:, None] * each)
            p = np.where(share[:, i], p, 2 * special.stdtr(np.where(df > 0, df, np.nan)[:, None], -t))
    return np.where(live[:, i] & live[:, j], p, np.nan)
