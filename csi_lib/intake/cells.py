"""A column as it is written in a file: distinct texts, and which of them stands in each row.

All work on columns is done on distinct texts, so a million rows cost no more Python than ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from csi_lib.study.base import trimmed


@dataclass(frozen=True, eq=False)
class Cells:
    """`codes` is the position of each row's text in `texts`, −1 where the cell is blank; texts have no outer blanks."""

    codes: np.ndarray
    texts: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[str]) -> Cells:
        """Cells of one text per row."""
        array = np.empty(len(values), dtype=object)
        array[:] = values
        codes, texts = pd.factorize(array)
        return cls.encoded(codes, list(texts))

    @classmethod
    def encoded(cls, codes: np.ndarray, texts: Iterable[str]) -> Cells:
        """Cells of codes into `texts` that may be blank, have outer blanks or stand twice."""
        place: dict[str, int] = {}
        known = [place.setdefault(t, len(place)) if (t := trimmed(text)) else -1 for text in texts]
        return cls(np.array([*known, -1], np.int32)[codes], tuple(place))

    @classmethod
    def clean(cls, codes: np.ndarray, texts: Iterable[str]) -> Cells:
        """Cells of texts that are known to be distinct, without outer blanks and not empty."""
        return cls(np.asarray(codes, np.int32), tuple(texts))

    @classmethod
    def joined(cls, parts: Sequence[Cells]) -> Cells:
        """Columns under each other."""
        if len(parts) == 1:
            return parts[0]
        shift = np.cumsum([0, *(len(p.texts) for p in parts[:-1])])
        codes = [np.where(p.codes < 0, -1, p.codes + s) for p, s in zip(parts, shift, strict=True)]
        return cls.encoded(np.concatenate(codes), [t for p in parts for t in p.texts])

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def blank(self) -> np.ndarray:
        return self.codes < 0

    def take(self, rows: np.ndarray) -> Cells:
        return Cells(self.codes[rows], self.texts)

    def where(self, holds: Callable[[str], bool]) -> np.ndarray:
        """Rows whose text `holds`; a blank never does."""
        return np.array([*(bool(holds(text)) for text in self.texts), False], bool)[self.codes]

    @cached_property
    def figures(self) -> bool:
        """All texts are digits alone, as ids by the hundred thousand mostly are."""
        joined = "".join(self.texts)
        return joined.isascii() and joined.isdigit()

    def where_words(self, holds: Callable[[str], bool]) -> np.ndarray:
        """`where` of a test that no text of digits alone passes, which need not be asked of columns of them."""
        return np.zeros(len(self.codes), bool) if self.figures else self.where(holds)

    def each(self, value: Callable[[str], object], blank=None) -> np.ndarray:
        """One value per row, computed once per distinct text."""
        found = np.empty(len(self.texts) + 1, dtype=object)
        found[:] = [*(value(text) for text in self.texts), blank]
        return found[self.codes]

    def text_at(self, row: int) -> str:
        code = self.codes[row]
        return "" if code < 0 else self.texts[code]

    def counts(self) -> np.ndarray:
        """How often each text stands."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))
