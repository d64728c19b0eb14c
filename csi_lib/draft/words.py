"""Words by which headers and answers say what they are, in English, Spanish and Korean.

Headers are compared in lower case without a leading question number; answers in lower case.
"""

from __future__ import annotations

import re


def _any(*words: str) -> re.Pattern:
    return re.compile("|".join(words), re.IGNORECASE)


#: answers that are none, on a rating scale
NO_ANSWER = _any(
    r"don'?t know", r"do not know", r"\bdk\b", r"no opinion", r"not applicable", r"^n\.?/?a\.?$", r"\bn/a\b", r"refuse", r"no answer",
    r"\bskip", r"prefer not", r"not sure", r"\bunsure", r"can'?t say", r"no response", r"^blank$", r"never used", r"not used",
    r"didn'?t use", r"did not use", r"haven'?t used", r"not asked", r"^missing$", r"not provided", r"no experience", r"unable to",
    r"does not apply", r"doesn'?t apply", r"모름", r"모르겠", r"무응답", r"해당\s?없", r"해당\s?사항\s?없", r"비해당", r"거절",
    r"이용.{0,6}없", r"경험.{0,4}없", r"응답\s?안", r"no s[aeé]\b", r"no sabe", r"\bns\b", r"ns/?nc", r"no contest", r"no aplica",
    r"no respond", r"sin respuesta", r"prefiero no", r"no utiliz", r"no he (usado|utiliz)", r"no corresponde", r"^n\.?s\.?/?n\.?[cr]\.?$",
)  # fmt: skip
#: numbers that surveys give to "no answer", apart from the answers
NO_ANSWER_CODES = ("9", "8", "99", "98", "97", "96", "95", "88", "77", "90", "999", "998", "997", "888", "9999", "-1", "-2", "-3",
                   "-7", "-8", "-9", "-88", "-77", "-66", "-99", "-98", "-97", "-999", "-9999", "0")  # fmt: skip
#: texts that stand for a blank cell
BLANKS = (
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "#n/a",
    "#null!",
    ".",
    "-",
    "--",
    "blank",
    "(blank)",
    "missing",
    "#value!",
    "#ref!",
    "#div/0!",
)

ID = _any(
    r"^_?(id|uid|uuid|guid|no|nr|num|key)\.?$", r"^resp(ondent)?[\s_]*(id|num|no|number)?\.?$", r"(respondent|response|record|case|survey|subject|"
    r"participant|patient|student|customer|member|collector|submission|interview|panel(ist)?|user|account|employee|staff|person|household)"
    r"[\s_.]*(id|no|num|number|key|code|index|uuid)$", r"^(serial|caseid|respid|respnum|idnum|recordno|seqnum|seq|token|seed|instanceid|_?index|rowid)\b",
    r"일련\s?번호", r"응답자\s?(번호|id)", r"^번호$", r"고객\s?(번호|id)", r"회원\s?(번호|id)", r"접수\s?번호", r"학번", r"사번", r"^순번$", r"설문\s?번호",
    r"^folio", r"^id[\s_]", r"[\s_]id$", r"^n[uú]mero de (caso|encuesta|registro|folio)", r"matr[ií]cula", r"external.?(data)?reference", r"card.?n(o|um)",
)  # fmt: skip
CONTACT = _any(
    r"e-?mail", r"correo", r"\b(tele)?phone\b", r"^tel\.?\b", r"mobile (no|num|phone)", r"cell.?(phone|no|num)", r"celular", r"tel[eé]fono", r"whatsapp",
    r"전화", r"휴대폰", r"핸드폰", r"연락처", r"이메일", r"메일\s?주소", r"주소", r"(street|home|mailing|postal|your).?address", r"^address", r"direcci[oó]n\b",
    r"domicilio", r"^(your |full |first |last |family |given |sur|sur |user|middle |contact |recipient ?(first|last)?)?name\b", r"(first|last|full|user|recipient\w*)[\s_]?name",
    r"^nombre", r"apellido", r"성명", r"^이름", r"성함", r"ip.?addr", r"^ip$", r"^_?(gps|geo)", r"latitu", r"longitu", r"location(lat|lon)",
    r"주민\s?(등록)?\s?번호", r"생년월일", r"date.?of.?birth", r"birth.?dat", r"^dob$", r"fecha.{0,6}nacimiento", r"\bssn\b", r"social security", r"passport", r"여권",
    r"\bdni\b", r"\bcurp\b", r"\brfc\b", r"계좌", r"account number", r"license plate", r"차량\s?번호", r"signature", r"deviceid", r"recipient",
    r"서명", r"카카오", r"coordinates?", r"^_?submitted_by", r"^username$", r"nickname", r"닉네임", r"담당자",
)  # fmt: skip
QUASI = _any(
    r"zip", r"post(al)?.?code", r"우편\s?번호", r"c[oó]digo postal", r"^cp$", r"(start|end|submit|record|recorded|modified|created|submission).?(date|time)", r"timestamp",
    r"marca temporal", r"타임스탬프", r"(응답|제출|참여|작성|조사)\s?(일시|시간|일자|일)$", r"^(start|end|today|date|datestamp|startdate|enddate|submitdate|intdate)$", r"interviewer",
    r"조사원", r"면접원", r"encuestador", r"browser", r"user.?agent", r"referer", r"^seed$", r"lastpage", r"last page", r"^progress$", r"^status$", r"finished",
    r"distributionchannel", r"^_(version|tags|notes|status|validation)", r"^_+", r"collector", r"census", r"block ?group", r"\btract\b", r"street", r"birth.?year",
    r"year.?of.?birth", r"출생\s?연도", r"meta/", r"formhub", r"rootuuid",
)  # fmt: skip
WEIGHT = _any(r"^(.*[\s_.])?(wt|wgt|wght|weight|weights|weighting|pond|ponderador|ponderaci[oó]n|peso)\d*$", r"^weight", r"^w(t|gt|ght)[\s_\d]", r"\b(final|survey|sample|design|analysis|post-?strat\w*)[\s_]weights?\b", r"\bweight(ing)?[\s_](factor|variable)", r"factor.{0,4}(expansi|ponder)",
              r"expansi[oó]n", r"가중", r"^fexp", r"^w_?\d*$")  # fmt: skip
STRATUM = _any(r"^strat", r"estrato", r"^층", r"층화", r"[\s_]stratum$", r"[\s_]strata$")
CLUSTER = _any(r"^psu$", r"^cluster", r"집락", r"^upm$", r"conglomerado", r"[\s_]psu$")
YEAR = _any(
    r"^(survey|fiscal|calendar|data)?[\s_]?(year|yr)$",
    r"^a[nñ]o",
    r"^연도$",
    r"^년도$",
    r"조사\s?(연도|년도)",
    r"^wave$",
    r"^ola$",
    r"^round$",
    r"^차수$",
)
AGENCY = _any(r"^(agency|institution|organi[sz]ation|hospital|facility|clinic|provider|school|university|college|campus|airport|library|utility|operator|municipality)"
              r"([\s_.]?(name|id|code))?$", r"^(소속|대상|방문|이용|평가)?\s?(기관|시설|지점|센터|공단|구청)(명|이름)?$", r"^기관", r"기관명", r"지점명", r"시설명", r"^병원", r"^학교(명)?$", r"^대학(교|명)?$", r"^사업장", r"instituci[oó]n", r"^entidad$", r"^organismo", r"^dependencia")  # fmt: skip
GROUP = _any(
    r"gender", r"\bsex\b", r"^sex", r"sexo", r"g[eé]nero", r"성별", r"\bage\b", r"^age", r"age.?(group|range|band|cat)", r"\bedad", r"연령", r"나이", r"income", r"ingreso", r"소득",
    r"educat", r"escolaridad", r"estudios", r"학력", r"\brace\b", r"^race", r"ethnic", r"hispanic", r"raza", r"etni", r"district", r"\bward\b", r"region", r"regi[oó]n", r"\bzone",
    r"zona", r"지역", r"거주", r"권역", r"council", r"counci", r"county", r"borough", r"quadrant", r"neighbo", r"barrio", r"distrito", r"\bown\b.*\brent", r"own/rent", r"tenure", r"homeown",
    r"rent(er)?\b", r"household", r"hogar", r"가구", r"occupation", r"ocupaci", r"직업", r"employ", r"marital", r"혼인", r"\blang", r"idioma", r"언어", r"\bmode\b", r"^method", r"^mode", r"channel", r"경로", r"채널",
    r"purpose", r"motivo", r"목적", r"^class\b", r"\bgrade\b", r"grado", r"학년", r"전공", r"\bmajor\b", r"faculty", r"facultad", r"학과", r"nationalit", r"nacionalidad", r"국적", r"country", r"veteran",
    r"disab", r"discapacidad", r"장애", r"유형", r"구분", r"customer.?type", r"tipo de", r"residen", r"visitor", r"frequency of", r"이용\s?빈도", r"peak", r"department", r"부서", r"turno", r"\bshift\b",
    r"live in", r"years lived", r"children", r"hijos", r"자녀", r"full.?time", r"insurance", r"segur[oa]\b", r"^area$", r"^level", r"level of study", r"program(me)?\b", r"\bward\b", r"specialty",
)  # fmt: skip
RATING = _any(r"satisf", r"rat(e|ing)\b", r"qualit", r"calidad", r"calific", r"만족", r"품질", r"평가", r"agree", r"acuerdo", r"동의", r"recommend", r"recomend", r"추천", r"overall", r"general\b", r"전반", r"종합",
              r"safe(ty)?\b", r"segur", r"clean", r"limpi", r"courte", r"friendl", r"amabl", r"친절", r"expect", r"기대", r"trust", r"confian", r"신뢰", r"easy", r"f[aá]cil", r"likel")  # fmt: skip
#: what a label says beside the thing that is rated: "친절성 만족도" and "친절성 중요도" are of one thing
ASPECT = _any(r"만족도?", r"중요도?", r"\bsatisf\w*( with)?\b", r"\bimportance( of)?\b", r"\bimportant( is)?\b", r"\bhow\b", r"satisfacci[oó]n( con)?", r"importancia( de)?",
              r"priorit\w*", r"\bemphasis( on)?\b", r"우선(순위)?")  # fmt: skip
IMPORTANCE = _any(r"importan(t|ce|te|cia)", r"중요(도|한)", r"priorit", r"emphasis", r"우선")
RECOMMEND = _any(r"recommend", r"recomend", r"추천", r"\bnps\b", r"netpro", r"promoter")
OVERALL = _any(
    r"overall",
    r"in general",
    r"as a whole",
    r"en general",
    r"satisfacci[oó]n general",
    r"전반",
    r"종합",
    r"전체적",
    r"overall satisfaction",
)
OPEN = _any(r"comment", r"comentario", r"sugerenc", r"suggest", r"why\b", r"por qu[eé]", r"describe", r"explain", r"please (tell|specify|list)", r"what (would|could|do|else)", r"기타\s?의견", r"의견",
            r"건의", r"제안", r"이유", r"자유", r"적어\s?주", r"바라는", r"open.?end", r"verbatim", r"feedback", r"other.{0,12}(specify|text)", r"otr[oa].{0,12}(especifi|cu[aá]l)", r"기타\s?\(")  # fmt: skip
#: questions that ask to be written to, however short and alike the answers came out
WRITE = _any(r"적어\s?주", r"써\s?주", r"기재해", r"서술", r"기술해\s?주", r"자유롭게", r"in your own words", r"please (specify|describe|write|explain|list)", r"con sus palabras",
             r"especifique", r"describa")  # fmt: skip
NUMBER = _any(
    r"how (many|much|long)",
    r"number of",
    r"minutes",
    r"hours",
    r"cu[aá]nt",
    r"n[uú]mero de",
    r"몇\s?(명|번|회|시간|분)",
    r"횟수",
    r"인원",
    r"\bamount\b",
    r"duration",
    r"시간\(",
    r"\bcount\b",
)
UP_TO = re.compile(
    r"(?:up to|top|choose|select|pick|which|hasta|elija|seleccione|최대|상위)?\s*\b(two|three|four|five|dos|tres|cuatro|cinco|[2-5])\b(?:\s*(?:choices|items|most|개|가지|순위|answers|opciones|of))?",
    re.IGNORECASE,
)
YES = ("yes", "y", "sí", "si", "예", "네", "있다", "있음", "그렇다", "true", "o")
NO = ("no", "n", "아니오", "아니요", "없다", "없음", "아니다", "false", "x")

_SPANISH = re.compile(r"[¿ñáéíóú]|\b(de|la|los|las|el|con|para|qué|usted|su|muy|servicio)\b", re.IGNORECASE)
_HANGUL = re.compile(r"[가-힣]")


def language_of(texts: list[str]) -> str:
    """The language in which most of `texts` are written: ko, es or en."""
    texts = [t for t in texts if len(t) > 2]
    if not texts:
        return "en"
    if sum(bool(_HANGUL.search(t)) for t in texts) > 0.3 * len(texts):
        return "ko"
    long = [t for t in texts if " " in t] or texts
    return "es" if sum(len(_SPANISH.findall(t)) >= 1 for t in long) > 0.35 * len(long) else "en"
