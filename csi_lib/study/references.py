"""Names in a system's file that stand for something of the study, typed as what they name, so that every one is checked.

A field ``source: SourceName`` says that its text is a source of the study; `references` finds all of them by walking the
file's model, in lists, mappings (keys too) and parts of parts. A system that types its fields so cannot be forgotten.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from csi_lib.study.base import Part


@dataclass(frozen=True)
class Refers:
    """What a text names: source, agency, department, column, measure (a column or a node of an index), channel."""

    what: str


SourceName = Annotated[str, Refers("source")]
AgencyName = Annotated[str, Refers("agency")]
DepartmentName = Annotated[str, Refers("department")]
ColumnName = Annotated[str, Refers("column")]
MeasureName = Annotated[str, Refers("measure")]
ChannelName = Annotated[str, Refers("channel")]


def references(part: Part, path: tuple = ()) -> Iterator[tuple[str, str, tuple]]:
    """(what it names, the name, path in the file) of every name in `part`.

    Names that are defaults and were not written down do not count, but for sources: a system reads its source in any case.
    """
    for name, field in type(part).model_fields.items():
        found = _inside(field.annotation, tuple(field.metadata), getattr(part, name), (*path, name))
        written = name in part.model_fields_set
        yield from ((what, value, place) for what, value, place in found if written or what == "source")


def _inside(annotation, metadata: tuple, value, path: tuple) -> Iterator[tuple[str, str, tuple]]:
    if value is None:
        return
    for mark in metadata:
        if isinstance(mark, Refers):
            if isinstance(value, str):
                yield mark.what, value, path
            return
    if isinstance(value, Part):
        yield from references(value, path)
        return
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield from _inside(arguments[0], arguments[1:], value, path)
    elif origin in (typing.Union, types.UnionType):
        fitting = [a for a in arguments if a is not type(None) and _fits(a, value)]
        if fitting:
            yield from _inside(fitting[0], (), value, path)
    elif isinstance(value, dict) and len(arguments) == 2:
        for key, below in value.items():
            yield from _inside(arguments[0], (), key, (*path, key))
            yield from _inside(arguments[1], (), below, (*path, key))
    elif isinstance(value, (list, tuple)) and arguments:
        for position, below in enumerate(value):
            yield from _inside(arguments[0], (), below, (*path, position))


def _fits(annotation, value) -> bool:
    base = typing.get_args(annotation)[0] if typing.get_origin(annotation) is Annotated else annotation
    kind = typing.get_origin(base) or base
    return isinstance(kind, type) and isinstance(value, kind)
