"""Synthetic ways in which a Korean name, birthday, messenger account, address or telephone number stands in a comment.

Made by seed from lists of family names (with the rare ones of one and of two syllables) and of syllables of given names; each
form carries what must be gone afterwards. Nobody real is meant.
"""

from __future__ import annotations

import random

COMMON = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마"
    "길연위표명기반왕금옥육인맹제모탁국"
)
RARE = "어은편용예경봉사부가복태목형피두감빈동호온음좌팽승간상시갈근단견당화창옹곡빙계강공춘난돈내묵"
DOUBLE = (
    "남궁",
    "황보",
    "제갈",
    "선우",
    "독고",
    "사공",
    "서문",
    "동방",
    "어금",
    "망절",
    "무본",
    "강전",
    "장곡",
    "소봉",
    "등정",
    "황목",
)
_GIVEN = """
민준 서연 도윤 하은 지호 수아 예준 지우 시우 서현 주원 민서 하준 채원 지훈 윤서 건우 지민 현우 은서 영수 영희 철수 순자
정숙 미경 성호 경희 상철 명숙 동현 혜진 재현 유진 태영 보람 나래 슬기 아름 다솜 가람 한결 새벽 빛나 으뜸 찬솔 봉팔 길녀
말숙 덕배 쾌남 점례 끝순 판석 웅 훈 준 솔 별 빈 율 은 혁 철 란 숙
"""
GIVEN = _GIVEN.split()
_TITLES = """
주무관 대리 과장 팀장 실장 계장 소장 주임 매니저 사무관 상담사 간호사 센터장 서기 반장 교수
"""
TITLES = _TITLES.split()
_OFFICES = """
직원 담당자 상담원 기사 강사 안내원 선생님
"""
OFFICES = _OFFICES.split()
FORMS = (
    "{n} 씨가 도와주었습니다", "{n}씨 덕분에 잘 끝났어요", "{n}님 정말 고맙습니다", "{n} 님께 감사드립니다",
    "{n} {t}님이 친절했습니다", "{n}{t} 너무 불친절", "{n} {t}에게 전화했는데", "창구의 {n} {t}은 설명이 자세했다",
    "{n} {o}이 안내해 주셨어요", "{o} {n}이 소리를 질렀다", "담당 {n}에게 물었더니",
    "저는 {n}입니다. 답이 없네요", "제 이름은 {n}이에요", "안녕하세요 {n}입니다", "{n}이라고 합니다", "저 {n}인데요 아직도 처리가 안 됐어요",
    "{n}(45)", "민원인 {n}(여, 52세)입니다", "{n} (만 37세) 올림", "신청인 {n} (남 61)",
    "{s} 주무관님 감사합니다", "{s} 씨에게 부탁했습니다", "저는 {s}입니다", "이름은 {s}", "{s} 님이 친절하세요",
    "이름: {n}", "담당자 : {n}", "성명 {n}", "작성자: {s}", "{n} 올림", "{n} 드림", "- {n} 배상",
)  # fmt: skip
OTHER = (
    ("카톡 아이디 {w} 로 연락 주세요", "{w}"), ("카카오톡 id: {w}", "{w}"), ("텔레그램 {w}", "{w}"), ("인스타 {w} 입니다", "{w}"),
    ("라인 아이디는 {w}", "{w}"), ("카톡은 {w}예요", "{w}"), ("디스코드 {w}", "{w}"), ("위챗 id {w}", "{w}"),
    ("{w} at {d} 로 보내 주세요", "{w}"), ("{w} 골뱅이 {k} 점 컴", "{w}"), ("{w}골뱅이{k}닷컴", "{w}"), ("{w}@{d}", "{w}"),
    ("메일은 {w} (at) {d}", "{w}"), ("{w}[at]{d}", "{w}"), ("{w} 앳 {k} 닷 컴", "{w}"), ("{w} at {e} dot com", "{w}"),
    ("생일이 {m}월 {y}일입니다", "{m}월 {y}일"), ("생년월일 19{z}.{m}.{y}", "19{z}"), ("{z}년 {m}월 {y}일생", "{m}월"),
    ("19{z}년생 {m}월 {y}일생입니다", "{m}월"), ("생년월일: {z}{mm}{yy}", "{z}{mm}{yy}"), ("19{z}-{mm}-{yy} 생", "{mm}-{yy}"),
    ("010-{a}-{b}", "{b}"), ("010{a}{b}", "{b}"), ("010 {a} {b}", "{b}"), ("010.{a}.{b}", "{b}"), ("공일공 {ha} {hb}", "{hb}"),
    ("+82 10 {a} {b}", "{b}"), ("0 1 0 {a} {b}", "{b}"), ("O1O-{a}-{b}", "{b}"), ("02-{c}-{b}", "{b}"), ("(031){c}-{b}", "{b}"),
    ("010–{a}–{b}", "{b}"), ("010_{a}_{b}", "{b}"), ("공1공-{a}-{b}", "{b}"), ("전화 {a}-{b}", "{b}"),
)  # fmt: skip
_DIGITS = "공일이삼사오육칠팔구"


def name(random_: random.Random) -> tuple[str, str]:
    """(a family name, a given name)."""
    kind = random_.random()
    if kind < 0.55:
        family = random_.choice(COMMON)
    elif kind < 0.8:
        family = random_.choice(RARE)
    else:
        family = random_.choice(DOUBLE)
    return family, random_.choice(GIVEN)


def forms(seed: int, count: int) -> list[tuple[str, str, str]]:
    """`count` texts as (form, text, what must be gone): three of four hold a name."""
    random_, out = random.Random(seed), []
    while len(out) < count:
        if random_.random() < 0.75:
            family, given = name(random_)
            form = random_.choice(FORMS)
            spaced = f"{family} {' '.join(given)}"
            text = form.format(n=family + given, s=spaced, t=random_.choice(TITLES), o=random_.choice(OFFICES))
            out.append((form, text, spaced if "{s}" in form else family + given))
        else:
            form, secret = random_.choice(OTHER)
            a, b, c = random_.randint(2000, 9999), random_.randint(1000, 9999), random_.randint(200, 999)
            m, y = random_.randint(1, 12), random_.randint(1, 28)
            spell = lambda number: "".join(_DIGITS[int(d)] for d in str(number))
            fields = {
                "w": random_.choice(("minsu_kim", "happy77", "star.lee", "gildong", "moon1004")) + str(random_.randint(1, 99)),
                "d": random_.choice(("naver.com", "gmail.com", "daum.net", "korea.kr")), "k": random_.choice(("네이버", "지메일", "다음")),
                "e": random_.choice(("naver", "gmail")), "m": m, "y": y, "mm": f"{m:02d}", "yy": f"{y:02d}", "z": random_.randint(40, 99),
                "a": a, "b": b, "c": c, "ha": spell(a), "hb": spell(b),
            }  # fmt: skip
            out.append((form, form.format(**fields), secret.format(**fields)))
    return out
