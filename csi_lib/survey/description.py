"""What is said of single items: means on 0–100, Top-2 and Bottom-2 boxes, distribution, NPS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from csi_lib.survey.assembly import Assembly, Grouping, domain_mean
from csi_lib.survey.estimates import Estimates


def groupings(survey, by: Sequence[str | tuple[str, ...]]) -> list[Grouping]:
    """The total and every banner variable that this wave has."""
    frame = survey.frame
    there = [b for b in by if all(n in frame and frame[n].notna().any() for n in ((b,) if isinstance(b, str) else b))]
    return [Grouping.total(len(frame)), *(Grouping.of(frame, b) for b in there)]


def describe(
    survey, by: Sequence[str | tuple[str, ...]] = (), *, items: Sequence[str] | None = None, answers: bool = False
) -> Estimates:
    """Item statistics of one survey under its design, in total and by each banner variable.

    Rows (measure = item, ``item:top2`` …):

    * ``mean`` (points): 100·(x − low)/(high − low), weighted mean over valid answers;
    * ``share`` (proportion): ``item:top2`` and ``item:bottom2`` of scales with at least 4 categories, and for the
      total (with ``answers=True`` for every group) ``item:<code>`` of every category;
    * ``index`` (nps): ``item:nps`` of 0–10 items, 100·(share of 9–10 − share of 0–6).

    Missing answers make a domain on the full design (R: ``svymean(~x, design, na.rm = TRUE)``); an item that
    nobody answered has n = 0, no estimate and flag ``not_available``.
    """
    frame, codebook = survey.frame, survey.codebook
    w = np.asarray(survey.design.weights, float)
    build = Assembly(survey)
    wanted = [i for i in (items or codebook.items) if i in frame]
    for grouping in groupings(survey, by):
        for item in wanted:
            scale, x = codebook.scale(item), frame[item].to_numpy(float)
            low, high = float(scale.low), float(scale.high)
            base = np.isfinite(x) & (w > 0)
            add = lambda measure, values, statistic, unit, ends, g=grouping, b=base: build.add(
                g, *domain_mean(np.where(b, values, 0.0), w, g.codes, len(g), b), b,
                measure=measure, statistic=statistic, unit=unit, scale_low=ends[0], scale_high=ends[1],
            )  # fmt: skip
            add(item, 100 * (x - low) / (high - low), "mean", "points", (0.0, 100.0))
            if high - low >= 3:
                add(f"{item}:top2", x > high - 2, "share", "proportion", (0.0, 1.0))
                add(f"{item}:bottom2", x < low + 2, "share", "proportion", (0.0, 1.0))
            if (low, high) == (0, 10):
                add(f"{item}:nps", 100.0 * ((x >= 9).astype(float) - (x <= 6)), "index", "nps", (-100.0, 100.0))
            if answers or not grouping.by:
                for code in range(int(low), int(high) + 1):
                    add(f"{item}:{code}", x == code, "share", "proportion", (0.0, 1.0))
    return build.build()


def shares(survey, columns: Sequence[str], by: Sequence[str | tuple[str, ...]] = ()) -> Estimates:
    """Composition of the sample by each categorical column: measure ``column:<value>``, statistic share."""
    frame, w = survey.frame, np.asarray(survey.design.weights, float)
    build = Assembly(survey)
    for grouping in groupings(survey, by):
        for column in (c for c in columns if c in frame and frame[c].notna().any()):
            factor = frame[column].astype("category")
            base = factor.notna().to_numpy() & (w > 0)
            for code, value in enumerate(factor.cat.categories):
                hit = factor.cat.codes.to_numpy() == code
                build.add(grouping, *domain_mean(hit, w, grouping.codes, len(grouping), base), base,
                          measure=f"{column}:{value}", statistic="share", unit="proportion", scale_low=0.0, scale_high=1.0)  # fmt: skip
    return build.build()

