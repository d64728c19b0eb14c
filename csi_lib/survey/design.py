"""The survey design: who was drawn how, and the variances that follow."""

from __future__ import annotations

import copy

import numpy as np
from scipy import sparse

from csi_lib.errors import InputError
from csi_lib.survey import variance
from csi_lib.survey.domains import Domains
from csi_lib.survey.estimators import Estimators
from csi_lib.survey.sample import listed
from csi_lib.survey.stages import LONELY, build_stages, inverse_probabilities, label_codes, pair_codes

_BLOCK = 4_000_000  # numbers of calibrated linearised values held at a time


class SurveyDesign(Estimators):
    """A sample with its strata, clusters, weights and finite populations.

    Parameters
    ----------
    data : DataFrame (or mapping of columns), one row per respondent.
    weights : column name or array, all above 0. Without weights they follow from `fpc`, else all are 1.
    strata : column name or array; a list of names for the cross of several columns.
    clusters : column name or array of the primary sampling unit; a list for several stages. Without it every
        row is a unit.
    fpc : population size of the stratum in units of that stage, or sampling fractions (all ≤ 1), constant
        within strata; a list for several stages. Stages beyond the last fpc count as with replacement.
    nest : cluster labels are re-used from stratum to stratum (the usual case in files); False refuses that.
    lonely : what a stratum with one sampled unit contributes: ``fail`` refuses it; ``remove`` and
        ``certainty`` nothing; ``adjust`` its squared deviation from the mean of all units; ``average`` the
        mean contribution of the other strata.
    population : size of the population; weights are scaled to sum to it. Weights that sum to the number of
        respondents are *normalised*: means are fine, but totals and fpc need the population.

    Attributes
    ----------
    n, weights, strata_codes, psu_codes, df : rows, weights, codes per row, units − strata.

    Notes
    -----
    Variances are Taylor-linearised, intervals t with the design's degrees of freedom (units − strata; in a
    domain, of the units and strata it touches). A missing item makes a domain of those who answered,
    estimated on the full design, with the degrees of freedom left as they are. ``deff`` compares with simple
    random sampling with replacement of the same number of answers; it is NaN where an item does not vary.
    R: ``survey::svydesign(id=, strata=, weights=, fpc=, nest=TRUE)``.

    Source: Lumley (2010), Complex Surveys; Särndal, Swensson & Wretman (1992).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> design = csi_lib.SurveyDesign(answers, weights="w", strata="office")
    >>> design
    <SurveyDesign 300 respondents, weights sum to 287.64, 298 degrees of freedom, 2 strata>
    >>> design.mean("q1", by="sex")[["sex", "estimate", "se", "n"]].round(3)
      sex  estimate     se    n
    0   f     3.456  0.074  159
    1   m     3.502  0.083  141
    """

    def __init__(
        self,
        data,
        *,
        weights=None,
        strata=None,
        clusters=None,
        fpc=None,
        nest: bool = True,
        lonely: str = "fail",
        population: float | None = None,
    ):
        self._read(data)
        if lonely not in LONELY:
            raise InputError(
                "unknown rule for lonely units",
                where="lonely",
                found=repr(lonely),
                expected="one of " + ", ".join(LONELY),
            )
        self.lonely = lonely
        self.calibrations: tuple = ()
        if strata is None:
            self.strata_codes, labels = np.zeros(self.n, dtype=np.int64), np.array(["all"])
        else:
            self.strata_codes, labels = self._strata(strata)
        units = [label_codes(self.given(c, "clusters"), "clusters")[0] for c in self.stages_given(clusters)]
        sizes = [self.given_numeric(f, "fpc") for f in listed(fpc)]
        if len(sizes) > max(len(units), 1):
            raise InputError(
                "there are more fpc columns than stages of clusters",
                where="fpc",
                found=f"{len(sizes)} for {max(len(units), 1)}",
                action="Name the clusters of every stage; for the last, the respondent's id.",
            )
        self.stages = build_stages(self.strata_codes, labels, units, sizes, lonely, nest)
        self.psu_codes = self.stages[0].unit
        self.df = int(self.stages[0].units - self.stages[0].strata)
        if weights is None and sizes and len(sizes) < len(units):
            raise InputError(
                "weights cannot be derived from the fpc of some stages only",
                where="weights",
                action="Pass weights, or fpc for every stage.",
            )
        if weights is not None:
            values = self.positive_weights(weights)
        else:
            values = inverse_probabilities(self.stages) if sizes else np.ones(self.n)
        self.weights, self.normalised = self._scaled(values, population, bool(sizes))

    def _strata(self, strata) -> tuple[np.ndarray, np.ndarray]:
        """Codes and labels of the strata: of one column or array, or of the cross of several columns."""
        if not (isinstance(strata, (list, tuple)) and self.are_columns(strata)):
            return label_codes(self.given(strata, "strata"), "strata")
        code, labels = label_codes(self.column(strata[0], "strata"), "strata")
        for name in strata[1:]:
            other, more = label_codes(self.column(name, "strata"), "strata")
            code, first, second = pair_codes(code, other, len(more))
            labels = np.array([f"{a}, {b}" for a, b in zip(labels[first], more[second], strict=True)])
        return code, labels

    def _scaled(self, weights, population, has_fpc: bool) -> tuple[np.ndarray, bool]:
        """Weights scaled to a declared population, and whether they are normalised."""
        total = weights.sum()
        if population is not None:
            if not self.n <= population * (1 + 1e-9):
                raise InputError(
                    "the population is smaller than the sample",
                    where="population",
                    found=f"{self.n} respondents of {population:g}",
                    action="Correct the population.",
                )
            return weights * (population / total), False
        normalised = bool(abs(total - self.n) <= 1e-6 * self.n)
        full_count = all((stage.fraction >= 1 - 1e-9).all() for stage in self.stages)
        if has_fpc and normalised and not full_count:
            raise InputError(
                "weights that sum to the number of respondents do not go with fpc",
                where="weights",
                found=f"a sum of {total:g} for {self.n} rows",
                action="Declare population=, or pass weights that sum to the population.",
            )
        return weights, normalised and not has_fpc

    # -- the core on which all estimates rest ---------------------------------------------------------------
    def covariance(self, influence) -> np.ndarray:
        """K × K covariance of estimates from their linearised values.

        Parameters
        ----------
        influence : n × K, dense or scipy.sparse, rows as in `data`: z with the weights included, so that
            θ̂ − θ ≈ Σ_i z_i.
        """
        z = self._influence(influence)
        if self.calibrations:
            z = self._residual(z.toarray() if sparse.issparse(z) else z)
        return variance.covariance(self.stages, z, self.lonely)

    def variance(self, influence) -> np.ndarray:
        """Diagonal of `covariance` (K,), computed in bounded memory."""
        z = self._influence(influence)
        if not self.calibrations:
            return variance.variance(self.stages, z, self.lonely)
        z = z.tocsc() if sparse.issparse(z) else z
        step = max(1, _BLOCK // self.n)
        parts = []
        for start in range(0, z.shape[1], step):
            block = z[:, start : start + step]
            block = self._residual(block.toarray() if sparse.issparse(block) else block)
            parts.append(variance.variance(self.stages, block, self.lonely))
        return np.concatenate(parts)

    def _influence(self, influence):
        z = influence if sparse.issparse(influence) else np.asarray(influence, dtype=float)
        z = z.reshape(-1, 1) if z.ndim == 1 else z
        if z.shape[0] != self.n:
            raise InputError(
                "linearised values need one row per respondent",
                where="influence",
                found=f"{z.shape[0]} rows",
                expected=f"{self.n}",
            )
        return z

    def _residual(self, z: np.ndarray) -> np.ndarray:
        for calibration in self.calibrations:
            z = calibration.residual(z)
        return z

    def calibrated(self, weights: np.ndarray, calibration) -> SurveyDesign:
        """This design with calibrated weights; `calibration.residual(z)` takes out what the margins
        explain."""
        design = copy.copy(self)
        design.weights, design.normalised = self._scaled(self.positive_weights(weights), None, False)
        design.calibrations = (*self.calibrations, calibration)
        return design

    # -- degrees of freedom and variances, as the estimators ask for them ---------------------------------
    def domain_df(self, mask) -> int:
        """Units − strata among the rows of a domain. R: ``degf(subset(design, …))``."""
        units = np.unique(self.psu_codes[self.inside(mask)])
        return int(units.size - np.unique(self.stages[0].stratum_of_unit[units]).size)

    def partitioned(self, domains: Domains):
        """Degrees of freedom per domain, and the function (item, z) → variances of one item in all
        domains."""
        supports = [variance.support(stage, domains.code) for stage in self.stages]
        if domains.size == 1 and self.domain is None:
            df = np.array([self.df])
        else:
            first, size = supports[0], domains.size + 1
            units = np.bincount(first.column_of_cell, first.units_seen, size)
            df = (units - np.bincount(first.column_of_cell, minlength=size)).astype(np.int64)[:-1]

        def variances(item, z):
            if self.calibrations:
                return self.variance_of(item)
            columns = domains.size + 1  # the last one holds the rows of no domain
            return variance.partition_variance(self.stages, supports, z, columns, self.lonely)[:-1]

        return df, variances

    def variance_of(self, statistic) -> np.ndarray:
        """Variances of a statistic (an object with `estimate(weights)` and `influence(weights)`)."""
        return self.variance(statistic.influence(self.weights))

    def covariance_of(self, statistic) -> np.ndarray:
        """Covariance matrix of a statistic."""
        return self.covariance(statistic.influence(self.weights))

    def replicates(
        self,
        kind: str = "auto",
        *,
        replicates: int = 1000,
        seed: int | None = None,
        fay: float = 0.0,
        mse: bool = False,
    ):
        """The same design with replicate weights; see `csi_lib.survey.replicates.replicate`."""
        from csi_lib.survey.replicates import replicate

        return replicate(self, kind, replicates=replicates, seed=seed, fay=fay, mse=mse)
