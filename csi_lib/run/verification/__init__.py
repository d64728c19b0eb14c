"""Checking what was published: files against manifests and root, printed numbers against results.parquet, results against the
data. Nothing that is found under the output folder is executed, and nothing that is broken there stops the check."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.prose.numbers import UNITS
from csi_lib.run import root
from csi_lib.run.verification.agreement import claims_of_round
from csi_lib.run.verification.documents import document_text, printed, slides, workbook_findings
from csi_lib.run.verification.figures import (
    FIGURE,
    Known,
    counted,
    known_numbers,
    printed_forms,
    says,
    text_findings,
)
from csi_lib.run.verification.notebooks import notebook_findings
from csi_lib.run.verification.pages import Page, html_findings, read_page, rows_by_id
from csi_lib.run.verification.site import site_findings

#: what slides say of intervals, and no row: their confidence
_LEVEL = frozenset({"90%", "95%", "99%"})


@dataclass
class Verification:
    """What was found (`findings`: something does not agree) and what should be known (`notes`); `reports` looked at."""

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: int = 0


def verify_reports(out: Path) -> list[str]:
    """Findings in words for everything under `out`; an empty list when everything agrees."""
    return verify_round(out).findings


def verify_round(out: Path) -> Verification:
    """Look at every file under an output folder.

    Files: every one is in the manifest of its report or in ``round.json``, with its hash; manifests bear the seal of who ran the
    round, where that is this user. Numbers: those of HTML and notebooks are what their rows say; PDF, DOCX and HWPX hold the
    figures of the HTML, none more and none less; slides say what the rows in their notes say; the figures of workbooks are
    those of rows. A file that cannot be read is a finding.
    """
    out, done = Path(out), Verification()
    if not out.is_dir():
        done.findings.append(f"{out}: no reports are here")
        return done
    found = root.contents(out)
    if not found.reports and not (out / root.NAME).exists() and not (out / "restricted").is_dir():
        done.findings.append(f"{out}: no reports are here")
    done.findings += [f"{place}: is a link, a pipe or a device, not a file" for place in found.odd]
    _root(out, found, done)
    for place, folder in found.reports.items():
        done.reports += 1
        with _reading(done, place, root.MANIFEST):
            _report(folder, place, done)
    for place, path in found.files.items():
        if path.name in ("results.parquet", "report.html", "report.pdf", root.MANIFEST_SEAL) and not place.startswith(
            "site/"
        ):
            done.findings.append(f"{path.parent.relative_to(out).as_posix()}: has no {root.MANIFEST}")
    with _reading(done, "", "site"):
        done.findings += site_findings(out)
    with _reading(done, "", "what the reports say"):
        done.findings += claims_of_round(out, found.reports.items())
    if (out / "restricted").is_dir():
        below = verify_round(out / "restricted")
        done.findings += [f"restricted/{f}" for f in below.findings]
        done.notes += [f"restricted/{n}" for n in below.notes]
        done.reports += below.reports
    done.findings = list(dict.fromkeys(done.findings))
    return done


def signature_findings(out: Path, signers: Path | None = None) -> list[str]:
    """Whether the signature of the round, if it has one, holds; and is of one of `signers`, if those are given."""
    from csi_lib.run.signing import signer, trusted

    try:
        public = signer(out)
    except (ValueError, OSError) as error:
        if isinstance(error, InputError):
            return [f"{root.SIGNATURE}: {error}"] if signers else []
        return [f"{root.SIGNATURE} does not hold ({error})"]
    if signers is None:
        return []
    if public is None:
        return ["the round is not signed"]
    return [] if trusted(public, signers) else [f"the round is signed by a key that is not trusted ({public[-16:]})"]


@contextlib.contextmanager
def _reading(done: Verification, place: str, name: str):
    """Whatever is wrong with a file is a finding about that file."""
    try:
        yield
    except (Exception, RecursionError) as error:
        where = f"{place}: " if place else ""
        done.findings.append(f"{where}{name} cannot be read ({type(error).__name__})")


def _root(out: Path, found: root.Found, done: Verification) -> None:
    """What the root says against what is there."""
    said = root.read_root(out)
    if said is None:
        if (out / root.NAME).exists() or root.made_here(out):
            done.findings.append(f"{root.NAME} cannot be read, or is gone")
        elif found.reports:
            done.findings.append(f"{root.NAME} is missing: nothing says which reports and files belong to the round")
        return
    if not root.root_vouched(out) and root.made_here(out):
        done.findings.append(f"{root.NAME} is not the one that your run has written")
    elif not root.root_vouched(out):
        done.notes.append(
            f"{root.NAME} bears no seal of yours: it was written by another user, on another machine, or changed"
        )
    reports = said["reports"] | said["others"]
    for place, folder in found.reports.items():
        with _reading(done, place, root.MANIFEST):
            if place not in reports:
                done.findings.append(f"{place}: is not a report of this round ({root.NAME} does not name it)")
            elif root.sha256(folder / root.MANIFEST) != reports[place]:
                done.findings.append(f"{place}: {root.MANIFEST} is not the one that the round has published")
            elif place in said["reports"] and root.root_vouched(out) and not root.vouched(folder, place):
                done.findings.append(f"{place}: {root.MANIFEST} has lost its seal")
    done.findings += [f"{place}: the report is missing" for place in sorted(set(reports) - set(found.reports))]
    for place, path in found.files.items():
        with _reading(done, "", place):
            if place not in said["files"]:
                done.findings.append(f"{place}: is named by no manifest and not by {root.NAME}")
            elif root.sha256(path) != said["files"][place]:
                done.findings.append(f"{place} was changed after it was published")
    done.findings += [f"{place} is missing" for place in sorted(set(said["files"]) - set(found.files))]


def _report(folder: Path, place: str, done: Verification) -> None:
    """One report: its files, then its numbers."""
    add = lambda words: done.findings.append(f"{place}: {words}")
    manifest = json.loads((folder / root.MANIFEST).read_text(encoding="utf-8"))
    listed, there = dict(manifest["files"]), root.files_of(folder)
    for name, digest in listed.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            add(f"{root.MANIFEST} names a file outside the report")
        elif name not in there:
            add(f"{name} is missing")
        else:
            with _reading(done, place, name):
                if root.sha256(there[name]) != digest:
                    add(f"{name} was changed after it was published")
    for name in sorted(set(there) - set(listed)):
        if not _edition(folder, name, there[name]):
            add(f"{name} is not in {root.MANIFEST}")
    results = None
    with _reading(done, place, "results.parquet"):
        results = pd.read_parquet(folder / "results.parquet")
        _results(results, add)
    if results is not None:
        _numbers(folder, place, manifest, results, done)


def _edition(folder: Path, name: str, path: Path) -> bool:
    """``report.en.html`` beside the report is the one of the folder ``en``."""
    parts = name.split(".")
    other = folder / parts[1] / f"{parts[0]}.{parts[-1]}" if len(parts) == 3 else None
    return other is not None and other.is_file() and root.sha256(other) == root.sha256(path)


def _results(results: pd.DataFrame, add) -> None:
    if results["row_id"].duplicated().any():
        add("results.parquet holds a row id twice")
    hidden = results[results["suppressed"] & (results["release"] == "public")]
    if hidden[["estimate", "se", "n"]].notna().any().any():
        add("a suppressed number stands in the public results")


def _numbers(folder: Path, place: str, manifest: dict, results: pd.DataFrame, done: Verification) -> None:
    """Every format's numbers against the rows."""
    rows, known, page = rows_by_id(results), Known(results), None
    for stem in ("report", *manifest.get("pages", ())):
        path = folder / f"{stem}.html"
        if path.exists():
            with _reading(done, place, path.name):
                own = read_page(path.read_text(encoding="utf-8"))
                page = own if stem == "report" else page
                found = html_findings(own, results, needed=stem == "report", rows=rows)
                done.findings += [f"{place}: {path.name}: {f}" for f in found]
                with _reading(done, place, f"{stem}.pdf"):
                    found = _document(folder / f"{stem}.pdf", own, known)
                    done.findings += [f"{place}: {stem}.pdf: {f}" for f in found]
    for name in ("docx", "hwpx"):
        with _reading(done, place, f"report.{name}"):
            done.findings += [f"{place}: report.{name}: {f}" for f in _document(folder / f"report.{name}", page, known)]
    with _reading(done, place, "report.xlsx"):
        path = folder / "report.xlsx"
        found = workbook_findings(path, known) if path.exists() else []
        done.findings += [f"{place}: report.xlsx: {f}" for f in found]
    with _reading(done, place, "report.pptx"):
        path = folder / "report.pptx"
        found = _slides(path, rows, results) if path.exists() else []
        done.findings += [f"{place}: report.pptx: {f}" for f in found]
    for path in (folder / "report.ipynb", *sorted((folder / "notebooks").glob("*.ipynb"))):
        with _reading(done, place, path.name):
            done.findings += [f"{place}: {path.name}: {f}" for f in notebook_findings(path, rows)]


def _document(path: Path, page: Page | None, known: Known) -> list[str]:
    """A document holds the figures of the page that was made from the same text: none is lost, none is another."""
    text = document_text(path) if path.is_file() else None
    if text is None:
        return []
    if page is None:
        return [f"{token!r} is what no row says" for token in text_findings(text, known.results, known=known)]
    here, there = Counter(FIGURE.findall(text)), Counter(FIGURE.findall(page.text))
    lost = [f for f in counted(page.text) if here[f] < there[f]]
    more = counted(text)
    contents = Counter(FIGURE.findall(page.contents))
    odd = [f for f in more if "." in f and here[f] > there[f] + contents[f]]
    return [f"{f!r} stands in report.html more often" for f in lost] + [
        f"{f!r} stands in report.html less often" for f in odd
    ]


def _slides(path: Path, rows: dict[str, dict], results: pd.DataFrame) -> list[str]:
    """Figures of a slide are those of the rows that its notes name."""
    findings = []
    for number, slide in enumerate(slides(path), 1):
        named = [rows[r] for r in slide.rows if r in rows]
        findings += [
            f"slide {number}: names the row {r}, which results.parquet does not hold"
            for r in slide.rows
            if r not in rows
        ]
        known = Known(results[results["row_id"].isin(slide.rows)]) if named else Known(results)
        for token in text_findings(slide.text, results, known=known, allowed=_LEVEL):
            findings.append(f"slide {number}: {token!r} is what none of its rows says")
        for value, code in slide.values:
            if not printed(value, code, known):
                findings.append(f"slide {number}: a chart shows {value:g}, which none of its rows says")
    return findings


__all__ = ["UNITS", "Known", "Verification", "html_findings", "known_numbers", "printed_forms", "says", "signature_findings", "text_findings",
           "verify_reports", "verify_round"]  # fmt: skip
