"""The codebook, the questionnaire and the quality-control record as tables, for spreadsheet and document alike."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from csi_lib.office.data_file import DataFile
from csi_lib.prose.numbers import Number
from csi_lib.study.base import written
from csi_lib.study.codebook import ASKED, SCALED
from csi_lib.survey.quality import SurveyQuality
from csi_lib.survey.reading import Survey
from csi_lib.tables.table import Column, Row, Table

_TEXT = {
    "ko": {
        "variables": "변수 목록", "variable": "변수명", "label": "이름표", "role": "역할 · 측정 수준", "range": "값의 범위",
        "missing": "무응답 부호", "raw": "원자료의 이름", "weighting": "가중치 변수", "added": "표시", "values": "값 이름표", "code": "값",
        "value_label": "이름표", "questionnaire": "설문 문항", "number": "번호", "question": "질문", "answers": "응답 보기",
        "left": "제공하지 않는 항목", "why": "이유", "kind": "역할", "quality": "자료 점검 요약", "check": "점검 항목", "count": "건수",
        "details": "항목별 점검 결과", "base": "대상", "action": "처리", "column": "변수", "people": "조사원별 점검(번호로 표시)",
        "interviewer": "조사원", "interviews": "조사 완료", "same": "같은 번호로만 답한 응답", "flagged": "확인 필요",
        "yes": "예", "no": "아니요", "reversed": "역채점 문항(응답한 그대로 저장, 점수를 낼 때만 뒤집음)", "all": "전체",
        "unique": "분류 변수의 조합이 하나뿐인 응답자", "open": "자유 응답",
    },
    "en": {
        "variables": "Variables", "variable": "Variable", "label": "Label", "role": "Role and level",
        "range": "Range", "missing": "No-answer codes", "raw": "Name in the raw data", "weighting": "Weight variable", "added": "added",
        "values": "Value labels", "code": "Value", "value_label": "Label", "questionnaire": "Questions", "number": "No.",
        "question": "Question", "answers": "Answers", "left": "Columns that are not delivered", "why": "Reason", "kind": "Role",
        "quality": "Checks of the data", "check": "Check", "count": "Cases", "details": "Checks by column", "base": "Of",
        "action": "Treatment", "column": "Variable", "people": "Checks by interviewer (numbered)",
        "interviewer": "Interviewer", "interviews": "Interviews", "same": "One answer throughout", "flagged": "To be looked at",
        "yes": "yes", "no": "no", "reversed": "reverse-coded (stored as answered; only scores are turned)", "all": "all",
        "unique": "Respondents alone in their combination of groups", "open": "open answer",
    },
}  # fmt: skip
_ROLES = {
    "ko": {"item": "문항", "group": "분류", "weight": "가중치", "design": "표본설계", "measure": "측정값", "id": "식별자",
           "contact": "연락처", "quasi": "준식별자", "text": "자유 응답", "importance": "중요도 문항", "single": "하나 고르기",
           "multiple": "복수 응답", "rank": "순위 응답", "number": "수량 응답", "date": "날짜"},
    "en": {"item": "item", "group": "group", "weight": "weight", "design": "sampling design", "measure": "measure",
           "id": "identifier", "contact": "contact", "quasi": "quasi-identifier", "text": "free text",
           "importance": "importance item", "single": "one choice", "multiple": "several answers", "rank": "choices in order",
           "number": "number", "date": "date"},
}  # fmt: skip
_LEVELS = {"ko": {"ordinal": "순서", "nominal": "명목", "scale": "척도"}, "en": {}}
_WHY = {
    "ko": {"id": "응답자를 가리킴", "contact": "개인정보", "quasi": "다른 자료와 이어 보면 응답자를 알 수 있음",
           "text": "응답자가 자신이나 다른 사람을 적었을 수 있음", "item": "이 해에 묻지 않음", "group": "이 해에 묻지 않음",
           "weight": "이 해에 없음", "design": "이 해에 없음", "measure": "이 해에 없음", "date": "날짜는 응답자를 가리킬 수 있음",
           **dict.fromkeys(("importance", "single", "multiple", "rank", "number"), "이 해에 묻지 않음")},
    "en": {"id": "points to a respondent", "contact": "personal data", "quasi": "together with other data it points to a person",
           "text": "respondents may have named themselves or others", "item": "not asked in this year",
           "group": "not asked in this year", "weight": "not there in this year", "design": "not there in this year",
           "measure": "not there in this year", "date": "a day may point to a respondent",
           **dict.fromkeys(("importance", "single", "multiple", "rank", "number"), "not asked in this year")},
}  # fmt: skip
_CHECKS = {
    "ko": {"read": "읽은 응답", "dropped": "제외한 응답(중복 응답자 번호)", "kept": "분석에 쓴 응답",
           "undeclared": "코드북에 없어 결측으로 처리한 값", "straight_lined": "같은 번호로만 답한 응답자", "blank": "빈칸",
           "unmapped": "분류에 없어 응답 없음으로 처리한 값",
           "declared_missing": "무응답 부호", "duplicate_id": "중복 응답자 번호", "not_available": "이 해에 묻지 않은 문항",
           "no_answer": "아무도 답하지 않은 문항", "straight_lining": "확인이 필요한 조사원",
           "missing": "결측 처리", "recoded to missing": "결측으로 바꿈", "later record dropped": "나중 기록 제외",
           "flagged": "표시만 함", "left missing": "결측으로 둠"},
    "en": {"read": "Answers read", "dropped": "Dropped (respondent number met twice)", "kept": "Used in the analysis",
           "undeclared": "Values not in the codebook, treated as missing",
           "unmapped": "Answers in no class, treated as no answer", "straight_lined": "One answer throughout",
           "blank": "Blank", "declared_missing": "No-answer code", "duplicate_id": "Respondent number met twice",
           "not_available": "Not asked in this year", "no_answer": "Answered by nobody",
           "straight_lining": "Interviewers to be looked at"},
}  # fmt: skip
_EXEMPT = "a list of what there is, not of results"


def codebook_tables(data: DataFile, survey: Survey, *, lang: str) -> list[Table]:
    """Variables of the file, their value labels, and what is not delivered, with the reason."""
    t, book = _TEXT[lang], survey.codebook
    codes = lambda variable: [c for c in data.codes.get(variable, {}) if c not in data.missing.get(variable, [])]
    rows, values = [], []
    for name, variable in data.names.items():
        column = book.columns.get(name)
        role = _ROLES[lang][column.role] if column else t["added"]
        if variable == data.weight:
            role = t["weighting"]
        if column is not None and column.role in SCALED:
            scale = book.scales[column.scale]
            span = f"{scale.low:g}–{scale.high:g}"
        else:
            span = ", ".join(written(c) for c in codes(variable)[:12])
        if column is not None and column.reverse:
            span += f" · {t['reversed']}"
        raw = ", ".join(column.names_in(survey.year)) if column else ""
        gaps = ", ".join(written(g) for g in data.missing.get(variable, []))
        level = data.measures[variable]
        label = (
            column.label.text(lang) if column and column.label else data.labels[variable] if column is None else role
        )
        rows.append((variable, label, f"{role} · {_LEVELS[lang].get(level, level)}", span, gaps, raw))
        values += [(variable, written(c), text) for c, text in data.codes.get(variable, {}).items()]
    heads = ("variable", "label", "role", "range", "missing", "raw")
    tables = [_listing("variables", t["variables"], heads, rows, lang)]
    if values:
        tables.append(_listing("values", t["values"], ("variable", "code", "value_label"), values, lang))
    left = [(n, _ROLES[lang][role], _WHY[lang][role]) for n, role in data.left_out.items()]
    if left:
        tables.append(_listing("left-out", t["left"], ("variable", "kind", "why"), left, lang))
    return tables


def questionnaire_tables(survey: Survey, *, lang: str) -> list[Table]:
    """Every question that was asked in this wave, in the order of the codebook, with its answers."""
    t, book, rows = _TEXT[lang], survey.codebook, []
    for name in book.of_role(*SCALED, *ASKED, "group", "text"):
        column = book.columns[name]
        if not column.available_in(survey.year) or column.label is None:
            continue
        question = column.question.text(lang) if column.question else column.label.text(lang)
        if column.role in SCALED:
            scale, labels = book.scales[column.scale], book.code_labels(name, lang)
            span = f"{scale.low:g}–{scale.high:g}"
            answers = " / ".join(f"{written(c)} {text}" for c, text in labels.items()) or span
            answers = answers if len(labels) == scale.points else f"{span}: {answers}" if labels else span
        else:
            labels = book.code_labels(name, lang)
            if column.set is not None:
                question = f"{book.sets[column.set].label.text(lang)}: {question}"
            answers = " / ".join(f"{written(c)} {text}" for c, text in labels.items()) or t["open"]
        rows.append((str(len(rows) + 1), name, question, answers))
    return (
        [_listing("questions", t["questionnaire"], ("number", "variable", "question", "answers"), rows, lang)]
        if rows
        else []
    )


def quality_tables(quality: SurveyQuality, survey: Survey, *, lang: str) -> list[Table]:
    """What was read, dropped, recoded and flagged; interviewers by number; how many stand alone in their groups."""
    t, say = _TEXT[lang], lambda code: _CHECKS[lang].get(code, code)
    counts = [(say(k), Number(float(n), "cases")) for k, n in quality.counts.items()]
    counts.append((t["unique"], Number(float(alone(survey)), "cases")))
    tables = [_numbers("quality", t["quality"], ("check", "count"), counts, lang)]
    label = lambda c: (
        t["all"] if c is None or c != c else survey.codebook.label(c, lang) if c in survey.codebook.columns else c
    )
    lines = [(say(r["check"]), label(r["column"]), Number(float(r["n"]), "cases"), Number(float(r["base"]), "cases"), say(r["action"]))
             for r in quality.frame.to_dict("records")]  # fmt: skip
    if lines:
        tables.append(_numbers("checks", t["details"], ("check", "column", "count", "base", "action"), lines, lang))
    people = [(str(int(r["interviewer"])), Number(float(r["n"]), "cases"), Number(float(r["straight_lined"]), "cases"),
               t["yes"] if r["flagged"] else t["no"]) for r in quality.interviewers.to_dict("records")]  # fmt: skip
    if people:
        tables.append(
            _numbers("interviewers", t["people"], ("interviewer", "interviews", "same", "flagged"), people, lang)
        )
    return tables


def alone(survey: Survey) -> int:
    """Respondents whose combination of group variables nobody else has: who knows these of a person finds his answers."""
    groups = [g for g in survey.codebook.groups if g in survey.frame and survey.frame[g].notna().any()]
    if not groups:
        return 0
    return int((~pd.DataFrame({g: survey.frame[g].astype("string") for g in groups}).duplicated(keep=False)).sum())


def _listing(name: str, caption: str, heads: Sequence[str], rows: Sequence[tuple], lang: str) -> Table:
    t = _TEXT[lang]
    columns = [Column(h, t[h], "left", "stub" if i == 0 else "text") for i, h in enumerate(heads)]
    return Table(name, caption, tuple(columns), tuple(Row(r) for r in rows), lang=lang, exempt=_EXEMPT)


def _numbers(name: str, caption: str, heads: Sequence[str], rows: Sequence[tuple], lang: str) -> Table:
    t = _TEXT[lang]
    figure = [isinstance(cell, Number) for cell in rows[0]]
    kind = lambda i: "stub" if i == 0 else "number" if figure[i] else "text"
    columns = [Column(h, t[h], "right" if figure[i] else "left", kind(i)) for i, h in enumerate(heads)]
    return Table(name, caption, tuple(columns), tuple(Row(r) for r in rows), lang=lang, exempt=_EXEMPT)
