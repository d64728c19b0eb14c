"""From questions over the waves to a proposed codebook: roles, scales, sets, sections, each guess with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from csi_lib.draft import words
from csi_lib.draft.answers import Answers, several_in_a_cell, ticks, words_in_order
from csi_lib.draft.batteries import factors, is_choice, item_of, runs
from csi_lib.draft.column import Draft, DraftColumn
from csi_lib.draft.concepts import Concept, gather, without_number
from csi_lib.draft.files import Given
from csi_lib.draft.identity import identifies
from csi_lib.draft.naming import codebook_names, short_label, slug
from csi_lib.draft.scales import (
    Habits,
    ScaleGuess,
    goes_together,
    labelled_scale,
    numbered_scale,
    numbers_of,
    turned,
    worded_scale,
)
from csi_lib.errors import InputError

#: kinds of a choice that a table can show
MOST_KINDS = 30
_QUESTIONS = ("item", "importance", "single", "multiple", "rank", "number", "text", "group")


def propose(given: Sequence[Given]) -> Draft:
    """The draft of a study from its sheets. Raises InputError when no column looks like a question."""
    return _Proposal(given).draft()


class _Proposal:
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
        self.words = self._vocabularies()

    # ------------------------------------------------------------------ steps
    def draft(self) -> Draft:
        for concept in self.concepts:
            self._identity(concept)
        for concept in self._free():
            self._places(concept)
        self._tick_sets()
        self._batteries()
        for concept in self._free():
            self._alone(concept)
        self._importance()
        columns = [self.done[c.place] for c in sorted(self.concepts, key=lambda c: c.place)]
        texts = [c.label for c in columns if c.role in _QUESTIONS] + [t for s in self.guesses.values() for _, t in s.labels]
        if not any(c.role in ("item", "single", "multiple", "rank", "number") for c in columns):
            seen = "; ".join(f"{c.concept.name[:30]!r}: {c.role}" for c in columns[:12])
            raise InputError("no column of these files looks like a question", where=str(self.given[0].sheet.file), found=seen,
                             action="Give the file of the answers, one row per respondent, one column per question.")  # fmt: skip
        self._unlike(columns)
        language = words.language_of(texts)
        return Draft(columns, self.sections, self.sets, self.guesses, self.notes, language, self._factors(columns), self.design,
                     self.agency, self.year)  # fmt: skip

    def _header(self, concept: Concept) -> str:
        """The header as words: no leading star, underscores as blanks, Q19AGE as Q19 AGE."""
        name = concept.name.strip().lstrip("*").strip().replace("_", " ")
        return re.sub(r"(?<=\d)(?=[^\W\d]{3,})", " ", name)

    def _free(self) -> list[Concept]:
        return [c for c in self.concepts if c.place not in self.done]

    def _add(self, concept: Concept, role: str, reason: str = "", sure: float = 0.7, *, text: str = "", **more) -> DraftColumn:
        label, question = short_label(text or concept.newest.option or concept.newest.text or concept.name)
        missing = [*concept.blanks, *(m for m in concept.missing if m not in concept.blanks)]
        column = DraftColumn(concept, self.names[concept.place], role, label, question, missing=missing, **more)
        if reason:
            column.guess(reason, sure)
        for k, (confidence, why) in concept.sure.items():
            if confidence < 0.9:
                column.guess(f"{self.given[k].sheet.file.name}: taken for {concept.columns[k].name!r} ({why}, {confidence:.2f})", confidence)
        column.asked_if = _condition(concept.newest.asked, self.names.values())
        self.done[concept.place] = column
        return column

    # ------------------------------------------------------------------ people, design, places
    def _identity(self, concept: Concept) -> None:
        answers, column = self.answers[concept.place], concept.newest
        name = self._header(concept)
        if not answers.n:
            self._add(concept, "quasi", "no cell holds an answer", 0.9)
            return
        if column.kind == "weight" or (words.WEIGHT.search(name) and answers.numeric > 0.98 and self._weighs(concept)):
            self._weight(concept)
            return
        if len(concept.labels) >= 2 and answers.distinct <= MOST_KINDS and not words.CONTACT.search(name):
            return
        kind = column.kind if column.kind in ("id", "contact", "quasi") else ""
        found = identifies(name, column.text if column.text != column.name else "", _joined(concept), concept.counts, kind)
        if found is None:
            return
        role, reason = found
        several = any(w in column.text.casefold() for w in ("satisf", "만족"))
        if role == "quasi" and words.YEAR.search(name) and answers.distinct < 40:
            return
        if not (several and answers.distinct <= 12):
            self._add(concept, role, reason, 0.9)

    def _weighs(self, concept: Concept) -> bool:
        values = pd.to_numeric(pd.Series(concept.counts.index), errors="coerce")
        n = concept.counts.to_numpy()
        mean = float((values.fillna(0) * n).sum() / max(n.sum(), 1))
        fractions = float(n[(values % 1 != 0).to_numpy()].sum()) > 0.3 * n.sum()
        return bool((values >= 0).all()) and 0 < mean and (fractions or mean > 1.5 * values.median() or abs(mean - 1) < 0.02)

    def _weight(self, concept: Concept) -> None:
        column = self._add(concept, "weight", f"the header reads {concept.name[:30]!r} and it holds positive numbers", 0.85)
        blank = {k for k, c in concept.columns.items() if (c.values == "").any() or c.counts().index.isin(concept.blanks).any()}
        if blank:
            column.guess("rows without a weight: it is not used until they are mended (design: weights)", 0.5)
        elif "weights" not in self.design:
            self.design["weights"] = column.name

    def _places(self, concept: Concept) -> None:
        """Year, body, stratum and cluster, by their headers and what stands there."""
        name = self._header(concept)
        answers, counts = self.answers[concept.place], concept.counts
        years = [v for v in counts.index if re.fullmatch(r"(19|20)\d\d", v)]
        if self.year is None and words.YEAR.search(name) and len(years) == len(counts) and len(counts) <= 40:
            self.year = self._add(concept, "design", f"the header reads {name!r} and it holds years", 0.9)
        elif words.STRATUM.search(name) and 2 <= answers.distinct <= 400:
            column = self._add(concept, "design", f"the header reads {name!r}", 0.8)
            whole = all((c.values != "").all() for c in concept.columns.values()) and int(counts.min()) >= 2 * len(concept.columns)
            if whole and not concept.blanks:
                self.design.setdefault("strata", column.name)
        elif words.CLUSTER.search(name) and answers.distinct >= 2:
            column = self._add(concept, "design", f"the header reads {name!r}", 0.8)
            if all((c.values != "").all() for c in concept.columns.values()):
                self.design.setdefault("clusters", column.name)
        elif (self.agency is None and words.AGENCY.search(name) and 2 <= answers.distinct <= 400 and counts.min() >= 5
              and all((c.values != "").all() for c in concept.columns.values()) and counts.sum() >= 20 * len(counts)
              and not any(g.part for g in self.given)):  # fmt: skip
            self.agency = self._add(concept, "quasi", f"the header reads {name!r}: each of its {len(counts)} values gets a report", 0.6)

    # ------------------------------------------------------------------ several answers
    def _tick_sets(self) -> None:
        marks = {c.place: ticks(c) for c in self._free() if self.answers[c.place].distinct <= 2 or c.newest.kind == "multiple"}
        family = lambda c: "ticks" if marks.get(c.place) else None
        for stem, worded, members in runs(self.concepts, lambda c: None if c.place in self.done else family(c)):
            zero_one = all(set(c.counts.index) <= {"0", "1"} and len(c.counts) == 2 for c in members)
            if zero_one and len(members) < 3 and not worded:
                continue
            label = without_number(stem) if worded else stem
            key = self._set(label, worded)
            for concept in members:
                text = concept.newest.option or item_of(concept, stem)
                column = self._add(concept, "multiple", f"one of {len(members)} columns {stem[:40]!r}, cells hold "
                                   f"{' or '.join(repr(v) for v in list(concept.counts.index)[:2])}", 0.85, text=text)  # fmt: skip
                column.set, column.ticked = key, marks[concept.place]
        for concept in self._free():
            found = several_in_a_cell(concept)
            if found is None:
                continue
            separator, vocabulary = found
            labels = concept.labels or {str(k): v for k, v in enumerate(vocabulary, 1)}
            role = "rank" if concept.newest.kind == "rank" else "multiple"
            self._add(concept, role, f"cells hold several of {len(labels)} answers between {separator!r}", 0.8,
                      labels=labels, separator=separator)  # fmt: skip

    def _set(self, label: str, worded: bool) -> str:
        short, whole = short_label(label)
        key = slug(label, [*self.sets, *self.names.values()], start="set") if not worded else slug("", [*self.sets, *self.names.values()], start="set")
        self.sets[key] = {"label": short, "question": whole}
        return key

    # ------------------------------------------------------------------ grids
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
                if len(valid.keys() & family.keys()) >= 0.5 * min(len(valid), len(family)) and words_in_order(list(both.values())):
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

    def _family(self, concept: Concept):
        if concept.place in self.done:
            return None
        answers = self.answers[concept.place]
        if concept.labels:
            scale = labelled_scale(concept)
            return ("scale", scale.key) if scale else ("labels", tuple(sorted(concept.labels.items()))[:60])
        worded = self._worded(concept)
        if worded is not None:
            return "words", worded
        if answers.numeric > 0.85 and not answers.decimals and 2 <= len(answers.codes) <= 60:
            core = [c for c in answers.codes if 0 <= c <= 11]
            return "codes", set(core) <= {0, 1, 2} and len(core) >= 1, len(answers.codes) > 13
        if answers.numeric < 0.2 and answers.distinct <= 60 and answers.n >= 2 * answers.distinct:
            return "kinds", None
        return None

    def _batteries(self) -> None:
        found = runs(self.concepts, self._family)
        for _, _, members in sorted(found, key=lambda run: -len(run[2])):
            if self._family(members[0])[0] == "codes":  # the largest batteries teach what the codes of this file mean
                numbered_scale(members, self.habits)
        for stem, worded, members in found:
            kind = self._family(members[0])[0]
            choice = is_choice(members) if kind in ("codes", "labels", "kinds", "scale") else None
            if choice is not None:
                self._choice(stem, worded, members, *choice)
                continue
            scale = self._scale(members, kind)
            if scale is not None and (kind != "codes" or goes_together(members, scale)):
                self._items(stem, worded, members, scale)

    def _scale(self, members, kind) -> ScaleGuess | None:
        if kind == "scale":
            return labelled_scale(members[0])
        if kind == "words":
            ordered = words_in_order(list(self.words[self._worded(members[0])].values()))
            return worded_scale(ordered, ordered, members[0])
        if kind == "codes":
            return numbered_scale(members, self.habits)
        return None

    def _items(self, stem: str, worded: bool, members: list[Concept], scale: ScaleGuess, *, alone: bool = False) -> None:
        key = self._scale_id(scale)
        section = "" if alone else self._section(without_number(stem) if worded else stem, worded)
        turn = set(turned(numbers_of(members, scale.low, scale.high))) if not (scale.coded or scale.labels) and not alone else set()
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

    def _scale_id(self, scale: ScaleGuess) -> str:
        if scale.key not in self.scales:
            base, number = f"s{scale.low}_{scale.high}", 2
            name = base
            while name in self.guesses:
                name, number = f"{base}_{'abcdefghijklmnopqrstuvwxyz'[(number - 1) % 26]}{'' if number < 27 else number}", number + 1
            self.scales[scale.key], self.guesses[name] = name, scale
        return self.scales[scale.key]

    def _section(self, label: str, worded: bool) -> str:
        key = slug("" if worded else label, self.sections, start="part")
        key = key if re.match(r"^[a-z]", key) else f"part_{key}"
        self.sections[key] = short_label(label)[0]
        return key

    def _choice(self, stem: str, worded: bool, members: list[Concept], kind: str, reason: str) -> None:
        key = self._set(without_number(stem) if worded else stem, worded)
        labels = {code: label for c in reversed(members) for code, label in c.labels.items()}
        counts = pd.concat([c.counts for c in members]).groupby(level=0).sum().sort_values(ascending=False)
        before = self._battery_before(members[0])
        items = [c for c in before if c.role == "item"]
        self.sets[key]["up_to"] = len(members) if kind == "choices" else 0
        codes = [v for v in counts.index if not words.NO_ANSWER.search(labels.get(v, v)) and v != "0"]
        numbers = sorted((int(v) for v in codes if re.fullmatch(r"\d+", v)))
        linked = {}
        if kind == "choices" and not labels and numbers and items and max(v for v in numbers if v <= len(items) or v < 90) <= len(items):
            linked = {str(k): c.name for k, c in enumerate(items, 1)}
            labels = {str(k): c.label for k, c in enumerate(items, 1)}
        elif kind == "choices" and not labels:
            ordered = [str(v) for v in numbers if str(v) not in words.NO_ANSWER_CODES or v <= len(numbers)] if numbers else sorted(codes)
            labels = {v: v for v in ordered}
        elif labels and items:
            known = {c.label.casefold(): c.name for c in items}
            linked = {code: known[text.casefold()] for code, text in labels.items() if text.casefold() in known}
        texts = bool(labels) and not numbers
        coded = {text: k for k, text in enumerate(labels, 1)} if texts else {}
        for place, concept in enumerate(members, 1):
            column = self._add(concept, "rank", reason, 0.8, text=item_of(concept, stem) if kind == "places" else "", set=key)
            if kind == "choices":
                column.labels = {str(coded[t]): t for t in labels} if texts else labels
                column.coded = coded
                column.choices = linked
                stray = [v for v in concept.counts.index if v not in labels]
                column.missing = list(dict.fromkeys([*column.missing, *stray]))
                if linked:
                    column.guess(f"choice {place}; its codes are taken for the {len(items)} items before it, in their order", 0.75)
                elif stray:
                    column.guess(f"{', '.join(stray[:6])} taken for no answer", 0.7)

    def _battery_before(self, concept: Concept) -> list[DraftColumn]:
        at = [c.place for c in self.concepts].index(concept.place)
        for other in reversed(self.concepts[:at]):
            column = self.done.get(other.place)
            if column is not None and column.role == "item" and column.section:
                return [c for c in self.done.values() if c.section == column.section]
            if column is not None and column.role in ("item", "single", "group"):
                return []
        return []

    # ------------------------------------------------------------------ questions alone
    def _alone(self, concept: Concept) -> None:
        answers, column = self.answers[concept.place], concept.newest
        text = f"{self._header(concept)} {column.text}"
        if column.kind in ("text", "date") and not concept.labels:
            self._add(concept, column.kind if column.kind == "text" or answers.dates > 0.9 else "text", "the questionnaire says so", 0.95)
            return
        if answers.dates > 0.8:
            self._add(concept, "quasi", "the cells hold dates", 0.8)
            return
        if concept.labels and (scale := labelled_scale(concept)):
            if not (words.GROUP.search(text) and not words.RATING.search(text)):
                self._items("", False, [concept], scale, alone=True)
                return
        if self._worded(concept) is not None and not (words.GROUP.search(text) and not words.RATING.search(text)):
            scale = self._scale([concept], "words")
            if scale is not None:
                self._items("", False, [concept], scale, alone=True)
                return
        if concept.labels and answers.distinct <= 3 * MOST_KINDS:
            self._kinds(concept, dict(concept.labels), "the file labels its codes", 0.95)
            return
        if answers.numeric > 0.95 and not concept.labels:
            self._numbers(concept)
            return
        texts = [v for v in concept.counts.index]
        repeated = answers.n >= 3 * answers.distinct or answers.distinct <= 6
        if answers.distinct <= MOST_KINDS and repeated and answers.mean_length <= 70 and column.kind != "text":
            labels = {str(k): v for k, v in enumerate(_in_order(texts), 1)}
            found = self._kinds(concept, labels, f"{len(labels)} answers in words that repeat", 0.8)
            found.coded = {v: int(k) for k, v in labels.items()}
            return
        if words.OPEN.search(text) or answers.mean_length > 18 or any(" " in v for v in texts[:20]) and answers.mean_length > 12:
            self._add(concept, "text", f"{answers.distinct} different texts of {answers.mean_length:.0f} letters on average", 0.8)
        else:
            self._add(concept, "quasi", f"{answers.distinct} different short texts: not shown until you say what they are", 0.5)

    def _numbers(self, concept: Concept) -> None:
        answers, column = self.answers[concept.place], concept.newest
        text = f"{self._header(concept)} {column.text}"
        scale = numbered_scale([concept], self.habits)
        tens = scale is not None and scale.high == 10 and scale.low in (0, 1) and len(answers.codes) >= 7
        if tens and (scale.low == 0 or words.RATING.search(text) or words.RECOMMEND.search(text) or answers.distinct >= 9):
            self._items("", False, [concept], scale, alone=True)
        elif scale is not None and scale.high - scale.low >= 3 and not words.GROUP.search(text) and (
            words.RATING.search(text) or self._goes_along(concept, scale)
        ):
            self._items("", False, [concept], scale, alone=True)
        elif len(answers.codes) <= 12 and not answers.decimals and len(answers.codes) >= 1:
            valid = _likely_codes(answers.codes, none_at_zero=self.habits.zero)
            none = [str(c) for c in answers.codes if c not in valid]
            found = self._kinds(concept, {str(c): str(c) for c in valid}, f"{len(valid)} codes without labels", 0.6)
            if none:
                found.missing = list(dict.fromkeys([*found.missing, *none]))
                found.guess(f"{', '.join(none)} taken for no answer", 0.6)
        elif answers.decimals or words.NUMBER.search(text) or re.search(r"\bage\b|나이|연령|edad|a[nñ]os|year", text, re.IGNORECASE):
            self._add(concept, "number", f"{answers.distinct} different numbers", 0.7)
        else:
            self._add(concept, "quasi", f"{answers.distinct} different numbers without labels, codes or amounts: not shown until you say", 0.4)

    def _goes_along(self, concept: Concept, scale: ScaleGuess) -> bool:
        """Whether bare codes alone go with the ratings found so far (r ≥ .25)."""
        items = [c for c in self.done.values() if c.role == "item" and c.section and not c.coded and c.concept.columns.keys() == concept.columns.keys()][:40]
        if len(items) < 3:
            return False
        others = numbers_of([c.concept for c in items], scale.low, scale.high).mean(axis=1)
        return bool(abs(others.corr(numbers_of([concept], scale.low, scale.high).iloc[:, 0])) >= 0.25)

    def _kinds(self, concept: Concept, labels: dict[str, str], reason: str, sure: float) -> DraftColumn:
        column = concept.newest
        valid = {code: label for code, label in labels.items() if code not in concept.missing and not _no_group(label)}
        group = bool(words.GROUP.search(self._header(concept)) or words.GROUP.search(without_number(column.text)[:80])) and 2 <= len(valid) <= 16
        found = self._add(concept, "group" if group else "single", reason, sure, labels=valid or labels)
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

    # ------------------------------------------------------------------ what follows from the whole
    def _importance(self) -> None:
        """Batteries that ask how important each item is: importance of the item of the same words."""
        rated = {c.label.casefold(): c.name for c in self.done.values()
                 if c.role == "item" and not words.IMPORTANCE.search(f"{self.sections.get(c.section, '')} {c.label}")}  # fmt: skip
        for column in list(self.done.values()):
            asked = f"{self.sections.get(column.section, '')} {column.label} {column.question}"
            if column.role != "item" or not words.IMPORTANCE.search(asked) or words.RATING.search(self.sections.get(column.section, "")) and not words.IMPORTANCE.search(self.sections.get(column.section, "")):
                continue
            of = rated.get(column.label.casefold()) or rated.get(words.IMPORTANCE.sub("", column.label).strip(" -:[]()").casefold())
            if of or column.section and words.IMPORTANCE.search(self.sections[column.section]):
                column.role, column.of = "importance", of or ""
                column.guess("its words ask for importance" + (f", of {of}" if of else ""), 0.8)
        empty = [s for s in self.sections if not any(c.section == s for c in self.done.values())]
        for section in empty:
            del self.sections[section]

    def _unlike(self, columns: list[DraftColumn]) -> None:
        """Labels that stand twice get the column's name, so that no two lines of a table read the same."""
        shown = [c for c in columns if c.role in ("item", "importance", "single", "number", "group")]
        often = Counter((c.section, c.label.casefold()) for c in shown)
        for column in shown:
            if often[column.section, column.label.casefold()] > 1 and column.label != column.name:
                column.question = column.question or column.label
                column.label = f"{column.label} ({column.name})"
                column.guess("its label stands more than once, so its name was added", 0.9)
        for key in self.sets:
            members = [c for c in columns if c.set == key and c.role == "multiple"]
            twice = Counter(c.label.casefold() for c in members)
            for column in members:
                if twice[column.label.casefold()] > 1:
                    column.label = f"{column.label} ({column.name})"

    def _factors(self, columns: list[DraftColumn]) -> list[str]:
        """What exploratory factors say beside the sections, in words."""
        items = [c for c in columns if c.role == "item" and not c.coded and c.section][:120]
        if len(items) < 6:
            return []
        low, high = min(self.guesses[c.scale].low for c in items), max(self.guesses[c.scale].high for c in items)
        frame = numbers_of([c.concept for c in items], low, high)
        none = {c.concept.place: {float(m) for m in c.missing if m.lstrip("-").isdigit()} for c in items}
        frame = pd.DataFrame({p: frame[p].where(~frame[p].isin(none[p])) for p in frame})
        found = factors(frame)
        if found is None:
            return []
        count, belongs = found
        names = {c.concept.place: c.name for c in items}
        out = [f"exploratory factors of {len(belongs)} items (parallel analysis, varimax): {count}"]
        for k in range(count):
            out.append(f"  factor {k + 1}: {', '.join(names[p] for p, f in belongs.items() if f == k)}")
        return out


def _joined(concept: Concept) -> pd.Series:
    return concept.newest.values


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
        value = lambda t: (float(m[0].replace(",", "")) if (m := re.search(r"\d+(?:,\d{3})*(?:\.\d+)?", t)) else 1e12) - (0.5 if under.search(t) else 0)
        return sorted(texts, key=value)
    return texts


_ODK = re.compile(r"""^\s*(?:selected\(\s*)?\$\{(\w+)\}\s*(?:=|,)\s*'([^']+)'\)?\s*$""")
_LIME = re.compile(r"""^\(*\s*(?:\w*?[gx]\d*q?)?(\w+?)(?:\.NAOK|\.code)?\s*==\s*["']([^"']+)["']\s*\)*$""", re.IGNORECASE)


def _condition(asked: str, names) -> dict[str, list[str]]:
    """A platform's condition on one question, as ``asked_if``; conditions of other kinds are left to the user."""
    for pattern in (_ODK, _LIME):
        found = pattern.match(asked or "")
        if found:
            name = next((n for n in names if n == found[1].casefold()), None)
            return {name: [found[2]]} if name else {}
    return {}
