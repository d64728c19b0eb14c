"""Destroying what is past its term: nothing without being told, everything that was named, and on record."""

from __future__ import annotations

import hashlib
import shutil
from datetime import date

import pytest

import csi_lib
from csi_lib.chapters.retention.compute import RetentionFile
from csi_lib.errors import InputError
from csi_lib.run.purging import purge
from csi_lib.study.destruction import FILE, read_destroyed
from csi_lib.study.location import resolve_study

LOG = """
as_of: 2024-08-31
responsible: {ko: 책임자, en: Officer}
records:
  2023:
    - {what: {ko: 명부, en: Frame}, holds: {ko: 이름, en: Names}, where: {ko: 금고, en: Safe}, basis: {ko: 계약, en: Contract},
       collected: 2023-06-30, months: 3, files: ["frame/frame_{year}.csv", "frame/more_{year}_*.csv"]}
    - {what: {ko: 종이, en: Paper}, holds: {ko: 이름, en: Names}, where: {ko: 금고, en: Safe}, basis: {ko: 계약, en: Contract},
       collected: 2023-06-30, months: 3}
  2024:
    - {what: {ko: 명부, en: Frame}, holds: {ko: 이름, en: Names}, where: {ko: 금고, en: Safe}, basis: {ko: 계약, en: Contract},
       collected: 2024-06-30, months: 3, files: "frame/frame_{year}.csv"}
"""


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(resolve_study("example"), folder, ignore=shutil.ignore_patterns(".csi", "data"))
    (folder / "retention.yml").write_text(LOG, encoding="utf-8")
    (folder / "frame").mkdir()
    for name in ("frame_2023", "frame_2024", "more_2023_a", "other_2023"):
        (folder / "frame" / f"{name}.csv").write_text(f"name\n{name}\n", encoding="utf-8")
    return folder


def files(study):
    return sorted(p.name for p in (study / "frame").iterdir())


def test_nothing_is_touched_without_being_told(study):
    before = files(study)
    found = purge(study, due=True, today=date(2024, 9, 1))
    assert [r.file for r in found.rows] == ["frame/frame_2023.csv", "frame/more_2023_a.csv"]
    assert found.unnamed == ("2023: 종이",)
    assert files(study) == before
    assert not (study / FILE).exists()


def test_what_is_past_its_term_is_gone_and_on_record(study):
    digest = hashlib.sha256((study / "frame" / "frame_2023.csv").read_bytes()).hexdigest()
    purge(study, due=True, today=date(2024, 9, 1), by="kim", do=True)
    assert files(study) == ["frame_2024.csv", "other_2023.csv"]
    first = read_destroyed(study)[0]
    assert (first.on, first.year, first.record, first.by, first.sha256) == ("2024-09-01", 2023, "명부", "kim", digest)
    assert first.reason == "term ended 2023-09-30"
    purge(study, before=date(2024, 7, 1), today=date(2024, 9, 2), by="lee", do=True)
    assert files(study) == ["other_2023.csv"]
    assert [r.file for r in read_destroyed(study)][-1] == "frame/frame_2024.csv"
    assert read_destroyed(study)[-1].reason == "collected before 2024-07-01"


def test_the_report_says_destroyed_only_where_the_record_does(study):
    log: RetentionFile = csi_lib.system_file(csi_lib.load_study(study), "retention")
    state = lambda: [r.state(l.as_of) for l in [log.on_record(read_destroyed(study))] for r in l.of_year(2023)]
    assert state() == ["overdue", "overdue"]
    purge(study, due=True, today=date(2024, 9, 1), by="kim", do=True)
    assert state() == ["late", "overdue"]
    assert log.on_record(read_destroyed(study)).as_of == date(2024, 9, 1)


def test_a_typed_destruction_of_files_is_none(study):
    text = LOG.replace("months: 3, files: [", "months: 3, destroyed: 2023-09-01, method: 삭제, by: 담당, files: [", 1)
    (study / "retention.yml").write_text(text, encoding="utf-8")
    loaded = csi_lib.load_study(study)
    log = csi_lib.system_file(loaded, "retention")
    assert len(log.faults(loaded)) == 1
    assert log.on_record(()).of_year(2023)[0].state(log.as_of) == "overdue"


@pytest.mark.parametrize("pattern", ["../secret_{year}.csv", "/etc/passwd"])
def test_files_outside_the_data_folder_are_not_destroyed(study, pattern):
    (study.parent / "secret_2024.csv").write_text("x", encoding="utf-8")
    (study / "retention.yml").write_text(LOG.replace('frame/frame_{year}.csv"}', pattern + '"}'), encoding="utf-8")
    with pytest.raises(InputError, match="data folder"):
        purge(study, before=date(2025, 1, 1), do=True)
    assert (study.parent / "secret_2024.csv").exists()
    assert files(study) == ["frame_2023.csv", "frame_2024.csv", "more_2023_a.csv", "other_2023.csv"]


def test_one_of_due_and_before_is_said(study):
    with pytest.raises(InputError, match="--due"):
        purge(study)
