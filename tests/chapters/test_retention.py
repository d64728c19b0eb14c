"""The retention log: terms, states on a day, and what cannot be true."""

from __future__ import annotations

from datetime import date

import pytest

from csi_lib.chapters.retention.compute import Record, RetentionFile
from csi_lib.errors import InputError

BASE = {"what": "명부", "holds": "이름", "where": "금고", "basis": "동의", "collected": "2024-01-31"}
DONE = {"method": "파쇄", "by": "담당"}


def record(**more):
    return Record.model_validate({**BASE, **({} if {"months", "until"} & set(more) else {"months": 3}), **more})


def test_a_term_in_months_ends_on_the_last_day_of_a_shorter_month():
    assert record(months=1).due == date(2024, 2, 29)
    assert record(months=13).due == date(2025, 2, 28)
    assert record(months=12).due == date(2025, 1, 31)
    assert record(until="2024-06-30").due == date(2024, 6, 30)


@pytest.mark.parametrize(
    ("destroyed", "day", "state"),
    [
        (None, "2024-04-30", "kept"),
        (None, "2024-05-01", "overdue"),
        ("2024-04-30", "2024-05-01", "destroyed"),
        ("2024-05-02", "2024-06-01", "late"),
        ("2024-05-02", "2024-05-01", "overdue"),  # not yet done on that day
        ("2024-04-20", "2024-04-10", "kept"),
    ],
)
def test_the_state_on_a_day(destroyed, day, state):
    more = {"destroyed": destroyed, **DONE} if destroyed else {}
    assert record(**more).state(date.fromisoformat(day)) == state


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"months": 3, "until": "2024-05-01"}, "either"),
        ({"until": "2023-12-31"}, "before"),
        ({"destroyed": "2024-01-01", **DONE}, "before"),
        ({"destroyed": "2024-03-01"}, "method"),
        ({"months": -1}, "greater"),
        ({"destroied": "2024-03-01"}, "extra"),
    ],
)
def test_what_cannot_be_true_is_refused(more, said):
    with pytest.raises(ValueError, match=said):
        record(**more)


def test_a_year_without_records_is_an_error():
    log = RetentionFile.model_validate(
        {"as_of": "2024-08-31", "responsible": "담당", "records": {2024: [{**BASE, "months": 3}]}}
    )
    assert len(log.of_year(2024)) == 1
    with pytest.raises(InputError, match="2024"):
        log.of_year(2023)
