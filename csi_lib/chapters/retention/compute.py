"""Retention and destruction log: what personal data a study held, until when, and how they were destroyed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import Field, model_validator

from csi_lib.errors import InputError
from csi_lib.study.base import Label, Part, Several
from csi_lib.study.destruction import Destroyed, read_destroyed

#: kept within its term; destroyed; destroyed after its term; not destroyed although the term is over
STATES = ("kept", "destroyed", "late", "overdue")


class Record(Part):
    """One kind of record.

    ``collected`` is when the last of it came in; it is kept for ``months`` after that, or ``until`` a date. Either may be
    absent, not both. ``destroyed`` with ``method`` and ``by`` enter the log when it is done. ``files`` are those of the data folder
    that hold it (patterns, ``{year}`` stands for the wave): ``csi purge`` destroys them, and then only the destruction record says
    that and when they were destroyed.
    """

    what: Label
    holds: Label
    where: Label
    basis: Label
    collected: date
    months: int | None = Field(default=None, ge=0, le=1200)
    until: date | None = None
    destroyed: date | None = None
    method: Label | None = None
    by: Label | None = None
    files: Several[str] = ()

    @model_validator(mode="after")
    def _consistent(self):
        if (self.months is None) == (self.until is None):
            raise ValueError("say either 'months' or 'until': how long the record is kept")
        if self.due < self.collected:
            raise ValueError(f"the term ends on {self.due}, before the record was collected on {self.collected}")
        if self.destroyed is not None:
            if self.destroyed < self.collected:
                raise ValueError(f"destroyed on {self.destroyed}, before it was collected on {self.collected}")
            if self.method is None or self.by is None:
                raise ValueError("a destroyed record needs 'method' and 'by': how it was destroyed, and by whom")
        return self

    @property
    def name(self) -> str:
        """What the destruction record calls it."""
        return self.what.ko or self.what.en or self.what.given

    @property
    def due(self) -> date:
        """The last day on which the record may be kept."""
        return self.until if self.until is not None else _after(self.collected, self.months)

    def state(self, as_of: date) -> str:
        """One of `STATES` on a day; a destruction that lies after the day has not happened yet."""
        done = self.destroyed is not None and self.destroyed <= as_of
        if done:
            return "destroyed" if self.destroyed <= self.due else "late"
        return "overdue" if as_of > self.due else "kept"


class RetentionFile(Part):
    """``retention.yml``: the log as it stood on the day ``as_of``, by year of the study."""

    as_of: date
    responsible: Label
    records: dict[int, tuple[Record, ...]] = Field(min_length=1)

    def on_record(self, destroyed: Iterable[Destroyed]) -> RetentionFile:
        """The log with what the destruction record says of every record that names its files, and as of its last day.

        What is only written in the log is no destruction there: such a record counts as kept.
        """
        last: dict[tuple[int, str], Destroyed] = {(d.year, d.record): d for d in sorted(destroyed, key=lambda d: d.on)}
        one = lambda text: Label(ko=text, en=text)

        def told(year: int, record: Record) -> Record:
            if not record.files:
                return record
            entry = last.get((year, record.name))
            done = (
                (None, None, None)
                if entry is None
                else (date.fromisoformat(entry.on), one(entry.method), one(entry.by))
            )
            return record.model_copy(update=dict(zip(("destroyed", "method", "by"), done, strict=True)))

        days = [self.as_of, *(date.fromisoformat(d.on) for d in last.values())]
        records = {y: tuple(told(y, r) for r in rs) for y, rs in self.records.items()}
        return self.model_copy(update={"records": records, "as_of": max(days)})

    def faults(self, study) -> list[InputError]:
        """What is said to be destroyed and is not on record."""
        known = {(d.year, d.record) for d in read_destroyed(study.path)}
        return [
            InputError("destroyed, it says, and the destruction record knows nothing of it", where=f"retention.yml: records > {year}",
                       found=record.name, action="Leave out 'destroyed' and let csi purge do it, or leave out 'files'")
            for year, records in self.records.items() for record in records
            if record.files and record.destroyed and (year, record.name) not in known
        ]  # fmt: skip

    def of_year(self, year: int) -> tuple[Record, ...]:
        """The records of a wave; InputError where the log has none."""
        if year not in self.records:
            raise InputError(
                "the retention log has no records of this year",
                where="retention.yml: records",
                found=str(year),
                expected=", ".join(map(str, sorted(self.records))),
                action="Add what was collected, and until when it is kept",
            )
        return self.records[year]


def _after(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month where it is shorter."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
