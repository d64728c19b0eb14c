"""Post-stratification, raking and calibration against R; convergence, bounds and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.nonresponse import adjust_nonresponse
from csi_lib.survey.weighting import calibrate, post_stratify, rake, trim_weights

BASES = ["clus1", "srs", "strat"]


@pytest.fixture(scope="module")
def population(oracle):
    return oracle("survey")["population"]


def margins(population):
    return {"stype": population["stype"], "sch.wide": population["sch.wide"]}


def methods(population):
    stype, api99 = {"stype": population["stype"]}, {"api99": population["api99_total"]}
    tight = {"tolerance": 1e-13}
    return {
        "poststratify_stype": lambda d: post_stratify(d, "stype", population["stype"]),
        "rake_stype_schwide": lambda d: rake(d, margins(population), **tight),
        "calibrate_linear_stype": lambda d: calibrate(d, stype),
        "calibrate_linear_stype_api99": lambda d: calibrate(d, stype | api99),
        "calibrate_raking_stype_api99": lambda d: calibrate(d, stype | api99, method="raking", **tight),
        "calibrate_logit_b0.5_2_stype_api99": lambda d: calibrate(
            d, stype | api99, method="logit", bounds=(0.5, 2), **tight
        ),
    }


NAMES = list(methods({"stype": {}, "sch.wide": {}, "api99_total": 0}))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", NAMES)
def test_weights_estimates_and_errors_equal_those_of_r(api_designs, oracle, population, base, name):
    want = oracle("survey")["adjust"][base][name]
    result = methods(population)[name](api_designs[base])
    np.testing.assert_allclose(result.weights[:12], want["weights"]["first"], rtol=1e-8)
    assert result.report.kish_deff == pytest.approx(want["weights"]["kish_deff"], rel=1e-8)
    assert result.report.n_effective == pytest.approx(want["weights"]["ess"], rel=1e-8)
    for frame, key in (
        (result.design.mean("api00"), "mean_api00"),
        (result.design.total("enroll"), "total_enroll"),
        (result.design.mean("api00", by="stype"), "by"),
    ):
        np.testing.assert_allclose(frame["estimate"], list(want[key]["est"].values()), rtol=1e-8)
        np.testing.assert_allclose(frame["se"], list(want[key]["se"].values()), rtol=1e-8)


@pytest.mark.parametrize("base", BASES)
def test_trimming_after_raking(api_designs, oracle, population, base):
    want = oracle("survey")["adjust"][base]["rake_trimmed"]
    result = rake(api_designs[base], margins(population), trim=(20, 50))
    np.testing.assert_allclose(result.weights[:12], want["first"], rtol=1e-8)
    assert result.report.weight_max == pytest.approx(want["max"])
    assert result.weights.sum() == pytest.approx(want["sum"])


def sample(n=2000, seed=5):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "sex": rng.choice(["f", "m"], n, p=[0.6, 0.4]),
        "age": rng.choice(["20", "40", "60"], n, p=[0.5, 0.3, 0.2]),
        "area": rng.choice(["n", "s"], n),
    })  # fmt: skip


SHARES = {
    "sex": {"f": 0.5, "m": 0.5},
    "age": {"20": 0.3, "40": 0.35, "60": 0.35},
    "area": {"n": 0.45, "s": 0.55},
}


def test_raking_meets_every_margin_and_the_report_shows_it():
    result = rake(sample(), SHARES, population=1_000_000)
    rows = result.report.margins
    np.testing.assert_allclose(rows["after"], rows["target"], rtol=1e-10)
    np.testing.assert_allclose(rows["share_before"].groupby(rows["variable"]).sum(), 1)
    assert result.report.weight_sum == pytest.approx(1_000_000)
    assert result.report.largest_gap <= 1e-10
    assert set(result.report.table.columns) == {"statistic", "value"}


def test_raking_keeps_the_odds_ratios_of_the_sample():
    frame = sample()
    result = rake(frame, SHARES)
    cell = frame.assign(w=result.weights).groupby(["sex", "age", "area"])["w"].sum()
    count = frame.groupby(["sex", "age", "area"]).size()
    residual = np.log(cell / count)
    table = residual.to_numpy().reshape(2, 3, 2)
    # log factors are additive in the margins: no interaction is left
    twice = table - table.mean((1, 2), keepdims=True) - table.mean((0, 2), keepdims=True)
    assert np.abs(twice - table.mean((0, 1), keepdims=True) + 2 * table.mean()).max() < 1e-9


def test_raking_one_margin_is_post_stratification_and_a_cross_is_its_cells():
    frame = sample()
    one = rake(frame, {"age": SHARES["age"]}).weights
    np.testing.assert_allclose(one, post_stratify(frame, "age", SHARES["age"]).weights, rtol=1e-12)
    cross = {(s, a): SHARES["sex"][s] * SHARES["age"][a] for s in "fm" for a in ("20", "40", "60")}
    result = post_stratify(frame, ["sex", "age"], cross)
    got = frame.assign(w=result.weights).groupby(["sex", "age"])["w"].sum() / len(frame)
    np.testing.assert_allclose(got, [cross[k] for k in got.index], rtol=1e-12)


def test_bounds_hold_and_the_margins_still_meet():
    free = rake(sample(), SHARES)
    low, high = 0.45, 2.1
    assert free.report.factor_max > high
    bounded = rake(sample(), SHARES, bounds=(low, high))
    assert low <= bounded.report.factor_min
    assert bounded.report.factor_max <= high
    assert bounded.report.largest_gap < 1e-9


@pytest.mark.parametrize("bounds", [(0.4, 2.2), (0.45, 2.1), (0.5, 1.9), (0.55, 2.5), (0.3, 1.6)])
def test_bounded_raking_succeeds_wherever_weights_exist(bounds):
    """Whether any weights within the bounds meet the margins is decided by linear programming."""
    from scipy.optimize import linprog

    frame = sample()
    cells = frame.groupby(["sex", "age", "area"]).size()
    labels = cells.index.to_frame()
    left, right = [], []
    for name, target in SHARES.items():
        for category, share in target.items():
            left.append((labels[name] == category).to_numpy() * cells.to_numpy())
            right.append(share * len(frame))
    possible = linprog(np.zeros(len(cells)), A_eq=left, b_eq=right, bounds=[bounds] * len(cells)).status == 0
    if possible:
        assert rake(frame, SHARES, bounds=bounds).report.largest_gap < 1e-9
    else:
        with pytest.raises(InputError, match="no weights within the bounds"):
            rake(frame, SHARES, bounds=bounds)


def test_linear_calibration_is_the_regression_estimator(schools):
    frame = schools("apisrs")
    total = 3_914_069.0
    result = calibrate(frame, {"stype": {"E": 4421, "H": 755, "M": 1018}, "api99": total}, weights="pw")
    x = np.column_stack([(frame["stype"] == k).astype(float) for k in "EHM"] + [frame["api99"]])
    y, w = frame["api00"].to_numpy(float), frame["pw"].to_numpy(float)
    beta = np.linalg.solve((x * w[:, None]).T @ x, x.T @ (w * y))
    assert result.weights @ y == pytest.approx(np.array([4421, 755, 1018, total]) @ beta, rel=1e-10)


def test_trimming_keeps_the_sum():
    w = np.r_[np.ones(90), np.full(10, 20.0)]
    cut = trim_weights(w, 0.5, 5)
    assert cut.sum() == pytest.approx(w.sum())
    assert cut.max() == pytest.approx(5)
    np.testing.assert_allclose(cut[:90], 1 + 150 / 90)


def test_nonresponse_weight_goes_to_the_respondents_of_the_class():
    frame = pd.DataFrame(
        {"type": ["a"] * 40 + ["b"] * 60, "answered": [True] * 20 + [False] * 20 + [True] * 45 + [False] * 15}
    )
    result = adjust_nonresponse(frame, "type", "answered")
    np.testing.assert_allclose(np.unique(result.weights), [0, 60 / 45, 2])
    assert result.weights.sum() == pytest.approx(100)
    np.testing.assert_allclose(result.report.margins["after"], [40, 60])


def test_nonresponse_class_without_respondents_is_refused():
    frame = pd.DataFrame({"type": ["a"] * 40 + ["b"] * 60, "answered": [True] * 40 + [False] * 55 + [True] * 5})
    with pytest.raises(InputError, match=r"too few respondents.*b \(5\).*Merge"):
        adjust_nonresponse(frame, "type", "answered")
    with pytest.warns(MeasureWarning, match="one respondent stands for 12"):
        adjust_nonresponse(frame, "type", "answered", minimum=5)


@pytest.mark.parametrize(("margins", "message"), [
    ({"sex": {"f": 500, "m": 500}, "area": {"n": 450, "s": 560}}, "do not add up.*sex 1000, area 1010"),
    ({"sex": {"f": 0.5, "m": 0.4}}, "do not add up to 1"),
    ({"sex": {"f": 1.0}}, "does not name a category.*m"),
    ({"sex": {"f": 0.4, "m": 0.4, "x": 0.2}}, "nobody in a category.*x.*Merge"),
    ({"sex": {"f": 1.0, "m": 0.0}}, "gives 0 to a category"),
    ({"sexe": {"f": 0.5, "m": 0.5}}, "no such column.*Did you mean 'sex'"),
    ({"sex": {"f": 1.5, "m": -0.5}}, "numbers from 0 up"),
    ({}, "no margin"),
])  # fmt: skip
def test_margins_that_cannot_be_right(margins, message):
    with pytest.raises(InputError, match=message):
        rake(sample(), margins)


def test_raking_that_cannot_converge_names_the_margin():
    # everybody of area n is a woman, so women and area n cannot be weighted apart
    frame = pd.DataFrame({"sex": ["f"] * 50 + ["m"] * 50, "area": ["n"] * 50 + ["s"] * 50})
    with pytest.raises(InputError, match=r"does not converge.*merge"):
        rake(frame, {"sex": {"f": 0.5, "m": 0.5}, "area": {"n": 0.4, "s": 0.6}})


def test_bounds_that_cannot_be_met():
    with pytest.raises(InputError, match=r"no weights within the bounds.*Widen"):
        rake(sample(), SHARES, bounds=(0.95, 1.05))
    with pytest.raises(InputError, match="around 1"):
        rake(sample(), SHARES, bounds=(1.1, 2))
    with pytest.raises(InputError, match="finite bounds"):
        calibrate(sample(), SHARES, method="logit")
    with pytest.raises(InputError, match="cannot be trimmed"):
        trim_weights(np.ones(5), 2, 3)


def test_missing_values_in_a_margin_are_refused():
    frame = sample()
    frame.loc[3, "sex"] = None
    with pytest.raises(InputError, match=r"missing values.*1 rows"):
        rake(frame, SHARES)


def test_calibrated_designs_refuse_a_second_set_of_weights():
    with pytest.raises(InputError, match="own weights"):
        rake(SurveyDesign(sample()), SHARES, weights=np.ones(2000))


def test_a_domain_is_weighted_with_its_design():
    frame = sample()
    with pytest.raises(InputError, match="Weight the whole design"):
        rake(SurveyDesign(frame).subset(frame["sex"] == "f"), SHARES)


def test_raked_error_agrees_with_raking_every_replicate(schools, population):
    """Linearised residuals and a jackknife that rakes again in each replicate estimate the same error."""
    design = SurveyDesign(schools("apiclus1"), clusters="dnum", weights="pw")
    raked = rake(design, margins(population)).design
    jackknife = raked.replicates("JK1")
    np.testing.assert_allclose(jackknife.replicate_weights().sum(0), 6194, rtol=1e-8)
    linear, again = raked.mean("api00")["se"][0], jackknife.mean("api00")["se"][0]
    assert again == pytest.approx(linear, rel=0.25)


def test_codes_are_the_same_category_as_whole_numbers_decimals_and_text():
    data = pd.DataFrame({"k": [1, 1, 1, 2, 2, 2], "s": [1, 2, 1, 2, 1, 2]})
    want = rake(data, {"k": {1: 10, 2: 20}, ("k", "s"): {(1, 1): 4, (1, 2): 6, (2, 1): 12, (2, 2): 8}}).weights
    other = data.assign(k=data["k"].astype(float), s=data["s"].astype("Float64"))
    for key in (str, float):
        cross = {(key(a), key(b)): v for (a, b), v in {(1, 1): 4, (1, 2): 6, (2, 1): 12, (2, 2): 8}.items()}
        got = rake(other, {"k": {key(1): 10, key(2): 20}, ("k", "s"): cross}).weights
        np.testing.assert_allclose(got, want)


def test_response_classes_of_decimal_codes():
    data = pd.DataFrame({"k": [1.0, 1, 2, 2, 2], "s": ["a"] * 5})
    got = adjust_nonresponse(data, ["k", "s"], sampled={("1", "a"): 10, (2, "a"): 9}, minimum=1)
    np.testing.assert_allclose(got.weights, [5, 5, 3, 3, 3])


@pytest.mark.parametrize("start", [1.0, 4000 / 18, 1e-3])
@pytest.mark.parametrize(("mean", "lowest", "highest"), [
    (2.6, 83.92715, 395.7327), (2.8, 55.10241, 506.4482), (3.0, 30.95255, 634.8695), (3.3, 5.635567, 888.4755),
])  # fmt: skip
def test_raking_calibration_from_weights_of_any_scale(start, mean, lowest, highest):
    """R: survey 4.1-1, calibrate(design, ~g + z, …, calfun = "raking"): the same whatever the weights sum to."""
    frame = pd.DataFrame({"g": list("AABBCC") * 3, "z": np.linspace(1, 4, 18)})
    totals = {"g": {"A": 1800, "B": 1500, "C": 700}, "z": 4000 * mean}
    found = calibrate(frame, totals, method="raking", weights=np.full(18, start)).weights
    assert [found.min(), found.max()] == pytest.approx([lowest, highest], rel=1e-6)
    assert found @ frame["z"] == pytest.approx(4000 * mean)


def test_totals_that_no_weights_meet_are_said():
    frame = pd.DataFrame({"g": list("AABBCC") * 3, "z": np.linspace(1, 4, 18)})
    groups = {"A": 1800, "B": 1500, "C": 700}
    for start in (1.0, 4000 / 18):
        with pytest.raises(InputError, match="no positive weights meet the totals"):
            calibrate(frame, {"g": groups, "z": 4000 * 5.9}, method="raking", weights=np.full(18, start))
    with pytest.raises(InputError, match="scale the weights to the population first"):
        calibrate(frame, {"g": groups}, method="logit", bounds=(0.3, 3))
    with pytest.raises(InputError, match="scale the weights to the population first"):
        rake(frame, {"g": {"A": 0.5, "B": 0.3, "C": 0.2}}, population=30_000, bounds=(0.3, 3))
