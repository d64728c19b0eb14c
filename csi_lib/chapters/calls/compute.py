"""Telephone manners from the call log: the 333 rule, and colleagues who pick up for the absent."""

from __future__ import annotations

import pandas as pd
from pydantic import Field as Setting
from pydantic import model_validator

from csi_lib.evaluation.clustered import clustered_means
from csi_lib.evaluation.records import Field
from csi_lib.evaluation.standards import Standard, compliance
from csi_lib.study.base import Label, Part, PlacedError
from csi_lib.study.references import SourceName

#: the call log; a log without one of the optional columns is fine as long as no rule looks at it
CALLS = (
    Field("department"),
    Field("person", blank=True, private="person"),
    Field("rings", "number", needed=False),
    Field("talk_seconds", "number", needed=False),
    Field("hang_up_seconds", "number", needed=False),
    Field("call_number", "number", needed=False),
    Field("absent", "flag", needed=False),
    Field("picked_up", "flag", needed=False),
)

#: before the third ring; within three minutes; about three seconds before hanging up (docs/method/evaluation.md#records)
RULE_333 = {
    "rings": Standard(
        label=Label(ko="3번 벨이 울리기 전에 받기", en="Answered before the 3rd ring"), column="rings", at_most=2
    ),
    "talk": Standard(
        label=Label(ko="3분 이내에 끝내기", en="Finished within 3 minutes"), column="talk_seconds", at_most=180
    ),
    "hang_up": Standard(
        label=Label(ko="3초 여유를 두고 끊기", en="3 seconds before hanging up"), column="hang_up_seconds", at_least=3
    ),
}


class CallsFile(Part):
    """``calls.yml``: where the log is and which rules hold; another office's third rule is another column here."""

    source: SourceName = "calls"
    columns: dict[str, str] = {}
    rules: dict[str, Standard] = Setting(default=RULE_333, min_length=1)

    @model_validator(mode="after")
    def _known(self):
        figures = [f.name for f in CALLS if f.kind == "number"]
        for name, rule in self.rules.items():
            if rule.column not in figures:
                raise PlacedError("a rule looks at a figure that call logs do not have", "rules", name, "column",
                                  expected=", ".join(figures), action="Say under `columns` what your log calls it.")  # fmt: skip
        return self


def call_compliance(
    calls: pd.DataFrame,
    rules: dict[str, Standard] = RULE_333,
    *,
    by: str | None = "department",
    ci: float | None = None,
):
    """Share of answered calls that keep each rule and ``all`` rules, by department and together; calls of one person
    are one bunch. Calls that nobody answered carry no ring count and do not enter; say their number beside it."""
    return compliance(calls, rules, by=by, clusters="person", all_of="all", ci=ci)


def pick_up(calls: pd.DataFrame, *, by: str | None = "department", ci: float | None = None) -> pd.DataFrame:
    """Share of calls for an absent colleague that somebody picked up (직원부재전화 대신 받기), with Wilson intervals.

    Only calls with ``absent`` yes count; one bunch per absent person. Columns as `clustered_means`.

    Examples
    --------
    >>> import csi_lib
    >>> import pandas as pd
    >>> calls = pd.DataFrame({"department": ["a"] * 6, "person": list("ppqqrr"), "absent": 1, "picked_up": [1, 1, 0, 1, 1, 0]})
    >>> csi_lib.pick_up(calls, by=None)[["estimate", "n"]].round(2)
       estimate  n
    0      0.67  6
    """
    absent = calls[calls["absent"] == 1]
    parts = [
        clustered_means(absent, "picked_up", groups, clusters="person", share=True, ci=ci)
        for groups in ([by, None] if by else [None])
    ]
    return pd.concat([p for p in parts if len(p)], ignore_index=True)
