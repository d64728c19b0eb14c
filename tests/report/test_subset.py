"""The supported subset of Quarto in both formats, and an error with its place for everything else."""

import re
from itertools import pairwise

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from csi_lib.errors import InputError
from csi_lib.report.render import render_document

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#333"/></svg>'


@pytest.fixture(autouse=True)
def picture(tmp_path):
    (tmp_path / "f.svg").write_text(SVG, encoding="utf-8")


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


FLOATS = """# 장 {#sec-a}

## 절 {#sec-b}

@fig-x, @tbl-y에서, @{tbl-y}에서, -@fig-x, [@fig-x; @tbl-y], @sec-a, @sec-b, @eq-z.

![그림 제목](f.svg){#fig-x fig-alt="네모"}

| 가 | 나 |
|:--|--:|
| 1 | 2 |

: 표 제목 {#tbl-y}

$$ a = b $$ {#eq-z}
"""


def test_references_are_numbered_in_html_and_pdf(document, pdf_text):
    markdown = FLOATS.replace("@tbl-y에서, ", "", 1)
    main, _, pdf, _ = document(markdown, front="title: t\nlang: ko\nnumber-sections: true")
    said = words(re.search(r"<p>(.*?)</p>", main, re.DOTALL)[1]).replace("\xa0", " ")
    assert said == "그림 1, 표 1에서, 1, 그림 1, 표 1, 1장, 1.1절, 식 (1)."
    for target in re.findall(r'href="#([^"]+)" class="quarto-xref"', main):
        assert f'id="{target}"' in main
    text = pdf_text(pdf)
    assert "그림 1, 표 1에서, 1, 그림 1, 표 1, 1장, 1.1절, 식 1." in text
    assert re.search(r"그림 1\s+그림 제목", text)
    assert re.search(r"표 1\s+표 제목", text)


def test_english_words(document, pdf_text):
    main, _, pdf, _ = document(
        FLOATS.replace("@tbl-y에서, ", "", 1).replace("에서", ""),
        front="title: t\nlang: en\nnumber-sections: true",
    )
    assert "Figure 1, Table 1, 1, Figure 1, Table 1, Chapter 1, Section 1.1, Equation (1)." in words(main).replace(
        "\xa0", " "
    )
    assert "Figure 1, Table 1, 1, Figure 1, Table 1, Chapter 1, Section 1.1, Equation 1." in pdf_text(pdf)


def test_captions_stand_above_tables_and_below_figures(document):
    main = document(FLOATS.replace("@tbl-y에서, ", "", 1), front="title: t\nlang: ko\nnumber-sections: true")[0]
    figure = re.search(r'<figure id="fig-x".*?</figure>', main, re.DOTALL)[0]
    table = re.search(r'<figure id="tbl-y".*?</figure>', main, re.DOTALL)[0]
    assert figure.index("<img") < figure.index("<figcaption")
    assert table.index("<figcaption") < table.index("<table")
    assert 'alt="네모"' in figure


def test_callout_tabset_footnote_citation_and_conditional(document, pdf_text, tmp_path):
    (tmp_path / "r.bib").write_text(
        "@book{kim, author={Kim, Han}, title={Satisfaction}, year={2020}, publisher={P}}", encoding="utf-8"
    )
    markdown = """::: {.callout-warning}
## 조심
본문 하나
:::

::: {.panel-tabset}
## 첫째
탭 하나

## 둘째
탭 둘
:::

글[^n] [@kim].

[^n]: 아래 글

::: {.content-visible when-format="html"}
웹에만
:::

::: {.content-visible when-format="pdf"}
종이에만
:::

# References
"""
    main, _, pdf, _ = document(markdown, front="title: t\nlang: en\nbibliography: r.bib")
    assert '<div class="callout callout-warning" role="note">' in main
    assert main.count('class="tab-panel"') == 2
    assert "(Kim 2020)" in words(main)
    text = pdf_text(pdf)
    for part in ("조심", "본문 하나", "첫째", "탭 하나", "둘째", "아래 글", "(Kim 2020)", "Satisfaction"):
        assert part in text
        assert part in words(main)
    assert "웹에만" in words(main)
    assert "웹에만" not in text
    assert "종이에만" in text
    assert "종이에만" not in words(main)


def test_row_ids_survive_in_html_and_are_plain_text_in_pdf(document, pdf_text):
    main, _, pdf, _ = document('값은 [63.9]{data-r="abc"}점\n\n| 가 |\n|--:|\n| [1.5]{data-r="d"} |\n')
    assert '<span data-r="abc">63.9</span>점' in main
    assert '<td class="r" data-r="d">1.5</td>' in main
    assert "값은 63.9점" in pdf_text(pdf)
    assert "abc" not in pdf_text(pdf)


def test_data_under_a_figure_opens_in_html_and_is_left_out_of_the_pdf(document, pdf_text):
    main, _, pdf, _ = document("앞\n\n::: {.figure-data}\n| 자료 |\n|---|\n| 12345 |\n:::\n")
    assert re.search(r'<details class="figure-data"><summary>.*?</summary>.*12345.*</details>', main, re.DOTALL)
    assert "12345" not in pdf_text(pdf)


def test_page_break(document):
    main, _, pdf, _ = document("하나\n\n{{< pagebreak >}}\n\n둘")
    assert 'class="page-break"' in main
    from pypdf import PdfReader

    assert len(PdfReader(pdf).pages) == 2


@pytest.mark.parametrize(
    ("markdown", "line", "says"),
    [
        ("\n글 {{< video x.mp4 >}}", 8, "the shortcode video is outside the supported subset"),
        ("\n\n@fig-none 를", 9, "@fig-none refers to nothing"),
        ("@tbl-y에서\n\n| a |\n|--|\n| 1 |\n\n: c {#tbl-y}", 7, "@tbl-y에서 refers to nothing"),
        ("::: {.column-margin}\n글\n:::", 7, "blocks of class .column-margin are outside"),
        ("::: {layout-ncol=2}\n글\n:::", 7, "the attribute layout-ncol is outside"),
        ("::: {.callout-danger}\n글\n:::", 7, "a callout of kind .callout-danger"),
        ("![제목](f.svg){#fig-x}", 7, "this image has no alternative text"),
        ("글 ![](f.svg) 글", 7, "this image has no alternative text"),
        ("# a {#sec-x}\n\n@sec-x", 9, "@sec-x refers to a section without a number"),
        ("# a {#sec-x}\n\n[글](#nowhere)", 9, "the link to #nowhere leads nowhere"),
        ("$$a$$ {#eq-a}\n\n$$b$$ {#eq-a}", 7, "the identifier #eq-a is used twice"),
        ("[@nobody]", 7, "citation nobody not found"),
        ("```{python}\n1\n```", 7, "holds code to be executed"),
        ("글[^none]", 7, "none"),
        ("![x](none.svg){fig-alt=x}", 7, "no such picture"),
        ("![x](https://a.b/c.png){fig-alt=x}", 7, "from the network"),
    ],
)
def test_outside_the_subset_is_an_error_with_its_line(document, tmp_path, markdown, line, says):
    (tmp_path / "r.bib").write_text("@book{kim, title={S}}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        document(markdown, front="title: t\nlang: ko\nbibliography: r.bib")
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"doc.qmd:{line}:")
    assert not list(tmp_path.glob("doc.[hp]*"))


def notebook(tmp_path, *cells):
    path = tmp_path / "n.ipynb"
    nbformat.write(new_notebook(cells=[new_raw_cell("---\ntitle: t\nlang: ko\n---"), *cells]), path)
    return path


def page_of(path, formats=("html",)):
    return render_document(path, formats=formats, renderer="embedded").paths["html"].read_text(encoding="utf-8")


def test_a_notebooks_outputs_are_those_quarto_chooses(tmp_path, pdf_text):
    plot = new_code_cell(
        "#| label: fig-p\n#| fig-cap: 그림 글\n#| fig-alt: 설명\nplot()",
        outputs=[new_output("display_data", data={"image/svg+xml": SVG, "text/plain": "<Figure>"})],
    )
    frame = new_code_cell(
        "df",
        outputs=[
            new_output(
                "execute_result",
                data={
                    "text/html": "<div><style>x</style><table><thead><tr><th>열</th></tr></thead><tbody><tr><td>9876</td></tr></tbody></table></div>",
                    "text/plain": "PLAIN",
                },
            )
        ],
    )
    stream = new_code_cell("print('x')", outputs=[new_output("stream", name="stdout", text="\x1b[31m출력\x1b[0m\n")])
    path = notebook(tmp_path, new_markdown_cell("@fig-p"), plot, frame, stream)
    made = render_document(path, renderer="embedded")
    page, pdf = made.paths["html"].read_text(encoding="utf-8"), pdf_text(made.paths["pdf"])
    for part in ("그림 글", "9876", "출력", "plot()"):
        assert part in page
        assert part in pdf
    assert "PLAIN" not in page + pdf
    assert "\x1b" not in page
    assert 'alt="설명"' in page
    assert not list(tmp_path.glob(".n*"))


def test_errors_in_a_notebook_name_the_cell(tmp_path):
    plot = new_code_cell("plot()", outputs=[new_output("display_data", data={"image/svg+xml": SVG})])
    for cell, says in (
        (new_markdown_cell("a\n\n@fig-none"), r"n\.ipynb:cell 2 .*line 3: @fig-none"),
        (new_code_cell("#| layout-ncol: 2\nx"), r"n\.ipynb: cell 2: the cell option layout-ncol"),
        (
            new_code_cell("x", outputs=[new_output("error", ename="E", evalue="", traceback=[])]),
            "cell 2: this cell failed",
        ),
        (plot, "no alternative text"),
    ):
        with pytest.raises(InputError, match=says):
            page_of(notebook(tmp_path, cell))


def test_options_without_effect_are_named(document):
    made = document("글", front="title: t\nlang: ko\nformat:\n  html:\n    theme: cosmo")[3]
    assert "the option theme has no effect in the embedded engine" in made.warnings


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", "x", "not a document that can be rendered"),
        ("a.ipynb", "{", "not a readable notebook"),
        ("a.qmd", "---\na: [\n---\n", "front matter is not YAML"),
    ],
)
def test_unreadable_documents(tmp_path, name, content, says):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        render_document(tmp_path / name, renderer="embedded")


def test_a_group_of_a_long_table_keeps_its_name_over_the_page(document, pdf_text):
    for lines in (44, 45, 46):  # somewhere the page ends after the name of a group
        groups = "".join(
            f"| **묶음 {g}** | |\n" + "".join(f"| 항목 {g}{i} | {i}.5 |\n" for i in range(5)) for g in range(12)
        )
        filler = "\n\n".join(["줄"] * (lines - 40))
        _, _, pdf, _ = document(f"{filler}\n\n| 구분 | 값 |\n|:--|--:|\n{groups}\n\n: 표 {{#tbl-long}}\n")
        pages = [
            [line.split() for line in page.splitlines() if re.match(r"\s*(묶음|항목) ", line)]
            for page in pdf_text(pdf).split("\f")
        ]
        pages = [page for page in pages if page]
        assert len(pages) > 1
        for page, following in pairwise(pages):
            assert page[-1][0] == "항목"
            group = following[1][1][:-1]
            assert following[0] == ["묶음", group]
        assert len(pages[-1]) > 2
