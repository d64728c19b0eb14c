"""What a file of answers holds, as written: a grid of texts, or columns with the labels an SPSS file carries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from csi_lib.intake.bounds import guarded, in_time
from csi_lib.intake.text_file import rows_of_text

#: kinds of file that hold answers
ANSWERS = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")
#: more columns than a questionnaire has: a file of another kind, or one that was joined by mistake
MOST_COLUMNS = 4000


@dataclass(frozen=True, eq=False)
class RawColumn:
    """One column as written.

    values : texts, blank = ""; name : its header; text : the question as the file words it, or "".
    labels : code → label; missing : codes the file itself calls missing; option : the answer that a column of a
    multiple-response question stands for; question : what the columns of one question share; kind : what the platform
    calls it ("multiple", "rank", "single", "item", "text", "number", "date", "id", "contact", "quasi"), or "".
    """

    name: str
    values: pd.Series
    text: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    option: str = ""
    question: str = ""
    kind: str = ""
    asked: str = ""

    @cached_property
    def factor(self) -> tuple[np.ndarray, list[str]]:
        """Position of each cell among the distinct texts, and those texts."""
        codes, texts = pd.factorize(self.values.to_numpy(dtype=object))
        return codes, [str(t) for t in texts]

    @cached_property
    def counted(self) -> pd.Series:
        codes, texts = self.factor
        found = pd.Series(np.bincount(codes, minlength=len(texts)), index=pd.Index(texts, dtype="str"))
        return found.drop("", errors="ignore").sort_values(ascending=False, kind="stable")

    def counts(self) -> pd.Series:
        """How often each answer stands there, blanks left out."""
        return self.counted

    def mapped(self, codes: dict[str, float], most: int | None = None) -> np.ndarray:
        """The cells as numbers by `codes`, anything else NaN; the first `most` rows."""
        at, texts = self.factor
        table = np.array([codes.get(t, np.nan) for t in texts], float)
        return table[at[:most]]


@dataclass(frozen=True, eq=False)
class RawSheet:
    """One table of answers: where it stands, its columns, the platform whose shape it has, and what was noticed."""

    file: Path
    sheet: str
    columns: tuple[RawColumn, ...]
    profile: str = "plain"
    #: whether the file can be read as it is: one header row at the top, no name twice
    plain: bool = True
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def column(self, name: str) -> RawColumn | None:
        return next((c for c in self.columns if c.name == name), None)

    def with_columns(self, columns, **changes) -> RawSheet:
        return replace(self, columns=tuple(columns), **changes)


@dataclass(frozen=True, eq=False)
class Grid:
    """Rows of texts of one sheet of a spreadsheet or of a text file, nothing interpreted."""

    file: Path
    sheet: str
    rows: list[list[str]]
    sheets: int = 1


def as_written(value: object) -> str:
    """A cell as text: a number in its shortest decimal form, a day as ISO, nothing as "".

    >>> as_written(3.0), as_written(0.5), as_written(None)
    ('3', '0.5', '')
    """
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    return str(value).strip()


def read_grids(path: Path) -> list[Grid]:
    """The sheets of a text file or workbook that hold anything; hidden sheets are left out."""
    with guarded(path):
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            return _workbook(path)
        rows = [[cell.strip() for cell in row] for row in rows_of_text(path)]
        return [Grid(path, "", [row for row in rows if row])]


def _workbook(path: Path) -> list[Grid]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    grids = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # what the file says about its own extent is often wrong
        found = in_time(sheet.iter_rows(values_only=True), path)
        rows = [[as_written(cell) for cell in row] for row in found if any(cell is not None for cell in row)]
        rows = [row for row in rows if any(row)]
        if rows:
            grids.append(Grid(path, sheet.title, rows))
    book.close()
    return [replace(grid, sheets=len(grids)) for grid in grids]


def read_labelled(path: Path) -> RawSheet:
    """An SPSS or Parquet file with what it says of its columns."""
    with guarded(path):
        return _labelled(path)


def _labelled(path: Path) -> RawSheet:
    if path.suffix.lower() == ".parquet":
        frame = pd.read_parquet(path)
        return RawSheet(path, "", tuple(RawColumn(str(c), _texts(frame[c])) for c in frame))
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError):
        frame, meta = pyreadstat.read_sav(str(path), user_missing=True, encoding="cp949")
    columns = []
    for name in frame.columns:
        labels = {as_written(k): str(v).strip() for k, v in meta.variable_value_labels.get(name, {}).items()}
        ranges = meta.missing_ranges.get(name, [])
        values = _texts(frame[name])
        missing = [as_written(r["lo"]) for r in ranges if r["lo"] == r["hi"]]
        missing += [v for r in ranges if r["lo"] != r["hi"] for v in [*labels, *values.unique()] if _within(v, r)]
        missing += [as_written(v) for v in meta.missing_user_values.get(name, [])]
        text = (meta.column_names_to_labels.get(name) or "").strip()
        columns.append(RawColumn(name, values, text, labels, tuple(dict.fromkeys(missing))))
    sets = getattr(meta, "mr_sets", None) or {}
    return RawSheet(path, "", tuple(_in_sets(columns, sets)), profile="spss")


def _in_sets(columns: list[RawColumn], sets: dict) -> list[RawColumn]:
    """Columns with the multiple-response sets that the SPSS file itself declares."""
    of = {}
    for name, declared in sets.items():
        dichotomy = declared.get("type") == "D" or declared.get("is_dichotomy")
        for variable in declared.get("variable_list", ()):
            of[variable.casefold()] = (declared.get("label") or name.lstrip("$"), dichotomy)
    out = []
    for column in columns:
        label, dichotomy = of.get(column.name.casefold(), ("", False))
        if label:
            column = replace(
                column,
                question=label,
                kind="multiple" if dichotomy else "rank",
                option=column.text if dichotomy else "",
            )
        out.append(column)
    return out


def _within(text: str, span: dict) -> bool:
    try:
        return span["lo"] <= float(text) <= span["hi"]
    except (TypeError, ValueError):
        return False


def _texts(values: pd.Series) -> pd.Series:
    codes, found = pd.factorize(values, use_na_sentinel=True)
    texts = [*(as_written(v) for v in found.tolist()), ""]
    return pd.Series(np.array(texts, dtype=object)[codes], dtype=object)
