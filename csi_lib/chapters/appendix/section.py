"""Appendix: assumptions, questionnaire, distributions, provenance."""

from __future__ import annotations

from importlib import metadata

import pandas as pd

import csi_lib
from csi_lib.evaluation.standing import MIN_PEERS
from csi_lib.findings.families import correction_note
from csi_lib.tables.table import Column, Row, Table

_RULES = {
    "equal": {"ko": "동일 가중", "en": "equal weights"},
    "fixed": {"ko": "고정 가중치", "en": "fixed weights"},
    "correlation": {"ko": "상관계수 가중치", "en": "correlation weights"},
    "external": {"ko": "외부 가중치", "en": "external weights"},
    "importance_picks": {"ko": "중요도 선택 비율 가중치", "en": "weights from importance picks"},
    "pls": {"ko": "경로모형 가중치", "en": "path-model weights"},
}
_STATUS = {
    "P": {"ko": "공표된 방식", "en": "published"},
    "C": {"ko": "공표 수치에서 재계산", "en": "recomputed from published figures"},
    "I": {"ko": "추론", "en": "inferred"},
    "D": {"ko": "도구 기본값", "en": "tool default"},
}


def assumptions_table(chapter) -> Table:
    """Every choice that stands behind the numbers, with where it comes from."""
    t, study, lang = chapter.text, chapter.study, chapter.lang
    default, declared = _STATUS["D"][lang], t(ko="조사 설정", en="set by the study")
    gauge, privacy = study.report.gauge, study.privacy
    rows = [
        (
            t(ko="점수 환산", en="Scale"),
            t(
                ko="모든 문항을 100 × (응답 − 최솟값) ÷ (최댓값 − 최솟값)으로 바꾸고, 역문항은 먼저 뒤집는다",
                en="Every item becomes 100 × (answer − lowest) ÷ (highest − lowest); reversed items are turned first",
            ),
            default,
        ),
        (
            t(ko="무응답", en="Missing answers"),
            t(
                ko="코드북에 선언한 부호만 결측으로 보고, 항목 평균은 응답한 사람만으로 구한 뒤 가중치를 적용한다",
                en="Only declared codes are missing; weights are applied to item means over valid answers",
            ),
            default,
        ),
        (
            t(ko="개인 점수", en="Respondents' own scores"),
            t(ko="문항의 절반 이상에 답한 경우에만 구한다", en="Only where at least half of the items are answered"),
            default,
        ),
        (
            t(ko="신뢰구간과 검정", en="Intervals and tests"),
            t(
                ko=f"{chapter.reading.confidence:.0%} 신뢰수준, 조사 설계의 자유도를 쓴 t 분포; 비율은 로짓 구간",
                en=f"{chapter.reading.confidence:.0%} confidence, t with the design's degrees of freedom; logit intervals for shares",
            ),
            default,
        ),
        (
            t(ko="설계효과", en="Design effect"),
            t(
                ko="같은 크기의 복원 단순임의표본과 비교",
                en="Against simple random sampling with replacement of the same size",
            ),
            default,
        ),
        (
            t(ko="상승·하락의 판단", en="Rise and fall"),
            t(
                ko=f"유의수준 {chapter.reading.significance:g}의 검정으로 판단한다",
                en=f"Decided by a test at the level {chapter.reading.significance:g}",
            ),
            declared,
        ),
        (
            t(ko="함께 견주는 비교", en="Comparisons judged together"),
            correction_note(
                chapter.lang,
                ko="차원은 차원끼리, 항목은 항목끼리, 한 변수의 집단은 그 집단끼리",
                en="what is read together (dimensions, items, the groups of a variable)",
            ),
            default if study.comparisons == type(study.comparisons)() else declared,
        ),
        (
            t(ko="진단 구간", en="Zones of the gauge"),
            t(
                ko=f"위험 {gauge.low:g} 미만, 보통 {gauge.low:g} 이상 {gauge.high:g} 미만, 양호 {gauge.high:g} 이상",
                en=f"At risk below {gauge.low:g}, fair to {gauge.high:g}, good from {gauge.high:g}",
            ),
            default,
        ),
        (
            t(ko="공개하지 않는 기준", en="Suppression"),
            t(
                ko=f"응답자 {privacy.min_base}명 미만인 집단과, 합계에서 역산될 수 있는 집단은 싣지 않는다(*)",
                en=f"Groups of fewer than {privacy.min_base}, and groups that totals would give away, are withheld (*)",
            ),
            declared,
        ),
        (
            t(ko="적은 사례수 표시", en="Small bases"),
            t(
                ko=f"응답자 {chapter.reading.small_base}명 미만이면 †로 표시한다",
                en=f"Marked † below {chapter.reading.small_base} respondents",
            ),
            declared,
        ),
        (
            t(ko="동종 기관 평균", en="Peer means"),
            t(
                ko=f"해당 기관을 뺀 {MIN_PEERS}개 이상 기관의 단순평균",
                en=f"Simple mean of at least {MIN_PEERS} others, the agency itself excluded",
            ),
            default,
        ),
        (
            t(ko="반올림", en="Rounding"),
            t(
                ko="십진 표기에서 사사오입; 증감은 반올림하기 전의 차이를 반올림",
                en="Half up on the decimal form; changes are rounded differences, not differences of rounded values",
            ),
            default,
        ),
    ]
    for model in chapter.models:
        for node in model.file.nodes:
            status = node.weights.status or node.status
            if status in ("I", "D", "C") and len(node.parts) > 1:
                rule = "equal" if node.combine == "mean" else node.weights.rule
                rows.append(
                    (
                        f"{model.file.label.text(lang)}: {node.label.text(lang)}",
                        _RULES[rule][lang],
                        _STATUS[status][lang],
                    )
                )
        rows += [
            (model.file.label.text(lang), a.text.text(lang), _STATUS[a.status][lang]) for a in model.file.assumptions
        ]
        if model.file.sectors:
            rows.append(
                (
                    f"{model.file.label.text(lang)}: {chapter.labels.variable(model.file.sectors.by)}",
                    t(
                        ko="부문 중요도 = 기준별 비중의 가중 평균",
                        en="Importance of sectors = weighted mean of their shares of each criterion",
                    ),
                    _STATUS[model.file.sectors.status][lang],
                )
            )
    columns = (
        Column("what", t(ko="항목", en="Choice"), "left", "stub"),
        Column("how", t(ko="내용", en="Content"), "left", "text"),
        Column("from", t(ko="근거", en="Basis"), "left", "text"),
    )
    return Table(
        "assumptions",
        t(ko="이 보고서의 가정", en="Assumptions of this report"),
        columns,
        tuple(Row(r) for r in rows),
        lang=lang,
        exempt="a list of choices",
    )


def questionnaire_table(chapter) -> Table:
    """Items as they were asked, with their scale."""
    t, codebook = chapter.text, chapter.survey.codebook
    rows = []
    for name in codebook.items:
        column, scale = codebook.columns[name], codebook.scale(name)
        if not column.available_in(chapter.year) or chapter.survey.frame[name].isna().all():
            continue
        asked = column.question or column.label
        ends = " – ".join(f"{v:g} {scale_label}".strip() for v, scale_label in _ends(scale, chapter.lang))
        rows.append(Row((column.label.text(chapter.lang), asked.text(chapter.lang), ends)))
    columns = (
        Column("item", t(ko="항목", en="Item"), "left", "stub"),
        Column("question", t(ko="질문", en="Question"), "left", "text"),
        Column("scale", t(ko="척도", en="Scale"), "left", "text"),
    )
    return Table(
        "questionnaire",
        t(ko="조사 문항", en="Questionnaire"),
        columns,
        tuple(rows),
        lang=chapter.lang,
        exempt="a list of items",
    )


def _ends(scale, lang: str):
    labels = {str(k): v for k, v in scale.labels.items()}
    for value in (scale.low, scale.high):
        label = labels.get(f"{value:g}")
        yield value, label.text(lang) if label is not None else ""


def distributions(chapter) -> list[tuple[str, pd.DataFrame]]:
    """(name of the scale, rows of the answers' shares) for every scale in use; columns ``item`` and ``category``."""
    codebook, out = chapter.survey.codebook, {}
    shares = chapter.rows(statistic="share", by1=None)
    shares = shares[shares["measure"].str.fullmatch(r"[A-Za-z0-9_]+:-?\d+").astype(bool)]
    shares["item"] = shares["measure"].str.split(":").str[0]
    shares["category"] = shares["measure"].str.split(":").str[1]
    for item in codebook.items:
        part = shares[shares["item"] == item]
        if len(part) and part["estimate"].notna().any():
            out.setdefault(codebook.columns[item].scale, []).append(part)
    frames = []
    for scale, parts in out.items():
        frame = pd.concat(parts, ignore_index=True)
        frame["item_label"] = [chapter.labels.measure(i) for i in frame["item"]]
        frame["category_label"] = [
            chapter.labels.answer(i, c) for i, c in zip(frame["item"], frame["category"], strict=True)
        ]
        frames.append((scale, frame))
    return frames


def scale_name(chapter, scale: str) -> str:
    """A scale by what its ends are called: ``전혀 그렇지 않다 – 매우 그렇다``."""
    ends = [label or f"{value:g}" for value, label in _ends(chapter.survey.codebook.scales[scale], chapter.lang)]
    return " – ".join(ends)


def provenance_table(chapter) -> Table:
    """What the report was computed with; equal inputs and versions give an equal report."""
    t, survey = chapter.text, chapter.survey
    rows = [
        (t(ko="조사", en="Study"), chapter.study.id),
        (t(ko="기관 · 연도", en="Agency and year"), f"{chapter.agency} · {chapter.year}"),
        (t(ko="자료", en="Source"), survey.source),
    ]
    for model in chapter.models:
        rows.append((t(ko="지수 모형", en="Index model"), f"{model.name} ({model.file.formula_edition})"))
    rows.append(("csi-workbench", csi_lib.__version__))
    rows += [(package, metadata.version(package)) for package in ("numpy", "pandas", "scipy", "statsmodels")]
    columns = (
        Column("what", t(ko="구분", en="What"), "left", "stub"),
        Column("value", t(ko="내용", en="Value"), "left", "text"),
    )
    return Table(
        "provenance",
        t(ko="산출 환경", en="Provenance"),
        columns,
        tuple(Row(r) for r in rows),
        lang=chapter.lang,
        exempt="versions",
    )
