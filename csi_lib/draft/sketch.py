"""What a draft is made in: the questions, what is known of each so far, and how a column is added."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csi_lib.draft import words
from csi_lib.draft.answers import Answers, words_in_order
from csi_lib.draft.batteries import item_of
from csi_lib.draft.column import DraftColumn
from csi_lib.draft.concepts import Concept, gather, without_number
from csi_lib.draft.files import Given
from csi_lib.draft.naming import codebook_names, short_label, slug
from csi_lib.draft.scales import Habits, ScaleGuess, labelled_scale, numbered_scale, numbers_of, turned, worded_scale


class Sketch:
    """The questions of all files and the columns made of them so far."""

    def __init__(self, given: Sequence[Given]):
        self.given = given
        self.concepts = gather(given)
        self.names = dict(zip((c.place for c in self.concepts), codebook_names(self.concepts), strict=True))
        self.answers = {c.place: Answers.of(c) for c in self.concepts}
        self.done: dict[int, DraftColumn] = {}
        self.sections: dict[str, str] = {}
        self.sets: dict[str, dict] = {}
        self.scales: dict[tuple, str] = {}
        self.guesses: dict[str, ScaleGuess] = {}
        self.notes: list[str] = [f"{g.sheet.file.name}: {note}" for g in given for note in g.sheet.notes]
        self.design: dict[str, str] = {}
        self.agency: DraftColumn | None = None
        self.year: DraftColumn | None = None
        self.habits = Habits()
        #: section and wording of questions that stand in a grid of one choice each
        self.grids: dict[int, tuple[str, str]] = {}
        self.words = self._vocabularies()

    def _header(self, concept: Concept) -> str:
        """The header as words: no leading star, underscores as blanks, Q19AGE as Q19 AGE."""
        name = concept.name.strip().lstrip("*").strip().replace("_", " ")
        return re.sub(r"(?<=\d)(?=[^\W\d]{3,})", " ", name)

    def _free(self) -> list[Concept]:
        return [c for c in self.concepts if c.place not in self.done]

    def _add(
        self, concept: Concept, role: str, reason: str = "", sure: float = 0.7, *, text: str = "", **more
    ) -> DraftColumn:
        label, question = short_label(text or concept.newest.option or concept.newest.text or concept.name)
        missing = [*concept.blanks, *(m for m in concept.missing if m not in concept.blanks)]
        column = DraftColumn(concept, self.names[concept.place], role, label, question, missing=missing, **more)
        if reason:
            column.guess(reason, sure)
        for k, (confidence, why) in concept.sure.items():
            if confidence < 0.9:
                column.guess(
                    f"{self.given[k].sheet.file.name}: taken for {concept.columns[k].name!r} ({why}, {confidence:.2f})",
                    confidence,
                )
        column.asked_if = _condition(concept.newest.asked, self.names.values())
        self.done[concept.place] = column
        return column

    def _set(self, label: str, worded: bool) -> str:
        short, whole = short_label(label)
        key = (
            slug(label, [*self.sets, *self.names.values()], start="set")
            if not worded
            else slug("", [*self.sets, *self.names.values()], start="set")
        )
        self.sets[key] = {"label": short, "question": whole}
        return key

    def _scale_id(self, scale: ScaleGuess) -> str:
        if scale.key not in self.scales:
            base, number = f"s{scale.low}_{scale.high}", 2
            name = base
            while name in self.guesses:
                name, number = (
                    f"{base}_{'abcdefghijklmnopqrstuvwxyz'[(number - 1) % 26]}{'' if number < 27 else number}",
                    number + 1,
                )
            self.scales[scale.key], self.guesses[name] = name, scale
        return self.scales[scale.key]

    def _title(self, stem: str, worded: bool, members: Sequence[Concept]) -> str:
        """What a battery is called: its stem; where that is a bare letter or two, the headers it runs from and to."""
        if worded:
            return without_number(stem)
        return stem if any(ch.isdigit() for ch in stem) or len(stem) > 3 else f"{members[0].name}–{members[-1].name}"

    def _section(self, label: str, worded: bool) -> str:
        key = slug("" if worded else label, self.sections, start="part")
        key = key if re.match(r"^[a-z]", key) else f"part_{key}"
        self.sections[key] = short_label(label)[0]
        return key

    def _vocabularies(self) -> list[dict[str, str]]:
        """Families of answers in words that are one scale: lower case → spelling."""
        families: list[dict[str, str]] = []
        for concept in self.concepts:
            answers = self.answers[concept.place]
            if not answers.n or answers.distinct > 16 or answers.numeric == 1.0 or concept.labels:
                continue
            valid = {v.casefold(): v for v in concept.counts.index if not words.NO_ANSWER.search(v)}
            if not 2 <= len(valid) <= 11:
                continue
            joined = False
            for family in families:
                both = {**valid, **family}
                if len(valid.keys() & family.keys()) >= 0.5 * min(len(valid), len(family)) and words_in_order(
                    list(both.values())
                ):
                    family.update({k: v for k, v in valid.items() if k not in family})
                    joined = True
                    break
            if not joined and len(valid) >= 3 and words_in_order(list(valid.values())):
                families.append(dict(valid))
        return families

    def _worded(self, concept: Concept) -> int | None:
        valid = {v.casefold() for v in concept.counts.index if not words.NO_ANSWER.search(v)}
        if len(valid) < 1 or concept.labels:
            return None
        return next((k for k, family in enumerate(self.words) if valid <= family.keys()), None)

    def _scale(self, members, kind) -> ScaleGuess | None:
        if kind == "scale":
            return labelled_scale(members[0])
        if kind == "words":
            ordered = words_in_order(list(self.words[self._worded(members[0])].values()))
            return worded_scale(ordered, ordered, members[0])
        if kind == "codes":
            return numbered_scale(members, self.habits)
        return None

    def _items(
        self, stem: str, worded: bool, members: list[Concept], scale: ScaleGuess, *, alone: bool = False
    ) -> None:
        key = self._scale_id(scale)
        if not (scale.labels or scale.coded):
            self.habits.scales[scale.low, scale.high] += len(members)
        section = "" if alone else self._section(self._title(stem, worded, members), worded)
        turn = (
            set(turned(numbers_of(members, scale.low, scale.high)))
            if not (scale.coded or scale.labels) and not alone
            else set()
        )
        for concept in members:
            text = "" if alone else (item_of(concept, stem) if worded else concept.newest.text)
            if labelled := (labelled_scale(concept) if concept.labels else None):
                scale = labelled
            column = self._add(concept, "item", scale.reason, scale.sure, text=text, section=section, scale=key)
            column.reverse = scale.down or concept.place in turn
            if scale.down:
                column.guess("low codes are the good ones, so the score is turned", 0.85)
            elif concept.place in turn:
                column.guess("it goes against the rest of its battery, so the score is turned", 0.5)
            own = set(concept.counts.index)
            none = [v for v in scale.missing if v in own] if not scale.coded else [
                v for v in own if v.casefold() not in {t.casefold() for t, _ in scale.coded}]  # fmt: skip
            column.missing = list(dict.fromkeys([*column.missing, *none]))
            column.coded = dict(scale.coded)
        if not alone:
            for column in (self.done[c.place] for c in members):
                column.reasons[0] = f"one of {len(members)} {stem[:40]!r}; {column.reasons[0]}"


_ODK = re.compile(r"""^\s*(?:selected\(\s*)?\$\{(\w+)\}\s*(?:=|,)\s*'([^']+)'\)?\s*$""")
_LIME = re.compile(
    r"""^\(*\s*(?:\w*?[gx]\d*q?)?(\w+?)(?:\.NAOK|\.code)?\s*==\s*["']([^"']+)["']\s*\)*$""", re.IGNORECASE
)


def _condition(asked: str, names) -> dict[str, list[str]]:
    """A platform's condition on one question, as ``asked_if``; conditions of other kinds are left to the user."""
    for pattern in (_ODK, _LIME):
        found = pattern.match(asked or "")
        if found:
            name = next((n for n in names if n == found[1].casefold()), None)
            return {name: [found[2]]} if name else {}
    return {}
