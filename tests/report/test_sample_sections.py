"""What the outline chapter says about the sample: its plan, its weighting, and what unequal weights cost."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from csi_lib.chapters.outline import plan, weighting
from csi_lib.cli import main
from csi_lib.report.chapter import open_chapter
from csi_lib.study.location import resolve_study


@pytest.fixture(scope="module")
def chapter():
    return open_chapter("example", "hanbit-fmc", 2024, lang="ko", release="public")


def shown(table) -> dict:
    return {row.cells[0]: [c.value for c in row.cells[1:]] for row in table.rows}


def test_margins_are_shown_before_and_after(chapter):
    lines = shown(weighting.margins_table(chapter))
    survey = chapter.survey
    female = survey.frame["sex"].astype(str).to_numpy() == "2"
    start = survey.frame["weight"].to_numpy(float)
    n, target, before, after = lines["여성"]
    assert (n, target, after) == (female.sum(), 0.52, pytest.approx(0.52, abs=1e-9))
    assert before == pytest.approx(start[female].sum() / start.sum())
    assert len(lines) == 3 + 2 + 5


def test_quality_of_the_weights(chapter):
    w = chapter.survey.design.weights
    lines = shown(weighting.quality_table(chapter))
    kish = len(w) * (w**2).sum() / w.sum() ** 2
    assert lines["가중치에 따른 설계효과(Kish)"] == [pytest.approx(kish)]
    assert lines["유효 응답자 수"] == [pytest.approx(len(w) / kish)]
    assert lines["가장 큰 가중치(평균 = 1)"] == [pytest.approx(w.max() / w.mean())]


@pytest.mark.parametrize(
    ("lang", "words"), [("ko", ["레이킹(반복비례조정)으로", "수렴"]), ("en", ["raking", "converged"])]
)
def test_the_method_is_said(lang, words):
    own = open_chapter("example", "saesol-udc", 2023, lang=lang, release="public")
    text = " ".join(s.text for s in weighting.method_sentences(own))
    assert [w for w in words if w not in text] == []


def test_a_category_of_a_few_people_shows_its_population_only(chapter):
    assert weighting._hidden(chapter, "age", {"a": 3, "b": 40, "c": 12}) == {"a", "c"}
    assert weighting._hidden(chapter, "age", {"a": 3, "b": 4, "c": 12}) == {"a", "b"}
    assert weighting._hidden(chapter, "age", {"a": 30, "b": 40}) == set()


def test_plan_and_fieldwork(chapter):
    lines = shown(plan.plan_table(chapter))
    frame = chapter.survey.frame["customer_type"].astype(str).value_counts()
    assert [lines[name][2] for name in ("일반 이용자", "정기·회원 고객", "기업·단체 고객")] == frame[
        ["1", "2", "3"]
    ].tolist()
    population, _, achieved, goal, error = lines["전체"]
    assert (population, achieved) == (15000, len(chapter.survey.frame))
    assert goal <= 0.05
    sizes = np.array([9800, 4300, 900])
    got = frame[["1", "2", "3"]].to_numpy()
    expected = 1.959964 * np.sqrt(((sizes / 15000) ** 2 * 0.25 * 1.05 * (1 - got / sizes) / got).sum())
    assert error == pytest.approx(expected, rel=1e-6)
    assert "기업·단체 고객" in " ".join(s.text for s in plan.plan_sentences(chapter))


def test_response_classes_and_trimming(tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(resolve_study("example"), folder, ignore=shutil.ignore_patterns(".csi"))
    text = (folder / "study.yml").read_text(encoding="utf-8")
    sampled = "nonresponse: {classes: age, sampled: {age: {1: 150, 2: 190, 3: 170, 4: 160, 5: 140}}}"
    text = text.replace("targets: targets.csv, trim: [0.2, 5]", f"targets: targets.csv, trim: [0.6, 1.3], {sampled}")
    (folder / "study.yml").write_text(text, encoding="utf-8")
    own = open_chapter(folder, "hanbit-fmc", 2024, lang="en", release="public")
    lines = shown(weighting.nonresponse_table(own))
    n = (own.survey.frame["age"].astype(str) == "1").sum()
    assert next(iter(lines.values())) == [150, n, pytest.approx(n / 150)]
    said = " ".join(s.text for s in weighting.method_sentences(own))
    assert "response class (Age" in said
    assert "were cut to the limits" in said


def test_csi_plan_is_a_table_and_a_check(tmp_path, capsys):
    with pytest.raises(SystemExit) as done:
        main(
            [
                "plan",
                "example",
                "--agency",
                "hanbit-fmc",
                "--check",
                "2024",
                "--json",
                "--out",
                str(tmp_path / "plan.csv"),
            ]
        )
    found = json.loads(capsys.readouterr().out)
    assert done.value.code == 1
    assert [c["done"] for c in found[0]["cells"]] == [True, False, False]
    assert (tmp_path / "plan.csv").read_text(encoding="utf-8-sig").startswith("agency,cell,population,planned,achieved")
