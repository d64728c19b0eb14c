"""Before and after a change: monthly indicators with their trend and seasons, departments around training, bodies around consulting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.before_after.compute import (
    PAIRS,
    InterruptedSeries,
    before_after,
    interrupted_series,
    month_fields,
    paired_change,
)
from csi_lib.chapters.office import change_row, month_name, recorded
from csi_lib.errors import InputError
from csi_lib.findings.families import judged
from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import join_words
from csi_lib.tables.table import Column, Row, Table


@dataclass(frozen=True)
class Indicator:
    """One indicator: its months up to the report's year (``months``: month value), and the series, or why there is none."""

    name: str
    measure: object
    months: pd.DataFrame
    series: InterruptedSeries | None
    reason: str | None = None

    @property
    def unit(self) -> str:
        return "proportion" if self.measure.of else self.measure.unit

    @property
    def gap_unit(self) -> str:
        """Unit of a difference."""
        return "pp" if self.measure.of else self.measure.unit


def indicators(chapter) -> list[Indicator]:
    """The indicators of the monthly table, each with its interrupted series where there are months enough."""
    file = chapter.system("before_after")
    years = [y for y in chapter.study.years if y <= chapter.year and chapter.took_part(y)]
    parts = [chapter.records(file.source, month_fields(file), columns=file.columns, year=y) for y in years]
    frame = pd.concat(parts, ignore_index=True)
    frame["month"] = pd.to_datetime(frame["month"]).dt.to_period("M").astype(str)
    frame = frame[frame["month"].str[:4].astype(int) <= chapter.year].sort_values("month", kind="stable")
    wanted = pd.period_range(frame["month"].min(), frame["month"].max(), freq="M").astype(str) if len(frame) else []
    out = []
    for name, measure in file.measures.items():
        value = frame[name] if measure.of is None else frame[name] / frame[measure.of].where(frame[measure.of] > 0)
        months = pd.DataFrame({"month": frame["month"], "value": value})
        if months["month"].duplicated().any():
            raise InputError("a month stands twice in the table of indicators", where=f"source {file.source!r}",
                             found=str(months.loc[months["month"].duplicated(), "month"].iloc[0]))  # fmt: skip
        months = months.set_index("month").reindex(wanted).rename_axis("month").reset_index()
        series, reason = None, None
        try:
            series = interrupted_series(
                months["month"], months["value"], file.change, season=file.season, harmonics=file.harmonics
            )
        except InputError as error:
            reason = error.problem
        out.append(Indicator(name, measure, months, series, reason))
    return out


def plainly(chapter, rows, *, counts: str = "periods", **constant) -> pd.DataFrame:
    """`recorded` without the mark for small bases: months and departments are few by nature."""
    return recorded(chapter, rows, flagged=False, counts=counts, **constant)


def _own(chapter) -> dict:
    file = chapter.system("before_after")
    return {"source": file.source, "model": "before_after"}


def label(chapter, item: Indicator) -> str:
    return item.measure.label.text(chapter.lang)


def simple_rows(chapter, items: list[Indicator]) -> list[tuple[Indicator, pd.Series, pd.Series, pd.Series, pd.Series]]:
    """(indicator, mean of the months before, after, difference, effect size) where both sides have two months or more."""
    change, out = chapter.system("before_after").change, []
    for item in items:
        after = item.months["month"] >= change
        try:
            gap = before_after(item.months.loc[~after, "value"], item.months.loc[after, "value"])
        except InputError:
            continue
        keys = {"measure": item.name, **_own(chapter)}
        sides = [plainly(chapter, [{**keys, "statistic": "mean", "by1": "side", "group1": side, "estimate": value, "n": n, "unit": item.unit}]).iloc[0]
                 for side, value, n in (("before", gap.before, gap.n_before), ("after", gap.after, gap.n_after))]  # fmt: skip
        row = plainly(chapter, [change_row(gap, **keys, versus="before", unit=item.gap_unit)]).iloc[0]
        effect = {
            **keys,
            "statistic": "effect_size",
            "versus": "before",
            "estimate": gap.effect,
            "n": row["n"],
            "unit": "ratio",
            "value_text": gap.effect_name,
        }
        out.append((item, *sides, row, plainly(chapter, [effect]).iloc[0]))
    return out


def simple_table(chapter, rows, *, name: str, caption: str) -> Table:
    """Means before and after with the plain comparison of months."""
    text = chapter.text
    columns = (Column("row", text(ko="지표", en="Indicator"), "left", "stub"), Column("before", text(ko="이전 평균", en="Before")),
               Column("after", text(ko="이후 평균", en="After")), Column("gap", text(ko="차이", en="Difference")),
               Column("ci", text(ko="95% 신뢰구간", en="95% interval")), Column("p", text(ko="유의확률", en="p")),
               Column("effect", text(ko="효과 크기(g)", en="Effect size (g)")), Column("n", text(ko="개월", en="Months"), "right", "base"))  # fmt: skip
    body = [
        Row((label(chapter, item), Number.from_row(before), Number.from_row(after), Number.from_row(gap, signed=True), Interval.from_row(gap),
             Number.from_row(gap, "p_value"), Number.from_row(effect), Number.from_row(gap, "n")))
        for item, before, after, gap, effect in rows
    ]  # fmt: skip
    note = text(ko="달마다의 값을 앞뒤로 나누어 비교한 것(웰치 검정)으로, 원래 있던 추세와 계절은 가려내지 못한다.",
                en="Months before and after compared as two groups (Welch); a trend or season that was there anyway is not told apart.")  # fmt: skip
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang, 1)


def series_rows(chapter, item: Indicator) -> pd.DataFrame:
    """Level and slope changes and the trend before, as rows (``by1`` = term)."""
    frame = item.series.effects
    rows = frame.assign(measure=item.name, statistic="difference", by1="term", group1=frame["term"], versus="before", unit=item.gap_unit,
                        n=item.series.n_before + item.series.n_after)  # fmt: skip
    return plainly(chapter, rows.drop(columns=["term"]), **_own(chapter)).set_index(frame["term"])


def series_table(chapter, found: list[tuple[Indicator, pd.DataFrame]], *, name: str, caption: str) -> Table:
    """Jump at the change and change of the monthly trend, seasons and serial correlation allowed for."""
    text = chapter.text
    groups = {
        "level": text(ko="변경 때의 변화", en="Jump at the change"),
        "slope": text(ko="달마다의 추세 변화", en="Change of the monthly trend"),
    }
    columns = (Column("row", text(ko="지표", en="Indicator"), "left", "stub"), Column("value", text(ko="변화", en="Change")),
               Column("ci", text(ko="95% 신뢰구간", en="95% interval")), Column("p", text(ko="유의확률", en="p")),
               Column("n", text(ko="개월", en="Months"), "right", "base"))  # fmt: skip
    body = []
    for term, heading in groups.items():
        for item, rows in found:
            row, digits = rows.loc[term], 2 if term == "slope" else None
            cells = (label(chapter, item), Number.from_row(row, signed=True, digits=digits), Interval.from_row(row, digits=digits),
                     Number.from_row(row, "p_value"), Number.from_row(row, "n"))  # fmt: skip
            body.append(Row(cells, heading))
    season = chapter.system("before_after").season
    note = text(ko=f"변경 전의 추세와 계절({season}개월 주기), 이웃한 달의 상관을 함께 추정하였다." if season else "변경 전의 추세와 이웃한 달의 상관을 함께 추정하였다.",
                en=f"Estimated together with the trend before, seasons of {season} months and the correlation of neighbouring months."
                if season else "Estimated together with the trend before and the correlation of neighbouring months.")  # fmt: skip
    return Table(name, caption, columns, tuple(body), (note,), chapter.lang, 1)


def judged_series(chapter, items: list[Indicator]) -> list[tuple[Indicator, pd.DataFrame]]:
    """`series_rows` of the indicators that have a series; jumps and changes of trend of all of them are one family."""
    found = [(item, series_rows(chapter, item)) for item in items if item.series is not None]
    terms = [(item, term, rows.loc[term]) for item, rows in found for term in ("level", "slope")]
    if not terms:
        return found
    frame = judged(pd.DataFrame([row for *_, row in terms]), least=0)
    chapter.record(frame.drop(columns=[c for c in frame if c.endswith("_label")]))
    for (item, term, _), (_, row) in zip(terms, frame.iterrows(), strict=True):
        rows = next(r for i, r in found if i is item)
        rows.loc[term, ["p_value", "ci_low", "ci_high"]] = row[["p_value", "ci_low", "ci_high"]].to_numpy(float)
    return found


def verdicts(chapter, found: list[tuple[Indicator, pd.DataFrame]]) -> list:
    """What jumps and changes of trend say, better or worse; a slope counts like a level (`judged_series`)."""
    groups: dict[str, list] = {"better": [], "worse": [], "mixed": [], "none": []}
    for item, rows in found:
        moved = [(t, rows.loc[t]) for t in ("level", "slope") if chapter.verdict(rows.loc[t]).significant]
        good = {(row["estimate"] > 0) == (item.measure.better == "more") for _, row in moved}
        kind = "none" if not good else "mixed" if len(good) == 2 else "better" if good == {True} else "worse"
        parts = [
            chapter.sentence(
                ko="변경 때 {x}" if term == "level" else "그 뒤 달마다 {x}",
                en="{x} at once" if term == "level" else "{x} a month afterwards",
                x=Number.from_row(row, signed=True, digits=2 if term == "slope" else None),
            )
            for term, row in (moved or [("level", rows.loc["level"])])
        ]
        groups[kind].append(chapter.sentence(ko="{name}({change})", en="{name} ({change})", name=label(chapter, item),
                                             change=join_words(parts, chapter.lang, between=", ")))  # fmt: skip
    words = {
        "better": ("변경과 함께 나아진 지표는 {items}이다.", "Better with the change: {items}."),
        "worse": ("변경과 함께 나빠진 지표는 {items}이다.", "Worse with the change: {items}."),
        "mixed": ("한편 나아지고 한편 나빠진 지표는 {items}이다.", "Better in one way and worse in another: {items}."),
        "none": (
            "{items:은/는} 추세와 계절을 감안하면 달라졌다고 말할 수 없다.",
            "No change beyond trend and seasons: {items}.",
        ),
    }
    out = [chapter.sentence(ko=words[k][0], en=words[k][1], items=v) for k, v in groups.items() if v]
    caution = chapter.sentence(
        ko="같은 때에 있었던 다른 일의 영향은 이 방법으로 가려낼 수 없다.",
        en="What else happened at that time cannot be told apart by this method.",
    )
    return [*out, caution]


def too_short(chapter, items: list[Indicator]):
    """The sentence that says why some indicators have no series, or None."""
    names = [label(chapter, i) for i in items if i.series is None]
    if not names:
        return None
    return chapter.sentence(
        ko="{names:은/는} 변경 앞뒤의 달이 모자라(앞뒤 여섯 달과 변경 전 계절 한 바퀴가 있어야 한다) 추세와 계절을 감안한 비교를 하지 않았다.",
        en="{names}: too few months around the change (six on each side and a full turn of seasons before) for a comparison that allows for trend and seasons.",
        names=names,
    )


def figure_rows(chapter, item: Indicator) -> pd.DataFrame:
    """Months of an indicator as rows with ``fitted`` and ``counterfactual``; the base is the number of months."""
    fitted = item.series.fitted.set_index("month")
    frame = item.months.assign(n=float(item.months["value"].notna().sum()), by1="month", group1=item.months["month"], measure=item.name,
                               statistic="value", unit=item.unit, estimate=item.months["value"])  # fmt: skip
    frame["fitted"] = fitted["fitted"].reindex(frame["month"]).to_numpy()
    frame["counterfactual"] = fitted["counterfactual"].reindex(frame["month"]).to_numpy()
    rows = plainly(chapter, frame.drop(columns=["value", "month"]), **_own(chapter))
    rows["group1_label"] = [month_name(chapter, m, year=True) for m in rows["group1"]]
    return rows


# ------------------------------------------------------------------ units before and after
@dataclass(frozen=True)
class PairResult:
    """Rows of one treatment: per group (treated, not treated) before, after, change, effect; the difference of the changes."""

    name: str
    groups: list[tuple[str, dict]]
    gap: pd.Series | None


def pair_results(chapter) -> list[PairResult]:
    """Every treatment that before_after.yml names and that has units this year."""
    out = []
    for name, pair in chapter.system("before_after").pairs.items():
        if pair.source not in chapter.study.sources:
            raise InputError("pairs name a source that the study has not", where="before_after.yml: pairs", found=pair.source,
                             expected=", ".join(chapter.study.sources))  # fmt: skip
        frame = chapter.records(pair.source, PAIRS, columns=pair.columns)
        if pair.departments and "departments" in chapter.study.extensions:
            departments = chapter.system("departments")
            frame = departments.placed(frame.rename(columns={"unit": "department"}), chapter.year).rename(
                columns={"department": "unit"}
            )
            frame = frame[~frame["unit"].isin(departments.tiny(chapter.year))]
        treated = frame["treated"].fillna(1).astype(bool)
        parts = [("treated", frame[treated]), ("not_treated", frame[~treated])]
        groups = [
            (g, rows) for g, part in parts if (rows := _pair_rows(chapter, name, pair.source, g, part)) is not None
        ]
        if groups:
            out.append(
                PairResult(
                    name,
                    groups,
                    _difference(chapter, name, pair.source, *(p for _, p in parts)) if len(groups) == 2 else None,
                )
            )
    return out


def _pair_rows(chapter, name: str, source: str, group: str, part: pd.DataFrame) -> dict | None:
    try:
        change = paired_change(part["before"], part["after"])
    except InputError:  # fewer than two units, or all changed alike
        return None
    keys = {
        "measure": name,
        "by1": "treatment",
        "group1": group,
        "source": source,
        "model": "before_after",
        "n": change.n_before,
    }
    row = lambda **more: plainly(chapter, [{**keys, **more}]).iloc[0]
    return {"before": row(statistic="before", estimate=change.before, unit="points"), "after": row(statistic="after", estimate=change.after, unit="points"),
            "change": row(**{**change_row(change), "n": change.n_before, "versus": "before", "unit": "points"}),
            "effect": row(statistic="effect_size", estimate=change.effect, unit="ratio", value_text=change.effect_name)}  # fmt: skip


def _difference(chapter, name, source, treated: pd.DataFrame, others: pd.DataFrame):
    try:
        gap = before_after(others["after"] - others["before"], treated["after"] - treated["before"])
    except InputError:
        return None
    return plainly(
        chapter,
        [change_row(gap, measure=name, versus="not_treated", unit="points", source=source, model="before_after")],
    ).iloc[0]


def pair_table(chapter, result: PairResult, *, name: str, caption: str) -> Table:
    text, pair = chapter.text, chapter.system("before_after").pairs[result.name]
    what = pair.label.text(chapter.lang)
    heads = {
        "treated": text(ko=f"{what} 실시", en=f"{what}: yes"),
        "not_treated": text(ko=f"{what} 미실시", en=f"{what}: no"),
    }
    columns = (Column("row", pair.units.text(chapter.lang).capitalize(), "left", "stub"), Column("before", text(ko="이전", en="Before")),
               Column("after", text(ko="이후", en="After")), Column("change", text(ko="변화", en="Change")),
               Column("ci", text(ko="95% 신뢰구간", en="95% interval")), Column("p", text(ko="유의확률", en="p")),
               Column("effect", text(ko="효과 크기(dz)", en="Effect size (dz)")), Column("n", text(ko="수", en="n"), "right", "base"))  # fmt: skip
    body = [
        Row((heads[group], Number.from_row(r["before"]), Number.from_row(r["after"]), Number.from_row(r["change"], signed=True),
             Interval.from_row(r["change"]), Number.from_row(r["change"], "p_value"), Number.from_row(r["effect"]), Number.from_row(r["change"], "n")))
        for group, r in result.groups
    ]  # fmt: skip
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def pair_sentences(chapter, result: PairResult) -> list:
    """What the comparison with the untreated says; without them, why the rise proves little."""
    pair = chapter.system("before_after").pairs[result.name]
    what, units = pair.label.text(chapter.lang), pair.units.text(chapter.lang)
    if result.gap is None:
        return [chapter.sentence(
            ko="{what:을/를} 받지 않은 {units:과/와} 견주지 못하였으므로, 변화가 {what} 때문인지 저절로 생긴 것인지는 알 수 없다. 점수가 낮아 뽑힌 곳은 저절로 오르는 경향이 있다.",
            en="There are no {units} without {what} to compare with, so it is not known whether the change is due to it; those chosen because they scored low tend to rise by themselves.",
            what=what, units=units)]  # fmt: skip
    row, sure = result.gap, verdict_of(result.gap).significant
    numbers = {
        "gap": Number.from_row(row, signed=True),
        "ci": Interval.from_row(row),
        "p": Number.from_row(row, "p_value"),
        "what": what,
        "units": units,
    }
    if sure:
        more = row["estimate"] > 0
        return [chapter.sentence(ko=f"{{what:을/를}} 받은 {{units}}의 변화는 받지 않은 곳보다 {{gap:abs}} {'크다' if more else '작다'}({{p:p}}, 95% 신뢰구간 {{ci}}).",
                                 en=f"The change of {{units}} with {{what}} is {{gap:abs}} {'larger' if more else 'smaller'} than that of the others ({{p:p}}, 95% interval {{ci}}).", **numbers)]  # fmt: skip
    return [chapter.sentence(ko="{what:을/를} 받은 {units:과/와} 받지 않은 곳의 변화에 통계적으로 유의한 차이가 없다({gap}, {p:p}, 95% 신뢰구간 {ci}).",
                             en="The changes of {units} with and without {what} do not differ significantly ({gap}, {p:p}, 95% interval {ci}).", **numbers)]  # fmt: skip


def had_series(items: list[Indicator]) -> list[Indicator]:
    return [i for i in items if i.series is not None and np.isfinite(i.series.effects["se"]).all()]
