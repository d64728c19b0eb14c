"""Fieldwork from its log: rates, verification, interviewers, the interim mode; simulated truth recovered."""

import dataclasses
import datetime
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from csi_lib import load_study, open_chapter, read_survey, simulate_study
from csi_lib.chapters.fieldwork import flow
from csi_lib.chapters.fieldwork.compute import (
    FieldworkFile,
    _upper_tail,
    by_interviewer,
    control,
    daily,
    log_of,
    outlook,
    rates,
    read_log,
)
from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import wilson
from csi_lib.evaluation.systems import system_file
from csi_lib.share import shared_path

OUTCOMES = {k: {"group": k, "label": {"ko": k, "en": k}} for k in ("I", "P", "R", "NC", "NE")}


def rules(**more) -> FieldworkFile:
    return FieldworkFile.model_validate({"outcomes": OUTCOMES, "ends": {2024: "2024-05-20"}, **more})


def log(rows, file=None):
    names = ["interviewer", "contacted", "outcome", "minutes", "verified_by", "verification", "action"]
    frame = pd.DataFrame(rows, columns=names)
    frame = frame.assign(stratum="1", attempts=1.0, contacted=pd.to_datetime(frame["contacted"]))
    return log_of(frame, file or rules(), 2024)


def interview(who="a", day="2024-05-01", minutes=10.0, by=None, result=None, action=None, outcome="I"):
    return (who, day, outcome, minutes, by, result, action)


@pytest.fixture(scope="module")
def corp():
    return load_study(shared_path("params", "public-corp"))


@pytest.fixture(scope="module")
def real(corp):
    file = system_file(corp, "fieldwork")
    return file, read_log(corp, file, "raon-corp", 2024, release="restricted")


def test_the_log_fits_the_interviews(corp, real, tmp_path):
    file, found = real
    delivered = read_survey(corp, "raon-corp", 2024, discarded=True)
    assert rates(found, file).counts["I"] == delivered.n
    assert len(found.complete) == read_survey(corp, "raon-corp", 2024).n
    per = found.frame[found.frame["group"] == "I"]["interviewer"].str.lower().value_counts()
    in_data = delivered.frame["interviewer"].str.lower().value_counts()
    assert per.to_dict() == in_data.to_dict()
    simulate_study(corp, tmp_path)
    planted = json.loads((tmp_path / "defects.json").read_text(encoding="utf-8"))
    false = next(p for p in planted if p["kind"] == "fabrication" and p["agency"] == "raon-corp")
    table = by_interviewer(found, file).set_index("interviewer")
    assert list(table.index[table["flagged"]]) == [false["interviewer"]]
    assert table.loc[false["interviewer"], "discarded"] == false["rejected"]
    checked = control(found, file).set_index("what")
    assert checked.loc["discarded", "n"] == false["rejected"]
    assert checked.loc["verified", "share"] == pytest.approx(0.32, abs=0.08)


def test_names_never_reach_a_public_log(corp):
    found = read_log(corp, system_file(corp, "fieldwork"), "raon-corp", 2024)
    assert found.frame["interviewer"].str.match(r"person \d+$").all()


def test_verification_by_hand():
    found = log(
        [interview(by="client", result="passed"), interview(by="contractor", result="failed", action="discarded"),
         interview(by="contractor", result="failed", action="reinterviewed"), interview(minutes=4.0), interview(outcome="R", minutes=None)]
    )  # fmt: skip
    table = control(found, rules()).set_index("what")
    assert dict(table["n"]) == {
        "verified": 3,
        "contractor": 2,
        "failed": 2,
        "discarded": 2,
        "reinterviewed": 1,
        "short": 1,
    }
    assert dict(table["base"]) == {
        "verified": 4,
        "contractor": 4,
        "failed": 3,
        "discarded": 4,
        "reinterviewed": 4,
        "short": 4,
    }
    assert (table.loc["failed", "ci_low"], table.loc["failed", "ci_high"]) == wilson(2 / 3, 3)
    assert table.loc["verified", "required"] == 0.3


def test_short_interviews_are_judged_by_the_exact_tail():
    for k, n, hits, total in ((3, 10, 8, 100), (0, 5, 3, 50), (5, 5, 5, 60), (1, 40, 2, 41)):
        assert _upper_tail(k, n, hits, total) == pytest.approx(stats.hypergeom.sf(k - 1, total, hits, n), rel=1e-10)


def test_one_hasty_interviewer_among_ten_is_flagged_and_a_novice_is_not():
    rows = [interview(who=f"i{k}") for k in range(10) for _ in range(20)]
    rows += [interview(who="hasty", minutes=3.0) for _ in range(8)] + [interview(who="hasty") for _ in range(12)]
    rows += [interview(who="novice", minutes=3.0) for _ in range(2)]
    table = by_interviewer(log(rows), rules()).set_index("interviewer")
    assert list(table.index[table["flagged"]]) == ["hasty"]
    assert np.isnan(table.loc["novice", "p_short"])  # too few interviews to be judged


def test_interim_counts_what_was_known_that_day():
    rows = [interview(day=f"2024-05-{d:02d}") for d in range(1, 15) for _ in range(d % 3)]
    rows += [(None, "2024-05-14", None, None, None, None, None)]
    file = rules(as_of="2024-05-08")
    frame = pd.DataFrame(
        rows, columns=["interviewer", "contacted", "outcome", "minutes", "verified_by", "verification", "action"]
    )
    frame = frame.assign(stratum="1", attempts=1.0, contacted=pd.to_datetime(frame["contacted"]))
    early = log_of(frame[frame["contacted"].dt.date <= file.as_of].reset_index(drop=True), file, 2024)
    assert early.interim
    assert early.last == datetime.date(2024, 5, 8)
    assert daily(early)["total"].iloc[-1] == len(early.interviews) == sum(d % 3 for d in range(1, 9))
    # pace of the last seven days: days 2 … 8 brought 2+0+1+2+0+1+2 = 8
    missing, day = outlook(early, 25)
    assert missing == 25 - 9
    assert day == datetime.date(2024, 5, 8) + datetime.timedelta(days=int(np.ceil(16 / (8 / 7))))
    late = log_of(frame, rules(), 2024)
    assert not late.interim  # it ends before the planned day, and nobody said that it goes on: asked, not stamped
    assert late.open_cases == 1
    assert rates(late, rules()).counts["UO"] == 1
    assert not log_of(frame, rules(ends={2024: "2024-05-14"}), 2024).interim


def test_no_interviews_yet():
    found = log([interview(outcome="NC", minutes=None), interview(outcome="R", minutes=None)])
    assert by_interviewer(found, rules()).empty
    assert control(found, rules())["share"].isna().all()
    assert outlook(found, 10) == (10, None)


def test_an_unknown_outcome_is_named():
    with pytest.raises(InputError, match=r"does not declare.*'RX'.*Did you mean 'R'"):
        log([interview(outcome="RX")])


def test_a_log_that_ends_early_or_counts_otherwise_is_asked_about_once(corp, real):
    file, _ = real
    assert list(file.record_notes(corp, "raon-corp", 2024)) == []
    late = file.model_copy(update={"ends": {2024: datetime.date(2024, 6, 10)}})
    said = list(late.record_notes(corp, "raon-corp", 2024))
    assert len(said) == 1
    assert "as_of: 2024-05-28" in said[0]
    assert next(
        iter(late.model_copy(update={"as_of": datetime.date(2024, 5, 20)}).record_notes(corp, "raon-corp", 2024))
    ).startswith("the log has")
    other = file.model_copy(update={"reinterviewed": "again"})  # the log's word for it is another
    assert list(other.record_notes(corp, "raon-corp", 2024)) == [
        "the log discards 9 interviews, the data 21; `discard` of the source customers says which rows are left out"
    ]


@pytest.fixture(scope="module")
def chapter(corp):
    return open_chapter(corp, "raon-corp", 2024, lang="en")


def test_each_interview_is_counted_once_in_log_and_data(chapter, real):
    file, found = real
    counted = flow.counts(chapter, file, found).set_index("what")
    survey = read_survey(chapter.study, "raon-corp", 2024)
    everybody = read_survey(chapter.study, "raon-corp", 2024, discarded=True)
    assert counted.loc["delivered"].tolist() == [everybody.n] * 2
    assert counted.loc["kept"].tolist() == [survey.n] * 2
    assert counted.loc["discarded"].tolist() == [everybody.n - survey.n] * 2
    assert "agree in every count" in str(flow.agreement_sentence(chapter, counted.reset_index()).text)
    lost = dataclasses.replace(found, frame=found.frame.drop(found.complete.index[:3]))
    apart = flow.counts(chapter, file, lost)
    assert "do not agree" in flow.agreement_sentence(chapter, apart).text
    assert flow.agreement_table(chapter, file, apart).frame()["log"].tolist() == [
        everybody.n - 3,
        everybody.n - survey.n,
        survey.n - 3,
    ]


def test_the_flow_holds_the_check_points_of_the_study(chapter, real):
    file, found = real
    figure = flow.survey_flow(chapter, file, found)
    checked = control(found, file).set_index("what")
    assert f"{100 * checked.loc['verified', 'share']:.1f}%" in figure.alt
    assert figure.data.set_index("measure").loc["flow:analysed", "estimate"] == chapter.survey.n
    strict = file.model_copy(update={"verification": file.verification.model_copy(update={"overall": 0.9})})
    assert "short" in flow.survey_flow(chapter, strict, found).alt.split("Verification")[1].split("→")[0]


def test_a_future_as_of_changes_nothing(corp, real):
    file, found = real
    later = file.model_copy(update={"as_of": datetime.date(2024, 5, 28)})
    assert len(read_log(corp, later, "raon-corp", 2024).frame) == len(found.frame)
    with pytest.raises(InputError, match="no case"):
        read_log(corp, file.model_copy(update={"as_of": datetime.date(2020, 1, 1)}), "raon-corp", 2024)
