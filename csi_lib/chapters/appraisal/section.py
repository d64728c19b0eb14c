"""Tables and sentences of the management appraisal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.appraisal.compute import Appraisal, appraise, individual_awards
from csi_lib.chapters.appraisal.settings import ADJUSTMENTS, OBJECTIONS, PANEL, PEOPLE, RESULTS, AppraisalFile, Edition
from csi_lib.chapters.management.section import survey_results
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.reading import half_width
from csi_lib.tables.table import Column, Row, Table

_ADMINISTRATION = "points by the handbook, not results of a sample"
_REASONS = {
    "no result": {"ko": "실적 없음", "en": "no result"},
    "no target": {"ko": "목표 없음", "en": "no target"},
    "target of zero": {
        "ko": "목표 또는 전년 실적이 0이어서 비율이 없음",
        "en": "target or last year's result of zero, so no ratio",
    },
    "no last year": {"ko": "전년 실적 없음", "en": "no result of last year"},
    "no grade of the panel": {"ko": "평가위원의 등급 없음", "en": "not graded by the panel"},
}
_DECISIONS = {
    "accepted": {"ko": "수용", "en": "accepted"},
    "partly": {"ko": "일부 수용", "en": "accepted in part"},
    "rejected": {"ko": "기각", "en": "rejected"},
    "open": {"ko": "검토 중", "en": "under review"},
}


@dataclass(frozen=True)
class Shown:
    """An appraisal as a chapter shows it: units of too few people left out of a public edition."""

    file: AppraisalFile
    edition: Edition
    found: Appraisal
    units: tuple[str, ...]
    hidden: int


def appraisal_of(chapter) -> Shown | None:
    """The appraisal of this body and wave; None when the year has no row."""
    file = chapter.system("appraisal")
    read = lambda source, fields: None if source is None else chapter.records(source, fields, columns=file.columns)
    edition = file.edition(chapter.year)
    results = survey_results(
        chapter,
        read(file.source, RESULTS).assign(n=np.nan, previous_se=np.nan),
        {name: m.measure for name, m in edition.leaves().items() if m.measure},
        file.group,
        by="unit",
    )
    if not len(results):
        return None
    found = appraise(
        file,
        chapter.year,
        results,
        read(file.panel, PANEL),
        read(file.adjustments, ADJUSTMENTS),
        read(file.objections, OBJECTIONS),
    )
    small = {
        u
        for u, unit in file.units.items()
        if unit.staff is not None and unit.staff < file.min_staff and chapter.release != "restricted"
    }
    units = tuple(u for u in found.totals["unit"] if u not in small)
    return Shown(file, edition, found, units, len(small & set(found.totals["unit"])))


def _rows(
    chapter,
    frame: pd.DataFrame,
    statistic: str,
    value: str,
    *,
    unit: str = "points",
    by: str | None = None,
    se: str | None = None,
) -> list[dict]:
    """Results rows of one column of a frame that has a ``unit``; `by` names the indicator's column."""
    rows = []
    for r in frame.to_dict("records"):
        row = {
            "measure": r[by] if by else "appraisal",
            "statistic": statistic,
            "by1": "unit",
            "group1": r["unit"],
            "estimate": r[value],
            "unit": unit,
        }
        if se is not None and r[se] == r[se] and r[se] > 0:
            row |= {"se": r[se], "ci_low": r[value] - half_width() * r[se], "ci_high": r[value] + half_width() * r[se]}
        rows.append(row)
    return chapter.record(rows).to_dict("records") if rows else []


def totals_table(chapter, shown: Shown) -> Table:
    """Unit × points, bonus, penalty, total with its interval, grade and the chance of another."""
    t, lang = chapter.text, chapter.lang
    totals = shown.found.totals[shown.found.totals["unit"].isin(shown.units)].sort_values(
        "total", ascending=False, kind="stable"
    )
    parts = {
        name: _rows(chapter, totals, f"appraisal {name}", name, se="se" if name == "total" else None)
        for name in ("points", "allotted", "bonus", "penalty", "total")
    }
    other = _rows(chapter, totals, "chance of another grade", "other", unit="proportion")
    columns = (
        Column("unit", t(ko="부서·지사", en="Unit"), "left", "stub"),
        Column("points", t(ko="득점", en="Points")),
        Column("allotted", t(ko="배점", en="Allotted")),
        Column("bonus", t(ko="가점", en="Bonus")),
        Column("penalty", t(ko="감점", en="Penalty")),
        Column("total", t(ko="총점", en="Total")),
        Column("ci", t(ko="95% 신뢰구간", en="95% interval")),
        Column("grade", t(ko="등급", en="Grade"), "center", "text"),
        Column("other", t(ko="다른 등급일 확률", en="Chance of another")),
    )
    body = []
    for k, r in enumerate(totals.to_dict("records")):
        total = parts["total"][k]
        body.append(Row((
            shown.file.units[r["unit"]].label.text(lang),
            *(Number.from_row(parts[name][k], digits=2) for name in ("points", "allotted", "bonus", "penalty")),
            Number.from_row(total),
            Interval.from_row(total) if pd.notna(total["ci_low"]) else "–",
            r["grade"] if pd.notna(r["grade"]) else t(ko="미정", en="open"),
            Number.from_row(other[k]) if pd.notna(r["other"]) else "–",
        )))  # fmt: skip
    limits = ", ".join(
        f"{grade} ≥ {limit:g}" if limit is not None else f"{grade}" for grade, limit in shown.edition.grades.items()
    )
    notes = [
        t(ko=f"총점 = 100 × 득점 ÷ 배점 + 가점 − 감점. 가점은 {shown.edition.bonus_cap:g}점, 감점은 {shown.edition.penalty_cap:g}점까지 인정한다.",
          en=f"Total = 100 × points / allotted + bonus − penalty; bonuses count up to {shown.edition.bonus_cap:g}, penalties up to {shown.edition.penalty_cap:g} points."),
        t(ko=f"등급: {limits} (소수 첫째 자리까지 인쇄한 총점 기준). 구간은 조사의 표본오차와 평가위원 사이의 차이를 담는다.",
          en=f"Grades: {limits}, by the printed total. Intervals hold the sampling error of surveys and the spread of the panel."),
    ]  # fmt: skip
    if (totals["reason"].notna()).any():
        names = ", ".join(shown.file.units[u].label.text(lang) for u in totals.loc[totals["reason"].notna(), "unit"])
        notes.append(t(ko=f"점수를 낼 수 없는 지표가 있어 나머지로 계산하고 등급을 정하지 않은 곳: {names}",
                       en=f"Some indicators could not be scored; the total stands on the rest and no grade is given: {names}"))  # fmt: skip
    if shown.hidden:
        notes.append(t(ko=f"직원이 {shown.file.min_staff}명보다 적은 {shown.hidden}곳은 그 결과가 곧 개인의 결과이므로 싣지 않았다.",
                       en=f"{shown.hidden} unit(s) of fewer than {shown.file.min_staff} people are left out: their result would be a person's."))  # fmt: skip
    return Table(
        "totals",
        t(ko="총점과 등급", en="Totals and grades"),
        columns,
        tuple(body),
        tuple(notes),
        lang,
        exempt=_ADMINISTRATION,
    )


def tree_table(chapter, shown: Shown) -> Table:
    """Hierarchy of indicators × units: points of each, parents as the sum of their parts."""
    t, lang = chapter.text, chapter.lang
    tree = shown.found.tree[shown.found.tree["unit"].isin(shown.units)]
    cells = dict(
        zip(zip(tree["unit"], tree["indicator"]), _rows(chapter, tree, "points", "points", by="indicator"), strict=True)
    )
    columns = [
        Column("indicator", t(ko="지표", en="Indicator"), "left", "stub"),
        Column("allotted", t(ko="배점", en="Allotted"), "right", "text"),
    ]
    columns += [Column(f"unit.{u}", shown.file.units[u].label.text(lang)) for u in shown.units]
    body = []
    for name, depth, _, m in shown.edition.rows():
        label = "\u2003" * depth + m.label.text(lang)
        body.append(
            Row(
                (
                    label,
                    f"{m.allotted:g}",
                    *(
                        Number.from_row(cells[u, name], digits=2) if pd.notna(cells[u, name]["estimate"]) else "–"
                        for u in shown.units
                    ),
                )
            )
        )
    return Table(
        "indicators",
        t(ko="지표별 득점", en="Points by indicator"),
        tuple(columns),
        tuple(body),
        _reasons(chapter, shown),
        lang,
        exempt=_ADMINISTRATION,
    )


def _reasons(chapter, shown: Shown) -> tuple[str, ...]:
    lang, notes = chapter.lang, []
    scores = shown.found.scores[shown.found.scores["unit"].isin(shown.units)]
    for reason, words in _REASONS.items():
        part = scores[scores["reason"] == reason]
        named = [
            f"{shown.file.units[u].label.text(lang)} {shown.edition.leaves()[i].label.text(lang)}"
            for u, i in zip(part["unit"], part["indicator"])
        ]
        if named:
            notes.append(f"{words[lang]}: {', '.join(named)}")
    return tuple(notes)


def panel_sentence(chapter, shown: Shown) -> Sentence | None:
    """How many graded, and how far they agreed; None without a panel."""
    if not shown.found.raters:
        return None
    first = chapter.sentence(
        ko="비계량 지표는 평가위원 {n:bare}명의 등급을 점수로 바꾸어 평균하였다.",
        en="Qualitative indicators are the mean of the grades of {n:bare} panel members, as the handbook scores them.",
        n=shown.found.raters,
    )
    if shown.found.agreement is None:
        return first + chapter.sentence(
            ko="같은 대상을 함께 평가한 위원이 적어 일치도는 구하지 않았다.",
            en="Too few graded the same thing for agreement to be computed.",
        )
    row = chapter.record(
        [
            {
                "measure": "panel",
                "statistic": "krippendorff_alpha",
                "estimate": shown.found.agreement,
                "unit": "coefficient",
            }
        ]
    ).iloc[0]
    return first + chapter.sentence(
        ko="위원 사이의 일치도(크리펜도르프 α, 순서)는 {alpha}이다.",
        en="Their agreement (Krippendorff's alpha, ordinal) is {alpha}.",
        alpha=Number.from_row(row, digits=2),
    )


def headline(chapter, shown: Shown) -> Sentence:
    """The body's roll-up."""
    groups = shown.found.groups
    whole = groups[groups["group"].isna()]
    if not len(whole):
        return chapter.sentence(ko="총점을 낼 수 있는 곳이 없다.", en="No unit has a complete total.")
    row = _group_rows(chapter, whole)[0]
    return chapter.sentence(
        ko="{units:bare}곳의 총점을 가중한 기관 전체의 점수는 {total}이다.",
        en="The score of the whole body, weighted over {units:bare} units, is {total}.",
        units=int(whole["units"].iloc[0]), total=Number.from_row(row),
    )  # fmt: skip


def _group_rows(chapter, groups: pd.DataFrame) -> list[dict]:
    return chapter.record([
        {"measure": "appraisal", "statistic": "roll-up", "by1": "unit group" if g["group"] else None, "group1": g["group"], "estimate": g["total"], "unit": "points",
         **({"se": g["se"], "ci_low": g["total"] - half_width() * g["se"], "ci_high": g["total"] + half_width() * g["se"]} if g["se"] > 0 else {})}
        for g in groups.astype(object).where(groups.notna(), None).to_dict("records")
    ]).to_dict("records")  # fmt: skip


def groups_table(chapter, shown: Shown) -> Table | None:
    """Roll-up of each group of units; None when there is no group of two and more."""
    groups = shown.found.groups[shown.found.groups["group"].notna() & (shown.found.groups["units"] > 1)]
    if not len(groups):
        return None
    t, lang = chapter.text, chapter.lang
    rows = _group_rows(chapter, groups)
    body = [
        Row((shown.file.groups[g].text(lang), f"{n}", Number.from_row(r)))
        for g, n, r in zip(groups["group"], groups["units"], rows)
    ]
    columns = (
        Column("group", t(ko="구분", en="Group"), "left", "stub"),
        Column("units", t(ko="곳", en="Units"), "right", "text"),
        Column("total", t(ko="총점", en="Total")),
    )
    note = t(ko="총점은 설정된 가중치(weight)로 평균한 값이다.", en="Totals are means by the declared weights.")
    return Table(
        "groups", t(ko="구분별 총점", en="Totals by group"), columns, tuple(body), (note,), lang, exempt=_ADMINISTRATION
    )


def objections_table(chapter, shown: Shown) -> Table | None:
    """Objections and decisions; reasons are in the restricted edition. None when nobody objected."""
    file = shown.file
    if file.objections is None:
        return None
    rows = chapter.records(file.objections, OBJECTIONS, columns=file.columns)
    rows = rows[rows["unit"].isin(shown.units)]
    if not len(rows):
        return None
    t, lang = chapter.text, chapter.lang
    restricted = chapter.release == "restricted"
    columns = [Column("unit", t(ko="부서·지사", en="Unit"), "left", "stub"), Column("indicator", t(ko="지표", en="Indicator"), "left", "text"),
               Column("filed", t(ko="접수일", en="Filed"), "left", "text"), Column("decision", t(ko="처리", en="Decision"), "left", "text")]  # fmt: skip
    columns += [Column("reason", t(ko="사유", en="Reason"), "left", "text")] if restricted else []
    body = [
        Row((
            file.units[r["unit"]].label.text(lang), shown.edition.leaves()[r["indicator"]].label.text(lang), str(r["filed"])[:10],
            _DECISIONS[r["decision"]][lang], *([str(r["reason"] or "")] if restricted else []),
        ))
        for r in rows.to_dict("records")
    ]  # fmt: skip
    return Table(
        "objections",
        t(ko="이의신청과 처리", en="Objections and decisions"),
        tuple(columns),
        tuple(body),
        (),
        lang,
        exempt="a register",
    )


def awards_table(chapter, shown: Shown) -> Table | None:
    """Awards of people, in the restricted edition only."""
    if shown.file.awards is None or chapter.release != "restricted":
        return None
    people = chapter.records(shown.file.awards.people, PEOPLE, columns=shown.file.columns)
    if not len(people):
        return None
    paid = individual_awards(people, shown.found.totals, shown.file.awards)
    t, lang = chapter.text, chapter.lang
    rows = chapter.record([
        {"measure": "award", "statistic": "award", "by1": "person", "group1": r["person"], "by2": "unit", "group2": r["unit"], "estimate": r["award"], "unit": "won", "n": 1}
        for r in paid.to_dict("records")
    ]).to_dict("records")  # fmt: skip
    columns = (Column("person", t(ko="직원", en="Person"), "left", "stub"), Column("unit", t(ko="부서·지사", en="Unit"), "left", "text"),
               Column("grade", t(ko="등급", en="Grade"), "center", "text"), Column("award", t(ko="성과급", en="Award")))  # fmt: skip
    body = [
        Row(
            (
                p["person"],
                shown.file.units[p["unit"]].label.text(lang),
                p["grade"] if pd.notna(p["grade"]) else "–",
                Number.from_row(r) if pd.notna(p["award"]) else "–",
            )
        )
        for p, r in zip(paid.to_dict("records"), rows, strict=True)
    ]
    cut = float(paid["cut"].iloc[0])
    note = t(ko=f"성과급 = 기준급 × 부서 등급 지급률 × 개인 등급 계수. 예산에 맞추어 모두 {cut:.3f}배로 줄였다." if cut < 1 else "성과급 = 기준급 × 부서 등급 지급률 × 개인 등급 계수.",
             en=f"Award = base × rate of the unit's grade × factor of the own grade, all cut by {cut:.3f} to the budget." if cut < 1 else "Award = base × rate of the unit's grade × factor of the own grade.")  # fmt: skip
    return Table(
        "awards",
        t(ko="개인별 성과급", en="Awards of people"),
        columns,
        tuple(body),
        (note,),
        lang,
        exempt="a schedule of pay",
    )
