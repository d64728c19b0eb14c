"""Families of comparison: judged once, coherent with their interval, and no claim from having looked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from csi_lib.findings.families import change_family, extremes, extremes_of_each, judged
from csi_lib.study.options import Comparisons
from csi_lib.study.reading import Reading
from csi_lib.survey.comparisons import adjust_p
from csi_lib.survey.estimates import Estimates, Influence
from csi_lib.survey.results import results_frame


def differences(t, df=50.0, n=200):
    rows = [{"measure": f"m{k}", "statistic": "difference", "versus": "mean:year=1", "estimate": v, "se": 1.0, "df": df,
             "n": n, "unit": "points", "p_value": 2 * stats.t.sf(abs(v), df)} for k, v in enumerate(t)]  # fmt: skip
    return results_frame(rows)


@pytest.mark.parametrize("control", ["holm", "bonferroni", "bh", "none"])
def test_the_interval_excludes_zero_exactly_where_the_test_rejects(control):
    rng = np.random.default_rng(5)
    with Reading(comparisons=Comparisons(control=control)):
        for _ in range(15):
            frame = differences(rng.normal(0, 2.2, 7))
            out = judged(frame)
            expected = adjust_p(frame["p_value"].to_numpy(float), method=control)
            np.testing.assert_allclose(out["p_value"].to_numpy(float), expected, rtol=1e-9)
            excludes = (out["ci_low"] > 0) | (out["ci_high"] < 0)
            assert (excludes == (out["p_value"] < 0.05)).all()
            assert ((out["ci_low"] <= frame["estimate"] - 1.9) & (out["se"] == 1)).all()


def test_judging_twice_changes_nothing_and_families_stand_apart():
    frame = differences([2.3, 2.2, 0.1, 2.3])
    once = judged(frame, ["a", "a", "a", "b"])
    pd.testing.assert_frame_equal(once, judged(once, ["a", "a", "a", "b"]))
    assert once["p_value"].iloc[3] == pytest.approx(2 * stats.t.sf(2.3, 50))
    assert once["p_value"].iloc[0] == pytest.approx(3 * 2 * stats.t.sf(2.3, 50))


def test_a_small_base_is_neither_tested_nor_counted():
    frame = differences([2.5, 2.5])
    frame.loc[1, "n"] = 29
    out = judged(frame)
    assert out["p_value"].iloc[0] == pytest.approx(2 * stats.t.sf(2.5, 50))
    assert out.loc[1, ["p_value", "ci_low", "ci_high"]].isna().all()


def groups(means, n=60, sd=20.0):
    """Independent groups as estimates that know their joint distribution."""
    k = len(means)
    frame = results_frame([
        {"study": "s", "agency": "a", "year": 1, "measure": "x", "statistic": "index", "by1": "g", "group1": str(j),
         "estimate": m, "se": sd / n**0.5, "df": 500.0, "n": n, "unit": "points"} for j, m in enumerate(means)
    ])  # fmt: skip
    piece = Influence(("s",), sparse.csc_matrix(np.eye(k) * sd / n**0.5), np.arange(k), np.zeros(k, int), np.ones(1), 500.0,
                      None, False)  # fmt: skip
    return Estimates(frame, (piece,))


def test_best_against_worst_claims_at_most_one_time_in_twenty_without_an_effect():
    rng, claims, naive = np.random.default_rng(11), 0, 0
    times = 250
    for _ in range(times):
        found = extremes(groups(60 + rng.normal(0, 20 / 60**0.5, 6)), range(6))
        gap = found[2].iloc[0]
        claims += gap["p_value"] < 0.05
        naive += 2 * stats.t.sf(gap["estimate"] / gap["se"], 500) < 0.05
    assert naive / times > 0.25  # what a reader would be told without the correction
    assert claims / times <= 0.05 + 2 * (0.05 * 0.95 / times) ** 0.5


def test_best_against_worst_finds_an_effect_and_leaves_small_groups_out():
    found = extremes(groups([50, 60, 61, 75]), range(4))
    assert (found[0]["group1"], found[1]["group1"]) == ("3", "0")
    assert found[2]["p_value"].iloc[0] < 0.01
    few = groups([50, 60, 99])
    few.frame.loc[2, "n"] = 6
    high, low, _ = extremes(few, range(3))
    assert (high["group1"], low["group1"]) == ("1", "0")
    assert extremes(groups([50.0]), [0]) is None


def test_extremes_of_many_sets_are_those_of_each_by_itself():
    means = np.random.default_rng(3).normal(60, 3, 12)
    estimates = groups(means)
    sets = [[0, 1, 2], [3], [7, 4, 5, 6, 8], [], [9, 10, 11]]
    found, gaps = extremes_of_each(estimates, sets)
    assert [each is None for each in found] == [False, True, False, True, False]
    for own, each in zip(sets, found, strict=True):
        if each is None:
            assert extremes(estimates, own) is None
            continue
        high, low, gap = each
        assert (high, low) == (max(own, key=lambda k: means[k]), min(own, key=lambda k: means[k]))
        count = len(own) * (len(own) - 1) // 2  # Holm: the widest of a family of its own counts all its pairs
        t = (means[high] - means[low]) / (20 / 60**0.5 * 2**0.5)
        assert gaps["p_value"].iloc[gap] == pytest.approx(min(1, count * 2 * stats.t.sf(t, 500)))
        alone = extremes(estimates, own)[2]
        pd.testing.assert_frame_equal(gaps.iloc[[gap]].reset_index(drop=True), alone)


def test_what_is_read_together_is_one_family():
    row = lambda **keys: {
        "measure": "i",
        "model": None,
        "by1": None,
        "by2": None,
        "versus": "mean:year=1",
        "statistic": "difference",
        **keys,
    }
    of = lambda **keys: change_family(row(**keys), {"csi"}, {"trust"})
    assert of(measure="a") == of(measure="b")
    index = {"model": "m", "versus": "index:year=1"}
    assert of(measure="csi", **index) != of(measure="d1", **index) == of(measure="d2", **index)
    assert of(measure="trust", **index) not in (of(measure="d1", **index), of(measure="csi", **index))
    assert of(by1="sex", measure="a") != of(by1="sex", measure="b")
