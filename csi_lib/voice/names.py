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
    "형피두감빈동호온음좌팽승간상시갈근단견당화창옹곡빙계춘난돈내묵"
)
_TWO = "남궁|황보|제갈|선우|독고|사공|서문|동방|어금|망절|무본|강전|장곡|소봉|등정|황목"
#: syllables of which given names are mostly made
_GIVEN = (
    "가강건겸결경고곤관광교구권규균근금기길나남내녀노늘다단달담대덕도동두라란람래련렬례로록롱룡루리린림마"
    "만매명모목묵문미민바방배백범별병보복봉비빈빛산상새샘서석선설섭성세소솔송수숙순숭슬승시식신"
    "아안애양언여연열영예오옥온완용우욱운웅원월위유윤율은을의이익인일임자장재전정제조종주준중지"
    "진찬창채천철청초춘충치태택팔평표필하학한해향헌혁현형혜호홍화환회효훈휘흥희끝점쾌판율으뜸솜결벽녀말빛웅슬훈름"
)
#: given names of one syllable that are hardly the second half of a word
_ONE = "웅훈준솔별빈율혁철란숙"
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
    "이상|모두|한명|두명|태도|전원|인원|복장|표정|성의|지시|변경|배치|채용|사정|연결|선정|추가|제안|신청|추천|제보|진정|표창|전달|공유|손해|피해|"
    "구민|도민|군민|내부|외부|상태|상황|시간|시설|화장|동호|동네|단지|단체|계속|계약|계획|근처|근무|호실|당연|당일|상세|화면|간단|간편|온라인|음료|창문|내용|내일|"
    "고민|고생|고정|고령|주소|주문|주위|주의|주인|지도|지원|지금|지난|정도|정말|정리|정신|정원|정상|정문|조금|조치|조용|조명|장소|장점|장기|장난|한번|한두|한참|"
    "신고|신용|신속|전국|전망|전부|전세|전철|안전|안심|안정|안부|문제|문자|양식|양호|손잡|손해|배송|배려|백화|허가|유료|유지|노력|노선|하나|하루|하차|성별|성격|차량|차도|"
    "우선|우편|우수|구매|구청|구조|민간|진료|진행|진상|지점|엄청|원인|원칙|천천|방법|방향|방송|공용|공기|공지|현관|현수|현실|함께|변화|염려|여행|여유|도로|도착|도움|소리|소음|"
    "소통|소요|석면|선택|선물|설명|설치|설문|마음|마련|길이|길가|연락|연결|위치|위생|위험|표시|표현|명확|명단|기간|기준|기회|기대|기다|기관|기분|반말|반응|반복|왕복|금액|금방|금지|"
    "옥상|육교|인도|인터|인력|맹인|제대|제때|제도|제품|모집|모습|모임|탁자|국내|어린|어른|은행|편의|편안|편리|용도|용품|예약|예산|예매|경로|경우|경험|봉사|사람|사용|사고|사진|"
    "부족|부담|부분|부탁|가능|가족|가격|가끔|가장|복도|복잡|태워|목적|목욕|형식|형편|피로|두번|두고|감동|"
    "공무원|연구원|사회인|안내자|신혼|조합원|전화기|안내기|정기|주차장|수영장|경기장|전시장|운동장|공연장|강의|문의|주중|공사장|유모|공동체|임차|임대|구성|도시인|현지|"
    "어린이|노인|소방|위생|기술|수영|헬스|요가|체육|문화|공원|도서|민원|총무|재무|경영|인사|기획|감사|안전|운영|관리|교통|환경"
)
# the end of an office's name, not of a person's
_UNIT = "(?<!센터)(?<![팀실과부국처소관장시군구동청점역원사층번])"
_PARTICLE = "[이가은는을를께의와과도만]|님|씨|한테|에게|하고|랑|라는|이라"
_BEFORE = r"(?<![가-힣])"

_SHORT = "|".join(w for w in _COMMON.split("|") if len(w) < 3)
_LONG = "|".join(w for w in _COMMON.split("|") if len(w) > 2)
_SYLLABLES = rf"(?:(?:{_TWO})[{_GIVEN}]{{1,2}}|[{_FAMILY}][{_GIVEN}][{_GIVEN}]|[{_FAMILY}][{_ONE}])"
_NAME = rf"(?!{_COMMON}){_SYLLABLES}"  # 홍길동, 남궁민수, 허준: where what stands beside it proves little
_SURE = rf"(?!{_LONG}|(?:{_SHORT})(?:(?![{_GIVEN}])|[인원자기장소지전이가은의도]))(?:{_SYLLABLES})"  # where it proves much: 공지호 씨, 서문빈 드림
# 홍 길 동, 남궁 훈
_APART = rf"(?:{_TWO}|[{_FAMILY}])\s[{_GIVEN}](?:\s[{_GIVEN}])?"
_AFTER = r"(?:님|분|께|에게|한테|하고|랑|라|입니다|인데|이|가|은|는|을|를|의|도|과|와|로|에|\s|[.,!?]|$)"
_ANY_RANK = f"(?:{_RANK}){_AFTER}"
_FIRST = "안내원|직원|담당|담당자|담당자는|공무원|공무원은|기사|강사|팀장|과장|대리|주무관|상담원|상담사|선생님|이름은|이름이|성함은|성함이"


def _behind(words: str, gap: str) -> str:
    """A look back at any of several words: each needs its own, because their lengths differ."""
    return "(?:" + "|".join(f"(?<={w}{gap})" for w in words.split("|")) + ")"


_behind_ko = _behind(_FIRST, r"\s")
_behind_self = _behind(
    r"저는|전|저|제가|제 이름은|제 이름이|본인은|나는|이름은|성명은|성함은|민원인|신청인|담당자|담당|직원|담당자는",
    r"\s",
)
_behind_hello = _behind("안녕하세요|안녕하십니까|반갑습니다|안녕하세요[.,]|안녕하십니까[.,]", r"\s")
_behind_label = _behind("성명|성함|본명", r"\s")
_FORM = "이름|성명|성함|담당자|담당|작성자|신청인|민원인"
_behind_form = "(?:" + "|".join(_behind(_FORM, colon) for colon in (":", ": ", " :", " : ")) + ")"
# 문제가 팀장, 직원 태도가: what ends in a particle before a space is a noun with its particle, not a name
_WORD_END = "(?<![이가을를도의와과만로에])"
_ko = (
    # 홍길동 씨, 홍 길동 씨, 홍길동님: a full name before an address of respect
    rf"{_BEFORE}(?:{_SURE}|(?!{_COMMON})[{_FAMILY}](?:\s[{_GIVEN}])?[{_GIVEN}])(?=\s?(?:씨|군|양)(?![가-힣])|\s?씨[가는의께도를와에한랑라])",
    rf"{_BEFORE}{_APART}(?=\s?씨(?:[가는의께도를와에한랑라]|(?![가-힣])))",
    rf"{_BEFORE}(?:{_SURE}|{_APART})(?=\s?님)",
    # 홍길동 과장, 김 대리, 박과장님: any run after a family name that is not an office
    rf"{_BEFORE}(?:{_SURE}|(?!{_COMMON})(?:{_TWO}|[{_FAMILY}])\s?[가-힣][가-힣]{_UNIT})(?:(?={_ANY_RANK})|{_WORD_END}(?=\s{_ANY_RANK}))",
    rf"{_BEFORE}(?!{_COMMON})(?:{_TWO}|[{_FAMILY}])[{_GIVEN}]?(?=\s?{_ANY_RANK})",
    # 홍길동 직원: where the title is an ordinary word, only syllables of given names
    rf"{_BEFORE}{_NAME}(?:(?=(?:{_OFFICE}){_AFTER})|{_WORD_END}(?=\s(?:{_OFFICE}){_AFTER}))",
    # 직원 홍길동이: the office first
    rf"{_behind_ko}(?:{_NAME}|(?:{_TWO})[{_GIVEN}]{{1,2}}|{_SURE}(?=에게|한테|이\s|가\s))(?:(?={_PARTICLE})|(?<!은){_WORD_END}(?=$|[\s.,!?~)'\"\]]))",
    # 김 영 희 주무관: written apart
    rf"{_BEFORE}{_APART}(?=\s?{_ANY_RANK})",
    # 저는 홍길동이라고 합니다, 저 홍길동인데요, 민원인 홍길동입니다
    rf"{_behind_self}(?:{_SURE}|{_APART})(?=이?라고|입니다|인데|이에요|예요|이고|이며|\s?$|[.,!?])",
    rf"{_behind_hello}(?:{_SURE}|{_APART})(?=이?라고\s(?:합|해)|입니다|인데|이에요|예요)",
    rf"{_BEFORE}{_SURE}(?=이?라고\s(?:합니다|해요|하는데))",
    # 홍길동 올림
    rf"(?:^|(?<=[-.,!?~]\s)|(?<=[-.,!?~])|(?<=다\s)|(?<=요\s))(?:{_SURE}|{_APART})(?=\s?(?:올림|드림|배상|拜上)\s?[.!)]*$)",
    # 홍길동(45세), 홍길동 (여, 45): an age in brackets
    rf"{_BEFORE}(?:{_SURE}|(?!{_COMMON})(?:{_TWO}|[{_FAMILY}])(?:\s?[{_GIVEN}]){{1,2}})(?=\s?\(\s?(?:[남여]\s?,?\s?)?(?:만\s?)?\d{{2}}\s?세?\s?\))",
    # 이름: 홍길동, 담당자: 홍길동
    rf"{_behind_form}(?:{_SURE}|{_APART}|(?:{_TWO}|[{_FAMILY}])[{_GIVEN}])(?![가-힣])",
    rf"{_behind_label}(?:{_SURE}|{_APART}|(?:{_TWO}|[{_FAMILY}])[{_GIVEN}])(?![가-힣])",
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

_LONE = re.compile(rf"{_BEFORE}{_NAME}(?=(?:{_PARTICLE}|에|께)?(?![가-힣]))")


def lone_names(text: str) -> list[str]:
    """Runs of syllables that look like a full name and stand beside nothing that proves it: what a reader looks at.

    Examples
    --------
    >>> lone_names("홍길동이 도와주었다"), lone_names("주차가 불편하다")
    (['홍길동'], [])
    """
    return list(dict.fromkeys(m.group() for m in _LONE.finditer(text)))
