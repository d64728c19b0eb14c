"""Checklist of the evaluation: PLAN–DO–SEE and the nine principles, with evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd
from pydantic import Field, model_validator

from csi_lib.study.base import Label, Link, Part
from csi_lib.study.references import AgencyName

STAGES = {
    "plan": Label(ko="계획(PLAN)", en="PLAN"),
    "do": Label(ko="실행(DO)", en="DO"),
    "see": Label(ko="활용(SEE)", en="SEE"),
}
#: nine principles of the handbook, in our words
PRINCIPLES = {
    "improvement": Label(ko="개선 목표", en="Aimed at improvement"),
    "performance": Label(ko="성과 중점", en="Focused on performance"),
    "users": Label(ko="수요자 관점", en="From the user's point of view"),
    "resources": Label(ko="평가 안배", en="Resources follow performance"),
    "self_evaluation": Label(ko="자체평가와 연계", en="Linked to self-evaluation"),
    "fairness": Label(ko="공정한 평가", en="Fair"),
    "published": Label(ko="평가기준 공표", en="Criteria published beforehand"),
    "value": Label(ko="돈의 가치", en="Value for money"),
    "training": Label(ko="평가자 교육", en="Evaluators trained"),
}


STATES = ("met", "partly", "not_met", "not_applicable")


class Finding(Part):
    """Whether a line is met, and the evidence. What is met or partly met has evidence: a link or a file."""

    state: Literal["met", "partly", "not_met", "not_applicable"]
    evidence: Link | None = None
    note: Label | None = None

    @model_validator(mode="after")
    def _shown(self):
        if self.state in ("met", "partly") and self.evidence is None:
            raise ValueError("what is met has evidence: a link or a file")
        return self


class Check(Finding):
    """One line: a ``stage`` or a ``principle``, and what is asked."""

    ask: Label
    id: str | None = None
    stage: Literal["plan", "do", "see"] | None = None
    principle: (
        Literal[
            "improvement",
            "performance",
            "users",
            "resources",
            "self_evaluation",
            "fairness",
            "published",
            "value",
            "training",
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _one(self):
        if (self.stage is None) == (self.principle is None):
            raise ValueError("a line belongs to a 'stage' or to a 'principle'")
        return self


class ChecklistFile(Part):
    """``checklist.yml``; ``agencies`` restates single lines (by their ``id``) for single agencies."""

    checks: tuple[Check, ...] = Field(min_length=1)
    agencies: dict[AgencyName, dict[str, Finding]] = {}

    @model_validator(mode="after")
    def _known(self):
        ids = [c.id for c in self.checks if c.id]
        if len(set(ids)) < len(ids):
            raise ValueError(f"two lines have the id {next(i for i in ids if ids.count(i) > 1)!r}")
        for agency, findings in self.agencies.items():
            if unknown := sorted(set(findings) - set(ids)):
                raise ValueError(f"agency {agency!r} restates the line {unknown[0]!r}, which no check has as its id")
        return self

    def of(self, agency: str) -> tuple[Check, ...]:
        """The checks as they stand for one agency."""
        own = self.agencies.get(agency, {})
        return tuple(c.model_copy(update=dict(own[c.id])) if c.id in own else c for c in self.checks)


def checklist_summary(checks: Sequence[Check]) -> pd.DataFrame:
    """``part key met partly not_met not_applicable``: every stage and principle, those without a line too (all 0)."""
    rows = []
    for part, keys in (("stage", STAGES), ("principle", PRINCIPLES)):
        for key in keys:
            states = [c.state for c in checks if getattr(c, part) == key]
            rows.append(
                {
                    "part": part,
                    "key": key,
                    **{s: states.count(s) for s in STATES},
                }
            )
    return pd.DataFrame(rows)
