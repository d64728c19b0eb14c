"""Penalty–reward contrasts against statsmodels' regression and a simulation of known kinds."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import csi_lib
from csi_lib import InputError, MeasureWarning


def drivers(n=1500, seed=0):
    """Four drivers on 1–5: hygiene costs, delight gains, steady both, idle neither."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.integers(1, 6, (n, 4)), columns=["hygiene", "delight", "steady", "idle"])
    y = 5 - 1.5 * (x["hygiene"] <= 2) + 1.5 * (x["delight"] >= 5) - 1.0 * (x["steady"] <= 2) + 1.0 * (x["steady"] >= 5)
    return x, y + rng.normal(size=n)


@pytest.mark.parametrize("weighted", [False, True])
def test_regression_agrees_with_statsmodels(weighted):
    x, y = drivers(300)
    w = np.random.default_rng(1).uniform(0.5, 2, 300) if weighted else np.ones(300)
    result = csi_lib.penalty_reward(x, y, low=2, high=5, weights=w if weighted else None)
    design = sm.add_constant(
        pd.concat([(x <= 2).add_prefix("low_"), (x >= 5).add_prefix("high_")], axis=1).astype(float)
    )
    fit = sm.WLS(y, design, weights=w).fit(cov_type="HC3", use_t=True)
    frame = result.frame.set_index("item")
    for item in x:
        assert frame["penalty"][item] == pytest.approx(fit.params[f"low_{item}"], abs=1e-10)
        assert frame["reward"][item] == pytest.approx(fit.params[f"high_{item}"], abs=1e-10)
        assert frame["penalty_se"][item] == pytest.approx(fit.bse[f"low_{item}"], abs=1e-10)
        assert frame["reward_se"][item] == pytest.approx(fit.bse[f"high_{item}"], abs=1e-10)
        low, high = fit.conf_int().loc[f"low_{item}"]
        assert frame.loc[item, ["penalty_low", "penalty_high"]].tolist() == pytest.approx([low, high], abs=1e-9)
        contrast = fit.t_test(f"low_{item} + high_{item} = 0")
        assert frame["difference"][item] == pytest.approx(contrast.effect.item(), abs=1e-10)
        assert frame["p_value"][item] == pytest.approx(contrast.pvalue.item(), abs=1e-10)
    assert result.r_squared == pytest.approx(fit.rsquared, abs=1e-10)
    assert result.intercept == pytest.approx(fit.params["const"], abs=1e-10)


def test_known_kinds_are_recognised():
    frame = csi_lib.penalty_reward(*drivers(), low=2, high=5, ci=0.99).frame.set_index("item")
    assert frame["kind"].to_dict() == {
        "hygiene": "basic",
        "delight": "excitement",
        "steady": "performance",
        "idle": "neutral",
    }
    assert frame["penalty"]["hygiene"] == pytest.approx(-1.5, abs=0.2)
    assert frame["asymmetry"]["hygiene"] < -0.8
    assert abs(frame["asymmetry"]["steady"]) < 0.2


def test_bounds_by_item_and_missing_answers():
    x, y = drivers(400)
    holes = x.mask(np.random.default_rng(3).random(x.shape) < 0.03)
    result = csi_lib.penalty_reward(holes, y, low=dict.fromkeys(x, 2), high=dict.fromkeys(x, 5))
    whole = holes.notna().all(axis=1)
    plain = csi_lib.penalty_reward(x[whole], y[whole], low=2, high=5)
    assert np.allclose(result.frame["penalty"], plain.frame["penalty"])
    assert (result.n, result.n_dropped) == (whole.sum(), 400 - whole.sum())


def test_a_reversed_driver_is_pointed_out():
    x, y = drivers()
    with pytest.warns(MeasureWarning, match="steady.*reversed"):
        csi_lib.penalty_reward(x.assign(steady=6 - x["steady"]), y, low=1, high=4)


def test_what_is_refused():
    x, y = drivers(200)
    for match, call in {
        "below the high bound": lambda: csi_lib.penalty_reward(x, y, low=4, high=4),
        "too few rows rate the driver low.*hygiene": lambda: csi_lib.penalty_reward(
            x.assign(hygiene=x["hygiene"] + 2), y, low=2, high=5
        ),
        "same people": lambda: csi_lib.penalty_reward(x.assign(idle=x["steady"]), y, low=2, high=5),
        "no bound for a driver.*idle": lambda: csi_lib.penalty_reward(
            x, y, low={"hygiene": 1, "delight": 1, "steady": 1}, high=5
        ),
    }.items():
        with pytest.raises(InputError, match=match):
            call()
