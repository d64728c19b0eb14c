"""The office systems a study declares: ``extensions: {kindness: kindness.yml}`` in study.yml, one file per system.

Each system is a pydantic model in its own module; `csi_lib.study.schema.SYSTEMS` is the one list of their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module

from csi_lib.errors import InputError, nearest
from csi_lib.evaluation.presets import with_preset
from csi_lib.study.base import PROSE, Label, Part
from csi_lib.study.limits import inside
from csi_lib.study.schema import SYSTEMS
from csi_lib.study.yaml_file import YamlFile


def system(study, name: str) -> Part:
    """The validated file of a system; InputError (file, line, near spelling) when it is not declared or wrong.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.system(csi_lib.load_study("civil-office"), "kindness") is not None
    True
    """
    if name not in SYSTEMS:
        near = nearest(name, SYSTEMS)
        raise InputError("there is no such system", found=repr(name), expected=", ".join(SYSTEMS),
                         action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    declared = study.extensions.get(name)
    if declared is None:
        raise InputError("this study does not declare the system", where=f"study {study.id!r}: extensions", found=name,
                         action=f"Write {name}.yml and add `{name}: {name}.yml` under extensions")  # fmt: skip
    if not isinstance(declared, str):
        raise InputError("a system is declared by the name of its file", where=f"study {study.id!r}: extensions > {name}",
                         found=repr(declared)[:60], expected=f"{name}.yml")  # fmt: skip
    module, _, model = SYSTEMS[name].partition(":")
    file = inside(study.path, declared, where=f"study {study.id!r}: extensions > {name}")
    part = with_preset(YamlFile(file), name, getattr(import_module(module), model))
    wrong = list(part.consistent_with(study)) if hasattr(part, "consistent_with") else []
    if wrong:  # names of columns and sources that the study does not have
        found, place, known = wrong[0]
        near = nearest(str(found), known)
        raise InputError(f"{place} names what the study does not have", where=str(study.path / declared), found=repr(found),
                         expected=", ".join(list(map(str, known))[:12]), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    return part


def unknown_names(wanted: Iterable[tuple[object, str]], known: Iterable) -> Iterator[tuple[object, str, list]]:
    """(name, where it stands, what is known) of the names in `wanted` that are not `known`: for ``consistent_with``."""
    known = list(known)
    return ((name, place, known) for name, place in wanted if name is not None and name not in known)


def system_faults(study) -> list[InputError]:
    """What `csi check` says of a study's systems: files that cannot be used, labels without a language."""
    faults = []
    for name in study.extensions:
        try:
            part = system(study, name)
        except InputError as error:
            faults.append(error)
            continue
        faults += _reference_faults(study, study.extensions[name], part)
        faults += getattr(part, "faults", lambda _: ())(study)  # what only this system knows to be wrong
        faults += [
            InputError(
                "a label has no text in " + repr(lang),
                where=f"{study.extensions[name]}: {path}",
                found=repr(str(label)),
            )
            for path, label in _labels(part, "")
            for lang in study.languages
            if lang in PROSE and not getattr(label, lang) and not label.given
        ]
    return faults


def _reference_faults(study, file: str, part: Part):
    """Names in a system's file that the study does not know. A system says what it refers to by ``refers()``: triples of
    what it is (source, agency, department, column), the name, and where it stands."""
    known = {
        "source": list(study.sources),
        "agency": [a.id for a in study.agencies],
        "column": [c for book in study.codebooks.values() for c in book.columns],
        "department": list(system(study, "departments").departments) if "departments" in study.extensions else None,
    }
    for what, name, where in getattr(part, "refers", list)():
        if name is None or known[what] is None or name in known[what]:
            continue
        near = nearest(name, known[what])
        yield InputError(f"there is no such {what}", where=f"{file}: {where}", found=repr(name),
                         expected=", ".join(known[what][:12]), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip


def _labels(part, path: str):
    if isinstance(part, Label):
        yield path, part
    elif isinstance(part, Part):
        for name in type(part).model_fields:
            yield from _labels(getattr(part, name), f"{path} > {name}".removeprefix(" > "))
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from _labels(value, f"{path} > {name}")
    elif isinstance(part, (list, tuple)):
        for i, value in enumerate(part):
            yield from _labels(value, f"{path} > {i}")
