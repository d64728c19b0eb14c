"""A survey made of a plain table: an academic's own data meet a codebook without a study on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from pydantic import ValidationError

from csi_lib.errors import InputError, nearest
from csi_lib.intake.cells import Cells
from csi_lib.intake.coding import Coder, labels_of
from csi_lib.measure.frames import as_frame, column_or_values, one_column, refuse_repeated
from csi_lib.study.base import written
from csi_lib.study.codebook import Codebook
from csi_lib.survey.quality import examine
from csi_lib.survey.reading import Survey

_PRIVATE = ("id", "contact")


def survey_of(
    data, codebook=None, *, scale: tuple[float, float] | None = None, items: Sequence[str] | None = None,
    groups: Sequence[str] = (), weights=None, strata=None, clusters=None, fpc=None, lonely: str = "adjust",
    agency: str = "frame", year: int | None = None,
) -> Survey:  # fmt: skip
    """See `Survey.from_frame`."""
    frame = as_frame(data, where="frame", prefix=None)
    refuse_repeated(frame.columns, where="frame")
    book = _codebook(codebook, frame, scale, items, groups)
    n, then = len(frame), 0 if year is None else int(year)
    if not n:
        raise InputError("the frame has no rows", where="frame")
    columns, statuses, labels = {}, {}, {}
    for name, column in book.columns.items():
        source = next((s for s in (name, *column.names_in(year)) if s in frame.columns), None)
        if column.role in _PRIVATE or not column.available_in(year):
            continue
        if source is None:
            near = nearest(name, map(str, frame.columns))
            raise InputError(
                "the frame lacks a column of the codebook",
                where=name,
                action=f"Did you mean {near!r}? Name it under 'names' in the codebook." if near else None,
            )
        coder = Coder(column, book, then)
        coded = coder.code(_cells(one_column(frame, source, where="frame")))
        if coded.undeclared:
            rows = np.concatenate(list(coded.undeclared.values()))
            raise InputError(
                "the codebook does not declare some answers",
                where=name,
                found=f"{len(rows)} rows, the first in row {rows.min()} (counted from 0)",
                action="Declare them as codes, or as missing",
            )
        columns[name], statuses[name] = coded.values, coded.status
        if column.role in ("group", "single") and not column.labels:
            labels[name] = column.model_copy(update={"labels": labels_of(coded.values, coder.labels)})
    book = book.model_copy(update={"columns": {**book.columns, **labels}}) if labels else book
    design = {}
    for role, given in (("weights", weights), ("strata", strata), ("clusters", clusters), ("fpc", fpc)):
        if given is not None:
            design[role] = f"design_{role}"
            columns[design[role]] = column_or_values(frame, given, where=role).reset_index(drop=True)
    plain = pd.DataFrame({"agency": [agency] * n, "year": then, "period": "" if year is None else str(year), **columns})
    none = pd.Series([], dtype=object)
    quality = examine(plain, pd.DataFrame(statuses), none, book, year=then, interviewer=None, files=(),
                      simulated=False, dropped_as="later record dropped")  # fmt: skip
    named = {"weights": None, "strata": None, "clusters": None, "fpc": None, **design, "lonely": lonely}
    return Survey(plain, book, quality, MappingProxyType(named), agency, year, "frame", "frame")


def _cells(column: pd.Series) -> Cells:
    codes, values = pd.factorize(column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column)
    return Cells.encoded(codes, [value if isinstance(value, str) else written(value) for value in values])


def _codebook(given, frame: pd.DataFrame, scale, items, groups) -> Codebook:
    """The codebook given (an object, a file, keys and values), or one of `items` that share a `scale`."""
    if isinstance(given, Codebook):
        return given
    if isinstance(given, str | Path):
        from csi_lib.study.yaml_file import YamlFile

        return YamlFile(Path(given)).validate(Codebook)
    if isinstance(given, Mapping):
        try:
            return Codebook.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            place = " > ".join(map(str, first["loc"]))
            raise InputError(first["msg"], where=f"codebook: {place}" if place else "codebook") from None
    if scale is None:
        raise InputError(
            "nothing says what the columns mean",
            where="codebook",
            expected="a codebook, or scale=(low, high) for items that share one",
            action="For instance Survey.from_frame(df, scale=(1, 5), items=['q1', 'q2'], groups=['sex'])",
        )
    low, high = scale
    names = list(items) if items is not None else [c for c in frame.columns if _on_scale(frame[c], low, high)]
    if unknown := [c for c in (*names, *groups) if c not in frame.columns]:
        raise InputError("no such column", where="items, groups", found=", ".join(map(repr, unknown[:5])))
    columns = {str(c): {"role": "item", "scale": "scale", "label": str(c)} for c in names if c not in set(groups)}
    columns |= {str(c): {"role": "group", "label": str(c)} for c in groups}
    return Codebook.model_validate({"scales": {"scale": {"low": low, "high": high}}, "columns": columns})


def _on_scale(column: pd.Series, low: float, high: float) -> bool:
    """Whether a column holds whole numbers of the scale and nothing else."""
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    values = column.dropna().to_numpy(float)
    return bool(len(values) and (values >= low).all() and (values <= high).all() and (values % 1 == low % 1).all())
