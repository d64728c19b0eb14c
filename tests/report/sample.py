"""A commissioned report as the chapters of a job would make it: numbers invented, form complete."""

# ruff: noqa: E501 (sample text reads better whole)
from __future__ import annotations

import random
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from csi_lib.report.join import ROWS_MIME, join_notebooks
from csi_lib.report.project import write_project
from csi_lib.report.theme import prepare_theme

DIMENSIONS = ("상품 품질", "전달 품질", "환경 품질", "사회 품질")
ITEMS = {
    "상품 품질": (
        "원하는 서비스의 본원적 제공",
        "서비스 내용의 다양성",
        "이용 절차의 편리성",
        "요금 수준의 적정성",
    ),
    "전달 품질": (
        "직원의 친절한 태도와 경청",
        "업무 처리의 신속성·정확성",
        "설명의 충분함과 이해의 쉬움",
        "불만 처리의 성실성",
    ),
    "환경 품질": (
        "시설의 청결과 쾌적함",
        "안내 표지의 알아보기 쉬움",
        "교통약자 편의시설의 충분함",
        "온라인 창구의 사용 편의성",
    ),
    "사회 품질": (
        "지역사회 공헌 활동",
        "공정하고 투명한 업무 수행",
        "환경 보호를 위한 노력",
        "안전 관리에 대한 신뢰",
    ),
}
_random = random.Random(7)


def number(value: float, digits: int = 1) -> str:
    return f'[{value:.{digits}f}]{{data-r="r{_random.getrandbits(40):010x}"}}'


def show(markdown: str):
    """An output as `Chapter.show` leaves it in an executed notebook."""
    data = {
        "text/markdown": markdown,
        "text/html": "<p>for JupyterLab</p>",
        "text/plain": "x",
        ROWS_MIME: [{"row_id": "r1"}],
    }
    return new_code_cell(
        "chapter.show(thing)",
        outputs=[new_output("display_data", data=data)],
        metadata={"papermill": {"x": 1}},
    )


def bars_svg(rows: list[tuple[str, float]]) -> str:
    height = 34 * len(rows) + 20
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {height}" width="640" height="{height}">']
    for i, (label, value) in enumerate(rows):
        y = 12 + 34 * i
        parts.append(
            f'<text x="150" y="{y + 16}" text-anchor="end" font-family="Pretendard" font-size="13" fill="#1a2129">{label}</text>'
        )
        parts.append(f'<rect x="160" y="{y}" width="{value * 4.2:.1f}" height="22" fill="#0b4f8a"/>')
        parts.append(
            f'<text x="{168 + value * 4.2:.1f}" y="{y + 16}" font-family="Pretendard" font-size="13" fill="#1a2129">{value:.1f}</text>'
        )
    return "".join([*parts, "</svg>"])


def figure(folder: Path, chapter: str, name: str, caption: str, rows: list[tuple[str, float]]):
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "figures" / f"{chapter}-{name}.svg").write_text(bars_svg(rows), encoding="utf-8")
    alt = "막대그림. " + ", ".join(f"{label} {value:.1f}점" for label, value in rows)
    data = "\n".join(f"| {label} | {number(value)} |" for label, value in rows)
    return show(
        f'![{caption}](figures/{chapter}-{name}.svg){{#fig-{name} fig-alt="{alt}"}}\n\n'
        f"::: {{.figure-notes}}\nn = 412, 95% 신뢰수준에서 최대 ±4.8%p\n:::\n\n"
        f"::: {{.figure-data}}\n| 구분 | 값 |\n|:---|---:|\n{data}\n:::\n"
    )


def table(
    name: str, caption: str, heads: tuple[str, ...], rows: list[tuple], note: str = "", *, align: str = "---:"
) -> object:
    lines = ["| " + " | ".join(heads) + " |", "|:---" + f"|{align}" * (len(heads) - 1) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    notes = f"\n\n::: {{.table-notes}}\n{note}\n:::" if note else ""
    return show("\n".join(lines) + f"\n\n: {caption} {{#tbl-{name}}}{notes}\n")


def text(markdown: str, lang: str | None = None):
    return new_markdown_cell(markdown, metadata={"tags": [f"lang-{lang}"]} if lang else {})


def chapters(folder: Path) -> list[tuple[str, nbformat.NotebookNode]]:
    value = {d: 70 + 4.7 * i for i, d in enumerate(DIMENSIONS)}
    long = [
        (f"{item}", *(number(60 + _random.random() * 30) for _ in range(5)))
        for _ in range(4)
        for items in ITEMS.values()
        for item in items
    ]
    parameters = new_code_cell('agency = "ganada"', metadata={"tags": ["parameters"]})
    made = {
        "submission": [
            text(
                "# 제 출 문 {.unnumbered .front}\n\n::: {.submission}\n가나다 도시개발공사 사장 귀하\n\n본 보고서를 **「2024년도 고객만족도 조사」** 용역의 "
                "최종 결과물로 제출합니다.\n\n2024년 12월\n\n한빛사회조사연구소 대표 김한빛\n:::\n"
            )
        ],
        "summary": [
            parameters,
            text("# 요약 {.unnumbered .front}\n", "ko"),
            text("# Summary {.unnumbered .front}\n", "en"),
            show(
                f"::: {{.lead}}\n2024년 종합만족도는 {number(82.4)}점으로 전년보다 {number(1.9)}점 상승했으며, 이 차이는 통계적으로 유의하다.\n:::\n"
            ),
            show(
                "::: {.key-figures}\n\n::: {.key-figure}\n["
                + number(82.4)
                + "[점]{.unit}]{.value}\n[종합만족도]{.label}\n[▲ "
                + number(1.9)
                + " 전년 대비]{.change}\n:::\n\n"
                "::: {.key-figure}\n["
                + number(78.1)
                + "[점]{.unit}]{.value}\n[요소만족도]{.label}\n[차이 없음]{.change}\n:::\n\n"
                "::: {.key-figure}\n["
                + number(3, 0)
                + "[위 / 12]{.unit}]{.value}\n[유형 내 순위]{.label}\n[▲ 2계단]{.change}\n:::\n:::\n"
            ),
            text(
                "## 잘하고 있는 점 {.unnumbered}\n\n- 직원의 친절한 태도와 경청: 중요도와 만족도가 모두 높다.\n- 시설의 청결과 쾌적함: 3년 연속 상승했다.\n\n"
                "## 먼저 고칠 점 {.unnumbered}\n\n- 온라인 창구의 사용 편의성: 중요도는 높으나 만족도가 낮다(@fig-portfolio-quadrant).\n- 불만 처리의 성실성\n\n"
                "::: {.callout-important}\n## 읽을 때 유의할 점\n점수는 100점 만점이며, 괄호 안은 95% 신뢰구간이다. 사례수가 30명 미만인 집단은 참고로만 본다.\n:::\n"
            ),
        ],
        "outline": [
            text(
                "# 조사 개요 {#sec-outline}\n\n## 조사 목적과 설계\n\n이 조사는 「지방공기업법」에 따라 고객이 느끼는 서비스 수준을 측정하고 개선 과제를 찾기 위해 실시하였다. "
                "표본은 고객 명부에서 층화 무작위 추출하였으며,[^frame] 전화와 온라인을 병행하였다.\n\n[^frame]: 명부의 중복과 결번을 제거한 뒤 추출하였다.\n"
            ),
            table(
                "sample",
                "조사 설계",
                ("구분", "내용"),
                [
                    ("조사 대상", "최근 1년 안에 서비스를 이용한 만 19세 이상 고객"),
                    ("조사 방법", "구조화된 설문지를 이용한 전화·온라인 조사"),
                    ("유효 표본", number(412, 0) + "명"),
                    ("표본 오차", "95% 신뢰수준에서 최대 ±" + number(4.8) + "%p"),
                    ("조사 기간", "2024년 9월 2일 ~ 10월 11일"),
                ],
                align=":---",
            ),
        ],
        "model": [
            text(
                "# 측정 모형과 신뢰도\n\n종합만족도는 요소만족도와 체감만족도를 가중 평균하여 구한다.\n\n$$ \\mathrm{PCSI} = \\lambda \\sum_{j} w_j \\bar{x}_j + (1-\\lambda)\\,\\bar{y} $$ {#eq-index}\n\n"
                "@eq-index 에서 $w_j$는 차원 $j$의 가중치이고 $\\lambda = 0.5$이다. 신뢰도는 Cronbach의 $\\alpha$로 확인한다.\n"
            ),
            table(
                "alpha",
                "차원별 신뢰도",
                ("차원", "문항 수", "Cronbach α", "표준화 α", "CR", "AVE"),
                [
                    (
                        d,
                        4,
                        number(0.8 + i / 50, 3),
                        number(0.81 + i / 50, 3),
                        number(0.84 + i / 60, 3),
                        number(0.56 + i / 40, 3),
                    )
                    for i, d in enumerate(DIMENSIONS)
                ],
                "α ≥ 0.7이면 신뢰할 수 있는 것으로 본다.",
            ),
        ],
        "overall": [
            text("# 종합 결과\n\n## 종합만족도\n"),
            show(
                f"종합만족도는 {number(82.4)}점으로, 유형 평균 {number(79.9)}점보다 높다. 차원별로는 사회 품질이 {number(84.1)}점으로 가장 높고 상품 품질이 {number(70.0)}점으로 가장 낮다(@fig-dimensions 과 @tbl-dimensions 참조).\n"
            ),
            figure(folder, "overall", "dimensions", "차원별 만족도", list(value.items())),
            table(
                "dimensions",
                "차원별 만족도와 전년 대비 변화",
                ("차원", "2023", "2024", "변화", "95% 신뢰구간", "n"),
                [
                    (
                        d,
                        number(v - 1.4),
                        number(v),
                        "▲ " + number(1.4),
                        f"{number(v - 2)}–{number(v + 2)}",
                        number(412, 0),
                    )
                    for d, v in value.items()
                ],
                "▲▼ 95% 수준에서 유의한 변화",
            ),
        ],
        "items": [
            text(
                "# 문항별 결과\n\n## 모든 문항\n\n문항마다 다섯 집단의 결과를 @tbl-items 에 싣는다. 표가 길어 다음 쪽으로 이어지면 머리글이 되풀이된다.\n"
            ),
            table(
                "items",
                "문항별·고객유형별 만족도",
                ("문항", "전체", "개인 이용자", "기업 이용자", "공공기관", "기타"),
                long,
                "단위: 점. 사례수가 적은 칸은 생략하였다.",
            ),
        ],
        "portfolio": [
            text(
                "# 개선 포트폴리오\n\n::: {.panel-tabset}\n\n### 중요도\n\n중요도는 전반적 만족과의 상관으로 구하였다.\n\n### 만족도\n\n만족도는 100점 만점의 평균이다.\n\n:::\n"
            ),
            figure(folder, "portfolio", "quadrant", "중요도와 만족도", [(d, v - 12) for d, v in value.items()]),
        ],
        "trend": [
            text(
                "# 추이와 비교\n\n## 연도별 추이\n\n@sec-outline-outline 에서 밝힌 대로 조사 방법은 해마다 같다.\n\n{{< pagebreak >}}\n\n## 유형 안의 위치\n\n앞의 @fig-overall-dimensions 와 견주어 본다.\n"
            ),
            figure(
                folder,
                "trend",
                "years",
                "종합만족도의 추이",
                [("2021", 76.2), ("2022", 78.0), ("2023", 80.5), ("2024", 82.4)],
            ),
        ],
        "appendix": [
            text(
                "# 부록 {.unnumbered}\n\n## 가정과 출처 {.unnumbered}\n\n1. 결측은 문항별로 제외하였다.\n2. 가중치는 모집단 구성비에 맞추었다.\n\n::: {.colophon}\n**2024년도 고객만족도 조사 보고서**\\\n발행 2024년 12월 · 발행처 가나다 도시개발공사 · 수행 한빛사회조사연구소\n:::\n"
            ),
        ],
    }
    return [(chapter, new_notebook(cells=cells)) for chapter, cells in made.items()]


FRONT = {
    "title": "2024년도 고객만족도 조사 결과 보고서",
    "subtitle": "공공기관 서비스 품질 진단과 개선 과제",
    "agency": "가나다 도시개발공사",
    "year": 2024,
    "commissioned-by": "가나다 도시개발공사",
    "contractor": "한빛사회조사연구소",
    "date": "2024년 12월",
    "keywords": ["고객만족도", "공공서비스"],
}


def make_job(out: Path, *, lang: str = "ko", settings: dict | None = None) -> Path:
    """A job's folder under `out`, ready for `render`."""
    _random.seed(7)
    job = out / "ganada" / "2024"
    job.mkdir(parents=True, exist_ok=True)
    node = join_notebooks(chapters(job), lang=lang, front=FRONT)
    nbformat.write(node, job / "report.ipynb")
    write_project(job, lang=lang, theme=prepare_theme(out / "_theme", settings))
    return job
