"""Korean particles that agree with the sound of the word before them.

은/는, 이/가, 을/를 … depend on whether the word ends in a consonant, and 으로/로 also on whether that
consonant is ㄹ. What counts is how the text is *read aloud*: 63.9 ends in 구, 64.0 in 영, CSI in 아이, % in
퍼센트. What cannot be read (an emoji, a Chinese character, nothing) gets the neutral spelling 은(는).
"""

from __future__ import annotations

import re
import unicodedata

from csi_lib.errors import InputError

OPEN, CLOSED, RIEUL = "open", "closed", "rieul"

# after a consonant, after a vowel; 로 and its compounds follow the vowel form after ㄹ as well
_PAIRS = [
    ("은", "는"),
    ("이", "가"),
    ("을", "를"),
    ("과", "와"),
    ("아", "야"),
    ("이여", "여"),
    ("이나", "나"),
    ("이라", "라"),
    ("이라고", "라고"),
    ("이라는", "라는"),
    ("이란", "란"),
    ("이며", "며"),
    ("이고", "고"),
    ("이지만", "지만"),
    ("이랑", "랑"),
    ("이든", "든"),
    ("이야", "야"),
    ("이다", "다"),
    ("이었", "였"),
    ("이에요", "예요"),
    ("으로", "로"),
    ("으로서", "로서"),
    ("으로써", "로써"),
    ("으로부터", "로부터"),
]
PARTICLES = {f"{a}/{b}": (a, b) for a, b in _PAIRS} | {f"{b}/{a}": (a, b) for a, b in _PAIRS}

# readings by final sound; digits 영 일 이 삼 사 오 육 칠 팔 구
_DIGITS = dict(zip("0123456789", (CLOSED, RIEUL, OPEN, CLOSED, OPEN, OPEN, CLOSED, RIEUL, RIEUL, OPEN)))
_LETTERS = dict.fromkeys("abcdefghijklmnopqrstuvwxyz", OPEN) | {
    "l": RIEUL,
    "r": RIEUL,
    "m": CLOSED,
    "n": CLOSED,
}
_SYMBOLS = {
    "%": OPEN,
    "‰": RIEUL,
    "℃": OPEN,
    "°": OPEN,
    "$": OPEN,
    "₩": CLOSED,
    "￦": CLOSED,
    "€": OPEN,
    "£": OPEN,
    "¥": CLOSED,
    "²": CLOSED,
    "³": CLOSED,
    "㎡": OPEN,
    "㎢": OPEN,
    "㎥": OPEN,
    "㎞": OPEN,
    "㎝": OPEN,
    "㎜": OPEN,
    "㎏": CLOSED,
    "㎎": CLOSED,
    "+": OPEN,
    "&": OPEN,
    "#": CLOSED,
    "@": CLOSED,
    "ε": CLOSED,
    "ο": CLOSED,
    "υ": CLOSED,
}
_UNITS = {
    "kg": CLOSED,
    "g": CLOSED,
    "mg": CLOSED,
    "km": OPEN,
    "m": OPEN,
    "cm": OPEN,
    "mm": OPEN,
    "l": OPEN,
    "L": OPEN,
    "ml": OPEN,
    "kWh": OPEN,
    "pp": OPEN,
    "p": OPEN,
    "ha": OPEN,
}
# English words whose Korean spelling the rules below miss, and capitals read as a word
_WORDS = {
    "up": CLOSED,
    "check": OPEN,
    "set": OPEN,
    "kit": OPEN,
    "hub": OPEN,
    "type": CLOSED,
    "tape": CLOSED,
    "talk": OPEN,
    "kakaotalk": CLOSED,
    "me": OPEN,
    "we": OPEN,
    "mom": CLOSED,
    "box": OPEN,
    "one": CLOSED,
    "some": CLOSED,
    "staff": OPEN,
    "cut": CLOSED,
    "good": CLOSED,
    "word": OPEN,
}

# quotes, closing brackets and Markdown around the word are not read
_UNREAD = "\"'`*_~^\\|“”‘’」』》〉】〕］｠)]}>.,:;!?…·†‡* \t\u3000"
_PARENTHESIS = re.compile(r"(?<=\S)\s*(?:\([^()]*\)|（[^（）]*）)$")
_SPAN = re.compile(r"\[([^\[\]]*)\]\{[^{}]*\}")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?$")
_LATIN = re.compile(r"[A-Za-z]+$")


def josa(text: object, pair: str) -> str:
    """The particle of `pair` that follows `text`: ``josa("만족도", "은/는")`` is ``"는"``.

    Parameters
    ----------
    text : any word, number, unit, acronym or Markdown span; parentheses after a word, quotes and emphasis
        are not read: ``국민연금공단(NPS)`` takes 은 after 단.
    pair : one of `PARTICLES`, either form first: 은/는, 이/가, 을/를, 과/와, 으로/로, 이나/나, 이라/라,
        아/야 ….

    Returns
    -------
    str: the particle alone; where the end of `text` cannot be read, both: 은(는), (으)로.

    Raises
    ------
    InputError for a pair that is not known.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.josa("서울", "은/는"), csi_lib.josa("대구", "은/는")
    ('은', '는')
    """
    try:
        closed, opened = PARTICLES[pair]
    except KeyError:
        raise InputError(
            "unknown pair of particles", found=repr(pair), expected=", ".join(f"{a}/{b}" for a, b in _PAIRS)
        ) from None
    sound = final_sound(text)
    if sound is None:
        return f"({closed[0]}){opened}" if closed[1:] == opened else f"{closed}({opened})"
    if sound == RIEUL:
        return opened if closed.startswith("으로") else closed
    return closed if sound == CLOSED else opened


def attach(text: object, pair: str) -> str:
    """`text` with its particle: ``attach("63.9점", "을/를")`` is ``"63.9점을"``."""
    return f"{text}{josa(text, pair)}"


def final_sound(text: object) -> str | None:
    """How `text` ends when read aloud: ``"open"`` (vowel), ``"closed"``, ``"rieul"`` or None (unreadable)."""
    word = _read_part(unicodedata.normalize("NFC", str(text)))
    if not word:
        return None
    last = word[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return OPEN if final == 0 else RIEUL if final == 8 else CLOSED
    if "ㄱ" <= last <= "ㅎ":
        return RIEUL if last == "ㄹ" else CLOSED
    if "ㅏ" <= last <= "ㅣ":
        return OPEN
    if last in _SYMBOLS:
        return _SYMBOLS[last]
    if last.isascii() and last.isdigit():
        return _number_sound(_NUMBER.search(word).group())
    if last.isascii() and last.isalpha():
        return _latin_sound(word)
    if "α" <= last.lower() <= "ω":
        return _SYMBOLS.get(last.lower(), OPEN)
    return _compatible_sound(last)


def _read_part(text: str) -> str:
    """`text` up to the last character that is read."""
    text = _LINK.sub(r"\1", _SPAN.sub(r"\1", text))
    while True:
        shorter = _PARENTHESIS.sub("", text)
        if shorter == text and text and _is_unread(text[-1]):
            shorter = text[:-1]
        if shorter == text:
            return text
        text = shorter


def _is_unread(character: str) -> bool:
    pictures = unicodedata.category(character) in ("So", "Sk", "Mn", "Cf") and character not in _SYMBOLS
    return pictures or character in _UNREAD


def _number_sound(number: str) -> str:
    """영 일 … 구 by the last digit; whole numbers that end in zeros by their unit 십 백 천 만 억 조 경 해."""
    whole, _, decimals = number.partition(".")
    whole = whole.replace(",", "")
    if decimals or not whole.strip("0") or whole[-1] != "0":
        return _DIGITS[number[-1]]
    zeros = len(whole) - len(whole.rstrip("0"))
    return OPEN if 12 <= zeros < 16 or zeros >= 20 else CLOSED  # 조 and 해 end in vowels


def _latin_sound(word: str) -> str:
    run = _LATIN.search(word).group()
    before = word[: -len(run)]
    if before[-1:].isdigit() and run in _UNITS:
        return _UNITS[run]
    if run.lower() in _WORDS:
        return _WORDS[run.lower()]
    if run[-1].isupper() or len(run) == 1:  # an acronym is read letter by letter
        return _LETTERS[run[-1].lower()]
    return _english_sound(run.lower())


def _english_sound(word: str) -> str:
    """Final sound of an English word in its usual Korean spelling: 서울, 온라인, 앱, 서비스, 리포트."""
    stem = word
    if re.search(r"[aeiouy][lmn]e$|[^aeiouy]le$", word):  # mute e: mobile, online, game, google
        stem = word[:-1]
    if stem.endswith("l"):
        return RIEUL
    if re.search(r"[mn]$|ng$|mb$", stem):
        return CLOSED
    # one short vowel and a stop: 앱, 챗봇, 북, 웹, 피드백, 퍼블릭
    if re.search(r"(?<![aeiou])[aeiou](?:p|pp|t|tt|b|ck|k)$|ook$|ic$|oup$", stem):
        return CLOSED
    return OPEN


def _compatible_sound(character: str) -> str | None:
    """Circled numbers, Roman numerals, full-width letters, accented letters: by what they stand for."""
    value = unicodedata.numeric(character, None)
    if value is not None and value == int(value) and not "\u4e00" <= character <= "\u9fff":
        return _number_sound(str(int(value)))
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return final_sound(plain) if plain and plain != character and plain[-1] != character else None
