"""A figure that is ready for a report: the drawing, what it shows in words, and the data behind it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field, replace

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure as Drawing

from csi_lib.errors import InputError
from csi_lib.figures.svg import compact_svg
from csi_lib.prose.numbers import check_lang
from csi_lib.prose.unfilled import check_filled
from csi_lib.study.reading import reading

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
# the same drawing gives the same bytes everywhere: no date, no random ids, no fonts of the machine
_SVG = {"svg.hashsalt": "csi", "svg.fonttype": "path", "path.simplify": True}
# hinting would round each letter to whole pixels and make text wider than it was measured
_PNG = {"text.hinting": "no_hinting"}


@dataclass(frozen=True, eq=False, repr=False)
class Figure:
    """A finished figure.

    Attributes
    ----------
    name : identifier, unique in its chapter; cross-referenced as ``@fig-<name>``.
    caption : one line of text.
    alt : what the figure shows, in sentences with its numbers, for those who cannot see it.
    fig : the matplotlib drawing (object-oriented; pyplot knows nothing of it).
    data : the results rows that are drawn, with their labels: the table under the figure.
    notes : lines under the figure.
    lang : language of all text.
    more : the same figure continued in further drawings, where one would not fit a page (`figures.capacity`).
    limits : the scale of the values, which continued drawings share.

    Examples
    --------
    >>> import csi_lib
    >>> chapter = csi_lib.open_chapter("example", "hanbit-fmc", 2024, lang="en")
    >>> rows = chapter.rows(statistic="index", by1=None).head(3)
    >>> figure = csi_lib.index_bars(rows, lang="en", caption="Index")
    >>> type(figure).__name__
    'Figure'
    """

    name: str
    caption: str
    alt: str
    fig: Drawing
    data: pd.DataFrame
    notes: tuple[str, ...] = field(default=())
    lang: str = "ko"
    more: tuple[Figure, ...] = field(default=(), repr=False)
    limits: tuple[float, float] | None = None

    def __post_init__(self):
        check_lang(self.lang)
        if not _NAME.fullmatch(self.name):
            raise InputError("malformed name of a figure", found=repr(self.name), expected="small letters, digits, -")
        rule = reading()
        for part in ("caption", "alt"):
            object.__setattr__(self, part, rule.worded(getattr(self, part)))
            if not getattr(self, part).strip():
                raise InputError(f"a figure needs its {part}", where=f"figure {self.name}")
        object.__setattr__(self, "notes", tuple(map(rule.worded, self.notes)))
        check_filled(self.caption, where=f"figure {self.name}")

    def with_notes(self, *notes: str | None) -> Figure:
        """The same figure with more lines under it; None is no line."""
        return replace(self, notes=(*self.notes, *(n for n in notes if n)))

    @property
    def has_bases(self) -> bool:
        """Whether the data say on how many cases they rest."""
        return "n" in self.data.columns

    @property
    def row_ids(self) -> tuple[str, ...]:
        """The results rows behind the drawing."""
        own = (str(i) for i in self.data["row_id"].dropna()) if "row_id" in self.data.columns else ()
        return tuple(dict.fromkeys([*own, *(i for part in self.more for i in part.row_ids)]))

    @property
    def height(self) -> float:
        """Millimetres of the (first) drawing."""
        return self.fig.get_figheight() * 25.4

    def svg(self) -> bytes:
        """SVG with text as outlines; the same bytes for the same data."""
        buffer = io.BytesIO()
        with mpl.rc_context(_SVG):
            self.fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return compact_svg(buffer.getvalue().decode(), name=self.name).encode()

    def png(self, *, dpi: int = 160) -> bytes:
        """PNG, for office documents and previews."""
        buffer = io.BytesIO()
        with mpl.rc_context(_PNG):
            self.fig.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        more = f", {len(self.more)} more drawings" if self.more else ""
        return f"<Figure {self.name}: {self.caption[:60]}; {len(self.data)} rows{more}>"

    def to_frame(self) -> pd.DataFrame:
        """The rows that are drawn, with their labels."""
        return self.data.copy()

    def _repr_svg_(self) -> str:
        return self.svg().decode()
