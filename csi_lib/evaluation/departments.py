"""Departments of an office: their names, and what became of those that were merged."""

from __future__ import annotations

import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import Label, Part, Several


class Department(Part):
    """One department; ``merged_into`` another ``since`` a year on: its records of that year count there.

    ``names`` are other spellings in the files (its id and labels are known anyway); ``staff`` how many people work there.
    """

    label: Label
    names: Several[str] = ()
    staff: int | None = Setting(default=None, ge=0)
    merged_into: str | None = None
    since: int | None = None

    @model_validator(mode="after")
    def _both(self):
        if (self.merged_into is None) != (self.since is None):
            raise ValueError("a merged department says into which ('merged_into') and from which year ('since')")
        return self


class DepartmentsFile(Part):
    """``departments.yml``: id → department, in the order of tables.

    A department with fewer than ``min_staff`` people is left out of the public edition: its score is that of a person.
    """

    min_staff: int = Setting(default=3, ge=1)
    departments: dict[str, Department]

    @model_validator(mode="after")
    def _known(self):
        for id, department in self.departments.items():
            seen = {id}
            while department.merged_into is not None:
                target = department.merged_into
                if target not in self.departments:
                    raise ValueError(f"{id} is merged into {target!r}, which is no department")
                if target in seen:
                    raise ValueError(f"{id} is merged into itself by way of {target}")
                seen.add(target)
                department = self.departments[target]
        return self

    def in_year(self, id: str, year: int) -> str:
        """The department to which records of `id` belong in `year`."""
        department = self.departments[id]
        while department.merged_into is not None and year >= department.since:
            id = department.merged_into
            department = self.departments[id]
        return id

    def existing(self, year: int) -> list[str]:
        """Departments of a year, merged ones left out."""
        return [id for id in self.departments if self.in_year(id, year) == id]

    def label(self, id: str, lang: str) -> str:
        return self.departments[id].label.text(lang)

    def tiny(self, year: int) -> set[str]:
        """Departments of a year with fewer than ``min_staff`` people, those merged into them counted."""
        staff: dict[str, int] = {}
        for id, department in self.departments.items():
            if department.staff is not None:
                here = self.in_year(id, year)
                staff[here] = staff.get(here, 0) + department.staff
        return {id for id, n in staff.items() if n < self.min_staff}

    def placed(self, frame: pd.DataFrame, year: int) -> pd.DataFrame:
        """`frame` with ``department`` replaced by the department of the year; an unknown one is an error."""
        spelled = {}
        for id, department in self.departments.items():
            for name in (id, department.label.ko, department.label.en, *department.names):
                if name:
                    spelled.setdefault(name.casefold(), id)
        wanted = frame["department"].dropna().unique()
        unknown = [d for d in wanted if d.casefold() not in spelled]
        if unknown:
            near = nearest(unknown[0], self.departments)
            raise InputError("this department is not in departments.yml", found=", ".join(sorted(unknown)[:5]),
                             expected=", ".join(list(self.departments)[:12]), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
        place = {d: self.in_year(spelled[d.casefold()], year) for d in wanted}
        return frame.assign(department=frame["department"].map(place).astype("str"))
