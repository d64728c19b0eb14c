"""A mistake in a study is told in the words of the error, once for all the reports it fails, in console and digest."""

from __future__ import annotations

import json

import pytest

from csi_lib.run.failure import chapter_error
from csi_lib.run.order import alike
from tests.run.small_round import small_round, start

pytestmark = pytest.mark.slow
RAISE = (
    "from csi_lib.errors import InputError\n"
    "raise InputError('the table forgets its bases', where='table mine', expected='a column n', action='Add the n')"
)
WORDS = "chapter only: table mine: the table forgets its bases; expected a column n. Add the n"


def test_an_input_error_is_shown_itself_and_once(tmp_path):
    study, out = small_round(tmp_path / "study", RAISE, agencies=3), tmp_path / "out"
    process = start(study, out, "--jobs", "1")
    said, progress = process.communicate(timeout=300)
    events = [json.loads(line) for line in progress.splitlines() if line.startswith("{")]
    assert process.returncode == 2
    assert {e["problem"] for e in events if e["event"] == "done"} == {WORDS}
    working = [e for e in events if e["event"] == "working"]
    assert working[0] | {"agency": "a001", "year": 2024, "chapter": None} == working[0]
    assert {(e["agency"], e["chapter"]) for e in working} >= {
        (a, c) for a in ("a001", "a002", "a003") for c in (None, "only")
    }
    rest = [line for line in progress.splitlines() if not line.startswith("{")]
    assert sum(WORDS in line for line in rest) == 1
    assert any("a001 2024, a002 2024, a003 2024 … (3 reports)" in line for line in rest), rest
    page = (out / "failures.html").read_text(encoding="utf-8")
    assert page.count("the table forgets its bases; expected a column n. Add the n") == 1
    assert "csi check" not in page + said + progress
    assert str(tmp_path) not in page + (out / "run.json").read_text(encoding="utf-8")


def test_other_messages_stay_hidden():
    class Course:
        kind, ename, evalue, cell_index, traceback = "error", "KeyError", "'010-1234-5678'", None, ()

    assert "010" not in str(chapter_error(Course, None, None))


def test_failures_are_grouped_by_what_they_say():
    one = {"agency": "a", "year": 2024, "problem": "p of a 2024", "hint": None, "chapter": None, "cell": None}
    two = one | {"agency": "b", "problem": "p of b 2024"}
    assert alike([one, two, one | {"problem": "q"}]) == [[one, two], [one | {"problem": "q"}]]
