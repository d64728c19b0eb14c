"""Variances and covariances of linearised values over the stages of a design.

Given z (n × K) with θ̂ − θ ≈ Σ_i z_i, weights included, the covariance is the sum over stages and strata of
``scale_h · Σ_u (t_u − t̄_h)(t_u − t̄_h)'`` where t_u are the totals of z in the sampled units; units without
a row in a domain count as zeros. Deviations are taken before squares are summed, so that a total known by
design gets the variance 0 and not rounding noise.

Source: Särndal, Swensson & Wretman (1992), ch. 4; Lumley (2004), J. Stat. Software 9(8). R:
``survey::svyrecvar``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from csi_lib.survey.stages import Stage, pair_codes

_BLOCK = 2_000_000  # numbers held at a time (16 MB)


@dataclass(frozen=True)
class Support:
    """Where a partition of the rows into columns (domains) touches the units and strata of a stage.

    Computed once per partition and used for every item. `pair` numbers the (column, unit) pairs of the rows,
    `cell` the (column, stratum) cells of the pairs.
    """

    pair: np.ndarray
    cell_of_pair: np.ndarray
    column_of_cell: np.ndarray
    stratum_of_cell: np.ndarray
    units_seen: np.ndarray


def support(stage: Stage, column: np.ndarray) -> Support:
    """Support of a partition: `column` is the column of each row, all rows in one of them."""
    pair, column_of_pair, unit_of_pair = pair_codes(column, stage.unit, max(stage.units, 1))
    cell, column_of_cell, stratum_of_cell = pair_codes(
        column_of_pair, stage.stratum_of_unit[unit_of_pair], stage.strata
    )
    return Support(pair, cell, column_of_cell, stratum_of_cell, np.bincount(cell))


def partition_variance(stages, supports, values: np.ndarray, columns: int, lonely: str) -> np.ndarray:
    """Variances of `columns` sums, each over its own rows: `values` (n,) is z of the column the row is in."""
    result = np.zeros(columns)
    for stage, where in zip(stages, supports):
        count = stage.units_in_stratum[where.stratum_of_cell]
        total = np.bincount(where.pair, values, len(where.cell_of_pair))
        mean = np.bincount(where.cell_of_pair, total, len(count)) / count
        alone = stage.lonely[where.stratum_of_cell]
        if lonely == "adjust" and alone.any():
            units = np.maximum(np.bincount(where.column_of_cell, count, columns), 1)
            grand = np.bincount(where.column_of_cell, mean * count, columns) / units
            mean = np.where(alone, grand[where.column_of_cell], mean)
        total -= mean[where.cell_of_pair]
        squares = np.bincount(where.cell_of_pair, total * total, len(count))
        squares += (count - where.units_seen) * mean * mean
        part = np.bincount(where.column_of_cell, squares * stage.scale[where.stratum_of_cell], columns)
        if lonely == "average" and alone.any():
            cells = np.bincount(where.column_of_cell, minlength=columns)
            part *= _average_factor(cells, np.bincount(where.column_of_cell, alone, columns))
        result += part
    return result


def deviations(stages, influence, lonely: str):
    """Yield (active columns, D): the covariance is the sum of D'D over what is yielded.

    `influence` is n × K, dense or scipy.sparse; blocks of units keep the memory bounded whatever K is, and
    only columns that are active in a block are made dense.
    """
    is_sparse = sparse.issparse(influence)
    columns = influence.shape[1]
    for stage in stages:
        member = sparse.csr_matrix(
            (np.ones(len(stage.unit)), (stage.unit, np.arange(len(stage.unit)))),
            shape=(stage.units, len(stage.unit)),
        )
        total = member @ (influence.tocsr() if is_sparse else influence)
        strata = sparse.csr_matrix(
            (np.ones(stage.units), (stage.stratum_of_unit, np.arange(stage.units))),
            shape=(stage.strata, stage.units),
        )
        mean = strata @ total
        mean = (
            sparse.csr_matrix(mean.multiply(1 / stage.units_in_stratum[:, None]))
            if is_sparse
            else mean / stage.units_in_stratum[:, None]
        )
        grand, factor = _lonely_terms(stage, strata, total, lonely)
        root = np.sqrt(stage.scale)[stage.stratum_of_unit]
        step = max(1, _BLOCK // max(columns if not is_sparse else min(columns, 64), 1))
        for start in range(0, stage.units, step):
            here = slice(start, min(start + step, stage.units))
            stratum = stage.stratum_of_unit[here]
            if is_sparse:
                block = mean[stratum[0] : stratum[-1] + 1]
                active = np.union1d(total[here].indices, block.indices)
                deviation = total[here][:, active].toarray()
                deviation -= block[:, active].toarray()[stratum - stratum[0]]
            else:
                active = slice(None)
                deviation = total[here] - mean[stratum]
            if grand is not None:
                alone = stage.lonely[stratum]
                raw = total[here][:, active]
                raw = raw.toarray() if is_sparse else raw
                deviation[alone] = np.where(raw[alone] != 0, raw[alone] - grand[active], 0.0)
            deviation *= root[here, None]
            if factor is not None:
                deviation *= np.sqrt(factor[active])
            yield active, deviation


def covariance(stages, influence, lonely: str) -> np.ndarray:
    """K × K covariance of the sums of the columns of `influence`."""
    columns = influence.shape[1]
    result = np.zeros((columns, columns))
    for active, deviation in deviations(stages, influence, lonely):
        product = deviation.T @ deviation
        if isinstance(active, slice):
            result += product
        else:
            result[np.ix_(active, active)] += product
    return result


def variance(stages, influence, lonely: str) -> np.ndarray:
    """Diagonal of `covariance`, without the rest of it."""
    result = np.zeros(influence.shape[1])
    for active, deviation in deviations(stages, influence, lonely):
        result[active] += np.einsum("ij,ij->j", deviation, deviation)
    return result


def _average_factor(strata, alone):
    """Strata over strata with a variance; where every stratum is lonely there is nothing to average."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(strata > alone, strata / (strata - alone), np.nan)


def _lonely_terms(stage, strata, total, lonely):
    """Per column: the grand mean of units ('adjust') or the inflation ('average'), over the strata
    touched."""
    if not stage.lonely.any() or lonely not in ("adjust", "average"):
        return None, None
    touched = abs(strata @ abs(total)) > 0
    touched = touched.toarray() if sparse.issparse(touched) else np.asarray(touched)
    if lonely == "average":
        return None, _average_factor(touched.sum(0), (touched & stage.lonely[:, None]).sum(0))
    units = np.maximum((touched * stage.units_in_stratum[:, None]).sum(0), 1)
    return np.asarray(total.sum(0)).ravel() / units, None
