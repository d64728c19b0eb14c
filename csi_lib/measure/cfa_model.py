"""The parameters of a factor model and the moments they imply.

Items and factors stand in one vector ``v`` (items first) with directed effects A, variances and covariances
S of what the effects leave over, and intercepts m (the RAM form)::

    v = m + A v + e,   cov(e) = S,   E = (I - A)^-1,   mean(v) = E m,   cov(v) = E S E'

so that loadings, second-order factors, regressions among factors and correlated residuals are one case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from csi_lib.errors import InputError, nearest
from csi_lib.measure.model_syntax import MeasurementModel, Term

#: what may be held equal over groups -> the operator and the test that select its parameters
EQUALITIES = {
    "loadings": lambda p, items: p.operator == "=~",
    "intercepts": lambda p, items: p.operator == "~1" and p.left in items,
    "thresholds": lambda p, items: p.operator == "|",
    "residuals": lambda p, items: p.operator == "~~" and p.left == p.right and p.left in items,
    "residual_covariances": lambda p, items: p.operator == "~~" and p.left != p.right and p.left in items,
    "factor_variances": lambda p, items: p.operator == "~~" and p.left == p.right and p.left not in items,
    "factor_covariances": lambda p, items: p.operator == "~~" and p.left != p.right and p.left not in items,
    "factor_means": lambda p, items: p.operator == "~1" and p.left not in items,
    "regressions": lambda p, items: p.operator == "~",
}


@dataclass(frozen=True)
class Parameter:
    """One row of the parameter table; `free` is its place in the vector of free parameters, or -1."""

    group: int
    left: str
    operator: str
    right: str
    free: int = 0
    value: float = 0.0
    label: str | None = None
    stated: bool = False

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}" if self.right else f"{self.left} ~ 1"


@dataclass(frozen=True)
class Implied:
    """What one set of parameter values implies for one group: E, mean(v), cov(v)."""

    effects: np.ndarray
    mean: np.ndarray
    cov: np.ndarray


class FactorModel:
    """A parameter table bound to items and groups, with implied moments and their derivatives.

    Parameters
    ----------
    items, factors : names, in the order of the moments.
    parameters : rows; rows with the same `free` index share one value.
    groups : number of groups.
    means : whether the means are modelled; without, each mean is its own free parameter and is left out.
    """

    def __init__(
        self,
        items: Sequence[str],
        factors: Sequence[str],
        parameters: Sequence[Parameter],
        groups: int,
        means: bool,
    ):
        self.items, self.factors, self.groups, self.means = list(items), list(factors), groups, means
        self.names = [*self.items, *self.factors]
        self.parameters = tuple(parameters)
        self.free = np.array([p.free for p in parameters])
        self.fixed_values = np.array([p.value for p in parameters], dtype=float)
        self.n_free = int(self.free.max(initial=-1)) + 1
        self._place = {name: k for k, name in enumerate(self.names)}
        self._layouts = [self._layout(g) for g in range(groups)]

    def _layout(self, group: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """matrix -> (row of the table, row of the matrix, column of the matrix)."""
        found: dict[str, list] = {"A": [], "S": [], "m": []}
        for k, p in enumerate(self.parameters):
            if p.group != group:
                continue
            left = self._place[p.left]
            if p.operator == "=~":
                found["A"].append((k, self._place[p.right], left))
            elif p.operator == "~":
                found["A"].append((k, left, self._place[p.right]))
            elif p.operator == "~~":
                found["S"].append((k, left, self._place[p.right]))
            elif p.operator == "~1":
                found["m"].append((k, left, 0))
        return {name: tuple(np.array(rows, dtype=int).reshape(-1, 3).T) for name, rows in found.items()}

    def values(self, theta: np.ndarray) -> np.ndarray:
        """All parameters, fixed and free, in the order of the table."""
        return np.where(self.free >= 0, theta[np.maximum(self.free, 0)] if self.n_free else 0.0, self.fixed_values)

    def labels(self) -> list[str]:
        """One readable name per free parameter."""
        names = [""] * self.n_free
        for p in reversed(self.parameters):
            if p.free >= 0:
                names[p.free] = str(p) if self.groups == 1 else f"{p} (group {p.group + 1})"
        return names

    def matrices(self, theta: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A, S and m of one group."""
        values, layout, size = self.values(theta), self._layouts[group], len(self.names)
        effects, residual, mean = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
        k, i, j = layout["A"]
        effects[i, j] = values[k]
        k, i, j = layout["S"]
        residual[i, j] = residual[j, i] = values[k]
        k, i, _ = layout["m"]
        mean[i] = values[k]
        return effects, residual, mean

    def implied(self, theta: np.ndarray, group: int) -> Implied:
        """Means and covariances of items and factors."""
        direct, residual, mean = self.matrices(theta, group)
        effects = np.linalg.inv(np.eye(len(self.names)) - direct)
        return Implied(effects, effects @ mean, effects @ residual @ effects.T)

    def factored_derivatives(self, implied: Implied, group: int):
        """Derivative of cov(v) by each free row as an outer product, and of mean(v).

        Returns ``(free, left, right, mean)``: for row k, d cov = left_k right_k' + right_k left_k' and
        d mean = mean_k. Kept as vectors because every use needs them on the items only, or whitened.
        """
        E, M = implied.effects, implied.cov
        size = len(self.names)
        zero = np.zeros((0, size))
        free, left, right, mean = [], [zero], [zero], [zero]
        k, i, j = self._free_rows("A", group)
        free.append(self.free[k])
        left.append(E[:, i].T)
        right.append(M[j])
        mean.append(E[:, i].T * implied.mean[j][:, None])
        k, i, j = self._free_rows("S", group)
        free.append(self.free[k])
        left.append(E[:, i].T)
        right.append(E[:, j].T * np.where(i == j, 0.5, 1.0)[:, None])
        mean.append(np.zeros((len(k), size)))
        k, i, _ = self._free_rows("m", group)
        free.append(self.free[k])
        left.append(np.zeros((len(k), size)))
        right.append(np.zeros((len(k), size)))
        mean.append(E[:, i].T)
        return (np.concatenate(free), *(np.concatenate(part) for part in (left, right, mean)))

    def _free_rows(self, matrix: str, group: int):
        k, i, j = self._layouts[group][matrix]
        keep = self.free[k] >= 0
        return k[keep], i[keep], j[keep]

    def second_derivatives(self, implied: Implied, group: int, by_cov: np.ndarray, by_mean: np.ndarray) -> np.ndarray:
        """Sum of second derivatives of cov(v) and mean(v), weighted by a function's first derivatives.

        `by_cov` (symmetric) and `by_mean` are the derivatives of that function by cov(v) and mean(v); the
        result (n_free, n_free) is the part of its Hessian that comes from the curvature of the moments.
        """
        E, M = implied.effects, implied.cov
        H, B, g = E.T @ by_cov @ E, M @ by_cov @ E, E.T @ by_mean
        ka, i, j = self._free_rows("A", group)
        ks, r, s = self._free_rows("S", group)
        km, t, _ = self._free_rows("m", group)
        out = np.zeros((self.n_free, self.n_free))
        # rows (i, j) and (k, l) of A; E[j, k] is how the source of one effect reacts to the other
        chain = E[np.ix_(j, i)]
        reached = B[np.ix_(j, i)].T + implied.mean[j][None, :] * g[i][:, None] / 2
        both = 2 * (chain * reached + (chain * reached).T + M[np.ix_(j, j)] * H[np.ix_(i, i)])
        np.add.at(out, np.ix_(self.free[ka], self.free[ka]), both)
        cross = 2 * (E[np.ix_(j, r)] * H[np.ix_(s, i)].T + E[np.ix_(j, s)] * H[np.ix_(r, i)].T)
        cross *= np.where(r == s, 0.5, 1.0)
        for pair, block in (((ka, ks), cross), ((ka, km), E[np.ix_(j, t)] * g[i][:, None])):
            rows, columns = self.free[pair[0]], self.free[pair[1]]
            np.add.at(out, np.ix_(rows, columns), block)
            np.add.at(out, np.ix_(columns, rows), block.T)
        return out

    @cached_property
    def degenerate_means(self) -> bool:
        """True when every item has its own free intercept in every group, so that means fit exactly."""
        own = [p.free for p in self.parameters if p.operator == "~1" and p.free >= 0]
        return not self.means or (
            len(own) == len(set(own)) == self.groups * len(self.items)
            and all(p.left in self.items for p in self.parameters if p.operator == "~1" and p.free >= 0)
        )


def build(
    model: MeasurementModel,
    columns: Sequence[str],
    *,
    groups: int = 1,
    means: bool = False,
    std_lv: bool = False,
    equal: Sequence[str] = (),
    partial: Sequence[str] = (),
    thresholds: dict[str, int] | None = None,
    orthogonal: bool = False,
    theta_form: bool = False,
) -> FactorModel:
    """The parameter table of a measurement model, with the usual defaults filled in.

    Defaults (those of ``lavaan::cfa``): the first loading of each factor is 1 (`std_lv`: factor variances
    are 1 instead); all variances are free; factors that nothing predicts covary; the residual of an item
    that is a factor's only one is 0. With `equal`, the parameters of group 1 hold in all groups, and what
    thereby becomes estimable (factor means or variances of the other groups) is freed.
    """
    factors = model.factors
    items = check_names(model, columns)
    thresholds = thresholds or {}
    table: dict[tuple[str, str, str], Term | None] = {}
    for term in model.terms:
        if term.operator == "~" and term.right == "1":
            table[term.left, "~1", ""] = term
        elif term.operator == "~~" and (term.right, "~~", term.left) in table:
            raise InputError(f"the relation '{term}' is written twice", where="model")
        else:
            table[term.left, term.operator, term.right] = term
    for default in _defaults(model, items, factors, means, thresholds):
        if default[1] != "~~" or (default[2], "~~", default[0]) not in table:
            table.setdefault(default, None)
    rows = [
        _row(key, term, g, groups, model, items, thresholds, std_lv, equal, orthogonal, theta_form)
        for g in range(groups)
        for key, term in table.items()
    ]
    return FactorModel(items, factors, _numbered(rows, items, equal, partial), groups, means)


def check_names(model: MeasurementModel, columns: Sequence[str]) -> list[str]:
    """The items of the model, all of which must be columns; names that are not are named with their line."""
    factors = model.factors
    known = [*columns, *factors]
    for term in model.terms:
        names = [term.left, *([] if term.operator == "~" and term.right == "1" else [term.right])]
        for name in names:
            if name in known:
                continue
            close = nearest(name, known)
            raise InputError(
                f"the model names '{name}', which is neither an item nor a factor",
                where="model" if term.line is None else f"model, line {term.line}",
                expected=f"a column of the data, e.g. {', '.join(map(str, list(columns)[:8]))}",
                action=f"Did you mean '{close}'?" if close else "Check the spelling.",
            )
        if term.operator == "~" and any(n not in factors for n in names):
            raise InputError(
                f"'{term}' regresses on, or explains, an item",
                where="model",
                expected="factors on both sides",
                action="Give the item a factor of its own, as in 'F =~ x', and use the factor.",
            )
        if term.left in columns and term.operator == "=~":
            raise InputError(
                f"'{term.left}' is a factor of the model and a column of the data",
                where="model",
                action="Rename the factor.",
            )
    in_model = set(model.items)
    for term in model.terms:
        for name in (term.left, term.right):
            if name in columns and name not in in_model:
                raise InputError(
                    f"'{name}' belongs to no factor",
                    where="model",
                    found=str(term),
                    action="Add it to a factor with =~.",
                )
    return model.items


def _defaults(model, items, factors, means, thresholds):
    indicators = {i for block in model.blocks.values() for i in block}
    explained = {t.left for t in model.terms if t.operator == "~" and t.right != "1"}
    explaining = {t.right for t in model.terms if t.operator == "~"}
    outer = [f for f in factors if f not in indicators and f not in explained]
    last = [f for f in factors if f in explained and f not in indicators and f not in explaining]
    yield from ((item, "|", f"t{k + 1}") for item in items for k in range(thresholds.get(item, 0)))
    yield from ((name, "~~", name) for name in [*items, *factors])
    for group in (outer, last):
        yield from ((a, "~~", b) for a, b in combinations(group, 2))
    yield from ((item, "~*~", item) for item in items if item in thresholds)
    if means or thresholds:
        yield from ((name, "~1", "") for name in [*items, *factors])


def _row(key, term, group, groups, model, items, thresholds, std_lv, equal, orthogonal, theta_form) -> Parameter:
    """One row with its default, then what the model's text says about it. free: 0 free, -1 fixed."""
    left, operator, right = key
    free, value = 0, np.nan
    later = group > 0
    # equal thresholds leave room for another scale of the latent response, if there are two or more
    rescaled = later and "thresholds" in equal and thresholds.get(left, 0) > 1
    if operator == "=~" and model.blocks[left][0] == right and not std_lv:
        free, value = -1, 1.0
    elif operator == "~~" and left == right:
        alone = [block for block in model.blocks.values() if left in block] == [[left]]
        if left in model.factors:
            if std_lv and not (later and "loadings" in equal and "factor_variances" not in equal):
                free, value = -1, 1.0
        elif alone and term is None:
            free, value = -1, 0.0
        elif left in thresholds and not (theta_form and rescaled):
            free, value = -1, 1.0
    elif operator == "~~" and orthogonal and term is None and {left, right} <= set(model.factors):
        free, value = -1, 0.0
    elif operator == "~1" and left in model.factors:
        if not (later and "intercepts" in equal and "factor_means" not in equal):
            free, value = -1, 0.0
    elif operator == "~1" and left in thresholds:
        if not (later and "thresholds" in equal):
            free, value = -1, 0.0
    elif operator == "~*~" and (theta_form or not rescaled):
        free, value = -1, 1.0
    label = None
    if term is not None:
        fixed, label = term.in_group(group, groups)
        if fixed is not None:
            free, value = (0, np.nan) if np.isnan(fixed) else (-1, fixed)
        if free == 0 and term.start is not None:
            value = term.start
    return Parameter(group, left, operator, right, free, value, label, term is not None)


def _numbered(rows: list[Parameter], items, equal, partial) -> list[Parameter]:
    """Give each free row its index; rows with one label, or held equal over groups, share it."""
    unknown = [e for e in equal if e not in EQUALITIES]
    if unknown:
        raise InputError(
            f"'{unknown[0]}' cannot be held equal over groups",
            where="equal",
            expected=", ".join(EQUALITIES),
            action=_did_you_mean(unknown[0]),
        )
    tests, held = [EQUALITIES[e] for e in equal], set(items)
    written = {str(row).replace(" ", "") for row in rows}
    for exception in partial:
        if exception.replace(" ", "") not in written:
            raise InputError(
                f"'{exception}' is no parameter of the model",
                where="partial",
                expected="terms as in the model, e.g. 'trust =~ t2' or 't2 ~ 1'",
            )
    partial = {p.replace(" ", "") for p in partial}
    first: dict[object, Parameter] = {}
    out, count = [], 0
    for row in rows:
        name = (row.left, row.operator, row.right)
        constrained = any(test(row, held) for test in tests) and str(row).replace(" ", "") not in partial
        key = ("label", row.label) if row.label else ("equal", name) if constrained else ("own", name, row.group)
        if key in first:
            row = replace(row, free=first[key].free, value=first[key].value)
        elif row.free == 0:
            row = replace(row, free=count)
            count += 1
        first.setdefault(key, row)
        out.append(row)
    return out


def _did_you_mean(word: str) -> str | None:
    close = nearest(word, EQUALITIES)
    return f"Did you mean '{close}'?" if close else None
