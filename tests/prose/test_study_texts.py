"""The guard of templates looks at every text of a study's YAML files and knows which names are meant."""

from __future__ import annotations

import re

import pytest

from csi_lib.prose.escape import escape_markdown
from csi_lib.prose.study_texts import declare_literals, literals, template_faults
from csi_lib.prose.unfilled import meant_as_written, unfilled
from csi_lib.study.study import load_study
from csi_lib.study.template import new_study

BUNDLED = ("example", "public-corp", "civil-office", "round", "sfo-airport", "ecsi-mobile")


@pytest.fixture
def study(tmp_path):
    return new_study(tmp_path / "study")


def rewrite(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_studies_are_filled_in(name):
    assert [str(f) for f in template_faults(load_study(name))] == []


@pytest.mark.parametrize(
    "field", ["{asof_date}", "{기관명}", "{{ date }}", "○○○", "〇〇구청", "TBD", "Lorem ipsum dolor", "OO기관"]
)
def test_a_field_in_any_file_is_found_with_its_line(study, field):
    (study / "programme.yml").write_text(f"# note\npurpose:\n  ko: '목적 {field}'\n", encoding="utf-8")
    rewrite(study / "codebook.yml", "columns:", f"unused: {{note: '{field} 서비스'}}\ncolumns:")
    loaded = load_study_of_agencies(study)
    found = [str(f) for f in template_faults(loaded)]
    assert len(found) == 2
    assert "programme.yml:3: purpose > ko" in found[1]
    assert "literal" in found[0]


def load_study_of_agencies(folder):
    """The guard reads the files themselves; a study that has other faults too must not hide these."""
    from types import SimpleNamespace

    return SimpleNamespace(path=folder, agencies=(), report=SimpleNamespace(literal=()))


def test_names_of_agencies_and_declared_words_are_meant(study):
    agencies = study / "agencies.yml"
    text = re.sub(
        r"name: .*", "name: {ko: ○○시설관리공단, en: '{Branch} 1'}", agencies.read_text(encoding="utf-8"), count=1
    )
    agencies.write_text(text, encoding="utf-8")
    rewrite(study / "study.yml", "report:", "report:\n  literal: [○○센터]")
    rewrite(study / "study.yml", "title:", "subtitle: {ko: ○○시설관리공단 ○○센터, en: 'of {Branch} 1'}\ntitle:")
    loaded = load_study(study)
    assert "○○시설관리공단" in literals(loaded)
    assert list(template_faults(loaded)) == []
    try:
        declare_literals(loaded)
        assert unfilled("○○시설관리공단의 점수") == []
        assert unfilled("○○시설관리공단, ○○구") == ["○○"]
    finally:
        meant_as_written(())
    assert unfilled("○○시설관리공단의 점수") == ["○○"]


def test_file_patterns_and_the_simulated_world_are_no_texts(study):
    rewrite(study / "study.yml", "title:", "# {year}\ntitle:")
    assert "{year}" in (study / "study.yml").read_text(encoding="utf-8")
    assert list(template_faults(load_study(study))) == []


@pytest.mark.parametrize(
    "text", ["{display:none}", "{1호점}", "{a}".replace("a", "3"), "{ko: 예}", "WTBD", "문의는 todolist로"]
)
def test_braces_that_are_no_field_of_a_template(text):
    assert unfilled(text) == []


@pytest.mark.parametrize("text", ["{display:none}", "{이름}", "@fig-x", "#| x", "[a](#fig-z)", "{#fig-y}"])
def test_escaped_data_are_never_fields(text):
    assert unfilled(escape_markdown(text), circles=False) == []
