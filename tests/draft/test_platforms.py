"""What each platform exports becomes a study that is read at once, with the numbers the world was made with."""

from __future__ import annotations

import numpy as np
import pytest

from csi_lib.draft.study import draft_study
from csi_lib.run.check import check_study
from csi_lib.study.study import load_study
from csi_lib.survey.reading import read_survey

from . import platforms as p

CASES = {
    "qualtrics-text": (lambda folder, world: p.qualtrics(folder, world, text=True), "en"),
    "qualtrics-codes": (lambda folder, world: p.qualtrics(folder, world, text=False), "en"),
    "surveymonkey": (p.surveymonkey, "en"),
    "google-forms-spanish": (p.google_forms, "es"),
    "google-forms-korean": (p.google_forms, "ko"),
    "naver-form": (p.naver_form, "ko"),
    "limesurvey": (p.limesurvey, "en"),
    "kobo": (p.kobo, "en"),
    "spss": (p.spss, "en"),
    "triple-s": (p.triple_s, "en"),
}


@pytest.fixture(params=CASES, ids=list(CASES))
def drafted(request, tmp_path):
    make, lang = CASES[request.param]
    world = p.World(lang=lang)
    (tmp_path / "given").mkdir()
    files = make(tmp_path / "given", world)
    draft_study(tmp_path / "study", files)
    return request.param, world, load_study(tmp_path / "study"), tmp_path / "study"


def test_a_draft_runs_at_once_and_says_what_the_answers_say(drafted):
    _name, world, study, folder = drafted
    assert [f for f in check_study(folder) if f.level == "error"] == []
    survey = read_survey(study)
    assert survey.n == world.n
    assert list(study.years) == [2024]
    items = [i for i in survey.codebook.items if survey.codebook.columns[i].section]
    items = items or list(survey.codebook.items)
    assert len(items) == 4
    means = [float(survey.frame[i].mean()) for i in items]
    assert means == pytest.approx([world.mean(k) for k in range(4)], abs=1e-9)
    labels = [survey.label(i, "ko" if world.lang == "ko" else "en") for i in items]
    assert all(wanted in label for wanted, label in zip(p.ITEMS[world.lang], labels, strict=True))
    scale = survey.codebook.scale(items[0])
    if scale.labels:  # turned scales keep the labels of the codes as given
        good = scale.low if survey.codebook.columns[items[0]].reverse else scale.high
        assert str(scale.labels[int(good)]) == p.SCALE[world.lang][-1]


def test_several_answers_become_one_set_with_the_true_shares(drafted):
    name, world, study, _ = drafted
    survey = read_survey(study)
    book = survey.codebook
    ticked = list(book.of_role("multiple"))
    chosen = {}
    for column in ticked:
        if book.columns[column].set:
            chosen[str(book.columns[column].label)] = (survey.frame[column] == 1).to_numpy()
        else:
            cells = survey.frame[column].fillna("").str.split("\x1f")
            for code, label in book.columns[column].labels.items():
                chosen[str(label)] = np.array([str(code) in cell for cell in cells])
    for k, medium in enumerate(p.MEDIA[world.lang]):
        hits = [v for label, v in chosen.items() if medium in label]
        assert hits, (name, medium, list(chosen))
        assert np.array_equal(hits[0], world.media[:, k]), (name, medium)


def test_nobody_can_be_found_in_what_is_read(drafted):
    name, _world, study, _ = drafted
    frame = read_survey(study).frame
    texts = " ".join(str(v) for c in frame for v in frame[c].dropna().unique())
    for private in (
        "person1@example.org",
        "10.0.0.5",
        "10.1.0.5",
        "010-0005-9994",
        "+34 600 005 005",
        "R_00000000000005a",
        "Ann5",
        "00000005-0000-4000",
    ):
        assert private not in texts, (name, private)


def test_every_column_of_the_files_is_in_the_codebook(drafted):
    _name, _world, study, folder = drafted
    import csv

    with (folder / "drift.csv").open(encoding="utf-8-sig") as lines:
        listed = {row["column"] for row in csv.DictReader(lines)}
    assert listed == set(study.codebook().columns)
