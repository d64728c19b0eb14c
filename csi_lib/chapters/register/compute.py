"""Praise and complaints: who is commended, which apologies are due, what is deducted, and what comes back."""

from __future__ import annotations

import pandas as pd
from pydantic import Field as Setting

from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field
from csi_lib.study.base import Label, Part
from csi_lib.study.references import ChannelName, SourceName

REGISTER = (
    Field("case"),
    Field("date", "date"),
    Field("kind"),
    Field("department"),
    Field("person", blank=True, private="person"),
    Field("matter", needed=False, private="person"),
    Field("petitioner", needed=False, private="person"),
    Field("apology", "date", needed=False),
    Field("channel", needed=False),
    Field("content", needed=False, private="text"),
)


class RegisterFile(Part):
    """``register.yml``: the register's source and its rules; the points are settings (docs/method/evaluation.md#records).

    ``channel`` is the channel of the kindness sheets whose second-half score complaints reduce (default: all together);
    ``praises`` a year put a person on the commendation list; an apology is due within ``apology_days`` of a complaint;
    a complaint costs its department ``deduction`` points of the second-half score, at most ``most``.
    """

    source: SourceName = "register"
    columns: dict[str, str] = {}
    praise: str = "praise"
    complaint: str = "complaint"
    praises: int = Setting(default=2, ge=1)
    apology_days: int = Setting(default=3, ge=0, le=3660)
    deduction: float = Setting(default=0.5, ge=0)
    most: float = Setting(default=3.0, ge=0)
    channel: ChannelName | None = None
    labels: dict[str, Label] = {}


def check_kinds(register: pd.DataFrame, file: RegisterFile) -> pd.DataFrame:
    """The register itself; InputError for a kind that is neither praise nor complaint, or a case listed twice."""
    other = register.loc[~register["kind"].isin([file.praise, file.complaint]), "kind"]
    if len(other):
        raise InputError(
            "a case is neither praise nor complaint",
            found=repr(other.iloc[0]),
            expected=f"{file.praise} or {file.complaint}",
        )
    if register["case"].duplicated().any():
        raise InputError(
            "a case stands in the register twice",
            found=str(register.loc[register["case"].duplicated(), "case"].iloc[0]),
        )
    return register


def commendations(register: pd.DataFrame, file: RegisterFile) -> pd.DataFrame:
    """People praised at least ``praises`` times: ``person department praises complaints``, most praised first.

    A person who moved is one person, listed under the department of the last praise. Restricted: names people.
    """
    named = register[register["person"].notna()].sort_values("date", kind="stable")
    praised = named[named["kind"] == file.praise]
    out = praised.groupby("person", sort=False).agg(department=("department", "last"), praises=("case", "size"))
    complaints = named[named["kind"] == file.complaint].groupby("person").size()
    out["complaints"] = complaints.reindex(out.index, fill_value=0).astype(int)
    out = out[out["praises"] >= file.praises].reset_index()
    return out.sort_values(["praises", "complaints", "person"], ascending=[False, True, True], ignore_index=True)


def apologies(register: pd.DataFrame, file: RegisterFile, *, asof) -> pd.DataFrame:
    """Every complaint with the state of its apology call on `asof`: ``case department date due apology days state``.

    ``state``: ``in_time``, ``late`` (made after it was due), ``open`` (not made, not yet due), ``overdue``.
    """
    asof = pd.Timestamp(asof)
    out = register.loc[register["kind"] == file.complaint, ["case", "department", "date", "apology"]].copy()
    out["apology"] = pd.to_datetime(out["apology"])
    if (out["apology"] < out["date"]).any():
        raise InputError(
            "an apology was made before the complaint",
            found=f"case {out.loc[out['apology'] < out['date'], 'case'].iloc[0]}",
        )
    out["due"] = out["date"] + pd.Timedelta(days=file.apology_days)
    made = out["apology"].notna() & (out["apology"] <= asof)
    out["days"] = (out["apology"] - out["date"]).dt.days.where(made)
    state = pd.Series("overdue", index=out.index)
    state[~made & (out["due"] >= asof)] = "open"
    state[made & (out["apology"] <= out["due"])] = "in_time"
    state[made & (out["apology"] > out["due"])] = "late"
    return out.assign(state=state)[["case", "department", "date", "due", "apology", "days", "state"]].reset_index(
        drop=True
    )


def deductions(register: pd.DataFrame, file: RegisterFile) -> pd.DataFrame:
    """Points taken from each department's second-half score: ``department complaints deduction``."""
    n = register[register["kind"] == file.complaint].groupby("department", sort=False).size()
    out = n.rename("complaints").reset_index()
    return out.assign(deduction=(out["complaints"] * file.deduction).clip(upper=file.most))


def carried(scores: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Second-half scores after deduction: `scores` (``department estimate …``) with ``deduction`` and ``final`` (≥ 0).

    A department with complaints but without a second-half score is named in ``.attrs["without_score"]``.
    """
    out = scores.copy()
    points = taken.set_index("department")["deduction"]
    out["deduction"] = points.reindex(out["department"], fill_value=0.0).to_numpy()
    out["final"] = (out["estimate"] - out["deduction"]).clip(lower=0)
    out.attrs["without_score"] = sorted(set(points.index) - set(out["department"]))
    return out


def register_counts(register: pd.DataFrame, file: RegisterFile) -> pd.DataFrame:
    """``department praises complaints cases``, in order of appearance, and a last row without department for all."""
    flags = pd.DataFrame(
        {
            "department": register["department"],
            "praises": (register["kind"] == file.praise).astype(int),
            "complaints": (register["kind"] == file.complaint).astype(int),
            "cases": 1,
        }
    )
    out = flags.groupby("department", sort=False).sum().reset_index()
    total = flags[["praises", "complaints", "cases"]].sum()
    return pd.concat([out, pd.DataFrame([{"department": None, **total}])], ignore_index=True)


def repeat_cases(register: pd.DataFrame, file: RegisterFile) -> pd.DataFrame:
    """Complaints that came back: the same ``matter`` at least twice: ``matter department times first last``.

    The department is that of the last complaint; cases without a matter cannot be matched and do not enter.
    """
    of = register[(register["kind"] == file.complaint) & register["matter"].notna()].sort_values("date", kind="stable")
    out = of.groupby("matter", sort=False).agg(
        department=("department", "last"), times=("case", "size"), first=("date", "min"), last=("date", "max")
    )
    return out[out["times"] > 1].sort_values("times", ascending=False, kind="stable").reset_index()
