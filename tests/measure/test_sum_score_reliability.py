"""Omega, split halves and Guttman's lambdas against psych, and their identities."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csi_lib import InputError, MeasureWarning, cronbach_alpha, guttman_lambda, mcdonald_omega, split_half
from csi_lib.measure import split_half as split_half_module
from csi_lib.measure.split_half import best_split, equal_halves


def _uses(oracle, scale_data):
    for name, entry in oracle("reliability")["scales"].items():
        for use in ("complete", "pairwise", "listwise"):
            if use in entry:
                missing = "pairwise" if use == "pairwise" else "listwise"
                yield f"{name} {use}", scale_data(entry), missing, entry[use]


def _one_factor(seed=0, n=300, loadings=(0.8, 0.7, 0.6, 0.5, 0.7)):
    rng, a = np.random.default_rng(seed), np.array(loadings)
    return rng.normal(size=(n, 1)) * a + rng.normal(size=(n, len(a))) * np.sqrt(1 - a**2)


def test_guttman_lambdas_agree_with_base_r(oracle, scale_data):
    for name, data, missing, r in _uses(oracle, scale_data):
        for scale, key in (("covariance", "cov"), ("correlation", "cor")):
            found = guttman_lambda(data, scale=scale, missing=missing)
            for i in (1, 2, 3, 5, 6):
                expected = r[f"guttman_{key}"][f"lambda{i}"]
                assert getattr(found, f"lambda{i}") == pytest.approx(expected, abs=1e-10), (name, i)
            if splits := r.get(f"guttman_lambda4_equal_splits_{key}"):
                assert found.lambda4 == pytest.approx(splits["max"], abs=1e-10), name
                assert found.lambda4_exact


def test_all_splits_agree_with_base_r(oracle, scale_data):
    for name, data, missing, r in _uses(oracle, scale_data):
        if reference := r.get("guttman_lambda4_equal_splits_cov"):
            found = split_half(data, method="all", missing=missing)
            got = [
                found.splits["guttman"].max(),
                found.splits["guttman"].min(),
                found.guttman,
                len(found.splits),
            ]
            expected = [reference[key] for key in ("max", "min", "mean", "n")]
            np.testing.assert_allclose(got, expected, atol=1e-10, err_msg=name)


def test_single_splits_agree_with_base_r(oracle, scale_data):
    compared = 0
    for name, data, missing, r in _uses(oracle, scale_data):
        for method in ("odd-even", "first-second"):
            if reference := r.get(method.replace("-", "_")):
                found, compared = split_half(data, method=method, missing=missing), compared + 1
                got = [found.r, found.spearman_brown, found.guttman]
                expected = [reference[key] for key in ("r", "spearman_brown", "guttman_split")]
                np.testing.assert_allclose(got, expected, atol=1e-10, err_msg=f"{name} {method}")
    assert compared > 20


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_omega_agrees_with_psych(oracle, scale_data):
    compared = 0
    for name, data, missing, r in _uses(oracle, scale_data):
        reference = r.get("omega_1factor_minres", {})
        if "omega_total" in reference:
            found, compared = mcdonald_omega(data, missing=missing), compared + 1
            assert found.omega == pytest.approx(reference["omega_total"], abs=1e-5), name
            np.testing.assert_allclose(
                found.loadings["g"].abs(), np.abs(list(reference["loadings"].values())), atol=2e-5
            )
        for method in ("minres", "ml", "pa"):
            reference = r.get(f"omega_fa1_cor_{method}", {})
            if "omega_total" in reference:
                options = {"method": method.replace("pa", "paf"), "variance": "implied"}
                found = mcdonald_omega(data, missing=missing, **options)
                assert found.omega == pytest.approx(reference["omega_total"], abs=1e-5), (name, method)
    assert compared >= 20


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_hierarchical_omega_agrees_with_psych(oracle, scale_data):
    for name, data, missing, r in _uses(oracle, scale_data):
        reference = r.get("omega_h_3f_minres_oblimin", {})
        if "omega_h" in reference:
            found = mcdonald_omega(data, factors=3, missing=missing)
            got = [found.hierarchical, found.limit, found.omega]
            expected = [reference[key] for key in ("omega_h", "omega_lim", "omega_total")]
            np.testing.assert_allclose(got, expected, atol=1e-5, err_msg=name)
            general = [row["g"] for row in reference["sl"].values()]
            np.testing.assert_allclose(found.loadings["g"], general, atol=2e-5, err_msg=name)


def test_omega_recovers_the_reliability_of_a_simulated_scale():
    a = np.array([0.8, 0.7, 0.6, 0.5, 0.7])
    truth = a.sum() ** 2 / (a.sum() ** 2 + (1 - a**2).sum())
    found = mcdonald_omega(_one_factor(n=100_000))
    assert found.omega == pytest.approx(truth, abs=0.003)
    assert found.hierarchical is None
    assert cronbach_alpha(_one_factor(n=100_000)).alpha < found.omega


def test_omega_hierarchical_recovers_a_bifactor_truth():
    """Three groups of four items; general loadings .6, group loadings .5 (Schmid–Leiman holds)."""
    rng, n = np.random.default_rng(0), 60_000
    general, groups = rng.normal(size=(n, 1)), np.repeat(rng.normal(size=(n, 3)), 4, axis=1)
    unique = 1 - 0.6**2 - 0.5**2
    x = 0.6 * general + 0.5 * groups + np.sqrt(unique) * rng.normal(size=(n, 12))
    total = (12 * 0.6) ** 2 + 3 * (4 * 0.5) ** 2 + 12 * unique
    found = mcdonald_omega(x, factors=3)
    assert found.hierarchical == pytest.approx((12 * 0.6) ** 2 / total, abs=0.01)
    assert found.omega == pytest.approx(1 - 12 * unique / total, abs=0.005)


def test_bootstrap_interval_of_omega_holds_the_estimate_and_repeats():
    x = _one_factor(n=200)
    options = {"ci_method": "bootstrap", "n_boot": 100, "seed": 3}
    a, b = mcdonald_omega(x, **options), mcdonald_omega(x, **options)
    assert (a.ci_low, a.ci_high) == (b.ci_low, b.ci_high)
    assert a.ci_low < a.omega < a.ci_high
    assert 0.02 < a.ci_high - a.ci_low < 0.15


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), k=st.sampled_from([2, 4, 6, 8]))
def test_alpha_is_the_mean_of_all_split_halves(seed, k):
    x = np.random.default_rng(seed).normal(size=(40, k)) + np.random.default_rng(seed + 1).normal(size=(40, 1))
    found = split_half(x, method="all")
    alpha = cronbach_alpha(x).alpha
    assert found.guttman == pytest.approx(alpha, abs=1e-10)
    bounds = guttman_lambda(x)
    assert bounds.lambda3 == pytest.approx(alpha, abs=1e-10)
    assert bounds.lambda2 >= bounds.lambda3 - 1e-12
    assert bounds.lambda4 >= alpha - 1e-12
    assert set(bounds.half) <= {f"item{i + 1}" for i in range(k)}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999), data=st.data())
def test_order_and_scale_of_items_leave_omega_and_lambdas_alone(seed, data):
    x = _one_factor(seed, n=120)
    order = list(data.draw(st.permutations(range(5))))
    a, b = mcdonald_omega(x), mcdonald_omega(10 * x[:, order] - 3)
    assert b.omega == pytest.approx(a.omega, abs=1e-5)
    for name in ("lambda2", "lambda4", "lambda5", "lambda6"):
        c, d = guttman_lambda(x), guttman_lambda(10 * x[:, order] - 3)
        assert getattr(d, name) == pytest.approx(getattr(c, name), abs=1e-9)


def test_duplicated_respondents_at_half_weight_change_nothing():
    x = _one_factor(n=80)
    w = np.random.default_rng(2).uniform(0.5, 2, 80)
    twice, half = np.vstack([x, x]), np.concatenate([w, w]) / 2
    for statistic, name in ((mcdonald_omega, "omega"), (split_half, "r"), (guttman_lambda, "lambda2")):
        once = getattr(statistic(x, weights=w), name)
        assert getattr(statistic(twice, weights=half), name) == pytest.approx(once, abs=1e-9)


def test_the_search_for_the_best_split_finds_what_all_splits_find(monkeypatch):
    matrix = np.cov(_one_factor(5, loadings=np.linspace(0.3, 0.9, 12)).T)
    exact = best_split(matrix, 1)
    monkeypatch.setattr(split_half_module, "_ALL", 4)
    searched = best_split(matrix, 1)
    assert exact[2]
    assert not searched[2]
    assert searched[1] == pytest.approx(exact[1], abs=1e-12)


def test_every_equal_split_is_listed_once():
    for k, number in ((2, 1), (3, 3), (4, 3), (5, 10), (6, 10), (8, 35)):
        halves = equal_halves(k)
        assert len(halves) == number
        distinct = {frozenset((tuple(h), tuple(~h))) for h in halves}
        assert len(distinct) == number


def test_two_items_have_one_split_and_no_omega():
    x = _one_factor(loadings=(0.7, 0.7))
    assert split_half(x).guttman == pytest.approx(cronbach_alpha(x).alpha)
    with pytest.raises(InputError, match="too few items"):
        mcdonald_omega(x)


def test_interval_of_a_split_half_is_fishers():
    x = _one_factor(n=103)
    found = split_half(x)
    z = np.arctanh(found.r) - 1.959963984540054 / 10
    assert found.ci_low == pytest.approx(2 * np.tanh(z) / (1 + np.tanh(z)))
    assert split_half(x, method="random", draws=20).ci_low is None


def test_bad_scales_are_refused_in_words():
    x = pd.DataFrame(_one_factor(n=40), columns=list("abcde"))
    for statistic in (mcdonald_omega, guttman_lambda):
        with pytest.raises(InputError, match="no variance in 'c'"):
            statistic(x.assign(c=1.0))
        with pytest.raises(InputError, match=r"singular.*'[ab]', '[ab]'"):
            statistic(x.assign(b=x["a"]))
        with pytest.raises(InputError, match="fewer respondents than items"):
            statistic(x.iloc[:4])
    with pytest.raises(InputError, match="too many splits"):
        split_half(np.random.default_rng(0).normal(size=(50, 20)), method="all")
    with pytest.raises(InputError, match="no variance in 'c'"):
        split_half(x.assign(c=1.0))
    with pytest.warns(MeasureWarning, match="respondents for"):
        assert split_half(x.iloc[:3]).ci_low == -np.inf
    with pytest.warns(MeasureWarning, match="Two factors"):
        mcdonald_omega(np.hstack([_one_factor(1), _one_factor(2)]), factors=2)
