"""Study files of earlier versions brought up to date: what a version changed is one step here, comments are kept.

``schema_version`` in ``study.yml`` says for which version the files were written; without it they are of the first.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from csi_lib.errors import InputError
from csi_lib.study.limits import plain_file
from csi_lib.study.location import resolve_study

#: the version of study files that this release writes and reads
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Change:
    """One place that a migration changes: its file, the element, and what happens in words."""

    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.what}"


def migrate(study: str | Path, *, write: bool = False) -> list[Change]:
    """What must change in the study's files; with `write` it is done, and the study must then load.

    The first version's files are read differently in two places: ``missing`` of a column stood instead of the codebook's own
    codes (now it adds to them), and ``voice.yml`` had ``tested`` (now ``report.minimum_base`` holds).

    Raises
    ------
    InputError
        A file that is not YAML, or files written for a later version than this one.
    """
    folder = resolve_study(study)
    files = {path.name: _read(path) for path in sorted(folder.glob("*.yml"))}
    head = files.get("study.yml")
    if head is None:
        raise InputError("there is no study.yml here", where=str(folder))
    version = head.get("schema_version", 1)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise InputError("these files were written for a later version", where=f"{folder / 'study.yml'}: schema_version",
                         found=repr(version), expected=f"at most {SCHEMA_VERSION}", action="Install the newer workbench")  # fmt: skip
    changes = [change for step in range(version, SCHEMA_VERSION) for change in _STEPS[step](files)]
    if version < SCHEMA_VERSION:
        head.insert(0, "schema_version", SCHEMA_VERSION)
        changes.append(Change("study.yml", "schema_version", f"becomes {SCHEMA_VERSION}"))
    if write and changes:
        for name in dict.fromkeys(change.file for change in changes):
            _write(folder / name, files[name])
        from csi_lib.study.study import load_study

        load_study(folder)
    return changes


def _to_second(files: dict[str, CommentedMap]) -> Iterator[Change]:
    for name, data in files.items():
        columns, shared = data.get("columns"), data.get("missing")
        if isinstance(columns, dict) and shared:
            for column, said in columns.items():
                if isinstance(said, dict) and said.get("missing") and "missing_replaces" not in said:
                    said["missing_replaces"] = True
                    yield Change(
                        name,
                        f"columns > {column}",
                        "its own missing codes go on standing alone (missing_replaces: true)",
                    )
        if name == "voice.yml" and "tested" in data:
            del data["tested"]
            yield Change(name, "tested", "is gone: report.minimum_base of study.yml decides what is tested")


#: version → what leads to the next
_STEPS: dict[int, Callable[[dict[str, CommentedMap]], Iterator[Change]]] = {1: _to_second}


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _read(path: Path) -> CommentedMap:
    plain_file(path)
    try:
        data = _yaml().load(path.read_text(encoding="utf-8-sig"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError("this file cannot be read", where=str(path), action="csi check names the line") from error
    return data if isinstance(data, CommentedMap) else CommentedMap()


def _write(path: Path, data: CommentedMap) -> None:
    text = io.StringIO()
    _yaml().dump(data, text)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text.getvalue())
    os.chmod(name, path.stat().st_mode & 0o777)
    os.replace(name, path)
