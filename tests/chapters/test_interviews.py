"""Interviews: codes both coders gave, Cohen's kappa by hand, what is refused, the chapter on a small study."""

import shutil

import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters.interviews import section
from csi_lib.chapters.interviews.compute import InterviewsFile, coded
from csi_lib.chapters.record_checks import record_faults
from csi_lib.errors import InputError
from csi_lib.share import shared_path

FILE = InterviewsFile.model_validate({"codes": {c: {"label": {"ko": c, "en": c}} for c in "abc"}})


def rows(first, second, **more):
    frame = pd.DataFrame(
        [
            (f"s{i % 3}", f"u{i}", who, code)
            for who, codes in (("kim", first), ("lee", second))
            for i, code in enumerate(codes)
            if code
        ],
        columns=["session", "statement", "coder", "code"],
    )
    return frame.assign(agency="x", **more)


def test_kappa_by_hand_and_what_the_coders_differ_on_counts_nowhere():
    found = coded(rows("aaabbbccca", "aabbbbcca" + "a"))
    # agreed 8 of 10; marginals first a4 b3 c3, second a4 b4 c2: expected (16 + 12 + 6) / 100
    assert found.agreement.kappa == pytest.approx((0.8 - 0.34) / (1 - 0.34))
    assert (found.twice, found.apart, found.sessions) == (10, 2, 3)
    assert found.frame["code"].value_counts().to_dict() == {"a": 3, "b": 3, "c": 2}


def test_one_coder_one_code_and_statements_coded_once():
    alone = coded(rows("aab", ""))
    assert alone.agreement is None
    assert alone.frame["code"].tolist() == ["a", "a", "b"]
    assert coded(rows("aaa", "aaa")).agreement is None
    assert coded(rows("aab", "aa")).twice == 2


@pytest.mark.parametrize(("frame", "words"), [
    (rows("aaz", ""), "does not declare"), (pd.concat([rows("a", ""), rows("a", "")]), "twice"),
    (pd.concat([rows("a", "a"), rows("a", "").assign(coder="park")]), "one or two people"),
])  # fmt: skip
def test_faults_are_worded(frame, words):
    with pytest.raises(InputError, match=words):
        FILE.check_rows(frame)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk") / "office"
    shutil.copytree(shared_path("params", "civil-office"), folder, ignore=shutil.ignore_patterns(".csi", "data"))
    text = (folder / "study.yml").read_text(encoding="utf-8")
    text = text.replace("\nextensions:\n", "\nextensions:\n  interviews: interviews.yml\n")
    source = '\nsources:\n  interviews: {kind: events, path: "registers/talk_{year}.csv", agency: agency}\n'
    (folder / "study.yml").write_text(text.replace("\nsources:\n", source), encoding="utf-8")
    (folder / "interviews.yml").write_text(
        "codes:\n  a: {label: {ko: 기다림, en: Waiting}, measure: promptness, did: {ko: 창구를 늘렸다, en: More counters}}\n"
        "  b: {label: {ko: 말씨, en: Manner}, measure: kindness}\n  c: {label: {ko: 주차, en: Parking}}\n",
        encoding="utf-8",
    )
    for year in (2022, 2023, 2024):
        frame = rows("aaabbbccca", "aabbbbccaa", text="담당자가 친절했다").assign(agency="garam-city")
        frame.to_csv(folder / "registers" / f"talk_{year}.csv", index=False)
    return folder


def test_the_chapter_sets_themes_beside_scores_and_hides_what_was_said(study):
    chapter = csi_lib.open_chapter(study, "garam-city", 2024, lang="en")
    found = section.statements(chapter)
    assert not [w for s in section.agreement_sentences(chapter, found) for w in ("친절했다", "kim") if w in s.text]
    table = section.themes_table(chapter, found).frame()
    assert dict(zip(table["theme"], table["n"], strict=True)) == {"Waiting": 3, "Manner": 3, "Parking": 2}
    score = chapter.rows(measure="promptness", statistic="mean", by1=None)["estimate"].iloc[0]
    assert table.set_index("theme").loc["Waiting", "score"] == pytest.approx(score)
    assert table.set_index("theme").loc["Waiting", "did"] == "More counters"


def test_check_finds_a_wrong_code_in_the_records(study):
    loaded = csi_lib.load_study(study)
    one = loaded.model_copy(update={"extensions": {"interviews": "interviews.yml"}})
    assert list(record_faults(one)) == []
    path = study / "registers" / "talk_2023.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(",a,", ",zz,", 1), encoding="utf-8")
    try:
        assert "zz" in str(next(record_faults(one)))
    finally:
        path.write_text(whole, encoding="utf-8")
