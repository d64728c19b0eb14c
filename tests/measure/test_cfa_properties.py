"""CFA: what must hold whatever the data, and what must be said when they are bad."""

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib import InputError, MeasureWarning
from csi_lib.measure import cfa_ml, cfa_model, cfa_start, model_syntax

MODEL = "F =~ a1 + a2 + a3 + a4\nG =~ b1 + b2 + b3 + b4"
ITEMS = [f"{f}{k}" for f in "ab" for k in range(1, 5)]
LOADINGS = np.array([[0.8, 0.7, 0.6, 0.5, 0, 0, 0, 0], [0, 0, 0, 0, 0.9, 0.8, 0.7, 0.6]])


def simulate(n, seed, r=0.5, means=0.0):
    random = np.random.default_rng(seed)
    factors = random.multivariate_normal([0, 0], [[1, r], [r, 1]], n)
    noise = random.normal(size=(n, 8)) * np.sqrt(1 - (LOADINGS**2).sum(axis=0))
    return pd.DataFrame(factors @ LOADINGS + noise + means, columns=ITEMS)


def exact(n=200, r=0.5):
    """Data whose covariance matrix (divisor n) is exactly that of the model."""
    sigma = LOADINGS.T @ np.array([[1, r], [r, 1]]) @ LOADINGS
    np.fill_diagonal(sigma, 1.0)
    raw = np.random.default_rng(1).normal(size=(n, 8))
    raw -= raw.mean(axis=0)
    raw = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / n)).T
    return pd.DataFrame(raw @ np.linalg.cholesky(sigma).T, columns=ITEMS)


def test_exact_covariances_give_exact_parameters():
    result = csi_lib.cfa(exact(), MODEL)
    assert result.fit.chisq == pytest.approx(0, abs=1e-10)
    assert (result.fit.cfi, result.fit.rmsea, result.fit.df) == (1.0, 0.0, 19)
    assert list(result.loadings.standardized) == pytest.approx([0.8, 0.7, 0.6, 0.5, 0.9, 0.8, 0.7, 0.6], abs=1e-9)
    assert result.factor_correlations.loc["F", "G"] == pytest.approx(0.5, abs=1e-9)
    assert np.abs(result.residuals.to_numpy()).max() < 1e-9


def test_simulation_covers_true_loadings():
    """95 % intervals of standardised loadings cover the truth about 95 times in 100 (800 intervals)."""
    inside = 0
    for seed in range(100):
        rows = csi_lib.cfa(simulate(400, seed), MODEL, std_lv=True).loadings
        truth = np.array([0.8, 0.7, 0.6, 0.5, 0.9, 0.8, 0.7, 0.6])
        inside += (np.abs(rows.standardized - truth) < 1.96 * rows.standardized_se).sum()
    assert 0.93 < inside / 800 < 0.97


def test_chi_square_has_its_distribution_under_missing_at_random():
    """Mean of the FIML chi-square over 60 samples is near its 19 degrees of freedom; no bias."""
    chisq, loading = [], []
    for seed in range(60):
        frame = simulate(300, seed)
        frame.loc[frame.a1 > 0.5, "a2"] = np.nan
        result = csi_lib.cfa(frame, MODEL, estimator="FIML", std_lv=True)
        chisq.append(result.fit.chisq)
        loading.append(result.loadings.standardized[1])
    assert np.mean(chisq) == pytest.approx(19, abs=3 * np.sqrt(2 * 19 / 60))
    assert np.mean(loading) == pytest.approx(0.7, abs=0.025)


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_rescaling_items_scales_loadings_and_nothing_else(estimator):
    frame = simulate(300, 1)
    scale = pd.Series([10.0, 0.01, 1.0, 3.0, 1000.0, 2.0, 0.5, 7.0], ITEMS)
    one = csi_lib.cfa(frame, MODEL, estimator=estimator, std_lv=True)
    two = csi_lib.cfa(frame * scale + 5, MODEL, estimator=estimator, std_lv=True)
    assert two.fit.chisq == pytest.approx(one.fit.chisq, rel=1e-9)
    np.testing.assert_allclose(two.loadings.estimate, one.loadings.estimate * scale.to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(two.loadings.se, one.loadings.se * scale.to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(two.loadings.standardized_se, one.loadings.standardized_se, rtol=1e-7)


def test_order_of_rows_items_and_groups_does_not_matter():
    frame = pd.concat([simulate(200, 1).assign(g="x"), simulate(150, 2, r=0.2).assign(g="y")])
    options = {"group": "g", "equal": ["loadings", "intercepts"]}
    one = csi_lib.cfa(frame, MODEL, **options)
    shuffled = frame.sample(frac=1, random_state=1)[["g", *ITEMS[::-1]]]
    two = csi_lib.cfa(shuffled, MODEL, **options)
    assert csi_lib.cfa(frame.iloc[::-1], MODEL, **options).groups == ("y", "x")
    assert one.fit.chisq == pytest.approx(two.fit.chisq, rel=1e-9)
    mine, theirs = (r.loadings.set_index(["group", "factor", "item"]).standardized for r in (one, two))
    np.testing.assert_allclose(mine, theirs[mine.index], rtol=1e-7)


def test_marker_and_unit_variance_are_one_model():
    frame = simulate(300, 3)
    one, two = csi_lib.cfa(frame, MODEL), csi_lib.cfa(frame, MODEL, std_lv=True)
    assert one.fit.chisq == pytest.approx(two.fit.chisq, rel=1e-10)
    np.testing.assert_allclose(one.loadings.standardized, two.loadings.standardized, atol=1e-8)
    np.testing.assert_allclose(one.loadings.standardized_se, two.loadings.standardized_se, atol=1e-8)


def test_complete_data_give_the_same_by_full_information():
    frame = simulate(300, 4)
    one, two = csi_lib.cfa(frame, MODEL, means=True), csi_lib.cfa(frame, MODEL, missing="fiml")
    assert one.fit.chisq == pytest.approx(two.fit.chisq, rel=1e-9)
    np.testing.assert_allclose(one.loadings.estimate, two.loadings.estimate, atol=1e-8)


def test_weights_are_repetitions_for_estimates():
    """Doubling some rows' weight gives the estimates of data in which these rows stand twice."""
    frame = simulate(200, 5)
    weight = np.where(np.arange(200) % 3 == 0, 2.0, 1.0)
    one = csi_lib.cfa(frame, MODEL, weights=weight)
    two = csi_lib.cfa(pd.concat([frame, frame[weight == 2]]), MODEL)
    assert one.estimator == "MLR"
    np.testing.assert_allclose(one.loadings.estimate, two.loadings.estimate, rtol=1e-8)
    constant = csi_lib.cfa(frame, MODEL, weights=np.full(200, 0.25))
    robust = csi_lib.cfa(frame, MODEL, estimator="MLR")
    np.testing.assert_allclose(constant.loadings.se, robust.loadings.se, rtol=1e-8)
    assert constant.fit.chisq_scaled == pytest.approx(robust.fit.chisq_scaled, rel=1e-9)


def test_derivatives_agree_with_differences():
    """Gradient, Hessian and rows' scores, with missing values, means and a second-order factor."""
    frame = simulate(120, 6).mask(np.random.default_rng(0).random((120, 8)) < 0.1)
    parsed = model_syntax.read_model(MODEL + "\nH =~ F + G\na1 ~~ b1\nG ~~ 0.4*G")
    model = cfa_model.build(parsed, ITEMS, means=True)
    found = cfa_ml.Likelihood(model, [cfa_ml.sample(frame.to_numpy())])
    theta = cfa_start.start(model, [cfa_ml.saturated(s) for s in found.samples])
    theta = theta + 0.05 * np.random.default_rng(1).normal(size=len(theta))
    steps = 1e-6 * np.eye(len(theta))
    slope = [(found.value(theta + s) - found.value(theta - s)) / 2e-6 for s in steps]
    np.testing.assert_allclose(found.gradient(theta), slope, atol=1e-7)
    bend = [(found.gradient(theta + s) - found.gradient(theta - s)) / 2e-6 for s in steps]
    np.testing.assert_allclose(found.observed_information(theta), bend, atol=1e-7)
    np.testing.assert_allclose(found.scores(theta, 0).mean(axis=0), found.gradient(theta), atol=1e-12)


def test_modification_index_predicts_the_fall_of_chi_square():
    """Freeing one parameter lowers the chi-square by about its index, and moves it as expected."""
    frame = simulate(2000, 7)
    frame["a1"] = frame["a1"] + 0.1 * frame["b1"]
    before = csi_lib.cfa(frame, MODEL)
    top = before.modification_indices.iloc[0]
    after = csi_lib.cfa(frame, f"{MODEL}\n{top.left} {top.operator} {top.right}")
    assert before.fit.chisq - after.fit.chisq == pytest.approx(top.mi, rel=0.1)
    p = after.parameters
    freed = p[(p.left == top.left) & (p.operator == top.operator) & (p.right == top.right)].estimate
    assert freed.iloc[0] == pytest.approx(top.expected_change, rel=0.15)


def test_arrays_have_columns_x1_x2():
    frame = simulate(200, 8)
    named = csi_lib.cfa(frame, {"F": ITEMS[:4]})
    plain = csi_lib.cfa(frame.to_numpy(), "F =~ x1 + x2 + x3 + x4")
    assert plain.fit.chisq == pytest.approx(named.fit.chisq, rel=1e-12)


def test_korean_names_and_nullable_columns():
    frame = simulate(200, 9).rename(columns={"a1": "직원_친절", "a2": "신속성"}).astype("Float64")
    frame.loc[0, "직원_친절"] = pd.NA
    result = csi_lib.cfa(frame, "서비스 =~ 직원_친절 + 신속성 + a3 + a4")
    assert result.n == 199
    assert list(result.loadings.item[:2]) == ["직원_친절", "신속성"]
    assert "1 rows were left out" in result.notes[0]


def test_many_groups():
    frame = pd.concat([simulate(100, g).assign(agency=g) for g in range(12)], ignore_index=True)
    result = csi_lib.cfa(frame, MODEL, group="agency", equal=["loadings"], estimator="MLR")
    assert result.fit.df == 12 * 19 + 11 * 6
    assert result.n_by_group == (100,) * 12


# ---- what must be said


def raises(frame, model, text, **options):
    with pytest.raises(InputError, match=text) as caught:
        csi_lib.cfa(frame, model, **options)
    return caught.value


def test_bad_items():
    frame = simulate(100, 1)
    raises(frame.assign(a2=3.0), MODEL, "'a2' is constant")
    raises(frame.assign(a2=frame.a1 * 2 + 1), MODEL, "'a1' and 'a2' are perfectly correlated")
    raises(frame.assign(a3=frame.a1 + frame.a2), MODEL, "exact linear dependence among a1, a2, a3")
    raises(frame.assign(a2="good"), MODEL, "'a2' is not numeric")
    raises(frame.assign(a2=np.where(frame.a1 > 2, np.inf, frame.a2)), MODEL, "'a2' holds an infinite value")
    raises(frame.head(8), MODEL, "8 usable rows for 8 items")
    raises(frame.assign(a2=np.nan), MODEL, "0 usable rows")
    raises(frame.assign(a2=np.nan), MODEL, "nobody answered the item 'a2'", missing="fiml")
    apart = frame.assign(a1=frame.a1.where(frame.index < 50), a2=frame.a2.where(frame.index >= 50))
    raises(apart, MODEL, "'a1' and 'a2' were never answered by the same person", missing="fiml")


def test_perfect_correlation_behind_missing_answers():
    frame = simulate(150, 1)
    frame["a2"] = (2 * frame.a1 + 1).mask(np.arange(150) % 10 == 0)
    raises(frame, MODEL, "'a1' and 'a2' are perfectly correlated", missing="fiml")


def test_ordered_categories_count_by_rank():
    W = {"estimator": "WLSMV"}
    frame = simulate(400, 1)
    codes = pd.DataFrame(np.digitize(frame, [-0.7, 0.7]), columns=ITEMS)
    words = codes.apply(lambda c: pd.Categorical.from_codes(c, ["bad", "fair", "good"], ordered=True))
    one, two, chosen = (csi_lib.cfa(f, MODEL, **o) for f, o in ((codes, W), (words, W), (words, {})))
    assert one.fit.chisq == two.fit.chisq == chosen.fit.chisq
    assert chosen.estimator == "WLSMV"  # as lavaan chooses
    plain = csi_lib.cfa(codes, MODEL).fit.chisq
    assert csi_lib.cfa(words, MODEL, ordered=False).fit.chisq == pytest.approx(plain)
    with pytest.warns(MeasureWarning, match="not all items"):
        assert csi_lib.cfa(words.assign(a2=codes["a2"]), MODEL).estimator == "ML"
    with pytest.warns(MeasureWarning, match="fiml"):
        assert csi_lib.cfa(words, MODEL, missing="fiml").estimator == "ML"
    raises(words.astype(str), MODEL, "'a1', .* are not numeric")


def test_labels_of_groups_are_kept_when_rows_are_dropped():
    frame = simulate(200, 1).assign(year=np.where(np.arange(200) < 100, 2023, 2024))
    frame.loc[3, "a1"] = np.nan
    result = csi_lib.cfa(frame, MODEL, group="year", equal="loadings")
    assert [str(label) for label in result.groups] == ["2023", "2024"]
    assert result.n_by_group == (99, 100)


def test_bad_weights_and_groups():
    frame = simulate(100, 1).assign(g="only")
    raises(frame, MODEL, "all weights are zero or missing", weights=np.zeros(100))
    raises(frame, MODEL, "a weight is negative", weights=np.full(100, -1.0))
    raises(frame, MODEL, "one value per row", weights=np.ones(5))
    raises(frame, MODEL, "fewer than two groups", group="g")
    assert "Did you mean 'g'" in str(raises(frame, MODEL, "no column 'gg'", group="gg"))
    frame["g"] = np.where(frame.index < 95, "x", "y")
    assert "group y" in raises(frame, MODEL, "too few rows", group="g").where


def test_models_that_are_not_identified():
    frame = simulate(200, 1)
    raises(frame, "F =~ a1 + a2", "more free parameters than the data have moments")
    error = raises(frame, "F =~ NA*a1 + a2 + a3 + a4", "not identified")
    assert "F =~ a1" in error.found
    raises(frame, "F =~ a1 + a2\nG =~ b1 + b2\nF ~~ 0*G", "more free parameters|not identified")


def test_heywood_case_is_reported_not_hidden():
    random = np.random.default_rng(5)
    r = np.array([[1, 0.8, 0.7], [0.8, 1, 0.3], [0.7, 0.3, 1]])
    raw = random.normal(size=(60, 3))
    raw = (raw - raw.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, ddof=0))).T
    frame = pd.DataFrame(raw @ np.linalg.cholesky(r).T, columns=["x", "y", "z"])
    with pytest.warns(MeasureWarning, match="Heywood case: the residual variance of the item 'x'"):
        result = csi_lib.cfa(frame, "F =~ x + y + z")
    # one factor and three items: the loading of x is r_xy r_xz / r_yz squared, above 1
    assert result.loadings.standardized[0] ** 2 == pytest.approx(0.8 * 0.7 / 0.3, rel=1e-6)
    assert len(result.warnings) == 1


def test_factors_that_cannot_be_told_apart():
    frame = simulate(300, 2, r=0.999)
    with pytest.warns(MeasureWarning) as caught:
        csi_lib.cfa(frame.assign(b1=frame.b1 + 0.2 * frame.a1), MODEL, orthogonal=False)
    assert "'F' and 'G'" in str(caught[0].message)
    assert "consider merging" in str(caught[0].message)


@pytest.mark.filterwarnings("ignore::csi_lib.errors.MeasureWarning")
def test_no_common_factor_at_all():
    """Items that have nothing in common: finite numbers, or an error in words."""
    finite, refused = 0, []
    for seed in range(20):
        frame = pd.DataFrame(np.random.default_rng(seed).normal(size=(50, 4)), columns=list("abcd"))
        try:
            finite += np.isfinite(csi_lib.cfa(frame, {"F": list("abcd")}).parameters.estimate).all()
        except InputError as error:
            refused.append(str(error))
    assert finite + len(refused) == 20
    assert finite >= 10
    assert all("did not converge" in text or "not identified" in text for text in refused)


def test_unknown_options():
    frame = simulate(100, 1)
    assert "Did you mean 'WLSMV'" in str(raises(frame, MODEL, "not an estimator", estimator="WLMSV"))
    raises(frame, MODEL, "not known", missing="pairwise")
    raises(frame, MODEL, "not a probability", ci=95)
    assert "Did you mean 'loadings'" in str(raises(frame, MODEL, "cannot be held equal", equal=["loading"]))
    raises(frame, MODEL, "'MLR' is not for ordered items", estimator="MLR", ordered=True)
    raises(frame, MODEL, "'a9 ~ 1' is no parameter", equal=["loadings"], partial=["a9 ~ 1"])
    raises(frame, MODEL, "Wishart likelihood", likelihood="wishart", estimator="MLR")
    raises(frame, MODEL, "full information is not available", estimator="WLSMV", missing="fiml")
    raises(frame.round(0), MODEL, "some items of the model are not ordered", ordered=["a1"])


def test_ordered_items_with_different_categories_in_two_groups():
    frame = simulate(400, 1).clip(-2, 2).round(0).assign(g=np.arange(400) % 2)
    frame.loc[(frame.g == 1) & (frame.a2 == 2), "a2"] = 1
    error = raises(frame, MODEL, "'a2' has an empty category in group 1", estimator="WLSMV", group="g")
    assert error.found == "nobody answered 2"


def test_a_model_of_a_single_item_is_its_variance():
    x = pd.DataFrame({"x1": [1.0, 2, 4, 5, 5, 2, 3, 1]})
    found = csi_lib.cfa(x, "f =~ x1")
    variance = found.parameters.query("operator == '~~' and left == 'f'")["estimate"].iloc[0]
    assert variance == pytest.approx(x["x1"].var(ddof=0))
    assert found.fit.df == 0
