"""Where a file's own labels say the opposite of the codebook, of another file of the wave, or of another year's file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from csi_lib.intake.answers import plain_label
from csi_lib.intake.sheets import Note
from csi_lib.study.base import Code, Label, code_of, number_in, written
from csi_lib.study.codebook import Codebook, Column, Scale

_POOR = re.compile(
    r"불만|불친절|나쁨|나쁘|미흡|불편|불량|낮|못|않|아니|없|부정|싫|반대|dissatisf|disagree|poor|bad|never|unlikely|worst|low|"
    r"unacceptable|unhappy|negative|oppose|difficult|slow", re.IGNORECASE)  # fmt: skip
_GOOD = re.compile(
    r"만족|친절|좋|우수|편리|편한|높|잘|그렇다|그러하|있|긍정|찬성|훌륭|satisf|agree|good|excellent|always|likely|best|high|great|"
    r"outstanding|happy|positive|support|easy|fast", re.IGNORECASE)  # fmt: skip


def polarity(text: str) -> int:
    """−1, 0 or 1: whether a label of an answer is on the poor or the good side."""
    if _POOR.search(text):
        return -1
    return 1 if _GOOD.search(text) else 0


def direction(labels: Mapping[float, str]) -> int:
    """1 where the higher codes are the better ones, −1 where they are the poorer ones, 0 where the labels do not say."""
    if len(labels) < 2:
        return 0
    low, high = polarity(labels[min(labels)]), polarity(labels[max(labels)])
    return 0 if low == high else 1 if high > low else -1


def label_notes(column: Column, codebook: Codebook, found: Mapping[str, str], missing: set[str]) -> list[Note]:
    """The file's value labels of one column beside those the codebook declares."""
    scale = codebook.scales.get(column.scale) if column.scale else None
    declared = scale.labels if scale else column.labels
    found = {code: text for code, text in found.items() if written(code) not in missing and text}
    if not found or not declared:
        return []
    if (turned := _turned(scale, declared, found)) is not None:
        low, high = turned
        return [Note("contradiction",
                     f"원자료의 값 이름표는 척도 방향이 코드북과 반대이다({low} = ‘{found[low]}’, {high} = ‘{found[high]}’).",
                     f"the file's value labels run against the codebook ({low} = {found[low]!r}, {high} = {found[high]!r})",
                     len(found), column.name)]  # fmt: skip
    swapped = _swapped(declared, found)
    if swapped:
        code, other = swapped[0]
        return [Note("contradiction",
                     f"원자료의 값 이름표가 코드북과 다르다: {code} = ‘{found[code]}’인데 코드북에서는 {other}의 이름표이다.",
                     f"the file's value labels contradict the codebook: {code} = {found[code]!r}, which the codebook calls {other}",
                     len(swapped), column.name)]  # fmt: skip
    return []


def _texts(label: Label) -> set[str]:
    return {plain_label(t) for t in (label.ko, label.en, label.given) if t}


def _swapped(declared: Mapping[Code, Label], found: Mapping[str, str]) -> list[tuple[str, str]]:
    """(code of the file, code of the codebook) of labels that both have, on different codes."""
    owner: dict[str, str] = {}
    for code, label in declared.items():
        for text in _texts(label):
            owner[text] = "" if text in owner else written(code)
    pairs = []
    for code, text in found.items():
        plain = re.sub(r"^[(\[]?\d+[)\].:]?", "", plain_label(text))
        other = owner.get(plain_label(text)) or owner.get(plain)
        if other and other != written(code):
            pairs.append((code, other))
    return pairs


def _turned(scale: Scale | None, declared: Mapping[Code, Label], found: Mapping[str, str]) -> tuple[str, str] | None:
    """The file's lowest and highest labelled codes, where its labels run the other way than those of the codebook."""
    if scale is None:
        return None
    by_number = {n: code for code in found if (n := number_in(code)) is not None and scale.holds(n)}
    if len(by_number) < 2:
        return None
    ends = by_number[min(by_number)], by_number[max(by_number)]
    theirs = direction({n: found[code] for n, code in by_number.items()})
    ours = 0
    for lang in ("ko", "en", "given"):
        told = {
            float(c): t
            for c, label in declared.items()
            if isinstance(code_of(written(c)), (int, float)) and (t := getattr(label, lang))
        }
        ours = ours or direction(told)
    return ends if theirs and ours and theirs != ours else None


def missing_note(column: Column, contested: Mapping[str, int]) -> Note:
    """The file calls missing what the codebook declares an answer; the codebook holds, and the reader is told."""
    codes, n = ", ".join(contested), sum(contested.values())
    return Note("contradiction",
                f"원자료가 사용자 결측으로 정한 값({codes})이 코드북에서는 응답이다. 응답으로 읽었다({n}건).",
                f"the file calls {codes} user-missing, the codebook an answer; read as an answer ({n} cells)", n, column.name)  # fmt: skip


def differing(one: Mapping[Code, Label], other: Mapping[Code, Label]) -> list[tuple[Code, str, str]]:
    """Codes that two files label differently."""
    found = []
    for code, label in one.items():
        if code in other and not _texts(label) & _texts(other[code]):
            found.append((code, str(label), str(other[code])))
    return found
