"""The overall report of a round: all agencies, totals by type, ranks with uncertainty, best and worst items."""

from __future__ import annotations

import pandas as pd

from csi_lib.evaluation.standing import agency_means, ranks
from csi_lib.prose.numbers import Interval, Number
from csi_lib.tables.table import Column, Row, Table


def agency_rows(chapter, measure: str | None = None) -> pd.DataFrame:
    """The index of every agency, highest first, with ``agency_label``."""
    measure = measure or chapter.model.file.index
    rows = chapter.wave[(chapter.wave["measure"] == measure) & (chapter.wave["statistic"] == "index")]
    if measure == chapter.model.file.index:
        rows = rows[rows["model"] == chapter.model.name]
    rows = rows.sort_values("estimate", ascending=False, na_position="last").reset_index(drop=True)
    rows["agency_label"] = [chapter.labels.agency(a) for a in rows["agency"]]
    return chapter.labels.attach(rows)


def rank_table(chapter, *, name: str, caption: str) -> Table:
    """Agencies with index, interval, rank and the ranks between which it lies beyond sampling error."""
    t, rows = chapter.text, agency_rows(chapter)
    found = ranks(chapter.wave, chapter.model.file.index)
    recorded = chapter.record(
        [
            {
                "measure": chapter.model.file.index,
                "model": chapter.model.name,
                "agency": agency,
                "statistic": "rank",
                "estimate": r.rank,
                "ci_low": r.low,
                "ci_high": r.high,
                "unit": "rank",
                "n": r.of,
            }
            for agency, r in found.items()
        ],
        counts="agencies",
    )
    by_agency = {r["agency"]: r for r in recorded.to_dict("records")}
    columns = (
        Column("agency", t(ko="기관", en="Agency"), "left", "stub"),
        Column("type", t(ko="유형", en="Type"), "left", "text"),
        Column("score", t(ko="지수", en="Index")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("rank", t(ko="순위", en="Rank")),
        Column("between", t(ko="순위 구간", en="Ranks possible")),
    )
    body = []
    for row in rows.to_dict("records"):
        rank = by_agency.get(row["agency"])
        one = Number.from_row(rank) if rank else Number(None, "rank")
        body.append(
            Row(
                (
                    row["agency_label"],
                    type_label(chapter, row["type"]),
                    Number.from_row(row),
                    Interval.from_row(row),
                    Number.from_row(row, "n"),
                    one,
                    Interval.from_row(rank) if rank else Number(None, "rank"),
                )
            )
        )
    note = t(
        ko="순위 구간: 모든 기관 쌍을 동시에 비교하여(95%) 유의하게 높거나 낮은 기관만 세었을 때 가능한 순위",
        en="Ranks possible: counting only agencies that are significantly above or below, all pairs held at once (95%)",
    )
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang)


def type_label(chapter, code: str | None) -> str:
    label = chapter.study.types.get(code)
    return label.text(chapter.lang) if label is not None else (code or "")


def means(chapter, measures: list[str]) -> pd.DataFrame:
    """Simple means over agencies for all and for every type with at least three of them; recorded, with labels."""
    types = [None, *dict.fromkeys(a.type for a in chapter.study.agencies if a.type)]
    out = agency_means(chapter.wave, measures, types=types if len(types) > 2 else [None])
    if not len(out):
        return out.frame
    frame = chapter.labels.attach(chapter.record(out))
    frame["group1_label"] = [type_label(chapter, g) if isinstance(g, str) else None for g in frame["group1"]]
    return frame


def item_extremes(chapter, count: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The items of the index with the highest and the lowest means over all agencies."""
    asked = set(chapter.wave.loc[chapter.wave["statistic"] == "mean", "measure"])
    frame = means(chapter, [i for i in dict.fromkeys(chapter.model_items) if i in asked])
    frame = frame[frame["group1"].isna()].sort_values("estimate", ascending=False)
    return frame.head(count), frame.tail(min(count, max(len(frame) - count, 0))).iloc[::-1]


def outline_table(chapter) -> Table:
    """What the round covers."""
    t, study = chapter.text, chapter.study
    agencies = [a for a in study.agencies if a.took_part(chapter.year)]
    shown = agency_rows(chapter)
    covered = {
        "measure": "round",
        "statistic": "agencies",
        "estimate": len(agencies),
        "unit": "number",
        "n": len(agencies),
    }
    asked = {"measure": "round", "statistic": "respondents", "estimate": shown["n"].sum(), "unit": "count",
             "n": shown["n"].sum()}  # fmt: skip
    rows = [chapter.record([r], counts=c).iloc[0].to_dict() for r, c in ((covered, "agencies"), (asked, "people"))]
    say = lambda row: chapter.sentence(ko="{n}", en="{n}", n=Number.from_row(row))
    there = {a.region for a in agencies}
    regions = [label.text(chapter.lang) for code, label in study.regions.items() if code in there]
    lines = [(t(ko="조사", en="Study"), study.title.text(chapter.lang))]
    if study.commissioned_by is not None:
        lines.append((t(ko="조사 의뢰", en="Commissioned by"), study.commissioned_by.text(chapter.lang)))
    if study.contractor is not None:
        lines.append((t(ko="조사 수행", en="Conducted by"), study.contractor.text(chapter.lang)))
    lines += [
        (t(ko="조사 시기", en="Wave"), study.period_of(chapter.year)),
        (t(ko="대상 기관 수", en="Agencies"), say(rows[0])),
        *([(t(ko="지역", en="Regions"), ", ".join(regions))] if regions else []),
        (t(ko="응답자 수", en="Respondents"), say(rows[1])),
        (t(ko="지수", en="Index"), chapter.model.file.label.text(chapter.lang)),
    ]
    failed = chapter.wave.attrs["failed"]
    if failed:
        names = ", ".join(chapter.labels.agency(a) for a in failed)
        lines.append((t(ko="자료를 쓸 수 없어 제외한 기관", en="Left out because the data cannot be used"), names))
    columns = (
        Column("item", t(ko="구분", en="Item"), "left", "stub"),
        Column("content", t(ko="내용", en="Content"), "left", "text"),
    )
    return Table(
        "round",
        t(ko="조사 개요", en="The round"),
        columns,
        tuple(Row(x) for x in lines),
        lang=chapter.lang,
        exempt="a schedule",
    )


def all_agencies(chapter) -> pd.DataFrame:
    """Agency × dimension rows for the appendix."""
    frames = [agency_rows(chapter, m).assign(measure=m) for m in chapter.top_nodes]
    return pd.concat(frames, ignore_index=True)
