"""Replicate weights against R and against linearisation."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.replicates import ReplicateDesign


def five(design):
    """Standard errors of two means, a total, a ratio and a median."""
    return [
        *design.mean(["api00", "enroll"])["se"],
        design.total("enroll")["se"][0],
        design.ratio("api.stu", "enroll")["se"][0],
        design.quantile("api00")["se"][0],
    ]


@pytest.mark.parametrize(("base", "kind"), [
    ("strat", "JKn"), ("strat_nofpc", "JKn"), ("clus1", "JK1"), ("clus1_nofpc", "JK1")
])  # fmt: skip
def test_jackknife_equals_r(api_designs, oracle, base, kind):
    want = oracle("survey")["replicate"][f"{base}_{kind}"]
    design = api_designs[base].replicates(kind)
    assert design.count == want["nrep"]
    assert design.scale == pytest.approx(want["scale"], rel=1e-12)
    assert design.df == api_designs[base].df
    np.testing.assert_allclose(
        five(design), [*want["mean_se"], want["total_se"], want["ratio_se"], want["median_se"]], rtol=1e-8
    )


@pytest.mark.parametrize(("base", "kind", "key"), [
    ("clus1", "bootstrap", "clus1_boot2000"),
    ("clus1_nofpc", "subbootstrap", "clus1_subboot2000"),
    ("strat_nofpc", "subbootstrap", "strat_subboot2000"),
    ("strat", "rao-wu", "strat_mrbboot2000"),
])  # fmt: skip
def test_bootstraps_agree_with_r_within_their_noise(api_designs, oracle, base, kind, key):
    want = oracle("survey")["replicate"][key]
    got = five(api_designs[base].replicates(kind, replicates=2000, seed=3))
    expected = [*want["mean_se"], want["total_se"], want["ratio_se"], want["median_se"]]
    np.testing.assert_allclose(got, expected, rtol=0.08)  # each has a Monte Carlo error of about 1.6 %


def test_deviations_from_the_estimate(api_designs):
    """R's mse = TRUE: the square of (mean of replicates − estimate) is added, per replicate."""
    design = api_designs["strat"]
    centred, around = (design.replicates("JKn", mse=mse) for mse in (False, True))
    ratio = lambda d: d.ratio("api.stu", "enroll")["se"][0] ** 2
    x, y, w = (design.numeric("api.stu"), design.numeric("enroll"), around.replicate_weights())
    gap = (x @ w / (y @ w)).mean() - (x @ design.weights) / (y @ design.weights)
    assert ratio(around) - ratio(centred) == pytest.approx(gap**2 * around.scale * around.rscales.sum(), rel=1e-5)


def test_given_replicate_weights(shared, oracle):
    want = oracle("survey")["replicate"]["scd_BRR"]
    frame = pd.read_csv(shared / "data" / "statistics" / "survey_scd.csv")
    weights = np.array([list(row.values()) for row in want["repweights"].values()])
    design = ReplicateDesign(frame, replicate_weights=weights, combined=False)
    ratio = design.ratio("alive", "arrests")
    np.testing.assert_allclose(ratio[["estimate", "se"]].to_numpy()[0], [want["ratio"], want["se"]], rtol=1e-10)
    named = ReplicateDesign(
        frame.assign(**{f"r{i}": weights[:, i] for i in range(4)}),
        replicate_weights=[f"r{i}" for i in range(4)],
    )
    assert named.ratio("alive", "arrests")["se"][0] == pytest.approx(want["se"], rel=1e-10)


def pairs(seed=2, strata=12):
    rng = np.random.default_rng(seed)
    rows = 5 * 2 * strata
    return pd.DataFrame({
        "stratum": np.repeat(np.arange(strata), 10),
        "psu": np.tile(np.repeat([1, 2], 5), strata),
        "w": rng.uniform(1, 3, rows),
        "y": rng.normal(50, 10, rows),
    })  # fmt: skip


@pytest.mark.parametrize("fay", [0.0, 0.3])
def test_balanced_half_samples_give_the_linearised_error_of_a_total(fay):
    """For a linear statistic full orthogonal balance reproduces the textbook variance exactly."""
    design = SurveyDesign(pairs(), strata="stratum", clusters="psu", weights="w")
    brr = design.replicates("BRR", fay=fay)
    assert brr.total("y")["se"][0] == pytest.approx(design.total("y")["se"][0], rel=1e-10)


@pytest.mark.parametrize("kind", ["JKn", "BRR"])
def test_linearised_values_give_the_same_covariance_by_replicates(kind):
    design = SurveyDesign(pairs(), strata="stratum", clusters="psu", weights="w")
    _, z = design.mean_influence(np.column_stack([design.numeric("y"), design.numeric("y") ** 2]))
    np.testing.assert_allclose(design.replicates(kind).covariance(z), design.covariance(z), rtol=1e-8)


def test_a_seed_makes_a_bootstrap_repeat_itself(api_designs):
    first, second = (api_designs["strat"].replicates("rao-wu", replicates=50, seed=9) for _ in range(2))
    np.testing.assert_array_equal(first.replicate_weights(), second.replicate_weights())


def test_rao_wu_honours_the_finite_population():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.normal(size=400), "N": 500})
    design = SurveyDesign(frame, fpc="N")
    boot = design.replicates("rao-wu", replicates=4000, seed=1).mean("y")["se"][0]
    assert boot == pytest.approx(design.mean("y")["se"][0], rel=0.05)
    assert design.mean("y")["se"][0] == pytest.approx(frame["y"].std() / 20 * np.sqrt(0.2), rel=1e-10)


def test_what_cannot_be_replicated_is_refused(api_designs):
    with pytest.raises(InputError, match="two sampling units in every stratum"):
        api_designs["strat"].replicates("BRR")
    with pytest.raises(InputError, match="designs without strata"):
        api_designs["strat"].replicates("JK1")
    with pytest.raises(InputError, match="unknown kind"):
        api_designs["strat"].replicates("JK2")
    with pytest.raises(InputError, match="would not fit"):
        SurveyDesign({"y": np.ones(20_000)}).replicates("JK1")
    with pytest.raises(InputError, match="0 or above"):
        ReplicateDesign({"y": [1.0, 2.0]}, replicate_weights=-np.ones((2, 3)))
