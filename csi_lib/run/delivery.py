"""`csi deliver`: finished reports and the data behind them as one zip, with a README and checksums."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.office.libraries import FORMATS, require
from csi_lib.office.package import KINDS, Delivered, Wave, deliver_data, deliver_reports, file_fields
from csi_lib.office.readme import readme
from csi_lib.report.archive import write_zip
from csi_lib.report.office_text import file_name
from csi_lib.report.render import FORMATS as DOCUMENTS
from csi_lib.run.attacking import attack
from csi_lib.run.digests import DataDigests
from csi_lib.run.keys import changed, study_digest
from csi_lib.run.ledger import alone
from csi_lib.run.order import job_folder
from csi_lib.run.root import write_root
from csi_lib.study.location import cache_folder
from csi_lib.study.study import OVERALL, Job, Study, load_study

CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Delivery:
    """The zip that was made, and the names in it with their SHA-256."""

    path: Path
    digests: dict[str, str]


def deliver(
    study: str | Path | Study,
    *,
    out: str | Path,
    to: str | Path | None = None,
    data: str | Path | None = None,
    agencies: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    lang: str | None = None,
    release: str | None = None,
    formats: Sequence[str] | None = None,
    book: Sequence[str] = (),
    with_data: bool = True,
    attacked: bool = False,
) -> Delivery:
    """Package the finished reports under `out` for whoever commissioned them.

    Parameters
    ----------
    out : output folder of `csi run`; its reports are read, not made again.
    to : folder of the zip; default ``<out>/deliveries`` (``restricted/deliveries`` for a restricted release).
    data : folder of the respondent files, where they are not in the study's.
    agencies, years, lang, release : which reports; default all that are published.
    formats : html, pdf, docx, hwpx, xlsx, pptx; default all. What a report lacks is rendered from what it has.
    book : the statistics tables in these formats too (html, pdf, docx, hwpx).
    with_data : the cleaned answers with codebook, questionnaire and quality record.
    attacked : first attack what a public delivery holds (`attack`), also where `privacy: attack` of the study asks for it.

    Returns
    -------
    Delivery. Equal reports and data give equal bytes.

    Raises
    ------
    InputError : no such report, one that is out of date, a library that is not installed, names that collide; a hidden figure
    that can be computed from what is published.
    """
    study, out = load_study(study), Path(out).resolve()
    data = str(Path(data).resolve()) if data else None
    formats = tuple(dict.fromkeys(formats or FORMATS))
    for name, known in (*((f, FORMATS) for f in formats), *((f, DOCUMENTS) for f in book)):
        if name not in known:
            raise InputError("this format cannot be delivered", found=repr(name), expected=", ".join(known))
    require([*formats, *book, "xlsx"])
    jobs = _published(study, out, agencies, years, lang, release)
    round_ = Round(study, data=data, store=cache_folder(study.path) / "estimates")
    lang, release = jobs[0].lang, jobs[0].release
    if release == "public" and (attacked or study.privacy.attack):
        _refuse_leaks(study, out, data, jobs)
    target = Path(to).resolve() if to else out / ("restricted/deliveries" if release == "restricted" else "deliveries")
    target.mkdir(parents=True, exist_ok=True, mode=0o700 if release == "restricted" else 0o755)
    with tempfile.TemporaryDirectory(prefix="csi-deliver-") as scratch:
        root, files = Path(scratch), []
        for job in jobs:
            folder = job_folder(out, job, study.report.language)
            _refuse_stale(study, data, job, folder)
            wave = Wave(job.agency, job.year, job.lang, job.release)
            names = file_fields(study, wave)
            place = root if len(jobs) == 1 else root / file_name("{year}_{agency}", names)
            if place != root and place.exists():
                raise InputError("two agencies have the same name", where="csi deliver", found=place.name,
                                 action="Tell them apart in agencies.yml, or deliver one at a time")  # fmt: skip
            files += deliver_reports(wave, folder, place, round_, names=names, formats=formats, book=book)
            if with_data and job.agency != OVERALL:
                files += deliver_data(wave, place, round_, names=names, formats=formats)
        kinds = KINDS[lang]
        about = file_fields(study, Wave(jobs[0].agency, jobs[0].year, lang, release))
        if len(jobs) > 1:
            periods = sorted({study.period_of(j.year) for j in jobs})
            about |= {"agency": study.title.text(lang), "agency_id": study.id,
                      "year": periods[0] if len(periods) == 1 else f"{periods[0]}-{periods[-1]}"}  # fmt: skip
        name = lambda kind, ext: file_name(study.report.file_names, {**about, "kind": kind, "ext": ext})
        guide = root / name(kinds["readme"], "md")
        inside = lambda f: f.path.relative_to(root).as_posix()
        listed = sorted(files, key=inside)
        text = readme(study, jobs, [(inside(f), f.kind) for f in listed], lang=lang, release=release)
        guide.write_text(text, encoding="utf-8", newline="\n")
        listed = [Delivered("readme", guide), *listed]
        digests = {inside(f): f.digest for f in listed}
        sums = "".join(f"{digest}  {member}\n" for member, digest in digests.items())
        members = [*((inside(f), f.path) for f in listed), (CHECKSUMS, sums.encode())]
        part = Path(scratch) / ".delivery.zip"
        write_zip(part, members)
        final = target / name({"ko": "납품", "en": "delivery"}[lang], "zip")
        moving = final.with_name(f".{final.name}.part")
        shutil.copyfile(part, moving)
        moving.chmod(0o600 if release == "restricted" else 0o644)
        moving.replace(final)
    if out in final.parents:
        with alone(out / ".run" / "site.lock"):
            write_root(out, study.id)
    return Delivery(final, digests)


def _published(study: Study, out: Path, agencies, years, lang, release) -> list[Job]:
    """Jobs whose reports lie under `out`; one that was asked for and is not there is an error."""
    overall = agencies is not None and OVERALL in agencies
    named = None if agencies is None else [a for a in agencies if a != OVERALL]
    jobs = study.jobs(named, years, lang, release) if named is None or named else []
    if agencies is None or overall:
        waves = [int(y) for y in years] if years else list(study.years)
        jobs += [
            Job(str(study.path), OVERALL, y, lang or study.report.language, release or study.report.release)
            for y in waves
        ]
    there = [j for j in jobs if (job_folder(out, j, study.report.language) / "manifest.json").exists()]
    asked = set(agencies or ())
    gone = sorted(asked - {j.agency for j in there})
    if gone or not there:
        raise InputError("there is no finished report", where=str(out), found=", ".join(gone) or None,
                         action=f"Make it first: csi run {study.id}")  # fmt: skip
    return there


def _refuse_leaks(study: Study, out: Path, data: str | None, jobs: Sequence[Job]) -> None:
    """A delivery from which a hidden figure can be computed is not made."""
    bodies = None if any(j.agency == OVERALL for j in jobs) else sorted({j.agency for j in jobs})
    leaks = attack(study, out=out, data=data, agencies=bodies, years=sorted({j.year for j in jobs})).leaks
    if leaks:
        raise InputError("hidden figures can be computed from what is published", where="csi attack",
                         found="; ".join(map(str, leaks[:3])) + (f" and {len(leaks) - 3} more" if len(leaks) > 3 else ""),
                         action="Merge small groups in the codebook, raise privacy: min_base, or lower privacy: protection")  # fmt: skip


def _refuse_stale(study: Study, data: str | None, job: Job, folder: Path) -> None:
    """A report whose data or study files have changed is not delivered beside them."""
    before = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    digests, now = DataDigests(study, data, {}), {}
    for key in before["data"]:
        source, year = key.rsplit(" ", 1)
        if source in study.sources:
            now[key] = (
                digests.all(source, int(year)) if job.agency == OVERALL else digests.of(source, job.agency, int(year))
            )
    reasons = changed({k: before[k] for k in ("data", "study")}, {"data": now, "study": study_digest(study.path)})
    if reasons:
        raise InputError("the report is out of date", where=f"{job.agency} {job.year}", found="; ".join(reasons),
                         action=f"Run csi run {study.id}, then deliver again")  # fmt: skip
