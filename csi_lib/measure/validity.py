"""Checks of validity on answers: collinearity, known groups, criteria, common method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from csi_lib.errors import InputError
from csi_lib.measure.adequacy import correlated_items
from csi_lib.measure.distributions import f_tail
from csi_lib.measure.extraction import extract, inverse
from csi_lib.measure.frames import paired, same_rows
from csi_lib.measure.inputs import Items, Missing, read_items, read_option, read_proportion, read_vector
from csi_lib.measure.moments import moments
from csi_lib.measure.shown import Result
from csi_lib.measure.split_half import fisher_interval


@dataclass(frozen=True, repr=False)
class VarianceInflation(Result):
    """``items``: frame ``item vif tolerance r_squared``; ``condition`` of the correlation matrix."""

    SUMMARY = ("condition", "n")
    TABLE = "items"

    items: pd.DataFrame
    condition: float
    n: int

    def verdict(self) -> str:
        return "predictors overlap (VIF above 10)" if (self.items["vif"] > 10).any() else ""


@dataclass(frozen=True, repr=False)
class KnownGroups(Result):
    """Do groups that should differ, differ; see :func:`known_groups`.

    ``groups``: frame ``group n mean sd se``; Welch's ``statistic`` (t for two groups, else F) with
    ``df1 df2 p_value``; for two groups ``difference`` (first − second) with its interval and
    ``effect`` = Hedges's g, otherwise difference None and effect = ω².
    """

    SUMMARY = ("statistic", "df1", "df2", "p_value", "difference", "ci_low", "ci_high", "effect", "effect_name", "n")
    TABLE = "groups"

    groups: pd.DataFrame
    statistic: float
    df1: float
    df2: float
    p_value: float
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    effect: float
    effect_name: str
    n: int
    ci: float

    def verdict(self) -> str:
        return "the groups differ" if self.p_value < 1 - self.ci else "no difference shown"


@dataclass(frozen=True, repr=False)
class CriterionCorrelations(Result):
    """``correlations``: frame ``score criterion r ci_low ci_high p_value n``."""

    SUMMARY = ("method", "ci")
    TABLE = "correlations"

    correlations: pd.DataFrame
    method: str
    ci: float


@dataclass(frozen=True, repr=False)
class CommonMethod(Result):
    """Harman's single-factor check: what one component, and one common factor, account for.

    ``component_share`` and ``factor_share`` of the total variance (0–1), ``exceeds`` whether the
    component share passes ``threshold``; ``eigenvalues`` of the correlation matrix.
    """

    SUMMARY = ("component_share", "factor_share", "threshold", "n", "k")

    component_share: float
    factor_share: float
    threshold: float
    exceeds: bool
    eigenvalues: np.ndarray
    n: int
    k: int

    def verdict(self) -> str:
        return "one component dominates" if self.exceeds else "no single component dominates"


def vif(items, *, weights=None, missing: Missing = "listwise") -> VarianceInflation:
    """Variance inflation factor of each predictor, 1/(1 − R²) on all the others.

    The diagonal of the inverse correlation matrix, so neither scale nor an intercept matters.
    ``condition`` is the ratio of the largest to the smallest singular value of the standardised
    predictors (√ of the ratio of eigenvalues). Weights and missing answers as in
    :func:`csi_lib.kmo`; perfectly collinear predictors are an :class:`~csi_lib.InputError` naming
    them.

    In R: ``car::vif(lm(y ~ ., x))``, which gives the same whatever y is.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.vif(answers[["q1", "q2", "q3"]]).items.round(2)
      item   vif  tolerance  r_squared
    0   q1  1.64       0.61       0.39
    1   q2  1.67       0.60       0.40
    2   q3  1.59       0.63       0.37
    """
    found = correlated_items(items, weights, missing)
    values = np.diag(inverse(found.correlation, names=found.names))
    eigenvalues = np.linalg.eigvalsh(found.correlation)
    frame = pd.DataFrame(
        {"item": list(found.names), "vif": values, "tolerance": 1 / values, "r_squared": 1 - 1 / values}
    )
    return VarianceInflation(frame, float(np.sqrt(eigenvalues[-1] / eigenvalues[0])), found.n)


def known_groups(scores, groups, *, order=None, ci: float = 0.95) -> KnownGroups:
    r"""Known-groups validity: Welch's test that groups expected to differ have different means.

    Two groups: Welch's t, the difference of means with its t interval, and Hedges's g = J·(m₁ −
    m₂)/s with the pooled standard deviation and the exact small-sample factor J. More groups:
    Welch's F, and ω² = (SSB − (g − 1)·MSW)/(SST + MSW), which may be below 0.

    Parameters
    ----------
    scores : one number per respondent.
    groups : the group of each, in the same order; respondents without score or group are left out.
    order : the groups to compare, in order; all that occur by default. For two groups the
        difference is first − second.

    Raises
    ------
    InputError
        For fewer than two groups, a group with fewer than two scores, or without variance.

    Notes
    -----
    In R: ``t.test(y ~ g)``, ``oneway.test(y ~ g)``; ``effectsize::hedges_g``, ``omega_squared``.

    References
    ----------
    Welch (1951), Biometrika 38, 330–336; Hedges (1981).

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.known_groups(answers["q1"], answers["office"])
    <KnownGroups statistic=2.851, df1=1, df2=276.3, p_value=0.004684, difference=0.3102, ci_low=0.09602, ...
    """
    ci = read_proportion(ci, where="ci")
    scores, label = paired(scores, groups, where="scores, groups")
    y = read_vector(scores, where="scores")
    use = ~np.isnan(y) & label.notna().to_numpy()
    y, label = y[use], label[use].reset_index(drop=True)
    names = list(order) if order is not None else _in_order(label)
    parts = [y[(label == name).to_numpy()] for name in names]
    if len(names) < 2:
        raise InputError("two or more groups are needed", where="groups", found=names)
    for name, part in zip(names, parts):
        if len(part) < 2 or part.min() == part.max():
            raise InputError(
                f"group {name!r} has no variance to compare",
                where="groups",
                found=f"{len(part)} score(s)",
                expected="two or more different scores in each group",
            )
    n = np.array([len(part) for part in parts], dtype=float)
    mean = np.array([part.mean() for part in parts])
    variance = np.array([part.var(ddof=1) for part in parts])
    table = pd.DataFrame(
        {
            "group": names,
            "n": n.astype(int),
            "mean": mean,
            "sd": np.sqrt(variance),
            "se": np.sqrt(variance / n),
        }
    )
    total, g = n.sum(), len(names)
    within = float(((n - 1) * variance).sum() / (total - g))
    if g == 2:
        error = variance / n
        se, difference = float(np.sqrt(error.sum())), float(mean[0] - mean[1])
        df = float(error.sum() ** 2 / (error**2 / (n - 1)).sum())
        half = float(stdtrit(df, (1 + ci) / 2)) * se
        return KnownGroups(
            groups=table,
            statistic=difference / se,
            df1=1.0,
            df2=df,
            p_value=float(2 * stdtr(df, -abs(difference / se))),
            difference=difference,
            ci_low=difference - half,
            ci_high=difference + half,
            effect=_small_sample_factor(total - 2) * difference / np.sqrt(within),
            effect_name="hedges_g",
            n=int(total),
            ci=ci,
        )
    weight = n / variance
    centre = (weight * mean).sum() / weight.sum()
    lack = float(((1 - weight / weight.sum()) ** 2 / (n - 1)).sum())
    top = float((weight * (mean - centre) ** 2).sum() / (g - 1))
    statistic = top / (1 + 2 * (g - 2) / (g**2 - 1) * lack)
    df2 = (g**2 - 1) / (3 * lack)
    between = float((n * (mean - (n @ mean) / total) ** 2).sum())
    scatter = between + within * (total - g)
    return KnownGroups(
        groups=table,
        statistic=statistic,
        df1=float(g - 1),
        df2=df2,
        p_value=f_tail(statistic, g - 1, df2),
        difference=None,
        ci_low=None,
        ci_high=None,
        effect=(between - (g - 1) * within) / (scatter + within),
        effect_name="omega_squared",
        n=int(total),
        ci=ci,
    )


def criterion_correlations(
    scores,
    criteria,
    *,
    method: Literal["pearson", "spearman"] = "pearson",
    weights=None,
    ci: float = 0.95,
) -> CriterionCorrelations:
    """Correlation of every score with every criterion.

    Parameters
    ----------
    scores, criteria : DataFrames or arrays with the same respondents in the same order. Each
        correlation uses the respondents who have both numbers.
    method : ``"spearman"`` correlates mid-ranks.
    weights : one per respondent; the interval then uses Kish's effective number.
    ci : level of the interval, by Fisher's z with standard error 1/√(n − 3), for Spearman
        √((1 + r²/2)/(n − 3)) (Bonett and Wright 2000). p is that of t with n − 2.

    Notes
    -----
    In R: ``cor.test(x, y, method)``; weighted: ``survey::svyvar`` and ``cov2cor``.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.criterion_correlations(answers[["q1", "q4"]], answers[["overall"]]).correlations.round(2)
      score criterion     r  ci_low  ci_high  p_value    n
    0    q1   overall  0.54    0.45     0.61      0.0  300
    1    q4   overall  0.50    0.41     0.58      0.0  300
    """
    ci = read_proportion(ci, where="ci")
    read_option(method, ("pearson", "spearman"), where="method")
    scores, criteria = same_rows(scores, criteria, where=("scores", "criteria"))
    left = read_items(scores, weights, at_least=1, where="scores")
    right = read_items(criteria, weights, at_least=1, where="criteria")
    rows = []
    for i, score in enumerate(left.names):
        for j, criterion in enumerate(right.names):
            pair = np.column_stack([left.values[:, i], right.values[:, j]])
            pair = Items(pair, (f"score {score}", f"criterion {criterion}"), left.weights).complete("scores")
            if method == "spearman":
                pair = Items(_ranks(pair.values), pair.names, pair.weights)
            found = moments(pair, where="scores")
            r, n = float(found.correlation[0, 1]), found.n_effective
            if np.isnan(r):
                constant = pair.names[int(np.argmin(found.sd))]
                raise InputError("everybody has the same value", where=constant, found=f"{found.n} answers")
            low, high = fisher_interval(r, n, ci)
            if method == "spearman" and abs(r) < 1 and n > 3:
                half = float(ndtri((1 + ci) / 2)) * np.sqrt((1 + r**2 / 2) / (n - 3))
                low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
            p = float(2 * stdtr(n - 2, -abs(r) * np.sqrt((n - 2) / max(1 - r**2, 1e-300)))) if n > 2 else 1.0
            rows.append((score, criterion, r, float(low), float(high), p, found.n))
    columns = ["score", "criterion", "r", "ci_low", "ci_high", "p_value", "n"]
    return CriterionCorrelations(pd.DataFrame(rows, columns=columns), method, ci)


def common_method(items, *, weights=None, missing: Missing = "listwise", threshold: float = 0.5) -> CommonMethod:
    """Harman's single-factor check for variance that is due to the method of asking.

    The share of the variance that one unrotated principal component, and one common factor
    (minres), account for over the items of *all* constructs. A component share above `threshold`
    is a warning sign; a share below it proves nothing (the check finds strong bias only).

    In R: ``eigen(cor(x))$values[1]/ncol(x)``; ``psych::fa(x, 1)$Vaccounted``.

    References
    ----------
    Podsakoff, MacKenzie, Lee and Podsakoff (2003), Journal of Applied Psychology 88, 879–903.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> csi_lib.common_method(answers[["q1", "q2", "q3", "q4", "q5", "q6"]])
    <CommonMethod component_share=0.4738, factor_share=0.3696, threshold=0.5, n=300, k=6; no single component dominates>
    """
    found = correlated_items(items, weights, missing, at_least=3)
    k = len(found.names)
    eigenvalues = np.linalg.eigvalsh(found.correlation)[::-1]
    factor = extract(found.correlation, 1, "minres", names=found.names).loadings
    share = float(eigenvalues[0] / k)
    return CommonMethod(
        component_share=share,
        factor_share=float((factor**2).sum() / k),
        threshold=threshold,
        exceeds=share > threshold,
        eigenvalues=eigenvalues,
        n=found.n,
        k=k,
    )


def _in_order(label: pd.Series) -> list:
    """The groups that occur: in their declared order, else from the lowest."""
    names = list(dict.fromkeys(label))
    if isinstance(label.dtype, pd.CategoricalDtype):
        return [name for name in label.cat.categories if name in names]
    try:
        return sorted(names)
    except TypeError:  # numbers and text together have no order: as they come
        return names


def _small_sample_factor(df: float) -> float:
    from scipy.special import gammaln

    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def _ranks(values: np.ndarray) -> np.ndarray:
    ranked = np.empty_like(values)
    for j in range(values.shape[1]):
        _, place, times = np.unique(values[:, j], return_inverse=True, return_counts=True)
        ranked[:, j] = (np.cumsum(times) - (times - 1) / 2)[place]
    return ranked
