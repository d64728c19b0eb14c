"""Comparisons against scipy and published tables; the interrupted series against simulated truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from csi_lib.chapters.before_after.compute import before_after, interrupted_series, paired_change, share_change
from csi_lib.errors import InputError


def test_welch_and_pairs_agree_with_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(70, 5, 30), rng.normal(73, 8, 40)
    welch = stats.ttest_ind(b, a, equal_var=False)
    out = before_after([*a, np.nan], b)
    assert (out.p_value, out.df) == pytest.approx((welch.pvalue, welch.df), rel=1e-10)
    assert (out.ci_low, out.ci_high) == pytest.approx(tuple(welch.confidence_interval()), rel=1e-10)
    pair = stats.ttest_rel(b[:30], a)
    assert paired_change(a, b[:30]).p_value == pytest.approx(pair.pvalue, rel=1e-10)
    assert paired_change([*a, 1], [*b[:30], np.nan]).n_before == 30


def test_newcombe_s_published_example():
    """Newcombe (1998), Statistics in Medicine 17:873, example (a), method 10: 56/70 − 48/80 = .2, interval .0524 to .3339."""
    out = share_change(48, 80, 56, 70)
    assert out.change == pytest.approx(0.2)
    assert (out.ci_low, out.ci_high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    table = np.array([[56, 14], [48, 32]])
    assert out.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-6)


def test_no_variance_is_said():
    with pytest.raises(InputError, match="nothing varies"):
        before_after([1, 1], [2, 2])
    with pytest.raises(InputError, match="same amount"):
        paired_change([1, 2, 3], [2, 3, 4])


def series(rng, level=5.0, slope=0.2, rho=0.3, n=48, change=24):
    t = np.arange(n)
    noise = np.zeros(n)
    shock = rng.normal(0, 1, n)
    for i in range(n):
        noise[i] = (rho * noise[i - 1] if i else 0) + shock[i]
    after = t >= change
    return 60 + 0.1 * t + level * after + slope * after * (t - change) + 3 * np.sin(2 * np.pi * t / 12) + noise


MONTHS = pd.period_range("2021-01", periods=48, freq="M").to_timestamp()


def test_series_without_noise_gives_the_truth_back():
    y = (
        series(np.random.default_rng(0)) * 0
        + 60
        + 0.1 * np.arange(48)
        + 5 * (np.arange(48) >= 24)
        + 3 * np.cos(2 * np.pi * np.arange(48) / 12)
    )
    y[5] = np.nan  # a month without a value is a gap in time, not a shift
    out = interrupted_series(MONTHS, y, "2023-01").effects.set_index("term")["estimate"]
    assert out.to_dict() == pytest.approx({"level": 5, "slope": 0, "trend": 0.1}, abs=1e-9)


def test_series_recovers_simulated_truth():
    """Three years and ρ = 0.4: with ρ taken for known, fewer than 91 % of the intervals hold the jump."""
    rng = np.random.default_rng(4)
    held, found, times = np.zeros(3), [], 300
    for _ in range(times):
        y = series(rng, rho=0.4, n=36, change=18)
        rows = interrupted_series(MONTHS[:36], y, "2022-07").effects.set_index("term")
        found.append(rows["estimate"])
        truth = np.array([5, 0.2, 0.1])
        held += (rows["ci_low"] <= truth) & (truth <= rows["ci_high"])
    assert np.mean(found, axis=0) == pytest.approx([5, 0.2, 0.1], abs=0.25)
    assert (held / times > 0.93).all()


def test_a_mere_trend_is_no_change():
    """A comparison of means calls the trend a change; the series does not."""
    rng = np.random.default_rng(6)
    y = 60 + 0.5 * np.arange(48) + rng.normal(0, 1, 48)
    assert before_after(y[:24], y[24:]).p_value < 1e-6
    assert interrupted_series(MONTHS, y, "2023-01").effects["p_value"].iloc[0] > 0.05


def test_short_series_are_refused():
    with pytest.raises(InputError, match="six months"):
        interrupted_series(MONTHS[:10], np.arange(10.0), "2021-03")
    with pytest.raises(InputError, match="too short to know its seasons"):
        interrupted_series(MONTHS[:20], np.arange(20.0), "2021-09")
    with pytest.raises(InputError, match="twice"):
        interrupted_series([*MONTHS, MONTHS[0]], np.arange(49.0), "2023-01")
