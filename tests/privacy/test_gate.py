"""The gate: what a chapter computes itself is shown as a public release may show it, whatever the chapter does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import csi_lib
from csi_lib.errors import NotPublic
from csi_lib.figures.figure import Figure
from csi_lib.prose.numbers import Number
from csi_lib.survey.results import results_frame
from csi_lib.tables.table import Column, Row, Table


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en", release="public")


@pytest.fixture(scope="module")
def restricted():
    return csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en", release="restricted")


def row(n, estimate=75.0, **more):
    return {"measure": "resp_kind", "statistic": "mean", "estimate": estimate, "unit": "points", "n": n, **more}


def groups(sizes, **more):
    return [row(n, 50.0 + i, by1="village", group1=f"g{i}", **more) for i, n in enumerate(sizes)]


def markdown(display):
    return display.bundle["text/markdown"]


def test_two_people_are_withheld_wherever_the_chapter_puts_them(chapter):
    rows = chapter.record(groups([2]))
    table = chapter.table(rows, name="two", caption="x", rows="group1", fields=("estimate", "n"))
    shown = markdown(chapter.show(table)) + markdown(
        chapter.say(en="{x} of {n}", x=rows.iloc[0], n=chapter.numbers(rows.iloc[0], "n")[0])
    )
    assert rows["suppressed"].all()
    assert rows[["estimate", "n"]].isna().all(axis=None)
    assert "50.0" not in shown


def test_the_restricted_release_shows_them(restricted):
    rows = restricted.record(groups([2]))
    assert rows["estimate"].tolist() == [50.0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=7))
def test_no_total_gives_a_withheld_group_back(sizes):
    gate = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en", release="public").gate
    frame = gate.admit(results_frame(groups(sizes), study="example", source="customers", release="public"))
    hidden, n = frame["suppressed"].to_numpy(), np.array(sizes)
    assert not ((n > 0) & (n < 5) & ~hidden).any()
    if hidden.any() and (n > 0).sum() > 1 and not hidden[n > 0].all():
        assert (hidden & (n > 0)).sum() >= 2
        assert n[hidden].sum() >= 5


def test_a_withheld_row_keeps_nothing_but_its_keys(chapter):
    made = row(
        3,
        se=1.0,
        ci_low=70.0,
        ci_high=80.0,
        p_value=0.2,
        df=2.0,
        deff=1.1,
        n_weighted=3.0,
        n_effective=2.7,
        value_text="rose",
    )
    values = [
        "estimate",
        "se",
        "df",
        "ci_low",
        "ci_high",
        "p_value",
        "deff",
        "n",
        "n_weighted",
        "n_effective",
        "value_text",
    ]
    assert chapter.record([made])[values].isna().all(axis=None)


def test_a_share_and_its_count_are_one_secret(chapter):
    group = chapter.survey.codebook.groups[0]
    share = lambda code, p: {
        "measure": f"{group}:{code}",
        "statistic": "share",
        "estimate": p,
        "unit": "proportion",
        "n": 103,
    }
    rows = chapter.record([share("a", 20 / 103), share("b", 80 / 103), share("c", 3 / 103)])
    assert rows["suppressed"].tolist() == [True, False, True]


def test_rows_that_count_no_people_say_so(chapter):
    rank = {"measure": "csi", "statistic": "rank", "estimate": 2, "unit": "rank", "n": 3}
    assert chapter.record([rank], counts="agencies")["estimate"].tolist() == [2]
    assert chapter.record([{**rank, "versus": "x"}])["suppressed"].all()


def test_answers_by_group_cannot_claim_to_rest_on_agencies(chapter):
    group = chapter.survey.codebook.groups[0]
    with pytest.raises(NotPublic, match="people"):
        chapter.record([row(2, by1=group, group1="a")], counts="agencies")


def test_a_word_for_n_is_checked_with_the_nearest(chapter):
    with pytest.raises(NotPublic, match="agencies"):
        chapter.record([row(2)], counts="agences")


def test_answers_without_a_base_are_refused(chapter):
    with pytest.raises(NotPublic, match="on how many people"):
        chapter.record([row(None)])


def test_estimates_computed_by_hand_pass_the_gate_too(chapter):
    survey = chapter.survey
    kept = survey.frame.iloc[:3]
    small = csi_lib.Survey(kept, survey.codebook, survey.quality, {}, survey.agency, survey.year,
                           survey.source, survey.study)  # fmt: skip
    rows = chapter.record(csi_lib.describe(small, items=["resp_kind"]))
    assert len(rows)
    assert rows["estimate"].isna().all()


def test_a_value_put_back_after_recording_is_not_printed(chapter):
    rows = chapter.record(groups([2], versus="again"))
    forged = rows.assign(estimate=75.0, n=2.0, suppressed=False)
    with pytest.raises(NotPublic, match="withheld"):
        chapter.show(chapter.table(forged, name="forged", caption="x", rows="group1", fields=("estimate", "n")))


def test_a_number_nobody_recorded_is_not_printed(chapter):
    columns = (Column("g", "Group", "left", "stub"), Column("n", "n", "right", "base"), Column("v", "Score"))
    table = Table("bare", "x", columns, (Row(("X", Number(2, "count"), Number(75.0, "points"))),), lang="en")
    with pytest.raises(NotPublic, match="no results row"):
        chapter.show(table)


def test_a_figure_of_two_people_is_not_drawn(chapter):
    from matplotlib.figure import Figure as Drawing

    figure = Figure("two", "x", "Two people.", Drawing(), pd.DataFrame({"estimate": [75.0], "n": [2]}), lang="en")
    with pytest.raises(NotPublic, match="minimum base"):
        chapter.show(figure)
