"""Registers, happy-call months, charter, scorecard, feedback: rules by hand and edge cases."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.charter.compute import CharterFile, channel_volume, charter_compliance
from csi_lib.chapters.checklist.compute import ChecklistFile, checklist_summary
from csi_lib.chapters.department_score.compute import combined_scores
from csi_lib.chapters.feedback.compute import (
    Incentives,
    follow_up,
    incentive_budget,
    incentive_table,
    mail_merge,
    task_status,
    without_initiative,
)
from csi_lib.chapters.happy_call.compute import HappyCallFile, happy_call, rated_cases
from csi_lib.chapters.happy_call.control_chart import control_limits
from csi_lib.chapters.management.compute import (
    ManagementFile,
    assigned_score,
    attainment,
    department_totals,
    growth_rate,
    scorecard,
    targets_from_history,
)
from csi_lib.chapters.register.compute import (
    RegisterFile,
    apologies,
    carried,
    commendations,
    deductions,
    register_counts,
    repeat_cases,
)
from csi_lib.errors import InputError
from csi_lib.evaluation.departments import DepartmentsFile

REGISTER = pd.DataFrame(
    [
        ("1", "2024-01-05", "praise", "tax", "kim", None, None),
        ("2", "2024-03-05", "praise", "road", "kim", None, None),  # kim moved to the road division
        ("3", "2024-03-06", "praise", "tax", "lee", None, None),
        ("4", "2024-04-01", "complaint", "tax", "lee", "m1", "2024-04-02"),
        ("5", "2024-05-01", "complaint", "tax", None, "m1", "2024-05-09"),
        ("6", "2024-06-01", "complaint", "tax", None, None, None),
        ("7", "2024-06-29", "complaint", "road", None, "m2", None),
    ],
    columns=["case", "date", "kind", "department", "person", "matter", "apology"],
)
REGISTER["date"] = pd.to_datetime(REGISTER["date"])
REGISTER["apology"] = pd.to_datetime(REGISTER["apology"])


def test_commendation_of_a_person_who_moved():
    out = commendations(REGISTER, RegisterFile())
    assert out.to_dict("records") == [{"person": "kim", "department": "road", "praises": 2, "complaints": 0}]


def test_apologies_have_a_day_on_which_they_are_due():
    out = apologies(REGISTER, RegisterFile(), asof="2024-06-30").set_index("case")["state"]
    assert out.to_dict() == {"4": "in_time", "5": "late", "6": "overdue", "7": "open"}
    assert apologies(REGISTER, RegisterFile(), asof="2024-05-05").set_index("case")["state"]["5"] == "overdue"


def test_an_apology_before_its_complaint_is_an_error():
    with pytest.raises(InputError, match="before the complaint"):
        apologies(REGISTER.assign(apology=pd.Timestamp("2024-01-01")), RegisterFile(), asof="2024-12-31")


def test_deductions_are_capped_and_carried():
    taken = deductions(REGISTER, RegisterFile(deduction=0.5, most=1.0)).set_index("department")["deduction"]
    assert taken.to_dict() == {"tax": 1.0, "road": 0.5}
    scores = pd.DataFrame({"department": ["tax", "parks"], "estimate": [90.0, 80.0]})
    out = carried(scores, taken.reset_index())
    assert out["final"].tolist() == [89.0, 80.0]
    assert out.attrs["without_score"] == ["road"]


def test_counts_and_repeats():
    out = register_counts(REGISTER, RegisterFile())
    assert out.iloc[-1][["praises", "complaints", "cases"]].tolist() == [3, 4, 7]
    assert repeat_cases(REGISTER, RegisterFile())[["matter", "times"]].values.tolist() == [["m1", 2]]


HAPPY = HappyCallFile(items={"handling": {"label": "h", "unrated": 0}, "kindness": {"label": "k", "unrated": 0}})
CASES = pd.DataFrame(
    {"department": list("aaaab"), "month": pd.to_datetime(["2024-01-03", "2024-01-20", "2024-03-01", "2024-03-02", "2024-03-05"]),
     "outcome": ["reached", "reached", "reached", "no_answer", "reached"], "handling": [5, 4, 0, np.nan, 3.0], "kindness": [5, 5, 4, np.nan, 1.0]}
)  # fmt: skip


def test_happy_call_empty_month_is_a_gap_not_a_zero():
    result = happy_call(rated_cases(CASES, HAPPY), HAPPY, months=["2024-02"])
    month = result.scores[result.scores["department"].isna() & (result.scores["measure"] == "composite")].set_index(
        "month"
    )
    assert month.loc["2024-02", "n"] == 0
    assert np.isnan(month.loc["2024-02", "estimate"])
    assert month.loc["2024-01", "estimate"] == pytest.approx((5 + 4.5) / 2)
    whole = result.response[result.response["department"].isna() & result.response["month"].isna()].iloc[0]
    assert whole[["cases", "reached", "rated", "unrated"]].tolist() == [5, 4, 3, 1]
    assert whole["share"] == 0.6


def test_happy_call_refuses_answers_outside_the_scale():
    with pytest.raises(InputError, match="outside the scale"):
        rated_cases(CASES.assign(handling=9.0), HAPPY)


def test_control_chart_limits_and_signals():
    rng = np.random.default_rng(1)
    periods = pd.Series(np.repeat([f"m{i:02d}" for i in range(12)], 25))
    values = pd.Series(rng.normal(4, 0.5, 300))
    values[periods == "m05"] += 1.0
    chart = control_limits(values, periods, wanted=[f"m{i:02d}" for i in range(13)])
    frame = chart.frame.set_index("period")
    assert frame["signal"].dropna().to_dict() == {"m05": "above"}
    assert chart.sigma == pytest.approx(0.5, abs=0.05)
    assert frame.loc["m03", "high"] - chart.centre == pytest.approx(3 * chart.sigma / 5)
    assert frame.loc["m12", "n"] == 0
    assert np.isnan(frame.loc["m12", "high"])


def test_control_chart_run_of_eight():
    values = pd.Series(np.tile([0.0, 1.0], 20) + np.repeat([0.3] * 8 + [-1.2] * 2, 4))
    chart = control_limits(values, pd.Series(np.repeat(range(10), 4)), width=50)
    assert chart.frame["signal"].tolist()[7] == "run"
    assert chart.frame["signal"].notna().sum() == 1


def test_control_chart_of_shares():
    chart = control_limits(pd.Series([0, 0, 1, 1, 0, 1.0]), pd.Series(list("aaabbb")), share=True)
    assert chart.centre == 0.5
    assert chart.frame["high"].max() == 1


def test_growth_attainment_and_targets():
    assert growth_rate(63.9, 62.0) == pytest.approx(1.9 / 62)
    assert attainment(90, 80) == 1.125
    assert attainment(5, 4, better="less") == 0.8
    assert assigned_score(85, 80, 90) == 60
    assert assigned_score(95, 80, 90) == 100
    assert assigned_score(10, 80, 90) == 20
    assert assigned_score(6, 10, 5) == 84  # less is better
    assert targets_from_history([80, 84, 88]) == (76.0, 88.0)
    assert targets_from_history([10, 12, 14], better="less") == (16.0, 10.0)
    with pytest.raises(InputError, match="positive base"):
        growth_rate(5, 0)
    with pytest.raises(InputError, match="three years"):
        targets_from_history([80, np.nan, 81])


def test_scorecard():
    file = ManagementFile(
        indicators={
            "csi": {"label": "c", "kind": "government", "scoring": "score"},
            "wait": {"label": "w", "kind": "own", "better": "less"},
        }
    )
    table = pd.DataFrame(
        [
            ("a", "csi", 8, 87.0, 88, 89.25),
            ("a", "wait", 5, 12, 10, 8.0),
            ("b", "csi", 8, 80.0, 85, np.nan),
            ("b", "wait", 5, 9, 10, 20.0),
        ],
        columns=["department", "indicator", "allotted", "previous", "target", "actual"],
    )
    card = scorecard(table, file)
    assert card["points"].tolist()[0] == pytest.approx(7.14)
    assert card["points"].tolist()[1] == 5
    assert card["points"].tolist()[3] == 2.5
    assert card["reason"].tolist()[2] == "no result"
    assert np.isnan(card["points"].iloc[2])
    totals = department_totals(card).set_index("department")
    assert totals.loc["b", ["points", "allotted", "open"]].tolist() == [2.5, 5, 1]
    with pytest.raises(InputError, match="twice"):
        scorecard(pd.concat([table, table]), file)


def test_charter_verdicts_and_an_empty_channel():
    file = CharterFile(
        standards={"fast": {"label": "f", "column": "days", "at_most": 7, "target": 0.9}},
        channels={"dial": "Dial", "web": "Web", "postcard": "Postcard"},
    )
    cases = pd.DataFrame({"channel": ["dial"] * 60 + ["web"] * 40, "handled": 1.0, "days": [3.0] * 98 + [9.0] * 2})
    out = charter_compliance(cases, file).iloc[0]
    assert out["estimate"] == 0.98
    assert out["verdict"] == "kept"
    assert charter_compliance(cases.iloc[:10], file)["verdict"].iloc[0] == "unclear"
    volume = channel_volume(cases, file).set_index("channel")
    assert volume.loc["postcard", "cases"] == 0
    assert np.isnan(volume.loc["postcard", "handled"])
    assert volume.loc["web", "share"] == 0.4
    with pytest.raises(InputError, match="does not name"):
        channel_volume(cases.assign(channel="fax"), file)


def test_combined_score_and_its_error():
    part = lambda v, se, d="a": pd.DataFrame({"department": [d], "estimate": [v], "se": [se], "df": [20.0], "n": [30]})
    out = combined_scores({"survey": part(80.0, 1.0), "phone": part(90.0, 2.0)}, {"survey": 3, "phone": 1}).iloc[0]
    assert out["estimate"] == 82.5
    assert out["se"] == pytest.approx(np.sqrt((0.75 * 1) ** 2 + (0.25 * 2) ** 2))
    assert out["n"] == 60
    parts = {"survey": part(80.0, 1.0), "phone": part(90.0, 2.0, "b")}
    assert combined_scores(parts, {"survey": 3, "phone": 1})["estimate"].isna().all()
    assert combined_scores(parts, {"survey": 3, "phone": 1}, missing="reweight")["estimate"].tolist() == [80, 90]
    alone = combined_scores({"survey": part(80.0, np.nan)}, {"survey": 1}).iloc[0]
    assert alone["estimate"] == 80
    assert np.isnan(alone["se"])


def test_incentives_by_hand():
    incentives = Incentives(
        rate=1.0, grades={"S": {"award": 5}, "A": {}, "B": {}, "C": {}}, budget=1000,
        ranks={"high": {"label": "h", "base": 100, "spread": 0.4}, "low": {"label": "l", "base": 50, "spread": 0.1}},
        staff={"S": {"high": 1, "low": 2}, "C": {"high": 1}},
    )  # fmt: skip
    table = incentive_table(incentives).set_index(["rank", "grade"])["bonus"]
    assert table["high"].round(9).tolist() == [160, 120, 80, 40]
    assert table["low", "S"] == pytest.approx(57.5)
    assert incentive_budget(incentives, {"S": 2}) == pytest.approx(
        {"bonus": 315, "awards": 10, "total": 325, "budget": 1000, "left": 675}
    )
    with pytest.raises(InputError, match="do not know"):
        incentive_budget(incentives, {"D": 1})


TASKS = pd.DataFrame(
    [
        ("1", "a", "kim", "x", "2024-03-01", "2024-02-20", 70, 1.0, 75, 1.0),
        ("2", "a", "lee", "y", "2024-03-01", "2024-05-02", 70, 1.0, 71, 1.0),
        ("3", "b", None, "z", "2024-03-01", None, 70, np.nan, 71, np.nan),
        ("4", "b", "kim", "w", None, None, np.nan, np.nan, np.nan, np.nan),
    ],
    columns=["task", "department", "owner", "title", "due", "done", "before", "before_se", "after", "after_se"],
).assign(contact=None)


def test_tasks_by_quarter_and_their_change():
    out = task_status(TASKS, asof="2024-04-01")
    assert out["status"].tolist() == ["done", "overdue", "overdue", "no_date"]
    assert out["verdict"].tolist()[:2] == ["better", "no_evidence"]
    assert pd.isna(out["verdict"].iloc[2])
    assert out["p_value"].iloc[0] == pytest.approx(4.0695e-4, rel=1e-3)  # 2·Φ(−5/√2)
    quarters = follow_up(TASKS, quarters=["2024Q1", "2024Q2"])
    assert quarters["done_late"].tolist() == [0, 1]
    assert quarters[["done", "done_late", "on_time", "overdue", "no_date"]].sum(axis=1).tolist() == [4, 4]
    letters = mail_merge(out)
    assert letters["owner"].tolist() == ["kim", "lee"]
    assert letters.attrs["without_owner"] == 1
    assert without_initiative(TASKS, ["a", "b", "c"]) == ["c"]


def test_checklist_shows_what_nobody_answered():
    file = ChecklistFile(checks=[{"ask": "a", "stage": "plan", "state": "met", "evidence": "https://example.org"}])
    table = checklist_summary(file.checks)
    assert len(table) == 12
    assert table["met"].sum() == 1
    assert (table[["met", "partly", "not_met"]].sum(axis=1) == 0).sum() == 11
    with pytest.raises(ValueError, match="evidence"):
        ChecklistFile(checks=[{"ask": "a", "stage": "plan", "state": "met"}])


def test_merged_departments():
    file = DepartmentsFile(
        departments={"tax": {"label": "t"}, "fee": {"label": "f", "merged_into": "tax", "since": 2024}}
    )
    frame = pd.DataFrame({"department": ["fee", "tax"]})
    assert file.placed(frame, 2023)["department"].tolist() == ["fee", "tax"]
    assert file.placed(frame, 2024)["department"].tolist() == ["tax", "tax"]
    assert file.existing(2024) == ["tax"]
    with pytest.raises(InputError, match="Did you mean"):
        file.placed(pd.DataFrame({"department": ["taxx"]}), 2024)


def test_one_odd_month_does_not_make_others_odd():
    """Twelve months of 100 records near 8 with a spread of 1 (limits ±.3); one lies 2 lower, one .25 higher: only the
    first is out, although the mean of all records would leave the second .42 above it."""
    shape = np.random.default_rng(0).normal(size=100)
    shape = (shape - shape.mean()) / shape.std(ddof=1)
    level = 8.0 + np.tile([0.1, -0.1], 6)
    level[8], level[3] = 6.0, 8.25
    chart = control_limits(pd.Series((level[:, None] + shape).ravel()), pd.Series(np.repeat(range(12), 100)))
    assert chart.frame["signal"].notna().tolist() == [i == 8 for i in range(12)]
    assert chart.centre == pytest.approx(np.delete(level, 8).mean())
    assert chart.sigma == pytest.approx(1)
