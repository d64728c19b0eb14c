"""Gathering numbers, group by group, into `Estimates`.

Whoever computes something adds blocks: one measure in all groups of one variable, with each respondent's
influence on his own group. Variance, design effect, degrees of freedom and intervals follow here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from csi_lib.survey.estimates import (
    Estimates,
    Influence,
    _variance,
    influence_of,
    results_frame,
    t_interval,
)


@dataclass(frozen=True, eq=False)
class Grouping:
    """One banner variable (or the total): each respondent's group code, −1 for none, and the group values."""

    by: tuple[str, ...]
    codes: np.ndarray
    groups: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.groups)

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
    _frames: list[dict] = field(default_factory=list)
    _z: list[tuple] = field(default_factory=list)
    _base: list[tuple] = field(default_factory=list)
    _other: list[tuple] = field(default_factory=list)
    _count: int = 0

    def add(self, grouping: Grouping, value, own, base, *, extra: Mapping | None = None, **keys) -> None:
        """One measure in every group of `grouping`.

        value : (G,); own : (n,) influence on the respondent's own group, weight included;
        base : (n,) who was counted; extra : ``{"z": n × E, "loading": G × E, "survey": other or None}``, a part of the
        influence that does not stay in the group (estimated weights; `survey` when they come from another one).
        """
        groups = len(grouping)
        seat = grouping.codes
        live = np.flatnonzero((own != 0) & (seat >= 0))
        self._z.append((live, seat[live] + self._count, own[live]))
        counted = np.flatnonzero(base & (seat >= 0))
        self._base.append((counted, seat[counted] + self._count))
        if extra is not None and np.any(extra["loading"]):
            self._other.append((self._count, extra))
        block = {"estimate": np.asarray(value, float), **{k: [v] * groups for k, v in keys.items()}}
        for i, name in enumerate(grouping.by, start=1):
            block[f"by{i}"] = [name] * groups
            block[f"group{i}"] = [g[i - 1] for g in grouping.groups]
        self._frames.append((groups, block))
        self._count += groups

    def build(self, **constant) -> Estimates:
        """All blocks as `Estimates`; `constant` fills columns such as study, agency and year."""
        design = self.survey.design
        n, k, w = len(design.weights), self._count, np.asarray(design.weights, float)
        if not k:
            return Estimates(results_frame())
        z = _coordinates(self._z, n, k)
        others: dict[tuple, tuple] = {}
        for start, extra in self._other:
            part = sparse.csc_matrix(extra["z"] @ extra["loading"].T)
            wide = sparse.hstack([sparse.csc_matrix((part.shape[0], start)), part,
                                  sparse.csc_matrix((part.shape[0], k - start - part.shape[1]))], format="csc")  # fmt: skip
            if extra.get("survey") is None:
                z = z + wide
            else:
                other = extra["survey"]
                _, before = others.get(sample_of(other), (other, 0))
                others[sample_of(other)] = (other, before + wide)
        base = _coordinates([(i, c, np.ones(len(i))) for i, c in self._base], n, k)
        pieces: list[Influence] = influence_of(
            design, z, np.arange(k), sample=sample_of(self.survey), labels=self.labels
        )
        for name, (other, part) in others.items():
            pieces += influence_of(other.design, part, np.arange(k), sample=name)
        variance = sum(_variance(p) for p in pieces)
        count = np.asarray(base.sum(axis=0)).ravel()
        weighted = np.asarray(base.T @ w).ravel()
        spread = np.asarray(z.multiply(z).multiply(1 / np.where(w > 0, w, np.inf)[:, None]).sum(axis=0)).ravel()
        with np.errstate(divide="ignore", invalid="ignore"):
            deff = variance / (weighted * spread / (count - 1))
        df = _domain_df(design, base)
        frame = pd.DataFrame(_columns(self._frames))
        frame["n"], frame["n_weighted"] = count, weighted
        frame.loc[count == 0, "estimate"] = np.nan
        alone = (df <= 0) | (count < 2)
        frame["se"] = np.where(alone, np.nan, np.sqrt(np.maximum(variance, 0)))
        frame["df"] = np.where(alone, np.nan, df)
        frame["deff"] = np.where(alone | ~np.isfinite(deff), np.nan, deff)
        # a number known without sampling error has no design effect worth the name
        frame["n_effective"] = frame["n"] / frame["deff"].where(frame["deff"] > 1e-12)
        frame["ci_low"], frame["ci_high"] = _interval(frame)
        frame["flag"] = np.where(count == 0, "not_available", None)
        return Estimates(results_frame(frame, **constant), tuple(pieces))


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
    share = (frame["unit"] == "proportion").to_numpy(bool) if "unit" in frame else np.zeros(len(frame), bool)
    p = frame["estimate"].to_numpy(float)
    inside = share & (p > 0) & (p < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logit, scale = np.log(p / (1 - p)), frame["se"].to_numpy(float) / (p * (1 - p))
        a, b = t_interval(logit, scale, frame["df"])
        low = np.where(inside, 1 / (1 + np.exp(-a)), np.where(share, np.nan, low))
        high = np.where(inside, 1 / (1 + np.exp(-b)), np.where(share, np.nan, high))
        # nobody or everybody: the exact (Clopper–Pearson) bound on n
        edge = share & ((p == 0) | (p == 1)) & (frame["n"].to_numpy(float) > 0)
        bound = 0.025 ** (1 / np.where(edge, frame["n"].to_numpy(float), 1.0))
        low = np.where(edge, np.where(p == 0, 0.0, bound), low)
        high = np.where(edge, np.where(p == 0, 1 - bound, 1.0), high)
    return low, high


def _coordinates(blocks, n: int, k: int) -> sparse.csc_matrix:
    rows = np.concatenate([b[0] for b in blocks])
    columns = np.concatenate([b[1] for b in blocks])
    return sparse.csc_matrix((np.concatenate([b[2] for b in blocks]), (rows, columns)), shape=(n, k))


def _domain_df(design, base: sparse.csc_matrix) -> np.ndarray:
    """Primary units in the domain less strata in the domain (R: degf(subset(design, …)))."""

    def present(codes):
        codes = np.asarray(codes)
        to_group = sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))))
        return (to_group @ base).astype(bool).sum(axis=0)

    return np.asarray(present(design.psu_codes) - present(design.strata_codes), float).ravel()


def _columns(blocks) -> dict[str, list]:
    names = list(dict.fromkeys(name for _, block in blocks for name in block))
    return {name: [v for size, block in blocks for v in block.get(name, [None] * size)] for name in names}
