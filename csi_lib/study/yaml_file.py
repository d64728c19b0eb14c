"""Reading a YAML file of ours: plain data, the line of every element, and errors in words.

The line numbers are kept beside the data, so that whatever is wrong later (an unknown key, a label
without Korean, a scale that was never declared) is reported as ``file:line``.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import PlacedError
from csi_lib.study.limits import Elements, plain_file


class InputErrors(InputError):
    """Everything found wrong in a study, together; `.errors` holds them one by one."""

    def __init__(self, errors: Iterable[InputError]):
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(
            first.problem, where=first.where, found=first.found, expected=first.expected, action=first.action
        )

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def __reduce__(self):
        return (InputErrors, (self.errors,))


def raise_together(errors: Iterable[InputError]) -> None:
    """Raise nothing, the one error, or all of them as one."""
    errors = list(errors)
    if errors:
        raise _together(errors)


def _together(errors: list[InputError]) -> InputError:
    flat: list[InputError] = []
    for error in errors:
        flat.extend(error.errors if isinstance(error, InputErrors) else (error,))
    return flat[0] if len(flat) == 1 else InputErrors(flat)


class YamlFile:
    """The data of one YAML file and the line on which each element stands.

    `data` is plain Python (dict, list, str, int, float, bool, None, date); `line(*path)` is the
    1-based line of the deepest part of `path` that the file holds.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self._lines: dict[tuple, int] = {(): 1}
        plain_file(self.path)
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("this file is not UTF-8 text", where=str(path), action="Save it as UTF-8.") from None
        try:
            tree = _yaml().load(text)
        except DuplicateKeyError as error:
            raise InputError(
                "this key stands twice in the same place",
                found=_quoted_key(error),
                where=f"{path}:{_mark_line(error)}",
                action="Remove one.",
            ) from None
        except MarkedYAMLError as error:
            raise InputError(
                f"this is not valid YAML ({error.problem})",
                where=f"{path}:{_mark_line(error)}",
                action="Check indentation, colons and quotes near this line.",
            ) from None
        except RecursionError:
            raise InputError("this YAML file has too many levels", where=str(path)) from None
        except (
            YAMLError,
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            OverflowError,
            AssertionError,
            NotImplementedError,
        ) as error:
            # a character, tag, number or anchor that the parser itself does not expect
            raise InputError(f"this is not valid YAML ({type(error).__name__})", where=str(path),
                             action="Keep to plain keys, texts and numbers; no tags.") from None  # fmt: skip
        self._elements = Elements(self.path)
        self.data = self._plain(tree, ())

    def _plain(self, node, path: tuple):
        self._elements.count(len(path))
        if isinstance(node, Mapping):
            plain = {}
            for key, value in node.items():
                key = _scalar(key)
                if key in (node.lc.data or {}):  # a key taken over by `<<` has no line of its own
                    self._lines[(*path, key)] = node.lc.key(key)[0] + 1
                plain[key] = self._plain(value, (*path, key))
            return plain
        if isinstance(node, list):
            for index in range(len(node)):
                if (node.lc.data or {}).get(index):  # an item taken over by an alias has no line of its own
                    self._lines[(*path, index)] = node.lc.item(index)[0] + 1
            return [self._plain(value, (*path, index)) for index, value in enumerate(node)]
        return _scalar(node)

    def line(self, *path) -> int:
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def where(self, *path) -> str:
        """``file:line: element > element`` for a message."""
        place = f"{self.path}:{self.line(*path)}"
        return f"{place}: {' > '.join(str(part) for part in path)}" if path else place

    def error(self, problem: str, *path, **parts) -> InputError:
        return InputError(problem, where=self.where(*path), **parts)

    def validate(self, model: type[BaseModel], data: object = None, **extra) -> BaseModel:
        """`data` (or the whole file) as `model`; every fault of the file is reported at once."""
        data = self.data if data is None else data
        if not isinstance(data, dict):
            raise self.error(
                "this file must hold keys and values",
                found=_shown(data),
                expected=f"keys such as {_listed(model.model_fields)}",
            )
        try:
            return model.model_validate({**data, **extra})
        except ValidationError as error:
            faults = self._in_words(model, error.errors())
        raise _together(faults)

    def _in_words(self, model: type[BaseModel], parts: list[dict]) -> list[InputError]:
        """One error per element; where several types were tried, all of them are what is expected."""
        by_element: dict[tuple, list[dict]] = {}
        for part in parts:
            by_element.setdefault(self._element(part), []).append(part)
        return [self._fault(model, path, same) for path, same in by_element.items()]

    def _element(self, part: dict) -> tuple:
        """The path in the file: without what pydantic adds for unions, keys and settings by year."""
        path = ()
        for step in (*part["loc"], *getattr(part.get("ctx", {}).get("error"), "place", ())):
            if (*path, step) in self._lines:
                path = (*path, step)
        if part["type"] in ("missing", "extra_forbidden") and path[-1:] != part["loc"][-1:]:
            path = (*path, part["loc"][-1])
        return path

    def _fault(self, model: type[BaseModel], path: tuple, parts: list[dict]) -> InputError:
        part, kind = parts[0], parts[0]["type"]
        context, found = part.get("ctx", {}), _shown(part["input"])
        if kind == "extra_forbidden":
            known = sorted(known_keys(model, part["loc"][:-1]))
            near = nearest(str(path[-1]), known)
            return self.error(
                "this key is not known here",
                *path,
                found=repr(path[-1]),
                expected=f"one of {_listed(known)}",
                action=f"Did you mean {near!r}?"
                if near
                else "Remove or rename it (files of an earlier version: csi migrate).",
            )
        if kind == "missing":
            return self.error(f"{path[-1]!r} is missing here", *path[:-1], action="Add it.")
        if kind == "literal_error":
            allowed = context["expected"].replace("'", "")
            near = nearest(str(part["input"]), allowed.replace(" or ", ", ").split(", "))
            return self.error(
                "this value is not known",
                *path,
                found=found,
                expected=f"one of {allowed}",
                action=f"Did you mean {near!r}?" if near else None,
            )
        if kind == "value_error":
            fault = context["error"]
            if isinstance(fault, PlacedError):
                return self.error(str(fault), *path, expected=fault.expected, action=fault.action)
            return self.error(str(fault), *path, found=found)
        if kind == "string_pattern_mismatch":
            return self.error(
                "this spelling is not allowed",
                *path,
                found=found,
                expected=f"text matching {context['pattern']}",
            )
        expected = " or ".join(dict.fromkeys(map(_expectation, parts)))
        return self.error("this value cannot be used", *path, found=found, expected=expected)


def known_keys(model, path: tuple) -> set[str]:
    """Keys that may stand at `path` inside `model`, following lists, dicts and optional parts."""
    for step in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = _fields(model).get(step)
            model = field.annotation if field else None
        elif typing.get_origin(model) is dict:
            model = typing.get_args(model)[1]
        elif typing.get_origin(model) in (list, tuple):
            model = typing.get_args(model)[0]
        model = _inner(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return set(_fields(model))
    return set()


def _inner(annotation):
    """The part of an optional or annotated type that has a structure of its own."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _inner(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        parts = [_inner(part) for part in typing.get_args(annotation) if part is not type(None)]
        return next((p for p in parts if isinstance(p, type) and issubclass(p, BaseModel)), parts[0])
    return annotation


def _fields(model: type[BaseModel]) -> dict:
    return {field.alias or name: field for name, field in model.model_fields.items() if not field.exclude}


def _expectation(part: dict) -> str:
    words = {
        "int": "a whole number",
        "float": "a number",
        "string": "text",
        "bool": "true or false",
        "dict": "keys and values",
        "list": "a list",
        "tuple": "a list",
        "model": "keys and values",
        "finite": "a finite number",
    }
    kind = part["type"].split("_")[0]
    return words.get(kind) or part["msg"][:1].lower() + part["msg"][1:]


class _AsWritten(RoundTripConstructor):
    """``011`` and ``1_0`` stay text: as codes they are not 11 and 10 (and where a number is wanted they become one)."""

    def construct_yaml_int(self, node):
        text = node.value
        if "_" in text or re.fullmatch(r"[-+]?0[0-9]+", text):
            return text
        return super().construct_yaml_int(node)


_AsWritten.add_constructor("tag:yaml.org,2002:int", _AsWritten.construct_yaml_int)


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _AsWritten
    return yaml


def _scalar(value):
    """ruamel's scalar types carry layout; models want the plain types."""
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return value


def _shown(value) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _listed(words) -> str:
    return ", ".join(str(word) for word in words)


def _mark_line(error) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark.line + 1 if mark else 1


def _quoted_key(error) -> str | None:
    parts = str(error.problem or "").split('"')
    return repr(parts[1]) if len(parts) > 1 else None
