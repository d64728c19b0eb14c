"""Questions that stand alone: a rating, a choice of one, a number, a text, or what nobody may see until it is explained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from csi_lib.draft import words
from csi_lib.draft.column import DraftColumn
from csi_lib.draft.concepts import Concept, without_number
from csi_lib.draft.scales import ScaleGuess, labelled_scale, numbered_scale, numbers_of
from csi_lib.draft.sketch import Sketch

#: kinds of a choice that a table can show
MOST_KINDS = 30


#: a question that names its scale: from 0 to 10
_FROM_ZERO = re.compile(r"\b0\s*(to|-|–|~|a|al|hasta|=.{0,40})\s*10\b|0\s*(점|에서)?\s*[~∼-]?\s*10\s*점", re.IGNORECASE)
#: classes of an age in years
_AGES = {"1": (None, 29), "2": (30, 44), "3": (45, 59), "4": (60, None)}
_AGE = re.compile(r"\bage\b|나이|연령|\bedad\b", re.IGNORECASE)


class Alone(Sketch):
    """Roles for questions that belong to no battery and no set."""

    def _alone(self, concept: Concept) -> None:
        answers, column = self.answers[concept.place], concept.newest
        text = f"{self._header(concept)} {column.text}"
        if column.kind in ("text", "date") and not concept.labels:
            self._add(
                concept,
                column.kind if column.kind == "text" or answers.dates > 0.9 else "text",
                "the questionnaire says so",
                0.95,
            )
            return
        if answers.dates > 0.8:
            self._add(concept, "quasi", "the cells hold dates", 0.8)
            return
        if (
            concept.labels
            and (scale := labelled_scale(concept))
            and not (words.GROUP.search(text) and not words.RATING.search(text))
        ):
            self._items("", False, [concept], scale, alone=True)
            return
        if self._worded(concept) is not None and not (words.GROUP.search(text) and not words.RATING.search(text)):
            scale = self._scale([concept], "words")
            if scale is not None:
                self._items("", False, [concept], scale, alone=True)
                return
        if concept.labels and answers.distinct <= 3 * MOST_KINDS:
            found = self._kinds(concept, dict(concept.labels), "the file labels its codes", 0.95)
            if concept.spelled:
                found.coded = {label: code for code, label in concept.labels.items()} | concept.spelled
            return
        if answers.numeric > 0.95 and not concept.labels:
            self._numbers(concept)
            return
        texts = list(concept.counts.index)
        written = words.WRITE.search(text) and not words.GROUP.search(text)
        if written or (words.OPEN.search(text) and answers.mean_length >= 15):
            self._add(concept, "text", "its words ask for a text of one's own", 0.8)
            return
        repeated = answers.n >= 3 * answers.distinct or answers.distinct <= 6
        if answers.distinct <= MOST_KINDS and repeated and answers.mean_length <= 70 and column.kind != "text":
            labels = {str(k): v for k, v in enumerate(_in_order(texts), 1)}
            found = self._kinds(concept, labels, f"{len(labels)} answers in words that repeat", 0.8)
            found.coded = {v: int(k) for k, v in labels.items()}
            return
        if (
            words.OPEN.search(text)
            or answers.mean_length > 18
            or (any(" " in v for v in texts[:20]) and answers.mean_length > 12)
        ):
            self._add(
                concept,
                "text",
                f"{answers.distinct} different texts of {answers.mean_length:.0f} letters on average",
                0.8,
            )
        else:
            self._add(
                concept,
                "quasi",
                f"{answers.distinct} different short texts: not shown until you say what they are",
                0.5,
            )

    def _numbers(self, concept: Concept) -> None:
        answers, column = self.answers[concept.place], concept.newest
        text = f"{self._header(concept)} {column.text}"
        scale = numbered_scale([concept], self.habits)
        tens = scale is not None and scale.high == 10 and scale.low in (0, 1) and len(answers.codes) >= 7
        if tens and (words.RECOMMEND.search(text) or _FROM_ZERO.search(text)):
            scale = replace(scale, low=0)
        if scale is not None:
            scale = self.habits.widened(scale, answers.n)
        usual = tens and sum(int(concept.counts.get(str(c), 0)) for c in (7, 8, 9, 10)) >= 0.3 * answers.n
        rates = any(w.search(text) for w in (words.RATING, words.RECOMMEND, words.IMPORTANCE))
        goes = scale is not None and scale.high - scale.low >= 3 and not words.GROUP.search(text)
        if (tens and (rates or usual)) or (goes and not tens and (rates or self._goes_along(concept, scale))):
            self._items("", False, [concept], scale, alone=True)
        elif words.NUMBER.search(text) and not words.GROUP.search(text) and len(answers.codes) >= 7:
            self._add(concept, "number", f"its words ask how many: {answers.distinct} different numbers", 0.7)
        elif len(answers.codes) <= 12 and not answers.decimals and len(answers.codes) >= 1:
            valid = _likely_codes(answers.codes, none_at_zero=self.habits.zero)
            none = [str(c) for c in answers.codes if c not in valid]
            found = self._kinds(concept, {str(c): str(c) for c in valid}, f"{len(valid)} codes without labels", 0.6)
            if none:
                found.missing = list(dict.fromkeys([*found.missing, *none]))
                found.guess(f"{', '.join(none)} taken for no answer", 0.6)
        elif _AGE.search(text) and not answers.decimals and max(answers.codes) <= 110 and min(answers.codes) >= 5:
            labels = {"1": "≤ 29", "2": "30–44", "3": "45–59", "4": "60 ≤"}
            column = self._add(concept, "group", "an age in years, put into four classes", 0.5, labels=labels)
            column.ranges = dict(_AGES)
        elif (
            answers.decimals
            or words.NUMBER.search(text)
            or re.search(r"\bage\b|나이|연령|edad|a[nñ]os|year", text, re.IGNORECASE)
        ):
            self._add(concept, "number", f"{answers.distinct} different numbers", 0.7)
        else:
            self._add(
                concept,
                "quasi",
                f"{answers.distinct} different numbers without labels, codes or amounts: not shown until you say",
                0.4,
            )

    def _goes_along(self, concept: Concept, scale: ScaleGuess) -> bool:
        """Whether bare codes alone go with the ratings found so far (r ≥ .25)."""
        items = [
            c
            for c in self.done.values()
            if c.role == "item" and c.section and not c.coded and c.concept.columns.keys() == concept.columns.keys()
        ][:40]
        if len(items) < 3:
            return False
        others = numbers_of([c.concept for c in items], scale.low, scale.high).mean(axis=1)
        return bool(abs(others.corr(numbers_of([concept], scale.low, scale.high).iloc[:, 0])) >= 0.25)

    def _kinds(self, concept: Concept, labels: dict[str, str], reason: str, sure: float) -> DraftColumn:
        column = concept.newest
        valid = {code: label for code, label in labels.items() if code not in concept.missing and not _no_group(label)}
        group = (
            bool(words.GROUP.search(self._header(concept)) or words.GROUP.search(without_number(column.text)[:80]))
            and 2 <= len(valid) <= 16
        )
        section, wording = self.grids.get(concept.place, ("", ""))
        group = group and not section
        found = self._add(
            concept, "group" if group else "single", reason, sure, text=wording, labels=valid or labels, section=section
        )
        if group:
            found.guess("its words say it describes the respondent: results are shown by it", 0.7)
        none = [code for code in labels if code not in found.labels]
        stray = [v for v in concept.counts.index if v not in labels and v not in labels.values()]
        if stray and concept.labels:
            for v in stray:
                if v in words.NO_ANSWER_CODES:
                    none.append(v)
                else:
                    found.labels[v] = v
            found.guess(f"codes without a label: {', '.join(stray[:6])}", 0.6)
        found.missing = list(dict.fromkeys([*found.missing, *none]))
        return found


def _no_group(label: str) -> bool:
    """Whether a kind is no answer at all; what one has not used or experienced is an answer of its own."""
    return bool(re.search(r"refus|no answer|no response|prefer not|무응답|거절|no contest|prefiero no|^missing$|^blank$|not provided|ns/?nc|sin respuesta",
                          label, re.IGNORECASE))  # fmt: skip


def _likely_codes(codes: Sequence[int], *, none_at_zero: bool) -> list[int]:
    """Codes of kinds: the run from the smallest; what stands apart and is usual for no answer is none, and 0 where the
    batteries of the file use it so."""
    ordered = [c for c in sorted(codes) if c or not none_at_zero or len(codes) < 3]
    out: list[int] = []
    for code in ordered:
        apart = bool(out) and code - out[-1] > 1
        if str(code) in words.NO_ANSWER_CODES and (apart or code < 0):
            continue
        out.append(code)
    return out or ordered


def _in_order(texts: list[str]) -> list[str]:
    """Answers in words in their natural order: by the first number in them where all have one, else by how often."""
    numbers = [re.search(r"\d+(?:[.,]\d+)*", t) for t in texts]
    under = re.compile(r"^(under|less|below|menos|hasta|up to|younger)|미만|이하", re.IGNORECASE)
    with_number = [n for n in numbers if n]
    if len(with_number) >= len(texts) - 1 and len(texts) > 2 and with_number:
        value = lambda t: (
            (float(m[0].replace(",", "")) if (m := re.search(r"\d+(?:,\d{3})*(?:\.\d+)?", t)) else 1e12)
            - (0.5 if under.search(t) else 0)
        )
        return sorted(texts, key=value)
    return texts
