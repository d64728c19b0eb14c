"""Data strings on their way into Markdown: every one passes `escape_markdown`, and arrives as text.

The reader is pandoc's Markdown as Quarto configures it, so anything that could start a construct there
(markup, math, citation, raw HTML, div, list, shortcode, footnote, table cell) is neutralised with a
backslash, which pandoc accepts before every ASCII punctuation mark, or written as an entity. Only `.`, `:`,
`-`, `=`, `+`, `%` and `(` are dangerous in some places only and stay readable elsewhere.
"""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
# emoji sequences need the joiners (U+200C, U+200D) and the tag characters; all other format characters
# (bidirectional overrides, zero-width spaces, soft hyphens) only deceive
_KEPT_FORMAT = {"\u200c", "\u200d"} | {chr(c) for c in range(0xE0020, 0xE0080)}
_DROPPED = {"Cc", "Cf", "Cs", "Cn"}

_ALWAYS = re.compile(r"""[\\`*_{}\[\]<>#|$@~^&"'!]""")
_SOMETIMES = re.compile(
    r"""
    ^[-+=%:(.,;?/)]             # what could open a list, title block, definition or caption
    | (?<=\.)\.                 # an ellipsis under the smart extension
    | (?<=-)-                   # dashes, likewise; rules and front matter
    | (?<==)= | (?<=:):         # headings underlined, fenced divs
    | :(?=//) | :(?=\w+:)       # bare addresses and emoji names become links and pictures elsewhere
    | (?<=www)\.
    """,
    re.VERBOSE | re.IGNORECASE,
)
# a backslash before these would open TeX mathematics where a project switches that extension on
_ENTITIES = {"\\": "&#92;", "[": "&#91;", "(": "&#40;"}
_ENUMERATOR = re.compile(r"^(\w+)([.)])(?=\s|$)")


def clean_text(text: object) -> str:
    """`text` on one line, composed (NFC), without control, bidirectional and zero-width characters."""
    composed = unicodedata.normalize("NFC", str(text))
    spaced = _SPACE.sub(" ", composed.replace("\x85", " "))
    kept = (c for c in spaced if unicodedata.category(c) not in _DROPPED or c in _KEPT_FORMAT)
    return _SPACE.sub(" ", "".join(kept)).strip()


def escape_markdown(text: object) -> str:
    """`text` as Markdown that shows exactly `clean_text(text)`, in HTML and in Typst.

    Safe in a paragraph, heading, table cell, caption and span, wherever in the line it is put.

    Examples
    --------
    >>> import csi_lib
    >>> print(csi_lib.escape_markdown("5 * 3 | 2"))
    5 \\* 3 \\| 2
    """
    cleaned = clean_text(text)
    marks = {m.start() for pattern in (_ALWAYS, _SOMETIMES) for m in pattern.finditer(cleaned)}
    if enumerator := _ENUMERATOR.match(cleaned):
        marks.add(enumerator.start(2))
    return "".join(_ENTITIES.get(c, f"\\{c}") if i in marks else c for i, c in enumerate(cleaned))
