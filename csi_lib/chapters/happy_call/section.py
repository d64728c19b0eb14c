"""Happy-call: satisfaction after a petition by department and month, who answered, months out of control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.before_after.compute import before_after
from csi_lib.chapters.happy_call.compute import (
    Composite,
    HappyCall,
    case_fields,
    compare,
    happy_call,
    item_from_counts,
    rated_cases,
)
from csi_lib.chapters.happy_call.control_chart import ControlChart, control_limits
from csi_lib.chapters.kindness.compute import score_standing
from csi_lib.chapters.office import (
    change_row,
    count_row,
    hidden_departments,
    in_order,
    month_name,
    recorded,
    standing_rows,
    without_tiny,
)
from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.evaluation.small_groups import hidden_cells, hidden_groups
from csi_lib.prose.numbers import Interval, Number
from csi_lib.tables.table import Column, Row, Table


@dataclass(frozen=True)
class Calls:
    """The cases of the year (``cases``, rated), the results, and the study's settings."""

    file: object
    cases: pd.DataFrame
    result: HappyCall
    months: list[str]


def calls(chapter, year: int | None = None) -> Calls | None:
    """The happy-calls of a year; None without a single case."""
    file = chapter.system("happy_call")
    year = year or chapter.year
    cases = without_tiny(chapter, chapter.records(file.source, case_fields(file), columns=file.columns, year=year))
    if not len(cases):
        return None
    months = [f"{year}-{m:02d}" for m in range(1, 13)]
    rated = rated_cases(cases, file)
    return Calls(file, rated, happy_call(rated, file, months=months), months)


def _constant(found: Calls) -> dict:
    return {"source": found.file.source, "model": "happy_call", "unit": "scale"}


def names(chapter, found: Calls) -> dict[str, str]:
    how = {"mean": chapter.text(ko="종합(두 문항의 평균)", en="Composite (mean of the questions)"),
           "sum": chapter.text(ko="종합(문항의 합)", en="Composite (sum of the questions)")}  # fmt: skip
    if len(found.file.items) != 2:
        how["mean"] = chapter.text(ko="종합(문항의 평균)", en="Composite (mean of the questions)")
    return {n: i.label.text(chapter.lang) for n, i in found.file.items.items()} | {"composite": how[found.file.combine]}


def overall(chapter, found: Calls) -> pd.DataFrame:
    """Every question and the composite, for everybody."""
    rows = found.result.scores
    rows = rows[rows["department"].isna() & rows["month"].isna()].assign(statistic="mean")
    hidden = hidden_groups(rows["n"], min_base=chapter.study.privacy.min_base)
    return recorded(chapter, rows, hidden=hidden, names=names(chapter, found), **_constant(found))


def change(chapter, found: Calls):
    """The composite against last year's as a tested difference, or None; only asked where the questions are the same."""
    if chapter.previous_year is None:
        return None
    try:
        before = calls(chapter, chapter.previous_year)
    except InputError:  # no file for that year
        return None
    if before is None or min(before.cases["composite"].notna().sum(), found.cases["composite"].notna().sum()) < 2:
        return None
    try:
        gap = before_after(before.cases["composite"], found.cases["composite"])
    except InputError:  # nothing varies
        return None
    row = change_row(gap, measure="composite", versus=str(chapter.previous_year))
    return recorded(chapter, [row], names=names(chapter, found), **_constant(found)).iloc[0]


def departments(chapter, found: Calls):
    """(scores, ranks) of departments on the composite; None with fewer than two."""
    cases = found.cases.assign(score=found.cases["composite"], case=np.arange(len(found.cases)))
    frame = score_standing(cases, "department", clusters="case", digits=2).frame
    if len(frame) < 2:
        return None
    hidden = hidden_departments(chapter, frame)
    return standing_rows(chapter, frame, by="department", hidden=hidden, measure="composite", names=names(chapter, found),
                         **_constant(found))  # fmt: skip


def response(chapter, found: Calls):
    """Rows by department and for all: cases, reached, rated (counts) and the share rated with its interval."""
    frame = found.cases.assign(
        reached=(found.cases["outcome"] == found.file.reached).astype(float),
        rated=found.cases["composite"].notna().astype(float),
    )
    parts = [
        in_order(chapter, clustered_means(frame, "rated", "department", share=True)),
        clustered_means(frame, "rated", share=True),
    ]
    share = pd.concat(parts, ignore_index=True)
    share["by1"] = np.where(share["department"].notna(), "department", None)
    share["group1"] = share["department"]
    counts = found.result.response
    counts = counts[counts["month"].isna()]
    counts = counts.set_index(counts["department"].fillna(""))
    out = {
        "share": recorded(
            chapter,
            share.assign(measure="rated", statistic="share"),
            source=found.file.source,
            model="happy_call",
            unit="proportion",
        )
    }
    for what in ("reached", "rated", "unrated"):
        rows = [count_row(counts.loc[d if isinstance(d, str) else "", what], base=n, measure=f"cases_{what}", by1=b, group1=d)
                for d, n, b in zip(share["department"].where(share["department"].notna(), None), share["n"], share["by1"], strict=True)]  # fmt: skip
        out[what] = recorded(chapter, rows, source=found.file.source, model="happy_call")
    return out


def response_table(chapter, rows, *, name: str, caption: str) -> Table:
    text = chapter.text
    columns = (
        Column("row", text(ko="부서", en="Department"), "left", "stub"), Column("n", text(ko="대상 민원", en="Cases"), "right", "base"),
        Column("reached", text(ko="통화", en="Reached")), Column("rated", text(ko="평가", en="Rated")),
        Column("unrated", text(ko="통화했으나 미평가", en="Reached, not rated")), Column("share", text(ko="평가율", en="Share rated")),
        Column("ci", text(ko="95% 신뢰구간", en="95% interval")),
    )  # fmt: skip
    body = []
    for k, row in enumerate(rows["share"].to_dict("records")):
        total = pd.isna(row["group1"])
        label = text(ko="전체", en="All") if total else row["group1_label"]
        counts = [Number.from_row(rows[w].iloc[k]) for w in ("reached", "rated", "unrated")]
        cells = (label, Number.from_row(row, "n"), *counts, Number.from_row(row), Interval.from_row(row))
        body.append(Row(cells, None, "total" if total else "data"))
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def outcomes(chapter, found: Calls) -> pd.DataFrame:
    """How the calls ended: share of all cases, in the order of happy_call.yml."""
    declared = found.file.outcomes or dict.fromkeys(found.cases["outcome"])
    known = [*declared, *(v for v in dict.fromkeys(found.cases["outcome"]) if v not in declared)]
    rows, labels = [], {}
    for outcome in known:
        frame = found.cases.assign(ended=(found.cases["outcome"] == outcome).astype(float))
        rows.append(
            {
                **clustered_means(frame, "ended", share=True).iloc[0].to_dict(),
                "measure": f"outcome:{outcome}",
                "statistic": "share",
            }
        )
        label = declared.get(outcome)
        labels[f"outcome:{outcome}"] = label.text(chapter.lang) if label else outcome
    return recorded(chapter, rows, names=labels, source=found.file.source, model="happy_call", unit="proportion")


def monthly(chapter, found: Calls) -> tuple[pd.DataFrame, pd.Series, ControlChart]:
    """(months with control limits and signals, the centre line, the chart) of the composite."""
    month = pd.to_datetime(found.cases["month"]).dt.strftime("%Y-%m")
    chart = control_limits(found.cases["composite"], month, wanted=found.months)
    frame = chart.frame.rename(columns={"period": "group1"}).assign(
        by1="month",
        measure="composite",
        statistic="mean",
        se=chart.sigma / np.sqrt(chart.frame["n"].where(chart.frame["n"] > 0)),
    )
    hidden = hidden_groups(frame["n"], min_base=chapter.study.privacy.min_base)
    rows = recorded(chapter, frame, hidden=hidden, names=names(chapter, found), **_constant(found))
    rows["group1_label"] = [month_name(chapter, m) for m in rows["group1"]]
    # limits are ± a multiple of 1/√n: of a hidden month they would tell its base
    rows.loc[rows["suppressed"], ["low", "high"]] = np.nan
    rows.loc[rows["suppressed"], "signal"] = None
    centre = {"measure": "composite", "statistic": "centre", "estimate": chart.centre, "n": int(chart.frame["n"].sum())}
    return rows, recorded(chapter, [centre], names=names(chapter, found), **_constant(found)).iloc[0], chart


def cells(chapter, found: Calls) -> pd.DataFrame:
    """Composite by department and month, small cells and what totals would tell of them hidden."""
    rows = found.result.scores
    rows = rows[rows["department"].notna() & rows["month"].notna() & (rows["measure"] == "composite")]
    rows = in_order(chapter, rows.reset_index(drop=True))
    table = rows.pivot(index="department", columns="month", values="n").fillna(0)
    mask = hidden_cells(table, min_base=chapter.study.privacy.min_base)
    hidden = [bool(mask.loc[d, m]) for d, m in zip(rows["department"], rows["month"], strict=True)]
    frame = rows.assign(
        by1="department", group1=rows["department"], by2="month", group2=rows["month"].astype(str), statistic="mean"
    )
    frame.loc[frame["n"] == 0, "n"] = 0
    out = recorded(
        chapter, frame.drop(columns=["month"]), hidden=hidden, names=names(chapter, found), **_constant(found)
    )
    out["group2_label"] = [month_name(chapter, m) for m in out["group2"]]
    return out


def signal_sentences(chapter, rows: pd.DataFrame) -> list:
    """Which months are out of control, which had no cases."""
    out = []
    for signal, ko, en in (
        ("below", "{months:은/는} 관리 한계보다 낮다. 그달의 일을 살펴볼 필요가 있다.", "Below the control limit: {months}. What happened then is worth looking into."),
        ("above", "{months:은/는} 관리 한계보다 높다.", "Above the control limit: {months}."),
        ("run", "{months}까지 여덟 달 넘게 중심선의 한쪽에 머물렀다.", "Eight or more months in a row stayed on one side of the centre, up to {months}."),
    ):  # fmt: skip
        found = rows[rows["signal"] == signal]
        if len(found):
            months = [
                chapter.sentence(ko="{m}({v})", en="{m} ({v})", m=r["group1_label"], v=r)
                for r in found.to_dict("records")
            ]
            out.append(chapter.sentence(ko=ko, en=en, months=months))
    if not out:
        out.append(chapter.sentence(ko="모든 달이 관리 한계 안에 있어, 달마다의 오르내림은 우연으로 볼 수 있다.",
                                    en="All months lie within the limits: the ups and downs may be chance."))  # fmt: skip
    empty = rows.loc[(rows["n"] == 0) & ~rows["suppressed"], "group1_label"].tolist()
    if empty:
        out.append(
            chapter.sentence(
                ko="{months}에는 평가된 민원이 없어 점수를 비웠다.",
                en="No case was rated in {months}; there is no score.",
                months=empty,
            )
        )
    return out


def empty_cells_note(chapter, rows: pd.DataFrame):
    """Departments and months without a rated case, or None."""
    none = rows[(rows["n"] == 0) & ~rows["suppressed"]]
    if not len(none):
        return None
    named = [f"{r['group1_label']} {r['group2_label']}" for r in none.to_dict("records")]
    return chapter.sentence(
        ko="{cells}에는 평가된 민원이 없다. 0점이 아니다.",
        en="No case was rated in {cells}; that is not a score of zero.",
        cells=named,
    )


def earlier_schemes(chapter, found: Calls):
    """(table, sentences) about results published under other schemes: recomputed from counts, and whether they compare.

    None where happy_call.yml names none. The comparison is asked of `evaluation.happy_call.compare`, which refuses what
    cannot be compared; on 0–100 both can stand side by side.
    """
    if not found.file.published:
        return None
    first = next(iter(found.file.items.values()))
    whole = found.cases["composite"].dropna()
    now = Composite(float(whole.mean()), found.file.combine, len(found.file.items), first.low, first.high,
                    float(whole.std(ddof=1) / np.sqrt(len(whole))), len(whole))  # fmt: skip
    schemes = [(chapter.text(ko=f"{chapter.year}년", en=str(chapter.year)), now, "")]
    said = []
    for year, published in sorted(found.file.published.items()):
        items = [item_from_counts(c, unrated=published.unrated) for c in published.counts.values()]
        value = sum(i.mean for i in items) / (len(items) if published.how == "mean" else 1)
        then = Composite(value, published.how, len(items), published.low, published.high, None, min(i.n for i in items))
        label = published.label.text(chapter.lang)
        schemes.append((label, then, str(year)))
        try:
            compare(now, then)
        except InputError:
            said.append(chapter.sentence(
                ko="{label:과/와} 올해는 {then:과/와} {now:이/가} 달라 적힌 값을 그대로 견줄 수 없다. 100점 기준으로 바꾼 값도 문항과 조사 방법이 달라 참고로만 본다.",
                en="What was {label} is {then}; this year's is {now}. The printed values cannot be compared. Those per 100 may stand side by side, as a rough guide: questions and method differ.",
                label=label, then=_made(chapter, then), now=_made(chapter, now)))  # fmt: skip
    rows, columns = [], (
        Column("row", chapter.text(ko="구분", en="Scheme"), "left", "stub"), Column("made", chapter.text(ko="산출 방식", en="How it is made"), "left", "text"),
        Column("value", chapter.text(ko="적힌 값", en="Printed value")), Column("rescaled", chapter.text(ko="100점 기준", en="Per 100")),
        Column("n", chapter.text(ko="사례수", en="n"), "right", "base"),
    )  # fmt: skip
    for label, scheme, versus in schemes:
        keys = {
            "measure": "composite",
            "n": scheme.n,
            "versus": versus or None,
            "source": found.file.source,
            "model": "happy_call",
        }
        value = recorded(chapter, [{**keys, "statistic": "composite", "estimate": scheme.value, "unit": "scale"}]).iloc[
            0
        ]
        scaled = recorded(
            chapter, [{**keys, "statistic": "rescaled", "estimate": scheme.rescaled().value, "unit": "points"}]
        ).iloc[0]
        rows.append(
            Row(
                (
                    label,
                    _made(chapter, scheme),
                    Number.from_row(value),
                    Number.from_row(scaled),
                    Number.from_row(value, "n"),
                )
            )
        )
    table = Table("schemes", chapter.text(ko="산출 방식이 다른 결과", en="Results made in different ways"), columns, tuple(rows),
                  lang=chapter.lang)  # fmt: skip
    return table, said


def _made(chapter, scheme: Composite) -> str:
    scale = f"{scheme.low:g}~{scheme.high:g}" if chapter.lang == "ko" else f"{scheme.low:g} to {scheme.high:g}"
    if scheme.how == "sum":
        return chapter.text(
            ko=f"{scale}점 문항 {scheme.items}개의 합", en=f"the sum of {scheme.items} questions on {scale}"
        )
    return chapter.text(
        ko=f"{scale}점 문항 {scheme.items}개의 평균", en=f"the mean of {scheme.items} questions on {scale}"
    )
