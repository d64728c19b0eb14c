"""The whole sample report: what a reader, a screen reader and an archive get."""

import io
import re
import shutil
from itertools import pairwise

import pytest
import sample
from pypdf import PdfReader

from csi_lib.report.render import render


@pytest.fixture(scope="session")
def page(finished):
    return finished[1].paths["html"].read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def pdf(finished):
    return PdfReader(finished[1].paths["pdf"])


def outline(items, level=0):
    for item in items:
        if isinstance(item, list):
            yield from outline(item, level + 1)
        else:
            yield level, item.title


def test_html_needs_nothing_from_outside(page):
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]+"', page)
    assert not re.findall(r"url\((?!data:)", page)
    assert "@import" not in page
    assert len(page.encode()) < 1_500_000


def test_html_structure(page):
    assert page.startswith('<!DOCTYPE html>\n<html lang="ko" class="csi">')
    assert len(re.findall(r"<h1\b", page)) == 1
    levels = [int(n) for n in re.findall(r"<h([1-6])\b", page)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in ids
    assert all('alt="' in image for image in re.findall(r"<img\b[^>]*>", page))
    regions = re.findall(r'role="region"[^>]*aria-label="([^"]+)"', page) or re.findall(
        r'aria-label="([^"]+)"[^>]*role="region"', page
    )
    assert len(regions) == page.count('class="table-scroll"') == len(set(regions))


def test_every_row_id_of_the_notebook_is_in_the_html(finished, page):
    source = (finished[0] / "report.ipynb").read_text(encoding="utf-8")
    wanted = re.findall(r'data-r=\\"(r\w+)\\"', source)
    assert len(wanted) > 300
    assert sorted(wanted) == sorted(re.findall(r'data-r="(r\w+)"', page))


def test_pdf_is_tagged_titled_and_in_korean(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("ko")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "/StructTreeRoot" in root
    assert pdf.metadata.title == sample.FRONT["title"]
    assert pdf.metadata.author == sample.FRONT["contractor"]
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp


def test_every_figure_of_the_pdf_has_alternative_text(pdf):
    seen = []

    def walk(node):
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif hasattr(node, "get") and "/S" in node:
            if node["/S"] in ("/Figure", "/Formula"):
                seen.append((node["/S"], str(node.get("/Alt", ""))))
            walk(node.get("/K", []))

    walk(pdf.trailer["/Root"]["/StructTreeRoot"]["/K"])
    figures = [alt for kind, alt in seen if kind == "/Figure"]
    assert sum(alt.startswith("막대그림.") for alt in figures) == 3
    assert all(alt for _, alt in seen)
    assert any("lambda" in alt for kind, alt in seen if kind == "/Formula")


def test_pdf_bookmarks_are_the_chapters(pdf):
    chapters = [title for level, title in outline(pdf.outline) if level == 0]
    assert [re.sub(r"^\d+\s+", "", c) for c in chapters] == [
        "제 출 문",
        "요약",
        "조사 개요",
        "측정 모형과 신뢰도",
        "종합 결과",
        "문항별 결과",
        "개선 포트폴리오",
        "추이와 비교",
        "부록",
    ]


def test_fonts_are_embedded_and_none_is_missing(pdf, pdf_text, finished):
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            descendant = font["/DescendantFonts"][0]
            assert "/FontFile3" in descendant["/FontDescriptor"] or "/FontFile2" in descendant["/FontDescriptor"]
            assert "/ToUnicode" in font
    assert "□" not in pdf_text(finished[1].paths["pdf"])
    assert finished[1].warnings == ()


def test_order_of_a_commissioned_report(pdf_text, finished):
    text = pdf_text(finished[1].paths["pdf"])
    places = [
        text.index(part)
        for part in (
            "2024년도 고객만족도 조사 결과 보고서",
            "귀하",
            "잘하고 있는 점",
            "목차",
            "표 목차",
            "그림 목차",
            "제1장",
        )
    ]
    assert places == sorted(places)
    assert text.rindex("발행처") > text.rindex("부록")


def test_korean_words_are_not_broken(finished):
    """Every eojeol of the running text is in one line of the PDF."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not here")
    import subprocess

    text = subprocess.run(
        ["pdftotext", finished[1].paths["pdf"], "-"], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.strip() for line in text.splitlines()]
    for word in ("지방공기업법", "수준을", "무작위", "추출하였으며", "되풀이된다", "신뢰구간이다"):
        assert any(word in line for line in lines), word


def test_header_of_a_long_table_returns_on_its_next_page(pdf):
    pages = [page.extract_text() for page in pdf.pages]
    with_rows = [text for text in pages if "안전 관리에 대한 신뢰" in text]
    assert len(with_rows) > 1
    assert all("기업 이용자" in text for text in with_rows)


# what page-validation 0.11 says of sound files: it reads widths of glyphs without the matrix of the font's own
# dictionary (fontTools: 1770 · 0.48828 = 864.258, as written), and takes a stream's last line feed for its end
NOT_SO = {"PDFUA1-FONT-GLYPH-WIDTH-001", "PDFA2A-TRUETYPE-GLYPH-WIDTH-001", "PDFA2A-STREAM-LENGTH-001"}


@pytest.mark.parametrize("profile", ["ua1", "2a"])
def test_an_outside_checker_accepts_the_pdf(finished, profile):
    checker = pytest.importorskip("page", reason="pip install page-validation")
    path = finished[1].paths["pdf"]
    report = checker.validate_pdf(str(path), profile=profile)
    assert report.rules.total > 100
    assert {failure.rule_id for failure in report.failures} <= NOT_SO
    # the same rules see a picture whose alternative text is taken away
    spoilt = re.sub(rb"/Alt(?=[ (<])", b"/Xlt", path.read_bytes())
    found = {failure.rule_id for failure in checker.validate_pdf_bytes(spoilt, profile="ua1").failures}
    assert found - NOT_SO


def test_contents_hold_no_empty_entry(pdf):
    def entries(element):
        children = element.get("/K", [])
        children = [child.get_object() for child in (children if isinstance(children, list) else [children])]
        if element.get("/S") == "/TOCI":
            yield len(children)
        for child in children:
            if isinstance(child, dict):
                yield from entries(child)

    counts = list(entries(pdf.trailer["/Root"]["/StructTreeRoot"]))
    assert len(counts) > 10
    assert min(counts) > 0


def test_equal_input_gives_equal_bytes(finished, tmp_path):
    job, made = finished
    again = render(sample.make_job(tmp_path), renderer="embedded")
    for name, path in made.paths.items():
        assert again.paths[name].read_bytes() == path.read_bytes(), name
    assert not [p.name for p in job.iterdir() if p.name.startswith(".")]


def test_the_date_of_a_pdf_is_that_of_the_source(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = render(sample.make_job(tmp_path), renderer="embedded", formats=("pdf",))
    assert PdfReader(io.BytesIO(made.paths["pdf"].read_bytes())).metadata.creation_date.year == 2023


def test_english_edition_has_no_korean_of_ours(tmp_path):
    job = sample.make_job(tmp_path, lang="en")
    page = render(job, renderer="embedded", formats=("html",)).paths["html"].read_text(encoding="utf-8")
    assert '<html lang="en" class="csi">' in page
    for word in (
        "Contents",
        "Skip to content",
        "Commissioned by",
        "Figure&nbsp;1",
        "Table&nbsp;1",
        "Show the data of this figure",
    ):
        assert word in page.replace("\xa0", "&nbsp;"), word
    for word in ("본문으로", "목차", "그림의 자료 보기"):
        assert word not in page.partition("<script>")[0]


def test_report_of_another_language_has_its_own_name(tmp_path):
    job = sample.make_job(tmp_path)
    shutil.copy(job / "report.ipynb", job / "report.en.ipynb")
    made = render(job, renderer="embedded", formats=("html",), lang="en")
    assert made.paths["html"].name == "report.en.html"
