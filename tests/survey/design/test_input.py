"""What a design refuses, and that the message says what to do."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.replicates import ReplicateDesign


def frame(**columns):
    base = {
        "y": np.arange(8.0),
        "s": list("aabbccdd"),
        "p": [1, 2] * 4,
        "g": list("xxxxyyyy"),
        "w": np.full(8, 5.0),
    }
    return pd.DataFrame(base | columns)


REFUSED = [
    (lambda: SurveyDesign(frame(s=list("aaabbbbc")), strata="s"), r"one sampled unit only.*c.*Merge it"),
    (lambda: SurveyDesign(frame(p=[1] * 8), strata="g", clusters="p"), "one sampled unit only"),
    (lambda: SurveyDesign(frame(w=[0.0, *[1] * 7]), weights="w"), "above 0.*1 rows.*row 0.*Drop"),
    (lambda: SurveyDesign(frame(w=[1.0] * 7 + [-1]), weights="w"), "above 0"),
    (lambda: SurveyDesign(frame(w=[np.nan, *[1.0] * 7]), weights="w"), "above 0"),
    (lambda: SurveyDesign(frame(N=[3] * 8), fpc="N"), "more units were sampled.*8 sampled of 3"),
    (lambda: SurveyDesign(frame(N=[0.5, *[9] * 7]), fpc="N"), "mixed"),
    (lambda: SurveyDesign(frame(N=[9, *[10] * 7]), fpc="N"), "one number per stratum.*9 and 10"),
    (lambda: SurveyDesign(frame(N=[0] * 8), fpc="N"), "above 0"),
    (lambda: SurveyDesign(frame(w=[1.0] * 8, N=[99] * 8), weights="w", fpc="N"), "Declare population="),
    (lambda: SurveyDesign(frame(s=[None, *"abbccdd"]), strata="s"), "missing values.*1 rows"),
    (lambda: SurveyDesign(frame(), strata="S"), "no such column.*'S'"),
    (lambda: SurveyDesign(frame(), weights=np.ones(3)), "one value per row of the data"),
    (lambda: SurveyDesign(frame(), lonely="ignore"), "unknown rule"),
    (lambda: SurveyDesign(frame(), strata="g", clusters="p", nest=False), "several strata.*nest=True"),
    (lambda: SurveyDesign(frame().iloc[:0]), "no rows"),
    (lambda: SurveyDesign(frame(), population=3), "smaller than the sample"),
    (lambda: SurveyDesign(frame(), clusters="p", fpc=["w", "w"]), "more fpc columns than stages"),
    (lambda: SurveyDesign(frame()).total("y"), "totals need weights.*Declare population="),
    (lambda: SurveyDesign(frame()).mean("y", deff="noreplace"), "needs the population"),
    (lambda: SurveyDesign(frame()).mean("g"), "not numeric.*proportion"),
    (lambda: SurveyDesign(frame()).mean("z"), "no such column"),
    (lambda: SurveyDesign(frame()).mean("y", by="G"), "no such column"),
    (lambda: SurveyDesign(frame()).mean("y", ci=95), "between 0 and 1"),
    (lambda: SurveyDesign(frame()).subset(frame()["g"] == "z"), "no respondent is in the domain"),
    (lambda: SurveyDesign(frame()).subset([True]), "one true/false per respondent"),
    (lambda: SurveyDesign(frame(y=[np.nan] * 8)).mean("y", by="g"), "nobody.*g = x"),
    (lambda: SurveyDesign(frame()).ttest("y", "s"), "two groups.*4 groups"),
    (lambda: SurveyDesign(frame()).chisq("g", "g", statistic="G2"), "unknown statistic"),
    (lambda: SurveyDesign(frame()).proportion("g", method="wald"), "unknown interval"),
    (lambda: SurveyDesign(frame()).quantile("y", [50]), "between 0 and 1"),
    (lambda: SurveyDesign(frame(b=[0, 0, 0, 0, 1, 1, 1, 1])).regression("b", ["g"], family="binomial"),
     "does not converge.*separates"),
    (lambda: SurveyDesign(frame(v=np.arange(8.0) * 2)).regression("y", ["p", "w"]), "determine one another"),
    (lambda: SurveyDesign(frame()).covariance(np.ones((3, 1))), "one row per respondent"),
    (lambda: SurveyDesign(pd.concat([frame(), frame()[["y"]]], axis=1)).mean("y"), "several columns.*'y'.*Rename"),
    (lambda: SurveyDesign(frame()).mean(frame()["y"]), "named, not given as values.*Series"),
    (lambda: SurveyDesign(frame()).mean("y", by=np.arange(8)), "named, not given as values.*ndarray"),
    (lambda: SurveyDesign(frame()).mean([]), "no column is named"),
    (lambda: SurveyDesign(frame(y=[np.inf, *range(7)])).mean("y"), "infinite number.*row 0"),
    (lambda: SurveyDesign(frame(n=list("aabbccdd"))).mean("y", by="n"), "name of a column of the results.*'n'"),
    (lambda: SurveyDesign(frame(z=[0] * 8)).ratio("y", "z"), "y/z.*denominator sums to 0"),
    (lambda: SurveyDesign(frame()).proportion("g", levels=["X"]), "none of the levels.*'X'.*'x', 'y'"),
    (lambda: SurveyDesign(frame(), weights=pd.Series(np.ones(8), index=range(9, 17))), "belong to other rows"),
    (lambda: SurveyDesign(frame(), weights=frame()[["w", "w"]]), r"one value per respondent.*shape \(8, 2\)"),
    (lambda: SurveyDesign(frame()).chisq("g", "g"), "determine one another.*2 empty cells"),
    (lambda: SurveyDesign(frame()).replicates("bootstrap", replicates=1), "needs replicates"),
    (lambda: ReplicateDesign(frame(), replicate_weights=np.ones((8, 4)), rscales=[1, 2]), "one factor per replicate"),
    (lambda: ReplicateDesign(frame(), replicate_weights=np.ones((8, 4)), fay=1), "Fay's factor"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_refused_with_a_reason(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_single_unit_is_allowed_once_a_rule_is_chosen():
    design = SurveyDesign(frame(s=list("aaabbbbc")), strata="s", lonely="remove")
    kept = SurveyDesign(frame(s=list("aaabbbbc")).iloc[:7], strata="s")
    z = design.mean_influence(design.numeric("y"))[1]
    np.testing.assert_allclose(design.variance(z), kept.variance(z[:7]), rtol=1e-12)


def test_a_certainty_unit_is_not_lonely():
    data = frame(s=list("aaaabbbc"), N=[40] * 4 + [30] * 3 + [1])
    assert np.isfinite(SurveyDesign(data, strata="s", fpc="N").mean("y")["se"]).all()


def test_a_group_of_one_has_no_interval_and_says_so():
    design = SurveyDesign(frame(g=list("xxxxxxxy")))
    with pytest.warns(MeasureWarning, match="1 of 2 estimates"):
        by = design.mean("y", "g")
    assert np.isnan(by["ci_low"][1])
    assert np.isfinite(by["ci_low"][0])


def test_normalised_weights_give_totals_once_the_population_is_known():
    data = frame(w=[0.5, 1.5] * 4)
    assert SurveyDesign(data, weights="w").normalised
    known = SurveyDesign(data, weights="w", population=800)
    assert known.total("y")["estimate"][0] == pytest.approx(100 * (data["w"] * data["y"]).sum())
    assert known.mean("y")["se"][0] == pytest.approx(SurveyDesign(data, weights="w").mean("y")["se"][0])


def test_a_full_count_has_no_sampling_error():
    design = SurveyDesign(frame(N=[8] * 8), fpc="N")
    assert design.total("y")["estimate"][0] == 28
    assert design.total("y")["se"][0] == 0


def test_strata_of_two_columns_and_labels_in_a_list():
    data = frame(g=list("xxyyxxyy"), s=list("aaaabbbb"))
    want = SurveyDesign(data.assign(cell=data["g"] + data["s"]), strata="cell", clusters="p").mean("y")
    got = SurveyDesign(data, strata=["g", "s"], clusters=data["p"].tolist()).mean("y")
    pd.testing.assert_frame_equal(got, want)


def test_a_series_is_matched_by_its_index_and_not_by_position():
    data = frame(w=np.arange(1.0, 9)).set_index(pd.Index(range(20, 28)))
    want = SurveyDesign(data, weights="w", strata="s").mean("y")
    turned = SurveyDesign(data, weights=data["w"][::-1], strata=data["s"].sample(frac=1, random_state=1)).mean("y")
    pd.testing.assert_frame_equal(turned, want)


def test_shares_of_nullable_columns_leave_the_missing_out():
    plain = frame(y=[1, 0, np.nan, 1, 1, 0, 1, 1])
    want = SurveyDesign(plain).proportion("y")
    for dtype in ("boolean", "Int64", "int64[pyarrow]", "bool[pyarrow]"):
        got = SurveyDesign(plain.assign(y=plain["y"].astype("Float64").astype(dtype))).proportion("y")
        assert got["n"][0] == 7
        np.testing.assert_allclose(got[["estimate", "se", "ci_low"]], want[["estimate", "se", "ci_low"]])


def test_an_item_without_variation_has_no_error_and_no_design_effect():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"y": 3.1, "w": rng.uniform(1, 2, 40), "c": rng.integers(0, 8, 40)})
    row = SurveyDesign(data, weights="w", clusters="c").mean("y").iloc[0]
    assert (row["se"], row["ci_low"]) == (0, row["estimate"])
    assert np.isnan(row["deff"])


def test_likelihood_interval_of_a_share_with_two_degrees_of_freedom():
    answers = np.repeat([1, 0, 1, 0], [5, 5, 3, 1])
    data = pd.DataFrame({"y": answers, "c": np.repeat([0, 1, 2], [5, 5, 4]), "w": np.arange(1.0, 15)})
    row = SurveyDesign(data, weights="w", clusters="c").proportion("y", method="likelihood").iloc[0]
    assert 0 < row["ci_low"] < row["estimate"] < row["ci_high"] < 1


def test_the_smallest_answer_is_the_lowest_quantile():
    design = SurveyDesign(pd.DataFrame({"y": [10.0, 20, 30, 40], "w": [4.0, 1, 1, 1]}), weights="w", population=7)
    for rule in ("math", "school", "hf1", "hf2", "hf3", "hf4"):
        assert design.quantile("y", 0.25, rule=rule, interval="beta")["estimate"][0] == 10, rule


def test_numbers_kept_in_nullable_and_arrow_columns():
    plain = frame(y=[1, 2, np.nan, 4, 5, 6, 7, 8])
    for dtype in ("Float64", "double[pyarrow]"):
        other = plain.assign(y=plain["y"].astype(dtype), g=plain["g"].astype("category"))
        want, got = SurveyDesign(plain).mean("y", "g"), SurveyDesign(other).mean("y", "g")
        np.testing.assert_allclose(got["se"], want["se"])
