"""Management appraisal against hand computation."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.appraisal.compute import appraise, individual_awards
from csi_lib.chapters.appraisal.settings import AppraisalFile
from csi_lib.errors import InputError


def handbook(**changes):
    return AppraisalFile.model_validate({
        "panel": "panel", "adjustments": "adjustments", "objections": "objections",
        "units": {
            "hq": {"label": "본사", "weight": 3}, "north": {"label": "북부지사", "group": "branches"}, "south": {"label": "남부지사", "group": "branches"},
        },
        "groups": {"branches": {"ko": "지사", "en": "Branches"}},
        "editions": {2024: {
            "grades": {"S": 95, "A": 90, "B": 80, "C": 70, "D": None}, "bonus_cap": 2, "penalty_cap": 3,
            "indicators": {
                "customers": {"label": "고객", "children": {
                    "csi": {"label": "만족도", "points": 20, "scoring": "score", "measure": "csi"},
                    "csi_target": {"label": "목표", "points": 10, "measure": "csi"}}},
                "work": {"label": "사업", "points": 50, "children": {
                    "output": {"label": "실적", "points": 30},
                    "defects": {"label": "결함", "points": 20, "better": "less"}}},
                "leadership": {"label": "경영", "points": 20, "kind": "mixed", "share": 0.25, "scoring": "score"},
            }}},
        **changes,
    })  # fmt: skip


RESULTS = pd.DataFrame(
    [
        ("hq", "csi", 80, None, 2.0), ("hq", "csi_target", 80, 80, 2.0), ("hq", "output", 90, 100, None), ("hq", "defects", 5, 4, None),
        ("hq", "leadership", 60, None, None),
        ("north", "csi", 70, None, 1.0), ("north", "csi_target", 70, 80, 1.0), ("north", "output", 120, 100, None),
        ("north", "defects", 0, 0, None), ("north", "leadership", 100, None, None),
        ("south", "csi", 90, None, 0.0), ("south", "csi_target", 90, 90, 0.0), ("south", "output", 10, 0, None),
        ("south", "defects", 4, 4, None), ("south", "leadership", 80, None, None),
    ],
    columns=["unit", "indicator", "actual", "target", "actual_se"],
).astype({"actual": float, "target": float, "actual_se": float})  # fmt: skip
GIVEN = {"hq": ["A+", "A", "B+", "B", "E"], "north": ["B", "C"], "south": ["A"]}
PANEL = pd.DataFrame(
    [(u, "leadership", f"r{i}", g) for u, grades in GIVEN.items() for i, g in enumerate(grades)],
    columns=["unit", "indicator", "rater", "grade"],
)  # fmt: skip


def of(found, unit, indicator=None):
    if indicator is None:
        return found.totals.set_index("unit").loc[unit]
    return found.scores.set_index(["unit", "indicator"]).loc[(unit, indicator)]


def test_points_of_every_kind_of_indicator():
    found = appraise(handbook(), 2024, RESULTS, PANEL)
    assert of(found, "hq", "csi").points == pytest.approx(16)
    assert of(found, "hq", "csi_target").points == pytest.approx(10)
    assert of(found, "hq", "output").points == pytest.approx(27)
    assert of(found, "hq", "defects").points == pytest.approx(20 * 4 / 5)
    # five of the panel: best and worst left out, (95 + 90 + 80) / 3; a quarter of the points by the result
    assert of(found, "hq", "leadership").score == pytest.approx(0.25 * 60 + 0.75 * 265 / 3)
    assert of(found, "north", "output").score == 100  # the cap
    assert of(found, "north", "leadership").score == pytest.approx(0.25 * 100 + 0.75 * 75)
    assert of(found, "north", "defects").score == 100  # nothing of what should not occur
    points = 16 + 10 + 27 + 16 + 20 * (15 + 0.75 * 265 / 3) / 100
    assert of(found, "hq").total == pytest.approx(points)
    assert of(found, "hq").grade == "B"


def test_errors_of_one_measure_move_together_and_others_do_not():
    found = appraise(handbook(), 2024, RESULTS, PANEL)
    panel_se = np.std([95, 90, 80], ddof=1) / np.sqrt(3)
    survey = 20 * 2.0 / 100 + 10 * of(found, "hq", "csi_target").se / 100
    assert of(found, "hq").se == pytest.approx(np.hypot(survey, 20 * 0.75 * panel_se / 100))
    assert 0 < of(found, "hq").other < 1


def test_a_target_of_zero_is_open_and_never_fatal():
    found = appraise(handbook(), 2024, RESULTS, PANEL)
    row, south = of(found, "south", "output"), of(found, "south")
    assert (row.reason, np.isnan(row.points)) == ("target of zero", True)
    assert pd.isna(south.grade)
    assert (south.open, south.reason) == (30, "indicators are open")
    # the total stands on the rest: 18 + 10 + 20 + 20·(0.25·80 + 0.75·95)/100 of 70 points
    assert south.total == pytest.approx(100 * (18 + 10 + 20 + 18.25) / 70)
    tree = found.tree.set_index(["unit", "indicator"])
    assert (tree.loc[("south", "work"), "points"], tree.loc[("south", "work"), "open"]) == (20, 30)


def test_bonus_and_penalty_stop_at_their_caps():
    adjustments = pd.DataFrame(
        {"unit": ["hq", "hq", "north"], "item": ["award", "idea", "breach"], "points": [1.5, 1.5, -9.0]}
    )
    plain, moved = (appraise(handbook(), 2024, RESULTS, PANEL, a) for a in (None, adjustments))
    assert of(moved, "hq").total - of(plain, "hq").total == pytest.approx(2)
    assert of(plain, "north").total - of(moved, "north").total == pytest.approx(3)


def test_roll_up_is_weighted_and_leaves_out_who_has_no_total():
    found = appraise(handbook(), 2024, RESULTS, PANEL)
    groups = found.groups.set_index(found.groups["group"].fillna("all"))
    hq, north = of(found, "hq").total, of(found, "north").total
    assert groups.loc["all", "total"] == pytest.approx((3 * hq + north) / 4)
    assert (groups.loc["branches", "total"], groups.loc["branches", "units"]) == (pytest.approx(north), 1)


def test_an_accepted_objection_changes_the_score_and_a_rejected_one_does_not():
    objections = pd.DataFrame(
        {
            "unit": ["hq", "north"],
            "indicator": ["defects", "csi"],
            "filed": None,
            "decision": ["accepted", "rejected"],
            "score": [100.0, 99.0],
        }
    )
    found = appraise(handbook(), 2024, RESULTS, PANEL, None, objections)
    assert of(found, "hq", "defects").points == 20
    assert of(found, "north", "csi").points == pytest.approx(14)
    assert of(found, "north", "csi").objection == "rejected"


def test_the_edition_in_force_is_the_latest_that_began():
    file = handbook()
    old = file.editions[2024].model_copy(update={"bonus_cap": 9})
    file = file.model_copy(update={"editions": {2020: old, 2024: file.editions[2024]}})
    assert (file.edition(2023).bonus_cap, file.edition(2026).bonus_cap) == (9, 2)
    with pytest.raises(InputError, match="no edition"):
        file.edition(2019)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r.assign(unit=r["unit"].replace("north", "nroth")), "did not know|does not know"),
        (lambda r: r.assign(indicator=r["indicator"].replace("csi", "cis")), "does not know"),
        (lambda r: pd.concat([r, r.iloc[:1]]), "same row twice"),
        (lambda r: r.assign(actual=r["actual"].where(r["indicator"] != "csi", 180.0)), "between 0 and 100"),
    ],
)
def test_what_cannot_be_appraised_is_refused_in_words(change, words):
    with pytest.raises(InputError, match=words):
        appraise(handbook(), 2024, change(RESULTS), PANEL)


def test_a_grade_that_the_handbook_does_not_know_is_refused():
    with pytest.raises(InputError, match="panel gave a grade"):
        appraise(handbook(), 2024, RESULTS, PANEL.assign(grade="Z"))


def test_no_row_at_all_is_an_empty_appraisal():
    found = appraise(handbook(), 2024, RESULTS.iloc[:0])
    assert len(found.totals) == len(found.scores) == len(found.groups) == 0


def test_parts_that_do_not_add_up_are_refused_when_the_file_is_read():
    with pytest.raises(ValueError, match="add up to 30, not to 40"):
        handbook(
            editions={
                2024: {
                    "indicators": {"a": {"label": "가", "points": 40, "children": {"b": {"label": "나", "points": 30}}}}
                }
            }
        )


AWARDS = {
    "budget": 1000, "units": {"S": 0.3, "A": 0.2, "B": 0.1, "C": 0, "D": 0}, "individuals": {"top": 1.5, "low": 0.5},
    "ranks": {"senior": {"label": "과장", "base": 2000}, "junior": {"label": "사원", "base": 1000}},
}  # fmt: skip


def test_awards_stay_within_the_budget_by_one_factor():
    found = appraise(handbook(awards=AWARDS), 2024, RESULTS, PANEL)
    people = pd.DataFrame(
        {
            "person": ["a", "b", "c"],
            "unit": ["hq", "hq", "south"],
            "rank": ["senior", "junior", "junior"],
            "own_grade": ["top", None, None],
        }
    )
    awards = handbook(awards=AWARDS).awards
    paid = individual_awards(people, found.totals, awards).set_index("person")
    assert paid["award"].tolist()[:2] == [pytest.approx(300), pytest.approx(100)]
    assert np.isnan(paid.loc["c", "award"])  # its unit has no grade
    tight = individual_awards(people, found.totals, awards.model_copy(update={"budget": 200})).set_index("person")
    assert tight["award"].sum() == pytest.approx(200)
    assert tight.loc["a", "award"] / tight.loc["b", "award"] == pytest.approx(3)
