"""Files of an earlier version mean afterwards what they meant then, and keep their comments."""

import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.run.check import check_study
from csi_lib.study.migration import SCHEMA_VERSION, migrate

STUDY = """# of 2025
title: {ko: 조사, en: Survey}
years: [2024]
sources:
  customers: {kind: respondents, path: 'data/{year}.csv', codebook: codebook.yml, agency: {constant: a}}
extensions: {voice: voice.yml}
"""
CODEBOOK = """missing: [9]
scales: {five: {low: 1, high: 5}}
columns:
  q1: {role: item, label: {ko: 가, en: A}, scale: five}
  # 9 is an answer here
  q2: {role: number, label: {ko: 나, en: B}, missing: [99]}   # kept
  q3: {role: item, label: {ko: 다, en: C}, scale: five, missing: []}
  opinion: {role: text, label: {ko: 의견, en: Opinion}}
"""


@pytest.fixture
def old(tmp_path):
    folder = tmp_path / "old"
    (folder / "data").mkdir(parents=True)
    (folder / "study.yml").write_text(STUDY, encoding="utf-8")
    (folder / "codebook.yml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "agencies.yml").write_text("agencies:\n  - {id: a, name: {ko: 가, en: A}}\n", encoding="utf-8")
    (folder / "voice.yml").write_text("tested: 20   # old\nanalyser: plain\n", encoding="utf-8")
    (folder / "data" / "2024.csv").write_text("q1,q2,q3,opinion\n5,9,4,fine\n4,99,9,x\n9,3,3,y\n", encoding="utf-8")
    return folder


def test_an_old_study_is_listed_then_changed_and_reads_as_it_did(old):
    assert any("tested" in str(f) for f in check_study(old))
    before = {p.name: p.read_text(encoding="utf-8") for p in old.glob("*.yml")}
    listed = [f"{c.file}: {c.place}" for c in migrate(old)]
    assert listed == ["codebook.yml: columns > q2", "voice.yml: tested", "study.yml: schema_version"]
    assert {p.name: p.read_text(encoding="utf-8") for p in old.glob("*.yml")} == before  # nothing was written
    migrate(old, write=True)
    study = csi_lib.load_study(old)
    columns = study.codebook("customers").columns
    assert columns["q2"].missing_in(2024) == (99,)  # 9 is an answer, as it was
    assert columns["q1"].missing_in(2024) == (9,)
    text = (old / "codebook.yml").read_text(encoding="utf-8")
    assert "# 9 is an answer here" in text
    assert "# kept" in text
    assert (old / "study.yml").read_text(encoding="utf-8").splitlines()[0] == "# of 2025"
    assert migrate(old) == []


def test_a_study_of_a_later_version_is_refused(old):
    text = (old / "study.yml").read_text(encoding="utf-8")
    (old / "study.yml").write_text(f"schema_version: {SCHEMA_VERSION + 1}\n{text}", encoding="utf-8")
    with pytest.raises(InputError, match="later version"):
        migrate(old)


def test_check_says_what_an_unversioned_study_would_have_meant(old):
    (old / "voice.yml").write_text("analyser: plain\n", encoding="utf-8")
    notes = [f.words if hasattr(f, "words") else str(f) for f in check_study(old)]
    assert any("csi migrate" in n and "q2" in n for n in notes)


@pytest.mark.parametrize("name", csi_lib.bundled_studies())
def test_what_ships_is_of_the_newest_version(name):
    assert migrate(name) == []


def test_a_new_study_is_of_the_newest_version(tmp_path):
    assert migrate(csi_lib.new_study(tmp_path / "new")) == []
