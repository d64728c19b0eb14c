"""What a round says in all its formats, held against its tables: sentences, marks, priorities, zones, sister reports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from csi_lib.findings.agreement import contradictions, reading_of
from csi_lib.prose.change import verdict_of
from csi_lib.run.verification.claims import (
    CLAIMS,
    MARKS,
    Rows,
    claim_findings,
    priorities,
    priority_findings,
    spoken_claims,
    zone_findings,
    zones_said,
)
from csi_lib.run.verification.documents import document_text, slides
from csi_lib.run.verification.figures import printed_forms
from csi_lib.run.verification.statements import statements

_DOCUMENTS = ("pdf", "docx", "hwpx")
_PAGE = re.compile(r"report(?:\.(?:ko|en))?\.html")


def claims_of_round(out: Path, reports: Iterable[tuple[str, Path]]) -> list[str]:
    """In words, sentences and marks of published reports (place, folder) that contradict their tables or one another.

    HTML is read sentence by sentence and row by row; PDF, DOCX and HWPX must hold the sentences of the HTML that claim a
    verdict or a priority; slides are held against the rows that their notes name and against the order of priorities. Over the whole
    round one comparison has one verdict, and no score is in a worse zone than a lower one.
    """
    found, zoned = [], []
    for place, folder in reports:
        try:
            results = pd.read_parquet(folder / "results.parquet")
        except Exception:
            continue
        with reading_of(folder) as rule:
            rows = Rows(results, least=rule.compared_base)
            for page in sorted(p for p in folder.glob("*.html") if _PAGE.fullmatch(p.name)):
                said, own = _page(page, rows, place)
                found += said
                zoned += own
    return [*dict.fromkeys(found), *zone_findings(zoned), *contradictions(out)]


def _page(page: Path, rows: Rows, place: str) -> tuple[list[str], list]:
    said = statements(page.read_text(encoding="utf-8"))
    found = [f"{place}: {page.name}: {f}" for f in claim_findings(said, rows)]
    order = priorities(said, rows)
    sentences = [s.text for p in said.passages if not p.folded for s in p.sentences()]
    # a card of figures is no sentence: each format lays it out anew
    claimed = [s for s in spoken_claims(sentences) if s.endswith(".")]
    for path in (page.with_suffix(f".{name}") for name in _DOCUMENTS):
        text = document_text(path) if path.is_file() else None
        if text is not None:
            there = _bare(text)
            missing = [s for s in dict.fromkeys(claimed) if _bare(s) not in there]
            found += [f"{place}: {path.name}: does not say {s!r}, which {page.name} says" for s in missing]
    deck = page.with_suffix(".pptx")
    if deck.is_file():
        found += [f"{place}: {deck.name}: {f}" for f in _deck(deck, rows, order)]
    return found, zones_said(said, rows)


def _bare(text: str) -> str:
    """Letters, figures and marks alone: line breaks and hyphens are a format's own."""
    return re.sub(r"[^\w▲▼]", "", text)


def _deck(path: Path, rows: Rows, order: list[str]) -> list[str]:
    found = []
    for number, slide in enumerate(slides(path), 1):
        tested = rows.tested(slide.rows)
        lines = [t for line in slide.text.splitlines() if (t := line.strip())]
        truth = {verdict_of(r).direction for r in tested}
        for mark, claim in MARKS.items():
            if tested and claim not in truth and any(mark in line and re.search(r"\d", line) for line in lines):
                found.append(f"slide {number}: shows {mark}, and none of its numbers is {claim}")
        for line in lines:
            claims = {c for c, words in CLAIMS.items() if words.search(line)}
            figures = set(re.findall(r"\d[\d,]*(?:\.\d+)?|\.\d+", line))
            own = [r for r in tested if figures & {f.lstrip("+−-") for f in printed_forms(r) if "." in f}]
            said = {verdict_of(r).direction for r in own}
            if claims and said and not claims & said:
                found.append(f"slide {number}: {line!r} claims {', '.join(sorted(claims))}, and its numbers do not")
        found += [f"slide {number}: {f}" for f in priority_findings(lines, order)]
    return found


__all__ = ["claims_of_round"]
