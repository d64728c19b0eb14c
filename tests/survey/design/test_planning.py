"""Sample size, allocation and expected error."""

import math

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.survey.planning import allocate, margin_of_error, sample_size
from csi_lib.survey.sampling_plan import PlanFile, plan_agency


@pytest.mark.parametrize(("key", "options"), [
    ("prop_p.5_e.05", {"margin": 0.05}),
    ("prop_p.5_e.05_N1000", {"margin": 0.05, "population": 1000}),
    ("prop_p.3_e.03_c.99_N5000_deff1.5",
     {"margin": 0.03, "proportion": 0.3, "ci": 0.99, "population": 5000, "deff": 1.5}),
    ("mean_s15_e2", {"margin": 2, "sd": 15}),
    ("mean_s15_e2_N500", {"margin": 2, "sd": 15, "population": 500}),
])  # fmt: skip
def test_sample_size_against_r(oracle, key, options):
    want, got = oracle("survey")["sample_size"][key], sample_size(**options)
    assert got.n0 == pytest.approx(want["n0"], rel=1e-12)
    assert got.n_fpc == pytest.approx(want["n_fpc"], rel=1e-12)
    if "n_deff" in want:
        assert got.n_deff == pytest.approx(want["n_deff"], rel=1e-12)
    assert got.n == int(np.ceil(got.n_deff))


def test_expected_response_raises_invitations_only():
    plan = sample_size(margin=0.05, response=0.4)
    assert plan.n == 385
    assert plan.invitations == 961  # 384.146 / .4


def test_the_published_margin_of_410_interviews():
    assert margin_of_error(410) == pytest.approx(0.0484, abs=5e-5)


@pytest.mark.parametrize("population", [None, 800.0])
@pytest.mark.parametrize("sd", [None, 22.0])
def test_margin_and_sample_size_are_inverse(population, sd):
    margin = 0.04 if sd is None else 1.5
    n = sample_size(margin=margin, sd=sd, population=population).n_fpc
    assert margin_of_error(n, sd=sd, population=population) == pytest.approx(margin, rel=1e-12)


def test_neyman_and_proportional_allocation_against_r(oracle):
    want = oracle("survey")["sample_size"]["neyman"]
    neyman = allocate(want["N"], 200, method="neyman", sd=want["S"])
    np.testing.assert_allclose(neyman.table["n_exact"], list(want["alloc_neyman"].values()), rtol=1e-10)
    proportional = allocate(want["N"], 200)
    np.testing.assert_allclose(proportional.table["n_exact"], list(want["alloc_prop"].values()), rtol=1e-10)
    assert neyman.n == proportional.n == 200


def test_neyman_has_the_smallest_error_of_all_allocations():
    size, sd = {"a": 5000, "b": 800, "c": 90}, {"a": 10, "b": 30, "c": 60}
    best = allocate(size, 300, method="neyman", sd=sd)
    for method in ("proportional", "power", "equal"):
        assert best.margin < allocate(size, 300, method=method, sd=sd).margin


def test_power_allocation_runs_from_equal_to_proportional():
    size = {"a": 8100, "b": 900}
    assert allocate(size, 100, method="power", power=0).table["n"].tolist() == [50, 50]
    assert allocate(size, 100, method="power", power=0.5).table["n"].tolist() == [75, 25]
    assert allocate(size, 100, method="power", power=1).table["n"].tolist() == [90, 10]


def test_minimum_and_population_bind_and_the_rest_stays_proportional():
    plan = allocate({"a": 6000, "b": 3000, "c": 40, "d": 15}, 500, minimum=30)
    n = plan.table.set_index("stratum")["n"]
    assert n["c"] == 30
    assert n["d"] == 15  # all there are
    assert n.sum() == 500
    assert n["a"] / n["b"] == pytest.approx(2, rel=0.01)


def test_a_budget_is_spent_and_not_exceeded():
    plan = allocate({"a": 5000, "b": 5000}, budget=1000, method="neyman", sd=10, cost={"a": 1, "b": 4})
    n = plan.table.set_index("stratum")["n"]
    assert n["a"] / n["b"] == pytest.approx(2, rel=0.02)  # √(4/1)
    assert 1000 - 5 < plan.cost <= 1000


def test_expected_error_per_cell_is_that_of_its_interviews():
    plan = allocate({"a": 1000, "b": 200}, 150, deff=1.4)
    row = plan.table.iloc[1]
    want = 1.959963984540054 * np.sqrt(0.25 / row["n"] * (1 - row["n"] / 200) * 1.4)
    assert row["margin"] == pytest.approx(want)


def test_fieldwork_is_checked_against_the_plan():
    plan = allocate({"a": 100, "b": 100}, 20)
    check = plan.check({"a": 12, "b": 7}).set_index("stratum")
    assert check.loc["a", "done"]
    assert check.loc["b", "missing"] == 3
    with pytest.raises(InputError, match=r"not planned.*c"):
        plan.check({"c": 1})


def test_populations_as_a_series_with_numbers_for_names():
    got = allocate(pd.Series({2: 10, 1: 200}), 42).table
    assert dict(zip(got["stratum"], got["n"], strict=True)) == {2: 2, 1: 40}


@pytest.mark.parametrize(("call", "message"), [
    (lambda: sample_size(margin=0), "margin must be above 0"),
    (lambda: sample_size(margin=0.05, proportion=1), "between 0 and 1"),
    (lambda: sample_size(margin=0.05, response=0), "expected response"),
    (lambda: sample_size(margin=0.05, ci=95), "confidence level"),
    (lambda: allocate({"a": 10}, 11), "more interviews than people"),
    (lambda: allocate({"a": 10, "b": 0}, 5), "population above 0.*b"),
    (lambda: allocate({"a": 100, "b": 100}, 5, minimum=10), "needs more than there is"),
    (lambda: allocate({"a": 100}), "either n or budget"),
    (lambda: allocate({"a": 100, "b": 9}, 5, sd={"a": 1}), "no value.*b"),
    (lambda: margin_of_error(500, population=400), "larger than the population"),
    (lambda: margin_of_error([10, 0]), "needs interviews"),
    (lambda: sample_size(margin=5), "is itself a share.*5 %p"),
])  # fmt: skip
def test_plans_that_cannot_be(call, message):
    with pytest.raises(InputError, match=message):
        call()


PLAN = {"by": "type", "frame": {"north": {"1": 9000, "2": 900, "3": 100}}, "response": 0.5}


@pytest.mark.parametrize("method", ["proportional", "power", "equal"])
def test_a_plan_meets_the_wanted_error_whatever_the_allocation(method):
    """A spread that is not proportional needs more interviews; one fewer would miss the goal."""
    own = plan_agency(PlanFile(**PLAN, margin=0.05, method=method, minimum=20), "north")
    assert own.allocation.margin <= 0.05
    size = {k: float(v) for k, v in PLAN["frame"]["north"].items()}
    if own.allocation.n > own.size.n:
        fewer = allocate(size, own.allocation.n - 1, method=method, minimum=20)
        assert fewer.margin > 0.05
    assert own.table["approach"].tolist() == [
        min(-(-n // 0.5), size[c]) for c, n in own.table[["cell", "n"]].to_numpy()
    ]


def test_a_plan_for_a_mean_and_by_a_budget():
    own = plan_agency(PlanFile(**PLAN, points=1.5, sd={"1": 18, "2": 20, "3": 22}, method="neyman"), "north")
    assert own.unit == "points"
    assert own.allocation.margin <= 1.5
    cost = {"1": 10, "2": 20, "3": 40}
    spent = plan_agency(PlanFile(**PLAN, budget={"north": 5000}, cost=cost, sd=20.0, method="neyman"), "north")
    assert 5000 - 40 < spent.allocation.cost <= 5000
    assert spent.size is None


def test_achieved_interviews_are_held_against_the_plan():
    own = plan_agency(PlanFile(**PLAN, n=400, minimum=40), "north")
    checked = own.check({"1": 400, "2": 10}).set_index("cell")
    assert checked["done"].tolist() == [True, False, False]
    assert checked.loc["2", "missing"] == checked.loc["2", "planned"] - 10
    assert checked.loc["1", "margin"] == pytest.approx(1.959964 * 0.5 * math.sqrt((1 - 400 / 9000) / 400), rel=1e-6)
    assert math.isinf(checked.loc["3", "margin"])
    with pytest.raises(InputError, match="not planned"):
        own.check({"4": 3})
    with pytest.raises(InputError, match="more interviews than people"):
        own.check({"3": 101})


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ({}, "one goal"),
        ({"n": 400, "margin": 0.05}, "n and margin"),
        ({"points": 2.0}, "`points` needs `sd`"),
        ({"n": 400, "method": "neyman"}, "Neyman allocation needs `sd`"),
        ({"n": {"south": 3}}, "says nothing for this agency"),
        ({"points": 2.0, "sd": {"1": 18}}, "no standard deviation"),
    ],
)
def test_plan_files_that_cannot_be(goal, words):
    with pytest.raises(ValueError, match=words):
        plan_agency(PlanFile(**PLAN, **goal), "north")
