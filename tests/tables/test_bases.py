"""A base that never changes is said once, under the table."""

import pytest

from csi_lib.prose.numbers import Number
from csi_lib.report.table_markdown import table_markdown
from csi_lib.tables.bases import bases_in_note
from csi_lib.tables.table import Column, Row, Table


def n(value, **more):
    return Number(value, "count", row_id=f"r{value}", **more)


def score(value):
    return Number(value, "points", row_id=f"s{value}")


def table(*bases, group=None, lang="ko"):
    columns = (Column("row", "구분", "left", "stub"), Column("n", "사례수", kind="base", group=group),
               Column("e", "점수", group=group))  # fmt: skip
    rows = tuple(Row((f"행 {i}", b, score(50.0 + i))) for i, b in enumerate(bases))
    return Table("t", "표", columns, rows, lang=lang)


def test_a_constant_base_becomes_a_note_that_keeps_its_row():
    found = bases_in_note(table(n(424), n(424), n(424)))
    assert [c.key for c in found.columns] == ["row", "e"]
    assert [str(x) for x in found.notes] == ["사례수: 424명"]
    assert 'data-r="r424"' in table_markdown(table(n(424), n(424)))


@pytest.mark.parametrize("bases", [(n(424), n(423)), (n(424),), (n(20, flag="small_base"), n(20, flag="small_base"))])
def test_bases_that_differ_are_small_or_stand_alone_stay(bases):
    made = table(*bases)
    assert bases_in_note(made) == made


def test_under_a_banner_the_parts_are_named_and_the_second_heading_goes():
    found = bases_in_note(table(n(401), n(401), group="2023년"))
    assert [str(x) for x in found.notes] == ["사례수: 2023년 401명"]
    assert "| 구분 | 2023년 |" in table_markdown(table(n(401), n(401), group="2023년"))


def test_the_original_still_shows_its_bases():
    made = table(n(424), n(424))
    bases_in_note(made)
    assert made.has_bases
