"""Everything a study says about one agency and wave, as one set of `Estimates`."""

from __future__ import annotations

import numpy as np

from csi_lib.models.study_models import study_models
from csi_lib.survey.description import describe, groupings, shares
from csi_lib.survey.disclosure import Rules, decide
from csi_lib.survey.estimates import Estimates, results_frame


def banners(study, survey) -> list[str]:
    """Banner variables of the report: those the study names, else every group column this wave has."""
    named = study.report.groups
    columns = list(named) if named is not None else list(survey.codebook.groups)
    return [c for c in columns if c in survey.frame and survey.frame[c].notna().any()]


def score(study, survey, *, pooled=None) -> Estimates:
    """Items, indices, weights and composition of one survey, with disclosure decided.

    `pooled()` gives the survey over all agencies for models whose weights are estimated there.
    Rows carry study, agency, year, period and source; statistics are those of `describe`, `shares` and
    `IndexModel.evaluate`.
    """
    by = banners(study, survey)
    parts = [describe(survey, by), shares(survey, by)]
    for model in study_models(study, survey.source):
        away = any(n.weights.at != "agency-year" for n in model.file.nodes)
        parts.append(model.evaluate(survey, by, weights_survey=pooled() if away and pooled else None))
    return _decided(study, survey, by, Estimates.concat(parts))


def tabulate(study, survey, by: list[str] | None = None) -> Estimates:
    """What the statistics tables say beyond `score`: means, boxes and every answer's share in every banner group.

    Rows that `score` has too carry the same row ids and the same decision on disclosure.
    """
    by = banners(study, survey) if by is None else by
    return _decided(study, survey, by, describe(survey, by, answers=True))


def _decided(study, survey, by: list[str], together: Estimates) -> Estimates:
    """With the keys of the wave, the mark of small bases and the decision on disclosure."""
    frame = together.frame.assign(
        study=study.id, agency=survey.agency, year=survey.year, period=study.period_of(survey.year), source=survey.source
    )
    minimum = study.privacy.small_base_flag
    small = frame["flag"].isna() & (frame["n"] > 0) & (frame["n"] < minimum)
    frame["flag"] = np.where(small, "small_base", frame["flag"].astype(object))
    return decide(Estimates(results_frame(frame), together.influence), groupings(survey, by), Rules.of(study, survey.source))

