"""What is wrong in a study's files is said with file, line, element and the near spelling, all at once."""

import pickle

import pytest

from csi_lib import InputError, load_study, new_study
from csi_lib.study.yaml_file import InputErrors


@pytest.fixture
def folder(tmp_path):
    return new_study(tmp_path / "my-study")


def change(folder, file, old, new):
    """Replace once; the line number on which the replacement begins."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def message(folder):
    with pytest.raises(InputError) as caught:
        load_study(folder)
    return str(caught.value)


def test_unknown_key_names_file_line_element_and_near_spelling(folder):
    line = change(folder, "study.yml", "  peers: anonymous", "  pears: anonymous")
    text = message(folder)
    assert f"study.yml:{line}: report > pears" in text
    assert "Did you mean 'peers'?" in text


def test_unknown_value_names_the_near_spelling(folder):
    line = change(folder, "study.yml", "  peers: anonymous", "  peers: anonymos")
    text = message(folder)
    assert f"study.yml:{line}" in text
    assert "'anonymous'" in text


def test_all_faults_of_all_files_are_shown_together(folder):
    first = change(folder, "study.yml", "min_base: 5", "min_base: five")
    change(folder, "codebook.yml", "    scale: five\n    names: [Q2]", "    scale: fife\n    names: [Q2]")
    third = change(folder, "agencies.yml", "- id: second-agency", "- id: Second Agency/..")
    with pytest.raises(InputErrors) as caught:
        load_study(folder)
    text = str(caught.value)
    assert len(caught.value.errors) == 3
    assert f"study.yml:{first}: privacy > min_base" in text
    assert "codebook.yml" in text
    assert "Did you mean 'five'?" in text
    assert f"agencies.yml:{third}" in text


def test_errors_survive_pickling(folder):
    change(folder, "study.yml", "min_base: 5", "min_base: five")
    change(folder, "codebook.yml", "    scale: five\n    names: [Q2]", "    scale: fife\n    names: [Q2]")
    with pytest.raises(InputErrors) as caught:
        load_study(folder)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_key_given_twice(folder):
    path = folder / "codebook.yml"
    path.write_text(path.read_text(encoding="utf-8") + "\nmissing: [8]\n", encoding="utf-8")
    assert "'missing'" in message(folder)
    assert "twice" in message(folder)


def test_broken_yaml_names_the_line(folder):
    line = change(folder, "study.yml", "languages: [ko, en]", "languages: [ko, en")
    text = message(folder)
    assert "not valid YAML" in text
    assert any(f"study.yml:{n}" in text for n in range(line, line + 6))


@pytest.mark.parametrize("id", ["a/b", "..", "a'b", 'a"b', "A", "x" * 200, "-a", "a\\n", "가나"])
def test_agency_ids_that_could_leave_their_folder_are_refused(folder, id):
    change(folder, "agencies.yml", "- id: second-agency", f'- id: "{id.replace(chr(34), chr(92) + chr(34))}"')
    assert "agencies > 1 > id" in message(folder)


@pytest.mark.parametrize("name", ["a/b", "..", 'it\'s \\"it\\"', "가" * 200, "<b>|*_`"])
def test_agency_names_may_be_anything(folder, name):
    change(folder, "agencies.yml", "{ko: 둘째 기관, en: Second agency}", f'{{ko: "{name}", en: "{name}"}}')
    assert load_study(folder).agency("second-agency").name.ko == name.replace('\\"', '"')


def test_design_column_must_exist_and_be_a_weight(folder):
    line = change(folder, "study.yml", "      weights: weight", "      weights: wieght")
    text = message(folder)
    assert f"study.yml:{line}" in text
    assert "Did you mean 'weight'?" in text
    change(folder, "study.yml", "      weights: wieght", "      weights: age")
    assert "the role 'weight'" in message(folder)


def test_code_cannot_be_answer_and_missing(folder):
    change(folder, "codebook.yml", "missing: [9]", "missing: [5]")
    assert "both an answer and missing" in message(folder)


def test_item_needs_scale_and_label(folder):
    change(folder, "codebook.yml", "    scale: five\n    names: [Q2]", "    names: [Q2]")
    assert "an item needs a scale" in message(folder)


def test_missing_codebook_and_missing_file(folder):
    (folder / "codebook.yml").rename(folder / "book.yml")
    assert "the codebook of this source does not exist" in message(folder)
    (folder / "agencies.yml").unlink()
    assert "neither agencies.yml nor agencies.csv" in message(folder)


def test_group_wanted_in_the_report_must_exist(folder):
    change(folder, "study.yml", "  language: ko\n", "  groups: [agee]\n  language: ko\n")
    assert "Did you mean 'age'?" in message(folder)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{year}_{agensy}_{kind}.{ext}", "{agency}"),
        ("{year}_{agency}.{ext}", "{kind}"),
        ("{kind}_{year}", ".{ext}"),
        ("{", "{year}"),
    ],
)
def test_a_template_of_file_names_that_cannot_work_is_refused(template, said):
    from pydantic import ValidationError

    from csi_lib.study.options import Report

    with pytest.raises(ValidationError) as caught:
        Report(file_names=template)
    assert said in str(caught.value)
    assert Report(file_names="{agency_id}-{year}-{kind}-{lang}.{ext}").file_names.startswith("{agency_id}")
