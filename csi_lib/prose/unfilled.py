"""Template fields nobody filled: ``{asof_date}``, ``{{기관명}}``, ○○ in an author's text are an error, not a report.

Seen in print: a before/after report that went out with the field of its date still in braces (METHOD §4). Data are exempt:
what people wrote may hold circles or braces, and reaches a page only escaped.
"""

from __future__ import annotations

import re

from csi_lib.errors import InputError

# not after ] ) or ` (attributes), @ (a reference), $ ^ _ (mathematics) or a backslash (escaped data)
_FIELD = re.compile(r"(?<![\\\])}@$`^_])\{\{?\s*[A-Za-z_가-힣][\w ]*(?:[:!|][^{}=\n]*)?\s*\}?\}")
_JINJA = re.compile(r"\{%.*?%\}")
_CIRCLES = re.compile(r"[○〇◯]{2,}|(?<![A-Za-z])O{2,}(?=\s?[가-힣])")
_SKIPPED = re.compile(r"```.*?```|``.+?``|`[^`\n]*`|\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$|<!--.*?-->", re.DOTALL)


def unfilled(text: str, *, circles: bool = True) -> list[str]:
    """Fields of a template that still stand in a Markdown text, in order; code and mathematics are no text.

    circles : also take ○○ and OO기관 for fields (of an author's text; in data they hide a name).
    """
    prose = _SKIPPED.sub(" ", text)
    patterns = (_FIELD, _JINJA, _CIRCLES) if circles else (_FIELD, _JINJA)
    return [m[0] for m in sorted((m for p in patterns for m in p.finditer(prose)), key=lambda m: m.start())]


def check_filled(text: str, *, where: str, circles: bool = True) -> str:
    """`text` itself; InputError that names the fields left open."""
    found = unfilled(text, circles=circles)
    if found:
        raise InputError("a field of a template was not filled in", where=where, found=", ".join(dict.fromkeys(found)),
                         action="Write what belongs there; a number comes in through chapter.say")  # fmt: skip
    return text
