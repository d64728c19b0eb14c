"""Dated presets, ties, newcomers, moves of consulted bodies: against published counts, lm and hand computation."""

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters.grade import forms, grades
from csi_lib.chapters.grade.grades import GradeSheet
from csi_lib.chapters.grade.moves import grade_moves
from csi_lib.chapters.grade.rules import boundary_ties, relative_counts, relative_grades
from csi_lib.chapters.grade.settings import GradingFile, grade_units
from csi_lib.errors import InputError
from csi_lib.evaluation.presets import presets, with_preset
from csi_lib.study.schema import SYSTEMS
from csi_lib.study.yaml_file import YamlFile


def model_of(name):
    from importlib import import_module

    module, _, model = SYSTEMS[name].partition(":")
    return getattr(import_module(module), model)


OWN = {
    "grades": "source: round\n",
    "kindness": "source: sheets\n",
    "disclosure": "purpose: 목적\ntarget: 대상\nmethod: 방법\nunit: department\n",
    "charter": "channels: {web: 누리집}\nstandards:\n  done: {label: 처리, column: days, at_most: 7, redress: 상품권}\n",
}


@pytest.mark.parametrize("preset", presets().values(), ids=lambda p: p.preset)
def test_every_preset_makes_a_valid_file_and_has_both_languages(preset, tmp_path):
    path = tmp_path / f"{preset.system}.yml"
    path.write_text(f"preset: {preset.preset}\n{OWN[preset.system]}", encoding="utf-8")
    part = with_preset(YamlFile(path), preset.system, model_of(preset.system))
    assert part.preset == preset.preset
    for text in (preset.label, preset.formula, preset.source, preset.output, *(a.text for a in preset.assumptions)):
        assert text.ko
        assert text.en
    assert preset.edition in preset.preset


def test_own_keys_replace_those_of_the_preset_and_wrong_names_are_worded(tmp_path):
    path = tmp_path / "grades.yml"
    path.write_text("preset: pcsi-grades-2017\nminimum_group: 5\nsource: round\n", encoding="utf-8")
    file = with_preset(YamlFile(path), "grades", GradingFile)
    assert (file.rule, file.minimum_group, file.ratio["A"]) == ("relative", 5, 4)
    path.write_text("preset: pcsi-grades-2071\n", encoding="utf-8")
    with pytest.raises(InputError, match="pcsi-grades-2017"):
        with_preset(YamlFile(path), "grades", GradingFile)
    path.write_text("preset: alio-2020\n", encoding="utf-8")
    with pytest.raises(InputError, match="no such preset"):
        with_preset(YamlFile(path), "grades", GradingFile)


def test_first_grades_of_the_petition_evaluation_are_as_many_as_published():
    """32 bodies of 308 in the first grade in 2025 (48 central, 17 provinces, 17 education offices, 226 municipalities as 75
    cities, 82 counties, 69 districts), 23 of them municipalities in 2024."""
    ratio = presets()["civil-petition-2024"].settings["ratio"]
    first = lambda *sizes: sum(relative_counts(n, ratio)["first"] for n in sizes)
    assert first(75, 82, 69) == 23
    assert first(48, 17, 17, 75, 82, 69) == 32


def test_units_at_a_boundary_that_is_tied_are_flagged():
    scores = pd.Series([90, 80, 80, 70, 60, 50, 40, 30, 20, 10.0], index=list("abcdefghij"))
    ratio = {"S": 2, "A": 4, "B": 4}
    given = relative_grades(scores, ratio=ratio, minimum_group=2)
    assert given.frame["grade"].tolist()[:4] == ["S", "S", "S", "A"]
    assert boundary_ties(given, ratio).to_dict() == {u: u in "bc" for u in scores.index}
    equal = relative_grades(pd.Series(80.0, index=list("abcd")), ratio=ratio, minimum_group=2)
    assert boundary_ties(equal, ratio).all()
    near = pd.Series([90.04, 89.96, 80, 70.0], index=list("abcd"))
    printed = relative_grades(near, ratio={"S": 1, "A": 3}, minimum_group=2, digits=0)
    assert boundary_ties(printed, {"S": 1, "A": 3}, digits=0).tolist() == [True, True, False, False]
    assert not boundary_ties(relative_grades(near, ratio={"S": 1, "A": 3}, minimum_group=2), {"S": 1, "A": 3}).any()


def test_moves_are_the_weighted_contrast_of_a_linear_model():
    rng = np.random.default_rng(4)
    scale = ("S", "A", "B", "C")
    before = pd.DataFrame({"unit": range(60), "grade": rng.choice(scale, 60, p=[0.1, 0.3, 0.3, 0.3])})
    consulted = (before["grade"].isin(["B", "C"]) & (rng.random(60) < 0.5)).astype(float)
    after = pd.DataFrame({"unit": range(60), "grade": rng.choice(scale, 60), "consulted": consulted})
    found = grade_moves(before, after, scale=scale)
    smf = pytest.importorskip("statsmodels.formula.api")
    frame = found.frame[found.frame["before"].isin(["B", "C"])].assign(treated=lambda f: f["consulted"].astype(float))
    fit = smf.ols("move ~ 0 + C(before) + treated:C(before)", frame).fit()
    weights = frame[frame["consulted"]]["before"].value_counts(normalize=True)
    contrast = np.array([[0, 0, weights["B"], weights["C"]]])
    test = fit.t_test(contrast)
    assert found.effect == pytest.approx(test.effect[0])
    assert found.se == pytest.approx(test.sd[0, 0])
    assert found.p_value == pytest.approx(float(test.pvalue))
    assert found.raw == pytest.approx(found.frame.groupby("consulted")["move"].mean().diff().iloc[1])


def test_pure_regression_to_the_mean_is_no_effect_and_the_raw_difference_would_be():
    """Grades of two years that are nothing but luck; the poor are consulted: raw says they rise, matched says nothing."""
    rng = np.random.default_rng(1)
    scale, raw, effect = ("S", "A", "B", "C"), [], []
    for _ in range(60):
        before = pd.DataFrame({"unit": range(80), "grade": rng.choice(scale, 80)})
        chosen = ((before["grade"] == "C") & (rng.random(80) < 0.5)).astype(float)
        found = grade_moves(
            before, pd.DataFrame({"unit": range(80), "grade": rng.choice(scale, 80), "consulted": chosen}), scale=scale
        )
        raw.append(found.raw)
        effect.append(found.effect)
    assert np.mean(raw) > 1
    assert abs(np.mean(effect)) < 0.15


def test_nobody_consulted_nobody_left_and_nobody_alike():
    before = pd.DataFrame({"unit": ["a", "b"], "grade": ["C", "A"]})
    after = pd.DataFrame({"unit": ["a", "b"], "grade": ["A", "A"]})
    scale = ("S", "A", "B", "C")
    assert grade_moves(before, after, scale=scale) is None
    assert grade_moves(before, after.assign(consulted=np.nan), scale=scale) is None
    alone = grade_moves(before, after.assign(consulted=[1.0, 0.0]), scale=scale)
    assert alone.left_out == 1
    assert np.isnan(alone.effect)


@pytest.fixture(scope="module")
def chapter():
    return csi_lib.open_chapter("example", "_overall", 2024, lang="ko")


def test_the_official_lists_hold_every_graded_unit_once(chapter):
    sheet = grades.grade_sheet(chapter)
    sheet = GradeSheet(sheet.file.model_copy(update={"form": "lists"}), sheet.year, sheet.frame, sheet.chances)
    table = forms.form_table(chapter, sheet).frame()
    names = [n for cell in table["units"] for n in cell.split(", ")]
    assert sorted(names) == sorted(sheet.frame.loc[sheet.frame["grade"].notna(), "label"])
    assert table["n"].sum() == sheet.frame["grade"].notna().sum()


def test_parts_are_graded_like_the_total(chapter):
    file = GradingFile(rule="relative", ratio={"S": 1, "A": 1}, minimum_group=2, source="round", form="parts",
                       parts={"one": "하나", "two": "둘"}, labels={"S": "가", "A": "나"})  # fmt: skip
    table = pd.DataFrame(
        {"unit": list("abcd"), "group": "g", "score": [4.0, 3, 2, 1], "one": [1.0, 2, 3, 4], "two": np.nan}
    )
    given = grade_units(table, file)
    frame = given.frame.assign(label=given.frame["unit"], one=table["one"], two=table["two"], group="")
    shown = forms.form_table(chapter, GradeSheet(file, 2024, frame, pd.DataFrame())).frame()
    assert shown["total"].tolist() == ["가", "가", "나", "나"]
    assert shown["one"].tolist() == ["나", "나", "가", "가"]
    assert "two" not in shown


def test_newcomers_wait_a_year_where_the_rule_says_so(chapter, monkeypatch):
    table = lambda year: pd.DataFrame(
        {"unit": list("abc") if year == 2024 else list("ab"), "business": "x", "score": 80.0, "target": 70.0, "se": 1.0, "n": 9.0,
         "label": "x", "group": "", "size": None}
    )  # fmt: skip
    monkeypatch.setattr(grades, "_table", lambda chapter, file, year: table(year))
    for rule, expected in (("ungraded", [None, "new"]), ("graded", ["excellent", None])):
        file = GradingFile(rule="attainment", source="round", newcomers=rule)
        monkeypatch.setattr(type(chapter), "system", lambda self, name, file=file: file)
        row = grades.grade_sheet(chapter, 2024).frame.set_index("unit").loc["c"]
        assert [
            row["grade"] if isinstance(row["grade"], str) else None,
            row["reason"] if isinstance(row["reason"], str) else None,
        ] == expected
