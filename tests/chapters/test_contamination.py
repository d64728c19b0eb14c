"""Bounds under contamination: closed forms, the published case, and answers whose falsification is known."""

import numpy as np
import pandas as pd
import pytest

from csi_lib import load_study, read_survey, simulate_study
from csi_lib.chapters.integrity.compute import contamination_bounds, overturning_share, published_bounds, trimmed_mean
from csi_lib.chapters.integrity.detection import ceiling_runs, detect, interviewer_effect, near_duplicates
from csi_lib.errors import InputError
from csi_lib.models.study_models import study_models
from csi_lib.models.valuation import person_values
from csi_lib.share import shared_path


@pytest.fixture(scope="module")
def corp():
    return load_study(shared_path("params", "public-corp"))


@pytest.fixture(scope="module")
def surveys(corp):
    read = lambda **more: read_survey(corp, "raon-corp", 2024, **more)
    model = study_models(corp, "customers", year=2024)[0]
    return model, read(), read(discarded=True)


def test_trimmed_mean_of_a_uniform_line():
    y, w = np.arange(1, 1001) / 10, np.ones(1000)
    assert trimmed_mean(y, w, 0.154, side="high") == pytest.approx(y[:846].mean(), rel=1e-12)
    assert trimmed_mean(y, w, 0.154, side="low") == pytest.approx(y[154:].mean(), rel=1e-12)
    # one respondent may be cut in two
    assert trimmed_mean([0.0, 100.0], [1, 1], 0.25, side="high") == pytest.approx(100 * 0.5 / 1.5)


def test_weights_count_like_repeated_respondents():
    y, w = np.array([10.0, 40, 70, 100]), np.array([3, 2, 4, 1])
    for side in ("high", "low"):
        assert trimmed_mean(y, w, 0.37, side=side) == pytest.approx(
            trimmed_mean(np.repeat(y, w), np.ones(10), 0.37, side=side), rel=1e-12
        )


def test_the_genuine_mean_lies_within_the_bounds():
    rng = np.random.default_rng(7)
    for _ in range(200):
        share = rng.uniform(0.01, 0.3)
        genuine = rng.uniform(0, 100, 400)
        false = rng.choice([0.0, 100.0, 88.0], round(400 * share / (1 - share)))
        both = np.r_[genuine, false]
        true_share = len(false) / len(both)
        low = trimmed_mean(both, np.ones(len(both)), true_share, side="high")
        high = trimmed_mean(both, np.ones(len(both)), true_share, side="low")
        assert low - 1e-9 <= genuine.mean() <= high + 1e-9


def test_published_case():
    share = 222 / 1438
    assert round(100 * share, 1) == 15.4
    low, high = published_bounds(85.2, share)
    assert low == pytest.approx((85.2 - 15.43811) / (1 - 0.1543811), abs=1e-3)
    assert high == 100
    with pytest.raises(InputError, match="outside its scale"):
        published_bounds(105, share)


def test_overturning_share_is_where_the_bound_meets_the_threshold():
    y, w = np.arange(101.0), np.ones(101)
    share = overturning_share(y, w, 40.0)
    assert trimmed_mean(y, w, share, side="high") == pytest.approx(40, abs=1e-6)
    assert share == pytest.approx(1 - 81 / 101, abs=1e-3)  # the mean of 0 … 80 is 40
    assert overturning_share(y, w, 50.0) == 0
    assert overturning_share(np.full(50, 70.0), np.ones(50), 60) is None  # all the same: no share could


def test_person_values_average_to_the_index(surveys):
    model, survey, _ = surveys
    y, w = person_values(model, survey), np.asarray(survey.design.weights)
    row = model.evaluate(survey).one(measure="csi", statistic="index", by1=None)
    assert (w * y).sum() / w.sum() == pytest.approx(row["estimate"], rel=1e-12)
    # their spread under the design is the index's standard error
    frame = survey.frame.assign(y=y)
    from csi_lib.survey.design import SurveyDesign

    se = SurveyDesign(frame, **survey.design_columns).mean("y")["se"].iloc[0]
    assert se == pytest.approx(row["se"], rel=1e-9)


def test_bounds_bracket_the_index_and_widen(surveys):
    model, survey, _ = surveys
    y = person_values(model, survey)
    frame = contamination_bounds(survey, y, [0.0, 0.05, 0.15], measure="csi").frame
    low = frame[frame["statistic"] == "bound_low"]["estimate"].to_numpy()
    high = frame[frame["statistic"] == "bound_high"]["estimate"].to_numpy()
    index = model.evaluate(survey).one(measure="csi", statistic="index", by1=None)
    assert (low[0], high[0]) == (pytest.approx(index["estimate"]), pytest.approx(index["estimate"]))
    assert frame["se"].iloc[0] == pytest.approx(index["se"], rel=1e-9)
    assert (np.diff(low) < 0).all()
    assert (np.diff(high) > 0).all()


def test_se_of_a_bound_is_that_of_repeated_sampling():
    """A trimmed mean of simple random samples: its standard error against the spread over samples."""
    rng = np.random.default_rng(3)
    values, errors = [], []

    class Plain:
        source, agency, year = "s", "a", 1

        def __init__(self, frame):
            from csi_lib.survey.design import SurveyDesign

            self.frame, self.design = frame, SurveyDesign(frame)

    for _ in range(400):
        y = 100 * rng.beta(4, 2, 300)
        row = contamination_bounds(Plain(pd.DataFrame({"y": y})), y, [0.1]).frame.iloc[0]
        values.append(row["estimate"])
        errors.append(row["se"])
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.1)


def test_fabricated_interviews_are_conspicuous(corp, surveys, tmp_path):
    """The planted fabrications: most are marked by two aids or more, hardly any other answer is."""
    model, _, delivered = surveys
    y = person_values(model, delivered)
    found = detect(delivered, y, minutes="minutes", interviewer="interviewer")
    rejected = (delivered.frame["verdict"] == 2).to_numpy()
    assert rejected.sum() == 21
    assert (found.count[rejected] >= 2).mean() > 0.75
    assert (found.count[~rejected] >= 2).mean() < 0.02
    planted = next(p for p in _planted(corp, tmp_path) if p["kind"] == "fabrication" and p["agency"] == "raon-corp")
    assert list(found.interviewers.loc[found.interviewers["flagged"], "interviewer"]) == [planted["interviewer"]]


def _planted(corp, folder):
    import json

    simulate_study(corp, folder, sources=["customers"])
    return json.loads((folder / "defects.json").read_text(encoding="utf-8"))


def test_near_duplicates_need_enough_shared_answers():
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 8, (60, 20)).astype(float)
    answers[10] = answers[40]
    answers[10, 3] = 7 - answers[10, 3]  # 19 of 20 alike
    answers[5], answers[6] = 4, 4  # one answer throughout is another aid's matter
    found = near_duplicates(answers, match=0.95)
    assert set(np.flatnonzero(found)) == {10, 40}
    assert not near_duplicates(answers, match=1.0).any()
    short = np.full((3, 20), np.nan)
    short[:, :4] = [1, 2, 3, 4]
    assert not near_duplicates(short, match=0.95).any()


def test_ceiling_runs_are_counted_within_one_interviewer():
    praise = np.array([1, 1, 1, 1, 0, 1, 1, 1], bool)
    who = pd.Series(["a", "b", "a", "b", "a", "a", "a", "a"])
    assert list(np.flatnonzero(ceiling_runs(praise, who, run=3))) == [5, 6, 7]
    assert not ceiling_runs(praise, who, run=4).any()


def test_icc_of_interviewers_by_hand():
    y = np.array([1.0, 3, 5, 7, 9, 11])
    who = pd.Series(list("aabbcc"))
    table, icc = interviewer_effect(y, who, minimum=2)
    # MSB = 2·((2−6)² + 0 + (10−6)²)/2 = 32, MSW = (2+2+2)/3 = 2, k0 = 2
    assert icc == pytest.approx((32 - 2) / (32 + 2))
    assert list(table["difference"]) == [pytest.approx(2 - 8), pytest.approx(0), pytest.approx(10 - 4)]
    assert interviewer_effect(y, pd.Series(["a"] * 6), minimum=2)[1] is None  # one interviewer
    same, none = interviewer_effect(np.full(6, 5.0), who, minimum=2)
    assert none is None  # everybody the same
    assert not same["flagged"].any()
