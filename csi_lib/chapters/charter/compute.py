"""Service charter: are the standards of service kept, and what comes in over which channel?"""

from __future__ import annotations

import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.evaluation.clustered import clustered_means
from csi_lib.evaluation.presets import FromPreset
from csi_lib.evaluation.records import Field
from csi_lib.evaluation.standards import Standard, compliance
from csi_lib.study.base import Label, PlacedError
from csi_lib.study.references import SourceName


class Promise(Standard):
    """A standard of the charter, with what customers get where it was missed."""

    redress: Label | None = None


class CharterFile(FromPreset):
    """``charter.yml``: the cases' source, the standards with their promised shares, and the channels' names."""

    source: SourceName = "cases"
    columns: dict[str, str] = {}
    standards: dict[str, Promise] = Setting(min_length=1)
    channels: dict[str, Label]
    handled: str = "handled"
    redress: bool = Setting(default=False, description="the charter promises redress: every standard must say which")

    @model_validator(mode="after")
    def _all_redress(self):
        for name, standard in self.standards.items():
            if self.redress and standard.redress is None:
                raise PlacedError("a charter says what customers get when a standard is missed", "standards", name,
                                  action="Write `redress: {ko: …, en: …}`, or `redress: false` for the file")  # fmt: skip
        return self


def case_columns(file: CharterFile) -> tuple[Field, ...]:
    """Columns of the cases: channel, whether handled, and what the standards look at."""
    numbers = dict.fromkeys(["days", *(s.column for s in file.standards.values())])
    return (
        Field("channel"),
        Field("department", needed=False),
        Field(file.handled, "flag"),
        *(Field(n, "number", blank=True) for n in numbers),
    )


def charter_compliance(cases: pd.DataFrame, file: CharterFile, *, ci: float | None = None) -> pd.DataFrame:
    """Share of cases that keep each standard, and ``verdict`` against the promise: ``kept`` where the whole interval lies
    at or above it, ``missed`` where it lies below, ``unclear`` between, null without a promise."""
    out = compliance(cases, file.standards, ci=ci)
    out["verdict"] = [_verdict(r) for r in out.to_dict("records")]
    return out


def channel_volume(cases: pd.DataFrame, file: CharterFile, *, ci: float | None = None) -> pd.DataFrame:
    """By channel and altogether: ``cases share handled ci_low ci_high days n_days``; a channel without cases is a row of 0.

    ``share`` of all cases, ``handled`` the share handled with Wilson's interval, ``days`` the mean time of those handled.
    """
    unknown = sorted(set(cases["channel"]) - set(file.channels))
    if unknown:
        from csi_lib.errors import InputError

        raise InputError(
            "a channel that charter.yml does not name", found=", ".join(unknown), expected=", ".join(file.channels)
        )
    frame = cases.assign(channel=pd.Categorical(cases["channel"], list(file.channels)))
    frame["done_days"] = frame["days"].where(frame[file.handled] == 1)
    parts = []
    for by in ("channel", None):
        handled = clustered_means(frame, file.handled, by, share=True, ci=ci)
        days = clustered_means(frame, "done_days", by, ci=ci)
        part = handled.rename(columns={"estimate": "handled", "n": "cases"}).assign(
            days=days["estimate"], days_low=days["ci_low"], days_high=days["ci_high"], n_days=days["n"]
        )
        parts.append(part.assign(share=part["cases"] / max(len(frame), 1)))
    return pd.concat(parts, ignore_index=True)


def _verdict(row) -> str | None:
    if row["target"] != row["target"] or row["ci_low"] != row["ci_low"]:
        return None
    if row["ci_low"] >= row["target"]:
        return "kept"
    return "missed" if row["ci_high"] < row["target"] else "unclear"
