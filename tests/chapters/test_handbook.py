"""The handbook says what the study's files say, in its language, and nothing that they do not."""

import shutil

import pytest

from csi_lib.chapters.handbook.text import handbook_text
from csi_lib.errors import InputError
from csi_lib.share import shared_path
from csi_lib.study.study import load_study


def heads(text):
    return [line[2:] for line in text.splitlines() if line.startswith("# ")]


def copy_of(study, tmp_path):
    folder = tmp_path / study
    shutil.copytree(shared_path("params", study), folder, ignore=shutil.ignore_patterns(".csi", "data", "lab"))
    return folder


def test_every_customer_type_and_every_side_of_a_touch_point_is_there():
    study = load_study("public-corp")
    text = handbook_text(study, lang="ko")
    from csi_lib.evaluation.systems import system_file

    for kind in system_file(study, "customer_definition").types.values():
        assert kind.label.ko in text
    assert "| 전화 | 전화 상담원 | 부서로 잇는 기준 | 통화 품질과 대기 안내 |" in text
    assert "검증 30%(조사기관 20%)" in text


def test_promises_and_points_are_those_of_the_files():
    text = handbook_text(load_study("civil-office"), lang="en")
    assert "| Handled within seven days | at most 7 | 85% |" in text
    assert "| &emsp;Customer satisfaction | 25 |" in text
    assert "가" not in text.split("---\n", 2)[2]  # English throughout


def test_parts_without_a_file_vanish():
    text = handbook_text(load_study("example"), lang="en")
    assert heads(text) == ["Purpose", "Serving a customer", "The survey", "Evaluation", "Conditions and blockers"]


def test_a_body_writes_its_own_steps(tmp_path):
    folder = copy_of("public-corp", tmp_path)
    path = folder / "handbook.yml"
    path.write_text(
        path.read_text(encoding="utf-8") + "steps:\n  - {step: {ko: 'a|b *c*', en: 'a|b *c*'}}\n", encoding="utf-8"
    )
    text = handbook_text(load_study(folder), lang="ko")
    assert r"| 1 | a\|b \*c\* | – |" in text
    assert "시스템과 설비를 점검한다" not in text


def test_a_language_the_study_does_not_have_is_refused(tmp_path):
    folder = copy_of("public-corp", tmp_path)
    path = folder / "study.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("languages: [ko, en]", "languages: [ko]"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="no texts in this language"):
        handbook_text(load_study(folder), lang="en")
