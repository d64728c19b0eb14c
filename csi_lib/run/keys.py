"""What a report depends on, as one hash: same key, same report, nothing to do."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from csi_lib.run.chapters import PEERS
from csi_lib.share import shared_path
from csi_lib.study.study import OVERALL

#: the source a report is about; other sources stand beside it
PRIMARY = "customers"

#: packages whose version changes what a report says or how it looks
_PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "pingouin",
    "papermill",
    "pypandoc-binary",
    "typst",
    "python-hwpx",
    "python-pptx",
    "XlsxWriter",
)


def digest(*parts: object) -> str:
    return hashlib.blake2s(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def file_digest(path: Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """This library's source, the template and fonts, and the versions of what they stand on."""
    package = Path(__file__).resolve().parents[1]
    files = [
        *sorted(package.rglob("*.py")),
        *sorted(package.rglob("*.yml")),
        *(p for p in sorted(shared_path("reports").rglob("*")) if p.is_file()),
    ]
    return digest([(p.name, file_digest(p)) for p in files], {p: _version(p) for p in _PACKAGES})


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def study_files(folder: Path) -> list[Path]:
    """Every file of the study folder that is not data or output."""
    return [
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file()
        and ".csi" not in p.parts
        and p.suffix in (".yml", ".yaml", ".csv", ".ipynb", ".bib", ".png", ".svg", ".otf", ".ttf")
        and not {"data", "lab"} & set(p.relative_to(folder).parts)
    ]


def study_digest(folder: Path) -> str:
    """Of the study's files."""
    return digest([(str(p.relative_to(folder)), file_digest(p)) for p in study_files(Path(folder))])


def job_inputs(
    job, study, *, chapters, notebooks, digests, formats, renderer, code: str, settings: str, linked: frozenset[str]
) -> dict[str, object]:
    """Everything a job's report depends on, named, so that a run can say what changed.

    ``data`` are the agency's own rows of every source and of all waves up to the report's; ``peers`` those of the
    agencies whose figures its chapters print beside them, in the report's wave. `notebooks` are digests of the chapters by
    id. `linked` names what the models take from
    elsewhere, see `Facts`.
    """
    data, waves = {}, [y for y in study.years if y <= job.year]
    for year in waves:
        for source in study.sources:
            if job.agency == OVERALL:
                data[f"{source} {year}"] = digests.all(source, year)
            elif study.agency(job.agency).took_part(year):
                data[f"{source} {year}"] = digests.of(source, job.agency, year)
    inputs = {
        "job": [job.agency, job.year, job.lang, job.release],
        "data": data,
        "study": settings,
        "code": code,
        "formats": list(formats),
        "renderer": renderer,
        "notebooks": {c.id: notebooks[c.id] for c in chapters},
    }
    if job.agency != OVERALL:
        shown, years = shown_peers(study, job, chapters)
        everyone = any(c.peers == "all" for c in chapters)
        if years:
            inputs["peers"] = {
                f"{source} {y} of {shown or 'all agencies'}": digests.all(source, y, shown or None)
                for y in years
                for source in (study.sources if everyone else (PRIMARY,))
            }
        if "pooled" in linked:
            inputs["pooled weights"] = {f"{PRIMARY} {y}": digests.all(PRIMARY, y) for y in waves}
    return inputs


def shown_peers(study, job, chapters) -> tuple[str | None, list[int]]:
    """The type of the agencies whose figures a report prints ("" for all agencies, None for nobody's), and the waves."""
    shown = max((PEERS.index(c.peers) for c in chapters), default=0)
    if not shown or PRIMARY not in study.sources:
        return None, []
    if PEERS[shown] == "type":
        return study.agency(job.agency).type or "", [job.year]
    return "", [y for y in study.years if y <= job.year]


def changed(before: dict | None, now: dict) -> list[str]:
    """Names of the inputs that differ from those of the last report: why a job runs."""
    if before is None:
        return ["no report yet"]
    out = []
    for name, value in now.items():
        old = before.get(name)
        if old == value:
            continue
        if isinstance(value, dict) and isinstance(old, dict):
            parts = sorted(k for k in {*value, *old} if value.get(k) != old.get(k))
            out.append(f"{name}: {', '.join(parts[:4])}{' …' if len(parts) > 4 else ''}")
        else:
            out.append(name)
    return out
