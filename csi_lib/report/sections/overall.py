"""Overall results: the ladder of expectation, satisfaction and trust; the distribution of the overall item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.survey.estimates import Estimates


def ladder(chapter):
    """Steps, gaps and what stands beside: (levels, differences, beside) or None where the model has no such constructs.

    surplus satisfaction = index − expectation; surplus trust = trust − index (the same respondents answer both, so
    the standard error is that of the paired difference).
    """
    roles = {n.role: n.id for n in chapter.model.file.side if n.role}
    if "expectation" not in roles:
        return None
    index = chapter.model.file.index
    steps = [roles["expectation"], index, *([roles["trust"]] if "trust" in roles else [])]
    base = {"model": chapter.model.name, "statistic": "index", "by1": None}
    levels = chapter.rows(measure=steps, **base)
    levels = levels.set_index("measure").loc[[s for s in steps if s in set(levels["measure"])]].reset_index()
    if len(levels) < 2 or levels["estimate"].isna().any():
        return None
    names = ["surplus_satisfaction", "surplus_trust"][: len(levels) - 1]
    gaps = [
        _difference(chapter, high, low, name)
        for low, high, name in zip(levels["measure"], levels["measure"].iloc[1:], names, strict=False)
    ]
    gaps = chapter.labels.attach(chapter.record(Estimates.concat(gaps)))
    gaps["low_label"], gaps["high_label"] = (
        levels["measure_label"].to_numpy()[:-1],
        levels["measure_label"].to_numpy()[1:],
    )
    beside = chapter.rows(measure=[roles["complaints"]], **base) if "complaints" in roles else levels.iloc[:0]
    beside = beside[beside["estimate"].notna()]
    return levels, gaps, (beside if len(beside) else None)


def _difference(chapter, high: str, low: str, name: str) -> Estimates:
    keys = {"model": chapter.model.name, "statistic": "index", "by1": None}
    at = [chapter.estimates.positions(measure=m, **keys)[0] for m in (high, low)]
    both = chapter.estimates.take(at)
    frame = both.frame.iloc[[0]].assign(
        measure=name, statistic="difference", versus=low, df=np.nan, deff=np.nan, n=both.frame["n"].min()
    )
    return both.combine(np.array([[1.0], [-1.0]]), frame)


def distribution(chapter, item: str | None) -> pd.DataFrame | None:
    """Shares of the answers to one item, lowest first: columns ``item`` and ``category`` beside the results columns."""
    if item is None:
        return None
    scale = chapter.survey.codebook.scale(item)
    codes = [f"{item}:{c}" for c in range(int(scale.low), int(scale.high) + 1)]
    rows = chapter.rows(statistic="share", measure=codes, by1=None)
    if not len(rows) or rows["estimate"].isna().all():
        return None
    rows["item"], rows["item_label"] = item, chapter.labels.measure(item)
    rows["category"] = [m.split(":")[1] for m in rows["measure"]]
    rows["category_label"] = [chapter.labels.group(item, c) for c in rows["category"]]
    return rows
