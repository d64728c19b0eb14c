"""Chapters that are pages of their own: headed by the agency, without cover and contents, nothing else beside them."""

import subprocess

import nbformat
import pytest
import sample
from nbformat.v4 import new_markdown_cell, new_notebook

from csi_lib.errors import InputError
from csi_lib.report.pages import render_pages
from csi_lib.report.project import write_project
from csi_lib.report.theme import prepare_theme
from csi_lib.run.chapters import _open

FRONT = {
    "title": "만족도 조사",
    "subtitle": "결과보고서",
    "agency": "한빛공단",
    "date": "2024",
    "contractor": "조사연구소",
}


def chapter(page, text):
    node = new_notebook(cells=[new_markdown_cell(text), sample.show('값은 [7.1]{data-r="r1"}점이다.')])
    node.metadata["csi"] = {"scope": "agency", **({"page": True} if page else {})}
    return node


@pytest.fixture
def job(tmp_path):
    folder = tmp_path / "out" / "a" / "2024"
    write_project(folder, lang="ko", theme=prepare_theme(tmp_path / "out" / "_theme"))
    return folder


def test_only_chapters_that_ask_for_it_become_pages(job):
    before = {p.name for p in job.iterdir()}
    chapters = [("one", chapter(False, "# 하나 {#sec-top}")), ("card", chapter(True, "# 성적표 {#sec-top}"))]
    ids = render_pages(job, chapters, lang="ko", front=FRONT, formats=("html", "pdf", "docx"), renderer="embedded")
    assert ids == {"card": "성적표"}
    assert {p.name for p in job.iterdir()} - before == {"card.html", "card.pdf"}
    page = (job / "card.html").read_text(encoding="utf-8")
    assert "한빛공단" in page
    assert "만족도 조사 · 2024" in page
    assert 'data-r="r1"' in page
    assert "결과보고서" not in page
    assert "하나" not in page
    text = subprocess.run(["pdftotext", str(job / "card.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert "목차" not in text
    assert text.count("\f") == 1  # one page


def test_no_pages_without_a_format_for_them(job):
    chapters = [("card", chapter(True, "# 성적표 {#sec-top}"))]
    assert render_pages(job, chapters, lang="ko", front=FRONT, formats=("docx",), renderer="embedded") == {}


def test_a_page_that_refers_to_another_chapter_is_refused(job):
    chapters = [
        ("one", chapter(False, "# 하나 {#sec-top}")),
        ("card", chapter(True, "# 성적표 {#sec-top}\n\n@sec-one-top 참조")),
    ]
    with pytest.raises(InputError, match="refers to nothing"):
        render_pages(job, chapters, lang="ko", front=FRONT, formats=("html",), renderer="embedded")


def test_page_is_true_or_false(tmp_path):
    node = chapter(False, "# x")
    node.metadata["csi"]["page"] = "yes"
    path = tmp_path / "35-x.ipynb"
    nbformat.write(node, path)
    with pytest.raises(InputError, match="true or false"):
        _open(path)
