"""Simulated records of an office, with known truth: what a bundled study shows before there are real files.

``office.yml`` (`OfficeFile`) declares the truth; `office_stand_in` writes the files once into the study's private cache. All
draws preserve the declared means, so an estimate from the records aims at the declared number itself, and tests say so.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
from pydantic import Field as Setting

from csi_lib.errors import InputError
from csi_lib.study.base import Label, Part
from csi_lib.study.keeping import made_folder
from csi_lib.study.location import cache_folder

#: raise when the same declaration gives other records
EDITION = 2


class SheetWorld(Part):
    """Sheets: mean scores (0–100) by department, shifts by agency, channel and round; spreads in points.

    ``items`` shifts single lines of the sheet (the sheet's mean stays); ``item_sd`` is the spread of one item around its
    contact, as a share of its points; ``severity`` how far raters differ (they cancel out); ``shared`` the share of contacts
    that a second rater scores too; ``bonus`` and ``deduction`` the share of sheets that have one.
    """

    level: float = Setting(default=84, gt=0, lt=100)
    departments: dict[str, float] = {}
    agencies: dict[str, float] = {}
    channels: dict[str, float] = {}
    rounds: dict[str, float] = {}
    items: dict[str, float] = {}
    per_person: int = Setting(default=2, ge=1)
    person_sd: float = Setting(default=3, ge=0)
    contact_sd: float = Setting(default=5, ge=0)
    item_sd: float = Setting(default=0.1, ge=0)
    raters: int = Setting(default=3, ge=1)
    severity: float = Setting(default=0, ge=0)
    shared: float = Setting(default=0.25, ge=0, le=1)
    bonus: float = Setting(default=0, ge=0, le=1)
    deduction: float = Setting(default=0, ge=0, le=1)


class CallWorld(Part):
    """Calls: the chance to keep each rule (by department where it differs), to be for an absent colleague, to be picked up."""

    per_person: int = Setting(default=30, ge=1)
    person_sd: float = Setting(default=0.05, ge=0)
    keep: dict[str, float]
    departments: dict[str, dict[str, float]] = {}
    absent: float = Setting(default=0.2, ge=0, le=1)
    picked_up: float = Setting(default=0.8, ge=0, le=1)
    picked_up_departments: dict[str, float] = {}
    unanswered: float = Setting(default=0.03, ge=0, lt=1)


class EmptyMonth(Part):
    """A department and month without cases."""

    department: str
    month: str


class HappyWorld(Part):
    """Happy-calls: cases per department and month, outcomes, mean answers and their shifts by department and month."""

    cases: float = Setting(default=20, ge=0)
    outcomes: dict[str, float]
    unrated: float = Setting(default=0.1, ge=0, le=1)
    items: dict[str, float]
    departments: dict[str, float] = {}
    months: dict[str, float] = {}
    case_sd: float = Setting(default=0.1, ge=0)
    empty: tuple[EmptyMonth, ...] = ()


class RegisterWorld(Part):
    """Praise and complaints per person and year, how often a matter comes back, how apologies are made."""

    praise: float = Setting(default=0.4, ge=0)
    complaint: float = Setting(default=0.2, ge=0)
    departments: dict[str, float] = {}
    repeat: float = Setting(default=0.15, ge=0, le=1)
    apology: float = Setting(default=0.9, ge=0, le=1)
    apology_days: float = Setting(default=1.5, ge=0)


class SeriesWorld(Part):
    """One monthly indicator: level + trend·t + season·sin(2πt/12) + jump and slope from the change on + AR(1) noise."""

    level: float
    trend: float = 0
    season: float = 0
    jump: float = 0
    slope: float = 0
    noise: float = Setting(default=1, ge=0)
    rho: float = Setting(default=0, gt=-1, lt=1)


class IndicatorWorld(Part):
    """Monthly indicators; ``volume`` is the mean of the columns that shares are shares of."""

    volume: dict[str, float] = {}
    measures: dict[str, SeriesWorld]


class PairWorld(Part):
    """Units before and after: everybody changes by ``drift``, the ``treated`` share by ``effect`` more."""

    level: float = 80
    sd: float = Setting(default=4, ge=0)
    change_sd: float = Setting(default=2, ge=0)
    drift: float = 0
    effect: float = 0
    treated: float = Setting(default=1, ge=0, le=1)
    units: int = Setting(default=12, ge=2)
    departments: bool = False
    name: Label | None = None


class CaseWorld(Part):
    """Cases of the voice channels: how many, over which channel, handled or not, keeping which standards."""

    n: int = Setting(default=800, ge=1)
    channels: dict[str, float]
    handled: dict[str, float] = {}
    keep: dict[str, float]


class OfficeFile(Part):
    """``office.yml``: the truth of the simulated records, one part per system."""

    seed: int = 1
    #: people who change to the next department in the second half of a year, per agency
    moved: int = Setting(default=1, ge=0)
    sheets: SheetWorld | None = None
    calls: CallWorld | None = None
    happy_call: HappyWorld | None = None
    #: written ``register``, a name that pydantic keeps for itself
    book: RegisterWorld | None = Setting(default=None, alias="register")
    indicators: IndicatorWorld | None = None
    pairs: dict[str, PairWorld] = {}
    cases: CaseWorld | None = None


def office_stand_in(study) -> Path:
    """Folder with the simulated records of a study that declares ``office``, made on first use.

    The folder's name carries a digest of what the records depend on, so that a changed declaration finds new ones, and two
    processes that make it at once make the same.
    """
    texts = [
        (study.path / f).read_text(encoding="utf-8")
        for f in sorted(v for v in study.extensions.values() if isinstance(v, str))
        if (study.path / f).is_file()
    ]
    agencies = [(a.id, a.years) for a in study.agencies]
    depends = (EDITION, texts, study.sources, list(study.years), agencies)
    key = hashlib.sha256(repr(depends).encode()).hexdigest()[:16]
    return made_folder(cache_folder(study.path) / f"office-{key}", lambda fresh: simulate_office(study, fresh))


def simulate_office(study, out: str | Path, *, seed: int | None = None) -> list[Path]:
    """Write the records that ``office.yml`` declares under `out`, at the paths of their sources.

    A source whose system is not declared in the study is left out. The same seed gives the same bytes.
    """
    from csi_lib.evaluation.systems import system_file
    from csi_lib.simulate.office_records import Office

    declared = system_file(study, "office")
    office = Office(study, declared if seed is None else declared.model_copy(update={"seed": seed}))
    files: dict[Path, list[pd.DataFrame]] = {}
    for source, records in office.sources().items():
        if source not in study.sources:
            raise InputError("a system reads a source that the study has not", where=f"study {study.id!r}", found=source,
                             expected=", ".join(study.sources), action="Declare it under sources in study.yml")  # fmt: skip
        settings = study.source(source)
        for agency in study.agencies:
            for year in study.years:
                if not agency.took_part(year):
                    continue
                path = Path(out) / settings.paths(year, agency.id)[0]
                frame = records(agency.id, year)
                if settings.agency.column:
                    frame.insert(0, settings.agency.column, agency.id)
                files.setdefault(path, []).append(frame)
    for path, parts in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.concat(parts, ignore_index=True).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
    return sorted(files)
