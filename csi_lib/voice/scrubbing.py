"""Personal data in free text replaced by what they were: ``[전화번호]``, ``[이름]``.

Rules err on the side of hiding. They look for what identifies a person by its form (numbers, addresses) and, for names,
by a title or office beside them; a list of names can be added. What no rule can find (a nickname, a story that only one
person can have told) is why quotations also need a minimum base, and why the listing is a choice of the study.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from csi_lib.voice.cleaning import language_of
from csi_lib.voice.names import NAME_RULES

#: kind → what stands in its place
PLACEHOLDERS = {
    "ko": {
        "email": "[전자우편]",
        "link": "[링크]",
        "account_id": "[계정]",
        "resident": "[주민등록번호]",
        "card": "[카드번호]",
        "phone": "[전화번호]",
        "bank": "[계좌번호]",
        "car": "[차량번호]",
        "home": "[상세주소]",
        "reference": "[접수번호]",
        "birth": "[생년월일]",
        "document": "[신분증번호]",
        "name": "[이름]",
    },
    "en": {
        "email": "[e-mail]",
        "link": "[link]",
        "account_id": "[account]",
        "resident": "[resident number]",
        "card": "[card number]",
        "phone": "[phone]",
        "bank": "[account number]",
        "car": "[car number]",
        "home": "[address]",
        "reference": "[reference]",
        "birth": "[date of birth]",
        "document": "[document number]",
        "name": "[name]",
    },
}

_S = r"[-\s.·,/)~–—]{0,3}"  # what people put between groups of digits
_SPOKEN = "공영일이삼사오육륙칠팔구"
_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자허하호배육해공국합"
_YEAR = r"(?:19|20)\d\d"

#: (kind, what it looks like); what an earlier rule has replaced, later ones do not see
_RULES: tuple[tuple[str, re.Pattern], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("email", r"[\w.+%-]+\s?(?:@|\(at\)|\[at\]|＠)\s?[a-z0-9-]+(?:\s?(?:\.|\(dot\)|\[dot\])\s?[a-z0-9-]+)+"),
        ("email", r"[\w.+-]+\s?골뱅이\s?[a-z0-9가-힣-]+(?:\s?(?:\.|닷|점)\s?[a-z가-힣]{2,4}(?![가-힣]))*"),
        ("email", r"[a-z0-9][\w.+-]+\s?(?:앳|엣)\s?[a-z0-9가-힣-]+\s?(?:\.|dot|닷|점)\s?(?:[a-z]{2,4}|컴|넷|케이알)"),
        (
            "email",
            r"[\w.+-]+\s(?:at|앳)\s[a-z0-9-]+\s?(?:\.|dot|닷|점)\s?(?:com|net|org|kr|co\.kr|컴|넷)(?![a-z가-힣])",
        ),
        (
            "account_id",
            r"(?:카톡|카카오톡|텔레그램|인스타(?:그램)?|위챗|왓츠앱|디스코드|페이스북|페북|트위터|틱톡|밴드\s?(?:아이디|id)|라인\s?(?:아이디|id))\s?(?:아이디|id)?\s?(?:[:은는]|=)?\s?[a-z][\w.-]{3,}",
        ),
        ("link", r"(?:https?://|www\.)\S+"),
        ("account_id", r"(?<![\w@])@[\w.]{3,}"),
        (
            "account_id",
            r"(?<=카톡)\s?(?:아이디|id)\s?[:은는]?\s?[\w.-]{3,}|(?<=카카오톡)\s?(?:아이디|id)\s?[:은는]?\s?[\w.-]{3,}",
        ),
        ("resident", r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?[-–—~ ]?\s?[1-8][\d*xX•●]{6}(?![\d*])"),
        ("resident", r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?[-–—]\s?[1-8](?!\d)"),
        ("card", r"(?<!\d)\d{4}[-\s.]?[\d*]{4}[-\s.]?[\d*]{4}[-\s.]?\d{3,4}(?!\d)"),
        ("phone", rf"(?<!\d)(?:\+?\s?82{_S}\(?0?\)?|0)1[016789]{_S}\d{{3,4}}{_S}\d{{4}}(?!\d)"),
        (
            "phone",
            r"(?<![\da-z])[0o공영]\s?[1il일]\s?[0o공영16789][-\s._·,/–—]{0,3}\d{3,4}[-\s._·,/–—]{0,3}\d{4}(?!\d)",
        ),
        ("phone", rf"(?<!\d)\(?0(?:2|[3-7]\d{{1,2}}|505)\)?{_S}\d{{3,4}}{_S}\d{{4}}(?!\d)"),
        ("phone", rf"(?<!\d)\+\s?\d{{1,3}}{_S}\(?\d{{1,4}}\)?{_S}\d{{3,4}}{_S}\d{{3,4}}(?!\d)"),
        ("phone", r"(?<!\d)\(?\d{3}\)?[-\s.]\d{3}[-\s.]\d{4}(?!\d)"),
        ("phone", rf"(?<![{_SPOKEN}가-힣])[공영]일[공영일육륙칠팔구](?:{_S}[{_SPOKEN}]){{7,8}}(?![{_SPOKEN}])"),
        ("document", r"(?<!\d)\d{2}-\d{2}-\d{6}-\d{2}(?!\d)|(?<![A-Za-z0-9])[MSRODG]\d{8}(?![\w])"),
        ("bank", r"(?<![\d-])\d{2,6}(?:-\d{2,7}){2,4}(?![\d-])(?<!\d\d\d\d-\d\d-\d\d)|(?<!\d)\d{10,16}(?!\d)"),
        ("phone", rf"(?<![\d-])(?!1[568]\d\d)(?!{_YEAR}\s?-\s?{_YEAR})\d{{3,4}}-\d{{4}}(?![\d-])"),
        ("car", rf"(?:(?:{_REGION})\s?)?(?<!\d)\d{{2,3}}\s?[{_PLATE}]\s?\d{{4}}(?!\d)(?!\s?[년원명개건점만천%])"),
        ("home", r"(?<!\d)\d{1,4}동\s?\d{1,4}호"),
        (
            "home",
            r"(?<=[시군구동읍면]\s)[가-힣]{1,8}(?:로|길)\s?\d{1,4}(?:번?길\s?\d{1,4})?(?:-\d{1,4})?(?![\d명건원점시분번])",
        ),
        ("home", r"(?<![가-힣])[가-힣]{1,6}(?:로|길)\s?\d{1,4}번?길\s?\d{1,4}(?:-\d{1,4})?"),
        ("home", r"(?<=[가-힣][동리읍면]\s)\d{1,4}-\d{1,4}(?:번지)?(?!\d)|(?<!\d)\d{1,4}(?:-\d{1,4})?\s?번지(?!\s?점)"),
        ("reference", r"(?:(?<=번호는\s)|(?<=번호:\s)|(?<=번호\s)|(?<=번호))[A-Za-z]{0,4}-?\d[\d-]{3,}"),
        ("reference", r"(?:(?<=no\.)|(?<=number)|(?<=ref\.))\s?:?\s?[A-Za-z]{0,4}-?\d[\d-]{3,}"),
        (
            "birth",
            r"(?<!\d)(?:\d{2}|(?:19|20)\d\d)\s?[.년/-]\s?\d{1,2}\s?[.월/-]\s?\d{1,2}\s?[.일]?\s?(?:생(?![각활산기명])|출생|born)",
        ),
        ("birth", r"(?<=생일)\s?[:은는이]?\s?(?:\d{2,4}\s?[.년/-]\s?)?\d{1,2}\s?[.월/-]\s?\d{1,2}\s?일?"),
        (
            "birth",
            r"(?:19|20)?\d\d\s?년\s?생\s?\d{1,2}\s?월\s?\d{1,2}\s?일(?:\s?생(?![각활산기명]))?|(?<=생년월일)\s?[:은는이]?\s?\d[\d.년월일\s-]{3,12}|\d{2,4}\s?년\s?\d{1,2}\s?월\s?\d{1,2}\s?일\s?생(?![각활산기명])",
        ),
    )
)


@dataclass(frozen=True)
class Scrubbed:
    """A text without personal data, and the kinds that were replaced, one for each place."""

    text: str
    found: tuple[str, ...]


def scrub(text: str, *, names: Iterable[str] = ()) -> Scrubbed:
    """`text` (cleaned) with personal data replaced by placeholders in its own language.

    Hidden are telephone numbers (also spelled out), resident registration numbers, e-mail and other addresses of
    accounts, card, bank account, car and reference numbers, identity documents, dates of birth, flat numbers, names
    beside a title or office, masked names (``김OO``), and every name in `names`. Numbers that are no one's (years,
    prices, times, the short numbers of call centres) stay.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.scrub("Call me at 010-1234-5678").text
    'Call me at [phone]'
    """
    shown = PLACEHOLDERS[language_of(re.sub(r"\S*[@/]\S*", "", text))]
    found: list[str] = []

    def hide(kind):
        def replace(match: re.Match) -> str:
            found.append(kind)
            return shown[kind]

        return replace

    for kind, pattern in _RULES:
        text = _outside(text, pattern, hide(kind))
    listed = _listed(tuple(sorted({n.strip() for n in names if n and n.strip()})))
    for pattern in (*([listed] if listed else []), *NAME_RULES):
        text = _outside(text, pattern, hide("name"))
    return Scrubbed(text, tuple(found))


_PLACEHOLDER = re.compile("|".join(re.escape(p) for lang in PLACEHOLDERS.values() for p in lang.values()))


def _outside(text: str, pattern: re.Pattern, replace) -> str:
    """Apply a rule everywhere but inside what is already hidden."""
    if not pattern.search(text):
        return text
    out, at = [], 0
    for match in _PLACEHOLDER.finditer(text):
        out += [pattern.sub(replace, text[at : match.start()]), match.group()]
        at = match.end()
    return "".join([*out, pattern.sub(replace, text[at:])])


@lru_cache(maxsize=8)
def _listed(names: tuple[str, ...]) -> re.Pattern | None:
    """Names as given, with or without spaces inside; a Latin name only as whole words."""
    if not names:
        return None
    spaced = lambda n: r"\s?".join(map(re.escape, n.replace(" ", "")))
    forms = [rf"(?<!\w){re.escape(n)}(?!\w)" if n.isascii() else rf"(?<![가-힣]){spaced(n)}" for n in names]
    return re.compile("|".join(sorted(forms, key=len, reverse=True)), re.IGNORECASE)
