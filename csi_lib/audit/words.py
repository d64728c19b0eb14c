"""Words of Korean and English tables from which the role of a column or row is read."""

from __future__ import annotations

import re

from csi_lib.audit.printed import clean


def _words(pattern: str) -> re.Pattern:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


#: roles a column may have (what a spec may say)
ROLES = ("label", "year", "count", "share", "score", "difference", "rate", "weight", "margin", "confidence",
         "population", "allotted", "rank", "total", "ignore")  # fmt: skip

COUNT = _words(
    r"""^n$|^(?:(?:un)?weighted\s+)?base(?:\s+size)?$|
    ^n\s*[=(]|\bn$|[_ ]n$|^n_|\bcounts?\b|_count|respondents?|responses?$|cases?$|frequency|freq\b|sample_?size|
    표본\s*(?:수|크기)|조사\s*규모|사례\s*수|응답자|응답\s*수|빈도|인원|건수|명수|대상자|참여자|\(명\)|\(건\)|\(개\)|유효\s*표본|회수|배포|조사\s*완료"""
)
MEDIAN = _words(r"중앙값|중위수|최빈값|\bmedian\b|\bmode\b")
WEIGHTED = _words(r"가중(?!\s*전)|(?<!un)weighted|보정|환산\s*사례")
SHARE = _words(
    r"%(?!\s*p)|percent|비율|구성비|비중|\bshare\b|proportion|점유율|백분율|응답률\b|\brate$|_pct|[가-힣]률|[가-힣]율"
)
DIFFERENCE = _words(
    r"""증감(?!\s*[률율])|차이|격차|증감폭|대비(?!\s*(?:[가-힣]*[률율]))|변화(?![률율])|편차|\bgap\b|_?diff|\bdelta\b|difference|\bchanges?\b(?!\s*(?:rate|\(?%))|
    [±△▲]|net\s*change"""
)
RATE = _words(
    r"증감[률율]|증가[률율]|변화[률율]|신장[률율]|상승[률율]|성장[률율]|대비\s*[가-힣]*[률율]|growth|change[_ ]?rate|(?:%|percent|pct)[_ ]?change|change\s*\(?%"
)
WEIGHT = _words(r"가중치|가중값|\bweights?\b|\bwt\d*\b|_weight|중요도\s*비중")
MARGIN = _words(
    r"표본\s*오차|오차\s*(?:한계|범위)?|error_?\s*margin|margin[_ ]of[_ ]error|margin|sampling_?\s*error|\bmoe\b"
)
STANDARD_ERROR = _words(r"표준\s*오차|standard\s*error|std\.?\s*err|\bs\.?e\.?\b")
STANDARD_DEVIATION = _words(r"표준\s*편차|standard\s*deviation|std\.?\s*dev|\bs\.?d\.?\b|^std$")
LOWER = _words(r"하한|lower|\bci_?low\b|\blow(?:er)?_?ci\b|\blcl\b")
UPPER = _words(r"상한|upper|\bci_?high\b|\bhigh(?:er)?_?ci\b|\bucl\b")
NET = _words(
    r"^net\b|\bnet$|top[\s-]*[23]|bottom[\s-]*[23]|^(?:t|b)[23]b?$|긍정\s*(?:률|율|응답|비율|합)|부정\s*(?:률|율|응답|비율|합)|\(합\)|합산"
)
NEGATIVE = _words(r"dissatisf|disagree|negative|bottom|부정|불\s*만|불친절|unlikely|^b[23]")
PROMOTERS = _words(r"^추천|promoter|적극\s*추천")
DETRACTORS = _words(r"비추천|비\s*추천|detractor")
NPS = _words(r"\bnps\b|순추천|net\s*promoter")
CONFIDENCE = _words(r"신뢰\s*수준|confidence")
POPULATION = _words(r"모집단|population|\bframe\b|전체\s*고객\s*수|universe")
ALLOTTED = _words(r"배점|만점|allot|max(?:imum)?[_ ]?(?:points|score)|out_?\s*of")
RANK = _words(r"순위|석차|등위|\brank")
DESIGN_EFFECT = _words(r"설계\s*효과|design\s*effect|\bdeff\b|층화|집락|복합\s*표본|weighting")
MULTIPLE = _words(
    r"복수\s*응답|중복\s*응답|다중\s*응답|중복\s*선택|복수\s*선택|multiple[\s-]*(?:response|answer|choice)|1\s*\+\s*2\s*(?:\+\s*3\s*)?순위"
)
ROUNDED_UNIT = _words(
    r"단위\s*[:：]?\s*\(?\s*(?:천|만|십만|백만|천만|억|십억|조)|in\s+(?:thousands|millions|billions)|\(천|\(백만|\(억|천\s*명|천\s*원|백만\s*원|억\s*원|thousands?\b|millions?\b"
)
SIMPLE = _words(r"단순|산술|simple|unweighted")
OTHER_BASE = _words(r"전국|타\s*기관|전체\s*기관|평균\s*대비|목표|target|benchmark|peer")

_TOTAL_STRICT = r"(?:총\s*)?합\s*계|총\s*계|소\s*계|누\s*계|계|grand\s*total|sub-?\s*total|totals?|sum"
_TOTAL_LOOSE = (
    r"전\s*체|총\s*점|총|종\s*합|종합\s*(?:점수|만족도|지수)|overall|all(?:\s+(?:users|respondents|customers|services|people|adults))?|전\s*사"
    r"|전체\s*(?:고객|응답자|이용자|민원인)"
)
_MEAN = r"(?:전체\s*|단순\s*|가중\s*|산술\s*|총\s*)?평\s*균(?:\s*점수)?|mean|average|avg\.?"
BASE_ROW = re.compile(
    r"^(?:(?:un)?weighted\s+)?(?:base|n|sample(?:\s+size)?)$|^(?:사례|표본|응답자)\s*수$|^응답자$", re.IGNORECASE
)

TOTAL_STRICT = re.compile(
    rf"^(?:{_TOTAL_STRICT})$|[가-힣\s](?:합계|총계|소계)$|^(?:sub-?|grand\s*)?total\b", re.IGNORECASE
)
TOTAL = re.compile(
    rf"^(?:{_TOTAL_STRICT}|{_TOTAL_LOOSE})$|(?:합계|총계|소계|전체|종합|총점)$|(?:^|[\s_])total(?:$|[\s_])",
    re.IGNORECASE,
)
MEAN = re.compile(rf"^(?:{_MEAN})$|평균$|(?:^|[\s_])(?:mean|average|avg)(?:$|[\s_.])", re.IGNORECASE)
SUBTOTAL = re.compile(r"소\s*계|sub-?\s*total", re.IGNORECASE)

_VERY = r"(?:매우|아주|대단히|전적으로|절대|very|extremely|strongly|completely)"
_GOOD = r"(?:만족|친절|그렇다|동의|긍정|좋|우수|찬성|satisf|agree|good|kind|likely)"
_BAD = r"(?:불\s*만족?|불친절|그렇지\s*않|반대|부정|나쁘|미흡|dissatisf|disagree|bad|poor|unsatisf|unlikely)"
_MIDDLE = r"(?:보통|중립|neither|neutral|그저\s*그렇|fair(?!ly)|average)"


def plain(text: str) -> str:
    """A label without what stands in parentheses after it: 공단종합(표) → 공단종합."""
    text = clean(text)
    bare = re.sub(r"\s*[(\[（].*?[)\]）]\s*", " ", text).strip()
    return bare or text


def says(pattern: re.Pattern, text: str) -> bool:
    return bool(pattern.search(clean(text).replace("_", " ")) or pattern.search(clean(text)))


def is_total(text: str) -> bool:
    return bool(TOTAL.search(plain(text)) or MEAN.search(plain(text)))


def degree(text: str) -> int | None:
    """Place of an answer on a rating scale: 2 very good, 1 good, 0 middle, -1 bad, -2 very bad; None for other texts."""
    text = re.sub(r"[\d()%점_]|percent|비율|응답", " ", clean(text).lower()).strip()
    if not text or len(text) > 24 or re.search(r"만족[도률]|친절도|동의[도율]|satisfaction|index|지수", text):
        return None
    very = bool(re.search(_VERY, text))
    if re.search(_BAD, text) or re.search(r"전혀", text):
        return -2 if very or re.search(r"전혀", text) else -1
    if re.search(_MIDDLE, text):
        return 0
    if re.search(_GOOD, text):
        return 2 if very else 1
    return None


_UNRATED = re.compile(
    r"미\s*평가|무\s*응답|모름|잘\s*모|해당\s*없|결측|no\s*(?:answer|response|opinion)|don'?t\s*know|unrated|refus|missing|n/?a",
    re.IGNORECASE,
)


def is_unrated(text: str) -> bool:
    return bool(_UNRATED.search(clean(text)))
