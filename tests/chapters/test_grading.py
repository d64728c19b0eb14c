"""The grade sheet of 300 simulated bodies with known truth, grades.yml, and attainment by the survey's own businesses."""

import shutil

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters.grade import grades, own_grade
from csi_lib.chapters.grade import tables as grade_tables
from csi_lib.chapters.grade.attainment import attainment_grades
from csi_lib.chapters.grade.grades import GradeSheet
from csi_lib.chapters.grade.rules import relative_counts, relative_grades
from csi_lib.chapters.grade.settings import GradingFile, Published, grade_units
from csi_lib.chapters.record_checks import record_faults
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_faults
from csi_lib.share import shared_path


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("example", "_overall", 2024, lang="en")


@pytest.fixture(scope="module")
def sheet(chapter):
    return grades.grade_sheet(chapter)


@pytest.fixture(scope="module")
def source():
    return pd.read_csv(shared_path("params", "example") / "round" / "scores_2024.csv", encoding="utf-8-sig")


def test_every_body_is_graded_or_says_why(sheet, source):
    frame = sheet.frame.set_index("unit")
    assert len(frame) == 300
    missing = set(source.loc[source["score"].isna(), "unit"])
    assert set(frame.index[frame["reason"] == "no score"]) == missing
    assert set(frame.index[frame["reason"] == "small group"]) == set(source.loc[source["group"] == "finance", "unit"])
    for group, part in frame[frame["grade"].notna()].groupby("group"):
        counts = relative_counts(len(part))
        given = part["grade"].value_counts().to_dict()
        if group == "culture":  # two equal scores lie across the first boundary: both take the better grade
            assert given["S"] == counts["S"] + 1
            assert given["A"] == counts["A"] - 1
        else:
            assert given == counts


def test_printed_counts_add_up_with_the_ungraded(chapter, sheet):
    table = grade_tables.counts_table(chapter, sheet).frame()
    assert (table[["S", "A", "B", "C", "ungraded"]].sum(axis=1) == table["n"]).all()
    assert table.iloc[-1]["n"] == 300
    assert table.iloc[-1]["ungraded"] == 8


def test_the_true_grade_is_among_the_possible_ones(sheet, source):
    """Simulated truth: what the grade would be without sampling error is named as possible for nearly every body."""
    known = source[source["score"].notna()].set_index("unit")
    true = relative_grades(known["truth"], known["group"]).frame.set_index("unit")["grade"]
    frame = sheet.frame[sheet.frame["grade"].notna()]
    possible = [true[r["unit"]] in {sheet.scale[k] for k in r["likely"]} for r in frame.to_dict("records")]
    assert np.mean(possible) > 0.93
    # the sum of the stated probabilities is near the number of grades that are not the true ones
    wrong = (frame["grade"].to_numpy() != true[frame["unit"]].to_numpy()).sum()
    assert frame["other"].sum() == pytest.approx(
        wrong, abs=3 * np.sqrt((frame["other"] * (1 - frame["other"])).sum()) + 6
    )


def test_two_years_running_by_hand(chapter, sheet):
    before = grades.grade_sheet(chapter, 2023)
    running, _ = grade_tables.running_table(chapter, sheet, before)
    now, then = (s.frame.set_index("unit")["grade"] for s in (sheet, before))
    both = {u for u in now.index if now[u] == "C" and then[u] == "C"}
    assert set(running.loc[running["class"] == "improve", "unit"]) == both
    cohorts = grade_tables.cohort_table(chapter, sheet, running)
    assert cohorts.frame()["n"].sum() == len(both)


def test_attainment_by_the_businesses_of_the_survey(chapter):
    """Without a source the businesses are the services, last year's index their target."""
    file = GradingFile(rule="attainment", business="service")
    table = grades._business_rows(chapter, file, 2024)
    own = csi_lib.open_chapter("example", "hanbit-fmc", 2024)
    rows = own.rows(measure=own.model.file.index, model=own.model.name, statistic="index", by1="service").set_index(
        "group1"
    )
    last = own.previous_rows(rows.reset_index()).set_index("group1")
    part = table[table["unit"] == "hanbit-fmc"].set_index("business")
    assert part["score"].to_dict() == pytest.approx(rows["estimate"].to_dict())
    assert part["target"].to_dict() == pytest.approx(last["estimate"].to_dict())
    share = (rows["estimate"] >= last["estimate"].reindex(rows.index)).mean()
    given = attainment_grades(table).frame.set_index("unit")
    assert given.loc["hanbit-fmc", "score"] == pytest.approx(share)
    assert grades.grade_units(table, file).of("hanbit-fmc") == given.loc["hanbit-fmc", "grade"]
    # in the first wave nothing was there to keep
    assert grades._business_rows(chapter, file, 2023)["target"].isna().all()


def test_published_rounds_state_their_remainder():
    assert Published(label="2021", units=245, counts={"a": 41, "b": 96, "c": 104}).ungraded == 4
    with pytest.raises(ValueError, match="more than the 240"):
        Published(label="2021", units=240, counts={"a": 41, "b": 96, "c": 104})


def test_one_group_and_no_errors_of_scores_are_enough():
    units = pd.DataFrame({"unit": list("abcdefghij"), "group": "x", "score": np.arange(10.0), "se": np.nan})
    graded = grade_units(units, GradingFile())
    assert graded.counts["n"].tolist() == [1, 4, 4, 1, 0]
    with pytest.raises(InputError, match="grades within groups"):
        grade_units(units.assign(group=None), GradingFile())


def test_files_that_contradict_themselves():
    with pytest.raises(ValueError, match="which is no grade"):
        GradingFile(classes={"best": ["X"]})
    with pytest.raises(ValueError, match="none of the classes"):
        GradingFile(consulting="improve")
    with pytest.raises(ValueError, match="needs 'cohorts'"):
        GradingFile(classes={"improve": ["C"]}, consulting="improve")
    with pytest.raises(ValueError, match="needs a 'source'"):
        GradingFile(rule="attainment")


def test_names_a_system_refers_to_are_checked(tmp_path):
    folder = tmp_path / "office"
    shutil.copytree(shared_path("params", "civil-office"), folder, ignore=shutil.ignore_patterns(".csi"))
    assert system_faults(csi_lib.load_study(folder)) == []
    text = (folder / "feedback.yml").read_text(encoding="utf-8")
    text = text.replace("department: building", "department: bulding").replace("tasks: tasks", "tasks: task")
    (folder / "feedback.yml").write_text(text, encoding="utf-8")
    text = (folder / "disclosure.yml").read_text(encoding="utf-8").replace("unit: department", "unit: departement")
    (folder / "disclosure.yml").write_text(text, encoding="utf-8")
    found = [str(f) for f in system_faults(csi_lib.load_study(folder))]
    assert len(found) == 3
    assert any("no such department" in f and "Did you mean 'building'" in f for f in found)
    assert any("no such source" in f and "Did you mean 'tasks'" in f for f in found)
    assert any("no such column" in f and "disclosure.yml: unit" in f for f in found)


def test_check_reads_the_registers(tmp_path):
    folder = tmp_path / "office"
    shutil.copytree(shared_path("params", "civil-office"), folder, ignore=shutil.ignore_patterns(".csi"))
    assert list(record_faults(csi_lib.load_study(folder))) == []
    register = folder / "registers" / "tasks_2024.csv"
    text = register.read_text(encoding="utf-8-sig")
    register.write_text(text.replace("2024-06-30", "end of June", 1), encoding="utf-8-sig")
    (folder / "registers" / "staff_2023.csv").unlink()
    found = [str(f) for f in record_faults(csi_lib.load_study(folder))]
    assert len(found) == 2
    assert "tasks_2024.csv, row 3, column 'due'" in found[0]
    assert "'end of June'" in found[0]
    assert "'staff' has no file for 2023" in found[1]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_an_agency_reads_its_own_line_of_the_sheet(sheet, lang):
    chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang=lang)
    own = own_grade.own_row(chapter, sheet)
    text = own_grade.sentence(chapter, sheet, grades.grade_sheet(chapter, 2023)).text
    assert f" {own['grade']}" in text
    chances = own_grade.chances_table(chapter, sheet).frame().iloc[0]
    assert chances[list(sheet.scale)].sum() == pytest.approx(1)
    assert 1 - chances[own["grade"]] == pytest.approx(own["other"])
    # another agency that is not in the round is told so
    stranger = GradeSheet(sheet.file, 2024, sheet.frame[sheet.frame["unit"] != "hanbit-fmc"], sheet.chances)
    assert own_grade.chances_table(chapter, stranger) is None
    assert own_grade.sentence(chapter, stranger, None).row_ids == ()
