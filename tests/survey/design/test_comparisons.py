"""Adjusted p-values, simultaneous intervals, letters and ranks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from csi_lib.errors import InputError
from csi_lib.survey.comparisons import (
    adjust_p,
    column_letter,
    max_t,
    pairwise_p,
    rank_intervals,
    significance_letters,
)
from csi_lib.survey.design import SurveyDesign


@pytest.mark.parametrize(("ours", "theirs"), [("holm", "holm"), ("bh", "fdr_bh"), ("bonferroni", "bonferroni")])
def test_adjusted_p_values_agree_with_statsmodels(ours, theirs):
    p = np.random.default_rng(3).uniform(size=40) ** 3
    np.testing.assert_allclose(adjust_p(p, method=ours), multipletests(p, method=theirs)[1], rtol=1e-12)


def test_r_example_of_p_adjust():
    np.testing.assert_allclose(adjust_p([0.01, 0.02, 0.03, 0.04]), [0.04, 0.06, 0.06, 0.06])
    np.testing.assert_allclose(adjust_p([0.01, 0.02, 0.03, 0.04], method="bh"), [0.04] * 4)


def test_maximum_of_all_pairs_is_the_studentized_range():
    m, df = 5, 20
    contrast = np.array([np.eye(m)[i] - np.eye(m)[j] for i in range(m) for j in range(i + 1, m)])
    joint = max_t(contrast @ contrast.T, df)
    exact = stats.studentized_range.ppf(0.95, m, df) / np.sqrt(2)
    assert joint.critical(0.95) == pytest.approx(exact, rel=0.01)
    assert joint.p_value(exact) == pytest.approx(0.05, abs=0.003)


def test_one_comparison_is_an_ordinary_t_test():
    assert max_t([[4.0]], 12).critical(0.95) == pytest.approx(stats.t.ppf(0.975, 12), rel=0.01)


def test_overlap_of_the_groups_enters_through_the_covariance():
    """Two items on the same people: the difference has the paired error, not that of independent groups."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=300)
    frame = pd.DataFrame({"a": common + rng.normal(size=300) * 0.2, "b": common + rng.normal(size=300) * 0.2 + 0.1})
    row = SurveyDesign(frame).difference(["b", "a"]).iloc[0]
    paired = stats.ttest_rel(frame["b"], frame["a"])
    assert row["statistic"] == pytest.approx(paired.statistic, rel=1e-10)
    assert row["p_value"] == pytest.approx(paired.pvalue, rel=1e-8)


def test_letters_mark_what_a_column_exceeds():
    theta, v = [10.0, 12.0, 20.0], np.diag([1.0, 1.0, 1.0])
    assert significance_letters(theta, v, 100) == ["", "", "AB"]
    assert significance_letters(theta, v, 100, letters=["x1", "x2", "x3"]) == ["", "", "x1 x2"]
    assert [column_letter(i) for i in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


def test_letters_follow_the_adjustment():
    theta, v = np.array([0.0, 3.0, 3.0]), np.eye(3)  # t = 2.12, p = .036 unadjusted
    assert significance_letters(theta, v, 200, adjust="none") == ["", "A", "A"]
    assert significance_letters(theta, v, 200, adjust="holm") == ["", "", ""]


def test_ranks_are_certain_when_far_apart_and_open_when_close():
    far = rank_intervals([10, 20, 30], np.eye(3), 100)
    assert far.rank.tolist() == far.low.tolist() == far.high.tolist() == [3, 2, 1]
    close = rank_intervals([10, 10.1, 10.2], np.eye(3), 100)
    assert close.low.tolist() == [1, 1, 1]
    assert close.high.tolist() == [3, 3, 3]


def test_rank_intervals_cover_all_true_ranks_together():
    rng = np.random.default_rng(8)
    truth, se = np.array([50.0, 51, 53, 56, 60]), 1.2
    right = 1 + (truth[None, :] > truth[:, None]).sum(1)
    covered = 0
    for _ in range(100):
        found = rank_intervals(truth + rng.normal(0, se, 5), np.eye(5) * se**2, np.inf, adjust="holm")
        covered += bool(((found.low <= right) & (right <= found.high)).all())
    assert covered >= 90


def test_pairs_are_symmetric_and_equal_estimates_are_not_different():
    p = pairwise_p([1.0, 1.0, 4.0], np.eye(3) * 0.1, 50)
    np.testing.assert_array_equal(p, p.T)
    assert p[0, 1] == 1


def test_simultaneous_differences_of_groups_equal_tukey(schools):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"g": np.repeat(list("abcd"), 100), "y": rng.normal(size=400)})
    frame["y"] += frame["g"].map({"a": 0, "b": 0.1, "c": 0.4, "d": 0.5})
    ours = SurveyDesign(frame).difference("y", "g", adjust="simultaneous")
    tukey = stats.tukey_hsd(*(frame.loc[frame["g"] == g, "y"] for g in "abcd")).pvalue
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    np.testing.assert_allclose(ours["p_adjusted"], [tukey[i, j] for i, j in pairs], atol=0.03)


def test_unknown_names_are_answered():
    with pytest.raises(InputError, match="unknown adjustment"):
        adjust_p([0.1], method="hochberg")
    design = SurveyDesign({"g": ["north", "south"] * 10, "y": np.arange(20.0)})
    with pytest.raises(InputError, match="Did you mean 'north'"):
        design.difference("y", "g", reference="nort")
    with pytest.raises(InputError, match="p-values lie"):
        adjust_p([0.1, np.nan])
