"""A codebook as a table that people edit, and the edited table back into ``codebook.yml``."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from csi_lib.draft.sheet import read_grids
from csi_lib.draft.writing import MARK
from csi_lib.errors import InputError, nearest
from csi_lib.study.base import PROSE, written
from csi_lib.study.codebook import SCALED, Codebook, Column
from csi_lib.study.study import Study, load_study
from csi_lib.study.yaml_file import YamlFile, raise_together

#: what a row may change, beside its labels
EDITABLE = ("role", "section", "set", "scale", "reverse", "missing", "of", "up_to")
_GUESS = re.compile(rf"\s*{MARK} \(.*$")


def heads(study: Study) -> list[str]:
    """Heads of the table: one label, question and list of answers per language of the study."""
    worded = [f"{part}_{lang}" for lang in study.languages for part in ("label", "question", "answers")]
    return ["column", *EDITABLE, *worded, "names", "guess"]


def table_rows(study: Study, source: str = "customers") -> list[dict[str, str]]:
    """One row per column of the codebook, in its order, with what is still a guess."""
    book = study.codebook(source)
    marks = _marks(study, source)
    return [_row(study, book, name, column, marks.get(name, "")) for name, column in book.columns.items()]


def _row(study: Study, book: Codebook, name: str, column: Column, guess: str) -> dict[str, str]:
    row = {
        "column": name, "role": column.role, "section": column.section or "", "set": column.set or "", "scale": column.scale or "",
        "reverse": "yes" if column.reverse else "", "missing": "; ".join(map(written, column.missing_in(None))), "of": column.of or "",
        "up_to": str(column.up_to or ""), "names": ", ".join(column.names_in(max(study.years))), "guess": guess,
    }  # fmt: skip
    labels = book.scales[column.scale].labels if column.role in SCALED else column.labels
    for lang in study.languages:
        text = lambda label, lang=lang: (
            ""
            if label is None
            else getattr(label, lang, None) or label.given or (str(label) if lang not in PROSE else "")
        )
        row[f"label_{lang}"] = text(column.label)
        row[f"question_{lang}"] = text(column.question)
        row[f"answers_{lang}"] = "; ".join(f"{code}={text(label)}" for code, label in labels.items())
    return row


def _marks(study: Study, source: str) -> dict[str, str]:
    """Column → its guess, as it stands behind the column's line."""
    out = {}
    for line in (study.path / study.sources[source].codebook).read_text(encoding="utf-8").splitlines():
        name, _, _ = line.strip().partition(":")
        before, mark, reason = line.partition(f"{MARK} (")
        if mark and before.startswith("  ") and not before.startswith("   "):
            out[name.strip("\"'")] = f"({reason.strip()}"
    return out


def export_table(study: Study, path: Path, source: str = "customers") -> Path:
    """Write the table as .csv (UTF-8, for spreadsheets) or .xlsx."""
    names, rows = heads(study), table_rows(study, source)
    if path.suffix.lower() == ".xlsx":
        from openpyxl import Workbook
        from openpyxl.styles import Font

        book = Workbook()
        sheet = book.active
        sheet.title = "codebook"
        sheet.append(names)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for row in rows:
            sheet.append([row[name] for name in names])
        for cells in sheet.iter_rows():
            for cell in cells:
                cell.data_type = "s"
        sheet.freeze_panes = "B2"
        book.save(path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, names)
            writer.writeheader()
            writer.writerows(rows)
    return path


def import_table(study: Study, path: Path, source: str = "customers") -> list[str]:
    """Put an edited table back: what changed in it changes in ``codebook.yml``, comments stay, and a guess whose cell was
    emptied loses its mark. Returns what changed, a line each.

    Raises InputError, and leaves the file as it was, for a column the codebook has not, a head that is no head of the table,
    or a codebook that would not be valid.
    """
    grid = read_grids(path)[0].rows
    names = [h.strip() for h in grid[0]]
    unknown = [h for h in names if h and h not in heads(study)]
    if "column" not in names or unknown:
        raise InputError("this is not a table of this codebook", where=str(path), found=", ".join(unknown) or "no head 'column'",
                         expected=", ".join(heads(study)), action="Export it with csi codebook STUDY --export FILE.")  # fmt: skip
    edited = [
        dict(zip(names, [c.strip() for c in row] + [""] * len(names), strict=False)) for row in grid[1:] if any(row)
    ]
    known = {row["column"]: row for row in table_rows(study, source)}
    for number, row in enumerate(edited, 2):
        if row["column"] not in known:
            near = nearest(row["column"], known)
            raise InputError("the codebook has no such column", where=f"{path}, row {number}", found=repr(row["column"]),
                             action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    file = study.path / study.sources[source].codebook
    text = before = file.read_text(encoding="utf-8")
    changes: list[str] = []
    confirmed = [r["column"] for r in edited if "guess" in r and not r["guess"] and known[r["column"]]["guess"]]
    text = _without_marks(text, confirmed)
    changes += [f"{name}: confirmed" for name in confirmed]
    text = _edited(text, study, source, edited, known, changes)
    _refuse_invalid(file, text)
    file.write_text(text, encoding="utf-8")
    try:  # the rest of the study may name what the table took away
        load_study(study.path)
    except InputError:
        file.write_text(before, encoding="utf-8")
        raise
    return changes


def _without_marks(text: str, names: list[str]) -> str:
    wanted, out = set(names), []
    for line in text.splitlines():
        name = line.strip().partition(":")[0].strip("\"'")
        out.append(
            _GUESS.sub("", line) if name in wanted and line.startswith("  ") and not line.startswith("   ") else line
        )
    return "\n".join(out) + "\n"


def _edited(text: str, study: Study, source: str, edited, known, changes: list[str]) -> str:
    import io

    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.width, yaml.preserve_quotes = 10_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text)
    touched = False
    for row in edited:
        name, column = row["column"], data["columns"][row["column"]]
        for field, value in row.items():
            if field in ("column", "names", "guess", "") or value == known[name].get(field):
                continue
            touched = True
            changes.append(f"{name}: {field} {known[name][field]!r} → {value!r}")
            _set(data, column, study, field, value)
    if not touched:
        return text
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def _set(data, column, study: Study, field: str, value: str) -> None:
    part, _, lang = field.partition("_")
    if part in ("label", "question") and lang:
        column[part] = _worded(study, column.get(part), lang, value) if value else None
        if not value:
            del column[part]
    elif part == "answers":
        owner = data["scales"][column["scale"]] if column.get("role") in SCALED else column
        labels = dict(owner.get("labels") or {})
        owner["labels"] = {}
        for pair in filter(None, (p.strip() for p in value.split(";"))):
            code, _, text = pair.partition("=")
            code = int(code) if re.fullmatch(r"-?\d+", code.strip()) else code.strip()
            owner["labels"][code] = _worded(study, labels.get(code), lang, text.strip())
    elif not value:
        column.pop(field, None)
    elif field == "reverse":
        column[field] = value.casefold() in ("yes", "true", "1", "예", "sí", "si")
    elif field == "missing":
        codes = [v.strip() for v in value.split(";") if v.strip()]
        column[field] = [int(v) if re.fullmatch(r"-?\d+", v) else v for v in codes]
    else:
        column[field] = int(value) if field == "up_to" else value


def _worded(study: Study, before, lang: str, text: str):
    """A label with one language changed."""
    if isinstance(before, dict):
        return {**before, lang: text}
    if before is not None and len(study.languages) > 1:
        other = next(one for one in study.languages if one != lang)
        return {other: str(before), lang: text}
    return text if lang in PROSE and (lang == "ko") == bool(re.search("[가-힣]", text)) else {lang: text}


def _refuse_invalid(file: Path, text: str) -> None:
    """Refuse a codebook that would not be valid, before anything is written."""
    trial = file.with_name(f".{file.stem}-trial.yml")
    trial.write_text(text, encoding="utf-8")
    try:
        read = YamlFile(trial)
        book = read.validate(Codebook)
        raise_together(read.error(problem, *place, **more) for problem, place, more in book.faults())
    finally:
        trial.unlink()
