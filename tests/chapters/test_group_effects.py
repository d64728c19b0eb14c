"""Effect sizes of the groups agree with their closed form and leave out what is too small to compare."""

import numpy as np
import pytest

import csi_lib
from csi_lib.chapters.groups.effects import effect_rows, effect_table


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="ko")


def test_eta_squared_is_between_over_total(chapter):
    rows = effect_rows(chapter).set_index("by1")
    item = chapter.overall_item
    pairs = chapter.survey.frame[[item, "sex"]].dropna()
    values, groups = pairs[item].astype(float), pairs["sex"].astype(str)
    between = sum(len(v) * (v.mean() - values.mean()) ** 2 for _, v in values.groupby(groups))
    assert rows.loc["sex", "estimate"] == pytest.approx(between / ((values - values.mean()) ** 2).sum())
    assert rows.loc["sex", "n"] == len(pairs)


def test_groups_too_small_to_compare_are_left_out(chapter):
    rows = effect_rows(chapter).set_index("by1")
    counts = chapter.survey.frame.dropna(subset=chapter.overall_item)["channel"].value_counts()
    assert counts.min() < chapter.reading.compared_base
    assert int(rows.loc["channel", "value_text"]) == int((counts >= chapter.reading.compared_base).sum())
    assert rows.loc["channel", "n"] == counts[counts >= chapter.reading.compared_base].sum()


def test_the_table_orders_by_size_and_says_that_it_is_unweighted(chapter):
    table = effect_table(chapter, effect_rows(chapter))
    shown = [row.cells[1].value for row in table.rows]
    assert shown == sorted(shown, reverse=True)
    assert np.isfinite(shown).all()
    assert any("가중치를 쓰지 않았다" in str(note) for note in table.notes)
