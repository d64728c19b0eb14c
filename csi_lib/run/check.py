"""Everything that can be found wrong with a study before a report is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from csi_lib.chapters.record_checks import record_faults
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_faults
from csi_lib.models.scoring import score
from csi_lib.models.study_models import untranslated
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.keys import PRIMARY
from csi_lib.study.study import load_study
from csi_lib.survey.drawing import strata_differ
from csi_lib.survey.reading import read_survey


@dataclass(frozen=True)
class Finding:
    """level: error (a report cannot be made or would be wrong) or note (the reader will be told)."""

    level: str
    where: str
    message: str


def check_study(study: str | Path, *, data: str | Path | None = None) -> list[Finding]:
    """Check labels, chapters, models and every agency's data of every wave; all problems, not only the first.

    Raises InputError only when the study's own files cannot be read at all.
    """
    study = load_study(study)
    findings: list[Finding] = []
    findings += [_fault(study, fault) for fault in study.untranslated()]
    for scope in ("agency", "study"):
        _try(findings, "chapters", lambda scope=scope: chapter_notebooks(study, scope))
    if study.headline == "index" and not study.models.get(PRIMARY):
        words = "the report is to begin with the index, and no index model is named"
        action = "Name one (`csi models` lists them), or begin with items or top2"
        findings.append(_fault(study, InputError(words, where="study.yml: headline", action=action)))
    findings += [Finding("note", where, words) for where, words in guesses(study.path)]
    for fault in (*system_faults(study), *record_faults(study, data=data)):
        findings.append(Finding("error", fault.where or study.id, str(fault)))
    for source, declared in study.sources.items():
        if not declared.is_survey:
            continue
        missing = _try(findings, f"models of {source}", lambda source=source: untranslated(study, source))
        findings += [_fault(study, fault) for fault in missing or ()]
        strata: dict[str, dict[int, set[str]]] = {}
        for year in study.years:
            for agency in study.agencies:
                if agency.took_part(year) and declared.covers(agency.id, year):
                    survey = _check_wave(findings, study, agency.id, year, source, data, scored=missing is not None)
                    if survey is not None and declared.design.in_year(year)["strata"]:
                        names = survey.frame["design_stratum"].astype(str).str.split("/", n=2).str[2]
                        strata.setdefault(agency.id, {})[year] = set(names)
        for agency, seen in strata.items():
            if message := strata_differ(seen, declared.design.in_year(max(seen))["strata"]):
                findings.append(Finding("note", f"{source}, {agency}", message))
    return findings


def guesses(folder: Path) -> list[tuple[str, str]]:
    """(file and line, the guess with its reason) of everything in a study's files that is still marked as a guess."""
    found = []
    for file in sorted(Path(folder).glob("*.yml")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            before, mark, reason = line.partition("# guess (")
            if mark and before.strip():
                found.append(
                    (f"{file.name}:{number}", f"guess ({reason.strip()} [{before.strip()[:40].split(': {')[0]}]")
                )
    return found


def _fault(study, fault: InputError) -> Finding:
    message = InputError(fault.problem, found=fault.found, action=fault.action)
    return Finding("error", fault.where or study.id, str(message))


def _check_wave(findings, study, agency, year, source, data, *, scored: bool):
    where = f"{source}, {agency} {year}"
    survey = _try(findings, where, lambda: read_survey(study, agency, year, source=source, data=data))
    if survey is None:
        return None
    for check, n in survey.quality.counts.items():
        if check in ("dropped", "undeclared", "straight_lined") and n:
            findings.append(Finding("note", where, f"{n} {check.replace('_', '-')}"))
    if scored:  # a model that cannot be read has been named once
        _try(findings, where, lambda: score(study, survey))
    return survey


def _try(findings, where, action):
    try:
        return action()
    except InputError as error:
        findings += [Finding("error", where, line) for line in str(error).splitlines()]
    return None
