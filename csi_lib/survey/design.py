"""The survey design: who was drawn how, and what follows for every estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from csi_lib.errors import InputError, nearest
from csi_lib.survey import estimation, variance
from csi_lib.survey.domains import Domains, partition
from csi_lib.survey.estimation import Item
from csi_lib.survey.stages import LONELY, build_stages, inverse_probabilities, label_codes, pair_codes


class SurveyDesign:
    """A sample with its strata, clusters, weights and finite populations.

    Parameters
    ----------
    data : DataFrame (or mapping of columns), one row per respondent.
    weights : column name or array, all above 0. Without weights they follow from `fpc`, else all are 1.
    strata : column name or array.
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

    Notes
    -----
    Variances are Taylor-linearised, intervals t with the design's degrees of freedom (units − strata; in a
    domain, those of the units and strata it touches). A missing item makes a domain of those who answered,
    estimated on the full design. ``deff`` compares with simple random sampling with replacement of the same
    number of answers. R: ``survey::svydesign(id=, strata=, weights=, fpc=, nest=TRUE)``.
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
        self.data = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
        self.n = len(self.data)
        if self.n == 0:
            raise InputError("the data have no rows", where="data", action="Check the filter that made them.")
        if lonely not in LONELY:
            raise InputError(
                "unknown rule for lonely units",
                where="lonely",
                found=repr(lonely),
                expected="one of " + ", ".join(LONELY),
            )
        self.lonely = lonely
        self._domain: np.ndarray | None = None
        if strata is None:
            self.strata_codes, self.strata_labels = np.zeros(self.n, dtype=np.int64), np.array(["all"])
        else:
            self.strata_codes, self.strata_labels = label_codes(self._given(strata, "strata"), "strata")
        cluster_codes = [label_codes(self._given(c, "clusters"), "clusters")[0] for c in _listed(clusters)]
        sizes = [self._floats(f, "fpc") for f in _listed(fpc)]
        if len(sizes) > max(len(cluster_codes), 1):
            raise InputError(
                "there are more fpc columns than stages of clusters",
                where="fpc",
                found=f"{len(sizes)} for {max(len(cluster_codes), 1)}",
                action="Name the clusters of every stage, the respondent's id for the last.",
            )
        self.stages = build_stages(self.strata_codes, self.strata_labels, cluster_codes, sizes, lonely, nest)
        if lonely == "average" and self.stages[0].lonely.all():
            raise InputError(
                "every stratum has one unit only, so there is no variance to average",
                where="strata",
                action="Merge strata into pairs.",
            )
        self.psu_codes = self.stages[0].unit
        self.weights = self._weights(weights, len(cluster_codes), sizes, population)
        self.df = self._df()

    # -- construction -------------------------------------------------------------------------------------
    def _weights(self, weights, cluster_stages, sizes, population) -> np.ndarray:
        if weights is not None:
            values = self._floats(weights, "weights")
            bad = ~(np.isfinite(values) & (values > 0))
            if bad.any():
                raise InputError(
                    "weights must be above 0",
                    where="weights",
                    found=f"{int(bad.sum())} rows at 0, below, or missing, first at row {int(bad.argmax())}",
                    action="Drop the rows that stand for nobody, or correct their weights.",
                )
        elif sizes and len(sizes) < cluster_stages:
            raise InputError(
                "weights cannot be derived from fpc of some stages only",
                where="weights",
                action="Pass weights, or fpc for every stage.",
            )
        else:
            values = inverse_probabilities(self.stages) if sizes else np.ones(self.n)
        total = values.sum()
        if population is not None:
            if not population > 0:
                raise InputError("the population must be above 0", where="population", found=population)
            if self.n > population * (1 + 1e-9):
                raise InputError(
                    "the sample is larger than the population",
                    where="population",
                    found=f"{self.n} respondents of {population:g}",
                    action="Correct the population.",
                )
            values = values * (population / total)
        self.normalised = population is None and bool(abs(total - self.n) <= 1e-6 * self.n)
        if sizes and self.normalised:
            if all((stage.fraction >= 1 - 1e-9).all() for stage in self.stages):
                self.normalised = False  # a full count: every respondent stands for herself
            else:
                raise InputError(
                    "weights that sum to the number of respondents do not go with fpc",
                    where="weights",
                    found=f"a sum of {total:g} for {self.n} rows",
                    action="Declare population=, or pass weights that sum to the population.",
                )
        return values

    def _given(self, column, where: str):
        """A design column: a name is looked up, an array taken as it is."""
        if isinstance(column, str):
            return self._column(column, where)
        values = column if isinstance(column, (pd.Series, pd.Categorical)) else np.asarray(column)
        if len(values) != self.n:
            raise InputError(
                "the array does not match the data",
                where=where,
                found=f"{len(values)} values",
                expected=f"{self.n}",
            )
        return values

    def _floats(self, column, where: str) -> np.ndarray:
        if np.isscalar(column) and not isinstance(column, str):
            return np.full(self.n, float(column))
        return _as_float(pd.Series(self._given(column, where)), column if isinstance(column, str) else where)

    def _column(self, name: str, where: str = "data") -> pd.Series:
        if name not in self.data.columns:
            like = nearest(name, self.data.columns)
            raise InputError(
                "no such column",
                where=where,
                found=repr(name),
                action=f"Did you mean {like!r}?" if like else "Check the column names of the data.",
            )
        return self.data[name]

    def numeric(self, name: str) -> np.ndarray:
        """A column as float64, missing = NaN; text is refused."""
        return _as_float(self._column(name), name)

    # -- the core on which all estimates rest ---------------------------------------------------------------
    def covariance(self, influence) -> np.ndarray:
        """K × K covariance of estimates from their linearised values.

        Parameters
        ----------
        influence : n × K, dense or scipy.sparse; z with weights included, θ̂ − θ ≈ Σ_i z_i; rows follow `data`.
        """
        return variance.covariance(self.stages, self._influence(influence), self.lonely)

    def variance(self, influence) -> np.ndarray:
        """Diagonal of `covariance` (K,), computed in bounded memory."""
        return variance.variance(self.stages, self._influence(influence), self.lonely)

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

    def mean_influence(self, values, mask=None) -> tuple[np.ndarray, np.ndarray]:
        """Weighted means of `values` (n or n × K, NaN = missing) among `mask`, and their z of the same shape."""
        x = np.asarray(values, dtype=float)
        inside = self._inside(mask)
        valid = ~np.isnan(x)
        if inside is not None:
            valid &= inside if x.ndim == 1 else inside[:, None]
        w = np.where(valid, self.weights if x.ndim == 1 else self.weights[:, None], 0.0)
        base = w.sum(0)
        if not np.all(base > 0):
            raise InputError(
                "nobody in the domain answered",
                where="mask",
                action="Leave the group out, or merge it with another.",
            )
        x = np.where(valid, x, 0.0)
        mean = (w * x).sum(0) / base
        return mean, w * (x - mean) / base

    def subset(self, mask) -> SurveyDesign:
        """The domain of rows where `mask` is true, estimated on the full design. R: ``subset(design, …)``."""
        inside = self._inside(mask)
        if not inside.any():
            raise InputError(
                "no respondent is in the domain",
                where="subset",
                action="Check the condition and the spelling of the group.",
            )
        domain = object.__new__(type(self))
        domain.__dict__.update(self.__dict__)
        domain._domain = inside
        domain.df = self.domain_df(inside)
        return domain

    def _inside(self, mask) -> np.ndarray | None:
        """`mask` within the domain this design is already restricted to; None = everybody."""
        if mask is None:
            return self._domain
        values = pd.Series(mask).fillna(False) if isinstance(mask, pd.Series) else np.asarray(mask)
        values = np.asarray(values, dtype=bool)
        if values.shape != (self.n,):
            raise InputError(
                "a domain is one true/false per respondent",
                where="mask",
                found=f"shape {values.shape}",
                expected=f"({self.n},)",
            )
        return values if self._domain is None else values & self._domain

    # -- degrees of freedom -------------------------------------------------------------------------------
    def _df(self) -> int:
        return int(self.stages[0].units - self.stages[0].strata)

    def domain_df(self, mask) -> int:
        """Units − strata among the rows of a domain. R: ``degf(subset(design, …))``."""
        inside = self._inside(mask)
        units = np.unique(self.psu_codes[inside])
        return int(units.size - np.unique(self.stages[0].stratum_of_unit[units]).size)

    def partition_df(self, domains: Domains) -> np.ndarray:
        """`domain_df` of every domain of a partition at once."""
        if domains.size == 1 and self._domain is None and (domains.code == 0).all():
            return np.array([self.df])
        stage, size = self.stages[0], domains.size + 1
        _, domain, unit = pair_codes(domains.code, stage.unit, stage.units)
        _, of_cell, _ = pair_codes(domain, stage.stratum_of_unit[unit], stage.strata)
        return (np.bincount(domain, minlength=size) - np.bincount(of_cell, minlength=size))[:-1]

    # -- what the estimators ask of a design ----------------------------------------------------------------
    linear_partition = True

    def variance_of(self, statistic) -> np.ndarray:
        """Variances of a statistic (an object with `estimate(weights)` and `influence(weights)`)."""
        return self.variance(statistic.influence(self.weights))

    def covariance_of(self, statistic) -> np.ndarray:
        """Covariance matrix of a statistic."""
        return self.covariance(statistic.influence(self.weights))

    def deff_factor(self, n, n_weighted, deff: str):
        """1 with replacement; 1 − n/N without."""
        if deff == "replace":
            return 1.0
        if deff != "noreplace":
            raise InputError(
                "unknown comparison for the design effect",
                where="deff",
                found=repr(deff),
                expected="'replace' or 'noreplace'",
            )
        if self.normalised:
            raise InputError(
                "a comparison without replacement needs the population",
                where="deff",
                action="Declare population=, or use deff='replace'.",
            )
        return 1 - n / n_weighted

    def domains(self, by) -> Domains:
        """Partition by the columns `by` (a name, a list, or None) of the rows in this design's domain."""
        by = _listed(by)
        for name in by:
            self._column(name, "by")
        return partition(self.data, by, self._domain)

    # -- estimates ----------------------------------------------------------------------------------------
    def mean(self, cols, by=None, *, ci: float = 0.95, deff: str = "replace") -> pd.DataFrame:
        """Means Σwx/Σw of columns, in all groups of `by`.

        Returns one row per item and group: the columns of `by`, ``item estimate se df ci_low ci_high n
        n_weighted n_effective deff``. R: ``svymean``, ``svyby(…, svymean)``, ``confint(…, df = degf(design))``.
        """
        items = [Item(c, lambda c=c: self.numeric(c), lambda: np.ones(self.n)) for c in _listed(cols)]
        return estimation.estimates(self, items, self.domains(by), ci=ci, deff=deff)

    def total(self, cols, by=None, *, ci: float = 0.95, deff: str = "replace") -> pd.DataFrame:
        """Totals Σwx of columns; frame as `mean`. Refused for normalised weights. R: ``svytotal``."""
        if self.normalised:
            raise InputError(
                "totals need weights that sum to the population",
                where="weights",
                found=f"a sum of {self.weights.sum():g} for {self.n} respondents",
                action="Declare population= when the design is made.",
            )
        items = [Item(c, lambda c=c: self.numeric(c)) for c in _listed(cols)]
        return estimation.estimates(self, items, self.domains(by), ci=ci, deff=deff)

    def ratio(
        self, numerator, denominator, by=None, *, ci: float = 0.95, deff: str = "replace"
    ) -> pd.DataFrame:
        """Ratio Σwx/Σwy of two columns; frame as `mean`, item ``x/y``. R: ``svyratio``."""
        item = Item(
            f"{numerator}/{denominator}", lambda: self.numeric(numerator), lambda: self.numeric(denominator)
        )
        return estimation.estimates(self, [item], self.domains(by), ci=ci, deff=deff)


def _listed(value) -> list:
    """None → [], one → [one]; an array is one."""
    if value is None:
        return []
    return (
        list(value) if isinstance(value, (list, tuple, pd.Index)) and not isinstance(value, str) else [value]
    )


def _as_float(column: pd.Series, name: str) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan)
    raise InputError(
        "the column is not numeric",
        where=name,
        found=str(column.dtype),
        action="For the shares of its categories use .proportion; for texts of digits convert first.",
    )
