"""Rescaling and shares against hand values and survey's formulas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csi_lib import InputError, MeasureWarning, bottom_box, net_box, nps, rescale, top_box


def test_rescaling_puts_the_ends_of_the_scale_at_0_and_100():
    assert rescale([1, 2, 3, 4, 5], 1, 5).tolist() == [0, 25, 50, 75, 100]
    assert rescale([1, 2, 3, 4, 5], 1, 5, reverse=True).tolist() == [100, 75, 50, 25, 0]
    assert rescale([0, 7, 10], 0, 10).tolist() == [0, 70, 100]
    assert rescale(3, 1, 7) == pytest.approx(100 / 3)


def test_rescaling_keeps_the_container_names_and_gaps():
    frame = pd.DataFrame({"q1": [1, pd.NA, 5], "q2": [2, 3, 4]}, index=[7, 8, 9], dtype="Int64")
    points = rescale(frame, 1, 5)
    assert points["q1"].tolist()[::2] == [0, 100]
    assert points["q1"].isna().tolist() == [False, True, False]
    assert points.index.tolist() == [7, 8, 9]
    series = rescale(frame["q2"], 1, 5, reverse=True)
    assert (series.name, series.index.tolist(), series.tolist()) == ("q2", [7, 8, 9], [75, 50, 25])
    assert rescale(np.ones((2, 3)), 1, 5).shape == (2, 3)


@given(st.lists(st.integers(1, 7), min_size=1), st.booleans())
def test_reversing_twice_and_reversing_points_agree(answers, reverse):
    once = rescale(answers, 1, 7, reverse=reverse)
    np.testing.assert_allclose(rescale(100 - once, 0, 100, reverse=True), once, atol=1e-12)
    np.testing.assert_allclose(100 - once, rescale(answers, 1, 7, reverse=not reverse), atol=1e-12)


def test_an_undeclared_code_is_refused_with_its_place():
    with pytest.raises(InputError, match=r"'q2', row 1.*found 9.*1 to 5"):
        rescale(pd.DataFrame({"q1": [1, 2], "q2": [3, 9]}), 1, 5)
    with pytest.raises(InputError, match="infinite"):
        rescale([1, np.inf], 1, 5)
    with pytest.raises(InputError, match="no width"):
        rescale([1, 2], 5, 5)
    with pytest.raises(InputError, match="not numeric"):
        rescale(pd.Series(["a", "b"]), 1, 5)


def test_top_box_has_the_textbook_error():
    answers = [1, 2, 3, 4, 4, 5, 5, 5, 3, np.nan]
    found = top_box(answers, 1, 5)
    assert (found.estimate, found.n, found.df) == (pytest.approx(5 / 9), 9, 8)
    assert found.se == pytest.approx(np.sqrt(5 / 9 * 4 / 9 / 8))
    assert found.ci_high - found.estimate == pytest.approx(2.306004135 * found.se, rel=1e-9)


def test_wilson_interval_has_its_closed_form():
    """prop.test(7, 20, correct = FALSE) of R 4.2: .1811918 .5671457."""
    x = [5] * 7 + [1] * 13
    found = top_box(x, 1, 5, ci_method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((0.1811918, 0.5671457), abs=5e-8)
    sure = top_box([5, 5, 4, 5], 1, 5, ci_method="wilson")
    assert sure.ci_high == 1
    assert sure.ci_low == pytest.approx(4 / (4 + 1.959963984540054**2))


def test_weighted_share_has_the_linearised_error():
    rng = np.random.default_rng(0)
    x, w = rng.integers(1, 6, 50), rng.uniform(0.5, 2, 50)
    found, z = top_box(x, 1, 5, weights=w), (x >= 4).astype(float)
    p = (w * z).sum() / w.sum()
    u = w * (z - p) / w.sum()
    assert found.estimate == pytest.approx(p)
    assert found.se == pytest.approx(np.sqrt(50 / 49 * (u**2).sum()))
    scaled = top_box(x, 1, 5, weights=w * 1000)
    assert (scaled.estimate, scaled.se) == pytest.approx((found.estimate, found.se))


def test_net_is_top_minus_bottom_with_the_error_of_their_difference():
    x = np.random.default_rng(1).integers(1, 8, 80)
    top, bottom, net = (f(x, 1, 7) for f in (top_box, bottom_box, net_box))
    assert net.estimate == pytest.approx(top.estimate - bottom.estimate)
    t, b = (x >= 6).astype(float), (x <= 2).astype(float)
    covariance = np.cov(t, b)[0, 1] / 80
    assert net.se**2 == pytest.approx(top.se**2 + bottom.se**2 - 2 * covariance)
    with pytest.raises(InputError, match="overlap"):
        net_box(x, 1, 7, boxes=4)


def test_nps_of_known_shares():
    x = [10] * 30 + [9] * 20 + [8] * 10 + [7] * 15 + [6] * 5 + [0] * 20
    found = nps(x)
    assert found.estimate == pytest.approx(25)
    assert (found.promoters, found.passives, found.detractors) == pytest.approx((0.5, 0.25, 0.25))
    assert found.se == pytest.approx(100 * np.sqrt((0.5 + 0.25 - 0.25**2) / 99))
    assert nps(x, weights=np.full(100, 3.0)).se == pytest.approx(found.se)


def test_nps_is_of_zero_to_ten_alone():
    for low, high in ((1, 5), (1, 7), (0, 4), (1, 4)):
        answers = np.random.default_rng(1).integers(low, high + 1, 200)
        with pytest.raises(InputError, match=r"not 0–10.*scale=\(0, 10\)"):
            nps(answers)
        with pytest.raises(InputError, match="defined on 0–10"):
            nps(answers, scale=(low, high))
        with pytest.raises(InputError, match="ordered categories"):
            nps(pd.Categorical(answers, range(low, high + 1), ordered=True))
    assert nps([0, 3, 5, 7], scale=(0, 10)).estimate == -75
    assert nps(pd.Categorical([0, 3, 5, 7], range(11), ordered=True)).estimate == -75


def test_shares_refuse_what_is_no_answer():
    for bad, words in (([11, 5], "outside"), ([8.5, 9], "between"), ([np.nan, 9], "too few")):
        with pytest.raises(InputError, match=words):
            nps(bad)
    with pytest.warns(MeasureWarning, match="no width"):
        assert top_box([5, 5, 4], 1, 5).se == 0
    with pytest.raises(InputError, match="no such boxes"):
        top_box([1, 2], 1, 5, boxes=5)
