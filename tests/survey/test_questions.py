"""Questions of other kinds than rating, against counts by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.intake.choices import split_cell
from csi_lib.models.scoring import score
from csi_lib.study.study import load_study
from csi_lib.survey.reading import read_survey

BOOK = """
missing: [NA]
sections: [{id: about, label: About}]
scales: {five: {low: 1, high: 5}}
sets:
  media: {label: Where do you read?}
  everyone: {label: Which apply?, base: asked}
  picks: {label: Which two first?, up_to: 2}
  order: {label: Put them in order}
columns:
  item: {role: item, label: Item, scale: five}
  one: {role: single, label: One, labels: {1: Bus, 2: Tram}, missing: [9]}
  m1: {role: multiple, set: media, label: Paper}
  m2: {role: multiple, set: media, label: Web}
  e1: {role: multiple, set: everyone, label: Left, ticked: [Y]}
  e2: {role: multiple, set: everyone, label: Right, ticked: [Y]}
  p1: {role: rank, set: picks, label: First, labels: &c {1: Parks, 2: Police, 3: Streets}, missing: [99]}
  p2: {role: rank, set: picks, label: Second, labels: *c, missing: [99]}
  o1: {role: rank, set: order, label: Price}
  o2: {role: rank, set: order, label: Speed}
  cell: {role: multiple, label: In a cell, separator: ", ", labels: {1: "Bus, tram", 2: Car}}
  minutes: {role: number, label: Minutes}
  when: {role: date, label: Day}
  w: {role: weight}
"""
ROWS = [
    # item one m1 m2 e1 e2 p1 p2 o1 o2 cell minutes when w
    (5, 1, 1, "", "Y", "", 1, 2, 1, 2, "Bus, tram, Car", 10, "2024-05-01", 1),
    (4, 2, "", 1, "", "", 2, 99, 2, 1, "Car", 20, "2024-05-02", 3),
    (3, 9, "", "", "Y", "Y", 99, 99, "", "", "", "NA", "2024-05-03", 2),
    (2, 1, 1, 1, "", "Y", 3, 1, 1, 2, "Bus, tram", 30, "2024-05-04", 2),
    (1, 2, 1, "", "", "", 1, 1, 2, 1, "Car, Bus, tram", 40, "2024-05-05", 2),
]


def study_in(folder, book=BOOK, rows=ROWS, more=""):
    (folder / "codebook.yml").write_text(book, encoding="utf-8")
    (folder / "agencies.yml").write_text("agencies: [{id: a, name: A}]\n", encoding="utf-8")
    (folder / "study.yml").write_text(
        "title: Kinds\nlanguages: [en]\nyears: [2024]\nreport: {language: en, groups: []}\nprivacy: {min_base: 1}\n"
        f"sources: {{customers: {{path: d.csv, agency: {{constant: a}}, year: {{constant: 2024}}, design: {{weights: w}}{more}}}}}\n",
        encoding="utf-8",
    )
    names = ["item", "one", "m1", "m2", "e1", "e2", "p1", "p2", "o1", "o2", "cell", "minutes", "when", "w"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "d.csv", index=False)
    return load_study(folder)


@pytest.fixture
def numbers(tmp_path):
    study = study_in(tmp_path)
    frame = score(study, read_survey(study, "a", 2024)).frame
    frame = frame[frame["by1"].isna()]
    return {(r["measure"], r["statistic"]): r for r in frame.to_dict("records")}


W = np.array([1, 3, 2, 2, 2.0])


@pytest.mark.parametrize(
    ("measure", "statistic", "counts", "base"),
    [
        ("one:1", "share", [1, 0, 0, 1, 0], [1, 1, 0, 1, 1]),
        ("media:m1", "share", [1, 0, 0, 1, 1], [1, 1, 0, 1, 1]),
        ("media:m2", "share", [0, 1, 0, 1, 0], [1, 1, 0, 1, 1]),
        ("everyone:e2", "share", [0, 0, 1, 1, 0], [1, 1, 1, 1, 1]),
        ("picks:1", "share", [1, 0, 0, 1, 1], [1, 1, 0, 1, 1]),
        ("picks@1:1", "share", [1, 0, 0, 0, 1], [1, 1, 0, 1, 1]),
        ("picks@w:1", "mean", [100, 0, 0, 50, 100], [1, 1, 0, 1, 1]),
        ("order@1:o1", "share", [1, 0, 0, 1, 0], [1, 1, 0, 1, 1]),
        ("cell:1", "share", [1, 0, 0, 1, 1], [1, 1, 0, 1, 1]),
        ("cell:2", "share", [1, 1, 0, 0, 1], [1, 1, 0, 1, 1]),
        ("minutes", "average", [10, 20, 0, 30, 40], [1, 1, 0, 1, 1]),
    ],
)
def test_shares_rest_on_those_who_answered(numbers, measure, statistic, counts, base):
    row, w = numbers[measure, statistic], W * np.array(base)
    assert row["estimate"] == pytest.approx((w * counts).sum() / w.sum())
    assert row["n"] == sum(base)


def test_shares_of_all_answers_are_a_ratio_with_its_linearised_error(numbers):
    hits, count = np.array([1, 0, 0, 1, 1]), np.array([1, 1, 0, 2, 1])
    ratio = (W * hits).sum() / (W * count).sum()
    row = numbers["media:m1", "share_of_answers"]
    assert row["estimate"] == pytest.approx(ratio)
    z = W * (hits - ratio * count) / (W * count).sum()
    assert row["se"] == pytest.approx(np.sqrt(5 / 4 * ((z - z.mean()) ** 2).sum()), rel=1e-9)  # R: svyratio


def test_an_option_with_the_separator_in_it_stays_one_answer():
    known = {"bus,tram": "1", "car": "2"}
    assert split_cell("Car, Bus, tram", ", ", known) == ["2", "1"]
    assert split_cell("Car, plane", ", ", known) is None


def test_a_stray_code_in_a_set_is_named_or_counted(tmp_path):
    rows = [list(r) for r in ROWS]
    rows[1][4] = 7  # e1 knows Y only
    study = study_in(tmp_path, rows=rows)
    with pytest.raises(InputError, match=r"row 3, e1: 7"):
        read_survey(study, "a", 2024)
    (tmp_path / "second").mkdir()
    study = study_in(tmp_path / "second", rows=rows, more=", on_undeclared: missing")
    assert read_survey(study, "a", 2024).quality.counts["undeclared"] == 1


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("m1: {role: multiple, set: media,", "m1: {role: multiple,", "separator"),
        ("set: media, label: Web", "set: medium, label: Web", "set names what this codebook does not declare"),
        ("role: single, label: One", "role: single, set: media, label: One", "belong to multiple and rank"),
        ("role: number, label: Minutes", "role: number, section: nowhere, label: Minutes", "section names"),
    ],
)
def test_what_does_not_fit_together_is_said_with_its_line(tmp_path, old, new, problem):
    assert old in BOOK
    with pytest.raises(InputError, match=problem):
        study_in(tmp_path, book=BOOK.replace(old, new))


def test_the_delivered_file_has_every_question_with_its_labels(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    from csi_lib.office.codebook_tables import codebook_tables, questionnaire_tables
    from csi_lib.office.data_file import data_file, write_sav
    from csi_lib.survey.reading import answer_status

    survey = read_survey(study_in(tmp_path), "a", 2024)
    made = data_file(survey, answer_status(load_study(tmp_path), "a", 2024), lang="en")
    frame, meta = pyreadstat.read_sav(str(write_sav(made, tmp_path / "out.sav", title="Kinds")))
    assert meta.column_names_to_labels["m1"] == "Where do you read?: Paper"
    assert {1.0: "Parks", 2.0: "Police", 3.0: "Streets"}.items() <= meta.variable_value_labels["p1"].items()
    assert sorted(frame["cell_1"].dropna()) == [0.0, 1.0, 1.0, 1.0]
    assert sorted(frame["cell_2"].dropna()) == [0.0, 1.0, 1.0, 1.0]
    assert sorted(frame["minutes"].dropna()) == [10.0, 20.0, 30.0, 40.0]
    assert codebook_tables(made, survey, lang="en")
    asked = " ".join(str(row.cells) for table in questionnaire_tables(survey, lang="en") for row in table.rows)
    for words in ("Which two first?", "Minutes", "Bus, tram"):
        assert words in asked
