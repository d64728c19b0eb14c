"""The site over the reports: its figures, its search and its archives say what the reports say."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pandas as pd

from csi_lib.run.site.search import sections_of
from csi_lib.run.verification.pages import html_findings


def site_findings(out: Path) -> list[str]:
    """Findings on ``index.html`` and ``site/``; none where there is no site."""
    if not (out / "site").is_dir():
        return []
    return [*_figures(out), *_search(out), *_archives(out)]


def _figures(out: Path) -> list[str]:
    """Figures on the pages; a site without them (``publish: false``) has no results of its own."""
    rows = out / "site" / "results.parquet"
    if not rows.exists():
        return []
    results, findings = pd.read_parquet(rows), []
    for (agency, year), own in results.groupby(["agency", "year"]):
        report = out / str(agency) / str(year) / "results.parquet"
        if not report.exists():
            continue
        theirs = pd.read_parquet(report, columns=["row_id", "estimate"]).set_index("row_id")["estimate"]
        both = own[own["row_id"].isin(theirs.index)]
        gap = (both["estimate"].to_numpy(float) - theirs.loc[both["row_id"]].to_numpy(float)).__abs__() > 1e-9
        findings += [
            f"site/results.parquet: {row} is not what the report of {agency} {year} says" for row in both["row_id"][gap]
        ]
    pages = [
        out / "index.html",
        *sorted((out / "site").glob("league-*.html")),
        *sorted((out / "site").glob("group-*.html")),
    ]
    for page in (p for p in pages if p.is_file()):
        found = html_findings(page.read_text(encoding="utf-8"), results, needed=False)
        findings += [f"{page.relative_to(out).as_posix()}: {f}" for f in found]
    return findings


def _search(out: Path) -> list[str]:
    """Scripts with the text of a report hold the text of that report; all others are calls of ours with data."""
    findings = []
    for script in sorted((out / "site" / "search").glob("*.js")):
        text = script.read_text(encoding="utf-8")
        name = f"site/search/{script.name}"
        call = re.fullmatch(r"(csiText|csiPairs|csiReports)\((.*)\);", text, re.DOTALL)
        try:
            said = json.loads(f"[{call[2]}]") if call else None
        except ValueError:
            said = None
        if said is None:
            findings.append(f"{name}: is not a script of the search")
        elif call[1] == "csiText":
            page = out / str(said[0]) / "report.html"
            if ".." in str(said[0]) or not page.is_file():
                findings.append(f"{name}: is about a report that is not here")
            elif [list(s) for s in sections_of(page.read_text(encoding="utf-8"))] != said[1]:
                findings.append(f"{name}: is not the text of {said[0]}/report.html")
    return findings


def _archives(out: Path) -> list[str]:
    """Every member of an archive is the published file of that name."""
    findings = []
    for path in sorted((out / "site" / "zip").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                agency, _, rest = member.filename.partition("/")
                source = next((p for a in (agency, f"_{agency}") if (p := out / a / rest).is_file()), None)
                inside = source is not None and out.resolve() in source.resolve().parents
                if (
                    not inside
                    or member.file_size != source.stat().st_size
                    or archive.read(member) != source.read_bytes()
                ):
                    findings.append(f"site/zip/{path.name}: {member.filename} is not what is published")
    return findings


__all__ = ["site_findings"]
