"""Every rating item of four years of the San Francisco airport survey against R."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.survey.design import SurveyDesign


@pytest.fixture(scope="module", params=["2013", "2014", "2016", "2017"])
def year(request, shared, oracle):
    path = shared / "data" / "sfo_airport" / f"{request.param}_SFO_Customer_Survey.csv"
    raw = pd.read_csv(path, low_memory=False, encoding_errors="replace")
    raw.columns = [c.strip().lstrip("*") for c in raw.columns]
    want = oracle("airport")[request.param]
    ratings = {name: pd.to_numeric(raw[name], errors="coerce") for name in want["items"]}
    frame = pd.DataFrame({name: (r.where(r.between(1, 5)) - 1) * 25 for name, r in ratings.items()})
    frame["stratum"], frame["weight"] = raw["STRATA"], pd.to_numeric(raw["WEIGHT"])
    if "BAREA" in raw:
        frame["area"] = raw["BAREA"]
    return SurveyDesign(frame, strata="stratum", weights="weight"), want


def test_all_items(year):
    design, want = year
    frame = design.mean(list(want["items"])).set_index("item")
    for column, key in {"estimate": "mean", "se": "se", "deff": "deff", "n": "n"}.items():
        expected = [want["items"][name][key] for name in frame.index]
        np.testing.assert_allclose(frame[column], expected, rtol=1e-9)


def test_overall_rating_by_boarding_area(year):
    design, want = year
    areas = want["overall_by_boarding_area"]
    if not areas:
        pytest.skip("no boarding area in this year's file")
    frame = design.mean(want["overall_item"], by="area").set_index("area").loc[list(areas)]
    for column, key in {"estimate": "mean", "se": "se", "n": "n"}.items():
        np.testing.assert_allclose(frame[column], [areas[a][key] for a in areas], rtol=1e-9)


def test_top_two_box(year):
    design, want = year
    overall = want["overall_item"]
    x = design.numeric(overall)
    top = SurveyDesign(
        pd.DataFrame({"top": np.where(np.isnan(x), np.nan, x >= 75)}),
        strata=design.strata_codes,
        weights=design.weights,
    )
    assert top.mean("top")["estimate"][0] == pytest.approx(want["items"][overall]["top2"], rel=1e-9)
