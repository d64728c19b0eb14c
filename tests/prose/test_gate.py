"""The gate finds what a reader would stumble over, and lets good prose pass."""

import pytest

from csi_lib.prose.gate import prose_faults


@pytest.mark.parametrize("good", [
    "직원으로서 서울로 가는 통로를 마련했다.", "‘접근성’의 점수가 ‘응대’보다 낮고, ‘시설’과 ‘응대’는 차이가 없다.",
    "점수를 매기고 효과와 결과를 본다. 마을을 찾는다.", "지수는 68.3점으로 지난해보다 4.6점 올랐다.", "매출로 순위를 매긴다.",
])  # fmt: skip
def test_good_korean_passes(good):
    assert prose_faults(good, "ko") == []


@pytest.mark.parametrize("bad", [
    "직원로 뽑았다.", "점수을(를) 본다.", "점를 받았다.", "직원와 고객", "누리집으로가 아니라 전화으로 물었다.", "‘응대’을 본다.",
    "‘접근성’는 낮다.", "연령에 따라 보면 50대가 가장 높다.", "값은 nan이다.", "‘시설환경’와의 차이", "‘응대’과는 다르다.", "{agency}는 높다.",
])  # fmt: skip
def test_what_is_wrong_is_found(bad):
    assert prose_faults(bad, "ko")


def test_a_sentence_said_three_times_is_found():
    sentence = "이 기관의 종합 점수는 지난해보다 통계적으로 유의하게 높아졌으며 그 폭은 4.6점에 이르렀다."
    assert prose_faults("\n".join([sentence] * 3), "ko")
    assert prose_faults("\n".join([sentence] * 2), "ko") == []


def test_english_is_read_for_what_no_language_says():
    assert prose_faults("The score of the the agency is 5.", "en")
    assert prose_faults("The score of the agency is 68.3.", "en") == []
