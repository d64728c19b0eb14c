"""Touch points: which channel reaches which customers, how each is rated, and which to improve first."""

from __future__ import annotations

import pandas as pd

from csi_lib.chapters.touch_points.compute import TouchPointsFile, priorities, ranking
from csi_lib.models.scoring import crossed
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.base import written
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.table import Column, Row, Table


def settings(chapter) -> TouchPointsFile:
    return chapter.system("touch_points")


def channels(chapter, file: TouchPointsFile) -> list[str]:
    """Channel codes that somebody named, in codebook order."""
    column = chapter.survey.frame[file.channel].astype("category").cat.remove_unused_categories()
    return [written(c) for c in column.cat.categories]


def rated_by(chapter, file: TouchPointsFile) -> dict[str, str]:
    """Channel → the item that rates it, where it was asked and answered."""
    frame = chapter.survey.frame
    pairs = {c: file.item(c) for c in channels(chapter, file)}
    return {c: i for c, i in pairs.items() if i is not None and i in frame and frame[i].notna().any()}


def contact_estimates(chapter, file: TouchPointsFile) -> Estimates | None:
    """Shares of use and satisfaction, by channel, type and both, masked and recorded; None where the channel was not asked."""
    frame = chapter.survey.frame
    if file.channel not in frame or frame[file.channel].isna().all():
        return None
    items = list(dict.fromkeys(rated_by(chapter, file).values()))
    pair = [(file.by, file.channel)] if file.by in frame and frame[file.by].notna().any() else []
    found = crossed(
        chapter.study,
        chapter.survey,
        pair or [(file.channel,)],
        shares=[file.channel],
        items=items,
        surveys=chapter.surveys,
    )
    masked = found.masked(chapter.release)
    chapter.record(masked)
    return masked


def use_rows(chapter, file: TouchPointsFile, contacts: Estimates) -> pd.DataFrame:
    """Column % of the matrix: shares of the channels among all customers and within each type."""
    rows = chapter.rows(contacts, statistic="share")
    rows = rows[rows["measure"].isin([f"{file.channel}:{c}" for c in channels(chapter, file)])]
    rows = rows[rows["by1"].isna() | ((rows["by1"] == file.by) & rows["by2"].isna()).fillna(False)]
    order = {g: k for k, g in enumerate(dict.fromkeys(rows["group1"].fillna("")))}
    return rows.sort_values("group1", key=lambda s: s.fillna("").map(order), kind="stable").reset_index(drop=True)


def use_table(chapter, file: TouchPointsFile, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Channel × customer type in column %, with the base of every column underneath."""
    t, labels = chapter.text, chapter.labels
    types = list(dict.fromkeys(rows["group1"].dropna()))
    columns = (
        Column("channel", t(ko="접점", en="Touch point"), "left", "stub"),
        *(Column(f"g{g}", labels.group(file.by, g), group=labels.variable(file.by)) for g in types),
        Column("all", t(ko="전체", en="All")),
    )
    found = {(r["group1"] if isinstance(r["group1"], str) else None, r["measure"]): r for r in rows.to_dict("records")}
    measures = [f"{file.channel}:{c}" for c in channels(chapter, file)]
    keys = [*types, None]
    body = [
        Row((labels.measure(m), *(Number.from_row(found[g, m]) if (g, m) in found else None for g in keys)))
        for m in measures
    ]
    base = [Number.from_row(found[g, measures[0]], "n") if (g, measures[0]) in found else None for g in keys]
    body.append(Row((t(ko="사례수", en="n"), *base), kind="base"))
    note = t(
        ko="고객 유형마다 합이 100%이다. 가중 비율이며 사례수는 실제 응답자 수이다.",
        en="Columns add to 100 %. Shares are weighted; n is the number of people who answered.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def score_rows(chapter, file: TouchPointsFile, contacts: Estimates) -> pd.DataFrame:
    """Satisfaction with each channel among those whose main channel it is, in channel order."""
    rated = rated_by(chapter, file)
    rows = chapter.rows(contacts, statistic="mean", by1=file.channel)
    rows = rows[rows["by2"].isna()]
    rows = rows[[rated.get(g) == m for g, m in zip(rows["group1"], rows["measure"], strict=True)]]
    order = {c: k for k, c in enumerate(channels(chapter, file))}
    return rows.sort_values("group1", key=lambda s: s.map(order)).reset_index(drop=True)


def cell_rows(chapter, file: TouchPointsFile, contacts: Estimates) -> pd.DataFrame:
    """Satisfaction in every cell of type × channel that has respondents; ``channel`` and ``channel_label`` beside."""
    rated = rated_by(chapter, file)
    rows = chapter.rows(contacts, statistic="mean", by1=file.by, by2=file.channel)
    rows = rows[[rated.get(g) == m for g, m in zip(rows["group2"], rows["measure"], strict=True)]]
    return rows.reset_index(drop=True)


def gains(chapter, file: TouchPointsFile, contacts: Estimates) -> pd.DataFrame:
    """Recorded rows of what each channel could add to satisfaction (`evaluation.priorities`), most first."""
    scores = score_rows(chapter, file, contacts)
    if scores.empty:
        return scores
    at_score = [contacts.positions(measure=r["measure"], statistic="mean", by1=file.channel, group1=r["group1"], by2=None)[0]
                for r in scores.to_dict("records")]  # fmt: skip
    at_share = [
        contacts.positions(measure=f"{file.channel}:{g}", statistic="share", by1=None)[0] for g in scores["group1"]
    ]
    found = priorities(contacts.take(at_share), contacts.take(at_score), target=file.target)
    chapter.record(found)
    return ranking(chapter.labels.attach(found.frame))


def priority_table(
    chapter, file: TouchPointsFile, rows: pd.DataFrame, contacts: Estimates, *, name: str, caption: str
) -> Table:
    """Channels in the order in which to improve them: use, satisfaction, room, and what is to be done."""
    t = chapter.text
    columns = (
        Column("channel", t(ko="접점", en="Touch point"), "left", "stub"),
        Column("share", t(ko="이용 비율", en="Used by")),
        Column("score", t(ko="만족도", en="Satisfaction")),
        Column("gain", t(ko="개선 여지", en="Room")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        *((Column("action", t(ko="개선 방향", en="What to do"), "left", "text"),) if file.actions else ()),
    )
    scores = score_rows(chapter, file, contacts).set_index("group1")
    body = []
    for r in rows.to_dict("records"):
        score = scores.loc[r["group1"]].to_dict()
        share = chapter.row(contacts, measure=f"{file.channel}:{r['group1']}", statistic="share", by1=None)
        action = file.actions.get(r["group1"])
        body.append(
            Row(
                (
                    chapter.labels.group(file.channel, r["group1"]),
                    Number.from_row(share),
                    Number.from_row(score),
                    Number.from_row(r, signed=True),
                    Number.from_row(score, "n"),
                    *((action.text(chapter.lang) if action else "–",) if file.actions else ()),
                )
            )
        )
    goal = t(ko="모든 접점의 평균", en="the mean of all touch points") if file.target is None else f"{file.target:g}"
    note = t(
        ko=f"개선 여지 = 이용 비율 × (목표 − 만족도). 목표: {goal}. 그 접점이 목표에 이르면 전체 접점 만족도가 오르는 폭이다.",
        en=f"Room = share of use × (target − satisfaction); target: {goal}. It is what all contacts would gain if this one reached it.",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def use_by_type(chapter, use: pd.DataFrame) -> pd.DataFrame:
    """The shares of `use_rows` as answers of each type of customer (columns ``row`` and ``category``), types that nobody answered left out."""
    shown = use.assign(category=[m.split(":")[1] for m in use["measure"]])
    shown["category_label"] = shown["measure_label"]
    shown["row"] = shown["group1"].fillna("all")
    shown["row_label"] = shown["group1_label"].fillna(chapter.text(ko="전체", en="All"))
    return shown[shown.groupby("row")["estimate"].transform("count") > 0]


def gain_sentence(chapter, found: pd.DataFrame) -> Sentence | None:
    """Which touch point has most to gain: named as a priority only where its interval lies above 0; None without any."""
    if not len(found):
        return None
    first = found.iloc[0]
    if not first["estimate"] > 0:
        return chapter.sentence(
            ko="모든 접점의 만족도가 목표에 이르렀다.", en="Every touch point has reached the target."
        )
    fields = {"name": first["group1_label"], "gain": first, "interval": chapter.interval(first)}
    if not first["ci_low"] > 0:
        return chapter.sentence(
            ko="개선 여지는 {name:이/가} 가장 크게 나왔으나({gain}, 95% 신뢰구간 {interval}) 표본오차를 생각하면 목표에 못 미친다고 단정할 수 없다.",
            en="{name} seems to have the most room ({gain}, 95% interval {interval}), but within sampling error it may be at the target.",
            **fields,
        )
    return chapter.sentence(
        ko="{name:이/가} 목표에 이르면 접점 만족도 전체가 {gain}(95% 신뢰구간 {interval}) 올라 효과가 가장 크다.",
        en="{name} has the most to gain: at the target, satisfaction with all contacts would rise by {gain} (95% interval {interval}).",
        **fields,
    )


def small_types(chapter, file: TouchPointsFile, rows: pd.DataFrame) -> list[str]:
    """Labels of the customer types whose shares rest on a small base."""
    few = rows[rows["flag"].eq("small_base").fillna(False) & rows["group1"].notna()]
    return list(dict.fromkeys(few["group1_label"]))
