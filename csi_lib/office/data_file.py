"""The cleaned answers of one agency and wave as an SPSS file, without anything that names a person."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.intake.coding import MISSING
from csi_lib.office.withheld import Withheld, blurred_weights, members
from csi_lib.report.office_text import xml_text
from csi_lib.study.codebook import Codebook, Column
from csi_lib.survey.questions import spread
from csi_lib.survey.reading import Survey

#: roles that are delivered; identifiers and contacts never get this far, quasi-identifiers and free text stay behind
DELIVERED = ("weight", "design", "group", "item", "importance", "single", "multiple", "rank", "number", "measure")
_RESERVED = {"all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"}
_LONGEST_LABEL, _LONGEST_VALUE, _LONGEST_NAME = 255, 119, 64  # bytes, as SPSS counts them
_TEXT = {"ko": {"missing": "응답 없음", "withheld": "비공개(작은 집단)", "agency": "기관", "year": "연도", "final": "최종 가중치",
                "weight": "가중치", "design": "표본설계"},
         "en": {"missing": "No answer", "withheld": "Withheld (small groups)", "agency": "Agency", "year": "Year",
                "final": "Final weight", "weight": "Weight", "design": "Sampling design"}}  # fmt: skip
_MOST_MISSING = 3  # user-missing codes of a variable
_WEIGHT_AT = 76  # offset of the weight variable's index in the header of a .sav file


@dataclass(frozen=True, eq=False)
class DataFile:
    """Columns of the file: `frame` as written, and of each the `name`s, labels, codes and user-missing codes.

    ``names`` is codebook column → variable; ``codes`` variable → {code in the file: label}; ``missing`` variable → codes
    that mean "no answer"; ``left_out`` the columns that stay behind, with their roles.
    """

    frame: pd.DataFrame
    names: dict[str, str]
    labels: dict[str, str]
    codes: dict[str, dict]
    missing: dict[str, list]
    measures: dict[str, str]
    left_out: dict[str, str]
    weight: str | None


def data_file(
    survey: Survey, status: pd.DataFrame, *, lang: str, place: str = "", withheld: Withheld = MappingProxyType({})
) -> DataFile:
    """What is delivered of `survey`.

    Parameters
    ----------
    survey : answers of one agency and wave.
    status : what became of every answer (`csi_lib.survey.reading.answer_status`).
    place : name of the agency, label of its code.
    withheld : groups that the public edition hides (`csi_lib.office.withheld`): one user-missing value for all of a
        variable. Their members have no strata, clusters and first weights, which would name the group.

    Notes
    -----
    Items keep their original codes, as they were answered (scores of reverse-coded ones are turned in the reports
    only); a declared "no answer" keeps its code as user-missing, a
    blank or an undeclared answer is system-missing. A group whose codes are texts is numbered 1, 2, … in codebook order.
    Rows are ordered by their content, so that the file says nothing about the order of the respondents.
    """
    survey = spread(survey)
    book, year, words = survey.codebook, survey.year, _TEXT[lang]
    chosen = [c for role in DELIVERED for c in book.of_role(role) if c in survey.frame]
    chosen = [c for c in chosen if survey.frame[c].notna().any()]
    weight = survey.design_columns["weights"]
    # the weight comes first: that is where the header of the file points to
    chosen = ([weight] if weight in survey.frame else []) + [c for c in chosen if c != weight]
    names = _names([*chosen, "agency", "year"])
    columns, labels, codes, missing, measures = {}, {}, {}, {}, {}
    gone = {name: members(survey, withheld, name) for name in withheld if name in chosen}
    anyone = np.logical_or.reduce([np.zeros(survey.n, bool), *gone.values()])
    for name in chosen:
        variable = names[name]
        if name not in book.columns:  # the weight that a declared weighting made
            columns[variable] = blurred_weights(survey, withheld, survey.frame[name])
            labels[variable] = words["final"]
            codes[variable], measures[variable] = {}, "scale"
            continue
        column, own = book.columns[name], _codes(book, name, survey.frame[name], lang)
        values = _values(survey.answers(name) if column.reverse else survey.frame[name], own)
        gaps = _declared(column, year, values)
        if gaps and name in status:
            values = values.mask((status[name].to_numpy() == MISSING) & values.isna().to_numpy(), gaps[0])
        if name == weight:
            values = blurred_weights(survey, withheld, values)
        elif column.role in ("design", "weight"):
            values = values.mask(anyone, np.nan if pd.api.types.is_numeric_dtype(values) else "")
        apart = min([0.0, *(code for code, _, _ in own), *gaps]) - 1
        if name in gone:
            values = values.mask(gone[name], apart if len(gaps) < _MOST_MISSING else np.nan)
        columns[variable] = values
        labels[variable] = _bytes(_label(column, lang, book), _LONGEST_LABEL)
        codes[variable] = {code: _bytes(text, _LONGEST_VALUE) for code, text, _ in own}
        if gaps:
            missing[variable] = gaps
            codes[variable] |= dict.fromkeys(gaps, words["missing"])
        if name in gone and len(gaps) < _MOST_MISSING:
            missing[variable] = [*gaps, apart]
            codes[variable] |= {apart: words["withheld"]}
        measures[variable] = _MEASURES.get(column.role, "scale")
    agency, when = names["agency"], names["year"]
    columns[agency], columns[when] = (
        pd.Series([survey.agency or ""] * survey.n),
        pd.Series(float(year), range(survey.n)),
    )
    labels |= {agency: words["agency"] + (f": {_bytes(place, 150)}" if place else ""), when: words["year"]}
    measures |= {agency: "nominal", when: "scale"}
    frame = pd.DataFrame(columns)
    order = sorted(frame.columns[frame.dtypes.map(pd.api.types.is_numeric_dtype)], key=lambda c: c == names.get(weight))
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    left = {n: c.role for n, c in book.columns.items() if n not in names}
    return DataFile(frame, names, labels, codes, missing, measures, left, names.get(weight))


#: level of measurement by role; anything else is a number
_MEASURES = {
    "item": "ordinal",
    "importance": "ordinal",
    "group": "nominal",
    "single": "nominal",
    "multiple": "nominal",
    "rank": "nominal",
}


def write_sav(data: DataFile, path: Path, *, title: str) -> Path:
    """`data` as an SPSS system file with variable and value labels, user-missing values and its weight variable.

    Raises InputError where SPSS has no room for what the codebook declares.
    """
    import pyreadstat

    for variable, gaps in data.missing.items():
        if len(gaps) > _MOST_MISSING:
            raise InputError("SPSS takes at most three user-missing codes", where=f"variable {variable}",
                             found=", ".join(map(str, gaps)), action="Map the codes to three in the codebook")  # fmt: skip
    numeric = {v for v in data.frame if pd.api.types.is_numeric_dtype(data.frame[v])}
    pyreadstat.write_sav(
        data.frame, str(path), file_label=_bytes(title, 63), column_labels=data.labels,
        variable_value_labels={v: c for v, c in data.codes.items() if c and v in numeric},
        missing_ranges=data.missing, variable_measure=data.measures,
        variable_format={v: _format(data.frame[v]) for v in numeric}, row_compress=True,
    )  # fmt: skip
    _settle(path, weighted=data.weight is not None)
    return path


def _settle(path: Path, *, weighted: bool) -> None:
    """The header without the moment of writing, and with the weight: the first variable of the file."""
    content = bytearray(path.read_bytes())
    if content[:4] != b"$FL2":
        raise RuntimeError("this is no SPSS system file")
    content[92:101], content[101:109] = b"01 Jan 00", b"00:00:00"
    if weighted:
        content[_WEIGHT_AT : _WEIGHT_AT + 4] = struct.pack("<i", 1)
    path.write_bytes(bytes(content))


# ---------------------------------------------------------------------- columns
def _names(columns: list[str]) -> dict[str, str]:
    """Names that SPSS accepts: a letter first, letters, digits and _, at most 64 bytes, none twice."""
    out, taken = {}, set(_RESERVED)
    for column in columns:
        base = re.sub(r"[^\w]", "_", xml_text(column)).strip("_") or "v"
        base = base if base[0].isalpha() else f"v_{base}"
        name, number = _bytes(base, _LONGEST_NAME), 2
        while name.casefold() in taken:
            suffix = f"_{number}"
            name, number = _bytes(base, _LONGEST_NAME - len(suffix)) + suffix, number + 1
        taken.add(name.casefold())
        out[column] = name
    return out


def _label(column: Column, lang: str, book: Codebook) -> str:
    label = column.label.text(lang) if column.label else _TEXT[lang].get(column.role, column.name)
    if column.set is not None:  # the question, then what the column stands for
        whole = book.sets[column.set].label.text(lang)
        return whole if whole == label else f"{whole}: {label}"
    question = column.question.text(lang) if column.question else ""
    return f"{label}: {question}" if question and question != label else label


def _codes(book: Codebook, name: str, values: pd.Series, lang: str) -> list[tuple[float, str, object]]:
    """(code in the file, label, codebook's code) of a column with labels; texts are numbered."""
    if book.columns[name].role == "multiple":
        no, yes = ("아니요", "예") if lang == "ko" else ("No", "Yes")
        return [(0.0, no, 0.0), (1.0, yes, 1.0)]
    declared = dict(book.code_labels(name, lang))
    if isinstance(values.dtype, pd.CategoricalDtype):
        declared = {c: declared.get(c, str(c)) for c in values.cat.categories}
    numeric = all(isinstance(c, (int, float)) for c in declared)
    return [(float(c) if numeric else float(i), label, c) for i, (c, label) in enumerate(declared.items(), 1)]


def _values(values: pd.Series, codes: list) -> pd.Series:
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = {own: code for code, _, own in codes}
        return pd.Series([np.nan if pd.isna(v) else known[v] for v in values.astype(object)], dtype=float)
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    return pd.Series(["" if pd.isna(v) else str(v) for v in values])


def _declared(column: Column, year: int | None, values: pd.Series) -> list[float]:
    """Numeric "no answer" codes of a wave that are no answers of this column."""
    if not pd.api.types.is_numeric_dtype(values):
        return []
    found = []
    for code in column.missing_in(year):
        try:
            found.append(float(code))
        except ValueError:
            continue
    return [c for c in dict.fromkeys(found) if not (values == c).any()]


def _format(values: pd.Series) -> str:
    whole = values.dropna()
    digits = 0 if (whole == whole.round()).all() else 4
    width = max(2, len(f"{whole.abs().max():.0f}") if len(whole) else 2) + (digits + 1 if digits else 0)
    return f"F{min(40, max(width + 1, 4))}.{digits}" if digits else f"F{min(40, width)}.0"


def _bytes(text: str, most: int) -> str:
    """At most `most` bytes of UTF-8, cut between characters."""
    clean = " ".join(xml_text(text).split())
    if len(clean.encode()) <= most:
        return clean
    return clean.encode()[: most - 3].decode(errors="ignore").rstrip() + "…"
