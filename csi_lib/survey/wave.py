"""One year of one source, coded: every agency's rows, parsed and coded once per process.

Reading 300 agencies from one file costs one parse; what is wrong is kept by row, so that one agency's
undeclared answers stop that agency's report and no other.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import written
from csi_lib.study.codebook import SCALED, Codebook, Column
from csi_lib.study.source import Locator, Source
from csi_lib.study.study import Study
from csi_lib.survey import formats
from csi_lib.survey.coding import TEXT, code_column, labels_of
from csi_lib.survey.files import find_files, wave_key

#: roles that never leave this module
PRIVATE = ("id", "contact")
_MEMORY: OrderedDict[tuple, CodedWave] = OrderedDict()
_MEMORY_SIZE = 8


@dataclass(frozen=True, eq=False)
class CodedWave:
    """Coded rows of one source and year.

    `frame` and `status` have one row per record of the files; `later` marks second and further records
    of the same respondent; `undeclared` lists ``row`` (position), ``file_row``, ``column``, ``value``;
    `unanswered` are items that were asked and that nobody of any agency answered.
    """

    frame: pd.DataFrame
    status: pd.DataFrame
    later: np.ndarray
    file_rows: np.ndarray
    undeclared: pd.DataFrame
    codebook: Codebook
    files: tuple[str, ...]
    simulated: bool
    unanswered: tuple[str, ...]


def coded_wave(
    study: Study, source: str, year: int, *, data: str | Path | None = None, agency: str | None = None
) -> CodedWave:
    """The coded rows of `source` in `year`; remembered until a file, codebook or setting changes.

    `agency` matters only where the source has one file per agency.
    """
    files, simulated = find_files(study, source, year, data=data, agency=agency)
    key = wave_key(study, source, year, files)
    if key not in _MEMORY:
        while len(_MEMORY) >= _MEMORY_SIZE:
            _MEMORY.popitem(last=False)
        _MEMORY[key] = _code_files(study, source, year, files, simulated)
    _MEMORY.move_to_end(key)
    return _MEMORY[key]


def _code_files(study: Study, source: str, year: int, files: list[Path], simulated: bool) -> CodedWave:
    parts = [_code_file(study, source, year, file, simulated) for file in files]
    parts = [part for part in parts if len(part.frame)]
    if not parts:
        raise InputError(
            f"there are no rows of the year {year}",
            where=str(files[0]),
            action="Check the year column and its codes.",
        )
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(len(p.frame) for p in parts[:-1])])
    undeclared = [p.undeclared.assign(row=p.undeclared["row"] + o) for p, o in zip(parts, offsets)]
    return CodedWave(
        concat([p.frame for p in parts]),
        pd.concat([p.status for p in parts], ignore_index=True),
        np.concatenate([p.later for p in parts]),
        np.concatenate([p.file_rows for p in parts]),
        pd.concat(undeclared, ignore_index=True),
        parts[0].codebook,
        tuple(f for p in parts for f in p.files),
        simulated,
        tuple(i for i in parts[0].unanswered if all(i in p.unanswered for p in parts)),
    )


def _code_file(study: Study, source: str, year: int, file: Path, simulated: bool) -> CodedWave:
    settings, codebook = study.sources[source], study.codebook(source)
    options = {name: getattr(settings, name).get(year) for name in ("sheet", "encoding", "separator")}
    raw_names = _raw_names(settings, codebook, year, file, options)
    table = formats.read_raw(file, dict.fromkeys(raw_names.values()), **options)
    raw = table.frame
    keep = np.ones(len(raw), bool)
    if settings.year is not None:
        keep = _located(raw, raw_names.get("\0year"), settings.year).map(written) == str(year)
        keep = keep.to_numpy().copy()
    agencies = _agencies(study, settings, raw, raw_names, keep, file, table.first_row)
    keep &= agencies.notna().to_numpy()
    raw, agencies = raw[keep].reset_index(drop=True), agencies[keep].reset_index(drop=True)
    file_rows = np.flatnonzero(keep) + table.first_row
    columns, statuses, wrong, labelled = {}, {}, [], {}
    for name, column in codebook.columns.items():
        if column.role in PRIVATE:
            continue
        if name not in raw_names:
            columns[name] = _not_available(column, len(raw))
            continue
        coded = code_column(raw[raw_names[name]], column, codebook, year, table.labels.get(raw_names[name]))
        columns[name], statuses[name] = coded.values, coded.status
        if column.role in ("group", "single") and not column.labels:
            labelled[name] = labels_of(coded.values, table.labels.get(raw_names[name]))
        wrong += [(row, file_rows[row], name, value) for value, rows in coded.undeclared.items() for row in rows]
    frame = pd.DataFrame(
        {"agency": agencies, "year": np.full(len(raw), year), "period": study.period_of(year), **columns}
    )
    undeclared = pd.DataFrame(wrong, columns=["row", "file_row", "column", "value"])
    return CodedWave(
        frame,
        pd.DataFrame(statuses),
        _later(raw, agencies, raw_names, codebook),
        file_rows,
        undeclared.sort_values("row", kind="stable", ignore_index=True),
        _with_labels(codebook, labelled),
        (file.name,),
        simulated,
        tuple(i for i in codebook.items if i in raw_names and frame[i].isna().all()),
    )


def _raw_names(settings: Source, codebook: Codebook, year: int, file: Path, options: dict) -> dict[str, str]:
    """Which raw column holds each column of the codebook in this file; all that miss, together."""
    header = formats.column_names(file, **options)
    by_plain: dict[str, str] = {}
    for name in header:
        by_plain.setdefault(formats.plain_name(name), name)
    wanted: dict[str, tuple[str, ...]] = {}
    for name, column in codebook.columns.items():
        if column.role == "contact" or not column.available_in(year):
            continue
        derivation = column.derivation_in(year)
        if derivation and derivation.source:
            other = codebook.columns.get(derivation.source)
            wanted[name] = other.names_in(year) if other else (derivation.source,)
        else:
            wanted[name] = column.names_in(year)
    for key, locator in (("\0agency", settings.agency), ("\0year", settings.year)):
        if locator is not None and locator.column:
            other = codebook.columns.get(locator.column)
            wanted[key] = other.names_in(year) if other else (locator.column,)
    found: dict[str, str] = {}
    absent: list[str] = []
    for name, accepted in wanted.items():
        plain = next((p for p in map(formats.plain_name, accepted) if p in by_plain), None)
        if plain is not None:
            found[name] = by_plain[plain]
            continue
        near = nearest(formats.plain_name(accepted[0]), by_plain)
        absent.append(
            f"{' or '.join(accepted)} for {name.strip(chr(0))!r}"
            + (f" (did you mean {by_plain[near]!r}?)" if near else "")
        )
    if absent:
        raise InputError(
            f"{len(absent)} column(s) of the codebook are not in the file of {year}",
            where=str(file),
            expected="; ".join(absent[:20]) + (" …" if len(absent) > 20 else ""),
            action=f"Add the file's spelling under 'names' in the codebook ({year}: …), or write "
            f"'names: {{{year}: null}}' for what was not asked.",
        )
    return found


def _located(raw: pd.DataFrame, name: str | None, locator: Locator) -> pd.Series:
    """What a locator says of each row, through its map; None where the map says null."""
    if locator.constant is not None:
        return pd.Series([locator.constant] * len(raw))
    mapped = {written(key): value for key, value in locator.map.items()}
    values = {value: mapped.get(written(value), value) for value in raw[name].unique()}
    return raw[name].map(values)


def _agencies(study, settings: Source, raw, raw_names, keep, file, first_row) -> pd.Series:
    """Agency id of each row; rows of an id the study does not list are an error, never dropped unsaid."""
    ids = {agency.id: agency.id for agency in study.agencies}
    ids |= {old: agency.id for agency in study.agencies for old in agency.merged_from if old not in ids}
    located = _located(raw, raw_names.get("\0agency"), settings.agency)
    spelled = {written(id): id for id in ids}
    values = {
        v: (None if v is None or pd.isna(v) else ids.get(spelled.get(written(v)), "\0")) for v in located.unique()
    }
    # a null in the locator's map drops the rows on purpose; an empty cell does not
    blank = (located.isna() & raw[raw_names["\0agency"]].isna()) if settings.agency.column else located.isna()
    agencies = located.map(values)
    unknown = keep & ((agencies == "\0") | blank).to_numpy()
    if unknown.any():
        rows = np.flatnonzero(unknown)
        near = nearest(str(located.iloc[rows[0]]), ids)
        raise InputError(
            "rows belong to an agency that the study does not list",
            where=f"{file}, row {rows[0] + first_row}",
            found=f"{str(located.iloc[rows[0]])[:60]!r} and so on in {len(rows)} row(s)",
            expected=f"one of {', '.join(list(ids)[:12])}",
            action=f"Did you mean {near!r}?" if near else "Map it under the source's 'agency'.",
        )
    return agencies


def _later(raw: pd.DataFrame, agencies: pd.Series, raw_names: dict, codebook: Codebook) -> np.ndarray:
    """Marks second and further records with the same respondent id in the same agency."""
    ids = [raw_names[name] for name in codebook.of_role("id") if name in raw_names]
    if not ids:
        return np.zeros(len(raw), bool)
    plain = raw[ids].apply(lambda column: column.map(lambda v: written(v) if v == v and v is not None else ""))
    blank = (plain == "").all(axis=1)
    return (plain.assign(**{"\0agency": agencies}).duplicated() & ~blank).to_numpy()


def _not_available(column: Column, n: int) -> pd.Series:
    if column.separator or column.role == "date":
        return pd.Series([None] * n, dtype=TEXT)
    if column.role in (*SCALED, "measure", "weight", "number", "multiple") or (
        column.role == "rank" and not column.labels
    ):
        return pd.Series(np.full(n, np.nan))
    if column.role in ("group", "single") or column.labels:
        return pd.Series(pd.Categorical([None] * n, categories=list(column.labels)))
    return pd.Series([None] * n, dtype="float64" if column.role == "design" else TEXT)


def _with_labels(codebook: Codebook, labelled: dict) -> Codebook:
    """The codebook with the labels that the file or the answers themselves give to unlabelled groups."""
    if not labelled:
        return codebook
    columns = {
        name: column.model_copy(update={"labels": labelled[name]}) if name in labelled else column
        for name, column in codebook.columns.items()
    }
    return codebook.model_copy(update={"columns": columns})


def concat(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames under each other; groups keep their categories, in the order of first appearance."""
    if len(frames) == 1:
        return frames[0]
    joined = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            categories = list(dict.fromkeys(c for part in parts for c in part.cat.categories))
            joined[name] = pd.Series(
                pd.Categorical(
                    np.concatenate([part.astype(object).to_numpy() for part in parts]), categories=categories
                )
            )
        else:
            joined[name] = pd.concat(_same_kind(parts), ignore_index=True)
    return pd.DataFrame(joined)


def _same_kind(parts: list[pd.Series]) -> list[pd.Series]:
    """Numbers beside text (a stratum written 1 in one year and A in the next) become text."""
    told = [part for part in parts if part.notna().any()]
    numeric = [pd.api.types.is_numeric_dtype(part) for part in told]
    if not told or all(pd.api.types.is_numeric_dtype(part) for part in parts):
        return parts
    if all(numeric):  # a year without the column was filled with missing text
        return [part if part.notna().any() else pd.Series(np.nan, index=part.index) for part in parts]
    return [
        pd.Series(part.map(written, na_action="ignore"), dtype=TEXT)
        if pd.api.types.is_numeric_dtype(part) and part.notna().any()
        else pd.Series(part, dtype=TEXT)
        for part in parts
    ]
