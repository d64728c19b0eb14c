"""The codebook as a grid: rows for a form, and a form's answers written back into the YAML with its comments."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from csi_lib.errors import InputError

#: how a draft marks what it was not told
GUESS = re.compile(r"#\s*guess\b:?\s*(.*)")
#: cells of a row that can be changed
FIELDS = ("role", "scale", "reverse", "missing", "section")


@dataclass(frozen=True)
class GridRow:
    """One column of the codebook. `labels` by language (one entry under "" where the file gives a single text);
    `guess` is the reason of a draft that nobody has confirmed."""

    name: str
    role: str
    labels: dict[str, str]
    scale: str
    reverse: bool
    missing: str
    section: str
    guess: str | None
    line: int


def read_rows(text: str, languages: tuple[str, ...]) -> tuple[list[GridRow], list[str], list[str]]:
    """(rows, names of scales, ids of sections) of a codebook's text."""
    data, lines = _load(text), text.splitlines()
    rows = []
    for name, column in (data.get("columns") or {}).items():
        if not isinstance(column, Mapping):
            continue
        first = data["columns"].lc.key(name)[0]
        rows.append(
            GridRow(
                str(name),
                str(column.get("role", "")),
                _labels(column.get("label"), languages),
                str(column.get("scale") or ""),
                bool(column.get("reverse")),
                _codes(column.get("missing")),
                str(column.get("section") or ""),
                _guess(lines, first, _end(lines, first)),
                first + 1,
            )
        )
    sections = [str(s.get("id")) for s in data.get("sections") or [] if isinstance(s, Mapping)]
    return rows, [str(s) for s in data.get("scales") or {}], sections


def write_rows(text: str, form: Mapping[str, str], languages: tuple[str, ...]) -> str:
    """The text with what the form changed; what it did not change stays to the letter wherever YAML allows it.

    The form's fields are ``<column>.<field>`` (role, scale, reverse, missing, section, label.<language>) and
    ``<column>.confirm`` for a guess that was confirmed; a column whose row is not in the form is left alone.
    """
    rows, _, _ = read_rows(text, languages)
    data, changed, confirmed = _load(text), False, []
    for row in rows:
        if f"{row.name}.role" not in form:
            continue
        column = data["columns"][_key(data["columns"], row.name)]
        for field in FIELDS:
            before = getattr(row, field)
            given = form.get(f"{row.name}.{field}")
            after = given is not None if field == "reverse" else (given or "").strip()
            if after != before:
                _set(column, field, after)
                changed = True
        for lang, before in row.labels.items():
            after = (form.get(f"{row.name}.label.{lang}") or "").strip()
            if after != before:
                _set_label(column, lang, after)
                changed = True
        if row.guess is not None and form.get(f"{row.name}.confirm"):
            confirmed.append(row.name)
    if changed:
        stream = io.StringIO()
        _yaml().dump(data, stream)
        text = stream.getvalue()
    return _without_guesses(text, confirmed) if confirmed else text


def codebook_files(folder: Path, study) -> dict[str, str]:
    """Source → file of its codebook, of the sources that have one in the study's folder."""
    found = {name: source.codebook for name, source in study.sources.items() if source.codebook}
    return {name: file for name, file in found.items() if (folder / file).is_file() and "/" not in file}


def _yaml() -> YAML:
    yaml = YAML()  # the round-trip loader keeps comments, quotes and order
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(text: str) -> CommentedMap:
    data = _yaml().load(text)
    if not isinstance(data, CommentedMap):
        raise InputError("this is no codebook", found=type(data).__name__, expected="columns: …")
    return data


def _key(columns: CommentedMap, name: str):
    return next(key for key in columns if str(key) == name)


def _labels(label, languages: tuple[str, ...]) -> dict[str, str]:
    if isinstance(label, Mapping):
        return {lang: str(label.get(lang) or "") for lang in dict.fromkeys((*languages, *map(str, label)))}
    if label is not None:
        return {"": str(label)}
    return dict.fromkeys(languages, "")


def _codes(missing) -> str:
    """A list of codes as text; what differs by year is left to the file itself."""
    if missing is None or isinstance(missing, Mapping):
        return ""
    codes = missing if isinstance(missing, list) else [missing]
    return ", ".join(str(code) for code in codes)


def _set(column: CommentedMap, field: str, value) -> None:
    if field == "reverse":
        column.pop("reverse", None)
        if value:
            column["reverse"] = True
    elif field == "missing":
        if isinstance(column.get("missing"), Mapping):
            raise InputError("no-answer codes that differ by year are changed in the file itself", where="missing")
        column.pop("missing", None)
        if value:
            column["missing"] = [_scalar(code.strip()) for code in value.split(",") if code.strip()]
    elif value:
        column[field] = value
    else:
        column.pop(field, None)


def _scalar(code: str):
    """A code as YAML would read it when it stays the same written back: 9 is a number, 09 a text."""
    return int(code) if re.fullmatch(r"-?(0|[1-9]\d{0,14})", code) else code


def _set_label(column: CommentedMap, lang: str, value: str) -> None:
    label = column.get("label")
    if lang == "":
        column["label"] = value
    elif isinstance(label, Mapping):
        label[lang] = value
    else:
        made = CommentedMap({lang: value})
        made.fa.set_flow_style()
        column["label"] = made


def _end(lines: list[str], first: int) -> int:
    """The line after the column's block: the next one that is indented no deeper than its key."""
    depth = len(lines[first]) - len(lines[first].lstrip())
    for i in range(first + 1, len(lines)):
        text = lines[i].strip()
        if text and not text.startswith("#") and len(lines[i]) - len(lines[i].lstrip()) <= depth:
            return i
    return len(lines)


def _guess(lines: list[str], first: int, end: int) -> str | None:
    """The reasons of the guesses in a column's block, joined; None when there are none."""
    found = [m.group(1).strip() for line in lines[first:end] if (m := GUESS.search(line))]
    return "; ".join(dict.fromkeys(filter(None, found))) or ("" if found else None)


def _without_guesses(text: str, names: list[str]) -> str:
    data, lines = _load(text), text.split("\n")
    for name in names:
        first = data["columns"].lc.key(_key(data["columns"], name))[0]
        for i in range(first, _end(lines, first)):
            lines[i] = GUESS.sub("", lines[i]).rstrip() if GUESS.search(lines[i]) else lines[i]
    return "\n".join(lines)
