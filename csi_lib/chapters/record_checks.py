"""What `csi check` finds in an office's records before a report is made: every file of every system and year, read once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from csi_lib.chapters.before_after.compute import PAIRS, month_fields
from csi_lib.chapters.calls.compute import CALLS
from csi_lib.chapters.charter.compute import case_columns, channel_volume
from csi_lib.chapters.happy_call.compute import case_fields, rated_cases
from csi_lib.chapters.kindness.compute import score_sheets, sheet_fields
from csi_lib.chapters.register.compute import REGISTER, check_kinds
from csi_lib.errors import InputError
from csi_lib.evaluation.records import read_records
from csi_lib.evaluation.systems import system_file

#: system → fields of its file, and a further check of the rows
_READ = {
    "kindness": (sheet_fields, lambda file, rows: score_sheets(rows, file.schemes)),
    "calls": (lambda file: CALLS, None),
    "happy_call": (case_fields, lambda file, rows: rated_cases(rows, file)),
    "register": (lambda file: REGISTER, None),
    "charter": (case_columns, lambda file, rows: channel_volume(rows, file)),
    "before_after": (month_fields, None),
}


def record_faults(study, *, data: str | Path | None = None) -> Iterator[InputError]:
    """Faults in the records of the systems that `study` declares: absent files and columns, unreadable cells, unknown
    departments, impossible points and answers. One fault per file, the first; systems whose own file is wrong are left to
    `csi_lib.evaluation.systems.system_faults`."""
    for name in study.extensions:
        try:
            file = system_file(study, name)
        except InputError:
            continue
        if hasattr(file, "check_records"):  # logs and frames: read agency by agency
            yield from _agency_faults(study, name, file, data)
        for source, columns, spelled, look in _sources(name, file):
            for year in study.years:
                try:
                    rows = read_records(
                        study, source, columns, year=year, columns=spelled, data=data, release="restricted"
                    )
                    if "department" in rows and "departments" in study.extensions:
                        rows = system_file(study, "departments").placed(rows, year)
                    if look is not None:
                        look(file, rows)
                    if hasattr(file, "check_rows"):
                        file.check_rows(rows)
                    if name == "register":  # a case number is unique within an agency
                        for _, own in rows.groupby("agency"):
                            check_kinds(own, file)
                except InputError as fault:
                    yield InputError(fault.problem, where=fault.where or f"source {source!r}, {year}", found=fault.found,
                                     expected=fault.expected, action=fault.action)  # fmt: skip


def record_notes(study, *, data: str | Path | None = None) -> Iterator[tuple[str, str]]:
    """(place, what to ask) of records that can be used and still leave a question (``record_notes`` of a system's file)."""
    for name in study.extensions:
        try:
            file = system_file(study, name)
        except InputError:
            continue
        for agency in study.agencies if hasattr(file, "record_notes") else ():
            for year in (y for y in study.years if agency.took_part(y)):
                try:
                    yield from (
                        (f"{name}, {agency.id} {year}", said)
                        for said in file.record_notes(study, agency.id, year, data)
                    )
                except InputError:  # an error of the records or the data, named as such
                    continue


def _sources(name: str, file) -> list[tuple]:
    """What a system reads: (source, fields, spelled, check). It says so itself, or stands in the list above."""
    sources = [(source, fields, file.columns, None) for source, fields in getattr(file, "reads", list)()]
    if name in _READ:
        fields, check = _READ[name]
        sources.append((file.source, fields(file), file.columns, check))
    if name == "before_after":
        sources += [(pair.source, PAIRS, pair.columns, None) for pair in file.pairs.values()]
    return sources


def people_in_records(study, agency: str, *, data: str | Path | None = None) -> list[str]:
    """Everybody whom the records of an agency name, in any wave: only to take these names out of what is published.

    Records that cannot be read are left to `record_faults`.
    """
    found: set[str] = set()
    for name in study.extensions:
        try:
            sources = _sources(name, system_file(study, name))
        except InputError:
            continue
        for source, fields, spelled, _ in sources:
            people = [f.name for f in fields if f.private == "person"]
            for year in study.years if people else ():
                try:
                    rows = read_records(study, source, fields, agency=agency, year=year, columns=spelled, data=data,
                                        release="restricted")  # fmt: skip
                except InputError:
                    continue
                for column in people:
                    found |= {text for n in rows[column].dropna().unique() if _is_name(text := str(n).strip())}
    return sorted(found)


def _is_name(text: str) -> bool:
    """A word of letters: not the number of a person, nor a way of writing that nobody is named."""
    return (
        len(text) > 1
        and not re.search(r"[\d@_]", text)
        and text.casefold() not in ("익명", "무기명", "미상", "없음", "anonymous", "unknown")
    )


def _agency_faults(study, name: str, file, data) -> Iterator[InputError]:
    for agency in study.agencies:
        for year in (y for y in study.years if agency.took_part(y)):
            try:
                file.check_records(study, agency.id, year, data)
            except InputError as fault:
                yield InputError(str(fault), where=f"{name}, {agency.id} {year}")
