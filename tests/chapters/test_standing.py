"""Peer means, ranks with simultaneous bounds, portfolio and gains, against closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.evaluation.portfolio import quadrant_chances, quadrants
from csi_lib.evaluation.standing import agency_means, independent, peer_mean, ranks
from csi_lib.survey.estimates import results_frame


def wave(scores, se=1.0, types=None, df=200):
    rows = [
        {"study": "s", "agency": f"a{i}", "year": 2024, "measure": "csi", "statistic": "index", "estimate": v, "se": se,
         "df": df, "n": 400, "unit": "points"}
        for i, v in enumerate(scores)
    ]  # fmt: skip
    frame = results_frame(rows)
    return frame.assign(type=types or ["t"] * len(scores))


def test_a_peer_mean_leaves_the_agency_out():
    frame = peer_mean(wave([60, 70, 80, 90]), "a0", "csi", type="t").frame
    mean, gap = frame.iloc[0], frame.iloc[1]
    assert mean["estimate"] == pytest.approx(80)
    assert mean["se"] == pytest.approx(np.sqrt(3) / 3)
    assert gap["estimate"] == pytest.approx(-20)
    assert gap["se"] == pytest.approx(np.sqrt(1 + 1 / 3))
    assert mean["value_text"] == "3"


@pytest.mark.parametrize("scores", [[60], [60, 70], [60, 70, 80]])
def test_fewer_than_three_others_show_nothing(scores):
    assert len(peer_mean(wave(scores), "a0", "csi", type="t")) == 0


def test_a_suppressed_peer_does_not_enter_the_mean():
    frame = wave([60, 70, 80, 90, 100])
    frame.loc[4, ["estimate", "se", "n"]] = np.nan
    assert peer_mean(frame, "a0", "csi", type="t").frame.iloc[0]["estimate"] == pytest.approx(80)


def test_other_types_are_compared_with_other_types():
    frame = peer_mean(wave([60, 70, 80, 90], types=["t", "u", "u", "u"]), "a0", "csi", type="t", others=True).frame
    assert frame.iloc[0]["estimate"] == pytest.approx(80)


def test_clear_differences_give_exact_ranks_and_near_ones_a_range():
    found = ranks(wave([90, 80.1, 80.0, 50]), "csi")
    assert (found["a0"].rank, found["a0"].low, found["a0"].high) == (1, 1, 1)
    assert (found["a1"].low, found["a1"].high) == (2, 3)
    assert (found["a2"].low, found["a2"].high) == (2, 3)
    assert found["a3"].rank == 4


def test_equal_scores_share_the_rank():
    found = ranks(wave([70, 70, 60]), "csi")
    assert found["a0"].rank == found["a1"].rank == 1
    assert found["a0"].ties == 2


def test_simultaneous_rank_bounds_hold_the_true_ranks():
    rng = np.random.default_rng(7)
    truth = np.array([60, 61, 62, 63, 66, 70.0])
    order = {f"a{i}": int((truth > v).sum()) + 1 for i, v in enumerate(truth)}
    hit = 0
    for _ in range(300):
        found = ranks(wave(truth + rng.normal(0, 1, len(truth))), "csi")
        hit += all(found[a].low <= order[a] <= found[a].high for a in order)
    assert hit / 300 >= 0.94


def test_every_agency_counts_once_in_the_mean_of_a_round():
    frame = wave([60, 70, 80])
    frame["n"] = [1000, 10, 10]
    row = agency_means(frame, ["csi"]).frame.iloc[0]
    assert row["estimate"] == pytest.approx(70)
    assert row["se"] == pytest.approx(np.sqrt(3) / 3)
    assert row["n"] == 1020


def points(values):
    return results_frame(
        [
            {"measure": f"q{i}", "statistic": "mean", "estimate": v, "unit": "points", "n": 100}
            for i, v in enumerate(values)
        ]
    )


def test_quadrants_and_the_order_of_mending():
    found = quadrants(points([40, 90, 45, 85]), points([0.9, 0.8, 0.2, 0.1])).set_index("measure")
    assert list(found["quadrant"]) == ["concentrate", "keep", "low_priority", "overkill"]
    assert found.loc["q0", "priority"] == 1
    assert found.loc["q3", "priority"] == 4


def test_a_portfolio_of_one_item_is_refused():
    with pytest.raises(InputError, match="at least two"):
        quadrants(points([40]), points([0.5]))


def test_gains_are_the_derivative_of_the_index():
    """One more point in an item moves the index by its gain: compared with evaluating the model again."""
    import csi_lib
    from csi_lib.evaluation.portfolio import effective_weights
    from csi_lib.models.study_models import study_model

    survey = csi_lib.read_survey("example", "hanbit-fmc", 2024)
    model = study_model(csi_lib.load_study("example"), "local-corporation")
    estimates = model.evaluate(survey)
    gains = effective_weights(estimates, model).frame.set_index("measure")["estimate"]
    assert gains.sum() == pytest.approx(1)
    assert gains["all_ideal"] == pytest.approx(0.30 / 3)
    assert gains["env_safe"] == pytest.approx(0.10 / 3)
    assert isinstance(gains, pd.Series)


# ---------------------------------------------------------------------- how sure a quadrant is
def _measured(values, se, statistic):
    """Independent estimates with known standard errors."""
    frame = results_frame(
        pd.DataFrame(
            {
                "agency": [f"{statistic}{i}" for i in range(len(values))],
                "year": 2024,
                "measure": [f"m{i}" for i in range(len(values))],
                "statistic": statistic,
                "estimate": values,
                "se": se,
                "df": 1e6,
                "n": 100,
                "unit": "points",
            }
        )
    )
    return independent(frame)


def test_the_chance_of_a_quadrant_is_the_product_of_two_normal_tails():
    from scipy.stats import norm

    found = quadrant_chances(
        _measured([62.0, 50.0], [4.0, 3.0], "mean"), _measured([0.4, 0.55], [0.1, 0.2], "gain"),
        crosshair=(60.0, 0.5), draws=40_000,
    ).set_index("measure")  # fmt: skip
    right, high = norm.cdf((62 - 60) / 4), norm.cdf((0.4 - 0.5) / 0.1)
    assert found.loc["m0", "overkill"] == pytest.approx(right * (1 - high), abs=0.01)
    assert found.loc["m0", "concentrate"] == pytest.approx((1 - right) * high, abs=0.01)
    assert found.loc["m0", ["keep", "concentrate", "low_priority", "overkill"]].sum() == pytest.approx(1)
    assert found.loc["m0", "quadrant"] == "overkill"
    assert found.loc["m0", "chance"] == found.loc["m0", "overkill"]


def test_with_the_means_as_crosshair_the_lines_move_with_the_points():
    """Of two items one is left of the mean when it is left of the other: Φ of the difference."""
    from scipy.stats import norm

    found = quadrant_chances(
        _measured([60.0, 64.0], [3.0, 4.0], "mean"), _measured([0.4, 0.2], [1e-9, 1e-9], "gain"), draws=40_000
    ).set_index("measure")
    assert found.loc["m0", "concentrate"] == pytest.approx(norm.cdf(4 / 5), abs=0.01)
    assert found.loc["m0", "priority"] == 1


def test_points_far_apart_keep_their_place():
    found = quadrant_chances(
        _measured([40.0, 90.0, 45.0, 85.0], [0.1] * 4, "mean"), _measured([0.9, 0.8, 0.2, 0.1], [0.001] * 4, "gain")
    )
    assert (found["chance"] == 1).all()
    assert (found["priority_low"] == found["priority_high"]).all()
    assert (found["covariance"] == 0).all()
