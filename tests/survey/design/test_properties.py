"""Laws every design must obey, and closed forms."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.estimation import DomainStatistic, Item

SEEDS = st.integers(0, 2**31)


def survey(seed, n=120):
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 4, n)
    return pd.DataFrame({
        "y": np.where(rng.random(n) < 0.1, np.nan, rng.normal(60, 12, n)),
        "x": rng.gamma(3, 4, n),
        "stratum": stratum,
        "psu": stratum * 10 + rng.integers(0, 5, n),
        "g": rng.choice(list("abc"), n),
        "w": rng.uniform(0.5, 4, n) * 30,
    })  # fmt: skip


def design(frame, **options):
    return SurveyDesign(frame, **{"weights": "w", "strata": "stratum", "clusters": "psu", "lonely": "adjust"} | options)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.01, 100))
def test_means_do_not_depend_on_the_scale_of_weights(seed, scale):
    frame = survey(seed)
    one = design(frame).mean(["y", "x"], "g")
    other = design(frame, weights=frame["w"] * scale).mean(["y", "x"], "g")
    for column in ("estimate", "se", "deff", "df", "ci_low"):
        np.testing.assert_allclose(one[column], other[column], rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_order_of_rows_does_not_matter(seed):
    frame = survey(seed)
    mixed = frame.sample(frac=1, random_state=seed % 1000)
    pd.testing.assert_frame_equal(design(frame).mean(["y", "x"], "g"), design(mixed).mean(["y", "x"], "g"), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_rows_as_units_equal_no_clusters(seed):
    frame = survey(seed)
    rows = design(frame, clusters=np.arange(len(frame)))
    pd.testing.assert_frame_equal(rows.mean("y", "g"), design(frame, clusters=None).mean("y", "g"), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_all_roads_to_a_variance_agree(seed):
    """Fast partition, dense and sparse linearised values, diagonal of the covariance."""
    frame = survey(seed)
    d = design(frame)
    statistic = DomainStatistic([Item("y", lambda: d.numeric("y"), d._ones)], d.domains("g"))
    z = statistic.influence(d.weights)
    fast = d.mean("y", "g")["se"] ** 2
    for other in (
        d.variance(z),
        d.variance(z.toarray()),
        np.diag(d.covariance(z)),
        np.diag(d.covariance(z.toarray())),
    ):
        np.testing.assert_allclose(other, fast, rtol=1e-9)
    np.testing.assert_allclose(d.covariance(z), d.covariance(z.toarray()), rtol=1e-8, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_a_missing_item_is_a_domain(seed):
    frame = survey(seed)
    d = design(frame)
    whole, domain = d.mean("y"), d.subset(frame["y"].notna()).mean("y")
    for column in ("estimate", "se", "deff", "n"):
        np.testing.assert_allclose(whole[column], domain[column], rtol=1e-10)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_group_totals_add_up_with_their_covariance(seed):
    frame = survey(seed)
    d = design(frame)
    statistic = DomainStatistic([Item("x", lambda: d.numeric("x"))], d.domains("g"))
    total = d.total("x")
    assert statistic.estimate(d.weights).sum() == pytest.approx(total["estimate"][0])
    if not d.stages[0].lonely.any():
        assert d.covariance_of(statistic).sum() == pytest.approx(total["se"][0] ** 2)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_jackknife_of_a_total_is_its_linearised_error(seed):
    frame = survey(seed)
    frame = frame[frame.groupby("stratum")["psu"].transform("nunique") > 1]
    d = design(frame, lonely="fail")
    assert d.replicates("JKn").total("x")["se"][0] == pytest.approx(d.total("x")["se"][0], rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_groups_in_a_domain_are_cells_of_the_cross(seed):
    frame = survey(seed).assign(h=lambda f: np.where(f["x"] > 11, "high", "low"))
    d = design(frame)
    cross = d.mean("y", ["h", "g"])
    cross = cross[cross["h"] == "high"].drop(columns="h").reset_index(drop=True)
    pd.testing.assert_frame_equal(d.subset(frame["h"] == "high").mean("y", "g"), cross, rtol=1e-9)


def test_simple_random_sampling_is_the_textbook_mean():
    y = np.random.default_rng(0).normal(size=50)
    row = SurveyDesign({"y": y}).mean("y").iloc[0]
    low, high = stats.t.interval(0.95, 49, y.mean(), stats.sem(y))
    assert row["se"] == pytest.approx(stats.sem(y))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    assert row["deff"] == pytest.approx(1)


def test_stratified_mean_is_the_textbook_sum():
    rng = np.random.default_rng(1)
    size = {"a": 900, "b": 100}
    frame = pd.DataFrame({"s": ["a"] * 30 + ["b"] * 20, "y": rng.normal(size=50)})
    frame["N"] = frame["s"].map(size)
    row = SurveyDesign(frame, strata="s", fpc="N").mean("y").iloc[0]
    parts = [
        (size[s] / 1000, g["y"].mean(), g["y"].var() / len(g) * (1 - len(g) / size[s])) for s, g in frame.groupby("s")
    ]
    assert row["estimate"] == pytest.approx(sum(w * m for w, m, _ in parts))
    assert row["se"] == pytest.approx(np.sqrt(sum(w**2 * v for w, _, v in parts)))


def test_two_stage_variance_is_the_textbook_sum():
    """Cochran (1977), eq. 11.24 for equal sizes: (1 − f1) s1²/n + f1 (1 − f2) s2²/(n m)."""
    rng = np.random.default_rng(2)
    n, m, clusters, members = 8, 5, 40, 20
    y = rng.normal(size=(n, 1)) + rng.normal(size=(n, m))
    frame = pd.DataFrame(
        {"y": y.ravel(), "c": np.repeat(np.arange(n), m), "i": np.arange(n * m), "N": clusters, "M": members}
    )
    se = SurveyDesign(frame, clusters=["c", "i"], fpc=["N", "M"]).mean("y")["se"][0]
    f1, f2 = n / clusters, m / members
    want = (1 - f1) * y.mean(1).var(ddof=1) / n + f1 * (1 - f2) * y.var(1, ddof=1).mean() / (n * m)
    assert se == pytest.approx(np.sqrt(want))


def test_a_share_by_group_is_the_mean_of_its_indicator():
    frame = survey(7).assign(high=lambda f: (f["x"] > 12).astype(float))
    d = design(frame)
    share, mean = d.proportion("high", "g", method="mean"), d.mean("high", "g")
    for column in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(share[column], mean[column])
    assert (d.proportion("high", "g")["ci_low"] > 0).all()


def test_memory_lean_variance_of_many_columns():
    rng = np.random.default_rng(3)
    n, k = 4000, 500
    code = rng.integers(0, k, n)
    z = sparse.csc_matrix((rng.normal(size=n), (np.arange(n), code)), (n, k))
    d = SurveyDesign({"y": np.ones(n)}, strata=rng.integers(0, 20, n), clusters=rng.integers(0, 30, n))
    np.testing.assert_allclose(d.variance(z), np.diag(d.covariance(z)), rtol=1e-9)
    np.testing.assert_allclose(d.variance(z), d.variance(z.toarray()), rtol=1e-9)


def test_differences_of_nested_groups_use_their_covariance():
    """An agency against the whole: Var(a − all) from the overlap, checked by the difference written as one
    mean."""
    frame = survey(11).dropna()
    d = design(frame)
    inside = (frame["g"] == "a").to_numpy()
    (a, za), (whole, zw) = d.mean_influence(frame["x"], inside), d.mean_influence(frame["x"])
    share = frame.loc[inside, "w"].sum() / frame["w"].sum()
    (rest, zr) = d.mean_influence(frame["x"], ~inside)
    v = d.covariance(np.column_stack([za, zw]))
    assert a - whole == pytest.approx((1 - share) * (a - rest))
    zs = d.mean_influence(inside.astype(float))[1]
    direct = d.variance((1 - share) * (za - zr) - (a - rest) * zs)[0]
    assert v[0, 0] + v[1, 1] - 2 * v[0, 1] == pytest.approx(direct, rel=1e-8)
