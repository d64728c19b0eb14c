"""The estimators of a design, whatever way it gets its variances (linearisation or replicates)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.survey import association, contrasts, estimation, proportions, quantiles, regression
from csi_lib.survey.estimation import Item
from csi_lib.survey.sample import Sample, listed


class Estimators(Sample):
    """Means, totals, ratios, proportions, quantiles, differences, tests and regressions.

    Frames have one row per item and group: the columns of `by`, then ``item estimate se df ci_low ci_high n
    n_weighted n_effective deff`` with n_effective = n/deff. A group in which nobody answered keeps its row, with
    n = 0 and no estimate, and is warned of. Common options:

    ci : confidence level of the t intervals.
    deff : design effect against sampling with (``replace``) or without replacement (``noreplace``).
    """

    def __repr__(self) -> str:
        parts = [f"{self.n} respondents", f"weights sum to {self.weights.sum():.6g}", f"{self.df} degrees of freedom"]
        for name, codes in (
            ("strata", getattr(self, "strata_codes", None)),
            ("units", getattr(self, "psu_codes", None)),
        ):
            if codes is not None and 1 < (count := len(np.unique(codes))) < self.n:
                parts.append(f"{count} {name}")
        if self.domain is not None:
            parts.append(f"a domain of {int(self.domain.sum())}")
        return f"<{type(self).__name__} {', '.join(parts)}>"

    def mean(self, cols, by=None, *, ci: float = 0.95, deff: str = "replace") -> pd.DataFrame:
        """Means Σwx/Σw of columns, in all groups of `by`.

        R: ``svymean``, ``svyby(…, svymean)``, ``confint(…, df = degf(design))``.
        """
        items = [Item(c, lambda c=c: self.numeric(c), self._ones) for c in self.named(cols)]
        return estimation.estimates(self, items, self.domains(by), ci=ci, deff=deff)

    def total(self, cols, by=None, *, ci: float = 0.95, deff: str = "replace") -> pd.DataFrame:
        """Totals Σwx of columns. Refused for normalised weights. R: ``svytotal``."""
        if self.normalised:
            raise InputError(
                "totals need weights that sum to the population",
                where="weights",
                found=f"a sum of {self.weights.sum():g} for {self.n} respondents",
                action="Declare population= when the design is made.",
            )
        items = [Item(c, lambda c=c: self.numeric(c)) for c in self.named(cols)]
        return estimation.estimates(self, items, self.domains(by), ci=ci, deff=deff)

    def ratio(self, numerator, denominator, by=None, *, ci: float = 0.95, deff: str = "replace") -> pd.DataFrame:
        """Ratio Σwx/Σwy of two columns; item ``x/y``. R: ``svyratio``."""
        item = Item(f"{numerator}/{denominator}", lambda: self.numeric(numerator), lambda: self.numeric(denominator))
        return estimation.estimates(self, [item], self.domains(by), ci=ci, deff=deff)

    def population_variance(self, cols, by=None, *, ci: float = 0.95) -> pd.DataFrame:
        """Variance of items in the population, n/(n − 1) Σw(x − x̄)²/Σw. R: ``svyvar``."""
        domains = self.domains(by)

        def squares(name):
            x, code, size = self.numeric(name), domains.code, domains.size + 1
            w = np.where(np.isnan(x), 0.0, self.weights)
            n = np.bincount(code, ~np.isnan(x), size)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.bincount(code, w * np.nan_to_num(x), size) / np.bincount(code, w, size)
                return (x - mean[code]) ** 2 * (n / (n - 1))[code]

        items = [Item(c, lambda c=c: squares(c), self._ones) for c in self.named(cols)]
        return estimation.estimates(self, items, domains, ci=ci, deff="replace")

    def proportion(
        self, cols, by=None, *, levels=None, method: str = "logit", ci: float = 0.95, deff: str = "replace"
    ) -> pd.DataFrame:
        """Shares (0–1) of the levels of columns, with an interval made for shares.

        A true/false or 0/1 column gives the share of true; any other column one row per level (column
        ``level``), or per level named in `levels`.

        Parameters
        ----------
        method : ``logit`` (Wald on the logit), ``xlogit`` (the same by the delta method), ``wilson``,
            ``beta`` (Korn–Graubard), ``likelihood`` (profile, Rao–Scott scaled), ``asin``, ``mean`` (t on
            the share). At a share of 0 or 1, where none of them has anything to go by, the exact bound on
            the number of answers stands (0 of 30: up to .116), for ``wilson`` its own.

        R: ``svyciprop``; for all levels ``svymean(~factor)``.
        """
        return proportions.proportion(self, self.named(cols), by, levels, method, ci, deff)

    def quantile(
        self,
        cols,
        probabilities=(0.5,),
        by=None,
        *,
        rule: str = "math",
        interval: str = "mean",
        ci: float = 0.95,
    ) -> pd.DataFrame:
        """Quantiles with Woodruff intervals; column ``probability`` names the quantile.

        Parameters
        ----------
        rule : ``math`` (inverse of the distribution function), ``school``, ``shahvaish``, ``hf1`` … ``hf9``.
        interval : interval of the share below: ``mean``, ``beta``, ``xlogit``, ``asin``. The standard error
            is the interval's width over 2 t; deff is that of the share below the quantile.

        R: ``svyquantile(…, qrule=, interval.type=)``.
        """
        return quantiles.quantile(self, self.named(cols), listed(probabilities), by, rule, interval, ci)

    def difference(self, cols, by=None, *, reference=None, ci: float = 0.95, adjust: str = "none") -> pd.DataFrame:
        """Differences of means: between the groups of `by` for each item, or, without `by`, between the items
        on the same respondents. All pairs, or each against `reference`; the covariance of the two is
        included.

        Returns ``item first second estimate se df ci_low ci_high statistic p_value p_adjusted``, the estimate
        being first − second. `adjust`: ``none``, ``holm``, ``bh``, ``bonferroni``, or ``simultaneous``
        (intervals and p of the maximum of correlated t, all pairs at once).

        R: ``svycontrast(svyby(…, covmat=TRUE), …)``.
        """
        return contrasts.difference(self, self.named(cols), by, reference, ci, adjust)

    def contrast(self, cols, by=None, *, coefficients, ci: float = 0.95) -> pd.DataFrame:
        """Linear combinations Σ c θ of means of the groups of `by` (or of the items, without `by`).

        coefficients : {group or item: c}, or {name of the contrast: {…}}; what is not named counts 0. With
            several grouping columns a group is the tuple of its labels. R: ``svycontrast``.
        """
        return contrasts.contrast(self, self.named(cols), by, coefficients, ci)

    def chisq(self, row: str, column: str, *, statistic: str = "F") -> association.TestResult:
        """Rao–Scott and Wald tests that two categorical columns are independent.

        statistic : ``F`` (second-order Rao–Scott), ``Chisq`` (first-order), ``Wald``, ``adjWald``,
            ``lincom`` and ``saddlepoint`` (the mixture of χ² by the saddlepoint, as R does without
            CompQuadForm), ``exact`` (the same mixture by numerical inversion). R: ``svychisq``.
        """
        return association.chisq(self, row, column, statistic)

    def ttest(self, outcome: str, group: str | None = None, *, ci: float = 0.95) -> association.TestResult:
        """Design-based t-test of two groups (second − first, in sorted order), or of a mean against 0 without
        `group`. R: ``svyttest``."""
        return association.ttest(self, outcome, group, ci)

    def ranktest(self, outcome: str, group: str, *, test: str = "wilcoxon") -> association.TestResult:
        """Design-based rank test: ``wilcoxon`` (Kruskal–Wallis for several groups), ``vanderWaerden``,
        ``median``. R: ``svyranktest``."""
        return association.ranktest(self, outcome, group, test)

    def regression(
        self,
        outcome: str,
        predictors,
        *,
        family: str = "gaussian",
        categorical=(),
        ci: float = 0.95,
    ) -> regression.Regression:
        """Design-based regression; coefficients with t tests on df + 1 − p degrees of freedom.

        Parameters
        ----------
        predictors : column names; text and categorical columns enter as indicators against their first level.
        family : ``gaussian``, ``quasibinomial`` (``binomial``), ``quasipoisson`` (``poisson``).
        categorical : numeric columns to be treated as categories.

        R: ``svyglm(outcome ~ …, family = …)``.
        """
        return regression.regression(self, outcome, listed(predictors), family, listed(categorical), ci)

    def mean_influence(self, values, mask=None) -> tuple[np.ndarray, np.ndarray]:
        """Weighted means of `values` (n or n × K, NaN missing) among `mask`, and their z of the same
        shape."""
        x = np.asarray(values, dtype=float)
        inside = self.inside(mask)
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

    def _ones(self) -> np.ndarray:
        return np.ones(self.n)
