"""A path model as it is written: text as in lavaan, pairs, mappings, or from–to as in seminr."""

from __future__ import annotations

import re
from collections.abc import Mapping

from csi_lib.errors import InputError

_LINE = re.compile(r"^\s*([^\s~=<]+)\s*(=~|<~|~)\s*(.+?)\s*$")
_EXPECTED = "'Quality =~ q1 + q2', 'Value <~ v1 + v2' (formative), 'Satisfaction ~ Quality + Value'"


def read_text(text: str, where: str) -> tuple[dict[str, list[str]], dict[str, str], list[tuple[str, str]]]:
    """Blocks with their items, modes of formative blocks, and paths (source, target) of a model text."""
    blocks: dict[str, list[str]] = {}
    modes: dict[str, str] = {}
    paths: list[tuple[str, str]] = []
    lines = [part for line in text.splitlines() for part in line.split("#")[0].split(";") if part.strip()]
    for number, line in enumerate(lines, 1):
        match = _LINE.match(line)
        names = [name.strip() for name in match.group(3).split("+")] if match else []
        if not match or not all(names) or any(re.search(r"[\s~=<*]", name) for name in names):
            raise InputError(
                "a line of the model cannot be read",
                where=f"{where}, line {number}",
                found=line.strip(),
                expected=_EXPECTED,
            )
        left, operator = match.group(1), match.group(2)
        if operator == "~":
            paths += [(source, left) for source in names]
            continue
        blocks.setdefault(left, []).extend(names)
        if operator == "<~":
            modes[left] = "B"
    return blocks, modes, paths


def read_pairs(structure) -> list[tuple]:
    """Paths (source, target) of pairs, of ``{target: [sources]}``, or of ``[{"from": …, "to": …}]``."""
    if isinstance(structure, Mapping):
        if set(structure) == {"from", "to"}:
            structure = [structure]
        else:
            return [(source, target) for target, sources in structure.items() for source in _names(sources)]
    pairs = []
    for one in structure:
        if isinstance(one, Mapping) and set(one) == {"from", "to"}:
            pairs += [(source, target) for source in _names(one["from"]) for target in _names(one["to"])]
        elif isinstance(one, Mapping):
            pairs += read_pairs(one)
        else:
            pairs.append(tuple(one))
    return pairs


def _names(value) -> list:
    return [value] if isinstance(value, str) else list(value)


def read_path_model(measurement, structure, modes) -> tuple[Mapping, list[tuple], object]:
    """Measurement, pairs and modes, however they were written; one text may hold both parts."""
    told: dict[str, str] = {}
    paths: list[tuple] = []
    if isinstance(measurement, str):
        measurement, told, paths = read_text(measurement, "measurement")
    if isinstance(structure, str):
        blocks, _, written = read_text(structure, "structure")
        if blocks:
            raise InputError(
                "the structure holds paths only", where="structure", found=", ".join(blocks), expected=_EXPECTED
            )
        paths = [*paths, *written]
    elif structure is not None:
        paths = [*paths, *read_pairs(structure)]
    if told and (modes is None or isinstance(modes, Mapping)):
        modes = {**told, **(modes or {})}
    return measurement, paths, modes
