"""Points, growth, attainment, target setting and totals: closed forms, published figures, simulated coverage, edge cases."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.management.compute import (
    ManagementFile,
    assigned_score,
    department_totals,
    points,
    proposed_targets,
    scorecard,
)
from csi_lib.errors import InputError
from csi_lib.prose.rounding import round_half_up

COLUMNS = ["department", "indicator", "allotted", "previous", "target", "actual", "actual_se", "previous_se", "n"]
NAN = np.nan


def file_of(**indicators):
    return ManagementFile(
        indicators={name: {"label": name, "kind": "own", **settings} for name, settings in indicators.items()}
    )


def card_of(file, *rows):
    full = [(*row, *([NAN] * (len(COLUMNS) - len(row)))) for row in rows]
    return scorecard(pd.DataFrame(full, columns=COLUMNS), file)


def test_published_points_are_allotted_times_score(shared):
    table = pd.read_csv(shared / "data/korea_published/jongno_mgmt_eval_csat.csv", encoding="utf-8-sig")
    rated = table[table["평점"].notna()]
    assert len(rated) == 3
    for row in rated.to_dict("records"):
        earned = round_half_up(points(row["배점"], row["평점"]), 2)
        assert float(earned) == pytest.approx(row["득점"], abs=1e-9), row["eval_year"]
    assert str(round_half_up(points(8, 89.25), 2)) == "7.14"


def test_a_mean_of_top_marks_is_a_full_score():
    assert points(8, 100 + 2e-14) == 8
    with pytest.raises(InputError, match="between 0 and 100"):
        points(8, 100.1)


def test_the_interval_of_points_is_that_of_the_result_through_the_scoring():
    file = file_of(
        plain={"scoring": "score"}, reach={"scoring": "attainment"}, wait={"better": "less"},
        grow={"scoring": "growth", "lowest": -10, "highest": 10},
    )  # fmt: skip
    card = card_of(
        file,
        ("a", "plain", 8, NAN, NAN, 89.25, 1.0),
        ("a", "reach", 5, NAN, 80, 72.0, 2.0),
        ("a", "wait", 5, NAN, 10, 12.5, 0.5),
        ("a", "grow", 4, 70.0, NAN, 70.7, 1.4, 0.0),
    ).set_index("indicator")
    z = 1.959963984540054
    assert card.loc["plain", ["points_low", "points_high"]].tolist() == pytest.approx(
        [7.14 - 0.08 * z, 7.14 + 0.08 * z]
    )
    assert card.loc["reach", "score"] == pytest.approx(90)
    assert card.loc["reach", "score_low"] == pytest.approx(90 - 2.5 * z)
    # less is better: the upper end of the waiting time is the lower end of the score
    assert card.loc["wait", "score_low"] == pytest.approx(100 * 10 / (12.5 + 0.5 * z))
    # growth of 1 % lies at 20 + 80·11/20; a standard error of 2 % of growth is 8 points of score
    assert card.loc["grow", "score"] == pytest.approx(20 + 80 * 11 / 20)
    assert card.loc["grow", "score_high"] == pytest.approx(64 + 8 * z)


def test_intervals_of_points_cover_the_truth_at_caps_too():
    """2000 surveys of a known truth: scores near and at the cap, where a linearised error would be too small."""
    file = file_of(reach={"scoring": "attainment"})
    rng = np.random.default_rng(12)
    for truth in (75.0, 79.0, 82.0):
        actual = truth + 2.0 * rng.standard_normal(2000)
        rows = [(str(k), "reach", 10, NAN, 80, a, 2.0) for k, a in enumerate(actual)]
        card = card_of(file, *rows)
        true_points = 10 * min(truth / 80, 1)
        covered = (card["points_low"] <= true_points + 1e-9) & (card["points_high"] >= true_points - 1e-9)
        assert covered.mean() == pytest.approx(0.95, abs=0.02) if truth < 80 else covered.mean() > 0.93


def test_what_is_missing_earns_no_points_and_says_why():
    file = file_of(reach={}, grow={"scoring": "growth", "lowest": -5, "highest": 5}, plain={"scoring": "score"})
    card = card_of(
        file, ("a", "reach", 5, NAN, NAN, 70.0), ("a", "grow", 5, NAN, NAN, 70.0), ("a", "plain", 5, NAN, NAN, NAN),
        ("b", "plain", 5, NAN, NAN, 80.0),
    )  # fmt: skip
    assert card["reason"].tolist()[:3] == ["no target", "no last year", "no result"]
    assert pd.isna(card["reason"].iloc[3])
    assert card["points"].isna().tolist() == [True, True, True, False]
    totals = department_totals(card).set_index("department")
    assert totals.index.tolist() == ["b", "a"]
    assert totals.loc["a", "open"] == 3
    assert np.isnan(totals.loc["a", "points"])
    assert np.isnan(totals.loc["a", "share"])
    assert totals.loc["b", ["points", "allotted", "share"]].tolist() == [4, 5, 0.8]
    assert np.isnan(totals.loc["b", "share_low"])


def test_a_waiting_time_of_nothing_is_as_good_as_can_be():
    file = file_of(wait={"better": "less"})
    row = card_of(file, ("a", "wait", 5, 3.0, 2.0, 0.0)).iloc[0]
    assert row["score"] == 100
    assert np.isnan(row["attainment"])
    assert row["growth"] == -1


def test_totals_add_the_ends_of_the_intervals():
    file = file_of(one={"scoring": "score"}, two={"scoring": "score"}, three={"scoring": "score"})
    card = card_of(
        file,
        ("a", "one", 10, NAN, NAN, 80.0, 1.0),
        ("a", "two", 10, NAN, NAN, 60.0, 2.0),
        ("a", "three", 5, NAN, NAN, 100.0),
    )
    row = department_totals(card).iloc[0]
    assert row["share"] == pytest.approx(19 / 25)
    assert row["share_high"] - row["share"] == pytest.approx(1.959963984540054 * 0.3 / 25)


def test_a_cap_above_one_hundred_lets_attainment_earn_more():
    file = ManagementFile(indicators={"r": {"label": "r", "kind": "own"}}, cap=120)
    assert card_of(file, ("a", "r", 10, NAN, 80, 88.0))["points"].iloc[0] == pytest.approx(11)
    assert card_of(file, ("a", "r", 10, NAN, 80, 160.0))["points"].iloc[0] == pytest.approx(12)


def test_bad_tables_in_words():
    file = file_of(r={})
    for target, reason in ((0.0, "target 0"), (-1.0, "below 0")):
        row = card_of(file, ("a", "r", 5, NAN, target, 3.0)).iloc[0]
        assert (row["reason"], bool(np.isnan(row["points"]))) == (reason, True)
    with pytest.raises(InputError, match="merged give one common row"):
        card_of(file, ("a", "r", 5, NAN, 1, 1), ("a", "r", 5, NAN, 1, 1))
    with pytest.raises(InputError, match="does not declare"):
        card_of(file, ("a", "x", 5, NAN, 1, 1))
    with pytest.raises(ValueError, match="needs 'lowest' and 'highest'"):
        file_of(g={"scoring": "growth"})


def test_assigned_targets_lie_where_r_puts_them():
    # R: x <- c(82, 85, 84, 88, 91); mean(x) + c(-2, 1) * sd(x), the mean 86 and the variance 12.5
    history = pd.DataFrame(
        {"department": "a", "indicator": "r", "year": range(2020, 2025), "actual": [82, 85, 84, 88, 91.0]}
    )
    row = proposed_targets(history, file_of(r={})).iloc[0]
    assert row[["lowest", "highest"]].tolist() == pytest.approx([86 - 2 * 12.5**0.5, 86 + 12.5**0.5])
    assert assigned_score(row["lowest"], row["lowest"], row["highest"]) == 20
    assert assigned_score(row["highest"], row["lowest"], row["highest"]) == 100


def test_no_targets_from_two_years_or_from_departments_that_were_merged():
    years = pd.DataFrame({"department": "a", "indicator": "r", "year": [2023, 2024], "actual": [80.0, 81.0]})
    merged = pd.DataFrame(
        {"department": "b", "indicator": "r", "year": [2022, 2022, 2023, 2024], "actual": [70, 80, 75, 76.0]}
    )
    assert not len(proposed_targets(pd.concat([years, merged]), file_of(r={})))
