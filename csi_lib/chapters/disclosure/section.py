"""The disclosure page (경영공시): every field that has to be published, on one page."""

from __future__ import annotations

import pandas as pd
from scipy.special import ndtri

from csi_lib.chapters.feedback.section import change_number, rounding_note
from csi_lib.chapters.grade.grades import grade_label, grade_sheet, reason_label
from csi_lib.chapters.grade.own_grade import own_row
from csi_lib.chapters.groups.section import extremes_sentence
from csi_lib.chapters.outline.section import design_text, sample_rows
from csi_lib.errors import InputError
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.tables.table import Column, Row, Table


def fields_table(chapter) -> Table:
    """Purpose, period, target, sample, confidence and error, method, who did it and whom to ask."""
    file, study, t, lang = chapter.system("disclosure"), chapter.study, chapter.text, chapter.lang
    words = file.of(chapter.agency)
    rows = {(r["measure"], r["statistic"]): r for r in sample_rows(chapter).to_dict("records")}
    error = rows["sample", "sampling_error"]
    margin = chapter.record(
        [
            {"measure": "sample", "statistic": "stated sampling error", "estimate": ndtri((1 + file.confidence) / 2) * error["se"],
             "unit": "pp", "n": error["n"]},
            {"measure": "sample", "statistic": "confidence level", "estimate": file.confidence, "unit": "proportion", "n": error["n"]},
        ]
    ).to_dict("records")  # fmt: skip
    period = study.period_of(chapter.year)
    sample = chapter.sentence(ko="{n}", en="{n} respondents", n=Number.from_row(rows["sample", "count"]))
    if ("population", "count") in rows:
        sample = chapter.sentence(
            ko="{n}(모집단 {N})", en="{n} of {N} customers", n=Number.from_row(rows["sample", "count"]),
            N=Number.from_row(rows["population", "count"]),
        )  # fmt: skip
    level = 0 if float(file.confidence * 100).is_integer() else 1
    lines = {
        "purpose": (t(ko="조사 목적", en="Purpose"), words.purpose.text(lang)),
        "period": (
            t(ko="조사 기간", en="Period"),
            f"{period} · {study.period.text(lang)}" if study.period is not None else period,
        ),
        "target": (t(ko="조사 대상", en="Target"), words.target.text(lang)),
        "sample": (t(ko="표본 크기", en="Sample"), sample),
        "error": (
            t(ko="신뢰수준과 표본오차", en="Confidence and sampling error"),
            chapter.sentence(
                ko="신뢰수준 {level}에서 최대 ±{margin}",
                en="at most ±{margin} at {level} confidence",
                level=Number.from_row(margin[1], digits=level),
                margin=Number.from_row(margin[0]),
            ),
        ),
        "method": (t(ko="조사 방법", en="Method"), f"{words.method.text(lang)} · {design_text(chapter)}"),
    }
    for name, label, value in (
        ("commissioned_by", t(ko="발주 기관", en="Commissioned by"), study.commissioned_by),
        ("conducted_by", t(ko="수행 기관", en="Conducted by"), study.contractor),
        ("contact", t(ko="문의", en="Contact"), words.contact),
    ):
        if value is not None:
            lines[name] = (label, value.text(lang))
    if "grade" in file.fields and "grades" in study.extensions:
        lines["grade"] = (t(ko="평가 등급", en="Grade"), own_grade(chapter))
    columns = (
        Column("item", t(ko="항목", en="Item"), "left", "stub"),
        Column("content", t(ko="내용", en="Content"), "left", "text"),
    )
    return Table(
        "fields",
        t(ko="조사 개요", en="The survey"),
        columns,
        tuple(Row(lines[name]) for name in file.fields if name in lines),
        lang=lang,
        exempt="a schedule",
    )


def own_grade(chapter) -> str:
    """The agency's grade of the round in words, or why it has none."""
    sheet = grade_sheet(chapter)
    own = own_row(chapter, sheet)
    if own is None:
        return chapter.text(ko="등급 평가 대상이 아님", en="not in the graded round")
    if not isinstance(own["grade"], str):
        return chapter.text(ko="등급 없음", en="ungraded") + f" ({reason_label(chapter, own['reason'])})"
    return grade_label(chapter, sheet.file, own["grade"])


def results_table(chapter) -> Table:
    """Units × dimensions, then the whole agency, its last year, the tested change, and the mean of its peers."""
    unit, t = chapter.system("disclosure").unit, chapter.text
    nodes = chapter.top_nodes
    keys = {"measure": nodes, "model": chapter.model.name, "statistic": "index"}
    rows = chapter.rows(by1=unit, by2=None, **keys)
    if not len(rows):
        raise InputError("results by unit are asked for, but the survey is not reported by this column",
                         where="disclosure.yml: unit", found=repr(unit), expected=", ".join(chapter.banners) or "a group column")  # fmt: skip
    whole = chapter.rows(by1=None, **keys)
    heads = {n: chapter.labels.measure(n) for n in nodes}
    columns = (
        Column("unit", chapter.labels.variable(unit), "left", "stub"),
        *(Column(n, heads[n]) for n in nodes),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = [_row(label, part, nodes) for label, part in rows.groupby("group1_label", sort=False)]
    body.append(_row(t(ko="전체", en="All"), whole, nodes, kind="total"))
    before, changes = chapter.previous_rows(whole), chapter.change_rows(whole)
    if before is not None:
        body.append(_row(str(chapter.previous_year) + t(ko="년", en=""), before, nodes))
    if changes is not None:
        found = {r["measure"]: r for r in changes.to_dict("records")}
        now, then = (dict(zip(f["measure"], f["estimate"], strict=True)) for f in (whole, before))
        cells = [_change(chapter, found[n], now[n], then.get(n)) if n in found else None for n in nodes]
        body.append(Row((t(ko="전년 대비", en="Change"), *cells, None)))
    peers = {n: chapter.rows(chapter.peers(n), statistic="mean") for n in nodes}
    notes = [t(ko="▲ 유의하게 오름, ▼ 유의하게 내림, – 유의한 변화 없음(5% 유의수준)",
               en="▲ significant rise, ▼ significant fall, – no significant change (5% level)")] if changes is not None else []  # fmt: skip
    if all(len(p) for p in peers.values()):
        cells = [Number.from_row(peers[n].iloc[0]) for n in nodes]
        body.append(
            Row((t(ko="동종 기관 평균", en="Mean of peers"), *cells, Number.from_row(peers[nodes[0]].iloc[0], "n")))
        )
    else:
        notes.append(t(ko="동종 기관 평균은 비교할 다른 기관이 세 곳에 못 미쳐 싣지 않는다.",
                       en="No mean of peers is given: there are fewer than three other agencies to compare with."))  # fmt: skip
    notes += rounding_note(chapter, body)
    caption = t(ko="단위별 결과와 비교", en="Results by unit, last year and peers")
    return Table("units", caption, columns, tuple(body), tuple(notes), chapter.lang)


def _row(label: str, part: pd.DataFrame, nodes: list[str], *, kind: str = "data") -> Row:
    found = {r["measure"]: r for r in part.to_dict("records")}
    return Row((label, *(Number.from_row(found[n]) if n in found else None for n in nodes),
                Number.from_row(found.get(nodes[0], part.iloc[0].to_dict()), "n")), kind=kind)  # fmt: skip


def _change(chapter, row: dict, now: float, then: float) -> Sentence:
    mark = chapter.verdict(row).mark + change_number(row, now, then).mark
    return chapter.sentence(
        ko="{change:bare} {mark}", en="{change:bare} {mark}", change=Number.from_row(row, signed=True), mark=mark
    )


def extremes(chapter) -> Sentence | None:
    """The highest and the lowest unit, and whether they differ beyond sampling error."""
    return extremes_sentence(chapter, chapter.system("disclosure").unit)
