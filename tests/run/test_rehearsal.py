"""csi check is the dress rehearsal: what a run refuses it finds, with the same words, once."""

from __future__ import annotations

import pytest

from csi_lib.run.check import Finding, check_study, said_once
from csi_lib.run.pipeline import run_study
from tests.bench.round_study import OPEN
from tests.run.small_round import small_round


def test_the_same_of_many_agencies_is_said_once():
    same = [
        Finding("error", f"customers, {a} 2024", f"customers_{a}.csv: no rows for {a}; found {k}")
        for k, a in enumerate(("north", "south", "north-east"))
    ]
    other = [
        Finding("error", "customers, north 2024", "a weight is missing"),
        Finding("note", "x", "a weight is missing"),
    ]
    first, second, third = said_once([*same, *other, same[0]], ["north", "south", "north-east"])
    assert (first.where, first.also) == (same[0].where, (same[1].where, same[2].where))
    assert str(first).endswith("(3 times; also customers, south 2024; customers, north-east 2024)")
    assert (second.also, third.level) == ((), "note")


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """Four reports of which a chapter refuses two in words and one by a fault of its own."""
    return small_round(
        tmp_path_factory.mktemp("rehearsal") / "round",
        OPEN,
        "from csi_lib.errors import InputError\n"
        "place = [a.id for a in chapter.study.agencies].index(agency)\n"
        "if place < 2:\n"
        "    raise InputError('the target is 0', where=f'targets.csv, {agency}', found='0', action='Write another')\n"
        "if place == 2:\n    {}['respondent 17 said no']",
    )


def test_rehearsal_gives_the_words_of_the_run(refusing, tmp_path):
    assert [f for f in check_study(refusing) if f.level == "error"] == []
    found = [f for f in check_study(refusing, rehearsal=True) if f.level == "error"]
    (words, fault) = found
    assert words.where.startswith("chapter only, ")
    assert "the target is 0; found 0. Write another" in words.message
    assert len(words.also) == 1
    assert "fault of the chapter" in fault.message
    assert "respondent 17" not in "".join(map(str, found))  # a message that is not ours may quote an answer
    assert not list(refusing.glob("out/*"))


def test_rehearsal_of_some_reports(refusing):
    from csi_lib.study.study import load_study

    last = load_study(refusing).agencies[-1].id
    assert [f for f in check_study(refusing, rehearsal=True, agencies=[last]) if f.level == "error"] == []


def test_references_that_lead_nowhere_are_found_before_the_run(tmp_path):
    study = small_round(
        tmp_path / "round", OPEN, "chapter.say(ko='그림 @fig-nothing 참조', en='See @fig-nothing.')", agencies=1
    )
    (found,) = (f for f in check_study(study, rehearsal=True) if f.level == "error")
    assert "@fig-nothing refers to nothing" in found.message


def test_a_study_with_an_open_field_publishes_nothing(tmp_path):
    from csi_lib.errors import InputError

    study = small_round(tmp_path / "round", agencies=1)
    file = study / "study.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("title: {", "period: '{asof_date}'\ntitle: {", 1), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"asof_date"):
        run_study(study, out=tmp_path / "out")
    assert not list((tmp_path / "out").glob("*/*/report.html"))
