"""Names in all the forms people write them in are hidden, and ordinary complaints are left as they are."""

from __future__ import annotations

from itertools import product

import pytest

import csi_lib
from csi_lib.voice.cleaning import clean_comment
from csi_lib.voice.scrubbing import scrub
from tests.voice.name_forms import FORMS, OTHER, forms

#: ordinary words that begin like a family name
_NOUNS = """
주차 주민 시설 시간 안내 이용 이동 전화 전기 전산 정보 정문 정원 조명 주말 지하철 직장 차량 창구 표지판 하수도 화장실 홍보
현장 계단 고객 고지서 공사 공원 공무원 구내식당 구청 국민 금요일 기차 길가 남자 노약자 노인 녹지 도로 도서관 동네 마을버스
문의 민원 방문객 배차 버스 변기 보도 복도 사무실 상가 상담 서류 서비스 석면 선풍기 설명회 성수기 소방 소음 수영장 승강기
신호등 안전 양식 어린이 여권 여름 연기 예약 온도 옥상 요금 용지 우편물 운동장 원인 위생 유모차 육아 은행 음식 이사 인터넷
임산부 장애인 재활용 저녁 전시 접수 제설 조합 종이 주문 지방세 진료 차선 천장 체육관 추석 치안 태도 통로 판매 편의점 하루
학교 한강 현금 환기 황사
"""
NOUNS = _NOUNS.split()
FRAMES = (
    "{x} 때문에 불편합니다", "{x} 담당 직원이 자리에 없었습니다", "직원이 {x}에 대해 잘 모릅니다", "{x} 문제를 빨리 해결해 주세요",
    "저는 {x} 쪽이 더 걱정입니다", "안녕하세요 {x} 관련 문의입니다", "{x} 안내원이 친절합니다", "담당자가 {x} 서류를 다시 달라고 함",
    "{x}, 정말 좋아졌어요", "과장된 {x} 홍보보다 {x} 개선이 먼저입니다",
)  # fmt: skip
SENTENCES = (
    "전 직원이 모두 친절합니다", "이 분 님들께 감사드립니다", "서비스 이용자님들께 안내 부탁드립니다", "저는 주부입니다", "저는 구민입니다",
    "안녕하세요 민원입니다", "문의 드림", "감사 드림", "제안 드림", "신청 드림", "전화 드림", "추천 드림", "연락 드림 부탁", "저는 공무원입니다",
    "전화라고 합니다만 받지를 않아요", "이유가 무엇인지 설명이 없음", "지하철 기사님이 급정거를 합니다", "전담 직원 배치 요망", "문제가 과장되어 있어요",
    "원인 미상이라고 합니다", "당일(24시간) 처리", "정원(30)이 너무 적습니다", "어린이(12세)도 이용하게", "신규(20) 회원 모집", "한번 더 방문하게 함",
    "고장이라고 합니다", "공사 중이라고 합니다", "현금만 된다고 합니다", "여자 선생님이 더 좋습니다", "수영 강사님 최고", "요금은 2,000원이 적당",
    "2024-2025 사업", "오전 9시부터 18시까지", "1588-0000은 늘 통화 중", "버스 정류장 옆", "신고 3회 했으나 조치 없음", "상담원 연결이 안 됨",
    "직원 교육이 필요합니다", "직원 모두가 노력합니다", "직원 인원이 부족", "담당 부서가 어디인지", "주임이 바뀐 뒤 좋아짐", "팀장 면담을 원합니다",
    "인스타그램 홍보 부족", "카톡으로 알려 주세요", "페이스북 게시가 늦다", "라인이 너무 길다", "at the counter I waited", "생일 축하 문자 감사",
    "1월 2일 휴관", "성명 기재란이 좁다", "이름을 크게 써 주세요", "남자 화장실 수리", "조용하고 쾌적한 도서관", "하나 더 있으면", "허가가 늦어요",
)  # fmt: skip


@pytest.mark.parametrize("seed", [11, 12])
def test_of_many_forms_hardly_one_is_left(seed):
    made = forms(seed, 2000)
    assert {f for f, *_ in made} == {*FORMS, *(f for f, _ in OTHER)}
    left = [text for _, text, secret in made if secret in scrub(clean_comment(text)).text]
    assert len(left) <= 0.01 * len(made), left[:20]


def test_what_is_hidden_is_hidden_as_what_it_is():
    assert scrub("선우 란 주무관님 감사합니다").text == "[이름] 주무관님 감사합니다"
    assert scrub("공지호 씨가 도왔다").text == "[이름] 씨가 도왔다"
    assert scrub("김철수(45)").text == "[이름](45)"
    assert scrub("O1O-1234-5678").text == "[phone]"


def test_ordinary_complaints_are_left_as_they_are():
    texts = [*SENTENCES, *(f.format(x=x) for f, x in product(FRAMES, NOUNS))]
    hit = [(t, scrub(t).text) for t in texts if scrub(t).found]
    assert len(texts) > 1000
    assert len(hit) <= 0.01 * len(texts), hit[:20]


def test_the_open_answers_of_a_bundled_study_lose_only_what_was_planted():
    survey = csi_lib.read_survey("example", "hanbit-fmc", 2024)
    texts = {clean_comment(t) for c in survey.codebook.of_role("text") for t in survey.frame[c].dropna()}
    hit = {t for t in texts if scrub(t).found}
    assert texts
    assert all(any(mark in t for mark in ("주무관", "대리", "@", "031-", "010-")) for t in hit), hit
