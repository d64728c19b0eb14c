"""Survey outline: who was asked, how, and how exact the results are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csi_lib.prose.numbers import Number
from csi_lib.study.reading import half_width
from csi_lib.survey.group_sizes import group_sizes
from csi_lib.tables.table import Column, Row, Table

_TEXT = {
    "ko": {
        "item": "구분",
        "content": "내용",
        "caption": "조사 개요",
        "agency": "대상 기관",
        "commissioned": "조사 의뢰",
        "contractor": "조사 수행",
        "period": "조사 시기",
        "population": "모집단",
        "n": "응답자 수",
        "effective": "유효 응답자 수(가중·층화 반영)",
        "sampling": "표본추출",
        "error": "최대 표본오차(95% 신뢰수준)",
        "weights": ("가중치 적용", "가중치 적용하지 않음"),
        "strata": "{}별 층화",
        "clusters": "{}별 집락",
        "fpc": ("유한모집단 수정 적용", "유한모집단 수정 적용하지 않음"),
        "srs": "단순임의추출로 간주",
        "check": "점검 항목",
        "count": "건수",
        "quality": "자료 점검 결과",
        "read": "읽은 응답",
        "dropped": "제외한 응답(중복 응답자 번호)",
        "discarded": "검증에서 폐기한 응답",
        "kept": "분석에 쓴 응답",
        "undeclared": "결측으로 처리한 값(코드북에 없는 응답)",
        "unmapped": "응답 없음으로 처리한 값(분류에 없는 응답)",
        "straight_lined": "같은 번호로만 답한 응답자",
        "people": "명",
        "reason": "점검 건수",
    },
    "en": {
        "item": "Item",
        "content": "Content",
        "caption": "Survey outline",
        "agency": "Agency",
        "commissioned": "Commissioned by",
        "contractor": "Conducted by",
        "period": "Fieldwork",
        "population": "Population",
        "n": "Respondents",
        "effective": "Effective sample (after weights and strata)",
        "sampling": "Sampling",
        "error": "Largest sampling error (95% confidence)",
        "weights": ("weights applied", "weights not applied"),
        "strata": "stratified by {}",
        "clusters": "clustered by {}",
        "fpc": ("finite population correction applied", "finite population correction not applied"),
        "srs": "treated as simple random sampling",
        "check": "Check",
        "count": "Cases",
        "quality": "Checks of the data",
        "read": "Answers read",
        "dropped": "Dropped (respondent number met twice)",
        "discarded": "Discarded by fieldwork control",
        "kept": "Used in the analysis",
        "undeclared": "Values treated as missing (not in the codebook)",
        "unmapped": "Answers in no class, treated as no answer",
        "straight_lined": "Respondents who gave one answer throughout",
        "people": "",
        "reason": "counts of checks",
    },
}


def sample_rows(chapter) -> pd.DataFrame:
    """Rows on the sample as a whole: its size, its effective size and its largest sampling error.

    error = 1.96 · sqrt(deff · ¼ / n), the half-width for a share of one half, with Kish's deff of the weights
    n·Σw²/(Σw)² where no other is at hand, and with the finite population correction where the frame is declared.
    """
    survey = chapter.survey
    w = np.asarray(survey.design.weights, float)
    n, deff = len(w), len(w) * (w**2).sum() / w.sum() ** 2
    population = population_of(chapter)
    correction = 1 - n / population if population and population > n else 1.0
    se = np.sqrt(correction * deff * 0.25 / n)
    margin = half_width() * se  # the convention of quoted margins: normal, not t
    rows = [
        {"measure": "sample", "statistic": "count", "estimate": n, "unit": "count"},
        {"measure": "sample", "statistic": "effective_size", "estimate": n / deff, "unit": "count"},
        {"measure": "sample", "statistic": "sampling_error", "estimate": margin, "unit": "pp", "se": se},
    ]
    if population:
        rows.append({"measure": "population", "statistic": "count", "estimate": population, "unit": "count"})
    return chapter.record([{**r, "n": n, "deff": deff} for r in rows])


def population_of(chapter) -> float | None:
    """Customers of the agency, as declared for it; None when nobody said."""
    from csi_lib.study.study import OVERALL

    agencies = chapter.study.agencies if chapter.agency == OVERALL else [chapter.study.agency(chapter.agency)]
    sizes = [a.population for a in agencies]
    return float(sum(sizes)) if all(sizes) else None


def outline_table(chapter) -> Table:
    """The table every commissioned report opens with."""
    t, study, lang = _TEXT[chapter.lang], chapter.study, chapter.lang
    rows = {(r["measure"], r["statistic"]): r for r in sample_rows(chapter).to_dict("records")}
    number = lambda *key, **more: Number.from_row(rows[key], **more)
    lines: list[tuple[str, object]] = [(t["agency"], chapter.name)]
    for label, value in ((t["commissioned"], study.commissioned_by), (t["contractor"], study.contractor)):
        if value is not None:
            lines.append((label, value.text(lang)))
    period = study.period_of(chapter.year)
    lines.append((t["period"], f"{period} · {study.period.text(lang)}" if study.period is not None else period))
    if ("population", "count") in rows:
        lines.append((t["population"], _with_unit(chapter, number("population", "count"))))
    lines.append((t["n"], _with_unit(chapter, number("sample", "count"))))
    lines.append((t["sampling"], design_text(chapter)))
    lines.append((t["effective"], _with_unit(chapter, number("sample", "effective_size"))))
    lines.append((t["error"], chapter.sentence(ko="±{e}", en="±{e}", e=number("sample", "sampling_error"))))
    columns = (Column("item", t["item"], "left", "stub"), Column("content", t["content"], "left", "text"))
    return Table("outline", t["caption"], columns, tuple(Row(line) for line in lines), lang=lang, exempt="a schedule")


def _with_unit(chapter, number: Number):
    return chapter.sentence(ko="{n}", en="{n}", n=number)


def design_text(chapter) -> str:
    """How the sample was drawn and is weighted, in words."""
    t, columns = _TEXT[chapter.lang], chapter.survey.design_columns
    declared = chapter.study.source(chapter.survey.source).design.in_year(chapter.year)
    parts = []
    for part in ("strata", "clusters"):
        if declared.get(part):
            parts.append(t[part].format(chapter.labels.variable(declared[part]).lower()))
    if not parts:
        parts.append(t["srs"])
    for part in ("weights", "fpc"):
        parts.append(t[part][not columns.get(part)])
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def quality_table(chapter) -> Table:
    """What was read, dropped and treated as missing."""
    t, counts = _TEXT[chapter.lang], chapter.survey.quality.counts
    rows = chapter.record(
        [
            {"measure": f"quality:{check}", "statistic": "count", "estimate": n, "unit": "number", "n": counts["read"]}
            for check, n in counts.items()
        ]
    )
    columns = (Column("check", t["check"], "left", "stub"), Column("count", t["count"], "right", "number"))
    body = tuple(
        Row((t.get(check, check), Number.from_row(row)))
        for check, row in zip(counts, rows.to_dict("records"), strict=True)
    )
    return Table("quality", t["quality"], columns, body, lang=chapter.lang, exempt=t["reason"])


def _unanswered(chapter, variable: str, shares: pd.DataFrame) -> Number | None:
    """How many are in no group of a variable; None where nobody is, or where it would tell the size of a hidden group."""
    frame = chapter.survey.frame
    n = int(frame[variable].isna().sum()) if variable in frame else 0
    if not n or bool(shares["suppressed"].any()):
        return None
    row = {"measure": f"{variable}:no answer", "statistic": "count", "estimate": n, "n": len(frame), "unit": "count"}
    return Number.from_row(chapter.record([row]).iloc[0].to_dict())


def composition(chapter) -> Table | None:
    """Respondents by every banner variable: how many answered, their weighted share, and how many gave no answer; None
    without variables."""
    if not chapter.banners:
        return None
    t = chapter.text
    rows = chapter.record(group_sizes(chapter.survey, chapter.rows(by1=chapter.banners), chapter.banners))
    counts = {r["measure"]: r for r in rows.to_dict("records")}
    columns = (
        Column("group", t(ko="구분", en="Group"), "left", "stub"),
        Column("n", t(ko="응답자 수", en="Respondents"), "right", "base"),
        Column("share", t(ko="비율(%, 가중)", en="Share (%, weighted)")),
    )
    body = []
    for variable in chapter.banners:
        shares = chapter.rows(statistic="share", measure=chapter.values_of(variable), by1=None)
        for row in shares.to_dict("records"):
            count = counts.get(row["measure"])
            n = Number.from_row(count) if count else Number(None, "count")
            body.append(Row((row["measure_label"], n, Number.from_row(row)), group=chapter.labels.variable(variable)))
        if (silent := _unanswered(chapter, variable, shares)) is not None:
            body.append(Row((t(ko="응답 없음", en="No answer"), silent, "–"), group=chapter.labels.variable(variable)))
    return Table(
        "sample",
        t(ko="응답자 구성", en="Respondents"),
        columns,
        tuple(body),
        lang=chapter.lang,
    )
