"""Who counts as a customer: types, the list each is drawn from, how much each counts, and the sample that follows."""

from __future__ import annotations

import pandas as pd
from pydantic import field_validator, model_validator

from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field, read_records
from csi_lib.evaluation.systems import system_file, unknown_names
from csi_lib.study.base import Code, Label, Part, written
from csi_lib.study.reading import confidence
from csi_lib.study.references import ColumnName, SourceName
from csi_lib.survey.planning import METHODS, Allocation, allocate, margin_of_error


class CustomerType(Part):
    """One type of customer. ``code`` is its value in the column `by` of the survey; a type without one is asked elsewhere
    (``source``) or not at all (``not_surveyed``: why)."""

    group: str
    label: Label
    definition: Label
    list: Label | None = None
    code: Code | None = None
    source: SourceName | None = None
    not_surveyed: Label | None = None

    @model_validator(mode="after")
    def _asked_somewhere(self):
        ways = [self.code is not None, self.source is not None, self.not_surveyed is not None]
        if sum(ways) != 1:
            raise ValueError("a type has a 'code' in the survey, or another 'source', or says why it is 'not_surveyed'")
        return self


class Criterion(Part):
    """What an amount in ``sectors.criteria`` of the model stands for, with its unit."""

    label: Label


class CustomerDefinitionFile(Part):
    """``customer_definition.yml``."""

    by: ColumnName
    frame: SourceName | None = None
    columns: dict[str, str] = {}
    groups: dict[str, Label]
    types: dict[str, CustomerType]
    criteria: dict[str, Criterion] = {}

    @field_validator("types")
    @classmethod
    def _codes_once(cls, value):
        codes = [written(t.code) for t in value.values() if t.code is not None]
        if len(set(codes)) != len(codes):
            raise ValueError("two types of customers have the same code")
        return value

    @model_validator(mode="after")
    def _groups_known(self):
        for name, kind in self.types.items():
            if kind.group not in self.groups:
                raise ValueError(f"{name}: {kind.group!r} is not among the groups ({', '.join(self.groups)})")
        return self

    def consistent_with(self, study):
        book = study.codebook("customers")
        yield from unknown_names([(self.by, "by")], book.columns)
        if self.by in book.columns:
            codes = [written(c) for c in book.columns[self.by].labels]
            asked = [(written(t.code), f"types > {n} > code") for n, t in self.types.items() if t.code is not None]
            yield from unknown_names(asked, codes)
        named = [(self.frame, "frame"), *((t.source, f"types > {n} > source") for n, t in self.types.items())]
        yield from unknown_names(named, study.sources)

    def check_records(self, study, agency: str, year: int, data=None) -> None:
        """What `csi check` reads: the sampling frame of a wave, where there is one."""
        frame_population(study, agency, year, data=data)


FIELDS = (
    Field("stratum"),
    Field("listed", "number"),
    Field("duplicates", "number", needed=False),
    Field("unusable", "number", needed=False),
)


def read_frame(study, file: CustomerDefinitionFile, agency: str, year: int, *, data=None) -> pd.DataFrame:
    """The sampling frame of one agency: ``stratum listed duplicates unusable population``, a row per stratum.

    population = listed − duplicates − unusable. Raises InputError when a stratum stands twice or nothing is left of it.
    """
    frame = read_records(study, file.frame, FIELDS, agency=agency, year=year, columns=file.columns, data=data)
    if frame.empty:
        raise InputError("the sampling frame has no row", where=f"source {file.frame!r}", found=f"{agency}, {year}")
    frame["stratum"] = frame["stratum"].map(written)
    if study.agency(agency).merged_from:  # the lists of the bodies it was formed from
        numbers = ["listed", "duplicates", "unusable"]
        frame = frame.groupby("stratum", sort=False, as_index=False)[numbers].sum(min_count=1)
    if frame["stratum"].duplicated().any():
        raise InputError("a stratum stands twice in the frame", where=f"source {file.frame!r}",
                         found=str(frame.loc[frame["stratum"].duplicated(), "stratum"].iloc[0]))  # fmt: skip
    out = frame[["stratum", "listed"]].copy()
    for name in ("duplicates", "unusable"):
        out[name] = frame[name].fillna(0).astype(float)
    out["population"] = out["listed"] - out["duplicates"] - out["unusable"]
    if not (out["population"] > 0).all():
        worst = out.loc[out["population"].idxmin()]
        raise InputError("no customers are left in a stratum of the frame", where=f"source {file.frame!r}",
                         found=f"{worst['stratum']}: {worst['listed']:g} listed, {worst['population']:g} left")  # fmt: skip
    return out


def frame_population(study, agency: str, year: int, *, data=None) -> dict[str, float] | None:
    """Customers by cell in the sampling frame of a wave; None where the study has no frame for it."""
    if "customer_definition" not in study.extensions:
        return None
    file = system_file(study, "customer_definition")
    if file.frame is None or not study.source(file.frame).covers(agency, year):
        return None
    frame = read_frame(study, file, agency, year, data=data)
    asked = {written(t.code) for t in file.types.values() if t.code is not None}
    frame = frame[frame["stratum"].isin(asked)]
    return dict(zip(frame["stratum"], frame["population"], strict=True))


def allocations(population: dict[str, float], n: int, sd: dict[str, float], *, minimum: int = 0, power: float = 0.5,
                deff: float = 1.0, ci: float | None = None) -> dict[str, Allocation]:  # fmt: skip
    """The same `n` spread by each rule (proportional, Neyman, power, equal); margins are those of a mean with these `sd`."""
    return {
        method: allocate(
            population, n, method=method, sd=sd, minimum=minimum, power=power, deff=deff, ci=confidence(ci)
        )
        for method in METHODS
    }


def achieved(plan: Allocation, counts: dict[str, int], *, deff: float = 1.0, ci: float | None = None) -> pd.DataFrame:
    """Plan and fieldwork by cell: ``cell population planned achieved share missing margin``.

    share = achieved/planned; margin: error of a share of one half in the cell with its finite population; a cell that nobody
    answered has none. Interviews beyond a cell's population are an error of the frame.
    """
    rows = []
    for line in plan.table.to_dict("records"):
        got = int(counts.get(line["stratum"], 0))
        if got > line["population"]:
            raise InputError("more people answered than the frame has", where=f"cell {line['stratum']}", found=f"{got}",
                             expected=f"at most {line['population']:g}", action="Correct the frame or the type codes")  # fmt: skip
        margin = (
            margin_of_error(got, population=line["population"], deff=deff, ci=confidence(ci)) if got else float("nan")
        )
        rows.append((line["stratum"], line["population"], line["n"], got, got / line["n"] if line["n"] else float("nan"),
                     max(line["n"] - got, 0), margin))  # fmt: skip
    return pd.DataFrame(rows, columns=["cell", "population", "planned", "achieved", "share", "missing", "margin"])
