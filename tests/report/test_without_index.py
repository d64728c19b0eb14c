"""A study without any index: its chapters, drawn from a drafted survey of two waves, hold what the answers say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import csi_lib
from csi_lib.chapters.items import section as items
from csi_lib.chapters.questions import section as questions
from csi_lib.draft.study import draft_study
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.study.study import load_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two waves of a resident survey: nine items in two batteries, three choices out of the first, a yes/no grid, a district
    that rates one item lower; the second item rose."""
    import csv

    out = tmp_path_factory.mktemp("plain")
    for year in (2022, 2023):
        rng = np.random.default_rng(year)
        n = 400
        general = rng.standard_normal(n)
        district = rng.integers(1, 4, n)
        rows = [
            [
                "respondent id",
                *(f"q1_{k}" for k in range(1, 6)),
                "q2_1",
                "q2_2",
                "q2_3",
                *(f"q3_{k}" for k in range(1, 5)),
                "q4_1",
                "q4_2",
                "district",
            ]
        ]
        for r in range(n):
            level = (
                3.2
                + 0.8 * general[r]
                + np.array([0, 0.9 if year == 2023 else 0, 0, 0, -1.2 if district[r] == 3 else 0.3, 0, 0, 0, 0])
            )
            rated = np.clip(np.rint(level + 0.7 * rng.standard_normal(9)), 1, 5).astype(int)
            picked = rng.choice(5, 3, replace=False, p=[0.4, 0.3, 0.1, 0.1, 0.1]) + 1
            yes = 1 + (rng.random(2) < 0.6)
            rows.append([r + 1, *rated[:5], *picked, *rated[5:], *yes, district[r]])
        with (out / f"residents_{year}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    draft_study(out / "study", sorted(out.glob("*.csv")))
    return out / "study"


@pytest.fixture
def chapter(folder):
    agency = load_study(folder).agencies[0].id
    return csi_lib.open_chapter(str(folder), agency, 2023, lang="en")


def test_chapters_about_an_index_are_not_there(folder):
    names = [c.id for c in chapter_notebooks(load_study(folder))]
    assert {"headline", "items", "questions", "item-groups", "item-waves", "outline", "appendix"} <= set(names)
    assert not {"summary", "overall", "dimensions", "portfolio", "trend", "groups", "measurement"} & set(names)


def test_a_study_with_an_index_keeps_its_chapters():
    names = [c.id for c in chapter_notebooks(load_study("example"))]
    assert {"summary", "overall", "dimensions", "portfolio", "trend"} <= set(names)
    assert not {"headline", "items", "item-groups"} & set(names)


def test_items_follow_the_sections_of_the_questionnaire(chapter):
    parts = items.parts(chapter)
    assert [p.items for p in parts] == [("q1_1", "q1_2", "q1_3", "q1_4", "q1_5"), ("q3_1", "q3_2", "q3_3", "q3_4")]


def test_the_headline_is_the_share_of_the_two_best_answers(chapter):
    x = chapter.survey.frame["q1_1"]
    row = items.rows_of(chapter, ["q1_1"]).iloc[0]
    assert row["estimate"] == pytest.approx((x[x.notna()] >= 4).mean())


def test_what_rose_is_said_and_nothing_else(chapter):
    rows = items.rows_of(chapter, [i for part in items.parts(chapter) for i in part.items])
    assert list(items.changed(chapter, rows)["measure"]) == ["q1_2:top2"]
    said = " ".join(s.text for s in items.change_sentences(chapter, rows))
    assert "q1_2" in said
    assert "2022" in said


def test_the_item_that_a_district_rates_lower_is_found(chapter):
    said = " ".join(s.text for s in items.widest_gaps(chapter, "district"))
    assert "q1_5" in said


def test_picks_are_linked_to_the_items_they_name(chapter):
    picks = next(q for q in questions.asked(chapter) if q.kind == "rank")
    assert [str(label) for _, label in picks.options] == ["q1_1", "q1_2", "q1_3", "q1_4", "q1_5"]
    held = chapter.survey.frame[["q2_1", "q2_2", "q2_3"]].astype("Int64")
    share = (held == 1).any(axis=1).mean()
    assert questions.rows_of(chapter, picks).iloc[0]["estimate"] == pytest.approx(float(share))


@pytest.mark.parametrize("name", ["12-headline", "51-items", "55-questions", "61-item-groups", "81-item-waves"])
def test_every_cell_of_the_chapters_runs_in_both_languages(folder, name):
    notebook = json.loads(
        next(Path(csi_lib.__file__).parents[1].glob(f"notebooks/{name}.ipynb")).read_text(encoding="utf-8")
    )
    agency = load_study(folder).agencies[0].id
    held = {"study": str(folder), "agency": agency, "year": 2023, "lang": "en", "release": "public"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), held)
    assert held["chapter"].agency == agency


def test_answers_whose_low_codes_are_good_are_drawn_from_bad_to_good(tmp_path):
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from draft import platforms as p

    (tmp_path / "given").mkdir()
    world = p.World()
    draft_study(tmp_path / "study", p.spss(tmp_path / "given", world))
    chapter = csi_lib.open_chapter(str(tmp_path / "study"), "study", 2024, lang="en")
    part = items.parts(chapter)[0]
    rows = items.rows_of(chapter, part.items).set_index("item")
    valid = world.ratings[~world.silent[:, 0], 0]
    weights = chapter.survey.frame["wt"][~world.silent[:, 0]].to_numpy()
    assert rows.loc["q1_1", "estimate"] == pytest.approx(((valid >= 4) * weights).sum() / weights.sum())
    drawn = items.distribution(chapter, part)[0]
    assert drawn.alt.index("Very dissatisfied") < drawn.alt.index("Very satisfied")


def test_items_that_do_not_compare_are_not_ranked(tmp_path):
    """A share of two among eleven answers is none of two among five, and answers that run against the others rank nothing;
    what a question asks to be written is not shown as kinds, though the answers repeat."""
    import pandas as pd

    rng = np.random.default_rng(3)
    level = rng.normal(3.5, 0.6, 300)
    five = lambda x: np.clip(np.rint(x + rng.normal(0, 0.6, 300)), 1, 5).astype(int)
    answers = {"id": range(1000, 1300), **{f"Q{k} satisfied with part {k}": five(level - 0.1 * k) for k in range(1, 6)}}
    answers["Q6 agree: the wait is too long"] = five(6.4 - level)
    answers["Q7 recommend (0 to 10)"] = np.clip(np.rint(2 * level + rng.normal(0, 1, 300)), 0, 10).astype(int)
    answers["Q8 please describe what to improve"] = rng.choice(["parking", "Mr Kim was kind", "doors"], 300)
    pd.DataFrame(answers).to_csv(tmp_path / "given_2024.csv", index=False)
    draft_study(tmp_path / "study", [tmp_path / "given_2024.csv"])
    own = csi_lib.open_chapter(str(tmp_path / "study"), load_study(tmp_path / "study").agencies[0].id, 2024, lang="en")
    rows = items.rows_of(own, [i for part in items.parts(own) for i in part.items])
    assert [i[:2] for i in items.comparable(own, rows)["item"]] == [f"q{k}" for k in range(1, 6)]
    said = items.extremes(own, rows).text
    assert "recommend" not in said
    assert "wait" not in said
    assert "recommend" in items.left_out(own, rows).text
    assert "wait" in items.left_out(own, rows).text
    assert len(items.ranked_table(own, rows).rows) == 5
    assert [c.role for name, c in own.survey.codebook.columns.items() if name.startswith("q8")] == ["text"]


def test_a_study_without_an_index_has_no_overall_report(folder):
    """The chapters about all bodies compare an index; without one they would only fail."""
    study = load_study(folder)
    assert chapter_notebooks(study, scope="study") == []
    assert len(chapter_notebooks(load_study("example"), scope="study")) >= 5


def test_the_respondents_of_a_group_are_people_not_answers_to_some_question(tmp_path):
    """Everybody left some question out: no question's base is the number of people."""
    import pandas as pd

    from csi_lib.chapters.outline import section as outline
    from csi_lib.models.round import Round
    from csi_lib.office.statistics_book import statistics_book

    rng = np.random.default_rng(9)
    level = rng.normal(3.5, 0.7, 120)
    answers = {
        f"Q{k} satisfied with part {k}": np.clip(np.rint(level + rng.normal(0, 0.5, 120)), 1, 5) for k in range(1, 5)
    }
    frame = pd.DataFrame({"id": range(500, 620), "gender": ["male", "female"] * 60, **answers})
    for k in range(120):  # one question of each
        frame.iloc[k, 2 + rng.integers(0, 4)] = np.nan
    frame.to_csv(tmp_path / "given_2024.csv", index=False)
    draft_study(tmp_path / "study", [tmp_path / "given_2024.csv"])
    study = load_study(tmp_path / "study")
    own = csi_lib.open_chapter(str(tmp_path / "study"), study.agencies[0].id, 2024, lang="en")
    shown = {row.cells[0]: row.cells[1].value for row in outline.composition(own).rows}
    assert shown == {"male": 60, "female": 60}
    book = statistics_book(Round(study), study.agencies[0].id, 2024, lang="en", release="public")
    who = next(t for _, tables in book.parts for t in tables if t.columns[1].label == "Respondents")
    assert {row.cells[0]: row.cells[1].value for row in who.rows} == {"male": 60, "female": 60}
