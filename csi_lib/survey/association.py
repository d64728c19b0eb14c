"""Design-based tests: independence of two categories, equality of two means, equality of ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from csi_lib.errors import InputError
from csi_lib.measure.shown import Result
from csi_lib.survey.domains import Domains
from csi_lib.survey.estimation import DomainStatistic, Item
from csi_lib.survey.mixtures import mixture_saddlepoint, mixture_tail
from csi_lib.survey.regression import fit

STATISTICS = ("F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint", "exact")


@dataclass(frozen=True, repr=False)
class TestResult(Result):
    """A test: statistic, degrees of freedom (`df2` None where there is no denominator), p-value.

    `estimate se ci_low ci_high` are those of the tested difference, None where there is none.
    """

    SUMMARY = ("method", "statistic", "df", "df2", "p_value", "estimate", "se", "ci_low", "ci_high", "n")

    __test__ = False  # not a test case for pytest

    method: str
    statistic: float
    df: float
    df2: float | None
    p_value: float
    n: int
    estimate: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def _cell_statistic(cell: np.ndarray, cells: int, *, shares: bool) -> DomainStatistic:
    """Shares or totals of the cells of a cross-table; rows with the code `cells` are outside."""
    domains = Domains(np.where(cell == cells, 1, 0), pd.DataFrame(index=range(1)))
    ones = (lambda: np.ones(len(cell))) if shares else None
    return DomainStatistic([Item(str(c), lambda c=c: (cell == c).astype(float), ones) for c in range(cells)], domains)


def chisq(design, row: str, column: str, statistic: str) -> TestResult:
    """See `Estimators.chisq`. Rao & Scott (1984); Thomas & Rao (1987)."""
    if statistic not in STATISTICS:
        raise InputError("unknown statistic", where="statistic", found=repr(statistic), expected=", ".join(STATISTICS))
    rows, columns = _codes(design, row), _codes(design, column)
    inside = (rows >= 0) & (columns >= 0)
    if design.domain is not None:
        inside &= design.domain
    r, c = rows[inside], columns[inside]
    nr, nc = (int(np.unique(part).size) for part in (r, c))
    if nr < 2 or nc < 2:
        raise InputError(
            "independence needs two categories on either side",
            where=f"{row}, {column}",
            found=f"{nr} and {nc}",
        )
    r, c = np.unique(r, return_inverse=True)[1], np.unique(c, return_inverse=True)[1]
    cells = nr * nc
    cell = np.full(design.n, cells)
    cell[inside] = r * nc + c
    wald, n = statistic in ("Wald", "adjWald"), int(inside.sum())
    counted = _cell_statistic(cell, cells, shares=not wald)
    p, v = counted.estimate(design.weights), design.covariance_of(counted)
    if wald:
        return _wald(p.reshape(nr, nc), v, design.df, n, statistic)
    table = p.reshape(nr, nc)
    expected = np.outer(table.sum(1), table.sum(0))
    pearson = n * ((table - expected) ** 2 / expected).sum()
    interaction = _interactions(nr, nc)
    inverse = np.divide(1.0, p, out=np.zeros(cells), where=p > 0)
    scaled = interaction * inverse[:, None]
    try:
        delta = np.linalg.solve(interaction.T @ scaled / n, scaled.T @ v @ scaled)
    except np.linalg.LinAlgError:
        delta = np.zeros((1, 1))
    size, trace = len(delta), np.trace(delta)
    if not trace > 0:
        raise InputError(
            "the two columns determine one another, so there is nothing to test",
            where=f"{row}, {column}",
            found=f"{int((p == 0).sum())} empty cells of {cells}",
            action="Merge rare categories, or test another column.",
        )
    d0 = trace**2 / np.trace(delta @ delta)
    if statistic == "F":
        x, df, df2 = pearson / trace, d0, d0 * design.df
        return TestResult("Rao–Scott F", x, df, df2, float(special.fdtrc(df, df2, x)), n)
    if statistic == "Chisq":
        tail = float(special.chdtrc(size, pearson / (trace / size)))
        return TestResult("Rao–Scott χ²", pearson, size, None, tail, n)
    weights = np.linalg.eigvals(delta).real
    tail = (mixture_tail if statistic == "exact" else mixture_saddlepoint)(pearson, weights, d0 * design.df)
    return TestResult("Pearson χ², mixture of F", pearson, size, d0 * design.df, tail, n)


def _interactions(nr: int, nc: int) -> np.ndarray:
    """Orthogonal interaction contrasts of an nr × nc table (rows vary slowest)."""

    def centred(size):
        return (np.eye(size) - 1 / size)[:, 1:]

    return np.kron(centred(nr), centred(nc))


def _wald(table, v, df, n, statistic) -> TestResult:
    """Wald test of T_ij − A_i B_j/N (totals) over all but the first row and column."""
    nr, nc = table.shape
    a, b, total = table.sum(1), table.sum(0), table.sum()
    row_sums = np.kron(np.eye(nr), np.ones((1, nc)))
    column_sums = np.kron(np.ones((1, nr)), np.eye(nc))
    jacobian = (
        np.eye(nr * nc)
        - np.repeat(row_sums, nc, axis=0) * np.tile(b, nr)[:, None] / total
        - np.tile(column_sums, (nr, 1)) * np.repeat(a, nc)[:, None] / total
        + np.outer(a, b).reshape(-1, 1) / total**2
    )
    gap = (table - np.outer(a, b) / total).reshape(-1)
    use = (np.arange(1, nr)[:, None] * nc + np.arange(1, nc)).reshape(-1)
    w = (jacobian @ v @ jacobian.T)[np.ix_(use, use)]
    k = len(use)
    x = float(gap[use] @ np.linalg.solve(w, gap[use])) / k
    if statistic == "adjWald":
        x, df2 = x * (df - k + 1) / df, df - k + 1
        if df2 < 1:
            raise InputError(
                "too few sampling units for the adjusted Wald test",
                where="statistic",
                found=f"{df} degrees of freedom for {k} cells",
                action="Use statistic='F'.",
            )
    else:
        df2 = df
    return TestResult(f"{statistic} test of independence", x, k, df2, float(special.fdtrc(k, df2, x)), n)


def _codes(design, name) -> np.ndarray:
    column = design.column(name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64)
    return pd.factorize(column, sort=True)[0].astype(np.int64)


def ttest(design, outcome: str, group: str | None, ci: float) -> TestResult:
    """See `Estimators.ttest`."""
    y = design.numeric(outcome)
    if group is None:
        row = design.mean(outcome).iloc[0]
        return _t_result("one-sample t", float(row.estimate), float(row.se), design.df - 1, int(row.n), ci)
    x, used = _two_groups(design, outcome, group, y)
    model = fit(design, y, np.column_stack([np.ones(design.n), x]), used, "gaussian")
    se = float(np.sqrt(model.covariance[1, 1]))
    return _t_result("two-sample t", float(model.beta[1]), se, model.df, int(used.sum()), ci)


def ranktest(design, outcome: str, group: str, test: str) -> TestResult:
    """See `Estimators.ranktest`. Lumley & Scott (2013)."""
    scores = {
        "wilcoxon": lambda share: share,
        "vanderWaerden": special.ndtri,
        "median": lambda share: (share > 0.5).astype(float),
    }
    if test not in scores:
        raise InputError("unknown rank test", where="test", found=repr(test), expected=", ".join(scores))
    y, codes = design.numeric(outcome), _codes(design, group)
    used = ~np.isnan(y) & (codes >= 0)
    if design.domain is not None:
        used &= design.domain
    found = np.unique(codes[used])
    if found.size < 2:
        raise InputError("a rank test needs two groups", where=group, found=f"{found.size}")
    w, values = design.weights[used], y[used]
    order = np.argsort(values, kind="stable")
    middle = np.empty(len(values))
    middle[order] = np.cumsum(w[order]) - w[order] / 2
    tie = np.unique(values, return_inverse=True)[1]
    middle = (np.bincount(tie, middle) / np.bincount(tie))[tie]
    rank = np.zeros(design.n)
    rank[used] = scores[test](middle / w.sum())
    x = np.column_stack([np.ones(design.n), *((codes == level).astype(float) for level in found[1:])])
    model = fit(design, rank, x, used, "gaussian")
    n, k, df = int(used.sum()), found.size - 1, design.domain_df(used)
    if k == 1:
        se = float(np.sqrt(model.covariance[1, 1]))
        return _t_result(f"{test} rank", float(model.beta[1]), se, df - 1, n, 0.95)
    beta, v = model.beta[1:], model.covariance[1:, 1:]
    x2 = float(beta @ np.linalg.solve(v, beta))
    return TestResult(f"{test} rank, {k + 1} groups", x2, k, df - k, float(special.fdtrc(k, df - k, x2 / k)), n)


def _two_groups(design, outcome, group, y):
    codes = _codes(design, group)
    used = ~np.isnan(y) & (codes >= 0)
    if design.domain is not None:
        used &= design.domain
    found = np.unique(codes[used])
    if found.size != 2:
        raise InputError(
            "a t-test compares two groups",
            where=group,
            found=f"{found.size} groups with answers to {outcome}",
            action="Restrict the design with .subset, or use .difference for all pairs.",
        )
    return (codes == found[1]).astype(float), used


def _t_result(method, estimate, se, df, n, ci) -> TestResult:
    if df < 1 or se == 0:
        raise InputError(
            "the test has no degrees of freedom or no variance",
            where=method,
            found=f"{df} degrees of freedom, standard error {se:g}",
            action="More sampling units are needed.",
        )
    t = estimate / se
    half = float(special.stdtrit(df, 0.5 + ci / 2)) * se
    p = float(2 * special.stdtr(df, -abs(t)))
    return TestResult(method, t, df, None, p, n, estimate, se, estimate - half, estimate + half)
