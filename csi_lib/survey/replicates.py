"""Replicate weights: jackknife, balanced repeated replication, bootstrap.

A statistic is computed again under each set of weights, and its variance is
``scale · Σ_r rscale_r (θ_r − centre)²``, the centre being the mean of the replicates (`mse=False`, as R's
default) or the estimate. Sources: Rust & Rao (1996); Rao & Wu (1988), Rao, Wu & Yue (1992); Canty & Davison
(1999); Judkins (1990) for Fay's BRR. R: ``as.svrepdesign``, ``svrepdesign``.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey.domains import Domains
from csi_lib.survey.estimators import Estimators

KINDS = ("auto", "JK1", "JKn", "BRR", "bootstrap", "subbootstrap", "rao-wu")
_LARGEST = 100_000_000  # numbers in a matrix of weights
_BLOCK = 20_000_000


class ReplicateDesign(Estimators):
    """A sample with replicate weights; has the estimators of `SurveyDesign`.

    Parameters
    ----------
    data : DataFrame, one row per respondent.
    replicate_weights : n × R array, or names of the columns that hold them.
    weights : column name or array of the full-sample weights; 1 by default.
    scale, rscales : factors of the variance; by default 1/(R (1 − fay)²) with ones, as for BRR.
    combined : the replicate weights include the sampling weights; False: they are factors on them.
    mse : centre on the estimate and not on the mean of the replicates.
    df : degrees of freedom; by default the rank of the replicate weights − 1.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> design = csi_lib.SurveyDesign(answers, weights="w", strata="office").replicates("JKn")
    >>> design.mean("q1")[["estimate", "se"]].round(3)
       estimate     se
    0     3.478  0.055
    """

    def __init__(
        self,
        data,
        *,
        replicate_weights,
        weights=None,
        scale: float | None = None,
        rscales=None,
        combined: bool = True,
        fay: float = 0.0,
        mse: bool = False,
        df: int | None = None,
        population: float | None = None,
    ):
        self._read(data)
        if isinstance(replicate_weights, (list, tuple)) and all(isinstance(c, str) for c in replicate_weights):
            matrix = np.column_stack([self.numeric(c) for c in replicate_weights])
        else:
            matrix = np.asarray(replicate_weights, dtype=float)
        if matrix.ndim != 2 or matrix.shape[0] != self.n or matrix.shape[1] < 2:
            raise InputError(
                "replicate weights are one row per respondent and one column per replicate",
                where="replicate_weights",
                found=f"shape {matrix.shape}",
                expected=f"({self.n}, R)",
            )
        if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
            raise InputError(
                "replicate weights must be 0 or above", where="replicate_weights", action="Check the file."
            )
        self.weights = np.ones(self.n) if weights is None else self.positive_weights(weights)
        self.normalised = population is None and bool(abs(self.weights.sum() - self.n) <= 1e-6 * self.n)
        stretch = 1.0 if population is None else population / self.weights.sum()
        self.weights = self.weights * stretch
        self._matrix = matrix * stretch if combined else matrix * self.weights[:, None]
        self._unit, self._factor, self._source = None, None, None
        count = matrix.shape[1]
        if not 0 <= fay < 1:
            raise InputError("Fay's factor lies from 0 to below 1", where="fay", found=fay)
        self.scale = 1 / (count * (1 - fay) ** 2) if scale is None else float(scale)
        self.rscales = np.ones(count) if rscales is None else np.asarray(rscales, dtype=float)
        if self.rscales.shape != (count,):
            raise InputError("one factor per replicate is needed", where="rscales", found=f"shape {self.rscales.shape}",
                             expected=f"({count},)")  # fmt: skip
        self.mse = mse
        self.df = int(np.linalg.matrix_rank(self._matrix, tol=1e-5 * np.abs(self._matrix).max()) - 1
                      if df is None else df)  # fmt: skip

    @property
    def count(self) -> int:
        """Number of replicates."""
        return len(self.rscales)

    def replicate_weights(self, which: slice = slice(None)) -> np.ndarray:
        """Replicate weights n × R (or the replicates `which`), sampling weights included."""
        if self._matrix is not None:
            return self._matrix[:, which]
        return self.weights[:, None] * self._factor[:, which][self._unit]

    # -- variances ----------------------------------------------------------------------------------------
    def replicate_estimates(self, statistic) -> np.ndarray:
        """K × R estimates of a statistic (an object with `estimate(weights)`)."""
        step = max(1, _BLOCK // self.n)
        parts = [statistic.estimate(self.replicate_weights(slice(i, i + step))) for i in range(0, self.count, step)]
        return np.column_stack(parts)

    def covariance_from(self, replicates: np.ndarray, estimate: np.ndarray) -> np.ndarray:
        """K × K covariance from K × R replicate estimates."""
        deviation = self._deviations(replicates, estimate)
        return deviation @ deviation.T

    def _deviations(self, replicates, estimate) -> np.ndarray:
        lives = np.isfinite(estimate)  # what has no estimate at all (an empty group) is no reason to drop replicates
        usable = np.isfinite(replicates[lives]).all(0)
        scale = self.scale
        if not usable.all():
            lost = int((~usable).sum())
            if lost > self.count // 2:
                raise InputError(
                    "most replicates give no estimate",
                    where="replicates",
                    found=f"{lost} of {self.count}",
                    action="The domain rests on too few sampling units; merge groups.",
                )
            warnings.warn(
                f"{lost} of {self.count} replicates have nobody in a domain and were left out",
                MeasureWarning,
                stacklevel=6,
            )
            scale *= self.count / (self.count - lost)
        theta, rscales = replicates[:, usable], self.rscales[usable]
        centre = estimate if self.mse else theta[:, rscales > 0].mean(1)
        return np.where(lives[:, None], (theta - centre[:, None]) * np.sqrt(rscales * scale), 0.0)

    def variance_of(self, statistic) -> np.ndarray:
        deviation = self._deviations(self.replicate_estimates(statistic), statistic.estimate(self.weights))
        return np.einsum("ij,ij->i", deviation, deviation)

    def covariance_of(self, statistic) -> np.ndarray:
        return self.covariance_from(self.replicate_estimates(statistic), statistic.estimate(self.weights))

    def covariance(self, influence) -> np.ndarray:
        """K × K covariance of linearised values z (n × K, weights included): the replicates of Σ z."""
        return self.covariance_of(_Linear(influence, self.weights))

    def variance(self, influence) -> np.ndarray:
        """Diagonal of `covariance`."""
        return self.variance_of(_Linear(influence, self.weights))

    # -- degrees of freedom -------------------------------------------------------------------------------
    def domain_df(self, mask) -> int:
        return self.df if self._source is None else self._source.domain_df(self.inside(mask))

    def partitioned(self, domains: Domains):
        """As `SurveyDesign.partitioned`."""
        if self._source is None:
            df = np.full(domains.size, self.df)
        elif domains.size == 1 and self.domain is None:
            df = np.array([self.df])
        else:
            df = self._source.partitioned(domains)[0]
        return df, lambda item, z: self.variance_of(item)


class _Linear:
    """Σ z as a statistic: under weights v it is Σ z v/w."""

    def __init__(self, influence, weights):
        z = influence if hasattr(influence, "tocsr") else np.asarray(influence, dtype=float)
        self._z = (z.reshape(-1, 1) if z.ndim == 1 else z).T
        self._weights = weights

    def estimate(self, weights):
        return self._z @ (weights / (self._weights if weights.ndim == 1 else self._weights[:, None]))


def replicate(design, kind: str, *, replicates: int, seed: int | None, fay: float, mse: bool = False):
    """Replicate weights for a `SurveyDesign`.

    Parameters
    ----------
    kind : ``JK1`` (leave one unit out, no strata), ``JKn`` (within strata), ``BRR`` (two units in every
        stratum; `fay` > 0 for Fay's method), ``bootstrap`` (Canty & Davison), ``subbootstrap`` (n − 1 of n
        units), ``rao-wu`` (the same rescaled for finite populations); ``auto`` is JK1 or JKn.
    replicates : number of bootstrap replicates; `seed` makes them repeat themselves.
    mse : deviations from the estimate, not from the mean of the replicates (R: ``mse = TRUE``).

    Only the first stage is replicated: with a finite population, what later stages add is left out and
    the error is a little too small (the linearised one is right). A calibrated design is calibrated again
    in every replicate, so that estimated weights enter the standard error.
    """
    if kind not in KINDS:
        raise InputError("unknown kind of replicates", where="kind", found=repr(kind), expected=", ".join(KINDS))
    stage = design.stages[0]
    if kind == "auto":
        kind = "JK1" if stage.strata == 1 else "JKn"
    if stage.lonely.any() and design.lonely not in ("remove", "certainty"):
        raise InputError(
            "strata with one sampling unit cannot be replicated",
            where="kind",
            found=f"{int(stage.lonely.sum())} strata",
            action="Declare the design with lonely='remove' or 'certainty', or merge the strata.",
        )
    if not replicates >= 2 and kind in ("bootstrap", "subbootstrap", "rao-wu"):
        raise InputError(
            "a bootstrap needs replicates", where="replicates", found=replicates, expected="2 or more, better 500"
        )
    maker = {"JK1": _jackknife, "JKn": _jackknife, "BRR": _balanced}.get(kind, _bootstrap)
    factor, scale, rscales = maker(stage, kind, replicates, np.random.default_rng(seed), fay)
    result = object.__new__(ReplicateDesign)
    result.data, result.n, result.weights = design.data, design.n, design.weights
    result.normalised, result.df, result.domain = design.normalised, design.df, design.domain
    result.scale, result.rscales, result.mse = scale, rscales, mse
    result._unit, result._factor, result._matrix = stage.unit, factor, None
    result._source = copy.copy(design)
    result._source.domain = None
    if design.calibrations:
        _affordable(design.n, factor.shape[1])
        matrix = design.calibrations[0].start[:, None] * factor[stage.unit]
        for calibration in design.calibrations:
            matrix = np.column_stack([calibration.refit(column) for column in matrix.T])
        result._matrix = matrix
    return result


def _affordable(rows: int, columns: int) -> None:
    if rows * columns > _LARGEST:
        raise InputError(
            "the replicate weights would not fit into memory",
            where="kind",
            found=f"{rows} × {columns}",
            action="Use kind='rao-wu' with fewer replicates, or the linearised design.",
        )


def _jackknife(stage, kind, replicates, rng, fay):
    if kind == "JK1" and stage.strata > 1:
        raise InputError("JK1 is for designs without strata", where="kind", action="Use JKn.")
    live = np.flatnonzero(~stage.lonely[stage.stratum_of_unit])
    _affordable(stage.units, len(live))
    factor = np.ones((stage.units, len(live)))
    stratum = stage.stratum_of_unit[live]
    size = stage.units_in_stratum[stratum]
    first = np.concatenate([[0], np.cumsum(stage.units_in_stratum)])
    for r, (unit, h, n) in enumerate(zip(live, stratum, size)):
        factor[first[h] : first[h + 1], r] = n / max(n - 1, 1)
        factor[unit, r] = 0.0
    spread = (size - 1) / size * (1 - stage.fraction[stratum])
    if kind == "JK1":
        return factor, float(spread[0]), np.ones(len(live))
    return factor, 1.0, spread


def _balanced(stage, kind, replicates, rng, fay):
    from scipy.linalg import hadamard

    if not (stage.units_in_stratum == 2).all():
        raise InputError(
            "balanced repeated replication needs two sampling units in every stratum",
            where="kind",
            found=f"{int((stage.units_in_stratum != 2).sum())} strata with another number",
            action="Use JKn or a bootstrap.",
        )
    if not 0 <= fay < 1:
        raise InputError("Fay's factor lies from 0 to below 1", where="fay", found=fay)
    if (stage.fraction > 0).any():
        warnings.warn("BRR leaves finite populations out of account", MeasureWarning, stacklevel=4)
    order = 1 << stage.strata.bit_length()  # above the number of strata: the column of ones is not used
    signs = hadamard(order)[:, 1 : stage.strata + 1].T
    factor = np.empty((stage.units, order))
    factor[0::2] = 1 + (1 - fay) * signs
    factor[1::2] = 1 - (1 - fay) * signs
    return factor, 1 / (order * (1 - fay) ** 2), np.ones(order)


def _bootstrap(stage, kind, replicates, rng, fay):
    _affordable(stage.units, replicates)
    factor = np.ones((stage.units, replicates))
    first = np.concatenate([[0], np.cumsum(stage.units_in_stratum)])
    for h in np.flatnonzero(~stage.lonely):
        n, f = int(stage.units_in_stratum[h]), float(stage.fraction[h])
        if n < 2:
            continue
        here = slice(first[h], first[h + 1])
        if kind == "bootstrap":
            factor[here] = _resampled(n, f, replicates, rng).T
            continue
        drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=replicates).T * (n / (n - 1))
        shrink = np.sqrt(1 - f) if kind == "rao-wu" else 1.0
        factor[here] = 1 + shrink * (drawn - 1)
    scale = 1 / (replicates - 1)
    if kind == "bootstrap":  # n draws of n vary by (n − 1)/n too little; R corrects by the strata's mean size
        size = 1 / (1 / stage.units_in_stratum).mean()
        scale *= size / (size - 1)
    return factor, scale, np.ones(replicates)


def _resampled(n: int, f: float, replicates: int, rng) -> np.ndarray:
    """How often each unit is drawn: n of n with replacement, or n from the units repeated up to N."""
    if f < 0.01:
        return rng.multinomial(n, np.full(n, 1 / n), size=replicates)
    population = round(n / f)
    copies = np.full(n, population // n)
    copies[: population % n] += 1
    return rng.multivariate_hypergeometric(rng.permutation(copies), n, size=replicates)
