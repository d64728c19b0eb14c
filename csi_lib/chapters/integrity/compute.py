"""How far answers that are not genuine could have moved an index: bounds, and the share that would overturn a finding.

Source: Horowitz and Manski (1995), Identification and robustness with contaminated and corrupted data, Econometrica 63:281.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field as Setting
from pydantic import field_validator, model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.systems import unknown_names
from csi_lib.study.base import Label, Part
from csi_lib.survey.assembly import Assembly, Grouping
from csi_lib.survey.estimates import Estimates


class Case(Part):
    """A published case whose share is shown beside the assumed ones: contaminated of answers."""

    contaminated: int = Setting(ge=0)
    answers: int = Setting(gt=0)
    label: Label

    @model_validator(mode="after")
    def _part(self):
        if self.contaminated >= self.answers:
            raise ValueError("fewer answers are contaminated than there are")
        return self

    @property
    def share(self) -> float:
        return self.contaminated / self.answers


class Aids(Part):
    """When an answer is conspicuous: see `csi_lib.chapters.integrity.detection`."""

    short: float = Setting(default=0.4, gt=0, lt=1)
    match: float = Setting(default=0.95, gt=0.5, le=1)
    ceiling_run: int = Setting(default=4, ge=2)
    min_interviews: int = Setting(default=5, ge=2)


class IntegrityFile(Part):
    """``integrity.yml``: assumed shares of answers that are not genuine, a published case, and the detection aids."""

    shares: list[float] = [0.01, 0.05, 0.1]
    case: Case | None = None
    minutes: str | None = None
    aids: Aids = Aids()

    @field_validator("shares")
    @classmethod
    def _are_shares(cls, value):
        if not value or any(not 0 < s < 1 for s in value):
            raise ValueError("shares lie between 0 and 1")
        return sorted(value)

    def consistent_with(self, study):
        return unknown_names([(self.minutes, "minutes")], study.codebook("customers").columns)


def trimmed_mean(values, weights, share: float, *, side: str) -> float:
    """Weighted mean without the highest (``side="high"``) or lowest share of the weight; one respondent may be cut in two."""
    value, _ = _trimmed(np.asarray(values, float), np.asarray(weights, float), share, side)
    return value


def _trimmed(y, w, share: float, side: str):
    """The trimmed mean, and each respondent's influence on it (weight included)."""
    if not 0 <= share < 1:
        raise InputError("the share of answers that are not genuine is at least 0 and below 1", found=repr(share))
    if side not in ("high", "low"):
        raise InputError("unknown side", found=repr(side), expected="high or low")
    sign = 1.0 if side == "high" else -1.0
    order = np.argsort(sign * y, kind="stable")
    total, room = w.sum(), (1 - share) * w.sum()
    below = np.cumsum(w[order])
    kept = np.clip(room - (below - w[order]), 0, w[order])
    value = float((kept * y[order]).sum() / kept.sum())
    cut = y[order][np.flatnonzero(kept > 0)[-1]]
    held = np.minimum(y, cut) if side == "high" else np.maximum(y, cut)
    influence = w / total * (held - (w * held).sum() / total) / (1 - share)
    return value, influence


def contamination_bounds(survey, values, shares, *, measure: str = "index", model: str | None = None) -> Estimates:
    r"""Between which values the index of the genuine answers lies when a share of the answers is not genuine.

    Nothing is assumed about which answers or what they say: if :math:`F = (1 - \epsilon) G + \epsilon C`, the mean of G lies
    between the mean of the lowest and that of the highest :math:`1 - \epsilon` of the answers. The lower bound is the one that
    matters when false answers praise.

    Parameters
    ----------
    survey : Survey with its design. values : what each respondent contributes to the index, on 0–100 or linearised
        (`csi_lib.models.valuation.person_values`). shares : the assumed shares.

    Returns
    -------
    Estimates, two rows per share (statistic ``bound_low`` and ``bound_high``, ``versus`` ``share=0.05``), in points. Their
    standard errors are those of trimmed means under the design.
    """
    y, w = np.asarray(values, float), np.asarray(survey.design.weights, float)
    if len(y) != len(w) or not np.isfinite(y).all():
        raise InputError("every respondent needs a value", found=f"{np.isfinite(y).sum()} of {len(w)}")
    build, everybody = Assembly(survey), Grouping.total(len(w))
    for share in shares:
        for side, statistic in (("high", "bound_low"), ("low", "bound_high")):
            value, influence = _trimmed(y, w, share, side)
            build.add(everybody, [value], influence, w > 0, measure=measure, statistic=statistic, versus=f"share={share:g}",
                      unit="points", scale_low=0.0, scale_high=100.0, model=model)  # fmt: skip
    return build.build(source=survey.source, agency=survey.agency, year=survey.year)


def overturning_share(values, weights, threshold: float) -> float | None:
    """The smallest share of not genuine answers with which the genuine index could be at the threshold; None: no share could.

    Above the threshold the false answers praised, below it they blamed. 0 when the index is at the threshold.

    Examples
    --------
    >>> import csi_lib
    >>> round(csi_lib.overturning_share([90, 80, 70, 60], [1, 1, 1, 1], 70), 3)
    0.25
    """
    y, w = np.asarray(values, float), np.asarray(weights, float)
    mean = float((w * y).sum() / w.sum())
    if mean == threshold:
        return 0.0
    side = "high" if mean > threshold else "low"
    reaches = lambda share: (trimmed_mean(y, w, share, side=side) - threshold) * (1 if side == "high" else -1) <= 0
    most = 1 - float(w[w > 0].min()) / float(w.sum())
    if not reaches(most):
        return None
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def published_bounds(mean: float, share: float, *, low: float = 0.0, high: float = 100.0) -> tuple[float, float]:
    """Bounds from a published mean alone: (m − ε·high)/(1 − ε) to (m − ε·low)/(1 − ε), held to the scale.

    The false answers are taken to be all at one end, so these are wider than bounds from the answers themselves. A mean
    of 85.2 of which 15.4 % may be false stands for a genuine one between 82.5 and 100.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.published_bounds(80, 0.05)
    (78.94736842105263, 84.21052631578948)
    """
    if not low <= mean <= high:
        raise InputError("the mean lies outside its scale", found=f"{mean:g}", expected=f"{low:g} to {high:g}")
    if not 0 <= share < 1:
        raise InputError("the share of answers that are not genuine is at least 0 and below 1", found=repr(share))
    ends = ((mean - share * high) / (1 - share), (mean - share * low) / (1 - share))
    return max(low, ends[0]), min(high, ends[1])
