"""Records of an office (calls, sheets, cases, registers): read from a study's source, typed, checked.

Unlike survey answers they need no codebook: each system fixes the columns it reads (`Field`), and a study whose file
calls them otherwise says so once (``columns: {department: 부서}`` in the system's own YAML file).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import written
from csi_lib.survey.formats import column_names, plain_name, read_raw

_TRUE, _FALSE = {"1", "true", "yes", "y", "o", "예"}, {"0", "false", "no", "n", "x", "아니요", "아니오"}


@dataclass(frozen=True)
class Field:
    """One column of a kind of record.

    ``kind``: text, number, date or flag (yes/no). ``needed``: the file must have the column, and a cell may be blank only
    if ``blank``. ``private``: names a person or holds free text; outside the restricted release a person is a number
    without meaning (``person 3``) and free text is gone before any notebook sees it.
    """

    name: str
    kind: Literal["text", "number", "date", "flag"] = "text"
    needed: bool = True
    blank: bool = False
    private: Literal["person", "text"] | None = None


def read_records(
    study,
    source: str,
    fields: Sequence[Field],
    *,
    agency: str | None = None,
    year: int,
    columns: Mapping[str, str] | None = None,
    data: str | Path | None = None,
    release: str = "public",
) -> pd.DataFrame:
    """Rows of `source` of one agency (None: all) and year, with exactly the columns of `fields`, plus ``agency``.

    Absent optional columns are null. Raises InputError with file, row and column for a missing column, an unreadable
    number or date, a blank where none may be, or an agency the study does not know.
    """
    declared = study.source(source)
    frames = []
    for path in record_files(study, source, year, agency=agency, data=data):
        frames.append(_read_file(study, declared, path, fields, dict(columns or {}), year))
    frame = pd.concat(frames, ignore_index=True)
    if agency is not None:
        frame = frame[frame["agency"] == agency].reset_index(drop=True)
    return frame if release == "restricted" else without_people(frame, fields)


def record_files(
    study, source: str, year: int, *, agency: str | None = None, data: str | Path | None = None
) -> list[Path]:
    """The files of a source and year: in the data folder, else the study's own (a register kept beside its parameters), else
    simulated ones (`simulate_office`)."""
    declared = study.source(source)
    found = []
    for folder in (Path(data or study.path), Path(study.path)):
        found = found or [p for pattern in declared.paths(year, agency) for p in sorted(folder.glob(pattern))]
    if not found and data is None and study.simulate and source in study.simulate.all_sources:
        from csi_lib.survey.simulation import stand_in

        folder = stand_in(study)
        found = [p for pattern in declared.paths(year, agency) for p in sorted(folder.glob(pattern))]
    if not found and data is None and "office" in study.extensions:
        from csi_lib.evaluation.office import office_stand_in

        folder = office_stand_in(study)
        found = [p for pattern in declared.paths(year, agency) for p in sorted(folder.glob(pattern))]
    if not found:
        raise InputError(
            f"source {source!r} has no file for {year}",
            where=f"study {study.id!r}",
            expected=", ".join(declared.paths(year, agency)) or "a path for this year",
            action=f"Put it under {data or study.path}",
        )
    return found


def without_people(frame: pd.DataFrame, fields: Sequence[Field]) -> pd.DataFrame:
    """The same rows with persons as meaningless numbers (the same person keeps the number) and without free text."""
    out = frame.copy()
    for field in fields:
        if field.private == "person":
            # numbered by a shuffle, because an alphabetical order of names would give them away
            names = np.sort(out[field.name].dropna().unique())
            order = np.random.default_rng(len(names)).permutation(len(names))
            known = {name: f"person {k + 1}" for name, k in zip(names, order, strict=True)}
            out[field.name] = out[field.name].map(known).astype("str")
        elif field.private == "text":
            out[field.name] = None
    return out


def _read_file(study, declared, path: Path, fields, columns, year: int) -> pd.DataFrame:
    options = {k: getattr(declared, k).get(year) for k in ("sheet", "encoding", "separator")}
    there = {plain_name(n): n for n in column_names(path, **options)}
    raw_of = {}
    for field in fields:
        wanted = columns.get(field.name, field.name)
        if plain_name(wanted) in there:
            raw_of[field.name] = there[plain_name(wanted)]
        elif field.needed:
            near = nearest(wanted, list(there.values()))
            raise InputError(f"the column {wanted!r} is missing", where=str(path), found=", ".join(there.values()),
                             action=f"Did you mean {near!r}?" if near else "Name it under 'columns'.")  # fmt: skip
    extra = {}
    for what in ("agency", "year"):
        locator = getattr(declared, what)
        if locator is not None and locator.column is not None:
            if plain_name(locator.column) not in there:
                raise InputError(
                    f"the column {locator.column!r} is missing", where=str(path), found=", ".join(there.values())
                )
            extra[what] = there[plain_name(locator.column)]
    table = read_raw(path, list(dict.fromkeys([*raw_of.values(), *extra.values()])), empty=True, **options)
    raw, first = table.frame, table.first_row
    keep = _of_year(raw, declared, extra, year)
    out = pd.DataFrame(index=raw.index)
    out["agency"] = _agencies(study, raw, declared, extra, path, first)
    for field in fields:
        if field.name in raw_of:
            out[field.name] = _typed(raw[raw_of[field.name]], field, path, first, keep)
        else:
            out[field.name] = np.nan if field.kind == "number" else None
    return out[keep & out["agency"].notna()].reset_index(drop=True)


def _of_year(raw, declared, extra, year) -> np.ndarray:
    if declared.year is None:
        return np.ones(len(raw), bool)
    if "year" not in extra:
        return np.full(len(raw), written(declared.year.constant) == written(year))
    known = {written(k): v for k, v in declared.year.map.items()}
    value = raw[extra["year"]].map(lambda v: known.get(written(v), v) if not _blank(v) else None)
    return value.map(lambda v: v is not None and written(v) == written(year)).to_numpy(bool)


def _agencies(study, raw, declared, extra, path, first) -> list:
    locator, ids = declared.agency, {a.id for a in study.agencies}
    if "agency" not in extra:
        return [str(locator.constant)] * len(raw)
    known = {written(old): a.id for a in study.agencies for old in a.merged_from if old not in ids}
    known |= {written(k): v for k, v in locator.map.items()}
    out = []
    for i, value in enumerate(raw[extra["agency"]]):
        code = None if _blank(value) else written(value)
        id = known.get(code, None if code is None else str(value).strip())
        if code not in known and id not in ids:
            raise InputError("this agency is not in the study", where=f"{path}, row {i + first}, column {extra['agency']!r}",
                             found=repr(value), expected="an id of agencies.yml, or a name under agency.map")  # fmt: skip
        out.append(id)
    return out


def _typed(column: pd.Series, field: Field, path: Path, first: int, keep: np.ndarray) -> pd.Series:
    blank = column.map(_blank).to_numpy(bool)
    if field.needed and not field.blank and (blank & keep).any():
        raise _fault("this cell is blank", column, int(np.flatnonzero(blank & keep)[0]), field, path, first)
    text = column.where(~blank, None)
    if field.kind == "text":
        return text.map(lambda v: None if _blank(v) else _plain(v)).astype("str").where(~blank, None)
    if field.kind == "flag":
        value = text.map(lambda v: np.nan if _blank(v) else _flag(v))
        bad = (value == -1).to_numpy(bool)
    elif field.kind == "date":
        value = pd.to_datetime(text, errors="coerce", format="mixed")
        bad = value.isna().to_numpy() & ~blank
    else:
        value = pd.to_numeric(
            text.map(lambda v: v.replace(",", "") if isinstance(v, str) else v), errors="coerce"
        ).astype(float)
        bad = (value.isna() | np.isinf(value)).to_numpy() & ~blank
    if (bad & keep).any():
        words = {"flag": "yes or no (1 or 0)", "date": "a date such as 2024-03-05", "number": "a number"}
        raise _fault(
            "this value cannot be used",
            column,
            int(np.flatnonzero(bad & keep)[0]),
            field,
            path,
            first,
            words[field.kind],
        )
    return value


def _fault(problem, column, at, field, path, first, expected=None) -> InputError:
    found = "a value that is not shown" if field.private else repr(column.iloc[at])
    return InputError(
        problem, where=f"{path}, row {at + first}, column {column.name!r}", found=found, expected=expected
    )


def _flag(value) -> float:
    code = written(value)
    return 1.0 if code in _TRUE else 0.0 if code in _FALSE else -1.0


def _plain(value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _blank(value) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())
