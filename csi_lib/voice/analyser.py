"""Comments as words and phrases: Korean by Kiwi (the extra ``voice``) or by a plain reader, English by a plain reader.

A word is a dictionary form: nouns as they are (``불친절``), verbs and adjectives with 다 (``느리다``). A phrase is a run of
nouns (``주차 공간``) or a noun and what is said of it (``주차 공간 부족하다``, ``로그인 안 되다``).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from csi_lib.errors import InputError
from csi_lib.extras import advice
from csi_lib.voice.cleaning import language_of
from csi_lib.voice.stopwords import LIGHT, STOP_EN, STOP_KO

#: raise when the same comment no longer gives the same words
EDITION = 3


@dataclass(frozen=True)
class Reading:
    """One comment, read: nouns (each as often as it occurs), all dictionary forms in order, phrases."""

    nouns: tuple[str, ...]
    lemmas: tuple[str, ...]
    phrases: tuple[str, ...]


EMPTY = Reading((), (), ())

_PARTS_DROPPED = frozenset(["들", "님", "분", "께", "네"])
_SPLIT = re.compile(r"[^\w가-힣']+")
_PLACEHOLDER = re.compile(r"\[[^\[\]]{1,20}\]")


class KiwiAnalyser:
    """Kiwi, a morphological analyser of Korean (PyPI: kiwipiepy, with its model; works offline)."""

    name = "kiwi"

    def __init__(self, known: Sequence[str] = ()):
        try:
            import kiwipiepy
        except ImportError:
            raise InputError(
                "the Korean analyser is not installed",
                where="voice.yml: analyser",
                found="kiwi",
                expected="the package kiwipiepy",
                action=f"{advice('voice')}, or write `analyser: plain`",
            ) from None
        self._kiwi = kiwipiepy.Kiwi(num_workers=1, load_multi_dict=False)
        self.version = f"kiwipiepy {kiwipiepy.__version__}"
        for word in known:
            if " " not in word and re.fullmatch(r"[가-힣A-Za-z0-9]+", word) and not word.endswith("다"):
                self._kiwi.add_user_word(word, "NNG")

    def read(self, texts: Sequence[str]) -> list[Reading]:
        # a pronoun in the place of what is hidden, so that its particle is read as one
        korean = [_PLACEHOLDER.sub("여기", t) if language_of(t) == "ko" else "" for t in texts]
        tokens = self._kiwi.tokenize(korean) if korean else []
        return [_korean(list(t)) if k else _english(text) for t, k, text in zip(tokens, korean, texts, strict=True)]


class PlainAnalyser:
    """Words by spaces, with the commonest particles and endings taken off: rough, but always there."""

    name, version = "plain", "plain"
    #: longest first; what stays must have at least two syllables
    _ENDINGS = re.compile(
        r"(?:하지않습니다|되지않습니다|스러웠습니다|스럽습니다|했습니다|되었습니다|됐습니다|합니다|됩니다|입니다|습니다|ㅂ니다|하였습니다|하면서|하지만|"
        r"하기에|해주셔서|해주세요|해주어|했지만|하지|해서|하여|하고|하게|하는|하면|해요|해야|했다|한다|하다|되는|되고|되면|돼서|되지|된다|"
        r"에게서|으로부터|에서는|에서도|으로는|이라고|이라는|이라도|부터|까지|에서|에게|한테|으로|이나|이라|이랑|하고|처럼|보다|마다|조차|밖에|"
        r"들은|들이|들을|들의|들도|분들|께서|이고|이며|인데|은|는|이|가|을|를|의|에|도|로|와|과|만|랑|나|해|한|할|함)$"
    )

    #: what is left of verbs and adjectives: not nouns
    _VERBAL = re.compile(
        r"(?:습니다|어요|아요|해요|돼요|세요|네요|지만|않아|않았|않고|었지|았지|었|았|였|겠|러워|러운|주지|알려|맞아|주셔서|너무.*|[가-힣]{2,}니다|[가-힣]{2,}고|[가-힣]+졌)$"
    )

    def read(self, texts: Sequence[str]) -> list[Reading]:
        return [self._korean(t) if language_of(t) == "ko" else _english(t) for t in texts]

    def _korean(self, text: str) -> Reading:
        words = []
        for word in _SPLIT.split(_PLACEHOLDER.sub(" ", text)):
            word = word.casefold()
            for _ in range(2):
                shorter = self._ENDINGS.sub("", word)
                if shorter == word or len(shorter) < 2:
                    break
                word = shorter
            if len(word) >= 2 and word not in STOP_KO and not word.isdigit() and not self._VERBAL.search(word):
                words.append(word)
        return Reading(tuple(words), tuple(words), ())


def analyser(kind: str = "auto", known: Sequence[str] = ()) -> KiwiAnalyser | PlainAnalyser:
    """The analyser `kind` (``auto``, ``kiwi``, ``plain``); `known` are words Kiwi should not take apart."""
    if kind == "plain" or (kind == "auto" and importlib.util.find_spec("kiwipiepy") is None):
        return PlainAnalyser()
    return _kiwi(tuple(known))


@lru_cache(maxsize=2)
def _kiwi(known: tuple[str, ...]) -> KiwiAnalyser:
    return KiwiAnalyser(known)


@dataclass
class _Noun:
    text: str
    end: int
    start: int


def _korean(tokens: list) -> Reading:
    """Nouns with their affixes, predicates with 다, and the phrases the two make."""
    nouns: list[str] = []
    lemmas: list[str] = []
    phrases: list[str] = []
    run: list[_Noun] = []  # nouns side by side, the last of which something may be said of
    prefix, negated, bound = None, False, False

    def close():
        if len(run) >= 2:
            phrases.append(" ".join(n.text for n in run[-3:]))

    for i, token in enumerate(tokens):
        form, tag = token.form, token.tag
        following = tokens[i + 1].tag if i + 1 < len(tokens) else ""
        if tag == "XPN":
            prefix = token
        elif tag in ("NNG", "NNP", "XR", "SL") or (tag == "XSN" and run and form not in _PARTS_DROPPED):
            if tag == "XSN":
                old = run[-1]
                grown = _Noun(old.text + form, token.start + token.len, old.start)
                run[-1] = grown
                for kept in (nouns, lemmas):
                    if kept and kept[-1] == old.text:
                        kept[-1] = grown.text
                continue
            text = form.casefold()
            if prefix is not None and prefix.start + prefix.len == token.start:
                text = prefix.form + text
            prefix = None
            if following in ("XSV", "XSA") and run:  # 공간이 부족하다: what is said, not a third noun
                head = " ".join(n.text for n in run[-2:])
                if text not in STOP_KO:
                    nouns.append(text)
                    lemmas.append(text)
                    no = "안 " if negated or _denied(tokens, i) else ""
                    phrases.append(f"{head} {no}{text}{_verb(tokens[i + 1].form)}")
                close()
                run.clear()
                negated = bound = False
                continue
            if bound:
                close()
                run.clear()
            bound = False
            if text not in STOP_KO:
                nouns.append(text)
                lemmas.append(text)
                run.append(_Noun(text, token.start + token.len, token.start))
            else:
                close()
                run.clear()
        elif tag == "XSN":
            continue
        elif tag.startswith(("VV", "VA")):
            lemma = form + "다"
            if lemma not in LIGHT:
                lemmas.append(lemma)
            if run and (lemma not in LIGHT or negated or _denied(tokens, i) or lemma == "없다"):
                head = " ".join(n.text for n in run[-2:])
                phrases.append(f"{head} {'안 ' if negated or _denied(tokens, i) else ''}{lemma}")
            close()
            run.clear()
            negated = bound = False
        elif tag == "MAG":
            negated = negated or form in ("안", "못")
        elif tag in ("JKS", "JX", "JKO", "JKB"):
            bound = True  # the run stays open for its predicate, but takes no further noun
        elif tag in ("XSV", "XSA"):
            close()
            run.clear()
            negated = bound = False
        elif tag[0] in "SEJ":
            close()
            if tag != "ETM" or not run:
                run.clear()
            bound = False
            if tag == "SF":
                negated = False
    close()
    return Reading(tuple(nouns), tuple(lemmas), tuple(dict.fromkeys(phrases)))


def _verb(suffix: str) -> str:
    return {"하": "하다", "되": "되다", "스럽": "스럽다", "롭": "롭다", "당하": "당하다"}.get(suffix, suffix + "다")


def _denied(tokens: list, i: int) -> bool:
    """Whether a predicate is followed by 지 않다, 지 못하다: within the next four morphemes."""
    after = [(t.form, t.tag) for t in tokens[i + 1 : i + 5]]
    for k, (form, tag) in enumerate(after[:-1]):
        if form == "지" and tag == "EC":
            return after[k + 1][0] in ("않", "못하", "못")
    return False


def _english(text: str) -> Reading:
    words, phrases, last = [], [], None
    for raw in re.findall(r"[a-z][a-z'-]*|[가-힣]{2,}|[.,;!?]", _PLACEHOLDER.sub(" . ", text).casefold()):
        word = raw.removesuffix("'s").strip("'-")
        if not word or word in ".,;!?" or word in STOP_EN or len(word) < 2:
            last = None
            continue
        word = _singular(word)
        words.append(word)
        if last is not None:
            phrases.append(f"{last} {word}")
        last = word
    return Reading(tuple(words), tuple(words), tuple(dict.fromkeys(phrases)))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
