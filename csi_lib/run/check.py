"""Everything that can be found wrong with a study before a report is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from csi_lib.chapters.record_checks import record_faults, record_notes
from csi_lib.errors import InputError
from csi_lib.evaluation.systems import system_faults, system_file
from csi_lib.models.scoring import score
from csi_lib.models.study_models import study_models, untranslated
from csi_lib.prose.study_texts import declare_literals, template_faults
from csi_lib.prose.unfilled import unfilled
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.keys import PRIMARY
from csi_lib.run.reviewing import waiting
from csi_lib.study.catalogue import languages
from csi_lib.study.migration import SCHEMA_VERSION, migrate
from csi_lib.study.study import load_study
from csi_lib.study.yaml_file import InputErrors
from csi_lib.survey.contradictions import contradictions
from csi_lib.survey.drawing import strata_differ
from csi_lib.survey.reading import read_survey
from csi_lib.words.writing import coverage


@dataclass(frozen=True)
class Finding:
    """level: error (a report cannot be made or would be wrong) or note (the reader will be told).

    `also`: the other agencies, waves or files of which the same is to be said; `where` names the first.
    """

    level: str
    where: str
    message: str
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f" and {len(self.also) - 4} more" if len(self.also) > 4 else ""
        again = f" ({len(self.also) + 1} times; also {'; '.join(self.also[:4])}{more})" if self.also else ""
        return f"{self.level}: {self.where}: {self.message}{again}"


def check_study(
    study: str | Path,
    *,
    data: str | Path | None = None,
    rehearsal: bool = False,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Finding]:
    """Check labels, chapters, models and every agency's data of every wave; all problems, not only the first.

    Parameters
    ----------
    data : folder of the data files, where they are not in the study's.
    rehearsal : also run every chapter of every report (or those of `agencies` and `years`), without rendering.
    tell : hears what is being looked at.

    Raises InputError only when the study's own files cannot be read at all.
    """
    study = load_study(study)
    findings = [*_files(study), *_records(study, data), *_surveys(study, data, tell), *_unread(study, data)]
    if rehearsal:
        findings += _rehearsed(study, data, agencies, years, tell)
    return said_once(findings, [a.id for a in study.agencies])


# ---------------------------------------------------------------------- the study's files
def _files(study) -> Iterable[Finding]:
    for fault in study.untranslated():
        yield from _faults(study, fault)
    for fault in template_faults(study):
        yield from _faults(study, fault)
    declare_literals(study)
    for scope in ("agency", "study"):
        findings: list[Finding] = []
        chapters = _try(findings, "chapters", lambda scope=scope: chapter_notebooks(study, scope))
        yield from findings
        for chapter in chapters or ():
            yield from _chapter(chapter)
    if study.headline == "index" and not study.models.get(PRIMARY):
        words = "the report is to begin with the index, and no index model is named"
        action = "Name one (`csi models` lists them), or begin with items or top2"
        yield from _faults(study, InputError(words, where="study.yml: headline", action=action))
    for lang in languages(study.path):
        if lang == study.report.language or (study.path / "words" / lang).is_dir():
            yield from _translated(study, lang)
    for change in migrate(study.path):
        if change.place != "schema_version":
            yield Finding("note", f"{change.file}: {change.place}", f"written for an earlier version: {change.what}. "
                          f"csi migrate {study.path.name} --write does it, or write schema_version: {SCHEMA_VERSION}")  # fmt: skip
    for where, words in guesses(study.path):
        yield Finding("note", where, words)


def _translated(study, lang: str) -> Iterable[Finding]:
    """How much of a further language's catalogue is there."""
    findings: list[Finding] = []
    rooms = _try(findings, f"words/{lang}", lambda: coverage(lang, study.path))
    yield from findings
    if rooms is not None:
        done, every = sum(r.done for r in rooms), sum(r.all for r in rooms)
        yield Finding("note", f"words/{lang}", f"{done} of {every} texts are translated; the others stay English")


def _chapter(chapter) -> Iterable[Finding]:
    """A chapter's own text: fields that nobody filled in."""
    for index, cell in enumerate(chapter.node.cells, 1):
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "markdown" and "remove-cell" not in tags and (found := unfilled(cell.source)):
            yield Finding(
                "error", f"{chapter.path}: cell {index}",
                f"a field of a template was not filled in; found {', '.join(dict.fromkeys(found))}. "
                "Write what belongs there; a number comes in through chapter.say",
            )  # fmt: skip


# ---------------------------------------------------------------------- the data
def _records(study, data) -> Iterable[Finding]:
    for fault in (*system_faults(study), *record_faults(study, data=data)):
        yield from _faults(study, fault)
    for where, said in record_notes(study, data=data):
        yield Finding("note", where, said)


def _surveys(study, data, tell) -> Iterable[Finding]:
    for source, declared in study.sources.items():
        if not declared.is_survey:
            continue
        findings: list[Finding] = []
        missing = _try(findings, f"models of {source}", lambda source=source: untranslated(study, source))
        for fault in missing or ():
            findings += _faults(study, fault)
        strata: dict[str, dict[int, set[str]]] = {}
        last: dict[str, object] = {}
        for year in study.years:
            for agency in study.agencies:
                if not (agency.took_part(year) and declared.covers(agency.id, year)):
                    continue
                if tell:
                    tell(f"{source}, {agency.id} {year}")
                survey = _check_wave(findings, study, agency.id, year, source, data, scored=missing is not None,
                                     before=last.get(agency.id))  # fmt: skip
                last[agency.id] = survey if survey is not None else last.get(agency.id)
                if survey is not None and declared.design.in_year(year)["strata"]:
                    names = survey.frame["design_stratum"].astype(str).str.split("/", n=2).str[2]
                    strata.setdefault(agency.id, {})[year] = set(names)
        for agency, seen in strata.items():
            if message := strata_differ(seen, declared.design.in_year(max(seen))["strata"]):
                findings.append(Finding("note", f"{source}, {agency}", message))
        yield from findings


def _unread(study, data) -> Iterable[Finding]:
    """Comments that the public edition does not show because nobody has read them."""
    try:
        left = waiting(study, data=data) if "voice" in study.extensions and system_file(study, "voice").reviewed else ()
    except InputError:  # said of the system or of the data
        return
    if left:
        words = (
            f"{len(left)} comments wait for a review, and are neither quoted nor listed: csi review voice {study.id}"
        )
        yield Finding("note", "voice.yml: reviewed", words)


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


def _check_wave(findings, study, agency, year, source, data, *, scored: bool, before=None):
    where = f"{source}, {agency} {year}"
    survey = _try(findings, where, lambda: read_survey(study, agency, year, source=source, data=data))
    if survey is None:
        return None
    for said in survey.quality.notes:  # of a file, not of the agency: said once
        note = Finding("note", f"{source} {year}, {said.file}" + (f", {said.column}" if said.column else ""), said.en)
        if note not in findings:
            findings.append(note)
    for check, n in survey.quality.counts.items():
        if check in ("dropped", "undeclared", "unmapped", "straight_lined") and n:
            findings.append(Finding("note", where, f"{n} {check.replace('_', '-')}"))
    findings += [
        Finding("note", where, c.words()) for c in contradictions(survey, before, items=_index_items(study, survey))
    ]
    if scored:  # a model that cannot be read has been named once
        _try(findings, where, lambda: score(study, survey))
    return survey


def _index_items(study, survey) -> list[str] | None:
    """Columns of the items that the first index is made of; None (all of them) where there is no index."""
    try:
        models = study_models(study, survey.source, year=survey.year)
    except InputError:
        return None
    if not models:
        return None
    model = models[0].fitted(survey) if models[0].file.open_ended else models[0]
    return [model.binding.get(i, i) for node in model.file.order for i in node.items or ()]


def _rehearsed(study, data, agencies, years, tell) -> Iterable[Finding]:
    from csi_lib.run.rehearsal import rehearse

    findings: list[Finding] = []
    told = None if tell is None else lambda name: tell(f"rehearsing {name}")
    refused = _try(
        findings, "rehearsal", lambda: list(rehearse(study, data=data, agencies=agencies, years=years, tell=told))
    )
    yield from findings
    for refusal in refused or ():
        words = f"{refusal.message} (a fault of the chapter, not of the data)" if refusal.ours else refusal.message
        yield Finding("error", refusal.where, words)


# ---------------------------------------------------------------------- words
def said_once(findings: Iterable[Finding], agencies: Sequence[str] = ()) -> list[Finding]:
    """The same said of several agencies, waves and rows: once, where it was met first, with the count."""
    names = re.compile(
        "|".join(rf"(?<![a-z0-9-]){re.escape(a)}(?![a-z0-9-])" for a in sorted(agencies, key=len, reverse=True))
    )
    kind = lambda text: re.sub(r"\d+", "#", names.sub("@", text) if agencies else text)
    places: dict[tuple, list[Finding]] = {}
    for finding in findings:
        key = finding.where, finding.message
        if agencies and names.search(finding.where):
            key = kind(finding.where.rpartition(", ")[2]), kind(finding.message)
        places.setdefault((finding.level, *key), []).append(finding)
    out = []
    for same in places.values():
        first, *rest = same
        also = tuple(dict.fromkeys(f.where for f in rest if f.where != first.where))
        out.append(Finding(first.level, first.where, first.message, also))
    return out


def _faults(study, fault: InputError) -> Iterable[Finding]:
    """One finding for each thing that is wrong, its place apart from its words."""
    for one in fault.errors if isinstance(fault, InputErrors) else (fault,):
        message = InputError(one.problem, found=one.found, expected=one.expected, action=one.action)
        yield Finding("error", one.where or study.id, str(message))


def _try(findings, where, action):
    try:
        return action()
    except InputErrors as error:
        findings += [Finding("error", where, str(one)) for one in error.errors]
    except InputError as error:
        findings.append(Finding("error", where, str(error)))
    return None
