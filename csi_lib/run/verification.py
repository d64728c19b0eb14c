"""Checking what was published: files against the manifest, printed numbers against results.parquet."""

from __future__ import annotations

import hashlib
import json
import math
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

from csi_lib.prose.numbers import UNITS, Number, absent

_TOKEN = re.compile(r"[+\u2212-]?\d[\d,]*(?:\.\d+)?(?:\s?%p|\s?%|점)?|[+\u2212-]?\.\d+")


def verify_reports(out: Path) -> list[str]:
    """Findings in words for every report under `out`; an empty list when everything agrees."""
    findings = []
    manifests = sorted(
        p for p in Path(out).rglob("manifest.json") if not any(part.startswith(".staging") for part in p.parts)
    )
    if not manifests:
        return [f"{out}: no reports are here"]
    for path in manifests:
        folder, name = path.parent, str(path.parent.relative_to(out))
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for file, digest in manifest["files"].items():
            target = folder / file
            if not target.exists():
                findings.append(f"{name}: {file} is missing")
            elif hashlib.sha256(target.read_bytes()).hexdigest() != digest:
                findings.append(f"{name}: {file} was changed after it was published")
        results = pd.read_parquet(folder / "results.parquet")
        if results["row_id"].duplicated().any():
            findings.append(f"{name}: results.parquet holds a row id twice")
        hidden = results[results["suppressed"] & (results["release"] == "public")]
        if hidden[["estimate", "se", "n"]].notna().any().any():
            findings.append(f"{name}: a suppressed number stands in the public results")
        for stem in ("report", *manifest.get("pages", ())):
            page = folder / f"{stem}.html"
            if page.exists():
                found = html_findings(page.read_text(encoding="utf-8"), results, needed=stem == "report")
                findings += [f"{name}: {page.name}: {f}" for f in found]
    return findings + _site_findings(Path(out))


def _site_findings(out: Path) -> list[str]:
    """Figures on the pages of the site; a site without them (``publish: false``) has no results of its own."""
    rows = out / "site" / "results.parquet"
    if not rows.exists():
        return []
    results = pd.read_parquet(rows)
    pages = (
        out / "index.html",
        *sorted((out / "site").glob("league-*.html")),
        *sorted((out / "site").glob("group-*.html")),
    )
    return [
        f"{p.name}: {f}" for p in pages for f in html_findings(p.read_text(encoding="utf-8"), results, needed=False)
    ]


def html_findings(page: str, results: pd.DataFrame, *, needed: bool = True) -> list[str]:
    """Numbers of a page whose row does not exist, or does not say what is printed; `needed`: it must have some."""
    reader = _Reader()
    reader.feed(page)
    rows = {row["row_id"]: row for row in results.to_dict("records")}
    findings = []
    for row_id, text in reader.numbers:
        if row_id not in rows:
            findings.append(f"{text!r} has the row id {row_id}, which results.parquet does not hold")
        elif text not in printed_forms(rows[row_id]):
            findings.append(f"{text!r} is not what row {row_id} ({rows[row_id]['measure']}) says")
    if needed and not reader.numbers:
        findings.append("no number carries a row id")
    return findings


_FIELDS = ("estimate", "se", "ci_low", "ci_high", "n", "n_weighted", "n_effective", "df", "deff", "p_value")


def printed_forms(row: dict) -> set[str]:
    """Every way a number of this row may be printed: each field, at up to four decimals, with and without sign."""
    forms: set[str] = {"*", "–"}
    if absent(row.get("estimate")):
        forms |= {"자료 없음", "not available", "비공개", "withheld"}
    for field in _FIELDS:
        if absent(row.get(field)) or not math.isfinite(row[field]):
            continue
        for digits in (None, 0, 1, 2, 3, 4):
            number = Number.from_row({**row, "suppressed": False}, field, digits=digits)
            for one in (
                number,
                number.magnitude(),
                Number.from_row({**row, "suppressed": False}, field, digits=digits, signed=True),
            ):
                forms.add(one.digits_text())
    # a margin of error: half the width of the interval
    if not absent(row.get("ci_low")) and not absent(row.get("ci_high")) and not absent(row.get("unit")):
        half = (row["ci_high"] - row["ci_low"]) / 2
        forms |= {Number(half, row["unit"], digits=d).digits_text() for d in (1, 2)}
    return forms


def known_numbers(results: pd.DataFrame) -> frozenset[Decimal]:
    """Every figure that some row may print as, without its sign."""
    known: set[Decimal] = set()
    for row in results.to_dict("records"):
        for form in printed_forms(row):
            bare = form.replace(",", "").replace("\u2212", "-").lstrip("+").removeprefix("< ")
            if re.fullmatch(r"-?\d*\.?\d+", bare):
                known.add(abs(Decimal(bare)))
    return frozenset(known)


def text_findings(
    text: str, results: pd.DataFrame, *, allowed: set[str] = frozenset(), known: frozenset[Decimal] | None = None
) -> list[str]:
    """Tokens of a page of text (from a PDF) with a decimal, %, %p, 점 or n= that no row says.

    `known` are the figures of `results`, where several texts are held against the same (`known_numbers`).
    """
    known = known_numbers(results) if known is None else known
    findings = []
    for token in re.findall(
        r"(?:n\s*=\s*)\d[\d,]*|[+\u2212-]?\d[\d,]*\.\d+|[+\u2212-]?\d[\d,]*(?:\.\d+)?\s?(?:%p?|점)", text
    ):
        bare = re.sub(r"[^\d.]", "", token.replace(",", "")).rstrip(".")
        if bare and Decimal(bare) not in known and token.strip() not in allowed and bare not in allowed:
            findings.append(token)
    return findings


class _Reader(HTMLParser):
    """Collects (row id, text) of every element with ``data-r``."""

    def __init__(self):
        super().__init__()
        self.numbers: list[tuple[str, str]] = []
        self._open: list[list] = []

    def handle_starttag(self, tag, attributes):
        if self._open:
            self._open[-1][2] += tag == self._open[-1][1]
        row = dict(attributes).get("data-r")
        if row:
            self._open.append([row, tag, 1, ""])

    def handle_data(self, data):
        if self._open:
            self._open[-1][3] += data

    def handle_endtag(self, tag):
        if self._open and tag == self._open[-1][1]:
            self._open[-1][2] -= 1
            if not self._open[-1][2]:
                row, _, _, text = self._open.pop()
                self.numbers.append((row, text.strip()))


__all__ = ["UNITS", "html_findings", "known_numbers", "printed_forms", "text_findings", "verify_reports"]
