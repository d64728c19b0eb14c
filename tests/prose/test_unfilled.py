"""Fields of templates that were never filled in do not reach a page; braces and circles that mean something else do."""

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from csi_lib.errors import InputError
from csi_lib.prose.escape import escape_markdown
from csi_lib.prose.sentences import say
from csi_lib.prose.unfilled import unfilled
from csi_lib.report.join import join_notebooks
from csi_lib.tables.table import Column, Row, Table


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{asof_date} 기준", ["{asof_date}"]),
        ("as of {{ asof_date }}.", ["{{ asof_date }}"]),
        ("{기관명}의 점수", ["{기관명}"]),
        ("{value:.1f}점", ["{value:.1f}"]),
        ("○○시는 〇〇〇에 따라", ["○○", "〇〇〇"]),
        ("OO공단의 개선", ["OO"]),
        ("{% if year %}", ["{% if year %}"]),
    ],
)
def test_open_fields_are_found(text, fields):
    assert unfilled(text) == fields


@pytest.mark.parametrize(
    "text",
    [
        "# Title {#sec-top}", "[63.9]{data-r=\"ab12\"}점", "![c](f.svg){#fig-x fig-alt=\"a\" width=50%}", "::: {.callout-note}",
        "see @{sec-trend-top}", "{{< pagebreak >}}", r"$\frac{a}{b} + x_{i}$", "`{field}`", "```\n{field}\n```", "○ 첫째 항목", "{=html}",
        escape_markdown("의견: {이름}을 적어 주세요"), "WOO 선생", "a {{b",
    ],
)  # fmt: skip
def test_other_braces_and_circles_stay(text):
    assert unfilled(text) == []


def test_a_person_s_words_may_hold_circles():
    assert "○○" in say("{opinion}", "ko", opinion="김○○ 님께 감사합니다").markdown


def test_sentences_captions_and_cells_refuse_open_fields():
    with pytest.raises(InputError, match="not filled in"):
        say("{{asof_date}} 기준", "ko")
    with pytest.raises(InputError, match=r"\{asof_date\}"):
        Table("t", "{asof_date} 기준 점수", (Column("a", "A", "left", "stub"),), (Row(("x",)),))
    node = new_notebook(cells=[new_markdown_cell("# 전후 비교\n\n{asof_date}에 ○○시스템을 바꾸었다.")])
    with pytest.raises(InputError) as error:
        join_notebooks([("before-after", node)], lang="ko", front={"title": "보고서"})
    assert "chapter before-after: cell 1" in str(error.value)
    assert "{asof_date}, ○○" in str(error.value)


def test_an_output_that_forgot_its_f_is_refused():
    output = nbformat.v4.new_output("display_data", data={"text/markdown": "지수는 {index}점이다."})
    node = new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])
    with pytest.raises(InputError, match="output of cell 1"):
        join_notebooks([("own", node)], lang="ko", front={"title": "보고서"})


def test_a_title_left_open_is_refused():
    with pytest.raises(InputError, match="front matter: title"):
        join_notebooks([], lang="ko", front={"title": "○○시 고객만족도 조사"})
