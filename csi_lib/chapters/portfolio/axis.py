"""The vertical axis of the portfolio: an importance that is one, or none.

``importance:`` of study.yml chooses it: **rated** (people say how important each thing is), **picked** (they pick the most
important ones) or **derived** (what goes along with overall satisfaction: Johnson's relative weights with their interval).
Without it the weights of the index model serve where they are estimated from the answers; fixed and equal weights are a
convention of the index and no importance, so then it is derived where overall satisfaction was asked, and else there is none.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.portfolio.settings import settings
from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.importance import importance
from csi_lib.measure.stated_importance import stated_importance
from csi_lib.prose.numbers import absent

LABELS = {
    "ko": {
        "effect": "지수에 미치는 영향(모형에서 추정한 가중치)",
        "rated": "응답자가 매긴 중요도",
        "picked": "중요하다고 고른 비율",
        "derived": "종합만족도 설명 비중(존슨 상대가중치)",
    },
    "en": {
        "effect": "Effect on the index (estimated weights)",
        "rated": "Importance as rated",
        "picked": "Share who picked it as important",
        "derived": "Share of overall satisfaction explained (Johnson)",
    },
}
#: drivers beyond which the explained variance is not divided among them
_MOST = 40
_RESAMPLES = 300


@dataclass(frozen=True)
class Axis:
    """An importance axis: ``kind`` (effect, rated, picked, derived), ``label``, and a row of satisfaction and one of importance
    for each measure, joined by ``measure``."""

    kind: str
    label: str
    satisfaction: pd.DataFrame
    importance: pd.DataFrame


def axis(chapter) -> Axis | None:
    """The axis that the study declares, or that its data give; None where there is no importance in it."""
    held = chapter.__dict__.setdefault("_axes", {})
    if chapter.lang not in held:
        held[chapter.lang] = _axis(chapter)
    return held[chapter.lang]


def _axis(chapter) -> Axis | None:
    declared = chapter.study.importance
    ways = {"rated": _rated, "picked": _picked, "derived": _derived}
    if declared is not None:
        found = ways[declared](chapter)
        if found is None:
            raise InputError(
                "the study has no such importance",
                where="study.yml: importance",
                found=declared,
                expected={
                    "rated": "items of role importance (`of:` the item), or portfolio.yml: stated",
                    "picked": "portfolio.yml: picks and codes",
                    "derived": "an item of overall satisfaction beside at least two others",
                }[declared],
            )
        return found
    gains = chapter.gains()
    if weighs(gains):
        return _made(chapter, "effect", chapter.rows(statistic="mean", by1=None), gains)
    return _derived(chapter)


def weighs(gains: pd.DataFrame) -> bool:
    """Whether these weights are estimated and differ, so that they say something about importance."""
    values = gains["estimate"].to_numpy(float)
    if len(values) < 2 or not np.isfinite(values).all():
        return False
    estimated = (gains["se"].to_numpy(float, na_value=0.0) > 0).any()
    return bool(estimated and values.max() - values.min() > 1e-6 * abs(values).max())


def _made(chapter, kind: str, satisfaction: pd.DataFrame, important: pd.DataFrame) -> Axis | None:
    both = [m for m in satisfaction["measure"] if m in set(important["measure"])]
    if len(both) < 2:
        return None
    pick = lambda frame: frame[frame["measure"].isin(both)].drop_duplicates("measure").reset_index(drop=True)
    return Axis(kind, LABELS[chapter.lang][kind], pick(satisfaction), pick(important))


def _scores(chapter, measures) -> pd.DataFrame:
    rows = chapter.rows(measure=list(measures), statistic=["mean", "index"], by1=None)
    return rows[rows["model"].isna() | (rows["model"] == chapter.model.name)]


def _rated(chapter) -> Axis | None:
    columns = chapter.survey.codebook.columns
    asked = {c.of: name for name, c in columns.items() if c.role == "importance" and c.of} or settings(chapter).stated
    rows = chapter.rows(measure=list(asked.values()), statistic="mean", by1=None)
    back = {item: measure for measure, item in asked.items()}
    rated = rows.assign(measure=[back[m] for m in rows["measure"]])
    return _made(chapter, "rated", _scores(chapter, asked), rated[rated["estimate"].notna()])


def _picked(chapter) -> Axis | None:
    file, frame = settings(chapter), chapter.survey.frame
    there = [c for c in file.picks if c in frame and frame[c].notna().any()]
    if not there:
        return None
    names = {str(k): v for k, v in file.codes.items()}
    chosen = frame[there].astype("string").apply(lambda column: column.map(names)).astype(object)
    weights = np.asarray(chapter.survey.design.weights, float)
    found = stated_importance(chosen.where(chosen.notna(), None), weights=weights)
    return _made(
        chapter, "picked", _scores(chapter, names.values()), _recorded(chapter, found.frame, found.n, "picked")
    )


def _derived(chapter) -> Axis | None:
    outcome, frame, codebook = chapter.overall_item, chapter.survey.frame, chapter.survey.codebook
    if outcome is None:
        return None
    items = [i for i in dict.fromkeys(chapter.model_items) if i != outcome and i in frame and frame[i].nunique() > 1]
    if not 2 <= len(items) <= _MOST:
        return None
    scale = {i: codebook.scale(i) for i in items}
    matrix = pd.DataFrame({i: 100 * (frame[i].astype(float) - s.low) / (s.high - s.low) for i, s in scale.items()})
    complete = (matrix.notna().all(axis=1) & frame[outcome].notna()).to_numpy(bool)
    if complete.sum() < 5 * len(items) or frame.loc[complete, outcome].nunique() < 2:
        return None
    weights = np.asarray(chapter.survey.design.weights, float)[complete]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MeasureWarning)
            found = importance(
                matrix[complete], frame.loc[complete, outcome].astype(float), method="johnson", share=True, weights=weights,
                seed=chapter.year, n_boot=_RESAMPLES, ci=chapter.reading.confidence,
            )  # fmt: skip
    except InputError:
        return None
    return _made(
        chapter, "derived", _scores(chapter, items), _recorded(chapter, found.frame, int(complete.sum()), "derived")
    )


def _recorded(chapter, frame: pd.DataFrame, n: int, kind: str) -> pd.DataFrame:
    rows = [
        {"measure": r["item"], "statistic": "importance", "versus": kind, "estimate": r["estimate"], "ci_low": r["ci_low"],
         "ci_high": r["ci_high"], "unit": "proportion", "n": n, "model": chapter.model.name}
        for r in frame.to_dict("records") if not absent(r["estimate"])
    ]  # fmt: skip
    return chapter.labels.attach(chapter.record(rows)) if rows else pd.DataFrame({"measure": []})
