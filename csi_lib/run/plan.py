"""What a round would do and why: every job, its key, and what makes it necessary.

Nothing on this path imports pandas, papermill or a notebook library, because most runs of a finished round end here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.office.libraries import FORMATS, require
from csi_lib.report.render import FORMATS as DOCUMENTS
from csi_lib.report.render import choose_renderer
from csi_lib.report.theme import prepare_theme
from csi_lib.run import keys
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.digests import DataDigests
from csi_lib.run.ledger import Entry, Ledger
from csi_lib.run.order import Order
from csi_lib.study.base import PROSE
from csi_lib.study.catalogue import BUNDLED
from csi_lib.study.keeping import SUFFIX, keep, kept
from csi_lib.study.location import cache_folder, resolve_study
from csi_lib.study.study import OVERALL, Job, Study, load_study


@dataclass(frozen=True)
class Planned:
    """A job of this round: what made it necessary (`reasons`; empty: it is up to date)."""

    order: Order
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What the user asked for; see `run_study`."""

    out: Path
    data: str | None = None
    agencies: Sequence[str] | None = None
    years: Sequence[int] | None = None
    lang: str | None = None
    release: str | None = None
    formats: Sequence[str] | None = None
    renderer: str = "auto"
    failed: bool = False
    force: bool = False
    cell_timeout: float | None = None
    notebook_timeout: float | None = None


@dataclass(frozen=True)
class Facts:
    """What is read from a study's files once and remembered in its private folder until one of them changes.

    `linked` : ``pooled`` or ``base-year`` where a model of the study takes its weights from beyond the wave itself.
    """

    study: Study
    linked: frozenset[str]


def study_facts(study: str | Path | Study, code: str) -> tuple[Facts, str, Path]:
    """The study and what follows from its files, their digest, and the file in which both are kept."""
    folder = study.path if isinstance(study, Study) else resolve_study(study)
    settings = keys.study_digest(folder)
    place = cache_folder(folder) / f"facts{SUFFIX}"
    key = settings, code, str(folder)
    found = kept(place)
    if found is not None and found[0] == key:
        return found[1], settings, place
    loaded = load_study(study)
    facts = Facts(loaded, _linked(loaded))
    keep(place, key, facts)
    return facts, settings, place


def _linked(study: Study) -> frozenset[str]:
    from csi_lib.models.study_models import study_models

    found = set()
    for source in study.models:
        for year in study.years:
            try:
                found |= {model.at for model in study_models(study, source, year=year)}
            except InputError:  # the jobs themselves will say what is wrong with the model
                continue
    return frozenset(found & {"pooled", "base-year"})


def plan_run(study: str | Path | Study, wanted: Wanted, ledger: Ledger) -> list[Planned]:
    """Every job of the round and why it has to run.

    Raises InputError for wrong parameters or study files.
    """
    code = keys.code_digest()
    facts, settings, place = study_facts(study, code)
    study, out = facts.study, wanted.out
    asked = wanted.agencies is not None and OVERALL in wanted.agencies
    named = None if wanted.agencies is None else [a for a in wanted.agencies if a != OVERALL]
    every = study.jobs(named or None, wanted.years, wanted.lang, wanted.release)
    jobs = [] if asked and not named else list(every)
    if not every:
        raise InputError("no agency took part in the chosen years", where=f"study {study.id!r}")
    formats = tuple(wanted.formats or [f for f in study.report.formats if f in FORMATS])
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"format {name} cannot be made", expected=", ".join(FORMATS))
    require(formats)
    if not set(formats) & set(DOCUMENTS):
        formats = ("html", *formats)  # the site leads to a page
    engine = choose_renderer(wanted.renderer)
    chapters = {scope: chapter_notebooks(study, scope) for scope in ("agency", "study")}
    notebooks = {c.id: keys.file_digest(c.path) for some in chapters.values() for c in some}
    if (asked or wanted.agencies is None) and len(study.agencies) > 1 and chapters["study"]:
        one = every[0]
        jobs += [Job(one.study, OVERALL, year, one.lang, one.release) for year in sorted({j.year for j in every})]
    elif asked:
        raise InputError("this study has no overall report", where="--agency", found=OVERALL,
                         expected="a study of several agencies with chapters about all of them")  # fmt: skip
    theme = prepare_theme(out / "_theme", study.report.theme, study=study.path)
    digests = DataDigests(study, wanted.data, ledger.digests())
    entries = ledger.entries()
    planned = []
    for job in jobs:
        own = chapters["study" if job.agency == OVERALL else "agency"]
        # the report on a whole round has its tables in its text
        made = tuple(f for f in formats if f in DOCUMENTS) if job.agency == OVERALL else formats
        inputs = keys.job_inputs(
            job, study, chapters=own, notebooks=notebooks, digests=digests, formats=made,
            renderer=[engine.name, engine.versions], code=code, settings=settings, linked=facts.linked,
        )  # fmt: skip
        if job.lang not in PROSE:  # the study's own are among its files
            inputs["words"] = {f.name: keys.file_digest(f) for f in sorted((BUNDLED / job.lang).glob("*.yml"))}
        order = Order(
            job=job,
            out=str(out),
            chapters=tuple((c.id, str(c.path), c.peers) for c in own),
            inputs=inputs,
            key=keys.digest(inputs),
            formats=made,
            renderer=engine.name,
            theme=theme,
            store=str(place.parent / "estimates"),
            study=str(place.parent / "estimates" / f"study{SUFFIX}"),
            data=wanted.data,
            cell_timeout=wanted.cell_timeout,
            notebook_timeout=wanted.notebook_timeout,
            primary=study.report.language,
        )
        reasons = _reasons(order, entries.get(order.name), wanted, ledger)
        if reasons:
            order = replace(order, needs=_needs(study, job, own, digests, facts, code + settings))
        planned.append(Planned(order, tuple(reasons)))
    ledger.remember({k: v for k, v in digests.fresh.items() if digests.known.get(k) != v})
    return planned


def _needs(study: Study, job: Job, chapters, digests: DataDigests, facts: Facts, rest: str) -> tuple:
    """Estimates a report is made from: (agency, year, key) each, and the peer group (a type, "" for all, None)."""
    if keys.PRIMARY not in study.sources:
        return (), None
    waves = [y for y in study.years if y <= job.year]
    if job.agency == OVERALL:
        shown, pairs = "", [(a.id, y) for y in waves for a in study.agencies]
    else:
        shown, years = keys.shown_peers(study, job, chapters)
        pairs = [(job.agency, y) for y in waves]
        pairs += [(a.id, y) for y in years for a in study.agencies if shown in ("", a.type) and a.id != job.agency]
    needs = []
    known = {a.id: a for a in study.agencies}
    for agency, year in pairs:
        if not known[agency].took_part(year):
            continue
        key = [rest, digests.of(keys.PRIMARY, agency, year)]
        if "base-year" in facts.linked:
            key += [digests.of(keys.PRIMARY, agency, y) for y in study.years if y != year]
        if "pooled" in facts.linked:
            key += [digests.all(keys.PRIMARY, year)]
        needs.append((agency, year, keys.digest(*key)))
    return tuple(needs), shown


def _reasons(order: Order, entry: Entry | None, wanted: Wanted, ledger: Ledger) -> list[str]:
    """Why a job has to run. The published manifest decides; the ledger only saves reading it again."""
    failed_before = entry is not None and entry.state == "failed"
    if wanted.failed and not failed_before:
        return []
    if wanted.force:
        return ["asked for (--force)"]
    stamp = manifest_stamp(order.folder)
    if stamp is None:
        return ["no report yet"]
    missing = [f"report.{name}" for name in order.formats if not (order.folder / f"report.{name}").exists()]
    if missing:
        return [f"{', '.join(missing)} is gone"]
    if entry is not None and entry.state == "done" and (entry.key, entry.manifest) == (order.key, stamp):
        return []
    before = read_manifest(order.folder)
    if before and before.get("key") == order.key:
        if not failed_before:
            ledger.found(order.name, key=order.key, manifest=stamp)
            return []
        return ["failed last time"]
    return keys.changed(before.get("inputs") if before else None, order.inputs)


def manifest_stamp(folder: Path) -> str | None:
    """What tells a published manifest from any other, without reading it; None when there is none."""
    try:
        stat = (folder / "manifest.json").stat()
    except OSError:
        return None
    return f"{stat.st_ino}/{stat.st_size}/{stat.st_mtime_ns}"


def read_manifest(folder: Path) -> dict | None:
    try:
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
