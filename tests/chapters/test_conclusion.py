"""The first page and the last chapter: rank 1 everywhere, numbers that add up, no cause claimed, other sources too."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters.conclusion import recommend, section
from csi_lib.chapters.conclusion.ledger import ledger, of
from csi_lib.chapters.conclusion.settings import ConclusionFile
from csi_lib.chapters.portfolio import section as priorities
from csi_lib.chapters.portfolio.axis import axis, weighs
from csi_lib.evaluation.portfolio import quadrants


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")


@pytest.fixture(scope="module")
def office():
    return csi_lib.open_chapter("civil-office", "garam-city", 2024, lang="ko")


def test_what_to_mend_first_is_rank_one_of_the_priority_table(chapter):
    points = priorities.item_portfolio(chapter)
    found = priorities.chances(chapter, points)
    table = priorities.priority_table(chapter, points, name="p", caption="x", found=found)
    first = table.rows[0].cells[0]
    assert f"‘{first}’" in priorities.first_sentence(chapter, points, found).text
    sheet = section.sheet(chapter, name="sheet", caption="x")
    mend = next(r.cells[0].text for r in sheet.rows if r.group == "What to mend first")
    assert f"‘{first}’" in mend
    assert chapter.labels.measure(of(ledger(chapter), room="portfolio")[0].subject) == first


def test_a_recommendation_is_the_arithmetic_of_the_model(chapter):
    one = recommend.recommendations(chapter, most=1, quoted=False)[0]
    gain = chapter.gains().set_index("measure").loc[one.measure]
    rise = one.target["estimate"] - one.now["estimate"]
    assert 0 < rise <= 5
    assert one.effect["estimate"] == pytest.approx(rise * gain["estimate"])
    assert one.effect["ci_high"] - one.effect["estimate"] == pytest.approx(1.965 * rise * gain["se"], rel=0.01)
    _, before, after = one.grade
    assert after["estimate"] > before["estimate"]


def test_no_cause_is_claimed(chapter):
    told = " ".join(s.text for s in [*section.recommended(chapter), *section.cannot_say(chapter)])
    assert "One survey cannot tell causes" in told
    assert not re.search(r"because of|leads to|causes? satisfaction", told)


def test_the_sheet_speaks_of_every_source(office):
    groups = {r.group for r in section.sheet(office, name="sheet", caption="x").rows}
    assert {"어디에 있나", "진짜 변화인가", "무엇부터 고칠까", "다른 자료는", "약속은 지켰나"} <= groups
    rooms = {f.chapter for f in ledger(office)}
    assert {"overall", "portfolio", "happy-call", "kindness", "charter", "feedback"} <= rooms
    fallen = [f for f in ledger(office) if f.chapter == "happy-call"]
    assert fallen[0].direction == "worse"  # it is on the sheet although the index rose
    assert fallen[0].says["ko"] in {r.cells[0].text for r in section.sheet(office, name="s", caption="x").rows}


def test_findings_are_said_in_both_languages_with_their_evidence(office):
    for finding in ledger(office):
        assert set(finding.says) == {"ko", "en"}
        assert all(i in office._known for i in finding.rows)


def test_a_study_sets_targets_and_words():
    file = ConclusionFile(targets={"a": 65}, wording={"owner": {"ko": "{owner}가 맡는다.", "en": "{owner} does it."}})
    assert file.wording.owner.text("en") == "{owner} does it."
    with pytest.raises(ValueError, match="owner"):
        ConclusionFile(wording={"owner": {"ko": "{who}가 맡는다.", "en": "{who} does it."}})
    assert recommend.goal_of(58.3, 65, level=69, lift=5) == 65
    assert recommend.goal_of(66, 65, level=69, lift=5) is None


def test_fixed_and_equal_weights_make_no_importance_axis(office, chapter):
    assert not weighs(office.gains())  # fixed weights: se 0
    assert axis(office).kind == "derived"
    gains = chapter.gains()
    assert weighs(gains)
    assert not weighs(gains.assign(estimate=0.25))
    table = priorities.weights_table(office, name="w", caption="x")
    scores = [r.cells[1].value for r in table.rows]
    assert scores == sorted(scores)
    assert "가중치" in " ".join(map(str, table.all_notes()))


def test_what_is_to_be_concentrated_on_comes_first():
    rng = np.random.default_rng(3)
    frame = lambda values: pd.DataFrame(
        {"measure": [f"m{k}" for k in range(len(values))], "estimate": values, "se": 0.0}
    )
    for _ in range(20):
        points = quadrants(frame(rng.normal(60, 8, 9)), frame(rng.uniform(0, 1, 9))).sort_values("priority")
        order = {"concentrate": 0, "low_priority": 1, "keep": 2, "overkill": 3}
        places = [order[q] for q in points["quadrant"]]
        assert places == sorted(places)
        assert list(points["priority"]) == list(range(1, 10))


def test_overall_and_own_report_give_one_verdict():
    from csi_lib.chapters.round import changes

    whole = csi_lib.open_chapter("round", "_overall", 2024, lang="en")
    own = csi_lib.open_chapter("round", "on-welfare", 2024, lang="en")
    there = changes.node_changes(whole)
    there = there[there["agency"] == "on-welfare"].set_index("measure")
    rows = own.rows(measure=own.top_nodes, model=own.model.name, statistic="index", by1=None)
    here = own.change_rows(rows).set_index("measure")
    for measure in here.index:
        assert there.loc[measure, "p_value"] == pytest.approx(here.loc[measure, "p_value"], rel=1e-9)
        assert there.loc[measure, "row_id"] == here.loc[measure, "row_id"]


def test_without_an_importance_the_lowest_item_is_named_and_why_none_is_ranked(chapter, monkeypatch):
    """Nothing is recommended where no importance is known: the reader is told so, and which item scores lowest."""
    monkeypatch.setattr(section, "recommendations", lambda *a, **k: [])
    monkeypatch.setattr(section, "item_portfolio", lambda chapter: None)
    rows = chapter.rows(
        measure=[i for i in chapter.model_items if i not in chapter.doubted], statistic="mean", by1=None
    )
    low = rows.loc[rows["estimate"].idxmin(), "measure"]
    said = section.lowest(chapter).text
    assert "No importance of the items is known" in said
    assert f"‘{chapter.labels.measure(low)}’" in said
    monkeypatch.setattr(section, "item_portfolio", lambda chapter: "a portfolio")
    assert "Every item has reached its target" in section.lowest(chapter).text
    monkeypatch.setattr(section, "ledger", lambda chapter: [])
    sheet = section.sheet(chapter, name="sheet", caption="x")
    assert [c.key for c in sheet.columns] == ["said"]
    assert sheet.notes == ()
