"""Where a person's name stands in a comment: beside a title, an office or a word such as ``named``.

Korean names have no capital letters. A run of syllables counts as a name when it begins with a family name and stands
beside a title; where the title is also an ordinary word (``직원``, ``기사``), its other syllables must be ones that
given names are made of, and the run must not be a common word (``지하철 기사``).
"""

from __future__ import annotations

import re

_FAMILY = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원"
    "천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목"
    "형피두감"
)
_TWO = "남궁|황보|제갈|선우|독고|사공|서문|동방"
#: syllables of which given names are mostly made
_GIVEN = (
    "가강건겸결경고곤관광교구권규균근금기길나남내녀노늘다단달담대덕도동두라란람래련렬례로록롱룡루리린림마"
    "만매명모목묵문미민바방배백범별병보복봉비빈빛산상새샘서석선설섭성세소솔송수숙순숭슬승시식신"
    "아안애양언여연열영예오옥온완용우욱운웅원월위유윤율은을의이익인일임자장재전정제조종주준중지"
    "진찬창채천철청초춘충치태택팔평표필하학한해향헌혁현형혜호홍화환회효훈휘흥희"
)
#: titles that are hardly anything else
_RANK = (
    "주무관|대리|과장|차장|부장|팀장|실장|국장|계장|소장|센터장|본부장|지점장|원장|관장|이사장|사장|주임|사원|"
    "매니저|주사보|주사|서기보|서기|사무관|서기관|반장|조장|교수|변호사|간호사|간호조무사|사회복지사|영양사|코치|상담사"
)
#: titles that are also ordinary words for whoever does the work
_OFFICE = "직원|담당자|담당|기사|강사|선생|상담원|안내원|조사원|관리인|관리자|경비원|경비|보안관|교사|의사|공무원|운전원|요원|미화원|이사|책임|선임"
#: runs of syllables that look like a name and are none
_COMMON = (
    "경비|경리|공단|공사|공공|공동|공무|공익|목소리|주말|한국|국민|지방|지역|현금|전기|장비|음성|고장|연령|연세|"
    "이사|부사장|지하철|이용자|이용객|방문자|방문객|신청자|신청인|민원인|장애인|도우미|주민|시민|하지만|그리고|고객|손님|여성|남성|이번|"
    "오전|오후|전문|전담|신규|정규|주차|주간|야간|현장|현재|이전|담당|상담|안내|접수|창구|여자|남자|이분|저분|그분|한분|모든|"
    "우리|어느|어떤|다른|정말|진짜|아주|매우|너무|항상|이런|저런|고마운|성실|친절|조금|유능|서비스|원래|전화|문의|도시|이동|"
    "전직|임시|전체|정문|후문|남문|북문|동문|서문|주변|인근|하루|이틀|사내|구내|시설|고령자|이동식|정보|홍보|주민자치|서로|선임|"
    "어린이|노인|소방|위생|기술|수영|헬스|요가|체육|문화|공원|도서|민원|총무|재무|경영|인사|기획|감사|안전|운영|관리|교통|환경"
)
# the end of an office's name, not of a person's
_UNIT = "(?<!센터)(?<![팀실과부국처소관장시군구동청점역원사층번])"
_PARTICLE = "[이가은는을를께의와과도만]|님|씨|한테|에게|하고|랑|라는|이라"
_BEFORE = r"(?<![가-힣])"

_NAME = rf"(?!{_COMMON})(?:[{_FAMILY}][{_GIVEN}][{_GIVEN}]|(?:{_TWO})[{_GIVEN}]{{1,2}})"  # 홍길동, 남궁민수
_AFTER = r"(?:님|분|께|이|가|은|는|을|를|의|도|과|와|\s|[.,!?]|$)"
_ANY_RANK = f"(?:{_RANK}){_AFTER}"
_FIRST = "직원|담당|담당자|담당자는|공무원|공무원은|기사|강사|팀장|과장|대리|주무관|상담원|상담사|선생님|이름은|이름이|성함은|성함이"


def _behind(words: str, gap: str) -> str:
    """A look back at any of several words: each needs its own, because their lengths differ."""
    return "(?:" + "|".join(f"(?<={w}{gap})" for w in words.split("|")) + ")"


_behind_ko = _behind(_FIRST, r"\s")
_behind_self = _behind(
    r"저는|전|저|제가|본인은|나는|이름은|성명은|성함은|민원인|신청인|담당자|담당|직원|담당자는", r"\s"
)
_FORM = "이름|성명|성함|담당자|담당|작성자|신청인|민원인"
_behind_form = "(?:" + "|".join(_behind(_FORM, colon) for colon in (":", ": ", " :", " : ")) + ")"
# 문제가 팀장, 직원 태도가: what ends in a particle before a space is a noun with its particle, not a name
_WORD_END = "(?<![이가을를도의와과만로에])"
_ko = (
    # 홍길동 씨, 홍 길동 씨, 홍길동님: a full name before an address of respect
    rf"{_BEFORE}(?:{_NAME}|(?!{_COMMON})[{_FAMILY}](?:\s[{_GIVEN}])?[{_GIVEN}])(?=\s?(?:씨|군|양)(?![가-힣])|\s?씨[가는의께도를와])",
    rf"{_BEFORE}{_NAME}(?=\s?님)",
    # 홍길동 과장, 김 대리, 박과장님: any run after a family name that is not an office
    rf"{_BEFORE}(?:{_NAME}|(?!{_COMMON})(?:{_TWO}|[{_FAMILY}])\s?[가-힣][가-힣]{_UNIT})(?:(?={_ANY_RANK})|{_WORD_END}(?=\s{_ANY_RANK}))",
    rf"{_BEFORE}(?!{_COMMON})(?:{_TWO}|[{_FAMILY}])[{_GIVEN}]?(?=\s?{_ANY_RANK})",
    # 홍길동 직원: where the title is an ordinary word, only syllables of given names
    rf"{_BEFORE}{_NAME}(?:(?=(?:{_OFFICE}){_AFTER})|{_WORD_END}(?=\s(?:{_OFFICE}){_AFTER}))",
    # 직원 홍길동이: the office first
    rf"{_behind_ko}{_NAME}(?:(?={_PARTICLE})|(?<!은){_WORD_END}(?=$|[\s.,!?~)'\"\]]))",
    # 김 영 희 주무관: written apart
    rf"{_BEFORE}[{_FAMILY}]\s[{_GIVEN}]\s[{_GIVEN}](?=\s?(?:{_ANY_RANK}|님|씨(?![가-힣])))",
    # 저는 홍길동이라고 합니다, 저 홍길동인데요, 민원인 홍길동입니다
    rf"{_behind_self}{_NAME}(?=이?라고|입니다|인데|이에요|예요|이고|이며)",
    # 홍길동(45세), 홍길동 (여, 45): an age in brackets
    rf"{_BEFORE}(?!{_COMMON})(?:{_TWO}|[{_FAMILY}])\s?[{_GIVEN}]{{1,2}}(?=\s?\(\s?(?:[남여]\s?,?\s?)?(?:만\s?)?\d{{2}}\s?세?\s?\))",
    # 이름: 홍길동, 담당자: 홍길동
    rf"{_behind_form}{_NAME}(?![가-힣])",
    # 김OO, 박모 씨
    rf"{_BEFORE}[{_FAMILY}]\s?[가-힣]?[○◯●*OoXx]{{1,3}}[가-힣]?(?![A-Za-z0-9])|{_BEFORE}[{_FAMILY}]모(?=\s?씨)",
)
_capital = r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)?"
_romanised = "Kim|Lee|Choi|Jung|Jeong|Kang|Cho|Yoon|Yun|Jang|Lim|Seo|Shin|Kwon|Hwang|Ahn|Hong|Yang|Bae|Baek|Ryu"
_nobody = r"(?!(?:The|This|You|I|All|Everyone|My|God|Your|It)\b)"
_title = _behind(r"\bMr|\bMs|\bMrs|\bDr|\bMiss|\bMr\.|\bMs\.|\bMrs\.|\bDr\.", " ")
_office = _behind("[Oo]fficer|[Mm]anager|[Cc]lerk|[Dd]irector|[Ii]nspector|[Pp]rofessor|[Dd]river", " ")
_told = _behind(r"\bnamed|\bcalled|\bname is|\bname was|\bthank|\bThank|\bThanks to|\bthanks to", " ")
_en = (
    rf"{_title}{_capital}",
    rf"{_told}{_nobody}{_capital}",
    rf"{_office}{_capital}",
    rf"\b(?:{_romanised})\s[A-Z][a-z]+(?:[-\s]?[A-Z]?[a-z]+)?\b|\b[A-Z][a-z]+-?[a-z]+\s(?:{_romanised})\b",
    r"\bPark\s[A-Z][a-z]+-[A-Za-z]+\b",
)

#: patterns whose match is a name
NAME_RULES: tuple[re.Pattern, ...] = tuple(re.compile(p) for p in (*_ko, *_en))
