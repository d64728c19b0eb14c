"""Estimated weights and what they add to the error of an index."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.models.index import IndexModel
from csi_lib.survey.estimates import Estimates
from tests.models.populations import Answered, bootstrap_se, likert

TREE = """
name: own
label: {{ko: 지수, en: Index}}
formula_edition: "1"
source: test
index: top
nodes:
  - id: top
    label: {{ko: 지수, en: Index}}
    children: [a, b]
    weights: {{rule: correlation, with: overall, {at}}}
  - {{id: a, label: {{ko: 가, en: A}}, items: [a1, a2, a3], weights: {{rule: correlation, {at}}}}}
  - {{id: b, label: {{ko: 나, en: B}}, items: [b1, b2], asked: b_sat, weights: {{rule: correlation, {at}}}}}
"""
ITEMS = ["a1", "b1", "a2", "b2", "a3", "b_sat", "overall"]


def answers(n, seed, shift=0.0):
    frame = likert(ITEMS, n, seed=seed, blocks=2, level=0.3 + shift)
    rng = np.random.default_rng(seed + 99)
    frame["a1"] = np.clip(
        frame["a1"] + rng.choice([0, 1, 2], n), 1, 7
    )  # items of unequal level, so that weights matter
    frame["b2"] = np.clip(frame["b2"] - rng.choice([0, 1, 3], n), 1, 7)
    return frame


def by_hand(frame):
    """The same tree with pandas."""
    points = (frame - 1) * 100 / 6
    rest = {i: points[[j for j in ("a1", "a2", "a3") if j != i]].mean(axis=1) for i in ("a1", "a2", "a3")}
    wa = np.array([points[i].corr(rest[i]) for i in rest])
    wb = np.array([points[i].corr(points["b_sat"]) for i in ("b1", "b2")])
    a, b = points[["a1", "a2", "a3"]] @ (wa / wa.sum()), points[["b1", "b2"]] @ (wb / wb.sum())
    top = np.array([a.corr(points["overall"]), points["b_sat"].corr(points["overall"])])
    return (top / top.sum()) @ [a.mean(), b.mean()]


def test_correlation_weights_by_hand(model_file):
    frame = answers(150, 1)
    found = model_file(TREE.format(at="at: agency-year")).evaluate(Answered(frame))
    assert found.one(measure="top", statistic="index")["estimate"] == pytest.approx(by_hand(frame), abs=1e-9)


@pytest.mark.parametrize("name", ["tree", "iudc-external", "iudc-internal"])
def test_standard_error_contains_that_of_the_weights(name, model_file):
    if name == "tree":
        model, frame = model_file(TREE.format(at="at: agency-year")), answers(300, 2)
    else:
        model = IndexModel.load(name)
        frame = likert(model.file.items, 300, seed=5, blocks=2, loading=0.9)
        rng = np.random.default_rng(1)
        for k, item in enumerate(model.file.items):
            frame[item] = np.clip(frame[item] - (k % 4) * rng.integers(0, 2, len(frame)), 1, 7)
        for node in model.file.nodes:
            for column in node.weights.picks or ():
                frame[column] = rng.choice(
                    node.parts, len(frame), p=np.arange(1, len(node.parts) + 1) / sum(range(1, len(node.parts) + 1))
                )
    survey = Answered(frame)
    row = model.evaluate(survey).one(measure=model.file.index, statistic="index")
    assert row["se"] == pytest.approx(bootstrap_se(model, survey), rel=0.12)


# ------------------------------------------------------------------ pooled and base year
def agencies(shift=0.0, seed=3):
    parts = [
        answers(n, seed + k, shift + 0.1 * k).assign(agency=name) for k, (name, n) in enumerate([("a", 90), ("b", 140)])
    ]
    frame = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=seed).reset_index(drop=True)
    return frame.assign(year=2024)


def test_pooled_weights_covary_with_the_agencys_own_means(model_file):
    model, frame = model_file(TREE.format(at="at: pooled")), agencies()
    pooled = Answered(frame, agency=None, strata="agency")
    own = Answered(frame[frame["agency"] == "a"].reset_index(drop=True))
    together = model.evaluate(pooled, ["agency"])  # the same numbers, all people in one sample
    alone = model.evaluate(own, weights_survey=pooled)
    for node in ("top", "a", "b"):
        expected = together.one(measure=node, statistic="index", group1="a")
        found = alone.one(measure=node, statistic="index")
        assert found["estimate"] == pytest.approx(expected["estimate"], abs=1e-10)
        assert found["se"] == pytest.approx(expected["se"], rel=1e-9)
    keys = {"statistic": "index", "by1": None}
    assert alone.covariance(keys) == pytest.approx(together.covariance({"statistic": "index", "group1": "a"}), rel=1e-8)
    unlinked = np.sqrt(sum(p.variance()[0] for p in alone.influence))
    assert abs(unlinked / alone.frame["se"][0] - 1) > 1e-3  # the covariance is not nothing


def test_two_agencies_share_the_pooled_weights(model_file):
    model, frame = model_file(TREE.format(at="at: pooled")), agencies()
    pooled = Answered(frame, agency=None, strata="agency")
    parts = [
        model.evaluate(Answered(frame[frame["agency"] == x].reset_index(drop=True), agency=x), weights_survey=pooled)
        for x in "ab"
    ]
    found = Estimates.concat(parts).contrast({"agency": "a"}, {"agency": "b"}).select(measure="top").frame.iloc[0]
    truth = model.evaluate(pooled, ["agency"]).select(measure="top", by1="agency")
    expected = truth.contrast({"group1": "a"}, {"group1": "b"}).frame.iloc[0]
    assert found["estimate"] == pytest.approx(expected["estimate"], abs=1e-10)
    assert found["se"] == pytest.approx(expected["se"], rel=1e-8)


def test_base_year_weights_covary_with_the_base_year(model_file):
    model = model_file(TREE.format(at="at: base-year"))
    before, now = answers(250, 11), answers(250, 12, 0.2)
    base, later = Answered(before, year=2023), Answered(now)
    both = Estimates.concat([model.evaluate(later, weights_survey=base), model.evaluate(base)])
    found = both.contrast({"year": 2024}, {"year": 2023}).select(measure="top").frame.iloc[0]
    rng, draws = np.random.default_rng(5), []
    for _ in range(250):
        b = Answered(before.sample(250, replace=True, random_state=rng), year=2023)
        n = Answered(now.sample(250, replace=True, random_state=rng))
        value = lambda s, b=b: model.evaluate(s, weights_survey=b if s is not b else None).frame["estimate"]
        draws.append(value(n).iloc[2] - value(b).iloc[2])
    assert model.evaluate(base).frame["measure"][2] == "top"
    assert found["estimate"] == pytest.approx(np.mean(draws), abs=0.3)
    assert found["se"] == pytest.approx(np.std(draws, ddof=1), rel=0.13)


# ------------------------------------------------------------------ weights from a file
def test_weights_from_a_file_differ_by_agency_and_year(tmp_path):
    text = TREE.format(at="at: agency-year").replace(
        "{rule: correlation, with: overall, at: agency-year}", "{rule: external, file: w.csv}"
    )
    (tmp_path / "model.yml").write_text(text, encoding="utf-8")
    (tmp_path / "w.csv").write_text("part,weight,agency,year\na,1,,\nb,1,,\na,3,a,\na,9,a,2023\n", encoding="utf-8")
    model, frame = IndexModel.load(tmp_path / "model.yml"), answers(80, 3)
    for agency, year, weight in (("a", 2024, 0.75), ("a", 2023, 0.9), ("z", 2024, 0.5)):
        found = model.evaluate(Answered(frame, agency=agency, year=year))
        assert found.one(measure="top>a", statistic="weight")["estimate"] == pytest.approx(weight)
        assert found.one(measure="top>a", statistic="weight")["se"] == 0
