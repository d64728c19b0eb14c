"""Text that stays in its box on a slide: smaller letters first, then fewer of them."""

from __future__ import annotations

from collections.abc import Sequence

from csi_lib.report.table_markdown import text_width

_LINE = 1.25  # height of a line, in sizes of its letters
_LETTER = 0.54  # width of a half-width letter; Hangul counts two


def lines_of(text: str, *, width: float, size: float) -> int:
    """Lines that `text` takes at `size` points in a box of `width` inches (margins of a tenth on both sides)."""
    return max(1, -(-int(text_width(text) * _LETTER * size) // int((width - 0.2) * 72)))


def fitted(
    texts: Sequence[str], *, width: float, height: float, size: float, least: float = 11, after: float = 0.0
) -> tuple[float, list[str]]:
    """Size and paragraphs that fit a box of `width` × `height` inches.

    Parameters
    ----------
    size, least : points wanted, and the smallest that can be read; below it the longest paragraph is cut with ``…``.
    after : room after a paragraph, as a part of its size.
    """
    texts, room = list(texts), (height - 0.1) * 72 + 0.01
    needs = lambda s: sum(lines_of(t, width=width, size=s) * _LINE * s + after * s for t in texts)
    while needs(size) > room and size > least:
        size = max(least, size - 1)
    while needs(size) > room and (longest := max(texts, key=text_width)) and len(longest) > 8:
        at = texts.index(longest)
        texts[at] = longest[: max(7, int(len(longest.rstrip("…")) * 0.9))].rstrip(" …") + "…"
    return size, texts


def cut(text: str, *, width: float, size: float, lines: int = 1) -> str:
    """`text`, or as much of it as `lines` of `width` inches hold, with ``…``."""
    return fitted([text], width=width, height=lines * _LINE * size / 72 + 0.1, size=size, least=size)[1][0]
