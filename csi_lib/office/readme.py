"""The README of a delivery: what lies where, how to read it, what is not in it and why."""

from __future__ import annotations

from collections.abc import Sequence

from csi_lib.prose.escape import clean_text
from csi_lib.study.reading import Reading

_WHAT = {
    "ko": {"report": "결과보고서", "tables": "통계표(모든 문항 × 모든 분류 변수)", "briefing": "발표자료(편집할 수 있는 차트)",
           "data": "정제한 응답 자료(SPSS)", "codebook": "코드북", "questionnaire": "설문 문항", "quality": "자료 점검 기록",
           "results": "모든 파일에 있는 숫자의 원본(행마다 row_id)"},
    "en": {"report": "report", "tables": "statistics tables (every item by every group)", "briefing": "briefing slides (editable charts)",
           "data": "cleaned answers (SPSS)", "codebook": "codebook", "questionnaire": "questions", "quality": "record of data checks",
           "results": "the source of every number in all files (row_id per row)"},
}  # fmt: skip
_TEXT = {
    "ko": {
        "title": "납품 안내", "commissioned": "발주", "contractor": "수행", "period": "조사 시기", "waves": "대상",
        "release": {"public": "공개용", "restricted": "내부용(대외비)"}, "edition": "구분", "files": "파일", "file": "파일", "what": "내용",
        "numbers": "숫자", "data": "자료", "check": "확인",
        "about_numbers": [
            "모든 파일은 한 번의 산출에서 나왔고 같은 숫자를 싣는다. 슬라이드 노트의 row_id는 결과값 파일의 행이다.",
            "점수는 0~100점이다. 인쇄된 값은 반올림한 값이고, 반올림하지 않은 값은 결과값 파일에 있다.",
            "사례수가 {least}명 미만인 값은 * 로 가렸고, 가린 값을 빼고 더하여 알 수 있는 값도 함께 가렸다. "
            "사례수가 {small}명 미만인 값에는 †를 붙였다.",
        ],
        "about_data": [
            "응답 자료에는 이름, 연락처, 응답자 번호, 자유 응답과 준식별자가 없다. 뺀 항목과 이유는 코드북에 있다.",
            "행의 순서는 응답 순서와 관계가 없다. 가중치 변수는 파일에 지정되어 있다.",
            "무응답 부호는 사용자 결측으로, 빈칸과 코드북에 없는 값은 시스템 결측으로 두었다.",
            "공개용 자료에서는 통계표가 가린 집단을 '비공개' 한 값으로 묶고(사용자 결측) 그 응답자의 표본설계 변수를 비웠다. "
            "가중치가 집단을 알려 주는 곳에서는 묶은 응답자의 평균 가중치를 실었다.",
            "분류 변수를 모두 합하면 응답자가 드러날 수 있으므로 계약에서 정한 사람만 이용한다.",
        ],
        "about_check": ["받은 파일이 온전한지는 압축을 푼 폴더에서 `sha256sum -c SHA256SUMS`로 확인한다."],
    },
    "en": {
        "title": "Delivery", "commissioned": "Commissioned by", "contractor": "Conducted by", "period": "Fieldwork", "waves": "About",
        "release": {"public": "public", "restricted": "restricted"}, "edition": "Edition", "files": "Files", "file": "File", "what": "Content",
        "numbers": "Numbers", "data": "Data", "check": "Verification",
        "about_numbers": [
            "All files come from one computation and carry the same numbers. A row_id in the notes of a slide is a row of the results file.",
            "Scores run from 0 to 100. Printed values are rounded; the unrounded ones are in the results file.",
            "Values on fewer than {least} respondents are withheld (*), and so are those from which they could be worked out. "
            "Values on fewer than {small} carry †.",
        ],
        "about_data": [
            "The answers hold no names, contacts, respondent numbers, free text or quasi-identifiers; the codebook says what was left out and why.",
            "The order of the rows is not that of the interviews. The file names its weight variable.",
            "No-answer codes are user-missing; blanks and values outside the codebook are system-missing.",
            "In the public edition the groups that the tables hide are one value, withheld (user-missing), and their members have no "
            "sampling design; where weights would tell the groups apart, these members carry their mean weight.",
            "All groups together may point to a person: only those named in the contract may use the file.",
        ],
        "about_check": ["In the unpacked folder `sha256sum -c SHA256SUMS` tells whether all files arrived whole."],
    },
}  # fmt: skip


def readme(study, jobs: Sequence, files: Sequence[tuple[str, str]], *, lang: str, release: str) -> str:
    """Markdown text that opens the delivery; `files` are (name in the zip, kind)."""
    t, rule = _TEXT[lang], Reading.of(study)
    label = lambda x: clean_text(x.text(lang))
    lines = [f"# {label(study.title)}: {t['title']}", ""]
    for name, value in (
        ("commissioned", study.commissioned_by),
        ("contractor", study.contractor),
        ("period", study.period),
    ):
        if value is not None:
            lines.append(f"- {t[name]}: {label(value)}")
    who = dict.fromkeys(f"{_name(study, j, lang)} {study.period_of(j.year)}" for j in jobs)
    lines += [f"- {t['waves']}: {', '.join(who)}", f"- {t['edition']}: {t['release'][release]}"]
    lines += ["", f"## {t['files']}", "", f"| {t['file']} | {t['what']} |", "|---|---|"]
    lines += [f"| {name.replace('|', chr(92) + '|')} | {_WHAT[lang][kind]} |" for name, kind in files]
    lines += [
        "",
        f"## {t['numbers']}",
        "",
        *(f"- {rule.worded(x).format(least=rule.min_base, small=rule.small_base)}" for x in t["about_numbers"]),
    ]
    if any(kind == "data" for _, kind in files):
        lines += ["", f"## {t['data']}", "", *(f"- {x}" for x in t["about_data"])]
    lines += ["", f"## {t['check']}", "", *(f"- {x}" for x in t["about_check"]), ""]
    return "\n".join(lines)


def _name(study, job, lang: str) -> str:
    from csi_lib.report.chapter import OVERALL

    return (
        {"ko": "총괄", "en": "overall"}[lang]
        if job.agency == OVERALL
        else clean_text(study.agency(job.agency).name.text(lang))
    )
