"""Employees: weights from picks, the index by hand, simulated truth, and what a reader may not learn."""

import shutil

import numpy as np
import pandas as pd
import pytest

from csi_lib import load_study, open_chapter, read_survey, simulate_population
from csi_lib.chapters.internal import section as internal
from csi_lib.models.scoring import score
from csi_lib.models.study_models import study_models
from csi_lib.share import shared_path


@pytest.fixture(scope="module")
def corp():
    return load_study(shared_path("params", "public-corp"))


@pytest.fixture(scope="module")
def staff():
    return open_chapter("public-corp", "raon-corp", 2024).on("employees")


def test_weights_and_index_by_hand(corp, staff):
    """m = (share + 1/n)/2, Y = Σ m·(X − 1)·100/4, Z = .5·ΣYs + .5·W, from the answers with pandas alone."""
    frame = read_survey(corp, "raon-corp", 2024, source="employees").frame
    w = frame["weight"].to_numpy()

    def weights(column, parts):
        share = {p: w[(frame[column] == p).to_numpy()].sum() / w[frame[column].notna().to_numpy()].sum() for p in parts}
        m = {p: (share[p] + 1 / len(parts)) / 2 for p in parts}
        return {p: v / sum(m.values()) for p, v in m.items()}

    mean = lambda i: np.average(25 * (frame[i].dropna() - 1), weights=w[frame[i].notna().to_numpy()])
    nodes = {n.id: n.items for n in staff.model.file.nodes if n.items and n.weights.picks}
    y = {}
    for node, items in nodes.items():
        m = weights(f"{node}_pick", items)
        y[node] = sum(m[i] * mean(i) for i in items)
        shown = staff.rows(statistic="weight", measure=[f"{node}>{i}" for i in items]).set_index("measure")["estimate"]
        assert all(shown[f"{node}>{i}"] == pytest.approx(m[i], rel=1e-12) for i in items)
    s = weights("dimension_pick", list(nodes))
    z = 0.5 * sum(s[n] * y[n] for n in nodes) + 0.5 * mean("overall")
    assert staff.index()["estimate"] == pytest.approx(z, rel=1e-12)


def test_the_population_is_within_the_interval(corp, staff):
    model = study_models(corp, "employees", year=2024)[0]
    population = simulate_population(corp, "raon-corp", 2024, source="employees")
    truth = model.evaluate(population).one(measure="icsi", statistic="index", by1=None)["estimate"]
    index = staff.index()
    assert abs(index["estimate"] - truth) < 3 * index["se"]
    picked = population.frame["welfare_pick"].value_counts(normalize=True)
    assert picked["welfare_pay"] == pytest.approx(0.58, abs=0.08)  # as declared, in a population of 251
    assert len(population.frame) == 251


def test_table_of_picks_prints_both_halves_of_a_weight(staff):
    rows = internal.pick_rows(staff)
    own = rows[rows["node"] == "welfare"]
    assert own["estimate"].sum() == pytest.approx(1)
    weight = [r["estimate"] for r in own["weight_row"]]
    np.testing.assert_allclose(weight, (own["estimate"] + 1 / 3) / 2, rtol=1e-12)


def test_a_small_department_cannot_be_computed(corp, staff):
    """The audit office (7 answers) is hidden with one more; what is shown leaves the two together, never one of them."""
    rows = staff.rows(by1="department", statistic="index", measure="icsi")
    hidden = rows[rows["suppressed"]]
    true = read_survey(corp, "raon-corp", 2024, source="employees").frame["department"].astype(str).value_counts()
    assert "6" in set(hidden["group1"])
    assert len(hidden) >= 2
    assert hidden[["estimate", "se", "n", "ci_low"]].isna().all(axis=None)
    total = staff.index()["n"]
    assert total - rows["n"].sum() == true[hidden["group1"]].sum() >= 10
    # no number about a hidden department stands anywhere in the masked estimates
    masked = staff.estimates.frame
    about = masked[(masked["by1"] == "department") & masked["group1"].isin(hidden["group1"])]
    assert about["estimate"].isna().all()
    assert about["n"].isna().all()


def edited(tmp_path, edit):
    """A copy of the study whose employees of 2024 were changed by `edit(frame)`."""
    folder = tmp_path / "corp"
    shutil.copytree(shared_path("params", "public-corp"), folder, ignore=shutil.ignore_patterns(".csi", "data"))
    from csi_lib import simulate_study

    simulate_study(load_study(folder), folder)
    file = folder / "data" / "employees_2024.csv"
    edit(pd.read_csv(file)).to_csv(file, index=False)
    return folder


def test_few_picks_hide_the_weight_that_would_tell_them(tmp_path):
    def edit(frame):
        frame["WELFARE_중요"] = 1
        frame.loc[:3, "WELFARE_중요"] = 3  # four people
        return frame

    staff = open_chapter(edited(tmp_path, edit), "raon-corp", 2024).on("employees")
    rows = internal.pick_rows(staff).set_index("node")
    assert rows.loc["welfare", "suppressed"].all()
    assert all(r["estimate"] is None for r in rows.loc["welfare", "weight_row"])
    assert not rows.loc["growth", "suppressed"].any()
    assert internal.structure(staff, rows.reset_index()) is None  # nor a diagram with the weights on it


def test_one_department(tmp_path):
    staff = open_chapter(edited(tmp_path, lambda f: f.assign(부서=2, 부서정원=251)), "raon-corp", 2024).on("employees")
    rows = staff.rows(by1="department", statistic="index", measure="icsi")
    assert list(rows["estimate"]) == [pytest.approx(staff.index()["estimate"])]


def test_everybody_answered_and_nobody_differs(tmp_path):
    """A full census has no sampling error and is still shown; an item with one answer from everybody is not."""

    def edit(frame):
        frame = pd.concat([frame, frame], ignore_index=True)  # more answers than the staff list would allow are cut
        frame["사번"] = [f"E{k}" for k in range(len(frame))]
        frame = frame[frame.groupby("부서").cumcount() < frame["부서정원"]]
        frame["가중치"] = 1.0
        return frame.assign(E1=4)

    folder = edited(tmp_path, edit)
    staff = open_chapter(folder, "raon-corp", 2024).on("employees")
    assert staff.index()["n"] == 251
    assert staff.index()["se"] == pytest.approx(0, abs=1e-9)
    assert not np.isnan(staff.index()["estimate"])
    items = staff.rows(statistic="mean", by1=None).set_index("measure")
    assert items.loc["welfare_pay", "suppressed"]
    assert not items.loc["welfare_leave", "suppressed"]


def test_employees_of_one_agency_only(corp):
    other = open_chapter("public-corp", "dure-housing", 2024)
    assert not other.surveyed("employees")
    assert other.previous_year is None  # formed by a merger in 2024


def test_a_department_merged_since_is_one_in_both_years(corp):
    before = read_survey(corp, "raon-corp", 2023, source="employees").frame["department"]
    assert set(before.dropna()) == {1, 2, 3, 4, 5, 6}
    found = score(corp, read_survey(corp, "raon-corp", 2023, source="employees"))
    assert len(found.select(measure="icsi", statistic="index", by1="department", group1="4")) == 1


def test_the_restricted_edition_shows_what_the_public_one_withholds(staff):
    from csi_lib.prose.numbers import Number

    both = [open_chapter("public-corp", "raon-corp", 2024, release=r).on("employees") for r in ("public", "restricted")]
    cells = [c.row(by1="department", group1="6", statistic="index", measure="icsi") for c in both]
    assert Number.from_row(cells[0]).text("en") == "*"
    assert Number.from_row(cells[1]).text("en") == f"{cells[1]['estimate']:.1f} points"
    tables = [
        c.table(c.rows(by1="department", statistic="index", measure="icsi"), name="t", caption="c", rows="group1")
        for c in both
    ]
    assert [sum(not n.shown for n in t.numbers()) for t in tables] == [10, 0]
