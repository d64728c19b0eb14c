"""What sheets and calls lack is counted and said: blank lines, months, one rater, fewer calls than wanted, no outcome."""

import re

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters.calls import section as calls
from csi_lib.chapters.charter.compute import CharterFile
from csi_lib.chapters.charter.section import compliance_table
from csi_lib.chapters.kindness.completeness import completeness, excellence
from csi_lib.chapters.kindness.compute import KindnessFile, score_sheets
from csi_lib.chapters.kindness.section import Sheets, overall

FILE = KindnessFile.model_validate(
    {
        "schemes": {
            "phone": {
                "label": {"ko": "전화", "en": "Phone"}, "calls": 100, "excellent": 90,
                "editions": {"1": {"since": "2024-01", "items": {"a": {"label": {"ko": "가", "en": "A"}, "points": 50},
                                                                 "b": {"label": {"ko": "나", "en": "B"}, "points": 50}}}},
            }
        }
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("civil-office", "garam-city", 2024, lang="en")


def sheets(**changes):
    rows = [
        (f"s{i}", "phone", f"2024-{m:02d}", d, f"p{i % 6}", r, 45.0, 46.0 + i % 3)
        for i, (m, d, r) in enumerate(
            (m, d, r) for m in (1, 2, 4, 5) for d in ("tax", "resident") for r in ("r1", "r2")
        )
    ]
    frame = pd.DataFrame(
        rows, columns=["sheet", "channel", "period", "department", "person", "rater", "a", "b"]
    ).assign(**changes)
    scored = score_sheets(frame, FILE.schemes)
    return Sheets(FILE, scored, scored, "2024-05", {})


def words(found):
    return re.sub(r"\[([^\]]*)\]\{[^}]*\}", r"\1", " ".join(str(getattr(s, "markdown", s)) for s in found))


def test_a_blank_line_is_counted_and_named_with_the_missing_month_and_the_calls_short(chapter):
    full = sheets()
    b = full.scored["b"].copy()
    b.iloc[[2, 7, 9]] = np.nan
    said = words(completeness(chapter, sheets(b=b)))
    assert re.search(r"\b3\b.* of .*\b16\b.*blank lines \(B\)", said)
    assert "no sheets of Mar" in said
    assert re.search(r"16\b.*fewer than the .*100", said)
    assert "blank" not in words(completeness(chapter, full))


def test_a_department_of_one_rater_is_named(chapter):
    found = sheets()
    rater = found.scored["rater"].where(found.scored["department"] != "tax", "r1")
    said = words(completeness(chapter, sheets(rater=rater)))
    assert "Tax were rated by one rater" in said
    assert "Resident" not in said


@pytest.mark.parametrize(
    ("shift", "expected"), [(4.0, "is above it"), (-6.0, "is below it."), (-2.0, "within sampling error")]
)
def test_the_mark_of_an_excellent_office_is_judged_with_its_error(chapter, shift, expected):
    base = sheets().scored
    a = base["a"] + shift / 2 + np.tile([4.0, -4.0], 8) * (shift == -2.0)
    found = sheets(a=a.clip(upper=50), b=base["b"].clip(upper=50) + shift / 2)
    assert expected in words(excellence(chapter, found, overall(chapter, found)))


def test_calls_to_absent_colleagues_without_an_outcome_are_counted(chapter):
    log = calls.call_log(chapter)
    log.loc[log.index[log["absent"] == 1][:5], "picked_up"] = np.nan
    rows, picked = calls.compliance(chapter, log), calls.picked_up(chapter, log)
    said = words(calls.call_sentences(chapter, log, rows, picked))
    assert re.search(r"For 5 calls to an absent colleague", said)
    whole = picked[picked["by1"].isna()].iloc[0]
    assert whole["n"] == int((log["absent"] == 1).sum()) - 5


def test_a_charter_that_promises_redress_says_which(chapter):
    standard = {"label": {"ko": "처리", "en": "Done"}, "column": "days", "at_most": 7}
    base = {"channels": {"web": "누리집"}, "redress": True}
    with pytest.raises(ValueError, match="missed"):
        CharterFile.model_validate({**base, "standards": {"done": standard}})
    file = CharterFile.model_validate(
        {**base, "standards": {"done": {**standard, "redress": {"ko": "상품권", "en": "A voucher"}}}}
    )
    monkey = pytest.MonkeyPatch()
    monkey.setattr(type(chapter), "system", lambda self, name: file)
    row = {"measure": "done", "measure_label": "Done", "estimate": 0.9, "ci_low": 0.8, "ci_high": 0.95, "n": 50.0, "target": np.nan,
           "verdict": None, "unit": "proportion", "statistic": "share", "row_id": "x", "suppressed": False, "flag": None}  # fmt: skip
    try:
        table = compliance_table(chapter, pd.DataFrame([row]), name="x", caption="x")
    finally:
        monkey.undo()
    assert table.rows[0].cells[-1] == "A voucher"


def test_what_was_heard_shows_the_task_that_came_of_it_and_its_result(chapter):
    from csi_lib.chapters.feedback import section as feedback

    tasks = feedback.register_of(chapter, "tasks")
    table = feedback.heard_table(chapter, tasks).frame()
    known = tasks.set_index("task")
    linked = {h.did.text("en"): h.task for h in chapter.system("feedback").heard if h.task}
    assert len(linked) == 2
    for row in table.to_dict("records"):
        if row["did"] in linked:
            task = known.loc[linked[row["did"]]]
            assert row["state"] == feedback.STATUS[task["status"]]["en"]
            assert row["change"] == pytest.approx(task["after"] - task["before"])
        else:
            assert row["state"] == "–"
    answered = tasks.assign(recommendation=["Answer calls at lunch", *[None] * (len(tasks) - 1)])
    register = feedback.register_table(chapter, answered, name="x", caption="x").frame()
    assert register["recommendation"].tolist()[0] == "Answer calls at lunch"
    assert "recommendation" not in feedback.register_table(chapter, tasks, name="x", caption="x").frame()


def test_a_task_that_no_register_holds_is_asked_about(chapter):
    file = chapter.system("feedback")
    assert list(file.record_notes(chapter.study, "garam-city", 2024)) == []
    lost = file.model_copy(update={"heard": tuple(h.model_copy(update={"task": "2031-99"}) for h in file.heard[:1])})
    assert "2031-99" in next(iter(lost.record_notes(chapter.study, "garam-city", 2024)))
