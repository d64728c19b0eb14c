"""Everything a study says about one agency and wave, as one set of `Estimates`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.models.absence import present
from csi_lib.models.index import IndexModel
from csi_lib.models.study_models import study_models
from csi_lib.models.valuation import refuse_absent
from csi_lib.study.reading import Reading
from csi_lib.survey.assembly import NO_VARIATION, Assembly, Grouping, unit_labels
from csi_lib.survey.description import describe_into, groupings, shares_into
from csi_lib.survey.disclosure import Rules, decide
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.families import family_hidden
from csi_lib.survey.questions import questions_into
from csi_lib.survey.reading import read_survey


def banners(study, survey) -> list[str]:
    """Banner variables of the report: those the study names, else every group column this wave has.

    A source of which the study names no group (employees, where the names are the customers') shows all of its own.
    """
    own = list(survey.codebook.groups)
    named = [c for c in study.report.groups or () if c in survey.frame]
    columns = named if named or study.report.groups == () else own
    return [c for c in columns if c in survey.frame and survey.frame[c].notna().any()]


def score(
    study,
    survey,
    *,
    surveys=None,
    as_of: int | None = None,
    refused: dict[str, str] | None = None,
    also: Sequence[str] = (),
) -> Estimates:
    """Items, indices, weights and composition of one survey, with disclosure decided.

    Parameters
    ----------
    surveys : function (agency or None, year) → Survey, for models whose weights are estimated on all agencies or on a
        base year; default reads them from the study.
    as_of : a wave whose editions of the formulas are used instead of this wave's own (restatement).
    also : further columns by which everything is told beside the report's groups; disclosure is decided on all of them.
    refused : filled with model → reason for models that cannot be restated (their rows are left out).

    Rows carry study, agency, year, period and source; statistics are those of `describe`, `shares` and
    `IndexModel.evaluate`.
    """
    surveys = surveys or (lambda agency, year: read_survey(study, agency, year, source=survey.source))
    by = list(dict.fromkeys([*banners(study, survey), *also]))
    groups = groupings(survey, by)
    models = _models(study, survey, as_of, refused)
    elsewhere = {m.name: weights_survey(study, m, survey, surveys) for m in models}
    linked = any(m.linked(elsewhere[m.name], survey) for m in models)
    build = Assembly(survey, unit_labels(survey) if linked else None)
    describe_into(build, groups)
    shares_into(build, groups[:1], by)
    questions_into(build, groups)
    for model in models:
        model.into(build, groups, weights_survey=elsewhere[model.name])
    return _decided(study, survey, groups, build, surveys)


def tabulate(study, survey, by: list[str] | None = None, *, surveys=None) -> Estimates:
    """What the statistics tables say beyond `score`: means, boxes and every answer's share in every banner group.

    Rows that `score` has too carry the same row ids and the same decision on disclosure.
    """
    groups = groupings(survey, banners(study, survey) if by is None else by)
    build = Assembly(survey)
    describe_into(build, groups, answers=True)
    return _decided(study, survey, groups, build, surveys)


def crossed(
    study, survey, by: Sequence[tuple[str, str]], *, shares: Sequence[str] = (), items: Sequence[str] = (), surveys=None
) -> Estimates:
    """Shares of `shares` columns and means of `items` in total, in each variable of the pairs `by`, and in their cells.

    Disclosure is decided together with the report's banner variables, so what `score` shows of a group stays shown, and no
    cell follows from the cells and margins that are.
    """
    wanted = [*dict.fromkeys(name for pair in by for name in pair), *by]
    groups = groupings(survey, wanted)
    counted = [c for c in shares if c in survey.codebook.groups]
    others = [g for g in groupings(survey, [*dict.fromkeys((*banners(study, survey), *counted))])
              if g.by and g.by not in {w.by for w in groups}]  # fmt: skip
    build = Assembly(survey)
    shares_into(build, groups, shares)
    if items:
        describe_into(build, groups, items=items)
    return _decided(study, survey, [*groups, *others], build, surveys)


def _decided(study, survey, groups: list[Grouping], build: Assembly, surveys=None) -> Estimates:
    """With the keys of the wave, the mark of small bases and the decision on disclosure (also among a body's family)."""
    estimates = build.build(
        study=study.id,
        agency=survey.agency,
        year=survey.year,
        period=study.period_of(survey.year),
        source=survey.source,
    )
    minimum = Reading.of(study).small_base
    # an index by importance of the sectors beside figures by number of customers: two totals of the same sectors
    models = study_models(study, survey.source, year=survey.year)
    mixes = {(m.name, m.file.index): m.file.sectors.by for m in models if m.file.sectors}
    bound = {
        (m.name, n.id): [m.binding.get(p, p) for p in n.parts] for m in models for n in (*m.file.order, *m.file.side)
    }
    rules = Rules.of(study, survey.source)
    decided = decide(estimates, groups, rules, mixes, answers=_answers(survey), parts=bound)
    frame = decided.frame
    hide_family(study, survey, frame, surveys)
    frame.loc[frame["flag"].eq(NO_VARIATION).fillna(False), "flag"] = None
    small = frame["flag"].isna() & (frame["n"] > 0) & (frame["n"] < minimum)
    frame.loc[small, "flag"] = "small_base"
    return decided


def _answers(survey) -> dict:
    """Question → answers as numbers, NaN for none, of what was asked with answers to choose from."""
    frame = survey.frame
    names = [c for c in (*survey.codebook.items, *survey.codebook.of_role("single")) if c in frame]
    coded = lambda c: (
        frame[c].cat.codes.replace(-1, np.nan) if isinstance(frame[c].dtype, pd.CategoricalDtype) else frame[c]
    )
    return {c: pd.to_numeric(coded(c), errors="coerce").to_numpy(dtype=float, na_value=np.nan) for c in names}


def hide_family(study, survey, frame, surveys) -> None:
    """Hide, in place, what would give away a small group of a body with which this one is reported together."""
    top = None if survey.agency is None else study.family(survey.agency)
    if top is None or not study.agency(top).took_part(survey.year):
        return
    surveys = surveys or (lambda agency, year: read_survey(study, agency, year, source=survey.source))
    whole = survey if survey.agency == top else surveys(top, survey.year)
    bodies = [m for m in study.members(top) if study.agency(m).took_part(survey.year)]
    there = lambda names: tuple(n for n in names if n in bodies)
    members = {m: there(study.members(m)) for m in bodies}
    parts = {m: there(study.pieces(m)) for m in bodies}
    hidden = family_hidden(
        whole.frame, members, {m: p for m, p in parts.items() if p}, banners(study, whole), list(whole.codebook.items),
        Rules.of(study, survey.source),
    )  # fmt: skip
    frame.loc[hidden[survey.agency].rows(frame), "suppressed"] = True


def _models(study, survey, as_of, refused) -> list[IndexModel]:
    """The models in the editions that score this wave; a restated one only where the wave has what it needs."""
    own = study_models(study, survey.source, year=survey.year)
    if as_of is None or as_of == survey.year:
        return [present(study, model, survey) for model in own]
    out = []
    for model, other in zip(own, study_models(study, survey.source, year=as_of), strict=True):
        if other.file.formula_edition != model.file.formula_edition:
            try:
                refuse_absent(other.file, other.binding, survey)
            except InputError as error:
                if refused is None:
                    raise
                refused[model.name] = str(error)
                continue
        out.append(present(study, other, survey))
    return out


def weights_survey(study, model: IndexModel, survey, surveys):
    """The survey on which a model's weights are estimated; None for the survey itself."""
    if model.at == "pooled":
        return surveys(None, survey.year) if survey.agency is not None else None
    if model.at == "base-year":
        named = next((n.weights.base_year for n in model.file.nodes if n.weights.base_year), None)
        took_part = [y for y in study.years if survey.agency is None or study.agency(survey.agency).took_part(y)]
        year = named or min(took_part, default=survey.year)
        if year not in took_part:
            raise InputError(
                f"model {model.name} takes its weights from {year}, and {survey.agency} took no part in that wave",
                expected=", ".join(map(str, took_part)),
                action="Name another base_year, or leave it out for the agency's first wave",
            )
        return surveys(survey.agency, year) if year != survey.year else None
    return None
