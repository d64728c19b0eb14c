"""Sentences written from numbers: ``say("{agency:은/는} {index}을 받았다", "ko", …)``.

A template is the author's Markdown with named fields; what is put into it is data and is escaped. Particles
agree with what is put in, numbers carry their row id, and nothing that is missing slips through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from string import Formatter

from csi_lib.errors import InputError, nearest
from csi_lib.prose.escape import clean_text, escape_markdown
from csi_lib.prose.numbers import Interval, Number, check_lang
from csi_lib.prose.particles import PARTICLES, josa
from csi_lib.prose.unfilled import check_filled
from csi_lib.study.reading import reading

#: what a sentence says where a table would print a mark
_UNAVAILABLE = {"ko": "자료 없음", "en": "not available"}
_WITHHELD = {"ko": "비공개", "en": "withheld"}
#: before the last of two, and of more
_LAST = {"ko": ("과 ", ", "), "en": (" and ", ", and ")}
_OPTIONS = {
    "plain": "nothing special",
    "bare": "the figure without its unit",
    "abs": "without the sign",
    "signed": "with a plus sign",
    "p": "as a p-value: p = .034, p < .001",
}


@dataclass(frozen=True)
class Sentence:
    """Finished prose: as Markdown, as plain text, and the results rows its numbers came from.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.Sentence("The **index** rose.", "The index rose.").text
    'The index rose.'
    """

    markdown: str
    text: str
    row_ids: tuple[str, ...] = ()

    def __add__(self, other: Sentence) -> Sentence:
        """Two sentences, one after the other with a space."""
        if not self.text or not other.text:
            return self if other.text == "" else other
        ids = dict.fromkeys((*self.row_ids, *other.row_ids))
        return Sentence(f"{self.markdown} {other.markdown}", f"{self.text} {other.text}", tuple(ids))

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.text


#: what may be put into a template
Value = str | int | Number | Interval | Sentence | Sequence


def say(template: str, lang: str, **fields: Value) -> Sentence:
    """Fill `template` and return the sentence.

    Parameters
    ----------
    template : Markdown with ``{field}``, ``{field:은/는}`` (particle after it) and options, with
        commas between: ``bare`` (no unit), ``abs`` (no sign), ``signed`` (plus sign), ``p`` (p = .034),
        ``plain``; for instance ``{change:abs,이/가}``. ``{{`` and ``}}`` are literal braces.
    lang : ``ko`` or ``en``.
    fields : str (data: escaped), Number, Interval, Sentence (already prose), an int that is a name rather
        than a result (a year, a chapter), or a list of these, joined: 가와 나; 가, 나, 다; A, B, and C.

    Returns
    -------
    Sentence with ``markdown``, ``text`` and ``row_ids``. A number that does not exist reads 자료 없음 / not
    available, one that may not be shown 비공개 / withheld.

    Raises
    ------
    InputError when a field of the template is not given, a given field is not in the template, an option is
    unknown, a particle stands in an English template, or a float is given (results are `Number`).

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.say("{who:은/는} 올랐다.", "ko", who="서울").text
    '서울은 올랐다.'
    """
    check_lang(lang)
    markdown, text, ids, used, author = [], [], [], set(), ""
    for literal, name, option, conversion in _parse(reading().worded(template)):
        author += literal + ("" if name is None else "\0")
        markdown.append(literal)
        text.append(literal)
        if name is None:
            continue
        if conversion or not name.isidentifier():
            raise InputError("a field is a plain name", where=f"template {template!r}", found=f"{{{name}}}")
        if name not in fields:
            close = nearest(name, fields)
            raise InputError(
                f"the template asks for {name!r}, which is not given", where=f"template {template!r}",
                found=", ".join(fields) or "no fields", action=f"Did you mean {close}?" if close else None,
            )  # fmt: skip
        used.add(name)
        part = _filled(fields[name], lang, _read_options(option, lang, template), where=f"{name} in {template!r}")
        markdown.append(part.markdown)
        text.append(part.text)
        ids += part.row_ids
    check_filled(author, where=f"template {template!r}")
    if unused := [name for name in fields if name not in used]:
        raise InputError(
            f"given but not in the template: {', '.join(unused)}",
            where=f"template {template!r}",
            action="Remove it, or use it: a number nobody reads is a mistake",
        )
    return Sentence("".join(markdown), "".join(text), tuple(dict.fromkeys(ids)))


def join_words(items: Sequence[Value], lang: str, *, between: str | None = None) -> Sentence:
    """Items as a phrase: 가와 나; 가, 나, 다; A, B, and C. `between` (e.g. ``·``) joins them all alike."""
    if not items:
        raise InputError("nothing to join", found="an empty list", action="Write another sentence for 'none'")
    parts = [_filled(item, lang, [], where="list") for item in items]
    out = parts[0]
    for position, part in enumerate(parts[1:], start=1):
        last = position == len(parts) - 1
        if between is not None:
            link = between
        elif check_lang(lang) == "ko":
            link = f"{josa(out.text, '과/와')} " if len(parts) == 2 else ", "
        else:
            link = reading().worded(_LAST["en"][len(parts) > 2]) if last else ", "
        out = Sentence(out.markdown + link + part.markdown, out.text + link + part.text, out.row_ids + part.row_ids)
    return out


def _parse(template: str):
    try:
        yield from Formatter().parse(template)
    except ValueError as error:
        raise InputError(
            f"unbalanced braces ({error})",
            where=f"template {template!r}",
            expected="{field} or {field:은/는}; {{ and }} for literal braces",
        ) from None


def _read_options(option: str | None, lang: str, template: str) -> list[str]:
    options = [o.strip() for o in (option or "").split(",") if o.strip()]
    for name in options:
        if name in PARTICLES:
            if lang != "ko":
                raise InputError(f"particle {name} in a template that is not Korean", where=f"template {template!r}")
        elif name not in _OPTIONS:
            raise InputError("unknown option of a field", where=f"template {template!r}", found=repr(name),
                             expected=f"a particle pair such as 은/는, or {', '.join(_OPTIONS)}")  # fmt: skip
    return options


def _filled(value: Value, lang: str, options: list[str], *, where: str) -> Sentence:
    if isinstance(value, Number):
        part = _number(value, lang, options)
    elif isinstance(value, Interval):
        part = _interval(value, lang, options)
    elif isinstance(value, Sentence):
        part = value
    elif isinstance(value, str):
        if not clean_text(value):
            raise InputError("an empty word cannot be part of a sentence", where=where, found=repr(value))
        if reading().catalogue is not None:  # a word that a chapter chose, or data, which the catalogue does not know
            value = reading().worded(value)
        part = Sentence(escape_markdown(value), clean_text(value))
    elif isinstance(value, Sequence):
        part = join_words(value, lang)
    elif hasattr(value, "__index__") and not isinstance(value, bool):  # a year, a chapter: a name, no result
        part = Sentence(str(index(value)), str(index(value)))
    else:
        raise InputError(
            "a result in a sentence is a Number, so that it carries its row", where=where, found=repr(value),
            expected="str, Number, Interval, Sentence, int (a year) or a list",
        )  # fmt: skip
    for pair in (o for o in options if o in PARTICLES):
        particle = josa(part.text, pair)
        part = Sentence(part.markdown + particle, part.text + particle, part.row_ids)
    return part


def _number(number: Number, lang: str, options: list[str]) -> Sentence:
    if not number.shown:
        word = reading().worded((_WITHHELD if number.suppressed else _UNAVAILABLE)[lang])
        if number.row_id is None:
            return Sentence(word, word)
        return Sentence(f'[{word}]{{data-r="{number.row_id}"}}', word, (number.row_id,))
    if "abs" in options:
        number = number.magnitude()
    if "signed" in options:
        number = Number(number.value, number.unit, number.digits, number.row_id, number.flag, signed=True)
    unit = "bare" not in options
    markdown, text = number.markdown(lang, unit=unit), number.text(lang, unit=unit)
    if "p" in options:
        before = "*p* " if text.startswith("<") else "*p* = "
        markdown, text = before + markdown, before.replace("*", "") + text
    return Sentence(markdown, text, (number.row_id,) if number.row_id else ())


def _interval(interval: Interval, lang: str, options: list[str]) -> Sentence:
    if not interval.shown:
        return _number(interval.low if not interval.low.shown else interval.high, lang, options)
    unit = "bare" not in options
    ids = dict.fromkeys(n.row_id for n in (interval.low, interval.high) if n.row_id)
    return Sentence(interval.markdown(lang, unit=unit), interval.text(lang, unit=unit), tuple(ids))
