"""Influence: the linearised values from which every variance, covariance and difference follows.

For one sample with strata h, ``m_h`` primary units and correction ``c_h = (1 − f_h)·m_h/(m_h − 1)``::

    cov(a, b) = Σ_h c_h · [ Σ_i z_hi,a · z_hi,b  −  (Σ_i z_hi,a)(Σ_i z_hi,b) / m_h ]

which is Taylor linearisation with-replacement between PSUs (R: ``survey::svymean`` and ``svycontrast``).
Replicates fit the same form (one 'unit' per replicate, no centring). Samples are independent unless they
carry the same unit labels (panels, or weights estimated on a pooled sample): matching labels are matched.

The values have two parts. A respondent moves the mean of his own group only (``z``, sparse), but through weights that
are estimated on everybody he moves every group a little: that part is of low rank and kept as ``common @ loading``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from csi_lib.survey.variance import deviations


@dataclass(frozen=True, eq=False)
class Influence:
    """Linearised values of some rows of a frame on the primary units of one sample.

    Attributes
    ----------
    sample : names the sample (rows of the same sample covary).
    z : units × rows (sparse). rows : the positions in the frame.
    stratum : code of each unit; factor : c_h of each stratum; df : the sample's degrees of freedom.
    labels : what a unit is called in other samples (None: in none).
    centred : deviations from the stratum's mean are still to be taken.
    common, loading : units × E and E × rows; values are ``z + common @ loading`` (None: z alone).
    """

    sample: object
    z: sparse.csc_matrix
    rows: np.ndarray
    stratum: np.ndarray
    factor: np.ndarray
    df: float
    labels: np.ndarray | None = None
    centred: bool = True
    common: np.ndarray | None = None
    loading: np.ndarray | None = None

    @property
    def size(self) -> np.ndarray:
        """Units in each stratum (1 where none is)."""
        return np.maximum(np.bincount(self.stratum, minlength=len(self.factor)), 1).astype(float)

    def mapped(self, matrix: sparse.spmatrix, rows: np.ndarray) -> Influence:
        """Linear combinations of the columns: `matrix` is columns × new columns, `rows` their new positions."""
        loading = None if self.loading is None else np.asarray(matrix.T @ self.loading.T).T
        common = self.common
        if loading is not None and not loading.any():
            loading = common = None
        return replace(self, z=sparse.csc_matrix(self.z @ matrix), rows=rows, common=common, loading=loading)

    def columns(self, at: np.ndarray, rows: np.ndarray) -> Influence:
        """Some of the columns, in the order of `at`; `rows` are their new positions."""
        return replace(self, z=self.z[:, at], rows=rows, loading=None if self.loading is None else self.loading[:, at])

    def values(self) -> np.ndarray:
        """Units × columns, scaled by √c_h and, where due, centred in the stratum: cov = v'v."""
        z = self.z.toarray()
        if self.loading is not None:
            z = z + self.common @ self.loading
        if self.centred:
            z = z - (self._strata() @ z / self.size[:, None])[self.stratum]
        return z * np.sqrt(self.factor)[self.stratum][:, None]

    def covariance(self) -> np.ndarray:
        """Covariance matrix of the columns."""
        values = self.values()
        return values.T @ values

    def variance(self) -> np.ndarray:
        """Its diagonal, without making the sparse part dense."""
        total = self._product(self.z)
        if self.loading is not None:
            weighted = self.common * self.factor[self.stratum][:, None]
            cross, square = self.z.T @ weighted, self.common.T @ weighted
            if self.centred:
                sums, scale = self._strata() @ self.common, (self.factor / self.size)[:, None]
                cross = cross - (self._strata() @ self.z).T @ (scale * sums)
                square = square - sums.T @ (scale * sums)
            total = total + 2 * np.einsum("ke,ek->k", cross, self.loading)
            total = total + np.einsum("ek,ek->k", square @ self.loading, self.loading)
        return np.maximum(total, 0.0)

    def _product(self, z) -> np.ndarray:
        """Σ c_h [Σ z² − (Σ z)²/m_h] of every column."""
        squares = squared(z).T @ self.factor[self.stratum]
        if not self.centred:
            return squares
        strata, columns = len(self.factor), z.shape[1]
        if strata * columns <= max(2 * z.nnz, 1_000_000):  # a table of all sums is faster than a sparse product
            place = np.repeat(np.arange(columns) * strata, np.diff(z.indptr)) + self.stratum[z.indices]
            sums = np.bincount(place, z.data, strata * columns).reshape(columns, strata)
            return squares - sums**2 @ (self.factor / self.size)
        sums = sparse.csc_matrix(self._strata() @ z)
        return squares - np.asarray(sums.multiply(sums).T @ (self.factor / self.size)).ravel()

    def _strata(self) -> sparse.csr_matrix:
        units = len(self.stratum)
        return sparse.csr_matrix((np.ones(units), (self.stratum, np.arange(units))), shape=(len(self.factor), units))


def squared(z: sparse.csc_matrix) -> sparse.csc_matrix:
    """The values squared, in the places they have."""
    return sparse.csc_matrix((z.data**2, z.indices, z.indptr), shape=z.shape)


def joined(pieces: list[Influence]) -> Influence:
    """Pieces of one sample side by side."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    z = sparse.hstack([p.z for p in pieces], format="csc")
    rows = np.concatenate([p.rows for p in pieces])
    known: list[np.ndarray] = []
    for p in pieces:
        if p.common is not None and not any(p.common is k for k in known):
            known.append(p.common)
    if not known:
        return replace(first, z=z, rows=rows)
    loading = np.zeros((sum(k.shape[1] for k in known), z.shape[1]))
    start = np.cumsum([0, *(k.shape[1] for k in known)])
    column = 0
    for p in pieces:
        if p.common is not None:
            e = next(i for i, k in enumerate(known) if k is p.common)
            loading[start[e] : start[e + 1], column : column + p.z.shape[1]] = p.loading
        column += p.z.shape[1]
    return replace(first, z=z, rows=rows, common=np.hstack(known), loading=loading)


def cross_variance(a: Influence, b: Influence, columns: int) -> np.ndarray:
    """2·cov of the two pieces' parts of every frame row (diagonal only), by the units they share."""
    out = np.zeros(columns)
    _, ia, ib = np.intersect1d(a.labels, b.labels, return_indices=True)
    both, ka, kb = np.intersect1d(a.rows, b.rows, return_indices=True)
    if not len(ia) or not len(both):
        return out
    pick = lambda k, size: sparse.csc_matrix((np.ones(len(k)), (k, np.arange(len(k)))), shape=(size, len(k)))
    left, right = a.mapped(pick(ka, a.z.shape[1]), both), b.mapped(pick(kb, b.z.shape[1]), both)
    out[both] = 2 * np.einsum("ik,ik->k", left.values()[ia], right.values()[ib])
    return out


def influence_of(design, z, rows, *, sample, labels=None, common=None, loading=None) -> list[Influence]:
    """Respondent-level linearised values (respondents × rows) summed to the units of every stage of `design`.

    `common` (respondents × E) and `loading` (E × rows) add the part that moves all groups. Calibrated weights: what the
    margins explain is taken out first, as the design does. A stage with lonely units that the design adjusts or
    averages keeps its ready-made deviations instead.
    """
    z, rows, pieces = sparse.csc_matrix(z), np.asarray(rows), []
    for calibration in getattr(design, "calibrations", ()):
        common = None if common is None else calibration.residual(common)
        low_rank = calibration.projection(z)
        if low_rank is None:
            z = sparse.csc_matrix(calibration.residual(z))
        else:  # z keeps its zeros, and what the margins explain joins the part that moves all groups
            basis, explained = low_rank
            common = basis.toarray() if common is None else np.hstack([common, basis.toarray()])
            loading = -explained if loading is None else np.vstack([loading, -explained])
    for number, stage in enumerate(design.stages):
        shared, load = common, loading
        if stage.lonely.any() and design.lonely in ("adjust", "average"):
            whole = z if common is None else sparse.csc_matrix(z + common @ loading)
            blocks = []
            for active, deviation in deviations([stage], whole, design.lonely):
                wide = sparse.lil_matrix((len(deviation), z.shape[1]))
                wide[:, active] = deviation
                blocks.append(wide)
            values, scale, centred, shared, load = (
                sparse.vstack(blocks, format="csc"),
                np.ones(stage.strata),
                False,
                None,
                None,
            )
        elif stage.each_row and stage.units == len(stage.unit):  # every unit one respondent, in another order
            values = sparse.csc_matrix((z.data, stage.unit[z.indices], z.indptr), shape=z.shape)
            scale, centred = stage.scale, True
            shared = None if common is None else common[np.argsort(stage.unit)]
        else:
            n = len(stage.unit)
            member = sparse.csr_matrix((np.ones(n), (stage.unit, np.arange(n))), shape=(stage.units, n))
            values, scale, centred = sparse.csc_matrix(member @ z), stage.scale, True
            shared = None if common is None else member @ common
        names = None
        if labels is not None and number == 0:
            names = np.zeros(stage.units, dtype=np.asarray(labels).dtype)
            names[stage.unit] = labels
        pieces.append(Influence((*sample, number), values, rows, stage.stratum_of_unit, np.asarray(scale, float),
                                float(design.df) if number == 0 else np.nan, names, centred, shared, load))  # fmt: skip
    return pieces
