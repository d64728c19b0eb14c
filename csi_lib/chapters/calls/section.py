"""Telephone manners from the call log: the 333 rule, and colleagues who pick up for the absent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.calls.compute import CALLS, call_compliance, pick_up
from csi_lib.chapters.office import hidden_departments, in_order, recorded, tiny_note, without_tiny
from csi_lib.prose.numbers import Interval, Number
from csi_lib.tables.table import Column, Row, Table


def call_log(chapter) -> pd.DataFrame:
    file = chapter.system("calls")
    return without_tiny(chapter, chapter.records(file.source, CALLS, columns=file.columns))


def compliance(chapter, calls: pd.DataFrame) -> pd.DataFrame:
    """Share of answered calls that keep each rule and all of them, by department and together."""
    file = chapter.system("calls")
    frame = call_compliance(calls, file.rules)
    names = {name: rule.label.text(chapter.lang) for name, rule in file.rules.items()}
    names["all"] = chapter.text(ko="모두 지킨 통화", en="All rules kept")
    return _call_rows(chapter, frame, frame["standard"], names, file.source)


def picked_up(chapter, calls: pd.DataFrame) -> pd.DataFrame:
    """Share of calls for an absent colleague that somebody picked up."""
    frame = pick_up(calls)
    names = {"picked_up": chapter.text(ko="부재 직원 전화 대신 받기", en="Picked up for an absent colleague")}
    return _call_rows(chapter, frame, pd.Series("picked_up", index=frame.index), names, chapter.system("calls").source)


def _call_rows(chapter, frame, measures, names, source) -> pd.DataFrame:
    frame = frame.assign(measure=measures.to_numpy(), statistic="share", unit="proportion", model="calls",
                         by1=np.where(frame["department"].notna(), "department", None), group1=frame["department"])  # fmt: skip
    parts = [in_order(chapter, part) for _, part in frame.groupby("measure", sort=False)]
    frame = pd.concat(parts, ignore_index=True)
    hidden = np.concatenate([hidden_departments(chapter, part) for part in parts])
    return recorded(chapter, frame, hidden=hidden, names=names, source=source)


def call_table(chapter, rows: pd.DataFrame, picked: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Departments by rule, pick-ups last; the base is that of answered calls."""
    text = chapter.text
    measures = list(dict.fromkeys(rows["measure"]))
    columns = [Column("row", text(ko="부서", en="Department"), "left", "stub")]
    columns += [Column(m, rows.loc[rows["measure"] == m, "measure_label"].iloc[0]) for m in measures]
    columns += [Column("n", text(ko="받은 전화", en="Calls answered"), "right", "base")]
    if len(picked):
        columns += [
            Column("picked", picked["measure_label"].iloc[0]),
            Column("n2", text(ko="부재 전화", en="Calls for the absent"), "right", "base"),
        ]
    by = {(r["measure"], _key(r["group1"])): r for r in [*rows.to_dict("records"), *picked.to_dict("records")]}
    body = []
    for group in dict.fromkeys(map(_key, rows["group1"])):
        label = text(ko="전체", en="All") if group is None else chapter.labels.group("department", group)
        cells = [
            label,
            *(Number.from_row(by[m, group]) for m in measures),
            Number.from_row(by[measures[-1], group], "n"),
        ]
        if len(picked):
            own = by.get(("picked_up", group))
            cells += (
                [Number(None, "proportion"), Number(None, "count")]
                if own is None
                else [Number.from_row(own), Number.from_row(own, "n")]
            )
        body.append(Row(tuple(cells), None, "total" if group is None else "data"))
    return Table(name, caption, tuple(columns), tuple(body), tuple(filter(None, [tiny_note(chapter)])), chapter.lang)  # fmt: skip


def _key(value):
    return None if pd.isna(value) else str(value)


def call_sentences(chapter, calls: pd.DataFrame, rows: pd.DataFrame, picked: pd.DataFrame) -> list:
    """How many calls keep all rules, the rule kept least, unanswered calls, and pick-ups."""
    total = rows[rows["by1"].isna()].set_index("measure")
    out = []
    rules = total.drop(index="all")
    weakest = rules["estimate"].idxmin()
    row = total.loc["all"].to_dict()
    out.append(chapter.sentence(
        ko="받은 전화 {n:bare}건 가운데 모든 규칙을 지킨 통화는 {share}이다(95% 신뢰구간 {ci}). 가장 덜 지킨 규칙은 ‘{rule}’({low})이다.",
        en="Of {n:bare} calls answered, {share} kept every rule (95% interval {ci}). The rule kept least is “{rule}” ({low}).",
        n=Number.from_row(row, "n"), share=row, ci=Interval.from_row(row), rule=rules.loc[weakest, "measure_label"], low=rules.loc[weakest].to_dict()))  # fmt: skip
    columns = [r.column for r in chapter.system("calls").rules.values()]
    silent = int(calls[columns].isna().all(axis=1).sum())
    if silent:
        count = recorded(chapter, [{"measure": "unanswered", "statistic": "count", "estimate": silent, "n": len(calls), "unit": "cases", "model": "calls"}],
                         source=chapter.system("calls").source).iloc[0]  # fmt: skip
        out.append(
            chapter.sentence(
                ko="아무도 받지 않은 전화는 {count}이었다.",
                en="{count:bare} calls were not answered by anybody.",
                count=count,
            )
        )
    unsaid = int(((calls["absent"] == 1) & calls["picked_up"].isna()).sum())
    if unsaid:
        count = recorded(chapter, [{"measure": "picked_up", "statistic": "count", "by1": "state", "group1": "no outcome", "estimate": unsaid,
                                    "n": int((calls["absent"] == 1).sum()), "unit": "cases", "model": "calls"}],
                         source=chapter.system("calls").source).iloc[0]  # fmt: skip
        out.append(chapter.sentence(
            ko="자리를 비운 동료에게 온 전화 가운데 {count:은/는} 누가 받았는지 적혀 있지 않아 비율에 넣지 않았다.",
            en="For {count:bare} calls to an absent colleague the log does not say whether somebody picked up; they are left out.",
            count=count))  # fmt: skip
    whole = picked[picked["by1"].isna()]
    if len(whole):
        row = whole.iloc[0].to_dict()
        out.append(chapter.sentence(
            ko="자리를 비운 동료에게 온 전화 {n:bare}건 가운데 {share:을/를} 다른 직원이 대신 받았다(95% 신뢰구간 {ci}).",
            en="Of {n:bare} calls for an absent colleague, {share} were picked up by somebody else (95% interval {ci}).",
            n=Number.from_row(row, "n"), share=row, ci=Interval.from_row(row)))  # fmt: skip
    return out
