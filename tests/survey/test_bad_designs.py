"""Designs, weights, margins and models that cannot be right, met through a study: each is said in words, with what to do."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.groups.section import extremes_sentence
from csi_lib.errors import InputError, MeasureWarning
from csi_lib.models.scoring import score
from csi_lib.report.chapter import open_chapter
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.check import check_study
from csi_lib.study.study import load_study
from csi_lib.survey.description import describe
from csi_lib.survey.reading import read_survey

STUDY = """
title: {{ko: 시험 조사, en: Trial}}
languages: [ko, en]
years: [2023, 2024]
sources:
  customers:
    path: "answers_{{year}}.csv"
    agency: agency
    design: {design}
    {weighting}
models: {{customers: [own]}}
"""
CODEBOOK = """
scales:
  five: {low: 1, high: 5, labels: {1: {ko: 나쁨, en: Bad}, 5: {ko: 좋음, en: Good}}}
columns:
  weight: {role: weight}
  stratum: {role: design}
  office: {role: design}
  people: {role: measure, label: {ko: 고객 수, en: Customers}}
  kind: {role: item, scale: five, label: {ko: 친절성, en: Kindness}}
  fast: {role: item, scale: five, label: {ko: 신속성, en: Speed}}
  pick: {role: group, label: {ko: 중요, en: Important}, labels: {1: {ko: 친절, en: Kind}, 2: {ko: 신속, en: Fast}, 3: {ko: 기타, en: Other}}}
  sex: {role: group, label: {ko: 성별, en: Sex}, labels: {1: {ko: 남, en: Male}, 2: {ko: 여, en: Female}, 3: {ko: 기타, en: Other}}}
"""
MODEL = """
own:
  - name: own
    label: {ko: 지수, en: Index}
    formula_edition: "1"
    source: trial
    index: total
    nodes:
      - id: total
        label: {ko: 종합, en: Total}
        items: [kind, fast]
        weights: WEIGHTS
"""
EQUAL = "{rule: equal}"
PICKS = "{rule: importance_picks, picks: [pick], codes: {1: kind, 2: fast}}"


@pytest.fixture
def trial(tmp_path):
    """`trial(rows=…, design=…, …)` writes the study; `rows` changes the answers of 2024 (and of 2023 where `both`)."""
    rng = np.random.default_rng(3)
    n = 40
    base = pd.DataFrame({
        "agency": "north", "weight": 1.0, "stratum": np.repeat(["a", "b"], 20), "office": np.repeat(range(8), 5),
        "people": 500, "kind": rng.integers(1, 6, n), "fast": rng.integers(1, 6, n), "pick": rng.choice([1, 2], n),
        "sex": rng.choice([1, 2], n),
    })  # fmt: skip

    def write(*, design="{}", weighting="", model=EQUAL, codebook=CODEBOOK, both=False, **columns):
        changed = base.assign(**{k: (v(base) if callable(v) else v) for k, v in columns.items()})
        for year, rows in ((2023, changed if both else base), (2024, changed)):
            rows.to_csv(tmp_path / f"answers_{year}.csv", index=False)
        text = STUDY.format(design=design, weighting=f"weighting: {weighting}" if weighting else "")
        (tmp_path / "study.yml").write_text(text, encoding="utf-8")
        (tmp_path / "codebook.yml").write_text(codebook, encoding="utf-8")
        (tmp_path / "model.yml").write_text(MODEL.replace("WEIGHTS", model), encoding="utf-8")
        (tmp_path / "agencies.yml").write_text(
            "agencies:\n  - {id: north, name: {ko: 북부, en: North}}\n", encoding="utf-8"
        )
        return load_study(tmp_path)

    return write


def message(action) -> str:
    with pytest.raises(InputError) as caught:
        action()
    return str(caught.value)


def lacking(text: str, *words: str) -> list[str]:
    return [w for w in words if w not in text]


def test_one_cluster_in_a_stratum(trial):
    study = trial(
        design="{strata: stratum, clusters: office}", office=lambda f: f["office"].where(f["stratum"] == "a", 9)
    )
    text = message(lambda: read_survey(study, "north", 2024).design)
    assert not lacking(text, "one sampled unit only", "north/2024/b", "Merge it with a like stratum", "lonely: adjust")
    assert read_survey(study, "north", 2023).design.df == 6


def test_an_empty_domain(trial):
    """A group nobody belongs to has no row."""
    survey = read_survey(trial(), "north", 2024)
    assert survey.design.mean("kind", by="sex")["sex"].astype(str).tolist() == ["1", "2"]
    frame = describe(survey, ["sex"], items=["kind"]).frame
    assert set(frame.loc[frame["by1"].notna(), "group1"]) == {"1", "2"}


def test_a_group_that_did_not_answer_an_item_is_marked(trial):
    study = trial(kind=lambda f: f["kind"].where(f["sex"] == 1))
    frame = describe(read_survey(study, "north", 2024), ["sex"], items=["kind"]).frame
    row = frame[(frame["group1"] == "2") & (frame["statistic"] == "mean")].iloc[0]
    assert (row["flag"], row["n"]) == ("not_available", 0)
    assert np.isnan(row["estimate"])


def test_margins_that_do_not_add_up(trial):
    study = trial(weighting="{targets: {sex: {1: 900, 2: 1000}, stratum: {a: 1000, b: 1000}}}")
    text = message(lambda: read_survey(study, "north", 2024))
    assert not lacking(
        text, "do not add up to one total", "sex 1900", "stratum 2000", "same population", "north in 2024"
    )


def test_margins_that_lack_a_category(trial):
    study = trial(weighting="{targets: {sex: {1: 1000}}}")
    text = message(lambda: read_survey(study, "north", 2024))
    assert not lacking(text, "does not name a category of the sample", "sex", "found 2", "Add its population total")


def test_margins_that_name_a_category_nobody_is_in(trial):
    study = trial(weighting="{targets: {sex: {1: 1000, 2: 900, 3: 100}}}")
    text = message(lambda: read_survey(study, "north", 2024))
    assert not lacking(text, "nobody in a category of the margin", "sex", "found 3", "Merge it")


def test_raking_that_cannot_converge(trial):
    """Sex and stratum are the same thing in the sample, but not in the targets."""
    study = trial(
        weighting="{targets: {sex: {1: 0.5, 2: 0.5}, stratum: {a: 0.4, b: 0.6}}}",
        sex=lambda f: f["stratum"].map({"a": 1, "b": 2}),
    )
    text = message(lambda: read_survey(study, "north", 2024))
    assert not lacking(text, "does not converge", "a gap of", "contradict", "merge them", "north in 2024")


@pytest.mark.parametrize(("value", "words"), [(0.0, "weights must be above 0"), (-1.0, "weights are negative")])
def test_weights_of_zero_or_below(trial, value, words):
    study = trial(design="{weights: weight}", weight=lambda f: f["weight"].where(f.index != 3, value))
    text = message(lambda: read_survey(study, "north", 2024).design)
    assert not lacking(text, words, "1 row")


def test_more_people_sampled_than_the_population_holds(trial):
    study = trial(design="{strata: stratum, fpc: people}", people=lambda f: f["stratum"].map({"a": 500, "b": 15}))
    text = message(lambda: read_survey(study, "north", 2024).design)
    assert not lacking(text, "more units were sampled", "20 sampled of 15", "north/2024/b", "correct it")


def test_strata_that_differ_between_years(trial):
    """Each wave is right by itself; who reads or checks them together is told, because a change may come from it."""
    study = trial(design="{strata: stratum}", stratum=lambda f: f["stratum"].replace({"b": "c"}))
    words = ("strata of 2024 are not those of 2023", "new: c", "gone: b", "map", "beside the trend")
    with pytest.warns(MeasureWarning) as caught:
        both = read_survey(study, "north")
    assert not lacking(str(caught[0].message), *words)
    assert both.design.df == len(both.frame) - 4
    notes = [f for f in check_study(study.path) if "strata" in f.message]
    assert [f.level for f in notes] == ["note"]
    assert not lacking(notes[0].message, *words)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_survey(trial(design="{strata: stratum}"), "north")


def test_an_item_missing_in_one_year(trial):
    study = trial(
        codebook=CODEBOOK.replace("fast: {role: item,", "fast: {role: item, names: {default: fast, 2023: null},")
    )
    text = message(lambda: score(study, read_survey(study, "north", 2023)))
    assert not lacking(text, "needs the item 'fast'", "2023", "absent: drop", "formula_edition")
    assert len(score(study, read_survey(study, "north", 2024)).select(measure="total").frame)


def test_importance_picks_that_sum_to_zero(trial):
    study = trial(model=PICKS, pick=3)
    text = message(lambda: score(study, read_survey(study, "north", 2024)))
    assert not lacking(text, "importance picks of total name none of its parts", "found 3", "weights.codes")


def test_a_label_of_a_model_without_a_language_of_the_study(trial):
    study = trial()
    path = study.path / "model.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("{ko: 종합, en: Total}", "{ko: 종합}"), encoding="utf-8")
    (found,) = (f for f in check_study(study.path) if f.level == "error")
    assert found.where.endswith("model.yml:10: own > 0 > nodes > 0 > label")
    assert "no text in 'en'" in found.message


def test_a_wrong_model_is_named_once(trial):
    study = trial(model="{rule: fixed, values: {kind: 0.5, fast: 0.6}}")
    (found,) = (f for f in check_study(study.path) if f.level == "error")
    assert not lacking(found.message, "model.yml", "node total", "sum to 1.1")


def test_a_group_variable_of_one_group_is_said_and_stops_no_report(trial):
    study = trial(sex=1)
    chapter = open_chapter(study.path, "north", 2024, lang="en")
    assert (
        str(extremes_sentence(chapter, "sex"))
        == "By sex, there are no two groups to compare (with 30 respondents or more)."
    )


def test_a_study_without_an_index_model_has_chapters_of_its_own(trial):
    path = trial().path / "study.yml"
    path.write_text(re.sub(r"^models:.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    assert [f for f in check_study(path.parent) if f.level == "error"] == []
    chapters = {c.id for c in chapter_notebooks(load_study(path.parent))}
    assert {"headline", "items"} <= chapters
    assert not {"overall", "dimensions", "portfolio"} & chapters
