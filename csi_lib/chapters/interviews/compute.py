"""Coded statements of interviews and focus groups: codes both coders gave, and Cohen's kappa between them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field
from csi_lib.measure.kappa import CohenKappa, cohen_kappa
from csi_lib.study.base import Label, Part
from csi_lib.study.references import MeasureName, SourceName


class Theme(Part):
    """What statements of a code are about; ``measure`` is the dimension or item of the survey it stands beside, ``did`` what
    was done about it."""

    label: Label
    measure: MeasureName | None = None
    did: Label | None = None


class InterviewsFile(Part):
    """``interviews.yml``: the source of coded statements (one row per statement and coder) and what the codes mean."""

    source: SourceName = "interviews"
    columns: dict[str, str] = {}
    codes: dict[str, Theme]

    def reads(self):
        """The records it needs of every wave, for `csi check`."""
        yield self.source, STATEMENTS

    def check_rows(self, rows: pd.DataFrame) -> None:
        """InputError for a code that is not declared, a statement one coder coded twice, or more than two coders of one."""
        if unknown := sorted(set(rows["code"]) - set(self.codes)):
            raise InputError("a statement has a code that interviews.yml does not declare", found=repr(unknown[0]),
                             expected=", ".join(self.codes))  # fmt: skip
        twice = rows.duplicated(["agency", "statement", "coder"])
        if twice.any():
            raise InputError(
                "a coder coded a statement twice", found=f"statement {rows.loc[twice, 'statement'].iloc[0]}"
            )
        coders = rows.groupby(["agency", "statement"])["coder"].nunique()
        if (coders > 2).any():
            raise InputError(
                "a statement is coded by one or two people", found=f"{coders.max()} of statement {coders.idxmax()[1]}"
            )


#: one row per statement and coder; what was said is private
STATEMENTS = (
    Field("session"),
    Field("statement"),
    Field("coder", private="person"),
    Field("code"),
    Field("text", needed=False, blank=True, private="text"),
)


@dataclass(frozen=True)
class Coded:
    """Statements with the code that stands.

    ``frame``: one row per statement, ``session statement code``; code is null where two coders differ. ``agreement`` is
    Cohen's kappa of the statements both coded (None with fewer than two codes or nothing coded twice); ``twice`` how many
    these are, ``apart`` how many of them have no common code, ``sessions`` how many there were.
    """

    frame: pd.DataFrame
    agreement: CohenKappa | None
    twice: int
    apart: int
    sessions: int


def coded(rows: pd.DataFrame) -> Coded:
    """The statements of one body. Of two coders the one whose name comes first in the alphabet is kappa's first rater; a
    statement coded once keeps its code."""
    order = {c: i for i, c in enumerate(sorted(rows["coder"].unique()))}
    rows = rows.assign(_o=rows["coder"].map(order)).sort_values("_o", kind="stable")
    grouped = rows.groupby("statement", sort=False)["code"]
    first, last, n = grouped.first(), grouped.last(), grouped.size()
    code = first.where(first == last, None)
    frame = pd.DataFrame(
        {"session": rows.groupby("statement", sort=False)["session"].first(), "code": code}
    ).reset_index()
    both = n[n == 2].index
    agreement = None
    if len(both) > 1 and pd.concat([first[both], last[both]]).nunique() > 1:
        categories = sorted({*first[both], *last[both]})
        agreement = cohen_kappa(first[both], last[both], categories=categories)
    return Coded(frame, agreement, len(both), int((first[both] != last[both]).sum()), int(rows["session"].nunique()))
