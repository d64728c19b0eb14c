"""Gathering numbers, group by group, into `Estimates`.

Whoever computes something adds blocks: one measure in all groups of one variable, with each respondent's
influence on his own group. Variance, design effect, degrees of freedom and intervals follow here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from csi_lib.errors import InputError
from csi_lib.study.reading import confidence
from csi_lib.survey.estimates import Estimates, t_interval
from csi_lib.survey.influence import Influence, influence_of, squared
from csi_lib.survey.results import results_frame

#: flag of a number that rests on one and the same answer from everybody
NO_VARIATION = "no_variation"


@dataclass(frozen=True, eq=False)
class Grouping:
    """One banner variable (or the total): each respondent's group code, −1 for none, and the group values."""

    by: tuple[str, ...]
    codes: np.ndarray
    groups: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.groups)

    @cached_property
    def members(self) -> tuple[np.ndarray, np.ndarray]:
        """Respondents sorted by group, those of none left out, and the size of each group."""
        order = np.argsort(self.codes, kind="stable")
        sizes = np.bincount(self.codes[self.codes >= 0], minlength=len(self))
        return order[len(order) - sizes.sum() :], sizes

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Groups × respondents, 1 where a respondent is of the group."""
        order, sizes = self.members
        ends = np.concatenate([[0], np.cumsum(sizes)])
        return sparse.csr_matrix((np.ones(len(order)), order, ends), shape=(len(self), len(self.codes)))

    @classmethod
    def total(cls, n: int) -> Grouping:
        return cls((), np.zeros(n, dtype=int), ((),))

    @classmethod
    def of(cls, frame: pd.DataFrame, by: str | tuple[str, ...]) -> Grouping:
        """Groups in the column's category order; a pair of columns gives every combination that occurs."""
        names = (by,) if isinstance(by, str) else tuple(by)
        factors = [
            frame[n] if isinstance(frame[n].dtype, pd.CategoricalDtype) else frame[n].astype("category") for n in names
        ]
        codes, levels = np.zeros(len(frame), dtype=int), [()]
        for factor in factors:
            part = factor.cat.codes.to_numpy().astype(int)
            categories = [str(c) for c in factor.cat.categories]
            codes = np.where((codes < 0) | (part < 0), -1, codes * len(categories) + part)
            levels = [(*level, c) for level in levels for c in categories]
        present = np.unique(codes[codes >= 0])
        lookup = np.full(len(levels), -1)
        lookup[present] = np.arange(len(present))
        return cls(names, np.where(codes >= 0, lookup[codes], -1), tuple(levels[i] for i in present))


def sample_of(survey) -> tuple:
    """What names the sample of a survey: estimates of the same name rest on the same people."""
    return (survey.source, survey.agency, survey.year)


@dataclass
class Assembly:
    """Blocks of estimates on one sample, in order."""

    survey: object  # anything with design, source, agency, year
    labels: np.ndarray | None = None
    _frames: list[tuple] = field(default_factory=list)
    _z: list[sparse.csc_matrix] = field(default_factory=list)
    _bases: list[tuple] = field(default_factory=list)
    _common: list[tuple] = field(default_factory=list)
    _count: int = 0

    def add(self, grouping: Grouping, value, own, base, *, extra: Mapping | None = None, **keys) -> None:
        """One measure in every group of `grouping`.

        value : (G,); own : (n,) influence on the respondent's own group, weight included;
        base : (n,) who was counted; extra : ``{"z": n × E, "loading": G × E, "survey": other or None}``, a part of the
        influence that does not stay in the group (estimated weights; `survey` when they come from another one).
        """
        extra = None if extra is None else {**extra, "loading": np.asarray(extra["loading"])[:, None, :]}
        one = lambda v: [v] if np.ndim(v) == 0 else v
        self.add_many(grouping, np.reshape(value, (-1, 1)), np.reshape(own, (-1, 1)), np.reshape(base, (-1, 1)),
                      extra=extra, **{k: one(v) for k, v in keys.items()})  # fmt: skip

    def add_many(self, grouping: Grouping, value, own, base, *, extra: Mapping | None = None, **keys) -> None:
        """Several measures at once: value G × k, own and base n × k, loading G × k × E; a key is one for all or a list of k."""
        groups, k = len(grouping), np.shape(value)[1]
        self._z.append(_by_group(own, grouping))
        self._bases.append(_bases(self.survey.design, np.asarray(base, bool), grouping))
        if extra is not None and np.any(extra["z"]) and np.any(extra["loading"]):
            loading = np.asarray(extra["loading"], float).transpose(2, 1, 0).reshape(-1, k * groups)
            live = np.flatnonzero(np.any(extra["z"], axis=0) & np.any(loading, axis=1))
            if len(live):
                self._common.append((extra.get("survey"), id(extra["z"]), extra["z"], live, loading[live], self._count))
        block = {"estimate": np.asarray(value, float).T.ravel()}
        for name, v in keys.items():
            v = np.array([v] * k if isinstance(v, (str, type(None))) or np.ndim(v) == 0 else list(v), dtype=object)
            block[name] = np.repeat(v, groups)
        for i, name in enumerate(grouping.by, start=1):
            block[f"by{i}"] = np.full(groups * k, name, dtype=object)
            block[f"group{i}"] = np.tile(np.array([g[i - 1] for g in grouping.groups], dtype=object), k)
        self._frames.append((groups * k, block))
        self._count += groups * k

    def build(self, **constant) -> Estimates:
        """All blocks as `Estimates`; `constant` fills columns such as study, agency and year."""
        design = self.survey.design
        n, k, w = len(design.weights), self._count, np.asarray(design.weights, float)
        if not k:
            return Estimates(results_frame())
        z = sparse.hstack(self._z, format="csc") if len(self._z) > 1 else self._z[0]
        count, weighted, df = (np.concatenate([b[i] for b in self._bases]).astype(float) for i in range(3))
        pieces = self._pieces(design, z, n, k)
        variance = Estimates(pd.DataFrame(index=range(k)), tuple(pieces)).variances()
        spread = self._spread(z, w)
        with np.errstate(divide="ignore", invalid="ignore"):
            deff = variance / (weighted * spread / (count - 1))
        columns = _columns(self._frames)
        alone = (df <= 0) | (count < 2)
        columns["n"], columns["n_weighted"] = count, weighted
        columns["estimate"] = np.where(count == 0, np.nan, columns["estimate"])
        columns["se"] = np.where(alone, np.nan, np.sqrt(variance))
        columns["df"] = np.where(alone, np.nan, df)
        columns["deff"] = np.where(alone | ~np.isfinite(deff), np.nan, deff)
        with np.errstate(divide="ignore", invalid="ignore"):
            columns["n_effective"] = np.where(columns["deff"] > 1e-12, count / columns["deff"], np.nan)
        columns["ci_low"], columns["ci_high"] = _interval(columns)
        # not the standard error: where everybody answered it is zero whatever they said
        same = (spread <= 1e-20 * np.maximum(np.abs(np.nan_to_num(columns["estimate"])), 1.0)) & (count > 0)
        columns["flag"] = np.where(count == 0, "not_available", np.where(same, NO_VARIATION, None))
        return Estimates(results_frame(pd.DataFrame(columns), **constant), tuple(pieces))

    def _pieces(self, design, z, n: int, k: int) -> list[Influence]:
        """Influence on this sample, and on the samples that weights were estimated on."""
        by_survey: dict[int, list] = {}
        for part in self._common:
            by_survey.setdefault(id(part[0]), []).append(part)
        own = by_survey.pop(id(None), [])
        common, loading = _shared(own, k)
        pieces = influence_of(
            design, z, np.arange(k), sample=sample_of(self.survey), labels=self.labels, common=common, loading=loading
        )
        for parts in by_survey.values():
            other = parts[0][0]
            common, loading = _shared(parts, k)
            empty = sparse.csc_matrix((common.shape[0], k))
            labels = None if self.labels is None else unit_labels(other)
            pieces += influence_of(other.design, empty, np.arange(k), sample=sample_of(other), labels=labels, common=common,
                                   loading=loading)  # fmt: skip
        return pieces

    def _spread(self, z, w) -> np.ndarray:
        """Σ z²/w of every column: what the variance would be under simple random sampling, but for constants."""
        inverse = 1 / np.where(w > 0, w, np.inf)
        out = squared(z).T @ inverse
        common, loading = _shared([p for p in self._common if p[0] is None], self._count)
        if common is not None:
            weighted = common * inverse[:, None]
            out = out + 2 * np.einsum("ke,ek->k", z.T @ weighted, loading)
            out = out + np.einsum("ek,ek->k", (common.T @ weighted) @ loading, loading)
        return np.asarray(out).ravel()


def _shared(parts, k: int):
    """The blocks' common influence side by side: respondents × E and E × k; (None, None) without any."""
    if not parts:
        return None, None
    columns: dict[tuple, int] = {}
    vectors = []
    for _, name, z, live, _, _ in parts:
        for e in live:
            if (name, e) not in columns:
                columns[name, e] = len(columns)
                vectors.append(z[:, e])
    loading = np.zeros((len(columns), k))
    for _, name, _, live, block, start in parts:
        loading[[columns[name, e] for e in live], start : start + block.shape[1]] = block
    return np.column_stack(vectors), loading


def unit_labels(survey) -> np.ndarray:
    """A number for every respondent that is the same wherever he is read: his place among those of his agency and wave.

    An agency's own survey and the survey of all agencies are read from the same files in the same order.
    """
    frame = survey.frame
    keys = [c for c in ("agency", "year") if c in frame]
    if not keys:
        raise InputError("surveys can be linked only by the columns agency and year", where="survey.frame")
    place = frame.groupby(keys, sort=False, observed=True).cumcount().to_numpy()
    name = frame[keys[0]].astype(str).str.cat([frame[c].astype(str) for c in keys[1:]], sep="/")
    return pd.util.hash_array((name + "/" + pd.Series(place.astype(str), index=frame.index)).to_numpy(dtype=object))


def domain_means(values, w, grouping: Grouping, base) -> tuple[np.ndarray, np.ndarray]:
    """`domain_mean` of many columns at once: values and base n × k → means G × k and influence n × k."""
    seat = grouping.codes
    keep = np.asarray(base, bool) & (seat >= 0)[:, None]
    x, weight = np.asarray(values, float), np.broadcast_to(w[:, None], keep.shape)
    if not keep.all():
        x, weight = np.where(keep, x, 0.0), keep * weight
    member = grouping.matrix
    total = member @ weight
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (member @ (weight * x)) / total
    place = np.maximum(seat, 0)
    own = x - np.nan_to_num(mean)[place]
    own *= weight
    own /= np.where(total > 0, total, 1.0)[place]
    return mean, own


def domain_mean(values, w, codes, groups: int, base) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of `values` over `base` in each group, and each respondent's influence on his own group's.

    mean_g = Σ w·x / Σ w; influence w·(x − mean_g)/Σ w (zero outside `base`). A group without base gives NaN.
    """
    keep = base & (codes >= 0)
    g, x, wk = codes[keep], np.asarray(values, float)[keep], w[keep]
    total = np.bincount(g, wk, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(g, wk * x, groups) / total
    own = np.zeros(len(w))
    own[keep] = wk * (x - mean[g]) / total[g]
    return mean, own


def _interval(frame: pd.DataFrame):
    """t intervals; for proportions on the logit scale, so that they stay inside 0–1 (R: svyciprop(method="logit"))."""
    low, high = t_interval(frame["estimate"], frame["se"], frame["df"])
    p, n = np.asarray(frame["estimate"], float), np.asarray(frame["n"], float)
    share = np.asarray(frame["unit"]) == "proportion" if "unit" in frame else np.zeros(len(p), bool)
    inside = share & (p > 0) & (p < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(inside, p, 0.5)
        logit, scale = np.log(q / (1 - q)), np.where(inside, frame["se"], 0.0) / (q * (1 - q))
        a, b = t_interval(logit, scale, frame["df"])
        low = np.where(inside, 1 / (1 + np.exp(-a)), np.where(share, np.nan, low))
        high = np.where(inside, 1 / (1 + np.exp(-b)), np.where(share, np.nan, high))
        # nobody or everybody: the exact (Clopper–Pearson) bound on n
        edge = share & ((p == 0) | (p == 1)) & (n > 0)
        bound = ((1 - confidence()) / 2) ** (1 / np.where(edge, n, 1.0))
        low = np.where(edge, np.where(p == 0, 0.0, bound), low)
        high = np.where(edge, np.where(p == 0, 1 - bound, 1.0), high)
    return low, high


def _by_group(matrix, grouping: Grouping) -> sparse.csc_matrix:
    """n × k values as n × k·G: each respondent's value in the column of his own group."""
    k, (order, sizes) = matrix.shape[1], grouping.members
    values = np.ascontiguousarray(matrix.T, dtype=float)[:, order].ravel()
    ends = np.concatenate([[0], np.cumsum(np.tile(sizes, k))])
    index = np.tile(order.astype(np.int32), k)
    out = sparse.csc_matrix((values, index, ends), shape=(len(grouping.codes), k * len(grouping)))
    if not values.all():
        out.eliminate_zeros()
    return out


def _bases(design, base: np.ndarray, grouping: Grouping) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every measure (k) in every group: who was counted, their weights' sum, and the degrees of freedom.

    df = primary units in the domain less strata in the domain (R: degf(subset(design, …))). Each is k·G, groups within
    measures.
    """
    member, flat = grouping.matrix, lambda matrix: np.asarray(matrix, float).T.ravel()
    counts = member @ base.astype(float)
    weighted = (member.multiply(np.asarray(design.weights, float)[None, :]).tocsr()) @ base.astype(float)

    def present(codes):
        """How many of these (units or strata) each domain touches."""
        pairs, place = np.unique(grouping.codes * (codes.max() + 1) + codes, return_inverse=True)
        inside = grouping.codes >= 0
        pick = sparse.csr_matrix(
            (np.ones(inside.sum()), (place[inside], np.flatnonzero(inside))), shape=(len(pairs), len(codes))
        )
        touched = (pick @ base.astype(float)) > 0
        of_group = np.maximum(pairs // (codes.max() + 1), 0)
        out = np.zeros((len(grouping), base.shape[1]))
        np.add.at(out, of_group, touched)
        return out

    units = counts if design.stages[0].each_row else present(np.asarray(design.psu_codes))
    strata = np.asarray(design.strata_codes)
    return flat(counts), flat(weighted), flat(units - (present(strata) if strata.max() > strata.min() else units > 0))


def _columns(blocks) -> dict[str, np.ndarray]:
    """The blocks' columns under each other; None where a block lacks one."""
    names = list(dict.fromkeys(name for _, block in blocks for name in block))
    absent = lambda size: np.full(size, None, dtype=object)
    return {
        name: np.concatenate([block[name] if name in block else absent(size) for size, block in blocks])
        for name in names
    }
