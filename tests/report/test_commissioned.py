"""The parts of a commissioned report, their order, and what the study must say for them."""

import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from pypdf import PdfReader
from ruamel.yaml import YAML

from csi_lib.report.commissioned import front_matter, with_parts
from csi_lib.report.join import join_notebooks
from csi_lib.report.project import write_project
from csi_lib.report.render import render
from csi_lib.report.theme import prepare_theme
from csi_lib.share import shared_path
from csi_lib.study.study import Job, load_study

HOSTILE = "<script>alert(1)</script> =cmd() #typst | $x$ \u202eאב"
CHAPTERS = [
    ("summary", "# 요약 {#sec-top .unnumbered .front}\n\n짧은 글."),
    ("body", "# 본문 {#sec-top}\n\n| 가 | 나 |\n|:--|--:|\n| 다 | 1 |\n\n: 표 이름 {#tbl-a}\n\n글 @tbl-a."),
    ("appendix", "# 부록 {#sec-top}\n\n글."),
]


@pytest.fixture
def study(tmp_path):
    """`study({...})`: the example with another `report: commissioned`."""

    def make(commissioned):
        folder = tmp_path / "study"
        shutil.copytree(shared_path("params", "example"), folder, ignore=shutil.ignore_patterns("data", ".csi"))
        yaml = YAML()
        said = yaml.load((folder / "study.yml").read_text(encoding="utf-8"))
        said["report"]["commissioned"] = commissioned
        with (folder / "study.yml").open("w", encoding="utf-8") as file:
            yaml.dump(said, file)
        return load_study(folder)

    return make


def rendered(study, folder, *, agency="hanbit-fmc", lang="ko", release="public"):
    job = Job(str(study.path), agency, 2024, lang, release)
    chapters = [(name, new_notebook(cells=[new_markdown_cell(text)])) for name, text in CHAPTERS]
    node = join_notebooks(with_parts(study, job, chapters), lang=lang, front=front_matter(study, job))
    target = folder / "out" / agency / "2024"
    target.mkdir(parents=True)
    nbformat.write(node, target / "report.ipynb")
    write_project(target, lang=lang, theme=prepare_theme(folder / "out" / "_theme"))
    return render(target, renderer="embedded")


def bookmarks(items):
    return [title for i in items for title in (bookmarks(i) if isinstance(i, list) else [i.title])]


def test_parts_come_in_the_order_of_commissioned_reports(study, tmp_path, pdf_text):
    made = rendered(study({"to": {"ko": "가나다라도지사", "en": "x"}, "team": TEAM, "dates": DATES}), tmp_path)
    assert made.warnings == ()
    text = pdf_text(made.paths["pdf"])
    # no other part may stand between two neighbours
    marks = [
        "지방공기업 고객만족도 조사",
        "가나다라도지사 귀하",
        "홍가람",
        "짧은 글",
        "목차",
        "표 목차",
        "제1장",
        "제2장",
        "설문지",
        "판권",
    ]
    places = [text.index(m) if m != "설문지" else text.rindex("설문지\n") for m in marks]
    assert places == sorted(places)
    titles = bookmarks(PdfReader(made.paths["pdf"]).outline)
    assert [t for t in titles if t in ("제출문", "연구진", "요약", "설문지")] == ["제출문", "연구진", "요약", "설문지"]
    page = made.paths["html"].read_text(encoding="utf-8")
    headings = re.findall(r"<h2\b[^>]*>(.*?)</h2>", page)
    plain = [re.sub(r"<[^>]+>|\d+", "", h).strip() for h in headings]
    # on screen the summary comes first; the letter stands before the imprint
    assert plain == ["요약", "본문", "부록", "설문지", "제출문", "연구진", "판권"]


TEAM = [{"role": {"ko": "연구책임자", "en": "PI"}, "name": {"ko": "홍가람", "en": "G. Hong"}}]
DATES = {2024: {"ko": "2024년 12월", "en": "December 2024"}}


def test_pages_before_the_body_have_roman_numbers(study, tmp_path):
    made = rendered(study({"team": TEAM}), tmp_path)
    pdf = PdfReader(made.paths["pdf"])
    labels = pdf.page_labels
    texts = [p.extract_text() for p in pdf.pages]
    body = next(i for i, t in enumerate(texts) if "제1장" in t)
    assert labels[body] == "1"
    assert labels[body - 1].lower().strip("ivx") == ""
    assert texts[body].strip().endswith("1")


def test_an_empty_declaration_is_enough(study, tmp_path, pdf_text):
    text = pdf_text(rendered(study({}), tmp_path).paths["pdf"])
    assert "한들도 공기업정책과(가상) 귀하" in text
    assert "열린조사연구소(가상)" in text
    assert "연구진" not in text


def test_without_a_declaration_there_are_the_chapters_alone(study, tmp_path):
    job = Job("example", "hanbit-fmc", 2024, "ko", "public")
    chapters = [(n, new_notebook()) for n, _ in CHAPTERS]
    assert with_parts(study(None), job, chapters) == chapters


def test_english_parts(study, tmp_path, pdf_text):
    made = rendered(
        study({"to": {"ko": "도지사", "en": "the Governor"}, "team": TEAM, "dates": DATES}), tmp_path, lang="en"
    )
    text = pdf_text(made.paths["pdf"])
    for words in (
        "Letter of submission",
        "To the Governor",
        "Research team",
        "G. Hong",
        "December 2024",
        "Questionnaire",
        "Imprint",
    ):
        assert words in text, words


def test_every_item_and_every_answer_is_in_the_questionnaire(study, tmp_path):
    made = study({})
    page = rendered(made, tmp_path).paths["html"].read_text(encoding="utf-8")
    book = made.codebook("customers")
    for name in book.items:
        column = book.columns[name]
        assert (column.question or column.label).text("ko") in page, name
    for name in book.groups:
        for label in book.columns[name].labels.values():
            assert label.text("ko") in page, name


def test_hostile_words_are_text_in_every_part(study, tmp_path, pdf_text):
    said = {
        "to": {"ko": HOSTILE, "en": "x"}, "by": {"ko": HOSTILE, "en": "x"}, "letter": {"ko": HOSTILE, "en": "x"},
        "registration": {2024: "<b>=1|#2"}, "dates": {2024: {"ko": HOSTILE, "en": "x"}},
        "team": [{k: {"ko": HOSTILE, "en": "x"} for k in ("role", "name", "affiliation")}],
        "imprint": {"notice": {"ko": HOSTILE, "en": "x"}, "isbn": "$x$|#y"},
    }  # fmt: skip
    made = rendered(study(said), tmp_path)
    page = made.paths["html"].read_text(encoding="utf-8")
    assert page.count("<script>") == 1  # ours
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; =cmd() #typst | $x$") >= 8
    assert "<b>" not in page
    assert pdf_text(made.paths["pdf"]).count("=cmd()") >= 8


def test_the_overall_report_looks_different_and_a_restricted_one_says_so(study, tmp_path, pdf_text):
    overall = rendered(study({}), tmp_path, agency="_overall", release="restricted")
    page = overall.paths["html"].read_text(encoding="utf-8")
    assert 'class="cover design-overall"' in page
    assert '<p class="cover-release">내부용 · 대외비</p>' in page
    assert "내부용" in pdf_text(overall.paths["pdf"])


@pytest.mark.slow
def test_both_designs_are_accessible(study, tmp_path, accessible):
    made = study({"team": TEAM, "dates": DATES})
    accessible(rendered(made, tmp_path / "a").paths["html"])
    accessible(rendered(made, tmp_path / "b", agency="_overall", release="restricted").paths["html"])
