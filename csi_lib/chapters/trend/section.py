"""Trend over the waves, and standing among peers."""

from __future__ import annotations

import pandas as pd

from csi_lib.evaluation.standing import MIN_PEERS, Rank
from csi_lib.prose.sentences import Sentence
from csi_lib.survey.estimates import Estimates


def trend(chapter, measures) -> pd.DataFrame:
    """Rows of these nodes for every wave up to this one in which the agency took part, all under this wave's formula."""
    return _rows(chapter, measures, chapter.of_year)


def published(chapter, measures) -> pd.DataFrame | None:
    """The same as each wave was scored at its time; None when one edition scored them all."""
    frame = _rows(chapter, measures, chapter.published)
    return frame if frame["formula_edition"].nunique() > 1 else None


def _rows(chapter, measures, of_year) -> pd.DataFrame:
    frames = []
    for year in (y for y in chapter.study.years if y <= chapter.year and chapter.took_part(y)):
        estimates = chapter.estimates if year == chapter.year else of_year(year)
        frames.append(
            chapter.rows(estimates, measure=list(measures), model=chapter.model.name, statistic="index", by1=None)
        )
    return pd.concat(frames, ignore_index=True)


def formula_effect(chapter) -> pd.Series | None:
    """What the change of formula alone did to the last wave's index: restated − as published, on the same people."""
    if chapter.previous is None:
        return None
    index = {"model": chapter.model.name, "measure": chapter.model.file.index, "statistic": "index", "by1": None}
    new, old = chapter.previous.select(**index), chapter.published(chapter.previous_year).select(**index)
    if len(new) != 1 or len(old) != 1:
        return None
    editions = [e.frame["formula_edition"].iloc[0] for e in (new, old)]
    if editions[0] == editions[1]:
        return None
    effect = Estimates.concat([new, old]).contrast(*({"formula_edition": e} for e in editions))
    return chapter.record(effect).iloc[0] if len(effect) else None


def items_came_and_went(chapter) -> list[Sentence]:
    """Which items have no value in the last wave, and which of the last wave's were no longer asked."""
    if chapter.previous is None:
        return []
    asked = lambda estimates: set(
        estimates.frame.loc[
            (estimates.frame["statistic"] == "mean") & estimates.frame["by1"].isna() & (estimates.frame["n"] > 0),
            "measure",
        ]
    )
    now, before = asked(chapter.estimates), asked(chapter.previous)
    names = lambda measures: [chapter.labels.measure(m) for m in chapter.survey.codebook.items if m in measures]
    out = []
    if now - before:
        out.append(
            chapter.sentence(
                ko="{names:은/는} 지난 조사에 없던 문항이어서 증감을 말할 수 없다.",
                en="Not asked in the last wave, so without a change: {names}.",
                names=names(now - before),
            )
        )
    if before - now:
        out.append(
            chapter.sentence(
                ko="{names:은/는} 올해 묻지 않았다.", en="Not asked this year: {names}.", names=names(before - now)
            )
        )
    return out


def item_changes(chapter):
    """Items of this wave and the last with the changes, judged together, or None without a last wave."""
    rows = chapter.rows(statistic="mean", by1=None, measure=chapter.model_items)
    rows = rows[rows["estimate"].notna()].reset_index(drop=True)
    before, changes = (chapter.previous_rows(rows), chapter.change_rows(rows)) if len(rows) else (None, None)
    if before is None or changes is None:
        return None
    return rows, before, changes


def rank_sentence(chapter, measure: str) -> Sentence | None:
    """Rank among the agencies of the same type, and between which ranks it lies beyond sampling error.

    None with fewer than `MIN_PEERS` others, unless the study names its bodies.
    """
    found: Rank | None = chapter.rank(measure)
    if found is None or (found.of - 1 < MIN_PEERS and chapter.study.report.peers != "named"):
        return None  # a rank among two tells about the other one
    rows = chapter.record(
        [
            {
                "measure": measure,
                "model": chapter.model.name,
                "statistic": "rank",
                "estimate": found.rank,
                "ci_low": found.low,
                "ci_high": found.high,
                "unit": "rank",
                "n": found.of,
            }
        ],
        counts="agencies",
    )
    row = rows.iloc[0]
    low, high = chapter.numbers(row, "ci_low", "ci_high")
    if found.low == found.high:
        return chapter.sentence(
            ko="같은 유형의 {of}개 기관 가운데 {rank}이며, 표본오차를 감안해도 순위는 같다.",
            en="Among the {of} agencies of its type it is number {rank}, also when sampling error is allowed for.",
            of=found.of,
            rank=row,
        )
    return chapter.sentence(
        ko="같은 유형의 {of}개 기관 가운데 {rank}이지만, 표본오차를 감안하면 {low}에서 {high} 사이라고만 말할 수 있다.",
        en="Among the {of} agencies of its type it is number {rank}; allowing for sampling error, it lies between ranks {low} and {high}.",
        of=found.of,
        rank=row,
        low=low,
        high=high,
    )
