"""The California school samples and the designs under which R's values were made."""

import pandas as pd
import pytest

from csi_lib.survey.design import SurveyDesign


@pytest.fixture(scope="session")
def schools(shared):
    """`schools("apistrat")` reads one of the samples."""
    return lambda name: pd.read_csv(shared / "data" / "statistics" / f"survey_{name}.csv")


@pytest.fixture(scope="session")
def api_designs(schools):
    strat, clus1, srs = schools("apistrat"), schools("apiclus1"), schools("apisrs")
    return {
        "strat": SurveyDesign(strat, strata="stype", weights="pw", fpc="fpc"),
        "strat_nofpc": SurveyDesign(strat, strata="stype", weights="pw"),
        "clus1": SurveyDesign(clus1, clusters="dnum", weights="pw", fpc="fpc"),
        "clus1_nofpc": SurveyDesign(clus1, clusters="dnum", weights="pw"),
        "srs": SurveyDesign(srs, fpc="fpc"),
        "srs_wt_nofpc": SurveyDesign(srs, weights="pw"),
    }
