"""Where the answers contradict the codebook, each other or last wave, said to the reader of the report."""

from __future__ import annotations

import numpy as np

from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, join_words
from csi_lib.survey.contradictions import CAUSES

#: kind → statistic and unit of its row
_ROW = {
    "turned": ("item_rest", "correlation"), "new_code": ("new_code_share", "proportion"), "weight": ("weight_share", "proportion"),
    "jumped": ("shift", "coefficient"), "one_end": ("used_end", "number"), "labels": ("items", "number"),
}  # fmt: skip


def doubt_sentences(chapter) -> list[Sentence]:
    """One sentence for each contradiction (`csi_lib.survey.contradictions`), and one that says what follows from them."""
    found = list(chapter.contradictions)
    if not found:
        return []
    rows = chapter.record([row for c in found for row in _rows(c)]).to_dict("records")
    at = {(r["measure"], r["statistic"], r["versus"] if isinstance(r["versus"], str) else None): r for r in rows}
    out = [chapter.sentence(
        ko="다음은 의견이라기보다 자료의 잘못일 수 있으므로, 수치를 쓰기 전에 확인이 필요하다.",
        en="What follows may be slips of the data rather than opinions, and is to be checked before the figures are used.",
    )]  # fmt: skip
    for c in found:
        statistic, _ = _ROW[c.kind]
        now = Number.from_row(at[_key(c), statistic, None])
        last = at.get((_key(c), statistic, "last wave"))
        out.append(_said(chapter, c, now, None if last is None else Number.from_row(last)) + _cause(chapter, c))
    doubted = [f"‘{chapter.labels.measure(i)}’" for i in chapter.doubted if i in chapter.survey.codebook.items]
    if doubted:
        out.append(chapter.sentence(
            ko="{items:은/는} 확인될 때까지 개선 우선순위에서 뺐다.",
            en="Until this is settled, {items} {verb} left out of the priorities for improvement.",
            items=join_words(doubted, chapter.lang), **({"verb": "are" if len(doubted) > 1 else "is"} if chapter.lang == "en" else {}),
        ))  # fmt: skip
    return out


def _key(c) -> str:
    return f"{c.column}:{c.code}" if c.kind == "new_code" else c.column


def _rows(c):
    statistic, unit = _ROW[c.kind]
    unit = "proportion" if c.cause == "mix" else unit
    value = c.n if c.kind == "labels" else c.value
    base = {"measure": _key(c), "statistic": statistic, "unit": unit, "n": c.n}
    yield {**base, "estimate": value}
    if c.kind == "turned" and c.before is not None and np.isfinite(c.before):
        yield {**base, "estimate": c.before, "versus": "last wave"}


def _said(chapter, c, now: Number, last: Number | None) -> Sentence:
    book, lang = chapter.survey.codebook, chapter.lang
    name = book.label(c.column, lang) if c.column in book.columns else c.column
    if c.kind == "turned":
        first = chapter.sentence(
            ko="‘{name}’의 응답은 다른 문항과 반대로 움직인다(다른 문항의 평균과의 상관 {r}).",
            en="Answers to ‘{name}’ run against the other items (correlation with their mean {r}).", name=name, r=now,
        )  # fmt: skip
        return first if last is None else first + chapter.sentence(
            ko="지난 조사에서는 {r}였다.", en="Last wave it was {r}.", r=last)  # fmt: skip
    if c.kind == "labels":
        return chapter.sentence(
            ko="척도 ‘{name}’의 보기는 좋은 쪽에서 나쁜 쪽으로 가는데, 문항 {n}개가 높은 번호를 높은 점수로 쓴다.",
            en="The answers of the scale ‘{name}’ run from good to bad, while {n} items take a higher code for a better score.",
            name=name, n=now,
        )  # fmt: skip
    if c.kind == "one_end":
        ko = (
            "‘{name}’에는 {end} 이하의 응답만 있다."
            if c.cause == "shorter"
            else "‘{name}’에는 {end} 이상의 응답만 있다."
        )
        en = (
            "‘{name}’ has answers up to {end} only."
            if c.cause == "shorter"
            else "‘{name}’ has answers from {end} on only."
        )
        return chapter.sentence(ko=ko, en=en, name=name, end=now)
    if c.kind == "new_code":
        label = book.code_labels(c.column, lang).get(_code(book, c), c.code)
        return chapter.sentence(
            ko="‘{name}’에서 지난 조사에 없던 응답 ‘{code}’의 비율이 {share}이다.",
            en="The answer ‘{code}’ to ‘{name}’ did not occur last wave and is {share} of the answers now.",
            name=name, code=str(label), share=now,
        )  # fmt: skip
    if c.kind == "weight":
        return chapter.sentence(
            ko="응답자 한 사람의 가중치가 전체 가중치의 {share}를 차지한다.",
            en="One respondent carries {share} of the sum of the weights.", share=now,
        )  # fmt: skip
    if c.cause == "mix":
        return chapter.sentence(
            ko="‘{name}’의 구성이 지난 조사와 {share}만큼 다르다.", en="The mix of ‘{name}’ differs from last wave's by {share}.",
            name=name, share=now,
        )  # fmt: skip
    return chapter.sentence(
        ko="‘{name}’의 평균은 다른 문항보다 표준편차의 {shift}배만큼 더 움직였다.",
        en="The mean of ‘{name}’ moved by {shift} standard deviations more than those of the other items.",
        name=name, shift=now.magnitude() if lang == "ko" else now,
    )  # fmt: skip


def _code(book, c):
    spelled = {f"{k:g}" if isinstance(k, float) else str(k): k for k in book.code_labels(c.column)}
    return spelled.get(c.code)


def _cause(chapter, c) -> Sentence:
    ko, en = CAUSES[c.cause]
    return chapter.sentence(ko=ko, en=en)
