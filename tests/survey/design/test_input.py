"""What a design refuses, and that the message says what to do."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey.design import SurveyDesign


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
    (lambda: SurveyDesign(frame(), weights=np.ones(3)), "does not match the data"),
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
    (lambda: SurveyDesign(frame(y=[np.nan] * 4 + [1, 2, 3, 4])).mean("y", by="g"), "nobody.*g = x"),
    (lambda: SurveyDesign(frame(g=pd.Categorical(list("xxxxyyyy"), ["x", "y", "z"]))).mean("y", "g"),
     "without a respondent.*z.*remove_unused"),
    (lambda: SurveyDesign(frame()).ttest("y", "s"), "two groups.*4 groups"),
    (lambda: SurveyDesign(frame()).chisq("g", "g", statistic="G2"), "unknown statistic"),
    (lambda: SurveyDesign(frame()).proportion("g", method="wald"), "unknown interval"),
    (lambda: SurveyDesign(frame()).quantile("y", [50]), "between 0 and 1"),
    (lambda: SurveyDesign(frame(b=[0, 0, 0, 0, 1, 1, 1, 1])).regression("b", ["g"], family="binomial"),
     "does not converge.*separates"),
    (lambda: SurveyDesign(frame(v=np.arange(8.0) * 2)).regression("y", ["p", "w"]), "determine one another"),
    (lambda: SurveyDesign(frame()).covariance(np.ones((3, 1))), "one row per respondent"),
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


def test_numbers_kept_in_nullable_and_arrow_columns():
    plain = frame(y=[1, 2, np.nan, 4, 5, 6, 7, 8])
    for dtype in ("Float64", "double[pyarrow]"):
        other = plain.assign(y=plain["y"].astype(dtype), g=plain["g"].astype("category"))
        want, got = SurveyDesign(plain).mean("y", "g"), SurveyDesign(other).mean("y", "g")
        np.testing.assert_allclose(got["se"], want["se"])
