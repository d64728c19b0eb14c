"""Weighting as a study declares it: every agency and wave to its own targets, with the record of how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import sparse

from csi_lib.errors import InputError
from csi_lib.study.weighting import WeightingPlan, margins_for, target_table
from csi_lib.survey.calibration import Calibration
from csi_lib.survey.drawing import design_columns
from csi_lib.survey.nonresponse import adjust_nonresponse
from csi_lib.survey.weighting import Weighting, calibrate, post_stratify, rake

#: the column of a survey that holds the weights made here
WEIGHT = "design_weight"


@dataclass(frozen=True, eq=False)
class AppliedWeighting:
    """What was done to one agency's answers in one wave.

    Attributes
    ----------
    method : as declared. start : weights before. weights : final weights.
    nonresponse, population : `Weighting` of the two steps, None where it was not asked for.
    """

    method: str
    start: np.ndarray
    weights: np.ndarray
    nonresponse: Weighting | None
    population: Weighting | None


@dataclass(frozen=True, eq=False)
class Blocks:
    """Calibrations of parts of a sample, each on its own rows: `start`, `residual` and `refit` as `Calibration` has them."""

    parts: tuple[tuple[np.ndarray, Calibration], ...]
    start: np.ndarray

    def residual(self, z):
        """Linearised values (n × K, dense or sparse) less what the margins explain, part by part; as dense or sparse as z."""
        if not sparse.issparse(z):
            out = np.array(z, dtype=float)
            for rows, calibration in self.parts:
                out[rows] = calibration.residual(out[rows])
            return out
        z = sparse.csr_matrix(z)
        taken = np.zeros(z.shape[0], bool)
        pieces = []
        for rows, calibration in self.parts:
            taken[rows] = True
            part = z[rows]
            live = np.unique(part.indices)
            dense = calibration.residual(part[:, live].toarray())
            i, j = np.nonzero(dense)
            pieces.append((rows[i], live[j], dense[i, j]))
        rest = z[np.flatnonzero(~taken)].tocoo()
        pieces.append((np.flatnonzero(~taken)[rest.row], rest.col, rest.data))
        row, column, value = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        return sparse.csc_matrix((value, (row, column)), shape=z.shape)

    def projection(self, z):
        """As `Calibration.projection` where one calibration covers all rows; None where there are several."""
        rows, calibration = self.parts[0]
        whole = len(self.parts) == 1 and np.array_equal(rows, np.arange(len(self.start)))
        return calibration.projection(z) if whole else None

    def refit(self, weights: np.ndarray) -> np.ndarray:
        """Other (replicate) weights calibrated in the same way."""
        out = np.array(weights, dtype=float)
        for rows, calibration in self.parts:
            out[rows] = calibration.refit(out[rows])
        return out


def designed(study, source: str, frame: pd.DataFrame, years: list[int]):
    """Rows read, ready for `Survey`: the frame with design columns, their names, and the weightings applied."""
    columns = design_columns(study, source, frame, years)
    if study.sources[source].weighting is None:
        return frame, MappingProxyType(columns), MappingProxyType({})
    frame, applied = weighted_to_population(study, source, frame, columns["weights"])
    return frame, MappingProxyType({**columns, "weights": WEIGHT}), MappingProxyType(applied)


def weighted_to_population(study, source: str, frame: pd.DataFrame, start: str | None):
    """The frame with the column of final weights, and {(agency, year): AppliedWeighting}.

    Raises InputError, with agency and wave, where the targets do not fit the sample or no weights meet them.
    """
    plan: WeightingPlan = study.sources[source].weighting
    tables = {
        "targets": None if plan.targets is None else target_table(plan.targets, study.path),
        "nonresponse": None if plan.nonresponse is None else target_table(plan.nonresponse.sampled, study.path),
    }
    before = np.ones(len(frame)) if start is None else frame[start].to_numpy(float)
    final, applied = np.empty(len(frame)), {}
    for (agency, year), rows in frame.groupby(["agency", "year"], sort=False, observed=True).indices.items():
        try:
            one = _one(plan, tables, frame.iloc[rows], before[rows], agency, year, study.agency(agency).population)
        except InputError as error:
            place = f"study {study.id!r}, sources > {source} > weighting, {agency} in {year}"
            raise InputError(error.problem, where=f"{place}: {error.where}" if error.where else place, found=error.found,
                             expected=error.expected, action=error.action) from None  # fmt: skip
        applied[str(agency), int(year)] = one
        final[rows] = one.weights
    return frame.assign(**{WEIGHT: final}), applied


def calibrations(applied: Mapping, frame: pd.DataFrame) -> Blocks | None:
    """What the design of these rows must know of their weighting; None where no population margins were met."""
    places = frame.groupby(["agency", "year"], sort=False, observed=True).indices
    parts = tuple((places[key], one.population.calibration) for key, one in applied.items() if one.population)
    if not parts:
        return None
    start = frame[WEIGHT].to_numpy(float, copy=True)
    for rows, calibration in parts:
        start[rows] = calibration.start
    return Blocks(parts, start)


def _one(plan, tables, frame, start, agency, year, size) -> AppliedWeighting:
    if not (start > 0).all():
        raise InputError("weights to start from must be above 0", found=f"{int((start <= 0).sum())} rows at 0",
                         action="Drop the rows that stand for nobody, or correct their weights.")  # fmt: skip
    weights, nonresponse, population = start, None, None
    if plan.nonresponse is not None:
        counts = _margins(tables["nonresponse"], agency, year, "nonresponse")
        classes, sampled = next(iter(counts.items()))
        classes = list(classes) if isinstance(classes, tuple) else [classes]
        nonresponse = adjust_nonresponse(
            frame, classes, sampled=sampled, weights=weights, minimum=plan.nonresponse.minimum
        )
        weights = nonresponse.weights
    if plan.targets is not None:
        margins = _margins(tables["targets"], agency, year, "targets")
        population = _to_margins(plan, frame, margins, weights, size, None)
        if plan.trim is not None:
            mean = population.weights.mean()
            limits = (plan.trim[0] * mean, plan.trim[1] * mean)
            population = _to_margins(plan, frame, margins, weights, size, limits)
        weights = population.weights
    return AppliedWeighting(plan.method, start, weights, nonresponse, population)


def _margins(table, agency, year, part: str):
    margins = margins_for(table, agency, year)
    if not margins:
        raise InputError("no targets are given for this agency and wave", where=part, found=table.attrs["path"],
                         action="Add them, or leave agency and year empty in targets that hold for all.")  # fmt: skip
    return margins


def _to_margins(plan: WeightingPlan, frame, margins, weights, size, trim) -> Weighting:
    options = {"weights": weights, "trim": trim}
    if plan.method == "post-stratification":
        if len(margins) != 1:
            raise InputError("post-stratification takes one margin", where="targets", found=f"{len(margins)} margins",
                             action="Join the columns into one (sex:age), or use method: raking.")  # fmt: skip
        (columns, totals), = margins.items()  # fmt: skip
        columns = list(columns) if isinstance(columns, tuple) else [columns]
        return post_stratify(frame, columns, totals, total=size if _shares(margins) else None, **options)
    if plan.method == "raking":
        numeric = [name for name, totals in margins.items() if not isinstance(totals, dict)]
        if numeric:
            raise InputError("raking takes categories only", where="targets", found=", ".join(map(str, numeric)),
                             action="Use method: linear or logit for totals of numeric columns.")  # fmt: skip
        return rake(frame, margins, population=size if _shares(margins) else None, bounds=plan.bounds,
                    tolerance=plan.tolerance, max_iterations=plan.max_iterations, **options)  # fmt: skip
    return calibrate(frame, margins, population=size if _shares(margins) else None, method=plan.method,
                     bounds=plan.bounds or (-np.inf, np.inf), tolerance=plan.tolerance,
                     max_iterations=min(plan.max_iterations, 200), **options)  # fmt: skip


def _shares(margins) -> bool:
    """All margins are shares, so that the population must come from elsewhere (the agency's, else the weights' sum)."""
    return all(isinstance(m, dict) and abs(sum(m.values()) - 1) <= 1e-6 for m in margins.values())
