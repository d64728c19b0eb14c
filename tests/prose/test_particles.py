"""Particles after words, numbers, units, acronyms and markup, as a Korean editor would set them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csi_lib.errors import InputError
from csi_lib.prose.particles import PARTICLES, attach, josa

# word, then its 은/는, 으로/로 (which tells ㄹ apart)
CASES = (
    """
만족도 는 로|점수 는 로|서울 은 로|공단 은 으로|시설 은 로|물 은 로|부산 은 으로|대구 는 로|품질 은 로
불만 은 으로|한국도로공사 는 로|국민연금공단 은 으로|도시철도 는 로|수돗물 은 로|닭 은 으로|값 은 으로
여덟 은 으로|삶 은 으로|0 은 으로|1 은 로|2 는 로|3 은 으로|4 는 로|5 는 로|6 은 으로|7 은 로|8 은 로
9 는 로|10 은 으로|20 은 으로|100 은 으로|1000 은 으로|10000 은 으로|1,000 은 으로|100,000,000 은 으로
1,000,000,000,000 는 로|10000000000000000 은 으로|100000000000000000000 는 로|11 은 로|12 는 로
105 는 로|2024 는 로|1,438 은 로|63.9 는 로|64.0 은 으로|62.1 은 로|0.5 는 로|3.14 는 로|99.97 은 로
−2.3 은 으로|+1.8 은 로|-0.6 은 으로|0.00 은 으로|63.9점 은 으로|12.3% 는 로|1.2%p 는 로|412명 은 으로
3위 는 로|15개 는 로|2024년 은 으로|2회 는 로|5건 은 으로|1차 는 로|30분 은 으로|10kg 은 으로|5km 는 로
20㎡ 는 로|15℃ 는 로|3‰ 은 로|100$ 는 로|2.1pp 는 로|CSI 는 로|NPS 는 로|LH 는 로|SH 는 로|KTX 는 로
SRT 는 로|HTML 은 로|ARS 는 로|SMS 는 로|PDF 는 로|KORAIL 은 로|R 은 로|M 은 으로|VAR 은 로|AIM 은 으로
ChatGPT 는 로|IoT 는 로|5G 는 로|B2B 는 로|G20 은 으로|PM2.5 는 로|Q1 은 로|A 는 로|N 은 으로|UP 은 으로
Seoul 은 로|Google 은 로|mobile 은 로|online 은 으로|app 은 으로|web 은 으로|internet 은 으로|site 는 로
service 는 로|center 는 로|K-water 는 로|Facebook 은 으로|chatbot 은 으로|system 은 으로|call 은 로
blog 는 로|report 는 로|test 는 로|game 은 으로|Quarto 는 로|국민연금공단(NPS) 은 으로
한국도로공사(EX) 는 로|만족도(CSI, 100점) 는 로|‘서울’ 은 로|“점수” 는 로|「민원처리법」 은 으로
(63.9점) 은 으로|『대전』 은 으로|**종합만족도** 는 로|*서울* 은 로|[63.9]{data-r="ab1"} 는 로
[63.9]{data-r="ab1"}점 은 으로|[공단](https://x.y) 은 으로|`csi` 는 로|서울. 은 로|α 는 로|β 는 로
ε 은 으로|χ² 은 으로|① 은 로|② 는 로|Ⅲ 은 으로|ⅲ 은 으로|Ａ 는 로|café 는 로|ㄱ 은 으로|ㄹ 은 로
ㅏ 는 로|만족도▲ 는 로|서울🙂 은 로
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("case", CASES)
def test_case(case):
    word, topic, way = case.rsplit(" ", 2)
    assert (josa(word, "은/는"), josa(word, "으로/로")) == (topic, way)


def test_there_are_enough_cases():
    assert len(CASES) >= 120


@pytest.mark.parametrize(
    ("word", "pair", "whole"),
    [
        ("만족도", "이/가", "만족도가"),
        ("점수", "을/를", "점수를"),
        ("서울", "과/와", "서울과"),
        ("대구", "과/와", "대구와"),
        ("3위", "이나/나", "3위나"),
        ("1위", "이라/라", "1위라"),
        ("공단", "이라는/라는", "공단이라는"),
        ("시민", "아/야", "시민아"),
        ("친구", "아/야", "친구야"),
        ("서울", "으로부터/로부터", "서울로부터"),
        ("공단", "으로서/로서", "공단으로서"),
        ("공사", "이며/며", "공사며"),
        ("12명", "이었/였", "12명이었"),
        ("9위", "이었/였", "9위였"),
        ("CSI", "를/을", "CSI를"),
        ("63.9", "이/가", "63.9가"),
        ("64.0", "이/가", "64.0이"),
        ("%", "을/를", "%를"),
    ],
)
def test_attach(word, pair, whole):
    assert attach(word, pair) == whole


@pytest.mark.parametrize("word", ["", "  ", "大田", "🙂", "()", "…", "Ж"])
def test_what_cannot_be_read_gets_both(word):
    assert josa(word, "은/는") == "은(는)"
    assert josa(word, "이/가") == "이(가)"
    assert josa(word, "으로/로") == "(으)로"
    assert josa(word, "이나/나") == "(이)나"


def test_unknown_pair():
    with pytest.raises(InputError, match="은/는"):
        josa("만족도", "은/을")


@given(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), st.sampled_from(sorted(PARTICLES)))
def test_every_syllable_against_its_decomposition(syllable, pair):
    """Unicode's own decomposition tells whether there is a final consonant and which."""
    parts = unicodedata.normalize("NFD", syllable)
    closed, opened = PARTICLES[pair]
    final = parts[2] if len(parts) == 3 else ""
    rieul = final == "\u11af"
    expected = closed if final and not (rieul and closed.startswith("으로")) else opened
    assert josa(syllable, pair) == expected
    assert josa(parts, pair) == expected  # decomposed text is the same text


@given(st.integers(0, 10**15))
def test_numbers_as_they_are_read(number):
    """Against a reading written out in Hangul."""
    assert josa(str(number), "은/는") == josa(_sino_korean(number), "은/는")
    assert josa(f"{number:,}", "으로/로") == josa(_sino_korean(number), "으로/로")


@given(st.text(max_size=30), st.sampled_from(sorted(PARTICLES)))
def test_any_text_gets_some_particle(text, pair):
    closed, opened = PARTICLES[pair]
    assert josa(text, pair) in {closed, opened, f"{closed}({opened})", f"({closed[0]}){opened}"}


@given(st.text(st.characters(categories=["Lo", "Nd", "Lu", "Ll"]), min_size=1, max_size=8))
def test_emphasis_and_quotes_do_not_matter(word):
    for wrapped in (f"**{word}**", f"‘{word}’", f'[{word}]{{data-r="x"}}'):
        assert josa(wrapped, "은/는") == josa(word, "은/는")


def _sino_korean(number):
    """The reading of a whole number: 1438 → 천사백삼십팔."""
    if number == 0:
        return "영"
    digits, small, big = "영일이삼사오육칠팔구", ["", "십", "백", "천"], ["", "만", "억", "조", "경"]
    out = ""
    for position, digit in enumerate(reversed(str(number))):
        group = position % 4
        if group == 0 and (number // 10**position) % 10000:
            out = big[position // 4] + out
        if digit != "0":
            out = digits[int(digit)] + small[group] + out
    return out
