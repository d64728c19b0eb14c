"""Levels of measurement invariance, on data whose level is known."""

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import InputError

MODEL = {"F": ["x1", "x2", "x3", "x4", "x5"]}


def two_agencies(loading=0.0, intercept=0.0, residual=0.0, n=1500):
    """Second agency: factor mean .5 higher; the last two items differ by what is given."""
    random = np.random.default_rng(11)
    frames = []
    for g in range(2):
        loadings = np.array([0.8, 0.7, 0.8, 0.7, 0.8]) + g * np.array([0, 0, 0, loading, -loading])
        shift = g * np.array([0, 0, 0, intercept, -intercept])
        noise = 0.6 + g * residual * np.array([0, 0, 0, 1, 1])
        factor = random.normal(0.5 * g, 1, n)[:, None]
        frames.append(pd.DataFrame(factor * loadings + shift + noise * random.normal(size=(n, 5)), columns=MODEL["F"]))
    return pd.concat(frames, keys=["a", "b"], names=["agency"]).reset_index("agency")


@pytest.mark.parametrize(
    ("difference", "level"),
    [
        ({}, "strict"),
        ({"residual": 0.6}, "scalar"),
        ({"intercept": 0.5}, "metric"),
        ({"loading": 0.4}, "configural"),
    ],
)
def test_the_level_that_holds_is_found(difference, level):
    result = csi_lib.invariance(two_agencies(**difference), MODEL, "agency")
    assert result.level == level
    broken = result.table[~result.table.supported]
    if len(broken):
        assert broken.delta_p_value.iloc[0] < 1e-6


def test_difference_test_keeps_its_size():
    """Under strict invariance the p-values of the three steps are not small."""
    table = csi_lib.invariance(two_agencies(), MODEL, "agency").table
    assert (table.delta_p_value[1:] > 0.001).all()
    assert list(table.delta_df[1:]) == [4, 4, 5]


def test_factor_mean_is_recovered_under_scalar_invariance():
    fit = csi_lib.invariance(two_agencies(), MODEL, "agency", levels=["scalar"]).fits["scalar"]
    rows = fit.intercepts[(fit.intercepts.name == "F") & (fit.intercepts.group == "b")]
    # the marker x1 loads .8, so the factor of variance .64 has mean .4
    assert rows.estimate.iloc[0] == pytest.approx(0.4, abs=0.08)


def test_partial_invariance_restores_the_level():
    frame = two_agencies(intercept=0.5)
    result = csi_lib.invariance(frame, MODEL, "agency", partial=["x4 ~ 1", "x5 ~ 1"], levels=["metric", "scalar"])
    assert result.level == "scalar"
    assert list(result.table.level) == ["metric", "scalar"]


def test_ordered_items():
    frame = two_agencies()
    frame[MODEL["F"]] = np.digitize(frame[MODEL["F"]], [-1, 0, 0.8])
    result = csi_lib.invariance(frame, MODEL, "agency", estimator="WLSMV")
    assert result.level == "strict"
    assert (result.table.delta_p_value[1:] > 0.001).all()


def test_bad_input():
    frame = two_agencies(n=100)
    with pytest.raises(InputError, match="'weak' is not a level of invariance"):
        csi_lib.invariance(frame, MODEL, "agency", levels=["weak"])
    with pytest.raises(InputError, match="fewer than two groups"):
        csi_lib.invariance(frame[frame.agency == "a"], MODEL, "agency")
    with pytest.raises(InputError, match="too few rows"):
        csi_lib.invariance(frame.iloc[:103], MODEL, "agency")
