"""Files that are hard to draft from: each is answered in words, or drafted whole."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from csi_lib.draft.study import draft_study
from csi_lib.errors import InputError
from csi_lib.run.check import check_study
from csi_lib.study.study import load_study
from csi_lib.survey.reading import read_survey


def write(path, head, rows):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    return path


def rated(n=120, k=4, seed=1):
    rng = np.random.default_rng(seed)
    return np.clip(np.rint(3.2 + rng.standard_normal(n)[:, None] + 0.7 * rng.standard_normal((n, k))), 1, 5).astype(int)


def errors(folder):
    return [f for f in check_study(folder) if f.level == "error"]


def test_a_file_without_a_question_is_named_with_what_its_columns_are(tmp_path):
    path = write(
        tmp_path / "list_2024.csv",
        ["id", "email", "when"],
        [[k, f"a{k}@b.org", f"2024-01-{1 + k % 28:02d}"] for k in range(50)],
    )
    with pytest.raises(InputError, match="no column of these files looks like a question") as told:
        draft_study(tmp_path / "s", [path])
    assert "'email': contact" in str(told.value)
    assert not (tmp_path / "s").exists()


def test_far_too_many_columns_are_refused_in_words(tmp_path):
    path = write(tmp_path / "wide_2024.csv", [f"c{k}" for k in range(5000)], [[1] * 5000] * 3)
    with pytest.raises(InputError, match="far more columns than a questionnaire"):
        draft_study(tmp_path / "s", [path])


def test_long_and_double_labels_stay_apart_and_are_quoted_whole(tmp_path):
    x = rated()
    long = "How satisfied are you with the service, " + "considering everything that has happened, " * 12 + "in the end"
    head = [f"1. {long} today", f"2. {long} last year", "3. Parks", "4. Parks"]
    draft_study(tmp_path / "s", [write(tmp_path / "a_2024.csv", head, x.tolist())])
    assert errors(tmp_path / "s") == []
    book = load_study(tmp_path / "s").codebook()
    labels = [str(column.label) for column in book.columns.values()]
    assert len(set(labels)) == 4
    assert max(map(len, labels)) < 110
    assert long in str(book.columns[book.items[0]].question)


def test_four_answers_where_three_were_asked_for_are_all_counted(tmp_path):
    rng = np.random.default_rng(2)
    x = rated(200, 6)
    picks = [
        [*(rng.choice(6, 4, replace=False) + 1)] if r % 10 == 0 else [*(rng.choice(6, 3, replace=False) + 1), ""]
        for r in range(200)
    ]
    head = [*(f"q1_{k}" for k in range(1, 7)), *(f"q2_{k}" for k in range(1, 5))]
    draft_study(
        tmp_path / "s", [write(tmp_path / "a_2024.csv", head, [[*a, *b] for a, b in zip(x, picks, strict=True)])]
    )
    assert errors(tmp_path / "s") == []
    survey = read_survey(load_study(tmp_path / "s"))
    assert survey.codebook.of_role("rank") == ("q2_1", "q2_2", "q2_3", "q2_4")
    assert survey.frame["q2_4"].notna().sum() == 20


def test_a_stray_code_in_a_tick_column_hides_no_column(tmp_path):
    rng = np.random.default_rng(3)
    ticks = np.where(rng.random((150, 4)) < 0.4, "1", "").astype(object)
    ticks[5, 2] = "7"
    head = [*(f"q1_{k}" for k in range(4)), *(f"q2_{k}" for k in range(4))]
    draft_study(
        tmp_path / "s",
        [write(tmp_path / "a_2024.csv", head, [[*a, *b] for a, b in zip(rated(150), ticks, strict=True)])],
    )
    assert errors(tmp_path / "s") == []
    assert set(load_study(tmp_path / "s").codebook().columns) == set(head)


def test_waves_that_share_no_question_say_so(tmp_path):
    one = write(tmp_path / "a_2023.csv", [f"alpha_{k}" for k in range(4)], rated().tolist())
    two = write(tmp_path / "b_2024.csv", [f"zulu{k}z [item {w}]" for k, w in enumerate(["red", "blue", "sun", "moon"])],
                [[["Very bad", "Bad", "Neutral", "Good", "Very good"][v - 1] for v in row] for row in rated(seed=2)])  # fmt: skip
    made = draft_study(tmp_path / "s", [one, two])
    assert any("share no question" in note for note in made.notes)
    assert errors(tmp_path / "s") == []


def test_sheets_of_a_workbook_become_bodies_or_waves(tmp_path):
    for names, years, bodies in ((["2022", "2023"], [2022, 2023], 1), (["North office", "South office"], None, 2)):
        book = Workbook()
        book.remove(book.active)
        for k, name in enumerate(names):
            sheet = book.create_sheet(name)
            sheet.append([f"q1_{j}" for j in range(4)])
            for row in rated(seed=k).tolist():
                sheet.append(row)
        path = tmp_path / f"book{bodies}.xlsx"
        book.save(path)
        made = draft_study(tmp_path / f"s{bodies}", [path], year=None if years else 2024)
        study = load_study(made.folder)
        assert list(study.years) == (years or [2024])
        assert len(study.agencies) == bodies
        assert errors(made.folder) == []
        assert read_survey(study).n == 240


def test_files_of_one_year_are_files_of_several_bodies(tmp_path):
    files = [
        write(tmp_path / f"{city} 2024.csv", [f"q1_{j}" for j in range(4)], rated(seed=k).tolist())
        for k, city in enumerate(("Alba", "Bora"))
    ]
    draft_study(tmp_path / "s", files)
    study = load_study(tmp_path / "s")
    assert [str(a.name) for a in study.agencies] == ["Alba", "Bora"]
    assert errors(tmp_path / "s") == []


def test_years_in_a_column_are_waves(tmp_path):
    rows = [[2021 + r % 3, *row] for r, row in enumerate(rated(300).tolist())]
    draft_study(tmp_path / "s", [write(tmp_path / "all.csv", ["year", *(f"q1_{k}" for k in range(4))], rows)])
    study = load_study(tmp_path / "s")
    assert list(study.years) == [2021, 2022, 2023]
    assert errors(tmp_path / "s") == []
    assert read_survey(study, None, 2022).n == 100


def test_labels_in_spanish_are_shown_as_given_in_english_prose(tmp_path):
    from . import platforms as p

    (tmp_path / "g").mkdir()
    draft_study(tmp_path / "s", p.google_forms(tmp_path / "g", p.World(lang="es")))
    study = load_study(tmp_path / "s")
    assert study.languages == ("es",)
    assert {job.lang for job in study.jobs()} == {"en"}
    assert study.codebook().label(study.codebook().items[0], "en") == "Parques"
    assert study.untranslated() == []
    assert "voice" not in study.extensions  # nobody here reads Spanish comments, and the file says so
    assert "not analysed" in (tmp_path / "s" / "study.yml").read_text(encoding="utf-8")


def test_open_answers_are_read_by_the_sections_where_no_index_is(tmp_path):
    import csi_lib
    from csi_lib.chapters.voice.section import open_voice, topic_rows

    x = rated(200)
    said = ["The parking lot is too small and always full" if k % 3 == 0 else "" for k in range(200)]
    head = ["1. Parking", "2. Kindness of staff", "3. Satisfaction overall", "4. Clean rooms", "5. Any other comments?"]
    rows = [
        [*(["Very bad", "Bad", "Neutral", "Good", "Very good"][v - 1] for v in r), t]
        for r, t in zip(x, said, strict=True)
    ]
    draft_study(tmp_path / "s", [write(tmp_path / "a_2024.csv", head, rows)])
    assert errors(tmp_path / "s") == []
    voice = open_voice(
        csi_lib.open_chapter(str(tmp_path / "s"), load_study(tmp_path / "s").agencies[0].id, 2024, lang="en")
    )
    rows = topic_rows(voice)
    assert dict(zip(rows["measure"], rows["estimate"], strict=True)) == {
        m: pytest.approx(1.0 if m.endswith("q1") else 0.0) for m in rows["measure"]
    }


def test_bare_ratings_under_headers_of_their_own_are_items(tmp_path):
    """Neighbours that share no stem and say nothing of satisfaction, but have the same codes and move together; nobody gave
    the lowest answer of one, which is no other scale for that; a district in the same codes stays what it is."""
    rng = np.random.default_rng(4)
    level = rng.normal(3.7, 0.7, 400)
    names = ["Courteous staff", "Speed", "Signs", "Queue", "Rooms"]
    given = {"record": range(5000, 5400)}
    for k, name in enumerate(names):
        given[name] = np.clip(np.rint(level + rng.normal(0, 0.5, 400)), 2 if k == 2 else 1, 5).astype(int)
    given["Block"] = rng.integers(1, 6, 400)
    given["Lines"] = rng.integers(1, 4, 400)
    pd.DataFrame(given).to_csv(tmp_path / "visitors_2024.csv", index=False)
    draft_study(tmp_path / "study", [tmp_path / "visitors_2024.csv"])
    study = load_study(tmp_path / "study")
    book = next(iter(study.codebooks.values()))
    by_label = {c.label.text("en"): (name, c) for name, c in book.columns.items() if c.label}
    assert [by_label[n][1].role for n in names] == ["item"] * 5
    assert {(book.scales[by_label[n][1].scale].low, book.scales[by_label[n][1].scale].high) for n in names} == {(1, 5)}
    assert by_label["Block"][1].role != "item"


@pytest.mark.parametrize(("n", "high"), [(40, 5), (400, 4)])
def test_an_answer_that_few_people_did_not_give_is_still_one(tmp_path, n, high):
    """Of 40 people nobody gave a 5 to the last question: its scale is the others'. Of 400 nobody did: it ends at 4."""
    rng = np.random.default_rng(6)
    level = rng.normal(3.6, 0.8, n)
    given = {f"q1_{k}": np.clip(np.rint(level + rng.normal(0, 0.5, n)), 1, 5).astype(int) for k in range(1, 6)}
    given["Satisfied with the wait"] = np.clip(np.rint(level - 0.8), 1, 4).astype(int)
    pd.DataFrame({"id": range(9000, 9000 + n), **given}).to_csv(tmp_path / "given_2024.csv", index=False)
    draft_study(tmp_path / "study", [tmp_path / "given_2024.csv"])
    book = next(iter(load_study(tmp_path / "study").codebooks.values()))
    last = next(c for c in book.columns.values() if c.label and c.label.text("en") == "Satisfied with the wait")
    assert book.scales[last.scale].high == high


def test_a_plain_sheet_of_a_korean_survey(tmp_path):
    """Aspect words tell satisfaction and importance of one thing apart; how often is a number; the body's column makes reports."""
    rng = np.random.default_rng(21)
    n = 240
    level = rng.normal(3.6, 0.7, n)
    five = lambda at: np.clip(np.rint(at + rng.normal(0, 0.5, n)), 1, 5).astype(int)
    given = {
        "설문번호": range(30001, 30001 + n),
        "소속기관": rng.choice(["푸른구청", "하늘구청"], n),
        "방문경로": rng.choice(["직접", "전화"], n),
    }
    given |= {f"{name} 만족도": five(level) for name in ("친절성", "신속성", "정확성")}
    given |= {f"{name} 중요도": five(4.2) for name in ("친절성", "신속성")}
    given["이용 횟수(연간 몇 번)"] = rng.poisson(4, n)
    pd.DataFrame(given).to_excel(tmp_path / "조사 2024.xlsx", index=False, startrow=3)
    draft_study(tmp_path / "study", [tmp_path / "조사 2024.xlsx"])
    study = load_study(tmp_path / "study")
    columns = next(iter(study.codebooks.values())).columns
    of = {c.label.text("ko"): (name, c) for name, c in columns.items() if c.label}
    assert [a.name.text("ko") for a in study.agencies] == ["푸른구청", "하늘구청"]
    assert of["방문경로"][1].role == "group"
    assert of["이용 횟수(연간 몇 번)"][1].role == "number"
    for name in ("친절성", "신속성"):
        assert of[f"{name} 만족도"][1].role == "item"
        assert of[f"{name} 중요도"][1].role == "importance"
        assert of[f"{name} 중요도"][1].of == of[f"{name} 만족도"][0]
