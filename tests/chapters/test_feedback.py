"""Registers, follow-up, letters, names in titles, incentives by department: rules by hand and edge cases."""

import stat

import pandas as pd
import pytest

from csi_lib import load_study
from csi_lib.chapters.feedback.compute import (
    FeedbackFile,
    Incentives,
    follow_up,
    incentive_budget,
    incentive_table,
    mail_merge,
    task_status,
    without_names,
)
from csi_lib.chapters.feedback.letters import letters, write_letters
from csi_lib.errors import InputError

SCORES = ["before", "before_se", "after", "after_se"]
GRADING = {"rule": "relative", "ratio": {"S": 1, "A": 4, "B": 4, "C": 1}, "minimum_group": 2}


def tasks(*rows):
    frame = pd.DataFrame(rows, columns=["task", "owner", "due", "done"])
    return frame.assign(department="a", contact=None, title="t", **dict.fromkeys(SCORES, float("nan")))


def test_a_task_is_not_overdue_on_the_day_it_is_due():
    frame = tasks(
        ("1", "kim", "2024-03-31", None), ("2", "lee", "2024-03-30", None), ("3", "han", "2024-03-31", "2024-03-31")
    )
    quarter = follow_up(frame, quarters=["2024Q1"]).iloc[0]
    assert quarter[["done", "on_time", "overdue"]].tolist() == [1, 1, 1]


def test_the_last_quarter_ends_on_the_day_of_the_register():
    frame = tasks(("1", "kim", "2024-12-20", None), ("2", "lee", "2024-12-05", "2024-12-30"))
    full, cut = (follow_up(frame, quarters=["2024Q3", "2024Q4"], asof=day) for day in (None, "2024-12-10"))
    assert full["overdue"].tolist() == [0, 1]
    assert full["done_late"].tolist() == [0, 1]
    assert cut.iloc[1][["done_late", "on_time", "overdue"]].tolist() == [0, 1, 1]
    assert (cut[["done", "done_late", "on_time", "overdue", "no_date"]].sum(axis=1) == 2).all()


def test_an_empty_register_has_no_letters_and_empty_quarters():
    frame = tasks()
    assert len(mail_merge(task_status(frame, asof="2024-12-31"))) == 0
    assert follow_up(frame, quarters=["2024Q4"]).iloc[0, 1:].sum() == 0


def test_quarters_of_a_register_end_with_its_day():
    file = FeedbackFile(asof={2024: "2025-05-02"}, quarters=3)
    assert file.quarters_of(2024) == ["2024Q4", "2025Q1", "2025Q2"]
    assert file.quarters_of(2023) == ["2023Q2", "2023Q3", "2023Q4"]


def test_names_go_from_titles_the_longer_one_first():
    titles = pd.Series(["김하늘 제안", "김하늘빛 주무관 교육", "하늘공원 정비", None])
    out = without_names(titles, ["김하늘", "김하늘빛", None, "이"])
    assert out.tolist()[:3] == ["○○○ 제안", "○○○ 주무관 교육", "하늘공원 정비"]
    assert out.isna().iloc[3]


def incentives(**more):
    return Incentives(
        rate=1.0, grades={"S": {"award": 10}, "A": {"award": 5}, "B": {}, "C": {}},
        ranks={"head": {"label": "h", "base": 100, "spread": 0.4}}, **more,
    )  # fmt: skip


def test_people_are_counted_by_the_grade_of_their_department():
    staff = pd.DataFrame({"department": ["tax", "road", "new"], "rank": "head", "staff": [2.0, 3.0, 1.0]})
    declared = incentives(staff_source="staff", grading=GRADING, budget=500)
    counted = declared.with_staff(staff, {"tax": "S", "road": "C"})
    assert counted.staff == {"S": {"head": 2}, "A": {}, "B": {}, "C": {"head": 3}}
    # a department without a grade earns nothing: 2·160 + 3·40 = 440, one award of 10
    assert incentive_budget(counted, {"S": 1, "C": 1}) == pytest.approx(
        {"bonus": 440, "awards": 10, "total": 450, "budget": 500, "left": 50}
    )
    with pytest.raises(InputError, match="rank that the incentives do not know"):
        declared.with_staff(staff.assign(rank="boss"), {"tax": "S"})


def test_a_scenario_that_exceeds_the_budget_leaves_less_than_nothing():
    declared = incentives(
        staff={"S": {"head": 2}}, budget=330, scenarios={"steep": {"label": "s", "spread": 2, "awards": 3, "rate": 0.9}}
    )
    assert incentive_budget(declared, {"S": 1})["left"] == pytest.approx(0)
    steep = declared.under(declared.scenarios["steep"])
    # rate .9, spread .8: S has .9 + 1.5·.8 = 2.1 of 100 for each of two; C would be negative and is 0
    assert incentive_budget(steep, {"S": 1})["left"] == pytest.approx(330 - 420 - 30)
    table = incentive_table(steep).set_index("grade")["bonus"]
    assert table["C"] == 0


def test_staff_come_from_one_place():
    with pytest.raises(ValueError, match="either 'staff'"):
        incentives()
    with pytest.raises(ValueError, match="belong together"):
        incentives(staff_source="staff")
    with pytest.raises(ValueError, match="incentives are for"):
        incentives(staff_source="staff", grading={"rule": "absolute", "cuts": {"1": 90, "2": None}})


def test_letters_of_the_bundled_office(tmp_path):
    found = letters(load_study("civil-office"), "garam-city", 2024, lang="en")
    assert found["task"].tolist() == ["Training for reports of leaks", "Appointments for advice on arrears"]
    assert found["department"].tolist() == ["Water and Sewerage", "Tax"]
    assert found["days late"].tolist()[1] == 92
    assert found.attrs["without_owner"] == 1
    later = letters(load_study("civil-office"), "garam-city", 2024, lang="en", asof="2025-04-01")
    assert later["state"].tolist() == ["no due date", "overdue"]
    for name in ("l.csv", "l.xlsx"):
        path = write_letters(found, tmp_path / name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        again = pd.read_csv(path) if path.suffix == ".csv" else pd.read_excel(path)
        assert again["owner"].tolist() == found["owner"].tolist()
    with pytest.raises(InputError, match="mail-merge list is a table"):
        write_letters(found, tmp_path / "l.docx")


def test_letters_of_an_office_without_tasks():
    assert len(letters(load_study("civil-office"), "garam-south", 2024)) == 0


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_title_that_looks_like_a_formula_stays_text(tmp_path, suffix):
    path = write_letters(
        pd.DataFrame({"title": ["=HYPERLINK(1)", "창구 안내"], "days": [-3, 4]}), tmp_path / f"m{suffix}"
    )
    read = pd.read_csv(path) if suffix == ".csv" else pd.read_excel(path)
    assert list(read["title"]) == ["'=HYPERLINK(1)", "창구 안내"]
    assert list(read["days"]) == [-3, 4]
