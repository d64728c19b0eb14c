"""The numbers of a page: those that carry the id of their row, and all that can be read on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pandas as pd

from csi_lib.run.verification.figures import says

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_BLOCKS = {"p", "td", "th", "li", "div", "h1", "h2", "h3", "h4", "h5", "tr", "figcaption", "caption", "dt", "dd"}
_SILENT = {"script", "style", "title", "svg", "math"}


@dataclass
class Page:
    """What a page says: `numbers` (row id, text), `text` of what documents have too, `contents` of its tables of contents."""

    numbers: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    contents: str = ""


def read_page(markup: str) -> Page:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return Page(reader.numbers, "".join(reader.said), "".join(reader.contents))


def html_findings(
    page: str | Page, results: pd.DataFrame, *, needed: bool = True, rows: dict | None = None
) -> list[str]:
    """Numbers of a page whose row does not exist, or does not say what is printed; `needed`: it must have some.

    `rows` are those of `results` by id, where several pages are held against the same.
    """
    page = read_page(page) if isinstance(page, str) else page
    rows = rows_by_id(results) if rows is None else rows
    findings = []
    for row_id, text in dict.fromkeys(page.numbers):
        if row_id not in rows:
            findings.append(f"{text!r} has the row id {row_id}, which results.parquet does not hold")
        elif not says(rows[row_id], text):
            findings.append(f"{text!r} is not what row {row_id} ({rows[row_id]['measure']}) says")
    if needed and not page.numbers:
        findings.append("no number carries a row id")
    return findings


def rows_by_id(results: pd.DataFrame) -> dict[str, dict]:
    return dict(zip(results["row_id"], results.to_dict("records"), strict=True))


#: what HTML unfolds and the other formats leave out; its numbers are held against their rows all the same
_FOLDED = frozenset({"figure-data", "detail"})


class _Reader(HTMLParser):
    """Collects (row id, text) of every element with ``data-r``, and the text around them."""

    def __init__(self):
        super().__init__()
        self.numbers: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.contents: list[str] = []
        self._numbers: list[list] = []  # row id, tag, depth, text
        self._where: list[tuple[str, str]] = []  # tag, "" (read), "contents" or "silent"

    def handle_starttag(self, tag, attributes):
        if tag in _VOID:
            self.said.append("\n" if tag == "br" else "")
            return
        found = {name: value or "" for name, value in attributes}
        above = self._where[-1][1] if self._where else ""
        classes = found.get("class", "").split()
        if tag in _SILENT or _FOLDED.intersection(classes):
            above = "silent"
        elif above != "silent" and (tag == "nav" or "toc" in found.get("id", "").lower()):
            above = "contents"
        self._where.append((tag, above))
        if tag in _BLOCKS:
            (self.contents if above == "contents" else self.said).append("\n")
        for number in self._numbers:
            number[2] += tag == number[1]
        if found.get("data-r"):
            self._numbers.append([found["data-r"], tag, 1, ""])

    def handle_data(self, data):
        where = self._where[-1][1] if self._where else ""
        if where != "silent":
            (self.contents if where == "contents" else self.said).append(data)
        if self._numbers:
            self._numbers[-1][3] += data

    def handle_endtag(self, tag):
        if tag in _VOID:
            return
        if any(open_ == tag for open_, _ in self._where):
            while self._where.pop()[0] != tag:
                pass
        for number in self._numbers:
            number[2] -= tag == number[1]
        while self._numbers and self._numbers[-1][2] <= 0:
            row, _, _, text = self._numbers.pop()
            self.numbers.append((row, text.strip()))


__all__ = ["Page", "html_findings", "read_page", "rows_by_id"]
