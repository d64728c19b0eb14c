"""Which comments of a study wait for a person to read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from csi_lib.chapters.record_checks import people_in_records
from csi_lib.evaluation.systems import system_file
from csi_lib.study.study import Study
from csi_lib.survey.reading import read_survey
from csi_lib.voice.cleaning import clean_comment, says_nothing
from csi_lib.voice.comments import staff_names, text_columns
from csi_lib.voice.review import Candidate, queue, read_decisions
from csi_lib.voice.scrubbing import scrub


def waiting(
    study: Study,
    *,
    data: str | Path | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
) -> list[Candidate]:
    """The comments that could be quoted or listed and that nobody has decided about, the most doubtful first.

    They are as the rules leave them, and as the chapter on the customers' voice would print them.

    Raises
    ------
    InputError : the study has no ``voice.yml``, or data that cannot be read.
    """
    file = system_file(study, "voice")
    given, source = staff_names(study, file), study.source(file.source)
    comments: set[str] = set()
    for agency in agencies or [a.id for a in study.agencies]:
        names = [*given, *people_in_records(study, agency, data=data)]
        for year in years or study.years:
            if not (study.agency(agency).took_part(year) and source.covers(agency, year)):
                continue
            survey = read_survey(study, agency, year, source=file.source, data=data)
            for column in (c for c in text_columns(survey.codebook, file) if c in survey.frame):
                texts = (clean_comment(raw) for raw in survey.frame[column].dropna().unique())
                comments |= {
                    scrub(t, names=names).text for t in texts if t and not says_nothing(t, no_answer=file.no_answer)
                }
    return queue(comments, read_decisions(study.path))
