"""How a source's answers are weighted to the population: declared in study.yml, targets there or in a file beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import Part, Several, collisions, number_in
from csi_lib.study.limits import inside
from csi_lib.study.yaml_file import YamlFile

if TYPE_CHECKING:  # imported where it is used: a run with nothing to do reads studies and no table
    import pandas as pd

#: columns of a table of targets, and those it must have
_COLUMNS = ("agency", "year", "variable", "category", "target")
_NEEDED = ("variable", "category", "target")


def _keys_as_text(value):
    if not isinstance(value, dict):
        return value
    for one, other in collisions(value):
        raise ValueError(f"the same category stands twice: {one!r} and {other!r}")
    return {str(k): v for k, v in value.items()}


def _blocks(value):
    """One mapping of margins stands for a list with one block, which holds for every agency and year."""
    return [{"margins": value}] if isinstance(value, dict) else value


#: category → total or share; a bare number is the total of a numeric column
Totals = Annotated[dict[str, Annotated[float, Field(ge=0)]], BeforeValidator(_keys_as_text)]


class Block(Part):
    """Margins of the population; without `agency` or `year` they hold for all that have no block of their own."""

    agency: str | None = None
    year: int | None = None
    margins: dict[str, Totals | float] = Field(min_length=1)


class TargetsFile(Part):
    """A YAML file of targets."""

    targets: Annotated[list[Block], BeforeValidator(_blocks)]


Targets = str | Annotated[list[Block], BeforeValidator(_blocks)]


class NonResponse(Part):
    """Respondents stand for all that were approached in their class: their weights × approached/answered."""

    classes: Several[str] = Field(min_length=1)
    sampled: Targets = Field(description="people approached in each class: a file, or the numbers")
    minimum: int = Field(10, ge=1, description="fewest respondents a class may have")


class WeightingPlan(Part):
    """``weighting`` of a source. The weights start from ``design.weights`` (1 without), and go in this order:
    non-response classes, then the margins of the population, then limits.

    A margin is a column of the codebook, or several joined by a colon (``sex:age``, with categories such as ``1:3``).
    """

    method: Literal["raking", "post-stratification", "linear", "logit"] = "raking"
    targets: Targets | None = Field(None, description="population totals or shares: a CSV or YAML file, or the numbers")
    nonresponse: NonResponse | None = None
    bounds: tuple[float, float] | None = Field(None, description="limits of final over starting weight")
    trim: tuple[float, float] | None = Field(
        None, description="limits of the final weights, in multiples of their mean"
    )
    tolerance: float = Field(1e-10, gt=0)
    max_iterations: int = Field(1000, ge=1)

    @model_validator(mode="after")
    def _complete(self):
        if self.targets is None and self.nonresponse is None:
            raise ValueError("a weighting needs `targets`, `nonresponse`, or both")
        if self.method == "logit" and self.bounds is None:
            raise ValueError("logit calibration needs `bounds`, e.g. [0.3, 3]")
        if self.method == "post-stratification" and self.bounds is not None:
            raise ValueError("post-stratification knows no `bounds`; use method raking or logit")
        for name in ("bounds", "trim"):
            limits = getattr(self, name)
            if limits is not None and not 0 <= limits[0] < 1 < limits[1]:
                raise ValueError(f"the limits of `{name}` must lie around 1")
        return self


def target_table(targets: Targets, folder: Path) -> pd.DataFrame:
    """Targets as rows ``agency year variable category target`` (None where they hold for all; category None for the total
    of a numeric column), in ``.attrs["path"]`` where they stand."""
    import pandas as pd

    path = None
    if isinstance(targets, str):
        path = inside(folder, targets, where="study.yml: weighting > targets")
        if path.suffix in (".yml", ".yaml"):
            targets = YamlFile(path).validate(TargetsFile).targets
        else:
            return _read_csv(path)
    rows = [
        (block.agency, block.year, variable, category, float(total))
        for block in targets
        for variable, margin in block.margins.items()
        for category, total in (margin.items() if isinstance(margin, dict) else [(None, margin)])
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS).astype({"agency": object, "year": object, "category": object})
    table.attrs["path"] = str(path) if path else "study.yml"
    return table


def _total(text: str) -> float:
    """A number, with or without thousands separators; NaN for anything else (``4,5`` is no number here)."""
    found = number_in(text.replace(",", "") if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text) else text)
    return float("nan") if found is None else found


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        near = nearest(path.name, [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else [])
        raise InputError("the file of targets does not exist", where=str(path),
                         action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    # the reader of all files belongs to a later layer and is named here, so that this one need not import it
    read_list = import_module("csi_lib.intake.lists").read_list
    rows, lines = read_list(path, _NEEDED, [c for c in _COLUMNS if c not in _NEEDED], what="table of targets")
    raw = pd.DataFrame(
        rows, columns=[c for c in _COLUMNS if c in _NEEDED or any(c in row for row in rows)], dtype=object
    )
    number = raw["target"].map(_total).astype(float)
    year = pd.to_numeric(raw["year"], errors="coerce") if "year" in raw else pd.Series(float("nan"), raw.index)
    for row in raw.index:
        where = f"{path}:{lines[row]}"
        if not number[row] >= 0:
            raise InputError("a target is a number from 0 up", where=where, found=repr(raw.loc[row, "target"]))
        if "year" in raw and raw.loc[row, "year"] and pd.isna(year[row]):
            raise InputError("this is not a year", where=where, found=repr(raw.loc[row, "year"]))
    given = lambda column: [v or None for v in raw[column]] if column in raw else [None] * len(raw)
    table = pd.DataFrame({
        "agency": pd.Series(given("agency"), dtype=object),
        "year": pd.Series([None if pd.isna(y) else int(y) for y in year], dtype=object),
        "variable": raw["variable"], "category": pd.Series(given("category"), dtype=object),
        "target": number.astype(float),
    })  # fmt: skip
    table.attrs["path"] = str(path)
    return table


def margins_for(table: pd.DataFrame, agency: str | None, year: int | None) -> dict[str | tuple, dict | float]:
    """The margins of one agency and wave: of every variable the block that names most of both."""

    fits = table[[_fits(a, agency) and _fits(y, year) for a, y in zip(table["agency"], table["year"], strict=True)]]
    margins: dict[str | tuple, dict | float] = {}
    for variable, rows in fits.groupby("variable", sort=False):
        special = 2 * rows["agency"].notna() + rows["year"].notna()
        rows = rows[special == special.max()]
        names = tuple(part.strip() for part in variable.split(":"))
        if rows["category"].isna().all():
            margins[variable] = float(rows["target"].iloc[0])
            continue
        if rows["category"].duplicated().any():
            twice = rows.loc[rows["category"].duplicated(), "category"].iloc[0]
            raise InputError("a category has two targets", where=table.attrs["path"], found=f"{variable} = {twice}")
        totals = dict(zip(rows["category"], rows["target"].astype(float), strict=True))
        if len(names) > 1:
            totals = {tuple(part.strip() for part in text.split(":")): total for text, total in totals.items()}
        margins[names if len(names) > 1 else variable] = totals
    return margins


def _fits(declared, asked) -> bool:
    return declared is None or str(declared) == str(asked)


def weighting_faults(file: YamlFile, name: str, source, codebook, agencies: list[str], years) -> Iterator[InputError]:
    """What the targets of a source name and nobody knows: columns, categories, agencies, years."""
    plan = source.weighting
    if plan is None:
        return
    parts = [("targets", plan.targets, None)]
    if plan.nonresponse is not None:
        parts.append(("nonresponse", plan.nonresponse.sampled, set(plan.nonresponse.classes)))
    for part, targets, only in parts:
        if targets is None:
            continue
        try:
            table = target_table(targets, file.path.parent)
        except InputError as error:
            yield error
            continue
        where = file.where("sources", name, "weighting", part)
        place = where if table.attrs["path"] == "study.yml" else table.attrs["path"]
        for variable in table["variable"].unique():
            columns = [c.strip() for c in variable.split(":")]
            yield from _column_faults(columns, codebook, place, only)
            categories = table.loc[table["variable"] == variable, "category"]
            if all(c in codebook.columns for c in columns):
                yield from _category_faults(columns, categories, codebook, place, variable)
        for column, known in (("agency", agencies), ("year", [str(y) for y in years])):
            for value in {str(v) for v in table[column] if v is not None} - set(known):
                near = nearest(value, known)
                yield InputError(f"the targets name a {column} that the study has not", where=place, found=repr(value),
                                 action=f"Did you mean {near!r}?" if near else None)  # fmt: skip


def _column_faults(columns, codebook, place, only) -> Iterator[InputError]:
    for column in columns:
        if column not in codebook.columns:
            near = nearest(column, codebook.columns)
            yield InputError("the codebook has no such column", where=place, found=repr(column),
                             action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    if only is not None and set(columns) != only:
        yield InputError("the numbers approached are given for other classes", where=place, found=":".join(columns),
                         expected=":".join(sorted(only)))  # fmt: skip


def _category_faults(columns, categories, codebook, place, variable) -> Iterator[InputError]:
    if categories.isna().any():
        if not categories.isna().all():
            yield InputError("a target without a category is the total of a numeric column", where=place, found=variable,
                             action="Give every row of this variable a category.")  # fmt: skip
        return
    for category in categories.unique():
        parts = [p.strip() for p in category.split(":")] if len(columns) > 1 else [category]
        if len(parts) != len(columns):
            yield InputError("a category of a cross needs one part for every column", where=place,
                             found=f"{variable} = {category}", expected=f"{len(columns)} codes joined by ':'")  # fmt: skip
            continue
        for column, code in zip(columns, parts, strict=True):
            labels = [str(c) for c in codebook.columns[column].labels]
            if labels and code not in labels:
                yield InputError("the targets name a category that the codebook has not", where=place,
                                 found=f"{column} = {code}", expected=", ".join(labels[:12]))  # fmt: skip
