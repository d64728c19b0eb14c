"""Grade rules against counting by hand, published counts, and closed forms."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from csi_lib.chapters.grade.attainment import attainment_grades, attainment_probabilities
from csi_lib.chapters.grade.rules import (
    absolute_grades,
    consulting_cohorts,
    grade_probabilities,
    relative_counts,
    relative_grades,
    two_years_running,
    ungraded_remainder,
)
from csi_lib.errors import InputError

CUTS = {"S": 90, "A": 85, "B": 80, "C": None}


def test_absolute_limits_belong_to_the_better_grade():
    scores = pd.Series({"a": 90.0, "b": 89.999, "c": 85.0, "d": 80.0, "e": 79.99, "f": np.nan})
    grades = absolute_grades(scores, cuts=CUTS)
    assert [grades.of(u) for u in "abcdef"] == ["S", "A", "A", "B", "C", None]
    assert grades.frame["reason"].iloc[-1] == "no score"


def test_a_printed_score_is_graded_as_printed():
    assert absolute_grades(pd.Series({"a": 89.96}), cuts=CUTS, digits=1).of("a") == "S"


@pytest.mark.parametrize(
    ("n", "counts"),
    [
        (10, [1, 4, 4, 1]),
        (11, [1, 5, 4, 1]),  # remainders .1 .4 .4 .1: the one left goes to A, the better of two equal
        (13, [2, 5, 5, 1]),  # whole parts 1 5 5 1, remainders .3 .2 .2 .3: the one left goes to S before C
        (15, [2, 6, 6, 1]),
        (17, [2, 7, 7, 1]),
        (300, [30, 120, 120, 30]),
    ],
)
def test_largest_remainder(n, counts):
    assert list(relative_counts(n).values()) == counts
    assert sum(relative_counts(n).values()) == n


def test_every_size_is_counted_out_completely():
    for n in range(400):
        counts = relative_counts(n)
        assert sum(counts.values()) == n
        assert all(abs(c - n * r / 10) < 1 for c, r in zip(counts.values(), (1, 4, 4, 1), strict=True))


def test_a_tie_across_a_boundary_takes_the_better_grade():
    scores = pd.Series([99, 95, 95, 90, 80, 70, 60, 50, 40, 30.0])
    # S: one; A: ranks 2-5; make ranks 5 and 6 equal
    scores[5] = 80
    grades = relative_grades(scores).frame["grade"].tolist()
    assert grades == ["S", "A", "A", "A", "A", "A", "B", "B", "B", "C"]


def test_all_equal_scores_share_the_best_grade():
    assert set(relative_grades(pd.Series(np.full(12, 80.0))).frame["grade"]) == {"S"}


def test_small_groups_are_not_graded_and_counted():
    scores = pd.Series(np.arange(29.0))
    groups = pd.Series(["big"] * 20 + ["small"] * 9)
    grades = relative_grades(scores, groups)
    assert (grades.frame["reason"] == "small group").sum() == 9
    assert grades.counts["n"].tolist() == [2, 8, 8, 2, 9]
    assert grades.counts["grade"].isna().tolist() == [False] * 4 + [True]


def test_a_group_that_falls_below_ten_through_a_missing_score_is_not_graded():
    scores = pd.Series([*np.arange(9.0), np.nan])
    assert relative_grades(scores).frame["grade"].isna().all()


def test_attainment():
    frame = pd.DataFrame(
        [("a", 1, 90, 90), ("a", 2, 91, 90), ("b", 1, 91, 90), ("b", 2, 80, 90), ("c", 1, 80, 90), ("d", 1, None, 90)],
        columns=["unit", "business", "score", "target"],
    )
    grades = attainment_grades(frame)
    assert [grades.of(u) for u in "abcd"] == ["excellent", "ordinary", "poor", None]


def test_attainment_probability_counts_all_ways():
    """Two businesses on target with probability p and q: both, one or none, written out; a half is ordinary."""
    frame = pd.DataFrame(
        [("a", "x", 91.0, 90.0, 1.0, 0.0), ("a", "y", 89.5, 90.0, 0.3, 0.4), ("b", "x", 80.0, 90.0, np.nan, 0.0),
         ("c", "x", 90.0, 90.0, 0.0, 0.0), ("d", "x", np.nan, 90.0, 1.0, 0.0)],
        columns=["unit", "business", "score", "target", "se", "target_se"],
    )  # fmt: skip
    p, q = norm.cdf(1.0), norm.cdf(-0.5 / 0.5)
    out = attainment_probabilities(frame)
    assert out.loc["a", ["excellent", "ordinary", "poor"]].tolist() == pytest.approx(
        [p * q, p * (1 - q) + q * (1 - p), (1 - p) * (1 - q)], abs=1e-12
    )
    assert attainment_grades(frame).of("a") == "ordinary"
    assert out.loc["a", "other"] == pytest.approx(1 - out.loc["a", "ordinary"])
    assert out.loc["b"].isna().all()
    assert out.loc["d"].isna().all()
    assert out.loc["c", "excellent"] == 1
    assert out.loc["c", "other"] == 0


def test_attainment_probability_is_recovered_by_repeated_surveys():
    rng = np.random.default_rng(4)
    truth, target, se = rng.normal(90, 2, 5), np.full(5, 90.0), np.full(5, 1.5)
    frame = lambda score: pd.DataFrame(
        {"unit": "a", "business": list("vwxyz"), "score": score, "target": target, "se": se}
    )
    stated = attainment_probabilities(frame(truth)).loc["a", ["excellent", "ordinary", "poor"]].to_numpy(float)
    again = [attainment_grades(frame(truth + se * rng.standard_normal(5))).of("a") for _ in range(1500)]
    share = [again.count(g) / len(again) for g in ("excellent", "ordinary", "poor")]
    assert stated == pytest.approx(share, abs=0.04)


def test_a_business_counted_twice_is_an_error():
    frame = pd.DataFrame({"unit": "a", "business": "x", "score": [90.0, 91.0], "target": 90.0})
    with pytest.raises(InputError, match="same business twice"):
        attainment_grades(frame)


def test_two_years_running_and_cohorts():
    grades = pd.DataFrame(
        [("a", 2021, "C"), ("a", 2022, "C"), ("b", 2020, "C"), ("b", 2022, "C"), ("c", 2021, "S"), ("c", 2022, "S"),
         ("d", 2021, "C"), ("d", 2022, "B"), ("e", 2021, None), ("e", 2022, "C")],
        columns=["unit", "year", "grade"],
    )  # fmt: skip
    running = two_years_running(grades, classes={"excellent": ["S"], "improve": ["B", "C"]}, year=2022)
    assert running.to_dict("records") == [
        {"unit": "a", "class": "improve"},
        {"unit": "c", "class": "excellent"},
        {"unit": "d", "class": "improve"},
    ]
    cohorts = consulting_cohorts(
        running, {"a": "small", "d": "large"}, wanted="improve", cohorts={"1": ["large"], "2": ["small", "medium"]}
    )
    assert cohorts[["cohort", "unit"]].values.tolist() == [["1", "d"], ["2", "a"]]
    with pytest.raises(InputError, match="no consulting cohort"):
        consulting_cohorts(running, {"a": "tiny", "d": "large"}, wanted="improve", cohorts={"1": ["large"]})


def test_absolute_probability_is_the_normal_tail():
    scores, se = pd.Series({"a": 89.0, "b": 92.0, "c": 80.0}), pd.Series({"a": 0.8, "b": 0.5, "c": 0.0})
    p = grade_probabilities(scores, se, rule="absolute", cuts=CUTS)
    assert p.loc["a", "S"] == pytest.approx(norm.sf(90, 89, 0.8), abs=1e-12)
    assert p.loc["a", "other"] == pytest.approx(1 - (norm.cdf(90, 89, 0.8) - norm.cdf(85, 89, 0.8)), abs=1e-12)
    assert p.loc["c", "B"] == 1
    assert p.loc["c", "other"] == 0
    assert np.allclose(p[["S", "A", "B", "C"]].sum(axis=1), 1)


def test_relative_probability_of_two_close_leaders():
    # S goes to one of two leaders whose difference is N(1, 2·0.5²); the others are far below and exact
    scores = pd.Series([100.0, 99.0, *np.arange(8.0)])
    se = pd.Series([0.5, 0.5, *np.zeros(8)])
    p = grade_probabilities(scores, se, rule="relative", draws=40_000, seed=3)
    swap = norm.sf(1 / np.sqrt(0.5))
    assert p["S"].iloc[1] == pytest.approx(swap, abs=0.005)
    assert p["other"].iloc[0] == pytest.approx(swap, abs=0.005)
    assert (p["other"].iloc[2:] == 0).all()


def test_probability_reaches_the_share_of_repeated_surveys():
    """Simulated truth: 300 agencies; the mean stated probability of another grade is near the share that changes."""
    rng = np.random.default_rng(8)
    truth = rng.normal(85, 4, 300)
    se = pd.Series(rng.uniform(0.4, 1.2, 300))
    groups = pd.Series(np.repeat(["a", "b", "c"], 100))
    first = pd.Series(truth + se * rng.standard_normal(300))
    stated = grade_probabilities(first, se, rule="relative", groups=groups, draws=1000, seed=1)["other"].mean()
    base = relative_grades(first, groups).frame["grade"]
    again = [
        (relative_grades(first + se * rng.standard_normal(300), groups).frame["grade"] != base).mean()
        for _ in range(200)
    ]
    assert stated == pytest.approx(np.mean(again), abs=0.01)


def test_published_rounds_and_their_ungraded(shared):
    table = pd.read_csv(shared / "data/korea_published/pcsi_grades_by_year.csv", encoding="utf-8-sig")
    rest = {}
    for row in table[table["survey_year"].isin([2017, 2018, 2020, 2021, 2022, 2023])].itertuples():
        counts = {g: int(n) for g, n in re.findall(r"(우수|보통|미흡|[SABC])\s?(\d+)", row.distribution)}
        rest[row.survey_year] = ungraded_remainder(counts, row.n_agencies)
    assert rest == {2017: 0, 2018: 0, 2020: 47, 2021: 4, 2022: 7, 2023: 1}


def test_bad_input_in_words():
    with pytest.raises(InputError, match="fall from the best"):
        absolute_grades(pd.Series({"a": 1.0}), cuts={"S": 80, "A": 90})
    with pytest.raises(InputError, match="more units than the round"):
        ungraded_remainder({"S": 10}, 9)
    with pytest.raises(InputError, match="twice"):
        relative_grades(pd.Series([1.0, 2.0], index=["a", "a"]))
