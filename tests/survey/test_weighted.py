"""`weighting:` of a source: the sample is weighted to declared targets, agency by agency, and the design knows it."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError, MeasureWarning
from csi_lib.models.scoring import score
from csi_lib.study.study import load_study
from csi_lib.survey.description import describe
from csi_lib.survey.reading import read_survey
from csi_lib.survey.weighting import rake

STUDY = """
title: {{ko: 시험 조사, en: Trial}}
languages: [ko, en]
years: [2023, 2024]
sources:
  customers:
    path: "answers_{{year}}.csv"
    agency: agency
    weighting: {weighting}
"""
CODEBOOK = """
scales:
  five: {low: 1, high: 5, labels: {1: {ko: 나쁨, en: Bad}, 5: {ko: 좋음, en: Good}}}
columns:
  respondent: {role: id, names: [ID]}
  weight: {role: weight}
  spending: {role: measure, label: {ko: 지출, en: Spending}}
  kind: {role: item, scale: five, label: {ko: 친절성, en: Kindness}}
  fast: {role: item, scale: five, label: {ko: 신속성, en: Speed}}
  sex: {role: group, label: {ko: 성별, en: Sex}, labels: {1: {ko: 남, en: Male}, 2: {ko: 여, en: Female}}}
  age:
    role: group
    label: {ko: 나이, en: Age}
    labels: {1: {ko: 청년, en: Young}, 2: {ko: 중년, en: Middle}, 3: {ko: 노년, en: Old}}
"""
RAKING = "{targets: {sex: {1: 0.5, 2: 0.5}, age: {1: 0.2, 2: 0.3, 3: 0.5}}}"


def answers(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 240
    age = rng.choice([1, 2, 3], n, p=[0.5, 0.3, 0.2])
    sex = rng.choice([1, 2], n, p=[0.7, 0.3])
    kind = np.clip(np.round(2 + 0.6 * age + 0.3 * sex + rng.normal(0, 0.8, n)), 1, 5)
    return pd.DataFrame({
        "agency": np.repeat(["north", "south"], n // 2), "ID": range(n), "weight": rng.choice([1.0, 2.0, 3.0], n),
        "spending": rng.gamma(3, 10, n).round(2), "kind": kind,
        "fast": np.clip(np.round(kind + rng.normal(0, 0.7, n)), 1, 5), "sex": sex, "age": age,
    })  # fmt: skip


@pytest.fixture
def trial(tmp_path):
    """`trial(weighting)` writes the study with this weighting and returns its folder."""
    folder = tmp_path / "trial"
    folder.mkdir()
    for year in (2023, 2024):
        answers(year).to_csv(folder / f"answers_{year}.csv", index=False)
    (folder / "codebook.yml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "agencies.yml").write_text(
        "agencies:\n  - {id: north, name: {ko: 북부, en: North}, population: 5000}\n"
        "  - {id: south, name: {ko: 남부, en: South}, population: 8000}\n", encoding="utf-8")  # fmt: skip

    def write(weighting: str, *, design: str = "", **files: str):
        text = STUDY.format(weighting=weighting) + (f"    design: {design}\n" if design else "")
        (folder / "study.yml").write_text(text, encoding="utf-8")
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
        return folder

    return write


def shares(survey, column: str) -> dict[str, float]:
    w = pd.Series(survey.design.weights)
    return (w.groupby(survey.frame[column].astype(str).to_numpy()).sum() / w.sum()).to_dict()


def test_the_sample_is_raked_to_the_agencys_population(trial):
    survey = read_survey(trial(RAKING), "north", 2024)
    assert survey.design.weights.sum() == pytest.approx(5000)
    assert shares(survey, "sex") == pytest.approx({"1": 0.5, "2": 0.5}, abs=1e-9)
    assert shares(survey, "age") == pytest.approx({"1": 0.2, "2": 0.3, "3": 0.5}, abs=1e-9)
    report = survey.weighting["north", 2024].population.report
    assert (report.converged, report.n) == (True, 120)
    assert report.largest_gap < 1e-9


def test_weights_and_standard_errors_are_those_of_raking_the_design(trial):
    survey = read_survey(trial(RAKING, design="{weights: weight}"), "north", 2024)
    from csi_lib.survey.design import SurveyDesign

    margins = {"sex": {"1": 0.5, "2": 0.5}, "age": {"1": 0.2, "2": 0.3, "3": 0.5}}
    design = rake(SurveyDesign(survey.frame, weights="weight"), margins, population=5000).design
    assert survey.design.weights == pytest.approx(design.weights, rel=1e-12)
    expected = design.mean("kind").iloc[0]
    found = describe(survey, items=["kind"]).frame
    found = found[(found["statistic"] == "mean") & found["by1"].isna()].iloc[0]
    assert 25 * (expected["estimate"] - 1) == pytest.approx(found["estimate"], rel=1e-12)
    assert 25 * expected["se"] == pytest.approx(found["se"], rel=1e-10)


def test_margins_take_their_part_out_of_the_error(trial):
    """A share that is a margin has no sampling error left; without the margins it has."""
    survey = read_survey(trial(RAKING), "north", 2024)
    female = (survey.frame["sex"].astype(str) == "2").to_numpy()
    z = survey.design.weights * (female - 0.5) / survey.design.weights.sum()
    assert survey.design.variance(z)[0] == pytest.approx(0, abs=1e-12)


def test_all_agencies_at_once_are_weighted_one_by_one(trial):
    folder = trial(RAKING)
    together = read_survey(folder, None, 2024)
    assert set(together.weighting) == {("north", 2024), ("south", 2024)}
    found = describe(together, ["agency"], items=["kind"]).frame
    for agency in ("north", "south"):
        alone = read_survey(folder, agency, 2024)
        rows = together.frame["agency"].to_numpy() == agency
        assert together.design.weights[rows] == pytest.approx(alone.design.weights, rel=1e-12)
        one = describe(alone, items=["kind"]).frame
        one = one[(one["statistic"] == "mean") & one["by1"].isna()].iloc[0]
        row = found[(found["statistic"] == "mean") & (found["group1"] == agency)].iloc[0]
        assert row["se"] == pytest.approx(one["se"], rel=1e-9)
        part = together.subset(agency)
        assert part.design.mean("kind")["se"].iloc[0] == pytest.approx(
            alone.design.mean("kind")["se"].iloc[0], rel=1e-9
        )


@pytest.mark.parametrize("limits", ["", ", trim: [0.1, 20]"])
def test_replicates_are_weighted_again(trial, limits):
    """The jackknife, raking every replicate, agrees with the linearised error; limits bring nobody back who is left out."""
    survey = read_survey(trial(RAKING[:-1] + limits + "}"), None, 2024)
    linear = survey.design.mean("kind")["se"].iloc[0]
    assert survey.design.replicates("auto").mean("kind")["se"].iloc[0] == pytest.approx(linear, rel=0.03)


def test_targets_of_an_agency_and_year_in_a_csv(trial):
    table = "agency,year,variable,category,target\n,,sex,1,0.5\n,,sex,2,0.5\nsouth,,sex,1,0.4\nsouth,,sex,2,0.6\n"
    table += "south,2024,sex,1,0.3\nsouth,2024,sex,2,0.7\n"
    folder = trial("{targets: targets.csv}", targets__csv=table)
    got = {(a, y): shares(read_survey(folder, a, y), "sex")["1"] for a in ("north", "south") for y in (2023, 2024)}
    expected = {("north", 2023): 0.5, ("north", 2024): 0.5, ("south", 2023): 0.4, ("south", 2024): 0.3}
    assert got == pytest.approx(expected)


def test_post_stratification_by_a_cross_in_yaml(trial):
    cells = "{'1:1': 100, '1:2': 150, '1:3': 250, '2:1': 100, '2:2': 150, '2:3': 250}"
    folder = trial("{method: post-stratification, targets: cells.yml}",
                   cells__yml=f"targets:\n  - agency: north\n    margins: {{'sex:age': {cells}}}\n")  # fmt: skip
    survey = read_survey(folder, "north", 2024)
    w = pd.Series(survey.design.weights)
    keys = [survey.frame["sex"].astype(str).to_numpy(), survey.frame["age"].astype(str).to_numpy()]
    assert w.groupby(keys).sum().loc[("2", "3")] == pytest.approx(250)
    with pytest.raises(InputError, match="no targets are given for this agency and wave"):
        read_survey(folder, "south", 2024)


def test_linear_calibration_to_a_numeric_total(trial):
    folder = trial("{method: linear, targets: {sex: {1: 2500, 2: 2500}, spending: 160000}}")
    survey = read_survey(folder, "north", 2024)
    assert survey.design.weights @ survey.frame["spending"].to_numpy() == pytest.approx(160000, rel=1e-9)


def test_nonresponse_classes_before_the_margins(trial):
    folder = trial(
        "{nonresponse: {classes: age, sampled: {age: {1: 300, 2: 200, 3: 180}}}, targets: {sex: {1: 0.5, 2: 0.5}}}"
    )
    survey = read_survey(folder, "north", 2024)
    applied = survey.weighting["north", 2024]
    counts = survey.frame["age"].astype(str).value_counts()
    first = survey.frame["age"].astype(str).eq("3").to_numpy()
    assert applied.nonresponse.weights[first] == pytest.approx(180 / counts["3"])
    margins = applied.nonresponse.report.margins.set_index("category")
    assert margins.loc["1", ["before", "after"]].tolist() == pytest.approx([counts["1"], 300])
    assert shares(survey, "sex")["1"] == pytest.approx(0.5)


def test_limits_are_multiples_of_the_mean_and_the_report_says_what_they_cost(trial):
    free = read_survey(trial(RAKING), "north", 2024)
    trimmed = read_survey(trial(RAKING[:-1] + ", trim: [0.5, 1.8]}"), "north", 2024)
    ratio = trimmed.design.weights / trimmed.design.weights.mean()
    assert free.design.weights.max() / free.design.weights.mean() > 1.8
    assert (ratio.min(), ratio.max()) == (pytest.approx(0.5, abs=0.2), pytest.approx(1.8))
    report = trimmed.weighting["north", 2024].population.report
    assert report.trimmed > 0
    assert report.largest_gap > 0.001
    assert report.kish_deff < free.weighting["north", 2024].population.report.kish_deff


def test_indices_are_scored_with_these_weights(trial):
    folder = trial(RAKING)
    study = load_study(folder)
    survey = read_survey(study, "north", 2024)
    rows = score(study, survey).frame
    mean = rows[(rows["measure"] == "kind") & (rows["statistic"] == "mean") & rows["by1"].isna()].iloc[0]
    w = survey.design.weights
    assert mean["estimate"] == pytest.approx(25 * (w @ survey.frame["kind"].to_numpy() / w.sum() - 1))
    assert pickle.loads(pickle.dumps(survey)).design.weights == pytest.approx(w)


@pytest.mark.parametrize(
    ("weighting", "words"),
    [
        ("{}", ["needs `targets`", "study.yml:9"]),
        ("{method: logit, targets: {sex: {1: 1, 2: 1}}}", ["needs `bounds`"]),
        ("{targets: {sx: {1: 0.5, 2: 0.5}}}", ["no such column", "Did you mean 'sex'"]),
        ("{targets: {sex: {1: 0.5, 3: 0.5}}}", ["a category that the codebook has not", "sex = 3"]),
        ("{targets: target.csv}", ["does not exist", "Did you mean 'targets.csv'"]),
        ("{targets: [{agency: nort, margins: {sex: {1: 0.5, 2: 0.5}}}]}", ["an agency", "Did you mean 'north'"]),
        ("{targets: {sex: {1: -4, 2: 5}}}", ["greater than or equal to 0"]),
        ("{nonresponse: {classes: age, sampled: {sex: {1: 100, 2: 90}}}}", ["given for other classes"]),
    ],
)
def test_declarations_that_cannot_be(trial, weighting, words):
    with pytest.raises(InputError) as caught:
        load_study(trial(weighting, targets__csv="variable,category,target\nsex,1,1\nsex,2,1\n"))
    message = str(caught.value).replace("a agency", "an agency")
    assert [w for w in words if w not in message] == []


@pytest.mark.parametrize(
    ("weighting", "words"),
    [
        ("{targets: {sex: {1: 5000}}}", ["does not name a category of the sample", "2", "Add its population total"]),
        ("{targets: {sex: {1: 500, 2: 400}, age: {1: 300, 2: 300, 3: 400}}}", ["do not add up to one total"]),
        ("{targets: {sex: {1: 0.5, 2: 0.4}}}", ["do not add up to 1"]),
        ("{method: logit, bounds: [0.9, 1.1], targets: {sex: {1: 0.1, 2: 0.9}}}", ["no weights within the bounds"]),
        ("{method: post-stratification, targets: {sex: {1: 1, 2: 1}, age: {1: 1, 2: 1, 3: 1}}}", ["takes one margin"]),
        ("{targets: {spending: 4000}}", ["takes categories only", "method: linear"]),
        ("{nonresponse: {classes: age, sampled: {age: {1: 3, 2: 200, 3: 180}}}}", ["more people answered than"]),
        (
            "{nonresponse: {classes: age, minimum: 50, sampled: {age: {1: 300, 2: 200, 3: 180}}}}",
            ["too few respondents"],
        ),
    ],
)
def test_targets_that_do_not_fit_the_sample_name_agency_and_wave(trial, weighting, words):
    with pytest.raises(InputError) as caught:
        read_survey(trial(weighting), "north", 2024)
    message = str(caught.value)
    assert [w for w in [*words, "north in 2024"] if w not in message] == []


def test_weights_to_start_from_are_above_zero(trial):
    folder = trial(RAKING, design="{weights: weight}")
    rows = answers(2024).assign(weight=lambda f: f["weight"].where(f.index > 0, 0.0))
    rows.to_csv(folder / "answers_2024.csv", index=False)
    with pytest.raises(InputError, match="weights to start from must be above 0"):
        read_survey(folder, "north", 2024)


def test_a_heavy_class_is_warned_of(trial):
    folder = trial("{nonresponse: {classes: age, sampled: {age: {1: 300, 2: 200, 3: 3000}}}}")
    with pytest.warns(MeasureWarning, match="one respondent stands for"):
        read_survey(folder, "north", 2024)
