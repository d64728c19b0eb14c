"""A joined report leaves out what came out empty, folds what is detail, and prints a table once."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from csi_lib.report.join import ROWS_MIME, join_notebooks
from csi_lib.report.table_markdown import folded_markdown, table_markdown
from csi_lib.tables.table import Column, Row, Table

_FRONT = {"title": "T"}


def shown(markdown):
    data = {"text/markdown": markdown, ROWS_MIME: []}
    return new_code_cell("x", outputs=[new_output("display_data", data=data)])


def chapter(*cells):
    return new_notebook(cells=[new_code_cell("import csi_lib"), *cells])


def text_of(*chapters, lang="ko"):
    node = join_notebooks([(f"c{i}", c) for i, c in enumerate(chapters)], lang=lang, front=_FRONT)
    parts = [c.source if c.cell_type != "code" else c.outputs[0].data["text/markdown"] for c in node.cells[1:]]
    return "\n".join(parts)


def table(name, caption="표 하나", value="1"):
    columns = (Column("a", "가", "left", "stub"), Column("b", "나", kind="text"))
    return Table(name, caption, columns, (Row(("x", value)), Row(("y", "2"))), exempt="words")


@pytest.mark.parametrize("empty", [new_code_cell("None"), shown("")])
def test_a_section_whose_code_shows_nothing_goes_with_its_heading(empty):
    text = text_of(chapter(new_markdown_cell("# A"), shown("here"), new_markdown_cell("## B\n\nlead"), empty))
    assert "here" in text
    assert "## B" not in text
    assert "lead" not in text


def test_a_section_of_words_stays_and_so_does_one_before_an_empty_one():
    cells = [new_markdown_cell("# A"), new_markdown_cell("## words\n\nonly words"), new_markdown_cell("## gone"),
             new_code_cell("None"), new_markdown_cell("## kept"), shown("here")]  # fmt: skip
    text = text_of(chapter(*cells))
    assert "only words" in text
    assert "## kept" in text
    assert "## gone" not in text


def test_an_empty_chapter_vanishes_unless_another_refers_to_it():
    empty = chapter(new_markdown_cell("# Empty {#sec-top}"), new_code_cell("None"))
    assert "# Empty" not in text_of(empty, chapter(new_markdown_cell("# A"), shown("here")))
    assert "# Empty" in text_of(empty, chapter(new_markdown_cell("# A"), shown("see @sec-c0-top")))


def test_a_heading_that_only_holds_empty_sections_is_empty_too():
    cells = [
        new_markdown_cell("# A"),
        shown("x"),
        new_markdown_cell("## B"),
        new_markdown_cell("### C"),
        new_code_cell("0"),
    ]
    assert "## B" not in text_of(chapter(*cells))


def test_a_table_is_printed_once_and_referred_to_by_its_own_name():
    first = chapter(new_markdown_cell("# A"), shown(table_markdown(table("one"))))
    again = chapter(new_markdown_cell("# B"), shown(table_markdown(table("two", "같은 내용"))), shown("@tbl-two"))
    text = text_of(first, again)
    assert text.count("| x |") == 1
    assert "같은 내용은 @tbl-c0-one에" in text.replace("{", "").replace("}", "")
    assert text.count("tbl-c0-one") == 3
    assert "tbl-c1-two" not in text


def test_tables_with_another_figure_are_both_printed():
    first = chapter(new_markdown_cell("# A"), shown(table_markdown(table("one"))))
    other = chapter(new_markdown_cell("# B"), shown(table_markdown(table("two", value="9"))))
    assert text_of(first, other).count("| y |") == 2


def test_a_section_of_detail_only_has_its_words_in_the_fold():
    cells = [
        new_markdown_cell("# A"),
        shown("x"),
        new_markdown_cell("## B\n\nread so"),
        shown(folded_markdown(table("t"))),
    ]
    text = text_of(chapter(*cells))
    assert "## B" not in text
    assert text.index("표 하나") < text.index("read so") < text.index("| x |")


def test_a_folded_section_that_is_referred_to_keeps_its_heading():
    cells = [
        new_markdown_cell("# A"),
        shown("@sec-b"),
        new_markdown_cell("## B {#sec-b}"),
        shown(folded_markdown(table("t"))),
    ]
    assert "## B" in text_of(chapter(*cells))


def test_what_is_folded_is_held_against_its_rows_but_not_against_the_other_formats():
    from csi_lib.run.verification.pages import read_page

    page = read_page('<main><p>1.5</p><details class="detail"><p><span data-r="aa">2.5</span></p></details></main>')
    assert page.numbers == [("aa", "2.5")]
    assert "1.5" in page.text
    assert "2.5" not in page.text
