"""One year of one source, coded: every agency's rows, parsed and coded once per process.

Reading 300 agencies from one file costs one parse; what is wrong is kept by row, so that one agency's
undeclared answers stop that agency's report and no other.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.coding import TEXT, UNDECLARED, VALID, Coder, labels_of
from csi_lib.intake.contradictions import differing, label_notes, missing_note
from csi_lib.intake.gate import Asked
from csi_lib.intake.places import agency_of, other_year
from csi_lib.intake.receipt import FileReceipt
from csi_lib.intake.respondents import id_notes, met_before, refuse_copies, refuse_shortened
from csi_lib.intake.sheets import Note
from csi_lib.intake.table import read_table
from csi_lib.study.base import written
from csi_lib.study.codebook import SCALED, Codebook, Column
from csi_lib.study.source import Source
from csi_lib.study.study import Study

#: roles that never leave this module
PRIVATE = ("id", "contact")
_MEMORY: OrderedDict[tuple, CodedWave] = OrderedDict()
_MEMORY_SIZE = 8
_PARTS = {"id": "id", "text": "text", "weight": "other", "design": "other", "quasi": "other"}
_MANY_CODES = 200


@dataclass(frozen=True, eq=False)
class CodedWave:
    """Coded rows of one source and year.

    `frame` and `status` have one row per record of the files; `later` marks second and further records
    of the same respondent, in whichever file; `undeclared` lists ``row`` (position), ``file_row``, ``column``, ``value``;
    `unanswered` are items that were asked and that nobody of any agency answered; `receipts` and `notes` say what became
    of every line and column of the files; `codes` are the codes met in each item and group.
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
    receipts: tuple[FileReceipt, ...] = ()
    notes: tuple[Note, ...] = ()
    codes: dict[str, tuple[str, ...]] | None = None

    def given(self, column: str) -> pd.Series:
        """Answers as they were given: those of a reverse-coded item, which `frame` holds turned, back as they stood."""
        values = self.frame[column]
        if not self.codebook.columns[column].reverse:
            return values
        scale = self.codebook.scale(column)
        return scale.low + scale.high - values


def coded_wave(study: Study, source: str, year: int, files: list[Path], simulated: bool, key: tuple) -> CodedWave:
    """The coded rows of the `files` of `source` in `year`; remembered until `key` changes."""
    if key not in _MEMORY:
        while len(_MEMORY) >= _MEMORY_SIZE:
            _MEMORY.popitem(last=False)
        _MEMORY[key] = _code_files(study, source, year, files, simulated)
    _MEMORY.move_to_end(key)
    return _MEMORY[key]


def _code_files(study: Study, source: str, year: int, files: list[Path], simulated: bool) -> CodedWave:
    read = [(file, *_code_file(study, source, year, file, simulated)) for file in files]
    refuse_copies(read)
    kept = [(file, part, ids) for file, part, ids in read if len(part.frame)]
    if not kept:
        raise InputError(
            f"there are no rows of the year {year}",
            where=str(files[0]),
            action="Check the year column and its codes.",
        )
    parts = [part for _, part, _ in kept]
    ids = [np.concatenate(column) for column in zip(*(ids for _, _, ids in kept), strict=True)]
    later = met_before(ids, np.concatenate([part.frame["agency"].to_numpy(object) for part in parts]))
    refuse_shortened(ids, later, {part.receipts[0].kind for part in parts}, files)
    receipts = tuple(receipt for _, part, _ in read for receipt in part.receipts)
    notes = tuple(note for _, part, _ in read for note in part.notes)
    if len(parts) == 1:
        return replace(parts[0], later=later, receipts=receipts, notes=notes)
    offsets = np.cumsum([0, *(len(p.frame) for p in parts[:-1])])
    undeclared = [p.undeclared.assign(row=p.undeclared["row"] + o) for p, o in zip(parts, offsets)]
    codes = {name: tuple(dict.fromkeys(c for p in parts for c in p.codes.get(name, ()))) for name in parts[0].codes}
    return CodedWave(
        concat([p.frame for p in parts]),
        pd.concat([p.status for p in parts], ignore_index=True),
        later,
        np.concatenate([p.file_rows for p in parts]),
        pd.concat(undeclared, ignore_index=True),
        _one_codebook(kept),
        tuple(f for p in parts for f in p.files),
        simulated,
        tuple(i for i in parts[0].unanswered if all(i in p.unanswered for p in parts)),
        receipts,
        notes,
        codes,
    )


def _code_file(study: Study, source: str, year: int, file: Path, simulated: bool) -> tuple[CodedWave, list[np.ndarray]]:
    """Coded rows of one file, and the ids of its respondents as they are written (never kept)."""
    settings, codebook = study.sources[source], study.codebook(source)
    asked = _asked(study, settings, codebook, year)
    form = settings.form(year)
    contacts = tuple(n for c in codebook.of_role("contact") for n in codebook.columns[c].names_in(year))
    table = read_table(
        file,
        asked,
        form,
        absent=f"{{n}} column(s) of the codebook are not in the file of {year}",
        advice=f"Add the file's spelling under 'names' in the codebook ({year}: …), or write "
        f"'names: {{{year}: null}}' for what was not asked.",
        never=contacts,
    )
    elsewhen = other_year(table, settings.year, year)
    agencies = agency_of(study, settings.agency, table, ~elsewhen, str(file))
    dropped = ~elsewhen & np.array([a is None for a in agencies], bool)
    keep = np.flatnonzero(~elsewhen & ~dropped)
    file_rows, n = table.lines[keep], len(keep)
    columns, statuses, wrong, labelled, mapped, codes = {}, {}, [], {}, {}, {}
    notes = list(table.notes)
    fpc = settings.design.fpc.get(year)
    for name, column in codebook.columns.items():
        if column.role in PRIVATE:
            continue
        if name not in table.cells:
            columns[name] = _not_available(column, n)
            continue
        typed = table.receipt.kind != "text"
        coder = Coder(
            column, codebook, year,
            labels=table.labels.get(name), missing_text=form.missing_text, file_missing=table.user_missing.get(name),
            decimal=None if typed else form.decimal, separator=table.receipt.separator, number=name == fpc,
        )  # fmt: skip
        cells = table.cells[name].take(keep)
        coded = coder.code(cells)
        columns[name], statuses[name] = coded.values, coded.status
        if column.role in ("group", "single") and not column.labels:
            labelled[name] = labels_of(coded.values, coder.labels)
        if coded.mapped:
            mapped[name] = coded.mapped
        if coded.contested:
            notes.append(replace(missing_note(column, coded.contested), file=file.name))
        if name in table.labels and column.derivation_in(year) is None:
            missing = {written(code) for code in column.missing_in(year)}
            notes += [
                replace(note, file=file.name) for note in label_notes(column, codebook, table.labels[name], missing)
            ]
        if column.role in (*SCALED, "group", "single"):
            codes[name] = _codes(cells, coder)
        wrong += [
            pd.DataFrame({"row": rows, "file_row": file_rows[rows], "column": name, "value": value})
            for value, rows in coded.undeclared.items()
        ]
    if mapped:
        notes.append(_mapped_note(mapped, file.name))
    notes += [replace(note, file=file.name) for note in id_notes(table, codebook)]
    frame = pd.DataFrame(
        {
            "agency": pd.Series(agencies[keep], dtype=TEXT),
            "year": np.full(n, year),
            "period": study.period_of(year),
            **columns,
        }
    )
    empty = pd.DataFrame({"row": np.empty(0, int), "file_row": np.empty(0, int), "column": [], "value": []})
    undeclared = pd.concat(wrong, ignore_index=True) if wrong else empty
    part = CodedWave(
        frame,
        pd.DataFrame(statuses, index=range(n)),
        np.zeros(n, bool),
        file_rows,
        undeclared.sort_values("row", kind="stable", ignore_index=True),
        _with_labels(codebook, labelled),
        (file.name,),
        simulated,
        tuple(i for i in codebook.items if i in table.cells and frame[i].isna().all()),
        (_settled(table.receipt, int(elsewhen.sum()), int(dropped.sum()), mapped),),
        (*notes, *_dropped_note(int(dropped.sum()), file.name)),
        codes,
    )
    ids = [table.cells[c].take(keep).each(written, blank="") for c in codebook.of_role("id") if c in table.cells]
    return part, ids


def _asked(study: Study, settings: Source, codebook: Codebook, year: int) -> dict[str, Asked]:
    """What the codebook and the source's locators want of the file."""
    form = settings.form(year)
    asked: dict[str, Asked] = {}
    for name, column in codebook.columns.items():
        if column.role == "contact" or not column.available_in(year):
            continue
        derivation, names = column.derivation_in(year), column.names_in(year)
        if derivation and derivation.source:
            other = codebook.columns.get(derivation.source)
            names = other.names_in(year) if other else (derivation.source,)
        part = _PARTS.get(column.role, "answer")
        coder = Coder(column, codebook, year, missing_text=form.missing_text)
        judged = part == "answer" and coder.judging
        asked[name] = Asked(names, part, True, coder.holds if judged else None)
    for key, locator in (("\0agency", settings.agency), ("\0year", settings.year)):
        if locator is not None and locator.column:
            other = codebook.columns.get(locator.column)
            known = {written(k) for k in locator.map} | ({a.id for a in study.agencies} if key == "\0agency" else set())
            asked[key] = Asked(other.names_in(year) if other else (locator.column,), "place", True,
                               lambda text, known=known: written(text) in known)  # fmt: skip
    return asked


def _codes(cells, coder: Coder) -> tuple[str, ...]:
    """Codes met, without what may be a respondent's words."""
    counts = cells.counts()
    found = []
    for text, n in zip(cells.texts, counts, strict=True):
        answer, state, _ = coder.read(text)
        if n and state == VALID and answer is not None:
            found.append(written(answer))
        elif n and state == UNDECLARED and len(text) <= 6 and written(text).lstrip("-").replace(".", "").isdigit():
            found.append(written(text))
    found = sorted(set(found))
    return tuple(found) if len(found) <= _MANY_CODES else ()


def _settled(receipt: FileReceipt, elsewhen: int, dropped: int, mapped: dict[str, int]) -> FileReceipt:
    lines = dict(receipt.lines)
    lines["respondents"] -= elsewhen + dropped
    lines["other_rows"] += elsewhen + dropped
    other = {"other years": elsewhen, "agencies left out by 'map'": dropped}
    return replace(receipt, lines=lines, mapped=mapped, other_rows={k: n for k, n in other.items() if n})


def _dropped_note(n: int, file: str) -> tuple[Note, ...]:
    if not n:
        return ()
    return (
        Note(
            "left_out",
            f"기관 대응표(map)에 따라 {n}개 행을 뺐다.",
            f"{n} row(s) were left out by the map of agencies",
            n,
            None,
            file,
        ),
    )


def _mapped_note(mapped: dict[str, int], file: str) -> Note:
    n, names = sum(mapped.values()), ", ".join(list(mapped)[:8]) + (" …" if len(mapped) > 8 else "")
    return Note("mapped", f"글자로 적힌 응답 {n}건을 코드로 바꾸었다({names}).",
                f"{n} answer(s) written out as labels or in another spelling became codes ({names})", n, None, file)  # fmt: skip


def _one_codebook(kept: list) -> Codebook:
    """The codebook with the labels of all files; two files that name one code differently are refused."""
    book = kept[0][1].codebook
    update = {}
    for name, column in book.columns.items():
        labels = dict(column.labels)
        for file, part, _ in kept[1:]:
            theirs = part.codebook.columns[name].labels
            if clash := differing(labels, theirs):
                code, one, other = clash[0]
                raise InputError(
                    "two files of one wave give a code different labels",
                    where=f"{file}, column {name!r}",
                    found=f"{code} = {other!r}, and {one!r} in {kept[0][0].name}",
                    action="Find out which file is right; declare the labels in the codebook, and recode the other with 'derive'.",
                )
            labels = theirs | labels
        if len(labels) != len(column.labels):
            update[name] = column.model_copy(update={"labels": labels})
    return book.model_copy(update={"columns": {**book.columns, **update}}) if update else book


def _not_available(column: Column, n: int) -> pd.Series:
    if column.separator or column.role == "date":
        return pd.Series([None] * n, dtype=TEXT)
    counted = column.role in (*SCALED, "measure", "weight", "number", "multiple")
    if counted or (column.role == "rank" and not column.labels):
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
