"""What one file of a study says and another contradicts; every label a reader may see."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import PROSE, Label
from csi_lib.study.codebook import Codebook
from csi_lib.study.source import Source
from csi_lib.study.yaml_file import YamlFile

#: the constant `agency` of a source whose rows are about the whole round, such as a sheet of all bodies' scores
ROUND = "_overall"


def design_faults(file: YamlFile, name: str, source: Source, codebook: Codebook):
    """Design columns that the codebook does not have, or that have the wrong role."""
    wanted = {"weights": ("weight",), "strata": None, "clusters": None, "fpc": None}
    for part, roles in wanted.items():
        setting = getattr(source.design, part)
        for column in {setting.default, *setting.years.values()} - {None}:
            if column not in codebook.columns:
                near = nearest(column, codebook.columns)
                yield file.error(
                    "the codebook has no such column",
                    "sources",
                    name,
                    "design",
                    part,
                    found=repr(column),
                    action=f"Did you mean {near!r}?" if near else None,
                )
            elif roles and codebook.columns[column].role not in roles:
                yield file.error(
                    "this column has another role in the codebook",
                    "sources",
                    name,
                    "design",
                    part,
                    found=f"{column!r} with the role {codebook.columns[column].role!r}",
                    expected=f"the role {roles[0]!r}",
                )
    if source.discard and source.discard.column not in codebook.columns:
        near = nearest(source.discard.column, codebook.columns)
        yield file.error(
            "the codebook has no such column",
            *("sources", name, "discard", "column"),
            found=repr(source.discard.column),
            action=f"Did you mean {near!r}?" if near else None,
        )
    if source.interviewer and source.interviewer not in codebook.columns:
        yield file.error(
            "the codebook has no such column", "sources", name, "interviewer", found=repr(source.interviewer)
        )


def cross_faults(file: YamlFile, declared, listed):
    """Names in one file that another does not know."""
    for name in declared.models:
        if name not in declared.sources:
            near = nearest(name, declared.sources)
            yield file.error(
                "models are given for a source that the study has not",
                "models",
                name,
                found=repr(name),
                expected=f"one of {', '.join(declared.sources)}",
                action=f"Did you mean {near!r}?" if near else None,
            )
    for name, source in declared.sources.items():
        if not source.tells_year and len(declared.years) > 1:
            yield file.error(
                "which year a row belongs to is not said",
                *("sources", name, "path"),
                action="Put {year} into 'path', list paths by year, or give 'year'.",
            )
        constant = source.agency.constant
        ids = [agency.id for agency in listed.agencies]
        if constant is not None and constant not in (*ids, ROUND):
            yield file.error(
                "this agency is not listed in the study's agencies",
                "sources",
                name,
                "agency",
                found=repr(constant),
                expected=f"one of {', '.join(ids[:12])}",
            )
    for agency in listed.agencies:
        for part, labels in (("type", listed.types), ("size", listed.sizes), ("region", listed.regions)):
            value = getattr(agency, part)
            if labels and value is not None and value not in labels:
                near = nearest(value, labels)
                yield InputError(
                    f"this {part} of the agency {agency.id!r} has no label",
                    where=str(file.path.with_name("agencies.yml")),
                    found=repr(value),
                    expected=f"one of {', '.join(labels)}",
                    action=f"Did you mean {near!r}?" if near else None,
                )


def group_faults(file: YamlFile, declared, codebooks: dict[str, Codebook]):
    """Groups wanted in the report that no codebook declares."""
    known = [name for book in codebooks.values() for name in book.groups]
    for index, name in enumerate(declared.report.groups or ()):
        if name not in known:
            near = nearest(name, known)
            yield file.error(
                "no codebook has a group of this name",
                "report",
                "groups",
                index,
                found=repr(name),
                action=f"Did you mean {near!r}?" if near else None,
            )


def untranslated(study) -> Iterator[InputError]:
    """Labels that lack a language of the study, each with its file and line."""
    files: dict[str, YamlFile | None] = {}
    for path, label in labels_below(study):
        for lang in study.languages:
            if getattr(label, lang, None) or label.given or (lang not in PROSE and str(label)):
                continue
            name, inside = _written_in(study, path)
            if name not in files:
                files[name] = YamlFile(study.path / name) if name.endswith(".yml") else None
            where = files[name].where(*inside) if files[name] else f"{study.path / name}: {inside}"
            yield InputError(
                f"a label has no text in {lang!r}",
                where=where,
                found=repr(str(label)),
                action="Add the translation.",
            )


def _written_in(study, path: tuple) -> tuple[str, tuple]:
    """The file in which the part of a study at `path` is written, and the path inside that file."""
    if path[0] == "codebooks":
        return study.sources[path[1]].codebook, path[2:]
    if path[0] in ("agencies", "types", "sizes", "regions"):
        own = (study.path / "agencies.yml").is_file()
        return ("agencies.yml" if own else "agencies.csv"), path
    return "study.yml", path


def labels_below(part, place: tuple = ()):
    """Every label below `part`, with the path to it."""
    if isinstance(part, Label):
        yield place, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from labels_below(getattr(part, name, None), (*place, name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from labels_below(value, (*place, key))
    elif isinstance(part, (tuple, list)):
        for index, value in enumerate(part):
            yield from labels_below(value, (*place, index))
