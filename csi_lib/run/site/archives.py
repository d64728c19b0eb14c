"""One archive per agency: every published document of all its years."""

from __future__ import annotations

import hashlib
import zipfile
from itertools import groupby
from pathlib import Path

from csi_lib.run.site.reports import Report
from csi_lib.study.keeping import SUFFIX, keep, kept, state

_DATE = (2000, 1, 1, 0, 0, 0)  # equal reports, equal bytes


def write_archives(folder: Path, reports: list[Report]) -> dict[str, Path]:
    """``<agency>.zip`` below `folder` for every agency; an archive whose reports did not change is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    memory = folder.parents[1] / ".run" / f"site-archives{SUFFIX}"
    before = (kept(memory) or (None, {}))[1]
    made, keys = {}, {}
    for agency, own in groupby(reports, key=lambda r: r.agency):
        own = list(own)
        if not any(r.documents for r in own):
            continue
        name = agency.lstrip("_")
        target = folder / f"{name}.zip"
        key = hashlib.sha256("".join(r.key for r in own).encode()).hexdigest()
        if before.get(name) != [key, state(target)]:
            _archive(target, own)
        keys[name] = [key, state(target)]
        made[agency] = target
    keep(memory, None, keys)
    for stray in set(folder.glob("*.zip")) - set(made.values()):
        stray.unlink()
    return made


def _archive(target: Path, reports: list[Report]) -> None:
    part = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for report in reports:
            pages = [p for page in report.pages for p in (page, page.replace(".html", ".pdf"))]
            for name in (*report.documents, *pages, "results.parquet"):
                source = report.folder / name
                if source.exists():
                    entry = zipfile.ZipInfo(f"{report.agency.lstrip('_')}/{report.year}/{name}", _DATE)
                    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                    archive.writestr(entry, source.read_bytes())
    part.replace(target)
