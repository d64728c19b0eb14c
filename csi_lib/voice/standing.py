"""What the comments amount to, as estimates under the survey's design: how many write, of what, and how satisfied they are.

Nothing is read into the tone of a text: how satisfied a writer is, the writer has said himself, by his own score.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.models.scoring import hide_family
from csi_lib.study.reading import reading
from csi_lib.survey.assembly import Assembly, Grouping, domain_means
from csi_lib.survey.disclosure import Rules, decide
from csi_lib.survey.estimates import Estimates
from csi_lib.voice.settings import Tone

TONES = ("satisfied", "neutral", "dissatisfied")


def own_scores(survey, item: str | None) -> np.ndarray:
    """Every respondent's own answer to `item` on 0–100; all missing without an item."""
    if item is None or item not in survey.frame:
        return np.full(len(survey.frame), np.nan)
    scale = survey.codebook.scale(item)
    return 100 * (survey.frame[item].to_numpy(float) - scale.low) / (scale.high - scale.low)


def tones(scores: np.ndarray, tone: Tone) -> np.ndarray:
    """``satisfied``, ``neutral`` or ``dissatisfied`` by a person's own score; None where there is none."""
    out = np.full(len(scores), None, dtype=object)
    out[scores >= tone.satisfied] = "satisfied"
    out[scores <= tone.dissatisfied] = "dissatisfied"
    out[np.isfinite(scores) & (scores < tone.satisfied) & (scores > tone.dissatisfied)] = "neutral"
    return out


def voice_estimates(
    study,
    survey,
    wrote: np.ndarray,
    topics: pd.DataFrame,
    words: pd.DataFrame,
    *,
    phrases: pd.DataFrame | None = None,
    score: str | None,
    tone: Tone,
    surveys=None,
) -> Estimates:
    """Shares and scores of those who wrote, with disclosure decided.

    Parameters
    ----------
    wrote : who wrote something (n,); topics, words, phrases : who mentions what (n × k, by respondent).
    score : the item by which people say how satisfied they are.

    Rows
    ----
    * ``comment`` share, of all respondents;
    * ``topic:<id>``, ``word:<w>`` and ``phrase:<p>`` share, of those who wrote;
    * `score` mean by ``comment`` (yes, no), and by ``topic`` and ``word``: those who mention it (group id) and those who
      write of something else (group ``~id``); ``tone:<t>`` share by ``topic``.
    """
    n = len(survey.frame)
    w = np.asarray(survey.design.weights, float)
    wrote = np.asarray(wrote, bool)
    scores = own_scores(survey, score)
    kinds = tones(scores, tone)
    total, build, groups = Grouping.total(n), Assembly(survey), []
    share = {"statistic": "share", "unit": "proportion", "scale_low": 0.0, "scale_high": 1.0}

    def add(grouping, values, base, **keys):
        build.add_many(grouping, *domain_means(values, w, grouping, base), base, **keys)

    add(total, wrote[:, None], (w > 0)[:, None], measure=["comment"], **share)
    marks = pd.concat([topics.add_prefix("topic:"), words.add_prefix("word:")], axis=1)
    if phrases is not None:
        marks = pd.concat([marks, phrases.add_prefix("phrase:")], axis=1)
    base = wrote & (w > 0)
    if marks.shape[1]:
        add(total, marks.to_numpy(bool), np.repeat(base[:, None], marks.shape[1], axis=1), measure=list(marks), **share)
    has_score = np.isfinite(scores)
    if score is not None and has_score.any():
        split = Grouping(("comment",), np.where(wrote, 0, 1), (("yes",), ("no",)))
        groups.append(split)
        rated = (has_score & (w > 0))[:, None]
        add(
            split,
            scores[:, None],
            rated,
            measure=[score],
            statistic="mean",
            unit="points",
            scale_low=0.0,
            scale_high=100.0,
        )
        for name in marks:
            by, key = name.split(":", 1)
            if by == "phrase":
                continue
            hit = marks[name].to_numpy(bool)
            codes = np.where(hit, 0, np.where(wrote, 1, -1))
            present = [c for c in (0, 1) if (codes == c).any()]
            labels = ((key,), (f"~{key}",))
            seat = np.array([present.index(c) if c in present else -1 for c in codes])
            grouping = Grouping((by,), seat, tuple(labels[c] for c in present))
            if 0 not in present:
                continue
            add(
                grouping,
                scores[:, None],
                rated,
                measure=[score],
                statistic="mean",
                unit="points",
                scale_low=0.0,
                scale_high=100.0,
            )
            if by == "topic":
                groups.append(grouping)
                of = (kinds[:, None] == np.array(TONES)[None, :]) & has_score[:, None]
                add(grouping, of, np.repeat(rated, len(TONES), axis=1), measure=[f"tone:{t}" for t in TONES], **share)
    estimates = build.build(
        study=study.id,
        agency=survey.agency,
        year=survey.year,
        period=study.period_of(survey.year),
        source=survey.source,
    )
    frame = estimates.frame
    small = frame["flag"].isna() & (frame["n"] > 0) & (frame["n"] < reading().small_base)
    frame.loc[small, "flag"] = "small_base"
    decided = decide(estimates, groups, Rules.of(study, survey.source))
    hide_family(study, survey, decided.frame, surveys)
    return decided
