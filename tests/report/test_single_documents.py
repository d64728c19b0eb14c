"""`csi render` on a document of one's own: an executed notebook, a .qmd; the same engine as the reports."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pypdf import PdfReader
from typer.testing import CliRunner

from csi_lib.cli import app
from csi_lib.report.embedded import open_document, render_html
from csi_lib.report.render import render_document


def render(*arguments):
    return CliRunner().invoke(app(), ["render", *map(str, arguments), "--renderer", "embedded"])


QMD = """---
title: 만족도의 측정
author: 홍가람
lang: ko
number-sections: true
---

# 머리말

글의 첫 문단이며 @tbl-a에 값이 있다.

| 구분 | 값 |
|:--|--:|
| 가 | 1.0 |

: 표 이름 {#tbl-a}
"""


def test_a_qmd_becomes_both_formats_beside_it(tmp_path):
    (tmp_path / "paper.qmd").write_text(QMD.replace("@tbl-a에", "@{tbl-a}에"), encoding="utf-8")
    done = render(tmp_path / "paper.qmd")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "paper.html").read_text(encoding="utf-8")
    assert "만족도의 측정" in page
    assert "표&nbsp;1" in page.replace("\xa0", "&nbsp;")
    pdf = PdfReader(tmp_path / "paper.pdf")
    assert pdf.metadata.title == "만족도의 측정"
    assert pdf.metadata.author == "홍가람"


def test_an_executed_notebook_shows_its_outputs(tmp_path):
    table = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>42</td></tr></tbody></table>"
    cell = new_code_cell("frame", outputs=[new_output("display_data", data={"text/html": table, "text/plain": "a 42"})])
    note = new_notebook(cells=[new_markdown_cell("# Results\n\nA sentence."), cell])
    nbformat.write(note, tmp_path / "own.ipynb")
    done = render(tmp_path / "own.ipynb", "--out", tmp_path / "made")
    assert done.exit_code == 0, done.output
    assert "<td>42</td>" in (tmp_path / "made" / "own.html").read_text(encoding="utf-8").replace(
        ' style="text-align: left;"', ""
    )
    assert "42" in PdfReader(tmp_path / "made" / "own.pdf").pages[0].extract_text()


def test_what_is_wrong_is_said_in_words(tmp_path):
    (tmp_path / "paper.qmd").write_text("---\ntitle: x\n---\n\n@fig-nothing\n", encoding="utf-8")
    done = render(tmp_path / "paper.qmd")
    assert done.exit_code != 0
    assert "refers to nothing" in done.output + str(done.exception)


def test_a_lone_first_heading_is_the_title_and_the_language_is_seen(tmp_path):
    (tmp_path / "guide.md").write_text("# A `guide`\n\nWords.\n\n## Part\n\n```\n# no heading\n```\n", encoding="utf-8")
    assert render(tmp_path / "guide.md").exit_code == 0
    page = (tmp_path / "guide.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in page
    assert "<title>A guide</title>" in page
    assert '<h1 class="title">A <code>guide</code></h1>' in page
    assert page.count("<h1") == 1
    assert PdfReader(tmp_path / "guide.pdf").metadata.title == "A guide"
    (tmp_path / "two.md").write_text("# 하나\n\n글\n\n# 둘\n\n글\n", encoding="utf-8")
    assert render(tmp_path / "two.md").exit_code == 0
    page = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert '<html lang="ko"' in page
    assert len([line for line in page.splitlines() if "<h2" in line]) == 2


BOTH = """
# 첫째 장 {#sec-a}

국민이 본 값은 [81.6]{data-r="x"}점이다[^n]. @tbl-t, @{sec-b}와 @{knuth84}를 보라.

| 구분 | 값 |
|:--|--:|
| 가-1 ... | 1.0 |

: 표 {#tbl-t}

[^n]: 각주 "따옴표".

# 둘째 장 {#sec-b}

::: {.callout-note}
상자 $x^2$
:::
"""


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_pdf_made_beside_the_html_is_the_pdf_made_alone(tmp_path, lang):
    (tmp_path / "r.bib").write_text("@book{knuth84, title={Literate}, author={Knuth, Donald}, year={1984}}")
    path = tmp_path / "doc.qmd"
    path.write_text(
        f"---\ntitle: 시험 *글*\nlang: {lang}\nbibliography: r.bib\nnumber-sections: true\n---\n{BOTH}",
        encoding="utf-8",
    )
    both = render_document(path, tmp_path / "both", renderer="embedded")
    for name in ("html", "pdf"):
        alone = render_document(path, tmp_path / name, formats=(name,), renderer="embedded")
        assert both.paths[name].read_bytes() == alone.paths[name].read_bytes()


def test_text_that_differs_between_the_formats_is_read_for_each(tmp_path):
    path = tmp_path / "doc.qmd"
    path.write_text("---\ntitle: 시험\nlang: ko\n---\n\n가 `코드`\n\n{{< pagebreak >}}\n\n나\n", encoding="utf-8")
    document = open_document(path)
    render_html(document, tmp_path / "doc.html", pdf_too=True)
    assert document.typst is None
    path.write_text("---\ntitle: 시험\nlang: ko\n---\n\n가\n\n나\n", encoding="utf-8")
    document = open_document(path)
    render_html(document, tmp_path / "doc.html", pdf_too=True)
    assert "가" in document.typst
    assert not list(tmp_path.glob(".*")), "nothing is left beside the document"


def test_a_notebook_run_by_hand_brings_its_drawings(tmp_path):
    """Run by hand, a chapter has no folder of figures: its HTML holds them."""
    import base64

    from nbformat.v4 import new_code_cell, new_notebook, new_output

    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
    data = {
        "text/markdown": '![Caption](figures/chapter-x.svg){#fig-x fig-alt="A box"}\n',
        "text/html": f'<figure><img alt="A box" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"></figure>',
    }
    cell = new_code_cell("chapter.show(figure)", outputs=[new_output("display_data", data=data)])
    path = tmp_path / "by-hand.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    page = render_document(path, formats=["html"], renderer="embedded").paths["html"].read_text(encoding="utf-8")
    assert 'alt="A box"' in page
    assert "data:image/svg+xml" in page
    assert not list(tmp_path.glob(".*-images"))
