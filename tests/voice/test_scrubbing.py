"""Personal data in comments: what must go, and what must stay."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csi_lib.voice.cleaning import clean_comment, says_nothing
from csi_lib.voice.scrubbing import scrub

HIDDEN = [
    ("연락처는 010-1234-5678입니다", "phone", "1234"),
    ("01012345678로 전화 주세요", "phone", "01012345678"),
    ("０１０－１２３４－５６７８", "phone", "5678"),
    ("010 1234 5678 연락 바랍니다", "phone", "5678"),
    ("+82 10-1234-5678", "phone", "1234"),
    ("02)123-4567로 걸었는데", "phone", "4567"),
    ("공일공 일이삼사 오육칠팔", "phone", "일이삼사"),
    ("call me at 010-9999-8888", "phone", "9999"),
    ("주민번호 900101-1234567", "resident", "900101"),
    ("9001011234567", "resident", "900101"),
    ("900101-1******", "resident", "900101"),
    ("abc.def@naver.com 으로 답장", "email", "naver"),
    ("카드 1234-5678-9012-3456", "card", "9012"),
    ("계좌 110-123-456789로 환불", "bank", "456789"),
    ("12가3456 차량", "car", "3456"),
    ("서울 12가 3456", "car", "3456"),
    ("123허4567", "car", "4567"),
    ("101동 1203호에 삽니다", "home", "1203"),
    ("접수번호 2024-123456 처리", "reference", "123456"),
    ("김철수 주무관님이 친절했습니다", "name", "철수"),
    ("김 대리님 감사합니다", "name", "김 "),
    ("박과장이 불친절", "name", "박"),
    ("직원 홍길동이 소리를 질렀어요", "name", "길동"),
    ("홍길동씨 덕분에", "name", "길동"),
    ("이영희님 고맙습니다", "name", "영희"),
    ("이영희 상담원 고맙습니다", "name", "영희"),
    ("직원 김가은이 도와줌", "name", "가은"),
    ("이 대리 최고", "name", "이 "),
    ("홍길동 팀장님", "name", "길동"),
    ("남궁민수 팀장님", "name", "남궁"),
    ("김OO 직원", "name", "김"),
    ("저는 양라온이라고 합니다", "name", "라온"),
    ("저 김영희인데요 답이 없네요", "name", "영희"),
    ("민원인 강하늘입니다", "name", "하늘"),
    ("이름: 최민준", "name", "민준"),
    ("담당자:박보영", "name", "보영"),
    ("담당자 심봉팔에게 전해 주세요", "name", "봉팔"),
    ("담당 공무원 정다연 불친절", "name", "다연"),
    ("김 영 희 주무관", "name", "영 희"),
    ("세무과 복길녀 씨", "name", "길녀"),
    ("서울시 강남구 무지개로 123번길 45", "home", "123"),
    ("하늘로 12길 34", "home", "34"),
    ("강남구 하늘로 55", "home", "55"),
    ("나래동 123-45", "home", "123-45"),
    ("메일은 minsu.kim at naver.com 입니다", "email", "naver"),
    ("minsu at gmail dot com 으로 주세요", "email", "gmail"),
    ("카톡 minsu_77로 연락 주세요", "account_id", "minsu"),
    ("텔레그램 아이디는 river.kim", "account_id", "river"),
    ("85년 3월 7일생인데 안 된대요", "birth", "3월"),
    ("1985.03.07생 민원인", "birth", "1985"),
    ("생일은 3월 7일", "birth", "3월"),
    ("홍길동(45세)이 접수했어요", "name", "길동"),
    ("복길 (여, 62) 접수", "name", "복길"),
    ("Mr. Kim was rude", "name", "Kim"),
    ("Thanks to Jane Smith for the help", "name", "Jane"),
    ("Kim Chul-soo helped me", "name", "Chul"),
]
KEPT = [
    "2024년 5월 1일 생각보다 늦게 처리", "카톡 상담이 편해요", "라인 staff 부족", "We met at station 3.5 km away",
    "3월 7일 생활체육 수업", "직원(3명)이 부족", "수영(20대) 강습",
    "1588-1234로 전화했는데 받지 않아요", "2023-2024년 사업", "주차장 직원이 불친절", "민원실 직원분들이 친절",
    "지하철 기사님 감사", "고객센터 팀장님", "이 직원이 불친절", "전 직원이 친절", "우리 직원들", "이용자님 배려",
    "10시 2000원 냈어요", "100대 주차 가능", "시설팀 팀장님이 도와줌", "수영 강사님 좋아요", "조금 더 친절한 담당자",
    "2024년 5월 1일 방문", "이사장님께 건의", "안전요원이 부족", "장애인 담당 직원 부족", "시장님 도로 고쳐 주세요",
    "고객님이라고 불러 줘서", "선생님들이 좋아요", "The staff were kind at 10:30", "민원인 응대", "도우미님 감사",
    "직원 태도가 불친절했습니다", "직원 채용이 필요합니다", "직원 문제가 많아요", "문제가 팀장님께", "직원 한명이 더 필요", "담당자 교육을 해 주세요",
    "주민 이사 때", "공동 책임입니다", "직원 전원이 친절",
    "저는 공무원입니다", "저는 장애인이라고 말했는데", "저는 임산부인데 자리가 없어요", "저는 전화상담인데요", "담당: 환경과",
    "2층으로 3번 갔어요", "창구로 5명", "구청 새로 10개 설치",
    "공단 이사장 면담", "엘리베이터 앞 경비원님", "여자 상담원 목소리가 작아요", "하수도 요금 38,500원", "콜센터 1899-1234", "버스 기사 아저씨",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "secret"), HIDDEN)
def test_personal_data_are_replaced_by_their_kind(text, kind, secret):
    found = scrub(clean_comment(text))
    assert kind in found.found
    assert secret not in found.text
    assert re.search(r"\[[^\]]+\]", found.text)


@pytest.mark.parametrize("text", KEPT)
def test_what_is_nobodys_stays(text):
    assert scrub(clean_comment(text)).text == clean_comment(text)


def test_listed_names_go_with_or_without_spaces():
    assert "가람" not in scrub("나 가 람 덕분에 나가람", names=["나가람"]).text
    assert scrub("Annie and ann", names=["Ann"]).text == "Annie and [name]"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="가나다 .,-()", max_size=12), st.integers(0, 99999999), st.sampled_from(["-", " ", ".", ""]))
def test_no_mobile_number_survives_whatever_stands_around_it(around, number, gap):
    digits = f"{number:08d}"
    text = clean_comment(f"{around}010{gap}{digits[:4]}{gap}{digits[4:]}{around}")
    assert digits not in re.sub(r"\D", "", scrub(text).text)


def test_scrubbing_twice_changes_nothing():
    for text, *_ in HIDDEN:
        once = scrub(clean_comment(text)).text
        assert scrub(once).text == once


@pytest.mark.parametrize(
    "text", ["없음", "없습니다.", "특별히 없어요", "의견 없음", "불만사항 없습니다", "-", "...", "N/A", "ㅇㅇ", "모르겠습니다", "None", "1", "무"]
)  # fmt: skip
def test_ways_of_saying_nothing(text):
    assert says_nothing(clean_comment(text))


@pytest.mark.parametrize(
    "text", ["주차장 없음", "친절", "없어진 버스를 되살려 주세요", "No parking", "의견 반영이 없습니다"]
)
def test_a_short_answer_is_an_answer(text):
    assert not says_nothing(clean_comment(text))


def test_cleaning():
    assert clean_comment("  아주\u200b 좋아요!!!!!!\n\nㅋㅋㅋㅋ ") == "아주 좋아요!! ㅋㅋ"
    assert clean_comment("<b>굵게</b> &lt;script&gt; A\u202egnp") == "굵게 <script> Agnp".replace("<script> ", "")
    assert clean_comment(None) == clean_comment(float("nan")) == clean_comment("") == ""
    assert clean_comment("ＡＢＣ　１２３") == "ABC 123"
    assert clean_comment("100000원") == "100000원"
    assert clean_comment("\u1112\u1161\u11ab글") == "한글"
