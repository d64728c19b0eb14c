"""Tables from results rows: what is in which cell, what is refused, what the marks say."""

import json
import re
import subprocess

import pandas as pd
import pypandoc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csi_lib.errors import InputError
from csi_lib.prose.escape import clean_text
from csi_lib.prose.numbers import Interval, Number
from csi_lib.report.table_html import table_html
from csi_lib.report.table_markdown import table_markdown
from csi_lib.tables.estimates import change_table, distribution_table, rank_table
from csi_lib.tables.fit import transposed
from csi_lib.tables.table import Column, Row, Table

LABELS = {"m": "남성", "f": "여성", "a": "응대", "b": "시설"}


def row(row_id, estimate, n=100, **more):
    return {
        "row_id": row_id,
        "estimate": estimate,
        "se": 0.5,
        "ci_low": None if estimate is None else estimate - 1,
        "ci_high": None if estimate is None else estimate + 1,
        "n": n,
        "p_value": 0.2,
        "unit": "points",
        "flag": None,
        "suppressed": False,
        **more,
    }


@pytest.fixture
def cross():
    return pd.DataFrame(
        [
            row("r0", 63.94, 300, group1=None, group2="a"),
            row("r1", 64.25, 310, group1=None, group2="b"),
            row("r2", 60.0, 150, group1="m", group2="a"),
            row("r3", -2.04, 20, group1="m", group2="b", flag="small_base"),
            row("r4", 61.0, 150, group1="f", group2="a"),
            row("r5", None, None, group1="f", group2="b", suppressed=True),
        ]
    )


def simple(**options):
    frame = pd.DataFrame([row("r0", 63.94, 300, measure="a"), row("r1", 64.25, 20, measure="b", flag="small_base")])
    return Table.from_estimates(frame, **{"name": "t", "caption": "c", "rows": "measure", "lang": "ko", **options})


def texts(table):
    return [
        [c.text(table.lang, unit=False) if isinstance(c, (Number, Interval)) else c for c in r.cells]
        for r in table.rows
    ]


def test_list_of_estimates():
    table = simple(labels=LABELS)
    assert [c.label for c in table.columns] == ["구분", "점수", "표준오차", "95% 신뢰구간", "사례수"]
    assert texts(table) == [
        ["응대", "63.9", "0.5", "62.9~64.9", "300"],
        ["시설", "64.3", "0.5", "63.3~65.3", "20"],
    ]
    assert table.row_ids == ("r0", "r1")
    assert table.has_bases
    assert table.all_notes() == ("단위: 점", "† 사례수가 30명 미만이므로 해석에 주의")


def test_cross_table_has_the_base_beside_each_row(cross):
    table = Table.from_estimates(cross, name="x", caption="c", rows="group1", columns="group2",
                                 fields=("estimate", "n"), lang="ko", labels=LABELS)  # fmt: skip
    assert [c.label for c in table.columns] == ["구분", "사례수", "응대", "시설"]
    assert texts(table) == [["전체", "300~310", "63.9", "64.3"], ["남성", "20~150", "60.0", "−2.0"],
                            ["여성", "150", "61.0", "*"]]  # fmt: skip
    assert [r.kind for r in table.rows] == ["total", "data", "data"]
    assert table.row_ids == ("r0", "r1", "r3", "r2", "r4", "r5")
    assert [str(n)[0] for n in table.all_notes()] == ["단", "사", "†", "*"]


def test_banner_of_several_fields(cross):
    table = Table.from_estimates(
        cross,
        name="x",
        caption="c",
        rows="group1",
        columns="group2",
        fields=("estimate", "se", "n"),
        lang="en",
        labels={"a": "Response", "b": "Place"},
    )
    assert [(c.group, c.label) for c in table.columns[2:]] == [
        ("Response", "Score"), ("Response", "SE"), ("Place", "Score"), ("Place", "SE")]  # fmt: skip


def test_unrounded_values_stay_in_the_frame(cross):
    frame = Table.from_estimates(cross, name="x", caption="c", rows="group1", columns="group2",
                                 fields=("estimate", "n"), lang="ko").frame()  # fmt: skip
    assert frame["b.estimate"].tolist()[:2] == [64.25, -2.04]
    assert frame["b.estimate"].isna().tolist() == [False, False, True]
    assert frame["n_low"].tolist() == [300, 20, None] or frame["n_low"].isna().tolist() == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="n"), "bases"),
        (lambda f: f.assign(n=None), "bases"),
        (lambda f: f.iloc[:0], "nothing"),
        (lambda f: f.drop(columns="unit"), "unit"),
        (lambda f: pd.concat([f, f]), "one cell"),
        (lambda f: f.rename(columns={"group1": "gruop1"}), "gruop1"),
        (lambda f: f.to_dict("records"), "DataFrame"),
    ],
)
def test_what_cannot_be_shown_is_refused(cross, change, words):
    with pytest.raises(InputError, match=words):
        Table.from_estimates(change(cross), name="x", caption="c", rows="group1", columns="group2", lang="ko")


def test_fields_must_hold_n():
    with pytest.raises(InputError, match="bases"):
        simple(fields=("estimate",))
    with pytest.raises(InputError, match="unknown field"):
        simple(fields=("mean", "n"))


def test_distribution_adds_to_one_or_says_why():
    shares = [row(f"s{i}", v, group1="q", group2=str(i), unit="proportion") for i, v in enumerate((0.2, 0.3, 0.5))]
    frame = pd.DataFrame(shares)
    options = {"name": "d", "caption": "c", "rows": "group1", "lang": "ko"}
    table = distribution_table(frame, **options)
    assert texts(table) == [["q", "100", "20.0", "30.0", "50.0"]]
    assert table.all_notes() == ("단위: %",)
    several = distribution_table(frame.assign(estimate=[0.6, 0.5, 0.7]), **options)
    assert any("복수 응답" in str(n) for n in several.notes)
    with_mean = distribution_table(frame, means=pd.DataFrame([row("m", 61.26, group1="q")]), **options)
    assert texts(with_mean)[0][-1] == "61.3"
    assert with_mean.headings()[2:] == ("0 (%)", "1 (%)", "2 (%)", "점수 (점)")
    assert with_mean.unit_note() is None


def test_change_table_marks_only_tested_changes():
    now = pd.DataFrame([row("a1", 63.94, measure="a"), row("b1", 70.0, measure="b"), row("c1", 50.0, measure="c")])
    before = pd.DataFrame([row("a0", 62.05, measure="a"), row("b0", 69.0, measure="b")])
    delta = pd.DataFrame([row("ad", 1.89, measure="a", p_value=0.01), row("bd", 1.0, measure="b", p_value=0.3)])
    table = change_table(now, before, delta, name="t", caption="c", rows="measure", lang="ko")
    change = [r.cells[5] for r in table.rows]
    # 63.94 − 62.05 = 1.89 prints 1.9 beside 63.9 and 62.1, which differ by 1.8
    assert [c.text("ko", unit=False) for c in change] == ["+1.9", "+1.0", "–"]
    assert [c.mark for c in change] == ["‡", "", ""]
    assert [r.cells[7] for r in table.rows] == ["▲\u00a0상승", "–\u00a0유의한 차이 없음", ""]
    assert any("‡" in str(n) for n in table.notes)
    assert any("5%" in str(n) for n in table.notes)
    assert texts(table)[2][1:5] == ["–", "–", "100", "50.0"]


def test_rank_table_orders_and_ties():
    frame = pd.DataFrame([row("a", 60.0, agency="a"), row("b", 70.0, agency="b"), row("c", 70.0, agency="c"),
                          row("d", None, None, agency="d", suppressed=True)])  # fmt: skip
    table = rank_table(frame, name="t", caption="c", rows="agency", lang="ko")
    assert [r[:3] for r in texts(table)] == [
        ["b", "1", "70.0"],
        ["c", "1", "70.0"],
        ["a", "3", "60.0"],
        ["d", "*", "*"],
    ]
    assert any("같은 순위" in str(n) for n in table.notes)


# ---------------------------------------------------------------------- the page
def wide(columns, rows=12):
    heads = (Column("r", "구분", "left", "stub"), Column("n", "사례수", "right", "base"),
             *(Column(f"c{i}", f"열 {i}") for i in range(columns)))  # fmt: skip
    body = tuple(
        Row(
            (
                f"행 {r}",
                Number(100, "count"),
                *(Number(float(r * 100 + i), "points", row_id=f"i{r}.{i}") for i in range(columns)),
            )
        )
        for r in range(rows)
    )
    return Table("wide", "넓은 표", heads, body)


@pytest.mark.parametrize(("columns", "parts"), [(8, [8]), (9, [5, 4]), (16, [8, 8]), (17, [6, 6, 5])])
def test_wide_tables_are_cut_evenly(columns, parts):
    tables = wide(columns).fitted(max_columns=8)
    assert [len(t.columns) - 2 for t in tables] == parts
    assert tables[0].name == "wide"
    assert all(t.has_bases and t.columns[0].kind == "stub" for t in tables)
    assert sorted(i for t in tables for i in t.row_ids) == sorted(wide(columns).row_ids)


def test_banner_groups_stay_together():
    heads = [Column("r", "", "left", "stub")] + [Column(f"c{i}", "x", group=f"g{i // 3}") for i in range(12)]
    table = Table("t", "c", heads, [Row(("행", *(Number(1.0, "points") for _ in range(12)))) for _ in range(9)])
    assert [[c.group for c in t.columns[1:]] for t in table.fitted()] == [
        ["g0"] * 3 + ["g1"] * 3, ["g2"] * 3 + ["g3"] * 3]  # fmt: skip


def test_a_short_wide_table_is_turned():
    (table,) = wide(20, rows=3).fitted()
    assert [c.label for c in table.columns] == ["구분", "행 0", "행 1", "행 2"]
    assert table.rows[0].kind == "base"
    assert table.has_bases
    assert table.rows[5].cells[3].value == 204.0


def test_turning_twice_is_the_same():
    twice = transposed(transposed(wide(4)))
    assert texts(twice) == texts(wide(4))
    assert [c.kind for c in twice.columns] == [c.kind for c in wide(4).columns]


# ---------------------------------------------------------------------- what is rendered
def pandoc_table(markdown):
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "json"],
        input=markdown.encode(),
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)["blocks"]


def plain(inlines):
    out = []
    for i in inlines:
        kind, content = i["t"], i.get("c")
        if kind == "Str":
            out.append(content)
        elif kind in ("Space", "SoftBreak"):
            out.append(" ")
        elif kind in ("Span", "Strong", "Superscript", "Emph"):
            out.append(plain(content[1] if kind == "Span" else content))
        else:
            raise AssertionError(kind)
    return "".join(out)


def cells_of(block):
    return [[plain(b["c"]) if cell[4] else "" for cell in r[1] for b in cell[4] or [None]] for r in block["c"][4][0][3]]


def test_markdown_is_one_pipe_table_with_caption_and_notes(cross):
    table = Table.from_estimates(cross, name="x-1", caption="성별 | $만족$", rows="group1", columns="group2",
                                 fields=("estimate", "n"), lang="ko", labels=LABELS)  # fmt: skip
    markdown = table_markdown(table)
    assert re.search(r"^: .* \{#tbl-x-1\}$", markdown, re.MULTILINE)
    blocks = pandoc_table(markdown)
    assert [b["t"] for b in blocks] == ["Table", "Div"]
    assert blocks[1]["c"][0][1] == ["table-notes"]
    assert cells_of(blocks[0])[1] == ["남성", "20~150", "60.0", "−2.0†"]
    spans = re.findall(r'\[([^\]]*)\]\{data-r="(\w+)"\}', markdown)
    assert ("63.9", "r0") in spans
    assert {i for _, i in spans} == set(table.row_ids)
    widths = [spec[1].get("c") for spec in blocks[0]["c"][2]]
    assert all(widths)  # relative widths, which sum to the text width
    assert sum(widths) == pytest.approx(1)


def test_groups_of_rows_stand_under_their_heading():
    frame = pd.DataFrame([row("a", 60.0, by1="성별", group1="m"), row("b", 61.0, by1="연령", group1="x")])
    table = Table.from_estimates(frame, name="t", caption="c", rows="group1", row_group="by1", lang="ko")
    body = cells_of(pandoc_table(table_markdown(table))[0])
    assert [r[0].strip() for r in body] == ["성별", "m", "연령", "x"]
    assert "rowgroup" in table_html(table)


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=20) | st.text(
    st.sampled_from(list("|\\`*_[]{}<>$@#^~-:.1 a\n"))
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HOSTILE, min_size=3, max_size=3), HOSTILE)
def test_any_label_shows_as_itself(labels, caption):
    heads = (
        Column("r", labels[0], "left", "stub"),
        Column("n", "n", "right", "base"),
        Column("v", labels[1]),
    )
    table = Table("t", caption, heads, (Row((labels[2], Number(5, "count"), Number(1.0, "points", row_id="r"))),))
    (block, *_) = pandoc_table(table_markdown(table))
    head = [plain(b["c"]) for cell in block["c"][3][1][0][1] for b in cell[4]]
    assert [h for h in head if h] == [t for t in (clean_text(labels[0]), "n", clean_text(labels[1])) if t]
    first = [plain(b["c"]) for b in block["c"][4][0][3][0][1][0][4]]
    assert "".join(first) == clean_text(labels[2])
    shown = table_html(table)
    assert "<script" not in shown.lower()


def test_html_for_the_notebook(cross):
    table = Table.from_estimates(cross, name="x", caption="<b>표</b>", rows="group1", columns="group2",
                                 fields=("estimate", "se", "n"), lang="ko", labels=LABELS)  # fmt: skip
    page = table_html(table)
    assert "&lt;b&gt;표" in page
    assert '<span data-r="r0">63.9</span>' in page
    assert page.count('scope="row"') == 3
    assert 'colspan="2" scope="colgroup"' in page


@pytest.mark.parametrize(
    "call",
    [
        lambda: Table("T x", "c", (Column("a", "a"),), (Row(("x",)),)),
        lambda: Table("t", "c", (Column("a", "a"),), ()),
        lambda: Table("t", "c", (Column("a", "a"), Column("a", "b")), (Row(("x", "y")),)),
        lambda: Table("t", "c", (Column("a", "a"),), (Row(("x", "y")),)),
        lambda: Table("t", "c", (Column("a", "a"),), (Row((1.5,)),)),
        lambda: Column("a", "a", "middle"),
        lambda: Column("a", "a", "left", "note"),
        lambda: Table("t", "c", (Column("a", "a"),), (Row(("x",)),), lang="de"),
    ],
)
def test_malformed_tables_are_refused(call):
    with pytest.raises(InputError):
        call()


def test_a_unit_is_said_only_of_the_figures_that_have_it():
    value = lambda x, unit: Number(x, unit)
    mixed = Table(
        "quality",
        "가중치의 품질",
        (Column("what", "지표", "left", "stub"), Column("value", "값")),
        (Row(("최소", value(0.76, "ratio"))), Row(("유효 응답자 수", value(345, "count")))),
        exempt="a test",
    )
    assert mixed.unit_note() is None
    assert mixed.prints_units(1)
    beside = Table(
        "drivers",
        "중요도",
        (Column("what", "차원", "left", "stub"), Column("r", "상관계수"), Column("share", "비중")),
        (Row(("응대", value(0.5, "correlation"), value(0.2, "proportion"))),),
        exempt="a test",
    )
    assert beside.unit_note() is None
    assert beside.headings() == ("차원", "상관계수", "비중 (%)")
