"""Service charter and voice channels: which promises are kept, what comes in where and how it is handled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.chapters.charter.compute import case_columns, channel_volume, charter_compliance
from csi_lib.chapters.office import count_row, hidden_departments, recorded
from csi_lib.prose.numbers import Interval, Number
from csi_lib.tables.table import Column, Row, Table

VERDICTS = {
    "ko": {"kept": "지킴", "missed": "못 지킴", "unclear": "판단 어려움"},
    "en": {"kept": "kept", "missed": "missed", "unclear": "not clear"},
}


def cases(chapter) -> pd.DataFrame:
    file = chapter.system("charter")
    return chapter.records(file.source, case_columns(file), columns=file.columns)


def _own(chapter) -> dict:
    return {"source": chapter.system("charter").source, "model": "charter"}


def compliance(chapter, frame: pd.DataFrame) -> pd.DataFrame:
    """Share of cases that keep each standard, with ``target`` and ``verdict``."""
    file = chapter.system("charter")
    out = charter_compliance(frame, file)
    names = {n: s.label.text(chapter.lang) for n, s in file.standards.items()}
    hidden = out["n"].to_numpy() < chapter.study.privacy.min_base
    out = out.assign(measure=out["standard"], statistic="share", unit="proportion")
    rows = recorded(chapter, out, hidden=hidden & (out["n"].to_numpy() > 0), names=names, **_own(chapter))
    rows.loc[rows["suppressed"], "verdict"] = None
    return rows


def compliance_table(chapter, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    text = chapter.text
    columns = (Column("row", text(ko="이행 기준", en="Standard"), "left", "stub"), Column("share", text(ko="이행률", en="Kept")),
               Column("ci", text(ko="95% 신뢰구간", en="95% interval")), Column("target", text(ko="약속", en="Promise")),
               Column("verdict", text(ko="판정", en="Verdict"), "left", "text"), Column("n", text(ko="사례수", en="n"), "right", "base"))  # fmt: skip
    promised_redress = {
        n: s.redress.text(chapter.lang) for n, s in chapter.system("charter").standards.items() if s.redress
    }
    if promised_redress:
        columns += (Column("redress", text(ko="시정과 보상", en="Redress"), "left", "text"),)
    body = []
    for row in rows.to_dict("records"):
        target = Number(None, "proportion")
        if row["target"] == row["target"]:
            promised = {
                "measure": row["measure"],
                "statistic": "target",
                "estimate": row["target"],
                "unit": "proportion",
                "n": row["n"],
            }
            target = Number.from_row(recorded(chapter, [promised], **_own(chapter)).iloc[0], digits=0)
        verdict = VERDICTS[chapter.lang].get(row["verdict"], "")
        body.append(
            Row(
                (
                    row["measure_label"],
                    Number.from_row(row),
                    Interval.from_row(row),
                    target,
                    verdict,
                    Number.from_row(row, "n"),
                    *((promised_redress.get(row["measure"], "–"),) if promised_redress else ()),
                )
            )
        )
    note = text(ko="‘지킴’은 신뢰구간 전체가 약속 이상일 때, ‘못 지킴’은 전체가 약속 미만일 때이다.",
                en="Kept: the whole interval lies at or above the promise; missed: the whole interval lies below it.")  # fmt: skip
    blank = text(ko="기록에 값이 없는 건(아직 처리되지 않은 건 등)은 그 기준의 사례수에 들어가지 않는다.",
                 en="Cases without an entry (such as those not handled yet) do not count for that standard.")  # fmt: skip
    return Table(name, caption, columns, tuple(body), (note, blank), chapter.lang)


def sentences(chapter, rows: pd.DataFrame) -> list:
    """Which promises were kept and which were not."""
    out = []
    for verdict, ko, en in (("kept", "{names:은/는} 약속을 지켰다.", "Kept: {names}."), ("missed", "{names:은/는} 약속에 미치지 못하였다.", "Missed: {names}."),
                            ("unclear", "{names:은/는} 표본오차 때문에 지켰다고도 못 지켰다고도 말할 수 없다.", "Within sampling error of the promise: {names}.")):  # fmt: skip
        found = rows[rows["verdict"] == verdict]
        if len(found):
            names = [
                chapter.sentence(ko="‘{label}’({share})", en="“{label}” ({share})", label=r["measure_label"], share=r)
                for r in found.to_dict("records")
            ]
            out.append(chapter.sentence(ko=ko, en=en, names=names))
    return out


def channels(chapter, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Rows by channel and for all: ``cases`` (count), ``share``, ``handled`` (shares), ``days`` (mean of those handled)."""
    file = chapter.system("charter")
    table = channel_volume(frame, file)
    order = {c: i for i, c in enumerate(file.channels)}
    table = table.iloc[np.argsort([order.get(c, len(order)) for c in table["channel"]], kind="stable")].reset_index(
        drop=True
    )
    table["channel"] = table["channel"].astype(object).where(table["channel"].notna(), None)
    table["by1"] = np.where(table["channel"].notna(), "channel", None)
    table = table.assign(group1=table["channel"], n=table["cases"])
    hidden = hidden_departments(chapter, table, by="channel")
    named = lambda rows: rows.assign(
        group1_label=[file.channels[c].text(chapter.lang) if isinstance(c, str) else None for c in table["channel"]]
    )
    count = [
        count_row(r["cases"], measure="cases", by1=r["by1"], group1=r["channel"]) for r in table.to_dict("records")
    ]
    keep = ["by1", "group1", "n"]
    # a hidden channel hides its count and share too: handled ÷ cases would be read off them
    out = {"cases": recorded(chapter, count, hidden=hidden, **_own(chapter)),
           "share": recorded(chapter, table[[*keep, "share"]].rename(columns={"share": "estimate"}).assign(
               measure="channel_share", statistic="share", n=len(frame), unit="proportion"), hidden=hidden, **_own(chapter)),
           "handled": recorded(chapter, table[[*keep, "handled", "ci_low", "ci_high"]].rename(columns={"handled": "estimate"}).assign(
               measure="handled", statistic="share", unit="proportion"), hidden=hidden, **_own(chapter)),
           "days": recorded(chapter, table[["by1", "group1", "days", "days_low", "days_high", "n_days"]].rename(columns={
               "days": "estimate", "days_low": "ci_low", "days_high": "ci_high", "n_days": "n"}).assign(
                   measure="days", statistic="mean", unit="ratio"), hidden=hidden, **_own(chapter))}  # fmt: skip
    return {k: named(v) for k, v in out.items()}


def channel_table(chapter, rows, *, name: str, caption: str) -> Table:
    text = chapter.text
    columns = (Column("row", text(ko="창구", en="Channel"), "left", "stub"), Column("n", text(ko="접수", en="Cases"), "right", "base"),
               Column("share", text(ko="비중", en="Share")), Column("handled", text(ko="처리율", en="Handled")),
               Column("ci", text(ko="95% 신뢰구간", en="95% interval")), Column("days", text(ko="평균 처리일", en="Mean days")))  # fmt: skip
    body = []
    for k in range(len(rows["cases"])):
        row = {what: frame.iloc[k] for what, frame in rows.items()}
        total = pd.isna(row["cases"]["group1"])
        cells = (text(ko="전체", en="All") if total else row["cases"]["group1_label"], Number.from_row(row["cases"], "n"), Number.from_row(row["share"]),
                 Number.from_row(row["handled"]), Interval.from_row(row["handled"]), Number.from_row(row["days"], digits=1))  # fmt: skip
        body.append(Row(cells, None, "total" if total else "data"))
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)
