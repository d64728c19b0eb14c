"""The agencies of a study, from ``agencies.yml`` or ``agencies.csv``.

An agency's `id` is the only thing used in paths; its name is data and may hold anything.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from csi_lib.errors import InputError
from csi_lib.study.base import Label, Part, Several
from csi_lib.study.yaml_file import YamlFile, raise_together

AGENCY_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"


class Agency(Part):
    """One body. ``type`` is its peer group; ``years`` the waves it took part in (all where absent).

    ``consolidated`` says that its figures contain the answers of the bodies whose ``parent`` it is, at every depth.
    """

    id: Annotated[str, Field(pattern=AGENCY_ID)]
    name: Label
    type: str | None = None
    parent: str | None = None
    consolidated: bool = False
    size: str | None = None
    region: str | None = None
    population: float | None = Field(default=None, ge=0)
    attributes: dict[str, Any] = {}
    merged_from: Several[str] = ()
    years: Several[int] | None = None

    def took_part(self, year: int) -> bool:
        return self.years is None or year in self.years


class AgencyFile(Part):
    """``agencies.yml``: the agencies, and the labels of their types, sizes and regions."""

    types: dict[str, Label] = {}
    sizes: dict[str, Label] = {}
    regions: dict[str, Label] = {}
    agencies: tuple[Agency, ...] = Field(min_length=1)


def read_agencies(folder: Path) -> AgencyFile:
    """The agencies declared in `folder`."""
    yml, table = folder / "agencies.yml", folder / "agencies.csv"
    if yml.exists() or not table.exists():
        if not yml.exists():
            raise InputError(
                "the study has neither agencies.yml nor agencies.csv",
                where=str(folder),
                action="Add one; `csi new` writes an example.",
            )
        file = YamlFile(yml)
        declared = file.validate(AgencyFile)
        raise_together(
            file.error(problem, "agencies", index, **parts) for index, problem, parts in _faults(declared.agencies)
        )
        return declared
    return _from_csv(table)


def _from_csv(path: Path) -> AgencyFile:
    """Rows of a table: ``id, name_ko, name_en, type, parent, …``; further columns become attributes."""
    agencies, errors = [], []
    known = set(Agency.model_fields) - {"name", "attributes"}
    named = ("name", "name_ko", "name_en")
    # the reader of all files belongs to a later layer and is named here, so that this one need not import it
    rows, lines = import_module("csi_lib.intake.lists").read_list(path, ("id",), (*sorted(known - {"id"}), *named), others=True,
                                                                  what="table of agencies")  # fmt: skip
    for number, row in zip(lines, rows, strict=True):
        fields: dict[str, Any] = {key: value for key, value in row.items() if key in known and value}
        name = {lang: row.get(f"name_{lang}") for lang in ("ko", "en") if row.get(f"name_{lang}")}
        fields["name"] = name or row.get("name", "")
        for several in ("merged_from", "years"):
            if several in fields:
                fields[several] = [part.strip() for part in fields[several].split(";")]
        fields["attributes"] = {
            key: value for key, value in row.items() if key not in known | {"name", "name_ko", "name_en"} and value
        }
        try:
            agencies.append(Agency.model_validate(fields))
        except ValueError as error:
            first = error.errors()[0] if hasattr(error, "errors") else {"msg": str(error), "loc": ("?",)}
            errors.append(
                InputError(
                    "this agency cannot be used",
                    where=f"{path}:{number}",
                    found=f"{first['loc'][0]} = {fields.get(first['loc'][0])!r}",
                    expected=first["msg"],
                )
            )
    errors += [
        InputError(problem, where=f"{path}:{lines[index]}", **parts) for index, problem, parts in _faults(agencies)
    ]
    if not agencies and not errors:
        errors.append(InputError("this table lists no agency", where=str(path)))
    raise_together(errors)
    return AgencyFile(agencies=tuple(agencies))


def _faults(agencies):
    """Ids used twice and parents that do not exist: (index, problem, more words)."""
    ids = [agency.id for agency in agencies]
    for index, agency in enumerate(agencies):
        if agency.id in ids[:index]:
            yield index, "this agency id stands twice", {"found": repr(agency.id)}
        if agency.parent and agency.parent not in ids:
            yield (
                index,
                "the parent agency is not listed",
                {"found": repr(agency.parent), "expected": f"one of {', '.join(ids)}"},
            )
