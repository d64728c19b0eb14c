"""From questions over the waves to a proposed codebook: roles, scales, sets, sections, each guess with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from csi_lib.draft import words
from csi_lib.draft.alone import Alone
from csi_lib.draft.answers import several_in_a_cell, ticks
from csi_lib.draft.batteries import factors, is_choice, item_of, runs
from csi_lib.draft.column import Draft, DraftColumn
from csi_lib.draft.concepts import Concept, without_number
from csi_lib.draft.files import Given
from csi_lib.draft.identity import identifies
from csi_lib.draft.scales import (
    goes_together,
    labelled_scale,
    numbered_scale,
    numbers_of,
)
from csi_lib.errors import InputError

#: kinds of a choice that a table can show
MOST_KINDS = 30
_QUESTIONS = ("item", "importance", "single", "multiple", "rank", "number", "text", "group")


def propose(given: Sequence[Given]) -> Draft:
    """The draft of a study from its sheets. Raises InputError when no column looks like a question."""
    return _Proposal(given).draft()


class _Proposal(Alone):
    # ------------------------------------------------------------------ steps
    def draft(self) -> Draft:
        for concept in self.concepts:
            self._identity(concept)
        for concept in self._free():
            self._places(concept)
        self._tick_sets()
        self._batteries()
        self._neighbours()
        for concept in self._free():
            self._alone(concept)
        self._importance()
        columns = [self.done[c.place] for c in sorted(self.concepts, key=lambda c: c.place)]
        texts = [c.label for c in columns if c.role in _QUESTIONS] + [
            t for s in self.guesses.values() for _, t in s.labels
        ]
        if not any(c.role in ("item", "single", "multiple", "rank", "number") for c in columns):
            seen = "; ".join(f"{c.concept.name[:30]!r}: {c.role}" for c in columns[:12])
            raise InputError("no column of these files looks like a question", where=str(self.given[0].sheet.file), found=seen,
                             action="Give the file of the answers, one row per respondent, one column per question.")  # fmt: skip
        self._unlike(columns)
        language = words.language_of(texts)
        return Draft(columns, self.sections, self.sets, self.guesses, self.notes, language, self._factors(columns), self.design,
                     self.agency, self.year)  # fmt: skip

    # ------------------------------------------------------------------ people, design, places
    def _identity(self, concept: Concept) -> None:
        answers, column = self.answers[concept.place], concept.newest
        name = self._header(concept)
        if not answers.n:
            self._add(concept, "quasi", "no cell holds an answer", 0.9)
            return
        named = words.WEIGHT.search(name) or (len(column.text) < 60 and words.WEIGHT.search(column.text))
        if column.kind == "weight" or (named and answers.numeric > 0.98 and self._weighs(concept)):
            self._weight(concept)
            return
        if len(concept.labels) >= 2 and answers.distinct <= MOST_KINDS and not words.CONTACT.search(name):
            return
        kind = column.kind if column.kind in ("id", "contact", "quasi") else ""
        found = identifies(
            name, column.text if column.text != column.name else "", concept.newest.values, concept.counts, kind
        )
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
        return (
            bool((values >= 0).all())
            and mean > 0
            and (fractions or mean > 1.5 * values.median() or abs(mean - 1) < 0.02)
        )

    def _weight(self, concept: Concept) -> None:
        column = self._add(
            concept, "weight", f"the header reads {concept.name[:30]!r} and it holds positive numbers", 0.85
        )
        blank = {
            k
            for k, c in concept.columns.items()
            if (c.values == "").any() or c.counts().index.isin(concept.blanks).any()
        }
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
            whole = all((c.values != "").all() for c in concept.columns.values()) and int(counts.min()) >= 2 * len(
                concept.columns
            )
            if whole and not concept.blanks:
                self.design.setdefault("strata", column.name)
        elif words.CLUSTER.search(name) and answers.distinct >= 2:
            column = self._add(concept, "design", f"the header reads {name!r}", 0.8)
            if all((c.values != "").all() for c in concept.columns.values()):
                self.design.setdefault("clusters", column.name)
        elif (self.agency is None and words.AGENCY.search(name) and 2 <= answers.distinct <= 400 and counts.min() >= 5
              and all((c.values != "").all() for c in concept.columns.values()) and counts.sum() >= 20 * len(counts)
              and not any(g.part for g in self.given)):  # fmt: skip
            self.agency = self._add(
                concept, "quasi", f"the header reads {name!r}: each of its {len(counts)} values gets a report", 0.6
            )

    # ------------------------------------------------------------------ several answers
    def _tick_sets(self) -> None:
        marks = {
            c.place: ticks(c)
            for c in self._free()
            if self.answers[c.place].distinct <= 2 or c.newest.kind == "multiple"
        }
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

    # ------------------------------------------------------------------ grids
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
            if (
                self._family(members[0])[0] == "codes" and is_choice(members) is None
            ):  # the largest batteries teach what the codes of this file mean
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
            elif len(members) > 2 and kind in ("codes", "labels"):
                section = self._section(self._title(stem, worded, members), worded)
                self.grids |= {c.place: (section, item_of(c, stem) if worded else "") for c in members}

    def _neighbours(self) -> None:
        """Ratings in bare codes under headers of their own: three or more beside each other that have the same codes and
        move together."""
        run: list[Concept] = []
        for concept in [*self.concepts, None]:
            kind = self._rates(concept) if concept is not None else 0
            if run and kind and kind == self._rates(run[0]):
                run.append(concept)
                continue
            self._rated(run)
            run = [concept] if kind else []

    def _rates(self, concept: Concept) -> int:
        """The highest code of what may be a rating in bare codes, as scales have it (5, 7, 10); 0 of anything else."""
        answers = self.answers[concept.place]
        family = self._family(concept)
        text = f"{self._header(concept)} {concept.newest.text}"
        if family is None or family[0] != "codes" or family[1] or not answers.codes or max(answers.codes) > 999:
            return 0
        if words.GROUP.search(text) or words.NUMBER.search(text) or words.IMPORTANCE.search(text):
            return 0
        high = max((c for c in answers.codes if str(c) not in words.NO_ANSWER_CODES or c <= 5), default=0)
        return next((end for end in (5, 7, 10) if 3 <= high <= end), 0)

    def _rated(self, run: list[Concept]) -> None:
        scale = numbered_scale(run, self.habits) if len(run) >= 3 else None
        if scale is None:
            return
        r = numbers_of(run, scale.low, scale.high).corr(min_periods=20).abs()
        with_rest = (r.sum() - 1) / (len(run) - 1)  # one that goes with none of the others is no rating of this row
        members = [c for c in run if with_rest[c.place] >= 0.1]
        if len(members) >= 3 and goes_together(members, scale):
            self._items("", False, members, scale, alone=True)

    def _choice(self, stem: str, worded: bool, members: list[Concept], kind: str, reason: str) -> None:
        key = self._set(without_number(stem) if worded else stem, worded)
        labels = {code: label for c in reversed(members) for code, label in c.labels.items()}
        counts = pd.concat([c.counts for c in members]).groupby(level=0).sum().sort_values(ascending=False)
        before = self._battery_before(members[0])
        items = [c for c in before if c.role == "item"]
        self.sets[key]["up_to"] = len(members) if kind == "choices" else 0
        codes = [v for v in counts.index if not words.NO_ANSWER.search(labels.get(v, v)) and v != "0"]
        numbers = sorted(int(v) for v in codes if re.fullmatch(r"\d+", v))
        linked = {}
        if (
            kind == "choices"
            and not labels
            and numbers
            and items
            and max(v for v in numbers if v <= len(items) or v < 90) <= len(items)
        ):
            linked = {str(k): c.name for k, c in enumerate(items, 1)}
            labels = {str(k): c.label for k, c in enumerate(items, 1)}
        elif kind == "choices" and not labels:
            ordered = (
                [str(v) for v in numbers if str(v) not in words.NO_ANSWER_CODES or v <= len(numbers)]
                if numbers
                else sorted(codes)
            )
            labels = {v: v for v in ordered}
        elif labels and items:
            known = {c.label.casefold(): c.name for c in items}
            linked = {code: known[text.casefold()] for code, text in labels.items() if text.casefold() in known}
        texts = bool(labels) and not numbers
        coded = {text: k for k, text in enumerate(labels, 1)} if texts else {}
        for place, concept in enumerate(members, 1):
            column = self._add(
                concept, "rank", reason, 0.8, text=item_of(concept, stem) if kind == "places" else "", set=key
            )
            if linked and items:
                column.section = items[0].section
            if kind == "choices":
                column.labels = {str(coded[t]): t for t in labels} if texts else labels
                column.coded = coded
                column.choices = linked
                stray = [v for v in concept.counts.index if v not in labels]
                column.missing = list(dict.fromkeys([*column.missing, *stray]))
                if linked:
                    column.guess(
                        f"choice {place}; its codes are taken for the {len(items)} items before it, in their order",
                        0.75,
                    )
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

    # ------------------------------------------------------------------ what follows from the whole
    def _importance(self) -> None:
        """Batteries that ask how important each item is: importance of the item of the same words."""
        thing = lambda label: words.ASPECT.sub("", label).strip(" -:·,.()[]").casefold() or label.casefold()
        others = [c for c in self.done.values()
                  if c.role == "item" and not words.IMPORTANCE.search(f"{self.sections.get(c.section, '')} {c.label}")]  # fmt: skip
        rated = {thing(c.label): c.name for c in others} | {c.label.casefold(): c.name for c in others}
        for column in list(self.done.values()):
            asked = f"{self.sections.get(column.section, '')} {column.label} {column.question}"
            title = self.sections.get(column.section, "")
            rates = words.RATING.search(title) and not words.IMPORTANCE.search(title)
            if column.role != "item" or not words.IMPORTANCE.search(asked) or rates:
                continue
            of = rated.get(column.label.casefold()) or rated.get(thing(column.label))
            if of or (column.section and words.IMPORTANCE.search(self.sections[column.section])):
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
