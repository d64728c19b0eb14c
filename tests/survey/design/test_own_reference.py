"""Survey estimates against R on a survey of our own (tests/oracles/own): strata, clusters, weights, fpc, missing scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csi_lib import SurveyDesign, calibrate, post_stratify, rake

OWN = Path(__file__).parents[2] / "oracles" / "own"
DESIGNS = {
    "full": {"strata": "stratum", "clusters": "cluster", "weights": "w", "fpc": "fpc"},
    "with_replacement": {"strata": "stratum", "clusters": "cluster", "weights": "w"},
    "strata": {"strata": "stratum", "weights": "w"},
    "weights": {"weights": "w"},
}


def close(found, wanted, tolerance=1e-8):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(wanted, float), rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(OWN / "survey.csv")


@pytest.fixture(scope="module")
def r(oracle):
    return oracle("own/reference")


@pytest.fixture(params=DESIGNS)
def case(request, frame, r):
    return SurveyDesign(frame, **DESIGNS[request.param]), r["survey"][request.param]


def test_means_totals_ratios_and_groups(case):
    design, wanted = case
    assert design.df == wanted["df"]
    for name, found in (
        ("mean", design.mean("score")),
        ("total", design.total("age")),
        ("ratio", design.ratio("hit", "age")),
    ):
        row = found.iloc[0]
        close([row["estimate"], row["se"]], [wanted[name]["estimate"], wanted[name]["se"]])
        if name != "mean":  # R takes the degrees of freedom of the whole design where a score is missing; so do we
            close([row["ci_low"], row["ci_high"]], [wanted[name]["low"], wanted[name]["high"]])
    groups = design.mean("age", by="group")
    close(groups["estimate"], wanted["by"]["age"])
    close(groups["se"], wanted["by"]["se"])
    close(design.mean("age")["deff"].iloc[0], wanted["mean_deff"])
    close(design.population_variance("age")["estimate"].iloc[0], wanted["variance"])
    close(design.quantile("age")["estimate"].iloc[0], wanted["median"])


def test_intervals_of_shares(case):
    design, wanted = case
    for method, limits in wanted["ciprop"].items():
        found = design.proportion("hit", method=method).iloc[0]
        close([found["ci_low"], found["ci_high"]], limits, 1e-6)


def test_tests_and_regressions(case):
    design, wanted = case
    found = design.chisq("hit", "group")
    close([found.statistic, found.p_value], [wanted["chisq"]["statistic"], wanted["chisq"]["p_value"]])
    found = design.ttest("age", "sex")
    close([found.statistic, found.p_value], [wanted["ttest"]["statistic"], wanted["ttest"]["p_value"]])
    found = design.ranktest("age", "sex")
    close([abs(found.statistic), found.p_value], [wanted["ranktest"]["statistic"], wanted["ranktest"]["p_value"]])
    linear = design.regression("age", ["hit", "sex"]).coefficients
    close(linear["estimate"], wanted["glm"]["coef"])
    close(linear["se"], wanted["glm"]["se"])
    logit = design.regression("hit", ["age"], family="quasibinomial").coefficients
    close(logit["estimate"], wanted["logit"]["coef"], 1e-6)
    close(logit["se"], wanted["logit"]["se"], 1e-6)


def test_jackknife(frame, r):
    found = SurveyDesign(frame, **DESIGNS["with_replacement"]).replicates("JKn").mean("age").iloc[0]
    close([found["estimate"], found["se"]], [r["jackknife"]["mean"], r["jackknife"]["se"]])


def test_weighting(frame, r):
    weights, strata = (SurveyDesign(frame, **DESIGNS[name]) for name in ("weights", "strata"))
    group, sex = {"a": 1900, "b": 1500, "c": 600}, {"f": 1900, "m": 2100}
    totals = {"sex": sex, "age": 4000 * 48}
    for name, found in (
        ("rake", rake(weights, {"sex": sex, "group": group})),
        ("post_stratify", post_stratify(strata, "group", group)),
        ("linear", calibrate(weights, totals)),
        ("raking", calibrate(weights, totals, method="raking")),
    ):
        wanted = r["weighting"][name]
        close(found.weights[[0, 49, 99]], wanted["weights"], 1e-6)
        row = found.design.mean("hit").iloc[0]
        close([row["estimate"], row["se"]], [wanted["mean"], wanted["se"]], 1e-6)


def test_nobody_of_the_sample(frame, r):
    found = SurveyDesign(frame.assign(never=0)).proportion("never")["ci_high"].iloc[0]
    close(found, r["binom0"])
