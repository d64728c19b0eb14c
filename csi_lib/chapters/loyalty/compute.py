"""Complaints, loyalty and trust: how many complain, what handling does to them, and how it all hangs together.

Everything is estimated under the survey's design; rates have Wilson's interval on the effective number of cases, which
stays within 0–1 and is informative when nobody complained.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.special import ndtri

from csi_lib.errors import InputError, nearest
from csi_lib.evaluation.clustered import wilson
from csi_lib.models.scoring import hide_family
from csi_lib.study.base import Code, Label, Part, Several, written
from csi_lib.study.reading import confidence, reading
from csi_lib.study.references import SourceName
from csi_lib.survey.assembly import Assembly, Grouping, domain_means
from csi_lib.survey.description import groupings
from csi_lib.survey.disclosure import Rules, decide
from csi_lib.survey.estimates import Estimates


class Stage(Part):
    """One step of the chain from discontent to its handling: a yes/no column, asked of those who said yes before."""

    label: Label
    column: str
    yes: Several[Code] = (1,)


class LoyaltyFile(Part):
    """``loyalty.yml``: which questions ask for complaints, for their handling, and for what one wants from it all.

    ``chain`` are the stages in order, the first asked of everybody (felt a reason to complain, complained, was answered);
    ``handling`` the item on satisfaction with the handling, ``handled`` the score (0–100) from which a complaint counts as
    well handled [D]; ``outcomes`` are satisfaction, trust and the intentions, in the order in which they are shown;
    ``recommend`` the 0–10 item of the net promoter score.
    """

    source: SourceName = "customers"
    chain: tuple[Stage, ...] = Field(min_length=1)
    handling: str | None = None
    handled: float = Field(default=60, ge=0, le=100)
    outcomes: Several[str] = Field(min_length=1)
    recommend: str | None = None

    def faults(self, study):
        """What `csi check` says: columns that the codebook has not, a net promoter item that is not asked from 0 to 10."""
        if self.source not in study.codebooks:
            return
        try:
            check_columns(self, study.codebook(self.source))
        except InputError as fault:
            yield fault


#: groups by what became of a complaint
OUTCOMES = ("none", "well", "badly")
PROMOTERS = ("promoter", "passive", "detractor")


def check_columns(file: LoyaltyFile, codebook) -> None:
    """InputError with the near spelling for a column the codebook has not, or an item that is none."""
    for where, name, item in [
        *((f"chain > {i} > column", s.column, False) for i, s in enumerate(file.chain)),
        *((f"outcomes > {i}", name, True) for i, name in enumerate(file.outcomes)),
        *((what, getattr(file, what), True) for what in ("handling", "recommend") if getattr(file, what)),
    ]:
        known = codebook.items if item else tuple(codebook.columns)
        if name not in known:
            near = nearest(name, known)
            raise InputError(
                "the codebook has no such item" if item else "the codebook has no such column",
                where=f"loyalty.yml: {where}",
                found=repr(name),
                action=f"Did you mean {near!r}?" if near else None,
            )
    if file.recommend and ((scale := codebook.scale(file.recommend)).low, scale.high) != (0, 10):
        raise InputError(
            "the net promoter score is defined on 0–10; on another scale 9 and 6 cut nothing",
            where="loyalty.yml: recommend",
            found=f"{file.recommend!r} on {scale.low:g}–{scale.high:g}",
            action="Leave recommend out; the item may stand among the outcomes",
        )


def stage_flags(survey, file: LoyaltyFile) -> tuple[np.ndarray, np.ndarray]:
    """Who was asked and who said yes at each stage (n × stages, both Boolean); a later stage is asked of earlier yes."""
    frame, n = survey.frame, len(survey.frame)
    asked, said = np.zeros((n, len(file.chain)), bool), np.zeros((n, len(file.chain)), bool)
    before = np.ones(n, bool)
    for k, stage in enumerate(file.chain):
        column = frame[stage.column]
        yes = {written(code) for code in stage.yes}
        valid = column.notna().to_numpy(bool)
        hit = np.array([v is not None and v == v and written(v) in yes for v in column.astype(object)], bool) & valid
        asked[:, k] = valid & before
        said[:, k] = hit & before
        before = said[:, k]
    return asked, said


def loyalty_estimates(study, survey, file: LoyaltyFile, by=(), *, surveys=None) -> Estimates:
    """Rates, the chain, outcomes by what became of a complaint, and promoters; disclosure decided.

    Rows
    ----
    * ``stage:<k>`` share of yes among those asked, in total and by each variable of `by`;
    * ``handled`` share of complaints well handled, of those who rated it;
    * every outcome's mean by ``complaint`` (yes, no) and by ``recovery`` (none, well, badly);
    * ``promoter``, ``passive``, ``detractor`` shares.
    """
    check_columns(file, survey.codebook)
    frame, n = survey.frame, len(survey.frame)
    w = np.asarray(survey.design.weights, float)
    asked, said = stage_flags(survey, file)
    build, groups = Assembly(survey), groupings(survey, by)
    share = {"statistic": "share", "unit": "proportion", "scale_low": 0.0, "scale_high": 1.0}
    live = (w > 0)[:, None]

    def add(grouping, values, base, **keys):
        build.add_many(grouping, *domain_means(values, w, grouping, base), base, **keys)

    for grouping in groups:
        add(grouping, said, asked & live, measure=[f"stage:{k}" for k in range(len(file.chain))], **share)
    last, ever = said[:, -1], said[:, 0]
    well = badly = np.zeros(n, bool)
    if file.handling:
        score = _points(survey, file.handling)
        rated = np.isfinite(score) & last
        well, badly = rated & (score >= file.handled), rated & (score < file.handled)
        add(groups[0], well[:, None], (rated & (w > 0))[:, None], measure=["handled"], **share)
    outcomes = [o for o in file.outcomes if o in frame]
    values = np.column_stack([_points(survey, o) for o in outcomes])
    base = np.isfinite(values) & live
    mean = {"statistic": "mean", "unit": "points", "scale_low": 0.0, "scale_high": 100.0}
    add(groups[0], values, base, measure=outcomes, **mean)
    splits = {
        "complaint": (np.where(asked[:, 0], np.where(ever, 0, 1), -1), ("yes", "no")),
        "recovery": (
            np.where(asked[:, 0] & ~ever, 0, np.where(well, 1, np.where(badly, 2, -1))),
            OUTCOMES,
        ),
    }
    extra = []
    for name, (codes, labels) in splits.items():
        there = [k for k in range(len(labels)) if (codes == k).any()]
        if len(there) < 2 or (name == "recovery" and not file.handling):
            continue
        seat = np.array([there.index(c) if c in there else -1 for c in codes])
        grouping = Grouping((name,), seat, tuple((labels[k],) for k in there))
        extra.append(grouping)
        add(grouping, values, base, measure=outcomes, **mean)
    if file.recommend and file.recommend in frame:
        x = frame[file.recommend].to_numpy(float)
        kinds = np.column_stack([x >= 9, (x > 6) & (x < 9), x <= 6])
        known = np.isfinite(x)[:, None] & live
        add(groups[0], kinds, np.repeat(known, 3, axis=1), measure=list(PROMOTERS), **share)
    keys = {"study": study.id, "agency": survey.agency, "year": survey.year, "source": survey.source}
    estimates = build.build(period=study.period_of(survey.year), **keys)
    _wilson(estimates.frame)
    _flag_small(estimates.frame, study)
    decided = decide(estimates, [*groups, *extra], Rules.of(study, survey.source))
    hide_family(study, survey, decided.frame, surveys)
    return decided


def _points(survey, item: str) -> np.ndarray:
    scale = survey.codebook.scale(item)
    return 100 * (survey.frame[item].to_numpy(float) - scale.low) / (scale.high - scale.low)


def _wilson(frame: pd.DataFrame) -> None:
    """Wilson's interval on the effective number of cases, in place; a rate of 0 or 1 is taken on n itself."""
    for i in np.flatnonzero((frame["statistic"] == "share") & (frame["n"] > 0)):
        n, effective = frame["n"].iloc[i], frame["n_effective"].iloc[i]
        size = min(n, effective) if np.isfinite(effective) and effective > 0 else n
        frame.loc[frame.index[i], ["ci_low", "ci_high"]] = wilson(frame["estimate"].iloc[i], size)


def _flag_small(frame: pd.DataFrame, study) -> None:
    small = frame["flag"].isna() & (frame["n"] > 0) & (frame["n"] < reading().small_base)
    frame.loc[small, "flag"] = "small_base"


def correlations(survey, file: LoyaltyFile, *, ci: float | None = None) -> pd.DataFrame:
    """Pearson, Spearman and partial correlation of every pair of complaint (0/1) and outcomes.

    Over respondents who answered all of them, weighted by the design weights; Spearman is Pearson on weighted mid-ranks; the
    partial correlation holds all other columns fixed. Intervals are Fisher's on the effective number (Σw)²/Σw², with 1.06
    for Spearman (Fieller, Hartley & Pearson 1957) and the number of columns held fixed for the partial one. Columns that do
    not vary are left out; fewer than two give an empty frame.

    Returns
    -------
    frame ``a b pearson pearson_low pearson_high spearman … partial … n``.

    R: ``weights::wtd.cor``, ``wCorr::weightedCorr``, ``ppcor::pcor`` (unweighted).
    """
    asked, said = stage_flags(survey, file)
    data = {"complaint": np.where(asked[:, 0], said[:, 0].astype(float), np.nan)}
    data |= {o: _points(survey, o) for o in file.outcomes if o in survey.frame}
    w = np.asarray(survey.design.weights, float)
    matrix = np.column_stack(list(data.values()))
    keep = np.isfinite(matrix).all(axis=1) & (w > 0)
    matrix, w = matrix[keep], w[keep]
    names = [n for n, column in zip(data, matrix.T, strict=True) if len(column) and np.ptp(column) > 0]
    columns = ["a", "b", *(f"{k}{e}" for k in ("pearson", "spearman", "partial") for e in ("", "_low", "_high")), "n"]
    if len(names) < 2 or len(w) < len(names) + 4:
        return pd.DataFrame(columns=columns)
    matrix = matrix[:, [list(data).index(n) for n in names]]
    pearson = _correlation(matrix, w)
    spearman = _correlation(np.column_stack([_midranks(c, w) for c in matrix.T]), w)
    partial = _partial(pearson)
    effective = w.sum() ** 2 / (w**2).sum()
    z = ndtri((1 + confidence(ci)) / 2)
    rows = []
    for i, j in combinations(range(len(names)), 2):
        row = {"a": names[i], "b": names[j], "n": int(keep.sum())}
        for kind, r, factor, fixed in (
            ("pearson", pearson[i, j], 1.0, 0),
            ("spearman", spearman[i, j], 1.06, 0),
            ("partial", partial[i, j], 1.0, len(names) - 2),
        ):
            half = z * np.sqrt(factor / (effective - 3 - fixed)) if effective - 3 - fixed > 0 else np.nan
            centre = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
            row |= {kind: r, f"{kind}_low": np.tanh(centre - half), f"{kind}_high": np.tanh(centre + half)}
        rows.append(row)
    return pd.DataFrame(rows)[columns]


def _correlation(matrix: np.ndarray, w: np.ndarray) -> np.ndarray:
    centred = matrix - (w @ matrix) / w.sum()
    covariance = (centred * w[:, None]).T @ centred
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def _midranks(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weighted mid-rank: the weight below a value and half of the weight at it."""
    values, place = np.unique(x, return_inverse=True)
    at = np.bincount(place, w, len(values))
    return (np.cumsum(at) - at / 2)[place]


def _partial(r: np.ndarray) -> np.ndarray:
    """Partial correlations from the inverse; undefined (NaN) where the columns determine each other."""
    if np.linalg.cond(r) > 1e12:
        return np.full_like(r, np.nan)
    inverse = np.linalg.inv(r)
    sd = np.sqrt(np.diag(inverse))
    return -inverse / np.outer(sd, sd)
