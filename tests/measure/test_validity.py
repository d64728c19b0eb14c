"""Content validity, collinearity, known groups, criteria, common method, ordinal alpha."""

import numpy as np
import pandas as pd
import pytest

from csi_lib import (
    InputError,
    common_method,
    content_validity_index,
    content_validity_ratio,
    criterion_correlations,
    known_groups,
    ordinal_alpha,
    vif,
)


def test_content_validity_index_of_polit_beck_and_owen():
    """Polit et al. (2007), table 4: N, agreeing, I-CVI and modified kappa as printed."""
    for experts, agreeing, cvi, kappa in (
        (3, 2, 0.67, 0.47),
        (4, 3, 0.75, 0.67),
        (5, 4, 0.80, 0.76),
        (6, 5, 0.83, 0.81),
        (7, 6, 0.86, 0.85),
        (8, 7, 0.88, 0.88),
        (9, 7, 0.78, 0.76),
    ):
        votes = [[4]] * agreeing + [[2]] * (experts - agreeing)
        row = content_validity_index(votes).items.iloc[0]
        assert row["i_cvi"] == pytest.approx(cvi, abs=0.0051)
        assert row["kappa"] == pytest.approx(kappa, abs=0.011)


def test_scale_content_validity_and_missing_votes():
    votes = pd.DataFrame({"a": [4, 3, 4, 3], "b": [4, 4, 2, 3], "c": [3, 3, 3, np.nan]})
    found = content_validity_index(votes)
    assert found.s_cvi_average == pytest.approx((1 + 0.75 + 1) / 3)
    assert found.s_cvi_universal == pytest.approx(2 / 3)
    assert found.items["experts"].tolist() == [4, 4, 3]
    with pytest.raises(InputError, match=r"no expert rated 'c'"):
        content_validity_index(votes.assign(c=np.nan))


def test_content_validity_ratio_has_the_exact_critical_values():
    """Ayre and Scally (2014), table 2: experts, number that must agree."""
    for experts, needed in ((5, 5), (6, 6), (7, 7), (8, 7), (9, 8), (10, 9), (15, 12), (20, 15), (40, 26)):
        votes = pd.DataFrame({"in": [1] * needed + [0] * (experts - needed)})
        votes["out"] = [1] * (needed - 1) + [0] * (experts - needed + 1)
        found = content_validity_ratio(votes)
        assert found.items["critical"].iloc[0] == pytest.approx(2 * needed / experts - 1)
        assert found.items["keep"].tolist() == [True, False]
        assert found.cvi == pytest.approx(2 * needed / experts - 1)
    few = content_validity_ratio([[1], [1], [1], [1]])
    assert few.cvi is None
    assert few.items["cvr"].iloc[0] == 1


def test_vif_agrees_with_car(oracle, statistics_data):
    data = statistics_data("plspm_satisfaction")
    sizes = {"IMAG": 5, "EXPE": 5, "QUAL": 5, "VAL": 4}
    means = pd.DataFrame({b: data[[f"{b.lower()}{i + 1}" for i in range(k)]].mean(axis=1) for b, k in sizes.items()})
    found = vif(means).items.set_index("item")["vif"]
    for block, expected in oracle("validity_checks")["vif"].items():
        assert found[block] == pytest.approx(expected, abs=1e-9)


def test_vif_is_one_over_one_minus_r_squared_and_names_collinear_items():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(80, 3)), columns=list("abc"))
    x["b"] += x["a"]
    design = np.column_stack([np.ones(80), x[["b", "c"]]])
    rest = x["a"] - design @ np.linalg.lstsq(design, x["a"], rcond=None)[0]
    assert vif(x).items["vif"].iloc[0] == pytest.approx(x["a"].var() * 79 / (rest**2).sum())
    with pytest.raises(InputError, match=r"'a', 'b', 'd'"):
        vif(x.assign(d=x["a"] - x["b"]))


def test_known_groups_of_two_is_welchs_t():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(1)
    x, y = rng.normal(70, 10, 30), rng.normal(62, 20, 55)
    scores, groups = np.concatenate([x, y, [np.nan]]), ["user"] * 30 + ["other"] * 55 + ["user"]
    found = known_groups(scores, groups, order=["user", "other"])
    expected = ttest_ind(x, y, equal_var=False)
    interval = expected.confidence_interval()
    got = [found.statistic, found.df2, found.p_value, found.ci_low, found.ci_high]
    assert got == pytest.approx(
        [expected.statistic, expected.df, expected.pvalue, interval.low, interval.high], rel=1e-10
    )
    pooled = np.sqrt((29 * x.var(ddof=1) + 54 * y.var(ddof=1)) / 83)
    assert found.effect == pytest.approx((x.mean() - y.mean()) / pooled * (1 - 3 / (4 * 83 - 1)), rel=1e-4)
    assert found.groups["n"].tolist() == [30, 55]


def test_known_groups_of_three_is_welchs_f():
    from statsmodels.stats.oneway import anova_oneway

    rng = np.random.default_rng(2)
    parts = [rng.normal(m, s, n) for m, s, n in ((60, 5, 20), (64, 10, 35), (70, 15, 28))]
    scores, groups = np.concatenate(parts), np.repeat(["a", "b", "c"], [20, 35, 28])
    found, expected = known_groups(scores, groups), anova_oneway(parts, use_var="unequal")
    got = [found.statistic, found.df1, found.df2, found.p_value]
    assert got == pytest.approx([expected.statistic, *expected.df, expected.pvalue], rel=1e-9)
    everything = np.concatenate(parts)
    between = sum(len(p) * (p.mean() - everything.mean()) ** 2 for p in parts)
    within = sum(((p - p.mean()) ** 2).sum() for p in parts) / 80
    assert found.effect == pytest.approx((between - 2 * within) / (between + 81 * within))


def test_known_groups_refuses_groups_without_variance():
    for groups, words in ((["a"] * 4, r"two or more groups"), (["a", "a", "b", "b"], r"group 'b'")):
        with pytest.raises(InputError, match=words):
            known_groups([1.0, 2, 3, 3], groups)


def test_criterion_correlations_agree_with_scipy():
    from scipy.stats import pearsonr, spearmanr

    rng = np.random.default_rng(3)
    scores = pd.DataFrame({"index": rng.integers(1, 8, 60).astype(float)})
    criteria = pd.DataFrame({"reuse": scores["index"] + rng.normal(size=60), "trust": rng.normal(size=60)})
    criteria.loc[4, "trust"] = np.nan
    found = criterion_correlations(scores, criteria).correlations.set_index("criterion")
    for name in criteria:
        keep = criteria[name].notna()
        expected = pearsonr(scores["index"][keep], criteria[name][keep])
        interval = expected.confidence_interval()
        row = found.loc[name]
        assert [row["r"], row["p_value"], row["ci_low"], row["ci_high"]] == pytest.approx(
            [expected.statistic, expected.pvalue, interval.low, interval.high], abs=1e-10
        )
        assert row["n"] == keep.sum()
    ranks = criterion_correlations(scores, criteria[["reuse"]], method="spearman").correlations.iloc[0]
    expected = spearmanr(scores["index"], criteria["reuse"])
    assert [ranks["r"], ranks["p_value"]] == pytest.approx([expected.statistic, expected.pvalue], abs=1e-10)
    with pytest.raises(InputError, match=r"criterion flat"):
        criterion_correlations(scores, pd.DataFrame({"flat": np.ones(60)}))
    with pytest.raises(InputError, match=r"same respondents"):
        criterion_correlations(scores, criteria.iloc[:50])


def test_common_method_of_equally_correlated_items_has_a_closed_form():
    """Equal correlations r: the first component holds (1 + (k − 1) r)/k, the factor r."""
    rng, k = np.random.default_rng(0), 6
    noise = rng.normal(size=(50, k))
    centred = np.linalg.qr(noise - noise.mean(axis=0))[0]
    root = np.linalg.cholesky(np.full((k, k), 0.3) + 0.7 * np.eye(k))
    found = common_method(centred @ root.T)
    assert found.component_share == pytest.approx((1 + 5 * 0.3) / 6, abs=1e-10)
    assert found.factor_share == pytest.approx(0.3, abs=1e-6)
    assert not found.exceeds
    assert common_method(centred @ root.T, threshold=0.4).exceeds


def test_ordinal_alpha_of_a_polychoric_matrix_agrees_with_psych(oracle):
    reference = oracle("validity_checks")["polychoric_bfi_A"]
    matrix = pd.DataFrame(reference["rho"])
    found = ordinal_alpha(correlation=matrix)
    assert found.alpha == pytest.approx(reference["alpha"], abs=1e-10)
    assert found.omega == pytest.approx(reference["omega"], abs=1e-5)
    pair = ordinal_alpha(correlation=[[1, 0.5], [0.5, 1]])
    assert (pair.alpha, pair.omega) == (pytest.approx(2 / 3), None)
    with pytest.raises(InputError, match=r"either"):
        ordinal_alpha()
