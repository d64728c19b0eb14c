"""Comments counted and quoted: simulated truth recovered, small groups protected, ties and empty answers survived."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.study.base import Label
from csi_lib.study.options import Privacy
from csi_lib.survey.design import SurveyDesign
from csi_lib.voice import topics as about
from csi_lib.voice.analyser import Reading, analyser
from csi_lib.voice.comments import Comments, read_comments
from csi_lib.voice.quotes import representative
from csi_lib.voice.settings import Quotes, Tone, VoiceFile
from csi_lib.voice.standing import tones, voice_estimates

BOOK = SimpleNamespace(
    of_role=lambda role: ("opinion",), scale=lambda i: SimpleNamespace(low=1.0, high=7.0), columns={}
)
STUDY = SimpleNamespace(
    id="s",
    privacy=Privacy(),
    source=lambda name: SimpleNamespace(kind="respondents", enumeration=False),
    period_of=str,
    family=lambda agency: None,
)


def survey_of(texts, overall, weights=None):
    frame = pd.DataFrame(
        {"opinion": texts, "overall": np.asarray(overall, float), "w": weights if weights is not None else 1.0}
    )
    return SimpleNamespace(
        frame=frame, codebook=BOOK, design=SurveyDesign(frame, weights="w"), source="customers", agency="a", year=2024
    )


def plain(**more):
    return VoiceFile.model_validate({"analyser": "plain", **more})


TOPICS = (
    about.TopicWords("parking", Label(ko="주차", en="Parking"), None, (("주차",), ("주차장",), ("parking",))),
    about.TopicWords("kind", Label(ko="친절", en="Kindness"), None, (("친절",), ("kind",))),
)


def test_plain_reading_takes_off_particles_and_endings():
    nouns = [
        r.nouns
        for r in analyser("plain").read(["주차장이 좁습니다", "직원은 친절하게 설명합니다", "Parking lots were dirty"])
    ]
    assert nouns == [("주차장",), ("직원", "친절", "설명"), ("parking", "lot", "dirty")]


def test_kiwi_reads_nouns_predicates_and_what_is_said_of_them():
    pytest.importorskip("kiwipiepy")
    read = analyser("kiwi").read
    one, two, three = read(["주차 공간이 부족해서 불편합니다.", "로그인이 안돼요", "직원이 불친절했습니다"])
    assert one.nouns == ("주차", "공간", "부족", "불편")
    assert "주차 공간 부족하다" in one.phrases
    assert two.phrases == ("로그인 안 되다",)
    assert three.nouns == ("직원", "불친절")
    assert "친절" not in three.nouns


def test_kiwi_asked_for_and_absent_is_an_error_in_words(monkeypatch):
    import builtins

    real = builtins.__import__
    monkeypatch.setattr(
        builtins,
        "__import__",
        lambda n, *a, **k: (_ for _ in ()).throw(ImportError()) if n == "kiwipiepy" else real(n, *a, **k),
    )
    from csi_lib.voice.analyser import KiwiAnalyser

    with pytest.raises(InputError, match=r"voice"):
        KiwiAnalyser()


def test_known_shares_and_scores_are_recovered():
    """40 % of the writers write of parking and score 25 lower on the 100-point scale; the design weights are unequal."""
    rng = np.random.default_rng(7)
    n = 6000
    parking, wrote = rng.random(n) < 0.4, rng.random(n) < 0.5
    overall = np.clip(np.round(5.5 - 1.5 * parking + rng.normal(0, 0.5, n)), 1, 7)
    texts = np.where(~wrote, "", np.where(parking, "주차장이 좁습니다", "직원이 친절합니다"))
    weights = rng.uniform(0.5, 2, n)
    survey = survey_of(texts, overall, weights)
    comments = read_comments(survey, plain())
    marks = about.mentions(comments, TOPICS)
    people = about.of_respondents(comments, marks)
    assert (people["parking"].to_numpy() == (parking & wrote)).all()
    said = np.array([bool(t) for t in texts])
    found = voice_estimates(STUDY, survey, said, people, pd.DataFrame(index=range(n)), score="overall", tone=Tone())
    share = found.select(measure="topic:parking", by1=None).frame.iloc[0]
    assert share["n"] == said.sum()
    assert share["estimate"] == pytest.approx((weights * parking * said).sum() / (weights * said).sum(), abs=1e-12)
    assert share["ci_low"] < 0.4 < share["ci_high"]
    gap = found.contrast({"by1": "topic", "group1": "parking"}, {"by1": "topic", "group1": "~parking"})
    row = gap.frame[gap.frame["measure"] == "overall"].iloc[0]
    assert row["ci_low"] < 100 * -1.5 / 6 < row["ci_high"]
    assert row["p_value"] < 1e-6
    # closed form: the difference of two weighted means of different people
    x, w = 100 * (overall - 1) / 6, weights
    a, b = said & parking, said & ~parking
    mean = lambda m: (w[m] * x[m]).sum() / w[m].sum()
    se2 = sum((w[m] ** 2 * (x[m] - mean(m)) ** 2).sum() / w[m].sum() ** 2 for m in (a, b)) * n / (n - 1)
    assert row["estimate"] == pytest.approx(mean(a) - mean(b), abs=1e-9)
    assert row["se"] == pytest.approx(np.sqrt(se2), rel=1e-3)


def test_topics_of_fewer_people_than_the_minimum_have_no_score_and_neither_have_the_others():
    texts = ["주차장이 좁습니다"] * 4 + ["직원이 친절합니다"] * 40 + [""] * 20
    survey = survey_of(texts, [2] * 4 + [6] * 40 + [5] * 20)
    comments = read_comments(survey, plain())
    people = about.of_respondents(comments, about.mentions(comments, TOPICS))
    said = np.array([bool(t) for t in texts])
    found = voice_estimates(STUDY, survey, said, people, pd.DataFrame(index=range(64)), score="overall", tone=Tone())
    public = found.masked("public").frame
    means = public[(public["measure"] == "overall") & (public["by1"] == "topic")]
    parking = means[means["group1"].isin(["parking", "~parking"])]
    assert parking["estimate"].isna().all()
    # all writers minus those of kindness would be the four of parking
    assert means[means["group1"].isin(["kind", "~kind"])]["estimate"].isna().all()


def _comments(lines):
    frame = pd.DataFrame(
        [(i, "opinion", text, "ko", ()) for i, text in enumerate(lines)],
        columns=["respondent", "column", "text", "lang", "hidden"],
    )
    readings = tuple(Reading(tuple(t.split()), tuple(t.split()), ()) for t in lines)
    return Comments(frame, readings, len(lines), len(lines), "plain")


def test_the_quoted_comment_is_the_one_with_the_words_of_its_group():
    lines = ["주차 공간 부족"] * 3 + ["주차 공간 부족 주말"] + ["주차 지붕 비둘기"] + ["친절 직원"] * 6
    comments = _comments(lines)
    marks = pd.DataFrame({"parking": [t.startswith("주차") for t in lines]})
    kinds = np.array(["dissatisfied"] * 5 + ["satisfied"] * 6, dtype=object)
    rule = Quotes(each=2, shortest=2)
    found = representative(comments, marks, kinds, rule, min_base=5)
    assert [q.text for q in found] == ["주차 공간 부족", "주차 지붕 비둘기"]
    assert found[0].people == 5
    assert found[0].tone == "dissatisfied"
    assert representative(comments, marks, kinds, rule, min_base=6) == []


def test_a_comment_with_hidden_personal_data_is_not_quoted():
    survey = survey_of(["김가람 대리님 주차장 안내 감사합니다"] * 6, [6] * 6)
    comments = read_comments(survey, plain())
    assert comments.hidden == {"name": 6}
    assert "가람" not in "".join(comments.frame["text"])
    marks = about.mentions(comments, TOPICS)
    assert representative(comments, marks, np.array(["satisfied"] * 6, object), Quotes(), min_base=5) == []


def test_quotes_do_not_depend_on_the_order_of_the_file():
    lines = [f"주차 {a} {b}" for a in "가나다라" for b in "마바사"]
    kinds = np.array(["satisfied"] * len(lines), object)
    quoted = lambda rows: [
        q.text
        for q in representative(
            _comments(rows), pd.DataFrame({"p": [True] * len(rows)}), kinds, Quotes(shortest=1), min_base=5
        )
    ]
    assert quoted(lines) == quoted(lines[::-1])


def test_tone_is_the_writers_own_score():
    assert list(tones(np.array([0, 40, 50, 60, 100, np.nan]), Tone())) == [
        "dissatisfied", "dissatisfied", "neutral", "satisfied", "satisfied", None,
    ]  # fmt: skip


def test_nobody_wrote():
    survey = survey_of(["", None, "없음", "-"] * 5, [4] * 20)
    comments = read_comments(survey, plain())
    assert len(comments) == 0
    assert comments.written == 10
    people = about.of_respondents(comments, about.mentions(comments, TOPICS))
    found = voice_estimates(
        STUDY, survey, np.zeros(20, bool), people, pd.DataFrame(index=range(20)), score="overall", tone=Tone()
    )
    assert found.select(measure="comment").frame["estimate"].iloc[0] == 0
    assert found.select(measure="topic:kind", by1=None).frame["flag"].iloc[0] == "not_available"


def test_everybody_wrote_the_same():
    survey = survey_of(["직원이 친절합니다"] * 30, [6] * 30)
    comments = read_comments(survey, plain())
    marks = about.mentions(comments, TOPICS)
    people = about.of_respondents(comments, marks)
    found = voice_estimates(
        STUDY, survey, np.ones(30, bool), people, pd.DataFrame(index=range(30)), score="overall", tone=Tone()
    )
    assert found.select(measure="topic:kind", by1=None).frame["estimate"].iloc[0] == 1
    quoted = representative(comments, marks, np.array(["satisfied"] * 30, object), Quotes(), min_base=5)
    assert [q.text for q in quoted] == ["직원이 친절합니다"]


def test_words_count_people_not_repetitions():
    comments = _comments(["주차 주차 주차", "주차 친절", "친절", "친절"])
    assert about.word_counts(comments) == {"주차": 2, "친절": 3}
    assert about.frequent(comments, 5, least=3) == ["친절"]


def test_a_topic_word_of_two_words_needs_both_side_by_side():
    topic = about.TopicWords("x", Label(ko="가", en="a"), None, (("이용", "시간"),))
    hit = about.mentions(_comments(["이용 시간 길다", "시간 이용", "이용 요금 시간"]), [topic])
    assert hit["x"].tolist() == [True, False, False]


def test_a_topic_of_an_unknown_dimension_names_the_near_spelling():
    model = csi_lib.IndexModel.load("iudc-external")
    file = VoiceFile.model_validate({"topics": {"a": {"dimension": "acess"}}, "analyser": "plain"})
    with pytest.raises(InputError, match="access"):
        about.topic_words(file, model, BOOK)


def test_voice_file_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="needs words"):
        VoiceFile.model_validate({"topics": {"a": {"label": {"ko": "가", "en": "a"}}}})
    with pytest.raises(ValueError, match="extra"):
        VoiceFile.model_validate({"topcis": {}})
