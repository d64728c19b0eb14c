"""A printed tenth, a grade, a quadrant, a rank hang on the number, not on the order in which it was summed."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.grade.attainment import attainment_grades
from csi_lib.chapters.grade.rules import absolute_grades, relative_grades
from csi_lib.evaluation.portfolio import quadrants
from csi_lib.evaluation.standing import ranks
from csi_lib.measure.exact import exceeds, reaches, same, snapped
from csi_lib.prose.rounding import round_half_up


@pytest.mark.parametrize("weight", [1.3, 0.7, 1.1, 0.9, 1.2])
def test_weighted_shares_that_are_ties_round_up(weight):
    for k in range(1, 16):
        z = np.array([1.0] * k + [0.0] * (16 - k))
        share = float((weight * z).sum() / np.full(16, weight).sum())
        one_by_one = sum(weight * v for v in z) / sum(itertools.repeat(weight, 16))
        right = Fraction(math.floor(Fraction(1000 * k, 16) + Fraction(1, 2)), 10)
        assert Fraction(str(round_half_up(share, 1, scale=100))) == right
        assert Fraction(str(round_half_up(one_by_one, 1, scale=100))) == right


def test_means_of_seven_point_items_on_a_hundred_round_up():
    for n, total in itertools.product((8, 16, 40), range(1, 97, 5)):
        answers = [1 + total % 7] * n
        answers[0] = 1 + (total * 3) % 7
        worth = [100 * (a - 1) / 6 for a in answers]
        exact = sum(Fraction(100 * (a - 1), 6) for a in answers) / n
        right = Fraction(math.floor(exact * 10 + Fraction(1, 2)), 10)
        assert Fraction(str(round_half_up(float(np.mean(worth)), 1))) == right


def test_only_the_last_bits_are_let_go():
    assert snapped(123456.789012) == 123456.789012
    assert snapped(2.0**53) == 2.0**53
    assert snapped(1234567890123.0) == 1234567890123.0
    assert round_half_up(0.4499999999, 1) == round_half_up(0.4, 1)  # ten nines are a number below the tie
    assert math.isnan(snapped(math.nan))
    assert snapped(-math.inf) == -math.inf


def test_ties_reach_each_other_and_differences_do_not():
    assert reaches(0.1 + 0.2, 0.3)
    assert reaches(0.3, 0.1 + 0.2)
    assert not exceeds(0.1 + 0.2, 0.3)
    assert not reaches(0.3 - 1e-9, 0.3)
    assert exceeds(0.3 + 1e-9, 0.3)
    assert not reaches(math.nan, 0.0)
    assert not exceeds(math.nan, 0.0)
    assert not same(math.nan, math.nan)
    assert list(reaches([1.0, math.inf, -math.inf], math.inf)) == [False, True, False]


JUST_BELOW = float(np.nextafter(90.0, 0))


def test_grades_at_a_limit():
    scores = pd.Series({"a": JUST_BELOW, "b": 90.0, "c": 89.9999})
    assert list(absolute_grades(scores, cuts={"S": 90, "A": None}).frame["grade"]) == ["S", "S", "A"]
    tied = pd.Series({f"u{k}": v for k, v in enumerate([70.1 + 0.2, 70.3, 60.0, 50.0])})
    grades = relative_grades(tied, ratio={"S": 1, "A": 3}, minimum_group=1).frame["grade"]
    assert list(grades) == ["S", "S", "A", "A"]  # a tie across the boundary takes the better grade
    businesses = pd.DataFrame({"unit": "x", "business": [1, 2], "score": [JUST_BELOW, 80.0], "target": [90.0, 80.0]})
    assert attainment_grades(businesses).frame["score"].tolist() == [1.0]


def test_quadrants_and_ranks_of_equal_numbers():
    rows = lambda values: pd.DataFrame({"measure": list("abc"), "estimate": values})
    third = (0.1 + 0.2) / 3
    found = quadrants(rows([50.0, 60.0, 70.0]), rows([third, 0.1, 0.1]))
    assert set(found["quadrant"]) == {"concentrate", "keep"}  # none is below the mean of equal gains
    wave = pd.DataFrame({"measure": "m", "agency": ["a", "b", "c"], "estimate": [0.1 + 0.2, 0.3, 0.2],
                         "se": 0.01, "df": 50.0, "type": "t", "n": 100})  # fmt: skip
    found = ranks(wave, "m")
    assert (found["a"].rank, found["b"].rank, found["c"].rank) == (1, 1, 3)
    assert found["a"].ties == 2
