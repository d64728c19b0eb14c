"""What a change of the index is made of, and where the trend breaks because the index is made of something else."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.figures.figure import Figure
from csi_lib.figures.theme import HOUSE
from csi_lib.figures.trends import trend_lines
from csi_lib.models.absence import present
from csi_lib.models.composition import PARTS, Composition, Structure, composition, structure
from csi_lib.models.study_models import study_models
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence, join_words
from csi_lib.tables.table import Column, Row, Table

_LABELS = {
    "ko": {
        "structure_effect": "구성의 변화(부문·차원이 새로 생기거나 없어짐)",
        "weight_effect": "가중치의 변화(다시 추정한 가중치)",
        "mix_effect": "응답자 구성의 변화",
        "score_effect": "점수의 변화(같은 것에 대한 평가)",
        "change": "지수의 변화",
    },
    "en": {
        "structure_effect": "Structure (sectors or dimensions new or gone)",
        "weight_effect": "Weights (estimated again)",
        "mix_effect": "Mix of respondents",
        "score_effect": "Scores (of the same things)",
        "change": "Change of the index",
    },
}


def change_parts(chapter) -> Composition | None:
    """The change of the report's index since the last wave in its parts; None without a last wave under the same edition,
    where the index itself is not shown, or where there is nothing to tell apart."""
    if chapter.previous is None or chapter.model.at == "base-year":
        return None
    change = chapter.change(chapter.index())
    if change is None or pd.isna(change["estimate"]):
        return None
    model = next(
        m for m in study_models(chapter.study, chapter.survey.source, year=chapter.year) if m.name == chapter.model.name
    )
    if model.file.open_ended:
        model = model.fitted(chapter.survey)
    before = chapter.survey_of(chapter.previous_year)
    try:
        found = composition(
            present(chapter.study, model, chapter.survey), present(chapter.study, model, before), chapter.survey, before,
            weights_now=chapter.weights_survey(chapter.year), weights_before=chapter.weights_survey(chapter.previous_year),
            by=chapter.banners, min_base=chapter.study.privacy.min_base,
        )  # fmt: skip
    except InputError:
        return None  # the two waves have no weights in common; the change itself stands
    return found if found is not None and len(found.parts) > 2 else None


def composition_table(chapter, found: Composition) -> Table:
    """The parts with their errors, and their sum."""
    t, rows = chapter.text, chapter.record(found.parts).to_dict("records")
    columns = (
        Column("part", t(ko="변화의 내용", en="Part"), "left", "stub"),
        Column("size", t(ko="크기", en="Size")),
        Column("interval", t(ko="신뢰구간", en="Interval")),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = tuple(
        Row(
            (
                _LABELS[chapter.lang][r["statistic"]],
                Number.from_row(r, signed=True),
                Interval.from_row(r),
                Number.from_row(r, "n"),
            )
        )
        for r in rows
    )
    return Table("composition", t(ko="지수 변화의 분해", en="What the change of the index is made of"), columns, body, lang=chapter.lang)  # fmt: skip


def composition_sentences(chapter, found: Composition) -> list[Sentence]:
    """What came or went, how the comparable part moved, and how much of the change is score."""
    out = structure_sentences(chapter, found.structure)
    if found.structure:
        before, now = chapter.record(found.like).to_dict("records")
        out.append(chapter.sentence(
            ko="두 조사에 모두 있는 부분만으로 계산한 비교 지수는 {before}에서 {now:으로/로} 바뀌었다.",
            en="The like-for-like index, of what both waves have, went from {before} to {now}.",
            before=Number.from_row(before), now=Number.from_row(now),
        ))  # fmt: skip
    if not (found.structure or found.by):
        effects = found.parts.frame["statistic"].isin(PARTS).to_numpy().nonzero()[0]
        rows = {r["statistic"]: r for r in chapter.record(found.parts.take(effects)).to_dict("records")}
        return [chapter.sentence(
            ko="지수의 변화 가운데 점수의 변화에 따른 부분은 {score}, 가중치의 변화에 따른 부분은 {weight}이다.",
            en="Of the change of the index, {score} comes from the scores and {weight} from the re-estimated weights.",
            score=rows["score_effect"], weight=rows["weight_effect"],
        )]  # fmt: skip
    rows = {r["statistic"]: r for r in chapter.record(found.parts).to_dict("records")}
    said = [
        chapter.sentence(
            ko="{what} {size}", en="{what} {size}", what=what, size=Number.from_row(rows[part], signed=True)
        )
        for part, what in zip(
            PARTS,
            chapter.text(ko="구성|가중치|응답자 구성|점수", en="structure|weights|mix of respondents|scores").split(
                "|"
            ),
            strict=True,
        )
        if part in rows
    ]
    out.append(chapter.sentence(
        ko="지수의 변화 {change:은/는} {parts:으로/로} 이루어진다.", en="The change of the index of {change} is made of {parts}.",
        change=Number.from_row(rows["change"], signed=True), parts=join_words(said, chapter.lang, between=", "),
    ))  # fmt: skip
    return out


def structure_sentences(chapter, differs: Structure) -> list[Sentence]:
    """Sectors and dimensions that are new or gone; empty where both waves have the same."""
    spec = chapter.model.file.sectors
    names = lambda codes: [chapter.labels.group(spec.by, c) for c in codes]
    labels = _node_labels(chapter)
    pairs = (
        (names(differs.sectors_gone) if spec else [], "지난 조사에 있던 부문 {x:은/는} 이번에 없다.", "Sectors of the last wave that are gone: {x}."),
        (names(differs.sectors_new) if spec else [], "부문 {x:은/는} 이번에 새로 들어왔다.", "Sectors that are new: {x}."),
        ([labels.get(n, n) for n in differs.nodes_gone], "차원 {x:은/는} 이번에 없다.", "Dimensions that are gone: {x}."),
        ([labels.get(n, n) for n in differs.nodes_new], "차원 {x:은/는} 이번에 새로 들어왔다.", "Dimensions that are new: {x}."),
    )  # fmt: skip
    return [chapter.sentence(ko=ko, en=en, x=join_words(found, chapter.lang)) for found, ko, en in pairs if found]


def _node_labels(chapter) -> dict[str, str]:
    models = study_models(chapter.study, chapter.survey.source, year=chapter.year)
    model = next(m for m in models if m.name == chapter.model.name)
    return {n.id: n.label.text(chapter.lang) for n in (*model.file.nodes, *model.file.side)}


def breaks(chapter, years) -> list[int]:
    """Waves from which on the index is made of other sectors or dimensions than in the wave before."""
    out, years = [], sorted(years)
    for before, now in pairwise(years):
        model = next(
            m
            for m in study_models(chapter.study, chapter.survey.source, year=chapter.year)
            if m.name == chapter.model.name
        )
        if model.file.open_ended:
            return []
        surveys = [chapter.survey if y == chapter.year else chapter.survey_of(y) for y in (before, now)]
        try:
            models = [present(chapter.study, model, s) for s in surveys]
        except InputError:
            continue
        if structure(models[1], models[0], surveys[1], surveys[0]):
            out.append(now)
    return out


def trend_figures(chapter, waves: pd.DataFrame, *, name: str, caption: str, breaks=()) -> list[Figure]:
    """The lines of a trend in as many figures as it takes (`panels`); their captions count them where they are several."""
    pieces = panels(waves, chapter.model.file.index, len(HOUSE.lines))
    return [
        trend_lines(
            piece, lang=chapter.lang, name=name if k == 1 else f"{name}-{k}", breaks=breaks,
            caption=caption + (f" ({k}/{len(pieces)})" if len(pieces) > 1 else ""),
        )
        for k, piece in enumerate(pieces, 1)
    ]  # fmt: skip


def panels(waves: pd.DataFrame, first: str, most: int) -> list[pd.DataFrame]:
    """The rows of a trend in as many figures as its lines need, at most `most` lines in each; the index is in all of them."""
    others = [m for m in dict.fromkeys(waves["measure"]) if m != first]
    if len(others) + 1 <= most:
        return [waves]
    count = -(-len(others) // (most - 1))
    size = -(-len(others) // count)
    return [
        waves[waves["measure"].isin([first, *others[k : k + size]])].reset_index(drop=True)
        for k in range(0, len(others), size)
    ]
