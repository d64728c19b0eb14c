"""How much one drawing holds, and what becomes of the rest: one rule for every figure.

A drawing is as wide as the text and no taller than a page leaves beside its caption, so it is printed at its own size and
no letter is ever smaller than it was set. What does not fit is continued in further drawings (cut where a section begins),
shown by its ends (a ranking), or set as small multiples (many lines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from math import ceil

import pandas as pd

_PART = {"ko": "{caption} ({i}/{n})", "en": "{caption} ({i} of {n})"}


@dataclass(frozen=True)
class Capacity:
    """What fits into one drawing.

    Attributes
    ----------
    height : millimetres of a drawing on a page of A4 with caption, notes and running head.
    type : points of the smallest letter in print.
    ranking, ends : bodies that a ranking shows one by one; beyond that, so many from either end.
    lines : series in one set of axes; more become small multiples.
    slopes : items between two waves; more show those that moved most.
    leaves : items on the left of a diagram of the index.
    cell : millimetres of a column of a heat table.
    """

    height: float = 200.0
    type: float = 7.0
    ranking: int = 60
    ends: int = 10
    lines: int = 6
    slopes: int = 24
    leaves: int = 34
    cell: float = 12.0


#: the capacity of a page of the printed report
PAGE = Capacity()


def paged(draw: Callable) -> Callable:
    """A figure of rows that goes on in further drawings when it is taller than a page.

    `draw` takes a frame first and the keywords ``rows``, ``name``, ``lang`` and ``limits`` (the scale, which all
    drawings share); it may take ``heading``, a column whose runs are kept together where that is possible.
    """

    @wraps(draw)
    def drawn(frame: pd.DataFrame, **options):
        whole = draw(frame, **options)
        if whole.height <= PAGE.height:
            return whole
        rows = options.get("rows", draw.__kwdefaults__["rows"])
        heading = options.get("heading", draw.__kwdefaults__.get("heading"))
        heading = heading if heading in frame.columns else None
        if _sorts(draw, options):
            frame = frame.sort_values("estimate", ascending=False, kind="stable", na_position="last")
        within = frame[heading].astype(str) if heading else [""] * len(frame)
        pairs = list(zip(frame[rows].astype(str), within, strict=True))
        section = (lambda pair: pair[1]) if heading else (lambda pair: None)
        keys = list(dict.fromkeys(pairs))
        blocks = runs(keys, max(1, int(len(keys) * 0.92 * PAGE.height / whole.height)), section)
        parts = []
        for i, block in enumerate(blocks, start=1):
            chosen, kept = set(block), dict(options)
            name = options.get("name", draw.__kwdefaults__["name"])
            kept |= {"name": name if i == 1 else f"{name}-{i}", "limits": whole.limits}
            kept["caption"] = _PART[whole.lang].format(caption=whole.caption, i=i, n=len(blocks))
            parts.append(draw(frame[[pair in chosen for pair in pairs]], **kept))
        return replace(parts[0], more=tuple(parts[1:]))

    return drawn


def _sorts(draw: Callable, options: dict) -> bool:
    """Whether the drawing orders its rows by value, so that they are cut in that order."""
    if draw.__name__ == "caterpillar":
        return True
    return bool(options.get("sort", draw.__kwdefaults__.get("sort", False)))


def runs(keys: Sequence, most: int, section: Callable = lambda key: None) -> list[list]:
    """`keys` in neighbouring blocks of at most `most` and of like size, cut where `section` changes if that is near."""
    target, blocks = ceil(len(keys) / ceil(len(keys) / most)), [[]]
    sizes: dict = {}
    for key in keys:
        sizes[section(key)] = sizes.get(section(key), 0) + 1
    last = None
    for key in keys:
        here, held = section(key), len(blocks[-1])
        begins = here is not None and here != last
        limit = most if here is not None else target
        leaves = begins and (held >= target or (held >= target * 0.4 and held + min(sizes[here], most) > most))
        if held and (held >= limit or leaves):
            blocks.append([])
        blocks[-1].append(key)
        last = here
    return blocks
