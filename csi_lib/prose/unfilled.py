"""Template fields nobody filled: ``{asof_date}``, ``{{기관명}}``, ○○, TBD in an author's text are an error, not a report.

Seen in print: a before/after report that went out with the field of its date still in braces (docs/method/evaluation.md#records). Data are exempt:
what people wrote may hold circles or braces, and reaches a page only escaped. So are names that are meant: those of the
study's agencies (public training material calls a body ○○공단), and what it declares under ``report: literal``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from csi_lib.errors import InputError

#: what may follow the name of a field: a format (.1f, ,d), a conversion, a filter, a particle
_FORMAT = r"(?:!\w|\|[^{}=\n]*|:\s*(?:[<>^=+\-# ]*[\d,._]*[bcdeEfFgGnosxX%]?|[가-힣()]+/[가-힣()]+|%[^{}\n]*))"
# not after ] ) or ` (attributes), @ (a reference), $ ^ _ (mathematics) or a backslash (escaped data)
_FIELD = re.compile(rf"(?<![\\\])}}@$`^_])\{{\{{?\s*[A-Za-z_가-힣][\w ]*{_FORMAT}?\s*\}}?\}}")
_JINJA = re.compile(r"\{%.*?%\}")
_CIRCLES = re.compile(r"[○〇◯]{2,}|(?<![A-Za-z])O{2,}(?=\s?[가-힣])")
_WORDS = re.compile(r"\b(?:TBD|TBC|FIXME|TODO)\b|\blorem ipsum\b", re.IGNORECASE)
_SKIPPED = re.compile(r"```.*?```|``.+?``|`[^`\n]*`|\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$|<!--.*?-->", re.DOTALL)

_meant: tuple[str, ...] = ()


def meant_as_written(names: Iterable[str]) -> None:
    """From now on these names are no template, whatever signs they hold; longer ones are looked for first."""
    global _meant
    _meant = tuple(sorted({n for n in names if n}, key=len, reverse=True))


def unfilled(text: str, *, circles: bool = True, meant: Iterable[str] | None = None) -> list[str]:
    """Fields of a template that still stand in a Markdown text, in order; code and mathematics are no text.

    circles : also take ○○, OO기관 and TBD for fields (of an author's text; in data they hide a name, or are a name).
    meant : names that are no template; default those of the study at work (`meant_as_written`).
    """
    prose = _SKIPPED.sub(" ", text)
    for name in _meant if meant is None else sorted(meant, key=len, reverse=True):
        prose = prose.replace(name, " ")
    patterns = (_FIELD, _JINJA, _CIRCLES, _WORDS) if circles else (_FIELD, _JINJA)
    return [m[0] for m in sorted((m for p in patterns for m in p.finditer(prose)), key=lambda m: m.start())]


def check_filled(text: str, *, where: str, circles: bool = True) -> str:
    """`text` itself; InputError that names the fields left open."""
    found = unfilled(text, circles=circles)
    if found:
        raise InputError("a field of a template was not filled in", where=where, found=", ".join(dict.fromkeys(found)),
                         action="Write what belongs there; a number comes in through chapter.say")  # fmt: skip
    return text
