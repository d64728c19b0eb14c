"""Words for a tested difference: 상승, 하락, 유의한 차이 없음. The test decides, never the sign alone.

`verdict` reads a difference with its p-value or interval; `describe` writes the sentence, which calls a change
significant and prints its p-value. Kept apart are a change that is clear, one that is significant, none that can be told (the interval says
how large it could be), and none to speak of (the whole interval lies within a margin nobody would act on).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from csi_lib.errors import InputError
from csi_lib.prose.numbers import Interval, Number, absent, check_lang
from csi_lib.prose.sentences import Sentence, join_words, say
from csi_lib.study.reading import reading

#: ▲ and ▼ mark change; never △, which means minus in Korean public finance
UP, DOWN, LEVEL = "▲", "▼", "–"
#: below this level a significant change is called clear
CLEAR = 0.01

_NOUNS = {
    "change": {
        "ko": {"up": "상승", "down": "하락", "none": "유의한 차이 없음", "unknown": "비교 불가"},
        "en": {"up": "rose", "down": "fell", "none": "not significant", "unknown": "not comparable"},
    },
    "comparison": {
        "ko": {"up": "높음", "down": "낮음", "none": "유의한 차이 없음", "unknown": "비교 불가"},
        "en": {
            "up": "higher",
            "down": "lower",
            "none": "not significant",
            "unknown": "not comparable",
        },
    },
}
_MARKS = {"up": UP, "down": DOWN, "none": LEVEL, "unknown": LEVEL}

_SENTENCES = {
    "change": {
        "ko": {
            "significant": "{subject:은/는} {versus}보다 {size} 유의하게 {verb}했다({detail}).",
            "none": "{subject:은/는} {versus:과/와} 통계적으로 유의한 차이가 없다({detail}).",
            "same": "{subject:은/는} {versus:과/와} 사실상 같다({detail}).",
            "unknown": "{subject:은/는} {versus:과/와} 비교할 수 없다.",
        },
        "en": {
            "significant": "{subject} {verb} significantly by {size} compared with {versus} ({detail}).",
            "none": "{subject} did not change significantly compared with {versus} ({detail}).",
            "same": "{subject} is practically the same compared with {versus} ({detail}).",
            "unknown": "{subject} cannot be compared with {versus}.",
        },
    },
    "comparison": {
        "ko": {
            "significant": "{subject:은/는} {versus}보다 {size} 유의하게 {verb}({detail}).",
            "none": "{subject:은/는} {versus:과/와} 통계적으로 유의한 차이가 없다({detail}).",
            "same": "{subject:은/는} {versus:과/와} 사실상 같다({detail}).",
            "unknown": "{subject:은/는} {versus:과/와} 비교할 수 없다.",
        },
        "en": {
            "significant": "{subject} is significantly {verb} than {versus}, by {size} ({detail}).",
            "none": "{subject} does not differ significantly from {versus} ({detail}).",
            "same": "{subject} is practically the same as {versus} ({detail}).",
            "unknown": "{subject} cannot be compared with {versus}.",
        },
    },
}
_VERBS = {
    "change": {"ko": {"up": "상승", "down": "하락"}, "en": {"up": "rose", "down": "fell"}},
    "comparison": {"ko": {"up": "높다", "down": "낮다"}, "en": {"up": "higher", "down": "lower"}},
}


@dataclass(frozen=True)
class Verdict:
    """What a test says about a difference.

    Attributes
    ----------
    direction : ``up``, ``down``, ``none`` (not significant) or ``unknown`` (no difference or no test).
    strength : ``clear``, ``significant``, ``none``, ``same`` (interval within the margin) or ``unknown``.
    """

    direction: str
    strength: str

    @property
    def significant(self) -> bool:
        return self.direction in ("up", "down")

    @property
    def mark(self) -> str:
        """▲, ▼ or –."""
        return _MARKS[self.direction]

    def word(self, lang: str, *, kind: str = "change") -> str:
        """상승/하락/유의한 차이 없음, rose/fell/not significant; ``kind="comparison"``: 높음/낮음,
        higher/lower."""
        return _kind(_NOUNS, kind)[check_lang(lang)][self.direction]


def verdict(
    difference: float | Number | None, *, p_value: float | None = None, ci: tuple[float, float] | None = None,
    alpha: float | None = None, margin: float | None = None,
) -> Verdict:  # fmt: skip
    """The verdict of a test on a difference.

    Parameters
    ----------
    difference : estimate, in the unit of the interval and the margin.
    p_value : two-sided p-value; decides when given.
    ci : interval; decides when there is no p-value (significant when it excludes 0).
    alpha : level below which a difference is called significant, that of the reading rule in force unless another is
        given; below ``CLEAR`` it is called clear.
    margin : a difference nobody would act on; an interval wholly inside ±margin is ``same`` [off by default].

    Notes
    -----
    A difference of exactly 0, or one without test (one respondent, a census), is never called a change.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.verdict(2.1, p_value=0.003), csi_lib.verdict(0.4, p_value=0.6)
    (Verdict(direction='up', strength='clear'), Verdict(direction='none', strength='none'))
    """
    value = difference.value if isinstance(difference, Number) else difference
    hidden = isinstance(difference, Number) and difference.suppressed
    bounds = None if ci is None or any(absent(b) for b in ci) else (float(ci[0]), float(ci[1]))
    if hidden or absent(value) or (absent(p_value) and bounds is None):
        return Verdict("unknown", "unknown")
    if bounds is not None and bounds[0] > bounds[1]:
        raise InputError("the interval's lower end is above its upper end", where="verdict", found=str(ci))
    if not absent(p_value):
        if not 0 <= p_value <= 1:
            raise InputError("a p-value lies between 0 and 1", where="verdict", found=str(p_value))
        alpha = reading().significance if alpha is None else alpha
        significant, clear = p_value < alpha, p_value < min(CLEAR, alpha)
    else:
        significant, clear = not bounds[0] <= 0 <= bounds[1], False
    if margin is not None and bounds is not None and -margin < bounds[0] and bounds[1] < margin:
        return Verdict("none", "same")
    if not significant or value == 0:
        return Verdict("none", "none")
    return Verdict("up" if value > 0 else "down", "clear" if clear else "significant")


def verdict_of(row: Mapping, *, alpha: float | None = None, margin: float | None = None) -> Verdict:
    """The verdict on a results row that is a difference (docs/files.md#results)."""
    return verdict(
        Number.from_row(row), p_value=row.get("p_value"), ci=(row.get("ci_low"), row.get("ci_high")),
        alpha=alpha, margin=margin,
    )  # fmt: skip


def describe(
    row: Mapping,
    lang: str,
    *,
    subject: str | Sentence,
    versus: str | Sentence,
    kind: str = "change",
    alpha: float | None = None,
    margin: float | None = None,
) -> Sentence:
    """The sentence on a difference: ``종합만족도는 전년보다 1.9점 유의하게 상승했다(p = .012, 95% 신뢰구간
    0.4~3.4점).``

    Parameters
    ----------
    row : results row of the difference.
    subject, versus : what is compared, with what (전년 / last year; 동종기관 평균 / the peer mean).
    kind : ``change`` (over time) or ``comparison`` (between groups).
    """
    outcome = verdict_of(row, alpha=alpha, margin=margin)
    words = _kind(_SENTENCES, kind)[check_lang(lang)]
    template = words["significant" if outcome.significant else outcome.strength]
    fields = {"subject": subject, "versus": versus}
    if outcome.strength != "unknown":
        fields["detail"] = _detail(row, lang, with_size=not outcome.significant)
    if outcome.significant:
        fields["size"] = Number.from_row(row).magnitude()
        fields["verb"] = _VERBS[kind][lang][outcome.direction]
    return say(template, lang, **fields)


def _detail(row: Mapping, lang: str, *, with_size: bool) -> Sentence:
    parts = []
    if with_size:
        parts.append(say("{d}", lang, d=Number.from_row(row, signed=True)))
    if not absent(row.get("p_value")):
        parts.append(say("{p:p}", lang, p=Number.from_row(row, "p_value")))
    interval = Interval.from_row(row)
    if interval.shown:
        parts.append(say("95% 신뢰구간 {ci}" if lang == "ko" else "95% interval {ci}", lang, ci=interval))
    return join_words(parts, lang, between=", ")


def ordinal(number: int) -> str:
    """English ordinal: 1st, 2nd, 3rd, 4th, 11th, 112th, 121st."""
    if number < 0 or number != int(number):
        raise InputError("only whole numbers have an ordinal", found=str(number))
    tail = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}"


def rank(position: Number | int, of: int, lang: str, *, tied: bool = False, what: str | None = None) -> Sentence:
    """``17개 기관 중 공동 3위`` / ``tied 3rd of 17``; `what` is the counted noun (기관; not used in
    English)."""
    number = position if isinstance(position, Number) else Number(position, "rank")
    if not number.shown:
        return say("{r}", lang, r=number)
    if not 1 <= number.value <= of:
        raise InputError("a rank lies between 1 and the number of ranked", found=f"{number.value} of {of}")
    if lang == "ko":
        return say(
            "{of}개 {what} 중 " + ("공동 " if tied else "") + "{r}",
            lang,
            of=of,
            what=what or "기관",
            r=number,
        )
    words = ordinal(int(number.value))
    span = f'[{words}]{{data-r="{number.row_id}"}}' if number.row_id else words
    shown = Sentence(span, words, (number.row_id,) if number.row_id else ())
    return say(("tied " if tied else "") + "{r} of {of}", lang, r=shown, of=of)


def ordered(items: Sequence, lang: str) -> Sentence:
    """Items from the first to the last: ``가, 나, 다 순`` / ``A, then B, then C``."""
    if lang == "ko":
        return say("{items} 순" if len(items) > 1 else "{items}", lang, items=join_words(items, lang, between=", "))
    return join_words(items, lang, between=", then ")


def _kind(table: Mapping, kind: str):
    if kind not in table:
        raise InputError("unknown kind of difference", found=repr(kind), expected=" or ".join(table))
    return table[kind]
