"""Questions of other kinds than rating: one choice, several answers, a few out of many, places, numbers, with their bases.

Measures of the results: ``q:code`` the share that gave an answer (of several answers: at any place), ``q@1:code`` the share
that named it first, ``q@w:code`` its weighted place 0–100, ``q`` the mean of a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from csi_lib.intake.choices import BETWEEN
from csi_lib.study.base import Label
from csi_lib.study.codebook import ASKED, Codebook, Column, QuestionSet
from csi_lib.survey.assembly import Assembly, Grouping, domain_means


@dataclass(frozen=True)
class Question:
    """One question as it was asked.

    id : the column, or the set that several columns share; kind : ``single``, ``multiple``, ``rank`` or ``number``;
    options : (code, label) of its answers in codebook order; columns : where they stand; up_to : how many could be chosen;
    places : each column stands for one answer and holds its place (else the columns hold the choices in their order).
    """

    id: str
    kind: str
    label: Label
    question: Label | None
    section: str | None
    options: tuple[tuple[str, Label], ...]
    columns: tuple[str, ...]
    up_to: int
    places: bool = False
    base: str = "answered"

    def measure(self, code: str, place: str = "") -> str:
        """Name of an answer's share in the results: at any place, first (``1``) or weighted (``w``)."""
        return f"{self.id}@{place}:{code}" if place else f"{self.id}:{code}"


def questions(codebook: Codebook, year: int | None = None) -> list[Question]:
    """The questions of other kinds than rating, in codebook order; dates are described nowhere and left out."""
    out, seen = [], set()
    for name, column in codebook.columns.items():
        if column.role not in ASKED or column.role == "date" or not column.available_in(year):
            continue
        if column.set is None:
            options = tuple((str(code), label) for code, label in column.labels.items())
            up_to = column.up_to or (len(options) if column.separator else 1)
            out.append(
                Question(name, column.role, column.label, column.question, column.section, options, (name,), up_to)
            )
            continue
        if column.set in seen:
            continue
        seen.add(column.set)
        said = codebook.sets[column.set]
        members = [n for n, c in codebook.columns.items() if c.set == column.set and c.available_in(year)]
        places = column.role == "rank" and not column.labels
        if column.role == "multiple" or places:
            options = tuple((n, codebook.columns[n].label) for n in members)
        else:
            options = tuple((str(code), label) for code, label in column.labels.items())
        out.append(
            Question(column.set, column.role, said.label, said.question, said.section or column.section, options,
                     tuple(members), said.up_to or len(members), places, said.base)
        )  # fmt: skip
    return out


@dataclass(frozen=True)
class Given:
    """What respondents gave: `place` n × options, 1 = first … (0 = not chosen; 1 for what was ticked), and who counts."""

    place: np.ndarray
    base: np.ndarray


def given(frame: pd.DataFrame, question: Question) -> Given:
    """The answers to one question. Those who chose nothing are out of the base, unless the set says ``base: asked``.

    A choice named twice counts at its first place; more answers than allowed count all.
    """
    n, codes = len(frame), [code for code, _ in question.options]
    place = np.zeros((n, len(codes)), int)
    columns = [c for c in question.columns if c in frame]
    if question.kind == "single":
        values = _codes_of(frame[columns[0]]) if columns else np.full(n, "", dtype=object)
        for k, code in enumerate(codes):
            place[:, k] = values == code
    elif question.kind == "multiple" and question.columns[0] in dict(question.options):
        ticked = frame[columns].to_numpy(float) if columns else np.zeros((n, 0))
        for k, name in enumerate(columns):
            place[:, codes.index(name)] = ticked[:, k] == 1
        answered = (ticked == 1).any(axis=1) | ((ticked == 0).any(axis=1) & np.isfinite(ticked).all(axis=1))
        return Given(place, answered if question.base == "answered" else np.ones(n, bool))
    elif question.places:
        held = frame[columns].to_numpy(float)
        for k, name in enumerate(columns):
            valid = np.isfinite(held[:, k]) & (held[:, k] >= 1)
            place[:, codes.index(name)] = np.where(valid, held[:, k], 0).astype(int)
    elif len(columns) == 1:
        at = {code: k for k, code in enumerate(codes)}
        for row, cell in enumerate(frame[columns[0]].fillna("").astype(str)):
            for order, code in enumerate(cell.split(BETWEEN), 1):
                if code in at and not place[row, at[code]]:
                    place[row, at[code]] = order if question.kind == "rank" else 1
    else:
        for order, name in enumerate(columns, 1):
            values = _codes_of(frame[name])
            for k, code in enumerate(codes):
                hit = (values == code) & (place[:, k] == 0)
                place[hit, k] = order
    answered = (place > 0).any(axis=1)
    return Given(place, answered if question.base == "answered" else np.ones(n, bool))


def _codes_of(column: pd.Series) -> np.ndarray:
    """The codes of a choice as texts, "" where none was made."""
    values = column.astype("category")
    texts = np.array([*(str(c) for c in values.cat.categories), ""], dtype=object)
    return texts[values.cat.codes.to_numpy()]


def spread(survey):
    """The survey with every cell of several answers spread over columns: 1 or 0 for each answer of a multiple question,
    the choices in their order for a ranked one. Without such cells the survey itself."""
    book = survey.codebook
    cells = [n for n, c in book.columns.items() if c.separator and n in survey.frame]
    if not cells:
        return survey
    frame, columns, sets = survey.frame.drop(columns=cells), dict(book.columns), dict(book.sets)
    for question in (q for q in questions(book, survey.year) if q.columns[0] in cells):
        column, found = columns.pop(question.id), given(survey.frame, question)
        key = f"{question.id}_set"
        sets[key] = QuestionSet(label=question.label, question=question.question, section=question.section)
        parts = [(f"{question.id}_{k}", label) for k, (_, label) in enumerate(question.options, 1)]
        if question.kind == "multiple":
            for k, (name, label) in enumerate(parts):
                frame[name] = np.where(found.base, (found.place[:, k] > 0).astype(float), np.nan)
                columns[name] = Column(name=name, role="multiple", set=key, label=label)
        else:
            codes = [code for code, _ in question.options]
            for order in range(1, int(found.place.max(initial=0)) + 1):
                at = np.where((found.place == order).any(axis=1), (found.place == order).argmax(axis=1), -1)
                name = f"{question.id}_{order}"
                frame[name] = pd.Categorical.from_codes(at, categories=codes)
                columns[name] = Column(name=name, role="rank", set=key, label=question.label, labels=column.labels)
    return replace(survey, frame=frame, codebook=book.model_copy(update={"columns": columns, "sets": sets}))


def questions_into(build: Assembly, groups: Sequence[Grouping]) -> None:
    """Add the rows of every question of the survey for these groupings.

    * ``share`` (proportion) of each answer among those who answered; ``share_of_answers`` among all answers given (several
      answers; total only); for choices in an order also the share named first, and ``mean`` (points) of the weighted place
      100·(k + 1 − place)/k, 0 where it was not named, with k the answers allowed;
    * ``average`` (number2) and ``median`` of a number.
    """
    survey = build.survey
    w = np.asarray(survey.design.weights, float)
    share = {"statistic": "share", "unit": "proportion", "scale_low": 0.0, "scale_high": 1.0}
    for question in questions(survey.codebook, survey.year):
        if question.kind == "number":
            _number_into(build, groups, question, w)
            continue
        if not question.options:
            continue
        found = given(survey.frame, question)
        base = found.base & (w > 0)
        if not base.any():
            continue
        chosen, wide = found.place > 0, np.repeat(base[:, None], len(question.options), axis=1)
        several = question.kind == "rank"
        weighted = np.where(
            chosen, 100 * (question.up_to + 1 - np.minimum(found.place, question.up_to)) / question.up_to, 0.0
        )
        names = [[question.measure(code, p) for code, _ in question.options] for p in ("", "1", "w")]
        for grouping in groups:
            build.add_many(grouping, *domain_means(chosen, w, grouping, wide), wide, measure=names[0], **share)
            if several:
                build.add_many(
                    grouping, *domain_means(found.place == 1, w, grouping, wide), wide, measure=names[1], **share
                )
                if not grouping.by:
                    points = {"statistic": "mean", "unit": "points", "scale_low": 0.0, "scale_high": 100.0}
                    build.add_many(
                        grouping, *domain_means(weighted, w, grouping, wide), wide, measure=names[2], **points
                    )
        if question.kind == "multiple":
            _of_answers(build, groups[0], names[0], chosen, base, w)


def _of_answers(build: Assembly, total: Grouping, names: list[str], chosen, base, w) -> None:
    """Shares among all answers given: R = Σw·x / Σw·m, m the answers of a respondent; z = w(x − R·m)/Σw·m."""
    hit = chosen & base[:, None]
    count = hit.sum(axis=1)
    whole = float((w * count).sum())
    if whole <= 0:
        return
    ratio = (w[:, None] * hit).sum(axis=0) / whole
    own = w[:, None] * (hit - count[:, None] * ratio[None, :]) / whole
    wide = np.repeat((base & (count > 0))[:, None], len(names), axis=1)
    build.add_many(total, ratio[None, :], own, wide, measure=names, statistic="share_of_answers", unit="proportion",
                   scale_low=0.0, scale_high=1.0)  # fmt: skip


def _number_into(build: Assembly, groups: Sequence[Grouping], question: Question, w: np.ndarray) -> None:
    column = question.columns[0]
    if column not in build.survey.frame:
        return
    x = build.survey.frame[column].to_numpy(float)
    base = np.isfinite(x) & (w > 0)
    if not base.any():
        return
    for grouping in groups:
        mean, own = domain_means(np.where(base, x, 0.0)[:, None], w, grouping, base[:, None])
        build.add_many(grouping, mean, own, base[:, None], measure=[question.id], statistic="average", unit="amount",
                       scale_low=np.nan, scale_high=np.nan)  # fmt: skip
