"""What a report depends on, as one hash: same key, same report, nothing to do."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from csi_lib.report.chapter import OVERALL
from csi_lib.share import shared_path

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


def study_digest(study) -> str:
    """Every file of the study folder that is not data or output."""
    folder = Path(study.path)
    files = [
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file()
        and ".csi" not in p.parts
        and p.suffix in (".yml", ".yaml", ".csv", ".ipynb", ".bib", ".png", ".svg", ".otf", ".ttf")
        and not {"data", "lab"} & set(p.relative_to(folder).parts)
    ]
    return digest([(str(p.relative_to(folder)), file_digest(p)) for p in files])


def job_inputs(job, *, chapters, round_, formats, renderer, code: str, study: str) -> dict[str, object]:
    """Everything a job's report depends on, named, so that a run can say what changed.

    Peers' figures are printed in a report, so the data of the peer group belong to it; of the last wave too.
    """
    declared = round_.study
    if job.agency == OVERALL:
        members = [a.id for a in declared.agencies]
    else:
        members = [job.agency, *(a.id for a in declared.agencies if a.id != job.agency)]
    data = {}
    for year in (y for y in declared.years if y <= job.year):
        for agency in members:
            if round_.took_part(agency, year):
                data[f"{agency}/{year}"] = round_.stamp(agency, year)
        for source in declared.sources:
            if source != round_.source:
                own = "*" if job.agency == OVERALL else job.agency
                data[f"{source}/{year}"] = round_.stamp(own, year, source=source)
    return {
        "job": [job.agency, job.year, job.lang, job.release],
        "data": data,
        "study": study,
        "code": code,
        "formats": list(formats),
        "renderer": renderer,
        "notebooks": {c.id: file_digest(c.path) for c in chapters},
    }


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
