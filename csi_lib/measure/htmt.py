"""Heterotrait-monotrait ratios of correlations."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, MeasureWarning, nearest
from csi_lib.measure.cfa_data import as_frame, numbers, weights_of
from csi_lib.measure.model_syntax import MeasurementModel, read_model
from csi_lib.measure.ordered_moments import ordered_moments
from csi_lib.measure.shown import Result


@dataclass(frozen=True, repr=False)
class Htmt(Result):
    """Heterotrait-monotrait ratios.

    Attributes
    ----------
    matrix : DataFrame (blocks, blocks)
        Ratios, 1 on the diagonal.
    pairs : DataFrame
        ``block_1 block_2 estimate se ci_low ci_high``; error and interval only with a bootstrap (else nan).
    n : int
        Rows used.
    replicates : int
        Bootstrap samples used.
    """

    SUMMARY = ("n", "replicates")
    TABLE = "pairs"
    MATRICES = ("matrix",)

    matrix: pd.DataFrame
    pairs: pd.DataFrame
    n: int
    replicates: int

    def verdict(self) -> str:
        return f"{int((self.pairs['estimate'] < 0.85).sum())} of {len(self.pairs)} pairs below .85"


def htmt(
    items: pd.DataFrame | np.ndarray,
    blocks: str | Mapping[str, Sequence[str]] | MeasurementModel,
    *,
    method: str = "htmt",
    absolute: bool = True,
    correlation: str = "pearson",
    missing: str = "listwise",
    weights=None,
    n_boot: int = 0,
    ci: float = 0.95,
    seed: int | None = None,
) -> Htmt:
    r"""Heterotrait-monotrait ratio: are two blocks of items correlated less with each other than within?

    .. math:: \mathrm{HTMT}_{ij} = \frac{\bar r_{ij}}{\sqrt{\bar r_{ii} \bar r_{jj}}}

    with :math:`\bar r_{ij}` the mean correlation between items of blocks i and j, and :math:`\bar r_{ii}` the
    mean correlation between the items of block i (1 for a single item).

    Parameters
    ----------
    items : DataFrame (rows, columns) or array
    blocks : mapping ``{block: [item, ...]}`` or model text as for `cfa`
    method : {"htmt", "htmt2"}
        Arithmetic means (Henseler, Ringle & Sarstedt 2015) or geometric means (Roemer et al. 2021, for items
        that are not tau-equivalent).
    absolute : bool
        Use absolute correlations, so that reversed items need not be recoded.
    correlation : {"pearson", "polychoric"}
    missing : {"listwise", "pairwise"}
    weights : column name or values, optional
        Sampling weights.
    n_boot : int
        Number of bootstrap samples of rows for `se` and percentile interval; 0: none.
    ci : float
        Level of the interval. Discriminant validity is doubtful if it holds 1.
    seed : int, optional
        Seed of the bootstrap; the same seed gives the same interval.

    Returns
    -------
    Htmt

    Raises
    ------
    InputError
        Unknown or constant items, empty blocks, mean correlations that are not positive.

    Notes
    -----
    R: ``semTools::htmt(model, data, htmt2 = FALSE)`` (its default is HTMT2), ``seminr``'s HTMT.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.htmt(answers, {"Kindness": ["q1", "q2", "q3"], "Facilities": ["q4", "q5", "q6"]}).matrix.round(2)
                Kindness  Facilities
    Kindness         1.0         0.5
    Facilities       0.5         1.0
    """
    for option, value, allowed in (
        ("method", method, ("htmt", "htmt2")),
        ("missing", missing, ("listwise", "pairwise")),
        ("correlation", correlation, ("pearson", "polychoric")),
    ):
        if value not in allowed:
            raise InputError(f"'{value}' is not known", where=option, expected=" or ".join(allowed))
    frame = as_frame(items)
    groups = _blocks(blocks, list(frame.columns))
    names = list(dict.fromkeys(i for block in groups.values() for i in block))
    values = numbers(frame, names)
    mass = None if weights is None else weights_of(frame, weights)
    keep = ~np.isnan(values)
    keep = keep.all(axis=1) if missing == "listwise" else keep.any(axis=1)
    if mass is not None:
        if (mass < 0).any() or not (mass[keep] > 0).any():
            raise InputError("the weights are negative, or all zero or missing", where="weights")
        keep &= mass > 0
        mass = mass[keep] * (keep.sum() / mass[keep].sum())
    values = values[keep]
    if len(values) < 3:
        raise InputError(
            "there are too few rows", where="items", found=f"{len(values)} usable rows", expected="at least 3"
        )
    for j, name in enumerate(names):
        seen = values[~np.isnan(values[:, j]), j]
        if not len(seen) or np.ptp(seen) == 0:
            raise InputError(
                f"the item '{name}' is constant or was never answered", where="items", action="Leave it out."
            )
    at = [np.array([names.index(i) for i in block]) for block in groups.values()]
    r = _correlations(values, names, mass, correlation)
    ratios = _ratios(r, at, method, absolute)
    if not np.isfinite(ratios).all():
        i, j = np.argwhere(~np.isfinite(ratios))[0]
        labels = list(groups)
        raise InputError(
            f"the ratio of '{labels[i]}' and '{labels[j]}' cannot be computed",
            where="blocks",
            found="mean correlations within a block, or between two, that are not positive",
            action="Reverse the items that point the other way, or use absolute=True.",
        )
    pair = list(combinations(range(len(at)), 2))
    low = high = se = np.full(len(pair), np.nan)
    used = 0
    if n_boot:
        drawn = _bootstrap(values, names, mass, at, correlation, method, absolute, n_boot, seed)
        used = len(drawn)
        if used < 0.95 * n_boot:
            warnings.warn(
                f"only {used} of {n_boot} bootstrap samples gave ratios (constant items, or mean "
                "correlations that are not positive); the intervals are doubtful",
                MeasureWarning,
                stacklevel=2,
            )
        if used > 1:
            columns = np.array([[d[i, j] for i, j in pair] for d in drawn])
            low, high = np.quantile(columns, [(1 - ci) / 2, (1 + ci) / 2], axis=0)
            se = columns.std(axis=0, ddof=1)
    labels = list(groups)
    pairs = pd.DataFrame(
        {
            "block_1": [labels[i] for i, _ in pair],
            "block_2": [labels[j] for _, j in pair],
            "estimate": [ratios[i, j] for i, j in pair],
            "se": se,
            "ci_low": low,
            "ci_high": high,
        }
    )
    return Htmt(pd.DataFrame(ratios, labels, labels), pairs, len(values), used)


def _blocks(blocks, columns: list[str]) -> dict[str, list[str]]:
    found = read_model(blocks).blocks
    if len(found) < 2:
        raise InputError("a ratio needs two blocks", where="blocks", found=", ".join(found))
    for name, block in found.items():
        for item in block:
            if item not in columns:
                close = nearest(item, columns)
                raise InputError(
                    f"the block '{name}' names '{item}', which is no column of the data",
                    where="blocks",
                    action=f"Did you mean '{close}'?" if close else "Check the spelling.",
                )
    return found


def _correlations(values: np.ndarray, names, mass, kind: str) -> np.ndarray:
    if kind == "polychoric":
        return ordered_moments(values, names, mass).matrix()
    w = np.ones(len(values)) if mass is None else mass
    answered = ~np.isnan(values)
    if answered.all():
        centred = values - w @ values / w.sum()
        cov = (centred * w[:, None]).T @ centred
        sd = np.sqrt(np.diag(cov))
        with np.errstate(invalid="ignore", divide="ignore"):
            return cov / np.outer(sd, sd)
    # each pair over the rows that have both answers: sums of products over those rows only
    x = np.where(answered, values - np.nanmean(values, axis=0), 0.0)
    weighted = answered * w[:, None]
    n, first = weighted.T @ answered, (x * w[:, None]).T @ answered
    second, product = (x**2 * w[:, None]).T @ answered, (x * w[:, None]).T @ x
    with np.errstate(invalid="ignore", divide="ignore"):
        cov = product - first * first.T / n
        variance = second - first**2 / n
        return cov / np.sqrt(variance * variance.T)


def _ratios(r: np.ndarray, at: Sequence[np.ndarray], method: str, absolute: bool) -> np.ndarray:
    """nan where a mean is not positive (or its logarithm does not exist)."""
    r = np.abs(r) if absolute else r
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (lambda x: np.exp(np.log(x).mean())) if method == "htmt2" else np.mean
        within = [mean(r[np.ix_(b, b)][np.tril_indices(len(b), -1)]) if len(b) > 1 else 1.0 for b in at]
        out = np.eye(len(at))
        for i, j in combinations(range(len(at)), 2):
            product = within[i] * within[j] if within[i] > 0 and within[j] > 0 else np.nan
            out[i, j] = out[j, i] = mean(r[np.ix_(at[i], at[j])]) / np.sqrt(product)
    return out


def _bootstrap(values, names, mass, at, kind, method, absolute, count, seed) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(count):
        rows = random.integers(0, len(values), len(values))
        sample = values[rows]
        if (np.nanmax(sample, axis=0) == np.nanmin(sample, axis=0)).any():
            continue
        ratios = _ratios(_correlations(sample, names, None if mass is None else mass[rows], kind), at, method, absolute)
        if np.isfinite(ratios).all():
            drawn.append(ratios)
    return drawn
