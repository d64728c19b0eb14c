"""Slips of the file that look like opinions: found, explained, said in the report, and never a priority."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.outline.doubts import doubt_sentences
from csi_lib.report.chapter import open_chapter
from csi_lib.run.check import check_study
from csi_lib.study.study import load_study
from csi_lib.survey.contradictions import contradictions, direction, item_rest
from csi_lib.survey.reading import read_survey

STUDY = """
title: {{ko: 시험 조사, en: Trial}}
languages: [ko, en]
years: [2023, 2024]
sources:
  customers: {{path: "answers_{{year}}.csv", agency: {{constant: one}}{design}}}
models: {{customers: [own]}}
report: {{language: en, formats: [html]}}
"""
BOOK = """
scales:
  seven: {{low: 1, high: 7, labels: {{1: {{ko: {low[0]}, en: {low[1]}}}, 7: {{ko: {high[0]}, en: {high[1]}}}}}}}
columns:
  w: {{role: weight}}
  area: {{role: group, label: {{ko: 지역, en: Area}}, labels: {{1: {{ko: 동, en: East}}, 2: {{ko: 서, en: West}}, 3: {{ko: 남, en: South}}}}}}
{items}
"""
MODEL = """
own:
  - {name: own, label: {ko: 지수, en: Index}, formula_edition: "1", source: trial, index: t,
     nodes: [{id: t, label: {ko: 종합, en: Total}, items: [a, b, c, d, e], combine: mean}]}
"""
ITEMS = "abcde"


@pytest.fixture
def trial(tmp_path):
    """A study of two waves; `wave` changes the answers of one of them."""

    def make(
        wave=lambda frame, year: frame, *, reverse="", low=("나쁨", "Bad"), high=("좋음", "Good"), n=200, design=""
    ):
        items = "\n".join(
            f"  {i}: {{role: item, scale: seven, label: {{ko: 문항 {i}, en: Item {i}}}{', reverse: true' if i in reverse else ''}}}"
            for i in ITEMS
        )
        (tmp_path / "study.yml").write_text(STUDY.format(design=design), encoding="utf-8")
        (tmp_path / "codebook.yml").write_text(BOOK.format(items=items, low=low, high=high), encoding="utf-8")
        (tmp_path / "model.yml").write_text(MODEL, encoding="utf-8")
        (tmp_path / "agencies.yml").write_text("agencies: [{id: one, name: {ko: 하나, en: One}}]\n", encoding="utf-8")
        for year in (2023, 2024):
            rng = np.random.default_rng(year)
            common = rng.normal(4.3, 1.1, n)
            frame = pd.DataFrame({i: np.clip(np.rint(common + rng.normal(0, 0.8, n)), 1, 7) for i in ITEMS})
            frame["area"], frame["w"] = rng.integers(1, 4, n), 1.0
            wave(frame, year).to_csv(tmp_path / f"answers_{year}.csv", index=False)
        return load_study(tmp_path)

    return make


def found(study):
    now, last = (read_survey(study, "one", y) for y in (2024, 2023))
    return contradictions(now, last)


def turn(*items, years=(2023, 2024)):
    def wave(frame, year):
        for i in items:
            frame[i] = 8 - frame[i] if year in years else frame[i]
        return frame

    return wave


def test_what_is_right_is_not_suspected(trial):
    assert found(trial()) == ()


def test_an_item_worded_negatively(trial):
    study = trial(turn("b"))
    (only,) = found(study)
    survey = read_survey(study, "one", 2024)
    x = survey.frame
    assert only.value == pytest.approx(np.corrcoef(x["b"], x[list("acde")].mean(axis=1))[0, 1], abs=1e-12)
    assert (only.kind, only.column, only.remedy) == ("turned", "b", "b: {reverse: true}")
    assert only.before < 0
    (note,) = (f for f in check_study(study.path) if f.where == "customers, one 2024")
    assert "b looks turned" in note.message
    assert note.level == "note"
    assert "b: {reverse: true}" in note.message
    chapter = open_chapter(study.path, "one", 2024, lang="en")
    said = " ".join(map(str, doubt_sentences(chapter)))
    assert "‘Item b’ run against the other items" in said
    assert "left out of the priorities" in said
    assert sorted(chapter.gains()["measure"]) == list("acde")
    korean = " ".join(map(str, doubt_sentences(open_chapter(study.path, "one", 2024, lang="ko"))))
    assert "부정형 문항" in korean
    assert "이번" not in korean


def test_two_turned_items_do_not_hide_each_other(trial):
    study = trial(turn("b", "d"))
    assert [c.column for c in found(study)] == ["b", "d"]
    r = item_rest(read_survey(study, "one", 2024), list(ITEMS))
    assert [i for i, (v, _) in r.items() if v < 0] == ["b", "d"]


def test_a_file_turned_in_one_wave_names_the_codes_that_mend_it(trial):
    (turned, *_) = found(trial(turn("c", years=(2024,))))
    assert turned.cause == "turned_this_wave"
    assert turned.before > 0.5 > 0 > turned.value
    assert "2024: {map: {1: 7, 2: 6, 3: 5, 4: 4, 5: 3, 6: 2, 7: 1}}" in turned.remedy


def test_an_item_declared_reverse_that_is_turned_already(trial):
    (only,) = found(trial(reverse="e"))
    assert (only.column, only.cause, only.remedy) == ("e", "turned_twice", "e: {reverse: false}")


def test_labels_that_run_the_other_way(trial):
    kinds = {
        c.kind: c for c in found(trial(low=("매우 만족", "Very satisfied"), high=("매우 불만족", "Very dissatisfied")))
    }
    assert kinds["labels"].items == tuple(ITEMS)
    assert kinds["labels"].column == "seven"
    declared = found(
        trial(reverse=ITEMS, low=("매우 만족", "Very satisfied"), high=("매우 불만족", "Very dissatisfied"))
    )
    assert not [c for c in declared if c.kind == "labels"]


@pytest.mark.parametrize(
    ("label", "sign"),
    [("Strongly disagree", -1), ("Strongly agree", 1), ("매우 불만족", -1), ("매우 만족", 1), ("전혀 그렇지 않다", -1), ("매우 그렇다", 1),
     ("보통", 0), ("Not at all", -1), ("Yes", 1), ("No", -1), ("Nothing else", 0), ("3", 0)],
)  # fmt: skip
def test_which_way_a_label_points(label, sign):
    assert direction(label) == sign


def test_a_scale_used_at_one_end(trial):
    def shorter(frame, year):
        frame["a"] = np.clip(np.rint(frame["a"] / 2), 1, 4)
        return frame

    (only,) = (c for c in found(trial(shorter)) if c.kind == "one_end")
    assert (only.column, only.code, only.cause) == ("a", "4", "shorter")


def test_a_new_code_and_a_mix_that_jumped(trial):
    def wave(frame, year):
        if year == 2023:
            frame["area"] = np.where(frame["area"] == 3, 1, frame["area"])
            frame["d"] = np.where(frame["d"] == 7, 6, frame["d"])
        else:
            frame.loc[:40, "d"] = 7
        return frame

    kinds = {(c.kind, c.column): c for c in found(trial(wave))}
    assert kinds["new_code", "d"].code == "7"
    assert kinds["new_code", "area"].code == "3"
    assert "2024: [7]" in kinds["new_code", "d"].remedy


def test_one_item_that_moved_alone(trial):
    def wave(frame, year):
        if year == 2024:
            frame["c"] = np.clip(frame["c"] - 2, 1, 7)
        return frame

    (only,) = (c for c in found(trial(wave)) if c.kind == "jumped")
    assert only.column == "c"
    assert only.value < -0.8
    everybody = trial(lambda frame, year: frame.assign(**{i: np.clip(frame[i] - (year == 2024), 1, 7) for i in ITEMS}))
    assert not [c for c in found(everybody) if c.kind == "jumped"]  # all moved together: news, not a slip


def test_a_respondent_who_counts_for_too_much(trial):
    def wave(frame, year):
        frame.loc[5, "w"] = 20.0
        return frame

    (only,) = found(trial(wave, design=", design: {weights: w}"))
    assert only.value == pytest.approx(20 / 219)
    assert only.doubted == ()


def test_small_agencies_are_not_suspected_of_anything(trial):
    assert found(trial(turn("b"), n=12)) == ()
