"""An answer that is written out: ``매우 만족``, ``5. Very satisfied``, ``⑤ 매우 만족``, ``매우 만족(5)`` are the code 5."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from csi_lib.study.base import Code, Label, trimmed, written

_MARK = r"[\u2460-\u2473\u24ea\u2776-\u277f\u2780-\u2793]"
_CODE = rf"({_MARK}|-?[0-9\uff10-\uff19]{{1,6}}|[A-Za-z])"
_BEFORE = re.compile(rf"^[(\[（【]?\s*{_CODE}\s*([)\]）】.:：．、=\-–—]+|점|번)?\s*(.*)$", re.DOTALL)
_AFTER = re.compile(rf"^(.*?)\s*[(\[（【]\s*{_CODE}\s*(?:점|번)?\s*[)\]）】]$", re.DOTALL)


def plain_label(text: str) -> str:
    """The spelling under which an answer and a declared label are compared: one form, no case, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().strip(".·")


class Spelled:
    """The codes that may stand in a column, and every way in which they may be written.

    codes : declared codes. labels : their labels, in all languages of the study.
    whole : of a scale, whether a number is one of its answers without being labelled.
    """

    def __init__(self, codes, labels: Mapping[Code, Label], whole=None):
        self._codes = {written(code): code for code in codes}
        self._whole = whole
        self._labels: dict[str, Code | None] = {}
        self._own: dict[str, set[str]] = {}
        for code, label in labels.items():
            texts = {t for t in (label.ko, label.en, label.given) if t}
            if label.ko and label.en:
                texts |= {
                    f"{a}{m}{b}{e}"
                    for a, b in ((label.ko, label.en), (label.en, label.ko))
                    for m, e in (("(", ")"), ("/", ""))
                }
            plain = {plain_label(t) for t in texts}
            self._own[written(code)] = plain
            for text in plain:
                self._labels[text] = None if text in self._labels and self._labels[text] != code else code
        self._folded: dict[str, Code | None] = {}
        for text, code in self._codes.items():
            fold = text.casefold()
            self._folded[fold] = None if fold in self._folded else code

    def exact(self, text: str) -> Code | None:
        """The code that `text` is, as written."""
        return self._code(written(text))

    def _code(self, text: str) -> Code | None:
        if text in self._codes:
            return self._codes[text]
        return self._whole(text) if self._whole is not None else None

    def meant(self, text: str) -> Code | None:
        """The code of an answer that is written out or in another case; None where it is not certain which."""
        text = trimmed(text)
        code = self._labels.get(plain_label(text))
        if code is not None:
            return code
        if (code := self._folded.get(text.casefold())) is not None:
            return code
        for pattern, place in ((_BEFORE, (1, 3)), (_AFTER, (2, 1))):
            match = pattern.match(text)
            if match is None:
                continue
            code, label = self._code(_digits(match[place[0]])), match[place[1]].strip()
            if code is None:
                continue
            if not label:
                if pattern is _BEFORE and match[2] is None and text == match[1] and text.isascii():
                    continue  # a bare code that is none here
                return code
            if self._agrees(code, label, loose=match[1].isalpha() if pattern is _BEFORE else False, mark=match[2]):
                return code
        return None

    def _agrees(self, code: Code, label: str, *, loose: bool, mark: str | None) -> bool:
        if loose and not mark:
            return False  # "A lot" is no code A
        plain = plain_label(label)
        own = self._own.get(written(code))
        if own:
            return plain in own
        return plain not in self._labels and not plain[:1].isdigit() and bool(mark)


def _digits(text: str) -> str:
    if len(text) == 1 and not text.isascii():
        return written(unicodedata.numeric(text)) if unicodedata.numeric(text, None) is not None else text
    return written(unicodedata.normalize("NFKC", text))
