"""The files a draft is made of: answers, the questionnaires beside them, and which wave and body each sheet is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csi_lib.draft.header import sheet_of
from csi_lib.draft.platforms import is_xlsform, read_lss, read_qsf, read_xlsform
from csi_lib.draft.questionnaire import Asked, described
from csi_lib.draft.sheet import ANSWERS, MOST_COLUMNS, RawSheet, read_grids, read_labelled
from csi_lib.draft.triple_s import is_triple_s, read_triple_s
from csi_lib.errors import InputError

_YEAR = re.compile(r"(?<!\d)(19[89]\d|20\d\d)(?!\d)")
_PROFILES = {".qsf": "qualtrics", ".lss": "limesurvey"}


@dataclass(frozen=True)
class Given:
    """A sheet of answers, its wave and why, and the name of the body it is about ("" = the rows say, or there is one)."""

    sheet: RawSheet
    year: int | None
    year_reason: str
    part: str = ""


def read_files(paths: Sequence[Path]) -> list[Given]:
    """The sheets of answers among `paths`, each with what the questionnaires among them say.

    Raises InputError for a file that does not exist, is of an unknown kind, holds no answers, or far more columns than a
    questionnaire has.
    """
    for path in paths:
        if not path.exists():
            raise InputError("this file does not exist", where=str(path))
    sheets: list[RawSheet] = []
    questions: list[Asked] = []
    profile = ""
    paired = {
        p
        for path in paths
        if path.suffix.lower() in (".sss", ".xml") and is_triple_s(path)
        for p in _data_of(path, paths)
    }
    for path in paths:
        suffix = path.suffix.lower()
        if suffix == ".qsf":
            questions, profile = [*questions, *read_qsf(path)], "qualtrics"
        elif suffix == ".lss":
            questions, profile = [*questions, *read_lss(path)], "limesurvey"
        elif suffix in (".sss", ".xml") and is_triple_s(path):
            sheets.append(read_triple_s(path))
        elif path in paired:
            continue
        elif suffix in (".sav", ".zsav", ".parquet"):
            sheets.append(read_labelled(path))
        elif suffix in ANSWERS:
            grids = read_grids(path)
            if suffix == ".xlsx" and grids and is_xlsform(grids):
                questions, profile = [*questions, *read_xlsform(grids)], "xlsform"
            else:
                sheets += _answers(path, grids)
        else:
            raise InputError("files of this kind cannot be read", where=str(path), found=repr(path.suffix),
                             expected=f"one of {', '.join((*ANSWERS, '.qsf', '.lss', '.sss'))}")  # fmt: skip
    if not sheets:
        raise InputError("no file of answers was given", where=", ".join(map(str, paths)),
                         expected=f"one of {', '.join(ANSWERS)}", action="Give the export of the answers too.")  # fmt: skip
    for sheet in sheets:
        if len(sheet.columns) > MOST_COLUMNS:
            raise InputError("this file has far more columns than a questionnaire", where=str(sheet.file),
                             found=f"{len(sheet.columns):,} columns", expected=f"at most {MOST_COLUMNS:,}",
                             action="Keep the columns of the survey; a file joined from many sources is split first.")  # fmt: skip
    if questions:
        sheets = [described(sheet, questions, profile) for sheet in sheets]
    return _placed(sheets)


def _data_of(definition: Path, paths: Sequence[Path]) -> list[Path]:
    return [p for p in paths if p != definition and p.stem.casefold() == definition.stem.casefold()]


def _answers(path: Path, grids) -> list[RawSheet]:
    """The sheets of a workbook that are tables of answers: one, or several with the same columns."""
    found, errors = [], []
    for grid in grids:
        try:
            found.append(sheet_of(grid))
        except InputError as error:
            errors.append(error)
    if not found:
        raise errors[0] if errors else InputError("this file holds no table of answers", where=str(path))
    largest = max(found, key=lambda s: len(s.columns) * s.n)
    names = {c.name.casefold() for c in largest.columns}
    alike = [
        s for s in found if len(names & {c.name.casefold() for c in s.columns}) >= 0.5 * max(len(names), len(s.columns))
    ]
    others = [s.sheet for s in found if s not in alike]
    notes = (f"sheets without the columns of the largest were left out: {', '.join(others)}",) if others else ()
    return [s.with_columns(s.columns, notes=(*s.notes, *notes)) for s in alike]


def _placed(sheets: list[RawSheet]) -> list[Given]:
    """Which year each sheet is about, and whose it is when several are about one year."""
    names = [s.sheet or s.file.stem for s in sheets]
    if len({s.file for s in sheets}) > 1:
        names = [
            s.file.stem if sum(o.file == s.file for o in sheets) == 1 else f"{s.file.stem} {s.sheet}" for s in sheets
        ]
    given = []
    for sheet, _name in zip(sheets, names, strict=True):
        in_sheet, in_file = _YEAR.findall(sheet.sheet), _YEAR.findall(sheet.file.name)
        if in_sheet:
            given.append(Given(sheet, int(in_sheet[-1]), f"the sheet is called {sheet.sheet!r}"))
        elif in_file:
            given.append(Given(sheet, int(in_file[-1]), f"the file is called {sheet.file.name!r}"))
        else:
            year = _year_of_dates(sheet)
            given.append(Given(sheet, year, "most dates in the file are of this year" if year else ""))
    if len(sheets) > 1:
        parts = [_part(name) for name in names]
        years = Counter(g.year for g in given)
        if max(years.values()) > 1:  # several of one year: they are about different bodies
            given = [Given(g.sheet, g.year, g.year_reason, part) for g, part in zip(given, parts, strict=True)]
    return given


def _part(name: str) -> str:
    """What a file's or sheet's name says beside the year."""
    return re.sub(r"[\s_\-.]+", " ", _YEAR.sub(" ", name)).strip()


def _year_of_dates(sheet: RawSheet) -> int | None:
    """The year in which most of the first date column falls."""
    for column in sheet.columns[:60]:
        sample = [v for v in column.values.head(400) if v]
        found = [m[0] for v in sample if (m := re.match(r"^(20\d\d)[-/.]\s?\d{1,2}[-/.]\s?\d{1,2}", v))]
        found += [m[1] for v in sample if (m := re.match(r"^\d{1,2}[-/.]\d{1,2}[-/.](20\d\d)\b", v))]
        if sample and len(found) > 0.8 * len(sample):
            return int(Counter(y[:4] for y in found).most_common(1)[0][0])
    return None
