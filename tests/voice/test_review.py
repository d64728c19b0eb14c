"""The review of comments: what nobody has read is not shown, and what was decided stays decided."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import pandas as pd
import pytest

from csi_lib.chapters.voice.quotations import _reviewed
from csi_lib.errors import InputError
from csi_lib.voice.comments import Comments
from csi_lib.voice.review import (
    LEDGER,
    Decision,
    keep_decisions,
    queue,
    read_decisions,
    read_queue,
    text_hash,
    write_queue,
)

PLAIN, NAMED, STORY = "주차장이 좁아요", "홍길동이 도와주었다", "[이름] 주무관님이 세 번이나 전화해 주셨다"


def filled(path, **decisions):
    """The queue with the decisions of a person, by the comment's beginning."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for start, (decision, replacement) in decisions.items():
            if row["comment"].startswith(start):
                row["decision"], row["replacement"] = decision, replacement
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_the_most_doubtful_comments_come_first_and_each_once():
    waiting = queue([PLAIN, NAMED, STORY, PLAIN], {})
    assert [c.comment for c in waiting] == [NAMED, STORY, PLAIN]
    assert "홍길동" in waiting[0].because
    assert [c.comment for c in queue([PLAIN, NAMED], {text_hash(NAMED): Decision("accept")})] == [PLAIN]


def test_a_filled_queue_is_taken_and_the_ledger_holds_no_comment(tmp_path):
    path = write_queue(tmp_path / "queue.csv", queue([PLAIN, NAMED, STORY], {}))
    assert path.stat().st_mode & 0o077 == 0
    filled(path, 홍길동=("replace", "직원이 도와주었다"), 주차장=("Accept", ""))
    made = read_queue(path, by="kim")
    keep_decisions(tmp_path, made)
    again = read_decisions(tmp_path)
    assert again == made
    assert again[text_hash(NAMED)].text(NAMED) == "직원이 도와주었다"
    assert again[text_hash(PLAIN)].by == "kim"
    assert text_hash(STORY) not in again
    ledger = (tmp_path / LEDGER).read_text(encoding="utf-8")
    assert "홍길동" not in ledger
    assert "주차장" not in ledger


@pytest.mark.parametrize(("decision", "replacement"), [("acept", ""), ("replace", " ")])
def test_what_is_no_decision_is_refused_with_its_row(tmp_path, decision, replacement):
    path = write_queue(tmp_path / "queue.csv", queue([PLAIN], {}))
    filled(path, 주차장=(decision, replacement))
    with pytest.raises(InputError, match="row 2"):
        read_queue(path, by="kim")


def shown(folder, *, reviewed: bool, release: str) -> list:
    comments = Comments(pd.DataFrame({"text": [PLAIN, NAMED, STORY]}), (), 3, 3, "plain")
    chapter = SimpleNamespace(study=SimpleNamespace(path=folder), release=release)
    voice = SimpleNamespace(comments=comments, file=SimpleNamespace(reviewed=reviewed))
    return list(_reviewed(chapter, voice).frame["text"])


def test_the_public_edition_shows_what_was_read_and_as_it_was_decided(tmp_path):
    assert shown(tmp_path, reviewed=True, release="public") == ["", "", ""]
    assert shown(tmp_path, reviewed=False, release="public") == [PLAIN, NAMED, STORY]
    keep_decisions(tmp_path, {text_hash(PLAIN): Decision("accept"), text_hash(STORY): Decision("withhold")})
    assert shown(tmp_path, reviewed=True, release="public") == [PLAIN, "", ""]
    assert shown(tmp_path, reviewed=False, release="public") == [PLAIN, NAMED, ""]
    assert shown(tmp_path, reviewed=True, release="restricted") == [PLAIN, NAMED, ""]


def test_the_command_counts_what_waits_and_ends_when_nothing_does(tmp_path, capsys):
    import json
    import shutil

    from csi_lib.cli import main
    from csi_lib.study.location import resolve_study

    study = tmp_path / "example"
    shutil.copytree(resolve_study("example"), study, ignore=shutil.ignore_patterns(".csi", "data"))
    part = ("--agency", "hanbit-fmc", "--year", "2024")

    def run(*more) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["review", "voice", str(study), *part, *more])
        return ended.value.code

    assert run("--json") == 1
    waiting = json.loads(capsys.readouterr().out)["waiting"]
    assert waiting > 5
    queue_file = tmp_path / "queue.csv"
    assert run("--write", str(queue_file)) == 1
    text = queue_file.read_text(encoding="utf-8-sig").splitlines()
    assert len(text) == waiting + 1
    filled(queue_file, **{"": ("accept", "")})
    assert run("--read", str(queue_file), "--by", "lee") == 0
    assert "0 comments wait" in capsys.readouterr().out
    assert len(read_decisions(study)) == waiting
