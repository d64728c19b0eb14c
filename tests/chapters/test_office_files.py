"""The parameter files of grades, management, feedback, checklist, disclosure and programme: schemas, rules, per agency."""

import json

import jsonschema
import pytest

from csi_lib import json_schema
from csi_lib.chapters.checklist.compute import PRINCIPLES, STAGES, ChecklistFile, checklist_summary
from csi_lib.chapters.disclosure.settings import DisclosureFile
from csi_lib.chapters.programme.settings import ProgrammeFile
from csi_lib.share import shared_path
from csi_lib.study.yaml_file import YamlFile

FILES = {
    "grades": "example",
    **dict.fromkeys(["management", "feedback", "checklist", "disclosure", "programme"], "civil-office"),
}


@pytest.mark.parametrize(("file", "study"), FILES.items())
def test_bundled_files_satisfy_the_schema_beside_them(file, study):
    stored = json.loads(shared_path("params", "schema", f"{file}.json").read_text(encoding="utf-8"))
    assert stored == json_schema(file), "run csi_lib.write_schemas('params/schema')"
    data = YamlFile(shared_path("params", study, f"{file}.yml")).data
    jsonschema.validate(json.loads(json.dumps(data, default=str)), stored)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(json.dumps(data, default=str)), "rul": 1}, stored)


def check(**more):
    return {"ask": "a", "stage": "plan", "state": "met", "evidence": "https://example.org/a", **more}


def test_three_stages_and_nine_principles_always_show():
    summary = checklist_summary(ChecklistFile(checks=[check()]).checks)
    assert (summary["part"] == "stage").sum() == len(STAGES) == 3
    assert (summary["part"] == "principle").sum() == len(PRINCIPLES) == 9


def test_an_agency_restates_single_lines():
    file = ChecklistFile(checks=[check(id="x"), check()], agencies={"b": {"x": {"state": "not_met"}}})
    assert [c.state for c in file.of("a")] == ["met", "met"]
    assert [c.state for c in file.of("b")] == ["not_met", "met"]
    assert file.of("b")[0].evidence is None
    with pytest.raises(ValueError, match="no check has as its id"):
        ChecklistFile(checks=[check()], agencies={"b": {"x": {"state": "not_met"}}})


@pytest.mark.parametrize(
    "more",
    [{"evidence": None}, {"principle": "value"}, {"evidence": "java script:x"}, {"state": "partly", "evidence": None}],
)
def test_lines_without_evidence_or_with_two_places_are_refused(more):
    with pytest.raises(ValueError, match=r"evidence|belongs to|pattern"):
        ChecklistFile(checks=[check(**more)])


def test_a_programme_is_restated_list_by_list():
    offer = {"name": "n", "about": "a"}
    file = ProgrammeFile(channels=[offer], partnerships=[offer], agencies={"b": {"partnerships": []}})
    assert file.of("a") is file
    assert file.of("b").channels == file.channels
    assert file.of("b").partnerships == ()


@pytest.mark.parametrize("goal", [{"kind": "sdg"}, {"kind": "csr", "number": 3}, {"kind": "sdg", "number": 18}])
def test_goals_have_the_numbers_they_should(goal):
    with pytest.raises(ValueError, match=r"number|less than"):
        ProgrammeFile(goals=[{"name": "n", "about": "a", **goal}])


def test_the_words_of_a_disclosure_page_may_differ_by_agency():
    words = {"purpose": "p", "target": "t", "method": "m"}
    file = DisclosureFile(**words, unit="department", agencies={"b": {**words, "target": "others"}})
    assert str(file.of("b").target) == "others"
    assert str(file.of("a").target) == "t"
