"""Measurement models as text: which items belong to which factor, what is fixed, what is equal.

The language is the part of lavaan's model syntax that a measurement model needs. Every message names the
line on which the text cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan

from csi_lib.errors import InputError

_OPERATOR = re.compile(r":=|==|=~|~~|~\*~|<~|~|\||<|>")
_NAME = re.compile(r"[^\s+*=~#!;()\",|<>:]+")
_CALL = re.compile(r"(c|start|equal)\s*\((.*)\)\s*", re.DOTALL)
_MEANING = {"=~": "is measured by", "~~": "varies with", "~": "is regressed on"}


@dataclass(frozen=True)
class Term:
    """One relation ``left operator right``; intercepts are ``left ~ 1``.

    `fixed` and `labels` hold one entry for all groups, or one per group. A fixed value of None means
    "not said", nan means "free, whatever the default" (written ``NA*``).
    """

    left: str
    operator: str
    right: str
    fixed: tuple[float | None, ...] = (None,)
    labels: tuple[str | None, ...] = (None,)
    start: float | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"

    def in_group(self, group: int, groups: int) -> tuple[float | None, str | None]:
        """Fixed value and label of this term in one of several groups."""
        return tuple(self._entry(part, group, groups) for part in (self.fixed, self.labels))

    def _entry(self, part, group, groups):
        if len(part) == 1:
            return part[0]
        if len(part) != groups:
            raise InputError(
                f"the term '{self}' gives {len(part)} values",
                where=_line(self.line),
                expected=f"one value, or one for each of the {groups} groups",
            )
        return part[group]


@dataclass(frozen=True)
class MeasurementModel:
    """A parsed model: its terms in the order in which they were written."""

    terms: tuple[Term, ...]

    @cached_property
    def blocks(self) -> dict[str, list[str]]:
        """factor -> its indicators (items, or factors for a second-order factor)."""
        blocks: dict[str, list[str]] = {}
        for term in self.terms:
            if term.operator == "=~":
                blocks.setdefault(term.left, []).append(term.right)
        return blocks

    @property
    def factors(self) -> list[str]:
        """Latent variables, in order of definition."""
        return list(self.blocks)

    @cached_property
    def items(self) -> list[str]:
        """Observed variables, in order of first mention under a factor."""
        return list(dict.fromkeys(i for items in self.blocks.values() for i in items if i not in self.blocks))


def read_model(model: str | Mapping[str, Sequence[str]] | MeasurementModel) -> MeasurementModel:
    """Read a measurement model.

    Parameters
    ----------
    model : str, mapping or MeasurementModel
        Text such as ``"trust =~ t1 + t2 + 1*t3"`` (one statement a line, or separated by ``;``), or a
        mapping ``{factor: [item, ...]}``. In the text: ``=~`` defines a factor, ``~~`` a variance or
        covariance, ``~`` a regression among factors, ``x ~ 1`` an intercept. A term may carry ``0.7*`` (fix),
        ``NA*`` (free), ``name*`` (same name: same value), ``start(0.5)*``, and ``c(a, b)*`` with one entry
        per group. ``#`` and ``!`` start a comment.

    Raises
    ------
    InputError
        With the line, for a statement that cannot be read, an operator that is not supported, a factor
        without items, or an item named twice under one factor.

    Examples
    --------
    >>> import csi_lib
    >>> model = csi_lib.read_model("Kindness =~ q1 + q2 + q3")
    >>> model.items
    ['q1', 'q2', 'q3']
    """
    if isinstance(model, MeasurementModel):
        return model
    if isinstance(model, Mapping):
        terms = [Term(str(f), "=~", str(i)) for f, items in model.items() for i in _listed(f, items)]
    elif isinstance(model, str):
        terms = [term for number, text in _statements(model) for term in _terms(text, number)]
    else:
        raise InputError(
            "the model is neither text nor a mapping",
            where="model",
            found=type(model).__name__,
            expected="text such as 'trust =~ t1 + t2 + t3', or {'trust': ['t1', 't2', 't3']}",
        )
    parsed = MeasurementModel(tuple(terms))
    _check(parsed)
    return parsed


def _listed(factor, items) -> Sequence[str]:
    if isinstance(items, str) or not len(items):
        raise InputError(
            f"the factor '{factor}' has no list of items",
            where="model",
            found=repr(items),
            expected="a list of column names",
        )
    return items


def _line(number: int | None) -> str:
    return "model" if number is None else f"model, line {number}"


def _statements(text: str):
    """Yield (line number, statement); a statement runs on while a sum or an operator is unfinished."""
    pending, first = "", None
    for number, raw in enumerate(text.splitlines(), start=1):
        parts = re.split(r"[#!]", raw, maxsplit=1)[0].split(";")
        for k, part in enumerate(parts):
            part = part.strip()
            goes_on = part.startswith(("+", "*")) or pending.endswith(("+", "~", "*", ",", "("))
            if part and pending and not goes_on:
                yield first, pending
                pending = ""
            if part:
                first = first if pending else number
                pending = f"{pending} {part}".strip()
            if pending and k < len(parts) - 1:
                yield first, pending
                pending = ""
    if pending:
        yield first, pending


def _terms(text: str, line: int):
    match = _OPERATOR.search(text)
    if not match:
        raise InputError(
            "this statement has no operator",
            where=_line(line),
            found=repr(text),
            expected="=~ (measured by), ~~ (varies with) or ~ (regressed on)",
        )
    operator = match.group()
    if operator not in _MEANING:
        raise InputError(
            f"the operator '{operator}' is not supported",
            where=_line(line),
            found=repr(text),
            expected="=~, ~~ or ~",
            action="For equal parameters give them the same label, as in 'F =~ a*x1 + a*x2'.",
        )
    left, right = text[: match.start()], text[match.end() :]
    if _OPERATOR.search(right):
        raise InputError(
            "this statement has two operators",
            where=_line(line),
            found=repr(text),
            expected="one statement a line",
        )
    for name in (_name(part, line, text) for part in left.split("+")):
        for part in _split(right, "+"):
            yield _term(name, operator, part, line, text)


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that stand outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _name(text: str, line: int, statement: str) -> str:
    text = text.strip()
    if not _NAME.fullmatch(text):
        raise InputError(
            "a name is missing or cannot be read" if not text else f"'{text}' is not a name",
            where=_line(line),
            found=repr(statement.strip()),
            expected="names joined by +, each with at most one modifier in front, as in 'F =~ x1 + 1*x2'",
        )
    return text


def _term(left: str, operator: str, text: str, line: int, statement: str) -> Term:
    *modifiers, name = _split(text, "*")
    right = _name(name, line, statement)
    if re.fullmatch(r"\d*\.?\d+", right) and not (operator == "~" and right == "1"):
        raise InputError(
            f"'{right}' stands where a name is expected",
            where=_line(line),
            found=repr(statement),
            expected="a value is followed by * and a name, as in '1*x1'",
        )
    fixed, labels, start = (None,), (None,), None
    for modifier in (m.strip() for m in modifiers):
        call = _CALL.fullmatch(modifier)
        if call and call.group(1) == "start":
            start = _number(call.group(2), line, statement)
            continue
        entries = [e.strip().strip("\"'") for e in (call.group(2).split(",") if call else [modifier])]
        values = [_value(e, line, statement) for e in entries]
        if any(not isinstance(v, str) for v in values):
            fixed = tuple(None if isinstance(v, str) else v for v in values)
        if any(isinstance(v, str) for v in values):
            labels = tuple(v if isinstance(v, str) else None for v in values)
    return Term(left, operator, right, fixed, labels, start, line)


def _value(text: str, line: int, statement: str) -> float | str:
    if text == "NA":
        return nan
    try:
        return _number(text, line, statement)
    except InputError:
        return _name(text, line, statement)


def _number(text: str, line: int, statement: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise InputError(f"'{text}' is not a number", where=_line(line), found=repr(statement))
    return value


def _check(model: MeasurementModel) -> None:
    if not model.blocks:
        raise InputError(
            "the model defines no factor", where="model", expected="a line such as 'trust =~ t1 + t2 + t3'"
        )
    seen: set[frozenset | tuple] = set()
    for term in model.terms:
        key = frozenset((term.left, term.right)) if term.operator == "~~" else (term.left, term.operator, term.right)
        if (term.operator, key) in seen:
            raise InputError(
                f"the relation '{term}' is written twice", where=_line(term.line), action="Keep one of them."
            )
        seen.add((term.operator, key))
        if term.operator in ("=~", "~") and term.left == term.right:
            raise InputError(f"'{term.left}' {_MEANING[term.operator]} itself", where=_line(term.line))
    if not model.items:
        raise InputError("no factor is measured by an item", where="model", found=", ".join(model.factors))
