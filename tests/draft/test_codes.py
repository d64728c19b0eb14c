"""Bare codes without any label: which are answers, which are none, and what is told apart by how people answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.draft.anchors import order
from csi_lib.draft.concepts import gather
from csi_lib.draft.files import Given
from csi_lib.draft.proposal import propose
from csi_lib.draft.sheet import RawColumn, RawSheet

FIRST = ("Ann", "Bea", "Carl", "Dan", "Eva", "Finn")
LAST = ("Abel", "Baker", "Cole", "Dunn", "Ellis", "Ford", "Gray", "Hale", "Ives", "Jones")


def sheet(columns: dict[str, list], tmp_path, texts=None) -> Given:
    made = [
        RawColumn(n, pd.Series([str(v) for v in vs], dtype=object), (texts or {}).get(n, n))
        for n, vs in columns.items()
    ]
    file = tmp_path / "answers_2024.csv"
    return Given(RawSheet(file, "", tuple(made)), 2024, "")


def ratings(n, k, low, high, seed=1):
    rng = np.random.default_rng(seed)
    middle, span = (low + high) / 2, (high - low) / 4
    x = middle + span * (rng.standard_normal(n)[:, None] + 0.8 * rng.standard_normal((n, k)))
    return np.clip(np.rint(x), low, high).astype(int), rng


def drafted(columns, tmp_path, texts=None):
    return {c.name: c for c in propose([sheet(columns, tmp_path, texts)]).columns}


@pytest.mark.parametrize("high", [4, 5, 6, 7, 10])
def test_a_full_scale_keeps_all_its_codes(tmp_path, high):
    x, _ = ratings(600, 4, 1, high)
    found = drafted({f"q1_{k}": x[:, k] for k in range(4)}, tmp_path)
    assert all(c.role == "item" and c.scale == f"s1_{high}" and not c.missing for c in found.values())


@pytest.mark.parametrize(
    ("high", "codes"), [(5, [9]), (5, [6]), (5, [0]), (5, [0, 6]), (10, [99]), (7, [8]), (4, [8, 9])]
)
def test_codes_that_are_no_answers_are_found(tmp_path, high, codes):
    x, rng = ratings(900, 5, 1, high)
    for code in codes:
        x[rng.random(x.shape) < 0.08] = code
    found = drafted({f"q1_{k}": x[:, k] for k in range(5)}, tmp_path)
    for column in found.values():
        assert column.scale == f"s1_{high}"
        assert {int(m) for m in column.missing} == set(codes)


def test_an_item_against_the_rest_is_turned(tmp_path):
    x, _ = ratings(500, 5, 1, 5)
    x[:, 2] = 6 - x[:, 2]
    found = drafted({f"q1_{k}": x[:, k] for k in range(5)}, tmp_path)
    assert [c.name for c in found.values() if c.reverse] == ["q1_2"]


def test_choices_are_told_from_ratings_by_never_repeating(tmp_path):
    x, rng = ratings(400, 6, 1, 5)
    picks = np.array([rng.choice(6, 2, replace=False) + 1 for _ in range(400)])
    columns = {f"q1_{k + 1}": x[:, k] for k in range(6)} | {"q2_1": picks[:, 0], "q2_2": picks[:, 1]}
    found = drafted(columns, tmp_path)
    assert {found["q2_1"].role, found["q2_2"].role} == {"rank"}
    assert found["q2_1"].choices == {str(k): f"q1_{k}" for k in range(1, 7)}
    assert found["q2_1"].up_to == 0


def test_places_are_told_from_choices_by_their_range(tmp_path):
    rng = np.random.default_rng(3)
    order = np.array([rng.permutation(4) + 1 for _ in range(300)])
    texts = {f"q1_{k}": f"Put in order [{w}]" for k, w in enumerate(["Price", "Speed", "Staff", "Place"])}
    found = drafted({f"q1_{k}": order[:, k] for k in range(4)}, tmp_path, texts)
    assert all(c.role == "rank" and not c.labels for c in found.values())
    assert [c.label for c in found.values()] == ["Price", "Speed", "Staff", "Place"]


def test_questions_that_do_not_go_together_are_no_battery(tmp_path):
    rng = np.random.default_rng(4)
    found = drafted({f"q1_{k}": rng.integers(1, 5, 400) for k in range(4)}, tmp_path)
    assert {c.role for c in found.values()} == {"single"}


def test_yes_and_no_is_no_rating(tmp_path):
    rng = np.random.default_rng(5)
    base = rng.random(400)
    found = drafted({f"q1_{k}": 1 + (base + 0.3 * rng.random(400) > 0.6) for k in range(4)}, tmp_path)
    assert {c.role for c in found.values()} == {"single"}


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("q9", [f"010-{k:04d}-{k * 7 % 10000:04d}" for k in range(60)], "contact"),
        ("q9", [f"8801{k % 10}{k % 9 + 1:01d}-{1 + k % 4}{100000 + k * 31}" for k in range(60)], "contact"),
        ("q9", [f"user{k}@mail.org" for k in range(60)], "contact"),
        ("q9", [["김민수", "이서연", "박지훈", "최유진", "정하늘", "강도윤"][k % 6] + "가나다라마바사아자차"[k // 6] for k in range(60)], "contact"),
        ("q9", [f"{n} {s}" for n in FIRST for s in LAST], "contact"),
        ("q9", [10_000_000_000_000_000 + 37 * k for k in range(60)], "id"),
        ("q9", [1000 + k for k in range(60)], "id"),
        ("q9", [f"{1950 + k % 50}-0{1 + k % 9}-1{k % 9}" for k in range(60)], "contact"),
        ("Nombre y apellido", ["uno", "dos", "tres"] * 20, "contact"),
        ("성명", ["하나", "둘", "셋"] * 20, "contact"),
        ("Zip code", [20000 + k % 30 for k in range(60)], "quasi"),
        ("Q19 AGE", [1 + k % 5 for k in range(60)], "group"),
        ("comment", [f"The park near the lake needs benches, case {k}" for k in range(60)], "text"),
    ],
)  # fmt: skip
def test_what_points_to_a_person_is_seen_by_header_or_content(tmp_path, name, values, role):
    x, _ = ratings(60, 4, 1, 5)
    found = drafted({f"q1_{k}": x[:, k] for k in range(4)} | {name: values}, tmp_path)
    assert list(found.values())[-1].role == role


def test_no_column_is_lost_between_waves_that_share_nothing(tmp_path):
    x, _ = ratings(80, 4, 1, 5)
    one = sheet({f"alpha_{k}": x[:, k] for k in range(4)}, tmp_path)
    two = sheet({f"zeta{k}x": [["red", "green", "blue"][v % 3] for v in x[:, k]] for k in range(4)}, tmp_path)
    concepts = gather([one, two])
    assert sum(len(c.columns) for c in concepts) == 8
    assert all(len(c.columns) == 1 for c in concepts)


def test_renamed_questions_are_followed_with_their_confidence(tmp_path):
    x, _ = ratings(300, 3, 1, 5)
    one = sheet({"Q7A_ART": x[:, 0], "Q7B_FOOD": x[:, 1], "Q7C_SIGNS": x[:, 2]}, tmp_path)
    two = sheet({"Q7SIGN": x[:, 2], "Q7ART": x[:, 0], "Q7FOOD": x[:, 1]}, tmp_path)
    pairs = {c.name: c.columns[0].name for c in gather([one, two])}
    assert pairs == {"Q7ART": "Q7A_ART", "Q7FOOD": "Q7B_FOOD", "Q7SIGN": "Q7C_SIGNS"}
    assert all(0.6 < c.sure[0][0] < 1 for c in gather([one, two]))


@pytest.mark.parametrize(
    "labels",
    [
        ["Definitely disagree", "Mostly disagree", "Neither agree nor disagree", "Mostly agree", "Definitely agree"],
        ["Definitely no", "Probably no", "Probably yes", "Definitely yes"],
        ["Never", "Sometimes", "Usually", "Always"],
        ["Poor", "Fair", "Good", "Very good", "Excellent"],
        ["Nada satisfecho", "Poco satisfecho", "Algo satisfecho", "Satisfecho", "Muy satisfecho"],
        [
            "Totalmente en desacuerdo",
            "En desacuerdo",
            "Ni de acuerdo ni en desacuerdo",
            "De acuerdo",
            "Totalmente de acuerdo",
        ],
        ["Muy malo", "Malo", "Regular", "Bueno", "Muy bueno"],
        ["전혀 그렇지 않다", "그렇지 않다", "보통이다", "그렇다", "매우 그렇다"],
        ["매우 불만", "다소 불만", "보통", "다소 만족", "매우 만족"],
        ["Very unlikely", "Somewhat unlikely", "Neutral", "Somewhat likely", "Very likely"],
        ["Much worse", "Worse", "About the same", "Better", "Much better"],
        ["Very unsafe", "Unsafe", "Neutral", "Safe", "Very safe"],
        [
            "Far below expectations",
            "Below expectations",
            "Meets expectations",
            "Exceeds expectations",
            "Far exceeds expectations",
        ],
        ["1 - Very bad", "2", "3", "4", "5 - Very good"],
    ],
)
def test_words_are_put_from_bad_to_good_whatever_their_order(labels):
    shuffled = [labels[k] for k in np.random.default_rng(0).permutation(len(labels))]
    found = order(shuffled)
    assert found is not None
    assert [shuffled[k] for k in found] == labels


@pytest.mark.parametrize(
    "labels",
    [["Male", "Female", "Other"], ["18-24", "25-34", "35-44"], ["Own", "Rent", "Neither"], ["English", "Spanish", "Chinese"], ["1~2회", "3~5회", "6회 이상"],
     ["Bus", "Tram", "Car"], ["Under $50,000", "$50,000-$100,000", "Over $100,000"], ["서울", "부산", "대구"]],
)  # fmt: skip
def test_words_that_are_no_scale_are_none(labels):
    assert order(labels) is None


def test_a_question_that_names_its_scale_keeps_the_end_nobody_chose(tmp_path):
    x, rng = ratings(300, 4, 1, 5)
    values = np.clip(np.rint(7 + 1.5 * rng.standard_normal(300)), 2, 10).astype(int)
    texts = {"q9": "Using any number from 0 to 10, how would you rate us?"}
    found = drafted({f"q1_{k}": x[:, k] for k in range(4)} | {"q9": values}, tmp_path, texts)
    assert found["q9"].scale == "s0_10"


def test_an_age_in_years_becomes_classes_that_results_are_shown_by(tmp_path):
    x, rng = ratings(200, 4, 1, 5)
    found = drafted({f"q1_{k}": x[:, k] for k in range(4)} | {"Age": rng.integers(18, 90, 200)}, tmp_path)
    assert found["age"].role == "group"
    assert found["age"].ranges["2"] == (30, 44)
