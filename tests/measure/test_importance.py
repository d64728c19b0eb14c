"""Importance of drivers against relaimpo, rwa, ppcor and lm."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import csi_lib
from csi_lib import InputError, MeasureWarning
from csi_lib.measure.relative_importance import MEASURES, subset_r_squared

EXACT = 1e-10
RELAIMPO = ("lmg", "first", "last", "betasq", "pratt", "genizi", "car")


@pytest.fixture(scope="module")
def reference(oracle):
    return oracle("drivers")


@pytest.fixture(scope="module")
def bank(shared):
    return pd.read_csv(shared / "data/ecsi_bank/satisfaction.csv")


@pytest.fixture(scope="module")
def composites(bank):
    prefixes = {"IMAG": "imag", "EXPE": "expe", "QUAL": "qual", "VAL": "val", "SAT": "sat"}
    return pd.DataFrame({name: bank.filter(regex=f"^{p}").mean(axis=1) for name, p in prefixes.items()})


@pytest.fixture
def cases(bank, composites):
    drivers = [f"qual{i}" for i in range(1, 6)] + [f"val{i}" for i in range(1, 5)]
    return {
        "satisfaction_composites": (composites.drop(columns="SAT"), composites["SAT"]),
        "satisfaction_items": (bank[drivers], bank["sat1"]),
    }


def estimates(*args, **options):
    return csi_lib.importance(*args, n_boot=20, **options).frame.set_index("item")["estimate"]


def near(actual, expected, tolerance=EXACT):
    for key, value in expected.items():
        assert actual[key] == pytest.approx(value, abs=tolerance), key


@pytest.mark.parametrize("case", ["satisfaction_composites", "satisfaction_items"])
def test_all_measures(cases, reference, case):
    data, ref = cases[case], reference[case]
    near(estimates(*data), ref["cor_with_y"])
    near(estimates(*data, method="partial"), ref["partial_cor"])
    near(estimates(*data, method="semipartial"), ref["semipartial_cor"])
    near(estimates(*data, method="beta"), ref["std_beta"])
    near(estimates(*data, method="johnson"), ref["johnson"]["raw"])
    near(estimates(*data, method="johnson", share=True), ref["johnson"]["rescaled"])
    for method in RELAIMPO:
        near(estimates(*data, method=method), ref["relimp"][method])
        if min(ref["relimp"][method].values()) >= 0:
            near(estimates(*data, method=method, share=True), ref["relimp_rela"][method])
    result = csi_lib.importance(*data, method="beta")
    near(result.vif.set_index("item")["estimate"], ref["vif"])
    assert result.r_squared == pytest.approx(ref["r2"], abs=EXACT)


def test_closed_intervals(composites, reference):
    row = csi_lib.importance(composites, "SAT").frame.set_index("item").loc["QUAL"]
    ref = reference["cor_SAT_QUAL"]
    assert row.tolist() == pytest.approx([ref["r"], ref["lower"], ref["upper"]], abs=EXACT)
    ref = reference["satisfaction_composites"]
    beta = csi_lib.importance(composites, "SAT", method="beta").frame.set_index("item")
    quantile = stats.t.ppf(0.975, 250 - 5)
    for item, se in ref["std_beta_se"].items():
        assert beta["ci_high"][item] - beta["estimate"][item] == pytest.approx(quantile * se, abs=EXACT)
    partial = csi_lib.importance(composites, "SAT", method="partial").frame.set_index("item").loc["VAL"]
    r = ref["partial_cor"]["VAL"]
    expected = np.tanh(np.arctanh(r) + np.array([-1, 1]) * stats.norm.ppf(0.975) / np.sqrt(250 - 3 - 3))
    assert partial[["ci_low", "ci_high"]].tolist() == pytest.approx(expected.tolist(), abs=EXACT)


def test_bootstrap_interval_of_lmg(composites, reference):
    """relaimpo's percentile limits, itself 1,000 samples of another random stream."""
    ref = reference["lmg_boot1000"]
    for ci_method in ("percentile", "bca"):
        result = csi_lib.importance(composites, "SAT", method="lmg", ci_method=ci_method, n_boot=4000, seed=2)
        for row in result.frame.itertuples():
            assert row.ci_low == pytest.approx(ref["lower"][row.item], abs=0.5 * ref["se"][row.item])
            assert row.ci_high == pytest.approx(ref["upper"][row.item], abs=0.5 * ref["se"][row.item])
        assert np.allclose(result.replicates.std(axis=0), list(ref["se"].values()), rtol=0.1)


def test_weights(shared, reference):
    api = pd.read_csv(shared / "data/statistics/survey_apistrat.csv")
    data, ref = (api[["ell", "meals", "mobility", "col.grad"]], api["api00"]), reference["api_weighted"]
    for method in ("lmg", "first", "last"):
        near(estimates(*data, method=method, weights=api["pw"]), ref["relimp_lm_weighted"][method])
    near(estimates(*data, method="johnson", weights=api["pw"]), ref["johnson_weighted"]["raw"])


@pytest.mark.parametrize("method", MEASURES)
def test_two_copies_of_half_weight(composites, method):
    w = np.random.default_rng(1).uniform(0.5, 2, 250)
    once = estimates(composites, "SAT", method=method, weights=w)
    twice = estimates(pd.concat([composites] * 2), "SAT", method=method, weights=np.r_[w, w] / 2)
    near(twice, once)


@pytest.mark.parametrize("method", MEASURES)
def test_order_and_units_do_not_matter(composites, method):
    straight = estimates(composites, "SAT", method=method)
    turned = composites[::-1][["VAL", "SAT", "EXPE", "IMAG", "QUAL"]] * [3.0, 0.1, 2.0, 1.0, 7.0] + 4
    near(estimates(turned, "SAT", method=method), straight)


@pytest.mark.parametrize("method", ["lmg", "johnson", "pratt", "car"])
def test_parts_add_up_to_r_squared(composites, method):
    result = csi_lib.importance(composites, "SAT", method=method, n_boot=20)
    assert result["estimate"].sum() == pytest.approx(result.r_squared, abs=EXACT)


def test_lmg_is_the_average_over_orders():
    """Against the definition: every order of four drivers, every regression by least squares."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(90, 4)) @ rng.normal(size=(4, 4))
    y = x @ [1.0, 0.5, 0.0, -0.7] + 2 * rng.normal(size=90)

    def r_squared(chosen):
        design = np.column_stack([np.ones(90), x[:, list(chosen)]])
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return 1 - residual @ residual / ((y - y.mean()) ** 2).sum()

    gains = np.zeros(4)
    for order in permutations(range(4)):
        for place, driver in enumerate(order):
            gains[driver] += (r_squared(order[: place + 1]) - r_squared(order[:place])) / 24
    assert estimates(x, y, method="lmg", vif_limit=100).tolist() == pytest.approx(gains.tolist(), abs=EXACT)
    R = np.corrcoef(np.column_stack([x, y]), rowvar=False)
    assert subset_r_squared(R[None])[0b1011, 0] == pytest.approx(r_squared((0, 1, 3)), abs=EXACT)


def test_uncorrelated_drivers_share_by_squared_correlation():
    rng = np.random.default_rng(7)
    x, _ = np.linalg.qr(rng.normal(size=(60, 5)) - 0)
    x = np.linalg.qr(x - x.mean(axis=0))[0]
    x -= x.mean(axis=0)
    y = x @ [3, 2, 1, 0.5, 0.1] + 0.2 * rng.normal(size=60)
    squared = [np.corrcoef(column, y)[0, 1] ** 2 for column in x.T]
    for method in ("lmg", "johnson", "last", "betasq", "pratt", "car"):
        assert estimates(x, y, method=method).tolist() == pytest.approx(squared, abs=1e-9)


def test_intervals_cover_the_truth():
    """95 % intervals of LMG shares: 100 samples of two drivers whose shares are known."""
    rng = np.random.default_rng(9)
    covered = []
    for _ in range(100):
        x = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 200)
        y = x @ [1, 0.5] + rng.normal(size=200)
        variance = 1 + 0.25 + 2 * 0.5 * 0.5 + 1
        r = np.array([1.25, 1.0]) / np.sqrt(variance)
        whole = (r @ np.linalg.solve([[1, 0.5], [0.5, 1]], r)).item()
        truth = (r**2 + whole - r[::-1] ** 2) / 2
        frame = csi_lib.importance(x, y, method="lmg", n_boot=200).frame
        covered += ((frame["ci_low"] <= truth) & (truth <= frame["ci_high"])).tolist()
    assert 0.88 < np.mean(covered) < 0.99


def test_missing_answers(composites):
    holes = composites.mask(np.random.default_rng(2).random(composites.shape) < 0.05)
    listwise = csi_lib.importance(holes, "SAT", method="lmg", n_boot=20)
    near(estimates(holes.dropna(), "SAT", method="lmg"), listwise.frame.set_index("item")["estimate"])
    assert listwise.n + listwise.n_dropped == 250
    near(
        estimates(holes.fillna(holes.mean()), "SAT", method="lmg"),
        estimates(holes, "SAT", method="lmg", missing="mean"),
    )


def test_the_result_reads_like_its_frame(composites):
    result = csi_lib.importance(composites, "SAT")
    assert list(result["item"]) == ["IMAG", "EXPE", "QUAL", "VAL"]
    assert result.set_index("item")["estimate"]["VAL"] == pytest.approx(composites["VAL"].corr(composites["SAT"]))
    assert list(result.frame.columns) == ["item", "estimate", "ci_low", "ci_high"]
    assert len(result) == 4


def test_collinear_drivers(composites):
    near_copy = composites.assign(QUAL2=composites["QUAL"] + 0.01 * np.random.default_rng(0).normal(size=250))
    with pytest.warns(MeasureWarning, match=r"overlap .*QUAL .*QUAL2"):
        csi_lib.importance(near_copy, "SAT", method="lmg", n_boot=20)
    csi_lib.importance(near_copy, "SAT")  # a plain correlation does not mind
    copy = composites.assign(QUAL2=2 * composites["QUAL"])
    with pytest.raises(InputError, match=r"determine each other exactly.*QUAL, QUAL2"):
        csi_lib.importance(copy, "SAT", method="johnson")
    both = estimates(copy, "SAT")
    assert both["QUAL"] == pytest.approx(both["QUAL2"], abs=EXACT)


def test_what_is_refused(composites, cases):
    drivers, outcome = cases["satisfaction_composites"]
    for match, call in {
        "Did you mean 'lmg'": lambda: csi_lib.importance(drivers, outcome, method="lgm"),
        "Did you mean 'SAT'": lambda: csi_lib.importance(composites, "SATI"),
        "same answer.*SAT": lambda: csi_lib.importance(drivers, outcome * 0 + 3),
        "same answer.*EXPE": lambda: csi_lib.importance(drivers.assign(EXPE=1), outcome),
        "EXPE.*text": lambda: csi_lib.importance(drivers.assign(EXPE="a"), outcome),
        "outcome.*found text": lambda: csi_lib.importance(drivers, outcome.astype(str)),
        "one value per row": lambda: csi_lib.importance(drivers, outcome.to_numpy()[:9]),
        "other rows": lambda: csi_lib.importance(drivers, outcome.rename(lambda i: i + 7)),
        "fewer rows than the drivers need": lambda: csi_lib.importance(drivers.head(5), outcome.head(5), method="lmg"),
        "too many drivers": lambda: csi_lib.importance(
            np.random.default_rng(0).normal(size=(250, 21)), outcome, method="lmg"
        ),
        "no interval in closed form": lambda: csi_lib.importance(drivers, outcome, method="lmg", ci_method="analytic"),
        "kind of interval": lambda: csi_lib.importance(drivers, outcome, ci_method="t"),
        "infinite": lambda: csi_lib.importance(drivers.replace(drivers.iloc[0, 0], np.inf), outcome),
        "taken for a driver": lambda: csi_lib.importance(drivers, outcome, weights="VAL"),
    }.items():
        with pytest.raises(InputError, match=match):
            call()


def test_doubtful_results_warn(composites):
    with pytest.warns(MeasureWarning, match="R² = 1"):
        csi_lib.importance(composites.assign(Z=composites.sum(axis=1)), "Z", method="lmg", n_boot=20)
    noise = composites.assign(N=-composites["VAL"] + 3 * np.random.default_rng(0).normal(size=250))
    with pytest.warns(MeasureWarning, match="both signs"):
        csi_lib.importance(noise, "SAT", method="beta", share=True, n_boot=20)


def test_stated_importance():
    picks = pd.DataFrame({"speed": [1, 1, 0, 1], "tone": [0, 1, 1, 0], "place": [0, 0, 0, 1]})
    result = csi_lib.stated_importance(picks)
    assert result["estimate"].tolist() == [0.75, 0.5, 0.25]
    wilson = stats.binomtest(3, 4).proportion_ci(method="wilson")
    assert result.frame.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(list(wilson), abs=1e-12)
    assert csi_lib.stated_importance(picks, of="picks")["estimate"].tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    named = pd.DataFrame({"first": ["speed", "tone", "tone", "place"], "second": [None, "speed", None, "speed"]})
    by_name = csi_lib.stated_importance(named).set_index("item")["estimate"]
    assert by_name.to_dict() == {"place": 0.25, "speed": 0.75, "tone": 0.5}
    weighted = csi_lib.stated_importance(picks, weights=[2, 1, 0, 1])
    assert weighted["estimate"].tolist() == pytest.approx([1, 0.25, 0.25])
    assert weighted.n == 3


def test_stated_importance_interval_of_a_share_of_picks():
    """Standard error of the ratio by the jackknife, over 400 people."""
    rng = np.random.default_rng(4)
    picks = pd.DataFrame(rng.random((400, 3)) < [0.6, 0.3, 0.1], columns=list("abc")).astype(int)
    result = csi_lib.stated_importance(picks, of="picks")
    total = picks.sum()
    left = (total - picks).div((total - picks).sum(axis=1), axis=0)
    se = np.sqrt(399 / 400 * ((left - left.mean()) ** 2).sum())
    assert ((result["ci_high"] - result["estimate"]) / 1.959964).tolist() == pytest.approx(se.tolist(), rel=0.01)


def test_stated_importance_refuses():
    for match, picks in {
        "0 or 1": pd.DataFrame({"a": [1, 2]}),
        "nobody answered": pd.DataFrame({"a": [np.nan, np.nan]}),
        "all 0/1 columns": pd.DataFrame({"a": [1, 0], "b": ["x", "y"]}),
    }.items():
        with pytest.raises(InputError, match=match):
            csi_lib.stated_importance(picks)
