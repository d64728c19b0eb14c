"""Every text that a study's YAML files give to readers, looked at for fields of a template that nobody filled in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.prose.unfilled import meant_as_written, unfilled
from csi_lib.study.yaml_file import YamlFile, raise_together

#: keys below which braces are a pattern of ours or nothing is read by anybody: file names, the simulation's world, own names
_NO_TEXT = {"path", "file", "file_names", "simulate", "pattern", "patterns", "literal"}
#: a bare word of these in a list of codes or names is a code (a column called TODO), no text
_NAMES = {"names", "id", "column", "items", "children", "source", "by", "columns"}


def literals(study) -> list[str]:
    """Texts of a study that are printed as they stand: its agencies' names and what it declares."""
    names = [text for agency in study.agencies for text in (agency.name.ko, agency.name.en) if text]
    return [*names, *study.report.literal]


def declare_literals(study) -> None:
    """Make the guard of templates know them, in this process."""
    meant_as_written(literals(study))


def template_faults(study) -> Iterator[InputError]:
    """Open fields in any text of the study's YAML files, each with file, line and the way to declare what is meant."""
    meant = literals(study)
    folder = Path(study.path)
    for path in sorted({*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml")}):
        if path.parent.name.startswith("."):
            continue
        try:
            file = YamlFile(path)
        except InputError:
            continue  # said by whoever reads it
        for place, text in _texts(file.data, ()):
            if path.name == "agencies.yml" and "name" in place:
                continue
            if found := unfilled(text, meant=meant):
                word = next((w for w in text.split() if found[0] in w), found[0])
                yield file.error("a field of a template was not filled in", *place, found=", ".join(dict.fromkeys(found)),
                                 action="Write what belongs there; if it is meant as it stands, declare it in study.yml: "
                                 f"report: {{literal: [{word!r}]}}")  # fmt: skip


def _texts(data, place: tuple) -> Iterator[tuple[tuple, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key not in _NO_TEXT and key not in _NAMES:
                yield from _texts(value, (*place, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*place, index))
    elif isinstance(data, str):
        yield place, data


def refuse_templates(study) -> None:
    """InputError with everything that `template_faults` finds: nothing of such a study is published."""
    raise_together(template_faults(study))
