"""An open-ended answer as text: one line, without what cannot be read, empty where nothing was said."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

#: full-width ASCII, as Korean input methods and spreadsheets leave it, and the ideographic space
_WIDE = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_REPEATED = re.compile(r"([^\d\s])\1{2,}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_BARE = re.compile(r"[^0-9a-z가-힣]+")
_JAMO = re.compile(r"[ㄱ-ㆎ]+")
#: (adverb)(matter)(particle)(there is none / I do not know)
_NOTHING = re.compile(
    r"(?:특별히|특별한|특별하게|딱히|별로|별|그다지|따로|현재|아직|전혀|달리|크게)?"
    r"(?:의견|건의|불만|불편|특이|개선|기타|해당|요구|바라는|할|하고싶은|추가)?(?:사항|점|말|내용|것|건)?(?:은|이|도|는)?"
    r"(?:없음|없슴|없습니다|없어요|없다|없네요|없구요|무|무응답|모름|모르겠음|모르겠습니다|모르겠어요|몰라요|잘모름|생각안남)"
)
_NOTHING_EN = {
    "", "x", "o", "na", "none", "no", "nil", "nothing", "nocomment", "nocomments", "notapplicable", "idontknow",
    "dontknow", "dk", "nothingtosay", "blank", "nope", "notreally", "ok", "yes", "test", "null", "nan",
}  # fmt: skip


def clean_comment(text: object) -> str:
    """`text` on one line: composed (NFC), full-width letters as ASCII, no control or invisible characters, no markup.

    A character repeated three times or more stands twice (``ㅋㅋㅋㅋ`` → ``ㅋㅋ``), digits excepted. Null gives ``""``.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.clean_comment("  친절해요!!!!  ")
    '친절해요!!'
    """
    if text is None or text != text or type(text).__name__ == "NAType":
        return ""
    text = unicodedata.normalize("NFC", html.unescape(str(text))).translate(_WIDE)
    text = _TAG.sub(" ", text)
    text = "".join(" " if c in "\r\n\t\x85\u2028\u2029" else c for c in text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Co"))
    text = " ".join(text.split())
    return _REPEATED.sub(r"\1\1", text)


def says_nothing(text: str, *, no_answer: Sequence[str] = ()) -> bool:
    """Whether a cleaned text is a way of leaving the question blank: ``없음``, ``-``, ``N/A``, ``ㅇㅇ``, a lone digit."""
    bare = _BARE.sub("", _JAMO.sub("", text.casefold()))
    if bare in _NOTHING_EN or bare.isdigit() or _NOTHING.fullmatch(bare):
        return True
    return bare in {_BARE.sub("", clean_comment(t).casefold()) for t in no_answer}


def language_of(text: str) -> str:
    """``ko`` where Hangul outweighs Latin letters, else ``en``."""
    hangul = sum("가" <= c <= "힣" for c in text)
    return "ko" if 2 * hangul >= sum(c.isascii() and c.isalpha() for c in text) else "en"
