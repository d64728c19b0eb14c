"""Rows of people in what a cell shows: found by comparing it with the survey, object by object and text by text.

Answers are there to be computed with, not to be shown. A public report may show what a chapter makes of them; the rows
themselves (a frame's head, a list of opinions, a drawing with a point per person) stop the report. Our own displays
(`Chapter.show`, `Chapter.say`) need no look: they hold results rows, which passed the gate, and texts, which are looked at
where they are put in (`People.wrote`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from csi_lib.errors import NotPublic
from csi_lib.voice.cleaning import says_nothing

ROWS_MIME = "application/vnd.csi.rows+json"
#: letters of a text that must agree before it counts as somebody's: pandas shortens cells to 50
_SHORTEST, _COMPARED = 8, 24
#: answers in a row, in the order of the file, that are no coincidence on a scale of five
_RUN = 12
#: points in a drawing below which it cannot be told from one of groups
_POINTS = 30
_REMEDY = (
    "Show groups instead: chapter.record the numbers, then chapter.show a table or figure; keep rows of people inside the "
    "computation, or make the restricted release (report: release: restricted)"
)
_TAG = re.compile(r"<[^<>]*>")
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", re.DOTALL | re.IGNORECASE)
_WIDE = re.compile(r"\s{2,}|\t|\s*\|\s*|,\s*")


@dataclass(frozen=True, eq=False)
class People:
    """The respondents of a report, as what must not be found in its displays.

    frame, codebook : of the `Survey`; only its items, groups and texts are compared.
    """

    frame: pd.DataFrame
    codebook: object

    # ------------------------------------------------------------------ what is compared with
    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        """Column → answers as short texts (``5``, ``2.5``, ``woman``; nothing for a missing one)."""
        names = [c for c in self.codebook.columns if c in self.frame]
        return {str(c): np.array([_plain(v) for v in self.frame[c]], dtype=object) for c in names}

    @cached_property
    def _texts(self) -> frozenset[str]:
        """What people wrote, each as a whole, white space and case apart."""
        names = [c for c in self.codebook.of_role("text") if c in self.frame]
        found = (_normal(v) for c in names for v in self.frame[c].dropna().astype(str).unique())
        return frozenset(t for t in found if len(t) >= _SHORTEST and not says_nothing(t))

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(t[:_COMPARED] for t in self._texts)

    @cached_property
    def _personal(self) -> frozenset[str]:
        """Columns whose rows are people even where each combination stands once: everything but groups."""
        return frozenset(map(str, self._columns)) - frozenset(self.codebook.groups)

    @cached_property
    def _runs(self) -> frozenset[tuple]:
        out = set()
        for name in (i for i in self.codebook.items if i in self._columns):
            values = [v for v in self._columns[name] if v]
            if len(set(values)) > 1:
                runs = (tuple(values[i : i + _RUN]) for i in range(len(values) - _RUN + 1))
                out.update(r for r in runs if len(set(r)) > 1)
        return frozenset(out)

    # ------------------------------------------------------------------ looking
    def wrote(self, text: str) -> bool:
        """Whether `text` is word for word what somebody wrote."""
        return len(text) >= _SHORTEST and _normal(text) in self._texts

    def held_by(self, shown: object) -> str | None:
        """What of people an object shows: rows of answers, or None. Frames, series, arrays, lists and drawings are looked at."""
        if isinstance(shown, pd.Series):
            shown = shown.to_frame()
        if isinstance(shown, pd.DataFrame):
            return self._in_frame(shown)
        if isinstance(shown, np.ndarray) and shown.ndim == 1:
            return self._in_values(shown.tolist())
        if isinstance(shown, (list, tuple)) and len(shown):
            found = (self.held_by(v) for v in shown if isinstance(v, (pd.DataFrame, pd.Series, np.ndarray, list)))
            return next(filter(None, found), None) or self._in_values(list(shown))
        if type(shown).__module__.startswith("matplotlib") and hasattr(shown, "findobj"):
            return self._in_drawing(shown)
        return None

    def found_in(self, text: str) -> str | None:
        """What of people a shown text (plain, Markdown or HTML) holds: rows of answers, opinions, or None."""
        rows = [[_stripped(c) for c in _CELL.findall(row)] for row in _ROW.findall(text)]
        plain = html.unescape(_TAG.sub(" ", text)) if rows or "</" in text else text
        if self._holds_texts(plain):
            return "what respondents wrote"
        for table in (rows, *_tables(plain)):
            if found := self._in_table(table):
                return found
        return self._in_values(re.findall(r"-?\d+(?:\.\d+)?", plain))

    # ------------------------------------------------------------------ how
    def _in_frame(self, shown: pd.DataFrame) -> str | None:
        shown = shown.head(2000)
        if isinstance(shown.columns, pd.MultiIndex):
            return None
        table = [
            ["", *map(str, shown.columns)],
            *([str(i), *map(_plain, row)] for i, row in zip(shown.index, shown.to_numpy(dtype=object))),
        ]
        named = [n for n in shown.index.names if n is not None]
        if len(named) == 1:
            table[0][0] = str(named[0])
        if self._holds_texts("\n".join(c for row in table[1:] for c in row if len(c) >= _SHORTEST)):
            return "what respondents wrote"
        return self._in_table(table, whole=not named)

    def _in_table(self, table: Sequence[Sequence[str]], *, whole: bool = False) -> str | None:
        """Whether the rows under a head of column names are rows of the survey."""
        for at, head in enumerate(table):
            places = [(i, str(c)) for i, c in enumerate(head) if str(c) in self._columns]
            if not places or not self._personal & {c for _, c in places}:
                continue
            body = [row for row in table[at + 1 :] if len(row) == len(head)]
            # a head printed without its index's place stands one cell to the left of what it names
            shifted = [row[1:] for row in table[at + 1 :] if len(row) == len(head) + 1]
            for rows in (body, shifted):
                if rows and self._all_answers(places, rows, whole=whole):
                    return f"{len(rows)} rows of respondents ({', '.join(c for _, c in places[:4])})"
        return None

    def _all_answers(self, places, rows, *, whole: bool) -> bool:
        names = [c for _, c in places]
        known = self._combinations(tuple(names))
        told = [tuple(_plain(row[i]) for i, _ in places) for row in rows]
        told = [t for t in told if any(t) and not all(set(c) <= {".", ""} for c in t)]
        if not told:
            return False
        hits = sum(t in known for t in told)
        if len(names) == 1:  # one column of plain codes may as well be the codes themselves, once each
            return whole and hits == len(told) and (len(told) > len(set(told)) or len(rows) <= 2)
        return hits > 0.75 * len(told)  # a description of columns has minimum, quartiles and maximum among its rows

    def _combinations(self, names: tuple[str, ...]) -> set[tuple]:
        return set(zip(*(self._columns[c] for c in names), strict=True))

    def _in_values(self, values: Iterable) -> str | None:
        told = [_plain(v) for v in values]
        if self._holds_texts("\n".join(t for t in told if len(t) >= _SHORTEST)):
            return "what respondents wrote"
        runs = self._runs if len(told) >= _RUN else ()
        if runs and any(tuple(told[i : i + _RUN]) in runs for i in range(len(told) - _RUN + 1)):
            return "answers in the order of the file"
        return None

    def _holds_texts(self, text: str) -> bool:
        if not text or not self._beginnings:
            return False
        text = _normal(text)
        return any(b in text for b in self._beginnings)

    def _in_drawing(self, drawing) -> str | None:
        from matplotlib.collections import PathCollection
        from matplotlib.lines import Line2D

        sizes = {n for c in self._columns for n in (int((self._columns[c] != "").sum()),)} | {len(self.frame)}
        for artist in drawing.findobj(lambda a: isinstance(a, (PathCollection, Line2D))):
            if isinstance(artist, Line2D):
                count = len(artist.get_xdata()) if artist.get_marker() not in (None, "None", "", " ") else 0
            else:
                count = len(artist.get_offsets())
            if count >= _POINTS and count in sizes:
                return f"a drawing with a point for each of {count} respondents"
        return None


class DisplayGuard:
    """IPython's display formatter with a look at what is shown: what holds rows of people raises `NotPublic`.

    people : function giving `People`, called when something foreign is first shown.
    """

    def __init__(self, formatter, people):
        self._format, self._people = formatter.format, people

    def __call__(self, shown, include=None, exclude=None):
        if not hasattr(shown, "_repr_mimebundle_"):
            refuse(self._people().held_by(shown), "this cell")
        bundle, metadata = self._format(shown, include=include, exclude=exclude)
        if ROWS_MIME not in bundle:
            for text in texts_of(bundle):
                refuse(self._people().found_in(text), "this cell")
        return bundle, metadata

    @classmethod
    def install(cls, people) -> None:
        """Guard the running IPython shell, once; a later chapter of the process replaces whose rows are looked for."""
        from IPython import get_ipython

        shell = get_ipython()
        if shell is None:
            return
        formatter = shell.display_formatter
        if isinstance(formatter.__dict__.get("format"), cls):
            formatter.format._people = people
        else:
            formatter.__dict__["format"] = cls(formatter, people)


def check_outputs(node, people, *, chapter: str) -> None:
    """Refuse an executed chapter whose outputs hold rows of people.

    people : function giving `People` or None, called for the first output that is not a display of our own.
    """
    for index, cell in enumerate(node.cells, 1):
        for output in cell.get("outputs", ()) if cell.cell_type == "code" else ():
            data = output.get("data", {})
            if ROWS_MIME in data:
                continue
            shown = [_joined(output.text)] if output.output_type == "stream" else texts_of(data)
            for text in filter(str.strip, shown):
                known = people()
                if known is not None:
                    refuse(known.found_in(text), f"chapter {chapter}: output of cell {index}")


def texts_of(bundle) -> list[str]:
    """The texts of a mime bundle that a reader may come to see."""
    kinds = ("text/plain", "text/html", "text/markdown", "text/latex", "application/json")
    return [
        t if isinstance(t := bundle[k], str) else "".join(t) if isinstance(t, list) else str(t)
        for k in kinds
        if k in bundle
    ]


def refuse(found: str | None, where: str) -> None:
    if found is not None:
        raise NotPublic("a public report shows no rows of people", where=where, found=found, action=_REMEDY)


# ---------------------------------------------------------------------- texts
def _tables(text: str) -> list[list[list[str]]]:
    """A text as tables: lines split at bars, commas, tabs and wide gaps, and once more at every space."""
    lines = [line.strip().strip("|").strip() for line in text.splitlines() if line.strip()]
    return [[_WIDE.split(line) for line in lines], [line.split() for line in lines]] if len(lines) > 1 else []


def _plain(value) -> str:
    """A value as it compares: numbers without a trailing ``.0``, nothing for a missing one."""
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"-?\d+\.0+", text):
            return text.split(".")[0]
        return "" if text.lower() in ("nan", "<na>", "none") else text
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _normal(text: str) -> str:
    return " ".join(str(text).casefold().split())


def _stripped(cell: str) -> str:
    return html.unescape(_TAG.sub("", cell)).strip()


def _joined(text) -> str:
    return text if isinstance(text, str) else "".join(text)
