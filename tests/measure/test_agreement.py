"""ICC, kappas, Krippendorff's alpha and Kendall's W against psych, irr and publications."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import csi_lib
from csi_lib import (
    InputError,
    cohen_kappa,
    cronbach_alpha,
    fleiss_kappa,
    icc,
    kendall_w,
    krippendorff_alpha,
    light_kappa,
)

#: Shrout and Fleiss (1979), table 2: six subjects, four judges
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

#: Krippendorff (2011): twelve units, four observers, with gaps
_ = np.nan
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T


def test_icc_of_shrout_and_fleiss_as_published():
    found = icc(SHROUT_FLEISS)
    published = {"ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91}
    for form, value in published.items():
        assert found[form]["icc"] == pytest.approx(value, abs=0.005)


def test_icc_agrees_with_psych(oracle, statistics_data):
    columns = {"ICC": "icc", "F": "f", "df1": "df1", "df2": "df2", "p": "p_value"}
    columns |= {"lower bound": "ci_low", "upper bound": "ci_high"}
    for name, reference in oracle("agreement")["icc"].items():
        found = icc(statistics_data(name))
        for row in reference.values():
            for theirs, ours in columns.items():
                assert found[row["type"]][ours] == pytest.approx(row[theirs], abs=1e-9), (name, row["type"])


def test_icc_agrees_with_irr_where_conventions_are_one(oracle, statistics_data):
    same = {"oneway_consistency_single": "ICC1", "oneway_consistency_average": "ICC1k"}
    same |= {"twoway_consistency_single": "ICC3", "twoway_consistency_average": "ICC3k"}
    same |= {"twoway_agreement_single": "ICC2"}
    for name, reference in oracle("agreement")["icc_irr"].items():
        found = icc(statistics_data(name))
        for key, form in same.items():
            row = reference[key]
            got = [found[form][c] for c in ("icc", "ci_low", "ci_high")]
            assert got == pytest.approx([row["value"], row["lower"], row["upper"]], abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), n=st.integers(4, 30), k=st.integers(2, 6))
def test_icc3k_is_alpha_and_shift_and_order_do_not_matter(seed, n, k):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k)) + 2 * rng.normal(size=(n, 1))
    found, again = icc(x), icc(7 * x[::-1, ::-1] + 100)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi_lib.MeasureWarning)
        alpha = cronbach_alpha(x)
    assert found["ICC3k"]["icc"] == pytest.approx(alpha.alpha, abs=1e-9)
    assert found["ICC3k"]["ci_low"] == pytest.approx(alpha.ci_low, abs=1e-9)
    np.testing.assert_allclose(found.forms["icc"], again.forms["icc"], atol=1e-9)


def test_icc_recovers_simulated_variances():
    """Subjects 4, raters 1, error 2: ICC2 = 4/7, ICC3 = 4/6."""
    rng = np.random.default_rng(1)
    x = 2 * rng.normal(size=(5000, 1)) + rng.normal(size=(1, 40)) + np.sqrt(2) * rng.normal(size=(5000, 40))
    found = icc(x)
    assert found["ICC3"]["icc"] == pytest.approx(4 / 6, abs=0.02)
    j, e = found.mean_squares["raters"], found.mean_squares["residual"]
    raters = (j - e) / 5000  # the 40 raters drawn
    assert found["ICC2"]["icc"] == pytest.approx(4 / (6 + raters), abs=0.02)


def test_icc_of_raters_who_agree_or_differ_by_a_constant():
    x = np.column_stack([[1.0, 2, 3, 4]] * 3)
    assert icc(x).forms["icc"].tolist() == pytest.approx([1] * 6)
    shifted = icc(x + [0, 1, 2])
    assert shifted["ICC3"]["icc"] == pytest.approx(1)
    assert shifted["ICC2"]["icc"] < 1
    assert shifted.forms.drop(columns=["f"]).notna().all(axis=None)
    with pytest.raises(InputError, match="do not differ"):
        icc(np.ones((4, 3)))
    with pytest.raises(InputError, match=r"every item|rated by everybody|no respondent"):
        icc([[1, np.nan], [np.nan, 2], [1, np.nan]])
    with pytest.raises(InputError, match=r"rater 'b' rated nobody"):
        icc(pd.DataFrame({"a": [1, 2, 3], "b": [np.nan] * 3}))


def _pairs(statistics_data):
    anxiety, diagnoses = statistics_data("irr_anxiety"), statistics_data("irr_diagnoses")
    yield "anxiety_12", anxiety.iloc[:, 0], anxiety.iloc[:, 1]
    yield "anxiety_23", anxiety.iloc[:, 1], anxiety.iloc[:, 2]
    yield "diagnoses_12", diagnoses.iloc[:, 0], diagnoses.iloc[:, 1]


def test_cohen_kappa_agrees_with_irr_and_psych(oracle, statistics_data):
    for name, first, second in _pairs(statistics_data):
        reference = oracle("agreement")["cohen"][name]
        for weighting in ("unweighted", "linear", "quadratic"):
            # irr and psych sort text by the alphabet; here that order has to be said
            order = sorted({*first, *second}) if first.dtype == object or "str" in str(first.dtype) else None
            found = cohen_kappa(first, second, weighting=weighting, categories=order)
            if irr := reference[f"irr_{weighting}"]:
                got = [found.kappa, found.z, found.p_value, found.n]
                assert got == pytest.approx([irr[c] for c in ("value", "z", "p", "n")], abs=1e-9)
            if weighting != "linear":
                label = "unweighted kappa" if weighting == "unweighted" else "weighted kappa"
                psych = reference["psych"]["ci"][label]
                got = [found.kappa, found.ci_low, found.ci_high]
                assert got == pytest.approx([psych[c] for c in ("estimate", "lower", "upper")], abs=1e-9)


def test_cohen_kappa_of_a_table_by_hand():
    """.5 observed, .26 + .24 … : 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: kappa .4."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = cohen_kappa(first, second)
    assert found.kappa == pytest.approx(0.4)
    assert (found.agreement, found.expected) == pytest.approx((0.7, 0.5))
    assert found.table.loc["yes", "no"] == 5
    weighted = cohen_kappa(first + first, second + second, weights=[0.5] * 100)
    assert weighted.kappa == pytest.approx(0.4)


def test_quadratic_kappa_counts_unused_categories_by_position():
    first, second = [1, 2, 5, 5, 1], [1, 5, 5, 2, 1]
    by_position = cohen_kappa(first, second, weighting="quadratic").kappa
    whole = cohen_kappa(first, second, weighting="quadratic", categories=[1, 2, 3, 4, 5]).kappa
    x, y = np.array(first, float), np.array(second, float)
    chance = np.mean((x[:, None] - y[None, :]) ** 2)
    assert whole == pytest.approx(1 - np.mean((x - y) ** 2) / chance)
    assert by_position != pytest.approx(whole)


def test_kappa_covers_the_truth_and_refuses_one_category():
    with pytest.raises(InputError, match=r"same category.*'a'"):
        cohen_kappa(["a", "a"], ["a", "a"])
    with pytest.raises(InputError, match="same respondents"):
        cohen_kappa([1, 2], [1, 2, 3])
    with pytest.raises(InputError, match="not among the categories"):
        cohen_kappa([1, 2], [1, 7], categories=[1, 2, 3])
    rng, covered = np.random.default_rng(4), 0
    for _round in range(400):  # both copy a fair truth with probability .8, else guess: kappa .64
        truth = rng.integers(0, 2, 150)
        rate = lambda t: np.where(rng.random(150) < 0.8, t, rng.integers(0, 2, 150))
        found = cohen_kappa(rate(truth), rate(truth))
        covered += found.ci_low <= 0.64 <= found.ci_high
    assert 0.92 <= covered / 400 <= 0.98


def test_fleiss_and_light_agree_with_irr_and_irrcac(oracle, statistics_data):
    reference = oracle("agreement")
    diagnoses, anxiety = statistics_data("irr_diagnoses"), statistics_data("irr_anxiety")
    counts = statistics_data("fleiss_counts_wikipedia")
    for name, found in {
        "diagnoses6": fleiss_kappa(diagnoses),
        "diagnoses6_conger_exact": fleiss_kappa(diagnoses, method="conger"),
        "fleiss_counts_wikipedia": fleiss_kappa(counts, counts=True),
        "anxiety": fleiss_kappa(anxiety),
    }.items():
        expected = reference["fleiss"][name]
        assert found.kappa == pytest.approx(expected["value"], abs=1e-10)
        if expected["z"] is not None:
            assert found.z == pytest.approx(expected["z"], abs=1e-9)
            single = [row["Kappa"] for row in expected["detail"].values()]
            np.testing.assert_allclose(found.categories["kappa"], single, atol=6e-4)
    gwet = reference["irrCAC"]["diagnoses_fleiss"]
    assert fleiss_kappa(diagnoses).se == pytest.approx(gwet["coeff.se"], abs=6e-6)
    assert light_kappa(anxiety).kappa == pytest.approx(reference["light"]["anxiety"], abs=1e-10)
    assert light_kappa(diagnoses).kappa == pytest.approx(reference["light"]["diagnoses"], abs=1e-10)


def test_congers_kappa_of_two_raters_is_cohens():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (40, 2))
    expected = cohen_kappa(x[:, 0], x[:, 1]).kappa
    assert fleiss_kappa(x, method="conger").kappa == pytest.approx(expected)
    assert light_kappa(x).kappa == pytest.approx(expected)


def test_fleiss_kappa_refuses_uneven_counts_and_one_category():
    with pytest.raises(InputError, match="same number of raters"):
        fleiss_kappa([[3, 1], [2, 1]], counts=True)
    with pytest.raises(InputError, match="one category"):
        fleiss_kappa([["a", "a"], ["a", "a"]])
    with pytest.raises(InputError, match="two or more raters"):
        fleiss_kappa([["a"], ["b"]])


def test_krippendorff_alpha_as_published_in_2011():
    for level, value in {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}.items():
        assert krippendorff_alpha(KRIPPENDORFF, level=level).alpha == pytest.approx(value, abs=5e-4)


def test_krippendorff_alpha_agrees_with_irr_on_krippendorffs_example(oracle):
    for level, value in oracle("agreement")["krippendorff_2011"].items():
        assert krippendorff_alpha(KRIPPENDORFF, level=level).alpha == pytest.approx(value, abs=1e-12)


def test_krippendorff_alpha_of_complete_ratings_follows_from_fleiss(oracle, statistics_data):
    x = statistics_data("irr_anxiety")
    found = krippendorff_alpha(x).alpha
    assert found == pytest.approx(1 - (1 - fleiss_kappa(x).kappa) * 59 / 60, abs=1e-12)
    expected = oracle("agreement")["irrCAC"]["anxiety_krippendorff_nominal"]
    assert found == pytest.approx(expected, abs=6e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999))
def test_krippendorff_alpha_does_not_care_for_rater_order_or_interval_units(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 6, (15, 3)).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    x[0] = [1, 2, 3]
    swapped = x[::-1, ::-1]
    for level in ("nominal", "ordinal", "interval", "ratio"):
        expected = krippendorff_alpha(x, level=level).alpha
        assert krippendorff_alpha(swapped, level=level).alpha == pytest.approx(expected)
    shifted = krippendorff_alpha(3 * x + 10, level="interval").alpha
    assert shifted == pytest.approx(krippendorff_alpha(x, level="interval").alpha)
    assert krippendorff_alpha(2 * x, level="ratio").alpha == pytest.approx(krippendorff_alpha(x, level="ratio").alpha)


def test_krippendorff_alpha_limits_and_bad_input():
    assert krippendorff_alpha([[1, 1], [2, 2], [3, 3]], level="interval").alpha == 1
    found = krippendorff_alpha(KRIPPENDORFF, ci_method="bootstrap", n_boot=400, seed=1)
    assert found.ci_low < found.alpha < found.ci_high
    for bad, options, words in (
        ([[1, 1], [1, 1]], {}, "all ratings are the same"),
        ([[1, np.nan], [np.nan, 2]], {}, "fewer than two units"),
        ([[1, 2, 3]], {}, "fewer than two units"),
        ([["a", "b"], ["a", "a"]], {"level": "interval"}, "no order"),
        ([[-1, 2], [1, 2]], {"level": "ratio"}, "0 or more"),
        ([[1, "b"], [2, "a"]], {}, "mix"),
    ):
        with pytest.raises(InputError, match=words):
            krippendorff_alpha(bad, **options)


def test_kendall_w_agrees_with_irr(oracle, statistics_data):
    found, expected = kendall_w(statistics_data("irr_anxiety")), oracle("agreement")["kendall_W"]["anxiety"]
    got = [found.w, found.chi_square, found.p_value]
    assert got == pytest.approx([expected[c] for c in ("W", "chisq", "p")], abs=1e-10)


def test_kendall_w_is_one_for_equal_rankings_and_linear_in_mean_spearman():
    from scipy.stats import spearmanr

    order = np.arange(6.0)
    assert kendall_w(np.column_stack([order, 2 * order, order**3])).w == pytest.approx(1)
    x = np.random.default_rng(3).normal(size=(10, 4))
    rho = spearmanr(x).statistic[np.triu_indices(4, 1)].mean()
    assert kendall_w(x).w == pytest.approx((rho * 3 + 1) / 4)
    with pytest.raises(InputError, match="no ranking"):
        kendall_w(np.ones((4, 2)))


def test_retest_combines_correlation_agreement_and_error():
    from scipy.stats import pearsonr, ttest_rel

    rng = np.random.default_rng(2)
    true = rng.normal(50, 10, 40)
    first, second = true + rng.normal(0, 4, 40), true + 2 + rng.normal(0, 4, 40)
    second[3] = np.nan
    found = csi_lib.test_retest(first, second)
    keep = ~np.isnan(second)
    r = pearsonr(first[keep], second[keep])
    interval = r.confidence_interval()
    assert (found.r, found.ci_low, found.ci_high) == pytest.approx((r.statistic, interval.low, interval.high))
    assert found.icc == pytest.approx(icc(np.column_stack([first, second]))["ICC2"]["icc"])
    paired = ttest_rel(second[keep], first[keep]).confidence_interval()
    assert (found.difference_low, found.difference_high) == pytest.approx((paired.low, paired.high))
    assert found.sem == pytest.approx((second - first)[keep].std(ddof=1) / np.sqrt(2))
    assert found.n == 39
    with pytest.raises(InputError, match="other rows"):
        csi_lib.test_retest(pd.Series([1, 2, 3.0]), pd.Series([1, 2, 3.0], index=[2, 1, 7]))
    with pytest.raises(InputError, match="does not vary"):
        csi_lib.test_retest([1, 2, 3], [5, 5, 5])


def test_ratings_may_be_text_numbers_or_nullable():
    a = pd.DataFrame({"x": ["good", "bad", "good", None], "y": ["good", "good", "bad", "bad"]})
    b = pd.DataFrame({"x": [2, 1, 2, pd.NA], "y": [2, 2, 1, 1]}, dtype="Int64")
    assert cohen_kappa(a["x"], a["y"]).kappa == pytest.approx(cohen_kappa(b["x"], b["y"]).kappa)
    assert krippendorff_alpha(a).alpha == pytest.approx(krippendorff_alpha(b).alpha)
    assert fleiss_kappa(b).n == 3


def test_interval_alpha_from_sums_is_that_of_the_coincidence_matrix():
    """The bootstrap's short cut: observed and expected disagreement from unit sums, gaps included."""
    from csi_lib.measure.krippendorff import _disagreements, _interval_disagreements, _interval_sums

    rng = np.random.default_rng(0)
    x = rng.integers(0, 20, (60, 3)).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    value = np.unique(x[~np.isnan(x)])
    counts = np.stack([(x == v).sum(axis=1) for v in value], axis=1).astype(float)
    counts = counts[counts.sum(axis=1) > 1]
    assert _interval_disagreements(_interval_sums(counts, value)) == pytest.approx(
        _disagreements(counts, "interval", value), rel=1e-12
    )
