"""The real airport survey: every rating item of every year as R's survey package has it."""

import json

import numpy as np
import pytest

from csi_lib import load_study, read_survey
from csi_lib.intake.heading import plain_name
from csi_lib.share import shared_path

YEARS = (2013, 2014, 2016, 2017)


@pytest.fixture(scope="module")
def study():
    return load_study(shared_path("params", "sfo-airport"))


@pytest.fixture(scope="module")
def reference(shared):
    return json.loads((shared / "reference" / "airport.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def surveys(study, shared):
    folder = shared / "data" / "sfo_airport"
    return {year: read_survey(study, "sfo", year, data=folder) for year in YEARS}


@pytest.mark.parametrize("year", YEARS)
def test_every_item_agrees_with_r(study, surveys, reference, year):
    frame, book = surveys[year].frame, study.codebook()
    ours = {plain_name(raw): name for name in book.items for raw in book.columns[name].names_in(year)}
    for raw, expected in reference[str(year)]["items"].items():
        points = (frame[ours[plain_name(raw)]] - 1) / 4 * 100
        answered, weight = points.notna(), frame["weight"]
        assert answered.sum() == expected["n"]
        assert points.mean() == pytest.approx(expected["unweighted"], abs=1e-9)
        mean = np.average(points[answered], weights=weight[answered])
        assert mean == pytest.approx(expected["mean"], abs=1e-9)
    assert len(reference[str(year)]["items"]) == 22


@pytest.mark.parametrize("year", [2016, 2017])
def test_boarding_areas_agree_with_r(surveys, reference, year):
    frame = surveys[year].frame
    for area, expected in reference[str(year)]["overall_by_boarding_area"].items():
        part = frame[(frame["boarding_area"] == area) & frame["overall"].notna()]
        points = (part["overall"] - 1) / 4 * 100
        assert len(part) == expected["n"]
        assert np.average(points, weights=part["weight"]) == pytest.approx(expected["mean"], abs=1e-9)


def test_boarding_areas_are_not_available_in_2013(study, surveys):
    assert not study.codebook().columns["boarding_area"].available_in(2013)
    assert surveys[2013].frame["boarding_area"].isna().all()
    assert surveys[2014].frame["boarding_area"].notna().all()


def test_weights_sum_to_the_respondents_and_strata_are_used(surveys):
    for survey in surveys.values():
        assert survey.frame["weight"].sum() == pytest.approx(survey.n, rel=1e-4)
        assert survey.design_columns["strata"] == "design_stratum"
        assert survey.frame["design_stratum"].nunique() == 3


def test_published_overall_ratings(surveys):
    for year, weighted, plain in ((2016, 76.33, 75.95), (2017, 76.78, 76.61)):
        frame = surveys[year].frame.dropna(subset="overall")
        points = (frame["overall"] - 1) / 4 * 100
        assert round(np.average(points, weights=frame["weight"]), 2) == weighted
        assert round(points.mean(), 2) == plain


def test_answers_written_as_text_in_2016_become_codes(surveys):
    ages = {year: survey.frame["age"].value_counts(normalize=True) for year, survey in surveys.items()}
    # the age structure of the guests is stable from year to year
    for code in range(2, 8):
        assert ages[2016][code] == pytest.approx(ages[2014][code], abs=0.05)
    assert surveys[2016].frame["gender"].value_counts()[[1, 2]].tolist() == [1468, 1465]


def test_nothing_was_recoded_without_a_declaration(surveys):
    assert all(survey.quality.counts["undeclared"] == 0 for survey in surveys.values())
    assert [surveys[year].n for year in YEARS] == [3535, 2818, 3087, 2831]


def test_recommendation_was_asked_in_2017_only(surveys):
    assert surveys[2016].frame["recommend"].isna().all()
    share = surveys[2017].frame["recommend"]
    assert share.notna().sum() == 2831 - 84 - 1  # 11 = blank, and one empty cell
    assert share.max() == 10


def test_all_years_together(study, shared):
    survey = read_survey(study, "sfo", data=shared / "data" / "sfo_airport")
    assert survey.n == 3535 + 2818 + 3087 + 2831
    assert survey.frame["design_stratum"].nunique() == 12


def test_ecsi_blocks_have_the_published_alpha(shared):
    survey = read_survey(shared_path("params", "ecsi-mobile"), data=shared / "data" / "ecsi_mobile")
    published = {"IMAG": 0.723, "CUEX": 0.452, "PERQ": 0.877, "PERV": 0.824, "CUSA": 0.779, "CUSL": 0.472}
    for block, alpha in published.items():
        items = survey.frame[[i for i in survey.codebook.items if i.startswith(block)]]
        r = items.corr().to_numpy()
        k = len(r)
        mean = (r.sum() - k) / (k * (k - 1))
        assert round(k * mean / (1 + (k - 1) * mean), 3) == alpha
