"""Customers: importance f(sales, headcount, social contribution), frame, allocation, achieved against planned."""

import numpy as np
import pandas as pd
import pytest

from csi_lib import allocate, load_study, margin_of_error
from csi_lib.chapters.customers.compute import (
    CustomerDefinitionFile,
    achieved,
    allocations,
    frame_population,
    read_frame,
)
from csi_lib.chapters.overall.compute import sector_contributions
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_file
from csi_lib.models.sectors import sector_importance
from csi_lib.share import shared_path

SIZES = {"a": 7600.0, "b": 900.0, "c": 2100.0}
SD = {"a": 12.0, "b": 20.0, "c": 15.0}


@pytest.fixture(scope="module")
def corp():
    return load_study(shared_path("params", "public-corp"))


def test_importance_by_hand():
    criteria = {
        "sales": {"a": 60, "b": 30, "c": 10},
        "headcount": {"a": 5, "b": 5, "c": 0},
        "social": {"a": 1, "b": 1, "c": 2},
    }
    f = sector_importance(criteria, list(SIZES))
    np.testing.assert_allclose(f, [(0.6 + 0.5 + 0.25) / 3, (0.3 + 0.5 + 0.25) / 3, (0.1 + 0 + 0.5) / 3], rtol=1e-12)
    assert sector_importance({"sales": {"x": 3}}, ["x"]) == [1.0]  # a single type
    np.testing.assert_allclose(sector_contributions([60, 80, np.nan], [0.3, 0.3, 0.4]), [30, 40, np.nan])
    assert np.isnan(sector_contributions([np.nan], [1.0])).all()


def test_the_frame_is_the_population(corp):
    """What is left of the simulated lists is the population from which the answers were drawn."""
    assert frame_population(corp, "raon-corp", 2024) == {"1": 7600, "2": 900, "3": 2100, "4": 3600}
    assert sum(frame_population(corp, "dure-housing", 2024).values()) == 7900


def test_a_bad_frame_in_words(corp, tmp_path):
    file = system_file(corp, "customer_definition")

    def read(rows):
        (tmp_path / "data").mkdir(exist_ok=True)
        frame = pd.DataFrame(rows, columns=["agency", "stratum", "listed", "duplicates", "unusable"])
        frame.to_csv(tmp_path / "data" / "frame_2024.csv", index=False)
        return read_frame(corp, file, "raon-corp", 2024, data=tmp_path)

    with pytest.raises(InputError, match="stands twice"):
        read([("raon-corp", "1", 10, 0, 0), ("raon-corp", "1.0", 10, 0, 0)])
    with pytest.raises(InputError, match="no customers are left"):
        read([("raon-corp", "1", 10, 6, 4)])
    with pytest.raises(InputError, match="has no row"):
        read([("dure-housing", "1", 10, 0, 0)])
    with pytest.raises(InputError, match="study does not list"):
        read([("elsewhere", "1", 10, 0, 0)])


def test_every_rule_spends_the_same_and_neyman_errs_least():
    ways = allocations(SIZES, 300, SD, minimum=20)
    assert {w.n for w in ways.values()} == {300}
    assert min(ways, key=lambda m: ways[m].margin) == "neyman"
    assert all((w.table["n"] >= 20).all() for w in ways.values())


def test_achieved_against_planned_by_hand():
    plan = allocate(SIZES, 100)
    table = achieved(plan, {"a": 80, "b": 0}).set_index("cell")
    assert list(table["planned"]) == [72, 8, 20]
    assert list(table["missing"]) == [0, 8, 20]
    assert table.loc["a", "share"] == pytest.approx(80 / 72)
    assert table.loc["a", "margin"] == pytest.approx(margin_of_error(80, population=7600))
    assert np.isnan(table.loc["b", "margin"])  # nobody answered: no error can be given
    with pytest.raises(InputError, match="more people answered than the frame has"):
        achieved(plan, {"b": 901})


def test_a_type_is_asked_in_one_way():
    base = {"by": "t", "groups": {"g": "g"}}
    kind = {"group": "g", "label": "k", "definition": "d"}
    with pytest.raises(ValueError, match="says why it is 'not_surveyed'"):
        CustomerDefinitionFile.model_validate({**base, "types": {"x": kind}})
    with pytest.raises(ValueError, match="same code"):
        CustomerDefinitionFile.model_validate({**base, "types": {"x": {**kind, "code": 1}, "y": {**kind, "code": "1"}}})
    with pytest.raises(ValueError, match="not among the groups"):
        CustomerDefinitionFile.model_validate({**base, "types": {"x": {**kind, "group": "h", "code": 1}}})


def test_the_lists_of_merged_bodies_add_up(corp, tmp_path):
    """Frames and logs kept under the names of the two bodies count for the one that they were merged into."""
    (tmp_path / "data").mkdir()
    rows = [("dure-north", "1", 3000, 20, 80), ("dure-south", "1", 2500, 0, 100), ("dure-north", "4", 900, 0, 0)]
    frame = pd.DataFrame(rows, columns=["agency", "stratum", "listed", "duplicates", "unusable"])
    frame.to_csv(tmp_path / "data" / "frame_2024.csv", index=False)
    found = read_frame(corp, system_file(corp, "customer_definition"), "dure-housing", 2024, data=tmp_path)
    assert dict(zip(found["stratum"], found["population"], strict=True)) == {"1": 5300, "4": 900}
