"""What the briefing slides say in each language, beside the numbers."""

from __future__ import annotations

WORDS = {
    "ko": {
        "report": "{} 결과보고", "outline": "조사 개요", "item": "구분", "content": "내용", "agency": "대상 기관",
        "commissioned": "조사 의뢰", "contractor": "조사 수행", "period": "조사 시기", "population": "모집단",
        "sample": "응답자 수", "effective": "유효 응답자 수", "error": "최대 표본오차(95% 신뢰수준)",
        "respondents": "응답자 구성", "share": "비율", "key": "핵심 결과", "measure": "지표", "score": "점수",
        "change": "전년 대비", "ci": "95% 신뢰구간", "n": "사례수", "index": "종합 지수", "distribution": "응답 분포: {}",
        "dimensions": "차원별 점수", "changes": "차원별 점수의 변화", "items": "{}: 항목별 만족도", "groups": "집단별 종합 지수",
        "portfolio": "만족도와 영향", "satisfaction": "만족도(점)", "gain": "지수에 미치는 영향", "number": "번호",
        "priorities": "먼저 개선할 항목", "reliability": "측정의 신뢰도", "alpha": "크론바흐 α", "standing": "다른 지수와 순위",
        "sheet": "한눈에 보기", "conclusion": "결론: 얻은 것과 잃은 것", "recommendations": "제언",
        "summary": "요약", "reading": "자료를 읽는 법", "this": "{}", "weights": "차원의 가중치", "weight": "가중치",
        "bases": "괄호 안은 사례수", "more_items": "항목별 만족도: {}", "high": "높은 항목", "low": "낮은 항목",
        "source": "출처: {study}, {period}, {agency} 결과보고서와 같은 산출(results.parquet).",
        "model": "지수: {label}({edition}판).", "rows": "근거 행(row_id):",
        "hidden": "* 응답자 보호를 위해 공개하지 않는 값은 그리지 않았다.",
    },
    "en": {
        "report": "{}: briefing", "outline": "The survey", "item": "Item", "content": "Content", "agency": "Agency",
        "commissioned": "Commissioned by", "contractor": "Conducted by", "period": "Fieldwork", "population": "Population",
        "sample": "Respondents", "effective": "Effective sample", "error": "Largest sampling error (95% confidence)",
        "respondents": "Who answered", "share": "Share", "key": "Key results", "measure": "Measure", "score": "Score",
        "change": "Change", "ci": "95% interval", "n": "n", "index": "The index", "distribution": "Answers: {}",
        "dimensions": "Dimensions", "changes": "Change by dimension", "items": "{}: satisfaction by item",
        "groups": "The index by group", "portfolio": "Satisfaction and effect", "satisfaction": "Satisfaction (points)",
        "gain": "Effect on the index", "number": "No.", "priorities": "What to improve first",
        "reliability": "Reliability of measurement", "alpha": "Cronbach's α", "standing": "Other indices and rank",
        "sheet": "At a glance", "conclusion": "Gained and lost", "recommendations": "Recommendations",
        "summary": "Summary", "reading": "How to read this", "this": "{}", "weights": "Weights of the dimensions",
        "weight": "Weight", "bases": "Numbers of respondents in brackets",
        "more_items": "Satisfaction by item: {}", "high": "highest", "low": "lowest",
        "source": "Source: {study}, {period}, {agency}; the same computation as the report (results.parquet).",
        "model": "Index: {label} (edition {edition}).", "rows": "Results rows (row_id):",
        "hidden": "* Values withheld to protect respondents are not drawn.",
    },
}  # fmt: skip
READING = {
    "ko": ["점수는 0~100점이다. 응답 척도의 가장 낮은 답이 0점, 가장 높은 답이 100점이다.",
           "95% 신뢰구간은 표본추출에서 생기는 오차를 나타낸다. 두 값의 차이는 검정을 거친 것만 ‘상승’, ‘하락’이라고 쓴다.",
           "사례수가 {small}명 미만인 값에는 †를 붙였고, {least}명 미만인 값은 공개하지 않는다.",
           "모든 그림은 편집할 수 있는 차트이고, 슬라이드 노트에 숫자의 근거 행이 있다."],
    "en": ["Scores run from 0 to 100: the lowest answer of a scale is 0 points, the highest 100.",
           "The 95% interval shows the error that comes from sampling. Only tested differences are called a rise or a fall.",
           "Values on fewer than {small} respondents carry †; those on fewer than {least} are withheld.",
           "All charts can be edited; the notes of each slide name the results rows behind its numbers."],
}  # fmt: skip
