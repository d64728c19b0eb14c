"""Weighting a sample to its population: post-stratification, raking, calibration, trimming.

Each function takes a frame (with `weights=`) or a `SurveyDesign` and returns a `Weighting`: the weights, a
report for the methods chapter and, from a design, the calibrated design whose standard errors know what the
margins have taken out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.shown import Result
from csi_lib.survey.calibration import Calibrating, Calibration, Raking, indicators, trimmed
from csi_lib.survey.margins import read_margins
from csi_lib.survey.sample import Sample, listed


@dataclass(frozen=True, repr=False)
class WeightReport(Result):
    """Quality of a weighting.

    Attributes
    ----------
    margins : ``variable category target before after`` (totals) and ``share_target share_before
        share_after``.
    largest_gap : largest |after/target − 1|.
    kish_deff : n Σw²/(Σw)², the loss from unequal weights; n_effective = n/kish_deff.
    factor_min, factor_max : range of final over starting weight.
    """

    SUMMARY = (
        "method",
        "n",
        "converged",
        "largest_gap",
        "kish_deff",
        "n_effective",
        "weight_min",
        "weight_max",
        "trimmed",
    )
    TABLE = "margins"

    method: str
    n: int
    iterations: int
    converged: bool
    largest_gap: float
    weight_min: float
    weight_max: float
    weight_mean: float
    weight_sum: float
    sum_before: float
    factor_min: float
    factor_max: float
    kish_deff: float
    n_effective: float
    trimmed: int
    margins: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """``statistic value``, one row per number."""
        skip = ("margins", "method", "converged")
        values = {k: v for k, v in vars(self).items() if k not in skip}
        return pd.DataFrame({"statistic": list(values), "value": [float(v) for v in values.values()]})


@dataclass(frozen=True, repr=False)
class Weighting(Result):
    """Weights (n,), the weights started from, the report, and the calibrated design (None from a frame).

    `calibration` is what a design must remember, so that the margins' part leaves its standard errors (None for
    non-response classes, whose totals are themselves a sample's).
    """

    SUMMARY = ("method", "n", "kish_deff", "largest_gap")
    TABLE = "margins"

    weights: np.ndarray
    start: np.ndarray
    report: WeightReport
    design: object | None = field(default=None, repr=False)
    calibration: Calibration | None = field(default=None, repr=False)

    def _value(self, name: str):
        return getattr(self.report, name)

    @property
    def margins(self) -> pd.DataFrame:
        """The report's table of margins."""
        return self.report.margins


def rake(
    data,
    margins: Mapping,
    *,
    weights=None,
    population: float | None = None,
    bounds: tuple[float, float] | None = None,
    trim: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> Weighting:
    """Weights whose totals equal the population in every margin (iterative proportional fitting).

    Parameters
    ----------
    margins : {column, or tuple of columns for a cross: {category: total or share}}; all sum to one
        population.
    population : total to which shares refer; by default the sum of the starting weights.
    bounds : limits of final over starting weight; met within the raking.
    trim : limits of the final weights, applied afterwards (the margins then hold approximately: see the
        report).
    tolerance : largest relative gap left in a margin.

    Raises
    ------
    InputError : margins that do not add up, a category missing on one side, no convergence.

    R: ``rake(design, sample.margins, population.margins)``, then ``trimWeights(…, strict = TRUE)``.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> result = csi_lib.rake(answers, {"sex": {"f": 0.52, "m": 0.48}, "office": {"north": 0.5, "south": 0.5}}, weights="w")
    >>> result.report.margins[["variable", "category", "share_after"]].round(2)
      variable category  share_after
    0      sex        f         0.52
    1      sex        m         0.48
    2   office    north         0.50
    3   office    south         0.50
    """
    sample, start = starting(data, weights)
    read = read_margins(sample, margins, _total(population, margins, start))
    if bounds is None:
        solver = Raking(read, tolerance, max_iterations)
    else:
        solver = _calibrating(read, [], "raking", _bounds(bounds, "raking"), tolerance, min(max_iterations, 100))
    return _finish("raking", data, start, solver, read, [], trim)


def post_stratify(data, strata, population: Mapping, *, weights=None, total=None, trim=None) -> Weighting:
    """Weights whose totals equal the population in every post-stratum.

    Parameters
    ----------
    strata : column, or list of columns whose cross makes the post-strata.
    population : {category, or tuple of categories: total or share}.
    total : number to which shares refer; by default the sum of the starting weights.

    Notes
    -----
    R: ``postStratify(design, ~strata, population)``.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> round(float(csi_lib.post_stratify(answers, "sex", {"f": 520, "m": 480}).weights.sum()), 6)
    1000.0
    """
    sample, start = starting(data, weights)
    margins = {tuple(listed(strata)): population}
    read = read_margins(sample, margins, _total(total, margins, start))
    return _finish("post-stratification", data, start, Raking(read, 1e-10, 1), read, [], trim)


def calibrate(
    data,
    totals: Mapping,
    *,
    weights=None,
    population: float | None = None,
    method: str = "linear",
    bounds: tuple[float, float] = (-np.inf, np.inf),
    trim: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 100,
) -> Weighting:
    """Calibration to totals of categories and of numeric columns (generalised regression weights).

    Parameters
    ----------
    totals : {column: {category: total}} for categories, {column: total} for a numeric column.
    population : total to which shares refer; by default the sum of the starting weights.
    method : ``linear``, ``raking``, ``logit`` (needs finite bounds around 1).
    bounds : limits of final over starting weight.

    Notes
    -----
    R: ``calibrate(design, formula, population, calfun = method, bounds = bounds)``; the categories of a
    factor and the intercept are one set of totals here.

    Examples
    --------
    >>> import csi_lib
    >>> answers = csi_lib.example_answers()
    >>> result = csi_lib.calibrate(answers, {"sex": {"f": 520, "m": 480}}, method="raking")
    >>> round(float(result.weights[answers["sex"] == "f"].sum()), 6)
    520.0
    """
    if method not in ("linear", "raking", "logit"):
        raise InputError("unknown method", where="method", found=repr(method), expected="linear, raking, logit")
    sample, start = starting(data, weights)
    categories = {k: v for k, v in totals.items() if isinstance(v, (Mapping, pd.Series))}
    read = read_margins(sample, categories, _total(population, categories, start)) if categories else []
    numeric = [(name, _complete(sample, name), float(v)) for name, v in totals.items() if name not in categories]
    if not read and not numeric:
        raise InputError("no total is given", where="totals", action="Give {column: total}.")
    solver = _calibrating(read, numeric, method, _bounds(bounds, method), tolerance, max_iterations)
    return _finish(f"calibration, {method}", data, start, solver, read, numeric, trim)


def trim_weights(weights, lower: float, upper: float) -> np.ndarray:
    """Weights within [lower, upper] with the sum kept; the excess goes in equal parts to weights never cut.

    R: ``trimWeights(design, lower, upper, strict = TRUE)``.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.trim_weights([1, 1, 1, 5], 0.5, 3).round(3)
    array([1.667, 1.667, 1.667, 3.   ])
    """
    return trimmed(np.asarray(weights, dtype=float), lower, upper)


def starting(data, weights) -> tuple[Sample, np.ndarray]:
    """The sample and the weights to start from."""
    if isinstance(data, Sample):
        if weights is not None:
            raise InputError("a design has its own weights", where="weights", action="Leave weights= out.")
        if data.domain is not None:
            raise InputError(
                "a domain cannot be weighted apart from its design",
                where="data",
                action="Weight the whole design, then take the subset.",
            )
        return data, data.weights
    sample = Sample()
    sample._read(data)
    return sample, np.ones(sample.n) if weights is None else sample.positive_weights(weights)


def _total(population, margins, start) -> float | None:
    """The total that shares refer to: as declared; else that of the margins; else the starting sum."""
    if population is not None:
        return float(population)
    sums = [sum(m.values()) if isinstance(m, Mapping) else float(np.sum(m)) for m in margins.values()]
    return None if any(abs(s - 1) > 1e-6 for s in sums) else float(start.sum())


def _bounds(bounds, method) -> tuple[float, float]:
    low, high = map(float, bounds)
    if not low < 1 < high:
        raise InputError("the bounds of the factors must lie around 1", where="bounds", found=f"{low:g}, {high:g}")
    if method == "logit" and not np.isfinite([low, high]).all():
        raise InputError("logit calibration needs finite bounds", where="bounds", action="Give e.g. (0.3, 3).")
    return low, high


def _complete(sample: Sample, name: str) -> np.ndarray:
    values = sample.numeric(name)
    if np.isnan(values).any():
        raise InputError(
            "a calibration column has missing values",
            where=name,
            found=f"{int(np.isnan(values).sum())} rows",
            action="Fill them in; every respondent must carry a value.",
        )
    return values


def _calibrating(read, numeric, method, bounds, tolerance, max_iterations) -> Calibrating:
    blocks = [indicators(read)] if read else []
    if numeric:
        blocks.append(sparse.csr_matrix(np.column_stack([values for _, values, _ in numeric])))
    labels = [f"{m.name} = {label}" for m in read for label in m.labels] + [name for name, _, _ in numeric]
    totals = np.concatenate([m.target for m in read] + [[total] for _, _, total in numeric])
    x = sparse.hstack(blocks, format="csr")
    return Calibrating(x, totals, labels, method, bounds, tolerance, max_iterations)


def _finish(method, data, start, solver, read, numeric, trim) -> Weighting:
    solution = solver.solve(start)
    final = start * solution.factor
    cut = 0
    if trim is not None:
        cut = int(((final < trim[0]) | (final > trim[1])).sum())
        final = trimmed(final, *trim)
    if (final <= 0).any():
        warnings.warn(
            f"{int((final <= 0).sum())} weights are not above 0; use bounds= or method='raking' or 'logit'",
            MeasureWarning,
            stacklevel=3,
        )
    report = report_of(method, start, final, solution.iterations, cut, margin_rows(read, numeric, start, final))
    calibrated, calibration = getattr(data, "calibrated", None), Calibration(solver, start, final, trim)
    design = None
    if calibrated is not None and (final > 0).all():
        design = calibrated(final, calibration)
    return Weighting(final, start, report, design, calibration)


def margin_rows(read, numeric, before, after) -> pd.DataFrame:
    frames = []
    for margin in read:
        frame = pd.DataFrame({"variable": margin.name, "category": margin.labels, "target": margin.target})
        frame["before"], frame["after"] = margin.sums(before), margin.sums(after)
        for name in ("target", "before", "after"):
            frame[f"share_{name}"] = frame[name] / frame[name].sum()
        frames.append(frame)
    for name, values, total in numeric:
        frames.append(pd.DataFrame({
            "variable": [name], "category": [None], "target": [total],
            "before": [float(before @ values)], "after": [float(after @ values)],
            "share_target": [np.nan], "share_before": [np.nan], "share_after": [np.nan],
        }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def report_of(method, start, final, iterations, cut, rows) -> WeightReport:
    kish = len(final) * (final**2).sum() / final.sum() ** 2
    factor = final / start
    gap = float(np.abs(rows["after"] / rows["target"] - 1).max())
    return WeightReport(
        method, len(final), iterations, True, gap, float(final.min()), float(final.max()),
        float(final.mean()), float(final.sum()), float(start.sum()), float(factor.min()),
        float(factor.max()), float(kish), float(len(final) / kish), cut, rows,
    )  # fmt: skip
