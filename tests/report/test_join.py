"""The join against the rules of the contract, one rule a test."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from ruamel.yaml import YAML

from csi_lib.errors import InputError
from csi_lib.report.join import ROWS_MIME, join_notebooks


def text(markdown, *tags):
    return new_markdown_cell(markdown, metadata={"tags": list(tags)})


def output(**data):
    return new_code_cell("f()", outputs=[new_output("display_data", data=data)])


def joined(*chapters, lang="ko", **front):
    pairs = [(f"c{i}", new_notebook(cells=list(cells))) for i, cells in enumerate(chapters, 1)]
    return join_notebooks(pairs, lang=lang, front={"title": "T", **front})


def body(node):
    return "\n".join(cell.source for cell in node.cells[1:])


def test_front_matter_forbids_execution_and_hides_code():
    node = joined([text("x")], agency="가: 나 #1")
    front = YAML(typ="safe").load(node.cells[0].source.strip("-\n"))
    assert node.cells[0].cell_type == "raw"
    assert front == {
        "title": "T",
        "agency": "가: 나 #1",
        "lang": "ko",
        "execute": {"enabled": False, "echo": False, "warning": False},
    }
    nbformat.validate(node)


def test_parameters_and_machine_metadata_are_gone():
    shown = output(**{"text/plain": "1"})
    shown.metadata = {
        "papermill": {"start_time": "2024"},
        "execution": {"iopub.execute_input": "2024"},
        "tags": [],
    }
    shown.execution_count = 7
    node = joined(
        [
            new_code_cell("year = 1", metadata={"tags": ["injected-parameters"]}),
            shown,
            new_code_cell("import x"),
        ]
    )
    assert [cell.source for cell in node.cells[1:]] == ["f()"]
    assert node.cells[1].metadata == {}
    assert node.cells[1].execution_count is None
    assert "2024" not in nbformat.writes(node)


def test_cell_ids_follow_from_the_chapters_alone():
    first, second = (joined([text("a"), text("b")], [text("c")]) for _ in range(2))
    assert [cell.id for cell in first.cells] == ["front-matter", "c1-001", "c1-002", "c2-001"]
    assert nbformat.writes(first) == nbformat.writes(second)


def test_of_our_displays_only_markdown_is_kept_of_others_everything():
    ours = output(**{"text/markdown": "m", "text/html": "h", "text/plain": "p", ROWS_MIME: []})
    others = output(**{"text/html": "<table></table>", "image/png": "aGk="})
    node = joined([ours, others])
    assert dict(node.cells[1].outputs[0].data) == {"text/markdown": "m"}
    assert set(node.cells[2].outputs[0].data) == {"text/html", "image/png"}


def test_the_reports_language_is_kept():
    cells = [text("하나", "lang-ko"), text("one", "lang-en"), text("both")]
    assert body(joined(cells, lang="ko")) == "하나\nboth"
    assert body(joined(cells, lang="en")) == "one\nboth"


def test_identifiers_carry_their_chapter_and_references_follow():
    node = joined(
        [
            text(
                '# A {#sec-a}\n\n![c](f.svg){#fig-x fig-alt="#fig-x"}\n\n'
                "See @fig-x에서, [@fig-x; @sec-a] and -@fig-x, [there](#sec-a)."
            )
        ],
        [text("## B {.cls #sec-a}\n\n@sec-a, @fig-c1-x")],
    )
    assert node.cells[1].source == (
        '# A {#sec-c1-a}\n\n![c](f.svg){#fig-c1-x fig-alt="#fig-x"}\n\n'
        "See @{fig-c1-x}에서, [@fig-c1-x; @sec-c1-a] and -@fig-c1-x, [there](#sec-c1-a)."
    )
    assert node.cells[2].source == "## B {.cls #sec-c2-a}\n\n@sec-c2-a, @fig-c1-x"


def test_identifiers_in_displays_and_cell_options_too():
    shown = output(**{"text/markdown": ": cap {#tbl-t}", ROWS_MIME: []})
    labelled = new_code_cell(
        "#| label: fig-m\nplot()", outputs=[new_output("display_data", data={"image/png": "aGk="})]
    )
    node = joined([shown, labelled, text("@tbl-t @fig-m")])
    assert node.cells[1].outputs[0].data["text/markdown"] == ": cap {#tbl-c1-t}"
    assert node.cells[2].source.startswith("#| label: fig-c1-m\n")
    assert node.cells[3].source == "@tbl-c1-t @fig-c1-m"


def test_text_that_only_looks_like_a_reference_stays():
    kept = r"\@fig-x a@fig-x.kr `@fig-x` \{#fig-x\}" + "\n\n```\n@fig-x {#fig-x}\n```"
    assert body(joined([text(kept)])) == kept


def test_footnotes_of_two_chapters_stay_apart():
    node = joined([text("a[^1]\n\n[^1]: one")], [text(r"b[^1] \[^1\]" + "\n\n[^1]: two")])
    assert node.cells[1].source == "a[^c1-1]\n\n[^c1-1]: one"
    assert node.cells[2].source == "b[^c2-1] \\[^1\\]\n\n[^c2-1]: two"


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([text("@fig-none")], "chapter c1: @fig-none refers to nothing"),
        ([text("# a {#sec-a}\n\n# b {#sec-a}")], "#sec-a is defined twice"),
        (
            [
                new_code_cell(
                    "1/0",
                    outputs=[new_output("error", ename="ZeroDivisionError", evalue="secret", traceback=[])],
                )
            ],
            "chapter c1: cell 1: a cell ended in ZeroDivisionError",
        ),
    ],
)
def test_what_cannot_be_joined_is_said_in_words(cells, says):
    with pytest.raises(InputError) as caught:
        joined(cells)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_chapter_ids_are_checked():
    one = new_notebook(cells=[])
    with pytest.raises(InputError, match="same id"):
        join_notebooks([("a", one), ("a", one)], lang="ko", front={})
    with pytest.raises(InputError, match="a-z"):
        join_notebooks([("../a", one)], lang="ko", front={})


def test_a_chapters_own_front_matter_is_dropped():
    assert body(joined([new_raw_cell("---\ntitle: alone\n---"), text("x")])) == "x"


def test_attributes_that_a_notebook_hides_in_a_comment_reach_the_report():
    cell = new_markdown_cell("# 요약 <!-- {#sec-top .front} -->\n\n글 <!-- {#not-a-heading} -->")
    node = join_notebooks([("one", new_notebook(cells=[cell]))], lang="ko", front={"title": "T"})
    assert "# 요약 {#sec-one-top .front}\n" in node.cells[1].source
    assert "<!-- {#not-a-heading} -->" in node.cells[1].source
