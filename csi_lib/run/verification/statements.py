"""What a page states: its sentences and the rows of its tables, each with the results rows that its numbers name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_PARAGRAPHS = {"p", "li", "h1", "h2", "h3", "h4", "figcaption", "caption", "dd", "dt"}
_CELLS = {"td", "th"}
_SILENT = {"script", "style", "title", "svg", "math", "nav"}
#: what HTML unfolds and paper leaves out
_FOLDED = {"figure-data", "detail"}
#: where one sentence ends and the next begins
_END = re.compile(r"(?<=[^\d\s][.?!])\s+(?=\S)|(?<=[\d%][.])\s+(?=[A-Z가-힣‘“])")


@dataclass(frozen=True)
class Passage:
    """A piece of text and the rows its numbers name: ``cited`` holds (position, row id, figure); ``folded``: in HTML alone."""

    text: str
    cited: tuple[tuple[int, str, str], ...] = ()
    folded: bool = False

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row for _, row, _ in self.cited))

    def sentences(self) -> Iterator[Passage]:
        """The passage, sentence by sentence."""
        cuts = [0, *(m.end() for m in _END.finditer(self.text)), len(self.text)]
        for start, stop in pairwise(cuts):
            inside = tuple((at - start, row, said) for at, row, said in self.cited if start <= at < stop)
            if text := self.text[start:stop].strip():
                yield Passage(text, inside, self.folded)


@dataclass
class Statements:
    """``passages`` are paragraphs and cells; ``tables`` hold rows of cells, heads and all."""

    passages: list[Passage] = field(default_factory=list)
    tables: list[list[list[Passage]]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = Statements()
        self._silent = 0
        self._folds: list[list] = []  # tag, depth
        self._open: list[tuple[str, list[str], list[tuple[int, str, str]]]] = []
        self._numbers: list[list] = []  # tag, depth, row id, position, text

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in _SILENT:
            self._silent += 1
        if self._silent:
            return
        for fold in self._folds:
            fold[1] += tag == fold[0]
        if _FOLDED.intersection((given.get("class") or "").split()):
            self._folds.append([tag, 1])
        if tag == "table":
            self.found.tables.append([])
        elif tag == "tr" and self.found.tables:
            self.found.tables[-1].append([])
        elif tag in _PARAGRAPHS | _CELLS:
            self._open.append((tag, [], []))
        elif tag == "br" and self._open:
            self._open[-1][1].append(" ")
        for number in self._numbers:
            number[1] += tag == number[0]
        if given.get("data-r") and tag not in ("br", "img") and self._open:
            at = len("".join(self._open[-1][1]))
            self._numbers.append([tag, 1, given["data-r"], at, ""])

    def handle_data(self, data):
        if self._silent or not self._open:
            return
        self._open[-1][1].append(data)
        if self._numbers:
            self._numbers[-1][4] += data

    def handle_endtag(self, tag):
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
            return
        if self._silent:
            return
        for number in self._numbers:
            number[1] -= tag == number[0]
        for fold in self._folds:
            fold[1] -= tag == fold[0]
        self._folds = [f for f in self._folds if f[1] > 0]
        while self._numbers and self._numbers[-1][1] <= 0:
            _, _, row, at, text = self._numbers.pop()
            if self._open:
                self._open[-1][2].append((at, row, text.strip()))
        if tag in _PARAGRAPHS | _CELLS and any(t == tag for t, _, _ in self._open):
            while self._open:
                own, parts, cited = self._open.pop()
                self._close(own, parts, cited)
                if own == tag:
                    break

    def _close(self, tag, parts, cited) -> None:
        text = "".join(parts)
        passage = Passage(re.sub(r"[\s\u00a0\u2060]", " ", text), tuple(sorted(cited)), bool(self._folds))
        if tag in _CELLS:
            if self._open and self._open[-1][0] in _CELLS:  # a cell inside a cell belongs to the outer one
                return
            if self.found.tables and self.found.tables[-1]:
                self.found.tables[-1][-1].append(passage)
        elif self._open:  # a paragraph inside a cell is the cell's
            at = len("".join(self._open[-1][1]))
            self._open[-1][1].append(text + " ")
            self._open[-1][2].extend((at + a, row, said) for a, row, said in cited)
            return
        if passage.text.strip():
            self.found.passages.append(passage)


def statements(markup: str) -> Statements:
    """Sentences and tables of a page, folded parts and all."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.found


__all__ = ["Passage", "Statements", "statements"]
