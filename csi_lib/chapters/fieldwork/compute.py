"""Fieldwork from its log of contacts: outcomes and rates, verification, interviewers, progress while it runs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator
from scipy import special

from csi_lib.errors import InputError, nearest
from csi_lib.evaluation.clustered import wilson
from csi_lib.evaluation.records import Field, read_records
from csi_lib.evaluation.systems import unknown_names
from csi_lib.measure.response_rates import OutcomeRates, outcome_rates
from csi_lib.study.base import Label, Part
from csi_lib.study.reading import reading
from csi_lib.study.references import SourceName
from csi_lib.survey.comparisons import adjust_p
from csi_lib.survey.reading import read_survey

Group = Literal["I", "P", "R", "NC", "O", "UH", "UO", "NE"]


class Outcome(Part):
    """What one code of the log means: its AAPOR group."""

    group: Group
    label: Label


class Verification(Part):
    """Shares of interviews to be checked again: of all, and of those by the contractor itself."""

    overall: float = Setting(default=0.3, ge=0, le=1)
    contractor: float = Setting(default=0.2, ge=0, le=1)


class FieldworkFile(Part):
    """``fieldwork.yml``: the log, what its codes mean, and the rules of fieldwork control.

    ``open`` is the group of a case without outcome (still being tried); ``e`` the share of unknown cases that are eligible
    (None: as among the known ones); ``short`` the share of the median length under which an interview is short;
    ``minimum`` the fewest interviews for which an interviewer is judged; ``ends`` the last day of fieldwork by year.
    """

    source: SourceName = "fieldwork_log"
    of: SourceName = "customers"
    columns: dict[str, str] = {}
    outcomes: dict[str, Outcome] = Setting(min_length=1)
    open: Group = "UO"
    e: float | None = Setting(default=None, ge=0, le=1)
    verification: Verification = Verification()
    passed: str = "passed"
    failed: str = "failed"
    contractor: str = "contractor"
    discarded: str = "discarded"
    reinterviewed: str = "reinterviewed"
    short: float = Setting(default=0.5, gt=0, lt=1)
    minimum: int = Setting(default=5, ge=1)
    ends: dict[int, datetime.date] = {}
    as_of: datetime.date | None = None

    @model_validator(mode="after")
    def _has_interviews(self):
        if not any(o.group in ("I", "P") for o in self.outcomes.values()):
            raise ValueError("no outcome is an interview (group I or P)")
        return self

    def consistent_with(self, study):
        return unknown_names([(self.source, "source"), (self.of, "of")], study.sources)

    def check_records(self, study, agency: str, year: int, data=None) -> None:
        """What `csi check` reads: the log of a wave, where there is one."""
        if study.source(self.source).covers(agency, year):
            read_log(study, self, agency, year, data=data)

    def record_notes(self, study, agency: str, year: int, data=None) -> Iterator[str]:
        """What `csi check` asks about the log of a wave: it ends early, or it does not count what the data count."""
        if not study.source(self.source).covers(agency, year):
            return
        log = read_log(study, self, agency, year, data=data)
        if self.as_of is None and log.ends is not None and log.last < log.ends:
            yield (f"the log ends on {log.last}, before the planned last day {log.ends}. Is fieldwork over? If it goes on, write "
                   f"`as_of: {log.last}` in fieldwork.yml; if it ended early, `ends: {{{year}: {log.last}}}`")  # fmt: skip
        if not study.source(self.of).is_survey or not study.source(self.of).covers(agency, year):
            return
        survey = read_survey(study, agency, year, source=self.of, data=data)
        thrown = int(survey.quality.counts.get("discarded", 0))
        done = log.frame["group"].isin(["I"]).sum(), log.interviews.shape[0]
        rejected = int(log.interviews["action"].isin([self.discarded, self.reinterviewed]).sum())
        if survey.n + thrown not in done:
            yield f"the log has {done[0]} complete interviews ({done[1]} with partial ones), the data {survey.n + thrown}"
        if rejected != thrown:
            yield (f"the log discards {rejected} interviews, the data {thrown}; `discard` of the source {self.of} says which rows "
                   "are left out")  # fmt: skip


FIELDS = (
    Field("interviewer", private="person"),
    Field("stratum", needed=False, blank=True),
    Field("contacted", "date"),
    Field("attempts", "number", needed=False, blank=True),
    Field("outcome", blank=True),
    Field("minutes", "number", needed=False, blank=True),
    Field("verified_by", needed=False, blank=True),
    Field("verification", needed=False, blank=True),
    Field("action", needed=False, blank=True),
)


@dataclass(frozen=True, eq=False)
class Log:
    """Cases up to ``last``; ``open_cases`` have no outcome yet; ``interim``: the file says by ``as_of`` that fieldwork goes on.

    `frame` has the columns of `FIELDS` and ``group``, the AAPOR group of the case.
    """

    frame: pd.DataFrame
    last: datetime.date
    ends: datetime.date | None
    open_cases: int
    as_of: datetime.date | None = None

    @property
    def interim(self) -> bool:
        return self.as_of is not None and self.ends is not None and self.as_of < self.ends

    @property
    def complete(self) -> pd.DataFrame:
        """Complete interviews that were neither discarded nor replaced."""
        return self.frame[(self.frame["group"] == "I") & self.frame["action"].isna()]

    @property
    def interviews(self) -> pd.DataFrame:
        return self.frame[self.frame["group"].isin(["I", "P"])]


def read_log(study, file: FieldworkFile, agency: str, year: int, *, data=None, release: str = "public") -> Log:
    """The log of one agency and wave; with ``as_of`` only what was known on that day.

    Raises InputError for a code that ``outcomes`` does not declare, and for a log without cases.
    """
    frame = read_records(
        study, file.source, FIELDS, agency=agency, year=year, columns=file.columns, data=data, release=release
    )
    if file.as_of is not None:
        frame = frame[frame["contacted"].dt.date <= file.as_of].reset_index(drop=True)
    if frame.empty:
        raise InputError("the log of contacts has no case", where=f"source {file.source!r}", found=f"{agency}, {year}",
                         action="Check the agency column, or 'as_of' in fieldwork.yml")  # fmt: skip
    return log_of(frame, file, year)


def log_of(frame: pd.DataFrame, file: FieldworkFile, year: int) -> Log:
    """A log from a frame with the columns of `FIELDS`."""
    codes = frame["outcome"].dropna().unique()
    unknown = [c for c in codes if c not in file.outcomes]
    if unknown:
        near = nearest(str(unknown[0]), file.outcomes)
        raise InputError("the log has an outcome that fieldwork.yml does not declare", found=repr(unknown[0]),
                         expected=", ".join(file.outcomes), action=f"Did you mean {near!r}?" if near else None)  # fmt: skip
    pending = frame["outcome"].isna().to_numpy()
    groups = [file.open if gone else file.outcomes[c].group for c, gone in zip(frame["outcome"], pending, strict=True)]
    last = file.as_of or frame["contacted"].max().date()
    return Log(frame.assign(group=groups), last, file.ends.get(year), int(pending.sum()), file.as_of)


def rates(log: Log, file: FieldworkFile) -> OutcomeRates:
    """AAPOR rates of the whole log (`outcome_rates`)."""
    return outcome_rates(log.frame["group"].value_counts().to_dict(), e=file.e)


def control(log: Log, file: FieldworkFile) -> pd.DataFrame:
    """What was checked and what came of it: ``what n base share ci_low ci_high required``.

    ``verified`` and ``contractor`` of all interviews, beside the required share; ``failed`` of the verified (Wilson);
    ``discarded`` and ``reinterviewed`` of all interviews; ``short`` of those with a length.
    """
    done = log.interviews
    checked = done["verification"].notna()
    bad = done["verification"].eq(file.failed).fillna(False)
    timed = done["minutes"].notna()
    lines = [
        ("verified", checked.sum(), len(done), file.verification.overall),
        ("contractor", (checked & done["verified_by"].eq(file.contractor).fillna(False)).sum(), len(done),
         file.verification.contractor),
        ("failed", bad.sum(), checked.sum(), None),
        ("discarded", done["action"].isin([file.discarded, file.reinterviewed]).sum(), len(done), None),
        ("reinterviewed", done["action"].eq(file.reinterviewed).fillna(False).sum(), len(done), None),
        ("short", short(log, file).sum(), timed.sum(), None),
    ]  # fmt: skip
    rows = []
    for what, n, base, required in lines:
        share = n / base if base else np.nan
        low, high = wilson(share, base) if base else (np.nan, np.nan)
        rows.append((what, int(n), int(base), share, low, high, required))
    return pd.DataFrame(rows, columns=["what", "n", "base", "share", "ci_low", "ci_high", "required"])


def short(log: Log, file: FieldworkFile) -> pd.Series:
    """Interviews under ``short`` × the median length of all interviews."""
    minutes = log.interviews["minutes"]
    return minutes < file.short * minutes.median()


def by_interviewer(log: Log, file: FieldworkFile) -> pd.DataFrame:
    """One row per interviewer: ``interviewer n verified failed discarded reinterviewed short median refusals p_short flagged``.

    refusals : refusals among those who spoke with the interviewer, R/(I + P + R); p_short : one-sided exact (hypergeometric)
    probability of so many short interviews, were they spread by chance, adjusted over interviewers (Holm). Flagged: a failed
    verification, or p_short < .05, among at least ``minimum`` interviews.
    """
    frame, brief = log.frame, short(log, file)
    done = log.interviews.assign(short=brief)
    timed = done["minutes"].notna()
    everybody, all_short = int(timed.sum()), int(brief.sum())
    rows = []
    for who, part in done.groupby("interviewer", sort=True):
        spoke = frame[(frame["interviewer"] == who) & frame["group"].isin(["I", "P", "R"])]
        n, k = int(part["minutes"].notna().sum()), int(part["short"].sum())
        rows.append(
            {
                "interviewer": who,
                "n": len(part),
                "verified": int(part["verification"].notna().sum()),
                "failed": int(part["verification"].eq(file.failed).fillna(False).sum()),
                "discarded": int(part["action"].isin([file.discarded, file.reinterviewed]).sum()),
                "reinterviewed": int(part["action"].eq(file.reinterviewed).fillna(False).sum()),
                "short": k,
                "median": float(part["minutes"].median()),
                "refusals": float((spoke["group"] == "R").mean()),
                "p_short": _upper_tail(k, n, all_short, everybody),
            }
        )
    out = pd.DataFrame(rows)
    if out.empty:
        return out.assign(flagged=[])
    judged = (out["n"] >= file.minimum).to_numpy()
    p = out["p_short"].to_numpy(float).copy()
    if judged.any():
        p[judged] = adjust_p(p[judged], method=reading().comparisons.control)
    p[~judged] = np.nan
    out["p_short"] = p
    return out.assign(
        flagged=judged & ((out["failed"] > 0).to_numpy() | (np.nan_to_num(p, nan=1.0) < reading().significance))
    )


def _upper_tail(k: int, n: int, hits: int, total: int) -> float:
    """P(X ≥ k) of a hypergeometric count: n drawn of `total`, of which `hits` are hits."""
    if k == 0 or n == 0:
        return 1.0
    choose = lambda a, b: special.gammaln(a + 1) - special.gammaln(b + 1) - special.gammaln(a - b + 1)
    x = np.arange(k, min(n, hits) + 1)
    terms = choose(hits, x) + choose(total - hits, n - x) - choose(total, n)
    return float(min(1.0, np.exp(terms[(n - x) <= total - hits]).sum()))


def daily(log: Log) -> pd.DataFrame:
    """``day n total``: complete interviews per day and together (`Log.complete`), every day from the first contact to the last."""
    days = pd.date_range(log.frame["contacted"].min().normalize(), pd.Timestamp(log.last), freq="D")
    n = log.complete["contacted"].dt.normalize().value_counts().reindex(days, fill_value=0)
    return pd.DataFrame({"day": days, "n": n.to_numpy(), "total": n.to_numpy().cumsum()})


def outlook(log: Log, planned: int) -> tuple[int, datetime.date | None]:
    """Interviews still to do, and the day on which they are done at the pace of the last seven days (None: no pace)."""
    missing = max(planned - len(log.complete), 0)
    if not missing:
        return 0, log.last
    pace = daily(log)["n"].tail(7).mean()
    return missing, log.last + datetime.timedelta(days=int(np.ceil(missing / pace))) if pace > 0 else None
