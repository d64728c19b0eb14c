"""The office systems a study declares: ``extensions: {kindness: kindness.yml}`` in study.yml, one file per system.

Each system is a pydantic model in its own module; `csi_lib.study.schema.SYSTEMS` is the one list of their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module

from csi_lib.errors import InputError, nearest
from csi_lib.evaluation.presets import with_preset
from csi_lib.models.study_models import study_models
from csi_lib.study.base import PROSE, Label, Part
from csi_lib.study.limits import inside
from csi_lib.study.references import references
from csi_lib.study.schema import SYSTEMS
from csi_lib.study.yaml_file import YamlFile


def system_file(study, name: str) -> Part:
    """The validated file of a system; InputError (file, line, near spelling) when it is not declared or wrong.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.system_file(csi_lib.load_study("civil-office"), "kindness") is not None
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
    faults: list[InputError] = []
    for name in study.extensions:
        try:
            part = system_file(study, name)
            faults += _reference_faults(study, study.extensions[name], part)
            faults += getattr(part, "faults", lambda _: ())(study)  # what only this system knows to be wrong
        except InputError as error:  # its own file, or one that it refers to
            if str(error) not in map(str, faults):
                faults.append(error)
            continue
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
    """Names in a system's file that the study does not know: those its model types as names (`csi_lib.study.references`),
    and what it says by ``refers()`` because it depends on other settings."""
    known = _known(study)
    named = [(what, name, " > ".join(map(str, place))) for what, name, place in references(part)]
    for what, name, where in dict.fromkeys([*named, *getattr(part, "refers", list)()]):
        if name is None or known[what] is None or name in known[what]:
            continue
        near = nearest(name, known[what])
        yield InputError(f"there is no such {what}", where=f"{file}: {where}", found=repr(name),
                         expected=", ".join(known[what][:12]), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip


def _known(study) -> dict[str, list[str] | None]:
    """What names may stand for; None where nobody can say, because the file that declares it is absent or wrong."""

    def of(name: str, names):
        try:
            return list(names(system_file(study, name))) if name in study.extensions else None
        except InputError:
            return None

    columns = [c for book in study.codebooks.values() for c in book.columns]
    try:
        nodes = [
            n.id for source in study.models for m in study_models(study, source) for n in (*m.file.nodes, *m.file.side)
        ]
    except InputError:
        nodes = None
    return {
        "source": list(study.sources),
        "agency": [a.id for a in study.agencies],
        "column": columns,
        "measure": None if nodes is None else [*dict.fromkeys(nodes), *columns],
        "department": of("departments", lambda file: file.departments),
        "channel": of("kindness", lambda file: file.schemes),
    }


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
