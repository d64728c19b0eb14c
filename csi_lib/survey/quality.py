"""What happened to the data on the way in: read, dropped, recoded, flagged. No answer of a person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from csi_lib.intake.coding import BLANK, MISSING, UNDECLARED, UNMAPPED
from csi_lib.intake.receipt import FileReceipt
from csi_lib.intake.sheets import Note
from csi_lib.study.codebook import Codebook

COLUMNS = ["agency", "year", "check", "column", "n", "base", "action"]
PEOPLE = ["agency", "year", "interviewer", "n", "straight_lined", "share", "flagged"]
#: an interviewer is flagged when at least this share of at least five interviews is straight-lined
FLAG_SHARE, FLAG_BASE, FLAG_ITEMS = 0.5, 5, 5


@dataclass(frozen=True, eq=False)
class SurveyQuality:
    """Record of one reading.

    Attributes
    ----------
    frame : tidy; one row per agency, year, check and column with a count above zero. Checks: ``blank``,
        ``declared_missing``, ``undeclared`` (recoded to missing), ``unmapped`` (answers that ``derive`` with
        ``otherwise: missing`` does not name), ``duplicate_id``, ``discarded``, ``no_answer`` (an item
        nobody answered), ``not_available``, ``straight_lined`` (respondents), ``straight_lining``
        (interviewers).
    counts : ``read``, ``dropped``, ``kept`` rows, ``undeclared`` cells, ``unmapped`` cells (where there are any),
        ``straight_lined`` respondents.
    interviewers : per interviewer (numbered, not named): ``n``, ``straight_lined``, ``share``, ``flagged``.
    files : names of the files read.
    simulated : whether the answers are simulated.
    notes : what the reader of the files should know: rows left out, answers written out, labels that contradict the codebook.
    receipts : what became of every line and column, file by file.
    codes : year → column → the codes met in the files.
    """

    frame: pd.DataFrame
    counts: dict[str, int]
    interviewers: pd.DataFrame
    files: tuple[str, ...] = ()
    simulated: bool = False
    notes: tuple[Note, ...] = ()
    receipts: tuple[FileReceipt, ...] = ()
    codes: dict[int, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def receipt(self) -> dict:
        """The intake receipt as plain data."""
        return {
            "files": [receipt.as_dict() for receipt in self.receipts],
            "notes": [
                {"kind": n.kind, "file": n.file, "column": n.column, "n": n.n, "ko": n.ko, "en": n.en}
                for n in self.notes
            ],
        }

    @property
    def contradictions(self) -> tuple[Note, ...]:
        """What the files say against the codebook or against one another."""
        return tuple(note for note in self.notes if note.kind == "contradiction")


def examine(
    frame: pd.DataFrame,
    status: pd.DataFrame,
    dropped: pd.Series,
    codebook: Codebook,
    *,
    year: int,
    interviewer: str | None,
    files: tuple[str, ...],
    simulated: bool,
    dropped_as: str,
    rejected: pd.Series | None = None,
) -> SurveyQuality:
    """Quality of one wave: `frame` and `status` of the kept rows, `dropped` the agencies of rows left out as duplicates,
    `rejected` of those that fieldwork control discarded (None where the source has no such rule)."""
    rows: list[dict] = []
    for agency, part in frame.groupby("agency", sort=False):
        rows += _cells(agency, year, part, status.loc[part.index], codebook)
        left_out = int((dropped == agency).sum())
        if left_out:
            rows.append(_row(agency, year, "duplicate_id", None, left_out, len(part) + left_out, dropped_as))
        thrown = 0 if rejected is None else int((rejected == agency).sum())
        if thrown:
            rows.append(_row(agency, year, "discarded", None, thrown, len(part) + thrown, "left out"))
    straight = straight_lined(frame, codebook)
    for agency, part in frame.groupby("agency", sort=False):
        n = int(straight.loc[part.index].sum())
        if n:
            rows.append(_row(agency, year, "straight_lined", None, n, len(part), "flagged"))
    people = _interviewers(frame, straight, interviewer, year)
    for agency, part in people.groupby("agency", sort=False):
        n = int(part["flagged"].sum())
        if n:
            rows.append(_row(agency, year, "straight_lining", interviewer, n, len(part), "flagged"))
    counts = {
        "read": len(frame) + len(dropped) + (0 if rejected is None else len(rejected)),
        "dropped": len(dropped),
        **({} if rejected is None else {"discarded": len(rejected)}),
        "kept": len(frame),
        "undeclared": int((status.to_numpy() == UNDECLARED).sum()),
        **({"unmapped": unmapped} if (unmapped := int((status.to_numpy() == UNMAPPED).sum())) else {}),
        "straight_lined": int(straight.sum()),
    }
    return SurveyQuality(pd.DataFrame(rows, columns=COLUMNS), counts, people, files, simulated)


def combine(parts: list[SurveyQuality]) -> SurveyQuality:
    """Quality of several waves together."""
    if len(parts) == 1:
        return parts[0]
    order = ("read", "dropped", "discarded", "kept", "undeclared", "unmapped", "straight_lined")
    met = {key for part in parts for key in part.counts}
    counts = {key: sum(part.counts.get(key, 0) for part in parts) for key in order if key in met}
    return SurveyQuality(
        _stack([p.frame for p in parts]),
        counts,
        _stack([p.interviewers for p in parts]),
        tuple(dict.fromkeys(f for p in parts for f in p.files)),
        any(p.simulated for p in parts),
        tuple(dict.fromkeys(n for p in parts for n in p.notes)),
        tuple({(r.hash, r.file, *r.other_rows.items()): r for p in parts for r in p.receipts}.values()),
        {year: codes for p in parts for year, codes in p.codes.items()},
    )


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _row(agency, year, check, column, n, base, action) -> dict:
    return dict(zip(COLUMNS, (agency, year, check, column, n, base, action)))


def _cells(agency, year, part, status, codebook):
    base = len(part)
    checks = (
        (BLANK, "blank", "missing"),
        (MISSING, "declared_missing", "missing"),
        (UNDECLARED, "undeclared", "recoded to missing"),
        (UNMAPPED, "unmapped", "recoded to missing"),
    )
    values = status.to_numpy()
    for position, column in enumerate(status.columns):
        for state, check, action in checks:
            n = int((values[:, position] == state).sum())
            if n:
                yield _row(agency, year, check, column, n, base, action)
    for item in codebook.items:
        if not codebook.columns[item].available_in(year):
            yield _row(agency, year, "not_available", item, base, base, "left missing")
        elif part[item].isna().all():
            yield _row(agency, year, "no_answer", item, base, base, "left missing")


def straight_lined(frame: pd.DataFrame, codebook: Codebook) -> pd.Series:
    """Respondents who gave one and the same code to all items of every scale (at least five answered)."""
    same, judged = np.ones(len(frame), bool), np.zeros(len(frame), bool)
    by_scale: dict[str, list[str]] = {}
    for item in codebook.items:
        by_scale.setdefault(codebook.columns[item].scale, []).append(item)
    for scale, items in by_scale.items():
        if len(items) < FLAG_ITEMS:
            continue
        ends = codebook.scales[scale].low + codebook.scales[scale].high
        answers = np.column_stack([ends - frame[i] if codebook.columns[i].reverse else frame[i] for i in items])
        answered = np.isfinite(answers).sum(axis=1)
        low = np.where(np.isfinite(answers), answers, np.inf).min(axis=1)
        high = np.where(np.isfinite(answers), answers, -np.inf).max(axis=1)
        judged |= answered >= FLAG_ITEMS
        same &= (low >= high) | (answered < FLAG_ITEMS)
    return pd.Series(same & judged, index=frame.index)


def _interviewers(frame, straight, interviewer, year) -> pd.DataFrame:
    if interviewer is None or interviewer not in frame or frame.empty:
        return pd.DataFrame(columns=PEOPLE)
    # a number within the agency: the record must not carry a person's name
    number = frame.groupby("agency")[interviewer].transform(lambda names: pd.factorize(names)[0] + 1)
    table = pd.DataFrame({"agency": frame["agency"], "interviewer": number, "straight": straight})
    table = table[number > 0].groupby(["agency", "interviewer"], sort=True)["straight"].agg(["size", "sum"])
    table = table.reset_index().rename(columns={"size": "n", "sum": "straight_lined"})
    table["share"] = table["straight_lined"] / table["n"]
    table["flagged"] = (table["share"] >= FLAG_SHARE) & (table["n"] >= FLAG_BASE)
    table.insert(1, "year", year)
    return table[PEOPLE]
