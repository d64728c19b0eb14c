"""The test decides the word, never the sign."""

import pytest

from csi_lib.errors import InputError
from csi_lib.prose.change import Verdict, describe, ordered, ordinal, rank, verdict, verdict_of
from csi_lib.prose.numbers import Number

ROW = {
    "estimate": 1.94,
    "unit": "points",
    "ci_low": 0.4,
    "ci_high": 3.4,
    "p_value": 0.012,
    "n": 400,
    "row_id": "d1",
}


@pytest.mark.parametrize(
    ("difference", "p_value", "ci", "direction", "strength"),
    [
        (1.9, 0.012, None, "up", "significant"),
        (-1.9, 0.012, None, "down", "significant"),
        (1.9, 0.001, None, "up", "clear"),
        (9.9, 0.2, None, "none", "none"),
        (-9.9, 0.05, None, "none", "none"),
        (0.0, 0.001, None, "none", "none"),
        (1.9, None, (0.1, 3.7), "up", "significant"),
        (-1.9, None, (-3.7, -0.1), "down", "significant"),
        (1.9, None, (-0.1, 3.9), "none", "none"),
        (1.9, None, (0.0, 3.8), "none", "none"),
        (1.9, None, None, "unknown", "unknown"),
        (None, 0.01, None, "unknown", "unknown"),
        (float("nan"), 0.01, None, "unknown", "unknown"),
        (1.9, float("nan"), None, "unknown", "unknown"),
        (Number(1.9, "points", suppressed=True), 0.01, None, "unknown", "unknown"),
    ],
)
def test_verdict(difference, p_value, ci, direction, strength):
    assert verdict(difference, p_value=p_value, ci=ci) == Verdict(direction, strength)


def test_the_p_value_goes_before_the_interval():
    assert verdict(1.9, p_value=0.2, ci=(0.1, 3.7)).direction == "none"


def test_margin():
    assert verdict(0.3, p_value=0.2, ci=(-0.4, 1.0), margin=2).strength == "same"
    assert verdict(0.3, p_value=0.2, ci=(-2.4, 3.0), margin=2).strength == "none"


@pytest.mark.parametrize(
    ("direction", "ko", "en", "mark"),
    [
        ("up", "상승", "rose", "▲"),
        ("down", "하락", "fell", "▼"),
        ("none", "유의한 차이 없음", "not significant", "–"),
    ],
)
def test_words_and_marks(direction, ko, en, mark):
    outcome = Verdict(direction, "x")
    assert (outcome.word("ko"), outcome.word("en"), outcome.mark) == (ko, en, mark)
    assert "△" not in outcome.mark


def test_words_of_a_comparison():
    assert Verdict("up", "x").word("ko", kind="comparison") == "높음"
    assert Verdict("down", "x").word("en", kind="comparison") == "lower"
    with pytest.raises(InputError):
        Verdict("up", "x").word("ko", kind="other")


@pytest.mark.parametrize(
    ("row", "lang", "text"),
    [
        (ROW, "ko", "종합만족도는 전년보다 1.9점 유의하게 상승했다(p = .012, 95% 신뢰구간 0.4~3.4점)."),
        (
            {**ROW, "estimate": -1.94, "p_value": 0.0001, "ci_low": -3.4, "ci_high": -0.4},
            "ko",
            "종합만족도는 전년보다 1.9점 유의하게 하락했다(p < .001, 95% 신뢰구간 −3.4~−0.4점).",
        ),
        (
            {**ROW, "p_value": 0.2, "ci_low": -1.0},
            "ko",
            "종합만족도는 전년과 통계적으로 유의한 차이가 없다(+1.9점, p = .200, 95% 신뢰구간 −1.0~3.4점).",
        ),
        ({**ROW, "estimate": None}, "ko", "종합만족도는 전년과 비교할 수 없다."),
        (
            ROW,
            "en",
            "종합만족도 rose significantly by 1.9 points compared with 전년 (p = .012, 95% interval 0.4 to 3.4 points).",
        ),
    ],
)
def test_describe(row, lang, text):
    done = describe(row, lang, subject="종합만족도", versus="전년")
    assert done.text == text
    assert done.row_ids == (("d1",) if row["estimate"] is not None else ())


def test_describe_a_comparison():
    text = describe(ROW, "ko", subject="우리 기관", versus="동종기관 평균", kind="comparison").text
    assert text == "우리 기관은 동종기관 평균보다 1.9점 유의하게 높다(p = .012, 95% 신뢰구간 0.4~3.4점)."


def test_verdict_of_a_suppressed_row():
    assert verdict_of({**ROW, "suppressed": True}).direction == "unknown"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (22, "22nd"),
        (101, "101st"),
        (111, "111th"),
        (113, "113th"),
        (0, "0th"),
    ],
)
def test_ordinal(number, text):
    assert ordinal(number) == text


def test_rank_and_order():
    assert rank(3, 17, "ko").text == "17개 기관 중 3위"
    assert rank(Number(3, "rank", row_id="k"), 17, "ko", tied=True).text == "17개 기관 중 공동 3위"
    assert rank(Number(3, "rank", row_id="k"), 17, "en").markdown == '[3rd]{data-r="k"} of 17'
    assert rank(Number(None, "rank", suppressed=True), 17, "ko").text == "비공개"
    assert ordered(["가", "나", "다"], "ko").text == "가, 나, 다 순"
    assert ordered(["a", "b", "c"], "en").text == "a, then b, then c"


@pytest.mark.parametrize(
    "call",
    [
        lambda: verdict(1.0, p_value=1.2),
        lambda: verdict(1.0, ci=(2, 1)),
        lambda: rank(18, 17, "ko"),
        lambda: ordinal(1.5),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError):
        call()
